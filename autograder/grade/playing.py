"""Playing answers beside the judge: `coursekit.played` in a child with limits of its own.

All checks of one submission that are judged by what happens are judged in one child, a fork of the
judge, run after run. A world that loops for ever or eats memory ends the child, never the judge,
and costs only the checks that read that run: the rest goes on in another child. The child holds
none of the judge's files, and what it says is a verdict and a sentence for each check.

Answers are data here. No line of a learner's code runs in the child.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from autograder.inside import forks
from coursekit import checks as kit
from coursekit.played import CPU_SECONDS, WALL_SECONDS, Told, Verdict, played

MEMORY = 1 << 30  # bytes that a child may use beyond what the judge held
# of real time for a child to go on saying something, beyond a world's and its claims' own
PATIENCE = 2 * WALL_SECONDS + 30.0
CRASHED = "the simulation crashed"


@dataclass(frozen=True)
class Task:
    """A check whose answer is to be played."""

    check: kit.Check
    outcomes: Any  # as the learner's process sent them
    expect: played

    @property
    def run(self) -> tuple[str, object, str]:
        """What checks have in common that read one run."""
        return json.dumps(self.outcomes, sort_keys=True), self.expect.world, self.expect.seed

    @property
    def has_answer(self) -> bool:
        """Whether anything could be played. The rest of what was sent may be forged."""
        return isinstance(self.outcomes, list) and any(
            isinstance(one, dict) and "returned" in one for one in self.outcomes
        )


@dataclass(frozen=True)
class Judged:
    """The rows of tasks, in their order, and the seconds of CPU that they took."""

    rows: tuple[kit.Row, ...]
    cpu: float = 0.0


def play(tasks: Sequence[Task], salt: str) -> Judged:
    """Judge what is to be played. From any thread. Total: each task gets a row.

    Args:
        salt: what makes the random worlds of this grading.
    """
    told: dict[int, Told] = {}
    cpu = 0.0
    can_fork = hasattr(os, "fork")
    runs = {n: task.run for n, task in enumerate(tasks) if can_fork and task.has_answer}
    order = list(dict.fromkeys(runs.values()))
    waiting = sorted(runs, key=lambda n: order.index(runs[n]))  # checks of one run side by side
    while waiting:
        child = _Child(tasks, waiting, salt)
        for number, verdict, sentence in child.said():
            told[number] = Told(verdict, sentence)
        cpu += child.cpu
        left = [n for n in waiting if n not in told]
        if left:  # it ended under the first of them, and would under all that read the same run
            told |= {n: child.end for n in left if runs[n] == runs[left[0]]}
        waiting = [n for n in left if n not in told]
    rows = tuple(_row(task, told.get(n), salt) for n, task in enumerate(tasks))
    return Judged(rows, cpu)


def _row(task: Task, told: Told | None, salt: str) -> kit.Row:
    if told is None:  # nothing was handed in, or there is no fork here
        return kit.judge(task.check, task.outcomes, task.expect, salt)
    return kit.Row(task.check, told.verdict, told.sentence, str(task.expect))


class _Child:
    """A fork of this process that judges some tasks, one after the other."""

    def __init__(self, tasks: Sequence[Task], numbers: Sequence[int], salt: str) -> None:
        self.cpu = 0.0
        self.end = Told("error", CRASHED)
        self._reads, writes = os.pipe()
        try:
            self._pid = forks.fork()
            if self._pid == 0:
                _in_child(tasks, numbers, salt, writes)
        except BaseException:
            os.close(self._reads)
            raise
        finally:
            os.close(writes)

    def said(self) -> Iterator[tuple[int, Verdict, str]]:
        """What it says, until it ends or is ended; then `cpu` and `end` tell how."""
        over = False
        try:
            for line in self._lines():
                number, verdict, sentence = json.loads(line)
                yield number, verdict, sentence
            over = True
        except TimeoutError:
            pass
        finally:
            if not over:
                os.kill(self._pid, signal.SIGKILL)
            os.close(self._reads)
            _, status, spent = os.wait4(self._pid, 0)
            self.cpu = spent.ru_utime + spent.ru_stime
            self.end = _told(status, late=not over)

    def _lines(self) -> Iterator[bytes]:
        """Whole lines, as they come. Raises `TimeoutError` when nothing comes for too long."""
        ready, held = select.poll(), b""
        ready.register(self._reads, select.POLLIN)
        while True:
            if not ready.poll(1000 * PATIENCE):
                raise TimeoutError
            data = os.read(self._reads, 65_536)
            if not data:
                return
            *lines, held = (held + data).split(b"\n")
            yield from lines


def _told(status: int, late: bool) -> Told:
    """How a child ended that did not say everything."""
    if late:
        return Told("not judged", "the simulation did not answer in time: grade again")
    if not os.WIFSIGNALED(status):
        return Told("error", CRASHED)
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return Told("timeout", f"the simulation was stopped after {CPU_SECONDS:g} s of CPU time")
    if number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):  # of the system, or somebody
        return Told("not judged", "the simulation was ended from outside: grade again")
    return Told("error", f"{CRASHED} ({signal.Signals(number).name})")


# --------------------------------------------------------------------------------- in the child


def _in_child(tasks: Sequence[Task], numbers: Sequence[int], salt: str, writes: int) -> NoReturn:
    """Judge, and say each verdict as soon as it is known. Whatever happens, the child ends here."""
    code = 1
    try:
        gc.freeze()  # what the judge holds stays shared with it
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGXCPU):
            signal.signal(name, signal.SIG_DFL)
        _forget_files(writes)
        _limit_memory()
        for number in numbers:
            task = tasks[number]
            forks.set_backstop(2 * CPU_SECONDS)  # loops that no signal interrupts
            row = kit.judge(task.check, task.outcomes, task.expect, salt)
            said = json.dumps([number, row.verdict, row.seen]).encode() + b"\n"
            while said:
                said = said[os.write(writes, said) :]
        code = 0
    finally:
        os._exit(code)


def _forget_files(writes: int) -> None:
    """Keep none of the judge's files: while a copy is open here, others wait for its end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    try:
        numbers = list(map(int, os.listdir("/proc/self/fd")))
    except OSError:
        numbers = list(range(os.sysconf("SC_OPEN_MAX")))
    for one in numbers:
        if one > 2 and one != writes:
            with contextlib.suppress(OSError):
                os.close(one)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (it ends with the process)
    sys.stdout = sys.stderr = open(1, "w", closefd=False)  # noqa: SIM115


def _limit_memory() -> None:
    """Limit what it takes beyond what it has. Linux tells, and limits data: what tools and
    libraries only reserve is no use of memory.
    """
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as file:
            held = int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        soft = held + MEMORY
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
