"""What the stored results of a module say about its class, lessons and checks. Nothing is run for
it.

Points and checks are counted over graded notebooks only: one that was never read, or waits for a
human, says nothing about a check. Those are listed instead.
"""

from __future__ import annotations

import ast
import contextlib
import math
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.grade.collected import students
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record import results
from autograder.report.numbers import Bin, Spread, difficulty, discrimination, histogram, spread
from autograder.report.stored import FAILURES, Notebook, Skipped, read_all
from autograder.runner.box import TRUSTED
from coursekit.checks import shorten

NOBODY, EVERYBODY = "nobody passes", "everybody passes"
NEGATIVE = "discriminates negatively: look at this check"
GONE = "not in the lesson any more"
WHOLE_RUN = "the run as a whole"  # where a problem is that no cell has
NEEDS_ATTENTION = (NOBODY, NEGATIVE)  # what somebody should look at
CHANCE_DISCRIMINATION = -0.1  # a discrimination between this and 0 is chance, even in a large class
QUOTED_CELL = re.compile(r"cell '[^']*'")
PROBLEM = re.compile(
    r"(?P<where>cell '[^']*'|a cell of your own|a cell)(?: \(number \d+\))?: (?P<error>[^:]*)"
)


@dataclass(frozen=True)
class CheckReport:
    """One check over the graded notebooks of its lesson."""

    name: str
    title: str
    points: float
    hidden: bool
    notebooks: int
    passed: int
    difficulty: float | None
    discrimination: float | None
    failures: dict[str, int]  # by kind, in words
    flags: tuple[str, ...]


@dataclass(frozen=True)
class LessonReport:
    """One lesson over its graded notebooks."""

    lesson: str
    title: str
    max_points: float
    graded: int
    zero: int
    needs_human: int
    spread: Spread | None
    histogram: tuple[Bin, ...]
    checks: tuple[CheckReport, ...]  # in the lesson's order
    to_look_at: int  # how many of them nobody passes, or discriminate negatively
    faulty: int  # graded notebooks that fail a check
    # known slips, and how many notebooks look like each; the most frequent first
    slips: dict[str, int]


@dataclass(frozen=True)
class Waiting:
    """A student who handed in, and the lessons without a stored result."""

    student: str
    lessons: tuple[str, ...]


@dataclass(frozen=True)
class Ungraded:
    """A notebook in state zero or needs-human, with what to do next, and a command for it where
    there is one.
    """

    student: str
    lesson: str
    reason: str
    step: str
    command: str = ""


@dataclass(frozen=True)
class Repair:
    """A kind of mend, with the notebooks (student, lesson) that it was made in."""

    kind: str
    notebooks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Problem:
    """Cells that did not run to their end: where, in how many notebooks, and with which errors."""

    lesson: str
    where: str
    notebooks: int
    errors: dict[str, int]


@dataclass(frozen=True)
class Report:
    """All numbers of the page."""

    module: str
    newest: str | None  # when the newest result was stored, ISO 8601, UTC
    students: int
    notebooks: int
    states: dict[str, int]
    isolation: dict[str, int]  # notebooks by box, of those that ran
    warnings: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    lessons: tuple[LessonReport, ...]
    needs_human: tuple[Ungraded, ...]
    zeros: tuple[Ungraded, ...]
    repairs: tuple[Repair, ...]
    problems: tuple[Problem, ...]
    skipped: tuple[Skipped, ...]

    def as_json(self) -> dict[str, Any]:
        """The interface of `--json`."""
        return asdict(self)


def default_path(course: Course, module: str) -> Path:
    """Where the page of a module is kept."""
    return results.folder(course) / "reports" / f"{module}.html"


