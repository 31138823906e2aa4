"""The timer is set for the newest request."""

SLIP = "every_request_moves_the_deadline"

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
        self._fn, self._config = inference_fn, config
        self._waiting = []
        self._timer = None
        self._job = None
        self._state = "new"
        self._idle = None

    async def start(self):
        if self._state == "new":
            self._state = "running"
            self._idle = asyncio.Event()
            self._idle.set()

    async def predict(self, x):
        if self._state != "running":
            raise RuntimeError(f"collector is {self._state}")
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting.append((loop.time(), x, future))
        self._idle.clear()
        self._consider()
        return await future

    async def stop(self):
        if self._state == "new":
            self._state = "stopped"
            return
        self._state = "stopped"
        self._consider()
        await self._idle.wait()

    def _consider(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._job is not None:
            return
        if not self._waiting:
            self._idle.set()
            return
        loop = asyncio.get_running_loop()
        due = self._waiting[-1][0] + self._config.max_wait_ms / 1000
        if len(self._waiting) >= self._config.max_batch_size or self._state == "stopped" or due <= loop.time():
            self._leave()
        else:
            self._timer = loop.call_at(due, self._leave)

    def _leave(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        size = self._config.max_batch_size
        batch, self._waiting = self._waiting[:size], self._waiting[size:]
        self._job = asyncio.get_running_loop().create_task(self._serve(batch))

    async def _serve(self, batch):
        futures = [f for _, _, f in batch]
        try:
            results = list(await self._fn([x for _, x, _ in batch]))
            if len(results) != len(futures):
                raise ValueError(f"{len(results)} results for {len(futures)} requests")
            for future, result in zip(futures, results):
                if not future.cancelled():
                    future.set_result(result)
        except Exception as error:
            for future in futures:
                if not future.done():
                    future.set_exception(error)
        finally:
            self._job = None
            self._consider()
