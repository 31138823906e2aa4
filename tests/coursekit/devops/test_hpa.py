"""Cases that upstream publishes for its autoscaler, as facts in a form of our own.

From `replica_calculator_test.go` and `horizontal_test.go` of kubernetes/kubernetes. Each of their
pods has two containers with the same use and the same request, so amounts are doubled here.
"""

from __future__ import annotations

from typing import Any

import pytest

from coursekit.devops.cluster import hpa
from coursekit.devops.cluster.hpa import History, Pod, Sample

NOW = 1000
OLD = NOW - 600  # past every initial delay
YOUNG = NOW - 30


def pods(
    requests: list[int],
    ready: str = "",
    phases: str = "",
    started: str = "",
    deleting: str = "",
) -> list[Pod]:
    """Pods p0, p1, …: per letter, `n` is not ready, `P` pending, `F` failed, `y` young, `d` deleted."""

    def letter(text: str, number: int) -> str:
        return text[number] if number < len(text) else "."

    return [
        Pod(
            f"p{number}",
            {"P": "Pending", "F": "Failed"}.get(letter(phases, number), "Running"),
            letter(ready, number) != "n",
            YOUNG if letter(started, number) == "y" else OLD,
            NOW if letter(started, number) == "y" else OLD,
            letter(deleting, number) == "d",
            {"cpu": request * 2},
        )
        for number, request in enumerate(requests)
    ]


def used(*values: int) -> dict[str, Sample]:
    return {f"p{number}": Sample(value, NOW, 60) for number, value in enumerate(values)}


ONE = 1000  # millicores


@pytest.mark.parametrize(
    ("replicas", "target", "levels", "state", "expected"),
    [
        # up
        (3, 30, (300, 500, 700), {"requests": [ONE] * 3}, (5, 50)),
        (3, 30, (300, 500, 700), {"requests": [ONE] * 3, "ready": "n.."}, (4, 60)),
        (3, 30, (300, 500, 700), {"requests": [ONE] * 3, "started": "y.."}, (4, 60)),
        (3, 30, (400, 500, 700), {"requests": [ONE] * 3, "ready": ".nn"}, (3, 40)),
        (
            3,
            30,
            (400, 500, 700),
            {"requests": [ONE] * 3, "ready": ".nn", "started": ".yy"},
            (3, 40),
        ),
        (2, 30, (500, 700), {"requests": [ONE] * 4, "ready": "..nn", "phases": "..FF"}, (4, 60)),
        (2, 30, (500, 700), {"requests": [ONE] * 4, "ready": "..nn", "deleting": "..dd"}, (4, 60)),
        # down
        (5, 50, (100, 300, 500, 250, 250), {"requests": [ONE] * 5}, (3, 28)),
        (5, 50, (100, 300, 500, 250, 250), {"requests": [ONE] * 5, "ready": "...nn"}, (2, 30)),
        (5, 50, (100,), {"requests": [ONE] * 5, "ready": ".nnnn", "phases": ".PPPP"}, (1, 10)),
        (5, 50, (100, 300, 500, 250, 250), {"requests": [ONE] * 5, "started": "...yy"}, (2, 30)),
        (5, 50, (100, 300, 500, 250, 250), {"requests": [ONE] * 7, "phases": ".....FF"}, (3, 28)),
        (5, 50, (100, 300, 500, 250, 250), {"requests": [ONE] * 7, "deleting": ".....dd"}, (3, 28)),
        # neither
        (3, 100, (1010, 1030, 1020), {"requests": [900, ONE, 1100]}, (3, 102)),
        # values of pods that nobody knows, and pods without a value
        (4, 100, (4000, 9500, 3000, 7000, 3200, 2000), {"requests": [ONE] * 4}, (24, 587)),
        (4, 100, (400, 95), {"requests": [ONE] * 4}, (3, 24)),
        (2, 100, (1000,), {"requests": [ONE] * 2}, (2, 100)),
        (2, 100, (1900,), {"requests": [ONE] * 2}, (2, 190)),
        (2, 100, (600,), {"requests": [ONE] * 2}, (2, 60)),
        (3, 50, (100, 450), {"requests": [ONE] * 3, "ready": "n.."}, (3, 45)),
        (3, 50, (100, 450), {"requests": [ONE] * 3, "started": "y.."}, (3, 45)),
        (3, 50, (100, 2000), {"requests": [ONE] * 3, "ready": "n.."}, (4, 200)),
        (4, 50, (100, 100, 100), {"requests": [ONE] * 4, "ready": "n..."}, (3, 10)),
        (4, 300, (200, 100, 100), {"requests": [ONE, ONE, 2000, 2000], "ready": "n..."}, (2, 6)),
        (2, 50, (100, 100), {"requests": [ONE] * 3}, (2, 10)),
    ],
)
def test_a_share_of_the_request(
    replicas: int,
    target: int,
    levels: tuple[int, ...],
    state: dict[str, Any],
    expected: tuple[int, int],
) -> None:
    doubled = used(*(level * 2 for level in levels))
    answer = hpa.resource_replicas(replicas, target, "cpu", doubled, pods(**state), NOW)
    assert answer == expected


