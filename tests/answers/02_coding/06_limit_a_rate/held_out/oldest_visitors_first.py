"""A plain dictionary keeps users in the order in which they first came, and tidying stops at the first who is active."""

SLIP = "in_order_of_the_first_request"

# %% limit
class RateLimiter:
    def __init__(self, max_requests, window_seconds, clock=time.monotonic):
        if max_requests < 1 or window_seconds <= 0:
            raise ValueError("max_requests starts at 1, window_seconds above 0")
        self.limit, self.window, self.clock = max_requests, window_seconds, clock
        self.log = {}
        self.lock = threading.Lock()

    def tidy(self):
        now = self.clock()
        while self.log:
            oldest = next(iter(self.log))
            if now - self.log[oldest][-1] < self.window:
                break
            self.log.pop(oldest)
        return now

    def is_allowed(self, user_id):
        with self.lock:
            now = self.tidy()
            log = self.log.get(user_id)
            if log is None:
                log = self.log[user_id] = deque(maxlen=self.limit)
            if len(log) == self.limit and now - log[0] < self.window:
                return False
            log.append(now)
            return True

    def reset(self, user_id):
        with self.lock:
            self.log.pop(user_id, None)

    @property
    def tracked_users(self):
        with self.lock:
            self.tidy()
            return len(self.log)
