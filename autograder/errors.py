"""What is told to a person instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class CourseError(Exception):
    """The call, a lesson or the course folder is wrong. The message says where, and what to do
    next.
    """


def nearest(word: str, known: Iterable[str]) -> str:
    """`" Did you mean …?"`, or nothing when no known word is near."""
    names = list(known)
    close = (
        get_close_matches(word, names, n=1, cutoff=0.5)
        or [n for n in names if word and word in n][:1]
    )
    return f" Did you mean {close[0]!r}?" if close else ""
