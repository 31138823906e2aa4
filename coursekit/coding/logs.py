"""A usage log that arrives late and damaged: entries of three tenants, and the picture of a report
made from them.

Minutes are counted since 10:00 UTC; the report is made at minute 60. In these entries `user_id` is
the tenant.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from coursekit.plots import label_axes, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# {"timestamp": "2026-11-21T10:05:00Z", "user_id": "harbour", "event": "draft", ...}, or damaged
Entry = Any
Counts = Mapping[str, Mapping[Any, int]]  # {"harbour": {"draft": 12}}

START = datetime(2026, 11, 21, 10, tzinfo=UTC)
REPORT_MINUTE = 60
REPORT = START + timedelta(minutes=REPORT_MINUTE)
# events, on average
PER_MINUTE: Mapping[str, float] = {"harbour": 3.0, "orchard": 2.0, "lantern": 1.0}
BURST = range(46, 51)  # minutes in which an integration of orchard's runs wild
EVENTS = ("draft", "summary", "search")
DELAYS = (2.0, 25.0)  # minutes by which a late entry arrives later


@lru_cache(maxsize=8)
def log_stream(
    late: float, malformed: float, seed: int = 8
) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """What had arrived when the report was made, and what arrived in the end; the same arguments
    give the same.

    Both are in order of arrival. A well-formed entry has a `minute` too, for `by_minute`. Events
    are the same whatever is late or malformed.

    Args:
        late: share of the entries that arrive 2 to 25 minutes after they happened, the others
            within five seconds.
        malformed: share of the entries that are damaged on the way.

    Raises:
        ValueError: one of them is not a share.
    """
    if not (0 <= late <= 1 and 0 <= malformed <= 1):
        raise ValueError("late and malformed are shares from 0 to 1")
    rng = random.Random(seed)
    arrivals: list[tuple[float, int, Entry]] = []
    for tenant, rate in PER_MINUTE.items():
        minute = 0.0
        while True:
            busy = 4 if tenant == "orchard" and int(minute) in BURST else 1
            minute += rng.expovariate(rate * busy)
            if minute >= REPORT_MINUTE:
                break
            entry = _entry(rng, tenant, minute)
            delayed, delay = rng.random() < late, rng.uniform(*DELAYS)
            damaged, damage = rng.random() < malformed, rng.randrange(5)
            arrived = minute + (delay if delayed else delay / 300)
            arrivals.append((arrived, len(arrivals), _damaged(entry, damage) if damaged else entry))
    arrivals.sort()
    return (
        [entry for arrived, _, entry in arrivals if arrived <= REPORT_MINUTE],
        [entry for _, _, entry in arrivals],
    )


def _entry(rng: random.Random, tenant: str, minute: float) -> dict[str, Any]:
    at = START + timedelta(minutes=minute)
    zone = {
        "harbour": UTC,
        "orchard": timezone(timedelta(hours=2)),
        "lantern": timezone(-timedelta(hours=5)),
    }[tenant]
    text = at.astimezone(zone).isoformat().replace("+00:00", "Z")
    return {
        "timestamp": text,
        "user_id": tenant,
        "event": rng.choice(EVENTS),
        "minute": int(minute),
    }


def _damaged(entry: Mapping[str, Any], damage: int) -> Entry:
    rest = {name: value for name, value in entry.items() if name != "minute"}
    if damage == 0:
        return str(rest)
    if damage == 1:
        return rest | {"user_id": None}
    if damage == 2:
        return rest | {"timestamp": "21.11.2026 10:05"}
    if damage == 3:
        return rest | {"user_id": [rest["user_id"]]}
    return {name: value for name, value in rest.items() if name != "event"}


def by_minute(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries with the minute in place of the event, so that counting events counts minutes."""
    for entry in entries:
        yield {**entry, "event": entry.get("minute")} if isinstance(entry, Mapping) else entry


MARGINS = {"left": 0.075, "right": 0.985, "bottom": 0.13, "top": 0.8}  # of the figure
KNOWN: dict[str, Any] = {"colors": "#1f4e79", "linewidths": 6}
LATER: dict[str, Any] = {"colors": "#b34700", "linewidths": 2}


