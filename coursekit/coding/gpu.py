"""A simulated GPU, callers that arrive on a timetable, and the picture of throughput against
latency.

The GPU's cost model is the usual affine one: a batch of n items takes `fixed_ms + per_item_ms * n`
(launching kernels and reading the weights is paid once for each batch). Everything here runs in
virtual time; times are milliseconds, rounded to a microsecond where they are reported.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from coursekit import vtime
from coursekit.plots import label_axes, round_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Ms = float  # milliseconds

TICK: Ms = 1000 / 1024  # whole ticks are exact as floats, in milliseconds and in seconds
SIZES = (1, 2, 4, 8, 16, 32)
WAITS: tuple[Ms, ...] = (0, 20, 40, 80)
SLO_MS: Ms = 100  # p95 that users were promised
# of the figure
MARGINS = {"left": 0.075, "right": 0.985, "bottom": 0.1, "top": 0.85, "hspace": 0.3}


class Predicts(Protocol):
    """What a caller needs of a collector."""

    async def predict(self, x: Any) -> Any: ...


class Collector(Predicts, Protocol):
    """What a load test needs of a collector."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def tenfold(x: Any) -> Any:
    """Ten times x: an answer that shows whose it is."""
    return 10 * x


class SimulatedGPU:
    """An async model: call it with a list, get a list. It writes down what it was sent, and when.

    Attributes:
        batches: the lists it was called with, copied.
        sent_ms: when each batch arrived, in ms since the GPU was made.
        served: how many items it has finished.
        most_at_once: how many batches were ever on it at one time.
    """

    def __init__(
        self, fixed_ms: Ms = 20, per_item_ms: Ms = 1, answer: Callable[[Any], Any] = tenfold
    ) -> None:
        self.fixed_ms, self.per_item_ms, self.answer = fixed_ms, per_item_ms, answer
        self.batches: list[list[Any]] = []
        self.sent_ms: list[Ms] = []
        self.served = self.running = self.most_at_once = 0
        self._zero = _now_ms()

    def batch_ms(self, n: int) -> Ms:
        """How long a batch of n takes."""
        return self.fixed_ms + self.per_item_ms * n

    @property
    def log(self) -> list[list[Any]]:
        """`[sent_ms, batch]` for each batch, in order."""
        return [[at, batch] for at, batch in zip(self.sent_ms, self.batches, strict=True)]

    @property
    def departures(self) -> list[list[float]]:
        """`[sent_ms, how many items]` for each batch, in order."""
        return [[at, len(batch)] for at, batch in zip(self.sent_ms, self.batches, strict=True)]

    @property
    def items(self) -> list[Any]:
        """All items, in the order in which they were sent."""
        return [x for batch in self.batches for x in batch]

    async def __call__(self, xs: list[Any]) -> list[Any]:
        self.sent_ms.append(_rounded(_now_ms() - self._zero))
        self.batches.append(list(xs))
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await asyncio.sleep(self.batch_ms(len(xs)) / 1000)
        finally:
            self.running -= 1
        self.served += len(xs)
        return [self.answer(x) for x in xs]


def _now_ms() -> Ms:
    try:
        return 1000 * asyncio.get_running_loop().time()
    except RuntimeError:
        return 0.0


def _rounded(ms: Ms) -> Ms:
    """To about a microsecond. First on a binary grid, so that no tick lies between two decimals."""
    return round(round(ms / 1000 * 2**20) / 2**20 * 1000, 3)


# ------------------------------------------------------------------------------------------ callers


