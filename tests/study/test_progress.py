"""The start page and the plan, from what is on this machine: states, points, times, what comes
next.
"""

from __future__ import annotations

import html.parser
import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from autograder.study import plan as planning, progress, start_page
from autograder.study.plan import Begun
from tests.learner import MONDAY, Terminal, cell, course, lesson, read, write, write_in
from tests.study.test_study import in_notebook

KEYS = ("02_coding/01_sort_words", "02_coding/02_find_words", "04_mlops/01_watch_words")


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal in a course of three lessons: 45, 45 and 60 minutes."""
    made = course(
        tmp_path / "course",
        m02_coding__01_sort_words=lesson("Sort words", points=10),
        m02_coding__02_find_words=lesson("Find words", points=20),
        m04_mlops__01_watch_words=lesson("Watch words", "1 h", points=30),
    )
    terminal = Terminal(made, capsys)
    terminal.run("update")
    return terminal


def grade(
    at: Terminal, key: str, points: float, most: float | None = None, state: str = "graded"
) -> None:
    """A grading as `autograder check` keeps it."""
    study = at.study
    progress.record(study, key, state, points, study.cards[key].points if most is None else most)


def row(at: Terminal, title: str) -> list[str]:
    """The cells of a lesson's line."""
    lines = [line for line in at.run("progress").splitlines() if line.startswith(f"  {title}")]
    return re.split(r"\s{2,}", lines[0].strip())


def day(text: str, number: int) -> list[str]:
    """The lines of one day of a plan."""
    lines = text.splitlines()
    (first,) = [n for n, line in enumerate(lines) if line.startswith(f"Day {number} of")]
    rest = lines[first + 1 :]
    return [
        line.strip()
        for line in rest[: next((n for n, x in enumerate(rest) if not x.startswith("  ")), None)]
    ]


# -------------------------------------------------------------------------------- states and points


def test_the_page_shows_every_lesson_with_its_points_and_times(at: Terminal) -> None:
    assert row(at, "Sort words") == ["Sort words", "not begun", "– of 10", "45 min", "45 min", "–"]
    assert row(at, "Watch words") == ["Watch words", "not begun", "– of 30", "1 h", "1 h", "–"]
    write_in(at.root / "study" / f"{KEYS[0]}.ipynb", "sort-words", "def answer(): return 1")
    grade(at, KEYS[1], 5)
    grade(at, KEYS[2], 30)
    assert row(at, "Sort words") == ["Sort words", "begun", "– of 10", "45 min", "45 min", "–"]
    assert row(at, "Find words") == ["Find words", "begun", "5 of 20", "45 min", "35 min", "–"]
    assert row(at, "Watch words") == ["Watch words", "✓ done", "30 of 30", "1 h", "–", "–"]
    told = at.run("progress")
    assert (
        "3 lessons: 1 done, 2 begun. 35 of 60 points; about 1 h 20 min of lessons are left." in told
    )
    assert [line for line in told.splitlines() if line in ("Coding", "MLOps")] == [
        "Coding",
        "MLOps",
    ]


def test_a_lesson_that_is_added_appears_and_one_without_an_estimate_says_so(at: Terminal) -> None:
    write(
        at.root / "notebooks" / "03_devops" / "01_ship_words.ipynb", lesson("Ship words", "a while")
    )
    told = at.run("progress")
    assert row(at, "Ship words")[3:5] == ["?", "5 min"]
    assert "Ship words is not in study/ yet: `autograder update` brings it." in told


def test_the_last_grading_counts_and_a_later_version_with_more_points_reopens(at: Terminal) -> None:
    grade(at, KEYS[0], 10)
    at.clock.go(minutes=5)
    grade(at, KEYS[0], 4)
    assert row(at, "Sort words")[1:3] == ["begun", "4 of 10"]
    grade(at, KEYS[0], 10)
    write(at.root / "notebooks" / f"{KEYS[0]}.ipynb", lesson("Sort words", points=15))
    assert row(at, "Sort words")[1:3] == ["begun", "10 of 15"]


