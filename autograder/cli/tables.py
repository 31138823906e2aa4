"""Results as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.jobs import Result
from autograder.phases import Phases
from coursekit.checks import WORDS, shorten

WIDE = 400  # characters a line, at most, where no terminal says how many it has

if TYPE_CHECKING:
    from autograder.grade.budget import Budget
    from autograder.grade.regrade import Change, CheckOutcome


def show(result: Result, reveal: bool) -> None:
    """Print one result.

    Args:
        reveal: what hidden checks saw, too.
    """
    out = Console()
    table = Table(
        title=f"{result.lesson}: {result.points:g} of {result.max_points:g} points",
        title_justify="left",
    )
    for head in ("cell", "criterion", "result", "points", "seen, expected, hint"):
        table.add_column(head, overflow="fold")
    for c in result.checks:
        row, explanation = c.row, ""
        if row.verdict == "not judged":
            explanation = shorten(row.seen)
        elif row.verdict != "pass":
            explanation = row.check.hint
            if reveal or not row.check.hidden:
                seen, expected = shorten(row.seen), shorten(row.expected)
                explanation = f"seen {seen}; expected {expected}. {explanation}"
        points = f"{row.earned:g}/{row.check.points:g}"
        cells = c.grade_id, row.check.title, WORDS[row.verdict], points, explanation
        table.add_row(*map(escape, cells))
    out.print(table)
    own = *result.repairs, *result.handed_in, *result.problems
    for sentence in (*filter(None, [result.guess]), *own):
        out.print("•", escape(sentence))
    if result.state != "graded":
        out.print("State:", escape(result.state))


def show_class(module: str, results: list[Result]) -> None:
    """Print the points of a module, a line for each student, lessons by their numbers; below it
    what there is to say.
    """
    most = {r.lesson: r.max_points for r in results}
    isolation = next(
        (r.isolation for r in results if r.isolation), "nothing: there was nothing to run"
    )
    table = Table(title=f"{module}, run in: {isolation}", title_justify="left", box=SIMPLE_HEAD)
    table.pad_edge, table.padding = False, (0, 1, 0, 0)
    table.add_column("student", overflow="fold", min_width=12)
    numbers = {key: key.split("/")[1][:2] for key in most}
    for name, points in [(numbers[key], most[key]) for key in most] + [("all", sum(most.values()))]:
        table.add_column(f"{name}\n/{points:g}", justify="right", no_wrap=True)
    by_student: dict[str, dict[str, Result]] = {}
    for r in results:
        by_student.setdefault(r.student, {})[r.lesson] = r
    said = []
    for name, own in by_student.items():
        total = f"{sum(r.points for r in own.values()):g}"
        table.add_row(escape(name), *(_points_of(own[key]) for key in most), total)
        said += [f"{name}: {note}" for note in _notes(own)]
    out = Console()
    out = out if out.is_terminal else Console(width=WIDE)
    out.print(table)
    for sentence in said:
        out.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _notes(own: dict[str, Result]) -> Iterator[str]:
    """What there is to say of a student's notebooks."""
    remarks = [(key, r.state) for key, r in own.items() if r.state != "graded"]
    remarks += [(key, told) for key, r in own.items() for told in (r.note, r.late) if told]
    yield from (f"{key.split('/')[1]}: {remark}" for key, remark in remarks)
    # of the folder, so of all its notebooks
    yield from dict.fromkeys(sentence for r in own.values() for sentence in r.handed_in)


def _points_of(result: Result) -> str:
    points = f"{result.points:g}"
    return points if result.state == "graded" else f"{points} *"


