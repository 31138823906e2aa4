"""The folders in which one job may write. Nothing is left of the jobs before."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from autograder.inside import resources


def folder(number: int) -> Path:
    """A job's scratch folder."""
    return Path(os.environ["HOME"], f"job-{number}")


def prepare(level: str, number: int) -> list[Path]:
    """Make this job's folder fresh, go there, and return all the places where it may write."""
    mine = folder(number)
    for old in mine.parent.glob("job-*"):
        _swept(old)
    mine.mkdir()
    os.chdir(mine)
    for name in ("HOME", "TMPDIR"):
        os.environ[name] = str(mine)
    tempfile.tempdir = None
    if level != "bubblewrap":  # elsewhere it belongs to the machine
        return [mine]
    _swept(resources.SHARED, keep=True)
    return [mine, resources.SHARED]


def _swept(folder: Path, keep: bool = False) -> None:
    """`sweep`, patient with processes of the job before that are still about to die."""
    for pause in (0.01, 0.05, 0.2, 0.5):
        with contextlib.suppress(OSError):
            sweep(folder, keep)
            return
        time.sleep(pause)


def sweep(folder: Path, keep: bool = False) -> None:
    """Remove a folder, or with `keep` what is in it, however deep and whatever its modes say.

    Folders inside are moved up before they are emptied, so that no path is too long and nothing
    recurs.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        waiting = [""]
        while waiting:
            name = waiting.pop()
            here = top if not name else _opened(name, top)
            for entry in os.listdir(here):
                if stat.S_ISDIR(os.stat(entry, dir_fd=here, follow_symlinks=False).st_mode):
                    fresh = f"{len(waiting)}-{os.urandom(8).hex()}"
                    os.chmod(entry, 0o700, dir_fd=here)
                    os.rename(entry, fresh, src_dir_fd=here, dst_dir_fd=top)
                    waiting.append(fresh)
                else:
                    os.unlink(entry, dir_fd=here)
            if name:
                os.close(here)
                os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    if not keep:
        folder.rmdir()


def _opened(name: str, top: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)


def files_on_disk(folder: str) -> int:
    """How many files there are on the file system of a folder."""
    disk = os.statvfs(folder)
    return disk.f_files - disk.f_ffree


def written(folder: Path, members: Iterable[int]) -> tuple[int, int]:
    """Bytes on disk and number of a job's files, those without a name included. What cannot be seen
    is too many.
    """
    size, files, waiting = 0, 0, [str(folder)]
    while waiting and files <= resources.SCRATCH_FILES:
        try:
            entries = list(os.scandir(waiting.pop()))
        except FileNotFoundError:  # gone meanwhile, or not there yet
            continue
        except OSError:  # closed, or too deep
            return size, resources.SCRATCH_FILES + 1
        files += len(entries)
        for entry in entries:
            with contextlib.suppress(OSError):
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    for pid in members:
        with contextlib.suppress(OSError):
            for fd in Path("/proc", str(pid), "fd").iterdir():
                with contextlib.suppress(OSError):
                    status = fd.stat()
                    if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                        size += status.st_blocks * 512
    return size, files


def own_files() -> None:
    """Open anew what the warm process keeps open, fonts for example: forks share where in a file
    they are.
    """
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.fstat(int(name)).st_mode):
                own = os.open(f"/proc/self/fd/{name}", os.O_RDONLY)
                os.lseek(own, os.lseek(int(name), 0, os.SEEK_CUR), os.SEEK_SET)
                os.dup2(own, int(name), inheritable=False)
                os.close(own)
