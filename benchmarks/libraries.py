"""The lessons' solutions beside well-kept libraries that do the same: calls per second and bytes
for each entry.

`python -m benchmarks.libraries [ROUNDS]` takes each solution out of its lesson as plain code,
without the course's own tools, and runs it and the libraries in turn, round after round, in one
process of their own. What it finds is written to benchmarks/LIBRARIES.md. A solution that no lesson
holds yet is left out, and named.
"""

from __future__ import annotations

import ast
import asyncio
import datetime
import gc
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.lessons.lesson import Lesson

PAGE = Path(__file__).with_name("LIBRARIES.md")
SECONDS = 0.3  # of each measurement, at least
ENTRIES = 10_000  # whose memory is measured
Names = dict[str, Any]  # what a lesson's solution defines
Work = Callable[[], int]  # does some work once; how many calls that were


@dataclass
class Candidate:
    """One way to do the work. `fill` puts so many entries into a new object and returns it."""

    name: str
    work: Work
    fill: Callable[[int], Any] | None = None


@dataclass
class Contest:
    """A solution, first, and libraries that do the same."""

    solution: str  # the name that its lesson defines
    call: str  # what is counted
    entry: str  # what takes memory, or empty
    candidates: Callable[[Names], Iterator[Candidate]]


@dataclass
class Row:
    """What was measured: medians."""

    name: str
    calls: float  # per second
    bytes: float | None = None  # for each entry


# ----------------------------------------------------------------------------------------- contests


def _reads(count: int = 20_000, users: int = 3_000) -> list[tuple[str, int]]:
    """Keys of reads, few of which are asked for often."""
    draw = random.Random(7)
    return [("harbour", min(users, int(draw.paretovariate(0.6)))) for _ in range(count)]


def _caching(get: Callable[[Any], Any], put: Callable[[Any, Any], None]) -> Work:
    reads = _reads()

    def work() -> int:
        for key in reads:
            if get(key) is None:
                put(key, 1.5)
        return len(reads)

    return work


def _filled(
    make: Callable[[int], Any], put: Callable[[Any, Any, Any], None]
) -> Callable[[int], Any]:
    def fill(entries: int) -> Any:
        cache = make(entries)
        for n in range(entries):
            put(cache, n, None)
        return cache

    return fill


def _caches(name: str, put: str, names: Names) -> Iterator[Candidate]:
    import cachetools

    made, method = names[name], put
    ours = made(1_000, 300)
    fill = _filled(
        lambda n: made(n, 300), lambda cache, key, value: getattr(cache, method)(key, value)
    )
    yield Candidate(name, _caching(ours.get, getattr(ours, put)), fill)

    bare = cachetools.TTLCache(1_000, 300)
    fill = _filled(
        lambda n: cachetools.TTLCache(n, 300),
        lambda cache, key, value: cache.__setitem__(key, value),
    )
    yield Candidate(
        f"cachetools {version('cachetools')} TTLCache, no lock",
        _caching(bare.get, bare.__setitem__),
        fill,
    )

    guarded, lock = cachetools.TTLCache(1_000, 300), threading.Lock()

    def get(key: Any) -> Any:
        with lock:
            return guarded.get(key)

    def store(key: Any, value: Any) -> None:
        with lock:
            guarded[key] = value

    yield Candidate("the same in a lock", _caching(get, store))


def _feature_caches(names: Names) -> Iterator[Candidate]:
    return _caches("FeatureCache", "set", names)


def _prediction_caches(names: Names) -> Iterator[Candidate]:
    return _caches("MLCache", "put", names)


def _limiters(names: Names) -> Iterator[Candidate]:
    from limits import RateLimitItemPerMinute
    from limits.storage import MemoryStorage
    from limits.strategies import MovingWindowRateLimiter

    draw = random.Random(7)
    users = [f"user-{draw.randrange(500)}" for _ in range(10_000)]

    def asking(allows: Callable[[str], Any]) -> Work:
        def work() -> int:
            for user in users:
                allows(user)
            return len(users)

        return work

    def fill(entries: int) -> Any:
        limiter = names["RateLimiter"](100, 3_600)
        for n in range(entries):
            limiter.is_allowed(f"user-{n}")
        return limiter

    yield Candidate("RateLimiter", asking(names["RateLimiter"](100, 60).is_allowed), fill)

    item, limiter = RateLimitItemPerMinute(100), MovingWindowRateLimiter(MemoryStorage())

    def fill_theirs(entries: int) -> Any:
        limiter, item = MovingWindowRateLimiter(MemoryStorage()), RateLimitItemPerMinute(100, 60)
        for n in range(entries):
            limiter.hit(item, f"user-{n}")
        return limiter

    name = f"limits {version('limits')} MovingWindowRateLimiter(MemoryStorage())"
    yield Candidate(name, asking(lambda user: limiter.hit(item, user)), fill_theirs)


