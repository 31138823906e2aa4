"""A formative lesson counts nothing in a class, whoever hands it in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.build.builder import build
from autograder.errors import CourseError
from autograder.grade import batch
from autograder.lessons.course import Course
from autograder.runner.pool import Local
from tests.hostile.graders import MODULE, hand_in
from tests.record.stock import Stock
from tests.small import KEY, RIGHT, course_with

OUTLINE = f"""\
formative = ["{KEY}"]

[modules.{MODULE}]
title = "Coding"
day = 2
room = "coding"
"""
ANSWER = "It depends on the load."


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Kim solved it and answered the question."""
    course_with(tmp_path)
    (tmp_path / "lessons" / "course.toml").write_text(OUTLINE, "utf-8")
    course = Course(tmp_path)
    build(course)
    hand_in(course, "kim", RIGHT, ANSWER)
    return course


def test_its_graded_cells_have_no_points(course: Course) -> None:
    made = json.loads((course.root / "source" / f"{KEY}.ipynb").read_text("utf-8"))
    own = [cell["metadata"]["nbgrader"] for cell in made["cells"] if "nbgrader" in cell["metadata"]]
    assert [one["points"] for one in own if one["grade"]] == [0, 0]


def test_its_checks_are_told_and_the_gradebook_gives_nothing(course: Course, runner: Local) -> None:
    (result,) = batch.grade(course, MODULE, runner=runner)
    assert (result.state, result.points, result.max_points) == ("graded", 8.0, 8.0)
    assert result.repairs == ()
    assert book(course) == {"words-checks": (0.0, 0.0, False), "words-tradeoff": (None, 0.0, True)}
    assert "8 of 8 points" in (course.root / "feedback" / "kim" / f"{KEY}.html").read_text("utf-8")


def test_stock_nbgrader_says_the_same(course: Course, runner: Local, stock: Stock) -> None:
    batch.grade(course, MODULE, runner=runner)
    ours = book(course)
    stock.does(course.root, "autograde", MODULE, "--force")
    assert book(course) == ours


def test_who_keeps_it_loses_nothing(course: Course, runner: Local) -> None:
    (course.root / "submitted" / "kim" / f"{KEY}.ipynb").unlink()
    (result,) = batch.grade(course, MODULE, runner=runner)
    assert result.state == "zero:the file is missing"
    assert book(course) == {"words-checks": (0.0, 0.0, False), "words-tradeoff": (0.0, 0.0, False)}


def test_a_list_that_is_none_is_answered_with_a_sentence(tmp_path: Path) -> None:
    course = course_with(tmp_path)
    (tmp_path / "lessons" / "course.toml").write_text('formative = "all"\n[modules]\n', "utf-8")
    with pytest.raises(CourseError, match='"formative" is a list of lessons'):
        course.outline  # noqa: B018


def book(course: Course) -> dict[str, tuple[float | None, float, bool]]:
    """Machine points, the most there are, and whether it waits for a human, by cell."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as gradebook:
        (submission,) = gradebook.assignment_submissions(MODULE)
        return {
            g.name: (g.auto_score, g.max_score, bool(g.needs_manual_grade))
            for n in submission.notebooks
            for g in n.grades
        }
