"""A world to be played, and a course whose one lesson is judged by what happens in it.

A learner hands in a text: one number of pods a line. The world kills some of them, by its seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.lessons.course import Course
from coursekit import AnswerError, NotJudged
from tests.small import KEY, LESSON, course_with

TOOLS: list[str] = []  # that are installed
COUNTED: list[tuple[str, str]] = []  # (answer, seed) of every run in this process


@dataclass(frozen=True)
class Run:
    """How many pods there were, and how many were left, hour by hour."""

    pods: tuple[int, ...]
    left: tuple[int, ...]


def hours(answer: Any, seed: str) -> Run:
    """Play a text with a number of pods a line."""
    COUNTED.append((str(answer), seed))
    if answer == "hang":
        while True:
            pass
    if answer == "eat":
        held = []
        while True:
            held.append(bytearray(10_000_000))
    if answer == "crash":
        raise KeyError("no such pod")
    if answer == "tool" and TOOLS:
        answer = "3\n3\n3"
    if answer == "tool":
        raise NotJudged("promtool is missing (apt-get install prometheus)")
    if not isinstance(answer, str):
        raise AnswerError("write a text, a number of pods a line")
    pods = []
    for number, line in enumerate(answer.splitlines(), 1):
        if not line.strip().isdecimal():
            raise AnswerError(
                f"line {number}: {line.strip()!r} is no number of pods; write 0 or more"
            )
        pods.append(int(line))
    rng = random.Random(seed)
    return Run(tuple(pods), tuple(max(0, n - rng.randint(1, 2)) for n in pods))


def other_hours(answer: Any, seed: str) -> Run:
    """The same, in a world that nothing troubles."""
    return hours("1\n1\n1" if answer in ("hang", "eat") else answer, seed)


def some_pod_is_left(run: Run) -> tuple[bool, str]:
    """in every hour some pod is left

    More is not wanted.
    """
    for hour, (n, left) in enumerate(zip(run.pods, run.left, strict=True)):
        if not left:
            return False, f"{hour:02}:00 the last of {n} pods died"
    return True, f"in the worst hour {min(run.left, default=0)} pods were left"


def few_pods_are_paid_for(run: Run) -> tuple[bool, str]:
    """at most four pods an hour are paid for"""
    most = max(run.pods, default=0)
    return most <= 4, f"at most {most} pods were paid for"


def the_day_has_three_hours(run: Run) -> tuple[bool, str]:
    """the day has three hours"""
    return len(run.pods) == 3, f"the day had {len(run.pods)} hours"


HEAD, _, _REST = LESSON.partition("# %% nbgrader=")
_, _, TAIL = LESSON.partition('# %% [markdown] nbgrader={"grade_id": "words-tradeoff"')
PLAYED = f'''{HEAD}# %% nbgrader={{"grade_id": "words-setup", "locked": true}}
HOURS = 3

# %% [markdown]
"""
## 1 · Plan the pods

`plan()` is a text: a number of pods for each of three hours.

<details><summary>Hint 1</summary>Two may die.</details>
"""

# %% nbgrader={{"grade_id": "plan", "solution": true}}
def plan() -> str:
    """Pods for three hours."""
    ### BEGIN SOLUTION
    return "3\\n3\\n3\\n"
    ### END SOLUTION


# %% nbgrader={{"grade_id": "plan-checks", "grade": true}}
from coursekit import check, played, scoreboard
from tests.playing import (
    few_pods_are_paid_for,
    hours,
    other_hours,
    some_pod_is_left,
    the_day_has_three_hours,
)


@check(expect=played(hours, some_pod_is_left), points=2, stage="core")
def somebody_answers():
    """Up to two pods die in an hour."""
    return plan()


### BEGIN HIDDEN TESTS
@check(expect=played(hours, few_pods_are_paid_for), points=3, stage="core")
def it_is_not_dear():
    """Each pod costs."""
    return plan()


@check(expect=played(other_hours, the_day_has_three_hours, seed="week"), points=4, stage="whole-day")
def the_day_is_whole():
    """One line an hour."""
    return plan()


### END HIDDEN TESTS
scoreboard()

# %% [markdown] nbgrader={{"grade_id": "words-tradeoff"{TAIL}'''
ALL_CHECKS = ("somebody_answers", "it_is_not_dear", "the_day_is_whole")


def text_that_plans(answer: str) -> str:
    """An answer file that hands this in."""
    return f"def plan():\n    return {answer!r}\n"


def played_course(folder: Path) -> Course:
    """A course folder with the lesson, which is `tests.small.KEY` there."""
    return course_with(folder, PLAYED)


__all__ = ["ALL_CHECKS", "COUNTED", "KEY", "PLAYED", "hours", "played_course", "text_that_plans"]
