"""What the Deployment controller does: pure functions over sizes of replica sets.

Upstream: `pkg/controller/deployment/rolling.go`, `recreate.go`, `sync.go`, `progress.go` and
`util/deployment_util.go`; for which pod goes first `pkg/controller/controller_utils.go`.
`spec` is a Deployment's `spec`, defaults filled in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Tree = Mapping[str, Any]
Sizes = dict[str, int]  # replicas to be, by the replica set's name

NEVER = 2**31 - 1  # a progressDeadlineSeconds that means none


@dataclass(frozen=True)
class ReplicaSet:
    """A replica set as its Deployment sees it.

    `replicas` is its `spec.replicas`; `desired` and `most` are what its annotations
    `deployment.kubernetes.io/desired-replicas` and `…/max-replicas` remember.
    """

    name: str
    replicas: int
    available: int = 0
    created: int = 0
    desired: int | None = None
    most: int | None = None


# ----------------------------------------------------------------------------------- how far to go


def scaled(value: int | str, total: int, round_up: bool) -> int:
    """A number, or a percentage of `total`. Upstream: `GetScaledValueFromIntOrPercent`."""
    if isinstance(value, int):
        return value
    percent = int(value.removesuffix("%"))
    return -(-percent * total // 100) if round_up else percent * total // 100


def resolve_fenceposts(
    max_surge: int | str, max_unavailable: int | str, replicas: int
) -> tuple[int, int]:
    """Pods above and below: surge rounds up, unavailable down; both 0 means one unavailable.

    Upstream: `ResolveFenceposts`.
    """
    surge = scaled(max_surge, replicas, round_up=True)
    unavailable = scaled(max_unavailable, replicas, round_up=False)
    return (0, 1) if surge == 0 and unavailable == 0 else (surge, unavailable)


def _is_rolling(spec: Tree) -> bool:
    return bool((spec.get("strategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def _fenceposts(spec: Tree) -> tuple[int, int]:
    rolling = (spec.get("strategy") or {}).get("rollingUpdate") or {}
    return resolve_fenceposts(
        rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%"), spec["replicas"]
    )


def max_surge(spec: Tree) -> int:
    """Pods beyond `replicas`; 0 for Recreate. Upstream: `MaxSurge`."""
    return _fenceposts(spec)[0] if _is_rolling(spec) else 0


def max_unavailable(spec: Tree) -> int:
    """Pods below `replicas`, never more than those; 0 for Recreate. Upstream: `MaxUnavailable`."""
    if not _is_rolling(spec) or spec["replicas"] == 0:
        return 0
    return min(_fenceposts(spec)[1], int(spec["replicas"]))


def new_replicas(spec: Tree, new: ReplicaSet, old: Sequence[ReplicaSet]) -> int:
    """How large the new replica set may be now. Upstream: `NewRSNewReplicas`."""
    if not _is_rolling(spec):
        return int(spec["replicas"])
    now = new.replicas + sum(one.replicas for one in old)
    most = int(spec["replicas"]) + max_surge(spec)
    if now >= most:
        return new.replicas
    return new.replicas + min(most - now, int(spec["replicas"]) - new.replicas)


# -------------------------------------------------------------------------------- one step of it


def roll(spec: Tree, new: ReplicaSet, old: Sequence[ReplicaSet], old_pods: int = 0) -> Sizes:
    """The sizes that one sync of a roll-out changes, none when nothing is to be done.

    Args:
        spec: of the Deployment.
        new: the replica set of its present template.
        old: all others.
        old_pods: pods of the old ones that are not gone yet, terminating ones included; Recreate
            waits for them.
    """
    if not _is_rolling(spec):
        return _recreate(spec, new, old, old_pods)
    sizes = _grow(spec, new, old)
    return sizes or _shrink(spec, new, old)


def _recreate(spec: Tree, new: ReplicaSet, old: Sequence[ReplicaSet], old_pods: int) -> Sizes:
    sizes = {one.name: 0 for one in old if one.replicas > 0}
    if sizes or old_pods:
        return sizes
    return {new.name: spec["replicas"]} if new.replicas != spec["replicas"] else {}


def _grow(spec: Tree, new: ReplicaSet, old: Sequence[ReplicaSet]) -> Sizes:
    """Upstream: `reconcileNewReplicaSet`."""
    if new.replicas == spec["replicas"]:
        return {}
    if new.replicas > spec["replicas"]:
        return {new.name: spec["replicas"]}
    count = new_replicas(spec, new, old)
    return {new.name: count} if count != new.replicas else {}


def _shrink(spec: Tree, new: ReplicaSet, old: Sequence[ReplicaSet]) -> Sizes:
    """Upstream: `reconcileOldReplicaSets`."""
    active = sorted((one for one in old if one.replicas > 0), key=lambda one: one.created)
    if not active:
        return {}
    least = spec["replicas"] - max_unavailable(spec)
    everything = new.replicas + sum(one.replicas for one in old)
    room = everything - least - (new.replicas - new.available)
    if room <= 0:
        return {}
    sizes: Sizes = {}
    cleaned = 0
    for one in active:  # upstream: cleanupUnhealthyReplicas
        if cleaned >= room:
            break
        unhealthy = min(room - cleaned, one.replicas - one.available)
        if unhealthy > 0:
            sizes[one.name] = one.replicas - unhealthy
            cleaned += unhealthy
    # upstream: scaleDownOldReplicaSetsForRollingUpdate
    spare = new.available + sum(one.available for one in old) - least
    for one in active:
        if spare <= 0:
            break
        size = sizes.get(one.name, one.replicas)
        if size > 0:
            less = min(size, spare)
            sizes[one.name] = size - less
            spare -= less
    return sizes


def rescale(
    spec: Tree, new: ReplicaSet | None, old: Sequence[ReplicaSet], status_replicas: int
) -> Sizes:
    """The sizes after `spec.replicas` changed, in proportion while a roll-out is on its way.

    Upstream: `scale` in `sync.go`.
    """
    replicas = spec["replicas"]
    alone = _active_or_latest(new, old)
    if alone is not None:
        return {} if alone.replicas == replicas else {alone.name: replicas}
    if new is not None and is_saturated(spec, new):
        return {one.name: 0 for one in old if one.replicas > 0}
    if not _is_rolling(spec):
        return {}
    sets = [one for one in _all(new, old) if one.replicas > 0]
    allowed = replicas + max_surge(spec) if replicas > 0 else 0
    to_add = allowed - sum(one.replicas for one in sets)
    # larger ones first; of equal ones the newer on the way up, the older on the way down
    sets.sort(key=lambda one: (-one.replicas, -one.created if to_add > 0 else one.created))
    sizes, added = {one.name: one.replicas for one in sets}, 0
    for one in sets:
        part = proportion(spec, one, to_add, added, status_replicas) if to_add else 0
        sizes[one.name] += part
        added += part
    if sets and to_add:
        first = sets[0].name
        sizes[first] = max(0, sizes[first] + to_add - added)
    return {one.name: sizes[one.name] for one in sets if sizes[one.name] != one.replicas}


def proportion(spec: Tree, one: ReplicaSet, to_add: int, added: int, status_replicas: int) -> int:
    """A replica set's part of what is to be added. Upstream: `GetReplicaSetProportion`."""
    if one.replicas == 0 or to_add == 0 or to_add == added:
        return 0
    if spec["replicas"] == 0:
        part = -one.replicas
    else:
        before = one.most or status_replicas or 1
        size = one.replicas * (spec["replicas"] + max_surge(spec)) / before
        part = math.floor(size + 0.5) - one.replicas
    rest = to_add - added
    return min(part, rest) if to_add > 0 else max(part, rest)


