"""Reports of an image scanner, releases to choose from, and the shortest way out, exactly.

Reports have the form that `trivy image --format json` writes. Versions and requirement lines are
judged by `packaging`. Worlds are small (at most 4 packages with at most 6 releases), so the solver
tries everything; chance comes from `random.Random(seed)`.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from coursekit.plots import label_axes, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pins = Mapping[str, str]
Findings = Mapping[tuple[str, str], str]  # (id, package) to the versions with the fix

# ---------------------------------------------------------------------------------------- a report


@dataclass(frozen=True)
class Row:
    """One finding of a scan, before it is written as a report.

    Attributes:
        fixed: as the report has it; None leaves the key out.
        kind: the result's class.
        target: which of the results of that class.
    """

    id: str
    package: str
    severity: str = "HIGH"
    fixed: str | None = "9.9.9"
    kind: str = "lang-pkgs"
    target: str = "app"


def report(
    rows: Sequence[Row], rng: random.Random | None = None, empty: Sequence[str] = ()
) -> dict[str, Any]:
    """The rows as Trivy writes them.

    Args:
        rng: shuffles results and findings; in their own order without it.
        empty: more results without a finding, by target.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.kind, row.target), []).append(row)
    results: list[dict[str, Any]] = [
        {"Target": target, "Class": kind, "Vulnerabilities": [_entry(row) for row in some]}
        for (kind, target), some in groups.items()
    ]
    results += [{"Target": target, "Class": "lang-pkgs"} for target in empty]
    if rng is not None:
        rng.shuffle(results)
        for result in results:
            rng.shuffle(result.get("Vulnerabilities", []))
    return {"SchemaVersion": 2, "ArtifactName": "triage-api:v2.0", "Results": results}


def _entry(row: Row) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "VulnerabilityID": row.id,
        "PkgName": row.package,
        "InstalledVersion": "1.0.0",
        "Severity": row.severity,
        "Title": f"{row.package}: a flaw",
    }
    if row.fixed is not None:
        entry["FixedVersion"] = row.fixed
    return entry


def cve(rng: random.Random) -> str:
    """An id that nobody has given away."""
    return f"CVE-2099-{rng.randrange(10_000, 100_000)}"


# ------------------------------------------------------------------------------- worlds of releases


@dataclass(frozen=True)
class Tree:
    """What `upgrade` is handed."""

    pins: dict[str, str]
    needs: dict[str, list[str]]
    releases: dict[str, list[str]]
    findings: dict[tuple[str, str], str]

    @property
    def parts(self) -> tuple[Any, ...]:
        """The four arguments, each a copy of its own."""
        return (
            dict(self.pins),
            {who: list(lines) for who, lines in self.needs.items()},
            {name: list(some) for name, some in self.releases.items()},
            dict(self.findings),
        )


NAMES = (
    "torch",
    "numpy",
    "pillow",
    "scipy",
    "pandas",
    "requests",
    "pydantic",
    "urllib3",
    "jinja2",
    "lightgbm",
)


def tree(kind: str, seed: int) -> Tree:
    """A small world in which one thing can go wrong; `kind` is a key of `KINDS`.

    Raises:
        KeyError: there is no such kind.
    """
    rng = random.Random(f"{kind} {seed}")
    made = KINDS[kind](rng, rng.sample(NAMES, 4))
    names = list(made.pins)
    rng.shuffle(names)
    return Tree(
        {name: made.pins[name] for name in names},
        made.needs,
        {name: made.releases[name] for name in names},
        made.findings,
    )


def _fewest(rng: random.Random, names: list[str]) -> Tree:
    """The nearest fix drags a neighbour along, a farther one does not."""
    a, b, c, _ = names
    far = rng.choice(["1.4", "1.5"])
    releases = {a: ["1.1", "1.2", "1.3", far], b: ["2.0", "2.1", "3.0"], c: ["0.5", "0.6"]}
    needs = {f"{a}=={v}": [f"{b}>=2.1"] for v in ("1.2", "1.3")}
    return Tree({a: "1.1", b: "2.0", c: "0.5"}, needs, releases, {(cve(rng), a): "1.2"})


def _shortest(rng: random.Random, names: list[str]) -> Tree:
    """The first fix will do; a neighbour may make way in two directions, both as long."""
    a, b, c, _ = names
    first = rng.randrange(1, 3)
    releases = {
        a: [f"1.{n}" for n in range(6)],
        b: ["4.0", "4.1", "4.2", "4.4"],
        c: ["0.5", "0.6", "0.7"],
    }
    needs = {f"{a}==1.{n}": [f"{b}!=4.1"] for n in range(1, 6)}
    return Tree({a: "1.0", b: "4.1", c: "0.6"}, needs, releases, {(cve(rng), a): f"1.{first}"})


