"""The report of a module as one HTML page, for a screen, a phone or paper.

Nothing in it runs or loads: every text is escaped, and the page's own policy forbids the rest. No colour says anything.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from autograder.record.feedback import POLICY
from autograder.report.summary import CHANCE, FAILURES, LOOK, Bin, CheckReport, LessonReport, Report, Spread

STYLE = """
:root{color-scheme:light}
body{font:16px/1.5 system-ui,sans-serif;color:#111;background:#fff;max-width:62rem;margin:2rem auto;padding:0 1rem;
overflow-wrap:anywhere}
h1,h2,h3{line-height:1.25}h1{margin:0}h2{margin:2.5rem 0 .5rem;border-top:2px solid #111;padding-top:.75rem}
h3{margin:1.5rem 0 .25rem}p,li{max-width:46rem}a{color:#111}code{font:.9em ui-monospace,monospace;white-space:pre-wrap}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:1rem 0}
.facts dt{font-weight:600}.facts dd{margin:0}
.warning{border:2px solid #111;border-left-width:.6rem;padding:.5rem .8rem;margin:.75rem 0}
.scroll{overflow-x:auto;margin:1rem 0;
background:linear-gradient(90deg,#fff 50%,#fff0) 0/2rem 100% no-repeat local,
linear-gradient(270deg,#fff 50%,#fff0) 100%/2rem 100% no-repeat local,
linear-gradient(90deg,#bbb,#bbb0) 0/.75rem 100% no-repeat,linear-gradient(270deg,#bbb,#bbb0) 100%/.75rem 100% no-repeat}
.scroll:focus-visible,a:focus-visible{outline:3px solid #111;outline-offset:2px}
table{border-collapse:collapse;min-width:min(100%,36rem)}caption{text-align:left;font-weight:600;padding:.25rem 0}
caption span{display:inline-block;position:sticky;left:0;max-width:calc(100vw - 2rem)}
th,td{border-bottom:1px solid #999;padding:.35rem .6rem;text-align:left;vertical-align:top;overflow-wrap:normal}
thead th{border-bottom:2px solid #111;vertical-align:bottom}tbody th{font-weight:400}
th:first-child,td:first-child{padding-left:0}.number{text-align:right;font-variant-numeric:tabular-nums}
.long{min-width:11rem;overflow-wrap:anywhere}.whole{white-space:nowrap}
.chart thead th{padding-left:0}.chart td{border:0;padding:.15rem 0}
.chart tbody th{border:0;padding:.15rem .6rem .15rem 0;white-space:nowrap}
.chart td{width:100%;min-width:12rem}.track{display:flex;align-items:center;gap:.5rem}
.bar{height:1.1rem;flex:none;border:1px solid #111;box-sizing:border-box;
background:repeating-linear-gradient(45deg,#ccc 0 3px,#fff 3px 6px)}
.rate{display:block;width:7rem;height:.5rem;border:1px solid #111;margin-top:.2rem}
.rate span{display:block;height:100%;background:#555}
.bar,.rate span{print-color-adjust:exact;-webkit-print-color-adjust:exact}
@media print{body{max-width:none;margin:0;font-size:10pt}nav{display:none}.scroll{overflow:visible;background:none}
.bar{background:#ccc}table{font-size:8.5pt}th,td{padding:.25rem .3rem}.long{min-width:7rem}.rate{width:5rem}
tr,.warning{break-inside:avoid}h2,h3,caption{break-after:avoid}.lesson{break-before:page}}
"""
DASH = "–"
say = html.escape
Cell = str  # HTML


def page(report: Report) -> bytes:
    """The page."""
    title = f"Report on {report.module}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<title>{say(title)}</title><style>{STYLE}</style></head><body>",
        f"<header><h1>{say(title)}</h1>",
        *_facts(report),
        "</header>",
        *_contents(report),
        "<main>",
        *_overview(report),
        *(line for number, lesson in enumerate(report.lessons, 1) for line in _lesson(number, lesson)),
        *_for_human(report),
        *_zeros(report),
        *_repairs(report),
        *_problems(report),
        *_skipped(report),
        *_explanation(),
    ]
    return "\n".join([*parts, "</main></body></html>", ""]).encode("utf-8", "replace")


# ------------------------------------------------------------------------------------------------ parts


def _facts(report: Report) -> Iterator[str]:
    when = report.newest.replace("T", " ").replace("+00:00", " UTC") if report.newest else "no result can be read"
    ran = ", ".join(f"{level} ({_count(n, 'notebook')})" for level, n in report.isolation.items()) or "nothing was run"
    facts = {
        "Results stored": f"{when} (the newest)" if report.newest else when,
        "Class": f"{_count(report.students, 'student')}, {_count(report.notebooks, 'notebook')}",
        "Ran in": ran,
    }
    yield '<dl class="facts">' + "".join(f"<dt>{say(k)}</dt><dd>{say(v)}</dd>" for k, v in facts.items()) + "</dl>"
    for warning in report.warnings:
        yield f'<p class="warning"><strong>Warning:</strong> {_prose(warning)}</p>'
    if report.waiting:
        command = f"<code>autograder grade {say(report.module)}</code>"
        who = _count(len(report.waiting), "student")
        yield (
            f'<p class="warning"><strong>Not graded yet:</strong> {who} handed in notebooks without a stored result. '
            f'Run {command}. <a href="#waiting">Who they are.</a></p>'
        )


def _contents(report: Report) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ul>'
    yield '<li><a href="#overview">Overview</a></li>'
    for number, lesson in enumerate(report.lessons, 1):
        told = f", {_count(lesson.to_look_at, 'check')} to look at" if lesson.to_look_at else ""
        yield f'<li><a href="#lesson-{number}">{say(lesson.title)}</a>{told}</li>'
    for anchor, title, count in (
        ("human", "For a human", len(report.needs_human)),
        ("zeros", "Zeros", len(report.zeros)),
        ("repairs", "Repairs", sum(len(r.notebooks) for r in report.repairs)),
        ("problems", "Cells that did not run to their end", sum(sum(p.errors.values()) for p in report.problems)),
        ("skipped", "Stored files left out", len(report.skipped)),
    ):
        yield f'<li><a href="#{anchor}">{title}</a>: {count or "none"}</li>'
    yield '<li><a href="#reading">How to read the numbers</a></li></ul></nav>'


def _overview(report: Report) -> Iterator[str]:
    yield '<section id="overview"><h2>Overview</h2>'
    rows = [
        [_named(lesson, f'<a href="#lesson-{n}">{say(lesson.title)}</a>'), str(lesson.graded), str(lesson.zero),
         str(lesson.needs_human), *_spread_cells(lesson.spread), f"{lesson.max_points:g}",
         str(lesson.to_look_at)]
        for n, lesson in enumerate(report.lessons, 1)
    ]  # fmt: skip
    heads = ("lesson", "graded", "zero", "for a human", "mean", "median", "middle half", "maximum", "checks to look at")
    yield _table("overview", "Notebooks by state, and points of the graded ones", heads, rows, numbers=range(1, 9))
    states = [[_state(state), str(count)] for state, count in report.states.items()]
    yield _table("states", "States and their reasons", ("state", "notebooks"), states, numbers=(1,), long=(0,))
    if report.waiting:
        waiting = [[_isolated(w.student), ", ".join(map(_stem, w.lessons))] for w in report.waiting]
        caption = "Handed in, and without a stored result"
        yield f'<div id="waiting">{_table("waiting", caption, ("student", "lessons"), waiting, long=(0, 1))}</div>'
    yield "</section>"


def _spread_cells(spread: Spread | None) -> tuple[str, str, str]:
    if spread is None:
        return DASH, DASH, DASH
    half = f"{_decimal(spread.first_quartile)} to {_decimal(spread.third_quartile)}"
    return _decimal(spread.mean), _decimal(spread.median), f'<span class="whole">{half}</span>'


def _lesson(number: int, lesson: LessonReport) -> Iterator[str]:
    yield f'<section class="lesson" id="lesson-{number}"><h2>{say(lesson.title)}</h2>'
    others = [f"{n} {word}" for n, word in ((lesson.zero, "zero"), (lesson.needs_human, "for a human")) if n]
    beside = f" Not counted here: {' and '.join(others)}." if others else ""
    if lesson.spread is None:
        yield f"<p><code>{say(lesson.lesson)}</code>. No notebook of this lesson is graded yet.{beside}</p></section>"
        return
    s = lesson.spread
    yield (
        f"<p><code>{say(lesson.lesson)}</code>. {_count(lesson.graded, 'graded notebook')}.{beside} Of "
        f"{lesson.max_points:g} points: mean {_decimal(s.mean)}, median {_decimal(s.median)}, quartiles "
        f"{_decimal(s.first_quartile)} and {_decimal(s.third_quartile)}, "
        f"from {_decimal(s.lowest)} to {_decimal(s.highest)}.</p>"
    )
    yield _histogram(f"points-{number}", lesson.histogram)
    heads = ("criterion", "pass rate", "discrimination", "note", *FAILURES.values())
    rows = [_check(check) for check in lesson.checks]
    yield _table(f"checks-{number}", "Checks, in the lesson's order", heads, rows, numbers=(2, 4, 5, 6), long=(0,))
    yield from _slips(number, lesson)
    yield "</section>"


def _slips(number: int, lesson: LessonReport) -> Iterator[str]:
    if not lesson.faulty:
        return
    named = sum(lesson.slips.values())
    looks = "looks" if named == 1 else "look"
    yield f"<p>{_count(lesson.faulty, 'notebook')} failed a check. {named} of them {looks} like a known slip.</p>"
    if lesson.slips:
        rows = [[_isolated(slip), str(count)] for slip, count in lesson.slips.items()]
        yield _table(f"slips-{number}", "Known slips", ("slip", "notebooks"), rows, numbers=(1,), long=(0,))


def _histogram(name: str, bins: Sequence[Bin]) -> str:
    most = max((b.notebooks for b in bins), default=0) or 1
    rows = []
    for b in bins:
        joint = "to" if b is bins[-1] else "to under"
        share = f"calc((100% - 9rem)*{b.notebooks / most:.4f})"
        bar = f'<span class="bar" style="width:{share}"></span>' if b.notebooks else ""
        count = f'<div class="track">{bar}<span class="whole">{_count(b.notebooks, "notebook")}</span></div>'
        rows.append([f"{b.low:g} {joint} {b.high:g}", count])
    return _table(name, "How the points are distributed", ("points", "notebooks"), rows, kind="chart")


def _check(check: CheckReport) -> list[Cell]:
    share = 100 * (check.difficulty or 0.0)
    rate = f'<span class="whole">{check.passed} of {check.notebooks} ({share:.0f} %)</span>'
    bar = f'<span class="rate"><span style="width:{share:.1f}%"></span></span>'
    worth = f"{_count(check.points, 'point')}, {'hidden' if check.hidden else 'visible'}"
    return [
        f"{say(check.title)}<br><small>{worth}</small>",
        rate + bar,
        DASH if check.discrimination is None else _decimal(check.discrimination, 2),
        "; ".join(f"<strong>{flag}</strong>" if flag in LOOK else flag for flag in check.flags),
        *(str(check.failures[word]) for word in FAILURES.values()),
    ]


def _for_human(report: Report) -> Iterator[str]:
    yield '<section id="human"><h2>For a human</h2>'
    if report.needs_human:
        yield "<p>These could not be graded by machine with certainty. Their points do not count above.</p>"
        rows = [
            [_isolated(n.student), _stem(n.lesson), _isolated(n.reason), _step(n.step, n.command)]
            for n in report.needs_human
        ]
        heads = ("student", "lesson", "reason", "next step")
        yield _table("human", "Notebooks that wait for a human", heads, rows, long=(0, 2, 3))
    else:
        yield "<p>No notebook waits for a human. Trade-off questions are graded in formgrader and not counted here.</p>"
    yield "</section>"


def _step(step: str, command: str) -> Cell:
    return say(step) + (f" <code>{say(command)}</code>" if command else "")


def _zeros(report: Report) -> Iterator[str]:
    yield '<section id="zeros"><h2>Zeros</h2>'
    if report.zeros:
        yield f"<p>Nothing that can be graded was handed in. {_prose(report.zeros[0].step)}</p>"
        rows = [[_isolated(n.student), _stem(n.lesson), _isolated(n.reason)] for n in report.zeros]
        yield _table("zeros", "Notebooks without points", ("student", "lesson", "reason"), rows, long=(0, 2))
    else:
        yield "<p>Everybody who handed in the module handed in every lesson of it, in a file that can be graded.</p>"
    yield "</section>"


def _repairs(report: Report) -> Iterator[str]:
    yield '<section id="repairs"><h2>Repairs</h2>'
    if report.repairs:
        yield "<p>Damage that was mended before the notebook ran. Mending costs no points.</p>"
        rows = []
        for repair in report.repairs:
            who = "; ".join(f"{_isolated(student)} ({_stem(lesson)})" for student, lesson in repair.notebooks)
            rows.append([_isolated(repair.kind), str(len(repair.notebooks)), who])
        heads = ("repair", "notebooks", "whose")
        yield _table("repairs", "Repairs by kind", heads, rows, numbers=(1,), long=(0, 2))
    else:
        yield "<p>No notebook had to be mended.</p>"
    yield "</section>"


def _problems(report: Report) -> Iterator[str]:
    yield '<section id="problems"><h2>Cells that did not run to their end</h2>'
    if report.problems:
        yield "<p>Checks run all the same, on what these cells had defined by then.</p>"
        rows = []
        for p in report.problems:
            met = [f"{_isolated(error)} ({n})" for error, n in list(p.errors.items())[:3]]
            more = [f"{len(p.errors) - 3} more"] if len(p.errors) > 3 else []
            rows.append([_stem(p.lesson), say(p.where), str(p.notebooks), ", ".join([*met, *more])])
        heads = ("lesson", "cell", "notebooks", "errors, the most frequent first")
        yield _table("problems", "Where notebooks stopped", heads, rows, numbers=(2,), long=(3,))
    else:
        yield "<p>Every cell of every notebook that was run came to its end.</p>"
    yield "</section>"


def _skipped(report: Report) -> Iterator[str]:
    yield '<section id="skipped"><h2>Stored files left out</h2>'
    if report.skipped:
        command = f"<code>autograder grade {say(report.module)}</code>"
        yield f"<p>These are in none of the numbers. {command} makes them anew from what is in submitted/.</p>"
        rows = [[_isolated(s.file), say(s.why)] for s in report.skipped]
        yield _table("skipped", "Files that cannot be used", ("file", "reason"), rows, long=(0, 1))
    else:
        yield "<p>Every stored result is counted.</p>"
    yield "</section>"


def _explanation() -> Iterator[str]:
    yield '<section id="reading"><h2>How to read the numbers</h2><ul>'
    yield "<li>Points and checks count graded notebooks only; zeros and notebooks for a human are listed by name.</li>"
    yield "<li>Points that a regrade kept count as points; checks are told as the lesson judges them now.</li>"
    yield (
        "<li><strong>Pass rate</strong> is the difficulty index p: the higher, the easier. A check that everybody or "
        "nobody passes tells students apart no more.</li>"
    )
    yield (
        "<li><strong>Discrimination</strong> is the corrected point-biserial correlation: whether those who pass the "
        "check also earn more of the lesson's other points. From 0.3 a check tells them apart well; below "
        f"{_decimal(CHANCE)} the stronger students fail it, and the check or its text deserves a look. In a class of "
        f"fewer than 30 it is a hint, no more. {DASH} means undefined: all pass, nobody does, or the rest is the same "
        "for all.</li>"
    )
    kinds = {"wrong": "another answer than expected", "error": "the code raised", "never ends": "it was stopped"}
    told = "; ".join(f"{word}: {kinds[word]}" for word in FAILURES.values())
    yield f"<li><strong>Failures</strong> by kind: {told}.</li>"
    yield (
        "<li><strong>Known slips</strong> are guesses: a notebook fails the same checks in the same way as one wrong "
        "answer that is known, and as no other.</li></ul></section>"
    )


# ------------------------------------------------------------------------------------------------ pieces


def _table(
    name: str,
    caption: str,
    heads: Iterable[str],
    rows: Iterable[Sequence[Cell]],
    *,
    numbers: Iterable[int] = (),
    long: Iterable[int] = (),
    kind: str = "",
) -> str:
    """A table in a box of its own that scrolls when the page is narrow, by keyboard too. Cells are HTML."""
    numbers, long = set(numbers), set(long)

    def cell(tag: str, scope: str, column: int, text: Cell) -> str:
        looks = " ".join(["number"] * (column in numbers) + ["long"] * (column in long and tag + scope != "thcol"))
        return f"<{tag}" + f' scope="{scope}"' * bool(scope) + f' class="{looks}"' * bool(looks) + f">{text}</{tag}>"

    out = [f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{name}-caption">']
    out.append(f'<table class="{kind}">' if kind else "<table>")
    out.append(f'<caption id="{name}-caption"><span>{say(caption)}</span></caption>')
    out.append("<thead><tr>" + "".join(cell("th", "col", n, say(h)) for n, h in enumerate(heads)) + "</tr></thead>")
    out.append("<tbody>")
    for first, *others in rows:
        told = [cell("th", "row", 0, first), *(cell("td", "", n, text) for n, text in enumerate(others, 1))]
        out.append("<tr>" + "".join(told) + "</tr>")
    return "\n".join([*out, "</tbody></table></div>"])


def _isolated(text: str) -> Cell:
    """A text from outside: what it says about its direction ends with it."""
    return f"<bdi>{say(text)}</bdi>"


def _stem(lesson: str) -> Cell:
    return say(lesson.split("/")[1])


def _named(lesson: LessonReport, link: Cell) -> Cell:
    return f"{link}<br><small>{_stem(lesson.lesson)}</small>"


def _state(state: str) -> Cell:
    kind, _, reason = state.partition(":")
    return f"{say(kind)}: {_isolated(reason)}" if reason else say(kind)


def _prose(sentence: str) -> Cell:
    """Text with `commands` marked as such."""
    parts = say(sentence).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))


def _count(number: float, thing: str) -> str:
    return f"{number:g} {thing}" if number == 1 else f"{number:g} {thing}s"


def _decimal(number: float, places: int = 1) -> str:
    return f"{number:z.{places}f}".removesuffix(".0").replace("-", "−")
