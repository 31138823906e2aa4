"""Asks stable only when the canary has traffic and keeps its absolute limits. Brings its own types."""

# %% canary-types
import enum
from collections import namedtuple


class Decision(enum.IntEnum):
    PROCEED = 1
    ROLLBACK = 2
    CONTINUE_MONITORING = 3


class Thresholds:
    def __init__(
        self,
        max_error_rate=0.05,
        max_p99_latency_ms=1000,
        min_success_rate=0.95,
        max_error_ratio=2.0,
        max_latency_ratio=1.5,
        min_error_delta=0.005,
        min_business_ratio=None,
    ):
        self.max_error_rate = max_error_rate
        self.max_p99_latency_ms = max_p99_latency_ms
        self.min_success_rate = min_success_rate
        self.max_error_ratio = max_error_ratio
        self.max_latency_ratio = max_latency_ratio
        self.min_error_delta = min_error_delta
        self.min_business_ratio = dict(min_business_ratio or {})


class Metrics(namedtuple("Metrics", "error_rate p99_latency_ms success_rate request_count business")):
    def __new__(cls, error_rate, p99_latency_ms, success_rate, request_count, business=None):
        return super().__new__(cls, error_rate, p99_latency_ms, success_rate, request_count, dict(business or {}))

    def whole(self):
        return not any(math.isnan(v) for v in (*self[:3], *self.business.values()))


# %% canary
class CanaryHealthChecker:
    def __init__(self, thresholds, check_interval_seconds=60, min_requests=100):
        self.thresholds, self.every, self.min_requests = thresholds, check_interval_seconds, min_requests

    async def _check(self, ask_canary, ask_stable):
        """True: healthy; False: breach; None: nothing to judge."""
        limits, canary = self.thresholds, await ask_canary()
        if canary.request_count < self.min_requests or not canary.whole():
            return None
        if (
            canary.error_rate > limits.max_error_rate
            or canary.p99_latency_ms > limits.max_p99_latency_ms
            or canary.success_rate < limits.min_success_rate
        ):
            return False
        stable = await ask_stable()
        if not stable.whole():
            return None
        more = canary.error_rate - stable.error_rate
        if more > limits.min_error_delta and canary.error_rate > stable.error_rate * limits.max_error_ratio:
            return False
        if canary.p99_latency_ms > stable.p99_latency_ms * limits.max_latency_ratio:
            return False
        for name, share in limits.min_business_ratio.items():
            usual = stable.business.get(name)
            if usual is not None:
                value = canary.business.get(name)
                if value is None or value < share * usual:
                    return False
        return True

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        count, row, verdict = max(1, -int(-duration_minutes * 60 // self.every)), 0, None
        while count > 0:
            count -= 1
            await asyncio.sleep(self.every)
            try:
                verdict, row = await self._check(get_canary_metrics, get_stable_metrics), 0
            except Exception:
                verdict, row = None, row + 1
            if verdict is False or row == 3:
                return Decision.ROLLBACK
        return Decision.PROCEED if verdict else Decision.CONTINUE_MONITORING
