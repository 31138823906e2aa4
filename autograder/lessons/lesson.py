"""A lesson read from its text: cells, checks, and the observing code that may leave this process.

Lessons are trusted: they are imported here and nowhere else. What a check expects never leaves this
module's objects.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import hashlib
import os
import sys
import tempfile
import types
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from autograder import syntax
from autograder.errors import CourseError
from autograder.lazy import jupytext
from autograder.lessons import dependencies
from autograder.lessons.facts import Facts
from autograder.lessons.markers import BEGIN_HIDDEN, BEGIN_SOLUTION, END_HIDDEN, END_SOLUTION
from autograder.lessons.names import bound, used
from coursekit import checks as kit
from coursekit.checks import Check
from coursekit.expect import REFERENCE, recorded

Kind = Literal["prose", "free", "given", "locked", "solution", "checks", "manual"]
# packages that are slow to import, and how many parts of a dotted name are one module of them
HEAVY = {"pandas": 1, "scipy": 2}
IN_MEMORY = "/dev/shm"
REFERENCE_CPU = 30.0  # seconds the reference may take for one check: trusted code on any machine


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson."""

    kind: Kind
    source: str
    grade_id: str | None = None
    points: float = 0.0  # manual cells only; a graded cell's points are the sum of its checks
    tags: tuple[str, ...] = ()

    @property
    def is_code(self) -> bool:
        """Whether a kernel would run it."""
        return self.kind not in ("prose", "manual")

    @cached_property
    def stub(self) -> str:
        """The cell as `nbgrader generate_assignment` releases it, without its solution."""
        out: list[str] = []
        inside = False
        for line in self.source.splitlines():
            if BEGIN_SOLUTION in line:
                inside = True
                indent = line[: len(line) - len(line.lstrip())]
                code = [f"{indent}# YOUR CODE HERE", f"{indent}raise NotImplementedError()"]
                out += code if self.is_code else [f"{indent}YOUR ANSWER HERE"]
            elif END_SOLUTION in line:
                inside = False
            elif not inside:
                out.append(line)
        return "\n".join(out)

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree. Raises `SyntaxError`."""
        return syntax.parse(self.source)

    @cached_property
    def hidden_lines(self) -> frozenset[int]:
        """Line numbers, from 1, that stand between the markers of hidden tests."""
        out, inside = set(), False
        for number, line in enumerate(self.source.splitlines(), 1):
            if line.strip() == BEGIN_HIDDEN:
                inside = True
            elif line.strip() == END_HIDDEN:
                inside = False
            elif inside:
                out.add(number)
        return frozenset(out)

    @cached_property
    def given(self) -> str:
        """What a learner is given of the cell: neither its solution nor its hidden tests."""
        marks = (BEGIN_HIDDEN, END_HIDDEN)
        lines = enumerate(self.stub.splitlines(), 1)
        return "\n".join(
            line
            for number, line in lines
            if number not in self.hidden_lines and line.strip() not in marks
        )


@dataclass(frozen=True)
class Work:
    """What a learner's process knows of a graded cell: how to observe, never what is right."""

    grade_id: str
    source: str
    names: tuple[str, ...]  # the checks, in order
    restore: tuple[str, ...]  # names that come back from locked cells or builtins
    # of the visible checks alone: they are observed before any hidden code is sent
    visible: Work | None = None
    code: str = ""  # the source, compiled: `inside.wire.code_as_text`