def is_saturated(spec: Tree, one: ReplicaSet) -> bool:
    """Whether it is as large as wanted, and available. Upstream: `IsSaturated`."""
    return one.replicas == one.available == int(spec["replicas"]) == one.desired


def is_scaling(spec: Tree, sets: Sequence[ReplicaSet]) -> bool:
    """Whether `spec.replicas` changed since the sets were sized. Upstream: `isScalingEvent`."""
    return any(
        one.replicas > 0 and one.desired is not None and one.desired != spec["replicas"]
        for one in sets
    )


def _all(new: ReplicaSet | None, old: Sequence[ReplicaSet]) -> list[ReplicaSet]:
    return [*old] if new is None else [*old, new]


def _active_or_latest(new: ReplicaSet | None, old: Sequence[ReplicaSet]) -> ReplicaSet | None:
    """Upstream: `FindActiveOrLatest`."""
    sets = _all(new, old)
    active = [one for one in sets if one.replicas > 0]
    if not active:
        return new or max(sets, key=lambda one: one.created, default=None)
    return active[0] if len(active) == 1 else None


# --------------------------------------------------------------------------------------- progress


@dataclass(frozen=True)
class Status:
    """Counts over all replica sets of a Deployment; `updated` are those of the new one."""

    replicas: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0


