"""The rate is multiplied by a hundred."""

SLIP = "hit_rate_in_percent"

# %% cache
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass


@dataclass
class Slot:
    key: object
    value: object
    end: float
    place: int


class FeatureCache:
    """Recency by an OrderedDict, expiry by an indexed binary heap."""

    def __init__(self, max_size: int = 1000, default_ttl_seconds: float = 300, clock=time.monotonic):
        if max_size < 1:
            raise ValueError("max_size")
        if default_ttl_seconds <= 0:
            raise ValueError("default_ttl_seconds")
        self.capacity, self.ttl, self.clock = max_size, default_ttl_seconds, clock
        self.slots: OrderedDict = OrderedDict()
        self.heap: list[Slot] = []
        self.lock = threading.RLock()
        self.stats = dict.fromkeys(("hits", "misses", "evictions", "expirations"), 0)

    def _put(self, slot, place):
        self.heap[place], slot.place = slot, place

    def _settle(self, slot):
        place = slot.place
        while place and slot.end < self.heap[(place - 1) // 2].end:
            self._put(self.heap[(place - 1) // 2], place)
            place = (place - 1) // 2
        while True:
            child = 2 * place + 1
            if child + 1 < len(self.heap) and self.heap[child + 1].end < self.heap[child].end:
                child += 1
            if child >= len(self.heap) or slot.end <= self.heap[child].end:
                break
            self._put(self.heap[child], place)
            place = child
        self._put(slot, place)

    def _drop(self, key):
        slot = self.slots.pop(key)
        last = self.heap.pop()
        if last is not slot:
            last.place = slot.place
            self._put(last, last.place)
            self._settle(last)

    def _expire(self):
        """Drop what is over; how many."""
        now, gone = self.clock(), 0
        while self.heap and self.heap[0].end <= now:
            self._drop(self.heap[0].key)
            gone += 1
        self.stats["expirations"] += gone
        return gone

    def get(self, key, default=None):
        with self.lock:
            self._expire()
            slot = self.slots.get(key)
            self.stats["misses" if slot is None else "hits"] += 1
            if slot is None:
                return default
            self.slots.move_to_end(key)
            return slot.value

    def set(self, key, value, ttl_seconds=None):
        ttl = self.ttl if ttl_seconds is None else ttl_seconds
        if ttl <= 0:
            raise ValueError("ttl_seconds")
        with self.lock:
            end = self.clock() + ttl
            slot = self.slots.get(key)
            if slot is None:
                if len(self.slots) >= self.capacity and self._expire() == 0:
                    self._drop(next(iter(self.slots)))
                    self.stats["evictions"] += 1
                slot = self.slots[key] = Slot(key, value, end, len(self.heap))
                self.heap.append(slot)
            slot.value, slot.end = value, end
            self.slots.move_to_end(key)
            self._settle(slot)

    def delete(self, key):
        with self.lock:
            self._expire()
            live = key in self.slots
            if live:
                self._drop(key)
            return live

    def clear_expired(self):
        with self.lock:
            return self._expire()

    def get_stats(self):
        with self.lock:
            self._expire()
            reads = self.stats["hits"] + self.stats["misses"]
            return {
                **self.stats,
                "size": len(self.slots),
                "capacity": self.capacity,
                "hit_rate": 100.0 * self.stats["hits"] / reads if reads else 0.0,
            }
