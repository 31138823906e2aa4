"""What a lesson costs: CPU time of one submission in a class, and of the reference answers before
it.

The seconds are what the process in the box says of itself. A learner's code could bend them, so
they are taken of our own solutions only and never decide about anybody's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from autograder.errors import CourseError
from autograder.grade import playing, submission
from autograder.grade.judge import Judge, played_tasks
from autograder.jobs import CELLS, Job, Source, Trace
from autograder.lessons.lesson import Lesson
from autograder.runner.pool import Local

LIMIT = 100.0  # ms of CPU for cells and checks of one submission, pictures remembered
PLAYED_LIMIT = 500.0  # ms of CPU that the judge takes to play one submission
TIMES = 5


@dataclass(frozen=True)
class Budget:
    """Milliseconds of CPU in a warm process, and beside the judge."""

    cells_ms: float  # the solution's notebook, pictures remembered as in a class
    drawn_ms: float  # the same cells when nothing is remembered: pictures are drawn
    checks_ms: float  # visible and hidden checks together
    reference_ms: float  # the reference answers, once for a class, its pictures drawn
    played_ms: float = 0.0  # the judge plays the answers, where checks ask for that

    @property
    def total_ms(self) -> float:
        """Cells and checks of one submission: what `LIMIT` is for."""
        return self.cells_ms + self.checks_ms

    @property
    def is_over(self) -> bool:
        """Whether it costs more than `LIMIT`, or `PLAYED_LIMIT` to play."""
        return self.total_ms > LIMIT or self.played_ms > PLAYED_LIMIT

    def as_json(self) -> dict[str, float]:
        """The interface of `--json` and of a proof: milliseconds, to a tenth."""
        parts = {"cells": self.cells_ms, "drawn": self.drawn_ms, "checks": self.checks_ms}
        parts |= {"total": self.total_ms, "reference": self.reference_ms, "played": self.played_ms}
        return {name: round(ms, 1) for name, ms in parts.items()}


def measure(lesson: Lesson, runner: Local, times: int = TIMES) -> Budget:
    """Medians over `times` sets of random worlds, behind one that warms up.

    Raises:
        CourseError: the lesson's own solution does not run to its end.
    """
    runs = [_once(lesson, runner) for _ in range(1 + times)][1:]
    return Budget(*(1000 * median(seconds) for seconds in zip(*runs, strict=True)))


def _once(lesson: Lesson, runner: Local) -> tuple[float, ...]:
    """CPU seconds, in the order of `Budget`: cells with pictures remembered, cells that draw,
    checks, reference, playing.
    """
    in_class, job = Judge(runner), notebook_job(lesson)
    alone = Judge(runner, in_class.salt)  # the same random worlds
    reference = in_class.reference(lesson, drawn=True)
    if reference is None:
        raise CourseError(f"{lesson.path}: the runner died under the reference. Try again.")
    traces = []
    for judge in (in_class, alone):
        judge.prepare(lesson, reference)
        result = judge.grade(lesson, job)
        if result.trace is None or result.state != "graded" or result.points < result.max_points:
            raise CourseError(
                f"{lesson.path}: the solution does not earn everything. "
                "`autograder check` says why."
            )
        traces.append(result.trace)
    checks = sum(map(_checks, traces)) / len(traces)
    return (
        traces[0].cpu[CELLS],
        traces[1].cpu[CELLS],
        checks,
        reference.cpu[CELLS] + _checks(reference),
        playing.play(played_tasks(lesson, traces[0]), in_class.salt).cpu,
    )


def _checks(trace: Trace) -> float:
    return sum(seconds for name, seconds in trace.cpu.items() if name != CELLS)


def notebook_job(lesson: Lesson) -> Job:
    """The job of a student who hands in the lesson's own solution and leaves all other cells as
    they are.
    """
    cells = [
        Source("code" if cell.is_code else "markdown", cell.grade_id, cell.source)
        for cell in lesson.cells
    ]
    return submission.job(lesson, "", cells, [])
