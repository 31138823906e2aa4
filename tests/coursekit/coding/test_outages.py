"""The simulated outage: callers on a timetable, and what a breaker makes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from coursekit import vtime
from coursekit.coding.outages import BIN, GAP, HORIZON, Dependency, ride_out, send


class CircuitOpenError(Exception):
    retry_after = 7


class NoBreaker:
    """Lets everything through."""

    state = SimpleNamespace(name="CLOSED")

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await func(*args, **kwargs)


class AlwaysOpen(NoBreaker):
    """Lets nothing through."""

    state = SimpleNamespace(name="OPEN")

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        raise CircuitOpenError


def test_callers_are_told_results_exceptions_rejections_or_that_they_left() -> None:
    store = Dependency()
    visits = [
        (0, "features", 2),
        (1, KeyError),
        (0.5, CircuitOpenError),
        (0, "slow", 9, 3),
        (0, None),
    ]
    told = vtime.run(send, store.read, visits)
    assert told == ["features", "raised KeyError", ["rejected", 7.0], "gave up", None]
    assert store.reached == ["features", "slow", None, "CircuitOpenError", "KeyError"]


def test_a_returned_exception_is_a_result() -> None:
    error = KeyError("read from a log")
    assert vtime.run(send, Dependency().read, [(0, error)]) == [error]


def test_code_that_is_not_written_yet_says_so() -> None:
    with pytest.raises(NotImplementedError):
        vtime.run(send, Dependency().read, [(0, NotImplementedError)])


def test_without_a_breaker_every_failed_call_is_waited_for() -> None:
    seen = ride_out(NoBreaker, 30, 100)
    assert seen["waited"] == seen["waited_without"] > 100
    assert (seen["needless"], seen["closed_after"], sum(seen["fates"]["rejected"])) == (0, 0.0, 0)
    assert seen["states"] == [["CLOSED", 0.0, HORIZON]]


def test_behind_an_open_circuit_nobody_waits_and_nobody_is_answered() -> None:
    seen = ride_out(AlwaysOpen, 30)
    assert (seen["waited"], seen["closed_after"]) == (0.0, None)
    assert seen["fates"]["rejected"] == [int(BIN / GAP)] * int(HORIZON / BIN)
    assert seen["needless"] == sum(ride_out(NoBreaker, 30)["fates"]["answered"])


def test_the_same_outage_looks_the_same_twice() -> None:
    assert ride_out(NoBreaker, 20, 50) == ride_out(NoBreaker, 20, 50)


def test_a_bug_in_a_breaker_is_not_taken_for_a_rejection() -> None:
    class Broken(NoBreaker):
        async def call(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
            raise AttributeError("no such state")

    with pytest.raises(AttributeError):
        ride_out(Broken, 20)
