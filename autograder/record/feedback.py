"""The feedback page of one notebook: verdicts first, then what the learner wrote and what it
showed.

Nothing in it runs or loads: every text is escaped, pictures are embedded, and the page's own policy
forbids the rest. It stands where `nbgrader generate_feedback` puts its pages, which may replace it
once prose is graded by hand.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from autograder.jobs import Result
from autograder.pages import render_bytes
from coursekit.checks import Score

PICTURES = ("image/png", "image/jpeg")
BASE64 = (string.ascii_letters + string.digits + "+/=").encode()


@dataclass(frozen=True)
class Output:
    """Something that a cell showed: text, or a picture in base64."""

    text: str = ""
    picture: str = ""
    kind: str = ""  # the picture's media type


@dataclass(frozen=True)
class Cell:
    """A cell that the learner wrote, and what it showed."""

    name: str
    source: str
    outputs: tuple[Output, ...]


def page(notebook: dict[str, Any], result: Result, by_hand: float) -> bytes:
    """The page for an autograded notebook (as `record.autograded_notebook` made it).

    Args:
        by_hand: points of this lesson that a person gives.
    """
    title = f"{result.lesson}: {result.points:g} of {result.max_points:g} points"
    cells = [_cell(cell) for cell in notebook["cells"] if _is_theirs(cell)]
    scores = list(_scores(result))
    return render_bytes(
        "feedback.html.j2", title=title, result=result, by_hand=by_hand, scores=scores, cells=cells
    )


def _scores(result: Result) -> Iterator[tuple[str, Markup]]:
    """The scoreboard of each graded cell, by grade id."""
    for grade_id in dict.fromkeys(c.grade_id for c in result.checks):
        score = Score([c.row for c in result.checks if c.grade_id == grade_id])
        yield grade_id, Markup(score._repr_html_())  # safe: coursekit escapes every text in it


def _is_theirs(cell: dict[str, Any]) -> bool:
    nbgrader = cell["metadata"].get("nbgrader")
    if not nbgrader:  # other prose is the lesson's
        return bool(cell["cell_type"] == "code" or cell["id"].startswith("own-"))
    return bool(nbgrader.get("solution") or not (nbgrader.get("grade") or nbgrader.get("locked")))


def _cell(cell: dict[str, Any]) -> Cell:
    name = cell["metadata"].get("nbgrader", {}).get("grade_id") or cell["id"]
    attached = [
        Output(picture=_picture(data), kind=kind)
        for bundle in cell.get("attachments", {}).values()
        for kind, data in bundle.items()
    ]
    shown = filter(None, map(_output, cell.get("outputs", ())))
    return Cell(name, cell["source"], (*attached, *shown))


def _output(output: dict[str, Any]) -> Output | None:
    """None when it has no form that the page shows."""
    if output["output_type"] == "stream":
        return Output(output["text"])
    if output["output_type"] == "error":
        return Output(f"{output['ename']}: {output['evalue']}")
    data = output["data"]
    for kind in PICTURES:
        if kind in data:
            return Output(picture=_picture(data[kind]), kind=kind)
    return Output(data["text/plain"]) if "text/plain" in data else None


def _picture(data: str) -> str:
    """Base64 without white space, marked as HTML: escaping it takes longer than the rest of the
    page does.
    """
    text = "".join(data.split())
    other = text.encode("utf-8", "replace").translate(None, BASE64)
    return text if other else Markup(text)  # safe: none of its characters means anything in HTML
