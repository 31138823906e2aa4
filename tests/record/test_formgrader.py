"""Formgrader on a real server: its autograde button runs learners' code in the box, its page shows
the rubric.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.build.builder import build
from autograder.formgrader import UNBOXED
from autograder.lessons.course import Course
from tests.bank import COURSE
from tests.browser.lab import Lab, serve
from tests.small import KEY, RIGHT, course_with

MODULE, STEM = KEY.split("/")
WRITES = "from pathlib import Path\nPath({!r}).write_text('read me')\n"


def hand_in(course: Course, student: str, code: str) -> None:
    made: dict[str, Any] = json.loads((course.root / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    for cell in made["cells"]:
        if cell["id"] == "words":
            cell["source"] = code
        elif cell["id"] == "words-tradeoff":
            cell["source"] = "I would count them twice."
    path = course.root / "submitted" / student / f"{KEY}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), "utf-8")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server on a course with the project's own settings for nbgrader."""
    folder = tmp_path_factory.mktemp("formgrader")
    course = course_with(folder / "course")
    build(course)
    (course.root / "nbgrader_config.py").write_bytes(
        (COURSE.root / "nbgrader_config.py").read_bytes()
    )
    hand_in(course, "kim", f"{RIGHT}\n{WRITES.format(str(course.root / 'stolen.txt'))}")
    hand_in(course, "ben", RIGHT)
    with serve(course.root, folder / "home") as running:
        yield running


def ask(lab: Lab, path: str, method: str = "GET") -> str:
    """What the server answers."""
    request = urllib.request.Request(
        f"{lab.url}/formgrader/{path}",
        method=method,
        headers={"Authorization": f"token {lab.token}"},
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        return str(answer.read().decode())


def press(lab: Lab, student: str) -> dict[str, Any]:
    """Press the button beside a submission."""
    said: dict[str, Any] = json.loads(
        ask(lab, f"api/submission/{MODULE}/{student}/autograde", "POST")
    )
    return said


def test_the_button_grades_in_the_box(lab: Lab) -> None:
    said = press(lab, "kim")
    assert said["success"], said
    assert re.search(r"kim +8 +8 ", said["log"])
    assert not (lab.root / "stolen.txt").exists()
    stored = json.loads(
        (lab.root / ".autograder" / "results" / MODULE / "kim" / f"{STEM}.json").read_text("utf-8")
    )
    assert stored["isolation"] in ("bubblewrap", "landlock")
    assert stored["points"] == 8
    listed = json.loads(ask(lab, f"api/submission/{MODULE}/kim"))
    assert (listed["autograded"], listed["score"], listed["needs_manual_grade"]) == (True, 8, True)


def test_what_the_grader_refuses_is_told(lab: Lab) -> None:
    released = lab.root / "release" / f"{KEY}.ipynb"
    kept = released.read_bytes()
    released.unlink()
    try:
        said = press(lab, "ben")
    finally:
        released.write_bytes(kept)
    assert not said["success"]
    assert "Run `make build`" in said["error"]
    assert not (lab.root / "autograded" / "ben").exists()


def test_the_rubric_stands_beside_the_answer_and_nowhere_in_feedback(lab: Lab) -> None:
    press(lab, "kim")
    (notebook,) = json.loads(ask(lab, f"api/student_notebook_submissions/kim/{MODULE}"))
    page = ask(lab, f"submissions/{notebook['id']}/")
    assert page.index("It depends.") < page.index("I would count them twice.")
    assert json.loads(ask(lab, f"api/assignment/{MODULE}/generate_feedback", "POST"))["success"]
    feedback = (lab.root / "feedback" / "kim" / f"{KEY}.html").read_text("utf-8")
    assert "I would count them twice." in feedback
    assert "It depends." not in feedback


def test_the_command_of_nbgrader_says_that_it_has_no_box(lab: Lab) -> None:
    press(lab, "kim")  # the gradebook knows the module then
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [str(Path(sys.executable).with_name("nbgrader")), "autograde", MODULE, "--student=ben"],
        cwd=lab.root,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        env=os.environ | {"PATH": path, "HOME": str(lab.root)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert UNBOXED in done.stderr
