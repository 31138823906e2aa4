"""What a learner waits for one notebook to be graded, beside what importing the scientific stack
takes in the same run.

`python -m benchmarks.grading_one [ROUNDS]` grades the solution of two lessons in turn: by
`autograder score` and `autograder check` without the warm grader and with it, and by
`grade_this_notebook` in a real kernel. Medians and ratios are printed and written to the section
`one` of `benchmarks/LEARNER.md`. A first round is not counted: it compiles, fills the system's
caches and starts the warm grader.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from autograder import warm_client
from tests.bank import COURSE, cells_as_text, read
from tests.demo import fill

LESSONS = ("02_coding/04_cache_features", "04_mlops/01_detect_drift")
PAGE = COURSE.root / "benchmarks" / "LEARNER.md"
PAUSE = 2.0  # seconds between two gradings: nobody is quicker, and the warm grader gets ready again
IMPORT = "import numpy, scipy.stats, pandas, matplotlib.pyplot"
OTHERWISE = f"`{IMPORT}`"
COLD, SCORE, CHECK = (
    "`autograder score` with `AUTOGRADER_WARM=0`",
    "`autograder score`",
    "`autograder check`",
)
KERNEL = "`grade_this_notebook`"


def course(root: Path) -> Path:
    """A course folder with the lessons' solutions as answer files and as notebooks in study/."""
    for room in ("lessons", "notebooks"):
        shutil.copytree(
            COURSE.root / room, root / room, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(COURSE.root / "nbgrader_config.py", root)
    for key in LESSONS:
        lesson = read(key)
        solved = cells_as_text(lesson, stub=False)
        answer, notebook = root / "answers" / f"{key}.py", root / "study" / f"{key}.ipynb"
        released = json.loads((root / "notebooks" / f"{key}.ipynb").read_text("utf-8"))
        for path, text in (
            (answer, solved),
            (notebook, json.dumps(fill(released, lesson, solved))),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return root


def run(root: Path, *words: str, warm: bool = False) -> None:
    """Run a Python of its own to its end."""
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    environment[warm_client.SWITCH] = "5" if warm else "0"
    subprocess.run(
        [sys.executable, *words], cwd=root, env=environment, stdout=subprocess.DEVNULL, check=True
    )


@contextlib.contextmanager
def kernel(root: Path, key: str) -> Iterator[Callable[[], None]]:
    """Grades the notebook in a kernel that has run the notebook's own imports."""
    folder = (root / "study" / key).parent
    environment = {**os.environ, warm_client.SWITCH: "5"}
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder), env=environment)
    try:
        setup = next(c for c in read(key).cells if c.kind == "locked")
        _execute(client, f"{setup.source}\nfrom autograder.selfstudy import grade_this_notebook")
        yield lambda: _execute(
            client, f'assert grade_this_notebook("{Path(key).name}.ipynb").result["points"]'
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _execute(client: BlockingKernelClient, code: str) -> None:
    reply: dict[str, Any] = client.execute_interactive(
        code, timeout=120, output_hook=lambda message: None
    )
    assert reply["content"]["status"] == "ok", reply


def measure(root: Path, key: str, rounds: int) -> dict[str, list[float]]:
    """Seconds by what was done, one after the other in each round."""
    score = ("-m", "autograder", "score", key, f"answers/{key}.py")
    check = ("-m", "autograder", "check", f"study/{key}.ipynb")
    seconds: dict[str, list[float]] = {}
    with kernel(root, key) as grade:
        steps: dict[str, Callable[[], None]] = {
            OTHERWISE: lambda: run(root, "-c", IMPORT),
            COLD: lambda: run(root, *score),
            SCORE: lambda: run(root, *score, warm=True),
            CHECK: lambda: run(root, *check, warm=True),
            KERNEL: grade,
        }
        for number in range(rounds + 1):
            for name, step in steps.items():
                time.sleep(PAUSE)
                began = time.perf_counter()
                step()
                if number:
                    seconds.setdefault(name, []).append(time.perf_counter() - began)
    return seconds


def section(measured: dict[str, dict[str, list[float]]], rounds: int, load: float) -> str:
    """The section of the page."""
    lines = ["## One notebook is graded", ""]
    lines += [
        "Medians of wall time in seconds, from the second grading on: "
        "command to prompt, and in a kernel from Shift+Enter to idle. "
        f"Beside it {OTHERWISE} in a Python of its own, in the same rounds.",
        "",
    ]
    lines += ["| lesson | | seconds | ratio |", "|---|---|---:|---:|"]
    for key, seconds in measured.items():
        base = statistics.median(seconds[OTHERWISE])
        for name, some in seconds.items():
            lines.append(
                f"| {key} | {name} | {statistics.median(some):.2f} "
                f"| {statistics.median(some) / base:.2f} |"
            )
    today = datetime.date.today().isoformat()
    where = f"{platform.system()} with {os.cpu_count()} cores, load {load:.1f} at the end"
    lines += [
        "",
        f"{rounds} rounds, {today}, {where}, Python {platform.python_version()}, "
        f"{PAUSE:g} s between two gradings. Made by `python -m benchmarks.grading_one`.",
    ]
    return "\n".join(lines)


def write(text: str) -> None:
    """Put the section in its place on the page; at its end where it is new."""
    page = PAGE.read_text("utf-8") if PAGE.exists() else "# What a learner waits for\n"
    part = f"<!-- one -->\n{text}\n<!-- end one -->"
    place = re.compile("<!-- one -->.*<!-- end one -->", re.DOTALL)
    page = place.sub(lambda _: part, page) if place.search(page) else f"{page.rstrip()}\n\n{part}\n"
    PAGE.write_text(page, "utf-8")


def main(rounds: int = 5) -> None:
    """Measure, print and write."""
    with tempfile.TemporaryDirectory() as folder:
        root = course(Path(folder).resolve() / "course")
        try:
            measured = {key: measure(root, key, rounds) for key in LESSONS}
        finally:
            warm_client.stop(str(root))
    text = section(measured, rounds, os.getloadavg()[0])
    write(text)
    print(text)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
