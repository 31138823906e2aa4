"""Five runs, and what they were on every Python: `python -m tests.coursekit.devops.test_digests`
writes the fixture again after a change of the rules.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coursekit.devops.cluster import Cluster, Fault, Metric, Node, Timeline, Traffic, run
from tests.coursekit.devops.clusters import LEAKING, NAME, app, changed, cluster, manifests

FIXTURE = Path(__file__).with_name("digests.json")
FIFTY = Traffic(700, ((0, 50),), arrivals="random")


def roll_out() -> Timeline:
    return run(manifests(), FIFTY, [Fault(60, "set_image", NAME, "model:v2")], 1, cluster())


def drain() -> Timeline:
    return run(manifests(), FIFTY, [Fault(60, "drain", "node-1,node-2")], 2, cluster())


def leak() -> Timeline:
    return run(manifests(), Traffic(3600, ((0, 50),)), (), 3, cluster(process=LEAKING))


def lost_node() -> Timeline:
    faults = [Fault(60, "node_down", "node-1"), Fault(500, "node_up", "node-1")]
    return run(manifests(), FIFTY, faults, 4, cluster(load_jitter_ms=20_000))


def autoscaler() -> Timeline:
    known = Cluster(
        nodes=tuple(Node(f"node-{number}", 8000) for number in range(1, 5)),
        images={"*": app(service_ms=250, workers=1)},
        metrics={"queue": Metric("in_flight", 30, 5)},
    )
    traffic = Traffic(2400, ((0, 8.4), (300, 8.4), (420, 60), (1800, 8.4)), 60_000, "random")
    return run(changed(manifests(hpa=True), replicas=3), traffic, (), "five", known)


RUNS = {run.__name__: run for run in (roll_out, drain, leak, lost_node, autoscaler)}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_the_same_on_every_python(name: str) -> None:
    assert RUNS[name]().digest == json.loads(FIXTURE.read_text(encoding="utf-8"))[name]


if __name__ == "__main__":
    digests = {name: play().digest for name, play in RUNS.items()}
    FIXTURE.write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
