"""The committed proof is of the lessons and answers as they are, and reaches the bar."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests import proof
from tests.bank import ANSWERS, BAR, COURSE, prices, read
from tests.small import KEY as SMALL, course_with

KEY = "02_coding/04_cache_features"


def trouble(answer: str, verdict: str = "fail", seen: str = "[1, 2]") -> dict[str, str]:
    """As a proof stores it."""
    return {"answer": answer, "criterion": "it", "verdict": verdict, "seen": seen}


@pytest.mark.parametrize("key", COURSE.lessons)
def test_the_proof_of_a_lesson_is_current_and_reaches_the_bar(key: str) -> None:
    assert not proof.stale(key), f"out of date: run `make proof LESSON={key}`"
    assert proof.shortfalls(proof.load(key), key) == []


def test_the_page_tells_what_is_stored() -> None:
    assert (COURSE.root / proof.PAGE).read_text("utf-8") == proof.render(), "run `make proof`"


def made() -> proof.Proof:
    return {
        "bank": {
            "right": 4, "wrong": 10, "differs": {}, "criteria": {"it": 10}, "named": 7, "misnamed": {}, "libraries": {},
        },
        "held out": {"answers": 3, "named": 2, "misnamed": {}},
        "mutants": {
            "made": 102, "killed": 98, "equivalent": [], "equivalents": 2, "survivors": [], "killed after all": [],
        },
        "repeats": {"gradings": 1000, "rounds": 10, "changed": [], "misnamed": []},
        "cpu": {"cells": 40.0, "checks": 60.0, "total": 100.0},
    }  # fmt: skip


def test_the_bar_is_where_it_is_said_to_be() -> None:
    assert proof.shortfalls(made(), KEY) == []
    assert proof.shortfalls({}, KEY) == [f"there is no proof. Run `make proof LESSON={KEY}`."]


@pytest.mark.parametrize("guide", ["docs/author.md", "docs/proof.md"])
def test_guides_quote_the_bar(guide: str) -> None:
    assert str(BAR) in " ".join((COURSE.root / guide).read_text("utf-8").split())


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("bank", "right", 3),
        ("bank", "wrong", 9),
        ("bank", "differs", {"some_answer": [trouble("wrong/some_answer")]}),
        ("bank", "criteria", {"it": 0}),
        ("bank", "misnamed", {"some_answer": "Another slip."}),
        ("held out", "answers", 2),
        ("held out", "named", 1),
        ("held out", "misnamed", {"some_answer": "Another slip."}),
        ("mutants", "killed", 97),
        ("mutants", "equivalents", 1),
        ("mutants", "killed after all", [{"before": "a", "after": "b"}]),
        ("repeats", "gradings", 999),
        ("repeats", "changed", [trouble("right/some_answer")]),
        ("repeats", "misnamed", ["right/some_answer: A slip."]),
    ],
)
def test_a_proof_below_the_bar_says_what_it_lacks(part: str, name: str, value: Any) -> None:
    less = copy.deepcopy(made())
    less[part][name] = value
    assert len(proof.shortfalls(less, KEY)) == 1


def test_a_slip_that_is_too_dear_is_told_where_the_law_holds() -> None:
    dear = {**made(), "prices": {"slow": 0.41, "late": 0.4, "early": 0.05}}
    assert proof.shortfalls(dear, KEY) == []
    (alone,) = proof.shortfalls(dear, "03_devops/02_roll_out")  # of one criterion
    dear["bank"]["criteria"] = {str(n): 1 for n in range(BAR.enough)}
    told = proof.shortfalls(dear, "03_devops/02_roll_out")
    assert told[0] == alone
    assert alone.startswith("wrong/slow costs 41% of the points, more than 40%.")
    assert told[1].startswith("half of the single slips cost more than 40% of the points")
    assert len(told) == 2
    fair = {**made(), "prices": {"slow": 0.4, "late": 0.1, "early": 0.1}}
    assert proof.shortfalls(fair, "03_devops/02_roll_out") == []


def test_the_page_tells_what_slips_cost() -> None:
    key = COURSE.lessons[0]
    page = proof.page({key: {**proof.load(key), "prices": {"one": 0.05, "two": 0.5, "three": 0.1}}})
    assert "| 10%, 50% |" in page
    assert "more than 40% of the points: two (50%)." in page


def test_an_answer_that_is_no_single_slip_says_so(tmp_path: Path) -> None:
    course = course_with(tmp_path)
    room = tmp_path / ANSWERS / SMALL / "wrong"
    room.mkdir(parents=True)
    (room / "one.py").write_text('"""One."""\nFAILS = {"words_are_counted"}\n# %% words\n')
    (room / "none.py").write_text('"""None."""\nSLIPS = "many"\nFAILS = {"it"}\n# %% words\n')
    assert prices(read(SMALL, course)) == {"one": 0.125}


def test_the_same_trouble_is_told_once_with_its_number_and_what_to_do() -> None:
    less = made()
    less["repeats"]["changed"] = [trouble("wrong/slow", seen=f"[{n}]") for n in range(10)]
    less["repeats"]["changed"] += [
        trouble("wrong/slow", "pass"),
        trouble("right/quick"),
        trouble(""),
    ]
    less["repeats"]["misnamed"] = ["right/quick: A slip."] * 3
    bank = f"tests/answers/{KEY}"
    assert proof.shortfalls(less, KEY) == [
        f"wrong/slow loses it (fail: [0]) ×10. Add the criterion to FAILS in {bank}/wrong/slow.py, or mend the check.",
        "wrong/slow keeps it (pass: [1, 2]). Mend the check so that it catches this in every world, "
        f"or take the criterion out of FAILS in {bank}/wrong/slow.py.",
        f"right/quick loses it (fail: [1, 2]). Mend the check, or {bank}/right/quick.py where it breaks the contract.",
        "the solution loses it (fail: [1, 2]). Mend the check: the solution must pass it in every world.",
        "taken for another slip ×3: right/quick: A slip. Let a check's observation tell the two apart.",
    ]


def test_an_answer_that_is_not_graded_is_told_as_such() -> None:
    told = proof.Trouble("wrong/endless", "", "needs-human:the runner died under it")
    assert str(told) == "wrong/endless is not graded (needs-human:the runner died under it)"
    assert told.advice(KEY).endswith(f"autograder score {KEY} tests/answers/{KEY}/wrong/endless.py")


def test_a_proof_from_before_cpu_was_measured_lacks_nothing() -> None:
    before = {name: part for name, part in made().items() if name != "cpu"}
    key = COURSE.lessons[0]
    assert proof.shortfalls(before, key) == []
    assert proof.page({key: {**proof.load(key), "cpu": {}}}).count("| – |") == 1


def test_a_comment_makes_no_proof_stale_and_a_line_of_code_does() -> None:
    text = '"""Doc."""\n\n\n# %% cell\ndef f():\n    """Says\n\n    this."""\n    # why\n    return "# no"  \n'
    same = '# a comment\n# %% cell\ndef f():\n    """Else."""\n\n    return "# no"\n'
    assert proof.bare(text) == proof.bare(same) == '# %% cell\ndef f():\n    return "# no"'
    assert proof.bare(same.replace("no", "yes")) != proof.bare(same)


def test_a_stage_makes_no_proof_stale_and_other_points_do() -> None:
    text = "@check(expect=[1, 2], points=2)\ndef a():\n    return [1, 2]"
    same = '@check(\n    expect=[\n        1,\n        2,\n    ],\n    points=2,\n    stage="core",\n)\ndef a():\n    return [1, 2]'
    assert proof.without_stages(text) == proof.without_stages(same) == text
    assert proof.without_stages(same.replace("points=2", "points=3")) != text


def test_a_proof_depends_on_the_parts_of_coursekit_that_checks_use() -> None:
    used = {file.stem for file in proof.kit_files(read("02_coding/04_cache_features"))}
    assert {"threads", "effort", "clocks"} <= used
    assert not {"checks", "expect", "codec", "vtime", "plots", "traces", "attempt"} & used


def test_libraries_of_right_answers_are_told() -> None:
    assert proof.libraries(
        "import json, cachetools\nfrom scipy.stats import norm\nimport numpy as np"
    ) == {
        "cachetools",
        "scipy",
    }
