"""A ticker task puts readings into a queue, the judge takes them out; the ticker is stopped in every case."""

# %% canary
class CanaryHealthChecker:
    def __init__(self, thresholds, check_interval_seconds=60, min_requests=100):
        self.thresholds = thresholds
        self.check_interval_seconds = check_interval_seconds
        self.min_requests = min_requests

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        checks = max(1, math.ceil(duration_minutes * 60 / self.check_interval_seconds))
        readings = asyncio.Queue()

        async def tick():
            for _ in range(checks):
                timer = asyncio.get_running_loop().create_future()
                asyncio.get_running_loop().call_later(self.check_interval_seconds, timer.set_result, None)
                await timer
                try:
                    pair = await asyncio.gather(get_canary_metrics(), get_stable_metrics())
                except Exception as error:
                    pair = error
                await readings.put(pair)
                await readings.join()

        ticker, failed, evidence = asyncio.create_task(tick()), 0, False
        try:
            for _ in range(checks):
                pair = await readings.get()
                evidence = False
                if isinstance(pair, Exception):
                    failed += 1
                else:
                    failed = 0
                    evidence = self._evidence(*pair)
                if failed == 3 or (evidence and not self._healthy(*pair)):
                    return Decision.ROLLBACK
                readings.task_done()
        finally:
            ticker.cancel()
        return Decision.PROCEED if evidence else Decision.CONTINUE_MONITORING

    def _evidence(self, canary, stable):
        total = 0.0
        for side in (canary, stable):
            total += side.error_rate + side.p99_latency_ms + side.success_rate + sum(side.business.values())
        return canary.request_count >= self.min_requests and total == total

    def _healthy(self, canary, stable):
        t = self.thresholds
        if canary.error_rate > t.max_error_rate or canary.success_rate < t.min_success_rate:
            return False
        if canary.p99_latency_ms > t.max_p99_latency_ms:
            return False
        if canary.p99_latency_ms > t.max_latency_ratio * stable.p99_latency_ms:
            return False
        if canary.error_rate > t.max_error_ratio * stable.error_rate:
            if canary.error_rate - stable.error_rate > t.min_error_delta:
                return False
        wanted = set(t.min_business_ratio) & set(stable.business)
        if not wanted <= set(canary.business):
            return False
        return not any(canary.business[n] < t.min_business_ratio[n] * stable.business[n] for n in wanted)
