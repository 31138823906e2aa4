"""The report: its numbers are those of numpy and scipy, nothing stored breaks it, and nothing in
the page runs.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from autograder.cli.app import main
from autograder.errors import CourseError
from autograder.jobs import CheckResult, Result
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.record import results
from autograder.report import numbers, page as report_page, summary as report
from coursekit.checks import Row, Verdict
from tests.browser.conftest import MISSING
from tests.browser.lab import chromium
from tests.small import KEY, LESSON, course_with

MODULE, STEM = KEY.split("/")
FIRST, NOTHING, ANY, EMPTY = (
    "words_are_counted",
    "nothing_is_no_text",
    "any_text_is_counted",
    "an_empty_text_has_few_words",
)
EVIL = "<img src=x onerror=alert(1)>"
NOON = 1_750_000_000  # 2025-06-15, 15:06:40 UTC


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return course_with(tmp_path / "course")


def store(
    course: Course,
    student: str,
    verdicts: Mapping[str, Verdict] | None = None,
    state: str = "graded",
    **more: Any,
) -> Path:
    """A stored result in which every check passes but those with another verdict."""
    checks = Lesson.read(course.lesson_path(KEY)).checks
    rows = tuple(
        CheckResult(
            grade_id, Row(check, (verdicts or {}).get(check.name, "pass"), "seen", "expected")
        )
        for grade_id, own in checks.items()
        for check in own
    )
    result = Result(student, KEY, state, rows, **{"isolation": "bubblewrap", **more})
    results.store(course, MODULE, result, "key")
    path = results.path(course, MODULE, student, KEY)
    os.utime(path, (NOON, NOON))
    return path


def hand_in(course: Course, student: str) -> None:
    (course.room("submitted") / student / MODULE).mkdir(parents=True)


def page(course: Course) -> str:
    return report_page.page(report.gather(course, MODULE)).decode()


# ------------------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize("size", [1, 2, 3, 4, 10, 101])
def test_the_spread_is_numpys(size: int) -> None:
    draw = random.Random(size)
    points = [draw.randrange(0, 80) / 2 for _ in range(size)]
    spread = numbers.spread(points)
    assert spread is not None
    assert spread.mean == pytest.approx(np.mean(points))
    five = (
        spread.lowest,
        spread.first_quartile,
        spread.median,
        spread.third_quartile,
        spread.highest,
    )
    assert five == pytest.approx(np.quantile(points, [0, 0.25, 0.5, 0.75, 1]))
    assert numbers.spread([]) is None


@pytest.mark.parametrize("size", [3, 10, 101])
def test_discrimination_is_scipys_point_biserial_correlation(size: int) -> None:
    draw = random.Random(size)
    passes = [True, False, *(draw.random() < 0.6 for _ in range(size - 2))]
    rest = [draw.randrange(0, 30) + 3.0 * p for p in passes]
    assert numbers.discrimination(passes, rest) == pytest.approx(
        stats.pointbiserialr(passes, rest).statistic
    )


@pytest.mark.parametrize(
    ("passes", "rest"),
    [([], []), ([True], [1.0]), ([True, True], [1.0, 2.0]), ([True, False], [0.1, 0.1])],
)
def test_discrimination_may_be_undefined(passes: list[bool], rest: list[float]) -> None:
    assert numbers.discrimination(passes, rest) is None


def test_difficulty_is_the_share_that_passes() -> None:
    assert numbers.difficulty([True, False, True, True]) == 0.75
    assert numbers.difficulty([]) is None


@pytest.mark.parametrize("highest", [0, 0.5, 1, 8, 10, 11, 38, 40, 100, 1234])
def test_the_histogram_is_numpys_over_round_bins(highest: float) -> None:
    points = [highest * share for share in (0, 0, 0.1, 0.25, 0.5, 0.5, 0.99, 1, 1)]
    bins = numbers.histogram(points, highest)
    edges = [bins[0].low, *(b.high for b in bins)]
    assert [b.notebooks for b in bins] == list(np.histogram(points, edges)[0])
    assert [b.low for b in bins[1:]] == edges[1:-1]
    assert len(bins) <= numbers.MAX_BINS
    assert (edges[0], edges[-1]) == (0, highest or 1)
    assert {str(b.high - b.low).strip(".0")[:2] for b in bins[:-1]} <= {"1", "2", "5"}


# ------------------------------------------------------------------------------------------ a class


def test_a_class_is_counted(course: Course) -> None:
    store(course, "ada")
    store(course, "bo", {NOTHING: "fail"})
    store(course, "chi", {NOTHING: "error", ANY: "timeout"})
    store(course, "dora", {FIRST: "fail", ANY: "fail"})
    store(
        course,
        "eli",
        dict.fromkeys((FIRST, NOTHING, ANY, EMPTY), "error"),
        "zero:the file is missing",
        isolation="",
    )
    told = report.gather(course, MODULE)
    assert (told.students, told.notebooks, told.newest) == (5, 5, "2025-06-15T15:06:40+00:00")
    assert told.states == {"graded": 4, "zero:the file is missing": 1}
    assert told.isolation == {"bubblewrap": 4}
    assert told.warnings == ()
    (lesson,) = told.lessons
    assert (lesson.graded, lesson.zero, lesson.needs_human, lesson.max_points) == (4, 1, 0, 8)
    assert lesson.spread == numbers.Spread(5.25, 3, 3.75, 5, 6.5, 8)
    assert [(b.low, b.notebooks) for b in lesson.histogram if b.notebooks] == [
        (3, 1),
        (4, 1),
        (6, 1),
        (7, 1),
    ]
    checks = {c.name: c for c in lesson.checks}
    assert list(checks) == [FIRST, NOTHING, ANY, EMPTY]
    assert [c.hidden for c in lesson.checks] == [False, True, True, True]
    assert [(c.passed, c.notebooks, c.difficulty) for c in lesson.checks] == [
        (3, 4, 0.75), (2, 4, 0.5), (2, 4, 0.5), (4, 4, 1),
    ]  # fmt: skip
    assert checks[NOTHING].failures == {"wrong": 1, "error": 1, "never ends": 0}
    assert checks[NOTHING].title == "nothing is no text"
    assert checks[EMPTY].discrimination is None
    assert checks[EMPTY].flags == ("everybody passes",)
    rest = {FIRST: [7, 5, 2, 4], NOTHING: [6, 6, 3, 2], ANY: [5, 3, 3, 4]}
    passed = {FIRST: [1, 1, 1, 0], NOTHING: [1, 0, 0, 1], ANY: [1, 1, 0, 0]}
    for name in rest:
        assert checks[name].discrimination == pytest.approx(
            np.corrcoef(passed[name], rest[name])[0, 1]
        )
    assert checks[NOTHING].flags == ("discriminates negatively: look at this check",)
    assert lesson.to_look_at == 1


def test_a_check_that_nobody_passes_is_flagged(course: Course) -> None:
    for student in ("ada", "bo"):
        store(course, student, {ANY: "fail"})
    (lesson,) = report.gather(course, MODULE).lessons
    assert [c.flags for c in lesson.checks if c.name == ANY] == [("nobody passes",)]
    assert lesson.to_look_at == 1


def test_the_ungraded_are_listed_with_their_next_step(course: Course) -> None:
    store(course, "ada", state="needs-human:check 'x' answered twice")
    store(course, "b o", state="needs-human:the runner died under it", isolation="")
    store(course, "chi", state="zero:the file is empty", isolation="")
    told = report.gather(course, MODULE)
    (ada, bo), (chi,) = told.needs_human, told.zeros
    assert (ada.student, ada.reason, ada.command) == ("ada", "check 'x' answered twice", "")
    assert "formgrader" in ada.step
    assert bo.command == f"autograder grade {MODULE} '--student=b o' --again"
    assert (chi.student, chi.lesson, chi.reason) == ("chi", KEY, "the file is empty")
    assert told.lessons[0].checks == ()
    assert "No notebook of this lesson is graded yet" in page(course)


def test_who_handed_in_and_has_no_result_is_named(course: Course) -> None:
    store(course, "ada")
    for student in ("ada", "bo"):
        hand_in(course, student)
    assert report.gather(course, MODULE).waiting == (report.Waiting("bo", (KEY,)),)
    assert f"autograder grade {MODULE}" in page(course)


def test_repairs_and_problems_are_counted_by_kind(course: Course) -> None:
    mended = {
        "repairs": (
            "cell 'words' is missing: put back",
            "cells were moved: run in the lesson's order",
        )
    }
    store(
        course, "ada", problems=("cell 'words': NameError: name 'x: y' is not defined",), **mended
    )
    own = (
        "a cell of your own (number 3): ValueError",
        "a cell of your own (number 9): ValueError: no",
    )
    store(
        course,
        "bo",
        repairs=("cell 'words-setup' is missing: put back",),
        problems=(*own, "out of time"),
    )
    store(course, "chi", state="zero:it is empty", problems=("it is empty",), isolation="")
    told = report.gather(course, MODULE)
    assert [(r.kind, r.notebooks) for r in told.repairs] == [
        ("a cell is missing: put back", (("ada", KEY), ("bo", KEY))),
        ("cells were moved: run in the lesson's order", (("ada", KEY),)),
    ]
    assert [(p.where, p.notebooks, p.errors) for p in told.problems] == [
        ("a cell of the learner's own", 1, {"ValueError": 2}),
        ("cell 'words'", 1, {"NameError": 1}),
        ("the run as a whole", 1, {"out of time": 1}),
    ]


def test_boxes_and_editions_are_warned_of(course: Course) -> None:
    store(course, "ada")
    store(course, "bo", isolation="trusted")
    lesson = course.lesson_path(KEY)
    lesson.write_text(LESSON.replace("def nothing_is_no_text", "def none_is_no_text"), "utf-8")
    store(course, "chi")
    told = report.gather(course, MODULE)
    assert [w for w in told.warnings if "1 of 3 notebooks ran as trusted" in w]
    assert [w for w in told.warnings if "different boxes (bubblewrap, trusted)" in w]
    assert [w for w in told.warnings if f"{KEY} was changed between results" in w]
    assert [c.name for c in told.lessons[0].checks if report.GONE in c.flags] == [NOTHING]
    assert all(sentence.split("`")[0] in page(course) for sentence in told.warnings)


def test_known_slips_are_counted_over_the_class(course: Course) -> None:
    store(course, "ada")
    assert "known slip" not in page(course).partition('id="human"')[0]
    told = {
        "bo": "Counts spaces.",
        "chi": "<b>Counts</b> lines.",
        "dora": "Counts spaces.",
        "eli": "",
    }
    for student, slip in told.items():
        store(course, student, {ANY: "fail"}, slip=slip)
    store(course, "fay", {ANY: "fail"}, "needs-human:why", slip="Counts spaces.")
    (lesson,) = report.gather(course, MODULE).lessons
    assert lesson.faulty == 4
    assert list(lesson.slips.items()) == [("Counts spaces.", 2), ("<b>Counts</b> lines.", 1)]
    assert "4 notebooks failed a check. 3 of them look like a known slip." in page(course)
    assert "&lt;b&gt;Counts&lt;/b&gt; lines." in page(course)


def test_a_result_of_before_slips_were_named_is_read(course: Course) -> None:
    file = store(course, "ada", {ANY: "fail"})
    _edit(lambda raw: raw.pop("slip"))(file)
    assert report.gather(course, MODULE).lessons[0].slips == {}


def test_no_line_of_a_lesson_is_run(course: Course) -> None:
    store(course, "ada")
    text = LESSON.replace("import asyncio\n", "import asyncio\nraise RuntimeError('it was run')\n")
    course.lesson_path(KEY).write_text(text, "utf-8")
    assert report.gather(course, MODULE).notebooks == 1


# ------------------------------------------------------------------------------------- broken files


def _edit(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def edit(file: Path) -> None:
        data = json.loads(file.read_text("utf-8"))
        change(data)
        file.write_text(json.dumps(data), "utf-8")

    return edit


BREAKAGES: dict[str, Callable[[Path], Any]] = {
    "nothing in it": lambda f: f.write_bytes(b""),
    "half of it": lambda f: f.write_bytes(f.read_bytes()[:100]),
    "not text": lambda f: f.write_bytes(b"\xff\xfe\x00"),
    "deep": lambda f: f.write_text("[" * 100_000),
    "a list": lambda f: f.write_text("[]"),
    "a directory": lambda f: (f.unlink(), f.mkdir()),
    "a link": lambda f: (f.rename(f.with_suffix(".kept")), f.symlink_to(f.with_suffix(".kept"))),
    "a pipe": lambda f: (f.unlink(), os.mkfifo(f)),
    "no checks": _edit(lambda d: d.pop("checks")),
    "checks are words": _edit(lambda d: d.update(checks=["a", "b"])),
    "checks of one name": _edit(lambda d: d["checks"].append(d["checks"][0])),
    "points are words": _edit(lambda d: d.update(points="8")),
    "points are no number": _edit(lambda d: d.update(points=float("nan"))),
    "points without end": _edit(lambda d: d.update(points=10**400)),
    "points below zero": _edit(lambda d: d.update(points=-1)),
    "an unknown verdict": _edit(lambda d: d["checks"][0].update(verdict="<b>")),
    "an unknown state": _edit(lambda d: d.update(state="fine")),
    "repairs are one word": _edit(lambda d: d.update(repairs=[1])),
    "no isolation": _edit(lambda d: d.pop("isolation")),
    "a lesson that is gone": lambda f: f.rename(f.with_name("09_gone.json")),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_file_is_left_out_and_named(name: str, course: Course) -> None:
    store(course, "ada")
    BREAKAGES[name](store(course, "bo"))
    told = report.gather(course, MODULE)
    assert (told.students, told.notebooks) == (1, 1)
    (skipped,) = told.skipped
    assert skipped.file.startswith(f".autograder/results/{MODULE}/bo/")
    assert skipped.why
    assert skipped.file in page(course)


def test_a_page_is_made_when_every_file_is_broken(course: Course) -> None:
    store(course, "ada").write_text("{")
    assert "no result can be read" in page(course)


def test_without_results_the_next_step_is_told(course: Course) -> None:
    with pytest.raises(CourseError, match=f"Run `autograder grade {MODULE}`"):
        report.gather(course, MODULE)
    with pytest.raises(CourseError, match="Did you mean '02_coding'"):
        report.gather(course, "02_codin")


# --------------------------------------------------------------------------------------------- page


class Parsed(HTMLParser):
    """What a page holds: tags with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, attribute: str) -> list[str]:
        return [str(attrs[attribute]) for _, attrs in self.tags if attribute in attrs]


