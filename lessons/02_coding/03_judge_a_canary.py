# %% [markdown]
"""# Judge a canary

You'll build a health checker that watches a new model version on a slice of the traffic and says: proceed, roll back
or keep watching.

**Time** 45 min · **Level** medium · **Needs** `async`/`await`, dataclasses

You'll be able to
- tell an absolute limit from a comparison, and say why a rollout needs both;
- keep one stray error, thin traffic and a broken metrics source from deciding for you;
- test minutes of waiting in milliseconds.
"""

# %% nbgrader={"grade_id": "canary-setup", "locked": true}
import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum

from coursekit import REFERENCE, check, explore, is_true_of, scoreboard, slider, try_it
from coursekit.coding.rollout import Rollout, Timeline, draw_rollout, play, rehearse

# %% [markdown]
"""## The situation

At two in the afternoon a new recommendation model goes from 10 % of the traffic to all of it in one step. It asks
the feature store for one feature more than the old model did, and the store cannot keep up: p95 latency climbs from
500 ms past **5 seconds**, **one request in ten** fails, and the platform engineer on call is paged. The first signs
were there at 10 %; nobody was looking.

Your checker looks. Once a minute it asks two metrics sources, canary and stable, and follows this path:

![A loop: sleep one interval, ask both sources. The third failed check in a row leads to rollback. NaN or thin traffic
is passed over. Evidence with a breach leads to rollback. When no checks are left, the answer is proceed if the last
check had evidence, else continue monitoring.](diagrams/03_judge_a_canary.mmd)
"""

# %% [markdown]
"""The vocabulary is given. Rates are shares of requests between 0 and 1; `business` holds what the product counts, such
as clicks per request. Every object has a dictionary of its own."""


# %% nbgrader={"grade_id": "canary-types"}
class Decision(Enum):
    """What happens to the rollout next."""

    PROCEED = "proceed"
    ROLLBACK = "rollback"
    CONTINUE_MONITORING = "continue monitoring"


@dataclass(frozen=True)
class Thresholds:
    """How bad is too bad: absolute limits first, then limits against the stable version."""

    max_error_rate: float = 0.05
    max_p99_latency_ms: float = 1000
    min_success_rate: float = 0.95
    max_error_ratio: float = 2.0
    max_latency_ratio: float = 1.5
    min_error_delta: float = 0.005
    min_business_ratio: dict[str, float] = field(default_factory=dict)  # {"click_rate": 0.8}


@dataclass(frozen=True)
class Metrics:
    """One reading of one version."""

    error_rate: float
    p99_latency_ms: float
    success_rate: float
    request_count: int
    business: dict[str, float] = field(default_factory=dict)  # {"click_rate": 0.12}


Source = Callable[[], Awaitable[Metrics]]  # `await source()` is a fresh reading


# %% [markdown]
"""The smallest readings that can go wrong: the stable version had a perfect minute, the canary one error in 500
requests. How many times worse is that?"""


# %%
@try_it
def one_stray_error() -> str:
    stable = Metrics(error_rate=0.0, p99_latency_ms=450, success_rate=1.0, request_count=9500)
    canary = Metrics(error_rate=0.002, p99_latency_ms=455, success_rate=0.998, request_count=500)
    return f"{canary.error_rate} is above twice {stable.error_rate}: {canary.error_rate > 2 * stable.error_rate}"


# %% [markdown]
"""## 1 · Name the breaches

`breaches` returns the names of the limits that the canary breaks. *Above* and *below* are strict: a value exactly at
its limit is no breach.

- **Absolute:** error rate above, p99 above, success rate below.
- **Error ratio:** above `max_error_ratio` × stable *and* more than `min_error_delta` above stable.
- **Latency ratio:** p99 above `max_latency_ratio` × stable.
- **Business:** for each name in `min_business_ratio`: canary below ratio × stable. A name missing on the canary side is
  a breach; one missing on the stable side is skipped; a name without a ratio does not matter.

<details><summary>Hint 1 · multiply, don't divide</summary> `canary / stable` fails for a stable value of 0.</details>
<details><summary>Hint 2 · missing is not zero</summary> A value of 0.0 is there. Ask `name in
metrics.business`.</details>
"""


# %% nbgrader={"grade_id": "canary-breaches", "solution": true}
def breaches(canary: Metrics, stable: Metrics, limits: Thresholds) -> list[str]:
    """The names of the limits that the canary breaks; empty when it is healthy."""
    ### BEGIN SOLUTION
    errors, latency = canary.error_rate, canary.p99_latency_ms
    doubtful = errors > limits.max_error_ratio * stable.error_rate
    tests = {
        "error rate": errors > limits.max_error_rate,
        "p99 latency": latency > limits.max_p99_latency_ms,
        "success rate": canary.success_rate < limits.min_success_rate,
        "error ratio": doubtful and errors - stable.error_rate > limits.min_error_delta,
        "latency ratio": latency > limits.max_latency_ratio * stable.p99_latency_ms,
    }
    for name, ratio in limits.min_business_ratio.items():
        if name in stable.business:
            missing = name not in canary.business
            tests[name] = missing or canary.business[name] < ratio * stable.business[name]
    return [name for name, broken in tests.items() if broken]
    ### END SOLUTION


