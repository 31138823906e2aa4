"""The schedule: FSRS without fuzz, never beyond the interview, and a file that loses nothing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from coursekit.behavioral import review
from coursekit.behavioral.review import (
    Book,
    add_failed,
    add_graded,
    change,
    days_left,
    failed_id,
    number_of,
    rating_for,
    read,
    write,
)

NOW = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
CARD = "kubernetes-oom"


def a_book(days: int = 5, times: int = 4, interview: date | None = None) -> Book:
    """One card, answered rightly again and again, a day apart."""
    book = Book({}, interview or (NOW + timedelta(days=days)).date())
    for n in range(times):
        book = book.rated(CARD, "good", NOW + timedelta(hours=n))
    return book


def due_of(book: Book, name: str = CARD) -> datetime:
    return datetime.fromisoformat(book.cards[name]["due"])


def everything(path: Path) -> list[bytes]:
    return sorted(file.read_bytes() for file in path.parent.glob("reviews*"))


# --------------------------------------------------------------------------------------- scheduling


def test_no_card_comes_back_after_the_interview() -> None:
    for days in (1, 2, 5, 30):
        book = Book({}, (NOW + timedelta(days=days)).date())
        for _ in range(12):
            book = book.rated(CARD, "easy", NOW)
        assert due_of(book) <= NOW + timedelta(days=days)


def test_the_longest_interval_is_at_least_a_day() -> None:
    assert [days_left(date(2026, 11, day), NOW) for day in (30, 29, 1)] == [1, 1, 1]
    assert days_left(date(2026, 12, 4), NOW) == 4
    assert days_left(None, NOW) == 365


def test_the_same_answers_give_the_same_schedule() -> None:
    assert a_book().cards == a_book().cards


def test_a_card_is_known_by_the_same_number_for_ever() -> None:
    assert number_of(CARD) == number_of(CARD) != number_of("kubernetes-config")
    assert number_of("kubernetes-oom") == 1656708404701875287


def test_wrong_comes_back_sooner_than_right() -> None:
    book = a_book(30)
    right, wrong = (book.rated(CARD, one, NOW + timedelta(days=9)) for one in ("good", "again"))
    assert due_of(wrong) < due_of(right)


def test_due_cards_are_listed_the_longest_overdue_first() -> None:
    book = Book({})
    for hours, name in ((3, "b"), (1, "c"), (3, "a")):
        book = book.rated(name, "again", NOW + timedelta(hours=hours))
    assert book.due(NOW) == []
    assert book.due(NOW + timedelta(days=1)) == ["c", "a", "b"]


def test_recall_fades_and_is_zero_for_what_was_never_seen() -> None:
    book = a_book(30)
    today, later = (book.recall(CARD, NOW + timedelta(days=days)) for days in (1, 20))
    assert 0 < later < today <= 1
    assert book.recall("unseen", NOW) == 0


@pytest.mark.parametrize(
    ("right", "share", "rating"),
    [(True, 1, "good"), (False, 1, "again"), (True, 0.6, "hard"), (True, 0.4, "again")],
)
def test_how_an_answer_is_rated(right: bool, share: float, rating: str) -> None:
    assert rating_for(right, share) == rating


def test_an_unknown_rating_is_refused() -> None:
    with pytest.raises(ValueError, match="say one of again, hard, good, easy"):
        Book({}).rated(CARD, "great", NOW)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------ failed checks


def test_a_failed_check_is_due_at_once_and_goes_when_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / ".course" / "reviews.json"
    lesson, title = "02_coding/06_limit_a_rate", "a refused request costs nothing later"
    add_failed(path, lesson, title, NOW)
    name = failed_id(lesson, title)
    assert read(path).due(NOW) == [name]
    book = read(path).rated(name, "good", NOW).rated(name, "good", NOW)
    write(path, book)
    assert read(path).due(NOW) == []
    add_failed(path, lesson, title, NOW + timedelta(minutes=1))
    assert read(path).due(NOW + timedelta(minutes=1)) == [name]


def test_failed_checks_leave_cards_alone(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    write(path, a_book())
    add_failed(path, "02_coding/06_limit_a_rate", "no lock", NOW)
    assert read(path).cards[CARD] == a_book().cards[CARD]


def test_a_check_that_passes_again_comes_back_later(tmp_path: Path) -> None:
    path, lesson = tmp_path / "reviews.json", "02_coding/06_limit_a_rate"
    add_graded(path, lesson, ["never failed"], ["no lock", "no window"], NOW)
    book = add_graded(path, lesson, ["no lock"], [], NOW + timedelta(minutes=1))
    assert book.due(NOW + timedelta(minutes=1)) == [failed_id(lesson, "no window")]
    assert len(book.cards) == 2


def test_a_deck_that_is_open_loses_nothing_of_a_grader(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    change(path, lambda book: book.rated(CARD, "good", NOW))
    add_failed(path, "02_coding/06_limit_a_rate", "no lock", NOW)
    change(path, lambda book: book.rated(CARD, "good", NOW + timedelta(days=1)))
    assert failed_id("02_coding/06_limit_a_rate", "no lock") in read(path).cards


# ----------------------------------------------------------------------------------------- the file


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    write(path, a_book())
    assert read(path) == a_book()
    assert [file.name for file in tmp_path.iterdir()] == ["reviews.json"]


def test_no_file_is_a_fresh_schedule(tmp_path: Path) -> None:
    assert read(tmp_path / "reviews.json") == Book({})


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[]", "no schedule"),
        (b'{"version": 2}', "no cards"),
        (b'{"version": "2", "cards": {}}', "its version is '2'"),
        (b'{"version": true, "cards": {}}', "its version is True"),
        (b"[" * 100_000, "not JSON"),
        (b'{"cards": {"a": 1}}', "no schedule"),
    ],
)
def test_a_damaged_file_is_kept_and_told(tmp_path: Path, raw: bytes, why: str) -> None:
    path = tmp_path / "reviews.json"
    path.write_bytes(raw)
    book = read(path)
    assert not book.cards
    assert why in book.notes[0]
    assert (tmp_path / "reviews.json.broken").read_bytes() == raw
    write(path, a_book())
    assert raw in everything(path)


def test_a_file_from_the_future_is_kept_and_told(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    raw = b'{"version": 3, "cards": {"a": {"new": 1}}}'
    path.write_bytes(raw)
    assert "update the course" in read(path).notes[0]
    assert (tmp_path / "reviews.json.newer").read_bytes() == raw


def test_a_file_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    old = json.dumps(dict(a_book().cards)).encode()
    path.write_bytes(old)
    book = read(path)
    assert book.cards == a_book().cards
    assert "taken over" in book.notes[0]
    assert (tmp_path / "reviews.json.v1").read_bytes() == old
    assert json.loads(path.read_bytes())["version"] == review.VERSION
    assert read(path).notes == ()


def test_good_cards_of_a_damaged_file_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    write(path, a_book())
    data = json.loads(path.read_bytes())
    data["cards"]["broken"] = {"due": "yesterday"}
    data["cards"]["naive"] = {**data["cards"][CARD], "due": "2026-11-30T20:00:00"}
    raw = json.dumps(data).encode()
    path.write_bytes(raw)
    book = read(path)
    assert list(book.cards) == [CARD]
    assert any("2 cards" in note for note in book.notes)
    assert (tmp_path / "reviews.json.broken").read_bytes() == raw


def test_a_kept_copy_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    for raw in (b"one", b"two", b"three"):
        path.write_bytes(raw)
        read(path)
    assert everything(path) == [b"one", b"three", b"two"]


def test_ids_that_no_card_has_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    write(path, Book({}).rated("a-card-that-left", "good", NOW))
    write(path, read(path).rated(CARD, "good", NOW))
    assert set(read(path).cards) == {"a-card-that-left", CARD}


def test_the_file_lies_in_the_course_folder(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "nbgrader_config.py").write_text("")
    inner = tmp_path / "study" / "05_behavioral"
    inner.mkdir(parents=True)
    assert review.place(inner) == tmp_path / ".course" / "reviews.json"
