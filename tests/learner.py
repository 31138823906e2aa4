"""A learner's course folder for tests: small lessons, a clock set by hand, the command line."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from autograder.cli.app import main
from autograder.study.study import Study

OUTLINE = Path(__file__).parents[1] / "lessons" / "course.toml"
ZONE = timezone(timedelta(hours=2))
MONDAY = datetime(2030, 6, 3, 9, 0, tzinfo=ZONE)


class Clock:
    """Says the time it was set to."""

    def __init__(self, at: datetime = MONDAY) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def go(self, minutes: float = 0, days: float = 0) -> None:
        """Let time pass."""
        self.at += timedelta(minutes=minutes, days=days)


def cell(kind: str, text: str, name: str = "", **flags: Any) -> dict[str, Any]:
    """A cell of a notebook as JSON; flags as nbgrader has them."""
    made: dict[str, Any] = {
        "cell_type": kind,
        "metadata": {},
        "source": text,
        "id": name or f"c{abs(hash(text))}",
    }
    if name:
        made["metadata"]["nbgrader"] = {"grade_id": name, **flags}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def lesson(title: str, time: str = "45 min", points: float = 10) -> list[dict[str, Any]]:
    """The cells of a lesson with one task."""
    name = re.sub(r"\W+", "-", title.lower())
    return [
        cell("markdown", f"# {title}\n\n**Time** {time} · **Level** easy · **Needs** nothing"),
        cell(
            "code",
            "def answer():\n    # YOUR CODE HERE\n    raise NotImplementedError()",
            name,
            solution=True,
        ),
        cell("code", "scoreboard()", f"{name}-checks", grade=True, points=points),
    ]


def write(path: Path, cells: list[dict[str, Any]]) -> None:
    """Write a notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook, indent=1), "utf-8")


def read(path: Path) -> dict[str, Any]:
    """Read a notebook."""
    made: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return made


def write_in(path: Path, name: str, text: str) -> None:
    """Write in the cell of a notebook that has this grade id or id, as JupyterLab saves it."""
    notebook = read(path)
    found = next(
        c
        for c in notebook["cells"]
        if name in (c["id"], c["metadata"].get("nbgrader", {}).get("grade_id"))
    )
    found["source"] = text.splitlines(keepends=True)
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3"}
    path.write_text(json.dumps(notebook), "utf-8")


def source(path: Path, name: str) -> str:
    """What stands in a cell of a notebook."""
    cells = read(path)["cells"]
    found = next(
        c for c in cells if name in (c["id"], c["metadata"].get("nbgrader", {}).get("grade_id"))
    )
    return "".join(found["source"])


def course(folder: Path, **lessons: list[dict[str, Any]]) -> Path:
    """A course with these lessons in `notebooks/`, named `module__stem`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text("c = get_config()\n")
    (folder / "notebooks").mkdir(exist_ok=True)
    (folder / "lessons").mkdir(exist_ok=True)
    shutil.copy(OUTLINE, folder / "lessons")
    for name, cells in lessons.items():
        write(folder / "notebooks" / f"{name.removeprefix('m').replace('__', '/')}.ipynb", cells)
    call = "from autograder.selfstudy import start_page\n\nstart_page()"
    start = [cell("markdown", "# The course"), cell("code", call)]
    write(folder / "notebooks" / "start.ipynb", start)
    return folder


class Terminal:
    """The command line in a course folder."""

    def __init__(
        self, root: Path, capsys: pytest.CaptureFixture[str], clock: Clock | None = None
    ) -> None:
        self.root, self.capsys, self.clock = root, capsys, clock or Clock()

    @property
    def study(self) -> Study:
        """The course as it is now."""
        return Study(self.root, self.clock)

    def run(self, *words: str | Path, code: int = 0) -> str:
        """Run a command and return what it printed; it must end with `code`."""
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*map(str, words), "--course", str(self.root)], self.clock)
        out, err = self.capsys.readouterr()
        assert (ended.value.code or 0) == code, out + err
        assert "Traceback" not in out + err
        return out + err
