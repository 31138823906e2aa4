"""Files on this machine: read within bounds, decoded, written whole or not at all; locks; and how
work is stopped.

Everybody who reads what somebody else wrote, or keeps something on disk, does it through here.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import json
import math
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import CourseError

if TYPE_CHECKING:
    from filelock import BaseFileLock

MAX_BYTES = 20_000_000
LOCK_PAUSE = 0.05  # seconds between two tries for a lock
# seconds for a file that stands for a lock: its process may be on another machine
LONGEST_WAIT = 600.0
# what a file system without locks answers
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL)
UTF8_MARK = b"\xef\xbb\xbf"


class Unreadable(Exception):
    """The file cannot be read; the message is the reason, short enough for a state."""


class TooLarge(Unreadable):
    """It has more bytes than are read."""


class NeedsHuman(Unreadable):
    """It cannot be read, but there may be work in it: somebody has to look."""


class Forbidden(NeedsHuman):
    """The file system lets nobody but its owner read it: no fault of what is in it."""


# ------------------------------------------------------------------------------------------ reading


def read_bounded(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file, at most `limit`.

    Raises:
        Unreadable: it is missing, or no regular file. `TooLarge`; `Forbidden` without permission.
    """
    try:
        fd = os.open(
            path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        )
    except FileNotFoundError:
        raise Unreadable("the file is missing") from None
    except PermissionError:
        raise Forbidden("no permission to read it") from None
    except OSError as error:
        raise Unreadable(f"not a regular file: {error.strerror}") from None
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise Unreadable("not a regular file")
        if info.st_size > limit:
            raise TooLarge(f"larger than {limit // 1_000_000} MB")
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(limit + 1)[:limit]
    finally:
        os.close(fd)


def decode(data: bytes, repairs: list[str]) -> str:
    """The bytes as text: UTF-8, 16 or 32, with or without a byte-order mark, else Latin-1.

    Args:
        repairs: gets a sentence for everything that was not plain UTF-8.
    """
    encoding = json.detect_encoding(data[:4])
    if not encoding.startswith("utf-8"):
        repairs.append(f"the file is not UTF-8: read as {encoding[:6].upper()}")
        return data.decode(encoding, "replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        repairs.append("the file is not UTF-8: read as Latin-1")
        return data.decode("latin-1")
    if data.startswith(UTF8_MARK):
        repairs.append("the file begins with a byte-order mark: skipped")
    return text


# ------------------------------------------------------------------------------------------ writing


def write_atomically(path: Path, data: bytes) -> None:
    """Write the whole file or nothing, however many write it at once and even when the machine
    stops.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        _write_and_sync(temporary, data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def write_locked(path: Path, data: bytes) -> None:
    """The same for whoever holds a lock on what the file belongs to (`locked`).

    What a writer that was killed has left behind has the same name, so the next one writes over it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    _write_and_sync(temporary, data)
    os.replace(temporary, path)


def write_beside(path: Path, data: bytes) -> Path:
    """Write a file under a name that nothing has yet: `path`, or with `-2`, `-3`, … before its
    ending.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        free = free_name(path)
        with contextlib.suppress(FileExistsError):  # another may have been quicker
            _write_and_sync(free, data)
            return free


def free_name(path: Path) -> Path:
    """`path`, or with `-2`, `-3`, … before its ending where something has that name."""
    tried, number = path, 1
    while tried.exists() or tried.is_symlink():
        number += 1
        tried = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return tried


def _write_and_sync(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


# ------------------------------------------------------------------------------- stopping and locks


class Stop:
    """Tells all threads of a run to end. A signal handler may set it: unlike an event it has no
    lock to wait for.
    """

    asked = False

    def check(self) -> None:
        """Raises `KeyboardInterrupt` when the run is to end."""
        if self.asked:
            raise KeyboardInterrupt


@contextlib.contextmanager
def locked(folder: Path, name: str, stop: Stop | None = None) -> Iterator[None]:
    """Alone with `name`: other processes on this machine wait. The lock goes with the process,
    however it ends; where the file system has no locks, a file that names the process stands for
    one, and is taken over when that process has ended.

    Args:
        folder: where lock files are kept; it is made.
        stop: ends the wait.

    Raises:
        CourseError: the folder cannot be written, or such a file stays there.
        KeyboardInterrupt: `stop` was asked for before the lock was free.
    """
    from filelock import FileLock, SoftFileLock

    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock: BaseFileLock
        if _has_locks(folder):
            lock = FileLock(folder / f"{digest}.lock", timeout=0)
            _acquire(lock, stop or Stop())
        else:
            lock = SoftFileLock(folder / f"{digest}.held", timeout=0)
            _acquire(lock, stop or Stop(), LONGEST_WAIT)
    except OSError as error:
        raise CourseError(
            f"{folder}: {error.strerror}. Results are kept there: make it writable."
        ) from None
    try:
        yield
    finally:
        lock.release()


@functools.cache
def _has_locks(folder: Path) -> bool:
    """Whether files in a folder can be locked. Where they cannot it is told, once."""
    try:
        import fcntl
    except ImportError:  # Windows has others
        return True
    try:
        with open(folder / "probe.lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # somebody else tries just now
        return True
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        import logging

        logging.getLogger(__name__).warning(
            "%s: this file system has no locks (%s). Files stand for them: on other machines, "
            "run nothing in this course meanwhile.",
            folder,
            error.strerror,
        )
        return False
    return True


def _acquire(lock: BaseFileLock, stop: Stop, seconds: float = math.inf) -> None:
    from filelock import Timeout

    until = time.monotonic() + seconds
    while True:  # in short waits: whoever waits in the system hears no signal
        try:
            lock.acquire()
            return
        except Timeout:
            stop.check()
            if time.monotonic() > until:
                raise CourseError(
                    f"{lock.lock_file}: another process has held it for {seconds:g} s. "
                    "If none is running, on whatever machine, delete that file."
                ) from None
            time.sleep(LOCK_PAUSE)
