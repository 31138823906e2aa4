"""All allowed requests of all users in one queue, in order of time; what ages out lowers its user's count."""

# %% limit
class RateLimiter:
    def __init__(self, max_requests, window_seconds, clock=time.monotonic):
        if max_requests < 1 or window_seconds <= 0:
            raise ValueError("a limiter needs at least one request and a window above zero")
        self.max_requests, self.window_seconds, self.clock = max_requests, window_seconds, clock
        self.queue = deque()  # (aged out at, record), oldest first
        self.records = {}  # user id -> [user id, how many are in the window]
        self.lock = threading.RLock()

    def _age(self):
        now = self.clock()
        while self.queue and self.queue[0][0] <= now:
            _, record = self.queue.popleft()
            record[1] -= 1
            if record[1] == 0 and self.records.get(record[0]) is record:
                del self.records[record[0]]
        return now

    def is_allowed(self, user_id):
        with self.lock:
            now = self._age()
            record = self.records.get(user_id)
            if record is None:
                record = self.records[user_id] = [user_id, 0]
            elif record[1] >= self.max_requests:
                return False
            record[1] += 1
            self.queue.append((now + self.window_seconds, record))
            return True

    def reset(self, user_id):
        with self.lock:
            self.records.pop(user_id, None)  # its requests in the queue belong to a record nobody finds any more

    @property
    def tracked_users(self):
        with self.lock:
            self._age()
            return len(self.records)