def _numbers(rng: random.Random, names: list[str]) -> Tree:
    """1.10 is newer than 1.9, and the releases come in no order."""
    a, b, _, _ = names
    last = rng.choice(["1.11", "1.12"])
    releases = {a: ["1.9", last, "1.10", "1.8"], b: ["2.1", "2.0"]}
    return Tree({a: "1.9", b: "2.0"}, {}, releases, {(cve(rng), a): "1.10"})


def _prereleases(rng: random.Random, names: list[str]) -> Tree:
    """The first releases with the fix are no final ones, and a `.post` release is."""
    a, b, _, _ = names
    tail = rng.choice(["b2", "a1", ".dev3"])
    releases = {
        a: ["1.0", "1.2rc2", f"1.3{tail}", "1.3.post1", "1.4"],
        b: ["2.0", "2.1"],
    }
    return Tree({a: "1.0", b: "2.0"}, {}, releases, {(cve(rng), a): "1.2rc1"})


def _positions(rng: random.Random, names: list[str]) -> Tree:
    """A neighbour makes way: one final release up, over pre-releases, or two down."""
    a, b, _, _ = names
    tails = rng.sample(["a1", "b1", "a2", "b2"], 2)
    releases = {a: ["1.0", "1.1"], b: ["3.0", "3.1", "3.2", *(f"3.3{t}" for t in tails), "3.3"]}
    needs = {f"{a}==1.1": [f"{b}!=3.2,!=3.1"]}
    return Tree({a: "1.0", b: "3.2"}, needs, releases, {(cve(rng), a): "1.1"})


def _service(rng: random.Random, names: list[str]) -> Tree:
    """The service itself forbids the nearest fix."""
    a, b, _, _ = names
    releases = {a: ["1.0", "1.1", "1.2", "1.3"], b: ["2.0", "2.1"]}
    lines = [f"{a}!=1.1,>=1.0", f"{b}<3"]
    return Tree({a: "1.0", b: "2.0"}, {"service": lines}, releases, {(cve(rng), a): "1.1"})


def _needed(rng: random.Random, names: list[str]) -> Tree:
    """The fix needs a newer neighbour, and who stays where it is has a say in how new."""
    a, b, c, _ = names
    top = rng.choice(["5.0", "6.0"])
    releases = {a: ["1.0", "1.1", "1.2"], b: ["3.0", "3.5", "4.0", top], c: ["0.8", "0.9"]}
    needs = {f"{a}=={v}": [f"{b}>=3.1"] for v in ("1.1", "1.2")}
    needs |= {f"{c}=={v}": [f"{b}!=3.5,<{top}"] for v in ("0.8", "0.9")}
    return Tree({a: "1.0", b: "3.0", c: "0.8"}, needs, releases, {(cve(rng), a): "1.1"})


def _others(rng: random.Random, names: list[str]) -> Tree:
    """Releases that are not chosen ask for what cannot be had."""
    a, b, _, _ = names
    releases = {a: ["1.0", "1.1", "1.2"], b: ["3.0", "3.5", "4.0"]}
    needs = {
        f"{a}==1.0": [f"{b}<3.1"],
        f"{a}==1.1": [f"{b}>=3.5"],
        f"{a}==1.2": [f"{b}>={rng.choice(['4.0', '9'])}"],
        f"{b}==4.0": [f"{a}<1.1"],
    }
    return Tree({a: "1.0", b: "3.0"}, needs, releases, {(cve(rng), a): "1.1"})


def _closed_branch(rng: random.Random, names: list[str]) -> Tree:
    """The old branch's fix is not released: what is newer than it is not therefore fixed."""
    a, b, _, _ = names
    old = rng.choice(["1.26.5", "1.26.7"])
    releases = {a: ["1.26.2", "2.0.1", "2.1.0", "2.2.0"], b: ["0.4", "0.5"]}
    fixed = ", ".join(rng.sample([old, "2.1.0"], 2))
    return Tree({a: "1.26.2", b: "0.4"}, {}, releases, {(cve(rng), a): fixed})


