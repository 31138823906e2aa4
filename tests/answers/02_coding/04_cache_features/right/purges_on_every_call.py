"""Every call first drops all that is over, so whatever is stored is alive; one re-entrant lock as a decorator."""

# %% cache
import functools
import itertools
import threading
import time
from collections import OrderedDict
from heapq import heappop, heappush


def locked(method):
    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        with self.lock:
            self.purge()
            return method(self, *args, **kwargs)

    return wrapper


class FeatureCache:
    def __init__(self, max_size=1000, default_ttl_seconds=300, clock=time.monotonic):
        if not max_size >= 1:
            raise ValueError("a cache needs room for one entry")
        if not default_ttl_seconds > 0:
            raise ValueError("entries must live for a while")
        self.max_size, self.ttl, self.clock = max_size, default_ttl_seconds, clock
        self.values, self.tickets, self.heap = OrderedDict(), {}, []
        self.tick = itertools.count()
        self.lock = threading.RLock()
        self.hits = self.misses = self.evictions = self.expirations = 0

    def purge(self):
        now = self.clock()
        count = 0
        while self.heap and now >= self.heap[0][0]:
            _, ticket, key = heappop(self.heap)
            if self.tickets.get(key) == ticket:
                del self.values[key], self.tickets[key]
                count += 1
        self.expirations += count
        return count

    @locked
    def get(self, key, default=None):
        if key in self.values:
            self.hits += 1
            self.values.move_to_end(key)
            return self.values[key]
        self.misses += 1
        return default

    def set(self, key, value, ttl_seconds=None):
        if ttl_seconds is None:
            ttl_seconds = self.ttl
        elif not ttl_seconds > 0:
            raise ValueError("entries must live for a while")
        self._set(key, value, ttl_seconds)

    @locked
    def _set(self, key, value, ttl):
        if key not in self.values and len(self.values) == self.max_size:
            oldest, _ = self.values.popitem(last=False)
            del self.tickets[oldest]
            self.evictions += 1
        self.values[key] = value
        self.values.move_to_end(key)
        self.tickets[key] = next(self.tick)
        heappush(self.heap, (self.clock() + ttl, self.tickets[key], key))

    @locked
    def delete(self, key):
        if key not in self.values:
            return False
        del self.values[key], self.tickets[key]
        return True

    def clear_expired(self):
        with self.lock:
            return self.purge()

    @locked
    def get_stats(self):
        asked = self.hits + self.misses
        return {
            "size": len(self.values),
            "capacity": self.max_size,
            "hits": self.hits,
            "misses": self.misses,
            "hit_rate": self.hits / asked if asked else 0.0,
            "evictions": self.evictions,
            "expirations": self.expirations,
        }
