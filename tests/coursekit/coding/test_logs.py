"""A usage log with late and damaged entries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from coursekit.coding.logs import BURST, REPORT, START, by_minute, log_stream


def whole(entries: Any) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict) and "minute" in entry]


def test_a_stream_is_the_same_again_and_whole_without_faults() -> None:
    arrived, in_the_end = log_stream(0.0, 0.0)
    assert (arrived, in_the_end) == log_stream.__wrapped__(0.0, 0.0)
    assert whole(in_the_end) == in_the_end
    assert len(in_the_end) - len(arrived) <= 2  # within the last five seconds
    for entry in in_the_end:
        at = datetime.fromisoformat(entry["timestamp"])
        assert START <= at < REPORT
        assert entry["minute"] == (at - START).total_seconds() // 60


def test_late_entries_arrive_after_the_report() -> None:
    missing = [
        len(all_) - len(arrived)
        for arrived, all_ in (log_stream(late, 0.0) for late in (0.0, 0.3, 1.0))
    ]
    assert missing == sorted(missing)
    assert missing[0] < missing[1] < missing[2]
    assert [len(log_stream(late, 0.0)[1]) for late in (0.0, 0.3, 1.0)] == [
        len(log_stream(0.0, 0.0)[1])
    ] * 3


def test_as_many_entries_are_damaged_as_asked_for() -> None:
    for share in (0.0, 0.2, 1.0):
        _, in_the_end = log_stream(0.1, share)
        assert 1 - len(whole(in_the_end)) / len(in_the_end) == pytest.approx(share, abs=0.05)
    kinds = {type(entry).__name__ for entry in in_the_end}
    assert kinds == {"dict", "str"}


def test_one_tenant_runs_wild() -> None:
    minutes = [
        entry["minute"] for entry in log_stream(0.0, 0.0)[1] if entry["user_id"] == "orchard"
    ]
    wild = sum(minute in BURST for minute in minutes) / len(BURST)
    assert wild > 2 * len(minutes) / 60


def test_minutes_take_the_place_of_events() -> None:
    entries = ["a line", {"event": "draft", "minute": 7, "user_id": "harbour"}, {"event": "draft"}]
    counted = list(by_minute(entries))
    assert counted == ["a line", {"event": 7, "minute": 7, "user_id": "harbour"}, {"event": None}]
    assert entries[1]["event"] == "draft"  # type: ignore[index]


@pytest.mark.parametrize("shares", [(-0.1, 0.0), (1.1, 0.0), (0.0, -0.1), (0.0, 1.1)])
def test_what_is_no_share_is_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        log_stream(*shares)
