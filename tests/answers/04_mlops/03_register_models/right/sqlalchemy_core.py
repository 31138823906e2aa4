"""SQLAlchemy: tables, a pool, one transaction for each call, and a lock for those who share the registry."""

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
import threading
import time

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

_schema = sa.MetaData()
_models = sa.Table(
    "models",
    _schema,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("model_id", sa.String, nullable=False),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("framework", sa.String),
    sa.Column("metrics", sa.JSON),
    sa.Column("created_at", sa.Float),
    sa.Column("created_by", sa.String),
    sa.Column("stage", sa.String),
    sa.Column("tags", sa.JSON),
    sa.UniqueConstraint("model_id", "version"),
)
_stack = sa.Table(
    "stack", _schema, sa.Column("id", sa.Integer, primary_key=True), sa.Column("ref", sa.ForeignKey("models.id"))
)


class ModelRegistry:
    def __init__(self, path=":memory:", clock=time.time):
        self.clock, self.lock = clock, threading.RLock()
        pool = {"poolclass": StaticPool} if path == ":memory:" else {}
        self.engine = sa.create_engine(
            "sqlite://" if path == ":memory:" else f"sqlite:///{path}", connect_args={"check_same_thread": False}, **pool
        )
        with self.lock:
            _schema.create_all(self.engine)

    def _rows(self, connection, *where):
        query = sa.select(_models).where(*where).order_by(_models.c.id)
        return [ModelMetadata(*row[1:]) for row in connection.execute(query)]

    def register_model(self, model_id, version, framework, metrics, created_by, tags=None):
        with self.lock, self.engine.begin() as connection:
            values = {
                "model_id": model_id, "version": version, "framework": framework, "metrics": dict(metrics),
                "created_at": self.clock(), "created_by": created_by, "stage": "development", "tags": dict(tags or {}),
            }  # fmt: skip
            try:
                connection.execute(_models.insert().values(values))
            except sa.exc.IntegrityError as error:
                raise ValueError("this version exists") from error
            return self._rows(connection, _models.c.model_id == model_id, _models.c.version == version)[0]

    def get_model(self, model_id, version):
        with self.lock, self.engine.connect() as connection:
            found = self._rows(connection, _models.c.model_id == model_id, _models.c.version == version)
            return found[0] if found else None

    def get_production_model(self, model_id):
        with self.lock, self.engine.connect() as connection:
            found = self._rows(connection, _models.c.model_id == model_id, _models.c.stage == "production")
            return found[0] if found else None

    def _put(self, connection, model_id, ref):
        mine = _models.c.model_id == model_id
        connection.execute(_models.update().where(mine, _models.c.stage == "production").values(stage="archived"))
        connection.execute(_models.update().where(_models.c.id == ref).values(stage="production"))

    def promote_to_production(self, model_id, version):
        with self.lock, self.engine.begin() as connection:
            query = sa.select(_models.c.id, _models.c.stage).where(
                _models.c.model_id == model_id, _models.c.version == version
            )
            row = connection.execute(query).first()
            if row is None:
                raise KeyError(version)
            if row.stage != "production":
                self._put(connection, model_id, row.id)
                connection.execute(_stack.insert().values(ref=row.id))

    def rollback(self, model_id):
        with self.lock, self.engine.begin() as connection:
            query = (
                sa.select(_stack.c.id, _stack.c.ref)
                .join(_models, _models.c.id == _stack.c.ref)
                .where(_models.c.model_id == model_id)
                .order_by(_stack.c.id.desc())
                .limit(2)
            )
            rows = connection.execute(query).all()
            if len(rows) < 2:
                raise ValueError("nothing before")
            connection.execute(_stack.delete().where(_stack.c.id == rows[0].id))
            self._put(connection, model_id, rows[1].ref)

    def list_versions(self, model_id):
        with self.lock, self.engine.connect() as connection:
            return self._rows(connection, _models.c.model_id == model_id)

    def search_models(self, tags):
        with self.lock, self.engine.connect() as connection:
            return [found for found in self._rows(connection) if all(found.tags.get(k) == tags[k] for k in tags)]
