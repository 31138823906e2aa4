"""A class at once: every submission of a module becomes a result, whatever the others do.

Several threads read, run and judge; one writes. Before anything runs, points that are not of what lies there now are
taken out of the gradebook. A student's work is stored in this order: autograded notebook and feedback page, result,
gradebook. Whatever stops the run in between, the next one takes finished results as they are, does the rest, and enters
all of them.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from autograder.errors import CourseError, nearest
from autograder.files import Forbidden, Stop, Unreadable, read_bounded, write_locked
from autograder.grade import submission
from autograder.grade.judge import Judge, fresh_salt, unread
from autograder.jobs import Job, Result, Source
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.phases import Phases
from autograder.record import autograded, feedback, results
from autograder.record.gradebook import MAX_NAME, Recorder, back_up, prepare, timestamp_text
from autograder.work import Local, Runner

T = TypeVar("T")
WRITERS = 2  # threads beyond the jobs that run at once: what one has to wait for the disk, another one runs
A_CLASS = 5  # from so many students on it pays to draw the reference's pictures for all


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
    found = [p.name for p in sorted(room.iterdir()) if _holds(p, module)] if room.is_dir() else []
    for student in wanted or ():
        if student not in found:
            near = nearest(shown(student), map(shown, found))
            raise CourseError(f"submitted/{shown(student)}/{module} does not exist.{near}")
    if not found:
        raise CourseError(f"nobody handed in {module}: there is no folder submitted/<student>/{module}. Collect first.")
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


def _lies_there(course: Course, lesson: Lesson, student: str) -> bool:
    """Whether anything lies where a notebook would, whatever it is."""
    return os.path.lexists(course.room("submitted") / student / lesson.module / f"{lesson.name}.ipynb")


def shown(text: str) -> str:
    """A folder's name as it may be printed and stored. One that is escaped holds a backslash, no other one does."""
    return "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in text)


def misnamed(student: str) -> str | None:
    """Why a student cannot be graded under the name of the folder, or None."""
    if shown(student) != student:
        return "the folder's name holds what cannot be printed: rename it"
    return f"the folder's name is longer than {MAX_NAME} characters: rename it" if len(student) > MAX_NAME else None


def read(course: Course, lesson: Lesson, student: str) -> bytes:
    """The bytes of one submission.

    Raises:
        Unreadable: it is missing, or nothing that is read.
    """
    path = course.room("submitted") / student / lesson.module / f"{lesson.name}.ipynb"
    if path.parent.is_symlink() or path.parent.parent.is_symlink():
        raise Unreadable("the folder is a link")
    return read_bounded(path)


def hand_in(course: Course, lesson: Lesson, student: str) -> Handed:
    """Read one submission. Never raises for what a student did."""
    repairs: list[str] = []
    data: bytes | None = None
    try:
        data = read(course, lesson, student)
        cells = submission.parse_notebook(data, repairs)
        job = submission.job(lesson, student, cells, repairs)
    except Forbidden as error:
        return Handed(student, lesson, (), None, f"needs-human:{error}")
    except Unreadable as error:
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
        return _failed(handed, error)