# %% [markdown]
"""You should see `['p99 latency', 'latency ratio']`."""


# %%
@try_it
def a_slow_canary() -> list[str]:
    return breaches(Metrics(0.01, 1200, 0.99, 500), Metrics(0.01, 450, 0.99, 9500), Thresholds())


# %% [markdown]
"""## 2 · Watch for a while

`evaluate` makes `ceil(duration_minutes * 60 / check_interval_seconds)` checks, at least one. It sleeps one interval
before each check and not after the last. A check awaits both sources, in any order. A breach is ROLLBACK **at once**:
no more sleeping, no more asking. Without a breach the answer, so far, is PROCEED. Each call of `evaluate` starts
afresh, and the event loop stays free while it waits.

<details><summary>Hint 1 · the loop</summary> `for _ in range(checks)`: `await asyncio.sleep(…)` comes first in the
body.</details>
<details><summary>Hint 2 · how many</summary> `max(1, math.ceil(…))`: a duration of 0 is one check.</details>
<details><summary>Hint 3 · both sources</summary> `await asyncio.gather(get_canary_metrics(), get_stable_metrics())`
reads both sides at the same moment.</details>
"""


# %% nbgrader={"grade_id": "canary", "solution": true}
class CanaryHealthChecker:
    """Watches a canary beside the stable version and decides about the rollout."""

    def __init__(
        self, thresholds: Thresholds, check_interval_seconds: float = 60, min_requests: int = 100
    ) -> None:
        self.thresholds = thresholds
        self.check_interval_seconds = check_interval_seconds
        self.min_requests = min_requests

    async def evaluate(
        self, get_canary_metrics: Source, get_stable_metrics: Source, duration_minutes: float = 10
    ) -> Decision:
        """The decision, after `duration_minutes`, or at the first reason to roll back."""
        ### BEGIN SOLUTION
        evidence, failed_in_a_row = False, 0
        for _ in range(max(1, math.ceil(duration_minutes * 60 / self.check_interval_seconds))):
            await asyncio.sleep(self.check_interval_seconds)
            try:
                canary, stable = await asyncio.gather(get_canary_metrics(), get_stable_metrics())
            except Exception:
                evidence, failed_in_a_row = False, failed_in_a_row + 1
                if failed_in_a_row == 3:
                    return Decision.ROLLBACK
                continue
            failed_in_a_row = 0
            numbers = [*canary.business.values(), *stable.business.values()]
            for side in (canary, stable):
                numbers += [
                    side.error_rate,
                    side.p99_latency_ms,
                    side.success_rate,
                    side.request_count,
                ]
            evidence = canary.request_count >= self.min_requests and not any(
                map(math.isnan, numbers)
            )
            if evidence and breaches(canary, stable, self.thresholds):
                return Decision.ROLLBACK
        return Decision.PROCEED if evidence else Decision.CONTINUE_MONITORING
        ### END SOLUTION


# %% [markdown]
"""`rehearse` plays rows of (canary, stable) readings to your checker, one row for each check. Time is virtual: the
minutes below pass at once."""


# %%
@try_it
async def three_minutes() -> dict:
    row = (Metrics(0.01, 450, 0.99, 500), Metrics(0.01, 450, 0.99, 9500))
    return await rehearse(CanaryHealthChecker(Thresholds()), [row, row, row], duration_minutes=3)


# %% nbgrader={"grade_id": "canary-checks", "grade": true}
LOOSE = {
    "max_error_rate": 1.0, "max_p99_latency_ms": 1e6, "min_success_rate": 0.0,
    "max_error_ratio": 1e6, "max_latency_ratio": 1e6, "min_error_delta": 1.0,
}  # fmt: skip


def reading(**changes):
    """A healthy minute, but for the changes."""
    usual = {
        "error_rate": 1 / 128,
        "p99_latency_ms": 128.0,
        "success_rate": 127 / 128,
        "request_count": 1000,
    }
    return Metrics(**{**usual, **changes})


async def judged(rows, minutes=None, interval=60, **limits):
    """What happens with these rows when only these limits are tight. The default is a minute for each row."""
    checker = CanaryHealthChecker(
        Thresholds(**{**LOOSE, **limits}), check_interval_seconds=interval, min_requests=100
    )
    return await rehearse(checker, rows, duration_minutes=len(rows) if minutes is None else minutes)


async def decided(*rows, **limits):
    """The decision alone, if it is one: somebody looked first."""
    told = await judged(rows, **limits)
    return told["decision"] if told["checks"] else "decided without a check"