async def send(
    collector: Predicts,
    arrivals: Sequence[tuple[Ms, Any]],
    gives_up: Mapping[int, Ms] | None = None,
) -> list[Any]:
    """Call `predict` on a timetable, one task for each caller, and return what each was told, in
    order of `arrivals`.

    Args:
        arrivals: `(ms, x)`, in ms from now. Equal times are sent in the order given.
        gives_up: callers (by index in `arrivals`) that are cancelled, and when.

    Returns:
        For each caller its result, `"raised ValueError"` (see `told`) or `"gave up"`.
    """
    loop = asyncio.get_running_loop()
    zero = loop.time()
    steps = [(ms, 0, caller) for caller, (ms, _) in enumerate(arrivals)]
    steps += [(ms, 1, caller) for caller, ms in (gives_up or {}).items()]
    tasks: dict[int, asyncio.Task[Any]] = {}
    for ms, leaves, caller in sorted(steps):
        pause = zero + ms / 1000 - loop.time()
        if pause > 1e-9:
            await asyncio.sleep(pause)
        if leaves:
            tasks[caller].cancel()
        else:
            tasks[caller] = loop.create_task(_ask(collector, arrivals[caller][1]))
    await asyncio.wait(tasks.values())
    return [told(tasks[caller]) for caller in range(len(arrivals))]


async def _ask(collector: Predicts, x: Any) -> Any:
    return await collector.predict(x)


def told(task: asyncio.Future[Any]) -> Any:
    """What a finished caller was told: its result, `"gave up"`, or `"raised X"`.

    X is the nearest built-in class of the exception, or of the one that it was raised `from`.
    """
    if task.cancelled():
        return "gave up"
    error = task.exception()
    if error is None:
        return task.result()
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    return "raised " + next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")


def timetable(
    rng: random.Random,
    xs: Iterable[Any],
    gaps: Sequence[int] = (0, 0, 1, 4, 15, 60),
    *,
    bursts: bool = True,
) -> list[tuple[Ms, Any]]:
    """Arrivals at whole ticks, with gaps (in ticks) drawn from `gaps`, each moment shifted by a
    fraction of its own.

    The fraction keeps a request from arriving at the very moment at which a deadline passes or a
    batch ends, as long as waits and batch times are whole ticks and there are fewer than 128
    requests.

    Args:
        bursts: a gap of 0 means "at the same moment"; without bursts it means "1/128 of a tick
            later".
    """
    moment, whole, out = 0.0, 0, []
    for n, x in enumerate(xs):
        gap = rng.choice(gaps)
        whole += gap
        if gap or not bursts or n == 0:
            moment = (whole + n / 128) * TICK
        out.append((moment, x))
    return out


# -------------------------------------------------------------------------------------- the pay-off


@dataclass(frozen=True)
class LoadReport:
    """How a collector did under load.

    Attributes:
        per_second: requests answered for each second of the test.
        p95_ms: 95 of 100 callers waited no longer.
        mean_batch: items for each batch.
        busy: the share of the test in which the GPU worked.
    """

    per_second: float
    p95_ms: Ms
    mean_batch: float
    busy: float


def load_test(
    make: Callable[[SimulatedGPU], Collector], per_second: float, requests: int = 80, seed: int = 9
) -> LoadReport:
    """Send Poisson traffic through `make(gpu)` in virtual time. The same arguments give the same
    report.
    """
    rng = random.Random(seed)
    at, arrivals = 0.0, []
    for _ in range(requests):
        at += rng.expovariate(per_second)
        arrivals.append(at)

    async def test() -> LoadReport:
        gpu = SimulatedGPU()
        collector = make(gpu)
        loop = asyncio.get_running_loop()
        await collector.start()
        zero, waited = loop.time(), list[Ms]()

        async def call() -> None:
            began = loop.time()
            await collector.predict(0)
            waited.append(1000 * (loop.time() - began))

        calls: list[asyncio.Task[None]] = []

        def arrive() -> None:
            calls.append(loop.create_task(call()))

        for moment in arrivals[:-1]:
            loop.call_at(zero + moment, arrive)
        await asyncio.sleep(arrivals[-1])
        arrive()
        for task in calls:
            await task
        took = loop.time() - zero
        await collector.stop()
        p95 = sorted(waited)[int(0.95 * (len(waited) - 1))]
        busy = sum(gpu.batch_ms(len(batch)) for batch in gpu.batches) / (1000 * took)
        return LoadReport(requests / took, p95, requests / len(gpu.batches), busy)

    report: LoadReport = vtime.run(test)
    return report