def _open_branch(rng: random.Random, names: list[str]) -> Tree:
    """The branch that one is on has a fix: the newest branch is farther away than need be."""
    a, b, _, _ = names
    old = rng.choice(["1.26.5", "1.26.7"])
    releases = {a: ["1.26.2", old, "2.0.1", "2.1.0", "3.0.0"], b: ["0.4", "0.5"]}
    fixed = ", ".join(rng.sample([old, "2.1.0"], 2))
    return Tree({a: "1.26.2", b: "0.4"}, {}, releases, {(cve(rng), a): fixed})


def _no_branch(rng: random.Random, names: list[str]) -> Tree:
    """A branch without a fix of its own is fixed from the highest one on."""
    a, b, _, _ = names
    mid = rng.choice(["4.0.0", "4.1.0"])
    releases = {a: ["2.0.0", "2.3.0", mid, "5.0.0"], b: ["0.4", "0.5"]}
    fixed = ", ".join(rng.sample(["1.9.5", "3.0.2"], 2))
    return Tree({a: "2.0.0", b: "0.4"}, {}, releases, {(cve(rng), a): fixed})


def _every(rng: random.Random, names: list[str]) -> Tree:
    """Several findings in one package, the one with the farthest fix first; one id in two."""
    a, b, c, _ = names
    ids = [cve(rng) for _ in range(3)]
    releases = {a: ["1.0", "1.1", "1.2", "1.3"], b: ["2.0", "2.1", "2.2"], c: ["0.5", "0.6"]}
    order = rng.choice([[("1.3", 0), ("1.1", 1), ("1.2", 2)], [("1.3", 0), ("1.2", 1), ("1.1", 2)]])
    findings = {(ids[n], a): fixed for fixed, n in order} | {(ids[0], b): "2.1"}
    return Tree({a: "1.0", b: "2.0", c: "0.5"}, {}, releases, findings)


def _down(rng: random.Random, names: list[str]) -> Tree:
    """The fix wants an older neighbour."""
    a, b, _, _ = names
    releases = {a: ["1.0", "1.1", "1.2"], b: ["1.7", "1.9", "2.0", "2.1"]}
    line = rng.choice([f"{b}<2", f"{b}<=1.9"])
    needs = {f"{a}=={v}": [line] for v in ("1.1", "1.2")}
    return Tree({a: "1.0", b: "2.0"}, needs, releases, {(cve(rng), a): "1.1"})


def _stuck(rng: random.Random, names: list[str]) -> Tree:
    """No release is fixed."""
    a, b, _, _ = names
    releases = {a: ["1.0", "1.1", "1.2"], b: ["2.0", "2.1"]}
    fixed = rng.choice(["1.3", "1.2.1", "2.0"])
    return Tree({a: "1.0", b: "2.0"}, {}, releases, {(cve(rng), a): fixed})


def _forbidden(rng: random.Random, names: list[str]) -> Tree:
    """What is fixed needs a neighbour that is not released."""
    a, b, _, _ = names
    releases = {a: ["1.0", "1.1", "1.2"], b: ["2.0", "2.1"]}
    needs = {f"{a}=={v}": [f"{b}>={rng.choice(['2.2', '3'])}"] for v in ("1.1", "1.2")}
    return Tree({a: "1.0", b: "2.0"}, needs, releases, {(cve(rng), a): "1.1"})


def _mixed(rng: random.Random, names: list[str]) -> Tree:
    """All at once: two findings, a branch, old lines, a line of the service, one who stays."""
    a, b, c, d = names
    low, major = rng.randrange(4, 9), rng.randrange(3, 7)
    releases = {
        a: [f"1.{low}", f"1.{low + 1}", f"1.{low + 2}", f"1.{low + 3}rc1", f"1.{low + 3}", "2.0.1"],
        b: [f"{major}.{n}" for n in range(4)],
        c: ["0.5", "0.6", "0.7", "0.8"],
        d: ["5.0", "5.1"],
    }
    needs = {
        "service": [f"{b}!={major}.1", f"{c}>=0.5"],
        f"{a}==1.{low}": [f"{b}<{major}.1"],
        f"{a}==1.{low + 2}": [f"{b}>={major}.1"],
        f"{a}==1.{low + 3}": [f"{b}>={major}.1", f"{c}<0.7"],
        f"{b}=={major}.2": [f"{c}>=0.7"],
        f"{d}==5.0": [f"{a}<1.{low + 3}"],
    }
    findings = {(cve(rng), a): f"1.{low + 2}, 2.0.4", (cve(rng), b): f"{major}.1"}
    pins = {a: f"1.{low}", b: f"{major}.0", c: "0.6", d: "5.0"}
    return Tree(pins, needs, releases, findings)