@check(
    expect={"decision": "PROCEED", "checks_at": [60.0, 120.0, 180.0], "answer_at": 180.0},
    points=1,
    stage="core",
)
async def each_check_comes_after_one_interval_of_sleep():
    """Sleep first, then check. Nothing is slept after the last check."""
    seen = await judged([(reading(), reading())] * 3)
    return {key: seen[key] for key in ("decision", "checks_at", "answer_at")}


@check(expect={"decision": "ROLLBACK", "checks": 2, "seconds_since": 0.0}, points=1, stage="core")
async def a_breach_rolls_back_at_once():
    """Return as soon as a check shows a breach."""
    good, bad = (reading(), reading()), (reading(error_rate=0.5), reading())
    seen = await judged([good, bad, good, good], max_error_rate=0.25)
    since = seen["answer_at"] - seen["checks_at"][-1]
    return {"decision": seen["decision"], "checks": seen["checks"], "seconds_since": since}


@check(
    expect={"one stray error": "PROCEED", "one request in ten": "ROLLBACK"}, points=1, stage="core"
)
async def a_stable_rate_of_zero_does_not_damn_one_stray_error():
    """The ratio counts only together with a difference of more than min_error_delta."""
    seen = {}
    for words, rate in (("one stray error", 0.002), ("one request in ten", 0.1)):
        row = (reading(error_rate=rate), reading(error_rate=0.0))
        seen[words] = await decided(row, max_error_ratio=2.0, min_error_delta=0.005)
    return seen


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=2, stage="core")
async def a_started_interval_is_a_whole_check_and_there_is_at_least_one(rng):
    """The number of checks is ceil(duration * 60 / interval), at least one, a whole interval apart."""
    cases = [
        (0, 60),
        (0.25, 60),
        (1, 25),
        (0.75, 30),
        (0.125, 0.5),
        (rng.randrange(1, 8), rng.choice([7, 32, 45])),
    ]
    seen = []
    for minutes, interval in cases:
        times = (await judged([(reading(), reading())], minutes=minutes, interval=interval))[
            "checks_at"
        ]
        gaps = [times[number] - times[number - 1] for number in range(1, len(times))]
        seen.append([minutes, interval, len(times), gaps])
    return seen


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
async def an_error_rate_above_its_limit_is_a_breach(rng):
    """Above, not at."""
    limit = rng.randrange(2, 30) / 64
    rates = rng.sample([limit - 1 / 64, limit, limit + 1 / 1024, limit + 1 / 4], 4)
    rows = [(reading(error_rate=rate), reading()) for rate in rates]
    seen = [
        [rate, await decided(row, max_error_rate=limit)]
        for rate, row in zip(rates, rows, strict=True)
    ]
    return [
        seen,
        await decided((reading(), reading(error_rate=limit + 1 / 4)), max_error_rate=limit),
    ]


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
async def a_p99_latency_above_its_limit_is_a_breach(rng):
    """Above, not at."""
    limit = 8.0 * rng.randrange(20, 200)
    times = rng.sample([limit - 1, limit, limit + 0.25, 2 * limit], 4)
    rows = [(reading(p99_latency_ms=ms), reading()) for ms in times]
    seen = [
        [ms, await decided(row, max_p99_latency_ms=limit)]
        for ms, row in zip(times, rows, strict=True)
    ]
    return [
        seen,
        await decided((reading(), reading(p99_latency_ms=2 * limit)), max_p99_latency_ms=limit),
    ]


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
async def a_success_rate_below_its_limit_is_a_breach(rng):
    """Below, not at. It is a field of its own, whatever the error rate says."""
    limit = rng.randrange(34, 60) / 64
    rates = rng.sample([limit - 1 / 4, limit - 1 / 1024, limit, limit + 1 / 64], 4)
    rows = [(reading(success_rate=rate), reading()) for rate in rates]
    seen = [
        [rate, await decided(row, min_success_rate=limit)]
        for rate, row in zip(rates, rows, strict=True)
    ]
    return [
        seen,
        await decided((reading(), reading(success_rate=limit - 1 / 4)), min_success_rate=limit),
    ]


@check(expect=REFERENCE, points=2, seeds=2, stage="core")
async def an_error_ratio_needs_a_difference_as_well(rng):
    """Above ratio * stable, and more than min_error_delta above stable; exactly at either is no breach."""
    base, delta = rng.randrange(2, 8) / 128, rng.randrange(8, 12) / 128
    cases = [  # canary, ratio, delta
        (3 * base, 2.0, delta + 3 * base), (base + 2 * delta, 64.0, delta), (3 * base + 2 * delta, 2.0, delta),
        (2 * base, 2.0, 0.0), (2 * base + 1 / 1024, 2.0, 0.0),
        (base + delta, 1.0, delta), (base + delta + 1 / 1024, 1.0, delta),
    ]  # fmt: skip
    rng.shuffle(cases)
    return [
        [*case, await decided((reading(error_rate=case[0]), reading(error_rate=base)), max_error_ratio=case[1],
                              min_error_delta=case[2])]
        for case in cases
    ]  # fmt: skip


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
async def a_p99_latency_above_its_ratio_to_stable_is_a_breach(rng):
    """Above ratio * stable, not at."""
    base, ratio = 64.0 * rng.randrange(2, 9), rng.choice([1.25, 1.5, 2.0])
    times = rng.sample([base / 2, base, ratio * base, ratio * base + 0.25, 4 * base], 5)
    rows = [(reading(p99_latency_ms=ms), reading(p99_latency_ms=base)) for ms in times]
    return [
        [ms, await decided(row, max_latency_ratio=ratio)]
        for ms, row in zip(times, rows, strict=True)
    ]


