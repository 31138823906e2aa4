"""Nobody earns points by guessing: not with a constant in place of an observation, not with code
that does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.grade.judge import Judge
from autograder.lessons.lesson import Lesson
from coursekit import checks as kit
from coursekit.codec import encode
from tests.bank import COURSE, cells_as_text, grade_text, lost, read
from tests.sample import some

ATOMS = (
    True,
    False,
    None,
    0,
    1,
    2,
    -1,
    "",
    0.0,
    1.0,
    "ValueError",
    "KeyError",
    "returned",
    "v1",
    [],
    {},
)
ERRORS = ("TypeError", "ValueError", "KeyError", "RuntimeError")


def guesses() -> Iterator[Any]:
    """Outcomes that somebody would try who knows nothing but the names of the checks."""
    for atom in ATOMS:
        rows = [[atom] * n for n in range(1, 7)]
        yield from (
            {"returned": encode(x)}
            for x in (atom, *rows, *([row] * n for row in rows for n in range(1, 5)))
        )
    yield from ({"raised": [[f"builtins.{name}", "builtins.Exception"], ""]} for name in ERRORS)


@pytest.mark.parametrize("key", some(COURSE.lessons, 5))
def test_no_hidden_check_is_passed_by_a_guess(key: str) -> None:
    lesson, tried = read(key), list(guesses())
    for check in [c for c in lesson.all_checks if c.hidden]:
        right = lesson.expectation(check, "any worlds")
        for guess in tried:
            row = kit.judge(check, [guess] * max(1, check.seeds), right)
            assert row.verdict != "pass", f"{key}: {check.name} takes {guess}"


IDLE = {
    "02_coding/01_batch_requests": """
class BatchConfig:
    def __init__(self, *given, **named): pass
class BatchCollector:
    def __init__(self, *given): pass
    async def start(self): pass
    async def stop(self): pass
    async def predict(self, x): return x
""",
    "02_coding/02_trip_a_breaker": """
class CircuitBreaker:
    state = CircuitState.CLOSED
    def __init__(self, *given, **named): pass
    async def call(self, func, *args, **kwargs): return await func(*args, **kwargs)
async def call_with_fallback(breaker, func, fallback, *args, **kwargs): return await func(*args, **kwargs)
""",
    "02_coding/03_judge_a_canary": """
def breaches(*given): return []
class CanaryHealthChecker:
    def __init__(self, *given, **named): pass
    async def evaluate(self, *given, **named): return Decision.PROCEED
""",
    "02_coding/04_cache_features": """
class FeatureCache:
    def __init__(self, *given, **named): pass
    def get(self, key, default=None): return default
    def set(self, *given): pass
    def delete(self, key): return False
    def clear_expired(self): return 0
    def get_stats(self): return dict.fromkeys(("size", "capacity", "hits", "misses", "evictions", "expirations"), 0)
""",
    "02_coding/05_export_metrics": """
class MLServiceMetrics:
    def __init__(self, service_name="", registry=None, **named): self.registry = registry or CollectorRegistry()
    record_request = record_prediction = update_gpu_metrics = set_model_state = lambda *given, **named: None
    def track(self, version): return contextlib.nullcontext()
""",
    "02_coding/06_limit_a_rate": """
class RateLimiter:
    tracked_users = 0
    def __init__(self, *given, **named): pass
    def is_allowed(self, user_id): return True
    def reset(self, user_id): pass
""",
    "02_coding/07_cache_predictions": """
def cache_key(tenant_id, model_version, payload): return "key"
class MLCache:
    def __init__(self, *given, **named): pass
    def get(self, key): return None
    def put(self, key, value): pass
    def stats(self): return dict.fromkeys(("size", "capacity", "hits", "misses"), 0) | {"hit_rate": 0.0}
""",
    "02_coding/08_aggregate_logs": """
def aggregate_logs(*given, **named): return Counts()
""",
    "02_coding/09_extract_features": """
def extract_features(activities, reference_time=None):
    names = "total_actions", "unique_action_types", "actions_last_hour", "actions_last_24h"
    return {a["user_id"]: dict.fromkeys(names, 1) | {"most_common_action": "edit"} for a in activities}
""",
    "02_coding/10_route_versions": """
class ModelRouter:
    def add_version(self, *given, **named): pass
    def set_health(self, *given): pass
    def set_weight(self, *given): pass
    def set_flag(self, *given): pass
    def route(self, user_id, flags=()): return "v7"
""",
    "04_mlops/01_detect_drift": """
def calculate_psi(*given, **named): return 5.0
class DriftDetector:
    def __init__(self, *given, **named): pass
    def detect_drift(self, current): return True, 5.0
    def update_reference(self, new): pass
def response(psi, impact): return "alert"
""",
    "04_mlops/02_judge_an_ab_test": """
def analyze_ab_test(a, b, metric_name="conversion_rate", alpha=0.05):
    return {"winner": "B", "p_value": 0.01, "confidence_interval": (0.0, 1.0), "mean_a": 1.0, "mean_b": 2.0,
            "improvement": 100.0, "sample_size": (10, 10)}
def required_sample_size(*given, **named): return 1000
def detect_srm(*given, **named): return False
""",
    "04_mlops/03_register_models": """
class Found:
    model_id, version, framework, metrics, tags = "churn", "v1", "sklearn", {"auc": 0.75}, {"team": "ads"}
    stage, created_at, created_by = "production", 0.0, "ci"
class ModelRegistry:
    def __init__(self, *given, **named): pass
    register_model = get_model = get_production_model = lambda *given: Found()
    promote_to_production = rollback = lambda *given: None
    list_versions = search_models = lambda *given: [Found()]
""",
    "04_mlops/04_respond_to_drift": """
def feature_psi(*given, **named): return {"load": 5.0, "wait": 5.0}
class RollingAccuracy:
    value, waiting = 0.5, 1
    def __init__(self, *given, **named): pass
    def remember(self, day, predictions): pass
    def learn(self, day, labels): return len(labels)
def find_kinds(*given): return {"data"}
def respond(kinds, impact): return "alert"
class DriftMonitor:
    def __init__(self, *given, **named): pass
    def observe(self, *given): return Report(Signals({"load": 5.0}, 0.5, 0.5), {"data"}, "alert", ["seats"])
    def learn(self, tenant, day, labels): return len(labels)
    def waiting(self, tenant): return 1
""",
    "04_mlops/05_reproduce_a_run": """
def fingerprint(*given): return dict.fromkeys(("data", "code", "environment", "seed"), "0" * 63)
def record_run(*given): return {"versions": fingerprint(), "seed": 0, "model": "0" * 64}
def reproduce(*given): return (0.0, 0.0)
""",
}


def returns_nothing(lesson: Lesson) -> str:
    """What a learner begins with, but every function returns None."""
    return re.sub(
        r"# YOUR CODE HERE\s+raise NotImplementedError\(\)",
        "return None",
        cells_as_text(lesson, stub=True),
    )


@pytest.mark.parametrize("key", some(COURSE.lessons, 5))
def test_code_that_does_nothing_earns_nothing(key: str, judge: Judge) -> None:
    result = grade_text(judge, read(key), IDLE.get(key) or returns_nothing(read(key)))
    assert (result.state, lost(result)) == ("graded", {c.name for c in read(key).all_checks})
