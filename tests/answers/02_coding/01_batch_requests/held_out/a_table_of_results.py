"""Makes a dictionary from inputs to results."""

SLIP = "results_by_input"

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
class _Batch:
    """Fills up; `go` is set when it is full or the collector stops."""

    def __init__(self, opened, size):
        self.inputs, self.futures = [], []
        self.opened, self.size = opened, size
        self.go = asyncio.Event()

    def add(self, x, future):
        self.inputs.append(x)
        self.futures.append(future)
        if len(self.inputs) == self.size:
            self.go.set()

    def settle(self, results=None, error=None):
        table = dict(zip(self.inputs, results)) if error is None else {}
        for x, future in zip(self.inputs, self.futures):
            if future.done():
                continue
            if error is None:
                future.set_result(table[x])
            else:
                future.set_exception(error)


class BatchCollector:
    def __init__(self, inference_fn, config):
        self._fn, self._config = inference_fn, config
        self._batches: asyncio.Queue = asyncio.Queue()
        self._open = None
        self._worker = None
        self._stopping = False

    async def start(self):
        self._worker = self._worker or asyncio.create_task(self._main())

    async def predict(self, x):
        if not self._worker or self._stopping:
            raise RuntimeError("start() first; not after stop()")
        loop = asyncio.get_running_loop()
        if self._open is None or self._open.go.is_set():
            self._open = _Batch(loop.time(), self._config.max_batch_size)
            self._batches.put_nowait(self._open)
        future = loop.create_future()
        self._open.add(x, future)
        return await future

    async def stop(self):
        if self._stopping or not self._worker:
            return
        self._stopping = True
        if self._open is not None:
            self._open.go.set()
        self._batches.put_nowait(None)
        await self._worker

    async def _main(self):
        while (batch := await self._batches.get()) is not None:
            due = batch.opened + self._config.max_wait_ms / 1000
            try:
                async with asyncio.timeout_at(due):
                    await batch.go.wait()
            except TimeoutError:
                batch.go.set()
            try:
                results = await self._fn(list(batch.inputs))
                if len(results) != len(batch.inputs):
                    raise ValueError("wrong number of results")
            except Exception as error:
                batch.settle(error=error)
            else:
                batch.settle(results)
