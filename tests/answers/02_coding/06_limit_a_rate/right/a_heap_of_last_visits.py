"""A heap of (idle from, number, user); a record that a later visit has overtaken is pushed again when it surfaces."""

# %% limit
import heapq
import itertools


class RateLimiter:
    """Times of visits by user, and a heap that says whose last one is oldest."""

    def __init__(
        self, max_requests: int, window_seconds: Seconds, clock: Callable[[], Seconds] = time.monotonic
    ) -> None:
        if max_requests < 1:
            raise ValueError("max_requests must be positive")
        if window_seconds <= 0:
            raise ValueError("window_seconds must be positive")
        self.max_requests = max_requests
        self.window_seconds = window_seconds
        self.clock = clock
        self.lock = threading.Lock()
        self.number = itertools.count()
        self.times: dict[UserId, list[Seconds]] = {}
        self.idle: list[tuple[Seconds, int, UserId, list[Seconds]]] = []

    def sweep(self) -> Seconds:
        now = self.clock()
        while self.idle and self.idle[0][0] <= now:
            _, _, user_id, times = heapq.heappop(self.idle)
            if self.times.get(user_id) is not times:
                continue  # it was reset
            end = times[-1] + self.window_seconds
            if end <= now:
                del self.times[user_id]
            else:
                heapq.heappush(self.idle, (end, next(self.number), user_id, times))
        return now

    def is_allowed(self, user_id: UserId) -> bool:
        with self.lock:
            now = self.sweep()
            times = self.times.get(user_id)
            if times is None:
                times = self.times[user_id] = []
                heapq.heappush(self.idle, (now + self.window_seconds, next(self.number), user_id, times))
            if len(times) >= self.max_requests:
                if times[-self.max_requests] + self.window_seconds > now:
                    return False
                del times[: -self.max_requests + 1 or len(times)]
            times.append(now)
            return True

    def reset(self, user_id: UserId) -> None:
        with self.lock:
            self.times.pop(user_id, None)

    @property
    def tracked_users(self) -> int:
        with self.lock:
            self.sweep()
            return len(self.times)
