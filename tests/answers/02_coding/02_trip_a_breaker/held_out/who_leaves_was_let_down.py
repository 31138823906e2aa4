"""Takes a cancellation for the caller's own time-out, and a time-out for a failure."""

SLIP = "a_caller_that_leaves_is_a_failure"

# %% breaker
class _Closed:
    name = CircuitState.CLOSED

    def __init__(self, breaker):
        self.breaker, self.failures = breaker, 0

    def admit(self):
        return self

    def succeeded(self):
        self.failures = 0

    def failed(self):
        self.failures += 1
        if self.failures == self.breaker.failure_threshold:
            self.breaker.now = _Open(self.breaker)

    def ended_otherwise(self):
        pass


class _Open:
    name = CircuitState.OPEN

    def __init__(self, breaker):
        self.breaker, self.since = breaker, breaker.clock()

    def admit(self):
        gone = self.breaker.clock() - self.since
        if gone < self.breaker.timeout_seconds:
            raise CircuitOpenError(self.breaker.timeout_seconds - gone)
        self.breaker.now = _Probing(self.breaker)
        return self.breaker.now


class _Probing:
    name = CircuitState.HALF_OPEN

    def __init__(self, breaker):
        self.breaker, self.free = breaker, False

    def admit(self):
        if not self.free:
            raise CircuitOpenError(0)
        self.breaker.now = _Probing(self.breaker)
        return self.breaker.now

    def succeeded(self):
        self.breaker.now = _Closed(self.breaker)

    def failed(self):
        self.breaker.now = _Open(self.breaker)

    def ended_otherwise(self):
        self.free = True


class CircuitBreaker:
    def __init__(self, failure_threshold=5, timeout_seconds=60, expected_exception=Exception, clock=time.monotonic):
        if failure_threshold < 1 or timeout_seconds < 0:
            raise ValueError("the threshold starts at 1, the time-out at 0")
        self.failure_threshold, self.timeout_seconds = failure_threshold, timeout_seconds
        self.expected_exception, self.clock = expected_exception, clock
        self.now = _Closed(self)

    @property
    def state(self):
        return self.now.name

    def _report(self, mine, error):
        if mine is not self.now:
            return
        if error is None:
            mine.succeeded()
        elif isinstance(error, (self.expected_exception, asyncio.CancelledError)):
            mine.failed()
        else:
            mine.ended_otherwise()

    async def call(self, func, *args, **kwargs):
        mine = self.now.admit()
        try:
            result = await func(*args, **kwargs)
        except BaseException as error:
            self._report(mine, error)
            raise
        self._report(mine, None)
        return result


# %% breaker-fallback
async def call_with_fallback(breaker, func, fallback, *args, **kwargs):
    try:
        return await breaker.call(func, *args, **kwargs)
    except CircuitOpenError:
        pass
    except breaker.expected_exception:
        pass
    return await fallback(*args, **kwargs)
