"""Published cases of budgets, evictions, back-off and classes of pods, in a form of our own.

From `pkg/controller/disruption/disruption_test.go`, `pkg/registry/core/pod/storage/eviction_test.go`,
`client-go/util/flowcontrol/backoff_test.go` and `pkg/apis/core/v1/helper/qos/qos_test.go`.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from coursekit.devops.cluster import App, Process, memory, nodes
from coursekit.devops.cluster.nodes import Budget, Room
from coursekit.devops.cluster.week import play_week
from coursekit.devops.cluster.world import Node


@pytest.mark.parametrize(
    ("spec", "healthy", "pods", "scale", "expected"),
    [
        ({"minAvailable": 3}, 1, 1, 10, (3, 0)),
        ({"minAvailable": 3}, 4, 4, 10, (3, 1)),
        ({"minAvailable": "28%"}, 1, 1, 1, (1, 0)),
        ({"minAvailable": "30%"}, 3, 7, 7, (3, 0)),
        ({"minAvailable": "70%"}, 5, 5, 5, (4, 1)),
        ({"maxUnavailable": 1}, 5, 5, 5, (4, 1)),
        ({"maxUnavailable": "30%"}, 7, 7, 7, (4, 3)),
        ({"maxUnavailable": "100%"}, 2, 2, 2, (0, 2)),
        ({"maxUnavailable": 9}, 2, 2, 2, (0, 2)),
        ({"maxUnavailable": 1}, 0, 0, 0, (0, 0)),
    ],
)
def test_what_a_budget_allows(
    spec: dict[str, Any], healthy: int, pods: int, scale: int, expected: tuple[int, int]
) -> None:
    known = nodes.budget("b", spec, healthy, pods, scale)
    assert (known.desired_healthy, known.allowed) == expected


@pytest.mark.parametrize(
    ("phase", "ready", "budget", "policy", "code"),
    [
        ("Running", True, Budget("b", 3, 2, 3), "IfHealthyBudget", 201),
        ("Running", True, Budget("b", 3, 3, 3), "IfHealthyBudget", 429),
        ("Pending", False, Budget("b", 3, 3, 3), "IfHealthyBudget", 201),
        ("Running", False, Budget("b", 3, 3, 3), "IfHealthyBudget", 201),
        ("Running", False, Budget("b", 3, 3, 2), "IfHealthyBudget", 429),
        ("Running", False, Budget("b", 3, 3, 2), "AlwaysAllow", 201),
        ("Running", False, Budget("b", 3, 0, 0), "IfHealthyBudget", 429),
        ("Running", True, Budget("b", 3, 3, 2), "AlwaysAllow", 429),
    ],
)
def test_who_may_be_evicted(
    phase: str, ready: bool, budget: Budget, policy: str, code: int
) -> None:
    assert nodes.evict(phase, ready, False, [(budget, policy)]).code == code


def test_two_budgets_over_one_pod_refuse_for_good() -> None:
    known = (Budget("b", 3, 1, 3), "IfHealthyBudget")
    assert nodes.evict("Running", True, False, [known, known]).code == 500
    assert nodes.evict("Running", True, False, []).code == 201


def test_pods_spread_over_nodes_that_fit() -> None:
    small, large = Node("small", 1000, 1 << 20), Node("large", 4000, 1 << 22)
    rooms = [Room(small), Room(large, related=1)]
    assert nodes.choose(rooms, 500, 1 << 19) == ("small", "")
    assert nodes.choose(rooms, 2000, 0) == ("large", "")
    name, why = nodes.choose(rooms, 8000, 1 << 23)
    assert (name, why) == (
        "", "0/2 nodes are available: 2 Insufficient cpu, 2 Insufficient memory.",
    )  # fmt: skip


def test_waits_double_and_are_forgotten_after_ten_minutes() -> None:
    known: memory.BackOff | None = None
    ended, waits = 100, []
    for _ in range(8):
        start = memory.next_start_s(known, ended)
        waits.append(start - ended)
        known = memory.backed_off(known, ended, start)
        ended = start + 20
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]
    assert known is not None
    assert memory.next_start_s(known, known.since_s + 600) == known.since_s + 900
    assert memory.next_start_s(known, known.since_s + 601) == known.since_s + 601


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {"cpu": "1"}}], "Burstable"),
        ([{"limits": {"memory": "1Gi"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"},
           "requests": {"cpu": "1000m", "memory": "1024Mi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}, {}], "Burstable"),
        ([{}, {"requests": {"cpu": "0"}}], "BestEffort"),
    ],
)  # fmt: skip
def test_classes_of_pods(containers: list[dict[str, Any]], expected: str) -> None:
    assert memory.qos_class([{"resources": one} for one in containers]) == expected


def test_memory_by_the_formula() -> None:
    process = Process(100, 150, 2, cache_kib=10, leak_kib=3)
    known = memory.settings(
        {"WORKERS": "2", "BATCH_SIZE": "32", "CACHE_MAX_MIB": "1"}, 1, 1, process
    )
    mib = 100 + 2 * 150 + 2 * 32 * 2
    assert memory.resident_kib(process, known, 50, 40) == mib * 1024 + 50 * 10 + 40 * 3
    assert memory.resident_kib(process, known, 5000, 0) == (mib + 1) * 1024
    assert memory.resident_kib(process, known, 0, 0, loaded=False, busy=False) == 100 * 1024


def test_one_worker_is_recycled_at_a_time() -> None:
    known = memory.settings({"WORKERS": "2", "MAX_REQUESTS_PER_WORKER": "100"}, 1, 1, Process())
    workers, turns = memory.Workers(known), []
    for second in range(100):
        workers.serve(10)
        if workers.recycle():
            turns.append(second)
        assert workers.leaked <= 150
    assert all(b - a >= 5 for a, b in itertools.pairwise(turns))


LEAK = App(workers=2, batch=32, item_ms=5, process=Process(100, 150, 2, leak_kib=2))
LOAD = [60] * 10_080


def test_a_leak_kills_in_the_week_and_recycling_ends_it() -> None:
    leaking = play_week(LEAK, {}, 1 << 20, LOAD)
    assert len(leaking.ooms) == 2
    assert leaking.failures["lost"] == 120
    mended = play_week(LEAK, {"MAX_REQUESTS_PER_WORKER": "5000"}, 1 << 20, LOAD)
    assert (mended.ooms, mended.failed) == ((), 0)
    assert mended.peak_kib < 560 * 1024
    alone = play_week(LEAK, {"MAX_REQUESTS_PER_WORKER": "5000", "WORKERS": "1"}, 1 << 20, LOAD)
    assert alone.failures["recycling"] > 0


def test_smaller_batches_need_less_memory_and_take_longer() -> None:
    one, many = ({"BATCH_SIZE": size} for size in ("1", "32"))
    small, large = (play_week(LEAK, env, 1 << 20, [1000] * 60) for env in (one, many))
    assert small.peak_kib < large.peak_kib
    assert small.failures["too slow"] > 0 == large.failures["too slow"]


def test_a_spike_stands_in_its_minute_alone() -> None:
    week = play_week(App(process=Process(item_mib=50)), {}, 1 << 20, [9] * 60, big_milli={30: 4000})
    assert week.resident_kib[30] - week.resident_kib[29] == 150 * 1024
    assert week.resident_kib[31] == week.resident_kib[29]
