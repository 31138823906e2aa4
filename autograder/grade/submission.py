"""What is run for a submission, an answer file, or the reference: the lesson's own cells, and the
learner's in their places.

Every mend is listed as a repair.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from autograder import syntax
from autograder.errors import CourseError, nearest
from autograder.files import Unreadable
from autograder.grade.beside import File
from autograder.grade.definitions import only_adds
from autograder.grade.notebooks import parse_notebook, python_version
from autograder.grade.recognition import recognised, words
from autograder.jobs import Job, Source, Step, Trace
from autograder.lessons.lesson import Cell, Lesson
from autograder.lessons.names import bound


def read(lesson: Lesson, student: str, data: bytes, repairs: list[str]) -> tuple[list[Source], Job]:
    """The cells of a notebook, each with its place in the lesson, and the job to be run.

    Args:
        data: the file.
        repairs: gets a sentence for everything that was mended.

    Raises:
        Unreadable: there is nothing of this lesson in it; `NeedsHuman` when there may be.
    """
    cells, made = placed(lesson, student, parse_notebook(data, repairs), repairs)
    return cells, replace(made, python=python_version(data))


def placed(
    lesson: Lesson,
    student: str,
    cells: Sequence[Source],
    repairs: list[str],
    helpers: Sequence[File] = (),
) -> tuple[list[Source], Job]:
    """The same for cells that were read already.

    Args:
        helpers: files that are written into the job's folder before any cell runs.

    Raises:
        Unreadable: they are of another lesson.
    """
    known = recognised(lesson, cells, repairs)
    made = job(lesson, student, known, repairs)
    written = (Step("cell", f"%%writefile {f.name}\n{f.text}") for f in helpers)
    return known, replace(made, steps=(*written, *made.steps))


def job(lesson: Lesson, student: str, cells: list[Source], repairs: list[str]) -> Job:
    """The steps of a submission in lesson order; a learner's own cells stay behind the lesson cell
    they followed.

    Raises:
        Unreadable: it holds no cell of this lesson.
    """
    known = {str(c.grade_id): c for c in lesson.cells if c.grade_id}
    mine: dict[str, list[tuple[int, str]]] = {}
    own: dict[str | None, list[tuple[int, str]]] = {}
    order: list[str] = []
    behind: str | None = None
    for position, cell in enumerate(cells):
        if cell.grade_id in known:
            behind = cell.grade_id
            kind = known[behind].kind
            theirs = kind in ("given", "solution")
            if theirs and cell.kind != "code":
                repairs.append(f"cell {behind!r} had become {cell.kind or 'no'} text: read as code")
            if behind in mine:
                what = "read one after the other" if theirs else "only the lesson's own is used"
                repairs.append(f"cell {behind!r} is there more than once: {what}")
            else:
                order.append(behind)
            mine.setdefault(behind, []).append((position, cell.text))
        elif cell.kind == "code":
            own.setdefault(behind, []).append((position, cell.text))
    if not mine:
        raise Unreadable("no cell of this lesson is in it")
    lesson_order = [g for g in known if g in mine]
    if order != lesson_order:
        repairs.append("cells were moved: run in the lesson's order")
    steps = list(_own(own.get(None, [])))
    for grade_id, cell_ in known.items():
        steps += _steps(cell_, mine.get(grade_id, []), repairs)
        steps += _own(own.get(grade_id, []))
    return Job(student, lesson.key, tuple(_waiting(lesson, steps)), tuple(dict.fromkeys(repairs)))


def _waiting(lesson: Lesson, steps: list[Step]) -> list[Step]:
    """The same steps; graded cells wait for the next one, or for the end, if nothing changes what
    they look at.
    """
    ours = {words(cell.source) for cell in lesson.of_kind("free")}

    def changes_nothing(index: int) -> bool:
        step = steps[index]
        if step.kind == "locked" or (not step.grade_id and words(step.source) in ours):
            return True
        return only_adds(step.source, [s.source for s in steps[:index]])

    out = list(steps)
    graded = [index for index, step in enumerate(steps) if step.kind == "checks"]
    for index, following in zip(graded, [*graded[1:], len(steps)], strict=True):
        waits = all(changes_nothing(between) for between in range(index + 1, following))
        out[index] = replace(steps[index], waits=waits)
    return out


def _own(cells: list[tuple[int, str]]) -> Iterator[Step]:
    return (Step("cell", text, position=position) for position, text in cells)


def _steps(cell: Cell, texts: list[tuple[int, str]], repairs: list[str]) -> list[Step]:
    position = texts[0][0] if texts else None
    if cell.kind == "given" and not texts:
        repairs.append(f"cell {cell.grade_id!r} is missing: put back")
        return [Step("cell", cell.source, cell.grade_id)]
    if cell.kind in ("given", "solution"):
        if not texts:
            repairs.append(f"cell {cell.grade_id!r} is missing: nothing was run in its place")
        return [Step("cell", text, cell.grade_id, position=at) for at, text in texts]
    if cell.kind in ("locked", "checks") and not texts:
        repairs.append(f"cell {cell.grade_id!r} is missing: put back")
    if cell.kind == "locked":
        if texts and words(texts[0][1]) != words(cell.source):
            repairs.append(f"cell {cell.grade_id!r} was edited: the lesson's own was run")
        return [_locked(cell, position)]
    if cell.kind == "checks":
        return [Step("checks", grade_id=cell.grade_id, position=position)]
    return []


def _locked(cell: Cell, position: int | None = None) -> Step:
    return Step("locked", cell.source, cell.grade_id, tuple(sorted(bound(cell.source))), position)


# ------------------------------------------------------------------------------------- answer files

MARKER = re.compile(r"^#\s*%%(?P<rest>.*)$")
NAMED = re.compile(r"""["']?grade_id["']?\s*[:=]\s*["'](?P<name>[^"']+)["']""")


def parse_answer(text: str, lesson: Lesson) -> list[tuple[str | None, str]] | None:
    """Cells of an answer file as (grade id or None, source); None when it has no cell marker.

    What stands before the first marker is for the reader only.

    Raises:
        CourseError: a marker names no solution cell of the lesson.
    """
    cells: list[tuple[str | None, list[str]]] = []
    names = [str(c.grade_id) for c in lesson.of_kind("given", "solution")]
    for line in text.splitlines():
        found = MARKER.match(line)
        if found is None:
            if cells:
                cells[-1][1].append(line)
            continue
        rest = found["rest"].strip()
        named = NAMED.search(rest)
        title = named["name"] if named else rest.strip("[]").removeprefix("code").strip()
        if title and title not in names:
            raise CourseError(
                f"{lesson.key} has no solution cell {title!r}."
                f"{nearest(title, names)} It has {', '.join(names)}."
            )
        cells.append((title or None, []))
    return [(name, "\n".join(lines).strip("\n")) for name, lines in cells] if cells else None


def answer_job(lesson: Lesson, student: str, text: str) -> Job:
    """The job of an answer file: its cells by grade id, or its definitions in place of all solution
    cells.

    Without cell markers, a definition that the answer lacks stays as the learner was given it.

    Raises:
        CourseError: a marker names no solution cell of the lesson.
    """
    cells = parse_answer(text, lesson)
    solutions = [str(c.grade_id) for c in lesson.of_kind("given", "solution")]
    sources: dict[str, list[str]] = {}
    if cells is None:
        defined = _defined(text)
        for grade_id in solutions:
            stub = _without(_cell(lesson, grade_id).stub, defined)
            sources[grade_id] = [stub, text] if grade_id == solutions[0] else [stub]
    else:
        last: str | None = None
        for name, source in cells:
            last = name or last or solutions[0]
            sources.setdefault(last, []).append(source)
    steps: list[Step] = []
    repairs: list[str] = []
    for cell in lesson.of_kind("locked", "given", "solution", "checks"):
        if cell.kind == "locked":
            steps.append(_locked(cell))
        elif cell.kind == "checks":
            steps.append(Step("checks", grade_id=cell.grade_id))
        else:
            texts = sources.get(str(cell.grade_id), [cell.stub])
            steps += [Step("cell", text, cell.grade_id) for text in texts if text.strip()]
    return Job(student, lesson.key, tuple(_waiting(lesson, steps)), tuple(repairs))


SHOW_PICTURES = """
import base64
from coursekit import plots
for _digest, _png in plots.remembered.items():
    display({"text/plain": _digest, "image/png": base64.b64encode(_png).decode()}, raw=True)
"""


def reference_job(lesson: Lesson, drawn: bool) -> Job:
    """The job of the lesson's own solution; if `drawn`, its last cell shows what `explore` drew:
    `pictures`.
    """
    steps: list[Step] = []
    for cell in lesson.of_kind("locked", "given", "solution", "checks", "free"):
        if cell.kind == "locked":
            steps.append(_locked(cell))
        elif cell.kind == "checks":
            steps.append(Step("checks", grade_id=cell.grade_id))
        elif cell.kind != "free" or (drawn and "explore(" in cell.source):
            steps.append(Step("cell", cell.source, cell.grade_id))
    if drawn:
        steps.append(Step("cell", SHOW_PICTURES))
    return Job("", lesson.key, tuple(_waiting(lesson, steps)))


def pictures(job: Job, trace: Trace) -> dict[str, bytes]:
    """What the last cell of a `reference_job` showed, by what it was drawn from:
    `coursekit.plots.remembered`.

    A learner whose code answers alike is shown the same picture and need not have it drawn.
    """
    last = len(job.steps) - 1
    if not trace.cells or trace.cells[-1].step != last:  # it was never reached
        return {}
    if job.steps[last].source != SHOW_PICTURES:
        return {}
    found = {}
    for output in trace.cells[-1].outputs:
        # one that was too large to keep: everybody draws it, then
        with contextlib.suppress(KeyError, ValueError):
            found[output["data"]["text/plain"]] = base64.b64decode(
                output["data"]["image/png"], validate=True
            )
    return found


def _cell(lesson: Lesson, grade_id: str) -> Cell:
    return next(c for c in lesson.cells if c.grade_id == grade_id)


def _defined(text: str) -> set[str]:
    try:
        return {n for s in syntax.parse(text).body for n in bound(ast.unparse(s))}
    except (SyntaxError, ValueError, RecursionError):
        return set()


def _without(source: str, names: set[str]) -> str:
    kept = [s for s in syntax.parse(source).body if not (bound(ast.unparse(s)) & names)]
    return ast.unparse(ast.Module(kept, []))
