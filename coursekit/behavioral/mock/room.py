"""The room of a rehearsal: begin, pause, ask on, mark, finish. In a notebook it has buttons;
everywhere else the same actions are methods, and the room prints what is to be seen.
"""

from __future__ import annotations

import asyncio
import html
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from coursekit.behavioral.mock import coding, pages, sheet
from coursekit.behavioral.mock.questions import (
    CRITERIA,
    DAY,
    FRAME,
    MINUTES,
    SPOKEN,
    TITLES,
    Question,
    from_cards,
)
from coursekit.behavioral.mock.rounds import (
    MARKS,
    MAX_NOTES,
    Asked,
    Round,
    Store,
    Unreadable,
)
from coursekit.checks import collecting
from coursekit.where import in_kernel

FILE = "mock-interview.json"
CODE = "mock-coding.py"
Clock = Callable[[], float]


class Refused(Exception):
    """The action makes no sense now; the message says why and what does."""


def open_room(
    folder: Path | str = ".",
    cards: Iterable[Mapping[str, Any]] = (),
    judge: coding.Judge = coding.by_command,
    clock: Clock = time.time,
) -> Room:
    """The room whose rounds are kept in `folder`. Nothing is written before a round begins.

    Args:
        cards: deep questions of the bank, with `id`, `question` and `points_to_hit`.
        judge: grades one stage of a coding lesson; the course's own command unless told otherwise.
        clock: seconds since 1970.
    """
    return Room(Path(folder), cards, judge, clock)


