"""Both orders are heaps with outdated records: one of uses, one of ends; expired entries go in set and clear only."""

# %% cache
import heapq
import threading
import time
from itertools import count
from typing import NamedTuple


class Item(NamedTuple):
    value: object
    end: float
    born: int


class FeatureCache:
    def __init__(self, max_size=1000, default_ttl_seconds=300, clock=None):
        if max_size <= 0 or default_ttl_seconds <= 0:
            raise ValueError("max_size and default_ttl_seconds must be positive")
        self.n, self.ttl = max_size, default_ttl_seconds
        self.clock = time.monotonic if clock is None else clock
        self.items, self.used = {}, {}
        self.uses, self.ends = [], []
        self.turn = count(1)
        self.tally = [0, 0, 0, 0]
        self.lock = threading.Lock()

    def _use(self, key):
        self.used[key] = next(self.turn)
        heapq.heappush(self.uses, (self.used[key], key))
        while self.uses[0][0] != self.used.get(self.uses[0][1]):
            heapq.heappop(self.uses)

    def _lose(self, key):
        del self.items[key], self.used[key]

    def _bury(self, now):
        buried = 0
        while self.ends and self.ends[0][0] <= now:
            _, born, key = heapq.heappop(self.ends)
            if key in self.items and self.items[key].born == born:
                self._lose(key)
                buried += 1
        self.tally[3] += buried
        return buried

    def get(self, key, default=None):
        with self.lock:
            now = self.clock()
            item = self.items.get(key)
            live = item is not None and now < item.end
            self.tally[0 if live else 1] += 1
            if live:
                self._use(key)
            return item.value if live else default

    def set(self, key, value, ttl_seconds=None):
        if ttl_seconds is not None and ttl_seconds <= 0:
            raise ValueError("ttl_seconds must be positive")
        with self.lock:
            now = self.clock()
            self._bury(now)
            if key not in self.items and len(self.items) >= self.n:
                while self.uses[0][0] != self.used.get(self.uses[0][1]):
                    heapq.heappop(self.uses)
                self._lose(heapq.heappop(self.uses)[1])
                self.tally[2] += 1
            born = next(self.turn)
            end = now + (self.ttl if ttl_seconds is None else ttl_seconds)
            self.items[key] = Item(value, end, born)
            heapq.heappush(self.ends, (end, born, key))
            self._use(key)

    def delete(self, key):
        with self.lock:
            now = self.clock()
            if key not in self.items:
                return False
            live = now < self.items[key].end
            if live:
                self._lose(key)
            return live

    def clear_expired(self):
        with self.lock:
            return self._bury(self.clock())

    def get_stats(self):
        with self.lock:
            now = self.clock()
            hits, misses, evictions, expirations = self.tally
            return {
                "size": sum(1 for item in self.items.values() if item.end > now),
                "capacity": self.n,
                "hits": hits,
                "misses": misses,
                "hit_rate": hits / (hits + misses) if hits + misses else 0.0,
                "evictions": evictions,
                "expirations": expirations,
            }
