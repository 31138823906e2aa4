"""Checks that failed come back among the question cards, and go when they pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.build.builder import build
from autograder.study import copies
from coursekit.behavioral import review
from tests.learner import Clock, Terminal, write_in
from tests.small import KEY, RIGHT, course_with

WRONG = "def count(text):\n    return len(text.split(' '))\n"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    course = course_with(tmp_path)
    build(course)
    terminal = Terminal(course.root, capsys, Clock())
    copies.update(terminal.study)
    return terminal


def graded(at: Terminal, text: str) -> list[str]:
    """Titles of checks that are due after this answer was graded."""
    own = at.study.notebook(KEY)
    if text:
        write_in(own, "words", text)
    json.loads(at.run("check", own, "--json").strip())
    due = review.read(at.root / review.FILE).due(at.clock())
    assert all(name.startswith(review.failed_id(KEY, "")) for name in due)
    return [name.removeprefix(review.failed_id(KEY, "")) for name in due]


def test_an_untouched_lesson_floods_nobody(at: Terminal) -> None:
    assert graded(at, "") == []
    assert not (at.root / review.FILE).exists()


def test_what_failed_is_due_until_it_passes(at: Terminal) -> None:
    failed = graded(at, WRONG)
    assert failed
    at.clock.go(minutes=5)
    assert graded(at, RIGHT) == []
    assert len(review.read(at.root / review.FILE).cards) == len(failed)
    at.clock.go(minutes=5)
    assert graded(at, WRONG) == failed
