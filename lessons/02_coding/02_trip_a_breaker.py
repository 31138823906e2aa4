# %% [markdown]
"""# Trip a breaker before the callers drown

You'll build a `CircuitBreaker` that stops calling a sick dependency, asks it once in a while whether it is well again,
and gives callers something useful meanwhile.

**Time** 45 min · **Level** medium · **Needs** `async`/`await`, exceptions, enums

**Skills** fail fast on evidence, not on a single error · let exactly one probe through among concurrent callers · tell
results that prove something from those that prove nothing
"""

# %% nbgrader={"grade_id": "breaker-setup", "locked": true}
import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from typing import Any

from coursekit import REFERENCE, ManualClock, check, explore, scoreboard, slider, try_it
from coursekit.coding.outages import Dependency, draw_outage, ride_out, send

Seconds = float  # since the clock's zero

# %% [markdown]
"""## The situation

Tuesday, 14:10. The feature store answers nobody any more; each call to it ends in a time-out after 2 seconds. Your
recommendation service makes 40 such calls a second, so **80** of them wait at any moment, and it has 64 workers. Now
requests that need no features find no worker either. One sick dependency has taken down a healthy service, for every
tenant, and the retries keep the store from recovering. You are paged.

A *circuit breaker* in front of the store notices the failures, rejects calls at once instead of letting them wait, and
lets a single *probe* find out when the store is back.

![Three states. Closed turns to open after failures in a row. Open turns to half-open when its time is over and a probe
goes. Half-open turns to closed when the probe succeeds, and back to open when it
fails.](diagrams/02_trip_a_breaker.mmd)

The vocabulary is given.
"""


# %% nbgrader={"grade_id": "breaker-types"}
class CircuitState(Enum):
    """Whether calls go through."""

    CLOSED = "closed"  # all of them
    OPEN = "open"  # none
    HALF_OPEN = "half-open"  # one, the probe


class CircuitOpenError(Exception):
    """The call was not made; there is no use in trying again before `retry_after` seconds are over."""

    def __init__(self, retry_after: Seconds) -> None:
        super().__init__(f"the circuit is open, try again in {retry_after:g} s")
        self.retry_after = retry_after


# %% [markdown]
"""Without a breaker, this is what callers of a sick store live through. `send` makes calls on a timetable of `(at,
outcome, seconds)`, in virtual time; an exception class as the outcome is raised, and a fourth number says after how
many seconds the caller leaves. It returns what each was told: a result, `"raised X"`, `["rejected", retry_after]` or
`"gave up"`.
"""


# %%
@try_it
async def everybody_waits_for_nothing() -> dict[str, Any]:
    begun = time.monotonic()
    told = await send(
        Dependency().read, [(0, "features", 0.125), (1, TimeoutError, 2), (2, TimeoutError, 2)]
    )
    return {"told": told, "seconds": time.monotonic() - begun}


# %% [markdown]
"""## 1 · Open after failures in a row

`await breaker.call(func, *args, **kwargs)` awaits `func` with these arguments and hands on what it returns or raises.
`func` is async, and calls run side by side: the breaker never makes one wait for another.

- An exception of class `expected_exception` (or a subclass) is a *failure*. `failure_threshold` failures in a row open
  the circuit; a success starts the count anew. Calls count in the order in which they end.
- While it is open, `call` raises `CircuitOpenError` without calling `func`. `retry_after` is what is left of
  `timeout_seconds`, counted by `clock` from the moment the circuit opened.
- `breaker.state` is `CLOSED` or `OPEN`, and from stage 2 on `HALF_OPEN` while a probe runs.
- Each breaker is on its own. A `failure_threshold` below 1 or a negative `timeout_seconds`: `ValueError`.

One class for stages 1 to 3: write what a stage asks for, run its checks, come back.

<details><summary>Hint 1 · what to keep</summary>

A state, a count, and the time at which the circuit opened. Change them only where nothing is awaited in between: then
no other task can come between reading and writing.

</details>
<details><summary>Hint 2 · before and after</summary>

`call` has two halves. Before the `await`: may this call go? After it: what does its end mean? No lock is needed; one
held during the `await` would line the calls up.

</details>
"""


