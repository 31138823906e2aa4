"""The start page: where a learner stands, what comes next, and the plan. As HTML in a notebook, as
text elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograder.files import write_atomically
from autograder.pages import render
from autograder.study import copies, plan as planning, progress as progressing
from autograder.study.plan import Plan, Task
from autograder.study.progress import PAUSE, Progress, Standing, in_words, minutes_in_words
from autograder.study.study import ROOM, START, BrokenFile, Study, text_of

WORDS = {"done": "✓ done", "begun": "begun", "not begun": "not begun"}
HEADS = ("lesson", "state", "points", "takes", "left", "spent")
CALL = "start_page("
ELSEWHERE = (
    "This is the course's own start page. "
    f"Yours is {ROOM}/{START}: `make lab` opens it (or `autograder update`, then `jupyter lab`)."
)


@dataclass(frozen=True)
class StartPage:
    """Everything on the page. Prints as text, shows as HTML; whatever comes from a file is escaped
    there.
    """

    progress: Progress
    plan: Plan | None
    notes: tuple[str, ...]
    base: str = ""  # from the page to `study/`

    # --------------------------------------------------------------------------------- what it says

    @property
    def next(self) -> tuple[str, Standing | None, str]:
        """What comes next: words, the lesson to open, more words."""
        standings = {s.card.key: s for s in self.progress.standings}
        if not standings:
            return "There is no lesson in notebooks/: `make build` makes them.", None, ""
        if not self.progress.ahead:
            return self._once_more()
        card = self.plan.next if self.plan else None
        chosen = standings[card.key] if card else self.progress.ahead[0]
        are_left = " are left" if chosen.state == "begun" and chosen.last else ""
        return self._before_next(), chosen, f", {minutes_in_words(chosen.left)}{are_left}."

    def _once_more(self) -> tuple[str, Standing, str]:
        """What comes next when all lessons are done: the one that took most tries."""
        weak = max(self.progress.standings, key=lambda s: s.tries)
        after = (
            f". It took you {weak.tries} grading{'s' * (weak.tries != 1)}; "
            f"`autograder reset {weak.card.stem}` keeps your work under a dated name."
        )
        return "All lessons are done. From an empty cell once more: ", weak, after

    def _before_next(self) -> str:
        """What the plan has for today before the next lesson."""
        if self.plan is None:
            return ""
        tasks = self.plan.days[0].tasks if self.plan.days else ()
        if tasks:
            practice = all(task.card is None for task in tasks)
            return "today's practice (see the plan), then " if practice else ""
        if self.plan.done_today:
            return "today's part of the plan is done; tomorrow, or now if you like: "
        return ""

    @property
    def summary(self) -> str:
        """One sentence about all lessons."""
        every = self.progress.standings
        counts = {state: sum(s.state == state for s in every) for state in WORDS}
        points = sum(s.last.points for s in every if s.last)
        possible = sum(s.possible for s in every)
        states = ", ".join(f"{n} {state}" for state, n in counts.items() if n)
        left = minutes_in_words(s.left for s in every)
        return (
            f"{len(every)} lessons: {states}. "
            f"{points:g} of {possible:g} points; about {left} of lessons are left."
        )

    @property
    def about_time(self) -> str:
        """What the times are."""
        spent = in_words(self.progress.spent, "nothing yet")
        pause = minutes_in_words(PAUSE.seconds // 60)
        return (
            "“takes” is the lesson's own estimate, "
            "“left” the part of it that points are missing for. "
            "“spent”, an estimate too, is the time between gradings "
            f"without pauses over {pause}; in all: {spent}."
        )

    @property
    def modules(self) -> Iterator[tuple[str, list[Standing]]]:
        """Titles of modules with their lessons."""
        names = dict.fromkeys(s.card.module for s in self.progress.standings)
        for name in names:
            own = [s for s in self.progress.standings if s.card.module == name]
            yield self.progress.outline.title(name), own

    def _row(self, s: Standing) -> tuple[str, ...]:
        points = f"{s.last.points:g} of {s.possible:g}" if s.last else f"– of {s.possible:g}"
        state = WORDS[s.state]
        if s.last and s.last.state != "graded":
            state += f" ({s.last.state.partition(':')[0]})"
        left = minutes_in_words(s.left) if s.left else "–"
        takes = minutes_in_words(s.card.minutes) if s.card.minutes else "?"
        return s.card.title, state, points, takes, left, in_words(s.spent, "–")

    def _days(self) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
        """Days of the plan: a title, and (minutes, words, link) for each line."""
        if self.plan is None:
            return
        for day in self.plan.days:
            today = ", today" if day.number == self.plan.today else ""
            lines = [self._line(task) for task in day.tasks]
            if not lines:
                done = today and self.plan.done_today
                words = "done for today" if done else "free: look again at what was hardest"
                lines = [("", words, "")]
            number = f"Day {day.number} of {self.plan.begun.days}"
            yield f"{number}{today} ({day.date:%a} {day.date})", lines

    def _line(self, task: Task) -> tuple[str, str, str]:
        minutes = minutes_in_words(task.minutes)
        words = f"{task.what} ({minutes} of it)" if task.more else task.what
        return minutes, words, self._link(task.card.key) if task.card else ""

    @property
    def _about_plan(self) -> str:
        if self.plan is None:
            return (
                f"None yet; `autograder plan` begins one of {planning.DAYS} days, "
                f"{planning.MINUTES} min each."
            )
        begun, done = self.plan.begun, self.plan.done_today
        text = f"{minutes_in_words(begun.minutes)} a day for {begun.days} days, begun {begun.day}."
        if done:
            text += f" Done today: {minutes_in_words(done)}."
        return f"{text} {self.plan.advice}".rstrip()

    @property
    def _without(self) -> str:
        if self.plan is None or not self.plan.without or not self.plan.days:
            return ""
        names = ", ".join(self.plan.without)
        return (
            f"No lessons yet: {names}. "
            "What the plan says of them is practice that nothing here grades."
        )

    def _link(self, key: str) -> str:
        return f"{self.base}{quote(key)}.ipynb"

    # ----------------------------------------------------------------------------------------- text

    def __str__(self) -> str:
        before, chosen, after = self.next
        link = f"{chosen.card.title} ({self._link(chosen.card.key)})" if chosen else ""
        out = [f"Next: {before}{link}{after}" if chosen else before, ""]
        if self.progress.standings:
            out += [self.summary, "", *self._table(), "", self.about_time]
        if self._notes:
            out += ["", "Notes", *(f"- {note}" for note in self._notes)]
        return _plain("\n".join([*out, "", self.plan_text]))

    __repr__ = __str__

    def _table(self) -> Iterator[str]:
        rows = [HEADS, *(self._row(s) for s in self.progress.standings)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

        def line(row: tuple[str, ...]) -> str:
            cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
            return f"  {'  '.join(cells)}".rstrip()

        yield line(HEADS)
        for title, own in self.modules:
            yield title
            yield from (line(self._row(s)) for s in own)

    @property
    def plan_text(self) -> str:
        """The plan alone, as lines of text."""
        out = [f"Plan: {self._about_plan}"]
        for title, lines in self._days():
            out += [title, *(f"  {minutes:>8}  {words}".rstrip() for minutes, words, _ in lines)]
        return _plain("\n".join([*out, *filter(None, [self._without])]))

    @property
    def _notes(self) -> list[str]:
        return [*self.notes, *self.progress.problems]

    # ----------------------------------------------------------------------------------------- HTML

    def _repr_html_(self) -> str:
        before, chosen, after = self.next
        return render(
            "start_page.html.j2",
            before=before,
            next=(self._link(chosen.card.key), chosen.card.title) if chosen else None,
            after=after,
            summary=self.summary,
            columns=HEADS,
            modules=[
                (title, [(self._link(s.card.key), self._row(s)) for s in own])
                for title, own in self.modules
            ],
            about_time=self.about_time,
            notes=self._notes,
            begins_here=not self.plan and not self.base,
            about_plan=self._about_plan,
            days=list(self._days()),
            without=self._without,
        )

    # ----------------------------------------------------------------------------------------- JSON

    def as_json(self) -> dict[str, Any]:
        """The interface of `--json`."""
        _, chosen, _ = self.next
        lessons = [
            {
                "lesson": s.card.key,
                "title": s.card.title,
                "state": s.state,
                "points": s.last.points if s.last else None,
                "max_points": s.possible,
                "graded": s.last.at.isoformat() if s.last else None,
                "gradings": s.tries,
                "minutes": s.card.minutes,
                "minutes_left": s.left,
                "minutes_spent": round(s.spent.total_seconds() / 60),
            }
            for s in self.progress.standings
        ]
        return {
            "next": chosen.card.key if chosen else None,
            "lessons": lessons,
            "plan": _plan_json(self.plan),
            "notes": self._notes,
        }


def _plan_json(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    days = [
        {
            "day": d.number,
            "date": d.date.isoformat(),
            "tasks": [
                {"minutes": t.minutes, "what": t.what, "lesson": t.card.key if t.card else None}
                for t in d.tasks
            ],
        }
        for d in plan.days
    ]
    return {
        "begun": plan.begun.day.isoformat(),
        "days": plan.begun.days,
        "minutes": plan.begun.minutes,
        "today": plan.today,
        "minutes_left": plan.left,
        "minutes_missing": plan.missing,
        "schedule": days,
    }


def _plain(text: str) -> str:
    """Without what would move a terminal's cursor."""
    return "".join(c if c == "\n" or c.isprintable() else "�" for c in text)


