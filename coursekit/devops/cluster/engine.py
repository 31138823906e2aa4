"""The cluster's clock: `run` plays manifests, traffic and faults second by second."""

from __future__ import annotations

import copy
import itertools
import random
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from coursekit.devops.cluster import control, hpa, kubelet, memory, rollout
from coursekit.devops.cluster.defaults import defaulted
from coursekit.devops.cluster.state import (
    Deployment,
    Drain,
    Gauge,
    Machine,
    Pod,
    Scaler,
    selects,
    service_port,
)
from coursekit.devops.cluster.timeline import (
    SLOT_S,
    Event,
    Failure,
    HpaDecision,
    PodRecord,
    Revision,
    Snapshot,
    Timeline,
)
from coursekit.devops.cluster.world import (
    MAX_DEPLOYMENTS,
    MAX_FAULTS,
    MAX_MANIFESTS,
    MAX_PODS,
    App,
    Cluster,
    Fault,
    Metric,
    Traffic,
)

JOIN_S = 1
LEAVE_S = 2
SAMPLE_S = 15
QUIET_S = 5
MAX_EVENTS = 20_000
_US = 1_000_000
_NO_APP = App()

Tree = Mapping[str, Any]


def run(
    manifests: Sequence[Tree],
    traffic: Traffic,
    faults: Sequence[Fault] = (),
    seed: int | str = 0,
    cluster: Cluster | None = None,
) -> Timeline:
    """Play a cluster from second 0 to `traffic.duration_s`.

    Args:
        manifests: objects in Kubernetes' shape.
        traffic: what clients send.
        faults: what happens on the way.
        seed: of all chance.
        cluster: nodes, images and metrics; by default three nodes and one app for every image.

    Returns:
        What happened; the same for the same arguments.

    Raises:
        ValueError: more than the simulator takes, or names of nothing.
    """
    live = Live(manifests, traffic, faults, seed, cluster)
    live.advance(traffic.duration_s)
    return live.timeline()


