"""The node is asked for its value to know whether it is there."""

SLIP = "a_stored_none_is_a_miss"

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
        if node is None or node.value is None:
            self.misses += 1
            return None
        self.hits += 1
        node.out()
        node.into(self.ring)
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
