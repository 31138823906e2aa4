"""What cells show is what stock `nbgrader autograde` stores: types, order, text, and figures that
look the same.

The lessons with right answers, and a notebook of nearly everything (`everything.txt`), through
both.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from PIL import Image

from autograder.build.builder import build
from autograder.grade import batch
from autograder.inside import outputs as bounds, shell
from autograder.jobs import CellTrace, Job, Step, Trace
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record import autograded as record
from autograder.record.gradebook import prepare
from tests.bank import COURSE, cells_as_text, read
from tests.demo import fill, new_course
from tests.sample import some
from tests.small import KEY, RIGHT, course_with

Output = dict[str, Any]
Outputs = list[Output]
MODULE = KEY.split("/")[0]
STORED = {"text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg"}
SAME = 0.5  # of 255: mean difference of pixels at which two figures look the same

_cells = re.split(
    r"^# %% (\S+)\n",
    (Path(__file__).parent / "everything.txt").read_text("utf-8"),
    flags=re.MULTILINE,
)
EVERYTHING = {
    name: source.rstrip("\n") for name, source in zip(_cells[1::2], _cells[2::2], strict=True)
}


# -------------------------------------------------------------------------- where we mean to differ
# Each is made of stock's outputs before they are compared. `docs/instructor.md` lists them for
# people.


def only_stored_types(outputs: Outputs) -> Outputs:
    """SVG, JSON, JavaScript and widgets may run or load something in a browser. Each has a text or
    a picture beside.
    """
    return [
        o | {"data": {m: d for m, d in o["data"].items() if m in STORED}} if "data" in o else o
        for o in outputs
    ]


def only_placing_metadata(outputs: Outputs) -> Outputs:
    """Metadata of pictures is kept: size, words, ground. `isolated` asks for a frame of its own,
    which may run code.
    """
    return [o | {"metadata": placing(o["metadata"])} if "metadata" in o else o for o in outputs]


def placing(metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        k: v for k, v in metadata.items() if k in ("image/png", "image/jpeg", "needs_background")
    }


def joined_streams(outputs: Outputs) -> Outputs:
    """Text of one stream is one output: stock cuts it at each flush, and wherever 0.2 s end;
    notebooks show no cut.
    """
    out: Outputs = []
    for output in outputs:
        if output["output_type"] == "stream" and out and out[-1].get("name") == output["name"]:
            out[-1] = out[-1] | {"text": out[-1]["text"] + output["text"]}
        else:
            out.append(output)
    return out


def no_terminal(outputs: Outputs) -> Outputs:
    """`!cmd` writes to a pipe: its lines do not end as a terminal's."""
    return [
        o | {"text": o["text"].replace("\r\n", "\n")} if o["output_type"] == "stream" else o
        for o in outputs
    ]


def not_the_frames_below(outputs: Outputs) -> Outputs:
    """What a traceback shows of the kernel itself is the runner here."""
    ours = re.escape(str(Path(shell.__file__).parent))
    below = re.compile(rf"(?:\x1b\[[\d;]*m)*File .*(?:/ipykernel|{ours})/")
    return [
        o | {"traceback": [t for t in o["traceback"] if not below.match(t)]}
        if "traceback" in o
        else o
        for o in outputs
    ]


def no_sliders(outputs: Outputs) -> Outputs:
    """`explore` has no sliders where there is no kernel to answer them; the picture is the same."""
    return [
        o
        for o in outputs
        if not o.get("data", {}).get("text/plain", "").startswith("VBox(children=(")
    ]


RULES: tuple[Callable[[Outputs], Outputs], ...] = (
    only_stored_types, only_placing_metadata, joined_streams, no_terminal, not_the_frames_below, no_sliders,
)  # fmt: skip
CELLS = {  # and single cells, which must differ as long as they stand here
    "display-iframe": "a frame loads a page from elsewhere: its HTML is shown as text",
    "broken-repr": "stock adds an error 'NoneType: None' to the one that was raised",
    "broken-html": "the same",
    "warning-syntax": "stock compiles a cell three times, and warns three times",
    "get-ipython-kernel": "there is no kernel",
    "widget-interact": "a widget is not stored: what it would show is shown in its place",
    "widget-output": "the same",
}
if sys.version_info >= (3, 12):
    CELLS["warning-escape"] = "from here on a warning about syntax, three times too"