@dataclass(frozen=True)
class Progress:
    """The condition Progressing: its reason and when it was last renewed."""

    reason: str
    updated_s: int

    @property
    def holds(self) -> bool:
        """Whether the condition's status is True."""
        return self.reason != "ProgressDeadlineExceeded"


def progress(spec: Tree, before: Status, now: Status, known: Progress, now_s: int) -> Progress:
    """The condition Progressing after a sync. Upstream: `syncRolloutStatus` with
    `DeploymentComplete`, `DeploymentProgressing` and `DeploymentTimedOut`.
    """
    deadline_s = spec.get("progressDeadlineSeconds", 600)
    if deadline_s >= NEVER:
        return known
    if now.replicas == now.updated and known.reason == "NewReplicaSetAvailable":
        return known
    if is_complete(spec, now):
        return Progress("NewReplicaSetAvailable", now_s)
    if (
        now.updated > before.updated
        or now.replicas - now.updated < before.replicas - before.updated
        or now.ready > before.ready
        or now.available > before.available
    ):
        return Progress("ReplicaSetUpdated", now_s)
    late = now_s > known.updated_s + deadline_s
    if known.reason in ("NewReplicaSetAvailable", "ProgressDeadlineExceeded") or not late:
        return known
    return Progress("ProgressDeadlineExceeded", now_s)


def is_complete(spec: Tree, status: Status) -> bool:
    """Whether all pods are new and available. Upstream: `DeploymentComplete`."""
    return status.updated == status.replicas == status.available == int(spec["replicas"])


# ----------------------------------------------------------------------------- which pod goes first


@dataclass(frozen=True)
class Candidate:
    """A pod that a replica set might delete; `rank` counts related pods on its node."""

    name: str
    assigned: bool = True
    phase: str = "Running"
    ready_since_s: int | None = None
    rank: int = 0
    restarts: int = 0
    created_s: int = 0
    cost: int = 0


_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def first_to_go(pods: Sequence[Candidate], now_s: int) -> list[str]:
    """Names, the first to be deleted first. Upstream: `ActivePodsWithRanks.Less`.

    Where upstream compares identifiers, the names decide.
    """

    def key(pod: Candidate) -> tuple[Any, ...]:
        ready = pod.ready_since_s is not None
        return (
            pod.assigned,
            _PHASES.get(pod.phase, 2),
            ready,
            pod.cost,
            -pod.rank,
            _age_class(now_s, pod.ready_since_s) if pod.ready_since_s is not None else 0,
            -pod.restarts,
            _age_class(now_s, pod.created_s),
            pod.name,
        )

    return [pod.name for pod in sorted(pods, key=key)]


def _age_class(now_s: int, since_s: int) -> int:
    """Ages by powers of two (of nanoseconds). Upstream: `logarithmicRankDiff`."""
    age_ns = (now_s - since_s) * 10**9
    return age_ns.bit_length() if age_ns > 0 else -1
