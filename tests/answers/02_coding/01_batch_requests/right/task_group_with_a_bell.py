"""Plain config class; a supervisor task holds a TaskGroup; the worker awaits one-shot futures as wake-up calls."""

# %% batch-config
import asyncio
from collections import deque


class BatchConfig:
    def __init__(self, max_batch_size=16, max_wait_ms=50):
        for name, value, least in (("max_batch_size", max_batch_size, 1), ("max_wait_ms", max_wait_ms, 0)):
            if not isinstance(value, (int, float)):
                raise TypeError(f"{name} must be a number, got {type(value).__name__}")
            if value < least:
                raise ValueError(f"{name} must be {least} or more, got {value}")
        self.max_batch_size, self.max_wait_ms = max_batch_size, max_wait_ms


# %% batch
class BatchFailed(RuntimeError):
    pass


class BatchCollector:
    def __init__(self, inference_fn, config):
        self.fn, self.cfg = inference_fn, config
        self.pending = deque()
        self.bell = None
        self.supervisor = None
        self.ready = None
        self.accepting = False

    async def start(self):
        if self.supervisor is None:
            self.ready = asyncio.Event()
            self.supervisor = asyncio.create_task(self._supervise())
        await self.ready.wait()

    async def _supervise(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work())
            self.accepting = True
            self.ready.set()

    async def predict(self, x):
        if not self.accepting:
            raise RuntimeError("collector is not accepting requests")
        loop = asyncio.get_running_loop()
        slot = loop.create_future()
        self.pending.append({"x": x, "slot": slot, "due": loop.time() + self.cfg.max_wait_ms / 1e3})
        self._ring()
        return await slot

    async def stop(self):
        self.accepting = False
        self._ring()
        if self.supervisor:
            await self.supervisor

    def _ring(self):
        if self.bell is not None and not self.bell.done():
            self.bell.set_result(None)

    async def _sleep_until(self, when):
        loop = asyncio.get_running_loop()
        self.bell = loop.create_future()
        alarm = loop.call_at(when, self._ring) if when is not None else None
        await self.bell
        self.bell = None
        if alarm:
            alarm.cancel()

    async def _work(self):
        loop = asyncio.get_running_loop()
        while self.accepting or self.pending:
            while self.pending and self.pending[0]["slot"].done():
                self.pending.popleft()
            if not self.pending:
                if self.accepting:
                    await self._sleep_until(None)
                continue
            due = self.pending[0]["due"]
            full = len(self.pending) >= self.cfg.max_batch_size
            if self.accepting and not full and due > loop.time():
                await self._sleep_until(due)
                continue
            batch = []
            while self.pending and len(batch) < self.cfg.max_batch_size:
                request = self.pending.popleft()
                if not request["slot"].done():
                    batch.append(request)
            if batch:
                await self._run(batch)

    async def _run(self, batch):
        try:
            answers = await self.fn([r["x"] for r in batch])
        except Exception as cause:
            for r in batch:
                if not r["slot"].done():
                    error = BatchFailed(str(cause))
                    error.__cause__ = cause
                    r["slot"].set_exception(error)
            return
        for i, r in enumerate(batch):
            if r["slot"].done():
                continue
            if len(answers) == len(batch):
                r["slot"].set_result(answers[i])
            else:
                r["slot"].set_exception(ValueError("length mismatch"))
