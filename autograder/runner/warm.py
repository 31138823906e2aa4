"""The warm process: imports everything once, then forks a child for each job. It never sees a lesson.

`main` takes arguments as `FD INDEX [MODULE …]`; it imports the modules named. On the control socket each message is one
byte:

- `j`, with file descriptors attached (the child's own socket, then one for each snapshot): fork a child. The job
  itself travels on the child's socket, so this process never reads it. Answer: `j`.
- `i`, two bytes of length, and the names of modules: import them, too. Answer: `.`.
- `c`, a number and so many process ids: kill everything of the job but these, its snapshots. `g`: kill everything.
  Answer: `.`, or the reason why the job was cut short: `m` too much memory, `p` too many processes, `f` too many
  files, `s` too much disk space, `d` too many descriptors.

In the child: cells run in lesson order, behind the locks of the box. At each graded cell the child forks a *snapshot*,
which waits. Graded cells share one when the learner's cells between them only define something new, and when that is
true of those behind them the child itself is the last one, which is faster, unless the job is run carefully. The
observing code reaches the snapshots only after the judge has ended all else of the job and stopped listening to what
cells show: first that of visible checks, whose observations are shown, and when all of those are in, the hidden code.

A snapshot makes its checks itself. If one of them never ends, dies or leaves a thread or a process behind, the judge
has the whole job run once more, carefully: then a fork of the snapshot makes the checks, and a new one goes on behind
whatever went wrong, so that it costs its own check only.
"""

from __future__ import annotations

import _thread
import base64
import builtins
import collections
import contextlib
import functools
import gc
import importlib
import os
import pkgutil
import random
import resource
import select
import signal
import socket
import stat
import struct
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot
import numpy

import coursekit
from autograder import sandbox
from autograder.runner import wire
from autograder.runner.shell import CaptureShell, warm_shell
from autograder.sandbox import lock
from coursekit import checks as kit, plots, vtime
from coursekit.codec import Json, encode_raised

MAX_FDS = 64
WATCH, CLOSE_WATCH = 0.1, 0.01  # seconds between two looks at a job's memory; once it uses a quarter of its share
NICENESS = 10  # of a job's processes: the one that watches them gets its turn first
TOGETHER = 0.05  # seconds; what a snapshot sees in less is told in one message
HANG_CPU = 0.5  # seconds for a check, once two checks of its cell never ended
TOO_MUCH: list[Json] = [{"never": "more data than a check may return"}]
A_FIGURE = """
import matplotlib.pyplot as plt
_, axes = plt.subplots(figsize=(2, 2))
axes.plot([1, 2], "o--", label="x")
axes.legend()
"""
_cpu_seconds = time.process_time  # before anybody replaces it
MANY_OBJECTS = 10_000  # made between two looks for garbage: a job is short
LEFT_OUT = {"output_type": "stream", "name": "stderr", "text": "(more than can be kept was shown here)"}


def main() -> None:
    """Serve forks until the control socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    level = os.environ["AUTOGRADER_LEVEL"]
    if level != "trusted":
        lock.become_nobody(int(sys.argv[2]))
    if level == "landlock":
        lock.threads_of_this_user()
    lock.visible_to_its_like()
    if level != "trusted":
        lock.get_ready()
    ours = [f"coursekit.{m.name}" for m in pkgutil.iter_modules(coursekit.__path__)]  # the kit; jobs name their worlds
    for module in (*ours, "numpy.random", *sys.argv[3:]):
        importlib.import_module(module)
    shell = warm_shell()
    for warm_up in (A_FIGURE, "1/0"):
        shell.run(warm_up, contextlib.nullcontext)
    matplotlib.pyplot.close("all")
    gc.freeze()  # `reset` collects
    shell.reset(new_session=True)
    pristine = {n: getattr(builtins, n) for n in dir(builtins)}
    _settle()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(b"r")
    child, why, number, pause = 0, b".", 0, WATCH
    snapshots: list[int] = []
    while True:
        if child and not select.select([control], [], [], pause)[0]:
            used, reason = _watch(child, level, number, snapshots)
            why, pause = reason or why, CLOSE_WATCH if used > sandbox.TREE_MEMORY // 4 else WATCH
            continue
        message, fds, *_ = socket.recv_fds(control, 1, MAX_FDS)
        if not message:
            _end(child, level)
            return
        if message == b"j":
            number += 1
            pid = _fork()
            if pid == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.nice(NICENESS)
                control.close()
                try:
                    _child(fds, shell, pristine, level, number)
                finally:
                    os._exit(1)
            child, why, snapshots = pid, b".", []
            with contextlib.suppress(OSError):
                os.setpgid(pid, pid)
            control.send(b"j")
        elif message == b"i":
            gc.disable()
            for module in control.recv(struct.unpack(">H", control.recv(2))[0]).decode().split():
                importlib.import_module(module)
            _settle()
            control.send(b".")
        elif child:
            if message == b"c":
                snapshots = _pids(control)
                why = _only(snapshots, child, level) or why
            else:
                _end(child, level)
                child = 0
            control.send(why)
        for fd in fds:
            os.close(fd)


def _settle() -> None:
    """What is here now stays: no collection in a fork touches, and so copies, it."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(MANY_OBJECTS)


