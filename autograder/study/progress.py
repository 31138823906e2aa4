"""How far a learner has come, from what is on this machine: gradings of notebooks in `study/`, and
the notebooks.

Time spent is an estimate. Within a sitting the time between two gradings, or from opening the start
page to the first, counts for the lesson that was graded at its end; a pause longer than `PAUSE`
ends the sitting and counts for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from autograder.lessons.outline import Outline
from autograder.study import copies
from autograder.study.copies import CopyState
from autograder.study.study import BrokenFile, Card, Study

State = Literal["not begun", "begun", "done"]
PAUSE = timedelta(minutes=60)
MAX_STORED = 500  # gradings of a lesson, and visits
VISITS = "visits"


@dataclass(frozen=True)
class Grading:
    """One grading of the lesson's notebook."""

    at: datetime
    state: str  # as in `jobs.Result`
    points: float
    max_points: float
    left_out: float = 0.0  # points that could not be judged on this machine, out of `max_points`

    def most(self, card: Card) -> float:
        """Points there were to earn; the lesson may have got more since."""
        return max(self.max_points, card.points - self.left_out)


@dataclass(frozen=True)
class History:
    """What is stored about a lesson."""

    gradings: tuple[Grading, ...] = ()
    # grade ids that were written in when the notebook was graded
    tried: frozenset[str] = frozenset()
    reset: datetime | None = None

    @property
    def current(self) -> tuple[Grading, ...]:
        """Gradings since the lesson was begun anew."""
        return tuple(g for g in self.gradings if self.reset is None or g.at > self.reset)


@dataclass(frozen=True)
class Standing:
    """How a lesson stands."""

    card: Card
    state: State
    last: Grading | None  # since it was begun anew
    tries: int
    today: int  # minutes of its estimate that were earned today
    spent: timedelta  # estimated

    @property
    def possible(self) -> float:
        """Points that there are to earn."""
        return self.last.most(self.card) if self.last else self.card.points

    @property
    def share(self) -> float:
        """Which part of the points the last grading gave."""
        return _share(self.last, self.card)

    @property
    def left(self) -> int:
        """Minutes of its own estimate that are left, by points, rounded up to five; never 0 before
        it is done.
        """
        if self.state == "done":
            return 0
        return max(5, _five(self.card.minutes * (1 - self.share)))


@dataclass(frozen=True)
class Progress:
    """All lessons in course order, and a sentence for each file that could not be read."""

    standings: tuple[Standing, ...]
    problems: tuple[str, ...] = field(default=())
    outline: Outline = field(default=Outline())

    @property
    def ahead(self) -> list[Standing]:
        """Lessons that are not done, in the order to take them: what is begun, the weakest first,
        then as they come.
        """
        open_ = [s for s in self.standings if s.state != "done"]
        begun = sorted((s for s in open_ if s.state == "begun"), key=lambda s: s.share)
        return begun + [s for s in open_ if s.state == "not begun"]

    @property
    def weakest(self) -> list[Standing]:
        """Lessons that were graded and took more than one try or lack points: fewest points and
        most tries first.
        """
        weak = [s for s in self.standings if s.last and (s.tries > 1 or s.state != "done")]
        return sorted(weak, key=lambda s: (s.share, -s.tries))

    @property
    def modules(self) -> set[str]:
        """Folders that hold a lesson."""
        return {s.card.module for s in self.standings}

    @property
    def spent(self) -> timedelta:
        """Time spent on all lessons, estimated."""
        return sum((s.spent for s in self.standings), timedelta())


def read(study: Study) -> Progress:
    """How all lessons stand. Nothing is written."""
    histories, problems = {}, list(study.problems)
    for key in study.cards:
        try:
            histories[key] = history(study, key)
        except BrokenFile as error:
            histories[key] = History()
            problems.append(str(error))
    try:
        visits = _visits(study)
    except BrokenFile as error:
        visits = []
        problems.append(str(error))
    spent = _spent(histories, visits)
    standings = []
    for key, card in study.cards.items():
        copy, time = copies.state_of(study, card), spent.get(key, timedelta())
        standings.append(_standing(study, copy, histories[key], time))
    return Progress(tuple(standings), tuple(problems), study.outline)


def _standing(study: Study, copy: CopyState, past: History, spent: timedelta) -> Standing:
    card, gradings = copy.card, past.current
    last = gradings[-1] if gradings else None
    midnight = study.clock().replace(hour=0, minute=0, second=0, microsecond=0)
    before = [g for g in gradings if g.at < midnight]
    gained = _share(last, card) - _share(before[-1] if before else None, card)
    today = math.floor(card.minutes * max(0.0, gained))
    return Standing(card, _state(copy, last), last, len(gradings), today, spent)


def _state(copy: CopyState, last: Grading | None) -> State:
    if last is None:
        return "begun" if copy.edited else "not begun"
    most = last.most(copy.card)
    return "done" if last.state == "graded" and 0 < most <= last.points else "begun"


