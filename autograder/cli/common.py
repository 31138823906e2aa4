"""What commands share: options, what surrounds a command, and how something is told."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

if TYPE_CHECKING:
    from autograder.jobs import Job, Result
    from autograder.lessons.lesson import Lesson
    from autograder.study.study import Clock, Study

CourseFolder = Annotated[
    Path, typer.Option("--course", help="The course folder, or one inside it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Show what hidden checks saw and expected (for authors).")
]


class Grader(Protocol):
    """Grades one's own work, one piece at a time."""

    def lesson(self, path: Path) -> Lesson:
        """The lesson as its file is now."""

    def grade(self, lesson: Lesson, job: Job) -> Result:
        """Run a job and judge it."""

    def keep(self, file: Path, show: Callable[[str], None], write: Callable[[], str]) -> str:
        """Let a result be written to `file`, and return what is to be said about it.

        Args:
            show: prints the result, with what is to be said.
            write: writes it; a sentence when it could not.
        """


class Once:
    """Grades in warm processes that are started for it and end with it."""

    def lesson(self, path: Path) -> Lesson:
        """The lesson as its file is now."""
        from autograder.lessons.lesson import Lesson

        return Lesson.read(path)

    def grade(self, lesson: Lesson, job: Job) -> Result:
        """Run a job in the strongest box there is, or in none: it is one's own."""
        from autograder.cli import early_start
        from autograder.grade.judge import Judge
        from autograder.runner.box import choose
        from autograder.runner.pool import Local

        runner = early_start.runner() or Local(choose(trust=True))
        try:
            runner.expect(lesson.preload, 1)
            judge = Judge(runner)
            judge.prepare(lesson)  # while the warm process gets ready
            return judge.grade(lesson, job)
        finally:
            runner.close()

    def keep(self, file: Path, show: Callable[[str], None], write: Callable[[], str]) -> str:
        """Write it."""
        return write()


@dataclass(frozen=True)
class Setting:
    """What surrounds a command, as its `context.obj`."""

    own_clock: Clock | None = None
    grader: Grader = field(default_factory=Once)

    @property
    def clock(self) -> Clock:
        """What time it is."""
        from autograder.study.study import now

        return self.own_clock or now


def setting(context: typer.Context) -> Setting:
    """What surrounds the command that is running."""
    return context.obj if isinstance(context.obj, Setting) else Setting()


def tell(sentence: str) -> None:
    """Tell something beside the output."""
    # at once: a signal must not find half of it in a buffer
    print(sentence, file=sys.stderr, flush=True)


def say_json(data: object) -> None:
    """Print JSON. What the terminal, or a file on Windows, has no way to write is escaped."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(data, indent=1)
    print(text)


@contextlib.contextmanager
def studying(context: typer.Context, course: Path) -> Iterator[Study]:
    """The learner's side of the course, alone with it; what the system refuses is told in a
    sentence.
    """
    from autograder.errors import CourseError
    from autograder.files import locked
    from autograder.study.study import ROOM, Study

    study = Study.find(course, setting(context).clock)
    try:
        with locked(study.locks, ROOM):
            yield study
    except OSError as error:
        raise CourseError(
            f"{error.filename or study.room}: {error.strerror}. Nothing was overwritten."
        ) from None
