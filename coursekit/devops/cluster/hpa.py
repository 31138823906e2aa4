"""How many replicas a HorizontalPodAutoscaler (autoscaling/v2) asks for: a pure function.

Upstream: `pkg/controller/podautoscaler/horizontal.go`, `replica_calculator.go` and
`metrics/utilization.go`. Values are thousandths ("milli"), times are seconds. Ratios are floats, as
upstream: a rounding error there is a rounding error here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from coursekit.devops.cluster.quantity import milli

SYNC_S = 15
TOLERANCE = 0.1
DOWNSCALE_STABILISATION_S = 300
CPU_INITIALISATION_S = 300
INITIAL_READINESS_DELAY_S = 30
MAX_METRICS = 50
MAX_PODS = 10_000
_MOST = 2**31 - 1

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """What a metrics API knows of one pod.

    `value_milli` was read at `at_s` and is a mean over the `window_s` seconds before.
    """

    value_milli: int
    at_s: float = 0
    window_s: float = 0


@dataclass(frozen=True)
class Pod:
    """A pod of the target, as the controller sees it.

    `ready_since_s` is when `ready` last changed; None: the pod has no such condition yet.
    `requests` are thousandths by resource, summed over its containers; a resource that some
    container does not request is missing.
    """

    name: str
    phase: str = "Running"
    ready: bool = True
    started_s: float | None = 0
    ready_since_s: float | None = 0
    deleting: bool = False
    requests: Mapping[str, int] = field(default_factory=dict)


Metrics = Mapping[str, Mapping[str, Sample] | Sequence[int] | int]


@dataclass(frozen=True)
class History:
    """What the controller remembers, oldest first: `(second, replicas)` that were recommended, and
    `(second, pods)` that were added or removed.
    """

    recommendations: tuple[tuple[float, int], ...] = ()
    scale_ups: tuple[tuple[float, int], ...] = ()
    scale_downs: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True)
class Decision:
    """What is to be done, and why.

    Attributes:
        replicas: the target's next `spec.replicas`.
        reason: upstream's text of the SuccessfulRescale event, "" when nothing changes.
        message: a sentence about the rule.
        rule: the condition that decided, for example "ScaleUpLimit".
        metric: the metric with the largest wish.
        recommended: what the metrics alone ask for.
        stabilized: what is left of it after the stabilisation window.
        values: `(metric, value now in thousandths or per cent)` of each metric that answered.
        history: to be handed in the next time.
    """

    replicas: int
    reason: str
    message: str = ""
    rule: str = ""
    metric: str = ""
    recommended: int = 0
    stabilized: int = 0
    values: tuple[tuple[str, int], ...] = ()
    history: History = History()


class MetricError(Exception):
    """A metric that gives no number of replicas; `reason` is the condition's."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def desired(
    spec: Tree,
    now_s: float,
    replicas: int,
    pods: Sequence[Pod],
    metrics: Metrics,
    history: History | None = None,
) -> Decision:
    """One sync of the controller.

    Args:
        spec: the autoscaler's `spec`.
        now_s: seconds, rising from call to call.
        replicas: the target's `spec.replicas`.
        pods: those that the target's selector finds.
        metrics: by name; samples by pod for Resource, ContainerResource and Pods metrics, a number
            in thousandths or several for Object and External. What is missing is missing.
        history: of the decision before, None at first.

    Raises:
        ValueError: sizes beyond all bounds, or a spec without `maxReplicas`.
    """
    if len(pods) > MAX_PODS or not 0 <= replicas <= _MOST:
        raise ValueError(f"at most {MAX_PODS} pods and {_MOST} replicas")
    low, high, specs, behavior = _bounds(spec)
    history = history or History()
    if not history.recommendations:
        history = History(((now_s, replicas),), history.scale_ups, history.scale_downs)
    if replicas == 0 and low != 0:
        return Decision(
            0, "", "scaling is disabled since the replica count of the target is zero",
            "ScalingDisabled", history=history,
        )  # fmt: skip
    if replicas > high:
        reason = "Current number of replicas above Spec.MaxReplicas"
        return _stored(spec, now_s, replicas, Decision(
            high, reason, reason, "TooManyReplicas", "", high, high, (), history))  # fmt: skip
    if replicas < low:
        reason = "Current number of replicas below Spec.MinReplicas"
        return _stored(spec, now_s, replicas, Decision(
            low, reason, reason, "TooFewReplicas", "", low, low, (), history))  # fmt: skip
    return _by_metrics(spec, specs, behavior, now_s, replicas, low, high, pods, metrics, history)


