"""The warm process: imports everything once, then forks a child for each job. It never sees a lesson.

Run as `python -m autograder.runner.warm FD INDEX [MODULE …]`; it imports the modules named. On the control socket each
message is one byte:

- `j`, with file descriptors attached (the child's own socket, then one for each graded cell): fork a child. The job
  itself travels on the child's socket, so this process never reads it. Answer: `j`.
- `c`: kill the child, but not its snapshots. `g`: kill everything of the job. Answer: `.`, or the reason why the job
  was cut short: `m` too much memory, `p` too many processes.

In the child: cells run in lesson order, behind the locks of the box. At each graded cell the child forks a *snapshot*,
which waits. The observing code reaches the snapshots only after the judge has killed the child and stopped listening to
its output.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import resource
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot
import numpy

from autograder import sandbox
from autograder.runner import wire
from autograder.runner.shell import CaptureShell, warm_shell
from autograder.sandbox import lock
from coursekit import checks as kit, vtime
from coursekit.codec import Json, encode_raised

MAX_FDS = 64
WATCH = 0.05  # seconds between two looks at a job's memory
CELL_CPU, CELL_WALL = 20.0, 60.0  # seconds for one cell
HANG_CPU = 0.5  # seconds for a check, once two checks of its cell never ended
MAX_ANSWER = 8_000_000  # bytes of one check's observation
PAGE = resource.getpagesize()


def main() -> None:
    """Serve forks until the control socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    level = os.environ["AUTOGRADER_LEVEL"]
    if level != "trusted":
        lock.become_nobody(int(sys.argv[2]))
    for module in sys.argv[3:]:
        importlib.import_module(module)
    shell = warm_shell()
    a_figure = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1])\nax.set_title('x');"
    for warm_up in (a_figure, "1/0"):
        shell.run(warm_up, contextlib.nullcontext)
    shell.reset(new_session=True)
    matplotlib.pyplot.close("all")
    pristine = {n: getattr(builtins, n) for n in dir(builtins)}
    gc.collect()
    gc.freeze()
    _huge_pages()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(b"r")
    child, why, number = 0, b".", 0
    while True:
        if child and not select.select([control], [], [], WATCH)[0]:
            why = _watch(child, level) or why
            continue
        message, fds, *_ = socket.recv_fds(control, 1, MAX_FDS)
        if not message:
            _end(child, level)
            return
        if message == b"j":
            number += 1
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                try:
                    _child(fds, shell, pristine, level, number)
                finally:
                    os._exit(1)
            child, why = pid, b"."
            with contextlib.suppress(OSError):
                os.setpgid(pid, pid)
            control.send(b"j")
        elif child:
            if message == b"c":
                with contextlib.suppress(OSError):
                    os.kill(child, signal.SIGKILL)
            else:
                _end(child, level)
                child = 0
            control.send(why)
        for fd in fds:
            os.close(fd)


def _huge_pages() -> None:
    """Ask Linux to back this process's memory with huge pages: a fork copies fewer entries. Only for speed."""
    huge, advise, collapse = 2 << 20, 14, 25
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for line in Path("/proc/self/maps").read_text().splitlines():
            span, rights, _, _, inode, *name = line.split(None, 5)
            if rights != "rw-p" or inode != "0" or (name and name[0] != "[heap]"):
                continue
            low, high = (int(end, 16) for end in span.split("-"))
            low, high = -(-low // huge) * huge, high // huge * huge
            if low < high:
                for what in (advise, collapse):
                    libc.madvise(ctypes.c_void_p(low), ctypes.c_size_t(high - low), what)


def _end(child: int, level: str) -> None:
    """Nothing of the job lives on."""
    with contextlib.suppress(OSError):
        if level == "bubblewrap":
            os.kill(-1, signal.SIGKILL)  # in a process tree of its own: everybody but init and this process
        elif child:
            os.killpg(child, signal.SIGKILL)


def _watch(child: int, level: str) -> bytes:
    """Keep the job's processes within their limits together. Returns the reason when it had to step in."""
    sizes: dict[int, int] = {}
    for entry in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if not entry.isdigit() or int(entry) in (1, os.getpid()):
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            if level != "bubblewrap" and os.getpgid(int(entry)) != child:
                continue
            size, shared = Path("/proc", entry, "statm").read_text().split()[1:3]
            sizes[int(entry)] = (int(size) - int(shared)) * PAGE
    if len(sizes) > sandbox.TREE_PROCESSES:
        _end(child, level)
        return b"p"
    if sum(sizes.values()) > sandbox.TREE_MEMORY:
        with contextlib.suppress(OSError):
            os.kill(max(sizes, key=lambda pid: sizes[pid]), signal.SIGKILL)
        return b"m"
    return b""


@contextlib.contextmanager
def _cell_limits() -> Iterator[None]:
    with vtime.limits(CELL_CPU, CELL_WALL):
        yield


def _fork() -> int:
    """`os.fork`, patient while other jobs of the same user use up its processes."""
    for _ in range(100):
        try:
            return os.fork()
        except BlockingIOError:
            time.sleep(0.05)
    return os.fork()


def _own_folder(level: str, number: int) -> Path:
    """A fresh folder for this job, and none of the jobs before."""
    home = Path(os.environ["HOME"])
    for old in home.glob("job-*"):
        shutil.rmtree(old, ignore_errors=True)
    folder = home / f"job-{number}"
    folder.mkdir()
    os.chdir(folder)
    for name in ("HOME", "TMPDIR"):
        os.environ[name] = str(folder)
    return folder


def _child(fds: list[int], shell: CaptureShell, pristine: dict[str, Any], level: str, number: int) -> None:
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    judge, ends = socket.socket(fileno=fds[0]), fds[1:]
    lock.close(level, [_own_folder(level, number)])
    job = wire.receive(judge)
    if job is None:
        os._exit(0)
    random.seed()
    numpy.random.seed()
    given: dict[str, Any] = {}
    snapshots = 0
    for index, step in enumerate(job["steps"]):
        if step["kind"] == "checks":
            if _fork() == 0:
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
    pid = _fork()
    if pid == 0:
        try:
            os.close(out)
            backstop = int(cpu * (1 + min(len(seeds or ()), 2))) + 2  # for loops that never come back to Python
            resource.setrlimit(resource.RLIMIT_CPU, (backstop, backstop))
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
            why = "more than its share of real time"  # it may sleep on; the end of the job ends it
            break
        part = os.read(out, 1 << 16)
        if not part:
            break
        parts.append(part)
        if sum(map(len, parts)) > MAX_ANSWER:
            why = "more data than a check may return"
            break
    os.close(out)
    if why:
        return [{"never": why}]
    os.waitpid(pid, 0)
    try:
        outcomes = json.loads(b"".join(parts))
    except ValueError:
        return [{"never": "the process ended before it answered"}]
    return outcomes if isinstance(outcomes, list) else [{"never": "no answer"}]


if __name__ == "__main__":
    main()
