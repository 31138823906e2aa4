"""Rounds of a rehearsal and the file that keeps them.

The file is the truth: every action reads it, changes it and writes it, so a restarted kernel, a
second tab or a power cut loses nothing. The clock of a question is a list of events, never a
running counter.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from coursekit.behavioral.mock.questions import TITLES

VERSION = 2
MAX_BYTES = 5_000_000
MAX_NOTES = 20_000  # characters of one question's notes
MARKS = (1, 2, 3, 4, 5)
STARTS = ("start", "resume")

Event = tuple[str, float]  # "start", "pause" or "resume", and when, in seconds since 1970


@dataclass(frozen=True)
class Asked:
    """One question of a round, and what came of it."""

    id: str
    part: str
    events: tuple[Event, ...] = ()
    opened: int = 0  # follow-ups that were asked
    notes: str = ""
    marks: Mapping[str, int] = field(default_factory=dict)  # by criterion
    stages: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # points, of how many

    @property
    def running(self) -> bool:
        """Whether its clock runs."""
        return bool(self.events) and self.events[-1][0] in STARTS

    def seconds(self, now: float) -> float:
        """How long it has been worked on; what a clock set back would take away counts 0."""
        total, begun = 0.0, None
        for what, at in self.events:
            if what in STARTS and begun is None:
                begun = at
            elif what == "pause" and begun is not None:
                total, begun = total + max(0.0, at - begun), None
        return total + (max(0.0, now - begun) if begun is not None else 0.0)

    def told(self, what: str, now: float) -> Asked:
        """The same with one more event; one that says nothing new is left out."""
        if self.running == (what in STARTS):
            return self
        return replace(self, events=(*self.events, (what, now)))


@dataclass(frozen=True)
class Round:
    """A rehearsal: its questions in order, and which of them is on."""

    begun: float
    seed: int
    asked: tuple[Asked, ...]
    at: int = 0
    finished: float | None = None

    @property
    def now(self) -> Asked:
        """The question that is on."""
        return self.asked[self.at]

    def with_now(self, asked: Asked) -> Round:
        """The same with the present question changed."""
        return replace(self, asked=(*self.asked[: self.at], asked, *self.asked[self.at + 1 :]))


def as_data(rounds: Sequence[Round]) -> dict[str, Any]:
    """What the file holds."""
    return {
        "version": VERSION,
        "rounds": [
            {
                "begun": one.begun,
                "seed": one.seed,
                "at": one.at,
                "finished": one.finished,
                "asked": [
                    {
                        "id": a.id,
                        "part": a.part,
                        "events": [list(event) for event in a.events],
                        "opened": a.opened,
                        "notes": a.notes,
                        "marks": dict(a.marks),
                        "stages": {name: list(points) for name, points in a.stages.items()},
                    }
                    for a in one.asked
                ],
            }
            for one in rounds
        ],
    }


def from_data(data: Any) -> tuple[Round, ...]:
    """Rounds as the file tells them; those of version 1, which knew no follow-ups, too.

    Raises:
        ValueError: it is not what `as_data` writes.
    """
    try:
        return tuple(_round(one) for one in data["rounds"])
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ValueError(f"it does not hold rounds ({type(error).__name__}: {error})") from None


def _round(one: Any) -> Round:
    asked = tuple(_asked(a) for a in one["asked"])
    at = one.get("at", 0)
    if not asked or type(at) is not int or not 0 <= at < len(asked):
        raise ValueError("a round has no question, or points at none")
    finished = one.get("finished")
    return Round(
        _number(one["begun"]),
        int(one["seed"]),
        asked,
        at,
        None if finished is None else _number(finished),
    )


def _asked(a: Any) -> Asked:
    marks = {str(k): m for k, m in a.get("marks", {}).items()}
    if a["part"] not in TITLES or any(type(m) is not int or m not in MARKS for m in marks.values()):
        raise ValueError("a part or a mark is not one of those there are")
    opened = a.get("opened", 0)
    if type(opened) is not int or opened < 0:
        raise ValueError("a number of follow-ups is not a number")
    events = tuple((str(what), _number(at)) for what, at in a.get("events", []))
    if any(what not in (*STARTS, "pause") for what, _ in events):
        raise ValueError("an event is none of start, pause, resume")
    return Asked(
        str(a["id"]),
        a["part"],
        events,
        opened,
        str(a.get("notes", ""))[:MAX_NOTES],
        marks,
        {str(k): (_number(p), _number(of)) for k, (p, of) in a.get("stages", {}).items()},
    )


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


@dataclass
class Store:
    """The file that keeps the rounds. `said` holds a sentence when it was not as expected."""

    path: Path
    said: str = ""

    def load(self) -> tuple[Round, ...]:
        """The rounds on disk. What cannot be read is kept under another name, and said."""
        try:
            if self.path.stat().st_size > MAX_BYTES:
                return self._set_aside("damaged", f"is larger than {MAX_BYTES:,} bytes")
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            self.said = f"{self.path.name} cannot be read: {error.strerror}. Nothing is changed."
            raise Unreadable(self.said) from None
        try:
            data = json.loads(raw)
            version = data["version"]
            if type(version) is not int or version < 1:
                raise ValueError(f"its version is {version!r}")
        except (ValueError, KeyError, TypeError, RecursionError):
            return self._set_aside("damaged", "is not a rehearsal's file, or is damaged")
        if version > VERSION:
            return self._set_aside(
                f"from-version-{version}", f"was written by a newer course (version {version})"
            )
        try:
            rounds = from_data(data)
        except (ValueError, RecursionError) as error:
            return self._set_aside("damaged", f"is damaged: {str(error)[:200]}")
        if version < VERSION:
            kept = self._free(f"from-version-{version}")
            shutil.copy2(self.path, kept)
            self.said = (
                f"{self.path.name} was written by an older course (version {version}). "
                f"It was brought up to date; the old file is kept as {kept.name}."
            )
            self.save(rounds)
        return rounds

    def save(self, rounds: Sequence[Round]) -> None:
        """Write all rounds, completely or not at all."""
        text = json.dumps(as_data(rounds), ensure_ascii=False, indent=1)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.stem, suffix=".new")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _set_aside(self, word: str, why: str) -> tuple[Round, ...]:
        kept = self._free(word)
        os.replace(self.path, kept)
        self.said = (
            f"{self.path.name} {why}. It is kept as {kept.name}, nothing in it is lost; "
            "this room begins with an empty one."
        )
        return ()

    def _free(self, word: str) -> Path:
        for number in range(1, 10_000):
            kept = self.path.with_name(f"{self.path.stem}.{word}-{number}.json")
            if not kept.exists():
                return kept
        raise Unreadable(f"There are too many kept copies beside {self.path.name}. Move some away.")


class Unreadable(Exception):
    """The file cannot be read or kept; the message says why and that nothing was changed."""
