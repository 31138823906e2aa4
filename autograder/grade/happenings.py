"""Symptoms of a lost criterion, those of answers that are played included.

Two who make the same slip write it otherwise, so the answer itself says nothing. What happened when
it was played does: `told: ready fell to # of #`, without what a world drew.
"""

from __future__ import annotations

import re

from autograder.grade import symptoms as observed
from autograder.grade.symptoms import Lost, Symptoms
from coursekit import checks as kit, codec
from coursekit.played import played

DRAWN = re.compile(r"\S*[0-9]\S*")  # numbers, and names with numbers in them
MAX_SYMPTOM = 160  # characters


def symptoms(lost: Lost, budget: list[int]) -> Symptoms:
    """What is to be said about a lost criterion, whatever the random worlds were.

    Args:
        budget: how many parts may still be looked at; it is used up.

    Raises:
        observed.TooMuch: that was not enough.
    """
    if not isinstance(lost.expect, played):
        return observed.symptoms(lost, budget)
    row = lost.row
    found = {f"verdict: {row.verdict}"}
    for seen in kit.decoded(lost.outcomes):
        if isinstance(seen, codec.Raised):
            return frozenset({*found, f"raised {seen.name}"[:80]})
        if isinstance(seen, codec.Opaque):
            return frozenset({*found, "no answer"})
    told = row.seen.split("; ")
    return frozenset({*found, *(f"told: {DRAWN.sub('#', one)}"[:MAX_SYMPTOM] for one in told)})
