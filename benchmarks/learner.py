"""What waiting there is for somebody who learns: for a slider, and for the import of the kit.

`python -m benchmarks.learner [sliders|import] [LESSON …]` prints a table and, for all lessons,
writes it to its section of `benchmarks/LEARNER.md`. Each number stands beside what a user would
have otherwise, measured in the same run:

- sliders: the lesson's solution runs in a real kernel, then its sliders are moved by the messages
  that a browser sends. Beside it stands the same picture, drawn by the same function, with
  `ipywidgets.interact` and pyplot as they come.
- import: a fresh process imports what a kernel imports, then what the lesson imports besides the
kit, then the kit.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import json
import os
import platform
import queue
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).parent.parent
REPORT = Path(__file__).with_name("LEARNER.md")
LESSONS = sorted(
    path.relative_to(ROOT / "source").with_suffix("").as_posix()
    for path in ROOT.glob("source/*/*.ipynb")
)
VALUES = 4  # of each slider
FRESH = 7  # processes that import
PATIENCE = 120.0  # seconds for one answer of the kernel

Message = Mapping[str, Any]  # of the Jupyter protocol

# Runs before the lesson: remembers what `explore` was called with, so that `INTERACT` can show the
# same.
RECORD = """
import coursekit as _kit
_explored, _explore = [], _kit.explore
def _recording(draw, **given):
    _explored.append((draw, given))
    _explore(draw, **given)
_kit.explore = _recording
"""
# The same picture by the usual means: no care for margins, resolution or pictures that were drawn
# before.
INTERACT = """
import ipywidgets, matplotlib.pyplot as _plt
def _shown(draw, given):
    data, size = given.pop("data", None), given.pop("size", (9.0, 4.0))
    del given["caption"]
    def picture(**values):
        figure = _plt.figure(figsize=size)
        draw(figure, *([] if data is None else [data(**values)]), **values)
        _plt.show()
    sliders = {}
    for name, s in given.items():
        widget = ipywidgets.IntSlider if s.is_whole else ipywidgets.FloatSlider
        number = int if s.is_whole else float
        sliders[name] = widget(
            value=number(s.start), min=number(s.low), max=number(s.high), step=number(s.step),
            continuous_update=False
        )
    ipywidgets.interact(picture, **sliders)
for _draw, _given in _explored:
    _shown(_draw, dict(_given))
"""


# ----------------------------------------------------------------------------------------- a kernel


@dataclass(frozen=True)
class Slider:
    """A slider that a cell showed."""

    comm: str  # id of the channel to it
    low: float
    high: float
    step: float
    start: float

    def values(self) -> list[float]:
        """Up to `VALUES` places to move to, evenly spread, none of them the start."""
        steps = round((self.high - self.low) / self.step)
        places = {self.low + self.step * round(steps * n / VALUES) for n in range(VALUES + 1)}
        return [place if self.step % 1 else int(place) for place in sorted(places - {self.start})][
            -VALUES:
        ]


@dataclass(frozen=True)
class Cost:
    """What one move costs, in milliseconds."""

    wall: float  # from the browser's message to the picture
    cpu: float  # of the kernel, all threads


class Kernel:
    """A Jupyter kernel and what it was told to show."""

    def __init__(self, folder: Path) -> None:
        self._manager, client = start_new_kernel(
            kernel_name="python3", cwd=str(folder), stderr=subprocess.DEVNULL
        )
        assert isinstance(client, BlockingKernelClient)
        self._client = client

    def stop(self) -> None:
        """End the kernel."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def run(self, code: str) -> list[Slider]:
        """Run a cell; the sliders that it showed."""
        sliders = []
        for message in self._until_idle(self._client.execute(code)):
            content = message["content"]
            if message["msg_type"] == "error":
                raise SystemExit("\n".join(content["traceback"]))
            state = content["data"].get("state", {}) if message["msg_type"] == "comm_open" else {}
            if state.get("_model_name") in ("IntSliderModel", "FloatSliderModel"):
                sliders.append(
                    Slider(
                        content["comm_id"],
                        state["min"],
                        state["max"],
                        state["step"],
                        state["value"],
                    )
                )
        return sliders

    def move(self, slider: Slider, to: float) -> Cost:
        """Move it, as a browser does, and wait for the picture."""
        data = {"method": "update", "state": {"value": to}, "buffer_paths": []}
        content = {"comm_id": slider.comm, "data": data}
        message = self._client.session.msg("comm_msg", content)
        cpu, began, painted = self._cpu(), time.perf_counter(), 0.0
        self._client.shell_channel.send(message)
        for answer in self._until_idle(message["header"]["msg_id"]):
            if "image/png" in answer["content"].get("data", {}):
                painted = time.perf_counter()
        if not painted:
            raise SystemExit(f"no picture when a slider went from {slider.start} to {to}")
        return Cost(1000 * (painted - began), 1000 * (self._cpu() - cpu))

    def _cpu(self) -> float:
        """Seconds that the kernel's threads have used; on Linux, elsewhere 0."""
        pid = self._manager.provisioner.pid  # type: ignore[union-attr]
        nanoseconds = 0
        for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            nanoseconds += int(thread.read_text("ascii").split()[0])
        return nanoseconds / 1e9

    def _until_idle(self, request: str) -> Iterator[Message]:
        """What the kernel publishes on behalf of a request."""
        while True:
            try:
                message = self._client.get_iopub_msg(timeout=PATIENCE)
            except queue.Empty:
                raise SystemExit("the kernel does not answer") from None
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return
            yield message


