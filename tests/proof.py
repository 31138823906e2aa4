"""The proof that the grader is right, lesson by lesson: `make proof` writes docs/proof.md and
docs/proof/.

`python -m tests.proof [LESSON …]` takes the lessons whose proof is out of date, grades every answer
of the bank, the held-out ones, every mutant of the solution, and a thousand answers in random order
and fresh random worlds, and writes what came out of it. A run that is stopped goes on where it was.
It ends with 1 if a lesson misses the bar (`tests.bank.BAR`), and says what is missing and what to
do about it (`shortfalls`).
"""

from __future__ import annotations

import argparse
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
import re
import sys
import time
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import coursekit
from autograder.errors import CourseError
from autograder.files import write_atomically
from autograder.grade import budget
from autograder.grade.judge import Judge
from autograder.jobs import Result
from autograder.lessons import dependencies
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
from autograder.runner.pool import Local, Runner
from coursekit.checks import shorten
from tests import mutants, slips, text_mutants
from tests.bank import (
    ANSWERS,
    BAR,
    COURSE,
    ONE_PRICE,
    Answer,
    Bar,
    answers,
    cells_as_text,
    grade_text,
    held_out,
    home,
    lost,
    prices,
    read,
    too_dear,
)

ROOM, PAGE = Path("docs", "proof"), Path("docs", "proof.md")  # in a course
PARTS = Path(".cache", "proof")  # of proofs that are not finished
ROUND = 100  # gradings in the same random worlds
EVERY = 10.0  # seconds between two lines of progress
# what observes and judges every check alike: the grader's, so no proof is of it
ENGINE = tuple(f"coursekit.{name}" for name in ("checks", "codec", "expect", "played", "vtime"))
DRAWING = {"coursekit.plots", "coursekit.attempt"}  # no verdict depends on them
# what needs no mention in a right answer
STANDARD = {"coursekit", "numpy", "pandas", *sys.stdlib_module_names}

Proof = dict[str, Any]  # as it is stored


# ------------------------------------------------------------------------------- what it depends on


def digest(lesson: Lesson) -> str:
    """A hash of what may change a verdict: see `COVERS`."""
    files = [
        *(
            a.path
            for a in (*answers(lesson.key, home(lesson)), *held_out(lesson.key, home(lesson)))
        ),
        *kit_files(lesson),
    ]
    texts = {f"{file.parent.name}/{file.name}": bare(file.read_text("utf-8")) for file in files}
    texts["cells"] = "\n".join(
        without_stages(bare(c.source))
        for c in lesson.of_kind("locked", "given", "solution", "checks")
    )
    texts["tool"] = json.dumps(mutants.OPERATORS)
    if any(text_mutants.texts(c.source) for c in lesson.of_kind("solution")):
        texts["tool of texts"] = bare(Path(text_mutants.__file__).read_text("utf-8"))
    for file in set(_worlds(lesson)) - set(files):
        name = file.relative_to(dependencies.KIT).as_posix()
        own = bare(file.read_text("utf-8")) if file.suffix == ".py" else ""
        texts[name] = own or hashlib.sha256(file.read_bytes()).hexdigest()
    texts["equivalents"] = repr(sorted(mutants.equivalents(lesson).items()))
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:16]


COVERS = (
    "the code of the lesson's locked, given, solution and check cells, its right, wrong and held-out answers, its list "
    "of equivalent mutants, the operators of the mutation tool, and the modules of `coursekit` that checks and "
    "solution use, those aside that draw; where answers are played, all worlds and their data. Comments, docstrings, "
    "prose and the stages of checks do not count, and neither does what observes and judges all checks alike, the "
    "grader: of that the laws (`make laws`) run another part of the bank after every change, and `make bank` all of it"
)


def without_stages(text: str) -> str:
    """Checks without the stages they belong to, however their decorators are broken into lines."""
    return CHECK.sub(_without_stage, text)


CHECK = re.compile(r"^@check\((.*?)\)$(?=\n(?:async )?def )", re.MULTILINE | re.DOTALL)


def _without_stage(found: re.Match[str]) -> str:
    said = re.sub(r',?\s*\bstage="[a-z-]*"', "", found[1])
    said = re.sub(r"\s+", " ", said).strip().removesuffix(",")
    said = re.sub(r"([\[({]) ", r"\1", re.sub(r",? ([\])}])", r"\1", said))
    return f"@check({said})"


