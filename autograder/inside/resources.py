"""What a job may use, and which files a learner's code may read. Both sides of the wall count by
these.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

MIB = 1 << 20
LIMITS: Mapping[str, int] = {
    "AS": 6144 * MIB,
    "FSIZE": 64 * MIB,
    "NOFILE": 512,
    "NPROC": 256,
    "CPU": 600,
    "CORE": 0,
}
# of the hard limit, for the runner's own forks where threads have used up the soft one
SPARE_PROCESSES = 64
TREE_MEMORY = 2048 * MIB  # of all processes of one job together, watched by the warm process
TREE_PROCESSES = 48
TREE_DESCRIPTORS = 4096  # what pipes and sockets hold is in nobody's memory
SCRATCH = 64 * MIB  # files of one job, in memory
SCRATCH_FILES = 20_000
SHARED = Path("/dev/shm")  # multiprocessing keeps its locks there; a box has its own
NOBODY = 65534
PYTHON_ROOMS = ("bin", "lib", "lib32", "lib64", "libexec", "share", "pyvenv.cfg")
PACKAGE = Path(__file__).resolve().parent.parent


def readable() -> list[Path]:
    """What learners' code may read: Python, its packages, and the parts of the course that run
    beside it.
    """
    kit = PACKAGE.parent / "coursekit"
    own = [PACKAGE / name for name in ("__init__.py", "plain.py", "selfstudy.py", "inside")]
    system = [
        Path(p)
        for p in ("/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts")
    ]
    python = {Path("/usr"), Path("/usr/local"), Path(sys.prefix), Path(sys.base_prefix)}
    # never a whole prefix: courses live in some
    inside = [p / room for p in sorted(python) for room in PYTHON_ROOMS]
    return [p for p in (*system, *inside, kit, *own) if p.exists()]
