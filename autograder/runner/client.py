"""The judge's side of a warm process: start it, hand it jobs, collect traces."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from autograder.errors import CourseError
from autograder.jobs import Trace
from autograder.runner.box import Box, choose
from autograder.runner.control import Control, RunnerGone as RunnerGone
from autograder.runner.limits import Limits
from autograder.runner.parcels import Parcel
from autograder.runner.run import Run, Unclean
from coursekit import codec

# imports make no garbage
RUNNER = "import gc; gc.disable(); from autograder.inside.server import main; main()"
_now = time.monotonic


class Warm:
    """A warm process. Use as a context manager; `run` one job at a time.

    Args:
        box: what holds learners' code back; the strongest that works when None.
        index: tells apart the users that several runners of root's become.
        preload: modules to import once, for all jobs. Each makes a fork dearer and its own import
            free.
        limits: how long a job may take.

    Raises:
        CourseError: this machine cannot fork, or the process does not start.
        RunnerGone: it died while it ran a job.
    """

    def __init__(
        self,
        box: Box | None = None,
        index: int = 0,
        preload: Sequence[str] = (),
        limits: Limits | None = None,
    ) -> None:
        self.box, self.index, self.preload = box or choose(), index, tuple(preload)
        self.limits = limits or Limits()
        self._loaded: tuple[str, ...] = ()
        self._scratch = Path(tempfile.mkdtemp(prefix="autograder-"))
        self._scratch.chmod(0o777)  # root's runner becomes somebody else
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Control | None = None
        self._ready = self._stopped = False
        self._imports = False  # it was told to, and has not answered yet

    def __enter__(self) -> Warm:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def ended(self) -> bool:
        """Whether the process was started and has died."""
        return self._process is not None and self._process.poll() is not None

    def want(self, preload: Sequence[str]) -> None:
        """Have more modules imported before the next job."""
        if not set(preload) <= set(self.preload):
            self.preload = tuple(sorted({*self.preload, *preload}))

    def launch(self) -> None:
        """Start the process, or let it import what is missing, without waiting until it is ready;
        `run` does.
        """
        if self._process is not None:
            self._import_missing()
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        command = [sys.executable, "-B", "-I", "-c", RUNNER, str(theirs.fileno()), str(self.index)]
        command += [str(self.limits.cell_idle), str(self.limits.check_idle), *self.preload]
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
        self._control = Control(ours)
        if self._stopped:
            self.end()

    def _start(self) -> Control:
        self.launch()
        assert self._process is not None
        assert self._control is not None
        if self._ready:
            self._import_missing()
            while self._imports:
                self._control.loaded()
                self._imports = False
                self._import_missing()
            return self._control
        self._ready = self._control.ready()
        if not self._ready:
            process, self._process = self._process, None
            process.kill()
            lines = (process.communicate()[1] or b"").decode(errors="replace").strip().splitlines()
            self.close()
            reason = lines[-1] if lines else "no reason given"
            raise CourseError(f"the grader's runner did not start: {reason}")
        # it has a folder of its own, and a grader that is killed leaves none
        if self.box.level == "bubblewrap":
            with contextlib.suppress(OSError):
                self._scratch.rmdir()
        return self._start()

    def _import_missing(self) -> None:
        missing = [module for module in self.preload if module not in self._loaded]
        if missing and self._ready and not self._imports and self._control is not None:
            with contextlib.suppress(OSError):  # it is gone, which `run` will find out
                self._control.ask_to_load(missing)
                self._loaded, self._imports = self.preload, True

    def end(self) -> None:
        """End the process, from any thread. Whoever waits for it hears that it is gone, and has to
        close it.
        """
        self._stopped = True
        control = self._control
        if control is not None:
            control.shut()

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

    def run(self, parcel: Parcel) -> Trace:
        """Run a job; once more, and carefully, when something in it went wrong that may have cost
        other checks.
        """
        asked = _now()
        control = self._start()
        began = _now()
        more = {"start of warm processes": began - asked}
        try:
            trace = Run(control, parcel, self.limits).trace()
        except Unclean as unclean:
            more["jobs run once more"] = _now() - began
            trace = Run(control, parcel, self.limits, careful=True, slow=unclean.slow).trace()
        return replace(trace, phases={**trace.phases, **more})


def observed(trace: Trace, name: str) -> codec.Json:
    """Outcomes of one check, or a reason why there are none."""
    return trace.observations.get(name) or [{"never": trace.problem or "no answer"}]
