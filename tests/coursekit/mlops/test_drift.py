"""Days that drift on purpose: what an episode changes, and what it leaves alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from coursekit.mlops.drift import (
    DAYS,
    STORY,
    Day,
    Episode,
    Kind,
    alarm_days,
    replay,
    story,
    timeline,
    traffic,
    trained,
)


def share(days: list[Day]) -> float:
    said = [value for day in days for value in day.predictions.values()]
    return sum(said) / len(said)


def accuracy(days: list[Day]) -> float:
    return 1 - sum(day.wrong for day in days) / sum(len(day.predictions) for day in days)


def typical(days: list[Day], feature: str) -> float:
    return float(np.nanmedian(np.concatenate([day.features[feature] for day in days])))


def weeks(kind: Kind | None = None, **more: Any) -> list[Day]:
    episodes = [Episode(kind, 0, **more)] if kind else []
    return traffic(14, episodes, seed=2, tickets=1000)


def test_the_same_arguments_give_the_same_days() -> None:
    one, two = (traffic(10, [Episode("deploy", 3)], seed=5) for _ in range(2))
    assert [(day.predictions, day.labels, day.wrong) for day in one] == [
        (day.predictions, day.labels, day.wrong) for day in two
    ]
    assert all(
        (a.features["words"] == b.features["words"]).all() for a, b in zip(one, two, strict=True)
    )


def test_weekends_are_thin() -> None:
    sizes = [len(day.predictions) for day in traffic(14)]
    assert [day for day, size in enumerate(sizes) if size <= 30] == [5, 6, 12, 13]
    assert set(sizes) - {200} <= set(range(12, 31))


def test_every_column_has_a_value_for_each_ticket() -> None:
    for day in traffic(9, [Episode("column", 2, size=1.2)]):
        assert {len(column) for column in day.features.values()} == {len(day.predictions)}


def test_labels_come_late_out_of_order_and_for_half_of_the_tickets() -> None:
    days = traffic(60, delay=4, seed=1)
    asked = {ticket: day.day for day in days for ticket in day.predictions}
    waits = [day.day - asked[ticket] for day in days for ticket in day.labels]
    assert min(waits) == 4
    assert max(waits) > 14
    assert sorted(waits) != waits
    assert len(waits) == len({ticket for day in days for ticket in day.labels})
    assert 0.4 < len(waits) / len(asked) < 0.5


def test_labels_say_how_often_the_model_is_wrong() -> None:
    days = weeks()
    labels = {ticket: label for day in traffic(60, seed=2) for ticket, label in day.labels.items()}
    said = {
        ticket: value for day in traffic(60, seed=2) for ticket, value in day.predictions.items()
    }
    right = sum(said[ticket] == label for ticket, label in labels.items()) / len(labels)
    assert right == pytest.approx(accuracy(days), abs=0.02)


def test_a_baseline_is_what_quiet_days_look_like() -> None:
    baseline, days = trained(), weeks()
    assert share(days) == pytest.approx(baseline["share"], abs=0.02)
    assert accuracy(days) == pytest.approx(baseline["accuracy"], abs=0.01)
    for name, values in baseline["features"].items():
        assert typical(days, name) == pytest.approx(float(np.median(values)), rel=0.1)


@pytest.mark.parametrize(
    ("kind", "inputs", "predictions", "truth"),
    [
        ("segment", True, False, False),
        ("creep", True, False, False),
        ("column", True, True, True),
        ("deploy", False, True, True),
        ("world", False, False, True),
    ],
)
def test_an_episode_shows_in_its_signals(
    kind: Kind, inputs: bool, predictions: bool, truth: bool
) -> None:
    usual, days = weeks(), weeks(kind)
    lost = any(np.isnan(column).any() for day in days for column in day.features.values())
    moved = any(
        abs(typical(days, name) / typical(usual, name) - 1) > 0.25 for name in days[0].features
    )
    assert (lost or moved) is inputs
    assert (abs(share(days) - share(usual)) > 0.15) is predictions
    assert (accuracy(usual) - accuracy(days) > 0.1) is truth


def test_an_episode_ends() -> None:
    usual, days = traffic(9, seed=4), traffic(9, [Episode("campaign", 3, 4)], seed=4)
    apart = [
        day.day
        for day, other in zip(days, usual, strict=True)
        if day.predictions != other.predictions
    ]
    assert apart == [3, 4]


@pytest.mark.parametrize("wrong", [{"days": 0}, {"tickets": 0}, {"delay": 0}])
def test_traffic_refuses_what_it_cannot_make(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        traffic(**wrong)


@dataclass
class Silent:
    """A monitor that writes down what it is told; its reports hold what the test gives it."""

    response: str = "log"
    kinds: set[str] = field(default_factory=set)
    psi: Any = None
    share: Any = None
    accuracy: Any = None
    limits: Any = 0.25
    told: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def signals(self) -> Silent:
        return self

    def observe(self, tenant: str, day: int, features: Any, predictions: Any) -> Silent:
        self.told.append(("observe", tenant, day, len(predictions)))
        return self

    def learn(self, tenant: str, day: int, labels: Any) -> None:
        self.told.append(("learn", tenant, day, len(labels)))


def test_a_replay_tells_labels_first_and_takes_tenants_in_turn() -> None:
    days, monitor = traffic(2, delay=1), Silent()
    reports = replay(monitor, {"acme": days, "globex": days})
    assert [call[:3] for call in monitor.told] == [
        (call, tenant, day)
        for day in (0, 1)
        for tenant in ("acme", "globex")
        for call in ("learn", "observe")
    ]
    assert {tenant: len(some) for tenant, some in reports.items()} == {"acme": 2, "globex": 2}


def test_alarms_are_what_is_more_than_a_log() -> None:
    assert alarm_days([Silent("log"), Silent("alert"), Silent("log"), Silent("rollback")]) == [1, 3]


@pytest.mark.parametrize(
    ("first", "words"), [(47, "9 days until"), (40, "5 days until"), (None, "nobody hears of it")]
)
def test_the_headline_counts_from_the_change_to_the_alarm_of_its_labels(
    first: int | None, words: str
) -> None:
    days, limits = story(1.0, 5), Silent(psi=0.25, share=0.15, accuracy=0.1)
    heard = [first is not None and day >= first for day in range(DAYS)]
    reports = [
        Silent("alert" if heard[day] else "log", {"concept"} if heard[day] else set())
        for day in range(DAYS)
    ]
    seen = timeline(days, reports, Silent(share=0.3, accuracy=0.9), limits, delay=5)
    assert words in seen["headline"]
    until = max(first, STORY[2][2] + 5) if first is not None else DAYS
    assert f", {sum(day.wrong for day in days[STORY[2][2] : until])} wrong" in seen["headline"]
    assert seen["limits"]["share"] == pytest.approx([0.15, 0.45])
