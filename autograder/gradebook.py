"""nbgrader's gradebook: one writer, one transaction for each submission, a backup first."""

from __future__ import annotations

import datetime
import sqlite3
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.build import Listener, nbgrader_config, venv_on_path
from autograder.course import Course
from autograder.errors import CourseError
from autograder.jobs import Result
from autograder.lesson import Lesson

BACKUPS = 10
PATIENCE = 120  # seconds to wait for a gradebook that somebody else has locked


def coursedir(course: Course, **overrides: Any) -> Any:
    """nbgrader's view of the course, with its own settings; `overrides` go to `CourseDirectory`."""
    from nbgrader.coursedir import CourseDirectory

    config = nbgrader_config(course)
    config.CourseDirectory.root = str(course.root)
    url = config.CourseDirectory.get("db_url", "sqlite:///gradebook.db")
    if isinstance(url, str) and url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        config.CourseDirectory.db_url = url = "sqlite:///" + str(course.root / url.removeprefix("sqlite:///"))
    if config.CourseDirectory.get("db_url", "").startswith("sqlite:///") and "?" not in config.CourseDirectory.db_url:
        config.CourseDirectory.db_url += f"?timeout={PATIENCE}"
    for name, value in overrides.items():
        config.CourseDirectory[name] = value
    return CourseDirectory(config=config)


def sqlite_file(url: str) -> Path | None:
    """The gradebook's file, or None when it is another database."""
    return Path(url.removeprefix("sqlite:///").partition("?")[0]) if url.startswith("sqlite:///") else None


def back_up(course: Course) -> Path | None:
    """Copy the gradebook beside the results, and keep the last few copies. None when there is none yet."""
    file = sqlite_file(coursedir(course).db_url)
    if file is None or not file.is_file():
        return None
    folder = course.room(".autograder") / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%fZ")
    copy = folder / f"gradebook-{now}.db"
    with sqlite3.connect(file) as live, sqlite3.connect(copy) as kept:
        live.backup(kept)
    for old in sorted(folder.glob("gradebook-*.db"))[:-BACKUPS]:
        old.unlink()
    return copy


def prepare(course: Course, module: str) -> None:
    """Enter the assignment with its notebooks and cells, as `nbgrader generate_assignment` does.

    Raises:
        CourseError: `source/` has not been built, or nbgrader refuses.
    """
    from nbgrader.converters import GenerateAssignment

    if not (course.room("source") / module).is_dir():
        raise CourseError(f"source/{module} is missing. Run `make build`.")
    venv_on_path()
    with tempfile.TemporaryDirectory() as folder:
        told = Listener()
        where = coursedir(course, release_directory=folder, assignment_id=module)
        converter = GenerateAssignment(coursedir=where, config=where.config)
        converter.force = True
        converter.log = told.log
        try:
            converter.start()
        except (Exception, SystemExit) as error:
            raise CourseError(f"module {module}: the gradebook could not be prepared: {told.last or error}") from None


class Recorder:
    """Writes results into the gradebook. Use as a context manager; the only writer of a run."""

    def __init__(self, course: Course) -> None:
        from nbgrader.api import Gradebook

        self.course, self.dir = course, coursedir(course)
        self.book = Gradebook(self.dir.db_url, self.dir.course_id)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.book.close()

    def record(
        self, lessons: Mapping[str, Lesson], results: Mapping[str, Result], answered: Mapping[str, set[str]]
    ) -> None:
        """Enter one student's results of one module, all or nothing.

        Args:
            lessons: the module's lessons by key.
            results: by the same keys.
            answered: for each key, the grade ids of hand-graded cells that hold an answer.
        """
        from sqlalchemy.exc import SAWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own objects, half made when SQLAlchemy flushes
            self._record(lessons, results, answered)

    def _record(
        self, lessons: Mapping[str, Lesson], results: Mapping[str, Result], answered: Mapping[str, set[str]]
    ) -> None:
        module = next(iter(lessons.values())).module
        student = next(iter(results.values())).student
        self.book.update_or_create_student(student)
        folder = self.dir.format_path(self.dir.submitted_directory, student, module)
        try:
            file = Path(folder, "timestamp.txt")  # anything may lie there: a FIFO, a link, a giant
            plain = file.is_file() and not file.is_symlink() and file.stat().st_size <= 1000
            timestamp = self.dir.get_existing_timestamp(folder) if plain else None
        except Exception:
            timestamp = None
        kept = {"timestamp": timestamp} if timestamp else {}
        self.book.update_or_create_submission(module, student, **kept)
        submission = self.book.find_submission(module, student)
        for notebook in submission.notebooks:
            key = f"{module}/{notebook.name}"
            if key in results:
                _enter(notebook, lessons[key], results[key], answered.get(key, set()))
        self.book.db.commit()


def _enter(notebook: Any, lesson: Lesson, result: Result, answered: set[str]) -> None:
    earned = result.by_cell
    by_hand = lesson.manual_ids
    needs_human = result.state.startswith("needs-human")
    for grade in notebook.grades:
        manual = grade.name in by_hand
        if manual:
            grade.auto_score = None if grade.name in answered else 0.0
        else:
            grade.auto_score = earned.get(grade.name, 0.0)
        grade.needs_manual_grade = needs_human or grade.auto_score is None or grade.manual_score is not None
    for comment in notebook.comments:
        if comment.name in by_hand:
            comment.auto_comment = None if comment.name in answered else "No response."
