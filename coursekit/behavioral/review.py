"""When a card comes back: FSRS over a file on the learner's disk.

docs/questions.md specifies the file, its versions and what happens to a damaged one. Nothing here
reads a clock: times are handed in, aware of their zone.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    import fsrs

Rating = Literal["again", "hard", "good", "easy"]
RATINGS: tuple[Rating, ...] = ("again", "hard", "good", "easy")
VERSION = 2
FILE = Path(".course", "reviews.json")  # in the course folder
MAX_BYTES = 5_000_000
MAX_LOG = 20_000
LOCK_SECONDS = 5
CHECK = "check:"  # what ids of failed checks begin with
Stored = Mapping[str, Any]  # what FSRS stores of a card


@dataclass(frozen=True)
class Book:
    """The schedule.

    Attributes:
        cards: what FSRS knows, by card id.
        interview: the day of the interview; None while it is not known.
        log: the newest reviews: card id, rating, when.
        notes: a sentence for each thing that was not as it should be when the file was read.
    """

    cards: Mapping[str, Stored]
    interview: date | None = None
    log: tuple[tuple[str, Rating, str], ...] = ()
    notes: tuple[str, ...] = ()

    def due(self, now: datetime) -> list[str]:
        """Ids of cards that are due, the longest overdue first, then by id."""
        times = {one: _time(stored["due"]) for one, stored in self.cards.items()}
        return sorted(
            (one for one in times if times[one] <= now), key=lambda one: (times[one], one)
        )

    def recall(self, card_id: str, at: datetime) -> float:
        """The probability that it is remembered at that time; 0 for a card that was never seen."""
        stored = self.cards.get(card_id)
        if stored is None:
            return 0.0
        scheduler = _scheduler(1)
        return float(scheduler.get_card_retrievability(_known(stored), at.astimezone(UTC)))

    def rated(self, card_id: str, rating: Rating, now: datetime) -> Book:
        """The schedule after this card was rated.

        Raises:
            ValueError: no such rating.
        """
        import fsrs

        if rating not in RATINGS:
            raise ValueError(f"no rating {rating!r}; say one of {', '.join(RATINGS)}")
        at = now.astimezone(UTC)
        old = self.cards.get(card_id)
        card = fsrs.Card(card_id=number_of(card_id), due=at) if old is None else _known(old)
        scheduler = _scheduler(days_left(self.interview, now))
        card, _ = scheduler.review_card(card, fsrs.Rating(RATINGS.index(rating) + 1), at)
        line = (card_id, rating, at.isoformat())
        cards = {**self.cards, card_id: dict(card.to_dict())}
        return replace(self, cards=cards, log=(*self.log, line)[-MAX_LOG:])


def days_left(interview: date | None, now: datetime) -> int:
    """Whole days until the interview, at least 1; a year while no day is known."""
    return 365 if interview is None else max(1, (interview - now.date()).days)


def number_of(card_id: str) -> int:
    """The number that FSRS and Anki know a card by: the same on every machine, for ever."""
    return int.from_bytes(hashlib.sha256(card_id.encode()).digest()[:8], "big") >> 1


def rating_for(right: bool, share: float = 1.0) -> Rating:
    """How an answer is rated.

    Args:
        share: of the points of an explain card that were hit; 1 for other kinds.
    """
    if not right or share < 0.5:
        return "again"
    return "good" if share >= 1 else "hard"


def failed_id(lesson: str, title: str) -> str:
    """The id under which a failed check of a lesson is scheduled."""
    return f"{CHECK}{lesson}#{title}"


def add_graded(
    path: Path, lesson: str, passed: Iterable[str], failed: Iterable[str], now: datetime
) -> Book:
    """Put checks of a lesson into the schedule of a file: a failed one comes back at once, one that
    had failed and passes now comes back later.

    This is what a grader calls; the kit knows none.

    Args:
        lesson: its key, `02_coding/06_limit_a_rate`.
        passed, failed: titles of checks, in words.
    """

    def graded(book: Book) -> Book:
        for title in failed:
            book = _failed(book, failed_id(lesson, title), now)
        for name in (failed_id(lesson, title) for title in passed):
            if name in book.cards:
                book = book.rated(name, "good", now)
        return book

    return change(path, graded)


def add_failed(path: Path, lesson: str, title: str, now: datetime) -> Book:
    """Put one failed check of a lesson into the schedule of a file, due at once."""
    return add_graded(path, lesson, (), [title], now)


def _failed(book: Book, name: str, now: datetime) -> Book:
    import fsrs

    at = now.astimezone(UTC)
    if name in book.cards:
        book = book.rated(name, "again", now)
        stored = {**book.cards[name], "due": at.isoformat()}
    else:
        stored = dict(fsrs.Card(card_id=number_of(name), due=at).to_dict())
    return replace(book, cards={**book.cards, name: stored})


def _scheduler(longest: int) -> fsrs.Scheduler:
    import fsrs

    return fsrs.Scheduler(maximum_interval=longest, enable_fuzzing=False)


def _known(stored: Stored) -> fsrs.Card:
    import fsrs

    return fsrs.Card.from_dict(cast("Any", stored))


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not 2000 <= at.year < 9000:
        raise ValueError("no time with a zone")
    return at


# --------------------------------------------------------------------------------------- the file


def place(start: Path) -> Path:
    """The state file of the course that `start` lies in, or beside `start` where there is none."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "nbgrader_config.py").is_file():
            return folder / FILE
    return here / FILE


