"""A read leaves the order alone."""

SLIP = "reading_does_not_make_recent"

# %% cache
import bisect
import threading
import time
from collections import OrderedDict


class FeatureCache:
    def __init__(self, max_size=1000, default_ttl_seconds=300, clock=time.monotonic):
        for number, least, name in ((max_size, 1, "max_size"), (default_ttl_seconds, 0, "default_ttl_seconds")):
            if number < least or number == 0:
                raise ValueError(f"{name} is too small: {number}")
        self._size, self._ttl, self._now = max_size, default_ttl_seconds, clock
        self._data = OrderedDict()  # key -> [value, (end, serial)]
        self._ends, self._key_of, self._serial = [], {}, 0
        self._hit = self._miss = self._evicted = self._expired = 0
        self._guard = threading.Condition()

    def _forget(self, key):
        value, end = self._data.pop(key)
        del self._ends[bisect.bisect_left(self._ends, end)]
        del self._key_of[end[1]]
        return value

    def _sweep(self, now):
        """Whatever is over stands to the left of the cut."""
        cut = bisect.bisect_right(self._ends, (now, float("inf")))
        for _, serial in self._ends[:cut]:
            del self._data[self._key_of.pop(serial)]
        del self._ends[:cut]
        self._expired += cut
        return cut

    def get(self, key, default=None):
        with self._guard:
            if key in self._data and self._now() >= self._data[key][1][0]:
                self._forget(key)
                self._expired += 1
            if key not in self._data:
                self._miss += 1
                return default
            self._hit += 1
            return self._data[key][0]

    def set(self, key, value, ttl_seconds=None):
        ttl = ttl_seconds if ttl_seconds is not None else self._ttl
        if ttl <= 0:
            raise ValueError("a ttl is above 0")
        with self._guard:
            now = self._now()
            self._sweep(now)
            if key in self._data:
                self._forget(key)
            elif len(self._data) == self._size:
                self._forget(next(iter(self._data)))
                self._evicted += 1
            self._serial += 1
            end = (now + ttl, self._serial)
            self._data[key] = [value, end]
            self._key_of[self._serial] = key
            bisect.insort(self._ends, end)

    def delete(self, key):
        with self._guard:
            self._sweep(self._now())
            if key in self._data:
                self._forget(key)
                return True
            return False

    def clear_expired(self):
        with self._guard:
            return self._sweep(self._now())

    def get_stats(self):
        with self._guard:
            self._sweep(self._now())
            reads = self._hit + self._miss
            return {
                "hits": self._hit,
                "misses": self._miss,
                "hit_rate": self._hit / reads if reads > 0 else 0.0,
                "evictions": self._evicted,
                "expirations": self._expired,
                "size": len(self._data),
                "capacity": self._size,
            }
