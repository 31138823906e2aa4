"""A class at once: every submission of a module becomes a result, whatever the others do.

Several threads read, run and judge; one writes. A student's work is stored in this order: autograded notebook and
feedback page, result, gradebook. Whatever stops the run in between, the next one takes finished results as they are,
does the rest, and enters all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from autograder import feedback, record, results, submission
from autograder.course import Course
from autograder.errors import CourseError, nearest
from autograder.gradebook import Recorder, back_up, prepare
from autograder.jobs import Job, Result
from autograder.judge import Judge, fresh_salt, unread
from autograder.lesson import Lesson
from autograder.submission import Source
from autograder.work import Local, Runner


@dataclass(frozen=True)
class Handed:
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
    found = [p.name for p in sorted(room.iterdir()) if (p / module).is_dir()] if room.is_dir() else []
    for student in wanted or ():
        if student not in found:
            raise CourseError(f"submitted/{student}/{module} does not exist.{nearest(student, found)}")
    if not found:
        raise CourseError(f"nobody handed in {module}: there is no folder submitted/<student>/{module}. Collect first.")
    return sorted(set(wanted)) if wanted else found


def hand_in(course: Course, lesson: Lesson, student: str) -> Handed:
    """Read one submission. Never raises for what a student did."""
    path = course.room("submitted") / student / lesson.module / f"{lesson.name}.ipynb"
    repairs: list[str] = []
    data: bytes | None = None
    try:
        if path.parent.is_symlink() or path.parent.parent.is_symlink():
            raise submission.Unreadable("the folder is a link")
        data = submission.read_bytes(path)
        cells = submission.parse_notebook(data, repairs)
        job = submission.job(lesson, student, cells, repairs)
    except submission.Unreadable as error:
        return Handed(student, lesson, (), None, f"zero:{error}", tuple(repairs), data)
    except Exception as error:  # a reader that fails is ours to mend, and costs nobody a grade
        state = f"needs-human:not read: {type(error).__name__}"
        return Handed(student, lesson, (), None, state, tuple(repairs), data)
    return Handed(student, lesson, tuple(cells), job, "", tuple(repairs), data)


def judged(judge: Judge, handed: Handed) -> Result:
    """The result of one submission. A grader that fails on it asks for a human and goes on."""
    if handed.job is None:
        return unread(handed.lesson, handed.student, handed.state, handed.repairs)
    try:
        return judge.grade(handed.lesson, handed.job)
    except CourseError:
        raise
    except Exception as error:
        state = f"needs-human:the grader failed: {type(error).__name__}: {error}"
        return unread(handed.lesson, handed.student, state, handed.repairs)


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
        released = {key: record.released_notebook(course, lesson) for key, lesson in lessons.items()}
        return cls(course, module, lessons, released)


def grade(
    course: Course,
    module: str,
    wanted: list[str] | None = None,
    *,
    jobs: int = 2,
    salt: str | None = None,
    runner: Runner | None = None,
    again: bool = False,
    done: Callable[[Result, int], None] = lambda result, total: None,
) -> list[Result]:
    """Grade everything handed in for a module, into gradebook, `autograded/` and `feedback/`.

    Args:
        wanted: students; everybody when None.
        jobs: how many notebooks run at once.
        runner: who runs learners' code; warm processes in the strongest box of this machine when None.
        again: run everything, even where a stored result fits exactly.
        done: called after each result with the number of all.

    Returns:
        One result for each student and lesson, in that order.
    """
    own = runner is None
    runner = runner or Local()
    try:
        who = students(course, module, wanted)
        group = Class.of(course, module)
        preload = tuple(sorted({module for lesson in group.lessons.values() for module in lesson.preload}))
        runner.expect(preload, min(jobs, len(who) * len(group.lessons)))
        judge = Judge(runner, salt if salt is not None else fresh_salt(), preload)
        for lesson in group.lessons.values():
            judge.prepare(lesson)
        with results.locked(course, "gradebook"):
            back_up(course)
            prepare(course, module)
        return list(_all(group, judge, who, jobs, again, done))
    finally:
        if own:
            runner.close()


def _all(
    group: Class, judge: Judge, who: list[str], jobs: int, again: bool, done: Callable[[Result, int], None]
) -> Iterator[Result]:
    total = len(who) * len(group.lessons)
    stop = threading.Event()
    threads = ThreadPoolExecutor(max(1, jobs), thread_name_prefix="grade")
    try:
        waiting: list[dict[str, Future[tuple[Result, bool]]]] = [
            {
                key: threads.submit(_one, group, judge, lesson, student, again, stop)
                for key, lesson in group.lessons.items()
            }
            for student in who
        ]
        with Recorder(group.course) as recorder:
            for mine in waiting:
                finished = {}
                for key, future in mine.items():
                    finished[key] = future.result()
                    done(finished[key][0], total)
                enter(group, recorder, finished)
                yield from (r for r, _ in finished.values())
    finally:
        stop.set()
        threads.shutdown(wait=True, cancel_futures=True)


def enter(group: Class, recorder: Recorder, finished: dict[str, tuple[Result, bool]]) -> None:
    """One student's results into the gradebook, each with whether the hand-graded question was answered."""
    said = {key: group.lessons[key].manual_ids if wrote else set() for key, (_, wrote) in finished.items()}
    with results.locked(group.course, "gradebook"):
        recorder.record(group.lessons, {key: r for key, (r, _) in finished.items()}, said)


