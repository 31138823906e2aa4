# %% [markdown]
"""# Export metrics that Prometheus can trust

You'll build the exporter of an ML service: requests, latency, predictions, GPUs and model state, in a form that a real
Prometheus scrapes and PromQL can answer from.

**Time** 40 min · **Level** medium · **Needs** classes, context managers

**Skills** choose counter, histogram or gauge · keep the number of series bounded · record nothing half
"""

# %% nbgrader={"grade_id": "metrics-setup", "locked": true}
import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, generate_latest

from coursekit import REFERENCE, ManualClock, check, explore, scoreboard, slider, try_it
from coursekit.coding.prometheus import ask, buckets, draw_quantile, kinds, latencies, series

Seconds = float
Reading = Mapping[str, float]  # {"utilization_percent": 83.0, "memory_used_bytes": 17e9}

LATENCY_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 2, 5)  # seconds
CONFIDENCE_BUCKETS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1)
STATES = ("loading", "ready", "error")

# %% [markdown]
"""## The situation

Thursday, 16:40. The new version of your ticket router writes free text where the old one named one of five teams. The
text becomes a label value, and each new value is a new time series: five of them turn into 52,000 within the hour.
Prometheus, which all teams share, runs out of memory, restarts, and runs out again. For 35 minutes nobody's alerts can
fire. Meanwhile one request in nine fails, and you learn of it from a customer.

What an exporter may never do: grow without a bound, tell half a story, or take a server down because two parts of it
registered the same name.

![A request reaches the model server, which records it in the exporter. The exporter keeps counters, histograms, gauges
and the state in one registry, shown as text under /metrics. Prometheus scrapes the text; PromQL decides whether a value
is too high and on-call is paged.](diagrams/05_export_metrics.mmd)

Such a text begins like this; what follows is the time when the counter began:
"""

# %%
example = CollectorRegistry()
Counter("tickets_total", "Tickets routed.", ["team"], registry=example).labels(team="billing").inc()
print(*generate_latest(example).decode().splitlines()[:3], sep="\n")

# %% [markdown]
"""## 1 · Count requests

One class for all four tasks: write what a task asks for, run its checks, come back.

Every metric's name begins with `service_name` and an underscore. `record_request(model_version, latency_seconds,
status="success")` adds one to the counter `…_requests_total{model_version, status}` and observes the latency in the
histogram `…_request_duration_seconds{model_version}`, whose bounds are `LATENCY_BUCKETS`.

- `.registry` is the registry handed in, else a new one of this instance's own: two instances in one process neither
  clash nor mix. It is whatever `prometheus_client.generate_latest` takes.
- Versions are any texts; different ones never share a series.
- A negative latency: `ValueError`, and **nothing** is recorded.

<details><summary>Hint 1 · which parts</summary>

`Counter(name, help, labelnames, registry=…)` and `Histogram(…, buckets=…)`. Make them once, in `__init__`, and keep
them on `self`; `.labels(model_version=…)` picks the series.

</details>
<details><summary>Hint 2 · "Duplicated timeseries in CollectorRegistry"</summary>

Without `registry=` a metric goes to a registry that the whole process shares, so the second instance fails. Make a
`CollectorRegistry()` where `registry` is `None`.

</details>
<details><summary>Hint 3 · nothing half</summary>

Look at all arguments before you touch the first metric. `observe` itself takes negative numbers without a word.

</details>
"""


