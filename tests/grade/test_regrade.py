"""A lesson is changed after a class was graded: who changes is told before anything is written."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.build.builder import build
from autograder.cli import app as cli
from autograder.errors import CourseError
from autograder.grade import batch, regrade as regrading
from autograder.grade.regrade import Change, by_check, keep, regrade, totals
from autograder.jobs import CheckResult, Result, Trace
from autograder.lessons import dependencies
from autograder.lessons.course import Course
from autograder.record import results
from autograder.runner.pool import Local
from coursekit.checks import Check, Row
from tests.small import KEY, LESSON, RIGHT, course_with

MODULE = KEY.split("/")[0]
SALT = "worlds-of-the-first-run"
CLASS = {
    "ada": RIGHT,  # 8 of 8
    "ben": "def count(text):\n    return len(text.split())\n",  # 6: None is not refused
    # 3: nor are runs of white space one separator
    "cem": "def count(text):\n    return len(text.split(' '))\n",
}
POINTS = {"ada": 8.0, "ben": 6.0, "cem": 3.0}
REFUSES, COUNTS, FEW = "nothing_is_no_text", "any_text_is_counted", "an_empty_text_has_few_words"
ADDED = '''@check(expect=raises(AttributeError), points=2)
def a_number_is_no_text():
    """A number has no words to split."""
    return count(7)


### END HIDDEN TESTS'''


class Counting(Local):
    """A runner that counts what it runs of learners'."""

    runs = 0

    def run(self, parcel: bytes) -> Trace:
        self.runs += bool(json.loads(parcel.splitlines()[0])["student"])  # the reference is nobody
        return super().run(parcel)


@pytest.fixture(scope="module")
def shared() -> Iterator[Counting]:
    runner = Counting()
    yield runner
    runner.close()


@pytest.fixture
def runner(shared: Counting) -> Counting:
    shared.runs = 0
    return shared


