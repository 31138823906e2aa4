"""Commands for those who grade a class."""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.common import AsJson, CourseFolder, Reveal, say_json

if TYPE_CHECKING:
    from autograder.grade.regrade import Change
    from autograder.jobs import Result

commands = typer.Typer()


@commands.command()
def grade(
    module: Annotated[list[str], typer.Argument(help="One or more modules.")],
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be said more than once.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Notebooks graded at once; as many as keep this machine, or the cluster, busy.",
        ),
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust-submissions", help="Grade even where no box works.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Run everything, finished work too.")
    ] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Say where the time went.")] = False,
    scheduler: Annotated[
        str, typer.Option(help="tcp://… or tls://… of a Dask scheduler: use its workers.")
    ] = "",
    as_json: AsJson = False,
    reveal: Reveal = False,
    course: CourseFolder = Path(),
) -> None:
    """Grade what students handed in for MODULE: submitted/ into the gradebook, autograded/ and
    feedback/.

    Several modules in one command share what it takes to start.
    """
    from autograder.cli import early_start, tables
    from autograder.cli.running import ProgressDisplay, err, stoppable
    from autograder.grade import batch, collected
    from autograder.lessons.course import Course
    from autograder.phases import Phases
    from autograder.record.gradebook import backs_itself_up
    from autograder.record.results import stored_files
    from autograder.runner.box import choose
    from autograder.runner.cluster import Cluster
    from autograder.runner.pool import Local

    home = Course.find(course)
    modules = list(dict.fromkeys(module))
    progress, phases = ProgressDisplay(", ".join(modules), as_json), Phases()
    graded: dict[str, list[Result]] = {}
    total = sum(collected.size(home, name, student) for name in modules)

    def done(result: Result, _: int) -> None:
        progress.count(result.state.partition(":")[0], total)

    with stoppable(progress) as stop:
        runner = (
            Cluster(scheduler, trust) if scheduler else early_start.runner() or Local(choose(trust))
        )
        with contextlib.closing(runner):
            at_once = jobs or (runner.jobs if isinstance(runner, Cluster) else os.cpu_count() or 1)
            if not any(stored_files(home, name) for name in modules):
                # they start while this process reads and imports
                runner.expect((), min(at_once, total))
            if not as_json and backs_itself_up(home):
                err.print(
                    "The gradebook is in a database of its own, to be backed up there.",
                    highlight=False,
                )
            for name in modules:
                graded[name] = batch.grade(
                    home,
                    name,
                    student,
                    jobs=at_once,
                    runner=runner,
                    again=again,
                    done=done,
                    stop=stop,
                    phases=phases,
                )
    if profile:
        tables.show_phases(phases, total)
    if as_json:
        listed = [
            {"module": name, "results": [r.as_json(reveal) for r in rs]}
            for name, rs in graded.items()
        ]
        say_json(listed if len(listed) > 1 else listed[0])
        return
    for name, results in graded.items():
        tables.show_class(name, results)


@commands.command()
def regrade(
    module: str,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be said more than once.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks graded at once.")] = os.cpu_count()
    or 1,
    trust: Annotated[
        bool, typer.Option("--trust-submissions", help="Grade even where no box works.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Run everything, even where no lesson has changed.")
    ] = False,
    never_lower: Annotated[
        bool, typer.Option("--never-lower", help="No notebook gets fewer points than now.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write what the table shows.")] = False,
    as_json: AsJson = False,
    course: CourseFolder = Path(),
) -> None:
    """After lessons of MODULE were changed: whose points change, by how much, because of which
    check.

    Nothing is written without --write: neither gradebook nor autograded/, feedback/ or stored
    results. What was run for the table is not run again to write it.
    """
    from autograder.cli import tables
    from autograder.cli.running import ProgressDisplay, stoppable
    from autograder.grade import regrade as regrading
    from autograder.lessons.course import Course
    from autograder.runner.box import choose
    from autograder.runner.pool import Local

    home = Course.find(course)
    progress = ProgressDisplay(module, as_json)

    def done(change: Change, total: int) -> None:
        progress.count(change.kind, total)

    with stoppable(progress) as stop, contextlib.closing(Local(choose(trust))) as runner:
        flags = {"again": again, "never_lower": never_lower, "write": write}
        changes = regrading.regrade(
            home, module, student, jobs=jobs, runner=runner, done=done, stop=stop, **flags
        )
    if as_json:
        checks = [
            {"lesson": k, "name": n, **count}
            for (k, n), count in regrading.by_check(changes).items()
        ]
        listed = {
            "totals": regrading.totals(changes),
            "checks": checks,
            "changes": [c.as_json() for c in changes],
        }
        say_json({"module": module, "written": write, **listed})
        return
    tables.show_changes(module, changes)
    if write:
        print("Written to the gradebook, autograded/ and feedback/.")
    else:
        options = (
            [f"--student={s}" for s in student or ()]
            + ["--trust-submissions"] * trust
            + ["--again"] * again
        )
        options += ["--never-lower"] * never_lower + [f"--course={course}"] * (course != Path())
        command = shlex.join(["autograder", "regrade", module, *options, "--write"])
        print(f"Nothing was written. This writes it: {command}")


@commands.command()
def report(
    module: str,
    to: Annotated[
        Path | None, typer.Option("--out", help="A file or folder instead of .autograder/reports/.")
    ] = None,
    as_json: AsJson = False,
    course: CourseFolder = Path(),
) -> None:
    """Write a page about MODULE from its stored results: points, checks, who needs a human. Nothing
    is run.
    """
    from autograder.errors import CourseError
    from autograder.files import write_atomically
    from autograder.lessons.course import Course
    from autograder.report import page as report_page, summary as reporting

    home = Course.find(course)
    made = reporting.gather(home, module)
    if as_json:
        say_json(made.as_json())
        return
    path = to or reporting.default_path(home, module)
    path = path / f"{module}.html" if path.is_dir() else path
    try:
        write_atomically(path, report_page.page(made))
    except OSError as error:
        raise CourseError(
            f"{path}: cannot be written: {error.strerror}. Say --out with another file."
        ) from None
    print(path)
