"""kubectl's words, as a learner reads them."""

from __future__ import annotations

import pytest

from coursekit.devops.cluster import Fault, Live, Traffic, run
from coursekit.devops.cluster.kubectl import Kubectl, age
from coursekit.devops.cluster.picture import draw_timeline

from .clusters import LEAKING, NAME, cluster, manifests

TRAFFIC = Traffic(1400, ((0, 50),))


@pytest.fixture(scope="module")
def after_a_leak() -> Kubectl:
    live = Live(manifests(hpa=True), TRAFFIC, cluster=cluster(process=LEAKING))
    live.advance(700)
    return Kubectl(live)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (119, "119s"), (120, "2m"), (153, "2m33s"), (599, "9m59s"), (600, "10m"),
     (3 * 3600, "3h"), (5 * 3600 + 60, "5h1m"), (30 * 3600, "30h"), (50 * 3600, "2d2h")],
)  # fmt: skip
def test_ages(seconds: int, text: str) -> None:
    assert age(seconds) == text


def test_get_pods_has_kubectl_columns(after_a_leak: Kubectl) -> None:
    head, first, *rest = after_a_leak("kubectl get pods").splitlines()
    assert head.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert first.startswith(f"{NAME}-")
    assert len(rest) == 4
    assert "1 (3m" in first


def test_describe_tells_of_the_kill(after_a_leak: Kubectl) -> None:
    name = after_a_leak("get pods").splitlines()[1].split()[0]
    words = " ".join(after_a_leak(f"describe pod {name}").split())
    for part in ("Last State: Terminated Reason: OOMKilled Exit Code: 137", "memory: 1Gi",
                 "QoS Class: Burstable", "Type Reason Age From Message"):  # fmt: skip
        assert part in words
    assert "rss 1" in after_a_leak(f"logs {name} --previous")
    assert "OOM" not in after_a_leak(f"logs {name} --previous")  # SIGKILL says nothing


@pytest.mark.parametrize(
    "command",
    ["get deploy", "get rs", "get svc", "get ep", "get nodes", "get hpa", "get pdb", "get events",
     "top pods", "top nodes", f"describe deployment {NAME}", f"describe hpa {NAME}",
     "describe node node-1", f"rollout history deployment/{NAME}", "get pods -o wide"],
)  # fmt: skip
def test_every_view_has_something_to_show(after_a_leak: Kubectl, command: str) -> None:
    text = after_a_leak(command)
    assert "node-1" in text or NAME in text or "REVISION" in text
    assert "error" not in text.lower().split()[0]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "unknown command"),
        ("frobnicate", "unknown command"),
        ("get", "You must specify the type"),
        ("get unicorns", "doesn't have a resource type"),
        ("get pod nobody", 'Error from server (NotFound): pods "nobody" not found'),
        ("logs nobody", "not found"),
        ("get 'pods", "No closing quotation"),
        ("x" * 501, "at most 500"),
        (f"set image deployment/{NAME} web=v2", 'unable to find container named "web"'),
        (f"scale deployment/{NAME} --replicas=-1", "expected"),
        (f"rollout undo deployment/{NAME} --to-revision=x", "invalid"),
        ("drain node-77", "not found"),
    ],
)
def test_mistakes_are_answered(after_a_leak: Kubectl, command: str, words: str) -> None:
    assert words in after_a_leak(command)


def test_a_bad_image_is_seen_and_undone() -> None:
    live = Live(manifests(), TRAFFIC, cluster=cluster())
    k = Kubectl(live)
    assert "image updated" in k(f"set image deployment/{NAME} model=model:v3")
    live.advance(60)
    assert k("get pods").count("ImagePullBackOff") == 2
    assert "2 out of 5 new replicas" in k(f"rollout status deployment/{NAME}")
    live.advance(300)
    assert "exceeded its progress deadline" in k(f"rollout status deployment/{NAME}")
    assert "rolled back" in k(f"rollout undo deployment/{NAME}")
    live.advance(310)
    assert "successfully rolled out" in k(f"rollout status deployment/{NAME}")
    assert [row.split()[0] for row in k(f"rollout history deployment/{NAME}").splitlines()[2:]] == [
        "2", "3",
    ]  # fmt: skip


def test_a_run_that_is_over_can_only_be_read() -> None:
    k = Kubectl(run(manifests(), Traffic(60), cluster=cluster()))
    assert "5/5" in k("get deployments")
    assert "this run is over" in k(f"scale deployment/{NAME} --replicas=3")


def test_drained_nodes_show_it() -> None:
    live = Live(manifests(), TRAFFIC, cluster=cluster())
    k = Kubectl(live)
    k("drain node-1")
    live.advance(30)
    assert "Ready,SchedulingDisabled" in k("get nodes")


def test_a_picture_of_everything() -> None:
    from matplotlib.figure import Figure

    faults = [Fault(60, "set_image", NAME, "model:v3"), Fault(400, "drain", "node-1")]
    known = cluster(process=LEAKING)
    timeline = run(manifests(hpa=True), Traffic(900, ((0, 60),)), faults, cluster=known)
    figure = Figure(figsize=(8.3, 6.0))
    draw_timeline(figure, timeline, title="a week in the life")
    assert len(figure.axes) >= 4
