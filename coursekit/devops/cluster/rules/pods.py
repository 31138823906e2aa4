"""Rules for pods, whether they stand alone or in a template."""

import re
from collections.abc import Iterator, Mapping

from coursekit.devops.cluster import quantity
from coursekit.devops.cluster.defaults import Tree
from coursekit.devops.cluster.problems import Found, excerpt, nearest
from coursekit.devops.cluster.rules.base import (
    PROBES,
    Rule,
    bad_handler,
    bad_port,
    below_zero,
    containers_of,
    is_label,
    is_vendors,
    no_label,
    no_quantity,
    not_one_of,
    one_of,
    pod_spec_of,
    resources_of,
    rule,
)

_ENVIRONMENT = re.compile(r"[ -<>-~]+")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")


@rule(
    "containers",
    "A pod has a container; each has an image and a name of its own, one DNS label",
    "core: validateContainers",
    "Deployment",
    "Pod",
)
def container_names(tree: Tree) -> Iterator[Found]:
    path, spec = pod_spec_of(tree)
    if not spec.get("containers"):
        yield (*path, "containers"), "missing; a pod needs a container"
    seen: set[str] = set()
    for here, container in containers_of(tree):
        name, image = container.get("name", ""), container.get("image", "")
        if not is_label(name):
            yield (*here, "name"), no_label(name, "")
        elif name in seen:
            yield (*here, "name"), f"{name} is taken by another container; rename one"
        seen.add(name)
        if not image:
            yield (*here, "image"), "missing; name the image"
        elif image != image.strip():
            yield (*here, "image"), "a space before or after the name; delete it"


@rule(
    "words",
    "A field with a fixed set of words holds one of them",
    "core: ValidatePodSpec, ValidateService; policy: ValidatePodDisruptionBudgetSpec",
)
def words(tree: Tree) -> Iterator[Found]:
    path, spec = ("spec",), tree.get("spec", {})
    match tree["kind"]:
        case "Deployment":
            yield from not_one_of(
                spec.get("strategy", {}), ("spec", "strategy"), _WORDS["strategy"]
            )
        case "Service" | "PodDisruptionBudget" as kind:
            yield from not_one_of(spec, path, _WORDS[kind])
            for at, port in enumerate(spec.get("ports", ())):
                yield from not_one_of(port, (*path, "ports", at), _WORDS["port"])
        case "ExternalSecret":
            store, target = spec.get("secretStoreRef", {}), spec.get("target", {})
            yield from not_one_of(spec, path, _WORDS["external"])
            yield from not_one_of(store, (*path, "secretStoreRef"), _WORDS["store"])
            yield from not_one_of(target, (*path, "target"), _WORDS["target"])
    if tree["kind"] not in ("Deployment", "Pod"):
        return
    above, pod = pod_spec_of(tree)
    yield from not_one_of(pod, above, _WORDS["pod"])
    for here, container in containers_of(tree):
        yield from not_one_of(container, here, _WORDS["container"])
        for at, port in enumerate(container.get("ports", ())):
            yield from not_one_of(port, (*here, "ports", at), _WORDS["port"])
        for probe in PROBES:
            action = container.get(probe, {}).get("httpGet", {})
            yield from not_one_of(action, (*here, probe, "httpGet"), _WORDS["httpGet"])