def _breakers(names: Names) -> Iterator[Candidate]:
    import pybreaker

    calls = 5_000

    async def fine() -> int:
        return 1

    def awaiting(call: Callable[..., Any]) -> Work:
        async def run() -> int:
            for _ in range(calls):
                await call(fine)
            return calls

        return lambda: asyncio.run(run())

    yield Candidate("CircuitBreaker", awaiting(names["CircuitBreaker"]().call))
    breaker = pybreaker.CircuitBreaker()

    # what its own call_async does without Tornado's coroutines
    async def guarded(func: Callable[[], Any]) -> Any:
        with breaker.calling():
            return await func()

    name = f"pybreaker {version('pybreaker')}"
    yield Candidate(f"{name} calling(), around an await", awaiting(guarded))

    def work() -> int:
        for _ in range(calls):
            breaker.call(abs, 1)
        return calls

    yield Candidate(f"{name} call, not asynchronous", work)


def _exporters(names: Names) -> Iterator[Candidate]:
    from prometheus_client import CollectorRegistry, Counter, Histogram

    calls = 5_000
    ours = names["MLServiceMetrics"]()

    def work() -> int:
        for n in range(calls):
            ours.record_request("v1", 0.001 * (n % 900))
        return calls

    yield Candidate("MLServiceMetrics.record_request", work)
    registry = CollectorRegistry()
    requests = Counter("requests", "Requests", ["model_version", "status"], registry=registry)
    buckets = (0.01, 0.05, 0.1, 0.5, 1, 2, 5)
    seconds = Histogram("seconds", "Seconds", ["model_version"], buckets=buckets, registry=registry)

    def bare() -> int:
        for n in range(calls):
            requests.labels("v1", "success").inc()
            seconds.labels("v1").observe(0.001 * (n % 900))
        return calls

    yield Candidate(
        f"prometheus_client {version('prometheus_client')}, a counter and a histogram", bare
    )


def _psis(names: Names) -> Iterator[Candidate]:
    import numpy as np
    from scipy.special import rel_entr

    draw = np.random.default_rng(7)
    baseline, current = draw.normal(0, 1, 10_000), draw.normal(0.1, 1, 10_000)

    def scoring(psi: Callable[[Any, Any], float]) -> Work:
        def work() -> int:
            for _ in range(20):
                psi(baseline, current)
            return 20

        return work

    def with_scipy(baseline: Any, current: Any) -> float:
        edges = np.unique(np.quantile(baseline, np.linspace(0, 1, 11)))
        edges[0], edges[-1] = -np.inf, np.inf
        b, c = (np.maximum(np.histogram(x, edges)[0] / len(x), 1e-4) for x in (baseline, current))
        return float((rel_entr(c, b) + rel_entr(b, c)).sum())

    ours, theirs = names["calculate_psi"](baseline, current), with_scipy(baseline, current)
    assert abs(ours - theirs) < 1e-9, f"PSI: {ours} and {theirs}"
    yield Candidate("calculate_psi", scoring(names["calculate_psi"]))
    yield Candidate(f"numpy.histogram and scipy {version('scipy')} rel_entr", scoring(with_scipy))


def _tests(names: Names) -> Iterator[Candidate]:
    import numpy as np
    from scipy import stats
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    draw = np.random.default_rng(7)
    a, b = draw.normal(1, 1, 2_000).tolist(), draw.normal(1.05, 1.2, 2_000).tolist()

    def testing(analyse: Callable[[Any, Any], tuple[float, float, float]]) -> Work:
        def work() -> int:
            for _ in range(20):
                analyse(a, b)
            return 20

        return work

    def ours(a: Any, b: Any) -> tuple[float, float, float]:
        told = names["analyze_ab_test"](a, b)
        return told["p_value"], *told["confidence_interval"]

    def with_scipy(a: Any, b: Any) -> tuple[float, float, float]:
        told = stats.ttest_ind(b, a, equal_var=False)
        low, high = told.confidence_interval(0.95)
        return float(told.pvalue), float(low), float(high)

    def with_statsmodels(a: Any, b: Any) -> tuple[float, float, float]:
        means = CompareMeans(DescrStatsW(b), DescrStatsW(a))
        low, high = means.tconfint_diff(usevar="unequal")
        return float(means.ttest_ind(usevar="unequal")[1]), float(low), float(high)

    for theirs in (with_scipy, with_statsmodels):
        assert np.allclose(ours(a, b), theirs(a, b), rtol=1e-6), f"{ours(a, b)} and {theirs(a, b)}"
    yield Candidate("analyze_ab_test", testing(ours))
    yield Candidate(f"scipy {version('scipy')} ttest_ind, Welch", testing(with_scipy))
    yield Candidate(f"statsmodels {version('statsmodels')} CompareMeans", testing(with_statsmodels))


CONTESTS = (
    Contest("FeatureCache", "get, and set after a miss", "entry", _feature_caches),
    Contest("MLCache", "get, and put after a miss", "entry", _prediction_caches),
    Contest("RateLimiter", "request of one of 500 users", "user with one request", _limiters),
    Contest("CircuitBreaker", "call that succeeds", "", _breakers),
    Contest("MLServiceMetrics", "request recorded", "", _exporters),
    Contest("calculate_psi", "PSI of two samples of 10,000", "", _psis),
    Contest("analyze_ab_test", "test of two samples of 2,000", "", _tests),
)


