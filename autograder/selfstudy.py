"""The last cell of a self-study notebook: grade the saved file in a process of its own, and show the table here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from coursekit.checks import Check, Row, table

INSIDE = "AUTOGRADER_INSIDE"  # set in learners' processes, where this cell has nothing to do


class Report:
    """The verdicts on one notebook. Prints as text, shows as a table."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result

    def __str__(self) -> str:
        r = self.result
        lines = [f"{c['verdict']:8}{c['name'].replace('_', ' ')}" for c in r["checks"]]
        return "\n".join([*lines, self._summary()])

    __repr__ = __str__

    def _summary(self) -> str:
        r = self.result
        state = "" if r["state"] == "graded" else f" State: {r['state']}."
        points = f"{r['lesson']}: {r['points']:g} of {r['max_points']:g} points.{state}"
        guess = [f"This looks like a known slip (a guess): {r['slip']}"] if r["slip"] else []
        return " ".join([points, *guess, *r["repairs"], *r["problems"]])

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
    """Grade the notebook `name` in the working folder as it is saved on disk, hidden checks included.

    What goes wrong is told in a sentence; nothing is raised.
    """
    if os.environ.get(INSIDE):
        return None
    path = Path(name).resolve()
    command = [sys.executable, "-m", "autograder", "check", str(path), "--json", "--course", str(path.parent)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    try:
        return Report(json.loads(done.stdout))
    except ValueError:
        told = done.stderr.strip().splitlines()
        print(told[-1] if told else "The grader said nothing.")
        return None