def _failed(handed: Handed, error: Exception) -> Result:
    why = error.strerror if isinstance(error, OSError) else error
    state = f"needs-human:the grader failed: {type(error).__name__}: {shown(str(why))[:200]}"
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
        released = {key: autograded.released_notebook(course, lesson) for key, lesson in lessons.items()}
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
    stop: Stop | None = None,
    phases: Phases | None = None,
) -> list[Result]:
    """Grade everything handed in for a module, into gradebook, `autograded/` and `feedback/`.

    Args:
        wanted: students; everybody when None.
        jobs: how many notebooks run at once.
        runner: who runs learners' code; warm processes in the strongest box of this machine when None. It is closed
            when a run that has begun ends early.
        again: run everything, even where a stored result fits exactly.
        done: called after each result with the number of all.
        stop: ask it to end the run at once.
        phases: told how long each part of the work took.

    Returns:
        One result for each student and lesson, in that order.

    Raises:
        CourseError: the call is wrong, or the gradebook cannot be written.
        KeyboardInterrupt: the run was stopped. What is done is kept, and the same call goes on from there.
    """
    own = runner is None
    runner, stop, phases = runner or Local(), stop or Stop(), phases or Phases()
    try:
        group = Class.of(course, module)
        who = students(course, module, wanted)
        preload = tuple(sorted({module for lesson in group.lessons.values() for module in lesson.preload}))
        runner.expect(preload, min(jobs, len(who) * len(group.lessons)))
        judge = Judge(runner, salt if salt is not None else fresh_salt(), preload)
        asked = [x for x in group.lessons.values() if any(_lies_there(course, x, student) for student in who)]
        with contextlib.ExitStack() as opened:

            def open_gradebook() -> Recorder:
                with results.locked(course, "gradebook", stop):
                    back_up(course)
                    return opened.enter_context(Recorder(course))

            with phases.phase("reference answers"):
                recorder = _references(judge, asked, jobs, len(who) >= A_CLASS, stop, open_gradebook)
            with phases.phase("preparing the gradebook"), results.locked(course, "gradebook", stop):
                if not recorder.is_prepared(module):
                    prepare(course, module)
                recorder.set_waiting(module, _outdated(group, judge, who, recorder.graded(module)))
            return _all(group, judge, who, jobs, again, done, recorder, stop, phases)
    finally:
        if own:
            runner.close()


def _references(
    judge: Judge, lessons: list[Lesson], jobs: int, drawn: bool, stop: Stop, meanwhile: Callable[[], T]
) -> T:
    """Let the references answer, so many at once in warm processes; what fails there is found out here.

    Returns:
        What is done here meanwhile.
    """
    threads = ThreadPoolExecutor(max(1, jobs), thread_name_prefix="reference")
    try:
        asked = []
        for lesson in lessons:
            _ = lesson.works  # lessons run in the main thread
            asked.append((lesson, threads.submit(judge.reference, lesson, drawn)))
        done = meanwhile()
        for lesson, trace in asked:
            judge.prepare(lesson, trace.result())
        return done
    except BaseException:
        judge.runner.close()
        raise
    finally:
        threads.shutdown(wait=True, cancel_futures=True)
        stop.check()  # the reference swallows what a signal raises, or fails of it


