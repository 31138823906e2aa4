"""What happens to one pod on its node: pull, start, probes, stop, restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coursekit.devops.cluster import memory, probes
from coursekit.devops.cluster.probes import Probe
from coursekit.devops.cluster.state import Pod
from coursekit.devops.cluster.world import PULL_S

if TYPE_CHECKING:
    from coursekit.devops.cluster.engine import Live

LEAST_GRACE_S = 2
PULL_FAILS_S = 2
ASLEEP = 1 << 40  # a probe whose result cannot change
_KINDS = {"startup": "Startup", "liveness": "Liveness", "readiness": "Readiness"}


def bound(live: Live, pod: Pod, now_s: int) -> None:
    """A pod comes to its node: pull its image, or start it if the image is there."""
    machine = live.machines[pod.node]
    pod.scheduled_s = now_s
    image = pod.template.image
    if image not in live.cluster.images and "*" not in live.cluster.images:
        _pull(live, pod, now_s, PULL_FAILS_S)
        return
    at_s = machine.images.get(image)
    if at_s is not None and at_s <= now_s:
        live.event("Normal", "Pulled", pod.name,
                   f'Container image "{image}" already present on machine')  # fmt: skip
        start(live, pod, now_s)
        return
    if at_s is None:
        at_s = machine.images[image] = now_s + PULL_S
    _pull(live, pod, now_s, at_s - now_s)


def _pull(live: Live, pod: Pod, now_s: int, takes_s: int) -> None:
    pod.state = "Pulling"
    live.phase(pod, "ContainerCreating" if pod.pull_tries == 0 else "ErrImagePull")
    live.event("Normal", "Pulling", pod.name, f'Pulling image "{pod.template.image}"')
    pod.pulled_s = now_s + takes_s
    live.wake(pod, pod.pulled_s)


def start(live: Live, pod: Pod, now_s: int) -> None:
    """The container starts."""
    app, template = pod.app, pod.template
    pod.state = "Running"
    pod.started_s = now_s
    if pod.first_started_s is None:
        pod.first_started_s = now_s
    deployment = live.deployments.get(pod.owner)
    jitter = live.load_chance.randrange(app.load_jitter_ms + 1) if app.load_jitter_ms else 0
    slower = deployment.load_slower_ms if deployment else 0
    pod.loaded_ms = now_s * 1000 + app.load_ms + jitter + slower
    pod.hanging = pod.draining = False
    pod.startup_passed = not any(probe.kind == "startup" for probe in template.probes)
    pod.streaks.clear()
    pod.probe_at.clear()
    pod.workers = memory.Workers(pod.known)
    pod.received = 0
    pod.recycling_until_s = 0
    live.pace(pod)
    live.event("Normal", "Created", pod.name, f"Created container: {template.name}")
    live.event("Normal", "Started", pod.name, f"Started container {template.name}")
    live.phase(pod, "Running")
    for probe in template.probes:
        if probe.kind == "startup" or pod.startup_passed:
            _plan(live, pod, probe, now_s)
    if pod.startup_passed and template.readiness is None:
        set_ready(live, pod, True, now_s)
    elif pod.ready_changed_s is None:
        pod.ready_changed_s = now_s
    pod.crash_s = None
    if app.crash_after_ms:
        pod.crash_s = now_s + -(-app.crash_after_ms // 1000)
        live.wake(pod, pod.crash_s)
    live.wake(pod, -(-pod.loaded_ms // 1000))  # memory grows when the model is in
    live.dirty = True


def _plan(live: Live, pod: Pod, probe: Probe, from_s: int) -> None:
    assert pod.started_s is not None
    at_s = probe.first_s(pod.started_s, from_s)
    pod.probe_at[probe.kind] = at_s
    live.wake(pod, at_s)


def set_ready(live: Live, pod: Pod, ready: bool, now_s: int) -> None:
    """Readiness changes; endpoints follow later."""
    if pod.ready == ready:
        return
    pod.ready = ready
    pod.ready_changed_s = now_s
    live.ready_changed(pod, now_s)
    if pod.state == "Running" and pod.deleted_s is None:
        live.phase(pod, "Ready" if ready else "Running")


def wake(live: Live, pod: Pod, now_s: int) -> None:
    """Whatever is due for a pod now."""
    if pod.state == "Pulling" and now_s >= pod.pulled_s:
        _pulled(live, pod, now_s)
    elif pod.state == "PullBackOff" and now_s >= pod.pulled_s:
        _pull(live, pod, now_s, PULL_FAILS_S)
    elif pod.state == "BackOff" and now_s >= pod.pulled_s:
        restart(live, pod, now_s)
    elif pod.state == "Stopping":
        _stopping(live, pod, now_s)
    elif pod.state == "Running":
        if pod.crash_s is not None and now_s >= pod.crash_s:
            ended(live, pod, now_s, "Error", 1, "exited")
            return
        for probe in pod.template.probes:
            if pod.state == "Running" and pod.probe_at.get(probe.kind, ASLEEP) <= now_s:
                _probe(live, pod, probe, now_s)


def _pulled(live: Live, pod: Pod, now_s: int) -> None:
    image = pod.template.image
    if image in live.cluster.images or "*" in live.cluster.images:
        live.event("Normal", "Pulled", pod.name, f'Successfully pulled image "{image}" in 20s')
        start(live, pod, now_s)
        return
    wait_s = min(memory.BACK_OFF_S << min(pod.pull_tries, 10), memory.MAX_BACK_OFF_S)
    pod.pull_tries += 1
    live.event(
        "Warning", "Failed", pod.name,
        f'Failed to pull image "{image}": rpc error: code = NotFound desc = failed to resolve '
        f"reference: {image}: not found",
    )  # fmt: skip
    live.event("Warning", "Failed", pod.name, "Error: ErrImagePull")
    live.event("Normal", "BackOff", pod.name, f'Back-off pulling image "{image}"')
    live.event("Warning", "Failed", pod.name, "Error: ImagePullBackOff")
    pod.state = "PullBackOff"
    live.phase(pod, "ImagePullBackOff")
    pod.pulled_s = now_s + wait_s
    live.wake(pod, pod.pulled_s)


def hang(live: Live, pod: Pod, now_s: int) -> None:
    """The process answers nothing more; probes that slept run again."""
    pod.hanging = True
    live.lose(pod, now_s)
    for probe in pod.template.probes:
        if probe.kind != "startup" and pod.startup_passed and pod.state == "Running":
            _plan(live, pod, probe, now_s)


def _probe(live: Live, pod: Pod, probe: Probe, now_s: int) -> None:
    loaded = now_s * 1000 >= pod.loaded_ms
    good, words = probes.passes(probe, pod.app, not pod.hanging, loaded)
    streak = pod.streaks.get(probe.kind, 0)
    streak = max(streak, 0) + 1 if good else min(streak, 0) - 1
    pod.streaks[probe.kind] = streak
    if good and loaded and streak >= probe.success and probe.kind != "startup":
        pod.probe_at[probe.kind] = ASLEEP  # nothing changes until the process hangs
    else:
        pod.probe_at[probe.kind] = now_s + probe.period_s
        live.wake(pod, now_s + probe.period_s)
    if not good:
        live.event("Warning", "Unhealthy", pod.name, f"{_KINDS[probe.kind]} probe failed: {words}")
    if (good and streak < probe.success) or (not good and -streak < probe.failure):
        return
    if probe.kind == "readiness":
        set_ready(live, pod, good, now_s)
    elif not good:
        live.event(
            "Normal", "Killing", pod.name,
            f"Container {pod.template.name} failed {probe.kind} probe, will be restarted",
        )  # fmt: skip
        stop(live, pod, now_s)
    elif probe.kind == "startup":
        pod.startup_passed = True
        del pod.probe_at["startup"]
        for other in pod.template.probes:
            if other.kind != "startup":
                _plan(live, pod, other, now_s + 1)
        if pod.template.readiness is None:
            set_ready(live, pod, True, now_s)


def delete(live: Live, pod: Pod, now_s: int) -> None:
    """The pod gets its deletion timestamp."""
    if pod.deleted_s is not None or pod.state == "Gone":
        return
    pod.deleted_s = now_s
    live.deleted(pod, now_s)
    if pod.state in ("Lost", "Stopping"):
        live.phase(pod, "Terminating")
    elif pod.state == "Running":
        live.event("Normal", "Killing", pod.name, f"Stopping container {pod.template.name}")
        live.phase(pod, "Terminating")
        stop(live, pod, now_s)
    else:
        gone(live, pod, now_s)


def stop(live: Live, pod: Pod, now_s: int) -> None:
    """Begin to stop the container: preStop, SIGTERM, SIGKILL."""
    template = pod.template
    pod.state = "Stopping"
    pod.stopping_s = now_s
    hook_s = min(template.pre_stop_s, template.grace_s)
    if template.pre_stop_s > template.grace_s:
        live.event("Warning", "FailedPreStopHook", pod.name, "PreStopHook failed")
    pod.term_s = now_s + hook_s
    pod.kill_s = pod.term_s + max(LEAST_GRACE_S, template.grace_s - hook_s)
    _stopping(live, pod, now_s)


def _stopping(live: Live, pod: Pod, now_s: int) -> None:
    if now_s < pod.term_s:
        live.wake(pod, pod.term_s)
        return
    if now_s >= pod.kill_s:
        ended(live, pod, now_s, "Error", 137, "killed after the grace period")
        return
    if pod.app.on_sigterm == "exit" or (pod.hanging and pod.app.on_sigterm == "drain"):
        if pod.app.on_sigterm == "exit":
            ended(live, pod, now_s, "Error", 143, "terminated")
            return
    elif pod.app.on_sigterm == "drain":
        pod.draining = True
        pod.server.settle(now_s * 1_000_000)
        left_s = -(-pod.server.drained_us() // 1_000_000)
        if left_s <= now_s:
            ended(live, pod, now_s, "Completed", 0, "drained")
            return
        live.wake(pod, min(left_s, pod.kill_s))
        return
    live.wake(pod, pod.kill_s)


def ended(live: Live, pod: Pod, now_s: int, reason: str, code: int, words: str) -> None:
    """The container is no more; restart it, or the pod is gone."""
    live.lose(pod, now_s)
    pod.last_state = (reason, code, pod.started_s or 0, now_s)
    pod.previous_log = live.log_of(pod, now_s, reason, code, words)
    pod.resident_kib = 0
    pod.workers = None
    pod.probe_at.clear()
    if pod.deleted_s is not None:
        gone(live, pod, now_s)
        return
    set_ready(live, pod, False, now_s)
    at_s = memory.next_start_s(pod.back_off, now_s)
    if at_s <= now_s:
        restart(live, pod, now_s)
        return
    pod.state = "BackOff"
    live.phase(pod, "CrashLoopBackOff")
    live.event(
        "Warning", "BackOff", pod.name,
        f"Back-off restarting failed container {pod.template.name} in pod {pod.name}",
    )  # fmt: skip
    pod.pulled_s = at_s
    live.wake(pod, at_s)
    live.dirty = True


def restart(live: Live, pod: Pod, now_s: int) -> None:
    """The container starts again."""
    ended_s = pod.last_state[3] if pod.last_state else now_s
    pod.back_off = memory.backed_off(pod.back_off, ended_s, now_s)
    pod.restarts += 1
    start(live, pod, now_s)


def gone(live: Live, pod: Pod, now_s: int) -> None:
    """The pod object is removed."""
    pod.state = "Gone"
    pod.gone_s = now_s
    live.phase(pod, "Gone")
    if pod.node:
        live.machines[pod.node].pods.remove(pod)
    live.alive.remove(pod)
    live.dirty = live.unscheduled = True