def test_a_grading_that_needs_a_human_or_read_nothing_is_not_done(at: Terminal) -> None:
    grade(at, KEYS[0], 10, state="needs-human:the grader failed")
    grade(at, KEYS[1], 0, most=0, state="zero:the file is empty")
    assert row(at, "Sort words")[1] == "begun (needs-human)"
    assert row(at, "Find words")[1:3] == ["begun (zero)", "0 of 20"]


def test_what_could_not_be_judged_here_keeps_no_lesson_open(at: Terminal) -> None:
    progress.record(at.study, KEYS[0], "graded", 8, 8, left_out=2)
    progress.record(at.study, KEYS[1], "graded", 8, 18, left_out=2)
    assert row(at, "Sort words")[1:3] == ["✓ done", "8 of 8"]
    assert row(at, "Find words")[1:3] == ["begun", "8 of 18"]
    write(at.root / "notebooks" / f"{KEYS[0]}.ipynb", lesson("Sort words", points=15))
    assert row(at, "Sort words")[1:3] == ["begun", "8 of 13"]


def test_next_is_what_is_begun_the_weakest_first_then_as_the_course_goes(at: Terminal) -> None:
    assert at.run("progress").startswith(f"Next: Sort words (study/{KEYS[0]}.ipynb), 45 min.")
    grade(at, KEYS[2], 15)
    assert at.run("progress").startswith(
        f"Next: Watch words (study/{KEYS[2]}.ipynb), 30 min are left."
    )
    grade(at, KEYS[1], 4)
    assert at.run("progress").startswith("Next: Find words")
    grade(at, KEYS[1], 20)
    grade(at, KEYS[2], 30)
    assert at.run("progress").startswith("Next: Sort words")


def test_when_all_is_done_the_hardest_is_next_from_an_empty_cell(at: Terminal) -> None:
    for key, tries in zip(KEYS, (1, 3, 2), strict=True):
        for _ in range(tries):
            grade(at, key, at.study.cards[key].points)
    told = at.run("progress")
    assert told.startswith("Next: All lessons are done. From an empty cell once more: Find words")
    assert "It took you 3 gradings; `autograder reset 02_find_words`" in told


def test_a_course_without_lessons_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = Terminal(course(tmp_path), capsys)
    assert "There is no lesson in notebooks/" in at.run("progress")
    at.run("plan")
    at.run("update")


# --------------------------------------------------------------------------------------- time spent


def test_time_spent_runs_from_grading_to_grading_within_a_sitting(at: Terminal) -> None:
    grade(at, KEYS[0], 1)  # `update` was the visit, at the same time
    at.clock.go(minutes=20)
    grade(at, KEYS[0], 5)
    at.clock.go(minutes=59)
    grade(at, KEYS[1], 5)
    at.clock.go(minutes=61)  # a pause
    grade(at, KEYS[1], 6)
    at.clock.go(minutes=10)
    progress.visit(at.study)  # the start page is opened in between
    at.clock.go(minutes=10)
    grade(at, KEYS[0], 10)
    assert row(at, "Sort words")[-1] == "40 min"
    assert row(at, "Find words")[-1] == "1 h"
    assert "in all: 1 h 40 min." in at.run("progress")
    assert "an estimate too" in at.run("progress").replace("\n", " ")


def test_opening_the_course_begins_a_sitting(at: Terminal) -> None:
    at.clock.go(days=1)
    at.run("update")
    at.clock.go(minutes=30)
    grade(at, KEYS[0], 1)
    assert row(at, "Sort words")[-1] == "30 min"


def test_a_clock_that_was_set_back_or_changed_its_zone_does_no_harm(at: Terminal) -> None:
    grade(at, KEYS[0], 1)
    at.clock.go(minutes=-30)
    grade(at, KEYS[0], 10)
    at.clock.at = at.clock.at.astimezone(None)
    assert row(at, "Sort words")[-1] == "30 min"
    at.clock.go(days=-400)
    assert "day 1" in at.run("plan").lower()


