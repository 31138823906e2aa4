"""
# Register models and roll them back

You'll build a model registry on SQLite: it says which version serves and takes a bad one back.

**Time** 60 min · **Level** medium · **Needs** Python's `sqlite3`, a little SQL

You'll be able to

- keep one production version per model when eight threads promote at once,
- make rollback a stack, so that the second one goes further back,
- place the transaction so that a power cut leaves no half-done promotion.
"""

# %% nbgrader={"grade_id": "registry-setup", "locked": true}
import contextlib
import functools
import itertools
import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coursekit import (
    REFERENCE,
    ManualClock,
    check,
    crash_images,
    explore,
    is_true_of,
    race,
    scoreboard,
    slider,
    try_it,
)
from coursekit.mlops.registries import DEPLOYS, draw_stories, mlflow_stories, play, random_script

# %% [markdown]
"""
## The situation

A multi-tenant work-management SaaS serves recommendations to 150,000 customers. At 02:10 the p95 latency climbs from
500 ms to 5 s and one request in ten fails. The ML platform engineer on call sees a fresh version in production and does
the right thing: roll back. The registry's answer is worse than the incident. The deploy job died between two
`UPDATE`s an hour ago, so *two* versions say "production", half the pods load each, and "the one before" is anybody's
guess. Finding the last good version in chat logs takes 47 minutes.

A registry has one job: to be right about this.

![A version starts in development. Promote takes it to production. When another is promoted, or rollback withdraws it,
it goes from production to archived. Rollback or promote brings an archived one back.](diagrams/03_register_models.mmd)
"""

# %%
stages = {"v11": "production", "v12": "development"}
stages["v12"] = "production"  # the job dies here; nobody archives v11
[version for version, stage in stages.items() if stage == "production"]

# %% [markdown]
"""
## 1 · Register and promote

Keep everything in SQLite; `path` names a file, or `":memory:"` for a registry of its own that nobody else sees.

- `register_model` stores a version in "development", `created_at` being the clock's float, and returns its metadata;
  `tags=None` is no tags. The same version again: `ValueError`, and what was stored stays.
- `promote_to_production` makes it the model's only "production"; the one before becomes "archived". Unknown model or
  version: `KeyError`, nothing changes.
- `get_model` and `get_production_model` return `None` if there is none.
- `list_versions` and `search_models` answer in order of registration; a hit has *all* the given tags, exactly.
- Ids, versions and tags are any text. Models never touch each other.
- What you return, or were given, cannot change what is stored.

<details><summary>Hint 1 · two tables</summary>

One row per version, with a running number for the order and `UNIQUE (model_id, version)`. A second table holds the
promotions of each model; task 2 needs it.
</details>
<details><summary>Hint 2 · text that bites</summary>

Use `?` for every value. Store metrics and tags as JSON, and compare tags in Python: with `LIKE`, "ml" also finds
"ml-ops". Reading JSON anew for each answer also gives every caller a copy.
</details>
<details><summary>Hint 3 · errors</summary>

`sqlite3.IntegrityError` is not a `ValueError`: catch one, raise the other, and let the transaction roll back.
</details>
"""

# %% nbgrader={"grade_id": "registry-metadata"}
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


