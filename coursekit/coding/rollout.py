"""A rollout to practise on: canary and stable side by side, stage by stage, with faults to inject.

Two things live here. `rehearse` plays readings written down beforehand to a canary checker.
`Rollout`, `play` and `draw_rollout` make the readings up, lead a checker through 5 % → 25 % → 50 %
→ 100 % of the traffic and draw what it saw and decided. Checkers and metrics are the learner's own;
nothing here knows their classes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from coursekit import vtime
from coursekit.plots import label_axes, legend, round_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Share = float  # of all requests, 0.05 is 5 %
Side = Literal["canary", "stable"]
Source = Callable[[], Awaitable[Any]]  # one reading of one side

STAGES: tuple[Share, ...] = (0.05, 0.25, 0.50, 1.00)
# what the stable version still sees, as a copy, when the canary serves everybody
MIRRORED: Share = 0.05
USUAL_ERROR_RATE = 0.005
USUAL_P99_MS = 450.0
USUAL_CLICK_RATE = 0.12


class Checker(Protocol):
    """What `rehearse` and `play` need of a canary checker."""

    def evaluate(
        self, get_canary_metrics: Source, get_stable_metrics: Source, duration_minutes: float = ...
    ) -> Awaitable[Any]:
        """A decision: an enum member, of which only `.name` is read."""


# ----------------------------------------------------------------------------------------- rehearse


@dataclass
class Script:
    """Two sources that read from rows written beforehand.

    A row is a pair (canary, stable), one for each check; an exception in it is raised instead of
    returned. The last row is repeated for as long as somebody asks. Either side may be asked first,
    or not at all: a check begins when the loop's time has moved since the last question, or when a
    side is asked a second time.
    """

    rows: Sequence[tuple[Any, Any]]
    times: list[float] = field(default_factory=list)  # when each check began, on the loop's clock
    _asked: set[Side] = field(default_factory=set)

    async def canary(self) -> Any:
        """The canary's reading in this check."""
        return await self._answer("canary")

    async def stable(self) -> Any:
        """The stable version's reading in this check."""
        return await self._answer("stable")

    async def _answer(self, side: Side) -> Any:
        now = asyncio.get_running_loop().time()
        if not self.times or now != self.times[-1] or side in self._asked:
            self.times.append(now)
            self._asked.clear()
        self._asked.add(side)
        row = self.rows[min(len(self.times), len(self.rows)) - 1]
        await asyncio.sleep(0)
        reading = row[0] if side == "canary" else row[1]
        if isinstance(reading, Exception):
            raise reading
        return reading


async def rehearse(
    checker: Checker, rows: Sequence[tuple[Any, Any]], duration_minutes: float
) -> dict[str, Any]:
    """What a checker does with these readings (see `Script`), as plain data.

    Returns:
        `decision`, the name; `checks`, how many there were; `checks_at` and `answer_at`, seconds
        since the beginning.
    """
    loop, script = asyncio.get_running_loop(), Script(rows)
    start = loop.time()
    decision = await checker.evaluate(
        script.canary, script.stable, duration_minutes=duration_minutes
    )
    return {
        "decision": decision.name,
        "checks": len(script.times),
        "checks_at": [time - start for time in script.times],
        "answer_at": loop.time() - start,
    }


# ----------------------------------------------------------------------------------------- simulate


@dataclass(frozen=True)
class Reading:
    """One minute of one side."""

    minute: float  # since the rollout began
    error_rate: float
    p99_latency_ms: float
    request_count: int
    click_rate: float  # the business metric: clicks on a suggestion, per request

    def to(self, make_metrics: Callable[..., Any]) -> Any:
        """The same reading as the learner's `Metrics`."""
        return make_metrics(
            error_rate=self.error_rate,
            p99_latency_ms=self.p99_latency_ms,
            success_rate=1.0 - self.error_rate,
            request_count=self.request_count,
            business={"click_rate": self.click_rate},
        )