# %% nbgrader={"grade_id": "breaker", "solution": true}
class CircuitBreaker:
    """Stands in front of one dependency and stops calling it while it is sick."""

    def __init__(
        self,
        failure_threshold: int = 5,
        timeout_seconds: Seconds = 60,
        expected_exception: type[Exception] = Exception,
        clock: Callable[[], Seconds] = time.monotonic,
    ) -> None:
        """A closed circuit. ValueError: a threshold below 1, or a negative time-out."""
        ### BEGIN SOLUTION
        # Why: the openings are numbered because the state alone cannot tell an old call. The
        # circuit may have opened and closed again since the call began, and then looks as it did at
        # the beginning.
        if failure_threshold < 1:
            raise ValueError(f"failure_threshold must be at least 1, not {failure_threshold}")
        if timeout_seconds < 0:
            raise ValueError(f"timeout_seconds must not be negative, but is {timeout_seconds}")
        self.expected_exception = expected_exception
        self._threshold, self._timeout, self._clock = failure_threshold, timeout_seconds, clock
        self._state = CircuitState.CLOSED
        self._failures = 0  # in a row, while closed
        self._opened_at: Seconds = 0.0
        self._openings = 0  # how often it has opened: a call whose number is old proves nothing
        ### END SOLUTION

    @property
    def state(self) -> CircuitState:
        """Where the circuit stands. OPEN until the time is over, HALF_OPEN while a probe runs."""
        ### BEGIN SOLUTION
        return self._state
        ### END SOLUTION

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """What `func(*args, **kwargs)` returns or raises. CircuitOpenError: the call was not made."""
        ### BEGIN SOLUTION
        # Why: nothing is awaited between looking at the state and changing it, so no lock is
        # needed; a lock held during the call would line the callers up behind the slowest. The
        # probe takes its slot before the await, or all who come while it runs would be probes. And
        # BaseException comes last but must come: CancelledError is no Exception, and a slot that
        # nobody frees rejects callers for ever.
        self._admit()
        openings = self._openings
        try:
            result = await func(*args, **kwargs)
        except self.expected_exception:
            if openings == self._openings:
                self._count_failure()
            raise
        except BaseException:  # a caller that left, or a bug: says nothing about the dependency
            if openings == self._openings and self._state is CircuitState.HALF_OPEN:
                self._state = CircuitState.OPEN  # its time is over, so the next caller is the probe
            raise
        if openings == self._openings:
            self._failures, self._state = 0, CircuitState.CLOSED
        return result

    def _admit(self) -> None:
        """Raise CircuitOpenError, or let the call go, as the probe if the circuit was open."""
        if self._state is CircuitState.HALF_OPEN:
            raise CircuitOpenError(0.0)
        if self._state is CircuitState.OPEN:
            left = self._opened_at + self._timeout - self._clock()
            if left > 0:
                raise CircuitOpenError(left)
            self._state = CircuitState.HALF_OPEN

    def _count_failure(self) -> None:
        """One more in a row; open the circuit if that was the last straw, or the probe."""
        self._failures += 1
        if self._failures >= self._threshold or self._state is CircuitState.HALF_OPEN:
            self._state = CircuitState.OPEN
            self._opened_at = self._clock()
            self._openings += 1
        ### END SOLUTION


# %%
@try_it
async def the_third_failure_opens_the_circuit() -> list[Any]:
    store, breaker = Dependency(), CircuitBreaker(failure_threshold=3)
    told = await send(
        partial(breaker.call, store.read), [(at, TimeoutError, 2) for at in (0, 5, 10, 15)]
    )
    return [told, breaker.state.name]


# %% nbgrader={"grade_id": "breaker-open-checks", "grade": true}
async def tell(breaker, store, *outcomes):
    """What callers are told who come one after the other, while the clock stands still."""
    return [
        (await send(partial(breaker.call, store.read), [(0, outcome)]))[0] for outcome in outcomes
    ]


async def states(breaker, *outcomes):
    """The state after each of these calls."""
    seen = []
    for outcome in outcomes:
        await tell(breaker, Dependency(), outcome)
        seen.append(breaker.state.name)
    return seen


async def opened(clock, rng=None, **options):
    """A breaker that has opened at this moment."""
    threshold = rng.randint(1, 4) if rng else 3
    breaker = CircuitBreaker(threshold, clock=clock, **options)
    await tell(breaker, Dependency(), *[ConnectionError] * threshold)
    return breaker


@check(expect=["CLOSED", "CLOSED", "OPEN", "OPEN"], points=1, stage="core")
async def failures_in_a_row_open_the_circuit():
    """Count them; the third one opens it."""
    return await states(CircuitBreaker(failure_threshold=3), OSError, OSError, OSError, "features")


