"""The warm process: imports everything once, then forks a child for each job. It never sees a
lesson.

`main` takes arguments as `FD INDEX IDLE_CELL IDLE_CHECK [MODULE …]`: the control socket, which user
of root's to become, the seconds after which a cell and a check that do nothing are interrupted, and
modules to import. Orders are those of `messages.Order`. A job itself travels on the child's own
socket, so this process never reads it.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import os
import pkgutil
import select
import signal
import socket
import sys
from collections.abc import Sequence

import matplotlib.pyplot

import coursekit
from autograder.inside import cells, lock
from autograder.inside.alarms import Alarms
from autograder.inside.forks import fork
from autograder.inside.messages import Answer, Order, unpacked_names, unpacked_pids
from autograder.inside.shell import CaptureShell, warm_shell
from autograder.inside.watch import Watch

MAX_FDS = 64
NICENESS = 10  # of a job's processes: the one that watches them gets its turn first
MANY_OBJECTS = 10_000  # made between two looks for garbage: a job is short
A_FIGURE = """
import matplotlib.pyplot as plt
_, axes = plt.subplots(figsize=(2, 2))
axes.plot([1, 2], "o--", label="x")
axes.legend()
"""


def main() -> None:
    """Serve forks until the control socket closes."""
    control, level = socket.socket(fileno=int(sys.argv[1])), os.environ["AUTOGRADER_LEVEL"]
    _lock_up(level, int(sys.argv[2]))
    kit = [f"coursekit.{module.name}" for module in pkgutil.iter_modules(coursekit.__path__)]
    for module in (*kit, "numpy.random", *sys.argv[5:]):
        importlib.import_module(module)
    server = Server(control, level, _shell(), (float(sys.argv[3]), float(sys.argv[4])))
    control.send(Answer.READY)
    server.serve()


def _lock_up(level: str, index: int) -> None:
    if level != "trusted":
        lock.become_nobody(index)
    if level == "landlock":
        lock.threads_of_this_user()
    lock.visible_to_its_like()
    if level != "trusted":
        lock.get_ready()


def _shell() -> CaptureShell:
    """A shell that has drawn a figure and shown an error already."""
    shell = warm_shell()
    for warm_up in (A_FIGURE, "1/0"):
        shell.run(warm_up, contextlib.nullcontext)
    matplotlib.pyplot.close("all")
    gc.freeze()  # `reset` collects
    shell.reset(new_session=True)
    return shell


def _settle() -> None:
    """What is here now stays: no collection in a fork touches, and so copies, it."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(MANY_OBJECTS)


class Server:
    """Obeys orders, one job at a time.

    Args:
        idle: seconds that a cell, and a check, may do nothing.
    """

    def __init__(
        self, control: socket.socket, level: str, shell: CaptureShell, idle: tuple[float, float]
    ) -> None:
        self.control, self.level, self.shell, self.idle = control, level, shell, idle
        self.pristine = {n: getattr(builtins, n) for n in dir(builtins)}
        self.number = 0
        self.job: Watch | None = None  # until the judge ends it
        _settle()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    def serve(self) -> None:
        """Serve until the other end of the control socket is gone."""
        while True:
            if self.job and not select.select([self.control], [], [], self.job.pause)[0]:
                self.job.look()
                continue
            order, fds, *_ = socket.recv_fds(self.control, 1, MAX_FDS)
            if not order:
                if self.job:
                    self.job.end()
                return
            self._obey(order, fds)
            for fd in fds:
                os.close(fd)

    def _obey(self, order: bytes, fds: Sequence[int]) -> None:
        if order == Order.JOB:
            self._start(fds)
            self.control.send(Answer.STARTED)
        elif order == Order.LOAD:
            self._load(unpacked_names(self.control))
            self.control.send(Answer.DONE)
        elif order == Order.NEXT:
            if self.job:
                self.job.alarms.start_again()
        elif order == Order.ONLY:
            snapshots = unpacked_pids(self.control)
            if self.job:
                self.job.only(snapshots)
                self.control.send(self.job.cut)
        elif self.job:
            self.job.end()
            self.control.send(self.job.cut)
            self.job = None

    def _start(self, fds: Sequence[int]) -> None:
        self.number += 1
        pid = fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.nice(NICENESS)
            self.control.close()
            try:
                cells.child(list(fds), self.shell, self.pristine, self.level, self.number)
            finally:
                os._exit(1)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        self.job = Watch(pid, self.level, self.number, Alarms(*self.idle))

    def _load(self, modules: Sequence[str]) -> None:
        gc.disable()
        for module in modules:
            # what a learner imports may not be there, which the learner's own import will say
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        _settle()
