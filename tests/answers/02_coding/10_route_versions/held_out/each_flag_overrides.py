"""Goes through the flags and lets each override the one before."""

SLIP = "the_last_flag_wins"

# %% router
import hmac
from math import log


class NoHealthyVersionError(Exception):
    """Nobody."""


class ModelRouter:
    def __init__(self):
        self.log_weights = {}
        self.sick = set()
        self.flags = {}

    def add_version(self, version_id, weight, health=True):
        if version_id in self.log_weights:
            raise ValueError("already there")
        self._store(version_id, weight)
        if not health:
            self.sick.add(version_id)

    def _store(self, version_id, weight):
        if weight < 0:
            raise ValueError("negative weight")
        self.log_weights[version_id] = log(weight) if weight else None

    def _must_exist(self, version_id):
        if version_id not in self.log_weights:
            raise ValueError("unknown version")

    def set_health(self, version_id, is_healthy):
        self._must_exist(version_id)
        (self.sick.discard if is_healthy else self.sick.add)(version_id)

    def set_weight(self, version_id, weight):
        self._must_exist(version_id)
        self._store(version_id, weight)

    def set_flag(self, flag, version_id):
        self._must_exist(version_id)
        self.flags[flag] = version_id

    def route(self, user_id, flags=()):
        chosen = None
        for flag in flags:
            if flag in self.flags and self.flags[flag] not in self.sick:
                chosen = self.flags[flag]
        if chosen:
            return chosen
        sums = {}
        for version, log_weight in self.log_weights.items():
            if log_weight is not None and version not in self.sick:
                digest = hmac.digest(version.encode(), user_id.encode(), "sha1")
                sums[version] = log_weight - log(-log((int.from_bytes(digest[:6], "little") + 0.5) / 2**48))
        if not sums:
            raise NoHealthyVersionError("no version can serve")
        return max(sums, key=sums.get)
