"""Memory of a process, what the kernel does at the limit, and how long a restart waits.

Upstream: `pkg/apis/core/v1/helper/qos/qos.go` (`ComputePodQOS`) and
`client-go/util/flowcontrol/backoff.go` (`Next`, `IsInBackOffSince`) as the kubelet uses it. The
process is our own formula, see docs/cluster.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursekit.devops.cluster.quantity import parse

MIB = 1024  # KiB
BACK_OFF_S = 10
MAX_BACK_OFF_S = 300
OOM_EXIT_CODE = 137
MAX_MINUTES = 20_160  # two weeks
_MOST_SETTING = 1_000_000
_MOST_MIB = 1 << 24  # 16 TiB


@dataclass(frozen=True)
class Process:
    """What a process keeps in memory.

    Attributes:
        base_mib: interpreter and libraries.
        model_mib: the model, once in each worker.
        item_mib: activations, for each item of a batch in each worker, while requests are inside.
        cache_kib: grows by so much with each request, up to the cap.
        cache_max_mib: the cap where `CACHE_MAX_MIB` is not set; 0 means no cap.
        leak_kib: lost with each request until the worker is recycled.
        restart_ms: how long a worker that is recycled starts no request.
    """

    base_mib: int = 120
    model_mib: int = 200
    item_mib: int = 4
    cache_kib: int = 0
    cache_max_mib: int = 0
    leak_kib: int = 0
    restart_ms: int = 3000

    def __post_init__(self) -> None:
        for name, number in vars(self).items():
            if not isinstance(number, int) or not 0 <= number <= _MOST_MIB:
                raise ValueError(f"Process.{name}: a whole number from 0 to {_MOST_MIB}")


@dataclass(frozen=True)
class Settings:
    """What the environment tells the process; `cache_max_mib` None: no cap."""

    workers: int = 1
    batch: int = 1
    cache_max_mib: int | None = None
    max_requests: int = 0


def settings(env: Mapping[str, Any], workers: int, batch: int, process: Process) -> Settings:
    """`WORKERS`, `BATCH_SIZE`, `CACHE_MAX_MIB` and `MAX_REQUESTS_PER_WORKER`, where they are set
    to whole numbers; else the image's own.
    """
    cap: int | None = process.cache_max_mib or None
    if _is_whole(env.get("CACHE_MAX_MIB")):
        cap = int(str(env["CACHE_MAX_MIB"]))
    return Settings(
        workers=max(1, min(64, _whole(env.get("WORKERS"), workers))),
        batch=max(1, min(4096, _whole(env.get("BATCH_SIZE"), batch))),
        cache_max_mib=cap,
        max_requests=_whole(env.get("MAX_REQUESTS_PER_WORKER"), 0),
    )


def _is_whole(text: Any) -> bool:
    shown = str(text).strip()
    return shown.isascii() and shown.isdigit() and len(shown) <= 7 and int(shown) <= _MOST_SETTING


def _whole(text: Any, default: int) -> int:
    return int(str(text)) if _is_whole(text) else default


def resident_kib(
    process: Process,
    known: Settings,
    requests: int,
    leaked: int,
    loaded: bool = True,
    busy: bool = True,
) -> int:
    """Resident memory in KiB.

    Args:
        process: what it keeps.
        known: its settings.
        requests: served since its start.
        leaked: of those, in workers as they are now (not recycled since).
        loaded: whether the model is in memory.
        busy: whether requests are inside.
    """
    kib = process.base_mib * MIB + leaked * process.leak_kib
    if loaded:
        kib += known.workers * process.model_mib * MIB
    if busy:
        kib += known.workers * known.batch * process.item_mib * MIB
    cache = requests * process.cache_kib
    if known.cache_max_mib is not None:
        cache = min(cache, known.cache_max_mib * MIB)
    return kib + cache


class Workers:
    """Requests of each worker since it was recycled.

    Workers begin at staggered marks, so that they do not all reach `max_requests` together.
    """

    def __init__(self, known: Settings) -> None:
        self.max_requests = known.max_requests
        self.count = known.workers
        self.served = 0
        self._since = [
            known.max_requests * number // known.workers for number in range(known.workers)
        ]
        self._freed = list(self._since)  # the stagger itself leaked nothing
        self._turn = 0

    @property
    def leaked(self) -> int:
        """Requests whose leak is still there."""
        if not self.max_requests:
            return self.served
        return sum(self._since) - sum(self._freed)

    def serve(self, requests: int) -> None:
        """Deal requests evenly among the workers."""
        self.served += requests
        if not self.max_requests:
            return
        each, odd = divmod(requests, self.count)
        for number in range(self.count):
            place = (number - self._turn) % self.count
            self._since[number] += each + (place < odd)
        self._turn = (self._turn + odd) % self.count

    def recycle(self) -> bool:
        """Recycle the worker that is furthest past its mark; whether there was one."""
        if not self.max_requests:
            return False
        most = max(self._since)
        if most < self.max_requests:
            return False
        number = self._since.index(most)
        self._since[number] = self._freed[number] = 0
        return True


# -------------------------------------------------------------------------------------- restarts


@dataclass(frozen=True)
class BackOff:
    """How long the next restart waits, and when the one before was allowed."""

    wait_s: int = 0
    since_s: int = 0


def next_start_s(known: BackOff | None, ended_s: int) -> int:
    """When a container that ended at `ended_s` may start again.

    Upstream: `IsInBackOffSince`; nothing is known of a container that has not been restarted, and
    what is known expires after twice the longest wait.
    """
    if known is None or ended_s - known.since_s > 2 * MAX_BACK_OFF_S:
        return ended_s
    return ended_s + known.wait_s


def backed_off(known: BackOff | None, ended_s: int, now_s: int) -> BackOff:
    """What is known after the restart at `now_s`. Upstream: `Next`."""
    if known is None or ended_s - known.since_s > 2 * MAX_BACK_OFF_S:
        return BackOff(BACK_OFF_S, now_s)
    return BackOff(min(2 * known.wait_s, MAX_BACK_OFF_S), now_s)


# -------------------------------------------------------------------------------- classes of pods


def qos_class(containers: Sequence[Mapping[str, Any]]) -> str:
    """ "Guaranteed", "Burstable" or "BestEffort". Upstream: `ComputePodQOS`.

    Args:
        containers: as in a pod's `spec`, requests filled in from limits.
    """
    guaranteed, nothing = True, True
    for container in containers:
        resources = container.get("resources") or {}
        limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
        for resource in ("cpu", "memory"):
            limit = parse(limits.get(resource, 0))
            request = parse(requests.get(resource, limits.get(resource, 0)))
            nothing = nothing and not limit and not request
            guaranteed = guaranteed and limit > 0 and limit == request
    if nothing:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"
