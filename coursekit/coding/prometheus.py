"""What Prometheus learns from an exporter: a real one scrapes it where there is one, else the
official parser reads it.

`series` is what checks look at: the exposition through `prometheus_client`'s own parser. `scraping`
starts a Prometheus (Debian: `apt install prometheus`) on a free port of the loopback interface,
with its configuration and storage in a temporary folder, and leaves nothing behind. `ask` puts
`QUESTIONS` to either of them. `draw_quantile` shows how far `histogram_quantile` is from the
latencies that went into the buckets.
"""

from __future__ import annotations

import bisect
import contextlib
import functools
import json
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import generate_latest, start_http_server
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from coursekit.attempt import in_a_sentence
from coursekit.checks import collecting, shorten
from coursekit.plots import bars, label_axes, legend, round_ticks
from coursekit.where import in_kernel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Series = dict[str, float]  # {'requests_total{model_version="v8",status="error"}': 3.0}
Seconds = float

LOOPBACK = "127.0.0.1"
SCRAPE_INTERVAL = "1s"
PATIENCE = 60.0  # seconds for Prometheus to start and to scrape once
PARTS = ("", "_bucket", "_sum", "_count")  # what the samples of a metric add to its name
BLUE, ORANGE, GREY = "#1b6ca8", "#b35c00", "#dfe8f3"
SLOW = 1.4  # seconds that a request behind a cold model takes, about
REQUESTS = 1000


# ------------------------------------------------------------------------------ the official parser


def samples(registry: Any) -> list[Sample]:
    """Every sample of the exposition, as the official parser reads it; those that tell when a
    metric began left out.

    Raises:
        ValueError: the parser refuses the text, or a series stands there twice, which Prometheus
            drops.
    """
    return [sample for family in _families(registry) for sample in family.samples]


def series(registry: Any, *names: str) -> Series:
    """The samples of some metrics (all if none is named) by name and labels.

    Counters that are still zero and histograms without an observation are left out: whether a known
    label value is exported before it is first used is free.

    Raises:
        ValueError: as `samples` does.
    """
    found: Series = {}
    for family in _families(registry, names):
        told = family.samples
        if family.type == "counter":
            told = [s for s in told if s.value != 0]
        if family.type == "histogram":
            busy = {_labels(s) for s in told if s.name.endswith("_count") and s.value != 0}
            told = [s for s in told if _labels(s) in busy]
        found |= {named(s.name, s.labels): float(s.value) for s in told}
    return found


def kinds(registry: Any) -> dict[str, str]:
    """The type of the metric that each sample belongs to, by the sample's name."""
    return {sample.name: family.type for family in _families(registry) for sample in family.samples}


def buckets(registry: Any, name: str) -> Series:
    """The cumulated counts of a histogram without further labels or summed over them, by upper
    bound ("+Inf" last).
    """
    counts: Series = {}
    for family in _families(registry, [name]):
        for sample in family.samples:
            if sample.name == name + "_bucket":
                counts[sample.labels["le"]] = counts.get(sample.labels["le"], 0.0) + sample.value
    return counts


def named(name: str, labels: Mapping[str, str]) -> str:
    """A series as Prometheus writes it, its labels in alphabetical order."""
    inside = ",".join(f"{label}={_quoted(value)}" for label, value in sorted(labels.items()))
    return f"{name}{{{inside}}}" if inside else name


def _quoted(value: str) -> str:
    text = value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'"{text}"'


def _families(registry: Any, names: Collection[str] = ()) -> list[Any]:
    """What the official parser makes of the exposition, or of the lines about metrics of these
    names.
    """
    wanted = {name + part for name in names for part in PARTS}
    lines = generate_latest(registry).decode("utf-8").split("\n")
    text = "\n".join(
        line for line in lines if _about(line) in wanted or (not names and not _tells_age(line))
    )
    families = list(text_string_to_metric_families(text + "\n"))
    twice = Counter(
        (s.name, frozenset(s.labels.items())) for family in families for s in family.samples
    )
    if len(twice) < twice.total():
        (name, labels), _ = twice.most_common(1)[0]
        raise ValueError(f"the exposition has {named(name, dict(labels))} twice")
    return families


def _about(line: str) -> str:
    """The name of the metric or sample that a line of an exposition is about."""
    return line.split(" ", 3)[2] if line.startswith("# ") else line.split("{")[0].split(" ")[0]