@check(
    expect={"told": [["rejected", 30.0], ["rejected", 17.5]], "reached": ["OSError", "OSError"]},
    points=1,
    stage="core",
)
async def an_open_circuit_rejects_without_calling():
    """CircuitOpenError says how many seconds are left; the store hears nothing."""
    clock, store = ManualClock(100.0), Dependency()
    breaker = CircuitBreaker(failure_threshold=2, timeout_seconds=30, clock=clock)
    told = await tell(breaker, store, OSError, OSError, "features")
    clock.advance(12.5)
    told += await tell(breaker, store, "features")
    return {"told": told[2:], "reached": store.reached}


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=3, stage="core")
async def a_success_starts_the_count_anew(rng):
    """Only failures in a row count."""
    # kills: counts all failures, lowers the count by one, opens one early or late
    threshold, outcomes = rng.randint(3, 5), []
    for row in (
        threshold - 1,
        threshold - 1,
        rng.randint(1, threshold - 1),
        rng.randint(1, threshold - 1),
    ):
        outcomes += [OSError] * row + ["features"] * (rng.randint(1, 2) if outcomes else 1)
    return await states(CircuitBreaker(threshold), *outcomes, *[OSError] * threshold)


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
async def every_caller_gets_the_result_or_the_exception_of_its_own_call(rng):
    """Also the caller whose failure opens the circuit, and also None, False or an exception that was returned."""
    breaker, number = CircuitBreaker(failure_threshold=2), rng.randrange(1000)

    async def echo(*args, **kwargs):
        return [list(args), kwargs]

    async def fail(why):
        raise LookupError(why)

    seen = [
        await breaker.call(echo, number, None, tenant="harbour", limit=0),
        await breaker.call(echo),
    ]
    seen += await tell(breaker, Dependency(), None, False, 0, "", [], {"clicks": number})
    returned = await tell(breaker, Dependency(), KeyError("read from a log"))
    seen.append(type(returned[0]).__name__)
    for attempt in range(3):
        try:
            seen.append(await breaker.call(fail, f"{number}, attempt {attempt}"))
        except Exception as error:
            seen += [type(error).__name__, *(error.args if isinstance(error, LookupError) else [])]
    return seen


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
async def retry_after_counts_from_the_opening_by_the_clock_handed_in(rng):
    """What is left, in seconds and fractions, from the end of the call that opened the circuit."""
    # kills: counts from the call's beginning, whole seconds, the loop's clock or timers, seconds
    # gone, not left
    clock, timeout = ManualClock(rng.choice([0.0, 1000.0])), rng.choice([8.5, 60, 300.25])
    breaker = CircuitBreaker(1, timeout, clock=clock)

    async def slow():
        clock.advance(rng.choice([2.0, 5.75]))
        raise OSError

    await send(lambda *_: breaker.call(slow), [(0, None)])
    seen, left = [], timeout
    for step in (0.125, *rng.choices([0.25, 0.125, 1.0, 1.875], k=3)):
        seen += await tell(breaker, Dependency(), "features")
        await asyncio.sleep(1000)
        left -= step
        clock.advance(step)
    clock.advance(left + 0.5)
    return [*seen, *await tell(breaker, Dependency(), f"after {timeout} s")]


@check(expect=REFERENCE, points=2, seeds=3, stage="concurrency")
async def calls_run_side_by_side_and_count_as_they_end(rng):
    """Nobody waits for another call. Read the count and write it back without an await in between."""
    # kills: a lock round the call; a count read before the await and written after it
    breaker, begun = CircuitBreaker(failure_threshold=3), time.monotonic()
    outcomes = [OSError, OSError, "third", OSError, "fifth", OSError, OSError]
    order = rng.sample(range(7), 7)
    visits = [(0.125 * n, outcomes[end], 1 + end - 0.125 * n) for n, end in enumerate(order)]
    told = await send(partial(breaker.call, Dependency().read), visits)
    return [told, time.monotonic() - begun, *await states(breaker, OSError, OSError)]


@check(
    expect={
        "rejected after": 5,
        "at 59.5 s": ["rejected", 0.5],
        "at 60 s": "features",
        "wall clock": False,
    },
    points=1,
    stage="settings",
)
async def the_defaults_are_as_promised():
    """Five failures of any kind, 60 seconds, time.monotonic."""
    breaker, store = CircuitBreaker(), Dependency()
    await tell(breaker, store, KeyError, ValueError, OSError, AssertionError)
    await tell(breaker, store, RuntimeError, "one more", "one more")
    await asyncio.sleep(59.5)
    before = await tell(breaker, store, "too early")
    reached = len(store.reached)
    await asyncio.sleep(0.5)
    parameters = inspect.signature(CircuitBreaker).parameters.values()
    return {
        "rejected after": reached,
        "at 59.5 s": before[0],
        "at 60 s": (await tell(breaker, store, "features"))[0],
        "wall clock": any(parameter.default is time.time for parameter in parameters),
    }


@check(expect=REFERENCE, points=1, seeds=2, stage="settings")
async def bad_arguments_are_refused(rng):
    """A threshold from 1, a time-out that is not negative. What is legal must work."""
    arguments = [(0, 60), (-3, 60), (3, -1), (1, -0.5), (1, 30), (2, 0.5), (4, 600)]
    seen = []
    for threshold, timeout in rng.sample(arguments, 7):
        try:
            breaker = CircuitBreaker(failure_threshold=threshold, timeout_seconds=timeout)
        except ValueError:
            seen.append([threshold, timeout, "ValueError"])
        else:
            seen.append([threshold, timeout, *await states(breaker, *[OSError] * threshold)])
    return seen


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
async def breakers_of_different_dependencies_share_nothing(rng):
    """One tenant's broken webhook must not close the road for the others."""
    # kills: state kept on the class
    clock = ManualClock()
    breakers = {
        tenant: CircuitBreaker(3, 60, clock=clock) for tenant in ("harbour", "orchard", "lantern")
    }
    sick, healthy, _ = rng.sample(list(breakers), 3)
    seen = []
    for step, tenant in enumerate([sick, healthy] * 4 + rng.choices(list(breakers), k=16)):
        seen += await tell(
            breakers[tenant], Dependency(), OSError if tenant == sick else f"{tenant} {step}"
        )
    seen += await tell(breakers[sick], Dependency(), OSError, OSError, OSError, "one more")
    return [*seen, {tenant: breaker.state.name for tenant, breaker in breakers.items()}]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Let one probe through

The circuit is `OPEN` before `opened + timeout_seconds`. From exactly that time on the next caller is the *probe*: its
call goes through, and while it runs the state is `HALF_OPEN`. Between that time and the probe, the state shown is yours
to choose.

