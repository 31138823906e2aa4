"""Loops until a deadline on the clock, so slow sources cost checks."""

FAILS = {"every_check_sleeps_and_counts_whatever_was_seen_before"}

# %% canary
import asyncio
import math
from dataclasses import dataclass, field
from enum import Enum


class Decision(Enum):
    PROCEED = "proceed"
    ROLLBACK = "rollback"
    CONTINUE_MONITORING = "continue_monitoring"


@dataclass
class Thresholds:
    max_error_rate: float = 0.05
    max_p99_latency_ms: float = 1000
    min_success_rate: float = 0.95
    max_error_ratio: float = 2.0
    max_latency_ratio: float = 1.5
    min_error_delta: float = 0.005
    min_business_ratio: dict[str, float] = field(default_factory=dict)


@dataclass
class Metrics:
    error_rate: float
    p99_latency_ms: float
    success_rate: float
    request_count: int
    business: dict[str, float] = field(default_factory=dict)


class CanaryHealthChecker:
    def __init__(self, thresholds, check_interval_seconds=60, min_requests=100):
        self.thresholds = thresholds
        self.check_interval_seconds = check_interval_seconds
        self.min_requests = min_requests

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        t = self.thresholds
        checks = max(1, math.ceil(duration_minutes * 60 / self.check_interval_seconds))
        failed_in_a_row = 0
        evidence = False
        loop = asyncio.get_running_loop()
        end = loop.time() + checks * self.check_interval_seconds
        while loop.time() + self.check_interval_seconds <= end:
            await asyncio.sleep(self.check_interval_seconds)
            evidence = False
            try:
                canary = await get_canary_metrics()
                stable = await get_stable_metrics()
            except Exception:
                failed_in_a_row += 1
                if failed_in_a_row == 3:
                    return Decision.ROLLBACK
                continue
            failed_in_a_row = 0
            numbers = [canary.error_rate, canary.p99_latency_ms, canary.success_rate, canary.request_count]
            numbers += [stable.error_rate, stable.p99_latency_ms, stable.success_rate, stable.request_count]
            numbers += [*canary.business.values(), *stable.business.values()]
            if any(math.isnan(n) for n in numbers):
                continue
            if canary.request_count < self.min_requests:
                continue
            evidence = True
            if canary.error_rate > t.max_error_rate:
                return Decision.ROLLBACK
            if canary.p99_latency_ms > t.max_p99_latency_ms:
                return Decision.ROLLBACK
            if canary.success_rate < t.min_success_rate:
                return Decision.ROLLBACK
            if (
                canary.error_rate > t.max_error_ratio * stable.error_rate
                and canary.error_rate - stable.error_rate > t.min_error_delta
            ):
                return Decision.ROLLBACK
            if canary.p99_latency_ms > t.max_latency_ratio * stable.p99_latency_ms:
                return Decision.ROLLBACK
            for name, ratio in t.min_business_ratio.items():
                if name not in stable.business:
                    continue
                if name not in canary.business:
                    return Decision.ROLLBACK
                if canary.business[name] < ratio * stable.business[name]:
                    return Decision.ROLLBACK
        return Decision.PROCEED if evidence else Decision.CONTINUE_MONITORING
