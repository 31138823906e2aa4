"""pybreaker counts and keeps the state; around it what the contract adds: asyncio, a clock from outside, one probe, and
deaf ears for late, cancelled and unexpected ends (pybreaker takes an excluded exception for a success).
"""

# %% breaker
import pybreaker


class _Opening(pybreaker.CircuitBreakerListener):
    """Writes down when and how often the circuit opened, by the clock that was handed in."""

    def __init__(self, clock):
        self.clock, self.at, self.count = clock, 0.0, 0

    def state_change(self, cb, old_state, new_state):
        if new_state.name == pybreaker.STATE_OPEN:
            self.at, self.count = self.clock(), self.count + 1


class CircuitBreaker:
    def __init__(
        self,
        failure_threshold: int = 5,
        timeout_seconds: float = 60,
        expected_exception: type[Exception] = Exception,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if failure_threshold < 1:
            raise ValueError("at least one failure opens a circuit")
        if timeout_seconds < 0:
            raise ValueError("a time-out is not negative")
        self.expected_exception = expected_exception
        self._timeout, self._clock, self._probing = timeout_seconds, clock, False
        self._opening = _Opening(clock)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failure_threshold, listeners=[self._opening], throw_new_error_on_trip=False
        )

    @property
    def state(self) -> CircuitState:
        return CircuitState(self._breaker.current_state)

    def _admit(self) -> bool:
        """Whether this call is the probe."""
        if self._breaker.current_state == pybreaker.STATE_CLOSED:
            return False
        if self._probing:
            raise CircuitOpenError(0.0)
        left = self._timeout - (self._clock() - self._opening.at)
        if left > 0:
            raise CircuitOpenError(left)
        self._breaker.half_open()
        self._probing = True
        return True

    def _report(self, error: Exception | None) -> None:
        def outcome() -> None:
            if error is not None:
                raise error

        with contextlib.suppress(Exception):  # the caller raises it, with its own traceback
            self._breaker.call(outcome)

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        probe, openings = self._admit(), self._opening.count
        try:
            result = await func(*args, **kwargs)
        except self.expected_exception as error:
            if openings == self._opening.count:
                self._report(error)
            raise
        else:
            if openings == self._opening.count:
                self._report(None)
            return result
        finally:
            if probe:
                self._probing = False


import contextlib


# %% breaker-fallback
async def call_with_fallback(breaker, func, fallback, *args, **kwargs):
    try:
        return await breaker.call(func, *args, **kwargs)
    except (CircuitOpenError, breaker.expected_exception):
        return await fallback(*args, **kwargs)
