"""Formgrader as this course needs it: its autograde button grades in the box, its page shows the
rubric.

nbgrader's server would run a learner's code as its own user. Just before, it makes the exporter
that `nbgrader_config.py` names. This one has `autograder grade` do the work, and leaves nothing for
nbgrader to run. `nbgrader autograde` in a terminal stays what it is, and says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import Preprocessor
from nbgrader.apps.autogradeapp import AutogradeApp
from nbgrader.converters.base import NbGraderException

from autograder.errors import CourseError
from autograder.lessons.course import Course
from autograder.lessons.markers import BEGIN_SOLUTION, END_SOLUTION

EVERYBODY = "*"  # nbgrader's pattern for all students
COLUMNS = "100"  # of tables in formgrader's log
ONLY_YOU = """<div class="alert alert-info">

*From `source/`; students do not see this.*

{}

</div>"""
# of pages that nbgrader makes: pictures are not wider than the page, columns stand apart
STYLE = """<style>
#notebook img { border: 0; height: auto; max-width: 100%; }
#notebook th, #notebook td { padding: 0.2em 1em 0.2em 0; vertical-align: top; }
#notebook summary { display: list-item; }
</style>"""
# formgrader loads formulas from the web and waits for them: without it, no points could be given
OFFLINE = """<script>
window.MathJax ??= {Hub: {Startup: {signal: {Interest: (tell) => tell("End")}}}};
</script>"""
UNBOXED = (
    "nbgrader autograde runs learners' code outside any box, with your rights. "
    "`autograder grade` runs it in one."
)


class BoxedExporter(NotebookExporter):  # type: ignore[misc]
    """An exporter of notebooks that `Autograde` does not need when somebody else has graded.

    Raises:
        NbGraderException: the boxed grader refused; formgrader shows its sentence.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        autograde = self.parent
        if isinstance(autograde.parent, AutogradeApp):
            self.log.warning(UNBOXED)
            return
        _grade(autograde.coursedir, self.log)
        autograde.assignments = {}


def _grade(coursedir: Any, log: Any) -> None:
    """Grade what nbgrader was asked to, and pass on what the grader says."""
    command = [sys.executable, "-m", "autograder", "grade", f"--course={coursedir.root}"]
    if coursedir.student_id != EVERYBODY:
        command.append(f"--student={coursedir.student_id}")
    done = subprocess.run(
        [*command, "--", coursedir.assignment_id],
        cwd=coursedir.root,
        env={**os.environ, "COLUMNS": COLUMNS, "PYTHONIOENCODING": "utf-8", "PYTHONSAFEPATH": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    said = [*done.stderr.splitlines(), *done.stdout.splitlines()]
    for line in said:
        log.info(line)
    if done.returncode:
        raise NbGraderException(said[-1] if said else "autograder grade failed")


class Rubric(Preprocessor):  # type: ignore[misc]
    """Puts the model answer and the rubric above each answer on formgrader's page, and a style on
    that and on feedback, which is made by the same exporter.
    """

    def preprocess(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        """The notebook as people read it."""
        of_formgrader = "submission_id" in resources  # feedback has none
        rubrics = _rubrics(resources) if of_formgrader else {}
        cells = [shown for cell in notebook.cells for shown in (*_above(cell, rubrics), cell)]
        look = f"{STYLE}\n\n{OFFLINE}" if of_formgrader else STYLE
        notebook.cells = [nbformat.v4.new_markdown_cell(look), *cells]
        return notebook, resources


def _above(cell: Any, rubrics: Mapping[str, str]) -> Iterator[Any]:
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    if name in rubrics:
        yield nbformat.v4.new_markdown_cell(ONLY_YOU.format(rubrics[name]))


def _rubrics(resources: Any) -> dict[str, str]:
    """What stands between solution markers of the source notebook's prose, by grade id."""
    module, name = resources["assignment_id"], resources["notebook_id"]
    try:
        root = Course.find(Path(resources["metadata"]["path"])).root
        source = json.loads((root / "source" / module / f"{name}.ipynb").read_text("utf-8"))
        return {
            cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
            .replace(BEGIN_SOLUTION, "")
            .replace(END_SOLUTION, "")
            .strip()
            for cell in source["cells"]
            if cell["cell_type"] == "markdown" and cell["metadata"].get("nbgrader", {}).get("grade")
        }
    except (CourseError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # it has not been built