- Exactly one probe runs at a time. Whoever comes meanwhile is rejected, with a `retry_after` of 0: nobody knows how
  long the probe takes.
- If it succeeds, the circuit closes and counts from zero.
- If it fails, the circuit opens again at once, whatever the threshold, and the timer starts anew when the probe ended.

<details><summary>Hint 1 · no timer needed</summary>

Nothing has to happen at the very moment the time is over. The next call looks at the clock and finds out.

</details>
<details><summary>Hint 2 · who is the probe</summary>

The first caller after the time is over turns the state to `HALF_OPEN` *before* it awaits anything. Whoever finds that
state is not the probe.

</details>
"""


# %%
@try_it
async def of_three_callers_one_is_the_probe() -> list[Any]:
    store, breaker = Dependency(), CircuitBreaker(failure_threshold=1, timeout_seconds=30)
    callers = [(0, OSError), (30, "probe", 2), (31, "second"), (32.5, "third")]
    return [await send(partial(breaker.call, store.read), callers), store.reached]


# %% nbgrader={"grade_id": "breaker-probe-checks", "grade": true}
@check(expect=[["rejected", 0.25], "features", "CLOSED"], points=1, stage="core")
async def at_exactly_the_timeout_the_probe_may_go():
    """Not a quarter of a second earlier. Its success closes the circuit."""
    clock = ManualClock(500.0)
    breaker = await opened(clock, timeout_seconds=45)
    clock.advance(44.75)
    told = await tell(breaker, Dependency(), "too early")
    clock.advance(0.25)
    return [*told, *await tell(breaker, Dependency(), "features"), breaker.state.name]


@check(expect=["raised ConnectionError", "OPEN"], points=1, stage="core")
async def one_failed_probe_reopens_the_circuit():
    """Whatever the threshold: the probe was sent to find out, and did."""
    clock = ManualClock()
    breaker = await opened(clock)
    clock.advance(61.0)
    return [*await tell(breaker, Dependency(), ConnectionError), breaker.state.name]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=3, stage="core")
async def the_state_is_open_until_the_time_is_over_and_half_open_during_the_probe(rng):
    """Nobody but the probe changes OPEN to HALF_OPEN; then it stays so until the probe has ended."""
    # kills: half-open as soon as somebody is rejected, closed during the probe, a timer that fires
    # early
    clock, timeout = ManualClock(), rng.choice([10, 60.5])
    breaker = await opened(clock, rng, timeout_seconds=timeout)
    seen = [breaker.state.name]
    for moment in sorted(rng.sample([0.125, 2.0, 7.5, timeout - 0.25, timeout - 0.125], 3)):
        clock.now = moment
        seen.append(
            [
                moment,
                breaker.state.name,
                *await tell(breaker, Dependency(), "too early"),
                breaker.state.name,
            ]
        )
    clock.now = timeout

    async def probe(outcome):
        seen.append(breaker.state.name)
        await asyncio.sleep(1)
        seen.append(breaker.state.name)
        return outcome

    seen.append(await breaker.call(probe, rng.randrange(1000)))
    return [*seen, breaker.state.name]


def kinds(told):
    """What callers were told, without the seconds."""
    return ["rejected" if isinstance(one, list) else one for one in told]


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
async def exactly_one_probe_goes_through(rng):
    """Each time the time is over: one caller, however many come while it runs."""
    # kills: a herd at the end of the time-out, rejected callers that free the slot, a slot that is
    # never free again
    store, visits = Dependency(), []
    breaker = await opened(time.monotonic, timeout_seconds=10)
    for turn in range(3):  # the first two probes fail
        begin = 10 + turn * 20 + rng.choice([0.25, 0.75])
        visits += [(begin, ConnectionError if turn < 2 else "well again", 4)]
        visits += [
            (begin + wait, f"{turn}/{n}")
            for n, wait in enumerate(rng.sample([0.25, 1, 2, 3, 3.5, 5, 9], 4))
        ]
    visits += [(begin + n, f"after {n}") for n in (12, 13)]
    told = await send(partial(breaker.call, store.read), visits)
    return [kinds(told), store.reached, breaker.state.name]


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
async def while_the_probe_runs_retry_after_is_zero(rng):
    """Not negative, not the whole time-out, not what is left of the last one."""
    breaker, late = await opened(time.monotonic, rng, timeout_seconds=16), rng.choice([1, 5])
    visits = [(16 + late, "probe", 40)] + [
        (16 + late + wait, wait) for wait in rng.sample([0.5, 3, 15, 16, 39], 4)
    ]
    return await send(partial(breaker.call, Dependency().read), visits)


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
async def a_good_probe_closes_the_circuit_with_a_count_of_zero(rng):
    """One good probe is enough; then everything is as in the beginning."""
    # kills: failures of the former life still count, the second outage is never noticed, two good
    # probes wanted
    clock, seen, threshold = ManualClock(), [], rng.randint(3, 4)
    breaker = CircuitBreaker(threshold, 60, clock=clock)
    for _ in range(3):
        seen += await states(breaker, *[OSError] * threshold)
        clock.advance(61.0)
        seen += await states(breaker, "well again", *[OSError] * (threshold - 1), "features")
    return seen


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
async def a_failed_probe_restarts_the_timer_when_it_ends(rng):
    """Again the whole time-out, from the moment at which the probe failed."""
    # kills: the old timer runs on, the timer starts with the probe, each failure doubles it
    clock, timeout = ManualClock(), rng.choice([8, 30.5])
    breaker, seen = await opened(clock, timeout_seconds=timeout), []

    async def probe():
        clock.advance(rng.choice([0.5, 2.25]))
        raise ConnectionError

    for _ in range(3):
        clock.advance(timeout + rng.choice([0.5, 3.75]))
        await send(lambda *_: breaker.call(probe), [(0, None)])
        clock.advance(rng.choice([0.25, 1.25]))
        seen += await tell(breaker, Dependency(), "too early")
    clock.advance(timeout)
    return [*seen, *await tell(breaker, Dependency(), f"after {timeout} s")]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Ignore what proves nothing

Not every end of a call says how the dependency is.

- An exception that is *not* an `expected_exception` (a bug in your request) passes through and counts as neither: it
  adds nothing to the count and does not start it anew.
- A cancelled call counts as neither. So does a time-out *around* `breaker.call`, which cancels it: put the time-out
  into `func`.
- A *probe* that ends in one of these ways frees its slot: the circuit neither closes nor opens, and the next caller is
  the probe, at once.
- A call that began *before* the circuit opened proves nothing about now. Its caller gets its result or exception, but
  the breaker ignores it, be the circuit open, half-open or closed again by then.

<details><summary>Hint 1 · cancellation</summary>

`asyncio.CancelledError` is a `BaseException`, so `except Exception` does not see it. Handle it, or use `finally`, and
raise it again.

</details>
<details><summary>Hint 2 · old and new calls</summary>

Number the openings. A call remembers the number at its beginning; at its end a different number means that the circuit
has opened in between.

</details>
"""


