"""Model registries, played and drawn: a learner's own beside MLflow's.

A script is a list of steps such as `("promote", "v2")`. `play` runs one on a registry and writes
down every version's stage after every step; `draw_stories` shows that as timelines. What MLflow
does with `DEPLOYS` was recorded from a real registry (`data/mlflow_registry.json`; `python -m
coursekit.mlops.registries` records it anew) and is run live where MLflow is installed.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import json
import os
import random
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.checks import quiet
from coursekit.plots import label_axes, legend

Step = tuple[str, str]  # ("register", "v1"), ("promote", "v1") or ("rollback", "")
Stages = dict[str, str]  # {"v1": "archived", "v2": "production"}
Point = tuple[float, float]  # column and row of a picture

RECORDING = Path(__file__).with_name("data") / "mlflow_registry.json"
MODEL = "recommender"
DEPLOYS: list[Step] = [
    ("register", "v1"),
    ("promote", "v1"),
    ("register", "v2"),
    ("promote", "v2"),
    ("register", "v3"),
    ("promote", "v3"),
    ("rollback", ""),
    ("rollback", ""),
]

# stage -> line width, line style, colour: any two differ in at least two of them
_LOOKS: Mapping[str, tuple[float, str, str]] = {
    "production": (9.0, "solid", "#1b6ca8"),
    "archived": (2.5, "dashed", "#b35c00"),
    "development": (1.5, "dotted", "#333333"),
    "no label": (0.8, "solid", "#999999"),
}
_MOVE = (1.0, "solid", "#1b6ca8")  # from what served to what serves
_MARKS: Mapping[str, dict[str, Any]] = {
    mark: {
        "marker": mark,
        "linestyle": "none",
        "ms": 6,
        "mfc": "white",
        "mec": "black",
        "mew": width,
    }
    for mark, width in (("o", 0.8), ("<", 0.8), ("x", 2.0))
}
_LANES = {"register": -1.1, "promote": -1.8, "rollback": -2.5, "refused": -3.2}
MARGINS = {"left": 0.075, "right": 0.995, "bottom": 0.02, "top": 0.88}  # of the figure
_ALIASES = {"None": "development", "Production": "production", "Archived": "archived"}


@dataclass(frozen=True)
class Story:
    """What a registry showed while a script ran.

    Attributes:
        steps: the script.
        stages: every version's stage after each step.
        refused: the numbers of the steps that raised `ValueError` or `KeyError`.
    """

    steps: tuple[Step, ...]
    stages: tuple[Stages, ...]
    refused: frozenset[int] = frozenset()


def random_script(promotes_and_rollbacks: int, seed: int, versions: int = 5) -> list[Step]:
    """Registers `v1` … and then promotes and rolls back at random, each as often."""
    rng = random.Random(seed)
    names = [f"v{n}" for n in range(1, versions + 1)]
    steps: list[Step] = [("register", name) for name in names]
    for _ in range(int(promotes_and_rollbacks)):
        steps.append(("promote", rng.choice(names)) if rng.random() < 0.5 else ("rollback", ""))
    return steps


def play(registry: Any, steps: Sequence[Step]) -> Story:
    """The story of `steps` on a `ModelRegistry`. A refused step is noted and the script goes on."""
    seen: list[Stages] = []
    refused = set()
    for number, (verb, version) in enumerate(steps):
        try:
            if verb == "register":
                registry.register_model(
                    MODEL, version, "pytorch", {"ndcg": 0.4}, "ci", {"team": "growth"}
                )
            elif verb == "promote":
                registry.promote_to_production(MODEL, version)
            else:
                registry.rollback(MODEL)
        except (ValueError, KeyError):
            refused.add(number)
        seen.append({found.version: found.stage for found in registry.list_versions(MODEL)})
    return Story(tuple(steps), tuple(seen), frozenset(refused))


# ------------------------------------------------------------------------------------------- MLflow


def mlflow_stories(steps: int = len(DEPLOYS)) -> dict[str, Story]:
    """The first `steps` of `DEPLOYS` on MLflow, by panel title: once with stages, once with an
    alias.

    Live where MLflow is installed (once, some seconds), else as recorded.
    """
    told = _live() or json.loads(RECORDING.read_text(encoding="utf8"))
    stories = {}
    for way, title in (
        ("stages", "stages, as called by default"),
        ("alias", "one alias, moved by hand"),
    ):
        stages = tuple(told[way][:steps])
        stories[f"MLflow {told['mlflow']}: {title}"] = Story(tuple(DEPLOYS[:steps]), stages)
    return stories


@functools.cache
def _live() -> dict[str, Any] | None:
    if importlib.util.find_spec("mlflow") is None:
        return None
    with quiet(), contextlib.suppress(Exception):
        return run_mlflow()
    return None


def run_mlflow() -> dict[str, Any]:
    """`DEPLOYS` on two fresh MLflow registries in SQLite files, as the data that `RECORDING` holds.

    MLflow numbers versions itself and has no rollback. With stages the nearest thing is to archive
    the newest production version; with an alias, to point it at a version that the operator wrote
    down.

    Raises:
        ImportError: MLflow is not installed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow
    from mlflow.tracking import MlflowClient

    told: dict[str, Any] = {"mlflow": mlflow.__version__, "sqlite": sqlite3.sqlite_version}
    for way in ("stages", "alias"):
        with tempfile.TemporaryDirectory() as folder:
            uri = f"sqlite:///{folder}/mlflow.db"
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            client.create_registered_model(MODEL)
            told[way] = _mlflow_story(client, aliased=way == "alias")
    return told


