"""The judge's side of a warm process: start it, hand it jobs, collect traces."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import CourseError
from autograder.jobs import CellTrace, Job, Step, Trace
from autograder.lessons.lesson import Work
from autograder.runner import wire
from autograder.sandbox import Box, choose
from coursekit import codec

START_SECONDS = 60.0
CELL_CPU, CELL_WALL = 20.0, 60.0  # seconds for one cell
JOB_SECONDS = 180.0  # for all cells of a notebook together
SNAPSHOT_SECONDS = 120.0  # for the visible, or the hidden, checks of one graded cell
OBSERVE_SECONDS = 240.0  # for all checks together
PATIENCE = 15.0  # for an answer, beyond the time that a check may take
SEND_SECONDS = 10.0
CAREFREE_SECONDS = 3.0  # of CPU for all cells; a notebook that takes longer is run once, carefully from the start
MAX_SHOWN = 48_000_000  # bytes of JSON in which the cells of one notebook show what they show
MAX_OBSERVED = 24_000_000  # and that its checks may see
RUNNER = "import gc; gc.disable(); from autograder.runner.warm import main; main()"  # imports make no garbage
MAX_OUTPUTS, MAX_SENTENCE = 300, 500
WHY = {
    b"m": "more memory than one notebook may use",
    b"p": "more processes than one notebook may start",
    b"f": "more files than one notebook may make",
    b"s": "more disk space than one notebook may use",
    b"d": "more open files than one notebook may have",
}
_now = time.monotonic


class RunnerGone(Exception):
    """The warm process has died. Start another and try again."""


class _Unclean(Exception):
    """Something went wrong that may have cost checks which it does not concern."""


class Warm:
    """A warm process. Use as a context manager; `run` one job at a time.

    Args:
        box: what holds learners' code back; the strongest that works when None.
        index: tells apart the users that several runners of root's become.
        preload: modules to import once, for all jobs. Each makes a fork dearer and its own import free.

    Raises:
        CourseError: this machine cannot fork, or the process does not start.
        RunnerGone: it died while it ran a job.
    """

    def __init__(self, box: Box | None = None, index: int = 0, preload: Sequence[str] = ()) -> None:
        self.box, self.index, self.preload = box or choose(), index, tuple(preload)
        self._loaded: tuple[str, ...] = ()
        self._scratch = Path(tempfile.mkdtemp(prefix="autograder-"))
        self._scratch.chmod(0o777)  # root's runner becomes somebody else
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = self._stopped = False
        self._imports = False  # it was told to, and has not answered yet

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def ended(self) -> bool:
        """Whether the process was started and has died."""
        return self._process is not None and self._process.poll() is not None

    def want(self, preload: Sequence[str]) -> None:
        """Have more modules imported before the next job."""
        self.preload = tuple(sorted({*self.preload, *preload}))

    def launch(self) -> None:
        """Start the process, or let it import what is missing, without waiting until it is ready; `run` does."""
        if self._process is not None:
            self._import_missing()
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        command = [sys.executable, "-B", "-I", "-c", RUNNER, str(theirs.fileno())]
        command += [str(self.index), *self.preload]
        self._loaded = self.preload
        with theirs:
            self._process = subprocess.Popen(
                self.box.wrap(command, self._scratch),
                pass_fds=[theirs.fileno()],
                env=self.box.environment(self._scratch),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self._control = ours
        if self._stopped:
            self.end()

    def _start(self) -> socket.socket:
        self.launch()
        assert self._process is not None
        assert self._control is not None
        if self._ready:
            while self._imports:
                self._answer()
                self._imports = False
                self._import_missing()
            return self._control
        self._control.settimeout(START_SECONDS)
        with contextlib.suppress(TimeoutError):
            self._ready = self._control.recv(1) == b"r"
        if not self._ready:
            process, self._process = self._process, None
            process.kill()
            told = (process.communicate()[1] or b"").decode(errors="replace").strip().splitlines()
            self.close()
            raise CourseError(f"the grader's runner did not start: {told[-1] if told else 'no reason given'}")
        if self.box.level == "bubblewrap":  # it has a folder of its own, and a grader that is killed leaves none
            with contextlib.suppress(OSError):
                self._scratch.rmdir()
        return self._start()

    def _import_missing(self) -> None:
        missing = [module for module in self.preload if module not in self._loaded]
        if missing and self._ready and not self._imports and self._control is not None:
            names = " ".join(missing).encode()
            with contextlib.suppress(OSError):  # it is gone, which `run` will find out
                self._control.send(b"i" + struct.pack(">H", len(names)) + names)
                self._loaded, self._imports = self.preload, True

    def end(self) -> None:
        """End the process, from any thread. Whoever waits for it hears that it is gone, and has to close it."""
        self._stopped = True
        control = self._control
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)  # it ends its job, then itself

    def close(self) -> None:
        """End the process and remove its scratch folder."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            if self.box.level != "bubblewrap":  # it ends its job, which a box does by itself
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(2.0)
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None
            self._ready = False
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(
        self,
        job: Job,
        works: Mapping[str, Work],
        seeds: Mapping[str, Any],
        cpu: Mapping[str, float],
        pictures: Mapping[str, str] | None = None,
    ) -> Trace:
        """Run a job.

        Args:
            works: observing code by grade id.
            seeds: for each check its seeds, or None.
            cpu: for each check its CPU seconds.
            pictures: in base64, by digest: `coursekit.plots.remembered`.
        """
        began = _now()
        told = {"cpu": CELL_CPU, "wall": CELL_WALL, "pictures": dict(pictures or {})}
        trace = self._run(job.steps, told, works, seeds, cpu, False)
        if trace is None:
            lost = _now() - began
            one_by_one = [replace(step, waits=False) for step in job.steps]
            trace = self._run(one_by_one, told, works, seeds, cpu, True)
            assert trace is not None
            trace = replace(trace, phases={**trace.phases, "jobs run once more": lost})
        return trace

    def _run(
        self,
        steps: Sequence[Step],
        told: Mapping[str, Any],
        works: Mapping[str, Work],
        seeds: Mapping[str, Any],
        cpu: Mapping[str, float],
        careful: bool,
    ) -> Trace | None:
        """Run a job; None when it was not careful and should have been."""
        asked = _now()
        control = self._start()
        began = _now()
        graded = _graded(steps)
        pairs = [socket.socketpair() for _ in range(len(graded) + 1)]
        running = False
        try:
            socket.send_fds(control, [b"j"], [theirs.fileno() for _, theirs in pairs])
            for _, theirs in pairs:
                theirs.close()
            self._answer()
            running = True
            main = pairs[0][0]
            main.settimeout(SEND_SECONDS)
            with contextlib.suppress(OSError, wire.Malformed):
                wire.send(main, {**told, "steps": [vars(s) for s in steps]})
            cells, snapshots, cells_cpu, problem = _cells(main, len(steps), began + JOB_SECONDS)
            only = b"c" + struct.pack(f">H{len(snapshots)}I", len(snapshots), *snapshots)
            why = WHY.get(self._say(only))
            main.close()  # nothing said after this moment is shown to anyone
            if (why or problem) and any(step.waits for step in steps):
                raise _Unclean  # what a graded cell that waited should have seen may be lost
            seen = _Observed(careful or bool(why or problem) or cells_cpu > CAREFREE_SECONDS)
            cells_done = _now()
            shared = [(sharing, ours) for sharing, (ours, _) in zip(graded, pairs[1:], strict=True)]
            ends = [(works[str(step.grade_id)], ours) for sharing, ours in shared for step in sharing]
            deadline = _now() + OBSERVE_SECONDS
            alone: socket.socket | None = None  # whose snapshot has just answered that nothing else of the job is there
            for work, ours in ends:  # what visible checks see is shown: nothing hidden is anywhere near them yet
                if work.visible:
                    if ours is not alone or seen.careful:
                        self._say(only)  # nothing that earlier checks left behind
                    seen.ask(ours, work.visible, work.visible.names, seeds, cpu, deadline)
                    alone = ours
            visible_done, alone = _now(), None
            for work, ours in ends:
                rest = tuple(n for n in work.names if work.visible is None or n not in work.visible.names)
                if rest and ours.fileno() >= 0:
                    if ours is not alone or seen.careful:
                        self._say(only)
                    seen.ask(ours, work, rest, seeds, cpu, deadline)
                    alone = ours
            for sharing, ours in shared:
                seen.listen_for_more(ours, works[str(sharing[-1].grade_id)])
            running = False
            why = WHY.get(self._say(b"g")) or why
            phases = {
                "start of warm processes": began - asked,
                "cells": cells_done - began,
                "visible checks": visible_done - cells_done,
                "hidden checks": _now() - visible_done,
            }
            return Trace(tuple(cells), seen.observations, tuple(seen.suspicions), why or problem, phases)
        except _Unclean:
            return None
        except OSError:
            raise RunnerGone from None
        finally:
            for pair in pairs:
                for end in pair:
                    end.close()
            if running:
                with contextlib.suppress(OSError, RunnerGone):
                    self._say(b"g")

    def _say(self, what: bytes) -> bytes:
        assert self._control is not None
        self._control.send(what)
        return self._answer()

    def _answer(self) -> bytes:
        assert self._control is not None
        self._control.settimeout(START_SECONDS)
        answer = self._control.recv(1)
        if not answer:
            raise RunnerGone
        return answer


