"""The coding part: lessons of the course as fifteen-minute problems, and their checks as judge."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from coursekit.behavioral.mock.questions import Question

JUDGE_SECONDS = 120.0
MAX_NOTEBOOK = 10_000_000  # bytes
STAGES = {  # by the stage of a lesson's checks: the question that opens it
    "settings": "Now the settings: which values do you refuse, and what are the defaults?",
    "validation": "Now bad input: what do you refuse, and what is left behind when you do?",
    "wrong-length": "Now the model returns a list of the wrong length.",
    "cancel": "Now a caller gives up while it waits.",
    "stop": "Now stop it: what happens to those who wait?",
    "concurrency": "Now many calls run side by side.",
    "late-results": "Now results come late, from calls of an earlier time.",
    "unexpected-exceptions": "Now an exception comes that is not the dependency's.",
    "fallback": "Now give the caller a worse answer instead of an error.",
    "no-traffic": "Now there is hardly any traffic.",
    "failing-source": "Now the metrics source itself fails.",
    "tenants": "Now 500 tenants share it, and their keys look alike.",
    "expired-first": "Now what is dead must go before anything alive.",
    "constant-time": "Now a million entries: what does one call cost?",
    "threads": "Now make it thread-safe.",
    "track": "Now time a block of code with it.",
    "bounded-classes": "Now the model invents labels: keep the number of series bounded.",
    "gauges": "Now show states and machines.",
    "forgetting": "Now forget users who do not come back.",
    "cache-key": "Now the key: which requests are the same?",
    "bad-lines": "Now some lines are broken.",
    "zones": "Now times come from several zones.",
    "leakage": "Now the reference lies in the past: what must not be known?",
    "minimal-movement": "Now weights and health change: who may move?",
    "flags": "Now a flag pins a version.",
    "missing-bin": "Now values are missing.",
    "detector": "Now keep the reference and look at one window after another.",
    "response": "Now say what to do about it.",
    "constant-arms": "Now one side has no spread at all.",
    "input-types": "Now lists, arrays and series come in.",
    "sample-size": "Now say how many users the test needs.",
    "sample-ratio": "Now some users are missing: would you notice?",
    "rollback": "Now roll back, and back once more.",
    "copies": "Now callers change what you returned.",
    "search": "Now find versions by their tags.",
    "power-cuts": "Now the power fails in the middle of a write.",
}


def _problem(
    lesson: str, topic: str, text: str, stages: str, points: tuple[str, ...], **facts: str
) -> Question:
    names = ("core", *stages.split())
    return Question(
        f"code-{lesson.split('/')[1][3:].replace('_', '-')}",
        "coding",
        topic,
        text,
        points,
        tuple(STAGES[name] for name in names[1:]),
        facts,
        dict.fromkeys(("quality", "scale-said", "production", "mlops", "communication"), 1),
        lesson=lesson,
        stages=names,
    )


CODING: tuple[Question, ...] = (
    _problem(
        "02_coding/01_batch_requests",
        "batching",
        "Collect single predictions into batches: a full batch leaves at once, a partial one when "
        "its first request has waited long enough. Everybody gets the own answer.",
        "wrong-length cancel stop settings",
        ("a future for each caller", "the wait counts from arrival", "one worker"),
    ),
    _problem(
        "02_coding/02_trip_a_breaker",
        "resilience",
        "Stop calling a dependency that failed several times in a row; after a while let one call "
        "find out.",
        "late-results cancel concurrency unexpected-exceptions fallback settings",
        ("three states", "exactly one probe", "a clock from outside"),
    ),
    _problem(
        "02_coding/03_judge_a_canary",
        "rollout",
        "Watch a canary beside the stable version and say: proceed, roll back, keep watching.",
        "no-traffic failing-source concurrency settings",
        ("absolute limits and ratios", "a breach ends it at once", "multiply, do not divide"),
    ),
    _problem(
        "02_coding/04_cache_features",
        "caching",
        "A cache of bounded size whose entries also die of age, with figures on its use.",
        "expired-first constant-time threads tenants settings",
        ("order of use and time of death are two orders", "a stored None is a hit"),
    ),
    _problem(
        "02_coding/05_export_metrics",
        "observability",
        "Count requests and time them for a model server, in Prometheus' types.",
        "track bounded-classes gauges validation",
        ("counter, histogram", "few labels", "a registry of its own"),
    ),
    _problem(
        "02_coding/06_limit_a_rate",
        "limits",
        "Allow each user so many requests in any window of a minute.",
        "forgetting threads constant-time settings",
        ("sliding, not fixed", "refused requests cost nothing", "a deque for each user"),
    ),
    _problem(
        "02_coding/07_cache_predictions",
        "caching",
        "Keep predictions so that the same question is not computed twice, for a while.",
        "cache-key tenants expired-first settings",
        ("least recently used", "age", "hits and misses"),
    ),
    _problem(
        "02_coding/08_aggregate_logs",
        "data",
        "Count events by user, for all time or for the last minutes.",
        "bad-lines zones settings",
        ("read once", "both ends of the window", "the newest entry as now"),
    ),
    _problem(
        "02_coding/09_extract_features",
        "features",
        "From a list of activities compute five features of each user.",
        "zones leakage",
        ("windows back from a moment", "ties by who was first in time"),
    ),
    _problem(
        "02_coding/10_route_versions",
        "routing",
        "Send each user to a version, by weight, always the same one, never a sick one.",
        "minimal-movement flags settings",
        ("a hash that does not change with the process", "shares by weight"),
    ),
    _problem(
        "04_mlops/01_detect_drift",
        "drift",
        "Compute the population stability index of today's values against training.",
        "missing-bin detector response validation",
        ("edges from the baseline alone", "open ends", "a floor for empty bins"),
    ),
    _problem(
        "04_mlops/02_judge_an_ab_test",
        "experiments",
        "Compare two arms: p-value, interval, winner.",
        "sample-size sample-ratio constant-arms validation input-types",
        ("Welch, not Student", "below alpha, not at", "the interval says more than the winner"),
    ),
    _problem(
        "04_mlops/03_register_models",
        "registry",
        "Keep versions of models, and promote one of each to production.",
        "rollback power-cuts threads copies search tenants",
        ("one in production", "what was there is archived", "nothing half-done"),
    ),
)


@dataclass(frozen=True)
class Verdict:
    """What the checks of one stage said: points earned of those there are, or why nobody knows."""

    points: float
    of: float
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything of the stage was earned."""
        return not self.trouble and self.of > 0 and self.points >= self.of


