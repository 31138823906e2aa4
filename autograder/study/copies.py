"""The learner's copies of the course's notebooks. What somebody wrote is never overwritten.

Of each copy in `study/` the version it was made from is remembered, as hashes of its cells. A copy
whose cells are still those is replaced by a newer version; one that was written in is left alone,
and the newer version is put beside it. Outputs do not count: running a notebook is not writing in
it.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from autograder import syntax
from autograder.errors import CourseError
from autograder.files import Unreadable, write_atomically, write_beside
from autograder.study.study import ROOM, BrokenFile, Card, Cell, Study, read_cells

COPIES = "copies"
Kind = Literal["new", "updated", "beside", "moved"]


@dataclass(frozen=True)
class Version:
    """What a notebook's cells were: (grade id or empty, hash) in order."""

    cells: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Version:
        """The version that these cells make."""
        return cls(tuple((c.name, digest_of(c.kind, c.source)) for c in cells))

    @property
    def digest(self) -> str:
        """A hash of all of it."""
        return digest_of(*(part for _, part in self.cells))

    @property
    def by_name(self) -> dict[str, str]:
        """The hashes of the cells that have a grade id."""
        return {name: part for name, part in self.cells if name}


@dataclass(frozen=True)
class Copy:
    """What is remembered about a copy: the version it was made from, and the digest of the one put
    beside it.
    """

    base: Version | None = None
    offered: str = ""


@dataclass(frozen=True)
class CopyState:
    """How a lesson's copy stands to the course's notebook."""

    card: Card
    newest: Version
    pristine: bool  # nobody wrote in the course's own notebook
    exists: bool
    # the copy's; None when it is missing or unreadable
    cells: tuple[Cell, ...] | None = field(repr=False)
    copy: Copy = Copy()

    @property
    def theirs(self) -> Version | None:
        """The version of the copy as it is."""
        return None if self.cells is None else Version.of(self.cells)

    @property
    def edited(self) -> bool:
        """Whether somebody wrote in the copy; where its first version is not known, it counts as
        written in.
        """
        if not self.exists:
            return False
        known = {self.newest.digest} if self.pristine else set()
        known |= {self.copy.base.digest} if self.copy.base else set()
        return self.theirs is None or self.theirs.digest not in known

    @property
    def waiting(self) -> bool:
        """Whether the course has a version that the copy was not made from."""
        if not (self.exists and self.pristine) or self.theirs == self.newest:
            return False
        # not known: are all of the course's parts in it?
        if self.copy.base is None and self.theirs is not None:
            tasks = set(self.card.tasks)
            return not {c for c in self.newest.cells if c[0] not in tasks} <= set(self.theirs.cells)
        return self.copy.base is None or self.newest.digest != self.copy.base.digest

    @property
    def written(self) -> dict[str, str]:
        """The learner's cells that are not as they were given, by grade id."""
        own = {c.name: c for c in self.card.cells if c.is_task or c.is_given}
        given = (
            self.copy.base.by_name
            if self.copy.base
            else {name: digest_of(c.kind, c.source) for name, c in own.items()}
        )
        theirs = [c for c in self.cells or () if c.is_task or c.is_given]
        return {
            c.name: c.source for c in theirs if given.get(c.name) != digest_of(c.kind, c.source)
        }

    @property
    def changed(self) -> set[str]:
        """Grade ids of the learner's cells that were changed from what was given, by more than
        comments and spaces.
        """
        if self.cells is None:
            return set()
        stubs = {c.name: c for c in self.card.cells if c.is_task or c.is_given}
        written = self.written
        theirs = [c for c in self.cells if c.name in stubs and c.name in written]
        return {c.name for c in theirs if _meaning(c) != _meaning(stubs[c.name])}


@dataclass(frozen=True)
class Change:
    """What an update did with one lesson."""

    key: str
    kind: Kind
    path: Path


@dataclass(frozen=True)
class Reset:
    """What was put back, where the work is kept, and the grade ids of what was carried over."""

    path: Path
    copy: Path | None
    answers: tuple[str, ...] = ()
    left: tuple[str, ...] = ()  # written cells that the newest version has no place for


