"""nbgrader's gradebook: one writer, one transaction for each student, a backup first.

It is a database, SQLite in a file unless `nbgrader_config.py` names another. Somebody else may have
it locked: every step is tried again, in short waits, so that a signal is heard between them.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from autograder.errors import CourseError
from autograder.jobs import ByHand, Result
from autograder.lazy import nbformat
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.nbgrader_api import ONE_WAIT, Listener, coursedir, venv_on_path
from autograder.record.penalties import Penalties, sentence

BACKUPS = 10
MAX_NAME = 128  # characters of a student's name
PATIENCE = 120.0  # seconds to wait for a gradebook that somebody else has locked
ROWS_PER_STATEMENT = 500  # rows named in one statement

T = TypeVar("T")


def retry_while_locked(step: Callable[[], T], give_up: Callable[[], None] = lambda: None) -> T:
    """What `step` returns, tried again while somebody else has the gradebook locked.

    Args:
        give_up: called after a failed try: puts the session back to where it was.

    Raises:
        CourseError: it stays locked, cannot be reached, or refuses what is written.
    """
    from sqlalchemy.exc import SQLAlchemyError

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return step()
        except (SQLAlchemyError, sqlite3.Error) as error:
            give_up()
            lines = str(getattr(error, "orig", None) or error).splitlines()
            reason = lines[0] if lines else "no reason given"
            if "locked" not in reason:
                raise CourseError(
                    f"the gradebook: {reason}. Results are kept: mend it, then grade again."
                ) from None
            if time.monotonic() > deadline:
                who = f"somebody else has had the gradebook locked for {PATIENCE:g} s"
                raise CourseError(f"{who}. Results are kept; the same command goes on.") from None
        except ModuleNotFoundError as error:
            raise CourseError(
                f"the gradebook's database needs {error.name}: pip install -e '.[postgres]'"
            ) from None


def sqlite_file(url: str) -> Path | None:
    """The gradebook's file, or None when it is another database."""
    return (
        Path(url.removeprefix("sqlite:///").partition("?")[0])
        if url.startswith("sqlite:///")
        else None
    )


def backs_itself_up(course: Course) -> bool:
    """Whether the gradebook is a database whose backup is its own affair: anything but a file of
    SQLite's.
    """
    return sqlite_file(coursedir(course.root).db_url) is None


def back_up(course: Course) -> Path | None:
    """Copy the gradebook beside the results, and keep the last few copies.

    Returns:
        The copy; None when there is no gradebook yet, or none in a file.
    """
    file = sqlite_file(coursedir(course.root).db_url)
    if file is None or not file.is_file():
        return None
    folder = course.room(".autograder") / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%fZ")
    copy, unfinished = folder / f"gradebook-{now}.db", folder / ".half.db"
    for left in folder.glob(".half.db*"):  # by somebody who was stopped
        left.unlink()

    def copy_database() -> None:
        with (
            closing(sqlite3.connect(file, timeout=ONE_WAIT)) as live,
            closing(sqlite3.connect(unfinished)) as target,
        ):
            # fails where it is locked; `backup` would wait for ever
            live.execute("SELECT 1 FROM sqlite_master")
            live.backup(target, progress=lambda *_: None)

    retry_while_locked(copy_database)
    os.replace(unfinished, copy)
    for old in sorted(folder.glob("gradebook-*.db"))[:-BACKUPS]:
        old.unlink()
    return copy


@dataclass(frozen=True)
class _Entry:
    """What nbgrader keeps of a cell."""

    cell_type: str
    points: float | None  # of a graded cell
    is_solution: bool
    is_locked: bool
    text: str
    checksum: str

    @classmethod
    def of(cls, cell: Any) -> _Entry:
        """From a cell of the source edition whose solution has been taken out."""
        from nbgrader.utils import compute_checksum, is_locked

        own = cell.metadata.nbgrader
        points = float(own.points) if own.grade else None
        return cls(
            cell.cell_type,
            points,
            bool(own.solution),
            is_locked(cell),
            cell.source,
            compute_checksum(cell),
        )


@dataclass(frozen=True)
class _Notebook:
    """What nbgrader keeps of a notebook: its kernel, and its cells by grade id."""

    kernelspec: str
    cells: Mapping[str, _Entry]


