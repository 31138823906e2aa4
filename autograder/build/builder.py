"""From lesson text to notebooks: `source/`, `release/`, `notebooks/`. The same bytes from any
machine and any order.
"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.build import diagrams, editions, lint
from autograder.build.editions import notebook_bytes
from autograder.errors import CourseError
from autograder.files import write_atomically
from autograder.lazy import nbformat
from autograder.lessons.course import Course
from autograder.lessons.lesson import Cell, Lesson
from autograder.lessons.markers import BEGIN_HIDDEN, BEGIN_SOLUTION, RETURNED, SHOWN
from autograder.nbgrader_api import Listener, settings
from coursekit.expect import REFERENCE

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FLAGS = {
    "given": {"grade": False, "solution": False, "locked": False},
    "locked": {"grade": False, "solution": False, "locked": True},
    "solution": {"grade": False, "solution": True, "locked": False},
    "checks": {"grade": True, "solution": False, "locked": True},
    "manual": {"grade": True, "solution": True, "locked": False},
}

Tree = dict[Path, bytes]  # files by their path in the course


def build(course: Course, modules: Iterable[str] = (), *, check: bool = False) -> list[Path]:
    """Build all modules, or some, and return the files that differed, by their path in the course.

    Args:
        check: write nothing, only compare.

    Raises:
        CourseError: a lesson is not fit to be built; the message names file and grade id.
    """
    chosen = sorted(set(modules)) or course.modules
    lessons = {m: [read(course, key) for key in course.lessons_of(m)] for m in chosen}
    others = [m for m in course.modules if m not in lessons]
    unbuilt = {
        m: [Lesson.read(course.lesson_path(key)) for key in course.lessons_of(m)] for m in others
    }
    everything = dict(sorted((lessons | unbuilt).items()))
    tree: Tree = {}
    for module in chosen:
        for lesson in lessons[module]:
            tree[Path("source", module, f"{lesson.name}.ipynb")] = notebook_bytes(
                source_notebook(course, lesson)
            )
    released = release(course, {p: b for p, b in tree.items() if p.parts[0] == "source"}, chosen)
    for lesson in (le for m in chosen for le in lessons[m]):
        leak_check(lesson, released[Path("release", lesson.module, f"{lesson.name}.ipynb")])
    tree |= released
    tree |= editions.self_study(everything, released)
    tree |= editions.front_pages(course, everything)
    rooms = [Path(room, module) for room in ("source", "release", "notebooks") for module in chosen]
    return _settle(course, tree, rooms, check)


def read(course: Course, key: str) -> Lesson:
    """The lesson, inspected."""
    lesson = Lesson.read(course.lesson_path(key))
    lint.inspect(lesson)
    return lesson


def source_notebook(course: Course, lesson: Lesson) -> Any:
    """The instructor edition: solutions, hidden checks, and the reference's answers for fixed
    seeds. The cells of a formative lesson have no points.
    """
    cells, is_formative = [], lesson.key in course.outline.formative
    for number, cell in enumerate(lesson.cells):
        meta: dict[str, Any] = {"tags": list(cell.tags)} if cell.tags else {}
        text = cell.source
        if cell.grade_id:
            meta["nbgrader"] = _nbgrader(lesson, cell, is_formative)
        if cell.kind == "checks":
            text = _shown(bake(lesson, cell)) if is_formative else bake(lesson, cell)
        if not cell.is_code:
            text = diagrams.embed(text, lesson.path.parent.parent / "diagrams", lesson.where(cell))
        make = nbformat.v4.new_code_cell if cell.is_code else nbformat.v4.new_markdown_cell
        cells.append(make(text, id=cell.grade_id or f"cell-{number:02}", metadata=meta))
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=METADATA)
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return notebook


def _nbgrader(lesson: Lesson, cell: Cell, is_formative: bool) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": cell.grade_id,
        "task": False,
        **FLAGS[cell.kind],
    }
    if cell.kind == "checks":
        meta["points"] = _number(sum(c.points for c in lesson.checks[str(cell.grade_id)]))
    elif cell.kind == "manual":
        meta["points"] = _number(cell.points)
    if is_formative and "points" in meta:
        meta["points"] = 0
    return meta


def _shown(text: str) -> str:
    """A graded cell that shows its table instead of returning it."""
    return text.removesuffix(RETURNED) + SHOWN


def _number(points: float) -> float | int:
    return int(points) if float(points).is_integer() else float(points)


def bake(lesson: Lesson, cell: Cell) -> str:
    """A graded cell for plain nbgrader: hidden checks say so, and `REFERENCE` becomes what the
    reference answers.
    """
    checks = {c.name: c for c in lesson.checks[str(cell.grade_id)]}
    secret = cell.hidden_lines
    data = cell.source.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    cuts: list[tuple[int, int, str]] = []
    uses_recorded = False
    for function in lesson.tree(cell).body:
        if (
            not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            or function.name not in checks
        ):
            continue
        call = function.decorator_list[0]
        if not isinstance(call, ast.Call) or function.lineno not in secret:
            continue
        for keyword in call.keywords:
            if keyword.arg == "expect" and checks[function.name].expect is REFERENCE:
                cuts.append(
                    (*_span(keyword.value, starts), lesson.reference_text(checks[function.name]))
                )
                uses_recorded = True
        end = _span(call, starts)[1] - 1
        comma = "" if data[:end].rstrip()[-1:] in (b",", b"(") else ", "
        cuts.append((end, end, f"{comma}hidden=True"))
    for begin, end, text in sorted(cuts, reverse=True):
        data = data[:begin] + text.encode() + data[end:]
    out = data.decode()
    if uses_recorded:
        out = out.replace(BEGIN_HIDDEN, f"{BEGIN_HIDDEN}\nfrom coursekit import recorded\n", 1)
    return out


def _span(node: ast.expr, starts: list[int]) -> tuple[int, int]:
    return starts[node.lineno - 1] + node.col_offset, starts[(node.end_lineno or 0) - 1] + (
        node.end_col_offset or 0
    )


def release(course: Course, source: Tree, modules: Iterable[str]) -> Tree:
    """What `nbgrader generate_assignment` makes of `source`, in a folder of its own.

    Raises:
        CourseError: nbgrader refused; its own words are in the message.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import SaveCells

    with tempfile.TemporaryDirectory() as folder:
        for path, data in source.items():
            write_atomically(Path(folder) / path, data)
        config = settings(course.root)
        config.CourseDirectory.root = folder
        # SaveCells, which changes no cell, would need one
        config.GenerateAssignment.no_database = True
        config.GenerateAssignment.preprocessors = [
            p for p in GenerateAssignment.preprocessors.default_args[0] if p is not SaveCells
        ]
        for module in modules:
            listener = Listener()
            coursedir = CourseDirectory(config=config)
            coursedir.assignment_id = module
            converter = GenerateAssignment(coursedir=coursedir, config=config)
            converter.log = listener.log
            try:
                converter.start()
            except (Exception, SystemExit) as error:
                raise CourseError(
                    f"module {module}: nbgrader generate_assignment: {listener.last or error}"
                ) from None
        found = (Path(folder) / "release").rglob("*.ipynb")
        return {p.relative_to(folder): p.read_bytes() for p in sorted(found)}


