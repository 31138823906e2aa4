"""The fields that the API server knows, and what it says about one that it does not know.

The schemas are in words (`tools/schemas.py` tells how they are written). They are walked here and
not handed to a JSON schema library: as strict validation does, the walk names the field that was
most likely meant or the level where it belongs, and tells what YAML made of an unquoted word. A
library says "additional properties are not allowed", takes longer, and compiles for a second.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from coursekit.devops.cluster.documents import Document
from coursekit.devops.cluster.problems import Found, Path, excerpt, listed, nearest, shown

_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_MOST_FOUND = 20  # in one document
_LEVELS_BELOW = 3  # how far down a misplaced field is looked for


@dataclass(frozen=True)
class Schemas:
    """The kinds of one version of Kubernetes.

    Attributes:
        version: "1.37".
        kinds: apiVersion and type by kind.
        types: Field name (with "!" where it is required) to word, by type.
    """

    version: str
    kinds: Mapping[str, Mapping[str, str]]
    types: Mapping[str, Mapping[str, str]]

    def api_version(self, kind: str) -> str:
        """The one apiVersion of a kind that the cluster takes."""
        return self.kinds[kind]["apiVersion"]


def schemas_of(text: str) -> Schemas:
    """Schemas as `tools/schemas.py` writes them, with those of external secrets beside them."""
    data = resources.files(__package__) / "data"
    own = json.loads((data / "external_secret.json").read_text("utf-8"))
    read = json.loads(text)
    return Schemas(read["version"], read["kinds"] | own["kinds"], read["types"] | own["types"])


@functools.cache
def newest() -> Schemas:
    """The schemas of the version that the simulator plays."""
    data = resources.files(__package__) / "data"
    return schemas_of((data / "schemas.json").read_text("utf-8"))


def violations(document: Document, schemas: Schemas | None = None) -> list[Found]:
    """What strict validation refuses: unknown kinds and fields, wrong types, missing fields.

    Args:
        document: Any document.
        schemas: Those of one version; the newest where None.
    """
    schemas = newest() if schemas is None else schemas
    kind, api_version = document.tree.get("kind"), document.tree.get("apiVersion")
    if not isinstance(kind, str) or not kind:
        return [(("kind",), "missing; write the kind of object, such as Deployment")]
    if kind not in schemas.kinds:
        near = nearest(kind, list(schemas.kinds))
        known = f"did you mean {near}?" if near else f"it knows {listed(sorted(schemas.kinds))}"
        return [(("kind",), f"this cluster knows no {excerpt(kind)}; {known}")]
    wanted = schemas.api_version(kind)
    if api_version != wanted:
        if api_version is None:
            return [(("apiVersion",), f"missing; a {kind} is of {wanted}")]
        return [(("apiVersion",), f"a {kind} is not of {excerpt(api_version)}; write {wanted}")]
    walk = _Walk(document, schemas)
    found: list[Found] = []
    for violation in walk.check(document.tree, schemas.kinds[kind]["type"], (), ()):
        found.append(violation)
        if len(found) == _MOST_FOUND:
            break
    return found


class _Walk:
    """One document beside its schema."""

    def __init__(self, document: Document, schemas: Schemas) -> None:
        self.document = document
        self.schemas = schemas

    def check(
        self, value: Any, word: str, path: Path, above: tuple[tuple[Path, str], ...]
    ) -> Iterator[Found]:
        """Everything wrong in a value. `above`: the objects that it stands in, outermost first."""
        if value is None or word == "any":
            return  # null is the same as not written
        if word.startswith("["):
            yield from self._list(value, word[1:-1], path, above)
        elif word.startswith("{"):
            yield from self._texts(value, word[1:-1], path, above)
        elif word in self.schemas.types:
            yield from self._object(value, word, path, above)
        else:
            sentence = self._scalar(value, word, path)
            if sentence:
                yield path, sentence

    def _list(
        self, value: Any, word: str, path: Path, above: tuple[tuple[Path, str], ...]
    ) -> Iterator[Found]:
        if not isinstance(value, list):
            yield path, f"{self._said(value, path)}; a list is wanted: begin each entry with `- `"
            return
        for at, item in enumerate(value):
            if item is None:
                yield (*path, at), "an empty entry; fill it or delete its `-`"
            yield from self.check(item, word, (*path, at), above)

    def _texts(
        self, value: Any, word: str, path: Path, above: tuple[tuple[Path, str], ...]
    ) -> Iterator[Found]:
        if not isinstance(value, dict):
            yield path, f"{self._said(value, path)}; a mapping is wanted: write `name: value`"
            return
        for key, item in value.items():
            yield from self.check(item, word, (*path, key), above)

    def _object(
        self, value: Any, word: str, path: Path, above: tuple[tuple[Path, str], ...]
    ) -> Iterator[Found]:
        if not isinstance(value, dict):
            hint = "take away its `- `" if isinstance(value, list) else "write `name: value`"
            yield path, f"{self._said(value, path)}; a mapping is wanted: {hint}"
            return
        fields = self.schemas.types[word]
        here = (*above, (path, word))
        for name, item in value.items():
            inner = fields.get(name) or fields.get(name + "!")
            if inner is None:
                yield (*path, name), f"unknown field; {self._meant(name, here)}"
            else:
                yield from self.check(item, inner, (*path, name), here)
        for name in fields:
            if name.endswith("!") and value.get(name[:-1]) is None:
                yield (*path, name[:-1]), f"missing; a {word} needs it"

    def _meant(self, name: str, here: tuple[tuple[Path, str], ...]) -> str:
        """The next step for an unknown field: the right word, or the right level."""
        path, word = here[-1]
        fields = [field.removesuffix("!") for field in self.schemas.types[word]]
        for outer, outer_word in reversed(here[:-1]):
            if self._has(outer_word, name):
                return f"it belongs in {shown(outer) or 'the outermost level'}: indent it less"
        near = nearest(name, fields)
        if near:
            return f"did you mean {near}?"
        inner = self._below(name, path, word)
        if inner:
            return f"it belongs in {shown(inner)}: indent it more"
        known = fields if len(fields) <= 8 else [*fields[:7], "…"]
        return f"a {word} has {', '.join(known)}" if known else "delete it"

    def _below(self, name: str, path: Path, word: str) -> Path | None:
        """Where a field belongs that stands too high: the nearest level below that has it."""
        level: list[tuple[Path, str]] = [(path, word)]
        for _ in range(_LEVELS_BELOW):
            inner = [
                (
                    (*at, field.removesuffix("!"), *([0] if of.startswith("[") else [])),
                    of.strip("[]"),
                )
                for at, above in level
                for field, of in self.schemas.types[above].items()
                if of.strip("[]") in self.schemas.types
            ]
            level = inner
            for at, below in level:
                if self._has(below, name):
                    return at
        return None

    def _has(self, word: str, name: str) -> bool:
        fields = self.schemas.types[word]
        return name in fields or name + "!" in fields

    def _scalar(self, value: Any, word: str, path: Path) -> str:
        """What is wrong with a single value, "" where nothing is."""
        said = self._said(value, path)
        whole = isinstance(value, int) and not isinstance(value, bool)
        match word:
            case "string" | "byte":
                if isinstance(value, str):
                    return ""
                if path in self.document.written:
                    return f'{said}; a text is wanted: write "{self.document.written[path]}"'
                return f"{said}; a text is wanted"
            case "int32" | "int64":
                if not whole:
                    bare = isinstance(value, str) and value.lstrip("-").isdecimal()
                    hint = f": write {value} without quotes" if bare else ""
                    return f"{said}; a whole number is wanted{hint}"
                low, high = _RANGES[word]
                return (
                    "" if low <= value <= high else f"{value} is beyond {low} to {high}; change it"
                )
            case "boolean":
                return "" if isinstance(value, bool) else f"{said}; write true or false"
            case "intstr":
                fits = whole or isinstance(value, str)
                return "" if fits else f'{said}; a whole number or a text such as "25%" is wanted'
            case "quantity":
                fits = isinstance(value, str | int | float) and not isinstance(value, bool)
                return "" if fits else f"{said}; a quantity such as 250m or 512Mi is wanted"
            case _:  # number
                fits = isinstance(value, int | float) and not isinstance(value, bool)
                return "" if fits else f"{said}; a number is wanted"

    def _said(self, value: Any, path: Path) -> str:
        """What stands there, as YAML reads it."""
        written = self.document.written.get(path)
        match value:
            case list():
                return "this is a list"
            case dict():
                return "this is a mapping"
            case bool():
                return f"{written or value} is read as {str(value).lower()}"
            case int() | float():
                return f"{excerpt(written or value)} is a number"
            case _:
                return f"{excerpt(value)} is a text"
