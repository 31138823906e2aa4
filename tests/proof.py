"""The proof that the grader is right, lesson by lesson: `make proof` writes docs/proof.md and docs/proof/.

`python -m tests.proof [LESSON …]` takes the lessons whose proof is out of date, grades every answer of the bank, the
held-out ones, every mutant of the solution, and a thousand answers in random order and fresh random worlds, and writes
what came out of it. A run that is stopped goes on where it was. It ends with 1 if a lesson misses the bar
(`shortfalls`).
"""

from __future__ import annotations

import ast
import datetime
import functools
import hashlib
import importlib
import io
import json
import os
import platform
import random
import sys
import time
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coursekit
from autograder.errors import CourseError
from autograder.files import write_atomically
from autograder.grade.judge import Judge
from autograder.jobs import Result
from autograder.lessons.lesson import Lesson
from autograder.runner.pool import Local, Runner
from coursekit.checks import shorten
from tests import mutants, slips
from tests.bank import COURSE, Answer, answers, cells_as_text, grade_text, held_out, lost, read

ROOM, PAGE = COURSE.root / "docs" / "proof", COURSE.root / "docs" / "proof.md"
PARTS = COURSE.root / ".cache" / "proof"  # of proofs that are not finished
RIGHT, WRONG, HELD_OUT, REPEATS, KILLED = 4, 10, 3, 1_000, 0.98  # the bar
ROUND = 100  # gradings in the same random worlds
EVERY = 10.0  # seconds between two lines of progress
ENGINE = ("coursekit.checks", "coursekit.codec", "coursekit.expect", "coursekit.vtime")  # behind every check
DRAWING = {"coursekit.plots", "coursekit.attempt"}  # no verdict depends on them
STANDARD = {"coursekit", "numpy", "pandas", *sys.stdlib_module_names}  # what needs no mention in a right answer

Proof = dict[str, Any]  # as it is stored


# ------------------------------------------------------------------------------------------------ what it depends on


def digest(lesson: Lesson) -> str:
    """A hash of what may change a verdict: see `COVERS`."""
    files = [*(a.path for a in (*answers(lesson.key), *held_out(lesson.key))), *kit_files(lesson)]
    texts = {f"{file.parent.name}/{file.name}": bare(file.read_text("utf-8")) for file in files}
    texts["cells"] = "\n".join(bare(c.source) for c in lesson.of_kind("locked", "given", "solution", "checks"))
    texts["tool"] = json.dumps(mutants.OPERATORS)
    texts["equivalents"] = repr(sorted(mutants.equivalents(lesson.key).items()))
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:16]


COVERS = (
    "the code of the lesson's locked, given, solution and check cells, its right, wrong and held-out answers, its list "
    "of equivalent mutants, the operators of the mutation tool, and the modules of `coursekit` that checks and "
    "solution use, those aside that draw. Comments, docstrings and prose do not count, and neither does the grader: "
    "the laws (`make laws`) run a part of all this on every change"
)


def bare(text: str) -> str:
    """Code without comments of their own lines, docstrings and empty lines; the same for every Python."""
    skipped: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#") and "%%" not in token.string:
            skipped.add(token.start[0])
    for node in ast.walk(ast.parse(text)):
        holds = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if holds and ast.get_docstring(node, clean=False) is not None:
            skipped.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = enumerate(text.splitlines(), 1)
    return "\n".join(line.rstrip() for n, line in lines if n not in skipped and line.strip())


def kit_files(lesson: Lesson) -> list[Path]:
    """The modules of `coursekit` that the lesson's checks and solution use, and what those import."""
    cells = lesson.of_kind("locked", "given", "solution", "checks")
    nodes = [node for cell in cells for node in ast.walk(lesson.tree(cell))]
    uses = {node.id for node in nodes if isinstance(node, ast.Name)}
    found = set(ENGINE)
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("coursekit"):
            for alias in node.names:
                if (alias.asname or alias.name) in uses:
                    found.add(_home(str(node.module), alias.name))
    found -= DRAWING
    todo = list(found)
    while todo:
        for name in _imports(todo.pop()) - found - DRAWING:
            found.add(name)
            todo.append(name)
    return sorted(map(_file, found))


def _home(module: str, name: str) -> str:
    """The module that a name comes from which the lesson imports from `module`."""
    if module != "coursekit":
        return module
    thing = getattr(coursekit, name)
    return str(getattr(thing, "__module__", type(thing).__module__))


def _file(module: str) -> Path:
    return Path(str(importlib.import_module(module).__file__))


