"""What cells of self-study notebooks call: grade the saved file, show a reference solution, show
the start page.

They run in the grader too, among a learner's cells, where they do nothing and need nothing but
coursekit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.checks import Check, Row, table

if TYPE_CHECKING:
    from autograder.study.reveal import Reference
    from autograder.study.start_page import StartPage

INSIDE = "AUTOGRADER_INSIDE"  # set in learners' processes, where this cell has nothing to do


class Report:
    """The verdicts on one notebook. Prints as text, shows as a table."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result

    def __str__(self) -> str:
        r = self.result
        lines = [f"{c['verdict'] + ' ':8}{c['name'].replace('_', ' ')}" for c in r["checks"]]
        return "\n".join([*lines, self._summary()])

    __repr__ = __str__

    def _summary(self) -> str:
        r = self.result
        state = "" if r["state"] == "graded" else f" State: {r['state']}."
        points = f"{r['lesson']}: {r['points']:g} of {r['max_points']:g} points.{state}"
        guess = f"This looks like a known slip (a guess): {r['slip']}" if r["slip"] else ""
        return " ".join(
            filter(None, [points, guess, *r["repairs"], *r["problems"], r.get("study", "")])
        )

    def _repr_html_(self) -> str:
        rows = [
            Row(
                Check(c["name"], print, c["hint"], None, c["max_points"], hidden=c["hidden"]),
                c["verdict"],
                c["seen"] or "",
                c["expected"] or "",
            )
            for c in self.result["checks"]
        ]
        return table(rows, self._summary())


def grade_this_notebook(name: str) -> Report | None:
    """Grade the notebook `name` in the working folder as it is saved on disk, hidden checks
    included.

    What goes wrong is told in a sentence; nothing is raised.
    """
    if os.environ.get(INSIDE):
        return None
    from autograder import warm_client

    path = Path(name).resolve()
    words = ["check", str(path), "--json", "--course", str(path.parent)]
    answer = warm_client.ask(words)
    out, err = answer[:2] if answer else _checked(words)
    try:
        return Report(json.loads(out))
    except ValueError:
        lines = err.strip().splitlines()
        print(lines[-1] if lines else "The grader said nothing.")
        return None


def _checked(words: list[str]) -> tuple[str, str]:
    """What a command prints in a process of its own."""
    from autograder import warm_client

    done = subprocess.run(
        [sys.executable, "-m", "autograder", *words],
        env={**os.environ, warm_client.SWITCH: "0"},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    return done.stdout, done.stderr


def start_page(
    days: int | None = None, minutes: int | None = None, anew: bool = False
) -> StartPage | None:
    """Where you stand, what comes next, and the plan. In `study/` it begins the plan when there is
    none.

    What goes wrong is told in a sentence; nothing is raised.

    Args:
        days: how many days the plan has; another number than before begins it today.
        minutes: how many minutes a day.
        anew: begin it today in any case.
    """
    if os.environ.get(INSIDE):
        return None
    from autograder.errors import CourseError
    from autograder.study import plan, progress, start_page as pages
    from autograder.study.study import Study

    here = Path().resolve()
    try:
        study = Study.find(here)
        if here == study.room.resolve():
            progress.visit(study)
            plan.begin(study, days, minutes, anew)
        else:
            print(pages.ELSEWHERE)
        return pages.make(study, here)
    except (CourseError, OSError) as error:
        print(error)
        return None


def reveal(grade_id: str, lesson: str = "", anyway: bool = False) -> Reference | None:
    """The reference solution of a cell and why it is so, folded, after an honest try.

    What goes wrong is told in a sentence; nothing is raised.

    Args:
        grade_id: the cell's name, as in `reveal("cache")`.
        lesson: which lesson, where more than one has a cell of this name.
        anyway: also without an honest try.
    """
    if os.environ.get(INSIDE):
        return None
    from autograder.errors import CourseError
    from autograder.study import reveal as revealing
    from autograder.study.study import Study

    here = Path().resolve()
    try:
        study = Study.find(here)
        card = (
            study.cards[study.key(lesson)] if lesson else revealing.find(study, grade_id, here.name)
        )
        return revealing.reveal(study, card, grade_id, anyway)
    except (CourseError, OSError, revealing.NotYet) as error:
        print(error)
        return None
