# %% [markdown]
"""
# Batch requests for inference

You'll build the collector that stands between single requests and a GPU, and turn its two dials until it keeps a
latency promise.

**Time** 45 min · **Level** medium · **Needs** asyncio tasks, futures and events

Afterwards you can
- turn many single calls into batches without ever mixing up two callers,
- hold a request no longer than its deadline, counted from its arrival,
- keep one worker alive through bad batches, vanished callers and shutdown.
"""

# %% nbgrader={"grade_id": "batch-setup", "locked": true}
import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coursekit import REFERENCE, check, explore, is_true_of, scoreboard, slider, try_it
from coursekit.coding.gpu import (
    TICK,
    LoadReport,
    SimulatedGPU,
    TradeOff,
    load_test,
    plot_trade_off,
    send,
    timetable,
    told,
    trade_off,
)  # fmt: skip

# %% [markdown]
"""
Monday, 9:02. You carry the pager for the inference platform of a multi-tenant work-management SaaS. One sentiment
model serves all tenants. Its p95 latency has passed **2 seconds**; the promise is **100 ms**. The dashboard shows the
GPU 100 % busy, yet it answers 47 requests a second while 300 arrive.

Nothing is broken. Every request travels alone, and every launch costs 20 ms before the first item is looked at. More
GPUs would help, and so would filling the one you pay for: a *dynamic batcher* lets requests that arrive close together
share a launch.

![Requests of several tenants wait in one queue, oldest first. When the batch is full or its first request's deadline
has passed, one worker sends it to the GPU as one list and hands each caller its own
result.](diagrams/01_batch_requests.mmd)

Before you build it, look at what a shared launch is worth on the GPU of this lesson.
"""

# %%
gpu = SimulatedGPU(fixed_ms=20, per_item_ms=1)
for n in (1, 4, 16):
    print(
        f"{n:2} requests: one by one {n * gpu.batch_ms(1):3.0f} ms, together {gpu.batch_ms(n):2.0f} ms"
    )

# %% [markdown]
"""
## 1 · Validate the two dials

`BatchConfig` holds both: `max_batch_size` requests may travel together (16 unless said otherwise), and the first of
them waits at most `max_wait_ms` for company (50). Whoever sets a dial to nonsense should hear it when the configuration
is built, not at three in the morning.

A size below 1 or a negative wait raises `ValueError` with a sentence. A size of 1 and a wait of 0 are legal: together
they switch batching off.

<details><summary>Hint 1 · Where</summary>A dataclass calls <code>__post_init__</code> after it has set the
fields.</details>
<details><summary>Hint 2 · What</summary>Two comparisons. Let the message name the field and the value it
got.</details>
"""


# %% nbgrader={"grade_id": "batch-config", "solution": true}
@dataclass(frozen=True)
class BatchConfig:
    """How many requests may share a batch, and how long the first may wait for the others."""

    max_batch_size: int = 16
    max_wait_ms: float = 50

    def __post_init__(self) -> None:
        """Raise ValueError for a size below 1 or a negative wait."""
        ### BEGIN SOLUTION
        if self.max_batch_size < 1:
            raise ValueError(f"max_batch_size must be 1 or more, not {self.max_batch_size}")
        if not self.max_wait_ms >= 0:
            raise ValueError(f"max_wait_ms must not be negative, but is {self.max_wait_ms}")
        ### END SOLUTION


# %%
@try_it
def a_dial_set_to_nonsense() -> BatchConfig:
    return BatchConfig(max_batch_size=-3)


# %% nbgrader={"grade_id": "batch-config-checks", "grade": true}
def refusal(**dials: Any) -> str:
    """What building a BatchConfig raises, in a word."""
    try:
        return f"accepted {BatchConfig(**dials)!r}"
    except Exception as error:
        return "ValueError" if isinstance(error, ValueError) else type(error).__name__


@check(expect=["ValueError"] * 3, points=1, stage="settings")
def a_batch_size_below_one_is_refused() -> list[str]:
    """Zero is too small, and so is everything below it."""
    return [refusal(max_batch_size=size) for size in (0, -1, -16)]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=1, seeds=2, stage="settings")
def a_negative_wait_is_refused(rng: Any) -> list[str]:
    """Nobody can be sent before they came, not even half a millisecond."""
    waits = rng.sample([-0.5, -1, -50, -1e9, 0.5, 5, 50, 5000], 8)
    return [refusal(max_wait_ms=wait).split()[0] for wait in waits]


