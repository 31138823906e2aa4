"""Looks at the clock alone: whoever comes after the time is over may go, and the first who is back decides."""

SLIP = "everybody_is_a_probe"

# %% breaker
class CircuitBreaker:
    def __init__(self, failure_threshold=5, timeout_seconds=60, expected_exception=Exception, clock=time.monotonic):
        if not failure_threshold >= 1:
            raise ValueError(f"{failure_threshold} failures cannot open anything")
        if not timeout_seconds >= 0:
            raise ValueError(f"nobody can wait for {timeout_seconds} s")
        self.counts_as_failure = expected_exception
        self._limit, self._pause, self._clock = failure_threshold, timeout_seconds, clock
        self._row = self._asking = 0
        self._until = None  # when calls may go again; None: closed
        self._life = object()  # a new one whenever the circuit opens

    @property
    def state(self):
        if self._until is None:
            return CircuitState.CLOSED
        return CircuitState.HALF_OPEN if self._asking else CircuitState.OPEN

    async def call(self, func, *args, **kwargs):
        if self._until is not None and self._clock() < self._until:
            raise CircuitOpenError(self._until - self._clock())
        life, asks = self._life, self._until is not None
        self._asking += asks
        try:
            result = await func(*args, **kwargs)
        except self.counts_as_failure:
            if life is self._life:
                self._row += 1
                if asks or self._row >= self._limit:
                    self._row, self._until, self._life = 0, self._clock() + self._pause, object()
            raise
        else:
            if life is self._life:
                self._row, self._until = 0, None
            return result
        finally:
            self._asking -= asks


# %% breaker-fallback
async def call_with_fallback(breaker, func, fallback, *args, **kwargs):
    try:
        return await breaker.call(func, *args, **kwargs)
    except (CircuitOpenError, breaker.counts_as_failure):
        return await fallback(*args, **kwargs)
