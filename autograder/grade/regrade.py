"""What a changed lesson changes: who, by how much, because of which check. Told first, written only
when asked.

The preview runs the module as it is handed in against the lessons as they are, each submission in
the random worlds of its stored result, so that only the change of the lesson shows. It is kept in
`.autograder/preview/` until it is written; nothing else is touched.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from autograder.build import builder
from autograder.errors import CourseError
from autograder.files import Stop, write_locked
from autograder.grade.batch import judged
from autograder.grade.collected import Handed, hand_in, misnamed, students
from autograder.grade.judge import Judge, fresh_salt
from autograder.grade.published import Class, answered, enter, notebook_of, publish
from autograder.jobs import Result
from autograder.lazy import nbformat
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record import autograded, results
from autograder.record.gradebook import Recorder, back_up, prepare
from autograder.runner.pool import Local, Runner

PREVIEW = "preview"  # beside the stored results
TINY = 1e-6  # points: what sums of fractions may differ by
Stored = Mapping[str, Any]  # a result as `results.as_stored` makes it
Kind = Literal["up", "down", "same", "new", "handed in anew"]


# ---------------------------------------------------------------------------------------- comparing


@dataclass(frozen=True)
class Mark:
    """How one check went."""

    verdict: str
    points: float
    max_points: float


@dataclass(frozen=True)
class CheckChange:
    """A check that went otherwise than before; None where there was no such check."""

    name: str
    before: Mark | None
    after: Mark | None

    @property
    def difference(self) -> float:
        """Points that it brings or takes."""
        return (self.after.points if self.after else 0.0) - (
            self.before.points if self.before else 0.0
        )

    @property
    def matters(self) -> bool:
        """Whether it is more than a check added or removed without a point."""
        return bool(self.difference) or (self.before is not None and self.after is not None)


@dataclass(frozen=True)
class Change:
    """One notebook's result before and after. `before` is None where there was none."""

    student: str
    lesson: str
    kind: Kind
    before: float | None
    after: float
    max_before: float | None
    max_after: float
    earned: float  # what the lesson gives now; less than `after` where points are kept
    state_before: str | None
    state_after: str
    checks: tuple[CheckChange, ...] = ()

    @property
    def difference(self) -> float:
        """Points up or down; 0 without an earlier result."""
        return 0.0 if self.before is None else round(self.after - self.before, 6)

    @property
    def kept(self) -> bool:
        """Whether it has more points than the lesson gives now."""
        return self.after > self.earned + TINY

    @property
    def shows(self) -> bool:
        """Whether there is anything to tell."""
        moved = self.kind != "same" or self.state_before != self.state_after
        return moved or any(c.matters for c in self.checks)

    def as_json(self) -> dict[str, Any]:
        """The interface of `--json`."""
        return {**asdict(self), "difference": self.difference}


def compare(before: Stored | None, after: Stored) -> Change:
    """Two stored results of one notebook. Their points are compared where they are of one
    submission.
    """
    points, was = float(after["points"]), float(before["points"]) if before else None
    checks: tuple[CheckChange, ...] = ()
    kind: Kind
    if before is None or was is None:
        kind = "new"
    elif not same_submission(before, after["key"]):
        kind = "handed in anew"
    else:
        kind = "up" if points > was + TINY else "down" if points < was - TINY else "same"
        checks = tuple(_checks(before["checks"], after["checks"]))
    return Change(
        student=after["student"],
        lesson=after["lesson"],
        kind=kind,
        before=was,
        after=points,
        max_before=float(before["max_points"]) if before else None,
        max_after=float(after["max_points"]),
        earned=points - sum(after["kept"].values()),
        state_before=before["state"] if before else None,
        state_after=after["state"],
        checks=checks,
    )


def same_submission(stored: Stored, key: results.Key) -> bool:
    """Whether a stored result is of the submission that has this key."""
    known = stored["key"]
    return isinstance(known, dict) and known.get("submission") == key["submission"]


def _checks(before: list[Stored], after: list[Stored]) -> Iterable[CheckChange]:
    was, now = (
        {c["name"]: Mark(c["verdict"], c["points"], c["max_points"]) for c in cs}
        for cs in (before, after)
    )
    for name in dict.fromkeys([*now, *was]):
        old, new = was.get(name), now.get(name)
        if old is None or new is None or (old.verdict, old.points) != (new.verdict, new.points):
            yield CheckChange(name, old, new)


