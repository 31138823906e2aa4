"""Adds up the requests of both sides."""

FAILS = {
    "a_breach_in_thin_traffic_is_no_evidence",
    "any_mix_of_evidence_and_failure_is_judged_like_the_reference",
    "only_the_canary_needs_min_requests",
    "the_last_check_must_have_evidence",
    "without_evidence_a_canary_never_proceeds",
}

# %% canary-breaches
def breaches(canary: Metrics, stable: Metrics, limits: Thresholds) -> list[str]:
    """The names of the limits that the canary breaks; empty when it is healthy."""
    errors, latency = canary.error_rate, canary.p99_latency_ms
    doubtful = errors > limits.max_error_ratio * stable.error_rate
    tests = {
        "error rate": errors > limits.max_error_rate,
        "p99 latency": latency > limits.max_p99_latency_ms,
        "success rate": canary.success_rate < limits.min_success_rate,
        "error ratio": doubtful and errors - stable.error_rate > limits.min_error_delta,
        "latency ratio": latency > limits.max_latency_ratio * stable.p99_latency_ms,
    }
    for name, ratio in limits.min_business_ratio.items():
        if name in stable.business:
            missing = name not in canary.business
            tests[name] = missing or canary.business[name] < ratio * stable.business[name]
    return [name for name, broken in tests.items() if broken]


# %% canary
class CanaryHealthChecker:
    """Watches a canary beside the stable version and decides about the rollout."""

    def __init__(self, thresholds: Thresholds, check_interval_seconds: float = 60, min_requests: int = 100) -> None:
        self.thresholds = thresholds
        self.check_interval_seconds = check_interval_seconds
        self.min_requests = min_requests

    async def evaluate(
        self, get_canary_metrics: Source, get_stable_metrics: Source, duration_minutes: float = 10
    ) -> Decision:
        """The decision, after `duration_minutes`, or at the first reason to roll back."""
        evidence, failed_in_a_row = False, 0
        for _ in range(max(1, math.ceil(duration_minutes * 60 / self.check_interval_seconds))):
            await asyncio.sleep(self.check_interval_seconds)
            try:
                canary, stable = await asyncio.gather(get_canary_metrics(), get_stable_metrics())
            except Exception:
                evidence, failed_in_a_row = False, failed_in_a_row + 1
                if failed_in_a_row == 3:
                    return Decision.ROLLBACK
                continue
            failed_in_a_row = 0
            numbers = [*canary.business.values(), *stable.business.values()]
            for side in (canary, stable):
                numbers += [side.error_rate, side.p99_latency_ms, side.success_rate, side.request_count]
            evidence = canary.request_count + stable.request_count >= self.min_requests and not any(map(math.isnan, numbers))
            if evidence and breaches(canary, stable, self.thresholds):
                return Decision.ROLLBACK
        return Decision.PROCEED if evidence else Decision.CONTINUE_MONITORING