def _built(course: Course, module: str) -> dict[str, _Notebook]:
    """What `nbgrader generate_assignment` would enter of a module, by the notebook's name."""
    found: dict[str, _Notebook] = {}
    for path in sorted((course.room("source") / module).glob("*.ipynb")):
        released = json.loads((course.root / "release" / module / path.name).read_text("utf-8"))
        stubs = {cell["id"]: "".join(cell["source"]) for cell in released["cells"]}
        notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
        cells: dict[str, _Entry] = {}
        for cell in notebook.cells:
            own = cell.metadata.get("nbgrader")
            if own and (own.grade or own.solution or own.locked):
                if own.solution:
                    cell.source = stubs[cell.id]
                cells[own.grade_id] = _Entry.of(cell)
        found[path.stem] = _Notebook(json.dumps(notebook.metadata.get("kernelspec", {})), cells)
    return found


def _is_prepared(book: Any, course: Course, module: str) -> bool:
    from nbgrader.api import MissingEntry

    try:
        entered = {}
        for notebook in book.find_assignment(module).notebooks:
            points = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
            solutions = {cell.name for cell in notebook.solution_cells}
            entered[notebook.name] = {
                cell.name: (
                    str(cell.cell_type),
                    points.get(cell.name),
                    cell.name in solutions,
                    str(cell.source),
                )
                for cell in notebook.source_cells
            }
            if not {*points, *solutions} <= set(entered[notebook.name]) or notebook.task_cells:
                return False
        return entered == {
            name: {
                grade_id: (e.cell_type, e.points, e.is_solution, e.text)
                for grade_id, e in notebook.cells.items()
            }
            for name, notebook in _built(course, module).items()
        }
    except (MissingEntry, OSError, ValueError, KeyError, TypeError, AttributeError):
        return False  # nbgrader says what is wrong
    finally:
        book.db.rollback()


def prepare(course: Course, module: str) -> None:
    """Enter the assignment with its notebooks and cells, as `nbgrader generate_assignment` does.

    Raises:
        CourseError: `source/` has not been built, or nbgrader refuses.
    """
    from nbgrader.converters import GenerateAssignment

    venv_on_path()

    if not (course.room("source") / module).is_dir():
        raise CourseError(f"source/{module} is missing. Run `make build`.")
    with tempfile.TemporaryDirectory() as folder:
        listener = Listener()
        where = coursedir(course.root, release_directory=folder, assignment_id=module)

        def generate() -> None:
            converter = GenerateAssignment(coursedir=where, config=where.config)
            converter.force = True
            converter.log = listener.log
            try:
                converter.start()
            except (Exception, SystemExit) as error:
                heard, listener.heard = listener.heard, ""
                if "is locked" in f"{heard}{error}":
                    raise sqlite3.OperationalError("locked") from None
                reason = listener.last or error
                raise CourseError(
                    f"module {module}: the gradebook could not be prepared: {reason}"
                ) from None

        other = logging.getLogger("tornado.application")  # where nbgrader complains of its database
        other.addHandler(listener)
        try:
            retry_while_locked(generate)
        finally:
            other.removeHandler(listener)


def _make_tables(url: str) -> None:
    """Make nbgrader's tables in an empty database, as `Gradebook` does, which starts a Python for
    the version.
    """
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from nbgrader.api import Base
    from nbgrader.dbutil import ALEMBIC_DIR
    from sqlalchemy import create_engine, text

    config = Config()
    config.set_main_option("script_location", ALEMBIC_DIR)
    version = ScriptDirectory.from_config(config).get_current_head()
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(
            text("INSERT INTO alembic_version (version_num) VALUES (:version)"),
            {"version": version},
        )
    engine.dispose()


