"""The training job: what its bits depend on, and what a broken input does."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from coursekit.mlops.training import (
    CODE,
    ENVIRONMENT,
    FEWER,
    Code,
    Environment,
    Manifest,
    NotReproducible,
    Row,
    Weights,
    accuracy,
    bits,
    tickets,
    train,
    variants,
    what_moves,
)


def shift(one: Weights, other: Weights) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def test_the_same_run_gives_the_same_bits() -> None:
    once, again = (train(tickets(3), CODE, ENVIRONMENT, 7) for _ in range(2))
    assert once == again
    assert bits(once) == bits(again)
    assert all(type(weight) is float for weight in once)


@pytest.mark.parametrize("what", list(variants(7, 3, 5))[1:])
def test_every_change_but_a_comment_moves_a_bit(what: str) -> None:
    before, after = (train(*variants(7, 3, 5)[name]) for name in ("nothing", what))
    assert (bits(before) == bits(after)) is (what == "a comment in train.py")


def test_threads_move_the_last_digits_alone() -> None:
    one, five = (train(tickets(), CODE, ENVIRONMENT | {"threads": n}, 7) for n in (1, 5))
    assert 0 < shift(one, five) < 1e-12


def test_more_threads_than_rows_share_as_well() -> None:
    three, many = (train(tickets(1, 3), CODE, ENVIRONMENT | {"threads": n}, 7) for n in (3, 40))
    assert shift(three, many) < 1e-12


def test_the_model_learns_something() -> None:
    unseen = tickets(seed=2)
    always = max(
        sum(row["urgent"] for row in unseen), sum(1 - row["urgent"] for row in unseen)
    ) / len(unseen)
    assert accuracy(train(tickets(), CODE, ENVIRONMENT, 7), unseen) > always + 0.1


def test_bits_tell_apart_what_equality_does_not() -> None:
    assert bits((0.0,)) != bits((-0.0,))
    assert bits((float("nan"),)) == bits((float("nan"),))
    assert len(bits(())) == 64


def test_code_that_is_no_python_is_not_run() -> None:
    with pytest.raises(SyntaxError):
        train(tickets(1, 3), {**CODE, "train.py": "def fit("}, ENVIRONMENT, 7)


def test_what_changed_is_told_in_words_and_as_names() -> None:
    error = NotReproducible(["data", "seed"])
    assert error.changed == ("data", "seed")
    assert str(error) == "changed since the run was recorded: data, seed"
    assert isinstance(error, ValueError)


def test_an_order_of_zero_leaves_the_rows_in_place() -> None:
    worlds = variants(7, 0, 4)
    assert worlds["rows: not shuffled"][0] == worlds["nothing"][0] == tickets(rows=FEWER)
    assert worlds["threads 4 → 4"][2] == ENVIRONMENT


def careless(data: list[Row], code: Code, environment: Environment, seed: int) -> Manifest:
    version = hashlib.sha256(
        json.dumps([data, dict(code), dict(environment), seed]).encode()
    ).hexdigest()
    return {
        "versions": {"run": version},
        "seed": seed,
        "model": bits(train(data, code, environment, seed)),
    }


def rerun(manifest: Manifest, data: list[Row], code: Code, environment: Environment) -> Weights:
    if careless(data, code, environment, manifest["seed"])["versions"] != manifest["versions"]:
        raise NotReproducible(["something"])
    return train(data, code, environment, manifest["seed"])


def test_each_variant_is_shown_beside_what_reproduce_says() -> None:
    seen: list[dict[str, Any]] = what_moves(careless, rerun, 7, 0, 4)
    said = {one["what"]: (one["shift"] > 0, one["said"]) for one in seen}
    assert said["nothing"] == said["rows: not shuffled"] == (False, "reproduced to the bit")
    assert said["a comment in train.py"] == (False, "names something")
    assert said["keys of each row reversed"] == (True, "names something")
    assert all(0 <= one["accuracy"] <= 1 for one in seen)


def test_another_model_is_called_one() -> None:
    seen = what_moves(careless, lambda manifest, data, code, environment: (1.0, 2.0), 7, 0, 4)
    assert {one["said"] for one in seen} == {"another model"}
