"""The question bank: cards by topic, drawn and shuffled by a seed, answers graded with a reason.

Each topic is a YAML file in `cards/`. docs/questions.md specifies cards, kinds and grading.
"""

from __future__ import annotations

import difflib
import functools
import math
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import yaml

Kind = Literal["single", "multiple", "ordering", "numeric", "explain"]
Answer = str | Sequence[str] | float  # a letter, letters, a number
KINDS: tuple[Kind, ...] = ("single", "multiple", "ordering", "numeric", "explain")
LETTERS = "abcdefghijkl"
ROOM = Path(__file__).with_suffix("")  # where the YAML files lie
MAX_BYTES = 300_000  # of a file

COMMON = {"id", "kind", "weight", "seconds", "ask", "sources"}
KEYS: Mapping[str, set[str]] = {  # by kind, beside COMMON
    "single": {"right", "wrong", "because"},
    "multiple": {"right", "wrong", "because"},
    "ordering": {"order", "because"},
    "numeric": {"answer", "within", "unit", "slips", "because"},
    "explain": {"points", "model"},
}
FREE = {"answers", "slips"}  # may be left out
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+$")
SOURCE = re.compile(r"(brief [a-z_]+\.md · \S|lesson \d\d_[a-z_]+/\d\d_[a-z0-9_]+$|https://\S+$)")


class CardError(ValueError):
    """A file of cards that breaks the schema. The message says file, card and what to do."""


@dataclass(frozen=True)
class Option:
    """What can be chosen. `why` says why it is wrong; it is empty when it is right."""

    text: str
    why: str = ""


@dataclass(frozen=True)
class Card:
    """One question. What its kind does not use is empty."""

    id: str
    topic: str
    kind: Kind
    ask: str
    because: str  # why the answer is right; for `explain` an answer in a few sentences
    sources: tuple[str, ...]
    answers: tuple[str, ...] = ()  # questions of the brief, by number
    weight: int = 1  # 1 to 3
    seconds: int = 60
    options: tuple[Option, ...] = ()  # right ones first; for `ordering` in the right order
    number: float = 0.0
    within: float = 0.0
    unit: str = ""
    slips: tuple[tuple[float, str], ...] = ()  # wrong numbers, with why
    points: tuple[str, ...] = ()  # to hit, for `explain`


@dataclass(frozen=True)
class Shown:
    """A card as it is shown: its options under letters, in the order of a seed."""

    card: Card
    options: tuple[Option, ...]

    @property
    def by_letter(self) -> dict[str, Option]:
        """The options by their letters."""
        return dict(zip(LETTERS, self.options, strict=False))

    @property
    def key(self) -> str | list[str] | float | None:
        """The right answer; letters of a multiple choice in alphabetical order. None: `explain`."""
        letters = {option: letter for letter, option in self.by_letter.items()}
        right = [letters[option] for option in self.card.options if not option.why]
        if self.card.kind == "numeric":
            return self.card.number
        if self.card.kind == "explain":
            return None
        if self.card.kind == "single":
            return right[0]
        return right if self.card.kind == "ordering" else sorted(right)


@dataclass(frozen=True)
class Grade:
    """Whether an answer is right, and why, in words."""

    right: bool
    words: str


# ------------------------------------------------------------------------------------------ reading


def topics() -> list[str]:
    """The names of the topics there are."""
    return sorted(file.stem for file in ROOM.glob("*.yaml"))


@functools.cache
def load(topic: str | None = None) -> tuple[Card, ...]:
    """The cards of a topic, or of all topics by name, in the order of their files.

    Raises:
        CardError: there is no such topic, or a file breaks the schema.
    """
    if topic is None:
        return tuple(card for name in topics() for card in load(name))
    if topic not in topics():
        raise CardError(f"There is no topic {topic!r}.{_nearest(topic, topics())}")
    file = ROOM / f"{topic}.yaml"
    return tuple(read(file.read_text("utf-8"), file.name))