# ------------------------------------------------------------------------------------------ sliders


def sliders(lessons: Sequence[str]) -> list[str]:
    """A row for each lesson: the median move with `explore`, with `interact`, and their ratio."""
    rows = []
    for lesson in lessons:
        ours, usual = _moves(lesson)
        cpu, other = (statistics.median(cost.cpu for cost in costs) for costs in (ours, usual))
        wall, beside = (statistics.median(cost.wall for cost in costs) for costs in (ours, usual))
        rows.append(
            f"| {lesson} | {len(ours)} | {wall:.0f} | {cpu:.0f} "
            f"| {beside:.0f} | {other:.0f} | {wall / beside:.2f} |"
        )
        print(rows[-1], flush=True)
    return rows


def _moves(lesson: str) -> tuple[list[Cost], list[Cost]]:
    cells = json.loads((ROOT / "source" / f"{lesson}.ipynb").read_text("utf-8"))["cells"]
    kernel = Kernel(ROOT)
    try:
        kernel.run(RECORD)
        shown = [
            kernel.run("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"
        ]
        ours = _all_moves(kernel, [slider for some in shown for slider in some])
        return ours, _all_moves(kernel, kernel.run(INTERACT))
    finally:
        kernel.stop()


def _all_moves(kernel: Kernel, found: Sequence[Slider]) -> list[Cost]:
    """Each slider goes to each of its values and back to its start, which is not counted: that
    picture is known.
    """
    costs = []
    for slider in found:
        costs += [kernel.move(slider, value) for value in slider.values()]
        kernel.move(slider, slider.start)
    return costs


# ------------------------------------------------------------------------------------------- import


def imports(lessons: Sequence[str]) -> list[str]:
    """A row for each lesson: CPU time of its own imports and of the kit's after them, medians of
    `FRESH` processes.
    """
    rows = []
    for lesson in lessons:
        own, kit = _setup(lesson)
        spent = [_spent(own, kit) for _ in range(FRESH)]
        theirs, ours = (statistics.median(one[n] for one in spent) for n in (0, 1))
        ratio = f"{ours / theirs:.2f}" if theirs >= 1 else "all were there"
        rows.append(f"| {lesson} | {ours:.0f} | {theirs:.0f} | {ratio} |")
        print(rows[-1], flush=True)
    return rows


def _setup(lesson: str) -> tuple[str, str]:
    """The lesson's import statements: all others, and those that name the kit."""
    own: list[str] = []
    kit: list[str] = []
    for statement in ast.parse((ROOT / "lessons" / f"{lesson}.py").read_text("utf-8")).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            text = ast.unparse(statement)
            (kit if "coursekit" in text else own).append(text)
    return "\n".join(own), "\n".join(kit)


def _spent(own: str, kit: str) -> tuple[float, float]:
    """Milliseconds of CPU for the one and then for the other, in a process that has imported what a
    kernel does.
    """
    code = (
        "import ipykernel.ipkernel, ipykernel.zmqshell\nfrom time import process_time as now\n"
        f"start = now()\n{own}\nmiddle = now()\n{kit}\nprint(middle - start, now() - middle)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    theirs, ours = (1000 * float(seconds) for seconds in done.stdout.split()[-2:])
    return theirs, ours


# ------------------------------------------------------------------------------------------- report

TABLES = {
    "sliders": (
        sliders,
        "## A slider moves\n\n"
        "Medians over moves of every slider, in milliseconds: "
        "from the browser's message to the picture's, and CPU time of the kernel. "
        "*Otherwise* is `ipywidgets.interact` with pyplot and the inline backend as they come, "
        "around the same drawing function and the same code of the learner.\n\n"
        "| lesson | moves | ours | CPU | otherwise | CPU | ratio |\n|---|---|---|---|---|---|---|",
    ),
    "import": (
        imports,
        "## The kit is imported\n\n"
        "Milliseconds of CPU in fresh processes, medians: "
        "what `coursekit` and the lesson's names from it cost after the lesson's other imports, "
        "beside what those cost. What a kernel itself imports is there before; "
        "Matplotlib comes with a lesson's first picture and is in neither.\n\n"
        "| lesson | the kit | the lesson's other imports | ratio |\n|---|---|---|---|",
    ),
}


def write(name: str, rows: Sequence[str]) -> None:
    """Put the table of that name into its section of `REPORT`, at the end if there is none yet."""
    machine = (
        f"{datetime.date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores."
    )
    begin, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    section = "\n".join([begin, TABLES[name][1], *rows, "", machine, end])
    text = REPORT.read_text("utf-8") if REPORT.exists() else "# What a learner waits for\n"
    before, found, rest = text.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    REPORT.write_text((before if found else f"{text.rstrip()}\n\n") + section + after, "utf-8")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks.learner", description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="?", choices=[*TABLES], help="one table instead of both")
    parser.add_argument(
        "lessons",
        nargs="*",
        metavar="LESSON",
        help="such as 02_coding/01_batch_requests; all if none",
    )
    given = parser.parse_args()
    for name in [given.what] if given.what else [*TABLES]:
        rows = TABLES[name][0](given.lessons or LESSONS)
        if not given.lessons:
            write(name, rows)


if __name__ == "__main__":
    main()