def _end(child: int, level: str) -> None:
    """Nothing of the job lives on."""
    with contextlib.suppress(OSError):
        if level == "bubblewrap":
            os.kill(-1, signal.SIGKILL)  # in a process tree of its own: everybody but init and this process
        elif child:
            os.killpg(child, signal.SIGKILL)


def _pids(control: socket.socket) -> list[int]:
    (count,) = struct.unpack(">H", control.recv(2, socket.MSG_WAITALL))
    return list(struct.unpack(f">{count}I", control.recv(4 * count, socket.MSG_WAITALL))) if count else []


def _members(child: int, level: str) -> list[int]:
    """The processes of the job."""
    out = []
    for entry in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if entry.isdigit() and int(entry) not in (1, os.getpid()):
            with contextlib.suppress(OSError):
                if level == "bubblewrap" or os.getpgid(int(entry)) == child:
                    out.append(int(entry))
    return out


def _only(keep: list[int], child: int, level: str) -> bytes:
    """End all processes of the job but `keep`."""
    for _ in range(100):
        others = set(_members(child, level)).difference(keep)
        if others - {child}:
            others = {pid for pid in others if _sizes(pid)}
        for pid in others:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not others - {child}:
            return b""
        time.sleep(0.002)
    _end(child, level)
    return b"p"


def _watch(child: int, level: str, number: int, snapshots: list[int]) -> tuple[int, bytes]:
    """Keep the job's processes within their limits together. Too many end, and the snapshots go on.

    Returns:
        At most how many bytes they use, and the reason when it had to step in.
    """
    members = _members(child, level)
    sizes = {} if len(members) > sandbox.TREE_PROCESSES else {pid: told for pid in members if (told := _sizes(pid))}
    descriptors = sum(told["FDSize"] for told in sizes.values())
    why = b""
    if len(members) > sandbox.TREE_PROCESSES:
        if snapshots:
            return 0, _only(snapshots, child, level) or b"p"
        why = b"p"
    elif descriptors > sandbox.TREE_DESCRIPTORS:
        why = b"d"
    elif level == "bubblewrap":  # its scratch folders are file systems of their own, of limited size
        if max(map(_files, (os.environ["HOME"], str(sandbox.SHARED)))) > sandbox.SCRATCH_FILES:
            why = b"f"
    else:
        size, files = _written(_folder(number), sizes)
        why = b"f" if files > sandbox.SCRATCH_FILES else b"s" if size > sandbox.SCRATCH else b""
    if why:
        _end(child, level)
        return 0, why
    mine = _sizes(os.getpid()).get("RssAnon", 0)  # at most this much of each process is only borrowed
    rough = {pid: max(0, told["RssAnon"] - mine) + told["RssShmem"] for pid, told in sizes.items()}
    used = sum(rough.values())
    if used <= sandbox.TREE_MEMORY:
        return used, b""
    total = 0
    shares: dict[int, int] = {}
    for pid in sorted(rough, key=lambda pid: -rough[pid]):  # forks share most of what they seem to use
        shares[pid] = _share(pid, rough[pid])
        total += shares[pid]
    for pid in sorted(shares, key=lambda pid: -shares[pid]):
        if total <= sandbox.TREE_MEMORY:
            break
        total, why = total - shares[pid], b"m"
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return used, why