_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "strategy": {"type": ("RollingUpdate", "Recreate")},
    "Service": {
        "type": ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
        "sessionAffinity": ("None", "ClientIP"),
        "internalTrafficPolicy": ("Cluster", "Local"),
        "externalTrafficPolicy": ("Cluster", "Local"),
    },
    "PodDisruptionBudget": {"unhealthyPodEvictionPolicy": ("IfHealthyBudget", "AlwaysAllow")},
    "port": {"protocol": ("TCP", "UDP", "SCTP")},
    "pod": {
        "restartPolicy": ("Always", "OnFailure", "Never"),
        "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    },
    "container": {
        "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
        "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    },
    "httpGet": {"scheme": ("HTTP", "HTTPS")},
    "external": {"refreshPolicy": ("CreatedOnce", "Periodic", "OnChange")},
    "store": {"kind": ("SecretStore", "ClusterSecretStore")},
    "target": {
        "creationPolicy": ("Owner", "Orphan", "Merge", "None"),
        "deletionPolicy": ("Retain", "Delete", "Merge"),
    },
}


@rule(
    "quantities",
    "Requests and limits are quantities of 0 or more",
    "core: ValidateResourceRequirements, ValidateResourceQuantityValue",
    "Deployment",
    "Pod",
)
def quantities(tree: Tree) -> Iterator[Found]:
    for path, resources in resources_of(tree):
        for part in ("requests", "limits"):
            for name, value in resources.get(part, {}).items():
                wrong = no_quantity(value)
                if wrong:
                    yield (*path, part, name), wrong
    path, spec = pod_spec_of(tree)
    for at, volume in enumerate(spec.get("volumes", ())):
        size = volume.get("emptyDir", {}).get("sizeLimit")
        wrong = no_quantity(size) if size is not None else ""
        if wrong:
            yield (*path, "volumes", at, "emptyDir", "sizeLimit"), wrong


@rule(
    "requests-within-limits",
    "A request is at most its limit; what cannot be shared, such as a GPU, has a limit, a whole "
    "number, and the same request",
    "core: ValidateResourceRequirements",
    "Deployment",
    "Pod",
)
def requests_within_limits(tree: Tree) -> Iterator[Found]:
    for path, resources in resources_of(tree):
        requests, limits = resources.get("requests", {}), resources.get("limits", {})
        for name, value in requests.items():
            here = (*path, "requests", name)
            if no_quantity(value) or no_quantity(limits.get(name, 0)):
                continue
            request = quantity.parse(value)
            if name not in limits:
                if "/" in name:
                    yield here, f"{name} cannot be shared and has no limit; write the same limit"
            elif request > quantity.parse(limits[name]):
                limit = excerpt(limits[name])
                yield here, f"{excerpt(value)} is more than its limit {limit}; lower it"
            elif "/" in name and request != quantity.parse(limits[name]):
                yield here, f"{name} cannot be shared; write its limit {excerpt(limits[name])}"
        for name, value in limits.items():
            if "/" in name and not no_quantity(value) and quantity.parse(value) % 1:
                yield (
                    (*path, "limits", name),
                    f"{excerpt(value)} is not whole; write a whole number",
                )


@rule(
    "resource-names",
    "A resource is cpu, memory, ephemeral-storage, hugepages-…, or one of a vendor: vendor.com/gpu",
    "core: validateContainerResourceName",
    "Deployment",
    "Pod",
)
def resource_names(tree: Tree) -> Iterator[Found]:
    known = ("cpu", "memory", "ephemeral-storage")
    for path, resources in resources_of(tree):
        for part in ("requests", "limits"):
            for name in resources.get(part, {}):
                if name in known or name.startswith("hugepages-") or is_vendors(name):
                    continue
                near = nearest(name, known)
                hint = f"did you mean {near}?" if near else "write cpu, memory or vendor.com/name"
                yield (*path, part, name), f"no resource of a container; {hint}"


@rule(
    "container-ports",
    "A port is 1 to 65535; its name has at most 15 letters, digits and `-`, and is given once in a "
    "container",
    "core: validateContainerPorts",
    "Deployment",
    "Pod",
)
def container_ports(tree: Tree) -> Iterator[Found]:
    for path, container in containers_of(tree):
        seen: set[str] = set()
        for at, port in enumerate(container.get("ports", ())):
            here = (*path, "ports", at)
            yield from bad_port(port.get("containerPort"), (*here, "containerPort"), named=False)
            name = port.get("name")
            if name is None:
                continue
            yield from bad_port(name, (*here, "name"))
            if name in seen:
                yield (*here, "name"), f"{excerpt(name)} is taken by another port; rename one"
            seen.add(name)


@rule(
    "probes",
    "A probe or hook asks in one way; its times are not below 0; successThreshold is 1 except for "
    "readiness; a readiness probe has no grace period of its own",
    "core: validateProbe, validateLivenessProbe, validateStartupProbe, validateReadinessProbe",
    "Deployment",
    "Pod",
)
def probes(tree: Tree) -> Iterator[Found]:
    fields = (
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    )
    for path, container in containers_of(tree):
        for name in PROBES:
            probe = container.get(name)
            if probe is None:
                continue
            here = (*path, name)
            yield from bad_handler(probe, here, _HANDLERS)
            yield from below_zero(probe, here, *fields)
            if name != "readinessProbe" and probe.get("successThreshold", 1) > 1:
                yield (*here, "successThreshold"), f"a {name} takes 1; write 1 or delete it"
            grace = probe.get("terminationGracePeriodSeconds")
            if grace is not None and name == "readinessProbe":
                yield (*here, "terminationGracePeriodSeconds"), "not for readiness; delete it"
            elif grace is not None and grace < 1:
                sentence = f"{grace} is below 1; write 1 or more"
                yield (*here, "terminationGracePeriodSeconds"), sentence


@rule(
    "grace",
    "terminationGracePeriodSeconds is 0 or more, a hook acts in one way, and a `sleep` before the "
    "stop ends within the grace period",
    "core: ValidatePodSpec, validateLifecycle, validateSleepAction",
    "Deployment",
    "Pod",
)
def grace(tree: Tree) -> Iterator[Found]:
    path, spec = pod_spec_of(tree)
    yield from below_zero(spec, path, "terminationGracePeriodSeconds")
    grace = max(0, spec.get("terminationGracePeriodSeconds", 30))
    for above, container in containers_of(tree):
        for name in ("postStart", "preStop"):
            hook = container.get("lifecycle", {}).get(name)
            if hook is None:
                continue
            here = (*above, "lifecycle", name)
            yield from bad_handler(hook, here, ("exec", "httpGet", "tcpSocket", "sleep"))
            seconds = hook.get("sleep", {}).get("seconds", 0)
            if not 0 <= seconds <= grace:
                sentence = f"{seconds} is not within the grace period of {grace} s; lower it"
                yield (*here, "sleep", "seconds"), sentence


@rule(
    "environment",
    "A variable has a name without `=`, and a value or one source, not both",
    "core: ValidateEnv, validateEnvVarValueFrom",
    "Deployment",
    "Pod",
)
def environment(tree: Tree) -> Iterator[Found]:
    for path, container in containers_of(tree):
        for at, variable in enumerate(container.get("env", ())):
            here = (*path, "env", at)
            name, source = variable.get("name", ""), variable.get("valueFrom")
            if not name or not _ENVIRONMENT.fullmatch(name):
                yield (*here, "name"), f"{excerpt(name) or 'empty'}: write letters, digits and _"
            if source is not None and variable.get("value"):
                yield (*here, "valueFrom"), "beside a value; keep one of the two"
            if source is not None and len(source) != 1:
                yield (*here, "valueFrom"), f"{len(source)} sources; write exactly one"
        for at, source in enumerate(container.get("envFrom", ())):
            count = len({"configMapRef", "secretRef"} & set(source))
            if count != 1:
                yield (*path, "envFrom", at), f"{count} sources; write configMapRef or secretRef"


@rule(
    "volumes",
    "A volume has a name of its own, one DNS label, and at most one source",
    "core: ValidateVolumes",
    "Deployment",
    "Pod",
)
def volumes(tree: Tree) -> Iterator[Found]:
    path, spec = pod_spec_of(tree)
    seen: set[str] = set()
    for at, volume in enumerate(spec.get("volumes", ())):
        here, name = (*path, "volumes", at), volume.get("name", "")
        if not is_label(name):
            yield (*here, "name"), no_label(name, "")
        elif name in seen:
            yield (*here, "name"), f"{name} is taken by another volume; rename one"
        seen.add(name)
        sources = sorted(set(volume) - {"name"})
        if len(sources) > 1:
            yield here, f"it has {' and '.join(sources)}; keep one source"


@rule(
    "volume-mounts",
    "A mount names a volume of the pod and a path of its own; a subPath stays inside the volume",
    "core: ValidateVolumeMounts",
    "Deployment",
    "Pod",
)
def volume_mounts(tree: Tree) -> Iterator[Found]:
    _, spec = pod_spec_of(tree)
    volumes = [volume.get("name", "") for volume in spec.get("volumes", ())]
    for path, container in containers_of(tree):
        seen: set[str] = set()
        for at, mount in enumerate(container.get("volumeMounts", ())):
            here, name = (*path, "volumeMounts", at), mount.get("name", "")
            if name not in volumes:
                near = nearest(name, volumes)
                hint = f"did you mean {near}?" if near else "add it under volumes"
                yield (*here, "name"), f"{excerpt(name)} is no volume of this pod; {hint}"
            where, inside = mount.get("mountPath", ""), mount.get("subPath", "")
            if not where:
                yield (*here, "mountPath"), "empty; write the path in the container"
            elif where in seen:
                yield (*here, "mountPath"), f"{excerpt(where)} is taken by another mount; move one"
            seen.add(where)
            if inside.startswith("/") or ".." in inside.split("/"):
                yield (*here, "subPath"), f"{excerpt(inside)} leaves the volume; write a path in it"


@rule(
    "spreading",
    "A spread constraint has a maxSkew above 0, a topologyKey, each key once, and DoNotSchedule or "
    "ScheduleAnyway",
    "core: validateTopologySpreadConstraints",
    "Deployment",
    "Pod",
)
def spreading(tree: Tree) -> Iterator[Found]:
    path, spec = pod_spec_of(tree)
    seen: set[tuple[str, str]] = set()
    for at, term in enumerate(spec.get("topologySpreadConstraints", ())):
        here = (*path, "topologySpreadConstraints", at)
        key, action = term.get("topologyKey", ""), term.get("whenUnsatisfiable", "")
        if term.get("maxSkew", 0) < 1:
            yield (*here, "maxSkew"), f"{term.get('maxSkew')} is below 1; write 1 or more"
        if not key:
            yield (*here, "topologyKey"), "empty; write a node's label"
        wrong = one_of(action, ("DoNotSchedule", "ScheduleAnyway"))
        if wrong:
            yield (*here, "whenUnsatisfiable"), wrong
        if (key, action) in seen:
            yield here, f"{excerpt(key)} with {action} stands twice; keep one"
        seen.add((key, action))


RULES: tuple[Rule, ...] = (
    container_names,
    words,
    quantities,
    requests_within_limits,
    resource_names,
    container_ports,
    probes,
    grace,
    environment,
    volumes,
    volume_mounts,
    spreading,
)
