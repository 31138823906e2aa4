"""The laws of the answer bank, for every lesson."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from autograder.grade.judge import Judge
from autograder.lessons import dependencies
from autograder.lessons.lesson import Lesson
from tests import proof
from tests.bank import (
    BAR,
    COURSE,
    DEAR,
    MAX_DEAR,
    ONE_PRICE,
    Answer,
    answers,
    cells_as_text,
    grade_text,
    held_out,
    lost,
    prices,
    read,
    too_dear,
)

LESSONS = COURSE.lessons
SAMPLE = {"right": 2, "wrong": 6}  # answers of a lesson that its proof has tried as it is


def chosen(key: str) -> list[Answer]:
    """The answers that are tried: all with LAWS=all; a few where the proof is of the lesson, the bank
    and the kit as they are; else the right ones, and wrong ones that lose every criterion once.
    """
    bank = answers(key)
    if os.environ.get("LAWS") == "all":
        return bank
    if not proof.stale(key):
        draw = random.Random(f"{proof.load(key)['digest']} {dependencies.grader_digest()}")
        right = [a for a in bank if a.is_right]
        wrong = [a for a in bank if not a.is_right]
        return [*draw.sample(right, SAMPLE["right"]), *draw.sample(wrong, SAMPLE["wrong"])]
    some, covered = [a for a in bank if a.is_right], set[str]()
    for answer in sorted((a for a in bank if not a.is_right), key=lambda a: (len(a.fails), a.name)):
        if answer.fails - covered:
            some.append(answer)
            covered |= answer.fails
    return some


BANK = [a for key in LESSONS for a in chosen(key)]


@pytest.fixture(scope="session")
def lessons() -> dict[str, Lesson]:
    return {key: read(key) for key in LESSONS}


@pytest.mark.parametrize("key", LESSONS)
def test_the_solution_earns_everything(key: str, lessons: dict[str, Lesson], judge: Judge) -> None:
    result = grade_text(judge, lessons[key], cells_as_text(lessons[key], stub=False))
    assert (result.state, lost(result), result.problems) == ("graded", set(), ())
    for stage in lessons[key].stages:
        part = result.for_one(stage)
        assert 0 < part.max_points == part.points


@pytest.mark.parametrize("key", LESSONS)
def test_the_stub_earns_nothing(key: str, lessons: dict[str, Lesson], judge: Judge) -> None:
    result = grade_text(judge, lessons[key], cells_as_text(lessons[key], stub=True))
    assert lost(result) == {c.name for c in lessons[key].all_checks}
    assert not any(result.for_one(stage).points for stage in lessons[key].stages)


@pytest.mark.parametrize("key", LESSONS)
def test_a_lesson_is_a_script_that_passes(key: str) -> None:
    command = [sys.executable, str(COURSE.lesson_path(key))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "✗" not in done.stdout
    assert done.stdout.count("checks passed") == len(read(key).of_kind("checks"))


@pytest.mark.parametrize("answer", [a for a in BANK if a.is_right], ids=lambda a: a.name)
def test_a_right_answer_earns_everything(
    answer: Answer, lessons: dict[str, Lesson], judge: Judge
) -> None:
    result = grade_text(judge, lessons[answer.lesson], answer.text)
    assert lost(result) == set()
    parts = [result.for_one(stage) for stage in lessons[answer.lesson].stages]
    assert all(part.points == part.max_points for part in parts)


@pytest.mark.parametrize("answer", [a for a in BANK if not a.is_right], ids=lambda a: a.name)
def test_a_wrong_answer_loses_what_it_says_and_keeps_the_rest(
    answer: Answer, lessons: dict[str, Lesson], judge: Judge
) -> None:
    result = grade_text(judge, lessons[answer.lesson], answer.text)
    assert answer.fails
    assert lost(result) == answer.fails


@pytest.mark.parametrize("key", [key for key in LESSONS if key.split("/")[0] in ONE_PRICE])
def test_one_slip_has_one_price(key: str, lessons: dict[str, Lesson]) -> None:
    lesson = lessons[key]
    assert too_dear(key, prices(lesson), len(lesson.all_checks)) == []


def test_the_exceptions_to_one_price_are_few_and_there() -> None:
    wrong = {a.name for key in LESSONS for a in answers(key) if not a.is_right}
    assert set(DEAR) <= wrong
    assert len(DEAR) <= MAX_DEAR
    assert all(DEAR.values())


@pytest.mark.parametrize("key", LESSONS)
def test_the_bank_is_wide_enough(key: str, lessons: dict[str, Lesson]) -> None:
    bank = answers(key)
    right, wrong = [a for a in bank if a.is_right], [a for a in bank if not a.is_right]
    assert len(right) >= BAR.right
    assert len(wrong) >= BAR.wrong
    assert len(held_out(key)) >= BAR.held_out
    assert all(a.idea for a in bank)
    caught = set().union(*(a.fails for a in wrong))
    assert {c.name for c in lessons[key].all_checks} - caught == set(), (
        "criteria that no wrong answer loses"
    )