def hand_in(course: Course, student: str, code: str) -> None:
    made = json.loads((course.root / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    next(c for c in made["cells"] if c["id"] == "words")["source"] = code
    path = course.root / "submitted" / student / f"{KEY}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), "utf-8")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, shared: Counting) -> Course:
    """The class as it was graded before any change."""
    course = course_with(tmp_path_factory.mktemp("first"))
    build(course)
    for student, code in CLASS.items():
        hand_in(course, student, code)
    told = batch.grade(course, MODULE, salt=SALT, runner=shared)
    assert {r.student: r.points for r in told} == POINTS
    return course


@pytest.fixture
def course(first: Course, tmp_path: Path) -> Course:
    shutil.copytree(first.root, tmp_path / "course")
    return Course(tmp_path / "course")


def change(course: Course, *edits: tuple[str, str]) -> None:
    """Edit the lesson and build it."""
    text = LESSON
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    course.lesson_path(KEY).write_text(text, "utf-8")
    build(course)


STRICTER = ("return seen < 10", "return seen < 1")
REMOVED = (
    LESSON[LESSON.index("@check(expect=raises") : LESSON.index("@check(expect=REFERENCE")],
    "",
)
LAXER = ("expect=raises(TypeError)", "expect=raises(Exception)")
WORTH_MORE = ("expect=REFERENCE, points=3", "expect=REFERENCE, points=5")
WITH_ONE_MORE = ("### END HIDDEN TESTS", ADDED)
ONLY_A_COMMENT = ("import asyncio\n", "import asyncio  # for what waits\n")


def files(course: Course) -> dict[str, str]:
    """Every file that a preview must leave as it is."""
    own = {course.root / ".autograder" / name for name in ("preview", "locks")}
    found = (p for p in sorted(course.root.rglob("*")) if p.is_file() and not own & set(p.parents))
    return {
        str(p.relative_to(course.root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found
    }


def gradebook(course: Course) -> dict[str, dict[str, tuple[float | None, float | None, float]]]:
    """Machine points, points by hand and the maximum of every cell."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        return {
            s.student.id: {
                g.name: (g.auto_score, g.manual_score, g.max_score)
                for n in s.notebooks
                for g in n.grades
            }
            for s in book.assignment_submissions(MODULE)
        }


def points(course: Course) -> dict[str, float | None]:
    return {student: cells["words-checks"][0] for student, cells in gradebook(course).items()}


def told(changes: list[Change]) -> dict[str, tuple[float, list[str]]]:
    return {
        c.student: (c.difference, [check.name for check in c.checks]) for c in changes if c.shows
    }


# -------------------------------------------------------------------------------------- who changes


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (STRICTER, {"cem": (-2, [FEW])}),
        (LAXER, {"ben": (2, [REFUSES]), "cem": (2, [REFUSES])}),
        (REMOVED, {"ada": (-2, [REFUSES])}),
        (WITH_ONE_MORE, dict.fromkeys(("ben", "cem", "ada"), (2, ["a_number_is_no_text"]))),
        (WORTH_MORE, {"ada": (2, [COUNTS]), "ben": (2, [COUNTS])}),
        (ONLY_A_COMMENT, {}),
    ],
    ids=["stricter", "laxer", "removed", "added", "worth more", "a comment"],
)
def test_it_says_who_changes_because_of_which_check_and_writes_just_that(
    edit: tuple[str, str],
    expected: dict[str, tuple[float, list[str]]],
    course: Course,
    runner: Counting,
) -> None:
    change(course, edit)
    before = files(course)
    seen = regrade(course, MODULE, runner=runner)
    assert files(course) == before
    assert told(seen) == expected
    assert runner.runs == len(CLASS)
    assert regrade(course, MODULE, runner=runner, write=True) == seen
    assert points(course) == {c.student: c.after for c in seen}
    assert all(c.before == POINTS[c.student] for c in seen)
    assert not (course.root / ".autograder" / "preview" / MODULE / "ada").exists()
    assert {r.student: r.points for r in batch.grade(course, MODULE, runner=runner)} == points(
        course
    )
    assert runner.runs == len(CLASS)  # neither writing nor grading ran anything again
    page = (course.root / "feedback" / "ben" / f"{KEY}.html").read_text("utf-8")
    assert f"{seen[1].after:g} of {seen[1].max_after:g} points" in page


def test_what_was_added_removed_or_otherwise_is_told_apart(
    course: Course, runner: Counting
) -> None:
    change(course, REMOVED, WITH_ONE_MORE, STRICTER)
    ada, ben, cem = regrade(course, MODULE, runner=runner)
    assert [(c.name, c.before is None, c.after is None) for c in cem.checks] == [
        (FEW, False, False),
        ("a_number_is_no_text", True, False),
        (REFUSES, False, True),
    ]
    assert [c.difference for c in ada.checks] == [2, -2]
    assert (ada.kind, ben.kind, cem.kind) == ("same", "up", "same")
    assert ada.shows
    assert totals([ada, ben, cem])["mean change"] == pytest.approx(2 / 3)
    assert by_check([ada, ben, cem])[KEY, FEW] == {"up": 0, "down": 1, "added": 0, "removed": 0}
    assert by_check([ada, ben, cem])[KEY, REFUSES] == {"up": 0, "down": 1, "added": 0, "removed": 3}


def test_wrong_answers_that_luck_decides_meet_the_worlds_they_met(
    course: Course, runner: Counting
) -> None:
    for n in range(6):
        code = f"def count(text):\n    return len(text.split()) + (sum(map(ord, text or '')) % 6 == {n})\n"
        hand_in(course, f"luck{n}", code)
    one = {r.student: r.points for r in batch.grade(course, MODULE, salt="one", runner=runner)}
    two = {
        r.student: r.points
        for r in batch.grade(course, MODULE, salt="two", runner=runner, again=True)
    }
    assert one != two
    change(course, ONLY_A_COMMENT)
    for call in ({}, {"again": True}):
        seen = regrade(course, MODULE, runner=runner, **call)
        assert {c.student: c.after for c in seen} == two
        assert not [c for c in seen if c.shows]


def test_a_preview_from_before_another_grading_is_not_used(
    course: Course, runner: Counting
) -> None:
    change(course, STRICTER)
    regrade(course, MODULE, runner=runner)
    course.lesson_path(KEY).write_text(LESSON, "utf-8")
    build(course)
    batch.grade(course, MODULE, salt="other worlds", runner=runner, again=True)
    change(course, STRICTER)
    regrade(course, MODULE, runner=runner, write=True)
    assert {raw["salt"] for raw in results.stored(course, MODULE)} == {"other worlds"}


def test_a_lesson_that_has_not_changed_runs_nothing(course: Course, runner: Counting) -> None:
    seen = regrade(course, MODULE, runner=runner)
    assert (runner.runs, totals(seen)["same"]) == (0, 3)


def test_the_new_and_the_handed_in_anew_are_told_as_such(course: Course, runner: Counting) -> None:
    change(course, STRICTER)
    hand_in(course, "new", RIGHT)
    hand_in(course, "ada", CLASS["cem"])
    seen = {
        c.student: c for c in regrade(course, MODULE, runner=runner, never_lower=True, write=True)
    }
    assert (seen["new"].kind, seen["new"].before, seen["new"].after) == ("new", None, 8)
    assert (seen["ada"].kind, seen["ada"].before, seen["ada"].after) == ("handed in anew", 8, 1)
    assert points(course) == {"ada": 1, "ben": 6, "cem": 3, "new": 8}
    stored = {raw["student"]: raw["salt"] for raw in results.stored(course, MODULE)}
    assert set(stored.values()) == {SALT}


def test_only_those_named_are_compared_and_written(course: Course, runner: Counting) -> None:
    change(course, LAXER)
    assert [c.student for c in regrade(course, MODULE, ["ben"], runner=runner, write=True)] == [
        "ben"
    ]
    assert points(course) == POINTS | {"ben": 8.0}


def test_built_files_of_another_lesson_are_refused(course: Course, runner: Counting) -> None:
    course.lesson_path(KEY).write_text(LESSON.replace(*STRICTER), "utf-8")
    with pytest.raises(
        CourseError, match=f"source/{KEY}.ipynb is not what .* Run `autograder build {MODULE}`"
    ):
        regrade(course, MODULE, runner=runner)


# -------------------------------------------------------------------------------------- never lower


def test_nobody_falls_and_a_later_grade_leaves_it_so(
    course: Course, runner: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(course, STRICTER)
    seen = regrade(course, MODULE, runner=runner, never_lower=True)
    assert told(seen) == {"cem": (0, [FEW])}
    assert (seen[2].earned, seen[2].kept) == (1, True)
    assert regrade(course, MODULE, runner=runner, never_lower=True, write=True) == seen
    assert points(course) == POINTS
    said = "Kept at 3 points: the lesson was changed after this was graded, and would now give 1."
    for room, ending in (("feedback", "html"), ("autograded", "ipynb")):
        texts = {s: (course.root / room / s / f"{KEY}.{ending}").read_text("utf-8") for s in CLASS}
        assert [s for s, text in texts.items() if said in text] == ["cem"]

    assert batch.grade(course, MODULE, runner=runner)[2].note == said
    monkeypatch.setattr(dependencies, "grader_digest", lambda: "another")  # as after an upgrade
    assert {r.student: r.points for r in batch.grade(course, MODULE, runner=runner)} == POINTS
    assert points(course) == POINTS
    assert not [c for c in regrade(course, MODULE, runner=runner) if c.shows]
    assert told(regrade(course, MODULE, runner=runner, again=True)) == {"cem": (-2, [])}
    hand_in(course, "cem", CLASS["cem"] + "# anew\n")
    assert batch.grade(course, MODULE, ["cem"], runner=runner)[0].points == 1


def test_a_cell_keeps_no_more_than_it_can_hold(course: Course, runner: Counting) -> None:
    counted = LESSON[LESSON.index("@check(expect=REFERENCE") : LESSON.index("@check(\n")]
    change(course, (counted, ""))
    seen = regrade(course, MODULE, runner=runner, never_lower=True, write=True)
    assert [(c.before, c.after, c.earned, c.max_after) for c in seen] == [
        (8, 5, 5, 5),
        (6, 5, 3, 5),
        (3, 3, 3, 5),
    ]
    assert {s: cells["words-checks"] for s, cells in gradebook(course).items()} == {
        "ada": (5, None, 5),
        "ben": (5, None, 5),
        "cem": (3, None, 5),
    }


def test_what_is_missing_goes_to_the_cells_that_lost_it() -> None:
    def row(cell: str, earned: bool, points: float) -> CheckResult:
        check = Check(f"{cell}_{earned}", print, "", None, points)
        return CheckResult(cell, Row(check, "pass" if earned else "fail", "", ""))

    before = Result(
        "kim", KEY, "graded", (row("a", True, 4), row("b", True, 3), row("b", False, 1))
    )
    now = Result("kim", KEY, "graded", (row("a", False, 2), row("b", True, 2), row("b", False, 9)))
    kept = keep(before.as_json(reveal=True), now)
    assert kept.by_cell == {"a": 2, "b": 5}
    assert (kept.points, kept.earned) == (before.points, 2)
    assert keep(before.as_json(), before) == before


# ------------------------------------------------------------------------------------------ writing


def test_what_a_person_gave_stays(course: Course, runner: Counting) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        for student in CLASS:
            book.find_grade("words-tradeoff", KEY.split("/")[1], MODULE, student).manual_score = 1.5
        book.find_grade("words-checks", KEY.split("/")[1], MODULE, "ben").manual_score = 7
        book.db.commit()
    change(course, WORTH_MORE)
    regrade(course, MODULE, runner=runner, write=True)
    after = gradebook(course)
    assert {cells["words-tradeoff"] for cells in after.values()} == {(0, 1.5, 2)}
    assert after["ben"]["words-checks"] == (8, 7, 10)


def test_a_write_that_was_stopped_is_taken_up(
    course: Course, runner: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(course, LAXER, STRICTER)
    expected = {c.student: c.after for c in regrade(course, MODULE, runner=runner)}
    with monkeypatch.context() as patch:
        entered: list[Any] = []

        def stop_at_the_second(*arguments: Any) -> None:
            if entered:
                raise KeyboardInterrupt
            entered.append(enter(*arguments))

        enter = regrading.enter
        patch.setattr(regrading, "enter", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            regrade(course, MODULE, runner=runner, write=True)
    assert points(course) == POINTS | {"ada": expected["ada"]}
    left = regrade(course, MODULE, runner=runner, write=True)
    assert points(course) == expected
    assert {c.student: c.after for c in left} == expected
    assert runner.runs == len(CLASS)


# -------------------------------------------------------------------------------------- the command


def test_the_command_shows_the_table_and_how_to_write_it(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")

    def say(*options: str) -> str:
        with pytest.raises(SystemExit) as end:
            cli.main(["regrade", MODULE, "--jobs=1", f"--course={course.root}", *options])
        assert end.value.code == 0
        return capsys.readouterr().out

    change(course, STRICTER, WORTH_MORE)
    before = files(course)
    text = say("--never-lower")
    assert files(course) == before
    assert "8/8 → 10/10" in text
    assert "kept at 3 (would be 1)" in text
    assert "an empty text has few words: ✓ passed 2/2 → ✗ failed 0/2" in text
    assert (
        "3 notebooks: 2 up, 0 down, 1 same, 0 new, 0 handed in anew, 1 kept. Mean change: +1.33 points."
        in text
    )
    assert f"autograder regrade {MODULE} --never-lower --course={course.root} --write" in text
    assert "Written" in say("--never-lower", "--write")
    data = json.loads(say("--json", "--again"))
    assert data["written"] is False
    assert [(c["student"], c["kind"], c["before"], c["after"]) for c in data["changes"]] == [
        ("ada", "same", 10, 10),
        ("ben", "same", 8, 8),
        ("cem", "down", 3, 1),
    ]
    everything = json.dumps(data) + text
    shown = [
        p
        for room in ("feedback", "autograded")
        for p in (course.root / room).rglob("*")
        if p.is_file()
    ]
    assert SALT not in everything + "".join(p.read_text("utf-8") for p in shown)


def test_a_wrong_call_is_told_in_a_sentence(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, sentence in (
        (["02_codin"], "there is no module '02_codin'. Did you mean '02_coding'?"),
        (
            [MODULE, "--student=adda"],
            f"submitted/adda/{MODULE} does not exist. Did you mean 'ada'?",
        ),
    ):
        with pytest.raises(SystemExit) as end:
            cli.main(["regrade", *arguments, f"--course={course.root}"])
        assert end.value.code == 2
        assert sentence in capsys.readouterr().err