def state_of(study: Study, card: Card) -> CopyState:
    """Read the lesson's copy. Nothing is written."""
    path = study.notebook(card.key)
    cells = None
    with contextlib.suppress(Unreadable):
        cells = tuple(read_cells(path))
    return CopyState(
        card,
        Version.of(card.cells),
        _pristine(study, card),
        path.exists(),
        cells,
        _copy(study, card.key),
    )


def _pristine(study: Study, card: Card) -> bool:
    """Whether the course's notebook begins with what the class edition holds, as the builder writes
    it.
    """
    try:
        released = list(Version.of(read_cells(study.root / "release" / f"{card.key}.ipynb")).cells)
    except Unreadable:
        return True
    return list(Version.of(card.cells).cells)[: len(released)] == released


def update(study: Study) -> list[Change]:
    """Bring the course's notebooks into `study/`: new ones, newer ones for copies that nobody wrote
    in, and for the others the newer one beside."""
    changes = []
    for card in study.cards.values():
        seen = state_of(study, card)
        data, path = study.released(card.key).read_bytes(), study.notebook(card.key)
        if not seen.exists:
            write_atomically(path, data)
            changes.append(Change(card.key, "new" if seen.pristine else "moved", path))
            _remember(study, card.key, Copy(seen.newest if seen.pristine else None))
        elif seen.pristine and (seen.theirs == seen.newest or not (seen.waiting or seen.copy.base)):
            _remember(study, card.key, Copy(seen.newest))
            _clear(study, card.key, seen.newest.digest)
        elif seen.waiting and not seen.edited:
            write_atomically(path, data)
            changes.append(Change(card.key, "updated", path))
            _remember(study, card.key, Copy(seen.newest))
        elif seen.waiting and seen.copy.offered != seen.newest.digest:
            _clear(study, card.key, seen.copy.offered)
            beside = write_beside(path.with_name(f"{card.stem}.new.ipynb"), data)
            changes.append(Change(card.key, "beside", beside))
            _remember(study, card.key, Copy(seen.copy.base, seen.newest.digest))
    return changes


def reset(study: Study, key: str, keep_answers: bool = False) -> Reset:
    """Put the course's notebook back, after keeping the work under a dated name.

    Args:
        keep_answers: carry what was written in the lesson's own cells over into it.

    Raises:
        CourseError: the course's own notebook is not as the course wrote it.
    """
    seen = state_of(study, study.cards[key])
    path, released = study.notebook(key), study.released(key)
    if not seen.pristine:
        name = study.say(released)
        raise CourseError(
            f"{name} was written in, so there is nothing to put back. Do: git checkout {name}"
        )
    copy = None
    if seen.edited:
        copy = write_beside(
            path.with_name(f"{path.stem}.{study.clock():%Y-%m-%d-%H%M}.ipynb"), path.read_bytes()
        )
    data, written = released.read_bytes(), seen.written if keep_answers else {}
    known = {c.name for c in seen.card.cells}
    write_atomically(path, _with_answers(data, written) if written else data)
    _clear(study, key, seen.newest.digest)
    _remember(study, key, Copy(seen.newest))
    kept = [name for name in written if name in known]
    return Reset(path, copy, tuple(kept), tuple(name for name in written if name not in known))


def _with_answers(data: bytes, written: dict[str, str]) -> bytes:
    notebook = json.loads(data)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in written:
            cell["source"] = written[name].splitlines(keepends=True)
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def notes(study: Study) -> list[str]:
    """A sentence or two for each copy that is not of the course's newest version: what changed and
    what to do.
    """
    out = []
    try:
        _copies(study)
    except BrokenFile as error:
        out.append(str(error))
    for card in study.cards.values():
        seen = state_of(study, card)
        beside = [p for p in _beside(study, card.key) if _version(p) == seen.newest]
        if not seen.pristine:
            name = study.say(study.released(card.key))
            out.append(
                f"{name} was written in. "
                f"It is the course's own: `git checkout {name}`, and work in {ROOM}/."
            )
        elif not seen.exists:
            out.append(f"{card.title} is not in {ROOM}/ yet: `autograder update` brings it.")
        elif seen.waiting and not seen.edited:
            out.append(
                f"{card.title}: the course has a newer version, and you wrote nothing in yours. "
                "Close it, and `autograder update` brings the new one."
            )
        elif seen.waiting and seen.copy.offered != seen.newest.digest:
            out.append(
                f"{card.title}: the course has a newer version. "
                "`autograder update` puts it beside yours, which stays."
            )
        elif seen.waiting and beside:
            out.append(_explained(study, seen, beside[0]))
    return out


