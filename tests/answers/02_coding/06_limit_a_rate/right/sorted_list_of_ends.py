"""sortedcontainers keeps (idle from, number) in order; a condition guards both dictionaries."""

# %% limit
from collections import defaultdict

from sortedcontainers import SortedDict


class RateLimiter:
    def __init__(self, max_requests, window_seconds, clock=time.monotonic):
        if max_requests <= 0:
            raise ValueError(f"{max_requests} requests are no limit")
        if window_seconds <= 0:
            raise ValueError(f"{window_seconds} s are no window")
        self._limit, self._length, self._now = max_requests, window_seconds, clock
        self._leaving = SortedDict()  # (idle from, number) -> user id
        self._place = {}  # user id -> its key in _leaving
        self._requests = defaultdict(deque)
        self._count = 0
        self._guard = threading.Condition()

    def _leave(self, user_id):
        place = self._place.pop(user_id, None)
        if place is not None:
            del self._leaving[place]
            del self._requests[user_id]

    def _tidy(self):
        now = self._now()
        while self._leaving and self._leaving.peekitem(0)[0][0] <= now:
            self._leave(self._leaving.peekitem(0)[1])
        return now

    def is_allowed(self, user_id):
        with self._guard:
            now = self._tidy()
            requests = self._requests.get(user_id, ())
            while requests and now - requests[0] >= self._length:
                requests.popleft()
            if len(requests) == self._limit:
                return False
            self._requests[user_id].append(now)
            self._leaving.pop(self._place.get(user_id), None)
            self._count += 1
            self._place[user_id] = (now + self._length, self._count)
            self._leaving[self._place[user_id]] = user_id
            return True

    def reset(self, user_id):
        with self._guard:
            self._leave(user_id)

    @property
    def tracked_users(self):
        with self._guard:
            self._tidy()
            return len(self._place)
