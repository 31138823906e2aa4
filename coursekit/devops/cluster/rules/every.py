"""Rules for all objects: names, labels, selectors."""

import re
from collections.abc import Iterator

from coursekit.devops.cluster.defaults import Tree
from coursekit.devops.cluster.problems import Found, Path, excerpt
from coursekit.devops.cluster.rules.base import (
    LABEL,
    Rule,
    bad_labels,
    bad_names,
    is_label,
    no_label,
    one_of,
    rule,
)

_LETTER_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@rule(
    "names",
    "An object has a name: lower-case letters, digits, `-` and `.`; a Service's is one DNS label "
    "that begins with a letter, and a namespace is one DNS label",
    "core: ValidateObjectMeta",
)
def names(tree: Tree) -> Iterator[Found]:
    metadata, kind = tree.get("metadata", {}), tree["kind"]
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not name:
        yield ("metadata", "name"), f"missing; name the {kind}"
    elif kind in ("Role", "RoleBinding"):
        if name in (".", "..") or "/" in name or "%" in name:
            yield ("metadata", "name"), f"{excerpt(name)} holds / or %; take it out"
    elif kind == "Service":
        if len(name) > 63 or not _LETTER_LABEL.fullmatch(name):
            yield ("metadata", "name"), no_label(name, "begin with a letter, then ")
    elif len(name) > 253 or not all(LABEL.fullmatch(part) for part in name.split(".")):
        yield ("metadata", "name"), no_label(name, "")
    if namespace is not None and not is_label(namespace):
        yield ("metadata", "namespace"), no_label(namespace, "")


@rule(
    "labels",
    "A label's name and value have at most 63 letters, digits, `-`, `_` and `.`, and begin and end "
    "with a letter or a digit",
    "apimachinery: ValidateLabels",
)
def labels(tree: Tree) -> Iterator[Found]:
    spec = tree.get("spec", {})
    yield from bad_labels(tree.get("metadata", {}).get("labels", {}), ("metadata", "labels"))
    yield from bad_names(
        tree.get("metadata", {}).get("annotations", {}), ("metadata", "annotations")
    )
    if tree["kind"] == "Service":
        yield from bad_labels(spec.get("selector", {}), ("spec", "selector"))
    template = spec.get("template") if tree["kind"] == "Deployment" else None
    if template:
        labels = template.get("metadata", {}).get("labels", {})
        yield from bad_labels(labels, ("spec", "template", "metadata", "labels"))


@rule(
    "selectors",
    "In a selector, `In` and `NotIn` have values, `Exists` and `DoesNotExist` have none",
    "apimachinery: ValidateLabelSelector",
    "Deployment",
    "PodDisruptionBudget",
)
def selectors(tree: Tree) -> Iterator[Found]:
    selector, path = tree.get("spec", {}).get("selector", {}), ("spec", "selector")
    yield from bad_labels(selector.get("matchLabels", {}), (*path, "matchLabels"))
    for at, term in enumerate(selector.get("matchExpressions", ())):
        here: Path = (*path, "matchExpressions", at)
        operator = term.get("operator", "")
        wrong = one_of(operator, ("In", "NotIn", "Exists", "DoesNotExist"))
        if wrong:
            yield (*here, "operator"), wrong
        elif operator in ("In", "NotIn") and not term.get("values"):
            yield (*here, "values"), f"missing; {operator} needs values"
        elif operator in ("Exists", "DoesNotExist") and term.get("values"):
            yield (*here, "values"), f"{operator} takes none; delete them"


RULES: tuple[Rule, ...] = (
    names,
    labels,
    selectors,
)
