"""Cards: what is refused and how, drawing, letters, and grading with reasons."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from coursekit.behavioral import cards
from coursekit.behavioral.cards import (
    KINDS,
    Card,
    CardError,
    as_text,
    draw,
    find,
    grade,
    load,
    read,
    show,
    topics,
)

SINGLE: dict[str, Any] = {
    "id": "pods-oom",
    "kind": "single",
    "weight": 2,
    "seconds": 45,
    "ask": "What happens?",
    "right": "It is killed",
    "wrong": [
        {"text": "It is moved", "why": "Limits move nothing."},
        {"text": "It is slowed", "why": "Memory is not throttled."},
    ],
    "because": "Limits of memory kill.",
    "sources": ["brief coverage.md · figures"],
}


def a_file(*changed: dict[str, Any], **top: Any) -> str:
    data = {"topic": "pods", "title": "Pods", "cards": [SINGLE | one for one in changed]} | top
    return yaml.safe_dump(data, allow_unicode=True)


def refusal(text: str) -> str:
    with pytest.raises(CardError) as caught:
        read(text, "pods.yaml")
    return str(caught.value)


def one(kind: str) -> Card:
    return next(card for card in load() if card.kind == kind)


# ------------------------------------------------------------------------------------------- schema


def test_a_card_that_keeps_the_schema_is_read() -> None:
    (card,) = read(a_file({}), "pods.yaml")
    assert (card.id, card.topic, card.weight, len(card.options)) == ("pods-oom", "pods", 2, 3)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "singel"}, "Did you mean 'single'?"),
        ({"id": "Pods OOM"}, "kebab-case"),
        ({"id": "cost-oom"}, "must begin with 'pods-'"),
        ({"weight": 9}, "'weight' is 9; write a whole number from 1 to 3"),
        ({"weight": True}, "'weight' is True"),
        ({"seconds": 2}, "'seconds' is 2"),
        ({"ask": ""}, "'ask' must be text"),
        ({"right": ["a", "b"]}, "Several: write kind multiple"),
        ({"wrong": [{"text": "x", "why": "y"}]}, "at least 2 options"),
        ({"wrong": [{"text": "x"}, {"text": "y", "why": "z"}]}, "a 'text' and a 'why'"),
        ({"right": "It is moved"}, "two options have the same text"),
        ({"sources": []}, "'sources' is a list of at least one"),
        ({"sources": ["somewhere"]}, "source 'somewhere' is not known"),
        ({"becouse": "x"}, "Did you mean 'because'?"),
    ],
)
def test_a_card_that_breaks_the_schema_is_told_with_file_and_id(
    change: dict[str, Any], sentence: str
) -> None:
    told = refusal(a_file(change))
    assert sentence in told
    assert told.startswith(f"pods.yaml, card {change.get('id', 'pods-oom')}: ")


def test_what_is_missing_is_named() -> None:
    broken = {key: value for key, value in SINGLE.items() if key != "because"}
    told = refusal(yaml.safe_dump({"topic": "pods", "title": "Pods", "cards": [broken]}))
    assert "'because' is missing" in told


def test_all_problems_are_told_at_once() -> None:
    assert refusal(a_file({"weight": 9}, {"id": "pods-two", "seconds": 1})).count("\n") == 1


def test_two_cards_with_one_id_are_refused() -> None:
    assert "two cards have this id" in refusal(a_file({}, {}))


def test_a_slip_within_the_tolerance_is_refused() -> None:
    numeric = {key: SINGLE[key] for key in ("id", "weight", "seconds", "ask", "because", "sources")}
    numeric |= {"kind": "numeric", "answer": 10, "within": 1, "unit": "pods"}
    numeric |= {"slips": [{"number": 11, "why": "close"}]}
    told = refusal(yaml.safe_dump({"topic": "pods", "title": "Pods", "cards": [numeric]}))
    assert "a slip lies within the tolerance" in told


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "line"),
        ("[]", "exactly 'topic', 'title' and 'cards'"),
        (a_file({}, topic="nodes"), "write 'pods', the file's name"),
        (a_file(), "at least one card"),
        ("x" * (cards.MAX_BYTES + 1), "Split the topic in two"),
    ],
)
def test_a_file_that_is_none_is_told(text: str, sentence: str) -> None:
    assert sentence in refusal(text)


def test_an_unknown_topic_or_card_gets_the_nearest() -> None:
    with pytest.raises(CardError, match="Did you mean 'kubernetes'"):
        load("kubernets")
    with pytest.raises(CardError, match="Did you mean 'kubernetes-oom'"):
        find("kubernetes-oon")


# ----------------------------------------------------------------------------------------- the bank


def test_ids_are_unique_and_no_topic_is_the_beginning_of_another() -> None:
    ids = [card.id for card in load()]
    assert len(set(ids)) == len(ids) >= 190
    assert not [a for a in topics() for b in topics() if a != b and b.startswith(a)]


def test_a_card_that_is_found_is_the_card_of_its_file() -> None:
    assert [find(card.id) for card in load()] == list(load())


def test_every_kind_is_there() -> None:
    assert {card.kind for card in load()} == set(KINDS)


def test_every_wrong_option_has_a_reason_of_its_own() -> None:
    for card in load():
        if card.kind in ("single", "multiple"):
            reasons = [option.why for option in card.options if option.why]
            assert len(set(reasons)) == len(reasons), card.id


def test_explain_cards_have_a_model_of_two_or_three_sentences() -> None:
    for card in load():
        if card.kind == "explain":
            sentences = re.findall(r"[^.!?]+[.!?]+(?=\s|$)", card.because)
            assert 2 <= len(sentences) <= 4, (card.id, sentences)


# ------------------------------------------------------------------------------ drawing and grading


def test_a_draw_repeats_by_its_seed_and_holds_no_card_twice() -> None:
    once, again, other = (draw(load(), 30, seed) for seed in (1, 1, 2))
    assert once == again != other
    assert len(set(once)) == 30
    assert len(draw(load(), 9_999, 1)) == len(load())


def test_letters_depend_on_seed_and_card_alone() -> None:
    card = find("kubernetes-oom")
    assert show(card, 5) == show(card, 5)
    assert len({show(card, seed).options for seed in range(40)}) > 5


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_is_right_in_every_shuffle(kind: str) -> None:
    for seed in range(5):
        shown = show(one(kind), seed)
        key = shown.key if kind != "explain" else "Three sentences."
        assert grade(shown, key).right


def test_every_key_of_the_bank_is_right_and_every_wrong_option_is_not() -> None:
    for card in load():
        shown = show(card, "all")
        if card.kind == "single":
            for letter, option in shown.by_letter.items():
                result = grade(shown, letter)
                assert result.right is (not option.why)
                assert option.why in result.words
        elif card.kind != "explain":
            assert grade(shown, shown.key).right, card.id


def test_a_multiple_choice_is_right_as_a_set_only() -> None:
    shown = show(one("multiple"), 1)
    key = shown.key
    assert isinstance(key, list)
    assert grade(shown, key[::-1]).right
    assert not grade(shown, key[:-1]).right
    assert not grade(shown, list(shown.by_letter)).right
    assert not grade(shown, [*key, key[0]]).right


def test_a_number_is_right_within_its_tolerance_and_a_slip_is_explained() -> None:
    card = find("observability-burn")
    shown = show(card, 1)
    assert grade(shown, card.number + card.within).right
    assert not grade(shown, card.number + 2 * card.within).right
    slip, why = card.slips[0]
    assert why in grade(shown, slip).words


@pytest.mark.parametrize(
    "answer", [None, 3, "z", ["a", "a"], {"a": 1}, float("nan"), [[]], "", True]
)
@pytest.mark.parametrize("kind", ["single", "multiple", "ordering", "numeric"])
def test_a_malformed_answer_is_wrong_and_told_so(kind: str, answer: object) -> None:
    result = grade(show(one(kind), 1), answer)
    assert not result.right
    assert result.words.startswith("Wrong")


def test_the_text_of_a_card_does_not_hold_its_answer() -> None:
    shown = show(find("kubernetes-oom"), 1)
    assert shown.card.because not in as_text(shown)
    assert not any(option.why and option.why in as_text(shown) for option in shown.options)
