"""What rules are made of: a rule, and the questions that several of them ask."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursekit.devops.cluster import quantity
from coursekit.devops.cluster.defaults import Tree
from coursekit.devops.cluster.problems import Found, Path, excerpt, listed, nearest

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
KEY = re.compile(r"[-._a-zA-Z0-9]+")
_PERCENT = re.compile(r"[0-9]{1,9}%")
_PORT_NAME = re.compile(r"[a-z0-9-]{1,15}")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        id: Names it in tests and in docs/cluster.md.
        sentence: What holds.
        source: Upstream's function, or "this cluster".
        kinds: The kinds that it looks at; empty for all.
        find: What breaks it in one object.
    """

    id: str
    sentence: str
    source: str
    kinds: frozenset[str]
    find: Callable[[Tree], Iterator[Found]]


def rule(
    id: str, sentence: str, source: str, *kinds: str
) -> Callable[[Callable[[Tree], Iterator[Found]]], Rule]:
    """Make a rule of the function that finds what breaks it."""
    return lambda find: Rule(id, sentence, source, frozenset(kinds), find)


def selects(selector: Tree, labels: Mapping[str, str]) -> bool:
    """Whether a label selector fits labels; an empty one fits all.

    Source: apimachinery/pkg/labels/selector.go, `Requirement.Matches`.
    """
    for name, value in selector.get("matchLabels", {}).items():
        if labels.get(name) != value:
            return False
    for term in selector.get("matchExpressions", ()):
        has, value = term["key"] in labels, labels.get(term["key"])
        values = term.get("values", ())
        fits = {
            "In": has and value in values,
            "NotIn": not has or value not in values,
            "Exists": has,
            "DoesNotExist": not has,
        }
        if not fits.get(term["operator"], False):
            return False
    return True


def pod_spec_of(tree: Tree) -> tuple[Path, Tree]:
    """The specification of the pod, or of a template's pod, and where it stands."""
    if tree["kind"] == "Pod":
        return ("spec",), tree.get("spec", {})
    return ("spec", "template", "spec"), tree.get("spec", {}).get("template", {}).get("spec", {})


def containers_of(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Each container, the first ones before the others, and where it stands."""
    path, spec = pod_spec_of(tree)
    for part in ("initContainers", "containers"):
        for at, container in enumerate(spec.get(part, ())):
            yield (*path, part, at), container


def resources_of(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Requests and limits, of the pod and of each container, and where they stand."""
    path, spec = pod_spec_of(tree)
    if "resources" in spec:
        yield (*path, "resources"), spec["resources"]
    for here, container in containers_of(tree):
        if "resources" in container:
            yield (*here, "resources"), container["resources"]


def is_label(name: str) -> bool:
    """Whether a name is one DNS label (RFC 1123)."""
    return len(name) <= 63 and LABEL.fullmatch(name) is not None


def no_label(name: str, beginning: str) -> str:
    """What is wrong with a name that is no DNS label; `beginning`: what comes first."""
    said = f"{excerpt(name)} is no name" if name else "empty"
    return f"{said}; {beginning or 'write '}lower-case letters, digits and -, at most 63"


def is_vendors(name: str) -> bool:
    """Whether a resource is named with a domain: `nvidia.com/gpu`."""
    domain, slash, rest = name.rpartition("/")
    return (
        bool(slash)
        and all(map(LABEL.fullmatch, domain.split(".")))
        and bool(_QUALIFIED.fullmatch(rest))
    )


def bad_labels(labels: Mapping[str, str], path: Path) -> Iterator[Found]:
    """What is wrong with labels: their names and their values."""
    yield from bad_names(labels, path)
    for name, value in labels.items():
        if value and (len(value) > 63 or not _QUALIFIED.fullmatch(value)):
            sentence = (
                f"{excerpt(value)} is no label; write letters, digits, -, _ and ., at most 63"
            )
            yield (*path, name), sentence


def bad_names(labels: Iterable[str], path: Path) -> Iterator[Found]:
    """What is wrong with the names of labels or annotations."""
    for name in labels:
        domain, slash, rest = name.rpartition("/")
        sound = len(rest) <= 63 and _QUALIFIED.fullmatch(rest)
        if slash and (len(domain) > 253 or not all(map(LABEL.fullmatch, domain.split(".")))):
            sound = None
        if not sound:
            yield (*path, name), "no name of a label; write one like app or example.com/app"


def below_zero(tree: Tree, path: Path, *names: str) -> Iterator[Found]:
    """The fields that are below 0."""
    for name in names:
        if tree.get(name, 0) < 0:
            yield (*path, name), f"{tree[name]} is below 0; write 0 or more"


def is_zero(value: int | str | None) -> bool:
    """Whether a number or percentage is 0."""
    return value == 0 or (isinstance(value, str) and int(value.removesuffix("%")) == 0)


def bad_share(value: int | str | None, path: Path, *, most: bool) -> Iterator[Found]:
    """What is wrong with a number or percentage; `most`: it ends at 100 %."""
    if isinstance(value, str):
        if not _PERCENT.fullmatch(value):
            yield path, f'{excerpt(value)} is neither a number nor a percentage; write 1 or "25%"'
        elif most and int(value.removesuffix("%")) > 100:
            yield path, f"{value} is above 100 %; lower it"
    elif value is not None and value < 0:
        yield path, f"{value} is below 0; write 0 or more"


def bad_port(value: int | str | None, path: Path, *, named: bool = True) -> Iterator[Found]:
    """What is wrong with a port's number or, where it may be `named`, its name."""
    if isinstance(value, str):
        sound = _PORT_NAME.fullmatch(value) and re.search("[a-z]", value)
        if not sound or "--" in value or value[0] == "-" or value[-1] == "-":
            yield (
                path,
                f"{excerpt(value)} is no port's name; write at most 15 letters, digits and -",
            )
    elif value is not None and not 1 <= value <= 65535:
        hint = "; a name works too" if named else ""
        yield path, f"{value} is not in 1 to 65535; change it{hint}"


def bad_handler(handler: Tree, path: Path, known: Sequence[str]) -> Iterator[Found]:
    """What is wrong with the one thing that a probe or hook does."""
    given = [name for name in known if name in handler]
    if len(given) != 1:
        said = "none of" if not given else "more than one of"
        yield path, f"{said} {listed(known)}; write exactly one"
    for name in ("httpGet", "tcpSocket", "grpc"):
        if name in handler:
            yield from bad_port(handler[name].get("port"), (*path, name, "port"))
    if "exec" in handler and not handler["exec"].get("command"):
        yield (*path, "exec", "command"), "missing; write the command"


def no_quantity(value: Any) -> str:
    """Why a value is no quantity of 0 or more, "" where it is one."""
    try:
        quantity.milli(value)
    except quantity.QuantityError as error:
        return str(error)
    return ""


def one_of(value: str, words: Sequence[str]) -> str:
    """What is wrong with a word that must be one of these, "" where nothing is."""
    if value in words:
        return ""
    near = nearest(value, words)
    said = f"{excerpt(value)} is not known" if value else "missing"
    return f"{said}; did you mean {near}?" if near else f"{said}; write {listed(words)}"


def not_one_of(tree: Tree, path: Path, words: Mapping[str, tuple[str, ...]]) -> Iterator[Found]:
    """The fields of an object that hold none of their words."""
    for name, known in words.items():
        if name in tree:
            wrong = one_of(tree[name], known)
            if wrong:
                yield (*path, name), wrong


def decoded(text: str) -> bytes | None:
    """The bytes of a base64 text, or None where it is none."""
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
