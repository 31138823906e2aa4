"""The command line. It alone prints."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from autograder.build import builder as building, diagrams as drawing, new as beginning
from autograder.cli import early_start
from autograder.errors import CourseError, nearest
from autograder.files import Stop, Unreadable, decode, read_bounded, write_atomically
from autograder.grade import batch, budget as budgeting, collected, regrade as regrading, submission
from autograder.grade.judge import Judge, unread
from autograder.jobs import Job, Result
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.phases import Phases
from autograder.record.gradebook import backs_itself_up
from autograder.record.results import locked
from autograder.report import page as report_page, summary as reporting
from autograder.runner.box import BUBBLEWRAP, LANDLOCK, TRUSTED, choose, probe
from autograder.runner.cluster import Cluster
from autograder.runner.pool import Local
from autograder.study import copies, plan as planning, progress as progressing, reveal as revealing, start_page
from autograder.study.study import ROOM, Clock, Study, now
from coursekit.checks import WORDS, shorten

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build, check and grade the course. "
    "Learners' code runs in the strongest box that works on this machine; `autograder doctor` says which, and why.",
)
out, err = Console(), Console(stderr=True)
STOPPED = 130  # exit code after a signal
EVERY = 10.0  # seconds between two lines of progress

CourseFolder = Annotated[Path, typer.Option("--course", help="The course folder, or one inside it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show what hidden checks saw and expected (for authors).")]


@app.command()
def score(
    lesson: str,
    file: Path,
    as_json: AsJson = False,
    reveal: Reveal = False,
    course: CourseFolder = Path(),
) -> None:
    """Grade an answer FILE (Python text) for LESSON, such as 02_coding/04_cache_features.

    FILE holds percent cells named by grade id (`# %% cache`), or, without any cell marker, definitions that stand in
    for all solution cells of the lesson.
    """
    read = Lesson.read(Course.find(course).lesson_path(lesson))
    try:
        data = read_bounded(file)
    except Unreadable as error:
        raise CourseError(f"{file}: {error}. Give the path of an answer file.") from None
    repairs: list[str] = []
    job = submission.answer_job(read, file.stem, decode(data, repairs))
    _show(_graded(read, job), as_json, reveal)


def _graded(lesson: Lesson, job: Job) -> Result:
    """One's own work: the strongest box there is, or none."""
    runner = Local(choose(trust=True))
    try:
        return Judge(runner).grade(lesson, job)
    finally:
        runner.close()


@app.command()
def check(
    context: typer.Context,
    notebook: Path,
    as_json: AsJson = False,
    reveal: Reveal = False,
    course: CourseFolder = Path(),
) -> None:
    """Grade one NOTEBOOK as it is saved on disk, hidden checks included. One in study/ counts on the start page."""
    home = Course.find(course)
    try:
        data = read_bounded(notebook)
    except Unreadable as error:
        near = nearest(notebook.stem, [key.split("/")[1] for key in home.lessons])
        raise CourseError(f"{notebook}: {error}.{near} Give the path of a saved notebook.") from None
    stem = notebook.name.partition(".")[0] or notebook.name  # a dated copy is its lesson's too
    read = Lesson.read(home.lesson_path((notebook.parent / stem).as_posix()))
    repairs: list[str] = []
    try:
        job = submission.job(read, "you", submission.parse_notebook(data, repairs), repairs)
    except Unreadable as error:
        result = unread(read, "you", f"zero:{error}", tuple(repairs))
    else:
        result = _graded(read, job)
    told = _counted(Study(home.root, _clock(context)), notebook, result)
    if not as_json:
        _show(result, False, reveal)
        print(told, end="\n" if told else "")
        return
    print(json.dumps({**result.as_json(reveal), "study": told}, ensure_ascii=False, indent=1))


def _counted(study: Study, notebook: Path, result: Result) -> str:
    """Keep the result for the start page, if it is of the learner's own notebook; a sentence when it does not count."""
    own = study.notebook(result.lesson)
    if notebook.resolve() == study.released(result.lesson).resolve():
        return f"This is the course's own notebook and does not count; yours is {study.say(own)}."
    if notebook.resolve() != own.resolve() or result.lesson not in study.cards:
        return ""
    try:
        with locked(Course(study.root), ROOM):
            progressing.record(study, result.lesson, result.state, result.points, result.max_points)
    except (OSError, CourseError) as error:
        return f"The start page could not be told: {error}"
    return ""


