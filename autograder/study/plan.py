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
from dataclasses import dataclass, replace
from datetime import date, timedelta

from autograder.errors import CourseError
from autograder.lessons.outline import DAYS as OUTLINE_DAYS
from autograder.study.progress import Progress, Standing, minutes_in_words
from autograder.study.study import BrokenFile, Card, Study

NAME = "plan"
DAYS, MINUTES = 6, 90  # what a plan has unless told otherwise
MOST_DAYS, LEAST_MINUTES, MOST_MINUTES = 60, 15, 720
ADVICE_STEP = 15  # minutes a day by which advice goes up
MIN_PIECE = 15  # minutes: no lesson is cut into less


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
        BrokenFile: its file cannot be read.
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
        raise study.broken_file(NAME, "it does not hold a plan") from None


def begin(
    study: Study, days: int | None = None, minutes: int | None = None, anew: bool = False
) -> Begun:
    """The plan that was begun. Another number of days than before, or `anew`, begins it today.

    Raises:
        CourseError: a number is out of range.
    """
    try:
        old = stored(study)
    except BrokenFile:
        study.set_aside(NAME)
        old = None
    today = study.clock().date()
    base = old or Begun(today)
    begun = Begun(
        day=base.day,
        days=base.days if days is None else days,
        minutes=base.minutes if minutes is None else minutes,
    )
    if anew or begun.days != base.days:
        begun = replace(begun, day=today)
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
        last_day = begun.day + timedelta(begun.days - 1)
        advice = f"The plan of {_days(begun.days)} ended on {last_day}."
        more = _days_that_do(progress, begun.minutes)
        if left and more:
            advice += f" For another: `autograder plan --days {more} --anew`."
        return Plan(begun, number, (), left, done, left, without, advice)
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
        on = math.ceil(practice.day * days / OUTLINE_DAYS)
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
            piece = _piece(left[card.key], room[n])
            if piece:
                lessons[n].append(Task(piece, card.title, card, piece < standing.left))
                room[n] -= piece
                left[card.key] -= piece

    for standing in progress.ahead:
        if standing.state == "begun":
            place(standing, out)
            continue
        outline_day = progress.outline.day(standing.card.module)
        on = math.ceil(outline_day * days / OUTLINE_DAYS) if outline_day else 0
        if on in out:
            place(standing, [on])
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
    part = min(room, left - MIN_PIECE) // 5 * 5
    return part if part >= MIN_PIECE else 0


def _advice(progress: Progress, today: int, begun: Begun, missing: int, done: int) -> str:
    days_left = begun.days - today + 1
    ways = []
    least = (begun.minutes // ADVICE_STEP + 1) * ADVICE_STEP
    for minutes in range(least, MOST_MINUTES + 1, ADVICE_STEP):
        if not _spread(progress, today, begun.days, minutes, done)[1]:
            command = f"`autograder plan --minutes {minutes}`"
            ways.append(f"{minutes_in_words(minutes)} a day ({command})")
            break
    days = _days_that_do(progress, begun.minutes)
    if days:
        ways.append(f"{_days(days)} from today (`autograder plan --days {days} --anew`)")
    problem = f"{minutes_in_words(missing)} do not fit into the {_days(days_left)} left."
    return f"{problem} These would do: {', or '.join(ways)}." if ways else problem


def _days_that_do(progress: Progress, minutes: int) -> int | None:
    """The least number of days, beginning today, that holds everything."""
    lengths = range(1, MOST_DAYS + 1)
    return next((d for d in lengths if not _spread(progress, 1, d, minutes)[1]), None)


def _days(number: int) -> str:
    return f"{number} day{'s' * (number != 1)}"
