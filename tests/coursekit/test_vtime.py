"""Virtual time: nothing waits, clocks agree, endless code is reported, two runs are alike."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from coursekit import vtime


def test_every_clock_agrees_and_nothing_waits() -> None:
    async def a_day() -> list[float]:
        loop = asyncio.get_running_loop()
        before = [
            loop.time(),
            time.monotonic(),
            time.perf_counter(),
            time.time(),
            time.monotonic_ns() / 1e9,
        ]
        await asyncio.sleep(43_200)
        time.sleep(43_200)
        after = [
            loop.time(),
            time.monotonic(),
            time.perf_counter(),
            time.time(),
            time.monotonic_ns() / 1e9,
        ]
        return [b - a for a, b in zip(before, after, strict=True)]

    began = vtime.real.monotonic()
    assert vtime.run(a_day) == [86_400.0] * 5
    assert vtime.real.monotonic() - began < 60


def test_outside_of_a_check_clocks_are_real() -> None:
    assert abs(time.monotonic() - vtime.real.monotonic()) < 5
    assert abs(time.time() - vtime.real.time()) < 5


def test_a_timer_fires_at_its_time_never_early() -> None:
    async def waits() -> list[bool]:
        loop, seen = asyncio.get_running_loop(), []
        for tenths in range(1, 200):
            deadline = loop.time() + tenths / 10
            while (left := deadline - loop.time()) > 0:
                await asyncio.sleep(left)
            seen.append(loop.time() - deadline < 1e-12)
        return seen

    assert all(vtime.run(waits))


def test_threads_of_a_loop_sleep_in_virtual_time() -> None:
    async def both() -> float:
        await asyncio.gather(asyncio.to_thread(time.sleep, 60), asyncio.sleep(30))
        return time.monotonic()

    assert vtime.run(both) == 60.0


@pytest.mark.parametrize("how", ["event", "lock", "future", "queue"])
def test_waiting_for_ever_is_a_deadlock(how: str) -> None:
    async def wait() -> None:
        if how == "lock":
            lock = asyncio.Lock()
            await lock.acquire()
            await lock.acquire()
        waits: dict[str, Any] = {
            "event": asyncio.Event().wait, "queue": asyncio.Queue().get,
            "future": lambda: asyncio.get_running_loop().create_future(),
        }  # fmt: skip
        await waits[how]()

    with pytest.raises(vtime.Deadlock):
        vtime.run(wait)


def test_turning_for_ever_is_noticed_and_polling_ends() -> None:
    async def for_ever() -> None:
        while True:
            await asyncio.sleep(0)

    async def poll() -> float:
        while time.monotonic() < 1:
            await asyncio.sleep(0)
        return time.monotonic()

    with pytest.raises(vtime.TooManySteps):
        vtime.run(for_ever)
    assert 1 <= vtime.run(poll) < 1.1


def test_a_loop_without_end_costs_its_share_of_cpu_time_only() -> None:
    def spin() -> None:
        while True:
            pass

    def swallow() -> None:
        while True:
            try:
                spin()
            except Exception:
                continue

    for function in (spin, swallow):
        with pytest.raises(vtime.TimeLimit):
            vtime.run(function, cpu=0.05)


def test_a_lock_that_is_never_released_is_left_in_the_end() -> None:
    lock = threading.Lock()
    lock.acquire()
    with pytest.raises(vtime.TimeLimit):
        vtime.run(lock.acquire, wall=0.05)


def test_a_task_that_ignores_cancellation_does_not_eat_the_answer() -> None:
    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                continue

    async def answer() -> int:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0.5)
        assert not task.done()
        return 42

    assert vtime.run(answer) == 42


def test_it_runs_inside_a_running_loop_as_in_a_kernel() -> None:
    async def inner() -> float:
        await asyncio.sleep(5)
        return asyncio.get_running_loop().time()

    async def kernel() -> tuple[float, bool]:
        outer = asyncio.get_running_loop()
        seen = vtime.run(inner)
        return seen, asyncio.get_running_loop() is outer

    assert asyncio.run(kernel()) == (5.0, True)


def test_two_runs_give_the_same_trace() -> None:
    async def traffic() -> list[tuple[int, float]]:
        seen: list[tuple[int, float]] = []

        async def one(number: int) -> None:
            await asyncio.sleep(number * 0.37 % 1)
            seen.append((number, time.monotonic()))

        await asyncio.gather(*map(one, range(50)))
        return seen

    assert vtime.run(traffic) == vtime.run(traffic)