# ----------------------------------------------------------------------------------- what is stored


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "7", '"x"', "{}", "[" * 100_000,
        '{"lesson": "02_coding/01_sort_words", "reset": null, "tried": [], "gradings": [{}]}',
        '{"lesson": "02_coding/01_sort_words", "reset": null, "tried": 7, "gradings": []}',
        '{"lesson": "02_coding/01_sort_words", "reset": "soon", "tried": [], "gradings": []}',
        '{"lesson": "other", "reset": null, "tried": [], "gradings": []}',
        '{"lesson": "02_coding/01_sort_words", "reset": null, "tried": [], "gradings": '
        '[{"at": "2030-06-03T09:00:00+02:00", "state": "graded", "points": NaN, "max_points": 10}]}',
        '{"lesson": "02_coding/01_sort_words", "reset": null, "tried": [], "gradings": '
        '[{"at": "2030-06-03T09:00:00", "state": "graded", "points": 1, "max_points": 10}]}',
        '{"lesson": "02_coding/01_sort_words", "reset": null, "tried": [], "gradings": '
        '[{"at": "0001-01-01T00:00:00+14:00", "state": "graded", "points": 1' + "0" * 400 + ', "max_points": 10}]}',
    ],
    ids=lambda text: text[:20] + "…" + text[-12:],
)  # fmt: skip
def test_a_broken_or_foreign_file_is_explained_and_not_lost(at: Terminal, text: str) -> None:
    grade(at, KEYS[1], 20)
    file = at.root / ".autograder" / "study" / "gradings" / f"{KEYS[0]}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    if text == "null":
        assert row(at, "Sort words")[1] == "not begun"
        return
    told = at.run("progress")
    assert f".autograder/study/gradings/{KEYS[0]}.json is not as it was written: " in told
    assert row(at, "Sort words")[1] == "not begun"
    assert row(at, "Find words")[1] == "✓ done"
    grade(at, KEYS[0], 3)
    assert row(at, "Sort words")[2] == "3 of 10"
    assert file.with_name(f"{file.name}.broken").read_text("utf-8") == text


@pytest.mark.parametrize("name", ["plan", "visits", "copies", "start"])
@pytest.mark.parametrize(
    "text", ["{", "[7]", '{"begun": 7}', '{"begun": "9999-12-31", "days": 6, "minutes": 90}', "7"]
)
def test_no_file_makes_a_command_fail(at: Terminal, name: str, text: str) -> None:
    (at.root / ".autograder" / "study" / f"{name}.json").write_text(text, "utf-8")
    at.run("progress")
    at.run("update")
    at.run("plan")
    at.run("reset", "01_sort_words")
    assert "is not as it was written" not in at.run("progress") or name == "start"


def test_a_notebook_of_the_course_that_cannot_be_read_is_named(at: Terminal) -> None:
    (at.root / "notebooks" / f"{KEYS[0]}.ipynb").write_text("<<<<<<< HEAD", "utf-8")
    told = at.run("progress")
    assert (
        f"notebooks/{KEYS[0]}.ipynb: not a notebook: not JSON. `git checkout notebooks/{KEYS[0]}.ipynb`"
        in told
    )
    assert "Find words" in told