# %% nbgrader={"grade_id": "metrics", "solution": true}
class MLServiceMetrics:
    """What one ML service tells Prometheus."""

    def __init__(
        self,
        service_name: str = "ml_inference",
        registry: CollectorRegistry | None = None,
        classes: Iterable[str] = (),
        clock: Callable[[], Seconds] = time.monotonic,
    ) -> None:
        """Register the seven metrics in `registry`, or in a new one."""
        ### BEGIN SOLUTION
        # Why: everything is made once, in one registry of this instance; each method looks at all
        # of its arguments before it touches the first metric, so a refused call leaves nothing, not
        # even a series at zero.
        self.registry = CollectorRegistry() if registry is None else registry
        self._classes = frozenset(classes)
        self._clock = clock

        def metric(kind: Any, name: str, about: str, *labels: str, **options: Any) -> Any:
            return kind(f"{service_name}_{name}", about, labels, registry=self.registry, **options)

        self._requests = metric(
            Counter, "requests_total", "Requests by outcome.", "model_version", "status"
        )
        self._latency = metric(
            Histogram,
            "request_duration_seconds",
            "Latency.",
            "model_version",
            buckets=LATENCY_BUCKETS,
        )
        self._predictions = metric(
            Counter,
            "predictions_total",
            "Predictions by class.",
            "model_version",
            "predicted_class",
        )
        self._confidence = metric(
            Histogram,
            "confidence_score",
            "Confidence.",
            "model_version",
            buckets=CONFIDENCE_BUCKETS,
        )
        self._gpu_utilization = metric(
            Gauge, "gpu_utilization_percent", "GPU utilization.", "gpu_id"
        )
        self._gpu_memory = metric(Gauge, "gpu_memory_used_bytes", "GPU memory in use.", "gpu_id")
        self._state = metric(
            Enum, "model_state", "State of the model.", "model_version", states=STATES
        )
        ### END SOLUTION

    def record_request(
        self, model_version: str, latency_seconds: Seconds, status: str = "success"
    ) -> None:
        """Count one request and observe its latency. ValueError: the latency is negative."""
        ### BEGIN SOLUTION
        if not latency_seconds >= 0:
            raise ValueError(f"a latency is at least 0 seconds, not {latency_seconds}")
        self._requests.labels(model_version, status).inc()
        self._latency.labels(model_version).observe(latency_seconds)
        ### END SOLUTION

    @contextlib.contextmanager
    def track(self, model_version: str) -> Iterator[None]:
        """Record the block as a request: "success", or "error" if it raises. What it raises goes on."""
        ### BEGIN SOLUTION
        start, status = self._clock(), "error"
        try:
            yield
            status = "success"
        finally:
            self.record_request(model_version, self._clock() - start, status)
        ### END SOLUTION

    def record_prediction(
        self, model_version: str, predicted_class: str, confidence: float
    ) -> None:
        """Count one prediction and observe its confidence. ValueError: the confidence is not in [0, 1]."""
        ### BEGIN SOLUTION
        if not 0 <= confidence <= 1:
            raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
        known = predicted_class if predicted_class in self._classes else "other"
        self._predictions.labels(model_version, known).inc()
        self._confidence.labels(model_version).observe(confidence)
        ### END SOLUTION

    def update_gpu_metrics(self, readings: Mapping[str, Reading]) -> None:
        """Show each GPU's "utilization_percent" and "memory_used_bytes"."""
        ### BEGIN SOLUTION
        for gpu_id, reading in readings.items():
            self._gpu_utilization.labels(gpu_id).set(reading["utilization_percent"])
            self._gpu_memory.labels(gpu_id).set(reading["memory_used_bytes"])
        ### END SOLUTION

    def set_model_state(self, model_version: str, state: str) -> None:
        """Show that a version is in one of `STATES` and in no other. ValueError: there is no such state."""
        ### BEGIN SOLUTION
        if state not in STATES:
            raise ValueError(f"a state is one of {STATES}, not {state!r}")
        self._state.labels(model_version).state(state)
        ### END SOLUTION


# %%
@try_it
def two_requests_as_prometheus_reads_them() -> dict[str, float]:
    metrics = MLServiceMetrics()
    metrics.record_request("v7", 0.08)
    metrics.record_request("v7", 0.3, status="error")
    return series(metrics.registry, "ml_inference_requests_total")


# %% nbgrader={"grade_id": "metrics-requests-checks", "grade": true}
EVERYTHING = (
    "requests_total", "request_duration_seconds", "predictions_total", "confidence_score", "gpu_utilization_percent",
    "gpu_memory_used_bytes", "model_state",
)  # fmt: skip


def seen(metrics, *names, service="ml_inference"):
    """Samples that are not zero, read by the official parser; `service_` cut off their names."""
    found = series(metrics.registry, *(f"{service}_{name}" for name in names))
    return {name[len(service) + 1 :]: value for name, value in found.items()}


def totals(found):
    """Counts and sums, without a histogram's buckets."""
    return {name: value for name, value in found.items() if "_bucket{" not in name}


@check(
    expect={
        'requests_total{model_version="v7",status="success"}': 2.0,
        'requests_total{model_version="v8",status="error"}': 1.0,
    },
    points=1,
    stage="core",
)
def a_request_is_counted_by_version_and_status():
    """A counter with two labels, `model_version` and `status`; the status is "success" if none is given."""
    metrics = MLServiceMetrics()
    metrics.record_request("v7", 0.25)
    metrics.record_request("v8", 0.5, "error")
    metrics.record_request("v7", 0.125)
    return seen(metrics, "requests_total")


@check(expect=[0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0], points=1, stage="core")
def a_latency_counts_in_every_bucket_that_reaches_it():
    """Bounds 0.01, 0.05, 0.1, 0.5, 1, 2, 5 and infinity; buckets are cumulative and a bound belongs to its bucket."""
    metrics = MLServiceMetrics()
    for latency in (0.05, 0.25, 3.0):
        metrics.record_request("v7", latency)
    return list(buckets(metrics.registry, "ml_inference_request_duration_seconds").values())


### BEGIN HIDDEN TESTS
def how_it_ends(function, *args, **named):
    try:
        function(*args, **named)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "no error"


def shuffled(rng, *parts):
    together = [one for part in parts for one in part]
    return rng.sample(together, len(together))


# kills: the status ignored, the histogram's labels on the counter, a counter that is set, one
# counter for all versions
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def requests_add_up_by_version_and_status(rng):
    """Every call adds one, whatever came before."""
    metrics = MLServiceMetrics()
    ways = [{}, {"status": "success"}, {"status": "error"}, {"status": "timeout"}]
    calls = [[(version, how)] * rng.randint(1, 4) for version in ("v6", "v7", "v8") for how in ways]
    for version, how in shuffled(rng, *calls):
        metrics.record_request(version, 0.25, **how)
    return seen(metrics, "requests_total")


