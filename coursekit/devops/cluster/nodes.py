"""Nodes: where a pod fits, and who may be sent away. Pure functions over plain numbers.

Upstream: the kube-scheduler's filter `NodeResourcesFit`, `pkg/controller/disruption`
(`getExpectedPodCount`, `updatePdbStatus`) and `pkg/registry/core/pod/storage/eviction.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursekit.devops.cluster.rollout import scaled
from coursekit.devops.cluster.world import Node

NOT_READY_S = 40  # node-monitor-grace-period
EVICT_S = 300  # tolerationSeconds of the taint "unreachable"
RETRY_S = 5  # kubectl drain

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Room:
    """A node and what its pods request of it; `related` are pods of the same Deployment."""

    node: Node
    cpu_m: int = 0
    memory_kib: int = 0
    pods: int = 0
    related: int = 0
    schedulable: bool = True
    ready: bool = True


def unfit(room: Room, cpu_m: int, memory_kib: int) -> tuple[str, ...]:
    """Why a pod with these requests does not fit there; nothing if it does."""
    if not room.ready:
        return ("node(s) had untolerated taint {node.kubernetes.io/unreachable: }",)
    if not room.schedulable:
        return ("node(s) were unschedulable",)
    why = []
    if cpu_m and room.cpu_m + cpu_m > room.node.cpu_m:
        why.append("Insufficient cpu")
    if memory_kib and room.memory_kib + memory_kib > room.node.memory_kib:
        why.append("Insufficient memory")
    if room.pods + 1 > room.node.pods:
        why.append("Too many pods")
    return tuple(why)


def choose(rooms: Sequence[Room], cpu_m: int, memory_kib: int) -> tuple[str, str]:
    """The node for a pod, or "" and the scheduler's message."""
    reasons: dict[str, int] = {}
    fitting = []
    for room in rooms:
        why = unfit(room, cpu_m, memory_kib)
        if not why:
            fitting.append(room)
        for reason in why:
            reasons[reason] = reasons.get(reason, 0) + 1
    if fitting:
        return min(fitting, key=_preference).node.name, ""
    shown = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    return "", f"0/{len(rooms)} nodes are available: {shown}."


def _preference(room: Room) -> tuple[int, int, str]:
    used = room.cpu_m * 1000 // max(1, room.node.cpu_m)
    used += room.memory_kib * 1000 // max(1, room.node.memory_kib)
    return room.related, used, room.node.name


@dataclass(frozen=True)
class Budget:
    """The status of a PodDisruptionBudget."""

    name: str
    expected: int
    desired_healthy: int
    current_healthy: int

    @property
    def allowed(self) -> int:
        """How many may be disrupted now."""
        if self.expected <= 0:
            return 0
        return max(0, self.current_healthy - self.desired_healthy)


def budget(name: str, spec: Tree, healthy: int, pods: int, scale: int) -> Budget:
    """A budget's status.

    Args:
        name: its name.
        spec: its `spec`.
        healthy: ready pods that it selects and that are not being deleted.
        pods: pods that it selects.
        scale: replicas that the controllers of these pods want.
    """
    least = spec.get("minAvailable")
    if spec.get("maxUnavailable") is not None:
        gone = scaled(spec["maxUnavailable"], scale, round_up=True)
        return Budget(name, scale, max(0, scale - gone), healthy)
    if isinstance(least, int):
        return Budget(name, pods, least, healthy)
    return Budget(name, scale, scaled(least or 0, scale, round_up=True), healthy)


@dataclass(frozen=True)
class Answer:
    """What the eviction API says: 201, 429 (try again) or 500."""

    code: int
    message: str = ""


def evict(phase: str, ready: bool, deleting: bool, budgets: Sequence[tuple[Budget, str]]) -> Answer:
    """Whether a pod may be evicted now.

    Args:
        phase: the pod's.
        ready: whether it is ready.
        deleting: whether it has a deletion timestamp.
        budgets: those that select it, each with its `unhealthyPodEvictionPolicy`.
    """
    if phase in ("Pending", "Succeeded", "Failed") or deleting or not budgets:
        return Answer(201)
    if len(budgets) > 1:
        return Answer(
            500, "This pod has more than one PodDisruptionBudget, which the eviction subresource "
            "does not support.",
        )  # fmt: skip
    known, policy = budgets[0]
    if not ready and (
        policy == "AlwaysAllow" or known.current_healthy >= known.desired_healthy > 0
    ):
        return Answer(201)
    if known.allowed > 0:
        return Answer(201)
    return Answer(
        429,
        "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget "
        f"{known.name} needs {known.desired_healthy} healthy pods and has "
        f"{known.current_healthy} currently",
    )
