"""One picture of a run: pods, requests, queue, memory and decisions over one time.

Hatches and words tell things apart, colour only helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from coursekit.devops.cluster.timeline import Timeline
from coursekit.plots import label_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = ("pods", "requests", "queue", "memory", "decisions")
MOST_BINS = 240
MOST_LABELS = 6
_HEIGHTS = {"pods": 3.0, "requests": 1.6, "queue": 1.2, "memory": 1.6, "decisions": 1.4}
# What a pod's phase counts as, from the bottom: shade, hatch, name.
_LAYERS = (
    ("ready", "0.80", "", {"Ready"}),
    ("starting", "0.97", "....", {"Pending", "ContainerCreating", "Running"}),
    ("terminating", "0.92", "////", {"Terminating"}),
    ("failing", "0.60", "xxxx", {"CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull"}),
)
_BLACK: dict[str, Any] = {"color": "0.1", "linewidth": 1.4}


def draw_timeline(
    figure: Figure, timeline: Timeline, panels: Sequence[str] = PANELS, title: str = ""
) -> None:
    """Draw a run.

    Args:
        figure: 800 pixels wide or more; 1.2 inches a panel are enough.
        timeline: what happened.
        panels: some of `PANELS`, from top to bottom. Panels with nothing to show are left out.
        title: a line above.
    """
    shown = [name for name in PANELS if name in panels and _has(timeline, name)]
    total = sum(_HEIGHTS[name] + 0.75 for name in shown) + 0.6
    top, left, width = 1.0 - 0.25 / total, 0.085, 0.88
    bins = _bins(timeline.duration_s)
    for name in shown:
        height = _HEIGHTS[name] / total
        top -= 0.55 / total
        axes = figure.add_axes((left, top - height, width, height))
        axes.set_xlim(0, timeline.duration_s)
        last = name == shown[-1]
        _DRAWN[name](axes, timeline, bins, _ticks(timeline.duration_s, labelled=last))
        top -= height + 0.2 / total
    if title:
        figure.text(left, 0.99, title, va="top", fontsize=10)


def _has(timeline: Timeline, name: str) -> bool:
    if name == "requests":
        return timeline.requests_sent > 0
    if name == "queue":
        return any(timeline.waiting)
    if name == "memory":
        return any(limit for rows in timeline.memory_kib.values() for _, _, limit in rows[:1])
    if name == "decisions":
        return bool(_marks(timeline))
    return True


def _bins(duration_s: int) -> list[tuple[int, int]]:
    size = max(1, -(-duration_s // MOST_BINS))
    return [(at, min(at + size, duration_s)) for at in range(0, duration_s, size)]


def _ticks(duration_s: int, labelled: bool) -> dict[float, str]:
    step = next(
        (step for step in (60, 120, 300, 600, 900, 1800, 3600) if duration_s / step <= 10), 3600
    )
    return {
        float(at): f"{at // 60} min" if labelled else "" for at in range(0, duration_s + 1, step)
    }


def _scale(most: int) -> dict[float, str]:
    """Zero, half and all, in round numbers."""
    step = 1
    while most > 2 * step:
        step *= 2 if str(step)[0] in "15" else 1
        if most > 2 * step and str(step)[0] == "2":
            step = step // 2 * 5
    return {float(at): f"{at:,}" for at in (0, step, 2 * step)}


def _label(axes: Axes, at: float, level: float, text: str, **more: Any) -> None:
    axes.text(at, level, text, fontsize=8, **more)


def _pods(
    axes: Axes, timeline: Timeline, bins: list[tuple[int, int]], ticks: dict[float, str]
) -> None:
    counts = {name: [0] * len(bins) for name, *_ in _LAYERS}
    size = bins[0][1] - bins[0][0] if bins else 1
    for pod in timeline.pods:
        ends = [*(second for second, _ in pod.phases[1:]), timeline.duration_s]
        for (start, phase), end in zip(pod.phases, ends, strict=True):
            layer = next((name for name, _, _, phases in _LAYERS if phase in phases), None)
            if layer:
                for number in range(-(-start // size), -(-end // size)):
                    if number < len(bins):
                        counts[layer][number] += 1
    xs = [at for at, _ in bins]
    bottom = [0] * len(bins)
    seen = []
    for name, shade, hatch, _ in _LAYERS:
        if not any(counts[name]):
            continue
        top = [a + b for a, b in zip(bottom, counts[name], strict=True)]
        axes.fill_between(
            xs, bottom, top, step="post", facecolor=shade, hatch=hatch, edgecolor="0.3",
            linewidth=0.5,
        )  # fmt: skip
        seen.append((name, shade, hatch))
        bottom = top
    for steps in timeline.desired.values():
        line = [timeline.at(steps, at) for at in xs]
        axes.plot(xs, line, drawstyle="steps-post", linestyle="--", **_BLACK)
    scale = _scale(max([1, *bottom]))
    axes.set_ylim(0, max(max(scale), max([1, *bottom]) * 1.05))
    label_axes(axes, ticks, scale, ylabel="pods", grid=False)
    _key(axes, seen)


def _key(axes: Axes, seen: list[tuple[str, str, str]]) -> None:
    from matplotlib.patches import Rectangle

    place = 0.1
    for name, shade, hatch in seen:
        box = Rectangle(
            (place, 1.03), 0.03, 0.09, transform=axes.transAxes, clip_on=False, facecolor=shade,
            hatch=hatch, edgecolor="0.3", linewidth=0.5,
        )  # fmt: skip
        axes.add_artist(box)
        _label(axes, place + 0.037, 1.035, name, transform=axes.transAxes)
        place += 0.06 + 0.014 * len(name)
    _label(axes, place, 1.035, "- - wanted", transform=axes.transAxes)


def _requests(
    axes: Axes, timeline: Timeline, bins: list[tuple[int, int]], ticks: dict[float, str]
) -> None:
    xs = [at for at, _ in bins]
    sent = [sum(timeline.sent[at:to]) / (to - at) for at, to in bins]
    failed = [sum(timeline.failed[at:to]) / (to - at) for at, to in bins]
    axes.plot(xs, sent, drawstyle="steps-post", **_BLACK)
    scale = _scale(int(max([1, *sent, *failed])) + 1)
    axes.set_ylim(0, max(scale))
    if any(failed):
        axes.fill_between(
            xs, failed, step="post", facecolor="0.5", hatch="xxx", edgecolor="0.1", linewidth=0.8
        )
        axes.plot(
            [x for x, count in zip(xs, failed, strict=True) if count],
            [max(scale) * 0.94 for count in failed if count],
            linestyle="none", marker="x", markersize=5, color="0.1",
        )  # fmt: skip
    words = f"requests a second (line); failed: {timeline.requests_failed:,} (x, hatched)"
    label_axes(axes, ticks, scale, ylabel=words)


def _queue(
    axes: Axes, timeline: Timeline, bins: list[tuple[int, int]], ticks: dict[float, str]
) -> None:
    highest = [max(timeline.waiting[at:to], default=0) for at, to in bins]
    axes.plot([at for at, _ in bins], highest, drawstyle="steps-post", **_BLACK)
    scale = _scale(max([1, *highest]))
    axes.set_ylim(0, max(scale))
    label_axes(axes, ticks, scale, ylabel="requests that wait")


def _memory(
    axes: Axes, timeline: Timeline, bins: list[tuple[int, int]], ticks: dict[float, str]
) -> None:
    size = bins[0][1] - bins[0][0] if bins else 1
    most = [0] * len(bins)
    limit = 0
    for rows in timeline.memory_kib.values():
        for second, resident, cap in rows:
            number = min(second // size, len(bins) - 1)
            most[number] = max(most[number], resident // 1024)
            limit = max(limit, cap // 1024)
    points = [(at, value) for (at, _), value in zip(bins, most, strict=True) if value]
    axes.plot(*zip(*points, strict=True), **_BLACK)
    scale = _scale(max(1, limit, *most))
    axes.set_ylim(0, max(scale))
    if limit:
        axes.axhline(limit, linestyle="--", **_BLACK)
        _label(axes, timeline.duration_s, limit, f"limit {limit:,} ", ha="right", va="bottom")
    kills = [event.at_s for event in timeline.events if event.reason == "OOMKilling"]
    if kills:
        axes.plot(kills, [limit] * len(kills), linestyle="none", marker="x", color="0.1")
        words = f"MiB of the largest pod; {len(kills)} OOM kills (x)"
    else:
        words = "MiB of the largest pod"
    label_axes(axes, ticks, scale, ylabel=words)


def _marks(timeline: Timeline) -> list[tuple[int, str]]:
    """When something was decided, in a few words."""
    marks = [
        (one.at_s, f"{one.before} to {one.decision.replicas}: {one.decision.rule}")
        for one in timeline.decisions
        if one.decision.replicas != one.before
    ]
    marks += [
        (second, reason)
        for rows in timeline.rollouts.values()
        for second, reason in rows
        if second > 0 and reason != "ReplicaSetUpdated"
    ]
    for node, start_s, end_s in timeline.drains:
        marks.append((start_s, f"drain {node}"))
        if end_s is not None:
            marks.append((end_s, f"{node} drained"))
    return sorted(marks)


def _decisions(
    axes: Axes, timeline: Timeline, bins: list[tuple[int, int]], ticks: dict[float, str]
) -> None:
    del bins
    marks = _marks(timeline)
    axes.set_ylim(0, 4)
    axes.vlines([at for at, _ in marks], 0, 4, colors="0.5", linewidth=0.8)
    step = max(1, -(-len(marks) // MOST_LABELS))
    for number, (at, words) in enumerate(marks[::step][:MOST_LABELS]):
        right = at > timeline.duration_s * 0.6
        level = 3.3 - number % 4
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        _label(
            axes, at, level, f"{words} " if right else f" {words}", va="center", bbox=box,
            ha="right" if right else "left",
        )  # fmt: skip
    more = f" ({len(marks)} in all)" if step > 1 else ""
    label_axes(axes, ticks, {}, ylabel=f"decisions and the rule that fired{more}", grid=False)


_DRAWN = {
    "pods": _pods,
    "requests": _requests,
    "queue": _queue,
    "memory": _memory,
    "decisions": _decisions,
}