# kills: default bounds, bounds that exclude their own value, milliseconds, a summary, errors left
# out of the latency
@check(expect=REFERENCE, points=2, seeds=1, stage="core")
def the_latency_histogram_has_the_bounds_of_the_contract(rng):
    """Every request is observed, in seconds, whatever its status; the only label is `model_version`."""
    metrics = MLServiceMetrics()
    bounds, between = (
        (0.01, 0.05, 0.1, 0.5, 1, 2, 5),
        [rng.randrange(1, 400) / 64 for _ in range(6)],
    )
    for latency in shuffled(rng, bounds, (0.0, 0.0625, 9.0), between):
        metrics.record_request("v7", latency)
        metrics.record_request("v8", latency / 2, rng.choice(["error", "timeout"]))
    return seen(metrics, "request_duration_seconds")


# kills: a fixed prefix, a prefix without underscore
@check(expect=REFERENCE, points=1, seeds=1, stage="core")
def the_service_name_begins_every_name(rng):
    """`ml_inference` unless another one is given."""
    name, found = f"spam_filter_{rng.randrange(10**6)}", {}
    for given in ({}, {"service_name": name}):
        metrics = MLServiceMetrics(**given)
        for _ in range(rng.randint(2, 9)):
            metrics.record_request("v7", 0.25)
        found |= series(
            metrics.registry, *(f"{start}_requests_total" for start in ("ml_inference", name))
        )
    return found


# kills: the default registry, metrics on the class or the module, a cache of metrics by name
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def two_instances_in_one_process_do_not_clash(rng):
    """Without a registry handed in, each instance has its own."""
    both = [MLServiceMetrics(), MLServiceMetrics("ml_inference")]
    for metrics in shuffled(rng, both * rng.randint(2, 5), both[:1] * rng.randint(1, 3)):
        metrics.record_request("v7", rng.randrange(1, 400) / 64)
    return [totals(seen(metrics, "requests_total", "request_duration_seconds")) for metrics in both]


# kills: a registry that is ignored, one that is replaced, metrics registered twice
@check(expect=REFERENCE, points=1, seeds=1, stage="core")
def a_registry_that_is_handed_in_is_used(rng):
    """Two services of different names can share one with metrics of other libraries."""
    shared = CollectorRegistry()
    Gauge("queue_length", "Of another library.", registry=shared).set(rng.randrange(1, 99))
    for name in ("ranker", "router"):
        metrics = MLServiceMetrics(name, shared)
        for ticks in (1, 399, *(rng.randrange(1, 400) for _ in range(rng.randrange(8)))):
            metrics.record_request("v7", ticks / 64)
    names = (
        "queue_length",
        "ranker_requests_total",
        "router_requests_total",
        "router_request_duration_seconds",
    )
    return [totals(series(shared, *names)), metrics.registry is shared]


# kills: series keyed by joined text, by a cleaned or lower-case name
@check(expect=REFERENCE, points=1, seeds=1, stage="core")
def versions_that_look_alike_stay_apart(rng):
    """Any text is a version; quotes, commas and line ends are part of it."""
    metrics = MLServiceMetrics()
    alike = [
        "v7",
        "V7",
        "v7 ",
        "v7,success",
        "v7_success",
        'v"7',
        "v\\7",
        "v\n7",
        "v\\n7",
        "harbour/v7",
    ]
    for version in rng.sample(alike, len(alike)):
        for status in ["success", "success,v7"] * rng.randint(1, 2):
            metrics.record_request(version, 0.25, status)
    return seen(metrics, "requests_total")


# kills: no check at all, a check behind the counter, clipping to zero, zero refused, another
# exception
@check(expect=REFERENCE, points=2, seeds=1, stage="validation")
def a_negative_latency_is_refused_and_leaves_no_trace(rng):
    """ValueError before anything is counted, for a known version and for a new one; zero is a latency."""
    metrics, ends = MLServiceMetrics(), []
    for latency in shuffled(rng, [0.0, 0.25, rng.randrange(1, 400) / 64, -0.25, -3.0, -(2.0**-20)]):
        ends.append(how_it_ends(metrics.record_request, rng.choice(["v7", "v8"]), latency))
    ends.append(how_it_ends(metrics.record_request, "new", -1.0))
    return [ends, totals(seen(metrics, *EVERYTHING))]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Track a block

`with metrics.track("v7"):` records its block as one request: the latency is the time by `clock` from the block's
beginning to its end, the status "success". A block that raises is recorded with its latency, too, once, as "error", and
the **same** exception goes on to whoever called.

Blocks overlap: nested ones, requests in flight together in asyncio, other versions. Each is timed by itself.

<details><summary>Hint 1 · a context manager from a generator</summary>

What stands before `yield` runs at the block's beginning, what stands behind it at its end. An exception of the block is
raised at the `yield`.

</details>
<details><summary>Hint 2 · once, and on every way out</summary>

