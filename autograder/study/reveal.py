"""A reference solution and a brief why, after an honest try: the cell was written in, and graded
with it at least once.

Solutions are read from the instructor edition, `source/`, at that moment; no notebook that a
learner gets holds them.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from autograder.errors import CourseError, nearest
from autograder.files import Unreadable
from autograder.lessons.markers import BEGIN_SOLUTION, END_SOLUTION
from autograder.study import copies, progress
from autograder.study.study import BrokenFile, Card, Cell, Study, read_cells

WHY = "# Why:"
KNOWN = re.compile(r"What you now know[*:.\s]*(?P<words>.*?)\s*(?=\*\*In practice)", re.DOTALL)


class NotYet(Exception):
    """There was no honest try. The message says what to do."""


@dataclass(frozen=True)
class Reference:
    """The reference solution of one cell. Prints as text, shows folded."""

    title: str  # of the lesson
    grade_id: str
    solution: str
    why: str
    is_prose: bool

    def __str__(self) -> str:
        head = f"{self.title}, {self.grade_id}: {self._what}"
        return "\n\n".join([head, self.solution, *([f"Why: {self.why}"] if self.why else [])])

    __repr__ = __str__

    @property
    def _what(self) -> str:
        return (
            "a model answer, and what it is graded by" if self.is_prose else "a reference solution"
        )

    def _repr_html_(self) -> str:
        say = html.escape
        why = f"<p><strong>Why:</strong> {say(self.why)}</p>" if self.why else ""
        fold = " and why" if self.why else ""
        wrap = ' style="white-space:pre-wrap"' if self.is_prose else ""
        return (
            f"<details><summary><code>{say(self.grade_id)}</code>: {self._what}{fold}</summary>"
            f"{why}<pre{wrap}>{say(self.solution)}</pre></details>"
        )


def find(study: Study, grade_id: str, module: str = "") -> Card:
    """The lesson that has a cell to write in of this name, in `module` if there is one.

    Raises:
        CourseError: there is none, or more than one.
    """
    found = [c for c in study.cards.values() if grade_id in c.tasks]
    found = [c for c in found if c.module == module] or found
    if not found:
        known = [name for c in study.cards.values() for name in c.tasks]
        raise CourseError(
            f"no lesson has a cell {grade_id!r} to write in.{nearest(grade_id, known)}"
        )
    if len(found) > 1:
        keys = ", ".join(c.key for c in found)
        raise CourseError(
            f"{keys} have a cell {grade_id!r}: "
            f'say which, reveal("{grade_id}", lesson="{found[0].key}").'
        )
    return found[0]


def reveal(study: Study, card: Card, grade_id: str, anyway: bool = False) -> Reference:
    """The reference solution of a cell.

    Args:
        anyway: also without an honest try.

    Raises:
        NotYet: there was none.
        CourseError: there is no such cell, or the course's lessons are not here.
    """
    if grade_id not in card.tasks:
        names = ", ".join(card.tasks)
        raise CourseError(
            f"{card.key} has no cell {grade_id!r} to write in."
            f"{nearest(grade_id, card.tasks)} It has {names}."
        )
    path = study.root / "source" / f"{card.key}.ipynb"
    try:
        cells = list(read_cells(path))
    except Unreadable as error:
        raise CourseError(
            f"{study.say(path)}: {error}. Reference solutions stand there: "
            "they need the whole course, as `git clone` brings it."
        ) from None
    if not (anyway or _tried(study, card, grade_id)):
        raise NotYet(_what_to_do(study, card, grade_id))
    cell = next((c for c in cells if c.name == grade_id and c.is_task), None)
    if cell is None:
        raise CourseError(
            f"{study.say(path)} has no cell {grade_id!r}: it is older. `make build` renews it."
        )
    solution, why = parts(cell)
    is_prose = cell.kind != "code"
    return Reference(card.title, grade_id, solution, why or _closing(cells[-1], is_prose), is_prose)


def _tried(study: Study, card: Card, grade_id: str) -> bool:
    """Whether a stored grading, or the notebook as it is saved, shows an honest try."""
    try:
        if grade_id in progress.history(study, card.key).tried:
            return True
    except BrokenFile:
        pass  # then the notebook alone decides
    seen = copies.state_of(study, card)
    return grade_id in seen.changed and any(c.is_graded and c.ran for c in seen.cells or ())


def _what_to_do(study: Study, card: Card, grade_id: str) -> str:
    path = study.say(study.notebook(card.key))
    written = grade_id in copies.state_of(study, card).changed
    graded = "grade the notebook"
    if any(c.name == grade_id and c.kind == "code" for c in card.cells):
        graded = f"run its checks or {graded}"
    todo = (
        f"save (Ctrl+S) and {graded}"
        if written
        else f"write your own in it, save (Ctrl+S), and {graded}"
    )
    missing = "it was not graded yet" if written else "nothing was written in it yet"
    return (
        f"{path}, cell {grade_id!r}: {missing}. First {todo}; then ask again. "
        f'To look all the same: reveal("{grade_id}", anyway=True), '
        f"or `autograder reveal {card.stem} {grade_id} --anyway`."
    )


def parts(cell: Cell) -> tuple[str, str]:
    """A solution cell without its markers, and what stands in `# Why:` comments right below `###
    BEGIN SOLUTION`.
    """
    kept: list[str] = []
    why: list[str] = []
    at = ""  # "begin" right below a marker, "why" within such a comment
    for line in cell.source.splitlines():
        bare = line.strip()
        if bare == BEGIN_SOLUTION:
            at = "begin"
        elif at == "begin" and bare.startswith(WHY):
            at = "why"
            why.append(bare.removeprefix(WHY).strip())
        elif at == "why" and bare.startswith("#") and bare != END_SOLUTION:
            why.append(bare.lstrip("#").strip())
        else:
            at = ""
            kept += [line] if bare != END_SOLUTION else []
    return "\n".join(kept).strip("\n"), " ".join(filter(None, why))


def _closing(last: Cell, is_prose: bool) -> str:
    """What the lesson itself says is to be known at its end; an answer in prose gives its own
    reasons.
    """
    found = None if is_prose else KNOWN.search(last.source)
    return " ".join(found["words"].split()) if found else ""
