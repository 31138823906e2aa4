"""nbgrader stays nbgrader: its own commands, on a course of one module."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.grade import batch
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record.gradebook import Recorder, prepare
from tests.bank import cells_as_text, read
from tests.demo import fill, new_course
from tests.sample import some

MODULE = "04_mlops"
STUDENTS = ("solved", "untouched")


def nbgrader(course: Course, *arguments: str, **environment: str) -> str:
    """Run a real nbgrader command in the course and return what it said."""
    command = [str(Path(sys.executable).with_name("nbgrader")), *arguments]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=course.root, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        env=os.environ | {"PATH": path, "HOME": str(course.root)} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def hand_in(course: Course, student: str, lesson: Lesson, notebook: dict[str, Any]) -> None:
    path = course.root / "submitted" / student / f"{lesson.key}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), "utf-8")


def scores(course: Course) -> dict[tuple[str, str, str], tuple[float | None, float, bool]]:
    """Every grade of the gradebook: by student, notebook and cell."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "mlops-interview") as book:
        return {
            (s.student.id, n.name, g.name): (g.auto_score, g.max_score, g.needs_manual_grade)
            for s in book.assignment_submissions(MODULE)
            for n in s.notebooks
            for g in n.grades
        }


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course in which one student solved everything, prose included, and one changed nothing."""
    course = new_course(tmp_path_factory.mktemp("nbgrader") / "course")
    for room in ("lessons", "source", "release"):
        for folder in (course.root / room).iterdir():
            if folder.is_dir() and folder.name not in (MODULE, "diagrams"):
                shutil.rmtree(folder)
    for key in set(course.lessons) - set(some(course.lessons, 1)):
        for room, suffix in (("lessons", ".py"), ("source", ".ipynb"), ("release", ".ipynb")):
            (course.root / room / f"{key}{suffix}").unlink()
    course = Course(course.root)
    for key in course.lessons:
        lesson = read(key)
        released = json.loads((course.root / "release" / f"{key}.ipynb").read_text("utf-8"))
        solved = fill(released, lesson, cells_as_text(lesson, stub=False))
        for cell in solved["cells"]:
            if cell["cell_type"] == "markdown" and "nbgrader" in cell["metadata"]:
                cell["source"] = "I would start with the smaller one."
        hand_in(course, "solved", lesson, solved)
        hand_in(course, "untouched", lesson, released)
    return course


def test_generate_assignment_writes_the_committed_release(course: Course) -> None:
    before = {p: p.read_bytes() for p in (course.root / "release").rglob("*.ipynb")}
    nbgrader(course, "generate_assignment", MODULE, "--force")
    assert {p: p.read_bytes() for p in (course.root / "release").rglob("*.ipynb")} == before


def test_plain_autograde_gives_the_same_points_and_leaks_nothing(course: Course) -> None:
    results = {(r.student, r.lesson): r for r in batch.grade(course, MODULE)}
    ours = scores(course)
    for key in course.lessons:
        assert (
            results["solved", key].points
            == results["solved", key].max_points
            == read(key).max_points
        )
        assert results["untouched", key].points == 0
        assert results["solved", key].repairs == results["untouched", key].repairs == ()
    by_hand = [(k, v) for k, v in ours.items() if k[2].endswith("-tradeoff")]
    assert len(by_hand) == len(STUDENTS) * len(course.lessons)
    for (student, _, _), (score, points, waits) in by_hand:
        assert (score, waits) == ((None, True) if student == "solved" else (0.0, False))
        assert points > 0
    _assert_no_hidden_line(course, "autograded", "*.ipynb")
    _assert_no_hidden_line(course, "feedback", "*.html")

    nbgrader(course, "autograde", MODULE, "--force")
    assert scores(course) == ours
    nbgrader(course, "generate_feedback", MODULE, "--force")
    _assert_no_hidden_line(course, "feedback", "*.html")
    nbgrader(course, "export")
    with open(course.root / "grades.csv", newline="") as file:
        rows = {r["student_id"]: r for r in csv.DictReader(file)}
    total = sum(r.points for r in results.values())
    assert float(rows["solved"]["raw_score"]) == total
    assert float(rows["untouched"]["raw_score"]) == 0


def _assert_no_hidden_line(course: Course, room: str, pattern: str) -> None:
    files = list((course.root / room).rglob(pattern))
    assert len(files) == len(STUDENTS) * len(course.lessons)
    secrets = {c.name for key in course.lessons for c in read(key).all_checks if c.hidden}
    for file in files:
        text = file.read_text("utf-8")
        assert "HIDDEN TESTS" not in text
        assert "recorded(" not in text
        assert not [name for name in secrets if f"def {name}" in text or f">{name}<" in text]


def test_a_new_gradebook_holds_what_nbgrader_itself_would_enter(tmp_path: Path) -> None:
    """Row by row, tables included: `Recorder` makes them without nbgrader's converter, which takes
    seconds.
    """
    ours, theirs = (new_course(tmp_path / name) for name in ("ours", "theirs"))
    with Recorder(ours) as recorder:
        for module in ours.modules:
            recorder.prepare(module)
            assert recorder.is_prepared(module)
    for module in theirs.modules:
        prepare(theirs, module)
    queries = (
        "SELECT name, sql FROM sqlite_master ORDER BY name",
        "SELECT version_num FROM alembic_version",
        "SELECT name, duedate, course_id FROM assignment ORDER BY name",
        "SELECT a.name, n.name, n.kernelspec FROM notebook n JOIN assignment a ON a.id = n.assignment_id ORDER BY 1, 2",
        "SELECT n.name, c.name, c.cell_type, c.locked, c.source, c.checksum"
        " FROM source_cell c JOIN notebook n ON n.id = c.notebook_id ORDER BY 1, 2",
        "SELECT n.name, b.name, b.type, g.max_score, g.cell_type"
        " FROM base_cell b JOIN notebook n ON n.id = b.notebook_id LEFT JOIN grade_cells g ON g.id = b.id"
        " ORDER BY 1, 2, 3",
    )
    for query in queries:
        rows = []
        for course in (ours, theirs):
            with contextlib.closing(sqlite3.connect(course.root / "gradebook.db")) as database:
                rows.append(database.execute(query).fetchall())
        assert rows[0], query
        assert rows[0] == rows[1], query
