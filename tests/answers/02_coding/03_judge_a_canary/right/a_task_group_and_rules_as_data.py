"""Both sources in a TaskGroup; limits as a table of rules; an outcome for each check, judged by pattern matching."""

# %% canary-breaches
import operator


def _rules(c, s, t):
    """(value, comparison, limit) triples; all comparisons of a rule must hold for a breach."""
    yield [(c.error_rate, operator.gt, t.max_error_rate)]
    yield [(c.p99_latency_ms, operator.gt, t.max_p99_latency_ms)]
    yield [(c.success_rate, operator.lt, t.min_success_rate)]
    yield [
        (c.error_rate, operator.gt, t.max_error_ratio * s.error_rate),
        (c.error_rate - s.error_rate, operator.gt, t.min_error_delta),
    ]
    yield [(c.p99_latency_ms, operator.gt, t.max_latency_ratio * s.p99_latency_ms)]
    for name in t.min_business_ratio.keys() & s.business.keys():
        value = c.business.get(name, -math.inf)
        yield [(value, operator.lt, t.min_business_ratio[name] * s.business[name])]


# %% canary
class CanaryHealthChecker:
    def __init__(self, thresholds, check_interval_seconds=60, min_requests=100):
        self._settings = (thresholds, check_interval_seconds, min_requests)

    async def _look(self, canary, stable):
        limits, _, enough = self._settings
        try:
            async with asyncio.TaskGroup() as group:
                tasks = group.create_task(canary()), group.create_task(stable())
        except Exception:
            return "failed"
        c, s = (task.result() for task in tasks)
        numbers = [n for m in (c, s) for v in vars(m).values() for n in (v.values() if isinstance(v, dict) else [v])]
        if c.request_count < enough or any(math.isnan(n) for n in numbers):
            return "nothing"
        broken = any(all(test(a, b) for a, test, b in rule) for rule in _rules(c, s, limits))
        return "bad" if broken else "good"

    async def evaluate(self, get_canary_metrics, get_stable_metrics, duration_minutes=10):
        interval = self._settings[1]
        history = []
        for _ in range(max(1, math.ceil(duration_minutes * 60 / interval))):
            await asyncio.sleep(interval)
            history.append(await self._look(get_canary_metrics, get_stable_metrics))
            match history:
                case [*_, "bad"] | [*_, "failed", "failed", "failed"]:
                    return Decision.ROLLBACK
        return Decision.PROCEED if history[-1] == "good" else Decision.CONTINUE_MONITORING
