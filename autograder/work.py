"""Running one job anywhere: parcels are bytes, so are traces that come from afar, and no disk is shared.

A parcel holds what a learner's process may know: the steps of the job, observing code and seeds. What is right stays
with the judge. `Local` runs parcels in warm processes of this machine; `cluster.Cluster` hands them to Dask workers.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import queue
import socket
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Protocol

from autograder.jobs import CellTrace, Job, Step, Trace
from autograder.lessons.lesson import REFERENCE_CPU, Lesson, Work
from autograder.runner import wire
from autograder.runner.client import RunnerGone, Warm
from autograder.sandbox import Box, choose
from coursekit import checks as kit
from coursekit.expect import REFERENCE

MANY = 20  # lessons that are kept open
USERS, BLOCKS = 50, 20  # users for the warm processes of one grader of root's, and how many graders have their own


class Runner(Protocol):
    """Runs parcels. Called from several threads at once."""

    level: str

    def expect(self, preload: Sequence[str], jobs: int) -> None:
        """So many parcels at once will come, which want these modules. Only for speed."""

    def run(self, parcel: bytes) -> Trace:
        """The trace of a parcel. Raises `RunnerGone` when whoever ran it has died."""

    def close(self) -> None:
        """End whatever it started, running parcels too, for good. Called from any thread, more than once."""


def pack_lesson(lesson: Lesson, salt: str, preload: Sequence[str], pictures: Mapping[str, bytes]) -> str:
    """What all parcels of a lesson have in common: the random worlds that `salt` makes, the modules that a warm process
    has loaded, and the pictures that need not be drawn (`coursekit.plots.remembered`).
    """
    cpu = {check.name: check.cpu for check in lesson.all_checks}
    return _packed(lesson.works, lesson.all_checks, salt, cpu, preload, pictures)


def pack_reference(lesson: Lesson, salt: str, preload: Sequence[str]) -> str:
    """The same for the lesson's own solution: only what is compared with it is observed, with all patience."""
    checks = [check for check in lesson.all_checks if check.expect is REFERENCE]
    wanted = {check.name for check in checks}
    works = {
        grade_id: replace(work, names=tuple(name for name in work.names if name in wanted), visible=None)
        for grade_id, work in lesson.works.items()
    }
    return _packed(works, checks, salt, dict.fromkeys(wanted, REFERENCE_CPU), preload, {})


def _packed(
    works: Mapping[str, Work],
    checks: Sequence[kit.Check],
    salt: str,
    cpu: Mapping[str, float],
    preload: Sequence[str],
    pictures: Mapping[str, bytes],
) -> str:
    return json.dumps(
        {
            "works": {grade_id: asdict(_compiled(work)) for grade_id, work in works.items()},
            "seeds": {check.name: kit.fixed_seeds(check, salt) for check in checks},
            "cpu": dict(cpu),
            "preload": preload,
            "pictures": {digest: base64.b64encode(png).decode() for digest, png in pictures.items()},
        }
    )


def _compiled(work: Work) -> Work:
    visible = _compiled(work.visible) if work.visible else None
    return replace(work, code=wire.code_as_text(work.source), visible=visible)


def pack(job: Job, packed_lesson: str) -> bytes:
    """A parcel: two lines of JSON."""
    return f"{json.dumps({**vars(job), 'steps': [vars(step) for step in job.steps]})}\n{packed_lesson}".encode()


def pack_trace(trace: Trace) -> bytes:
    """A trace as it travels between machines."""
    return json.dumps({**vars(trace), "cells": [vars(cell) for cell in trace.cells]}).encode()


def unpack_trace(data: bytes) -> Trace:
    """A trace from its bytes.

    Raises:
        RunnerGone: they are not a trace.
    """
    try:
        raw = json.loads(data)
        cells = tuple(CellTrace(c["step"], tuple(c["outputs"]), c["problem"]) for c in raw["cells"])
        return Trace(cells, raw["observations"], tuple(raw["suspicions"]), raw["problem"], raw["phases"])
    except (ValueError, KeyError, TypeError):
        raise RunnerGone from None


