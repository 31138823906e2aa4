"""Pictures of a week: days with whole lessons, and what one believes beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.behavioral.mock import sheet
from coursekit.behavioral.mock.pictures import draw_radar
from coursekit.behavioral.mock.room import FILE, open_room
from coursekit.behavioral.mock.rounds import Unreadable
from coursekit.behavioral.week.contents import AREAS, COURSE, PARTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLE = {"design": 0.5, "scale": 0.4, "delivery": 0.75, "behavioural": 0.6, "coding": 0.8}
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85}  # behind a name
SHADES = {
    "design": ("#9ecae1", ""),
    "scale": ("#a1d99b", "//"),
    "delivery": ("#fdd0a2", "\\\\"),
    "cost": ("#dadaeb", ".."),
    "behavioural": ("#f7b6c2", "xx"),
    "coding": ("#d9d9d9", "--"),
}


def measured_here(folder: Path | str = ".") -> dict[str, float]:
    """The newest score of each part in the rehearsals kept in `folder`; an example without any."""
    if not (Path(folder) / FILE).exists():
        return dict(EXAMPLE)
    room = open_room(folder)
    try:
        sheets = [sheet.sheet_of(one, room.questions) for one in room.rounds]
    except Unreadable:
        return dict(EXAMPLE)
    coding = next((s.coding for s in reversed(sheets) if s.coding is not None), None)
    return sheet.present(sheets) | ({} if coding is None else {"coding": coding}) or dict(EXAMPLE)


def week_of(
    fit: Callable[..., Mapping[str, Any]],
    days: int,
    hours: float,
    scores: Mapping[str, float],
) -> dict[str, Any]:
    """The course through the learner's `fit`, as plain data for `draw_days`."""
    lessons = [
        {key: lesson[key] for key in ("id", "part", "minutes", "weight", "need")}
        for lesson in COURSE
    ]
    plan = fit(lessons, days, hours, dict(scores))
    return {
        "days": [[str(name) for name in day] for day in plan["days"]][:60],
        "left_out": [str(name) for name in plan["left_out"]],
        "free": [float(minutes) for minutes in plan["free"]][:60],
    }


def draw_days(figure: Figure, plan: Mapping[str, Any], **_sliders: float) -> None:
    """A bar for each day with its lessons; beside it what is left out."""
    from coursekit.plots import bars, label_axes, round_ticks

    known = {lesson["id"]: lesson for lesson in COURSE}
    days = plan["days"]
    axes = figure.add_axes((0.07, 0.17, 0.56, 0.72))
    top = 60.0
    boxes: dict[str, list[tuple[float, float, float, float]]] = {part: [] for part in PARTS}
    for n, names in enumerate(days):
        at = 0.0
        for name in names:
            lesson = known.get(name)
            if lesson is None:
                continue
            boxes[lesson["part"]].append((n + 0.54, at, 0.92, lesson["minutes"]))
            if len(days) <= 7:
                axes.text(
                    n + 1,
                    at + lesson["minutes"] / 2,
                    name,
                    ha="center",
                    va="center",
                    fontsize=7,
                    bbox=PAPER,
                )
            at += lesson["minutes"]
        top = max(top, at)
    for part, some in boxes.items():
        if some:
            colour, hatch = SHADES[part]
            bars(axes, some, facecolors=colour, edgecolors="0.35", hatch=hatch, linewidths=0.6)
    axes.set(xlim=(0.5, len(days) + 0.5), ylim=(0, top * 1.08))
    step = max(1, len(days) // 10)
    label_axes(
        axes,
        {n: str(n) for n in range(1, len(days) + 1, step)},
        round_ticks(top),
        xlabel="day; the last of several is for review",
        ylabel="minutes",
        grid=False,
    )
    said = "\n".join(plan["left_out"][:14]) or "nothing"
    more = len(plan["left_out"]) - 14
    said += f"\nand {more} more" if more > 0 else ""
    figure.text(0.66, 0.9, f"Left out:\n{said}", va="top", fontsize=9, linespacing=1.35)
    for n, (part, (colour, hatch)) in enumerate(SHADES.items()):
        from matplotlib.patches import Rectangle

        place = (0.86, 0.84 - 0.09 * n)
        figure.add_artist(
            Rectangle(place, 0.025, 0.05, facecolor=colour, hatch=hatch, edgecolor="0.35")
        )
        figure.text(0.892, 0.85 - 0.09 * n, part, fontsize=8.5)


def sure_and_measured(
    compare: Callable[..., Mapping[str, Any]],
    ratings: Mapping[str, Sequence[int | None]],
    measured: Mapping[str, float],
) -> dict[str, Any]:
    """What one believes and what was measured, through the learner's `compare`, as plain data."""
    areas = {area: measured.get(part) for area, part in AREAS.items()}
    told = compare({area: list(marks) for area, marks in ratings.items()}, areas)
    return {
        area: [
            None if told[area]["own"] is None else float(told[area]["own"]),
            None if told[area]["measured"] is None else float(told[area]["measured"]),
            str(told[area]["says"]),
        ]
        for area in AREAS
        if area in told
    }


def draw_areas(figure: Figure, told: Mapping[str, Any], **_sliders: float) -> None:
    """Own marks and measured scores on one radar, with the verdict in words."""
    names = list(told)
    rows = {
        "measured": [told[name][1] or 0.0 for name in names],
        "your own marks": [told[name][0] or 0.0 for name in names],
    }
    words = "\n".join(f"{name}: {told[name][2]}" for name in names)
    draw_radar(figure, names, rows, words)