class Live:
    """A run that stops where you like. Attributes are the simulator's own; ask `timeline()`."""

    def __init__(
        self,
        manifests: Sequence[Tree],
        traffic: Traffic,
        faults: Sequence[Fault] = (),
        seed: int | str = 0,
        cluster: Cluster | None = None,
    ) -> None:
        if len(faults) > MAX_FAULTS:
            raise ValueError(f"at most {MAX_FAULTS} faults")
        self.cluster = cluster or Cluster()
        self.traffic = traffic
        self.no_app = _NO_APP
        self.chance = random.Random(seed)
        self.load_chance = random.Random(f"{seed}/load")
        self.now_s = 0
        self.duration_s = traffic.duration_s
        self.machines = {node.name: Machine(node) for node in self.cluster.nodes}
        self.deployments: dict[str, Deployment] = {}
        self.services: dict[str, Tree] = {}
        self.scalers: dict[str, Scaler] = {}
        self.pdbs: dict[str, dict[str, Any]] = {}
        self.config: dict[str, dict[str, str]] = {}
        self.pods: list[Pod] = []
        self.alive: list[Pod] = []
        self.pods_made = 0
        self.drains: list[Drain] = []
        self.drain_log: list[tuple[str, int, int | None]] = []
        self.metrics_down = False
        self.dirty = self.unscheduled = True
        self.events: list[Event] = []
        self.decisions: list[HpaDecision] = []
        self.revisions: dict[str, list[Revision]] = {}
        self.rollouts: dict[str, list[tuple[int, str]]] = {}
        self._faults = sorted(faults, key=lambda fault: fault.at_s)
        self._wakes: dict[int, dict[Pod, None]] = {}
        self._looks: set[int] = set()
        self._moves: dict[int, list[Pod]] = {}
        self._endpoints: list[Pod] = []
        self._leaving: dict[Pod, None] = {}  # not endpoints any more, still with requests inside
        self._moving = False  # whether any process grows with its requests
        self._restless = any(metric.every_s % QUIET_S for metric in self.cluster.metrics.values())
        self._steps: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self._ready_of: dict[str, int] = {}
        self._gauges = {name: Gauge() for name in self.cluster.metrics}
        self._sent: list[int] = []
        self._served: list[int] = []
        self._failed: list[int] = []
        self._waiting: list[int] = []
        self._failures: list[Failure] = []
        self._fails_later: dict[int, dict[str, int]] = {}
        self._pending_failures = 0
        self._histograms: list[dict[int, int]] = []
        self._next_wake_s = 0
        self._came: list[int] = []  # requests that went into a pod, of the seconds played last
        self._span_s = self._done = self._inside_before = 0
        self._carry = 0
        self._turn = 0
        self._apply(manifests)
        self._check_faults()
        self.service = self._service_of_traffic()
        if self.cluster.warm:
            self._warm()

    # ------------------------------------------------------------------------------ what is asked

    def advance(self, to_s: int) -> None:
        """Play on until the second `to_s`."""
        end_s = min(to_s, self.duration_s)
        while self.now_s < end_s:
            self._control(self.now_s)
            seconds = self._quiet_s(self.now_s, end_s)
            self._requests(self.now_s, seconds)
            if self._moving:
                self._memory(self.now_s)
            self.now_s += seconds

    def do(self, kind: str, target: str = "", value: Any = None) -> None:
        """Do now what a fault of this kind does."""
        fault = Fault(self.now_s, kind, target, value)
        self._check_fault(fault)
        self._act(fault)

    def snapshot(self) -> Snapshot:
        """What `kubectl` sees now."""
        from coursekit.devops.cluster.snapshot import snapshot

        return snapshot(self)

    def timeline(self) -> Timeline:
        """What happened so far."""
        for pod in [*self._endpoints, *self._leaving]:
            self._settle(pod, self.now_s * _US)
        self._write_served(-1)
        return Timeline(
            duration_s=self.now_s,
            sent=tuple(self._sent),
            served=tuple(self._served),
            failed=tuple(self._failed),
            in_flight=tuple(
                itertools.accumulate(
                    sent - served - failed
                    for sent, served, failed in zip(
                        self._sent, self._served, self._failed, strict=True
                    )
                )
            ),
            waiting=tuple(self._waiting),
            failures=tuple(self._failures),
            histograms=tuple(
                {(key >> 20, key & 0xFFFFF): count for key, count in sorted(slot.items())}
                for slot in self._histograms
            ),
            ready=self._rows("ready"),
            available=self._rows("available"),
            desired=self._rows("desired"),
            updated=self._rows("updated"),
            endpoints=self._rows("endpoints"),
            pods=tuple(map(_record, self.pods)),
            memory_kib={pod.name: tuple(pod.memory) for pod in self.pods},
            events=tuple(self.events),
            decisions=tuple(self.decisions),
            revisions={name: tuple(rows) for name, rows in self.revisions.items()},
            rollouts={name: tuple(rows) for name, rows in self.rollouts.items()},
            drains=tuple(self.drain_log),
            final=self.snapshot(),
        )

    def _rows(self, what: str) -> dict[str, tuple[tuple[int, int], ...]]:
        return {name: tuple(rows) for (kind, name), rows in self._steps.items() if kind == what}

    # ------------------------------------------------------------- what the parts tell each other

    def event(
        self, kind_of_event: str, reason: str, name: str, message: str, kind: str = "Pod"
    ) -> None:
        """Write an event down."""
        if len(self.events) < MAX_EVENTS:
            self.events.append(Event(self.now_s, kind_of_event, reason, kind, name, message))

    def phase(self, pod: Pod, shown: str) -> None:
        """A pod looks different from now on."""
        pod.shown = shown
        if pod.phases and pod.phases[-1][0] == self.now_s:
            pod.phases[-1] = (self.now_s, shown)
        else:
            pod.phases.append((self.now_s, shown))

    def wake(self, pod: Pod, at_s: int) -> None:
        """Look at a pod again at that second."""
        self._wakes.setdefault(max(at_s, self._next_wake_s), {})[pod] = None

    def look_again(self, at_s: int) -> None:
        """Sync the controllers at that second, whatever happens."""
        if at_s > self.now_s:
            self._looks.add(at_s)

    def count(self, what: str, name: str, number: int) -> None:
        """A count stands at `number` from now on."""
        rows = self._steps.setdefault((what, name), [])
        if rows and rows[-1][0] == self.now_s:
            rows[-1] = (self.now_s, number)
        elif not rows or rows[-1][1] != number:
            rows.append((self.now_s, number))

    def progressed(self, deployment: Deployment, known: rollout.Progress) -> None:
        """The condition Progressing is renewed."""
        deployment.progress = known
        rows = self.rollouts.setdefault(deployment.name, [])
        if not rows or rows[-1][1] != known.reason or known.reason == "NewReplicaSetCreated":
            rows.append((self.now_s, known.reason))
            if known.reason == "ProgressDeadlineExceeded":
                new = deployment.new
                self.event("Warning", known.reason, deployment.name,
                           f'ReplicaSet "{new.name if new else ""}" has timed out progressing.',
                           kind="Deployment")  # fmt: skip

    def ready_changed(self, pod: Pod, now_s: int) -> None:
        """Endpoints follow later, controllers soon."""
        self.dirty = True
        if pod.ready:
            self._moves.setdefault(now_s + JOIN_S, []).append(pod)
        else:
            self._moves.setdefault(now_s + LEAVE_S, []).append(pod)
        self._count_ready(pod.owner)

    def deleted(self, pod: Pod, now_s: int) -> None:
        """A pod has got its deletion timestamp."""
        self.dirty = True
        self._moves.setdefault(now_s + LEAVE_S, []).append(pod)
        self._count_ready(pod.owner)

    def _count_ready(self, owner: str) -> None:
        ready = sum(pod.ready and pod.active for pod in self.alive if pod.owner == owner)
        self.count("ready", owner, ready)

    def lose(self, pod: Pod, now_s: int) -> None:
        """A process is gone, and what was inside it."""
        self._settle(pod, now_s * _US)
        lost = pod.server.stop()
        self._leaving.pop(pod, None)
        if lost:
            self._fail(now_s, lost, "lost", pod.name)

    def pace(self, pod: Pod) -> None:
        """How fast a pod is from now on, without a backlog."""
        server = pod.server
        server.service_us, server.pace_us = self._pace_for(pod, 1, pod.known.workers)
        server.queue_us = pod.app.queue_max * server.pace_us
        self._restless = self._restless or pod.known.batch > 1
        changes = pod.app.process.leak_kib or pod.app.process.cache_kib or pod.known.max_requests
        pod.memory_moves = bool(changes)
        self._moving = self._moving or pod.memory_moves

    def _pace_for(self, pod: Pod, batch: int, workers: int) -> tuple[int, int]:
        deployment = self.deployments.get(pod.owner)
        slow = deployment.slow_milli if deployment else 1000
        app = pod.app
        service = (app.service_ms + (batch - 1) * app.item_ms) * slow
        return max(1, service), max(1, service // (max(1, workers) * batch))

    def log_of(self, pod: Pod, now_s: int, reason: str, code: int, words: str) -> tuple[str, ...]:
        """The container's last lines, for `kubectl logs --previous`."""
        from coursekit.devops.cluster.snapshot import log_of

        return log_of(pod, now_s, reason, code, words)

    def metrics_of(self, pods: Sequence[Pod], now_s: int) -> dict[str, Any]:
        """What the metrics API serves of these pods."""
        found: dict[str, Any] = {"cpu": {}, "memory": {}}
        for pod in pods:
            if pod.sampled_s and pod.running and self.machines[pod.node].up:
                found["cpu"][pod.name] = hpa.Sample(pod.cpu_m, pod.sampled_s, SAMPLE_S)
                found["memory"][pod.name] = hpa.Sample(
                    pod.resident_kib * 1024 * 1000, pod.sampled_s, SAMPLE_S
                )
        for name, gauge in self._gauges.items():
            metric = self.cluster.metrics[name]
            by_pod = found[name] = {}
            until_s = now_s - metric.lag_s
            for pod in pods:
                readings = gauge.readings.get(pod.name)
                if not readings or not pod.running or not self.machines[pod.node].up:
                    continue
                seen = [reading for reading in readings if reading[0] <= until_s]
                if not seen:
                    continue
                latest_s = seen[-1][0]
                values = [value for at_s, value in seen
                          if at_s > latest_s - metric.mean_s or at_s == latest_s]  # fmt: skip
                mean = sum(values) // len(values)
                by_pod[pod.name] = hpa.Sample(mean, latest_s, metric.mean_s)
            if not by_pod:
                del found[name]
        return found

    # ------------------------------------------------------------------------------- the manifests

    def _apply(self, manifests: Sequence[Tree]) -> None:
        if len(manifests) > MAX_MANIFESTS:
            raise ValueError(f"at most {MAX_MANIFESTS} manifests")
        for tree in manifests:
            if tree.get("kind") == "ConfigMap":
                data = tree.get("data") or {}
                self.config[tree["metadata"]["name"]] = {k: str(v) for k, v in data.items()}
        for written in manifests:
            kind = written.get("kind")
            name = str((written.get("metadata") or {}).get("name"))
            if kind == "Deployment":
                self._apply_deployment(written)
            elif kind == "Service":
                self.services[name] = defaulted(dict(written))
            elif kind == "HorizontalPodAutoscaler":
                tree = defaulted(dict(written))
                old = self.scalers.get(name)
                self.scalers[name] = Scaler(
                    name, copy.deepcopy(dict(tree["spec"])), old.history if old else hpa.History()
                )
            elif kind == "PodDisruptionBudget":
                self.pdbs[name] = defaulted(dict(written))["spec"]
        self.dirty = True

    def _apply_deployment(self, written: Tree) -> None:
        name = written["metadata"]["name"]
        tree = defaulted(dict(written))
        spec = copy.deepcopy(dict(tree["spec"]))
        if not 0 <= spec["replicas"] <= MAX_PODS:
            raise ValueError(f"Deployment {name}: replicas from 0 to {MAX_PODS}")
        old = self.deployments.get(name)
        if old is None:
            if len(self.deployments) >= MAX_DEPLOYMENTS:
                raise ValueError(f"at most {MAX_DEPLOYMENTS} Deployments")
            self.deployments[name] = Deployment(name, tree, spec, paused=bool(spec.get("paused")))
            self.revisions[name] = []
            return
        if (written.get("spec") or {}).get("replicas") is None:
            spec["replicas"] = old.spec["replicas"]
        old.tree, old.spec, old.waiting_cause = tree, spec, "kubectl apply"
        old.paused = bool(spec.get("paused"))

    def _service_of_traffic(self) -> str:
        if self.traffic.service:
            return self.traffic.service
        if len(self.services) > 1:
            raise ValueError("Traffic.service: name the Service, there are several")
        return next(iter(self.services), "")

    def _warm(self) -> None:
        """Everything has been rolled out for long."""
        control.reconcile(self, 0)
        old_images = {pod.template.image for pod in self.alive}
        for machine in self.machines.values():
            machine.images = {
                image: 0 for image in old_images
                if image in self.cluster.images or "*" in self.cluster.images
            }  # fmt: skip
        control.schedule(self, 0)
        for machine in self.machines.values():
            here = {pod.template.image for pod in machine.pods}
            machine.images = {image: 0 for image in machine.images if image in here}
        self._wakes.clear()
        for pod in self.alive:
            if pod.state != "Running":
                self.wake(pod, pod.pulled_s)
                continue
            pod.loaded_ms = 0
            pod.startup_passed = True
            pod.created_s = 0
            pod.ready_changed_s = -86_400
            pod.started_s = pod.first_started_s = -86_400
            pod.crash_s = None
            pod.probe_at.clear()
            if not pod.ready:
                pod.ready = True
                self.phase(pod, "Ready")
            for probe in pod.template.probes:
                if probe.kind != "startup":
                    pod.probe_at[probe.kind] = probe.first_s(-86_400, 1)
                    self.wake(pod, pod.probe_at[probe.kind])
            self._grow(pod)
        self._moves.clear()
        for pod in self.alive:
            if pod.state == "Running":
                self._join(pod)
        self.events.clear()
        self.rollouts.clear()
        for deployment in self.deployments.values():
            deployment.progress = rollout.Progress("NewReplicaSetAvailable", 0)
            control.reconcile(self, 0)
            self.rollouts[deployment.name] = [(0, deployment.progress.reason)]
            self._count_ready(deployment.name)
        self._count_endpoints()

    # ------------------------------------------------------------------------------------- faults

    def _check_faults(self) -> None:
        applied = {
            tree["metadata"]["name"]
            for fault in self._faults if fault.kind == "apply"
            for tree in fault.value or () if tree.get("kind") == "Deployment"
        }  # fmt: skip
        for fault in self._faults:
            if fault.target not in applied:
                self._check_fault(fault)

    def _check_fault(self, fault: Fault) -> None:
        kind, target = fault.kind, fault.target
        if kind in ("drain", "cordon", "uncordon", "node_down", "node_up"):
            for name in target.split(","):
                if name not in self.machines:
                    raise ValueError(f"{kind}: no node {name!r}")
        elif kind not in ("apply", "metrics_down", "metrics_up") and target not in self.deployments:
            raise ValueError(f"{kind}: no Deployment {target!r}")

    def _act(self, fault: Fault) -> None:
        kind, target, value = fault.kind, fault.target, fault.value
        self.dirty = True
        if kind == "apply":
            self._apply(value)
        elif kind == "drain":
            self.drains.append(Drain(target.split(","), self.now_s))
        elif kind in ("cordon", "uncordon"):
            self.machines[target].cordoned = kind == "cordon"
            self.unscheduled = True
        elif kind == "node_down":
            control.node_down(self, self.machines[target], self.now_s)
        elif kind == "node_up":
            control.node_up(self, self.machines[target], self.now_s)
        elif kind in ("metrics_down", "metrics_up"):
            self.metrics_down = kind == "metrics_down"
        elif target not in self.deployments:
            self.event("Warning", "FaultFailed", target, f"{kind}: no Deployment {target!r}")
        else:
            self._act_on(self.deployments[target], kind, value)

    def _act_on(self, deployment: Deployment, kind: str, value: Any) -> None:
        spec, now_s = deployment.spec, self.now_s
        if kind == "set_image":
            container, _, image = str(value).rpartition("=")
            spec["template"] = template = copy.deepcopy(spec["template"])
            for one in template["spec"]["containers"]:
                if container in ("", "*", one["name"]):
                    one["image"] = image
            shown = f"{container or '*'}={image}"
            deployment.waiting_cause = f"kubectl set image deployment/{deployment.name} {shown}"
        elif kind == "rollout_undo":
            self._undo(deployment, value)
        elif kind in ("rollout_pause", "rollout_resume"):
            deployment.paused = kind == "rollout_pause"
        elif kind == "rollout_restart":
            spec["template"] = template = copy.deepcopy(spec["template"])
            notes = template.setdefault("metadata", {}).setdefault("annotations", {})
            notes["kubectl.kubernetes.io/restartedAt"] = str(now_s)
            deployment.waiting_cause = f"kubectl rollout restart deployment/{deployment.name}"
        elif kind == "scale":
            spec["replicas"] = max(0, min(MAX_PODS, int(value)))
        elif kind == "slow":
            deployment.slow_milli = max(1, int(value))
            for pod in self.alive:
                if pod.owner == deployment.name:
                    self.pace(pod)
        elif kind == "load_slower":
            deployment.load_slower_ms = max(0, int(value))
        else:
            running = sorted(
                (pod for pod in self.alive if pod.owner == deployment.name and pod.running),
                key=lambda pod: pod.name,
            )
            if not running:
                return
            pod = running[int(value or 0) % len(running)]
            if kind == "hang":
                kubelet.hang(self, pod, now_s)
            else:
                kubelet.ended(self, pod, now_s, "Error", 137, "killed")

    def _undo(self, deployment: Deployment, value: Any) -> None:
        """Upstream: `rollback.go`; kubectl's `rollout undo`."""
        new = deployment.new
        others = sorted((one for one in deployment.sets if one is not new),
                        key=lambda one: -one.revision)  # fmt: skip
        if value is not None:
            others = [one for one in others if one.revision == int(value)]
        if not others:
            self.event(
                "Warning",
                "DeploymentRollbackRevisionNotFound",
                deployment.name,
                "Unable to find the revision to rollback to.",
                kind="Deployment",
            )
            return
        deployment.spec["template"] = others[0].tree
        deployment.waiting_cause = f"kubectl rollout undo deployment/{deployment.name}"

    # -------------------------------------------------------------------------------- one second

    def _control(self, now_s: int) -> None:
        """Everything that happens before a second's requests."""
        self._served.append(0)
        self._failed.append(0)
        while self._faults and self._faults[0].at_s <= now_s:
            self._act(self._faults.pop(0))
        control.watch_nodes(self, now_s)
        if self.drains:
            control.drain(self, now_s)
        if now_s % hpa.SYNC_S == 0:
            for scaler in self.scalers.values():
                control.autoscale(self, scaler, now_s)
        if self.dirty or now_s in self._looks:
            self.dirty = False
            self._looks.discard(now_s)
            control.reconcile(self, now_s)
        if self.unscheduled:
            control.schedule(self, now_s)
        self._kubelets(now_s)
        self._move_endpoints(now_s)
        self._measure(now_s)

    def _quiet_s(self, now_s: int, end_s: int) -> int:
        """How many seconds can be played as one, because nothing but requests is due in them."""
        if (
            now_s % QUIET_S
            or self._restless
            or self._moving
            or self.dirty
            or self.unscheduled
            or self.drains
            or not self._endpoints
            or self._failed[-1]
            or now_s + QUIET_S > end_s
            or (self._faults and self._faults[0].at_s < now_s + QUIET_S)
            or not all(machine.up for machine in self.machines.values())
        ):
            return 1
        for at_s in range(now_s + 1, now_s + QUIET_S):
            if (
                at_s in self._wakes
                or at_s in self._moves
                or at_s in self._looks
                or at_s in self._fails_later
            ):
                return 1
        return QUIET_S

    def _kubelets(self, now_s: int) -> None:
        while due := self._wakes.pop(now_s, None):
            for pod in due:
                if pod.state not in ("Gone", "Lost") and pod.node:
                    kubelet.wake(self, pod, now_s)
                    self._grow(pod)
        self._next_wake_s = now_s + 1

    # ----------------------------------------------------------------------------------- endpoints

    def _move_endpoints(self, now_s: int) -> None:
        moving = self._moves.pop(now_s, None)
        if not moving:
            return
        for pod in moving:
            wanted = pod.ready and pod.active
            if wanted and not pod.in_endpoints:
                self._join(pod)
            elif not wanted and pod.in_endpoints:
                pod.in_endpoints = False
                if pod in self._endpoints:
                    self._endpoints.remove(pod)
                if pod.server.occupied:
                    self._leaving[pod] = None
        self._count_endpoints()

    def _join(self, pod: Pod) -> None:
        pod.in_endpoints = True
        service = self.services.get(self.service)
        if service is not None and selects(service["spec"].get("selector"), pod.template.labels):
            self._endpoints.append(pod)
            self._endpoints.sort(key=lambda one: one.name)
            self._leaving.pop(pod, None)
            port = service_port(service, pod.template)
            pod.wrong_port = bool(port and pod.app.port and port != pod.app.port)
            self._grow(pod)

    def _count_endpoints(self) -> None:
        for name, service in self.services.items():
            selector = service["spec"].get("selector")
            self.count("endpoints", name, sum(
                pod.in_endpoints and selects(selector, pod.template.labels) for pod in self.pods
            ))  # fmt: skip

    # ------------------------------------------------------------------------------------ requests

    def _arrivals(self, now_s: int) -> int:
        milli = self.traffic.rate_milli(now_s)
        if self.traffic.arrivals == "even":
            count, self._carry = divmod(milli + self._carry, 1000)
        else:
            coins, self._carry = divmod(16 * milli + self._carry, 1000)
            draw = self.chance.getrandbits
            count = (
                (draw(coins) & draw(coins) & draw(coins) & draw(coins)).bit_count() if coins else 0
            )
        return count

    def _requests(self, now_s: int, seconds: int) -> None:
        """The requests of so many seconds."""
        now_us, span_us = now_s * _US, seconds * _US
        if now_s % SLOT_S == 0:
            self._histograms.append({})
        for reason, number in self._fails_later.pop(now_s, {}).items():
            self._pending_failures -= number
            self._fail(now_s, number, reason, "")
        for pod in list(self._leaving):
            self._settle(pod, now_us)
            if not pod.server.occupied:
                del self._leaving[pod]
        inside = self._pending_failures + sum(pod.server.inside for pod in self._leaving)
        answered = 0
        for pod in self._endpoints:
            server = pod.server
            if server.rows:
                done = server.settle(now_us)
                pod.served += done
                answered += done
            inside += server.inside
        self._done += answered
        self._write_served(-2)
        self._inside_before, self._span_s = inside, seconds
        arrived = [self._arrivals(now_s + second) for second in range(seconds)]
        self._sent += arrived
        total = sum(arrived)
        waiting = late = 0
        failed_before = self._failed[-1]
        pods = self._endpoints
        if pods:
            size = len(pods)
            each, odd = divmod(total, size)
            turn, seen = self._turn % size, self._histograms[-1]
            self._turn = (turn + odd) % size
            patience_us = self.traffic.timeout_ms * 1000
            now_ms, next_us = now_us // 1000, now_us + span_us
            for place, pod in enumerate(pods):
                server = pod.server
                part = each + ((place - turn) % size < odd)
                if part:
                    if (
                        pod.state != "Running"
                        or pod.hanging
                        or pod.loaded_ms > now_ms
                        or pod.wrong_port
                    ):
                        part = self._unwell(pod, part, now_s)
                    if part and (
                        server.free_us + part * server.pace_us > next_us + server.queue_us
                        or pod.known.batch > 1
                        or pod.recycling_until_s
                    ):
                        part = self._busy(pod, part, now_s, span_us)
                    if part:
                        pod.received += part
                        # Where in the first gap they begin differs by pod and second.
                        offset = (pod.number * 618034 + now_s * 414214) % (span_us // part)
                        late += server.accept(now_us + offset, part, patience_us, seen, span_us)
                if server.free_us > next_us:
                    waiting += (server.free_us - next_us - 1) // server.pace_us
        elif total:
            self._fail(now_s, total, "no endpoints", "")
        if late:
            self._later(now_s + -(-self.traffic.timeout_ms // 1000), late, "timed out")
        self._waiting += [waiting] * seconds
        self._served += [0] * (seconds - 1)
        self._came = self._write_failed(arrived, self._failed[-1] - failed_before)

    def _write_failed(self, arrived: list[int], failed: int) -> list[int]:
        """Write down what failed at once in seconds that were played as one: the first that came.
        What is left of each second's requests.
        """
        came = []
        self._failed[-1] -= failed
        for second, count in enumerate(arrived):
            part = min(count, failed)
            if second == 0:
                self._failed[-1] += part
            else:
                self._failed.append(part)
            failed -= part
            came.append(count - part)
        self._failed[-1] += failed  # none: whoever failed had come
        return came

    @property
    def inside(self) -> int:
        """Requests that have neither been answered nor failed, counted one by one."""
        pods = {**dict.fromkeys(self._endpoints), **self._leaving}
        return sum(pod.server.inside for pod in pods) + self._pending_failures

    def _settle(self, pod: Pod, now_us: int) -> None:
        done = pod.server.settle(now_us)
        pod.served += done
        self._done += done

    def _write_served(self, last: int) -> None:
        """Write down what was answered in the seconds played last, the last of which stands at
        `last` from the end: in equal parts where they were played as one, as far as requests were
        there.
        """
        seconds, left, inside = self._span_s, self._done, self._inside_before
        self._done = 0
        share = -(-left // seconds) if seconds else 0
        for second in range(seconds):
            came = self._came[second]
            part = left if second == seconds - 1 else min(share, left, inside + came)
            self._served[last - seconds + 1 + second] += part
            left -= part
            inside += came - part

    def _unwell(self, pod: Pod, count: int, now_s: int) -> int:
        """What a pod still takes that is stopping, dead, hanging or not loaded."""
        if pod.state == "Lost" or (pod.hanging and pod.running):
            self._later(now_s + -(-self.traffic.timeout_ms // 1000), count, "refused")
            return 0
        loaded = pod.loaded_ms <= now_s * 1000
        if pod.running and loaded and not pod.draining and not pod.wrong_port:
            return count
        self._fail(now_s, count, "refused", pod.name)
        return 0

    def _busy(self, pod: Pod, count: int, now_s: int, span_us: int) -> int:
        """Set a pod's pace for this second; what it takes."""
        server, now_us = pod.server, now_s * _US
        waiting = server.waiting(now_us)
        workers = pod.known.workers
        if pod.recycling_until_s:
            if pod.recycling_until_s <= now_s:
                pod.recycling_until_s = 0
                self.pace(pod)
            elif workers > 1:
                workers -= 1
        if pod.known.batch > 1 or workers != pod.known.workers:
            gap = span_us // count
            batch = min(pod.known.batch, 1 + waiting // workers)
            service, pace = self._pace_for(pod, batch, workers)
            while pace > gap and batch < pod.known.batch:
                batch += 1
                service, pace = self._pace_for(pod, batch, workers)
            server.service_us, server.pace_us = service, pace
        room = pod.app.queue_max - waiting + span_us // server.pace_us
        if count > room:
            self._fail(now_s, count - max(0, room), "queue full", pod.name)
            return max(0, room)
        return count

    def _later(self, at_s: int, count: int, reason: str) -> None:
        rows = self._fails_later.setdefault(at_s, {})
        rows[reason] = rows.get(reason, 0) + count
        self._pending_failures += count

    def _fail(self, now_s: int, count: int, reason: str, pod: str) -> None:
        self._failed[-1] += count
        self._failures.append(Failure(now_s, count, reason, pod))

    # -------------------------------------------------------------------------------------- memory

    def _grow(self, pod: Pod) -> None:
        """Resident memory now, and the kernel's answer to it."""
        if not pod.running or pod.workers is None:
            return
        process = pod.app.process
        pod.resident_kib = memory.resident_kib(
            process, pod.known, pod.workers.served, pod.workers.leaked,
            pod.loaded_ms <= self.now_s * 1000, pod.in_endpoints,
        )  # fmt: skip
        limit = pod.template.limit_kib or self.machines[pod.node].node.memory_kib
        if pod.resident_kib > limit:
            pod.memory.append((self.now_s, pod.resident_kib, pod.template.limit_kib))
            self.event("Warning", "OOMKilling", pod.node,
                       f"Memory cgroup out of memory: Killed process 1 ({pod.template.name}) "
                       f"of pod {pod.name}", kind="Node")  # fmt: skip
            kubelet.ended(self, pod, self.now_s, "OOMKilled", memory.OOM_EXIT_CODE, "oom")

    def _memory(self, now_s: int) -> None:
        """What this second's requests did to memory."""
        for pod in self.alive[:]:
            if pod.memory_moves and pod.running and pod.workers is not None:
                new = pod.received - pod.workers.served
                if new > 0:
                    pod.workers.serve(new)
                    if not pod.recycling_until_s and pod.workers.recycle():
                        self._recycle(pod, now_s)
                    self._grow(pod)

    def _measure(self, now_s: int) -> None:
        """Readings of memory, CPU and the metrics."""
        if now_s % SAMPLE_S == 0:
            for pod in self.alive:
                if pod.running:
                    self._sample(pod, now_s)
        for name, metric in self.cluster.metrics.items():
            if now_s % metric.every_s == 0:
                self._read(self._gauges[name], metric, now_s)

    def _recycle(self, pod: Pod, now_s: int) -> None:
        takes_s = -(-pod.app.process.restart_ms // 1000)
        if pod.known.workers == 1:
            pod.server.free_us = max(pod.server.free_us, (now_s + 1) * _US) + takes_s * _US
        else:
            pod.recycling_until_s = now_s + 1 + takes_s

    def _sample(self, pod: Pod, now_s: int) -> None:
        pod.memory.append((now_s, pod.resident_kib, pod.template.limit_kib))
        if pod.started_s is not None and now_s - pod.started_s >= SAMPLE_S:
            done = pod.served - pod.served_at_sample
            pod.cpu_m = pod.app.cpu_idle_m + done * pod.app.cpu_ms // SAMPLE_S
            pod.sampled_s = now_s
        pod.served_at_sample = pod.served

    def _read(self, gauge: Gauge, metric: Metric, now_s: int) -> None:
        now_us = now_s * _US
        source, every_s, keep_s = metric.source, metric.every_s, metric.mean_s + metric.lag_s
        for pod in self.alive:
            if not pod.running or pod.state == "Lost":
                continue
            readings = gauge.readings.get(pod.name)
            if readings is None:
                readings = gauge.readings[pod.name] = deque()
            server = pod.server
            if source == "rate":
                value = (pod.received - gauge.seen.get(pod.name, 0)) * 1000 // every_s
                gauge.seen[pod.name] = pod.received
            else:
                self._settle(pod, now_us)
                inside = server.occupied
                waiting = min(inside, server.waiting(now_us))
                value = 1000 * (
                    inside
                    if source == "in_flight"
                    else waiting
                    if source == "waiting"
                    else inside - waiting
                )
            readings.append((now_s, value))
            while readings[0][0] < now_s - keep_s - every_s:
                readings.popleft()


def _record(pod: Pod) -> PodRecord:
    template = pod.template
    return PodRecord(
        pod.name, pod.owner, pod.replica_set, pod.node, template.image, template.qos,
        pod.created_s, pod.scheduled_s, pod.first_started_s,
        next((at_s for at_s, shown in pod.phases if shown == "Ready"), None),
        pod.deleted_s, pod.gone_s, pod.restarts, pod.last_state, tuple(pod.phases),
    )  # fmt: skip