def keep(before: Stored, result: Result) -> Result:
    """The result with the points it had before, as far as its cells can hold them, if it has fewer
    now.

    The verdicts are those of the lesson as it is. The points that are missing go to the cells that
    lost most, none above its maximum: where a lesson gives fewer points than a notebook had, the
    notebook gets all there are.
    """
    missing = float(before["points"]) - result.points
    was: Counter[str] = Counter(before["kept"])
    now, most = result.by_cell, dict.fromkeys(result.by_cell, 0.0)
    for check in before["checks"]:
        was[check["grade_id"]] += check["points"]
    for c in result.checks:
        most[c.grade_id] += c.row.check.points
    kept = []
    for grade_id in sorted(now, key=lambda g: now[g] - was[g]):
        points = min(missing, most[grade_id] - now[grade_id])
        if points > 0:
            kept.append((grade_id, points))
            missing -= points
    return replace(result, kept=tuple(kept))


def totals(changes: Iterable[Change]) -> dict[str, float]:
    """How many notebooks of each kind, how many kept points, and the mean change of those that had
    a result.
    """
    listed = list(changes)
    kinds: list[Kind] = ["up", "down", "same", "new", "handed in anew"]
    compared = [c.difference for c in listed if c.kind in ("up", "down", "same")]
    mean = sum(compared) / len(compared) if compared else 0.0
    count = Counter(c.kind for c in listed)
    return {
        **{k: count[k] for k in kinds},
        "kept": sum(c.kept and c.shows for c in listed),
        "mean change": mean,
    }


def by_check(changes: Iterable[Change]) -> dict[tuple[str, str], dict[str, int]]:
    """For each lesson and check: how many notebooks it brings points, takes them, and has it added
    or removed.
    """
    out: dict[tuple[str, str], dict[str, int]] = {}
    for change in changes:
        for c in change.checks:
            count = out.setdefault(
                (change.lesson, c.name), dict.fromkeys(("up", "down", "added", "removed"), 0)
            )
            told = {
                "up": c.difference > 0,
                "down": c.difference < 0,
                "added": not c.before,
                "removed": not c.after,
            }
            for word, holds in told.items():
                count[word] += holds
    return out


# ------------------------------------------------------------------------------------------ running


def regrade(
    course: Course,
    module: str,
    wanted: list[str] | None = None,
    *,
    jobs: int = 2,
    runner: Runner | None = None,
    again: bool = False,
    never_lower: bool = False,
    write: bool = False,
    done: Callable[[Change, int], None] = lambda change, total: None,
    stop: Stop | None = None,
) -> list[Change]:
    """What grading a module with its lessons as they are would change, and, if asked, the change
    itself.

    Args:
        wanted: students; everybody when None.
        jobs: how many notebooks run at once.
        runner: who runs learners' code; warm processes in the strongest box of this machine when
            None.
        again: run everything, even where a stored result or an earlier preview fits exactly.
        never_lower: no notebook gets fewer points than it has, see `keep`. One that was handed in
            anew may.
        write: enter the results, as `batch.grade` does, once all of them are known.
        done: called after each comparison with the number of all.
        stop: ask it to end the run at once; the same call goes on from there.

    Returns:
        One change for each student and lesson, in that order, those without a difference included.

    Raises:
        CourseError: nobody handed in, or what was built from the lessons is not of the lessons as
            they are.
    """
    own = runner is None
    runner, stop = runner or Local(), stop or Stop()
    try:
        group = Class.of(course, module)
        who = [student for student in students(course, module, wanted) if not misnamed(student)]
        differ = [
            p
            for p in builder.build(course, [module], check=True)
            if p.parts[0] in ("source", "release")
        ]
        if differ:
            raise CourseError(
                f"{differ[0]} is not what lessons/{module} gives now. "
                f"Run `autograder build {module}`."
            )
        try:
            judges = _judges(group, who, runner)
        finally:
            stop.check()  # the reference swallows what a signal raises, or fails of it
        run = _Run(group, runner.level, judges, again, never_lower, stop)
        changes = []
        threads = ThreadPoolExecutor(max(1, jobs), thread_name_prefix="regrade")
        try:
            waiting = [
                threads.submit(run.preview, le, student)
                for student in who
                for le in group.lessons.values()
            ]
            for future in waiting:
                changes.append(future.result())
                done(changes[-1], len(waiting))
                stop.check()
        except BaseException:
            stop.asked = True
            runner.close()
            raise
        finally:
            threads.shutdown(wait=True, cancel_futures=True)
        if write:
            run.write(who, stop)
        return changes
    finally:
        if own:
            runner.close()


