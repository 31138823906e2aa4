"""Databases: graders at the same time, a gradebook that somebody else has locked, and one in
PostgreSQL.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import CourseError
from autograder.grade import batch
from autograder.grade.judge import Judge
from autograder.grade.submission import answer_job
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record import gradebook
from autograder.runner.pool import Local
from tests.hostile import graders
from tests.hostile.graders import CARELESS, MODULE, hand_in, new_class, points, wait_for
from tests.sample import WHOLE, only_whole, some
from tests.small import KEY, RIGHT

LOCKED_FOR = 20.0 if WHOLE else 4.0  # seconds
GRADERS = 4
WORK = {"a": RIGHT, "b": CARELESS, "c": "def count(", "d": RIGHT, "e": CARELESS, "f": RIGHT}
EARNS = {"a": 8.0, "b": 6.0, "c": 0.0, "d": 8.0, "e": 6.0, "f": 8.0}


@contextmanager
def locked(course: Course) -> Iterator[sqlite3.Connection]:
    """Nobody else reads or writes the gradebook."""
    holder = sqlite3.connect(course.root / "gradebook.db", timeout=30, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield holder
    finally:
        holder.rollback()
        holder.close()


def rows(course: Course) -> list[int]:
    """How many students, submissions, submitted notebooks and grades a gradebook in a file holds."""
    tables = ("student", "submitted_assignment", "submitted_notebook", "grade")
    book = sqlite3.connect(course.root / "gradebook.db")
    try:
        return [book.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    finally:
        book.close()


@contextmanager
def at_once(course: Course) -> Iterator[list[subprocess.Popen[str]]]:
    """Four graders of one class. They all end well, and each says the same of everybody."""
    running = [graders.start(course, "--json") for _ in range(GRADERS)]
    try:
        yield running
        told = [grader.communicate(timeout=600) for grader in running]
    finally:
        for grader in running:
            grader.kill()
            grader.communicate()
    assert [(grader.returncode, err) for grader, (_, err) in zip(running, told, strict=True)] == [
        (0, "")
    ] * GRADERS
    for out, _ in told:
        found = graders.by_student(out)
        assert {n: (r["state"], r["points"]) for n, r in found.items()} == {
            n: ("graded", p) for n, p in EARNS.items()
        }


@pytest.mark.parametrize("when", some(["before", "meanwhile"], 1))
def test_graders_at_once_wait_for_a_locked_gradebook(when: str, tmp_path: Path) -> None:
    """Four, on the same class, and a lock that somebody holds for a while."""
    course = new_class(tmp_path, dict.fromkeys(WORK, RIGHT))
    batch.grade(course, MODULE, ["a", "b", "c"])
    for student, code in WORK.items():
        hand_in(course, student, code)
    with at_once(course) as running:
        if when == "meanwhile":
            wait_for(lambda: len(graders.stored(course)) > 3)
        with locked(course):
            time.sleep(LOCKED_FOR)
            assert not any(grader.poll() for grader in running)
    assert points(course) == EARNS
    assert rows(course) == [len(WORK), len(WORK), len(WORK), 2 * len(WORK)]
    assert graders.left_over(course) == []
    backups = list((course.root / ".autograder" / "backups").glob("gradebook-*.db"))
    assert backups
    for copy in backups:
        book = sqlite3.connect(copy)
        assert book.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        book.close()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_who_waits_for_a_locked_gradebook_hears_ctrl_c(sent: int, tmp_path: Path) -> None:
    course = new_class(tmp_path, {"a": RIGHT})
    batch.grade(course, MODULE)
    shutil.rmtree(course.root / ".autograder")
    with locked(course), graders.running(course) as grader:
        wait_for((course.root / ".autograder" / "backups").is_dir)
        time.sleep(1.0)  # it waits by now
        began = time.monotonic()
        grader.send_signal(sent)
        _, err = grader.communicate(timeout=30)
        assert time.monotonic() - began < 10
    assert (grader.returncode, err.count("\n")) == (130, 1)


def test_a_gradebook_that_stays_locked_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = new_class(tmp_path, {"a": RIGHT})
    batch.grade(course, MODULE)
    monkeypatch.setattr(gradebook, "PATIENCE", 1.5)
    with locked(course), pytest.raises(CourseError, match=r"locked for 1.5 s\. Results are kept"):
        batch.grade(course, MODULE)
    recorder = gradebook.Recorder(course)
    with recorder, locked(course):
        with pytest.raises(CourseError, match="locked"):
            gradebook.prepare(course, MODULE)
        with pytest.raises(CourseError, match="locked"):
            recorder.set_waiting(MODULE, {("a", KEY.split("/")[1])})
    assert points(course) == {"a": 8.0}


def test_a_broken_gradebook_is_said_in_a_sentence(tmp_path: Path) -> None:
    course = new_class(tmp_path, {"a": RIGHT})
    (course.root / "gradebook.db").write_bytes(b"this is no database" * 100)
    code, _, err = graders.graded(course)
    assert (code, err.count("\n")) == (2, 1)
    assert "not a database" in err


@pytest.mark.skipif(os.getuid() != 0, reason="only root's runners become somebody else")
def test_two_graders_of_roots_run_as_different_users(tmp_path: Path) -> None:
    course = new_class(tmp_path, {})
    lesson = Lesson.read(course.lesson_path(KEY))
    job = answer_job(lesson, "kim", f"import os\nprint(os.getuid())\n{RIGHT}")
    runners = [Local(), Local()]
    try:
        users = set()
        for runner in runners:
            trace = Judge(runner).grade(lesson, job).trace
            assert trace
            users |= {
                output["text"]
                for cell in trace.cells
                for output in cell.outputs
                if "text" in output
            }
        assert len(users) == 2
        assert "0\n" not in users
    finally:
        for runner in runners:
            runner.close()


# --------------------------------------------------------------------------------------- PostgreSQL

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [
    Path(found) for found in (shutil.which("initdb"),) if found
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server of our own, at a socket in a folder: its address, to which `?` and a name
    are put.
    """
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    import psycopg

    # a socket's path is short, and the server's user has to reach it
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user: dict[str, Any] = {}
    if os.getuid() == 0:  # it does not run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data, programs = folder / "data", PROGRAMS[-1].parent
    command = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "teacher",
        "-A",
        "trust",
        "-N",
        "--locale",
        "C",
        "-E",
        "UTF8",
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, **user)
    command = [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-F"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **user)
    try:

        def answers() -> bool:
            try:
                psycopg.connect(host=str(folder), user="teacher", dbname="postgres").close()
            except psycopg.OperationalError:
                return False
            return True

        wait_for(answers)
        yield str(folder)
    finally:
        process.send_signal(signal.SIGINT)  # its word for: now
        process.wait()
        shutil.rmtree(folder)


def with_postgres(course: Course, server: str, name: str) -> Course:
    """The same course, its gradebook in a new database."""
    command = [PROGRAMS[-1].with_name("createdb"), "-h", server, "-U", "teacher", name]
    subprocess.run(command, check=True, capture_output=True)
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write(f"c.CourseDirectory.db_url = 'postgresql://teacher@/{name}?host={server}'\n")
    return course


def test_a_gradebook_in_postgres_says_the_same(server: str, tmp_path: Path) -> None:
    in_file = new_class(tmp_path / "file", WORK)
    in_server = with_postgres(new_class(tmp_path / "server", WORK), server, "same")
    for course in (in_file, in_server):
        batch.grade(course, MODULE)
        hand_in(course, "a", CARELESS)
    code, _, err = graders.graded(in_server)
    assert code == 0
    assert err.count("The gradebook is in a database") == 1
    assert graders.graded(in_file)[0] == 0
    assert graders.everything(in_server) == graders.everything(in_file)
    assert points(in_server) == EARNS | {"a": 6.0}
    assert not (in_server.root / "gradebook.db").exists()
    assert not (in_server.root / ".autograder" / "backups").exists()


@only_whole
def test_graders_at_once_with_postgres(server: str, tmp_path: Path) -> None:
    course = with_postgres(new_class(tmp_path, WORK), server, "at_once")
    with at_once(course):
        pass
    assert points(course) == EARNS


@only_whole
def test_a_grader_that_is_killed_over_new_work_leaves_it_waiting_in_postgres(
    server: str, tmp_path: Path
) -> None:
    course = new_class(tmp_path, {"a": RIGHT, "ünï ' % \" 名": RIGHT, "x" * 129: RIGHT})
    with_postgres(course, server, "killed")
    assert sorted(r.state.partition(":")[0] for r in batch.grade(course, MODULE)) == [
        "graded",
        "graded",
        "needs-human",
    ]
    hand_in(course, "a", f"import time\ntime.sleep(50)\n{RIGHT}")
    with graders.running(course) as grader:
        wait_for(lambda: graders.cells(course)["a", "words-checks"][0] is None)
        grader.kill()
    assert points(course) == {"a": 0.0, "ünï ' % \" 名": 8.0}
    hand_in(course, "a", CARELESS)
    batch.grade(course, MODULE)
    assert points(course)["a"] == 6.0


def test_a_database_out_of_reach_is_said_in_a_sentence(tmp_path: Path) -> None:
    course = new_class(tmp_path, {"a": RIGHT})
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write(f"c.CourseDirectory.db_url = 'postgresql://teacher@/none?host={tmp_path}'\n")
    code, _, err = graders.graded(course)
    assert code == 2
    assert "Traceback" not in err
    assert "autograder: the gradebook: connection" in err
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write("c.CourseDirectory.db_url = 'postgresql+pg8000://teacher@/none'\n")
    code, _, err = graders.graded(course)
    assert (code, "pip install -e '.[postgres]'" in err) == (2, True)
