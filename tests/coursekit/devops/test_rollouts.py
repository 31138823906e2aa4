"""Worlds of the lesson on roll-outs: each part is judged apart, and what happened is said."""

from __future__ import annotations

import pytest

from coursekit.devops import rollouts
from coursekit.devops.cluster.kubectl import Kubectl
from coursekit.devops.rollouts import YESTERDAY, incident, objects, part
from coursekit.played import AnswerError

PROBES = """\
        startupProbe:
          httpGet: {path: /ready, port: 8080}
          failureThreshold: 20
"""
STARTED = YESTERDAY.replace("        readinessProbe:", PROBES + "        readinessProbe:")


def test_a_part_keeps_its_own_lines_and_takes_the_rest_from_what_is_right() -> None:
    """Yesterday's probes stay; its missing preStop is filled in."""
    deployment = part(YESTERDAY, "probes")[0]
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["livenessProbe"]["initialDelaySeconds"] == 60
    assert "startupProbe" not in container
    assert container["lifecycle"]["preStop"] == {"sleep": {"seconds": 5}}


def test_yesterdays_probes_kill_what_loads_from_a_slow_disk() -> None:
    """And leave the usual start alone: that is luck."""
    starts = rollouts.starts(YESTERDAY, "0")
    assert rollouts.a_usual_start_is_left_alone(starts)[0]
    held, told = rollouts.a_slow_start_is_left_alone(starts)
    assert not held
    assert "liveness" in told


def test_a_startup_probe_saves_a_slow_start() -> None:
    """With 200 s, for a load of 160 s."""
    assert rollouts.a_slow_start_is_left_alone(rollouts.starts(STARTED, "0"))[0]


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_a_pod_that_hangs_is_mended_by_liveness_alone(seed: str) -> None:
    """Without it nothing restarts the pod."""
    trees = YESTERDAY.split("        livenessProbe:")
    without = trees[0] + trees[1][trees[1].index("---") :]
    assert rollouts.a_hung_pod_is_mended(rollouts.starts(STARTED, seed))[0]
    held, told = rollouts.a_hung_pod_is_mended(rollouts.starts(without, seed))
    assert not held
    assert "nothing restarted it" in told


def test_the_default_strategy_leaves_four_pods_ready() -> None:
    """25 % of 5 round down to 1; the sentence names it."""
    held, told = rollouts.five_stay_ready(rollouts.rolls(YESTERDAY, "0"))
    assert not held
    assert "fell to 4" in told
    assert "25%" in told


def test_without_a_pause_before_the_stop_requests_are_refused() -> None:
    """By pods that end."""
    held, told = rollouts.nobody_is_refused(rollouts.ends(YESTERDAY, "0"))
    assert not held
    assert "refused, by a pod that ends" in told


def test_without_a_budget_a_drain_takes_all_pods_of_a_node() -> None:
    """So too few stay ready, and requests fail."""
    drained = rollouts.drains(YESTERDAY, "0")
    assert not rollouts.four_stay_ready(drained)[0]
    assert not rollouts.no_request_fails_in_a_drain(drained)[0]
    assert rollouts.both_nodes_are_empty(drained)[0]


def test_the_incident_stands_still_until_somebody_acts() -> None:
    """Five old pods serve, two new ones crash, and kubectl shows both."""
    k = Kubectl(incident())
    pods = k("get pods")
    assert pods.count("1/1") == 5
    assert pods.count("CrashLoopBackOff") == 2
    assert "exceeded its progress deadline" in k("rollout status deployment/scorer")


@pytest.mark.parametrize(
    ("commands", "back", "harmless"),
    [
        (["rollout undo deployment/scorer --to-revision=2"], True, True),
        (["set image deployment/scorer model=scorer:1.4.0"], True, True),
        (["rollout undo deployment/scorer"], False, True),
        ([], False, False),
        (["rollout undo deployment/scorer --to-revision=99"], False, True),
    ],
)
def test_commands_are_judged_by_what_they_lead_to(
    commands: list[str], back: bool, harmless: bool
) -> None:
    """One step back is the first bad version."""
    undone = rollouts.undone(commands, "0")
    assert rollouts.the_last_good_version_is_back(undone)[0] is back
    assert rollouts.undoing_harms_nobody(undone)[0] is harmless


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "returns a text of YAML"),
        ("kind: Pod\n", "apiVersion"),
        (YESTERDAY.replace("name: scorer", "name: server", 1), "named scorer"),
        (YESTERDAY.replace("replicas: 5", "replicas: -3"), "line 6"),
        (YESTERDAY.replace("replicas: 5", "replicas: 1000000"), "200"),
        (YESTERDAY.replace("\n  replicas", "\n\treplicas"), "tab"),
    ],
)
def test_what_cannot_be_played_is_told_in_a_sentence(answer: object, told: str) -> None:
    """With line and path where there are any."""
    with pytest.raises(AnswerError) as refused:
        objects(answer)
    assert told in str(refused.value)


def test_a_manifest_that_does_not_fit_its_own_service_is_told_so() -> None:
    """Clients call scorer."""
    other = "scorer".join(YESTERDAY.rsplit("scorer", 1))
    nameless = other.replace("kind: Service\nmetadata:\n  name: scorer",
                             "kind: Service\nmetadata:\n  name: model")  # fmt: skip
    with pytest.raises(AnswerError, match="Service named scorer"):
        rollouts.whole(nameless, "0")


def test_the_same_seed_gives_the_same_run() -> None:
    """To the last digit."""
    once, again = (rollouts.rolls(STARTED, "x").good.digest for _ in range(2))
    assert once == again


def test_another_seed_gives_another_run() -> None:
    """Loads take other times."""
    digests = {rollouts.rolls(STARTED, seed).good.digest for seed in "xyz"}
    assert len(digests) > 1
