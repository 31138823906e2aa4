"""A module and its class on disk: what was built of its lessons, and where results go.

Others write there, too: `nbgrader autograde` and `generate_feedback`, and people who tidy up. So a
result remembers what its files held.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.files import Stop, Unreadable, read_bounded, write_locked
from autograder.grade.collected import Submission
from autograder.grade.recognition import place_of, words
from autograder.jobs import Result
from autograder.lazy import nbformat
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record import autograded, feedback, handed_in, results
from autograder.record.gradebook import Graded, Recorder

MAX_FILE = 500_000_000  # bytes of a file of ours
READABLE = 0o044  # what pages are for all: `release_feedback` passes it on to students
NBGRADERS_PAGE = b'id="notebook-container"'


@dataclass(frozen=True)
class Class:
    """A module with its lessons and what was released, ready to take submissions."""

    course: Course
    module: str
    lessons: dict[str, Lesson]
    released: dict[str, Any]

    @classmethod
    def of(cls, course: Course, module: str) -> Class:
        """Read the module.

        Raises:
            CourseError: there is no such module, or it has not been built.
        """
        lessons = {key: Lesson.read(course.lesson_path(key)) for key in course.lessons_of(module)}
        released = {
            key: autograded.released_notebook(course, lesson) for key, lesson in lessons.items()
        }
        return cls(course, module, lessons, released)

    def notebook(self, result: Result) -> Path:
        """Where the autograded notebook of a result lies."""
        return self._own("autograded", result, "ipynb")

    def page(self, result: Result) -> Path:
        """Where its feedback page lies."""
        return self._own("feedback", result, "html")

    def _own(self, room: str, result: Result, ending: str) -> Path:
        return self.course.room(room) / result.student / f"{result.lesson}.{ending}"


def notebook_of(group: Class, handed: Submission, result: Result) -> dict[str, Any]:
    """The autograded notebook of a result that still has its trace."""
    released = group.released[handed.lesson.key]
    return autograded.autograded_notebook(
        released, handed.lesson, list(handed.cells), handed.job, result
    )


def publish(
    group: Class, lesson: Lesson, result: Result, notebook: dict[str, Any], key: results.Key
) -> Result:
    """Put a result on disk: notebook and feedback page, then the stored result, which says that
    they are there, and what they held.
    """
    autograded.add_kept(notebook, result)
    data = autograded.as_bytes(notebook)
    write_locked(group.notebook(result), data)
    return _put_page(group, lesson, replace(result, files=(_digest(data),)), notebook, key)


def _put_page(
    group: Class, lesson: Lesson, result: Result, notebook: dict[str, Any], key: results.Key
) -> Result:
    """Put the page and the result on disk, to an autograded notebook that lies there."""
    page = feedback.page(notebook, result, sum(c.points for c in lesson.of_kind("manual")))
    path = group.page(result)
    write_locked(path, page)
    path.chmod(path.stat().st_mode | READABLE)
    result = replace(result, files=(result.files[0], _digest(page)))
    results.store(group.course, group.module, result, key)
    return result


def stands(group: Class, result: Result) -> bool:
    """Whether the autograded notebook is as it was written. If not, it has to be made again: one
    that `nbgrader autograde` wrote shows the hidden checks.
    """
    data = _read(group.notebook(result))
    return data is not None and (_digest(data),) == result.files[:1]


def enter(
    group: Class, recorder: Recorder, finished: Mapping[str, Graded], stop: Stop | None = None
) -> dict[str, Result]:
    """One student's results into the gradebook, and what that adds to them onto the pages.

    Returns:
        The results, with what was added.
    """
    course, module = group.course, group.module
    student = next(iter(finished.values())).result.student
    handed = handed_in.read(course.room("submitted") / student / module)
    rooms = [course.room(room) / student / module for room in ("autograded", "feedback")]
    with results.locked(course, "gradebook", stop):
        told = recorder.record(group.lessons, finished, handed.when)
        said = (*handed.repairs, *handed_in.carry(handed, *rooms))
    return {
        key: _told(group, one, replace(told.get(key, one.result), handed_in=said), stop)
        for key, one in finished.items()
    }


def _told(group: Class, graded: Graded, result: Result, stop: Stop | None) -> Result:
    """The result; its page is written again where it would say something else, or is gone."""
    is_whole = graded.is_new or _page_stands(group, result)
    if not result.files or (graded.result == result and is_whole):
        return result
    lesson = group.lessons[result.lesson]
    with results.locked(group.course, f"{result.student}/{lesson.key}", stop):
        stored = results.read(group.course, lesson, result.student)
        data = _read(group.notebook(result))
        if stored is None or tuple(stored.get("files") or ()) != result.files or data is None:
            return result  # another grader was here: it tells
        if _digest(data) != result.files[0]:
            return result  # the next run makes it again
        with contextlib.suppress(OSError):  # nor is what is stored changed: the next run tries
            notebook = nbformat.reads(data.decode(), as_version=4)
            return _put_page(group, lesson, result, notebook, stored["key"])
    return result


def _page_stands(group: Class, result: Result) -> bool:
    """Whether the page is as it was written, or `nbgrader generate_feedback` has put its own in its
    place: that one stays until there is something new to tell.
    """
    data = _read(group.page(result))
    if data is None:
        return False
    return _digest(data) == result.files[-1] or NBGRADERS_PAGE in data


def _read(file: Path) -> bytes | None:
    with contextlib.suppress(Unreadable, OSError):
        return read_bounded(file, MAX_FILE)
    return None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def answered(lesson: Lesson, released: Any, handed: Submission) -> bool:
    """Whether the question that is graded by hand holds anything but its stub, in its own cell or
    beside it.
    """
    ours = {words(c.source) for c in released.cells} | {()}
    cells = handed.cells
    for grade_id in lesson.manual_ids:
        begin, end = place_of(lesson, cells, grade_id)
        own = [i for i in range(begin, end) if cells[i].grade_id == grade_id]
        behind = own[0] if own else begin
        for index in range(begin, end):
            cell = cells[index]
            beside = cell.kind != "code" or index >= behind  # code above it is of another question
            if beside and (words(cell.text) not in ours or cell.pictures):
                return True
    return False
