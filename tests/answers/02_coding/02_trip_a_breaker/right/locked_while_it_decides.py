"""An asyncio lock round the two short decisions, never round the call; a set holds the calls that still count."""

# %% breaker
class CircuitBreaker:
    def __init__(
        self,
        failure_threshold: int = 5,
        timeout_seconds: float = 60,
        expected_exception: type[Exception] = Exception,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if failure_threshold < 1:
            raise ValueError("failure_threshold is below 1")
        if timeout_seconds < 0:
            raise ValueError("timeout_seconds is below 0")
        self.failure_threshold = failure_threshold
        self.timeout_seconds = timeout_seconds
        self.expected_exception = expected_exception
        self.clock = clock
        self.lock = asyncio.Lock()
        self.consecutive_failures = 0
        self.opened_at = 0.0
        self.counting: set[object] = set()  # calls whose end will mean something
        self._state = CircuitState.CLOSED

    @property
    def state(self) -> CircuitState:
        return self._state

    async def _begin(self) -> object:
        async with self.lock:
            if self._state is CircuitState.OPEN:
                seconds = self.clock() - self.opened_at
                if seconds < self.timeout_seconds:
                    raise CircuitOpenError(self.timeout_seconds - seconds)
                self._state = CircuitState.HALF_OPEN
            elif self._state is CircuitState.HALF_OPEN and self.counting:
                raise CircuitOpenError(0)
            ticket = object()
            self.counting.add(ticket)
            return ticket

    async def _end(self, ticket: object, failed: bool) -> None:
        async with self.lock:
            if ticket not in self.counting:
                return
            self.counting.remove(ticket)
            if not failed:
                self.consecutive_failures = 0
                self._state = CircuitState.CLOSED
                return
            self.consecutive_failures += 1
            if self._state is CircuitState.HALF_OPEN or self.consecutive_failures >= self.failure_threshold:
                self._state = CircuitState.OPEN
                self.opened_at = self.clock()
                self.consecutive_failures = 0
                self.counting.clear()

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        ticket = await self._begin()
        try:
            result = await func(*args, **kwargs)
        except self.expected_exception:
            await self._end(ticket, failed=True)
            raise
        except BaseException:
            self.counting.discard(ticket)
            raise
        await self._end(ticket, failed=False)
        return result


# %% breaker-fallback
async def call_with_fallback(
    breaker: CircuitBreaker,
    func: Callable[..., Awaitable[Any]],
    fallback: Callable[..., Awaitable[Any]],
    *args: Any,
    **kwargs: Any,
) -> Any:
    expected = (CircuitOpenError, breaker.expected_exception)
    try:
        answer = await breaker.call(func, *args, **kwargs)
    except expected:
        answer = await fallback(*args, **kwargs)
    return answer
