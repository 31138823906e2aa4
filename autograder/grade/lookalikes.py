"""Where a student's notebook of a lesson may lie, if not under its name: another name or case, a
folder too deep, an archive, a script.

Only what lies in the student's own folder below `submitted/` is looked at, within bounds, and only
where the notebook itself is missing, is of another lesson, or was never written in.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

from autograder.files import Unreadable, read_bounded
from autograder.grade import notebooks, recognition
from autograder.lessons.lesson import Lesson

MAX_DEPTH, MAX_FILES = 4, 500  # folders, and files that are looked at
MAX_READ = 60_000_000  # bytes of all of them together
MAX_MEMBERS, MAX_MEMBER = 200, 20_000_000  # of an archive
MAX_NAMED = 5  # files that a sentence names
READ = (".ipynb", ".py", ".txt", ".json", ".zip", "")
NOT_READ = (".7z", ".rar", ".tar", ".gz", ".tgz", ".html", ".htm", ".pdf", ".docx", ".md")
CHECKPOINTS = ".ipynb_checkpoints"
COPY = re.compile(
    r"^(?:copy of|copie de|kopie von|copia de)\s+|[\s_-]*(?:\(\d+\)|copy\s*\d*|kopie|\d{8,})$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """A file that may be what is looked for."""

    name: str  # below the student's folder, as it may be shown
    data: bytes = field(repr=False)


def plain_name(name: str) -> str:
    """A name as it was before a browser, an editor or a person changed it: without endings, marks
    of a copy, case and separators.
    """
    stem = name
    while (ending := os.path.splitext(stem)[1].lower()) in READ and ending:
        stem = os.path.splitext(stem)[0]
    before = None
    while stem != before:
        before, stem = stem, COPY.sub("", stem.strip())
    return re.sub(r"[\W_]+", "", stem).casefold()


def is_like(folder: Path, names: Iterable[str]) -> bool:
    """Whether a student's folder holds something that has one of these names, but for what a
    browser, an editor or a person makes of a name.
    """
    wanted = {plain_name(name) for name in names}
    try:
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(MAX_FILES), strict=False):
                if plain_name(entry.name) in wanted:
                    return True
    except OSError:
        return False
    return False


def look(
    home: Path, lesson: Lesson, own: Path, others: set[str], swapped: bool
) -> tuple[list[Found], list[str]]:
    """The files in a student's folder that hold this lesson.

    Args:
        home: the student's folder.
        own: where the notebook should lie; it is left out.
        others: names of the module's other notebooks.
        swapped: look into those that lie in their places, too: one may be of this lesson.

    Returns:
        Those that hold cells of this lesson, the same bytes once; and the names of files that may
        be the notebook and cannot be read here.
    """
    found: dict[str, Found] = {}
    closed: list[str] = []
    left = MAX_READ
    for path in _files(own.parent, home):
        name, ending = path.relative_to(home).as_posix(), path.suffix.lower()
        at_its_place = path.parent == own.parent and path.name in others
        if path == own or (at_its_place and not swapped):
            continue
        if ending in NOT_READ:
            if plain_name(path.stem) == plain_name(lesson.name):
                closed.append(name)
            continue
        if ending not in READ and ".ipynb" not in path.name.lower():
            continue
        try:
            data = read_bounded(path, min(left, notebooks.MAX_BYTES))
        except Unreadable:
            if plain_name(path.name) == plain_name(lesson.name):
                closed.append(name)
            continue
        left -= len(data)
        for member, content in members(name, data):
            if at_its_place and not _only_this(lesson, content):
                continue
            if holds(lesson, content):
                found.setdefault(hashlib.sha256(content).hexdigest(), Found(member, content))
            elif plain_name(Path(member).name) == plain_name(lesson.name) and content.strip():
                closed.append(member)
        if left <= 0:
            break
    return _best(lesson, list(found.values())), closed


def only_holds(home: Path, names: Set[str]) -> bool:
    """Whether a student's folder holds no file but these, by their paths in it."""
    return all(path.relative_to(home).as_posix() in names for path in _files(home))


def _files(*folders: Path) -> Iterator[Path]:
    """Regular files in folders and below, each once; no links are followed."""
    seen = 0
    waiting, done = [(folder, 0) for folder in folders if not folder.is_symlink()], set[Path]()
    while waiting:
        folder, depth = waiting.pop(0)
        if folder in done:
            continue
        done.add(folder)
        try:
            with os.scandir(folder) as entries:
                listed = sorted(
                    (e for e, _ in zip(entries, range(MAX_FILES), strict=False)),
                    key=lambda e: e.name,
                )
        except OSError:
            continue
        for entry in listed:
            try:
                mode = entry.stat(follow_symlinks=False).st_mode
            except OSError:
                continue
            if stat.S_ISDIR(mode) and depth < MAX_DEPTH:
                waiting.append((Path(entry.path), depth + 1))
            elif stat.S_ISREG(mode) and entry.name != "timestamp.txt":
                seen += 1
                if seen > MAX_FILES:
                    return
                yield Path(entry.path)


def members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The file itself, or what an archive holds that may be a notebook."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        yield name, data
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist()[:MAX_MEMBERS]:
                ending = os.path.splitext(info.filename)[1].lower()
                if info.is_dir() or ending not in (".ipynb", ".py") or "__MACOSX" in info.filename:
                    continue
                with archive.open(info) as file:
                    content = file.read(MAX_MEMBER + 1)
                if len(content) <= MAX_MEMBER:
                    yield f"{name}: {info.filename}", content
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        return  # broken, locked by a password, or of a kind that Python does not know


def holds(lesson: Lesson, data: bytes) -> bool:
    """Whether a file holds cells of the lesson that can be read."""
    if not mentions(lesson, data):
        return False
    try:
        return recognition.holds(lesson, notebooks.parse_notebook(data, []))
    except Unreadable:
        return False


def _only_this(lesson: Lesson, data: bytes) -> bool:
    """Whether a notebook under another lesson's name is of this one: its checks are in it."""
    ids = [str(c.grade_id).encode() for c in lesson.of_kind("checks", "solution")]
    return all(grade_id in data for grade_id in ids)


def mentions(lesson: Lesson, data: bytes) -> bool:
    """Whether a file may hold the lesson, however it is made: a quick look."""
    data = data.replace(b"\0", b"")
    ids = [str(c.grade_id) for c in lesson.of_kind("checks", "solution")]
    return any(word.encode() in data for word in (*ids, *recognition.task_names(lesson)))


def _best(lesson: Lesson, found: list[Found]) -> list[Found]:
    """Without what JupyterLab keeps by itself, and without what only has a name in common with the
    lesson, where there is anything else.
    """
    own = [f for f in found if CHECKPOINTS not in f.name] or found
    sure = [
        f for f in own if recognition.surely_holds(lesson, notebooks.parse_notebook(f.data, []))
    ]
    return sure or own
