"""The numbers module decides, and float() makes them alike."""

SLIP = "all_numbers_become_floats"

# %% prediction-key
import json
from numbers import Number


def tidy(value):
    if isinstance(value, Number):
        return float(value)
    if isinstance(value, list):
        return list(map(tidy, value))
    return {name: tidy(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def cache_key(tenant_id, model_version, payload):
    return json.dumps((tenant_id, model_version, tidy(payload)), sort_keys=True, ensure_ascii=False)


# %% prediction-cache
import time
from collections import OrderedDict


class MLCache:
    def __init__(self, capacity, ttl_seconds, clock=None):
        if capacity <= 0 or ttl_seconds <= 0:
            raise ValueError("capacity and ttl_seconds must be positive")
        self.capacity = capacity
        self.ttl = ttl_seconds
        self.clock = clock or time.monotonic
        self.entries = OrderedDict()
        self.hit_count = 0
        self.get_count = 0

    def get(self, key):
        self.get_count += 1
        value, end = self.entries.get(key, (None, None))
        if end is None or self.clock() >= end:
            return None
        self.hit_count += 1
        self.entries.move_to_end(key)
        return value

    def put(self, key, value):
        now = self.clock()
        if key not in self.entries and len(self.entries) >= self.capacity:
            dead = (k for k, (_, end) in self.entries.items() if end <= now)
            del self.entries[next(dead, next(iter(self.entries)))]
        self.entries[key] = (value, now + self.ttl)
        self.entries.move_to_end(key)

    def stats(self):
        now = self.clock()
        return dict(
            size=sum(end > now for _, end in self.entries.values()),
            capacity=self.capacity,
            hits=self.hit_count,
            misses=self.get_count - self.hit_count,
            hit_rate=self.hit_count / self.get_count if self.get_count else 0.0,
        )