# %%
@try_it
async def a_probe_whose_caller_leaves() -> list[Any]:
    store, breaker = Dependency(), CircuitBreaker(failure_threshold=1, timeout_seconds=30)
    callers = [(0, OSError), (30, "slow probe", 60, 5), (34, "too early"), (36, "next probe")]
    return [await send(partial(breaker.call, store.read), callers), store.reached]


# %% nbgrader={"grade_id": "breaker-proof-checks", "grade": true}
@check(
    expect=[["CLOSED", "CLOSED", "CLOSED", "OPEN"], "raised KeyError"],
    points=1,
    stage="unexpected-exceptions",
)
async def unexpected_exceptions_count_as_neither():
    """They pass through, add nothing to the count and do not start it anew."""
    told = await tell(CircuitBreaker(1, expected_exception=OSError), Dependency(), KeyError)
    breaker = CircuitBreaker(2, expected_exception=OSError)
    return [await states(breaker, KeyError, TimeoutError, KeyError, OSError), *told]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=1, seeds=3, stage="cancel")
async def a_cancelled_call_counts_as_neither(rng):
    """Whoever leaves says nothing about the store: neither one more in the row nor the end of it."""
    # kills: a caller that leaves is a failure, or starts the count anew
    breaker, seen = CircuitBreaker(3, expected_exception=OSError), []
    for outcome in [
        OSError,
        *rng.sample(["leaves", "leaves", OSError], 3),
        "leaves",
        OSError,
        "one more",
    ]:
        visit = (0, "slow", 5, rng.choice([0.5, 2])) if outcome == "leaves" else (0, outcome)
        seen += await send(partial(breaker.call, Dependency().read), [visit])
        seen.append(breaker.state.name)
    return kinds(seen)


@check(expect=REFERENCE, points=2, seeds=3, stage="cancel")
async def a_cancelled_probe_frees_its_slot(rng):
    """The next caller is the probe, and the only one."""
    # kills: rejects for ever, closes, opens for another time-out
    store, leaves, left = Dependency(), rng.choice([1, 2.5]), rng.randint(1, 2)
    breaker = await opened(time.monotonic, rng, timeout_seconds=10)
    visits = [(11 + 4 * n, f"left {n}", 9, leaves) for n in range(left)]
    visits += [(11 + 4 * left, "well again", 4)]
    visits += [(at + 4 * left, f"asks at {at}") for at in (12, 14.5, 16)]
    return [
        kinds(await send(partial(breaker.call, store.read), visits)),
        store.reached,
        breaker.state.name,
    ]


@check(expect=REFERENCE, points=2, seeds=2, stage="unexpected-exceptions")
async def a_probe_with_an_unexpected_exception_frees_its_slot(rng):
    """It neither closes nor opens the circuit."""
    # kills: a bug closes it, opens it, or keeps the slot for ever
    seen = []
    for outcome in rng.sample(["well again", ConnectionError], 2):
        store, bug = Dependency(), rng.choice([KeyError, ValueError, ZeroDivisionError])
        breaker = await opened(
            time.monotonic, timeout_seconds=10, expected_exception=ConnectionError
        )
        visits = [(10.5, bug, rng.choice([0, 1])), (12, outcome, 4)]
        visits += [(at, f"asks at {at}") for at in (13, 15, 17)]
        seen += [
            await send(partial(breaker.call, store.read), visits),
            store.reached,
            breaker.state.name,
        ]
    return seen


