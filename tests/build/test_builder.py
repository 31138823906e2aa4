"""Building: the same bytes every time, refusals that name file and grade id, nothing secret in what
is released.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.build.builder import build
from autograder.errors import CourseError
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from tests.bank import COURSE, read
from tests.small import KEY, LESSON, course_with


def cells(course: Course, room: str) -> dict[str, str]:
    notebook = json.loads((course.root / room / f"{KEY}.ipynb").read_text("utf-8"))
    return {c["id"]: "".join(c["source"]) for c in notebook["cells"]}


def test_the_committed_trees_are_what_lessons_give() -> None:
    assert build(COURSE, check=True) == []


def test_a_second_build_changes_nothing_and_a_hand_edit_is_named(tmp_path: Path) -> None:
    course = course_with(tmp_path)
    assert Path("release", f"{KEY}.ipynb") in build(course)
    assert build(course) == build(course, check=True) == []
    edited = course.root / "notebooks" / f"{KEY}.ipynb"
    edited.write_text(edited.read_text("utf-8").replace("Count", "Coumt"), "utf-8")
    (course.root / "source" / "02_coding" / "stray.txt").write_text("x")
    assert build(course, check=True) == [
        Path("notebooks", f"{KEY}.ipynb"), Path("source", "02_coding", "stray.txt"),
    ]  # fmt: skip
    build(course)
    assert build(course, check=True) == []


def test_two_folders_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = course_with(tmp_path / "one"), course_with(tmp_path / "two")
    build(one)
    build(two, ["02_coding"])
    for room in ("source", "release", "notebooks"):
        assert (one.root / room / f"{KEY}.ipynb").read_bytes() == (
            two.root / room / f"{KEY}.ipynb"
        ).read_bytes()


def test_learners_get_stubs_and_visible_checks_only(tmp_path: Path) -> None:
    course = course_with(tmp_path)
    build(course)
    for room in ("release", "notebooks"):
        seen = cells(course, room)
        assert seen["words"].endswith("# YOUR CODE HERE\n    raise NotImplementedError()")
        assert "words_are_counted" in seen["words-checks"]
        assert not [
            word for word in ("nothing_is", "is_small", "HIDDEN", "recorded") if word in str(seen)
        ]
    assert "It depends" not in str(cells(course, "release"))


def test_the_instructor_edition_holds_the_references_answers_and_marks_hidden_checks(
    tmp_path: Path,
) -> None:
    course = course_with(tmp_path)
    build(course)
    graded = cells(course, "source")["words-checks"]
    assert "expect=recorded('[" in graded
    assert graded.count("hidden=True") == 3
    compile(graded, "cell", "exec")


@pytest.mark.parametrize("key", COURSE.lessons)
def test_the_stub_that_the_grader_knows_is_the_one_released(key: str) -> None:
    lesson = read(key)
    released = json.loads((COURSE.root / "release" / f"{key}.ipynb").read_text("utf-8"))
    by_id = {c["id"]: "".join(c["source"]) for c in released["cells"]}
    for cell in lesson.of_kind("solution", "given"):
        assert by_id[str(cell.grade_id)] == cell.stub


HEAD = LESSON[: LESSON.index("@check(expect=4")]
BENT = {
    "a second words": LESSON.replace('"grade_id": "words-checks"', '"grade_id": "words"'),
    "kebab-case": LESSON.replace('"grade_id": "words"', '"grade_id": "Words_1"'),
    "no points": LESSON.replace("points=3", "points=0"),
    "no hint": LESSON.replace('    """None raises TypeError."""\n', ""),
    "has no end": LESSON.replace("    ### END SOLUTION\n\n\n# %%\n", "\n\n# %%\n"),
    "ends what never began": LESSON.replace("    ### BEGIN SOLUTION\n    if", "    if"),
    "would reach learners": LESSON.replace("### BEGIN HIDDEN TESTS", "### BEGIN HIDDEN TEST"),
    "outside the hidden block": LESSON.replace("expect=4, points=1", "expect=REFERENCE, points=1"),
    "the solution itself raises": LESSON.replace(
        'count("".join(rng.choice("ab  ") for _ in range(60)))', "count(None)"
    ),
    "empty cell": LESSON.replace(
        "@check(expect=4", "### BEGIN HIDDEN TESTS\n@check(expect=4"
    ).replace("\n\n### BEGIN HIDDEN TESTS\ndef", "\n\ndef"),
    "scoreboard()": LESSON.replace("\nscoreboard()\n", "\n"),
    "title must begin with its verb": LESSON.replace("# Count words", "# Words"),
    "**Time**": LESSON.replace("**Time**", "Time"),
    "outside of a function": LESSON.replace(
        '    """How many words there are."""\n    ### BEGIN SOLUTION', "    ..."
    )
    .replace("    ### END SOLUTION", "")
    .replace("def count(", "### BEGIN SOLUTION\n### END SOLUTION\ndef count("),
    "no hints": LESSON.replace("<details>", "<b>"),
    "What you now know": LESSON.replace("**What you now know**", "**End**"),
    "no trade-off question": LESSON.split("# %% [markdown] nbgrader")[0]
    + LESSON[LESSON.rindex("# %% [markdown]") :],
    "answers that a learner can read": LESSON.replace("points=1", "points=30"),
    "same answer as the visible": LESSON.replace("expect=raises(TypeError)", "expect=4"),
    "no diagram": LESSON.replace("Split it.", "![a counter of words](diagrams/none.mmd)"),
    "two checks are called": LESSON.replace("def nothing_is_no_text", "def words_are_counted"),
    "unknown keys": LESSON.replace('"locked": true', '"lokced": true'),
    "no check": HEAD + "x = 1\nscoreboard()\n" + LESSON[LESSON.index("\n# %% [markdown] nb") :],
}
BENT["two cells have this grade id"] = BENT.pop("a second words")


@pytest.mark.parametrize("complaint", sorted(BENT))
def test_what_would_hurt_is_refused_with_file_and_reason(complaint: str, tmp_path: Path) -> None:
    course = course_with(tmp_path, BENT[complaint])
    with pytest.raises(CourseError) as refusal:
        build(course)
    assert complaint in str(refusal.value)
    assert "01_count_words.py" in str(refusal.value)
    assert not (course.root / "release").exists()


def test_the_observing_code_holds_no_expectation(tmp_path: Path) -> None:
    (work,) = Lesson.read(course_with(tmp_path).lesson_path(KEY)).works.values()
    assert work.names[:2] == ("words_are_counted", "nothing_is_no_text")
    assert work.names[2:] == ("any_text_is_counted", "an_empty_text_has_few_words")
    assert not [
        word
        for word in ("expect", "is_small", "raises", "Split at", "points")
        if word in work.source
    ]
    assert "SEPARATOR" in work.restore
    assert "count" not in work.restore
