"""The outline of the course, `lessons/course.toml`: its modules, and practice without grades."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.errors import CourseError

FILE = Path("lessons", "course.toml")
DAYS = 6  # that the outline is written for


@dataclass(frozen=True)
class Module:
    """A module: its folder's name, its title, and the day of a six-day plan that is its own.

    Attributes:
        room: the folder of `coursekit/` where the worlds of its lessons lie.
    """

    name: str
    title: str
    day: int
    room: str


@dataclass(frozen=True)
class Practice:
    """Something to do without this course grading it, on one of six days.

    Attributes:
        module: it stands in a plan only while this module has no lesson; always when empty.
        hardest: the plan names the lessons that were hardest.
    """

    day: int
    what: str
    minutes: int
    module: str = ""
    hardest: bool = False


@dataclass(frozen=True)
class Outline:
    """The modules by name, in the order of an interview, and practice in the order of days.

    Attributes:
        formative: lessons, as `module/stem`, that count nothing in a class: who hands one in gets
            its feedback, and the gradebook's maximum for it is 0.
    """

    modules: Mapping[str, Module] = field(default_factory=dict)
    practice: tuple[Practice, ...] = ()
    formative: frozenset[str] = frozenset()

    @classmethod
    def read(cls, root: Path) -> Outline:
        """The outline of the course in `root`; an empty one where the file is missing.

        Raises:
            CourseError: it is not as it should be; the message names the key.
        """
        path = root / FILE
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError) as error:
            raise CourseError(
                f"{path}: {error}. Mend it, or `git checkout {FILE.as_posix()}`."
            ) from None
        try:
            modules = {name: _module(name, m) for name, m in raw["modules"].items()}
            practice = [
                *_of_modules(raw["modules"]),
                *(_practice(p, p["day"]) for p in raw.get("practice", ())),
            ]
            formative = _names(raw.get("formative", []))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            needed = "Each module has title, day and room, practice what and minutes."
            raise CourseError(f"{path}: {reason}. {needed}") from None
        return cls(modules, tuple(sorted(practice, key=lambda p: p.day)), formative)

    def title(self, module: str) -> str:
        """A module's title; without one, its folder's name in words."""
        known = self.modules.get(module)
        return (
            known.title
            if known
            else module.partition("_")[2].replace("_", " ").capitalize() or module
        )

    def day(self, module: str) -> int | None:
        """The day of six that is a module's own."""
        known = self.modules.get(module)
        return known.day if known else None


def _module(name: str, raw: Mapping[str, Any]) -> Module:
    return Module(name, str(raw["title"]), int(raw["day"]), str(raw["room"]))


def _names(raw: object) -> frozenset[str]:
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise ValueError('"formative" is a list of lessons, such as ["02_coding/01_count_words"]')
    return frozenset(raw)


def _of_modules(raw: Mapping[str, Any]) -> Iterator[Practice]:
    for name, module in raw.items():
        for one in module.get("practice", ()):
            yield _practice(one, module["day"], name)


def _practice(raw: Mapping[str, Any], day: int, module: str = "") -> Practice:
    return Practice(
        int(day), str(raw["what"]), int(raw["minutes"]), module, bool(raw.get("hardest", False))
    )
