"""A failed probe is the first of a new row; until the row is long enough the next caller is the probe."""

SLIP = "a_failed_probe_is_one_more_failure"

# %% breaker
import contextlib


class CircuitBreaker:
    def __init__(self, failure_threshold=5, timeout_seconds=60, expected_exception=Exception, clock=time.monotonic):
        if failure_threshold < 1:
            raise ValueError("failure_threshold is below 1")
        if timeout_seconds < 0:
            raise ValueError("timeout_seconds is below 0")
        self.expected_exception, self.clock = expected_exception, clock
        self._misses, self._allowed, self._timeout = 0, failure_threshold, timeout_seconds
        self._reopens_at = None
        self._outages = 0
        self._guest = None  # the probe under way

    @property
    def state(self):
        if self._guest is not None:
            return CircuitState.HALF_OPEN
        return CircuitState.CLOSED if self._reopens_at is None else CircuitState.OPEN

    @contextlib.contextmanager
    def _visit(self):
        token, outage = object(), self._outages
        if self._guest is not None:
            raise CircuitOpenError(0.0)
        if self._reopens_at is not None:
            left = self._reopens_at - self.clock()
            if left > 0:
                raise CircuitOpenError(left)
            self._guest = token
        try:
            yield
        except self.expected_exception:
            if outage == self._outages:
                self._misses += 1
                if self._misses >= self._allowed:
                    self._misses, self._reopens_at = 0, self.clock() + self._timeout
                    self._outages += 1
            raise
        else:
            if outage == self._outages:
                self._misses, self._reopens_at = 0, None
        finally:
            if token is self._guest:
                self._guest = None

    async def call(self, func, *args, **kwargs):
        with self._visit():
            return await func(*args, **kwargs)


# %% breaker-fallback
async def call_with_fallback(breaker, func, fallback, *args, **kwargs):
    expected = (CircuitOpenError, breaker.expected_exception)
    try:
        return await breaker.call(func, *args, **kwargs)
    except expected:
        return await fallback(*args, **kwargs)
