"""Rules for HorizontalPodAutoscalers."""

from collections.abc import Iterator

from coursekit.devops.cluster import quantity
from coursekit.devops.cluster.defaults import Tree
from coursekit.devops.cluster.problems import Found, Path, excerpt, listed
from coursekit.devops.cluster.rules.base import Rule, no_quantity, one_of, rule


@rule(
    "autoscaler-bounds",
    "minReplicas is 1 or more, and maxReplicas is not below it",
    "autoscaling: validateHorizontalPodAutoscalerSpec",
    "HorizontalPodAutoscaler",
)
def autoscaler_bounds(tree: Tree) -> Iterator[Found]:
    spec = tree.get("spec", {})
    low, high = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if low < 1:
        yield ("spec", "minReplicas"), f"{low} is below 1; write 1 or more"
    if high < 1:
        yield ("spec", "maxReplicas"), f"{high} is below 1; write 1 or more"
    elif high < low:
        yield ("spec", "maxReplicas"), f"{high} is below minReplicas {low}; raise it"


@rule(
    "autoscaler-target",
    "An autoscaler names what it scales; this cluster scales Deployments",
    "autoscaling: ValidateCrossVersionObjectReference; this cluster",
    "HorizontalPodAutoscaler",
)
def autoscaler_target(tree: Tree) -> Iterator[Found]:
    target, path = tree.get("spec", {}).get("scaleTargetRef", {}), ("spec", "scaleTargetRef")
    if not target.get("name"):
        yield (*path, "name"), "empty; name the Deployment"
    wrong = one_of(target.get("kind", ""), ("Deployment",))
    if wrong:
        yield (*path, "kind"), wrong
    if target.get("apiVersion", "apps/v1") != "apps/v1":
        yield (*path, "apiVersion"), f"{excerpt(target['apiVersion'])}: a Deployment is of apps/v1"


@rule(
    "autoscaler-metrics",
    "A metric fills the one source that its type names; its target is a positive number, and for "
    "Pods it is an averageValue",
    "autoscaling: validateMetricSpec, validateMetricTarget",
    "HorizontalPodAutoscaler",
)
def autoscaler_metrics(tree: Tree) -> Iterator[Found]:
    sources = {
        "Resource": "resource",
        "ContainerResource": "containerResource",
        "Pods": "pods",
        "Object": "object",
        "External": "external",
    }
    for at, metric in enumerate(tree.get("spec", {}).get("metrics", ())):
        path: Path = ("spec", "metrics", at)
        kind = metric.get("type", "")
        wrong = one_of(kind, tuple(sources))
        if wrong:
            yield (*path, "type"), wrong
            continue
        name = sources[kind]
        others = sorted(set(metric) - {"type", name})
        if name not in metric:
            given = f", but {others[0]} is there: change the type" if others else ""
            yield (*path, name), f"missing; type: {kind} needs it{given}"
            continue
        for other in others:
            yield (*path, other), f"beside type: {kind}; delete it, or change the type"
        source = metric[name]
        named = source.get("name", "") or source.get("metric", {}).get("name", "")
        if not named:
            where = ("name",) if "esource" in kind else ("metric", "name")
            yield (*path, name, *where), "empty; name the metric"
        yield from _bad_target(source.get("target", {}), (*path, name, "target"), kind)


def _bad_target(target: Tree, path: Path, kind: str) -> Iterator[Found]:
    wrong = one_of(target.get("type", ""), ("Utilization", "Value", "AverageValue"))
    if wrong:
        yield (*path, "type"), wrong
    for name in ("value", "averageValue"):
        if name in target:
            bad = no_quantity(target[name])
            if bad or quantity.parse(target[name]) <= 0:
                yield (*path, name), bad or f"{excerpt(target[name])} is not above 0; raise it"
    use = target.get("averageUtilization")
    if use is not None and use < 1:
        yield (*path, "averageUtilization"), f"{use} is below 1; write a per cent of the request"
    fields = {
        "Resource": ("averageUtilization", "averageValue"),
        "ContainerResource": ("averageUtilization", "averageValue"),
        "Pods": ("averageValue",),
        "Object": ("value", "averageValue"),
        "External": ("value", "averageValue"),
    }[kind]
    given = [name for name in fields if name in target]
    if not given:
        yield (*path, fields[-1]), f"missing; a target of {kind} needs {listed(fields)}"
    elif len(given) > 1 and kind != "Object":
        yield (*path, given[1]), f"beside {given[0]}; keep one"


@rule(
    "autoscaler-behavior",
    "stabilizationWindowSeconds is 0 to 3600; a policy is of Pods or Percent, with a value above 0 "
    "and periodSeconds of 1 to 1800",
    "autoscaling: validateScalingRules, validateScalingPolicy",
    "HorizontalPodAutoscaler",
)
def autoscaler_behavior(tree: Tree) -> Iterator[Found]:
    behavior = tree.get("spec", {}).get("behavior", {})
    for direction in ("scaleUp", "scaleDown"):
        rules, path = behavior.get(direction), ("spec", "behavior", direction)
        if rules is None:
            continue
        window = rules.get("stabilizationWindowSeconds", 0)
        if not 0 <= window <= 3600:
            yield (*path, "stabilizationWindowSeconds"), f"{window} is not in 0 to 3600; change it"
        wrong = one_of(rules.get("selectPolicy", "Max"), ("Max", "Min", "Disabled"))
        if wrong:
            yield (*path, "selectPolicy"), wrong
        if "tolerance" in rules and no_quantity(rules["tolerance"]):
            yield (*path, "tolerance"), no_quantity(rules["tolerance"])
        if rules.get("policies") == []:
            yield (*path, "policies"), "empty; write a policy, or delete the field"
        for at, policy in enumerate(rules.get("policies", ())):
            here = (*path, "policies", at)
            wrong = one_of(policy.get("type", ""), ("Pods", "Percent"))
            if wrong:
                yield (*here, "type"), wrong
            if policy.get("value", 0) < 1:
                yield (*here, "value"), f"{policy.get('value')} is below 1; write 1 or more"
            period = policy.get("periodSeconds", 0)
            if not 1 <= period <= 1800:
                yield (*here, "periodSeconds"), f"{period} is not in 1 to 1800; change it"


RULES: tuple[Rule, ...] = (
    autoscaler_bounds,
    autoscaler_target,
    autoscaler_metrics,
    autoscaler_behavior,
)
