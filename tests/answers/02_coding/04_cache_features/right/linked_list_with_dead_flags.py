"""A linked list for recency, a heap of nodes that know whether they are out; nothing is purged before it must."""

# %% cache
import heapq
import threading
import time


class Node:
    __slots__ = ("born", "end", "key", "left", "out", "right", "value")

    def __init__(self, key=None, value=None, end=0.0, born=0):
        self.key, self.value, self.end, self.born, self.out = key, value, end, born, False
        self.left = self.right = self

    def __lt__(self, other):
        return (self.end, self.born) < (other.end, other.born)

    def unlink(self):
        self.left.right, self.right.left = self.right, self.left

    def link_before(self, other):
        self.left, self.right = other.left, other
        other.left.right = other.left = self


class FeatureCache:
    def __init__(self, max_size=1000, default_ttl_seconds=300, clock=time.monotonic):
        if max_size < 1 or default_ttl_seconds <= 0:
            raise ValueError("max_size must be at least 1 and the ttl above 0")
        self._room = max_size
        self._ttl = default_ttl_seconds
        self._clock = clock
        self._nodes = {}
        self._root = Node()  # right of it the least recent, left of it the most recent
        self._soonest = []
        self._count = {"hits": 0, "misses": 0, "evictions": 0, "expirations": 0}
        self._born = 0
        self._mutex = threading.Lock()

    def _remove(self, node, why=None):
        del self._nodes[node.key]
        node.unlink()
        node.out = True
        if why:
            self._count[why] += 1

    def get(self, key, default=None):
        with self._mutex:
            node = self._nodes.get(key)
            if node is None or self._clock() >= node.end:
                self._count["misses"] += 1
                return default  # a dead one stays until somebody needs its place
            self._count["hits"] += 1
            node.unlink()
            node.link_before(self._root)
            return node.value

    def set(self, key, value, ttl_seconds=None):
        ttl = self._ttl if ttl_seconds is None else ttl_seconds
        if ttl <= 0:
            raise ValueError("the ttl must be above 0")
        with self._mutex:
            now = self._clock()
            old = self._nodes.get(key)
            if old is not None:
                self._remove(old)
            elif len(self._nodes) >= self._room:
                while self._soonest and self._soonest[0].out:
                    heapq.heappop(self._soonest)
                if self._soonest and self._soonest[0].end <= now:
                    self._remove(heapq.heappop(self._soonest), "expirations")
                else:
                    self._remove(self._root.right, "evictions")
            self._born += 1
            node = self._nodes[key] = Node(key, value, now + ttl, self._born)
            node.link_before(self._root)
            heapq.heappush(self._soonest, node)

    def delete(self, key):
        with self._mutex:
            node = self._nodes.get(key)
            if node is None or self._clock() >= node.end:
                return False
            self._remove(node)
            return True

    def clear_expired(self):
        with self._mutex:
            now = self._clock()
            dead = [node for node in self._nodes.values() if node.end <= now]
            for node in dead:
                self._remove(node, "expirations")
            return len(dead)

    def get_stats(self):
        with self._mutex:
            now = self._clock()
            asked = self._count["hits"] + self._count["misses"]
            size = sum(now < node.end for node in self._nodes.values())
            rate = self._count["hits"] / asked if asked else 0.0
            return {"size": size, "capacity": self._room, "hit_rate": rate, **self._count}
