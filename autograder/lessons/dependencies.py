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

from autograder import syntax

PACKAGES = Path(__file__).resolve().parents[2]  # where `autograder` and `coursekit` lie
KIT = PACKAGES / "coursekit"
# in `autograder`
GRADER = ("inside", "runner", "grade", "lessons", "files.py", "jobs.py", "plain.py", "syntax.py")


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
    return hashlib.sha256((grader_digest() + digest(sorted(_files(KIT)))).encode()).hexdigest()


def kit_files() -> list[Path]:
    """The modules of the kit: what lies in `coursekit` itself, not in the rooms of its worlds."""
    return sorted(KIT.glob("*.py"))


def worlds(trees: Iterable[ast.Module]) -> list[Path]:
    """The modules of worlds that these import, with what those import, and the data that lies
    beside them: of a package all there is, since names may be put together; beside the modules of
    a room, which many lessons share, the files and folders of `data` that a module names.
    """
    found: set[Path] = set()
    waiting = [file for tree in trees for file in _imported_worlds(tree)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _worlds_of(file)
    return sorted(found.union(*map(_data_of, found)))


def _data_of(file: Path) -> Iterator[Path]:
    """The data that a module of a world may read."""
    room, *inner = file.relative_to(KIT).parts[:-1]
    if inner:
        yield from (one for one in _files(KIT / room / inner[0]) if one.suffix != ".py")
        return
    text = file.read_text("utf-8")
    for one in (file.parent / "data").glob("*"):
        if one.name in text:
            yield from _files(one) if one.is_dir() else [one]


def _files(folder: Path) -> Iterator[Path]:
    """What lies in a folder and below it, without what Python made of it."""
    for one in folder.rglob("*"):
        if one.is_file() and "__pycache__" not in one.parts:
            yield one


def modules(files: Iterable[Path]) -> list[str]:
    """The dotted names of those of these files that are modules."""
    parts = [
        file.relative_to(PACKAGES).with_suffix("").parts for file in files if file.suffix == ".py"
    ]
    return [".".join(part for part in some if part != "__init__") for some in parts]


@functools.cache
def _worlds_of(file: Path) -> tuple[Path, ...]:
    package = ".".join(file.relative_to(PACKAGES).parts[:-1])
    return tuple(_imported_worlds(syntax.parse(file.read_text("utf-8")), package))


def _imported_worlds(tree: ast.Module, package: str = "") -> Iterator[Path]:
    """Files of `coursekit`'s rooms that a module imports, those of the packages they lie in
    included.

    Args:
        package: where the module lies, for what it imports from beside itself.
    """
    for name in imported(tree, package):
        parts = name.split(".")
        if parts[0] != "coursekit" or not KIT.joinpath(*parts[1:2]).is_dir():
            continue
        for depth in range(2, len(parts) + 1):
            place = KIT.joinpath(*parts[1:depth])
            yield from (
                file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()
            )


def imported(tree: ast.Module, package: str = "") -> Iterator[str]:
    """Dotted names of all that is imported anywhere in a module, names within modules included.

    Args:
        package: where the module lies; without it what it imports from beside itself is unknown.
    """
    around = package.split(".") if package else []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level <= len(around):
            up = around[: len(around) - node.level + 1] if node.level else []
            base = ".".join([*up, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def digest(files: Iterable[Path]) -> str:
    """A hash of files, names included."""
    found = hashlib.sha256()
    for file in files:
        found.update(
            f"{file.relative_to(PACKAGES).as_posix()}\0".encode() + file.read_bytes() + b"\0"
        )
    return found.hexdigest()
