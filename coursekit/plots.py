"""Pictures that a learner can move: sliders where there are widgets, a still picture where there are none.

A picture is drawn anew whenever a slider moves and in every notebook that is graded, so it should cost little. A layout
engine, ticks and legends cost most: leave room by hand, and draw with `scales` and `key`, which are text and lines.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit import codec
from coursekit.attempt import in_a_sentence
from coursekit.checks import collecting
from coursekit.where import in_ipython, in_kernel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

Places = Mapping[float, str]  # where a label stands, in data coordinates: {10: "10 ms"}

DPI = 96
MOST = 300  # pictures to remember, some 30 kB each


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
    draw: Callable[..., None],
    *,
    data: Callable[..., Any] | None = None,
    caption: str,
    size: tuple[float, float] = (9.0, 4.0),
    **sliders: Slider,
) -> None:
    """Show `draw(figure, **values)` with a slider for each value and draw anew whenever one moves.

    With `data` the work is parted: `data(**values)` calls the learner's code, `draw(figure, seen, **values)` only draws
    what was `seen`. If `draw` is a function of `coursekit`'s and `seen` plain data, a picture is drawn once: whoever
    sees the same is shown the same (`remembered`).

    Without widgets (an export, a grader, a script) the picture at the sliders' starting values is shown. An exception
    in `draw` is told in a sentence below an empty frame, so an untouched notebook runs to its end.

    Args:
        draw: gets a fresh `matplotlib.figure.Figure`, what `data` returned if there is one, and one keyword for each
            slider. Nothing moves the axes apart:
            it leaves margins that are wide enough wherever the sliders stand.
        caption: says in words what the picture shows; it is also the alternative text.
        size: width and height in inches.
    """
    if collecting():
        return
    scene = _Scene(draw, data, size, caption)
    values = {name: s.start for name, s in sliders.items()}
    if not in_ipython():
        scene.picture(values)
        return
    from IPython.display import display

    if not in_kernel():
        display(scene.image(values))
        print(caption)
        return
    try:
        import ipywidgets
    except ImportError:
        display(scene.image(values))
        print(caption, "(Install ipywidgets to move it.)")
        return
    _with_sliders(ipywidgets, scene, values, sliders)


def _with_sliders(widgets: Any, scene: _Scene, values: dict[str, float], sliders: dict[str, Slider]) -> None:
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
    shown = display(scene.image(values), display_id=True)
    print(scene.caption)

    def moved(_change: object) -> None:
        now = {name: control.value for name, control in controls.items()}
        shown.update(scene.image(now))

    for control in controls.values():
        control.observe(moved, names="value")


@dataclass(frozen=True)
class _Scene:
    """What `explore` shows, wherever its sliders stand."""

    draw: Callable[..., None]
    data: Callable[..., Any] | None
    size: tuple[float, float]
    caption: str

    def image(self, values: Mapping[str, float]) -> Any:
        from IPython.display import Image

        return Image(data=self.picture(values), format="png", alt=self.caption)

    def picture(self, values: Mapping[str, float]) -> bytes:
        """PNG bytes of the drawing, or of a sentence that says why there is none."""
        try:
            seen = [] if self.data is None else [self.data(**values)]
        except Exception as error:
            return _why_not(error, self.size[0])
        name = _name(self.draw) if seen else None
        key = None if name is None else _digest([name, self.size, dict(values), *seen])
        if key is None:
            return self._drawn(seen, values)
        if key not in remembered:
            remembered[key] = self._drawn(seen, values)
            while len(remembered) > MOST:
                del remembered[next(iter(remembered))]
        return remembered[key]

    def _drawn(self, seen: list[Any], values: Mapping[str, float]) -> bytes:
        figure = _figure(self.size)
        try:
            self.draw(figure, *seen, **values)
        except Exception as error:
            return _why_not(error, self.size[0])
        return _png(figure)


remembered: dict[str, bytes] = {}  # pictures, by a digest of everything they were drawn from


def _name(draw: Callable[..., None]) -> str | None:
    """The full name of a function of `coursekit`'s; None for any other, whose text nobody knows."""
    module, name = getattr(draw, "__module__", ""), getattr(draw, "__name__", "")
    ours = isinstance(module, str) and module.split(".")[0] == "coursekit"
    return f"{module}.{name}" if ours and getattr(sys.modules.get(module), name, None) is draw else None


def _digest(value: Any) -> str | None:
    """A digest of plain data, or None when it is not plain. Records of `coursekit`'s are as plain as their fields."""
    text = json.dumps(codec.encode(_fields(value)))
    return None if '{"opaque":' in text else hashlib.sha256(text.encode()).hexdigest()


def _fields(value: Any) -> Any:
    kind = type(value)
    if kind in (list, tuple):
        return [_fields(item) for item in value]
    if kind is dict:
        return {name: _fields(item) for name, item in value.items()}
    if dataclasses.is_dataclass(kind) and kind.__module__.split(".")[0] == "coursekit":
        return [kind.__name__, *(_fields(getattr(value, field.name)) for field in dataclasses.fields(kind))]
    return value


def _figure(size: tuple[float, float]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    return figure


def _why_not(error: Exception, width: float) -> bytes:
    figure = _figure((width, 1.2))
    why = in_a_sentence(error)
    figure.text(0.02, 0.5, f"The picture appears here once your code answers.\n{why}", va="center", wrap=True)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    from matplotlib import rc_context

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