KINDS: dict[str, Callable[[random.Random, list[str]], Tree]] = {
    "fewest": _fewest,
    "shortest": _shortest,
    "numbers": _numbers,
    "prereleases": _prereleases,
    "positions": _positions,
    "service": _service,
    "needed": _needed,
    "others": _others,
    "closed branch": _closed_branch,
    "open branch": _open_branch,
    "no branch": _no_branch,
    "every": _every,
    "down": _down,
    "stuck": _stuck,
    "forbidden": _forbidden,
    "mixed": _mixed,
}


# --------------------------------------------------------------------------------- the exact answer


def _finals(some: Sequence[str]) -> list[str]:
    return sorted((v for v in some if not Version(v).is_prerelease), key=Version)


@functools.lru_cache(maxsize=4096)
def _line(text: str) -> tuple[str, Callable[[str], bool]]:
    wanted = Requirement(text)
    return wanted.name, functools.partial(_contains, text)


@functools.lru_cache(maxsize=16384)
def _contains(text: str, version: str) -> bool:
    return Requirement(text).specifier.contains(version)


def is_fixed(version: str, fixed: str) -> bool:
    """Whether a release has the fix, of which each maintained branch has one of its own."""
    parts = sorted(Version(part.strip()) for part in fixed.split(","))
    mine = Version(version)
    return mine >= next((p for p in parts if p.major == mine.major), parts[-1])


def problems(world: Tree, answer: Any) -> list[str]:
    """What an answer leaves undone, a sentence each; empty when it holds."""
    if not isinstance(answer, dict) or set(answer) != set(world.pins):
        return ["an answer has one version for each package of pins"]
    found = []
    for name, version in answer.items():
        if not isinstance(version, str) or version not in _finals(world.releases[name]):
            return [f"{name}: {version!r} is no final release"]
    for (finding, name), fixed in world.findings.items():
        if not is_fixed(answer[name], fixed):
            found.append(f"{finding} is not fixed in {name} {answer[name]}")
    for who in ["service", *(f"{name}=={version}" for name, version in answer.items())]:
        for text in world.needs.get(who, ()):
            name, contains = _line(text)
            if not contains(answer[name]):
                found.append(f"{who} needs {text}, not {answer[name]}")
    return found


def cost(world: Tree, answer: Pins) -> tuple[int, int]:
    """How many packages move, and over how many positions in all."""
    steps = []
    for name, version in answer.items():
        finals = _finals(world.releases[name])
        steps.append(abs(finals.index(version) - finals.index(world.pins[name])))
    return sum(step > 0 for step in steps), sum(steps)


def answers(world: Tree) -> list[dict[str, str]]:
    """Every answer that holds, the best ones first."""
    names, choices = list(world.pins), []
    for name in names:
        fixes = [fixed for (_, package), fixed in world.findings.items() if package == name]
        finals = _finals(world.releases[name])
        choices.append([v for v in finals if all(is_fixed(v, fixed) for fixed in fixes)])
    every = (dict(zip(names, some, strict=True)) for some in itertools.product(*choices))
    return sorted((a for a in every if not problems(world, a)), key=lambda a: cost(world, a))


def is_best(world: Tree, answer: Any) -> bool:
    """Whether an answer is as good as any; "ValueError" where there is none."""
    every = answers(world)
    if not every:
        return bool(answer == "ValueError")
    return not problems(world, answer) and cost(world, answer) == cost(world, every[0])


def upgraded(function: Callable[..., Any], kind: str, seed: int) -> dict[str, Any]:
    """What a learner's `upgrade` answers in a world, and in words what is wrong with it.

    The words are for reading: `best` takes the seed and the answer, and looks for itself.
    """
    world = tree(kind, seed)
    try:
        answer = function(*world.parts)
    except ValueError:
        return {"kind": kind, "seed": seed, "answer": "ValueError"}
    seen: dict[str, Any] = {"kind": kind, "seed": seed, "answer": answer}
    try:
        seen["problems"] = problems(world, answer)
        if not seen["problems"]:
            seen["moved"], seen["positions"] = cost(world, answer)
    except (TypeError, ValueError, InvalidVersion, InvalidRequirement):
        seen["problems"] = ["an answer is a dict from package to version"]
    return seen


