"""The command line. It alone prints.

`learner`, `instructor` and `author` hold the commands. Each imports what it needs when it runs:
whoever wants to know where they stand does not wait for a gradebook.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from autograder.cli import author, instructor, learner
from autograder.cli.common import Setting, tell
from autograder.errors import CourseError

if TYPE_CHECKING:
    from autograder.study.study import Clock

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build, check and grade the course. "
    "Learners' code runs in the strongest box that works on this machine; "
    "`autograder doctor` says which, and why.",
)
for room in (learner, instructor, author):
    app.add_typer(room.commands)


def main(arguments: list[str] | None = None, clock: Clock | None = None) -> Any:
    """Run the command line; what is wrong with a call is told in a sentence, with exit code 2.

    Args:
        clock: what time it is for a learner's progress, plan and copies; this machine's when None.
    """
    try:
        return app(arguments, obj=Setting(clock))
    except CourseError as error:
        tell(f"autograder: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