def bare(text: str) -> str:
    """Code without comments of their own lines, docstrings and empty lines; the same for every
    Python.
    """
    skipped: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if (
            token.type == tokenize.COMMENT
            and token.line.lstrip().startswith("#")
            and "%%" not in token.string
        ):
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
    found: set[str] = set()
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
    return sorted(map(_file, found.difference(ENGINE)))


def _worlds(lesson: Lesson) -> list[Path]:
    """Files of worlds that decide verdicts whatever name the lesson imports: packages with their
    data; where answers are played, all.
    """
    found = dependencies.worlds(lesson.trees)
    nodes = (n for cell in lesson.of_kind("checks") for n in ast.walk(lesson.tree(cell)))
    if any(isinstance(node, ast.Name) and node.id == "played" for node in nodes):
        return found
    inside = [(file, file.relative_to(dependencies.KIT).parts) for file in found]
    return [file for file, parts in inside if len(parts) > 2 and parts[1] != "data"]


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


# ------------------------------------------------------------------------------------------- stages


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


@dataclass(frozen=True)
class Trouble:
    """A criterion that went otherwise than the bank promises.

    Attributes:
        answer: `wrong/<name>` or `right/<name>`; empty for the lesson's own solution.
        criterion: empty where the answer was not graded at all.
        verdict: what it got; the result's state where it was not graded.
        seen: what the check observed, shortened.
    """

    answer: str
    criterion: str
    verdict: str
    seen: str = ""

    def __str__(self) -> str:
        who = self.answer or "the solution"
        if not self.criterion:
            return f"{who} is not graded ({self.verdict})"
        verb = "keeps" if self.verdict == "pass" else "loses"
        return f"{who} {verb} {self.criterion} ({self.verdict}: {self.seen})"

    def advice(self, lesson: str) -> str:
        """What an author does about it."""
        file = (ANSWERS / lesson / f"{self.answer}.py").as_posix()
        if not self.answer:
            return "Mend the check: the solution must pass it in every world."
        if not self.criterion:
            return f"Look at it: autograder score {lesson} {file}"
        if self.verdict == "pass":
            return f"Mend the check so that it catches this in every world, or take the criterion out of FAILS in {file}."
        if self.answer.startswith("wrong/"):
            return f"Add the criterion to FAILS in {file}, or mend the check."
        return f"Mend the check, or {file} where it breaks the contract."


def differs(answer: Answer | None, result: Result) -> list[Trouble]:
    """What went otherwise than the bank promises."""
    name = _name(answer)
    if result.state != "graded":
        return [Trouble(name, "", result.state)]
    promised = answer.fails if answer else set[str]()
    rows = {c.row.check.name: c.row for c in result.checks}
    wrong = sorted(promised ^ lost(result))
    return [
        Trouble(name, w, rows[w].verdict, shorten(rows[w].seen, 120)) for w in wrong if w in rows
    ] + [Trouble(name, w, "pass", "there is no such criterion") for w in wrong if w not in rows]


def _name(answer: Answer | None) -> str:
    return f"{answer.path.parent.name}/{answer.path.stem}" if answer else ""


def misnamed(answer: Answer | None, result: Result) -> str:
    """The slip that the result was said to look like, if it is another one."""
    own = "" if answer is None or answer.is_right else " ".join(answer.idea.split())
    return result.slip if result.slip not in ("", own) else ""


def bank(lesson: Lesson, runner: Runner) -> Proof:
    """Every right and wrong answer, once."""
    judge, every = _fresh(lesson, runner), answers(lesson.key, home(lesson))
    told = Told(f"{lesson.key}, answers")
    results = dict(zip(every, _graded(lesson, [(judge, a) for a in every], told), strict=True))
    troubled = {
        a.path.stem: [asdict(t) for t in differs(a, r)] for a, r in results.items() if differs(a, r)
    }
    wrong = [a for a in every if not a.is_right]
    caught = Counter(name for a in wrong for name in a.fails if name in lost(results[a]))
    return {
        "right": len(every) - len(wrong),
        "wrong": len(wrong),
        "differs": troubled,
        "criteria": {c.name: caught[c.name] for c in lesson.all_checks},
        "named": sum(bool(r.slip) for r in results.values()),
        "misnamed": {a.path.stem: misnamed(a, r) for a, r in results.items() if misnamed(a, r)},
        "libraries": {
            a.path.stem: sorted(found) for a in every if a.is_right and (found := libraries(a.text))
        },
    }


