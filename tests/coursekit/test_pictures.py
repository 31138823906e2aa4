"""The pay-off pictures stay whole wherever the sliders stand: nothing makes room for a text that
sticks out.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from coursekit import explore, plots, slider
from coursekit.coding.activities import DELAYS, draw_skew
from coursekit.coding.gpu import LoadReport, plot_trade_off, trade_off
from coursekit.coding.logs import draw_report
from coursekit.coding.outages import FATES, draw_outage
from coursekit.coding.predictions import draw_key_designs
from coursekit.coding.prometheus import draw_quantile, latencies
from coursekit.coding.rollout import STAGES, Reading, Stage, Timeline, draw_rollout
from coursekit.coding.routing import HandOver, ModuloRouter, draw_hand_over, hand_over
from coursekit.coding.traces import Replay, hit_rates, plot_hit_rates
from coursekit.coding.traffic import FixedWindow, compare, draw_limits
from coursekit.mlops.drift import DAYS, draw_timeline
from coursekit.mlops.experiments import EXPERIMENTS, USERS, draw_looks
from coursekit.mlops.production import (
    Scored,
    baseline_week,
    draw_drift,
    production_day,
    psi_elsewhere,
)
from coursekit.mlops.registries import DEPLOYS, Stages, Story, draw_stories
from coursekit.mlops.training import draw_shifts, variants
from coursekit.plots import bars, label_axes, round_ticks

Draw = Callable[[Figure], None]

# panel titles
MLFLOW = ("MLflow 3.17.2: stages, as called by default", "MLflow 3.17.2: one alias, moved by hand")


def cut_off(draw: Draw, size: tuple[float, float]) -> list[str]:
    """The texts of a picture that stand partly outside of it."""
    figure = Figure(figsize=size, dpi=96)
    canvas = FigureCanvasAgg(figure)
    draw(figure)
    canvas.draw()
    inside = figure.bbox.padded(1)
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]
    shown = [
        (text.get_text(), text.get_window_extent())
        for text in texts
        if not _is_a_tick(text, figure)
    ]
    assert shown
    return [
        words
        for words, box in shown
        if not (inside.contains(box.x0, box.y0) and inside.contains(box.x1, box.y1))
    ]


def _is_a_tick(text: Text, figure: Figure) -> bool:
    return any(
        text in axis.findobj(Text) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)
    )


def batches(size: int, wait: float, per_second: float) -> Draw:
    def serve(size: int, wait: float) -> LoadReport:
        return LoadReport(min(per_second, 50.0 * size), 40 + wait + 9000 / size, 12.3, 1.0)

    return lambda figure: plot_trade_off(
        figure, trade_off(serve, size, wait), size, wait, per_second
    )


def caches(capacity: int, ttl: float, mean_age: float) -> Draw:
    def run(capacity: int, ttl: float) -> Replay:
        return Replay({"harbour": 10, "lantern": 4}, {"harbour": 9, "lantern": 0}, mean_age)

    return lambda figure: plot_hit_rates(figure, hit_rates(run, capacity, ttl), capacity, ttl)


def rollout(decisions: list[str], error_rate: float) -> Draw:
    """Six minutes for each decision; CONTINUE_MONITORING repeats a stage."""
    stages, share = [], 0
    for number, decision in enumerate(decisions):
        start = 6.0 * number
        readings = [
            Reading(start + minute, error_rate, 450 + minute, 1000, 0.1) for minute in range(1, 7)
        ]
        stages.append(Stage(STAGES[share], start, start + 6, readings, readings, decision))
        share += decision == "PROCEED"
    limits = SimpleNamespace(
        max_error_rate=0.05, max_error_ratio=2, max_p99_latency_ms=1000, max_latency_ratio=1.5
    )
    return lambda figure: draw_rollout(figure, Timeline.of(stages, limits))


def drift(mean_shift: float, spread: float, missing: float) -> Draw:
    week, day = baseline_week(), production_day(mean_shift, spread, missing)
    scores = {"yours, quantiles": 9.018, "yours, equal width": float("nan")} | psi_elsewhere(
        week, day
    )
    seen = Scored(scores, "PSI 9.02, high impact: rollback   ·   KL 6.11")
    return lambda figure: draw_drift(figure, seen, mean_shift, spread, 100 * missing)


def intervals(looks: int, lift: float, named: int, low: float, high: float) -> Draw:
    """The same interval at every look; A and B win in as many experiments as `named` says."""
    seen = {
        "looks": [
            {"users": USERS * n // looks, "low": low, "high": high, "winner": "B"}
            for n in range(1, looks + 1)
        ],
        "stopped": {"A": named // 2, "B": named - named // 2, "nobody": EXPERIMENTS - named},
    }
    return lambda figure: draw_looks(figure, seen, looks, lift, EXPERIMENTS)


def responses(value: float | None, response: str, wrong: int) -> Draw:
    seen = {
        "psi": [value] * DAYS,
        "share": [value] * DAYS,
        "accuracy": [value] * DAYS,
        "responses": [response] * DAYS,
    }
    limits = {"psi": [0.25], "share": [0.14, 0.44], "accuracy": [0.82]}
    told = f"The world changes: 17 days until the accuracy raises an alarm, {wrong} wrong answers meanwhile"
    return lambda figure: draw_timeline(
        figure, {**seen, "limits": limits, "headline": told}, 1.0, 9
    )


def timelines(steps: int, *titles: str) -> Draw:
    looks = itertools.cycle(["production", "archived", "development", "no label"])
    stages: list[Stages] = [{f"v{n}": next(looks) for n in range(5)} for _ in range(steps)]
    story = Story(tuple(DEPLOYS[:steps]), tuple(stages), frozenset({0}))
    return lambda figure: draw_stories(figure, dict.fromkeys(titles, story))


def handed_over(v7: int, v8: int, v9: int, sick: str) -> Draw:
    flows = hand_over({"hash modulo slots": ModuloRouter()}, {"v7": v7, "v8": v8, "v9": v9}, sick)
    worst = HandOver(
        flows.sick, flows.versions, {"your router": [("v7", "v9", 600)], **flows.flows}
    )
    return lambda figure: draw_hand_over(figure, worst)


def quantile(median: float, spread: float, slow: float) -> Draw:
    took = latencies(median, spread, slow)
    bounds = (0.01, 0.05, 0.1, 0.5, 1, 2, 5, math.inf)
    counts = {
        str(bound).replace("inf", "+Inf"): float(sum(t <= bound for t in took)) for bound in bounds
    }
    return lambda figure: draw_quantile(figure, {"latencies": took, "buckets": counts})


def key_designs(right: int, foreign: int, old: int, model: int) -> Draw:
    kinds = {"right": right, "foreign": foreign, "old": old, "model": model}
    minutes = {kind: [float(n % 121) for n in range(count)] for kind, count in kinds.items()}
    names = ("all three", "tenant, payload", "version, payload", "payload", "payload as text")
    return lambda figure: draw_key_designs(figure, dict.fromkeys(names, minutes), 60, 3, 60)


def report(events: int, later: int, window: float) -> Draw:
    minutes = {
        tenant: dict.fromkeys(range(60), events) for tenant in ("harbour", "orchard", "lantern")
    }
    in_the_end = {tenant: dict.fromkeys(range(60), events + later) for tenant in minutes}
    seen = {
        "known": minutes,
        "final": in_the_end,
        "report": minutes,
        "true": in_the_end,
        "skipped": 360,
    }
    empty = {name: {} for name in ("known", "final", "report", "true")} | {"skipped": 0}
    return lambda figure: draw_report(figure, seen if events else empty, window, 60, 40)


def outage(seconds: float, closed_after: float | None) -> Draw:
    fates = {fate: [4] * 50 for fate in FATES}
    states = [["CLOSED", 0.0, 20.0], ["OPEN", 20.0, 50.0], ["HALF_OPEN", 50.0, 100.0]]
    seen = {
        "fates": fates,
        "states": states,
        "waited": 399.9,
        "waited_without": 399.9,
        "needless": 199,
    }
    return lambda figure: draw_outage(
        figure, seen | {"closed_after": closed_after}, outage_seconds=seconds
    )


def burst(limit: int, window: float, burst: int) -> Draw:
    seen = compare(FixedWindow, limit, window, burst)
    return lambda figure: draw_limits(figure, seen, limit=limit, window_seconds=window)


def shifts(shift: float, accuracy: float, said: str) -> Draw:
    """Every change moves the model as far and is answered alike."""
    seen = [
        {"what": what, "shift": shift, "accuracy": accuracy, "said": said}
        for what in variants(20, 20, 16)
    ]
    return lambda figure: draw_shifts(figure, seen)


def late_job(mean: float, area: float, delay: int) -> Draw:
    values = {when: {"stayed": mean, "left": mean / 2} for when in ("honest", "late")}
    seen = {
        "honest": area,
        "late": [area] * len(DELAYS),
        "values": values,
        "users": {"stayed": 48, "left": 48},
    }
    return lambda figure: draw_skew(figure, seen, 6, delay)


@pytest.mark.parametrize(
    ("draw", "size"),
    [
        (batches(1, 80, 600), (9, 4.8)),
        (batches(32, 0, 20), (9, 4.8)),
        (caches(25, 600, 299), (10, 4)),
        (caches(800, 10, 0), (10, 4)),
        (rollout(["ROLLBACK"], 1.0), (10, 5.4)),
        (rollout(["PROCEED"] * 4, 0.0), (10, 5.4)),
        (
            rollout(["CONTINUE_MONITORING", "PROCEED"] * 3 + ["CONTINUE_MONITORING"] * 2, 0.07),
            (10, 5.4),
        ),
        (drift(90, 2.5, 0.6), (10, 5.2)),
        (drift(0, 1, 0), (10, 5.2)),
        (intervals(28, 2.5, 40, -0.9, 0.9), (10, 4.2)),
        (intervals(1, 0, 0, 0.001, 0.002), (10, 4.2)),
        (intervals(2, 0, 17, -0.05, -0.01), (10, 4.2)),
        (responses(14.0, "rollback", 3600), (10, 5.6)),
        (responses(None, "log", 0), (10, 5.6)),
        (timelines(8, "your registry"), (9, 4)),
        (timelines(1, "your registry", *MLFLOW), (12, 4)),
        (late_job(0.0, 0.5, 0), (10, 4)),
        (late_job(12.5, 1.0, 5), (10, 4)),
        (handed_over(1, 10, 1, "v7"), (10, 3.8)),
        (handed_over(10, 10, 10, "v9"), (10, 3.8)),
        (quantile(0.02, 0.1, 0.0), (9, 3.8)),
        (quantile(0.12, 0.5, 0.0), (9, 3.8)),
        (quantile(0.16, 0.5, 0.05), (9, 3.8)),
        (quantile(0.0001, 0.1, 0.0), (9, 3.8)),
        (quantile(1.5, 1.2, 0.2), (9, 3.8)),
        (key_designs(0, 300, 0, 0), (11, 4.2)),
        (key_designs(0, 0, 300, 0), (11, 4.2)),
        (key_designs(0, 0, 0, 300), (11, 4.2)),
        (report(14, 20, 60), (10, 4.6)),
        (report(0, 0, 5), (10, 4.6)),
        (outage(5, None), (9, 4.2)),
        (outage(60, 39.9), (9, 4.2)),
        (burst(5, 60, 100), (9, 4.4)),
        (burst(50, 60, 100), (9, 4.4)),
        (burst(50, 2, 2), (9, 4.4)),
        (shifts(0.0, 1.0, "names data, code, environment, seed"), (10, 4)),
        (shifts(9.0, 0.05, "reproduced to the bit"), (10, 4)),
    ],
)
def test_no_label_of_a_picture_is_cut_off(draw: Draw, size: tuple[float, float]) -> None:
    assert cut_off(draw, size) == []


def test_a_label_that_leaves_the_picture_is_noticed() -> None:
    def careless(figure: Figure) -> None:
        label_axes(figure.add_axes((0.01, 0.2, 0.9, 0.7)), {0: "0"}, {0: "1,000,000"})

    assert cut_off(careless, (4, 3)) == ["1,000,000"]


def test_what_looks_the_same_is_drawn_once() -> None:
    drawn: list[object] = []

    def line(figure: Figure, seen: object, **values: float) -> None:
        drawn.append(seen)
        label_axes(figure.add_axes((0.2, 0.2, 0.7, 0.7)), {0: "0"}, {1: str(seen)})

    line.__module__, line.__name__ = "coursekit.plots", "line_of_a_test"
    plots.line_of_a_test = line  # type: ignore[attr-defined]
    try:
        for level in (1, 1, 1.0, object(), object(), 1):
            explore(
                line, data=lambda n, level=level: level, caption="A line.", n=slider(0, 9, 1, 5)
            )
        explore(line, data=lambda n: 1, caption="A line.", n=slider(0, 9, 1, 6))
    finally:
        del plots.line_of_a_test  # type: ignore[attr-defined]
    assert [type(seen) for seen in drawn] == [int, float, object, object, int]


def pixels(picture: bytes) -> NDArray[np.uint8]:
    """Red, green and blue, by row and column."""
    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image.convert("RGB"))


def test_a_picture_is_what_savefig_would_write() -> None:
    figure, file = Figure(figsize=(9.0, 4.2), dpi=96), io.BytesIO()
    outage(60, 39.9)(figure)
    with rc_context({"text.hinting": "no_hinting"}):
        figure.savefig(file, format="png", dpi=96)
    ours, theirs = pixels(plots.png(figure)), pixels(file.getvalue())
    assert ours.shape == (403, 864, 3)
    assert (ours == theirs).all()


def test_a_picture_does_not_depend_on_what_was_drawn_before() -> None:
    def drawn(words: str, **look: Any) -> bytes:
        figure = Figure(figsize=(4, 2), dpi=96)
        figure.text(0.1, 0.5, words, **look)
        return plots.png(figure)

    first, other = drawn("first"), drawn("other", fontsize=30, color="red")
    assert other != first == drawn("first")


def test_bars_look_like_matplotlibs() -> None:
    figures = [Figure(figsize=(4, 2), dpi=96) for _ in range(2)]
    ours, theirs = (figure.add_axes((0, 0, 1, 1)) for figure in figures)
    look = {"edgecolor": "black", "linewidth": 1, "hatch": "//"}
    bars(ours, [(0.6, 0.0, 0.8, 2.0), (1.6, 0.0, 0.8, 3.0)], facecolor="red", **look)
    theirs.bar([1, 2], [2.0, 3.0], 0.8, facecolor="red", **look)
    for axes in (ours, theirs):
        axes.set(xlim=(0, 3), ylim=(-1, 4))
    difference = pixels(plots.png(figures[0])).astype(int) - pixels(plots.png(figures[1]))
    assert np.abs(difference).max() < 64  # corners are joined in another way
    assert (difference != 0).mean() < 0.001


def test_a_learners_own_drawing_is_never_taken_for_another() -> None:
    drawn = []
    for colour in ("black", "white"):
        explore(
            lambda figure, seen, colour=colour: drawn.append(colour),
            data=lambda: 1,
            caption="A line.",
        )
    assert drawn == ["black", "white"]


def test_steps_are_round_and_end_within_the_scale() -> None:
    assert round_ticks(361) == {0: "0", 100: "100", 200: "200", 300: "300"}
    assert list(round_ticks(0.05).values()) == ["0", "0.02", "0.04"]
    for top in np.geomspace(0.01, 1e5, 50):
        assert 2 <= len(round_ticks(top)) <= 5
        assert max(round_ticks(top)) <= top
