"""A class goes through nbgrader's exchange and back: every step by nbgrader's own commands, but
grading.
"""

from __future__ import annotations

import csv
import json
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.build.builder import build
from autograder.lessons.course import Course
from tests.hostile import graders
from tests.hostile.graders import CARELESS, MODULE
from tests.record.stock import Stock
from tests.sample import only_whole
from tests.small import KEY, RIGHT, course_with

STEM = KEY.split("/")[1]
CLASS = 6
WORK = (RIGHT, CARELESS, RIGHT, "def count(", CARELESS, RIGHT)
EARNS = (8.0, 6.0, 8.0, 0.0, 6.0, 8.0)
ANSWER = "It depends on the load."
LATE = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"  # nbgrader's own: late is worth nothing


@dataclass(frozen=True)
class Student:
    """A user of this machine, if root runs the tests; else a name for whoever does."""

    name: str
    user: int | None
    home: Path

    @property
    def work(self) -> Path:
        return self.home / MODULE / f"{STEM}.ipynb"

    @property
    def feedback(self) -> list[str]:
        """The pages that were fetched, oldest hand-in first."""
        found = sorted((self.home / MODULE / "feedback").glob(f"*/{STEM}.html"))
        return [page.read_text() for page in found]


@dataclass(frozen=True)
class School:
    """A course, its exchange, and everybody in it."""

    course: Course
    students: tuple[Student, ...]
    stock: Stock

    def teacher(self, command: str, *arguments: str) -> str:
        return self.stock.does(self.course.root, command, MODULE, *arguments)

    def by(self, student: Student, command: str) -> str:
        named = () if student.user is not None else (f"--student={student.name}",)
        return self.stock.does(student.home, command, MODULE, *named, user=student.user)

    def writes(self, student: Student, code: str) -> None:
        made = json.loads(student.work.read_text("utf-8"))
        for cell in made["cells"]:
            if cell["id"] == "words":
                cell["source"] = code
            elif cell["id"] == "words-tradeoff":
                cell["source"] = f"{ANSWER} Says {student.name}."
        student.work.unlink()
        student.work.write_text(json.dumps(made), "utf-8")
        if student.user is not None:
            os.chown(student.work, student.user, -1)


@pytest.fixture
def school() -> Iterator[School]:
    room = Path(tempfile.mkdtemp(prefix="school-"))  # other users reach no folder of pytest's
    room.chmod(0o755)
    try:
        (room / "exchange").mkdir()
        (room / "exchange").chmod(0o777)
        course = course_with(room / "course")
        build(course)
        setting = f"c.Exchange.root = {str(room / 'exchange')!r}\n"
        with open(course.root / "nbgrader_config.py", "a") as config:
            config.write(setting)
        users = [user for user in pwd.getpwall() if user.pw_uid > 0 and user.pw_name.isalnum()]
        names = [user.pw_name for user in users[:CLASS]] if os.getuid() == 0 else list("abcdef")
        students = []
        for name in names:
            user = pwd.getpwnam(name).pw_uid if os.getuid() == 0 else None
            home = room / "homes" / name
            home.mkdir(parents=True)
            (home / "nbgrader_config.py").write_text(
                f"c = get_config()\nc.CourseDirectory.course_id = 'small'\n{setting}"
            )
            if user is not None:
                os.chown(home, user, -1)
                home.chmod(0o700)
            students.append(Student(name, user, home))
        with closing(Stock(room)) as stock:
            yield School(course, tuple(students), stock)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def test_a_class_of_six_goes_there_and_back(school: School) -> None:
    from nbgrader.api import Gradebook

    course, students = school.course, school.students
    first, second = students[0], students[1]
    assert len(students) == CLASS
    school.teacher("release_assignment")
    for student, code in zip(students, WORK, strict=True):
        school.by(student, "fetch_assignment")
        school.writes(student, code)
        school.by(student, "submit")
    school.teacher("collect")
    found = graders.results(course)
    assert [found[s.name]["points"] for s in students] == [*EARNS]
    assert [found[s.name]["repairs"] for s in students] == [[]] * CLASS

    # at once, before anybody grades by hand
    school.teacher("release_feedback")
    for student in students:
        school.by(student, "fetch_feedback")
        (page,) = student.feedback
        assert f"Says {student.name}." in page
        assert [s.name for s in students if f"Says {s.name}." in page] == [student.name]

    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        for number, student in enumerate(students):
            grade = book.find_grade("words-tradeoff", STEM, MODULE, student.name)
            grade.manual_score, grade.needs_manual_grade = number % 3 / 2, False
            comment = book.find_comment("words-tradeoff", STEM, MODULE, student.name)
            comment.manual_comment = f"Dear {student.name}"
        book.db.commit()

    # the second hand-in of one, and the same work handed in once more by another
    school.writes(second, RIGHT)
    for student in (first, second):
        school.by(student, "submit")
    school.teacher("collect", "--update")
    found = graders.results(course)
    assert found[second.name]["points"] == 8.0
    asked = {s for (s, cell), (_, _, waits) in graders.cells(course).items() if waits}
    assert asked == {second.name}
    for pages in ("ours", "nbgrader's"):
        if pages == "nbgrader's":
            school.teacher("generate_feedback", "--force")
        school.teacher("release_feedback")
        for student in students:
            school.by(student, "fetch_feedback")
            page = student.feedback[-1]
            assert f"Dear {student.name}" in page
            assert ("notebook-container" in page) == (pages == "nbgrader's")
    assert [len(student.feedback) for student in students] == [2, 2, 1, 1, 1, 1]

    # the due date was yesterday, and one has more time
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write(LATE)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "small") as book:
        yesterday = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
        book.update_or_create_assignment(MODULE, duedate=yesterday)
        book.find_submission(MODULE, first.name).extension = timedelta(days=2)
        book.db.commit()
    graders.results(course)
    school.stock.does(course.root, "export")
    with open(course.root / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    for number, student in enumerate(students):
        raw = (8.0 if student == second else EARNS[number]) + number % 3 / 2
        assert float(rows[student.name]["raw_score"]) == raw
        assert float(rows[student.name]["score"]) == (raw if student == first else 0.0)


@only_whole
def test_who_was_collected_by_hand_stops_nobodys_feedback(school: School) -> None:
    """Without the exchange there is neither a time nor a secret."""
    student, course = school.students[0], school.course
    school.teacher("release_assignment")
    school.by(student, "fetch_assignment")
    school.writes(student, RIGHT)
    school.by(student, "submit")
    school.teacher("collect")
    for other in ("AAA", "zzz"):
        graders.hand_in(course, other, RIGHT)
    (course.root / "submitted" / "zzz" / MODULE / "timestamp.txt").write_bytes(b"\xff\xfe\x00")
    (course.root / "submitted" / "zzz" / MODULE / "submission_secret.txt").write_bytes(b"\xff")
    before = os.umask(0o077)  # a teacher who keeps things private
    try:
        assert len(graders.results(course)) == 3
    finally:
        os.umask(before)
    for again in (False, True):
        if again:
            school.teacher("generate_feedback", "--force")
        school.teacher("release_feedback")
        school.by(student, "fetch_feedback")
        assert len(student.feedback) == 1
    released = sorted((course.root.parent / "exchange" / "small" / "feedback").iterdir())
    graders.results(course)
    school.teacher("release_feedback")
    assert sorted((course.root.parent / "exchange" / "small" / "feedback").iterdir()) == released
