"""Whoever knows nothing earns nothing: strategies that only look at how options are written stay
within five percentage points of chance over the whole bank.

A strategy ranks the options of a card as it is shown. Of a single choice it takes the first in that
order; of a multiple choice so many of the first as it likes best, which is tried for every number;
of an ordering it gives the whole order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import pytest

from coursekit.behavioral.cards import Card, Shown, grade, load, show

Strategy = Callable[[Shown], Sequence[str]]  # letters, the likeliest first
SEEDS = range(8)
MARGIN = 0.05
GUESSED = ("single", "multiple", "ordering")
HEDGES = [
    "unless",
    "usually",
    "often",
    "mostly",
    "may",
    "can",
    "some",
    "when",
    "if",
    "where",
    "perhaps",
    "about",
    "at",
    "least",
    "most",
]
ABSOLUTES = [
    "all",
    "always",
    "any",
    "each",
    "every",
    "everybody",
    "never",
    "nobody",
    "no",
    "none",
    "nothing",
    "only",
]
STOP = {
    "a",
    "an",
    "the",
    "of",
    "in",
    "on",
    "to",
    "is",
    "are",
    "and",
    "or",
    "that",
    "it",
    "for",
    "as",
    "by",
    "with",
    "at",
    "be",
    "what",
    "which",
}
NUMBER = re.compile(r"\d+(?:\.\d+)?")
CATCH_ALL = re.compile(
    r"\b(all|both|none|neither|everything|nothing) (of|that|and)?\b|^nothing\b", re.I
)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def by(score: Callable[[Shown, str, str], float]) -> Strategy:
    """Ranks by a score of (card, letter, text), the highest first; equal ones as they stand."""

    def rank(shown: Shown) -> list[str]:
        texts = {letter: option.text for letter, option in shown.by_letter.items()}
        return sorted(texts, key=lambda letter: (-score(shown, letter, texts[letter]), letter))

    return rank


def overlap(shown: Shown, _: str, text: str) -> float:
    return len((set(words(text)) - STOP) & (set(words(shown.card.ask)) - STOP))


def longest_overlap(shown: Shown, _: str, text: str) -> float:
    """Length of the longest run of words that option and question share."""
    ask, best = words(shown.card.ask), 0
    own = words(text)
    for start in range(len(own)):
        for end in range(start + best + 1, len(own) + 1):
            run = own[start:end]
            if any(ask[k : k + len(run)] == run for k in range(len(ask))):
                best = len(run)
            else:
                break
    return best


def grammar(shown: Shown, _: str, text: str) -> float:
    """Article or plural as the question asks for it."""
    ask, own = words(shown.card.ask), words(text)
    plural = bool({"which", "are", "these"} <= set(ask)) or ask[:2] == ["what", "are"]
    score = 0.0
    if ask and own and ask[-1] in ("a", "an"):
        score += (ask[-1] == "an") == (own[0][0] in "aeiou")
    head = next((word for word in own if word not in STOP), "")
    return score + (head.endswith("s") == plural)


def middle_number(shown: Shown, _: str, text: str) -> float:
    numbers = {
        option.text: float(found[0])
        for option in shown.options
        if (found := NUMBER.findall(option.text))
    }
    if text not in numbers:
        return -math.inf
    middle = sorted(numbers.values())[len(numbers) // 2]
    return -abs(numbers[text] - middle)


def count(listed: Sequence[str]) -> Callable[[Shown, str, str], float]:
    return lambda _shown, _letter, text: sum(word in listed for word in words(text))


def alike(shown: Shown, letter: str, text: str) -> float:
    """How much it shares with the other options: a right one is often the pattern of the wrong."""
    others = [option.text for key, option in shown.by_letter.items() if key != letter]
    return sum(len(set(words(text)) & set(words(other))) for other in others)


STRATEGIES: dict[str, Strategy] = {
    "always the longest": by(lambda s, k, text: len(text)),
    "always the shortest": by(lambda s, k, text: -len(text)),
    "neither longest nor shortest": by(
        lambda s, k, text: (
            -abs(sorted(len(o.text) for o in s.options)[len(s.options) // 2] - len(text))
        )
    ),
    "always the first": by(lambda s, k, text: -ord(k)),
    "always the last": by(lambda s, k, text: ord(k)),
    "the most qualified wording": by(count(HEDGES)),
    "no absolute words": by(lambda s, k, text: -count(ABSOLUTES)(s, k, text)),
    "the most absolute words": by(count(ABSOLUTES)),
    "gives a reason": by(count(["because", "since", "as", "so"])),
    "gives no reason": by(
        lambda s, k, text: -count(["because", "since", "as", "so", "which"])(s, k, text)
    ),
    "most commas": by(lambda s, k, text: text.count(",")),
    "fewest commas": by(lambda s, k, text: -text.count(",")),
    "grammar that matches": by(grammar),
    "most words of the question": by(overlap),
    "fewest words of the question": by(lambda s, k, text: -overlap(s, k, text)),
    "longest run of the question": by(longest_overlap),
    "all or none of the above": by(lambda s, k, text: bool(CATCH_ALL.search(text))),
    "the middle number": by(middle_number),
    "most like the others": by(alike),
    "least like the others": by(lambda s, k, text: -alike(s, k, text)),
}


def guesses() -> list[Card]:
    return [card for card in load() if card.kind in GUESSED]


def chance(card: Card) -> float:
    """What a blind guess earns: any option, any set of options, any order."""
    n = len(card.options)
    return {"single": 1 / n, "multiple": 1 / (2**n - 1), "ordering": 1 / math.factorial(n)}[
        card.kind
    ]


def right(strategy: Strategy, card: Card, seed: int, take: int) -> bool:
    shown = show(card, f"guess {seed}")
    letters = list(strategy(shown))
    answer: object = letters
    if card.kind == "single":
        answer = letters[0]
    elif card.kind == "multiple":
        answer = letters[: min(take, len(letters))]
    return grade(shown, answer).right


def earned(strategy: Strategy, cards: Sequence[Card], take: int) -> float:
    """The share of cards that the strategy gets right, over all seeds."""
    return sum(right(strategy, card, seed, take) for card in cards for seed in SEEDS) / (
        len(cards) * len(SEEDS)
    )


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_that_knows_nothing_stays_near_chance(name: str) -> None:
    cards = guesses()
    blind = sum(map(chance, cards)) / len(cards)
    best = max(earned(STRATEGIES[name], cards, take) for take in (1, 2, 3))
    assert best <= blind + MARGIN, f"{name} earns {best:.1%}, chance is {blind:.1%}"


@pytest.mark.parametrize("name", STRATEGIES)
def test_it_stays_near_chance_on_single_choices_alone(name: str) -> None:
    cards = [card for card in guesses() if card.kind == "single"]
    blind = sum(map(chance, cards)) / len(cards)
    share = earned(STRATEGIES[name], cards, 1)
    assert share <= blind + MARGIN, f"{name} earns {share:.1%}, chance is {blind:.1%}"
