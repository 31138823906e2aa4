"""Whatever a learner's process says, it is a verdict: no exception, no points."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from autograder.grade.judge import Judge
from autograder.grade.submission import answer_job
from autograder.inside import messages, wire
from autograder.inside.messages import AllDone, CellDone, CheckDone, Snapshot, as_json
from autograder.jobs import CellTrace, Trace
from autograder.lessons.lesson import Lesson
from autograder.runner.control import Control, RunnerGone
from autograder.runner.limits import Limits
from autograder.runner.parcels import (
    Parcel,
    pack,
    pack_lesson,
    pack_trace,
    unpack_job,
    unpack_lesson,
    unpack_trace,
)
from autograder.runner.pool import Runner
from autograder.runner.run import Run, Unclean
from tests.small import KEY, RIGHT, course_with

CELL = {"kind": "cell", "step": 0, "outputs": [], "problem": None, "hung": False}
CHECK = {"name": "words_are_counted", "outcomes": [{"returned": 4}], "goes_on": True, "hung": False}
NONSENSE: tuple[Any, ...] = (
    None, 5, "x", [], [[]], {}, {"kind": "cell"}, {"kind": []}, {"kind": "verdict", "points": 100},
)  # fmt: skip
CELLS: tuple[Any, ...] = (
    *NONSENSE, [CELL], CELL | {"step": -1}, CELL | {"step": True}, CELL | {"step": 10**30}, CELL | {"step": 99},
    CELL | {"outputs": {}}, CELL | {"outputs": [5]}, CELL | {"problem": 5}, CELL | {"hung": 1}, CELL | {"points": 8},
    {"kind": "snapshot", "pid": 1}, {"kind": "snapshot", "pid": 1 << 40}, {"kind": "snapshot", "pid": "7"},
    {"kind": "done", "cpu": "0"}, {"kind": "done"},
)  # fmt: skip
CHECKS: tuple[Any, ...] = (
    *(x for x in NONSENSE if x != []), CHECK, [CHECK | {"name": 5}], [CHECK | {"name": "another"}],
    [CHECK | {"outcomes": {"returned": 4}}], [CHECK | {"goes_on": 1}], [CHECK | {"hung": None}],
    [CHECK | {"verdict": "pass"}], [CHECK, CHECK], [CHECK, 5],
)  # fmt: skip


class Forged(Control):
    """A warm process whose child says what it is told to say: bytes on its own socket, bytes on
    each snapshot's.
    """

    def __init__(self, cells: bytes, checks: bytes) -> None:
        self.cells, self.checks, self.ended = cells, checks, 0

    def start(self, descriptors: Sequence[int]) -> None:
        for fd, said in zip(
            descriptors, (self.cells, *[self.checks] * len(descriptors)), strict=False
        ):
            sock = socket.socket(fileno=os.dup(fd))
            threading.Thread(target=self._speak, args=(sock, said)).start()

    def _speak(self, sock: socket.socket, said: bytes) -> None:
        with sock:
            wire.receive(sock)
            sock.sendall(said)

    def next_cell(self) -> None:
        pass

    def only(self, snapshots: Sequence[int]) -> str | None:
        return None

    def end(self) -> str | None:
        self.ended += 1
        return None


class Dead(Runner):
    level = "none"


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    return Lesson.read(course_with(tmp_path_factory.mktemp("messages")).lesson_path(KEY))


@pytest.fixture(scope="module")
def parcel(lesson: Lesson) -> Parcel:
    job, _, packed = pack(
        answer_job(lesson, "kim", RIGHT), pack_lesson(lesson, "", (), {})
    ).partition(b"\n")
    return Parcel(unpack_job(job), unpack_lesson(packed))


def frames(*said: Any) -> bytes:
    bodies = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in said]
    return b"".join(struct.pack(">I", len(body)) + body for body in bodies)


def honest_cells(parcel: Parcel) -> list[Any]:
    made: list[Any] = []
    for n, step in enumerate(parcel.job.steps):
        made.append(
            as_json(Snapshot(1000 + n) if step.kind == "checks" else CellDone(n, [], None, False))
        )
    return [*made, as_json(AllDone(0.1))]


def run(parcel: Parcel, cells: bytes, checks: bytes) -> Trace:
    control = Forged(cells, checks)
    trace = Run(
        control, parcel, Limits(cells_wall=5.0, snapshot_wall=5.0, patience=1.0), careful=True
    ).trace()
    assert control.ended == 1
    return trace


def points(lesson: Lesson, parcel: Parcel, trace: Trace) -> float:
    return Judge(Dead(), "").verdicts(lesson, parcel.job, trace).points


def test_what_is_right_is_believed(lesson: Lesson, parcel: Parcel) -> None:
    trace = run(parcel, frames(*honest_cells(parcel)), frames([CHECK]))
    assert (points(lesson, parcel, trace), trace.suspicions) == (1, ())


@pytest.mark.parametrize("said", CELLS, ids=repr)
def test_cells_that_say_nonsense_are_a_problem(said: Any, lesson: Lesson, parcel: Parcel) -> None:
    trace = run(parcel, frames(said, *honest_cells(parcel)), b"")
    assert trace.problem == "the run said something that makes no sense"
    assert points(lesson, parcel, trace) == 0


@pytest.mark.parametrize("said", CHECKS, ids=repr)
def test_checks_that_say_nonsense_earn_nothing_and_need_a_look(
    said: Any, lesson: Lesson, parcel: Parcel
) -> None:
    trace = run(parcel, frames(*honest_cells(parcel)), frames(said))
    assert trace.suspicions
    assert points(lesson, parcel, trace) == 0


BROKEN = {
    "no JSON": frames(b"{"),
    "not even text": frames(b"\xff\xfe"),
    "a frame too long": struct.pack(">I", wire.MAX_FRAME + 1),
    "half a frame": struct.pack(">I", 100) + b"[",
    "too many parts": frames(b"[" + b"[]," * wire.MAX_PARTS + b"[]]"),
    "too deep": frames(b"[" * 100_000),
    "nothing": b"",
}


@pytest.mark.parametrize("what", BROKEN)
def test_frames_that_are_none_are_silence(what: str, lesson: Lesson, parcel: Parcel) -> None:
    for cells, checks in ((BROKEN[what], b""), (frames(*honest_cells(parcel)), BROKEN[what])):
        assert points(lesson, parcel, run(parcel, cells, checks)) == 0


def test_no_more_is_answered_than_was_asked(parcel: Parcel) -> None:
    hidden = [
        as_json(CheckDone(name, [{"returned": 4}], True, False)) for name in parcel.lesson.cpu
    ][1:]
    honest = frames(*honest_cells(parcel))
    early = run(parcel, honest, frames([CHECK, *hidden]))
    assert early.suspicions == ("cell 'words-checks' answered for an unknown check",)
    twice = run(parcel, honest, frames([CHECK], [CHECK]))
    assert twice.suspicions == ("check 'words_are_counted' answered twice",)
    more = run(parcel, honest, frames([CHECK], hidden, []))
    assert more.suspicions == ("cell 'words-checks' answered more than it was asked",)


def test_a_careless_run_takes_no_silence_for_an_answer(parcel: Parcel) -> None:
    with pytest.raises(Unclean):
        Run(Forged(frames(*honest_cells(parcel)), b""), parcel, Limits(patience=1.0)).trace()


def test_a_message_is_the_same_on_the_other_side() -> None:
    for message in (Snapshot(7), AllDone(0.5), CellDone(0, [{"a": ["\ud800"]}], "x", True)):
        assert messages.read(as_json(message), messages.FromCells) == message


def test_a_trace_from_afar_is_the_same_or_none() -> None:
    cells = (CellTrace(0, ({"output_type": "stream", "text": "x"},), "why"), CellTrace(2))
    trace = Trace(
        cells, {"a": [{"returned": [1, float("inf")]}], "b": None}, ("s",), None, {"cells": 0.5}
    )
    assert unpack_trace(pack_trace(trace)) == trace
    for data in (b"", b"{}", b"[]", b'{"cells": 5}', b"\xff", b"[" * 100_000):
        with pytest.raises(RunnerGone):
            unpack_trace(data)
