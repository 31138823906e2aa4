"""Pictures that a learner can move: sliders where there are widgets, a still picture where there
are none.

A picture is drawn again whenever a slider moves and in every notebook that is graded, so it should
cost little. Axes, texts and artists cost most: leave margins by hand instead of a layout engine,
one panel may hold two plots side by side, and `label_axes`, `legend` and `bars` stand in for
Matplotlib's ticks, legends and bars.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterable, Mapping
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

Ticks = Mapping[float, str]  # labels by place, in data coordinates: {10: "10 ms"}
Box = tuple[float, float, float, float]  # left, bottom, width and height, in data coordinates

DPI = 96
MAX_REMEMBERED = 300  # pictures, some 40 kB each


@dataclass(frozen=True)
class Slider:
    """A number from `low` to `high` in steps of `step`, which begins at `start`."""

    low: float
    high: float
    step: float
    start: float
    label: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it passes over whole numbers only."""
        return all(
            float(number).is_integer() for number in (self.low, self.high, self.step, self.start)
        )


def slider(low: float, high: float, step: float, start: float, label: str = "") -> Slider:
    """A slider for `explore`.

    Raises:
        ValueError: `start` does not lie between `low` and `high`, or `step` is not positive.
    """
    if not low <= start <= high or step <= 0:
        raise ValueError(
            f"a slider from {low} to {high} in steps of {step} cannot start at {start}"
        )
    return Slider(low, high, step, start, label)


def explore(
    draw: Callable[..., None],
    *,
    data: Callable[..., Any] | None = None,
    caption: str,
    size: tuple[float, float] = (9.0, 4.0),
    **sliders: Slider,
) -> None:
    """Show `draw(figure, **values)` with a slider for each value, and draw it again whenever one
    moves.

    With `data` there are two steps: `data(**values)` calls the learner's code, and `draw(figure,
    result, **values)` draws what it returned. If `draw` is one of `coursekit`'s functions and the
    result is plain data, each picture is drawn only once: learners whose code returns the same
    share it (`remembered`).

    Without widgets (an export, a grader, a script) the picture at the sliders' starting values is
    shown. An exception is told in a sentence instead of the picture, so an untouched notebook runs
    to its end.

    Args:
        draw: gets a fresh `matplotlib.figure.Figure`, what `data` returned if there is one, and one
            keyword for each slider. It leaves margins that are wide enough wherever the sliders
            stand.
        data: gets one keyword for each slider.
        caption: says in words what the picture shows; it is also the alternative text.
        size: width and height in inches.
    """
    if collecting():
        return
    plot = _Plot(draw, data, size, caption)
    values = {name: slider.start for name, slider in sliders.items()}
    if not in_ipython():
        plot.png(values)
        return
    from IPython.display import display

    if not in_kernel():
        display(plot.image(values))
        print(caption)
        return
    try:
        import ipywidgets
    except ImportError:
        display(plot.image(values))
        print(caption, "(Install ipywidgets to move it.)")
        return
    _show_with_sliders(ipywidgets, plot, values, sliders)


def _show_with_sliders(
    widgets: Any, plot: _Plot, values: dict[str, float], sliders: dict[str, Slider]
) -> None:
    from IPython.display import display

    controls = {}
    for name, s in sliders.items():
        widget, number = (widgets.IntSlider, int) if s.is_whole else (widgets.FloatSlider, float)
        controls[name] = widget(
            value=number(s.start), min=number(s.low), max=number(s.high), step=number(s.step),
            description=s.label or name.replace("_", " "), continuous_update=False,
            style={"description_width": "16em"}, layout={"width": "34em"},
        )  # fmt: skip
    display(widgets.VBox(list(controls.values())))
    shown = display(plot.image(values), display_id=True)
    print(plot.caption)

    def on_move(_change: object) -> None:
        now = {name: control.value for name, control in controls.items()}
        shown.update(plot.image(now))

    for control in controls.values():
        control.observe(on_move, names="value")


@dataclass(frozen=True)
class _Plot:
    """What `explore` shows, wherever its sliders stand."""

    draw: Callable[..., None]
    data: Callable[..., Any] | None
    size: tuple[float, float]
    caption: str

    def image(self, values: Mapping[str, float]) -> Any:
        """The picture for IPython to display, with its alternative text."""
        from IPython.display import Image

        return Image(data=self.png(values), format="png", alt=self.caption)

    def png(self, values: Mapping[str, float]) -> bytes:
        """The picture, or one with a sentence that says why there is none."""
        try:
            results = [] if self.data is None else [self.data(**values)]
        except Exception as error:
            return _error_png(error, self.size[0])
        key = self._key(results, values) if results else None
        if key is None:
            return self._drawn(results, values)
        if key not in remembered:
            remembered[key] = self._drawn(results, values)
            while len(remembered) > MAX_REMEMBERED:
                del remembered[next(iter(remembered))]  # the oldest
        return remembered[key]

    def _key(self, results: list[Any], values: Mapping[str, float]) -> str | None:
        """A digest of all that the picture depends on; None when not all of it is known."""
        name = _kit_name(self.draw)
        return None if name is None else _digest([name, self.size, dict(values), *results])

    def _drawn(self, results: list[Any], values: Mapping[str, float]) -> bytes:
        figure = _new_figure(self.size)
        try:
            self.draw(figure, *results, **values)
        except Exception as error:
            return _error_png(error, self.size[0])
        return png(figure)


remembered: dict[str, bytes] = {}  # pictures, by a digest of everything they were drawn from


