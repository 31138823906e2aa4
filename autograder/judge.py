"""From trace to verdicts. Trusted and total: any trace gives a result, a malformed one included."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from autograder.jobs import CheckResult, Job, Result, Trace
from autograder.lesson import Lesson
from autograder.runner.client import Warm, observed
from coursekit import checks as kit


@dataclass(frozen=True)
class Judge:
    """Grades jobs of one course. The salt makes the random worlds of a run: fresh for each run, one for a class."""

    warm: Warm
    salt: str = field(default_factory=lambda: secrets.token_hex(8))

    def grade(self, lesson: Lesson, job: Job) -> Result:
        """Run a job and judge it."""
        seeds = {c.name: kit.fixed_seeds(c, self.salt) for c in lesson.all_checks}
        trace = self.warm.run(job, lesson.works, seeds, {c.name: c.cpu for c in lesson.all_checks})
        return self.verdicts(lesson, job, trace)

    def verdicts(self, lesson: Lesson, job: Job, trace: Trace) -> Result:
        """Judge a trace."""
        rows = []
        for grade_id, checks in lesson.checks.items():
            for check in checks:
                row = kit.judge(check, observed(trace, check.name), lesson.expectation(check, self.salt))
                rows.append(CheckResult(grade_id, row))
        state = f"needs-human:{trace.suspicions[0]}" if trace.suspicions else "graded"
        problems = [f"{_cell_name(job, c.step)}: {c.problem}" for c in trace.cells if c.problem]
        if trace.problem:
            problems.append(trace.problem)
        return Result(
            job.student, lesson.key, state, tuple(rows), job.repairs, tuple(problems), self.warm.box.level, trace
        )


def _cell_name(job: Job, index: int) -> str:
    step = job.steps[index] if 0 <= index < len(job.steps) else None
    if step is None:
        return "a cell"
    return f"cell {step.grade_id!r}" if step.grade_id else f"a cell of your own (number {(step.position or 0) + 1})"


def unread(lesson: Lesson, student: str, state: str, repairs: tuple[str, ...] = ()) -> Result:
    """The result of a submission that never ran: every check is failed for the reason in `state`."""
    reason = state.partition(":")[2] or state
    rows = tuple(
        CheckResult(grade_id, kit.Row(check, "error", reason, "an answer"))
        for grade_id, checks in lesson.checks.items()
        for check in checks
    )
    return Result(student, lesson.key, state, rows, repairs, (reason,))