@check(expect=REFERENCE, points=2, seeds=3, stage="late-results")
async def a_late_failure_does_not_restart_the_timer(rng):
    """Twenty callers wait when the store dies; their time-outs trickle in while the circuit is open."""
    store, breaker = Dependency(), CircuitBreaker(2, 30)
    late = rng.sample([3, 7, 11, 19, 23], 3)
    visits = [(0, ConnectionError, end) for end in (1, 2, *late)] + [
        (end + 0.5, "asks") for end in sorted(late)
    ]
    visits += [(31.75, "too early"), (32.5, "probe")]
    return [
        await send(partial(breaker.call, store.read), visits),
        store.reached,
        breaker.state.name,
    ]


@check(expect=REFERENCE, points=1, seeds=2, stage="late-results")
async def a_late_success_does_not_close_the_circuit(rng):
    """It was asked when the store was well."""
    breaker = CircuitBreaker(2, 30)
    visits = [(0, "asked early", rng.choice([4, 9])), (0.5, OSError, 1), (0.75, OSError, 1)]
    visits += [(rng.choice([10, 20]), "asks later")]
    told = await send(partial(breaker.call, Dependency().read), visits)
    return [told, breaker.state.name]


@check(expect=REFERENCE, points=2, seeds=2, stage="late-results")
async def a_late_result_does_not_end_the_probe(rng):
    """Whatever it is: the others stay rejected, and the probe decides."""
    seen, late = (
        [],
        [
            (0, "asked early", 13),
            (0, ConnectionError, 14),
            (0, KeyError, 15),
            (0, "never told", 99, 16),
        ],
    )
    for outcome in rng.sample(["well again", ConnectionError], 2):
        store, breaker = Dependency(), CircuitBreaker(1, 9.5, expected_exception=ConnectionError)
        visits = [*rng.sample(late, 4), (1, ConnectionError, 1), (12, outcome, 8)]
        visits += [(at, f"asks at {at}") for at in (12.5, 13.5, 14.5, 15.5, 16.5, 20.5)]
        seen += [
            await send(partial(breaker.call, store.read), visits),
            store.reached,
            breaker.state.name,
        ]
    return seen


@check(expect=REFERENCE, points=1, seeds=3, stage="late-results")
async def a_late_result_does_not_count_after_the_circuit_has_closed_again(rng):
    """Neither as a failure nor as the success that starts the count anew."""
    seen = []
    for late in rng.sample([OSError, "asked early"], 2):
        breaker = CircuitBreaker(2, 10)
        visits = [
            (0, late, rng.choice([18, 19])),
            (0, late, rng.choice([20, 21])),
            (0.5, OSError),
            (0.75, OSError),
        ]
        visits += [(12, "probe"), (15, OSError, 1), (22, OSError), (24, "asks too early")]
        seen += [
            kinds(await send(partial(breaker.call, Dependency().read), visits)),
            breaker.state.name,
        ]
    return seen


@check(expect=REFERENCE, points=2, seeds=2, stage="late-results")
async def any_timetable_of_calls_ends_as_with_the_reference(rng):
    """All rules together, on one breaker: play the calls one by one on paper."""
    store, visits, now = Dependency(), [], 0.0
    breaker, down = (
        CircuitBreaker(2, 10, expected_exception=OSError),
        [(0, OSError), (0.25, OSError)],
    )
    late = [(0, "asked early", 4), (0, OSError, 5), (0, KeyError, 13), (0, "asked early", 14)]
    episodes = [
        [(0, OSError), (1, KeyError), (2, OSError), (3, "asks")],
        [(0, OSError), (1, "leaves", 5, 0.5), (2, OSError), (3, "asks")],
        [(0, OSError), (1, "well"), (2, OSError), (3, "asks")],
        [(0, OSError, 2), (1, OSError, 2), (3.5, "asks"), (4.5, "asks")],
        [
            *down,
            (11, "leaves", 5, 2),
            (14, KeyError),
            (15, "probe", 3),
            (16, "asks"),
            (19, OSError),
            (20, "asks"),
        ],
        [
            *down,
            (11, OSError, 1),
            (13, "asks"),
            (21.5, "asks"),
            (22.5, "probe"),
            (24, OSError),
            (25, "asks"),
        ],
        [
            *late,
            *down,
            (4.5, "asks"),
            (5.5, "asks"),
            (11, "probe", 4),
            (13.5, "asks"),
            (14.5, "asks"),
            (16, OSError),
        ],
    ]
    for episode in rng.sample(episodes, len(episodes)):
        shift = now + rng.choice([1.0, 1.125, 1.375])
        visits += [(now, f"well at {now}"), *((shift + at, *rest) for at, *rest in episode)]
        now += 50.0
    told = await send(partial(breaker.call, store.read), visits)
    return [told, store.reached]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Fall back

