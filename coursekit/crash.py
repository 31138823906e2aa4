"""Power cuts for SQLite: what a disk would hold if the machine stopped before any one statement.

`install` wraps `sqlite3.connect` once. Inside `crash_images` every statement on a file-backed
database first copies the database file and its journal, if either has changed; each copy is a
machine that stopped at that moment. Outside nothing changes.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sqlite3.dbapi2
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUFFIXES = ("", "-journal", "-wal")  # of the database file and those beside it
_connect = sqlite3.connect
_camera: _Camera | None = None


class _Camera:
    def __init__(self, database: Path, folder: Path, limit: int) -> None:
        self.database, self.folder, self.limit = str(database), str(folder), limit
        self.name = database.name
        self.images: list[Path] = []
        self.last: dict[str, bytes] = {}
        self.lock = threading.Lock()

    def shoot(self, _statement: str = "") -> None:
        with self.lock:
            if len(self.images) >= self.limit:
                return
            parts = {}
            for suffix in SUFFIXES:
                with (
                    contextlib.suppress(FileNotFoundError),
                    open(self.database + suffix, "rb", buffering=0) as file,
                ):
                    parts[suffix] = file.readall()
            if "" not in parts or parts == self.last:
                return
            folder = os.path.join(self.folder, f"{len(self.images):04}")
            os.makedirs(folder)
            for suffix, data in parts.items():
                with open(os.path.join(folder, self.name + suffix), "wb", buffering=0) as file:
                    file.write(data)
            self.last = parts
            self.images.append(Path(folder, self.name))


def _watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    connection: sqlite3.Connection = _connect(*args, **kwargs)
    if _camera is not None:
        connection.set_trace_callback(_camera.shoot)
    return connection


def install() -> None:
    """Put the wrapper in place. A second call changes nothing."""
    if sqlite3.connect is not _watched:
        sqlite3.connect = sqlite3.dbapi2.connect = _watched  # type: ignore[assignment]


@contextlib.contextmanager
def crash_images(
    database: str | Path, folder: str | Path, limit: int = 500
) -> Iterator[list[Path]]:
    """Copies of the database file as they stood before each SQL statement run inside the block,
    each state once.

    Only connections opened inside the block are watched.

    Args:
        database: the file that the code under test opens.
        folder: an empty folder for the copies, each in a folder of its own.
        limit: at most so many copies.

    Yields:
        A list of paths, oldest first, that grows as statements run. Open one to see what survived.
    """
    global _camera
    camera = _Camera(Path(database), Path(folder), limit)
    _camera = camera
    try:
        yield camera.images
    finally:
        _camera = None
        camera.shoot()
