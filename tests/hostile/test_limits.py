"""Whatever a submission uses up, it pays for alone: memory, processes, disk, output, time, network,
and life itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.grade.judge import Judge
from autograder.inside import resources
from autograder.jobs import Result
from autograder.runner.box import LANDLOCK, probe
from autograder.runner.pool import Local
from tests.hostile.conftest import MODULE, SALT, Bench, alive, new_course, put, released
from tests.hostile.corpus import honest
from tests.hostile.lesson import MAX_POINTS, MERGE
from tests.small import KEY

MIB = 1 << 20
KEEPS = MAX_POINTS  # the hungry cell is stopped, the answers in the other cells count


def _tree(root: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        parents.setdefault(parent, []).append(int(entry.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += parents.get(pid, ())
    return found


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _memory(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Pss_Anon", "Pss_Shmem")):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


class Peak:
    """The most that the warm processes below this one used at any time, in bytes and in processes."""

    def __init__(self) -> None:
        self.memory = self.processes = 0


@contextmanager
def watched() -> Iterator[Peak]:
    peak, stop = Peak(), threading.Event()

    def watch() -> None:
        while not stop.wait(0.05):
            pids = [p for p in _tree(os.getpid()) if p != os.getpid()]
            peak.processes = max(peak.processes, len(pids))
            peak.memory = max(peak.memory, _memory(pids))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def _told(result: Result) -> str:
    return " ".join(result.problems)


HUNGRY = {
    # which limit these two meet first, that of memory or that of time, depends on the machine
    "bytearray": ("x = []\nwhile True: x.append(bytearray(b'x') * 60_000_000)", {0, KEEPS}, ""),
    "shared pages": (
        "import mmap\nx = []\nwhile True:\n    x.append(mmap.mmap(-1, 60_000_000)); x[-1].write(b'x' * 60_000_000)",
        {0, KEEPS},
        "",
    ),
    "many processes": (
        "import os, time\nfor _ in range(30):\n    if os.fork() == 0:\n"
        "        x = bytearray(b'x') * 150_000_000; time.sleep(60); os._exit(0)\ntime.sleep(4)",
        KEEPS,
        "",
    ),
    "files": (
        "for n in range(9):\n    open(f'f{n}', 'wb').write(bytes(60_000_000))",
        KEEPS,
        "No space left",
    ),
    "shared files": ("open('/dev/shm/f', 'wb').write(bytes(60_000_000))", KEEPS, "No space left"),
    "empty files": ("n = 0\nwhile True:\n    n += 1\n    open(f'f{n}', 'w').close()", None, ""),
    "forks": (
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        0,
        "processes",
    ),
    "threads": (
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        KEEPS,
        "can't start new thread",
    ),
    "descriptors": (
        "import os\nx = []\nwhile True: x.append(os.pipe())",
        KEEPS,
        "Too many open files",
    ),
    "pipes of many processes": (
        "import os, time\nfor _ in range(30):\n    if os.fork() == 0:\n        try:\n"
        "            while True: os.write(os.pipe()[1], b'x' * 65536)\n"
        "        except OSError: time.sleep(60)\ntime.sleep(4)",
        None,
        "",
    ),
    "printing": ("while True: print('x' * 100_000)", KEEPS, "TimeLimit"),
    "displaying": (
        "from IPython.display import HTML\nwhile True: display(HTML('x' * 100_000))",
        KEEPS,
        "TimeLimit",
    ),
    "a long error": ("raise ValueError('x' * 50_000_000)", KEEPS, "ValueError"),
    "a repr without end": (
        "class R:\n    def __repr__(self):\n        while True: pass\nR()",
        KEEPS,
        "TimeLimit",
    ),
    "a deep repr": ("class R:\n    def __repr__(self): return repr(self)\nR()", KEEPS, ""),
    "an error that hangs": (
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        KEEPS,
        "TimeLimit",
    ),
    "swallowing": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        KEEPS,
        "TimeLimit",
    ),
    "a finalizer": ("class D:\n    def __del__(self):\n        while True: pass\nD()", KEEPS, ""),
    "a C loop": ("max(iter(int, 1))", 0, "did not end"),
    "signals blocked": (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
        0,
        "did not end",
    ),
    "a crash": ("import ctypes\nctypes.string_at(0)", 0, "ended before"),
    "leaving": ("import os\nos._exit(0)", 0, "ended before"),
    "killing everybody": ("import os, signal\nos.kill(-1, signal.SIGKILL)", None, ""),
    "killing the warm process": (
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
        KEEPS,
        "not permitted",
    ),
    "stopping the warm process": (
        "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)",
        KEEPS,
        "not permitted",
    ),
    "starving the warm process": (
        "import os, resource\nfor what in (lambda p: resource.prlimit(p, resource.RLIMIT_CPU, (1, 1)),\n"
        "    lambda p: resource.prlimit(p, resource.RLIMIT_NOFILE, (0, 0)), lambda p: os.setpriority(0, p, 19),\n"
        "    lambda p: os.sched_setaffinity(p, {0}), lambda p: os.sched_setscheduler(p, 5, os.sched_param(0))):\n"
        "    try: what(os.getppid())\n    except PermissionError: continue\n    else: os._exit(1)",
        KEEPS,
        "",
    ),
    "folders nobody may read": (
        "import os\nos.umask(0o777)\nos.mkdir('v')\nos.umask(0)\nos.mkdir('x', 0o300)\nos.mkdir('x/y', 0o300)\n"
        "open('x/y/z', 'wb').write(bytes(40_000_000)); os.mkdir('w', 0)",
        KEEPS,
        "",
    ),
    "folders without end": (
        "import os\nfor _ in range(3000):\n    os.mkdir('d' * 100); os.chdir('d' * 100)",
        None,
        "",
    ),
}


@pytest.mark.parametrize("what", sorted(HUNGRY))
def test_a_limit_costs_the_offender_only(what: str, bench: Bench) -> None:
    cell, points, word = HUNGRY[what]
    began = time.monotonic()
    with watched() as peak:
        result = bench.grade(cell, "hungry")
    assert result.state == "graded"
    assert points is None or result.points in (points if isinstance(points, set) else {points})
    assert word in _told(result)
    # a bound on patience, not a measurement: the machine may be busy
    assert time.monotonic() - began < 60
    assert peak.memory < resources.TREE_MEMORY + 1500 * MIB  # the watch looks every 50 ms
    assert len(json.dumps(result.as_json())) < 100_000
    after = bench.grade("x = 1", "honest")
    assert (after.state, after.points, after.problems) == ("graded", MAX_POINTS, ())


LITTER = {
    "files": ("for n in range(40): open(f'f{n}', 'wb').write(bytes(60_000_000))", "disk space"),
    "files without a name": (
        "import os\nx = []\nfor n in range(40):\n    x.append(open('f', 'wb')); os.unlink('f')\n"
        "    x[-1].write(bytes(60_000_000))",
        "disk space",
    ),
    "empty files": ("n = 0\nwhile True:\n    n += 1\n    open(f'f{n}', 'w').close()", "files"),
    "a folder nobody may read": ("import os, time\nos.mkdir('x', 0o300)\ntime.sleep(9)", "files"),
}


@pytest.mark.skipif(bool(probe("landlock")), reason=probe("landlock") or "Landlock works")
@pytest.mark.parametrize("what", sorted(LITTER))
def test_the_machines_own_disk_is_limited_too(what: str, bench: Bench) -> None:
    """Without bubblewrap there is no file system of the job's own that could be full."""
    cell, word = LITTER[what]
    plain = Bench(bench.course, bench.lesson, Judge(Local(LANDLOCK), SALT))
    try:
        assert word in _told(plain.grade(cell, "litter"))
        after = plain.grade("x = 1", "honest")
        assert (after.state, after.points, after.problems) == ("graded", MAX_POINTS, ())
    finally:
        plain.judge.runner.close()


