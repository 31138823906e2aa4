"""Worlds for a model server that is rolled out, stopped, drained and undone.

Each world plays one part of a learner's manifests (`PARTS`) in manifests that are otherwise right
(`REFERENCE`), so that a wrong probe says nothing about a budget. `whole` plays them as they are.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from coursekit.devops.cluster import App, Cluster, Fault, Live, Node, Timeline, Traffic, run
from coursekit.devops.cluster.kubectl import Kubectl
from coursekit.devops.cluster.picture import draw_timeline
from coursekit.devops.cluster.read import Manifests, read
from coursekit.played import AnswerError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tree = dict[str, Any]
Claim = tuple[bool, str]

NAME = "scorer"
OLD, NEW = "scorer:1.4.0", "scorer:1.5.0"
CHANGED_S = 30  # when a new version is applied, or a drain begins
REPLICAS, LEAST = 5, 4  # pods, and how many carry the traffic
RATE = 50  # requests a second
DONE_S, DRAINED_S, REPORTED_S = 480, 600, 300
MENDED_S, JOINED_S, ROOM_S, GONE_S = 120, 30, 30, 120
MOST_COMMANDS = 10
PAUSE_S = 5  # from one command to the next

APP = App(
    load_ms=45_000,
    load_jitter_ms=5_000,
    paths={"/live": "started", "/ready": "loaded"},
    service_ms=250,
    workers=4,
)
NODES = (Node("node-1", 4000), Node("node-2", 4000), Node("node-3", 6000))  # seven pods
ROOMY = tuple(Node(f"node-{number}", 10_000, 64 * 1024 * 1024) for number in (1, 2, 3))

YESTERDAY = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: scorer
spec:
  replicas: 5
  selector:
    matchLabels: {app: scorer}
  template:
    metadata:
      labels: {app: scorer}
    spec:
      containers:
      - name: model
        image: scorer:1.4.0
        ports:
        - containerPort: 8080
        resources:
          requests: {cpu: "2", memory: 2Gi}
        readinessProbe:
          httpGet: {path: /ready, port: 8080}
          initialDelaySeconds: 30
        livenessProbe:
          httpGet: {path: /ready, port: 8080}
          initialDelaySeconds: 60
---
apiVersion: v1
kind: Service
metadata:
  name: scorer
spec:
  selector: {app: scorer}
  ports:
  - port: 80
    targetPort: 8080
"""

_PROBES: Tree = {
    "startupProbe": {
        "httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5, "failureThreshold": 40,
    },
    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
    "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}, "periodSeconds": 10},
}  # fmt: skip
_STRATEGY: Tree = {
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}},
    "progressDeadlineSeconds": 240,
}
_GRACE_S = 45
_LIFECYCLE: Tree = {"preStop": {"sleep": {"seconds": 5}}}

PARTS = ("probes", "strategy", "end", "budget")
_IN_CONTAINER = {"probes": ("startupProbe", "readinessProbe", "livenessProbe")}
_IN_SPEC = ("strategy", "progressDeadlineSeconds", "minReadySeconds")


# ------------------------------------------------------------------------------------ manifests


@lru_cache(maxsize=8)
def _read(text: str) -> Manifests:
    return read(text)


def objects(answer: Any) -> list[Tree]:
    """The answer's objects, with one Deployment `scorer` of one container among them.

    Raises:
        AnswerError: with line and path where it can.
    """
    if not isinstance(answer, str):
        raise AnswerError(f"manifests() returns a text of YAML, not {type(answer).__name__}")
    manifests = _read(answer)
    deployments = manifests.of("Deployment")
    names = [document.name for document in deployments]
    if names != [NAME]:
        told = ", ".join(names) or "none"
        raise AnswerError(f"write one Deployment, named {NAME}; found: {told}")
    containers = deployments[0].tree["spec"]["template"]["spec"]["containers"]
    if len(containers) != 1:
        line = deployments[0].line("spec.template.spec.containers")
        raise AnswerError(
            f"line {line}, spec.template.spec.containers: {len(containers)} containers; "
            "here a pod has one"
        )
    return copy.deepcopy([dict(tree) for tree in manifests.trees])


