"""What the processes of one job use together, watched from outside of them, by the warm process."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from autograder.inside import resources, scratch
from autograder.inside.alarms import Alarms
from autograder.inside.messages import Answer

# seconds between two looks; the short one once a quarter of the memory is used
PAUSE, SHORT_PAUSE = 0.1, 0.01


class Watch:
    """The processes of one job.

    Args:
        child: the first of them, with a process group of its own.
        level: of the box.
        number: of the job.
        alarms: for those that wait for what never comes.

    Attributes:
        cut: `DONE`, or why the job was cut short.
    """

    def __init__(self, child: int, level: str, number: int, alarms: Alarms) -> None:
        self.child, self.level, self.alarms = child, level, alarms
        self.cut = Answer.DONE
        self._folder = scratch.folder(number)
        self._snapshots: Sequence[int] = ()
        self.pause = PAUSE

    def end(self) -> None:
        """Nothing of the job lives on."""
        with contextlib.suppress(OSError):
            if self.level == "bubblewrap":
                # in a process tree of its own: everybody but init and this process
                os.kill(-1, signal.SIGKILL)
            else:
                os.killpg(self.child, signal.SIGKILL)

    def only(self, snapshots: Sequence[int]) -> None:
        """Nothing of the job but its snapshots lives on. The cells are done: checks begin."""
        self._snapshots = snapshots
        self.alarms.checks_begin()
        if not self._ended_others():
            self.cut = Answer.PROCESSES

    def look(self) -> None:
        """Keep the processes within their joint limits. Too many end, and the snapshots go on."""
        members = self._members()
        if len(members) > resources.TREE_PROCESSES:
            self.cut = Answer.PROCESSES
            if self._snapshots:
                self._ended_others()
            else:
                self.end()
            return
        self.alarms.look(members)
        sizes = {pid: size for pid in members if (size := _sizes(pid))}
        cut = self._too_much(sizes)
        if cut is not None:
            self.cut = cut
            self.end()
            return
        used = self._memory(sizes)
        self.pause = SHORT_PAUSE if used > resources.TREE_MEMORY // 4 else PAUSE

    def _members(self) -> list[int]:
        out = []
        for entry in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
            if entry.isdigit() and int(entry) not in (1, os.getpid()):
                with contextlib.suppress(OSError):
                    if self.level == "bubblewrap" or os.getpgid(int(entry)) == self.child:
                        out.append(int(entry))
        return out

    def _ended_others(self) -> bool:
        """End all processes of the job but the snapshots; those, too, when that cannot be done."""
        for _ in range(100):
            others = set(self._members()).difference(self._snapshots)
            if others - {self.child}:
                others = {pid for pid in others if _sizes(pid)}
            for pid in others:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if not others - {self.child}:
                return True
            time.sleep(0.002)
        self.end()
        return False

    def _too_much(self, sizes: dict[int, dict[str, int]]) -> Answer | None:
        """What the processes have too much of, memory aside."""
        if sum(size["FDSize"] for size in sizes.values()) > resources.TREE_DESCRIPTORS:
            return Answer.DESCRIPTORS
        # its scratch folders are file systems of their own, of limited size
        if self.level == "bubblewrap":
            most = max(map(scratch.files_on_disk, (os.environ["HOME"], str(resources.SHARED))))
            return Answer.FILES if most > resources.SCRATCH_FILES else None
        size, files = scratch.written(self._folder, sizes)
        if files > resources.SCRATCH_FILES:
            return Answer.FILES
        return Answer.DISK if size > resources.SCRATCH else None

    def _memory(self, sizes: dict[int, dict[str, int]]) -> int:
        """At most how many bytes they use. The largest end while that is too much."""
        # at most this much of each process is only borrowed
        mine = _sizes(os.getpid()).get("RssAnon", 0)
        rough = {
            pid: max(0, size["RssAnon"] - mine) + size["RssShmem"] for pid, size in sizes.items()
        }
        used = sum(rough.values())
        if used <= resources.TREE_MEMORY:
            return used
        # forks share most of what they seem to use
        shares = {pid: _share(pid, size) for pid, size in rough.items()}
        total = sum(shares.values())
        for pid in sorted(shares, key=lambda pid: -shares[pid]):
            if total <= resources.TREE_MEMORY:
                break
            total -= shares[pid]
            self.cut = Answer.MEMORY
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return used


def _sizes(pid: int) -> dict[str, int]:
    """What the kernel says of a process; nothing when it has ended and only its number is left."""
    with contextlib.suppress(OSError):
        fields = _fields(Path("/proc", str(pid), "status").read_text())
        return fields if "RssAnon" in fields else {}
    return {}


def _fields(text: str) -> dict[str, int]:
    """The numbers in a file of /proc; sizes in bytes."""
    out = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            out[name] = int(words[0]) * (1024 if words[-1] == "kB" else 1)
    return out


def _share(pid: int, otherwise: int) -> int:
    """A process's share of the memory it uses together with others."""
    try:
        fields = _fields(Path("/proc", str(pid), "smaps_rollup").read_text())
        return fields.get("Pss_Anon", otherwise) + fields.get("Pss_Shmem", 0)
    except OSError:
        return otherwise
