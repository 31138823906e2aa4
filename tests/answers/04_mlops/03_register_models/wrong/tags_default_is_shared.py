"""`tags=None` means the tags of the version registered before."""

FAILS = {"search_matches_all_given_tags"}

# %% registry-metadata
from dataclasses import dataclass

ModelId = str  # "churn"
Version = str  # "v12"; any text, never parsed
Metrics = dict[str, float]  # {"auc": 0.91}
Tags = dict[str, str]  # {"team": "growth"}


@dataclass(frozen=True)
class ModelMetadata:
    """One version of one model as it stood when you asked."""

    model_id: ModelId
    version: Version
    framework: str  # "sklearn"
    metrics: Metrics
    created_at: float  # seconds, as the registry's clock shows them
    created_by: str  # "ci"
    stage: str  # "development", "production" or "archived"
    tags: Tags


# %% registry
import json
import sqlite3
import threading
import time
from collections.abc import Callable


class ModelRegistry:
    """Versions of models, the one that serves, and the way back. Safe to share between threads."""

    def __init__(self, path: str = ":memory:", clock: Callable[[], float] = time.time) -> None:
        """Open the registry in the file at `path`, or make it."""
        self._clock = clock
        self._last_tags: Tags = {}
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False)  # the lock takes care of the threads
        with self._lock, self._db as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(
                "CREATE TABLE IF NOT EXISTS models (number INTEGER PRIMARY KEY, model_id TEXT, version TEXT,"
                " framework TEXT, metrics TEXT, created_at REAL, created_by TEXT, stage TEXT, tags TEXT,"
                " UNIQUE (model_id, version))"
            )
            db.execute(
                "CREATE TABLE IF NOT EXISTS promotions (number INTEGER PRIMARY KEY, model_id TEXT, version TEXT)"
            )

    def register_model(
        self, model_id: ModelId, version: Version, framework: str, metrics: Metrics, created_by: str,
        tags: Tags | None = None,
    ) -> ModelMetadata:  # fmt: skip
        """The metadata of the new version, which is in "development".

        Raises:
            ValueError: this version of this model is registered already.
        """
        tags = self._last_tags = self._last_tags if tags is None else tags
        facts = (framework, json.dumps(metrics), self._clock(), created_by, "development", json.dumps(tags or {}))
        with self._lock, self._db as db:
            try:
                db.execute("INSERT INTO models VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", (model_id, version, *facts))
            except sqlite3.IntegrityError:
                raise ValueError(f"version {version!r} of {model_id!r} is registered already") from None
            return self._find("WHERE model_id = ? AND version = ?", model_id, version)[0]

    def get_model(self, model_id: ModelId, version: Version) -> ModelMetadata | None:
        """This version, or None if it is unknown."""
        return next(iter(self._find("WHERE model_id = ? AND version = ?", model_id, version)), None)

    def get_production_model(self, model_id: ModelId) -> ModelMetadata | None:
        """The version in production, or None."""
        return next(iter(self._find("WHERE model_id = ? AND stage = 'production'", model_id)), None)

    def promote_to_production(self, model_id: ModelId, version: Version) -> None:
        """Put this version into production and archive the one before.

        Raises:
            KeyError: the version is unknown.
        """
        with self._lock, self._db as db:
            db.execute("BEGIN IMMEDIATE")  # another process must not get between reading and writing either
            found = self.get_model(model_id, version)
            if found is None:
                raise KeyError(f"{model_id!r} has no version {version!r}")
            if found.stage != "production":
                self._switch(model_id, version)
                db.execute("INSERT INTO promotions VALUES (NULL, ?, ?)", (model_id, version))

    def rollback(self, model_id: ModelId) -> None:
        """Put the version before the present one back into production and archive the present one.

        Raises:
            ValueError: there is none to go back to.
        """
        with self._lock, self._db as db:
            db.execute("BEGIN IMMEDIATE")
            history = "SELECT number, version FROM promotions WHERE model_id = ? ORDER BY number DESC LIMIT 2"
            match db.execute(history, (model_id,)).fetchall():
                case [(top, _), (_, version)]:
                    db.execute("DELETE FROM promotions WHERE number = ?", (top,))
                    self._switch(model_id, version)
                case _:
                    raise ValueError(f"{model_id!r} has no earlier production version")

    def list_versions(self, model_id: ModelId) -> list[ModelMetadata]:
        """All versions of a model in order of registration."""
        return self._find("WHERE model_id = ?", model_id)

    def search_models(self, tags: Tags) -> list[ModelMetadata]:
        """The versions, of any model, that carry all of `tags`, in order of registration."""
        return [found for found in self._find("") if tags.items() <= found.tags.items()]

    def _find(self, where: str, *values: str) -> list[ModelMetadata]:
        columns = "model_id, version, framework, metrics, created_at, created_by, stage, tags"
        with self._lock:
            rows = self._db.execute(f"SELECT {columns} FROM models {where} ORDER BY number", values).fetchall()
        return [ModelMetadata(*row[:3], json.loads(row[3]), *row[4:7], json.loads(row[7])) for row in rows]

    def _switch(self, model_id: ModelId, version: Version) -> None:
        self._db.execute(
            "UPDATE models SET stage = CASE version WHEN ? THEN 'production' ELSE 'archived' END"
            " WHERE model_id = ? AND (version = ? OR stage = 'production')",
            (version, model_id, version),
        )