`await call_with_fallback(breaker, func, fallback, *args, **kwargs)` is for callers who would rather have yesterday's
recommendations than none. It calls `func` through the breaker and returns its result. If the circuit is open, or the
call fails with an expected exception, it returns what `await fallback(*args, **kwargs)` gives instead.

A success is never replaced, whatever the result is. Other exceptions and cancellations pass, and no fallback runs. What
the fallback itself raises goes to the caller and is no failure of the dependency.

<details><summary>Hint 1 · which exceptions</summary>

Two kinds: `CircuitOpenError`, and what this breaker expects. So the breaker has to remember what it expects.

</details>
<details><summary>Hint 2 · which way round</summary>

The breaker guards `func` alone. If the fallback ran inside `breaker.call`, its success would count as the dependency's.

</details>
"""


# %% nbgrader={"grade_id": "breaker-fallback", "solution": true}
async def call_with_fallback(
    breaker: CircuitBreaker,
    func: Callable[..., Awaitable[Any]],
    fallback: Callable[..., Awaitable[Any]],
    *args: Any,
    **kwargs: Any,
) -> Any:
    """The result of `func` through the breaker; of `fallback` if the circuit is open or the call fails."""
    ### BEGIN SOLUTION
    # Why: the fallback runs outside of the breaker, which then hears what the dependency did and
    # nothing else. Inside, each good fallback would count as a success, and the circuit would never
    # open.
    expected = breaker.expected_exception
    try:
        return await breaker.call(func, *args, **kwargs)
    except (CircuitOpenError, expected):
        return await fallback(*args, **kwargs)
    ### END SOLUTION


# %%
@try_it
async def yesterdays_list_is_better_than_none() -> list[Any]:
    async def popular(*_: Any) -> str:
        return "what is popular"

    guarded = partial(
        call_with_fallback, CircuitBreaker(failure_threshold=1), Dependency().read, popular
    )
    return await send(guarded, [(0, "fresh list"), (1, TimeoutError, 2), (4, "fresh list")])


# %% nbgrader={"grade_id": "breaker-fallback-checks", "grade": true}
class Popular:
    """A fallback that writes down what it was asked for."""

    def __init__(self):
        self.asked = []

    async def read(self, outcome, seconds=0.0):
        self.asked.append([outcome.__name__ if isinstance(outcome, type) else outcome, seconds])
        return f"popular {len(self.asked)}"


@check(expect=[["popular 1", "popular 2"], ["TimeoutError"]], points=1, stage="fallback")
async def the_fallback_answers_for_a_failure_and_while_the_circuit_is_open():
    """The first caller meets the failure, the second one an open circuit."""
    store = Dependency()
    guarded = partial(
        call_with_fallback, CircuitBreaker(failure_threshold=1), store.read, Popular().read
    )
    return [await send(guarded, [(0, TimeoutError), (1, "fresh list")]), store.reached]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=1, seeds=3, stage="fallback")
async def a_success_is_never_replaced(rng):
    """None, False and empty lists are results."""
    # kills: `result or fallback`, a fallback that is always asked
    popular, breaker = Popular(), CircuitBreaker(2)
    outcomes = [
        *rng.sample([None, False, 0, "", [], "fresh", {"clicks": 3}, OSError], 8),
        1,
        OSError,
        OSError,
        None,
    ]
    told = await send(
        partial(call_with_fallback, breaker, Dependency().read, popular.read),
        list(enumerate(outcomes)),
    )
    return [told, len(popular.asked), breaker.state.name]


@check(expect=REFERENCE, points=1, seeds=2, stage="fallback")
async def the_fallback_gets_the_same_arguments(rng):
    """All that the call got, in order and by name, be the circuit open or not."""
    asked, user = [], rng.randrange(1000)

    async def fail(*args, **kwargs):
        asked.append(["call", list(args), kwargs])
        raise OSError

    async def popular(*args, **kwargs):
        asked.append(["fallback", list(args), kwargs])
        return len(asked)

    breaker, seen = CircuitBreaker(2), []
    for arguments in ([user, "harbour"], [None], [user, user + 1], []):
        seen.append(
            await call_with_fallback(breaker, fail, popular, *arguments, limit=user, tenant=None)
        )
    seen.append(await call_with_fallback(breaker, fail, popular, user))
    return [seen, asked, breaker.state.name]


@check(expect=REFERENCE, points=1, seeds=3, stage="fallback")
async def other_exceptions_and_cancellations_pass_the_fallback_by(rng):
    """A bug must be seen, and who leaves wants no answer."""
    # kills: `except Exception`, a bare `except`
    popular, breaker = Popular(), CircuitBreaker(2, expected_exception=OSError)
    visits = [
        (0, rng.choice([KeyError, ValueError, TypeError])),
        (1, "slow", 5, 2),
        (4, OSError),
        (5, RuntimeError),
    ]
    # a TimeoutError is an OSError; then it is open
    visits += [(7, TimeoutError), (8, KeyError), (9, "fresh")]
    told = await send(partial(call_with_fallback, breaker, Dependency().read, popular.read), visits)
    return [told, popular.asked, breaker.state.name]


@check(expect=REFERENCE, points=2, seeds=3, stage="fallback")
async def what_the_fallback_does_counts_for_nothing(rng):
    """Its exception goes to the caller; neither that nor its success tells how the dependency is."""
    breaker, reads = CircuitBreaker(4), [0]
    plan = [*rng.sample([True, False, False], 3), True, False, True]

    async def popular(outcome, seconds):
        reads[0] += 1
        if plan[reads[0] - 1]:
            raise LookupError("no list for this tenant")
        return f"popular {reads[0]}"

    guarded, seen = partial(call_with_fallback, breaker, Dependency().read, popular), []
    for n in range(6):
        seen += await send(guarded, [(n, OSError)])
        seen.append(breaker.state.name)
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## Ride out an outage

Two calls a second, through *your* breaker, to a store that browns out at 20 s: most calls then hang for 2 s and fail.
On a good day one call in 25 fails as well. Move the threshold down to 1, then up to 20. Then let only half of the calls
fail during the outage.
"""