Begin with one status, change it where the block has ended well, and record in `finally`. Do not `return` there: that
swallows the exception.

</details>
<details><summary>Hint 3 · why not `histogram.time()`</summary>

It reads its own clock. Time that comes in from outside can be held still in a test.

</details>
"""


# %%
@try_it
def a_block_that_fails_after_a_second_and_a_half() -> dict[str, float]:
    clock = ManualClock()
    metrics = MLServiceMetrics(clock=clock)
    with contextlib.suppress(TimeoutError), metrics.track("v8"):
        clock.advance(1.5)
        raise TimeoutError("the feature store")
    return series(metrics.registry, "ml_inference_requests_total")


# %% nbgrader={"grade_id": "metrics-track-checks", "grade": true}
@check(
    expect={
        'request_duration_seconds_sum{model_version="v7"}': 2.5,
        'requests_total{model_version="v7",status="success"}': 1.0,
    },
    points=1,
    stage="track",
)
def a_block_is_recorded_with_the_time_it_took():
    """By the clock that was handed in."""
    clock = ManualClock(1000.0)
    metrics = MLServiceMetrics(clock=clock)
    with metrics.track("v7"):
        clock.advance(2.5)
    told = totals(seen(metrics, "requests_total", "request_duration_seconds"))
    return {name: value for name, value in told.items() if "_count{" not in name}


### BEGIN HIDDEN TESTS
ERRORS = (ValueError, KeyError, TimeoutError, RuntimeError, AttributeError)


def tracked(metrics, clock, version, seconds, error=None):
    with metrics.track(version):
        clock.advance(seconds)
        if error is not None:
            raise error


# kills: "success" for all, an error counted twice or as both, only some exceptions known, nothing
# recorded on errors
@check(expect=REFERENCE, points=2, seeds=2, stage="track")
def a_block_that_raises_is_one_request_with_status_error(rng):
    """Whatever it raises; counted once, and the blocks around it are "success"."""
    clock = ManualClock()
    metrics = MLServiceMetrics(clock=clock)
    for kind in shuffled(rng, ERRORS, [None] * rng.randint(3, 9)):
        for version in ["v7", *["v8"] * rng.randint(1, 2)]:
            with contextlib.suppress(*ERRORS):
                tracked(metrics, clock, version, 0.25, kind and kind("no"))
    return seen(metrics, "requests_total")


# kills: latency recorded behind the yield only, zero in place of it
@check(expect=REFERENCE, points=2, seeds=2, stage="track")
def a_block_that_raises_is_recorded_with_its_latency(rng):
    """Slow errors are the ones that hurt: they belong into the histogram."""
    clock = ManualClock(rng.randrange(1000))
    metrics = MLServiceMetrics(clock=clock)
    for kind in shuffled(rng, ERRORS):
        with contextlib.suppress(*ERRORS):
            tracked(
                metrics, clock, rng.choice(["v7", "v8"]), rng.randrange(1, 300) / 64, kind("no")
            )
        clock.advance(rng.randrange(1, 9))
    return totals(seen(metrics, "request_duration_seconds"))


# kills: swallowing, wrapping, raising a copy
@check(expect=REFERENCE, points=2, seeds=1, stage="track")
def track_lets_the_same_exception_through(rng):
    """Neither swallowed nor wrapped nor made anew, and still recorded."""
    clock, told, version = ManualClock(), [], f"v{rng.randrange(1000)}"
    metrics = MLServiceMetrics(clock=clock)
    for number, kind in enumerate(shuffled(rng, ERRORS, [None, None])):
        error = kind and kind(f"{number}: {rng.randrange(1000)}")
        try:
            tracked(metrics, clock, version, 1.0, error)
            told.append([number, "came to its end"])
        except Exception as caught:
            told.append([type(caught).__name__, str(caught), caught is error])
    return [told, sorted({name.split('"')[1] for name in seen(metrics, "requests_total")})]


# kills: one start for all blocks, one for each version, a stack of starts
@check(expect=REFERENCE, points=2, seeds=2, stage="track")
def blocks_that_overlap_are_timed_apart(rng):
    """Nested or interleaved, of one version or of several."""
    clock = ManualClock()
    metrics = MLServiceMetrics(clock=clock)
    for order in rng.sample(["first in, first out", "nested"], 2):
        blocks = [contextlib.ExitStack() for _ in range(4)]
        for block, version in zip(blocks, ("v7", "v8", "v7", "v9"), strict=True):
            block.enter_context(metrics.track(version))
            clock.advance(rng.randrange(1, 40) / 16)
        for block in blocks if order != "nested" else blocks[::-1]:
            clock.advance(rng.randrange(1, 40) / 16)
            block.close()
    return totals(seen(metrics, "request_duration_seconds"))


# kills: a clock that must be given, one that stands still while a coroutine waits (process time)
@check(expect=REFERENCE, points=1, seeds=1, stage="track")
async def requests_in_flight_together_are_timed_by_the_monotonic_clock(rng):
    """Without a clock handed in, `time.monotonic` is read."""
    metrics = MLServiceMetrics()

    async def request(version, seconds):
        with metrics.track(version):
            await asyncio.sleep(seconds)

    await asyncio.gather(*(request(f"v{n}", rng.randrange(1, 400) / 64) for n in range(4)))
    return {
        name: round(value, 6)
        for name, value in totals(seen(metrics, "request_duration_seconds")).items()
    }


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Watch predictions

`record_prediction(model_version, predicted_class, confidence)` adds one to `…_predictions_total{model_version,
predicted_class}` and observes the confidence in the histogram `…_confidence_score{model_version}`, whose bounds are
`CONFIDENCE_BUCKETS`.

- A class outside of `classes` is counted as `other`. Without any classes that is every class, so the number of series
  is bounded whatever a model writes.
- 0 and 1 are confidences. One outside of [0, 1]: `ValueError`, and nothing is recorded.

<details><summary>Hint 1 · one line</summary>

Choose the label before you count. A `frozenset` made in `__init__` answers `in` at once, and nobody changes it later.

</details>
<details><summary>Hint 2 · not a number</summary>

A model that divides by zero has NaN as its confidence. `confidence < 0 or confidence > 1` lets it pass, and the
histogram's sum is NaN for ever after. `not 0 <= confidence <= 1` does not.

</details>
"""