if sys.version_info >= (3, 13):
    CELLS["thread-error"] = (
        "Python colours it where its environment says so, which it does not read in a box"
    )
# stock hears what `print` does not write in a thread of its own, at times too late or a cell later
BELOW_PYTHON = {
    "fd-system": "from a shell\n",
    "fd-write": "straight to fd 1\n",
    "fd-write-stderr": "straight to fd 2\n",
    "fd-ctypes": "from C\n",
    "fd-subprocess": "from a child\n",
    "fd-between-prints": "ahead of it\nfrom a shell\nbehind it\n",
    "fd-fork": "from a fork\n",
    "multiprocessing": "from a process\n",
    "multiprocessing-pool": "squaring\nsquaring\n",
    "dunder-stdout": "to the original\n",
}


# ----------------------------------------------------------------------------------- how we compare

UNSTABLE = {
    r"/tmp/ipykernel_\d+/\d+\.py": "<cell>",
    r"\(\d+\.py, line": "(<cell>, line",
    r"\b0x[0-9a-f]{6,}\b": "<address>",
}


class _Bones(HTMLParser):
    """Tags and visible text of HTML, without attributes and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.bones: list[str] = []
        self._hidden = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._hidden += tag == "style"
        self.bones.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag == "style"
        self.bones.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.bones.append(data)


def bones(text: str) -> str:
    plain = "".join(_Bones(text).bones).replace("<style>", "").replace("</style>", "")
    return "\n".join(line.strip() for line in plain.splitlines() if line.strip())


def stable(value: Any) -> Any:
    """Without process ids, names of a cell's file and addresses of objects."""
    if isinstance(value, str):
        for pattern, name in UNSTABLE.items():
            value = re.sub(pattern, name, value)
        return value
    if isinstance(value, list):
        return [stable(item) for item in value]
    return {k: stable(v) for k, v in value.items()} if isinstance(value, dict) else value


def comparable(outputs: Outputs) -> tuple[Outputs, list[Any]]:
    """Outputs with HTML as bones and pictures as their sizes, and the pictures."""
    pictures: list[Any] = []
    made: Outputs = json.loads(json.dumps(outputs))
    for data in (o["data"] for o in made if "data" in o):
        if "text/html" in data:
            data["text/html"] = bones(data["text/html"])
        for kind in ("image/png", "image/jpeg"):
            if len(data.get(kind, "")) > 100:
                picture = Image.open(io.BytesIO(base64.b64decode(data[kind])))
                data[kind] = [picture.format, picture.mode, list(picture.size)]
                pictures.append(numpy.asarray(picture).astype(float))
    plain: Outputs = stable(made)
    return plain, pictures


def differ(stock: dict[str, Any], ours: dict[str, Any]) -> str:
    """In words where two cells differ, or nothing."""
    theirs = stock["outputs"]
    for rule in RULES:
        theirs = rule(theirs)
    ours = ours | {"outputs": not_the_frames_below(ours["outputs"])}
    (want, drawn), (got, ours_drawn) = comparable(theirs), comparable(ours["outputs"])
    if stock["execution_count"] != ours["execution_count"]:
        return f"number {stock['execution_count']}, not {ours['execution_count']}"
    if want != got:
        pair = next(
            ((w, g) for w, g in zip(want, got, strict=False) if w != g),
            (want[len(got) :], got[len(want) :]),
        )
        return f"stock: {pair[0]}\nours: {pair[1]}"
    apart = [float(numpy.abs(a - b).mean()) for a, b in zip(drawn, ours_drawn, strict=True)]
    return "" if max(apart, default=0) < SAME else f"pixels differ by {apart}"


# ---------------------------------------------------------------------------------------- both runs


def read_cells(course: Course, lesson: str) -> dict[str, dict[str, Any]]:
    """Code cells of an autograded notebook by their order, checks left out; texts as single
    strings.
    """
    path = course.root / "autograded" / "somebody" / MODULE / f"{lesson}.ipynb"
    cells = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code" and not cell["metadata"].get("nbgrader", {}).get("grade"):
            cells[f"{len(cells)}: {''.join(cell['source'])[:60]}"] = cell
            for output in cell["outputs"]:
                if "text" in output:
                    output["text"] = "".join(output["text"])
                data = output.get("data", {})
                data.update({m: "".join(d) for m, d in data.items() if isinstance(d, list)})
    return cells


