"""What a lesson hands to the simulator: nodes, images, traffic and faults. All of it is frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coursekit.devops.cluster.memory import Process

MAX_DURATION_S = 14_400
MAX_RATE = 5_000
MAX_NODES = 100
MAX_FAULTS = 200
MAX_PODS = 200
MAX_DEPLOYMENTS = 20
MAX_MANIFESTS = 50
PULL_S = 20

PATHS = ("started", "loaded", "never")
ON_SIGTERM = ("drain", "exit", "ignore")
SOURCES = ("waiting", "in_flight", "in_service", "rate")
KINDS = (
    "apply", "set_image", "rollout_undo", "rollout_pause", "rollout_resume", "rollout_restart",
    "scale", "drain", "cordon", "uncordon", "node_down", "node_up", "kill_pod", "hang", "slow",
    "load_slower", "metrics_down", "metrics_up",
)  # fmt: skip


@dataclass(frozen=True)
class Node:
    """A machine, and what pods may request of it (its allocatable)."""

    name: str
    cpu_m: int = 4000
    memory_kib: int = 16 * 1024 * 1024
    pods: int = 110


@dataclass(frozen=True)
class App:
    """The process in an image; see docs/cluster.md."""

    load_ms: int = 45_000
    load_jitter_ms: int = 0
    paths: Mapping[str, str] = field(default_factory=dict)
    port: int = 8080
    on_sigterm: str = "drain"
    service_ms: int = 250
    item_ms: int = 0
    workers: int = 1
    batch: int = 1
    queue_max: int = 1000
    cpu_idle_m: int = 20
    cpu_ms: int = 200
    crash_after_ms: int = 0
    process: Process = field(default_factory=Process)

    def __post_init__(self) -> None:
        if self.on_sigterm not in ON_SIGTERM:
            raise ValueError(f"App.on_sigterm: one of {', '.join(ON_SIGTERM)}")
        if any(when not in PATHS for when in self.paths.values()):
            raise ValueError(f"App.paths: each path is one of {', '.join(PATHS)}")
        if self.service_ms < 1 or self.workers < 1 or self.batch < 1:
            raise ValueError("App: service_ms, workers and batch are at least 1")


@dataclass(frozen=True)
class Metric:
    """A number that the metrics API serves for each pod."""

    source: str
    mean_s: int = 0
    every_s: int = 15
    lag_s: int = 0

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"Metric.source: one of {', '.join(SOURCES)}")
        if self.every_s < 1 or not 0 <= self.mean_s <= 600 or not 0 <= self.lag_s <= 600:
            raise ValueError("Metric: every_s at least 1, mean_s and lag_s from 0 to 600")


@dataclass(frozen=True)
class Cluster:
    """Nodes, images and metrics; see docs/cluster.md."""

    nodes: tuple[Node, ...] = (Node("node-1"), Node("node-2"), Node("node-3"))
    images: Mapping[str, App] = field(default_factory=lambda: {"*": App()})
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    warm: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.nodes) <= MAX_NODES:
            raise ValueError(f"from 1 to {MAX_NODES} nodes")
        if len({node.name for node in self.nodes}) < len(self.nodes):
            raise ValueError("two nodes have one name")


@dataclass(frozen=True)
class Traffic:
    """How many requests come, and how patient their clients are."""

    duration_s: int
    rates: tuple[tuple[int, float], ...] = ()
    timeout_ms: int = 2000
    arrivals: str = "even"
    service: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.duration_s <= MAX_DURATION_S:
            raise ValueError(f"Traffic.duration_s: from 1 to {MAX_DURATION_S}")
        if self.arrivals not in ("even", "random"):
            raise ValueError('Traffic.arrivals: "even" or "random"')
        if any(not 0 <= rate <= MAX_RATE for _, rate in self.rates):
            raise ValueError(f"Traffic.rates: from 0 to {MAX_RATE} requests a second")
        if any(a[0] > b[0] for a, b in zip(self.rates, self.rates[1:], strict=False)):
            raise ValueError("Traffic.rates: seconds rise")
        if not 1 <= self.timeout_ms <= 600_000:
            raise ValueError("Traffic.timeout_ms: from 1 to 600000")

    def rate_milli(self, at_s: int) -> int:
        """Thousandths of a request in the second that begins at `at_s`."""
        points = self.rates
        if not points:
            return 0
        before = after = None
        for point in points:
            if point[0] <= at_s:
                before = point
            else:
                after = point
                break
        if before is None:
            return round(points[0][1] * 1000)
        low = round(before[1] * 1000)
        if after is None:
            return low
        high = round(after[1] * 1000)
        return low + (high - low) * (at_s - before[0]) // (after[0] - before[0])


@dataclass(frozen=True)
class Fault:
    """Something that happens at a second; see docs/cluster.md for kinds, targets and values."""

    at_s: int
    kind: str
    target: str = ""
    value: Any = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Fault.kind: one of {', '.join(KINDS)}")
        if self.at_s < 0:
            raise ValueError("Fault.at_s: 0 or later")