# %%
@try_it
def three_teams_and_a_poem() -> dict[str, float]:
    metrics = MLServiceMetrics(classes=["billing", "sales", "urgent"])
    for written in ("billing", "urgent", "billing", "Dear customer, it depends"):
        metrics.record_prediction("v8", written, 0.97)
    return series(metrics.registry, "ml_inference_predictions_total")


# %% nbgrader={"grade_id": "metrics-predictions-checks", "grade": true}
@check(
    expect={
        'predictions_total{model_version="v8",predicted_class="other"}': 2.0,
        'predictions_total{model_version="v8",predicted_class="urgent"}': 1.0,
    },
    points=1,
    stage="bounded-classes",
)
def a_class_that_is_not_known_is_counted_as_other():
    """Known are the `classes` given to the constructor."""
    metrics = MLServiceMetrics(classes=("urgent", "billing"))
    for written in ("a poem", "urgent", "URGENT"):
        metrics.record_prediction("v8", written, 0.75)
    return seen(metrics, "predictions_total")


### BEGIN HIDDEN TESTS
TEAMS = ["billing", "sales", "urgent", "returns", "legal"]


# kills: known classes dropped, a class counted for all versions, one more for other
@check(expect=REFERENCE, points=2, seeds=2, stage="bounded-classes")
def predictions_add_up_by_version_and_class(rng):
    """Known classes under their own names, all others together as `other`, for each version."""
    known = rng.sample(TEAMS, rng.randint(2, 4))
    metrics = MLServiceMetrics(classes=known)
    for version, team in shuffled(
        rng, *([(v, t)] * rng.randint(1, 4) for v in ("v7", "v8") for t in TEAMS)
    ):
        metrics.record_prediction(version, team, 0.75)
    return seen(metrics, "predictions_total")


# kills: no bound, a bound only when classes are given, a bound that learns the first so many, part
# of a name
@check(expect=REFERENCE, points=2, seeds=2, stage="bounded-classes")
def the_number_of_series_is_bounded_whatever_a_model_writes(rng):
    """Not a single new series for hundreds of unknown classes, nor when no class is known at all."""
    told = []
    for known in (rng.sample(TEAMS, 2), (), {"bill", "urgent tickets"}):
        metrics = MLServiceMetrics(classes=known)
        for written in shuffled(
            rng, TEAMS * rng.randint(1, 2), [f"text {n}" for n in range(rng.randint(15, 20))]
        ):
            metrics.record_prediction("v8", written, 0.75)
        told.append(seen(metrics, "predictions_total"))
    return told


# kills: default bounds, bounds that exclude their own value, percent, confidences of unknown
# classes left out
@check(expect=REFERENCE, points=2, seeds=1, stage="bounded-classes")
def the_confidence_histogram_has_the_bounds_of_the_contract(rng):
    """Every prediction is observed, known class or not; the only label is `model_version`."""
    metrics = MLServiceMetrics(classes=TEAMS[:2])
    bounds, between = (
        (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1),
        [rng.randrange(129) / 128 for _ in range(6)],
    )
    for number, confidence in enumerate(shuffled(rng, bounds, (0, 0.0, 0.9765625), between)):
        metrics.record_prediction("v7", TEAMS[number % 5], confidence)
        metrics.record_prediction("v8", rng.choice(TEAMS), 1 - confidence)
    return seen(metrics, "confidence_score")


