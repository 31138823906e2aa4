"""Runs of the cluster: what lessons are made of."""

from __future__ import annotations

import random
from typing import Any

import pytest

from coursekit.devops.cluster import (
    App,
    Cluster,
    Fault,
    Live,
    Metric,
    Node,
    Process,
    Timeline,
    Traffic,
    run,
)

from .clusters import LEAKING, NAME, app, changed, cluster, manifests, pod_container

FIFTY = Traffic(700, ((0, 50),))
NEW_IMAGE = Fault(60, "set_image", NAME, "model:v2")


def failed_by(timeline: Timeline) -> dict[str, int]:
    counts: dict[str, int] = {}
    for failure in timeline.failures:
        counts[failure.reason] = counts.get(failure.reason, 0) + failure.count
    return counts


# --------------------------------------------------------------------------------------- roll-outs


def test_a_careful_roll_out_costs_no_request() -> None:
    timeline = run(manifests(), FIFTY, [NEW_IMAGE], cluster=cluster())
    assert timeline.requests_failed == 0
    assert timeline.lowest_ready(NAME)[0] == 5
    done = timeline.complete_s(NAME, 60)
    assert done is not None
    assert done < 60 + 480


def test_without_a_pre_stop_hook_endpoints_outlive_the_process() -> None:
    timeline = run(manifests(lifecycle=None), FIFTY, [NEW_IMAGE], cluster=cluster())
    assert set(failed_by(timeline)) == {"refused"}


@pytest.mark.parametrize(("seconds", "loses"), [(5, False), (3, True)])
def test_a_process_that_stops_at_once_loses_what_is_inside(seconds: int, loses: bool) -> None:
    known = cluster(
        on_sigterm="exit", service_ms=2500, workers=60, process=Process(model_mib=1, item_mib=0)
    )
    objects = manifests(lifecycle={"preStop": {"sleep": {"seconds": seconds}}})
    patient = Traffic(700, ((0, 50),), timeout_ms=10_000)
    timeline = run(objects, patient, [NEW_IMAGE], cluster=known)
    assert ("lost" in failed_by(timeline)) is loses


def test_without_a_readiness_probe_requests_reach_a_model_that_loads() -> None:
    bare = manifests(readinessProbe=None, startupProbe=None)
    timeline = run(bare, FIFTY, [NEW_IMAGE], cluster=cluster())
    assert failed_by(timeline)["refused"] > 100


def test_a_liveness_probe_that_cannot_wait_kills_what_loads() -> None:
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 10}
    hasty = manifests(startupProbe=None, livenessProbe=probe)
    timeline = run(hasty, FIFTY, [NEW_IMAGE], cluster=cluster())
    assert timeline.complete_s(NAME, 60) is None
    assert max(pod.restarts for pod in timeline.pods) >= 3
    assert timeline.first_event("BackOff") is not None


def test_a_bad_image_is_reported_and_undone_by_hand() -> None:
    bad = Fault(60, "set_image", NAME, "model:v3")
    timeline = run(manifests(), FIFTY, [bad, Fault(500, "rollout_undo", NAME)], cluster=cluster())
    reported = timeline.first_event("ProgressDeadlineExceeded")
    assert reported is not None
    assert reported.at_s == 301
    assert timeline.requests_failed == 0
    assert timeline.lowest_ready(NAME)[0] == 5
    assert timeline.complete_s(NAME, 500) == 500
    assert [one.number for one in timeline.revisions[NAME]] == [1, 2, 3]


def test_recreate_has_a_gap() -> None:
    recreate = changed(manifests(), strategy={"type": "Recreate"})
    timeline = run(recreate, FIFTY, [NEW_IMAGE], cluster=cluster())
    assert timeline.lowest_ready(NAME)[0] == 0
    assert failed_by(timeline)["no endpoints"] > 0


def test_min_ready_seconds_hold_a_roll_out_back() -> None:
    slow = changed(manifests(), minReadySeconds=30)
    quick = run(manifests(), FIFTY, [NEW_IMAGE], cluster=cluster()).complete_s(NAME, 60)
    late = run(slow, FIFTY, [NEW_IMAGE], cluster=cluster()).complete_s(NAME, 60)
    assert quick is not None
    assert late is not None
    assert late >= quick + 60


