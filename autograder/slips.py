"""Which known slip a learner's failures look like: a guess, and silence when unsure.

`lessons/slips/<module>/<lesson>.json` says how each wrong answer of the bank fails: the criteria it loses, and marks of
what was seen (`autograder.marks`). Marks that every run of the wrong answer showed must be there, and none but those it
ever showed may be. What looks like two slips, or like one whose lesson has changed since, gets no name. `make slips`
writes the tables.

The table stands among the lessons, which no learner's process can read and no edition holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.marks import EXACT, Lost, Marks, marks

if TYPE_CHECKING:
    from autograder.lesson import Lesson

MAX_NODES = 3_000  # parts of observations that are looked at; more is no slip we know


@dataclass(frozen=True)
class Pattern:
    """How one criterion is lost: the marks that were always there, and all that ever were."""

    always: Marks
    ever: Marks

    def fits(self, seen: Marks) -> bool:
        """Whether the marks of one run are such. An exact observation counts where the slip always has the same."""
        exact = any(mark.startswith(EXACT) for mark in self.always)
        compared = seen if exact else frozenset(mark for mark in seen if not mark.startswith(EXACT))
        return self.always <= compared <= self.ever


@dataclass(frozen=True)
class Slip:
    """A wrong answer of the bank: its name there, its idea in a sentence, and how each of its criteria is lost."""

    name: str
    idea: str
    patterns: Mapping[str, Pattern]


@dataclass(frozen=True)
class Table:
    """The known slips of a lesson, by the criteria that they lose."""

    slips: Mapping[Marks, tuple[Slip, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, slips: Iterable[Slip]) -> Table:
        """The table of these slips."""
        by_lost: dict[Marks, tuple[Slip, ...]] = {}
        for slip in slips:
            lost = frozenset(slip.patterns)
            by_lost[lost] = (*by_lost.get(lost, ()), slip)
        return cls(by_lost)

    def nearest(self, lost: Sequence[Lost]) -> str:
        """The idea of the slip that looks like all that a result lost; empty when none does, or several do. Total."""
        left = self.slips.get(frozenset(one.row.check.name for one in lost), ())
        budget, told = [MAX_NODES], False
        try:
            for one in lost:
                if not left:
                    return ""
                seen = marks(one, budget)
                left = tuple(slip for slip in left if slip.patterns[one.row.check.name].fits(seen))
                told = told or len(seen) > 1
        except Exception:  # too much to look at, or forged: a guess costs nobody a grade
            return ""
        ideas = {slip.idea for slip in left}
        return ideas.pop() if told and len(ideas) == 1 else ""


def path(lesson: Lesson) -> Path:
    """Where a lesson's table is kept."""
    return lesson.path.parent.parent / "slips" / lesson.module / f"{lesson.name}.json"


def digest(lesson: Lesson) -> str:
    """A hash of the cells that decide how an answer is graded."""
    deciding = [(c.kind, c.grade_id, c.source) for c in lesson.of_kind("locked", "given", "solution", "checks")]
    return hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:16]


def read(lesson: Lesson) -> Table:
    """The lesson's table; an empty one when it is missing, or of a lesson that has changed since."""
    try:
        raw = json.loads(path(lesson).read_text("utf-8"))
        if raw["lesson"] != digest(lesson):
            return Table()
        return Table.of(Slip(s["name"], s["idea"], dict(map(_pattern, s["lost"].items()))) for s in raw["slips"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Table()


def _pattern(item: tuple[str, dict[str, list[str]]]) -> tuple[str, Pattern]:
    name, marked = item
    always = frozenset(marked["always"])
    return name, Pattern(always, always | frozenset(marked.get("at times", ())))
