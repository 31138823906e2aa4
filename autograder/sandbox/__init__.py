"""What holds a learner's code back while it runs.

A box says how the warm process is started and which limits each job sets for itself. This version has one: a process of
its own with resource limits. It does not hide files and does not cut the network off, so grade only code that you would
run yourself. `LEVELS` is the place for stronger ones.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GIB = 1 << 30


@dataclass(frozen=True)
class Box:
    """How learners' code is kept apart.

    Attributes:
        level: its name, printed and stored with each result.
        promise: what it keeps out and what not, in a sentence.
        limits: resource limits each job sets for itself, by the name after `RLIMIT_`, in the system's units.
    """

    level: str
    promise: str
    limits: Mapping[str, int] = field(default_factory=dict)

    def wrap(self, command: list[str], scratch: Path) -> list[str]:
        """The command that runs `command` inside this box."""
        return command

    def environment(self, scratch: Path) -> dict[str, str]:
        """The whole environment of the warm process: nothing of the caller's is inherited."""
        return {
            "PATH": os.defpath,
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "MPLCONFIGDIR": str(scratch),
            "IPYTHONDIR": str(scratch / "ipython"),
            "LANG": "C.UTF-8",
            "AUTOGRADER_INSIDE": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }


PROCESS = Box(
    "process",
    "a process of its own with limits on memory, CPU and file size; files and network are not closed to it",
    {"AS": 8 * GIB, "FSIZE": 1 * GIB, "NOFILE": 512, "CPU": 600},
)
LEVELS = (PROCESS,)


def choose() -> Box:
    """The strongest box that works on this machine."""
    return LEVELS[0]
