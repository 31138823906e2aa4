"""The autograded notebook: what the learner wrote, what it showed, and the verdicts. No hidden line is in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat

from autograder.course import Course
from autograder.editions import notebook_bytes
from autograder.errors import CourseError
from autograder.harmless import clean_html, clean_markdown, clean_tex
from autograder.jobs import Job, Result
from autograder.lesson import Lesson
from autograder.submission import Source
from coursekit.checks import Score

TEXT: dict[str, Callable[[str], str]] = {
    "text/plain": str,
    "text/latex": clean_tex,
    "text/markdown": clean_markdown,
    "text/html": clean_html,
}
PICTURES = ("image/png", "image/jpeg")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
MAX_TEXT = 500_000  # characters of one output; the runner stops earlier, but a forged one does not


def clean_output(output: dict[str, Any]) -> dict[str, Any] | None:
    """One output of a learner's cell as it may be stored, or None. Unknown kinds are dropped."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        traceback = output.get("traceback")
        lines = [_text(line)[:10_000] for line in traceback[:300]] if isinstance(traceback, list) else []
        ename, evalue = _text(output.get("ename"))[:200], _text(output.get("evalue"))[:5000]
        return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": lines}
    data = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(data, dict):
        return None
    kept = {m: clean(_text(data[m])) for m, clean in TEXT.items() if m in data}
    kept |= {m: data[m] for m in PICTURES if isinstance(data.get(m), str) and BASE64.match(data[m])}
    made: dict[str, Any] = {"output_type": kind, "data": kept, "metadata": {}}
    return made | {"execution_count": None} if kind == "execute_result" else made


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


def autograded_notebook(released: Any, lesson: Lesson, cells: list[Source], job: Job | None, result: Result) -> bytes:
    """The notebook for `autograded/`: the learner's cells in the lesson's order, the lesson's own as released."""
    shown: dict[int | str, list[Any]] = {}
    if job is not None and result.trace is not None:
        for cell in result.trace.cells:
            step = job.steps[cell.step] if 0 <= cell.step < len(job.steps) else None
            if step is not None:
                key = step.position if step.position is not None else str(step.grade_id)
                shown[key] = [o for o in map(clean_output, cell.outputs) if o is not None]
    out = list(_cells(released, lesson, cells, result, shown))
    notebook = nbformat.v4.new_notebook(cells=out, metadata=released.metadata)
    notebook.nbformat_minor = 5
    return notebook_bytes(notebook)


def _cells(
    released: Any, lesson: Lesson, cells: list[Source], result: Result, shown: dict[int | str, list[Any]]
) -> Iterator[Any]:
    known = {c.metadata["nbgrader"]["grade_id"]: c for c in released.cells if "nbgrader" in c.metadata}
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
            yield _lesson_cell(known[grade_id], kinds[grade_id], grade_id, cells, first, result, shown)
            own = [p for p in own if p != first]
            if kinds[grade_id] in ("locked", "checks"):
                own = [p for p in own if cells[p].grade_id != grade_id]
        for position in own:
            yield _own_cell(cells[position], plain, position, shown.get(position, []))


def _lesson_cell(
    released: Any, kind: str, grade_id: str, cells: list[Source], position: int | None, result: Result, shown: Any
) -> Any:
    cell = nbformat.from_dict(dict(released))
    theirs = kind in ("given", "solution", "manual")
    if theirs and (position is not None or kind != "given"):
        cell.source = cells[position].text if position is not None else ""
        if kind == "manual":
            cell.source = clean_markdown(cell.source) if cell.source != released.source else cell.source
    if cell.cell_type == "code":
        cell.execution_count = None
        cell.outputs = [nbformat.from_dict(o) for o in shown.get(position if position is not None else grade_id, [])]
        if kind == "checks":
            score = Score([c.row for c in result.checks if c.grade_id == grade_id])
            data = {"text/plain": repr(score), "text/html": score._repr_html_()}
            cell.outputs = [nbformat.v4.new_output("execute_result", data)]
    return cell


def _own_cell(cell: Source, plain: dict[str, Any], position: int, outputs: list[Any]) -> Any:
    name = f"own-{position}"
    if cell.kind == "code":
        made = nbformat.v4.new_code_cell(cell.text, id=name)
        made.outputs = [nbformat.from_dict(o) for o in outputs]
        return made
    lessons_own = plain.get(cell.grade_id or "")
    untouched = lessons_own is not None and lessons_own.source == cell.text
    return nbformat.v4.new_markdown_cell(cell.text if untouched else clean_markdown(cell.text), id=name)


def with_kept(notebook: bytes, result: Result) -> bytes:
    """The autograded notebook, with a line below each cell whose points a regrade kept: formgrader shows it."""
    made = nbformat.reads(notebook.decode(), as_version=4)
    kept = dict(result.kept)
    for cell in made.cells:
        if cell.id in kept:
            line = f"{kept[cell.id]:g} points beyond these checks. {result.note}\n"
            cell.outputs.append(nbformat.v4.new_output("stream", text=line))
    return notebook_bytes(made)


def write_atomically(path: Path, data: bytes) -> None:
    """The whole file or nothing, even when the machine stops."""
    import os

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
