"""Keeps a list of every request and filters it; whoever is refused stays in the list."""

SLIP = "refused_requests_are_written_down"

# %% limit
class RateLimiter:
    def __init__(self, max_requests, window_seconds, clock=time.monotonic):
        if max_requests < 1:
            raise ValueError("no room for a single request")
        if window_seconds <= 0:
            raise ValueError("no window")
        self.max_requests, self.window_seconds, self.clock = max_requests, window_seconds, clock
        self.seen = OrderedDict()
        self.lock = threading.RLock()

    def tidy(self, now):
        while self.seen and next(iter(self.seen.values()))[-1] + self.window_seconds <= now:
            self.seen.popitem(last=False)

    def is_allowed(self, user_id):
        with self.lock:
            now = self.clock()
            self.tidy(now)
            recent = [at for at in self.seen.pop(user_id, []) if at + self.window_seconds > now]
            recent.append(now)
            self.seen[user_id] = recent
            return len(recent) <= self.max_requests

    def reset(self, user_id):
        with self.lock:
            self.seen.pop(user_id, None)

    @property
    def tracked_users(self):
        with self.lock:
            self.tidy(self.clock())
            return len(self.seen)