CHECKS_THAT_HANG = {
    "a loop": "while True: pass",
    "a C loop": "max(iter(int, 1))",
    "a sleep of the real kind": "import select; select.select([], [], [], 1000)",
    "many busy children": "import os\n        while os.fork(): pass\n        while True: pass",
    "swallowing": "\n        while True:\n            try:\n                while True: pass\n"
    "            except BaseException: pass",
}


@pytest.mark.parametrize("what", sorted(CHECKS_THAT_HANG))
def test_a_hang_costs_its_own_check_only(what: str, bench: Bench) -> None:
    """Lists are counted; anything else hangs, which one check is about."""
    cell = (
        "def tally(words):\n    if not isinstance(words, list):\n        "
        + CHECKS_THAT_HANG[what]
        + "\n"
        "    return {w: words.count(w) for w in dict.fromkeys(words)}\n" + MERGE
    )
    put(bench.course, "hangs", honest("x", extra="", behind=cell).file(released(bench.course)))
    result = bench.grade(cell, "hangs")
    bad = [c.row.check.name for c in result.checks if c.row.verdict != "pass"]
    # they may slow down what comes after them, but not the next cell
    if what == "many busy children":
        assert "no_list_is_refused" in bad
        assert "any_tallies_are_added" not in bad
    else:
        assert bad == ["no_list_is_refused"]


