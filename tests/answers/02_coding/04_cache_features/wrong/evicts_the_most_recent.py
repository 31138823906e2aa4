"""Pops from the wrong end of the order."""

FAILS = {
    "a_key_set_again_lives_for_its_new_ttl",
    "any_mix_of_reads_and_writes_keeps_the_most_recent",
    "any_sequence_of_calls_answers_like_the_reference",
    "evictions_count_live_entries_dropped_for_room",
    "the_least_recently_used_entry_goes_first",
}

# %% cache
import heapq
import threading
import time
from collections import OrderedDict


class FeatureCache:
    def __init__(self, max_size=1000, default_ttl_seconds=300, clock=time.monotonic):
        if max_size < 1 or default_ttl_seconds <= 0:
            raise ValueError("max_size must be at least 1 and the ttl above 0")
        self.max_size, self.ttl, self.clock = max_size, default_ttl_seconds, clock
        self.entries = OrderedDict()  # key -> (value, end, number)
        self.ends = []
        self.number = self.hits = self.misses = self.evictions = self.expirations = 0
        self.lock = threading.RLock()

    def live(self, key, now):
        entry = self.entries.get(key)
        if entry is None:
            return False
        if now >= entry[1]:
            del self.entries[key]
            self.expirations += 1
            return False
        return True

    def drop_expired(self, now):
        count = 0
        while self.ends and self.ends[0][0] <= now:
            _, number, key = heapq.heappop(self.ends)
            if key in self.entries and self.entries[key][2] == number:
                del self.entries[key]
                count += 1
        self.expirations += count
        return count

    def get(self, key, default=None):
        with self.lock:
            if not self.live(key, self.clock()):
                self.misses += 1
                return default
            self.hits += 1
            self.entries.move_to_end(key)
            return self.entries[key][0]

    def set(self, key, value, ttl_seconds=None):
        ttl = self.ttl if ttl_seconds is None else ttl_seconds
        if ttl <= 0:
            raise ValueError("ttl_seconds must be above 0")
        with self.lock:
            now = self.clock()
            if not self.live(key, now) and len(self.entries) >= self.max_size:
                self.drop_expired(now)
                if len(self.entries) >= self.max_size:
                    self.entries.popitem(last=True)
                    self.evictions += 1
            self.number += 1
            self.entries[key] = (value, now + ttl, self.number)
            self.entries.move_to_end(key)
            heapq.heappush(self.ends, (now + ttl, self.number, key))

    def delete(self, key):
        with self.lock:
            if not self.live(key, self.clock()):
                return False
            del self.entries[key]
            return True

    def clear_expired(self):
        with self.lock:
            return self.drop_expired(self.clock())

    def get_stats(self):
        with self.lock:
            self.drop_expired(self.clock())
            reads = self.hits + self.misses
            return {
                "size": len(self.entries),
                "capacity": self.max_size,
                "hits": self.hits,
                "misses": self.misses,
                "hit_rate": self.hits / reads if reads else 0.0,
                "evictions": self.evictions,
                "expirations": self.expirations,
            }
