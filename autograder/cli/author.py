"""Commands for those who write lessons, and for the machine they run on."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.common import AsJson, CourseFolder, say_json

commands = typer.Typer()


@commands.command()
def build(
    modules: Annotated[
        list[str] | None, typer.Argument(help="Modules to build; all when none is named.")
    ] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; name what differs, exit 1.")
    ] = False,
    course: CourseFolder = Path(),
) -> None:
    """Build source/, release/ and notebooks/ from lessons/."""
    from autograder.build import builder
    from autograder.lessons.course import Course

    changed = builder.build(Course.find(course), modules or (), check=only_check)
    for path in changed:
        advice = (
            ": differs from what lessons/ gives. Edit lessons/, then run `make build`."
            if only_check
            else ""
        )
        print(f"{path}{advice}")
    if only_check and changed:
        raise typer.Exit(1)


@commands.command()
def new(
    lesson: Annotated[
        str, typer.Argument(metavar="MODULE/NN_verb_noun", help="Such as 03_devops/01_fix_a_pod.")
    ],
    course: CourseFolder = Path(),
) -> None:
    """Make a small lesson that builds and proves at once: text, world, answers and a test. Nothing
    is overwritten.
    """
    from autograder.build import new as beginning
    from autograder.lessons.course import Course

    for path in beginning.make(Course.find(course), lesson):
        print(path.as_posix())
    print(beginning.next_steps(lesson))


@commands.command()
def budget(
    lessons: Annotated[
        list[str] | None, typer.Argument(help="Lessons; all when none is named.")
    ] = None,
    times: Annotated[int, typer.Option(min=1, help="Runs of each lesson, for their median.")] = 5,
    as_json: AsJson = False,
    course: CourseFolder = Path(),
) -> None:
    """Measure what a submission of each lesson costs in a class, in ms of CPU; exit 1 when one is
    over its limit.
    """
    from autograder.cli import tables
    from autograder.grade.budget import measure
    from autograder.lessons.course import Course
    from autograder.lessons.lesson import Lesson
    from autograder.runner.pool import Local

    home = Course.find(course)
    with contextlib.closing(Local()) as runner:
        read = [Lesson.read(home.lesson_path(name)) for name in lessons or home.lessons]
        found = {lesson.key: measure(lesson, runner, times) for lesson in read}
    if as_json:
        say_json({key: one.as_json() | {"over": one.is_over} for key, one in found.items()})
    else:
        tables.show_budgets(found)
    if any(one.is_over for one in found.values()):
        raise typer.Exit(1)


@commands.command()
def diagrams(
    chromium: Annotated[str, typer.Option(help="The browser's command.")] = "/usr/bin/chromium",
    course: CourseFolder = Path(),
) -> None:
    """Draw the diagrams whose mermaid text has changed."""
    from autograder.build import diagrams as drawing
    from autograder.lessons.course import Course

    for path in drawing.draw(Course.find(course), chromium):
        print(path)


@commands.command()
def doctor() -> None:
    """Say which boxes for learners' code work on this machine, and what the others lack."""
    from autograder.runner.box import BUBBLEWRAP, LANDLOCK, TRUSTED, choose, probe

    for box in (BUBBLEWRAP, LANDLOCK, TRUSTED):
        why = probe(box.level)
        print(
            f"{box.level}: {'works' if why is None else 'missing'}. "
            f"{why or box.promise.capitalize()}."
        )
    print(f"`autograder grade` would use: {choose(trust=True).level}.")


@commands.command()
def lessons(course: CourseFolder = Path()) -> None:
    """List the lessons."""
    from autograder.lessons.course import Course

    for key in Course.find(course).lessons:
        print(key)
