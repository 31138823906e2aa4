"""The digest is fed with the version and the payload."""

SLIP = "the_tenant_is_forgotten"

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
    for part in (model_version, json.dumps(same_look(payload))):
        data = part.encode("utf-8")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


# %% prediction-cache
import time


class MLCache:
    def __init__(self, capacity: int, ttl_seconds: float, clock=time.monotonic):
        for name, number, fine in (
            ("capacity", capacity, capacity >= 1),
            ("ttl_seconds", ttl_seconds, ttl_seconds > 0),
        ):
            if not fine:
                raise ValueError(f"{name} must be larger than {number}")
        self.capacity, self.ttl, self.clock = capacity, ttl_seconds, clock
        self.store = {}  # key -> (time of the put, value); the most recent last
        self.counts = [0, 0]

    def _alive(self):
        now = self.clock()
        self.store = {key: (since, value) for key, (since, value) in self.store.items() if now - since < self.ttl}
        return self.store

    def get(self, key):
        store = self._alive()
        found = key in store
        self.counts[found] += 1
        if not found:
            return None
        store[key] = entry = store.pop(key)
        return entry[1]

    def put(self, key, value):
        store = self._alive()
        store.pop(key, None)
        if len(store) == self.capacity:
            del store[next(iter(store))]
        store[key] = (self.clock(), value)

    def stats(self):
        misses, hits = self.counts
        rate = hits / (hits + misses) if hits + misses else 0.0
        size = len(self._alive())
        return {"size": size, "capacity": self.capacity, "hits": hits, "misses": misses, "hit_rate": rate}
