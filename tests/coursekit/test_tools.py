"""Clocks, tallies, forced interleavings, crash images, plots."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coursekit import ManualClock, Tally, YieldingKey, crash_images, explore, race, slider
from coursekit.clocks import ZONES, time_zone


def test_a_manual_clock_moves_when_told() -> None:
    clock = ManualClock(5)
    clock.advance(2.5)
    assert clock() == 7.5
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


def test_a_time_zone_holds_inside_and_no_longer() -> None:
    before = datetime(2026, 11, 21, 12).timestamp()
    utc = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
    hours = []
    for name in ZONES:
        with time_zone(name):
            hours.append((datetime(2026, 11, 21, 12).timestamp() - utc) / 3600)
    assert hours == [0, -5.5, 8]
    assert datetime(2026, 11, 21, 12).timestamp() == before


def test_a_tally_counts_hashes_comparisons_and_times() -> None:
    tally = Tally()
    found = {tally.key(n): n for n in range(100)}
    assert tally.hashes == 100
    assert found[tally.key(7)] == 7
    assert (tally.hashes, tally.comparisons) == (101, 1)
    clock = tally.clock(ManualClock(3.0))
    deadline = clock() + 2
    assert not clock() >= deadline
    assert clock() < min(deadline, deadline - 0.5)
    assert tally.time_comparisons == 3
    assert {deadline: 1}[5.0] == 1


def test_a_race_shows_a_missing_lock() -> None:
    def largest(locked: bool) -> int:
        import threading

        lock, store, seen = threading.Lock(), dict[YieldingKey, int](), [0]

        def put(number: int) -> None:
            for n in range(20):
                if locked:
                    lock.acquire()
                if len(store) >= 3:
                    store.pop(next(iter(store)))
                store[YieldingKey((number, n))] = n
                seen.append(len(store))
                if locked:
                    lock.release()

        told = race(*(lambda i=i: put(i) for i in range(4)))
        return max(seen) if all(t is None for t in told) else 99

    assert largest(locked=True) == 3
    assert largest(locked=False) > 3


def test_a_race_returns_results_and_exceptions_in_order() -> None:
    def fail() -> None:
        raise KeyError("x")

    one, two = race(lambda: 1, fail)
    assert one == 1
    assert isinstance(two, KeyError)


def test_crash_images_show_what_a_power_cut_would_leave(tmp_path: Path) -> None:
    database, counts = tmp_path / "live.db", []
    with crash_images(database, tmp_path / "images") as images:
        db = sqlite3.connect(database)
        db.execute("CREATE TABLE t (x)")
        db.execute("INSERT INTO t VALUES (1)")
        db.execute("INSERT INTO t VALUES (2)")
        db.commit()
        db.execute("INSERT INTO t VALUES (3)")
        db.close()
    for image in images:
        after = sqlite3.connect(image)
        try:
            counts.append(after.execute("SELECT count(*) FROM t").fetchone()[0])
        except sqlite3.OperationalError:
            counts.append(None)
        after.close()
    assert counts[0] is None
    assert set(counts) == {None, 0, 2}
    assert counts[-1] == 2


def test_a_plot_is_drawn_once_without_widgets_and_tells_when_code_is_missing() -> None:
    drawn: list[dict[str, Any]] = []

    def draw(figure: Any, width: float) -> None:
        figure.subplots().plot([0, width])
        drawn.append({"width": width})

    def unwritten(figure: Any) -> None:
        raise NotImplementedError

    explore(draw, caption="a line", width=slider(1, 9, 2, start=3))
    explore(unwritten, caption="nothing yet")
    assert drawn == [{"width": 3}]
    with pytest.raises(ValueError, match="cannot start at"):
        slider(0, 1, 0.1, start=2)
