"""Commands for those who study alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.common import (
    AsJson,
    CourseFolder,
    Reveal,
    say_json,
    setting,
    studying,
    tell,
)

if TYPE_CHECKING:
    from autograder.cli.common import Grader
    from autograder.jobs import Result
    from autograder.study.study import Study

MOST_FAILED = 5  # checks of one grading that come back as cards: an evening is short

commands = typer.Typer()


@commands.command()
def score(
    context: typer.Context,
    lesson: str,
    file: Path,
    stage: Annotated[
        str, typer.Option(help="Tell of this part of a mock interview alone, such as core.")
    ] = "",
    as_json: AsJson = False,
    reveal: Reveal = False,
    course: CourseFolder = Path(),
) -> None:
    """Grade an answer FILE (Python text) for LESSON, such as 02_coding/04_cache_features.

    FILE holds percent cells named by grade id (`# %% cache`), or, without any cell marker,
    definitions that stand in for all solution cells of the lesson.
    """
    from autograder.errors import CourseError, nearest
    from autograder.files import Unreadable, decode, read_bounded
    from autograder.grade import submission
    from autograder.lessons.course import Course

    grader = setting(context).grader
    read = grader.lesson(Course.find(course).lesson_path(lesson))
    if stage and stage not in read.stages:
        known = ", ".join(read.stages)
        told = f"its stages are {known}" if known else "it has no stages"
        near = nearest(stage, read.stages)
        raise CourseError(f"{read.key}: no check is of stage {stage!r}; {told}.{near}")
    try:
        data = read_bounded(file)
    except Unreadable as error:
        raise CourseError(f"{file}: {error}. Give the path of an answer file.") from None
    repairs: list[str] = []
    job = submission.answer_job(read, file.stem, decode(data, repairs))
    result = grader.grade(read, job).for_one(stage)
    if as_json:
        say_json(result.as_json(reveal))
    else:
        _show(result, reveal)


@commands.command()
def check(
    context: typer.Context,
    notebook: Path,
    as_json: AsJson = False,
    reveal: Reveal = False,
    course: CourseFolder = Path(),
) -> None:
    """Grade one NOTEBOOK as it is saved on disk, hidden checks included. One in study/ counts on
    the start page.
    """
    from autograder.errors import CourseError, nearest
    from autograder.files import NeedsHuman, Unreadable, read_bounded
    from autograder.grade import notebooks, submission
    from autograder.grade.judge import unread
    from autograder.lessons.course import Course
    from autograder.study.study import Study

    grader, home = setting(context).grader, Course.find(course)
    try:
        data = read_bounded(notebook, notebooks.MAX_BYTES)
    except Unreadable as error:
        near = nearest(notebook.stem, [key.split("/")[1] for key in home.lessons])
        raise CourseError(
            f"{notebook}: {error}.{near} Give the path of a saved notebook."
        ) from None
    stem = notebook.name.partition(".")[0] or notebook.name  # a dated copy is its lesson's too
    read = grader.lesson(home.lesson_path((notebook.parent / stem).as_posix()))
    repairs: list[str] = []
    try:
        _, job = submission.read(read, "you", data, repairs)
    except Unreadable as error:
        state = "needs-human" if isinstance(error, NeedsHuman) else "zero"
        result = unread(read, "you", f"{state}:{error}", tuple(repairs))
    else:
        result = grader.grade(read, job).for_one()

    def show(note: str) -> None:
        if as_json:
            data = {**result.as_json(reveal), "study": note}
            say_json(data)
        else:
            _show(result, reveal)
            print(note, end="\n" if note else "")

    show(_record(Study(home.root, setting(context).clock), notebook, result, grader, show))


def _record(
    study: Study, notebook: Path, result: Result, grader: Grader, show: Callable[[str], None]
) -> str:
    """Keep the result for the start page, if it is of the learner's own notebook; a sentence when
    it does not count.
    """
    from autograder.errors import CourseError
    from autograder.files import locked
    from autograder.study import progress as progressing
    from autograder.study.study import ROOM

    own = study.notebook(result.lesson)
    if notebook.resolve() == study.released(result.lesson).resolve():
        return f"This is the course's own notebook and does not count; yours is {study.say(own)}."
    if notebook.resolve() != own.resolve() or result.lesson not in study.cards:
        return ""

    def write() -> str:
        try:
            with locked(study.locks, ROOM):
                points = result.points, result.max_points, result.left_out
                progressing.record(study, result.lesson, result.state, *points)
            _remember_failed(study, result)
        except (OSError, CourseError) as error:
            return f"The start page could not be told: {error}"
        return ""

    return grader.keep(progressing.path(study, result.lesson), show, write)


def _remember_failed(study: Study, result: Result) -> None:
    """Let checks that failed come back among the question cards, once there is work to speak of."""
    if result.state != "graded" or not result.points:
        return
    from coursekit.behavioral import review

    titles: dict[bool, list[str]] = {True: [], False: []}
    for check in result.checks:
        if check.row.verdict != "not judged":
            titles[check.row.verdict == "pass"].append(check.row.check.title)
    path = study.root / review.FILE
    if titles[False] or path.exists():
        review.add_graded(
            path, result.lesson, titles[True], titles[False][:MOST_FAILED], study.clock()
        )


def _show(result: Result, reveal: bool) -> None:
    from autograder.cli import tables

    tables.show(result, reveal)


OneLesson = Annotated[
    str, typer.Argument(help="Such as 04_cache_features; `autograder progress` names them.")
]


@commands.command()
def update(context: typer.Context, course: CourseFolder = Path()) -> None:
    """Bring new and newer notebooks from notebooks/ into study/, where you work. Nothing you wrote
    is overwritten.
    """
    from autograder.study import copies, progress as progressing, start_page

    with studying(context, course) as study:
        for change in copies.update(study):
            message = _CHANGES[change.kind].format(study.say(study.released(change.key)))
            print(f"{study.say(change.path)}: {message}")
        progressing.visit(study)
        start_page.lay_out(study)
        for note in copies.notes(study):
            print(note)


_CHANGES = {
    "new": "a copy of {}; this one is yours.",
    "updated": "brought to the course's newer version; nothing was written in it.",
    "beside": "the course's newer version, beside yours.",
    "moved": "what was written in {}; go on in this one.",
}


@commands.command()
def progress(
    context: typer.Context, as_json: AsJson = False, course: CourseFolder = Path()
) -> None:
    """Show the start page: lessons, what is done, points, time, what comes next, and the plan.
    Nothing is run.
    """
    from autograder.study import start_page
    from autograder.study.study import Study

    page = start_page.make(Study.find(course, setting(context).clock))
    if as_json:
        say_json(page.as_json())
    else:
        print(page)


@commands.command()
def plan(
    context: typer.Context,
    days: Annotated[
        int | None, typer.Option(help="How many days; another number than before begins it today.")
    ] = None,
    minutes: Annotated[int | None, typer.Option(help="How many minutes a day.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Begin it today.")] = False,
    as_json: AsJson = False,
    course: CourseFolder = Path(),
) -> None:
    """Spread what is left over the days that are left: 6 days of 90 minutes, unless told
    otherwise.
    """
    from autograder.study import plan as planning, start_page

    with studying(context, course) as study:
        planning.begin(study, days, minutes, anew)
        page = start_page.make(study)
    if as_json:
        say_json(page.as_json()["plan"])
    else:
        print(page.plan_text)


@commands.command()
def reset(
    context: typer.Context,
    lesson: OneLesson,
    keep_answers: Annotated[
        bool,
        typer.Option("--keep-answers", help="Carry what you wrote in the lesson's cells over."),
    ] = False,
    course: CourseFolder = Path(),
) -> None:
    """Put the notebook of LESSON in study/ back as the course has it. Your work is kept under a
    dated name.
    """
    from autograder.study import copies, progress as progressing

    with studying(context, course) as study:
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
    print(
        f"Your work is {study.say(done.copy)}. "
        f"To go back, delete {done.path.name} and give the copy its name."
    )
    if done.left:
        print(
            "Not carried over, because the lesson has no such cell any more: "
            f"{', '.join(done.left)}."
        )
    print("If it is open in JupyterLab, close it without saving and open it again.")


@commands.command()
def reveal(
    context: typer.Context,
    lesson: OneLesson,
    grade_id: Annotated[
        str, typer.Argument(help="The cell's name, as in reveal(\"cache\") at the notebook's end.")
    ],
    anyway: Annotated[bool, typer.Option("--anyway", help="Also without an honest try.")] = False,
    course: CourseFolder = Path(),
) -> None:
    """Show the reference solution of a cell and a brief why, after you wrote your own and graded it
    (else exit 1).
    """
    from autograder.study import reveal as revealing
    from autograder.study.study import Study

    study = Study.find(course, setting(context).clock)
    try:
        print(revealing.reveal(study, study.cards[study.key(lesson)], grade_id, anyway))
    except revealing.NotYet as error:
        tell(f"autograder: {error}")
        raise typer.Exit(1) from None


@commands.command()
def stop(course: CourseFolder = Path()) -> None:
    """End the process that is kept ready for your next grading; it ends by itself after 15 idle
    minutes.
    """
    from autograder import warm_client

    root = warm_client.course_root(str(course)) if warm_client.minutes() else None
    print(
        "The warm grader has ended."
        if root and warm_client.stop(root)
        else "No warm grader is running."
    )
