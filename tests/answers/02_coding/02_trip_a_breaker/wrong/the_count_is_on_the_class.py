"""Keeps the count of failures on the class, so one dependency's failures open another one's circuit."""

FAILS = {"breakers_of_different_dependencies_share_nothing"}

# %% breaker
class CircuitBreaker:
    """Stands in front of one dependency and stops calling it while it is sick."""

    _failures = 0

    def __init__(
        self,
        failure_threshold: int = 5,
        timeout_seconds: Seconds = 60,
        expected_exception: type[Exception] = Exception,
        clock: Callable[[], Seconds] = time.monotonic,
    ) -> None:
        """A closed circuit. ValueError: a threshold below 1, or a negative time-out."""
        if failure_threshold < 1:
            raise ValueError(f"failure_threshold must be at least 1, not {failure_threshold}")
        if timeout_seconds < 0:
            raise ValueError(f"timeout_seconds must not be negative, but is {timeout_seconds}")
        self.expected_exception = expected_exception
        self._threshold, self._timeout, self._clock = failure_threshold, timeout_seconds, clock
        type(self)._failures, self._state = 0, CircuitState.CLOSED
        self._opened_at: Seconds = 0.0
        self._openings = 0  # how often it has opened: a call whose number is old proves nothing

    @property
    def state(self) -> CircuitState:
        """Where the circuit stands. OPEN until the time is over, HALF_OPEN while a probe runs."""
        return self._state

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """What `func(*args, **kwargs)` returns or raises. CircuitOpenError: the call was not made."""
        self._admit()
        openings = self._openings
        try:
            result = await func(*args, **kwargs)
        except self.expected_exception:
            if openings == self._openings:
                self._count_failure()
            raise
        except BaseException:  # a caller that left, or a bug: says nothing about the dependency
            if openings == self._openings and self._state is CircuitState.HALF_OPEN:
                self._state = CircuitState.OPEN  # its time is over, so the next caller is the probe
            raise
        if openings == self._openings:
            type(self)._failures, self._state = 0, CircuitState.CLOSED
        return result

    def _admit(self) -> None:
        """Raise CircuitOpenError, or let the call go, as the probe if the circuit was open."""
        if self._state is CircuitState.HALF_OPEN:
            raise CircuitOpenError(0.0)
        if self._state is CircuitState.OPEN:
            left = self._opened_at + self._timeout - self._clock()
            if left > 0:
                raise CircuitOpenError(left)
            self._state = CircuitState.HALF_OPEN

    def _count_failure(self) -> None:
        """One more in a row; open the circuit if that was the last straw, or the probe."""
        type(self)._failures += 1
        if self._failures >= self._threshold or self._state is CircuitState.HALF_OPEN:
            type(self)._failures, self._state = 0, CircuitState.OPEN
            self._opened_at = self._clock()
            self._openings += 1


# %% breaker-fallback
async def call_with_fallback(
    breaker: CircuitBreaker,
    func: Callable[..., Awaitable[Any]],
    fallback: Callable[..., Awaitable[Any]],
    *args: Any,
    **kwargs: Any,
) -> Any:
    """The result of `func` through the breaker; of `fallback` if the circuit is open or the call fails."""
    expected = breaker.expected_exception
    try:
        return await breaker.call(func, *args, **kwargs)
    except (CircuitOpenError, expected):
        return await fallback(*args, **kwargs)