@app.command()
def grade(
    module: Annotated[list[str], typer.Argument(help="One or more modules.")],
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be said more than once.")] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Notebooks graded at once; as many as keep this machine, or the cluster, busy."),
    ] = None,
    trust: Annotated[bool, typer.Option("--trust-submissions", help="Grade even where no box works.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Run everything, finished work too.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Say where the time went.")] = False,
    scheduler: Annotated[str, typer.Option(help="tcp://… or tls://… of a Dask scheduler: use its workers.")] = "",
    as_json: AsJson = False,
    reveal: Reveal = False,
    course: CourseFolder = Path(),
) -> None:
    """Grade what students handed in for MODULE: submitted/ into the gradebook, autograded/ and feedback/.

    Several modules in one command share what it takes to start.
    """
    home = Course.find(course)
    modules = list(dict.fromkeys(module))
    told, phases = _Told(", ".join(modules), as_json), Phases()
    graded: dict[str, list[Result]] = {}
    total = sum(collected.size(home, name, student) for name in modules)

    def done(result: Result, _: int) -> None:
        told.count(result.state.partition(":")[0], total)

    with _stoppable(told) as stop:
        runner = Cluster(scheduler, trust) if scheduler else early_start.runner() or Local(choose(trust))
        with contextlib.closing(runner):
            at_once = jobs or (runner.jobs if isinstance(runner, Cluster) else os.cpu_count() or 1)
            runner.expect((), min(at_once, total))  # they start while this process reads and imports
            if not as_json and backs_itself_up(home):
                err.print("The gradebook is in a database of its own, to be backed up there.", highlight=False)
            for name in modules:
                graded[name] = batch.grade(
                    home, name, student, jobs=at_once, runner=runner, again=again, done=done, stop=stop, phases=phases
                )
    if profile:
        _show_phases(phases, total)
    if as_json:
        listed = [{"module": name, "results": [r.as_json(reveal) for r in rs]} for name, rs in graded.items()]
        print(json.dumps(listed if len(listed) > 1 else listed[0], ensure_ascii=False, indent=1))
        return
    for name, results in graded.items():
        _show_class(name, results)


@app.command()
def regrade(
    module: str,
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be said more than once.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks graded at once.")] = os.cpu_count() or 1,
    trust: Annotated[bool, typer.Option("--trust-submissions", help="Grade even where no box works.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Run everything, even where no lesson has changed.")] = False,
    never_lower: Annotated[bool, typer.Option("--never-lower", help="No notebook gets fewer points than now.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write what the table shows.")] = False,
    as_json: AsJson = False,
    course: CourseFolder = Path(),
) -> None:
    """After lessons of MODULE were changed: whose points change, by how much, because of which check.

    Nothing is written without --write: neither gradebook nor autograded/, feedback/ or stored results. What was run for
    the table is not run again to write it.
    """
    home = Course.find(course)
    told = _Told(module, as_json)

    def done(change: regrading.Change, total: int) -> None:
        told.count(change.kind, total)

    with _stoppable(told) as stop, contextlib.closing(Local(choose(trust))) as runner:
        flags = {"again": again, "never_lower": never_lower, "write": write}
        changes = regrading.regrade(home, module, student, jobs=jobs, runner=runner, done=done, stop=stop, **flags)
    if as_json:
        checks = [{"lesson": k, "name": n, **count} for (k, n), count in regrading.by_check(changes).items()]
        listed = {"totals": regrading.totals(changes), "checks": checks, "changes": [c.as_json() for c in changes]}
        print(json.dumps({"module": module, "written": write, **listed}, ensure_ascii=False, indent=1))
        return
    _show_changes(module, changes)
    if write:
        print("Written to the gradebook, autograded/ and feedback/.")
    else:
        options = [f"--student={s}" for s in student or ()] + ["--trust-submissions"] * trust + ["--again"] * again
        options += ["--never-lower"] * never_lower + [f"--course={course}"] * (course != Path())
        command = shlex.join(["autograder", "regrade", module, *options, "--write"])
        print(f"Nothing was written. This writes it: {command}")


