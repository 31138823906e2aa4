"""Rules for PodDisruptionBudgets and Services."""

from collections.abc import Iterator

from coursekit.devops.cluster.defaults import Tree
from coursekit.devops.cluster.problems import Found, Path
from coursekit.devops.cluster.rules.base import Rule, bad_port, bad_share, is_label, no_label, rule


@rule(
    "budget",
    "A budget has minAvailable or maxUnavailable, not both: a number of 0 or more or a percentage "
    "up to 100 %",
    "policy: ValidatePodDisruptionBudgetSpec",
    "PodDisruptionBudget",
)
def budget(tree: Tree) -> Iterator[Found]:
    spec = tree.get("spec", {})
    if "minAvailable" in spec and "maxUnavailable" in spec:
        yield ("spec", "maxUnavailable"), "beside minAvailable; keep one of the two"
    for name in ("minAvailable", "maxUnavailable"):
        yield from bad_share(spec.get(name), ("spec", name), most=True)


@rule(
    "service-ports",
    "A Service has ports of 1 to 65535, each protocol and port once; where there are several, each "
    "has a name of its own, one DNS label",
    "core: ValidateService, validateServicePort",
    "Service",
)
def service_ports(tree: Tree) -> Iterator[Found]:
    spec = tree.get("spec", {})
    ports = spec.get("ports", [])
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        yield ("spec", "ports"), "missing; a Service needs a port"
    names: set[str] = set()
    seen: set[tuple[str, int]] = set()
    for at, port in enumerate(ports):
        path: Path = ("spec", "ports", at)
        name = port.get("name", "")
        if not name and len(ports) > 1:
            yield (*path, "name"), "missing; with several ports, each needs a name"
        elif name and not is_label(name):
            yield (*path, "name"), no_label(name, "")
        elif name in names:
            yield (*path, "name"), f"{name} is taken by another port; rename one"
        if name:
            names.add(name)
        number = port.get("port", 0)
        yield from bad_port(number, (*path, "port"), named=False)
        yield from bad_port(port.get("targetPort"), (*path, "targetPort"))
        key = (port.get("protocol", "TCP"), number)
        if key in seen:
            yield (*path, "port"), f"{number}/{key[0]} stands twice; keep one"
        seen.add(key)
        if "nodePort" in port:
            if spec.get("type") not in ("NodePort", "LoadBalancer"):
                yield (*path, "nodePort"), "not for this type; delete it, or write type: NodePort"
            elif not 30000 <= port["nodePort"] <= 32767:
                sentence = f"{port['nodePort']} is not in 30000 to 32767; change it or delete it"
                yield (*path, "nodePort"), sentence


@rule(
    "external-name",
    "A Service of type ExternalName has an externalName",
    "core: ValidateService",
    "Service",
)
def external_name(tree: Tree) -> Iterator[Found]:
    spec = tree.get("spec", {})
    if spec.get("type") == "ExternalName" and not spec.get("externalName"):
        yield ("spec", "externalName"), "missing; write the host's name"


RULES: tuple[Rule, ...] = (
    budget,
    service_ports,
    external_name,
)
