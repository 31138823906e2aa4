"""Where things are: the rooms of a course folder, its modules and lessons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.errors import CourseError, nearest
from autograder.lessons.outline import Outline

LESSON_FILE = re.compile(r"\d\d_[a-z0-9_]+\.py$")


@dataclass(frozen=True)
class Course:
    """A folder with `lessons/` in it, and the trees that are built from them."""

    root: Path

    @classmethod
    def find(cls, start: Path) -> Course:
        """The course that `start` lies in.

        Raises:
            CourseError: no folder above `start` holds `lessons/`.
        """
        here = start.resolve()
        for folder in (here, *here.parents):
            if (folder / "lessons").is_dir() and (folder / "nbgrader_config.py").is_file():
                return cls(folder)
        raise CourseError(
            f"{start} does not lie in a course (a folder with lessons/). Go there, or say --course."
        )

    def room(self, name: str) -> Path:
        """A folder of the course by its name: `source`, `release`, `notebooks`, `submitted`, …"""
        return self.root / name

    @cached_property
    def outline(self) -> Outline:
        """Titles, days and practice of the modules."""
        return Outline.read(self.root)

    @property
    def lessons(self) -> list[str]:
        """All lessons as `module/stem`, in course order."""
        return [key for module in self.modules for key in self.lessons_of(module)]

    @property
    def modules(self) -> list[str]:
        """Folders of `lessons/` that hold a lesson, in course order."""
        folders = sorted(p for p in self.room("lessons").iterdir() if p.is_dir())
        return [p.name for p in folders if any(_lesson_files(p))]

    def lessons_of(self, module: str) -> list[str]:
        """The module's lessons as `module/stem`.

        Raises:
            CourseError: there is no such module; the message suggests the nearest.
        """
        if module not in self.modules:
            raise CourseError(f"there is no module {module!r}.{nearest(module, self.modules)}")
        return [f"{module}/{p.stem}" for p in _lesson_files(self.room("lessons") / module)]

    def lesson_path(self, key: str) -> Path:
        """The lesson's file, by `module/stem`, by its stem, or by any path or notebook name that
        ends in one.

        Raises:
            CourseError: there is no such lesson; the message suggests the nearest.
        """
        return (
            self.room("lessons").joinpath(*named(key, self.lessons).split("/")).with_suffix(".py")
        )


def named(key: str, known: list[str]) -> str:
    """The lesson among `known` that `key` names: by `module/stem`, by its stem, or by a path that
    ends in one.

    Raises:
        CourseError: there is no such lesson; the message suggests the nearest.
    """
    wanted = key.replace("\\", "/").strip("/").removesuffix(".ipynb").removesuffix(".py")
    parts = [
        p
        for p in wanted.split("/")
        if p not in ("", ".", "lessons", "notebooks", "source", "release")
    ]
    exact = [
        k for k in known if parts and (k == "/".join(parts[-2:]) or k.split("/")[1] == parts[-1])
    ]
    narrowed = [k for k in exact if k == "/".join(parts[-2:])] or exact
    if len(narrowed) != 1:
        hint = nearest("/".join(parts[-2:]), known) or nearest(parts[-1] if parts else "", known)
        raise CourseError(f"there is no lesson {key!r}.{hint} `autograder lessons` lists them.")
    return narrowed[0]


def _lesson_files(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.glob("*.py")) if LESSON_FILE.match(p.name))
