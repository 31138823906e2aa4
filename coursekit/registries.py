"""Model registries, played and drawn: a learner's own beside MLflow's.

A script is a list of steps such as `("promote", "v2")`. `play` runs one on a registry and writes down every version's
stage after every step; `draw_story` shows that as a timeline. What MLflow does with `DEPLOYS` was recorded from a real
registry (`data/mlflow_registry.json`; `python -m coursekit.registries` records it anew) and is run live where MLflow is
installed.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import json
import math
import os
import random
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.checks import quiet

Step = tuple[str, str]  # ("register", "v1"), ("promote", "v1") or ("rollback", "")
Stages = dict[str, str]  # {"v1": "archived", "v2": "production"}

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
    """Registers `v1` … and then promotes and rolls back at random, as often the one as the other."""
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
                registry.register_model(MODEL, version, "pytorch", {"ndcg": 0.4}, "ci", {"team": "growth"})
            elif verb == "promote":
                registry.promote_to_production(MODEL, version)
            else:
                registry.rollback(MODEL)
        except (ValueError, KeyError):
            refused.add(number)
        seen.append({found.version: found.stage for found in registry.list_versions(MODEL)})
    return Story(tuple(steps), tuple(seen), frozenset(refused))


# ------------------------------------------------------------------------------------------------ MLflow


def mlflow_stories(steps: int = len(DEPLOYS)) -> dict[str, Story]:
    """The first `steps` of `DEPLOYS` on MLflow, by panel title: once with stages, once with an alias.

    Live where MLflow is installed (once, some seconds), else as recorded.
    """
    told = _live() or json.loads(RECORDING.read_text(encoding="utf8"))
    stories = {}
    for way, title in (("stages", "stages, as called by default"), ("alias", "one alias, moved by hand")):
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

    MLflow numbers versions itself and has no rollback. With stages the nearest thing is to archive the newest
    production version; with an alias, to point it at a version that the operator wrote down.

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
    return {f"v{m.version}": "production" if str(m.version) in pointed else "no label" for m in found}


# ------------------------------------------------------------------------------------------------ pictures


def draw_story(axes: Any, story: Story, title: str = "") -> None:
    """A timeline: a row for each version, a column for each step, one look for each stage.

    A ring marks what serves after each step, a triangle what does after a rollback, a cross below the rows a step that
    was refused. Where more than one version is in production, the column says how many: "2!".
    """
    rows: dict[str, int] = {}
    for stages in story.stages:
        for version in stages:
            rows.setdefault(version, len(rows))
    lines: dict[str, tuple[list[float], list[float]]] = {}
    for version, row in rows.items():
        for stage, first, last in _stretches([stages.get(version) for stages in story.stages]):
            xs, ys = lines.setdefault(stage, ([], []))
            xs += [first - 0.5, last + 0.5, math.nan]
            ys += [row, row, math.nan]
    for stage, (xs, ys) in lines.items():
        width, style, colour = _LOOKS.get(stage, _LOOKS["no label"])
        axes.plot(xs, ys, lw=width, ls=style, color=colour, solid_capstyle="butt")
    before: list[int] = []
    marks: dict[str, list[tuple[int, float]]] = {"o": [], "<": [], "x": []}
    moves: list[tuple[float, int, int]] = []
    for column, stages in enumerate(story.stages):
        serving = [rows[version] for version, stage in stages.items() if stage == "production"]
        back = story.steps[column][0] == "rollback" and column not in story.refused
        marks["<" if back else "o"] += [(column, row) for row in serving]
        if len(serving) == len(before) == 1:
            moves.append((column - 0.5, before[0], serving[0]))
        if len(serving) > 1:
            axes.text(column, len(rows) - 0.5, f"{len(serving)}!", ha="center", va="center", weight="bold")
        if column in story.refused:
            marks["x"].append((column, -0.7))
        before = serving
    for mark, places in marks.items():
        looks = {"ms": 7, "mew": 2, "color": "black"} if mark == "x" else {"ms": 6, "mfc": "white", "mew": 0.8}
        if places:
            axes.plot(*zip(*places, strict=True), mark, mec="black", **looks)
    if moves:
        axes.vlines(*zip(*moves, strict=True), lw=1, color="#1b6ca8", zorder=2)
    axes.set_xlim(-0.6, len(story.steps) - 0.4)
    axes.set_ylim(-1.0 if story.refused else -0.5, max(len(rows), 1) - 0.2)
    axes.set_yticks(list(rows.values()), list(rows))
    axes.set_xticks(range(len(story.steps)), [" ".join(step).strip() for step in story.steps], rotation=90)
    axes.tick_params(length=0, labelsize=8)
    axes.set_title(title, fontsize=10)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _stretches(stages: Sequence[str | None]) -> Iterator[tuple[str, int, int]]:
    """Runs of one stage as (stage, first column, last column)."""
    column = 0
    for stage, run in itertools.groupby(stages):
        length = len(list(run))
        if stage is not None:
            yield stage, column, column + length - 1
        column += length


def draw_stories(figure: Any, stories: Mapping[str, Story]) -> None:
    """Timelines side by side, titled by their keys, with one legend that names looks and marks."""
    from matplotlib.lines import Line2D

    margins = {"left": 0.03, "right": 0.99, "bottom": 0.23, "top": 0.86, "wspace": 0.1}
    panels = figure.subplots(1, len(stories), squeeze=False, gridspec_kw=margins)[0]
    for axes, (title, story) in zip(panels, stories.items(), strict=True):
        draw_story(axes, story, title)
    shown = {stage for story in stories.values() for stages in story.stages for stage in stages.values()}
    handles = [
        Line2D([], [], lw=width, ls=style, color=colour, label=stage)
        for stage, (width, style, colour) in _LOOKS.items()
        if stage in shown
    ]
    marks = [("o", "serves", "production" in shown), ("<", "after rollback", _has_rollback(stories))]
    marks.append(("x", "refused", any(story.refused for story in stories.values())))
    for mark, label, used in marks:
        if used:
            handles.append(Line2D([], [], marker=mark, ms=7, ls="none", mfc="white", mec="black", label=label))
    figure.legend(
        handles=handles, loc="upper center", ncols=len(handles) or 1, frameon=False,
        handlelength=2.5, columnspacing=1.2, fontsize=9,
    )  # fmt: skip


def _has_rollback(stories: Mapping[str, Story]) -> bool:
    return any(step[0] == "rollback" for story in stories.values() for step in story.steps)


if __name__ == "__main__":
    RECORDING.write_text(json.dumps(run_mlflow(), indent=1) + "\n", encoding="utf8")
    print(f"recorded {RECORDING}")
