"""Keeps a list of failures; only the success of a probe empties it."""

SLIP = "all_failures_are_added_up"

# %% breaker
class CircuitBreaker:
    def __init__(self, failure_threshold=5, timeout_seconds=60, expected_exception=Exception, clock=time.monotonic):
        if failure_threshold < 1 or timeout_seconds < 0:
            raise ValueError("a threshold of at least 1 and a time-out of at least 0, please")
        self.limit, self.pause = failure_threshold, timeout_seconds
        self.kinds, self.clock = expected_exception, clock
        self.seen = []  # the failures of this life
        self.life, self.opened_at, self.probe = 0, None, None

    @property
    def state(self):
        if self.opened_at is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self.probe is None else CircuitState.HALF_OPEN

    async def call(self, func, *args, **kwargs):
        me = object()
        if self.probe is not None:
            raise CircuitOpenError(0)
        if self.opened_at is not None:
            wait = self.opened_at + self.pause - self.clock()
            if wait > 0:
                raise CircuitOpenError(wait)
            self.probe = me
        life = self.life
        try:
            answer = await func(*args, **kwargs)
            if life == self.life and me is self.probe:
                self.seen, self.opened_at = [], None
            return answer
        except self.kinds as failure:
            if life == self.life:
                self.seen.append(failure)
                if me is self.probe or len(self.seen) >= self.limit:
                    self.seen, self.opened_at = [], self.clock()
                    self.life += 1
            raise
        finally:
            if me is self.probe:
                self.probe = None


# %% breaker-fallback
async def call_with_fallback(breaker, func, fallback, *args, **kwargs):
    try:
        return await breaker.call(func, *args, **kwargs)
    except (CircuitOpenError, breaker.kinds):
        return await fallback(*args, **kwargs)