def _mlflow_story(client: Any, aliased: bool) -> list[Stages]:
    story: list[Stages] = []
    notes: list[str] = []  # what the operator wrote down; MLflow keeps no history of an alias
    for verb, version in DEPLOYS:
        number = version.removeprefix("v")
        if verb == "register":
            client.create_model_version(MODEL, source=f"file:///models/{number}")
        elif verb == "promote":
            notes.append(number)
            if aliased:
                client.set_registered_model_alias(MODEL, "production", number)
            else:
                client.transition_model_version_stage(MODEL, number, "Production")
        elif aliased:
            notes.pop()
            client.set_registered_model_alias(MODEL, "production", notes[-1])
        else:
            client.transition_model_version_stage(MODEL, notes.pop(), "Archived")
        story.append(_mlflow_stages(client, aliased))
    return story


def _mlflow_stages(client: Any, aliased: bool) -> Stages:
    found = client.search_model_versions(f"name='{MODEL}'", order_by=["version_number ASC"])
    if not aliased:
        return {f"v{m.version}": _ALIASES[m.current_stage] for m in found}
    pointed = {str(v) for v in client.get_registered_model(MODEL).aliases.values()}
    return {
        f"v{m.version}": "production" if str(m.version) in pointed else "no label" for m in found
    }


# ----------------------------------------------------------------------------------------- pictures


@dataclass(frozen=True)
class _Parts:
    """What timelines consist of, gathered so that all that looks the same is drawn at once."""

    lines: dict[str, list[tuple[Point, Point]]]  # by stage, or "move"
    marks: dict[str, list[Point]]  # by marker
    words: list[tuple[Point, str]]
    columns: list[float]


def draw_stories(figure: Any, stories: Mapping[str, Story], **_: float) -> None:
    """Timelines side by side, titled by their keys: a row for each version, a column for each step.

    Each stage has its look. A ring marks what serves after each step, a triangle what does after a
    rollback; where more than one version is in production, the column says how many: "2!". Below
    stands the script, a lane for each verb, and a cross at each step that was refused.
    """
    from matplotlib.collections import LineCollection

    versions = dict.fromkeys(
        version for story in stories.values() for now in story.stages for version in now
    )
    rows = {version: float(row) for row, version in enumerate(versions)}
    parts = _Parts({look: [] for look in (*_LOOKS, "move")}, {mark: [] for mark in _MARKS}, [], [])
    left = 0.0
    for title, story in stories.items():
        _gather(story, rows, left, parts)
        parts.words.append(((left + (len(story.steps) - 1) / 2, len(rows) + 0.1), title))
        left += len(story.steps) + 1
    axes = figure.subplots(gridspec_kw=MARGINS)
    for stage, lines in parts.lines.items():
        width, style, colour = _LOOKS.get(stage, _MOVE)
        axes.add_collection(
            LineCollection(lines, linewidths=width, linestyles=style, colors=colour), autolim=False
        )
    for mark, points in parts.marks.items():
        axes.plot([x for x, _ in points], [y for _, y in points], **_MARKS[mark])
    for (x, y), words in parts.words:
        bold = "bold" if words.endswith("!") else "normal"
        axes.text(x, y, words, ha="center", va="center_baseline", fontsize=9, weight=bold)
    lanes = {lane: y for lane, y in _LANES.items() if lane != "refused" or parts.marks["x"]}
    axes.axhline(-0.6, color="0.8", lw=0.8)
    axes.set(xlim=(-0.7, left - 1.3), ylim=(min(lanes.values()) - 0.4, len(rows) + 0.4))
    label_axes(
        axes, dict.fromkeys(parts.columns, ""), {y: label for label, y in (rows | lanes).items()}
    )
    axes.spines[["left", "bottom"]].set_visible(False)
    looks: dict[str, dict[str, Any]] = {
        stage: {"linewidth": width, "linestyle": style, "color": colour, "solid_capstyle": "butt"}
        for stage, (width, style, colour) in _LOOKS.items()
        if parts.lines[stage]
    }
    legend(axes, looks | {"serves": _MARKS["o"], "after rollback": _MARKS["<"]}, 0.06, 0.16)


def _gather(story: Story, rows: Mapping[str, float], left: float, parts: _Parts) -> None:
    """Add what a story's timeline consists of; its first column stands at `left`."""
    for version, row in rows.items():
        for stage, first, last in _stretches([stages.get(version) for stages in story.stages]):
            look = stage if stage in _LOOKS else "no label"
            parts.lines[look].append(((left + first - 0.5, row), (left + last + 0.5, row)))
    before: list[float] = []
    for column, ((verb, version), stages) in enumerate(zip(story.steps, story.stages, strict=True)):
        x = left + column
        parts.columns.append(x)
        refused = column in story.refused
        serving = [rows[name] for name, stage in stages.items() if stage == "production"]
        parts.marks["<" if verb == "rollback" and not refused else "o"].extend(
            (x, row) for row in serving
        )
        if len(serving) == len(before) == 1:
            parts.lines["move"].append(((x - 0.5, before[0]), (x - 0.5, serving[0])))
        if len(serving) > 1:
            parts.words.append(((x, len(rows) - 0.5), f"{len(serving)}!"))
        if verb == "rollback":
            parts.marks["<"].append((x, _LANES[verb]))
        else:
            parts.words.append(((x, _LANES[verb]), version))
        if refused:
            parts.marks["x"].append((x, _LANES["refused"]))
        before = serving


def _stretches(stages: Sequence[str | None]) -> Iterator[tuple[str, int, int]]:
    """Runs of one stage as (stage, first column, last column)."""
    column = 0
    for stage, run in itertools.groupby(stages):
        length = len(list(run))
        if stage is not None:
            yield stage, column, column + length - 1
        column += length


if __name__ == "__main__":
    RECORDING.write_text(json.dumps(run_mlflow(), indent=1) + "\n", encoding="utf8")
    print(f"recorded {RECORDING}")
