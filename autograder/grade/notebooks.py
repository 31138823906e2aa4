"""The cells of what a learner handed in: a notebook of format 3 or 4, or a script made of one.

Only text, grade ids and attached pictures leave this module. Outputs are never built: a notebook
may show as much as it likes. What cannot be read, but holds something that looks like work, is a
human's (`files.NeedsHuman`); what holds none is `files.Unreadable`.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import msgspec

from autograder.files import UTF8_MARK, NeedsHuman, Unreadable, decode
from autograder.jobs import Picture, Source
from autograder.plain import SURROGATES

MAX_BYTES = 100_000_000  # of a notebook, outputs included
MAX_TOLERANT = 20_000_000  # of a file that only the tolerant reader takes, which builds everything
MAX_NESTS = 500_000  # lists and objects that the tolerant reader builds: each costs memory
MAX_CELLS = 2_000  # code cells that are not empty
MAX_CODE = 2_000_000  # characters of all code cells together
MAX_CELL = 16_000_000  # bytes of a cell, or of what is attached to it, in the file
MAX_PROSE = 1_000_000  # characters of one cell of text
MAX_PICTURES, MAX_PICTURE = 20, 8_000_000  # of a notebook, and characters of one in base64
TOO_LONG = "(This cell is only in the file that was handed in: it is larger than 16 MB.)"
KINDS = ("code", "markdown", "raw", "heading", "html")
PICTURES = ("image/png", "image/jpeg", "image/gif")
BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*\Z")
EMBEDDED = re.compile(
    r"!\[[^\]]{0,200}\]\(\s*data:(?P<a>image/[a-z]+);base64,(?P<b>[A-Za-z0-9+/=]+)\s*\)"
    r"""|<img\b[^<>]{0,500}?\bsrc\s*=\s*["']data:(?P<c>image/[a-z]+);base64,(?P<d>[A-Za-z0-9+/=]+)"""
    r"""["'][^<>]{0,500}>""",
    re.IGNORECASE,
)
CONFLICT = re.compile(r"^\s*(?:<{7}|>{7}) ", re.MULTILINE)
CELLS_IN_TEXT = re.compile(r'"cell_type"\s*:\s*"(?:code|markdown|raw)"')
MARKER = re.compile(r"^# ?(?:%%(?P<title>.*)|In\s?\[[\d ]*\]:|<(?:code)?cell>|COMMAND -+)\s*$")
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
SCRIPT = re.compile(r"^(?:async def|def|class|import|from|@\w|# %%|# In\[)", re.MULTILINE)


class _Notebook(msgspec.Struct):
    """What is read of a file. Everything else in it is skipped."""

    cells: msgspec.Raw = msgspec.Raw(b"null")
    worksheets: msgspec.Raw = msgspec.Raw(b"null")
    metadata: msgspec.Raw = msgspec.Raw(b"null")


class _Cell(msgspec.Struct):
    """What is read of a cell: no outputs."""

    cell_type: msgspec.Raw = msgspec.Raw(b"null")
    source: msgspec.Raw = msgspec.Raw(b"null")
    input: msgspec.Raw = msgspec.Raw(b"null")
    id: msgspec.Raw = msgspec.Raw(b"null")
    metadata: msgspec.Raw = msgspec.Raw(b"null")
    attachments: msgspec.Raw = msgspec.Raw(b"null")


class _Nbgrader(msgspec.Struct):
    grade_id: msgspec.Raw = msgspec.Raw(b"null")


class _Metadata(msgspec.Struct):
    nbgrader: msgspec.Raw = msgspec.Raw(b"null")


class _Language(msgspec.Struct):
    version: msgspec.Raw = msgspec.Raw(b"null")


class _Kernel(msgspec.Struct):
    language_info: msgspec.Raw = msgspec.Raw(b"null")


def parse_notebook(data: bytes, repairs: list[str]) -> list[Source]:
    """The cells of a notebook, or of a script.

    Args:
        data: the file.
        repairs: gets a sentence for everything that was mended.

    Raises:
        Unreadable: there is nothing to read in it; `NeedsHuman` when there may be work in it.
    """
    if data.startswith(ARCHIVES):
        raise NeedsHuman("an archive, not a notebook: unpack it")
    cells = _cells_only(data)
    if cells is None:
        text = decode(data, repairs)
        if not text.strip():
            raise Unreadable("the file is empty")
        cells = _tolerant(text, repairs) or _script(text, repairs)
        if cells is None:
            raise _no_notebook(text)
    elif data.startswith(UTF8_MARK):
        repairs.append("the file begins with a byte-order mark: skipped")
    return _bounded(_embedded(cells, repairs), repairs)