def test_results_are_stored_whole_or_not_at_all(
    at: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade(at, KEYS[0], 3)
    file = at.root / ".autograder" / "study" / "gradings" / f"{KEYS[0]}.json"
    before = file.read_bytes()

    def crash(source: object, target: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", crash)
        with pytest.raises(KeyboardInterrupt):
            grade(at, KEYS[0], 4)
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_the_json_interface_says_the_same(at: Terminal) -> None:
    grade(at, KEYS[1], 5)
    at.run("plan")
    told = json.loads(at.run("progress", "--json"))
    assert told["next"] == KEYS[1]
    assert [(x["lesson"], x["state"], x["points"], x["max_points"]) for x in told["lessons"]] == [
        (KEYS[0], "not begun", None, 10), (KEYS[1], "begun", 5, 20), (KEYS[2], "not begun", None, 30),
    ]  # fmt: skip
    assert told["plan"]["days"] == 6
    assert json.loads(at.run("plan", "--json")) == told["plan"]


# ----------------------------------------------------------------------------------------- the page


TAGS = {
    "p",
    "strong",
    "a",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "h3",
    "ul",
    "li",
    "code",
}


class Tree(html.parser.HTMLParser):
    """Which tags are open, what is linked, and that all is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(at: Terminal) -> Tree:
    return Tree(start_page.make(at.study, at.study.room)._repr_html_())


def test_the_page_is_a_table_that_reads_without_sight(at: Terminal) -> None:
    at.run("plan")
    tree = page_of(at)
    tags = [tag for tag, _ in tree.seen]
    assert set(tags) <= TAGS
    assert all(
        attributes.get("scope") in ("col", "row", "rowgroup")
        for tag, attributes in tree.seen
        if tag == "th"
    )
    links = [attributes["href"] for tag, attributes in tree.seen if tag == "a"]
    assert links[0] == f"{KEYS[0]}.ipynb"
    assert set(links) == {f"{key}.ipynb" for key in KEYS}
    assert all((at.root / "study" / str(link)).is_file() for link in links)
    assert not [
        attributes for _, attributes in tree.seen if "color" in (attributes.get("style") or "")
    ]


def test_nothing_that_was_written_is_shown_unescaped(at: Terminal) -> None:
    bad = "<script>alert(1)</script> \x1b[31m & `x`"
    write(at.root / "notebooks" / "03_devops" / "01_a.ipynb", lesson(bad))
    at.run("update")
    write_in(at.root / "study" / "03_devops" / "01_a.ipynb", "-script-alert-1-script-31m-x-", bad)
    gradings = at.root / ".autograder" / "study" / "gradings" / "03_devops" / "01_a.json"
    for state in (f"graded{bad}", "graded", f"zero:{bad}", f"{bad}:x"):
        grading = {"at": MONDAY.isoformat(), "state": state, "points": 1, "max_points": 10}
        data = {"lesson": "03_devops/01_a", "reset": None, "tried": [bad], "gradings": [grading]}
        gradings.parent.mkdir(parents=True, exist_ok=True)
        gradings.write_text(json.dumps(data), "utf-8")
        assert "script" not in [tag for tag, _ in page_of(at).seen]
        assert "\x1b" not in at.run("progress")
    at.run("plan")
    assert "script" not in [tag for tag, _ in page_of(at).seen]
    assert "\x1b" not in at.run("plan")


def test_the_start_page_in_study_shows_the_state_before_it_is_run(at: Terminal) -> None:
    path = at.root / "study" / "start.ipynb"
    shown = read(path)["cells"][1]["outputs"][0]["data"]
    assert "not begun" in "".join(shown["text/html"])
    grade(at, KEYS[0], 10)
    at.run("update")
    shown = read(path)["cells"][1]["outputs"][0]["data"]
    assert "✓ done" in "".join(shown["text/html"])
    assert "".join(shown["text/plain"]).startswith(
        "Next: Find words (02_coding/02_find_words.ipynb)"
    )
    assert not (at.root / ".autograder" / "study" / "plan.json").exists(), (
        "a plan begins when somebody runs the cell"
    )


def test_a_start_page_that_was_written_in_keeps_what_is_written_and_is_brought_up_to_date(
    at: Terminal,
) -> None:
    path = at.root / "study" / "start.ipynb"
    notebook = read(path)
    notebook["cells"][1]["source"] = (
        "from autograder.selfstudy import start_page\n\nstart_page(days=4)"
    )
    notebook["cells"].append(cell("markdown", "my notes"))
    path.write_text(json.dumps(notebook), "utf-8")
    grade(at, KEYS[0], 10)
    at.run("update")
    after = read(path)["cells"]
    assert [c["source"] for c in after[1:]] == [c["source"] for c in notebook["cells"][1:]]
    assert "✓ done" in "".join(after[1]["outputs"][0]["data"]["text/html"])
    write(
        at.root / "notebooks" / "start.ipynb",
        [cell("markdown", "# New"), cell("code", "start_page()")],
    )
    at.run("update")
    assert read(path)["cells"][2]["source"] == "my notes"


def test_a_new_start_page_of_the_course_replaces_one_that_was_only_run(at: Terminal) -> None:
    write(
        at.root / "notebooks" / "start.ipynb",
        [cell("markdown", "# New"), cell("code", "start_page()")],
    )
    at.run("update")
    assert read(at.root / "study" / "start.ipynb")["cells"][0]["source"] == "# New"
    for text in ("{", "[]", '{"cells": 7}'):
        (at.root / "study" / "start.ipynb").write_text(text)
        at.run("update")
        assert (at.root / "study" / "start.ipynb").read_text() == text


def test_running_the_cell_begins_the_plan_in_study_and_nowhere_else(at: Terminal) -> None:
    plan = at.root / ".autograder" / "study" / "plan.json"
    told = in_notebook(at.root / "notebooks", "start_page()")
    assert "This is the course's own start page. Yours is study/start.ipynb" in told
    assert f'href="../study/{KEYS[0]}.ipynb"' in told
    assert not plan.exists()
    told = in_notebook(at.root / "study", "start_page(days=4, minutes=60)")
    assert "1 h a day for 4 days" in told
    assert f'href="{KEYS[0]}.ipynb"' in told
    assert json.loads(plan.read_text("utf-8"))["days"] == 4
    assert "a plan takes 1 to 60 days, not 0." in in_notebook(
        at.root / "study", "start_page(days=0)"
    )


# ----------------------------------------------------------------------------------------- the plan


def test_a_plan_keeps_the_order_of_days_and_names_what_has_no_lesson(at: Terminal) -> None:
    told = at.run("plan")
    assert "1 h 30 min a day for 6 days, begun 2030-06-03." in told
    assert [line.split("(")[1] for line in told.splitlines() if line.startswith("Day 1")] == [
        "Mon 2030-06-03)"
    ]
    assert all("System design" in line for line in day(told, 1))
    assert day(told, 2) == ["45 min  Sort words", "45 min  Find words"]
    assert [line.split("  ")[1].split(",")[0] for line in day(told, 3)] == ["DevOps"] * 3
    assert day(told, 4) == ["1 h  Watch words"]
    assert all("Mock interview" in line for line in day(told, 5))
    assert "Review" in day(told, 6)[0]
    assert "No lessons yet: System design, DevOps, Behavioural." in told
    assert at.run("progress").startswith("Next: today's practice (see the plan), then Sort words")


def test_practice_gives_way_to_lessons_of_its_module(at: Terminal) -> None:
    write(at.root / "notebooks" / "01_system_design" / "01_draw_words.ipynb", lesson("Draw words"))
    told = at.run("plan")
    assert day(told, 1) == ["45 min  Draw words"]
    assert "No lessons yet: DevOps, Behavioural." in told


def test_a_lesson_goes_on_its_modules_day_and_what_finds_no_room_there_on_another(
    at: Terminal,
) -> None:
    told = at.run("plan", "--minutes", "60")
    assert day(told, 2) == ["45 min  Sort words", "15 min  Find words (15 min of it)"]
    assert day(told, 3)[0] == "15 min  Find words (15 min of it)"
    assert day(told, 4) == ["1 h  Watch words"]
    assert day(told, 6)[0] == "15 min  Find words (15 min of it)"
    grade(at, KEYS[2], 15)  # what is begun is not put off
    assert day(at.run("plan", "--minutes", "180"), 1)[0] == "30 min  Watch words"


def test_days_shrink_and_what_is_done_disappears(at: Terminal) -> None:
    at.run("plan")
    at.clock.go(days=1)
    told = at.run("plan")
    assert "Day 1" not in told
    assert "Day 2 of 6, today (Tue 2030-06-04)" in told
    grade(at, KEYS[0], 10)
    at.clock.go(days=1)
    told = at.run("plan")
    assert "Sort words" not in told
    assert day(told, 3)[0] == "45 min  Find words"
    grade(at, KEYS[1], 10)  # half of it
    at.clock.go(days=1)
    assert day(at.run("plan"), 4) == ["25 min  Find words", "1 h  Watch words"]


def test_what_was_done_today_uses_up_todays_room(at: Terminal) -> None:
    at.run("plan", "--minutes", "90")
    at.clock.go(days=1)
    assert day(at.run("plan"), 2) == ["45 min  Sort words", "45 min  Find words"]
    grade(at, KEYS[0], 10)
    told = at.run("plan")
    assert "Done today: 45 min." in told
    assert day(told, 2) == ["45 min  Find words"]
    at.clock.go(minutes=30)
    grade(at, KEYS[1], 20)
    told = at.run("plan")
    assert day(told, 2) == ["done for today"]
    assert day(told, 4)[0] == "1 h  Watch words"
    assert at.run("progress").startswith(
        "Next: today's part of the plan is done; tomorrow, or now if you like: Watch"
    )


def test_a_plan_that_does_not_fit_says_so_with_numbers_and_its_advice_works(at: Terminal) -> None:
    told = at.run("plan", "--days", "2", "--minutes", "90")
    found = re.search(r"(\S+ h \S+ min|\S+ h|\S+ min) do not fit into the 2 days left", told)
    assert found, told
    minutes = re.search(r"autograder plan --minutes (\d+)", told)
    days = re.search(r"autograder plan --days (\d+) --anew", told)
    assert minutes, told
    assert days, told
    assert "do not fit" in at.run("plan", "--minutes", str(int(minutes[1]) - 15))
    assert "do not fit" not in at.run("plan", "--minutes", minutes[1])
    assert "do not fit" in at.run("plan", "--days", str(int(days[1]) - 1), "--minutes", "90")
    assert "do not fit" not in at.run("plan", "--days", days[1], "--anew")


def test_every_minute_is_placed_or_counted_as_missing(at: Terminal) -> None:
    grade(at, KEYS[2], 10)
    at.clock.go(days=1)
    standings = progress.read(at.study)
    today = MONDAY.date() + timedelta(days=1)
    for days in range(2, 12):
        for minutes in range(15, 200, 15):
            made = planning.make(standings, Begun(MONDAY.date(), days, minutes), today)
            lessons = sum(t.minutes for d in made.days for t in d.tasks if t.card)
            practice = [sum(t.minutes for t in d.tasks if not t.card) for d in made.days]
            over = sum(max(0, p - minutes) for p in practice)
            assert lessons + made.missing - over == made.left
            assert made.done_today == 0
            for d, p in zip(made.days, practice, strict=True):
                assert sum(t.minutes for t in d.tasks) <= max(minutes, p)
            assert bool(made.advice) == bool(made.missing)


def test_a_plan_that_is_over_says_what_is_left(at: Terminal) -> None:
    at.run("plan", "--days", "2")
    at.clock.go(days=2)
    told = at.run("plan")
    assert "The plan of 2 days ended on 2030-06-04." in told
    again = re.search(r"autograder plan (--days \d+ --anew)", told)
    assert again, told
    assert "Next: Sort words" in at.run("progress")
    assert "begun 2030-06-05" in at.run("plan", *again[1].split())


def test_a_plan_goes_on_until_another_is_asked_for(at: Terminal) -> None:
    at.run("plan", "--days", "4")
    at.clock.go(days=1)
    assert "for 4 days, begun 2030-06-03" in at.run("plan", "--days", "4")
    assert "1 h a day for 4 days, begun 2030-06-03" in at.run("plan", "--minutes", "60")
    assert "1 h a day for 5 days, begun 2030-06-04" in at.run("plan", "--days", "5")
    at.clock.go(days=1)
    assert "for 5 days, begun 2030-06-05" in at.run("plan", "--anew")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--days", "0"), "a plan takes 1 to 60 days, not 0."),
        (("--days", "61"), "a plan takes 1 to 60 days, not 61."),
        (("--minutes", "5"), "a plan takes 15 to 720 minutes, not 5."),
    ],
)
def test_numbers_out_of_range_are_refused(at: Terminal, words: tuple[str, ...], told: str) -> None:
    assert told in at.run("plan", *words, code=2)
    assert not (at.root / ".autograder" / "study" / "plan.json").exists()


def test_a_plan_ends_with_the_lessons(at: Terminal) -> None:
    for key in KEYS:
        grade(at, key, at.study.cards[key].points)
    told = at.run("plan")
    assert "do not fit" not in told
    assert not [title for title in ("Sort", "Find", "Watch") if title in told]
    at.clock.go(days=1)
    grade(at, KEYS[0], 10)
    assert "hardest so far: Sort words" in at.run("plan")
    assert date(2030, 6, 4).isoformat() in at.run("plan")
