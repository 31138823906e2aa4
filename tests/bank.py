"""The answer bank: right and wrong answers for each lesson, how to grade one, and the bar that bank
and proof meet.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from autograder.grade.judge import Judge
from autograder.grade.submission import answer_job
from autograder.jobs import Result
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson

COURSE = Course.find(Path(__file__).parent)
# modules whose lessons keep the law of one slip; the lessons of the other two are older than it,
# so their proofs only tell what slips cost there, until the lessons are changed
ONE_PRICE = ("01_system_design", "03_devops", "05_behavioral")
# single slips that cost more than the law allows, by their names in the bank, with the reason why
# that is fair; at most `MAX_DEAR` in the course
DEAR: dict[str, str] = {}
MAX_DEAR = 5
MANY = "many"  # what a wrong answer's head says in SLIPS that is no single slip
ANSWERS = Path("tests", "answers")  # in a course


@dataclass(frozen=True)
class Bar:
    """What a lesson's answers and its proof must reach.

    Attributes:
        right, wrong, held_out: answers of each kind.
        repeats: gradings in random order.
        killed: share of the mutants of the solution, without the equivalent ones.
        dearest, typical: share of a lesson's points that a single slip costs at most, and that half
            of them cost at most, where the lesson has enough criteria to tell them apart.
        enough: such a number of criteria.
    """

    right: int = 4
    wrong: int = 10
    held_out: int = 3
    repeats: int = 1_000
    killed: float = 0.98
    dearest: float = 0.40
    typical: float = 0.10
    enough: int = 15

    def __str__(self) -> str:
        return (
            f"at least {self.right} right answers, none refused; at least {self.wrong} wrong ones, each of which loses "
            "exactly the criteria it names; every criterion lost by some wrong answer; at least "
            f"{self.killed:.0%} of the mutants of the solution killed, those aside that are listed as equivalent with "
            f"a reason; {self.repeats:,} gradings of solution and answers in random order without a changed verdict; "
            f"known slips named rightly or not at all, and half of at least {self.held_out} held-out answers named; in "
            f"lessons that are newer than this law, no single slip costs more than {self.dearest:.0%} of the points, and, "
            f"from {self.enough} criteria on, half of them at most {self.typical:.0%}"
        )


BAR = Bar()


@dataclass(frozen=True)
class Answer:
    """One file of the bank."""

    lesson: str
    path: Path

    @property
    def name(self) -> str:
        return f"{self.lesson}/{self.path.parent.name}/{self.path.stem}"

    @property
    def is_right(self) -> bool:
        return self.path.parent.name == "right"

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def head(self) -> ast.Module:
        """What stands before the first cell marker."""
        return ast.parse(self.text.split("# %%")[0])

    @property
    def idea(self) -> str:
        return ast.get_docstring(self.head) or ""

    @property
    def fails(self) -> set[str]:
        """The criteria that a wrong answer says it loses."""
        return set(self._said("FAILS") or ())

    @property
    def is_single(self) -> bool:
        """Whether a wrong answer makes one slip. One that does nothing, hard-codes its answers or
        makes several slips at once says `SLIPS = "many"`.
        """
        return bool(self._said("SLIPS") != MANY)

    @property
    def slip(self) -> Answer:
        """The wrong answer whose slip a held-out answer makes in other words."""
        return Answer(self.lesson, self.path.parents[1] / "wrong" / f"{self._said('SLIP')}.py")

    def _said(self, name: str) -> Any:
        for statement in self.head.body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
                return ast.literal_eval(statement.value)
        return None


def answers(lesson: str, course: Course = COURSE) -> list[Answer]:
    """Right and wrong ones."""
    return [Answer(lesson, p) for kind in ("right", "wrong") for p in _files(course, lesson, kind)]


def held_out(lesson: str, course: Course = COURSE) -> list[Answer]:
    """Wrong answers that the tables of known slips are not made from."""
    return [Answer(lesson, p) for p in _files(course, lesson, "held_out")]


def _files(course: Course, lesson: str, kind: str) -> list[Path]:
    return sorted((course.root / ANSWERS / lesson / kind).glob("*.py"))


def read(lesson: str, course: Course = COURSE) -> Lesson:
    return Lesson.read(course.lesson_path(lesson))


def home(lesson: Lesson) -> Course:
    """The course that a lesson was read from: its answers lie there too."""
    return Course(lesson.path.parents[2])


def grade_text(judge: Judge, lesson: Lesson, text: str) -> Result:
    return judge.grade(lesson, answer_job(lesson, "somebody", text))


def lost(result: Result) -> set[str]:
    return {c.row.check.name for c in result.checks if c.row.verdict != "pass"}


def prices(lesson: Lesson) -> dict[str, float]:
    """The share of the lesson's points that each single slip of the bank costs, by its name."""
    points = {c.name: c.points / lesson.max_points for c in lesson.all_checks}
    return {
        a.path.stem: round(sum(points.get(name, 0.0) for name in a.fails), 4)
        for a in answers(lesson.key, home(lesson))
        if not a.is_right and a.is_single
    }


def too_dear(key: str, found: dict[str, float], criteria: int, bar: Bar = BAR) -> list[str]:
    """How the prices of a lesson's slips break the law, and what to do about it.

    Args:
        criteria: how many the lesson has.
    """
    told = []
    for name, share in sorted(found.items(), key=lambda one: (-one[1], one[0])):
        if share > bar.dearest and f"{key}/wrong/{name}" not in DEAR:
            told.append(
                f"wrong/{name} costs {share:.0%} of the points, more than {bar.dearest:.0%}. Let fewer criteria "
                f'look at one property; or say SLIPS = "{MANY}" in its head if it does nothing, hard-codes, or makes '
                "several slips at once."
            )
    if criteria >= bar.enough and found and median(found.values()) > bar.typical:
        told.append(
            f"half of the single slips cost more than {median(found.values()):.0%} of the points, not at most "
            f"{bar.typical:.0%}. Let criteria stand off one another: one property each."
        )
    return told


def cells_as_text(lesson: Lesson, stub: bool) -> str:
    """The lesson's own solution, or what a learner begins with, as an answer file."""
    cells = lesson.of_kind("given", "solution")
    return "\n\n".join(f"# %% {c.grade_id}\n{c.stub if stub else c.source}" for c in cells)