def read(path: Path) -> Book:
    """The schedule in a file; a fresh one when there is none. Never raises for what the file holds.

    What cannot be used is set aside under another name, and `Book.notes` says so.

    Raises:
        OSError: the file is there, and the system does not let it be read or renamed.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Book({})
    if len(raw) > MAX_BYTES:
        return _fresh(path, "broken", f"it has more than {MAX_BYTES // 1_000_000} MB")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return _fresh(path, "broken", "it is not JSON")
    if not isinstance(data, dict):
        return _fresh(path, "broken", "it holds no schedule")
    version = data.get("version", 1)
    if type(version) is not int or version < 1:
        return _fresh(path, "broken", f"its version is {version!r}")
    if version > VERSION:
        why = f"it has version {version}, and this course writes {VERSION}: update the course"
        return _fresh(path, "newer", why)
    if version == 1:
        return _from_first_version(path, data)
    return _from_this_version(path, data)


def change(path: Path, how: Callable[[Book], Book]) -> Book:
    """Change the schedule in a file, alone with it: a deck that is open in a notebook and a grader
    lose nothing of each other's.

    Raises:
        OSError: it cannot be read, locked or written.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_SECONDS):
            before = read(path)
            after = how(before)
            if after != before:
                write(path, after)
    except Timeout:
        raise OSError(errno.EAGAIN, "another program holds it") from None
    return after


def write(path: Path, book: Book) -> None:
    """Keep the schedule: the whole file or nothing, even when the machine stops."""
    data = {
        "version": VERSION,
        "interview": book.interview.isoformat() if book.interview else None,
        "cards": {name: dict(stored) for name, stored in sorted(book.cards.items())},
        "log": [list(line) for line in book.log],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        with open(temporary, "xb") as file:
            file.write(json.dumps(data, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _from_first_version(path: Path, data: Mapping[str, Any]) -> Book:
    cards, lost = _cards(data)
    if lost and not cards:
        return _fresh(path, "broken", "it holds no schedule")
    kept = _set_aside(path, "v1")
    notes = [f"{path.name} was of version 1: taken over; the old file is {kept.name}."]
    book = Book(cards, notes=(*notes, *_lost(path, lost)))
    write(path, book)
    return book


def _from_this_version(path: Path, data: Mapping[str, Any]) -> Book:
    raw = data.get("cards")
    if not isinstance(raw, dict):
        return _fresh(path, "broken", "it holds no cards")
    cards, lost = _cards(raw)
    interview, log = _day(data.get("interview")), _log(data.get("log"))
    damaged = lost or log is None or (interview is None and data.get("interview") is not None)
    if not damaged:
        return Book(cards, interview, tuple(log or ()))
    kept = _set_aside(path, "broken")
    notes = [f"{path.name} was damaged: what can be read is taken over, the file is {kept.name}."]
    book = Book(cards, interview, tuple(log or ()), (*notes, *_lost(path, lost)))
    write(path, book)
    return book


def _cards(raw: Mapping[str, Any]) -> tuple[dict[str, Stored], int]:
    """What FSRS can read, and how many cards it cannot."""
    cards: dict[str, Stored] = {}
    for name, stored in raw.items():
        try:
            card = _known(stored)
            _time(stored["due"])
            numbers = [one for one in (card.stability, card.difficulty) if one is not None]
            if any(isinstance(one, bool) or not 0 < float(one) < 1e6 for one in numbers):
                raise ValueError
            cards[name] = {**card.to_dict(), "card_id": number_of(name)}
        except Exception:
            continue
    return cards, len(raw) - len(cards)


def _day(raw: Any) -> date | None:
    try:
        return date.fromisoformat(raw)
    except (TypeError, ValueError):
        return None


def _log(raw: Any) -> list[tuple[str, Rating, str]] | None:
    lines: Sequence[Any] = raw if isinstance(raw, list) else [None]
    out = []
    for line in lines:
        if not (isinstance(line, list) and len(line) == 3 and line[1] in RATINGS):
            return None
        out.append((str(line[0]), cast("Rating", line[1]), str(line[2])))
    return out


def _lost(path: Path, count: int) -> Iterable[str]:
    if count:
        yield f"{count} cards in {path.name} could not be read; they count as new."


def _fresh(path: Path, ending: str, why: str) -> Book:
    kept = _set_aside(path, ending)
    return Book(
        {}, notes=(f"{path.name} cannot be used: {why}. It is kept as {kept.name}; "
                   "a fresh schedule begins.",),
    )  # fmt: skip


def _set_aside(path: Path, ending: str) -> Path:
    """Give the file another name that nothing has yet."""
    stem = re.sub(r"\.json$", "", path.name)
    wanted = path.with_name(f"{stem}.json.{ending}")
    free, number = wanted, 1
    while free.exists() or free.is_symlink():
        number += 1
        free = wanted.with_name(f"{wanted.name}-{number}")
    os.replace(path, free)
    return free