@check(expect=REFERENCE, points=2, seeds=2, stage="core")
async def a_business_metric_below_its_ratio_to_stable_is_a_breach(rng):
    """Below ratio * stable, not at. Every name in min_business_ratio counts, and no other."""
    base, ratio = rng.choice([2.0, 4.0, 8.0]), rng.choice([0.5, 0.75, 0.875])
    values = rng.sample([2 * base, base, ratio * base, ratio * base - 1 / 128, base / 8], 5)
    names = rng.sample(["clicks", "sales", "sign-ups"], 3)
    seen = []
    for value in values:
        for name in names:
            canary = {"clicks": base, "sales": base, "sign-ups": base, name: value}
            row = (reading(business=canary), reading(business=dict.fromkeys(names, base)))
            seen.append(
                [
                    name,
                    value,
                    await decided(row, min_business_ratio={"clicks": ratio, "sales": ratio}),
                ]
            )
    return seen


@check(
    expect={
        "missing on the canary side": "ROLLBACK", "missing on the stable side": "PROCEED",
        "the first skipped, the second low": "ROLLBACK", "zero beside zero": "PROCEED",
        "missing beside zero": "ROLLBACK", "missing, but without a ratio": "PROCEED",
        "zero beside one": "ROLLBACK",
    },
    points=2,
    stage="core",
)  # fmt: skip
async def a_business_metric_missing_on_the_canary_side_is_a_breach():
    """Missing on the stable side is skipped. A value of 0.0 is not missing."""
    cases = {
        "missing on the canary side": ({"other": 1.0}, {"clicks": 1.0}),
        "missing on the stable side": ({"clicks": 1.0, "sales": 1.0}, {"sales": 1.0}),
        "the first skipped, the second low": ({"clicks": 1.0, "sales": 0.25}, {"sales": 1.0}),
        "zero beside zero": ({"clicks": 0.0}, {"clicks": 0.0}),
        "missing beside zero": ({}, {"clicks": 0.0}),
        "missing, but without a ratio": ({"clicks": 1.0}, {"clicks": 1.0, "views": 1.0}),
        "zero beside one": ({"clicks": 0.0}, {"clicks": 1.0}),
    }
    seen = {}
    for words, (canary, stable) in cases.items():
        row, ratios = (reading(business=canary), reading(business=stable)), {"clicks": 0.5}
        if "sales" in canary:
            ratios["sales"] = 0.5
        seen[words] = await decided(row, min_business_ratio=ratios)
    return seen


def same_answers_and_fields(seen):
    """the defaults of the text: the same answers with and without them"""
    fields = {
        "max_error_rate": 0.05, "max_p99_latency_ms": 1000, "min_success_rate": 0.95, "max_error_ratio": 2.0,
        "max_latency_ratio": 1.5, "min_error_delta": 0.005, "min_business_ratio": {}, "business": {},
    }  # fmt: skip
    some = len(seen["by default"]) == 3 and any(times for _, times in seen["by default"])
    return some and seen["fields"] == fields and seen["by default"] == seen["written out"]


@check(expect=is_true_of(same_answers_and_fields), points=1, stage="settings")
async def what_is_left_out_has_the_default_of_the_text():
    """Defaults: the fields of Thresholds, 60 seconds, 100 requests, 10 minutes."""
    limits, thin = Thresholds(), reading(request_count=99)
    names = [*LOOSE, "min_business_ratio"]
    fields = {**{name: getattr(limits, name) for name in names}, "business": reading().business}
    seen = {"fields": fields, "by default": [], "written out": []}
    for canary in (reading(), thin, reading(request_count=100)):
        for words in ("by default", "written out"):
            times = []

            async def ask(canary=canary, times=times):
                times.append(asyncio.get_running_loop().time())
                return canary

            async def ask_stable():
                return reading()

            start = asyncio.get_running_loop().time()
            if words == "by default":
                decision = await CanaryHealthChecker(limits).evaluate(ask, ask_stable)
            else:
                checker = CanaryHealthChecker(limits, check_interval_seconds=60, min_requests=100)
                decision = await checker.evaluate(ask, ask_stable, duration_minutes=10)
            seen[words].append([decision.name, [time - start for time in times]])
    return seen


