"""A draw for each version, times its weight; NumPy finds the largest product."""

SLIP = "hash_times_weight"

# %% router
import hashlib

import numpy as np


class NoHealthyVersionError(Exception):
    pass


def number(text):
    return int.from_bytes(hashlib.sha512(text.encode()).digest()[:8], "big")


def mixed(x):
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class ModelRouter:
    def __init__(self):
        self.names, self.flags = [], {}
        self.keys = np.array([], dtype=np.uint64)
        self.weights, self.healthy = np.array([]), np.array([], dtype=bool)

    def _index(self, version_id):
        if version_id not in self.names:
            raise ValueError(f"unknown version {version_id!r}")
        return self.names.index(version_id)

    def add_version(self, version_id, weight, health=True):
        if version_id in self.names or weight < 0:
            raise ValueError("a version has one name and no negative weight")
        self.names.append(version_id)
        self.keys = np.append(self.keys, np.uint64(number(version_id)))
        self.weights = np.append(self.weights, float(weight))
        self.healthy = np.append(self.healthy, bool(health))

    def set_health(self, version_id, is_healthy):
        self.healthy[self._index(version_id)] = is_healthy

    def set_weight(self, version_id, weight):
        at = self._index(version_id)
        if weight < 0:
            raise ValueError("negative")
        self.weights[at] = weight

    def set_flag(self, flag, version_id):
        self.flags[flag] = self._index(version_id)

    def route(self, user_id, flags=()):
        for flag in flags:
            at = self.flags.get(flag, -1)
            if at >= 0 and self.healthy[at]:
                return self.names[at]
        rates = self.weights * self.healthy
        if not rates.any():
            raise NoHealthyVersionError
        draws = mixed(mixed(self.keys) ^ np.uint64(number(user_id))) >> np.uint64(11)
        return self.names[int(np.argmax((draws.astype(float) + 0.5) / 2**53 * rates))]
