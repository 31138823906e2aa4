"""Whatever ends a run, or a part of it: nobody is lost, no old grade stays, nothing lives on, the
next run goes on.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.build.builder import build
from autograder.grade import batch
from autograder.grade.judge import Judge
from autograder.jobs import Result
from autograder.lessons.course import Course
from autograder.record import feedback
from autograder.runner.box import BUBBLEWRAP, TRUSTED, probe
from autograder.runner.pool import Local
from tests.hostile import graders
from tests.hostile.conftest import alive
from tests.hostile.graders import (
    CARELESS,
    MODULE,
    ROOT,
    STATE,
    hand_in,
    new_class,
    points,
    wait_for,
)
from tests.sample import only_whole, some
from tests.small import KEY, LESSON, RIGHT, course_with

SLEEPS = "import time\ntime.sleep(50)\n" + RIGHT
ODD_NAMES = {
    "not UTF-8": os.fsdecode(b"caf\xe9"),
    "an escape": "a\x1b[31mb",
    "a line break": "new\nline",
    "a tab": "tab\tname",
    "no width": "zero\u200bwidth",
    "right to left": "evil\u202egnp.exe",
    "a backslash": "a\\x1b[31mb",
    "very long": "x" * 200,
}
FINE_NAMES = (
    "kim",
    "ünï 名前",
    "O'Brien; DROP TABLE grade;--",
    "-rf",
    "[red]bold[!]",
    "x" * 128,
    "...",
)


# ------------------------------------------------------------------------------- one state for each


def test_every_folder_has_one_result_whatever_its_name(tmp_path: Path) -> None:
    course = new_class(tmp_path, dict.fromkeys([*ODD_NAMES.values(), *FINE_NAMES], RIGHT))
    (course.root / "submitted" / "README.txt").write_text("nobody's work")
    (course.root / "submitted" / "idle").mkdir()
    found = graders.results(course)
    assert len(found) == len(ODD_NAMES) + len(FINE_NAMES)
    assert {n: (found[n]["state"], found[n]["points"]) for n in FINE_NAMES} == dict.fromkeys(
        FINE_NAMES, ("graded", 8)
    )
    odd = {n: r for n, r in found.items() if n not in FINE_NAMES}
    assert all(
        re.match(r"needs-human:the folder's name .*: rename it", r["state"]) for r in odd.values()
    )
    assert all(n.isprintable() for n in odd)
    assert set(points(course)) == set(FINE_NAMES)
    code, out, err = graders.graded(course)
    assert (code, "\x1b" in out, "Traceback" in err) == (0, False, False)


def _nothing(path: Path) -> None:
    path.mkdir()


def _a_file(path: Path) -> None:
    path.write_text("{}")


def _a_link(path: Path) -> None:
    path.symlink_to(path.parent.parent / "kim" / MODULE)


def _a_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def _a_link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def _a_fifo(path: Path) -> None:
    os.mkfifo(path)


def _folders_below(path: Path) -> None:
    (path / f"{KEY.split('/')[1]}.ipynb").mkdir(parents=True)


PLACES = (_nothing, _a_file, _a_link, _a_dangling_link, _a_link_to_itself, _a_fifo, _folders_below)


def test_what_lies_in_place_of_a_folder_costs_its_owner_only(tmp_path: Path) -> None:
    course = new_class(tmp_path, {"kim": RIGHT})
    for place in PLACES:
        (course.root / "submitted" / place.__name__).mkdir()
        place(course.root / "submitted" / place.__name__ / MODULE)
    (course.root / "submitted" / "linked").symlink_to("kim")
    found = {r.student: r for r in batch.grade(course, MODULE)}
    assert (found.pop("kim").state, len(found)) == ("graded", len(PLACES) + 1)
    assert {n: r.state.partition(":")[0] for n, r in found.items()} == dict.fromkeys(found, "zero")
    assert points(course) == {"kim": 8.0} | dict.fromkeys(found, 0.0)


def test_what_the_grader_may_not_read_needs_a_human(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = new_class(tmp_path, {"kim": RIGHT, "lee": RIGHT})
    really = os.open  # root may read everything

    def open_(path: Any, *arguments: Any, **named: Any) -> int:
        if "lee" in str(path) and str(path).endswith(".ipynb"):
            raise PermissionError(13, "Permission denied")
        return really(path, *arguments, **named)

    monkeypatch.setattr(os, "open", open_)
    found = {r.student: r.state for r in batch.grade(course, MODULE)}
    monkeypatch.undo()
    assert found == {"kim": "graded", "lee": "needs-human:no permission to read it"}
    assert {r.student: r.state for r in batch.grade(course, MODULE)} == {
        "kim": "graded",
        "lee": "graded",
    }


def _stamp(text: bytes) -> Any:
    return lambda path: path.write_bytes(text)


def _giant(path: Path) -> None:
    with open(path, "wb") as sparse:
        sparse.truncate(1 << 40)


STAMPS = {
    "fifo": os.mkfifo,
    "folder": os.mkdir,
    "link": lambda path: path.symlink_to("/etc/passwd"),
    "giant": _giant,
    "binary": _stamp(b"\xff\xfe\x00\x80" * 9),
    "null": _stamp(b"2020-01-01\x00"),
    "empty": _stamp(b""),
    "words": _stamp(b"yesterday, I think"),
    "no zone": _stamp(b"2020-01-01 10:00:00 /etc/passwd"),
    "number": _stamp(b"9" * 90),
    "overflow": _stamp(b"0001-01-01 00:00:00 +1400"),
    "good": _stamp(b"2024-02-29 12:00:00.5 UTC\n"),
}


def test_any_timestamp_is_read_safely(tmp_path: Path) -> None:
    course = new_class(tmp_path, dict.fromkeys(STAMPS, RIGHT))
    for student, make in STAMPS.items():
        make(course.root / "submitted" / student / MODULE / "timestamp.txt")
    assert {r.state for r in batch.grade(course, MODULE)} == {"graded"}
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        found = {s.student.id: s.timestamp for s in book.assignment_submissions(MODULE)}
    assert len(found) == len(STAMPS)
    assert found["good"].isoformat() == "2024-02-29T12:00:00.500000"
    assert [found[n] for n in ("fifo", "folder", "link", "giant", "binary", "empty", "words")] == [
        None
    ] * 7
    kept = course.root / "autograded" / "good" / MODULE / "timestamp.txt"
    assert kept.read_text() == "2024-02-29 12:00:00.5 UTC\n"


# ------------------------------------------------------------------------------- no old grade stays

MACHINE = "words-checks"


@pytest.fixture
def before(tmp_path: Path) -> Course:
    """A class that has been graded: kim and lee have everything, and then kim hands in something
    else.
    """
    course = new_class(tmp_path, {"kim": RIGHT, "lee": RIGHT})
    batch.grade(course, MODULE)
    assert points(course) == {"kim": 8.0, "lee": 8.0}
    hand_in(course, "kim", CARELESS)
    return course


def test_a_grader_that_fails_on_new_work_takes_the_old_points_away(
    before: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grade(*_: object) -> Result:
        raise MemoryError("no \udc80 room\nat all")

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "grade", grade)
        found = {r.student: r.state for r in batch.grade(before, MODULE)}
    assert found["lee"] == "graded"  # its stored result fits
    assert found["kim"] == "needs-human:the grader failed: MemoryError: no \\udc80 room\\nat all"
    assert graders.cells(before)["kim", MACHINE] == (0.0, None, True)
    assert graders.cells(before)["lee", MACHINE] == (8.0, None, False)
    assert graders.stored(before)["kim"][1]["state"] == found["kim"]
    assert {r.state for r in batch.grade(before, MODULE)} == {"graded"}  # it is tried again
    assert graders.cells(before)["kim", MACHINE] == (6.0, None, False)


def test_what_cannot_be_written_costs_one_student_only(
    before: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = feedback.page

    def fails(notebook: dict[str, Any], result: Result, by_hand: float) -> bytes:
        if result.student == "kim":
            raise UnicodeError("never seen before")
        return page(notebook, result, by_hand)

    monkeypatch.setattr(feedback, "page", fails)
    hand_in(before, "sam", RIGHT)
    hand_in(before, "zoe", RIGHT)
    (before.root / "autograded" / "sam").write_text("a file where a folder should be")
    found = {r.student: r.state.rpartition(":")[0] for r in batch.grade(before, MODULE)}
    assert found.pop("kim") == "needs-human:the grader failed: UnicodeError"
    assert re.match(
        "needs-human:the grader failed: (FileExists|NotADirectory)Error", found.pop("sam")
    )
    assert points(before) == {"kim": 0.0, "lee": 8.0, "sam": 0.0, "zoe": 8.0}
    assert graders.cells(before)["sam", MACHINE][2]
    monkeypatch.undo()
    (before.root / "autograded" / "sam").unlink()
    assert {r.state for r in batch.grade(before, MODULE)} == {"graded"}
    assert points(before) == {"kim": 6.0, "lee": 8.0, "sam": 8.0, "zoe": 8.0}


def test_a_grader_that_is_killed_over_new_work_leaves_it_waiting(before: Course) -> None:
    hand_in(before, "kim", SLEEPS)
    with graders.running(before) as grader:
        wait_for(lambda: graders.cells(before)["kim", MACHINE][0] is None)
        grader.kill()
    assert graders.cells(before)["kim", MACHINE] == (None, None, True)
    assert graders.cells(before)["lee", MACHINE] == (8.0, None, False)
    assert points(before) == {"kim": 0.0, "lee": 8.0}
    hand_in(before, "kim", CARELESS)
    batch.grade(before, MODULE)
    assert graders.cells(before)["kim", MACHINE] == (6.0, None, False)


def test_what_fits_keeps_its_points_all_along(
    before: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(before, "kim", RIGHT)

    def nothing_is_judged(*_: object) -> Result:
        raise AssertionError

    monkeypatch.setattr(Judge, "grade", nothing_is_judged)
    seen: list[dict[str, float]] = []
    batch.grade(before, MODULE, done=lambda result, total: seen.append(points(before)))
    assert seen == [{"kim": 8.0, "lee": 8.0}] * 2


# --------------------------------------------------------------------------------- nothing lives on

FORKS = """
import os, subprocess
subprocess.Popen(["sleep", "{mark}"], start_new_session=True)
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "{mark}"])
        os._exit(0)
