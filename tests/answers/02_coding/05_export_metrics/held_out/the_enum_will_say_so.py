"""Relies on the metric to refuse a state, by when the version has a series."""

SLIP = "an_unknown_state_leaves_loading_behind"

# %% metrics
import contextlib
import functools
import threading
import time

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info


class MLServiceMetrics:
    def __init__(self, service_name="ml_inference", registry=None, classes=(), clock=time.monotonic):
        self.registry = registry if registry is not None else CollectorRegistry(auto_describe=True)
        self.clock, self.classes, self.versions, self.lock = clock, {*classes}, set(), threading.Lock()
        make = {"namespace": service_name, "registry": self.registry}
        Info("exporter", "Who exports this.", **make).info({"course": "mlops"})
        self.in_flight = Gauge("requests_in_flight", "Requests being served.", **make)
        self.requests = Counter("requests_total", "Requests.", ("model_version", "status"), **make)
        self.latency = Histogram(
            "request_duration", "Seconds.", ("model_version",), unit="seconds", buckets=LATENCY_BUCKETS, **make
        )
        self.predictions = Counter("predictions_total", "Classes.", ("model_version", "predicted_class"), **make)
        self.confidence = Histogram("confidence_score", "How sure.", ("model_version",), buckets=CONFIDENCE_BUCKETS, **make)
        self.gauges = {
            "utilization_percent": Gauge("gpu_utilization_percent", "Busy.", ("gpu_id",), **make),
            "memory_used_bytes": Gauge("gpu_memory_used_bytes", "Memory.", ("gpu_id",), **make),
        }
        self.state = Enum("model_state", "State.", ("model_version",), states=STATES, **make)

    def seen(self, version):
        with self.lock:
            if version in self.versions:
                return
            self.versions.add(version)
            for status in ("success", "error"):
                self.requests.labels(version, status)
            for name in (*self.classes, "other"):
                self.predictions.labels(version, name)
            self.latency.labels(version)
            self.confidence.labels(version)

    def record_request(self, model_version, latency_seconds, status="success"):
        if latency_seconds < 0:
            raise ValueError("latency_seconds must not be negative")
        self.seen(model_version)
        self.latency.labels(model_version).observe(latency_seconds)
        self.requests.labels(model_version, status).inc()

    def record_prediction(self, model_version, predicted_class, confidence):
        self.seen(model_version)
        if min(confidence, 1 - confidence) < 0:
            raise ValueError("confidence must lie between 0 and 1")
        self.confidence.labels(model_version).observe(confidence)
        self.predictions.labels(model_version, ({predicted_class} & self.classes or {"other"}).pop()).inc()

    def update_gpu_metrics(self, readings):
        for gpu_id, reading in readings.items():
            for name, value in reading.items():
                self.gauges[name].labels(gpu_id).set(value)

    def set_model_state(self, model_version, state):
        series = self.state.labels(model_version)
        try:
            series.state(state)
        except ValueError as error:
            raise ValueError(f"{state!r} is no state") from error

    @contextlib.contextmanager
    def track(self, model_version):
        done = functools.partial(self.finished, model_version, self.clock())
        with contextlib.ExitStack() as stack, self.in_flight.track_inprogress():
            stack.callback(done, "error")
            yield
            stack.pop_all()
        done("success")

    def finished(self, model_version, start, status):
        self.record_request(model_version, self.clock() - start, status)