def python_version(data: bytes) -> str | None:
    """The Python that the notebook says it was written with, such as `3.13.1`."""
    read = _part(data.removeprefix(UTF8_MARK), _Notebook)
    kernel = _part(read.metadata, _Kernel) if read else None
    language = _part(kernel.language_info, _Language) if kernel else None
    version = _part(language.version, str) if language else None
    return str(version)[:20] if version else None


# ---------------------------------------------------------------------------------- the two readers


def _cells_only(data: bytes) -> list[Source] | None:
    """The cells of a well-made notebook of format 4, whose outputs are skipped; else None."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return None
    read = _part(data.removeprefix(UTF8_MARK), _Notebook)
    cells = _part(read.cells, list[msgspec.Raw]) if read else None
    sources = [_well_made(raw) for raw in cells or ()]
    return None if not sources or None in sources else [s for s in sources if s is not None]


def _well_made(raw: msgspec.Raw) -> Source | None:
    """A cell, or None when the tolerant reader has to look at it."""
    cell = _part(raw, _Cell)
    if cell is None:
        return None
    meta = _part(cell.metadata, _Metadata)
    nbgrader = _part(meta.nbgrader, _Nbgrader) if meta else None
    kind = _part(cell.cell_type, str)
    if len(cell.source) > MAX_CELL and kind in ("markdown", "raw"):
        text: Any = TOO_LONG
    else:
        text = _part(cell.source, str | list[str])
    if text is None:
        return None
    grade_id = _part(nbgrader.grade_id, str) if nbgrader else None
    attached = cell.attachments if len(cell.attachments) <= MAX_CELL else b"null"
    bundles = _part(attached, dict[str, dict[str, str | list[str]]])
    return _source(kind, text, grade_id, _part(cell.id, str), bundles)


def _part(raw: Any, kind: Any) -> Any:
    """A part of the file as a `kind`, or None."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def _tolerant(text: str, repairs: list[str]) -> list[Source] | None:
    """The cells of whatever Python's own reader takes: doubled keys, NaN, halves of characters, the
    format 3. None when that is no notebook.
    """
    if len(text) > MAX_TOLERANT or text.count("[") + text.count("{") > MAX_NESTS:
        return None
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(notebook, dict):
        raise Unreadable("not a notebook: not a JSON object")
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        cells = _cells_of_sheets(notebook.get("worksheets"))
        if not cells:
            raise Unreadable("not a notebook: it holds no cells")
        repairs.append("an old notebook format (3): read as it is")
    return [_from_json(cell) for cell in cells if isinstance(cell, dict)]


def _cells_of_sheets(sheets: Any) -> list[Any]:
    """The cells of a notebook in the format 3."""
    cells = []
    for sheet in sheets if isinstance(sheets, list) else ():
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            cells += sheet["cells"]
    return cells


def _from_json(cell: dict[str, Any]) -> Source:
    meta = cell.get("metadata")
    nbgrader = meta.get("nbgrader") if isinstance(meta, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    text = cell.get("source", cell.get("input", ""))
    return _source(cell.get("cell_type"), text, grade_id, cell.get("id"), cell.get("attachments"))


def _source(kind: Any, text: Any, grade_id: Any, cell_id: Any, attachments: Any) -> Source:
    if isinstance(text, list):
        text = "".join(part for part in text if isinstance(part, str))
    name = grade_id if isinstance(grade_id, str) else cell_id
    return Source(
        kind if isinstance(kind, str) and kind in KINDS else "",
        name if isinstance(name, str) else None,
        text if isinstance(text, str) else "",
        tuple(_attached(attachments)),
    )


def _attached(attachments: Any) -> list[Picture]:
    found = []
    for bundle in attachments.values() if isinstance(attachments, dict) else ():
        for kind, data in bundle.items() if isinstance(bundle, dict) else ():
            text = "".join(data) if _is_lines(data) else data
            if kind in PICTURES and isinstance(text, str):
                found.append(Picture(kind, text))
    return found


def _is_lines(data: Any) -> bool:
    return isinstance(data, list) and all(isinstance(line, str) for line in data)


def _script(text: str, repairs: list[str]) -> list[Source] | None:
    """The cells of a Python script with percent markers, of one that `nbconvert` wrote, or of one
    that is plain code. None when it is no script.
    """
    if text.lstrip()[:1] in "{[<" or "\0" in text or not SCRIPT.search(text):
        return None
    cells: list[tuple[str, list[str]]] = [("code", [])]
    for line in text.splitlines():
        marker = MARKER.match(line)
        if marker is None:
            cells[-1][1].append(line)
        else:
            prose = "[markdown]" in (marker["title"] or "") or "[raw]" in (marker["title"] or "")
            cells.append(("markdown" if prose else "code", []))
    repairs.append("not a notebook but a script: its parts were read as cells")
    sources = []
    for kind, lines in cells:
        code, prose_lines = (lines, []) if kind == "code" else ([], lines)
        while code and (not code[-1].strip() or code[-1].startswith("#")):  # prose of `nbconvert`
            prose_lines.insert(0, code.pop())
        prose_text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in prose_lines)
        for part, source in (("code", "\n".join(code)), ("markdown", prose_text)):
            if source.strip():
                sources.append(Source(part, None, source.strip("\n")))
    return sources


