"""Pages of a round: the interviewer's, the candidate's, the debrief. Each is one file that needs
nothing else; everything in it is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from coursekit.behavioral.mock import sheet as sheets
from coursekit.behavioral.mock.pictures import SHORT, radar_svg
from coursekit.behavioral.mock.questions import CRITERIA, FRAME, TITLES, WEIGHTS, Question
from coursekit.behavioral.mock.rounds import Asked, Round

Questions = Mapping[str, Question]


@cache
def _pages() -> Environment:
    return Environment(
        loader=PackageLoader("coursekit.behavioral.mock"),
        autoescape=True,
        undefined=StrictUndefined,
    )


def minutes_and_seconds(seconds: float) -> str:
    """Such as 12:05."""
    whole = int(abs(seconds))
    return f"{whole // 60}:{whole % 60:02}"


def interviewer(one: Round, questions: Questions) -> str:
    """All that somebody needs who runs and marks a round and knows nothing else."""
    asked = _known(one, questions)
    return (
        _pages()
        .get_template("interviewer.html.j2")
        .render(
            asked=asked,
            total=f"{sum(q.minutes for q in asked):g}",
            titles=TITLES,
            weights=WEIGHTS,
            criteria=CRITERIA,
            played={q.part for q in asked},
        )
    )


def candidate(one: Round, questions: Questions) -> str:
    """What the candidate may see: the order, the frame, room for notes."""
    asked = _known(one, questions)
    return (
        _pages()
        .get_template("candidate.html.j2")
        .render(asked=asked, total=f"{sum(q.minutes for q in asked):g}", titles=TITLES, frame=FRAME)
    )


def debrief(rounds: Sequence[Round], number: int, questions: Questions, whole: bool = True) -> str:
    """What round `number` (from 1) was worth, beside the rounds before it.

    Args:
        whole: a page; otherwise what stands in its body.
    """
    until = rounds[:number]
    all_sheets = [sheets.sheet_of(one, questions) for one in until]
    mine, before = all_sheets[-1], all_sheets[-2:-1]
    rows = {f"round {number}": [mine.parts.get(p, 0.0) for p in WEIGHTS]}
    for back in (number - 1, number - 2):
        if back >= 1:
            earlier = all_sheets[back - 1].parts
            rows[f"round {back}"] = [earlier.get(p, 0.0) for p in WEIGHTS]
    name = "debrief.html.j2" if whole else "debrief.j2"
    return (
        _pages()
        .get_template(name)
        .render(
            number=number,
            total=mine.total,
            played=mine.played,
            coding=mine.coding,
            parts=[
                {
                    "title": TITLES[part],
                    "weight": WEIGHTS[part],
                    "now": _percent(mine.parts.get(part)),
                    "before": _percent(before[0].parts.get(part)) if before else "no such round",
                }
                for part in WEIGHTS
            ],
            radar=Markup(
                radar_svg(
                    [SHORT[p] for p in WEIGHTS],
                    rows,
                    "Scores of the parts as a radar; the table above holds the same numbers",
                )
            ),
            steps=sheets.steps(until, questions),
            questions=[_told(a, questions, until[-1]) for a in until[-1].asked],
        )
    )


def _percent(score: float | None) -> str:
    return "not played" if score is None else f"{100 * score:.0f}"


def _known(one: Round, questions: Questions) -> list[Question]:
    return [questions[a.id] for a in one.asked if a.id in questions]


def _told(asked: Asked, questions: Questions, one: Round) -> dict[str, Any]:
    known = questions.get(asked.id)
    end = one.finished if one.finished is not None else one.begun
    spent = asked.seconds(end)
    time = f"{minutes_and_seconds(spent)} used" if asked.events else "Not begun"
    if known and asked.events:
        over = spent - 60 * known.minutes
        time += f" of {known.minutes:g} minutes"
        time += f", {minutes_and_seconds(over)} too long" if over > 0 else ""
    return {
        "title": TITLES[asked.part],
        "text": known.text if known else "This question is no longer part of the course.",
        "time": time,
        "opened": asked.opened,
        "of": len(known.follow_ups) if known else asked.opened,
        "stages": [
            {"name": name, "points": f"{got:g} of {of:g}"}
            for name, (got, of) in asked.stages.items()
        ],
        "marks": [
            {
                "title": CRITERIA[key].title if key in CRITERIA else key,
                "mark": mark,
                "strong": CRITERIA[key].strong if key in CRITERIA else "",
            }
            for key, mark in asked.marks.items()
        ],
        "notes": asked.notes,
        "points": known.points if known else (),
    }