def _show_changes(module: str, changes: list[regrading.Change]) -> None:
    table = Table(title=f"{module}: what changes", title_justify="left")
    for head in ("student", "lesson", "points", "difference", "because of"):
        table.add_column(head, overflow="fold")
    shown = [c for c in changes if c.shows]
    for c in shown:
        difference = "" if c.kind in ("new", "handed in anew") else f"{c.difference:+g}" if c.difference else "0"
        cells = (c.student, c.lesson.split("/")[1], _points(c), difference, "\n".join(_reasons(c)))
        table.add_row(*map(escape, cells))
    if shown:
        out.print(table)
    if counted := {check: n for check, n in regrading.by_check(changes).items() if any(n.values())}:
        table = Table(title="checks", title_justify="left")
        for head in ("lesson", "check", "up", "down"):
            table.add_column(head, overflow="fold", justify="right" if head in ("up", "down") else "left")
        for (lesson, name), count in counted.items():
            news = " (added)" if count["added"] else " (removed)" if count["removed"] else ""
            title = name.replace("_", " ") + news
            table.add_row(*map(escape, (lesson.split("/")[1], title, str(count["up"]), str(count["down"]))))
        out.print(table)
    total = regrading.totals(changes)
    told = ", ".join(f"{n:g} {kind}" for kind, n in total.items() if kind != "mean change")
    print(f"{len(changes)} notebooks: {told}. Mean change: {total['mean change']:+.2f} points.")


def _points(c: regrading.Change) -> str:
    now = f"{c.after:g}/{c.max_after:g}"
    if c.before is None:
        return f"new: {now}"
    kept = f"kept at {c.after:g} (would be {c.earned:g})" if c.kept else ""
    both = f"{c.before:g}/{c.max_before:g} → {now}"
    return kept if kept and not c.difference else ", ".join(filter(None, (both, kept)))


def _mark(mark: regrading.Mark | None) -> str:
    return f"{WORDS.get(mark.verdict, mark.verdict)} {mark.points:g}/{mark.max_points:g}" if mark else ""


def _reasons(c: regrading.Change) -> Iterator[str]:
    if c.kind == "handed in anew":
        yield "handed in anew since it was graded"
    if c.state_before is not None and c.state_before != c.state_after:
        yield f"state: {c.state_before} → {c.state_after}"
    for check in c.checks:
        before, after = map(_mark, (check.before, check.after))
        told = f"{before} → {after}" if before and after else f"added, {after}" if after else f"removed, was {before}"
        yield f"{check.name.replace('_', ' ')}: {told}"


def _show_phases(phases: Phases, notebooks: int) -> None:
    table = Table(title="where the time went, all jobs together", title_justify="left")
    for head in ("phase", "seconds", "share", "ms for each notebook"):
        table.add_column(head, justify="left" if head == "phase" else "right")
    whole = sum(phases.seconds.values()) or 1.0
    for name, seconds in phases.seconds.most_common():
        table.add_row(name, f"{seconds:.2f}", f"{seconds / whole:.0%}", f"{1000 * seconds / max(1, notebooks):.1f}")
    err.print(table)


@contextlib.contextmanager
def _signals() -> Iterator[Stop]:
    """Ctrl-C and SIGTERM stop a run and raise `KeyboardInterrupt`; once it has ended for that they do nothing."""
    stop = Stop()

    def on_signal(*_: object) -> None:
        if not stop.asked:  # a second one must not disturb the end
            stop.asked = True
            raise KeyboardInterrupt

    heard = [s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) != signal.SIG_IGN]
    before = {s: signal.signal(s, on_signal) for s in heard}
    try:
        yield stop
    finally:
        for s in heard:
            signal.signal(s, signal.SIG_IGN if stop.asked else before[s])


@contextlib.contextmanager
def _stoppable(told: _Told) -> Iterator[Stop]:
    """A run with progress that may be stopped: a sentence, and the exit code that shells expect."""
    try:
        with _signals() as stop, told:
            yield stop
    except KeyboardInterrupt:
        _tell(f"autograder: stopped; {told.counts()} are done. The same command goes on from there.")
        raise typer.Exit(STOPPED) from None


