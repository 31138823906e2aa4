"""What never ends costs little, whatever it is; what is slow and ends costs nothing but time.

Limits are small here, and what is counted is which cells and checks were stopped, never a clock on
the wall.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from autograder.build.builder import build
from autograder.grade import batch, collected
from autograder.grade.judge import Judge
from autograder.inside.messages import CELL_NOT_RUN, MOST_HANGS, NOT_RUN
from autograder.jobs import Result
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.runner.limits import Limits
from autograder.runner.pool import Local
from tests.bank import grade_text, lost
from tests.sample import only_whole, some
from tests.small import KEY, LESSON, RIGHT, course_with

CPU = 0.3
SMALL = Limits(cell=0.5, cell_again=0.2, cell_idle=0.6, check_idle=0.4)
TIRED = re.sub(r"points=(\d)", rf"points=\1, cpu={CPU}", LESSON)
ENDLESS = {
    "a loop": "while True: pass",
    "a loop in C": "sum(itertools.count())",
    "a number too large": "pow(3, 10**9)",
    "a pattern that backtracks": "re.match(r'(a+)+$', 'a' * 60 + 'b')",
    "an event that never comes": "threading.Event().wait()",
    "a lock taken twice": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "a thread that never ends": "t = threading.Thread(target=spin, daemon=True); t.start(); t.join()",
    "a sleep": "time.sleep(10**9)",  # virtual in checks, where it ends at once
    "polling": "while True: time.sleep(0.01)",  # the same
    "an await": "await asyncio.Future()",  # in cells only: a check has a loop of its own
}
IMPORTS = "import asyncio, itertools, re, threading, time\ndef spin():\n    while True: pass\n"
UNINTERRUPTED = "a loop in C"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = course_with(tmp_path_factory.mktemp("hangs"), TIRED)
    build(made)
    return made


@pytest.fixture(scope="module")
def lesson(course: Course) -> Lesson:
    return Lesson.read(course.lesson_path(KEY))


@pytest.fixture(scope="module")
def tired(lesson: Lesson) -> Iterator[Judge]:
    """A judge with little patience."""
    with closing(Local(limits=SMALL)) as runner:
        judge = Judge(runner, "the same worlds")
        judge.prepare(lesson)
        yield judge


def _graded(
    course: Course, lesson: Lesson, judge: Judge, *own: str, behind_checks: bool = False
) -> Result:
    """The right answer with cells of the learner's own: behind it, before any check looks, or
    behind all checks.
    """
    made: dict[str, Any] = json.loads((course.root / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    at = next(n for n, cell in enumerate(made["cells"]) if cell["id"] == "words")
    made["cells"][at]["source"] = RIGHT
    free = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    at = len(made["cells"]) if behind_checks else at + 1
    made["cells"][at:at] = [free | {"source": text, "id": f"own-{n}"} for n, text in enumerate(own)]
    path = course.root / "submitted" / "kim" / f"{KEY}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made))
    return batch.judge_submission(judge, collected.read_submission(course, lesson, "kim"))


def _seen(result: Result) -> list[str]:
    return [c.row.seen for c in result.checks]


# ------------------------------------------------------------------------------------------- checks


@pytest.mark.parametrize(
    "what", some([w for w in ENDLESS if w not in ("a sleep", "polling", "an await")], 3)
)
def test_after_three_checks_that_never_end_the_others_are_not_run(
    what: str, lesson: Lesson, tired: Judge
) -> None:
    result = grade_text(tired, lesson, f"{IMPORTS}def count(text):\n    {ENDLESS[what]}\n")
    assert (result.state, result.points) == ("graded", 0)
    assert [c.row.verdict for c in result.checks] == ["timeout"] * 4
    assert [NOT_RUN in seen for seen in _seen(result)] == [False] * MOST_HANGS + [True]
    assert all("more than" in seen for seen in _seen(result)[:MOST_HANGS])
    assert result.problems == ("checks that were not run, because three others never ended: 1",)


def test_two_that_never_end_cost_the_third_nothing(lesson: Lesson, tired: Judge) -> None:
    answer = RIGHT.replace("return", "while text and ' ' in text: pass\n    return")
    result = grade_text(tired, lesson, answer)
    assert lost(result) == {"words_are_counted", "any_text_is_counted"}
    assert (result.problems, any(NOT_RUN in seen for seen in _seen(result))) == ((), False)


def test_deadlocks_found_at_once_are_no_reason_to_stop(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Virtual time finds them, and they cost nothing: each check is heard."""
    text = LESSON.replace("return count(", "return await count(")
    text = re.sub(r"\n(def (?!is_small))", r"\nasync \1", text)
    made = Lesson.read(course_with(tmp_path_factory.mktemp("async"), text).lesson_path(KEY))
    with closing(Local()) as runner:
        judge = Judge(runner, "the same worlds")
        assert grade_text(judge, made, f"async {RIGHT}").points == 8
        result = grade_text(
            judge, made, "import asyncio\nasync def count(text):\n    await asyncio.Future()\n"
        )
    assert result.problems == ()
    assert all("every task waits" in seen for seen in _seen(result))