def _share(grading: Grading | None, card: Card) -> float:
    most = grading.most(card) if grading else 0.0
    if grading is None or most <= 0:
        return 0.0
    return min(1.0, max(0.0, grading.points / most))


def _five(minutes: float) -> int:
    return 5 * math.ceil(round(minutes / 5, 6))


def _spent(histories: dict[str, History], visits: list[datetime]) -> dict[str, timedelta]:
    events = sorted(
        [(g.at, key) for key, h in histories.items() for g in h.gradings]
        + [(at, "") for at in visits]
    )
    spent: dict[str, timedelta] = {}
    pending, before = timedelta(), None
    for at, key in events:
        if before is not None and at - before <= PAUSE:
            pending += at - before
        else:  # a new sitting
            pending = timedelta()
        if key:
            spent[key] = spent.get(key, timedelta()) + pending
            pending = timedelta()
        before = at
    return spent


# ----------------------------------------------------------------------------------- what is stored


def history(study: Study, key: str) -> History:
    """What is stored about a lesson.

    Raises:
        BrokenFile: it cannot be read.
    """
    name = _name(key)
    stored = study.load(name)
    if stored is None:
        return History()
    try:
        if stored["lesson"] != key:
            raise ValueError
        gradings = tuple(sorted((_grading(g) for g in stored["gradings"]), key=lambda g: g.at))
        reset = _time(stored["reset"]) if stored["reset"] is not None else None
        return History(gradings, frozenset(map(str, stored["tried"])), reset)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise study.broken_file(name, f"it does not hold gradings of {key}") from None


def record(
    study: Study, key: str, state: str, points: float, max_points: float, left_out: float = 0.0
) -> None:
    """Keep a grading of the learner's notebook as it is now."""
    seen = copies.state_of(study, study.cards[key])
    past = _readable(study, key)
    grading = Grading(study.clock(), state, points, max_points, left_out)
    _store(study, key, History((*past.gradings, grading), past.tried | seen.changed, past.reset))


def path(study: Study, key: str) -> Path:
    """The file that gradings of a lesson are kept in."""
    return study.kept / f"{_name(key)}.json"


def begin_anew(study: Study, key: str) -> None:
    """From now on the lesson counts as not begun; what was tried and spent stays."""
    past = _readable(study, key)
    if past.gradings:
        _store(study, key, History(past.gradings, past.tried, study.clock()))


def visit(study: Study) -> None:
    """Somebody sat down to work."""
    try:
        visits = _visits(study)
    except BrokenFile:
        study.set_aside(VISITS)
        visits = []
    visits = [*visits, study.clock()][-MAX_STORED:]
    study.store(VISITS, [at.isoformat(timespec="seconds") for at in visits])


def _visits(study: Study) -> list[datetime]:
    stored = study.load(VISITS)
    try:
        return [_time(at) for at in stored or ()]
    except (TypeError, ValueError, OverflowError):
        raise study.broken_file(VISITS, "it does not hold times") from None


def _readable(study: Study, key: str) -> History:
    try:
        return history(study, key)
    except BrokenFile:
        study.set_aside(_name(key))
        return History()


def _store(study: Study, key: str, past: History) -> None:
    gradings = [
        {"at": g.at.isoformat(), "state": g.state, "points": g.points, "max_points": g.max_points}
        | ({"left_out": g.left_out} if g.left_out else {})
        for g in past.gradings[-MAX_STORED:]
    ]
    reset = past.reset.isoformat() if past.reset else None
    study.store(
        _name(key),
        {"lesson": key, "reset": reset, "tried": sorted(past.tried), "gradings": gradings},
    )


def _name(key: str) -> str:
    return f"gradings/{key}"


def _grading(stored: Any) -> Grading:
    state = stored["state"]
    if not isinstance(state, str):
        raise ValueError("a state that is no text")
    points, most = _number(stored["points"]), _number(stored["max_points"])
    return Grading(_time(stored["at"]), state, points, most, _number(stored.get("left_out", 0)))


def _number(stored: Any) -> float:
    is_number = isinstance(stored, int | float) and not isinstance(stored, bool)
    if not is_number or not math.isfinite(stored):
        raise ValueError("no number")
    return float(stored)


def _time(text: Any) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not 2000 <= at.year < 9000:
        raise ValueError("no time that this was done at")
    return at


def in_words(spent: timedelta, none: str = "") -> str:
    """`1 h 20 min`, in steps of five minutes; `none` when it is less than one."""
    minutes = round(spent.total_seconds() / 60)
    if minutes < 1:
        return none
    return minutes_in_words(_five(minutes))


def minutes_in_words(minutes: Iterable[int] | int) -> str:
    """`45 min`, `1 h`, `1 h 20 min`."""
    whole = minutes if isinstance(minutes, int) else sum(minutes)
    hours, rest = divmod(whole, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
