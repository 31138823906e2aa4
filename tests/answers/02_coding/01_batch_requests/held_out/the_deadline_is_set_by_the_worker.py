"""The worker takes the time when it opens a batch."""

SLIP = "wait_counts_from_wake_up"

# %% batch-config
import asyncio
import contextlib
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
        self.inference_fn = inference_fn
        self.config = config
        self.queue = None
        self.worker = None
        self.stopped = False

    async def start(self):
        if self.worker is None:
            self.queue = asyncio.Queue()
            self.worker = asyncio.ensure_future(self._run())

    async def predict(self, x):
        if self.worker is None or self.stopped:
            raise RuntimeError("not running")
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self.queue.put_nowait((x, future, loop.time()))
        return await future

    async def stop(self):
        if self.worker is None:
            return
        if not self.stopped:
            self.stopped = True
            self.queue.put_nowait(None)
        await asyncio.gather(self.worker, return_exceptions=True)

    async def _run(self):
        loop = asyncio.get_running_loop()
        closing = False
        while not closing:
            first = await self.queue.get()
            if first is None:
                return
            batch = [first]
            deadline = loop.time() + self.config.max_wait_ms / 1000
            while len(batch) < self.config.max_batch_size and not closing:
                item = None
                try:
                    item = self.queue.get_nowait()
                except asyncio.QueueEmpty:
                    left = deadline - loop.time()
                    if left <= 0:
                        break
                    getter = asyncio.ensure_future(self.queue.get())
                    await asyncio.wait([getter], timeout=left)
                    if not getter.done():
                        getter.cancel()
                        with contextlib.suppress(asyncio.CancelledError):
                            await getter
                        continue
                    item = getter.result()
                if item is None:
                    closing = True
                else:
                    batch.append(item)
            await self._serve(batch)

    async def _serve(self, batch):
        try:
            results = await self.inference_fn([x for x, _, _ in batch])
            if len(results) != len(batch):
                raise ValueError("wrong number of results")
        except Exception as error:
            for _, future, _ in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future, _), result in zip(batch, results):
            if not future.done():
                future.set_result(result)