# %% nbgrader={"grade_id": "registry", "solution": true}
class ModelRegistry:
    """Versions of models, the one that serves, and the way back. Safe to share between threads."""

    def __init__(self, path: str = ":memory:", clock: Callable[[], float] = time.time) -> None:
        """Open the registry in the file at `path`, or make it."""
        ### BEGIN SOLUTION
        self._clock = clock
        self._lock = threading.RLock()
        # the lock takes care of the threads
        self._db = sqlite3.connect(path, check_same_thread=False)
        with self._lock, self._db as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(
                "CREATE TABLE IF NOT EXISTS models (number INTEGER PRIMARY KEY, model_id TEXT, version TEXT,"
                " framework TEXT, metrics TEXT, created_at REAL, created_by TEXT, stage TEXT, tags TEXT,"
                " UNIQUE (model_id, version))"
            )
            db.execute(
                "CREATE TABLE IF NOT EXISTS promotions"
                " (number INTEGER PRIMARY KEY, model_id TEXT, version TEXT)"
            )
        ### END SOLUTION

    def register_model(
        self, model_id: ModelId, version: Version, framework: str, metrics: Metrics, created_by: str,
        tags: Tags | None = None,
    ) -> ModelMetadata:  # fmt: skip
        """The metadata of the new version, which is in "development".

        Raises:
            ValueError: this version of this model is registered already.
        """
        ### BEGIN SOLUTION
        texts = json.dumps(metrics), json.dumps(tags or {})
        row = (
            model_id,
            version,
            framework,
            texts[0],
            self._clock(),
            created_by,
            "development",
            texts[1],
        )
        with self._lock, self._db as db:
            try:
                db.execute("INSERT INTO models VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            except sqlite3.IntegrityError:
                raise ValueError(
                    f"version {version!r} of {model_id!r} is registered already"
                ) from None
            return self._find("WHERE model_id = ? AND version = ?", model_id, version)[0]
        ### END SOLUTION

    def get_model(self, model_id: ModelId, version: Version) -> ModelMetadata | None:
        """This version, or None if it is unknown."""
        ### BEGIN SOLUTION
        return next(iter(self._find("WHERE model_id = ? AND version = ?", model_id, version)), None)
        ### END SOLUTION

    def get_production_model(self, model_id: ModelId) -> ModelMetadata | None:
        """The version in production, or None."""
        ### BEGIN SOLUTION
        return next(iter(self._find("WHERE model_id = ? AND stage = 'production'", model_id)), None)
        ### END SOLUTION

    def promote_to_production(self, model_id: ModelId, version: Version) -> None:
        """Put this version into production and archive the one before.

        Raises:
            KeyError: the version is unknown.
        """
        ### BEGIN SOLUTION
        with self._lock, self._db as db:
            # another process must not get between reading and writing either
            db.execute("BEGIN IMMEDIATE")
            found = self.get_model(model_id, version)
            if found is None:
                raise KeyError(f"{model_id!r} has no version {version!r}")
            if found.stage != "production":
                self._switch(model_id, version)
                db.execute("INSERT INTO promotions VALUES (NULL, ?, ?)", (model_id, version))
        ### END SOLUTION

    def rollback(self, model_id: ModelId) -> None:
        """Put the version before the present one back into production and archive the present one.

        Raises:
            ValueError: there is none to go back to.
        """
        ### BEGIN SOLUTION
        with self._lock, self._db as db:
            db.execute("BEGIN IMMEDIATE")
            history = "SELECT number, version FROM promotions WHERE model_id = ? ORDER BY number DESC LIMIT 2"
            match db.execute(history, (model_id,)).fetchall():
                case [(top, _), (_, version)]:
                    db.execute("DELETE FROM promotions WHERE number = ?", (top,))
                    self._switch(model_id, version)
                case _:
                    raise ValueError(f"{model_id!r} has no earlier production version")
        ### END SOLUTION

    def list_versions(self, model_id: ModelId) -> list[ModelMetadata]:
        """All versions of a model in order of registration."""
        ### BEGIN SOLUTION
        return self._find("WHERE model_id = ?", model_id)
        ### END SOLUTION

    def search_models(self, tags: Tags) -> list[ModelMetadata]:
        """The versions, of any model, that carry all of `tags`, in order of registration."""
        ### BEGIN SOLUTION
        return [found for found in self._find("") if tags.items() <= found.tags.items()]

    def _find(self, where: str, *values: str) -> list[ModelMetadata]:
        columns = "model_id, version, framework, metrics, created_at, created_by, stage, tags"
        with self._lock:
            query = f"SELECT {columns} FROM models {where} ORDER BY number"
            rows = self._db.execute(query, values).fetchall()
        return [
            ModelMetadata(
                model_id, version, framework, json.loads(metrics), at, by, stage, json.loads(tags)
            )
            for model_id, version, framework, metrics, at, by, stage, tags in rows
        ]

    def _switch(self, model_id: ModelId, version: Version) -> None:
        self._db.execute(
            "UPDATE models SET stage = CASE version WHEN ? THEN 'production' ELSE 'archived' END"
            " WHERE model_id = ? AND (version = ? OR stage = 'production')",
            (version, model_id, version),
        )
        ### END SOLUTION


# %% [markdown]
"""
Watch two versions change places.
"""


# %%
@try_it
def two_versions_of_one_model():
    registry = ModelRegistry()
    for version in ("v9", "v10"):
        registry.register_model("churn", version, "sklearn", {"auc": 0.91}, "ci")
        registry.promote_to_production("churn", version)
    return [(found.version, found.stage) for found in registry.list_versions("churn")]


# %% nbgrader={"grade_id": "registry-checks", "grade": true}
def register(registry, version, model_id="churn", tags=None, auc=0.75):
    return registry.register_model(model_id, version, "sklearn", {"auc": auc}, "ci", tags)


def stocked(*versions, path=":memory:"):
    registry = ModelRegistry(path)
    for version in versions:
        register(registry, version)
    return registry


def stages_of(registry, *versions, model_id="churn"):
    return [registry.get_model(model_id, version).stage for version in versions]


def in_production(registry, *versions, model_id="churn"):
    return [
        version
        for version in versions
        if registry.get_model(model_id, version).stage == "production"
    ]


def outcome(error, call, *args):
    try:
        call(*args)
    except error:
        return error.__name__
    return "no error"


@check(
    expect=["churn", "v1", "xgboost", {"auc": 0.91, "recall": 1.0}, "nightly", {"team": "growth"}],
    stage="core",
)
def a_registered_version_reads_back_whole():
    """Every field comes back as it was given."""
    registry, metrics = ModelRegistry(), {"auc": 0.91, "recall": 1.0}
    registry.register_model("churn", "v1", "xgboost", metrics, "nightly", {"team": "growth"})
    found = registry.get_model("churn", "v1")
    facts = [found.model_id, found.version, found.framework, dict(found.metrics), found.created_by]
    return [*facts, dict(found.tags or {})]


@check(expect={"serving": "v3", "stages": ["archived", "production"]}, stage="core")
def promoting_archives_the_version_before():
    """One production version for each model; the one before becomes "archived"."""
    registry = stocked("v1", "v2", "v3")
    registry.promote_to_production("churn", "v1")
    registry.promote_to_production("churn", "v3")
    found = registry.get_production_model("churn")
    return {"serving": found.version, "stages": stages_of(registry, "v1", "v3")}


### BEGIN HIDDEN TESTS
@check(expect=["fraud", "2024-05", {"auc": 0.5}, {}], stage="core")
def registering_returns_the_metadata():
    """`register_model` hands back what it stored, `tags=None` as no tags."""
    made = register(ModelRegistry(), "2024-05", "fraud", auc=0.5)
    return [made.model_id, made.version, dict(made.metrics), dict(made.tags or {})]


@check(expect=["development", "development", "str"], stage="core")
def a_new_version_starts_in_development():
    """Registering puts nothing into production. A stage is a plain string."""
    registry = stocked("v3", "v4")
    return [
        *stages_of(registry, "v3", "v4"),
        type(registry.get_model("churn", "v3").stage).__name__,
    ]


@check(expect=[1234.5625, 1235.0, 1235.0], stage="core")
def created_at_is_the_clocks_float():
    """Read the clock that was handed in, when the version is registered, and keep the float."""
    clock = ManualClock(1234.5625)
    registry = ModelRegistry(clock=clock)
    register(registry, "v1")
    clock.advance(0.4375)
    register(registry, "v2")
    clock.advance(10.0)
    first, second = [registry.get_model("churn", version).created_at for version in ("v1", "v2")]
    registry.promote_to_production("churn", "v2")
    return [first, second, registry.get_model("churn", "v2").created_at]


@check(expect=["ValueError", {"auc": 0.75}, {"team": "ads"}, 1, 0, "v2"], stage="core")
def a_duplicate_raises_value_error_and_changes_nothing():
    """The first registration stays as it was, and the registry goes on working."""
    registry = ModelRegistry()
    register(registry, "v1", tags={"team": "ads"})
    raised = outcome(ValueError, register, registry, "v1", "churn", {"tier": "gold"}, 0.125)
    kept, count = registry.get_model("churn", "v1"), len(registry.list_versions("churn"))
    hits = len(registry.search_models({"tier": "gold"}))
    register(registry, "v2")
    found = registry.get_model("churn", "v2")
    return [raised, dict(kept.metrics), dict(kept.tags), count, hits, found.version]


@check(expect=["KeyError", "KeyError", ["v1"], ["v2"], ["v1"], "ValueError"], stage="rollback")
def an_unknown_version_cannot_be_promoted():
    """`KeyError` for an unknown version and for an unknown model; what serves goes on serving."""
    registry = stocked("v1", "v2")
    registry.promote_to_production("churn", "v1")
    raised = [
        outcome(KeyError, registry.promote_to_production, name, "v9") for name in ("churn", "fraud")
    ]
    after = in_production(registry, "v1", "v2")
    registry.promote_to_production("churn", "v2")
    later = in_production(registry, "v1", "v2")
    with contextlib.suppress(KeyError):
        registry.promote_to_production("churn", "v9")
    registry.rollback("churn")
    back = in_production(registry, "v1", "v2")
    return [*raised, after, later, back, outcome(ValueError, registry.rollback, "churn")]


@check(expect=[None, None, None, None, "v1"], stage="core")
def the_unknown_reads_as_none():
    """`get_model` and `get_production_model` return None if there is nothing to return."""
    registry = stocked("v1")
    unknown = [registry.get_model("churn", "v2"), registry.get_model("fraud", "v1")]
    nobody = [registry.get_production_model("churn"), registry.get_production_model("fraud")]
    return [*unknown, *nobody, registry.get_model("churn", "v1").version]


@check(expect=[{"auc": 0.75}, {"team": "ads"}, 1], points=2, stage="copies")
def what_is_returned_cannot_change_what_is_stored():
    """Neither the dictionaries that came in nor those that went out lead back into the registry."""
    registry, metrics, tags = ModelRegistry(), {"auc": 0.75}, {"team": "ads"}
    made = registry.register_model("churn", "v1", "sklearn", metrics, "ci", tags)
    metrics["auc"], tags["team"] = 0.0, "spoilt"
    lists = [registry.list_versions("churn"), registry.search_models({"team": "ads"})]
    for found in [made, registry.get_model("churn", "v1"), *lists[0], *lists[1]]:
        for name in ("metrics", "tags"):
            with contextlib.suppress(Exception):  # a read-only mapping is right too
                getattr(found, name).update({"auc": 0.0, "team": "spoilt"})
    for answer in lists:
        with contextlib.suppress(Exception):
            answer.clear()
    kept = registry.get_model("churn", "v1")
    return [dict(kept.metrics), dict(kept.tags), len(registry.list_versions("churn"))]


@check(expect=REFERENCE, seeds=2, stage="copies")
def metadata_is_frozen(rng):
    """Setting a field of what was returned fails."""
    version = f"v{rng.randrange(1000)}"
    registry = stocked(version)
    found = registry.get_model("churn", version)
    with contextlib.suppress(Exception):
        found.version = "v1000"
    return found.version


@check(expect=[["v9", "v10", "v2"], ["v9", "v10", "v2", "v1"]], stage="core")
def versions_are_listed_in_order_of_registration():
    """Not by name, by stage or by last change: the number of the row decides."""
    registry = ModelRegistry()
    for version in ("v9", "v10", "v2"):
        register(registry, version)
        register(registry, f"fraud-{version}", "fraud")
    for version in ("v2", "v10"):
        registry.promote_to_production("churn", version)
    before = [found.version for found in registry.list_versions("churn")]
    register(registry, "v1")
    return [before, [found.version for found in registry.list_versions("churn")]]


@check(expect=[["churn", "v2"], ["fraud", "v7"], ["ads", "v1"], ["abuse", "v3"]], stage="search")
def search_answers_in_order_of_registration():
    """Across models too, whatever was promoted since."""
    registry, names = (
        ModelRegistry(),
        [("churn", "v2"), ("fraud", "v7"), ("ads", "v1"), ("abuse", "v3")],
    )
    for model_id, version in names:
        register(registry, version, model_id, {"team": "ads"})
    for name in sorted(names):
        registry.promote_to_production(*name)
    return [[found.model_id, found.version] for found in registry.search_models({"team": "ads"})]


@check(expect=REFERENCE, points=2, seeds=2, stage="search")
def search_matches_all_given_tags(rng):
    """A hit carries every tag asked for, key and value, exactly as spelt, in whatever stage it is."""
    keys = ["team", "te_m", "tier", "ml"]
    values = ["ml", "ml-ops", "ML", "m_", "m%", "team", "it's", 'a "b"', "größe"]
    registry, names, known, answers = ModelRegistry(), [], [], []
    for n in range(14):
        names.append((rng.choice(["churn", "fraud"]) if n > 1 else "churn", f"v{n}"))
        known.append(
            {key: rng.choice(values) for key in rng.sample(keys, rng.randrange(4))}
            if n != 4
            else {}
        )
        known[n] |= {"team": ["ml", "ml-ops", "ML", "m_"][n]} if n < 4 else {}
        register(registry, names[n][1], names[n][0], known[n] or None)
    for name in [*names[:2], *rng.sample(names[2:], 3)]:  # the first one is archived
        registry.promote_to_production(*name)
    for n in range(20):
        some = sorted(rng.choice([tags for tags in known if tags]).items())
        asked = (
            dict(rng.sample(some, rng.randint(1, len(some))))
            if n > 4
            else {"team": known[min(n, 3)]["team"]}
        )
        if n % 4 == 3:
            asked[rng.choice(keys)] = rng.choice(values)
        answers.append(
            sorted([found.model_id, found.version] for found in registry.search_models(asked))
        )
    return answers


@check(expect=REFERENCE, points=2, seeds=1, stage="tenants")
def models_and_versions_never_touch_each_other(rng):
    """Promote one and look at all: names that differ in case, a wildcard, a quote or a separator differ."""
    families, views = [
        [(m, v) for m in ("churn", "Churn", "ch_rn", "ch%") for v in ("v1", "V1", "v_")],
        [(m, v) for m in ("it's", 'say "hi"', "x'; --", "größe") for v in ("1", "01" if m == "it's" else "1.0")],
        [(m, v) for m in ("a", "a ", " a") for v in ("v1", "v1 ")],
        [pair for mark in ":/-@|.#_ " for pair in ((f"a{mark}b", "c"), ("a", f"b{mark}c"))],
    ], []  # fmt: skip
    for names in families:
        registry, now = ModelRegistry(), {}
        rng.shuffle(names)
        for n, (model_id, version) in enumerate(names):
            register(registry, version, model_id, auc=float(n))
        views.append([[found.model_id, found.version, dict(found.metrics)] for found in [
            registry.get_model(*name) for name in names
        ]])  # fmt: skip
        views.append(
            [[found.version for found in registry.list_versions(name)] for name, _ in names]
        )
        chosen = [*dict(names).items()][:4]  # of several models, and two more
        rest = rng.sample([name for name in names if name not in chosen], 2)
        for n, (model_id, version) in enumerate(chosen + rest):
            registry.promote_to_production(model_id, version)
            now[model_id] = version
            if n % 2:
                stages = [registry.get_model(*name).stage for name in names]
                views.append(
                    [stage if stage in ("production", "archived") else "" for stage in stages]
                )
            views.append([registry.get_production_model(model_id).version for model_id in now])
    return views


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""
## 2 · Roll back

Now fill in `rollback` in the class above. It restores the version that was in production before and archives the
withdrawn one. History is a stack, for each model its own:

- a second rollback goes one further back, however the versions are named or numbered;
- a withdrawn version has left the stack: after v1, v2, rollback, v3, the next rollback restores v1;
- a version promoted twice, with another between, lies there twice;
- promoting the version that is in production changes nothing, so it adds nothing to the stack;
- nothing to go back to (never promoted, or only once, or all unwound): `ValueError`, and everything stays as it is.

What it returns is up to you.

<details><summary>Hint 1 · who was before?</summary>

Stages cannot tell you: two archived versions look alike. The promotions in order can.
</details>
<details><summary>Hint 2 · push and pop</summary>

Promote pushes a row. Rollback reads the two newest rows of this model; with fewer than two it raises before it writes.
Else it deletes the newest and puts the other's version into production.
</details>
"""


# %%
@try_it
def three_up_and_two_back():
    registry = ModelRegistry()
    for version in ("v1", "v2", "v3"):
        registry.register_model("churn", version, "sklearn", {"auc": 0.91}, "ci")
        registry.promote_to_production("churn", version)
    registry.rollback("churn")
    registry.rollback("churn")
    return [(found.version, found.stage) for found in registry.list_versions("churn")]


# %% nbgrader={"grade_id": "registry-rollback-checks", "grade": true}
def promoted(*versions):
    registry = stocked(*dict.fromkeys(sorted(versions)))
    for version in versions:
        registry.promote_to_production("churn", version)
    return registry


def view(registry, *versions):
    found = registry.get_production_model("churn")
    return [None if found is None else found.version, *stages_of(registry, *versions)]


@check(expect={"serving": "v2", "stages": ["archived", "production"]}, stage="rollback")
def rollback_restores_the_version_before():
    """The one that was in production before, not the one that was registered before."""
    registry = promoted("v2", "v1")
    registry.rollback("churn")
    found = registry.get_production_model("churn")
    return {"serving": found.version, "stages": stages_of(registry, "v1", "v2")}


### BEGIN HIDDEN TESTS
@check(expect=[["v3"], ["v4"], ["v1"], ["v2"]], stage="rollback")
def a_second_rollback_goes_one_further_back():
    """Rollback does not swap two versions: it walks."""
    registry = promoted("v2", "v1", "v4", "v3")
    walk = [in_production(registry, "v1", "v2", "v3", "v4")]
    for _ in range(3):
        registry.rollback("churn")
        walk.append(in_production(registry, "v1", "v2", "v3", "v4"))
    return walk


@check(expect=["ValueError", "nothing changed", "ValueError", "nothing changed"], stage="rollback")
def with_nothing_to_go_back_to_rollback_raises_value_error():
    """Never promoted, or promoted once: `ValueError`, and all stays as it is."""
    registry, seen = stocked("v1", "v2"), []
    for promote_first in (False, True):
        if promote_first:
            registry.promote_to_production("churn", "v1")
        before = stages_of(registry, "v1", "v2")
        seen.append(outcome(ValueError, registry.rollback, "churn"))
        after = stages_of(registry, "v1", "v2")
        seen.append("nothing changed" if before == after else [before, after])
    return seen


@check(expect=[["v2"], "ValueError", ["v2"]], stage="rollback")
def a_history_that_is_unwound_has_an_end():
    """After the last step back comes a `ValueError` that changes nothing, not a step forward."""
    registry = promoted("v2", "v1", "v3")
    registry.rollback("churn")
    registry.rollback("churn")
    seen = [
        in_production(registry, "v1", "v2", "v3"),
        outcome(ValueError, registry.rollback, "churn"),
    ]
    return [*seen, in_production(registry, "v1", "v2", "v3")]


@check(expect=["nothing changed", ["v1"]], points=2, stage="rollback")
def promoting_the_production_version_again_changes_nothing():
    """No stage changes, and rollback still finds the version before."""
    registry = promoted("v1", "v2")
    before = view(registry, "v1", "v2")
    registry.promote_to_production("churn", "v2")
    registry.promote_to_production("churn", "v2")
    after = view(registry, "v1", "v2")
    registry.rollback("churn")
    return [
        "nothing changed" if before == after else [before, after],
        in_production(registry, "v1", "v2"),
    ]


@check(expect=[["v4"], ["v1"]], stage="rollback")
def a_withdrawn_version_has_left_the_history():
    """Promote, promote, roll back, promote: the way back leads past the withdrawn one."""
    registry = promoted("v1", "v2")
    register(registry, "v4")
    registry.rollback("churn")
    registry.promote_to_production("churn", "v4")
    after = in_production(registry, "v1", "v2", "v4")
    registry.rollback("churn")
    return [after, in_production(registry, "v1", "v2", "v4")]


@check(expect=[["v1"], ["v1"], "ValueError"], stage="rollback")
def each_model_has_a_history_of_its_own():
    """What another model did in between is no step of this one."""
    registry = stocked("v1", "v2")
    for version in ("v1", "v2", "v3"):
        register(registry, version, "fraud")
    for name in (
        ("churn", "v1"),
        ("fraud", "v1"),
        ("churn", "v2"),
        ("fraud", "v2"),
        ("fraud", "v3"),
    ):
        registry.promote_to_production(*name)
    registry.rollback("churn")
    seen = [in_production(registry, "v1", "v2")]
    registry.rollback("fraud")
    registry.rollback("fraud")
    seen.append(in_production(registry, "v1", "v2", "v3", model_id="fraud"))
    return [*seen, outcome(ValueError, registry.rollback, "churn")]


@check(expect=REFERENCE, points=3, seeds=2, stage="rollback")
def any_sequence_of_promotes_and_rollbacks_answers_like_the_reference(rng):
    """A version that comes back lies in the stack twice."""
    versions, registry, seen = ["v9", "v10", "v2", "v1"], stocked("v9", "v10", "v2", "v1"), []
    steps = rng.choices(["promote", "rollback", "again"], weights=[5, 4, 1], k=24)
    for verb in ["promote"] * 5 + ["rollback"] * 2 + steps:
        version, raised = rng.choice(versions if seen else versions[1:]), None
        if verb == "rollback":
            raised = outcome(ValueError, registry.rollback, "churn")
        else:
            now = in_production(registry, *versions) if verb == "again" else []
            registry.promote_to_production("churn", now[0] if now else version)
        stages = stages_of(registry, *versions) if len(seen) % 2 else []
        seen.append(
            [raised, *[stage if stage in ("production", "archived") else "" for stage in stages]]
        )
    ends = [
        outcome(ValueError, registry.rollback, "churn")
        for _ in range(sum(raised is None for raised, *_ in seen))
    ]
    return [*seen, [ends, in_production(registry, *versions)]]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""
## 3 · Survive threads and power cuts

The class passes while one caller is alone and nothing breaks. Two things remain:

- **Threads.** Eight threads share one registry, in memory or in a file, and promote at once. No call fails, one version
  is in production, and the history tells one story: rolling back visits every promoted version once, then ends in
  `ValueError`. Eight threads that promote the *same* version promote it once.
- **Power cuts.** The machine stops at any SQL statement, in the constructor too. A new registry on that file opens,
  shows every call that had returned, and shows the one in progress completely or not at all, in stages, tags and
  history alike.

<details><summary>Hint 1 · what belongs together</summary>

Reading who serves, archiving it, raising the new one, pushing the history: one lock around all, one transaction around
all. Two transactions are two chances to stop between them.
</details>
<details><summary>Hint 2 · in SQLite</summary>

`check_same_thread=False` permits sharing, it does not make it safe: hold a `threading.Lock` yourself. `with db:`
commits or rolls back; `BEGIN IMMEDIATE` takes the write lock before you read. Reads need the lock too.
</details>
<details><summary>Hint 3 · a lock taken twice</summary>

If `promote_to_production` holds the lock and calls `get_model`, a plain `Lock` waits for itself: use `RLock`.
</details>
"""


# %%
@try_it
def eight_threads_promote_at_once():
    registry, versions = ModelRegistry(), "abcdefgh"
    for version in versions:
        registry.register_model("churn", version, "sklearn", {"auc": 0.8}, "ci")
    race(
        *[
            functools.partial(registry.promote_to_production, "churn", version)
            for version in versions
        ]
    )
    return sorted(registry.get_model("churn", version).stage for version in versions)


# %% nbgrader={"grade_id": "registry-safety-checks", "grade": true}
def at_once(registry, versions, seed):
    answers = race(
        *[functools.partial(registry.promote_to_production, "churn", v) for v in versions],
        seed=seed,
    )
    return [type(answer).__name__ for answer in answers if isinstance(answer, BaseException)]


@check(expect=["v3"], stage="power-cuts")
def a_registry_in_a_file_is_there_after_a_restart():
    """Open the file again and go on."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.db"
        registry = stocked("v1", "v2", "v3", path=str(path))
        with crash_images(path, Path(folder) / "images") as images:
            registry.promote_to_production("churn", "v1")
            registry.promote_to_production("churn", "v3")
        again = ModelRegistry(str(images[-1]))  # the file as the power cut left it
        return in_production(again, "v1", "v2", "v3")


### BEGIN HIDDEN TESTS
EIGHT = [f"v{n}" for n in range(8)]
TEAM = {"team": "ads"}
CALLS = [
    lambda registry: register(registry, "v1", tags=TEAM),
    lambda registry: register(registry, "v2", tags=TEAM),
    lambda registry: registry.promote_to_production("churn", "v1"),
    lambda registry: registry.promote_to_production("churn", "v2"),
    lambda registry: registry.rollback("churn"),
    lambda registry: registry.promote_to_production("churn", "v2"),
]


def history_of(registry, versions, limit):
    walk = [in_production(registry, *versions)]
    while len(walk) < limit:
        try:
            registry.rollback("churn")
        except (KeyError, ValueError):
            return [*walk, "the end"]
        walk.append(in_production(registry, *versions))
    return walk


def shown(registry):
    listed = []
    with contextlib.suppress(KeyError):
        listed = sorted(registry.list_versions("churn") or [], key=lambda found: found.version)
    facts = [[one.version, dict(one.metrics), dict(one.tags or {}), one.stage] for one in listed]
    hits = sorted(hit.version for hit in registry.search_models(TEAM))
    return [facts, hits, history_of(registry, [one.version for one in listed], 5) if listed else []]


@functools.cache
def uncut(model):
    views = []
    for n in range(len(CALLS) + 1):
        registry = model()
        for call in CALLS[:n]:
            call(registry)
        views.append(shown(registry))
    return views


def several(views):
    # a registry that does nothing looks the same before and after every call
    return len(views) == len(CALLS) + 1 and all(views.count(view) < 4 for view in views)


def finished(seen):
    """after every call the reopened registry shows what an undisturbed one does"""
    return several(seen["undisturbed"]) and seen["reopened"] == seen["undisturbed"][1:]


def whole(seen):
    """each copy shows the calls before, and the call in progress completely or not at all"""
    views = seen["undisturbed"]
    return (
        several(views)
        and len(seen["during"]) == len(CALLS)
        and all(view in views[n : n + 2] for n, cuts in enumerate(seen["during"]) for view in cuts)
    )


@functools.cache
def after_eight_threads(model):
    """For two races in memory and one in a file: exceptions, versions in production, and the way back."""
    with tempfile.TemporaryDirectory() as folder:
        seen = []
        for seed, path in enumerate(
            [":memory:", ":memory:", str(Path(folder) / "registry.db")], 16
        ):
            registry = stocked(*EIGHT, path=path)
            trouble, serving = at_once(registry, EIGHT, seed), in_production(registry, *EIGHT)
            seen.append((trouble, serving, history_of(registry, EIGHT, 8)))
        return seen


@check(expect=[[[], 1]] * 3, points=2, stage="threads")
def eight_threads_promoting_leave_one_in_production():
    """In memory and in a file: no call fails, and one version says production."""
    return [[trouble, len(serving)] for trouble, serving, _ in after_eight_threads(ModelRegistry)]


@check(expect=[[[version] for version in EIGHT]] * 3, points=2, stage="threads")
def their_history_tells_one_story():
    """Rolling back visits every version once."""
    return [sorted(walk, key=str) for _, _, walk in after_eight_threads(ModelRegistry)]


@check(expect=REFERENCE, seeds=1, stage="threads")
def eight_threads_promoting_the_same_version_promote_it_once(rng):
    """Whether it serves already is decided inside the lock."""
    seen = []
    for seed in range(2):
        first, second = (f"v{n}" for n in rng.sample(range(1000), 2))
        registry = stocked(first, second)
        registry.promote_to_production("churn", first)
        at_once(registry, [second] * 8, seed)
        registry.rollback("churn")
        seen.append(in_production(registry, first, second))
    return seen


def reopened(model, image):
    try:
        return shown(model(str(image)))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@functools.cache
def copies(model):
    """What copies of the file show that were made during each call; the last one when it had returned."""
    with tempfile.TemporaryDirectory() as folder:
        path, returned = Path(folder) / "registry.db", []
        shots = crash_images(path, Path(folder) / "images")
        # its statements count, too
        with shots as images, contextlib.closing(sqlite3.connect(":memory:")) as shutter:
            registry = model(str(path))
            for call in [lambda _: None, *CALLS]:
                call(registry)
                shutter.execute("SELECT 1")
                returned.append(len(images))
        before = max(0, returned[0] - 1)  # copies of a file that the constructor has not finished
        return [reopened(model, image) for image in images[before:]], [
            last - before for last in returned
        ]


@check(expect=is_true_of(finished), points=2, stage="power-cuts")
def every_finished_call_survives_a_power_cut():
    """Once a call has returned, its work is in the file."""
    views, returned = copies(ModelRegistry)
    return {
        "undisturbed": uncut(ModelRegistry),
        "reopened": [views[last - 1] for last in returned[1:] if last],
    }


@check(expect=is_true_of(whole), points=3, stage="power-cuts")
def a_power_cut_leaves_no_call_half_done():
    """At every statement of every call: completely or not at all, stages, tags and history together."""
    views, returned = copies(ModelRegistry)
    during = []
    for first, last in itertools.pairwise(returned):
        some = views[first:last]
        during.append([view for n, view in enumerate(some) if view not in some[:n]])
    return {"undisturbed": uncut(ModelRegistry), "during": during}


@check(expect=REFERENCE, seeds=1, stage="power-cuts")
def a_file_half_made_opens_as_an_empty_registry(rng):
    """The constructor was cut short; the next one finishes its work."""
    first, second = (f"v{n}" for n in rng.sample(range(1000), 2))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.db"
        with crash_images(path, Path(folder) / "images") as images:
            ModelRegistry(str(path))
        seen = []
        for file in [*images, Path(folder) / "new.db"]:
            registry = stocked(first, second, path=str(file))
            registry.promote_to_production("churn", first)
            now = in_production(registry, first, second)
            seen += [now] if now not in seen else []
        return seen


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""
## See it serve

Your registry plays a random script. Look for a rollback that skips a withdrawn version, and for the ones it refuses.
"""


# %%
def timeline(steps, seed):
    return {"your registry": play(ModelRegistry(), random_script(steps, seed))}


explore(
    draw_stories,
    data=timeline,
    caption="Stages of five versions over a script: thick bar production, dashes archived, dots development. A ring "
    "marks what serves after each step (a triangle after a rollback), a cross a step that was refused.",
    steps=slider(4, 36, 1, 20, "promotes and rollbacks"),
    seed=slider(1, 30, 1, 18, "script"),
)

# %% [markdown]
"""
Now the same eight deploys on a real MLflow registry (live if you have it installed, else as recorded). Its stages leave
two versions in production unless every caller asks for `archive_existing_versions=True`. Its newer aliases point at
one version, and remember none: going back needs somebody's notes.
"""


# %%
def side_by_side(steps):
    return {"your registry": play(ModelRegistry(), DEPLOYS[:steps])} | mlflow_stories(steps)


explore(
    draw_stories,
    data=side_by_side,
    caption="Three registries, one script. Yours and MLflow's alias keep one production version, MLflow's stages "
    "two or three (marked 2! and 3!); only yours finds the way back by itself.",
    size=(12.0, 4.0),
    steps=slider(1, 8, 1, 8),
)

# %% [markdown]
"""
## The question that comes next

"Forty serving pods must load the production version. Should they ask your registry, or should Git pin the version and
Argo CD roll it out? Choose one for this company, and say what a rollback at 02:10 looks like and what happens while the
registry is down."
"""

# %% [markdown] nbgrader={"grade_id": "registry-tradeoff", "grade": true, "solution": true, "points": 4}
"""
### BEGIN SOLUTION
**Model answer.** I would let Git pin the version and let the registry feed it. Promotion opens a one-line commit with
version and artifact digest; Argo CD rolls it out as a canary, so a model passes the same gates as code and there is one
audit trail. A rollback reverts that commit: some minutes, reviewed, and the old image is still warm. The registry stays
the place for lineage and for the question "what was before?", and no request depends on it. While it is down nothing
can be promoted, but serving goes on and pods restart with the pinned version.

Pods that poll the registry switch within seconds and need no deploy, which suits hundreds of per-tenant models. The
price: the registry is now in the serving path, pods disagree while they poll, nobody sees the change in Git, and a
wrong promote reaches all pods at once. I would then cache the last answer on disk and pin by digest. Two sources of
truth are worst: choose who wins and alert when registry and cluster differ.

**Rubric, a point each.** (1) Names one source of truth and a reason that fits many tenants or many models.
(2) Describes the rollback step by step with a time. (3) Says what happens without the registry: serving goes on from a
pin or a cache. (4) Names the price of the choice: speed, disagreement between pods, audit, or blast radius.

*Weak* (1): "Git, because we do GitOps" or "the registry, it is faster": a source of truth with a reason or one price,
but no way back at 02:10 and nothing about an outage. *Good* (2–3): chooses one source of truth for a reason that fits
many tenants, and goes through the rollback step by step with a time. What pods do without the registry, or the price
of the choice, is missing. *Strong* (4): on top of that, serving goes on from a pin or a cache while the registry is
down. The price of the choice is named: speed, pods that disagree, audit, or how many one wrong promote reaches.
### END SOLUTION
"""

# %% [markdown]
"""
**What you now know.** The state that matters is the pair "who serves" and "who was before", and they change in one
transaction under one lock.

**In practice.** Say PostgreSQL and `SELECT … FOR UPDATE` where you said SQLite and a lock. Keep promotions for ever
with who and why, and mark them withdrawn instead of deleting. Store commit, data version and image digest with each
version.

**Asked next**

- How does a bad version come back on its own? (rollback capability, 15 % of the CI/CD answer)
<details><summary>An answer</summary>

A nightly job that takes "the newest with good metrics" promotes it again, or a late retry of the old call arrives
after the rollback. So a rejected version is marked, and a promotion names the state that it expects to replace.

</details>

- Which gates stand before promote? (quality gates, 25 %)
<details><summary>An answer</summary>

Metrics against the version that serves now, by segment, and a digest that proves the artifact is the one that was
tested. An A/B test cannot stand here, as it needs a version that is deployed.

</details>

- Canary, shadow or blue-green for v12? (deployment strategy, 25 %)
<details><summary>An answer</summary>

If v12 asks for a new input or more memory, shadow first and then a canary, with both request forms served: first
compatibility, then load without users, then few users. Blue-green is a quick switch and a quick way back, but it
moves all users at once.

</details>

- One model per customer, 150,000 customers: what changes in your tables?
<details><summary>An answer</summary>

The tenant enters the primary key of models, versions and aliases, and every query carries it. Whoever has no model
gets a default, promotions run in bulk with a canary over customers, and a job retires what nobody uses.

</details>
"""
