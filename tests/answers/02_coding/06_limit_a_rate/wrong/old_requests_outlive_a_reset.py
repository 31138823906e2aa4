"""Keeps one queue for all and forgets only the count on reset: the old requests age out of the new window."""

FAILS = {
    "any_sequence_of_calls_answers_like_the_reference",
    "nothing_of_the_time_before_a_reset_remains",
    "tracked_users_counts_who_has_a_request_in_the_window",
}

# %% limit
class RateLimiter:
    """One queue of all allowed requests, and a count for each user."""

    def __init__(
        self, max_requests: int, window_seconds: Seconds, clock: Callable[[], Seconds] = time.monotonic
    ) -> None:
        if max_requests < 1:
            raise ValueError(f"max_requests must be at least 1, not {max_requests}")
        if window_seconds <= 0:
            raise ValueError(f"window_seconds must be above 0, not {window_seconds}")
        self._max, self._window, self._clock = max_requests, window_seconds, clock
        self._queue: deque[tuple[Seconds, UserId]] = deque()
        self._counts: dict[UserId, int] = {}
        self._lock = threading.Lock()

    def _age(self) -> Seconds:
        now = self._clock()
        while self._queue and self._queue[0][0] + self._window <= now:
            _, user_id = self._queue.popleft()
            if user_id in self._counts:
                self._counts[user_id] -= 1
                if self._counts[user_id] <= 0:
                    del self._counts[user_id]
        return now

    def is_allowed(self, user_id: UserId) -> bool:
        with self._lock:
            now = self._age()
            if self._counts.get(user_id, 0) >= self._max:
                return False
            self._counts[user_id] = self._counts.get(user_id, 0) + 1
            self._queue.append((now, user_id))
            return True

    def reset(self, user_id: UserId) -> None:
        with self._lock:
            self._counts.pop(user_id, None)

    @property
    def tracked_users(self) -> int:
        with self._lock:
            self._age()
            return len(self._counts)