def test_paused_changes_wait() -> None:
    faults = [Fault(30, "rollout_pause", NAME), NEW_IMAGE, Fault(300, "rollout_resume", NAME)]
    timeline = run(manifests(), FIFTY, faults, cluster=cluster())
    assert timeline.updated[NAME][1][0] >= 60
    assert timeline.revisions[NAME][-1].at_s == 300


def test_apply_without_replicas_keeps_their_number() -> None:
    new = changed(manifests(image="model:v2"))
    del new[0]["spec"]["replicas"]
    faults = [Fault(10, "scale", NAME, 7), Fault(60, "apply", value=new)]
    timeline = run(manifests(), FIFTY, faults, cluster=cluster())
    assert timeline.desired[NAME][-1][1] == 7


def test_a_service_that_names_a_wrong_port_reaches_nobody() -> None:
    wrong = manifests()
    wrong[1]["spec"]["ports"][0]["targetPort"] = 9090
    assert failed_by(run(wrong, FIFTY, cluster=cluster())) == {"refused": 50 * 700}


def test_a_selector_that_finds_nothing_has_no_endpoints() -> None:
    wrong = manifests()
    wrong[1]["spec"]["selector"] = {"app": "model"}
    assert set(failed_by(run(wrong, FIFTY, cluster=cluster()))) == {"no endpoints"}


# ------------------------------------------------------------------------------------------- nodes


def test_two_nodes_drain_under_a_budget() -> None:
    timeline = run(manifests(), FIFTY, [Fault(60, "drain", "node-1,node-2")], cluster=cluster())
    assert timeline.lowest_ready(NAME)[0] == 4
    assert timeline.requests_failed == 0
    assert [node for node, *_ in timeline.drains] == ["node-1", "node-2"]
    assert all(end is not None and end - 60 < 600 for *_, end in timeline.drains)
    assert timeline.first_event("EvictionRefused") is not None


def test_without_a_budget_a_drain_takes_all_at_once() -> None:
    bare = manifests(budget=False)
    timeline = run(bare, FIFTY, [Fault(60, "drain", "node-1,node-2")], cluster=cluster())
    assert timeline.lowest_ready(NAME)[0] < 4


def test_a_budget_that_allows_nothing_stops_a_drain() -> None:
    stuck = manifests()
    stuck[2]["spec"] = {"maxUnavailable": 0, "selector": stuck[2]["spec"]["selector"]}
    timeline = run(stuck, FIFTY, [Fault(60, "drain", "node-1")], cluster=cluster())
    assert timeline.drains == (("node-1", 60, None),)
    assert timeline.lowest_ready(NAME)[0] == 5


def test_a_lost_node_is_noticed_late_and_its_pods_later() -> None:
    timeline = run(manifests(), FIFTY, [Fault(60, "node_down", "node-1")], cluster=cluster())
    gone = timeline.first_event("NodeNotReady")
    evicted = timeline.first_event("TaintManagerEviction")
    assert gone is not None
    assert gone.at_s == 100
    assert evicted is not None
    assert evicted.at_s == 400
    assert timeline.requests_failed > 0


def test_pods_that_fit_nowhere_wait() -> None:
    timeline = run(manifests(), FIFTY, cluster=cluster(nodes=1, cpu_m=1700))
    refused = timeline.first_event("FailedScheduling")
    assert timeline.lowest_ready(NAME)[0] == 3
    assert refused is None  # it was so before the run began
    cold = run(manifests(), FIFTY, cluster=cluster(nodes=1, cpu_m=1700, warm=False))
    refused = cold.first_event("FailedScheduling")
    assert refused is not None
    assert "1 Insufficient cpu" in refused.message


def test_an_image_is_pulled_once_a_node() -> None:
    cold = run(manifests(), FIFTY, cluster=cluster(nodes=1, warm=False))
    assert {pod.started_s for pod in cold.pods} == {20}


