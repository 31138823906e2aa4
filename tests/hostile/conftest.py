"""One class for all tests here: everybody in the corpus, graded once."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.build.builder import build
from autograder.grade import batch, collected
from autograder.grade.judge import Judge
from autograder.jobs import Result
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.runner.limits import Limits
from autograder.runner.pool import Local
from tests.hostile.corpus import CASES, honest
from tests.hostile.lesson import IN_ENVIRONMENT, LESSON
from tests.small import KEY, course_with

MODULE = KEY.split("/")[0]
SALT = "the same worlds for everybody"
SHORT = Limits(
    cell=0.7,
    cell_again=0.3,
    cell_idle=1.0,
    check_idle=0.5,
    cell_wall=5.0,
    cells_wall=12.0,
    patience=3.0,
)
TRUSTED_ROOMS = ("lessons", "source", "release", "notebooks", "submitted", "nbgrader_config.py")


def new_course(folder: Path) -> Course:
    course = course_with(folder, LESSON)
    build(course)
    return course


def released(course: Course) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((course.root / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    return made


def put(course: Course, student: str, data: bytes) -> None:
    path = course.root / "submitted" / student / f"{KEY}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def hashes(course: Course) -> dict[str, str]:
    """What nobody may change."""
    files = [
        f
        for room in TRUSTED_ROOMS
        for f in [course.root / room, *(course.root / room).rglob("*")]
        if f.is_file()
    ]
    return {
        str(f.relative_to(course.root)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted(files)
    }


@dataclass
class Graded:
    """A class after grading."""

    course: Course
    results: dict[str, Result]
    before: dict[str, str]
    after: dict[str, str]
    heard: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="session")
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """Somebody on this machine who would hear a submission that talks: TCP and UDP on one port."""
    heard: list[bytes] = []
    tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp.bind(("127.0.0.1", 0))
    tcp.listen()
    udp.bind(tcp.getsockname())

    def accept() -> None:
        while True:
            try:
                heard.append(repr(tcp.accept()[1]).encode())
            except OSError:
                return

    def receive() -> None:
        while True:
            try:
                heard.append(udp.recv(100))
            except OSError:
                return

    threads = [threading.Thread(target=work, daemon=True) for work in (accept, receive)]
    for thread in threads:
        thread.start()
    yield tcp.getsockname()[1], heard
    for sock in (tcp, udp):
        sock.close()


@pytest.fixture(scope="session")
def group(tmp_path_factory: pytest.TempPathFactory, listener: tuple[int, list[bytes]]) -> Graded:
    """The corpus, graded two at a time."""
    course = new_course(tmp_path_factory.mktemp("hostile"))
    place = str(course.root)
    for case in CASES:
        put(course, case.name, case.file(released(course), place))
    before = hashes(course)
    with (
        pytest.MonkeyPatch.context() as patch,
        closing(Local(limits=Limits(patience=3.0))) as runner,
    ):
        patch.setenv("CANARY", IN_ENVIRONMENT)
        results = batch.grade(course, MODULE, jobs=2, salt=SALT, runner=runner)
    return Graded(course, {r.student: r for r in results}, before, hashes(course), listener[1])


@dataclass
class Bench:
    """A judge whose patience is short, for submissions that use up whatever they are given."""

    course: Course
    lesson: Lesson
    judge: Judge

    def grade(self, cell: str, student: str = "kim") -> Result:
        """The right answer with one more cell behind `tally`."""
        put(self.course, student, honest("x", behind=cell).file(released(self.course)))
        return batch.judge_submission(
            self.judge, collected.read_submission(self.course, self.lesson, student)
        )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    course = new_course(tmp_path_factory.mktemp("bench"))
    lesson = Lesson.read(course.lesson_path(KEY))
    judge = Judge(Local(limits=SHORT), SALT)
    judge.prepare(lesson)
    yield Bench(course, lesson, judge)
    judge.runner.close()


def alive(word: str) -> list[int]:
    """Processes with `word` in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in entry.read_bytes() and int(entry.parent.name) != os.getpid():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found
