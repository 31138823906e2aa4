"""What a lesson costs is measured where it is graded, and said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.cli.app import main
from autograder.errors import CourseError
from autograder.grade.budget import LIMIT, PLAYED_LIMIT, Budget, measure
from autograder.lessons.lesson import Lesson
from autograder.runner.pool import Local
from tests.playing import played_course
from tests.small import KEY, LESSON, course_with

SPACE = 'SEPARATOR = " "'
BUSY = '    """Split at white space."""\n    sum(range(8_000_000))\n'


@pytest.fixture(scope="module")
def runner() -> Iterator[Local]:
    local = Local()
    yield local
    local.close()


def test_cells_and_checks_are_counted_apart(runner: Local, tmp_path: Path) -> None:
    course = course_with(
        tmp_path / "cells", LESSON.replace(SPACE, f"{SPACE}\nsum(range(8_000_000))")
    )
    cells = measure(Lesson.read(course.lesson_path(KEY)), runner, 1)
    course = course_with(
        tmp_path / "checks", LESSON.replace('    """Split at white space."""\n', BUSY)
    )
    checks = measure(Lesson.read(course.lesson_path(KEY)), runner, 1)
    assert cells.cells_ms > cells.checks_ms
    assert checks.checks_ms > checks.cells_ms


def test_the_limit_is_for_cells_and_checks_together() -> None:
    assert not Budget(0.4 * LIMIT, 9 * LIMIT, 0.6 * LIMIT, 9 * LIMIT).is_over
    assert Budget(0.4 * LIMIT, 0.0, 0.61 * LIMIT, 0.0).is_over


def test_playing_is_counted_apart_and_has_a_limit_of_its_own(runner: Local, tmp_path: Path) -> None:
    course = played_course(tmp_path)
    found = measure(Lesson.read(course.lesson_path(KEY)), runner, 1)
    assert found.played_ms > 0
    assert found.as_json()["played"] > 0
    assert Budget(0.0, 0.0, 0.0, 0.0, 1.01 * PLAYED_LIMIT).is_over
    assert not Budget(0.0, 0.0, 0.0, 0.0, PLAYED_LIMIT).is_over


def test_a_solution_that_fails_has_no_budget(runner: Local, tmp_path: Path) -> None:
    course = course_with(tmp_path, LESSON.replace("expect=4", "expect=5"))
    with pytest.raises(CourseError, match="does not earn everything"):
        measure(Lesson.read(course.lesson_path(KEY)), runner, 1)


def test_the_command_says_which_lesson_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = course_with(tmp_path, LESSON.replace('    """Split at white space."""\n', BUSY))
    with pytest.raises(SystemExit) as ended:
        main(["budget", "--times=1", "--json", f"--course={course.root}"])
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)[KEY]
    assert told["over"]
    assert told["total"] > LIMIT
    with pytest.raises(SystemExit) as ended:
        main(["budget", "--times=1", f"--course={course.root}"])
    assert ended.value.code == 1
    assert "over" in capsys.readouterr().out.split(KEY)[1]
