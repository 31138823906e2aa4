"""cachetools' TTLCache does recency and expiry; around it a lock, counters and the promised errors."""

# %% prediction-key
import json
from numbers import Number


def tidy(value):
    if isinstance(value, Number):
        return int(value) if value == int(value) else value
    if isinstance(value, list):
        return list(map(tidy, value))
    return {name: tidy(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def cache_key(tenant_id, model_version, payload):
    return json.dumps((tenant_id, model_version, tidy(payload)), sort_keys=True, ensure_ascii=False)


# %% prediction-cache
import threading
import time

from cachetools import TTLCache


class MLCache:
    def __init__(self, capacity, ttl_seconds, clock=time.monotonic):
        if capacity < 1 or ttl_seconds <= 0:
            raise ValueError("TTLCache would take them, and keep nothing")
        self._cache = TTLCache(maxsize=capacity, ttl=ttl_seconds, timer=clock)
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def get(self, key):
        with self._lock:
            try:
                value = self._cache[key]
            except KeyError:
                self._misses += 1
                return None
            self._hits += 1
            return value

    def put(self, key, value):
        with self._lock:
            self._cache[key] = value

    def stats(self):
        with self._lock:
            reads = self._hits + self._misses
            return {
                "size": len(self._cache),
                "capacity": int(self._cache.maxsize),
                "hits": self._hits,
                "misses": self._misses,
                "hit_rate": self._hits / reads if reads else 0.0,
            }