@check(
    expect={"business": [{}, {}], "min_business_ratio": [{}, {}], "decided": ["PROCEED", True]},
    points=1,
    stage="settings",
)
async def what_is_put_into_one_object_is_not_in_the_next():
    """Every Metrics and every Thresholds has a dictionary of its own."""
    seen = {}
    for make, name in ((reading, "business"), (Thresholds, "min_business_ratio")):
        one, two = getattr(make(), name), getattr(make(), name)
        seen[name] = [dict(one), None]
        with contextlib.suppress(TypeError, AttributeError):
            one["clicks"] = 0.5
        seen[name][1] = dict(two)
    checker = CanaryHealthChecker(Thresholds(), check_interval_seconds=60, min_requests=100)
    told = await rehearse(checker, [(reading(), reading())], duration_minutes=1)
    for shared in (reading().business, Thresholds().min_business_ratio):
        with contextlib.suppress(TypeError, AttributeError):
            shared.pop("clicks", None)  # where it is one for all, later checks meet it as it was
    return {**seen, "decided": [told["decision"], told["checks"] > 0]}


@check(expect=REFERENCE, points=2, seeds=2, stage="core")
async def any_row_of_readings_is_judged_like_the_reference(rng):
    """All limits at once, all of them clearly kept or clearly broken."""
    limits = {
        "max_error_rate": 0.25, "max_p99_latency_ms": 1000, "min_success_rate": 0.75, "max_error_ratio": 2.0,
        "max_latency_ratio": 1.5, "min_error_delta": 0.03, "min_business_ratio": {"clicks": 0.8, "sales": 0.5},
    }  # fmt: skip
    usual = {
        "error_rate": 0.02,
        "p99_latency_ms": 500.0,
        "success_rate": 0.98,
        "clicks": 1.0,
        "sales": 1.0,
    }
    kept = [("error_rate", 0.045), ("error_rate", 0.0), ("p99_latency_ms", 700.0), ("p99_latency_ms", 20.0),
            ("success_rate", 0.8), ("clicks", 0.9), ("clicks", 3.0), ("sales", 0.6)]  # fmt: skip
    broken = [("error_rate", 0.1), ("error_rate", 0.4), ("p99_latency_ms", 800.0), ("p99_latency_ms", 1300.0),
              ("success_rate", 0.5), ("clicks", 0.7), ("clicks", 0.6), ("sales", 0.4)]  # fmt: skip
    seen, runs = [], [(item, True) for item in broken] + [(item, False) for item in kept]
    rng.shuffle(runs)
    for special, is_broken in runs:
        rows, at = [], rng.randrange(3)
        for number in range(at + 2):
            worse = {**usual, **dict([rng.choice(kept)]), **dict([special] if number == at else [])}
            pair = []
            for side in (worse, usual):
                business = {name: side[name] for name in ("clicks", "sales")}
                pair.append(
                    reading(
                        **{key: side[key] for key in side if key not in business}, business=business
                    )
                )
            rows.append(tuple(pair))
        told = await judged(rows, **limits)
        seen.append([special, told["decision"], told["checks"] if is_broken else None])
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Demand evidence

Extend `evaluate` in its cell above and run that cell again. A check is **evidence** if both sources answered, the
canary had at least `min_requests` requests, and no number on either side is NaN, business values included. Only
evidence can show a breach. The stable version's traffic does not matter.

- A source that raises any exception makes the check *fail*. **Three failed checks in a row**: ROLLBACK. A check fails
  once, even if both sources raise.
- NaN and thin traffic are no failure; like evidence, they end such a row.
- After the last check: PROCEED if it had evidence, else CONTINUE_MONITORING.
- Cancelling an evaluation stops it: that is no failed source.