@pytest.fixture
def hostile(course: Course) -> Course:
    """A class whose names, reasons, repairs and errors are markup."""
    script = "</td></table><script>alert('pwned')</script>"
    store(
        course,
        EVIL,
        {ANY: "fail"},
        repairs=(f"cell {script} was mended",),
        problems=(f"{script}: {EVIL}",),
    )
    store(course, 'x" onclick="alert(1)', state=f"needs-human:{script}", isolation=f"box{EVIL}")
    store(course, "\u202egnp.exe", state=f"needs-human:the grader failed: {EVIL}", isolation="")
    store(course, "n" * 250, state=f"zero:{'long' * 300}{EVIL}", isolation="")
    store(course, "broken").write_text(EVIL)
    hand_in(course, f"later{EVIL[:-1]} &amp; never>")
    return course


def test_markup_in_results_is_text_in_the_page(hostile: Course) -> None:
    text = page(hostile)
    parsed = Parsed(text)
    allowed = "html head meta title style body header h1 h2 dl dt dd p strong code a nav ul li main section div table "
    allowed += "caption thead tbody tr th td span small br bdi"
    assert {tag for tag, _ in parsed.tags} <= set(allowed.split())
    known = {
        "lang",
        "charset",
        "name",
        "content",
        "http-equiv",
        "class",
        "id",
        "href",
        "role",
        "tabindex",
        "style",
    }
    assert {name for _, attrs in parsed.tags for name in attrs} <= known | {
        "scope",
        "aria-label",
        "aria-labelledby",
    }
    assert all(href.startswith("#") for href in parsed.all("href"))
    assert all("(" not in style.replace("calc((100% - 9rem)", "") for style in parsed.all("style"))
    assert parsed.text.count(EVIL) >= 6
    assert "<script>alert('pwned')</script>" in parsed.text
    assert f"later{EVIL[:-1]} &amp; never>" in parsed.text
    assert "default-src 'none'" in parsed.all("content")[1]


