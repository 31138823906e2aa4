"""Answers below a cell magic that keeps nothing of what they define, as in Jupyter: why, in a
sentence.
"""

from __future__ import annotations

import re

FIRST_LINE = re.compile(r"\s*%%([A-Za-z]\w*)")
ELSEWHERE = "runs its cell in a process of its own"
TO_A_FILE = "writes its cell to a file and does not run it"
TO_LOOK_AT = "shows its cell and does not run it"
WHY = {
    "timeit": "runs its cell in a function",
    **dict.fromkeys(("bash", "perl", "pypy", "python", "python2", "python3"), ELSEWHERE),
    **dict.fromkeys(("ruby", "script", "sh", "sx", "system"), ELSEWHERE),
    **dict.fromkeys(("file", "writefile"), TO_A_FILE),
    **dict.fromkeys(("HTML", "SVG", "html", "javascript", "js"), TO_LOOK_AT),
    **dict.fromkeys(("latex", "markdown", "svg"), TO_LOOK_AT),
}


def sentence(source: str) -> str | None:
    """Why nothing is left of what a cell defines, when its first line is such a magic."""
    first = FIRST_LINE.match(source)
    if first is None or first[1] not in WHY:
        return None
    return f"%%{first[1]} {WHY[first[1]]}: nothing that it defines is kept"