@pytest.mark.parametrize(
    ("tolerances", "levels", "target", "expected"),
    [
        ((0.0, 0.0), (909, 1010, 1111), 100, (4, 101)),
        ((0.1, 2.0), (1890, 1910, 1900), 100, (3, 190)),
        ((2.0, 0.08), (1100, 1080, 1090), 100, (4, 109)),
        ((0.36, 0.1), (660, 640, 650), 100, (3, 65)),
        ((0.34, 0.1), (660, 640, 650), 100, (2, 65)),
    ],
)
def test_each_way_has_its_tolerance(
    tolerances: tuple[float, float],
    levels: tuple[int, ...],
    target: int,
    expected: tuple[int, int],
) -> None:
    doubled = used(*(level * 2 for level in levels))
    known = pods([900, 1000, 1100])
    answer = hpa.resource_replicas(3, target, "cpu", doubled, known, NOW, tolerances)
    assert answer == expected


@pytest.mark.parametrize(
    ("replicas", "target", "levels", "state", "expected"),
    [
        (3, 15000, (20000, 10000, 30000), {}, (4, 20000)),
        (3, 15000, (50000, 10000, 30000), {"ready": "..n", "started": "..y"}, (6, 30000)),
        (3, 15000, (50000, 15000, 30000), {"ready": "n.n", "started": "y.y"}, (7, 31666)),
        (5, 20000, (12000,) * 5, {}, (3, 12000)),
        (3, 20000, (20000, 21000, 21000), {}, (3, 20666)),
        (5, 20000, (20000, 19000, 21000), {}, (5, 20000)),
        (2, 17000, (10000, 10000), {"requests": [1] * 3}, (2, 10000)),
    ],
)
def test_a_mean_value_per_pod(
    replicas: int,
    target: int,
    levels: tuple[int, ...],
    state: dict[str, Any],
    expected: tuple[int, int],
) -> None:
    known = pods(**{"requests": [1] * replicas, **state})
    assert hpa.plain_replicas(replicas, target, used(*levels), known, NOW) == expected


def ask(
    kind: str, target: dict[str, str], value: int, replicas: int, ready: str = "", up: str = "0.1"
) -> tuple[int, int]:
    part = {"metric": {"name": "qps"}, "target": target}
    spec = {
        "minReplicas": 1,
        "maxReplicas": 10_000,
        "metrics": [{"type": kind, kind.lower(): part}],
        "behavior": {"scaleUp": {"tolerance": up}},
    }
    known = pods([1] * replicas, ready)
    decision = hpa.desired(spec, NOW, replicas, known, {"qps": value})
    return decision.recommended, decision.values[0][1]


@pytest.mark.parametrize("kind", ["Object", "External"])
@pytest.mark.parametrize(
    ("replicas", "target", "value", "ready", "up", "expected"),
    [
        (3, {"value": "15"}, 20000, "", "0.1", 4),
        (3, {"value": "10"}, 50000, "n.n", "0.1", 5),
        (3, {"value": "4400m"}, 8600, "n.n", "0.1", 2),
        (5, {"value": "20"}, 12000, "", "0.1", 3),
        (5, {"value": "14334m"}, 8600, "", "0.1", 3),
        (3, {"value": "20"}, 20666, "", "0.1", 3),
        (3, {"value": "8888m"}, 8600, "", "0.1", 3),
        (3, {"value": "20"}, 20666, "", "0.01", 4),
        (3, {"value": "8800m"}, 8900, "", "0.01", 4),
    ],
)
def test_one_value_for_all(
    kind: str, replicas: int, target: dict[str, str], value: int, ready: str, up: str, expected: int
) -> None:
    assert ask(kind, target, value, replicas, ready, up)[0] == expected


