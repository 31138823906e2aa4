"""The learner's side of a course folder: the lessons as their notebooks tell them, and what is kept
on this machine.

`notebooks/` is the course's and tracked by git; `study/` is the learner's and ignored by git, as is
what is kept about it below `.autograder/study/`. Nothing here needs `lessons/` or runs anybody's
code, and it works on any system.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.files import Unreadable, decode, free_name, read_bounded, write_atomically
from autograder.lessons.course import named
from autograder.lessons.facts import Facts
from autograder.lessons.outline import Outline

ROOM = "study"
START = "start.ipynb"
NOTEBOOK = re.compile(r"\d\d_[a-z0-9_]+\.ipynb$")
Clock = Callable[[], datetime]


class BrokenFile(Exception):
    """A file that is kept on this machine is broken or somebody else's. The message says which and
    what to do.
    """


def now() -> datetime:
    """The time on this machine, with its offset."""
    return datetime.now().astimezone()


@dataclass(frozen=True)
class Cell:
    """A notebook's cell. `name` is its grade id, or empty where it has none."""

    name: str
    kind: str
    source: str
    meta: dict[str, Any] = field(default_factory=dict, repr=False)  # what nbgrader says about it
    ran: bool = False

    @property
    def is_task(self) -> bool:
        """Whether the learner is to write in it."""
        return bool(self.meta.get("solution"))

    @property
    def is_graded(self) -> bool:
        """Whether it holds checks."""
        return bool(self.meta.get("grade")) and not self.is_task

    @property
    def is_given(self) -> bool:
        """Whether it is given in full and the learner's to change."""
        flags = ("solution", "grade", "locked")
        return bool(self.name) and not any(self.meta.get(flag) for flag in flags)


@dataclass(frozen=True)
class Card:
    """A lesson as its notebook tells it. `key` is `module/stem`."""

    key: str
    title: str
    minutes: int  # its own estimate
    points: float  # by machine
    by_hand: float
    cells: tuple[Cell, ...] = field(repr=False)

    @property
    def module(self) -> str:
        """The folder it stands in."""
        return self.key.split("/")[0]

    @property
    def stem(self) -> str:
        """Its notebook's name without the ending."""
        return self.key.split("/")[1]

    @property
    def tasks(self) -> list[str]:
        """Grade ids of the cells that the learner writes."""
        return [c.name for c in self.cells if c.is_task]


