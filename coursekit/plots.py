"""Pictures that a learner can move: sliders where there are widgets, a still picture where there are none."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coursekit.attempt import in_a_sentence
from coursekit.checks import collecting
from coursekit.where import in_ipython, in_kernel

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
        draw: gets a fresh `matplotlib.figure.Figure` without a layout engine, which would cost more than the drawing,
            and one keyword for each slider. Leave margins that are wide enough for every value of the sliders.
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
    figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None}, pil_kwargs={"compress_level": 2})
    return out.getvalue()
