"""The radar of a rehearsal: rounds beside each other, as a picture and as SVG for a page."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coursekit.behavioral.mock.questions import TITLES, WEIGHTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHORT = {
    "design": "design",
    "scale": "models in\nproduction",
    "delivery": "delivery",
    "cost": "cost",
    "behavioural": "behavioural",
}
LOOKS = (  # of the newest, the one before, and older: never colour alone
    {"color": "#0b5cad", "linewidth": 2.4, "linestyle": "solid", "marker": "o"},
    {"color": "#b35900", "linewidth": 1.6, "linestyle": "dashed", "marker": "s"},
    {"color": "#666666", "linewidth": 1.0, "linestyle": "dotted", "marker": "^"},
)
DASHES = ("", "8 5", "2 5")


def corners(scores: Sequence[float]) -> list[tuple[float, float]]:
    """Places on a radar of radius 1, the first at the top, clockwise."""
    step = 2 * math.pi / len(scores)
    return [(s * math.sin(n * step), s * math.cos(n * step)) for n, s in enumerate(scores)]


def radar_svg(names: Sequence[str], rows: Mapping[str, Sequence[float]], title: str) -> str:
    """A radar as SVG with words for who cannot see it. All text is escaped.

    Args:
        names: one for each corner.
        rows: scores from 0 to 1 by legend, the newest first; three at most are drawn.
    """

    def place(x: float, y: float, radius: float = 130.0) -> str:
        return f"{220 + radius * x:.1f},{170 - radius * y:.1f}"

    shown = list(rows.items())[:3]
    words = "; ".join(
        f"{legend}: "
        + ", ".join(f"{n} {100 * s:.0f} %" for n, s in zip(names, scores, strict=True))
        for legend, scores in shown
    )
    out = [
        '<svg viewBox="-60 0 560 400" role="img" xmlns="http://www.w3.org/2000/svg" '
        'style="width:100%;max-width:560px;height:auto" '
        f'font-family="sans-serif" font-size="13"><title>{html.escape(title)}</title>'
        f"<desc>{html.escape(words)}</desc>"
    ]
    for ring in (0.25, 0.5, 0.75, 1.0):
        points = " ".join(place(*c) for c in corners([ring] * len(names)))
        out.append(f'<polygon points="{points}" fill="none" stroke="#ccc"/>')
    for name, (x, y) in zip(names, corners([1.0] * len(names)), strict=True):
        anchor = "middle" if abs(x) < 0.2 else "start" if x > 0 else "end"
        left, top = place(x, y, 142.0).split(",")
        lines = name.replace("\n", " ")
        out.append(
            f'<line x1="220" y1="170" x2="{place(x, y).split(",")[0]}" '
            f'y2="{place(x, y).split(",")[1]}" stroke="#ddd"/>'
            f'<text x="{left}" y="{top}" text-anchor="{anchor}">{html.escape(lines)}</text>'
        )
    for number, (legend, scores) in enumerate(shown):
        look = LOOKS[number]
        points = " ".join(place(*c) for c in corners(scores))
        line = f'stroke="{look["color"]}" stroke-width="2.5" stroke-dasharray="{DASHES[number]}"'
        out.append(f'<polygon points="{points}" fill="none" {line}/>')
        y = 345 + 18 * number
        out.append(
            f'<line x1="60" y1="{y - 4}" x2="100" y2="{y - 4}" {line}/>'
            f'<text x="110" y="{y}">{html.escape(legend)}</text>'
        )
    return "".join([*out, "</svg>"])


def draw_radar(
    figure: Figure,
    names: Sequence[str],
    rows: Mapping[str, Sequence[float]],
    beside: str = "",
) -> None:
    """A radar on the left, words beside it.

    Args:
        names: one for each corner.
        rows: scores from 0 to 1 by legend, the newest first; three at most are drawn.
        beside: text on the right.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    axes = figure.add_axes((0.02, 0.04, 0.5, 0.92))
    axes.set_axis_off()
    axes.set(xlim=(-1.75, 1.75), ylim=(-1.3, 1.3), aspect="equal")
    tips = corners([1.0] * len(names))
    rings = [[*corners([r] * len(names)), (0.0, r)] for r in (0.25, 0.5, 0.75, 1.0)]
    axes.add_collection(LineCollection([*rings, *([(0, 0), t] for t in tips)], colors="0.85"))
    for name, (x, y) in zip(names, tips, strict=True):
        side = "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
        axes.text(1.1 * x, 1.12 * y, name, ha=side, va="center", fontsize=9)
    for number, (legend, scores) in enumerate(list(rows.items())[:3]):
        closed = corners([*scores])
        xs, ys = zip(*closed, closed[0], strict=True)
        look: dict[str, Any] = dict(LOOKS[number])
        axes.add_line(Line2D(xs, ys, **look))
        y = 0.93 - 0.08 * number
        figure.add_artist(Line2D([0.56, 0.62], [y, y], **look))
        figure.text(0.64, y, legend, va="center", fontsize=10)
    figure.text(0.56, 0.62, beside, va="top", fontsize=10, linespacing=1.5)


def sheet_and_next(
    score_sheet: Callable[[dict[str, Any]], dict[str, Any]],
    next_three: Callable[[list[dict[str, float]]], list[str]],
    first: Mapping[str, int],
    second: Mapping[str, int],
) -> dict[str, Any]:
    """Two rounds through the learner's code, as plain data for `draw_rounds`.

    Args:
        first, second: one mark for each part; 0: not played.
    """
    sheets = [
        score_sheet({part: [[mark, 1]] for part, mark in marks.items() if mark})
        for marks in (first, second)
    ]
    parts = [
        {p: float(s) for p, s in dict(sheet["parts"]).items() if p in WEIGHTS} for sheet in sheets
    ]
    total = sheets[1]["total"]
    return {
        "before": parts[0],
        "now": parts[1],
        "total": None if total is None else float(total),
        "played": float(sheets[1]["played"]),
        "next": [str(part) for part in next_three([*parts])][:5],
    }


def draw_rounds(figure: Figure, seen: Mapping[str, Any], **_sliders: float) -> None:
    """Two rounds on a radar, the total of the newer one, and what comes next."""
    names = [SHORT[part] for part in WEIGHTS]
    rows = {
        "this round": [seen["now"].get(part, 0.0) for part in WEIGHTS],
        "the round before": [seen["before"].get(part, 0.0) for part in WEIGHTS],
    }
    total = "nothing was played" if seen["total"] is None else f"total {seen['total']:.0f} of 100"
    order = "\n".join(
        f"{n}. {TITLES.get(part, part)}" for n, part in enumerate(seen["next"], start=1)
    )
    beside = (
        f"{total}, standing on {seen['played']:.0f} of 100 points\n\nNext:\n{order or 'nothing'}"
    )
    draw_radar(figure, names, rows, beside)