# ---------------------------------------------------------------------------------------- making it


def make(study: Study, page: Path | None = None) -> StartPage:
    """The page, for a reader in the folder `page`. Nothing is written.

    Args:
        page: the folder that links begin in; the course's without one.
    """
    progress = progressing.read(study)
    plan, notes = None, []
    with contextlib.suppress(OSError):
        notes = copies.notes(study)
    try:
        begun = planning.stored(study)
        plan = planning.make(progress, begun, study.clock().date()) if begun else None
    except BrokenFile as error:
        notes.append(str(error))
    base = os.path.relpath(study.room, page or study.root).replace(os.sep, "/")
    return StartPage(progress, plan, tuple(notes), "" if base == "." else f"{quote(base)}/")


def lay_out(study: Study) -> None:
    """Put the start page into `study/`, with what it shows as it is now. What a learner wrote in it
    stays.
    """
    own, path = study.root / "notebooks" / START, study.room / START
    try:
        notebook = json.loads((path if path.exists() else own).read_bytes())
        newest = json.loads(own.read_bytes())
        if not _was_written_in(study, notebook):
            notebook = newest
        cells = notebook["cells"]
        cell = next((c for c in cells if c["cell_type"] == "code" and CALL in text_of(c)), None)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return  # the course's is missing, or theirs is no notebook: it is left as it is
    study.store(
        START.removesuffix(".ipynb"), {"digests": sorted({*_digests(study), _digest(newest)})}
    )
    if cell is None:
        return
    page = make(study, study.room)
    data = {"text/plain": str(page).splitlines(keepends=True), "text/html": page._repr_html_()}
    cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    write_atomically(
        path, (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
    )


def _was_written_in(study: Study, notebook: Any) -> bool:
    return _digest(notebook) not in _digests(study)


def _digests(study: Study) -> list[str]:
    """What the course's start pages were that were ever put into `study/`."""
    with contextlib.suppress(BrokenFile, KeyError, TypeError):
        stored = study.load(START.removesuffix(".ipynb"))["digests"]
        return [d for d in stored if isinstance(d, str)]
    return []


def _digest(notebook: Any) -> str:
    texts = [text_of(c) for c in notebook["cells"]]
    return copies.digest_of(*(t for t in texts if t.strip()))
