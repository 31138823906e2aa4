"""The corpus as one class: who earns what, what leaks, what changes, and what a browser would do
with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.grade import batch
from autograder.jobs import Result
from tests.browser.conftest import MISSING
from tests.browser.lab import chromium
from tests.hostile.conftest import MODULE, SALT, Graded, new_course, put, released
from tests.hostile.corpus import CASES, HONEST, OTHER_STUDENT, Case
from tests.hostile.lesson import CANARIES, IN_HIDDEN, IN_OTHERS_WORK, IN_SOLUTION, MAX_POINTS
from tests.sample import only_whole
from tests.small import KEY


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_no_cheat_earns_more_and_no_honest_one_less(case: Case, group: Graded) -> None:
    result = group.results[case.name]
    assert case.least <= result.points <= case.most
    assert result.max_points == MAX_POINTS
    assert case.state == "any" or result.state.startswith(case.state)
    assert re.match(r"graded$|zero:.|needs-human:.", result.state)


def test_no_attack_is_a_slip_of_the_pen(group: Graded) -> None:
    """What does not even compile proves nothing."""
    told = re.compile("SyntaxError|null bytes")  # of which Python 3.11.2 says ValueError
    slips = {student for student, r in group.results.items() if told.search(" ".join(r.problems))}
    assert slips == {"nulls-in-a-cell"}


def test_everybody_has_one_result(group: Graded) -> None:
    assert sorted(group.results) == sorted(c.name for c in CASES)
    assert len(CASES) >= 60
    for room in ("autograded", "feedback"):
        assert {p.name for p in (group.course.root / room).iterdir()} == set(group.results)


def test_nothing_that_was_handed_in_built_or_configured_has_changed(group: Graded) -> None:
    assert group.before == group.after
    assert group.before


def _verdicts(result: Result) -> list[tuple[str, str]]:
    return [(c.row.check.name, c.row.verdict) for c in result.checks]


@only_whole
def test_the_others_results_are_the_same_without_the_hostile(
    group: Graded, tmp_path_factory: pytest.TempPathFactory
) -> None:
    alone = new_course(tmp_path_factory.mktemp("honest"))
    some = [
        c for c in HONEST if not {"huge", "pandas", "processes", "widgets"} & set(c.name.split("-"))
    ]
    for case in some:
        put(alone, case.name, case.file(released(alone)))
    for result in batch.grade(alone, MODULE, jobs=1, salt=SALT):
        mixed = group.results[result.student]
        assert (result.points, result.state, _verdicts(result)) == (
            mixed.points,
            mixed.state,
            _verdicts(mixed),
        )
    for name in ("plain", "byte-order-mark", "an-error-in-a-demo", "half-done"):
        for room, end in (("autograded", "ipynb"), ("feedback", "html")):
            path = Path(room, name, f"{KEY}.{end}")
            assert (alone.root / path).read_bytes() == (group.course.root / path).read_bytes()


# -------------------------------------------------------------------------------------------- leaks


def test_canaries_are_where_they_were_planted(group: Graded) -> None:
    source = (group.course.root / "source" / f"{KEY}.ipynb").read_text("utf-8")
    assert IN_SOLUTION in source
    assert IN_HIDDEN in source


@pytest.mark.parametrize("room", ["autograded", "feedback", "release"])
def test_no_canary_reaches_a_learner(room: str, group: Graded) -> None:
    for file in (group.course.root / room).rglob("*.*"):
        if file.is_file():
            text = file.read_text("utf-8", "replace")
            mine = {IN_OTHERS_WORK} if OTHER_STUDENT in file.parts else set()
            assert not [c for c in CANARIES if c in text and c not in mine], file


def test_no_canary_is_in_what_was_shown_or_said(group: Graded) -> None:
    for result in group.results.values():
        said = json.dumps(result.as_json(reveal=False))
        assert not [c for c in CANARIES if c in said], result.student


def test_nobody_was_called(group: Graded) -> None:
    assert group.heard == []


# -------------------------------------------------------------------------------------------- pages


ADDRESSES = ("href", "src", "srcset", "poster", "background", "data", "style", "action", "cite")


def _scheme(url: str) -> str:
    """As a browser reads it; an address that is relative has none."""
    found = re.match(r"([a-z][a-z0-9+.\-]*):", re.sub(r"[\x00-\x20]", "", url).lower())
    return found[1] if found else ""


class _Strict(HTMLParser):
    """Complains of whatever would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.complaints: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in (
            "script",
            "iframe",
            "object",
            "embed",
            "form",
            "base",
            "svg",
            "math",
            "link",
            "button",
            "input",
        ):
            self.complaints.append(f"<{tag}>")
        for name, value in attrs:
            value = re.sub(r"\s", "", value or "").lower() if name in ADDRESSES else ""
            if name.startswith("on") or name in ("srcdoc", "formaction", "xlink:href"):
                self.complaints.append(f"<{tag} {name}>")
            runs = name != "style" and _scheme(value) not in ("", "https", "http", "mailto")
            loads = (
                name in ("src", "srcset", "poster", "background", "data", "style")
                and "url(" in value
            )
            loads = loads or (
                name in ("src", "srcset", "poster", "background")
                and not value.startswith("data:image/")
            )
            if loads or (runs and not (name == "src" and value.startswith("data:image/"))):
                self.complaints.append(f"<{tag} {name}={value[:80]}>")

    handle_startendtag = handle_starttag


