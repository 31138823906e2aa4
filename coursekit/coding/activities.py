"""What users did, who left afterwards, and what a feature seems to know of it when it is computed
too late.

Twelve made-up days of three tenants. Whoever leaves does less in the two days before. `skew` asks a
learner's `extract_features` at the moment of prediction and at the moments when a careless job
would, and scores both by the area under the ROC curve, which is the chance that a feature ranks a
user who stays above one who leaves (Hanley and McNeil, "The meaning and use of the area under a
receiver operating characteristic (ROC) curve", Radiology 1982).
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from coursekit.plots import Box, bars, label_axes, legend

# {"user_id": "harbour/7", "action": "edit", "timestamp": "2026-11-02T09:30:00+02:00"}
Activity = dict[str, str]
Features = Mapping[Any, Mapping[str, Any]]  # by user
Extract = Callable[[Sequence[Activity], datetime], Features]

START = datetime(2026, 11, 2, tzinfo=UTC)
DAYS = 12
USERS = 48
HOURS = {"harbour": 2, "orchard": -5, "lantern": 0}  # offsets from UTC in which the tenants write
ACTIONS = ("edit", "comment", "create", "login")
FEATURE = "actions_last_24h"
SOON = 4  # days after the reference in which somebody leaves or does not
DELAYS = range(6)  # days from the reference to the job
MARGINS = {"left": 0.05, "right": 0.985, "bottom": 0.17, "top": 0.78}  # of the figure
_LATE: Mapping[str, Any] = {"color": "#b34700", "marker": "s", "linestyle": "--"}
_TRUE: Mapping[str, Any] = {"color": "#1f4e79", "marker": "o"}
_STAR: Mapping[str, Any] = {
    "color": "black",
    "marker": "*",
    "markersize": 14,
    "linestyle": "none",
    "zorder": 5,
}
_RIGHT = 7.0  # where the second panel begins


@functools.lru_cache(maxsize=1)
def twelve_days() -> tuple[tuple[Activity, ...], Mapping[str, float]]:
    """All activities, in no order, and for each user the day after `START` on which it leaves;
    `DAYS` for never.
    """
    rng = random.Random(9)
    activities: list[Activity] = []
    leaves: dict[str, float] = {}
    for number in range(USERS):
        tenant = list(HOURS)[number % len(HOURS)]
        user, zone = f"{tenant}/{number}", timezone(timedelta(hours=HOURS[tenant]))
        leaves[user] = rng.uniform(2.0, DAYS - 1) if rng.random() < 0.6 else float(DAYS)
        eager, day = rng.uniform(1.0, 2.6), 0.0
        while True:
            fading = 0.4 if DAYS > leaves[user] < day + 2 else 1.0
            day += rng.expovariate(eager * fading)
            if day >= leaves[user]:
                break
            at = (START + timedelta(days=day)).astimezone(zone).replace(microsecond=0)
            activities.append(
                {"user_id": user, "action": rng.choice(ACTIONS), "timestamp": at.isoformat()}
            )
    rng.shuffle(activities)
    return tuple(activities), leaves


def auc(high: Sequence[float], low: Sequence[float]) -> float:
    """The chance that one of `high` is above one of `low`; equal ones count half. 0.5 if there are
    none.
    """
    pairs = len(high) * len(low)
    wins = sum((a > b) + (a == b) / 2 for a in high for b in low)
    return wins / pairs if pairs else 0.5


def skew(extract: Extract, reference_day: float, delay_days: int) -> dict[str, Any]:
    """How well `FEATURE` tells who leaves within `SOON` days after the reference, computed then and
    later.

    Everybody who has not left by the reference is looked at; a user without features has a value of
    0.

    Returns:
        `honest`, the area at the reference; `late`, one for each of `DELAYS`; `values`, mean values
        of those who `stayed` and who `left`, at the reference and `delay_days` later; `users`, how
        many of each.
    """
    activities, leaves = twelve_days()
    there = {user: day for user, day in leaves.items() if day > reference_day}
    left = [user for user, day in there.items() if day <= reference_day + SOON]
    stayed = [user for user in there if user not in left]
    areas, means = [], []
    for delay in DELAYS:
        features = extract(activities, START + timedelta(days=reference_day + delay))
        value = {
            user: float(features[user][FEATURE]) if user in features else 0.0 for user in there
        }
        areas.append(auc([value[user] for user in stayed], [value[user] for user in left]))
        means.append([_mean([value[user] for user in some]) for some in (stayed, left)])
    named = [dict(zip(("stayed", "left"), means[delay], strict=True)) for delay in (0, delay_days)]
    values = dict(zip(("honest", "late"), named, strict=True))
    return {
        "honest": areas[0],
        "late": areas,
        "values": values,
        "users": {"stayed": len(stayed), "left": len(left)},
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def draw_skew(figure: Any, seen: Mapping[str, Any], reference_day: float, delay_days: int) -> None:
    """Draw the area against the job's delay, and beside it the feature's means, at the reference
    and when the job ran.

    Args:
        figure: a `matplotlib.figure.Figure`.
        seen: what `skew` returned.
        reference_day: days after `START`.
        delay_days: the chosen delay, marked with a star.
    """
    axes = figure.subplots(gridspec_kw=MARGINS)
    boxes: list[Box] = []
    faces, edges = [], []
    axes.plot(DELAYS, seen["late"], **_LATE)
    axes.plot(DELAYS, [seen["honest"]] * len(DELAYS), **_TRUE)
    axes.plot([delay_days], [seen["late"][delay_days]], **_STAR)
    top = 1.05 * max(1.0, *(mean for means in seen["values"].values() for mean in means.values()))
    for place, (when, look) in enumerate((("honest", _TRUE), ("late", _LATE))):
        for side, who in enumerate(("stayed", "left")):
            mean, x = seen["values"][when][who], _RIGHT + 2.6 * place + side
            height = 0.4 + 0.6 * mean / top
            boxes.append((x - 0.4, 0.4, 0.8, height - 0.4))
            faces.append(look["color"] if who == "stayed" else "white")
            edges.append(look["color"])
            axes.text(x, height + 0.01, f"{mean:.1f}", ha="center", va="bottom", fontsize=9)
            axes.text(x, 0.385, who, ha="center", va="top", fontsize=9)
    bars(axes, boxes, facecolors=faces, edgecolors=edges, linewidths=2)
    axes.set(xlim=(-0.4, _RIGHT + 4.2), ylim=(0.4, 1.02))
    areas = {0.5: "0.5", 0.75: "0.75", 1.0: "1"}
    label_axes(axes, {day: str(day) for day in DELAYS}, areas, ylabel="area under the curve")
    axes.text(2.5, 0.335, "days from the reference to the job", ha="center", va="top", fontsize=9)
    for middle, words in ((0.5, "at the reference"), (3.1, f"{delay_days} days later")):
        axes.text(_RIGHT + middle, 0.335, words, ha="center", va="top", fontsize=9)
    axes.text(_RIGHT + 1.8, 1.05, f"mean {FEATURE}", ha="center", va="bottom", fontsize=9)
    legend(
        axes,
        {"when the job ran": _LATE, "at the reference": _TRUE, "your choice": _STAR},
        0.19,
        0.175,
    )
    users = seen["users"]
    figure.text(
        0.5, 0.93, ha="center", fontsize=11,
        s=f"Day {reference_day:g}: {users['left']} users leave soon, {users['stayed']} stay. "
        f"The job's area is {seen['late'][delay_days]:.2f}, "
        f"in production it is {seen['honest']:.2f}",
    )  # fmt: skip
