"""A counter for each user and each calendar window; the window's number is the time divided by its length."""

SLIP = "windows_of_the_calendar"

# %% limit
class RateLimiter:
    def __init__(self, max_requests, window_seconds, clock=time.monotonic):
        if max_requests < 1 or window_seconds <= 0:
            raise ValueError("out of range")
        self.limit, self.window, self.clock = max_requests, window_seconds, clock
        self.counts = OrderedDict()  # user id -> [last time, number of the window, count]
        self.lock = threading.Lock()

    def forget(self, now):
        while self.counts:
            last = next(iter(self.counts.values()))[0]
            if last + self.window > now:
                return
            self.counts.popitem(last=False)

    def is_allowed(self, user_id):
        with self.lock:
            now = self.clock()
            self.forget(now)
            number = now // self.window
            _, window, count = self.counts.get(user_id, (now, number, 0))
            if window != number:
                count = 0
            if count >= self.limit:
                return False
            self.counts[user_id] = [now, number, count + 1]
            self.counts.move_to_end(user_id)
            return True

    def reset(self, user_id):
        with self.lock:
            self.counts.pop(user_id, None)

    @property
    def tracked_users(self):
        with self.lock:
            self.forget(self.clock())
            return len(self.counts)
