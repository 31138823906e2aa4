"""Promotes what is there and nothing else."""

SLIP = "an_unknown_version_is_ignored"

# %% registry-metadata
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    model_id: str  # such as "churn"
    version: str  # any text
    framework: str
    metrics: MappingProxyType
    created_at: float
    created_by: str
    stage: str
    tags: MappingProxyType


# %% registry
import copy
import json
import sqlite3
import threading
import time


class ModelRegistry:
    def __init__(self, path=":memory:", clock=time.time):
        self._clock, self._lock = clock, threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("CREATE TABLE IF NOT EXISTS document (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT)")
        row = self._db.execute("SELECT body FROM document").fetchone()
        self._state = json.loads(row[0]) if row else {"versions": [], "stacks": {}}

    def _save(self, state):
        self._db.execute("INSERT OR REPLACE INTO document VALUES (1, ?)", (json.dumps(state),))
        self._state = state

    def _present(self, one):
        model_id, version, framework, metrics, at, by, tags = one
        stack = self._state["stacks"].get(model_id, {"now": [], "ever": []})
        stage = "archived" if version in stack["ever"] else "development"
        if stack["now"] and stack["now"][-1] == version:
            stage = "production"
        proxies = MappingProxyType(dict(metrics)), MappingProxyType(dict(tags))
        return ModelMetadata(model_id, version, framework, proxies[0], at, by, stage, proxies[1])

    def _where(self, keep):
        with self._lock:
            return [found for found in map(self._present, self._state["versions"]) if keep(found)]

    def register_model(self, model_id, version, framework, metrics, created_by, tags=None):
        with self._lock:
            state = copy.deepcopy(self._state)
            if any(one[:2] == [model_id, version] for one in state["versions"]):
                raise ValueError("taken")
            at = self._clock()
            state["versions"].append([model_id, version, framework, dict(metrics), at, created_by, dict(tags or {})])
            self._save(state)
            return self._present(state["versions"][-1])

    def get_model(self, model_id, version):
        found = self._where(lambda m: m.model_id == model_id and m.version == version)
        return found[0] if found else None

    def get_production_model(self, model_id):
        found = self._where(lambda m: m.model_id == model_id and m.stage == "production")
        return found[0] if found else None

    def promote_to_production(self, model_id, version):
        with self._lock:
            state = copy.deepcopy(self._state)
            if not any(one[:2] == [model_id, version] for one in state["versions"]):
                return
            stack = state["stacks"].setdefault(model_id, {"now": [], "ever": []})
            if stack["now"][-1:] != [version]:
                stack["now"].append(version)
                stack["ever"].append(version)
                self._save(state)

    def rollback(self, model_id):
        with self._lock:
            state = copy.deepcopy(self._state)
            now = state["stacks"].get(model_id, {"now": []})["now"]
            if len(now) < 2:
                raise ValueError("nothing")
            now.pop()
            self._save(state)
            return now[-1]

    def list_versions(self, model_id):
        return self._where(lambda m: m.model_id == model_id)

    def search_models(self, tags):
        return self._where(lambda m: tags.items() <= m.tags.items())
