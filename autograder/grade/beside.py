"""Small files that a learner handed in beside a notebook and that its cells name: modules to
import, data to read. In a kernel they would be there, so they are in the box.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.files import Unreadable, read_bounded

MAX_ENTRIES = 500  # of the folder that are looked at
MAX_FILES, MAX_FILE = 20, 200_000  # that are taken, and bytes of one
ENDINGS = (".py", ".csv", ".json", ".tsv", ".txt", ".yaml", ".yml", ".toml", ".sql")
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,60}\Z")
OURS = "timestamp.txt"


@dataclass(frozen=True)
class File:
    """A file of text."""

    name: str
    text: str = field(repr=False)


def named_in(folder: Path, data: bytes) -> tuple[File, ...]:
    """The files of a folder that a notebook names: a module by its name, others by the whole.

    Args:
        data: the notebook.
    """
    if folder.is_symlink():
        return ()
    found = []
    for name in _names(folder):
        word = re.escape(name.removesuffix(".py"))
        if re.search(rf"\b{word}\b".encode(), data):
            try:
                text = read_bounded(folder / name, MAX_FILE).decode("utf-8-sig")
            except (Unreadable, UnicodeDecodeError):
                continue
            if "\0" not in text:
                found.append(File(name, text))
    return tuple(found[:MAX_FILES])


def _names(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(MAX_ENTRIES), strict=False)]
    except OSError:
        return
    for name in sorted(names):
        if name.endswith(ENDINGS) and PLAIN.match(name) and name != OURS:
            yield name
