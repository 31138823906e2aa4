"""Days of a model in production that drifts on purpose, and the timeline of what a monitor made of
them.

The model routes support tickets: 1 is urgent. It reads three features; each is the exponential of a
normal score, so that shifts can be given in standard deviations. People label about half of the
tickets, days later and out of order. Monitors are the learner's own; nothing here knows their
classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from coursekit.plots import label_axes, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Ticket = str  # "t412": unique within a tenant, and used by every tenant
Kind = Literal["campaign", "segment", "creep", "column", "deploy", "world"]

# typical value, spread of its logarithm, the model's weight
FEATURES: Mapping[str, tuple[float, float, float]] = {
    "wait_minutes": (48.0, 0.5, 1.2),
    "words": (90.0, 0.6, 1.0),
    "seats": (40.0, 0.9, 0.05),
}
WEIGHTS = np.array([weight for _, _, weight in FEATURES.values()])
CUT = 0.87  # a score above it is urgent: 29 tickets of 100
DOUBT = 0.45  # standard deviation of what the features do not tell
TICKETS = 200  # on an ordinary day
LABELLED = 0.5  # the share of tickets that anybody ever labels
MOST_JITTER = 2  # days between the labels of one day's tickets
STRAGGLERS, STRAGGLE = 0.08, 12  # the share of labels that come up to so many days later still


@dataclass(frozen=True)
class Episode:
    """Something that happens from day `first` to day `last`, both included; `size` 1 is the usual
    strength.

    Kinds: "campaign" moves `wait_minutes` and with it the predictions; "segment" moves `seats`,
    which the model hardly reads; "creep" does that a little more each day; "column" loses
    `wait_minutes` of many tickets, and the model reads 0; "deploy" is a version that calls more
    tickets urgent; "world" changes what people call urgent, nothing else.
    """

    kind: Kind
    first: int
    last: int = 10**6
    size: float = 1.0


@dataclass(frozen=True)
class Day:
    """What one tenant sends on one day.

    Attributes:
        features: a value for each ticket, by name, in the order of `predictions`; NaN is missing.
        predictions: 1 (urgent) or 0, by ticket.
        labels: what people said, by ticket: those that arrive today, for tickets of earlier days.
        wrong: how many predictions of today are wrong, which nobody knows today.
    """

    day: int
    features: Mapping[str, Floats]
    predictions: Mapping[Ticket, int]
    labels: Mapping[Ticket, int]
    wrong: int


def trained(seed: int = 1, rows: int = 1000) -> dict[str, Any]:
    """What a tenant's model was trained and accepted on: `features`, `share` of ones, and
    `accuracy`.
    """
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((rows, len(FEATURES)))
    truth, doubt = rng.standard_normal((2, 10 * rows)) * [[float(np.linalg.norm(WEIGHTS))], [DOUBT]]
    said = truth > CUT
    accuracy = float(np.mean(said == (truth + doubt > CUT)))
    return {"features": _values(scores), "share": float(said.mean()), "accuracy": accuracy}


def traffic(
    days: int = 28,
    episodes: Sequence[Episode] = (),
    delay: int = 3,
    seed: int = 0,
    tickets: int = TICKETS,
) -> list[Day]:
    """Day after day of one tenant, from day 0. The same arguments give the same days.

    The last two days of each week (5, 6, 12, 13, …) are thin, 12 to 30 tickets. Labels come `delay`
    to `delay` + 2 days after the prediction, some much later, half of them never.

    Raises:
        ValueError: fewer than one day or ticket, or a delay below 1.
    """
    if days < 1 or tickets < 1 or delay < 1:
        raise ValueError("traffic needs a day, a ticket and a delay of at least 1")
    rng = np.random.default_rng(seed)
    counts = np.where(np.arange(days) % 7 >= 5, rng.integers(12, 31, days), tickets)
    day_of = np.repeat(np.arange(days), counts)
    scores = rng.standard_normal((day_of.size, len(FEATURES)))
    lost, cut, flip = rng.random(day_of.size), np.full(day_of.size, CUT), np.zeros(day_of.size)
    gone = np.zeros(day_of.size, dtype=bool)
    for episode in episodes:
        now = (episode.first <= day_of) & (day_of <= episode.last)
        if episode.kind == "campaign":
            scores[now, 0] += 1.5 * episode.size
        elif episode.kind == "segment":
            scores[now, 2] += 1.2 * episode.size
        elif episode.kind == "creep":
            scores[now, 2] += 0.1 * episode.size * (day_of[now] - episode.first + 1)
        elif episode.kind == "column":
            gone |= now & (lost < 0.8 * episode.size)
        elif episode.kind == "deploy":
            cut[now] -= 1.4 * episode.size
        else:
            flip[now] += 2.0 * episode.size
    read = np.where(gone, -4.0, scores[:, 0]), scores[:, 1], scores[:, 2]
    said = sum(w * z for w, z in zip(WEIGHTS, read, strict=True)) > cut
    truth = (
        scores @ WEIGHTS
        - flip * WEIGHTS[1] * scores[:, 1]
        + DOUBT * rng.standard_normal(day_of.size)
        > CUT
    )
    late = delay + rng.integers(0, MOST_JITTER + 1, day_of.size)
    late += np.where(
        rng.random(day_of.size) < STRAGGLERS, rng.integers(1, STRAGGLE + 1, day_of.size), 0
    )
    due = np.where(rng.random(day_of.size) < LABELLED, day_of + late, days)
    values = _values(scores)
    values["wait_minutes"][gone] = np.nan
    wrong = np.bincount(day_of[said != truth], minlength=days).tolist()
    order = rng.permutation(day_of.size)
    arriving: list[dict[Ticket, int]] = [{} for _ in range(days)]
    order = order[due[order] < days]
    names = _tickets(day_of.size)
    for n, day, label in zip(
        order.tolist(), due[order].tolist(), truth[order].astype(int).tolist(), strict=True
    ):
        arriving[day][names[n]] = label
    answers, ends, told = said.astype(int).tolist(), np.cumsum(counts).tolist(), []
    for day, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        features = {name: column[start:end] for name, column in values.items()}
        predictions = dict(zip(names[start:end], answers[start:end], strict=True))
        told.append(Day(day, features, predictions, arriving[day], wrong[day]))
    return told


def _values(scores: Floats) -> dict[str, Floats]:
    return {
        name: typical * np.exp(spread * scores[:, column])
        for column, (name, (typical, spread, _)) in enumerate(FEATURES.items())
    }


@lru_cache(maxsize=64)
def _tickets(count: int) -> tuple[Ticket, ...]:
    return tuple(f"t{n}" for n in range(count))


# ------------------------------------------------------------------------------------------- replay


class Monitor(Protocol):
    """What a replay needs of a drift monitor."""

    def observe(self, tenant: str, day: int, features: Any, predictions: Any) -> Any: ...

    def learn(self, tenant: str, day: int, labels: Any) -> Any: ...


def replay(monitor: Monitor, streams: Mapping[str, Sequence[Day]]) -> dict[str, list[Any]]:
    """The monitor's reports, by tenant. Each day: every tenant's labels first, then its window,
    tenant after tenant.
    """
    reports: dict[str, list[Any]] = {tenant: [] for tenant in streams}
    for together in zip(*streams.values(), strict=True):
        for tenant, day in zip(streams, together, strict=True):
            monitor.learn(tenant, day.day, day.labels)
            reports[tenant].append(monitor.observe(tenant, day.day, day.features, day.predictions))
    return reports


def alarm_days(reports: Sequence[Any]) -> list[int]:
    """On which days a report said more than "log", counted from day 0."""
    return [day for day, report in enumerate(reports) if report.response != "log"]


# --------------------------------------------------------------------------------------------- draw

STORY = (
    ("new customers", "segment", 8, 15),
    ("a bad version", "deploy", 22, 29),
    ("a changed world", "world", 38, 55),
)
DAYS = 56
STORY_TICKETS = 150  # on an ordinary day of the story: enough for the same alarms
LOOKS: Mapping[str, dict[str, Any]] = {
    "log": {"color": "#8a8f98", "marker": ".", "markersize": 4},
    "alert": {"color": "#b35c00", "marker": "^", "markersize": 7},
    "rollback": {"color": "#b2182b", "marker": "X", "markersize": 8},
}
LINE: dict[str, Any] = {"color": "#1f5fa8", "linewidth": 1.6, "marker": "o", "markersize": 2.5}
LIMIT: dict[str, Any] = {"color": "#333333", "linestyle": "--", "linewidth": 1}
# what it shows, where it stands, from and to which value
PANELS: Mapping[str, tuple[str, float, float, float]] = {
    "psi": ("worst PSI of a feature", 2.6, 0.0, 1.0),
    "share": ("share of urgent", 1.3, 0.0, 1.0),
    "accuracy": ("rolling accuracy", 0.0, 0.5, 1.0),
}
STRIP = 3.95  # where the responses stand; a panel is 1 high


def story(drift: float, delay: int, seed: int = 3) -> list[Day]:
    """Eight weeks of one tenant in which each of the three kinds of drift happens once, `STORY`."""
    episodes = [Episode(kind, first, last, drift) for _, kind, first, last in STORY]  # type: ignore[arg-type]
    return traffic(DAYS, episodes, delay, seed, STORY_TICKETS)


def timeline(
    days: Sequence[Day], reports: Sequence[Any], baseline: Any, limits: Any, delay: int
) -> dict[str, Any]:
    """What `draw_timeline` draws, as plain data: the signals and responses day by day, the limits,
    and a headline.

    The headline counts wrong answers from the day on which the world changes to the first alarm
    that its labels raise.
    """
    _, _, changed, last = STORY[2]
    alarm = next(
        (day for day in range(changed + delay, last + 1) if "concept" in reports[day].kinds), None
    )
    wrong = sum(day.wrong for day in days[changed : last + 1 if alarm is None else alarm])
    when = (
        "nobody hears of it"
        if alarm is None
        else f"{alarm - changed} days until the accuracy raises an alarm"
    )
    return {
        "psi": [
            None if r.signals.psi is None else float(max(r.signals.psi.values())) for r in reports
        ],
        "share": [r.signals.share for r in reports],
        "accuracy": [r.signals.accuracy for r in reports],
        "responses": [r.response for r in reports],
        "limits": {
            "psi": [limits.psi],
            "share": [baseline.share - limits.share, baseline.share + limits.share],
            "accuracy": [baseline.accuracy - limits.accuracy],
        },
        "headline": f"The world changes: {when}, {wrong} wrong answers meanwhile",
    }


def draw_timeline(figure: Figure, seen: Mapping[str, Any], drift: float, delay: int) -> None:
    """The days of `story` from left to right: responses on top, below them worst PSI, share and
    accuracy.

    Args:
        seen: see `timeline`.
        drift: how strong each one was; it is already in `seen`.
        delay: of the labels, in days; it is already in `seen`.
    """
    figure.text(0.01, 0.95, seen["headline"], fontsize=11, fontweight="bold")
    axes = figure.add_axes((0.06, 0.09, 0.93, 0.75))
    axes.set(xlim=(-1, DAYS), ylim=(0, STRIP + 0.35))
    for response, look in LOOKS.items():
        days = [day for day, said in enumerate(seen["responses"]) if said == response]
        axes.plot(days, [STRIP] * len(days), linestyle="none", **look)
    spans = [(first - 0.5, last - first + 1) for _, _, first, last in STORY]
    for words, _, first, last in STORY:
        axes.text(
            (first + last) / 2,
            STRIP + 0.2,
            words,
            ha="center",
            va="center",
            fontsize=9,
            weight="bold",
        )
    marks: dict[float, str] = {}
    for name, (words, bottom, low, high) in PANELS.items():
        limits = [_height(name, limit) for limit in seen["limits"][name]]
        marks |= {
            _height(name, low): f"{low:g}",
            _height(name, high): "1+" if name == "psi" else f"{high:g}",
        }
        axes.broken_barh(spans, (bottom, 1), facecolors="#e6ebf2", zorder=0)
        axes.axhline(bottom, color="#8a8f98", linewidth=1)
        axes.hlines(limits, -1, DAYS, **LIMIT)
        days = [day for day, value in enumerate(seen[name]) if value is not None]
        axes.plot(days, [_height(name, seen[name][day]) for day in days], **LINE)
        axes.text(-0.5, bottom + 1.06, words)
    label_axes(
        axes, {float(day): str(day) for day in range(0, DAYS, 14)}, marks, "days", grid=False
    )
    legend(
        axes,
        {**{name: {**look, "linestyle": "none"} for name, look in LOOKS.items()}, "limit": LIMIT},
        0.55,
        0.11,
    )


def _height(panel: str, value: float) -> float:
    """Where a value stands in its panel; what lies outside is drawn at the panel's end."""
    _, bottom, low, high = PANELS[panel]
    return bottom + min(1.0, max(0.0, (value - low) / (high - low)))
