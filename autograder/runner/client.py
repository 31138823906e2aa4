"""The judge's side of a warm process: start it, hand it jobs, collect traces."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import CourseError
from autograder.jobs import CellTrace, Job, Trace
from autograder.lesson import Work
from autograder.runner import wire
from autograder.sandbox import Box, choose
from coursekit import codec

START_SECONDS = 60.0
JOB_SECONDS = 180.0  # for all cells of a notebook together
SNAPSHOT_SECONDS = 120.0  # for all checks of one graded cell together
WHY = {b"m": "more memory than one notebook may use", b"p": "more processes than one notebook may start"}
_now = time.monotonic


class RunnerGone(Exception):
    """The warm process has died. Start another and try again."""


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
        self._scratch = Path(tempfile.mkdtemp(prefix="autograder-"))
        self._scratch.chmod(0o777)  # root's runner becomes somebody else
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _start(self) -> socket.socket:
        if self._control is not None:
            return self._control
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        command = [sys.executable, "-B", "-I", "-m", "autograder.runner.warm", str(theirs.fileno())]
        command += [str(self.index), *self.preload]
        self._process = subprocess.Popen(
            self.box.wrap(command, self._scratch),
            pass_fds=[theirs.fileno()],
            env=self.box.environment(self._scratch),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        theirs.close()
        ours.settimeout(START_SECONDS)
        try:
            ready = ours.recv(1)
        except TimeoutError:
            ready = b""
        if ready != b"r":
            ours.close()
            self._process.kill()
            told = (self._process.communicate()[1] or b"").decode(errors="replace").strip().splitlines()
            raise CourseError(f"the grader's runner did not start: {told[-1] if told else 'no reason given'}")
        self._control = ours
        return ours

    def close(self) -> None:
        """End the process and remove its scratch folder."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(self, job: Job, works: Mapping[str, Work], seeds: Mapping[str, Any], cpu: Mapping[str, float]) -> Trace:
        """Run a job.

        Args:
            works: observing code by grade id.
            seeds: for each check its seeds, or None.
            cpu: for each check its CPU seconds.
        """
        began = _now()
        control = self._start()
        graded = [s for s in job.steps if s.kind == "checks"]
        pairs = [socket.socketpair() for _ in range(len(graded) + 1)]
        running = False
        try:
            socket.send_fds(control, [b"j"], [theirs.fileno() for _, theirs in pairs])
            for _, theirs in pairs:
                theirs.close()
            self._answer()
            running = True
            main = pairs[0][0]
            with contextlib.suppress(OSError):
                wire.send(main, {"steps": [asdict(s) for s in job.steps]})
            cells, problem = _cells(main, began + JOB_SECONDS)
            why = WHY.get(self._say(b"c"))
            main.close()  # nothing said after this moment is shown to anyone
            observations: dict[str, Any] = {}
            suspicions: list[str] = []
            for step, (ours, _) in zip(graded, pairs[1:], strict=True):
                work = works[str(step.grade_id)]
                with contextlib.suppress(OSError):
                    wire.send(ours, _order(work, seeds, cpu))
                _observe(ours, work, observations, suspicions)
            running = False
            why = WHY.get(self._say(b"g")) or why
            return Trace(tuple(cells), observations, tuple(suspicions), why or problem, _now() - began)
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


def _order(work: Work, seeds: Mapping[str, Any], cpu: Mapping[str, float]) -> dict[str, Any]:
    checks = [{"name": n, "seeds": seeds[n], "cpu": cpu[n]} for n in work.names]
    return {"source": work.source, "restore": list(work.restore), "checks": checks}


def _frames(sock: socket.socket, deadline: float) -> Iterator[Any]:
    """Messages until the other side is silent, gone or no longer makes sense."""
    while (left := deadline - _now()) > 0:
        sock.settimeout(left)
        try:
            message = wire.receive(sock)
        except (OSError, wire.Malformed):
            return
        if message is None:
            return
        yield message


def _cells(sock: socket.socket, deadline: float) -> tuple[list[CellTrace], str | None]:
    cells: list[CellTrace] = []
    for message in _frames(sock, deadline):
        if not isinstance(message, dict):
            return cells, "the run said something that makes no sense"
        if message.get("done") is True:
            return cells, None
        step, outputs, problem = message.get("step"), message.get("outputs"), message.get("problem")
        if type(step) is int and isinstance(outputs, list):
            shown = tuple(o for o in outputs if isinstance(o, dict))
            cells.append(CellTrace(step, shown, str(problem) if problem is not None else None))
    if _now() >= deadline:
        return cells, f"the cells did not end within {JOB_SECONDS:g} s"
    return cells, "the process ended before all cells had run"


def _observe(sock: socket.socket, work: Work, observations: dict[str, Any], suspicions: list[str]) -> None:
    answered: set[str] = set()
    for message in _frames(sock, _now() + SNAPSHOT_SECONDS):
        name = message.get("name") if isinstance(message, dict) else None
        if not isinstance(name, str) or name not in work.names:
            suspicions.append(f"cell {work.grade_id!r} answered for an unknown check")
            return
        if name in answered:
            suspicions.append(f"check {name!r} answered twice")
            observations[name] = None
            return
        answered.add(name)
        observations[name] = message.get("outcomes")
        if len(answered) == len(work.names):
            sock.settimeout(1.0)
            with contextlib.suppress(OSError, wire.Malformed):
                if wire.receive(sock) is not None:
                    suspicions.append(f"cell {work.grade_id!r} answered more than it was asked")
            return


def dump(trace: Trace) -> str:
    """A trace as JSON text."""
    return json.dumps(asdict(trace), sort_keys=True)


def observed(trace: Trace, name: str) -> codec.Json:
    """Outcomes of one check, or a reason why there are none."""
    return trace.observations.get(name) or [{"never": trace.problem or "no answer"}]
