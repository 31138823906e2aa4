"""The right manifests that the tests of this room read, and break on purpose."""

from __future__ import annotations

from pathlib import Path

TEXT = Path(__file__).with_name("good.yaml").read_text("utf-8")


def broken(old: str, new: str) -> str:
    """The right manifests with one text changed, which must stand there once."""
    assert TEXT.count(old) == 1, f"{old!r} stands there {TEXT.count(old)} times"
    return TEXT.replace(old, new)


def marked_line(text: str, mark: str = "# <-") -> int:
    """The line that carries the mark, counted from 1."""
    (line,) = [at for at, line in enumerate(text.splitlines(), 1) if mark in line]
    return line
