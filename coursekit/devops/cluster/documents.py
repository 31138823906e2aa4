"""YAML as kubectl reads it: plain trees, with the line of every field.

Scalars follow sigs.k8s.io/yaml (goyaml.v2/resolve.go): YAML 1.1 words (`no`, `on`, `y`), octal
`0644`, `1_000`; times of day such as `12:30` stay texts there, and so do dates. PyYAML only splits
the text into events: nothing is ever constructed, and every size is bounded before work is done.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from coursekit.devops.cluster.problems import ManifestError, Path, Problem, excerpt, shown

Tree = dict[str, Any]

MOST_BYTES = 256 * 1024
MOST_DOCUMENTS = 50
MOST_ALIASES = 64
MOST_VALUES = 20_000  # after aliases are unfolded
DEEPEST = 40

_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_WORDS: Mapping[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"), True),
    **dict.fromkeys(("on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 400
_TOO_MANY = f"more than {MOST_DOCUMENTS} documents; hand in fewer"
_TAG = "tag:yaml.org,2002:"
_TYPES: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "float": (int, float),
    "int": (int,),
    "null": (type(None),),
}


@dataclass(frozen=True)
class Document:
    """One object of an answer.

    Attributes:
        tree: Plain dicts, lists, texts, numbers, booleans and None.
        file: The file it stands in, "" where the answer is one text.
        first_line: Where it begins, counted from 1.
    """

    tree: Tree
    file: str = ""
    first_line: int = 1
    lines: Mapping[Path, int] = field(default_factory=dict, repr=False, compare=False)
    written: Mapping[Path, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def kind(self) -> str:
        """Its `kind`, "" where it has none."""
        return _text(self.tree.get("kind"))

    @property
    def name(self) -> str:
        """Its `metadata.name`, "" where it has none."""
        return _text(self._metadata().get("name"))

    @property
    def namespace(self) -> str:
        """Its `metadata.namespace`, "default" where it has none."""
        return _text(self._metadata().get("namespace")) or "default"

    def line(self, path: str | Path) -> int:
        """The line of a field, or of what stands nearest above it where it is missing.

        Args:
            path: `spec.template.spec.containers[0].image`, or its parts.
        """
        if isinstance(path, str):
            above = [(len(shown(at)), line) for at, line in self.lines.items() if _leads(at, path)]
            return max(above, default=(0, self.first_line))[1]
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return self.first_line

    def problem(self, path: Path, sentence: str) -> Problem:
        """What is wrong at a path of this document."""
        return Problem(self.file, self.line(path), shown(path), sentence)

    def _metadata(self) -> Tree:
        metadata = self.tree.get("metadata")
        return metadata if isinstance(metadata, dict) else {}


def parse(answer: str | Mapping[str, str]) -> tuple[list[Document], list[Problem]]:
    """The documents of an answer, of any kind, and what is wrong with them as YAML.

    Args:
        answer: A text of one or several documents, or texts by file name; as `kubectl apply -f
            folder` does, only names that end in .yaml, .yml or .json are read, in their order.

    Raises:
        ManifestError: It is not YAML, or larger than what is read.
    """
    budget = _Budget()
    documents: list[Document] = []
    problems: list[Problem] = []
    for file, text in _texts(answer):
        nodes = _compose(text, file, budget)
        for node in nodes:
            document, found = _document(node, file)
            problems += found
            if document is not None:
                documents += _items(document, problems)
        if len(documents) > MOST_DOCUMENTS:
            raise _refused(file, 0, _TOO_MANY)
    return documents, problems


@dataclass
class _Budget:
    documents: int = 0
    aliases: int = 0
    values: int = 0


@dataclass
class _Node:
    line: int
    tag: str | None = None
    text: str = ""
    plain: bool = False
    pairs: "list[tuple[_Node, _Node]] | None" = None
    items: "list[_Node] | None" = None
    open: bool = True


def _texts(answer: object) -> list[tuple[str, str]]:
    if isinstance(answer, str):
        texts = [("", answer)]
    elif isinstance(answer, Mapping):
        texts = [
            (name, text)
            for name, text in sorted(answer.items(), key=lambda item: str(item[0]))
            if isinstance(name, str) and name.endswith((".yaml", ".yml", ".json"))
        ]
        if not texts:
            raise _refused("", 0, "no file's name ends in .yaml, .yml or .json; rename it")
    else:
        raise _refused("", 0, f"the answer is {_type(answer)}; return YAML text")
    size = 0
    for file, text in texts:
        if not isinstance(text, str):
            raise _refused(file, 0, f"the file is {_type(text)}; write YAML text")
        size += len(text.encode("utf-8", "surrogatepass"))
        if size > MOST_BYTES:
            raise _refused(file, 0, "more than 256 KB of YAML; hand in less")
    return texts


def _compose(text: str, file: str, budget: _Budget) -> list[_Node]:
    """The documents of a text as nodes, made from events without recursion."""
    roots: list[_Node] = []
    stack: list[_Node] = []
    keys: list[_Node | None] = []  # for each mapping on the stack: the key that waits for a value
    anchors: dict[str, _Node] = {}
    try:
        for event in yaml.parse(text, Loader=_Loader):
            line = event.start_mark.line + 1 if event.start_mark is not None else 0
            if isinstance(event, yaml.DocumentStartEvent):
                anchors = {}
                budget.documents += 1
                if budget.documents > MOST_DOCUMENTS:
                    raise _refused(file, line, _TOO_MANY)
                continue
            if isinstance(event, yaml.CollectionEndEvent):
                stack.pop().open = False
                keys.pop()
                continue
            if not isinstance(event, yaml.NodeEvent):
                continue
            node = _node(event, line, anchors, file, budget)
            if not stack:
                roots.append(node)
            elif stack[-1].items is not None:
                stack[-1].items.append(node)
            elif (key := keys[-1]) is None:
                keys[-1] = node
            else:
                assert stack[-1].pairs is not None
                stack[-1].pairs.append((key, node))
                keys[-1] = None
            if isinstance(event, yaml.CollectionStartEvent):
                stack.append(node)
                keys.append(None)
                if len(stack) > DEEPEST:
                    raise _refused(file, line, f"more than {DEEPEST} levels deep; flatten it")
    except yaml.MarkedYAMLError as error:
        raise _no_yaml(text, file, error) from None
    except (yaml.YAMLError, UnicodeError):
        raise _refused(file, 0, "a control character in the text; delete it") from None
    return roots


def _node(event: Any, line: int, anchors: dict[str, _Node], file: str, budget: _Budget) -> _Node:
    if isinstance(event, yaml.AliasEvent):
        budget.aliases += 1
        if budget.aliases > MOST_ALIASES:
            raise _refused(file, line, f"more than {MOST_ALIASES} aliases; write values out")
        target = anchors.get(event.anchor or "")
        if target is None:
            raise _refused(file, line, f"*{excerpt(event.anchor)} has no anchor above; name it &…")
        if target.open:
            raise _refused(file, line, f"&{excerpt(event.anchor)} holds itself; write it out")
        return target
    budget.values += 1
    if budget.values > MOST_VALUES:
        raise _refused(file, line, f"more than {MOST_VALUES:,} values; hand in less")
    node = _Node(line, event.tag)
    if isinstance(event, yaml.ScalarEvent):
        node.text, node.plain, node.open = event.value, not event.style, False
    elif isinstance(event, yaml.MappingStartEvent):
        node.pairs = []
    else:
        node.items = []
    if event.anchor is not None:
        anchors[event.anchor] = node
    return node


def _document(root: _Node, file: str) -> tuple[Document | None, list[Problem]]:
    reader = _Reader(file)
    tree = reader.plain(root, ())
    if tree is None:
        return None, reader.problems  # an empty document: kubectl passes over it
    if not isinstance(tree, dict):
        sentence = f"{_type(tree)}, no manifest; write apiVersion, kind and metadata"
        return None, [*reader.problems, Problem(file, root.line, "", sentence)]
    return Document(tree, file, root.line, reader.lines, reader.written), reader.problems


class _Reader:
    """Turns the nodes of one document into plain values."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.unfolded = 0
        self.lines: dict[Path, int] = {}
        self.written: dict[Path, str] = {}
        self.problems: list[Problem] = []

    def plain(self, node: _Node, path: Path) -> Any:
        self._count(node)
        if len(path) > DEEPEST:
            raise _refused(self.file, node.line, f"more than {DEEPEST} levels deep; flatten it")
        self.lines.setdefault(path, node.line)
        if node.items is not None:
            self._check_tag(node, path, "seq")
            return [self.plain(item, (*path, at)) for at, item in enumerate(node.items)]
        if node.pairs is not None:
            self._check_tag(node, path, "map")
            return self._mapping(node, path)
        value = self._scalar(node, path)
        if node.plain and not isinstance(value, str):
            self.written[path] = node.text
        return value

    def _mapping(self, node: _Node, path: Path) -> Tree:
        merged: Tree = {}
        for key_node, value_node in node.pairs or ():
            if _merges(key_node):
                merged = self._merged(value_node, path) | merged
        tree: Tree = {}
        for key_node, value_node in node.pairs or ():
            key = None if _merges(key_node) else self._key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in tree:
                first = self.lines[here]
                self._note(key_node, here, f"written twice, first in line {first}; keep one")
            elif key_node.plain and key_node.text != key:
                sentence = f'the name {key_node.text} is read as {key}; write "{key_node.text}"'
                self._note(key_node, here, sentence)
            self.lines[here] = key_node.line
            tree[key] = self.plain(value_node, here)
        return merged | tree

    def _merged(self, node: _Node, path: Path) -> Tree:
        merged: Tree = {}
        for source in reversed(node.items if node.items is not None else [node]):
            if source.pairs is None:
                self._note(source, path, "<< takes a mapping or a list of them; write <<: *name")
                continue
            self._count(source)
            merged |= self._mapping(source, path)
        return merged

    def _key(self, node: _Node, path: Path) -> str | None:
        if node.pairs is not None or node.items is not None:
            value: Any = {}
        else:
            value = self._scalar(node, path)
        match value:
            case str():
                return value
            case bool():
                return str(value).lower()
            case int() | float():
                return str(value)
            case _:
                self._note(node, path, f"{_type(value)} is no name of a field; write a text")
                return None

    def _scalar(self, node: _Node, path: Path) -> Any:
        tag = (node.tag or "").removeprefix(_TAG)
        value: Any = resolve(node.text) if node.plain and tag != "!" else node.text
        if tag == "str":
            return node.text
        if tag == "binary":
            try:
                return base64.b64decode(node.text, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                return self._wrong(node, path, "no base64 of a text; write the text itself")
        if tag in _TYPES:
            value = resolve(node.text)
            if not isinstance(value, _TYPES[tag]) or (tag == "int" and isinstance(value, bool)):
                return self._wrong(node, path, f"{excerpt(node.text)} is no {tag}; drop !!{tag}")
        elif tag not in ("", "!", "timestamp"):
            return self._wrong(node, path, f"the tag {excerpt(node.tag)} is not read; delete it")
        if isinstance(value, float) and not math.isfinite(value):
            return self._wrong(node, path, f"{node.text} is no number that JSON has; write one")
        return value

    def _check_tag(self, node: _Node, path: Path, wanted: str) -> None:
        if node.tag not in (None, "!", _TAG + wanted):
            self._wrong(node, path, f"the tag {excerpt(node.tag)} is not read; delete it")

    def _wrong(self, node: _Node, path: Path, sentence: str) -> str:
        self._note(node, path, sentence)
        return node.text

    def _note(self, node: _Node, path: Path, sentence: str) -> None:
        self.problems.append(Problem(self.file, node.line, shown(path), sentence))

    def _count(self, node: _Node) -> None:
        self.unfolded += 1
        if self.unfolded > MOST_VALUES:
            sentence = f"aliases unfold to more than {MOST_VALUES:,} values; write less"
            raise _refused(self.file, node.line, sentence)


def _merges(key: _Node) -> bool:
    return key.plain and key.text == "<<"


def resolve(text: str) -> bool | int | float | str | None:
    """What kubectl reads in a scalar without quotes: False for `no`, 420 for `0644`.

    A number without a fraction is whole, however it is written, as it is in JSON: 1e3 is 1000.
    Source: `resolve` in sigs.k8s.io/yaml, goyaml.v2/resolve.go.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > _LONGEST_NUMBER:
        return text
    plain = text if text[0] == "." else text.replace("_", "")
    found = _INTEGER.fullmatch(plain)
    if found:
        sign, *parts = found.groups()
        base, digits = next((b, d) for b, d in zip((16, 8, 2, 10), parts, strict=True) if d)
        number = int(sign + digits, base)
        if -(2**63) <= number < 2**64:
            return number
    if not _FLOAT.fullmatch(plain):
        return text
    value = float(plain)
    if math.isinf(value):
        return text
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _items(document: Document, problems: list[Problem]) -> Iterator[Document]:
    """The document itself, or the members of a `kind: List`."""
    tree = document.tree
    if tree.get("kind") != "List":
        yield document
        return
    items = tree.get("items")
    if tree.get("apiVersion") != "v1":
        problems.append(document.problem(("apiVersion",), "a List is of v1; write v1"))
    if not isinstance(items, list):
        problems.append(document.problem(("items",), "a List needs items; write a list of objects"))
        return
    if len(items) > MOST_DOCUMENTS:
        problems.append(document.problem(("items",), _TOO_MANY))
        return
    for at, item in enumerate(items):
        root: Path = ("items", at)
        if not isinstance(item, dict) or item.get("kind") == "List":
            sentence = f"{_type(item)} in a List; write an object"
            problems.append(document.problem(root, sentence))
            continue
        yield Document(
            item,
            document.file,
            document.line(root),
            {path[2:]: line for path, line in document.lines.items() if path[:2] == root},
            {path[2:]: text for path, text in document.written.items() if path[:2] == root},
        )


def _no_yaml(text: str, file: str, error: yaml.MarkedYAMLError) -> ManifestError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else 0
    lines = text.splitlines()
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    problem = error.problem or ""
    if "\t" in here[: len(here) - len(here.lstrip())] or "tab" in problem:
        sentence = "a tab; YAML is indented with spaces: put spaces in its place"
    elif "mapping values are not allowed" in problem:
        sentence = "a second `: ` here; put the value in quotes, or mend the indentation"
    elif "end of stream" in problem and "quoted" in (error.context or ""):
        assert error.context_mark is not None
        line = error.context_mark.line + 1
        sentence = "a quote that is never closed; close it"
    elif "could not find expected ':'" in problem:
        sentence = "a name without `: `; write `name: value`"
    elif "cannot start any token" in problem:
        sentence = "a character that begins no value; put the value in quotes"
    elif "did not find expected" in problem or "but found" in problem:
        sentence = "this does not fit what stands above; mend the indentation or the brackets"
    else:
        sentence = f"this is not YAML ({excerpt(problem)}); mend it"
    return _refused(file, line, sentence)


def _refused(file: str, line: int, sentence: str) -> ManifestError:
    return ManifestError([Problem(file, line, "", sentence)])


def _type(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"a {type(value).__name__}"


def _leads(at: Path, path: str) -> bool:
    above = shown(at)
    return path.startswith(above) and path[len(above) : len(above) + 1] in ("", ".", "[")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