# ------------------------------------------------------------------------------------------ network


def test_no_socket_to_anywhere(bench: Bench, listener: tuple[int, list[bytes]]) -> None:
    port, heard = listener
    cell = f"""
import ctypes, socket, subprocess, urllib.request
out = []
def attempt(what):
    try: what(); out.append("done")
    except BaseException as error: out.append(type(error).__name__)
for host in ("127.0.0.1", "0.0.0.0", "localhost"):
    attempt(lambda: socket.create_connection((host, {port}), 1).send(b"x"))
    attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (host, {port})))
attempt(lambda: socket.socket(socket.AF_INET6).connect(("::1", {port})))
for kind in (socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET, socket.AF_VSOCK):
    attempt(lambda: socket.socket(kind))
attempt(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
attempt(lambda: urllib.request.urlopen("http://127.0.0.1:{port}/", timeout=1))
attempt(lambda: subprocess.run(["bash", "-c", "echo x > /dev/tcp/127.0.0.1/{port}"], check=True, stderr=-3))
libc = ctypes.CDLL(None, use_errno=True)
out.append(str(libc.syscall(41, 2, 1, 0)))
print(out)
"""
    result = bench.grade(cell)
    (text,) = [
        o["text"]
        for c in (result.trace.cells if result.trace else ())
        for o in c.outputs
        if "text" in o
    ]
    assert "done" not in text
    assert text.strip().endswith("'-1']")
    time.sleep(0.2)
    assert heard == []


# ---------------------------------------------------------------------------------------- processes

NEVER_DIES = """
import os, subprocess, sys
subprocess.Popen(["sleep", "{mark}"], start_new_session=True)
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "{mark}"])
        os._exit(0)
if os.fork() == 0:
    import signal
    for n in range(1, 65):
        try: signal.signal(n, signal.SIG_IGN)
        except (OSError, ValueError): pass
    subprocess.run(["sleep", "{mark}"])
"""


def _gone_within(seconds: float, mark: str) -> bool:
    deadline = time.monotonic() + seconds
    while alive(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_no_process_outlives_its_job(bench: Bench) -> None:
    mark = "98765.4321"
    result = bench.grade(NEVER_DIES.format(mark=mark) + "import time; time.sleep(0.3)")
    assert result.points == MAX_POINTS
    assert _gone_within(1.0, mark)


def test_no_process_outlives_a_grader_that_is_killed(tmp_path: Path) -> None:
    mark = "98765.1234"
    course = new_course(tmp_path / "course")
    cell = NEVER_DIES.format(mark=mark) + "import time; time.sleep(50)"
    put(course, "kim", honest("x", behind=cell).file(released(course)))
    script = "from pathlib import Path; from autograder.grade import batch; " \
        "from autograder.lessons.course import Course; " \
        f"batch.grade(Course(Path({str(course.root)!r})), {MODULE!r})"  # fmt: skip
    grader = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2])
    try:
        deadline = time.monotonic() + 60
        while len(alive(mark)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(alive(mark)) >= 3
        below = [pid for pid in _tree(grader.pid) if pid != grader.pid]
    finally:
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    assert _gone_within(1.0, mark)
    time.sleep(0.2)
    assert below
    assert not [pid for pid in below if _runs(pid)]
    assert not (course.root / "autograded" / "kim" / f"{KEY}.ipynb").exists()