class _Observed:
    """What the snapshots of one job say, taken in with care."""

    def __init__(self, careful: bool) -> None:
        self.careful = careful
        self.observations: dict[str, Any] = {}
        self.suspicions: list[str] = []
        self.hangs: dict[str, int] = {}  # by grade id
        self.room = MAX_OBSERVED

    def ask(
        self,
        sock: socket.socket,
        work: Work,
        names: Sequence[str],
        seeds: Mapping[str, Any],
        cpu: Mapping[str, float],
        deadline: float,
    ) -> None:
        """Send observing code to a snapshot and hear its answers for `names`.

        Raises:
            _Unclean: a check left something behind, and the run was not careful.
        """
        checks = [{"name": n, "seeds": seeds[n], "cpu": cpu[n]} for n in names]
        hangs = self.hangs.setdefault(work.grade_id, 0)
        sock.settimeout(SEND_SECONDS)
        with contextlib.suppress(OSError, wire.Malformed):
            source = "" if wire.runs_here(work.code) else work.source
            order = {"source": source, "code": work.code, "restore": list(work.restore), "checks": checks}
            wire.send(sock, order | {"hangs": hangs, "careful": self.careful})
        answered: set[str] = set()
        patience = PATIENCE + 2 * (5 * max(cpu[n] for n in names) + 2)  # a check of the slowest kind, twice
        for frame, _ in _frames(sock, min(deadline, _now() + SNAPSHOT_SECONDS), patience):
            for message in frame if isinstance(frame, list) else [frame]:
                name = message.get("name") if isinstance(message, dict) else None
                if not isinstance(name, str) or name not in work.names:
                    self.suspicions.append(f"cell {work.grade_id!r} answered for an unknown check")
                    return
                if name in self.observations or name not in names:
                    self.suspicions.append(f"check {name!r} answered twice")
                    self.observations[name] = None
                    return
                answered.add(name)
                self._take(work, name, message.get("outcomes"))
                if message.get("goes_on") is not True and not self.careful:
                    raise _Unclean
            if len(answered) == len(names):
                return
        if not self.careful:
            raise _Unclean
        sock.close()  # it is dead, or has nothing to say that makes sense

    def _take(self, work: Work, name: str, outcomes: Any) -> None:
        self.room -= len(json.dumps(outcomes))
        self.observations[name] = outcomes if self.room > 0 else [{"never": "more data than checks may return"}]
        if isinstance(outcomes, list) and any(isinstance(o, dict) and "never" in o for o in outcomes):
            self.hangs[work.grade_id] += 1

    def listen_for_more(self, sock: socket.socket, work: Work) -> None:
        """After the last answer a snapshot that is what it should be says nothing more, and ends."""
        with contextlib.suppress(OSError, wire.Malformed):
            sock.shutdown(socket.SHUT_WR)
            if wire.receive(sock, _now() + 1.0) is not None:
                self.suspicions.append(f"cell {work.grade_id!r} answered more than it was asked")


