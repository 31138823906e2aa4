"""Cards in a notebook: a question, buttons, what is right and why, and when the card comes back.

Everything works with the keyboard (Tab, arrows, Space, Enter). Right and wrong are said in words,
and screen readers announce the verdict. Without widgets a few cards stand there as text.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from coursekit.behavioral import review
from coursekit.behavioral.cards import (
    HOW,
    Card,
    Kind,
    Shown,
    as_text,
    draw,
    find,
    grade,
    load,
    show,
)
from coursekit.checks import collecting
from coursekit.where import in_kernel

Clock = Callable[[], datetime]
AS_TEXT = 3  # so many cards where there are no widgets


def now() -> datetime:
    """The time on this machine, with its offset."""
    return datetime.now().astimezone()


def deck(
    *,
    topic: str | None = None,
    ids: Sequence[str] | None = None,
    kinds: Sequence[Kind] | None = None,
    count: int = 12,
    seed: object = 0,
    interview: str | None = None,
    keep: bool = True,
    clock: Clock = now,
) -> None:
    """Show cards of the bank, one at a time: those that are due first, then others by seed.

    Without a topic, checks of lessons that failed come back here as well.

    Args:
        topic: only of this one.
        ids: exactly these, in this order.
        kinds: only of these kinds.
        count: at most so many.
        seed: decides which cards are drawn and under which letters options stand.
        interview: its day, "2026-12-06": no card is put off beyond it. It is kept.
        keep: whether answers enter the schedule in `.course/reviews.json`.
    """
    if collecting():
        return
    if not in_kernel():
        cards = choose(topic, ids, kinds, min(count, AS_TEXT), seed, review.Book({}), clock())
        print(*(as_text(show(card, seed)) for card in cards), sep="\n\n")
        return
    path = review.place(Path.cwd()) if keep else None
    book = review.Book({}) if path is None else review.read(path)
    if interview is not None:
        try:
            book = replace(book, interview=date.fromisoformat(interview))
        except (TypeError, ValueError):
            print(f'{interview!r} is no day. Write it as "2026-12-06": year, month, day.')
            return
        if path is not None:
            day = book.interview
            book = review.change(path, lambda kept: replace(kept, interview=day))
    cards = choose(topic, ids, kinds, count, seed, book, clock())
    try:
        import ipywidgets as widgets
    except ImportError:
        print(*(as_text(show(card, seed)) for card in cards[:AS_TEXT]), sep="\n\n")
        print("\n(Install ipywidgets to answer here.)")
        return
    from IPython.display import display

    display(Table(widgets, Round(cards, seed, path, book, clock)).box)


def choose(
    topic: str | None,
    ids: Sequence[str] | None,
    kinds: Sequence[Kind] | None,
    count: int,
    seed: object,
    book: review.Book,
    at: datetime,
) -> list[Card]:
    """The cards of a round: named ones, or due ones first and then others that are not waiting."""
    if ids is not None:
        return [find(one) for one in ids]
    fitting = [card for card in load(topic) if kinds is None or card.kind in kinds]
    due = set(book.due(at))
    coming = [card for card in fitting if card.id in due]
    if topic is None and kinds is None:
        coming += [check_card(one) for one in sorted(due) if one.startswith(review.CHECK)]
    first = draw(coming, count, seed)
    new = [card for card in fitting if card.id not in book.cards]
    return [*first, *draw(new, count - len(first), seed)]


def check_card(name: str) -> Card:
    """A failed check of a lesson as a card, under its id in the schedule."""
    lesson, _, title = name.removeprefix(review.CHECK).partition("#")
    return Card(
        id=name,
        topic=lesson,
        kind="explain",
        ask=f"This check of {lesson} failed: {title}. What did your code do, and what is wanted?",
        because="Open the lesson and run its checks again: the hint says what is asked for.",
        sources=(f"lesson {lesson}",),
        points=(
            "what my code did in that case",
            "what the contract asks for",
            "an input that shows the difference",
        ),
    )


@dataclass
class Round:
    """One sitting: which card is on, and how it went. Without a notebook it works as well.

    Attributes:
        path: the state file; None: nothing is kept.
    """

    cards: Sequence[Card]
    seed: object
    path: Path | None
    book: review.Book
    clock: Clock
    at: int = 0
    results: list[bool] = field(default_factory=list)

    @property
    def shown(self) -> Shown | None:
        """The card that is on; None when all are done."""
        return show(self.cards[self.at], self.seed) if self.at < len(self.cards) else None

    def answer(self, given: object, share: float = 1.0) -> str:
        """Grade the answer, schedule the card, and say in words what is right and why.

        Args:
            share: of an explain card's points that the learner says were hit.
        """
        shown = self.shown
        assert shown is not None
        result = grade(shown, given)
        right = result.right and (shown.card.kind != "explain" or share >= 1)
        self.results.append(right)
        rating, now = review.rating_for(result.right, share), self.clock()

        def rated(book: review.Book) -> review.Book:
            return book.rated(shown.card.id, rating, now)

        words = result.words
        if self.path is None:
            self.book = rated(self.book)
        else:
            try:
                self.book = review.change(self.path, rated)
            except OSError as error:
                self.book = rated(self.book)
                words += f"\n(Not kept: {error.strerror}. Make {self.path.parent} writable.)"
        return words

    def on(self) -> None:
        """Go to the next card."""
        self.at += 1

    @property
    def summary(self) -> str:
        """How the sitting went."""
        if not self.cards:
            return "No card is due and none is new here. Choose another topic, or come back later."
        return f"{sum(self.results)} of {len(self.results)} right."


class Table:
    """The widgets of a round."""

    def __init__(self, widgets: Any, sitting: Round) -> None:
        self.widgets, self.round = widgets, sitting
        self.question, self.verdict = widgets.HTML(), widgets.HTML()
        self.check = widgets.Button(description="Check", tooltip="Check this answer")
        self.next = widgets.Button(description="Next card", tooltip="Go to the next card")
        self.check.on_click(self._on_check)
        self.next.on_click(self._on_next)
        self.inputs: list[Any] = []
        self.points: list[Any] = []
        self.box = widgets.VBox([])
        self._show()

    def _show(self) -> None:
        shown = self.round.shown
        self.verdict.value = "".join(map(_paragraph, self.round.book.notes))
        if shown is None:
            self.question.value = _paragraph(self.round.summary)
            self.box.children = [self.question]
            return
        card = shown.card
        where = f"Card {self.round.at + 1} of {len(self.round.cards)} · {card.topic}"
        how = HOW[card.kind] + (f", in {card.unit}" if card.kind == "numeric" else "")
        self.question.value = (
            f"<p>{html.escape(where)}</p><p><strong>{html.escape(card.ask)}</strong></p>"
            f"<p>Answer with {html.escape(how)}.</p>"
        )
        self.points = []
        self.inputs = self._inputs(shown)
        self.check.disabled, self.next.disabled = False, True
        self.box.children = [self.question, *self.inputs, self._buttons(), self.verdict]

    def _buttons(self) -> Any:
        return self.widgets.HBox([self.check, self.next])

    def _inputs(self, shown: Shown) -> list[Any]:
        widgets, wide = self.widgets, {"width": "98%"}
        lines = {f"{letter}) {one.text}": letter for letter, one in shown.by_letter.items()}
        if shown.card.kind == "single":
            radio = widgets.RadioButtons(options=lines, value=None, layout={"width": "max-content"})
            radio.tooltip = "Options; move with the arrow keys"
            return [radio]
        if shown.card.kind == "multiple":
            return [widgets.Checkbox(description=line, indent=False, layout=wide) for line in lines]
        if shown.card.kind == "ordering":
            listed = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
            text = widgets.Text(
                description="Order", placeholder="letters, first to last: cab", tooltip="Order"
            )
            return [widgets.HTML(f"<ul style='list-style:none'>{listed}</ul>"), text]
        if shown.card.kind == "numeric":
            return [
                widgets.Text(
                    description="Number", placeholder=f"in {shown.card.unit}", tooltip="Number"
                )
            ]
        return [
            widgets.Textarea(
                description="Answer", rows=5, layout=wide, tooltip="Your answer in three sentences"
            )
        ]

    def _given(self, card: Card) -> object:
        if card.kind == "single":
            return self.inputs[0].value
        if card.kind == "multiple":
            return [one.description[0] for one in self.inputs if one.value]
        text = str(self.inputs[-1].value).strip()
        if card.kind == "ordering":
            return [letter for letter in text.lower() if letter.isalpha()]
        if card.kind == "numeric":
            try:
                number = float(text.replace(",", "."))
            except ValueError:
                return text
            return number if math.isfinite(number) else text
        return text

    def _on_check(self, _button: object) -> None:
        shown = self.round.shown
        if shown is None:
            return
        given = self._given(shown.card)
        if given in (None, "", []):
            self._say("Nothing is answered yet.")
            return
        if shown.card.kind == "explain" and not self.points:
            self._ask_for_points(shown.card)
            return
        share = sum(one.value for one in self.points) / len(self.points) if self.points else 1.0
        self._say(self.round.answer(given, share))
        self.check.disabled, self.next.disabled = True, False
        self.next.focus()

    def _ask_for_points(self, card: Card) -> None:
        """Show the points to hit; the learner ticks those that the answer has."""
        self.points = [
            self.widgets.Checkbox(description=point, indent=False, layout={"width": "98%"})
            for point in card.points
        ]
        self._say("Tick what your answer says, then press Check again.")
        self.box.children = [
            self.question, *self.inputs, *self.points, self._buttons(), self.verdict,
        ]  # fmt: skip

    def _on_next(self, _button: object) -> None:
        self.round.on()
        self._show()

    def _say(self, words: str) -> None:
        lines = "".join(map(_paragraph, words.split("\n")))
        self.verdict.value = f"<div role='status' aria-live='polite'>{lines}</div>"


def _paragraph(line: str) -> str:
    return f"<p>{html.escape(line)}</p>"