def _files(folder: str) -> int:
    disk = os.statvfs(folder)
    return disk.f_files - disk.f_ffree


def _written(folder: Path, members: Iterable[int]) -> tuple[int, int]:
    """Bytes on disk and number of a job's files, those without a name included. What cannot be seen is too many."""
    size, files, waiting = 0, 0, [str(folder)]
    while waiting and files <= sandbox.SCRATCH_FILES:
        try:
            entries = list(os.scandir(waiting.pop()))
        except FileNotFoundError:  # gone meanwhile, or not there yet
            continue
        except OSError:  # closed, or too deep
            return size, sandbox.SCRATCH_FILES + 1
        files += len(entries)
        for entry in entries:
            with contextlib.suppress(OSError):
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    for pid in members:
        with contextlib.suppress(OSError):
            for fd in Path("/proc", str(pid), "fd").iterdir():
                with contextlib.suppress(OSError):
                    told = fd.stat()
                    size += told.st_blocks * 512 if stat.S_ISREG(told.st_mode) and told.st_nlink == 0 else 0
    return size, files


def _sizes(pid: int) -> dict[str, int]:
    """What the kernel says of a process; nothing when it has ended and only its number is left."""
    with contextlib.suppress(OSError):
        told = _fields(Path("/proc", str(pid), "status").read_text())
        return told if "RssAnon" in told else {}
    return {}


def _fields(text: str) -> dict[str, int]:
    """The numbers in a file of /proc; sizes in bytes."""
    out = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            out[name] = int(words[0]) * (1024 if words[-1] == "kB" else 1)
    return out


def _share(pid: int, otherwise: int) -> int:
    """A process's share of the memory it uses together with others."""
    try:
        told = _fields(Path("/proc", str(pid), "smaps_rollup").read_text())
        return told.get("Pss_Anon", otherwise) + told.get("Pss_Shmem", 0)
    except OSError:
        return otherwise


def _fork() -> int:
    """`os.fork`, patient while other jobs of the same user use up its processes."""
    for _ in range(100):
        try:
            return os.fork()
        except BlockingIOError:
            most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
            time.sleep(0.05)
    return os.fork()


def _folder(number: int) -> Path:
    """A job's scratch folder."""
    return Path(os.environ["HOME"], f"job-{number}")


def _own_folders(level: str, number: int) -> list[Path]:
    """Where this job may write: a fresh folder, and nothing is left of the jobs before."""
    folder = _folder(number)
    for old in folder.parent.glob("job-*"):
        _swept(old)
    folder.mkdir()
    os.chdir(folder)
    for name in ("HOME", "TMPDIR"):
        os.environ[name] = str(folder)
    tempfile.tempdir = None
    if level != "bubblewrap":  # elsewhere it belongs to the machine
        return [folder]
    _swept(sandbox.SHARED, keep=True)
    return [folder, sandbox.SHARED]


def _swept(folder: Path, keep: bool = False) -> None:
    """`sweep`, patient with processes of the job before that are still about to die."""
    for pause in (0.01, 0.05, 0.2, 0.5):
        with contextlib.suppress(OSError):
            sweep(folder, keep)
            return
        time.sleep(pause)


