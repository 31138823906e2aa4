"""Clocks that a test can hold in its hand."""

from __future__ import annotations

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
