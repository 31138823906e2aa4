"""The autograded notebook: what the learner wrote, what it showed, and the verdicts. No hidden line
is in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from autograder.errors import CourseError
from autograder.jobs import Job, Result, Source, Trace
from autograder.lazy import nbformat
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.plain import PICTURES, plain_metadata
from autograder.record.sanitiser import clean_html, clean_markdown, clean_tex
from coursekit.checks import Score

TEXT: dict[str, Callable[[str], str]] = {
    "text/plain": str,
    "text/latex": clean_tex,
    "text/markdown": clean_markdown,
    "text/html": clean_html,
}
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
# lines of a cell's streams, and of a traceback: nbgrader's `LimitOutput`
MAX_LINES, MAX_TRACEBACK = 1000, 100
# characters that updates may add to one notebook: one update may change many outputs
MAX_GROWTH = 20_000_000
MAX_TEXT = 500_000  # characters of one output; the runner stops earlier, but a forged one does not


def clean_output(output: dict[str, Any], count: int | None = None) -> dict[str, Any] | None:
    """One output of a learner's cell as it may be stored, or None. Unknown kinds are dropped.

    Args:
        count: the number of the cell.
    """
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        traceback = output.get("traceback")
        lines = traceback[:300] if isinstance(traceback, list) else []
        lines = [_text(line)[:10_000] for line in lines]
        ename, evalue = _text(output.get("ename"))[:200], _text(output.get("evalue"))[:5000]
        return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": lines}
    if kind not in ("display_data", "execute_result") or not isinstance(output.get("data"), dict):
        return None
    clean = {"output_type": kind, **_clean_display(output)}
    if kind == "execute_result":
        clean["execution_count"] = count
    return clean


def _clean_display(output: dict[str, Any]) -> dict[str, Any]:
    data = output["data"]
    kept = {m: clean(_text(data[m])) for m, clean in TEXT.items() if m in data}
    kept |= {m: data[m] for m in PICTURES if isinstance(data.get(m), str) and BASE64.match(data[m])}
    return {"data": kept, "metadata": plain_metadata(output.get("metadata"))}


@dataclass(frozen=True)
class CellRun:
    """What a cell showed when it ran: its number, and its outputs as they may be stored."""

    number: int | None = None
    outputs: tuple[dict[str, Any], ...] = ()


def cells_as_run(job: Job, trace: Trace) -> dict[int | str, CellRun]:
    """What was run, by position in the submission, or by grade id where the submission lacks the
    cell.

    Cells are numbered as a kernel counts them; a cell that was never reached has no number. What
    was displayed under a name is shown as it was last updated, by whichever cell, within
    `MAX_GROWTH`.
    """
    outputs = {cell.step: cell.outputs for cell in trace.cells}
    updates = _Updates(trace)
    runs: dict[int | str, CellRun] = {}
    number = 0
    for index, step in enumerate(job.steps):
        is_run = step.kind == "checks" or bool(step.source.strip())
        number += is_run
        count = number if is_run and (step.kind == "checks" or index in outputs) else None
        shown = []
        for output in outputs.get(index, ()):
            clean = clean_output(output, count)
            if clean is not None:
                shown.append(updates.latest(_name(output), clean))
        place = step.position if step.position is not None else str(step.grade_id)
        runs[place] = CellRun(count, tuple(shown))
    return runs


class _Updates:
    """What was displayed under a name, as it was last updated."""

    def __init__(self, trace: Trace) -> None:
        self._last: dict[str, dict[str, Any]] = {}
        self._room = MAX_GROWTH
        for cell in trace.cells:
            for output in cell.outputs:
                name = _name(output)
                if name and _is_display(output):
                    self._last[name] = _clean_display(output)

    def latest(self, name: str | None, output: dict[str, Any]) -> dict[str, Any]:
        """An output in its latest state, unless that would take more room than is left."""
        if name not in self._last or "data" not in output:
            return output
        growth = _size(self._last[name]) - _size(output)
        if growth > self._room:
            return output
        self._room -= max(0, growth)
        return output | self._last[name]


def _is_display(output: dict[str, Any]) -> bool:
    kinds = ("display_data", "update_display_data")
    return output.get("output_type") in kinds and isinstance(output.get("data"), dict)


def _name(output: dict[str, Any]) -> str | None:
    """The name that a later `update_display` may use."""
    transient = output.get("transient")
    name = transient.get("display_id") if isinstance(transient, dict) else None
    return name if isinstance(name, str) else None


def _size(display: dict[str, Any]) -> int:
    return sum(map(len, display["data"].values()))


def _text(value: Any) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def released_notebook(course: Course, lesson: Lesson) -> Any:
    """The release edition of a lesson.

    Raises:
        CourseError: it has not been built.
    """
    path = course.root / "release" / lesson.module / f"{lesson.name}.ipynb"
    try:
        return nbformat.reads(path.read_text("utf-8"), as_version=4)
    except (OSError, ValueError):
        raise CourseError(f"{path}: missing or broken. Run `make build`.") from None


def autograded_notebook(
    released: Any, lesson: Lesson, cells: list[Source], job: Job | None, result: Result
) -> dict[str, Any]:
    """The notebook for `autograded/`: the learner's cells in the lesson's order, the lesson's own
    as released.
    """
    runs = cells_as_run(job, result.trace) if job is not None and result.trace is not None else {}
    out = list(_cells(released, lesson, cells, result, runs))
    return {"cells": out, "metadata": released.metadata, "nbformat": 4, "nbformat_minor": 5}


def as_bytes(notebook: dict[str, Any]) -> bytes:
    """The file of a notebook. Its schema is not looked at: nothing in it has a form that a learner
    chose.
    """
    from nbformat.v4.rwbase import split_lines, strip_transient

    made = split_lines(strip_transient(nbformat.from_dict(notebook)))
    return msgspec.json.format(msgspec.json.encode(made, order="sorted"), indent=1) + b"\n"


def _cells(
    released: Any,
    lesson: Lesson,
    cells: list[Source],
    result: Result,
    runs: Mapping[int | str, CellRun],
) -> Iterator[dict[str, Any]]:
    known = {
        c.metadata["nbgrader"]["grade_id"]: c for c in released.cells if "nbgrader" in c.metadata
    }
    plain = {c.id: c for c in released.cells if "nbgrader" not in c.metadata}
    groups: dict[str | None, list[int]] = {None: []}
    behind: str | None = None
    for position, cell in enumerate(cells):
        behind = cell.grade_id if cell.grade_id in known else behind
        groups.setdefault(behind, []).append(position)
    kinds = {str(c.grade_id): c.kind for c in lesson.cells if c.grade_id}
    for grade_id in (None, *known):
        own = groups.get(grade_id, [])
        if grade_id is not None:
            first = next((p for p in own if cells[p].grade_id == grade_id), None)
            theirs = None if first is None else cells[first]
            ran = runs.get(grade_id if first is None else first, CellRun())
            yield _lesson_cell(known[grade_id], kinds[grade_id], theirs, result, ran)
            own = [p for p in own if p != first]
            if kinds[grade_id] in ("locked", "checks"):
                own = [p for p in own if cells[p].grade_id != grade_id]
        for position in own:
            yield _own_cell(cells[position], plain, position, runs.get(position, CellRun()))


def _lesson_cell(
    released: Any, kind: str, theirs: Source | None, result: Result, ran: CellRun
) -> dict[str, Any]:
    """A cell of the lesson, with what the learner wrote where the cell is theirs to write."""
    cell = dict(released)
    if kind in ("solution", "manual") or (kind == "given" and theirs is not None):
        cell["source"] = theirs.text if theirs else ""
        if kind == "manual" and theirs and cell["source"] != released.source:
            cell |= _prose(theirs)
    if cell["cell_type"] == "code":
        cell |= _as_run(ran)
        if kind == "checks":
            cell["outputs"] = [_score(released.metadata["nbgrader"]["grade_id"], result, ran)]
    return cell


def _score(grade_id: str, result: Result, ran: CellRun) -> dict[str, Any]:
    """The table of a graded cell, as its output."""
    score = Score([c.row for c in result.checks if c.grade_id == grade_id])
    lost = score.points < score.max_points
    guess = f"<p>{html.escape(result.guess)}</p>" if result.guess and lost else ""
    return {
        "output_type": "execute_result",
        "data": {"text/plain": repr(score), "text/html": score._repr_html_() + guess},
        "metadata": {},
        "execution_count": ran.number,
    }


def _as_run(ran: CellRun) -> dict[str, Any]:
    """What running adds to a code cell, no more of it than nbgrader would keep."""
    return {"execution_count": ran.number, "outputs": list(_limited(ran.outputs))}


def _limited(outputs: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    length = 0
    for output in outputs:
        if output["output_type"] == "stream":
            if length == MAX_LINES:
                continue
            lines = output["text"].split("\n")
            if len(lines) + length > MAX_LINES:
                lines = [*lines[: MAX_LINES - length - 1], "... Output truncated ..."]
            length += len(lines)
            output = {**output, "text": "\n".join(lines)}
        elif output["output_type"] == "error" and len(output["traceback"]) > MAX_TRACEBACK:
            lines, half = output["traceback"], MAX_TRACEBACK // 2
            lines = [*lines[:half], "... Traceback truncated ...", *lines[-half + 1 :]]
            output = {**output, "traceback": lines}
        yield output


def _prose(cell: Source) -> dict[str, Any]:
    """What a learner's text adds to a cell: itself, made harmless, with its pictures below."""
    names = [f"picture-{n}.{p.kind.partition('/')[2]}" for n, p in enumerate(cell.pictures, 1)]
    shown = [f"![{name}](attachment:{name})" for name in names]
    made: dict[str, Any] = {"source": "\n\n".join([clean_markdown(cell.text), *shown])}
    if names:
        made["attachments"] = {
            name: {p.kind: "".join(p.data.split())}
            for name, p in zip(names, cell.pictures, strict=True)
        }
    return made


def _own_cell(cell: Source, plain: dict[str, Any], position: int, ran: CellRun) -> dict[str, Any]:
    name = f"own-{position}"
    if cell.kind == "code":
        code = {"cell_type": "code", "id": name, "metadata": {}, "source": cell.text}
        return code | _as_run(ran)
    lessons_own = plain.get(cell.grade_id or "")
    untouched = lessons_own is not None and lessons_own.source == cell.text
    made: dict[str, Any] = {"cell_type": "markdown", "id": name, "metadata": {}}
    if untouched:
        return made | {"id": f"lesson-{position}", "source": cell.text}
    return made | _prose(cell)


def add_kept(notebook: dict[str, Any], result: Result) -> None:
    """Put a line below each cell of an autograded notebook whose points a regrade kept: formgrader
    shows it.
    """
    kept = dict(result.kept)
    for cell in notebook["cells"]:
        if cell["id"] in kept:
            line = f"{kept[cell['id']]:g} points beyond these checks. {result.note}\n"
            cell["outputs"].append({"output_type": "stream", "name": "stdout", "text": line})
