"""Mutants of answers that are text: YAML or JSON in a string of a solution cell, changed as a tree.

Each key is dropped, each number halved and doubled (also in a quantity, `512Mi`), and each name
replaced by another name of the same text. A mutant that still meets every target is a right answer:
it stands in `equivalent.toml`, with that reason.
"""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

MAX_TEXT = 262_144  # characters
QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[A-Za-z%]*)")
NAMES = re.compile(r"name|.*Name|app|job|image")  # keys whose value names something
NAMED = ("labels", "matchLabels", "selector")  # and those whose values all do
STILL = "It still meets every target."  # the usual reason of an equivalent one
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Text:
    """A string of a cell that holds YAML or JSON, and where it stands there, in bytes."""

    begin: int
    end: int
    documents: tuple[Any, ...]
    is_json: bool

    def written(self, documents: list[Any]) -> str:
        """Other documents, in its language."""
        if self.is_json:
            return json.dumps(documents[0], indent=2)
        return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def mutants(source: str) -> Iterator[tuple[str, str, str]]:
    """Each change of a text in a cell: what stood there, what stands there now, and the cell."""
    data, found = source.encode(), texts(source)
    for number, text in enumerate(found, 1):
        which = f"text {number}, " if len(found) > 1 else ""
        for before, after, documents in edits(text.documents):
            literal = repr(text.written(documents)).encode()
            changed = data[: text.begin] + literal + data[text.end :]
            yield which + before, after, changed.decode()


def texts(source: str) -> list[Text]:
    """The strings of a cell that are a tree of YAML or JSON, docstrings aside."""
    tree = ast.parse(source)
    told = {id(s.value) for s in ast.walk(tree) if isinstance(s, ast.Expr)}
    inner = {id(part) for s in ast.walk(tree) if isinstance(s, ast.JoinedStr) for part in s.values}
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) in told | inner or not (
            "\n" in node.value or node.value.startswith(("{", "["))
        ):
            continue
        parsed = _parsed(node.value)
        if parsed is not None and node.end_lineno is not None and node.end_col_offset is not None:
            place = (
                starts[node.lineno - 1] + node.col_offset,
                starts[node.end_lineno - 1] + node.end_col_offset,
            )
            found.append(Text(*place, *parsed))
    return sorted(found, key=lambda text: text.begin)


def _parsed(text: str) -> tuple[tuple[Any, ...], bool] | None:
    """The documents of a text, and whether it is JSON; None when it is no tree."""
    if len(text) > MAX_TEXT:
        return None
    try:
        documents, is_json = [json.loads(text)], True
    except ValueError:
        try:
            documents = [one for one in yaml.safe_load_all(text) if one is not None]
        except yaml.YAMLError:
            return None
        is_json = False
    if not documents or not all(_is_tree(one) for one in documents):
        return None
    return tuple(documents), is_json


def _is_tree(one: Any) -> bool:
    """Whether it holds a key; a list of words in prose does not."""
    if isinstance(one, list):
        return any(map(_is_tree, one))
    return isinstance(one, dict) and all(isinstance(key, str | int | bool) for key in one)


def edits(documents: tuple[Any, ...]) -> Iterator[tuple[str, str, list[Any]]]:
    """Every change of a tree: the place and what stood there, what stands there now, the whole."""
    names = sorted({value for path, value in _leaves(documents) if _is_name(path, value)})
    for path, value in _nodes(documents):
        place = _place(documents, path)
        if isinstance(path[-1], str) or isinstance(_at(documents, path[:-1]), dict):
            yield place, "(dropped)", _changed(documents, path, None)
        for other in _others(path, value, names):
            yield f"{place}: {value}", str(other), _changed(documents, path, [other])


def _others(path: Path, value: Any, names: list[str]) -> Iterator[Any]:
    """What a leaf is changed to."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (n for n in (_half(value), value * 2) if n != value)
    elif isinstance(value, str):
        quantity = QUANTITY.fullmatch(value)
        if quantity:
            whole = quantity["number"]
            number = float(whole) if "." in whole else int(whole)
            unit = quantity["unit"]
            yield from (f"{n:g}{unit}" for n in (_half(number), number * 2) if n != number)
        elif _is_name(path, value):
            at = names.index(value)
            yield names[at - 1] if len(names) > 1 else f"{value}-other"


def _half(number: float) -> float:
    return number // 2 if isinstance(number, int) else number / 2


def _is_name(path: Path, value: Any) -> bool:
    if not isinstance(value, str) or "\n" in value:
        return False
    key = path[-1]
    around = path[-2] if len(path) > 1 else ""
    return isinstance(key, str) and (bool(NAMES.fullmatch(key)) or around in NAMED)


def _nodes(documents: tuple[Any, ...]) -> Iterator[tuple[Path, Any]]:
    """Everything in the documents, with its path, which begins with a document's number."""

    def below(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
        if isinstance(value, dict):
            inside: list[tuple[Any, Any]] = list(value.items())
        else:
            inside = list(enumerate(value)) if isinstance(value, list) else []
        for key, one in inside:
            yield (*path, key), one
            yield from below((*path, key), one)

    for number, document in enumerate(documents):
        yield from below((number,), document)


def _leaves(documents: tuple[Any, ...]) -> Iterator[tuple[Path, Any]]:
    return ((p, value) for p, value in _nodes(documents) if not isinstance(value, dict | list))


def _at(documents: tuple[Any, ...], path: Path) -> Any:
    one: Any = documents
    for key in path:
        one = one[key]
    return one


def _changed(documents: tuple[Any, ...], path: Path, value: list[Any] | None) -> list[Any]:
    """The documents with something else at a path, or without it."""
    changed = copy.deepcopy(list(documents))
    inside: Any = changed
    for key in path[:-1]:
        inside = inside[key]
    if value is None:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value[0]
    return changed


def _place(documents: tuple[Any, ...], path: Path) -> str:
    """`Deployment spec.replicas`: what an author finds in the text."""
    document = documents[int(path[0])]
    kind = document.get("kind") if isinstance(document, dict) else None
    inside = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in path[1:]).lstrip(".")
    several = f"{path[0]}" if len(documents) > 1 else ""
    head = f"{kind}{f' #{several}' if several else ''}" if isinstance(kind, str) else several
    return f"{head} {inside}".strip()
