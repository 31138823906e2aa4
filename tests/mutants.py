"""Mutants of the solutions, made by cosmic-ray, and of the texts in them (`tests.text_mutants`):
each must die, or be listed as equivalent with a reason.

`python -m tests.mutants [LESSON …]` prints survivors. The list:
`tests/answers/<module>/<lesson>/equivalent.toml`. With `--toml` survivors of texts are printed as
that list wants them, for whoever has looked at each and found that it meets every target.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from autograder.grade.judge import Judge
from autograder.lessons.lesson import Cell, Lesson
from autograder.runner.pool import Local
from tests import text_mutants
from tests.bank import ANSWERS, COURSE, grade_text, home, lost, read

OPPOSITES = [
    ("Lt", "LtE"), ("LtE", "Lt"), ("Gt", "GtE"), ("GtE", "Gt"), ("Lt", "GtE"), ("Gt", "LtE"), ("LtE", "Gt"),
    ("GtE", "Lt"), ("Eq", "NotEq"), ("NotEq", "Eq"), ("Is", "IsNot"), ("IsNot", "Is"),
]  # fmt: skip
ARITHMETIC = [
    ("Add", "Sub"),
    ("Sub", "Add"),
    ("Mul", "Div"),
    ("Div", "Mul"),
    ("FloorDiv", "Div"),
    ("Mod", "Mul"),
]
OPERATORS = [
    *(f"core/ReplaceComparisonOperator_{a}_{b}" for a, b in OPPOSITES),
    *(f"core/ReplaceBinaryOperator_{a}_{b}" for a, b in ARITHMETIC),
    *(f"core/{name}" for name in (
        "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot",
        "NumberReplacer", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop",
        "RemoveDecorator", "ExceptionReplacer", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd",
    )),
]  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A solution with one change: the line before and after it."""

    lesson: str
    before: str
    after: str
    text: str
    is_of_text: bool = False

    @property
    def toml(self) -> str:
        """As an entry of the list."""
        before, after, reason = (
            json.dumps(one, ensure_ascii=False)
            for one in (self.before, self.after, text_mutants.STILL)
        )
        return f"[[mutant]]\nbefore = {before}\nafter = {after}\nreason = {reason}\n"


def mutants(lesson: Lesson) -> Iterator[Mutant]:
    """Every mutant of the lesson's solution cells that is still Python, each once."""
    from cosmic_ray import plugins  # here, so that whoever only reads lists need not load it
    from cosmic_ray.mutating import mutate_code

    cells = lesson.of_kind("given", "solution")
    seen = set()
    known = set(plugins.operator_names())

    def whole(target: Cell, changed: str) -> str:
        texts = (changed if c is target else c.source for c in cells)
        parts = (f"# %% {c.grade_id}\n{t}" for c, t in zip(cells, texts, strict=True))
        return "\n\n".join(parts)

    with_texts = [c for c in lesson.of_kind("solution") if text_mutants.texts(c.source)]
    for target in with_texts:
        which = f"{target.grade_id}: " if len(with_texts) > 1 else ""
        for place, after, changed in text_mutants.mutants(target.source):
            before = which + place
            yield Mutant(lesson.key, before, after, whole(target, changed), is_of_text=True)
    for target in cells:
        for name in OPERATORS:
            if name not in known:
                raise LookupError(f"cosmic-ray has no operator {name}")
            operator_class = plugins.get_operator(name)
            arguments = [{}]
            for occurrence in range(1_000):
                changed = mutate_code(target.source, operator_class(**arguments[0]), occurrence)
                if changed is None:
                    break
                if changed in seen or changed == target.source or not _parses(changed):
                    continue
                seen.add(changed)
                before, after = _difference(target.source, changed)
                yield Mutant(lesson.key, before, after, whole(target, changed))


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _difference(before: str, after: str) -> tuple[str, str]:
    old, new = before.splitlines(), after.splitlines()
    changed = [(a.strip(), b.strip()) for a, b in zip(old, new, strict=False) if a != b]
    return changed[0] if changed else (old[-1].strip(), new[-1].strip())


def equivalents(lesson: Lesson) -> dict[tuple[str, str], str]:
    """Changes that leave the behaviour as it is: (line before, line after) to the reason."""
    path = home(lesson).root / ANSWERS / lesson.key / "equivalent.toml"
    if not path.is_file():
        return {}
    listed = tomllib.loads(path.read_text("utf-8"))["mutant"]
    return {(m["before"], m["after"]): m["reason"] for m in listed}


def survivors(
    lesson: Lesson,
    judge: Judge,
    jobs: int | None = None,
    done: Callable[[int, int], None] = lambda count, total: None,
) -> tuple[int, list[Mutant]]:
    """How many mutants there are, and those that lose no point.

    Args:
        done: told after each mutant how many of how many are graded.
    """
    judge.prepare(lesson)
    every, results = list(mutants(lesson)), []
    with ThreadPoolExecutor(jobs or os.cpu_count()) as threads:
        for result in threads.map(lambda m: grade_text(judge, lesson, m.text), every):
            results.append(result)
            done(len(results), len(every))
    unsure = [m for m, r in zip(every, results, strict=True) if r.state != "graded"]
    if unsure:
        raise RuntimeError(f"{lesson.key}: {len(unsure)} mutants were not graded, e.g. {unsure[0]}")
    return len(every), [m for m, r in zip(every, results, strict=True) if not lost(r)]


def main() -> int:
    runner, failed = Local(), False
    judge = Judge(runner, "mutants")
    words = sys.argv[1:]
    as_toml = "--toml" in words
    for key in [word for word in words if word != "--toml"] or COURSE.lessons:
        lesson = read(key)
        count, alive = survivors(lesson, judge)
        listed = equivalents(lesson)
        unknown = [m for m in alive if (m.before, m.after) not in listed]
        stale = set(listed) - {(m.before, m.after) for m in alive}
        print(
            f"{lesson.key}: {count} mutants, {count - len(alive)} killed, {len(alive) - len(unknown)} equivalent"
        )
        if as_toml:
            print("\n".join(m.toml for m in unknown if m.is_of_text))
        for m in unknown if not as_toml else ():
            print(f"  survives:\n    - {m.before}\n    + {m.after}")
        for before, after in sorted(stale):
            print(f"  listed as equivalent, but killed or gone:\n    - {before}\n    + {after}")
        failed = failed or bool(unknown or stale)
    runner.close()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