def draw_report(
    figure: Figure,
    seen: Mapping[str, Any],
    window_minutes: float,
    late_percent: float,
    malformed_percent: float,
) -> None:
    """Events per minute of each tenant, known at the time of the report and later, and what the
    window counts.

    Args:
        seen: `known` and `final`, counts by tenant and minute; `report` and `true`, counts by
            tenant and event within the window; `skipped`, how many entries the report left out.
        window_minutes: the window before the report, which is shaded.
        late_percent, malformed_percent: where the other sliders stand.
    """
    from matplotlib.collections import LineCollection

    axes = figure.subplots(gridspec_kw=MARGINS)
    highest = max((n for minutes in seen["final"].values() for n in minutes.values()), default=1)
    bases = {tenant: float(-row * (highest + 2)) for row, tenant in enumerate(PER_MINUTE)}
    begin, bottom, top = REPORT_MINUTE - window_minutes, min(bases.values()), highest + 1.5
    axes.fill(
        [begin, REPORT_MINUTE, REPORT_MINUTE, begin],
        [bottom, bottom, top, top],
        color="#eef2f6",
        zorder=0,
    )
    known, later = _bars(seen["known"], seen["final"], bases)
    axes.add_collection(LineCollection(known, capstyle="butt", **KNOWN), autolim=False)
    axes.add_collection(LineCollection(later, capstyle="butt", **LATER), autolim=False)
    axes.plot(
        [begin, begin, float("nan"), 60, 60],
        [bottom, top, float("nan"), bottom, top],
        color="black",
        lw=0.8,
    )
    axes.set(xlim=(0, 82), ylim=(bottom, top))
    _words(axes, seen, bases)
    times = {0.0: "10:00", 15.0: "10:15", 30.0: "10:30", 45.0: "10:45", 60.0: "11:00, report"}
    most = {tenant: max(seen["final"].get(tenant, {}).values(), default=0) for tenant in bases}
    labels = {
        base + highest / 2: f"{tenant}\nup to {most[tenant]}" for tenant, base in bases.items()
    }
    label_axes(axes, times, labels, grid=False)
    axes.hlines(list(bases.values()), 0, REPORT_MINUTE, color="0.6", linewidth=0.8)
    looks = {"events per minute, known at 11:00": KNOWN, "arrived later": LATER}
    lines = {
        name: {"color": look["colors"], "linewidth": look["linewidths"]}
        for name, look in looks.items()
    }
    legend(axes, lines, 0.0, 0.33)
    counted = sum(map(_total, seen["report"].values()))
    missing = sum(map(_total, seen["true"].values())) - counted
    headline = f"last {window_minutes:g} minutes: {counted} events counted, {missing} came too late"
    figure.text(
        0.5, 0.93, f"{headline}, {seen['skipped']} entries skipped", ha="center", fontsize=11
    )


def _bars(known: Counts, final: Counts, bases: Mapping[str, float]) -> tuple[list[Any], list[Any]]:
    """Upright lines: what was known of each minute, and on top of it what came later."""
    dark, light = [], []
    for tenant, base in bases.items():
        before = known.get(tenant, {})
        for minute, count in final.get(tenant, {}).items():
            middle, height = minute + 0.5, before.get(minute, 0)
            dark.append([(middle, base), (middle, base + height)])
            light.append([(middle, base + height), (middle, base + count)])
    return dark, light


def _words(axes: Axes, seen: Mapping[str, Any], bases: Mapping[str, float]) -> None:
    for tenant, base in bases.items():
        counted, true = _total(seen["report"].get(tenant, {})), _total(seen["true"].get(tenant, {}))
        words = f"{counted} in the report" + (
            f"\n{true} once all are in" if true != counted else ""
        )
        axes.text(62, base + 0.5, words, va="bottom", fontsize=10)


def _total(events: Mapping[Any, int]) -> int:
    return sum(events.values())
