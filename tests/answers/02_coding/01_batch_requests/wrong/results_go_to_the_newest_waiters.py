"""Looks up who waits after inference, not before."""

FAILS = {
    "a_batch_that_everybody_left_does_not_stop_the_worker",
    "a_caller_that_gives_up_during_inference_changes_nothing",
    "any_traffic_leaves_in_the_right_batches_at_the_right_times",
    "anything_may_be_sent_and_returned",
    "equal_requests_stay_separate_requests",
    "every_caller_gets_its_own_answer",
    "every_interleaving_gives_every_caller_its_own_answer",
    "no_batch_is_larger_than_the_limit",
    "no_exception_reaches_those_who_wait_behind",
    "one_batch_is_on_the_gpu_at_a_time",
    "requests_are_served_in_order_of_arrival",
    "starting_twice_makes_one_worker",
    "stop_lets_waiting_requests_leave_at_once",
    "stop_returns_when_everything_accepted_is_served",
    "the_wait_counts_from_arrival_not_from_wake_up",
    "two_collectors_share_nothing",
    "what_fell_due_meanwhile_leaves_when_the_worker_is_free",
}

# %% batch-config
import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BatchConfig:
    max_batch_size: int = 16
    max_wait_ms: float = 50

    def __post_init__(self) -> None:
        if self.max_batch_size < 1:
            raise ValueError(f"max_batch_size must be 1 or more, not {self.max_batch_size}")
        if not self.max_wait_ms >= 0:
            raise ValueError(f"max_wait_ms must not be negative, but is {self.max_wait_ms}")


# %% batch
class BatchCollector:
    def __init__(self, inference_fn: Callable[[list[Any]], Awaitable[list[Any]]], config: BatchConfig) -> None:
        self._infer, self._size, self._wait = inference_fn, config.max_batch_size, config.max_wait_ms / 1000
        self._queue: deque[tuple[Any, asyncio.Future[Any], float]] = deque()  # input, answer, deadline
        self._changed = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._open = False

    async def start(self) -> None:
        if self._worker is None:
            self._open = True
            self._worker = asyncio.create_task(self._work())

    async def predict(self, x: Any) -> Any:
        if not self._open:
            raise RuntimeError("the collector is not running: call start() first, and nothing after stop()")
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._queue.append((x, answer, loop.time() + self._wait))
        self._changed.set()
        return await answer

    async def stop(self) -> None:
        self._open = False
        self._changed.set()
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _batch_is_due(self) -> bool:
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
            batch = list(self._queue)[: self._size]
            results: list[Any] = []
            failure: Exception | None = None
            try:
                results = await self._infer([x for x, _, _ in batch])
                if len(results) != len(batch):
                    raise ValueError(f"{len(batch)} requests, but {len(results)} results")
            except Exception as error:
                failure = error
            for i, (_, answer, _) in enumerate(list(self._queue)[-len(batch) :]):
                if answer.done():  # its caller gave up
                    continue
                if failure is None:
                    answer.set_result(results[i])
                else:
                    answer.set_exception(failure)
            for _ in batch:
                self._queue.popleft()
