"""Answers that only a newer Python reads wait for a human; what no Python reads stays a syntax
error.
"""

from __future__ import annotations

import json
import sys
import tomllib

import pytest

from autograder.build.builder import build
from autograder.grade import submission
from autograder.grade.judge import Judge
from autograder.grade.newer_python import NEWEST, OWN, Cell, needed
from autograder.lessons.lesson import Lesson
from tests.bank import COURSE, grade_text
from tests.small import KEY, RIGHT, course_with

BROKEN = "SyntaxError: invalid syntax (line 1)"
READ_SINCE = {
    # PEP 701
    'a = {}\nf"{a["b"]}"': (3, 12),
    "x = f'{'\\n'.join(['a'])}'": (3, 12),
    'f"{1 # one\n}"': (3, 12),
    'f"{\n1\n+ 2}"': (3, 12),
    'f"{f"{f"{1}"}"}"': (3, 12),
    'f"{x!r:>{"10"}}"': (3, 12),
    'f"""{"""a"""}"""': (3, 12),
    "rf'{'a'}\\d{{}}'": (3, 12),
    'print("a" f"{d["k"] = :.2f}" "b")': (3, 12),
    'f"{(lambda x: f"{x}")(1)}"': (3, 12),
    'async def f():\n    return f"{await g("a")}"': (3, 12),
    '%matplotlib inline\n!echo it\'s\nf"{a["b"]}"': (3, 12),
    # PEP 695 and 696
    "type X = str": (3, 12),
    "type Pair[T] = tuple[T, T]": (3, 12),
    "def f[T](x: T) -> T:\n    return x": (3, 12),
    "async def f[*Ts, **P](*a: *Ts) -> None: ...": (3, 12),
    "class A[T: (int, str), U]:\n    def g[V](self) -> V: ...": (3, 12),
    "class A[T](list[T]):\n    type Item = T": (3, 12),
    "def f[T = int](x: T): ...": (3, 13),
    # 3.14
    "try: ...\nexcept ValueError, KeyError:\n    pass": (3, 14),
    "try: ...\nexcept* a.Error, OSError: ...": (3, 14),
    't"{name}"': (3, 14),
    'tr"{name}\\d" ': (3, 14),
}
NOT_READ = [
    "def f(:",
    "def count(text:\n    return 1",
    'f"{a["b"]}" +',
    'f"{a["b"}"',
    'f"{}"',
    'f"{a b["c"]}"',
    "f'{a['",
    'f"{a["b"]}" f"}"',
    "def f[](x): ...",
    "def f[T(x): ...",
    "def f[1](x): ...",
    "class A[T x]: ...",
    "type X",
    "type 1 = 2",
    "type X = ",
    "print 'hello'",
    "try: ...\nexcept ValueError, e:\n    pass",
    "try: ...\nexcept ValueError, KeyError as e: ...",
    "if True\n    pass",
    "  x = 1\n y = 2",
    "a = 'not closed",
    '"""',
    't"{" ',
    "\0",
    "(" * 500,
    "%x\n" * 20_000 + 't""',  # IPython would look for minutes
    'f"{' * 500,
]


def syntax(source: str, declared: str | None = None) -> tuple[int, int] | None:
    """Since when a cell with a syntax error can be read."""
    found = needed([Cell("cell 'words'", source, BROKEN)], declared=declared)
    return found.since if found else None


@pytest.mark.parametrize("source", READ_SINCE, ids=repr)
def test_what_a_newer_python_reads_is_told(source: str) -> None:
    if READ_SINCE[source] <= OWN:
        pytest.skip("this Python reads it")
    assert syntax(source) == READ_SINCE[source]


@pytest.mark.parametrize("source", NOT_READ, ids=lambda source: repr(source[:30]))
def test_what_no_python_reads_stays_a_syntax_error(source: str) -> None:
    assert syntax(source) is None


def test_except_with_a_comma_is_old_or_new_as_the_notebook_says() -> None:
    old = "try: ...\nexcept errors.timeout, e: ..."
    assert [syntax(old, said) for said in (None, "2.7.18", "3.13.1", "3.14.0", "4", "?")] == [
        None,
        None,
        None,
        (3, 14),
        None,
        None,
    ]
    new = "try: ...\nexcept OSError, ValueError: ..."
    assert [syntax(new, said) for said in (None, "3.11.2", "3.14.0")] == [(3, 14), None, (3, 14)]