def _tells_age(line: str) -> bool:
    """Whether the line says when a metric began."""
    return _about(line).endswith("_created")


def _labels(sample: Sample) -> frozenset[tuple[str, str]]:
    return frozenset((label, value) for label, value in sample.labels.items() if label != "le")


# ------------------------------------------------------------------------------------------- PromQL


def histogram_quantile(share: float, counts: Mapping[str, float]) -> float:
    """What PromQL's function of that name says: a straight line within the bucket that holds the
    quantile.

    A quantile in the last bucket is given as the highest bound but infinity. NaN without
    observations.

    Args:
        share: of the observations, 0 to 1.
        counts: cumulated, by upper bound; "+Inf" has them all.

    Source: Prometheus, `promql/quantile.go` (`bucketQuantile`).
    """
    rising = sorted((float(bound), count) for bound, count in counts.items())
    if len(rising) < 2 or not math.isinf(rising[-1][0]) or rising[-1][1] == 0:
        return math.nan
    rank = share * rising[-1][1]
    at = next((n for n, (_, count) in enumerate(rising[:-1]) if count >= rank), len(rising) - 1)
    if at == len(rising) - 1:
        return rising[-2][0]
    end, below_end = rising[at]
    start, below_start = rising[at - 1] if at else (0.0, 0.0)
    inside = below_end - below_start
    return start + (end - start) * (rank - below_start) / inside if inside else math.nan


@dataclass(frozen=True)
class Question:
    """Something that is asked of a scraped service, in words and in PromQL; `work_out` answers it
    from the samples.
    """

    words: str
    promql: str
    work_out: Callable[[Sequence[Sample]], Series]


def _sums(told: Iterable[Sample], *by: str) -> Series:
    """`sum by (…)`."""
    sums: Series = {}
    for sample in told:
        group = named("", {label: sample.labels[label] for label in by})
        sums[group] = sums.get(group, 0.0) + sample.value
    return sums


def _of(told: Iterable[Sample], name: str, **labels: str) -> list[Sample]:
    wanted = labels.items()
    return [s for s in told if s.name == f"ml_inference_{name}" and wanted <= s.labels.items()]


def _shares(parts: Series, wholes: Series) -> Series:
    """`/`: only what stands on both sides is divided."""
    return {group: part / wholes[group] for group, part in parts.items() if group in wholes}


def _p95(told: Sequence[Sample]) -> Series:
    counts: Series = {}
    for sample in _of(told, "request_duration_seconds_bucket"):
        counts[sample.labels["le"]] = counts.get(sample.labels["le"], 0.0) + sample.value
    return {"": histogram_quantile(0.95, counts)} if counts else {}


def _not_ready(told: Sequence[Sample]) -> Series:
    states = [
        s for s in _of(told, "model_state") if s.labels["ml_inference_model_state"] != "ready"
    ]
    return {named(s.name, s.labels): s.value for s in states if s.value == 1}


QUESTIONS = (
    Question(
        "How many requests did each version take?",
        "sum by (model_version) (ml_inference_requests_total)",
        lambda told: _sums(_of(told, "requests_total"), "model_version"),
    ),
    Question(
        "Which share of them failed?",
        'sum by (model_version) (ml_inference_requests_total{status="error"})'
        " / sum by (model_version) (ml_inference_requests_total)",
        lambda told: _shares(
            _sums(_of(told, "requests_total", status="error"), "model_version"),
            _sums(_of(told, "requests_total"), "model_version"),
        ),
    ),
    Question(
        "Within how many seconds did 95 % of them end?",
        "histogram_quantile(0.95, sum by (le) (ml_inference_request_duration_seconds_bucket))",
        _p95,
    ),
    Question(
        "Which share of the predictions is outside the known classes?",
        'sum(ml_inference_predictions_total{predicted_class="other"})'
        " / sum(ml_inference_predictions_total)",
        lambda told: _shares(
            _sums(_of(told, "predictions_total", predicted_class="other")),
            _sums(_of(told, "predictions_total")),
        ),
    ),
    Question(
        "Which version is not ready?",
        'ml_inference_model_state{ml_inference_model_state!="ready"} == 1',
        _not_ready,
    ),
)


# -------------------------------------------------------------------------------- a real Prometheus


