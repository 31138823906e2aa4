"""The hand of the lesson: sixteen cards of the bank in four groups, the same for everybody.

The keys lie open in the package. What is graded with them rewards having answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from coursekit.behavioral.cards import Answer, Shown, as_text, find, grade, is_right, show
from coursekit.expect import Matcher

SEED = "hand"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "running": (
        "kubernetes-oom",
        "kubernetes-config",
        "kubernetes-spread",
        "kubernetes-hpa-formula",
    ),
    "releasing": (
        "serving-shadow",
        "cicd-underperforms",
        "serving-canary-eval",
        "serving-rollout-order",
    ),
    "watching": (
        "observability-histogram",
        "incidents-holdout",
        "incidents-drift-kinds",
        "observability-burn",
    ),
    "guarding": (
        "security-pickle",
        "changed-hpa-zero",
        "changed-psp",
        "cost-per-thousand",
    ),
}
# of questions, options and keys (`digest`): whoever changes a card of the hand changes this line,
# and then everybody knows that stored results are of another hand
DIGEST = "bc4d734d995bdfd8"


def shown(group: str) -> list[Shown]:
    """The cards of one group under their letters."""
    return [show(find(card_id), SEED) for card_id in GROUPS[group]]


def digest() -> str:
    """A hash of everything in the hand that an answer depends on."""
    parts = [repr((as_text(one), one.key)) for group in GROUPS for one in shown(group)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def in_words(group: str) -> str:
    """The questions of one group."""
    return "\n\n".join(as_text(one) for one in shown(group))


def look_up(answers: Mapping[str, Answer]) -> str:
    """What is right and what is not, with reasons."""
    lines = []
    for group in GROUPS:
        for one in shown(group):
            if one.card.id in answers:
                lines.append(f"{one.card.id}: {grade(one, answers[one.card.id]).words}")
            else:
                lines.append(f"{one.card.id}: not answered yet.")
    return "\n\n".join(lines)


class all_right(Matcher):
    """The answers to a group of the hand, by card id, every one right."""

    def __init__(self, group: str) -> None:
        self.group = group

    def accepts(self, seen: Any) -> bool:
        wanted = GROUPS[self.group]
        return type(seen) is dict and all(
            card_id in seen and is_right(card_id, seen[card_id], SEED) for card_id in wanted
        )

    def __str__(self) -> str:
        return f"the right answer to each of these {len(GROUPS[self.group])} cards"