class Room:
    """A rehearsal that lives in a file. Every method says in a sentence what it did or why not."""

    def __init__(
        self,
        folder: Path,
        cards: Iterable[Mapping[str, Any]] = (),
        judge: coding.Judge = coding.by_command,
        clock: Clock = time.time,
    ) -> None:
        self.folder, self.judge_stage, self.clock = folder, judge, clock
        self.store = Store(folder / FILE)
        pool = (*SPOKEN, *coding.CODING, *from_cards(cards))
        self.questions = {question.id: question for question in pool}

    # ------------------------------------------------------------------------------ what there is

    @property
    def rounds(self) -> tuple[Round, ...]:
        """All rounds on disk, oldest first."""
        return self.store.load()

    @property
    def now(self) -> Round | None:
        """The round that is on."""
        rounds = self.rounds
        return rounds[-1] if rounds and rounds[-1].finished is None else None

    def question(self, asked: Asked) -> Question:
        """The question that was asked; a placeholder for one that is no longer in the course."""
        gone = Question(
            asked.id, asked.part, "", "This question is no longer part of the course.", ()
        )
        return self.questions.get(asked.id, gone)

    # ------------------------------------------------------------------------------------ actions

    def start(
        self, parts: Iterable[str] = ("design", "coding", "behavioural"), seed: int | None = None
    ) -> str:
        """Draw a round and start the clock of its first question.

        Args:
            parts: keys of `TITLES`, in the order in which they are asked.
            seed: the same one draws the same questions; by chance when None.
        """

        def begin() -> str:
            rounds = self.rounds
            if rounds and rounds[-1].finished is None:
                raise Refused("A round is on. Finish it first.")
            wanted = list(dict.fromkeys(parts))
            strange = [part for part in wanted if part not in TITLES]
            if strange or not wanted:
                raise Refused(f"Choose parts from {', '.join(TITLES)}, not {strange or 'nothing'}.")
            number = random.SystemRandom().randrange(10**6) if seed is None else int(seed)
            past = [a.id for one in rounds for a in one.asked]
            drawn = sheet.draw(
                [*self.questions.values()],
                wanted,
                past,
                sheet.topics(rounds, self.questions),
                number,
            )
            asked = [Asked(q.id, q.part) for q in drawn]
            asked[0] = asked[0].told("start", self.clock())
            self.store.save((*rounds, Round(self.clock(), number, tuple(asked))))
            for a in asked:
                if a.part == "coding":
                    self._lay_out(self.questions[a.id])
            return f"Round {len(rounds) + 1} has begun: {len(asked)} questions (seed {number})."

        return self._do(begin)

    def pause(self) -> str:
        """Stop the clock of the present question."""
        return self._change(lambda a, _: (a.told("pause", self.clock()), "The clock stands."))

    def resume(self) -> str:
        """Let it run on."""
        return self._change(lambda a, _: (a.told("resume", self.clock()), "The clock runs."))

    def note(self, text: str) -> str:
        """Keep notes on the present question, in place of those before."""
        return self._change(lambda a, _: (replace(a, notes=text[:MAX_NOTES]), "Noted."))

    def mark(self, criterion: str, mark: int | None) -> str:
        """Give 1 to 5 for a criterion of the present question; None takes it back."""

        def given(a: Asked, q: Question) -> tuple[Asked, str]:
            if criterion not in q.criteria:
                raise Refused(f"This question is marked on {', '.join(q.criteria)}.")
            if mark is not None and (type(mark) is not int or mark not in MARKS):
                raise Refused(f"A mark is 1, 2, 3, 4 or 5, not {mark!r}.")
            marks = {k: m for k, m in a.marks.items() if k != criterion}
            if mark is not None:
                marks[criterion] = mark
            return replace(a, marks=marks), f"{CRITERIA[criterion].title}: {mark or 'not seen'}."

        return self._change(given)

    def follow_up(self) -> str:
        """Ask the next follow-up; of a coding problem it opens when the stage before it passes."""

        def asks(a: Asked, q: Question) -> tuple[Asked, str]:
            if a.opened >= len(q.follow_ups):
                raise Refused("There is no further follow-up.")
            if q.lesson and not _passed(a, q.stages[a.opened]):
                raise Refused(
                    f"It opens when stage “{q.stages[a.opened]}” passes. Save {CODE} and judge it."
                )
            return replace(a, opened=a.opened + 1), q.follow_ups[a.opened]

        return self._change(asks)

    def judge(self) -> str:
        """Let the lesson's checks grade the stage that is open, on what is saved in the file."""

        def graded(a: Asked, q: Question) -> tuple[Asked, str]:
            if not q.lesson:
                raise Refused("No machine judges spoken answers. Mark them by the anchors.")
            stage = q.stages[min(a.opened, len(q.stages) - 1)]
            verdict = self.judge_stage(q.lesson, self.folder / CODE, stage)
            if verdict.trouble:
                raise Refused(f"Stage “{stage}”: {verdict.trouble}")
            stages = {**a.stages, stage: (verdict.points, verdict.of)}
            told = f"Stage “{stage}”: {verdict.points:g} of {verdict.of:g} points."
            if verdict.passed and a.opened < len(q.follow_ups):
                told += " The next follow-up is open."
            return replace(a, stages=stages), told

        return self._change(graded)

    def next(self) -> str:
        """Stop this question's clock and go on to the next, whose clock starts."""

        def on() -> str:
            rounds, one = self._running()
            if one.at + 1 >= len(one.asked):
                raise Refused("That was the last question. Finish the round.")
            one = one.with_now(one.now.told("pause", self.clock()))
            one = replace(one, at=one.at + 1)
            one = one.with_now(one.now.told("start", self.clock()))
            self.store.save((*rounds[:-1], one))
            return f"Question {one.at + 1} of {len(one.asked)}."

        return self._do(on)

    def back(self) -> str:
        """Go back to the question before, to mark it; its clock stays as it is."""

        def off() -> str:
            rounds, one = self._running()
            if one.at == 0:
                raise Refused("This is the first question.")
            one = one.with_now(one.now.told("pause", self.clock()))
            one = replace(one, at=one.at - 1)
            self.store.save((*rounds[:-1], one))
            return f"Question {one.at + 1} of {len(one.asked)}; its clock stands."

        return self._do(off)

    def finish(self) -> str:
        """End the round; what was not asked counts as not played."""

        def end() -> str:
            rounds, one = self._running()
            one = one.with_now(one.now.told("pause", self.clock()))
            self.store.save((*rounds[:-1], replace(one, finished=self.clock())))
            return f"Round {len(rounds)} is over. `room.export()` writes its debrief as a page."

        return self._do(end)

    def export(self) -> str:
        """Write the newest round's debrief as a page beside the notebook."""

        def write() -> str:
            rounds = self.rounds
            if not rounds:
                raise Refused("There is no round yet.")
            path = self.folder / f"mock-round-{len(rounds)}.html"
            path.write_text(pages.debrief(rounds, len(rounds), self.questions), "utf-8")
            return f"Written: {path.name}."

        return self._do(write)

    def two_pages(self) -> str:
        """Write the interviewer's and the candidate's page of the newest round."""

        def write() -> str:
            rounds = self.rounds
            if not rounds:
                raise Refused("Begin a round first: it draws the questions.")
            for name, make in (("interviewer", pages.interviewer), ("candidate", pages.candidate)):
                path = self.folder / f"mock-{name}.html"
                path.write_text(make(rounds[-1], self.questions), "utf-8")
            return "Written: mock-interviewer.html and mock-candidate.html."

        return self._do(write)

    # ------------------------------------------------------------------------------ how they work

    def _do(self, action: Callable[[], str]) -> str:
        """What the action says, or why it was refused, after what is to be said of the file."""
        self.store.said = ""
        try:
            told = action()
        except (Refused, Unreadable) as error:
            told = str(error)
        except OSError as error:
            told = f"The folder cannot be written: {error.strerror}. Nothing was changed."
        return " ".join(dict.fromkeys(filter(None, [self.store.said, told])))

    def _running(self) -> tuple[tuple[Round, ...], Round]:
        rounds = self.rounds
        if not rounds or rounds[-1].finished is not None:
            raise Refused("No round is on. Begin one.")
        return rounds, rounds[-1]

    def _change(self, change: Callable[[Asked, Question], tuple[Asked, str]]) -> str:
        def act() -> str:
            rounds, one = self._running()
            asked, told = change(one.now, self.question(one.now))
            if asked != one.now:
                self.store.save((*rounds[:-1], one.with_now(asked)))
            return told

        return self._do(act)

    def _lay_out(self, question: Question) -> None:
        """A file to write in. One that is there already is kept under another name."""
        path = self.folder / CODE
        if path.exists():
            number = 1
            while (kept := path.with_name(f"mock-coding-{number}.py")).exists():
                number += 1
            path.replace(kept)
        path.write_text(coding.stub(question.lesson, self.folder), "utf-8")

    # ----------------------------------------------------------------------------- how it is seen

    def timer(self) -> str:
        """The clock of the present question in words. It blocks nothing when the time is up."""
        one = self.now
        if one is None:
            return "No clock runs."
        question = self.question(one.now)
        spent, of = one.now.seconds(self.clock()), 60 * question.minutes
        said = f"{pages.minutes_and_seconds(spent)} of {pages.minutes_and_seconds(of)}"
        if spent > of:
            said += f": time is up, {pages.minutes_and_seconds(spent - of)} over. Nothing stops you"
        return said + (" · running" if one.now.running else " · paused")

    def __str__(self) -> str:
        if collecting():
            return ""
        self.store.said = ""
        try:
            rounds = self.rounds
        except Unreadable as error:
            return str(error)
        lines = [self.store.said] if self.store.said else []
        if not rounds or rounds[-1].finished is not None:
            parts = ", ".join(f'"{part}"' for part in TITLES)
            lines.append(f"{len(rounds)} rounds so far. `room.start()` begins one; parts: {parts}.")
            if rounds:
                lines += [step.what for step in sheet.steps(rounds, self.questions)]
            return "\n".join(lines)
        one, q = rounds[-1], self.question(rounds[-1].now)
        lines.append(
            f"Round {len(rounds)}, question {one.at + 1} of {len(one.asked)}: {TITLES[q.part]}"
        )
        lines += [self.timer(), "", q.text, *q.follow_ups[: one.now.opened], ""]
        if q.lesson:
            lines.append(f"Write in {CODE}, save it, then `room.judge()`.")
        lines.append(f"Marks: {', '.join(q.criteria)}. `room.mark(criterion, 1 to 5)`.")
        lines.append(
            "`room.pause()`, `room.resume()`, `room.note(text)`, `room.follow_up()`, "
            "`room.next()`, `room.back()`, `room.finish()`."
        )
        return "\n".join(lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def show(self) -> None:
        """Show the room: with buttons in a notebook, in words elsewhere."""
        if collecting():
            return
        if in_kernel():
            try:
                import ipywidgets
            except ImportError:
                pass
            else:
                _Desk(self, ipywidgets).show()
                return
        print(self)


def _passed(asked: Asked, stage: str) -> bool:
    got, of = asked.stages.get(stage, (0.0, 0.0))
    return of > 0 and got >= of


# ------------------------------------------------------------------------------------- with buttons


class _Desk:
    """The room with buttons. It holds nothing but what is on the screen: the truth is the file."""

    newest: _Desk | None = None

    def __init__(self, room: Room, widgets: Any) -> None:
        self.room, self.w = room, widgets
        self.clock = widgets.HTML()
        self.said = widgets.HTML()
        self.body = widgets.VBox()
        self.box = widgets.VBox([self.body, self.said])
        self.task: asyncio.Task[None] | None = None

    def show(self) -> None:
        from IPython.display import display

        if _Desk.newest is not None and _Desk.newest.task is not None:
            _Desk.newest.task.cancel()
        _Desk.newest = self
        self.draw("")
        display(self.box)
        with_loop = asyncio.get_event_loop()
        self.task = with_loop.create_task(self._tick())

    async def _tick(self) -> None:
        while _Desk.newest is self:
            self._tell_time()
            await asyncio.sleep(1)

    def _tell_time(self) -> None:
        try:
            words = self.room.timer()
        except Unreadable as error:
            words = str(error)
        strong = "; color:#a11" if "time is up" in words else ""
        self.clock.value = (
            f'<span role="timer" style="font-size:1.3em;font-variant-numeric:tabular-nums{strong}">'
            f"{html.escape(words)}</span>"
        )

    def draw(self, said: str) -> None:
        """Everything again, after `said` happened."""
        self.room.store.said = ""
        try:
            rounds = self.room.rounds
        except Unreadable as error:
            self.body.children, said = (), str(error)
            rounds = None
        told = " ".join(dict.fromkeys(filter(None, [self.room.store.said, said])))
        self.said.value = f'<p role="status" aria-live="polite">{html.escape(told)}</p>'
        if rounds is None:
            return
        if rounds and rounds[-1].finished is None:
            self.body.children = self._asking(rounds)
        else:
            self.body.children = self._waiting(rounds)

    def _button(self, words: str, action: Callable[[], str], tip: str, style: str = "") -> Any:
        button = self.w.Button(
            description=words,
            tooltip=tip,
            button_style=style,
            layout={"width": "auto", "align_self": "flex-start"},
        )
        button.on_click(lambda _: self.draw(action()))
        return button

    def _waiting(self, rounds: tuple[Round, ...]) -> tuple[Any, ...]:
        w = self.w
        boxes = {
            part: w.Checkbox(
                value=part in ("design", "coding", "behavioural"),
                description=f"{title} ({DAY[part]} × {MINUTES[part]:g} min)",
                indent=False,
                layout={"width": "26em"},
            )
            for part, title in TITLES.items()
        }
        seed = w.Text(
            value="", placeholder="by chance", description="Seed", layout={"width": "16em"}
        )

        def begin() -> str:
            chosen = [part for part in boxes if boxes[part].value]
            text = seed.value.strip()
            if text and not text.lstrip("-").isdigit():
                return f"A seed is a whole number, not “{text[:20]}”. Leave it empty for chance."
            return self.room.start(chosen, int(text[:12]) if text else None)

        head = w.HTML(f"<h3>Rehearsal: {len(rounds)} round{'s' * (len(rounds) != 1)} so far</h3>")
        out = [
            head,
            *boxes.values(),
            seed,
            self._button(
                "Begin the round", begin, "Draws the questions and starts the clock", "primary"
            ),
        ]
        if rounds:
            out += [
                w.HTML(
                    pages.debrief(rounds, len(rounds), self.room.questions, whole=False),
                    layout={"max_width": "100%", "overflow": "auto"},
                ),
                self._button(
                    "Write the debrief as a page",
                    self.room.export,
                    "An HTML file beside the notebook",
                ),
                self._button(
                    "Write both pages for two persons",
                    self.room.two_pages,
                    "The interviewer's and the candidate's page of this round",
                ),
            ]
        return tuple(out)

    def _asking(self, rounds: tuple[Round, ...]) -> tuple[Any, ...]:
        w, room, one = self.w, self.room, rounds[-1]
        a, q = one.now, room.question(one.now)
        self._tell_time()
        head = w.HTML(
            f"<h3>Round {len(rounds)} · question {one.at + 1} of {len(one.asked)} · "
            f"{html.escape(TITLES[q.part])}</h3>"
        )
        asked = "".join(f"<li>{html.escape(ask)}</li>" for ask in q.follow_ups[: a.opened])
        text = w.HTML(
            f'<p style="font-size:1.15em;max-width:46em">{html.escape(q.text)}</p>'
            + (f"<p>Follow-ups:</p><ol>{asked}</ol>" if asked else "")
            + (
                f"<p>Write in <code>{CODE}</code> beside this notebook and save it.</p>"
                if q.lesson
                else ""
            )
        )
        clock = (
            self._button("Pause", room.pause, "Stops the clock")
            if a.running
            else self._button("Go on", room.resume, "Lets the clock run")
        )
        steps = [clock]
        if q.lesson:
            steps.append(
                self._button(
                    "Judge this stage", room.judge, "Runs the lesson's own checks on the saved file"
                )
            )
        if a.opened < len(q.follow_ups):
            steps.append(
                self._button(
                    "Ask the follow-up", room.follow_up, "Opens the next question behind this one"
                )
            )
        if one.at:
            steps.append(self._button("Back", room.back, "To the question before, to mark it"))
        if one.at + 1 < len(one.asked):
            steps.append(
                self._button("Next question", room.next, "Stops this clock and starts the next")
            )
        steps.append(
            self._button(
                "Finish the round", room.finish, "Ends the round and shows the debrief", "warning"
            )
        )
        notes = w.Textarea(
            value=a.notes, description="Notes", placeholder="What you said, in key words",
            continuous_update=False, layout={"width": "95%", "height": "7em"},
        )  # fmt: skip
        notes.observe(lambda change: self._keep(room.note(change["new"])), names="value")
        return (
            head,
            self.clock,
            text,
            w.HBox(steps, layout={"flex_flow": "row wrap"}),
            self._facts(q),
            notes,
            *self._marks(a, q),
        )

    def _keep(self, said: str) -> None:
        self.said.value = f'<p role="status" aria-live="polite">{html.escape(said)}</p>'

    def _facts(self, q: Question) -> Any:
        rows = q.facts or ({} if q.part == "behavioural" or q.lesson else FRAME)
        inner = "".join(
            _folded(html.escape(FRAME.get(name, name)), html.escape(fact))
            for name, fact in rows.items()
        )
        frame = _folded("Ask first (a frame of our own)", inner) if inner else ""
        points = "".join(f"<li>{html.escape(point)}</li>" for point in q.points)
        return self.w.HTML(
            frame + _folded("Key points, for after your answer", f"<ul>{points}</ul>")
        )

    def _marks(self, a: Asked, q: Question) -> list[Any]:
        out = [
            self.w.HTML(
                f"<p>Your marks, by what was said (weights: {html.escape(q.weights_from)}):</p>"
            )
        ]
        for key, weight in q.criteria.items():
            c = CRITERIA[key]
            choice = self.w.Dropdown(
                options=[
                    ("not seen", 0), (f"1 · {c.weak}", 1), ("2", 2), (f"3 · {c.good}", 3),
                    ("4", 4), (f"5 · {c.strong}", 5),
                ],
                value=a.marks.get(key, 0), description=f"{c.title} ({weight})",
                style={"description_width": "15em"}, layout={"width": "95%"},
            )  # fmt: skip
            choice.observe(
                lambda change, key=key: self._keep(self.room.mark(key, change["new"] or None)),
                names="value",
            )
            out.append(choice)
        rows = "".join(
            f"<li><b>{html.escape(c.title)}</b>: 1 · {html.escape(c.weak)} <br>3 · "
            f"{html.escape(c.good)} <br>5 · {html.escape(c.strong)}</li>"
            for c in (CRITERIA[key] for key in q.criteria)
        )
        return [*out, self.w.HTML(_folded("The anchors in full", f"<ul>{rows}</ul>"))]


def _folded(summary: str, inner: str) -> str:
    """Escaped HTML that opens with a click or the Enter key."""
    return f"<details><summary>{summary}</summary>{inner}</details>"
