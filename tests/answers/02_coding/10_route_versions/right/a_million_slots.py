"""Users share a million slots; each slot runs a race among the versions, and the winner is kept until something changes."""

# %% router
import hashlib
import math

SLOTS = 2**20


class NoHealthyVersionError(Exception):
    pass


def digest(text):
    return int(hashlib.sha1(text.encode("utf-8")).hexdigest()[:13], 16)


class ModelRouter:
    def __init__(self):
        self.table = {}  # version -> (weight, healthy)
        self.flags = {}
        self.winners = {}  # slot -> version, as things are now

    def _put(self, version_id, weight, healthy):
        if weight < 0:
            raise ValueError("a weight cannot be negative")
        self.table[version_id] = (weight, healthy)
        self.winners.clear()

    def add_version(self, version_id, weight, health=True):
        if version_id in self.table:
            raise ValueError(version_id)
        self._put(version_id, weight, health)

    def set_health(self, version_id, is_healthy):
        if version_id not in self.table:
            raise ValueError(version_id)
        self._put(version_id, self.table[version_id][0], is_healthy)

    def set_weight(self, version_id, weight):
        if version_id not in self.table:
            raise ValueError(version_id)
        self._put(version_id, weight, self.table[version_id][1])

    def set_flag(self, flag, version_id):
        if version_id not in self.table:
            raise ValueError(version_id)
        self.flags[flag] = version_id

    def route(self, user_id, flags=()):
        for flag in flags:
            version_id = self.flags.get(flag)
            if version_id in self.table and self.table[version_id][1]:
                return version_id
        slot = digest(user_id) % SLOTS
        if slot not in self.winners:
            running = [(v, weight) for v, (weight, healthy) in self.table.items() if healthy and weight > 0]
            if not running:
                raise NoHealthyVersionError
            self.winners[slot] = min(running, key=lambda run: -math.log((digest(f"{slot}@{run[0]}") + 1) / 2**52) / run[1])[0]
        return self.winners[slot]
