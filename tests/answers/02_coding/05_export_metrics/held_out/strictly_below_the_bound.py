"""A value that equals a bound is counted one bucket higher."""

SLIP = "a_bound_is_not_in_its_bucket"

# %% metrics
import bisect
import contextlib
import itertools
import threading
import time
from collections import Counter

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    StateSetMetricFamily,
)
from prometheus_client.registry import Collector


class Shares:
    """Counts by upper bound, and the sum."""

    def __init__(self, bounds):
        self.bounds = [*bounds, float("inf")]
        self.counts, self.sum = [0] * len(self.bounds), 0.0

    def add(self, value):
        self.counts[bisect.bisect_right(self.bounds, value)] += 1
        self.sum += value

    def cumulated(self):
        names = [*map(str, map(float, self.bounds[:-1])), "+Inf"]
        return list(zip(names, itertools.accumulate(self.counts), strict=True))


class MLServiceMetrics(Collector):
    LATENCY, CONFIDENCE = (0.01, 0.05, 0.1, 0.5, 1, 2, 5), (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1)
    STATES = ("loading", "ready", "error")

    def __init__(self, service_name="ml_inference", registry=None, classes=(), clock=time.monotonic):
        self.name, self.classes, self.clock = service_name, tuple(classes), clock
        self.requests, self.predictions, self.lock = Counter(), Counter(), threading.Lock()
        self.latency, self.confidence, self.gpus, self.states = {}, {}, {}, {}
        self.registry = CollectorRegistry() if registry is None else registry
        self.registry.register(self)

    def record_request(self, model_version, latency_seconds, status="success"):
        if latency_seconds < 0:
            raise ValueError("latency below zero")
        with self.lock:
            self.requests[model_version, status] += 1
            self.latency.setdefault(model_version, Shares(self.LATENCY)).add(latency_seconds)

    def record_prediction(self, model_version, predicted_class, confidence):
        if not 0 <= confidence <= 1:
            raise ValueError("confidence must lie in [0, 1]")
        label = predicted_class if predicted_class in self.classes else "other"
        with self.lock:
            self.predictions[model_version, label] += 1
            self.confidence.setdefault(model_version, Shares(self.CONFIDENCE)).add(confidence)

    def update_gpu_metrics(self, readings):
        with self.lock:
            self.gpus.update({str(gpu): dict(reading) for gpu, reading in readings.items()})

    def set_model_state(self, model_version, state):
        if state not in self.STATES:
            raise ValueError(f"no state {state!r}")
        with self.lock:
            self.states[model_version] = state

    @contextlib.contextmanager
    def track(self, model_version):
        start = self.clock()
        try:
            yield self
        except BaseException:
            self.record_request(model_version, self.clock() - start, "error")
            raise
        self.record_request(model_version, self.clock() - start)

    def collect(self):
        with self.lock:
            yield from self._families()

    def _families(self):
        for name, label, counts in (
            ("requests", "status", self.requests),
            ("predictions", "predicted_class", self.predictions),
        ):
            family = CounterMetricFamily(f"{self.name}_{name}", name, labels=["model_version", label])
            for labels, count in counts.items():
                family.add_metric(labels, count)
            yield family
        for name, histograms in (
            ("request_duration_seconds", self.latency),
            ("confidence_score", self.confidence),
        ):
            family = HistogramMetricFamily(f"{self.name}_{name}", name, labels=["model_version"])
            for version, shares in histograms.items():
                family.add_metric([version], shares.cumulated(), shares.sum)
            yield family
        for name in ("utilization_percent", "memory_used_bytes"):
            family = GaugeMetricFamily(f"{self.name}_gpu_{name}", name, labels=["gpu_id"])
            for gpu, reading in self.gpus.items():
                family.add_metric([gpu], reading[name])
            yield family
        family = StateSetMetricFamily(f"{self.name}_model_state", "state", labels=["model_version"])
        for version, state in self.states.items():
            family.add_metric([version], {name: name == state for name in self.STATES})
        yield family