def show_changes(module: str, changes: list[Change]) -> None:
    """Print what a regrade changes."""
    from autograder.grade import regrade as regrading

    out = Console()
    table = Table(title=f"{module}: what changes", title_justify="left")
    for head in ("student", "lesson", "points", "difference", "because of"):
        table.add_column(head, overflow="fold")
    listed = [c for c in changes if c.shows]
    for c in listed:
        lesson, reasons = c.lesson.split("/")[1], "\n".join(_reasons(c))
        table.add_row(*map(escape, (c.student, lesson, _points(c), _difference(c), reasons)))
    if listed:
        out.print(table)
    counts = {check: n for check, n in regrading.by_check(changes).items() if any(n.values())}
    if counts:
        table = Table(title="checks", title_justify="left")
        for head in ("lesson", "check", "up", "down"):
            table.add_column(
                head, overflow="fold", justify="right" if head in ("up", "down") else "left"
            )
        for (lesson, name), count in counts.items():
            news = " (added)" if count["added"] else " (removed)" if count["removed"] else ""
            title = name.replace("_", " ") + news
            table.add_row(
                *map(escape, (lesson.split("/")[1], title, str(count["up"]), str(count["down"])))
            )
        out.print(table)
    total = regrading.totals(changes)
    kinds = ", ".join(f"{n:g} {kind}" for kind, n in total.items() if kind != "mean change")
    print(f"{len(changes)} notebooks: {kinds}. Mean change: {total['mean change']:+.2f} points.")


def _points(c: Change) -> str:
    now = f"{c.after:g}/{c.max_after:g}"
    if c.before is None:
        return f"new: {now}"
    kept = f"kept at {c.after:g} (would be {c.earned:g})" if c.kept else ""
    both = f"{c.before:g}/{c.max_before:g} → {now}"
    return kept if kept and not c.difference else ", ".join(filter(None, (both, kept)))


def _difference(c: Change) -> str:
    if c.kind in ("new", "handed in anew"):
        return ""
    return f"{c.difference:+g}" if c.difference else "0"


def _outcome(check: CheckOutcome) -> str:
    verdict = WORDS.get(check.verdict, check.verdict)
    return f"{verdict} {check.points:g}/{check.max_points:g}"


def _reasons(c: Change) -> Iterator[str]:
    if c.kind == "handed in anew":
        yield "handed in anew since it was graded"
    if c.state_before is not None and c.state_before != c.state_after:
        yield f"state: {c.state_before} → {c.state_after}"
    for check in c.checks:
        before = _outcome(check.before) if check.before else ""
        after = _outcome(check.after) if check.after else ""
        if before and after:
            change = f"{before} → {after}"
        else:
            change = f"added, {after}" if after else f"removed, was {before}"
        yield f"{check.name.replace('_', ' ')}: {change}"


def show_phases(phases: Phases, notebooks: int) -> None:
    """Print where the time of a run went, beside the output."""
    table = Table(title="where the time went, all jobs together", title_justify="left")
    for head in ("phase", "seconds", "share", "ms for each notebook"):
        table.add_column(head, justify="left" if head == "phase" else "right")
    whole = sum(phases.seconds.values()) or 1.0
    for name, seconds in phases.seconds.most_common():
        table.add_row(
            name,
            f"{seconds:.2f}",
            f"{seconds / whole:.0%}",
            f"{1000 * seconds / max(1, notebooks):.1f}",
        )
    Console(stderr=True).print(table)


def show_budgets(found: Mapping[str, Budget]) -> None:
    """Print what lessons cost, by their keys."""
    out = Console()
    table = Table(title="ms of CPU, medians", title_justify="left")
    table.add_column("lesson", no_wrap=True)
    heads = "cells", "checks", "total", "playing", "over the limit", "cells that draw", "reference"
    for head in heads:
        table.add_column(head, justify="right")
    for key, one in found.items():
        over = "over" if one.is_over else ""
        played = f"{one.played_ms:.0f}" if one.played_ms else "–"
        before = one.cells_ms, one.checks_ms, one.total_ms
        parts = *before, played, over, one.drawn_ms, one.reference_ms
        table.add_row(
            escape(key), *(part if isinstance(part, str) else f"{part:.0f}" for part in parts)
        )
    out.print(table)
    out.print(
        "Cells: pictures remembered, as when others have answered alike. "
        "Those that draw pay for them. Playing is the judge's own part."
    )