<details><summary>Hint 1 · two things to remember</summary> How many checks have failed in a row; whether the newest
check had evidence.</details>
<details><summary>Hint 2 · three ways through the loop</summary> `except Exception` counts up; everything else sets the
count to zero. Only then, and only in evidence, look for breaches.</details>
<details><summary>Hint 3 · NaN</summary> Every comparison with NaN is False. Ask `math.isnan`.</details>
"""


# %%
@try_it
async def a_quiet_night() -> dict:
    row = (Metrics(0.0, 450, 1.0, 12), Metrics(0.01, 450, 0.99, 300))
    return await rehearse(CanaryHealthChecker(Thresholds()), [row, row], duration_minutes=2)


# %% nbgrader={"grade_id": "canary-evidence-checks", "grade": true}
NAN = float("nan")


def rows_of(letters):
    """Rows by letter: Good, Bad, Thin, Sparse and bad, Nan, Canary fails, stable (V) fails, both (X) fail."""
    lost, bad, thin = ConnectionError("no metrics"), {"error_rate": 0.5}, {"request_count": 7}
    table = {
        "G": (reading(), reading()), "B": (reading(**bad), reading()), "T": (reading(**thin), reading()),
        "S": (reading(**bad, **thin), reading()), "N": (reading(p99_latency_ms=NAN), reading()),
        "C": (lost, reading()), "V": (reading(), lost), "X": (lost, ValueError("no metrics either")),
    }  # fmt: skip
    return [table[letter] for letter in letters]


async def outcomes(*words):
    """The decision for each word of rows."""
    return {word: await decided(*rows_of(word), max_error_rate=0.25) for word in words}


@check(expect={"TTT": "CONTINUE_MONITORING", "TG": "PROCEED"}, points=1, stage="no-traffic")
async def without_evidence_a_canary_never_proceeds():
    """T is a check with too few canary requests, G a good one."""
    return await outcomes("TTT", "TG")


@check(expect={"CCC": "ROLLBACK", "CCG": "PROCEED"}, points=1, stage="failing-source")
async def three_failed_checks_in_a_row_roll_back():
    """In C the canary's source raises, G is a good check."""
    return await outcomes("CCC", "CCG")


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=2, stage="no-traffic")
async def only_the_canary_needs_min_requests(rng):
    """Exactly min_requests are enough. The stable version's traffic does not matter."""
    enough, seen = rng.randrange(20, 2000), []
    for canary, stable in rng.sample(
        [(-1, 9), (0, 9), (1, 9), (0, -1), (5, 1 - enough), (-1, -1)], 6
    ):
        row = (reading(request_count=enough + canary), reading(request_count=enough + stable))
        checker = CanaryHealthChecker(
            Thresholds(**LOOSE), check_interval_seconds=60, min_requests=enough
        )
        seen.append(
            [canary, stable, (await rehearse(checker, [row], duration_minutes=1))["decision"]]
        )
    worse = (reading(error_rate=0.5), reading(request_count=1))
    return [seen, await decided(worse, max_error_ratio=4.0, min_error_delta=0.25)]


@check(
    expect={"SG": "PROCEED", "GSSG": "PROCEED", "p99": "PROCEED", "clicks": "PROCEED"},
    points=1,
    stage="no-traffic",
)
async def a_breach_in_thin_traffic_is_no_evidence():
    """Too few canary requests prove nothing, neither good nor bad, whichever the limit."""
    seen, good = await outcomes("SG", "GSSG"), reading(business={"clicks": 1.0})
    worse = {"p99": reading(p99_latency_ms=4096.0, request_count=7, business={"clicks": 1.0})}
    worse["clicks"] = reading(business={"clicks": 0.125}, request_count=7)
    for words, thin in worse.items():
        rows = (thin, good), (good, good)
        seen[words] = await decided(
            *rows, max_latency_ratio=2.0, min_business_ratio={"clicks": 0.5}
        )
    return seen


@check(
    expect={"failed": [60.0, 120.0, 180.0], "thin": [60.0, 120.0], "nan": [60.0, 120.0], "slow": 4},
    points=1,
    stage="failing-source",
)
async def every_check_sleeps_and_counts_whatever_was_seen_before():
    """One interval of sleep before each check, and ceil(duration * 60 / interval) of them, even if sources are slow."""
    words = {"failed": "CCG", "thin": "TG", "nan": "NG"}
    seen = {how: (await judged(rows_of(word)))["checks_at"] for how, word in words.items()}
    asked = []

    async def slow():
        asked.append(asyncio.get_running_loop().time())
        await asyncio.sleep(20)
        return reading()

    async def stable():
        return reading()

    checker = CanaryHealthChecker(Thresholds(**LOOSE), check_interval_seconds=60, min_requests=100)
    await checker.evaluate(slow, stable, duration_minutes=4)
    return {**seen, "slow": len(asked)}


@check(
    expect={"GT": "CONTINUE_MONITORING", "GGC": "CONTINUE_MONITORING", "TCG": "PROCEED"},
    points=2,
    stage="no-traffic",
)
async def the_last_check_must_have_evidence():
    """Good checks before it are not enough."""
    return await outcomes("GT", "GGC", "TCG")


@check(expect={"CCGCCG": "PROCEED", "XXG": "PROCEED"}, points=2, stage="failing-source")
async def failures_count_by_check_and_in_a_row():
    """A good check in between ends the row. A check fails once, however many sources raise."""
    return await outcomes("CCGCCG", "XXG")


@check(
    expect={"VVVG": "ROLLBACK", "VCVG": "ROLLBACK", "any exception": "ROLLBACK"},
    points=1,
    stage="failing-source",
)
async def a_check_fails_whichever_source_raises_whatever():
    """Canary or stable, any kind of exception."""
    errors = [TimeoutError("slow"), KeyError("p99"), RuntimeError("closed")]
    seen = await outcomes("VVVG", "VCVG")
    seen["any exception"] = await decided(
        *[(error, reading()) for error in errors], (reading(), reading())
    )
    return seen


