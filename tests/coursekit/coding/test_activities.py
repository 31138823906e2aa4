"""Activities of users who stay and leave, and a feature computed too late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from coursekit.coding.activities import (
    DAYS,
    DELAYS,
    FEATURE,
    START,
    USERS,
    Activity,
    Features,
    auc,
    skew,
    twelve_days,
)


def last_day(activities: Sequence[Activity], reference: datetime) -> Features:
    counts: dict[str, dict[str, int]] = {}
    for activity in activities:
        age = reference - datetime.fromisoformat(activity["timestamp"])
        if age >= timedelta(0):
            row = counts.setdefault(activity["user_id"], {FEATURE: 0})
            row[FEATURE] += age <= timedelta(hours=24)
    return counts


def test_nobody_does_anything_after_leaving() -> None:
    activities, leaves = twelve_days()
    assert len(leaves) == USERS
    for activity in activities:
        at = (datetime.fromisoformat(activity["timestamp"]) - START) / timedelta(days=1)
        assert 0 <= at < leaves[activity["user_id"]] <= DAYS


def test_tenants_write_their_times_with_their_own_offsets() -> None:
    offsets = {
        activity["user_id"].split("/")[0]: activity["timestamp"][-6:]
        for activity in twelve_days()[0]
    }
    assert offsets == {"harbour": "+02:00", "orchard": "-05:00", "lantern": "+00:00"}


@pytest.mark.parametrize(
    ("high", "low", "area"),
    [
        ([2, 3], [0, 1], 1.0),
        ([0], [5, 6], 0.0),
        ([1, 1], [1], 0.5),
        ([1, 3], [2], 0.5),
        ([], [1], 0.5),
    ],
)
def test_the_area_is_the_chance_of_the_right_order(
    high: list[float], low: list[float], area: float
) -> None:
    assert auc(high, low) == area


@pytest.mark.parametrize("day", [3, 4, 5, 6])
def test_a_late_job_seems_to_know_who_leaves(day: int) -> None:
    seen = skew(last_day, day, 4)
    assert len(seen["late"]) == len(DELAYS)
    assert seen["honest"] == seen["late"][0] < 0.75
    assert seen["late"][4] > 0.8
    assert seen["values"]["late"]["left"] < 0.6 * seen["values"]["honest"]["left"]
    assert min(seen["users"].values()) > 10


def test_a_feature_that_knows_nothing_is_dice() -> None:
    assert skew(lambda activities, reference: {}, 4, 2)["late"] == [0.5] * len(DELAYS)