@pytest.mark.parametrize("kind", ["Object", "External"])
@pytest.mark.parametrize(
    ("replicas", "target", "value", "up", "expected"),
    [
        (3, "5", 20000, "0.1", (4, 6667)),
        (3, "2150m", 8600, "0.1", (4, 2867)),
        (5, "2", 6000, "0.1", (3, 1200)),
        (5, "2867m", 8600, "0.1", (3, 1720)),
        (4, "5", 20166, "0.1", (4, 5042)),
        (3, "2900m", 8600, "0.1", (3, 2867)),
        (4, "5", 20208, "0.01", (5, 5052)),
        (3, "2800m", 8600, "0.01", (4, 2867)),
    ],
)
def test_one_value_divided_among_all(
    kind: str, replicas: int, target: str, value: int, up: str, expected: tuple[int, int]
) -> None:
    assert ask(kind, {"averageValue": target}, value, replicas, up=up) == expected


@pytest.mark.parametrize(
    ("pod", "sample", "ready"),
    [
        (Pod("p", "Succeeded", True, NOW - 60, NOW - 30), Sample(1, NOW, 30), True),
        (Pod("p", "Succeeded", True, NOW - 60, NOW - 30), Sample(1, NOW, 60), False),
        (Pod("p", "Succeeded", True, NOW, None), Sample(1), False),
        (Pod("p", "Succeeded", False, NOW - 600, NOW - 594), Sample(1), False),
        (Pod("p", "Succeeded", True, NOW - 180, NOW - 180), Sample(1, NOW - 120, 60), True),
        (Pod("p", "Succeeded", False, NOW - 600, NOW - 540), Sample(1), True),
    ],
)
def test_which_pods_show_their_start(pod: Pod, sample: Sample, ready: bool) -> None:
    count, unready, _, _ = hpa.group_pods(
        [pod], {"p": sample}, "cpu", NOW, initialisation_s=120, readiness_delay_s=10
    )
    assert (count == 1, unready == {"p"}) == (ready, not ready)


def test_pods_are_told_apart() -> None:
    known = pods([1] * 5, phases=".PF..", deleting="...d.")
    count, unready, missing, ignored = hpa.group_pods(known, used(1, 1, 1, 1), "memory", NOW)
    assert (count, unready, missing, ignored) == (1, {"p1"}, {"p4"}, {"p2", "p3"})


# ----------------------------------------------------------------------------- bounds and policies


@pytest.mark.parametrize(
    ("replicas", "wish", "low", "high", "expected"),
    [
        (5, 7, 3, 8, (7, "DesiredWithinRange")),
        (3, 1, 2, 8, (2, "TooFewReplicas")),
        (1, 0, 0, 10, (0, "DesiredWithinRange")),
        (20, 1000, 1, 10, (10, "TooManyReplicas")),
        (3, 1000, 1, 2000, (6, "ScaleUpLimit")),
        (1, 1000, 1, 2000, (4, "ScaleUpLimit")),
    ],
)
def test_bounds_without_behavior(
    replicas: int, wish: int, low: int, high: int, expected: tuple[int, str]
) -> None:
    assert hpa.limited(replicas, wish, low, high)[:2] == expected


def rules(way: str, pods: int | None, percent: int | None, period_s: int, select: str) -> Any:
    policies = [
        {"type": kind, "value": value, "periodSeconds": period_s}
        for kind, value in (("Pods", pods), ("Percent", percent))
        if value is not None
    ]
    written = {"selectPolicy": select, **({"policies": policies} if policies else {})}
    return hpa.rules_of({way: written})