def _one(
    group: Class, judge: Judge, lesson: Lesson, student: str, again: bool, stop: threading.Event
) -> tuple[Result, bool]:
    """One result, with its notebook and page on disk, and whether the hand-graded question was answered."""
    if stop.is_set():
        raise CourseError("stopped")
    with results.locked(group.course, f"{student}/{lesson.key}"):
        handed = hand_in(group.course, lesson, student)
        said = answered(lesson, group.released[lesson.key], handed)
        key = results.key(handed.data, lesson, judge.runner.level)
        stored = None if again else results.load(group.course, lesson, student, key)
        if stored is not None:
            return stored, said
        result = judged(judge, handed)
        publish(group, lesson, result, autograded(group, handed, result), key)
        return replace(result, trace=None), said


def autograded(group: Class, handed: Handed, result: Result) -> bytes:
    """The autograded notebook of a result that still has its trace."""
    released = group.released[handed.lesson.key]
    return record.autograded_notebook(released, handed.lesson, list(handed.cells), handed.job, result)


def publish(group: Class, lesson: Lesson, result: Result, notebook: bytes, key: results.Key) -> None:
    """Put a result on disk: notebook and feedback page, then the stored result, which says that they are there."""
    notebook = record.with_kept(notebook, result) if result.kept else notebook
    here = group.course.room("autograded") / result.student / lesson.module
    page = group.course.room("feedback") / result.student / lesson.module / f"{lesson.name}.html"
    by_hand = sum(c.points for c in lesson.of_kind("manual"))
    record.write_atomically(here / f"{lesson.name}.ipynb", notebook)
    record.write_atomically(page, feedback.page(notebook, result, by_hand))
    _copy_timestamp(group, result.student)
    results.store(group.course, group.module, result, key)


def _copy_timestamp(group: Class, student: str) -> None:
    source = group.course.room("submitted") / student / group.module / "timestamp.txt"
    if source.is_file() and not source.is_symlink() and source.stat().st_size <= 1000:
        target = group.course.room("autograded") / student / group.module / "timestamp.txt"
        record.write_atomically(target, source.read_bytes()[:100])


def answered(lesson: Lesson, released: Any, handed: Handed) -> bool:
    """Whether the question that is graded by hand holds anything but its stub."""
    stubs = {c.id: c.source.strip() for c in released.cells}
    texts: dict[str, str] = {}
    for cell in handed.cells:
        if cell.grade_id:
            texts[cell.grade_id] = texts.get(cell.grade_id, "") + cell.text
    return any(texts.get(g, "").strip() not in ("", stubs.get(g, "")) for g in lesson.manual_ids)
