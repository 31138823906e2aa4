"""New versions are in staging."""

SLIP = "starts_in_staging"

# %% registry-metadata
from types import MappingProxyType
from typing import Mapping, NamedTuple


class ModelMetadata(NamedTuple):
    model_id: str  # a named tuple is frozen too
    version: str  # compared as text
    framework: str
    metrics: Mapping
    created_at: float
    created_by: str
    stage: str
    tags: Mapping


# %% registry
import sqlite3
import threading
import time

SCHEMA = """
BEGIN EXCLUSIVE;
CREATE TABLE IF NOT EXISTS versions (
    id INTEGER PRIMARY KEY, model_id TEXT NOT NULL, version TEXT NOT NULL, framework TEXT, created_at REAL,
    created_by TEXT, stage TEXT NOT NULL DEFAULT 'staging', UNIQUE (model_id, version)) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one ON versions (model_id) WHERE stage = 'production';
CREATE TABLE IF NOT EXISTS metrics (id INTEGER, name TEXT, value REAL, PRIMARY KEY (id, name)) STRICT;
CREATE TABLE IF NOT EXISTS tags (id INTEGER, name TEXT, value TEXT, PRIMARY KEY (id, name)) STRICT;
CREATE TABLE IF NOT EXISTS stack (n INTEGER PRIMARY KEY, id INTEGER, model_id TEXT);
CREATE TRIGGER IF NOT EXISTS push AFTER INSERT ON stack BEGIN
    UPDATE versions SET stage = 'archived' WHERE model_id = NEW.model_id AND stage = 'production';
    UPDATE versions SET stage = 'production' WHERE id = NEW.id;
END;
CREATE TRIGGER IF NOT EXISTS pop AFTER DELETE ON stack BEGIN
    UPDATE versions SET stage = 'archived' WHERE id = OLD.id;
    UPDATE versions SET stage = 'production'
        WHERE id = (SELECT id FROM stack WHERE model_id = OLD.model_id ORDER BY n DESC LIMIT 1);
END;
COMMIT;
"""


class ModelRegistry:
    def __init__(self, path=":memory:", clock=time.time):
        self._clock = clock
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        with self._lock:
            self._db.executescript(SCHEMA)

    def _load(self, where, *values):
        with self._lock:
            answer = []
            for number, *row, stage in self._db.execute(
                "SELECT id, model_id, version, framework, created_at, created_by, stage FROM versions"
                f" WHERE {where} ORDER BY id",
                values,
            ).fetchall():
                metrics = dict(self._db.execute("SELECT name, value FROM metrics WHERE id = ?", (number,)))
                tags = dict(self._db.execute("SELECT name, value FROM tags WHERE id = ?", (number,)))
                frozen = MappingProxyType(metrics), MappingProxyType(tags)
                answer.append(ModelMetadata(*row[:3], frozen[0], *row[3:], stage, frozen[1]))
            return answer

    def register_model(self, model_id, version, framework, metrics, created_by, tags=None):
        with self._lock, self._db:
            try:
                number = self._db.execute(
                    "INSERT INTO versions (model_id, version, framework, created_at, created_by) VALUES (?, ?, ?, ?, ?)",
                    (model_id, version, framework, self._clock(), created_by),
                ).lastrowid
            except sqlite3.IntegrityError as error:
                raise ValueError(str(error)) from error
            pairs = [(number, *pair) for pair in metrics.items()]
            self._db.executemany("INSERT INTO metrics VALUES (?, ?, ?)", pairs)
            self._db.executemany("INSERT INTO tags VALUES (?, ?, ?)", [(number, *pair) for pair in (tags or {}).items()])
            return self._load("id = ?", number)[0]

    def get_model(self, model_id, version):
        return next(iter(self._load("model_id = ? AND version = ?", model_id, version)), None)

    def get_production_model(self, model_id):
        return next(iter(self._load("model_id = ? AND stage = 'production'", model_id)), None)

    def promote_to_production(self, model_id, version):
        with self._lock, self._db:
            row = self._db.execute(
                "SELECT id, stage FROM versions WHERE model_id = ? AND version = ?", (model_id, version)
            ).fetchone()
            if row is None:
                raise KeyError(version)
            if row[1] != "production":
                self._db.execute("INSERT INTO stack (id, model_id) VALUES (?, ?)", (row[0], model_id))

    def rollback(self, model_id):
        with self._lock, self._db:
            gone = self._db.execute(
                "DELETE FROM stack WHERE n = (SELECT MAX(n) FROM stack WHERE model_id = ?1)"
                " AND (SELECT COUNT(*) FROM stack WHERE model_id = ?1) > 1",
                (model_id,),
            )
            if not gone.rowcount:
                raise ValueError("nothing to go back to")
        return self.get_production_model(model_id)

    def list_versions(self, model_id):
        return tuple(self._load("model_id = ?", model_id))

    def search_models(self, tags):
        each = " AND ".join(["EXISTS (SELECT 1 FROM tags t WHERE t.id = versions.id AND name = ? AND value = ?)"] * len(tags))
        return self._load(each or "1", *[text for pair in tags.items() for text in pair])