class Recorder:
    """Writes results into the gradebook. Use as a context manager; the only writer of a run.

    Raises:
        CourseError: the gradebook stays locked or cannot be reached, here and in every method.
    """

    def __init__(self, course: Course) -> None:
        from nbgrader.api import Gradebook

        # a new gradebook that is no file of SQLite's takes nbgrader's version from a command
        venv_on_path()
        self.course, self.dir = course, coursedir(course.root)
        self.penalties = Penalties(course.root, self.dir.config)
        file = sqlite_file(self.dir.db_url)
        # made whole or not at all: nbgrader never mends half of one
        if file is not None and not file.exists():
            unfinished = file.with_name(f".{file.name}.new")
            unfinished.unlink(missing_ok=True)
            _make_tables(f"sqlite:///{unfinished}")
            Gradebook(f"sqlite:///{unfinished}", self.dir.course_id).close()
            os.replace(unfinished, file)
        self._in_memory: dict[tuple[str, str], Any] = {}  # by module and student
        self.book = retry_while_locked(lambda: Gradebook(self.dir.db_url, self.dir.course_id))

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.book.close()

    def is_prepared(self, module: str) -> bool:
        """Whether the gradebook holds the module exactly as it was built: nothing has to be entered
        anew.
        """
        return retry_while_locked(
            lambda: _is_prepared(self.book, self.course, module), self.book.db.rollback
        )

    def prepare(self, module: str) -> None:
        """Let the gradebook hold the module exactly as it was built.

        Raises:
            CourseError: `source/` has not been built, or nbgrader refuses.
        """
        if self.is_prepared(module):
            return
        if not (self.course.room("source") / module).is_dir():
            raise CourseError(f"source/{module} is missing. Run `make build`.")
        if not retry_while_locked(lambda: self._enter_module(module), self.book.db.rollback):
            prepare(self.course, module)

    def _enter_module(self, module: str) -> bool:
        """Enter a module of which the gradebook holds nothing yet; whether that was so.

        The rows are those of `nbgrader generate_assignment`, which takes some seconds to make them.
        """
        from nbgrader.api import GradeCell, MissingEntry, Notebook, SolutionCell, SourceCell

        try:
            assignment = self.book.find_assignment(module)
        except MissingEntry:
            assignment = self.book.add_assignment(module)
        if assignment.notebooks or assignment.submissions:
            self.book.db.rollback()
            return False
        rows: list[Any] = []
        for name, built in _built(self.course, module).items():
            notebook = Notebook(name=name, assignment=assignment, kernelspec=built.kernelspec)
            rows.append(notebook)
            for grade_id, e in built.cells.items():
                named = {"name": grade_id, "notebook": notebook}
                kept = {"locked": e.is_locked, "source": e.text, "checksum": e.checksum}
                if e.points is not None:
                    rows.append(GradeCell(**named, cell_type=e.cell_type, max_score=e.points))
                if e.is_solution:
                    rows.append(SolutionCell(**named))
                rows.append(SourceCell(**named, cell_type=e.cell_type, **kept))
        self.book.db.add_all(rows)
        self.book.db.commit()
        return True

    def graded(self, module: str) -> set[tuple[str, str]]:
        """Students with the names of their notebooks that have points by machine."""
        from nbgrader.api import Grade

        with_points = (Grade.auto_score.is_not(None),)
        rows = retry_while_locked(
            lambda: self._notebooks(module, with_points), self.book.db.rollback
        )
        return {(student, name) for _, student, name in rows}

    def _notebooks(self, module: str, only: Iterable[Any] = ()) -> list[tuple[str, str, str]]:
        """Id, student and name of the submitted notebooks of a module."""
        from nbgrader.api import Assignment, Grade, Notebook, SubmittedAssignment, SubmittedNotebook
        from sqlalchemy import select

        wanted = (
            select(SubmittedNotebook.id, SubmittedAssignment.student_id, Notebook.name)
            .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
            .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .where(Assignment.name == module, *only)
            .distinct()
        )
        rows = [(str(i), str(s), str(n)) for i, s, n in self.book.db.execute(wanted)]
        self.book.db.rollback()  # nothing is held between two steps
        return rows

    def set_waiting(self, module: str, notebooks: set[tuple[str, str]]) -> None:
        """Take machine points away that are not of what lies there now, and ask for a human until
        new ones come.

        Args:
            notebooks: students with the names of their notebooks.
        """
        from nbgrader.api import Grade, SubmittedNotebook
        from sqlalchemy import update

        def step() -> None:
            ids = [
                i for i, student, name in self._notebooks(module) if (student, name) in notebooks
            ]
            for start in range(0, len(ids), ROWS_PER_STATEMENT):
                some = ids[start : start + ROWS_PER_STATEMENT]
                points = update(Grade).where(Grade.notebook_id.in_(some))
                taken = update(SubmittedNotebook).where(SubmittedNotebook.id.in_(some))
                self.book.db.execute(points.values(auto_score=None, needs_manual_grade=True))
                self.book.db.execute(taken.values(late_submission_penalty=None))
            self.book.db.commit()

        if notebooks:
            retry_while_locked(step, self.book.db.rollback)

    def record(
        self,
        lessons: Mapping[str, Lesson],
        graded: Mapping[str, Graded],
        when: datetime.datetime | None = None,
    ) -> dict[str, Result]:
        """Enter one student's results of one module, all or nothing.

        Args:
            lessons: the module's lessons by key.
            graded: by the same keys.
            when: the time of handing in, in UTC; what the gradebook has, if None.

        Returns:
            The results with what late work costs and what people gave, by the same keys.
        """
        from sqlalchemy.exc import SAWarning

        with warnings.catch_warnings():
            # nbgrader's own objects, half made when SQLAlchemy flushes
            warnings.simplefilter("ignore", SAWarning)
            return retry_while_locked(
                lambda: self._record(lessons, graded, when), self.book.db.rollback
            )

    def _record(
        self,
        lessons: Mapping[str, Lesson],
        graded: Mapping[str, Graded],
        when: datetime.datetime | None,
    ) -> dict[str, Result]:
        module = next(iter(lessons.values())).module
        student = next(iter(graded.values())).result.student
        submission = self._submission(module, student)
        if when and submission.timestamp != when:
            submission.timestamp = when
        made = submission in self.book.db.new
        if made:
            self.book.db.flush()  # its rows get their numbers
        told: dict[str, Result] = {}
        session = self.book.db
        with session.no_autoflush:  # what has changed is asked below
            for notebook in submission.notebooks:
                key = f"{module}/{notebook.name}"
                one = graded.get(key)
                counts = key not in self.course.outline.formative
                points = _CellPoints.of(lessons[key], one, counts) if one else None
                if made:
                    self._enter_anew(notebook, points)
                elif points:
                    _enter(notebook, points)
                if one:
                    given = () if made else _by_hand(lessons[key], notebook)
                    late = self._set_penalty(submission, notebook, one.is_there)
                    told[key] = replace(one.result, late=late, by_hand=given)
        # a commit forgets all that was read; what is late was flushed before
        is_late = any(result.late for result in told.values())
        if made or is_late or session.new or session.dirty:
            session.commit()
        return told

    def read_at_once(self, module: str) -> AbstractContextManager[None]:
        """While this lasts the module's rows are in memory, read in a few statements: for a class
        of which most stays as it is.
        """

        def read() -> None:
            from nbgrader.api import (
                Assignment,
                Comment,
                Grade,
                SubmittedAssignment,
                SubmittedNotebook,
            )
            from sqlalchemy import select
            from sqlalchemy.orm import selectinload

            notebooks = selectinload(SubmittedAssignment.notebooks)
            grades = notebooks.selectinload(SubmittedNotebook.grades).selectinload(Grade.cell)
            comments = notebooks.selectinload(SubmittedNotebook.comments)
            wanted = (
                select(SubmittedAssignment)
                .join(SubmittedAssignment.assignment)
                .where(Assignment.name == module)
                .options(grades, comments.selectinload(Comment.cell))
            )
            self._in_memory = {(module, s.student_id): s for s in self.book.db.scalars(wanted)}

        @contextmanager
        def lasting() -> Iterator[None]:
            retry_while_locked(read, self.book.db.rollback)
            try:
                yield
            finally:
                self._in_memory = {}
                self.book.db.rollback()

        return lasting()

    def _set_penalty(self, submission: Any, notebook: Any, is_there: bool) -> str:
        """Take what late work costs, or nothing when it is not late any more; what to tell of it.

        Args:
            is_there: whether the notebook was handed in.
        """
        seconds = _seconds_late(submission) if is_there else 0.0
        penalty, failed = notebook.late_submission_penalty, ""
        if self.penalties.are_given:
            penalty = None
            if seconds:
                session = self.book.db
                session.flush()
                session.expire(notebook, ["score"])
                points = float(notebook.score)
                penalty, failed = self.penalties.of(submission.student.id, points, seconds)
            if notebook.late_submission_penalty != penalty:
                notebook.late_submission_penalty = penalty
        return sentence(seconds, penalty, failed) if seconds else ""

    def _submission(self, module: str, student: str) -> Any:
        """A student's rows of a module. Where they are missing they are made, without grades, but
        not yet written.
        """
        from nbgrader.api import MissingEntry, Student, SubmittedAssignment, SubmittedNotebook

        if (module, student) in self._in_memory:
            return self._in_memory[module, student]
        try:
            return self.book.find_submission(module, student)
        except MissingEntry:
            assignment = self.book.find_assignment(module)
        session = self.book.db
        who = session.get(Student, student) or Student(id=student)
        submission = SubmittedAssignment(assignment=assignment, student=who)
        for notebook in assignment.notebooks:
            SubmittedNotebook(notebook=notebook, assignment=submission)
        session.add(submission)
        return submission

    def _enter_anew(self, own: Any, points: _CellPoints | None) -> None:
        """Grades and comments of a notebook that has none yet, as nbgrader makes them: many rows in
        one statement.
        """
        from nbgrader.api import Comment, Grade
        from sqlalchemy import insert

        notebook, rows = own.notebook, []
        for cell in (*notebook.grade_cells, *notebook.task_cells):
            auto, by_hand = points.of_cell(cell.name) if points else (None, True)
            rows.append({"cell_id": cell.id, "auto_score": auto, "needs_manual_grade": by_hand})
        said = [
            {"cell_id": cell.id, "auto_comment": points.comment(cell.name) if points else None}
            for cell in (*notebook.solution_cells, *notebook.task_cells)
        ]
        for table, of_table in ((Grade, rows), (Comment, said)):
            if of_table:
                self.book.db.execute(
                    insert(table), [{"notebook_id": own.id, **row} for row in of_table]
                )