@check(expect=[[16, 50.0], [1, 0.0], [64, 12.5], [2, 50.0]], points=1, stage="settings")
def legal_dials_are_kept() -> list[list[float]]:
    """1 and 0 are the smallest legal values; 16 and 50 are what you get when you say nothing."""
    built = (
        BatchConfig(),
        BatchConfig(1, 0),
        BatchConfig(max_wait_ms=12.5, max_batch_size=64),
        BatchConfig(2),
    )
    return [[config.max_batch_size, float(config.max_wait_ms)] for config in built]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""
## 2 · Collect requests into batches

`predict(x)` queues a request and waits. One worker, which `start()` sets to work, sends batches to `inference_fn` and
hands each caller its own result.

1. A full batch leaves at once. A partial one leaves `max_wait_ms` after its *first* request arrived, whoever came
   later. With a wait of 0 it leaves as soon as the worker is free.
2. No batch exceeds `max_batch_size`, and one is on the GPU at a time.
3. Requests that come meanwhile are served next, oldest first. If they are full or overdue when the worker is free, they
   leave at once; if not, they keep the deadline they had.
4. `inference_fn` gets a list. Anything may be sent and returned, `None` and arrays too; equal requests stay separate.

<details><summary>Hint 1 · What to keep</summary>For each request: its input, a future for its caller, and the time at
which it has to leave. The oldest stands in front.</details>
<details><summary>Hint 2 · What to wait for</summary>The worker waits until "something changed" (an
<code>asyncio.Event</code>) or the first deadline comes, whichever is first. Then it looks at the queue afresh:
whatever it knew before it slept is stale.</details>
<details><summary>Hint 3 · One tool that fits</summary><code>async with asyncio.timeout_at(deadline):</code> takes the
loop's own clock, accepts <code>None</code> for "no limit", and a time in the past ends the wait right
away.</details>
"""


# %% nbgrader={"grade_id": "batch", "solution": true}
class BatchCollector:
    """Collects single requests into batches for a model that is cheaper by the list."""

    def __init__(
        self, inference_fn: Callable[[list[Any]], Awaitable[list[Any]]], config: BatchConfig
    ) -> None:
        """Keep the model and the dials. Nothing runs before `start()`."""
        ### BEGIN SOLUTION
        self._infer, self._size, self._wait = (
            inference_fn,
            config.max_batch_size,
            config.max_wait_ms / 1000,
        )
        # input, answer, deadline
        self._queue: deque[tuple[Any, asyncio.Future[Any], float]] = deque()
        self._changed = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._open = False
        ### END SOLUTION

    async def start(self) -> None:
        """Set the one worker to work. A second call changes nothing."""
        ### BEGIN SOLUTION
        if self._worker is None:
            self._open = True
            self._worker = asyncio.create_task(self._work())
        ### END SOLUTION

    async def predict(self, x: Any) -> Any:
        """The model's result for x. RuntimeError before `start()` and after `stop()`."""
        ### BEGIN SOLUTION
        if not self._open:
            raise RuntimeError(
                "the collector is not running: call start() first, and nothing after stop()"
            )
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._queue.append((x, answer, loop.time() + self._wait))
        self._changed.set()
        return await answer
        ### END SOLUTION

    async def stop(self) -> None:
        """Serve what was accepted, then return. No task stays behind."""
        ### BEGIN SOLUTION
        self._open = False
        self._changed.set()
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _batch_is_due(self) -> bool:
        """Wait until a batch may leave. False: stopped, and nobody is left."""
        while self._open and len(self._queue) < self._size:
            self._changed.clear()
            try:
                async with asyncio.timeout_at(self._queue[0][2] if self._queue else None):
                    await self._changed.wait()
            except TimeoutError:
                break
        return bool(self._queue)

    async def _work(self) -> None:
        while await self._batch_is_due():
            batch = [self._queue.popleft() for _ in range(min(self._size, len(self._queue)))]
            results: list[Any] = []
            failure: Exception | None = None
            try:
                results = await self._infer([x for x, _, _ in batch])
                if len(results) != len(batch):
                    raise ValueError(f"{len(batch)} requests, but {len(results)} results")
            except Exception as error:
                failure = error
            for i, (_, answer, _) in enumerate(batch):
                if answer.done():  # its caller gave up
                    continue
                if failure is None:
                    answer.set_result(results[i])
                else:
                    answer.set_exception(failure)
        ### END SOLUTION


# %% [markdown]
"""
Watch one batch before you run the checks. `send` calls `predict` on a timetable of `(ms, x)`, in virtual time.
"""


