"""The week: what it may hold, its pictures, and its page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from coursekit.behavioral.mock import open_room
from coursekit.behavioral.mock.questions import TITLES
from coursekit.behavioral.week import (
    COURSE,
    ITEMS,
    draw_areas,
    draw_days,
    measured_here,
    sure_and_measured,
    week_of,
    week_page,
)
from coursekit.behavioral.week.contents import AREAS, AS_OF, ASK, BEFORE, DURING, FACTS, PARTS
from coursekit.plots import png


def one_a_day(
    lessons: list[dict[str, Any]], days: int, hours: float, scores: Mapping[str, float]
) -> dict[str, Any]:
    names = [lesson["id"] for lesson in lessons]
    return {
        "days": [[name] for name in names[:days]],
        "left_out": names[days:],
        "free": [60.0 * hours] * days,
    }


def test_every_lesson_has_a_part_a_need_and_a_length() -> None:
    assert len({lesson["id"] for lesson in COURSE}) == len(COURSE) >= 20
    assert {lesson["part"] for lesson in COURSE} == set(PARTS) == set(TITLES)
    assert {lesson["need"] for lesson in COURSE} == {"must", "should", "could"}
    assert all(15 <= lesson["minutes"] <= 90 for lesson in COURSE)


def test_all_items_questions_and_facts_are_there() -> None:
    assert [len(items) for items in ITEMS.values()] == [5, 5, 4, 4, 4]
    assert ITEMS.keys() == AREAS.keys()
    assert len(ASK) >= 10
    assert len(BEFORE) + len(DURING) >= 13
    assert len({fact.question for fact in FACTS}) == len(FACTS) >= 12


def test_the_page_holds_plan_checklists_questions_and_dated_facts(tmp_path: Path) -> None:
    week = week_page(one_a_day, days=3, hours=1, scores={})
    path = tmp_path / "week.html"
    assert week.save(path) == f"Written: {path}."
    text = path.read_text("utf-8")
    for piece in (
        COURSE[0]["title"],
        AS_OF.split(", ")[1].split(".")[0],
        ASK[0].good,
        FACTS[0].question,
    ):
        assert str(piece) in text
    assert "http" not in text
    assert "src=" not in text


def test_what_a_learners_plan_says_is_escaped() -> None:
    def evil(*_: object) -> dict[str, Any]:
        return {"days": [["<script>x</script>"]], "left_out": ["<b>"], "free": [0]}

    shown = week_page(evil)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    "answer", [None, 3, {}, {"days": 3, "left_out": [], "free": []}, {"days": [["x"]]}]
)
def test_a_plan_that_is_none_yet_is_told_in_a_sentence(answer: object) -> None:
    week = week_page(lambda *_: answer)  # type: ignore[arg-type, return-value]
    assert str(week).startswith("The plan appears here once your code answers.")
    assert "It appears here once your code answers" in week._repr_html_()


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    week = week_page(one_a_day, scores={})
    assert "cannot be written" in week.save(tmp_path / "nowhere" / "week.html")


@pytest.mark.parametrize(("days", "hours"), [(1, 0.5), (6, 2), (10, 6)])
def test_any_week_can_be_drawn(days: int, hours: float) -> None:
    figure = Figure((9, 4))
    draw_days(figure, week_of(one_a_day, days, hours, {}), days=days, hours=hours)
    assert len(png(figure)) > 1000


def test_areas_without_a_measurement_can_be_drawn() -> None:
    def compare(ratings: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
        return {
            area: {"own": None, "measured": seen[area], "says": "not known"} for area in ratings
        }

    told = sure_and_measured(compare, {area: [3] for area in ITEMS}, {"coding": 0.5})
    assert told["coding"] == [None, 0.5, "not known"]
    assert told["mlops"] == [None, None, "not known"]
    figure = Figure((9, 4))
    draw_areas(figure, told)
    assert len(png(figure)) > 1000


def test_what_was_measured_comes_from_the_rehearsals_here(tmp_path: Path) -> None:
    assert set(measured_here(tmp_path)) <= set(TITLES)
    room = open_room(tmp_path)
    room.start(["cost"], seed=1)
    for criterion in ("strategies", "numbers", "trade-offs", "practice"):
        room.mark(criterion, 4)
    room.finish()
    assert measured_here(tmp_path) == {"cost": 0.75}
