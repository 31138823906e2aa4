"""What the simulator keeps while it runs: mutable records, in nobody's hands but its own."""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coursekit.devops.cluster import memory, quantity
from coursekit.devops.cluster.defaults import pod_of
from coursekit.devops.cluster.hpa import History
from coursekit.devops.cluster.probes import Probe, port_number, probe_of
from coursekit.devops.cluster.requests import Server
from coursekit.devops.cluster.rollout import Progress, Status
from coursekit.devops.cluster.world import App, Node

Tree = Mapping[str, Any]
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # those of Kubernetes' own names


def letters(text: str, count: int) -> str:
    """A name's tail that depends on nothing but `text`."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    tail = ""
    for _ in range(count):
        number, place = divmod(number, len(_LETTERS))
        tail += _LETTERS[place]
    return tail


def template_hash(template: Tree) -> str:
    """The hash in a replica set's name."""
    return letters(json.dumps(template, sort_keys=True, default=str), 9)


@dataclass(frozen=True)
class Template:
    """What the simulator needs to know of a pod template."""

    tree: Tree  # the pod that is made of it
    container: Tree
    name: str
    image: str
    labels: Mapping[str, str]
    cpu_m: int
    memory_kib: int
    requests_milli: Mapping[str, int]
    limit_kib: int  # 0: none
    env: Mapping[str, str]
    probes: tuple[Probe, ...]
    pre_stop_s: int
    grace_s: int
    qos: str

    @property
    def readiness(self) -> Probe | None:
        """The readiness probe, if there is one."""
        return next((probe for probe in self.probes if probe.kind == "readiness"), None)


def template_of(tree: Tree, config: Mapping[str, Mapping[str, str]]) -> Template:
    """Read a pod template.

    Args:
        tree: `spec.template` of a Deployment, or a Pod.
        config: data of ConfigMaps, by name.
    """
    pod = pod_of(dict(tree))
    spec = pod["spec"]
    containers: Sequence[Tree] = spec["containers"]
    first = containers[0]
    requests: dict[str, int] = {}
    for resource, unit in (("cpu", quantity.millicores), ("memory", quantity.kib)):
        asked = [(one.get("resources") or {}).get("requests", {}).get(resource)
                 for one in containers]  # fmt: skip
        requests[resource] = sum(unit(one) for one in asked if one is not None)
    complete = {
        resource: requests[resource] * factor
        for resource, factor in (("cpu", 1), ("memory", 1024 * 1000))
        if all((one.get("resources") or {}).get("requests", {}).get(resource) is not None
               for one in containers)
    }  # fmt: skip
    limit = (first.get("resources") or {}).get("limits", {}).get("memory")
    kinds = (probe_of(kind, first) for kind in ("startup", "liveness", "readiness"))
    grace_s = spec.get("terminationGracePeriodSeconds")
    return Template(
        tree=pod,
        container=first,
        name=first["name"],
        image=first["image"],
        labels=dict(pod["metadata"].get("labels") or {}),
        cpu_m=requests["cpu"],
        memory_kib=requests["memory"],
        requests_milli=complete,
        limit_kib=0 if limit is None else quantity.kib(limit),
        env=_environment(first, config),
        probes=tuple(probe for probe in kinds if probe is not None),
        pre_stop_s=_pre_stop_s(first),
        grace_s=30 if grace_s is None else int(grace_s),
        qos=memory.qos_class(containers),
    )


