"""Running one job anywhere: parcels are bytes, traces are bytes, and no disk is shared.

A parcel holds what a learner's process may know: the steps of the job, observing code and seeds. What is right stays
with the judge. `Local` runs parcels in warm processes of this machine; `cluster.Cluster` hands them to Dask workers.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from autograder.jobs import CellTrace, Job, Step, Trace
from autograder.lesson import Lesson, Work
from autograder.runner.client import RunnerGone, Warm
from autograder.sandbox import Box, choose
from coursekit import checks as kit


class Runner(Protocol):
    """Runs parcels. Called from several threads at once."""

    level: str

    def expect(self, preload: Sequence[str], jobs: int) -> None:
        """So many parcels at once will come, which want these modules. Only for speed."""

    def run(self, parcel: bytes) -> bytes:
        """The trace of a parcel. Raises `RunnerGone` when whoever ran it has died."""

    def close(self) -> None:
        """End whatever it started."""


def pack(lesson: Lesson, job: Job, salt: str, preload: Sequence[str]) -> bytes:
    """A parcel: the job, with the random worlds that `salt` makes and the modules that a warm process has loaded."""
    return json.dumps(
        {
            "job": asdict(job),
            "works": {g: asdict(w) for g, w in lesson.works.items()},
            "seeds": {c.name: kit.fixed_seeds(c, salt) for c in lesson.all_checks},
            "cpu": {c.name: c.cpu for c in lesson.all_checks},
            "preload": preload,
        }
    ).encode()


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
    return Work(raw["grade_id"], raw["source"], tuple(raw["names"]), tuple(raw["restore"]), visible)


def run_parcel(warm: Warm, parcel: dict[str, Any]) -> bytes:
    """Run an opened parcel in a warm process."""
    raw = parcel["job"]
    steps = tuple(Step(**{**s, "names": tuple(s["names"])}) for s in raw["steps"])
    job = Job(raw["student"], raw["lesson"], steps, tuple(raw["repairs"]))
    works = {g: _unpack_work(w) for g, w in parcel["works"].items()}
    return json.dumps(asdict(warm.run(job, works, parcel["seeds"], parcel["cpu"]))).encode()


class Local:
    """Warm processes of this machine, as many as are used at once."""

    def __init__(self, box: Box | None = None) -> None:
        self.box = box or choose()
        self.level = self.box.level
        self._numbers = itertools.count()
        self._idle: dict[tuple[str, ...], queue.SimpleQueue[Warm]] = defaultdict(queue.SimpleQueue)

    @contextlib.contextmanager
    def _warm(self, preload: tuple[str, ...]) -> Iterator[Warm]:
        idle = self._idle[preload]
        process: Warm | None = None
        with contextlib.suppress(queue.Empty):
            while process is None:  # a box ends with the thread that started it
                process = _living(idle.get_nowait())
        process = process or Warm(self.box, next(self._numbers) % 1000, preload)
        try:
            yield process
        except BaseException:
            process.close()  # nobody knows what state it is in
            raise
        idle.put(process)

    def expect(self, preload: Sequence[str], jobs: int) -> None:
        """Start processes that will be wanted, without waiting for them."""
        idle = self._idle[tuple(preload)]
        while idle.qsize() < jobs:
            process = Warm(self.box, next(self._numbers) % 1000, preload)
            process.launch()
            idle.put(process)

    def run(self, parcel: bytes) -> bytes:
        """Run a parcel here."""
        opened = json.loads(parcel)
        with self._warm(tuple(opened["preload"])) as warm:
            return run_parcel(warm, opened)

    def close(self) -> None:
        """End all processes."""
        for idle in self._idle.values():
            while not idle.empty():
                idle.get_nowait().close()


def _living(process: Warm) -> Warm | None:
    """The process, or None when it has ended, and is cleared away."""
    if process.ended:
        process.close()
        return None
    return process
