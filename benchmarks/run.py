"""Grading speed, side by side in one run, by the commands that an instructor types.

`python -m benchmarks.run [ROUNDS]` lets 20 students hand in the solutions of the five lessons, 100
notebooks, and measures on them `autograder grade`, stock `nbgrader autograde`, the same as two
processes at once, and the floor (`benchmarks.floor`); then 1,000 notebooks, for the price of scale
and for memory. Medians and ratios are printed and written to `benchmarks/RESULTS.md`.

`python -m benchmarks.run class [STUDENTS]` measures only ours and stock's serial run, once, on a
class of that size (100 students, 500 notebooks), ours before and after it, and adds a line to that
file.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autograder.lessons.course import Course
from autograder.runner.box import choose
from tests.bank import COURSE, cells_as_text, read
from tests.demo import fill, new_course

FIVE = (
    "02_coding/01_batch_requests", "02_coding/03_judge_a_canary", "02_coding/04_cache_features",
    "04_mlops/01_detect_drift", "04_mlops/03_register_models",
)  # fmt: skip
STUDENTS, MANY = 20, 10
RESULTS, ALONE = COURSE.root / "benchmarks" / "RESULTS.md", "A class alone:"
BIN = Path(sys.executable).parent


def class_of(folder: Path, students: int) -> Course:
    """A course of the five lessons in which everybody handed in the reference solution of each."""
    course = new_course(folder)
    for key in set(course.lessons).difference(FIVE):
        for path in (f"lessons/{key}.py", f"source/{key}.ipynb", f"release/{key}.ipynb"):
            (course.root / path).unlink()
    course = Course(course.root)
    for key in course.lessons:
        lesson = read(key)
        solved = cells_as_text(lesson, stub=False)
        released = json.loads((course.root / "release" / f"{key}.ipynb").read_text("utf-8"))
        for n in range(students):
            path = course.root / "submitted" / f"student-{n:04}" / f"{key}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(fill(released, lesson, solved)), "utf-8")
    return course


def command(course: Course, *words: str) -> None:
    """Run one of the environment's commands in the course folder."""
    env = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(course.root)}
    done = subprocess.run(
        [str(BIN / words[0]), *words[1:]], cwd=course.root, capture_output=True, stdin=subprocess.DEVNULL, env=env,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stderr.decode()[-2000:]}")


def forget(course: Course) -> None:
    """As if nothing had been graded yet; the gradebook knows the assignments, since stock nbgrader
    wants that.
    """
    for room in ("autograded", "feedback", ".autograder"):
        shutil.rmtree(course.root / room, ignore_errors=True)
    (course.root / "gradebook.db").unlink(missing_ok=True)
    for module in course.modules:
        command(course, "nbgrader", "generate_assignment", module, "--force", "--quiet")


def timed(work: Callable[[], None]) -> float:
    """Seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ours(course: Course) -> float:
    """Seconds for `autograder grade` on all modules."""
    forget(course)
    return timed(lambda: command(course, "autograder", "grade", *course.modules))


def stock(course: Course, at_once: int) -> float:
    """Seconds for `nbgrader autograde`, with the class split between `at_once` processes."""
    forget(course)
    parts = [f"*[{digits}]" for digits in ("02468", "13579")] if at_once == 2 else ["*"]

    def grade() -> None:
        for module in course.modules:
            with ThreadPoolExecutor(at_once) as threads:
                todo = [
                    (course, "nbgrader", "autograde", module, "--student", part) for part in parts
                ]
                list(threads.map(lambda words: command(*words), todo))

    return timed(grade)


def floor(course: Course) -> float:
    """Seconds for the bare cells, two at once."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.floor", str(course.root), "2"], cwd=COURSE.root, check=True,
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert not told["failed"], told
    return float(told["seconds"])