@dataclass(frozen=True)
class Lesson:
    """A lesson: `key` is `module/stem`."""

    key: str
    path: Path
    cells: tuple[Cell, ...]
    _references: dict[tuple[str, str], recorded] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def read(cls, path: Path) -> Lesson:
        """Parse a lesson's text; nothing is executed.

        Raises:
            CourseError: the text is not a lesson in percent format, or a cell's header is wrong.
        """
        try:
            text = path.read_text(encoding="utf-8")
            # the module's docstring is the first markdown cell, with a marker or without
            if text.startswith('"""'):
                text = "# %% [markdown]\n" + text
            notebook = jupytext.reads(text, fmt="py:percent")
        except (OSError, ValueError, SyntaxError) as error:
            raise CourseError(f"{path}: cannot be read as a lesson: {error}") from None
        cells = tuple(_cell(path, cell) for cell in notebook.cells)
        lesson = cls(f"{path.parent.name}/{path.stem}", path, cells)
        for cell in cells:
            if cell.is_code:
                lesson.tree(cell)
        return lesson

    @property
    def module(self) -> str:
        """The nbgrader assignment it belongs to."""
        return self.key.split("/")[0]

    @property
    def name(self) -> str:
        """The notebook's name without its ending."""
        return self.key.split("/")[1]

    def of_kind(self, *kinds: Kind) -> list[Cell]:
        """Cells of these kinds, in order."""
        return [c for c in self.cells if c.kind in kinds]

    def where(self, cell: Cell) -> str:
        """File and grade id, for messages."""
        return f"{self.path}, cell {cell.grade_id!r}" if cell.grade_id else f"{self.path}"

    def tree(self, cell: Cell) -> ast.Module:
        """The cell's syntax tree, parsed once; nobody changes it.

        Raises:
            CourseError: it does not parse.
        """
        try:
            return cell.tree
        except SyntaxError as error:
            raise CourseError(f"{self.where(cell)}: line {error.lineno}: {error.msg}") from None

    @cached_property
    def trees(self) -> tuple[ast.Module, ...]:
        """The syntax trees of its code cells, in order."""
        return tuple(self.tree(cell) for cell in self.cells if cell.is_code)

    @cached_property
    def basis(self) -> dict[str, str]:
        """Hashes of all that points depend on besides submission and box: this lesson, its worlds
        and the grader.
        """
        return {
            "lesson": hashlib.sha256(self.path.read_bytes()).hexdigest(),
            "worlds": dependencies.digest(self.worlds),
            "grader": dependencies.grader_digest(),
        }

    # -------------------------------------------------------------------------------------- checks

    @cached_property
    def namespace(self) -> dict[str, Any]:
        """The lesson's names after its locked, solution and graded cells ran. Trusted code runs
        here.
        """
        return self._loaded[0]

    @cached_property
    def checks(self) -> dict[str, list[Check]]:
        """Checks by the grade id of their cell, in order.

        Raises:
            CourseError: the lesson does not run, or two checks have one name.
        """
        return self._loaded[1]

    @cached_property
    def _loaded(self) -> tuple[dict[str, Any], dict[str, list[Check]]]:
        module = types.ModuleType("lesson_" + self.key.replace("/", "_"))
        sys.modules[module.__name__] = module  # dataclasses look their module up
        found: dict[str, list[Check]] = {}
        for cell in self.of_kind("locked", "given", "solution", "checks"):
            with kit.collect() as gathered:
                try:
                    exec(
                        compile(
                            cell.source, f"<{self.key}:{cell.grade_id}>", "exec", dont_inherit=True
                        ),
                        module.__dict__,
                    )
                except Exception as error:
                    raise CourseError(
                        f"{self.where(cell)}: {type(error).__name__}: {error}"
                    ) from error
            if cell.kind == "checks":
                hidden = self.hidden_names(cell)
                found[str(cell.grade_id)] = [replace(c, hidden=c.name in hidden) for c in gathered]
        names = [c.name for cs in found.values() for c in cs]
        for name in names:
            if names.count(name) > 1:
                raise CourseError(
                    f"{self.path}: two checks are called {name!r}. Give each its own name."
                )
        return module.__dict__, found

    @property
    def all_checks(self) -> list[Check]:
        """Every check of the lesson, in order."""
        return [c for cs in self.checks.values() for c in cs]

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that its checks belong to, in order."""
        return tuple(dict.fromkeys(c.stage for c in self.all_checks if c.stage))

    @property
    def manual_ids(self) -> set[str]:
        """Grade ids of the cells that a person grades."""
        return {str(c.grade_id) for c in self.of_kind("manual")}

    @property
    def max_points(self) -> float:
        """Points that are given by machine."""
        return float(sum(c.points for c in self.all_checks))

    def hidden_names(self, cell: Cell) -> set[str]:
        """Functions of a graded cell that stand in its hidden block."""
        return {
            s.name
            for s in self.tree(cell).body
            if isinstance(s, _FUNCTION) and s.lineno in cell.hidden_lines
        }

    def expectation(self, check: Check, salt: str, seen: Any = None) -> Any:
        """What is right for the seeds of `salt`: the check's own `expect`, or what the reference
        observes.

        Args:
            seen: what it has observed elsewhere, if it did.
        """
        if check.expect is not REFERENCE:
            return check.expect
        key = (check.name, salt)
        if key not in self._references:
            outcomes = seen if _answers(seen, check) else self._observed(check, salt)
            self._references[key] = recorded(recorded.pack(kit.encoded(outcomes)))
        return self._references[key]

    def forget(self, salt: str) -> None:
        """Keep nothing of what the reference answered for the seeds of `salt`: nobody will be
        judged by it again.
        """
        for key in [key for key in self._references if key[1] == salt]:
            del self._references[key]

    def reference_text(self, check: Check) -> str:
        """`recorded("…")` for the builder's fixed seeds."""
        return f"recorded({recorded.pack(kit.encoded(self._observed(check)))!r})"

    def _observed(self, check: Check, salt: str = "") -> list[dict[str, Any]]:
        with _in_memory():
            outcomes: list[dict[str, Any]] = kit.observe(
                check.function, kit.fixed_seeds(check, salt), REFERENCE_CPU
            )
        for outcome in outcomes:
            fault = f"never ends: {outcome['never']}" if "never" in outcome else ""
            if "raised" in outcome:  # whoever raises the same would pass
                (kind, *_), message = outcome["raised"][:2]
                fault = f"raises {kind}: {message}"
            if fault:
                raise CourseError(f"{self.path}: check {check.name!r}: the solution itself {fault}")
        return outcomes

    @property
    def facts(self) -> Facts:
        """What its first cell says about it."""
        return Facts.of(self.cells[0].source)

    @cached_property
    def preload(self) -> tuple[str, ...]:
        """What its cells import that is worth importing before a fork: its worlds, and heavy
        packages.
        """
        heavy = set()
        for name in (name for tree in self.trees for name in dependencies.imported(tree)):
            parts = name.split(".")
            if parts[0] in HEAVY:
                heavy.add(".".join(parts[: HEAVY[parts[0]]]))
        return (*dependencies.modules(self.worlds), *sorted(heavy))

    @cached_property
    def worlds(self) -> list[Path]:
        """The files of worlds that it uses, data included."""
        return dependencies.worlds(self.trees)

    # ------------------------------------------------------------------------------- observing code

    @cached_property
    def solution_names(self) -> set[str]:
        """Names that a learner may bind: those of the lesson's solution and given cells."""
        return {
            n
            for c in self.of_kind("solution", "given")
            for s in self.tree(c).body
            for n in bound(ast.unparse(s))
        }

    @cached_property
    def works(self) -> dict[str, Work]:
        """The observing code of each graded cell: check bodies and the statements they reach."""
        earlier: list[_Named] = []
        out = {}
        for cell in self.of_kind("checks"):
            names = [c.name for c in self.checks[str(cell.grade_id)]]
            bare = [_bare(s) for s in self.tree(cell).body if not isinstance(s, ast.Expr)]
            earlier += [
                _Named(s, text, bound(text), used(text))
                for s, text in ((s, ast.unparse(s)) for s in bare)
            ]
            whole = self._work(str(cell.grade_id), names, earlier)
            open_ = [c.name for c in self.checks[str(cell.grade_id)] if not c.hidden]
            visible = self._work(str(cell.grade_id), open_, earlier) if open_ else None
            out[str(cell.grade_id)] = replace(whole, visible=visible)
        return out

    def _work(self, grade_id: str, names: list[str], statements: list[_Named]) -> Work:
        kept = {
            i
            for i, s in enumerate(statements)
            if isinstance(s.statement, _FUNCTION) and s.statement.name in names
        }
        needed = set().union(*(statements[i].uses for i in kept))
        grew = True
        while grew:
            grew = False
            for i in range(len(statements)):
                if i not in kept and statements[i].binds & needed:
                    kept.add(i)
                    needed |= statements[i].uses
                    grew = True
        source = "\n\n".join(statements[i].text for i in sorted(kept))
        own = set().union(*(statements[i].binds for i in kept))
        return Work(
            grade_id, source, tuple(names), tuple(sorted(needed - own - self.solution_names))
        )