def _bounds(spec: Tree) -> tuple[int, int, Sequence[Tree], Tree]:
    high = spec.get("maxReplicas")
    if not isinstance(high, int) or isinstance(high, bool) or high < 1:
        raise ValueError("spec.maxReplicas: write a whole number of at least 1")
    low = spec.get("minReplicas")
    specs: Sequence[Tree] = spec.get("metrics") or [
        {"type": "Resource",
         "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
    ]  # fmt: skip
    if len(specs) > MAX_METRICS:
        raise ValueError(f"spec.metrics: at most {MAX_METRICS}")
    return (1 if low is None else int(low)), high, specs, rules_of(spec.get("behavior"))


def _by_metrics(
    spec: Tree,
    specs: Sequence[Tree],
    behavior: Tree,
    now_s: float,
    replicas: int,
    low: int,
    high: int,
    pods: Sequence[Pod],
    metrics: Metrics,
    history: History,
) -> Decision:
    tolerances = _tolerances(spec.get("behavior"))
    best, metric, errors = 0, "", []
    values: list[tuple[str, int]] = []
    for one in specs:
        try:
            wish = _wish(one, now_s, replicas, pods, metrics, tolerances)
        except MetricError as error:
            errors.append(error)
            continue
        values.append((wish.name, wish.value))
        if best == 0 or wish.replicas > best:
            best, metric = wish.replicas, wish.name
    if len(errors) == len(specs) or (errors and best < replicas):
        first = errors[0]
        message = (
            f"invalid metrics ({len(errors)} invalid out of {len(specs)}), first error is: {first}"
        )
        return Decision(
            replicas, "", message, first.reason, "", replicas, replicas, tuple(values), history
        )
    best = max(best, 0)
    reason = ""
    if best > replicas:
        reason = f"{metric} above target"
    elif best < replicas:
        reason = "All metrics below target"
    if spec.get("behavior") is None:
        stable, history = stabilised(now_s, best, history)
        count, rule, message = limited(replicas, stable, low, high)
        delayed = "ScaleDownStabilized"
    else:
        stable, delayed, history = stabilised_by(behavior, now_s, replicas, best, history)
        count, rule, message = limited_by(behavior, now_s, replicas, stable, low, high, history)
    if rule == "DesiredWithinRange":
        if stable != best:
            rule, message = delayed, _STABILISED[delayed]
        elif best == replicas:
            rule, message = "WithinTolerance", "recommended size matches current size"
    decision = Decision(
        count, reason if count != replicas else "", message, rule, metric, best, stable,
        tuple(values), history,
    )  # fmt: skip
    return _stored(spec, now_s, replicas, decision)


_STABILISED = {
    "ScaleUpStabilized": "recent recommendations were lower than current one, "
    "applying the lowest recent recommendation",
    "ScaleDownStabilized": "recent recommendations were higher than current one, "
    "applying the highest recent recommendation",
}


# --------------------------------------------------------------------------- what a metric asks for


@dataclass(frozen=True)
class _Wish:
    replicas: int
    name: str
    value: int


Tolerances = tuple[float, float]  # down, up


def _tolerances(behavior: Tree | None) -> Tolerances:
    """As `tolerancesForHpa`: each way has its own, 0.1 where nothing is written."""
    found = []
    for way in ("scaleDown", "scaleUp"):
        written = ((behavior or {}).get(way) or {}).get("tolerance")
        found.append(TOLERANCE if written is None else milli(written) / 1000)
    return found[0], found[1]


def _within(ratio: float, tolerances: Tolerances) -> bool:
    down, up = tolerances
    return 1.0 - down <= ratio <= 1.0 + up


def _wish(
    spec: Tree,
    now_s: float,
    replicas: int,
    pods: Sequence[Pod],
    metrics: Metrics,
    tolerances: Tolerances,
) -> _Wish:
    """Upstream: `computeReplicasForMetric`."""
    kind = spec.get("type")
    if kind in ("Resource", "ContainerResource"):
        part = spec["resource" if kind == "Resource" else "containerResource"]
        return _resource(kind, part, now_s, replicas, pods, metrics, tolerances)
    if kind == "Pods":
        return _pods(spec["pods"], now_s, replicas, pods, metrics, tolerances)
    if kind in ("Object", "External"):
        part = spec["object" if kind == "Object" else "external"]
        return _outside(kind, part, replicas, pods, metrics, tolerances)
    raise MetricError("InvalidMetricSourceType", f'unknown metric source type "{kind}"')


def _resource(
    kind: str,
    part: Tree,
    now_s: float,
    replicas: int,
    pods: Sequence[Pod],
    metrics: Metrics,
    tolerances: Tolerances,
) -> _Wish:
    name, target, failed = part["name"], part["target"], f"FailedGet{kind}Metric"
    samples = _samples(metrics.get(name))
    if samples is None:
        raise MetricError(
            failed, f"failed to get {name} utilization: unable to get metrics for resource {name}"
        )
    try:
        if target.get("averageValue") is not None:
            count, value = plain_replicas(
                replicas, milli(target["averageValue"]), samples, pods, now_s, name, tolerances
            )
            return _Wish(count, f"{name} resource", value)
        if target.get("averageUtilization") is None:
            raise _NoReplicas("neither an average utilization target nor an average value target")
        count, value = resource_replicas(
            replicas, int(target["averageUtilization"]), name, samples, pods, now_s, tolerances
        )
    except _NoReplicas as error:
        raise MetricError(failed, f"failed to get {name} utilization: {error}") from None
    of = "container resource" if kind == "ContainerResource" else "resource"
    return _Wish(count, f"{name} {of} utilization (percentage of request)", value)


def _pods(
    part: Tree,
    now_s: float,
    replicas: int,
    pods: Sequence[Pod],
    metrics: Metrics,
    tolerances: Tolerances,
) -> _Wish:
    name = part["metric"]["name"]
    samples = _samples(metrics.get(name))
    if samples is None:
        raise MetricError("FailedGetPodsMetric", f"unable to get metric {name}")
    try:
        count, value = plain_replicas(
            replicas, milli(part["target"]["averageValue"]), samples, pods, now_s, "", tolerances
        )
    except _NoReplicas as error:
        raise MetricError("FailedGetPodsMetric", str(error)) from None
    return _Wish(count, f"pods metric {name}", value)


def _outside(
    kind: str,
    part: Tree,
    replicas: int,
    pods: Sequence[Pod],
    metrics: Metrics,
    tolerances: Tolerances,
) -> _Wish:
    """Upstream: `GetObjectMetricReplicas`, `GetObjectPerPodMetricReplicas`,
    `GetExternalMetricReplicas`, `GetExternalPerPodMetricReplicas`.
    """
    name, target, failed = part["metric"]["name"], part["target"], f"FailedGet{kind}Metric"
    usage = _total(metrics.get(name))
    if usage is None:
        raise MetricError(failed, f"failed to get {name} {kind.lower()} metric")
    if kind == "Object":
        shown = f"{part.get('describedObject', {}).get('kind', 'object')} metric {name}"
    else:
        shown = f"external metric {name}(nil)"
    if target.get("averageValue") is not None:
        count = sum(1 for pod in pods if not pod.deleting and pod.phase != "Failed")
        wanted = milli(target["averageValue"])
        ratio = _ratio(usage, wanted * count)
        value = -(-usage // count) if count else 0
        if not _within(ratio, tolerances):
            count = _ceiling(_ratio(usage, wanted))
        return _Wish(count, shown, value)
    if target.get("value") is None:
        raise MetricError(
            failed, f"invalid {kind.lower()} metric source: neither a value target nor an "
            "average value target was set",
        )  # fmt: skip
    ratio = _ratio(usage, milli(target["value"]))
    if replicas == 0:
        return _Wish(_ceiling(ratio), shown, usage)
    if _within(ratio, tolerances):
        return _Wish(replicas, shown, usage)
    if not pods:
        raise MetricError(failed, "no pods returned by selector while calculating replica count")
    ready = sum(1 for pod in pods if pod.phase == "Running" and pod.ready)
    return _Wish(_ceiling(ratio * ready), shown, usage)


class _NoReplicas(Exception):
    """Nothing can be computed from one metric."""


def resource_replicas(
    replicas: int,
    target_percent: int,
    resource: str,
    samples: Mapping[str, Sample],
    pods: Sequence[Pod],
    now_s: float,
    tolerances: Tolerances = (TOLERANCE, TOLERANCE),
) -> tuple[int, int]:
    """Replicas for a share of the request, and the share in per cent.

    Upstream: `GetResourceReplicas` and `GetResourceUtilizationRatio`.
    """
    if not pods:
        raise _NoReplicas("no pods returned by selector while calculating replica count")
    ready, unready, missing, ignored = group_pods(pods, samples, resource, now_s)
    values = _kept(samples, unready, ignored)
    requests = {}
    for pod in pods:
        if resource not in pod.requests:
            raise _NoReplicas(f"missing request for {resource} in a container of Pod {pod.name}")
        requests[pod.name] = pod.requests[resource]
    if not values:
        raise _NoReplicas("did not receive metrics for targeted pods (pods might be unready)")
    ratio, percent = _share(values, requests, target_percent)

    def with_missing(value: float) -> dict[str, int]:
        """Missing pods count as idle on the way up, as fully used (or at target) down."""
        full = max(100, target_percent) if value < 1.0 else 0
        if value == 1.0:
            return {}
        return {name: requests[name] * full // 100 for name in sorted(missing)}

    def again(more: Mapping[str, int]) -> float:
        return _share({**values, **more}, requests, target_percent)[0]

    count = _rebalanced(
        replicas, ratio, ready, unready, missing, len(values), with_missing, again, tolerances
    )
    return count, percent


def plain_replicas(
    replicas: int,
    target_milli: int,
    samples: Mapping[str, Sample],
    pods: Sequence[Pod],
    now_s: float,
    resource: str = "",
    tolerances: Tolerances = (TOLERANCE, TOLERANCE),
) -> tuple[int, int]:
    """Replicas for a mean value per pod, and the mean.

    Upstream: `calcPlainMetricReplicas` and `GetMetricUsageRatio`.
    """
    if not pods:
        raise _NoReplicas("no pods returned by selector while calculating replica count")
    ready, unready, missing, ignored = group_pods(pods, samples, resource, now_s)
    values = _kept(samples, unready, ignored)
    if not values:
        raise _NoReplicas("did not receive metrics for targeted pods (pods might be unready)")
    ratio, mean = _mean_ratio(values, target_milli)

    def with_missing(value: float) -> dict[str, int]:
        if value == 1.0:
            return {}
        return dict.fromkeys(sorted(missing), target_milli if value < 1.0 else 0)

    def again(more: Mapping[str, int]) -> float:
        return _mean_ratio({**values, **more}, target_milli)[0]

    count = _rebalanced(
        replicas, ratio, ready, unready, missing, len(values), with_missing, again, tolerances
    )
    return count, mean


def _rebalanced(
    replicas: int,
    ratio: float,
    ready: int,
    unready: set[str],
    missing: set[str],
    measured: int,
    with_missing: Callable[[float], dict[str, int]],
    again: Callable[[Mapping[str, int]], float],
    tolerances: Tolerances,
) -> int:
    """What both kinds share: pods without a value pull the ratio towards 1, never past it."""
    rebalance = bool(unready) and ratio > 1.0
    if not rebalance and not missing:
        return replicas if _within(ratio, tolerances) else _ceiling(ratio * ready)
    more = with_missing(ratio) if missing else {}
    if rebalance:
        more.update(dict.fromkeys(sorted(unready), 0))
    new = again(more)
    if _within(new, tolerances) or (ratio < 1.0 < new) or (new < 1.0 < ratio):
        return replicas
    count = _ceiling(new * (measured + len(more)))
    if (new < 1.0 and count > replicas) or (new > 1.0 and count < replicas):
        return replicas
    return count


def group_pods(
    pods: Sequence[Pod],
    samples: Mapping[str, Sample],
    resource: str,
    now_s: float,
    initialisation_s: float = CPU_INITIALISATION_S,
    readiness_delay_s: float = INITIAL_READINESS_DELAY_S,
) -> tuple[int, set[str], set[str], set[str]]:
    """How many pods count, and the names of those unready, without a value, and left out.

    Upstream: `groupPods`. Only CPU asks whether a pod is ready.
    """
    delays = (initialisation_s, readiness_delay_s)
    ready, unready, missing, ignored = 0, set(), set(), set()
    for pod in pods:
        if pod.deleting or pod.phase == "Failed":
            ignored.add(pod.name)
        elif pod.phase == "Pending":
            unready.add(pod.name)
        elif pod.name not in samples:
            missing.add(pod.name)
        elif resource == "cpu" and _too_young(pod, samples[pod.name], now_s, delays):
            unready.add(pod.name)
        else:
            ready += 1
    return ready, unready, missing, ignored


def _too_young(pod: Pod, sample: Sample, now_s: float, delays: tuple[float, float]) -> bool:
    """Whether CPU use still shows a start."""
    if pod.started_s is None or pod.ready_since_s is None:
        return True
    if pod.started_s + delays[0] > now_s:
        return not pod.ready or sample.at_s < pod.ready_since_s + sample.window_s
    return not pod.ready and pod.started_s + delays[1] > pod.ready_since_s


def _samples(
    found: Mapping[str, Sample] | Sequence[int] | int | None,
) -> Mapping[str, Sample] | None:
    return found if isinstance(found, Mapping) and found else None


def _total(found: Mapping[str, Sample] | Sequence[int] | int | None) -> int | None:
    if isinstance(found, int):
        return found
    if isinstance(found, Mapping) or found is None or not found:
        return None
    return sum(found)


def _kept(samples: Mapping[str, Sample], *without: set[str]) -> dict[str, int]:
    out = set().union(*without)
    return {name: sample.value_milli for name, sample in samples.items() if name not in out}


def _share(
    values: Mapping[str, int], requests: Mapping[str, int], target_percent: int
) -> tuple[float, int]:
    used = asked = 0
    for name, value in values.items():
        if name in requests:
            used += value
            asked += requests[name]
    if asked == 0:
        raise _NoReplicas("no metrics returned matched known pods")
    percent = used * 100 // asked
    return _ratio(percent, target_percent), percent


def _mean_ratio(values: Mapping[str, int], target_milli: int) -> tuple[float, int]:
    mean = sum(values.values()) // len(values)
    return _ratio(mean, target_milli), mean


def _ratio(value: int, target: int) -> float:
    if target == 0:
        return math.inf if value > 0 else 1.0
    return float(value) / float(target)


def _ceiling(number: float) -> int:
    return _MOST if number >= _MOST else math.ceil(number)


# ----------------------------------------------------------------------- what is made of the wish


_UP: Tree = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": (
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ),
}
_DOWN: Tree = {
    "stabilizationWindowSeconds": None,
    "selectPolicy": "Max",
    "policies": ({"type": "Percent", "value": 100, "periodSeconds": 15},),
}


def rules_of(behavior: Tree | None) -> dict[str, Tree]:
    """The rules of both ways, each with what is not written filled in.

    Upstream: `GenerateHPAScaleUpRules` and `GenerateHPAScaleDownRules`.
    """
    given = behavior or {}
    return {
        way: {**rules, **{name: value for name, value in (given.get(way) or {}).items()
                          if value is not None}}
        for way, rules in (("scaleUp", _UP), ("scaleDown", _DOWN))
    }  # fmt: skip


def stabilised(now_s: float, wish: int, history: History) -> tuple[int, History]:
    """The highest wish of the last five minutes. Upstream: `stabilizeRecommendation`."""
    cutoff = now_s - DOWNSCALE_STABILISATION_S
    young = tuple(known for known in history.recommendations if known[0] >= cutoff)
    highest = max([wish, *(count for _, count in young)])
    return highest, History((*young, (now_s, wish)), history.scale_ups, history.scale_downs)


def stabilised_by(
    behavior: Tree, now_s: float, replicas: int, wish: int, history: History
) -> tuple[int, str, History]:
    """The wish within both windows, and which one to name.

    Upstream: `stabilizeRecommendationWithBehaviors`.
    """
    up_s, down_s = (_window_s(behavior[way]) for way in ("scaleUp", "scaleDown"))
    lowest = highest = wish
    for at_s, count in history.recommendations:
        if at_s > now_s - up_s:
            lowest = min(lowest, count)
        if at_s > now_s - down_s:
            highest = max(highest, count)
    stable = min(max(replicas, lowest), highest)
    oldest = now_s - max(up_s, down_s)
    young = tuple(known for known in history.recommendations if known[0] >= oldest)
    name = "ScaleUpStabilized" if wish >= replicas else "ScaleDownStabilized"
    return stable, name, History(
        (*young, (now_s, wish)), history.scale_ups, history.scale_downs
    )  # fmt: skip


def _window_s(rules: Tree) -> int:
    written = rules.get("stabilizationWindowSeconds")
    return DOWNSCALE_STABILISATION_S if written is None else int(written)


def limited(replicas: int, wish: int, low: int, high: int) -> tuple[int, str, str]:
    """The wish within bounds, the rule, and a sentence, without `behavior`.

    Upstream: `convertDesiredReplicasWithRules`.
    """
    most = max(2 * replicas, 4)
    limit, rule, message = high, "TooManyReplicas", _TOO_MANY
    if high > most:
        limit, rule, message = most, "ScaleUpLimit", _TOO_FAST_UP
    if wish < low:
        return low, "TooFewReplicas", _TOO_FEW
    if wish > limit:
        return limit, rule, message
    return wish, "DesiredWithinRange", _WITHIN


def limited_by(
    behavior: Tree, now_s: float, replicas: int, wish: int, low: int, high: int, history: History
) -> tuple[int, str, str]:
    """The wish within bounds and policies. Upstream: `convertDesiredReplicasWithBehaviorRate`."""
    if wish > replicas:
        most = max(_limit(behavior["scaleUp"], True, now_s, replicas, history), replicas)
        limit, rule, message = high, "TooManyReplicas", _TOO_MANY
        if high > most:
            limit, rule, message = most, "ScaleUpLimit", _TOO_FAST_UP
        if wish > limit:
            return limit, rule, message
    elif wish < replicas:
        least = min(_limit(behavior["scaleDown"], False, now_s, replicas, history), replicas)
        limit, rule, message = low, "TooFewReplicas", _TOO_FEW
        if low < least:
            limit, rule, message = least, "ScaleDownLimit", _TOO_FAST_DOWN
        if wish < limit:
            return limit, rule, message
    return wish, "DesiredWithinRange", _WITHIN


_WITHIN = "the desired count is within the acceptable range"
_TOO_MANY = "the desired replica count is more than the maximum replica count"
_TOO_FEW = "the desired replica count is less than the minimum replica count"
_TOO_FAST_UP = "the desired replica count is increasing faster than the maximum scale rate"
_TOO_FAST_DOWN = "the desired replica count is decreasing faster than the maximum scale rate"


def _limit(rules: Tree, up: bool, now_s: float, replicas: int, history: History) -> int:
    """How far the policies let it go.

    Upstream: `calculateScaleUpLimitWithScalingRules`, `calculateScaleDownLimitWithBehaviors`.
    """
    select = rules.get("selectPolicy") or "Max"
    if select == "Disabled":
        return replicas
    limits: list[int] = []
    for policy in rules.get("policies") or ():
        since_s, value = now_s - policy["periodSeconds"], policy["value"]
        added = sum(count for at_s, count in history.scale_ups if at_s > since_s)
        removed = sum(count for at_s, count in history.scale_downs if at_s > since_s)
        start = int(replicas - added + removed)
        if policy["type"] == "Pods":
            limits.append(start + value if up else start - value)
        elif up:
            limits.append(_ceiling(start * (1 + float(value) / 100)))
        else:
            limits.append(int(start * (1 - float(value) / 100)))
    if not limits:
        return -_MOST if up == (select == "Max") else _MOST
    return max(limits) if up == (select == "Max") else min(limits)


def _stored(spec: Tree, now_s: float, replicas: int, decision: Decision) -> Decision:
    """The decision, with its change remembered. Upstream: `storeScaleEvent`."""
    change = decision.replicas - replicas
    if change == 0 or spec.get("behavior") is None:
        return decision
    rules = rules_of(spec["behavior"])
    old = decision.history
    ups, downs = old.scale_ups, old.scale_downs
    if change > 0:
        ups = (*_young(ups, rules, now_s), (now_s, change))
    else:
        downs = (*_young(downs, rules, now_s), (now_s, -change))
    history = History(old.recommendations, ups, downs)
    return replace(decision, history=history)


def _young(
    events: tuple[tuple[float, int], ...], rules: Tree, now_s: float
) -> tuple[tuple[float, int], ...]:
    longest = max(
        (policy["periodSeconds"] for way in ("scaleUp", "scaleDown")
         for policy in rules[way].get("policies") or ()),
        default=0,
    )  # fmt: skip
    return tuple(event for event in events if event[0] >= now_s - longest)