# kills: no check, one behind the counter, one of the two ends only, clipping, 0 or 1 refused,
# another exception
@check(expect=REFERENCE, points=2, seeds=1, stage="validation")
def a_confidence_outside_zero_to_one_is_refused_and_leaves_no_trace(rng):
    """ValueError before anything is counted; 0 and 1 are inside."""
    metrics, ends = MLServiceMetrics(classes=TEAMS), []
    for confidence in shuffled(
        rng, [0, 1, rng.randrange(1, 64) / 128, 1 + 2.0**-20, -(2.0**-20), 64.0, -1, 2]
    ):
        # too much and too little do not make up for one another
        version = "v7" if confidence < 0.5 else "v8"
        ends.append(how_it_ends(metrics.record_prediction, version, rng.choice(TEAMS), confidence))
    ends.append(how_it_ends(metrics.record_prediction, "new", "urgent", 1.5))
    return [ends, totals(seen(metrics, *EVERYTHING))]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Show what is

A gauge shows what is now and may fall. `update_gpu_metrics({gpu_id: {"utilization_percent": …, "memory_used_bytes":
…}})` sets `…_gpu_utilization_percent{gpu_id}` and `…_gpu_memory_used_bytes{gpu_id}`; ids are texts or whole numbers.

`set_model_state(model_version, state)` sets `…_model_state{model_version}`, an `Enum` of `STATES`: in the exposition
it has a series for each state, labelled with the metric's own name; the version's present state has 1, the others 0.
An unknown state: `ValueError`, and nothing is recorded, **not even for a version that was never seen before**.

What one version or GPU does changes no other's series.

<details><summary>Hint 1 · an Enum</summary>

`Enum(name, help, labelnames, states=[…])`, then `.labels(…).state("ready")`. It sets the other states to 0 itself.

</details>
<details><summary>Hint 2 · who says "loading"?</summary>

`.labels("v9")` makes the series at once, in the first state. If `.state(…)` then refuses, v9 is exported as loading.
Look at the state first.

</details>
"""


# %%
@try_it
def a_model_that_has_loaded() -> dict[str, float]:
    metrics = MLServiceMetrics()
    metrics.update_gpu_metrics({"0": {"utilization_percent": 83.0, "memory_used_bytes": 17e9}})
    metrics.set_model_state("v8", "loading")
    metrics.set_model_state("v8", "ready")
    return series(metrics.registry)


# %% nbgrader={"grade_id": "metrics-state-checks", "grade": true}
@check(
    expect={
        'model_state{ml_inference_model_state="error",model_version="v8"}': 0.0,
        'model_state{ml_inference_model_state="loading",model_version="v8"}': 0.0,
        'model_state{ml_inference_model_state="ready",model_version="v8"}': 1.0,
    },
    points=1,
    stage="gauges",
)
def a_version_is_in_one_state_and_in_no_other():
    """One series for each state; the present one has 1."""
    metrics = MLServiceMetrics()
    metrics.set_model_state("v8", "loading")
    metrics.set_model_state("v8", "ready")
    return seen(metrics, "model_state")


### BEGIN HIDDEN TESTS
def gpus(rng, used, *ids):
    return {
        i: {"utilization_percent": used, "memory_used_bytes": rng.randrange(1, 99) * 2**27}
        for i in ids
    }


# kills: a state for the whole service, the first state kept, states left at 1
@check(expect=REFERENCE, points=2, seeds=2, stage="gauges")
def every_version_has_its_own_state(rng):
    """The last state that was set, for each version, whatever the order; the service's name is in the label."""
    told = []
    for service in ("ml_inference", f"router_{rng.randrange(10**6)}"):
        metrics = MLServiceMetrics(service)
        states = ("loading", "ready", "error")
        for version, state in shuffled(rng, ((v, s) for v in ("v6", "v7", "v8") for s in states)):
            metrics.set_model_state(version, state)
        told.append(seen(metrics, "model_state", service=service))
    return told


# kills: a KeyError, an unknown state taken, a child made before the check, the old state lost
@check(expect=REFERENCE, points=2, seeds=1, stage="validation")
def an_unknown_state_is_refused_and_leaves_no_trace(rng):
    """ValueError before the series is made; a version that has a state keeps it."""
    metrics, ends = MLServiceMetrics(), []
    ends.append(how_it_ends(metrics.set_model_state, "v7", rng.choice(["ready", "error"])))
    for state in shuffled(rng, ["Ready", "running", "", "ready ", "LOADING"]):
        ends.append(how_it_ends(metrics.set_model_state, rng.choice(["v7", "v8"]), state))
    ends.append(how_it_ends(metrics.set_model_state, "v8", rng.choice(["ready", "error"])))
    ends.append(how_it_ends(metrics.set_model_state, "new", "broken"))
    return [ends, totals(seen(metrics, *EVERYTHING))]


# kills: added up, swapped, as a share, the first reading kept, only the last GPU, zero skipped
@check(expect=REFERENCE, points=2, seeds=1, stage="gauges")
def gpu_gauges_show_the_last_reading(rng):
    """They rise and fall, and zero is a reading, too."""
    metrics, told = MLServiceMetrics(), []
    for used in [*rng.sample([12.5, 97.0], 2), 0, rng.randint(1, 9)]:
        metrics.update_gpu_metrics(gpus(rng, used, 0, 7, "GPU-6f"))
        told.append(seen(metrics, "gpu_utilization_percent", "gpu_memory_used_bytes"))
    return told


