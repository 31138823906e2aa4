"""No lock for files: a deferred transaction that starts again when SQLite says busy. Memory has a lock."""

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
import contextlib
import json
import sqlite3
import threading
import time


class ModelRegistry:
    def __init__(self, path=":memory:", clock=time.time):
        self.path, self.clock, self.lock = path, clock, threading.Lock()
        self.local = threading.local()
        self.shared = sqlite3.connect(path, check_same_thread=False, isolation_level=None) if path == ":memory:" else None

        def make(db):
            db.execute(
                "CREATE TABLE IF NOT EXISTS v (model_id TEXT, version TEXT, facts TEXT, created_at REAL, stage TEXT,"
                " UNIQUE (model_id, version))"
            )
            db.execute("CREATE TABLE IF NOT EXISTS current (model_id TEXT PRIMARY KEY, head INTEGER)")
            db.execute("CREATE TABLE IF NOT EXISTS node (id INTEGER PRIMARY KEY, version TEXT, parent INTEGER)")

        self._do(make)

    def _connection(self):
        if self.shared is not None:
            return self.shared
        if not hasattr(self.local, "db"):
            self.local.db = sqlite3.connect(self.path, isolation_level=None, timeout=0.0)
        return self.local.db

    def _do(self, work):
        for attempt in range(400):
            try:
                with self.lock if self.shared is not None else contextlib.nullcontext():
                    return self._once(work)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                time.sleep(0.001 * min(attempt, 10))
        raise TimeoutError("busy for too long")

    def _once(self, work):
        db = self._connection()
        db.execute("BEGIN")
        try:
            answer = work(db)
            db.execute("COMMIT")
            return answer
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _rows(self, tail, *values):
        rows = self._do(lambda db: db.execute(f"SELECT * FROM v {tail} ORDER BY rowid", values).fetchall())
        answer = []
        for model_id, version, facts, at, stage in rows:
            framework, metrics, by, tags = json.loads(facts)
            answer.append(ModelMetadata(model_id, version, framework, metrics, at, by, stage, tags))
        return answer

    def register_model(self, model_id, version, framework, metrics, created_by, tags=None):
        row = model_id, version, json.dumps([framework, metrics, created_by, tags or {}]), self.clock(), "development"
        try:
            self._do(lambda db: db.execute("INSERT INTO v VALUES (?, ?, ?, ?, ?)", row))
        except sqlite3.IntegrityError:
            raise ValueError("registered before") from None
        return self.get_model(model_id, version)

    def get_model(self, model_id, version):
        return next(iter(self._rows("WHERE model_id = ? AND version = ?", model_id, version)), None)

    def get_production_model(self, model_id):
        return next(iter(self._rows("WHERE model_id = ? AND stage = 'production'", model_id)), None)

    def _switch(self, db, model_id, version, head):
        stage = "UPDATE v SET stage = ? WHERE model_id = ? AND "
        db.execute(stage + "stage = 'production'", ("archived", model_id))
        db.execute(stage + "version = ?", ("production", model_id, version))
        db.execute("INSERT OR REPLACE INTO current VALUES (?, ?)", (model_id, head))

    def _head(self, db, model_id):
        row = db.execute(
            "SELECT node.id, node.version, parent FROM current JOIN node ON node.id = head WHERE model_id = ?", (model_id,)
        ).fetchone()
        return row or (None, None, None)

    def promote_to_production(self, model_id, version):
        def work(db):
            if not db.execute("SELECT 1 FROM v WHERE model_id = ? AND version = ?", (model_id, version)).fetchone():
                raise KeyError(version)
            head, now, _ = self._head(db, model_id)
            if now != version:
                made = db.execute("INSERT INTO node (version, parent) VALUES (?, ?)", (version, head)).lastrowid
                self._switch(db, model_id, version, made)

        self._do(work)

    def rollback(self, model_id):
        def work(db):
            _, _, parent = self._head(db, model_id)
            if parent is None:
                raise ValueError("the first of its line")
            (version,) = db.execute("SELECT version FROM node WHERE id = ?", (parent,)).fetchone()
            self._switch(db, model_id, version, parent)

        self._do(work)

    def list_versions(self, model_id):
        return self._rows("WHERE model_id = ?", model_id)

    def search_models(self, tags):
        return [m for m in self._rows("") if all(k in m.tags and m.tags[k] == v for k, v in tags.items())]