# %%
@try_it
async def three_requests_share_a_launch() -> list[Any]:
    gpu = SimulatedGPU(fixed_ms=20, per_item_ms=1)
    collector = BatchCollector(gpu, BatchConfig(max_batch_size=8, max_wait_ms=50))
    await collector.start()
    return [await send(collector, [(0, 1), (10, 2), (30, 3)]), gpu.log]


# %% nbgrader={"grade_id": "batch-checks", "grade": true}
@check(expect=[10, 20, 30, 40, 50], points=1, stage="core")
async def every_caller_gets_its_own_answer() -> list[Any]:
    """Keep each input together with the future that waits for its result."""
    collector = BatchCollector(SimulatedGPU(), BatchConfig(max_batch_size=2))
    await collector.start()
    return await send(collector, [(0, 1), (0, 2), (0, 3), (5, 4), (30, 5)])


@check(expect=[[125.0, 3]], points=1, stage="core")
async def a_full_batch_leaves_at_once() -> list[Any]:
    """One departure, at 125 ms, with 3 requests: the one that fills the batch ends the wait."""
    gpu = SimulatedGPU()
    collector = BatchCollector(gpu, BatchConfig(max_batch_size=3, max_wait_ms=1000))
    await collector.start()
    await send(collector, [(0, "a"), (62.5, "b"), (125, "c")])
    return gpu.departures


@check(expect=[[250.0, 3]], points=1, stage="core")
async def a_partial_batch_leaves_when_its_first_request_has_waited() -> list[Any]:
    """One departure, at 250 ms, with 3 requests: those who come later do not move the deadline."""
    gpu = SimulatedGPU()
    collector = BatchCollector(gpu, BatchConfig(max_batch_size=8, max_wait_ms=250))
    await collector.start()
    await send(collector, [(0, "a"), (125, "b"), (187.5, "c")])
    return gpu.departures


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=4, stage="core")
async def every_interleaving_gives_every_caller_its_own_answer(rng: Any) -> list[Any]:
    """A request that comes while a batch runs must not disturb who gets which result."""
    gpu = SimulatedGPU(fixed_ms=rng.randint(1, 30), per_item_ms=rng.randint(0, 3))
    config = BatchConfig(max_batch_size=rng.randint(2, 5), max_wait_ms=rng.randint(1, 40))
    collector = BatchCollector(gpu, config)
    await collector.start()
    return await send(collector, timetable(rng, rng.sample(range(1000), 40)))


@check(expect=[0, 1, 2, 3, 4, 5, 6], points=1, stage="core")
async def equal_requests_stay_separate_requests() -> list[Any]:
    """Two tenants may send the same text. Each is a request of its own."""
    count = itertools.count()
    collector = BatchCollector(
        SimulatedGPU(answer=lambda _: next(count)), BatchConfig(max_batch_size=4)
    )
    await collector.start()
    return sorted(await send(collector, [(0, "hello")] * 3 + [(5, "hello")] * 4))


@check(
    expect=[
        ["list"],
        ["NoneType", "ndarray", "ndarray", "dict", "list", "tuple", "str", "float", "bool"],
    ],
    points=1,
    stage="core",
)
async def anything_may_be_sent_and_returned() -> list[Any]:
    """None, empty and unhashable things are requests and results like any other."""
    given = set()

    async def echo(xs: list[Any]) -> list[Any]:
        given.add(type(xs).__name__)
        await asyncio.sleep(0.01)
        return list(xs)

    collector = BatchCollector(echo, BatchConfig(max_batch_size=4))
    await collector.start()
    xs: list[Any] = [None, np.zeros(2), np.zeros(2), {"text": "hi"}, [], (), "", 0.0, False]
    answers = await asyncio.gather(*(collector.predict(x) for x in xs))
    return [
        sorted(given),
        [type(x).__name__ for x, answer in zip(xs, answers, strict=True) if x is answer],
    ]


@check(expect=REFERENCE, points=1, seeds=3, stage="core")
async def requests_are_served_in_order_of_arrival(rng: Any) -> list[Any]:
    """First come, first served, within a batch and from batch to batch."""
    gpu = SimulatedGPU(fixed_ms=rng.choice([5, 30]))
    config = BatchConfig(max_batch_size=rng.randint(2, 4), max_wait_ms=rng.choice([5, 40]))
    collector = BatchCollector(gpu, config)
    await collector.start()
    burst = [(2000.0 + 8 * n, m) for n in range(4) for m in range(40 + 5 * n, 45 + 5 * n)]
    await send(collector, timetable(rng, range(40)) + burst)
    return gpu.items