class _Told:
    """Progress on stderr: a bar in a terminal, elsewhere a line at the first result, now and then, and at the end."""

    def __init__(self, module: str, silent: bool) -> None:
        self.module, self.lines = module, not silent and not err.is_terminal
        self.states: Counter[str] = Counter()
        self.total: int | None = None
        self.bar = Progress(*_BAR, console=err, disable=silent or self.lines)
        self.task = self.bar.add_task(module, total=None, states="")
        self.began = self.said = time.monotonic()

    def __enter__(self) -> _Told:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def counts(self) -> str:
        """How many of how many, as far as it is known."""
        return f"{self.states.total()} of {self.total} notebooks" if self.total else "no notebooks"

    def count(self, kind: str, total: int) -> None:
        """One more of a kind."""
        self.total = total
        self.states[kind] += 1
        told = ", ".join(f"{n} {state}" for state, n in self.states.items())
        self.bar.update(self.task, total=total, advance=1, states=told)
        now, count = time.monotonic(), self.states.total()
        if self.lines and (count in (1, total) or now - self.said >= EVERY):
            self.said = now
            left = (now - self.began) / count * (total - count)
            _tell(f"{self.module}: {self.counts()} ({told}), {now - self.began:.0f} s, about {left:.0f} s left")


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # at once: a signal must not find half of it in a buffer


_BAR = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("{task.fields[states]}"),
    TimeElapsedColumn(),
    TextColumn("left"),
    TimeRemainingColumn(),
)


def _show_class(module: str, results: list[Result]) -> None:
    lessons_ = list(dict.fromkeys(r.lesson for r in results))
    isolation = next((r.isolation for r in results if r.isolation), "nothing: there was nothing to run")
    table = Table(title=f"{module}, run in: {isolation}", title_justify="left")
    table.add_column("student")
    for key in lessons_:
        table.add_column(key.split("/")[1], justify="right")
    table.add_column("points", justify="right")
    table.add_column("for a human")
    by_student: dict[str, dict[str, Result]] = {}
    for r in results:
        by_student.setdefault(r.student, {})[r.lesson] = r
    for name, own in by_student.items():
        marks = ["" if own[k].state == "graded" else " *" for k in lessons_]
        points = [f"{own[k].points:g}/{own[k].max_points:g}{mark}" for k, mark in zip(lessons_, marks, strict=True)]
        total = f"{sum(r.points for r in own.values()):g}/{sum(r.max_points for r in own.values()):g}"
        remarks = [(k, r.state) for k, r in own.items() if r.state != "graded"]
        remarks += [(k, r.note) for k, r in own.items() if r.note]
        told = "; ".join(f"{k.split('/')[1]}: {remark}" for k, remark in remarks)
        table.add_row(escape(name), *points, total, escape(told))
    out.print(table)


@app.command()
def report(
    module: str,
    to: Annotated[Path | None, typer.Option("--out", help="A file or folder instead of .autograder/reports/.")] = None,
    as_json: AsJson = False,
    course: CourseFolder = Path(),
) -> None:
    """Write a page about MODULE from its stored results: points, checks, who needs a human. Nothing is run."""
    home = Course.find(course)
    made = reporting.gather(home, module)
    if as_json:
        print(json.dumps(made.as_json(), indent=1))
        return
    path = to or reporting.default_path(home, module)
    path = path / f"{module}.html" if path.is_dir() else path
    try:
        write_atomically(path, report_page.page(made))
    except OSError as error:
        raise CourseError(f"{path}: cannot be written: {error.strerror}. Say --out with another file.") from None
    print(path)


@app.command()
def build(
    modules: Annotated[list[str] | None, typer.Argument(help="Modules to build; all when none is named.")] = None,
    only_check: Annotated[bool, typer.Option("--check", help="Write nothing; name what differs, exit 1.")] = False,
    course: CourseFolder = Path(),
) -> None:
    """Build source/, release/ and notebooks/ from lessons/."""
    changed = building.build(Course.find(course), modules or (), check=only_check)
    for path in changed:
        advice = ": differs from what lessons/ gives. Edit lessons/, then run `make build`." if only_check else ""
        print(f"{path}{advice}")
    if only_check and changed:
        raise typer.Exit(1)


@app.command()
def new(
    lesson: Annotated[str, typer.Argument(metavar="MODULE/NN_verb_noun", help="Such as 03_devops/01_fix_a_pod.")],
    course: CourseFolder = Path(),
) -> None:
    """Make a small lesson that builds and proves at once: text, world, answers and a test. Nothing is overwritten."""
    for path in beginning.make(Course.find(course), lesson):
        print(path.as_posix())
    print(beginning.next_steps(lesson))


