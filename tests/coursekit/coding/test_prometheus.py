"""What a real Prometheus scrapes is what the official parser reads, and nothing of it is left
behind.

With Debian's package (`apt-get install prometheus`) one is started; without it the tests that need
it say so, and in CI they fail.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

from coursekit import ManualClock
from coursekit.coding import prometheus
from coursekit.coding.prometheus import (
    PATIENCE,
    QUESTIONS,
    Prometheus,
    Unavailable,
    agree,
    ask,
    buckets,
    histogram_quantile,
    kinds,
    named,
    samples,
    scraping,
    series,
    why_not,
)
from tests.bank import answers, read
from tests.sample import only_whole

KEY = "02_coding/05_export_metrics"
MISSING = why_not()
SHARES = (0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0)

real = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING)


def in_ci() -> None:
    """CI has a Prometheus, so a test that misses it fails there."""
    if MISSING:
        pytest.fail(MISSING)


def designs() -> dict[str, Any]:
    """The lesson's solution and every right answer of the bank: a class each, by a name that a
    service could have.
    """
    lesson = read(KEY)
    found = {"ml_inference": lesson.namespace["MLServiceMetrics"]}
    for answer in (a for a in answers(KEY) if a.is_right):
        names = {
            n: lesson.namespace[n] for n in ("LATENCY_BUCKETS", "CONFIDENCE_BUCKETS", "STATES")
        }
        exec(compile(answer.text, str(answer.path), "exec"), names)
        found[answer.path.stem] = names["MLServiceMetrics"]
    return found


def busy(metrics: Any, clock: ManualClock, seed: int) -> None:
    """A while of every kind of call, bad ones too."""
    rng = random.Random(seed)
    versions = ["v7", "v8", 'v"9', "v\\10", "v\n11", "Größe, 漢字"]
    for _ in range(200):
        version = rng.choice(versions)
        with contextlib.suppress(ValueError):
            metrics.record_request(
                version, rng.lognormvariate(-1.5, 1.4) - 0.01, rng.choice(["success", "error"])
            )
        with contextlib.suppress(ValueError):
            metrics.record_prediction(
                version, rng.choice(["urgent", "sales", "a poem"]), rng.uniform(0, 1.05)
            )
        with contextlib.suppress(ValueError):
            metrics.set_model_state(version, rng.choice(["loading", "ready", "error", "gone"]))
        with contextlib.suppress(KeyError), metrics.track(version):
            clock.advance(rng.random())
            if rng.random() < 0.1:
                raise KeyError("a feature")
    for gpu in range(4):
        metrics.update_gpu_metrics(
            {gpu: {"utilization_percent": 25.0 * gpu, "memory_used_bytes": 17e9 + gpu}}
        )


@pytest.fixture(scope="module")
def registry() -> CollectorRegistry:
    """All designs together in one registry, each a service of its own name."""
    shared = CollectorRegistry()
    for seed, (name, design) in enumerate(designs().items()):
        clock = ManualClock()
        busy(design(name, registry=shared, classes=["urgent", "sales"], clock=clock), clock, seed)
    return shared


@pytest.fixture(scope="module")
def running(registry: CollectorRegistry) -> Iterator[Prometheus]:
    in_ci()
    with scraping(registry) as found:
        yield found


# --------------------------------------------------------------------------------------- the parser


def test_labels_are_read_as_they_were_written() -> None:
    registry, odd = CollectorRegistry(), 'a "b"\\n\n{c="d"} 7'
    Counter("seen_total", "Help.", ["what"], registry=registry).labels(odd).inc(3)
    assert [sample.labels for sample in samples(registry)] == [{"what": odd}]
    assert series(registry) == {'seen_total{what="a \\"b\\"\\\\n\\n{c=\\"d\\"} 7"}': 3.0}


def test_only_the_metrics_that_are_named_are_read() -> None:
    registry = CollectorRegistry()
    Counter("a_total", "Help.", registry=registry).inc()
    Histogram("a", "Help.", buckets=[1], registry=None).observe(1)
    Histogram("ab", "Help.", buckets=[1], registry=registry).observe(0.5)
    assert series(registry, "a", "a_total") == {"a_total": 1.0}
    assert set(series(registry, "ab")) == {
        'ab_bucket{le="1.0"}',
        'ab_bucket{le="+Inf"}',
        "ab_count",
        "ab_sum",
    }
    assert kinds(registry) == {
        "a_total": "counter", "ab_bucket": "histogram", "ab_count": "histogram", "ab_sum": "histogram",
    }  # fmt: skip


def test_what_has_not_happened_yet_is_left_out_but_a_gauge_at_zero_is_not() -> None:
    registry = CollectorRegistry()
    Counter("requests_total", "Help.", ["status"], registry=registry).labels("error")
    took = Histogram("took", "Help.", ["version"], buckets=[1], registry=registry)
    took.labels("v7")
    took.labels("v8").observe(0)
    Gauge("used", "Help.", registry=registry)
    assert series(registry) == {
        'took_bucket{le="1.0",version="v8"}': 1.0, 'took_bucket{le="+Inf",version="v8"}': 1.0,
        'took_count{version="v8"}': 1.0, 'took_sum{version="v8"}': 0.0, "used": 0.0,
    }  # fmt: skip


def test_a_series_that_stands_there_twice_is_refused() -> None:
    class Doubled:
        def collect(self) -> Iterator[GaugeMetricFamily]:
            family = GaugeMetricFamily("used", "Help.", labels=["gpu_id"])
            family.add_metric(["0"], 1)
            family.add_metric(["0"], 2)
            yield family

    with pytest.raises(ValueError, match=r'used\{gpu_id="0"\} twice'):
        series(Doubled())


# --------------------------------------------------------------------------------------- quantiles


def test_a_quantile_lies_on_a_straight_line_through_its_bucket() -> None:
    counts = {"0.1": 10.0, "0.5": 30.0, "+Inf": 40.0}
    assert histogram_quantile(0.5, counts) == pytest.approx(0.3)
    assert histogram_quantile(0.125, counts) == pytest.approx(0.05)
    assert histogram_quantile(0.99, counts) == 0.5  # the last bucket has no upper end
    assert math.isnan(histogram_quantile(0.95, {"0.1": 0.0, "+Inf": 0.0}))
    assert math.isnan(histogram_quantile(0.95, {"+Inf": 5.0}))


@real
def test_quantiles_are_those_of_promql(running: Prometheus, registry: CollectorRegistry) -> None:
    for name in ("request_duration_seconds", "confidence_score"):
        counts = buckets(registry, f"ml_inference_{name}")
        for share in SHARES:
            said = running.query(
                f"histogram_quantile({share}, sum by (le) (ml_inference_{name}_bucket))"
            )
            assert agree(said, {"": histogram_quantile(share, counts)}), (name, share)


# ------------------------------------------------------------------------------------ a real scrape


@real
def test_a_real_scrape_agrees_with_the_parsed_exposition(
    running: Prometheus, registry: CollectorRegistry
) -> None:
    parsed = {named(s.name, s.labels): s.value for s in samples(registry)}
    scraped = running.scraped()
    assert scraped == parsed
    for name in designs():
        assert sum(series.startswith(f"{name}_") for series in scraped) > 100


@real
def test_promql_over_http_answers_what_is_worked_out_from_the_samples(
    running: Prometheus, registry: CollectorRegistry
) -> None:
    told = samples(registry)
    for question in QUESTIONS:
        answer = running.query(question.promql)
        assert answer, question
        assert agree(answer, question.work_out(told)), question


@real
def test_a_question_about_nothing_has_no_answer_either_way() -> None:
    in_ci()
    empty = CollectorRegistry()
    with scraping(empty) as running:
        for question in QUESTIONS:
            assert running.query(question.promql) == question.work_out(samples(empty)) == {}


@real
def test_a_query_that_cannot_be_read_is_a_value_error(running: Prometheus) -> None:
    assert running.query("1 + 1") == {"": 2.0}
    with pytest.raises(ValueError, match="parse error"):
        running.query("sum by (")


# ---------------------------------------------------------------------------------- nothing is left


def refuses(url: str) -> bool:
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            url, timeout=PATIENCE
        ).close()
    except urllib.error.HTTPError as answer:
        answer.close()
        return False
    except OSError:
        return True
    return False


@real
def test_nothing_is_left_when_the_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_ci()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with contextlib.suppress(KeyboardInterrupt), scraping(CollectorRegistry()) as running:
        assert list(tmp_path.iterdir())
        assert not refuses(running.url)
        assert not refuses(f"http://{running.exporter}/metrics")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    assert refuses(running.url)
    assert refuses(f"http://{running.exporter}/metrics")


@real
@only_whole
def test_nothing_is_left_when_the_kernel_is_killed(tmp_path: Path) -> None:
    in_ci()
    code = """