@functools.cache
def find(card_id: str) -> Card:
    """One card, without reading all the others of its file.

    Raises:
        CardError: there is no such card.
    """
    for topic in topics():
        if card_id.startswith(f"{topic}-"):
            text = (ROOM / f"{topic}.yaml").read_text("utf-8")
            start = text.find(f"\n- id: {card_id}\n")
            if start >= 0:
                end = text.find("\n- id: ", start + 1)
                head = f"topic: {topic}\ntitle: {topic}\ncards:"
                return read(head + text[start : end if end > 0 else None], f"{topic}.yaml")[0]
    names = [card.id for card in load()]
    raise CardError(f"There is no card {card_id!r}.{_nearest(card_id, names)}")


def read(text: str, file: str) -> list[Card]:
    """The cards in a file's text.

    Args:
        file: its name, `TOPIC.yaml`; ids begin with the topic.

    Raises:
        CardError: everything that breaks the schema, a line each.
    """
    if len(text.encode()) > MAX_BYTES:
        raise CardError(f"{file}: more than {MAX_BYTES:,} bytes. Split the topic in two.")
    try:
        data = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise CardError(f"{file}: {where}{problem}. Put texts with ':' or '#' in quotes.") from None
    topic = file.removesuffix(".yaml")
    if not isinstance(data, dict) or set(data) != {"topic", "title", "cards"}:
        raise CardError(f"{file}: the file holds exactly 'topic', 'title' and 'cards'.")
    if data["topic"] != topic:
        raise CardError(f"{file}: 'topic' is {data['topic']!r}; write {topic!r}, the file's name.")
    if not isinstance(data["cards"], list) or not data["cards"]:
        raise CardError(f"{file}: 'cards' is a list with at least one card.")
    wrong: list[str] = []
    seen: set[str] = set()
    for number, raw in enumerate(data["cards"], 1):
        name = raw.get("id") if isinstance(raw, dict) else None
        where = f"{file}, card {name if isinstance(name, str) else number}"
        wrong += [f"{where}: {problem}" for problem in _problems(raw, topic)]
        if isinstance(name, str) and name in seen:
            wrong.append(f"{where}: two cards have this id. Give the newer one another.")
        seen.add(str(name))
    if wrong:
        raise CardError("\n".join(wrong))
    return [_card(raw, topic) for raw in data["cards"]]


def _problems(raw: Any, topic: str) -> list[str]:
    """What breaks the schema in one card, each a sentence with the next step."""
    if not isinstance(raw, dict):
        return ["a card is a mapping that begins with 'id'."]
    kind = raw.get("kind")
    if kind not in KINDS:
        return [f"kind {kind!r} is none of {', '.join(KINDS)}.{_nearest(str(kind), KINDS)}"]
    allowed = COMMON | KEYS[kind] | {"answers"}
    out = [
        f"{str(key)!r} is not a key of a {kind} card.{_nearest(str(key), allowed)}"
        for key in raw
        if key not in allowed
    ]
    out += [f"{key!r} is missing. Write it." for key in sorted(allowed - FREE - set(raw))]
    if out:
        return out
    if not (isinstance(raw["id"], str) and ID.match(raw["id"])):
        out.append("the id is not in kebab-case. Write lower-case words joined by dashes.")
    elif not raw["id"].startswith(f"{topic}-"):
        out.append(f"the id must begin with {topic + '-'!r}, so that it can be found.")
    for key in ("ask", "because", "unit", "model"):
        if key in raw and not _is_text(raw[key]):
            out.append(f"{key!r} must be text. Put it in quotes.")
    for key, low, high in (("weight", 1, 3), ("seconds", 10, 600)):
        if type(raw[key]) is not int or not low <= raw[key] <= high:
            out.append(f"{key!r} is {raw[key]!r}; write a whole number from {low} to {high}.")
    if not _are_texts(raw["sources"], 1):
        out.append("'sources' is a list of at least one text.")
    else:
        out += [
            f"source {source!r} is not known. Write 'brief FILE · PLACE', 'lesson KEY' or https://…"
            for source in raw["sources"]
            if not SOURCE.match(source)
        ]
    if not _are_texts(raw.get("answers", []), 0):
        out.append("'answers' is a list of numbers of questions, as text.")
    return out + _problems_of_kind(raw, kind)


