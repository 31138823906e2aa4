"""Which cell of the lesson each cell of a submission is, when ids do not say so.

Editors drop ids and metadata, learners copy cells, add lines to locked ones, and answer beside the
stub. `recognised` gives every cell of the lesson its place; what it did is told as repairs. Nothing
is executed.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from autograder import syntax
from autograder.jobs import Source
from autograder.lessons.lesson import Cell, Lesson
from autograder.lessons.markers import RETURNED, SHOWN
from autograder.lessons.names import bound

CODE = ("code", "raw", "")  # kinds of cells that may hold code
ALIKE = 0.6  # of a cell's lines, from which on it is known by its text
MAX_PARSED = 100_000  # characters of a cell that is parsed
DEFINED = re.compile(
    r"^(?:(?:async\s+)?def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE
)
MAGIC = re.compile(r"^\s*[%!]")


def words(text: str) -> tuple[str, ...]:
    """A text without its white space: what counts when two are compared."""
    return tuple(text.split())


def recognised(lesson: Lesson, cells: Sequence[Source], repairs: list[str]) -> list[Source]:
    """The cells, each with the grade id of the lesson's cell that it is.

    A copy of a stub is left out, a copy below its own checks becomes a cell of the learner's own,
    and what was added to a locked cell one that stands right behind it.

    Args:
        repairs: gets a sentence for everything that an id alone did not say.
    """
    found = _named(lesson, list(cells), repairs)
    found = _split_locked(lesson, found, repairs)
    return _without_copies(lesson, found, repairs)


def holds(lesson: Lesson, cells: Sequence[Source]) -> bool:
    """Whether these are cells of this lesson: surely, or by a name that one defines."""
    names = task_names(lesson)
    return surely_holds(lesson, cells) or any(
        cell.kind in CODE and bool(defined(cell.text) & names) for cell in cells
    )


def surely_holds(lesson: Lesson, cells: Sequence[Source]) -> bool:
    """Whether these are cells of this lesson and of no other: a cell to be solved or one of checks
    by its id, or one of checks by its text. Two lessons may have a name in common.
    """
    ids = {str(c.grade_id) for c in lesson.of_kind("solution", "checks")}
    checks = lesson.of_kind("checks")
    return any(
        cell.grade_id in ids or any(_likeness(check, cell) >= ALIKE for check in checks)
        for cell in cells
    )


def has_work(lesson: Lesson, cells: Sequence[Source]) -> bool:
    """Whether anybody wrote anything that could earn points: a cell to be solved that is not its
    stub, or a name of one, defined elsewhere.
    """
    stubs = {str(c.grade_id): words(c.stub) for c in lesson.of_kind("solution")}
    texts = set(stubs.values())
    names = task_names(lesson)
    return any(
        words(cell.text) not in texts
        and bool(cell.text.strip())
        and (cell.grade_id in stubs or (cell.kind in CODE and bool(defined(cell.text) & names)))
        for cell in cells
    )


def task_names(lesson: Lesson) -> set[str]:
    """Names that the lesson's stubs define."""
    return {name for c in lesson.of_kind("solution") for name in defined(c.stub)}


def defined(text: str) -> set[str]:
    """Names that a cell's text defines at its top level, as far as one can see without reading it
    as Python.
    """
    return {a or b for a, b in DEFINED.findall(text)}


# ------------------------------------------------------------------------------ cells without an id


def _named(lesson: Lesson, cells: list[Source], repairs: list[str]) -> list[Source]:
    """The cells; those without an id of the lesson get one, by text, names or place."""
    known = {str(c.grade_id): c for c in lesson.cells if c.grade_id}
    stubs = {str(c.grade_id): words(c.stub) for c in lesson.of_kind("solution")}
    # a stub says nothing: the answer may stand elsewhere
    there = {c.grade_id for c in cells if words(c.text) != stubs.get(c.grade_id or "", ("",))}
    missing = [c for grade_id, c in known.items() if grade_id not in there]
    named: list[str] = []

    def strangers() -> list[int]:
        return [i for i, cell in enumerate(cells) if cell.grade_id not in known]

    def name(index: int, cell: Cell) -> None:
        cells[index] = replace(cells[index], grade_id=str(cell.grade_id))
        named.append(str(cell.grade_id))

    for cell in missing:
        if cell.kind in ("locked", "checks"):
            alike = [(_likeness(cell, cells[i]), -i) for i in strangers()]
            best, index = max(alike, default=(0.0, 0))
            if best >= ALIKE:
                name(-index, cell)
    for cell in missing:
        if cell.kind in ("given", "solution"):
            names = defined(cell.stub)
            for index in strangers():
                if cells[index].kind in CODE and defined(cells[index].text) & names:
                    name(index, cell)
    something = any(cell.grade_id in known for cell in cells)
    for cell in missing:
        if cell.kind == "manual" and something:
            place = _answer_without_id(lesson, cells, str(cell.grade_id))
            if place is not None:
                name(place, cell)
    if named:
        listed = ", ".join(repr(n) for n in known if n in named)
        repairs.append(f"cells without their ids: {listed} known by text, names or place")
    return cells


def _likeness(cell: Cell, other: Source) -> float:
    """Which part of the lines that a learner was given of a cell stand in another one."""
    if not other.text or other.kind not in CODE:
        return 0.0
    given = [line.strip() for line in cell.given.splitlines() if line.strip()]
    theirs = {line.strip() for line in other.text.splitlines()}
    return sum(line in theirs for line in given) / len(given) if given else 0.0


