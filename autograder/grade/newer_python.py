"""Answers that only a newer Python reads: by their syntax, or by a name that its standard library
has.

What is new in syntax is taken out of a cell (`_Scan`, `_rewritten`); if the rest is what this
Python reads, then that was what it did not read. So code that no Python reads stays what it is, a
syntax error.
"""

from __future__ import annotations

import io
import itertools
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder import syntax
from autograder.grade.newer_names import ATTRIBUTES, BUILTINS, MODULES, NAMES

Version = tuple[int, int]
OWN: Version = sys.version_info[:2]
NEWEST: Version = (3, 13)  # that the grader itself runs on
MAX_SOURCE = 100_000  # characters of all cells that are looked at
MAX_MAGICS = 30  # lines of a cell that IPython may have to change: each costs a look at all of it
MAX_DEPTH = 20  # of f-strings in f-strings
SYNTAX_ERRORS = ("SyntaxError: ", "IndentationError: ")

F_STRINGS, TYPES, DEFAULTS = (
    "f-strings as PEP 701 has them",
    "type parameters or aliases as PEP 695 has them",
    "defaults of type parameters",
)
EXCEPT, T_STRINGS = "except without parentheses", "t-strings"
SINCE: dict[str, Version] = {
    F_STRINGS: (3, 12),
    TYPES: (3, 12),
    DEFAULTS: (3, 13),
    EXCEPT: (3, 14),
    T_STRINGS: (3, 14),
}


@dataclass(frozen=True)
class Cell:
    """A cell that did not run to its end: what it is called, its text, and what went wrong."""

    name: str
    source: str
    problem: str


@dataclass(frozen=True)
class Newer:
    """What a newer Python is needed for."""

    where: str
    what: str
    since: Version
    declared: str | None = None
    own: Version = OWN

    def __str__(self) -> str:
        wanted, own = _dotted(self.since), _dotted(self.own)
        said = f" (the notebook says {self.declared})" if self.declared else ""
        step = (
            f"grade with a newer Python (make setup PYTHON=python{wanted})"
            if self.since <= NEWEST
            else "no grader runs that yet, so read it and give its points by hand"
        )
        return (
            f"{self.where} needs Python {wanted} or newer{said}, for {self.what}; "
            f"this grader runs {own}: {step}"
        )


def needed(
    cells: Iterable[Cell],
    seen: Iterable[str] = (),
    declared: str | None = None,
    own: Version = OWN,
) -> Newer | None:
    """What an answer needs a newer Python for, or None when that is not why it fails.

    Args:
        cells: those that did not run to their end.
        seen: what failing checks saw, in words.
        declared: the version of Python that the notebook was saved with, if it says one.
        own: the version that read the cells.
    """
    found: list[Newer] = []
    said = re.match(r"(\d{1,3})\.(\d{1,3})(\.\d{1,3})?", declared or "")
    declared, version = (said[0], (int(said[1]), int(said[2]))) if said else (None, None)
    left = MAX_SOURCE
    for cell in cells:
        if cell.problem.startswith(SYNTAX_ERRORS):
            if len(cell.source) > left:
                continue
            left -= len(cell.source)
            for what in _syntax(cell.source, version):
                found.append(Newer(cell.name, what, SINCE[what], declared, own))
        elif named := _named(cell.problem):
            found.append(Newer(cell.name, *named, declared, own))
    for text in seen:
        if named := _named(text):
            found.append(Newer("the answer", *named, declared, own))
    return max((one for one in found if one.since > own), key=lambda one: one.since, default=None)


