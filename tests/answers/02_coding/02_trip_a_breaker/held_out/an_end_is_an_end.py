"""A done callback judges each call by what the breaker is at that moment."""

SLIP = "every_late_result_counts"

# %% breaker
class CircuitBreaker:
    def __init__(self, failure_threshold=5, timeout_seconds=60, expected_exception=Exception, clock=time.monotonic):
        if failure_threshold < 1 or timeout_seconds < 0:
            raise ValueError("a threshold of at least 1 and a time-out of at least 0, please")
        self.expected, self.threshold = expected_exception, failure_threshold
        self.timeout, self.clock = timeout_seconds, clock
        self.row, self.opened_at, self.probing = 0, None, False

    @property
    def state(self):
        if self.opened_at is None:
            return CircuitState.CLOSED
        return CircuitState.HALF_OPEN if self.probing else CircuitState.OPEN

    async def call(self, func, *args, **kwargs):
        if self.probing:
            raise CircuitOpenError(0)
        if self.opened_at is not None:
            wait = self.timeout - (self.clock() - self.opened_at)
            if wait > 0:
                raise CircuitOpenError(wait)
            self.probing = True
        task = asyncio.ensure_future(func(*args, **kwargs))
        task.add_done_callback(self._ended)
        return await task

    def _ended(self, task):
        was_probing, self.probing = self.probing, False
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.row, self.opened_at = 0, None
        elif isinstance(error, self.expected):
            self.row += 1
            if was_probing or self.row >= self.threshold:
                self.opened_at = self.clock()


# %% breaker-fallback
async def call_with_fallback(breaker, func, fallback, *args, **kwargs):
    try:
        return await breaker.call(func, *args, **kwargs)
    except Exception as error:
        if isinstance(error, (CircuitOpenError, breaker.expected)):
            return await fallback(*args, **kwargs)
        raise
