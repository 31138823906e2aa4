"""Few requests add to the failures."""

SLIP = "thin_traffic_is_a_failure"

# %% canary
import asyncio
import math


def _broken(c, s, t):
    if c.error_rate > t.max_error_rate or c.p99_latency_ms > t.max_p99_latency_ms:
        return True
    if c.success_rate < t.min_success_rate:
        return True
    if c.error_rate > t.max_error_ratio * s.error_rate and c.error_rate > s.error_rate + t.min_error_delta:
        return True
    if c.p99_latency_ms > t.max_latency_ratio * s.p99_latency_ms:
        return True
    for name, ratio in t.min_business_ratio.items():
        if name not in s.business:
            continue
        if name not in c.business or c.business[name] < ratio * s.business[name]:
            return True
    return False


def _nan(m):
    values = [m.error_rate, m.p99_latency_ms, m.success_rate]
    values.extend(m.business.values())
    return any(v != v for v in values)


class CanaryHealthChecker:
    def __init__(self, thresholds, check_interval_seconds=60, min_requests=100):
        self.t = thresholds
        self.interval = check_interval_seconds
        self.enough = min_requests

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        left = max(math.ceil(duration_minutes * 60 / self.interval), 1)
        failures = 0
        while left:
            await asyncio.sleep(self.interval)
            left -= 1
            has_evidence = False
            try:
                c = await get_canary_metrics()
                s = await get_stable_metrics()
            except Exception:
                failures += 1
                if failures >= 3:
                    return Decision.ROLLBACK
            else:
                if c.request_count < self.enough:
                    failures += 1
                    if failures >= 3:
                        return Decision.ROLLBACK
                    continue
                failures = 0
                if c.request_count >= self.enough and not _nan(c) and not _nan(s):
                    has_evidence = True
                    if _broken(c, s, self.t):
                        return Decision.ROLLBACK
        if has_evidence:
            return Decision.PROCEED
        return Decision.CONTINUE_MONITORING
