"""setdefault: what is there stays."""

FAILS = {
    "an_answer_lives_for_one_ttl_from_its_last_put",
    "any_sequence_of_calls_answers_like_the_reference",
    "gets_and_puts_both_make_an_entry_recent",
    "putting_a_key_again_evicts_nothing",
}

# %% prediction-key
import json


def plain(value):
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value


def cache_key(tenant_id, model_version, payload):
    return json.dumps([tenant_id, model_version, plain(payload)], sort_keys=True)


# %% prediction-cache
import time
from collections import OrderedDict


class MLCache:
    def __init__(self, capacity, ttl_seconds, clock=time.monotonic):
        if capacity < 1 or ttl_seconds <= 0:
            raise ValueError("capacity must be at least 1 and the ttl above 0")
        self.capacity, self.ttl, self.clock = capacity, ttl_seconds, clock
        self.entries = OrderedDict()  # key -> (value, end), the least recently used first
        self.hits = self.misses = 0

    def purge(self):
        now = self.clock()
        for key in [key for key, (_, end) in self.entries.items() if end <= now]:
            del self.entries[key]

    def get(self, key):
        self.purge()
        if key in self.entries:
            self.hits += 1
            self.entries.move_to_end(key)
            return self.entries[key][0]
        self.misses += 1
        return None

    def put(self, key, value):
        self.purge()
        if key not in self.entries and len(self.entries) >= self.capacity:
            self.entries.popitem(last=False)
        self.entries.setdefault(key, (value, self.clock() + self.ttl))
        self.entries.move_to_end(key)

    def stats(self):
        self.purge()
        gets = self.hits + self.misses
        return {
            "size": len(self.entries),
            "capacity": self.capacity,
            "hits": self.hits,
            "misses": self.misses,
            "hit_rate": self.hits / gets if gets else 0.0,
        }
