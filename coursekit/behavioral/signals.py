"""Interview answers to read: what a strong one shows, what a weak one gives away, and how far two
readers agree.

The answers lie in `data/transcripts.yaml`. Twenty are for practice, with signals, scores and
reasons; six are an exam, whose key is not here.
"""

from __future__ import annotations

import difflib
import functools
import random
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.played import AnswerError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Mark = tuple[str, str]  # ("t07.3", "limits"): a sentence and the signal in it
Scores = Mapping[str, Mapping[str, int]]  # {"t07": {"kinds": 3, "detection": 3}}

SCALE = (1, 3, 5)
GREEN: Mapping[str, str] = {
    "asks-first": "asks before it designs",
    "trade-offs": "weighs one thing against another, unasked",
    "failure-modes": "says what breaks and what happens then",
    "numbers": "puts a number on what changed or must hold",
    "limits": "says where its own answer does not hold",
    "business": "says why it matters to customers or to the company",
    "ownership": "saw something and acted, or answers for it",
    "monitoring": "watches without being told to",
    "experience": "holds an opinion that was paid for in practice",
}
RED: Mapping[str, str] = {
    "no-questions": "solves before it knows what is wanted",
    "happy-path": "knows only how it goes well",
    "name-drops": "lists products without a task for them",
    "no-why": "cannot say why",
    "blames": "gives others the fault",
    "never-in-production": "has trained or read, and run nothing",
    "ignores-cost": "treats money as somebody else's matter",
    "cannot-simplify": "hides behind words",
    "defensive": "closes when it is pushed",
}
SIGNALS: Mapping[str, str] = {**GREEN, **RED}
MISTAKES: Mapping[str, tuple[str, ...]] = {  # by question
    "multi-tenant": ("jumps-in", "no-isolation", "one-model", "no-cost", "no-rollback"),
    "drift": ("data-drift-only", "by-hand", "retrain-only", "no-business", "no-thresholds"),
    "delivery": ("like-any-software", "no-gates", "big-bang", "manual-rollback", "model-untested"),
    "cost": ("vague", "one-lever", "no-trade-offs", "unmeasured", "no-reliability"),
    "features": ("one-store", "skew", "point-in-time", "unversioned", "operations"),
}
MAX_MARKS = 200
WIDTH = 88