@dataclass(frozen=True)
class Rollout:
    """A new model version beside the old one; what is wrong with it is injected.

    The extra latency is that of a dependency that does not scale: it grows with the canary's share
    of the traffic, so a small canary hides it. The same seed and minute give the same luck.
    """

    extra_error_rate: float = 0.0  # of the canary's requests, on top of the usual ones
    extra_latency_ms: float = 0.0  # on the canary's p99 when it serves all requests
    requests_per_minute: int = 40_000
    seed: int = 0

    def read(self, side: Side, share: Share, minute: float) -> Reading:
        """One minute of one side while the canary serves `share` of the requests.

        At 100 % the stable version answers nobody; a mirrored copy of some requests keeps it
        comparable.
        """
        import numpy as np  # only here: the lesson does without it

        luck = np.random.default_rng([self.seed, int(side == "canary"), round(minute * 60)])
        mine = share if side == "canary" else max(1.0 - share, MIRRORED)
        error_rate, p99 = USUAL_ERROR_RATE, USUAL_P99_MS
        if side == "canary":
            error_rate = min(1.0, error_rate + self.extra_error_rate)
            p99 += self.extra_latency_ms * share
        count = max(1, round(self.requests_per_minute * mine))
        errors, clicks = luck.binomial(count, error_rate), luck.binomial(count, USUAL_CLICK_RATE)
        spread = 0.02 + 0.5 / count**0.5
        p99 *= float(np.exp(luck.normal(0.0, spread)))
        return Reading(minute, int(errors) / count, p99, count, int(clicks) / count)


@dataclass(frozen=True)
class Stage:
    """What a checker saw at one share of the traffic, and what it said."""

    share: Share
    start: float  # minutes since the rollout began
    end: float
    canary: list[Reading]
    stable: list[Reading]
    decision: str  # the name


def play(
    rollout: Rollout,
    checker: Checker,
    make_metrics: Callable[..., Any],
    minutes: float = 6,
    patience: int = 2,
) -> list[Stage]:
    """Lead a checker through the stages, in virtual time.

    PROCEED opens the next stage, ROLLBACK ends the rollout, CONTINUE_MONITORING repeats the stage:
    `patience` times in all, then the rollout waits for a human being.
    """
    played: list[Stage] = []
    for share in STAGES:
        for _ in range(patience):
            played.append(
                vtime.run(_one_stage, rollout, checker, make_metrics, share, _end(played), minutes)
            )
            if played[-1].decision != "CONTINUE_MONITORING":
                break
        if played[-1].decision != "PROCEED":
            break
    return played


def _end(played: list[Stage]) -> float:
    return played[-1].end if played else 0.0


async def _one_stage(
    rollout: Rollout,
    checker: Checker,
    make_metrics: Callable[..., Any],
    share: Share,
    start: float,
    minutes: float,
) -> Stage:
    loop = asyncio.get_running_loop()
    seen: dict[Side, list[Reading]] = {"canary": [], "stable": []}

    def source(side: Side) -> Source:
        async def ask() -> Any:
            seen[side].append(rollout.read(side, share, start + loop.time() / 60))
            return seen[side][-1].to(make_metrics)

        return ask

    decision = await checker.evaluate(source("canary"), source("stable"), duration_minutes=minutes)
    return Stage(
        share, start, start + loop.time() / 60, seen["canary"], seen["stable"], decision.name
    )


# --------------------------------------------------------------------------------------------- draw

LOOKS = {
    "PROCEED": ("^", "#1b7837"),
    "ROLLBACK": ("X", "#b2182b"),
    "CONTINUE_MONITORING": ("s", "#5a5a5a"),
}
ENDINGS = {
    "ROLLBACK": ": stable serves everybody",
    "CONTINUE_MONITORING": ": waits for a human being",
}
CANARY_LOOKS: dict[str, Any] = {
    "color": "#d95f02",
    "marker": "o",
    "markersize": 4,
    "linewidth": 1.4,
}
STABLE_LOOKS: dict[str, Any] = {
    "color": "#2b5c8a",
    "marker": "x",
    "markersize": 4,
    "linewidth": 1.4,
    "linestyle": "--",
}
BOUND_LOOKS: dict[str, Any] = {"color": "#777777", "linestyle": ":"}
LIMIT_LOOKS: dict[str, Any] = {"color": "#333333", "linestyle": "-.", "linewidth": 1}
# of the figure
MARGINS = {"left": 0.055, "right": 0.99, "bottom": 0.1, "top": 0.76, "hspace": 0.25}
# where the decisions stand: bottom and height, in heights of the panel below them
STRIP = (1.3, 0.48)


