"""The report of a module as one HTML page, for a screen, a phone or paper."""

from __future__ import annotations

from autograder.pages import render_bytes
from autograder.report.stored import FAILURES
from autograder.report.summary import CHANCE_DISCRIMINATION, NEEDS_ATTENTION, Report

DASH = "–"


def page(report: Report) -> bytes:
    """The page."""
    return render_bytes(
        "report.html.j2",
        title=f"Report on {report.module}",
        report=report,
        facts=_facts(report),
        contents=_contents(report),
        again=f"autograder grade {report.module}",
        failures=list(FAILURES.values()),
        look=NEEDS_ATTENTION,
        chance=CHANCE_DISCRIMINATION,
        dash=DASH,
        count=_count,
        decimal=_decimal,
    )


def _facts(report: Report) -> dict[str, str]:
    newest = report.newest and report.newest.replace("T", " ").replace("+00:00", " UTC")
    ran = ", ".join(f"{level} ({_count(n, 'notebook')})" for level, n in report.isolation.items())
    return {
        "Results stored": f"{newest} (the newest)" if newest else "no result can be read",
        "Class": f"{_count(report.students, 'student')}, {_count(report.notebooks, 'notebook')}",
        "Ran in": ran or "nothing was run",
    }


def _contents(report: Report) -> list[tuple[str, str, int]]:
    """Sections below the lessons: anchor, title, and how much is in them."""
    stopped = sum(sum(p.errors.values()) for p in report.problems)
    return [
        ("human", "For a human", len(report.needs_human)),
        ("zeros", "Zeros", len(report.zeros)),
        ("repairs", "Repairs", sum(len(r.notebooks) for r in report.repairs)),
        ("problems", "Cells that did not run to their end", stopped),
        ("skipped", "Stored files left out", len(report.skipped)),
    ]


def _count(number: float, thing: str) -> str:
    return f"{number:g} {thing}" if number == 1 else f"{number:g} {thing}s"


def _decimal(number: float, places: int = 1) -> str:
    return f"{number:z.{places}f}".removesuffix(".0").replace("-", "−")