@check(expect=REFERENCE, points=1, seeds=4, stage="core")
async def no_batch_is_larger_than_the_limit(rng: Any) -> int:
    """However long the queue is, a batch takes max_batch_size requests from it; during stop() too."""
    gpu, size = SimulatedGPU(), rng.randint(2, 6)
    collector = BatchCollector(gpu, BatchConfig(max_batch_size=size))
    await collector.start()
    await send(collector, [(0, n) for n in range(3 * size + 1)] + [(5, n) for n in range(3 * size)])
    callers = asyncio.ensure_future(send(collector, [(0, n) for n in range(3 * size)]))
    await asyncio.sleep(0.005)
    await collector.stop()
    await callers
    return max(map(len, gpu.batches))


@check(expect=REFERENCE, points=2, seeds=4, stage="core")
async def the_wait_counts_from_arrival_not_from_wake_up(rng: Any) -> list[Any]:
    """A request that came while the GPU was busy has used up part of its wait already."""
    busy, wait, came = rng.randint(20, 30), rng.randint(70, 90), rng.randint(1, 15)
    gpu = SimulatedGPU(fixed_ms=busy * TICK, per_item_ms=0)
    collector = BatchCollector(gpu, BatchConfig(max_batch_size=3, max_wait_ms=wait * TICK))
    await collector.start()
    await send(collector, [(0, 1), (0, 2), (0, 3), (came * TICK, 4), ((busy + 5) * TICK, 5)])
    return gpu.departures


@check(expect=REFERENCE, points=1, seeds=4, stage="core")
async def what_fell_due_meanwhile_leaves_when_the_worker_is_free(rng: Any) -> list[float]:
    """Full or overdue: when the batch before it ends, it need not wait again."""
    busy, came, left = rng.randint(60, 90) * TICK, rng.randint(5, 15) * TICK, []
    for wait, behind in (
        (rng.randint(10, 30), [(came, 3)]),
        (512, [(came, 3), (came + 20 * TICK, 4)]),
    ):
        gpu = SimulatedGPU(fixed_ms=busy, per_item_ms=0)
        collector = BatchCollector(gpu, BatchConfig(max_batch_size=2, max_wait_ms=wait * TICK))
        await collector.start()
        await send(collector, [(0, 1), (0, 2), *behind])
        left.append(gpu.sent_ms[-1])
    return left


@check(expect=[[0.0, 1], [62.5, 1], [187.5, 1]], points=1, stage="core")
async def without_a_wait_a_free_worker_sends_at_once() -> list[Any]:
    """A wait of 0 is a wait of 0."""
    gpu = SimulatedGPU(fixed_ms=31.25, per_item_ms=0)
    collector = BatchCollector(gpu, BatchConfig(max_batch_size=8, max_wait_ms=0))
    await collector.start()
    await send(collector, [(0, 1), (62.5, 2), (187.5, 3)])
    return gpu.departures


@check(expect=REFERENCE, points=1, seeds=2, stage="core")
async def one_batch_is_on_the_gpu_at_a_time(rng: Any) -> list[int]:
    """There is one worker and one GPU. Two batches at once would fight over its memory."""
    gpu, requests = SimulatedGPU(), rng.randint(20, 99)
    collector = BatchCollector(gpu, BatchConfig(max_batch_size=2, max_wait_ms=5))
    await collector.start()
    await send(collector, [(3 * n, n) for n in range(requests)])
    return [gpu.most_at_once, gpu.served]


@check(expect=REFERENCE, points=2, seeds=2, stage="core")
async def any_traffic_leaves_in_the_right_batches_at_the_right_times(rng: Any) -> list[Any]:
    """Play the rules through: who waits, since when, and what is the worker doing?"""
    worlds = (1, 20, 10, 0), (2, 40, 3, 1), (3, 0, 20, 2), (4, 15, 40, 2), (4, 60, 20, 0)
    seen = []
    for size, wait, fixed, per_item in worlds:
        gpu = SimulatedGPU(fixed_ms=fixed * TICK, per_item_ms=per_item * TICK)
        collector = BatchCollector(gpu, BatchConfig(max_batch_size=size, max_wait_ms=wait * TICK))
        await collector.start()
        await send(collector, timetable(rng, range(40), bursts=wait > 0))
        seen.append(gpu.departures)
    return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""
## 3 · Contain the failures

Go back to your class. Each of these must hurt only those it concerns:

1. An exception in `inference_fn` reaches the callers of that batch. A list of the wrong length (short, long, empty)
   fails them all with `ValueError`. The next batch is served.
