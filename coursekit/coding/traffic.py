"""Requests against a rate limit: two common limiters to compare with, a burst on a window's
boundary, and its picture.

`FixedWindow` counts by the calendar, as many gateways do. `SlidingCounter` weighs the last two of
its counts, as described in "How we built rate limiting capable of scaling to millions of domains"
(Cloudflare, 2017). Times are seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from coursekit.clocks import ManualClock
from coursekit.plots import label_axes, legend, round_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Seconds = float  # since the clock's zero
Clock = Callable[[], Seconds]

WINDOWS = 4  # the trace is so many windows long
BOUNDARY = 2  # the burst falls on the end of this window
EDGE = 0.1  # half of the burst comes in this share of a window before the boundary, half after it
STEADY = 0.4  # what comes anyway, as a share of the limit
FLOORS = {"fixed window": 2.0, "counter": 1.0, "yours": 0.0}  # rows of the picture
MARGINS = {"left": 0.115, "right": 0.97, "bottom": 0.12, "top": 0.8}  # of the figure


class Limiter(Protocol):
    """What a replay needs of a limiter."""

    def is_allowed(self, user_id: Hashable) -> bool: ...


class FixedWindow:
    """At most `max_requests` in each calendar window: they begin at whole multiples of
    `window_seconds`.
    """

    def __init__(self, max_requests: int, window_seconds: Seconds, clock: Clock) -> None:
        self.max_requests, self.window_seconds, self.clock = max_requests, window_seconds, clock
        self.counts: Counter[tuple[Hashable, int]] = Counter()

    def is_allowed(self, user_id: Hashable) -> bool:
        """Whether there is room in this window; takes it if so."""
        slot = (user_id, int(self.clock() // self.window_seconds))
        allowed = self.counts[slot] < self.max_requests
        self.counts[slot] += allowed
        return allowed


class SlidingCounter(FixedWindow):
    """Two counts for each user: the last calendar window counts by the share of it that is still in
    sight.
    """

    def is_allowed(self, user_id: Hashable) -> bool:
        """Whether there seems to be room; takes it if so."""
        number, gone = divmod(self.clock(), self.window_seconds)
        last, now = self.counts[user_id, int(number) - 1], self.counts[user_id, int(number)]
        allowed = last * (1 - gone / self.window_seconds) + now < self.max_requests
        self.counts[user_id, int(number)] += allowed
        return allowed


def boundary_burst(limit: int, window_seconds: Seconds, burst: int) -> list[Seconds]:
    """When one user's requests come: a steady `STEADY` of the limit, and `burst` more around the
    second boundary.
    """
    step = window_seconds / max(1, round(STEADY * limit))
    steady = [(n + 0.5) * step for n in range(round(WINDOWS * window_seconds / step))]
    begin, width = (BOUNDARY - EDGE) * window_seconds, 2 * EDGE * window_seconds
    return sorted([*steady, *(begin + (n + 0.5) * width / burst for n in range(burst))])


def replay(make_limiter: Callable[[Clock], Limiter], arrivals: Sequence[Seconds]) -> list[bool]:
    """Whether each of one user's requests was allowed."""
    clock = ManualClock()
    limiter, allowed = make_limiter(clock), []
    for clock.now in arrivals:
        allowed.append(bool(limiter.is_allowed(("harbour", "import script"))))
    return allowed


def in_sight(
    arrivals: Sequence[Seconds], allowed: Sequence[bool], window_seconds: Seconds
) -> list[int]:
    """At each arrival: how many allowed requests are in the window that ends there, itself
    included.
    """
    counts, oldest, times = [], 0, []
    for at, passed in zip(arrivals, allowed, strict=True):
        if passed:
            times.append(at)
        while oldest < len(times) and times[oldest] + window_seconds <= at:
            oldest += 1
        counts.append(len(times) - oldest)
    return counts


def compare(
    make_limiter: Callable[[int, Seconds, Clock], Limiter],
    limit: int,
    window_seconds: Seconds,
    burst: int,
) -> dict[str, Any]:
    """One burst through three limiters.

    Returns:
        `arrivals`, in seconds; `allowed` and `in_sight` (see the function), for each of `FLOORS` a
        list as long.
    """
    makers: Mapping[str, Callable[[int, Seconds, Clock], Limiter]] = {
        "fixed window": FixedWindow,
        "counter": SlidingCounter,
        "yours": make_limiter,
    }
    arrivals = boundary_burst(limit, window_seconds, burst)
    allowed = {
        name: replay(lambda clock, make=make: make(limit, window_seconds, clock), arrivals)  # type: ignore[misc]
        for name, make in makers.items()
    }
    seen = {name: in_sight(arrivals, passed, window_seconds) for name, passed in allowed.items()}
    return {"arrivals": arrivals, "allowed": allowed, "in_sight": seen}


def draw_limits(
    figure: Figure, seen: dict[str, Any], limit: int, window_seconds: Seconds, **_: float
) -> None:
    """Draw what `compare` returned: how many allowed requests each limiter has in sight, and below
    each request.
    """
    arrivals, end = seen["arrivals"], WINDOWS * window_seconds
    most = {name: max(counts) for name, counts in seen["in_sight"].items()}
    top = 1.08 * max(limit, *most.values())
    looks: dict[str, dict[str, Any]] = {
        "fixed window": {"color": "#b34700", "linestyle": "--", "linewidth": 1.6},
        "counter": {"color": "#555555", "linestyle": ":", "linewidth": 2.2},
        "yours": {"color": "#1f4e79", "linestyle": "-", "linewidth": 1.6},
    }
    axes = figure.subplots(gridspec_kw=MARGINS)
    height = top / 5  # of a row of marks
    for name, look in looks.items():
        axes.plot(arrivals, seen["in_sight"][name], drawstyle="steps-post", **look)
        row = (FLOORS[name] - 3.4) * height
        passed = [
            at for at, allowed in zip(arrivals, seen["allowed"][name], strict=True) if allowed
        ]
        refused = [
            at for at, allowed in zip(arrivals, seen["allowed"][name], strict=True) if not allowed
        ]
        axes.plot(
            passed, [row + 0.12 * height] * len(passed), "|", color=look["color"], markersize=11
        )
        axes.plot(refused, [row - 0.3 * height] * len(refused), "x", color="black", markersize=4)
    axes.plot([0, end], [limit, limit], color="black", linewidth=0.8)
    axes.text(end, limit, f"limit {limit:g}", ha="right", va="bottom", fontsize=9)
    axes.set(xlim=(0, end), ylim=(-4.1 * height, top))
    names = {(floor - 3.4) * height: name for name, floor in FLOORS.items()}
    places = {
        number * window_seconds: f"{number * window_seconds:g} s" for number in range(WINDOWS + 1)
    }
    label_axes(axes, places, round_ticks(top) | names, ylabel="allowed in sight")
    marks = {"marker": "|", "markersize": 11, "linestyle": "none", "color": "black"}
    crosses = {"marker": "x", "markersize": 4, "linestyle": "none", "color": "black"}
    legend(axes, looks | {"allowed": marks, "refused": crosses}, 0.19, 0.165)
    worst = ", ".join(f"{name} {count}" for name, count in most.items())
    figure.text(
        0.5, 0.94, ha="center", va="center_baseline", fontsize=10,
        s=f"Most allowed requests in any window of {window_seconds:g} s: {worst}; "
        f"the limit is {limit:g}",
    )  # fmt: skip