# %%
def outage(
    failure_threshold: int,
    timeout_seconds: Seconds,
    outage_seconds: Seconds,
    failing_percent: float,
) -> Any:
    breaker = partial(CircuitBreaker, failure_threshold, timeout_seconds, TimeoutError)
    return ride_out(breaker, outage_seconds, failing_percent)


explore(draw_outage, data=outage, size=(9.0, 4.2),
        caption="Calls answered, failed and rejected over time, and the state of the circuit.",
        failure_threshold=slider(1, 20, 1, 5), timeout_seconds=slider(2, 30, 1, 10),
        outage_seconds=slider(5, 60, 5, 30), failing_percent=slider(10, 100, 10, 90, "calls that fail, %"))  # fmt: skip

# %% [markdown]
"""## What would you turn?

Set the sliders to 5, 10 s, 30 s and 50 %. Half of the calls fail, yet the circuit never opens, and callers lose 51 s in
failed calls: as many as without a breaker. The interviewer: "**Which dial do you turn, what does that cost, and by what
other rule could the breaker count?** And 40 replicas of your service each have a breaker of their own: what does the
store see when it comes back?" 150 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "breaker-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
**Model answer.** Five failures in a row are rare when every other call succeeds. A threshold of 2 opens the circuit and
brings the loss down from 51 s to 23 s, but it rejects 26 calls that the half-sick store would have answered, and a
threshold of 1 trips on the one stray failure in 25 of any good day. The dial only trades one for the other. The rule is
what misleads: I would open on a failure *rate*, say 40 % of the last 20 calls with a minimum of 10, and keep "five in a
row" for the total outage, which it notices faster. A shorter time-out in the call itself helps in either case: at
500 ms instead of 2 s each failure costs a quarter.

Forty breakers that opened together send their probes together, every ten seconds, and after one good probe each lets
its full traffic through. So I spread the time-outs at random, and ramp up after closing. A longer time-out means fewer
probes but up to that many more seconds of needless rejections after the store is back. I watch state changes and
rejections per dependency and tenant, and the share of answers that are fallbacks.

**Rubric.** 1 point: why failures in a row miss a partial outage, with a number from the picture. 1 point: the price of
a lower threshold or another time-out (needless rejections, trips on stray errors). 1 point: another rule (rate over a
window with a minimum of calls, slow calls as failures, shorter time-outs) with its price or reason. 1 point: probes of
many replicas come together, and what to do or watch.

*Weak* (1): "I lower the threshold, and it rejects more": one dial and its price, but not why five in a row never
come, and no other rule. *Good* (2–3): shows with a number why half of the calls can fail and the circuit stays
closed, and what a lower threshold costs in needless rejections. Another rule with its reason, or the 40 probes, is
missing. *Strong* (4): on top of that counts a failure rate over a window with a minimum of calls, with its reason or
price beside the numbers of the picture. It also sees that 40 replicas probe together, and spreads or watches them.
### END SOLUTION"""

# %% [markdown]
"""## What you now know

A breaker is three states and one question asked twice: may this call go, and what does its end prove? Deciding without
an `await` in between lets one probe through among thousands of callers; a number tells old calls from new.

**In practice** resilience4j and Polly count rates over a window. Envoy ejects single endpoints after errors in a row.
`pybreaker` takes an excluded exception for a success. Whatever you use: a time-out inside, a fallback outside, and no
blind retries in between.

**Asked next** (weights as in multi-tenant and deployment design rounds)

- One tenant's webhook is down: one breaker for all webhooks, or one for each tenant? (isolation, 20 %)
<details><summary>An answer</summary>

One for each destination, because a shared breaker cuts off every tenant when one webhook is down. They are made when
needed and forgotten when idle, and a limit on their number bounds the memory.

</details>

- Which features may fall back, and to what? Which must fail? (trade-offs, 20 %)
<details><summary>An answer</summary>

What still helps when it is poorer may fall back: the order of suggestions, or a summary of an update. What does harm
when it is wrong must fail or wait: fraud checks, permissions, deletions.

</details>

- The canary's errors open the circuit. Does the rollback notice? (rollback, 15 %)
<details><summary>An answer</summary>

Not if it looks at errors alone: with the circuit open, fallbacks answer and the canary looks healthy. So I count
rejections and fallbacks for each version, and they weigh as errors when the canary is judged.

</details>
"""
