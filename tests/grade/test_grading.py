"""Submissions of every kind: what is right earns, what is damaged is mended, what is hopeless costs
only itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.build.builder import build
from autograder.errors import CourseError
from autograder.grade import batch, collected
from autograder.grade.judge import Judge
from autograder.inside import wire
from autograder.jobs import Result, Trace
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record.gradebook import Recorder
from autograder.runner.client import RunnerGone
from autograder.runner.pool import Local
from coursekit.expect import REFERENCE
from tests.bank import grade_text, lost
from tests.small import KEY, LESSON, RIGHT, course_with


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = course_with(tmp_path_factory.mktemp("small"))
    build(course)
    return course


@pytest.fixture(scope="module")
def lesson(course: Course) -> Lesson:
    return Lesson.read(course.lesson_path(KEY))


def notebook(course: Course, code: str = RIGHT) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((course.root / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    cell(made, "words")["source"] = code
    return made


def cell(made: dict[str, Any], grade_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in made["cells"] if c["id"] == grade_id)
    return found


def hand_in(
    course: Course, lesson: Lesson, student: str, data: dict[str, Any] | bytes
) -> collected.Submission:
    path = course.root / "submitted" / student / f"{KEY}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return collected.read_submission(course, lesson, student)


def graded(course: Course, lesson: Lesson, judge: Judge, data: dict[str, Any] | bytes) -> Result:
    return batch.judge_submission(judge, hand_in(course, lesson, "kim", data))


# ------------------------------------------------------------------------------------- answer files


@pytest.mark.parametrize(
    ("text", "points"),
    [
        (RIGHT, 8),
        (f"# %% words\n{RIGHT}", 8),
        (f'# %% nbgrader={{"grade_id": "words", "solution": true}}\n{RIGHT}', 8),
        (f"import warnings\nwarnings.warn('!')\nprint('noise' * 1000)\n{RIGHT}", 8),
        ("def count(text):\n    return len(text.split())\n", 6),
        ("def count(text):\n    return 4\n", 3),
        ("def count(text): return NotImplemented", 0),
        ("", 0),
        ("def count(text:\n", 0),
        ("raise SystemExit(3)", 0),
        (f"{RIGHT}\nraise ValueError('at the end')", 8),
        (
            f"{RIGHT}\nwhile True: pass"
            if os.environ.get("CI")
            else f"{RIGHT}\nraise KeyboardInterrupt",
            8,
        ),
        ("def count(text):\n    while True: pass\n", 0),
        ("def count(text):\n    return object()\n", 0),
        (
            "def count(text):\n    class Liar(int):\n        __eq__ = lambda *a: True\n    return Liar(7)\n",
            2,
        ),
        ("import os\ndef count(text):\n    os._exit(0)\n", 0),
        ("def count(text):\n    raise RecursionError\n", 0),
        (f"check = scoreboard = SEPARATOR = random = asyncio = None\n{RIGHT}", 8),
        (f"del SEPARATOR, asyncio\nlen_ = len\n{RIGHT}", 8),
        ("\0", 0),
    ],
)
def test_an_answer_file_earns_what_it_is_worth(
    text: str, points: float, lesson: Lesson, judge: Judge
) -> None:
    result = grade_text(judge, lesson, text)
    assert (result.state, result.points) == ("graded", points)
    json.dumps(result.as_json())


def test_hidden_observations_are_shown_to_authors_only(lesson: Lesson, judge: Judge) -> None:
    shown = grade_text(judge, lesson, "def count(text): return 4").as_json()["checks"]
    told = grade_text(judge, lesson, "def count(text): return 4").as_json(reveal=True)["checks"]
    assert [c["seen"] is None for c in shown] == [False, True, True, True]
    assert all(c["seen"] for c in told)
    assert [c["verdict"] for c in shown] == ["pass", "fail", "fail", "pass"]


def test_a_hang_costs_its_own_check_only(lesson: Lesson, judge: Judge) -> None:
    answer = RIGHT.replace(
        "if text is None:", "if text is None:\n        while True: pass\n    if text is None:"
    )
    result = grade_text(judge, lesson, answer)
    assert [c.row.verdict for c in result.checks] == ["pass", "timeout", "pass", "pass"]


# ---------------------------------------------------------------------------------------- notebooks


def test_solved_earns_everything_untouched_nothing(
    course: Course, lesson: Lesson, judge: Judge
) -> None:
    untouched = json.loads((course.root / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    assert graded(course, lesson, judge, untouched).points == 0
    assert graded(course, lesson, judge, notebook(course)).points == 8
    study = json.loads((course.root / "notebooks" / f"{KEY}.ipynb").read_text("utf-8"))
    cell(study, "words")["source"] = RIGHT
    assert graded(course, lesson, judge, study).points == 8


def _split(made: dict[str, Any]) -> None:
    whole = cell(made, "words")
    second = {**whole, "id": "another", "source": RIGHT}
    whole["source"] = "import math"
    made["cells"].insert(made["cells"].index(whole) + 1, second)


def _move(made: dict[str, Any]) -> None:
    made["cells"].append(made["cells"].pop(made["cells"].index(cell(made, "words"))))


def _retype(made: dict[str, Any]) -> None:
    cell(made, "words").update(cell_type="markdown")


def _drop_checks(made: dict[str, Any]) -> None:
    made["cells"].remove(cell(made, "words-checks"))


def _edit_locked(made: dict[str, Any]) -> None:
    cell(made, "words-setup")["source"] = "SEPARATOR = None"


def _strip_metadata(made: dict[str, Any]) -> None:
    for c in made["cells"]:
        c["metadata"] = {}


def _points_of_their_own(made: dict[str, Any]) -> None:
    for c in made["cells"]:
        c["metadata"].get("nbgrader", {}).update(points=1000, grade=False)


DAMAGE = {
    "more than once": _split,
    "were moved": _move,
    "read as code": _retype,
    "'words-checks' is missing: put back": _drop_checks,
    "was edited": _edit_locked,
}


@pytest.mark.parametrize("repair", sorted(DAMAGE))
def test_damage_is_mended_and_listed(
    repair: str, course: Course, lesson: Lesson, judge: Judge
) -> None:
    made = notebook(course)
    DAMAGE[repair](made)
    result = graded(course, lesson, judge, made)
    assert (result.state, result.points) == ("graded", 8)
    assert [r for r in result.repairs if repair in r]


@pytest.mark.parametrize("change", [_strip_metadata, _points_of_their_own])
def test_metadata_of_a_submission_counts_for_nothing(
    change: Any, course: Course, lesson: Lesson, judge: Judge
) -> None:
    made = notebook(course)
    change(made)
    result = graded(course, lesson, judge, made)
    assert (result.points, result.max_points, result.repairs) == (8, 8, ())


def test_encodings_and_an_old_format_are_read(course: Course, lesson: Lesson, judge: Judge) -> None:
    made = notebook(course, "# café\n" + RIGHT)
    text = json.dumps(made, ensure_ascii=False)
    assert graded(course, lesson, judge, b"\xef\xbb\xbf" + text.encode()).points == 8
    assert graded(course, lesson, judge, text.encode("latin-1", "replace")).points == 8
    old = {
        "nbformat": 3,
        "worksheets": [
            {
                "cells": [
                    {**c, "input": c.pop("source")}
                    for c in made["cells"]
                    if c["cell_type"] == "code"
                ]
            }
        ],
    }
    result = graded(course, lesson, judge, old)
    assert result.points == 8
    assert [r for r in result.repairs if "old notebook format" in r]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\0\0\0\0", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no cells"),
        (b'{"cells": [{"cell_type": "code", "source": "1"}]}', "no cell of this lesson"),
        (b'{"cells": 3}', "no cells"),
    ],
)
def test_what_is_no_notebook_is_zero_with_a_reason(
    data: bytes, reason: str, course: Course, lesson: Lesson, judge: Judge
) -> None:
    result = graded(course, lesson, judge, data)
    assert result.state.startswith("zero:")
    assert reason in result.state
    assert result.points == 0


def test_only_regular_files_of_bounded_size_are_read(
    course: Course, lesson: Lesson, judge: Judge
) -> None:
    path = course.root / "submitted" / "odd" / f"{KEY}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = course.root / "source" / f"{KEY}.ipynb"

    def state() -> str:
        return batch.judge_submission(judge, collected.read_submission(course, lesson, "odd")).state

    assert state() == "zero:the file is missing"
    path.symlink_to(secret)
    assert state().startswith("zero:not a regular file")
    path.unlink()
    os.mkfifo(path)
    assert state() == "zero:not a regular file"
    path.unlink()
    path.mkdir()
    assert state() == "zero:not a regular file"
    path.rmdir()
    with open(path, "wb") as sparse:
        sparse.truncate(1 << 40)
    assert "larger than" in state()


# --------------------------------------------------------------------------------- two graded cells

TRADEOFF = '# %% [markdown] nbgrader={"grade_id": "words-tradeoff"'
ONE_MORE = """# %%
@try_it
def a_text_that_hurts():
    return count("hurt me")


