"""Grading speed, side by side in one run, by the commands that an instructor types.

`python -m benchmarks.run [CLASS …]` measures `autograder grade` beside stock `nbgrader autograde`
on three classes (or those named), and writes `benchmarks/RESULTS.md`:

- `six`: six students, the solutions of all lessons;
- `twenty`: twenty students, the same;
- `mixed`: three hundred students, five lessons, as they come: right, wrong, untouched, printing
  much, never ending.

Stock takes a notebook after the other, so its time for a class is measured on a part of it where
the whole would take an hour, and multiplied; the table says which part. Of `mixed` the memory of
the whole run, the time to the first result, and a run with nothing new are measured too. The floor
(`benchmarks.floor`) is measured on `six`.
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.runner.box import choose
from tests.bank import COURSE, answers, cells_as_text, read
from tests.demo import fill, new_course

FIVE = (
    "02_coding/01_batch_requests", "02_coding/03_judge_a_canary", "02_coding/04_cache_features",
    "04_mlops/01_detect_drift", "04_mlops/03_register_models",
)  # fmt: skip
RESULTS = COURSE.root / "benchmarks" / "RESULTS.md"
BIN = Path(sys.executable).parent
MIX = {"right": 62, "wrong": 23, "untouched": 10, "printing": 4, "never ends": 1}  # of a hundred
PRINTS = "for line in range(5_000):\n    print('line', line)"
NEVER_ENDS = "while True:\n    pass"


@dataclass(frozen=True)
class Class:
    """A class to be graded.

    Attributes:
        students: how many hand in.
        lessons: which, by their keys.
        mixed: notebooks as they come; else everybody handed in the solutions.
        measured: so many students are graded by stock, the first ones.
    """

    name: str
    students: int
    lessons: tuple[str, ...]
    mixed: bool
    measured: int

    @property
    def notebooks(self) -> int:
        """How many there are."""
        return self.students * len(self.lessons)


ALL = tuple(COURSE.lessons)
CLASSES = {
    one.name: one
    for one in (
        Class("six", 6, ALL, False, 1),
        Class("twenty", 20, ALL, False, 1),
        Class("mixed", 300, FIVE, True, 20),
    )
}


def kinds() -> Iterator[str]:
    """The kinds of notebooks, a hundred in turn, so that every twenty students of five lessons have
    the same mix.
    """
    hundred = [kind for kind, count in MIX.items() for _ in range(count)]
    while True:
        yield from (hundred[37 * n % 100] for n in range(100))


def notebook(released: dict[str, Any], lesson: Lesson, kind: str, number: int) -> dict[str, Any]:
    """A notebook of this kind. The `number` chooses among the answers of the bank."""
    if kind == "untouched":
        return released
    bank = [a for a in answers(lesson.key) if a.is_right == (kind != "wrong")]
    made = fill(released, lesson, bank[number % len(bank)].text)
    own = {"printing": PRINTS, "never ends": NEVER_ENDS}.get(kind)
    if own:
        cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        made["cells"].insert(-1, cell | {"id": "my-own", "source": own})
    return made


def new_class(folder: Path, group: Class, students: int) -> Course:
    """A course in which the first so many students of a class have handed in."""
    course = new_course(folder)
    for key in set(course.lessons).difference(group.lessons):
        for path in (f"lessons/{key}.py", f"source/{key}.ipynb", f"release/{key}.ipynb"):
            (course.root / path).unlink()
    course, of_kind = Course(course.root), kinds()
    lessons = {key: read(key) for key in group.lessons}
    released = {
        key: json.loads((course.root / "release" / f"{key}.ipynb").read_text("utf-8"))
        for key in lessons
    }
    for number in range(students):
        for key, lesson in lessons.items():
            if group.mixed:
                made = notebook(released[key], lesson, next(of_kind), number)
            else:
                made = fill(released[key], lesson, cells_as_text(lesson, stub=False))
            path = course.root / "submitted" / f"student-{number:04}" / f"{key}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(made), "utf-8")
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


def stock(course: Course) -> float:
    """Seconds for stock `nbgrader autograde`, serial, on all modules."""
    forget(course)

    def grade() -> None:
        for module in course.modules:
            command(course, "nbgrader", "autograde", module)

    return timed(grade)


@dataclass(frozen=True)
class Measured:
    """What came out of one class: seconds."""

    group: Class
    ours: tuple[float, ...]
    stock: float  # of the students that were measured
    memory: float = 0.0  # bytes
    first: float = 0.0
    nothing_new: float = 0.0
    floor: float = 0.0

    @property
    def middle(self) -> float:
        """Ours: the median."""
        return statistics.median(self.ours)

    @property
    def whole(self) -> float:
        """Stock's time for the whole class."""
        return self.stock * self.group.students / self.group.measured

    @property
    def ratio(self) -> float:
        """How many times ours."""
        return self.whole / self.middle