@pytest.mark.parametrize(
    ("pods", "percent", "period_s", "select", "events", "replicas", "wish", "high", "expected"),
    [
        (None, None, 60, "Max", (), 10, 50, 1000, 20),
        (100, 100, 60, "Max", (), 10, 500, 1000, 110),
        (2, 100, 60, "Max", (), 10, 500, 1000, 20),
        (2, 100, 60, "Min", (), 10, 500, 1000, 12),
        (100, None, 60, "Max", (), 10, 50, 1000, 50),
        (None, 10000, 60, "Max", (), 10, 50, 1000, 50),
        (30, None, 60, "Max", (), 10, 50, 1000, 40),
        (None, 200, 60, "Max", (), 10, 50, 1000, 30),
        (100, 100, 60, "Disabled", (), 10, 50, 1000, 10),
        (300, None, 60, "Max", (1, 5, 9), 100, 500, 200, 200),
        (5, 0, 120, "Max", (1, 5, 9), 100, 500, 1000, 100),
        (150, None, 120, "Max", (1, 5, 9), 100, 500, 1000, 235),
        (None, 200, 120, "Max", (1, 5, 9), 100, 500, 1000, 255),
        (None, 15, 120, "Max", (), 1, 500, 1000, 2),
    ],
)
def test_policies_upwards(
    pods: int | None,
    percent: int | None,
    period_s: int,
    select: str,
    events: tuple[int, ...],
    replicas: int,
    wish: int,
    high: int,
    expected: int,
) -> None:
    history = History(scale_ups=_events(events, period_s))
    behavior = rules("scaleUp", pods, percent, period_s, select)
    assert hpa.limited_by(behavior, NOW, replicas, wish, 1, high, history)[0] == expected


@pytest.mark.parametrize(
    ("pods", "percent", "period_s", "select", "events", "replicas", "wish", "low", "expected"),
    [
        (None, None, 60, "Max", (), 10, 5, 1, 5),
        (20, 1, 60, "Max", (), 100, 2, 1, 80),
        (20, 1, 60, "Min", (), 100, 2, 1, 99),
        (2, 10, 60, "Min", (), 100, 2, 1, 98),
        (100, None, 60, "Max", (), 10, 0, 1, 1),
        (None, 100, 60, "Max", (), 10, 2, 5, 5),
        (5, None, 60, "Max", (), 10, 2, 1, 5),
        (None, 50, 60, "Max", (), 10, 5, 1, 5),
        (100, 100, 60, "Disabled", (), 10, 5, 1, 10),
        (115, None, 120, "Max", (1, 5, 9), 100, 0, 1, 1),
        (130, None, 120, "Max", (1, 5, 9), 100, 0, 5, 5),
        (5, None, 120, "Max", (1, 5, 9), 100, 2, 1, 100),
        (None, 50, 120, "Max", (2, 4, 6), 100, 0, 1, 56),
        (None, 10, 120, "Max", (10, 10, 10), 100, 0, 1, 100),
        (None, 1000, 120, "Max", (10, 10, 10), 10, 5, 1, 5),
    ],
)
def test_policies_downwards(
    pods: int | None,
    percent: int | None,
    period_s: int,
    select: str,
    events: tuple[int, ...],
    replicas: int,
    wish: int,
    low: int,
    expected: int,
) -> None:
    history = History(scale_downs=_events(events, period_s))
    behavior = rules("scaleDown", pods, percent, period_s, select)
    assert hpa.limited_by(behavior, NOW, replicas, wish, low, 1000, history)[0] == expected


def _events(changes: tuple[int, ...], period_s: int) -> tuple[tuple[float, int], ...]:
    """Changes within the period, and one before it that counts no more."""
    return ((NOW - period_s, 42), *((NOW - period_s + 1 + n, c) for n, c in enumerate(changes)))


@pytest.mark.parametrize(
    ("known", "wish", "expected"),
    [
        ((), 5, 5),
        (((120, 4), (60, 5)), 3, 5),
        (((120, 1), (60, 2)), 3, 3),
        (((600, 10), (540, 9)), 3, 3),
        (((600, 10), (60, 4), (120, 5), (540, 9)), 3, 5),
        (((300, 9),), 3, 9),
    ],
)
def test_five_minutes_keep_the_highest(
    known: tuple[tuple[int, int], ...], wish: int, expected: int
) -> None:
    history = History(tuple((NOW - ago, count) for ago, count in known))
    assert hpa.stabilised(NOW, wish, history)[0] == expected