"""


def _all_gone(grader: subprocess.Popen[str], mark: str, started: list[int]) -> bool:
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        if not alive(mark) and graders.gone(started):
            return True
        time.sleep(0.02)
    return False


def test_nothing_lives_on_after_a_run(tmp_path: Path) -> None:
    mark = "87654.321"
    course = new_class(tmp_path, dict.fromkeys("abc", FORKS.format(mark=mark) + RIGHT))
    with graders.running(course) as grader:
        started: set[int] = set()
        while grader.poll() is None:
            started.update(graders.below(grader.pid))
            time.sleep(0.05)
        assert _all_gone(grader, mark, sorted(started))
        assert started
        assert grader.returncode == 0


SIGNALS = {
    "kill -9": [signal.SIGKILL],
    "Ctrl-C": [signal.SIGINT],
    "twice": [signal.SIGINT, signal.SIGINT],
    "SIGTERM": [signal.SIGTERM],
}


@pytest.mark.parametrize("how", some(list(SIGNALS), 1))
def test_nothing_lives_on_after_a_signal_and_the_next_run_goes_on(how: str, tmp_path: Path) -> None:
    mark = f"87654.{len(how)}{SIGNALS[how][0]}"
    quick, slow = {"a": RIGHT}, dict.fromkeys("bc", FORKS.format(mark=mark) + SLEEPS)
    course = new_class(tmp_path, quick | slow)
    with graders.running(course, "--jobs", "3") as grader:
        assert grader.stderr
        assert "1 of 3 notebooks" in grader.stderr.readline()
        wait_for(lambda: len(alive(mark)) >= 3)
        started, began = graders.below(grader.pid), time.monotonic()
        for sent in SIGNALS[how]:
            grader.send_signal(sent)
            time.sleep(0.1)
        out, err = grader.communicate(timeout=30)
        took = time.monotonic() - began
        assert _all_gone(grader, mark, started)
    if how == "kill -9":
        assert grader.returncode == -signal.SIGKILL
    else:
        assert (grader.returncode, out) == (130, "")
        assert (
            err
            == "autograder: stopped; 1 of 3 notebooks are done. The same command goes on from there.\n"
        )
        assert took < 10  # generous: it takes a part of a second
    first = graders.stored(course)
    assert set(first) == {"a"}  # who was cut off has no result
    for student in slow:
        hand_in(course, student, RIGHT)
    assert {r["state"] for r in graders.results(course).values()} == {"graded"}
    assert graders.stored(course)["a"] == first["a"]  # not done again
    assert points(course) == dict.fromkeys("abc", 8.0)


@pytest.mark.parametrize("box", [BUBBLEWRAP, TRUSTED], ids=lambda box: box.level)
def test_a_runner_that_is_closed_ends_what_it_runs(box: Any, tmp_path: Path) -> None:
    """Nobody waits for the learners' code, whatever holds it."""
    if why := probe(box.level):
        pytest.skip(why)
    mark = f"87654.{len(box.level)}"
    course = new_class(
        tmp_path, {"a": f"import subprocess\nsubprocess.Popen(['sleep', '{mark}'])\n" + SLEEPS}
    )
    runner = Local(box)

    take, began = batch.Grading._take, time.monotonic()

    def interrupts(grading: Any, *ended: Any) -> None:
        take(grading, *ended)  # the reference's answer; the learner's never comes
        wait_for(lambda: alive(mark))
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch.Grading, "_take", interrupts)
        with pytest.raises(KeyboardInterrupt):
            batch.grade(course, MODULE, runner=runner)
    assert time.monotonic() - began < 30
    wait_for(lambda: not alive(mark), 1.0)
    assert graders.stored(course) == {}


