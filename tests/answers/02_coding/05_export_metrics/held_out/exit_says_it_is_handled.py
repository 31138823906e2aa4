"""The context manager tells Python that it has dealt with the exception."""

SLIP = "track_swallows_the_exception"

# %% metrics
import time

import prometheus_client as prom


class Tracked:
    def __init__(self, metrics, model_version):
        self.metrics, self.model_version = metrics, model_version

    def __enter__(self):
        self.start = self.metrics.clock()
        return self

    def __exit__(self, kind, error, trace):
        latency = self.metrics.clock() - self.start
        self.metrics.record_request(self.model_version, latency, "success" if kind is None else "error")
        return True


class MLServiceMetrics:
    METRICS = (
        ("requests", prom.Counter, ("model_version", "status"), {}),
        ("request_duration_seconds", prom.Histogram, ("model_version",), {"buckets": LATENCY_BUCKETS}),
        ("predictions", prom.Counter, ("model_version", "predicted_class"), {}),
        ("confidence_score", prom.Histogram, ("model_version",), {"buckets": CONFIDENCE_BUCKETS}),
        ("gpu_utilization_percent", prom.Gauge, ("gpu_id",), {}),
        ("gpu_memory_used_bytes", prom.Gauge, ("gpu_id",), {"unit": "bytes"}),
        ("model_state", prom.Enum, ("model_version",), {"states": list(STATES)}),
    )

    def __init__(self, service_name="ml_inference", registry=None, classes=(), clock=time.monotonic):
        self.registry = prom.CollectorRegistry() if registry is None else registry
        self.clock, self.names = clock, {name: name for name in classes}
        self.metrics = {}
        for name, kind, labels, options in self.METRICS:
            self.metrics[name] = kind(
                name, f"{name} of {service_name}", labels, namespace=service_name, registry=self.registry, **options
            )

    def record_request(self, model_version, latency_seconds, status="success"):
        if latency_seconds < 0:
            raise ValueError("a request cannot end before it begins")
        self.metrics["requests"].labels(model_version, status).inc()
        self.metrics["request_duration_seconds"].labels(model_version).observe(latency_seconds)

    def record_prediction(self, model_version, predicted_class, confidence):
        if not 0 <= confidence <= 1:
            raise ValueError("a confidence is a share")
        self.metrics["predictions"].labels(model_version, self.names.get(predicted_class, "other")).inc()
        self.metrics["confidence_score"].labels(model_version).observe(confidence)

    def update_gpu_metrics(self, readings):
        for gpu_id in readings:
            for name in ("utilization_percent", "memory_used_bytes"):
                self.metrics[f"gpu_{name}"].labels(gpu_id).set(readings[gpu_id][name])

    def set_model_state(self, model_version, state):
        if state not in STATES:
            raise ValueError("no such state")
        self.metrics["model_state"].labels(model_version).state(state)

    def track(self, model_version):
        return Tracked(self, model_version)
