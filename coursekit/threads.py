"""Forced interleavings: threads that meet exactly where a missing lock hurts."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from coursekit.vtime import real


class YieldingKey:
    """A dictionary key that gives the processor away whenever it is hashed or compared.

    Between "is it there?" and "put it there" another thread gets its turn, so a lock that is missing shows.
    """

    def __init__(self, value: object) -> None:
        self.value = value

    def __hash__(self) -> int:
        yield_processor()
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        yield_processor()
        return isinstance(other, YieldingKey) and self.value == other.value

    def __repr__(self) -> str:
        return f"key {self.value!r}"


def yield_processor() -> None:
    """Let another thread run, if one is ready. Takes real time (some microseconds), no virtual time."""
    real.sleep(1e-6)


def race(*jobs: Callable[[], Any]) -> list[Any]:
    """Start all jobs at once, a thread each, and return what each returned, or the exception it raised, in order.

    The interpreter switches threads as often as it can meanwhile. Threads that still run after 5 s of real time stay
    behind as daemons and their result is a `TimeoutError`: a lock was taken twice, or never released.
    """
    results: list[Any] = [TimeoutError("the thread did not end")] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def work(index: int, job: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[index] = job()
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(jobs)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        deadline = real.monotonic() + 5.0
        for thread in threads:
            thread.join(max(0.0, deadline - real.monotonic()))
    finally:
        sys.setswitchinterval(interval)
    return results
