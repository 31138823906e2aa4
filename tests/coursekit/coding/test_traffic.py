"""Limiters to compare with, and the burst that tells them apart."""

from __future__ import annotations

from coursekit import ManualClock
from coursekit.coding.traffic import FixedWindow, SlidingCounter, boundary_burst, compare, in_sight


def asked(limiter: FixedWindow, clock: ManualClock, moments: list[float]) -> list[bool]:
    seen = []
    for clock.now in moments:
        seen.append(limiter.is_allowed("harbour"))
    return seen


def test_a_fixed_window_begins_afresh_at_whole_multiples() -> None:
    clock = ManualClock()
    limiter = FixedWindow(2, 60, clock)
    assert asked(limiter, clock, [58.0, 59.0, 59.75, 60.0, 61.0, 62.0]) == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]
    assert limiter.is_allowed("orchard")


def test_a_counter_weighs_the_last_window_by_what_is_still_in_sight() -> None:
    clock = ManualClock()
    limiter = SlidingCounter(4, 60, clock)
    assert asked(limiter, clock, [10.0] * 5) == [True] * 4 + [False]
    assert asked(limiter, clock, [60.0, 75.0, 75.0, 90.0, 119.0]) == [
        False,
        True,
        False,
        True,
        True,
    ]


def test_half_of_the_burst_comes_before_the_boundary() -> None:
    steady = boundary_burst(10, 60, 0)
    assert len(steady) == 16
    burst = sorted(set(boundary_burst(10, 60, 8)) - set(steady))
    assert [sum(at < 120 for at in burst), sum(at > 120 for at in burst)] == [4, 4]


def test_what_is_in_sight_ages_out_at_exactly_the_window() -> None:
    assert in_sight([0.0, 1.0, 9.75, 10.0, 11.0], [True, True, False, True, False], 10) == [
        1,
        2,
        2,
        2,
        1,
    ]


def test_a_burst_on_the_boundary_tells_the_limiters_apart() -> None:
    seen = compare(FixedWindow, 20, 10, 40)
    most = {name: max(counts) for name, counts in seen["in_sight"].items()}
    assert most["yours"] == most["fixed window"] > 1.5 * 20
    assert 20 <= most["counter"] <= 24
    assert {len(allowed) for allowed in seen["allowed"].values()} == {len(seen["arrivals"])}
