"""From trace to verdicts. Trusted and total: any trace gives a result, a malformed one included."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from autograder.grade import newer_python, playing, slips, submission, unkept
from autograder.grade.symptoms import Lost
from autograder.jobs import CheckResult, Job, Result, Trace, not_judged
from autograder.lessons.lesson import Lesson
from autograder.runner.client import RunnerGone, observed
from autograder.runner.parcels import pack, pack_lesson, pack_reference
from autograder.runner.pool import Local, Runner
from coursekit import checks as kit
from coursekit.played import played

MAX_REMEMBERED_VERDICTS = 10_000  # of a lesson
TRIES = 2  # a runner that dies under a job is given the same job once more


def fresh_salt() -> str:
    """What makes the random worlds of a run: new for each run, the same for a class."""
    return secrets.token_hex(8)


@dataclass
class LessonCache:
    """What is worked out once for a lesson and used for all who hand it in."""

    lesson: Lesson
    pictures: dict[str, bytes] = field(default_factory=dict)  # `submission.pictures`
    packed: str = ""  # `pack_lesson`
    # by check and what was observed
    rows: dict[tuple[str, bytes], kit.Row] = field(default_factory=dict)

    @cached_property
    def known_slips(self) -> slips.Table:
        """How the wrong answers of its bank fail."""
        return slips.read(self.lesson)


@dataclass(frozen=True)
class Judge:
    """Grades jobs of one run."""

    runner: Runner
    salt: str = field(default_factory=fresh_salt)
    # what warm processes load for all lessons; what each wants when None
    preload: tuple[str, ...] | None = None

    prepared: set[str] = field(default_factory=set, repr=False)  # lessons
    # by the identity of the lesson
    caches: dict[int, LessonCache] = field(default_factory=dict, repr=False)

    def reference(self, lesson: Lesson, drawn: bool) -> Trace | None:
        """What the lesson's own solution does in a warm process, drawing too if that is wanted.
        From any thread.

        None where it was cut short, or where parcels leave this machine: the solution does not.
        """
        if isinstance(self.runner, Local):
            job = submission.reference_job(lesson, drawn)
            with contextlib.suppress(RunnerGone):
                parcel = pack(job, pack_reference(lesson, self.salt, self._modules(lesson)))
                trace = self.runner.run(parcel)
                self._cache(lesson).pictures = submission.pictures(job, trace)
                return trace
        return None

    def prepare(self, lesson: Lesson, reference: Trace | None = None) -> None:
        """Let the reference answer every check: as it did in a warm process, else here, and then in
        the main thread only, since virtual time is one world at a time.
        """
        _ = lesson.works
        seen = reference.observations if reference else {}
        for check in lesson.all_checks:
            lesson.expectation(check, self.salt, seen.get(check.name))
        self.prepared.add(lesson.key)

    def grade(self, lesson: Lesson, job: Job) -> Result:
        """Run a job and judge it. What goes wrong in the run is the job's; it never stops the
        others.
        """
        parcel = pack(job, self._packed(lesson))
        for _ in range(TRIES):
            try:
                return self.verdicts(lesson, job, self.runner.run(parcel))
            except RunnerGone:
                continue
        return unread(lesson, job.student, "needs-human:the runner died under it", job.repairs)

    def _packed(self, lesson: Lesson) -> str:
        cache = self._cache(lesson)
        if not cache.packed:
            cache.packed = pack_lesson(lesson, self.salt, self._modules(lesson), cache.pictures)
        return cache.packed

    def _modules(self, lesson: Lesson) -> tuple[str, ...]:
        return lesson.preload if self.preload is None else self.preload

    def _cache(self, lesson: Lesson) -> LessonCache:
        return self.caches.setdefault(id(lesson), LessonCache(lesson))

    def verdicts(self, lesson: Lesson, job: Job, trace: Trace) -> Result:
        """Judge a trace."""
        played_rows = self._played(lesson, trace)
        rows = []
        for grade_id, checks in lesson.checks.items():
            for check in checks:
                row = played_rows.get(check.name)
                row = row or self._row(lesson, check, observed(trace, check.name))
                rows.append(CheckResult(grade_id, row))
        state = f"needs-human:{trace.suspicions[0]}" if trace.suspicions else "graded"
        problems = [f"{_cell_name(job, c.step)}: {c.problem}" for c in trace.cells if c.problem]
        if trace.problem:
            problems.append(trace.problem)
        if any(r.row.verdict != "pass" for r in rows):
            problems += _unkept(job)
            newer = _newer(job, trace, rows)
            why = newer or not_judged(r.row for r in rows)
            state = f"needs-human:{why}" if why and state == "graded" else state
        slip = self._slip(lesson, rows, trace) if state == "graded" else ""
        return Result(
            job.student,
            lesson.key,
            state,
            tuple(rows),
            job.repairs,
            tuple(problems),
            self.runner.level,
            trace,
            self.salt,
            slip=slip,
        )

    def _row(self, lesson: Lesson, check: kit.Check, outcomes: Any) -> kit.Row:
        """The verdict on what was observed; in a class many observe the same."""
        rows, key = self._cache(lesson).rows, _key(check, outcomes)
        row = rows.get(key)
        if row is None:
            expect = lesson.expectation(check, self.salt)
            row = kit.judge(check, outcomes, expect, self.salt)
            self._remember(lesson, key, row)
        return row

    def _played(self, lesson: Lesson, trace: Trace) -> dict[str, kit.Row]:
        """The rows of checks whose answers are played, by name. All that nobody handed in before
        are played together.
        """
        known = self._cache(lesson).rows
        found: dict[str, kit.Row] = {}
        tasks = []
        for task in played_tasks(lesson, trace):
            row = known.get(_key(task.check, task.outcomes))
            if row is None:
                tasks.append(task)
            else:
                found[task.check.name] = row
        for task, row in zip(tasks, playing.play(tasks, self.salt).rows, strict=True):
            found[task.check.name] = row
            self._remember(lesson, _key(task.check, task.outcomes), row)
        return found

    def _remember(self, lesson: Lesson, key: tuple[str, bytes], row: kit.Row) -> None:
        rows = self._cache(lesson).rows
        if len(rows) < MAX_REMEMBERED_VERDICTS and row.verdict != "not judged":
            rows[key] = row

    def _slip(self, lesson: Lesson, rows: list[CheckResult], trace: Trace) -> str:
        failed = [r.row for r in rows if r.row.verdict != "pass"]
        if not failed:
            return ""
        return self._cache(lesson).known_slips.nearest(
            [
                Lost(r, observed(trace, r.check.name), lesson.expectation(r.check, self.salt))
                for r in failed
            ]
        )


def played_tasks(lesson: Lesson, trace: Trace) -> list[playing.Task]:
    """The checks of a lesson whose answers are played, with what was observed."""
    return [
        playing.Task(check, observed(trace, check.name), check.expect)
        for check in lesson.all_checks
        if isinstance(check.expect, played)
    ]


def _key(check: kit.Check, outcomes: Any) -> tuple[str, bytes]:
    """What a verdict depends on, in one run of one lesson."""
    return check.name, hashlib.sha256(json.dumps(outcomes).encode()).digest()


def _unkept(job: Job) -> Iterator[str]:
    """Why nothing is left of what some of the lesson's cells define."""
    for index, step in enumerate(job.steps):
        why = unkept.sentence(step.source) if step.kind == "cell" and step.grade_id else None
        if why:
            yield f"{_cell_name(job, index)}: {why}"


