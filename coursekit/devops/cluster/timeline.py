"""What happened in a run: plain frozen data, and questions to it."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coursekit.devops.cluster.hpa import Decision

Steps = tuple[tuple[int, int], ...]  # (second, number from then on)
SLOT_S = 10


@dataclass(frozen=True)
class Event:
    """As `kubectl get events` shows it."""

    at_s: int
    type: str
    reason: str
    kind: str
    name: str
    message: str


@dataclass(frozen=True)
class Failure:
    """Requests that failed in one second for one reason; `pod` is "" where none had them."""

    at_s: int
    count: int
    reason: str
    pod: str


@dataclass(frozen=True)
class PodRecord:
    """A pod's life. Seconds are None while they have not come; `last_state` is reason, exit code,
    start and end of the container's run before.
    """

    name: str
    owner: str
    replica_set: str
    node: str
    image: str
    qos: str
    created_s: int
    scheduled_s: int | None
    started_s: int | None
    ready_s: int | None
    deleted_s: int | None
    gone_s: int | None
    restarts: int
    last_state: tuple[str, int, int, int] | None
    phases: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class HpaDecision:
    """What an autoscaler decided, and the replicas before."""

    at_s: int
    hpa: str
    before: int
    decision: Decision


@dataclass(frozen=True)
class Revision:
    """A revision of a Deployment."""

    number: int
    image: str
    at_s: int
    cause: str


@dataclass(frozen=True)
class Snapshot:
    """What `kubectl` sees at one second: plain dicts and lists."""

    now_s: int
    pods: tuple[Mapping[str, Any], ...]
    deployments: tuple[Mapping[str, Any], ...]
    services: tuple[Mapping[str, Any], ...]
    nodes: tuple[Mapping[str, Any], ...]
    hpas: tuple[Mapping[str, Any], ...]
    pdbs: tuple[Mapping[str, Any], ...]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Timeline:
    """What happened, second by second; see docs/cluster.md for each field."""

    duration_s: int
    sent: tuple[int, ...]
    served: tuple[int, ...]
    failed: tuple[int, ...]
    in_flight: tuple[int, ...]
    waiting: tuple[int, ...]
    failures: tuple[Failure, ...]
    histograms: tuple[Mapping[tuple[int, int], int], ...]
    ready: Mapping[str, Steps]
    available: Mapping[str, Steps]
    desired: Mapping[str, Steps]
    updated: Mapping[str, Steps]
    endpoints: Mapping[str, Steps]
    pods: tuple[PodRecord, ...]
    memory_kib: Mapping[str, tuple[tuple[int, int, int], ...]]
    events: tuple[Event, ...]
    decisions: tuple[HpaDecision, ...]
    revisions: Mapping[str, tuple[Revision, ...]]
    rollouts: Mapping[str, tuple[tuple[int, str], ...]]
    drains: tuple[tuple[str, int, int | None], ...]
    final: Snapshot

    @property
    def requests_sent(self) -> int:
        """Requests sent, retries counted again."""
        return sum(self.sent)

    @property
    def requests_served(self) -> int:
        """Requests answered in time."""
        return sum(self.served)

    @property
    def requests_failed(self) -> int:
        """Requests that failed, for whatever reason."""
        return sum(self.failed)

    @property
    def requests_in_flight(self) -> int:
        """Requests that have no answer yet at the end."""
        return self.in_flight[-1] if self.in_flight else 0

    @property
    def pod_seconds(self) -> int:
        """Seconds of all pods, from creation until they are gone."""
        return sum(
            (self.duration_s if pod.gone_s is None else pod.gone_s) - pod.created_s
            for pod in self.pods
        )

    @property
    def pod_hours(self) -> float:
        """Hours of all pods, from creation until they are gone."""
        return self.pod_seconds / 3600

    def at(self, steps: Steps, at_s: int) -> int:
        """The number that a row of steps has at a second; 0 before the first."""
        number = 0
        for second, value in steps:
            if second > at_s:
                break
            number = value
        return number

    def lowest_ready(
        self, deployment: str, from_s: int = 0, to_s: int | None = None
    ) -> tuple[int, int]:
        """The fewest ready pods between two seconds (the last one excluded), and when first."""
        return self.lowest(self.ready.get(deployment, ()), from_s, to_s)

    def lowest(self, steps: Steps, from_s: int = 0, to_s: int | None = None) -> tuple[int, int]:
        """The smallest number of a row of steps between two seconds, and when it was reached."""
        end_s = self.duration_s if to_s is None else to_s
        best, when = self.at(steps, from_s), from_s
        for second, value in steps:
            if from_s < second < end_s and value < best:
                best, when = value, second
        return best, when

    def latency_ms(self, percent: int, from_s: int = 0, to_s: int | None = None) -> int | None:
        """The smallest latency in ms that `percent` of the requests do not exceed.

        Requests are those that arrived in the slots of ten seconds that begin between the two
        seconds. None: there were none.
        """
        return self._percentile(percent, from_s, to_s, with_service=True)

    def wait_ms(self, percent: int, from_s: int = 0, to_s: int | None = None) -> int | None:
        """As `latency_ms`, of the time in the queue alone."""
        return self._percentile(percent, from_s, to_s, with_service=False)

    def _percentile(
        self, percent: int, from_s: int, to_s: int | None, with_service: bool
    ) -> int | None:
        end_s = self.duration_s if to_s is None else to_s
        counts: dict[int, int] = {}
        for slot in self.histograms[-(-max(0, from_s) // SLOT_S) : -(-end_s // SLOT_S)]:
            for (wait_ms, service_ms), count in slot.items():
                value = wait_ms + service_ms if with_service else wait_ms
                counts[value] = counts.get(value, 0) + count
        needed = -(-sum(counts.values()) * percent // 100)
        for value in sorted(counts):
            needed -= counts[value]
            if needed <= 0:
                return value
        return None

    def first_event(self, reason: str, from_s: int = 0, name: str = "") -> Event | None:
        """The first event with this reason, of the object whose name begins with `name`."""
        return next(
            (
                event
                for event in self.events
                if event.at_s >= from_s and event.reason == reason and event.name.startswith(name)
            ),
            None,
        )

    def complete_s(self, deployment: str, from_s: int = 0) -> int | None:
        """When the first roll-out at `from_s` or later was complete; None if it was not."""
        return next(
            (
                second
                for second, reason in self.rollouts.get(deployment, ())
                if second >= from_s and reason == "NewReplicaSetAvailable"
            ),
            None,
        )

    def turns(self, deployment: str, from_s: int = 0, to_s: int | None = None) -> int:
        """How often the wanted number of pods turned from rising to falling or back."""
        end_s = self.duration_s if to_s is None else to_s
        values = [self.at(self.desired[deployment], from_s)]
        values += [value for second, value in self.desired[deployment] if from_s < second < end_s]
        ways = [b > a for a, b in itertools.pairwise(values) if a != b]
        return sum(a != b for a, b in itertools.pairwise(ways))

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of everything above, as canonical JSON."""
        text = json.dumps(_plain(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [_plain(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        return sorted([str(name), _plain(item)] for name, item in value.items())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