def stock_autograde(course: Course) -> None:
    """The real command. Without pytest's mark in the environment: ipykernel does not listen to
    descriptors then.
    """
    binaries = Path(sys.executable).parent
    environment = {
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(course.root),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        [str(binaries / "nbgrader"), "autograde", MODULE], cwd=course.root, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Course]:
    """Two equal courses, graded by stock nbgrader and by us. All lessons in one module: one command
    runs them.
    """
    folder = tmp_path_factory.mktemp("outputs")
    ours = new_course(folder / "ours")
    small = course_with(folder / "small")
    build(small)
    for room, suffix in (("lessons", ".py"), ("source", ".ipynb"), ("release", ".ipynb")):
        for path in [
            *ours.root.glob(f"{room}/*/*{suffix}"),
            *small.root.glob(f"{room}/*/*{suffix}"),
        ]:
            path.rename(ours.root / room / MODULE / path.name)
        for other in (
            p
            for p in (ours.root / room).iterdir()
            if p.is_dir() and p.name not in (MODULE, "diagrams")
        ):
            shutil.rmtree(other)
    taken = {KEY, *some([key for key in ours.lessons if key != KEY], 1)}
    for key in set(ours.lessons) - taken:
        for room, suffix in (("lessons", ".py"), ("source", ".ipynb"), ("release", ".ipynb")):
            (ours.root / room / f"{key}{suffix}").unlink()
    ours = Course(ours.root)
    for key in ours.lessons:
        lesson = Lesson.read(ours.lesson_path(key))
        notebook = json.loads((ours.root / "release" / f"{key}.ipynb").read_text("utf-8"))
        hand_in(ours, key, everything(notebook) if key == KEY else solved(notebook, lesson))
    stock = Course(shutil.copytree(ours.root, folder / "stock"))
    prepare(stock, MODULE)
    with ThreadPoolExecutor(1) as thread:
        theirs = thread.submit(stock_autograde, stock)
        batch.grade(ours, MODULE, jobs=1)
        theirs.result()
    return stock, ours


def solved(notebook: dict[str, Any], lesson: Lesson) -> dict[str, Any]:
    return fill(notebook, lesson, cells_as_text(lesson, stub=False))


def everything(notebook: dict[str, Any]) -> dict[str, Any]:
    """A right answer to the small lesson, and the learner's own cells behind it."""
    cells = notebook["cells"]
    at = next(n for n, cell in enumerate(cells) if cell["id"] == "words")
    cells[at]["source"] = RIGHT
    cells[at + 1 : at + 1] = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for name, source in EVERYTHING.items()
    ]
    return notebook


def hand_in(course: Course, key: str, notebook: dict[str, Any]) -> None:
    path = course.root / "submitted" / "somebody" / f"{key}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), "utf-8")


def test_the_lessons_show_what_stock_nbgrader_shows(courses: tuple[Course, Course]) -> None:
    stock, ours = courses
    names = [key.split("/")[1] for key in ours.lessons if key != KEY]
    assert names
    found = {}
    for name in names:
        wanted, got = read_cells(stock, name), read_cells(ours, name)
        assert list(wanted) == list(got)
        assert any(cell["outputs"] for cell in wanted.values())
        found |= {
            f"{name} {cell}": said for cell in wanted if (said := differ(wanted[cell], got[cell]))
        }
    assert found == {}


def without_late_lines(outputs: Outputs) -> Outputs:
    late = {line for text in BELOW_PYTHON.values() for line in text.splitlines(keepends=True)}
    kept = []
    for output in outputs:
        if output["output_type"] == "stream":
            text = "".join(
                line for line in output["text"].splitlines(keepends=True) if line not in late
            )
            if not text:
                continue
            output = output | {"text": text}
        kept.append(output)
    return kept


def test_nearly_everything_is_shown_as_stock_nbgrader_shows_it(
    courses: tuple[Course, Course],
) -> None:
    stock, ours = (list(read_cells(course, KEY.split("/")[1]).values()) for course in courses)
    places = {name: 2 + n for n, name in enumerate(EVERYTHING)}
    assert [stock[n]["source"] for n in places.values()] == [
        ours[n]["source"] for n in places.values()
    ]
    for name, text in BELOW_PYTHON.items():
        cell = ours[places[name]]
        assert (
            "".join(o["text"] for o in cell["outputs"] if o["output_type"] == "stream") == text
        ), name
        for each in (stock[places[name]], cell):
            each["outputs"] = [o for o in each["outputs"] if o["output_type"] != "stream"]
    for cell in stock:
        cell["outputs"] = without_late_lines(cell["outputs"])
    found = {name: said for name, n in places.items() if (said := differ(stock[n], ours[n]))}
    assert {name: said for name, said in found.items() if name not in CELLS} == {}
    assert list(found) == [name for name in EVERYTHING if name in CELLS]


