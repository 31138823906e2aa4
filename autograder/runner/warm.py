"""The warm process: imports everything once, then forks a child for each job. It never sees a lesson.

Run as `python -m autograder.runner.warm FD`. On the control socket each message is one byte with file descriptors
attached: first the child's own socket, then one for each graded cell. The job itself travels on the child's socket, so
this process never reads it.

In the child: cells run in lesson order. At each graded cell the child forks a *snapshot*, which waits. The observing
code reaches the snapshots only after the judge has killed the child and stopped listening to its output.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import json
import os
import random
import resource
import select
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any

import matplotlib  # noqa: ICN001
import numpy
import pandas  # noqa: F401
import scipy.stats  # noqa: F401

import coursekit  # noqa: F401
from autograder.runner import wire
from autograder.runner.shell import CaptureShell, warm_shell
from coursekit import checks as kit, vtime
from coursekit.codec import Json, encode_raised

MAX_FDS = 64
CELL_CPU, CELL_WALL = 20.0, 60.0  # seconds for one cell
HANG_CPU = 0.5  # seconds for a check, once two checks of its cell never ended
MAX_ANSWER = 8_000_000  # bytes of one check's observation


def main() -> None:
    """Serve forks until the control socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    shell = warm_shell()
    for warm_up in ("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1])\nax.set_title('x');", "1/0"):
        shell.run(warm_up, contextlib.nullcontext)
    shell.reset(new_session=True)
    matplotlib.pyplot.close("all")
    random_names = {n: getattr(builtins, n) for n in dir(builtins)}
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(b"r")
    while True:
        message, fds, *_ = socket.recv_fds(control, 1, MAX_FDS)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            try:
                _child(fds, shell, random_names)
            finally:
                os._exit(1)
        for fd in fds:
            os.close(fd)
        control.send(pid.to_bytes(4, "big"))


@contextlib.contextmanager
def _cell_limits() -> Iterator[None]:
    with vtime._limits(CELL_CPU, CELL_WALL):
        yield


def _child(fds: list[int], shell: CaptureShell, pristine: dict[str, Any]) -> None:
    os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    judge, ends = socket.socket(fileno=fds[0]), fds[1:]
    job = wire.receive(judge)
    if job is None:
        os._exit(0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, value in job["limits"].items():
        number = getattr(resource, f"RLIMIT_{name}")
        resource.setrlimit(number, (value, value))
    scratch = job["scratch"]
    os.makedirs(scratch, exist_ok=True)
    os.chdir(scratch)
    os.environ["TMPDIR"] = os.environ["HOME"] = scratch
    random.seed()
    numpy.random.seed()
    given: dict[str, Any] = {}
    snapshots = 0
    for index, step in enumerate(job["steps"]):
        if step["kind"] == "checks":
            if os.fork() == 0:
                try:
                    judge.close()
                    mine = socket.socket(fileno=ends[snapshots])
                    for other in ends[snapshots + 1 :]:
                        os.close(other)
                    _snapshot(mine, shell.user_ns, given, pristine)
                finally:
                    os._exit(1)
            os.close(ends[snapshots])
            snapshots += 1
            continue
        outputs, problem = shell.run(step["source"], _cell_limits)
        if step["kind"] == "locked":
            given.update({n: shell.user_ns[n] for n in step["names"] if n in shell.user_ns})
        wire.send(judge, {"step": index, "outputs": outputs, "problem": problem})
    wire.send(judge, {"done": True})
    os._exit(0)


def _snapshot(judge: socket.socket, names: dict[str, Any], given: dict[str, Any], pristine: dict[str, Any]) -> None:
    work = wire.receive(judge)
    if work is None:
        os._exit(0)
    world = dict(names)
    for name in work["restore"]:
        if name in given:
            world[name] = given[name]
        elif name in kit.provided:
            world[name] = kit.provided[name]
        elif name in pristine:
            world[name] = pristine[name]
    broken: Json = None
    try:
        import __future__

        code = compile(work["source"], "<checks>", "exec", __future__.annotations.compiler_flag, True)
        exec(code, world)
    except BaseException as error:
        broken = [encode_raised(error)]
    hangs = 0
    for check in work["checks"]:
        cpu = check["cpu"] if hangs < 2 else min(HANG_CPU, check["cpu"])
        outcomes = broken or _forked(world, check["name"], check["seeds"], cpu)
        hangs += any(isinstance(o, dict) and "never" in o for o in outcomes)
        wire.send(judge, {"name": check["name"], "outcomes": outcomes})
    os._exit(0)


def _forked(world: dict[str, Any], name: str, seeds: list[str] | None, cpu: float) -> Json:
    """Run one check in a fork of this process and return its outcomes."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(out)
            body = json.dumps(kit.observe(world[name], seeds, cpu)).encode()
            while body:
                body = body[os.write(into, body) :]
        finally:
            os._exit(0)
    os.close(into)
    deadline = vtime.real.monotonic() + 5 * cpu + 2.0
    parts: list[bytes] = []
    why = ""
    while True:
        left = deadline - vtime.real.monotonic()
        if left <= 0 or not select.select([out], [], [], left)[0]:
            why = "more than its share of real time"
            break
        part = os.read(out, 1 << 16)
        if not part:
            break
        parts.append(part)
        if sum(map(len, parts)) > MAX_ANSWER:
            why = "more data than a check may return"
            break
    os.close(out)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if why:
        return [{"never": why}]
    try:
        outcomes = json.loads(b"".join(parts))
    except ValueError:
        return [{"never": "the process ended before it answered"}]
    return outcomes if isinstance(outcomes, list) else [{"never": "no answer"}]


if __name__ == "__main__":
    main()
