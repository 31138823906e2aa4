"""Answers that are judged by what happens: verdict and sentence, whatever answer, world and claims do."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from coursekit import AnswerError, NotJudged, one_of, played
from coursekit.checks import Check, Row, Score, judge
from coursekit.codec import Opaque, Raised
from coursekit.played import CPU_SECONDS, Told
from tests import playing
from tests.playing import few_pods_are_paid_for, hours, some_pod_is_left, the_day_has_three_hours

ENOUGH = "3\n3\n3"


def names_itself(_run: Any) -> tuple[bool, str]:
    return True, "so it was"


def row(expect: played, *answers: Any, salt: str = "", hidden: bool = False) -> Row:
    """The row of a check that returned this, once for each seed."""
    check = Check("it_holds", lambda: None, "A hint.", expect, 2, hidden=hidden)
    return judge(check, [{"returned": answer} for answer in answers], salt=salt)


# ------------------------------------------------------------------------------------ what it says


def test_it_tells_what_happened() -> None:
    told = row(played(hours, some_pod_is_left, the_day_has_three_hours), ENOUGH)
    assert (told.verdict, told.seen) == (
        "pass",
        "in the worst hour 1 pods were left; the day had 3 hours",
    )


def test_only_the_claims_that_failed_speak() -> None:
    expect = played(hours, some_pod_is_left, few_pods_are_paid_for, the_day_has_three_hours)
    told = row(expect, "9\n1")
    assert (told.verdict, told.seen) == (
        "fail",
        "01:00 the last of 1 pods died; at most 9 pods were paid for; the day had 2 hours",
    )


def test_what_is_wanted_is_the_first_line_of_each_claim() -> None:
    wanted = played(hours, some_pod_is_left, names_itself, functools.partial(few_pods_are_paid_for))
    assert str(wanted) == (
        "in every hour some pod is left; names itself; at most four pods an hour are paid for"
    )


def test_an_answer_that_cannot_be_played_says_where_it_is_wrong() -> None:
    told = row(played(hours, some_pod_is_left, the_day_has_three_hours), "3\nthree\n3")
    assert told.verdict == "fail"
    assert told.seen == "line 2: 'three' is no number of pods; write 0 or more"


# ---------------------------------------------------------------------------------- worlds and runs


def test_each_answer_world_and_seed_is_played_once() -> None:
    playing.COUNTED.clear()
    expects = [played(hours, c, seed="counted") for c in (some_pod_is_left, few_pods_are_paid_for)]
    for expect in expects:
        row(expect, "4\n4\n4")
    assert playing.COUNTED == [("4\n4\n4", "counted")]
    row(expects[0], "4\n4\n5")
    row(played(hours, some_pod_is_left, seed="another"), "4\n4\n4")
    assert len(playing.COUNTED) == 3


def test_the_world_is_the_named_one_in_a_notebook_and_another_for_each_salt() -> None:
    playing.COUNTED.clear()
    expect = played(hours, some_pod_is_left, seed="week")
    for salt in ("", "one", "two"):
        row(expect, "5\n5\n5", salt=salt)
    seeds = [seed for _, seed in playing.COUNTED]
    assert seeds[0] == "week"
    assert len(set(seeds)) == 3


def test_the_same_salt_tells_the_same() -> None:
    expect = played(hours, some_pod_is_left)
    answers = [str(n) for n in range(20)]  # more than are remembered
    first, second = ([row(expect, a, salt="s").seen for a in answers] for _ in range(2))
    assert first == second
    assert first != [row(expect, a, salt="t").seen for a in answers]


def test_a_world_may_change_the_answer_it_is_handed() -> None:
    def greedy(answer: Any, _seed: str) -> Any:
        return answer.pop(), answer

    def was_two(run: Any) -> tuple[bool, str]:
        return run == (2, [1]), f"{run}"

    assert [row(played(greedy, was_two, seed=s), [1, 2]).verdict for s in "ab"] == ["pass"] * 2


def test_every_random_run_of_a_check_is_played() -> None:
    expect = played(hours, the_day_has_three_hours)
    assert row(expect, ENOUGH, "4\n4\n4").verdict == "pass"
    told = row(expect, ENOUGH, "4\n4", "4")
    assert (told.verdict, told.seen) == ("fail", "the day had 2 hours")


# ------------------------------------------------------------------------------- whatever goes wrong


def test_a_world_that_fails_is_told_by_its_kind() -> None:
    told = row(played(hours, some_pod_is_left), "crash")
    assert (told.verdict, told.seen) == ("error", "the simulation failed: KeyError: 'no such pod'")


@pytest.mark.parametrize(
    "claim",
    [lambda run: 1 / 0, lambda run: None, lambda run: (1, 2, 3), lambda run: exit(3), lambda: None],
)
def test_a_claim_that_fails_is_told_by_its_kind(claim: Callable[..., Any]) -> None:
    told = row(played(hours, claim), ENOUGH)
    assert told.verdict == "error"
    assert any(kind in told.seen for kind in ("ZeroDivisionError", "TypeError", "SystemExit"))


def test_a_world_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["coursekit.played"], "CPU_SECONDS", 0.2)
    told = row(played(hours, some_pod_is_left), "hang")
    assert told.verdict == "timeout"
    assert told.seen == "the simulation was stopped: it took more than 0.2 s of CPU time"
    assert CPU_SECONDS >= 1


@pytest.mark.parametrize("seen", [Opaque("thing"), [1, (2, {"a": Opaque("thing")})]])
def test_what_is_no_plain_data_is_not_played(seen: Any) -> None:
    told = played(hours, some_pod_is_left).told(seen)
    assert told == Told("fail", "the answer holds <thing>, which cannot be read")


def test_without_an_answer_nothing_is_played() -> None:
    playing.COUNTED.clear()
    check = Check("it", lambda: None, "", played(hours, some_pod_is_left), 1)
    never, raised = {"never": "too long"}, {"raised": [["builtins.KeyError"], "x"]}
    verdicts = [judge(check, one).verdict for one in ([never], [raised], [], None, 5, [{"a": 1}])]
    assert verdicts == ["timeout", "error", "timeout", "timeout", "timeout", "fail"]
    assert played(hours, some_pod_is_left).told(Raised(["KeyError"], "x")).verdict == "error"
    assert playing.COUNTED == []


@pytest.mark.parametrize("answer", [None, 5, [1], {"a": "1"}, "", "\0", "9" * 5000, True, [[[]]]])
def test_any_answer_gets_a_verdict(answer: Any) -> None:
    told = row(played(hours, some_pod_is_left, few_pods_are_paid_for), answer)
    assert told.verdict in ("pass", "fail", "error")
    assert told.seen


def test_a_long_sentence_is_cut_and_holds_nothing_that_a_terminal_obeys() -> None:
    told = row(played(hours, lambda _: (False, "\x1b[2J" + "x" * 99_999)), ENOUGH)
    assert len(told.seen) <= 1000
    assert "\x1b" not in told.seen


@pytest.mark.parametrize("make", [
    lambda: played(hours),
    lambda: played("hours", some_pod_is_left),  # type: ignore[arg-type]
    lambda: played(hours, "a claim"),  # type: ignore[arg-type]
    lambda: played(hours, some_pod_is_left, seed=3),  # type: ignore[arg-type]
    lambda: one_of(1, played(hours, some_pod_is_left)),
])  # fmt: skip
def test_what_an_author_gets_wrong_is_told_at_once(make: Callable[[], Any]) -> None:
    with pytest.raises(TypeError):
        make()


# ---------------------------------------------------------------------------------------- not judged


def test_what_could_not_be_judged_is_left_out_of_the_total_and_says_why() -> None:
    rows = [
        row(played(hours, some_pod_is_left), ENOUGH),
        row(played(hours, some_pod_is_left), "tool", hidden=True),
    ]
    score = Score(rows)
    assert (score.points, score.max_points) == (2.0, 2.0)
    assert score.summary == (
        "1 of 1 checks passed: 2 of 2 points. Not judged, so not in this total (2 points): "
        "it holds. Why: promtool is missing (apt-get install prometheus)."
    )
    for shown in (str(score), score._repr_html_()):
        assert "– not judged" in shown
        assert "apt-get install prometheus" in shown


def test_a_claim_that_fails_for_certain_comes_before_what_nobody_can_judge() -> None:
    def needs_a_tool(_run: Any) -> tuple[bool, str]:
        raise NotJudged("a tool is missing")

    def reads(_run: Any) -> tuple[bool, str]:
        raise AnswerError("line 3: no")

    assert row(played(hours, needs_a_tool, some_pod_is_left), ENOUGH).verdict == "not judged"
    told = row(played(hours, needs_a_tool, reads), ENOUGH)
    assert (told.verdict, told.seen) == ("fail", "line 3: no")


def test_a_tool_that_came_meanwhile_is_asked(tmp_path: Any) -> None:
    tool = tmp_path / "tool"

    def world(_answer: Any, _seed: str) -> bool:
        if not os.path.exists(tool):
            raise NotJudged("tool is missing")
        return True

    expect = played(world, names_itself)
    assert row(expect, 1).verdict == "not judged"
    tool.write_text("")
    assert row(expect, 1).verdict == "pass"
