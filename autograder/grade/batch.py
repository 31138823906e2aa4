"""A class at once: every submission of a module becomes a result, whatever the others do.

Several threads read, run and judge; one writes. Before anything of a learner's runs, points that
are not of what lies there now are taken out of the gradebook. A student's work is stored in this
order: autograded notebook and feedback page, result, gradebook. Whatever stops the run in between,
the next one takes finished results as they are, does the rest, and enters all of them.
"""

from __future__ import annotations

import contextlib
import heapq
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

from autograder.errors import CourseError
from autograder.files import Stop, Unreadable
from autograder.grade.collected import (
    Submission,
    choose,
    fitting,
    name_problem,
    printable,
    read_submission,
    students,
)
from autograder.grade.judge import Judge, fresh_salt, unread
from autograder.grade.published import Class, answered, enter, notebook_of, publish, stands
from autograder.jobs import Result, not_judged
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.phases import Phases
from autograder.record import results
from autograder.record.gradebook import Graded, Recorder, back_up
from autograder.runner.pool import Local, Runner

# threads beyond the jobs that run at once: what one has to wait for the disk, another one runs
WRITERS = 2
A_CLASS = 5  # from so many students on it pays to draw the reference's pictures for all

Done = Callable[[Result, int], None]


def grade(
    course: Course,
    module: str,
    wanted: list[str] | None = None,
    *,
    jobs: int = 2,
    salt: str | None = None,
    runner: Runner | None = None,
    again: bool = False,
    done: Done = lambda result, total: None,
    stop: Stop | None = None,
    phases: Phases | None = None,
) -> list[Result]:
    """Grade everything handed in for a module, into gradebook, `autograded/` and `feedback/`.

    Args:
        wanted: students; everybody when None.
        jobs: how many notebooks run at once.
        runner: who runs learners' code; warm processes in the strongest box of this machine when
            None. It is closed when a run that has begun ends early.
        again: run everything, even where a stored result fits exactly.
        done: called after each result with the number of all.
        stop: ask it to end the run at once.
        phases: told how long each part of the work took.

    Returns:
        One result for each student and lesson, in that order.

    Raises:
        CourseError: the call is wrong, or the gradebook cannot be written.
        KeyboardInterrupt: the run was stopped. What is done is kept, and the same call goes on from
            there.
    """
    own = runner is None
    runner, stop, phases = runner or Local(), stop or Stop(), phases or Phases()
    try:
        group = Class.of(course, module)
        who = students(course, module, wanted)
        preload = tuple(
            sorted({module for lesson in group.lessons.values() for module in lesson.preload})
        )
        if again or not results.stored_files(course, module):
            runner.expect(preload, min(jobs, len(who) * len(group.lessons)))  # nothing is stored
        judge = Judge(runner, salt if salt is not None else fresh_salt(), preload)
        return Grading(
            group, judge, who, jobs=max(1, jobs), again=again, done=done, stop=stop, phases=phases
        ).run()
    finally:
        if own:
            runner.close()


