"""A generator seeded with user and version: seeding with a text does not use its salted hash."""

# %% router
import random


class NoHealthyVersionError(LookupError):
    pass


def not_negative(weight):
    if not weight >= 0:
        raise ValueError("weights start at zero")
    return weight


class ModelRouter:
    def __init__(self):
        self._versions = {}  # name -> [weight, healthy]
        self._flags = {}

    def add_version(self, version_id, weight, health=True):
        if version_id in self._versions:
            raise ValueError("twice")
        self._versions[version_id] = [not_negative(weight), health]

    def _get(self, version_id):
        try:
            return self._versions[version_id]
        except KeyError:
            raise ValueError(f"unknown: {version_id}") from None

    def set_health(self, version_id, is_healthy):
        self._get(version_id)[1] = is_healthy

    def set_weight(self, version_id, weight):
        self._get(version_id)[0] = not_negative(weight)

    def set_flag(self, flag, version_id):
        self._get(version_id)
        self._flags[flag] = version_id

    def route(self, user_id, flags=()):
        for flag in flags:
            if flag in self._flags and self._versions[self._flags[flag]][1]:
                return self._flags[flag]
        arrivals = [
            (random.Random(f"{version} {user_id}").expovariate(weight), version)
            for version, (weight, healthy) in self._versions.items()
            if healthy and weight
        ]
        if not arrivals:
            raise NoHealthyVersionError
        return min(arrivals)[1]
