"""Catches the clash with a cache of metrics by name, so two instances add up in the same series."""

FAILS = {
    "a_block_is_recorded_with_the_time_it_took",
    "a_block_that_raises_is_one_request_with_status_error",
    "a_block_that_raises_is_recorded_with_its_latency",
    "a_confidence_outside_zero_to_one_is_refused_and_leaves_no_trace",
    "a_latency_counts_in_every_bucket_that_reaches_it",
    "a_negative_latency_is_refused_and_leaves_no_trace",
    "an_unknown_state_is_refused_and_leaves_no_trace",
    "blocks_that_overlap_are_timed_apart",
    "predictions_add_up_by_version_and_class",
    "requests_add_up_by_version_and_status",
    "requests_in_flight_together_are_timed_by_the_monotonic_clock",
    "the_confidence_histogram_has_the_bounds_of_the_contract",
    "the_latency_histogram_has_the_bounds_of_the_contract",
    "the_number_of_series_is_bounded_whatever_a_model_writes",
    "the_service_name_begins_every_name",
    "track_lets_the_same_exception_through",
    "two_instances_in_one_process_do_not_clash",
    "versions_that_look_alike_stay_apart",
}

# %% metrics
import contextlib
import time

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram


MADE = {}
PROCESS = CollectorRegistry()


class MLServiceMetrics:
    def __init__(self, service_name="ml_inference", registry=None, classes=(), clock=time.monotonic):
        self.registry = PROCESS if registry is None else registry
        self.classes, self.clock = frozenset(classes), clock

        def metric(kind, name, labels, **options):
            key = self.registry, service_name, name
            if key not in MADE:
                MADE[key] = kind(f"{service_name}_{name}", name, labels, registry=self.registry, **options)
            return MADE[key]

        self.requests = metric(Counter, "requests_total", ["model_version", "status"])
        self.latency = metric(Histogram, "request_duration_seconds", ["model_version"], buckets=LATENCY_BUCKETS)
        self.predictions = metric(Counter, "predictions_total", ["model_version", "predicted_class"])
        self.confidence = metric(Histogram, "confidence_score", ["model_version"], buckets=CONFIDENCE_BUCKETS)
        self.gpu = metric(Gauge, "gpu_utilization_percent", ["gpu_id"])
        self.memory = metric(Gauge, "gpu_memory_used_bytes", ["gpu_id"])
        self.state = metric(Enum, "model_state", ["model_version"], states=STATES)

    def record_request(self, model_version, latency_seconds, status="success"):
        if latency_seconds < 0:
            raise ValueError(f"negative latency: {latency_seconds}")
        self.requests.labels(model_version, status).inc()
        self.latency.labels(model_version).observe(latency_seconds)

    @contextlib.contextmanager
    def track(self, model_version):
        start, status = self.clock(), "success"
        try:
            yield
        except BaseException:
            status = "error"
            raise
        finally:
            self.record_request(model_version, self.clock() - start, status)

    def record_prediction(self, model_version, predicted_class, confidence):
        if not 0 <= confidence <= 1:
            raise ValueError(f"confidence outside of [0, 1]: {confidence}")
        if predicted_class not in self.classes:
            predicted_class = "other"
        self.predictions.labels(model_version, predicted_class).inc()
        self.confidence.labels(model_version).observe(confidence)

    def update_gpu_metrics(self, readings):
        for gpu_id, reading in readings.items():
            self.gpu.labels(gpu_id).set(reading["utilization_percent"])
            self.memory.labels(gpu_id).set(reading["memory_used_bytes"])

    def set_model_state(self, model_version, state):
        if state not in STATES:
            raise ValueError(f"unknown state: {state}")
        self.state.labels(model_version).state(state)
