"""What the API server fills in."""

from __future__ import annotations

from typing import Any

import pytest

from coursekit.devops.cluster.defaults import defaulted, image_tag, pod_of, scaling_behavior
from coursekit.devops.cluster.read import read
from tests.coursekit.devops.good import TEXT


def stored(kind: str, spec: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return defaulted(
        {"kind": kind, "metadata": {"name": "a"}, **({"spec": spec} if spec else {}), **fields}
    )


def deployment(**container: Any) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "a", "image": "model:1", **container}]}}
    return stored("Deployment", {"template": template})["spec"]  # type: ignore[no-any-return]


def test_a_deployment_rolls_a_quarter_at_a_time_and_gives_up_after_ten_minutes() -> None:
    spec = deployment()
    assert spec["replicas"] == 1
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
    }
    assert (spec["progressDeadlineSeconds"], spec["revisionHistoryLimit"]) == (600, 10)
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 30


def test_recreate_has_no_rolling_update() -> None:
    assert stored("Deployment", {"strategy": {"type": "Recreate"}})["spec"]["strategy"] == {
        "type": "Recreate"
    }


def test_a_probe_has_upstreams_times_and_zero_counts_as_not_written() -> None:
    spec = deployment(
        readinessProbe={"httpGet": {"port": 80}, "periodSeconds": 0}, startupProbe={"exec": {}}
    )
    container = spec["template"]["spec"]["containers"][0]
    times = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    assert container["readinessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
        **times,
    }
    assert container["startupProbe"] == {"exec": {}, **times}


@pytest.mark.parametrize(
    ("image", "tag", "policy"),
    [
        ("model", "latest", "Always"),
        ("model:latest", "latest", "Always"),
        ("registry:5000/model", "latest", "Always"),
        ("registry:5000/model:1.2", "1.2", "IfNotPresent"),
        ("model@sha256:00", "", "IfNotPresent"),
        ("model:latest@sha256:00", "latest", "Always"),
    ],
)
def test_latest_is_pulled_always(image: str, tag: str, policy: str) -> None:
    assert image_tag(image) == tag
    container = deployment(image=image)["template"]["spec"]["containers"][0]
    assert container["imagePullPolicy"] == policy


def test_a_pod_takes_requests_from_limits_and_a_template_does_not() -> None:
    spec = deployment(
        resources={"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "250m"}}
    )
    assert spec["template"]["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "250m"}
    pod = pod_of(spec["template"], "serving")
    assert pod["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "250m", "memory": "1Gi"}
    assert (pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"]) == (
        "serving",
        "default",
    )


def test_a_volume_without_a_source_is_an_empty_folder() -> None:
    spec = stored(
        "Pod", {"containers": [], "volumes": [{"name": "a"}, {"name": "b", "emptyDir": None}]}
    )["spec"]
    assert [volume["emptyDir"] for volume in spec["volumes"]] == [{}, {}]


def test_a_service_sends_to_its_own_port() -> None:
    (port,) = stored("Service", {"ports": [{"port": 80}]})["spec"]["ports"]
    assert port == {"port": 80, "protocol": "TCP", "targetPort": 80}


def test_an_autoscaler_without_metrics_aims_at_eighty_per_cent_of_cpu() -> None:
    spec = stored("HorizontalPodAutoscaler", {"maxReplicas": 9})["spec"]
    target = {"type": "Utilization", "averageUtilization": 80}
    assert spec["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    assert spec["minReplicas"] == 1
    assert "behavior" not in spec


def test_behavior_is_filled_field_by_field_and_holds_even_where_none_is_written() -> None:
    given = {"scaleUp": {"stabilizationWindowSeconds": 60}}
    spec = stored("HorizontalPodAutoscaler", {"maxReplicas": 9, "behavior": given})["spec"]
    quarter_minute = {"periodSeconds": 15}
    pods = {"type": "Pods", "value": 4, **quarter_minute}
    percent = {"type": "Percent", "value": 100, **quarter_minute}
    assert spec["behavior"]["scaleUp"] == {
        "stabilizationWindowSeconds": 60,
        "selectPolicy": "Max",
        "policies": [pods, percent],
    }
    # the window of scaling down is the controller's, and not stored
    assert spec["behavior"]["scaleDown"] == {"selectPolicy": "Max", "policies": [percent]}
    assert scaling_behavior(None)["scaleDown"]["stabilizationWindowSeconds"] == 300


def test_plain_text_of_a_secret_ends_in_data() -> None:
    secret = stored("Secret", data={"a": "MQ=="}, stringData={"b": "2"})
    assert secret["data"] == {"a": "MQ==", "b": "Mg=="}
    assert (secret["type"], "stringData" in secret) == ("Opaque", False)


def test_defaulting_changes_nothing_that_is_handed_in_and_nothing_the_second_time() -> None:
    for document in read(TEXT):
        before = repr(document.tree)
        once = defaulted(document.tree)
        assert repr(document.tree) == before
        assert defaulted(once) == once
