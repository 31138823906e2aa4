"""A whole module without cell markers that defines every name of the contract; numpy finds the NaNs."""

import asyncio
import math
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np


class Decision(Enum):
    PROCEED = auto()
    ROLLBACK = auto()
    CONTINUE_MONITORING = auto()


@dataclass
class Thresholds:
    max_error_rate: float = 0.05
    max_p99_latency_ms: float = 1000.0
    min_success_rate: float = 0.95
    max_error_ratio: float = 2.0
    max_latency_ratio: float = 1.5
    min_error_delta: float = 0.005
    min_business_ratio: dict = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Metrics:
    error_rate: float
    p99_latency_ms: float
    success_rate: float
    request_count: int
    business: dict = field(default_factory=dict)


class CanaryHealthChecker:
    FAILURES = 3

    def __init__(self, thresholds, check_interval_seconds=60, min_requests=100):
        self.thresholds = thresholds
        self.check_interval_seconds = check_interval_seconds
        self.min_requests = min_requests

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        remaining = max(1, math.ceil(duration_minutes * 60 / self.check_interval_seconds))
        return await self._next(get_canary_metrics, get_stable_metrics, remaining, 0)

    async def _next(self, canary_source, stable_source, remaining, failures):
        """One check, then the rest of them, recursively."""
        await asyncio.sleep(self.check_interval_seconds)
        evidence = False
        try:
            canary, stable = await canary_source(), await stable_source()
        except Exception:
            failures += 1
            if failures == self.FAILURES:
                return Decision.ROLLBACK
        else:
            failures = 0
            evidence = canary.request_count >= self.min_requests and not self._holes(canary, stable)
            if evidence and self._bad(canary, stable):
                return Decision.ROLLBACK
        if remaining > 1:
            return await self._next(canary_source, stable_source, remaining - 1, failures)
        return Decision.PROCEED if evidence else Decision.CONTINUE_MONITORING

    @staticmethod
    def _holes(*sides):
        numbers = [
            number
            for side in sides
            for number in (side.error_rate, side.p99_latency_ms, side.success_rate, *side.business.values())
        ]
        return bool(np.isnan(np.array(numbers, dtype=float)).any())

    def _bad(self, canary, stable):
        t = self.thresholds
        business = [
            name not in canary.business or canary.business[name] < ratio * stable.business[name]
            for name, ratio in t.min_business_ratio.items()
            if name in stable.business
        ]
        error_floor = max(t.max_error_ratio * stable.error_rate, stable.error_rate + t.min_error_delta)
        latency_ceiling = min(t.max_p99_latency_ms, t.max_latency_ratio * stable.p99_latency_ms)
        return (
            canary.error_rate > min(t.max_error_rate, error_floor)
            or canary.p99_latency_ms > latency_ceiling
            or canary.success_rate < t.min_success_rate
            or any(business)
        )