def _graded(steps: Sequence[Step]) -> list[list[Step]]:
    """The graded cells, those together that share a snapshot: one that waits goes with the next."""
    out: list[list[Step]] = []
    waiting = False
    for step in steps:
        if step.kind == "checks":
            if not waiting:
                out.append([])
            out[-1].append(step)
            waiting = step.waits
    return out


def _frames(sock: socket.socket, deadline: float, patience: float = JOB_SECONDS) -> Iterator[tuple[Any, int]]:
    """Messages, each with its bytes, until the other side is silent, gone or no longer makes sense."""
    while True:
        try:
            frame = wire.receive_frame(sock, min(deadline, _now() + patience))
            if frame is None:
                return
            message = wire.parse(frame)
        except (OSError, wire.Malformed):
            return
        yield message, len(frame)


def _cells(sock: socket.socket, steps: int, deadline: float) -> tuple[list[CellTrace], list[int], float, str | None]:
    """What the cells showed: at most one message for each step, in order, and not more than a notebook may hold.

    Returns:
        The cells, the process ids of the snapshots, the CPU seconds that the process says it took, and a sentence when
        the cells did not reach their end.
    """
    cells: list[CellTrace] = []
    snapshots: list[int] = []
    room = MAX_SHOWN
    for message, size in _frames(sock, deadline):
        said: dict[str, Any] = message if isinstance(message, dict) else {}
        if said.get("done") is True:
            cpu = said.get("cpu")
            return cells, snapshots, cpu if type(cpu) is float else 0.0, None
        snapshot, step, outputs = said.get("snapshot"), said.get("step"), said.get("outputs")
        if type(snapshot) is int and 1 < snapshot < 1 << 31 and len(snapshots) < steps:
            snapshots.append(snapshot)
            continue
        last = cells[-1].step if cells else -1
        if type(step) is not int or not last < step < steps or not isinstance(outputs, list):
            return cells, snapshots, 0.0, "the run said something that makes no sense"
        shown = tuple(o for o in outputs if isinstance(o, dict))[:MAX_OUTPUTS]
        room -= size
        problem = said.get("problem")
        sentence = None if problem is None else _printable(str(problem))[:MAX_SENTENCE]
        cells.append(CellTrace(step, shown if room > 0 else (), sentence))
    if _now() >= deadline:
        return cells, snapshots, 0.0, f"the cells did not end within {JOB_SECONDS:g} s"
    return cells, snapshots, 0.0, "the process ended before all cells had run"


def _printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def observed(trace: Trace, name: str) -> codec.Json:
    """Outcomes of one check, or a reason why there are none."""
    return trace.observations.get(name) or [{"never": trace.problem or "no answer"}]
