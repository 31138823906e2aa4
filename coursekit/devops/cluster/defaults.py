"""What the API server fills in before it stores an object.

Sources: `SetDefaults_*` in pkg/apis/{core/v1,apps/v1,autoscaling/v2,rbac/v1}/defaults.go; for an
ExternalSecret the `+kubebuilder:default` marks of external-secrets.io/v1.
"""

import base64
from collections.abc import Callable
from typing import Any

Tree = dict[str, Any]

RBAC_GROUP = "rbac.authorization.k8s.io"
SCALE_DOWN_STABILIZATION_S = 300  # the controller's own: the API server stores none


def defaulted(tree: Tree) -> Tree:
    """A copy of an object with the API server's defaults filled in; `null` counts as not written.

    As upstream, a pod takes requests from its limits, a pod *template* does not: they are filled
    when a pod is made of it (`pod_of`). An autoscaler without `behavior` keeps none; what then
    holds is `scaling_behavior(None)`.

    Args:
        tree: One object as the reader returns it, of a kind that the cluster knows.
    """
    copy: Tree = _without_nulls(tree)
    metadata = _branch(copy, "metadata")
    metadata.setdefault("namespace", "default")
    fill = _BY_KIND.get(copy.get("kind", ""))
    if fill is not None:
        fill(copy)
    return copy


def pod_of(template: Tree, namespace: str = "default") -> Tree:
    """The pod that a controller makes of its template: a whole `Pod`, defaults filled in."""
    metadata = {"namespace": namespace, **(template.get("metadata") or {})}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    return defaulted(pod)


def scaling_behavior(behavior: Tree | None) -> Tree:
    """The `scaleUp` and `scaleDown` rules that hold, each with all its fields.

    Args:
        behavior: An autoscaler's `spec.behavior`, or None where it has none.
    """
    given = _without_nulls(behavior or {})
    up: Tree = {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ],
    }
    down: Tree = {
        "stabilizationWindowSeconds": SCALE_DOWN_STABILIZATION_S,
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
    }
    return {
        "scaleUp": up | given.get("scaleUp", {}),
        "scaleDown": down | given.get("scaleDown", {}),
    }


def image_tag(image: str) -> str:
    """The tag of an image: "latest" where neither tag nor digest is written, "" for a digest."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag or ("" if digest else "latest")


def _deployment(tree: Tree) -> None:
    spec = _branch(tree, "spec")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = _branch(spec, "strategy")
    _fill_empty(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = _branch(strategy, "rollingUpdate")
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    _pod_spec(_branch(_branch(spec, "template"), "spec"))


def _pod(tree: Tree) -> None:
    spec = _branch(tree, "spec")
    _pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    _fill_empty(spec, serviceAccountName="default")  # by admission: serviceaccount/admission.go
    for container in _containers(spec):
        resources = container.get("resources") or {}
        if "limits" in resources:
            resources["requests"] = resources["limits"] | resources.get("requests", {})


def _pod_spec(spec: Tree) -> None:
    account = spec.get("serviceAccountName") or spec.pop("serviceAccount", None)
    if account:
        spec["serviceAccountName"] = account
    _fill_empty(
        spec, dnsPolicy="ClusterFirst", restartPolicy="Always", schedulerName="default-scheduler"
    )
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    for container in _containers(spec):
        _container(container)
    for volume in spec.get("volumes", []):
        _volume(volume)


def _container(container: Tree) -> None:
    latest = image_tag(container.get("image", "")) == "latest"
    _fill_empty(
        container,
        imagePullPolicy="Always" if latest else "IfNotPresent",
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    container.setdefault("resources", {})
    for port in container.get("ports", []):
        _fill_empty(port, protocol="TCP")
    for entry in container.get("env", []):
        field = entry.get("valueFrom", {}).get("fieldRef")
        if field is not None:
            _fill_empty(field, apiVersion="v1")
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        if name in container:
            probe = container[name]
            _fill_empty(
                probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3
            )
            _handler(probe)
    for hook in container.get("lifecycle", {}).values():
        if isinstance(hook, dict):
            _handler(hook)


def _handler(handler: Tree) -> None:
    if "httpGet" in handler:
        _fill_empty(handler["httpGet"], path="/", scheme="HTTP")
    if "grpc" in handler:
        handler["grpc"].setdefault("service", "")


def _volume(volume: Tree) -> None:
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "downwardAPI", "projected"):
        if source in volume:
            volume[source].setdefault("defaultMode", 0o644)
    for part in volume.get("projected", {}).get("sources", []):
        if "serviceAccountToken" in part:
            part["serviceAccountToken"].setdefault("expirationSeconds", 3600)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")


def _service(tree: Tree) -> None:
    spec = _branch(tree, "spec")
    _fill_empty(spec, sessionAffinity="None", type="ClusterIP")
    if spec["sessionAffinity"] == "ClientIP":
        client = _branch(_branch(spec, "sessionAffinityConfig"), "clientIP")
        client.setdefault("timeoutSeconds", 10800)
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _fill_empty(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    for port in spec.get("ports", []):
        _fill_empty(port, protocol="TCP", targetPort=port.get("port"))


def _autoscaler(tree: Tree) -> None:
    spec = _branch(tree, "spec")
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    if "behavior" in spec:
        stored = scaling_behavior(spec["behavior"])
        if "stabilizationWindowSeconds" not in spec["behavior"].get("scaleDown", {}):
            del stored["scaleDown"]["stabilizationWindowSeconds"]
        spec["behavior"] = stored


def _config_map(tree: Tree) -> None:
    tree.setdefault("data", {})


def _secret(tree: Tree) -> None:
    _fill_empty(tree, type="Opaque")
    data = _branch(tree, "data")
    for key, text in tree.pop("stringData", {}).items():  # write-only: it ends in `data`
        data[key] = base64.b64encode(str(text).encode()).decode()


def _role_binding(tree: Tree) -> None:
    _fill_empty(_branch(tree, "roleRef"), apiGroup=RBAC_GROUP)
    for subject in tree.get("subjects", []):
        if subject.get("kind") in ("User", "Group"):
            _fill_empty(subject, apiGroup=RBAC_GROUP)


def _external_secret(tree: Tree) -> None:
    spec = _branch(tree, "spec")
    _fill_empty(spec, refreshInterval="1h")
    if "secretStoreRef" in spec:
        _fill_empty(spec["secretStoreRef"], kind="SecretStore")
    target = _branch(spec, "target")
    _fill_empty(target, creationPolicy="Owner", deletionPolicy="Retain")
    for entry in spec.get("data", []):
        if "remoteRef" in entry:
            _fill_empty(
                entry["remoteRef"],
                conversionStrategy="Default",
                decodingStrategy="None",
                metadataPolicy="None",
            )


def _containers(spec: Tree) -> list[Tree]:
    return [*spec.get("initContainers", []), *spec.get("containers", [])]


def _branch(tree: Tree, name: str) -> Tree:
    """The mapping under a name, made where there is none."""
    branch: Tree = tree.setdefault(name, {})
    return branch


def _fill_empty(tree: Tree, **values: Any) -> None:
    """Set what is absent, "" or 0: fields that upstream keeps without a pointer."""
    for name, value in values.items():
        if tree.get(name) in (None, "", 0):
            tree[name] = value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


_BY_KIND: dict[str, Callable[[Tree], None]] = {
    "Deployment": _deployment,
    "Pod": _pod,
    "Service": _service,
    "HorizontalPodAutoscaler": _autoscaler,
    "ConfigMap": _config_map,
    "Secret": _secret,
    "RoleBinding": _role_binding,
    "ExternalSecret": _external_secret,
}
