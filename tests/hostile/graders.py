"""Real `autograder grade` processes on a small class, and what their gradebook says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.build.builder import build
from autograder.lessons.course import Course
from autograder.nbgrader_api import coursedir
from tests.hostile.conftest import put
from tests.small import KEY, course_with

MODULE = KEY.split("/")[0]
ROOT = Path(__file__).parents[2]
STATE = re.compile(r"graded|zero:.+|needs-human:.+")
# two points less, in every random world
CARELESS = "def count(text):\n    return len(text.split())\n"

# by student and cell: machine, human, waiting
Cells = dict[tuple[str, str], tuple[float | None, float | None, bool]]


def new_class(folder: Path, work: dict[str, str]) -> Course:
    """A course whose one lesson was handed in by everybody in `work`: source of the solution cell
    by student.
    """
    course = course_with(folder)
    build(course)
    for student, code in work.items():
        hand_in(course, student, code)
    return course


def hand_in(course: Course, student: str, code: str, answer: str = "") -> None:
    made: dict[str, Any] = json.loads((course.root / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    for cell in made["cells"]:
        if cell["id"] == "words":
            cell["source"] = code
        elif cell["id"] == "words-tradeoff" and answer:
            cell["source"] = answer
    put(course, student, json.dumps(made).encode())


def cells(course: Course) -> Cells:
    """The gradebook's points of the module."""
    from nbgrader.api import Gradebook

    where = coursedir(course.root)
    with Gradebook(where.db_url, where.course_id) as book:
        return {
            (s.student.id, g.name): (g.auto_score, g.manual_score, g.needs_manual_grade)
            for s in book.assignment_submissions(MODULE)
            for n in s.notebooks
            for g in n.grades
        }


def everything(
    course: Course,
) -> tuple[Cells, dict[tuple[str, str], tuple[str | None, str | None]]]:
    """Points and comments."""
    from nbgrader.api import Gradebook

    where = coursedir(course.root)
    with Gradebook(where.db_url, where.course_id) as book:
        comments = {
            (s.student.id, c.name): (c.auto_comment, c.manual_comment)
            for s in book.assignment_submissions(MODULE)
            for n in s.notebooks
            for c in n.comments
        }
    return cells(course), comments


def points(course: Course) -> dict[str, float]:
    """Machine points by student."""
    found: dict[str, float] = {}
    for (student, _), (auto, _, _) in cells(course).items():
        found[student] = found.get(student, 0.0) + (auto or 0.0)
    return found


def stored(course: Course) -> dict[str, tuple[int, Any]]:
    """When each stored result was written, and what it is. Broken ones fail the test."""
    files = sorted((course.root / ".autograder" / "results").glob("*/*/*.json"))
    return {str(f.parent.name): (f.stat().st_mtime_ns, json.loads(f.read_bytes())) for f in files}


def left_over(course: Course) -> list[Path]:
    """Half-written files."""
    names = [
        p
        for p in course.root.rglob("*")
        if p.name.endswith((".new", "-journal")) or ".half." in p.name
    ]
    return [p for p in names if "submitted" not in p.parts]


def start(course: Course, *arguments: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        MODULE,
        "--course",
        str(course.root),
        *arguments,
    ]
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who ignores Ctrl-C passes that on
    try:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def running(course: Course, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A grader, killed at the end if it still runs."""
    grader = start(course, *arguments)
    try:
        yield grader
    finally:
        if grader.poll() is None:
            grader.kill()
        grader.communicate()


def graded(course: Course, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a whole run."""
    with running(course, *arguments) as grader:
        out, err = grader.communicate(timeout=600)
        return grader.returncode, out, err


def results(course: Course, *arguments: str) -> dict[str, dict[str, Any]]:
    """A whole run's results by student."""
    code, out, err = graded(course, "--json", *arguments)
    assert code == 0, err
    return by_student(out)


def by_student(out: str) -> dict[str, dict[str, Any]]:
    """What a run with `--json` printed. Nobody is in it twice."""
    listed = json.loads(out)["results"]
    assert len({r["student"] for r in listed}) == len(listed)
    return {r["student"]: r for r in listed}


def wait_for(what: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Poll until it is true; fails when it never is."""
    deadline = time.monotonic() + seconds
    while not (got := what()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
    return got


def gone(pids: list[int]) -> bool:
    """Whether none of these processes runs."""
    return not any(runs(pid) for pid in pids)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def below(root: int) -> list[int]:
    """All processes that one has started, and those have."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents.setdefault(int(entry.read_text().rpartition(")")[2].split()[1]), []).append(
                int(entry.parent.name)
            )
        except (OSError, ValueError):
            continue
    found, waiting = [], [root]
    while waiting:
        waiting += (mine := parents.get(waiting.pop(), []))
        found += mine
    return [pid for pid in found if pid != os.getpid()]