@functools.cache
def _imports(module: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(_file(module).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "coursekit":
            found |= {f"coursekit.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("coursekit."):
            found.add(str(node.module))
    return found


# ------------------------------------------------------------------------------------------------ stages


@dataclass
class Told:
    """Progress, a line now and then."""

    what: str
    began: float = 0.0
    said: float = 0.0

    def __post_init__(self) -> None:
        self.began = self.said = time.monotonic()

    def __call__(self, count: int, total: int) -> None:
        now = time.monotonic()
        if now - self.said >= EVERY:
            self.said = now
            left = (now - self.began) / count * (total - count)
            print(f"{self.what}: {count} of {total}, about {left:.0f} s left", flush=True)


def verdict(lesson: Lesson, judge: Judge, answer: Answer | None) -> Result:
    """The result of an answer of the bank, or of the lesson's own solution."""
    return grade_text(judge, lesson, answer.text if answer else cells_as_text(lesson, stub=False))


def differs(answer: Answer | None, result: Result) -> list[str]:
    """The criteria that went otherwise than the bank promises; the state where it was not graded."""
    promised = answer.fails if answer else set()
    return sorted(promised ^ lost(result)) if result.state == "graded" else [result.state]


def misnamed(answer: Answer | None, result: Result) -> str:
    """The slip that the result was said to look like, if it is another one."""
    own = "" if answer is None or answer.is_right else " ".join(answer.idea.split())
    return result.slip if result.slip not in ("", own) else ""


def bank(lesson: Lesson, runner: Runner) -> Proof:
    """Every right and wrong answer, once."""
    judge, every = _fresh(lesson, runner), answers(lesson.key)
    told = Told(f"{lesson.key}, answers")
    results = dict(zip(every, _graded(lesson, [(judge, a) for a in every], told), strict=True))
    refused = {a.path.stem: differs(a, r) for a, r in results.items() if differs(a, r)}
    wrong = [a for a in every if not a.is_right]
    caught = Counter(name for a in wrong for name in a.fails if name in lost(results[a]))
    return {
        "right": len(every) - len(wrong),
        "wrong": len(wrong),
        "differs": refused,
        "criteria": {c.name: caught[c.name] for c in lesson.all_checks},
        "named": sum(bool(r.slip) for r in results.values()),
        "misnamed": {a.path.stem: misnamed(a, r) for a, r in results.items() if misnamed(a, r)},
        "libraries": {a.path.stem: sorted(found) for a in every if a.is_right and (found := libraries(a.text))},
    }


def libraries(text: str) -> set[str]:
    """Packages that an answer imports beside Python's own and those of every lesson."""
    nodes = list(ast.walk(ast.parse(text)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names} - STANDARD


def held(lesson: Lesson, runner: Runner) -> Proof:
    """Every held-out answer, in three sets of random worlds: what its slip is said to be."""
    every = held_out(lesson.key)
    todo = [(judge, a) for judge in (_fresh(lesson, runner) for _ in range(3 * bool(every))) for a in every]
    results = _graded(lesson, todo, Told(f"{lesson.key}, held-out answers"))
    named, wrong = Counter[str](), {}
    for (_, answer), result in zip(todo, results, strict=True):
        idea = " ".join(answer.slip.idea.split())
        named[answer.path.stem] += result.slip == idea
        if result.slip not in ("", idea):
            wrong[answer.path.stem] = result.slip
    return {"answers": len(every), "named": sum(n > 0 for n in named.values()), "misnamed": wrong}


def mutation(lesson: Lesson, runner: Runner) -> Proof:
    """Every mutant of the solution, once."""
    count, alive = mutants.survivors(lesson, _fresh(lesson, runner), _jobs(), Told(f"{lesson.key}, mutants"))
    listed = mutants.equivalents(lesson.key)
    pairs = {(m.before, m.after) for m in alive}
    return {
        "made": count,
        "killed": count - len(alive),
        "equivalent": [{"before": b, "after": a, "reason": listed[b, a]} for b, a in sorted(pairs & set(listed))],
        "equivalents": sum((m.before, m.after) in listed for m in alive),
        "survivors": [{"before": b, "after": a} for b, a in sorted(pairs - set(listed))],
        "killed after all": [{"before": b, "after": a} for b, a in sorted(set(listed) - pairs)],
    }


def repeats(lesson: Lesson, runner: Runner, before: Proof) -> Iterator[Proof]:
    """The solution and all answers again and again, in random order; after each round of fresh random worlds."""
    made: Proof = {"gradings": 0, "rounds": 0, "changed": [], "misnamed": [], **before}
    draw, told, deck = random.Random(), Told(f"{lesson.key}, repeats"), list[Answer | None]()
    while made["gradings"] < REPEATS:
        judge, hand = _fresh(lesson, runner), list[Answer | None]()
        while len(hand) < ROUND:
            if not deck:
                deck = [None, *answers(lesson.key)]
                draw.shuffle(deck)
            hand.append(deck.pop())
        for answer, result in zip(hand, _graded(lesson, [(judge, a) for a in hand]), strict=True):
            name = f"{answer.path.parent.name}/{answer.path.stem}" if answer else "the solution"
            made["changed"] += [f"{name}: {what}{_seen(result, what)}" for what in differs(answer, result)]
            made["misnamed"] += [f"{name}: {slip}" for slip in filter(None, [misnamed(answer, result)])]
        made["gradings"] += len(hand)
        made["rounds"] += 1
        told(made["gradings"], REPEATS)
        yield made


def _seen(result: Result, criterion: str) -> str:
    """What a criterion showed, for somebody who has to find out why."""
    row = next((c.row for c in result.checks if c.row.check.name == criterion), None)
    return f" ({row.verdict}: {shorten(row.seen, 120)})" if row else ""


def _graded(lesson: Lesson, todo: list[tuple[Judge, Answer | None]], told: Told | None = None) -> list[Result]:
    results: list[Result] = []
    with ThreadPoolExecutor(_jobs()) as threads:
        for result in threads.map(lambda one: verdict(lesson, *one), todo):
            results.append(result)
            if told:
                told(len(results), len(todo))
    return results


def _fresh(lesson: Lesson, runner: Runner) -> Judge:
    judge = Judge(runner)
    judge.prepare(lesson)
    return judge


def _jobs() -> int:
    return os.cpu_count() or 1


# ------------------------------------------------------------------------------------------------ a lesson's proof


def path(key: str, room: Path = ROOM) -> Path:
    """Where a lesson's proof is kept."""
    return room / f"{key}.json"


def load(key: str, room: Path = ROOM) -> Proof:
    """The stored proof; an empty one when there is none."""
    try:
        raw = json.loads(path(key, room).read_text("utf-8"))
        return raw if isinstance(raw, dict) else {}
    except (OSError, ValueError):
        return {}


def store(key: str, made: Proof, room: Path = ROOM) -> None:
    write_atomically(path(key, room), (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode())


def prove(lesson: Lesson, runner: Local) -> Proof:
    """All stages; those that were finished for the same digest before are not run again."""
    now = digest(lesson)
    part = load(lesson.key, PARTS)
    part = part if part.get("digest") == now else {"digest": now}
    for name, stage in {"bank": bank, "held out": held, "mutants": mutation}.items():
        if name not in part:
            part[name] = stage(lesson, runner)
            store(lesson.key, part, PARTS)
    for done in repeats(lesson, runner, part.get("repeats", {})):
        part["repeats"] = done
        store(lesson.key, part, PARTS)
    when = {"date": datetime.date.today().isoformat(), "python": platform.python_version(), "box": runner.level}
    path(lesson.key, PARTS).unlink()
    return {**part, **when, "title": _title(lesson)}


def _title(lesson: Lesson) -> str:
    return next(line.removeprefix("# ") for line in lesson.cells[0].source.splitlines() if line.startswith("# "))


def shortfalls(made: Proof) -> list[str]:
    """What a proof lacks, in sentences."""
    if not made:
        return ["there is no proof"]
    answered, mutated, again, apart = made["bank"], made["mutants"], made["repeats"], made["held out"]
    told = [f"{name} does not get what the bank promises: {', '.join(w)}" for name, w in answered["differs"].items()]
    told += [f"no wrong answer loses {name}" for name, count in answered["criteria"].items() if not count]
    for count, bar, what in (
        (answered["right"], RIGHT, "right answers"),
        (answered["wrong"], WRONG, "wrong answers"),
        (apart["answers"], HELD_OUT, "held-out answers"),
        (again["gradings"], REPEATS, "repeats"),
    ):
        if count < bar:
            told.append(f"{count} {what}, not {bar}")
    if share(mutated) < KILLED:
        told.append(f"{share(mutated):.1%} of the mutants that are not equivalent are killed, not {KILLED:.0%}")
    told += [f"listed as equivalent, but killed or gone: {m['after']}" for m in mutated["killed after all"]]
    told += [f"a verdict changed: {changed}" for changed in again["changed"]]
    for named in (answered["misnamed"].items(), apart["misnamed"].items()):
        told += [f"{name} is taken for another slip: {slip}" for name, slip in named]
    told += [f"taken for another slip: {named}" for named in again["misnamed"]]
    if 2 * apart["named"] < apart["answers"]:
        told.append(f"{apart['named']} of {apart['answers']} held-out answers are named")
    return told


def share(mutated: Proof) -> float:
    """Killed mutants among those that are not equivalent."""
    return float(mutated["killed"] / max(1, mutated["made"] - mutated["equivalents"]))


# ------------------------------------------------------------------------------------------------ the page


def page(proofs: dict[str, Proof], missing: Sequence[str] = ()) -> str:
    """docs/proof.md.

    Args:
        missing: lessons that have no proof yet.
    """
    lines = [
        "# The proof",
        "",
        "Written by `make proof`, which grades in the box, with fresh random worlds in each round. A lesson's numbers "
        f"stand in `proof/<module>/<lesson>.json` with a digest of what they depend on: {COVERS}. `make test` says "
        "when they are out of date or below the bar.",
        "",
        f"**The bar**, for each lesson: at least {RIGHT} right answers, none refused; at least {WRONG} wrong ones, "
        "each of which loses exactly the criteria it names; every criterion lost by some wrong answer; at least "
        f"{KILLED:.0%} of the mutants of the solution killed, those aside that are listed as equivalent with a reason; "
        f"{REPEATS:,} gradings of solution and answers in random order without a changed verdict; known slips named "
        f"rightly or not at all, and half of at least {HELD_OUT} held-out answers named.",
        "",
        "| lesson | criteria | right accepted | wrong caught | mutants killed | equivalent | repeats | slips named | "
        "held-out named |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(_row(key, made) for key, made in proofs.items()),
        "",
    ]
    if missing:
        lines += [f"**Not proved yet** (`make proof` does it): {', '.join(missing)}.", ""]
    for key, made in proofs.items():
        lines += _section(key, made)
    return "\n".join(lines)


def _row(key: str, made: Proof) -> str:
    answered, mutated, again, apart = made["bank"], made["mutants"], made["repeats"], made["held out"]
    bad = set(answered["differs"])
    rooms = {a.path.stem: a.is_right for a in answers(key)}
    refused = sum(rooms.get(name, False) for name in bad)
    cells = (
        f"[{made['title']}](#{_anchor(key)})",
        len(answered["criteria"]),
        f"{answered['right'] - refused} of {answered['right']}",
        f"{answered['wrong'] - len(bad) + refused} of {answered['wrong']}",
        f"{mutated['killed']} of {mutated['made'] - mutated['equivalents']} ({share(mutated):.1%})",
        mutated["equivalents"],
        f"{again['gradings']:,}, {len(again['changed'])} changed",
        f"{answered['named']} of {answered['wrong']}",
        f"{apart['named']} of {apart['answers']}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _anchor(key: str) -> str:
    return key.replace("/", "").lower()


def _section(key: str, made: Proof) -> Iterator[str]:
    answered, mutated, again = made["bank"], made["mutants"], made["repeats"]
    yield f"## {key}"
    yield ""
    yield (
        f"{made['date']}, Python {made['python']}, {made['box']}, digest `{made['digest']}`. {again['rounds']} sets of "
        f"random worlds. Right answers over libraries: "
        f"{', '.join(f'{name} ({_listed(found)})' for name, found in answered['libraries'].items()) or 'none'}."
    )
    yield ""
    if short := shortfalls(made):
        yield from (f"- **Below the bar:** {sentence}" for sentence in short)
        yield ""
    yield "| criterion | wrong answers that lose it |"
    yield "|---|---:|"
    yield from (f"| {name.replace('_', ' ')} | {count} |" for name, count in answered["criteria"].items())
    yield ""
    for listed, told in ((mutated["equivalent"], "Equivalent mutants"), (mutated["survivors"], "Mutants that survive")):
        if listed:
            yield f"{told}:"
            yield ""
            yield from (f"- `{m['before']}` → `{m['after']}`{_because(m)}" for m in listed)
            yield ""


def _because(mutant: dict[str, str]) -> str:
    return f": {mutant['reason']}" if "reason" in mutant else ""


def _listed(names: list[str]) -> str:
    return ", ".join(names)


def render() -> str:
    """The page of the proofs there are."""
    proofs = {key: made for key in COURSE.lessons if (made := load(key))}
    return page(proofs, [key for key in COURSE.lessons if key not in proofs])


def stale(key: str) -> bool:
    """Whether a lesson's proof is missing, or of something else."""
    return load(key).get("digest") != digest(read(key))


def main(arguments: list[str]) -> int:
    keys = arguments or COURSE.lessons
    runner, failed = Local(), False
    for key in keys:
        lesson = read(key)
        if not slips.is_current(lesson):
            slips.update(lesson, runner)
            lesson = read(key)
        if stale(key):
            began = time.monotonic()
            try:
                store(key, prove(lesson, runner))
            except (RuntimeError, CourseError) as error:
                print(f"{key}: {error}", flush=True)
                failed = True
                continue
            print(f"{key}: proved in {time.monotonic() - began:.0f} s", flush=True)
        for sentence in shortfalls(load(key)):
            print(f"{key}: {sentence}", flush=True)
            failed = True
    runner.close()
    write_atomically(PAGE, render().encode())
    done = sum(bool(load(key)) for key in COURSE.lessons)
    print(f"{PAGE.relative_to(COURSE.root)}: {done} of {len(COURSE.lessons)} lessons")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
