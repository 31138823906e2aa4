"""Every lesson's own solution, wrapped as editors and browsers do, earns everything."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from autograder.grade import batch
from autograder.jobs import Result
from tests.bank import COURSE, cells_as_text, read
from tests.demo import fill, new_course
from tests.honest import corpus

# what is done to the notebook, and what comes behind the lesson's name
WRAPPED = {
    "as-it-is": (None, ".ipynb"),
    "no-ids": (corpus.no_ids, ".ipynb"),
    "renamed": (None, " (1).ipynb"),
    "renamed-without-ids": (corpus.no_ids, "-Copy1.ipynb"),
}
Results = dict[tuple[str, str], Result]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    course = new_course(tmp_path_factory.mktemp("lessons") / "course")
    for key in course.lessons:
        lesson = read(key)
        released = json.loads((course.root / "release" / f"{key}.ipynb").read_text("utf-8"))
        solved = fill(released, lesson, cells_as_text(lesson, stub=False))
        for cell in solved["cells"]:
            cell["source"] = "".join(cell["source"])
        for student, (change, ending) in WRAPPED.items():
            made = copy.deepcopy(solved)
            if change is not None:
                change(made)
            corpus.put(Path(course.room("submitted")) / student, made, f"{key}{ending}")
    graded = [r for module in course.modules for r in batch.grade(course, module)]
    return {(r.student, r.lesson): r for r in graded}


@pytest.mark.parametrize("student", WRAPPED)
@pytest.mark.parametrize("key", COURSE.lessons)
def test_a_solution_earns_everything(key: str, student: str, results: Results) -> None:
    result = results[student, key]
    said = (result.state, *result.repairs, *result.problems)
    assert (result.state, result.points) == ("graded", result.max_points), said
    assert bool(result.repairs) == (student != "as-it-is"), said
