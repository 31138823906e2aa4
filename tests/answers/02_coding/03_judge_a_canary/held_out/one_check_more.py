"""Counts the posts, not the fields between them."""

SLIP = "one_check_too_many"

# %% canary
from dataclasses import asdict


class CanaryHealthChecker:
    def __init__(self, thresholds, check_interval_seconds=60, min_requests=100):
        if check_interval_seconds <= 0:
            raise ValueError("the interval must be positive")
        self.thresholds = thresholds
        self.check_interval_seconds = check_interval_seconds
        self.min_requests = min_requests

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        loop = asyncio.get_running_loop()
        begun, row, last = loop.time(), 0, "none"
        checks = max(math.ceil(duration_minutes * 60 / self.check_interval_seconds), 1)
        for number in range(1, checks + 2):
            await asyncio.sleep(begun + number * self.check_interval_seconds - loop.time())
            stable, canary = await asyncio.gather(get_stable_metrics(), get_canary_metrics(), return_exceptions=True)
            last = self._verdict(canary, stable)
            row = row + 1 if last == "failed" else 0
            if last == "breach" or row == 3:
                return Decision.ROLLBACK
        return {"fine": Decision.PROCEED}.get(last, Decision.CONTINUE_MONITORING)

    def _verdict(self, canary, stable):
        if isinstance(canary, BaseException) or isinstance(stable, BaseException):
            return "failed"
        if "nan" in repr([asdict(canary), asdict(stable)]):
            return "none"
        if canary.request_count < self.min_requests:
            return "none"
        t = self.thresholds
        worse_than_stable = (
            canary.error_rate > stable.error_rate + t.min_error_delta
            and canary.error_rate > t.max_error_ratio * stable.error_rate
        )
        fine = (
            canary.error_rate <= t.max_error_rate
            and canary.p99_latency_ms <= min(t.max_p99_latency_ms, t.max_latency_ratio * stable.p99_latency_ms)
            and canary.success_rate >= t.min_success_rate
            and not worse_than_stable
            and all(
                name in canary.business and canary.business[name] >= ratio * stable.business[name]
                for name, ratio in t.min_business_ratio.items()
                if name in stable.business
            )
        )
        return "fine" if fine else "breach"
