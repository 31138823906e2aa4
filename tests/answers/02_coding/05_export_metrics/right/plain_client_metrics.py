"""Seven metrics of prometheus_client as attributes, every argument looked at first."""

# %% metrics
import contextlib
import time

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram


class MLServiceMetrics:
    def __init__(self, service_name="ml_inference", registry=None, classes=(), clock=time.monotonic):
        if registry is None:
            registry = CollectorRegistry()
        self.registry, self.classes, self.clock = registry, set(classes), clock
        name, version = service_name, ["model_version"]
        self.requests = Counter(f"{name}_requests", "Requests", [*version, "status"], registry=registry)
        self.duration = Histogram(
            f"{name}_request_duration_seconds", "Latency", version, registry=registry,
            buckets=[0.01, 0.05, 0.1, 0.5, 1, 2, 5],
        )
        self.predictions = Counter(
            f"{name}_predictions", "Predictions", [*version, "predicted_class"], registry=registry
        )
        self.confidence = Histogram(
            f"{name}_confidence_score", "Confidence", version, registry=registry,
            buckets=[0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
        )
        self.gpu = Gauge(f"{name}_gpu_utilization_percent", "Busy", ["gpu_id"], registry=registry)
        self.memory = Gauge(f"{name}_gpu_memory_used_bytes", "Memory", ["gpu_id"], registry=registry)
        self.state = Enum(f"{name}_model_state", "State", version, registry=registry,
                          states=["loading", "ready", "error"])

    def record_request(self, model_version, latency_seconds, status="success"):
        if latency_seconds < 0:
            raise ValueError("negative latency")
        self.requests.labels(model_version=model_version, status=status).inc()
        self.duration.labels(model_version=model_version).observe(latency_seconds)

    def record_prediction(self, model_version, predicted_class, confidence):
        if confidence < 0 or confidence > 1:
            raise ValueError("confidence outside of [0, 1]")
        if predicted_class not in self.classes:
            predicted_class = "other"
        self.predictions.labels(model_version=model_version, predicted_class=predicted_class).inc()
        self.confidence.labels(model_version=model_version).observe(confidence)

    def update_gpu_metrics(self, gpus):
        for gpu_id, numbers in gpus.items():
            self.gpu.labels(gpu_id=gpu_id).set(numbers["utilization_percent"])
            self.memory.labels(gpu_id=gpu_id).set(numbers["memory_used_bytes"])

    def set_model_state(self, model_version, state):
        if state not in ("loading", "ready", "error"):
            raise ValueError(f"unknown state {state}")
        self.state.labels(model_version=model_version).state(state)

    @contextlib.contextmanager
    def track(self, model_version):
        start = self.clock()
        try:
            yield
        except Exception:
            self.record_request(model_version, self.clock() - start, "error")
            raise
        else:
            self.record_request(model_version, self.clock() - start)
