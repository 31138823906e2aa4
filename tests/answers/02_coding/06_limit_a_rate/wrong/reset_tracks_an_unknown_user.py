"""Stores an empty window on reset, so a user who never came is tracked."""

FAILS = {
    "any_sequence_of_calls_answers_like_the_reference",
    "forgetting_never_scans_all_users",
    "resetting_an_unknown_user_is_harmless",
    "threads_that_forget_at_the_same_time_do_not_trip",
    "tracked_users_counts_who_has_a_request_in_the_window",
}

# %% limit
class RateLimiter:
    """At most `max_requests` of each user in any window of `window_seconds`."""

    def __init__(
        self, max_requests: int, window_seconds: Seconds, clock: Callable[[], Seconds] = time.monotonic
    ) -> None:
        """Nobody has sent anything yet. ValueError: a limit below 1, or a window that is not above 0."""
        if max_requests < 1:
            raise ValueError(f"max_requests must be at least 1, not {max_requests}")
        if window_seconds <= 0:
            raise ValueError(f"window_seconds must be above 0, not {window_seconds}")
        self._max, self._window, self._clock = max_requests, window_seconds, clock
        self._users: OrderedDict[UserId, deque[Seconds]] = OrderedDict()  # who was allowed last stands last
        self._lock = threading.Lock()

    def is_allowed(self, user_id: UserId) -> bool:
        """Whether this request may go. If so, it counts."""
        with self._lock:
            now = self._clock()
            self._forget_idle(now)
            times = self._users.setdefault(user_id, deque())
            while times and times[0] + self._window <= now:
                times.popleft()
            if len(times) >= self._max:
                return False
            times.append(now)
            self._users.move_to_end(user_id)
            return True

    def reset(self, user_id: UserId) -> None:
        """Forget what this user has sent. Harmless for a user nobody has seen."""
        with self._lock:
            self._users[user_id] = deque()
            self._users.move_to_end(user_id, last=False)

    @property
    def tracked_users(self) -> int:
        """How many users have an allowed request in the window."""
        with self._lock:
            self._forget_idle(self._clock())
            return len(self._users)

    def _forget_idle(self, now: Seconds) -> None:
        """Drop users whose last allowed request has aged out: they stand first. Call it with the lock held."""
        while self._users:
            user_id, times = next(iter(self._users.items()))
            if times and times[-1] + self._window > now:
                break
            if not times:
                break
            del self._users[user_id]
