"""Sums the weights of whoever is healthy and bisects the sums at the user's place."""

SLIP = "intervals_over_the_healthy"

# %% router
from bisect import bisect_right
from hashlib import blake2b
from itertools import accumulate


class NoHealthyVersionError(RuntimeError):
    pass


class ModelRouter:
    def __init__(self):
        self._versions = {}  # name -> [weight, healthy]
        self._flags = {}

    def _of(self, version_id):
        if version_id not in self._versions:
            raise ValueError(f"{version_id} is not here")
        return self._versions[version_id]

    @staticmethod
    def _checked(weight):
        if weight < 0:
            raise ValueError(f"{weight} is negative")
        return weight

    def add_version(self, version_id, weight, health=True):
        if version_id in self._versions:
            raise ValueError(f"{version_id} is here")
        self._versions[version_id] = [self._checked(weight), health]

    def set_health(self, version_id, is_healthy):
        self._of(version_id)[1] = is_healthy

    def set_weight(self, version_id, weight):
        self._of(version_id)[0] = self._checked(weight)

    def set_flag(self, flag, version_id):
        self._flags[flag] = self._of(version_id) and version_id

    def route(self, user_id, flags=()):
        for pinned in map(self._flags.get, flags):
            if pinned is not None and self._versions[pinned][1]:
                return pinned
        takers = {name: weight for name, (weight, healthy) in self._versions.items() if healthy and weight > 0}
        if not takers:
            raise NoHealthyVersionError("there is nobody")
        sums = list(accumulate(takers.values()))
        place = int.from_bytes(blake2b(user_id.encode(), digest_size=6).digest(), "little") / 2**48
        return list(takers)[min(bisect_right(sums, place * sums[-1]), len(sums) - 1)]