# %% nbgrader={"grade_id": "more-checks", "grade": true}
@check(expect=2)
def two_words_are_two():
    '''Split at white space.'''
    return count("two words")


### BEGIN HIDDEN TESTS
@check(expect=3)
def three_words_are_three():
    '''Split at white space.'''
    return count("three short words")


### END HIDDEN TESTS
scoreboard()

"""


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course whose lesson has two graded cells with only its own code between them."""
    course = course_with(
        tmp_path_factory.mktemp("longer"), LESSON.replace(TRADEOFF, ONE_MORE + TRADEOFF)
    )
    build(course)
    return course


@pytest.mark.parametrize("own_cell", [False, True])
@pytest.mark.parametrize(
    ("hurts", "points"),
    [("pass", 10), ("raise MemoryError", 10), ("print('x' * 50_000_000)", 10), ("os._exit(0)", 8)],
)
def test_what_happens_behind_a_graded_cell_costs_it_nothing(
    hurts: str, points: float, own_cell: bool, longer: Course, judge: Judge
) -> None:
    lesson = Lesson.read(longer.lesson_path(KEY))
    code = RIGHT.replace("    if", f"    if text == 'hurt me': {hurts}\n    if", 1)
    made = notebook(longer, f"import os\n{code}")
    if own_cell:
        at = next(n for n, c in enumerate(made["cells"]) if c["id"] == "words-checks")
        mine = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "source": "1 + 1"}
        made["cells"].insert(at + 1, mine)
    assert graded(longer, lesson, judge, made).points == points


