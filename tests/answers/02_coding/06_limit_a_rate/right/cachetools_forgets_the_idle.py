"""cachetools.TTLCache forgets idle users: each allowed request sets its user's ring of times anew."""

# %% limit
import math

from cachetools import TTLCache


class RateLimiter:
    """A user who stays away for a window is forgotten by the cache."""

    def __init__(
        self, max_requests: int, window_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if max_requests < 1:
            raise ValueError(f"max_requests is {max_requests}, but must be 1 or more")
        if not window_seconds > 0:
            raise ValueError(f"window_seconds is {window_seconds}, but must be positive")
        self._window, self._clock, self._max = window_seconds, clock, max_requests
        self._users: TTLCache[UserId, deque[float]] = TTLCache(math.inf, window_seconds, timer=clock)
        self._lock = threading.Lock()

    def is_allowed(self, user_id: UserId) -> bool:
        with self._lock, self._users.timer as now:
            self._users.expire(now)
            last = self._users.get(user_id)
            if last is None:
                last = deque(maxlen=self._max)
            elif len(last) == self._max and now - last[0] < self._window:
                return False
            last.append(now)  # a full ring drops the oldest
            self._users[user_id] = last
            return True

    def reset(self, user_id: UserId) -> None:
        with self._lock:
            self._users.pop(user_id, None)

    @property
    def tracked_users(self) -> int:
        with self._lock:
            self._users.expire()
            return len(self._users)
