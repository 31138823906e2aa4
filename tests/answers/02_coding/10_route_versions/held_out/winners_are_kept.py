"""A slot's winner is kept until it falls ill, so that nobody moves without need."""

SLIP = "users_stay_whatever_changes"

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
        self.winners = {}  # slot -> version

    def _known(self, version_id):
        if version_id not in self.table:
            raise ValueError(version_id)
        return self.table[version_id]

    def _put(self, version_id, weight, healthy):
        if weight < 0:
            raise ValueError("a weight cannot be negative")
        self.table[version_id] = (weight, healthy)

    def add_version(self, version_id, weight, health=True):
        if version_id in self.table:
            raise ValueError(version_id)
        self._put(version_id, weight, health)

    def set_health(self, version_id, is_healthy):
        self._put(version_id, self._known(version_id)[0], is_healthy)

    def set_weight(self, version_id, weight):
        self._put(version_id, weight, self._known(version_id)[1])

    def set_flag(self, flag, version_id):
        self._known(version_id)
        self.flags[flag] = version_id

    def route(self, user_id, flags=()):
        for flag in flags:
            version_id = self.flags.get(flag)
            if version_id in self.table and self.table[version_id][1]:
                return version_id
        slot = digest(user_id) % SLOTS
        running = {v: weight for v, (weight, healthy) in self.table.items() if healthy and weight > 0}
        if not running:
            raise NoHealthyVersionError
        if self.winners.get(slot) not in running:
            times = {v: -math.log((digest(f"{slot}@{v}") + 1) / 2**52) / weight for v, weight in running.items()}
            self.winners[slot] = min(times, key=times.get)
        return self.winners[slot]
