"""Which known slip a learner's failures look like: a guess, and silence when unsure.

`lessons/slips/<module>/<lesson>.json` says how each wrong answer of the bank fails: the criteria it
loses, and symptoms of what was seen (`autograder.grade.symptoms`). Symptoms that every run of the
wrong answer showed must be there, and none but those it ever showed may be. Where symptoms name
what a world drew (a word out of seven, a user's number), its runs showed some of many; so if
nothing fits to the letter, and no other slip loses the same criteria, any draw will do there. What
looks like two slips, or like one whose lesson has changed since, gets no name. `make slips` writes
the tables.

The table stands among the lessons, which no learner's process can read and no edition holds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from autograder.grade.happenings import symptoms
from autograder.grade.symptoms import EXACT, Lost, Symptoms
from autograder.lessons.lesson import Lesson

MAX_NODES = 3_000  # parts of observations that are looked at; more is no slip we know
VERDICT = "verdict: "
NUMBER = re.compile(r"[0-9]+")
WORDS = re.compile(r"(?P<where>.*): (?P<got>[A-Za-z_ ]+) for (?P<want>[A-Za-z_ ]+)")
# symptoms that differ in numbers only, some of them not always there: the numbers are a world's
DRAWN_NUMBERS = 3
DRAWN_WORDS = 6  # the same for pairs of words; three decisions make no more pairs than that


@dataclass(frozen=True)
class Pattern:
    """How one criterion is lost: the symptoms that were always there, and all that ever were."""

    always: Symptoms
    ever: Symptoms

    def fits(self, seen: Symptoms) -> bool:
        """Whether the symptoms of one run are such. An exact observation counts where the slip
        always has the same.
        """
        return self.always <= self._compared(seen) <= self.ever

    def fits_but_for_draws(self, seen: Symptoms) -> bool:
        """Whether they are such but for what a world drew."""
        return (
            self._plain(self.always) <= self._plain(self._compared(seen)) <= self._plain(self.ever)
        )

    def tells(self, seen: Symptoms) -> bool:
        """Whether symptoms that fit say more than the verdict, and more than words that a world
        drew.
        """
        return any(
            any(self._drawn.get(_parts(m)[0], (True,))) for m in seen if not m.startswith(VERDICT)
        )

    def _compared(self, seen: Symptoms) -> Symptoms:
        exact = any(symptom.startswith(EXACT) for symptom in self.always)
        return (
            seen
            if exact
            else frozenset(symptom for symptom in seen if not symptom.startswith(EXACT))
        )

    def _plain(self, some: Symptoms) -> Symptoms:
        """The symptoms without what a world drew."""
        plain = set()
        for symptom in some:
            where, got, want = _parts(symptom)
            if where in self._drawn:
                one_got, one_want = self._drawn[where]
                symptom = f"{where}: {got if one_got else '…'} for {want if one_want else '…'}"
            plain.add(symptom)
        return frozenset(plain)

    @cached_property
    def _drawn(self) -> dict[str, tuple[bool, bool]]:
        """Where symptoms name what a world drew, and whether there is yet but one word got, or
        wanted.
        """
        drawn = {}
        for where in {_parts(symptom)[0] for symptom in self.ever - self.always}:
            alike = [parts for parts in map(_parts, self.ever) if parts[0] == where]
            got, want = ({parts[n] for parts in alike} for n in (1, 2))
            if len(alike) >= (DRAWN_NUMBERS if got == {""} else DRAWN_WORDS):
                drawn[where] = len(got) == 1, len(want) == 1
        return drawn


@dataclass(frozen=True)
class Slip:
    """A wrong answer of the bank: its name there, its idea in a sentence, and how each of its
    criteria is lost.
    """

    name: str
    idea: str
    patterns: Mapping[str, Pattern]

    def fits(self, seen: Mapping[str, Symptoms]) -> bool:
        """Whether these are the symptoms of a run of it, by criterion."""
        return all(self.patterns[name].fits(some) for name, some in seen.items())

    def fits_but_for_draws(self, seen: Mapping[str, Symptoms]) -> bool:
        """Whether they are but for what a world drew, and something else tells."""
        patterns = [(self.patterns[name], some) for name, some in seen.items()]
        return all(p.fits_but_for_draws(some) for p, some in patterns) and any(
            p.tells(some) for p, some in patterns
        )


@dataclass(frozen=True)
class Table:
    """The known slips of a lesson, by the criteria that they lose."""

    slips: Mapping[Symptoms, tuple[Slip, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, slips: Iterable[Slip]) -> Table:
        """The table of these slips."""
        by_lost: dict[Symptoms, tuple[Slip, ...]] = {}
        for slip in slips:
            lost = frozenset(slip.patterns)
            by_lost[lost] = (*by_lost.get(lost, ()), slip)
        return cls(by_lost)

    def nearest(self, lost: Sequence[Lost]) -> str:
        """The idea of the slip that looks like all that a result lost; empty when none does, or
        several do. Total.
        """
        known = self.slips.get(frozenset(one.row.check.name for one in lost), ())
        try:
            budget = [MAX_NODES]
            seen = {one.row.check.name: symptoms(one, budget) for one in lost} if known else {}
            left = [slip for slip in known if slip.fits(seen)]
            # draws could hide which of two it is
            if not left and len({slip.idea for slip in known}) == 1:
                left = [slip for slip in known if slip.fits_but_for_draws(seen)]
        except Exception:  # too much to look at, or forged: a guess costs nobody a grade
            return ""
        ideas = {slip.idea for slip in left}
        return (
            ideas.pop() if len(ideas) == 1 and any(len(some) > 1 for some in seen.values()) else ""
        )


def _parts(symptom: str) -> tuple[str, str, str]:
    """Where a symptom is and how it differs, without numbers; the words that were got and wanted,
    if it names them.
    """
    if symptom.startswith((EXACT, VERDICT)):
        return symptom, "", ""
    words = WORDS.fullmatch(symptom)
    where, got, want = words.groups() if words else (symptom, "", "")
    return NUMBER.sub("#", where), got, want


def path(lesson: Lesson) -> Path:
    """Where a lesson's table is kept."""
    return lesson.path.parent.parent / "slips" / lesson.module / f"{lesson.name}.json"


def digest(lesson: Lesson) -> str:
    """A hash of the cells that decide how an answer is graded."""
    deciding = [
        (c.kind, c.grade_id, c.source)
        for c in lesson.of_kind("locked", "given", "solution", "checks")
    ]
    return hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:16]


def read(lesson: Lesson) -> Table:
    """The lesson's table; an empty one when it is missing, or the lesson has changed since."""
    try:
        raw = json.loads(path(lesson).read_text("utf-8"))
        if raw["lesson"] != digest(lesson):
            return Table()
        return Table.of(
            Slip(s["name"], s["idea"], dict(map(_pattern, s["lost"].items()))) for s in raw["slips"]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Table()


def _pattern(item: tuple[str, dict[str, list[str]]]) -> tuple[str, Pattern]:
    name, marked = item
    always = frozenset(marked["always"])
    return name, Pattern(always, always | frozenset(marked.get("at times", ())))
