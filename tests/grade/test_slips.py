"""A known slip is named rightly or not at all, and nobody learns from it what is hidden."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.cli.app import main
from autograder.grade import slips
from autograder.grade.judge import Judge
from autograder.grade.notebooks import parse_notebook
from autograder.grade.slips import Pattern, Slip, Table
from autograder.grade.submission import job
from autograder.grade.symptoms import Lost, symptoms
from autograder.inside.resources import readable
from autograder.lessons.lesson import Lesson
from autograder.record import autograded as record, feedback
from autograder.runner.pool import Runner
from autograder.selfstudy import Report
from coursekit import codec
from coursekit.checks import Check, Row, encoded, judge as judged
from coursekit.expect import recorded
from tests import slips as tables
from tests.bank import BAR, COURSE, Answer, answers, cells_as_text, grade_text, held_out, read
from tests.sample import only_whole, some
from tests.small import KEY, RIGHT, course_with

HELD_OUT = some([key for key in COURSE.lessons if held_out(key)], 3)

# ----------------------------------------------------------------------------------------- the bank


@pytest.mark.parametrize("key", HELD_OUT)
def test_a_held_out_answer_is_named_by_its_slip_or_not_at_all(key: str, judge: Judge) -> None:
    lesson, named = read(key), 0
    assert len(held_out(key)) >= BAR.held_out
    for answer in held_out(key):
        assert answer.slip.text != answer.text
        guess = grade_text(judge, lesson, answer.text).slip
        assert guess in ("", answer.slip.idea), f"{answer.name}: {guess}"
        named += bool(guess)
    assert 2 * named >= len(held_out(key)), f"{key}: {named} of {len(held_out(key))} are named"


@pytest.mark.parametrize("key", some(COURSE.lessons, 3))
def test_who_has_not_finished_has_made_no_slip(key: str, judge: Judge) -> None:
    lesson = read(key)
    cells = lesson.of_kind("given", "solution")
    for done in range(sum(c.kind == "solution" for c in cells)):
        left = done
        parts = []
        for cell in cells:
            solved = cell.kind == "given" or left > 0
            left -= cell.kind == "solution"
            parts.append(f"# %% {cell.grade_id}\n{cell.source if solved else cell.stub}")
        assert grade_text(judge, lesson, "\n\n".join(parts)).slip == ""


@pytest.mark.parametrize("key", HELD_OUT)
def test_a_right_answer_has_no_slip(key: str, judge: Judge) -> None:
    lesson = read(key)
    assert slips.read(lesson).slips, "out of date: run `make slips`"
    assert frozenset() not in slips.read(lesson).slips
    result = grade_text(judge, lesson, cells_as_text(lesson, stub=False))
    assert (result.slip, result.guess, result.as_json()["slip"]) == ("", "", None)


# --------------------------------------------------------------------------------- where it is told


def test_no_edition_holds_the_tables_and_no_learners_process_sees_them() -> None:
    files = sorted((COURSE.room("lessons") / "slips").glob("*/*.json"))
    assert files
    for file in files:
        assert not any(
            file.is_relative_to(place.resolve()) for place in readable() if place.is_dir()
        )
    for room in ("release", "notebooks"):
        editions = "".join(p.read_text("utf-8") for p in COURSE.room(room).rglob("*.ipynb"))
        for file in files:
            for slip in json.loads(file.read_text("utf-8"))["slips"]:
                assert len(slip["idea"]) < 40 or slip["idea"] not in editions


WRONG = {
    "wide": '''"""Says "<b>one</b> word too many"."""\n\nFAILS = {"words_are_counted", "any_text_is_counted"}\n\n'''
    + "# %% words\n"
    + RIGHT.replace("len(text.split())", "len(text.split()) + bool(text.strip())"),
    "spaces": '"""Counts spaces."""\n\nFAILS = {"any_text_is_counted"}\n\n# %% words\n'
    + RIGHT.replace("text.split()", "text.strip().split(' ') if text.strip() else []"),
    "accepting": '"""Takes None for an empty text."""\n\nFAILS = {"nothing_is_no_text"}\n\n# %% words\n'
    + "def count(text):\n    return len((text or '').split())\n",
    "half": '"""Takes None for one word."""\n\nFAILS = {"nothing_is_no_text"}\n\n# %% words\n'
    + "def count(text):\n    return 1 if text is None else len(text.split())\n",
    "silent": '"""Says nothing about None."""\n\nFAILS = {"nothing_is_no_text"}\n\n# %% words\n'
    + "def count(text):\n    return None if text is None else len(text.split())\n",
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, judge: Judge) -> bytes:
    """The table of what `WRONG` loses."""
    lesson = Lesson.read(course_with(tmp_path_factory.mktemp("known") / "course").lesson_path(KEY))
    remake(lesson, judge.runner)
    return slips.path(lesson).read_bytes()


@pytest.fixture
def small(tmp_path: Path, known: bytes) -> Lesson:
    """A small lesson with this table."""
    lesson = Lesson.read(course_with(tmp_path / "course").lesson_path(KEY))
    slips.path(lesson).parent.mkdir(parents=True)
    slips.path(lesson).write_bytes(known)
    return lesson


def bank_in(folder: Path, **changed: str) -> list[Answer]:
    """`WRONG` and a right answer as files."""
    bank = []
    for room, texts in (
        ("wrong", WRONG | changed),
        ("right", {"right": f'"""Right."""\n\n# %% words\n{RIGHT}'}),
    ):
        for name, text in texts.items():
            (folder / room).mkdir(parents=True, exist_ok=True)
            (folder / room / f"{name}.py").write_text(text, "utf-8")
            bank.append(Answer(KEY, folder / room / f"{name}.py"))
    return bank


def remake(lesson: Lesson, runner: Runner, **changed: str) -> None:
    bank = bank_in(course_of(lesson) / "answers", **changed)
    tables.write(lesson, tables.make(lesson, bank, runner, 2, rounds=2))


def test_a_slip_is_named_in_its_own_words(small: Lesson, judge: Judge) -> None:
    mine = "def count(words):\n    n = 0\n    for word in words.split():\n        n += 1\n    return n + (n > 0)\n"
    told = grade_text(
        judge, small, mine.replace("    n = 0", "    if words is None: raise TypeError\n    n = 0")
    )
    assert told.slip == 'Says "<b>one</b> word too many".'
    assert told.as_json()["slip"] == told.slip
    assert grade_text(judge, small, WRONG["accepting"]).slip == "Takes None for an empty text."


@only_whole
def test_what_has_failed_otherwise_is_not_named(small: Lesson, judge: Judge) -> None:
    for wrong in (
        "return len(text.split()) + 7",
        "return None",
        "raise OSError",
        "while True: pass",
        "import os; os._exit(1)",
    ):
        told = grade_text(
            judge, small, f"def count(text):\n    if text is None: raise TypeError\n    {wrong}\n"
        )
        assert told.slip == ""


def test_two_slips_that_look_alike_are_not_named_unless_they_are_one(
    small: Lesson, judge: Judge
) -> None:
    twin = WRONG["accepting"].replace("Takes None for an empty text.", "Forgives None.")
    remake(small, judge.runner, twin=twin)
    assert grade_text(judge, Lesson.read(small.path), WRONG["accepting"]).slip == ""
    remake(small, judge.runner, twin=WRONG["accepting"] + "\n")
    assert (
        grade_text(judge, Lesson.read(small.path), WRONG["accepting"]).slip
        == "Takes None for an empty text."
    )


def test_a_changed_lesson_has_no_known_slips(small: Lesson, judge: Judge) -> None:
    before = small.path.read_text("utf-8")
    small.path.write_text(
        before.replace('"to", "be", "or", "not"', '"to", "be", "or", "no"'), "utf-8"
    )
    assert grade_text(judge, Lesson.read(small.path), WRONG["wide"]).slip == ""
    small.path.write_text(
        before.replace("You'll build a counter.", "You'll build a good counter."), "utf-8"
    )
    assert grade_text(judge, Lesson.read(small.path), WRONG["wide"]).slip


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"slips": 1}', '{"lesson": "x", "slips": []}', "\0", '{"lesson": null}'],
)
def test_a_table_that_cannot_be_read_is_no_table(small: Lesson, text: str) -> None:
    slips.path(small).write_text(text, "utf-8")
    assert slips.read(small) == Table()
    raw = {"lesson": slips.digest(small), "slips": [{"name": 1, "idea": 2, "lost": 3}]}
    slips.path(small).write_text(json.dumps(raw), "utf-8")
    assert slips.read(small) == Table()


def test_it_is_told_escaped_and_without_what_is_hidden(
    small: Lesson, judge: Judge, capsys: Any
) -> None:
    course = course_of(small)
    main_ok(["build", "--course", str(course)])
    released = json.loads((course / "release" / f"{KEY}.ipynb").read_text("utf-8"))
    next(c for c in released["cells"] if c["id"] == "words")["source"] = WRONG["wide"].split(
        "# %% words\n"
    )[1]
    data = json.dumps(released).encode()
    (course / "mine").mkdir()
    file = course / "mine" / f"{small.name}.ipynb"
    file.write_bytes(data)
    capsys.readouterr()
    main_ok(["check", str(file), "--json", "--course", str(course)])
    told = json.loads(capsys.readouterr().out)
    assert told["slip"] == 'Says "<b>one</b> word too many".'
    assert [c["seen"] for c in told["checks"] if c["hidden"]] == [None] * 3
    assert "a guess" in str(Report(told))
    assert told["slip"] in str(Report(told))
    assert "<b>one" not in Report(told)._repr_html_()
    main_ok(["check", str(file), "--course", str(course)])
    assert "a guess" in capsys.readouterr().out

    cells = parse_notebook(data, [])
    result = judge.grade(small, job(small, "kim", cells, []))
    notebook = record.autograded_notebook(released_of(course), small, cells, None, result)
    escaped = html.escape(result.guess)
    scores = [o["data"]["text/html"] for c in notebook["cells"] for o in c.get("outputs", ())]
    assert len(scores) == 1
    assert escaped in "".join(scores[0])
    page = feedback.page(notebook, result, 2).decode()
    assert result.guess in html.unescape(page)
    assert "<b>one" not in page


def course_of(lesson: Lesson) -> Path:
    return lesson.path.parents[2]


def released_of(course: Path) -> Any:
    return nbformat.read(course / "release" / f"{KEY}.ipynb", as_version=4)


def main_ok(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0


# ----------------------------------------------------------------------------------------- symptoms


def lost(want: Any, *seen: Any, seeds: int = 0) -> Lost:
    """A lost criterion: what was right, in each world or once, and what was seen."""
    check = Check("it", print, "", want, 1, seeds)
    outcomes = [{"returned": codec.encode(one)} for one in seen]
    expect = (
        recorded(recorded.pack(encoded([{"returned": codec.encode(w)} for w in want])))
        if seeds
        else want
    )
    return Lost(judged(check, outcomes, expect), outcomes, expect)


@pytest.mark.parametrize(
    ("want", "seen", "told"),
    [
        ([1.0, 2.0], [1.0, 3.0], {"*: more"}),
        ({"size": 3, "hits": 1}, {"hits": 0, "size": 3}, {".hits: less"}),
        ({"size": 3}, {"sizes": 3}, {".size: missing", ": another key"}),
        (["a", "b"], ["a"], {": shorter", ": lacks"}),
        (["a"], ["a", "b"], {": longer", ": adds"}),
        ("PROCEED", "ROLLBACK", {": ROLLBACK for PROCEED"}),
        ("user-1", "user-2", {": other"}),
        (True, False, {": not True"}),
        (1, True, {": int to bool"}),
        (None, 0, {": NoneType to int"}),
        ([1, {"a": 1.0}], [True, {"a": 1}], {"equal, of other types"}),
        (float("nan"), 1.0, {": no number"}),
        ([[1], [2]], [[1], []], {"*: shorter", "*: lacks"}),
    ],
)
def test_marks_say_where_and_how_an_observation_differs(
    want: Any, seen: Any, told: set[str]
) -> None:
    assert symptoms(lost([want], seen, seeds=1), [1000]) == {"verdict: fail", *told}


def test_only_what_was_seen_without_random_worlds_is_marked_exactly() -> None:
    (exact,) = (
        m
        for m in symptoms(lost([1, {"b": 2, "a": 3}], [7, {"a": 1, "b": 2}]), [1000])
        if m.startswith("is ")
    )
    assert exact in symptoms(lost([1, {"b": 2, "a": 3}], [7, {"b": 2, "a": 1}]), [1000])
    assert exact not in symptoms(lost([1, {"b": 2, "a": 3}], [8, {"b": 2, "a": 1}]), [1000])
    assert not any(m.startswith("is ") for m in symptoms(lost([[1]], [2], seeds=1), [1000]))


def test_a_pattern_wants_what_was_always_there_and_allows_what_was_at_times() -> None:
    pattern = Pattern(frozenset({"a"}), frozenset({"a", "b"}))
    assert [pattern.fits(frozenset(s)) for s in ("a", "ab", "b", "abc", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert pattern.fits(frozenset({"a", "is 5"}))
    exact = Pattern(frozenset({"a", "is 5"}), frozenset({"a", "is 5"}))
    assert exact.fits(frozenset({"a", "is 5"}))
    assert not exact.fits(frozenset({"a", "is 6"}))


def pattern(always: str, at_times: str) -> Pattern:
    """The pattern of these symptoms, which are set apart by semicolons."""
    some = frozenset(always.split("; "))
    return Pattern(some, some | frozenset(at_times.split("; ")))


def test_where_words_are_drawn_any_word_fits_but_tells_nothing() -> None:
    words = ["edit", "login", "create", "archive", "comment", "read"]
    drawn = pattern(
        "verdict: fail", "; ".join(f".ann*: {a} for {b}" for a, b in pairwise([*words, "edit"]))
    )
    by_name = pattern("verdict: fail", "; ".join(f".ann*: Edit for {word}" for word in words))
    other = frozenset({"verdict: fail", ".ann*: login for archive", ".ann*: delete for edit"})
    assert not drawn.fits(other)
    assert drawn.fits_but_for_draws(other)
    assert not drawn.tells(other)
    assert not by_name.fits_but_for_draws(other)
    edits = frozenset({"verdict: fail", ".ann*: Edit for delete"})
    assert by_name.fits_but_for_draws(edits)
    assert by_name.tells(edits)
    for symptom in (".bob*: login for archive", ".ann*: other", ".ann*: less"):
        assert not drawn.fits_but_for_draws(frozenset({"verdict: fail", symptom}))


def test_three_decisions_are_not_drawn() -> None:
    known = pattern("verdict: fail; : STAY for GO", ": BACK for GO; : GO for STAY; : BACK for STAY")
    assert known.fits_but_for_draws(frozenset({"verdict: fail", ": STAY for GO", ": BACK for GO"}))
    assert not known.fits_but_for_draws(
        frozenset({"verdict: fail", ": STAY for GO", ": GO for BACK"})
    )


def test_numbers_in_names_are_drawn_if_they_vary() -> None:
    drawn = pattern(
        "verdict: fail; .harbour/0: missing", ".harbour/1: missing; .harbour/2: missing"
    )
    seen = frozenset({"verdict: fail", ".harbour/7: missing"})
    assert drawn.fits_but_for_draws(seen)
    assert drawn.tells(seen)
    assert not drawn.fits_but_for_draws(frozenset({"verdict: fail"}))
    assert not drawn.fits_but_for_draws(frozenset({"verdict: fail", ".orchard/0: missing"}))
    fixed = pattern("verdict: fail; .p50: less; .p95: less; .p99: less", ".mean: more")
    assert not fixed.fits_but_for_draws(frozenset({"verdict: fail", ".p50: less"}))


def test_draws_are_forgiven_to_the_only_slip_that_loses_the_same() -> None:
    one = lost([["edit", 1], ["login", 2]], ["read", 0], ["read", 0], seeds=2)
    words = ["edit", "login", "create", "archive", "comment", "delete"]
    others = "; ".join(f"*: {a} for {b}" for a, b in pairwise([*words, "edit"]))
    less, more = (
        Slip(name, f"Gives {name}.", {"it": pattern(f"verdict: fail; *: {name}", others)})
        for name in ("less", "more")
    )
    assert Table.of([less]).nearest([one]) == "Gives less."
    assert Table.of([more]).nearest([one]) == ""
    assert Table.of([less, more]).nearest([one]) == ""
    seen = symptoms(one, [1000])
    exactly = Slip("known", "Reads.", {"it": Pattern(seen, seen)})
    assert Table.of([less, exactly]).nearest([one]) == "Reads."


def table(one: Lost) -> Table:
    seen = symptoms(one, [10**6])
    return Table.of([Slip("known", "A known slip.", {"it": Pattern(seen, seen)})])


def test_a_verdict_alone_names_nothing() -> None:
    never = [{"never": "it waits"}]
    check = Check("it", print, "", 1, 1)
    plain = Lost(Row(check, "fail", "", ""), [], 1)
    assert table(plain).nearest([plain]) == ""
    waits = Lost(judged(check, never, 1), never, 1)
    assert table(waits).nearest([waits]) == "A known slip."
    assert table(waits).nearest([]) == ""


def nested(depth: int) -> Any:
    data: Any = []
    for _ in range(depth):
        data = [data]
    return data


@pytest.mark.parametrize(
    "forged",
    [None, 5, "returned", [], [5], ["returned"], [{}], [{"returned": {"dict": 5}}], [{"returned": {"set": [[]]}}],
     [{"returned": [0.5] * 49_000}], [{"returned": nested(900)}], [{"raised": []}], [{"raised": [[5], 5]}], [[]] * 9],
    ids=lambda forged: repr(forged)[:30],
)  # fmt: skip
def test_whatever_a_learners_process_sends_costs_no_more_than_a_guess(forged: Any) -> None:
    one = lost([1.5, {"a": [2]}], [1.5, {"a": [3]}])
    known = table(one)
    assert known.nearest([one]) == "A known slip."
    assert known.nearest([replace(one, outcomes=forged)]) == ""
    assert known.nearest([replace(one, outcomes=forged, expect=[1.0] * 49_000)]) == ""


# ------------------------------------------------------------------------------------------- tables


def test_a_table_is_out_of_date_when_lesson_or_answers_have_changed(small: Lesson) -> None:
    bank = bank_in(course_of(small) / "answers")
    raw = json.loads(slips.path(small).read_text("utf-8"))
    assert (raw["lesson"], raw["bank"]) == (slips.digest(small), tables.bank_digest(bank))
    bank[0].path.write_text(bank[0].text + "\n", "utf-8")
    assert raw["bank"] != tables.bank_digest(bank)


def test_what_depends_on_how_code_is_written_is_not_marked_exactly() -> None:
    lesson = read("02_coding/04_cache_features")
    loose = {c.name for c in lesson.all_checks if tables.is_loose(lesson, c)}
    assert "threads_drop_an_entry_only_once" in loose
    assert "writing_never_scans_the_cache" in loose
    assert "the_least_recently_used_entry_goes_first" not in loose


def test_ideas_of_a_lesson_are_told_apart() -> None:
    for key in COURSE.lessons:
        for answer in answers(key):
            assert answer.idea.strip(), answer.name