def _answers(seen: Any, check: Check) -> bool:
    """Whether these are outcomes of a check that ran to its end in each of its worlds."""
    return (
        isinstance(seen, list)
        and len(seen) == max(1, check.seeds)
        and all(isinstance(outcome, dict) and list(outcome) == ["returned"] for outcome in seen)
    )


class _Named(NamedTuple):
    """A top-level statement with the names that it binds and uses."""

    statement: ast.stmt
    text: str
    binds: set[str]
    uses: set[str]


@contextlib.contextmanager
def _in_memory() -> Iterator[None]:
    """Temporary files made inside lie in memory where there is such a place, as they do in a box.
    Only for speed.
    """
    before = tempfile.tempdir
    if os.access(IN_MEMORY, os.R_OK | os.W_OK | os.X_OK):
        tempfile.tempdir = IN_MEMORY
    try:
        yield
    finally:
        tempfile.tempdir = before


_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def _cell(path: Path, cell: Any) -> Cell:
    meta = dict(cell.metadata.get("nbgrader", {}))
    grade_id, tags = meta.get("grade_id"), tuple(cell.metadata.get("tags", ()))
    unknown = set(meta) - {"grade_id", "locked", "solution", "grade", "points"}
    if unknown or (meta and not isinstance(grade_id, str)):
        problem = f"unknown keys {sorted(unknown)}" if unknown else "no grade_id"
        raise CourseError(f"{path}, cell {grade_id!r}: {problem} in its nbgrader header.")
    code = cell.cell_type == "code"
    if not meta:
        return Cell("free" if code else "prose", cell.source, tags=tags)
    flags = tuple(bool(meta.get(k)) for k in ("locked", "solution", "grade"))
    kinds: dict[tuple[bool, ...], Kind] = {
        (False, False, False): "given",
        (True, False, False): "locked",
        (False, True, False): "solution",
        (False, False, True): "checks",
        (False, True, True): "manual",
    }
    kind = kinds.get(flags)
    if kind is None or code is (kind == "manual"):
        raise CourseError(
            f"{path}, cell {grade_id!r}: "
            "say at most one of locked, solution or grade for a code cell, "
            "solution and grade with points for a markdown cell graded by hand."
        )
    return Cell(kind, cell.source, grade_id, float(meta.get("points", 0)), tags)


def _bare(statement: ast.stmt) -> ast.stmt:
    """A check without decorator and docstring; anything else as it is."""
    if isinstance(statement, _FUNCTION) and any(map(_is_check, statement.decorator_list)):
        bare = copy.copy(statement)  # the tree is everybody's
        bare.decorator_list = []
        if ast.get_docstring(statement) is not None:
            bare.body = statement.body[1:] or [ast.Pass()]
        return bare
    return statement


def _is_check(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == "check"
    )
