"""Each batch is served by a chain of tasks: the lock holder collects, sends, and wakes the next one."""

# %% batch-config
import asyncio
from dataclasses import dataclass


@dataclass
class BatchConfig:
    max_batch_size: int = 16
    max_wait_ms: float = 50

    def __post_init__(self):
        if self.max_batch_size < 1:
            raise ValueError("max_batch_size must be at least 1")
        if self.max_wait_ms < 0:
            raise ValueError("max_wait_ms must be at least 0")


# %% batch
class BatchCollector:
    def __init__(self, inference_fn, config):
        self._fn, self._cfg = inference_fn, config
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._queue: list = []
        self._drains: set = set()
        self._started = self._stopped = False

    async def start(self):
        self._started = True

    async def predict(self, x):
        if not self._started or self._stopped:
            raise RuntimeError("not running")
        loop = asyncio.get_running_loop()
        entry = (x, loop.create_future(), loop.time() + self._cfg.max_wait_ms / 1000)
        self._queue.append(entry)
        self._changed.set()
        drain = asyncio.create_task(self._drain())
        self._drains.add(drain)
        drain.add_done_callback(self._drains.discard)
        return await entry[1]

    async def stop(self):
        self._stopped = True
        self._changed.set()
        while self._drains:
            await asyncio.wait(set(self._drains))

    async def _drain(self):
        loop = asyncio.get_running_loop()
        async with self._lock:
            while self._queue:
                left = self._queue[0][2] - loop.time()
                if len(self._queue) >= self._cfg.max_batch_size or left <= 0 or self._stopped:
                    break
                self._changed.clear()
                waiter = asyncio.create_task(self._changed.wait())
                await asyncio.wait({waiter}, timeout=left)
                waiter.cancel()
            batch = [self._queue.pop(0) for _ in range(min(self._cfg.max_batch_size, len(self._queue)))]
            if not batch:
                return
            outcome = (await asyncio.gather(self._fn([e[0] for e in batch]), return_exceptions=True))[0]
            if not isinstance(outcome, BaseException) and len(outcome) != len(batch):
                outcome = ValueError("wrong length")
            for i, (_, future, _) in enumerate(batch):
                if future.done():
                    pass
                elif isinstance(outcome, BaseException):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome[i])
