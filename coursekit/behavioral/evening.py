"""One evening before an interview: cards that were seen or not, how they fade, and the picture.

Days are whole numbers, today is 0. `recall` is the forgetting curve of FSRS 6 with its default
decay (github.com/open-spaced-repetition/py-fsrs); what a review adds to a memory is simplified
(`after_review`), and only the picture uses it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit.plots import bars, label_axes, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Topic = str
Days = float

DECAY = 0.1542
FACTOR = 0.9 ** (-1 / DECAY) - 1  # so that recall is 0.9 after `stability` days
FIRST_STABILITY: Days = 2.3  # after a new card was answered rightly, as FSRS 6 begins
GROWTH = 2.0  # of the stability at each review; our own round number


@dataclass(frozen=True)
class Item:
    """A card to choose from."""

    id: str
    topic: Topic
    weight: int  # how often it decides an answer, 1 or more
    seconds: int  # to read and answer it


@dataclass(frozen=True)
class Memory:
    """What is left of a card that was seen."""

    last: int  # the day of its last review, 0 or below
    due: int  # the day on which it is to come back
    stability: Days  # after so many days nine of ten such cards are still known


def recall(memory: Memory, day: int) -> float:
    """The probability that the answer is remembered on that day, if nothing is reviewed before."""
    return float((1 + FACTOR * max(0, day - memory.last) / memory.stability) ** -DECAY)


def after_review(memory: Memory | None) -> Memory:
    """The memory of a card that was answered rightly today."""
    stability = FIRST_STABILITY if memory is None else GROWTH * memory.stability
    return Memory(0, max(1, round(stability)), stability)


def some_items(
    rng: random.Random, topics: Sequence[Topic], each: int, weights: Sequence[int] = (1, 2, 3)
) -> list[Item]:
    """`each` cards of every topic in mixed order.

    Args:
        weights: dealt out in turn, the same to every topic.
    """
    numbers = rng.sample(range(2, 400), each * len(topics))
    made = [
        Item(f"{topic}-{numbers.pop()}", topic, weights[n % len(weights)], rng.choice((30, 45, 90)))
        for topic in topics
        for n in range(each)
    ]
    return rng.sample(made, len(made))


# what the picture begins with: topic, cards, share seen, days since, stability
SHELF: tuple[tuple[Topic, int, float, int, Days], ...] = (
    ("kubernetes", 23, 0.9, 2, 9.0),
    ("serving", 19, 0.7, 4, 5.0),
    ("observability", 14, 0.8, 9, 2.0),
    ("incidents", 16, 0.5, 6, 3.0),
    ("cost", 15, 0.4, 3, 4.0),
    ("security", 12, 0.0, 0, 1.0),
)


def shelf(seed: int = 1) -> tuple[list[Item], dict[str, Memory]]:
    """A learner some days before the interview: six topics, some known well, one never opened."""
    rng, items, memories = random.Random(seed), [], {}
    for topic, count, seen, ago, stability in SHELF:
        for n in range(count):
            item = Item(
                f"{topic}-{n:02}", topic, rng.choice((1, 2, 2, 3)), rng.choice((45, 60, 90))
            )
            items.append(item)
            if rng.random() < seen:
                last, held = -rng.randint(ago, ago + 4), stability * rng.uniform(0.6, 1.6)
                memories[item.id] = Memory(last, last + max(1, round(held)), held)
    return items, memories


def look(
    items: Sequence[Item],
    memories: Mapping[str, Memory],
    taken: Sequence[str],
    before: Mapping[Topic, float],
    after: Mapping[Topic, float],
    days_left: int,
) -> dict[str, Any]:
    """What `draw_evening` draws, as plain data.

    Args:
        taken: ids of the cards of this evening.
        before, after: strengths on the day of the interview, without and with this evening.
    """
    known = {item.id: item for item in items}
    cards = [known[one] for one in taken if one in known]
    return {
        "topics": [[topic, before[topic], after.get(topic, 0.0)] for topic in sorted(before)],
        "taken": {topic: sum(card.topic == topic for card in cards) for topic in before},
        "minutes": sum(card.seconds for card in cards) / 60,
        "without": _fading(items, memories, days_left),
        "with": _fading(items, reviewed(memories, taken), days_left),
    }


def reviewed(memories: Mapping[str, Memory], taken: Sequence[str]) -> dict[str, Memory]:
    """The memories after these cards were answered rightly."""
    return {**memories, **{one: after_review(memories.get(one)) for one in taken}}


def _fading(items: Sequence[Item], memories: Mapping[str, Memory], days_left: int) -> list[float]:
    """The weighted share of all cards that is known, day by day until the interview."""
    total = sum(item.weight for item in items) or 1
    return [
        sum(item.weight * recall(memories[item.id], day) for item in items if item.id in memories)
        / total
        for day in range(days_left + 1)
    ]


BEFORE, AFTER = "#9a9a9a", "#1f4e79"


def draw_evening(figure: Figure, seen: Mapping[str, Any], **_: float) -> None:
    """Draw what `look` returned: strengths by topic, and all cards day by day."""
    left, right = figure.subplots(
        1, 2, width_ratios=(3, 2),
        gridspec_kw={"left": 0.135, "right": 0.975, "bottom": 0.13, "top": 0.83, "wspace": 0.24},
    )  # fmt: skip
    rows = seen["topics"]
    count = len(rows)
    names, boxes_before, boxes_after = {}, [], []
    for number, (topic, before, after) in enumerate(rows):
        y = count - 1 - number
        names[float(y)] = topic
        boxes_before.append((0.0, y + 0.04, before, 0.34))
        boxes_after.append((0.0, y - 0.38, after, 0.34))
        taken = seen["taken"].get(topic, 0)
        left.text(
            max(before, after) + 0.015, y, f"{taken or 'none'} tonight",
            va="center_baseline", fontsize=9,
        )  # fmt: skip
    bars(left, boxes_before, facecolors=BEFORE, edgecolors="black", linewidths=0.6, hatch="///")
    bars(left, boxes_after, facecolors=AFTER)
    left.set(xlim=(0, 1.3), ylim=(-0.6, count - 0.4))
    label_axes(
        left,
        {0: "0", 0.5: "50 %", 1: "100 %"},
        names,
        "known on the day of the interview",
        grid=False,
    )
    days = list(range(len(seen["with"])))
    right.plot(days, seen["without"], linestyle="--", color="#555555", linewidth=1.6)
    right.plot(days, seen["with"], color=AFTER, linewidth=2.0)
    right.set(xlim=(0, max(days) or 1), ylim=(0, 1))
    step = max(1, len(days) // 4)
    ticks = {float(day): "today" if day == 0 else f"{day} d" for day in days[::step]}
    label_axes(right, ticks, {0: "0", 0.5: "50 %", 1: "100 %"}, "days from today")
    legend(
        right,
        {
            "without tonight": {"color": "#555555", "linestyle": "--"},
            "with tonight": {"color": AFTER},
        },
        0.0,
        0.5,
    )
    now, then = seen["without"][-1], seen["with"][-1]
    figure.text(
        0.5, 0.94, ha="center", va="center_baseline", fontsize=10,
        s=f"{seen['minutes']:.0f} minutes tonight: {now:.0%} of all cards known on the day become "
        f"{then:.0%}. Hatched: without tonight",
    )  # fmt: skip
