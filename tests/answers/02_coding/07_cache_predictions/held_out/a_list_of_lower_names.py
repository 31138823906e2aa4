"""Every tenant's name is folded before it is framed."""

SLIP = "names_in_lower_case"

# %% prediction-key
from fractions import Fraction


def cache_key(tenant_id, model_version, payload):
    return framed("t", tenant_id.strip().lower()) + framed("v", model_version) + spelt(payload)


def framed(kind, text):
    return f"{kind}{len(text)}:{text}"


def spelt(value):
    match value:
        case None:
            return "-"
        case str():
            return framed("s", value)
        case dict():
            inner = [framed("k", name) + spelt(value[name]) for name in sorted(value)]
            return framed("d", "".join(inner))
        case list() | tuple():
            return framed("l", "".join(spelt(item) for item in value))
    return framed("n", str(Fraction(value)))  # exact: 1, 1.0 and True are all 1/1


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