2. Callers give up, cancelled or timed out: in the queue or during inference, one or all, in a batch that works or
   fails. Nobody else notices. Whether their requests still reach the model is up to you.
3. `start()` again, at the same moment or later, is still one worker. `predict` before `start` or after `stop` raises
   `RuntimeError` and queues nothing.
4. `stop()` lets waiting requests leave at once, batch by batch, and returns when all accepted ones are served, even if
   the last batch fails. No task stays. A request that comes while it works is refused or served, never forgotten.
5. Two collectors share nothing.

<details><summary>Hint 1 · Who may raise</summary>Only the call of the model, and your look at the length of what it
returned. Nothing else belongs in the <code>try</code>, and nothing may leave the worker's loop.</details>
<details><summary>Hint 2 · Callers who left</summary>A cancelled caller cancels the future it awaits. Setting a result
on that future raises <code>InvalidStateError</code>: ask <code>done()</code> first.</details>
<details><summary>Hint 3 · A clean end</summary>Closing the door and waking the worker is enough, if the worker ends by
itself once the door is closed and the queue empty. Then wait for it.</details>
"""


# %%
@try_it
async def one_caller_leaves_and_the_collector_stops() -> list[Any]:
    gpu = SimulatedGPU()
    collector = BatchCollector(gpu, BatchConfig(max_batch_size=8, max_wait_ms=50))
    await collector.start()
    callers = asyncio.ensure_future(send(collector, [(0, 1), (1, 2), (2, 3)], gives_up={1: 10}))
    await asyncio.sleep(0.020)
    await collector.stop()
    return [await callers, gpu.log]


# %% nbgrader={"grade_id": "batch-failure-checks", "grade": true}
async def refuse_bad(xs: list[Any]) -> list[Any]:
    """A model that takes 20 ms and chokes on "bad"."""
    await asyncio.sleep(0.020)
    if "bad" in xs:
        raise MemoryError("CUDA out of memory")
    return [x.upper() for x in xs]


@check(expect=[["raised MemoryError", "raised MemoryError"], ["C", "D"]], points=1, stage="core")
async def an_exception_fails_the_callers_of_its_batch() -> list[Any]:
    """Hand it to their futures, and go on with the next batch."""
    collector = BatchCollector(refuse_bad, BatchConfig(max_batch_size=2))
    await collector.start()
    return [
        await send(collector, [(0, "a"), (0, "bad")]),
        await send(collector, [(0, "c"), (0, "d")]),
    ]


@check(expect=["raised TimeoutError", 20], points=1, stage="cancel")
async def a_caller_that_times_out_does_not_take_others_along() -> list[Any]:
    """Its future is cancelled; the others still wait."""
    collector = BatchCollector(SimulatedGPU(), BatchConfig(max_batch_size=4))
    await collector.start()
    hasty = asyncio.ensure_future(asyncio.wait_for(collector.predict(1), 0.010))
    await asyncio.sleep(0.001)
    patient = asyncio.ensure_future(collector.predict(2))
    await asyncio.wait([hasty, patient])
    return [told(hasty), told(patient)]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=3, stage="core")
async def no_exception_reaches_those_who_wait_behind(rng: Any) -> list[Any]:
    """Whatever the model raises, only the batch on the GPU is lost."""
    failures = [KeyError, OSError, TimeoutError, ValueError, ZeroDivisionError, IndexError]
    rng.shuffle(failures)
    size = rng.randint(2, 4)

    async def model(xs: list[Any]) -> list[Any]:
        await asyncio.sleep(0.020)
        for x in xs:
            if x % 10 == 0:
                raise failures[x // 20 % 6]("this batch is lost")
        return [x + 1 for x in xs]

    collector = BatchCollector(model, BatchConfig(max_batch_size=size))
    await collector.start()
    arrivals = []
    for batch in range(12):  # each comes while the one before it runs
        xs = [1, 2, 3, 4] if batch % 2 else [3, 0, 1, 2]
        arrivals += [(max(0, 20 * batch - 10), 10 * batch + x) for x in xs[:size]]
    return await send(collector, arrivals)


@check(expect=REFERENCE, points=2, seeds=3, stage="wrong-length")
async def a_result_list_of_the_wrong_length_fails_its_whole_batch(rng: Any) -> list[Any]:
    """With too few or too many results nobody knows whose is whose, so nobody gets one."""
    lengths = [0, 1, 2, 4, 7]
    rng.shuffle(lengths)
    plan = [n for length in lengths for n in (length, 3)]

    async def model(xs: list[Any]) -> list[Any]:
        await asyncio.sleep(0.010)
        return [10 * x for x in list(xs) * 3][: plan.pop(0)]

    collector = BatchCollector(model, BatchConfig(max_batch_size=3))
    await collector.start()
    return [await send(collector, [(0, 3 * n), (0, 3 * n + 1), (0, 3 * n + 2)]) for n in range(10)]


@check(expect=REFERENCE, points=1, seeds=3, stage="cancel")
async def a_caller_that_gives_up_in_the_queue_changes_nothing(rng: Any) -> list[Any]:
    """The results must still go to the right callers."""
    seen = []
    for gone in ([0], rng.sample(range(5), 2), rng.sample(range(5), 4)):
        collector = BatchCollector(SimulatedGPU(), BatchConfig(max_batch_size=8))
        await collector.start()
        arrivals = [(n, x) for n, x in enumerate(rng.sample(range(100), 5))]
        seen.append(await send(collector, arrivals, gives_up=dict.fromkeys(gone, 20)))
    return seen


@check(expect=REFERENCE, points=2, seeds=3, stage="cancel")
async def a_caller_that_gives_up_during_inference_changes_nothing(rng: Any) -> list[Any]:
    """The others in its batch get their results, and so does whoever waits behind."""
    seen = []
    for gone in ([0], [3], rng.sample(range(4), 2), rng.sample(range(4), 3)):
        collector = BatchCollector(SimulatedGPU(), BatchConfig(max_batch_size=4))
        await collector.start()
        arrivals = [(0, x) for x in rng.sample(range(100), 4)] + [(12, 100), (14, 101)]
        seen.append(await send(collector, arrivals, gives_up=dict.fromkeys(gone, 10)))
    return seen


@check(expect=[["gave up", "gave up", 30], ["gave up", "gave up", 30]], points=1, stage="cancel")
async def a_batch_that_everybody_left_does_not_stop_the_worker() -> list[Any]:
    """First all give up in the queue, then, with a full batch, during inference."""
    seen = []
    for size, later in ((8, 100), (2, 15)):
        collector = BatchCollector(SimulatedGPU(), BatchConfig(max_batch_size=size))
        await collector.start()
        seen.append(await send(collector, [(0, 1), (0, 2), (later, 3)], gives_up={0: 10, 1: 10}))
    return seen


@check(
    expect=["raised MemoryError", "gave up", "raised MemoryError", "D", "E", "F"],
    points=1,
    stage="cancel",
)
async def a_caller_may_give_up_on_a_batch_that_fails() -> list[Any]:
    """A future that is done takes no exception either."""
    collector = BatchCollector(refuse_bad, BatchConfig(max_batch_size=3))
    await collector.start()
    arrivals = [(0, "a"), (0, "b"), (0, "bad"), (50, "d"), (50, "e"), (50, "f")]
    return await send(collector, arrivals, gives_up={1: 10})


@check(expect=[["raised RuntimeError", 20, "raised RuntimeError"], [2]], points=1, stage="stop")
async def predict_outside_of_start_and_stop_is_refused() -> list[Any]:
    """Nobody would ever answer. What was refused must not be sent later either."""
    gpu = SimulatedGPU()
    collector = BatchCollector(gpu, BatchConfig())
    answers = await send(collector, [(0, 1)])
    await collector.start()
    answers += await send(collector, [(0, 2)])
    await collector.stop()
    answers += await send(collector, [(0, 3)])
    return [answers, gpu.items]


@check(expect=REFERENCE, points=1, seeds=3, stage="stop")
async def stop_lets_waiting_requests_leave_at_once(rng: Any) -> list[Any]:
    """After stop() no company can come, so there is nothing to wait for once the GPU is free."""
    seen = []
    for size, free in (8, 0.0), (2, 40 * TICK):
        gpu, stop = SimulatedGPU(fixed_ms=40 * TICK, per_item_ms=0), rng.randint(15, 30) * TICK
        collector = BatchCollector(gpu, BatchConfig(max_batch_size=size, max_wait_ms=5000))
        await collector.start()
        callers = asyncio.ensure_future(send(collector, [(0, 1), (0, 2), (10 * TICK, 3)]))
        await asyncio.sleep(stop / 1000)
        await collector.stop()
        answers, latest = await callers, max(stop, free) + 0.01
        seen.append({"too late": [at for at in gpu.sent_ms if at > latest], "answers": answers})
    return seen


@check(expect=REFERENCE, points=1, seeds=3, stage="stop")
async def stop_returns_when_everything_accepted_is_served(rng: Any) -> list[Any]:
    """The batch that runs, the full ones behind it, and the last partial one."""
    gpu, size, full = SimulatedGPU(), rng.randint(2, 4), rng.randint(2, 4)
    collector = BatchCollector(gpu, BatchConfig(max_batch_size=size))
    await collector.start()
    callers = asyncio.ensure_future(send(collector, [(0, n) for n in range(size * full + 1)]))
    await asyncio.sleep(0.005)
    await collector.stop()
    served = gpu.served
    return [served, await callers]


@check(expect=["returned", ["raised MemoryError", "raised MemoryError"]], points=1, stage="stop")
async def stop_returns_although_the_last_batch_fails() -> list[Any]:
    """The failure belongs to the callers, not to whoever stops the collector."""
    collector = BatchCollector(refuse_bad, BatchConfig(max_batch_size=2))
    await collector.start()
    callers = asyncio.ensure_future(send(collector, [(0, "a"), (0, "bad")]))
    await asyncio.sleep(0.005)
    await collector.stop()
    return ["returned", await callers]


def refused_or_served(seen: object) -> bool:
    """30, or an exception"""
    return seen == 30 or (isinstance(seen, str) and seen.startswith("raised "))


@check(expect=is_true_of(refused_or_served), points=1, stage="stop")
async def a_request_during_stop_is_refused_or_served() -> Any:
    """Whoever gets past the door must be counted."""
    collector = BatchCollector(SimulatedGPU(), BatchConfig(max_batch_size=2))
    await collector.start()
    callers = asyncio.ensure_future(send(collector, [(0, 1), (0, 2), (10, 3)]))
    await asyncio.sleep(0.005)
    await collector.stop()
    return (await callers)[2]


async def tasks_left_by(*calls: Awaitable[None]) -> int:
    """How many more tasks there are some turns of the loop after these calls."""
    before = asyncio.all_tasks()
    await asyncio.gather(*calls)
    for _ in range(5):
        await asyncio.sleep(0)
    return len(asyncio.all_tasks() - before)


@check(expect={"idle": 0, "after traffic": 0, "sent": True}, points=1, stage="stop")
async def no_task_stays_after_stop() -> dict[str, int]:
    """Timers and helpers count as well."""
    gpu = SimulatedGPU()

    async def life(arrivals: list[tuple[float, int]]) -> None:
        collector = BatchCollector(gpu, BatchConfig(max_batch_size=3, max_wait_ms=1000))
        await collector.start()
        await asyncio.sleep(0.010)
        if arrivals:
            await send(collector, arrivals)
        await collector.stop()

    traffic = [(0.0, 1), (5.0, 2), (6.0, 3), (40.0, 4), (50.0, 5), (51.0, 6)]
    left = {
        "idle": await tasks_left_by(life([])),
        "after traffic": await tasks_left_by(life(traffic)),
    }
    return {**left, "sent": gpu.served > 0}


@check(expect={"more tasks": [0, 0], "answers": [10, 20, 30]}, points=1, stage="stop")
async def starting_twice_makes_one_worker() -> dict[str, Any]:
    """A second start(), at once or in the middle of the work, changes nothing."""
    first, second = (
        BatchCollector(SimulatedGPU(), BatchConfig(max_batch_size=2)) for _ in range(2)
    )
    once = await tasks_left_by(first.start())
    again = await tasks_left_by(first.start())
    together = await tasks_left_by(second.start(), second.start())
    callers = asyncio.ensure_future(send(first, [(0, 1), (0, 2), (5, 3)]))
    await asyncio.sleep(0.010)
    await first.start()
    return {"more tasks": [again, together - once], "answers": await callers}


@check(expect=[[2, 3, 4], [-4, -5, -6]], points=1, stage="core")
async def two_collectors_share_nothing() -> list[Any]:
    """One tenant's model must never see another tenant's requests."""
    collectors = [
        BatchCollector(SimulatedGPU(answer=answer), BatchConfig(max_batch_size=2))
        for answer in (lambda x: x + 1, lambda x: -x)
    ]
    await asyncio.gather(*(collector.start() for collector in collectors))
    traffic = [(0, 1), (5, 2), (10, 3)], [(1, 4), (6, 5), (11, 6)]
    return list(await asyncio.gather(*map(send, collectors, traffic)))


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""
Now the question from 9:02: where do the dials belong? The picture runs *your* collector on the simulated GPU, in
virtual time, once for every mark. Move one dial at a time and watch both rows.
"""