def gather(course: Course, module: str) -> Report:
    """Count what is stored for a module.

    Raises:
        CourseError: there is no such module, or nothing is stored for it.
    """
    lessons = {key: Lesson.read(course.lesson_path(key)) for key in course.lessons_of(module)}
    files = results.stored_files(course, module)
    if not files:
        raise CourseError(
            f"module {module} has no stored results. Run `autograder grade {module}`."
        )
    notebooks, skipped = read_all(course, module, files, lessons)
    by_lesson = {key: [n for n in notebooks if n.lesson == key] for key in lessons}
    isolation = Counter(n.isolation for n in notebooks if n.isolation)
    return Report(
        module=module,
        newest=_newest(notebooks),
        students=len({n.student for n in notebooks}),
        notebooks=len(notebooks),
        states=dict(sorted(Counter(n.state for n in notebooks).items(), key=_by_state)),
        isolation=dict(isolation.most_common()),
        warnings=(*_isolation_warnings(module, isolation), *_edition_warnings(module, by_lesson)),
        waiting=_waiting(course, module, list(lessons), notebooks),
        lessons=tuple(_lesson(lesson, by_lesson[key]) for key, lesson in lessons.items()),
        needs_human=tuple(
            _for_human(module, n) for n in notebooks if n.state.startswith("needs-human:")
        ),
        zeros=tuple(_zero(module, n) for n in notebooks if n.state.startswith("zero:")),
        repairs=_repairs(notebooks),
        problems=tuple(_problems(notebooks)),
        skipped=tuple(skipped),
    )


def _newest(notebooks: list[Notebook]) -> str | None:
    if not notebooks:
        return None
    newest = max(n.stored for n in notebooks)
    return datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds")


def _by_state(item: tuple[str, int]) -> tuple[int, int, str]:
    state, count = item
    return ["graded", "zero", "needs-human"].index(state.partition(":")[0]), -count, state


def _isolation_warnings(module: str, isolation: Counter[str]) -> Iterator[str]:
    if isolation[TRUSTED.level]:
        yield (
            f"{isolation[TRUSTED.level]} of {isolation.total()} notebooks "
            f"ran as {TRUSTED.level}, without a box: files and network were open to them, "
            "so their points are worth as much as you trust those who wrote them. "
            "`autograder doctor` says what a box needs."
        )
    if len(isolation) > 1:
        yield (
            f"Notebooks ran in different boxes ({', '.join(isolation)}), "
            "so not all under the same limits. "
            f"`autograder grade {module}` where the stronger box works runs the others again."
        )


def _edition_warnings(module: str, by_lesson: dict[str, list[Notebook]]) -> Iterator[str]:
    for lesson, notebooks in by_lesson.items():
        if len({tuple((c.name, c.points) for c in n.checks) for n in notebooks}) > 1:
            yield (
                f"{lesson} was changed between results: their checks or points differ. "
                f"`autograder grade {module}` grades all by the lesson as it is now."
            )


def _waiting(
    course: Course, module: str, lessons: list[str], notebooks: list[Notebook]
) -> tuple[Waiting, ...]:
    there = {(n.student, n.lesson) for n in notebooks}
    handed: list[str] = []
    with contextlib.suppress(CourseError):  # nobody handed in
        handed = students(course, module)
    missing = [Waiting(s, tuple(key for key in lessons if (s, key) not in there)) for s in handed]
    return tuple(w for w in missing if w.lessons)


def _for_human(module: str, notebook: Notebook) -> Ungraded:
    student, lesson, reason = notebook.student, notebook.lesson, notebook.reason
    if any(c.verdict == "not judged" for c in notebook.checks):
        step = (
            "Mend what the reason names: the next run judges it. "
            "Or give its points in formgrader, where it waits."
        )
        command = shlex.join(["autograder", "grade", module, f"--student={student}"])
        return Ungraded(student, lesson, reason, step, command)
    if notebook.isolation:
        step = (
            "Read the notebook in submitted/, then give its points in formgrader, where it waits."
        )
        return Ungraded(student, lesson, reason, step)
    step = "The grader did not get through it: mend what the reason names, then grade it again."
    command = shlex.join(["autograder", "grade", module, f"--student={student}", "--again"])
    return Ungraded(student, lesson, reason, step, command)


def _zero(module: str, notebook: Notebook) -> Ungraded:
    step = "A new notebook in submitted/ is graded by the next `autograder grade`."
    return Ungraded(notebook.student, notebook.lesson, notebook.reason, step)


