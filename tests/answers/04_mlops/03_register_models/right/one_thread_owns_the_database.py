"""A worker thread owns the connection; calls are messages to it, so nothing needs a lock."""

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
import queue
import sqlite3
import threading
import time
from concurrent.futures import Future


class ModelRegistry:
    def __init__(self, path=":memory:", clock=time.time):
        self._clock, self._inbox = clock, queue.SimpleQueue()
        threading.Thread(target=self._work, args=(path,), daemon=True).start()
        self._ask(self._make)

    def _work(self, path):
        db = sqlite3.connect(path)
        while True:
            job, args, answer = self._inbox.get()
            try:
                with db:
                    if job != self._make:
                        db.execute("BEGIN")
                    result = job(db, *args)
                answer.set_result(result)
            except BaseException as error:
                answer.set_exception(error)

    def _ask(self, job, *args):
        answer = Future()
        self._inbox.put((job, args, answer))
        return answer.result()

    def _make(self, db):
        db.executescript("""
            CREATE TABLE IF NOT EXISTS m (model_id TEXT, version TEXT, framework TEXT, metrics TEXT, created_at REAL,
                created_by TEXT, stage TEXT, tags TEXT, PRIMARY KEY (model_id, version));
            CREATE TABLE IF NOT EXISTS h (model_id TEXT, depth INTEGER, version TEXT, PRIMARY KEY (model_id, depth));
        """)

    def _rows(self, db, tail="", *values):
        rows = db.execute(f"SELECT * FROM m {tail} ORDER BY rowid", values)
        return [ModelMetadata(*r[:3], json.loads(r[3]), *r[4:7], json.loads(r[7])) for r in rows]

    def _register(self, db, model_id, version, framework, metrics, created_by, tags):
        if self._rows(db, "WHERE model_id = ? AND version = ?", model_id, version):
            raise ValueError("twice")
        row = (model_id, version, framework, metrics, self._clock(), created_by, "development", tags)
        db.execute("INSERT INTO m VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return self._rows(db, "WHERE model_id = ? AND version = ?", model_id, version)[0]

    def _stage(self, db, model_id, version, stage):
        db.execute("UPDATE m SET stage = ? WHERE model_id = ? AND version = ?", (stage, model_id, version))

    def _history(self, db, model_id):
        return db.execute("SELECT depth, version FROM h WHERE model_id = ? ORDER BY depth", (model_id,)).fetchall()

    def _promote(self, db, model_id, version):
        if not self._rows(db, "WHERE model_id = ? AND version = ?", model_id, version):
            raise KeyError(version)
        history = self._history(db, model_id)
        if history and history[-1][1] == version:
            return
        if history:
            self._stage(db, model_id, history[-1][1], "archived")
        self._stage(db, model_id, version, "production")
        db.execute("INSERT INTO h VALUES (?, ?, ?)", (model_id, len(history), version))

    def _rollback(self, db, model_id):
        history = self._history(db, model_id)
        if len(history) < 2:
            raise ValueError("at the bottom")
        db.execute("DELETE FROM h WHERE model_id = ? AND depth = ?", (model_id, history[-1][0]))
        self._stage(db, model_id, history[-1][1], "archived")
        self._stage(db, model_id, history[-2][1], "production")

    def register_model(self, model_id, version, framework, metrics, created_by, tags=None):
        texts = json.dumps(metrics), json.dumps(tags if tags is not None else {})
        return self._ask(self._register, model_id, version, framework, texts[0], created_by, texts[1])

    def get_model(self, model_id, version):
        found = self._ask(self._rows, "WHERE model_id = ? AND version = ?", model_id, version)
        return found[0] if found else None

    def get_production_model(self, model_id):
        found = self._ask(self._rows, "WHERE model_id = ? AND stage = 'production'", model_id)
        return found[0] if found else None

    def promote_to_production(self, model_id, version):
        return self._ask(self._promote, model_id, version)

    def rollback(self, model_id):
        return self._ask(self._rollback, model_id)

    def list_versions(self, model_id):
        return self._ask(self._rows, "WHERE model_id = ?", model_id)

    def search_models(self, tags):
        return [one for one in self._ask(self._rows) if all(one.tags.get(k) == v for k, v in tags.items())]
