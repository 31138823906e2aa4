"""Cases that upstream publishes for its Deployment controller, as facts in a form of our own.

From `util/deployment_util_test.go`, `rolling_test.go`, `sync_test.go` and `recreate_test.go` in
`pkg/controller/deployment`, and `controller_utils_test.go` of kubernetes/kubernetes.
"""

from __future__ import annotations

from typing import Any

import pytest

from coursekit.devops.cluster import rollout
from coursekit.devops.cluster.rollout import Candidate, Progress, ReplicaSet, Status


def spec(
    replicas: int, surge: int | str = 0, unavailable: int | str = 0, kind: str = "RollingUpdate"
) -> dict[str, Any]:
    return {
        "replicas": replicas,
        "strategy": {
            "type": kind,
            "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable},
        },
    }


@pytest.mark.parametrize(
    ("surge", "unavailable", "replicas", "expected"),
    [
        ("0%", "1%", 2, (0, 1)),
        ("0%", "1%", 1, (0, 1)),
        ("1%", "25%", 2, (1, 0)),
        ("1%", "25%", 1, (1, 0)),
        ("1%", "0%", 2, (1, 0)),
        ("25%", "25%", 5, (2, 1)),
        ("25%", "25%", 10, (3, 2)),
        (0, 0, 10, (0, 1)),
        (2, "30%", 7, (2, 2)),
    ],
)
def test_surge_rounds_up_and_unavailable_down(
    surge: int | str, unavailable: int | str, replicas: int, expected: tuple[int, int]
) -> None:
    assert rollout.resolve_fenceposts(surge, unavailable, replicas) == expected


@pytest.mark.parametrize(
    ("replicas", "unavailable", "expected"),
    [(10, 5, 5), (10, 10, 10), (5, 10, 5), (0, 10, 0), (10, "50%", 5), (10, "100%", 10)],
)
def test_never_more_unavailable_than_there_are(
    replicas: int, unavailable: int | str, expected: int
) -> None:
    assert rollout.max_unavailable(spec(replicas, 1, unavailable)) == expected


def test_recreate_knows_neither() -> None:
    recreate = spec(10, 3, 3, "Recreate")
    assert (rollout.max_surge(recreate), rollout.max_unavailable(recreate)) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "replicas", "new", "surge", "expected"),
    [("RollingUpdate", 1, 5, 1, 5), ("RollingUpdate", 6, 2, 10, 6), ("Recreate", 3, 1, 1, 3)],
)
def test_how_large_the_new_set_may_be(
    kind: str, replicas: int, new: int, surge: int, expected: int
) -> None:
    old = [ReplicaSet("old", 5)]
    now = rollout.new_replicas(spec(replicas, surge, 1, kind), ReplicaSet("new", new), old)
    assert now == expected


@pytest.mark.parametrize(
    ("replicas", "surge", "old", "new", "expected"),
    [
        (10, 0, 10, 0, {}),
        (10, 2, 10, 0, {"new": 2}),
        (10, 2, 5, 0, {"new": 7}),
        (10, 2, 10, 2, {}),
        (10, 2, 2, 11, {"new": 10}),
    ],
)
def test_the_new_set_grows_first(
    replicas: int, surge: int, old: int, new: int, expected: dict[str, int]
) -> None:
    sizes = rollout.roll(spec(replicas, surge), ReplicaSet("new", new), [ReplicaSet("old", old)])
    assert {name: size for name, size in sizes.items() if name == "new"} == expected


@pytest.mark.parametrize(
    ("unavailable", "old", "new", "ready_old", "ready_new", "expected"),
    [
        (0, 10, 0, 10, 0, {"old": 9}),
        (2, 10, 0, 10, 0, {"old": 8}),
        (2, 10, 0, 8, 0, {"old": 8}),  # those that are not healthy go first
        (2, 10, 0, 9, 0, {"old": 8}),
        (2, 8, 0, 8, 0, {}),
    ],
)
def test_old_sets_shrink_as_far_as_they_may(
    unavailable: int, old: int, new: int, ready_old: int, ready_new: int, expected: dict[str, int]
) -> None:
    sizes = rollout.roll(
        spec(10, 0, unavailable),
        ReplicaSet("new", new, ready_new),
        [ReplicaSet("old", old, ready_old)],
    )
    assert {name: size for name, size in sizes.items() if name == "old"} == expected


@pytest.mark.parametrize(
    ("replicas", "before", "sizes", "expected"),
    [
        (12, 10, [10], [12]),
        (5, 10, [10], [5]),
        (10, 5, [2, 3], [4, 6]),
        (3, 5, [2, 3], [1, 2]),
        (4, 9, [8, 1], [4, 0]),
        (10, 7, [2, 3, 2], [3, 4, 3]),
        (8, 13, [2, 8, 3], [1, 5, 2]),
        (4, 3, [1, 1, 1], [2, 1, 1]),
        (2, 3, [1, 1, 1], [1, 1, 0]),
        (0, 6, [3, 2, 1], [0, 0, 0]),
        (6, 6, [0, 0, 0], [6, 0, 0]),
    ],
)
def test_a_change_of_size_is_shared(
    replicas: int, before: int, sizes: list[int], expected: list[int]
) -> None:
    assert _rescaled(spec(replicas), before, 0, sizes) == expected