@pytest.mark.parametrize(
    ("problem", "since"),
    [
        ("ImportError: cannot import name 'override' from 'typing' (/usr/lib/typing.py)", (3, 12)),
        ("ImportError: cannot import name 'batched' from 'itertools' (unknown location)", (3, 12)),
        ("AttributeError: module 'itertools' has no attribute 'batched'", (3, 12)),
        ("AttributeError: module 'math' has no attribute 'sumprod'", (3, 12)),
        ("AttributeError: 'PosixPath' object has no attribute 'walk'", (3, 12)),
        ("ImportError: cannot import name 'replace' from 'copy' (/usr/lib/copy.py)", (3, 13)),
        ("AttributeError: module 'copy' has no attribute 'replace'", (3, 13)),
        ("AttributeError: module 'warnings' has no attribute 'deprecated'", (3, 13)),
        ("AttributeError: module 'queue' has no attribute 'ShutDown'", (3, 13)),
        ("NameError: name 'PythonFinalizationError' is not defined", (3, 13)),
        ("ModuleNotFoundError: No module named 'annotationlib'", (3, 14)),
        ("ModuleNotFoundError: No module named 'compression'", (3, 14)),
        (
            "ModuleNotFoundError: No module named 'string.templatelib'; 'string' is not a package",
            (3, 14),
        ),
        ("AttributeError: module 'uuid' has no attribute 'uuid7'", (3, 14)),
        ("ModuleNotFoundError: No module named 'sklearn'", None),
        ("ImportError: cannot import name 'overide' from 'typing' (/usr/lib/typing.py)", None),
        ("AttributeError: module 'math' has no attribute 'batched'", None),
        ("AttributeError: 'FeatureCache' object has no attribute 'walk'", None),
        ("NameError: name 'override' is not defined", None),
        ("TypeError: unsupported operand", None),
    ],
)
def test_names_of_a_newer_library_are_known(problem: str, since: tuple[int, int] | None) -> None:
    for found in (
        needed([Cell("a cell", "", problem)], own=(3, 11)),
        needed([], [problem], own=(3, 11)),
    ):
        assert (found.since if found else None) == since


def test_the_sentence_names_the_cell_both_versions_and_the_next_step() -> None:
    (problem,) = ["ImportError: cannot import name 'override' from 'typing' (x)"]
    found = needed([Cell("cell 'words'", "", problem)], declared="3.13.1", own=(3, 11))
    assert str(found) == (
        "cell 'words' needs Python 3.12 or newer (the notebook says 3.13.1), for typing.override; "
        "this grader runs 3.11: grade with a newer Python (make setup PYTHON=python3.12)"
    )
    later = needed([], ["No module named 'annotationlib'"], own=(3, 11))
    assert str(later).endswith("no grader runs that yet, so read it and give its points by hand")


def test_the_newest_python_of_the_grader_is_the_projects() -> None:
    project = tomllib.loads((COURSE.root / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"].endswith(f"<{NEWEST[0]}.{NEWEST[1] + 1}")


# ---------------------------------------------------------------------------------- in the grader


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    course = course_with(tmp_path_factory.mktemp("small"))
    build(course)
    return Lesson.read(course.lesson_path(KEY))


TEMPLATE = 'name = "kim"\nt"{name}"\n'  # of a Python that is newer than any that the grader runs on
OWN_VERSION = f"this grader runs {sys.version_info[0]}.{sys.version_info[1]}"


def test_an_answer_that_cannot_be_read_here_waits_for_a_human(lesson: Lesson, judge: Judge) -> None:
    if OWN >= (3, 14):
        pytest.skip("this Python reads it")
    result = grade_text(judge, lesson, TEMPLATE + RIGHT)
    assert result.points == 0
    assert result.state.startswith(
        f"needs-human:cell 'words' needs Python 3.14 or newer, for t-strings; {OWN_VERSION}: "
    )


def test_points_that_were_earned_stay(lesson: Lesson, judge: Judge) -> None:
    if OWN >= (3, 14):
        pytest.skip("this Python has it")
    late = RIGHT.replace(
        "raise TypeError('no')", "import annotationlib\n        raise TypeError('no')"
    )
    result = grade_text(judge, lesson, late)
    assert result.points == 6
    assert result.state.startswith("needs-human:the answer needs Python 3.14 or newer")


def test_who_loses_nothing_needs_nobody(lesson: Lesson, judge: Judge) -> None:
    tried = "try:\n    import annotationlib\nexcept ImportError:\n    pass\n"
    result = grade_text(judge, lesson, f"{tried}{RIGHT}\nimport annotationlib")
    assert (result.state, result.points) == ("graded", 8)


def test_a_syntax_error_keeps_its_line_and_its_zero(lesson: Lesson, judge: Judge) -> None:
    result = grade_text(judge, lesson, "def f(:\n    pass\n")
    assert (result.state, result.points) == ("graded", 0)
    assert result.problems[0].startswith("cell 'words': SyntaxError: ")
    assert result.problems[0].endswith("(line 1)")


def test_a_notebook_says_which_python_it_was_written_with(lesson: Lesson, judge: Judge) -> None:
    if OWN >= (3, 14):
        pytest.skip("this Python reads it")
    cells = [
        {
            "cell_type": "code",
            "id": "words",
            "metadata": {"nbgrader": {"grade_id": "words"}},
            "source": TEMPLATE + RIGHT,
            "outputs": [],
            "execution_count": None,
        }
    ]
    metadata = {"language_info": {"name": "python", "version": "3.14.2"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    _, job = submission.read(lesson, "kim", json.dumps(notebook).encode(), [])
    assert (
        "3.14 or newer (the notebook says 3.14.2), for t-strings" in judge.grade(lesson, job).state
    )