def _kit_name(draw: Callable[..., None]) -> str | None:
    """The full name of one of `coursekit`'s functions; None for others: nobody knows their code."""
    module, name = getattr(draw, "__module__", ""), getattr(draw, "__name__", "")
    if not (isinstance(module, str) and module.split(".")[0] == "coursekit"):
        return None
    return f"{module}.{name}" if getattr(sys.modules.get(module), name, None) is draw else None


def _digest(value: Any) -> str | None:
    """A digest of plain data, None for anything else. `coursekit`'s dataclasses are as plain as
    their fields.
    """
    text = json.dumps(codec.encode(_without_dataclasses(value)))
    return None if '{"opaque":' in text else hashlib.sha256(text.encode()).hexdigest()


def _without_dataclasses(value: Any) -> Any:
    kind = type(value)
    if kind in (list, tuple):
        return [_without_dataclasses(item) for item in value]
    if kind is dict:
        return {name: _without_dataclasses(item) for name, item in value.items()}
    if dataclasses.is_dataclass(kind) and kind.__module__.split(".")[0] == "coursekit":
        fields = [getattr(value, field.name) for field in dataclasses.fields(kind)]
        return [kind.__name__, *map(_without_dataclasses, fields)]
    return value


# ------------------------------------------------------------------------------- from figure to PNG


def png(figure: Figure) -> bytes:
    """The figure as `Figure.savefig` writes it, in less time: opaque, and with a renderer that is
    used again.
    """
    import numpy as np
    from matplotlib import rc_context
    from PIL import Image

    renderer = _renderer(int(figure.bbox.width), int(figure.bbox.height), figure.dpi)
    renderer.clear()
    with rc_context({"text.hinting": "no_hinting"}):  # hinting is a third of a letter's cost
        figure.draw(renderer)
    pixels = Image.fromarray(np.asarray(renderer.buffer_rgba())).convert("RGB")
    file = io.BytesIO()
    pixels.save(file, format="png", dpi=(figure.dpi, figure.dpi), compress_level=3)
    return file.getvalue()


@functools.lru_cache(maxsize=8)
def _renderer(width: int, height: int, dpi: float) -> Any:
    """An Agg renderer of so many pixels. It is kept, because Matplotlib measures every text again
    for a new one.
    """
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(width, height, dpi)  # type: ignore[no-untyped-call]


def _new_figure(size: tuple[float, float]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=DPI)
    FigureCanvasAgg(figure)  # a learner's own `draw` may ask it how large a text is
    return figure


def _error_png(error: Exception, width: float) -> bytes:
    figure = _new_figure((width, 1.2))
    why = in_a_sentence(error)
    figure.text(
        0.02,
        0.5,
        f"The picture appears here once your code answers.\n{why}",
        va="center",
        wrap=True,
    )
    return png(figure)


# ------------------------------------------------------------------------------- parts of a drawing


def label_axes(
    axes: Axes, x: Ticks, y: Ticks, xlabel: str = "", ylabel: str = "", grid: bool = True
) -> None:
    """Label places on both axes, instead of ticks, with a faint line through each if there is a
    `grid`.

    `xlabel` stands below the panel, `ylabel` above its left edge. An empty label leaves the line
    alone.
    """
    from matplotlib.collections import LineCollection

    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    # the other coordinate: 0 to 1
    x_data, y_data = axes.get_xaxis_transform(), axes.get_yaxis_transform()
    if grid:
        for lines, transform in (
            ([[(at, 0), (at, 1)] for at in x], x_data),
            ([[(0, at), (1, at)] for at in y], y_data),
        ):
            faint = LineCollection(
                lines, transform=transform, colors="0.9", linewidths=0.8, zorder=0
            )
            axes.add_collection(faint, autolim=False)
    below, left = _shifted(axes, x_data, y=-4), _shifted(axes, y_data, x=-4)
    for at, label in x.items():
        if label:
            axes.text(at, 0, label, transform=below, ha="center", va="top", fontsize=9)
    for at, label in y.items():
        axes.text(0, at, label, transform=left, ha="right", va="center_baseline", fontsize=9)
    if xlabel:
        axes.text(
            0.5, 0, xlabel, transform=_shifted(axes, axes.transAxes, y=-18), ha="center", va="top"
        )
    if ylabel:
        axes.text(0, 1, ylabel, transform=_shifted(axes, axes.transAxes, y=6))


def legend(
    axes: Axes, looks: Mapping[str, Mapping[str, Any]], start: float = 0.3, step: float = 0.15
) -> None:
    """Name lines and marks in a row above the panel.

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


def bars(axes: Axes, boxes: Iterable[Box], **look: Any) -> None:
    """Draw rectangles as one artist; `Axes.bar` makes one of each.

    Args:
        look: the properties of a `PolyCollection`: one for all rectangles, or a list with one for
            each.
    """
    from matplotlib.collections import PolyCollection

    corners = [
        [(x, y), (x, y + height), (x + width, y + height), (x + width, y)]
        for x, y, width, height in boxes
    ]
    axes.add_collection(PolyCollection(corners, **look), autolim=False)


def round_ticks(top: float, most: int = 4) -> dict[float, str]:
    """Ticks for `label_axes`: from 0 to `top` at most, in at most `most` equal, round steps."""
    from matplotlib.ticker import MaxNLocator

    return {
        float(at): f"{at:,g}"
        for at in MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(0, top)
        if at <= top
    }


def _shifted(axes: Axes, transform: Transform, x: float = 0, y: float = 0) -> Transform:
    """The same places, so many points further to the right and up."""
    from matplotlib.transforms import ScaledTranslation

    return transform + ScaledTranslation(x / 72, y / 72, axes.figure.dpi_scale_trans)