def _environment(container: Tree, config: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    env: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        name = (source.get("configMapRef") or {}).get("name", "")
        env.update(config.get(name, {}))
    for one in container.get("env") or ():
        ref = (one.get("valueFrom") or {}).get("configMapKeyRef")
        if ref is None:
            env[one["name"]] = str(one.get("value", ""))
        elif ref.get("key") in config.get(ref.get("name", ""), {}):
            env[one["name"]] = str(config[ref["name"]][ref["key"]])
    return env


def _pre_stop_s(container: Tree) -> int:
    hook = (container.get("lifecycle") or {}).get("preStop") or {}
    if hook.get("sleep"):
        return int(hook["sleep"].get("seconds", 0))
    command = " ".join(str(word) for word in (hook.get("exec") or {}).get("command") or ())
    found = re.search(r"\bsleep\s+(\d{1,6})s?\b", command)
    return int(found[1]) if found else 0


def service_port(service: Tree, template: Template) -> int:
    """The container's port that a Service sends to; 0 when it names none."""
    ports = (service.get("spec") or {}).get("ports") or ()
    if not ports:
        return 0
    target = ports[0].get("targetPort", ports[0].get("port", 0))
    return port_number(target, template.container.get("ports") or ())


def selects(selector: Mapping[str, str] | None, labels: Mapping[str, str]) -> bool:
    """Whether an equality selector finds these labels; an empty one finds nothing."""
    return bool(selector) and all(labels.get(k) == v for k, v in (selector or {}).items())


@dataclass(slots=True, eq=False)
class Pod:
    """A pod and its container."""

    name: str
    owner: str
    replica_set: str
    template: Template
    app: App
    created_s: int
    number: int
    known: memory.Settings
    node: str = ""
    state: str = "Pending"  # Pending, Pulling, PullBackOff, Running, Stopping, BackOff, Lost, Gone
    shown: str = "Pending"
    scheduled_s: int | None = None
    pulled_s: int = 0
    started_s: int | None = None  # of the container's present run
    first_started_s: int | None = None
    loaded_ms: int = 0
    crash_s: int | None = None
    startup_passed: bool = False
    ready: bool = False
    ready_changed_s: int | None = None
    deleted_s: int | None = None
    stopping_s: int | None = None
    term_s: int = 0
    kill_s: int = 0
    draining: bool = False
    hanging: bool = False
    gone_s: int | None = None
    restarts: int = 0
    back_off: memory.BackOff | None = None
    pull_tries: int = 0
    last_state: tuple[str, int, int, int] | None = None  # reason, exit code, started, finished
    previous_log: tuple[str, ...] = ()
    in_endpoints: bool = False
    wrong_port: bool = False  # the Service sends to a port where nobody listens
    refused_by: str = ""  # the budget that keeps it
    streaks: dict[str, int] = field(default_factory=dict)
    probe_at: dict[str, int] = field(default_factory=dict)
    server: Server = field(default_factory=Server)
    workers: memory.Workers | None = None
    resident_kib: int = 0
    memory_moves: bool = False
    recycling_until_s: int = 0
    phases: list[tuple[int, str]] = field(default_factory=list)
    memory: list[tuple[int, int, int]] = field(default_factory=list)
    received: int = 0
    served: int = 0
    served_at_sample: int = 0
    sampled_s: int = 0
    cpu_m: int = 0

    @property
    def active(self) -> bool:
        """Whether it counts for its replica set."""
        return self.deleted_s is None and self.state != "Gone"

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.state in ("Running", "Stopping")

    @property
    def phase(self) -> str:
        """The pod's `status.phase`."""
        return "Pending" if self.first_started_s is None else "Running"


@dataclass(slots=True, eq=False)
class Set:
    """A replica set."""

    name: str
    tree: Tree  # its template, as written
    template: Template
    created: int
    revision: int
    replicas: int = 0
    desired: int | None = None
    most: int | None = None
    cause: str = ""
    pods: list[Pod] = field(default_factory=list)
    made: int = 0


@dataclass(slots=True, eq=False)
class Deployment:
    """A Deployment and its replica sets, the oldest first."""

    name: str
    tree: Tree
    spec: dict[str, Any]
    sets: list[Set] = field(default_factory=list)
    revision: int = 0
    paused: bool = False
    progress: Progress = field(default_factory=lambda: Progress("NewReplicaSetCreated", 0))
    status: Status = field(default_factory=Status)
    slow_milli: int = 1000
    load_slower_ms: int = 0
    waiting_cause: str = ""

    @property
    def new(self) -> Set | None:
        """The replica set of the present template."""
        wanted = self.spec["template"]
        return next((one for one in reversed(self.sets) if one.tree == wanted), None)


@dataclass(slots=True, eq=False)
class Machine:
    """A node."""

    node: Node
    up: bool = True
    ready: bool = True
    cordoned: bool = False
    down_s: int = 0
    images: dict[str, int] = field(default_factory=dict)  # when it has them
    pods: list[Pod] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Drain:
    """A drain of several nodes, one after the other."""

    nodes: list[str]
    started_s: int
    tries: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Scaler:
    """A HorizontalPodAutoscaler and what its controller remembers."""

    name: str
    spec: dict[str, Any]
    history: History = field(default_factory=History)


@dataclass(slots=True, eq=False)
class Gauge:
    """Readings of one metric, by pod."""

    readings: dict[str, deque[tuple[int, int]]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)  # requests counted at the last reading
