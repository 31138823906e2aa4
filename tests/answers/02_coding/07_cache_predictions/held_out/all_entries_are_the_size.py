"""The length of the dictionary, dead entries and all."""

SLIP = "size_counts_the_dead"

# %% prediction-key
import hashlib
import json


def same_look(value):
    if isinstance(value, dict):
        return sorted([name, same_look(value[name])] for name in value) + ["a dictionary"]
    if isinstance(value, list):
        return [same_look(item) for item in value] + ["a list"]
    if isinstance(value, (bool, int)):
        return int(value)
    if isinstance(value, float) and value == value // 1:
        return int(value)
    return value


def cache_key(tenant_id: str, model_version: str, payload) -> str:
    digest = hashlib.sha256()
    for part in (tenant_id, model_version, json.dumps(same_look(payload))):
        data = part.encode("utf-8")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


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
            size=len(self.entries),
            capacity=self.capacity,
            hits=self.hit_count,
            misses=self.get_count - self.hit_count,
            hit_rate=self.hit_count / self.get_count if self.get_count else 0.0,
        )
