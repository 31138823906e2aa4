"""The tables of known slips, `lessons/slips/`, from the bank's wrong answers: `make slips`.

`python -m tests.slips [LESSON …]` grades the answers of each lesson whose table is out of date, in
ten sets of random worlds, and writes down what is the same in all of them (`autograder.grade.slips`
says what that is). With `--check` it grades nothing: it names the tables that are out of date, and
exits with 1 if there are any.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from autograder.files import write_atomically
from autograder.grade import slips, symptoms as marking
from autograder.grade.happenings import symptoms
from autograder.grade.judge import Judge
from autograder.grade.symptoms import EXACT, Lost, Symptoms
from autograder.jobs import Result
from autograder.lessons.lesson import Lesson
from autograder.runner.client import observed
from autograder.runner.pool import Local, Runner
from coursekit.checks import Check
from coursekit.expect import is_true_of
from tests.bank import COURSE, Answer, answers, grade_text, home, read

ROUNDS = 10  # sets of random worlds
# what these see depends on how code is written, not on what it does
LOOSE = ("coursekit.threads", "coursekit.effort")
PLENTY = 10_000_000
ANYTHING = is_true_of(bool)


def bank_digest(bank: list[Answer]) -> str:
    """A hash of what a table is made from, beside the lesson: the answers, and what makes symptoms
    of them.
    """
    digest = hashlib.sha256()
    for file in [Path(marking.__file__), *(a.path for a in bank)]:
        digest.update(file.name.encode() + file.read_text("utf-8").encode())
    return digest.hexdigest()[:16]


def is_current(lesson: Lesson) -> bool:
    """Whether the lesson's table is of the lesson and the bank as they are."""
    try:
        raw = json.loads(slips.path(lesson).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return (raw.get("lesson"), raw.get("bank")) == (
        slips.digest(lesson),
        bank_digest(answers(lesson.key, home(lesson))),
    )


def stale(keys: list[str]) -> list[str]:
    """Those of the lessons whose table is out of date."""
    return [key for key in keys if not is_current(read(key))]


def losses(lesson: Lesson, result: Result) -> list[Lost]:
    """What a result that still has its trace lost."""
    assert result.trace is not None
    rows = [c.row for c in result.checks if c.row.verdict != "pass"]
    return [
        Lost(r, observed(result.trace, r.check.name), lesson.expectation(r.check, result.salt))
        for r in rows
    ]


def is_loose(lesson: Lesson, check: Check) -> bool:
    """Whether what the check sees depends on how code is written: forced interleavings, counted
    effort.
    """
    return any(
        module in LOOSE for module in _modules(check.function.__code__, lesson.namespace, set())
    )


def _modules(code: CodeType, names: dict[str, Any], met: set[str]) -> Iterator[str]:
    """The modules of what a check uses, also by way of the lesson's own functions and classes."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _modules(constant, names, met)
    for name in set(code.co_names) - met:
        met.add(name)
        thing = names.get(name)
        yield getattr(thing, "__module__", None) or ""
        parts = [thing]
        if isinstance(thing, type):
            yield from (base.__module__ for base in thing.__mro__)
            parts = list(vars(thing).values())
        for part in parts:
            if isinstance(part, FunctionType) and part.__globals__ is names:
                yield from _modules(part.__code__, names, met)


def run(
    lesson: Lesson, bank: list[Answer], runner: Runner, jobs: int, rounds: int = ROUNDS
) -> Iterator[tuple[Answer, Result]]:
    """Every wrong answer graded in each set of random worlds, every right one in the first."""
    judges = [Judge(runner, f"slips {n}") for n in range(rounds)]
    for judge in judges:
        judge.prepare(lesson)
    todo = [(judge, a) for judge in judges for a in bank if not a.is_right or judge is judges[0]]
    with ThreadPoolExecutor(jobs) as threads:
        results = threads.map(lambda one: grade_text(one[0], lesson, one[1].text), todo)
        yield from zip((a for _, a in todo), results, strict=True)


def make(
    lesson: Lesson, bank: list[Answer], runner: Runner, jobs: int, rounds: int = ROUNDS
) -> dict[str, Any]:
    """The lesson's table, as it is stored. What does not always lose the same, or loses most, is no
    slip.
    """
    met: dict[Answer, list[list[Lost]]] = {}
    answered: dict[str, set[Symptoms]] = {}
    for answer, result in run(lesson, bank, runner, jobs, rounds):
        if answer.is_right:
            for c in result.checks:
                row = c.row
                assert result.trace is not None
                seen = symptoms(
                    Lost(row, observed(result.trace, row.check.name), ANYTHING), [PLENTY]
                )
                answered.setdefault(row.check.name, set()).add(seen)
        else:
            met.setdefault(answer, []).append(losses(lesson, result))
    free = {
        c.name
        for c in lesson.all_checks
        if is_loose(lesson, c) or len(answered.get(c.name, ())) > 1
    }
    listed = []
    for answer, runs in met.items():
        names = {frozenset(one.row.check.name for one in lost) for lost in runs}
        if names == {frozenset(answer.fails)} and 2 * len(answer.fails) <= len(lesson.all_checks):
            idea = " ".join(answer.idea.split())
            listed.append({"name": answer.path.stem, "idea": idea, "lost": _patterns(runs, free)})
    return {"lesson": slips.digest(lesson), "bank": bank_digest(bank), "slips": listed}


def _patterns(runs: list[list[Lost]], free: set[str]) -> dict[str, dict[str, list[str]]]:
    met: dict[str, list[Symptoms]] = {}
    for lost in runs:
        for one in lost:
            met.setdefault(one.row.check.name, []).append(symptoms(one, [PLENTY]))
    out = {}
    for name, some in sorted(met.items()):
        always, ever = frozenset.intersection(*some), frozenset.union(*some)
        exact = {m for m in ever if m.startswith(EXACT)}
        if name in free or not exact <= always:
            always, ever = always - exact, ever - exact
        out[name] = {"always": sorted(always)} | (
            {"at times": sorted(ever - always)} if ever - always else {}
        )
    return out


def update(lesson: Lesson, runner: Runner) -> None:
    """Make the lesson's table anew, and say so."""
    bank = answers(lesson.key, home(lesson))
    jobs = os.cpu_count() or 1
    runner.expect(lesson.preload, jobs)  # a box ends with the thread that started it: this one
    table = make(lesson, bank, runner, jobs)
    write(lesson, table)
    print(
        f"{lesson.key}: {len(table['slips'])} slips of {sum(not a.is_right for a in bank)} wrong answers",
        flush=True,
    )


def write(lesson: Lesson, table: dict[str, Any]) -> None:
    """Put a table where the lesson looks for it, one slip a line."""
    lines = ",\n".join(json.dumps(slip, ensure_ascii=False) for slip in table["slips"])
    head = f'{{"lesson": "{table["lesson"]}", "bank": "{table["bank"]}", "slips": [\n'
    write_atomically(slips.path(lesson), f"{head}{lines}\n]}}\n".encode())


def main(arguments: list[str]) -> int:
    keys = [a for a in arguments if not a.startswith("-")] or COURSE.lessons
    old = stale(keys)
    if "--check" in arguments:
        for key in old:
            print(f"lessons/slips/{key}.json: out of date. Run `make slips LESSON={key}`.")
        return int(bool(old))
    runner = Local()
    for key in old:
        update(read(key), runner)
    runner.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