def test_a_signal_while_the_reference_answers_is_not_taken_for_its_answer(tmp_path: Path) -> None:
    """A check swallows whatever the code it calls raises, and for the reference that code is the
    solution.
    """
    mark = "0.76543"
    slow = f"    __import__('subprocess').run(['sleep', '{mark}'])\n"
    course = course_with(
        tmp_path, LESSON.replace("    if text is None:", f"{slow}    if text is None:", 1)
    )
    build(course)
    hand_in(course, "kim", RIGHT)
    with graders.running(course) as grader:
        wait_for(lambda: alive(mark))
        grader.send_signal(signal.SIGINT)
        _, err = grader.communicate(timeout=30)
    assert (grader.returncode, err.count("\n"), "no notebooks are done" in err) == (130, 1, True)
    assert graders.cells(course) == graders.stored(course) == {}


# ----------------------------------------------------------------------------- killed at any moment

KILLS = 20
DRIVER = """
import os, sys
from autograder.cli import app as cli
import nbgrader.api, nbgrader.converters, sqlalchemy
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1):
            os.dup2(null, fd)
        cli.main(line.split("\\t")[0:-1])
        os._exit(99)
    print(pid, flush=True)
    sys.stdin.readline()
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Driver:
    """Graders that need not import anything first: `autograder grade`, forked from a process that
    has.
    """

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def grade(self, course: Course, kill_after: float | None = None) -> int:
        """The exit code of a run, minus the signal that ended it."""
        assert self.process.stdin
        assert self.process.stdout
        said = ["grade", MODULE, "--course", str(course.root), "--jobs", "2", "--json", "\n"]
        self.process.stdin.write("\t".join(said))
        self.process.stdin.flush()
        pid = int(self.process.stdout.readline())
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(pid, signal.SIGKILL)  # nobody has waited for it: the number is still its own
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.process.communicate("")


EARLIER = {"a": RIGHT, "b": CARELESS, "c": "raise SystemExit"}
LATER = {"a": CARELESS, "b": RIGHT, "d": RIGHT, "e": "def count(", "f": CARELESS}


@pytest.fixture
def half_way(tmp_path: Path, driver: Driver) -> Course:
    """Some of a class have been graded, one of them by hand as well. Since then two of them handed
    in other work.
    """
    from nbgrader.api import Gradebook

    course = new_class(tmp_path / "half way", EARLIER)
    assert driver.grade(course) == 0
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        by_hand = book.find_grade("words-tradeoff", KEY.split("/")[1], MODULE, "a")
        by_hand.manual_score, by_hand.needs_manual_grade = 1.5, False
        book.db.commit()
    for student, code in LATER.items():
        hand_in(course, student, code, "It depends on the load." if student in "bd" else "")
    (course.root / "submitted" / "g" / MODULE).mkdir(parents=True)
    return course


def worked_out(stored: tuple[int, Any]) -> dict[str, Any]:
    """What a run made of a notebook, salt included; not what it told of the gradebook after."""
    told = ("files", "by_hand", "late", "handed_in", "repairs")
    return {name: value for name, value in stored[1].items() if name not in told}


@only_whole
def test_killed_at_any_moment_the_next_run_ends_as_if_nothing_had_happened(
    half_way: Course, tmp_path: Path, driver: Driver
) -> None:
    def copy(name: str) -> Course:
        shutil.copytree(half_way.root, tmp_path / name)
        return Course(tmp_path / name)

    whole, as_it_was = copy("whole"), graders.everything(half_way)
    began = time.monotonic()
    assert driver.grade(whole) == 0
    seconds, expected = time.monotonic() - began, graders.everything(whole)
    assert points(whole) == {"a": 6.0, "b": 8.0, "c": 0.0, "d": 8.0, "e": 0.0, "f": 6.0, "g": 0.0}
    rng, killed, kept = random.Random(20), 0, 0
    while killed < KILLS:
        course = copy("killed")
        if driver.grade(course, kill_after=(killed + rng.random()) / KILLS * seconds) == 0:
            shutil.rmtree(course.root)  # it was faster than the one that was measured
            seconds *= 0.9
            continue
        killed += 1
        done = graders.stored(course)
        if graders.everything(course) != as_it_was:
            machine = {
                student: row[0]
                for (student, cell), row in graders.cells(course).items()
                if cell == MACHINE
            }
            assert machine["a"] in (None, 6.0)  # not the 8 of what was handed in before
            assert machine["b"] in (None, 8.0)
            assert machine["c"] == 0.0
        assert driver.grade(course) == 0
        assert graders.everything(course) == expected
        after = graders.stored(course)
        # who has nothing to be run
        finished = {s for s in done if done[s][1]["key"] == after[s][1]["key"]} - {"g"}
        # finished work is not done again
        assert [worked_out(after[s]) for s in finished] == [worked_out(done[s]) for s in finished]
        kept += len(finished)
        assert graders.left_over(course) == []
        shutil.rmtree(course.root)
    assert kept > KILLS  # besides c's, which was finished before


def test_half_written_files_are_written_over(before: Course) -> None:
    stale = before.root / "autograded" / "kim" / MODULE / f".{KEY.split('/')[1]}.ipynb.new"
    stale.write_text("half of some")
    (before.root / ".autograder" / "backups").mkdir()
    (before.root / ".autograder" / "backups" / ".half.db").write_text("half of some")
    result = before.root / ".autograder" / "results" / MODULE / "kim" / f"{KEY.split('/')[1]}.json"
    result.write_text(result.read_text()[:100])
    batch.grade(before, MODULE)
    assert graders.left_over(before) == []
    assert points(before) == {"kim": 6.0, "lee": 8.0}


# ----------------------------------------------------------------------------------------- progress


def test_progress_without_a_terminal_is_lines(tmp_path: Path) -> None:
    course = new_class(tmp_path, {"a": RIGHT, "b": RIGHT, "c": "", "d\t": RIGHT})
    (course.root / "submitted" / "c" / f"{KEY}.ipynb").write_text("{")
    code, out, err = graders.graded(course)
    lines = err.splitlines()
    assert code == 0
    assert "student" in out
    assert re.fullmatch(
        rf"{MODULE}: 1 of 4 notebooks \(1 [a-z-]+\), \d+ s, about \d+ s left", lines[0]
    )
    assert re.fullmatch(rf"{MODULE}: 4 of 4 notebooks \(.*\), \d+ s, about 0 s left", lines[-1])
    assert all(f in lines[-1] for f in ("2 graded", "1 zero", "1 needs-human"))
    code, _, err = graders.graded(course, "--json")
    assert (code, err) == (0, "")
    assert all(STATE.fullmatch(r["state"]) for r in graders.results(course).values())
