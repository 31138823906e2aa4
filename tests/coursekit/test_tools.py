"""Clocks, tallies, forced interleavings, crash images, plots."""

from __future__ import annotations

import os
import queue
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coursekit import ManualClock, Tally, YieldingKey, crash_images, explore, race, slider
from coursekit.checks import observe
from coursekit.clocks import ZONES, time_zone


def test_a_manual_clock_moves_when_told() -> None:
    clock = ManualClock(5)
    clock.advance(2.5)
    assert clock() == 7.5
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


def test_a_time_zone_holds_inside_and_no_longer() -> None:
    before = datetime(2026, 11, 21, 12).timestamp()
    utc = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
    hours = []
    for name in ZONES:
        with time_zone(name):
            hours.append((datetime(2026, 11, 21, 12).timestamp() - utc) / 3600)
    assert hours == [0, -5.5, 8]
    assert datetime(2026, 11, 21, 12).timestamp() == before


def test_a_tally_counts_hashes_comparisons_and_times() -> None:
    tally = Tally()
    found = {tally.key(n): n for n in range(100)}
    assert tally.hashes == 100
    assert found[tally.key(7)] == 7
    assert (tally.hashes, tally.comparisons) == (101, 1)
    clock = tally.clock(ManualClock(3.0))
    deadline = clock() + 2
    assert not clock() >= deadline
    assert clock() < min(deadline, deadline - 0.5)
    assert tally.time_comparisons == 3
    assert {deadline: 1}[5.0] == 1


def test_a_race_shows_a_missing_lock() -> None:
    def largest(locked: bool) -> int:
        import threading

        lock, store, seen = threading.Lock(), dict[YieldingKey, int](), [0]

        def put(number: int) -> None:
            for n in range(20):
                if locked:
                    lock.acquire()
                if len(store) >= 3:
                    store.pop(next(iter(store)))
                store[YieldingKey((number, n))] = n
                seen.append(len(store))
                if locked:
                    lock.release()

        told = race(*(lambda i=i: put(i) for i in range(4)))
        return max(seen) if all(t is None for t in told) else 99

    assert largest(locked=True) == 3
    assert largest(locked=False) > 3


def test_a_race_returns_results_and_exceptions_in_order() -> None:
    def fail() -> None:
        raise KeyError("x")

    one, two = race(lambda: 1, fail)
    assert one == 1
    assert isinstance(two, KeyError)


def order_of_turns(seed: int) -> list[tuple[int, str]]:
    told = list[tuple[int, str]]()

    def play() -> int:
        lock = threading.RLock()

        def twice(number: int) -> None:
            with lock, lock:
                told.append((number, "first"))
            with lock:
                told.append((number, "second"))

        race(*(lambda i=i: twice(i) for i in range(6)), seed=seed)
        return len(told)

    assert observe(play) == [{"returned": 12}]
    return told


def test_a_race_is_the_same_again_while_the_processors_are_busy() -> None:
    before = [order_of_turns(seed) for seed in range(6)]
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(2 * (os.cpu_count() or 1))
    ]
    try:
        after = [order_of_turns(seed) for seed in range(6)]
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert before == after
    assert len({tuple(told) for told in before}) == 6


def test_threads_meet_between_two_locked_blocks() -> None:
    told = [order_of_turns(seed) for seed in range(40)]
    orders = [
        [[n for n, part in one if part == which] for which in ("first", "second")] for one in told
    ]
    # six threads may meet in one order twice
    assert sum(first == second for first, second in orders) <= 4


def test_a_race_that_waits_for_itself_is_given_up() -> None:

    def play() -> list[str]:
        one, other = threading.Lock(), threading.Lock()

        def take(first: threading.Lock, second: threading.Lock) -> None:
            with first:
                met.append(1)
                while len(met) < 2:
                    time.sleep(0)
                with second:
                    pass

        met = list[int]()
        return [type(r).__name__ for r in race(lambda: take(one, other), lambda: take(other, one))]

    assert observe(play) == [{"returned": ["TimeoutError", "TimeoutError"]}]


def test_threads_of_a_race_wait_for_conditions_and_for_queues() -> None:
    def play() -> list[int]:
        python, native, ready = queue.Queue[int](), queue.SimpleQueue[int](), threading.Condition()
        there = list[int]()

        def late() -> int:
            with ready:
                ready.wait_for(lambda: there)
                return there[0] + python.get() + native.get()

        def early() -> int:
            native.put(1)
            python.put(10)
            with ready:
                there.append(100)
                ready.notify_all()
            return 0

        return [sum(race(late, early, seed=seed)) for seed in range(5)]

    assert observe(play) == [{"returned": [111] * 5}]


def test_threads_of_a_race_wait_for_threads_outside_of_it() -> None:
    def play() -> list[int]:
        with ThreadPoolExecutor(1) as pool:
            return [
                sum(race(*[lambda: pool.submit(lambda: 1).result()] * 4, seed=seed))
                for seed in range(5)
            ]

    assert observe(play) == [{"returned": [4] * 5}]


def test_who_waits_for_a_lock_only_for_some_time_goes_on_without_it() -> None:
    def play() -> list[bool]:
        lock, gone = threading.Lock(), threading.Lock()
        gone.acquire()

        def keep() -> bool:
            with lock:
                return gone.acquire(timeout=0.2)

        def hurry() -> bool:
            while not lock.locked():
                time.sleep(0)
            return lock.acquire(timeout=0.01)

        return race(keep, hurry)

    assert observe(play) == [{"returned": [False, False]}]


def test_crash_images_show_what_a_power_cut_would_leave(tmp_path: Path) -> None:
    database, counts = tmp_path / "live.db", []
    with crash_images(database, tmp_path / "images") as images:
        db = sqlite3.connect(database)
        db.execute("CREATE TABLE t (x)")
        db.execute("INSERT INTO t VALUES (1)")
        db.execute("INSERT INTO t VALUES (2)")
        db.commit()
        db.execute("INSERT INTO t VALUES (3)")
        db.close()
    for image in images:
        after = sqlite3.connect(image)
        try:
            counts.append(after.execute("SELECT count(*) FROM t").fetchone()[0])
        except sqlite3.OperationalError:
            counts.append(None)
        after.close()
    assert counts[0] is None
    assert set(counts) == {None, 0, 2}
    assert counts[-1] == 2


def test_a_plot_is_drawn_once_without_widgets_and_tells_when_code_is_missing() -> None:
    drawn: list[dict[str, Any]] = []

    def draw(figure: Any, width: float) -> None:
        figure.subplots().plot([0, width])
        drawn.append({"width": width})

    def unwritten(figure: Any) -> None:
        raise NotImplementedError

    explore(draw, caption="a line", width=slider(1, 9, 2, start=3))
    explore(unwritten, caption="nothing yet")
    assert drawn == [{"width": 3}]
    with pytest.raises(ValueError, match="cannot start at"):
        slider(0, 1, 0.1, start=2)
