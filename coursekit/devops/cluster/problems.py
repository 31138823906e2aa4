"""What is wrong with an answer: where it stands, in a sentence, with the next step."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coursekit.played import AnswerError

Path = tuple[str | int, ...]  # ("spec", "containers", 0, "image")
Found = tuple[Path, str]  # where, and what is wrong there

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_MOST_SHOWN = 10
_LONGEST_WORD = 60
_MOST_KNOWN = 100


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: The file's name, "" where the answer is one text.
        line: Counted from 1; 0 where no line is to blame.
        path: As kubectl writes it: `spec.template.spec.containers[0].image`; may be "".
        sentence: What is wrong and what to do.
    """

    file: str
    line: int
    path: str
    sentence: str

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        where = ", ".join(part for part in (self.file, line, self.path) if part)
        return f"{where}: {self.sentence}" if where else self.sentence


class ManifestError(AnswerError, ValueError):
    """An answer that no API server would take; its text is a sentence for each problem.

    Attributes:
        problems: All that were found, in the order of their lines.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        lines = [str(problem) for problem in self.problems[:_MOST_SHOWN]]
        if len(self.problems) > _MOST_SHOWN:
            lines.append(f"and {len(self.problems) - _MOST_SHOWN} more")
        super().__init__("\n".join(lines))


def shown(path: Path) -> str:
    """A path as kubectl writes it: `metadata.labels[app.kubernetes.io/name]`."""
    text = ""
    for part in path:
        if isinstance(part, int) or not _PLAIN.fullmatch(part):
            text += f"[{str(part)[:_LONGEST_WORD]}]"
        else:
            text += f".{part[:_LONGEST_WORD]}" if text else part[:_LONGEST_WORD]
    return text


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word that was most likely meant, or None where none is near."""
    short = word[:_LONGEST_WORD].lower()
    by_lower = {name.lower(): name for name in known[:_MOST_KNOWN] if len(name) <= _LONGEST_WORD}
    found = difflib.get_close_matches(short, list(by_lower), n=1, cutoff=0.7)
    return by_lower[found[0]] if found else None


def excerpt(value: object) -> str:
    """A value in a sentence, short and on one line."""
    text = value if isinstance(value, str) else repr(value)
    text = text.replace("\n", "\\n")
    return text if len(text) <= 40 else text[:40] + "…"


def listed(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
