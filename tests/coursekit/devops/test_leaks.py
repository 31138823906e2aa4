"""Repositories with secrets in them: the same from a seed, and as the contract says."""

from __future__ import annotations

import pytest

from coursekit.devops import leaks
from coursekit.devops.leaks import KINDS, repository


def test_the_same_seed_makes_the_same_repository() -> None:
    assert repository(7) == repository(7)
    assert repository(7).files != repository(8).files


def test_every_kind_is_planted_and_twenty_lines_look_alike() -> None:
    for seed in range(5):
        made = repository(seed)
        assert {kind for _, _, kind in made.secrets} == set(KINDS)
        assert len(made.harmless) == 20
        places = [(file, line) for file, line, _ in made.secrets]
        assert len(set(places)) == len(places)
        assert not set(places) & set(made.harmless)


def test_each_kind_stands_in_the_same_files() -> None:
    where = [sorted((f, k) for f, _, k in repository(seed).secrets) for seed in range(5)]
    assert all(one == where[0] for one in where)
    assert repository(1).secrets != repository(2).secrets


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_is_found_and_nothing_is_not(kind: str) -> None:
    truth = repository(3).secrets
    assert leaks.finds(kind)({"seed": 3, "found": truth})
    assert not leaks.finds(kind)({"seed": 3, "found": [p for p in truth if p[2] != kind]})


@pytest.mark.parametrize("kind", KINDS)
def test_reporting_everything_finds_nothing(kind: str) -> None:
    made = repository(3)
    every = [
        (file, line, kind)
        for file, text in made.files.items()
        for line in range(1, text.count("\n") + 1)
    ]
    assert not leaks.finds(kind)({"seed": 3, "found": every})
    assert not leaks.few_false_alarms({"seed": 3, "found": every})


def test_two_false_alarms_are_let_pass_and_three_are_not() -> None:
    made = repository(3)
    false = [(file, line, "password") for file, line in made.harmless]
    assert leaks.few_false_alarms({"seed": 3, "found": made.secrets + false[:2]})
    assert not leaks.few_false_alarms({"seed": 3, "found": made.secrets + false[:3]})
    assert not leaks.few_false_alarms({"seed": 3, "found": []})


def test_what_is_no_place_is_no_report() -> None:
    assert leaks.told([None, ("a", 1), ("a", True, "jwt"), ["a", 1, "jwt"], 3]) == {("a", 1, "jwt")}
    assert leaks.told("nothing") == set()