@dataclass(frozen=True)
class Timeline:
    """A rollout and the limits that it was judged by."""

    stages: list[Stage]
    max_error_rate: float
    max_error_ratio: float
    max_p99_latency_ms: float
    max_latency_ratio: float

    @classmethod
    def of(cls, stages: list[Stage], limits: Any) -> Timeline:
        """With the limits of the learner's `Thresholds`."""
        of_all, than_stable = (
            (limits.max_error_rate, limits.max_error_ratio),
            limits.max_latency_ratio,
        )
        return cls(stages, *of_all, limits.max_p99_latency_ms, than_stable)


def draw_rollout(figure: Figure, seen: Timeline, **_: float) -> None:
    """The timeline of a rollout: error rate and p99 of both sides, the limits, and the decision
    after each stage.
    """
    stages = seen.stages
    errors, latency = figure.subplots(2, gridspec_kw=MARGINS)
    _curves(
        errors,
        stages,
        lambda r: 100 * r.error_rate,
        seen.max_error_ratio,
        100 * seen.max_error_rate,
    )
    _curves(
        latency, stages, lambda r: r.p99_latency_ms, seen.max_latency_ratio, seen.max_p99_latency_ms
    )
    _decisions(errors, stages)
    legend(errors, {"canary": CANARY_LOOKS, "stable": STABLE_LOOKS})
    halted = stages[-1].decision != "PROCEED"
    end = max(25.5, stages[-1].end * (1.5 if halted else 1.05))  # the words after a halt need room
    minutes = round_ticks(end, 6)
    label_axes(
        errors,
        dict.fromkeys(minutes, ""),
        round_ticks(errors.get_ylim()[1]),
        ylabel="error rate, %",
    )
    words = "minutes since the rollout began"
    label_axes(latency, minutes, round_ticks(latency.get_ylim()[1]), words, "p99 latency, ms")
    for axes in (errors, latency):
        axes.set_xlim(0, end)


def _decisions(axes: Axes, stages: Sequence[Stage]) -> None:
    """A strip above the panel."""
    over: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
    bottom, height = STRIP
    shades = ["#dfe6ee" if number % 2 else "#eef2f6" for number in range(len(stages))]
    axes.broken_barh(
        [(stage.start, stage.end - stage.start) for stage in stages],
        STRIP,
        facecolors=shades,
        **over,
    )
    for stage in stages:
        middle, share = (stage.start + stage.end) / 2, f"{100 * stage.share:.0f} %"
        words = f"{share} canary" if stage.end - stage.start >= 3 else share
        y = bottom + 0.72 * height
        axes.text(middle, y, words, ha="center", va="center", fontsize=9, weight="bold", **over)
        marker, color = LOOKS.get(stage.decision, ("D", "#000000"))
        y = bottom + 0.28 * height
        axes.plot(stage.end, y, marker=marker, color=color, markersize=9, **over)
        last = stage is stages[-1] and stage.decision != "PROCEED"
        words = stage.decision.replace("_", " ").lower() + (
            ENDINGS.get(stage.decision, "") if last else ""
        )
        at, side = (stage.end + 0.3, "left") if last else (stage.end - 0.3, "right")
        axes.text(at, y, words, ha=side, va="center", fontsize=9, color=color, **over)


def _curves(
    axes: Axes,
    stages: Sequence[Stage],
    value: Callable[[Reading], float],
    ratio: float,
    limit: float,
) -> None:
    stable = [reading for stage in stages for reading in stage.stable]
    canary = [reading for stage in stages for reading in stage.canary]
    for readings, looks in ((stable, STABLE_LOOKS), (canary, CANARY_LOOKS)):
        axes.plot([r.minute for r in readings], [value(r) for r in readings], **looks)
    axes.plot([r.minute for r in stable], [ratio * value(r) for r in stable], **BOUND_LOOKS)
    axes.axhline(limit, **LIMIT_LOOKS)
    axes.vlines(
        [stage.end for stage in stages],
        0,
        1,
        transform=axes.get_xaxis_transform(),
        color="#999999",
        lw=0.8,
    )
    axes.set_ylim(0, 1.15 * max([limit, *map(value, canary), *map(value, stable)]))
    legend(axes, {f"{ratio:g} × stable": BOUND_LOOKS, f"limit {limit:g}": LIMIT_LOOKS}, 0.6)
