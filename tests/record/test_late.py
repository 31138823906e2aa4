"""Late work costs what the course's own plugin says, just as `nbgrader autograde` has it."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from autograder.build.builder import build
from autograder.grade import batch
from autograder.grade.regrade import regrade
from autograder.lessons.course import Course
from autograder.runner.pool import Local
from tests.hostile import graders
from tests.hostile.graders import CARELESS, MODULE, new_class
from tests.record.stock import Stock
from tests.sample import only_whole, some
from tests.small import KEY, LESSON, RIGHT

DUE = datetime(2024, 1, 1, 12)
IN_TIME, LATE = "2024-01-01 11:59:59.5 UTC", "2024-01-05 13:00:00.0 UTC"
PLUGIN = """
from nbgrader.plugins import BasePlugin


class Half(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        {body}
"""
HALF = "return score / 2 + total_seconds_late / 86_400 / 100"
SETTING = "c.AssignLatePenalties.plugin_class = Half\n"
COST = 8 / 2 + 4.0416666 / 100  # of a right answer, four days and an hour late


def configure(course: Course, text: str) -> None:
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write(text)


def stamp(course: Course, student: str, text: str) -> None:
    (course.root / "submitted" / student / MODULE / "timestamp.txt").write_text(text)


def book(course: Course) -> Any:
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{course.root}/gradebook.db", "small")


def late_class(folder: Path, stamps: dict[str, str], body: str = HALF, **more: str) -> Course:
    """A class with a due date and a plugin in its configuration; everybody is right, but `more`."""
    course = new_class(folder, dict.fromkeys(stamps, RIGHT) | more)
    configure(course, PLUGIN.format(body=body) + SETTING)
    for student, text in stamps.items():
        stamp(course, student, text)
    with book(course) as gradebook:
        gradebook.update_or_create_assignment(MODULE, duedate=DUE)
    return course


def penalties(course: Course) -> dict[str, float | None]:
    with book(course) as gradebook:
        return {
            s.student.id: n.late_submission_penalty
            for s in gradebook.assignment_submissions(MODULE)
            for n in s.notebooks
        }


@only_whole
def test_it_costs_what_nbgrader_autograde_takes(stock: Stock, tmp_path: Path) -> None:
    """With the plugin in a module of the course, as nbgrader's manual has it."""
    stamps = {
        "in time": IN_TIME,
        "late": LATE,
        "careless": LATE,
        "nothing": LATE,
        "extended": LATE,
        "by hand": LATE,
        "a zone": "2024-01-05 13:00:00 America/New_York",
    }
    course = late_class(
        tmp_path / "ours", stamps, careless=CARELESS, nothing="def count(", never=RIGHT
    )
    (course.root / "latework.py").write_text(PLUGIN.format(body=HALF))
    configure(course, "import os, sys\nsys.path.append(os.getcwd())\n")
    configure(course, "c.AssignLatePenalties.plugin_class = 'latework.Half'\n")
    assert graders.graded(course)[0] == 0
    with book(course) as gradebook:
        gradebook.find_submission(MODULE, "extended").extension = timedelta(days=5)
        given = gradebook.find_grade("words-tradeoff", KEY.split("/")[1], MODULE, "by hand")
        given.manual_score = 1.5
        gradebook.db.commit()
    code, out, err = graders.graded(course)
    assert (code, "Traceback" in err) == (0, False)
    told = re.sub(r"[\s│]+", " ", out)
    assert "Handed in 4 d 1 h late: penalty 4.04042" in told
    ours = penalties(course)
    assert ours["late"] == pytest.approx(COST)
    assert (ours["in time"], ours["extended"], ours["never"]) == (None, None, None)

    shutil.copytree(course.root, tmp_path / "stock")
    theirs = Course(tmp_path / "stock")
    with book(theirs) as gradebook:  # so that it says something itself
        for submission in gradebook.assignment_submissions(MODULE):
            submission.notebooks[0].late_submission_penalty = 99
        gradebook.db.commit()
    stock.does(theirs.root, "autograde", MODULE, "--force")
    assert penalties(theirs) == ours


def test_it_is_told_in_result_and_page(tmp_path: Path, runner: Local) -> None:
    course = late_class(tmp_path, {"kim": LATE})
    (kim,) = batch.grade(course, MODULE, runner=runner)
    assert kim.late == "Handed in 4 d 1 h late: penalty 4.04042."
    assert (kim.points, kim.as_json()["late"]) == (8.0, kim.late)
    page = course.root / "feedback" / "kim" / f"{KEY}.html"
    assert kim.late in page.read_text()
    assert graders.stored(course)["kim"][1]["late"] == kim.late
    assert graders.points(course) == {"kim": 8.0}


@only_whole
def test_it_goes_when_the_work_is_no_longer_late(tmp_path: Path, runner: Local) -> None:
    """Nothing new is graded: an extension, another due date and an earlier time are heard of."""
    course = late_class(tmp_path, dict.fromkeys(("kim", "lee"), LATE))
    batch.grade(course, MODULE, runner=runner)
    assert penalties(course) == dict.fromkeys(("kim", "lee"), pytest.approx(COST))
    with book(course) as gradebook:
        gradebook.find_submission(MODULE, "kim").extension = timedelta(days=9)
        gradebook.db.commit()
    stamp(course, "lee", IN_TIME)
    assert [r.late for r in batch.grade(course, MODULE, runner=runner)] == ["", ""]
    assert penalties(course) == {"kim": None, "lee": None}
    assert "late" not in (course.root / "feedback" / "kim" / f"{KEY}.html").read_text()
    with book(course) as gradebook:
        gradebook.update_or_create_assignment(MODULE, duedate=DUE - timedelta(days=30))
    assert [r.late[:14] for r in batch.grade(course, MODULE, runner=runner)] == [
        "Handed in 25 d",
        "Handed in 30 d",
    ]
    assert None not in penalties(course).values()


def test_a_regrade_takes_it_from_the_new_points(tmp_path: Path, runner: Local) -> None:
    course = late_class(tmp_path, {"kim": LATE})
    batch.grade(course, MODULE, runner=runner)
    text = LESSON.replace("expect=REFERENCE, points=3", "expect=REFERENCE, points=5")
    course.lesson_path(KEY).write_text(text, "utf-8")
    build(course)
    regrade(course, MODULE, write=True, runner=runner)
    assert penalties(course) == {"kim": pytest.approx(COST + 1)}


@only_whole
def test_points_that_wait_cost_nothing(tmp_path: Path, runner: Local) -> None:
    """What was handed in anew has no points yet: nothing can be taken from them."""
    course = late_class(tmp_path, {"kim": LATE})
    batch.grade(course, MODULE, runner=runner)
    from autograder.record.gradebook import Recorder

    with Recorder(course) as recorder:
        recorder.set_waiting(MODULE, {("kim", KEY.split("/")[1])})
    assert penalties(course) == {"kim": None}


FAILS = {
    "raises": ("raise ValueError('no idea')", SETTING, "ValueError: no idea"),
    "ends the process": ("raise SystemExit(3)", SETTING, "SystemExit: 3"),
    "words": ("return 'half'", SETTING, "ValueError"),
    "not a number": ("return float('nan')", SETTING, "a penalty of nan"),
    "no plugin": (HALF, "c.AssignLatePenalties.plugin_class = 5\n", "TraitError"),
    "no module": (HALF, "c.AssignLatePenalties.plugin_class = 'gone.Half'\n", "gone"),
}


@pytest.mark.parametrize("name", some(list(FAILS), 1))
def test_a_plugin_that_fails_takes_nothing_and_is_told(
    name: str, tmp_path: Path, runner: Local
) -> None:
    body, setting, why = FAILS[name]
    course = late_class(tmp_path, {"kim": LATE}, body)
    configure(course, setting)
    (kim,) = batch.grade(course, MODULE, runner=runner)
    assert kim.state == "graded"
    assert kim.late.startswith("Handed in 4 d 1 h late: no penalty taken, its plugin failed: ")
    assert why in kim.late
    assert kim.late.endswith("Mend AssignLatePenalties in nbgrader_config.py, then grade again.")
    assert penalties(course) == {"kim": None}
    assert graders.points(course) == {"kim": 8.0}


@only_whole
def test_a_penalty_is_never_below_nothing_nor_above_the_points(
    tmp_path: Path, runner: Local
) -> None:
    body = "return {'kim': -3, 'lee': 99, 'sam': None}[student_id]"
    course = late_class(tmp_path, dict.fromkeys(("kim", "lee", "sam"), LATE), body)
    batch.grade(course, MODULE, runner=runner)
    assert penalties(course) == {"kim": 0.0, "lee": 8.0, "sam": None}


@only_whole
def test_a_step_that_is_off_leaves_penalties_as_they_are(tmp_path: Path, runner: Local) -> None:
    course = late_class(tmp_path, {"kim": LATE})
    batch.grade(course, MODULE, runner=runner)
    configure(course, "c.AssignLatePenalties.enabled = False\n")
    stamp(course, "kim", IN_TIME)
    batch.grade(course, MODULE, runner=runner)
    assert penalties(course) == {"kim": pytest.approx(COST)}


def test_a_broken_configuration_is_said_in_a_sentence(tmp_path: Path) -> None:
    course = new_class(tmp_path, {"kim": RIGHT})
    configure(course, "c.AssignLatePenalties.plugin_class = Missing\n")
    code, _, err = graders.graded(course)
    assert (code, err.count("\n")) == (2, 1)
    assert "nbgrader_config.py: NameError" in err