@dataclass(frozen=True)
class Study:
    """A course folder, seen by a person who studies alone."""

    root: Path
    clock: Clock = now

    @classmethod
    def find(cls, start: Path, clock: Clock = now) -> Study:
        """The course that `start` lies in; it needs `notebooks/`, not `lessons/`.

        Raises:
            CourseError: no folder above `start` is one.
        """
        here = start.resolve()
        for folder in (here, *here.parents):
            if (folder / "notebooks").is_dir() and (folder / "nbgrader_config.py").is_file():
                return cls(folder, clock)
        raise CourseError(
            f"{start} does not lie in a course (a folder with notebooks/). "
            "Go there, or say --course."
        )

    @cached_property
    def outline(self) -> Outline:
        """Titles, days and practice of the modules."""
        return Outline.read(self.root)

    @property
    def room(self) -> Path:
        """Where the learner works."""
        return self.root / ROOM

    @property
    def kept(self) -> Path:
        """Where results, the plan and the versions of copies are kept."""
        return self.root / ".autograder" / "study"

    @property
    def locks(self) -> Path:
        """Where locks are kept, of everybody who works in the course."""
        return self.root / ".autograder" / "locks"

    def released(self, key: str) -> Path:
        """The course's own notebook of a lesson."""
        return self.root / "notebooks" / f"{key}.ipynb"

    def notebook(self, key: str) -> Path:
        """The learner's notebook of a lesson."""
        return self.room / f"{key}.ipynb"

    def say(self, path: Path) -> str:
        """The path as it is written in messages: below the course folder, with slashes."""
        with contextlib.suppress(ValueError):
            return path.relative_to(self.root).as_posix()
        return str(path)

    @cached_property
    def cards(self) -> dict[str, Card]:
        """All lessons in `notebooks/` by key, in course order."""
        return {card.key: card for card in self._read if isinstance(card, Card)}

    @cached_property
    def problems(self) -> list[str]:
        """A sentence for each notebook of the course that cannot be read."""
        return [problem for problem in self._read if isinstance(problem, str)]

    @cached_property
    def _read(self) -> list[Card | str]:
        files = sorted(
            p for p in (self.root / "notebooks").glob("*/*.ipynb") if NOTEBOOK.match(p.name)
        )
        return [self._card(path) for path in files]

    def _card(self, path: Path) -> Card | str:
        try:
            cells = tuple(read_cells(path))
        except Unreadable as error:
            name = self.say(path)
            return f"{name}: {error}. `git checkout {name}` puts the course's own back."
        facts = Facts.of(cells[0].source if cells else "")
        points = sum(_points(c) for c in cells if c.is_graded)
        by_hand = sum(_points(c) for c in cells if c.is_task)
        key = f"{path.parent.name}/{path.stem}"
        return Card(key, facts.title or path.stem, facts.minutes, points, by_hand, cells)

    def key(self, lesson: str) -> str:
        """The lesson that a learner names, as `module/stem`.

        Raises:
            CourseError: there is no such lesson; the message suggests the nearest.
        """
        return named(lesson.replace("\\", "/").removeprefix(f"{ROOM}/"), list(self.cards))

    # ---------------------------------------------------------------------------- what is kept here

    def load(self, name: str) -> Any:
        """What `name.json` holds; None when it is not there.

        Raises:
            BrokenFile: it cannot be read.
        """
        path = self.kept / f"{name}.json"
        try:
            return json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.broken_file(name, error.strerror or "it cannot be read") from None
        except (ValueError, RecursionError):
            raise self.broken_file(name, "it is not JSON") from None

    def broken_file(self, name: str, why: str) -> BrokenFile:
        """What to say about `name.json` when it is broken or was not written by this course."""
        path = self.say(self.kept / f"{name}.json")
        return BrokenFile(
            f"{path} is not as it was written: {why}. "
            "It is left out; delete it to be rid of this line."
        )

    def store(self, name: str, data: Any) -> None:
        """Keep `data` in `name.json`."""
        text = json.dumps(data, ensure_ascii=False, indent=1)
        write_atomically(self.kept / f"{name}.json", text.encode("utf-8", "replace"))

    def set_aside(self, name: str) -> None:
        """Give `name.json`, which is foreign, another name before something is stored under its
        own.
        """
        path = self.kept / f"{name}.json"
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, free_name(path.with_name(f"{path.name}.broken")))


def read_cells(path: Path) -> Iterator[Cell]:
    """The cells of a notebook; empty ones, which JupyterLab adds by itself, are left out.

    Raises:
        Unreadable: it is missing or not a notebook.
    """
    try:
        notebook = json.loads(decode(read_bounded(path), []))
    except (ValueError, RecursionError):
        raise Unreadable("not a notebook: not JSON") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("not a notebook: it holds no cells")
    for cell in cells:
        if isinstance(cell, dict) and text_of(cell).strip():
            meta = (
                cell["metadata"].get("nbgrader") if isinstance(cell.get("metadata"), dict) else None
            )
            meta = meta if isinstance(meta, dict) else {}
            name = meta.get("grade_id")
            ran = cell.get("execution_count") is not None
            yield Cell(
                name if isinstance(name, str) else "",
                str(cell.get("cell_type")),
                text_of(cell),
                meta,
                ran,
            )


def text_of(cell: dict[str, Any]) -> str:
    """The text of a cell as it stands in a notebook's JSON."""
    text = cell.get("source", "")
    text = (
        "".join(part for part in text if isinstance(part, str)) if isinstance(text, list) else text
    )
    return text.replace("\r\n", "\n") if isinstance(text, str) else ""


def _points(cell: Cell) -> float:
    points = cell.meta.get("points", 0)
    return float(points) if isinstance(points, int | float) else 0.0