def _problems_of_kind(raw: dict[str, Any], kind: Kind) -> list[str]:
    out = []
    if kind in ("single", "multiple"):
        if kind == "single" and not _is_text(raw["right"]):
            out.append("'right' of a single choice is one text. Several: write kind multiple.")
        if kind == "multiple" and not _are_texts(raw["right"], 2):
            out.append("'right' of a multiple choice is a list of at least two texts.")
        least = 2 if kind == "single" else 1
        wrong = raw["wrong"]
        if not (isinstance(wrong, list) and len(wrong) >= least):
            out.append(f"'wrong' is a list of at least {least} options.")
        elif not all(_is_option(one) for one in wrong):
            out.append("each wrong option has a 'text' and a 'why', which says why it is wrong.")
        if not out:
            right = [raw["right"]] if kind == "single" else raw["right"]
            texts = [*right, *(one["text"] for one in wrong)]
            if len(set(texts)) < len(texts):
                out.append("two options have the same text. Change one.")
            if len(texts) > len(LETTERS):
                out.append(f"more than {len(LETTERS)} options. Leave some out.")
    elif kind == "ordering":
        if not _are_texts(raw["order"], 3) or len(set(raw["order"])) < len(raw["order"]):
            out.append("'order' is a list of at least three different texts, first to last.")
    elif kind == "numeric":
        if not (_is_number(raw["answer"]) and _is_number(raw["within"]) and raw["within"] >= 0):
            out.append("'answer' and 'within' are numbers, and 'within' is not below 0.")
        elif not all(
            isinstance(one, dict)
            and set(one) == {"number", "why"}
            and _is_number(one["number"])
            and _is_text(one["why"])
            for one in raw.get("slips", [])
        ):
            out.append("each of 'slips' has a 'number' and a 'why'.")
        elif any(abs(one["number"] - raw["answer"]) <= raw["within"] for one in raw["slips"]):
            out.append("a slip lies within the tolerance. Make 'within' smaller.")
    elif not _are_texts(raw["points"], 2):
        out.append("'points' is a list of at least two texts.")
    return out


def _card(raw: dict[str, Any], topic: str) -> Card:
    kind: Kind = raw["kind"]
    options: list[Option] = []
    if kind in ("single", "multiple"):
        right = [raw["right"]] if kind == "single" else raw["right"]
        options = [Option(text) for text in right]
        options += [Option(one["text"], one["why"]) for one in raw["wrong"]]
    elif kind == "ordering":
        options = [Option(text) for text in raw["order"]]
    return Card(
        id=raw["id"],
        topic=topic,
        kind=kind,
        ask=raw["ask"],
        because=raw["model"] if kind == "explain" else raw["because"],
        sources=tuple(raw["sources"]),
        answers=tuple(raw.get("answers", ())),
        weight=raw["weight"],
        seconds=raw["seconds"],
        options=tuple(options),
        number=float(raw.get("answer", 0.0)),
        within=float(raw.get("within", 0.0)),
        unit=raw.get("unit", ""),
        slips=tuple((float(one["number"]), one["why"]) for one in raw.get("slips", ())),
        points=tuple(raw.get("points", ())),
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: Any, least: int) -> bool:
    return isinstance(value, list) and len(value) >= least and all(map(_is_text, value))


def _is_option(value: Any) -> bool:
    named = isinstance(value, dict) and set(value) == {"text", "why"}
    return named and _is_text(value["text"]) and _is_text(value["why"])


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f" Did you mean {close[0]!r}?" if close else ""


# ------------------------------------------------------------------------------ drawing and showing


def draw(
    cards: Sequence[Card], count: int, seed: object, kinds: Sequence[Kind] = KINDS
) -> list[Card]:
    """`count` cards of these kinds, or all there are, without repetition; the same for a seed.

    Raises:
        ValueError: `count` is below 0.
    """
    if count < 0:
        raise ValueError(f"cannot draw {count} cards; ask for 0 or more")
    fitting = sorted((card for card in cards if card.kind in kinds), key=lambda card: card.id)
    random.Random(f"{seed}").shuffle(fitting)
    return fitting[:count]


def show(card: Card, seed: object) -> Shown:
    """The card with its options in the order of the seed."""
    options = list(card.options)
    random.Random(f"{seed} {card.id}").shuffle(options)
    return Shown(card, tuple(options))


