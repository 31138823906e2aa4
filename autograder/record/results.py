"""Results on disk, one file for each student and lesson, whole or not at all.

Each is keyed by what went in: the submission's bytes, the lesson's text and worlds, the code that
observes and judges (`lessons.dependencies`), the box, and Python's version. A second run takes a
stored result only when all of it is the same. One that a regrade kept also outlasts a new grader,
world, box or Python. The salt of its random worlds is stored with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec

from autograder import files
from autograder.files import Stop, write_locked
from autograder.jobs import ByHand, CheckResult, Result
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from coursekit.checks import Row

# what a result depends on: hashes of submission, lesson, worlds and grader, the box's level, and
# Python's version
Key = dict[str, str]
RESULTS = "results"  # the folder inside `folder(course)`


def folder(course: Course) -> Path:
    """Where results, backups and locks are kept."""
    return course.room(".autograder")


def path(course: Course, module: str, student: str, lesson: str, room: str = RESULTS) -> Path:
    """The file of one result; `lesson` is `module/stem`."""
    return folder(course) / room / module / student / f"{lesson.split('/')[1]}.json"


def key(submission: bytes | None, lesson: Lesson, level: str) -> Key:
    """What a result depends on. A submission without a readable file has no hash."""
    handed = "" if submission is None else hashlib.sha256(submission).hexdigest()
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return {"submission": handed, **lesson.basis, "box": level, "python": python}


def as_stored(result: Result, key: Key) -> dict[str, Any]:
    """A result with everything that was seen, for authors, reports and regrading."""
    own = {"key": key, "salt": result.salt, "files": result.files, "answered": result.answered}
    return {**own, **result.as_json(reveal=True)}


def store(course: Course, module: str, result: Result, key: Key, room: str = RESULTS) -> None:
    """Keep a result."""
    text = json.dumps(as_stored(result, key), ensure_ascii=False)
    write_locked(
        path(course, module, result.student, result.lesson, room), text.encode("utf-8", "replace")
    )


def read(course: Course, lesson: Lesson, student: str) -> dict[str, Any] | None:
    """The stored result as it is, of whatever submission, lesson and grader; None when there is
    none.
    """
    return _read(path(course, lesson.module, student, lesson.key))


def load(
    course: Course, lesson: Lesson, student: str, key: Key, room: str = RESULTS
) -> Result | None:
    """The stored result, if it is of exactly this submission, lesson and grader."""
    raw = _read(path(course, lesson.module, student, lesson.key, room))
    checks = {c.name: (g, c) for g, cs in lesson.checks.items() for c in cs}
    if raw is None or not _fits(raw, key) or [c["name"] for c in raw["checks"]] != list(checks):
        return None
    rows = []
    for c in raw["checks"]:
        grade_id, check = checks[c["name"]]
        rows.append(CheckResult(grade_id, Row(check, c["verdict"], c["seen"], c["expected"])))
    handed_in = tuple(raw.get("handed_in") or ())  # the last of the repairs
    return Result(
        student,
        lesson.key,
        raw["state"],
        tuple(rows),
        tuple(raw["repairs"])[: len(raw["repairs"]) - len(handed_in)],
        tuple(raw["problems"]),
        raw["isolation"],
        salt=raw["salt"],
        slip=raw.get("slip") or "",
        kept=tuple(raw["kept"].items()),
        handed_in=handed_in,
        late=raw.get("late") or "",
        by_hand=tuple(ByHand(**one) for one in raw.get("by_hand") or ()),
        files=tuple(raw.get("files") or ()),
        answered=raw.get("answered"),
    )


def _fits(raw: dict[str, Any], key: Key) -> bool:
    stored = raw.get("key")
    if not isinstance(stored, dict):
        return False
    parts = ("submission", "lesson") if raw["kept"] else key
    return all(stored.get(part) == key[part] for part in parts)


def stored_files(course: Course, module: str) -> list[Path]:
    """The files of a module's stored results, in order of student and lesson."""
    return sorted((folder(course) / "results" / module).glob("*/*.json"))


def stored(course: Course, module: str) -> Iterator[dict[str, Any]]:
    """All stored results of a module as JSON objects, in order of student and lesson."""
    for file in stored_files(course, module):
        raw = _read(file)
        if raw is not None:
            yield raw


def _read(file: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        raw = msgspec.json.decode(file.read_bytes())
        if isinstance(raw, dict):
            return raw
    return None


def locked(course: Course, name: str, stop: Stop | None = None) -> AbstractContextManager[None]:
    """Alone with `name` in this course: `files.locked`."""
    return files.locked(folder(course) / "locks", name, stop)
