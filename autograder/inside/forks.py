"""Forks, and what a process can say of itself."""

from __future__ import annotations

import _thread
import os
import resource
import time

cpu_seconds = time.process_time  # before anybody replaces it
# seconds of CPU beyond what is allowed, after which the system ends what no signal reached
BACKSTOP = 2


def fork() -> int:
    """`os.fork`, patient while other jobs of the same user use up its processes."""
    for _ in range(100):
        try:
            return os.fork()
        except BlockingIOError:
            most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
            time.sleep(0.05)
    return os.fork()


def alone() -> bool:
    """Whether this process has neither a second thread nor a child."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return _thread._count() == 0
    return False


def set_backstop(cpu: float) -> None:
    """Have the system end this process when it takes much more than `cpu` seconds from now: for
    loops outside Python, which no signal interrupts.
    """
    soft = int(cpu_seconds() + cpu) + BACKSTOP
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
