"""Who handed in what: folders below `submitted/`, and each notebook as far as it can be read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from autograder.errors import CourseError, nearest
from autograder.files import Forbidden, Unreadable, read_bounded
from autograder.grade import submission
from autograder.jobs import Job, Source
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record.gradebook import MAX_NAME


@dataclass(frozen=True)
class Submission:
    """One student's notebook of one lesson, as far as it could be read."""

    student: str
    lesson: Lesson
    cells: tuple[Source, ...] = ()
    job: Job | None = None
    state: str = ""  # why there is no job
    repairs: tuple[str, ...] = field(default=())
    data: bytes | None = field(default=None, repr=False)


def students(course: Course, module: str, wanted: list[str] | None = None) -> list[str]:
    """Who handed something in, in order of name.

    Raises:
        CourseError: nobody did, or one of those `wanted` did not.
    """
    room = course.room("submitted")
    found = [p.name for p in sorted(room.iterdir()) if _holds(p, module)] if room.is_dir() else []
    for student in wanted or ():
        if student not in found:
            near = nearest(printable(student), map(printable, found))
            raise CourseError(f"submitted/{printable(student)}/{module} does not exist.{near}")
    if not found:
        raise CourseError(
            f"nobody handed in {module}: "
            f"there is no folder submitted/<student>/{module}. Collect first."
        )
    return sorted(set(wanted)) if wanted else found


def size(course: Course, module: str, wanted: list[str] | None = None) -> int:
    """How many results there will be.

    Raises:
        CourseError: as `students`, or there is no such module.
    """
    return len(course.lessons_of(module)) * len(students(course, module, wanted))


def _holds(folder: Path, module: str) -> bool:
    """Whether anything of that name lies in a student's folder, whatever it is."""
    try:
        os.lstat(folder / module)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # nobody may look: that has to be said
        return True
    return True


def has_submission(course: Course, lesson: Lesson, student: str) -> bool:
    """Whether anything lies where a notebook would, whatever it is."""
    return os.path.lexists(
        course.room("submitted") / student / lesson.module / f"{lesson.name}.ipynb"
    )


def printable(text: str) -> str:
    """A folder's name as it may be printed and stored. One that is escaped holds a backslash, no
    other one does.
    """
    return "".join(
        c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in text
    )


def name_problem(student: str) -> str | None:
    """Why a student cannot be graded under the name of the folder, or None."""
    if printable(student) != student:
        return "the folder's name holds what cannot be printed: rename it"
    return (
        f"the folder's name is longer than {MAX_NAME} characters: rename it"
        if len(student) > MAX_NAME
        else None
    )


def read(course: Course, lesson: Lesson, student: str) -> bytes:
    """The bytes of one submission.

    Raises:
        Unreadable: it is missing, or nothing that is read.
    """
    path = course.room("submitted") / student / lesson.module / f"{lesson.name}.ipynb"
    if path.parent.is_symlink() or path.parent.parent.is_symlink():
        raise Unreadable("the folder is a link")
    return read_bounded(path)


def read_submission(course: Course, lesson: Lesson, student: str) -> Submission:
    """Read one submission. Never raises for what a student did."""
    repairs: list[str] = []
    data: bytes | None = None
    try:
        data = read(course, lesson, student)
        cells = submission.parse_notebook(data, repairs)
        job = submission.job(lesson, student, cells, repairs)
    except Forbidden as error:
        return Submission(student, lesson, (), None, f"needs-human:{error}")
    except Unreadable as error:
        return Submission(student, lesson, (), None, f"zero:{error}", tuple(repairs), data)
    except Exception as error:  # a reader that fails is ours to mend, and costs nobody a grade
        state = f"needs-human:not read: {type(error).__name__}"
        return Submission(student, lesson, (), None, state, tuple(repairs), data)
    return Submission(student, lesson, tuple(cells), job, "", tuple(repairs), data)
