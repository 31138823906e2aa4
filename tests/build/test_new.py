"""`autograder new`: a lesson that builds and proves as it is, and nothing is ever overwritten."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.build import new
from autograder.build.new import Plan, noun_of, texts
from autograder.cli.app import main
from autograder.errors import CourseError
from autograder.lessons.course import Course
from tests import proof
from tests.bank import BAR, COURSE, answers, held_out
from tests.clone import Clone, clone

KEY = "03_devops/01_fix_an_oom_kill"
TRIED = replace(BAR, repeats=40)

# ----------------------------------------------------------------------------------------- as it is


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone to which a lesson was added."""
    own = clone(tmp_path_factory.mktemp("clone") / "course")
    done = own.run("-m", "autograder", "new", KEY)
    assert done.returncode == 0, done.stderr
    assert f"make proof LESSON={KEY}" in done.stdout
    return own


def test_a_new_lesson_is_built_and_meets_the_laws(made: Clone) -> None:
    built = made.run("-m", "autograder", "build")
    assert built.returncode == 0, built.stderr
    assert f"release/{KEY}.ipynb" in built.stdout.split()
    tests = ("tests/test_laws.py", "tests/coursekit/devops")
    laws = made.run("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *tests, LAWS="all")
    assert laws.returncode == 0, laws.stdout


def test_a_new_lesson_proves(made: Clone) -> None:
    done = made.run("-m", "tests.proof", "--repeats", str(TRIED.repeats), KEY)
    assert done.returncode == 0, done.stdout + done.stderr
    course = Course(made.root)
    stored = proof.load(KEY, course)
    assert proof.shortfalls(stored, KEY, TRIED) == []
    assert stored["bank"]["right"] + stored["bank"]["wrong"] == len(answers(KEY, course))
    assert (
        stored["held out"]["answers"] == len(held_out(KEY, course)) == stored["held out"]["named"]
    )
    assert stored["mutants"]["killed"] == stored["mutants"]["made"] > 0


def test_a_new_lesson_is_clean(made: Clone) -> None:
    code = ("coursekit/devops", "tests/coursekit/devops", f"lessons/{KEY}.py")
    for command in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy", "coursekit/devops")):
        arguments = () if command[0] == "mypy" else code
        done = made.run("-m", *command, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_lesson_is_still_what_it_was_made_as() -> None:
    for key in COURSE.lessons:
        module, stem = key.split("/")
        plan = Plan(key, COURSE.outline.modules[module].room, noun_of(stem))
        begun = dict(texts(plan))[Path("lessons", f"{key}.py")]
        assert COURSE.lesson_path(key).read_text("utf-8") != begun, (
            f"{key} is as `autograder new` made it"
        )


# -------------------------------------------------------------------------------------------- names


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course with two lessons and a world, and no code."""
    for folder in ("lessons/02_coding", "coursekit/coding", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(COURSE.root / "lessons" / "course.toml", tmp_path / "lessons")
    for name in ("01_batch_requests", "02_trip_a_breaker"):
        (tmp_path / "lessons" / "02_coding" / f"{name}.py").write_text("# a lesson\n")
    (tmp_path / "coursekit" / "coding" / "traffic.py").write_text("# a world\n")
    (tmp_path / "nbgrader_config.py").write_text("")
    return Course(tmp_path)


def snapshot(course: Course) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("fix_a_pod", "names no lesson"),
        ("devops/01_fix_a_pod", "names no lesson"),
        ("03_devops/pods/01_fix_a_pod", "names no lesson"),
        ("../03_devops/01_fix_a_pod", "names no lesson"),
        ("03_devop/01_fix_a_pod", "Did you mean '03_devops'?"),
        ("03_devops/fix_a_pod", "two digits, a verb and a noun"),
        ("03_devops/1_fix_a_pod", "two digits, a verb and a noun"),
        ("03_devops/01_fix", "two digits, a verb and a noun"),
        ("03_devops/01_fix_a", "two digits, a verb and a noun"),
        ("03_devops/01_Fix_a_pod", "two digits, a verb and a noun"),
        ("03_devops/01_fix_a_pod.py", "two digits, a verb and a noun"),
        ("03_devops/01_fix_" + "very_" * 10 + "long_names", "40 characters at most"),
        ("03_devops/01_follow_404", "cannot name the lesson's world"),
        ("03_devops/01_mend_an_import", "cannot name the lesson's world"),
        ("02_coding/01_batch_requests", "there already"),
        ("02_coding/02_fix_a_pod", "The first free one is 03."),
        ("02_coding/03_shape_the_traffic", "coursekit/coding/traffic.py is there already"),
    ],
)
def test_a_name_that_will_not_do_is_refused_in_a_sentence(
    name: str, told: str, course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(course)
    with pytest.raises(SystemExit) as end:
        main(["new", name, "--course", str(course.root)])
    assert end.value.code == 2
    assert told in capsys.readouterr().err
    assert snapshot(course) == before


def test_nothing_is_overwritten(course: Course) -> None:
    before = snapshot(course)
    files = new.make(course, "02_coding/03_fix_a_pod")
    after = snapshot(course)
    assert before.items() <= after.items()
    assert {path.relative_to(course.root) for path in after.keys() - before.keys()} == set(files)
    with pytest.raises(CourseError, match="there already"):
        new.make(course, "02_coding/03_fix_a_pod")
    assert snapshot(course) == after


@pytest.mark.parametrize("module", COURSE.outline.modules)
def test_the_world_goes_to_the_modules_room(module: str, course: Course) -> None:
    room = COURSE.outline.modules[module].room
    files = new.make(course, f"{module}/09_bring_the_rain_on")
    assert Path("coursekit", room, "rain_on.py") in files
    assert Path("tests", "coursekit", room, "test_rain_on.py") in files
    text = (course.root / "lessons" / module / "09_bring_the_rain_on.py").read_text("utf-8")
    assert f"from coursekit.{room}.rain_on import" in text
    assert "# Bring the rain on\n" in text
    assert "$" not in text


def test_a_course_without_code_gets_no_lesson(course: Course) -> None:
    shutil.rmtree(course.root / "tests")
    with pytest.raises(CourseError, match="Add lessons in a clone"):
        new.make(course, "03_devops/01_fix_a_pod")


def test_the_words_of_a_name_are_kebab_case_in_grade_ids(course: Course) -> None:
    new.make(course, KEY)
    assert '"grade_id": "oom-kill-checks"' in (course.root / f"lessons/{KEY}.py").read_text("utf-8")
