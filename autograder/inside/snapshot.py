"""A snapshot: a process that has kept what a graded cell found, and makes its checks.

It makes them itself. If one of them never ends, dies or leaves a thread or a process behind, the
judge has the whole job run once more, carefully: then a fork of the snapshot makes the checks, and
a new one goes on behind whatever went wrong, so that it costs its own check only.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from autograder.inside import messages, wire
from autograder.inside.forks import alone, cpu_seconds, fork, set_backstop
from autograder.inside.messages import MOST_HANGS, Check, CheckDone, Observe
from coursekit import checks as kit, vtime
from coursekit.codec import Json, encode_raised

BATCH_SECONDS = 0.05  # what a snapshot sees in less is sent in one message
# seconds for a check that is made without care: one that needs more is made once more
FIRST_CPU = 1.0
LATE_SECONDS = 2.0  # of real time that an answer may be late
HANG_CPU = 1.0  # seconds for a check, once two have never ended
# seconds of CPU after which a check that is found to be endless counts as one that used up its time
HANG_SECONDS = 0.5
TOO_MUCH: list[Json] = [{"never": "more data than a check may return"}]


def answer(
    judge: socket.socket, names: dict[str, Any], given: dict[str, Any], pristine: dict[str, Any]
) -> None:
    """Answer one order after another, until the judge has no more. Never returns.

    Args:
        names: what the cells have left.
        given: what the locked cells bound.
        pristine: the builtins as they were.
    """
    gc.freeze()  # collections in forks to come shall not touch, and so copy, what is here
    began = cpu_seconds()
    while (message := wire.receive(judge)) is not None:
        order: Observe = messages.read(message, Observe)
        world = dict(names)
        broken = _prepared(world, order, given, pristine)
        if broken:
            _say(judge, [CheckDone(check.name, broken, True, False) for check in order.checks])
        elif order.careful:
            _with_forks(judge, world, order)
        else:
            _observe(
                judge,
                world,
                [(check, min(check.cpu, FIRST_CPU)) for check in order.checks],
                BATCH_SECONDS,
                began,
            )
        began = cpu_seconds()
    os._exit(0)


def _prepared(
    world: dict[str, Any], order: Observe, given: dict[str, Any], pristine: dict[str, Any]
) -> list[Json]:
    """Bring observing code into a learner's world. Returns what is wrong with every check, or
    nothing.
    """
    for name in order.restore:
        if name in given:
            world[name] = given[name]
        elif name in kit.provided:
            world[name] = kit.provided[name]
        elif name in pristine:
            world[name] = pristine[name]
    try:
        exec(wire.text_as_code(order.code, order.source), world)
    except BaseException as error:
        return [encode_raised(error)]
    return []


def _with_forks(judge: socket.socket, world: dict[str, Any], order: Observe) -> None:
    left, hangs = collections.deque(order.checks), order.hangs
    while left and hangs < MOST_HANGS:
        for done in _observed(world, [(check, _cpu(check, hangs)) for check in left]):
            left.popleft()
            hangs += done.hung
            _say(judge, [done])
    if left:
        _say(
            judge,
            [CheckDone(check.name, [{"never": messages.NOT_RUN}], True, False) for check in left],
        )


def _cpu(check: Check, hangs: int) -> float:
    return check.cpu if hangs < MOST_HANGS - 1 else min(HANG_CPU, check.cpu)


def _observed(world: dict[str, Any], checks: Sequence[tuple[Check, float]]) -> Iterator[CheckDone]:
    """What some of the checks saw, at least the first, in order, from one fork of this process.

    A check that never ends, dies or leaves a thread or a process behind is the last of its fork.
    """
    ours, theirs = socket.socketpair()
    pid = fork()
    if pid == 0:
        try:
            ours.close()
            _observe(theirs, world, checks)
        finally:
            os._exit(0)
    theirs.close()
    with ours:
        for check, cpu in checks:
            done = _heard(ours, pid, check, cpu)
            yield done
            if not done.goes_on:
                break
    with contextlib.suppress(OSError):  # where signals are refused, the end of the job ends it
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _heard(observer: socket.socket, pid: int, check: Check, cpu: float) -> CheckDone:
    """What a fork says of one check. It has no secrets from the learner's code, and is not believed
    to be well.
    """
    name = check.name
    try:
        message = wire.receive(observer, vtime.real.monotonic() + check.wall + LATE_SECONDS)
        if message is None:
            return _never(name, *_ended(pid, cpu))
        (done,) = messages.read(message, list[CheckDone])
        return done if done.name == name else _never(name, "no answer")
    except TimeoutError:
        return _never(name, "more than its share of real time", hung=True)
    except wire.Malformed:
        return CheckDone(name, TOO_MUCH, False, False)
    except ValueError:
        return _never(name, "no answer")


def _never(name: str, why: str, hung: bool = False) -> CheckDone:
    return CheckDone(name, [{"never": why}], False, hung)


def _ended(pid: int, cpu: float) -> tuple[str, bool]:
    """Why a fork is gone, and whether it had used up its time."""
    code = 0
    with contextlib.suppress(OSError):
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == -signal.SIGXCPU:
        return f"{vtime.OUT_OF_TIME} {cpu:g} s of CPU time", True
    return "the process ended before it answered", code == -signal.SIGKILL  # by those who watch it


def _observe(
    listener: socket.socket,
    world: dict[str, Any],
    checks: Sequence[tuple[Check, float]],
    at_least: float = 0.0,
    spent: float = 0.0,
) -> None:
    """Make the checks here, one after the other, until one leaves something behind.

    Args:
        checks: each with the CPU seconds that it may take for each seed.
        at_least: seconds between two messages; what is seen meanwhile is sent together.
        spent: CPU seconds of this process that belong to none of these checks.
    """
    seen: list[CheckDone] = []
    sent = vtime.real.monotonic()
    for n, (check, cpu) in enumerate(checks, 1):
        outcomes, hung = _outcomes(world[check.name], check.seeds, cpu)
        goes_on = "never" not in outcomes[-1] and alone()
        spent, before = cpu_seconds(), spent
        seen.append(CheckDone(check.name, outcomes, goes_on, hung, spent - before))
        if not goes_on or n == len(checks) or vtime.real.monotonic() - sent >= at_least:
            goes_on = _say(listener, seen) and goes_on
            seen, sent = [], vtime.real.monotonic()
        if not goes_on:
            return


def _outcomes(
    check: kit.Observing, seeds: Sequence[str] | None, cpu: float
) -> tuple[list[Json], bool]:
    """What a check saw for each of its seeds, and whether it used up its time."""
    outcomes: list[Json] = []
    began = cpu_seconds()
    for worlds in [None] if seeds is None else [[seed] for seed in seeds]:
        set_backstop(cpu)
        began = cpu_seconds()
        outcomes += kit.observe(check, worlds, cpu, messages.wall(cpu))
        if "never" in outcomes[-1]:
            break
    never = outcomes[-1].get("never", "")
    return outcomes, bool(never) and (
        str(never).startswith(vtime.OUT_OF_TIME) or cpu_seconds() - began >= HANG_SECONDS
    )


def _say(listener: socket.socket, seen: list[CheckDone]) -> bool:
    """Send what checks saw. Whether all of it could be sent."""
    try:
        wire.send(listener, [messages.as_json(one) for one in seen])
        return True
    except wire.Malformed:
        pass
    for one in seen:
        try:
            wire.send(listener, [messages.as_json(one)])
        except wire.Malformed:
            wire.send(listener, [messages.as_json(CheckDone(one.name, TOO_MUCH, False, False))])
            return False
    return True
