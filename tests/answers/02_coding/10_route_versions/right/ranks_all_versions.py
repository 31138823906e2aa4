"""Ranks all versions for a user, healthy or not, and takes the first one that may serve."""

# %% router
import hashlib
import math
from dataclasses import dataclass


class NoHealthyVersionError(RuntimeError):
    pass


@dataclass
class Version:
    name: str
    weight: float
    healthy: bool

    def time(self, user_id):
        if not self.weight:
            return math.inf
        number = int.from_bytes(hashlib.blake2b(user_id.encode(), key=self.name.encode()[:64], digest_size=7).digest())
        return -math.log((number + 1) / 2**56) / self.weight


class ModelRouter:
    def __init__(self):
        self.versions, self.flags = [], {}

    def find(self, version_id):
        for version in self.versions:
            if version.name == version_id:
                return version
        raise ValueError(f"no version is called {version_id}")

    def add_version(self, version_id, weight, health=True):
        if any(version.name == version_id for version in self.versions) or weight < 0:
            raise ValueError(f"cannot add {version_id} with weight {weight}")
        self.versions.append(Version(version_id, weight, health))

    def set_health(self, version_id, is_healthy):
        self.find(version_id).healthy = is_healthy

    def set_weight(self, version_id, weight):
        version = self.find(version_id)
        if weight < 0:
            raise ValueError("negative")
        version.weight = weight

    def set_flag(self, flag, version_id):
        self.flags[flag] = self.find(version_id)

    def route(self, user_id, flags=()):
        ranking = sorted(self.versions, key=lambda version: version.time(user_id))
        pinned = [self.flags[flag] for flag in flags if flag in self.flags]
        for version in [*pinned, *(v for v in ranking if v.weight)]:
            if version.healthy:
                return version.name
        raise NoHealthyVersionError("nobody is left")
