"""What the first cell of a lesson says about it, to whoever reads the lesson or its notebook."""

from __future__ import annotations

import re
from dataclasses import dataclass

FACTS = re.compile(
    r"\*\*Time\*\* (?P<time>[^·]+) · \*\*Level\*\* (?P<level>[^·]+) · \*\*Needs\*\* (?P<needs>.+)"
)


@dataclass(frozen=True)
class Facts:
    """Title, estimated time in words, level and needs; empty where the cell does not say."""

    title: str
    time: str = ""
    level: str = ""
    needs: str = ""

    @classmethod
    def of(cls, text: str) -> Facts:
        """Read the text of a lesson's first cell."""
        title = text.lstrip().partition("\n")[0].lstrip("# ").strip()
        found = FACTS.search(text)
        return (
            cls(title, *(found[name].strip() for name in ("time", "level", "needs")))
            if found
            else cls(title)
        )

    @property
    def complete(self) -> bool:
        """Whether the cell says all of it."""
        return bool(self.title and self.time and self.level and self.needs)

    @property
    def minutes(self) -> int:
        """The estimated time in minutes; 0 where it is not said."""
        return minutes_in(self.time)


def minutes_in(text: str) -> int:
    """Minutes in words such as `45 min` or `1 h 30 min`; 0 where there are none."""
    hours, minutes = re.search(r"(\d+)\s*h", text), re.search(r"(\d+)\s*min", text)
    return 60 * int(hours[1] if hours else 0) + int(minutes[1] if minutes else 0)