# kills: a gauge for a counter, a summary for a histogram
@check(expect=REFERENCE, points=2, seeds=1, stage="gauges")
def every_metric_has_its_name_and_type(rng):
    """Counters, histograms and gauges; in this text format a state is a gauge. Further metrics are yours to add."""
    service = f"ranker_{rng.randrange(10**6)}"
    metrics = MLServiceMetrics(service, classes=TEAMS)
    metrics.record_request("v7", 0.25)
    metrics.record_prediction("v7", "sales", 0.75)
    metrics.update_gpu_metrics(gpus(rng, 50.0, 0))
    metrics.set_model_state("v7", "ready")
    own = {
        f"{service}_{name}{part}"
        for name in EVERYTHING
        for part in ("", "_bucket", "_sum", "_count")
    }
    return {name: kind for name, kind in kinds(metrics.registry).items() if name in own}


def calls_of(metrics, rng, version):
    """Calls of every kind, good and bad, in random order; the last good state is not the first."""
    numbers = [
        (metrics.record_request, n, how)
        for n in (0.25, 0.75, 3.0, -1.0)
        for how in ("success", "error")
    ]
    numbers += [
        (metrics.record_prediction, name, n)
        for n in (0.75, 0, 2)
        for name in ("urgent", "sales", "a poem")
    ]
    for call, *given in shuffled(rng, numbers):
        yield lambda call=call, given=given: call(version, *given)
    for state in ("error", "loading", "gone", "ready", "gone"):
        yield lambda state=state: metrics.set_model_state(version, state)


# kills: a reset of all when one changes, a state or a class shared by versions, trouble that
# spreads
@check(expect=REFERENCE, points=2, seeds=1, stage="gauges")
def one_versions_trouble_changes_nothing_for_another(rng):
    """The small tenant's version keeps its series, whatever the large one's does."""
    metrics = MLServiceMetrics(classes=TEAMS[1:3])
    metrics.record_request("orchard-v2", rng.randrange(1, 99) / 64)
    for team in TEAMS[:2]:
        metrics.record_prediction("orchard-v2", team, rng.randrange(1, 99) / 128)
    metrics.set_model_state("orchard-v2", rng.choice(["ready", "error"]))
    for number, call in enumerate(calls_of(metrics, rng, "harbour-v9")):
        how_it_ends(call)
        metrics.record_prediction("harbour-v9", f"text {number}", 0.5)
    return {
        name: value
        for name, value in totals(seen(metrics, *EVERYTHING)).items()
        if "orchard-v2" in name
    }


# kills: whatever the others miss because their calls are all of one kind
@check(expect=REFERENCE, points=3, seeds=1, stage="gauges")
def any_mix_of_calls_reads_like_the_reference(rng):
    """Good and bad calls of every kind, of two versions in turn."""
    clock, service = ManualClock(), f"router_{rng.randrange(10**6)}"
    metrics = MLServiceMetrics(service, classes=TEAMS[1:3], clock=clock)
    for both in zip(calls_of(metrics, rng, "v7"), calls_of(metrics, rng, "v8"), strict=True):
        for call, version in zip(both, ("v7", "v8"), strict=True):
            how_it_ends(call)
            with contextlib.suppress(KeyError):
                tracked(
                    metrics,
                    clock,
                    version,
                    rng.randrange(1, 600, 2) / 128,
                    rng.choice([None, KeyError("no")]),
                )
    # trouble after the last good state: whatever it clears stays away
    for version in rng.sample(["v7", "v8"], 2):
        with contextlib.suppress(KeyError):
            tracked(metrics, clock, version, 0.25, KeyError("no"))
    metrics.update_gpu_metrics(gpus(rng, 12.5, 0, 1))
    return seen(metrics, *EVERYTHING, service=service)


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## Let Prometheus ask

Ten minutes of traffic go through your exporter. If Prometheus is installed here, one is started on this machine's
loopback interface, scrapes your exporter and answers in PromQL; that takes some five seconds, and afterwards nothing of
it is left. Without it the official parser reads the same text, and the answers are worked out from that.

Look at the second answer: a version without errors has no series to divide, so it is absent. Absent is not zero, and an
alert on it stays silent.
"""


# %%
def ten_minutes() -> MLServiceMetrics:
    """An exporter after 400 requests; v8 is new."""
    metrics, rng = MLServiceMetrics(classes=["billing", "sales", "urgent"]), random.Random(8)
    for _ in range(400):
        version = rng.choice(["v7", "v7", "v7", "v8"])
        failed = version == "v8" and rng.random() < 0.11
        metrics.record_request(
            version, rng.lognormvariate(-2.2, 0.7), "error" if failed else "success"
        )
        team = rng.choice(["billing", "sales", "urgent"])
        metrics.record_prediction(version, "a poem" if failed else team, rng.betavariate(9, 1))
    metrics.set_model_state("v7", "ready")
    metrics.set_model_state("v8", "error")
    return metrics


ask(ten_minutes)

# %% [markdown]
"""## What does a bucket know?

