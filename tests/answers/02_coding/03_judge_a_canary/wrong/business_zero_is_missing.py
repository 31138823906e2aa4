"""`if before and after`: a canary value of 0 is skipped as if it were missing."""

FAILS = {"a_business_metric_missing_on_the_canary_side_is_a_breach"}

# %% canary
import asyncio
import math
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple


class Decision(Enum):
    PROCEED = auto()
    ROLLBACK = auto()
    CONTINUE_MONITORING = auto()


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


class _Failed(NamedTuple):
    why: Exception


class _Pair(NamedTuple):
    canary: Metrics
    stable: Metrics


class _Rollout:
    """What one evaluation has seen so far."""

    def __init__(self, thresholds, min_requests):
        self.thresholds = thresholds
        self.min_requests = min_requests
        self.row = 0
        self.last = None  # "evidence", "nothing" or "failed"
        self.doomed = False

    def feed(self, observation):
        match observation:
            case _Failed():
                self.row += 1
                self.last = "failed"
                self.doomed = self.row >= 3
            case _Pair(canary, stable) if not self.usable(canary, stable):
                self.row, self.last = 0, "nothing"
            case _Pair(canary, stable):
                self.row, self.last = 0, "evidence"
                self.doomed = self.breached(canary, stable)

    def usable(self, canary, stable):
        if canary.request_count < self.min_requests:
            return False
        for m in (canary, stable):
            for value in (m.error_rate, m.p99_latency_ms, m.success_rate, m.request_count, *m.business.values()):
                if math.isnan(value):
                    return False
        return True

    def breached(self, canary, stable):
        t = self.thresholds
        if canary.error_rate > t.max_error_rate or canary.success_rate < t.min_success_rate:
            return True
        if canary.p99_latency_ms > min(t.max_p99_latency_ms, t.max_latency_ratio * stable.p99_latency_ms):
            return True
        if canary.error_rate > max(t.max_error_ratio * stable.error_rate, stable.error_rate + t.min_error_delta):
            return True
        for name in t.min_business_ratio:
            before = stable.business.get(name)
            if before is not None:
                after = canary.business.get(name)
                if after is None or after and after < t.min_business_ratio[name] * before:
                    return True
        return False

    @property
    def verdict(self):
        match (self.doomed, self.last):
            case (True, _):
                return Decision.ROLLBACK
            case (False, "evidence"):
                return Decision.PROCEED
            case _:
                return Decision.CONTINUE_MONITORING


class CanaryHealthChecker:
    def __init__(self, thresholds, check_interval_seconds=60, min_requests=100):
        if not check_interval_seconds > 0:
            raise ValueError("the interval between checks must be positive")
        if min_requests < 0:
            raise ValueError("min_requests must not be negative")
        self.thresholds = thresholds
        self.check_interval_seconds = check_interval_seconds
        self.min_requests = min_requests

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        rollout = _Rollout(self.thresholds, self.min_requests)
        left = max(1, math.ceil(duration_minutes * 60 / self.check_interval_seconds))
        while left and not rollout.doomed:
            left -= 1
            await asyncio.sleep(self.check_interval_seconds)
            rollout.feed(await self._observe(get_canary_metrics, get_stable_metrics))
        return rollout.verdict

    @staticmethod
    async def _observe(get_canary, get_stable):
        try:
            stable = await get_stable()
            canary = await get_canary()
            return _Pair(canary, stable)
        except Exception as why:
            return _Failed(why)
