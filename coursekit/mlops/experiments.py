"""A/B experiments that nobody has to wait for: visitors of two arms, somebody who looks while they
come, and a picture.

A visitor converts (1.0) or does not (0.0). Arm A converts at `RATE`; `USERS` in each arm notice two
points more with a power of 80 %. An analysis is a function of two arms whose result has `winner`
and `confidence_interval`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coursekit.plots import label_axes, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Arm = NDArray[np.float64]  # 0.0 or 1.0 for each visitor, in order of arrival
Analysis = Callable[[Arm, Arm], Mapping[str, Any]]
Look = dict[str, Any]  # {"users": 1280, "low": -0.004, "high": 0.021, "winner": "B"}

RATE = 0.10  # the share of arm A's visitors who convert
USERS = 3841  # in each arm
EXPERIMENTS = 40
MOST_LOOKS = 28  # two weeks, twice a day
BLUE, ORANGE, GREY = "#1f5fa8", "#d9822b", "#8a8f98"
HIGHEST = 12.0  # of the left panel's scale, percentage points


@lru_cache(maxsize=2 * EXPERIMENTS)
def _luck(experiment: int) -> NDArray[np.float64]:
    return np.random.default_rng(experiment).random((2, USERS))


def visitors(experiment: int, lift: float = 0.0) -> tuple[Arm, Arm]:
    """Both arms of an experiment; B converts at `RATE + lift`. The same number brings the same
    visitors.

    Args:
        experiment: which one; a seed.
        lift: a difference of shares, 0.02 for two percentage points.
    """
    a, b = _luck(experiment)
    return (a < RATE).astype(float), (b < RATE + lift).astype(float)


def look_again(
    analysis: Analysis, arms: tuple[Arm, Arm], looks: int, until_a_winner: bool = False
) -> list[Look]:
    """What an analysis says while visitors arrive: `looks` times, at equal distances, the last with
    everybody there.

    Args:
        until_a_winner: stop at the first look that names A or B.

    Returns:
        A dict for each look: visitors in each arm, the interval's ends as shares, the winner.
    """
    seen: list[Look] = []
    for number in range(1, looks + 1):
        users = USERS * number // looks
        result = analysis(arms[0][:users], arms[1][:users])
        low, high = (float(end) for end in result["confidence_interval"])
        seen.append({"users": users, "low": low, "high": high, "winner": str(result["winner"])})
        if until_a_winner and seen[-1]["winner"] in ("A", "B"):
            break
    return seen


def stopped_early(analysis: Analysis, lift: float, looks: int) -> dict[str, int]:
    """How many of `EXPERIMENTS` named A, B or nobody when each was stopped at its first winner."""
    counts = {"A": 0, "B": 0, "nobody": 0}
    for experiment in range(1, EXPERIMENTS + 1):
        last = look_again(analysis, visitors(experiment, lift), looks, until_a_winner=True)[-1][
            "winner"
        ]
        counts[last if last in counts else "nobody"] += 1
    return counts


@lru_cache(maxsize=8)
def false_alarms(looks: int = MOST_LOOKS, z: float = 1.959964) -> tuple[float, ...]:
    """The chance that at least one of 1, 2, … `looks` equally spaced looks calls two equal arms
    different.

    Args:
        looks: how many numbers to return.
        z: a single look calls them different beyond so many standard errors; 1.96 does in one case
            of 20.

    Source: Armitage, McPherson & Rowe, "Repeated significance tests on accumulating data", JRSS A
    132 (1969). The density of a sum that no look has stopped yet is carried from look to look; here
    on a grid.
    """
    steps = np.linspace(-1.0, 1.0, 129)
    before, share = np.zeros(1), np.ones(1)  # the sum so far, and the probability of each place
    rates = []
    for number in range(1, looks + 1):
        end = z * math.sqrt(number)
        at = end * steps
        density = (
            np.exp(-0.5 * (at[:, None] - before[None, :]) ** 2) @ share / math.sqrt(2 * math.pi)
        )
        weights = np.full(steps.size, 2.0)  # Simpson's rule
        weights[1::2], weights[[0, -1]] = 4.0, 1.0
        before, share = at, density * weights * (end * (steps[1] - steps[0]) / 3)
        rates.append(float(1 - share.sum()))
    return tuple(rates)


# -------------------------------------------------------------------------------------- the picture


def draw_looks(
    figure: Figure, seen: Mapping[str, Any], looks: float, lift: float, experiment: float
) -> None:
    """One experiment's interval at every look, and how often so many looks find what is not there.

    Args:
        seen: `"looks"`, from `look_again`, and `"stopped"`, from `stopped_early`.
        looks: how many.
        lift: the true difference, percentage points.
        experiment: which one the left panel shows.
    """
    stopped = seen["stopped"]
    named = stopped["A"] + stopped["B"]
    times = "1 look" if looks == 1 else f"{looks:g} looks"
    truth = "no true difference" if lift == 0 else f"a true lift of {lift:g} points"
    told = f"A in {stopped['A']}, B in {stopped['B']}, nobody in {stopped['nobody']}"
    figure.text(
        0.01,
        0.94,
        f"{EXPERIMENTS} experiments with {truth}, {times} each: {told}.",
        size=11,
        weight="bold",
    )
    _draw_intervals(figure, seen["looks"], lift, f"experiment {experiment:g}: B − A, points")
    _draw_rates(figure, int(looks), 100 * named / EXPERIMENTS)


def _draw_intervals(figure: Figure, looks: Sequence[Look], lift: float, title: str) -> None:
    from matplotlib.collections import LineCollection

    axes = figure.add_axes((0.06, 0.15, 0.5, 0.64))
    axes.set(xlim=(0, USERS * 1.03), ylim=(-HIGHEST, HIGHEST))
    ends = [(look["users"], 100 * look["low"], 100 * look["high"]) for look in looks]
    ends = [(users, *(min(max(end, -HIGHEST), HIGHEST) for end in both)) for users, *both in ends]
    found = [look["winner"] in ("A", "B") for look in looks]
    axes.axhline(0, color="black", linewidth=1)
    axes.axhline(lift, **_TRUTH)
    colours = [ORANGE if winner else BLUE for winner in found]
    widths = [4.0 if winner else 1.6 for winner in found]
    lines = [((users, low), (users, high)) for users, low, high in ends]
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=widths), autolim=False)
    middles = [(users, (low + high) / 2) for users, low, high in ends]
    axes.plot(
        *zip(*middles, strict=True), "o", color="white", markeredgecolor="black", markersize=4
    )
    first = next((n for n, winner in enumerate(found) if winner), None)
    if first is not None:
        users, low, _ = ends[first]
        axes.plot([users, users], [low, -7.5], color="black", linewidth=0.8, linestyle=":")
        side = "left" if users < USERS / 2 else "right"
        words = f"{looks[first]['winner']} “wins” after {users:,}"
        axes.text(users, -8, words, ha=side, va="top", size=9, weight="bold")
    places = {float(at): f"{at:,}" for at in (0, 1000, 2000, 3000)}
    label_axes(
        axes, places, {-10: "−10", -5: "−5", 0: "0", 5: "+5", 10: "+10"}, "visitors in each arm"
    )
    axes.text(0, 1.11, title, transform=axes.transAxes, size=9.5)
    sample = {"color": BLUE, "linewidth": 1.6}
    legend(
        axes,
        {"interval": sample, "without 0": {"color": ORANGE, "linewidth": 4}, "truth": _TRUTH},
        0.36,
        0.22,
    )


def _draw_rates(figure: Figure, looks: int, yours: float) -> None:
    axes = figure.add_axes((0.65, 0.15, 0.33, 0.64))
    rates = [100 * rate for rate in false_alarms()]
    heights = (0, 5, 20, 40) if yours <= 44 else (0, 5, 50, 100)
    axes.set(xlim=(0, MOST_LOOKS + 1), ylim=(0, 1.1 * heights[-1]))
    axes.plot(range(1, MOST_LOOKS + 1), rates, **_LONG_RUN)
    axes.plot([looks], [rates[looks - 1]], "o", color=BLUE, markeredgecolor="black", markersize=8)
    axes.plot([looks], [yours], **_YOURS)
    label_axes(
        axes, {1: "1", 7: "7", 14: "14", 28: "28"}, {float(at): f"{at}" for at in heights}, "looks"
    )
    axes.text(0, 1.11, "experiments that name a winner, %", transform=axes.transAxes, size=9.5)
    names = f" equal arms, long run: {rates[looks - 1]:.0f}", f" your 40: {yours:.0f}"
    legend(axes, dict(zip(names, (_LONG_RUN, _YOURS), strict=True)), -0.02, 0.66)


_TRUTH: dict[str, Any] = {"color": GREY, "linewidth": 1.6, "linestyle": "--"}
_LONG_RUN: dict[str, Any] = {"color": BLUE, "linewidth": 2}
_YOURS: dict[str, Any] = {
    "color": ORANGE,
    "marker": "D",
    "markersize": 6,
    "linestyle": "none",
    "mec": "black",
}