@dataclass(frozen=True)
class Graded:
    """One notebook on its way into the gradebook.

    Attributes:
        answered: whether the question that is graded by hand was answered.
        is_new: it was run or read anew, so a person has to look at what a person gave.
        is_there: there is a file.
    """

    result: Result
    answered: bool = False
    is_new: bool = True
    is_there: bool = True


@dataclass(frozen=True)
class _CellPoints:
    """What the gradebook keeps of one notebook, by the names of its cells."""

    earned: Mapping[str, float]
    by_hand: set[str]
    answered: set[str]
    needs_human: bool
    is_new: bool

    @classmethod
    def of(cls, lesson: Lesson, graded: Graded, counts: bool = True) -> _CellPoints:
        """Of one notebook. A formative lesson does not count: none by machine."""
        return cls(
            graded.result.by_cell if counts else {},
            lesson.manual_ids,
            lesson.manual_ids if graded.answered else set(),
            graded.result.state.startswith("needs-human"),
            graded.is_new,
        )

    def of_cell(self, name: str) -> tuple[float | None, bool]:
        """Points by machine, and whether a person has to look at it."""
        unread = None if name in self.answered else 0.0
        auto = unread if name in self.by_hand else self.earned.get(name, 0.0)
        return auto, self.needs_human or auto is None

    def comment(self, name: str) -> str | None:
        return "No response." if name in self.by_hand - self.answered else None


