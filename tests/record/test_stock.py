"""Stock nbgrader and ours give the same points, cell by cell. Where they would not, the guide's
table of steps has the reason: such a step costs or gives nobody of these a point.

`make stock` takes two submissions of every lesson; `tests/record/test_nbgrader.py` a few in `make test`.
"""

from __future__ import annotations

import json
from pathlib import Path

from autograder.grade import batch
from autograder.lessons.course import Course
from autograder.runner.pool import Local
from tests.bank import COURSE, Answer, read
from tests.demo import fill, new_course, pick
from tests.record.stock import Stock
from tests.sample import only_whole

LESSONS = COURSE.lessons
STUDENTS = ("right", "wrong")
Cells = dict[tuple[str, str, str], tuple[float | None, bool]]


def cells(course: Course, module: str) -> Cells:
    """Machine points, and whether they wait for a human, by student, notebook and cell."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "mlops-interview") as book:
        return {
            (s.student.id, n.name, g.name): (g.auto_score, g.needs_manual_grade)
            for s in book.assignment_submissions(module)
            for n in s.notebooks
            for g in n.grades
        }


def forget(course: Course, module: str) -> None:
    """Let the gradebook say what nobody would give."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "mlops-interview") as book:
        for submission in book.assignment_submissions(module):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    grade.auto_score = -1
        book.db.commit()


def hand_in(course: Course, student: str, answer: Answer) -> None:
    """A notebook with the answer, and with prose if it is right."""
    lesson = read(answer.lesson)
    released = json.loads((course.root / "release" / f"{lesson.key}.ipynb").read_text("utf-8"))
    filled = fill(released, lesson, answer.text)
    for cell in filled["cells"]:
        if cell["id"] in lesson.manual_ids and answer.is_right:
            cell["source"] = "I would start with the smaller one."
    path = course.root / "submitted" / student / f"{lesson.key}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(filled), "utf-8")


@only_whole
def test_every_cell_has_the_points_that_stock_gives(
    stock: Stock, tmp_path: Path, runner: Local
) -> None:
    course = new_course(tmp_path / "course")
    for key in LESSONS:
        for student, answer in zip(STUDENTS, pick(key, len(STUDENTS)), strict=True):
            hand_in(course, student, answer)
    for module in sorted({key.split("/")[0] for key in LESSONS}):
        batch.grade(course, module, runner=runner)
        ours = cells(course, module)
        assert any(points for points, _ in ours.values())
        forget(course, module)
        stock.does(course.root, "autograde", module, "--force")
        assert cells(course, module) == ours
