"""The request is in the table before its latency is examined."""

SLIP = "a_negative_latency_is_refused_after_the_count"

# %% metrics
import time
from contextlib import contextmanager

from prometheus_client import Metric


class Table:
    """The samples of one metric, by what is added to its name and by labels."""

    def __init__(self, name, kind):
        self.name, self.kind, self.values = name, kind, {}

    def _key(self, suffix, labels):
        return suffix, tuple(sorted((label, str(value)) for label, value in labels.items()))

    def add(self, amount, suffix="", **labels):
        key = self._key(suffix, labels)
        self.values[key] = self.values.get(key, 0.0) + amount

    def put(self, value, suffix="", **labels):
        self.values[self._key(suffix, labels)] = float(value)

    def observe(self, value, bounds, **labels):
        for bound in bounds:
            self.add(1.0 if value <= bound else 0.0, "_bucket", le=str(float(bound)), **labels)
        self.add(1.0, "_bucket", le="+Inf", **labels)
        self.add(1.0, "_count", **labels)
        self.add(value, "_sum", **labels)

    def family(self):
        metric = Metric(self.name, self.name.replace("_", " "), self.kind)
        for (suffix, labels), value in self.values.items():
            metric.add_sample(self.name + suffix, dict(labels), value)
        return metric


class Registry:
    def __init__(self):
        self.tables = []

    def collect(self):
        return [table.family() for table in self.tables]


class MLServiceMetrics:
    def __init__(self, service_name="ml_inference", registry=None, classes=(), clock=time.monotonic):
        own = Registry()
        self.prefix, self.known, self.clock = service_name, list(classes), clock

        def table(name, kind):
            own.tables.append(Table(f"{service_name}_{name}", kind))
            return own.tables[-1]

        self.requests, self.predictions = table("requests", "counter"), table("predictions", "counter")
        self.latency = table("request_duration_seconds", "histogram")
        self.confidence = table("confidence_score", "histogram")
        self.busy, self.memory = table("gpu_utilization_percent", "gauge"), table("gpu_memory_used_bytes", "gauge")
        self.state = table("model_state", "stateset")
        self.registry = registry if registry is not None else own
        if registry is not None:
            registry.register(own)

    def record_request(self, model_version, latency_seconds, status="success"):
        self.requests.add(1.0, "_total", model_version=model_version, status=status)
        if latency_seconds < 0:
            raise ValueError(f"latency_seconds is {latency_seconds}")
        self.latency.observe(latency_seconds, (0.01, 0.05, 0.1, 0.5, 1, 2, 5), model_version=model_version)

    def record_prediction(self, model_version, predicted_class, confidence):
        if confidence < 0.0 or confidence > 1.0:
            raise ValueError(f"confidence is {confidence}")
        name = predicted_class if self.known.count(predicted_class) else "other"
        self.predictions.add(1.0, "_total", model_version=model_version, predicted_class=name)
        bounds = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1)
        self.confidence.observe(confidence, bounds, model_version=model_version)

    def update_gpu_metrics(self, readings):
        for gpu, reading in readings.items():
            self.busy.put(reading["utilization_percent"], gpu_id=gpu)
            self.memory.put(reading["memory_used_bytes"], gpu_id=gpu)

    def set_model_state(self, model_version, state):
        states = ("loading", "ready", "error")
        if state not in states:
            raise ValueError(f"state is {state!r}, not one of {states}")
        for name in states:
            self.state.put(name == state, **{f"{self.prefix}_model_state": name}, model_version=model_version)

    @contextmanager
    def track(self, model_version):
        began, outcome = self.clock(), "success"
        try:
            yield
        except BaseException:
            outcome = "error"
            raise
        finally:
            self.record_request(model_version, self.clock() - began, outcome)