def _judges(group: Class, who: list[str], runner: Runner) -> dict[tuple[str, str], Judge]:
    """For each student and lesson a judge with the salt of the stored result, or with the usual one
    of the class.
    """
    stored = results.stored(group.course, group.module)
    salts = {(raw["student"], raw["lesson"]): raw["salt"] for raw in stored if raw.get("salt")}
    usual = Counter(salts.values()).most_common(1)
    common = usual[0][0] if usual else fresh_salt()
    judges = {salt: Judge(runner, salt) for salt in {common, *salts.values()}}
    out = {(s, key): judges[salts.get((s, key), common)] for s in who for key in group.lessons}
    for key, salt in sorted({(key, judge.salt) for (_, key), judge in out.items()}):
        judges[salt].prepare(group.lessons[key])
    return out


@dataclass(frozen=True)
class _Run:
    """One regrading of a module."""

    group: Class
    level: str
    judges: Mapping[tuple[str, str], Judge]  # by student and lesson
    again: bool
    never_lower: bool
    stop: Stop

    def _settled(self, before: Stored | None, result: Result, key: results.Key) -> Result:
        """What the gradebook would get."""
        if not self.never_lower or before is None or not same_submission(before, key):
            return result
        return keep(before, result) if result.points < before["points"] else result

    def preview(self, lesson: Lesson, student: str) -> Change:
        """Compare one notebook's stored result with what it gets now, which is run unless it is
        known.
        """
        course = self.group.course
        with results.locked(course, f"{student}/{lesson.key}", self.stop):
            self.stop.check()
            handed = hand_in(course, lesson, student)
            key = results.key(handed.data, lesson, self.level)
            before = results.read(course, lesson, student)
            judge = self.judges[student, lesson.key]
            result = self._fitting(lesson, handed, key)
            if result is None and not self.again and handed.data is not None:
                result = self._previewed(lesson, student, key)
                if (
                    result is not None
                    and before is not None
                    and result.salt not in ("", judge.salt)
                ):
                    result = None  # graded since, in other worlds
            if result is None:
                result = judged(judge, handed)
                self.stop.check()  # a run that was cut off says nothing about the submission
                notebook = autograded.as_bytes(notebook_of(self.group, handed, result))
                write_locked(self._notebook(lesson, student), notebook)
                results.store(course, self.group.module, result, key, PREVIEW)
            return compare(before, results.as_stored(self._settled(before, result, key), key))

    def _fitting(self, lesson: Lesson, handed: Handed, key: results.Key) -> Result | None:
        """The stored result, if running it again would give the same. Why nothing could be read may
        have changed.
        """
        known = not self.again and handed.data is not None
        return results.load(self.group.course, lesson, handed.student, key) if known else None

    def _previewed(self, lesson: Lesson, student: str, key: results.Key) -> Result | None:
        return results.load(self.group.course, lesson, student, key, PREVIEW)

    def _notebook(self, lesson: Lesson, student: str) -> Path:
        return results.path(
            self.group.course, self.group.module, student, lesson.key, PREVIEW
        ).with_suffix(".ipynb")

    def write(self, who: list[str], stop: Stop) -> None:
        """Enter what was previewed, nothing else. A preview goes once it is entered: the next call
        does the rest.
        """
        course, module = self.group.course, self.group.module
        with results.locked(course, "gradebook"):
            back_up(course)
            prepare(course, module)
        with Recorder(course) as recorder:
            for student in who:
                stop.check()
                ran = [
                    le for le in self.group.lessons.values() if self._notebook(le, student).exists()
                ]
                if ran:
                    enter(self.group, recorder, {le.key: self._publish(le, student) for le in ran})
                shutil.rmtree(
                    results.folder(course) / PREVIEW / module / student, ignore_errors=True
                )

    def _publish(self, lesson: Lesson, student: str) -> tuple[Result, bool]:
        course = self.group.course
        with results.locked(course, f"{student}/{lesson.key}"):
            handed = hand_in(course, lesson, student)
            said = answered(lesson, self.group.released[lesson.key], handed)
            key = results.key(handed.data, lesson, self.level)
            fitting = self._fitting(lesson, handed, key)
            if fitting is not None:
                return fitting, said
            result = self._previewed(lesson, student, key)
            if result is None:
                raise CourseError(
                    f"{student} handed in {lesson.key} while this ran. Say the same again."
                )
            result = self._settled(results.read(course, lesson, student), result, key)
            notebook = nbformat.reads(
                self._notebook(lesson, student).read_text("utf-8"), as_version=4
            )
            publish(self.group, lesson, result, notebook, key)
            return result, said
