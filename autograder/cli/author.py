"""Commands for those who write lessons, and for the machine they run on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.common import CourseFolder

commands = typer.Typer()


@commands.command()
def build(
    modules: Annotated[list[str] | None, typer.Argument(help="Modules to build; all when none is named.")] = None,
    only_check: Annotated[bool, typer.Option("--check", help="Write nothing; name what differs, exit 1.")] = False,
    course: CourseFolder = Path(),
) -> None:
    """Build source/, release/ and notebooks/ from lessons/."""
    from autograder.build import builder
    from autograder.lessons.course import Course

    changed = builder.build(Course.find(course), modules or (), check=only_check)
    for path in changed:
        advice = ": differs from what lessons/ gives. Edit lessons/, then run `make build`." if only_check else ""
        print(f"{path}{advice}")
    if only_check and changed:
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
    from autograder.sandbox import BUBBLEWRAP, LANDLOCK, TRUSTED, choose, probe

    for box in (BUBBLEWRAP, LANDLOCK, TRUSTED):
        why = probe(box.level)
        print(f"{box.level}: {'works' if why is None else 'missing'}. {why or box.promise.capitalize()}.")
    print(f"`autograder grade` would use: {choose(trust=True).level}.")


@commands.command()
def lessons(course: CourseFolder = Path()) -> None:
    """List the lessons."""
    from autograder.lessons.course import Course

    for key in Course.find(course).lessons:
        print(key)
