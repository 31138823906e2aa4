"""`make demo`: a class of sample submissions, from handed-in notebooks to the gradebook, in the
folder `demo/`.

Every student hands in one answer of the bank for each lesson. What the grader gives is compared
with what the bank's laws say: a right answer earns everything, a wrong one loses exactly the
criteria it names.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.grade import batch
from autograder.grade.submission import parse_answer
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from tests.bank import COURSE, Answer, answers, read

# what other cells leave behind costs it more than the bank says
KEEP_STATE = {"counters_outlive_the_call"}
NAMES = ("ada", "bo", "chi", "dora", "eli", "fay", "gus", "hana")


def fill(released: dict[str, Any], lesson: Lesson, text: str) -> dict[str, Any]:
    """The released notebook with an answer's cells in it."""
    given = {name: source for name, source in parse_answer(text, lesson) or [] if name}
    notebook: dict[str, Any] = json.loads(json.dumps(released))
    for cell in notebook["cells"]:
        if cell["id"] in given:
            cell["source"] = given[cell["id"]]
    return notebook


def new_course(root: Path) -> Course:
    """A fresh course folder with this course's lessons and built notebooks."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for room in ("lessons", "source", "release"):
        shutil.copytree(
            COURSE.root / room, root / room, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(COURSE.root / "nbgrader_config.py", root)
    return Course(root)


def hand_in(course: Course, student: str, lesson: Lesson, answer: Answer) -> None:
    """Put one filled notebook where `nbgrader collect` would."""
    released = json.loads((course.root / "release" / f"{lesson.key}.ipynb").read_text("utf-8"))
    path = course.root / "submitted" / student / f"{lesson.key}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fill(released, lesson, answer.text)), "utf-8")


def law(lesson: Lesson, answer: Answer) -> float:
    """The points that the bank promises."""
    return lesson.max_points - sum(c.points for c in lesson.all_checks if c.name in answer.fails)


def pick(key: str, count: int) -> list[Answer]:
    """Some answers of a lesson, right and wrong in turn."""
    bank = [a for a in answers(key) if a.path.stem not in KEEP_STATE]
    right, wrong = [a for a in bank if a.is_right], [a for a in bank if not a.is_right]
    return [
        (right if n % 3 == 0 else wrong)[n % len(right if n % 3 == 0 else wrong)]
        for n in range(count)
    ]


def main() -> int:
    console = Console()
    course = new_course(COURSE.root / "demo")
    lessons = {key: read(key) for key in course.lessons}
    handed: dict[tuple[str, str], Answer] = {}
    for key, lesson in lessons.items():
        for student, answer in zip(NAMES, pick(key, len(NAMES)), strict=True):
            hand_in(course, student, lesson, answer)
            handed[student, key] = answer
    console.print(
        f"{len(handed)} notebooks handed in by {len(NAMES)} students in {course.root.name}/submitted/."
    )
    wrong = 0
    for module in course.modules:
        table = Table(
            title=f"{module}: points, as given and as the bank says", title_justify="left"
        )
        for head in ("student", "lesson", "answer", "given", "promised", "agree"):
            table.add_column(head)
        for r in batch.grade(course, module, jobs=2):
            answer = handed[r.student, r.lesson]
            promised = law(lessons[r.lesson], answer)
            agree = r.state == "graded" and r.points == promised
            wrong += not agree
            kind = f"{answer.path.parent.name}: {answer.path.stem}"
            points = f"{r.points:g}", f"{promised:g}", "yes" if agree else "NO"
            table.add_row(r.student, r.lesson.split("/")[1], kind, *points)
        console.print(table)
    command = [str(Path(sys.executable).with_name("nbgrader")), "export"]
    subprocess.run(
        command, cwd=course.root, check=True, capture_output=True, stdin=subprocess.DEVNULL
    )
    with open(course.root / "grades.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    name = course.root.name
    console.print(
        f"gradebook: {name}/gradebook.db; {len(rows)} rows exported to {name}/grades.csv."
    )
    console.print(
        f"{len(handed) - wrong} of {len(handed)} notebooks earned what the bank promises."
    )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
