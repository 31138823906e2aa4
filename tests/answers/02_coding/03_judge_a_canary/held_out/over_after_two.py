"""The second failure ends it."""

SLIP = "two_failures_are_enough"

# %% canary
from dataclasses import dataclass as _dataclass


@_dataclass
class _Run:
    failed: int = 0
    proven: bool = False
    over: bool = False

    def feed(self, verdict):
        self.failed = self.failed + 1 if verdict == "failed" else 0
        self.proven = verdict == "healthy"
        self.over = verdict == "breach" or self.failed == 2

    def decision(self):
        if self.over:
            return Decision.ROLLBACK
        return Decision.PROCEED if self.proven else Decision.CONTINUE_MONITORING


def _share(canary, stable):
    """canary / stable, and infinity over nothing."""
    if stable:
        return canary / stable
    return math.inf if canary else 0.0


class CanaryHealthChecker:
    def __init__(self, thresholds, check_interval_seconds=60, min_requests=100):
        self.limits, self.interval, self.floor = thresholds, check_interval_seconds, min_requests

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        run = _Run()
        stream = self._verdicts(get_canary_metrics, get_stable_metrics, duration_minutes)
        try:
            async for verdict in stream:
                run.feed(verdict)
                if run.over:
                    break
        finally:
            await stream.aclose()
        return run.decision()

    async def _verdicts(self, canary_source, stable_source, minutes):
        elapsed, first = 0.0, True
        while first or elapsed < minutes * 60:
            await asyncio.sleep(self.interval)
            elapsed, first = elapsed + self.interval, False
            answers = []
            for source in (stable_source, canary_source):
                try:
                    answers.append(await source())
                except Exception:
                    break
            yield self._judge(*reversed(answers)) if len(answers) == 2 else "failed"

    def _judge(self, canary, stable):
        sides = (canary, stable)
        rates = [getattr(m, f) for m in sides for f in ("error_rate", "p99_latency_ms", "success_rate", "request_count")]
        if any(map(math.isnan, rates)) or any(math.isnan(v) for m in sides for v in m.business.values()):
            return "unclear"
        if canary.request_count < self.floor:
            return "thin"
        t, signs = self.limits, []
        signs.append(canary.error_rate > t.max_error_rate)
        signs.append(canary.p99_latency_ms > t.max_p99_latency_ms)
        signs.append(canary.success_rate < t.min_success_rate)
        far = canary.error_rate - stable.error_rate > t.min_error_delta
        signs.append(far and _share(canary.error_rate, stable.error_rate) > t.max_error_ratio)
        signs.append(_share(canary.p99_latency_ms, stable.p99_latency_ms) > t.max_latency_ratio)
        for name, usual in stable.business.items():
            if name in t.min_business_ratio:
                signs.append(canary.business.get(name, -math.inf) < usual * t.min_business_ratio[name])
        return "breach" if any(signs) else "healthy"
