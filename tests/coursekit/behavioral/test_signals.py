from __future__ import annotations

from typing import Any

import pytest

from coursekit.behavioral import signals
from coursekit.played import AnswerError

EVERY = (*signals.PRACTICE, *signals.EXAM)


def test_there_are_more_than_24_transcripts_of_all_questions() -> None:
    assert len(EVERY) >= 24
    assert {signals.transcript(name)["question"] for name in signals.EXAM} == {
        signals.transcript(name)["question"] for name in signals.PRACTICE
    }


def test_every_signal_and_every_mistake_occurs() -> None:
    marks = {signal for _, signal in signals.key_marks(signals.PRACTICE)}
    assert marks == set(signals.SIGNALS)
    made: dict[str, set[str]] = {}
    for name in signals.PRACTICE:
        one = signals.transcript(name)
        made.setdefault(one["question"], set()).update(
            row["mistake"] for row in one["sentences"] if "mistake" in row
        )
    assert {q: made[q] for q in signals.MISTAKES} == {
        q: set(m) for q, m in signals.MISTAKES.items()
    }


@pytest.mark.parametrize("name", signals.PRACTICE)
def test_practice_has_scores_on_its_scales_and_a_reason_for_each_sentence(name: str) -> None:
    one = signals.transcript(name)
    assert tuple(one["scores"]) == signals.scales_of(name)
    assert set(one["scores"].values()) <= set(signals.SCALE)
    assert all(row["why"] for row in one["sentences"])


@pytest.mark.parametrize("name", signals.EXAM)
def test_the_exam_has_no_key_here(name: str) -> None:
    one = signals.transcript(name)
    assert "scores" not in one
    assert all(set(row) == {"say"} for row in one["sentences"])
    with pytest.raises(ValueError, match="exam"):
        signals.reasons(name)


def test_weights_add_up_to_100() -> None:
    for name in EVERY:
        assert sum(signals.weights(signals.transcript(name)["question"]).values()) == 100


def test_every_transcript_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for name in EVERY:
        signals.show(name)
    for name in signals.PRACTICE:
        signals.reasons(name)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100
    assert "weights of our own" in out


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ([], "[] is no list of pairs"),
        (["t21.1"], "'t21.1' is no pair of a sentence and a signal"),
        ([("t21.99", "limits")], "there is no sentence 't21.99'"),
        ([("t21.1", "limit")], "there is no signal 'limit'. Did you mean 'limits'?"),
    ],
)
def test_a_mark_that_is_none_is_named(marks: Any, said: str) -> None:
    held, told = signals.every_mark_is_a_sentence_and_a_signal(signals.read(marks))
    assert not held
    assert told.startswith(said)


def test_too_many_marks_are_refused() -> None:
    with pytest.raises(AnswerError, match="at most"):
        signals.read([("t21.1", "limits")] * 300)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"t21": None}, "t21 has no scores"),
        ({"t26": {"own-part": 4}}, "t26, own-part: 4 is not 1, 3 or 5"),
    ],
)
def test_a_score_that_is_none_is_named(change: dict[str, Any], said: str) -> None:
    full = {name: dict.fromkeys(signals.scales_of(name), 3) for name in signals.EXAM}
    assert signals.every_scale_of_the_exam_has_a_score(signals.read(full))[0]
    sheet = signals.read(full | change)
    assert signals.every_scale_of_the_exam_has_a_score(sheet) == (False, said)


def test_a_careful_reader_gives_what_the_key_gives() -> None:
    assert signals.reader(0.0, 1.0) == signals.flat(signals.key_scores(signals.PRACTICE))


def test_a_strict_reader_gives_less() -> None:
    key = signals.flat(signals.key_scores(signals.PRACTICE))
    strict = signals.reader(1.0, 1.0)
    assert all(strict[name] <= key[name] for name in key)
    assert sum(map(sum, signals.counts(strict, key))) == len(key)


def test_one_score_for_all_is_said_to_have_no_kappa() -> None:
    assert signals.in_words(None, 0.0)[0] == "kappa cannot be computed:"
