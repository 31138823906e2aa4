from __future__ import annotations

from typing import Any

import pytest

from coursekit.behavioral import stories
from coursekit.played import AnswerError


def told(**changes: Any) -> stories.Told:
    return stories.heard({name: f"{name} " * 9 for name in stories.TEXTS} | changes)


def words(count: int) -> str:
    return " ".join(f"w{number}" for number in range(count))


def test_every_question_has_a_draft_with_five_texts_and_a_sheet_that_moves() -> None:
    for name in stories.QUESTIONS:
        one = stories.draft(name)
        assert tuple(one["draft"]) == stories.TEXTS
        assert one["faults"]
        assert name in stories.WORDING
        assert all(row["before"] != row["after"] and row["unit"] for row in one["sheet"])


def test_no_draft_keeps_all_its_windows() -> None:
    for name in stories.QUESTIONS:
        draft = stories.heard(stories.draft(name)["draft"])
        assert not stories.every_part_keeps_its_time(draft)[0]


def test_six_categories_hold_thirteen_questions() -> None:
    assert len(stories.QUESTIONS) == 13
    assert set(stories.QUESTIONS.values()) == set(stories.CATEGORIES)


def test_a_misspelt_draft_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="'gpu-bill'"):
        stories.draft("gpu-bil")


def test_a_misspelt_key_is_named() -> None:
    held, said = stories.each_text_says_something(stories.heard({"sitation": "x " * 40}))
    assert (held, said) == (False, "situation is empty. Did you mean 'situation'?")


@pytest.mark.parametrize("answer", [None, [], "a story", 3])
def test_what_is_no_story_is_answered_with_a_sentence(answer: object) -> None:
    with pytest.raises(AnswerError, match="Return a dict"):
        stories.heard(answer)


@pytest.mark.parametrize(("count", "held"), [(37, False), (38, True), (84, True), (85, False)])
def test_a_part_keeps_its_time(count: int, held: bool) -> None:
    assert stories.the_result_keeps_its_time(told(result=words(count)))[0] is held


def test_a_text_in_other_places_is_found() -> None:
    repeated = told(action=words(100), result=words(40))
    assert stories.no_text_repeats_another(repeated) == (False, "action and result say the same")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"what": "p99", "before": 1, "after": 1, "unit": "ms"}, "p99: 1 before and after"),
        ({"what": "p99", "before": "1", "after": 2}, "no number has a before and an after"),
    ],
)
def test_a_number_that_did_not_move_is_named(row: dict[str, Any], said: str) -> None:
    assert stories.every_number_moved(told(numbers=[row])) == (False, said)


def test_true_is_no_number() -> None:
    row = {"what": "p99", "before": True, "after": 2, "unit": "ms"}
    assert not stories.each_number_is_whole(told(numbers=[row]))[0]


def test_hints_point_at_words_and_claims_do_not_see_them() -> None:
    ours = told(action="We looked, and it was the fault of a careless colleague. " + words(120))
    found = stories.hints({"action": ours.texts["action"]})
    assert {hint.word for hint in found} == {"I", "fault", "careless"}
    assert stories.the_action_keeps_its_time(ours)[0]


def test_a_story_that_says_i_gets_no_hint() -> None:
    assert stories.hints({"action": "I rolled it back.", "result": "18 minutes"}) == []


def test_the_index_shows_its_gaps() -> None:
    shown = stories.coverage({"gpu-bill": ["Cards that slept", " "]})
    assert "gpu-bill                Cards that slept\n" in shown
    assert shown.count("(gap)") == 12


def test_claims_of_index_and_table_say_what_is_missing() -> None:
    assert stories.every_question_has_a_row({"gpu-bil": []}) == (
        False,
        "'gpu-bil' is no question. Did you mean 'gpu-bill'?",
    )
    assert stories.categories_hold_two_stories({})[1].startswith("incidents has 0, collaboration")
    assert stories.stories_of_the_cv_are_in_the_index(
        {"cv": [{"requirement": "cost", "story": "A"}], "index": {"gpu-bill": ["B"]}}
    ) == (False, "'A' is no title of the index.")


@pytest.mark.parametrize("answer", [None, 3, "x", [None], {"cv": 4}, [{"story": []}]])
def test_claims_are_total(answer: object) -> None:
    for claim in (
        stories.every_question_has_a_row,
        stories.categories_hold_two_stories,
        stories.every_requirement_has_a_row,
        stories.every_row_has_a_story_or_a_plan,
        stories.stories_of_the_cv_are_in_the_index,
    ):
        held, said = claim(answer)
        assert (held, bool(said)) == (False, True)
