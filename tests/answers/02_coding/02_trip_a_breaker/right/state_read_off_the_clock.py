"""Keeps no state but times and tokens: HALF_OPEN shows as soon as the time is over, and a context manager judges."""

# %% breaker-types
class CircuitState(Enum):
    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2


class CircuitOpenError(RuntimeError):
    def __init__(self, retry_after):
        self.retry_after = retry_after


# %% breaker
import contextlib


class CircuitBreaker:
    def __init__(self, failure_threshold=5, timeout_seconds=60, expected_exception=Exception, clock=time.monotonic):
        if not failure_threshold >= 1:
            raise ValueError(f"{failure_threshold} failures cannot open anything")
        if not timeout_seconds >= 0:
            raise ValueError(f"nobody can wait for {timeout_seconds} s")
        self.counts_as_failure = expected_exception
        self._limit, self._pause, self._clock = failure_threshold, timeout_seconds, clock
        self._row = 0
        self._until = None  # when the probe may go; None: closed
        self._probe = None  # the token of the probe that runs
        self._life = object()  # a new one whenever the circuit opens

    @property
    def state(self):
        if self._until is None:
            return CircuitState.CLOSED
        return CircuitState.HALF_OPEN if self._probe or self._clock() >= self._until else CircuitState.OPEN

    @contextlib.asynccontextmanager
    async def _guard(self):
        if self._until is not None:
            if self._probe is not None:
                raise CircuitOpenError(0.0)
            now = self._clock()
            if now < self._until:
                raise CircuitOpenError(self._until - now)
            self._probe = object()
        probe, life = self._probe, self._life
        try:
            yield
        except self.counts_as_failure:
            if life is self._life:
                self._row += 1
                if probe or self._row >= self._limit:
                    self._row, self._until, self._life = 0, self._clock() + self._pause, object()
            raise
        else:
            if life is self._life:
                self._row, self._until = 0, None
        finally:
            if probe is self._probe:
                self._probe = None

    async def call(self, func, *args, **kwargs):
        async with self._guard():
            return await func(*args, **kwargs)

    async def call_or(self, func, fallback, args, kwargs):
        try:
            return await self.call(func, *args, **kwargs)
        except CircuitOpenError:
            return await fallback(*args, **kwargs)
        except self.counts_as_failure:
            return await fallback(*args, **kwargs)


# %% breaker-fallback
async def call_with_fallback(breaker, func, fallback, *args, **kwargs):
    return await breaker.call_or(func, fallback, args, kwargs)
