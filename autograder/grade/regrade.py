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
from typing import Any, Literal, get_args

from autograder.build import builder
from autograder.errors import CourseError
from autograder.files import Stop, write_locked
from autograder.grade.batch import judge_submission
from autograder.grade.collected import Submission, name_problem, read_submission, students
from autograder.grade.judge import Judge, fresh_salt
from autograder.grade.published import Class, answered, enter, notebook_of, publish
from autograder.jobs import Result
from autograder.lazy import nbformat
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record import autograded, results
from autograder.record.gradebook import Graded, Recorder, back_up, prepare
from autograder.runner.pool import Local, Runner

PREVIEW = "preview"  # beside the stored results
TOLERANCE = 1e-6  # points: what sums of fractions may differ by
Stored = Mapping[str, Any]  # a result as `results.as_stored` makes it
Kind = Literal["up", "down", "same", "new", "handed in anew"]
COMPARED: tuple[Kind, ...] = ("up", "down", "same")  # kinds with points of one submission


# ---------------------------------------------------------------------------------------- comparing


@dataclass(frozen=True)
class CheckOutcome:
    """How one check went."""

    verdict: str
    points: float
    max_points: float


@dataclass(frozen=True)
class CheckChange:
    """A check that went otherwise than before; None where there was no such check."""

    name: str
    before: CheckOutcome | None
    after: CheckOutcome | None

    @property
    def difference(self) -> float:
        """Points that it brings or takes."""
        before = self.before.points if self.before else 0.0
        after = self.after.points if self.after else 0.0
        return after - before

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
        return self.after > self.earned + TOLERANCE

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
    points = float(after["points"])
    kind = _kind(before, after)
    checks = _checks(before["checks"], after["checks"]) if before and kind in COMPARED else ()
    return Change(
        student=after["student"],
        lesson=after["lesson"],
        kind=kind,
        before=float(before["points"]) if before else None,
        after=points,
        max_before=float(before["max_points"]) if before else None,
        max_after=float(after["max_points"]),
        earned=points - sum(after["kept"].values()),
        state_before=before["state"] if before else None,
        state_after=after["state"],
        checks=tuple(checks),
    )


def _kind(before: Stored | None, after: Stored) -> Kind:
    if before is None:
        return "new"
    if not same_submission(before, after["key"]):
        return "handed in anew"
    difference = float(after["points"]) - float(before["points"])
    if abs(difference) <= TOLERANCE:
        return "same"
    return "up" if difference > 0 else "down"


def same_submission(stored: Stored, key: results.Key) -> bool:
    """Whether a stored result is of the submission that has this key."""
    known = stored["key"]
    return isinstance(known, dict) and known.get("submission") == key["submission"]


def _checks(before: list[Stored], after: list[Stored]) -> Iterable[CheckChange]:
    was, now = _outcomes(before), _outcomes(after)
    for name in dict.fromkeys([*now, *was]):
        old, new = was.get(name), now.get(name)
        if old is None or new is None or (old.verdict, old.points) != (new.verdict, new.points):
            yield CheckChange(name, old, new)