@dataclass(frozen=True)
class TradeOff:
    """How a collector did at each `max_batch_size` with one wait, and at each `max_wait_ms` with
    one batch size.
    """

    by_size: Mapping[int, LoadReport]
    by_wait: Mapping[Ms, LoadReport]


def trade_off(serve: Callable[[int, Ms], LoadReport], size: int, wait_ms: Ms) -> TradeOff:
    """Reports around one setting. `serve` gives that for a `max_batch_size` and a `max_wait_ms`."""
    here = serve(size, wait_ms)
    return TradeOff(
        {n: here if n == size else serve(n, wait_ms) for n in sorted({*SIZES, size})},
        {w: here if w == wait_ms else serve(size, w) for w in sorted({*WAITS, wait_ms})},
    )


def plot_trade_off(
    figure: Figure, seen: TradeOff, max_batch_size: int, max_wait_ms: Ms, per_second: float
) -> None:
    """Draw throughput (above) and p95 latency (below) against the batch size (left) and the wait
    (right).

    Args:
        seen: the reports around the setting.
        max_batch_size, max_wait_ms: where the sliders stand; a ring marks that point in every
            panel.
        per_second: how many requests arrive.
    """
    here = seen.by_size[max_batch_size]
    by_size, by_wait = list(seen.by_size.values()), list(seen.by_wait.values())
    curves = [([*map(_at_size, seen.by_size)], by_size), ([*map(_at_wait, seen.by_wait)], by_wait)]
    rings = [_at_size(max_batch_size), _at_wait(max_wait_ms)]
    marks = {_at_size(n): str(n) for n in SIZES} | {_at_wait(w): f"{w:g}" for w in WAITS}
    most = 1.2 * max(per_second, *(r.per_second for r in by_size + by_wait))
    top, bottom = figure.subplots(2, gridspec_kw=MARGINS)
    for axes, of, here_at, style, colour, limit, dashes, words in (
        (
            top,
            "per_second",
            here.per_second,
            "o-",
            "#0072B2",
            per_second,
            ":",
            f"{per_second:g} arrive",
        ),
        (bottom, "p95_ms", here.p95_ms, "s--", "#B34700", SLO_MS, "-.", f"{SLO_MS:g} ms promised"),
    ):
        for xs, reports in curves:
            axes.plot(xs, [getattr(r, of) for r in reports], style, color=colour, ms=5, lw=1.5)
        axes.plot(rings, [here_at] * 2, "o", ms=13, mfc="none", mec="black", mew=1.5)
        axes.axhline(limit, color="0.3", ls=dashes, lw=1.3)
        axes.text(6, limit, words, ha="center", va="bottom", fontsize=9)
    bottom.set_yscale("log")
    top.set(xlim=(-0.3, 12.3), ylim=(0, most))
    bottom.set(xlim=(-0.3, 12.3), ylim=(10, 30_000))
    label_axes(top, dict.fromkeys(marks, ""), round_ticks(most), ylabel="requests per second")
    label_axes(
        bottom,
        marks,
        {10: "10", 100: "100", 1000: "1,000", 10_000: "10,000"},
        ylabel="p95 latency, ms",
    )
    bottom.text(2.5, 3.2, f"max_batch_size, at a wait of {max_wait_ms:g} ms", ha="center", va="top")
    bottom.text(9.5, 3.2, f"max_wait_ms, at a size of {max_batch_size}", ha="center", va="top")
    figure.text(
        0.5, 0.95, ha="center", fontsize=11,
        s=f"Your setting (ring): {here.per_second:.0f} answered per second, "
        f"p95 {here.p95_ms:.0f} ms, {here.mean_batch:.1f} requests a batch, "
        f"GPU busy {here.busy:.0%}",
    )  # fmt: skip


def _at_size(n: int) -> float:
    """Where a batch size stands: the left half, a step for each doubling."""
    return math.log2(n)


def _at_wait(wait_ms: Ms) -> float:
    """Where a wait stands: the right half."""
    return 7 + wait_ms / 16