def part(answer: Any, *own: str) -> list[Tree]:
    """The answer's Deployment with everything but its `own` parts as it should be.

    Args:
        answer: a learner's text.
        own: of `PARTS`, what stays as the learner wrote it.

    Raises:
        AnswerError: as `objects`.
    """
    trees = objects(answer)
    deployment = next(tree for tree in trees if tree["kind"] == "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    spec = deployment["spec"]
    pod = spec["template"]["spec"]
    container = pod["containers"][0]
    spec["replicas"] = REPLICAS
    container["image"] = OLD
    container["resources"] = {"requests": {"cpu": "2", "memory": "2Gi"}}
    container.pop("env", None)
    if "probes" not in own:
        for name in _IN_CONTAINER["probes"]:
            container.pop(name, None)
        container |= copy.deepcopy(_PROBES)
    if "strategy" not in own:
        for name in _IN_SPEC:
            spec.pop(name, None)
        spec |= copy.deepcopy(_STRATEGY)
    if "end" not in own:
        pod["terminationGracePeriodSeconds"] = _GRACE_S
        container["lifecycle"] = copy.deepcopy(_LIFECYCLE)
    service: Tree = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": APP.port}]},
    }  # fmt: skip
    budgets = [tree for tree in trees if tree["kind"] == "PodDisruptionBudget"]
    return [deployment, service, *(budgets if "budget" in own else [])]


def _played(
    trees: Sequence[Tree],
    faults: Sequence[Fault],
    duration_s: int,
    seed: str,
    new: App = APP,
    nodes: tuple[Node, ...] = NODES,
    traffic: Traffic | None = None,
    old: App = APP,
) -> Timeline:
    cluster = Cluster(nodes=nodes, images={OLD: old, NEW: new})
    wanted = replace(traffic or Traffic(duration_s, ((0, RATE),)), service=NAME)
    try:
        return run(trees, wanted, faults, seed, cluster)
    except ValueError as error:
        raise AnswerError(f"the manifests are taken, but cannot run: {error}") from None


def _update(image: str = NEW) -> Fault:
    return Fault(CHANGED_S, "set_image", NAME, image)


_DRAIN = Fault(CHANGED_S, "drain", "node-1,node-2")


def _slow_disk(rng: random.Random) -> App:
    """The model from a slow disk: 148 to 160 s."""
    return replace(APP, load_ms=rng.randint(148, 152) * 1000, load_jitter_ms=8_000)


# --------------------------------------------------------------------------------------- worlds


class Starts:
    """How pods with the answer's probes start, and whether a pod that hangs is mended.

    Each run is played when a claim first asks for it.
    """

    def __init__(self, answer: Any, seed: str) -> None:
        """Read the answer. AnswerError: it cannot be played."""
        self._trees, self._seed = part(answer, "probes"), seed
        rng = random.Random(f"{seed}/starts")
        self._slow = _slow_disk(rng)
        self.old_s, self.young_s = rng.randint(60, 90), 10 + rng.randint(66, 74)
        self._number = rng.randrange(REPLICAS)

    @cached_property
    def usual(self) -> Timeline:
        """A roll-out from fast disks."""
        return _played(self._trees, [_update()], 420, self._seed)

    @cached_property
    def slow(self) -> Timeline:
        """A roll-out from slow disks."""
        return _played(self._trees, [_update()], 780, self._seed, self._slow)

    @cached_property
    def old(self) -> Timeline:
        """A pod hangs at `old_s` that has served for long."""
        hang = Fault(self.old_s, "hang", NAME, self._number)
        return _played(self._trees, [hang], self.old_s + 300, self._seed)

    @cached_property
    def young(self) -> Timeline:
        """A process is killed at 10 s, starts again, and hangs at `young_s`."""
        faults = [
            Fault(10, "kill_pod", NAME, self._number),
            Fault(self.young_s, "hang", NAME, self._number),
        ]
        return _played(self._trees, faults, self.young_s + 300, self._seed)


class Rolls:
    """What the answer's strategy does with a good image, a bad one and a slow one."""

    def __init__(self, answer: Any, seed: str) -> None:
        """Read the answer. AnswerError: it cannot be played."""
        self._trees, self._seed = part(answer, "strategy"), seed
        self._slow = _slow_disk(random.Random(f"{seed}/rolls"))

    @cached_property
    def good(self) -> Timeline:
        """A roll-out from fast disks."""
        return _played(self._trees, [_update()], CHANGED_S + 700, self._seed)

    @cached_property
    def bad(self) -> Timeline:
        """An image that nobody can pull."""
        return _played(self._trees, [_update("scorer:1.5.O")], CHANGED_S + 400, self._seed)

    @cached_property
    def slow(self) -> Timeline:
        """A roll-out from slow disks."""
        return _played(self._trees, [_update()], CHANGED_S + 1200, self._seed, self._slow)