@app.command()
def budget(
    lessons: Annotated[list[str] | None, typer.Argument(help="Lessons; all when none is named.")] = None,
    times: Annotated[int, typer.Option(min=1, help="Runs of each lesson, for their median.")] = budgeting.TIMES,
    as_json: AsJson = False,
    course: CourseFolder = Path(),
) -> None:
    """Measure what a submission of each lesson costs in a class, in ms of CPU; exit 1 when one is over its limit."""
    home = Course.find(course)
    with contextlib.closing(Local()) as runner:
        found = {}
        for name in lessons or home.lessons:
            read = Lesson.read(home.lesson_path(name))
            found[read.key] = budgeting.measure(read, runner, times)
    if as_json:
        print(json.dumps({key: one.as_json() | {"over": one.is_over} for key, one in found.items()}, indent=1))
    else:
        _show_budgets(found)
    if any(one.is_over for one in found.values()):
        raise typer.Exit(1)


def _show_budgets(found: dict[str, budgeting.Budget]) -> None:
    table = Table(title="ms of CPU, medians", title_justify="left")
    table.add_column("lesson", no_wrap=True)
    for head in ("cells", "checks", "total", f"over {budgeting.LIMIT:g} ms", "cells that draw", "reference"):
        table.add_column(head, justify="right")
    for key, one in found.items():
        over = "over" if one.is_over else ""
        parts = one.cells_ms, one.checks_ms, one.total_ms, over, one.drawn_ms, one.reference_ms
        table.add_row(escape(key), *(part if isinstance(part, str) else f"{part:.0f}" for part in parts))
    out.print(table)
    out.print("Cells: pictures remembered, as when others have answered alike. Those that draw pay for them.")


@app.command()
def diagrams(
    chromium: Annotated[str, typer.Option(help="The browser's command.")] = "/usr/bin/chromium",
    course: CourseFolder = Path(),
) -> None:
    """Draw the diagrams whose mermaid text has changed."""
    for path in drawing.draw(Course.find(course), chromium):
        print(path)


@app.command()
def doctor() -> None:
    """Say which boxes for learners' code work on this machine, and what the others lack."""
    for box in (BUBBLEWRAP, LANDLOCK, TRUSTED):
        why = probe(box.level)
        print(f"{box.level}: {'works' if why is None else 'missing'}. {why or box.promise.capitalize()}.")
    print(f"`autograder grade` would use: {choose(trust=True).level}.")


@app.command()
def lessons(course: CourseFolder = Path()) -> None:
    """List the lessons."""
    for key in Course.find(course).lessons:
        print(key)


# ------------------------------------------------------------------------------------------------ for learners

OneLesson = Annotated[str, typer.Argument(help="Such as 04_cache_features; `autograder progress` names them.")]


def _clock(context: typer.Context) -> Clock:
    return context.obj or now


@contextlib.contextmanager
def _studying(context: typer.Context, course: Path) -> Iterator[Study]:
    """The learner's side of the course, alone with it; what the system refuses is told in a sentence."""
    study = Study.find(course, _clock(context))
    try:
        with locked(Course(study.root), ROOM):
            yield study
    except OSError as error:
        raise CourseError(f"{error.filename or study.room}: {error.strerror}. Nothing was overwritten.") from None


@app.command()
def update(context: typer.Context, course: CourseFolder = Path()) -> None:
    """Bring new and newer notebooks from notebooks/ into study/, where you work. Nothing you wrote is overwritten."""
    with _studying(context, course) as study:
        for change in copies.update(study):
            told = _CHANGES[change.kind].format(study.say(study.released(change.key)))
            print(f"{study.say(change.path)}: {told}")
        progressing.visit(study)
        start_page.lay_out(study)
        for note in copies.notes(study):
            print(note)


