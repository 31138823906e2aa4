"""An asyncio.Condition guards a list; callers who give up take their request back out."""

# %% batch-config
import asyncio
import time
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
class Request:
    def __init__(self, x, arrived):
        self.x = x
        self.arrived = arrived
        self.outcome = asyncio.get_running_loop().create_future()


class BatchCollector:
    def __init__(self, inference_fn, config):
        self._model = inference_fn
        self._limit = config.max_batch_size
        self._patience = config.max_wait_ms / 1000
        self._requests = []
        self._news = asyncio.Condition()
        self._task = None
        self._closed = False

    async def start(self):
        async with self._news:
            if self._task is None:
                self._task = asyncio.create_task(self._loop(), name="batch worker")

    async def predict(self, x):
        if self._task is None or self._closed:
            raise RuntimeError("predict needs a running collector")
        request = Request(x, time.monotonic())
        self._requests.append(request)
        try:
            async with self._news:
                self._news.notify_all()
            return await request.outcome
        except asyncio.CancelledError:
            self._requests = [r for r in self._requests if r is not request]
            raise

    async def stop(self):
        self._closed = True
        if self._task is None:
            return
        async with self._news:
            self._news.notify_all()
        await asyncio.shield(self._task)

    async def _loop(self):
        while True:
            async with self._news:
                while not self._may_leave():
                    if self._closed and not self._requests:
                        return
                    left = None
                    if self._requests:
                        left = self._requests[0].arrived + self._patience - time.monotonic()
                    try:
                        await asyncio.wait_for(self._news.wait(), left)
                    except asyncio.TimeoutError:
                        pass
                batch = self._requests[: self._limit]
                del self._requests[: self._limit]
            await self._serve(batch)

    def _may_leave(self):
        if not self._requests:
            return False
        if self._closed or len(self._requests) >= self._limit:
            return True
        return time.monotonic() >= self._requests[0].arrived + self._patience

    async def _serve(self, batch):
        inputs = [r.x for r in batch]
        try:
            outputs = await self._model(inputs)
        except Exception as error:
            self._fail(batch, error)
            return
        if len(outputs) != len(batch):
            self._fail(batch, ValueError("the model returned a list of the wrong length"))
            return
        for request, output in zip(batch, outputs):
            if not request.outcome.done():
                request.outcome.set_result(output)

    @staticmethod
    def _fail(batch, error):
        for request in batch:
            if not request.outcome.done():
                request.outcome.set_exception(error)
