"""Versions are sorted by name."""

SLIP = "versions_in_alphabetical_order"

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
import uuid


class ModelRegistry:
    def __init__(self, path=":memory:", clock=time.time):
        self.clock = clock
        self.guard = threading.Lock()
        self.memory = path == ":memory:"
        self.target = f"file:{uuid.uuid4().hex}?mode=memory&cache=shared" if self.memory else path
        if self.memory:
            self.keep = self._open()
        with self._write() as db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS version_of (id INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT, name TEXT,"
                " body TEXT, at REAL, UNIQUE (model, name))"
            )
            db.execute(
                "CREATE TABLE IF NOT EXISTS served (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER,"
                " withdrawn INTEGER DEFAULT 0)"
            )

    def _open(self):
        db = sqlite3.connect(
            self.target, uri=self.memory, isolation_level=None, timeout=30, check_same_thread=not self.memory
        )
        if not self.memory:
            db.execute("PRAGMA journal_mode=WAL")
        return db

    @contextlib.contextmanager
    def _write(self):
        with self.guard, contextlib.closing(self._open()) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _stack(self, db, model_id):
        return db.execute(
            "SELECT s.id, v.id, v.name FROM served s JOIN version_of v ON v.id = s.version_id"
            " WHERE v.model = ? AND NOT withdrawn ORDER BY s.id DESC",
            (model_id,),
        ).fetchall()

    def _all(self, db):
        ever = {row[0] for row in db.execute("SELECT version_id FROM served")}
        tops = {}
        for version_id, model in db.execute(
            "SELECT v.id, v.model FROM served s JOIN version_of v ON v.id = s.version_id WHERE NOT withdrawn ORDER BY s.id"
        ):
            tops[model] = version_id
        for number, model, name, body, at in db.execute("SELECT * FROM version_of ORDER BY id"):
            framework, metrics, by, tags = json.loads(body)
            stage = "production" if tops.get(model) == number else "archived" if number in ever else "development"
            yield ModelMetadata(model, name, framework, metrics, at, by, stage, tags)

    def _read(self, keep):
        with self.guard, contextlib.closing(self._open()) as db:
            return [found for found in self._all(db) if keep(found)]

    def register_model(self, model_id, version, framework, metrics, created_by, tags=None):
        body = json.dumps([framework, metrics, created_by, tags or {}])
        with self._write() as db:
            if db.execute("SELECT 1 FROM version_of WHERE model = ? AND name = ?", (model_id, version)).fetchone():
                raise ValueError("known already")
            db.execute(
                "INSERT INTO version_of (model, name, body, at) VALUES (?, ?, ?, ?)",
                (model_id, version, body, self.clock()),
            )
        return self.get_model(model_id, version)

    def get_model(self, model_id, version):
        found = self._read(lambda m: (m.model_id, m.version) == (model_id, version))
        return found[0] if found else None

    def get_production_model(self, model_id):
        found = self._read(lambda m: m.model_id == model_id and m.stage == "production")
        return found[0] if found else None

    def promote_to_production(self, model_id, version):
        with self._write() as db:
            row = db.execute("SELECT id FROM version_of WHERE model = ? AND name = ?", (model_id, version)).fetchone()
            if row is None:
                raise KeyError(version)
            stack = self._stack(db, model_id)
            if not stack or stack[0][1] != row[0]:
                db.execute("INSERT INTO served (version_id) VALUES (?)", row)

    def rollback(self, model_id):
        with self._write() as db:
            stack = self._stack(db, model_id)
            if len(stack) < 2:
                raise ValueError("nothing to go back to")
            db.execute("UPDATE served SET withdrawn = 1 WHERE id = ?", stack[0][:1])
            return stack[1][2]

    def list_versions(self, model_id):
        return sorted(self._read(lambda m: m.model_id == model_id), key=lambda m: m.version)

    def search_models(self, tags):
        return self._read(lambda m: all(m.tags.get(k) == v for k, v in tags.items()))
