"""Traces of repeated questions, and what caches with forgetful keys answer."""

from __future__ import annotations

from typing import Any

import pytest

from coursekit import ManualClock
from coursekit.coding.predictions import AFTER, BEFORE, RELEASE, Request, replay, request_trace


class Dictionary:
    """A cache that keeps everything for ever."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return self.found.get(key)

    def put(self, key: str, value: Any) -> None:
        self.found[key] = value


def asked(*requests: tuple[float, str, str, str]) -> list[Request]:
    return [Request(at, tenant, version, {"text": text}) for at, tenant, version, text in requests]


def text_of(request: Request) -> str:
    return str(request.payload["text"])


def test_a_trace_is_in_order_and_the_same_again() -> None:
    trace = request_trace(0.5, 3, requests=50)
    assert trace == request_trace.__wrapped__(0.5, 3, requests=50)
    times = [request.at for request in trace]
    assert times == sorted(times)
    assert {request.version for request in trace if request.at < RELEASE} == {BEFORE}
    assert {request.version for request in trace if request.at >= RELEASE} == {AFTER}


def test_a_trace_has_as_many_repeats_and_tenants_as_asked_for() -> None:
    for repeats, tenants in ((0.0, 1), (1.0, 8), (0.6, 3)):
        trace = request_trace(repeats, tenants)
        popular = sum(text_of(request).startswith("popular") for request in trace)
        assert popular / len(trace) == pytest.approx(repeats, abs=0.08)
        assert len({request.tenant for request in trace}) == tenants
        assert len({tuple(request.payload) for request in trace}) == 2


@pytest.mark.parametrize("arguments", [(-0.1, 3), (1.1, 3), (0.5, 0), (0.5, 9), (0.5, 3, 0)])
def test_a_trace_that_cannot_be_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="a share from 0 to 1"):
        request_trace(*arguments)


def test_a_replay_tells_whose_answer_was_served() -> None:
    trace = asked(
        (1, "harbour", "v7", "a"), (2, "harbour", "v7", "a"), (3, "orchard", "v7", "a"), (4, "harbour", "v8", "a"),
        (5, "orchard", "v8", "a"), (6, "harbour", "v8", "b"),
    )  # fmt: skip
    clock = ManualClock()
    served = replay(trace, Dictionary(), text_of, clock)
    assert served == {"right": [2], "foreign": [3, 5], "old": [4], "model": [1, 6]}
    assert clock.now == 360


def test_a_key_that_forgets_nothing_serves_no_wrong_answer() -> None:
    trace = request_trace(0.8, 4)
    served = replay(
        trace, Dictionary(), lambda r: f"{r.tenant} {r.version} {r.payload['text']}", ManualClock()
    )
    assert served["right"]
    assert not served["foreign"] + served["old"]
    assert sum(map(len, served.values())) == len(trace)