def test_the_page_is_built_for_readers_and_keyboards(hostile: Course) -> None:
    parsed = Parsed(page(hostile))
    tables = [tag for tag, _ in parsed.tags if tag == "table"]
    assert len(tables) == len([tag for tag, _ in parsed.tags if tag == "caption"]) >= 7
    assert {attrs.get("scope") for tag, attrs in parsed.tags if tag == "th"} == {"row", "col"}
    ids = parsed.all("id")
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in parsed.all("href")} <= set(ids)
    assert set(parsed.all("aria-labelledby")) <= set(ids)
    boxes = [attrs for tag, attrs in parsed.tags if tag == "div" and attrs.get("class") == "scroll"]
    assert len(boxes) == len(tables)
    assert all(box["tabindex"] == "0" and box["role"] == "region" for box in boxes)


def test_the_same_results_give_the_same_page(hostile: Course) -> None:
    assert page(hostile) == page(hostile)


@pytest.mark.skipif(bool(MISSING), reason=MISSING or "there is Chromium")
def test_a_real_browser_runs_nothing_and_scrolls_only_tables(
    hostile: Course, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(hostile), "utf-8")
    asked: list[str] = []
    with chromium() as browser:
        for width in (1000, 400):
            tab = browser.new_page(viewport={"width": width, "height": 800})
            tab.on("request", lambda r: asked.append(r.url))
            tab.on("dialog", lambda d: asked.append(d.message))
            tab.goto(path.as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            boxes = tab.query_selector_all(".scroll")
            assert boxes
            assert all(
                box.evaluate("e => e.getBoundingClientRect().right") <= width for box in boxes
            )
            bars = tab.query_selector_all(".bar")
            assert bars
            assert all(bar.evaluate("e => e.offsetWidth") > 0 for bar in bars)
            assert tab.title() == f"Report on {MODULE}"
    assert asked == [path.as_uri()] * 2


# ------------------------------------------------------------------------------------- command line


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["report", *arguments])
    told = capsys.readouterr()
    return int(str(ended.value.code or 0)), told.out, told.err


def test_the_command_writes_a_page_and_prints_where(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(course, "ada")
    here = f"--course={course.root}"
    default = course.root / ".autograder" / "reports" / f"{MODULE}.html"
    assert call(capsys, MODULE, here) == (0, f"{default}\n", "")
    other = tmp_path / "new" / "page.html"
    assert call(capsys, MODULE, here, f"--out={other}") == (0, f"{other}\n", "")
    assert call(capsys, MODULE, here, f"--out={tmp_path}")[1] == f"{tmp_path / MODULE}.html\n"
    assert other.read_bytes() == default.read_bytes() == page(course).encode()
    code, out, err = call(capsys, MODULE, here, f"--out={other}/below.html")
    assert (code, out) == (2, "")
    assert "cannot be written" in err


def test_json_prints_the_same_numbers_and_writes_nothing(
    hostile: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, MODULE, f"--course={hostile.root}", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads(json.dumps(report.gather(hostile, MODULE).as_json()))
    assert not (hostile.root / ".autograder" / "reports").exists()


def test_a_wrong_call_is_told_in_a_sentence(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, MODULE, f"--course={course.root}")
    assert (code, out) == (2, "")
    assert "has no stored results. Run `autograder grade" in err