# ------------------------------------------------------------------------------------ the reference


def test_the_reference_says_in_a_warm_process_what_it_says_here(course: Course) -> None:
    there, here = (Lesson.read(course.lesson_path(KEY)) for _ in range(2))
    with contextlib.closing(Local()) as runner:
        judge = Judge(runner, "any worlds")
        trace = judge.reference(there, drawn=False)
    assert trace is not None
    judge.prepare(there, trace)
    judge.prepare(here)
    for check in here.all_checks:
        right, same = (lesson.expectation(check, "any worlds") for lesson in (here, there))
        assert (right.values == same.values) if check.expect is REFERENCE else (right == same)
    assert set(trace.observations) == {c.name for c in here.all_checks if c.expect is REFERENCE}


@pytest.mark.parametrize(
    "seen", [None, [], [{"returned": 1}], [{"never": "an end"}] * 3, [{"raised": [["E"], ""]}] * 3]
)
def test_a_reference_that_was_cut_short_answers_here(seen: Any, course: Course) -> None:
    there, here = (Lesson.read(course.lesson_path(KEY)) for _ in range(2))
    check = next(c for c in here.all_checks if c.expect is REFERENCE)
    assert (
        there.expectation(check, "worlds", seen).values == here.expectation(check, "worlds").values
    )


def test_a_class_is_graded_though_no_warm_process_answers_for_the_reference(tmp_path: Path) -> None:
    class Shy(Local):
        def run(self, parcel: bytes) -> Trace:
            if not json.loads(parcel.splitlines()[0])["student"]:
                raise RunnerGone
            return super().run(parcel)

    course = course_with(tmp_path)
    build(course)
    hand_in(course, Lesson.read(course.lesson_path(KEY)), "kim", notebook(course))
    with contextlib.closing(Shy()) as runner:
        assert batch.grade(course, "02_coding", runner=runner)[0].points == 8


def test_an_autograded_notebook_holds_what_nbformat_would_write(tmp_path: Path) -> None:
    course = course_with(tmp_path)
    build(course)
    hand_in(course, Lesson.read(course.lesson_path(KEY)), "kim", notebook(course))
    batch.grade(course, "02_coding")
    text = (course.root / "autograded" / "kim" / f"{KEY}.ipynb").read_text("utf-8")
    made = nbformat.reads(text, as_version=4)
    nbformat.validate(made)
    assert any(cell.get("outputs") for cell in made.cells)
    assert json.loads(text) == json.loads(nbformat.writes(made))


@pytest.mark.parametrize("packed", [None, "00000000 AAAA", ""])
def test_observing_code_of_another_python_is_compiled_where_it_runs(packed: str | None) -> None:
    source, names = "def twice(x: Unknown): return 2 * x", dict[str, Any]()
    exec(wire.text_as_code(wire.code_as_text(source) if packed is None else packed, source), names)
    assert names["twice"](4) == 8