def sweep(folder: Path, keep: bool = False) -> None:
    """Remove a folder, or with `keep` what is in it, however deep and whatever its modes say.

    Folders inside are moved up before they are emptied, so that no path is too long and nothing recurs.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        waiting = [""]
        while waiting:
            name = waiting.pop()
            here = top if not name else _opened(name, top)
            for entry in os.listdir(here):
                if stat.S_ISDIR(os.stat(entry, dir_fd=here, follow_symlinks=False).st_mode):
                    fresh = f"{len(waiting)}-{os.urandom(8).hex()}"
                    os.chmod(entry, 0o700, dir_fd=here)
                    os.rename(entry, fresh, src_dir_fd=here, dst_dir_fd=top)
                    waiting.append(fresh)
                else:
                    os.unlink(entry, dir_fd=here)
            if name:
                os.close(here)
                os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    if not keep:
        folder.rmdir()


def _own_files() -> None:
    """Open anew what the warm process keeps open, fonts for example: forks share where in a file they are."""
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.fstat(int(name)).st_mode):
                own = os.open(f"/proc/self/fd/{name}", os.O_RDONLY)
                os.lseek(own, os.lseek(int(name), 0, os.SEEK_CUR), os.SEEK_SET)
                os.dup2(own, int(name), inheritable=False)
                os.close(own)


def _opened(name: str, top: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)


def _child(fds: list[int], shell: CaptureShell, pristine: dict[str, Any], level: str, number: int) -> None:
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    judge, ends = socket.socket(fileno=fds[0]), fds[1:]
    _own_files()
    lock.close(level, _own_folders(level, number))
    job = wire.receive(judge)
    if job is None:
        os._exit(0)
    me, cell_limits = os.getpid(), functools.partial(vtime.limits, job["cpu"], job["wall"])
    plots.remembered.update({digest: base64.b64decode(png) for digest, png in job["pictures"].items()})
    random.seed()
    numpy.random.seed()
    given: dict[str, Any] = {}
    waiting, left = False, iter(ends)
    for index, step in enumerate(job["steps"]):
        if step["kind"] == "checks":
            shell.execution_count += 1  # its cell has a number, too
            waiting = step["waits"]
            if not waiting:
                _fork_snapshot(judge, left, shell.user_ns, given, pristine)
            continue
        outputs, problem = shell.run(step["source"], cell_limits)
        if os.getpid() != me:  # the cell forked and came back twice
            os._exit(0)
        if step["kind"] == "locked":
            given.update({n: shell.user_ns[n] for n in step["names"] if n in shell.user_ns})
        try:
            wire.send(judge, {"step": index, "outputs": outputs, "problem": problem})
        except (wire.Malformed, TypeError, ValueError, RecursionError):
            wire.send(judge, {"step": index, "outputs": [LEFT_OUT], "problem": problem})
    if waiting and _alone():  # this process is the last snapshot itself
        wire.send(judge, {"snapshot": me})
        wire.send(judge, {"done": True, "cpu": _cpu_seconds()})
        judge.close()
        _snapshot(socket.socket(fileno=next(left)), shell.user_ns, given, pristine)
    if waiting:
        _fork_snapshot(judge, left, shell.user_ns, given, pristine)
    wire.send(judge, {"done": True, "cpu": _cpu_seconds()})
    os._exit(0)


def _fork_snapshot(
    judge: socket.socket, left: Iterator[int], names: dict[str, Any], given: dict[str, Any], pristine: dict[str, Any]
) -> None:
    """Fork a process that keeps what is here, and answers on the first socket that is left."""
    end = next(left)
    snapshot = _fork()
    if snapshot == 0:
        try:
            judge.close()
            for other in left:
                os.close(other)
            _snapshot(socket.socket(fileno=end), names, given, pristine)
        finally:
            os._exit(1)
    os.close(end)
    wire.send(judge, {"snapshot": snapshot})


def _snapshot(judge: socket.socket, names: dict[str, Any], given: dict[str, Any], pristine: dict[str, Any]) -> None:
    """Answer one order after another, until the judge has no more."""
    gc.freeze()  # collections in forks to come shall not touch, and so copy, what is here
    while (order := wire.receive(judge)) is not None:
        world = dict(names)
        broken = _prepared(world, order, given, pristine)
        if broken:
            wire.send(
                judge, [{"name": check["name"], "outcomes": broken, "goes_on": True} for check in order["checks"]]
            )
        elif order["careful"]:
            _with_forks(judge, world, order)
        else:
            _observe(judge, world, order["checks"], 0, TOGETHER)
    os._exit(0)


def _prepared(world: dict[str, Any], order: Any, given: dict[str, Any], pristine: dict[str, Any]) -> list[Json]:
    """Bring observing code into a learner's world. Returns what is wrong with every check, or nothing."""
    for name in order["restore"]:
        if name in given:
            world[name] = given[name]
        elif name in kit.provided:
            world[name] = kit.provided[name]
        elif name in pristine:
            world[name] = pristine[name]
    try:
        exec(wire.text_as_code(order["code"], order["source"]), world)
    except BaseException as error:
        return [encode_raised(error)]
    return []


