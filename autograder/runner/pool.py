"""Running one parcel anywhere: `Local` in warm processes here, or `cluster.Cluster` on the workers
of Dask.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import socket
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Protocol

from autograder.jobs import Trace
from autograder.runner.box import Box, choose
from autograder.runner.client import RunnerGone, Warm
from autograder.runner.limits import Limits
from autograder.runner.parcels import (
    PackedLesson,
    Parcel,
    heavy_imports,
    unpack_job,
    unpack_lesson,
)

MAX_OPEN_LESSONS = 20  # lessons that are kept open
# users for the warm processes of one grader of root's, and how many graders have their own
USERS, BLOCKS = 50, 20


class Runner(Protocol):
    """Runs parcels. Called from several threads at once."""

    level: str

    def expect(self, preload: Sequence[str], jobs: int) -> None:
        """So many parcels at once will come, which want these modules. Only for speed."""

    def run(self, parcel: bytes) -> Trace:
        """The trace of a parcel. Raises `RunnerGone` when whoever ran it has died."""

    def close(self) -> None:
        """End whatever it started, running parcels too, for good. Called from any thread, more than
        once.
        """


def _own_users() -> tuple[int, socket.socket | None]:
    """The first of a block of numbers that no other grader of root's on this machine uses, and what
    holds the block.

    Each number is a user of its own for a warm process, with its own limit on processes. An
    abstract socket's name is free again when its process has ended, however it ended.
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
    """Warm processes of this machine, as many as are used at once.

    Args:
        box: what holds learners' code back; the strongest that works when None.
        limits: how long a job may take.
    """

    def __init__(self, box: Box | None = None, limits: Limits | None = None) -> None:
        self.box, self.limits = box or choose(), limits
        self.level = self.box.level
        self._numbers = itertools.count()
        self._first, self._holds = _own_users()
        self._idle: dict[tuple[str, ...], queue.SimpleQueue[Warm]] = defaultdict(queue.SimpleQueue)
        self._busy: set[Warm] = set()
        self._lessons: dict[bytes, PackedLesson] = {}  # opened, as they came
        self._closed = False

    def _new(self, preload: Sequence[str]) -> Warm:
        return Warm(self.box, self._first + next(self._numbers) % USERS, preload, self.limits)

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
    def _warm(self, preload: tuple[str, ...], more: Sequence[str]) -> Iterator[Warm]:
        """A process that has loaded what a lesson wants, and what a learner's cells import."""
        process = self._idle_one(preload) or self._new(preload)
        process.want(more)
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
        self._idle[preload].put(process)
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
            if len(self._lessons) == MAX_OPEN_LESSONS:
                self._lessons.clear()
            lesson = self._lessons[packed] = unpack_lesson(packed)
        opened = unpack_job(job)
        with self._warm(lesson.preload, heavy_imports(opened)) as warm:
            return warm.run(Parcel(opened, lesson))

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
