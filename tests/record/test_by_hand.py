"""After grading by hand: what was not run anew is left alone, and pages tell what people gave."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.grade import batch
from autograder.grade.judge import Judge
from autograder.jobs import Result
from autograder.lessons.course import Course
from autograder.runner.pool import Local
from tests.hostile import graders
from tests.hostile.graders import CARELESS, MODULE, hand_in, new_class
from tests.record.stock import Stock
from tests.small import KEY, RIGHT

STEM = KEY.split("/")[1]
MACHINE, PROSE = "words-checks", "words-tradeoff"
COMMENT = "Good, <script>alert(1)</script>\nbut short."
ESCAPED = "Good, &lt;script&gt;alert(1)&lt;/script&gt;\nbut short."
ANSWER = "It depends on the load."


@pytest.fixture
def course(tmp_path: Path, runner: Local) -> Course:
    """Graded by machine, and kim's prose by hand."""
    course = new_class(tmp_path, {})
    for student in ("kim", "lee"):
        hand_in(course, student, RIGHT, ANSWER)
    batch.grade(course, MODULE, runner=runner)
    give(course, "kim", 1.5, COMMENT)
    return course


def give(course: Course, student: str, points: float, comment: str, cell: str = PROSE) -> None:
    """What formgrader does."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        grade = book.find_grade(cell, STEM, MODULE, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment(PROSE, STEM, MODULE, student).manual_comment = comment
        book.db.commit()


def page(course: Course, student: str = "kim") -> Path:
    return course.root / "feedback" / student / f"{KEY}.html"


def notebook(course: Course, student: str = "kim") -> Path:
    return course.root / "autograded" / student / f"{KEY}.ipynb"


def written(course: Course) -> dict[str, int]:
    """When each file of ours was written."""
    rooms = [course.root / room for room in ("autograded", "feedback", ".autograder/results")]
    files = [file for room in rooms for file in room.rglob("*") if file.is_file()]
    return {str(file.relative_to(course.root)): file.stat().st_mtime_ns for file in files}


def nothing_runs(patch: pytest.MonkeyPatch) -> None:
    def grade(*_: object) -> Result:
        raise AssertionError

    patch.setattr(Judge, "grade", grade)


def test_who_was_graded_by_hand_is_not_asked_for_again(course: Course, runner: Local) -> None:
    before = graders.everything(course)
    assert before[0]["kim", PROSE] == (None, 1.5, False)
    batch.grade(course, MODULE, runner=runner)
    assert graders.everything(course) == before
    hand_in(course, "kim", CARELESS, ANSWER)
    batch.grade(course, MODULE, runner=runner)
    assert graders.cells(course)["kim", PROSE] == (None, 1.5, True)
    assert graders.cells(course)["kim", MACHINE] == (6.0, None, False)


def test_nor_are_points_in_place_of_the_machines(course: Course, runner: Local) -> None:
    give(course, "lee", 7.0, "", MACHINE)
    batch.grade(course, MODULE, runner=runner)
    assert graders.cells(course)["lee", MACHINE] == (8.0, 7.0, False)
    batch.grade(course, MODULE, again=True, runner=runner)
    assert graders.cells(course)["lee", MACHINE] == (8.0, 7.0, True)


def test_nor_is_a_notebook_that_nobody_handed_in(course: Course, runner: Local) -> None:
    (course.root / "submitted" / "lee" / f"{KEY}.ipynb").unlink()
    batch.grade(course, MODULE, runner=runner)
    give(course, "lee", 2.0, "Told me.")
    asked = graders.everything(course)
    result = batch.grade(course, MODULE, runner=runner)[1]
    assert result.state == "zero:the file is missing"
    assert graders.everything(course) == asked
    assert asked[0]["lee", PROSE] == (0.0, 2.0, False)


def test_points_of_a_gradebook_that_lost_them_are_entered(course: Course, runner: Local) -> None:
    expected = graders.cells(course)
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        grade = book.find_grade(MACHINE, STEM, MODULE, "lee")
        grade.auto_score, grade.needs_manual_grade = None, True
        book.db.commit()
    batch.grade(course, MODULE, runner=runner)
    assert graders.cells(course) == expected


def test_the_page_tells_points_and_comment_and_only_that_page_is_written(
    course: Course, monkeypatch: pytest.MonkeyPatch, runner: Local
) -> None:
    nothing_runs(monkeypatch)
    before = written(course)
    (kim, lee) = batch.grade(course, MODULE, runner=runner)
    (given,) = kim.by_hand
    assert (given.grade_id, given.points, given.max_points) == (PROSE, 1.5, 2.0)
    assert lee.by_hand == ()
    assert ESCAPED in page(course).read_text()
    assert "1.5 of 2 points" in page(course).read_text()
    after = written(course)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {f"feedback/kim/{KEY}.html", f".autograder/results/{MODULE}/kim/{STEM}.json"}
    batch.grade(course, MODULE, runner=runner)
    assert written(course) == after


def test_a_page_that_is_gone_is_written_again_and_nothing_is_run(
    course: Course, monkeypatch: pytest.MonkeyPatch, runner: Local
) -> None:
    batch.grade(course, MODULE, runner=runner)
    before = page(course).read_bytes()
    nothing_runs(monkeypatch)
    for spoil in (Path.unlink, lambda file: file.write_text("by somebody")):
        spoil(page(course))
        batch.grade(course, MODULE, runner=runner)
        assert page(course).read_bytes() == before


@pytest.mark.parametrize("spoiled", ["gone", "overwritten", "a folder gone"])
def test_a_notebook_that_is_not_ours_is_made_again_and_no_point_changes(
    spoiled: str, course: Course, runner: Local
) -> None:
    batch.grade(course, MODULE, runner=runner)
    files = notebook(course), page(course)
    before = [file.read_bytes() for file in files]
    kept, result = graders.everything(course), graders.stored(course)["kim"][1]
    if spoiled == "overwritten":
        notebook(course).write_text("{}")
    elif spoiled == "gone":
        notebook(course).unlink()
    else:
        for file in notebook(course).parent.iterdir():
            file.unlink()
        notebook(course).parent.rmdir()
    batch.grade(course, MODULE, runner=runner)
    assert [file.read_bytes() for file in files] == before
    assert graders.everything(course) == kept
    assert graders.stored(course)["kim"][1] == result


def test_what_cannot_be_made_again_costs_no_point(
    course: Course, monkeypatch: pytest.MonkeyPatch, runner: Local
) -> None:
    from autograder.record import autograded

    kept = graders.everything(course)
    notebook(course).unlink()

    def fails(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(autograded, "as_bytes", fails)
    (kim, _) = batch.grade(course, MODULE, runner=runner)
    assert kim.problems == (
        "its files could not be written again: OSError: No space left on device",
    )
    assert (kim.state, kim.points) == ("graded", 8.0)
    assert graders.everything(course) == kept


# ---------------------------------------------------------------------------- beside nbgrader's own


def test_hidden_checks_that_nbgrader_autograde_left_are_gone_after_the_next_run(
    course: Course, stock: Stock, runner: Local
) -> None:
    stock.does(course.root, "autograde", MODULE, "--force")
    assert "HIDDEN TESTS" in notebook(course).read_text()
    batch.grade(course, MODULE, runner=runner)
    for student in ("kim", "lee"):
        assert "HIDDEN TESTS" not in notebook(course, student).read_text()
    assert graders.cells(course)["kim", MACHINE] == (8.0, None, False)


def test_a_page_of_generate_feedback_stays_until_there_is_more_to_tell(
    course: Course, stock: Stock, runner: Local
) -> None:
    batch.grade(course, MODULE, runner=runner)
    stock.does(course.root, "generate_feedback", MODULE, "--force")
    theirs = {student: page(course, student).read_bytes() for student in ("kim", "lee")}
    assert b"Good, " in theirs["kim"]
    for _ in range(2):
        batch.grade(course, MODULE, runner=runner)
        assert {student: page(course, student).read_bytes() for student in theirs} == theirs
    give(course, "kim", 2.0, "On second thoughts.")
    batch.grade(course, MODULE, runner=runner)
    assert "On second thoughts." in page(course).read_text()
    assert page(course, "lee").read_bytes() == theirs["lee"]
