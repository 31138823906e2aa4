"""Rules for all objects of an answer together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from coursekit.devops.cluster.defaults import Tree
from coursekit.devops.cluster.problems import Path, excerpt

MOST_PODS = 200


@dataclass(frozen=True)
class Across:
    """A rule about all objects together; `find` yields an object's place, a path and a sentence."""

    id: str
    sentence: str
    source: str
    find: Callable[[Sequence[Tree]], Iterator[tuple[int, Path, str]]]


def _twice(trees: Sequence[Tree]) -> Iterator[tuple[int, Path, str]]:
    seen: set[tuple[str, str, str]] = set()
    for at, tree in enumerate(trees):
        metadata = tree.get("metadata", {})
        key = (tree["kind"], metadata.get("namespace", "default"), metadata.get("name", ""))
        if key in seen:
            sentence = f"a second {key[0]} {excerpt(key[2])} in {excerpt(key[1])}; rename one"
            yield at, ("metadata", "name"), sentence
        seen.add(key)


_COUNTED = {"Deployment": "replicas", "HorizontalPodAutoscaler": "maxReplicas"}


def _too_many_pods(trees: Sequence[Tree]) -> Iterator[tuple[int, Path, str]]:
    total = 0
    for at, tree in enumerate(trees):
        spec = tree.get("spec", {})
        name = _COUNTED.get(tree["kind"])
        pods = 1 if tree["kind"] == "Pod" else spec.get(name, 1) if name else 0
        path: Path = ("spec", name) if name else ("spec",)
        if pods > MOST_PODS:
            yield at, path, f"{pods:,}, but this cluster holds at most {MOST_PODS} pods; lower it"
            continue
        total += 0 if tree["kind"] == "HorizontalPodAutoscaler" else max(0, pods)
        if total > MOST_PODS and pods > 0 and tree["kind"] != "HorizontalPodAutoscaler":
            sentence = (
                f"{total:,} pods in all, but this cluster holds at most {MOST_PODS}; lower it"
            )
            yield at, path, sentence


ACROSS: tuple[Across, ...] = (
    Across("once", "An object of one kind, namespace and name stands once", "this cluster", _twice),
    Across(
        "at-most-200-pods",
        f"All pods together, and an autoscaler's maxReplicas, are at most {MOST_PODS}",
        "this cluster",
        _too_many_pods,
    ),
)
