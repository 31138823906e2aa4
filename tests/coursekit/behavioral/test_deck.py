"""The deck: which cards it takes, what its widgets say, and what it keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from coursekit.behavioral import review
from coursekit.behavioral.cards import find, grade, show
from coursekit.behavioral.deck import AS_TEXT, Round, Table, choose, deck
from coursekit.behavioral.hand import DIGEST, GROUPS, all_right, digest, look_up, shown

NOW = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)


def a_round(*ids: str, path: Path | None = None) -> Round:
    return Round([find(one) for one in ids], "seed", path, review.Book({}), lambda: NOW)


def press(table: Table, *, right: bool) -> str:
    """Answer the card that is on, and say what stands below it."""
    shown = table.round.shown
    assert shown is not None
    letters = {option.text: letter for letter, option in shown.by_letter.items()}
    if shown.card.kind == "single":
        wrong = next(letters[one.text] for one in shown.options if one.why)
        table.inputs[0].value = shown.key if right else wrong
    elif shown.card.kind == "multiple":
        for box in table.inputs:
            box.value = (box.description[0] in (shown.key or ())) is right
    elif shown.card.kind == "ordering":
        key = "".join(shown.key) if isinstance(shown.key, list) else ""
        table.inputs[-1].value = key.upper() if right else key[::-1]
    elif shown.card.kind == "numeric":
        table.inputs[0].value = str(shown.card.number) if right else "12345"
    else:
        table.inputs[0].value = "Three sentences."
        table.check.click()
        for box in table.points:
            box.value = right
    table.check.click()
    return str(table.verdict.value)


KINDS = {
    "single": "kubernetes-oom",
    "multiple": "kubernetes-spread",
    "ordering": "serving-rollout-order",
    "numeric": "observability-burn",
    "explain": "cost-half",
}


# ------------------------------------------------------------------------------------- which cards


def test_due_cards_come_first_and_waiting_ones_not_at_all() -> None:
    book = review.Book({})
    for name, rating in (("kubernetes-oom", "again"), ("kubernetes-config", "easy")):
        book = book.rated(name, rating, NOW)  # type: ignore[arg-type]
    chosen = choose("kubernetes", None, None, 50, 1, book, NOW + timedelta(minutes=5))
    names = [card.id for card in chosen]
    assert names[0] == "kubernetes-oom"
    assert "kubernetes-config" not in names
    assert len(set(names)) == len(names)


def test_failed_checks_come_back_among_all_cards(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    book = review.add_failed(path, "02_coding/06_limit_a_rate", "no <lock>", NOW)
    (card, *_) = choose(None, None, None, 5, 1, book, NOW)
    assert (card.kind, card.topic) == ("explain", "02_coding/06_limit_a_rate")
    table = Table(ipywidgets, Round([card], 1, path, book, lambda: NOW))
    assert "no &lt;lock&gt;" in table.question.value
    press(table, right=True)
    assert review.read(path).log[-1][:2] == (card.id, "good")
    assert not [c for c in choose("cost", None, None, 50, 1, book, NOW) if c.id == card.id]


def test_named_cards_come_in_their_order() -> None:
    ids = ["serving-shadow", "cost-half"]
    assert [card.id for card in choose(None, ids, None, 1, 1, review.Book({}), NOW)] == ids


def test_without_a_kernel_a_few_cards_stand_there_as_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deck(topic="cost", seed=2)
    told = capsys.readouterr().out
    assert told.count("cost-") == AS_TEXT
    assert "Traceback" not in told


# ------------------------------------------------------------------------------------- the widgets


@pytest.mark.parametrize("kind", KINDS)
def test_right_and_wrong_are_said_in_words(kind: str) -> None:
    right, wrong = (
        press(Table(ipywidgets, a_round(KINDS[kind])), right=one) for one in (True, False)
    )
    if kind == "explain":
        assert "Points to hit" in right
    else:
        assert "Right" in right
        assert "Wrong" in wrong
    assert "role='status'" in right


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_answer_is_not_counted(kind: str) -> None:
    table = Table(ipywidgets, a_round(KINDS[kind]))
    table.check.click()
    assert "Nothing is answered yet" in table.verdict.value
    assert table.round.results == []


def test_a_round_ends_with_a_summary() -> None:
    table = Table(ipywidgets, a_round("kubernetes-oom", "serving-shadow"))
    press(table, right=True)
    table.next.click()
    press(table, right=False)
    table.next.click()
    assert "1 of 2 right" in table.question.value


def test_a_card_cannot_be_answered_twice() -> None:
    table = Table(ipywidgets, a_round("kubernetes-oom"))
    press(table, right=True)
    assert table.check.disabled
    assert not table.next.disabled


def test_texts_of_cards_are_escaped() -> None:
    table = Table(ipywidgets, a_round("kubernetes-oom"))
    table._say("<img src=x onerror=alert(1)>")
    assert "<img" not in table.verdict.value


def test_every_control_has_a_name_for_screen_readers() -> None:
    for name in KINDS.values():
        table = Table(ipywidgets, a_round(name))
        for control in [*table.inputs, table.check, table.next]:
            if not isinstance(control, ipywidgets.HTML):
                assert getattr(control, "description", "") or getattr(control, "tooltip", "")


def test_answers_enter_the_schedule(tmp_path: Path) -> None:
    path = tmp_path / ".course" / "reviews.json"
    press(Table(ipywidgets, a_round("kubernetes-oom", path=path)), right=False)
    book = review.read(path)
    assert [line[:2] for line in book.log] == [("kubernetes-oom", "again")]


def test_notes_on_a_damaged_file_are_shown() -> None:
    sitting: Any = a_round("kubernetes-oom")
    sitting.book = review.Book({}, notes=("reviews.json cannot be used.",))
    assert "cannot be used" in Table(ipywidgets, sitting).verdict.value


# --------------------------------------------------------------------------------- the lesson's hand


def test_the_hand_is_as_its_digest_says() -> None:
    assert digest() == DIGEST, f"the hand has changed: write DIGEST = {digest()!r}"


@pytest.mark.parametrize("group", GROUPS)
def test_the_keys_of_a_group_are_accepted_and_one_slip_is_not(group: str) -> None:
    keys: dict[str, Any] = {one.card.id: one.key for one in shown(group)}
    assert all_right(group).accepts(keys)
    for name in keys:
        assert not all_right(group).accepts({**keys, name: None})
        assert not all_right(group).accepts({key: keys[key] for key in keys if key != name})


@pytest.mark.parametrize("seen", [None, [], "x", {}, {"kubernetes-oom": object()}])
def test_anything_else_is_refused(seen: object) -> None:
    assert not all_right("running").accepts(seen)


def test_looking_up_gives_reasons() -> None:
    told = look_up({"kubernetes-oom": "a"})
    assert "kubernetes-oom: Wrong." in told
    assert "kubernetes-config: not answered yet." in told
    assert grade(show(find("kubernetes-oom"), "hand"), "a").words in told