def _say(text: str) -> None:
    """Print what may hold characters that a terminal, or a file on Windows, has no way to write."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


_CHANGES = {
    "new": "a copy of {}; this one is yours.",
    "updated": "brought to the course's newer version; nothing was written in it.",
    "beside": "the course's newer version, beside yours.",
    "moved": "what was written in {}; go on in this one.",
}


@app.command()
def progress(context: typer.Context, as_json: AsJson = False, course: CourseFolder = Path()) -> None:
    """Show the start page: lessons, what is done, points, time, what comes next, and the plan. Nothing is run."""
    page = start_page.make(Study.find(course, _clock(context)))
    _say(json.dumps(page.as_json(), ensure_ascii=False, indent=1) if as_json else str(page))


@app.command()
def plan(
    context: typer.Context,
    days: Annotated[int | None, typer.Option(help="How many days; another number than before begins it today.")] = None,
    minutes: Annotated[int | None, typer.Option(help="How many minutes a day.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Begin it today.")] = False,
    as_json: AsJson = False,
    course: CourseFolder = Path(),
) -> None:
    """Spread what is left over the days that are left: 6 days of 90 minutes, unless told otherwise."""
    with _studying(context, course) as study:
        planning.begin(study, days, minutes, anew)
        page = start_page.make(study)
    _say(json.dumps(page.as_json()["plan"], ensure_ascii=False, indent=1) if as_json else page.plan_text)


@app.command()
def reset(
    context: typer.Context,
    lesson: OneLesson,
    keep_answers: Annotated[
        bool, typer.Option("--keep-answers", help="Carry what you wrote in the lesson's cells over.")
    ] = False,
    course: CourseFolder = Path(),
) -> None:
    """Put the notebook of LESSON in study/ back as the course has it. Your work is kept under a dated name."""
    with _studying(context, course) as study:
        key = study.key(lesson)
        done = copies.reset(study, key, keep_answers)
        if not keep_answers:
            progressing.begin_anew(study, key)
    name = study.say(done.path)
    answers = f", with what you wrote in {', '.join(done.answers)}" if done.answers else ""
    print(f"{name} is as the course has it{answers}.")
    if done.copy is None:
        print("Nothing was written in it, so there is no copy.")
        return
    print(f"Your work is {study.say(done.copy)}. To go back, delete {done.path.name} and give the copy its name.")
    if done.left:
        print(f"Not carried over, because the lesson has no such cell any more: {', '.join(done.left)}.")
    print("If it is open in JupyterLab, close it without saving and open it again.")


@app.command()
def reveal(
    context: typer.Context,
    lesson: OneLesson,
    grade_id: Annotated[str, typer.Argument(help="The cell's name, as in reveal(\"cache\") at the notebook's end.")],
    anyway: Annotated[bool, typer.Option("--anyway", help="Also without an honest try.")] = False,
    course: CourseFolder = Path(),
) -> None:
    """Show the reference solution of a cell and a brief why, after you wrote your own and graded it (else exit 1)."""
    study = Study.find(course, _clock(context))
    try:
        _say(str(revealing.reveal(study, study.cards[study.key(lesson)], grade_id, anyway)))
    except revealing.NotYet as error:
        _tell(f"autograder: {error}")
        raise typer.Exit(1) from None


# ------------------------------------------------------------------------------------------------ results


def _show(result: Result, as_json: bool, reveal: bool) -> None:
    if as_json:
        print(json.dumps(result.as_json(reveal), ensure_ascii=False, indent=1))
        return
    table = Table(title=f"{result.lesson}: {result.points:g} of {result.max_points:g} points", title_justify="left")
    for head in ("cell", "criterion", "result", "points", "seen, expected, hint"):
        table.add_column(head, overflow="fold")
    for c in result.checks:
        row, told = c.row, ""
        if row.verdict != "pass":
            secret = row.check.hidden and not reveal
            shown = "" if secret else f"seen {shorten(row.seen)}; expected {shorten(row.expected)}. "
            told = shown + row.check.hint
        points = f"{row.earned:g}/{row.check.points:g}"
        table.add_row(*map(escape, (c.grade_id, row.check.title, WORDS[row.verdict], points, told)))
    out.print(table)
    for sentence in (*filter(None, [result.guess]), *result.repairs, *result.problems):
        out.print("•", escape(sentence))
    if result.state != "graded":
        out.print("State:", escape(result.state))


def main(arguments: list[str] | None = None, clock: Clock = now) -> Any:
    """Run the command line; what is wrong with a call is told in a sentence, with exit code 2.

    Args:
        clock: what time it is for a learner's progress, plan and copies.
    """
    try:
        return app(arguments, obj=clock)
    except CourseError as error:
        _tell(f"autograder: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
