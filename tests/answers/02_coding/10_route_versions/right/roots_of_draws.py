"""Each version's draw is a uniform number to the power of one over its weight; the largest wins."""

# %% router
import uuid

SPACE = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


class NoHealthyVersionError(Exception):
    pass


class ModelRouter:
    def __init__(self):
        self.state = {"weights": {}, "health": {}, "flags": {}}

    def _change(self, table, key, value):
        self.state = {**self.state, table: {**self.state[table], key: value}}

    def _require(self, version_id, weight=0):
        if version_id not in self.state["weights"] or weight < 0:
            raise ValueError(f"{version_id}: unknown, or negative weight {weight}")

    def add_version(self, version_id, weight, health=True):
        if version_id in self.state["weights"]:
            raise ValueError(f"{version_id}: already here")
        if weight < 0:
            raise ValueError(f"{version_id}: negative weight")
        self._change("weights", version_id, weight)
        self._change("health", version_id, health)

    def set_health(self, version_id, is_healthy):
        self._require(version_id)
        self._change("health", version_id, is_healthy)

    def set_weight(self, version_id, weight):
        self._require(version_id, weight)
        self._change("weights", version_id, weight)

    def set_flag(self, flag, version_id):
        self._require(version_id)
        self._change("flags", flag, version_id)

    def route(self, user_id, flags=()):
        now = self.state
        for flag in flags:
            if now["health"].get(now["flags"].get(flag)):
                return now["flags"][flag]
        scores = {}
        for version, weight in now["weights"].items():
            if weight > 0 and now["health"][version]:
                number = uuid.uuid5(SPACE, f"{user_id} on {version}").int >> 75
                scores[version] = ((number + 0.5) / 2**53) ** (1 / weight)
        if not scores:
            raise NoHealthyVersionError("no version left")
        return max(scores, key=scores.get)
