"""Other machines: terminals that are not UTF-8, file systems without locks, folders with strange
names. A sentence and a way on, never a traceback.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.build.builder import build
from autograder.lessons.course import Course
from tests.sample import some
from tests.small import KEY, LESSON, course_with

MODULE, STEM = KEY.split("/")
WORDS = "Zählt → Wörter ✓ 漢字"
# what the cell and its checks show, and the lesson's title, are not ASCII
ODD = LESSON.replace("# Count words", f"# Count words: {WORDS}").replace(
    "Split at white space.", f"Split at white space: {WORDS}."
)
WRONG = f"def count(text):\n    return {WORDS!r}\n"
TERMINALS: dict[str, dict[str, str]] = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}
COMMANDS: dict[str, tuple[list[str], int]] = {
    "grade": (["grade", MODULE], 0),
    "grade --json": (["grade", MODULE, "--json"], 0),
    "grade --again --profile": (["grade", MODULE, "--again", "--profile"], 0),
    "grade nobody": (["grade", MODULE, "--student=Zoë"], 2),
    "regrade": (["regrade", MODULE], 0),
    "regrade --json": (["regrade", MODULE, "--json"], 0),
    "report": (["report", MODULE], 0),
    "report --json": (["report", MODULE, "--json"], 0),
    "check": (["check", f"submitted/bo/{KEY}.ipynb"], 0),
    "check --json": (["check", f"submitted/bo/{KEY}.ipynb", "--json"], 0),
    "score": (["score", KEY, "answer.py"], 0),
    "score --json": (["score", KEY, "answer.py", "--json"], 0),
    "score nothing": (["score", KEY, "nö.py"], 2),
    "update": (["update"], 0),
    "progress": (["progress"], 0),
    "progress --json": (["progress", "--json"], 0),
    "plan": (["plan"], 0),
    "plan --json": (["plan", "--json"], 0),
    "reset": (["reset", STEM], 0),
    "reveal": (["reveal", STEM, "words", "--anyway"], 0),
    "build --check": (["build", "--check"], 0),
    "budget": (["budget", "--times=1"], 0),
    "budget --json": (["budget", "--times=1", "--json"], 0),
    "lessons": (["lessons"], 0),
    "doctor": (["doctor"], 0),
    "stop": (["stop"], 0),
    "--help": (["--help"], 0),
}


def new_course(folder: Path, *students: str) -> Course:
    """A built course with an outline, in which everybody handed a wrong answer in."""
    course = course_with(folder, ODD)
    (folder / "lessons" / "course.toml").write_bytes(
        (Path(__file__).parents[2] / "lessons" / "course.toml").read_bytes()
    )
    build(course)
    (folder / "answer.py").write_text(WRONG, "utf-8")
    for student in students:
        hand_in(course, student, WRONG)
    return course


def hand_in(course: Course, student: str, code: str) -> None:
    made: dict[str, Any] = json.loads((course.root / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    next(c for c in made["cells"] if c["id"] == "words")["source"] = code
    path = course.root / "submitted" / student / f"{KEY}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), "utf-8")


def run(
    course: Course, words: list[str], environment: dict[str, str], before: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """A real command in the course.

    Args:
        before: Python that runs first, in the same process.
    """
    names = ("PYTHONIOENCODING", "LC_ALL", "LANG", "PYTHONUTF8", "PYTHONCOERCECLOCALE")
    clean = {k: v for k, v in os.environ.items() if k not in names}
    start = f"import sys; sys.argv[0] = 'autograder'; {before}\nfrom autograder.__main__ import main; main()"
    return subprocess.run(
        [sys.executable, "-c", start, *words],
        cwd=course.root,
        env=clean | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


# ---------------------------------------------------------------------------------------- terminals


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return new_course(tmp_path_factory.mktemp("terminals") / "course", "bo")


@pytest.mark.parametrize("terminal", some(list(TERMINALS), 1))
def test_a_terminal_that_is_not_utf_8_is_no_reason_to_fail(terminal: str, course: Course) -> None:
    ended = {}
    for name in ["grade", *some(sorted(COMMANDS.keys() - {"grade"}), 1)]:
        words, code = COMMANDS[name]
        done = run(course, words, TERMINALS[terminal])
        if done.returncode != code or b"Traceback" in done.stderr:
            ended[name] = (done.returncode, done.stderr[-1500:].decode(errors="replace"))
        elif "--json" in words:
            json.loads(done.stdout.decode("cp1252" if terminal == "cp1252" else "ascii"))
    assert ended == {}


def test_json_loses_nothing_where_a_table_shows_a_mark(course: Course) -> None:
    done = run(course, ["score", KEY, "answer.py", "--json"], TERMINALS["ascii"])
    assert WORDS in json.loads(done.stdout)["checks"][0]["seen"]
    table = run(course, ["score", KEY, "answer.py"], TERMINALS["ascii"])
    assert b"W?rter" in table.stdout


# ----------------------------------------------------------------------------- no locks in this place

NO_LOCKS = """
import errno, fcntl, os
def flock(*_): raise OSError(errno.{name}, os.strerror(errno.{name}))
fcntl.flock = flock
"""
SENTENCE = b"this file system has no locks"


@pytest.mark.parametrize("name", some(["ENOLCK", "ENOSYS", "EOPNOTSUPP"], 1))
def test_without_locks_a_class_is_graded_and_told_once(name: str, tmp_path: Path) -> None:
    course = new_course(tmp_path / "course", "ada", "bo")
    done = run(course, ["grade", MODULE, "--json"], {}, NO_LOCKS.format(name=name))
    assert (done.returncode, done.stderr.count(SENTENCE)) == (0, 1), done.stderr
    assert b"Traceback" not in done.stderr
    assert [r["state"] for r in json.loads(done.stdout)["results"]] == ["graded", "graded"]
    assert not list(course.root.rglob("*.held"))


@pytest.mark.parametrize(
    "words",
    some(
        [
            ["update"],
            ["plan"],
            ["score", KEY, "answer.py"],
            ["regrade", MODULE],
            ["report", MODULE],
        ],
        2,
    ),
)
def test_without_locks_other_commands_go_on(words: list[str], tmp_path: Path) -> None:
    course = new_course(tmp_path / "course", "ada")
    before = NO_LOCKS.format(name="ENOLCK")
    assert run(course, ["grade", MODULE], {}).returncode == 0
    done = run(course, words, {"AUTOGRADER_WARM": "1"}, before)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


def test_a_gradebook_that_cannot_be_locked_is_told_with_the_next_step(tmp_path: Path) -> None:
    course = new_course(tmp_path / "course", "ada")
    neither = NO_LOCKS.format(name="ENOLCK") + "fcntl.lockf = flock\n"
    done = run(course, ["grade", MODULE], {}, neither)
    assert done.returncode == 2
    assert b"gradebook.db: its file system has no locks" in done.stderr
    assert b"c.CourseDirectory.db_url" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_file_that_stands_for_a_lock_is_taken_over_from_the_dead(tmp_path: Path) -> None:
    course = new_course(tmp_path / "course", "ada")
    dies = NO_LOCKS.format(name="ENOLCK") + (
        "from autograder.record.gradebook import Recorder\n"
        "def die(*_, **__): os._exit(9)\n"
        "Recorder.prepare = die\n"
    )
    assert run(course, ["grade", MODULE], {}, dies).returncode == 9
    assert list(course.root.rglob("*.held"))
    done = run(course, ["grade", MODULE], {}, NO_LOCKS.format(name="ENOLCK"))
    assert done.returncode == 0, done.stderr


# -------------------------------------------------------------------------------------- strange names


@pytest.mark.parametrize("name", some(["[x] course", "a*b", "{y} 100%", "[!a-z]*"], 1))
def test_a_course_in_a_folder_with_a_strange_name_is_graded_there(
    name: str, tmp_path: Path
) -> None:
    beside = {"x course", "a and b", "A"}  # what such names match as patterns
    for other in beside:
        new_course(tmp_path / other, "zoe")
    before = {p: p.stat().st_mtime_ns for other in beside for p in (tmp_path / other).rglob("*")}
    course = new_course(tmp_path / name, "ada", "[b] o*", "c?{d}%")
    done = run(course, ["grade", MODULE, "--json"], {})
    assert done.returncode == 0, done.stderr
    results = {r["student"]: r["state"] for r in json.loads(done.stdout)["results"]}
    assert results == dict.fromkeys(("ada", "[b] o*", "c?{d}%"), "graded")
    for words in (["regrade", MODULE], ["report", MODULE], ["update"], ["plan"], ["progress"]):
        done = run(course, words, {})
        assert done.returncode == 0, (words, done.stderr)
    assert {p.name for p in tmp_path.iterdir()} == {*beside, name}
    after = {p: p.stat().st_mtime_ns for other in beside for p in (tmp_path / other).rglob("*")}
    assert after == before


def test_a_question_mark_in_the_folders_name_is_refused(tmp_path: Path) -> None:
    course = new_course(tmp_path / "what?", "ada")
    done = run(course, ["grade", MODULE], {})
    assert done.returncode == 2
    assert b"Give the folder another name" in done.stderr
    assert b"Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["what?"]
