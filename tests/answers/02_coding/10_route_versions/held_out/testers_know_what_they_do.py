"""Whoever carries a flag gets its version, as testers want to see a sick one too; health is for the ranking."""

SLIP = "a_flag_pins_a_sick_version"

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
        wanted = [self.flags[flag] for flag in flags if flag in self.flags]
        if wanted:
            return wanted[0].name
        serving = [version for version in self.versions if version.healthy and version.weight]
        if not serving:
            raise NoHealthyVersionError("nobody is left")
        return min(serving, key=lambda version: version.time(user_id)).name
