"""The feedback page of one notebook: verdicts first, then what the learner wrote and what it showed.

Nothing in it runs or loads: every text is escaped, pictures are embedded, and the page's own policy forbids the rest.
It stands where `nbgrader generate_feedback` puts its pages, which may replace it once prose is graded by hand.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from autograder.jobs import Result
from coursekit.checks import Score

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #999;padding:.3rem .6rem}"
    "pre{background:#f3f3f3;padding:.6rem;overflow-x:auto;white-space:pre-wrap}"
    "pre.out{background:none;border-left:4px solid #999}img{max-width:100%}"
)


def page(notebook: dict[str, Any], result: Result, by_hand: float) -> bytes:
    """The page for an autograded notebook (as `record.autograded_notebook` made it).

    Args:
        by_hand: points of this lesson that a person gives.
    """
    say = html.escape
    title = f"{result.lesson}: {result.points:g} of {result.max_points:g} points"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<title>{say(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{say(title)}</h1><p>{say(result.student)}. Another {by_hand:g} points are given by hand.</p>",
    ]
    if result.state != "graded":
        parts.append(f"<p><strong>{say(result.state)}</strong></p>")
    if result.note:
        parts.append(f"<p><strong>{say(result.note)}</strong></p>")
    if result.guess:
        parts.append(f"<p>{say(result.guess)}</p>")
    if told := (*result.repairs, *result.problems):
        parts.append("<ul>" + "".join(f"<li>{say(sentence)}</li>" for sentence in told) + "</ul>")
    for grade_id in dict.fromkeys(c.grade_id for c in result.checks):
        score = Score([c.row for c in result.checks if c.grade_id == grade_id])
        parts.append(f"<h2>{say(grade_id)}</h2>{score._repr_html_()}")
    parts.append("<h2>Your cells</h2>")
    for cell in notebook["cells"]:
        parts += _cell(cell)
    return "\n".join([*parts, "</body></html>", ""]).encode("utf-8", "replace")


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    nbgrader = cell["metadata"].get("nbgrader", {})
    theirs = not nbgrader or nbgrader.get("solution") or not (nbgrader.get("grade") or nbgrader.get("locked"))
    lessons_prose = cell["cell_type"] == "markdown" and not nbgrader
    if not theirs or lessons_prose:
        return
    name = nbgrader.get("grade_id") or cell["id"]
    yield f"<h3>{html.escape(name)}</h3><pre>{html.escape(cell['source'])}</pre>"
    for output in cell.get("outputs", ()):
        yield from _output(output)


def _output(output: dict[str, Any]) -> Iterator[str]:
    if output["output_type"] == "stream":
        yield f'<pre class="out">{html.escape(output["text"])}</pre>'
    elif output["output_type"] == "error":
        yield f'<pre class="out">{html.escape(output["ename"] + ": " + output["evalue"])}</pre>'
    else:
        data = output["data"]
        for kind in ("image/png", "image/jpeg"):
            if kind in data:
                picture = "".join(data[kind].split())
                yield f'<p><img alt="a picture this cell drew" src="data:{kind};base64,{html.escape(picture)}"></p>'
                return
        if "text/plain" in data:
            yield f'<pre class="out">{html.escape(data["text/plain"])}</pre>'
