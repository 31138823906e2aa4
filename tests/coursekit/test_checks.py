"""Checks in a notebook: they observe and judge at once, never raise, and show words."""

from __future__ import annotations

import json
import logging
import random
import sys
import warnings
from typing import Any

import numpy as np
import pytest

from coursekit import (
    REFERENCE,
    approx,
    between,
    check,
    is_true_of,
    one_of,
    raises,
    recorded,
    scoreboard,
    try_it,
)
from coursekit.checks import Score, observe
from coursekit.codec import Opaque, decode, encode, same
from coursekit.expect import all_hold, holds


class Liar:
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "1"


def passes(expect: Any, seen: Any) -> bool:
    return holds(expect, decode(json.loads(json.dumps(encode(seen)))))


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -5, 2**80, 1.5, float("inf"), "é\n", [1, [2]], (1, "a"), {"a": 1, 2: None, (1, 2): []},
     {1, 2}, frozenset({3}), np.arange(6.0).reshape(2, 3), np.array([True, False]), [], {}, ""],
)  # fmt: skip
def test_plain_data_survives_the_journey(value: Any) -> None:
    back = decode(json.loads(json.dumps(encode(value))))
    assert same(set(value) if isinstance(value, frozenset) else value, back)


@pytest.mark.parametrize(
    ("expect", "seen", "right"),
    [
        (1, True, False), (True, 1, False), (1, 1.0, False), ([1], (1,), False), (0, False, False), ("1", 1, False),
        ({"a": 1}, {"a": 1.0}, False), ({1: "x"}, {True: "x"}, False), (float("nan"), float("nan"), True),
        (1, Liar(), False), ([1], [Liar()], False), (approx(1.0), Liar(), False), (None, Opaque, False),
        (approx(0.3), 0.1 + 0.2, True), (approx(1), float("nan"), False), (approx([1.0, 2]), [1.0, 2.0000001], True),
        (approx(1), "1", False), (approx({"a": 1.0}), {"a": 1.0, "b": 1.0}, False), (approx(1), True, False),
        (between(0, 1), 1, True), (between(0, 1), 1.5, False), (between(0, 1), True, False),
        (between(0, 1), float("nan"), False), (one_of(None, {}), {}, True), (one_of(None, {}), [], False),
        (is_true_of(lambda seen: seen > 1), 2, True), (is_true_of(lambda seen: seen.missing), 2, False),
        (is_true_of(lambda seen: 1), 2, False), (5, np.int64(5), True), (5.0, np.float64(5), True),
    ],
)  # fmt: skip
def test_expectations_compare_with_type(expect: Any, seen: Any, right: bool) -> None:
    assert passes(expect, seen) is right


def test_raising_is_an_observation_and_an_unwritten_cell_never_counts() -> None:
    def fail(error: type[Exception]) -> Any:
        def function() -> None:
            raise error("no")

        (outcome,) = observe(function)
        return decode(outcome)

    class Narrow(ValueError):
        pass

    assert holds(raises(ValueError), fail(ValueError))
    assert holds(raises(ValueError, like="n"), fail(Narrow))
    assert not holds(raises(ValueError, like="yes"), fail(ValueError))
    assert not holds(raises(ValueError), fail(TypeError))
    assert not holds(raises(RuntimeError), fail(NotImplementedError))
    assert holds(raises(NotImplementedError), fail(NotImplementedError))


def test_what_is_huge_or_deep_is_opaque() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    for value in (
        deep,
        list(range(100_000)),
        "x" * 10_000_000,
        1 << 100_000,
        object(),
        lambda: 1,
        Liar,
    ):
        assert isinstance(decode(encode(value)), Opaque)


@pytest.mark.parametrize(
    "junk",
    [{}, {"a": 1, "b": 2}, {"dict": 3}, {"array": ["O", [1], [1]]}, {"int": "x"}, {"set": [[]]}],
)
def test_malformed_data_decodes_to_something_equal_to_nothing(junk: Any) -> None:
    assert not same(decode(junk), decode(junk)) or decode(junk) == {"[]"}


def test_recorded_answers_keep_twelve_digits_and_need_every_seed() -> None:
    answers = recorded(recorded.pack([encode(1 / 3), encode([0.1 + 0.2])]))
    assert all_hold(answers, [1 / 3, [0.3]])
    assert not all_hold(answers, [1 / 3])
    assert not all_hold(answers, [1 / 3, [0.31]])


def test_a_cell_of_checks_never_raises_and_says_in_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @check(expect=2, points=2)
    def one_and_one_is_two() -> int:
        """Add."""
        return 1 + 1

    @check(expect=3, points=3)
    def one_and_two_is_three() -> int:
        """Add <b>again</b>."""
        return 4

    @check(expect=1)
    async def the_end_comes() -> None:
        """Wait."""
        import asyncio

        await asyncio.Event().wait()

    @check(expect=1, hidden=True)
    def a_secret_holds() -> str:
        """Guess."""
        raise KeyError("secret")

    score = scoreboard()
    assert repr(score) == "2.0"
    assert (score.points, score.max_points) == (2.0, 7.0)
    text = capsys.readouterr().out
    for words in (
        "✓ passed",
        "✗ failed",
        "✗ never ends",
        "✗ error",
        "one and two is three",
        "seen 4; expected 3",
        "Add",
    ):
        assert words in text
    page = score._repr_html_()
    assert "<b>" not in page
    assert "secret&#x27;" not in page
    assert "(hidden)" in page
    assert repr(scoreboard()) == "0.0"


def test_noise_of_the_code_under_test_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    log = logging.getLogger("noisy")
    log.addHandler(handler)

    @check(expect=1)
    def it_answers() -> int:
        """Answer."""
        print("out")
        print("err", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        log.error("logged")
        return 1

    log.removeHandler(handler)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert scoreboard().points == 1


def test_shadowed_names_come_back() -> None:
    world: dict[str, Any] = {"check": check, "approx": None, "len": None, "sum": None}
    exec(
        "@check(expect=6.0)\ndef names_are_back():\n"
        "    '''Shadowing costs nothing.'''\n    return float(sum([len('ab'), 4]) if approx else 0)\n",
        world,
    )
    assert scoreboard().points == 1


def test_a_lesson_as_a_script_is_its_own_reference() -> None:
    @check(expect=REFERENCE, seeds=3, points=2)
    def chance_repeats(rng: random.Random) -> float:
        """Use the generator given."""
        return rng.random()

    @check(expect=REFERENCE, seeds=3, points=2)
    def chance_of_ones_own_does_not(rng: random.Random) -> float:
        """Use the generator given."""
        return random.random()

    assert isinstance(score := scoreboard(), Score)
    assert [row.verdict for row in score.rows] == ["pass", "fail"]


def test_trying_tells_what_happened_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    @try_it
    async def a_long_sleep() -> str:
        import asyncio

        await asyncio.sleep(1e6)
        return "awake"

    @try_it
    def an_empty_cell() -> None:
        raise NotImplementedError

    @try_it
    def a_slip() -> None:
        [].pop()

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a long sleep → 'awake'"
    assert lines[1] == "an empty cell → not written yet: an_empty_cell"
    assert lines[2].startswith("a slip → IndexError: pop from empty list (line ")
