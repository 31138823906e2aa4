"""A class at once: every submission of a module becomes a result, whatever the others do."""

from __future__ import annotations

import itertools
import json
import queue
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder import feedback, record, submission
from autograder.course import Course
from autograder.errors import CourseError, nearest
from autograder.gradebook import Recorder, back_up, prepare
from autograder.jobs import Job, Result
from autograder.judge import Judge, unread
from autograder.lesson import Lesson
from autograder.runner.client import RunnerGone, Warm
from autograder.sandbox import Box, choose
from autograder.submission import Source


@dataclass(frozen=True)
class Handed:
    """One student's notebook of one lesson, as far as it could be read."""

    student: str
    lesson: Lesson
    cells: tuple[Source, ...] = ()
    job: Job | None = None
    state: str = ""  # why there is no job
    repairs: tuple[str, ...] = field(default=())


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
    try:
        if path.parent.is_symlink() or path.parent.parent.is_symlink():
            raise submission.Unreadable("the folder is a link")
        cells = submission.parse_notebook(submission.read_bytes(path), repairs)
        job = submission.job(lesson, student, cells, repairs)
    except submission.Unreadable as error:
        return Handed(student, lesson, (), None, f"zero:{error}", tuple(repairs))
    except Exception as error:  # a reader that fails is ours to mend, and costs nobody a grade
        return Handed(student, lesson, (), None, f"needs-human:not read: {type(error).__name__}", tuple(repairs))
    return Handed(student, lesson, tuple(cells), job, "", tuple(repairs))


class Pool:
    """Warm processes, one for each worker thread, that judge with the same salt."""

    def __init__(self, salt: str, box: Box | None = None) -> None:
        self.salt, self.box = salt, box or choose()
        self._numbers = itertools.count()
        self._idle: dict[tuple[str, ...], queue.SimpleQueue[Warm]] = defaultdict(queue.SimpleQueue)

    @contextmanager
    def warm(self, preload: tuple[str, ...]) -> Iterator[Warm]:
        """A warm process of one's own, with these modules imported; a dead one is thrown away."""
        idle = self._idle[preload]
        try:
            process = idle.get_nowait()
        except queue.Empty:
            process = Warm(self.box, next(self._numbers) % 1000, preload)
        try:
            yield process
        except RunnerGone:
            process.close()
            raise
        else:
            idle.put(process)

    def grade(self, handed: Handed) -> Result:
        """Run and judge; a runner that dies is tried once more, then a human is asked."""
        if handed.job is None:
            return unread(handed.lesson, handed.student, handed.state, handed.repairs)
        for _ in range(2):
            try:
                with self.warm(handed.lesson.preload) as warm:
                    return Judge(warm, self.salt).grade(handed.lesson, handed.job)
            except RunnerGone:
                continue
            except CourseError:
                raise
            except Exception as error:
                reason = f"needs-human:the grader failed: {type(error).__name__}: {error}"
                return unread(handed.lesson, handed.student, reason, handed.repairs)
        return unread(handed.lesson, handed.student, "needs-human:the runner died twice", handed.repairs)

    def close(self) -> None:
        """End all processes."""
        for idle in self._idle.values():
            while not idle.empty():
                idle.get_nowait().close()


def grade(
    course: Course,
    module: str,
    wanted: list[str] | None = None,
    *,
    jobs: int = 2,
    salt: str | None = None,
    box: Box | None = None,
    done: Callable[[Result, int], None] = lambda result, total: None,
) -> list[Result]:
    """Grade everything handed in for a module, into gradebook, `autograded/` and `feedback/`.

    Args:
        wanted: students; everybody when None.
        jobs: how many notebooks run at once.
        box: what holds learners' code back; the strongest that works when None.
        done: called after each result with the number of all.

    Returns:
        One result for each student and lesson, in that order.
    """
    lessons = {key: Lesson.read(course.lesson_path(key)) for key in course.lessons_of(module)}
    who = students(course, module, wanted)
    released = {key: record.released_notebook(course, lesson) for key, lesson in lessons.items()}
    back_up(course)
    prepare(course, module)
    pool = Pool(salt if salt is not None else _fresh(), box)
    for lesson in lessons.values():  # here and now, in the main thread: virtual time is one world at a time
        for check in lesson.all_checks:
            lesson.expectation(check, pool.salt)
        _ = lesson.works
    total = len(who) * len(lessons)
    results: list[Result] = []

    def one(pair: tuple[str, str]) -> tuple[Handed, Result]:
        handed = hand_in(course, lessons[pair[1]], pair[0])
        return handed, pool.grade(handed)

    try:
        with ThreadPoolExecutor(max(1, jobs)) as threads, Recorder(course) as recorder:
            pairs = [(student, key) for student in who for key in lessons]
            mine: dict[str, tuple[Handed, Result]] = {}
            for (student, key), (handed, result) in zip(pairs, threads.map(one, pairs), strict=True):
                mine[key] = handed, result
                results.append(replace(result, trace=None))
                if len(mine) == len(lessons):
                    _settle(course, module, student, lessons, mine, released, recorder)
                    mine = {}
                done(result, total)
    finally:
        pool.close()
    return results


def _fresh() -> str:
    import secrets

    return secrets.token_hex(8)


def _settle(
    course: Course,
    module: str,
    student: str,
    lessons: dict[str, Lesson],
    mine: dict[str, tuple[Handed, Result]],
    released: dict[str, object],
    recorder: Recorder,
) -> None:
    """Store one student's results of the module: notebooks, gradebook, feedback, and the results themselves."""
    folder, pages = (course.room(room) / student / module for room in ("autograded", "feedback"))
    answered = {}
    for key, (handed, result) in mine.items():
        lesson = lessons[key]
        notebook = record.autograded_notebook(released[key], lesson, list(handed.cells), handed.job, result)
        by_hand = sum(c.points for c in lesson.of_kind("manual"))
        record.write_atomically(folder / f"{lesson.name}.ipynb", notebook)
        record.write_atomically(pages / f"{lesson.name}.html", feedback.page(notebook, result, by_hand))
        answered[key] = _answered(lesson, released[key], handed)
    recorder.record(lessons, {k: r for k, (_, r) in mine.items()}, answered)
    timestamp = course.room("submitted") / student / module / "timestamp.txt"
    if timestamp.is_file() and not timestamp.is_symlink():
        record.write_atomically(folder / "timestamp.txt", timestamp.read_bytes()[:100])
    for key, (_, result) in mine.items():
        data = json.dumps(result.as_json(reveal=True), indent=1, ensure_ascii=False).encode()
        record.write_atomically(results_folder(course) / student / f"{key}.json", data)


def results_folder(course: Course) -> Path:
    """Where the results of `grade` are kept, for authors and reports: `<student>/<module>/<lesson>.json`."""
    return course.room(".autograder") / "results"


def _answered(lesson: Lesson, released: object, handed: Handed) -> set[str]:
    stubs = {c.id: c.source.strip() for c in released.cells}  # type: ignore[attr-defined]
    texts: dict[str, str] = {}
    for cell in handed.cells:
        if cell.grade_id:
            texts[cell.grade_id] = texts.get(cell.grade_id, "") + cell.text
    by_hand = [str(c.grade_id) for c in lesson.of_kind("manual")]
    return {g for g in by_hand if texts.get(g, "").strip() not in ("", stubs.get(g, ""))}
