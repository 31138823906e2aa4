"""Experiments for the eye: the same visitors every time, looks that stop, and how often chance
wins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coursekit.mlops.experiments import (
    EXPERIMENTS,
    RATE,
    USERS,
    Arm,
    false_alarms,
    look_again,
    stopped_early,
    visitors,
)


def greater(a: Arm, b: Arm) -> dict[str, Any]:
    gap = float(b.mean() - a.mean())
    return {"winner": "B" if gap > 0 else "nobody", "confidence_interval": (gap - 0.5, gap + 0.5)}


def never(a: Arm, b: Arm) -> dict[str, Any]:
    return greater(a, b) | {"winner": "No significant difference"}


def test_the_same_number_brings_the_same_visitors() -> None:
    first, again, other = visitors(3), visitors(3), visitors(4)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert {len(arm) for arm in first} == {USERS}
    assert set(np.unique(first)) == {0.0, 1.0}


def test_a_lift_changes_arm_b_alone_and_loses_nobody() -> None:
    (a, b), (same, lifted) = visitors(3), visitors(3, lift=0.04)
    assert np.array_equal(a, same)
    assert bool((lifted >= b).all())
    assert lifted.mean() - b.mean() == pytest.approx(0.04, abs=0.01)


def test_rates_are_right_in_the_long_run() -> None:
    assert np.mean([visitors(n) for n in range(1, EXPERIMENTS + 1)]) == pytest.approx(
        RATE, abs=0.002
    )


def test_looks_are_equally_far_apart_and_the_last_sees_everybody() -> None:
    looks = look_again(never, visitors(1), 4)
    assert [look["users"] for look in looks] == [960, 1920, 2880, 3841]
    assert all(look["high"] - look["low"] == pytest.approx(1) for look in looks)


def test_who_stops_at_a_winner_looks_no_further() -> None:
    arms = np.array([1.0, 0.0] * USERS)[:USERS], np.ones(USERS)
    assert len(look_again(greater, arms, 9, until_a_winner=True)) == 1
    assert (
        len(look_again(greater, arms, 9))
        == len(look_again(never, arms, 9, until_a_winner=True))
        == 9
    )


def test_every_experiment_ends_with_a_or_b_or_nobody() -> None:
    assert stopped_early(never, 0, 2) == {"A": 0, "B": 0, "nobody": EXPERIMENTS}
    counts = stopped_early(greater, 0.0, 5)
    assert sum(counts.values()) == EXPERIMENTS
    assert counts["A"] == 0
    assert stopped_early(greater, 0.04, 5)["B"] >= counts["B"] > 0


def test_false_alarms_are_those_of_the_published_table() -> None:
    """Armitage, McPherson & Rowe (1969): repeated tests, each at 5 %."""
    published = {1: 0.050, 2: 0.083, 3: 0.107, 4: 0.126, 5: 0.142, 10: 0.193, 20: 0.248}
    rates = false_alarms()
    assert {looks: round(rates[looks - 1], 3) for looks in published} == published
    assert list(rates) == sorted(rates)


def test_a_stricter_limit_makes_fewer_false_alarms() -> None:
    """Pocock's constant for five looks, 2.413, holds all five together at 5 %."""
    assert false_alarms(5, z=2.413)[-1] == pytest.approx(0.05, abs=0.0005)
