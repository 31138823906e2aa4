"""What a round was worth, and what to do next. By the brief's weights; coding stands beside."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from coursekit.behavioral.mock.questions import CRITERIA, DAY, TITLES, WEIGHTS, Question
from coursekit.behavioral.mock.rounds import Round


@dataclass(frozen=True)
class Sheet:
    """Scores of one round, from 0 to 1; only what was played."""

    parts: Mapping[str, float]
    coding: float | None

    @property
    def played(self) -> int:
        """The weights of what was played."""
        return sum(WEIGHTS[part] for part in self.parts)

    @property
    def total(self) -> float | None:
        """From 0 to 100, over what was played."""
        if not self.parts:
            return None
        return 100 * sum(WEIGHTS[p] * s for p, s in self.parts.items()) / self.played


@dataclass(frozen=True)
class Step:
    """One thing to do next: a part, how much it may still bring, and its weakest criterion."""

    part: str
    gap: float
    what: str


def sheet_of(one: Round, questions: Mapping[str, Question]) -> Sheet:
    """The score sheet of a round. Questions that nobody knows any more weigh each mark the same."""
    sums: dict[str, list[float]] = {}
    for asked in one.asked:
        known = questions.get(asked.id)
        for criterion, mark in asked.marks.items():
            weight = float(known.criteria.get(criterion, 1)) if known else 1.0
            cell = sums.setdefault(asked.part, [0.0, 0.0])
            cell[0] += weight * (mark - 1) / 4
            cell[1] += weight
    scores = {part: got / of for part, (got, of) in sums.items()}
    coding = scores.pop("coding", None)
    return Sheet({part: scores[part] for part in WEIGHTS if part in scores}, coding)


def present(sheets: Iterable[Sheet]) -> dict[str, float]:
    """The newest score of each part that was ever played."""
    latest: dict[str, float] = {}
    for sheet in sheets:
        latest.update(sheet.parts)
    return latest


def steps(rounds: Sequence[Round], questions: Mapping[str, Question]) -> list[Step]:
    """The three things to do next: parts by weight times gap, each with its weakest criterion."""
    latest = present(sheet_of(one, questions) for one in rounds)
    gaps = {part: weight * (1 - latest.get(part, 0.0)) for part, weight in WEIGHTS.items()}
    order = sorted((p for p in gaps if gaps[p] > 0), key=lambda p: -gaps[p])[:3]
    return [Step(p, gaps[p], _advice(p, p in latest, rounds)) for p in order]


def _advice(part: str, played: bool, rounds: Sequence[Round]) -> str:
    if not played:
        return f"{TITLES[part]}: not rehearsed yet. Begin with one question against the clock."
    newest = next(
        one for one in reversed(rounds) if any(a.part == part and a.marks for a in one.asked)
    )
    marks = [(mark, key) for a in newest.asked if a.part == part for key, mark in a.marks.items()]
    mark, key = min(marks)
    known = CRITERIA.get(key)
    if known is None:
        return f"{TITLES[part]}: one more question against the clock."
    aim = known.strong[0].lower() + known.strong[1:]
    return f"{TITLES[part]}: {known.title.lower()} got {mark} of 5. Aim for: {aim}"


def draw(
    questions: Sequence[Question],
    parts: Iterable[str],
    past: Sequence[str],
    weak: Mapping[str, float],
    seed: int,
) -> list[Question]:
    """The questions of a round: for each part so many as `DAY` says, the least asked first, then
    the weakest topics, then by chance.
    """
    times, chance, chosen = Counter(past), random.Random(seed), []
    for part in parts:
        pool = [q for q in questions if q.part == part]
        chance.shuffle(pool)
        pool.sort(key=lambda q: (times[q.id], weak.get(q.topic, 0.0)))
        chosen += pool[: DAY[part]]
    return chosen


def topics(rounds: Iterable[Round], questions: Mapping[str, Question]) -> dict[str, float]:
    """The newest score of each topic."""
    scores: dict[str, float] = {}
    for one in rounds:
        for asked in one.asked:
            known = questions.get(asked.id)
            if known and asked.marks:
                scores[known.topic] = sum((m - 1) / 4 for m in asked.marks.values()) / len(
                    asked.marks
                )
    return scores
