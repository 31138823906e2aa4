"""Symptoms: what can be said about a lost criterion whatever the random worlds of the run were.

A symptom is the exact observation of a check that has no worlds (`is …`), or says where and how an
observation differs from what was expected (`*.size: less`), that the code raised, that there was no
answer, or, for an answer that was played, what happened (`told: # pods are ready`).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from coursekit import checks as kit, codec
from coursekit.expect import ABS, REL, Matcher, approx, recorded
from coursekit.played import played

MAX_SYMPTOMS = 200  # of one check
EXACT = "is "
DRAWN = re.compile(r"\S*[0-9]\S*")  # numbers, and names with numbers in them
WORD = re.compile(r"[A-Za-z_ ]{1,24}\Z")
Symptoms = frozenset[str]


class TooMuch(Exception):
    """More was observed than is worth a look."""


@dataclass(frozen=True)
class Lost:
    """A criterion that a result lost: its row, what was observed, and what was right in that run's
    worlds.
    """

    row: kit.Row
    outcomes: codec.Json  # as the learner's process sent them
    expect: Any  # `Lesson.expectation`


def symptoms(lost: Lost, budget: list[int]) -> Symptoms:
    """What is to be said about a lost criterion, whatever the random worlds were.

    Args:
        budget: how many parts may still be looked at; it is used up.

    Raises:
        TooMuch: that was not enough.
    """
    row, outcomes, expect = lost.row, lost.outcomes, lost.expect
    found = {f"verdict: {row.verdict}"}
    seen = kit.decoded(outcomes)
    wanted: list[Any] = []
    if isinstance(expect, recorded):
        wanted = expect.values
    elif isinstance(expect, approx):
        wanted = [expect.value] * len(seen)
    elif not isinstance(expect, Matcher):
        wanted = [expect] * len(seen)
    for number, got in enumerate(seen):
        if isinstance(got, codec.Raised):
            found.add(f"raised {got.name}"[:80])
        elif isinstance(got, codec.Opaque):
            found.add("no answer")
        elif number < len(wanted):
            before, want = len(found), wanted[number]
            _differences(want, got, "", found, budget)
            if len(found) == before and _equal(want, got) and not codec.same(want, got):
                found.add("equal, of other types")
    if isinstance(expect, played):  # the text itself says nothing: others write it otherwise
        found |= {f"told: {DRAWN.sub('#', one)}"[:160] for one in row.seen.split("; ")}
        return frozenset(found)
    if (
        not row.check.seeds
        and len(seen) == 1
        and not isinstance(seen[0], codec.Raised | codec.Opaque)
    ):
        text = json.dumps(_plain(outcomes[0], budget), sort_keys=True)
        found.add(EXACT + hashlib.sha256(text.encode()).hexdigest()[:12])
    if len(found) > MAX_SYMPTOMS:
        raise TooMuch
    return frozenset(found)


def _differences(want: Any, got: Any, where: str, found: set[str], budget: list[int]) -> None:
    """Add how `got` differs from `want`. All places of a list are one."""
    _spend(budget)
    if type(want) is not type(got):
        found.add(f"{where}: {type(want).__name__} to {type(got).__name__}")
    elif _equal(want, got):
        pass
    elif isinstance(want, dict):
        _of_dicts(want, got, where, found, budget)
    elif isinstance(want, list | tuple):
        if len(want) == len(got):
            inner = f"{where}*"
            for one, other in zip(want, got, strict=True):
                if one is not other:  # small numbers and None are themselves
                    _differences(one, other, inner, found, budget)
        else:
            found.add(f"{where}: {'shorter' if len(got) < len(want) else 'longer'}")
            _spend(budget, len(want) + len(got))
            there, here = set(map(repr, want)), set(map(repr, got))
            found.update(
                f"{where}: {word}"
                for word, some in (("lacks", there - here), ("adds", here - there))
                if some
            )
    elif isinstance(want, int | float) and not isinstance(want, bool):
        if not codec.same(want, got, REL, ABS):
            found.add(f"{where}: {'less' if got < want else 'more' if got > want else 'no number'}")
    elif not codec.same(want, got, REL, ABS):
        found.add(f"{where}: {_other(want, got)}")


def _equal(want: Any, got: Any) -> bool:
    """Whether they are equal to the last digit, told fast. What has no plain answer is not."""
    try:
        return bool(want == got)
    except ValueError:  # arrays
        return False


def _other(want: Any, got: Any) -> str:
    if isinstance(want, bool):
        return f"not {want}"
    if isinstance(want, str) and WORD.match(want) and WORD.match(got):
        return f"{got} for {want}"
    return "other"


def _of_dicts(
    want: dict[Any, Any], got: dict[Any, Any], where: str, found: set[str], budget: list[int]
) -> None:
    words = {k for k in want if isinstance(k, str)}
    for key, value in want.items():
        place = f"{where}.{key[:40]}" if key in words and len(words) <= 12 else f"{where}.*"
        if key in got:
            _differences(value, got[key], place, found, budget)
        else:
            found.add(f"{place}: missing")
    if any(key not in want for key in got):
        found.add(f"{where}: another key")


def _plain(data: Any, budget: list[int]) -> Any:
    """Encoded data in one form: dicts in order of their keys, floats with nine digits."""
    _spend(budget)
    if isinstance(data, float):
        return float(f"{data:.9g}")
    if isinstance(data, list):
        return [_plain(item, budget) for item in data]
    if not isinstance(data, dict):
        return data
    plain = {k: _plain(v, budget) for k, v in data.items()}
    return {"dict": sorted(plain["dict"], key=json.dumps)} if "dict" in plain else plain


def _spend(budget: list[int], nodes: int = 1) -> None:
    budget[0] -= nodes
    if budget[0] < 0:
        raise TooMuch
