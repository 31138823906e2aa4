"""Nothing is purged before its place is needed; reads look at the age of one entry, a size is counted when asked for."""

# %% prediction-key
import json


def cache_key(tenant_id: str, model_version: str, payload: object) -> str:
    def number(text):
        value = float(text)
        return int(value) if value.is_integer() else value

    # through JSON and back, so that every number passes one function; whole numbers stay exact
    plain = json.loads(json.dumps(payload), parse_float=number, parse_int=int)
    return json.dumps({"tenant": tenant_id, "version": model_version, "payload": untrue(plain)}, sort_keys=True)


def untrue(value):
    """True is 1 and False is 0."""
    if value is True or value is False:
        return 1 if value else 0
    if isinstance(value, dict):
        for name in value:
            value[name] = untrue(value[name])
    elif isinstance(value, list):
        value[:] = [untrue(item) for item in value]
    return value


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
