"""One evening: memories that fade, decks that repeat by their seed, and a picture that stays whole."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import fsrs
import pytest
from matplotlib.figure import Figure

from coursekit.behavioral.evening import (
    Memory,
    after_review,
    draw_evening,
    look,
    recall,
    reviewed,
    shelf,
    some_items,
)
from tests.coursekit.test_pictures import cut_off


@pytest.mark.parametrize("stability", [0.5, 2.0, 30.0])
def test_recall_is_that_of_fsrs(stability: float) -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    card = fsrs.Card(1, stability=stability, difficulty=5.0, due=now, last_review=now)
    for day in (0, 1, 7, 40):
        want = fsrs.Scheduler().get_card_retrievability(card, now + timedelta(days=day))
        assert recall(Memory(0, 1, stability), day) == pytest.approx(want)


def test_nine_of_ten_are_known_after_the_stability() -> None:
    assert recall(Memory(0, 4, 4.0), 4) == pytest.approx(0.9)


def test_a_review_is_of_today_and_helps() -> None:
    old = Memory(-9, -1, 2.0)
    assert recall(after_review(old), 5) > recall(old, 5)
    assert after_review(None).last == 0


def test_items_repeat_by_their_seed_and_weights_are_dealt_evenly() -> None:
    once, again = (some_items(random.Random(3), ["a", "b"], 6) for _ in range(2))
    assert once == again
    assert len({item.id for item in once}) == 12
    weights = [sorted(item.weight for item in once if item.topic == topic) for topic in "ab"]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("days", [1, 5, 21])
@pytest.mark.parametrize("count", [0, 5, 90])
def test_the_picture_stays_whole(days: int, count: int) -> None:
    items, memories = shelf()
    taken = [item.id for item in items][:count]
    topics = {item.topic for item in items}
    seen = look(
        items, memories, taken, dict.fromkeys(topics, 0.4), dict.fromkeys(topics, 1.0), days
    )

    def draw(figure: Figure) -> None:
        draw_evening(figure, seen)

    assert cut_off(draw, (10, 4.6)) == []


def test_an_evening_lifts_the_curve() -> None:
    items, memories = shelf()
    taken = [item.id for item in items][:20]
    strengths = {item.topic: 0.5 for item in items}
    seen = look(items, memories, taken, strengths, strengths, 5)
    assert all(more > less for more, less in zip(seen["with"], seen["without"], strict=True))
    assert set(reviewed(memories, taken)) == set(memories) | set(taken)
