"""Honest work never ends in zero because of its wrapping: the corpus, graded once as one class."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from autograder.build.builder import build
from autograder.grade import batch
from autograder.jobs import Result
from autograder.lessons.course import Course
from tests.honest.corpus import CASES, FILE, MODULE, Case, solved
from tests.hostile import graders
from tests.hostile.lesson import LESSON
from tests.small import course_with


@dataclass
class Class:
    """The corpus after grading."""

    course: Course
    results: dict[str, Result]
    cells: dict[tuple[str, str], Any]

    def notebook(self, student: str) -> dict[str, Any]:
        path = self.course.root / "autograded" / student / MODULE / FILE
        made: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return made

    def page(self, student: str) -> str:
        path = self.course.root / "feedback" / student / MODULE / FILE
        return path.with_suffix(".html").read_text("utf-8")


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Class:
    course = course_with(tmp_path_factory.mktemp("honest"), LESSON)
    build(course)
    released = json.loads((course.root / "release" / MODULE / FILE).read_text("utf-8"))
    for case in CASES:
        case.place(course.root / "submitted" / case.name, solved(released))
    results = batch.grade(course, MODULE)
    return Class(course, {r.student: r for r in results}, graders.cells(course))


def test_the_corpus_is_large_and_nobody_is_lost(group: Class) -> None:
    assert len(CASES) >= 60
    assert sorted(group.results) == sorted(case.name for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_work_counts_however_it_is_wrapped(case: Case, group: Class) -> None:
    result = group.results[case.name]
    said = (result.state, *result.repairs, *result.problems)
    assert result.state.startswith(case.state), said
    assert result.points == case.points, said
    assert any(case.repair in sentence for sentence in said), said
    if case.waits is not None:
        assert group.cells[case.name, "tradeoff"][2] is case.waits


def test_a_human_is_told_what_was_found_and_what_to_do(group: Class) -> None:
    states = {r.state for r in group.results.values() if r.state != "graded"}
    assert states
    for state in states:
        assert state.startswith("needs-human:")
        assert len(state) > len("needs-human:") + 20
        assert ":" in state.partition(":")[2]  # what was found: the next step


@pytest.mark.parametrize("student", ["answered-with-a-picture", "answered-with-a-pasted-picture"])
def test_pictures_reach_notebook_and_page(student: str, group: Class) -> None:
    attached = [c for c in group.notebook(student)["cells"] if c.get("attachments")]
    assert len(attached) == 1
    ((name, bundle),) = attached[0]["attachments"].items()
    assert f"(attachment:{name})" in "".join(attached[0]["source"])
    (data,) = bundle.values()
    assert data in group.page(student)


@pytest.mark.parametrize("case", [c for c in CASES if c.waits], ids=lambda case: case.name)
def test_an_answer_by_hand_reaches_whoever_grades_it(case: Case, group: Class) -> None:
    cells = group.notebook(case.name)["cells"]
    shown = "\n".join("".join(c["source"]) for c in cells)
    assert "one counter for each tenant" in shown or "attachment:" in shown
