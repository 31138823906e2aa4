"""The cluster at one second, as plain dicts: what `kubectl` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coursekit.devops.cluster import control
from coursekit.devops.cluster.state import Deployment, Pod, selects
from coursekit.devops.cluster.timeline import Snapshot

if TYPE_CHECKING:
    from coursekit.devops.cluster.engine import Live


def snapshot(live: Live) -> Snapshot:
    """What there is now."""
    return Snapshot(
        now_s=live.now_s,
        pods=tuple(_pod(pod, live.now_s) for pod in live.alive),
        deployments=tuple(_deployment(live, one) for one in live.deployments.values()),
        services=tuple(
            {
                "name": name,
                "spec": service["spec"],
                "endpoints": [
                    pod.name for pod in live.alive
                    if pod.in_endpoints
                    and selects(service["spec"].get("selector"), pod.template.labels)
                ],
            }
            for name, service in live.services.items()
        ),
        nodes=tuple(
            {
                "name": name,
                "ready": machine.ready,
                "cordoned": machine.cordoned,
                "cpu_m": machine.node.cpu_m,
                "memory_kib": machine.node.memory_kib,
                "pods": [pod.name for pod in machine.pods],
                "cpu_requested_m": sum(pod.template.cpu_m for pod in machine.pods),
                "memory_requested_kib": sum(pod.template.memory_kib for pod in machine.pods),
                "cpu_used_m": sum(pod.cpu_m for pod in machine.pods),
                "memory_used_kib": sum(pod.resident_kib for pod in machine.pods),
            }
            for name, machine in live.machines.items()
        ),
        hpas=tuple(_hpa(live, name) for name in live.scalers),
        pdbs=tuple(_pdb(live, name) for name in live.pdbs),
        events=tuple(live.events),
    )  # fmt: skip


def _pod(pod: Pod, now_s: int) -> dict[str, Any]:
    template = pod.template
    return {
        "name": pod.name,
        "owner": pod.owner,
        "replica_set": pod.replica_set,
        "node": pod.node,
        "image": template.image,
        "container": template.name,
        "labels": dict(template.labels),
        "phase": pod.phase,
        "shown": pod.shown,
        "ready": pod.ready,
        "restarts": pod.restarts,
        "created_s": pod.created_s,
        "started_s": pod.started_s,
        "deleted_s": pod.deleted_s,
        "last_state": pod.last_state,
        "log": list(current_log(pod, now_s)),
        "previous_log": list(pod.previous_log),
        "resources": template.container.get("resources") or {},
        "env": dict(template.env),
        "probes": {probe.kind: probe.shown for probe in template.probes},
        "qos": template.qos,
        "grace_s": template.grace_s,
        "cpu_m": pod.cpu_m,
        "resident_kib": pod.resident_kib,
        "message": pod.refused_by,
    }


def _deployment(live: Live, one: Deployment) -> dict[str, Any]:
    new = one.new
    return {
        "name": one.name,
        "spec": one.spec,
        "status": dict(vars(one.status)),
        "progress": one.progress.reason,
        "paused": one.paused,
        "revision": one.revision,
        "new_set": new.name if new else "",
        "sets": [
            {"name": each.name, "replicas": each.replicas, "revision": each.revision,
             "cause": each.cause, "image": each.template.image,
             "current": sum(pod.active for pod in each.pods),
             "ready": sum(pod.active and pod.ready for pod in each.pods)}
            for each in one.sets
        ],
    }  # fmt: skip


def _hpa(live: Live, name: str) -> dict[str, Any]:
    scaler = live.scalers[name]
    last = next((one for one in reversed(live.decisions) if one.hpa == name), None)
    target = (scaler.spec.get("scaleTargetRef") or {}).get("name", "")
    deployment = live.deployments.get(target)
    return {
        "name": name,
        "spec": scaler.spec,
        "target": target,
        "replicas": deployment.spec["replicas"] if deployment else 0,
        "values": list(last.decision.values) if last else [],
        "rule": last.decision.rule if last else "",
        "message": last.decision.message if last else "",
    }


def _pdb(live: Live, name: str) -> dict[str, Any]:
    status = control.budget_of(live, name, live.pdbs[name])
    return {"name": name, "spec": live.pdbs[name], "allowed": status.allowed,
            "desired_healthy": status.desired_healthy,
            "current_healthy": status.current_healthy}  # fmt: skip


def current_log(pod: Pod, now_s: int) -> tuple[str, ...]:
    """What the running container has written."""
    if pod.started_s is None or not pod.running:
        return ()
    lines = [*_opening(pod)]
    if pod.loaded_ms <= now_s * 1000:
        lines.append(
            _line(-(-pod.loaded_ms // 1000), f"model loaded, listening on :{pod.app.port}")
        )
    if pod.draining:
        lines.append(_line(pod.term_s, "SIGTERM: finishing open requests"))
    return tuple(lines)


def log_of(pod: Pod, now_s: int, reason: str, code: int, words: str) -> tuple[str, ...]:
    """The last lines of a container that ended: a process that is killed says nothing of it."""
    lines = [*current_log_of_ended(pod, now_s)]
    if code == 1:
        lines.append(_line(now_s, "Traceback (most recent call last): ... RuntimeError"))
    elif code in (0, 143):
        lines.append(_line(now_s, f"{words}, bye"))
    return tuple(lines)


def current_log_of_ended(pod: Pod, now_s: int) -> tuple[str, ...]:
    """The lines that a container had written when it ended."""
    lines = [*_opening(pod)]
    if pod.loaded_ms <= now_s * 1000:
        lines.append(
            _line(-(-pod.loaded_ms // 1000), f"model loaded, listening on :{pod.app.port}")
        )
        if pod.resident_kib:
            lines.append(
                _line(now_s, f"served {pod.received} requests, rss {pod.resident_kib // 1024} MiB")
            )
    return tuple(lines)


def _opening(pod: Pod) -> tuple[str, ...]:
    known, at_s = pod.known, pod.started_s or 0
    return (
        _line(at_s, f"starting {pod.template.image}: workers={known.workers} batch={known.batch}"),
        _line(at_s, "loading model"),
    )


def _line(at_s: int, text: str) -> str:
    sign, left = ("-", -at_s) if at_s < 0 else ("", at_s)
    return f"{sign}{left // 3600:02d}:{left // 60 % 60:02d}:{left % 60:02d} {text}"