def _newer(job: Job, trace: Trace, rows: Iterable[CheckResult]) -> newer_python.Newer | None:
    """What the answer needs a newer Python for, if that is why it fails."""
    cells = [
        newer_python.Cell(_cell_name(job, c.step), job.steps[c.step].source, c.problem)
        for c in trace.cells
        if c.problem and 0 <= c.step < len(job.steps)
    ]
    seen = [r.row.seen for r in rows if r.row.verdict == "error"]
    return newer_python.needed(cells, seen, job.python)


def _cell_name(job: Job, index: int) -> str:
    step = job.steps[index] if 0 <= index < len(job.steps) else None
    if step is None:
        return "a cell"
    return (
        f"cell {step.grade_id!r}"
        if step.grade_id
        else f"a cell of your own (number {(step.position or 0) + 1})"
    )


def unread(lesson: Lesson, student: str, state: str, repairs: tuple[str, ...] = ()) -> Result:
    """The result of a submission that never ran: every check fails for the reason in `state`."""
    reason = state.partition(":")[2] or state
    rows = tuple(
        CheckResult(grade_id, kit.Row(check, "error", reason, "an answer"))
        for grade_id, checks in lesson.checks.items()
        for check in checks
    )
    return Result(student, lesson.key, state, rows, repairs, (reason,))
