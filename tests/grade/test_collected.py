"""A stored result holds while nothing else lies there, whatever it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from autograder.build.builder import build
from autograder.grade import batch
from autograder.lessons.course import Course
from tests.small import KEY, RIGHT, course_with

MODULE = KEY.split("/")[0]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """One student handed in what was released."""
    made = course_with(tmp_path)
    build(made)
    own = made.root / "submitted" / "kim" / f"{KEY}.ipynb"
    own.parent.mkdir(parents=True)
    shutil.copyfile(made.root / "release" / f"{KEY}.ipynb", own)
    return made


def points(course: Course) -> float:
    (result,) = batch.grade(course, MODULE)
    assert result.state == "graded"
    return result.points


@pytest.mark.parametrize(
    "place", [f"{MODULE}/mine.ipynb", "mine.ipynb", f"{MODULE}/old/mine.ipynb"]
)
def test_an_untouched_notebook_gives_way_to_the_work_that_comes_later(
    place: str, course: Course
) -> None:
    assert points(course) == 0
    assert points(course) == 0  # nothing is new
    home = course.root / "submitted" / "kim"
    made = json.loads((home / f"{KEY}.ipynb").read_text("utf-8"))
    next(cell for cell in made["cells"] if cell["id"] == "words")["source"] = RIGHT
    (home / place).parent.mkdir(parents=True, exist_ok=True)
    (home / place).write_text(json.dumps(made), "utf-8")
    assert points(course) == 8
