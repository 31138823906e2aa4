"""Rules for Deployments: what rolls, and how."""

from collections.abc import Iterator

from coursekit.devops.cluster.defaults import Tree
from coursekit.devops.cluster.problems import Found, excerpt
from coursekit.devops.cluster.rules.base import (
    Rule,
    bad_share,
    below_zero,
    is_zero,
    rule,
    selects,
)


@rule(
    "replicas",
    "`replicas`, `minReadySeconds` and `revisionHistoryLimit` are 0 or more",
    "apps: ValidateDeploymentSpec",
    "Deployment",
)
def replicas(tree: Tree) -> Iterator[Found]:
    yield from below_zero(
        tree.get("spec", {}), ("spec",), "replicas", "minReadySeconds", "revisionHistoryLimit"
    )


@rule(
    "selector-fits",
    "A Deployment's selector is not empty and fits the labels of its template",
    "apps: ValidateDeploymentSpec",
    "Deployment",
)
def selector_fits(tree: Tree) -> Iterator[Found]:
    spec = tree.get("spec", {})
    selector = spec.get("selector", {})
    labels = spec.get("template", {}).get("metadata", {}).get("labels", {})
    path = ("spec", "selector")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield path, "empty; write the labels of the template under matchLabels"
        return
    for name, value in selector.get("matchLabels", {}).items():
        if labels.get(name) != value:
            yield (
                (*path, "matchLabels", name),
                f"{excerpt(value)}, but the template's label is "
                f"{excerpt(labels.get(name, 'missing'))}; make them the same",
            )
    for at, term in enumerate(selector.get("matchExpressions", ())):
        if not selects({"matchExpressions": [term]}, labels):
            yield (*path, "matchExpressions", at), "it does not fit the template's labels; mend one"


@rule(
    "always-restarted",
    "The template of a Deployment restarts its containers `Always`",
    "apps: ValidatePodTemplateSpecForReplicaSet",
    "Deployment",
)
def always_restarted(tree: Tree) -> Iterator[Found]:
    policy = tree.get("spec", {}).get("template", {}).get("spec", {}).get("restartPolicy", "Always")
    if policy != "Always":
        path = ("spec", "template", "spec", "restartPolicy")
        yield path, f"{excerpt(policy)} is not for a Deployment; write Always"


@rule(
    "rolling-update",
    "maxSurge and maxUnavailable are whole numbers or percentages, not below 0, not both 0, and "
    "maxUnavailable is at most 100 %; Recreate has neither",
    "apps: ValidateDeploymentStrategy, ValidateRollingUpdateDeployment",
    "Deployment",
)
def rolling_update(tree: Tree) -> Iterator[Found]:
    strategy = tree.get("spec", {}).get("strategy", {})
    kind = strategy.get("type", "RollingUpdate")
    path = ("spec", "strategy", "rollingUpdate")
    if kind == "Recreate" and "rollingUpdate" in strategy:
        yield path, "not for Recreate; delete it, or write type: RollingUpdate"
    if kind != "RollingUpdate":
        return
    rolling = strategy.get("rollingUpdate", {})
    sound = True
    for name in ("maxUnavailable", "maxSurge"):
        for found in bad_share(rolling.get(name), (*path, name), most=name == "maxUnavailable"):
            sound = False
            yield found
    if sound and all(is_zero(rolling.get(name)) for name in ("maxUnavailable", "maxSurge")):
        sentence = "0 while maxSurge is 0 too, so nothing could ever move; raise one of them"
        yield (*path, "maxUnavailable"), sentence


@rule(
    "progress-deadline",
    "progressDeadlineSeconds is greater than minReadySeconds",
    "apps: ValidateDeploymentSpec",
    "Deployment",
)
def progress_deadline(tree: Tree) -> Iterator[Found]:
    spec = tree.get("spec", {})
    deadline, ready = spec.get("progressDeadlineSeconds", 600), spec.get("minReadySeconds", 0)
    if deadline <= ready:
        name = "progressDeadlineSeconds" if "progressDeadlineSeconds" in spec else "minReadySeconds"
        sentence = f"the deadline of {deadline} s is not above minReadySeconds {ready}; raise it"
        yield ("spec", name), sentence


RULES: tuple[Rule, ...] = (
    replicas,
    selector_fits,
    always_restarted,
    rolling_update,
    progress_deadline,
)