@pytest.mark.parametrize(
    ("replicas", "surge", "before", "surge_before", "sizes", "expected"),
    [(20, 2, 10, 2, [6, 6], [11, 11]), (50, 6, 10, 3, [5, 8], [22, 34])],
)
def test_surge_is_part_of_what_is_shared(
    replicas: int, surge: int, before: int, surge_before: int, sizes: list[int], expected: list[int]
) -> None:
    assert _rescaled(spec(replicas, surge), before, surge_before, sizes) == expected


def test_without_a_new_set_the_latest_gets_what_is_left() -> None:
    old = [ReplicaSet("v2", 2, 2, 1, 4, 4), ReplicaSet("v1", 2, 2, 0, 4, 4)]
    assert rollout.rescale(spec(5), None, old, 4) == {"v2": 3}
    old = [ReplicaSet("v2", 7, 7, 1, 10, 10), ReplicaSet("v1", 3, 3, 0, 10, 10)]
    assert rollout.rescale(spec(14), None, old, 10) == {"v2": 10, "v1": 4}


def test_one_set_that_missed_a_change_catches_up() -> None:
    sets = [ReplicaSet("v3", 2, 2, 2, 5, 5), ReplicaSet("v2", 1, 1, 1, 3, 3),
            ReplicaSet("v1", 1, 1, 0, 5, 5)]  # fmt: skip
    assert rollout.rescale(spec(5), sets[0], sets[1:], 4) == {"v2": 2}


def test_a_broken_new_set_costs_no_old_pod() -> None:
    new, old = ReplicaSet("v2", 2, 0, 1, 2, 3), [ReplicaSet("v1", 1, 1, 0, 2, 3)]
    assert rollout.rescale(spec(2, 1, 1), new, old, 3) == {}


def _rescaled(tree: dict[str, Any], before: int, surge_before: int, sizes: list[int]) -> list[int]:
    """Sizes after the change; the first set is the newest."""
    sets = [
        ReplicaSet(f"v{number}", size, size, -number, before, before + surge_before)
        for number, size in enumerate(sizes)
    ]
    changed = rollout.rescale(tree, sets[0], sets[1:], sum(sizes))
    return [changed.get(one.name, one.replicas) for one in sets]


def test_recreate_waits_until_the_old_pods_are_gone() -> None:
    recreate, new = spec(3, kind="Recreate"), ReplicaSet("new", 0)
    assert rollout.roll(recreate, new, [ReplicaSet("old", 3)], 3) == {"old": 0}
    assert rollout.roll(recreate, new, [ReplicaSet("old", 0)], 1) == {}
    assert rollout.roll(recreate, new, [ReplicaSet("old", 0)], 0) == {"new": 3}


@pytest.mark.parametrize(
    ("before", "now", "progressed"),
    [
        (Status(10, 4, 0, 0), Status(10, 6, 0, 0), True),  # more new ones
        (Status(10, 4, 0, 8), Status(10, 4, 0, 9), True),  # more available
        (Status(10, 4, 0, 8), Status(8, 4, 0, 8), True),  # fewer old ones
        (Status(10, 4, 8, 8), Status(10, 4, 9, 8), True),  # more ready
        (Status(10, 4, 8, 8), Status(10, 4, 8, 8), False),
        (Status(10, 4, 8, 8), Status(10, 4, 7, 7), False),
    ],
)
def test_what_counts_as_progress(before: Status, now: Status, progressed: bool) -> None:
    known = Progress("ReplicaSetUpdated", 0)
    after = rollout.progress(spec(12), before, now, known, 100)
    assert (after.updated_s == 100) is progressed


def test_the_deadline_counts_from_the_last_progress() -> None:
    tree = {**spec(3), "progressDeadlineSeconds": 60}
    stuck, known = Status(4, 1, 3, 3), Progress("ReplicaSetUpdated", 100)
    assert rollout.progress(tree, stuck, stuck, known, 160) == known
    late = rollout.progress(tree, stuck, stuck, known, 161)
    assert (late.reason, late.holds) == ("ProgressDeadlineExceeded", False)
    assert rollout.progress(tree, stuck, stuck, late, 999) == late
    done = rollout.progress(tree, stuck, Status(3, 3, 3, 3), late, 1000)
    assert done.reason == "NewReplicaSetAvailable"


def test_a_finished_roll_out_never_misses_a_deadline() -> None:
    known = Progress("NewReplicaSetAvailable", 0)
    lost = Status(3, 3, 1, 1)
    assert rollout.progress(spec(3), Status(3, 3, 3, 3), lost, known, 9999) == known


def test_who_goes_first() -> None:
    order = [
        Candidate("unassigned", assigned=False, phase="Pending"),
        Candidate("pending", phase="Pending"),
        Candidate("unknown", phase="Unknown"),
        Candidate("not-ready", rank=1),
        Candidate("not-ready-alone"),
        Candidate("cheap", ready_since_s=0, cost=-1),
        Candidate("crowded", ready_since_s=0, rank=3),
        Candidate("just-ready", ready_since_s=990, rank=1),
        Candidate("restarted", ready_since_s=0, rank=1, restarts=2),
        Candidate("young", ready_since_s=0, rank=1, created_s=900),
        Candidate("a-old", ready_since_s=0, rank=1),
        Candidate("b-old", ready_since_s=0, rank=1),
    ]
    assert rollout.first_to_go(list(reversed(order)), 1000) == [pod.name for pod in order]


def test_nearly_equal_ages_are_equal() -> None:
    pods = [Candidate("a", ready_since_s=400), Candidate("b", ready_since_s=450)]
    assert rollout.first_to_go(pods, 1000) == ["a", "b"]
