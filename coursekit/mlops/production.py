"""One feature of a model in production: what it looked like in training, and what arrives today.

The feature is a customer's usual wait for a first answer, in minutes. Besides the data there is
what other libraries call PSI, each convention in a few lines, and the picture that sets them side
by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coursekit.plots import bars, label_axes, legend, round_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]  # minutes; NaN is a missing value

TYPICAL_MINUTES = 48.0
BUCKETS = 10
ROWS = 4000
BLUE, ORANGE, GREY = "#1f5fa8", "#d9822b", "#8a8f98"


def baseline_week(seed: int = 7, rows: int = ROWS) -> Floats:
    """The feature as the model saw it in training: skewed to the right, around 48 minutes, nothing
    missing.
    """
    return np.random.default_rng(seed).gamma(shape=4.0, scale=TYPICAL_MINUTES / 4, size=rows)


def production_day(
    mean_shift: float = 0.0,
    spread: float = 1.0,
    null_share: float = 0.0,
    seed: int = 8,
    rows: int = ROWS,
) -> Floats:
    """Another sample of the same feature, then moved, stretched and with holes; no wait is below
    zero.

    Args:
        mean_shift: minutes added to every value.
        spread: factor on the distance from the typical value; 1 leaves it alone.
        null_share: the share of rows, from 0 to 1, whose value is lost. A larger share loses the
            same rows and more.

    Raises:
        ValueError: a spread that is not positive, or a share outside [0, 1].
    """
    if spread <= 0 or not 0 <= null_share <= 1:
        raise ValueError(
            f"spread must be positive and null_share lie in [0, 1], not {spread} and {null_share}"
        )
    rng = np.random.default_rng(seed)
    values = rng.gamma(shape=4.0, scale=TYPICAL_MINUTES / 4, size=rows)
    values = np.maximum(0.0, TYPICAL_MINUTES + mean_shift + spread * (values - TYPICAL_MINUTES))
    values[rng.permutation(rows)[: round(null_share * rows)]] = np.nan
    return values


# -------------------------------------------------------------------------------- other conventions


def pooled_sturges(baseline: Floats, current: Floats) -> float:
    """PSI with equal-width bins over *both* samples together, their number by Sturges' rule;
    missing rows dropped.

    An empty bin gets 1e-4. The edges move with the data that is judged, so two days are measured
    with two rulers. Source: Evidently, `calculations/stattests/utils.py` (`get_binned_data`), for
    features of more than 20 values; there an empty bin gets less than 1e-4 if another bin of that
    side holds no more than that.
    """
    old, new = _present(baseline), _present(current)
    if not new.size:
        return float("nan")
    edges = np.histogram_bin_edges(np.concatenate([old, new]), bins="sturges")
    p = np.histogram(old, edges)[0] / old.size
    q = np.histogram(new, edges)[0] / new.size
    p[p == 0] = 1e-4
    q[q == 0] = 1e-4
    return float(np.sum((q - p) * np.log(q / p)))


def without_missing(baseline: Floats, current: Floats) -> float:
    """PSI with ten quantile bins of the baseline; missing rows dropped, so a null storm leaves no
    trace.

    Source: Feature-engine, `selection/drop_psi_features.py` (`DropHighPSIFeatures` with
    `missing_values="ignore"`), and the usual advice to "clean the data first".
    """
    old, new = _present(baseline), _present(current)
    if not new.size:
        return float("nan")
    cuts = np.quantile(old, np.arange(1, BUCKETS) / BUCKETS)
    p, q = (
        np.bincount(np.digitize(side, cuts), minlength=BUCKETS) / side.size for side in (old, new)
    )
    p[p == 0] = 1e-4
    q[q == 0] = 1e-4
    return float(np.sum((q - p) * np.log(q / p)))


def clipped_range(baseline: Floats, current: Floats) -> float:
    """PSI with bins that end at the baseline's extremes; what lies outside is counted nowhere,
    empty bins are skipped.

    Moving further out can make this score *fall*. Source: the script behind many blog posts,
    github.com/mwburke/population-stability-index (`psi.py`), where an infinite term becomes 0.
    """
    edges = np.quantile(_present(baseline), np.arange(BUCKETS + 1) / BUCKETS)
    p = np.histogram(_present(baseline), edges)[0] / baseline.size
    q = np.histogram(_present(current), edges)[0] / current.size
    both = (p > 0) & (q > 0)
    return float(np.sum((q[both] - p[both]) * np.log(q[both] / p[both])))


ELSEWHERE: Mapping[str, Callable[[Floats, Floats], float]] = {
    "pooled Sturges bins": pooled_sturges,
    "missing rows dropped": without_missing,
    "range clipped": clipped_range,
}


def psi_elsewhere(baseline: Floats, current: Floats) -> dict[str, float]:
    """The same two samples under three other conventions, by name; NaN where one has nothing to
    count.
    """
    return {name: convention(baseline, current) for name, convention in ELSEWHERE.items()}


def _present(values: Floats) -> Floats:
    return values[~np.isnan(values)]


# ----------------------------------------------------------------------------------------- pictures


@dataclass(frozen=True)
class Scored:
    """What a day was found to be.

    Attributes:
        scores: PSI by the name of the convention; the first is the headline.
        verdict: a sentence.
    """

    scores: Mapping[str, float]
    verdict: str


def draw_drift(
    figure: Figure, seen: Scored, mean_shift: float, spread: float, missing: float
) -> None:
    """Histograms of the baseline and of a production day, each bin's part in the PSI, a bar for
    each convention.

    Args:
        seen: how that day was scored; the first score is drawn darker.
        mean_shift, spread, missing: where the sliders stand; `missing` is in percent.
    """
    baseline, current = baseline_week(), production_day(mean_shift, spread, missing / 100)
    figure.text(0.01, 0.955, seen.verdict, fontsize=11, fontweight="bold")
    _draw_histograms(figure.add_axes((0.042, 0.6, 0.47, 0.285)), baseline, current)
    _draw_parts(figure.add_axes((0.042, 0.105, 0.47, 0.3)), baseline, current)
    _draw_scores(figure.add_axes((0.73, 0.105, 0.26, 0.78)), seen.scores)


def _draw_histograms(axes: Axes, baseline: Floats, current: Floats) -> None:
    edges = np.linspace(0.0, 200.0, 41)
    old, new = (
        100.0 * np.histogram(np.clip(_present(values), edges[0], edges[-1]), edges)[0] / values.size
        for values in (baseline, current)
    )
    top = 1.05 * float(max(old.max(), new.max()))
    filled: dict[str, Any] = {"color": BLUE, "alpha": 0.35}
    dashed: dict[str, Any] = {"color": ORANGE, "linewidth": 2, "linestyle": "--"}
    axes.stairs(old, edges, fill=True, **filled)
    axes.stairs(new, edges, **dashed)
    axes.set(xlim=(0, 200), ylim=(0, top))
    words = "usual wait for a first answer, minutes"
    label_axes(axes, round_ticks(200), round_ticks(top), words, "% of rows", grid=False)
    missing = [f"{100 * np.isnan(side).mean():.0f} % missing" for side in (baseline, current)]
    sample = filled | {"linewidth": 9, "solid_capstyle": "butt"}
    legend(
        axes, {f"baseline, {missing[0]}": sample, f"production, {missing[1]}": dashed}, 0.25, 0.37
    )


def _draw_parts(axes: Axes, baseline: Floats, current: Floats) -> None:
    """Bars that show where a score comes from. Half a row added to each count keeps every logarithm
    finite.
    """
    cuts = np.quantile(_present(baseline), np.arange(1, BUCKETS) / BUCKETS)
    p, q = (
        (
            np.append(
                np.histogram(_present(side), [-np.inf, *cuts, np.inf])[0], np.isnan(side).sum()
            )
            + 0.5
        )
        / side.size
        for side in (baseline, current)
    )
    parts = (q - p) * np.log(q / p)
    top = max(0.05, 1.15 * float(parts.max()))
    edges = {bar + 0.5: f"{cut:.0f}" for bar, cut in enumerate(cuts)}
    centres = np.arange(len(parts))
    boxes = [(centre - 0.4, 0.0, 0.8, height) for centre, height in enumerate(parts.tolist())]
    edge: dict[str, Any] = {"edgecolors": "black", "linewidths": 0.6}
    bars(axes, boxes[:BUCKETS], facecolors=BLUE, **edge)
    bars(axes, boxes[BUCKETS:], facecolors=GREY, hatch="//", **edge)
    for mark, which in (("^", q > p), ("v", q <= p)):
        shown = which & (parts >= 0.005)
        axes.plot(centres[shown], parts[shown] + 0.05 * top, mark, color="black", markersize=5)
    axes.set(xlim=(-0.6, len(parts) - 0.4), ylim=(0, top))
    places = edges | {BUCKETS: "null"}
    label_axes(
        axes,
        places,
        round_ticks(top),
        "bins of the baseline, minutes",
        "part of the PSI",
        grid=False,
    )
    legend(axes, {"more rows than before": _mark("^"), "fewer": _mark("v")}, 0.45, 0.35)


def _mark(marker: str) -> dict[str, Any]:
    return {"color": "black", "marker": marker, "markersize": 5, "linestyle": "none"}


def _draw_scores(axes: Axes, scores: Mapping[str, float]) -> None:
    values = {name: float(score) for name, score in scores.items()}
    lengths = [value if np.isfinite(value) else 0.0 for value in values.values()]
    others = len(scores) - 1
    boxes = [(0.0, row - 0.275, length, 0.55) for row, length in enumerate(lengths)]
    bars(axes, boxes, facecolors=[BLUE, *["#dfe8f3"] * others], edgecolors=BLUE, linewidths=1)
    for at, words, style, side in (
        (0.2, "look: above 0.2 ", ":", "right"),
        (0.25, " act: above 0.25", "--", "left"),
    ):
        axes.axvline(at, color="black", linewidth=1, linestyle=style)
        axes.text(at, -0.65, words, ha=side, fontsize=9)
    widest = max(0.5, 1.1 * max(lengths))
    names = [
        f"{name}  {value:.3f}" if np.isfinite(value) else f"{name}  no answer"
        for name, value in values.items()
    ]
    axes.set(xlim=(0, widest), ylim=(others + 0.5, -0.6))
    label_axes(
        axes, round_ticks(widest), dict(enumerate(names)), "PSI of the same two samples", grid=False
    )
