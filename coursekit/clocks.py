"""Clocks that a test can hold in its hand."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

Seconds = float  # since the clock's zero


class ManualClock:
    """A clock that moves when told: `clock()` reads it, `clock.advance(2.5)` moves it."""

    def __init__(self, now: Seconds = 0.0) -> None:
        self.now = now

    def __call__(self) -> Seconds:
        """The time now, in seconds."""
        return self.now

    def advance(self, seconds: Seconds) -> None:
        """Move the clock forward.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self.now += seconds


# POSIX names, which need no data files; the sign is west of Greenwich
ZONES = ("UTC0", "XXX-05:30", "XXX+08:00")


@contextlib.contextmanager
def time_zone(name: str) -> Iterator[None]:
    """Inside, the computer's local time zone is `name`, in every thread. Without effect where there
    is no `tzset`.
    """
    before = os.environ.get("TZ")
    _set_zone(name)
    try:
        yield
    finally:
        _set_zone(before)


def _set_zone(name: str | None) -> None:
    if name is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = name
    if hasattr(time, "tzset"):
        time.tzset()
