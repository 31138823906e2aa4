"""A module and its class on disk: what was built of its lessons, and where results go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograder.files import Stop, write_locked
from autograder.grade.collected import Submission
from autograder.grade.recognition import place_of, words
from autograder.jobs import Result
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record import autograded, feedback, results
from autograder.record.gradebook import Recorder, timestamp_text


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


def notebook_of(group: Class, handed: Submission, result: Result) -> dict[str, Any]:
    """The autograded notebook of a result that still has its trace."""
    released = group.released[handed.lesson.key]
    return autograded.autograded_notebook(
        released, handed.lesson, list(handed.cells), handed.job, result
    )


def publish(
    group: Class, lesson: Lesson, result: Result, notebook: dict[str, Any], key: results.Key
) -> None:
    """Put a result on disk: notebook and feedback page, then the stored result, which says that
    they are there.
    """
    autograded.add_kept(notebook, result)
    here = group.course.room("autograded") / result.student / lesson.module
    page = group.course.room("feedback") / result.student / lesson.module / f"{lesson.name}.html"
    by_hand = sum(c.points for c in lesson.of_kind("manual"))
    write_locked(here / f"{lesson.name}.ipynb", autograded.as_bytes(notebook))
    write_locked(page, feedback.page(notebook, result, by_hand))
    when = timestamp_text(group.course.room("submitted") / result.student / lesson.module)
    # one lesson writes it for all: one writer
    if when is not None and lesson.key == next(iter(group.lessons)):
        write_locked(here / "timestamp.txt", when)
    results.store(group.course, group.module, result, key)


def enter(
    group: Class,
    recorder: Recorder,
    finished: dict[str, tuple[Result, bool]],
    stop: Stop | None = None,
) -> None:
    """One student's results into the gradebook, each with whether the hand-graded question was
    answered.
    """
    said = {
        key: group.lessons[key].manual_ids if wrote else set()
        for key, (_, wrote) in finished.items()
    }
    with results.locked(group.course, "gradebook", stop):
        recorder.record(group.lessons, {key: r for key, (r, _) in finished.items()}, said)


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