class Unavailable(RuntimeError):
    """There is no Prometheus to ask; the message says why."""


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus that has scraped one exporter.

    Attributes:
        version: "2.42.0", for example.
        url: of its HTTP API.
        exporter: host and port that it scrapes.
        scraped_at: when it did so first, in Unix seconds; queries are about that time, whatever
            later scrapes bring.
    """

    version: str
    url: str
    exporter: str
    scraped_at: float

    def query(self, promql: str) -> Series:
        """The answer to an instant query, by series; the labels that Prometheus added to tell
        targets apart left out.

        Raises:
            ValueError: Prometheus cannot read the query.
            OSError: it does not answer.
        """
        data = _asked(self.url, promql, time=f"{self.scraped_at:.3f}")
        if data["resultType"] == "scalar":
            return {"": float(data["result"][1])}
        return {_outside(row["metric"]): float(row["value"][1]) for row in data["result"]}

    def scraped(self) -> Series:
        """Every sample of the exporter's, as Prometheus stored it."""
        stored = self.query('{job="exporter"}').items()
        own = ("up", "scrape_")  # what Prometheus adds about the scrape itself
        return {
            name: value
            for name, value in stored
            if not name.startswith(own) and "_created" not in name
        }


def _asked(url: str, promql: str, **more: str) -> Any:
    address = f"{url}/api/v1/query?{urllib.parse.urlencode({'query': promql, **more})}"
    try:
        with _opener().open(address, timeout=PATIENCE) as reply:
            return json.load(reply)["data"]
    except urllib.error.HTTPError as refusal:
        with refusal:
            told = refusal.read().decode("utf-8", "replace")
        raise ValueError(f"Prometheus refused {promql!r}: {shorten(told, 300)}") from None


def _outside(labels: Mapping[str, str]) -> str:
    own = ("__name__", "instance", "job")
    return named(
        labels.get("__name__", ""),
        {label: value for label, value in labels.items() if label not in own},
    )


def why_not() -> str:
    """Why no Prometheus can be started here, as a sentence; empty when there is one."""
    if sys.platform != "linux":
        return "A Prometheus is started on Linux only."
    if shutil.which("prometheus") is None:
        return "No Prometheus is installed here (on Debian and Ubuntu: apt install prometheus)."
    return ""


@contextlib.contextmanager
def scraping(registry: Any) -> Iterator[Prometheus]:
    """A Prometheus that has scraped `registry` once, and goes on; at the end of the block all of it
    is gone.

    Should this process be killed, a watcher ends Prometheus and removes its folder.

    Raises:
        Unavailable: there is none, or it did not come up.
    """
    if why_not():
        raise Unavailable(why_not())
    with contextlib.ExitStack() as stack:
        try:
            exporter = stack.enter_context(_serving(registry))
            told = stack.enter_context(_started(exporter))
        except OSError as error:
            raise Unavailable(f"Prometheus could not be started: {error}.") from None
        yield told


