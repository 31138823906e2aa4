"""Stored results as a report reads them: each file is used whole, or left out and named with the
reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.files import Unreadable, read_bounded
from autograder.lessons.course import Course
from coursekit.checks import WORDS

FAILURES = {"fail": "wrong", "error": "error", "timeout": "never ends"}  # by verdict, in words
STATE = re.compile(r"graded|(zero|needs-human):.+", re.DOTALL)


@dataclass(frozen=True)
class Outcome:
    """How one check of one notebook went."""

    name: str
    points: float  # what the check is worth
    verdict: str
    hidden: bool

    @property
    def passed(self) -> bool:
        """Whether it earned its points."""
        return self.verdict == "pass"


@dataclass(frozen=True)
class Notebook:
    """A stored result, as far as a report needs it."""

    student: str
    lesson: str
    state: str
    points: float
    max_points: float
    checks: tuple[Outcome, ...]
    repairs: tuple[str, ...]
    problems: tuple[str, ...]
    isolation: str  # empty when nothing of it ran
    slip: str  # the known slip that it looks like, or empty
    stored: float  # when, in seconds since the epoch

    @property
    def reason(self) -> str:
        """Why it is not graded."""
        return self.state.partition(":")[2]


@dataclass(frozen=True)
class Skipped:
    """A stored file that is not in the report."""

    file: str
    why: str


def read_all(
    course: Course, module: str, files: Iterable[Path], lessons: Container[str]
) -> tuple[list[Notebook], list[Skipped]]:
    """The notebooks of a module's stored results, and the files that cannot be used."""
    notebooks, skipped = [], []
    for file in files:
        try:
            notebook = _read(file, module)
            if notebook.lesson not in lessons:
                raise ValueError("the module has no such lesson any more")
            notebooks.append(notebook)
        except (OSError, ValueError) as error:
            skipped.append(Skipped(str(file.relative_to(course.root)), str(error)))
    return notebooks, skipped


def _read(file: Path, module: str) -> Notebook:
    """Raises `ValueError` with the reason when the file is no stored result of today's shape."""
    try:
        raw = json.loads(read_bounded(file))
    except Unreadable as error:
        raise ValueError(str(error)) from None
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    try:
        checks = tuple(
            Outcome(
                _text(c["name"]),
                _number(c["max_points"]),
                _verdict(c["verdict"]),
                c["hidden"] is True,
            )
            for c in raw["checks"]
        )
        state = _text(raw["state"])
        points, max_points = _number(raw["points"]), _number(raw["max_points"])
        repairs = tuple(map(_text, raw["repairs"]))
        if raw.get("kept"):
            repairs += ("a regrade kept points that the lesson does not give now",)
        if _text(raw.get("late") or ""):
            repairs += ("handed in late",)
        problems = tuple(map(_text, raw["problems"]))
        isolation, slip = _text(raw["isolation"]), _text(raw.get("slip") or "")
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise ValueError("not of the shape that this version of the grader stores") from None
    if not STATE.fullmatch(state) or len({c.name for c in checks}) < len(checks):
        raise ValueError("not of the shape that this version of the grader stores")
    student, lesson, stored = file.parent.name, f"{module}/{file.stem}", file.stat().st_mtime
    return Notebook(
        student,
        lesson,
        state,
        points,
        max_points,
        checks,
        repairs,
        problems,
        isolation,
        slip,
        stored,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= float(value) < 1e9:
        raise TypeError
    return float(value)


def _verdict(value: Any) -> str:
    if value not in WORDS:
        raise ValueError
    return str(value)
