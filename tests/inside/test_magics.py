"""Cells as a kernel runs them: every magic is there, what can do nothing says so, the next line
runs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from jupyter_client.manager import start_new_kernel

from autograder.build.builder import build
from autograder.grade.judge import Judge
from autograder.jobs import CellTrace, Job, Step
from autograder.lessons.lesson import Lesson
from autograder.runner.client import Warm
from autograder.runner.parcels import PackedLesson, Parcel
from tests.bank import grade_text
from tests.small import KEY, RIGHT, course_with

NEXT = "the next line ran"
NAMES = """
import json
from IPython import get_ipython
print(json.dumps({kind: sorted(table) for kind, table in get_ipython().magics_manager.magics.items()}))
"""
# what a magic is called with where a bare call means nothing
CALLS = {
    "alias": "hi echo",
    "alias_magic": "t timeit",
    "autosave": "60",
    "bookmark": "here",
    "cd": ".",
    "colors": "linux",
    "less": "m.py",
    "load": "m.py",
    "load_ext": "autoreload",
    "loadpy": "m.py",
    "macro": "again 1",
    "man": "ls",
    "more": "m.py",
    "notebook": "out.ipynb",
    "pdef": "len",
    "pdoc": "len",
    "pfile": "json",
    "pinfo": "len",
    "pinfo2": "len",
    "pip": "--version",
    "prun": "1",
    "psearch": "le*",
    "psource": "json",
    "pushd": ".",
    "pycat": "m.py",
    "recall": "1",
    "reload_ext": "autoreload",
    "rep": "1",
    "rerun": "1",
    "reset": "-f",
    "reset_selective": "-f zzz",
    "run": "m.py",
    "save": "out.py 1",
    "sc": "listed=ls",
    "set_env": "A=1",
    "sx": "ls",
    "system": "ls",
    "time": "1",
    "timeit": "-n1 -r1 1",
    "unalias": "hi",
    "unload_ext": "autoreload",
    "xdel": "thing",
}


def run(sources: Sequence[str]) -> tuple[CellTrace, ...]:
    """What cells show in a box of their own."""
    steps = tuple(Step("cell", source, position=n) for n, source in enumerate(sources))
    with Warm() as warm:
        return warm.run(Parcel(Job("kim", KEY, steps), PackedLesson({}, {}, {}, (), {}))).cells


def text(cell: CellTrace) -> str:
    """What a cell printed."""
    return "".join(o["text"] for o in cell.outputs if o["output_type"] == "stream")


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    course = course_with(tmp_path_factory.mktemp("small"))
    build(course)
    return Lesson.read(course.lesson_path(KEY))


@pytest.fixture(scope="module")
def of_a_kernel() -> dict[str, list[str]]:
    """The magics of a real kernel, by kind."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        said: list[str] = []
        client.execute_interactive(
            NAMES,
            timeout=60,
            output_hook=lambda m: (
                said.append(m["content"]["text"]) if m["header"]["msg_type"] == "stream" else None
            ),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    names: dict[str, list[str]] = json.loads("".join(said))
    return names


def test_every_magic_of_a_kernel_is_there(of_a_kernel: dict[str, list[str]]) -> None:
    (cell,) = run([NAMES])
    ours = json.loads(text(cell))
    assert len(of_a_kernel["line"]) > 90
    missing = {kind: sorted({*names} - {*ours[kind]}) for kind, names in of_a_kernel.items()}
    assert missing == {"line": [], "cell": []}


def test_behind_a_plain_call_of_each_the_next_line_runs(of_a_kernel: dict[str, list[str]]) -> None:
    # those that take away what others need come last
    names = sorted(of_a_kernel["line"], key=lambda name: (name.startswith(("un", "re")), name))
    cells = [f"%pushd .\n%{name} {CALLS.get(name, '')}\nprint({NEXT!r})" for name in names]
    shown = run(["%%writefile m.py\nthing = 1", "thing = 1\nthing", *cells])[2:]
    lost = {
        name: (cell.problem, text(cell))
        for name, cell in zip(names, shown, strict=True)
        if NEXT not in text(cell) or cell.problem
    }
    assert lost == {}


@pytest.mark.parametrize(
    "line",
    [
        "%cd ../..",
        "%autosave 60",
        "%connect_info",
        "%qtconsole",
        "%subshell",
        "%edit count",
        "%conda install -y numpy",
        "%load_ext nobody_has_this",
        "%matplotlib widget",
        "%matplotlib notebook",
        "%gui qt",
        "%pdb on",
        "%pastebin 1",
        "%bookmark here",
        "%store SEPARATOR",
    ],
)
def test_an_answer_below_a_magic_is_graded(line: str, lesson: Lesson, judge: Judge) -> None:
    result = grade_text(judge, lesson, f"{line}\n{RIGHT}")
    assert (result.points, result.problems) == (8, ())


def test_what_can_do_nothing_says_so_once() -> None:
    (cell,) = run(["%connect_info\n%connect_info\n%debug"])
    assert text(cell) == (
        "%connect_info does nothing here: there is no kernel to connect to.\n"
        "%debug does nothing here: nobody answers a debugger.\n"
    )


def test_a_cell_below_debug_runs_without_it(lesson: Lesson, judge: Judge) -> None:
    assert grade_text(judge, lesson, f"%%debug\n{RIGHT}").points == 8


def test_what_is_stored_comes_back() -> None:
    cells = run(["a = [1]\n%store a", "%store\ndel a\n%store -r a\na", "%cd -q sub\n%cd -"])
    assert "[1]" in text(cells[1])
    assert cells[1].outputs[-1]["data"]["text/plain"] == "[1]"


def test_cd_without_a_name_and_back_leads_to_the_work() -> None:
    cells = run(["!mkdir sub\n%cd -q sub\n%cd -q -\n%pwd", "%cd -q /\n%cd -q\n%pwd"])
    here, home = (cell.outputs[-1]["data"]["text/plain"] for cell in cells)
    assert here == home
    assert "job-" in here


@pytest.mark.parametrize(
    "use",
    [
        "from words_of import count",
        "import words_of\ncount = words_of.count",
        "def count(text):\n    import words_of\n    return words_of.count(text)",
    ],
)
def test_a_module_that_a_cell_writes_is_imported(use: str, lesson: Lesson, judge: Judge) -> None:
    source = f"%%writefile words_of.py\n{RIGHT}"
    answer = f"get_ipython().run_cell_magic('writefile', 'words_of.py', {RIGHT!r})\n{use}"
    assert grade_text(judge, lesson, answer).points == 8
    cells = run([source, f"{use}\ncount('to be')"])
    assert cells[1].outputs[-1]["data"]["text/plain"] == "2"


def test_a_written_module_hides_nothing() -> None:
    hiding = "%%writefile {}.py\nraise SystemExit"
    names = ("json", "coursekit", "numpy", "autograder")
    sources = [hiding.format(name) for name in names]
    cells = run(
        [*sources, "import coursekit.checks, json, numpy, fractions\nfractions.Fraction(1)"]
    )
    assert cells[-1].problem is None


@pytest.mark.parametrize(
    ("magic", "why"),
    [
        ("timeit -n1 -r1", "%%timeit runs its cell in a function"),
        ("python3", "%%python3 runs its cell in a process of its own"),
        ("writefile count.py", "%%writefile writes its cell to a file and does not run it"),
        ("html", "%%html shows its cell and does not run it"),
    ],
)
def test_an_answer_below_a_magic_that_keeps_nothing_is_told_why(
    magic: str, why: str, lesson: Lesson, judge: Judge
) -> None:
    result = grade_text(judge, lesson, f"%%{magic}\n{RIGHT}")
    assert (result.state, result.points) == ("graded", 0)
    assert result.problems == (f"cell 'words': {why}: nothing that it defines is kept",)


def test_a_timing_that_breaks_is_told_why_its_names_are_lost(lesson: Lesson, judge: Judge) -> None:
    result = grade_text(judge, lesson, f"%%timeit -n1 -r1\nraise ValueError('no')\n{RIGHT}")
    assert [problem.partition(":")[0] for problem in result.problems] == ["cell 'words'"] * 2
    assert "%%timeit runs its cell in a function" in result.problems[1]


def test_a_magic_that_keeps_what_it_defines_is_not_named(lesson: Lesson, judge: Judge) -> None:
    result = grade_text(judge, lesson, f"%%time\n{RIGHT}")
    assert (result.points, result.problems) == (8, ())
