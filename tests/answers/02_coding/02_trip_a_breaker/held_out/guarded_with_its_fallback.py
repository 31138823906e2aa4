"""Hands the breaker one coroutine that tries the dependency and then the fallback."""

SLIP = "the_fallback_runs_inside_the_breaker"

# %% breaker
class CircuitBreaker:
    def __init__(self, failure_threshold=5, timeout_seconds=60, expected_exception=Exception, clock=time.monotonic):
        if failure_threshold < 1:
            raise ValueError("failure_threshold is below 1")
        if timeout_seconds < 0:
            raise ValueError("timeout_seconds is below 0")
        self.expects, self.clock = expected_exception, clock
        self.misses, self.allowed, self.pause = 0, failure_threshold, timeout_seconds
        self.again_at = None
        self.era = 0
        self.prober = None

    @property
    def state(self):
        if self.prober is not None:
            return CircuitState.HALF_OPEN
        return CircuitState.CLOSED if self.again_at is None else CircuitState.OPEN

    async def call(self, func, *args, **kwargs):
        token, era = object(), self.era
        if self.prober is not None:
            raise CircuitOpenError(0.0)
        if self.again_at is not None:
            if (left := self.again_at - self.clock()) > 0:
                raise CircuitOpenError(left)
            self.prober = token
        try:
            result = await func(*args, **kwargs)
        except self.expects:
            if era == self.era:
                self.misses += 1
                if self.misses >= self.allowed or token is self.prober:
                    self.misses, self.era, self.again_at = 0, era + 1, self.clock() + self.pause
            raise
        else:
            if era == self.era:
                self.misses, self.again_at = 0, None
            return result
        finally:
            if token is self.prober:
                self.prober = None


# %% breaker-fallback
async def call_with_fallback(breaker, func, fallback, *args, **kwargs):
    async def first_one_then_the_other():
        try:
            return await func(*args, **kwargs)
        except breaker.expects:
            return await fallback(*args, **kwargs)

    try:
        return await breaker.call(first_one_then_the_other)
    except CircuitOpenError:
        return await fallback(*args, **kwargs)
