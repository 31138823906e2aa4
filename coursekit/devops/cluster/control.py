"""The control plane: Deployments, the scheduler, autoscalers, nodes and drains, once a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coursekit.devops.cluster import hpa, kubelet, memory, nodes, rollout
from coursekit.devops.cluster.state import (
    Deployment,
    Machine,
    Pod,
    Scaler,
    Set,
    letters,
    selects,
    template_hash,
    template_of,
)
from coursekit.devops.cluster.timeline import HpaDecision, Revision
from coursekit.devops.cluster.world import MAX_PODS

if TYPE_CHECKING:
    from coursekit.devops.cluster.engine import Live

_ROUNDS = 20  # syncs of a controller in one second, at most


# ------------------------------------------------------------------------------------ Deployments


def reconcile(live: Live, now_s: int) -> None:
    """Sync all Deployments until nothing changes."""
    for deployment in live.deployments.values():
        for _ in range(_ROUNDS):
            if not _sync(live, deployment, now_s):
                break
        _report(live, deployment, now_s)


def _sync(live: Live, deployment: Deployment, now_s: int) -> bool:
    spec = deployment.spec
    new = deployment.new
    changed = False
    if new is None and not deployment.paused:
        new = new_set(live, deployment, now_s)
        changed = True
    elif new is not None and not deployment.paused:
        changed = _renumber(live, deployment, new, now_s)
    views = {one.name: _view(one, spec, now_s) for one in deployment.sets}
    old = [views[one.name] for one in deployment.sets if one is not new]
    newest = views[new.name] if new is not None else None
    status = sum(len(_active(one)) for one in deployment.sets)
    if deployment.paused or newest is None or rollout.is_scaling(spec, [*old, newest]):
        sizes = rollout.rescale(spec, newest, old, status)
    else:
        leaving = sum(
            pod.state != "Gone" for pod in live.alive
            if pod.owner == deployment.name and new is not None and pod.replica_set != new.name
        )  # fmt: skip
        sizes = rollout.roll(spec, newest, old, leaving)
    most = spec["replicas"] + rollout.max_surge(spec)
    for one in deployment.sets:
        size = sizes.get(one.name, one.replicas)
        if size != one.replicas:
            way = "up" if size > one.replicas else "down"
            live.event(
                "Normal", "ScalingReplicaSet", deployment.name,
                f"Scaled {way} replica set {one.name} from {one.replicas} to {size}",
                kind="Deployment",
            )  # fmt: skip
            one.replicas = size
            changed = True
        if one.replicas > 0 or one is new:
            one.desired, one.most = spec["replicas"], most
        _fill(live, deployment, one, now_s)
    if not changed:
        _forget(deployment, new)
    return changed


def _active(one: Set) -> list[Pod]:
    one.pods = [pod for pod in one.pods if pod.active]
    return one.pods


def _view(one: Set, spec: dict[str, Any], now_s: int) -> rollout.ReplicaSet:
    return rollout.ReplicaSet(
        one.name, one.replicas, available(one.pods, spec, now_s), one.created, one.desired, one.most
    )


def available(pods: list[Pod], spec: dict[str, Any], now_s: int) -> int:
    """How many have been ready for `minReadySeconds`."""
    least = spec.get("minReadySeconds") or 0
    return sum(
        pod.ready and pod.active and now_s - (pod.ready_changed_s or 0) >= least for pod in pods
    )


def new_set(live: Live, deployment: Deployment, now_s: int) -> Set:
    """Make the replica set of the present template."""
    tree = deployment.spec["template"]
    deployment.revision += 1
    one = Set(
        name=f"{deployment.name}-{template_hash(tree)}",
        tree=tree,
        template=template_of(tree, live.config),
        created=len(deployment.sets) and deployment.sets[-1].created + 1,
        revision=deployment.revision,
        cause=deployment.waiting_cause,
    )
    deployment.sets.append(one)
    live.progressed(deployment, rollout.Progress("NewReplicaSetCreated", now_s))
    live.revisions[deployment.name].append(
        Revision(one.revision, one.template.image, now_s, one.cause)
    )
    return one


def _renumber(live: Live, deployment: Deployment, new: Set, now_s: int) -> bool:
    """A template that comes back takes the next revision."""
    if new.revision == deployment.revision:
        return False
    deployment.revision += 1
    new.revision = deployment.revision
    new.cause = deployment.waiting_cause
    live.revisions[deployment.name].append(
        Revision(new.revision, new.template.image, now_s, new.cause)
    )
    return False


def _forget(deployment: Deployment, new: Set | None) -> None:
    """Keep no more empty replica sets than `revisionHistoryLimit`."""
    limit = deployment.spec.get("revisionHistoryLimit", 10)
    empty = [one for one in deployment.sets
             if one is not new and one.replicas == 0 and not _active(one)]  # fmt: skip
    empty.sort(key=lambda one: one.revision)
    for one in empty[: max(0, len(empty) - limit)]:
        deployment.sets.remove(one)


def _fill(live: Live, deployment: Deployment, one: Set, now_s: int) -> None:
    """Create and delete pods until the set has its size."""
    pods = _active(one)
    while len(pods) < one.replicas and len(live.alive) < MAX_PODS:
        pods.append(new_pod(live, deployment, one, now_s))
    if len(pods) > one.replicas:
        related = [pod for other in deployment.sets for pod in other.pods if pod.active]
        ranks: dict[str, int] = {}
        for pod in related:
            ranks[pod.node] = ranks.get(pod.node, 0) + 1
        by_name = {pod.name: pod for pod in pods}
        order = rollout.first_to_go(
            [
                rollout.Candidate(
                    pod.name, bool(pod.node), pod.phase,
                    pod.ready_changed_s if pod.ready else None,
                    ranks[pod.node], pod.restarts, pod.created_s,
                )
                for pod in pods
            ],
            now_s,
        )  # fmt: skip
        for name in order[: len(pods) - one.replicas]:
            live.event("Normal", "SuccessfulDelete", one.name, f"Deleted pod: {name}",
                       kind="ReplicaSet")  # fmt: skip
            kubelet.delete(live, by_name[name], now_s)
        _active(one)


def new_pod(live: Live, deployment: Deployment, one: Set, now_s: int) -> Pod:
    """Make a pod of a replica set."""
    one.made += 1
    name = f"{one.name}-{letters(f'{one.name}/{one.made}', 5)}"
    app = live.cluster.images.get(one.template.image) or live.cluster.images.get("*")
    if app is None:
        app = live.no_app
    live.pods_made += 1
    pod = Pod(
        name, deployment.name, one.name, one.template, app, now_s, live.pods_made,
        memory.settings(one.template.env, app.workers, app.batch, app.process),
    )  # fmt: skip
    live.pods.append(pod)
    live.alive.append(pod)
    live.unscheduled = True
    live.phase(pod, "Pending")
    live.event("Normal", "SuccessfulCreate", one.name, f"Created pod: {name}", kind="ReplicaSet")
    return pod


def _report(live: Live, deployment: Deployment, now_s: int) -> None:
    """Counts and the condition Progressing."""
    spec, new = deployment.spec, deployment.new
    pods = [pod for one in deployment.sets for pod in _active(one)]
    status = rollout.Status(
        len(pods),
        len(new.pods) if new else 0,
        sum(pod.ready for pod in pods),
        available(pods, spec, now_s),
    )
    known = rollout.progress(spec, deployment.status, status, deployment.progress, now_s)
    deployment.status = status
    if known != deployment.progress:
        live.progressed(deployment, known)
    live.count("available", deployment.name, status.available)
    live.count("updated", deployment.name, status.updated)
    live.count("desired", deployment.name, spec["replicas"])
    if known.reason not in ("NewReplicaSetAvailable", "ProgressDeadlineExceeded"):
        live.look_again(known.updated_s + spec.get("progressDeadlineSeconds", 600) + 1)
    least = spec.get("minReadySeconds") or 0
    for pod in pods:
        if pod.ready and least and pod.ready_changed_s is not None:
            live.look_again(pod.ready_changed_s + least)


# -------------------------------------------------------------------------------------- scheduler


def schedule(live: Live, now_s: int) -> None:
    """Give pods that have no node one, the oldest first."""
    waiting = [pod for pod in live.alive if not pod.node and pod.state == "Pending"]
    live.unscheduled = False  # until room may have changed
    if not waiting:
        return
    rooms = {name: _room(machine) for name, machine in live.machines.items()}
    for pod in waiting:
        template = pod.template
        offered = [
            nodes.Room(
                room.node, room.cpu_m, room.memory_kib, room.pods,
                sum(one.owner == pod.owner and one.active for one in live.machines[name].pods),
                room.schedulable, room.ready,
            )
            for name, room in rooms.items()
        ]  # fmt: skip
        name, message = nodes.choose(offered, template.cpu_m, template.memory_kib)
        if not name:
            if not pod.refused_by:
                live.event("Warning", "FailedScheduling", pod.name, message)
                pod.refused_by = message
            continue
        pod.node, pod.refused_by = name, ""
        machine = live.machines[name]
        machine.pods.append(pod)
        rooms[name] = _room(machine)
        live.event("Normal", "Scheduled", pod.name,
                   f"Successfully assigned default/{pod.name} to {name}")  # fmt: skip
        kubelet.bound(live, pod, now_s)


def _room(machine: Machine) -> nodes.Room:
    return nodes.Room(
        machine.node,
        sum(pod.template.cpu_m for pod in machine.pods),
        sum(pod.template.memory_kib for pod in machine.pods),
        len(machine.pods),
        0,
        not machine.cordoned,
        machine.ready,
    )


# --------------------------------------------------------------------------------- nodes and drains


def watch_nodes(live: Live, now_s: int) -> None:
    """Nodes that went silent: not ready after 40 s, their pods deleted 300 s later."""
    for machine in live.machines.values():
        if machine.up:
            continue
        silent_s = now_s - machine.down_s
        if machine.ready and silent_s >= nodes.NOT_READY_S:
            machine.ready = False
            live.event("Normal", "NodeNotReady", machine.node.name,
                       f"Node {machine.node.name} status is now: NodeNotReady",
                       kind="Node")  # fmt: skip
            for pod in machine.pods:
                kubelet.set_ready(live, pod, False, now_s)
            live.dirty = True
        if silent_s == nodes.NOT_READY_S + nodes.EVICT_S:
            for pod in list(machine.pods):
                if pod.deleted_s is None:
                    live.event("Normal", "TaintManagerEviction", pod.name,
                               f"Marking for deletion Pod default/{pod.name}")  # fmt: skip
                    kubelet.delete(live, pod, now_s)
            live.dirty = True


def node_down(live: Live, machine: Machine, now_s: int) -> None:
    """The machine stops: processes are dead, the control plane does not know yet."""
    if not machine.up:
        return
    machine.up, machine.down_s = False, now_s
    for pod in machine.pods:
        live.lose(pod, now_s)
        pod.state = "Lost"


def node_up(live: Live, machine: Machine, now_s: int) -> None:
    """The machine is back: pods with a deletion timestamp are gone, others start again."""
    if machine.up:
        return
    machine.up = machine.ready = True
    live.event("Normal", "NodeReady", machine.node.name,
               f"Node {machine.node.name} status is now: NodeReady", kind="Node")  # fmt: skip
    for pod in list(machine.pods):
        if pod.deleted_s is not None:
            kubelet.gone(live, pod, now_s)
        elif pod.started_s is None:
            kubelet.bound(live, pod, now_s)
        else:
            pod.last_state = ("Unknown", 255, pod.started_s, machine.down_s)
            kubelet.set_ready(live, pod, False, now_s)
            pod.restarts += 1
            kubelet.start(live, pod, now_s)
    live.dirty = live.unscheduled = True


def budgets(live: Live, pod: Pod) -> list[tuple[nodes.Budget, str]]:
    """The budgets that select a pod, as they stand now."""
    found = []
    for name, spec in live.pdbs.items():
        labels = (spec.get("selector") or {}).get("matchLabels")
        if selects(labels, pod.template.labels):
            policy = spec.get("unhealthyPodEvictionPolicy") or "IfHealthyBudget"
            found.append((budget_of(live, name, spec), policy))
    return found


def budget_of(live: Live, name: str, spec: dict[str, Any]) -> nodes.Budget:
    """The status of one budget."""
    labels = (spec.get("selector") or {}).get("matchLabels")
    chosen = [pod for pod in live.alive if selects(labels, pod.template.labels)]
    owners = {pod.owner for pod in chosen}
    scale = sum(live.deployments[owner].spec["replicas"] for owner in owners
                if owner in live.deployments)  # fmt: skip
    healthy = sum(pod.ready and pod.deleted_s is None for pod in chosen)
    return nodes.budget(name, spec, healthy, len(chosen), scale)


def drain(live: Live, now_s: int) -> None:
    """Go on with every drain."""
    for one in list(live.drains):
        name = one.nodes[0]
        machine = live.machines[name]
        if not machine.cordoned or not live.drain_log or live.drain_log[-1][0] != name:
            machine.cordoned = True
            live.drain_log.append((name, now_s, None))
            live.event("Normal", "NodeNotSchedulable", name,
                       f"Node {name} status is now: NodeNotSchedulable", kind="Node")  # fmt: skip
        for pod in sorted(machine.pods, key=lambda pod: pod.name):
            if pod.deleted_s is None and one.tries.get(pod.name, 0) <= now_s:
                answer = nodes.evict(pod.phase, pod.ready, False, budgets(live, pod))
                if answer.code == 201:
                    live.event("Normal", "Evicted", pod.name, f"evicting pod default/{pod.name}")
                    kubelet.delete(live, pod, now_s)
                    live.dirty = True
                    continue
                one.tries[pod.name] = now_s + nodes.RETRY_S
                live.event("Warning", "EvictionRefused", pod.name,
                           f"error when evicting pods/{pod.name}: {answer.message}")  # fmt: skip
        if not machine.pods:
            live.drain_log[-1] = (name, live.drain_log[-1][1], now_s)
            live.event("Normal", "NodeDrained", name, f"node/{name} drained", kind="Node")
            one.nodes.pop(0)
            if not one.nodes:
                live.drains.remove(one)


# ------------------------------------------------------------------------------------- autoscalers


def autoscale(live: Live, scaler: Scaler, now_s: int) -> None:
    """One sync of an autoscaler."""
    target = (scaler.spec.get("scaleTargetRef") or {}).get("name", "")
    deployment = live.deployments.get(target)
    if deployment is None:
        if now_s == 0:
            live.event("Warning", "FailedGetScale", scaler.name,
                       f'deployments.apps "{target}" not found',
                       kind="HorizontalPodAutoscaler")  # fmt: skip
        return
    pods = [pod for pod in live.alive if pod.owner == target]
    views = [
        hpa.Pod(
            pod.name, pod.phase, pod.ready, pod.first_started_s, pod.ready_changed_s,
            pod.deleted_s is not None, pod.template.requests_milli,
        )
        for pod in pods
    ]  # fmt: skip
    found: dict[str, Any] = {} if live.metrics_down else live.metrics_of(pods, now_s)
    for spec in scaler.spec.get("metrics") or ():
        if spec.get("type") in ("Object", "External") and not live.metrics_down:
            name = spec["object" if spec["type"] == "Object" else "external"]["metric"]["name"]
            if isinstance(found.get(name), dict):
                found[name] = sum(sample.value_milli for sample in found[name].values())
    before = deployment.spec["replicas"]
    decision = hpa.desired(scaler.spec, now_s, before, views, found, scaler.history)
    scaler.history = decision.history
    live.decisions.append(HpaDecision(now_s, scaler.name, before, decision))
    if decision.rule.startswith(("FailedGet", "Invalid")):
        live.event("Warning", decision.rule, scaler.name, decision.message,
                   kind="HorizontalPodAutoscaler")  # fmt: skip
    if decision.replicas != before:
        live.event("Normal", "SuccessfulRescale", scaler.name,
                   f"New size: {decision.replicas}; reason: {decision.reason}",
                   kind="HorizontalPodAutoscaler")  # fmt: skip
        deployment.spec["replicas"] = decision.replicas
        live.dirty = True
