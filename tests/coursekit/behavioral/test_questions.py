"""Every question of the brief has a card or a lesson, and the page says where."""

from __future__ import annotations

import re
from collections import Counter

from autograder.lessons.course import Course
from coursekit.behavioral.cards import load
from tests import questions
from tests.questions import ROOT

HEADING = re.compile(r"^## (\d\d_\w+)$|^### (\d\d_\w+)", re.MULTILINE)
COURSE = Course.find(ROOT)


def planned() -> set[str]:
    """Lessons that are there, and those whose contract has a heading."""
    found, module = set(COURSE.lessons), ""
    for chapter, lesson in HEADING.findall((ROOT / "docs" / "exercises.md").read_text("utf-8")):
        module = chapter or module
        if lesson:
            found.add(f"{module}/{lesson}")
    return found


def test_the_page_is_as_the_cards_are() -> None:
    assert questions.main(["--check"]) == 0


def test_no_question_is_without_an_answer() -> None:
    assert questions.missing(load()) == []


def test_the_brief_is_there_in_full() -> None:
    counts = Counter(question.group for question in questions.questions())
    follow_ups = [q for q in questions.questions() if q.group == "deep" and "." in q.id]
    assert (counts["deep"] - len(follow_ups), len(follow_ups)) == (18, 48)
    assert (counts["answers"], counts["theme"]) == (14, 9)
    wanted = {"design": 5, "coding": 5, "devops": 5, "mlops": 3, "behavioural": 3, "scenario": 5}
    assert {name: counts[name] for name in wanted} == wanted
    assert len({question.id for question in questions.questions()}) == sum(counts.values())


def test_cards_answer_questions_that_are_there() -> None:
    known = {question.id for question in questions.questions()}
    assert {q for card in load() for q in card.answers} <= known


def test_lessons_that_are_named_are_there_or_have_a_contract() -> None:
    named = {question.lesson for question in questions.questions()} - {""}
    named |= {
        source.removeprefix("lesson ")
        for card in load()
        for source in card.sources
        if source.startswith("lesson ")
    }
    assert named <= planned()


def test_what_the_first_lessons_ask_next_is_there() -> None:
    asked = Counter(q.lesson for q in questions.questions() if q.file == questions.LESSONS)
    for lesson, count in asked.items():
        text = (ROOT / "lessons" / f"{lesson}.py").read_text("utf-8")
        bullets = re.findall(r"^- ", text[text.index("**Asked next**") :], re.MULTILINE)
        assert len(bullets) == count, lesson