def _enter(notebook: Any, points: _CellPoints) -> None:
    """Enter points. What was not run anew and stands there already is left alone: a person may have
    looked at it.
    """
    for grade in notebook.grades:
        auto, by_hand = points.of_cell(grade.name)
        if points.is_new or grade.auto_score != auto:
            grade.auto_score = auto
            grade.needs_manual_grade = by_hand or grade.manual_score is not None
    for comment in notebook.comments:
        said = points.comment(comment.name)
        if comment.name in points.by_hand and comment.auto_comment != said:
            comment.auto_comment = said


def _by_hand(lesson: Lesson, notebook: Any) -> tuple[ByHand, ...]:
    """What people gave a notebook's cells, in the lesson's order."""
    given: dict[str, ByHand] = {}
    for grade in notebook.grades:
        if grade.manual_score is not None or grade.extra_credit:
            given[grade.name] = ByHand(
                grade.name,
                None if grade.manual_score is None else float(grade.manual_score),
                float(grade.max_score),
                float(grade.extra_credit or 0.0),
                waits=bool(grade.needs_manual_grade),
            )
    for comment in notebook.comments:
        if comment.manual_comment and comment.manual_comment.strip():
            one = given.get(comment.name, ByHand(comment.name))
            given[comment.name] = replace(one, comment=comment.manual_comment.strip())
    places = {str(cell.grade_id): place for place, cell in enumerate(lesson.cells)}
    return tuple(sorted(given.values(), key=lambda one: places.get(one.grade_id, len(places))))


def _seconds_late(submission: Any) -> float:
    """How late it is, an extension counted."""
    if submission.assignment.duedate is None:  # nbgrader would add an extension to it
        return 0.0
    return float(submission.total_seconds_late)
