"""A node that is read goes to the heap once more."""

SLIP = "reading_renews_the_ttl"

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
import heapq
import itertools
import time


class Node:
    def __init__(self, key=None, value=None, end=0.0):
        self.key, self.value, self.end = key, value, end
        self.before = self.after = self

    def out(self):
        self.before.after, self.after.before = self.after, self.before

    def into(self, ring):
        self.before, self.after = ring.before, ring
        ring.before.after = ring.before = self


class MLCache:
    def __init__(self, capacity, ttl_seconds, clock=time.monotonic):
        if not capacity > 0:
            raise ValueError("there is no room for an entry")
        if not ttl_seconds > 0:
            raise ValueError("an entry would never live")
        self.capacity, self.ttl_seconds, self.clock = capacity, ttl_seconds, clock
        self.ring, self.nodes, self.heap, self.ticket = Node(), {}, [], itertools.count()
        self.hits = self.misses = 0

    def _now(self):
        now = self.clock()
        while self.heap and self.heap[0][0] <= now:
            node = heapq.heappop(self.heap)[2]
            if self.nodes.get(node.key) is node:
                self._remove(node)
        return now

    def _remove(self, node):
        node.out()
        del self.nodes[node.key]

    def get(self, key):
        self._now()
        node = self.nodes.get(key)
        if node is None:
            self.misses += 1
            return None
        self.hits += 1
        self._remove(node)
        self.nodes[key] = again = Node(key, node.value, self.clock() + self.ttl_seconds)
        again.into(self.ring)
        heapq.heappush(self.heap, (again.end, next(self.ticket), again))
        return node.value

    def put(self, key, value):
        end = self._now() + self.ttl_seconds
        if key in self.nodes:
            self._remove(self.nodes[key])
        elif len(self.nodes) == self.capacity:
            self._remove(self.ring.after)
        self.nodes[key] = node = Node(key, value, end)
        node.into(self.ring)
        heapq.heappush(self.heap, (end, next(self.ticket), node))

    def stats(self):
        self._now()
        total = self.hits + self.misses
        return {
            "hits": self.hits,
            "misses": self.misses,
            "hit_rate": self.hits / total if total else 0.0,
            "size": len(self.nodes),
            "capacity": self.capacity,
        }
