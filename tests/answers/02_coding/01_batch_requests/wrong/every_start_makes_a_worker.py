"""A second start() makes a second worker."""

FAILS = {"starting_twice_makes_one_worker"}

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