# ------------------------------------------------------------------------------- limits and reasons


def _no_notebook(text: str) -> Unreadable:
    """Why nothing can be read, in words for whoever handed it in."""
    seen = len(CELLS_IN_TEXT.findall(text.replace("\0", "")))
    if seen:
        what = f"{seen} cells can be seen in it: mend it by hand, or ask for the file again"
        conflict = CONFLICT.search(text)
        if conflict:
            line = text.count("\n", 0, conflict.start()) + 1
            return NeedsHuman(f"not JSON: git's conflict marks stand in line {line}. {what}")
        if not text.rstrip().rstrip("\0").endswith("}"):
            return NeedsHuman(f"not JSON: the file is cut off. {what}")
        return NeedsHuman(f"not JSON. {what}")
    begin = text.lstrip()[:200].lower()
    if begin.startswith("version https://git-lfs"):
        return Unreadable(
            "not a notebook: not JSON, but a pointer to Git LFS; send the file itself"
        )
    if begin.startswith("<"):
        return Unreadable("not a notebook: not JSON, but a web page; save the notebook itself")
    return Unreadable("not a notebook: not JSON")


def _embedded(cells: list[Source], repairs: list[str]) -> list[Source]:
    """The same cells. Pictures in the text of prose are attached instead, and all are counted."""
    left, out = MAX_PICTURES, []
    lost = 0
    for cell in cells:
        pictures = list(cell.pictures)
        text = cell.text
        if cell.kind in ("markdown", "raw") and ";base64," in text:

            def take(found: re.Match[str], pictures: list[Picture] = pictures) -> str:
                kind = (found["a"] or found["c"]).lower()
                pictures.append(Picture(kind, found["b"] or found["d"]))
                return f"(picture {len(pictures)})"

            text = EMBEDDED.sub(take, text)
        kept = [p for p in pictures if _is_picture(p)][: max(0, left)]
        left -= len(kept)
        lost += len(pictures) - len(kept)
        out.append(replace(cell, text=text, pictures=tuple(kept)))
    if lost:
        repairs.append(
            f"{lost} pictures are too large, too many, or of another kind: "
            "they are only in the file that was handed in"
        )
    return out


def _is_picture(picture: Picture) -> bool:
    return (
        picture.kind in PICTURES
        and len(picture.data) <= MAX_PICTURE
        and BASE64.match(picture.data) is not None
    )


def _bounded(cells: list[Source], repairs: list[str]) -> list[Source]:
    """The same cells, those of prose cut where they are too long.

    Raises:
        NeedsHuman: there is more code than anybody writes.
    """
    code = [cell for cell in cells if cell.kind == "code" and cell.text.strip()]
    if len(code) > MAX_CELLS:
        raise NeedsHuman(
            f"more than {MAX_CELLS:,} cells of code: ask for a notebook with this lesson's cells"
        )
    if sum(len(cell.text) for cell in code) > MAX_CODE:
        raise NeedsHuman(
            f"more than {MAX_CODE // 1_000_000} MB of code: "
            "ask for a notebook that reads its data from elsewhere"
        )
    out = []
    for cell in cells:
        text = cell.text
        if cell.kind != "code" and len(text) > MAX_PROSE:
            text = text[:MAX_PROSE] + "\n… (the rest is only in the file that was handed in)"
            repairs.append("a cell of text is too long to be shown whole: it was cut")
        mended = SURROGATES.sub("\ufffd", text)
        if mended != text:
            repairs.append("halves of characters, which no file can hold, were replaced")
        out.append(replace(cell, text=mended))
    return out
