"""Seeds a generator for each user and version with the whole record of the version."""

SLIP = "the_weight_is_hashed"

# %% router
import random


class NoHealthyVersionError(LookupError):
    pass


class ModelRouter:
    def __init__(self):
        self._versions = {}  # name -> weight
        self._sick = set()
        self._flags = {}

    def add_version(self, version_id, weight, health=True):
        if version_id in self._versions:
            raise ValueError("twice")
        self._versions[version_id] = 0.0
        try:
            self.set_weight(version_id, weight)
        except ValueError:
            del self._versions[version_id]
            raise
        self.set_health(version_id, health)

    def _must_be_here(self, version_id):
        if version_id not in self._versions:
            raise ValueError(f"unknown: {version_id}")

    def set_health(self, version_id, is_healthy):
        self._must_be_here(version_id)
        self._sick = self._sick - {version_id} if is_healthy else self._sick | {version_id}

    def set_weight(self, version_id, weight):
        self._must_be_here(version_id)
        if not weight >= 0:
            raise ValueError("weights start at zero")
        self._versions[version_id] = weight

    def set_flag(self, flag, version_id):
        self._must_be_here(version_id)
        self._flags[flag] = version_id

    def route(self, user_id, flags=()):
        for flag in flags:
            if flag in self._flags and self._flags[flag] not in self._sick:
                return self._flags[flag]
        arrivals = {
            version: random.Random(repr((user_id, version, weight))).expovariate(weight)
            for version, weight in self._versions.items()
            if weight and version not in self._sick
        }
        if not arrivals:
            raise NoHealthyVersionError
        return min(arrivals, key=arrivals.__getitem__)
