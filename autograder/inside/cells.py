"""The child of one job: behind the locks of the box it runs the cells, and keeps what checks will
look at.

At each graded cell it forks a *snapshot*, which waits. Graded cells share one when the learner's
cells between them only define something new, and when that is true of those behind them the child
itself is the last one, which is faster, unless the job is run carefully. The observing code reaches
the snapshots only after the judge has ended all else of the job and stopped listening to what cells
show.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import os
import random
import signal
import socket
from collections.abc import Iterator
from typing import Any

import numpy

from autograder.inside import lock, messages, scratch, snapshot, wire
from autograder.inside.forks import alone, cpu_seconds, fork, set_backstop
from autograder.inside.messages import AllDone, Cell, CellDone, Job, Message, Snapshot
from autograder.inside.shell import CaptureShell
from coursekit import plots, vtime

LEFT_OUT = {
    "output_type": "stream",
    "name": "stderr",
    "text": "(more than can be kept was shown here)",
}


def child(
    fds: list[int], shell: CaptureShell, pristine: dict[str, Any], level: str, number: int
) -> None:
    """Run one job, read from the first descriptor. Never returns.

    Args:
        fds: a socket to the judge, then one for each snapshot.
        pristine: the builtins as they were.
        number: of the job.
    """
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)  # an alarm may come a moment too late: `alarms`
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    judge = socket.socket(fileno=fds[0])
    scratch.own_files()
    lock.close(level, scratch.prepare(level, number))
    shell.settle()
    message = wire.receive(judge)
    if message is not None:
        job: Job = messages.read(message, Job)
        plots.remembered.update(
            {digest: base64.b64decode(png) for digest, png in job.pictures.items()}
        )
        random.seed()
        numpy.random.seed()
        _Cells(job, judge, iter(fds[1:]), shell, pristine).run()
    os._exit(0)


class _Cells:
    """The cells of a job, run one after the other."""

    def __init__(
        self,
        job: Job,
        judge: socket.socket,
        ends: Iterator[int],
        shell: CaptureShell,
        pristine: dict[str, Any],
    ) -> None:
        self.job, self.judge, self.ends, self.shell, self.pristine = (
            job,
            judge,
            ends,
            shell,
            pristine,
        )
        self.given: dict[str, Any] = {}  # what locked cells bound
        self.hangs = 0  # cells that never ended
        self.me = os.getpid()

    def run(self) -> None:
        """Run them all."""
        waiting = False
        for index, cell in enumerate(self.job.cells):
            if cell.kind == "checks":
                self.shell.execution_count += 1  # its cell has a number, too
                waiting = cell.waits
                if not waiting:
                    self._fork_snapshot()
            else:
                self._run(index, cell)
        if waiting and alone():  # this process is the last snapshot itself
            self._say(Snapshot(self.me))
            self._say(AllDone(cpu_seconds()))
            self.judge.close()
            self._answer(next(self.ends))
        if waiting:
            self._fork_snapshot()
        self._say(AllDone(cpu_seconds()))

    def _run(self, index: int, cell: Cell) -> None:
        if cell.own and self.hangs >= messages.MOST_HANGS:
            self._say(CellDone(index, [], messages.CELL_NOT_RUN, True))
            return
        cpu = self.job.cpu_again if cell.brief or self.hangs else self.job.cpu
        set_backstop(cpu)
        outputs, problem = self.shell.run(
            cell.source, functools.partial(vtime.limits, cpu, self.job.wall)
        )
        if os.getpid() != self.me:  # the cell forked and came back twice
            os._exit(0)
        if cell.kind == "locked":
            self.given.update(
                {n: self.shell.user_ns[n] for n in cell.names if n in self.shell.user_ns}
            )
        hung = problem is not None and problem.startswith(f"{vtime.TimeLimit.__name__}: ")
        self.hangs += hung
        try:
            self._say(CellDone(index, outputs, problem, hung))
        except (wire.Malformed, TypeError, ValueError, RecursionError):
            self._say(CellDone(index, [LEFT_OUT], problem, hung))

    def _say(self, message: Message) -> None:
        wire.send(self.judge, messages.as_json(message))

    def _answer(self, end: int) -> None:
        snapshot.answer(socket.socket(fileno=end), self.shell.user_ns, self.given, self.pristine)

    def _fork_snapshot(self) -> None:
        """Fork a process that keeps what is here, and answers on the first socket that is left."""
        end = next(self.ends)
        pid = fork()
        if pid == 0:
            try:
                self.judge.close()
                for other in self.ends:
                    os.close(other)
                self._answer(end)
            finally:
                os._exit(1)
        os.close(end)
        self._say(Snapshot(pid))