@only_whole
def test_a_check_that_takes_its_time_and_ends_is_passed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """It has more than the first look allows, and less than its own CPU seconds: each of its worlds
    has them all.
    """
    slow = "import time\ndef wait(since):\n    while time.process_time() < since + 1.2: pass\n"
    answer = slow + RIGHT.replace("    return", "    wait(time.process_time())\n    return")
    patient = Lesson.read(course_with(tmp_path_factory.mktemp("slow")).lesson_path(KEY))
    with closing(Local(limits=SMALL)) as runner:
        result = grade_text(Judge(runner, "the same worlds"), patient, answer)
    assert (result.points, result.problems) == (8, ())


# -------------------------------------------------------------------------------------------- cells


@pytest.mark.parametrize("what", [w for w in ENDLESS if w != UNINTERRUPTED])
def test_a_cell_that_never_ends_is_stopped_and_the_next_one_runs(
    what: str, course: Course, lesson: Lesson, tired: Judge
) -> None:
    result = _graded(course, lesson, tired, IMPORTS + ENDLESS[what], "SEPARATOR = print('I ran')")
    assert (result.state, result.points) == ("graded", 8)
    (problem,) = result.problems
    assert "TimeLimit: more than" in problem
    shown = [o.get("text") for c in (result.trace.cells if result.trace else ()) for o in c.outputs]
    assert "I ran\n" in shown


def test_a_cell_that_no_signal_reaches_ends_the_run_of_its_cells(
    course: Course, lesson: Lesson, tired: Judge
) -> None:
    result = _graded(course, lesson, tired, IMPORTS + ENDLESS[UNINTERRUPTED], "print('I ran')")
    assert (result.state, result.points) == ("graded", 0)
    assert result.problems == (
        "a cell did not end within 0.5 s of CPU time, and could not be interrupted",
    )


def test_threads_that_never_end_do_not_keep_a_notebook_from_its_end(
    course: Course, lesson: Lesson, tired: Judge
) -> None:
    start = (
        IMPORTS
        + "for work in (spin, lambda: time.sleep(10**9)):\n    threading.Thread(target=work).start()"
    )
    assert _graded(course, lesson, tired, start).points == 8


@pytest.mark.parametrize("what", ["a loop", "a sleep"])
def test_of_many_own_cells_that_never_end_three_are_run(
    what: str, course: Course, lesson: Lesson, tired: Judge
) -> None:
    result = _graded(course, lesson, tired, *[IMPORTS + ENDLESS[what]] * 6)
    assert (result.state, result.points) == ("graded", 8)
    stopped, left_out = result.problems[:MOST_HANGS], result.problems[MOST_HANGS:]
    assert all("TimeLimit" in problem for problem in stopped)
    assert len(left_out) == 6 - MOST_HANGS + 1  # with the learner's experiment behind them
    assert all(CELL_NOT_RUN in problem for problem in left_out)


def test_cells_behind_one_that_never_ended_have_less_time(
    course: Course, lesson: Lesson, tired: Judge
) -> None:
    told = _graded(course, lesson, tired, "while True: pass", "while True: pass").problems
    assert [re.findall(r"more than ([\d.]+) s", problem) for problem in told] == [["0.5"], ["0.2"]]


def test_a_slow_cell_that_waits_for_a_processor_or_works_is_left_alone(
    course: Course, lesson: Lesson, tired: Judge
) -> None:
    """Helper threads work while the main thread waits: that is not idle. Nor is a short rest."""
    work = "def work():\n    until = time.process_time() + 0.4\n    while time.process_time() < until: pass\n"
    cell = f"import threading, time\n{work}t = threading.Thread(target=work); t.start(); t.join(); time.sleep(0.3)"
    assert _graded(course, lesson, tired, cell, "time.sleep(0.3)", "time.sleep(0.3)").problems == ()


def test_cells_behind_all_checks_have_less_time(
    course: Course, lesson: Lesson, tired: Judge
) -> None:
    """No point hangs on them."""
    result = _graded(course, lesson, tired, "while True: pass", behind_checks=True)
    assert result.points == 8
    assert re.findall(r"more than ([\d.]+) s", *result.problems) == ["0.2"]
