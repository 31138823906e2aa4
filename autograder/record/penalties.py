"""What late work costs: nbgrader's step `AssignLatePenalties`, with the plugin that the course's
`nbgrader_config.py` names.

The plugin is the instructor's own code. Where it fails nobody loses points, and a sentence says so.
"""

from __future__ import annotations

import contextlib
import logging
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

STEP = "AssignLatePenalties"  # its section in nbgrader_config.py
SECTIONS = (STEP, "LateSubmissionPlugin")
UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True)
class Penalties:
    """The course's settings for late work.

    Args:
        root: the course, where the plugin may lie.
        config: its `nbgrader_config.py`.
    """

    root: Path
    config: Any

    @property
    def are_given(self) -> bool:
        """Whether the step is on; when it is off nbgrader leaves penalties as they are."""
        listed = self.config.get("Autograde", {}).get("autograde_preprocessors")
        left_out = isinstance(listed, list) and not any(
            str(getattr(one, "__name__", one)).endswith(STEP) for one in listed
        )
        return not left_out and self.config.get(STEP, {}).get("enabled", True) is not False

    def of(self, student: str, points: float, seconds: float) -> tuple[float | None, str]:
        """What a notebook loses, or None for nothing, and a sentence where the plugin failed.

        Args:
            points: what the notebook has in the gradebook.
            seconds: how late it is.
        """
        if not any(section in self.config for section in SECTIONS):
            return None, ""  # nbgrader's own plugin takes nothing
        try:
            # what a plugin prints is no part of what a command prints
            with _importable(self.root), contextlib.redirect_stdout(sys.stderr):
                self._step.init_plugin()
                taken = self._step.plugin_inst.late_submission_penalty(student, points, seconds)
            if taken is None:
                return None, ""
            taken = float(taken)
            if not math.isfinite(taken):
                raise ValueError(f"a penalty of {taken}")
            return max(0.0, min(taken, points)), ""
        except (Exception, SystemExit) as error:
            said = str(error).splitlines() or ["no reason given"]
            return None, f"its plugin failed: {type(error).__name__}: {said[0][:200]}"

    @cached_property
    def _step(self) -> Any:
        from nbgrader.preprocessors import AssignLatePenalties

        quiet = logging.Logger("late penalties")
        quiet.addHandler(logging.NullHandler())
        return AssignLatePenalties(config=self.config, log=quiet)


def sentence(seconds: float, penalty: float | None, failed: str = "") -> str:
    """What is told about a late notebook."""
    late = f"Handed in {span(seconds)} late"
    if failed:
        step = f"Mend {STEP} in nbgrader_config.py, then grade again."
        return f"{late}: no penalty taken, {failed}. {step}"
    return f"{late}: penalty {penalty:g}." if penalty is not None else f"{late}: no penalty."


def span(seconds: float) -> str:
    """A length of time in its two largest units."""
    left, parts = max(1, round(seconds)), []
    for unit, size in UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


@contextlib.contextmanager
def _importable(root: Path) -> Iterator[None]:
    """Modules in the course folder can be imported, as from where nbgrader is started."""
    if str(root) in sys.path:
        yield
        return
    sys.path.append(str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