def measure(group: Class, folder: Path, stock_times: dict[Any, float]) -> Measured:
    """Grade a class by ours and a part of it by stock, which is measured once for the same part."""
    course = new_class(folder / group.name, group, group.students)
    first = memory = nothing_new = least = 0.0
    if group.mixed:
        seconds, memory, first = watched(course)
        times = [seconds]
        nothing_new = timed(lambda: command(course, "autograder", "grade", *course.modules))
    else:
        times = [ours(course), ours(course)]
    print(f"{group.name}, ours: {', '.join(f'{s:.1f}' for s in times)} s", flush=True)
    part = group.lessons, group.mixed, group.measured
    if part not in stock_times:
        stock_times[part] = stock(new_class(folder / f"{group.name}-part", group, group.measured))
        print(f"stock, {group.measured} students: {stock_times[part]:.1f} s", flush=True)
    if group.name == "six":
        least = floor(course)
    return Measured(group, tuple(times), stock_times[part], memory, first, nothing_new, least)


def report(found: list[Measured]) -> str:
    """`benchmarks/RESULTS.md`."""
    when = datetime.date.today().isoformat()
    lines = [
        "# Grading speed",
        "",
        f"`make bench`, {when}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, box: {choose(trust=True).level}. By the commands an "
        "instructor types, start-up included; `autograder grade` with two jobs, medians; stock "
        "`nbgrader autograde` takes a notebook after the other, so its time is that of the students in "
        "the last column, multiplied to the whole class.",
        "",
        "| class | notebooks | `autograder grade` | for each | stock | ratio | stock measured on |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for m in found:
        group = m.group
        what = "five lessons as they come" if group.mixed else "all lessons, solved"
        lines.append(
            f"| {group.students} students, {what} | {group.notebooks:,} | {m.middle:.1f} s | "
            f"{1000 * m.middle / group.notebooks:.0f} ms | {m.whole:.0f} s | **{m.ratio:.1f}** | "
            f"{group.measured} students: {m.stock:.1f} s |"
        )
    mix = ", ".join(f"{count} {kind}" for kind, count in MIX.items())
    lines += ["", f"As they come: of a hundred notebooks {mix}."]
    for m in found:
        runs = ", ".join(f"{s:.1f}" for s in m.ours)
        lines += ["", f"{m.group.students} students: runs of {runs} s."]
        if m.floor:
            lines[-1] += f" The floor, plain `exec` of the cells, two at once: {m.floor:.1f} s."
        if m.memory:
            lines[-1] += (
                f" Memory of the whole run: {m.memory / 2**20:.0f} MiB at most. First result after "
                f"{m.first:.1f} s. With nothing new: {m.nothing_new:.1f} s."
            )
    return "\n".join([*lines, ""])


def main() -> int:
    chosen = [CLASSES[name] for name in sys.argv[1:] or CLASSES]
    with tempfile.TemporaryDirectory() as folder:
        stock_times: dict[Any, float] = {}
        found = [measure(group, Path(folder), stock_times) for group in chosen]
    text = report(found)
    print(text)
    if len(found) == len(CLASSES):
        RESULTS.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