# ------------------------------------------------------------------------------------------ a class


def test_several_modules_in_one_command_say_what_each_says_alone(tmp_path: Path) -> None:
    course = course_with(tmp_path)
    other = Path("04_mlops/01_count_words")
    (course.root / "lessons" / other).parent.mkdir()
    (course.root / "lessons" / f"{other}.py").write_text(
        LESSON.replace("import asyncio", "import pandas\nimport asyncio")
    )
    course = Course(course.root)
    build(course)
    for key, code in ((KEY, RIGHT), (str(other), "def count(text):\n    return 4\n")):
        made = json.loads((course.root / "release" / f"{key}.ipynb").read_text("utf-8"))
        cell(made, "words")["source"] = code
        path = course.root / "submitted" / "kim" / f"{key}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(made), "utf-8")

    def said(*modules: str) -> Any:
        words = [
            sys.executable,
            "-m",
            "autograder",
            "grade",
            *modules,
            "--again",
            "--json",
            "--course",
            str(course.root),
        ]
        return json.loads(
            subprocess.run(words, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
        )

    both = said("02_coding", "04_mlops")
    assert [m["module"] for m in both] == ["02_coding", "04_mlops"]
    assert [m["results"][0]["points"] for m in both] == [8, 3]
    assert both == [said("02_coding"), said("04_mlops")]


def test_one_students_trouble_is_nobody_elses(course: Course, lesson: Lesson) -> None:
    import shutil

    shutil.rmtree(course.root / "submitted", ignore_errors=True)
    for student, data in {
        "a-good": notebook(course),
        "b-broken": b"{",
        "c-kills": notebook(course, "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
        "d-floods": notebook(course, "print('x' * 50_000_000)\n" + RIGHT),
        "e-good": notebook(course),
    }.items():
        hand_in(course, lesson, student, data)
    first = batch.grade(course, "02_coding")
    told = {r.student: (r.state.partition(":")[0], r.points) for r in first}
    assert told["a-good"] == told["e-good"] == told["d-floods"] == ("graded", 8)
    assert told["b-broken"] == ("zero", 0)
    assert told["c-kills"][1] == 0
    assert len(first) == 5

    graded_before = (course.root / "autograded" / "a-good" / f"{KEY}.ipynb").read_text("utf-8")
    assert "✓ passed" in graded_before
    assert "nothing_is_no_text" not in graded_before
    assert {p.name for p in (course.root / "feedback").iterdir()} == {r.student for r in first}

    (course.root / "submitted" / "a-good" / f"{KEY}.ipynb").write_bytes(b"broken now")
    again = {r.student: r for r in batch.grade(course, "02_coding")}
    assert again["a-good"].state.startswith("zero:")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        points = {s.student.id: s.score for s in book.assignment_submissions("02_coding")}
    assert points == {"a-good": 0, "b-broken": 0, "c-kills": 0, "d-floods": 8, "e-good": 8}
    assert len(list((course.root / ".autograder" / "backups").iterdir())) == 1


def test_nobody_and_unknown_students_are_said_in_a_sentence(tmp_path: Path) -> None:
    course = course_with(tmp_path)
    with pytest.raises(CourseError, match="nobody handed in 02_coding"):
        collected.students(course, "02_coding")
    (course.root / "submitted" / "kim" / "02_coding").mkdir(parents=True)
    with pytest.raises(CourseError, match="Did you mean 'kim'"):
        collected.students(course, "02_coding", ["kimm"])


def test_lost_names_what_was_lost(lesson: Lesson, judge: Judge) -> None:
    assert lost(grade_text(judge, lesson, "def count(text): return len(text.split())")) == {
        "nothing_is_no_text"
    }


def test_a_lesson_handed_in_while_the_run_goes_on_waits_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = course_with(tmp_path)
    build(course)
    lesson = Lesson.read(course.lesson_path(KEY))
    (course.root / "submitted" / "kim" / "02_coding").mkdir(parents=True)
    assert batch.grade(course, "02_coding")[0].state.startswith("zero:")

    def meanwhile(recorder: Recorder, module: str) -> set[tuple[str, str]]:
        hand_in(course, lesson, "kim", notebook(course))
        return set()

    with monkeypatch.context() as patched:
        patched.setattr(Recorder, "graded", meanwhile)
        assert "grade again" in batch.grade(course, "02_coding")[0].state
    assert [(r.state, r.points) for r in batch.grade(course, "02_coding")] == [("graded", 8)]