def _answer_without_id(lesson: Lesson, cells: list[Source], grade_id: str) -> int | None:
    """Where the answer to a hand-graded question stands that has lost its cell: the first text in
    its place that is not the lesson's.
    """
    begin, end = place_of(lesson, cells, grade_id)
    ours = {words(c.source) for c in lesson.of_kind("prose")}
    for index in range(begin, end):
        cell = cells[index]
        if cell.kind in ("markdown", "raw") and words(cell.text) not in ours and cell.text.strip():
            return index
    return None


def place_of(lesson: Lesson, cells: Sequence[Source], grade_id: str) -> tuple[int, int]:
    """The range of positions in which a cell of the lesson would stand: behind the last cell of
    those before it, up to the first of those that follow.
    """
    order = [str(c.grade_id) for c in lesson.cells if c.grade_id]
    at = order.index(grade_id)
    before, after = set(order[:at]), set(order[at + 1 :])
    begin = max((i + 1 for i, c in enumerate(cells) if c.grade_id in before), default=0)
    end = min((i for i, c in enumerate(cells) if i >= begin and c.grade_id in after), default=None)
    return begin, len(cells) if end is None else end


# ---------------------------------------------------------------------------- lines that were added


def _split_locked(lesson: Lesson, cells: list[Source], repairs: list[str]) -> list[Source]:
    """The cells; what a learner added to a locked cell stands behind it in a cell of its own, or,
    where it is the answer of a cell that is missing, before it under that cell's id.
    """
    locked = {str(c.grade_id): c for c in lesson.of_kind("locked", "checks")}
    there = {cell.grade_id for cell in cells}
    missing = [c for c in lesson.of_kind("given", "solution") if c.grade_id not in there]
    out: list[Source] = []
    for cell in cells:
        ours = locked.get(cell.grade_id or "")
        more = _added(cell.text, ours) if ours is not None and cell.kind == "code" else ""
        merged = [c for c in missing if defined(c.stub) & defined(more)]
        if merged:
            repairs.append(f"cell {merged[0].grade_id!r} was found in cell {cell.grade_id!r}")
            out += [Source("code", merged[0].grade_id, more), cell]
        elif more:
            what = "they ran behind it, as a cell of their own"
            repairs.append(f"cell {cell.grade_id!r} had lines added: {what}")
            out += [cell, Source("code", None, more)]
        else:
            out.append(cell)
    return out


def _added(text: str, cell: Cell) -> str:
    """Statements in a learner's version of a locked cell that are not the lesson's. Those that
    would define one of its names otherwise are left out: the lesson's own win.
    """
    given, text = cell.given, text.replace(SHOWN, RETURNED)
    if words(text) == words(given) or len(text) > MAX_PARSED:
        return ""
    ours = {line.strip() for line in given.splitlines()}
    magics = [line for line in text.splitlines() if MAGIC.match(line) and line.strip() not in ours]
    plain = "\n".join("" if MAGIC.match(line) else line for line in text.splitlines())
    try:
        theirs = syntax.parse(plain).body
        known = Counter(ast.dump(s) for s in syntax.parse(given).body)
        taken = bound(cell.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(magics)
    lines = [line.strip() for line in magics]
    for statement in theirs:
        dump = ast.dump(statement)
        if known[dump]:
            known[dump] -= 1
            continue
        kept = _of_new_names(statement, taken)
        if kept is not None:
            lines.append(ast.unparse(kept))
    return "\n".join(lines)


def _of_new_names(statement: ast.stmt, taken: set[str]) -> ast.stmt | None:
    """A statement as far as it binds none of the names that are taken, or None."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        new = [a for a in statement.names if (a.asname or a.name.partition(".")[0]) not in taken]
        if len(new) == len(statement.names):
            return statement
        if not new:
            return None
        if isinstance(statement, ast.Import):
            return ast.Import(new)
        return ast.ImportFrom(statement.module, new, statement.level)
    return None if bound(ast.unparse(statement)) & taken else statement


# ------------------------------------------------------------------------------------------- copies


def _without_copies(lesson: Lesson, cells: list[Source], repairs: list[str]) -> list[Source]:
    """The cells without copies of stubs; a copy of an answer below its own checks has no id."""
    theirs = {str(c.grade_id): c for c in lesson.of_kind("given", "solution", "manual")}
    checks = _checks_of(lesson)
    positions: dict[str, list[int]] = {}
    for index, cell in enumerate(cells):
        if cell.grade_id in theirs:
            positions.setdefault(str(cell.grade_id), []).append(index)
    first = {c.grade_id: i for i, c in reversed(list(enumerate(cells)))}
    gone: set[int] = set()
    out = list(cells)
    for grade_id, several in positions.items():
        stub = words(theirs[grade_id].stub)
        written = [i for i in several if words(cells[i].text) not in ((), stub)]
        if len(several) > 1 and written and len(written) < len(several):
            gone |= set(several) - set(written)
            repairs.append(
                f"cell {grade_id!r} is there more than once: its untouched copy is not used"
            )
        kept = written or several[:1]
        if not written:
            gone |= set(several[1:])
        checked = first.get(checks.get(grade_id))
        if checked is None or theirs[grade_id].kind == "manual":
            continue
        for index in kept[1:]:
            if index > checked:
                out[index] = replace(cells[index], grade_id=None, kind="code")
                repairs.append(
                    f"cell {grade_id!r} is there more than once: the copy below its checks ran "
                    "where it stands"
                )
    return [cell for index, cell in enumerate(out) if index not in gone]


def _checks_of(lesson: Lesson) -> dict[str, str]:
    """By the grade id of a cell to be solved, that of the first checks that follow it."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    for cell in lesson.cells:
        if cell.kind in ("given", "solution"):
            waiting.append(str(cell.grade_id))
        elif cell.kind == "checks":
            found |= dict.fromkeys(waiting, str(cell.grade_id))
            waiting = []
    return found