def _complaints(text: str) -> list[str]:
    parser = _Strict()
    parser.feed(text)
    parser.close()
    return parser.complaints


def _pages(group: Graded) -> Iterator[tuple[Path, str]]:
    for page in sorted((group.course.root / "feedback").rglob("*.html")):
        yield page, page.read_text("utf-8")


def test_feedback_pages_hold_nothing_that_runs(group: Graded) -> None:
    policies = set()
    for page, text in _pages(group):
        assert _complaints(text) == [], page
        policies |= set(re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text))
    assert len(policies) == 1
    assert "default-src 'none'" in policies.pop()


def _rendered(group: Graded, student: str) -> str:
    """The body that nbconvert, and so the form grader, makes of an autograded notebook: the
    lesson's part left out.
    """
    import nbformat
    from nbconvert import HTMLExporter

    path = group.course.root / "autograded" / student / f"{KEY}.ipynb"
    notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
    nbformat.validate(notebook)
    text: str = HTMLExporter(template_name="basic").from_notebook_node(notebook)[0]
    return text


EVILDOERS = (
    "markup-everywhere",
    "parser-bombs",
    "terminal-escapes",
    "half-characters",
    "rich-outputs-of-all-kinds",
)


@pytest.mark.parametrize("student", EVILDOERS)
def test_autograded_notebooks_hold_nothing_that_runs(student: str, group: Graded) -> None:
    assert _complaints(_rendered(group, student)) == []


def test_every_autograded_notebook_is_one(group: Graded) -> None:
    for student in group.results:
        notebook = json.loads(
            (group.course.root / "autograded" / student / f"{KEY}.ipynb").read_text("utf-8")
        )
        kinds = {
            mime
            for c in notebook["cells"]
            for o in c.get("outputs", ())
            for mime in o.get("data", ())
        }
        known = {
            "text/plain",
            "text/html",
            "text/markdown",
            "text/latex",
            "image/png",
            "image/jpeg",
        }
        assert kinds <= known
        assert notebook["nbformat"] == 4


@pytest.mark.skipif(bool(MISSING), reason=MISSING or "there is Chromium")
def test_a_real_browser_runs_nothing_of_theirs(group: Graded, tmp_path: Path) -> None:
    shown = [page for page, _ in _pages(group) if page.parts[-3] in EVILDOERS]
    for student in EVILDOERS:
        page = tmp_path / f"{student}.html"
        page.write_text(f"<title>mine</title>{_rendered(group, student)}", "utf-8")
        shown.append(page)
    with chromium() as browser:
        tab = browser.new_page()
        asked: list[str] = []
        tab.on("request", lambda r: asked.append(r.url))
        tab.on("dialog", lambda d: asked.append(d.message))
        for page in shown:
            tab.goto(page.as_uri())
            for link in tab.query_selector_all("a[href]")[:30]:
                assert _scheme(link.get_attribute("href") or "") in ("", "https", "http", "mailto")
            assert "pwned" not in tab.title()
            assert tab.query_selector_all("main script, body script") == []
    allowed = [page.as_uri() for page in shown]
    assert [url for url in asked if url not in allowed and not url.startswith("data:image/")] == []