def leak_check(lesson: Lesson, released: bytes) -> None:
    """Compare a released notebook with what a learner may see.

    Raises:
        CourseError: a solution's or a hidden line is in it.
    """
    cells = {c.id: c.source for c in nbformat.reads(released.decode(), as_version=4).cells}
    for cell in lesson.cells:
        if cell.kind in ("solution", "manual"):
            if BEGIN_SOLUTION in cells[cell.grade_id]:
                raise CourseError(f"{lesson.where(cell)}: its solution would reach learners.")
            if cell.kind == "solution" and cells[cell.grade_id] != cell.stub:
                raise CourseError(f"{lesson.where(cell)}: the released cell is not its stub.")
        if cell.kind == "checks":
            secret = {cell.source.splitlines()[n - 1].strip() for n in cell.hidden_lines}
            public = {line.strip() for c in lesson.cells for line in _public(c)}
            for line in cells[cell.grade_id].splitlines():
                if line.strip() in secret - public and line.strip():
                    raise CourseError(
                        f"{lesson.where(cell)}: "
                        f"the hidden line {line.strip()!r} would reach learners."
                    )


def _public(cell: Cell) -> list[str]:
    secret = cell.hidden_lines
    return [
        line
        for n, line in enumerate(cell.stub.splitlines(), 1)
        if cell.kind != "checks" or n not in secret
    ]


def _settle(course: Course, tree: Tree, rooms: list[Path], check: bool) -> list[Path]:
    stale = [path for path, data in sorted(tree.items()) if _current(course.root / path) != data]
    orphans = [
        file.relative_to(course.root)
        for room in rooms
        for file in sorted((course.root / room).rglob("*"))
        if file.is_file()
        and ".ipynb_checkpoints" not in file.parts
        and file.relative_to(course.root) not in tree
    ]
    if not check:
        for path in stale:
            write_atomically(course.root / path, tree[path])
        for path in orphans:
            (course.root / path).unlink()
    return [*stale, *orphans]


def _current(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
