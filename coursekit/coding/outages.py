"""A dependency that fails on request, callers on a timetable, and the picture of an outage behind a
circuit breaker.

Everything here runs in virtual time; times are seconds. Breakers are the learner's own: of their
classes only `CircuitOpenError`'s name and `retry_after`, and the names of states, are read.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from coursekit import vtime
from coursekit.plots import label_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Seconds = float  # since the clock's zero
# (at, outcome), (at, outcome, seconds) or (at, outcome, seconds, leaves after)
Visit = tuple[Any, ...]

HORIZON: Seconds = 100  # how long the simulation lasts
BEGINS: Seconds = 20  # when the outage begins
GAP: Seconds = 0.5  # from one call to the next
PATIENCE: Seconds = 2.0  # a caller's time-out: how long a failed call takes during the outage
ANSWER: Seconds = 0.125  # how long a good call takes
STRAY = 0.04  # share of calls that fail on a good day
BIN: Seconds = 2  # width of a step in the picture
STATES = ("CLOSED", "OPEN", "HALF_OPEN")
FATES = ("answered", "failed", "rejected")
MARGINS = {"left": 0.095, "right": 0.9, "bottom": 0.115, "top": 0.83}  # of the figure


class Breaker(Protocol):
    """What a simulation needs of a circuit breaker."""

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any: ...

    @property
    def state(self) -> Any: ...


class Dependency:
    """A store across the network that does what each call asks of it.

    Attributes:
        reached: what the calls that got through asked for, in order; of an exception its name.
    """

    def __init__(self) -> None:
        self.reached: list[Any] = []

    async def read(self, outcome: Any, seconds: Seconds = 0.0) -> Any:
        """`outcome` after so many seconds: returned, or raised if it is a class of exceptions."""
        fails = isinstance(outcome, type) and issubclass(outcome, BaseException)
        self.reached.append(outcome.__name__ if fails else outcome)
        if seconds:
            await asyncio.sleep(seconds)
        if fails:
            raise outcome("the store is not well")
        return outcome


async def send(call: Callable[..., Awaitable[Any]], visits: Sequence[Visit]) -> list[Any]:
    """Make calls on a timetable, a task each, and return what every caller was told, in order of
    `visits`.

    Args:
        call: awaited with `(outcome, seconds)` of a visit: `functools.partial(breaker.call,
            store.read)`.
        visits: `(at, outcome, seconds, leaves)`; the last two may be left out. `at` is counted from
            now; equal times are sent in the order given. A caller that `leaves` is cancelled so
            many seconds after `at`.
    """

    loop, tasks = asyncio.get_running_loop(), dict[int, asyncio.Future[Any]]()
    zero = loop.time()
    # at equal times: in the order given
    for number in sorted(range(len(visits)), key=lambda n: visits[n][0]):
        at, outcome, seconds, leaves = _in_full(*visits[number])
        if zero + at > loop.time():
            await asyncio.sleep(zero + at - loop.time())
        tasks[number] = asyncio.ensure_future(call(outcome, seconds))
        if leaves is not None:
            loop.call_later(leaves, tasks[number].cancel)
    await asyncio.wait(tasks.values())
    return [told(tasks[number]) for number in range(len(visits))]


def _in_full(
    at: Seconds, outcome: Any, seconds: Seconds = 0.0, leaves: Seconds | None = None
) -> Visit:
    return at, outcome, seconds, leaves


def told(task: asyncio.Future[Any]) -> Any:
    """What a finished caller was told: a result, `["rejected", seconds left]`, `"raised X"` or
    `"gave up"`.

    Raises:
        NotImplementedError: that is what the call raised.
    """
    if task.cancelled():
        return "gave up"
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, NotImplementedError):
        raise error
    name = type(error).__name__
    if name == "CircuitOpenError":
        return ["rejected", float(getattr(error, "retry_after", "nan"))]
    return f"raised {name}"


# -------------------------------------------------------------------------------------- the pay-off


def ride_out(
    make_breaker: Callable[[], Breaker],
    outage_seconds: Seconds,
    failing_percent: float = 90,
    seed: int = 3,
) -> dict[str, Any]:
    """Two calls a second to a dependency that browns out at `BEGINS`, through a breaker: what
    became of them.

    During the outage `failing_percent` of the calls end in a `TimeoutError` after `PATIENCE`
    seconds; at other times `STRAY` of them do, as fast as others are answered. Which ones is drawn
    from `seed`, whatever the breaker does.

    Returns:
        `fates`, for each of `FATES` how many calls of each `BIN` ended so, by time of arrival;
        `states`, a list of `[name, from, to]`; `waited`, the seconds that callers spent in failed
        calls, and `waited_without` a breaker; `needless`, how many calls were rejected that would
        have been answered; `closed_after`, the seconds from the end of the outage until the circuit
        was closed for the first time, None if it was not.
    """
    return vtime.run(_ride_out, make_breaker, outage_seconds, failing_percent / 100, seed)  # type: ignore[no-any-return]


async def _ride_out(
    make_breaker: Callable[[], Breaker], outage: Seconds, failing: float, seed: int
) -> dict[str, Any]:
    luck, loop = random.Random(seed), asyncio.get_running_loop()
    breaker, ends = make_breaker(), BEGINS + outage
    fates = {fate: [0] * int(HORIZON / BIN) for fate in FATES}
    moves: list[tuple[Seconds, str]] = [(0.0, _state(breaker))]
    waited, needless = 0.0, 0

    def look() -> None:
        state = _state(breaker)
        if state != moves[-1][1]:
            moves.append((loop.time(), state))

    async def answer(fails: bool, seconds: Seconds) -> None:
        look()
        await asyncio.sleep(seconds)
        if fails:
            raise TimeoutError("no answer in time")

    async def caller(fails: bool, seconds: Seconds) -> None:
        nonlocal waited, needless
        came, fate = loop.time(), "answered"
        try:
            await breaker.call(answer, fails, seconds)
        except TimeoutError:
            fate = "failed"
            waited += seconds
        except Exception as error:
            if not hasattr(error, "retry_after"):
                raise
            fate = "rejected"
            needless += not fails
        fates[fate][int(came / BIN)] += 1
        look()

    callers, without = [], 0.0
    for _ in range(int(HORIZON / GAP)):
        sick = BEGINS <= loop.time() < ends
        fails = luck.random() < (failing if sick else STRAY)
        seconds = PATIENCE if sick and fails else ANSWER
        without += fails * seconds
        callers.append(asyncio.ensure_future(caller(fails, seconds)))
        await asyncio.sleep(GAP)
    for done in asyncio.as_completed(callers):
        await done
    until = [at for at, _ in moves[1:]] + [HORIZON]
    stretches = [
        (name, at, to) for (at, name), to in zip(moves, until, strict=True) if at < HORIZON
    ]
    closed = [max(at - ends, 0.0) for name, at, to in stretches if name == "CLOSED" and to > ends]
    return {
        "fates": fates,
        "states": [list(stretch) for stretch in stretches],
        "waited": waited,
        "waited_without": without,
        "needless": needless,
        "closed_after": closed[0] if closed else None,
    }


def _state(breaker: Breaker) -> str:
    return str(breaker.state.name)


def draw_outage(
    figure: Figure, seen: dict[str, Any], outage_seconds: Seconds, **sliders: float
) -> None:
    """Draw what `ride_out` returned: a row for each fate of a call, and one for each state, over
    time.
    """
    from matplotlib.collections import LineCollection

    axes = figure.subplots(gridspec_kw=MARGINS)
    ends, highest = BEGINS + outage_seconds, BIN / GAP
    rows = {
        "answered": 5.6,
        "failed": 4.2,
        "rejected": 2.8,
        "CLOSED": 1.8,
        "OPEN": 1.1,
        "HALF_OPEN": 0.4,
    }
    edges = [BIN * n for n in range(int(HORIZON / BIN) + 1)]
    axes.axvspan(BEGINS, ends, color="0.92", zorder=0)
    for fate, counts in seen["fates"].items():
        floor = rows[fate]
        axes.stairs(
            [floor + count / highest for count in counts],
            edges,
            baseline=floor,
            fill=True,
            color="#1f4e79",
        )
        axes.text(
            HORIZON + 1, floor + 0.5, f"{sum(counts)} calls", va="center_baseline", fontsize=9
        )
    strip = [[(at, rows[name]), (to, rows[name])] for name, at, to in seen["states"]]
    steps = [[(b[0][0], a[1][1]), (b[0][0], b[1][1])] for a, b in itertools.pairwise(strip)]
    axes.add_collection(
        LineCollection(strip, linewidths=5, colors="#b34700", capstyle="butt"), autolim=False
    )
    axes.add_collection(LineCollection(steps, linewidths=1, colors="#b34700"), autolim=False)
    shares = {
        name: sum(to - at for state, at, to in seen["states"] if state == name) for name in STATES
    }
    for name, seconds in shares.items():
        axes.text(HORIZON + 1, rows[name], f"{seconds:.0f} s", va="center_baseline", fontsize=9)
    axes.set(xlim=(0, HORIZON), ylim=(0, 7.1))
    names = {
        rows[row] + (0.5 if row in FATES else 0): row.lower().replace("_", "-") for row in rows
    }
    label_axes(axes, {at: f"{at:g} s" for at in range(0, 101, 20)}, names, grid=False)
    axes.text((BEGINS + ends) / 2, 6.85, "outage", ha="center", va="center_baseline", fontsize=9)
    closed = seen["closed_after"]
    back = "not closed again" if closed is None else f"closed {closed:.1f} s after the outage"
    figure.text(
        0.5, 0.93, ha="center", va="center_baseline", fontsize=10,
        s=f"Callers lost {seen['waited']:.0f} s in failed calls "
        f"({seen['waited_without']:.0f} s without a breaker); "
        f"{seen['needless']} calls rejected for nothing; {back}",
    )  # fmt: skip
