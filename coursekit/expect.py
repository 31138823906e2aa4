"""What a check expects: a value, a matcher, or the answer of the lesson's own solution.

Matchers are total: any decoded observation gets a yes or a no, never an exception. `str(matcher)`
says in words what is wanted; learners read it in the column "expected".
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from coursekit import codec
from coursekit.codec import Raised, same

REL, ABS = 1e-9, 1e-12  # the reference may add up in another order


class Matcher:
    """Accepts or refuses one decoded observation."""

    alone = False  # whether it stands alone, never as a part of another matcher

    def accepts(self, seen: Any) -> bool:
        """Whether `seen` is right."""
        raise NotImplementedError


class approx(Matcher):
    """A number, or a list, tuple or dict of numbers, each within `rel` of itself or `abs`."""

    def __init__(self, value: Any, rel: float = 1e-6, abs: float = 1e-9) -> None:
        self.value, self.rel, self.abs = value, rel, abs

    def accepts(self, seen: Any) -> bool:
        return self._close(self.value, seen)

    def _close(self, want: Any, seen: Any) -> bool:
        if type(want) in (int, float):
            if type(seen) not in (int, float) or not math.isfinite(seen):
                return False
            return math.isclose(want, seen, rel_tol=self.rel, abs_tol=self.abs)
        if type(want) in (list, tuple) and type(seen) is type(want):
            return len(want) == len(seen) and all(map(self._close, want, seen))
        if type(want) is dict and type(seen) is dict:
            return want.keys() == seen.keys() and all(self._close(want[k], seen[k]) for k in want)
        return same(want, seen)

    def __str__(self) -> str:
        return f"about {self.value!r}"


class between(Matcher):
    """A finite number from `low` to `high`, both included."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def accepts(self, seen: Any) -> bool:
        return type(seen) in (int, float) and bool(self.low <= seen <= self.high)

    def __str__(self) -> str:
        return f"from {self.low!r} to {self.high!r}"


class raises(Matcher):
    """The check ended with this exception or a subclass (`Raised.is_a`), `like` in its message."""

    def __init__(self, error: type[BaseException], like: str = "") -> None:
        self.name, self.like = f"{error.__module__}.{error.__qualname__}", like

    def accepts(self, seen: Any) -> bool:
        return isinstance(seen, Raised) and seen.is_a(self.name) and self.like in seen.message

    def __str__(self) -> str:
        return f"raises {self.name.rsplit('.', 1)[-1]}"


class one_of(Matcher):
    """Any of several values or matchers."""

    def __init__(self, *options: Any) -> None:
        for option in options:
            if isinstance(option, Matcher) and option.alone:
                kind = type(option).__name__
                raise TypeError(f"{kind}(…) stands alone: let its claim say what else is right")
        self.options = options

    def accepts(self, seen: Any) -> bool:
        return any(holds(option, seen) for option in self.options)

    def __str__(self) -> str:
        return " or ".join(in_words(option) for option in self.options)


class is_true_of(Matcher):
    """`predicate(observation)` is True. The predicate's docstring says in words what is wanted."""

    def __init__(self, predicate: Callable[[Any], object]) -> None:
        self.predicate = predicate

    def accepts(self, seen: Any) -> bool:
        return self.predicate(seen) is True

    def __str__(self) -> str:
        return (self.predicate.__doc__ or self.predicate.__name__.replace("_", " ")).strip()


class _Reference(Matcher):
    """What the lesson's solution answers for the same seed; builder and grader fill it in."""

    def __str__(self) -> str:
        return "what the reference solution answers"


REFERENCE = _Reference()


class recorded(Matcher):
    """What the solution answered when the notebook was built, one observation for each seed."""

    def __init__(self, text: str) -> None:
        self.values: list[Any] = codec.decode(json.loads(text))

    @staticmethod
    def pack(observations: codec.Json) -> str:
        """Encoded observations as the text that `recorded` takes; the same on every machine.

        Floats keep twelve digits: the last ones differ between processors, and no comparison looks
        at them.
        """
        return json.dumps(_rounded(observations), separators=(",", ":"), sort_keys=True)

    def __str__(self) -> str:
        return str(REFERENCE)


def _rounded(data: codec.Json) -> codec.Json:
    if isinstance(data, float):
        return float(f"{data:.12g}")
    if isinstance(data, list):
        return [_rounded(item) for item in data]
    return {k: _rounded(v) for k, v in data.items()} if isinstance(data, dict) else data


def holds(expect: Any, seen: Any) -> bool:
    """Whether one decoded observation is as expected. Total."""
    try:
        if isinstance(expect, Matcher):
            return expect.accepts(seen) is True
        return same(expect, seen)
    except Exception:
        return False


def all_hold(expect: Any, seen: list[Any]) -> bool:
    """Whether every observation (one for each seed) is as expected. An empty list is not."""
    try:
        if isinstance(expect, recorded):
            return len(seen) == len(expect.values) > 0 and all(
                same(want, got, REL, ABS) for want, got in zip(expect.values, seen, strict=True)
            )
        return bool(seen) and all(holds(expect, got) for got in seen)
    except Exception:
        return False


def in_words(expect: Any) -> str:
    """The expectation as a learner reads it."""
    return str(expect) if isinstance(expect, Matcher) else repr(expect)
