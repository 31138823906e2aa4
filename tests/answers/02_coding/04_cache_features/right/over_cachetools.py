"""`cachetools.TLRUCache` keeps both orders; a subclass counts what it drops, and a lock goes round each call."""

# %% cache
import threading
import time

from cachetools import TLRUCache


class Store(TLRUCache):
    def __init__(self, size, clock):
        super().__init__(size, ttu=lambda key, entry, now: now + entry[1], timer=clock)
        self.evicted = self.expired = 0

    def expire(self, time=None):
        gone = super().expire(time)
        self.expired += len(gone)
        return gone

    def popitem(self):
        self.evicted += 1
        return super().popitem()


class FeatureCache:
    def __init__(self, max_size=1000, default_ttl_seconds=300, clock=time.monotonic):
        if max_size < 1 or default_ttl_seconds <= 0:
            raise ValueError("room for one entry and a ttl above 0 are the least")
        self.store, self.ttl, self.lock = Store(max_size, clock), default_ttl_seconds, threading.RLock()
        self.hits = self.misses = 0

    def get(self, key, default=None):
        with self.lock:
            self.store.expire()
            if key in self.store:
                self.hits += 1
                return self.store[key][0]
            self.misses += 1
            return default

    def set(self, key, value, ttl_seconds=None):
        ttl = self.ttl if ttl_seconds is None else ttl_seconds
        if ttl <= 0:
            raise ValueError("a ttl is above 0")
        with self.lock:
            self.store[key] = value, ttl

    def delete(self, key):
        with self.lock:
            self.store.expire()
            return self.store.pop(key, None) is not None

    def clear_expired(self):
        with self.lock:
            return len(self.store.expire())

    def get_stats(self):
        with self.lock:
            self.store.expire()
            return {
                "size": len(self.store),
                "capacity": self.store.maxsize,
                "hits": self.hits,
                "misses": self.misses,
                "hit_rate": self.hits / ((self.hits + self.misses) or 1),
                "evictions": self.store.evicted,
                "expirations": self.store.expired,
            }