# ------------------------------------------------------------------------------------------ memory


def test_a_leak_ends_in_oom_kills_and_longer_waits() -> None:
    timeline = run(manifests(), Traffic(3600, ((0, 50),)), cluster=cluster(process=LEAKING))
    pod = timeline.pods[0]
    assert pod.last_state is not None
    assert pod.last_state[:2] == ("OOMKilled", 137)
    waits = [second for second, phase in pod.phases if phase == "CrashLoopBackOff"]
    starts = [second for second, phase in pod.phases if phase == "Running"]
    assert [s - w for w, s in zip(waits, starts[1:], strict=False)][:3] == [10, 20, 40]
    assert failed_by(timeline)["lost"] > 0


def test_recycled_workers_end_the_leak_without_a_failed_request() -> None:
    env = [{"name": "MAX_REQUESTS_PER_WORKER", "value": "1000"}]
    timeline = run(manifests(env=env), Traffic(3600, ((0, 30),)), cluster=cluster(process=LEAKING))
    assert timeline.first_event("OOMKilling") is None
    assert timeline.requests_failed == 0


def test_the_limit_may_be_too_low_to_start() -> None:
    low = manifests(resources={"limits": {"memory": "512Mi"}})
    timeline = run(low, FIFTY, cluster=cluster(process=Process(model_mib=300), warm=False))
    assert timeline.lowest_ready(NAME)[0] == 0
    assert all(pod.restarts > 2 for pod in timeline.pods)


# -------------------------------------------------------------------------------------- autoscaler


def scaled(**more: Any) -> Timeline:
    known = Cluster(
        nodes=tuple(Node(f"node-{number}", 8000) for number in range(1, 5)),
        images={"*": app(service_ms=250, workers=1)},
        metrics={"queue": Metric("in_flight", 30, 5)},
    )
    traffic = Traffic(
        2400, ((0, 8.4), (300, 8.4), (420, 60), (1500, 60), (1800, 8.4)), timeout_ms=60_000,
        arrivals="random",
    )  # fmt: skip
    return run(changed(manifests(hpa=True), replicas=3), traffic, cluster=known, **more)


def test_the_autoscaler_follows_the_load() -> None:
    timeline = scaled()
    assert max(count for _, count in timeline.desired[NAME]) >= 20
    assert timeline.at(timeline.desired[NAME], 2399) < 12
    rules = {one.decision.rule for one in timeline.decisions}
    assert {"ScaleUpLimit", "ScaleDownStabilized"} <= rules
    assert {one.at_s % 15 for one in timeline.decisions} == {0}


def test_without_metrics_nothing_scales() -> None:
    timeline = scaled(faults=[Fault(200, "metrics_down")])
    assert timeline.at(timeline.desired[NAME], 2399) == timeline.at(timeline.desired[NAME], 200)
    assert timeline.first_event("FailedGetPodsMetric") is not None


# ----------------------------------------------------------------------------- what is always true


def test_a_run_is_the_same_a_hundred_times() -> None:
    def once() -> str:
        faults = [Fault(20, "set_image", NAME, "model:v2"), Fault(60, "drain", "node-1")]
        traffic = Traffic(150, ((0, 40), (100, 60)), arrivals="random")
        return run(manifests(), traffic, faults, 7, cluster(load_jitter_ms=9000)).digest

    assert {once() for _ in range(100)} == {once()}


def test_another_seed_is_another_run() -> None:
    traffic = Traffic(60, ((0, 40),), arrivals="random")
    assert run(manifests(), traffic, seed=1).digest != run(manifests(), traffic, seed=2).digest


KINDS = ("set_image", "kill_pod", "hang", "slow", "scale", "drain", "node_down", "node_up",
         "rollout_restart", "rollout_undo", "load_slower", "uncordon")  # fmt: skip


