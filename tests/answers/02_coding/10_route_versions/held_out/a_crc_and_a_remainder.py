"""Lists the versions that can take traffic; the remainder of a CRC is the place in the list."""

SLIP = "modulo_of_the_healthy_versions"

# %% router
import zlib


class NoHealthyVersionError(LookupError):
    pass


class ModelRouter:
    def __init__(self):
        self.state = {"weights": {}, "health": {}, "flags": {}}

    def _require(self, version_id, weight=0):
        if version_id not in self.state["weights"] or weight < 0:
            raise ValueError(f"{version_id}: unknown, or negative weight {weight}")

    def add_version(self, version_id, weight, health=True):
        if version_id in self.state["weights"] or weight < 0:
            raise ValueError(f"{version_id}: already here, or negative weight")
        self.state["weights"][version_id], self.state["health"][version_id] = weight, health

    def set_health(self, version_id, is_healthy):
        self._require(version_id)
        self.state["health"][version_id] = is_healthy

    def set_weight(self, version_id, weight):
        self._require(version_id, weight)
        self.state["weights"][version_id] = weight

    def set_flag(self, flag, version_id):
        self._require(version_id)
        self.state["flags"][flag] = version_id

    def route(self, user_id, flags=()):
        health, pins = self.state["health"], self.state["flags"]
        for flag in flags:
            if health.get(pins.get(flag)):
                return pins[flag]
        serving = [v for v, weight in self.state["weights"].items() if weight and health[v]]
        if not serving:
            raise NoHealthyVersionError(user_id)
        return serving[zlib.crc32(user_id.encode()) % len(serving)]
