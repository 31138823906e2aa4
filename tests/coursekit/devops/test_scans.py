"""Reports and releases that `05_pass_the_security_scan` is judged in."""

from __future__ import annotations

import itertools
import random

import pytest

from coursekit.devops import scans
from coursekit.devops.scans import KINDS, Row, tree


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_makes_the_same_tree(kind: str) -> None:
    assert tree(kind, 7) == tree(kind, 7)
    assert len({repr(tree(kind, seed)) for seed in range(20)}) > 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_tree_keeps_what_the_contract_promises(kind: str) -> None:
    for seed in range(10):
        world = tree(kind, seed)
        assert len(world.pins) <= 4
        assert all(len(some) <= 6 for some in world.releases.values())
        assert all(pin in scans._finals(world.releases[name]) for name, pin in world.pins.items())


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"stuck", "forbidden"}))
def test_the_best_answer_is_found_by_trying_everything(kind: str) -> None:
    for seed in range(5):
        world = tree(kind, seed)
        finals = [scans._finals(some) for some in world.releases.values()]
        every = [
            dict(zip(world.releases, some, strict=True)) for some in itertools.product(*finals)
        ]
        costs = [scans.cost(world, one) for one in every if not scans.problems(world, one)]
        best = scans.answers(world)[0]
        assert scans.cost(world, best) == min(costs)
        assert scans.is_best(world, best)


@pytest.mark.parametrize("kind", ["stuck", "forbidden"])
def test_where_there_is_no_way_out_the_error_is_best(kind: str) -> None:
    world = tree(kind, 1)
    assert scans.is_best(world, "ValueError")
    assert not scans.is_best(world, dict(world.pins))


def test_of_several_best_answers_each_is_right() -> None:
    world = tree("shortest", 1)
    best = [a for a in scans.answers(world) if scans.is_best(world, a)]
    assert len(best) > 1


@pytest.mark.parametrize(
    ("version", "fixed", "is_fixed"),
    [
        ("1.26.5", "1.26.5, 2.1.0", True),
        ("1.26.4", "1.26.5, 2.1.0", False),
        ("2.0.1", "2.1.0, 1.26.5", False),
        ("3.0", "1.26.5, 2.1.0", True),
        ("0.9", "1.26.5, 2.1.0", False),
        ("1.10", "1.9", True),
    ],
)
def test_each_branch_has_a_fix_of_its_own(version: str, fixed: str, is_fixed: bool) -> None:
    assert scans.is_fixed(version, fixed) is is_fixed


def test_an_answer_that_is_none_is_told_in_words() -> None:
    world = tree("fewest", 1)
    for answer in (None, {}, {"torch": 1}, dict.fromkeys(world.pins, "nonsense"), [1, 2]):
        assert scans.problems(world, answer)
        assert not scans.is_best(world, answer)


def test_a_forged_observation_is_wrong() -> None:
    holds = scans.best("fewest", words="one moves")
    answer = scans.answers(tree("fewest", 3))[0]
    assert holds([{"kind": "fewest", "seed": 3, "answer": answer}])
    assert not holds([{"kind": "numbers", "seed": 3, "answer": answer}])
    assert not holds([])


def test_a_report_leaves_the_key_of_a_missing_fix_out() -> None:
    made = scans.report([Row("CVE-2099-1", "torch", fixed=None)], random.Random(1), empty=["x"])
    assert made["SchemaVersion"] == 2
    found = [v for r in made["Results"] for v in r.get("Vulnerabilities", [])]
    assert [("FixedVersion" in v) for v in found] == [False]


def test_the_picture_shows_a_line_that_falls() -> None:
    seen = scans.ways(lambda pins, *_: dict(pins), 3, 4)
    assert seen.best == sorted(seen.best, reverse=True)
    assert seen.yours == (0, 4, 0)
    assert seen.best[-1] == 0
