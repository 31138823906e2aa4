"""What travels through the grader: job, trace, verdicts, result. Each is frozen and prints as
itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from coursekit.checks import Row, left_out

CELLS = "all cells"  # beside names of checks, which hold no space
StepKind = Literal["locked", "cell", "checks"]


@dataclass(frozen=True)
class Picture:
    """A picture that is attached to a cell of text: its media type, and the file in base64."""

    kind: str
    data: str = field(repr=False)


@dataclass(frozen=True)
class Source:
    """A cell of a submission: what kind of cell, which lesson cell it says it is, and its text."""

    kind: str
    grade_id: str | None
    text: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Step:
    """One thing to do in the learner's process, in lesson order."""

    kind: StepKind
    source: str = ""
    grade_id: str | None = None
    names: tuple[str, ...] = ()  # locked cells: what they bind
    position: int | None = None  # index of the cell in the submission
    # graded cells: nothing changes what it looks at before the next one, or the end
    waits: bool = False


@dataclass(frozen=True)
class Job:
    """One notebook, or one answer file, to be run."""

    student: str
    lesson: str
    steps: tuple[Step, ...]
    repairs: tuple[str, ...] = ()
    python: str | None = None  # the version that its notebook says it was saved with


@dataclass(frozen=True)
class CellTrace:
    """What running one cell showed."""

    step: int
    outputs: tuple[dict[str, Any], ...] = ()  # as in nbformat 4
    problem: str | None = None  # a sentence, when it did not run to its end


@dataclass(frozen=True)
class Trace:
    """What happened in the learner's process."""

    cells: tuple[CellTrace, ...]
    observations: dict[str, Any] = field(default_factory=dict)  # outcomes by check name
    suspicions: tuple[str, ...] = ()  # things that honest code does not do
    problem: str | None = None  # the run as a whole ended early
    phases: dict[str, float] = field(default_factory=dict)  # seconds by what was done
    # seconds by check, and of CELLS, as a learner's process tells
    cpu: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckResult:
    """A row of the scoreboard with the cell it belongs to."""

    grade_id: str
    row: Row

    def as_json(self, reveal: bool) -> dict[str, Any]:
        """As the command line prints it; a hidden check keeps what it saw unless `reveal`."""
        check = self.row.check
        secret = check.hidden and not reveal and self.row.verdict != "not judged"
        return {
            "grade_id": self.grade_id,
            "name": check.name,
            "points": self.row.earned,
            "max_points": float(check.points),
            "verdict": self.row.verdict,
            "seen": None if secret else self.row.seen,
            "expected": None if secret else self.row.expected,
            "hint": check.hint,
            "hidden": check.hidden,
        }


def not_judged(rows: Iterable[Row]) -> str:
    """Why some checks could not be judged; nothing where all were."""
    return "; ".join(dict.fromkeys(row.seen for row in rows if row.verdict == "not judged"))


@dataclass(frozen=True)
class ByHand:
    """What a person gave a cell in the gradebook."""

    grade_id: str
    points: float | None = None  # in place of those by machine
    max_points: float = 0.0
    extra: float = 0.0  # extra credit
    comment: str = ""
    waits: bool = False  # run anew since: somebody should look again

    @property
    def total(self) -> str:
        """The points in words, or nothing."""
        words = [] if self.points is None else [f"{self.points:g} of {self.max_points:g} points"]
        return ", ".join(words + [f"{self.extra:g} points extra"] * bool(self.extra))


@dataclass(frozen=True)
class Result:
    """How a submission of one lesson was graded. `state` is graded, zero:<reason> or
    needs-human:<reason>.
    """

    student: str
    lesson: str
    state: str
    checks: tuple[CheckResult, ...]
    repairs: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    isolation: str = ""
    trace: Trace | None = field(default=None, repr=False, compare=False)
    # makes the random worlds; stored, never shown
    salt: str = field(default="", repr=False, compare=False)
    slip: str = ""  # the idea of the known wrong answer that it looks like: a guess
    # grade ids, and the points that a regrade left them beyond the verdicts
    kept: tuple[tuple[str, float], ...] = ()
    # whether the question that is graded by hand was answered; stored. None where nobody knows
    answered: bool | None = field(default=None, compare=False)
    # what the gradebook and the folder add: sentences about the time of handing in, what late
    # work costs, and what people gave
    handed_in: tuple[str, ...] = ()
    late: str = ""
    by_hand: tuple[ByHand, ...] = ()
    alone: bool = False  # for a learner alone: checks that were not judged are out of the total
    # digests of the autograded notebook and the feedback page as they were written; never shown
    files: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def earned(self) -> float:
        """Points that the verdicts give."""
        return float(sum(c.row.earned for c in self.checks))

    @property
    def points(self) -> float:
        """Points given by machine: earned or kept."""
        return self.earned + sum(points for _, points in self.kept)

    @property
    def by_cell(self) -> dict[str, float]:
        """Points earned or kept, by the grade id of their cell."""
        cells = dict.fromkeys((c.grade_id for c in self.checks), 0.0)
        for grade_id, points in (*((c.grade_id, c.row.earned) for c in self.checks), *self.kept):
            cells[grade_id] += points
        return cells

    @property
    def note(self) -> str:
        """A sentence about kept points, or nothing."""
        if not self.kept:
            return ""
        changed = (
            f"the lesson was changed after this was graded, and would now give {self.earned:g}"
        )
        return f"Kept at {self.points:g} points: {changed}."

    @property
    def guess(self) -> str:
        """A sentence about the slip, or nothing."""
        return f"This looks like a known slip (a guess): {self.slip}" if self.slip else ""

    @property
    def left_out(self) -> float:
        """Points that are out of the total, since nothing here could judge them."""
        unjudged = [c.row.check for c in self.checks if c.row.verdict == "not judged"]
        return float(sum(check.points for check in unjudged)) if self.alone else 0.0

    @property
    def max_points(self) -> float:
        """Points that could be earned by machine."""
        return float(sum(c.row.check.points for c in self.checks)) - self.left_out

    def for_one(self, stage: str = "") -> Result:
        """The result as a learner sees it who studies alone: what could not be judged is left out
        of the total, with a sentence about it, and needs nobody.

        Args:
            stage: tell of the checks of this stage alone; of all when empty.
        """
        checks = tuple(c for c in self.checks if not stage or c.row.check.stage == stage)
        state, slip = self.state, "" if stage else self.slip
        if state == f"needs-human:{not_judged(c.row for c in self.checks)}":
            state = "graded"
        told = left_out(c.row for c in checks if c.row.verdict == "not judged")
        problems = (*self.problems, *filter(None, [told]))
        return replace(self, state=state, checks=checks, problems=problems, slip=slip, alone=True)

    def as_json(self, reveal: bool = False) -> dict[str, Any]:
        """The interface of `--json`."""
        return {
            "lesson": self.lesson,
            "student": self.student,
            "state": self.state,
            "points": self.points,
            "max_points": self.max_points,
            "checks": [c.as_json(reveal) for c in self.checks],
            "repairs": [*self.repairs, *self.handed_in],
            "problems": list(self.problems),
            "isolation": self.isolation,
            "slip": self.slip or None,
            "kept": dict(self.kept),
            "note": self.note,
            "handed_in": list(self.handed_in),
            "late": self.late or None,
            "by_hand": [asdict(one) for one in self.by_hand],
        }