# %%
def under_load(max_batch_size: int, max_wait_ms: float, per_second: float) -> TradeOff:
    def serve(size: int, wait: float) -> LoadReport:
        return load_test(lambda gpu: BatchCollector(gpu, BatchConfig(size, wait)), per_second)

    return trade_off(serve, max_batch_size, max_wait_ms)


explore(
    plot_trade_off,
    data=under_load,
    caption="Throughput (circles) and p95 latency (squares) against the batch size and the wait.",
    size=(9, 4.8),
    max_batch_size=slider(1, 32, 1, 16),
    max_wait_ms=slider(0, 80, 1, 20),
    per_second=slider(20, 600, 20, 300, "requests per second"),
)

# %% [markdown]
"""
## Weigh it up

The dials stand at 16 and 20 ms, 300 requests a second arrive, p95 is within its 100 ms. At night traffic falls to 20 a
second; on Mondays it will reach 600. *Which dial do you turn for the night, which for Monday, what does neither of them
fix, and which numbers do you watch?* Move the sliders first, then answer in 100 to 200 words.
"""

# %% [markdown] nbgrader={"grade_id": "batch-tradeoff", "grade": true, "solution": true, "points": 4}
"""
### BEGIN SOLUTION
**Model answer.** At night requests come 50 ms apart, so a wait of 20 ms rarely finds company: it adds 20 ms to nearly
every request and saves next to nothing, on a GPU that is idle anyway. I turn the wait down, to 0 or a few ms. The batch
size does not matter then, because no batch fills.

On Monday the queue fills batches by itself, so the wait hardly matters and the size does: capacity is
n / (20 + n) per ms, 444 a second at 16 and 615 at 32. At 600 a size of 32 barely keeps up, one burst away from a queue
that grows without end, and a batch of 32 needs more GPU memory and makes everybody wait 52 ms for the slowest. So I
raise the size to what memory and the promise allow, and add a replica before the load comes close to capacity.

Neither dial adds capacity beyond that, bounds the queue, or is fair: one tenant's burst delays all others. That takes a
bounded queue with early refusal, and a limit or a queue for each tenant. I watch p95 split into waiting and inference,
queue depth, mean batch size and GPU memory, by tenant, and try new settings on a canary first.

**Rubric**, a point each: (1) night: the wait is pure latency when no company comes, so it goes down; (2) Monday: the
size sets capacity, reasoned with numbers from the plot or from a + b*n; (3) names a cost or limit of large batches
(memory, slowest item, bigger share of callers lost with a failing batch) or of running close to capacity; (4) says
what the dials do not solve (overload, fairness between tenants) and what to measure.

*Weak* (1): "less wait at night, bigger batches on Monday": the night has its reason, but Monday has no number, and no
price or limit is named. *Good* (2–3): both dials go the right way with a reason, and Monday has a number from the
plot or from a + b·n. It may add what large batches cost, or what the dials leave unsolved, but one of the two is
missing. *Strong* (4): all of that: sets 600 a second against the capacity at each size, names a cost such as memory
or the slowest item, and says that overload and an unfair tenant need other tools. The numbers to watch are named.
### END SOLUTION
"""

