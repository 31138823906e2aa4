"""Code that waits for what never comes: found by what the system says of its processes, not by a
clock on the wall.

A process runs, waits for a processor, or waits for something else. On a busy machine only the
second grows. When no process of a job has run or waited for a processor for a while, what it waits
for never comes. When one has used up its CPU time and goes on, its main thread waits for another,
and has not heard of it. Both get an alarm, which `vtime.limits` makes an exception of.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from autograder.inside.forks import BACKSTOP

# of the time between two looks: a process that runs less is idle, polling loops included
BUSY_SHARE = 0.1
LOOK_SECONDS = 0.2  # whoever looks less often was kept from it, as the job may have been
ALARM_SECONDS = 0.2  # between two alarms for what is idle: code may swallow the first
MOST_ALARMS = 10  # of one idle process; then it ends
OVERDUE_ALARM_SECONDS = 1.0  # the same for what is overdue; the system ends it at last
TICKS = os.sysconf("SC_CLK_TCK")  # of a second, in which the system counts CPU time
LATER_SHARE = 0.25  # of the time, once something of the job has been interrupted


class Alarms:
    """Alarms for the processes of one job.

    Args:
        cells: seconds, for cells.
        checks: seconds, for checks.
    """

    def __init__(self, cells: float, checks: float) -> None:
        self._limit, self._checks = cells, checks
        self._seconds = 0.0
        self._looked = time.monotonic()
        self._turns: dict[int, int] = {}
        self._alarms: Counter[int] = Counter()
        self._woken: dict[int, float] = {}  # when those that are overdue had their last alarm
        # some systems do not tell: then real time ends what waits
        self._known = _turns(os.getpid()) > 0

    def start_again(self) -> None:
        """What was idle until now has ended."""
        self._seconds = 0.0

    def checks_begin(self) -> None:
        """From now on it is checks that wait."""
        self._limit, self._seconds = self._checks, 0.0

    def look(self, members: Sequence[int]) -> None:
        """Wake those whose CPU time is over, and all that have been idle for too long."""
        for pid in members:
            if (
                _overdue(pid)
                and _hears_alarms(pid)
                and time.monotonic() - self._woken.get(pid, 0.0) > OVERDUE_ALARM_SECONDS
            ):
                self._woken[pid] = time.monotonic()
                _send(pid, signal.SIGALRM)
        if self._known:
            self._look_for_idle(members)

    def _look_for_idle(self, members: Sequence[int]) -> None:
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, LOOK_SECONDS), now
        before, self._turns = self._turns, {pid: _turns(pid) for pid in members}
        busiest = max((turns - before.get(pid, 0) for pid, turns in self._turns.items()), default=0)
        if busiest > BUSY_SHARE * passed * 1e9:
            self._seconds = max(0.0, self._seconds - passed)
            return
        self._seconds += passed
        limit = self._limit * (LATER_SHARE if self._alarms else 1.0)
        if self._seconds >= limit:
            guarded = [pid for pid in members if _hears_alarms(pid)]
            # else they wait for the judge
            self._seconds = max(0.0, limit - ALARM_SECONDS) if guarded else 0.0
            for pid in guarded:
                self._alarms[pid] += 1
                _send(pid, signal.SIGALRM if self._alarms[pid] <= MOST_ALARMS else signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def _overdue(pid: int) -> bool:
    """Whether a process has taken more CPU seconds than `forks.set_backstop` was told, the backstop
    aside.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        soft, hard = resource.prlimit(pid, resource.RLIMIT_CPU)
        if soft < hard:
            fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
            return sum(map(int, fields[11:13])) / TICKS > soft - BACKSTOP + 1
    return False


def _turns(pid: int) -> int:
    """Nanoseconds in which a process's threads ran or waited for a processor."""
    total = 0
    with contextlib.suppress(OSError):
        for task in Path("/proc", str(pid), "task").iterdir():
            with contextlib.suppress(OSError):
                ran, waited, *_ = (task / "schedstat").read_text().split()
                total += int(ran) + int(waited)
    return total


def _hears_alarms(pid: int) -> bool:
    """Whether a process has a handler for alarms, as it has while a cell or a check runs."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc", str(pid), "status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGALRM - 1) & 1)
    return False
