"""Counting what an algorithm does, so that its cost shows without a stopwatch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Tally:
    """How often keys were hashed and compared, and how often clock values were compared."""

    hashes: int = 0
    comparisons: int = 0
    time_comparisons: int = 0

    @property
    def total(self) -> int:
        """All of it together."""
        return self.hashes + self.comparisons + self.time_comparisons

    def key(self, value: object) -> CountedKey:
        """A dictionary key that counts here."""
        return CountedKey(value, self)

    def clock(self, clock: Callable[[], float]) -> Callable[[], float]:
        """The same clock, whose values count their comparisons here, and whatever is computed from
        them too.
        """
        return lambda: CountedTime(clock(), self)


class CountedKey:
    """Equal and hashed as its value; counts both."""

    def __init__(self, value: object, tally: Tally) -> None:
        self.value, self.tally = value, tally

    def __hash__(self) -> int:
        self.tally.hashes += 1
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        self.tally.comparisons += 1
        return isinstance(other, CountedKey) and self.value == other.value

    def __repr__(self) -> str:
        return f"key {self.value!r}"


class CountedTime(float):
    """A time in seconds that counts how often it is compared."""

    tally: Tally

    def __new__(cls, value: float, tally: Tally) -> CountedTime:
        self = super().__new__(cls, value)
        self.tally = tally
        return self

    def _like(self, value: Any) -> Any:
        return value if value is NotImplemented else CountedTime(value, self.tally)

    def __add__(self, other: float) -> Any:
        return self._like(float.__add__(self, other))

    __radd__ = __add__

    def __sub__(self, other: float) -> Any:
        return self._like(float.__sub__(self, other))

    def __rsub__(self, other: float) -> Any:
        return self._like(float.__rsub__(self, other))

    def __lt__(self, other: float) -> bool:
        self.tally.time_comparisons += 1
        return float.__lt__(self, other)

    def __le__(self, other: float) -> bool:
        self.tally.time_comparisons += 1
        return float.__le__(self, other)

    def __gt__(self, other: float) -> bool:
        self.tally.time_comparisons += 1
        return float.__gt__(self, other)

    def __ge__(self, other: float) -> bool:
        self.tally.time_comparisons += 1
        return float.__ge__(self, other)

    def __eq__(self, other: object) -> bool:
        self.tally.time_comparisons += 1
        return float.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        self.tally.time_comparisons += 1
        return float.__ne__(self, other)

    __hash__ = float.__hash__
