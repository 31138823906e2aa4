"""A rollback is a promotion of the one before."""

SLIP = "rollback_swaps_two_versions"

# %% registry-metadata
from dataclasses import dataclass


@dataclass(frozen=True)
class ModelMetadata:
    model_id: str  # such as "churn"
    version: str  # any text
    framework: str
    metrics: dict
    created_at: float
    created_by: str
    stage: str
    tags: dict


# %% registry
import json
import sqlite3
import threading
import time


class ModelRegistry:
    def __init__(self, path=":memory:", clock=time.time):
        self._clock, self._mutex = clock, threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("CREATE TABLE IF NOT EXISTS log (n INTEGER PRIMARY KEY, event TEXT NOT NULL)")

    def _append(self, *event):
        self._db.execute("INSERT INTO log (event) VALUES (?)", (json.dumps(event),))

    def _replay(self):
        facts, stage, stacks = {}, {}, {}
        for (text,) in self._db.execute("SELECT event FROM log ORDER BY n").fetchall():
            what, model_id, *rest = json.loads(text)
            stack = stacks.setdefault(model_id, [])
            if what == "made":
                facts[model_id, rest[0]] = rest[1:]
                stage[model_id, rest[0]] = "development"
            elif what == "up":
                if stack:
                    stage[model_id, stack[-1]] = "archived"
                stack.append(rest[0])
                stage[model_id, rest[0]] = "production"
            else:
                stage[model_id, stack.pop()] = "archived"
                stage[model_id, stack[-1]] = "production"
        return facts, stage, stacks

    def _told(self):
        facts, stage, _ = self._replay()
        return [
            ModelMetadata(*name, framework, metrics, at, by, stage[name], tags)
            for name, (framework, metrics, at, by, tags) in facts.items()
        ]

    def _select(self, keep):
        with self._mutex:
            return [one for one in self._told() if keep(one)]

    def register_model(self, model_id, version, framework, metrics, created_by, tags=None):
        with self._mutex:
            if (model_id, version) in self._replay()[0]:
                raise ValueError(f"{model_id} {version} is there")
            self._append("made", model_id, version, framework, metrics, self._clock(), created_by, tags or {})
            return self._told()[-1]

    def get_model(self, model_id, version):
        return next(iter(self._select(lambda m: m.model_id == model_id and m.version == version)), None)

    def get_production_model(self, model_id):
        return next(iter(self._select(lambda m: m.model_id == model_id and m.stage == "production")), None)

    def promote_to_production(self, model_id, version):
        with self._mutex:
            facts, stage, _ = self._replay()
            if (model_id, version) not in facts:
                raise KeyError((model_id, version))
            if stage[model_id, version] != "production":
                self._append("up", model_id, version)
            return True

    def rollback(self, model_id):
        with self._mutex:
            if len(self._replay()[2].get(model_id, [])) < 2:
                raise ValueError("no way back")
            self._append("up", model_id, self._replay()[2][model_id][-2])

    def list_versions(self, model_id):
        return self._select(lambda m: m.model_id == model_id)

    def search_models(self, tags):
        return self._select(lambda m: set(tags.items()) <= set(m.tags.items()))
