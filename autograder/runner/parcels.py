"""Parcels are bytes, so are traces that come from afar: what they travel in shares no disk.

A parcel holds what a learner's process may know: the steps of the job, observing code and seeds.
What is right stays with the judge.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import msgspec

from autograder.inside import wire
from autograder.jobs import Job, Trace
from autograder.lessons.lesson import REFERENCE_CPU, Lesson, Work
from autograder.runner.control import RunnerGone
from coursekit import checks as kit
from coursekit.expect import REFERENCE

# what learners import and what takes long: it is imported before the fork, once for all notebooks,
# as soon as one asks for it
HEAVY = {
    "matplotlib.pyplot", "pandas", "scipy.integrate", "scipy.interpolate", "scipy.linalg",
    "scipy.optimize", "scipy.signal", "scipy.sparse", "scipy.spatial", "scipy.special",
    "scipy.stats", "sqlalchemy",
}  # fmt: skip
IMPORTS = re.compile(
    r"^[ \t]*(?:import[ \t]+(?P<whole>[\w.]+)|from[ \t]+(?P<package>[\w.]+)[ \t]+import[ \t]+"
    r"(?P<names>[\w ,]+))",
    re.MULTILINE,
)


@dataclass(frozen=True)
class PackedLesson:
    """What all parcels of a lesson have in common.

    Attributes:
        works: observing code by grade id.
        seeds: for each check its seeds, or None.
        cpu: for each check its CPU seconds.
        preload: modules that a warm process has loaded.
        pictures: in base64, by digest: `coursekit.plots.remembered`.
    """

    works: dict[str, Work]
    seeds: dict[str, tuple[str, ...] | None]
    cpu: dict[str, float]
    preload: tuple[str, ...]
    pictures: dict[str, str]


@dataclass(frozen=True)
class Parcel:
    """An opened parcel: one notebook, and what its lesson observes."""

    job: Job
    lesson: PackedLesson


def heavy_imports(job: Job) -> tuple[str, ...]:
    """Modules that a job's cells seem to import and that are worth loading beforehand."""
    named: set[str] = set()
    for step in job.steps:
        for whole, package, names in IMPORTS.findall(step.source):
            named |= {whole, package, *(f"{package}.{name.strip()}" for name in names.split(","))}
    return tuple(sorted(named & HEAVY))


def pack_lesson(
    lesson: Lesson, salt: str, preload: Sequence[str], pictures: Mapping[str, bytes]
) -> str:
    """What all parcels of a lesson have in common: the random worlds that `salt` makes, the modules
    that a warm process has loaded, and the pictures that need not be drawn
    (`coursekit.plots.remembered`).
    """
    cpu = {check.name: check.cpu for check in lesson.all_checks}
    return _packed(lesson.works, lesson.all_checks, salt, cpu, preload, pictures)


def pack_reference(lesson: Lesson, salt: str, preload: Sequence[str]) -> str:
    """The same for the lesson's own solution: only what is compared with it is observed, with all
    patience.
    """
    checks = [check for check in lesson.all_checks if check.expect is REFERENCE]
    wanted = {check.name for check in checks}
    works = {
        grade_id: replace(
            work, names=tuple(name for name in work.names if name in wanted), visible=None
        )
        for grade_id, work in lesson.works.items()
    }
    return _packed(works, checks, salt, dict.fromkeys(wanted, REFERENCE_CPU), preload, {})


def _packed(
    works: Mapping[str, Work],
    checks: Sequence[kit.Check],
    salt: str,
    cpu: Mapping[str, float],
    preload: Sequence[str],
    pictures: Mapping[str, bytes],
) -> str:
    return json.dumps(
        {
            "works": {grade_id: asdict(_compiled(work)) for grade_id, work in works.items()},
            "seeds": {check.name: kit.fixed_seeds(check, salt) for check in checks},
            "cpu": dict(cpu),
            "preload": preload,
            "pictures": {
                digest: base64.b64encode(png).decode() for digest, png in pictures.items()
            },
        }
    )


def _compiled(work: Work) -> Work:
    visible = _compiled(work.visible) if work.visible else None
    return replace(work, code=wire.code_as_text(work.source), visible=visible)


def pack(job: Job, packed_lesson: str) -> bytes:
    """A parcel: two lines of JSON."""
    packed_job = json.dumps({**vars(job), "steps": [vars(step) for step in job.steps]})
    return f"{packed_job}\n{packed_lesson}".encode()


def pack_trace(trace: Trace) -> bytes:
    """A trace as it travels between machines."""
    return json.dumps({**vars(trace), "cells": [vars(cell) for cell in trace.cells]}).encode()


def unpack_job(data: bytes) -> Job:
    """The first line of a parcel."""
    return msgspec.convert(json.loads(data), Job)


def unpack_lesson(data: bytes) -> PackedLesson:
    """The second line of a parcel."""
    return msgspec.convert(json.loads(data), PackedLesson)


def unpack_trace(data: bytes) -> Trace:
    """A trace from its bytes.

    Raises:
        RunnerGone: they are not a trace.
    """
    try:
        return msgspec.convert(json.loads(data), Trace)
    except (ValueError, RecursionError):  # msgspec's errors are of the first kind
        raise RunnerGone from None