A histogram forgets every latency and keeps eight counts. `histogram_quantile` draws a straight line through the bucket
that holds the 95th percentile, as if its requests lay there evenly. Move the median slowly from 100 to 400 ms, then let
more requests wait for a cold model. Where is p95 off by most, and where does it hardly move although everything gets
slower?
"""


# %%
def an_hour(median: float, spread: float, slow: float) -> dict[str, Any]:
    metrics, took = MLServiceMetrics(), latencies(median / 1000, spread, slow / 100)
    for seconds in took:
        metrics.record_request("v8", seconds)
    return {
        "latencies": took,
        "buckets": buckets(metrics.registry, "ml_inference_request_duration_seconds"),
    }


explore(draw_quantile, data=an_hour, size=(9.0, 3.8),
        caption="Left: how many of 1,000 requests fall into each bucket. Right: inside the bucket of p95, the true "
        "share of requests below each latency (line, round mark) and the straight line that PromQL draws (square).",
        median=slider(20, 1500, 20, 120, "median latency, ms"), spread=slider(0.1, 1.2, 0.1, 0.5, "spread (sigma)"),
        slow=slider(0, 20, 1, 0, "requests behind a cold model, %"))  # fmt: skip

# %% [markdown]
"""## What would you trade?

"Our largest customers want a p95 of their own. We have 150,000 accounts, two model versions during a rollout and 20
pods. **May I add the label `account_id` to the latency histogram?**" Say what it costs in series, what you would build
instead, and what your answer loses. 150 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "metrics-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
**Model answer.** No. Seven bounds, infinity, sum and count make 10 series for each version; 150,000 accounts times 2
versions times 20 pods is 60 million series, most of them idle. Prometheus holds every active series in memory, so one
label takes the alerts of all teams down. I would keep the histogram by version (400 series) and add a label with few
values, such as plan or region: `tier="enterprise"` answers most questions. For the largest customers, an allowlist: the
top 50 accounts by name, all others as `other`, as with `predicted_class`. It comes from configuration, not from
requests, and its size is itself a metric with an alert. For single accounts I would look into logs or traces, which
carry `account_id` on every request, or let an exemplar lead from a bucket to a trace; there a p95 is a query over
events, slower and without alerts. The loss: an account outside of the list is invisible on dashboards until somebody
asks, and the list has to be kept. A summary would not help: its quantiles cannot be added up over pods.

**Rubric.** 1 point: multiplies the labels out (tens of millions, or 10 series for each combination). 1 point: says who
is hurt, the Prometheus that everybody shares. 1 point: a bounded alternative (tier, allowlist with `other`) plus a
place for single accounts (logs, traces, exemplars). 1 point: names what is lost.

*Weak* (1): "no, the Prometheus of all teams would fall over": says who is hurt, but multiplies nothing, and what
comes instead has no bound. *Good* (2–3): multiplies accounts, versions, pods and buckets to tens of millions of
series and says that all teams share that Prometheus. An alternative is named, but it is not bounded, has no place for
a single account, or its loss is left out. *Strong* (4): on top of that builds a bounded label (tier, or a list with
`other`) and sends single accounts to logs, traces or exemplars. It says what is lost: who is not on the list has no
dashboard and no alert.
### END SOLUTION"""

# %% [markdown]
"""## What you now know

A label value is a series, so whoever chooses the value chooses your bill: bound it at the door. Counters count events,
histograms keep shares by bound, gauges show what is now. Look at every argument before you touch the first metric.

**In practice** Put bounds where your objective is: with one at exactly 0.3 s the share below 300 ms is exact, whatever
the quantile says. Native histograms choose bounds themselves. GPU gauges usually come from the DCGM exporter. Counters
restart at 0 with the process; `rate()` knows. Decide whether a cancelled request is an error, and say so in the help.

**Asked next** (weights of the drift question and of multi-tenant design)

- How does drift get into Prometheus, and as which kind of metric? (detection strategy, 30 %)
<details><summary>An answer</summary>

A job compares each window with the training bins and exposes the result as a gauge, one for each watched feature and
version. Or the service counts its values in counters by bin, which can be added over pods, and a recording rule does
the comparison.

</details>

- Which of these metrics pages somebody, which rolls a model back by itself? (response automation, 25 %)
<details><summary>An answer</summary>

The error ratio and the p99 of the new version beside the stable one may roll it back, because the old one is known to
do better at that same moment. A queue that grows under both versions pages somebody, and drift of one input is a
ticket for the day: the old version meets the same load and the same data.

</details>

- All is green and customers click less. Which metric is missing? (business impact, 25 %)
<details><summary>An answer</summary>

The reaction of the user is missing: what was shown and what was clicked, by version and position. Each prediction
carries an id that the click repeats, so quality stands as a ratio on the same dashboard.

</details>

- One tenant causes more than half of the errors. Who sees it, and where? (tenant isolation, 20 %)
<details><summary>An answer</summary>

The engineer on call sees it in an alert on the largest share that one tenant has, and support talks to that tenant.
The names come from logs or a top-k sketch, as a label for each of 150,000 tenants would break the metrics.

</details>
"""