def _repairs(notebooks: list[Notebook]) -> tuple[Repair, ...]:
    where: dict[str, dict[tuple[str, str], None]] = {}
    for n in notebooks:
        for sentence in n.repairs:
            kind = shorten(QUOTED_CELL.sub("a cell", sentence))
            where.setdefault(kind, {})[n.student, n.lesson] = None
    found = [Repair(kind, tuple(made)) for kind, made in where.items()]
    return tuple(sorted(found, key=lambda r: (-len(r.notebooks), r.kind)))


def _problems(notebooks: list[Notebook]) -> Iterator[Problem]:
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}  # (student, error) by lesson and cell
    for n in notebooks:
        for sentence in n.problems if n.isolation else ():
            match = PROBLEM.match(sentence)
            where, error = match.group("where", "error") if match else (WHOLE_RUN, sentence)
            where = where.replace("of your own", "of the learner's own")
            found.setdefault((n.lesson, where), []).append((n.student, shorten(error, 80)))
    for lesson, where in sorted(found, key=lambda at: (at[0], -len(found[at]), at[1])):
        failures = found[lesson, where]
        errors = dict(Counter(error for _, error in failures).most_common())
        yield Problem(lesson, where, len({student for student, _ in failures}), errors)


def _lesson(lesson: Lesson, notebooks: list[Notebook]) -> LessonReport:
    graded = [n for n in notebooks if n.state == "graded"]
    points = [n.points for n in graded]
    max_points = max((n.max_points for n in notebooks), default=0.0)
    checks = tuple(_checks(_order(lesson), graded))
    return LessonReport(
        lesson=lesson.key,
        title=lesson.facts.title,
        max_points=max_points,
        graded=len(graded),
        zero=sum(n.state.startswith("zero:") for n in notebooks),
        needs_human=sum(n.state.startswith("needs-human:") for n in notebooks),
        spread=spread(points),
        histogram=histogram(points, max_points) if graded else (),
        checks=checks,
        to_look_at=sum(not set(NEEDS_ATTENTION).isdisjoint(c.flags) for c in checks),
        faulty=sum(not all(c.passed for c in n.checks) for n in graded),
        slips=dict(Counter(sorted(n.slip for n in graded if n.slip)).most_common()),
    )


def _order(lesson: Lesson) -> list[str]:
    """Names of functions in the lesson's graded cells, its checks among them. Nothing is run to
    find them.
    """
    statements = (s for cell in lesson.of_kind("checks") for s in lesson.tree(cell).body)
    return [s.name for s in statements if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]


def _checks(order: list[str], graded: list[Notebook]) -> Iterator[CheckReport]:
    met = dict.fromkeys(c.name for n in graded for c in n.checks)
    known = [name for name in order if name in met]
    for name in dict.fromkeys([*known, *met]):
        yield _check(name, graded, name in known)


def _check(name: str, graded: list[Notebook], known: bool) -> CheckReport:
    rows = [(n, c) for n in graded for c in n.checks if c.name == name]
    outcomes = [c for _, c in rows]
    passes = [c.passed for c in outcomes]
    rest = [math.fsum(o.points for o in n.checks if o.passed and o.name != name) for n, _ in rows]
    verdicts = Counter(c.verdict for c in outcomes)
    correlation = discrimination(passes, rest)
    return CheckReport(
        name=name,
        title=name.replace("_", " "),
        points=max(c.points for c in outcomes),
        hidden=any(c.hidden for c in outcomes),
        notebooks=len(rows),
        passed=sum(passes),
        difficulty=difficulty(passes),
        discrimination=correlation,
        failures={word: verdicts[verdict] for verdict, word in FAILURES.items()},
        flags=tuple(_flags(passes, correlation, known)),
    )


def _flags(passes: Sequence[bool], correlation: float | None, known: bool) -> Iterator[str]:
    if not any(passes):
        yield NOBODY
    if all(passes):
        yield EVERYBODY
    if correlation is not None and correlation <= CHANCE_DISCRIMINATION:
        yield NEGATIVE
    if not known:
        yield GONE
