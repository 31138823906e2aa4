"""Probes: when they run, and what a row of results means.

Upstream: `pkg/kubelet/prober/worker.go`. `initialDelaySeconds` counts from the container's start;
the first result that can count comes then, and one each `periodSeconds` after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursekit.devops.cluster.world import App

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Probe:
    """One of a container's probes; `port` 0 means that it asks no port."""

    kind: str
    handler: str
    path: str = ""
    port: int = 0
    delay_s: int = 0
    period_s: int = 10
    timeout_s: int = 1
    success: int = 1
    failure: int = 3

    def first_s(self, started_s: int, from_s: int) -> int:
        """The first time at `from_s` or later that it runs."""
        begin = started_s + self.delay_s
        if begin >= from_s:
            return begin
        return begin + -(-(from_s - begin) // self.period_s) * self.period_s

    @property
    def shown(self) -> str:
        """As `kubectl describe` writes it."""
        what = {
            "httpGet": f"http-get http://:{self.port}{self.path}",
            "tcpSocket": f"tcp-socket :{self.port}",
            "grpc": f"grpc <pod>:{self.port}",
        }.get(self.handler, "exec")
        return (
            f"{what} delay={self.delay_s}s timeout={self.timeout_s}s period={self.period_s}s "
            f"#success={self.success} #failure={self.failure}"
        )


def probe_of(kind: str, container: Tree) -> Probe | None:
    """The container's `startupProbe`, `livenessProbe` or `readinessProbe`; None without one.

    Args:
        kind: "startup", "liveness" or "readiness".
        container: as in a pod's `spec`.
    """
    tree = container.get(f"{kind}Probe")
    if not tree:
        return None
    handler = next((name for name in ("httpGet", "tcpSocket", "grpc", "exec") if name in tree), "")
    action = tree.get(handler) or {}
    return Probe(
        kind=kind,
        handler=handler,
        path=str(action.get("path", "/")) if handler == "httpGet" else "",
        port=port_number(action.get("port", 0), container.get("ports") or ()),
        delay_s=int(tree.get("initialDelaySeconds") or 0),
        period_s=max(1, int(tree.get("periodSeconds") or 10)),
        timeout_s=max(1, int(tree.get("timeoutSeconds") or 1)),
        success=max(1, int(tree.get("successThreshold") or 1)),
        failure=max(1, int(tree.get("failureThreshold") or 3)),
    )


def port_number(port: int | str, ports: Sequence[Tree]) -> int:
    """A port's number, by its name among the container's; -1 for a name that is not there."""
    if isinstance(port, int):
        return port
    return next((int(p["containerPort"]) for p in ports if p.get("name") == port), -1)


def passes(probe: Probe, app: App, started: bool, loaded: bool) -> tuple[bool, str]:
    """Whether a probe passes, and the kubelet's words if not.

    Args:
        probe: which.
        app: the process.
        started: whether it runs and answers.
        loaded: whether its model is loaded.
    """
    if not started:
        return False, "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    opens_early = "started" in app.paths.values()
    listens = loaded or opens_early
    if probe.handler == "exec":
        return loaded, "command exited with 1"
    if not listens or (probe.port != app.port and app.port and probe.port):
        return False, f"dial tcp :{probe.port}: connect: connection refused"
    if probe.handler == "grpc":
        return loaded, 'service unhealthy (responded with "NOT_SERVING")'
    if probe.handler != "httpGet":
        return True, ""
    when = app.paths.get(probe.path.partition("?")[0]) if app.paths else "loaded"
    if when is None:
        return False, "HTTP probe failed with statuscode: 404"
    return when == "started" or (when == "loaded" and loaded), (
        "HTTP probe failed with statuscode: 503"
    )