class Ends:
    """What happens to requests while pods with the answer's grace period and preStop end."""

    def __init__(self, answer: Any, seed: str) -> None:
        """Read the answer. AnswerError: it cannot be played."""
        self._trees, self._seed = part(answer, "end"), seed

    @cached_property
    def usual(self) -> Timeline:
        """A roll-out with requests of 250 ms."""
        return _played(self._trees, [_update()], 480, self._seed)

    @cached_property
    def long(self) -> Timeline:
        """A roll-out with requests of 40 s."""
        app = replace(APP, service_ms=40_000, workers=128)
        traffic = Traffic(600, ((0, 8),), timeout_ms=90_000)
        return _played(self._trees, [_update()], 600, self._seed, app, traffic=traffic, old=app)

    @cached_property
    def deaf(self) -> Timeline:
        """A roll-out whose old processes ignore SIGTERM."""
        app = replace(APP, on_sigterm="ignore")
        return _played(self._trees, [_update()], 600, self._seed, old=app)


class Whole:
    """The manifests as they are, nothing filled in."""

    def __init__(self, answer: Any, seed: str) -> None:
        """Read the answer. AnswerError: it cannot be played."""
        self._trees, self._seed = objects(answer), seed
        named = [tree["metadata"]["name"] for tree in self._trees if tree["kind"] == "Service"]
        if NAME not in named:
            found = ", ".join(named) or "none"
            raise AnswerError(f"clients call a Service named {NAME}; found: {found}")

    @cached_property
    def rolled(self) -> Timeline:
        """A roll-out."""
        return _played(self._trees, [_update()], CHANGED_S + 600, self._seed)

    @cached_property
    def drained(self) -> Timeline:
        """Two nodes are drained."""
        return _played(self._trees, [_DRAIN], CHANGED_S + 700, self._seed, nodes=ROOMY)


def starts(answer: Any, seed: str) -> Starts:
    """The world of the probes."""
    return Starts(answer, seed)


def rolls(answer: Any, seed: str) -> Rolls:
    """The world of the strategy."""
    return Rolls(answer, seed)


def ends(answer: Any, seed: str) -> Ends:
    """The world of the grace period and preStop."""
    return Ends(answer, seed)


def drains(answer: Any, seed: str) -> Timeline:
    """The world of the budget: two nodes are drained, one after the other."""
    trees = part(answer, "budget")
    return _played(trees, [_DRAIN], CHANGED_S + 900, seed, nodes=ROOMY)


def whole(answer: Any, seed: str) -> Whole:
    """The world that fills nothing in."""
    return Whole(answer, seed)


# -------------------------------------------------------------------------------------- claims


def clock(at_s: int) -> str:
    """Minutes and seconds."""
    return f"{at_s // 60:02}:{at_s % 60:02}"


def _no_failure(timeline: Timeline, from_s: int = 0) -> Claim:
    failures = [failure for failure in timeline.failures if failure.at_s >= from_s]
    if not failures:
        return True, f"{timeline.requests_sent:,} requests, none failed"
    first = failures[0]
    pod = next((pod for pod in timeline.pods if pod.name == first.pod), None)
    count = sum(failure.count for failure in failures)
    return False, (
        f"{count:,} requests failed, the first at {clock(first.at_s)}: "
        f"{first.reason}{_state(pod, first.at_s)}"
    )


def _state(pod: Any, at_s: int) -> str:
    """What a pod was doing when it failed a request."""
    if pod is None:
        return ""
    if pod.deleted_s is not None and pod.deleted_s <= at_s:
        return f", by a pod that ends since {clock(pod.deleted_s)}"
    if pod.started_s is not None and at_s - pod.started_s < 45:
        return ", by a pod that still loads"
    return ""


def _stays(timeline: Timeline, least: int, from_s: int = 0, to_s: int | None = None) -> Claim:
    lowest, when_s = timeline.lowest_ready(NAME, from_s, to_s)
    if lowest >= least:
        return True, f"never fewer than {lowest} ready"
    return False, f"{clock(when_s)} ready fell to {lowest}"


def _restarted(timeline: Timeline) -> Claim:
    restarts = sum(pod.restarts for pod in timeline.pods)
    if not restarts:
        return True, "no container was restarted"
    killed = next((event for event in timeline.events if event.reason == "Killing"), None)
    why = f": {killed.message}" if killed else ""
    when = f", the first at {clock(killed.at_s)}" if killed else ""
    return False, f"containers were restarted {restarts} times{when}{why}"


