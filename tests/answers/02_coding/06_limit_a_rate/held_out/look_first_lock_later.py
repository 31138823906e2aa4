"""Counts in a helper that takes the lock, lets it go, and takes it again to write."""

SLIP = "the_lock_guards_the_writing_only"

# %% limit
class RateLimiter:
    def __init__(self, max_requests, window_seconds, clock=time.monotonic):
        if max_requests < 1:
            raise ValueError("max_requests")
        if window_seconds <= 0:
            raise ValueError("window_seconds")
        self.n, self.w, self.clock = max_requests, window_seconds, clock
        self.users = OrderedDict()
        self.lock = threading.Lock()

    def forget(self, now):
        while self.users and next(iter(self.users.values()))[-1] + self.w <= now:
            self.users.popitem(last=False)

    def count(self, user_id):
        with self.lock:
            now = self.clock()
            self.forget(now)
            return now, len([at for at in self.users.get(user_id, ()) if at + self.w > now])

    def is_allowed(self, user_id):
        now, used = self.count(user_id)
        if used < self.n:
            with self.lock:
                kept = [at for at in self.users.pop(user_id, ()) if at + self.w > now]
                self.users[user_id] = [*kept, now]
            return True
        return False

    def reset(self, user_id):
        with self.lock:
            self.users.pop(user_id, None)

    @property
    def tracked_users(self):
        with self.lock:
            self.forget(self.clock())
            return len(self.users)