# %% [markdown]
"""
## What you now know
A batcher is a queue with one deadline, that of its oldest request, and a worker that decides afresh each time it wakes.
Futures keep callers apart; one narrow `try` keeps failures apart.

**In practice** Triton, TorchServe and Ray Serve bring this with the same two dials. Language models batch per token
instead (continuous batching). Either way, bound the queue.

**Asked next**

- How do you halve the cost per 1,000 predictions? *Cost optimisation is 10 % of the deep dive; batching is worth 2–3x
  throughput for each GPU.*
<details><summary>An answer</summary>

I measure cost per 1,000 for each model and batch first, since two to three times the throughput of one GPU already
cuts the price to half or less. If that falls short, lower precision, a cache for repeated inputs and spot machines
for batch work come next, each with its risk.

</details>

- One tenant sends 90 % of the load: who waits? *Isolation: 20 % of a design's score.*
<details><summary>An answer</summary>

Behind one queue everybody waits, so each tenant gets a queue of its own and they take turns, weighted by what they
pay. The large tenant may use what others leave free; above its share it waits or is refused.

</details>

- What scales the replicas? *Queue depth, then GPU use. Scalability: 15 %; trade-offs: 20 %.*
<details><summary>An answer</summary>

The number of waiting requests for each replica leads, because it rises before anybody is late. GPU use tells whether
the replicas that are there work well, but batching keeps it high on purpose, so it does not mean overload.

</details>
"""