def _complete(timeline: Timeline, within_s: int) -> Claim:
    done_s = timeline.complete_s(NAME, CHANGED_S)
    if done_s is None:
        last = timeline.at(timeline.updated[NAME], timeline.duration_s)
        minutes = (timeline.duration_s - CHANGED_S) // 60
        return False, f"not done {minutes} minutes after it began ({last} of 5 updated)"
    took_s = done_s - CHANGED_S
    return took_s <= within_s, f"done after {clock(took_s)}"


def _mended(timeline: Timeline, hung_s: int) -> Claim:
    again = next(
        (event for event in timeline.events if event.reason == "Started" and event.at_s > hung_s),
        None,
    )
    if again is None:
        left_s = timeline.duration_s - hung_s
        return False, f"hung at {clock(hung_s)}; nothing restarted it in {left_s} s"
    took_s = again.at_s - hung_s
    return took_s <= MENDED_S, f"hung at {clock(hung_s)}, restarted {took_s} s later"


def requests_meet_loaded_pods(starts: Starts) -> Claim:
    """No request reaches a pod that has not loaded."""
    return _no_failure(starts.usual)


def a_slow_start_is_left_alone(starts: Starts) -> Claim:
    """A pod that loads for 160 s is not restarted."""
    return _restarted(starts.slow)


def a_usual_start_is_left_alone(starts: Starts) -> Claim:
    """A pod that loads for 50 s is not restarted."""
    return _restarted(starts.usual)


def a_loaded_pod_joins(starts: Starts) -> Claim:
    """A pod is ready at most 80 s after its start."""
    started = [pod for pod in starts.usual.pods if pod.started_s and pod.started_s > 0]
    late = [p for p in started if p.ready_s is None and p.deleted_s is None
            and starts.usual.duration_s - (p.started_s or 0) > 50 + JOINED_S]  # fmt: skip
    if late:
        return False, f"{late[0].name} loads at {clock(late[0].started_s or 0)} and never is ready"
    took = [(pod.ready_s or 0) - (pod.started_s or 0) for pod in started if pod.ready_s]
    if not took:
        return False, "no new pod became ready"
    return max(took) <= 50 + JOINED_S, f"ready at most {max(took)} s after the start"


def a_hung_pod_is_mended(starts: Starts) -> Claim:
    """A pod that hangs is restarted within 120 s."""
    return _mended(starts.old, starts.old_s)


def a_young_pod_is_mended(starts: Starts) -> Claim:
    """A pod that hangs soon after its start is restarted within 120 s."""
    return _mended(starts.young, starts.young_s)


def five_stay_ready(rolls: Rolls) -> Claim:
    """Never fewer than 5 pods are ready."""
    held, told = _stays(rolls.good, REPLICAS)
    return held, told if held else f"{told}: {_limits(rolls.good)}"


