"""Whatever lies where a notebook should lie is read safely and in time, and the others are graded
as ever.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.lessons.course import Course
from tests.hostile.conftest import TRUSTED_ROOMS, new_course, put, released
from tests.hostile.corpus import MERGE, TALLY, cell, honest, own
from tests.hostile.lesson import IN_HIDDEN, IN_SOLUTION, LESSON, MAX_POINTS
from tests.small import KEY

MODULE, NAME = KEY.split("/")
DEADLINE = 120  # seconds for the whole class; each file alone takes far less than one
# puts something at the notebook's path, whose folder does not exist yet
Place = Callable[[Course, Path], object]


def beside(put_it: Callable[[Path], object]) -> Place:
    """In a folder of the student's own."""

    def place(course: Course, path: Path) -> None:
        path.parent.mkdir(parents=True)
        put_it(path)

    return place


def raw(data: bytes) -> Place:
    return beside(lambda path: path.write_bytes(data))


def right(
    change: Callable[[dict[str, Any]], Any], dump: Callable[[Any], str] = json.dumps
) -> Place:
    """The right answers in a notebook that was bent."""

    def place(course: Course, path: Path) -> None:
        made = released(course)
        cell(made, "tally")["source"], cell(made, "merge")["source"] = TALLY, MERGE
        made = change(made) or made
        path.parent.mkdir(parents=True)
        path.write_text(dump(made), "utf-8", "surrogatepass")

    return place


def sparse(size: int) -> Place:
    def make(path: Path) -> None:
        with open(path, "wb") as file:
            file.truncate(size)

    return beside(make)


def a_socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as made:
        # the path itself may be too long for a socket
        made.bind(f"/proc/self/fd/{here}/{path.name}")
    os.close(here)


def solution_link(course: Course, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to(course.root / "source" / f"{KEY}.ipynb")


def folder_link(course: Course, path: Path) -> None:
    path.parent.parent.mkdir(parents=True)
    path.parent.symlink_to(course.root / "source" / MODULE)


def student_link(course: Course, path: Path) -> None:
    path.parent.parent.parent.mkdir(exist_ok=True)
    path.parent.parent.symlink_to(course.root / "submitted" / "honest")


def crowd(path: Path) -> None:
    """The notebook is missing, among everything else a folder can hold."""
    os.mkfifo(path.parent / "timestamp.txt")
    os.mkfifo(path.parent / "other.ipynb")
    (path.parent / "loop").symlink_to("loop")
    (path.parent / "up").symlink_to("../..")
    for n in range(300):
        (path.parent / f"{n}.ipynb").write_text("{}")


def long_text(made: dict[str, Any]) -> None:
    own(made, "tally", "x = '" + "a" * 1_900_000 + "'\n")


def many_own_cells(made: dict[str, Any]) -> None:
    extra = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": "x = 1",
    }
    made["cells"] += [{**extra, "id": f"more-{n}"} for n in range(1500)]


def flood(made: dict[str, Any]) -> None:
    made["cells"] += [{"cell_type": "code", "source": "x = 1"}] * 2001


def many_empty_cells(made: dict[str, Any]) -> None:
    made["cells"] += [{"cell_type": "code"}] * 2001


def odd_ids(made: dict[str, Any]) -> None:
    """Identifiers that would be paths, keys or markup elsewhere."""
    names = ("../../../etc/passwd", "own-1", "tally\0", "<script>", "x" * 100_000, "__proto__", "")
    for n, name in enumerate(names):
        own(made, "tally", f"x = {n}")
        made["cells"][made["cells"].index(cell(made, "tally")) + 1]["id"] = name
    made["metadata"]["kernelspec"] = {"name": "../../evil", "display_name": [[]], "language": None}
    made["nbformat"], made["nbformat_minor"] = 10**400, -1


def lists_of_lists(made: dict[str, Any]) -> None:
    cell(made, "merge")["source"] = [MERGE.splitlines(True)]


def twice(made: dict[str, Any]) -> str:
    text = json.dumps(made)
    return (
        '{"cells": 5, "cells": [null], ' + text[1:-1] + ', "metadata": NaN, "nbformat": -Infinity}'
    )


@dataclass(frozen=True)
class Odd:
    name: str
    place: Place
    state: str = "zero"
    points: float = 0.0