from prometheus_client import CollectorRegistry
from coursekit.coding.prometheus import scraping
with scraping(CollectorRegistry()) as running:
    print(running.url, flush=True)
    input()
"""
    env = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
    ) as kernel:
        assert kernel.stdout
        url = kernel.stdout.readline().strip()
        assert not refuses(url)
        kernel.send_signal(signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while list(tmp_path.iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not list(tmp_path.iterdir())
    assert refuses(url)


# ------------------------------------------------------------------------------ where there is none


def test_without_the_binary_the_reason_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt install prometheus" in why_not()
    with pytest.raises(Unavailable, match="apt install"), scraping(CollectorRegistry()):
        pass


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_not_asked_for_one(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", system)
    assert why_not() == "A Prometheus is started on Linux only."


@pytest.mark.skipif(sys.platform != "linux", reason="a Prometheus is started on Linux only")
def test_one_that_ends_at_once_is_told_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "prometheus"
    broken.write_text("#!/bin/sh\necho no disk left >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(Unavailable, match="no disk left"), scraping(CollectorRegistry()):
        pass


# ------------------------------------------------------------------------------------ in a notebook


class Exporter:
    def __init__(self, registry: Any) -> None:
        self.registry = registry


def test_a_script_is_answered_by_the_parser(
    registry: CollectorRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(lambda: Exporter(registry))
    told = capsys.readouterr().out
    assert told.startswith(
        "No Prometheus is started for a script or a grader. The official parser read your exposition."
    )
    for question in QUESTIONS:
        assert question.words in told
        assert question.promql in told


def test_nbgraders_kernel_is_told_the_same_as_the_graders_box(
    registry: CollectorRegistry, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(lambda: Exporter(registry))
    in_the_box = capsys.readouterr().out
    monkeypatch.setattr(prometheus, "in_kernel", lambda: True)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    ask(lambda: Exporter(registry))
    assert capsys.readouterr().out == in_the_box


def test_a_kernel_without_prometheus_says_so_and_answers(
    registry: CollectorRegistry, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prometheus, "in_kernel", lambda: True)
    monkeypatch.setattr("sys.platform", "win32")
    ask(lambda: Exporter(registry))
    told = capsys.readouterr().out
    assert told.startswith(
        "A Prometheus is started on Linux only. The official parser read your exposition."
    )
    assert QUESTIONS[0].words in told


@pytest.mark.parametrize("broken", [NotImplementedError("not yet"), ValueError("twice")])
def test_an_exporter_that_does_not_answer_is_told_in_a_sentence(
    broken: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    def exporter() -> Any:
        raise broken

    ask(exporter)
    told = capsys.readouterr().out
    assert told.startswith("Prometheus is asked once your exporter answers.")
    assert told.count("\n") == 1


@real
def test_a_learners_kernel_starts_one_and_shows_its_answers() -> None:
    in_ci()
    setup = (
        "from prometheus_client import CollectorRegistry, Counter\n"
        "from coursekit.coding.prometheus import ask\n"
        "class Exporter:\n"
        "    registry = CollectorRegistry()\n"
        "Counter('ml_inference_requests_total', 'Help.', ['model_version'], registry=Exporter.registry)"
        ".labels('v8').inc(7)\n"
        "ask(Exporter)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(setup)])
    NotebookClient(notebook, timeout=2 * int(PATIENCE), kernel_name="python3").execute()
    told = "".join(output["text"] for output in notebook.cells[0].outputs)
    assert "and answered over HTTP. The official parser agrees." in told.splitlines()[0]
    assert '{model_version="v8"}  7' in told