@check(expect={"CCTCG": "PROCEED", "CCTTCCG": "PROCEED"}, points=1, stage="failing-source")
async def thin_traffic_ends_a_row_of_failures():
    """The sources answered, so the check did not fail."""
    return await outcomes("CCTCG", "CCTTCCG")


@check(expect={"NNNG": "PROCEED", "CCNCG": "PROCEED"}, points=1, stage="failing-source")
async def a_nan_is_no_failure_and_ends_a_row_of_failures():
    """No evidence, but the sources answered."""
    return await outcomes("NNNG", "CCNCG")


@check(expect=REFERENCE, points=2, seeds=2, stage="no-traffic")
async def a_nan_on_any_field_of_either_side_is_no_evidence(rng):
    """Comparisons with NaN are False; look for it before you compare."""
    fields, seen = ["error_rate", "p99_latency_ms", "success_rate", "clicks", "sales", "none"], []
    cases = [(side, field) for side in (0, 1) for field in fields]
    for side, spoilt in rng.sample(cases, len(cases)):
        pair = [{"business": {"clicks": 1.0, "sales": 1.0}} for _ in range(2)]
        if spoilt in ("clicks", "sales"):
            pair[side]["business"][spoilt] = NAN
        elif spoilt != "none":
            pair[side][spoilt] = NAN
        row, ratios = tuple(reading(**changes) for changes in pair), {"clicks": 0.5, "sales": 0.5}
        seen.append([side, spoilt, await decided(row, min_business_ratio=ratios)])
    for name in rng.sample(["p99_latency_ms", "success_rate"], 2):
        row = (reading(error_rate=0.5, **{name: NAN}), reading())
        seen.append(
            [
                name,
                "beside a breach",
                await decided(row, (reading(), reading()), max_error_rate=0.25),
            ]
        )
    return seen


def alone_and_together(seen):
    """the same answers in both cases, not one answer for all"""
    answers = {tuple(answer) for _, *answer in seen["alone"]}
    return len(seen["alone"]) == 6 and len(answers) > 1 and seen["alone"] == seen["together"]


@check(expect=is_true_of(alone_and_together), points=1, stage="failing-source")
async def every_evaluation_starts_afresh():
    """Nothing is carried from one call of evaluate to the next."""
    one, seen = (
        CanaryHealthChecker(Thresholds(max_error_rate=0.25), 60, 100),
        {"alone": [], "together": []},
    )
    for word in ("CC", "CG", "B", "G", "TT", "G"):
        fresh = CanaryHealthChecker(Thresholds(max_error_rate=0.25), 60, 100)
        for how, checker in (("alone", fresh), ("together", one)):
            told = await rehearse(checker, rows_of(word), duration_minutes=len(word))
            seen[how].append([word, told["decision"], told["checks"]])
    return seen


@check(expect=is_true_of(alone_and_together), points=1, stage="concurrency")
async def several_canaries_are_watched_at_the_same_time():
    """The event loop stays free while a checker waits, and checkers know nothing of each other."""
    seen = {"alone": [], "together": []}
    for words in (["CCG", "CCG"], ["G", "GGT", "GB", "GGGG"]):
        alone = [await judged(rows_of(word), max_error_rate=0.25) for word in words]
        together = await asyncio.gather(
            *(judged(rows_of(word), max_error_rate=0.25) for word in words)
        )
        for how, told in (("alone", alone), ("together", together)):
            seen[how] += [
                [word, one["decision"], one["answer_at"]]
                for word, one in zip(words, told, strict=True)
            ]
    return seen


@check(expect={"cancelled": True, "asked": 1}, points=1, stage="concurrency")
async def cancelling_an_evaluation_stops_it():
    """A cancelled evaluation is not a failed source."""
    asked = []

    async def slow():
        asked.append(asyncio.get_running_loop().time())
        await asyncio.sleep(20)
        return reading()

    async def stable():
        return reading()

    checker = CanaryHealthChecker(Thresholds(**LOOSE), check_interval_seconds=60, min_requests=100)
    task = asyncio.ensure_future(checker.evaluate(slow, stable, duration_minutes=4))
    await asyncio.sleep(70)
    task.cancel()
    await asyncio.sleep(600)
    if task.done() and not task.cancelled():
        task.result()
    return {"cancelled": task.cancelled(), "asked": len(asked)}


@check(expect=REFERENCE, points=2, seeds=1, stage="failing-source")
async def any_mix_of_evidence_and_failure_is_judged_like_the_reference(rng):
    """Good, bad, thin, NaN and failed checks in any order."""
    words = [
        "GB", "BG", "TB", "TG", "NG", "CG", "SG", "GT", "GN", "GC", "TTT", "NNN", "GCC", "CVC", "XXG", "CCNC", "CCTC",
        "CCCG", "VVV", "GXXX", "CCGCC", "VCGG", "CVTXCG",
    ]  # fmt: skip
    kinds = ["GGTNCVX", "GSTN", "GGGGGSTNCB", "CVXT", "CVXN", "CVXG"]
    words += [
        "".join(rng.choice(kind) for _ in range(rng.randrange(1, 9)))
        for kind in kinds
        for _ in range(4)
    ]
    rng.shuffle(words)
    return [[word, (await outcomes(word))[word]] for word in words]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## See it decide

