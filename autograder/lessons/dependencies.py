"""What points depend on besides the submission: hashes of the code that can change them, and of
nothing else.

Three parts: the *grader* (`GRADER`: what observes and judges, with the kit), the *lesson's* own
text, and the *worlds* of `coursekit` that the lesson imports, with what those import. A change of a
page's looks, of a command or of another lesson's world leaves all three as they are.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[2]  # where `autograder` and `coursekit` lie
KIT = PACKAGES / "coursekit"
# in `autograder`
GRADER = ("inside", "runner", "grade", "lessons", "files.py", "jobs.py", "plain.py")


@functools.cache
def grader_digest() -> str:
    """A hash of what observes and judges: the rooms in `GRADER`, and the kit without its worlds."""
    rooms = [PACKAGES / "autograder" / name for name in GRADER]
    files = [
        file for room in rooms for file in (sorted(room.rglob("*.py")) if room.is_dir() else [room])
    ]
    return digest([*files, *kit_files()])


@functools.cache
def whole_digest() -> str:
    """A hash of the grader and of all worlds there are: what machines that grade together must have
    in common.
    """
    return hashlib.sha256(
        (grader_digest() + digest(sorted(KIT.rglob("*.py")))).encode()
    ).hexdigest()


def kit_files() -> list[Path]:
    """The modules of the kit: what lies in `coursekit` itself, not in the rooms of its worlds."""
    return sorted(KIT.glob("*.py"))


def worlds(trees: Iterable[ast.Module]) -> list[Path]:
    """The modules of worlds that these import, with what those import, and the data that lies
    beside them.
    """
    found: set[Path] = set()
    waiting = [file for tree in trees for file in _imported_worlds(tree)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _worlds_of(file)
    data = {
        one
        for file in found
        for one in (file.parent / "data").glob("*")
        if one.name in file.read_text("utf-8")
    }
    return sorted(found | data)


def modules(files: Iterable[Path]) -> list[str]:
    """The dotted names of those of these files that are modules."""
    parts = [
        file.relative_to(PACKAGES).with_suffix("").parts for file in files if file.suffix == ".py"
    ]
    return [".".join(part for part in some if part != "__init__") for some in parts]


@functools.cache
def _worlds_of(file: Path) -> tuple[Path, ...]:
    return tuple(_imported_worlds(ast.parse(file.read_text("utf-8"))))


def _imported_worlds(tree: ast.Module) -> Iterator[Path]:
    """Files of `coursekit`'s rooms that a module imports, those of the packages they lie in
    included.
    """
    for name in imported(tree):
        parts = name.split(".")
        if parts[0] != "coursekit" or not KIT.joinpath(*parts[1:2]).is_dir():
            continue
        for depth in range(2, len(parts) + 1):
            place = KIT.joinpath(*parts[1:depth])
            yield from (
                file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()
            )


def imported(tree: ast.Module) -> Iterator[str]:
    """Dotted names of all that is imported anywhere in a module, names within modules included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def digest(files: Iterable[Path]) -> str:
    """A hash of files, names included."""
    found = hashlib.sha256()
    for file in files:
        found.update(
            f"{file.relative_to(PACKAGES).as_posix()}\0".encode() + file.read_bytes() + b"\0"
        )
    return found.hexdigest()
