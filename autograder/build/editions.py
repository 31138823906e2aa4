"""What is added for a person who studies alone: a cell that grades the notebook, navigation,
reference solutions that open after an honest try, a start page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.lazy import nbformat
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson

Tree = dict[Path, bytes]
Lessons = Mapping[str, list[Lesson]]  # by module, in course order

INDEX_BEGIN, INDEX_END = (
    "<!-- exercise index: built by `make build` -->",
    "<!-- end of the index -->",
)
HOW = """\
# The course

For the interview of an MLOps platform engineer at a multi-tenant SaaS company. Open a lesson, read the situation, write
code in the cells marked `# YOUR CODE HERE`, and run the cell of checks below: a table says what holds, what does not,
and what was seen beside what was expected. Nothing you run waits in real time.

`Grade this notebook`, at a lesson's end, grades the saved file with checks you have not seen. Run the cell below
(Shift+Enter) whenever you want to know where you stand and what comes next: it reads what those gradings left on this
machine. The first run begins a plan of six days.
"""  # noqa: E501 (as it stands in notebooks)
REVEAL = """\
## After an honest try

A cell below shows the reference solution of the cell it names, folded, and why it is so, once you have written your own
and run its checks, or graded the notebook. `anyway=True` shows it all the same.
"""  # noqa: E501 (as it stands in notebooks)


def notebook_bytes(notebook: Any) -> bytes:
    """The file of a notebook, as nbgrader writes it."""
    text: str = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    return (text.rstrip("\n") + "\n").encode()


def self_study(lessons: Lessons, released: Tree) -> Tree:
    """The released notebooks with cells that grade them, lead on, and show reference solutions."""
    row = [lesson for module in lessons.values() for lesson in module]
    out: Tree = {}
    for at, lesson in enumerate(row):
        data = released.get(Path("release", lesson.module, f"{lesson.name}.ipynb"))
        if data is None:
            continue
        notebook = nbformat.reads(data.decode(), as_version=4)
        around = row[at - 1] if at else None, row[at + 1] if at + 1 < len(row) else None
        notebook.cells += [
            nbformat.v4.new_markdown_cell(
                "## Grade this notebook\n\n"
                "Save first (Ctrl+S): the cell below grades the file on disk, with hidden checks "
                "too. Of those it tells the criterion, the verdict and the hint. "
                "The start page counts it.",
                id="self-check-how",
            ),
            nbformat.v4.new_code_cell(
                "from autograder.selfstudy import grade_this_notebook\n\n"
                f'grade_this_notebook("{lesson.name}.ipynb")',
                id="self-check",
            ),
            nbformat.v4.new_markdown_cell(_navigation(lesson, *around), id="navigation"),
            *_reveals(lesson),
        ]
        out[Path("notebooks", lesson.module, f"{lesson.name}.ipynb")] = notebook_bytes(notebook)
    return out


def _reveals(lesson: Lesson) -> Iterator[Any]:
    """A folded section with a cell for each one that the learner writes. No solution is in it."""
    folded = {"jp-MarkdownHeadingCollapsed": True}
    yield nbformat.v4.new_markdown_cell(REVEAL.rstrip(), id="reveal-how", metadata=folded)
    for cell in lesson.of_kind("solution", "manual"):
        call = f'from autograder.selfstudy import reveal\n\nreveal("{cell.grade_id}")'
        yield nbformat.v4.new_code_cell(call, id=f"reveal-{cell.grade_id}"[:64])


def _navigation(here: Lesson, before: Lesson | None, after: Lesson | None) -> str:
    def link(lesson: Lesson, words: str) -> str:
        folder = "" if lesson.module == here.module else f"../{lesson.module}/"
        return f"[{words}]({folder}{lesson.name}.ipynb)"

    parts = [link(before, f"← {before.facts.title}")] if before else []
    parts.append("[Start page](../start.ipynb)")
    parts += [link(after, f"{after.facts.title} →")] if after else []
    return " · ".join(parts)


def front_pages(course: Course, lessons: Lessons) -> Tree:
    """The start page in `notebooks/`, and README with its exercise index."""
    start = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(HOW.rstrip(), id="how"),
            nbformat.v4.new_code_cell(
                "from autograder.selfstudy import start_page\n\nstart_page()", id="map"
            ),
        ],
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )
    start.nbformat_minor = 5
    tree: Tree = {Path("notebooks", "start.ipynb"): notebook_bytes(start)}
    readme = course.root / "README.md"
    if readme.is_file():
        text = readme.read_text("utf-8")
        begin, end = text.find(INDEX_BEGIN), text.find(INDEX_END)
        if not 0 <= begin < end:
            raise CourseError(
                f"{readme}: the lines {INDEX_BEGIN!r} and {INDEX_END!r} are missing. Put them back."
            )
        head, tail = text[: begin + len(INDEX_BEGIN)], text[end:]
        tree[Path("README.md")] = (head + "\n\n" + _index(course, lessons) + "\n" + tail).encode()
    return tree


def _index(course: Course, lessons: Lessons) -> str:
    """README's map of modules and lessons, as markdown tables."""
    out = []
    for module, own in lessons.items():
        out += [f"**{course.outline.title(module)}**", ""]
        out += ["| lesson | time | level | needs | points |", "|---|---|---|---|---|"]
        for lesson in own:
            facts = lesson.facts
            by_hand = sum(c.points for c in lesson.of_kind("manual"))
            points = f"{lesson.max_points:g} + {by_hand:g} by hand"
            link = f"[{facts.title}](notebooks/{lesson.key}.ipynb)"
            out.append(f"| {link} | {facts.time} | {facts.level} | {facts.needs} | {points} |")
        out.append("")
    return "\n".join(out)