Your checker now leads a rollout: six minutes at each share of the traffic, the next share only after PROCEED. The extra
latency comes from a dependency that does not scale, so it grows with the canary's share. At which share do *you*
notice? Then take the faults away and turn the traffic down."""


# %%
def timeline(extra_errors: float, extra_latency: float, traffic: float) -> Timeline:
    limits = Thresholds(min_business_ratio={"click_rate": 0.8})
    rollout = Rollout(extra_errors / 100, extra_latency, requests_per_minute=int(1000 * traffic))
    return Timeline.of(play(rollout, CanaryHealthChecker(limits), Metrics), limits)


words = "Error rate and p99 latency of canary and stable, 5 % to 100 % of the traffic, with each stage's decision."
explore(draw_rollout, data=timeline, caption=words, size=(10, 5.4),
        extra_errors=slider(0, 6, 0.25, 0, "extra errors, %"),
        extra_latency=slider(0, 800, 25, 500, "extra p99 at full traffic, ms"),
        traffic=slider(1, 60, 1, 40, "requests a minute, thousands"))  # fmt: skip

# %% [markdown]
"""## What an interviewer asks next

Set both faults to zero and the traffic to 8,000 requests a minute. Nothing is wrong with the canary, and each of its
first six checks has 400 requests, four times `min_requests`. Yet over 200 simulated rollouts the first stage alone ends
in ROLLBACK **six times in ten**. Why, what do you change, and what does the change cost when a canary really is bad?"""

# %% [markdown] nbgrader={"grade_id": "canary-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
At a usual error rate of 0.5 % a check of 400 requests holds two errors on average. Four or five already look twice as
bad and more than half a point worse, by chance alone in about one check in eleven; the click rate dips below its ratio
in about one of fourteen. Six such checks add up. `min_requests` guards the absolute limits, which are far away; the
ratio needs many more *errors*, not only more requests.

I would judge the ratio on a window that grows over the stage until it holds some 2,000 canary requests (ten expected
errors), or ask a test of two proportions that is valid when one peeks, or want two breaches in three checks. At 5 %
that takes five minutes instead of one, so a canary with, say, 2 % errors hurts 5 % of the users four minutes longer.
That is why the absolute limits stay on the short window: a canary that fails one request in ten still goes within a
minute. A bigger first stage gives numbers faster but exposes more users; raising `min_requests` alone leaves
400-request checks without evidence, and the rollout waits for ever.

Rubric, one point each:
- names sampling noise with a number: few expected errors in a check, and repeated checks add chances;
- changes something that addresses it (longer window, confirmation, a statistical test, a larger delta, more traffic);
- names the price: slower detection or smaller faults missed, with who is exposed meanwhile;
- keeps a fast path for gross failures, or says why raising `min_requests` alone is not enough.

*Weak* (1): "chance, so I look at a longer window": a change that helps, without the few errors that a check expects
and without a price. *Good* (2–3): says that 400 requests hold about two errors and that six looks add up, and changes
something that helps, such as a longer window or two breaches in three. What the wait costs, or what still acts fast,
is missing. *Strong* (4): on top of that gives a price in minutes and in exposed users for the slower ratio, and keeps
the absolute limits on the short window. It shows with numbers why the new window has enough errors to compare.
### END SOLUTION"""

# %% [markdown]
"""**What you now know**: an absolute limit catches what is bad for anybody, a ratio what is worse than before; a ratio
needs a difference beside it, and every judgement needs evidence. No news is not good news.

**In practice**: Argo Rollouts asks Prometheus between traffic steps in the same way: `failureLimit` allows bad
measurements, `consecutiveErrorLimit` broken sources. Compare with a *fresh* copy of the old version, or a cold cache
meets a warm one.

**Asked next** (weights of the CI/CD question)

- Which gates stand before the canary, and what does each cost? (quality gates, 25 %)
<details><summary>An answer</summary>

Checks of the data cost minutes and stop most bad models; metrics by segment on held-out data, and a run on the target
hardware, cost somewhat more. Shadow traffic costs double inference for about a day and finds what no recorded data
hold.

</details>

- Who gets the first 5 %: random users, or one tenant? (deployment strategy, 25 %)
<details><summary>An answer</summary>

Users by a stable hash, over all tenants except those who were promised no canaries. One tenant alone is not typical
and would carry the whole risk, and random requests show one user both versions by turns.

</details>

- At 100 % stable is gone. How do you go back in a minute? (rollback, 15 %)
<details><summary>An answer</summary>

It must not be gone: I keep a few warm replicas of stable until the new version has lived through its first busy day.
Going back is then a change of weights and a scale-up into reserved capacity, with data that both versions can read.

</details>
"""
