"""A deque of failures, of which each success pops the last."""

SLIP = "a_success_takes_one_failure_back"

# %% breaker
from collections import deque


class CircuitBreaker:
    def __init__(self, failure_threshold=5, timeout_seconds=60, expected_exception=Exception, clock=time.monotonic):
        if failure_threshold < 1 or timeout_seconds < 0:
            raise ValueError("a threshold of at least 1 and a time-out of at least 0, please")
        self.expected = expected_exception
        self.timeout, self.clock = timeout_seconds, clock
        self.recent = deque(maxlen=failure_threshold)
        self.generation, self.opened_at, self.probe = 0, None, None

    @property
    def state(self):
        if self.opened_at is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self.probe is None else CircuitState.HALF_OPEN

    async def call(self, func, *args, **kwargs):
        if self.probe is not None:
            raise CircuitOpenError(0)
        if self.opened_at is not None:
            wait = self.timeout - (self.clock() - self.opened_at)
            if wait > 0:
                raise CircuitOpenError(wait)
        task = asyncio.ensure_future(func(*args, **kwargs))
        if self.opened_at is not None:
            self.probe = task
        task.add_done_callback(partial(self._ended, self.generation))
        return await task

    def _ended(self, generation, task):
        was_probe = task is self.probe
        if was_probe:
            self.probe = None
        if generation != self.generation or task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.opened_at = None
            if was_probe:
                self.recent.clear()
            elif self.recent:
                self.recent.pop()
        elif isinstance(error, self.expected):
            self.recent.append(error)
            if was_probe or len(self.recent) == self.recent.maxlen:
                self.recent.clear()
                self.generation += 1
                self.opened_at = self.clock()


# %% breaker-fallback
async def call_with_fallback(breaker, func, fallback, *args, **kwargs):
    try:
        return await breaker.call(func, *args, **kwargs)
    except (CircuitOpenError, breaker.expected):
        return await fallback(*args, **kwargs)
