"""What a lesson must have, and must not have, before it is built. Every complaint names file and
grade id.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder import syntax
from autograder.errors import CourseError
from autograder.lessons.lesson import Cell, Lesson
from autograder.lessons.markers import (
    BEGIN_HIDDEN,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_SOLUTION,
)
from coursekit.checks import Check
from coursekit.expect import REFERENCE, Matcher, in_words
from coursekit.played import played

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*$")
MARKERISH = re.compile(r"#+\s*(BEGIN|END)\b", re.IGNORECASE)
MARKERS = {"solution": (BEGIN_SOLUTION, END_SOLUTION), "checks": (BEGIN_HIDDEN, END_HIDDEN)}
MARKERS["manual"] = MARKERS["solution"]
VISIBLE_SHARE = 0.25  # of a lesson's points may stand on fixed answers that a learner can read
MAX_RUNS = 6  # of worlds, in one grading
TITLE = re.compile(r"# (\S+)")
CLOSING = ("What you now know", "In practice", "Asked next")


def inspect(lesson: Lesson) -> None:
    """Check the whole lesson.

    Raises:
        CourseError: everything that is wrong, a line each.
    """
    text_only = [*_ids(lesson), *_markers(lesson), *_prose(lesson)]
    wrong = text_only or [*_stubs(lesson), *_checks(lesson)]
    if wrong:
        raise CourseError("\n".join(wrong))


def _ids(lesson: Lesson) -> Iterator[str]:
    ids = [c.grade_id for c in lesson.cells if c.grade_id]
    for grade_id in sorted({i for i in ids if ids.count(i) > 1}):
        yield (
            f"{lesson.path}, cell {grade_id!r}: "
            "two cells have this grade id. Give one of them another."
        )
    for cell in lesson.cells:
        if cell.grade_id and not KEBAB.match(cell.grade_id):
            yield f"{lesson.where(cell)}: write the grade id in kebab-case."
        if cell.kind == "manual" and cell.points <= 0:
            yield f'{lesson.where(cell)}: graded by hand, but without points. Add "points".'
        if cell.kind in ("solution", "manual") and BEGIN_SOLUTION not in cell.source:
            fate = "nbgrader would replace the whole cell"
            yield f"{lesson.where(cell)}: no {BEGIN_SOLUTION!r}: {fate}. Mark the solution."


def _markers(lesson: Lesson) -> Iterator[str]:
    for cell in lesson.cells:
        begin, end = MARKERS.get(cell.kind, ("", ""))
        inside = 0
        for number, line in enumerate(cell.source.splitlines(), 1):
            if not MARKERISH.search(line):
                continue
            mark = line.strip()
            if mark not in (begin, end):
                wanted = f"{begin!r} or {end!r}" if begin else "no marker at all"
                yield (
                    f"{lesson.where(cell)}, line {number}: "
                    f"{mark!r} would reach learners; here stands {wanted}."
                )
            elif (mark == begin) == bool(inside):
                fault = f"line {inside} has no end" if inside else "it ends what never began"
                yield f"{lesson.where(cell)}, line {number}: {mark!r}: {fault}."
                inside = number
            else:
                inside = number if mark == begin else 0
        if inside:
            yield (
                f"{lesson.where(cell)}: "
                f"the region that begins in line {inside} has no end. Add {end!r}."
            )


def _stubs(lesson: Lesson) -> Iterator[str]:
    for cell in lesson.of_kind("solution"):
        try:
            stub = syntax.parse(cell.stub)
        except SyntaxError as error:
            yield f"{lesson.where(cell)}: its stub is not Python: line {error.lineno}: {error.msg}."
            continue
        bodies = [
            stub.body,
            *(node.body for node in ast.walk(stub) if isinstance(node, ast.ClassDef)),
        ]
        if any(isinstance(statement, ast.Raise) for body in bodies for statement in body):
            yield (
                f"{lesson.where(cell)}: {BEGIN_SOLUTION!r} stands outside of a function: "
                "the stub would raise as soon as it is run. "
                "Put the markers inside functions and methods."
            )


def _prose(lesson: Lesson) -> Iterator[str]:
    first, last = lesson.cells[0], lesson.cells[-1]
    verb = lesson.name.split("_")[1]
    title = TITLE.match(first.source)
    if first.kind != "prose" or title is None or title[1].lower() != verb:
        yield (
            f"{lesson.path}: the first cell's title must begin with its verb: "
            f"'# {verb.capitalize()} …'."
        )
    if not lesson.facts.complete:
        yield f"{lesson.path}: the first cell must say '**Time** … · **Level** … · **Needs** …'."
    missing = [h for h in CLOSING if h not in last.source]
    if last.kind != "prose" or missing:
        yield f"{lesson.path}: the last cell must hold {', '.join(map(repr, missing or CLOSING))}."
    hints = 0
    for cell in lesson.cells:
        hints += cell.source.count("<details>") if cell.kind == "prose" else 0
        if cell.kind == "solution":
            if hints == 0:
                yield f"{lesson.where(cell)}: no hints (<details>) in the text before it."
            hints = 0
    if not lesson.of_kind("manual"):
        yield (
            f"{lesson.path}: "
            "no trade-off question (a markdown cell with grade, solution and points)."
        )


def _checks(lesson: Lesson) -> Iterator[str]:
    for cell in lesson.of_kind("checks"):
        yield from _graded(lesson, cell, lesson.checks[str(cell.grade_id)])
    checks = lesson.all_checks
    fixed = [c for c in checks if not c.hidden and not isinstance(c.expect, Matcher)]
    share = sum(c.points for c in fixed) / (lesson.max_points or 1)
    if share > VISIBLE_SHARE:
        yield (
            f"{lesson.path}: {share:.0%} of the points stand on answers that a learner can read "
            f"({', '.join(c.name for c in fixed)}); at most {VISIBLE_SHARE:.0%} may."
        )
    runs = {(c.expect.world, c.expect.seed) for c in checks if isinstance(c.expect, played)}
    if len(runs) > MAX_RUNS:
        yield (
            f"{lesson.path}: its checks ask for {len(runs)} runs; "
            f"at most {MAX_RUNS} may be played. Let checks share a world and a seed."
        )
    shown = {in_words(c.expect): c.name for c in fixed}
    for check in checks:
        twin = shown.get(in_words(check.expect)) if check.hidden else None
        if twin:
            yield (
                f"{lesson.path}: "
                f"hidden check {check.name!r} has the same answer as the visible {twin!r}."
            )


def _graded(lesson: Lesson, cell: Cell, checks: list[Check]) -> Iterator[str]:
    where = lesson.where(cell)
    if not checks:
        yield f"{where}: graded, but it holds no check. Add one, or drop the header."
    for check in checks:
        if check.points <= 0:
            yield f"{where}: check {check.name!r} has no points."
        if not check.hint:
            yield f"{where}: check {check.name!r} has no hint. Write a docstring."
        if check.stage and not KEBAB.match(check.stage):
            yield f"{where}: check {check.name!r}: write its stage in kebab-case, such as 'core'."
        if check.expect is REFERENCE and not check.hidden:
            yield f"{where}: check {check.name!r} expects REFERENCE outside the hidden block."
    secret = cell.hidden_lines
    body = lesson.tree(cell).body
    if not any(
        isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef) and s.lineno not in secret
        for s in body
    ):
        yield (
            f"{where}: "
            "only hidden checks: learners would see an empty cell. Show at least one check."
        )
    last = body[-1] if body else None
    if not (last and ast.unparse(last) == "scoreboard()" and last.lineno not in secret):
        yield f"{where}: the last line must be scoreboard(), outside the hidden block."
