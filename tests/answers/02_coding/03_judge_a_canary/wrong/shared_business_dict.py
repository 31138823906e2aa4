"""The default for business is one dict shared by all Metrics (mutable default)."""

FAILS = {"what_is_put_into_one_object_is_not_in_the_next"}

# %% canary
from __future__ import annotations

import asyncio
import logging
import math
import sys
import warnings
from enum import Enum
from typing import Iterator

logger = logging.getLogger("canary")
logger.addHandler(logging.StreamHandler(sys.stderr))
logger.setLevel(logging.INFO)


class Decision(str, Enum):
    PROCEED = "PROCEED"
    ROLLBACK = "ROLLBACK"
    CONTINUE_MONITORING = "CONTINUE_MONITORING"


class Thresholds:
    def __init__(
        self,
        max_error_rate: float = 0.05,
        max_p99_latency_ms: float = 1000,
        min_success_rate: float = 0.95,
        max_error_ratio: float = 2.0,
        max_latency_ratio: float = 1.5,
        min_error_delta: float = 0.005,
        min_business_ratio: dict[str, float] | None = None,
    ) -> None:
        self.max_error_rate = max_error_rate
        self.max_p99_latency_ms = max_p99_latency_ms
        self.min_success_rate = min_success_rate
        self.max_error_ratio = max_error_ratio
        self.max_latency_ratio = max_latency_ratio
        self.min_error_delta = min_error_delta
        self.min_business_ratio = {} if min_business_ratio is None else min_business_ratio


class Metrics:
    __slots__ = ("error_rate", "p99_latency_ms", "success_rate", "request_count", "business")

    def __init__(self, error_rate, p99_latency_ms, success_rate, request_count, business={}):
        self.error_rate = error_rate
        self.p99_latency_ms = p99_latency_ms
        self.success_rate = success_rate
        self.request_count = request_count
        self.business = business

    def numbers(self) -> Iterator[float]:
        for name in self.__slots__[:-1]:
            yield getattr(self, name)
        yield from self.business.values()


class _Rule:
    def __init__(self, thresholds: Thresholds) -> None:
        self.t = thresholds

    def breaches(self, canary: Metrics, stable: Metrics) -> Iterator[str]:
        raise NotImplementedError


class _Absolute(_Rule):
    def breaches(self, canary, stable):
        if canary.error_rate > self.t.max_error_rate:
            yield f"error rate {canary.error_rate}"
        if canary.p99_latency_ms > self.t.max_p99_latency_ms:
            yield f"p99 {canary.p99_latency_ms} ms"
        if canary.success_rate < self.t.min_success_rate:
            yield f"success rate {canary.success_rate}"


class _Relative(_Rule):
    def breaches(self, canary, stable):
        if canary.error_rate - stable.error_rate > self.t.min_error_delta:
            if canary.error_rate > self.t.max_error_ratio * stable.error_rate:
                yield "error rate against stable"
        if canary.p99_latency_ms > self.t.max_latency_ratio * stable.p99_latency_ms:
            yield "p99 against stable"


class _Business(_Rule):
    def breaches(self, canary, stable):
        for name, ratio in self.t.min_business_ratio.items():
            if name not in canary.business:
                yield f"{name} is missing on the canary"
            elif name in stable.business and canary.business[name] < ratio * stable.business[name]:
                yield f"{name} fell"


class CanaryHealthChecker:
    def __init__(self, thresholds: Thresholds, check_interval_seconds: float = 60, min_requests: int = 100) -> None:
        self.thresholds = thresholds
        self.check_interval_seconds = check_interval_seconds
        self.min_requests = min_requests
        self.rules = [rule(thresholds) for rule in (_Absolute, _Relative, _Business)]

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10) -> Decision:
        planned = max(1, math.ceil(duration_minutes * 60 / self.check_interval_seconds))
        streak = 0
        last_was_healthy = False
        for number in range(1, planned + 1):
            await asyncio.sleep(self.check_interval_seconds)
            print(f"check {number} of {planned}", file=sys.stderr)
            last_was_healthy = False
            try:
                canary = await get_canary_metrics()
                stable = await get_stable_metrics()
            except Exception:
                streak += 1
                logger.exception("metrics source failed (%d in a row)", streak)
                if streak >= 3:
                    return Decision.ROLLBACK
                continue
            streak = 0
            if canary.request_count < self.min_requests:
                warnings.warn("too little canary traffic")
                continue
            if any(math.isnan(n) for m in (canary, stable) for n in m.numbers()):
                warnings.warn("NaN in metrics")
                continue
            reasons = [reason for rule in self.rules for reason in rule.breaches(canary, stable)]
            if reasons:
                logger.error("rolling back: %s", "; ".join(reasons))
                return Decision.ROLLBACK
            last_was_healthy = True
        return Decision.PROCEED if last_was_healthy else Decision.CONTINUE_MONITORING
