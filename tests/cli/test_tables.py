"""What commands print is whole, however narrow the terminal."""

from __future__ import annotations

import pytest

from autograder.cli.tables import show_class
from autograder.grade.judge import unread
from tests.bank import COURSE, read

MODULE = "02_coding"


@pytest.mark.parametrize("terminal", [True, False])
def test_the_points_of_a_large_module_fit(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    lessons = [read(key) for key in COURSE.lessons_of(MODULE)]
    show_class(MODULE, [unread(lesson, "student-0001", "zero:late") for lesson in lessons])
    shown = capsys.readouterr().out
    assert "…" not in shown
    for lesson in lessons:
        assert lesson.name[:2] in shown
        assert f"student-0001: {lesson.name}: zero:late" in shown
