"""The answer bank: right and wrong answers for each lesson, and how to grade one."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grade.judge import Judge
from autograder.grade.submission import answer_job
from autograder.jobs import Result
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson

COURSE = Course.find(Path(__file__).parent)
ANSWERS = Path(__file__).parent / "answers"


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
    def slip(self) -> Answer:
        """The wrong answer whose slip a held-out answer makes in other words."""
        return Answer(self.lesson, self.path.parents[1] / "wrong" / f"{self._said('SLIP')}.py")

    def _said(self, name: str) -> Any:
        for statement in self.head.body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
                return ast.literal_eval(statement.value)
        return None


def answers(lesson: str) -> list[Answer]:
    """Right and wrong ones."""
    return [Answer(lesson, p) for kind in ("right", "wrong") for p in _files(lesson, kind)]


def held_out(lesson: str) -> list[Answer]:
    """Wrong answers that the tables of known slips are not made from."""
    return [Answer(lesson, p) for p in _files(lesson, "held_out")]


def _files(lesson: str, kind: str) -> list[Path]:
    return sorted((ANSWERS / lesson / kind).glob("*.py"))


def read(lesson: str) -> Lesson:
    return Lesson.read(COURSE.lesson_path(lesson))


def grade_text(judge: Judge, lesson: Lesson, text: str) -> Result:
    return judge.grade(lesson, answer_job(lesson, "somebody", text))


def lost(result: Result) -> set[str]:
    return {c.row.check.name for c in result.checks if c.row.verdict != "pass"}


def cells_as_text(lesson: Lesson, stub: bool) -> str:
    """The lesson's own solution, or what a learner begins with, as an answer file."""
    cells = lesson.of_kind("given", "solution")
    return "\n\n".join(f"# %% {c.grade_id}\n{c.stub if stub else c.source}" for c in cells)
