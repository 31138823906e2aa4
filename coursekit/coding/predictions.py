"""Requests that several tenants send around a model release, and what a cache answers whose key
forgets something.

What is right depends on the tenant, the model version and the payload, as it does where every
tenant has a model or documents of its own. Times are minutes since the trace began.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from coursekit.clocks import ManualClock
from coursekit.plots import bars, label_axes, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Minutes = float

TENANTS = ("harbour", "orchard", "lantern", "meadow", "quarry", "summit", "willow", "ember")
BEFORE, AFTER = "v7", "v8"  # the model's versions
RELEASE: Minutes = 60.0  # when the second one replaces the first
END: Minutes = 120.0
POPULAR = 8  # texts that everybody sends

MARGINS = {"left": 0.128, "right": 0.985, "bottom": 0.14, "top": 0.79}  # of the figure
RIGHT_HALF = 107.0  # where the second panel begins; the first reaches from 0 to 100
PER_MINUTE = 100.0 / END
BARS: Mapping[str, dict[str, Any]] = {
    "right": {"color": "#1f4e79"},
    "foreign": {"facecolor": "#b34700", "hatch": "xx", "edgecolor": "white"},
    "old": {"facecolor": "#7a6a8f", "hatch": "///", "edgecolor": "white"},
    "model": {"color": "#dfe6ee"},
}
MARKS: Mapping[str, dict[str, Any]] = {
    "foreign": {"color": "#b34700", "marker": "|", "markersize": 9, "linestyle": "none"},
    "old": {"color": "#7a6a8f", "marker": "D", "markersize": 5, "linestyle": "none"},
}


class Request(NamedTuple):
    """One question to the model that is live at that moment."""

    at: Minutes
    tenant: str
    version: str
    payload: dict[str, Any]


class Cache(Protocol):
    """What a replay needs of a cache."""

    def get(self, key: str) -> Any: ...

    def put(self, key: str, value: Any) -> None: ...


@lru_cache(maxsize=8)
def request_trace(
    repeats: float, tenants: int, requests: int = 300, seed: int = 3
) -> Sequence[Request]:
    """Requests in order of time; the same arguments give the same trace.

    A popular text on rank r has a weight of 1 / r. Clients write a payload's fields in an order of
    their own, and some write a whole number as a float.

    Args:
        repeats: share of the requests whose text is a popular one; the others' are new each time.
        tenants: how many send, equally often.

    Raises:
        ValueError: `repeats` is not a share, or there are fewer than one or more than 8 tenants.
    """
    if not 0 <= repeats <= 1 or not 1 <= tenants <= len(TENANTS) or requests < 1:
        raise ValueError(
            f"a trace needs a share from 0 to 1, 1 to {len(TENANTS)} tenants and a request"
        )
    rng = random.Random(seed)
    ranks = range(1, POPULAR + 1)
    trace = []
    for number in range(requests):
        at = END * (number + rng.random()) / requests
        text = f"popular {rng.choices(ranks, [1 / rank for rank in ranks])[0]}"
        if rng.random() >= repeats:
            text = f"new {number}"
        fields = [("text", text), ("language", "en"), ("top_k", rng.choice([3, 3.0]))]
        payload = dict(fields if rng.random() < 0.5 else reversed(fields))
        tenant = TENANTS[int(rng.random() * tenants)]
        trace.append(Request(at, tenant, BEFORE if at < RELEASE else AFTER, payload))
    return tuple(trace)


def replay(
    trace: Sequence[Request], cache: Cache, key: Callable[[Request], str], clock: ManualClock
) -> dict[str, list[Minutes]]:
    """Answer every request, from the cache if it has something, else from the model. Moves `clock`
    along, in seconds.

    Returns:
        when each kind of answer was given: `right` and wrong ones from the cache, `foreign` if made
        for another tenant and `old` if made by the version before, and `model` where the model was
        asked.
    """
    served: dict[str, list[Minutes]] = {"right": [], "foreign": [], "old": [], "model": []}
    for request in trace:
        clock.now = 60.0 * request.at
        name = key(request)
        answer = cache.get(name)
        kind = "right"
        if answer is None:
            cache.put(name, (request.tenant, request.version))
            kind = "model"
        elif answer[0] != request.tenant:
            kind = "foreign"
        elif answer[1] != request.version:
            kind = "old"
        served[kind].append(round(request.at, 3))
    return served


def draw_key_designs(
    figure: Figure,
    served: Mapping[str, Mapping[str, Sequence[Minutes]]],
    repeat_percent: float,
    tenants: int,
    ttl_minutes: float,
) -> None:
    """What a cache served under each key, as shares of all requests, and when its wrong answers
    went out.

    Args:
        served: a replay's result by the name of the key; the first stands at the top and in the
            headline.
        repeat_percent, tenants, ttl_minutes: where the sliders stand.
    """
    axes = figure.subplots(gridspec_kw=MARGINS)
    rows = {float(-row): name for row, name in enumerate(served)}
    top, bottom = 0.5, min(rows) - 0.5
    axes.set(xlim=(0, RIGHT_HALF + 100), ylim=(bottom, top))
    _draw_bars(axes, rows, served)
    release, ends = _at(RELEASE), _at(min(END, RELEASE + ttl_minutes))
    axes.fill([release, ends, ends, release], [bottom, bottom, top, top], color="#f0ecf4", zorder=0)
    nan, begin = float("nan"), _at(0)
    axes.plot(
        [release, release, nan, begin, begin],
        [bottom, top, nan, bottom, top],
        color="black",
        linewidth=0.8,
    )
    for kind, look in MARKS.items():
        points = [(_at(at), row) for row, name in rows.items() for at in served[name][kind]]
        axes.plot([x for x, _ in points], [row for _, row in points], **look)
    for row, name in rows.items():
        if not served[name]["foreign"] and not served[name]["old"]:
            axes.text(_at(2), row, "no wrong answer", va="center_baseline", fontsize=9)
    shares: dict[float, str] = {0: "0", 25: "25", 50: "% of all requests", 75: "75", 100: "100"}
    times = {
        _at(0): "0",
        _at(30): "30",
        release: f"minute 60: {AFTER} is released",
        _at(90): "90",
        _at(END): "120",
    }
    label_axes(axes, shares | times, rows, grid=False)
    hit, foreign, old, model = (
        {"color": look.get("color", look.get("facecolor"))} for look in BARS.values()
    )
    block = {"linewidth": 9, "solid_capstyle": "butt"}
    looks = {
        "right": hit | block,
        "another tenant's": foreign | block,
        f"{BEFORE}'s, too old": old | block,
    }
    legend(axes, looks | {"model asked": model | block}, 0.0, 0.155)
    legend(
        axes,
        {"another tenant's": MARKS["foreign"], f"{BEFORE}'s, too old": MARKS["old"]},
        0.67,
        0.17,
    )
    figure.text(0.5, 0.93, _headline(served), ha="center", fontsize=11)


def _at(minute: Minutes) -> float:
    """Where a minute stands in the second panel."""
    return RIGHT_HALF + PER_MINUTE * minute


def _draw_bars(
    axes: Axes, rows: Mapping[float, str], served: Mapping[str, Mapping[str, Sequence[Minutes]]]
) -> None:
    left = dict.fromkeys(rows, 0.0)
    for kind, look in BARS.items():
        boxes = []
        for row, name in rows.items():
            total = max(1, sum(map(len, served[name].values())))
            share = 100 * len(served[name][kind]) / total
            boxes.append((left[row], row - 0.3, share, 0.6))
            left[row] += share
        bars(axes, boxes, linewidth=0, **look)


def _headline(served: Mapping[str, Mapping[str, Sequence[Minutes]]]) -> str:
    """The first key beside the one with the most hits."""

    def hits(name: str) -> int:
        return sum(map(len, served[name].values())) - len(served[name]["model"])

    def words(name: str) -> str:
        wrong = len(served[name]["foreign"]) + len(served[name]["old"])
        total = max(1, sum(map(len, served[name].values())))
        return f"{name}: {hits(name) / total:.0%} of {total} from the cache, {wrong} of them wrong"

    first = next(iter(served))
    most = max(served, key=hits)
    return words(first) if hits(most) == hits(first) else f"{words(first)}   ·   {words(most)}"
