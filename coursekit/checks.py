"""Checks that observe, and a scoreboard that says in words what holds.

A check is a function. Its name is the criterion, its docstring the hint, what it returns (or
raises) the observation. In a notebook `@check` observes and judges at once, never raises, and waits
for `scoreboard()` to show the result. The grader uses the two halves apart: `collect` gathers a
lesson's checks, `observe` runs one beside a learner's code.
"""

from __future__ import annotations

import builtins
import contextlib
import contextvars
import gc
import html
import io
import json
import logging
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from coursekit import codec, expect as expectations, vtime
from coursekit.played import ORDER, Verdict, played
from coursekit.where import in_ipython

Observing = Callable[..., Any]
WORDS: Mapping[str, str] = {
    "pass": "✓ passed",
    "fail": "✗ failed",
    "error": "✗ error",
    "timeout": "✗ never ends",
    "not judged": "– not judged",
}
CPU_SECONDS = 2.0


@dataclass(frozen=True)
class Check:
    """One criterion of an exercise."""

    name: str
    function: Observing = field(repr=False)
    hint: str
    expect: Any
    points: float
    seeds: int = 0  # how many random worlds it is played in; 0: the function takes no argument
    hidden: bool = False
    cpu: float = CPU_SECONDS  # backstop, seconds for each seed
    stage: str = ""  # of a mock interview; none when empty

    @property
    def title(self) -> str:
        """The criterion as a sentence."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Row:
    """How one check went."""

    check: Check
    verdict: Verdict
    seen: str
    expected: str

    @property
    def earned(self) -> float:
        """Points: all or nothing."""
        return self.check.points if self.verdict == "pass" else 0.0


class Score:
    """The rows of one graded cell. Its `repr` is the points earned, which nbgrader reads. Rows that
    could not be judged count for nothing, and are told.
    """

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        judged = [row for row in rows if row.verdict != "not judged"]
        self.points = float(sum(row.earned for row in judged))
        self.max_points = float(sum(row.check.points for row in judged))

    def __repr__(self) -> str:
        return repr(self.points)

    def __str__(self) -> str:
        lines = []
        for row in self.rows:
            lines.append(f"{WORDS[row.verdict]}  {row.check.title} ({row.check.points:g})")
            if row.verdict == "not judged":
                lines.append(f"    {row.seen}")
            elif row.verdict != "pass":
                if not row.check.hidden:
                    lines.append(f"    seen {row.seen}; expected {row.expected}")
                lines.append(f"    hint: {row.check.hint}")
        return "\n".join([*lines, self.summary])

    @property
    def summary(self) -> str:
        """One sentence, and another one about what could not be judged."""
        unjudged = [row for row in self.rows if row.verdict == "not judged"]
        passed = sum(row.verdict == "pass" for row in self.rows)
        points = f"{self.points:g} of {self.max_points:g} points"
        told = f"{passed} of {len(self.rows) - len(unjudged)} checks passed: {points}."
        return " ".join(filter(None, [told, left_out(unjudged)]))

    def _repr_html_(self) -> str:
        return table(self.rows, self.summary)


def left_out(unjudged: Iterable[Row]) -> str:
    """A sentence about checks that could not be judged, and why; nothing without any."""
    rows = list(unjudged)
    if not rows:
        return ""
    names = ", ".join(row.check.title for row in rows)
    reasons = "; ".join(dict.fromkeys(row.seen.rstrip(".") for row in rows))
    points = sum(row.check.points for row in rows)
    return f"Not judged, so not in this total ({points:g} points): {names}. Why: {reasons}."


def table(rows: list[Row], caption: str) -> str:
    """Rows as an HTML table that reads without colour. Everything shown is escaped."""

    def cell(text: str, tag: str = "td") -> str:
        return f'<{tag} style="text-align:left;vertical-align:top">{html.escape(text)}</{tag}>'

    heads = ("criterion", "result", "seen", "expected", "hint")
    out = ["<table>", f'<caption style="text-align:left">{html.escape(caption)}</caption>']
    out.append("<thead><tr>" + "".join(cell(h, "th") for h in heads) + "</tr></thead><tbody>")
    for row in rows:
        unjudged = row.verdict == "not judged"
        passed = row.verdict == "pass"
        secret = row.check.hidden and not unjudged
        seen = "(hidden)" if secret else shorten(row.seen)
        expected = "(hidden)" if secret else shorten(row.expected)
        texts = (
            row.check.title,
            WORDS[row.verdict],
            seen,
            expected,
            "" if passed or unjudged else row.check.hint,
        )
        out.append("<tr>" + "".join(map(cell, texts)) + "</tr>")
    return "".join([*out, "</tbody></table>"])


def shorten(text: str, length: int = 300) -> str:
    """At most `length` characters of it."""
    return text if len(text) <= length else text[: length - 1] + "…"


# ------------------------------------------------------------------------------------------ observe


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing printed, logged or warned inside is shown; the streams are as before afterwards."""
    sink = io.StringIO()
    handlers = [ref() for ref in list(getattr(logging, "_handlerList", []))]
    loud = [
        (h, h.stream) for h in handlers if h and vars(h).get("stream") in (sys.stdout, sys.stderr)
    ]
    for handler, _ in loud:
        handler.stream = sink
    try:
        with (
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        for handler, stream in loud:
            handler.stream = stream


def observe(
    function: Observing,
    seeds: list[str] | None = None,
    cpu: float = CPU_SECONDS,
    wall: float | None = None,
) -> codec.Json:
    """Call a check and return what it saw as JSON: a list of outcomes, one for each seed (one
    without seeds).

    An outcome is `{"returned": data}`, `{"raised": …}` (see `codec.encode_raised`) or `{"never":
    reason}`. Nothing is printed, nothing is raised.

    Args:
        cpu: seconds of CPU time for each seed.
        wall: and of real time; five times that when None.
    """

    def once(args: tuple[Any, ...]) -> codec.Json:
        with quiet():
            try:
                return {
                    "returned": codec.encode(
                        vtime.run(function, *args, cpu=cpu, wall=wall or 5 * cpu)
                    )
                }
            except (vtime.NeverEnds, vtime.TimeLimit) as error:
                return {"never": str(error)}
            except BaseException as error:
                return codec.encode_raised(error)
            finally:
                gc.collect(1)  # complaints about lost coroutines belong in here

    if seeds is None:
        return [once(())]
    outcomes = []
    for seed in seeds:
        outcomes.append(once((random.Random(seed),)))
        if "never" in outcomes[-1]:
            break
    return outcomes


def fixed_seeds(check: Check, salt: str = "") -> list[str] | None:
    """The seeds of a check's random worlds; the same `salt` gives the same ones."""
    return [f"{salt}:{check.name}:{n}" for n in range(check.seeds)] if check.seeds else None


def judge(check: Check, outcomes: codec.Json, expect: Any = None, salt: str = "") -> Row:
    """The verdict on what was observed. Total: any JSON yields a row.

    Args:
        expect: the expectation in place of the check's own: a `recorded` for a `REFERENCE`.
        salt: what makes the worlds of this grading, for answers that are `played`.
    """
    expect = check.expect if expect is None else expect
    wanted = expectations.in_words(expect)
    seen = decoded(outcomes) or [_Never("no answer")]
    if isinstance(expect, played):
        return _played(check, seen, expect, salt)
    if expectations.all_hold(expect, seen):
        return Row(check, "pass", _in_words(seen), wanted)
    for one in seen:
        if isinstance(one, _Never):
            return Row(check, "timeout", shorten(str(one), 1000), wanted)
    if isinstance(expect, expectations.recorded):
        for got, want in zip(seen, expect.values, strict=False):
            if not expectations.all_hold(_one(want), [got]):
                return Row(check, _blame(got), shorten(repr(got), 1000), shorten(repr(want), 1000))
    for got in seen:
        if not expectations.holds(expect, got):
            return Row(check, _blame(got), shorten(repr(got), 1000), wanted)
    return Row(check, "fail", _in_words(seen), wanted)


def _played(check: Check, seen: list[Any], expect: played, salt: str) -> Row:
    """The verdict on answers that are judged by what happens, and what happened."""
    wanted = expectations.in_words(expect)
    for one in seen:  # without an answer nothing is played
        if isinstance(one, _Never):
            return Row(check, "timeout", shorten(str(one), 1000), wanted)
        if isinstance(one, codec.Raised):
            return Row(check, "error", shorten(repr(one), 1000), wanted)
    first: dict[Verdict, str] = {}
    for one in seen:
        told = expect.told(one, salt)
        first.setdefault(told.verdict, told.sentence)
    verdict = next(verdict for verdict in ORDER if verdict in first)
    many = verdict == "pass" and len(seen) > 1
    return Row(check, verdict, _in_words(seen) if many else first[verdict], wanted)


class _one(expectations.recorded):
    def __init__(self, value: Any) -> None:
        self.values = [value]


class _Never(codec.Opaque):
    def __repr__(self) -> str:
        return f"no answer: {self.what}"

    __str__ = __repr__


def _blame(seen: Any) -> Verdict:
    return "error" if isinstance(seen, codec.Raised) else "fail"


def _decode(outcome: codec.Json) -> Any:
    if isinstance(outcome, dict) and len(outcome) == 1:
        if "returned" in outcome:
            return codec.decode(outcome["returned"])
        if "raised" in outcome:
            return codec.decode(outcome)
        if "never" in outcome:
            return _Never(str(outcome["never"])[:300])
    return codec.Opaque("malformed")


def decoded(outcomes: codec.Json) -> list[Any]:
    """Outcomes as Python values, as matchers see them."""
    return [_decode(outcome) for outcome in outcomes] if isinstance(outcomes, list) else []


def _in_words(seen: list[Any]) -> str:
    return shorten(repr(seen[0]) if len(seen) == 1 else f"{len(seen)} random runs", 1000)


# ------------------------------------------------------------------------------------ in a notebook

_pending: dict[str, Row] = {}  # rows since the last scoreboard, by name
_collector: contextvars.ContextVar[list[Check] | None] = contextvars.ContextVar(
    "collector", default=None
)
provided: dict[str, Any] = {}  # what coursekit gives to lessons, by name


@contextlib.contextmanager
def collect() -> Iterator[list[Check]]:
    """Inside, `@check` runs nothing and gathers `Check`s in the list it yields; `scoreboard()` is
    empty.
    """
    checks: list[Check] = []
    token = _collector.set(checks)
    try:
        yield checks
    finally:
        _collector.reset(token)


def collecting() -> bool:
    """Whether the lesson is only being read."""
    return _collector.get() is not None


def check(
    *,
    expect: Any = True,
    points: float = 1,
    seeds: int = 0,
    hidden: bool = False,
    cpu: float = CPU_SECONDS,
    stage: str = "",
) -> Callable[[Observing], Observing]:
    """Make the function below a check.

    Args:
        expect: a value, a matcher (`coursekit.expect`, `coursekit.played`), or, in hidden blocks
            only, `REFERENCE`.
        points: what it is worth, all or nothing.
        seeds: play it in so many random worlds; the function then takes a `random.Random`.
        hidden: show neither what it saw nor what it expected. Written by the builder.
        cpu: seconds of CPU time after which it is stopped.
        stage: the part of a mock interview that it belongs to, such as "core"; see docs/author.md.
    """

    def decorate(function: Observing) -> Observing:
        hint = " ".join((function.__doc__ or "").split())
        made = Check(function.__name__, function, hint, expect, points, seeds, hidden, cpu, stage)
        gathered = _collector.get()
        if gathered is not None:
            gathered.append(made)
        else:
            _pending[made.name] = _play(made)
        return function

    return decorate


def _play(made: Check) -> Row:
    function, seeds = pristine(made.function), fixed_seeds(made)
    outcomes = json.loads(json.dumps(observe(function, seeds, made.cpu)))
    if made.expect is expectations.REFERENCE:  # a lesson run as a script is its own reference
        again = json.loads(json.dumps(observe(function, seeds, made.cpu)))
        return judge(
            made, outcomes, expectations.recorded(expectations.recorded.pack(encoded(again)))
        )
    return judge(made, outcomes)


def encoded(outcomes: codec.Json) -> codec.Json:
    """Outcomes as the data that `recorded.pack` takes."""
    return [
        o["returned"] if "returned" in o else o if "raised" in o else {"opaque": str(o)}
        for o in outcomes
    ]


def pristine(function: Observing) -> Observing:
    """The same code, with coursekit's names and the builtins it uses as they were, whatever a
    learner shadowed.
    """
    if not isinstance(function, types.FunctionType):
        return function
    names = dict(function.__globals__)
    for name in _names_in(function.__code__):
        if name in provided:
            names[name] = provided[name]
        elif hasattr(builtins, name) and name in names:
            del names[name]
    copy = types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _names_in(code: types.CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, types.CodeType))
    return set(code.co_names).union(*map(_names_in, inner))


def scoreboard() -> Score:
    """The checks since the last scoreboard: a table in a notebook, lines of text elsewhere."""
    score = Score(list(_pending.values()))
    _pending.clear()
    if not in_ipython() and not collecting() and score.rows:
        print(score)
    return score