def _children(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += _children(int(child))
    return found


def _memory(pid: int) -> int:
    """Bytes that a process and all below it use, shared pages counted once."""
    total = 0
    for one in _children(pid):
        with contextlib.suppress(OSError, ValueError, IndexError):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def watched(course: Course) -> tuple[float, float, float]:
    """Seconds for all modules from nothing, the most memory in bytes, and seconds until the first
    result.
    """
    forget(course)
    peak, first, over = 0, 0.0, threading.Event()
    began = time.perf_counter()

    def watch() -> None:
        nonlocal peak, first
        while not over.wait(0.5):
            peak = max(peak, _memory(os.getpid()) - _memory_here)
            if not first and any((course.root / ".autograder").glob("results/*/*/*.json")):
                first = time.perf_counter() - began

    _memory_here = next(
        1024 * int(line.split()[1])
        for line in Path("/proc/self/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    )
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        command(course, "autograder", "grade", *course.modules)
    finally:
        over.set()
        watcher.join()
    return time.perf_counter() - began, float(peak), first


def whole_class(students: int) -> None:
    """Ours, stock's serial run and ours again, on so many students' five notebooks each."""
    with tempfile.TemporaryDirectory() as folder:
        course = class_of(Path(folder) / "class", students)
        before = ours(course)
        print(f"ours: {before:.1f} s", flush=True)
        serial = stock(course, 1)
        print(f"serial: {serial:.1f} s", flush=True)
        after = ours(course)
    line = (
        f"{ALONE} {students} students, {students * len(FIVE)} notebooks ({datetime.date.today().isoformat()}, a run of "
        f"its own): `autograder grade` {before:.1f} s before and {after:.1f} s after stock's serial {serial:.1f} s, "
        f"which is {serial / statistics.mean((before, after)):.1f} times their mean."
    )
    print(line)
    told = [old for old in RESULTS.read_text("utf-8").splitlines() if not old.startswith(ALONE)]
    RESULTS.write_text("\n".join(told).rstrip() + f"\n\n{line}\n", "utf-8")


def main() -> int:
    if sys.argv[1:2] == ["class"]:
        whole_class(int(sys.argv[2]) if len(sys.argv) > 2 else 100)
        return 0
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    times: dict[str, list[float]] = {"ours": [], "floor": [], "serial": [], "two": []}
    with tempfile.TemporaryDirectory() as folder:
        course = class_of(Path(folder) / "hundred", STUDENTS)
        for number in range(rounds):
            for name, measure in (
                ("ours", ours),
                ("floor", floor),
                ("serial", lambda course: stock(course, 1)),
                ("ours", ours),  # the shortest runs, which one busy moment of the machine can spoil
                ("two", lambda course: stock(course, 2)),
            ):
                times[name].append(measure(course))
                print(f"round {number + 1}, {name}: {times[name][-1]:.1f} s", flush=True)
        many = class_of(Path(folder) / "thousand", MANY * STUDENTS)
        seconds, memory, first = watched(many)
    middle = {name: statistics.median(some) for name, some in times.items()}
    count = STUDENTS * len(FIVE)
    rows = [
        ("`autograder grade`, boxed, two jobs", middle["ours"], ""),
        ("stock `nbgrader autograde`, serial", middle["serial"], f"{middle['serial'] / middle['ours']:.1f} times ours"),
        ("stock, two processes", middle["two"], f"{middle['two'] / middle['ours']:.1f} times ours"),
        ("floor: plain `exec`, two at once", middle["floor"], f"ours: {middle['ours'] / middle['floor']:.2f} of it"),
    ]  # fmt: skip
    when = datetime.date.today().isoformat()
    text = "\n".join(
        [
            "# Grading speed",
            "",
            f"`make bench`, {when}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python "
            f"{platform.python_version()}, box: {choose(trust=True).level}. {count} notebooks: {STUDENTS} students, "
            f"the solutions of {len(FIVE)} lessons. Medians of {rounds} rounds in one run, each taken in turn, "
            "ours twice, by the commands an instructor types, start-up included (the floor's is left out).",
            "",
            "| | seconds | for each notebook | |",
            "|---|---:|---:|---|",
            *(
                f"| {name} | {s:.1f} | {1000 * s / count:.0f} ms | {ratio} |"
                for name, s, ratio in rows
            ),
            "",
            f"{MANY * count:,} notebooks: {seconds:.1f} s, {seconds / (MANY * middle['ours']):.2f} times ten times the "
            f"above. Memory of the whole run: {memory / 2**20:.0f} MiB at most. First result after {first:.1f} s.",
            "",
        ]
    )
    print(text)
    RESULTS.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