@functools.cache
def _data() -> dict[str, Any]:
    import yaml

    text = (Path(__file__).parent / "data" / "transcripts.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


PRACTICE = tuple(f"t{number:02}" for number in range(1, 21))
EXAM = tuple(f"t{number:02}" for number in range(21, 27))


def transcript(name: str) -> dict[str, Any]:
    """One answer: `question`, `sentences`, and in practice `scores`.

    Raises:
        ValueError: there is none of this name.
    """
    found = _data()["transcripts"].get(name)
    if found is None:
        raise ValueError(f"there is no transcript {name!r}: they are t01 to t26")
    return dict(found)


def spans(name: str) -> dict[str, str]:
    """The sentences of a transcript by their ids: "t07.1", "t07.2", …"""
    rows = transcript(name)["sentences"]
    return {f"{name}.{number}": str(row["say"]) for number, row in enumerate(rows, 1)}


def weights(question: str) -> dict[str, float]:
    """The weights of a question's scales; they add up to 100."""
    scales = _data()["questions"][question]["scales"]
    return {name: float(scale["weight"]) for name, scale in scales.items()}


def scales_of(name: str) -> tuple[str, ...]:
    """What a transcript is scored on."""
    return tuple(weights(transcript(name)["question"]))


def show(name: str) -> None:
    """Print a transcript with the ids of its sentences, and what it is scored on."""
    one = transcript(name)
    question = _data()["questions"][one["question"]]
    print(f"{name} · {question['asks']}\n")
    for span, text in spans(name).items():
        print(textwrap.fill(text, WIDTH, initial_indent=f"{span:<7}", subsequent_indent=" " * 7))
    whose = "the brief's weights" if question["weights"] == "brief" else "weights of our own"
    print(f"\nscored on ({whose}):")
    for scale, of in question["scales"].items():
        print(f"  {scale} ({of['weight']} %)")
        for score in SCALE:
            print(f"      {score}  {of[score]}")


def reasons(name: str) -> None:
    """Print the key of a practice transcript, sentence by sentence.

    Raises:
        ValueError: it is one of the exam, whose key is not here.
    """
    one = transcript(name)
    if "scores" not in one:
        raise ValueError(f"{name} is of the exam; its reasons come with the solution")
    for number, row in enumerate(one["sentences"], 1):
        told = [("+ " if m in GREEN else "- ") + m for m in row.get("marks", ())]
        if "mistake" in row:
            told.append(f"mistake: {row['mistake']}")
        head = f"{name}.{number}  {', '.join(told) or 'no signal'}: {row['why']}"
        print(textwrap.fill(head, WIDTH, subsequent_indent=" " * 7))
    print("scores:", ", ".join(f"{scale} {score}" for scale, score in one["scores"].items()))


def key_marks(names: Iterable[str]) -> set[Mark]:
    """The key's marks of practice transcripts."""
    return {
        (f"{name}.{number}", mark)
        for name in names
        for number, row in enumerate(transcript(name)["sentences"], 1)
        for mark in row.get("marks", ())
    }


def key_scores(names: Iterable[str]) -> dict[str, dict[str, int]]:
    """The key's scores of practice transcripts, by name and scale."""
    return {name: dict(transcript(name)["scores"]) for name in names}


def flat(scores: Scores) -> dict[str, int]:
    """Scores by one name for each: {"t07 kinds": 3}."""
    return {
        f"{name} {scale}": score for name, own in scores.items() for scale, score in own.items()
    }


# ------------------------------------------------------------------------------------------ claims


@dataclass(frozen=True)
class Sheet:
    """Marks and scores as they came, and the sentences that there are."""

    answer: Any
    known: frozenset[str]


def read(answer: Any, seed: str = "0") -> Sheet:
    """What claims look at. Nothing is drawn, whatever the seed.

    Raises:
        AnswerError: more marks than there are sentences to mark.
    """
    if isinstance(answer, list | set | tuple) and len(answer) > MAX_MARKS:
        raise AnswerError(f"{len(answer)} marks; at most {MAX_MARKS} are read")
    return Sheet(answer, frozenset(span for name in (*PRACTICE, *EXAM) for span in spans(name)))


def _nearest(word: object, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(word), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def every_mark_is_a_sentence_and_a_signal(sheet: Sheet) -> tuple[bool, str]:
    """pairs of a sentence's id and one of the 18 signals, at least one"""
    marks = sheet.answer
    if not isinstance(marks, list | set | tuple) or not marks:
        return False, f"{marks!r:.60} is no list of pairs"
    for mark in marks:
        if not (isinstance(mark, list | tuple) and len(mark) == 2):
            return False, f"{mark!r:.60} is no pair of a sentence and a signal"
        span, signal = mark
        if span not in sheet.known:
            return False, f"there is no sentence {span!r:.30}.{_nearest(span, sheet.known)}"
        if signal not in SIGNALS:
            return False, f"there is no signal {signal!r:.30}.{_nearest(signal, SIGNALS)}"
    return True, f"{len(marks)} marks"


def every_scale_of_the_exam_has_a_score(sheet: Sheet) -> tuple[bool, str]:
    """1, 3 or 5 on every scale of t21 to t26"""
    scores = sheet.answer
    if not isinstance(scores, Mapping):
        return False, f"{scores!r:.60} is no dict of transcripts"
    for name in EXAM:
        own = scores.get(name)
        if not isinstance(own, Mapping):
            return False, f"{name} has no scores"
        for scale in scales_of(name):
            if scale not in own:
                return False, f"{name} has no score for {scale}"
            if type(own[scale]) is not int or own[scale] not in SCALE:
                return False, f"{name}, {scale}: {own[scale]!r:.20} is not 1, 3 or 5"
        for scale in own:
            if scale not in scales_of(name):
                return False, f"{name} is not scored on {scale!r:.30}." + _nearest(
                    scale, scales_of(name)
                )
    return True, "every scale has one"


# ----------------------------------------------------------------------------- readers and pictures


def reader(strictness: float, care: float, seed: int = 7) -> dict[str, int]:
    """What somebody gives the practice transcripts.

    Args:
        strictness: above 0 they give less than the key, in steps of the scale.
        care: from 0 (guesses) to 1 (reads as the key does).
    """
    rng = random.Random(seed)
    given = {}
    for name, score in flat(key_scores(PRACTICE)).items():
        place = SCALE.index(score) - strictness + rng.gauss(0.0, 1.6) * (1.0 - care)
        given[name] = SCALE[min(max(round(place), 0), len(SCALE) - 1)]
    return given


def counts(mine: Mapping[str, int], key: Mapping[str, int]) -> list[list[int]]:
    """How often each pair of scores occurs: rows are mine, columns the key's."""
    both = [(mine[name], key[name]) for name in mine if name in key]
    return [[both.count((row, column)) for column in SCALE] for row in SCALE]


def draw_agreement(
    figure: Figure, result: Mapping[str, Any], strictness: float, care: float
) -> None:
    """The table of scores, mine against the key's, with what it means in words.

    Args:
        result: `table` as `counts` gives it, `kappa` (None where it cannot be computed), `bias`.
        strictness, care: of the reader, for the headline.
    """
    axes = figure.add_axes((0.12, 0.12, 0.42, 0.7))
    table: Sequence[Sequence[int]] = result["table"]
    most = max((n for row in table for n in row), default=1) or 1
    axes.imshow(table, cmap="Blues", vmin=0, vmax=1.6 * most, origin="lower")
    for y, row in enumerate(table):
        for x, n in enumerate(row):
            word = "same" if x == y else "kinder" if y > x else "stricter"
            axes.text(x, y, f"{n}\n{word}", ha="center", va="center")
    axes.set_xticks(range(len(SCALE)), [str(s) for s in SCALE])
    axes.set_yticks(range(len(SCALE)), [str(s) for s in SCALE])
    axes.set_xlabel("the key's score")
    axes.set_ylabel("the reader's score")
    figure.text(0.12, 0.9, f"strictness {strictness:+.1f} steps, care {care:.1f}")
    for place, line in enumerate(in_words(result["kappa"], result["bias"])):
        figure.text(0.6, 0.7 - 0.09 * place, line)


def in_words(kappa: float | None, bias: float) -> list[str]:
    """What the two figures say."""
    if kappa is None:
        told = ["kappa cannot be computed:", "all scores are one and the same"]
    else:
        strength = next(
            word
            for least, word in ((0.8, "close"), (0.6, "fair"), (0.3, "some"), (-2.0, "hardly any"))
            if kappa >= least
        )
        told = [f"kappa {kappa:.2f}: {strength} agreement,", "beyond what chance gives"]
    side = "as strict as the key" if abs(bias) < 0.25 else "too kind" if bias > 0 else "too strict"
    return [*told, "", f"bias {bias:+.2f} points: {side}"]