def libraries(text: str) -> set[str]:
    """Packages that an answer imports beside Python's own and those of every lesson."""
    nodes = list(ast.walk(ast.parse(text)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names} - STANDARD


def held(lesson: Lesson, runner: Runner) -> Proof:
    """Every held-out answer, in three sets of random worlds: what its slip is said to be."""
    every = held_out(lesson.key, home(lesson))
    todo = [
        (judge, a)
        for judge in (_fresh(lesson, runner) for _ in range(3 * bool(every)))
        for a in every
    ]
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
    count, alive = mutants.survivors(
        lesson, _fresh(lesson, runner), _jobs(), Told(f"{lesson.key}, mutants")
    )
    listed = mutants.equivalents(lesson)
    pairs = {(m.before, m.after) for m in alive}
    return {
        "made": count,
        "killed": count - len(alive),
        "equivalent": [
            {"before": b, "after": a, "reason": listed[b, a]}
            for b, a in sorted(pairs & set(listed))
        ],
        "equivalents": sum((m.before, m.after) in listed for m in alive),
        "survivors": [{"before": b, "after": a} for b, a in sorted(pairs - set(listed))],
        "killed after all": [{"before": b, "after": a} for b, a in sorted(set(listed) - pairs)],
    }


def repeats(lesson: Lesson, runner: Runner, before: Proof, bar: Bar = BAR) -> Iterator[Proof]:
    """The solution and all answers again and again, in random order; after each round of fresh
    random worlds.
    """
    made: Proof = {"gradings": 0, "rounds": 0, "changed": [], "misnamed": [], **before}
    draw, told, deck = random.Random(), Told(f"{lesson.key}, repeats"), list[Answer | None]()
    while made["gradings"] < bar.repeats:
        judge, hand = _fresh(lesson, runner), list[Answer | None]()
        while len(hand) < min(ROUND, bar.repeats):
            if not deck:
                deck = [None, *answers(lesson.key, home(lesson))]
                draw.shuffle(deck)
            hand.append(deck.pop())
        for answer, result in zip(hand, _graded(lesson, [(judge, a) for a in hand]), strict=True):
            made["changed"] += [asdict(trouble) for trouble in differs(answer, result)]
            made["misnamed"] += [
                f"{_name(answer)}: {slip}" for slip in filter(None, [misnamed(answer, result)])
            ]
        made["gradings"] += len(hand)
        made["rounds"] += 1
        told(made["gradings"], bar.repeats)
        yield made


def _graded(
    lesson: Lesson, todo: list[tuple[Judge, Answer | None]], told: Told | None = None
) -> list[Result]:
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


# --------------------------------------------------------------------------------- a lesson's proof


def path(key: str, course: Course = COURSE, room: Path = ROOM) -> Path:
    """Where a lesson's proof is kept."""
    return course.root / room / f"{key}.json"


def load(key: str, course: Course = COURSE, room: Path = ROOM) -> Proof:
    """The stored proof; an empty one when there is none."""
    try:
        raw = json.loads(path(key, course, room).read_text("utf-8"))
        return raw if isinstance(raw, dict) else {}
    except (OSError, ValueError):
        return {}


def store(key: str, made: Proof, course: Course = COURSE, room: Path = ROOM) -> None:
    write_atomically(
        path(key, course, room), (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()
    )


def prove(lesson: Lesson, runner: Local, bar: Bar = BAR) -> Proof:
    """All stages; those that were finished for the same digest before are not run again."""
    now, course = digest(lesson), home(lesson)
    runner.expect(lesson.preload, _jobs())  # a box ends with the thread that started it: this one
    part = load(lesson.key, course, PARTS)
    part = part if part.get("digest") == now else {"digest": now}
    for name, stage in {"bank": bank, "held out": held, "mutants": mutation}.items():
        if name not in part:
            part[name] = stage(lesson, runner)
            store(lesson.key, part, course, PARTS)
    for done in repeats(lesson, runner, part.get("repeats", {}), bar):
        part["repeats"] = done
        store(lesson.key, part, course, PARTS)
    when = {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "box": runner.level,
    }
    path(lesson.key, course, PARTS).unlink()
    cpu = budget.measure(lesson, runner).as_json()
    title, price = _title(lesson), prices(lesson)
    return {**part, **when, "title": title, "cpu": cpu, "prices": price}


def _title(lesson: Lesson) -> str:
    return next(
        line.removeprefix("# ")
        for line in lesson.cells[0].source.splitlines()
        if line.startswith("# ")
    )


def shortfalls(made: Proof, key: str, bar: Bar = BAR) -> list[str]:
    """What a proof lacks and what to do about it, a sentence for each trouble, however often it was
    met.
    """
    if not made:
        return [f"there is no proof. Run `make proof LESSON={key}`."]
    answered, mutated, again, apart = (
        made["bank"],
        made["mutants"],
        made["repeats"],
        made["held out"],
    )
    rooms = (ANSWERS / key).as_posix()
    told = [*_troubles([t for some in answered["differs"].values() for t in some], key)]
    for name, count in answered["criteria"].items():
        if not count:
            told.append(
                f"no wrong answer loses {name}. Write one in {rooms}/wrong/, or drop the check."
            )
    for count, least, what, room in (
        (answered["right"], bar.right, "right answers", "right"),
        (answered["wrong"], bar.wrong, "wrong answers", "wrong"),
        (apart["answers"], bar.held_out, "held-out answers", "held_out"),
    ):
        if count < least:
            told.append(f"{count} {what}, not {least}. Write more in {rooms}/{room}/.")
    if again["gradings"] < bar.repeats:
        told.append(
            f"{again['gradings']} repeats, not {bar.repeats}. Run `make proof LESSON={key}` to its end."
        )
    if share(mutated) < bar.killed:
        told.append(
            f"{share(mutated):.1%} of the mutants that are not equivalent are killed, not {bar.killed:.0%}. "
            f"`make mutants LESSON={key}` names the others: mend a check, or list them in {rooms}/equivalent.toml."
        )
    for mutant in mutated["killed after all"]:
        told.append(
            f"listed as equivalent, but killed or gone: {mutant['after']}. Drop it from equivalent.toml."
        )
    told += _troubles(again["changed"], key)
    wrong_names = [
        f"{name}: {slip}" for some in (answered, apart) for name, slip in some["misnamed"].items()
    ]
    for named, count in Counter([*wrong_names, *again["misnamed"]]).items():
        told.append(
            f"taken for another slip{_times(count)}: {named} Let a check's observation tell the two apart."
        )
    if key.split("/")[0] in ONE_PRICE:
        told += too_dear(key, made.get("prices", {}), len(answered["criteria"]), bar)
    if 2 * apart["named"] < apart["answers"]:
        told.append(
            f"{apart['named']} of {apart['answers']} held-out answers are named, not half. "
            "Let checks return what happened, so that slips look different."
        )
    return told


def _troubles(stored: Sequence[dict[str, str]], key: str) -> Iterator[str]:
    """A sentence for each answer and criterion, with how often it was met and what it looked like
    the first time.
    """
    met: dict[tuple[str, str, bool], list[Trouble]] = {}
    for trouble in (Trouble(**one) for one in stored):
        met.setdefault((trouble.answer, trouble.criterion, trouble.verdict == "pass"), []).append(
            trouble
        )
    for alike in met.values():
        yield f"{alike[0]}{_times(len(alike))}. {alike[0].advice(key)}"


def _times(count: int) -> str:
    return f" ×{count}" if count > 1 else ""


def share(mutated: Proof) -> float:
    """Killed mutants among those that are not equivalent."""
    return float(mutated["killed"] / max(1, mutated["made"] - mutated["equivalents"]))


# ----------------------------------------------------------------------------------------- the page


def page(proofs: dict[str, Proof], missing: Sequence[str] = (), course: Course = COURSE) -> str:
    """docs/proof.md.

    Args:
        missing: lessons that have no proof yet.
        course: where the answers lie.
    """
    lines = [
        "# The proof",
        "",
        "Written by `make proof`, which grades in the box, with fresh random worlds in each round. A lesson's numbers "
        f"stand in `proof/<module>/<lesson>.json` with a digest of what they depend on: {COVERS}. `make test` says "
        "when they are out of date or below the bar.",
        "",
        f"**The bar**, for each lesson: {BAR}.",
        "",
        "| lesson | criteria | right accepted | wrong caught | mutants killed | equivalent | repeats | slips named | "
        "held-out named | price of a slip: median, dearest | ms of CPU | ms of playing |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(_row(key, made, course) for key, made in proofs.items()),
        "",
    ]
    if missing:
        lines += [f"**Not proved yet** (`make proof` does it): {', '.join(missing)}.", ""]
    for key, made in proofs.items():
        lines += _section(key, made)
    return "\n".join(lines)


def _row(key: str, made: Proof, course: Course) -> str:
    answered, mutated, again, apart = (
        made["bank"],
        made["mutants"],
        made["repeats"],
        made["held out"],
    )
    bad = set(answered["differs"])
    rooms = {a.path.stem: a.is_right for a in answers(key, course)}
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
        _price(made.get("prices", {})),
        made.get("cpu", {}).get("total", "–"),
        made.get("cpu", {}).get("played") or "–",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _price(found: dict[str, float]) -> str:
    """What single slips cost: half of them at most, and the dearest."""
    return f"{median(found.values()):.0%}, {max(found.values()):.0%}" if found else "?"


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
    if short := shortfalls(made, key):
        yield from (f"- **Below the bar:** {sentence}" for sentence in short)
        yield ""
    dear = {n: p for n, p in made.get("prices", {}).items() if p > BAR.dearest}
    if dear:
        shown = sorted(dear.items(), key=lambda one: (-one[1], one[0]))
        listed = ", ".join(f"{name.replace('_', ' ')} ({share:.0%})" for name, share in shown)
        yield f"Single slips that cost more than {BAR.dearest:.0%} of the points: {listed}."
        yield ""
    yield "| criterion | wrong answers that lose it |"
    yield "|---|---:|"
    yield from (
        f"| {name.replace('_', ' ')} | {count} |" for name, count in answered["criteria"].items()
    )
    yield ""
    for some, told in (
        (mutated["equivalent"], "Equivalent mutants"),
        (mutated["survivors"], "Mutants that survive"),
    ):
        if some:
            yield f"{told}:"
            yield ""
            yield from (f"- `{m['before']}` → `{m['after']}`{_because(m)}" for m in some)
            yield ""


def _because(mutant: dict[str, str]) -> str:
    return f": {mutant['reason']}" if "reason" in mutant else ""


def _listed(names: list[str]) -> str:
    return ", ".join(names)


def render(course: Course = COURSE) -> str:
    """The page of the proofs there are."""
    proofs = {key: made for key in course.lessons if (made := load(key, course))}
    return page(proofs, [key for key in course.lessons if key not in proofs], course)


def stale(key: str, course: Course = COURSE) -> bool:
    """Whether a lesson's proof is missing, or of something else."""
    return load(key, course).get("digest") != digest(read(key, course))


def run(keys: Sequence[str], course: Course = COURSE, bar: Bar = BAR) -> bool:
    """Prove the lessons whose proof is out of date, write the page, and say whether all reach the
    bar.
    """
    runner, reached = Local(), True
    for key in keys:
        lesson = read(key, course)
        if not slips.is_current(lesson):
            slips.update(lesson, runner)
            lesson = read(key, course)
        if stale(key, course):
            began = time.monotonic()
            try:
                store(key, prove(lesson, runner, bar), course)
            except (RuntimeError, CourseError) as error:
                print(f"{key}: {error}", flush=True)
                reached = False
                continue
            print(f"{key}: proved in {time.monotonic() - began:.0f} s", flush=True)
        price = prices(lesson)
        if load(key, course).get("prices") != price:  # it costs nothing to say
            store(key, {**load(key, course), "prices": price}, course)
        for sentence in shortfalls(load(key, course), key, bar):
            print(f"{key}: {sentence}", flush=True)
            reached = False
    runner.close()
    write_atomically(course.root / PAGE, render(course).encode())
    done = sum(bool(load(key, course)) for key in course.lessons)
    print(f"{PAGE.as_posix()}: {done} of {len(course.lessons)} lessons")
    return reached


def measure_costs(keys: Sequence[str], course: Course = COURSE) -> None:
    """Measure what submissions of proved lessons cost, on a machine with nothing else to do, and
    write it into their proofs.
    """
    runner = Local()
    for key in keys:
        made = load(key, course)
        made["cpu"] = budget.measure(read(key, course), runner).as_json()
        store(key, made, course)
        print(f"{key}: {made['cpu']['total']:g} ms of CPU", flush=True)
    runner.close()
    write_atomically(course.root / PAGE, render(course).encode())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.proof", description="Prove lessons; see docs/author.md."
    )
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="all when none is named")
    parser.add_argument(
        "--course", type=Path, help="the folder of another course, with tests/answers/ in it"
    )
    parser.add_argument(
        "--repeats", type=int, default=BAR.repeats, help="fewer for a trial, which is below the bar"
    )
    parser.add_argument(
        "--costs", action="store_true", help="only measure costs; nothing is proved"
    )
    told = parser.parse_args(arguments)
    course = Course.find(told.course) if told.course else COURSE
    if told.costs:
        measure_costs(told.lessons or course.lessons, course)
        return 0
    reached = run(told.lessons or course.lessons, course, replace(BAR, repeats=told.repeats))
    return int(not reached)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