DEEP = 100_000
ODD = [
    Odd("a FIFO", beside(os.mkfifo)),
    Odd("a folder", beside(Path.mkdir)),
    Odd("a socket", beside(a_socket)),
    Odd(
        "a link to the solution",
        lambda c, p: beside(lambda q: q.symlink_to(c.root / "source" / f"{KEY}.ipynb"))(c, p),
    ),
    Odd("a link to a device", beside(lambda p: p.symlink_to("/dev/zero"))),
    Odd("a link to itself", beside(lambda p: p.symlink_to(p.name))),
    Odd("a link to nothing", beside(lambda p: p.symlink_to("nothing"))),
    Odd("a linked folder", folder_link),
    Odd("a linked student", student_link),
    Odd("a crowd", beside(crowd)),
    Odd("ten sparse gigabytes", sparse(10 << 30)),
    Odd("nineteen sparse megabytes", sparse(19_000_000)),
    Odd("nothing", raw(b"")),
    Odd("nulls before a notebook", raw(b"\0" * 100 + b'{"cells": []}')),
    Odd("no notebook but a list", raw(b"[]")),
    Odd("cells that are a number", raw(b'{"cells": 1e999}')),
    Odd("deep lists", raw(b'{"cells": ' + b"[" * DEEP + b"]" * DEEP + b"}")),
    Odd("deep objects", raw(b'{"cells": [' + b'{"source":' * DEEP + b"1" + b"}" * DEEP + b"]}")),
    Odd("deep and never closed", raw(b'{"cells": ' + b"[" * 19_000_000)),
    Odd("a key of nineteen megabytes", raw(b'{"' + b"k" * 19_000_000 + b'": 1}')),
    Odd("four million keys", raw(b'{"cells": [], ' + b'"k":0,' * 3_000_000 + b'"x": 1}')),
    Odd("a number without end", raw(b'{"cells": [], "nbformat": ' + b"9" * 5_000_000 + b"}")),
    Odd("two million numbers", raw(b'{"cells": [' + b"7," * 2_000_000 + b"7]}")),
    Odd("half of UTF-16", raw(b"\xff\xfe" + b"\x00\xd8" * 1_000_000 + b"{")),
    Odd("nothing but backslashes", raw(b'{"cells": "' + b"\\" * 19_000_001 + b'"}')),
    Odd("a notebook in a notebook", raw(json.dumps({"cells": [{"cells": [{}]}]}).encode())),
    Odd("a flood of cells", right(flood), "needs-human"),
    Odd("many empty cells", right(many_empty_cells), "graded", MAX_POINTS),
    Odd("keys twice and NaN", right(lambda m: None, twice), "graded", MAX_POINTS),
    Odd("much text in a cell", right(long_text), "graded", MAX_POINTS),
    Odd("many own cells", right(many_own_cells), "graded", MAX_POINTS),
    Odd("odd identifiers", right(odd_ids), "graded", MAX_POINTS),
    Odd("a source of lists", right(lists_of_lists), "graded", 8.0),
]
NAMES = (
    "a b", "-rf", "$(touch pwned)", "a;b|c&d", "'\"`", "..x", ".hidden", "%2e%2e", "<b>bold<script>1", "größe-学生",
    "n" * 128,
)  # fmt: skip


@dataclass
class Class:
    course: Course
    results: dict[str, dict[str, Any]]
    unchanged: bool


def state_of(course: Course) -> dict[str, tuple[int, int, int]]:
    """What nobody may change: kind, size and time of each file."""
    files = [
        f for room in TRUSTED_ROOMS for f in [course.root / room, *(course.root / room).rglob("*")]
    ]
    told = {str(f): f.lstat() for f in files}
    return {name: (info.st_mode, info.st_size, info.st_mtime_ns) for name, info in told.items()}


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """All of them in one class, graded by the command that an instructor calls, within the
    deadline.
    """
    assert IN_HIDDEN in LESSON
    course = new_course(tmp_path_factory.mktemp("files"))
    for student in ("honest", *NAMES):
        put(course, student, honest("plain").file(released(course)))
    for odd in ODD:
        odd.place(course, course.root / "submitted" / odd.name / f"{KEY}.ipynb")
    before = state_of(course)
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        MODULE,
        "--json",
        "--jobs",
        "2",
        "--course",
        str(course.root),
    ]
    grader = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        told, complaint = grader.communicate(timeout=DEADLINE)
    finally:
        if grader.poll() is None:
            os.killpg(grader.pid, signal.SIGKILL)
            grader.wait()
    assert (grader.returncode, complaint.decode()) == (0, "")
    return Class(
        course, {r["student"]: r for r in json.loads(told)["results"]}, before == state_of(course)
    )


def test_everybody_has_one_result_and_nothing_handed_in_changes(group: Class) -> None:
    assert sorted(group.results) == sorted(["honest", *NAMES, *(odd.name for odd in ODD)])
    assert group.unchanged


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name.replace(" ", "-"))
def test_what_cannot_be_a_notebook_costs_itself_only(odd: Odd, group: Class) -> None:
    result = group.results[odd.name]
    state, _, why = result["state"].partition(":")
    assert (state, result["points"]) == (odd.state, odd.points)
    assert why or state == "graded"
    assert len(why) < 100


@pytest.mark.parametrize("student", ["honest", *NAMES])
def test_a_name_is_only_a_name(student: str, group: Class) -> None:
    result = group.results[student]
    assert (result["state"], result["points"], result["repairs"]) == ("graded", MAX_POINTS, [])
    for room, end in (("autograded", "ipynb"), ("feedback", "html")):
        assert (group.course.root / room / student / f"{KEY}.{end}").is_file()
    assert "<script>" not in (group.course.root / "feedback" / student / f"{KEY}.html").read_text(
        "utf-8"
    )
    assert not list(group.course.root.rglob("pwned"))


def test_nothing_is_written_outside_the_rooms(group: Class) -> None:
    students = {"honest", *NAMES, *(odd.name for odd in ODD)}
    for room in ("autograded", "feedback"):
        assert {p.name for p in (group.course.root / room).iterdir()} == students
        for page in (group.course.root / room).rglob("*.*"):
            assert not page.is_symlink()
            assert not page.is_file() or IN_SOLUTION not in page.read_text("utf-8")
