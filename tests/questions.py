"""The question bank in numbers: cards by topic and kind, and where each question of the brief is
answered.

`python -m tests.questions` writes the last part of docs/questions.md. With `--check` it writes
nothing and exits with 1 if the page is out of date or a question has no answer. The questions
stand in `tests/brief_questions.yaml`, by file and place; cards name them under `answers`, and a
question that a whole lesson answers names the lesson.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from autograder.files import write_atomically
from coursekit.behavioral.cards import KINDS, Card, load

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "questions.md"
MARK = "<!-- statistics: built by `python -m tests.questions` -->\n"
LESSONS = "lessons"  # the file of what lessons ask next


@dataclass(frozen=True)
class Question:
    """A question of the brief, or one that a lesson asks next.

    Attributes:
        file, place: where it stands: a file of the brief and what to look for in it.
        lesson: the lesson that answers it as a whole, or that asks it; empty: cards alone.
    """

    id: str
    file: str
    place: str
    lesson: str = ""

    @property
    def group(self) -> str:
        """Questions that stand together: `deep-3.1` and `deep-7` are of `deep`."""
        return self.id.rpartition("-")[0]

    @property
    def needs_a_card(self) -> bool:
        """Whether no lesson answers it as a whole."""
        return not self.lesson or self.file == LESSONS


def questions() -> list[Question]:
    """All of them, in the order of the brief."""
    text = (ROOT / "tests" / "brief_questions.yaml").read_text("utf-8")
    return [Question(**raw) for raw in yaml.safe_load(text)]


def answered(cards: tuple[Card, ...]) -> dict[str, list[str]]:
    """Ids of cards by the question that they answer."""
    found: dict[str, list[str]] = {}
    for card in cards:
        for question in card.answers:
            found.setdefault(question, []).append(card.id)
    return found


def missing(cards: tuple[Card, ...]) -> list[str]:
    """Questions that neither a card nor a lesson answers."""
    found = answered(cards)
    return [q.id for q in questions() if q.needs_a_card and q.id not in found]


def statistics(cards: tuple[Card, ...]) -> str:
    """The last part of the page."""
    counts = Counter((card.topic, card.kind) for card in cards)
    lines = [
        "## The bank in numbers\n",
        f"{len(cards)} cards in {len({card.topic for card in cards})} topics.\n",
        "| topic | " + " | ".join(KINDS) + " | all |",
        "|---|" + "---|" * (len(KINDS) + 1),
    ]
    for topic in sorted({card.topic for card in cards}):
        numbers = [counts[topic, kind] for kind in KINDS]
        lines.append(
            f"| {topic} | " + " | ".join(f"{n or ''}" for n in numbers) + f" | {sum(numbers)} |"
        )
    sums = [sum(card.kind == kind for card in cards) for kind in KINDS]
    lines.append("| **all** | " + " | ".join(map(str, sums)) + f" | {len(cards)} |\n")
    lines += _map(cards)
    return "\n".join(lines) + "\n"


def _map(cards: tuple[Card, ...]) -> list[str]:
    found, none = answered(cards), missing(cards)
    listed = questions()
    lines = [
        "## Where each question is answered\n",
        f"{len(listed)} questions: {sum(q.file != LESSONS for q in listed)} of the brief, "
        f"{sum(q.file == LESSONS for q in listed)} that the first fifteen lessons ask next. "
        + (f"Without an answer: {', '.join(none)}.\n" if none else "None is without an answer.\n"),
        "| question | stands in | answered by |",
        "|---|---|---|",
    ]
    for q in listed:
        where = q.lesson if q.file == LESSONS else q.file
        by = [f"`{card}`" for card in found.get(q.id, ())]
        if q.lesson and q.file != LESSONS:
            by = [f"lesson `{q.lesson}`", *by]
        lines.append(f"| {q.id} | {where}: {q.place} | {', '.join(by) or '**nothing**'} |")
    return lines


def page(text: str, cards: tuple[Card, ...]) -> str:
    """The page with its last part made anew."""
    return text[: text.index(MARK) + len(MARK)] + "\n" + statistics(cards)


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` say whether it is as it should be."""
    cards = load()
    text = PAGE.read_text("utf-8")
    wanted, none = page(text, cards), missing(cards)
    for question in none:
        print(f"{question}: no card has it under 'answers', and no lesson answers it.")
    if "--check" in arguments:
        if text != wanted:
            print("docs/questions.md is out of date. Run `python -m tests.questions`.")
        return int(text != wanted or bool(none))
    write_atomically(PAGE, wanted.encode())
    print(f"docs/questions.md: {len(cards)} cards, {len(none)} questions without an answer.")
    return int(bool(none))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