class Grading:
    """One grading of one module. What is stored and still fits is taken as it is. For the rest
    references answer first; as soon as a lesson's has, its notebooks are run, those of the first
    students before others.

    Args:
        who: students, in the order of the results.
        jobs: how many notebooks run at once.
        again: run everything, even where a stored result fits exactly.
        done: called after each result with the number of all.
        stop: asked to end the run at once.
        phases: told how long each part of the work took.
    """

    def __init__(
        self,
        group: Class,
        judge: Judge,
        who: list[str],
        *,
        jobs: int,
        again: bool,
        done: Done,
        stop: Stop,
        phases: Phases,
    ) -> None:
        self.group, self.judge, self.who = group, judge, who
        self.again, self.done, self.stop, self.phases = again, done, stop, phases
        self.jobs = jobs
        self.total = len(who) * len(group.lessons)
        self.finished: dict[str, dict[str, Graded]] = {student: {} for student in who}
        self._threads = ThreadPoolExecutor(jobs + WRITERS, thread_name_prefix="grade")
        self._running = threading.Semaphore(jobs)
        self._ended: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._references: dict[Future[Any], Lesson] = {}
        self._ready: list[tuple[int, int, str, Lesson]] = []  # a heap of notebooks that may be run
        self._of_heap = threading.Lock()

    def run(self) -> list[Result]:
        """Grade everybody. Call it once, from the main thread: lessons run there.

        Raises:
            CourseError: a reference does not answer, or the gradebook cannot be written.
            KeyboardInterrupt: the run was stopped.
        """
        try:
            with self._gradebook() as recorder:
                self._take_stored()
                self._ask_references()
                self._set_waiting(recorder)
                self._enter_stored(recorder)
                self._refuse_names()
                asked = set(map(id, self._references.values()))
                for lesson in self.group.lessons.values():
                    if id(lesson) not in asked:  # nothing of it has to be run
                        self._offer(lesson)
                while sum(map(len, self.finished.values())) < self.total:
                    self._take(self._ended.get(), recorder)
                    self.stop.check()
        except BaseException:
            self.stop.asked = True
            self.judge.runner.close()
            raise
        finally:
            self._threads.shutdown(wait=True, cancel_futures=True)
        return [
            self.finished[student][key].result for student in self.who for key in self.group.lessons
        ]

    # --------------------------------------------------------------------------- in the main thread

    def _gradebook(self) -> Recorder:
        course = self.group.course
        with (
            self.phases.phase("preparing the gradebook"),
            results.locked(course, "gradebook", self.stop),
        ):
            back_up(course)
            return Recorder(course)

    def _take_stored(self) -> None:
        """Take results that are of exactly what lies there now, without reading any notebook."""
        level = self.judge.runner.level
        with self.phases.phase("reading"):
            for student in () if self.again else self.who:
                if name_problem(student):
                    continue
                for lesson in self.group.lessons.values():
                    self.stop.check()
                    stored = fitting(self.group.course, lesson, student, level)
                    if stored is not None and stands(self.group, stored):
                        graded = Graded(stored, answered=bool(stored.answered), is_new=False)
                        self.finished[student][lesson.key] = graded

    def _enter_stored(self, recorder: Recorder) -> None:
        """Those students of whom nothing is left to be run."""
        whole = [mine for mine in self.finished.values() if len(mine) == len(self.group.lessons)]
        with recorder.read_at_once(self.group.module) if whole else nullcontext():
            for mine in whole:
                self.stop.check()
                self._enter(mine, recorder)
        for mine in self.finished.values():
            for graded in mine.values():
                self.done(graded.result, self.total)

    def _ask_references(self) -> None:
        """Let the references answer, in warm processes, where there is a notebook to be run."""
        course, drawn = self.group.course, len(self.who) >= A_CLASS
        left = {
            key: [student for student in self.who if key not in self.finished[student]]
            for key in self.group.lessons
        }
        count = sum(map(len, left.values()))
        if count:
            self.judge.runner.expect(self.judge.preload or (), min(self.jobs, count))
        for key, lesson in self.group.lessons.items():
            if any(read_submission(course, lesson, student).job for student in left[key]):
                with self.phases.phase("reading lessons"):
                    _ = lesson.works  # lessons run in the main thread
                self._references[self._submit(self._reference, lesson, drawn)] = lesson

    def _set_waiting(self, recorder: Recorder) -> None:
        """Let the gradebook hold the module, without points that are not of what lies there now."""
        module = self.group.module
        with (
            self.phases.phase("preparing the gradebook"),
            results.locked(self.group.course, "gradebook", self.stop),
        ):
            recorder.prepare(module)
            recorder.set_waiting(module, self._outdated(recorder.graded(module)))

    def _outdated(self, graded: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of `graded` (student, notebook) whose result is not of what lies there now."""
        course, found = self.group.course, set()
        for student in self.who:
            for lesson in self.group.lessons.values():
                done = lesson.key in self.finished[student]
                if (student, lesson.name) in graded and not done:
                    try:
                        data = choose(course, lesson, student, []).everything
                    except (Unreadable, OSError):
                        data = None
                    key = results.key(data, lesson, self.judge.runner.level)
                    stands = results.load(course, lesson, student, key) is not None
                    if not stands and self._unjudged(lesson, student, key) is None:
                        found.add((student, lesson.name))
        return found

    def _unjudged(self, lesson: Lesson, student: str, key: results.Key) -> Result | None:
        """The stored result of what lies there now, if some of it could not be judged: it is tried
        again in each run, and nobody is asked again while that changes nothing.
        """
        stored = results.load(self.group.course, lesson, student, {**key, "grader": ""})
        return stored if stored and not_judged(c.row for c in stored.checks) else None

    def _refuse_names(self) -> None:
        """Results of those whose folder's name nobody can store anything under."""
        for student in self.who:
            if why := name_problem(student):
                for key, lesson in self.group.lessons.items():
                    result = unread(lesson, printable(student), f"needs-human:{why}")
                    self.finished[student][key] = Graded(result)
                    self.done(result, self.total)

    def _offer(self, lesson: Lesson) -> None:
        """The lesson's notebooks may be run."""
        place = list(self.group.lessons).index(lesson.key)
        for number, student in enumerate(self.who):
            if not name_problem(student) and lesson.key not in self.finished[student]:
                with self._of_heap:
                    heapq.heappush(self._ready, (number, place, student, lesson))
                self._submit(self._next)

    def _submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = self._threads.submit(work, *arguments)
        future.add_done_callback(self._ended.put)
        return future

    def _take(self, ended: Future[Any], recorder: Recorder) -> None:
        """Go on with what a thread has done."""
        lesson = self._references.pop(ended, None)
        if lesson is not None:
            with self.phases.phase("reference answers"):
                self.judge.prepare(lesson, ended.result())
            self.stop.check()  # the reference swallows what a signal raises
            self._offer(lesson)
            return
        student, lesson, graded = ended.result()
        mine = self.finished[student]
        mine[lesson.key] = graded
        if len(mine) == len(self.group.lessons):
            self._enter(mine, recorder)
        self.done(graded.result, self.total)

    def _enter(self, mine: dict[str, Graded], recorder: Recorder) -> None:
        """All results of a student into the gradebook."""
        with self.phases.phase("gradebook"):
            told = enter(self.group, recorder, mine, self.stop)
            for key, result in told.items():
                mine[key] = replace(mine[key], result=result)

    # ----------------------------------------------------------------------------- in other threads

    def _reference(self, lesson: Lesson, drawn: bool) -> Any:
        with self._running:
            self.stop.check()
            with self.phases.phase("reference answers"):
                return self.judge.reference(lesson, drawn)

    def _next(self) -> tuple[str, Lesson, Graded]:
        """Grade the next notebook that may be run."""
        with self._of_heap:
            _, _, student, lesson = heapq.heappop(self._ready)
        with results.locked(self.group.course, f"{student}/{lesson.key}", self.stop):
            self.stop.check()
            return student, lesson, self._one(student, lesson)

    def _one(self, student: str, lesson: Lesson) -> Graded:
        """One result, with its notebook and page on disk."""
        with self.phases.phase("reading"):
            handed = read_submission(self.group.course, lesson, student)
        # references answer in the main thread, before
        too_late = handed.job is not None and lesson.key not in self.judge.prepared
        if too_late:
            state = "needs-human:handed in while the run was going on: grade again"
            handed = replace(handed, job=None, state=state)
        said = answered(lesson, self.group.released[lesson.key], handed)
        key = results.key(handed.data, lesson, self.judge.runner.level)
        stored = results.load(self.group.course, lesson, student, key)
        graded = partial(Graded, answered=said, is_there=handed.data is not None)
        if stored is not None and not self.again and self._still_holds(stored, handed):
            if not too_late and not stands(self.group, stored):
                stored = self._published_again(stored, handed, key)
            return graded(stored, is_new=False)
        result = replace(self._judged(handed), answered=said)
        unjudged = bool(not_judged(c.row for c in result.checks))
        before = self._unjudged(lesson, student, key) if unjudged else None
        is_new = before is None or (before.state, before.checks) != (result.state, result.checks)
        if unjudged or (result.trace is None and (handed.job is not None or too_late)):
            key = {**key, "grader": ""}  # it failed: the next run tries again
        return graded(replace(self._published(handed, result, key), trace=None), is_new=is_new)

    def _still_holds(self, stored: Result, handed: Submission) -> bool:
        """Whether the stored result says what running it again would say. Why there is nothing to
        be read is looked at anew.
        """
        unread = handed.data is None
        return not unread or (stored.state, stored.repairs) == (handed.state, handed.repairs)

    def _published_again(self, stored: Result, handed: Submission, key: results.Key) -> Result:
        """Make the files of a result once more. What it says stays: the run only shows again what
        the cells showed.
        """
        trace = self._judged(handed).trace
        if handed.job is not None and trace is None:
            return stored  # the grader failed: the next run tries again
        shown = replace(stored, trace=trace)
        try:
            with self.phases.phase("notebooks and feedback"):
                notebook = notebook_of(self.group, handed, shown)
                return replace(publish(self.group, handed.lesson, shown, notebook, key), trace=None)
        except Exception as error:  # nobody loses points for it
            why = f"its files could not be written again: {_reason(error)}"
            return replace(stored, problems=(*stored.problems, why))

    def _judged(self, handed: Submission) -> Result:
        with self._running:
            self.stop.check()
            began = time.perf_counter()
            result = judge_submission(self.judge, handed)
        ran = result.trace.phases if result.trace else {}
        self.phases.add({**ran, "judging": time.perf_counter() - began - sum(ran.values())})
        self.stop.check()  # a run that was cut off says nothing about the submission
        return result

    def _published(self, handed: Submission, result: Result, key: results.Key) -> Result:
        """Put the result on disk; where that fails, the result is that it failed."""
        group = self.group
        try:
            with self.phases.phase("notebooks and feedback"):
                notebook = notebook_of(group, handed, result)
                return publish(group, handed.lesson, result, notebook, key)
        except Exception as error:
            result = _failed(handed, error)
            with contextlib.suppress(OSError):
                results.store(group.course, group.module, result, {**key, "grader": ""})
            return result


def judge_submission(judge: Judge, handed: Submission) -> Result:
    """The result of one submission. A grader that fails on it asks for a human and goes on."""
    if handed.job is None:
        return unread(handed.lesson, handed.student, handed.state, handed.repairs)
    try:
        return judge.grade(handed.lesson, handed.job)
    except CourseError:
        raise
    except Exception as error:
        return _failed(handed, error)


def _failed(handed: Submission, error: Exception) -> Result:
    state = f"needs-human:the grader failed: {_reason(error)}"
    return unread(handed.lesson, handed.student, state, handed.repairs)


def _reason(error: Exception) -> str:
    why = error.strerror if isinstance(error, OSError) else error
    return f"{type(error).__name__}: {printable(str(why))[:200]}"
