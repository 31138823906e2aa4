"""What holds a learner's code back while it runs.

Three levels, the strongest that a probe proves is taken: `bubblewrap` (a file system, process tree
and network of its own, plus everything below), `landlock` (file allow-list, system-call filter,
limits, no user namespaces needed), and `trusted` (limits only), which is used only when somebody
says that the code is trusted.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError
from autograder.inside.resources import MIB, SCRATCH, readable


@dataclass(frozen=True)
class Box:
    """How learners' code is kept apart.

    Attributes:
        level: its name, printed and stored with each result.
        promise: what it keeps out, in a sentence.
    """

    level: str
    promise: str

    def wrap(self, command: list[str], scratch: Path) -> list[str]:
        """The command that runs `command` inside this box. `scratch` is a folder the warm process
        may write.
        """
        if self.level != "bubblewrap":
            for file in fonts() if scratch.is_dir() else ():
                shutil.copy(file, scratch)
            return command
        return [*_bubblewrap(), *command]

    def home(self, scratch: Path) -> str:
        """Where the warm process finds its scratch folder."""
        return "/box" if self.level == "bubblewrap" else str(scratch)

    def environment(self, scratch: Path) -> dict[str, str]:
        """The whole environment of the warm process: nothing of the caller's is inherited."""
        home = self.home(scratch)
        return {
            "PATH": os.defpath,
            "HOME": home,
            "TMPDIR": home,
            "MPLCONFIGDIR": home,
            "IPYTHONDIR": f"{home}/ipython",
            "LANG": "C.UTF-8",
            "AUTOGRADER_INSIDE": "1",
            "AUTOGRADER_LEVEL": self.level,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }


BUBBLEWRAP = Box(
    "bubblewrap",
    "a box of its own (bubblewrap, Landlock, seccomp): "
    "no network, no sight of any file but Python's, "
    "limits on memory, processes, files, time and output",
)
LANDLOCK = Box(
    "landlock",
    "a process of its own behind Landlock and seccomp: no network, no file but Python's, "
    "limits on memory, processes, files, time and output",
)
TRUSTED = Box("trusted", "a process of its own with limits only: files and network are open to it")


def _bubblewrap() -> list[str]:
    command = [
        "bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
    ]  # fmt: skip
    # the warm process becomes nobody itself; a user namespace would keep it root outside
    if os.getuid() == 0:
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    made: set[Path] = set()
    for path in readable():
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
            continue
        for folder in reversed(path.parents):
            if folder not in made and folder != Path("/"):
                command += ["--perms", "0755", "--dir", str(folder)]
                made.add(folder)
        command += ["--ro-bind", str(path), str(path)]
    command += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--size",
        str(16 * MIB),
        "--perms",
        "1777",
        "--tmpfs",
        "/dev/shm",
    ]
    command += [
        "--remount-ro",
        "/dev",
        "--size",
        str(SCRATCH),
        "--perms",
        "1777",
        "--tmpfs",
        "/box",
    ]
    for file in fonts():
        command += ["--ro-bind", str(file), f"/box/{file.name}"]
    return [*command, "--remount-ro", "/", "--chdir", "/box"]


def fonts() -> list[Path]:
    """matplotlib's lists of this machine's fonts: its own, else those that `make setup` made. Only
    for speed.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    own = Path(os.environ.get("MPLCONFIGDIR") or Path(cache, "matplotlib"))
    for folder in (own, Path(sys.prefix, "share", "matplotlib")):
        lists = [
            file
            for file in sorted(folder.glob("fontlist-v*.json"))
            if file.is_file() and not file.is_symlink()
        ]
        # root's runner is nobody
        if known := [file for file in lists if file.stat().st_mode & 0o004]:
            return known
    return []


@functools.cache
def probe(level: str) -> str | None:
    """None when the level works on this machine, else what is missing, in a sentence. It is found
    out by trying.
    """
    if not hasattr(os, "fork"):
        return "this system cannot fork processes: use Linux, or WSL on Windows"
    if level == "trusted":
        return None
    if not sys.platform.startswith("linux"):
        return (
            f"{level} needs Linux; on macOS, grade in a Linux container or with --trust-submissions"
        )
    if level == "bubblewrap" and shutil.which("bwrap") is None:
        return "bubblewrap is not installed: apt-get install bubblewrap"
    box = BUBBLEWRAP if level == "bubblewrap" else LANDLOCK
    command = box.wrap([sys.executable, "-I", "-B", "-m", "autograder.inside.lock"], Path("/"))
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
            env={"PATH": os.environ.get("PATH", os.defpath), "AUTOGRADER_LEVEL": level},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{level} cannot be started: {error}"
    if done.returncode == 0:
        return None
    reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    if level == "bubblewrap" and (
        "uid map" in reason or "namespace" in reason.lower() or "Permission denied" in reason
    ):
        reason += (
            ". Unprivileged user namespaces may be off "
            "(Ubuntu: an AppArmor profile for bwrap turns them on)"
        )
    return f"{level} does not work here: {reason}"


def choose(trust: bool = False) -> Box:
    """The strongest box that works on this machine.

    Raises:
        CourseError: none does, and `trust` does not say that the code may run without.
    """
    for box in (BUBBLEWRAP, LANDLOCK):
        if probe(box.level) is None:
            return box
    why = probe("trusted")
    if why:
        raise CourseError(f"grading is not possible here: {why}.")
    if trust:
        return TRUSTED
    reasons = "; ".join(str(probe(b.level)) for b in (BUBBLEWRAP, LANDLOCK))
    raise CourseError(
        f"no box for strangers' code works here ({reasons}). `autograder doctor` explains; "
        "say --trust-submissions if you would run this code yourself."
    )
