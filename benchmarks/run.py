"""Grading speed, side by side in one run: stock `nbgrader autograde` and `autograder grade` on the same submissions.

`python -m benchmarks.run [STUDENTS]` writes `benchmarks/RESULTS.md`. Stock nbgrader is timed on a few students and its
time for each notebook taken from there; ours is timed on all of them, gradebook, autograded notebooks and feedback
included.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autograder import batch
from autograder.course import Course
from autograder.sandbox import choose
from tests.bank import COURSE, cells_as_text, read
from tests.demo import fill, new_course

STOCK_STUDENTS = 2
ROUNDS = 3


def class_of(folder: Path, students: int) -> Course:
    """A course in which everybody handed in the reference solution of every lesson."""
    course = new_course(folder)
    for key in course.lessons:
        lesson = read(key)
        released = json.loads((course.root / "release" / f"{key}.ipynb").read_text("utf-8"))
        solved = json.dumps(fill(released, lesson, cells_as_text(lesson, stub=False)))
        for n in range(students):
            path = course.root / "submitted" / f"student-{n:04}" / f"{key}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(solved, "utf-8")
    return course


def stock(course: Course, module: str, student: str) -> None:
    """`nbgrader autograde` for one student, as an instructor runs it."""
    command = [str(Path(sys.executable).with_name("nbgrader")), "autograde", module, "--student", student, "--force"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(
        command, cwd=course.root, check=True, capture_output=True, stdin=subprocess.DEVNULL,
        env=os.environ | {"PATH": path, "HOME": str(course.root)},
    )  # fmt: skip


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        course = class_of(Path(folder) / "course", students)
        names = [f"student-{n:04}" for n in range(students)]
        notebooks = len(course.lessons)
        ours, serial, two = [], [], []
        for module in course.modules:
            batch.grade(course, module, names[:1], jobs=2)  # the gradebook knows the assignment from here on
        few = [(module, student) for student in names[:STOCK_STUDENTS] for module in course.modules]

        def grade_all() -> None:
            for module in course.modules:
                batch.grade(course, module, jobs=2, again=True)

        def stock_serially() -> None:
            for pair in few:
                stock(course, *pair)

        def stock_twice_at_once() -> None:
            with ThreadPoolExecutor(2) as threads:
                list(threads.map(lambda pair: stock(course, *pair), few))

        for _ in range(ROUNDS):
            ours.append(timed(grade_all))
            serial.append(timed(stock_serially))
            two.append(timed(stock_twice_at_once))
    each = {
        "stock nbgrader, serial": statistics.median(serial) / STOCK_STUDENTS / notebooks,
        "stock nbgrader, two processes": statistics.median(two) / STOCK_STUDENTS / notebooks,
        "autograder grade, two jobs": statistics.median(ours) / students / notebooks,
    }
    fastest = each["autograder grade, two jobs"]
    rows = [f"| {name} | {1000 * s:.0f} ms | {s / fastest:.1f} |" for name, s in each.items()]
    when = datetime.date.today().isoformat()
    text = "\n".join(
        [
            "# Grading speed",
            "",
            f"Built by `make bench` on {when}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
            f"Python {platform.python_version()}, box: {choose(trust=True).level}. Reference solutions of {notebooks} "
            f"lessons, {students} students (stock: {STOCK_STUDENTS}), median of {ROUNDS} rounds in one run.",
            "",
            "| | for each notebook | times ours |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )
    print(text)
    (COURSE.root / "benchmarks" / "RESULTS.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
