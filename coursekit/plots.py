"""Pictures that a learner can move: sliders where there are widgets, a still picture where there are none.

A picture is drawn anew whenever a slider moves and in every notebook that is graded, so it should cost little. A layout
engine, ticks and legends cost most: leave room by hand, and draw with `scales` and `key`, which are text and lines.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit.attempt import in_a_sentence
from coursekit.checks import collecting
from coursekit.where import in_ipython, in_kernel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

Places = Mapping[float, str]  # where a label stands, in data coordinates: {10: "10 ms"}

DPI = 96


@dataclass(frozen=True)
class Slider:
    """A number from `low` to `high` in steps of `step`, which begins at `start`."""

    low: float
    high: float
    step: float
    start: float
    label: str = ""


def slider(low: float, high: float, step: float, start: float, label: str = "") -> Slider:
    """A slider for `explore`.

    Raises:
        ValueError: `start` does not lie between `low` and `high`, or `step` is not positive.
    """
    if not low <= start <= high or step <= 0:
        raise ValueError(f"a slider from {low} to {high} in steps of {step} cannot start at {start}")
    return Slider(low, high, step, start, label)


def explore(
    draw: Callable[..., None], *, caption: str, size: tuple[float, float] = (9.0, 4.0), **sliders: Slider
) -> None:
    """Show `draw(figure, **values)` with a slider for each value and draw anew whenever one moves.

    Without widgets (an export, a grader, a script) the picture at the sliders' starting values is shown. An exception
    in `draw` is told in a sentence below an empty frame, so an untouched notebook runs to its end.

    Args:
        draw: gets a fresh `matplotlib.figure.Figure` and one keyword for each slider. Nothing moves the axes apart:
            it leaves margins that are wide enough wherever the sliders stand.
        caption: says in words what the picture shows; it is also the alternative text.
        size: width and height in inches.
    """
    if collecting():
        return
    values = {name: s.start for name, s in sliders.items()}
    if not in_ipython():
        _picture(draw, size, values)
        return
    from IPython.display import display

    if not in_kernel():
        display(_image(draw, size, values, caption))
        print(caption)
        return
    try:
        import ipywidgets
    except ImportError:
        display(_image(draw, size, values, caption))
        print(caption, "(Install ipywidgets to move it.)")
        return
    _with_sliders(ipywidgets, draw, size, values, caption, sliders)


def _with_sliders(
    widgets: Any,
    draw: Callable[..., None],
    size: tuple[float, float],
    values: dict[str, float],
    caption: str,
    sliders: dict[str, Slider],
) -> None:
    from IPython.display import display

    controls = {}
    for name, s in sliders.items():
        whole = all(float(n).is_integer() for n in (s.low, s.high, s.step, s.start))
        kind = widgets.IntSlider if whole else widgets.FloatSlider
        number = int if whole else float
        controls[name] = kind(
            value=number(s.start), min=number(s.low), max=number(s.high), step=number(s.step),
            description=s.label or name.replace("_", " "), continuous_update=False,
            style={"description_width": "16em"}, layout={"width": "34em"},
        )  # fmt: skip
    display(widgets.VBox(list(controls.values())))
    shown = display(_image(draw, size, values, caption), display_id=True)
    print(caption)

    def moved(_change: object) -> None:
        now = {name: control.value for name, control in controls.items()}
        shown.update(_image(draw, size, now, caption))

    for control in controls.values():
        control.observe(moved, names="value")


def _image(draw: Callable[..., None], size: tuple[float, float], values: dict[str, float], caption: str) -> Any:
    from IPython.display import Image

    return Image(data=_picture(draw, size, values), format="png", alt=caption)


def _picture(draw: Callable[..., None], size: tuple[float, float], values: dict[str, float]) -> bytes:
    """PNG bytes of the drawing, or of a sentence that says why there is none."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    try:
        draw(figure, **values)
    except Exception as error:
        figure.clear()
        figure.set_size_inches(size[0], 1.2)
        why = in_a_sentence(error)
        figure.text(0.02, 0.5, f"The picture appears here once your code answers.\n{why}", va="center", wrap=True)
    out = io.BytesIO()
    with rc_context({"text.hinting": "no_hinting"}):  # it costs a third of a letter
        figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None}, pil_kwargs={"compress_level": 3})
    return out.getvalue()


# ------------------------------------------------------------------------------------------------ parts of a drawing


def scales(axes: Axes, x: Places, y: Places, xlabel: str = "", ylabel: str = "", grid: bool = True) -> None:
    """Label places on both axes, instead of ticks, with a faint line through each if there is a `grid`.

    `xlabel` stands below the panel, `ylabel` above its left edge. An empty label leaves the line alone.
    """
    from matplotlib.collections import LineCollection

    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    along, up = axes.get_xaxis_transform(), axes.get_yaxis_transform()
    if grid:
        for lines, transform in (([[(at, 0), (at, 1)] for at in x], along), ([[(0, at), (1, at)] for at in y], up)):
            faint = LineCollection(lines, transform=transform, colors="0.9", linewidths=0.8, zorder=0)
            axes.add_collection(faint, autolim=False)
    below, left = _shifted(axes, along, y=-4), _shifted(axes, up, x=-4)
    for at, label in x.items():
        if label:
            axes.text(at, 0, label, transform=below, ha="center", va="top", fontsize=9)
    for at, label in y.items():
        axes.text(0, at, label, transform=left, ha="right", va="center_baseline", fontsize=9)
    if xlabel:
        axes.text(0.5, 0, xlabel, transform=_shifted(axes, axes.transAxes, y=-18), ha="center", va="top")
    if ylabel:
        axes.text(0, 1, ylabel, transform=_shifted(axes, axes.transAxes, y=6))


def key(axes: Axes, looks: Mapping[str, Mapping[str, Any]], start: float = 0.3, step: float = 0.15) -> None:
    """Name lines and marks in a row above the panel, instead of a legend.

    Args:
        looks: the properties of a `Line2D`, by name.
        start: where the first one begins, as a share of the panel's width.
        step: from one to the next.
    """
    from matplotlib.lines import Line2D

    row = _shifted(axes, axes.transAxes, y=10)
    for number, (name, look) in enumerate(looks.items()):
        left = start + number * step
        xs = [left + 0.015] if look.get("linestyle") == "none" else [left, left + 0.03]
        axes.add_artist(Line2D(xs, [1] * len(xs), transform=row, clip_on=False, **look))
        axes.text(left + 0.04, 1, name, transform=row, va="center_baseline", fontsize=9)


def _shifted(axes: Axes, transform: Transform, x: float = 0, y: float = 0) -> Transform:
    """The same places, so many points further to the right and up."""
    from matplotlib.transforms import ScaledTranslation

    return transform + ScaledTranslation(x / 72, y / 72, axes.figure.dpi_scale_trans)


def round_steps(top: float, most: int = 4) -> dict[float, str]:
    """Places for `scales`: from 0 to `top` at most, in no more than `most` equal, round steps."""
    from matplotlib.ticker import MaxNLocator

    return {float(at): f"{at:,g}" for at in MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(0, top) if at <= top}