def random_faults(chance: random.Random) -> list[Fault]:
    faults = []
    for _ in range(chance.randrange(6)):
        kind = chance.choice(KINDS)
        target = f"node-{chance.randrange(1, 4)}" if "node" in kind or kind in (
            "drain", "uncordon") else NAME  # fmt: skip
        value: Any = {
            "set_image": chance.choice(["model:v1", "model:v2", "model:v3"]),
            "slow": chance.choice([500, 1000, 3000]),
            "scale": chance.randrange(9),
            "load_slower": 20_000,
        }.get(kind, None if kind == "rollout_undo" else chance.randrange(5))
        faults.append(Fault(chance.randrange(400), kind, target, value))
    return faults


@pytest.mark.parametrize("seed", range(25))
def test_requests_and_pods_are_accounted_for(seed: int) -> None:
    chance = random.Random(seed)
    known = cluster(
        load_ms=chance.choice([1000, 45_000]),
        on_sigterm=chance.choice(["drain", "exit", "ignore"]),
        queue_max=chance.choice([2, 1000]),
        batch=chance.choice([1, 1, 8]),
        item_ms=30,
        process=chance.choice([Process(), LEAKING]),
    )
    objects = changed(manifests(), replicas=chance.randrange(1, 7))
    traffic = Traffic(
        500, ((0, chance.randrange(60)), (250, chance.randrange(90))),
        timeout_ms=chance.choice([300, 2000]), arrivals=chance.choice(["even", "random"]),
    )  # fmt: skip
    live = Live(objects, traffic, random_faults(chance), seed, known)
    for second in range(0, 501, 50):
        live.advance(second)
        seen = live.snapshot()
        for pod in seen.pods:
            if pod["ready"] and pod["deleted_s"] is None:
                assert pod["shown"] in ("Ready", "Running", "Terminating")
    timeline = live.timeline()
    assert timeline.requests_in_flight == live.inside
    assert timeline.requests_sent == (
        timeline.requests_served + timeline.requests_failed + timeline.requests_in_flight
    )
    for row in (timeline.sent, timeline.served, timeline.failed, timeline.in_flight):
        assert len(row) == 500
        assert min(row) >= 0
    assert timeline.requests_failed == sum(failure.count for failure in timeline.failures)
    for pod in timeline.pods:
        seconds = [second for second, _ in pod.phases]
        assert seconds == sorted(set(seconds))
        assert pod.gone_s is None or pod.gone_s >= pod.created_s
    for name, rows in timeline.ready.items():
        assert all(count >= 0 for _, count in rows), name


def test_a_live_run_ends_like_one_in_one_go() -> None:
    faults = [NEW_IMAGE]
    whole = run(manifests(), FIFTY, faults, cluster=cluster())
    live = Live(manifests(), FIFTY, cluster=cluster())
    live.advance(60)
    live.do("set_image", NAME, "model:v2")
    live.advance(700)
    parts = live.timeline()
    assert (parts.ready, parts.requests_failed) == (whole.ready, whole.requests_failed)


# ---------------------------------------------------------------------------------- absurd input


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Traffic(10**9), "duration_s"),
        (lambda: Traffic(10, ((0, 10**9),)), "rates"),
        (lambda: Traffic(10, ((5, 1), (1, 1))), "seconds rise"),
        (lambda: Fault(1, "explode"), "Fault.kind"),
        (lambda: App(on_sigterm="cry"), "on_sigterm"),
        (lambda: Metric("luck"), "Metric.source"),
        (lambda: run(changed(manifests(), replicas=10**6), FIFTY), "replicas from 0 to"),
        (lambda: run(manifests(), FIFTY, [Fault(1, "drain", "node-9")]), "no node 'node-9'"),
        (lambda: run(manifests(), FIFTY, [Fault(1, "scale", "web", 3)]), "no Deployment 'web'"),
        (lambda: run(manifests() * 20, FIFTY), "at most 50 manifests"),
    ],
)
def test_more_than_it_takes_is_refused_at_once(build: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build()


def test_settings_that_are_no_numbers_are_as_unset() -> None:
    objects = manifests(env=[{"name": "WORKERS", "value": "many"}])
    assert run(objects, FIFTY, cluster=cluster()).requests_failed == 0
    assert pod_container(objects)["env"]