def _dotted(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


# -------------------------------------------------------------------------------------------- names

MISSING = (
    re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'"),
    re.compile(r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'"),
    re.compile(r"No module named '(?P<module>[\w.]+)'"),
    re.compile(
        r"'(?:[\w.]+\.)?(?P<type>\w+)'(?: object)? has no attribute '(?P<name>\w+)'"
    ),
    re.compile(r"name '(?P<name>\w+)' is not defined"),
)  # fmt: skip


def _named(text: str) -> tuple[str, Version] | None:
    """A name of a newer standard library that an error's text says is missing, and since when it is
    there.
    """
    for pattern in MISSING:
        match = pattern.search(text[:2000])
        if match is None:
            continue
        parts = match.groupdict()
        module, kind, name = (parts.get(key) for key in ("module", "type", "name"))
        if module and name:
            wanted, table = f"{module}.{name}", NAMES
        elif module:
            wanted, table = module, MODULES
        elif kind:
            wanted, table = f"{kind}.{name}", ATTRIBUTES
        else:
            wanted, table = str(name), BUILTINS
        since = table.get(wanted) or (MODULES.get(wanted) if table is NAMES else None)
        return (wanted, since) if since else None
    return None


# ------------------------------------------------------------------------------------------- syntax


def _syntax(source: str, declared: Version | None) -> set[str]:
    """What is new in a cell that this Python does not read; nothing when it would not be read
    without that either.
    """
    try:
        scan = _Scan(source)
        text, more = _rewritten(_without_magics(scan.text), declared)
        syntax.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return set()
    return scan.needs | more


def _parses(text: str) -> bool:
    try:
        syntax.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


MAGIC = re.compile(r"^[ \t]*[%!?,;/]|=[ \t]*[%!]|\?[ \t]*$|^>>>|^In \[", re.MULTILINE)


def _without_magics(source: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    if len(MAGIC.findall(source)) > MAX_MAGICS:
        raise _Broken
    return str(TransformerManager().transform_cell(source))


START = re.compile(
    r"\#[^\n]*"
    r"|(?<!\w)(?P<prefix>[bB][rR]?|[rR][bBfFtT]?|[fFtT][rR]?|[uU])?"
    r"(?P<quote>'''|\"\"\"|'|\")"
)
FORMATTED = set("fFtT")
BODY = {
    "'": re.compile(r"(?:[^\\\n']|\\.)*'", re.DOTALL),
    '"': re.compile(r'(?:[^\\\n"]|\\.)*"', re.DOTALL),
    "'''": re.compile(r"(?:[^\\']|\\.|'(?!''))*'''", re.DOTALL),
    '"""': re.compile(r'(?:[^\\"]|\\.|"(?!""))*"""', re.DOTALL),
}
AFTER = re.compile(r"\s*(=\s*)?(![rsa]\s*)?")  # a field's expression
LAST = re.compile(r"=\s*[}:!]")  # asks for the text of the expression before it
PIECE = re.compile(r"[=!<>:]=|\w+|\s+|\\\n|.", re.DOTALL)


class _Broken(ValueError):
    """Not even the newest Python reads it."""


class _Scan:
    """Text in which each f-string and t-string has become an empty string, once its fields were
    read.

    Attributes:
        text: the rest.
        needs: what in those strings this Python does not read.
    """

    def __init__(self, source: str) -> None:
        self.needs: set[str] = set()
        self._source, self._depth = source, 0
        self.text = "".join(self._pieces())

    def _pieces(self) -> Iterator[str]:
        at = 0
        while start := START.search(self._source, at):
            yield self._source[at : start.start()]
            piece, at = self._read(start)
            yield piece
        yield self._source[at:]

    def _read(self, start: re.Match[str]) -> tuple[str, int]:
        """A comment or a string that begins there, as it stands in `text`; and where it ends."""
        prefix, quote, at = start["prefix"] or "", start["quote"], start.end()
        if not quote:
            return start[0], at
        if not FORMATTED & set(prefix):
            body = BODY[quote].match(self._source, at)
            if body is None:
                raise _Broken
            return start[0] + body[0], body.end()
        at = self._literal(quote, at, "r" in prefix.lower(), closing=quote)
        if set("tT") & set(prefix):
            self.needs.add(T_STRINGS)
        elif not _parses(self._source[start.start() : at]):
            self.needs.add(F_STRINGS)
        return '""', at

    def _literal(self, quote: str, at: int, raw: bool, *, closing: str) -> int:
        """Behind the end of what stands between fields: the string's own, or of a field's format.

        Args:
            closing: what ends it: the quote, or a brace.
        """
        text = self._source
        while at < len(text):
            if text.startswith(closing, at):
                return at + len(closing)
            if text.startswith(quote, at) or (text[at] == "\n" and len(quote) == 1):
                raise _Broken
            if closing == quote and text[at : at + 2] in ("{{", "}}"):
                at += 2
            elif text[at] == "{":
                at = self._field(quote, at + 1, raw)
            elif text[at] == "}":
                raise _Broken
            elif not raw and text.startswith("\\N{", at):
                at = text.find("}", at) + 1 or len(text)
            elif text[at] == "\\" and text[at + 1 : at + 2] not in ("{", "}"):
                at += 2
            else:
                at += 1
        raise _Broken

    def _field(self, quote: str, at: int, raw: bool) -> int:
        """Behind a field whose expression begins at `at`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Broken
        expression, at = self._expression(at)
        if not expression.strip() or not _parses(f"({expression} \n)"):
            raise _Broken
        match = AFTER.match(self._source, at)
        at = match.end() if match else at
        if self._source.startswith(":", at):
            at = self._literal(quote, at + 1, raw, closing="}")
        elif self._source.startswith("}", at):
            at += 1
        else:
            raise _Broken
        self._depth -= 1
        return at

    def _expression(self, at: int) -> tuple[str, int]:
        """A field's expression, and where it ends: at what no bracket or string holds."""
        pieces: list[str] = []
        brackets = 0
        while piece := PIECE.match(self._source, at):
            start = START.match(self._source, at)
            if start:
                text, at = self._read(start)
                pieces.append(text)
                continue
            text = piece[0]
            if not brackets and (
                text in ("}", ":", "!") or (text == "=" and LAST.match(self._source, at))
            ):
                return "".join(pieces), at
            brackets += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
            if brackets < 0:
                raise _Broken
            pieces.append(text)
            at = piece.end()
        raise _Broken


class _Rewriting:
    """Tokens of a text, and what is to be put in place of parts of it.

    Attributes:
        needs: what is new in it.
    """

    def __init__(self, text: str) -> None:
        self.text, self.needs = text, set[str]()
        made = tokenize.generate_tokens(io.StringIO(text).readline)
        self.tokens = [t for t in made if t.type not in (tokenize.COMMENT, tokenize.NL)]
        lengths = (len(line) + 1 for line in text.split("\n"))
        self._lines = list(itertools.accumulate(lengths, initial=0))
        self._changes: list[tuple[int, int, str]] = []

    def place(self, at: tuple[int, int]) -> int:
        """Where in the text a token's row and column are."""
        return self._lines[at[0] - 1] + at[1]

    def source(self, start: int, end: int) -> str:
        """The text of the tokens from `start` to before `end`."""
        return self.text[
            self.place(self.tokens[start].start) : self.place(self.tokens[end - 1].end)
        ]

    def word(self, index: int) -> str:
        """The text of a token, or nothing behind the last one."""
        return self.tokens[index].string if 0 <= index < len(self.tokens) else ""

    def is_name(self, index: int) -> bool:
        """Whether a token is a name."""
        return index < len(self.tokens) and self.tokens[index].type == tokenize.NAME

    def begins_statement(self, index: int) -> bool:
        """Whether a token is the first of its statement."""
        starts = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        return (
            index == 0
            or self.tokens[index - 1].type in starts
            or self.word(index - 1) in (";", ":")
        )

    def behind(self, index: int) -> int:
        """The token behind the bracket that closes the one at `index`."""
        depth = 0
        for at in range(index, len(self.tokens)):
            depth += (self.word(at) in OPEN) - (self.word(at) in CLOSED)
            if not depth:
                return at + 1
        raise _Broken

    def drop(self, start: int, end: int, instead: str) -> None:
        """Replace the tokens from `start` to before `end`."""
        begin, last = self.place(self.tokens[start].start), self.place(self.tokens[end - 1].end)
        self._changes.append((begin, last, instead))

    def result(self) -> str:
        """The text with its changes, which came in order."""
        pieces, at = [], 0
        for begin, end, instead in self._changes:
            pieces += [self.text[at:begin], instead]
            at = end
        return "".join([*pieces, self.text[at:]])


OPEN, CLOSED = ("(", "[", "{"), (")", "]", "}")
PARAMETER = re.compile(r"\s*\*{0,2}(?=\s*\w)")


def _rewritten(text: str, declared: Version | None) -> tuple[str, set[str]]:
    """The text without new statements, and which those were."""
    work, index = _Rewriting(text), 0
    while index < len(work.tokens):
        word, following = work.word(index), index + 1
        if not work.is_name(index):
            pass
        elif word in ("def", "class") and work.is_name(index + 1) and work.word(index + 2) == "[":
            following = _drop_parameters(work, index + 2)
        elif word == "type" and work.begins_statement(index) and work.is_name(index + 1):
            following = _drop_type(work, index)
        elif word == "except" and work.begins_statement(index):
            _bracket(work, index + 1, declared)
        index = following
    return work.result(), work.needs


def _drop_type(work: _Rewriting, index: int) -> int:
    """Make something else of a type alias, in which a name and one expression stand, too. Returns
    the token behind its name.
    """
    bracket = work.word(index + 2) == "["
    equals = work.behind(index + 2) if bracket else index + 2
    if work.word(equals) != "=":
        return index + 1
    work.drop(index, index + 1, "raise")
    if bracket:
        _drop_parameters(work, index + 2)
    work.drop(equals, equals + 1, " from ")
    work.needs.add(TYPES)
    return equals + 1


def _drop_parameters(work: _Rewriting, index: int) -> int:
    """Take out type parameters in brackets, and return the token behind them."""
    end = work.behind(index)
    parts = list(_parted(work, index + 1, end - 1))
    for begin, last in parts:
        name = PARAMETER.sub("", work.source(begin, last), count=1)
        if not _parses(f"def _({name}): pass"):
            raise _Broken
        if any(work.word(at) == "=" for at in range(begin, last)):
            work.needs.add(DEFAULTS)
    if not parts:
        raise _Broken
    work.needs.add(TYPES)
    work.drop(index, end, " ")
    return end


def _parted(work: _Rewriting, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Tokens between commas that no bracket holds. One comma may be the last token."""
    depth, begin = 0, start
    for at in range(start, end):
        depth += (work.word(at) in OPEN) - (work.word(at) in CLOSED)
        if work.word(at) == "," and not depth:
            if begin == at:
                raise _Broken
            yield begin, at
            begin = at + 1
    if begin < end:
        yield begin, end


def _bracket(work: _Rewriting, start: int, declared: Version | None) -> None:
    """Put brackets around several exceptions. `except Error, e:` is taken for Python 2 unless the
    notebook says that it is new.
    """
    start += work.word(start) == "*"
    end, depth = start, 0
    while depth or work.word(end) != ":":
        if end >= len(work.tokens) or work.tokens[end].type == tokenize.NEWLINE:
            return
        depth += (work.word(end) in OPEN) - (work.word(end) in CLOSED)
        end += 1
    parts = list(_parted(work, start, end))
    if len(parts) < 2 or any(work.word(at) == "as" for at in range(start, end)):
        return
    names = [work.word(last - 1) for _, last in parts]
    likely = declared >= SINCE[EXCEPT] if declared else all(name[:1].isupper() for name in names)
    if likely:
        work.drop(start, end, f"({work.source(start, end)})")
        work.needs.add(EXCEPT)
