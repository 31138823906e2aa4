"""After a failed check the next one follows without a sleep (a quick retry)."""

FAILS = {"every_check_sleeps_and_counts_whatever_was_seen_before"}

# %% canary
import asyncio
import math
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from enum import Enum


class Decision(Enum):
    PROCEED = "go"
    ROLLBACK = "back"
    CONTINUE_MONITORING = "wait"


@dataclass(eq=False)
class Thresholds:
    max_error_rate: float = 0.05
    max_p99_latency_ms: float = 1000
    min_success_rate: float = 0.95
    max_error_ratio: float = 2.0
    max_latency_ratio: float = 1.5
    min_error_delta: float = 0.005
    min_business_ratio: dict[str, float] = field(default_factory=dict)


@dataclass(eq=False)
class Metrics:
    error_rate: float
    p99_latency_ms: float
    success_rate: float
    request_count: int
    business: dict[str, float] = field(default_factory=dict)


def contains_nan(metrics: Metrics) -> bool:
    flat = asdict(metrics)
    flat.update({("business", name): value for name, value in flat.pop("business").items()})
    return any(math.isnan(value) for value in flat.values())


def breaches(t: Thresholds, canary: Metrics, stable: Metrics) -> list[str]:
    found = []
    if canary.error_rate > t.max_error_rate:
        found.append("error_rate")
    if canary.p99_latency_ms > t.max_p99_latency_ms:
        found.append("p99_latency_ms")
    if canary.success_rate < t.min_success_rate:
        found.append("success_rate")
    delta = canary.error_rate - stable.error_rate
    if delta > t.min_error_delta and canary.error_rate > t.max_error_ratio * stable.error_rate:
        found.append("error_ratio")
    if canary.p99_latency_ms > t.max_latency_ratio * stable.p99_latency_ms:
        found.append("latency_ratio")
    for name in t.min_business_ratio.keys() & stable.business.keys():
        if name not in canary.business or canary.business[name] < t.min_business_ratio[name] * stable.business[name]:
            found.append(f"business:{name}")
    return found


class CanaryHealthChecker:
    def __init__(self, thresholds: Thresholds, check_interval_seconds: float = 60, min_requests: int = 100):
        self.thresholds, self.check_interval_seconds, self.min_requests = thresholds, check_interval_seconds, min_requests

    async def _observations(self, get_canary, get_stable, count):
        error = None
        for _ in range(count):
            if error is None:
                await asyncio.sleep(self.check_interval_seconds)
            canary_task = asyncio.ensure_future(get_canary())
            stable_task = asyncio.ensure_future(get_stable())
            try:
                await asyncio.wait([canary_task, stable_task])
                error = canary_task.exception() or stable_task.exception()
                yield error or (canary_task.result(), stable_task.result())
            finally:
                canary_task.cancel()
                stable_task.cancel()

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        count = max(1, math.ceil(duration_minutes * 60 / self.check_interval_seconds))
        failed, decision = 0, Decision.CONTINUE_MONITORING
        async with aclosing(self._observations(get_canary_metrics, get_stable_metrics, count)) as observations:
            async for seen in observations:
                decision = Decision.CONTINUE_MONITORING
                if isinstance(seen, Exception):
                    failed += 1
                    if failed == 3:
                        return Decision.ROLLBACK
                    continue
                failed = 0
                canary, stable = seen
                if canary.request_count < self.min_requests or contains_nan(canary) or contains_nan(stable):
                    continue
                if breaches(self.thresholds, canary, stable):
                    return Decision.ROLLBACK
                decision = Decision.PROCEED
        return decision