# ---------------------------------------------------------------------------------------- measuring


def calls_per_second(work: Work) -> float:
    """How many calls fit into a second, found out in `SECONDS` at least."""
    gc.collect()
    count, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < SECONDS:
        count += work()
    return count / spent


def bytes_per_entry(fill: Callable[[int], Any]) -> float:
    """What an entry takes, the object and its parts, keys included."""
    fill(100)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = fill(ENTRIES)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    del kept
    return taken / ENTRIES


def measure(contest: Contest, names: Names, rounds: int) -> list[Row]:
    """All candidates, in turn in each round; medians."""
    candidates = list(contest.candidates(names))
    for candidate in candidates:
        candidate.work()
    speeds: list[list[float]] = [[] for _ in candidates]
    for _ in range(rounds):
        for candidate, some in zip(candidates, speeds, strict=True):
            some.append(calls_per_second(candidate.work))
    return [
        Row(c.name, statistics.median(some), bytes_per_entry(c.fill) if c.fill else None)
        for c, some in zip(candidates, speeds, strict=True)
    ]


def child() -> int:
    """Measure what stands on stdin: the code of solutions, by the name to look for in them."""
    told = json.load(sys.stdin)
    for contest in CONTESTS:
        if contest.solution in told["code"]:
            names: Names = {"__name__": "solution"}
            exec(compile(told["code"][contest.solution], contest.solution, "exec"), names)
            rows = measure(contest, names, told["rounds"])
            print(
                json.dumps({"solution": contest.solution, "rows": [asdict(row) for row in rows]}),
                flush=True,
            )
    return 0


# ------------------------------------------------------------------------------------------ lessons


def plain(lesson: Lesson) -> str:
    """The code of a lesson's locked, given and solution cells without the course's own tools."""
    from autograder.lessons.lesson import bound, used

    left_out: set[str] = set()
    kept: list[ast.stmt] = []
    for cell in lesson.of_kind("locked", "given", "solution"):
        for statement in lesson.tree(cell).body:
            own = isinstance(statement, ast.ImportFrom) and str(statement.module).startswith(
                "coursekit"
            )
            text = ast.unparse(statement)
            if own or (cell.kind == "locked" and used(text) & left_out):
                left_out |= bound(text)
            else:
                kept.append(statement)
    return ast.unparse(ast.Module(kept, []))


def solutions() -> dict[str, tuple[str, str]]:
    """The lesson that defines each name that is looked for, and its plain code."""
    from tests.bank import COURSE, read

    found = {}
    for key in COURSE.lessons:
        lesson = read(key)
        for contest in CONTESTS:
            if contest.solution in lesson.solution_names:
                found[contest.solution] = key, plain(lesson)
    return found


def table(contest: Contest, key: str, rows: list[Row]) -> Iterator[str]:
    """A contest in Markdown."""
    yield f"## {contest.solution}"
    yield ""
    yield f"From `lessons/{key}.py`. One call: {contest.call}."
    yield ""
    memory = any(row.bytes for row in rows)
    yield (
        "| | calls per second | beside the solution |"
        + f" bytes for each {contest.entry} |" * memory
    )
    yield "|---|---:|---:|" + "---:|" * memory
    for row in rows:
        ratio = "1" if row is rows[0] else f"{row.calls / rows[0].calls:.2f} times"
        line = f"| {row.name} | {row.calls:,.0f} | {ratio} |"
        yield line + (f" {row.bytes:,.0f} |" if row.bytes else " |") * memory
    yield ""


def main(rounds: int) -> int:
    found = solutions()
    code = {name: text for name, (_, text) in found.items()}
    asked = json.dumps({"rounds": rounds, "code": code})
    lines = [
        "# Solutions beside libraries",
        "",
        f"`make libraries`, {datetime.date.today().isoformat()}: {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. "
        f"Medians of {rounds} rounds, in each of which all rows of a table took their turn, "
        f"{SECONDS:g} s at least. Memory: what `tracemalloc` counts for {ENTRIES:,} entries.",
        "",
    ]
    command = [sys.executable, "-m", "benchmarks.libraries", "--child"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(asked)
        process.stdin.close()
        for line in process.stdout:
            told = json.loads(line)
            contest = next(c for c in CONTESTS if c.solution == told["solution"])
            made = list(
                table(contest, found[contest.solution][0], [Row(**row) for row in told["rows"]])
            )
            print("\n".join(made), flush=True)
            lines += made
    if process.returncode:
        return process.returncode
    for contest in CONTESTS:
        if contest.solution not in found:
            lines += [f"No lesson defines `{contest.solution}` yet: left out.", ""]
            print(lines[-2])
    PAGE.write_text("\n".join(lines), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(
        child() if "--child" in sys.argv else main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    )