HOW: Mapping[Kind, str] = {
    "single": "one letter",
    "multiple": "all letters that are right",
    "ordering": "the letters, first to last",
    "numeric": "a number",
    "explain": "three sentences",
}


def as_text(shown: Shown) -> str:
    """The card as plain text, without its answer."""
    card = shown.card
    how = f"a number, in {card.unit}" if card.kind == "numeric" else HOW[card.kind]
    if card.kind == "numeric":
        how += f", at most {card.within:g} off"
    lines = [f"{card.id}  ({how})", card.ask]
    lines += [f"  {letter}) {option.text}" for letter, option in shown.by_letter.items()]
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------ grading


def grade(shown: Shown, answer: object) -> Grade:
    """Whether the answer is right, and why. Total: a malformed answer is wrong, with a sentence.

    An `explain` card is graded by the learner: any text is "right" here, and the words are the
    model answer with the points to hit.
    """
    card = shown.card
    if card.kind == "explain":
        points = "\n".join(f"- {point}" for point in card.points)
        return Grade(
            isinstance(answer, str) and bool(answer.strip()),
            f"One answer: {card.because}\nPoints to hit:\n{points}",
        )
    if card.kind == "numeric":
        return _grade_number(card, answer)
    letters, problem = _letters(shown, answer)
    if problem:
        return Grade(False, problem)
    if card.kind == "ordering":
        return _grade_order(shown, letters)
    chosen = [shown.by_letter[letter] for letter in letters]
    wrong = [f"{one.text}: {one.why}" for one in chosen if one.why]
    missed = [one.text for one in card.options if not one.why and one not in chosen]
    if not wrong and not missed:
        return Grade(True, f"Right. {card.because}")
    parts = [f"Not this: {one}" for one in wrong]
    if card.kind == "multiple" and missed:
        parts.append(f"Missing: {'; '.join(missed)}")
    return Grade(False, "\n".join(["Wrong.", *parts, card.because]))


def _letters(shown: Shown, answer: object) -> tuple[list[str], str]:
    """The letters of an answer, or a sentence that says why there are none."""
    known = list(shown.by_letter)
    if isinstance(answer, str) and shown.card.kind == "single":
        answer = [answer]
    if not isinstance(answer, list | tuple | set | frozenset):
        return [], f"Wrong. Answer with {HOW[shown.card.kind]}."
    letters = list(cast("Iterable[object]", answer))
    if not all(isinstance(one, str) and one in known for one in letters):
        return [], f"Wrong. The letters are {', '.join(known)}."
    if len(set(letters)) < len(letters):
        return [], "Wrong. A letter stands there twice."
    if shown.card.kind == "single" and len(letters) != 1:
        return [], "Wrong. Answer with one letter."
    return cast("list[str]", letters), ""


def _grade_order(shown: Shown, letters: list[str]) -> Grade:
    chosen = [shown.by_letter[letter] for letter in letters]
    if chosen == list(shown.card.options):
        return Grade(True, f"Right. {shown.card.because}")
    order = " → ".join(option.text for option in shown.card.options)
    return Grade(False, f"Wrong. The order: {order}.\n{shown.card.because}")


def _grade_number(card: Card, answer: object) -> Grade:
    if not _is_number(answer):
        return Grade(False, f"Wrong. Answer with a number, in {card.unit}.")
    number = cast("float", answer)
    # a hair more than `within`: 0.1 + 0.2 shall not decide
    if abs(number - card.number) <= card.within + 1e-9 * abs(card.number):
        return Grade(True, f"Right: {card.number:g} {card.unit}. {card.because}")
    reasons = [
        why for slip, why in card.slips if math.isclose(number, slip, rel_tol=0.01, abs_tol=1e-9)
    ]
    return Grade(
        False,
        "\n".join([f"Wrong. It is {card.number:g} {card.unit}.", *reasons, card.because]),
    )


def is_right(card_id: str, answer: object, seed: object) -> bool:
    """Whether an answer to a card, shown with this seed, is right. Unknown cards are not."""
    try:
        return grade(show(find(card_id), seed), answer).right
    except CardError:
        return False