def _explained(study: Study, seen: CopyState, beside: Path) -> str:
    return (
        f"{seen.card.title}: the course has a newer version than the one you wrote in. "
        f"{_difference(seen)} Yours is untouched; the new one is {study.say(beside)}. "
        "Go on in yours and delete the new one, or take it with what you wrote: "
        f"`autograder reset {seen.card.stem} --keep-answers` (yours is kept under a dated name)."
    )


def _difference(seen: CopyState) -> str:
    """What the course changed since the copy was made, in a sentence."""
    old = seen.copy.base or seen.theirs
    if old is None:
        return "Yours cannot be read, so what changed cannot be said."
    had = {part for _, part in old.cells}
    cells = zip(seen.card.cells, seen.newest.cells, strict=True)
    fresh = [cell for cell, (_, part) in cells if part not in had]
    # then it is compared with the learner's own, where tasks differ anyhow
    if seen.copy.base is None:
        fresh = [c for c in fresh if not c.is_task]
    named: dict[str, list[str]] = {"task": [], "checks": [], "given code": []}
    for c in fresh:
        if c.is_task and c.name:
            named["task"].append(c.name)
        elif c.name:
            named["checks" if c.is_graded else "given code"].append(c.name)
    changes = [f"{kind} {', '.join(names)}" for kind, names in named.items() if names]
    for kind, words in (("markdown", "text"), ("code", "examples")):
        count = sum(not c.name and c.kind == kind for c in fresh)
        if count:
            changes.append(f"{count} cell{'s' * (count > 1)} of {words}")
    gone = sorted(set(old.by_name) - set(seen.newest.by_name))
    if gone:
        changes.append(f"without {', '.join(gone)}")
    return f"Changed: {'; '.join(changes)}." if changes else "Only cells were moved or left out."


# ------------------------------------------------------------------------------- what is remembered


def digest_of(*parts: str) -> str:
    """A hash of these texts in this order."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:20]


def _meaning(cell: Cell) -> str:
    """Code without comments and spacing, or the words of a text."""
    if cell.kind == "code":
        with (
            contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            return ast.dump(syntax.parse(cell.source))
    return " ".join(cell.source.split())


def _version(path: Path) -> Version | None:
    try:
        return Version.of(read_cells(path))
    except Unreadable:
        return None


def _beside(study: Study, key: str) -> list[Path]:
    path = study.notebook(key)
    return sorted(path.parent.glob(f"{path.stem}.new*.ipynb"))


def _clear(study: Study, key: str, digest: str) -> None:
    """Delete what was put beside, as long as nobody wrote in it."""
    for path in _beside(study, key):
        version = _version(path)
        if version is not None and version.digest == digest:
            path.unlink(missing_ok=True)


def _copies(study: Study) -> dict[str, Any]:
    """What is remembered about all copies.

    Raises:
        BrokenFile: it cannot be read. Copies that were written in then count as such, and nothing
            is lost.
    """
    stored = study.load(COPIES)
    if not isinstance(stored, dict | None):
        raise study.broken_file(COPIES, "it does not hold versions of copies")
    return stored or {}


def _copy(study: Study, key: str) -> Copy:
    try:
        entry = _copies(study).get(key)
    except BrokenFile:
        entry = None
    if not isinstance(entry, dict):
        return Copy()
    cells, offered = entry.get("cells"), entry.get("offered")
    fits = isinstance(cells, list) and all(
        isinstance(c, list) and len(c) == 2 and isinstance(c[0], str) and isinstance(c[1], str)
        for c in cells
    )
    base = Version(tuple((name, part) for name, part in cells)) if cells and fits else None
    return Copy(base, offered if isinstance(offered, str) else "")


def _remember(study: Study, key: str, copy: Copy) -> None:
    if _copy(study, key) == copy:
        return
    try:
        stored = _copies(study)
    except BrokenFile:
        study.set_aside(COPIES)
        stored = {}
    cells = [list(cell) for cell in copy.base.cells] if copy.base else []
    study.store(COPIES, stored | {key: {"cells": cells, "offered": copy.offered}})
