"""The moving window of the library limits over a storage that keeps the contract. Its own MemoryStorage cannot: it reads
time.time, keeps a request at exactly the window's end, joins ids to text, and forgets in a timer thread.
"""

# %% limit
from limits import RateLimitItemPerSecond
from limits.storage.base import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter


class _Item(RateLimitItemPerSecond):
    """A limit whose window may be a fraction of a second, and whose key is the id itself."""

    def get_expiry(self):
        return self.multiples

    def key_for(self, *identifiers):
        return identifiers[0]


class _Times(Storage, MovingWindowSupport):
    """Times of allowed requests by key, with a clock from outside; keys in order of their last request."""

    base_exceptions = ()

    def __init__(self, clock):
        self.clock, self.lock, self.times = clock, threading.Lock(), OrderedDict()

    def acquire_entry(self, key, limit, expiry, amount=1):
        with self.lock:
            now = self.clock()
            self.drop_idle(now, expiry)
            times = [at for at in self.times.get(key, ()) if now - at < expiry]
            if len(times) + amount > limit:
                return False
            self.times[key] = [*times, *[now] * amount]
            self.times.move_to_end(key)
            return True

    def drop_idle(self, now, expiry):
        while self.times and now - next(iter(self.times.values()))[-1] >= expiry:
            self.times.popitem(last=False)

    def get_moving_window(self, key, limit, expiry):
        times = self.times.get(key, ())
        return (times[0] if times else self.clock()), len(times)

    def clear(self, key):
        with self.lock:
            self.times.pop(key, None)

    def incr(self, *_):
        raise NotImplementedError

    get = get_expiry = check = reset = incr


class RateLimiter:
    def __init__(self, max_requests, window_seconds, clock=time.monotonic):
        if max_requests < 1 or window_seconds <= 0:
            raise ValueError("at least one request, in a window of more than no time")
        self._storage = _Times(clock)
        self._item = _Item(max_requests)
        self._item.multiples = window_seconds  # the library would cut it to whole seconds
        self._strategy = MovingWindowRateLimiter(self._storage)

    def is_allowed(self, user_id):
        return self._strategy.hit(self._item, user_id)

    def reset(self, user_id):
        self._strategy.clear(self._item, user_id)

    @property
    def tracked_users(self):
        with self._storage.lock:
            self._storage.drop_idle(self._storage.clock(), self._item.get_expiry())
            return len(self._storage.times)