def best(*kinds: str, words: str) -> Callable[[Any], bool]:
    """A predicate for `is_true_of`: a list of what `upgraded` saw, one for each kind, all best."""

    def holds(seen: Any) -> bool:
        return [one["kind"] for one in seen] == list(kinds) and all(
            type(one["seed"]) is int and is_best(tree(one["kind"], one["seed"]), one["answer"])
            for one in seen
        )

    holds.__doc__ = words
    return holds


# --------------------------------------------------------------------------------------- a picture


@dataclass(frozen=True)
class Ways:
    """What is left blocking on each way out.

    Attributes:
        best: for each number of packages moved, from none on, the fewest findings that stay.
        yours: moved, findings that stay, and lines that are broken, of the learner's answer.
        newest: the same of the newest release of everything.
        words: the learner's answer.
    """

    best: list[int]
    yours: tuple[int, int, int]
    newest: tuple[int, int, int]
    words: str


def service(seed: int, findings: int) -> Tree:
    """Four packages of one service with so many findings, for the picture."""
    rng = random.Random(f"service {seed}")
    names = rng.sample(NAMES, 4)
    releases = {name: [f"1.{n}" for n in range(8, 13)] + ["1.13rc1"] for name in names}
    pins = dict.fromkeys(names, "1.9")
    a, b, c, d = names
    needs = {f"{a}==1.{n}": [f"{b}>=1.10"] for n in (10, 11)} | {f"{d}==1.12": [f"{c}<1.10"]}
    needs |= {f"{b}==1.12": [f"{c}<=1.11"]}
    where = [a, c, a, d, c, b]
    made = {(cve(rng), where[n % 6]): rng.choice(["1.10", "1.10", "1.11"]) for n in range(findings)}
    return Tree(pins, needs, releases, made)


def ways(function: Callable[..., Any], seed: int, findings: int) -> Ways:
    """What a learner's `upgrade` answers for `service`, beside what is possible."""
    world = service(int(seed), int(findings))
    answer = function(*world.parts)
    newest = {name: _finals(some)[-1] for name, some in world.releases.items()}
    moved = ", ".join(f"{n} {v}" for n, v in answer.items() if v != world.pins.get(n))
    return Ways(_frontier(world), _weigh(world, answer), _weigh(world, newest), moved or "nothing")


def _weigh(world: Tree, answer: Pins) -> tuple[int, int, int]:
    wrong = problems(world, dict(answer))
    left = sum("is not fixed" in text for text in wrong)
    return sum(answer[name] != pin for name, pin in world.pins.items()), left, len(wrong) - left


def _frontier(world: Tree) -> list[int]:
    names = list(world.pins)
    best = [len(world.findings)] * (len(names) + 1)
    finals = [_finals(world.releases[name]) for name in names]
    for some in itertools.product(*finals):
        moved, left, broken = _weigh(world, dict(zip(names, some, strict=True)))
        if not broken:
            best[moved] = min(best[moved], left)
    return list(itertools.accumulate(best, min))


def draw_ways(figure: Figure, seen: Ways, **_: float) -> None:
    """Findings left by packages moved: what is possible, the learner's answer, newest of all."""
    axes = figure.add_axes((0.07, 0.16, 0.91, 0.66))
    top = max([*seen.best, seen.yours[1], seen.newest[1], 1])
    axes.plot(range(len(seen.best)), seen.best, "o--", color="#777777", markersize=5)
    looks: dict[str, dict[str, Any]] = {
        "fewest that can stay": {"color": "#777777", "marker": "o", "linestyle": "--"},
        "your answer": {"color": "#1b7837", "marker": "D", "linestyle": "none"},
        "newest of everything": {"color": "#b2182b", "marker": "X", "linestyle": "none"},
    }
    for name, (moved, left, broken), up in (
        ("newest of everything", seen.newest, 0.95), ("your answer", seen.yours, 0.6),
    ):  # fmt: skip
        look = looks[name]
        axes.plot([moved], [left], markersize=11, zorder=3, **look)
        words = f"{name}: {left} left, {broken} broken" if broken else f"{name}: {left} left"
        side = "right" if moved > 2 else "left"
        axes.text(moved, left + up * top, words, ha=side, fontsize=9)
    axes.set_xlim(-0.3, len(seen.best) - 0.7)
    axes.set_ylim(-0.15 * top, 1.5 * top)
    label_axes(
        axes,
        {n: str(n) for n in range(len(seen.best))},
        {n: str(n) for n in range(top + 1)},
        xlabel=f"packages moved (yours: {seen.words})",
        ylabel="blocking findings left",
    )
    legend(axes, looks, start=0.34, step=0.22)