def _with_forks(judge: socket.socket, world: dict[str, Any], order: Any) -> None:
    left, hangs = collections.deque(order["checks"]), order["hangs"]
    while left:
        for outcomes in _observed(world, list(left), hangs):
            hangs += any(isinstance(o, dict) and "never" in o for o in outcomes)
            wire.send(judge, [{"name": left.popleft()["name"], "outcomes": outcomes, "goes_on": True}])


def _cpu(check: dict[str, Any], hangs: int) -> float:
    return float(check["cpu"] if hangs < 2 else min(HANG_CPU, check["cpu"]))


def _observed(world: dict[str, Any], checks: list[dict[str, Any]], hangs: int) -> Iterator[list[Json]]:
    """Outcomes of some of the checks, at least of the first, in order, from one fork of this process.

    A check that never ends, dies or leaves a thread or a process behind is the last of its fork.
    """
    ours, theirs = socket.socketpair()
    pid = _fork()
    if pid == 0:
        try:
            ours.close()
            _observe(theirs, world, checks, hangs)
        finally:
            os._exit(0)
    theirs.close()
    with ours:
        for check in checks:
            outcomes, goes_on = _outcomes(ours, check["name"], _cpu(check, hangs))
            yield outcomes
            if not goes_on:
                break
    with contextlib.suppress(OSError):  # where signals are refused, the end of the job ends it
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _observe(
    listener: socket.socket, world: dict[str, Any], checks: list[dict[str, Any]], hangs: int, at_least: float = 0.0
) -> None:
    """Make the checks here, one after the other, until one leaves something behind.

    Args:
        at_least: seconds between two messages; what is seen meanwhile is told together.
    """
    seen: list[Json] = []
    told = vtime.real.monotonic()
    for check in checks:
        cpu, seeds = _cpu(check, hangs), check["seeds"]
        backstop = int(time.process_time() + cpu * (1 + min(len(seeds or ()), 2))) + 3  # for loops outside Python
        resource.setrlimit(resource.RLIMIT_CPU, (backstop, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        outcomes = kit.observe(world[check["name"]], seeds, cpu)
        goes_on = "never" not in outcomes[-1] and _alone()
        seen.append({"name": check["name"], "outcomes": outcomes, "goes_on": goes_on})
        if not goes_on or check is checks[-1] or vtime.real.monotonic() - told >= at_least:
            goes_on = _tell(listener, seen) and goes_on
            seen, told = [], vtime.real.monotonic()
        if not goes_on:
            return


def _tell(listener: socket.socket, seen: list[Json]) -> bool:
    """Send what checks saw. Whether all of it could be sent."""
    try:
        wire.send(listener, seen)
        return True
    except wire.Malformed:
        pass
    for one in seen:
        try:
            wire.send(listener, [one])
        except wire.Malformed:
            wire.send(listener, [{"name": one["name"], "outcomes": TOO_MUCH, "goes_on": False}])
            return False
    return True


def _alone() -> bool:
    """Whether this process has neither a second thread nor a child."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return _thread._count() == 0
    return False


def _outcomes(observer: socket.socket, name: str, cpu: float) -> tuple[list[Json], bool]:
    """What a fork says of one check, and whether it will answer the next."""
    try:
        said = wire.receive(observer, vtime.real.monotonic() + 5 * cpu + 2.0)
    except TimeoutError:
        return [{"never": "more than its share of real time"}], False
    except wire.Malformed:
        return TOO_MUCH, False
    if said is None:
        return [{"never": "the process ended before it answered"}], False
    said = said[0] if isinstance(said, list) and len(said) == 1 else None
    if not isinstance(said, dict) or said.get("name") != name or not isinstance(said.get("outcomes"), list):
        return [{"never": "no answer"}], False
    return said["outcomes"], said.get("goes_on") is True
