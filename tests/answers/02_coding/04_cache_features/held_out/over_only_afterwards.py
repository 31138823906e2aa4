"""Over when more than the ttl has passed."""

SLIP = "alive_at_its_very_end"

# %% cache
import threading
import time
from collections import OrderedDict, namedtuple


Entry = namedtuple("Entry", "value since ttl")


class FeatureCache:
    def __init__(self, max_size=1000, default_ttl_seconds=300, clock=time.monotonic):
        self._lock = threading.RLock()
        self.max_size = max_size
        self.default_ttl_seconds = default_ttl_seconds
        if max_size < 1 or default_ttl_seconds <= 0:
            raise ValueError("too small")
        self.clock = clock
        self.entries = {}  # a dict keeps the order in which keys came; a touched key leaves and comes back
        self.queues = {}
        self.hits = self.misses = self.evictions = self.expirations = 0

    def _take(self, key):
        entry = self.entries.pop(key)
        queue = self.queues[entry.ttl]
        del queue[key]
        if not queue:
            del self.queues[entry.ttl]
        return entry

    def _over(self, entry, now):
        return now - entry.since > entry.ttl

    def _dead_head(self, now):
        for queue in self.queues.values():
            key = next(iter(queue))
            if self._over(self.entries[key], now):
                return [key]
        return []

    def get(self, key, default=None):
        now = self.clock()
        with self._lock:
            if key in self.entries and not self._over(self.entries[key], now):
                self.hits += 1
                entry = self.entries[key] = self.entries.pop(key)
                return entry.value
            if key in self.entries:
                self._take(key)
                self.expirations += 1
            self.misses += 1
            return default

    def set(self, key, value, ttl_seconds=None):
        ttl = self.default_ttl_seconds if ttl_seconds is None else ttl_seconds
        if ttl <= 0:
            raise ValueError("ttl_seconds must be positive")
        with self._lock:
            now = self.clock()
            if key in self.entries:
                self._take(key)
            while len(self.entries) >= self.max_size:
                dead = self._dead_head(now)
                if dead:
                    self._take(dead[0])
                    self.expirations += 1
                else:
                    self._take(next(iter(self.entries)))
                    self.evictions += 1
            self.entries[key] = Entry(value, now, ttl)
            self.queues.setdefault(ttl, OrderedDict())[key] = True

    def delete(self, key):
        with self._lock:
            if key not in self.entries:
                return False
            over = self._over(self.entries[key], self.clock())
            self._take(key)
            self.expirations += over
            return not over

    def clear_expired(self):
        with self._lock:
            now, count = self.clock(), 0
            while dead := self._dead_head(now):
                self._take(dead[0])
                count += 1
            self.expirations += count
            return count

    def get_stats(self):
        with self._lock:
            self.clear_expired()
            total = self.hits + self.misses
            return {
                "size": len(self.entries),
                "capacity": self.max_size,
                "hits": self.hits,
                "misses": self.misses,
                "hit_rate": 0.0 if total == 0 else self.hits / total,
                "evictions": self.evictions,
                "expirations": self.expirations,
            }