def _unpack_work(raw: dict[str, Any]) -> Work:
    visible = _unpack_work(raw["visible"]) if raw["visible"] else None
    return Work(raw["grade_id"], raw["source"], tuple(raw["names"]), tuple(raw["restore"]), visible, raw["code"])


def run_parcel(warm: Warm, raw: dict[str, Any], told: dict[str, Any]) -> Trace:
    """Run an opened parcel, job and lesson, in a warm process."""
    steps = tuple(Step(**{**s, "names": tuple(s["names"])}) for s in raw["steps"])
    job = Job(raw["student"], raw["lesson"], steps, tuple(raw["repairs"]))
    works = {g: _unpack_work(w) for g, w in told["works"].items()}
    return warm.run(job, works, told["seeds"], told["cpu"], told["pictures"])


def _own_users() -> tuple[int, socket.socket | None]:
    """The first of a block of numbers that no other grader of root's on this machine uses, and what holds the block.

    Each number is a user of its own for a warm process, with its own limit on processes. An abstract socket's name is
    free again when its process has ended, however it ended.
    """
    if sys.platform.startswith("linux") and os.getuid() == 0:
        for block in range(BLOCKS):
            holds = socket.socket(socket.AF_UNIX)
            try:
                holds.bind(f"\0autograder-users-{block}")
                return block * USERS, holds
            except OSError:
                holds.close()
    return 0, None


class Local:
    """Warm processes of this machine, as many as are used at once."""

    def __init__(self, box: Box | None = None) -> None:
        self.box = box or choose()
        self.level = self.box.level
        self._numbers = itertools.count()
        self._first, self._holds = _own_users()
        self._idle: dict[tuple[str, ...], queue.SimpleQueue[Warm]] = defaultdict(queue.SimpleQueue)
        self._busy: set[Warm] = set()
        self._lessons: dict[bytes, dict[str, Any]] = {}  # opened, as they came
        self._closed = False

    def _new(self, preload: Sequence[str]) -> Warm:
        return Warm(self.box, self._first + next(self._numbers) % USERS, preload)

    def _idle_one(self, preload: tuple[str, ...]) -> Warm | None:
        with contextlib.suppress(queue.Empty):
            while True:  # a box ends with the thread that started it
                if process := _living(self._idle[preload].get_nowait()):
                    return process
        return None

    def _grown(self, preload: tuple[str, ...]) -> Warm | None:
        """An idle process that has loaded some of these modules and will load the rest."""
        for loaded in list(self._idle):
            if set(loaded) < set(preload) and (process := self._idle_one(loaded)):
                process.want(preload)
                return process
        return None

    @contextlib.contextmanager
    def _warm(self, preload: tuple[str, ...]) -> Iterator[Warm]:
        process = self._idle_one(preload) or self._new(preload)
        self._busy.add(process)
        try:
            if self._closed:
                raise RunnerGone
            yield process
        except BaseException:
            process.close()  # nobody knows what state it is in
            raise
        finally:
            self._busy.discard(process)
        self._idle[process.preload].put(process)
        if self._closed:
            self.close()

    def expect(self, preload: Sequence[str], jobs: int) -> None:
        """Start processes that will be wanted, without waiting for them."""
        idle = self._idle[tuple(preload)]
        while idle.qsize() < jobs:
            process = self._grown(tuple(preload)) or self._new(preload)
            process.launch()
            idle.put(process)

    def run(self, parcel: bytes) -> Trace:
        """Run a parcel here."""
        job, _, packed = parcel.partition(b"\n")
        lesson = self._lessons.get(packed)
        if lesson is None:
            if len(self._lessons) == MANY:
                self._lessons.clear()
            lesson = self._lessons[packed] = json.loads(packed)
        with self._warm(tuple(lesson["preload"])) as warm:
            return run_parcel(warm, json.loads(job), lesson)

    def close(self) -> None:
        """End all processes. Those who wait for one get `RunnerGone`."""
        self._closed = True
        for process in list(self._busy):
            process.end()
        for idle in list(self._idle.values()):
            with contextlib.suppress(queue.Empty):
                while True:
                    idle.get_nowait().close()
        if self._holds is not None:
            self._holds.close()


def _living(process: Warm) -> Warm | None:
    """The process, or None when it has ended, and is cleared away."""
    if process.ended:
        process.close()
        return None
    return process
