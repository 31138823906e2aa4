"""A second flag for the same version drops the first."""

FAILS = {"a_flag_that_is_set_again_pins_the_new_version"}

# %% router
import hashlib
import math


class NoHealthyVersionError(Exception):
    pass


class ModelRouter:
    def __init__(self):
        self.weights = {}
        self.healthy = {}
        self.pins = {}

    def add_version(self, version_id, weight, health=True):
        if version_id in self.weights:
            raise ValueError(f"{version_id} exists")
        if weight < 0:
            raise ValueError("a weight must not be negative")
        self.weights[version_id] = weight
        self.healthy[version_id] = health

    def known(self, version_id):
        if version_id not in self.weights:
            raise ValueError(f"unknown version {version_id}")

    def set_health(self, version_id, is_healthy):
        self.known(version_id)
        self.healthy[version_id] = is_healthy

    def set_weight(self, version_id, weight):
        self.known(version_id)
        if weight < 0:
            raise ValueError("a weight must not be negative")
        self.weights[version_id] = weight

    def set_flag(self, flag, version_id):
        self.known(version_id)
        self.pins = {f: v for f, v in self.pins.items() if v != version_id}
        self.pins[flag] = version_id

    def uniform(self, text):
        return (int(hashlib.md5(text.encode()).hexdigest(), 16) + 1) / (2**128 + 1)

    def pinned(self, flags):
        for flag in flags:
            version = self.pins.get(flag)
            if version is not None and self.healthy[version]:
                return version
        return None

    def candidates(self):
        return [v for v in self.weights if self.healthy[v] and self.weights[v] > 0]

    def route(self, user_id, flags=()):
        pinned = self.pinned(flags)
        if pinned is not None:
            return pinned
        candidates = self.candidates()
        if not candidates:
            raise NoHealthyVersionError(user_id)
        return self.pick(user_id, candidates)

    def pick(self, user_id, candidates):
        return max(candidates, key=lambda v: math.log(self.uniform(f"{user_id}:{v}")) / self.weights[v])