@pytest.mark.parametrize(
    ("known", "replicas", "wish", "up_s", "down_s", "expected"),
    [
        ((), 100, 5, 300, 300, 5),
        (((120, 4), (60, 5)), 100, 3, 300, 300, 5),
        (((120, 1), (60, 2)), 100, 3, 300, 300, 3),
        (((600, 10), (540, 9)), 100, 3, 300, 300, 3),
        (((300, 9),), 100, 3, 300, 300, 3),
        (((60, 4), (30, 6)), 2, 8, 300, 300, 4),
        (((60, 4), (30, 6)), 5, 8, 300, 0, 5),
        (((60, 4), (30, 6)), 2, 8, 0, 300, 8),
        (((60, 4), (30, 6)), 2, 8, 45, 300, 6),
    ],
)
def test_windows_of_both_ways(
    known: tuple[tuple[int, int], ...],
    replicas: int,
    wish: int,
    up_s: int,
    down_s: int,
    expected: int,
) -> None:
    behavior = hpa.rules_of(
        {
            "scaleUp": {"stabilizationWindowSeconds": up_s},
            "scaleDown": {"stabilizationWindowSeconds": down_s},
        }
    )
    history = History(tuple((NOW - ago, count) for ago, count in known))
    assert hpa.stabilised_by(behavior, NOW, replicas, wish, history)[0] == expected


# --------------------------------------------------------------------------------------- all of it


QUEUE = {
    "type": "Pods",
    "pods": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "10"}},
}
CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
}


def spec(*metrics: Any, **more: Any) -> dict[str, Any]:
    return {"minReplicas": 2, "maxReplicas": 20, "metrics": list(metrics or [QUEUE]), **more}


def test_the_largest_of_several_metrics_wins() -> None:
    known = pods([ONE] * 4)
    seen = {"queue": used(12000, 12000, 12000, 12000), "cpu": used(2000, 2000, 2000, 2000)}
    decision = hpa.desired(spec(QUEUE, CPU), NOW, 4, known, seen)
    assert (decision.replicas, decision.reason) == (
        8, "cpu resource utilization (percentage of request) above target",
    )  # fmt: skip


def test_a_metric_that_fails_forbids_the_way_down_only() -> None:
    known = pods([ONE] * 4)
    high, low = ({"queue": used(*[value] * 4)} for value in (20000, 1000))
    assert hpa.desired(spec(QUEUE, CPU), NOW, 4, known, high).replicas == 8
    decision = hpa.desired(spec(QUEUE, CPU), NOW, 4, known, low)
    assert (decision.replicas, decision.rule) == (4, "FailedGetResourceMetric")


def test_bounds_come_before_metrics() -> None:
    high = hpa.desired(spec(), NOW, 30, [], {})
    assert (high.replicas, high.reason) == (20, "Current number of replicas above Spec.MaxReplicas")
    low = hpa.desired(spec(), NOW, 1, [], {})
    assert (low.replicas, low.reason) == (2, "Current number of replicas below Spec.MinReplicas")


def test_a_target_of_zero_replicas_is_left_alone() -> None:
    assert hpa.desired(spec(), NOW, 0, [], {}).rule == "ScalingDisabled"


def test_history_carries_the_window_from_call_to_call() -> None:
    known, history = pods([ONE] * 4), None
    seen = []
    for second in range(0, 345, 15):
        values = {"queue": used(*[1000] * 4)}
        decision = hpa.desired(spec(), NOW + second, 4, known, values, history)
        history = decision.history
        seen.append(decision.replicas)
    assert seen.index(2) == 21  # 315 s: the first count, four, is older than five minutes


def test_a_policy_counts_what_it_has_added() -> None:
    behavior = {"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}}
    replicas, history, seen = 4, None, []
    for second in range(0, 135, 15):
        values = {"queue": used(*[90000] * replicas)}
        decision = hpa.desired(
            spec(behavior=behavior), NOW + second, replicas, pods([1] * replicas), values, history
        )
        replicas, history = decision.replicas, decision.history
        seen.append(replicas)
    assert seen == [6, 6, 6, 6, 8, 8, 8, 8, 10]


def test_absurd_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="maxReplicas"):
        hpa.desired({"metrics": [QUEUE]}, NOW, 3, [], {})
    with pytest.raises(ValueError, match="at most"):
        hpa.desired(spec(), NOW, 2**40, [], {})