def _limits(timeline: Timeline) -> str:
    """The strategy, as the cluster has it."""
    strategy = timeline.final.deployments[0]["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return "strategy Recreate"
    limits = strategy.get("rollingUpdate") or {}
    return (
        f"maxUnavailable {limits.get('maxUnavailable', '25%')}, "
        f"maxSurge {limits.get('maxSurge', '25%')}"
    )


def no_request_fails(rolls: Rolls) -> Claim:
    """No request fails."""
    return _no_failure(rolls.good)


def done_in_time(rolls: Rolls) -> Claim:
    """The roll-out is done in 8 minutes."""
    return _complete(rolls.good, DONE_S)


def there_is_room(rolls: Rolls) -> Claim:
    """No new pod is Pending for longer than 30 s."""
    end_s = rolls.good.duration_s
    waits = [(pod.scheduled_s if pod.scheduled_s is not None else end_s) - pod.created_s
             for pod in rolls.good.pods]  # fmt: skip
    held = max(waits) <= ROOM_S
    told = f"the longest wait for room was {max(waits)} s"
    return held, told if held else f"{told}: {_limits(rolls.good)}"


def a_bad_image_harms_nobody(rolls: Rolls) -> Claim:
    """With an image that cannot be pulled, 5 pods stay ready."""
    held, told = _stays(rolls.bad, REPLICAS)
    return held, told if held else f"{told}: {_limits(rolls.bad)}"


def stuck_is_reported(rolls: Rolls) -> Claim:
    """A bad image is reported within 300 s."""
    reported_s = next(
        (s for s, why in rolls.bad.rollouts[NAME] if why == "ProgressDeadlineExceeded"), None
    )
    if reported_s is None:
        return False, f"not reported {(rolls.bad.duration_s - CHANGED_S)} s after it was applied"
    took_s = reported_s - CHANGED_S
    return took_s <= REPORTED_S, f"reported {took_s} s after it was applied"


def slow_is_not_stuck(rolls: Rolls) -> Claim:
    """A roll-out from slow disks is not reported as stuck."""
    wrong_s = next(
        (s for s, why in rolls.slow.rollouts[NAME] if why == "ProgressDeadlineExceeded"), None
    )
    if wrong_s is None:
        return True, "never reported as stuck"
    return False, f"reported as stuck {wrong_s - CHANGED_S} s after it began, while pods loaded"


def nobody_is_refused(ends: Ends) -> Claim:
    """No request fails while old pods end."""
    return _no_failure(ends.usual)


def long_answers_end(ends: Ends) -> Claim:
    """No answer of 40 s is cut off."""
    return _no_failure(ends.long)


def deaf_pods_go(ends: Ends) -> Claim:
    """A process that ignores SIGTERM is gone within 120 s."""
    lives = [
        (pod.gone_s if pod.gone_s is not None else ends.deaf.duration_s) - pod.deleted_s
        for pod in ends.deaf.pods
        if pod.deleted_s is not None
    ]
    if not lives:
        return False, "no old pod was stopped"
    return max(lives) <= GONE_S, f"the last one was gone {max(lives)} s after its deletion"


def four_stay_ready(timeline: Timeline) -> Claim:
    """Never fewer than 4 pods are ready."""
    return _stays(timeline, LEAST)


def both_nodes_are_empty(timeline: Timeline) -> Claim:
    """Both nodes are drained within 10 minutes."""
    ended = [(node, end_s) for node, _, end_s in timeline.drains if end_s is not None]
    if len(ended) < 2:
        minutes = (timeline.duration_s - CHANGED_S) // 60
        return False, f"{len(ended)} of 2 nodes drained after {minutes} minutes"
    took_s = max(end_s for _, end_s in ended) - CHANGED_S
    return took_s <= DRAINED_S, f"both drained after {clock(took_s)}"


def no_request_fails_in_a_drain(timeline: Timeline) -> Claim:
    """No request fails while nodes are drained."""
    return _no_failure(timeline)


def the_whole_rolls(whole: Whole) -> Claim:
    """The manifests as they are: no request fails in a roll-out that ends in 8 minutes."""
    return _first_wrong(_no_failure(whole.rolled), _complete(whole.rolled, DONE_S))


def the_whole_drains(whole: Whole) -> Claim:
    """The manifests as they are: no request fails, 4 pods stay ready, both nodes are drained."""
    timeline = whole.drained
    return _first_wrong(
        _no_failure(timeline), _stays(timeline, LEAST), both_nodes_are_empty(timeline)
    )


def the_service_finds_five_pods(whole: Whole) -> Claim:
    """The Service has five endpoints, and they answer."""
    timeline = whole.rolled
    found = timeline.at(timeline.endpoints.get(NAME, ()), CHANGED_S - 1)
    failed = sum(timeline.failed[:CHANGED_S])
    if found != REPLICAS:
        return False, f"the Service has {found} endpoints"
    return failed == 0, f"five endpoints, {failed:,} requests failed before anything changed"


def _first_wrong(*claims: Claim) -> Claim:
    wrong = [told for held, told in claims if not held]
    return (False, wrong[0]) if wrong else (True, "; ".join(told for _, told in claims))


# ------------------------------------------------------------------------------- a bad version

CALLED_S = 900  # when somebody is called


def incident(seed: str = "0") -> Live:
    """Version 1.5.0 has not come out, nor has the next try; it is fifteen minutes past.

    Args:
        seed: draws how long pods load.

    Returns:
        The cluster at the second `CALLED_S`, for `Kubectl`.
    """
    crash = replace(APP, crash_after_ms=8_000)
    images = {"scorer:1.3.0": APP, OLD: APP, "scorer:1.5.1": crash}
    trees = part(YESTERDAY)
    trees[0]["spec"]["template"]["spec"]["containers"][0]["image"] = "scorer:1.3.0"
    live = Live(
        trees,
        Traffic(CALLED_S + 240, ((0, RATE),), service=NAME),
        [
            Fault(10, "set_image", NAME, f"model={OLD}"),
            Fault(400, "set_image", NAME, f"model={NEW}"),
            Fault(480, "set_image", NAME, "model=scorer:1.5.1"),
        ],
        seed,
        Cluster(nodes=NODES, images=images),
    )
    live.advance(CALLED_S)
    return live


@dataclass(frozen=True)
class Undone:
    """What commands did: each with its answer, and the run."""

    answers: tuple[tuple[str, str], ...]
    timeline: Timeline


def undone(commands: Any, seed: str) -> Undone:
    """The incident again, with these commands, one each five seconds."""
    if not isinstance(commands, list | tuple) or not all(isinstance(c, str) for c in commands):
        raise AnswerError("undo() returns a list of texts, one for each command")
    if len(commands) > MOST_COMMANDS:
        raise AnswerError(f"{len(commands)} commands; at most {MOST_COMMANDS}")
    live = incident(seed)
    k = Kubectl(live)
    answers = []
    for command in commands:
        try:
            answers.append((command, k(command)))
        except ValueError as error:
            answers.append((command, f"error: {error}"))
        live.advance(live.now_s + PAUSE_S)
    live.advance(CALLED_S + 240)
    return Undone(tuple(answers), live.timeline())


def the_last_good_version_is_back(undone: Undone) -> Claim:
    """Two minutes later five pods of the last version that served right are all there is."""
    end_s = CALLED_S + 120
    there = [
        pod for pod in undone.timeline.pods
        if pod.created_s <= end_s and (pod.deleted_s is None or pod.deleted_s > end_s)
    ]  # fmt: skip
    ready = [pod for pod in there if pod.ready_s is not None and pod.ready_s <= end_s]
    images = sorted({pod.image for pod in there})
    refused = next((f"{c!r}: {a}" for c, a in undone.answers if a.lower().startswith("error")), "")
    held = images == [OLD] and len(ready) == REPLICAS
    told = f"at {clock(end_s)} {len(ready)} ready, {len(there)} pods: {', '.join(images) or 'none'}"
    return held, f"{told}; {refused}" if refused and not held else told


def undoing_harms_nobody(undone: Undone) -> Claim:
    """No request fails, and 5 pods stay ready, from the first command on."""
    if all(not command.strip() or told.startswith("error") for command, told in undone.answers):
        return False, "no command was given"
    timeline = undone.timeline
    return _first_wrong(_no_failure(timeline, CALLED_S), _stays(timeline, REPLICAS, CALLED_S))


# ----------------------------------------------------------------------- to try, and the picture


def try_out(
    answer: Any, world: Callable[[Any, str], Any], *claims: Callable[[Any], Claim]
) -> list[str]:
    """What the claims say of an answer in a world; what is missed begins with NO."""
    try:
        played = world(answer, "0")
    except AnswerError as error:
        return [str(error)]
    told = (claim(played) for claim in claims)
    return [sentence if held else f"NO: {sentence}" for held, sentence in told]


def on_a_slow_disk(answer: str, at_s: int = 200) -> Kubectl:
    """A roll-out whose pods load for 150 s, as kubectl shows it `at_s` seconds in."""
    cluster = Cluster(nodes=NODES, images={OLD: APP, NEW: replace(APP, load_ms=150_000)})
    traffic = Traffic(at_s + 1, ((0, RATE),), service=NAME)
    live = Live(objects(answer), traffic, [_update()], "0", cluster)
    live.advance(at_s)
    return Kubectl(live)


def rollout(answer: str, surge: int, unavailable: int, load_s: int) -> Timeline:
    """The learner's manifests with another surge, in a roll-out with another load time."""
    trees = objects(answer)
    deployment = next(tree for tree in trees if tree["kind"] == "Deployment")
    limits = {"maxSurge": surge, "maxUnavailable": unavailable}
    deployment["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": limits}
    app = replace(APP, load_ms=load_s * 1000)
    return _played(trees, [_update()], 900, "0", app)


def draw_rollout(figure: Figure, answer: str, surge: int, unavailable: int, load_s: int) -> None:
    """Pods by phase, requests and what was decided, of `rollout`."""
    timeline = rollout(answer, surge, unavailable, load_s)
    lowest, _ = timeline.lowest_ready(NAME)
    done_s = timeline.complete_s(NAME, CHANGED_S)
    end = f"done after {clock(done_s - CHANGED_S)}" if done_s else "not done in 14 minutes"
    title = (
        f"surge {surge}, unavailable {unavailable}, load {load_s} s: "
        f"at least {lowest} ready, {timeline.requests_failed:,} requests failed, {end}"
    )
    draw_timeline(figure, timeline, ("pods", "requests", "decisions"), title)