def _outcomes(checks: list[Stored]) -> dict[str, CheckOutcome]:
    return {c["name"]: CheckOutcome(c["verdict"], c["points"], c["max_points"]) for c in checks}


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
    compared = [c.difference for c in listed if c.kind in COMPARED]
    mean = sum(compared) / len(compared) if compared else 0.0
    count = Counter(c.kind for c in listed)
    return {
        **{kind: count[kind] for kind in get_args(Kind)},
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
            none_yet = {"up": 0, "down": 0, "added": 0, "removed": 0}
            count = out.setdefault((change.lesson, c.name), none_yet)
            count["up"] += c.difference > 0
            count["down"] += c.difference < 0
            count["added"] += c.before is None
            count["removed"] += c.after is None
    return out


# ------------------------------------------------------------------------------------------ running

Done = Callable[[Change, int], None]


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
    done: Done = lambda change, total: None,
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
        who = [student for student in students(course, module, wanted) if not name_problem(student)]
        _refuse_outdated(course, module)
        run = Regrading(group, runner, who, again=again, never_lower=never_lower, stop=stop)
        changes = run.preview(jobs, done)
        if write:
            run.write()
        return changes
    finally:
        if own:
            runner.close()


def _refuse_outdated(course: Course, module: str) -> None:
    """Raise unless what was built from the lessons is of the lessons as they are."""
    for path in builder.build(course, [module], check=True):
        if path.parts[0] in ("source", "release"):
            raise CourseError(
                f"{path} is not what lessons/{module} gives now. Run `autograder build {module}`."
            )


class Regrading:
    """One regrading of one module: first its preview, then, if asked, what is written.

    Args:
        who: students, in the order of the changes.
        again: run everything, even where a stored result or an earlier preview fits exactly.
        never_lower: no notebook gets fewer points than it has.
        stop: asked to end the run at once.
    """

    def __init__(
        self,
        group: Class,
        runner: Runner,
        who: list[str],
        *,
        again: bool,
        never_lower: bool,
        stop: Stop,
    ) -> None:
        self.group, self.runner, self.who = group, runner, who
        self.again, self.never_lower, self.stop = again, never_lower, stop
        self._judges: dict[tuple[str, str], Judge] = {}  # by student and lesson

    def preview(self, jobs: int, done: Done) -> list[Change]:
        """Compare every notebook. Call it once, from the main thread: lessons run there.

        Raises:
            CourseError: a reference does not answer.
            KeyboardInterrupt: the run was stopped.
        """
        try:
            self._prepare_judges()
        finally:
            self.stop.check()  # the reference swallows what a signal raises, or fails of it
        changes: list[Change] = []
        threads = ThreadPoolExecutor(max(1, jobs), thread_name_prefix="regrade")
        try:
            waiting = [
                threads.submit(self._preview_one, lesson, student)
                for student in self.who
                for lesson in self.group.lessons.values()
            ]
            for future in waiting:
                changes.append(future.result())
                done(changes[-1], len(waiting))
                self.stop.check()
        except BaseException:
            self.stop.asked = True
            self.runner.close()
            raise
        finally:
            threads.shutdown(wait=True, cancel_futures=True)
        return changes

    def _prepare_judges(self) -> None:
        """Get a judge for each student and lesson, with the salt of the stored result, or with the
        usual one of the class.
        """
        stored = results.stored(self.group.course, self.group.module)
        salts = {(raw["student"], raw["lesson"]): raw["salt"] for raw in stored if raw.get("salt")}
        usual = Counter(salts.values()).most_common(1)
        common = usual[0][0] if usual else fresh_salt()
        judges = {salt: Judge(self.runner, salt) for salt in {common, *salts.values()}}
        for student in self.who:
            for key in self.group.lessons:
                self._judges[student, key] = judges[salts.get((student, key), common)]
        used = {(key, judge.salt) for (_, key), judge in self._judges.items()}
        for key, salt in sorted(used):
            judges[salt].prepare(self.group.lessons[key])

    def write(self) -> None:
        """Enter what was previewed, nothing else. A preview goes once it is entered: the next call
        does the rest.
        """
        course, module = self.group.course, self.group.module
        with results.locked(course, "gradebook"):
            back_up(course)
            prepare(course, module)
        with Recorder(course) as recorder:
            for student in self.who:
                self.stop.check()
                ran = [
                    lesson
                    for lesson in self.group.lessons.values()
                    if self._notebook(lesson, student).exists()
                ]
                if ran:
                    published = {lesson.key: self._publish(lesson, student) for lesson in ran}
                    enter(self.group, recorder, published)
                previews = results.folder(course) / PREVIEW / module / student
                shutil.rmtree(previews, ignore_errors=True)

    # ------------------------------------------------------------------------------ one notebook

    def _preview_one(self, lesson: Lesson, student: str) -> Change:
        """Compare one notebook's stored result with what it gets now, which is run unless it is
        known.
        """
        course = self.group.course
        with results.locked(course, f"{student}/{lesson.key}", self.stop):
            self.stop.check()
            handed = read_submission(course, lesson, student)
            key = results.key(handed.data, lesson, self.runner.level)
            before = results.read(course, lesson, student)
            result = self._fitting(handed, key) or self._earlier_preview(handed, key, before)
            if result is None:
                result = self._run(handed, key)
            return compare(
                before, results.as_stored(self._with_kept_points(before, result, key), key)
            )

    def _run(self, handed: Submission, key: results.Key) -> Result:
        """Run a submission and keep what comes of it as its preview."""
        lesson, student = handed.lesson, handed.student
        result = judge_submission(self._judges[student, lesson.key], handed)
        self.stop.check()  # a run that was cut off says nothing about the submission
        notebook = autograded.as_bytes(notebook_of(self.group, handed, result))
        write_locked(self._notebook(lesson, student), notebook)
        results.store(self.group.course, self.group.module, result, key, PREVIEW)
        return result

    def _fitting(self, handed: Submission, key: results.Key) -> Result | None:
        """The stored result, if running it again would give the same. Why nothing could be read may
        have changed.
        """
        if self.again or handed.data is None:
            return None
        return results.load(self.group.course, handed.lesson, handed.student, key)

    def _earlier_preview(
        self, handed: Submission, key: results.Key, before: Stored | None
    ) -> Result | None:
        """The preview of an earlier call, if running it again would give the same."""
        if self.again or handed.data is None:
            return None
        result = self._previewed(handed.lesson, handed.student, key)
        judge = self._judges[handed.student, handed.lesson.key]
        if result is not None and before is not None and result.salt not in ("", judge.salt):
            return None  # graded since, in other worlds
        return result

    def _previewed(self, lesson: Lesson, student: str, key: results.Key) -> Result | None:
        return results.load(self.group.course, lesson, student, key, PREVIEW)

    def _notebook(self, lesson: Lesson, student: str) -> Path:
        """Where the autograded notebook of a preview lies."""
        course, module = self.group.course, self.group.module
        return results.path(course, module, student, lesson.key, PREVIEW).with_suffix(".ipynb")

    def _with_kept_points(self, before: Stored | None, result: Result, key: results.Key) -> Result:
        """What the gradebook would get."""
        if not self.never_lower or before is None or not same_submission(before, key):
            return result
        return keep(before, result) if result.points < before["points"] else result

    def _publish(self, lesson: Lesson, student: str) -> Graded:
        course = self.group.course
        with results.locked(course, f"{student}/{lesson.key}"):
            handed = read_submission(course, lesson, student)
            said = answered(lesson, self.group.released[lesson.key], handed)
            key = results.key(handed.data, lesson, self.runner.level)
            there = handed.data is not None
            fitting = self._fitting(handed, key)
            if fitting is not None:
                return Graded(fitting, said, is_new=False, is_there=there)
            result = self._previewed(lesson, student, key)
            if result is None:
                raise CourseError(
                    f"{student} handed in {lesson.key} while this ran. Say the same again."
                )
            result = self._with_kept_points(results.read(course, lesson, student), result, key)
            text = self._notebook(lesson, student).read_text("utf-8")
            notebook = nbformat.reads(text, as_version=4)
            result = replace(result, answered=said)
            result = publish(self.group, lesson, result, notebook, key)
            return Graded(result, said, is_there=there)
