"""The pages' templates: what a value says is text, whoever wrote it, and nothing in it is a
template.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import nodes

import autograder
from autograder import pages
from autograder.jobs import ByHand, CheckResult, Result
from autograder.record import feedback
from autograder.report import page as report_page, summary as report
from autograder.study import plan
from autograder.study.progress import Grading, Progress, Standing
from autograder.study.start_page import StartPage
from autograder.study.study import Card
from coursekit.checks import Check, Row
from tests.report.test_report import MODULE, Parsed, store
from tests.small import LESSON, course_with

TEMPLATE = "{{ 7*7 }} {% raw %} {# gone #} {{ missing }}"
NAME = f"<script>alert(1)<b> \"double\" 'single' &amp; {TEMPLATE}"  # a file may have this name
TEXT = f"</td></pre></style></title>{NAME}</script>"


def feedback_page(_: Path) -> tuple[str, int]:
    check = Check(TEXT, print, TEXT, None, 2)
    row = CheckResult(f"grade {TEXT}", Row(check, "fail", f"seen {TEXT}", f"expected {TEXT}"))
    told: dict[str, Any] = {
        "repairs": (f"repair {TEXT}",),
        "problems": (f"problem {TEXT}",),
        "slip": f"slip {TEXT}",
        "handed_in": (f"stamp {TEXT}",),
        "late": f"late {TEXT}",
        "by_hand": (ByHand(f"cell {TEXT}", 1, 2, comment=f"comment {TEXT}"),),
    }
    outputs = [
        {"output_type": "stream", "text": f"stream {TEXT}"},
        {"output_type": "error", "ename": f"error {TEXT}", "evalue": TEXT},
        {
            "output_type": "display_data",
            "data": {"text/plain": f"shown {TEXT}", "text/html": "<b>never</b>"},
        },
    ]
    cell = {
        "cell_type": "code",
        "id": f"own {TEXT}",
        "metadata": {},
        "source": f"source {TEXT}",
        "outputs": outputs,
    }
    result = Result(NAME, f"lesson {TEXT}", f"needs-human:{TEXT}", (row,), **told)
    return feedback.page({"cells": [cell]}, result, 2).decode(), 21


def class_report(folder: Path) -> tuple[str, int]:
    course = course_with(folder / "course", LESSON.replace("# Count words", f"# {TEXT}"))
    store(
        course,
        NAME,
        slip=f"slip {TEXT}",
        problems=(f"problem {TEXT}",),
        repairs=(f"repair {TEXT}",),
    )
    store(course, f"human {NAME}", state=f"needs-human:{TEXT}", isolation=f"box {TEXT}")
    store(course, f"nobody {NAME}", state=f"zero:{TEXT}", isolation="")
    store(course, f"broken {NAME}").write_text("{")
    return report_page.page(report.gather(course, MODULE)).decode(), 12


def start_page(_: Path) -> tuple[str, int]:
    card = Card(f"02_coding/{NAME}", TEXT, 30, 10.0, 0.0, ())
    last = Grading(datetime(2030, 6, 3, tzinfo=UTC), TEXT, 1.0, 10.0)
    progress = Progress((Standing(card, "begun", last, 1, 0, timedelta()),), (f"problem {TEXT}",))
    planned = plan.make(progress, plan.Begun(date(2030, 6, 3)), date(2030, 6, 3))
    return StartPage(progress, planned, (f"note {TEXT}",), '"><script>')._repr_html_(), 6


PAGES: dict[str, Callable[[Path], tuple[str, int]]] = {
    "feedback": feedback_page,
    "report": class_report,
    "start page": start_page,
}
TAGS = (
    "html head meta title style body header h1 h2 h3 dl dt dd p strong code a nav ul li main section div table caption "
    "thead tbody tr th td span small br bdi pre"
)


@pytest.mark.parametrize("name", PAGES)
def test_hostile_texts_come_out_as_they_are(name: str, tmp_path: Path) -> None:
    page, least = PAGES[name](tmp_path)
    parsed = Parsed(page)
    assert {tag for tag, _ in parsed.tags} <= set(TAGS.split())
    assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]
    assert parsed.text.count(NAME) >= least
    assert parsed.text.count(NAME) == parsed.text.count("7*7")
    assert "49" not in parsed.text


def test_a_picture_that_is_none_does_not_leave_its_attribute() -> None:
    def shown(picture: str) -> list[tuple[str, dict[str, str | None]]]:
        output = {"output_type": "display_data", "data": {"image/png": picture}}
        cell = {"cell_type": "code", "id": "own", "metadata": {}, "source": "", "outputs": [output]}
        page = feedback.page({"cells": [cell]}, Result("kim", "a/b", "graded", ()), 0).decode()
        return [(tag, attrs) for tag, attrs in Parsed(page).tags if tag in ("img", "script")]

    alt = {"alt": "a picture this cell drew"}
    assert shown("iVBOR\nw0+/=\n") == [("img", {**alt, "src": "data:image/png;base64,iVBORw0+/="})]
    evil = '"><script>alert(1)</script>'
    assert shown(evil) == [("img", {**alt, "src": f"data:image/png;base64,{evil}"})]
    assert shown("\udc80") == [("img", {**alt, "src": "data:image/png;base64,?"})]


def test_code_in_a_sentence_is_escaped_too() -> None:
    page = StartPage(Progress(()), None, ("run `a<b>` or `c`", "one ` alone"))._repr_html_()
    assert "<li>run <code>a&lt;b&gt;</code> or <code>c</code></li>" in page
    assert "<li>one  alone</li>" in page


# --------------------------------------------------------------------------------------------- laws


def unescaped(source: str) -> list[str]:
    """What in a template could put a value into the page as it is."""
    found = (
        pages.environment()
        .parse(source)
        .find_all((nodes.Filter, nodes.EvalContextModifier, nodes.MarkSafe))
    )
    return [
        type(node).__name__
        for node in found
        if not isinstance(node, nodes.Filter) or node.name == "safe"
    ]


@pytest.mark.parametrize("name", pages.environment().list_templates())
def test_no_template_lets_a_value_through_unescaped(name: str) -> None:
    loader = pages.environment().loader
    assert loader is not None
    assert unescaped(loader.get_source(pages.environment(), name)[0]) == []
    assert pages.environment().autoescape is True


@pytest.mark.parametrize(
    "source",
    ["{{ x|safe }}", "{{ x|upper|safe }}", "{% autoescape false %}{{ x }}{% endautoescape %}"],
)
def test_a_way_through_would_be_seen(source: str) -> None:
    assert unescaped(source)


def test_what_is_html_already_is_said_in_few_places_with_a_reason() -> None:
    package = Path(autograder.__file__).parent
    files = {file: file.read_text("utf-8") for file in package.rglob("*.py")}
    lines = [
        (file.name, line)
        for file, text in files.items()
        for line in text.splitlines()
        if "Markup(" in line
    ]
    assert [name for name, _ in lines] == ["feedback.py"] * 2
    assert all("# safe: " in line for _, line in lines)


def test_a_name_that_is_missing_is_an_error_and_no_blank() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'title' is undefined"):
        pages.render("page.html.j2")


def test_jinja_is_imported_by_who_writes_a_page_and_by_nobody_else() -> None:
    script = """
import sys, autograder.cli.app
assert "jinja2" not in sys.modules
from autograder.pages import render
render("page.html.j2", title="x")
assert "jinja2" in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