# ------------------------------------------------------------------------------------------- bounds


def trace_of(cells: list[Outputs]) -> tuple[Job, Trace]:
    steps = tuple(Step("cell", "1", position=n) for n in range(len(cells)))
    return Job("somebody", KEY, steps), Trace(
        tuple(CellTrace(n, tuple(outputs)) for n, outputs in enumerate(cells))
    )


def display(kind: str, text: str, **more: Any) -> Output:
    return {
        "output_type": kind,
        "data": {"text/plain": text},
        "metadata": {},
        "transient": {"display_id": "x"},
    } | more


@pytest.mark.parametrize(
    "source",
    ["%time 1", "%%bash\nls", "x = !ls", "x?", "!ls", ">>> x = 1\n>>> x", "In [1]: x", "In [1]: x\nIn [2]: y",
     "  x = 1", "\n\nx = 1", "x = 1 +", "/print 1", "print('\\d')", "await x", "x = [\n%time\n]", ""],
)  # fmt: skip
def test_a_cell_that_ipython_would_change_is_left_to_it(source: str) -> None:
    whole = source if source.endswith("\n") else source + "\n"
    assert not shell._is_plain(source) or TransformerManager().transform_cell(source) == whole


def test_plain_python_is_what_ipython_makes_of_it() -> None:
    lessons = map(read, COURSE.lessons)
    sources = [
        *(cell.source for lesson in lessons for cell in lesson.cells if cell.is_code),
        *EVERYTHING.values(),
    ]
    plain = [source for source in sources if shell._is_plain(source)]
    assert len(plain) > len(sources) / 2
    for source in plain:
        assert TransformerManager().transform_cell(source).rstrip("\n") == source.rstrip("\n")


def test_an_update_changes_what_earlier_cells_displayed() -> None:
    cells = [[display("display_data", "old")], [display("update_display_data", "new")]]
    shown = record.cells_as_run(*trace_of(cells))
    assert [o["data"]["text/plain"] for o in shown[0].outputs] == ["new"]
    assert shown[1].outputs == ()
    assert [s.number for s in shown.values()] == [1, 2]


def test_one_large_update_cannot_fill_a_notebook_many_times() -> None:
    cells = [[display("display_data", "small")] * 300 for _ in range(10)]
    cells.append([display("update_display_data", "x" * 400_000)])
    shown = record.cells_as_run(*trace_of(cells))
    texts = [o["data"]["text/plain"] for s in shown.values() for o in s.outputs]
    assert len(texts) == 3000
    assert {len(text) for text in texts} == {5, 400_000}
    assert sum(map(len, texts)) < record.MAX_GROWTH + 100_000


def test_what_one_cell_shows_stays_within_its_room() -> None:
    shown = bounds.Outputs()
    for n in range(1000):
        shown.rich(display("display_data", "x" * 390_000), "x" if n % 2 else None)
        shown.text("stdout", "y" * 1000)
    assert len(shown.items) <= bounds.MAX_OUTPUTS
    assert len(json.dumps(shown.items)) < bounds.MAX_CELL + bounds.MAX_TEXT
    assert "(the rest was left out)" in json.dumps(shown.items, ensure_ascii=False)


PLACED = {"image/png": {"width": 40, "height": 20, "alt": "a line"}, "needs_background": "light"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (PLACED, PLACED),
        (PLACED | {"text/html": {"isolated": True}, "isolated": True}, PLACED),
        ({"image/png": {"width": "1 onload=alert(1)", "height": -1, "alt": 1}}, {}),
        ({"image/png": {"width": True, "unconfined": True}, "needs_background": "<script>"}, {}),
        ({"image/png": "x", "needs_background": ["light"]}, {}),
        (None, {}),
    ],
)
def test_metadata_says_how_a_picture_is_placed_and_no_more(given: Any, kept: Any) -> None:
    assert bounds.plain_metadata(given) == kept