def _outdated(group: Class, judge: Judge, who: list[str], graded: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of `graded` (student, notebook) whose stored result is not of what lies there now."""
    found = set()
    for student in who:
        for lesson in group.lessons.values():
            if (student, lesson.name) in graded:
                try:
                    data = read(group.course, lesson, student)
                except (Unreadable, OSError):
                    data = None
                key = results.key(data, lesson, judge.runner.level)
                if results.load(group.course, lesson, student, key) is None:
                    found.add((student, lesson.name))
    return found


def _all(
    group: Class,
    judge: Judge,
    who: list[str],
    jobs: int,
    again: bool,
    done: Callable[[Result, int], None],
    recorder: Recorder,
    stop: Stop,
    phases: Phases,
) -> list[Result]:
    finished: dict[str, dict[str, tuple[Result, bool]]] = {student: {} for student in who}
    total = len(who) * len(group.lessons)
    threads = ThreadPoolExecutor(max(1, jobs) + WRITERS, thread_name_prefix="grade")
    running = threading.Semaphore(max(1, jobs))
    waiting: dict[Future[tuple[Result, bool]], tuple[str, Lesson]] = {}
    try:
        for student in who:
            for key, lesson in group.lessons.items():
                if why := misnamed(student):
                    finished[student][key] = unread(lesson, shown(student), f"needs-human:{why}"), False
                    done(finished[student][key][0], total)
                else:
                    one = threads.submit(_one, group, judge, lesson, student, again, stop, phases, running)
                    waiting[one] = student, lesson
        for future in as_completed(waiting):
            student, lesson = waiting[future]
            finished[student][lesson.key] = future.result()
            if len(finished[student]) == len(group.lessons):
                with phases.phase("gradebook"):
                    enter(group, recorder, finished[student], stop)
            done(finished[student][lesson.key][0], total)
            stop.check()
    except BaseException:
        stop.asked = True
        judge.runner.close()
        raise
    finally:
        threads.shutdown(wait=True, cancel_futures=True)
    return [finished[student][key][0] for student in who for key in group.lessons]


def enter(group: Class, recorder: Recorder, finished: dict[str, tuple[Result, bool]], stop: Stop | None = None) -> None:
    """One student's results into the gradebook, each with whether the hand-graded question was answered."""
    said = {key: group.lessons[key].manual_ids if wrote else set() for key, (_, wrote) in finished.items()}
    with results.locked(group.course, "gradebook", stop):
        recorder.record(group.lessons, {key: r for key, (r, _) in finished.items()}, said)


def _one(
    group: Class,
    judge: Judge,
    lesson: Lesson,
    student: str,
    again: bool,
    stop: Stop,
    phases: Phases,
    running: threading.Semaphore,
) -> tuple[Result, bool]:
    """One result, with its notebook and page on disk, and whether the hand-graded question was answered.

    Args:
        running: lets as many jobs run as are wanted at once.
    """
    with results.locked(group.course, f"{student}/{lesson.key}", stop):
        stop.check()
        with phases.phase("reading"):
            handed = hand_in(group.course, lesson, student)
        if handed.job is not None and lesson.key not in judge.prepared:  # references answer in the main thread, before
            late = "needs-human:handed in while the run was going on: grade again"
            handed = replace(handed, job=None, state=late)
        said = answered(lesson, group.released[lesson.key], handed)
        key = results.key(handed.data, lesson, judge.runner.level)
        may_fit = not again and handed.data is not None  # why nothing could be read is looked at anew
        stored = results.load(group.course, lesson, student, key) if may_fit else None
        if stored is not None:
            return stored, said
        with running:
            stop.check()
            began = time.perf_counter()
            result = judged(judge, handed)
        ran = result.trace.phases if result.trace else {}
        phases.add({**ran, "judging": time.perf_counter() - began - sum(ran.values())})
        stop.check()  # a run that was cut off says nothing about the submission
        if result.trace is None and (handed.job is not None or lesson.key not in judge.prepared):
            key = {**key, "grader": ""}  # it failed: the next run tries again
        try:
            with phases.phase("notebooks and feedback"):
                publish(group, lesson, result, notebook_of(group, handed, result), key)
        except Exception as error:
            result = _failed(handed, error)
            with contextlib.suppress(OSError):
                results.store(group.course, group.module, result, {**key, "grader": ""})
        return replace(result, trace=None), said


def notebook_of(group: Class, handed: Handed, result: Result) -> dict[str, Any]:
    """The autograded notebook of a result that still has its trace."""
    released = group.released[handed.lesson.key]
    return autograded.autograded_notebook(released, handed.lesson, list(handed.cells), handed.job, result)


def publish(group: Class, lesson: Lesson, result: Result, notebook: dict[str, Any], key: results.Key) -> None:
    """Put a result on disk: notebook and feedback page, then the stored result, which says that they are there."""
    autograded.add_kept(notebook, result)
    here = group.course.room("autograded") / result.student / lesson.module
    page = group.course.room("feedback") / result.student / lesson.module / f"{lesson.name}.html"
    by_hand = sum(c.points for c in lesson.of_kind("manual"))
    write_locked(here / f"{lesson.name}.ipynb", autograded.as_bytes(notebook))
    write_locked(page, feedback.page(notebook, result, by_hand))
    when = timestamp_text(group.course.room("submitted") / result.student / lesson.module)
    if when is not None and lesson.key == next(iter(group.lessons)):  # one lesson writes it for all: one writer
        write_locked(here / "timestamp.txt", when)
    results.store(group.course, group.module, result, key)


def answered(lesson: Lesson, released: Any, handed: Handed) -> bool:
    """Whether the question that is graded by hand holds anything but its stub."""
    stubs = {c.id: c.source.strip() for c in released.cells}
    texts: dict[str, str] = {}
    for cell in handed.cells:
        if cell.grade_id:
            texts[cell.grade_id] = texts.get(cell.grade_id, "") + cell.text
    return any(texts.get(g, "").strip() not in ("", stubs.get(g, "")) for g in lesson.manual_ids)