Judge = Callable[[str, Path, str], Verdict]  # lesson, answer file, stage


def by_command(lesson: str, file: Path, stage: str) -> Verdict:
    """Grade one stage with the course's own command, in a process of its own."""
    words = ["score", lesson, str(file), "--stage", stage, "--json"]
    root = course_root(file.parent)
    command = [sys.executable, "-m", "autograder", *words]
    if root is not None:
        command += ["--course", str(root)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=JUDGE_SECONDS,
        )
        result = json.loads(done.stdout)
        return Verdict(float(result["points"]), float(result["max_points"]))
    except subprocess.TimeoutExpired:
        return Verdict(0, 0, f"The judge did not answer within {JUDGE_SECONDS:g} s. Try it later.")
    except (OSError, ValueError, KeyError, TypeError):
        said = done.stderr.strip().splitlines() if "done" in locals() else []
        return Verdict(0, 0, said[-1][:300] if said else "The judge cannot be started here.")


def course_root(start: Path) -> Path | None:
    """The course folder above `start`, if there is one."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / "release").is_dir() and (folder / "lessons").is_dir():
            return folder
    return None


def stub(lesson: str, start: Path) -> str:
    """What a candidate begins with: the lesson's solution cells as an answer file.

    Returns:
        percent cells, each named by its grade id; a line that says why when they cannot be read.
    """
    root = course_root(start)
    path = root / "release" / f"{lesson}.ipynb" if root else None
    try:
        if path is None or path.stat().st_size > MAX_NOTEBOOK:
            raise ValueError("no course here")
        cells = json.loads(path.read_text("utf-8"))["cells"]
        parts = [
            f"# %% {meta['grade_id']}\n{_text(cell)}\n"
            for cell in cells
            if cell["cell_type"] == "code"
            and (meta := cell["metadata"].get("nbgrader"))
            and meta.get("solution")
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"# The cells of {lesson} could not be read here. Open its notebook beside this.\n"
    return "\n\n".join(parts)


def _text(cell: Mapping[str, object]) -> str:
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else str(source)