@contextlib.contextmanager
def _serving(registry: Any) -> Iterator[str]:
    server, thread = start_http_server(0, addr=LOOPBACK, registry=registry)
    try:
        yield f"{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def _started(exporter: str) -> Iterator[Prometheus]:
    with tempfile.TemporaryDirectory(prefix="prometheus-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), _free_port()
        every = {"scrape_interval": SCRAPE_INTERVAL, "scrape_timeout": SCRAPE_INTERVAL}
        jobs = [{"job_name": "exporter", "static_configs": [{"targets": [exporter]}]}]
        config = folder / "prometheus.yml"
        # JSON is YAML
        config.write_text(json.dumps({"global": every, "scrape_configs": jobs}), encoding="utf-8")
        options = {
            "config.file": config,
            "storage.tsdb.path": folder / "data",
            "storage.tsdb.wal-segment-size": "10MB",
            "web.listen-address": f"{LOOPBACK}:{port}",
            "log.level": "warn",
        }
        command = ["prometheus", *(f"--{option}={value}" for option, value in options.items())]
        with (
            _log(folder) as log,
            _process(command, stdin=subprocess.DEVNULL, stderr=log) as process,
        ):
            kill = [
                "sh",
                "-c",
                'read -r _; kill -9 "$0"; sleep 1; rm -rf "$1"',
                str(process.pid),
                name,
            ]
            with _process(kill, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL):
                yield _ready(process, f"http://{LOOPBACK}:{port}", exporter, folder)


@contextlib.contextmanager
def _process(command: Sequence[str], **pipes: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, **pipes)
    try:
        yield process
    finally:
        process.kill()  # nobody needs what it stored
        if process.stdin:
            process.stdin.close()
        process.wait()


def _log(folder: Path) -> Any:
    return (folder / "log").open("wb")


def _ready(process: subprocess.Popen[bytes], url: str, exporter: str, folder: Path) -> Prometheus:
    """Once a scrape is stored."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            scrapes = [
                scrape for row in _asked(url, "up[1m]")["result"] for scrape in row["values"]
            ]
            for when, is_up in scrapes:
                if is_up == "1":
                    return Prometheus(_version(url), url, exporter, float(when))
        time.sleep(0.02)
    told = (folder / "log").read_text("utf-8", "replace").strip().splitlines()
    raise OSError(
        f"it has not scraped {exporter}" if process.poll() is None else f"it ended: {told[-1:]}"
    )


def _version(url: str) -> str:
    with _opener().open(f"{url}/api/v1/status/buildinfo", timeout=PATIENCE) as reply:
        return str(json.load(reply)["data"]["version"])


def _opener() -> urllib.request.OpenerDirector:
    # no proxy knows this machine's loopback
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


# ------------------------------------------------------------------------------------ in a notebook


def ask(exporter: Callable[[], Any], questions: Sequence[Question] = QUESTIONS) -> None:
    """Print what Prometheus answers about `exporter().registry`, and say who answered.

    In a notebook's kernel where Prometheus is installed, it scrapes and answers over HTTP.
    Elsewhere, and while nbgrader grades, the official parser reads the same text and the answers
    are worked out from its samples. An exporter that is not written yet is told in a sentence.
    """
    if collecting():
        return
    try:
        registry = exporter().registry
        told = samples(registry)
    except Exception as error:
        print(f"Prometheus is asked once your exporter answers. {in_a_sentence(error)}")
        return
    answers = {question: question.work_out(told) for question in questions}
    who = "The official parser read your exposition."
    reason = (
        why_not() if _somebody_waits() else "No Prometheus is started for a script or a grader."
    )
    if not reason:
        try:
            with scraping(registry) as prometheus:
                by_parser, answers = (
                    answers,
                    {question: prometheus.query(question.promql) for question in questions},
                )
                who = (
                    f"Prometheus {prometheus.version} scraped {prometheus.exporter} "
                    "and answered over HTTP."
                )
            who += (
                " The official parser agrees."
                if agree(answers, by_parser)
                else " The official parser differs!"
            )
        except (Unavailable, OSError, ValueError) as error:
            reason = str(error)
    print(f"{reason} {who}".strip())
    for question, answer in answers.items():
        print(f"\n{question.words}\n  {question.promql}")
        for name, value in sorted(answer.items()):
            print(f"  {name or '{}'}  {value:g}")
        if not answer:
            print("  no series")


def _somebody_waits() -> bool:
    """Whether a kernel runs this for a person; nbgrader's sets the variable."""
    return in_kernel() and not os.environ.get("NBGRADER_EXECUTION")


def agree(one: Any, other: Any) -> bool:
    """Whether two answers are equal up to the last digits of their numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(agree(one[name], other[name]) for name in one)
    return math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))


# ---------------------------------------------------------------------------------------- a picture


@functools.lru_cache(maxsize=64)
def latencies(median: Seconds, spread: float, slow: float) -> list[Seconds]:
    """A thousand latencies: log-normal around `median`, and a share `slow` that waits for a cold
    model.

    Drawn evenly from the distributions, not at random, so that the picture moves only with its
    sliders.

    Args:
        spread: standard deviation of the logarithm.
        slow: share of the requests, 0 to 1.
    """
    late = round(slow * REQUESTS)

    def drawn(count: int, middle: Seconds, width: float) -> list[Seconds]:
        bell = statistics.NormalDist(math.log(middle), width) if width else None
        return [math.exp(bell.inv_cdf((n + 0.5) / count)) if bell else middle for n in range(count)]

    return [*drawn(REQUESTS - late, median, spread), *drawn(late, SLOW, 0.12)]


def draw_quantile(figure: Figure, seen: Mapping[str, Any], **_sliders: float) -> None:
    """Bars for the buckets; beside them the bucket of the 95th percentile enlarged, a straight line
    against the truth.

    Args:
        seen: "latencies", in seconds, and "buckets", the cumulated counts by upper bound.
    """
    took, counts = sorted(seen["latencies"]), seen["buckets"]
    bounds = sorted(counts, key=float)
    true = took[math.ceil(0.95 * len(took)) - 1]
    said = histogram_quantile(0.95, counts)
    off = 100 * (said / true - 1)
    words = "too high" if off >= 0 else "too low"
    figure.text(
        0.01, 0.94, fontsize=11, fontweight="bold",
        s=f"p95: true {_time(true)}, histogram_quantile {_time(said)}, {abs(off):.0f} % {words}",
    )  # fmt: skip
    at = next(
        (n for n, bound in enumerate(bounds) if counts[bound] >= 0.95 * counts["+Inf"]),
        len(bounds) - 1,
    )
    _draw_buckets(
        figure.add_axes((0.06, 0.17, 0.4, 0.6)), [counts[bound] for bound in bounds], bounds, at
    )
    low = float(bounds[at - 1]) if at else 0.0
    high = float(bounds[at])
    _draw_inside(figure.add_axes((0.56, 0.17, 0.42, 0.6)), took, counts, (low, high), true, said)


def _draw_buckets(axes: Axes, cumulated: Sequence[float], bounds: Sequence[str], at: int) -> None:
    total = cumulated[-1]
    parts = [
        100 * (now - before) / total
        for before, now in zip([0.0, *cumulated], cumulated, strict=False)
    ]
    top = 1.15 * max(parts)
    colours = [BLUE if n == at else GREY for n in range(len(parts))]
    boxes = [(n - 0.47, 0.0, 0.94, part) for n, part in enumerate(parts)]
    bars(axes, boxes, facecolors=colours, edgecolors="black", linewidths=0.6)
    axes.set(xlim=(-0.6, len(parts) - 0.4), ylim=(0, top))
    places = {n + 0.5: f"{float(bound):g}" for n, bound in enumerate(bounds[:-1])}
    label_axes(
        axes,
        places,
        round_ticks(top),
        "bucket bounds, seconds",
        "% of requests in each bucket",
        grid=False,
    )
    axes.text(
        at, parts[at] + 0.02 * top, "p95", ha="center", va="bottom", fontsize=9, weight="bold"
    )


def _draw_inside(
    axes: Axes,
    took: Sequence[Seconds],
    counts: Series,
    bucket: tuple[Seconds, Seconds],
    true: Seconds,
    said: Seconds,
) -> None:
    low, high = bucket
    total = counts["+Inf"]
    below = {float(bound): 100 * count / total for bound, count in counts.items()} | {0.0: 0.0}
    start, is_open = below[low], math.isinf(high)
    right = max(took[-1], 1.2 * low) if is_open else high
    xs = [low + (right - low) * n / 60 for n in range(-7, 68)]
    truth: dict[str, Any] = {"color": ORANGE, "linewidth": 2}
    line: dict[str, Any] = {"color": BLUE, "linewidth": 2, "linestyle": "--"}
    axes.plot(xs, [100 * bisect.bisect(took, x) / len(took) for x in xs], **truth)
    axes.plot([low, low if is_open else high], [start, start if is_open else below[high]], **line)
    axes.axhline(95, color="black", linewidth=0.8, linestyle=":")
    for at, mark, colour in ((true, "o", ORANGE), (said, "s", BLUE)):
        axes.plot([at], [95], mark, color=colour, markersize=7, markeredgecolor="black")
    axes.set(xlim=(xs[0], xs[-1]), ylim=(min(start, 90.0) - 2, 102))
    up = (
        {95.0: "95 %"}
        | ({start: f"{start:.0f} %"} if start < 92 else {})
        | ({100.0: "100 %"} if start > 60 else {})
    )
    label_axes(
        axes,
        {low: _time(low), right: "longest" if is_open else _time(high)},
        up,
        "the bucket of p95",
    )
    legend(axes, {"true share below": truth, "what PromQL assumes": line}, 0.02, 0.34)


def _time(seconds: Seconds) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 0.995 else f"{seconds:.3g} s"
