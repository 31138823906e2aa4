"""A plan for the days before an interview: what is left of the lessons, and practice that needs no
grading.

The order of days is the course's: system design, coding, DevOps, MLOps, a mock interview, a review.
A plan of more or fewer days keeps it. What is begun goes first, from today on; then each lesson
goes on its module's day, and what finds no room there on any other day. What was done today uses up
today's room.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from autograder.errors import CourseError
from autograder.lessons.outline import DAYS as SIX
from autograder.study.progress import Progress, Standing, minutes_in_words
from autograder.study.study import Card, Foreign, Study

NAME = "plan"
DAYS, MINUTES = 6, 90  # what a plan has unless told otherwise
MOST_DAYS, LEAST_MINUTES, MOST_MINUTES = 60, 15, 720
STEP, PIECE = 15, 15  # minutes: of advice, and the least that a lesson is cut into


@dataclass(frozen=True)
class Begun:
    """What is stored of a plan."""

    day: date
    days: int = DAYS
    minutes: int = MINUTES


@dataclass(frozen=True)
class Task:
    """A line of a day: a lesson, or practice without one."""

    minutes: int
    what: str
    card: Card | None = None
    more: bool = False  # the lesson goes on another day, or began on one


@dataclass(frozen=True)
class Day:
    """A day of the plan; the first is 1."""

    number: int
    date: date
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class Plan:
    """What to do from today on."""

    begun: Begun
    today: int  # the number of today; above `begun.days` when the plan is over
    days: tuple[Day, ...]
    left: int  # minutes of lessons
    done_today: int
    missing: int  # minutes that find no room
    without: tuple[str, ...]  # titles of modules that have no lesson
    advice: str = ""

    @property
    def next(self) -> Card | None:
        """The first lesson of the plan."""
        return next((t.card for d in self.days for t in d.tasks if t.card), None)


def stored(study: Study) -> Begun | None:
    """The plan that was begun, if there is one.

    Raises:
        Foreign: its file cannot be read.
    """
    raw = study.load(NAME)
    if raw is None:
        return None
    try:
        begun = Begun(date.fromisoformat(raw["begun"]), raw["days"], raw["minutes"])
        _fits(begun)
        _ = begun.day + timedelta(MOST_DAYS)  # there are such days
        return begun
    except (KeyError, TypeError, ValueError, OverflowError, CourseError):
        raise study.foreign(NAME, "it does not hold a plan") from None


def begin(
    study: Study, days: int | None = None, minutes: int | None = None, anew: bool = False
) -> Begun:
    """The plan that was begun. Another number of days than before, or `anew`, begins it today.

    Raises:
        CourseError: a number is out of range.
    """
    try:
        old = stored(study)
    except Foreign:
        study.set_aside(NAME)
        old = None
    whole = days if days is not None else old.days if old else DAYS
    each = minutes if minutes is not None else old.minutes if old else MINUTES
    goes_on = old is not None and whole == old.days and not anew
    begun = Begun(old.day if goes_on and old else study.clock().date(), whole, each)
    _fits(begun)
    if begun != old:
        study.store(
            NAME, {"begun": begun.day.isoformat(), "days": begun.days, "minutes": begun.minutes}
        )
    return begun


def _fits(begun: Begun) -> None:
    for what, number, least, most in (
        ("days", begun.days, 1, MOST_DAYS),
        ("minutes", begun.minutes, LEAST_MINUTES, MOST_MINUTES),
    ):
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise CourseError(f"a plan takes {least} to {most} {what}, not {number}.")


def make(progress: Progress, begun: Begun, today: date) -> Plan:
    """Spread what is left over the days that are left."""
    number = max(1, (today - begun.day).days + 1)
    done = sum(s.today for s in progress.standings)
    left = sum(s.left for s in progress.ahead)
    without = tuple(
        m.title for name, m in progress.outline.modules.items() if name not in progress.modules
    )
    if number > begun.days:
        over = f"The plan of {_days(begun.days)} ended on {begun.day + timedelta(begun.days - 1)}."
        more = _days_that_do(progress, begun.minutes)
        again = f" For another: `autograder plan --days {more} --anew`." if left and more else ""
        return Plan(begun, number, (), left, done, left, without, over + again)
    days, missing = _spread(progress, number, begun.days, begun.minutes, done)
    first = begun.day if today >= begun.day else today
    dated = tuple(Day(n, first + timedelta(n - 1), tuple(tasks)) for n, tasks in days.items())
    advice = _advice(progress, number, begun, missing, done) if missing else ""
    return Plan(begun, number, dated, left, done, missing, without, advice)


def _spread(
    progress: Progress, today: int, days: int, minutes: int, done: int = 0
) -> tuple[dict[int, list[Task]], int]:
    """The tasks of each day from today on, and the minutes that find no room."""
    out: dict[int, list[Task]] = {n: [] for n in range(today, days + 1)}
    for practice in progress.outline.practice:
        on = math.ceil(practice.day * days / SIX)
        if on in out and practice.module not in progress.modules:
            weak = [s.card.title for s in progress.weakest[:2]] if practice.hardest else []
            hardest = f" (hardest so far: {', '.join(weak)})" if weak else ""
            out[on].append(Task(practice.minutes, practice.what + hardest))
    room = {n: minutes - sum(t.minutes for t in tasks) for n, tasks in out.items()}
    missing = sum(max(0, -r) for r in room.values())
    room[today] = max(0, room[today] - done)
    lessons: dict[int, list[Task]] = {n: [] for n in out}
    left = {s.card.key: s.left for s in progress.ahead}

    def place(standing: Standing, where: Iterable[int]) -> None:
        card = standing.card
        for n in where:
            if piece := _piece(left[card.key], room[n]):
                lessons[n].append(Task(piece, card.title, card, piece < standing.left))
                room[n] -= piece
                left[card.key] -= piece

    for standing in progress.ahead:
        own = progress.outline.day(standing.card.module)
        on = math.ceil(own * days / SIX) if own else 0
        place(standing, out if standing.state == "begun" else [n for n in out if n == on])
    for standing in progress.ahead:
        place(standing, out)
    missing += sum(left.values())
    return {n: [*lessons[n], *out[n]] for n in out}, missing


def _piece(left: int, room: int) -> int:
    """How much of a lesson goes where there is room: all of it, or a part that leaves a whole
    piece.
    """
    if left <= room:
        return left
    part = min(room, left - PIECE) // 5 * 5
    return part if part >= PIECE else 0


def _advice(progress: Progress, today: int, begun: Begun, missing: int, done: int) -> str:
    days_left = begun.days - today + 1
    told = f"{minutes_in_words(missing)} do not fit into the {_days(days_left)} left."
    enough = (m for m in range(begun.minutes // STEP * STEP + STEP, MOST_MINUTES + 1, STEP))
    more = next((m for m in enough if not _spread(progress, today, begun.days, m, done)[1]), None)
    longer = _days_that_do(progress, begun.minutes)
    ways = [f"{minutes_in_words(more)} a day (`autograder plan --minutes {more}`)"] if more else []
    ways += (
        [f"{_days(longer)} from today (`autograder plan --days {longer} --anew`)"] if longer else []
    )
    return f"{told} These would do: {', or '.join(ways)}." if ways else told


def _days_that_do(progress: Progress, minutes: int) -> int | None:
    """The least number of days, beginning today, that holds everything."""
    lengths = range(1, MOST_DAYS + 1)
    return next((d for d in lengths if not _spread(progress, 1, d, minutes)[1]), None)


def _days(number: int) -> str:
    return f"{number} day{'s' * (number != 1)}"
