"""Observations as plain JSON and back.

An observation leaves the learner's process as JSON text and is rebuilt elsewhere. Both directions
are total: they never raise, never call a method that a learner defined, and are capped in size,
depth and length.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from typing import Any

MAX_NODES = 50_000
MAX_TEXT = 262_144  # characters of one text
MAX_DEPTH = 40
MAX_HEX = 1100  # characters of a large whole number

Json = Any  # what json.loads returns


class Opaque:
    """Something that is not plain data. Equal to nothing, itself included."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, what: str) -> None:
        self.what = what

    def __repr__(self) -> str:
        return f"<{self.what}>"

    def __eq__(self, other: object) -> bool:
        return False


class Raised:
    """An exception that a check saw: the qualified names of its classes, and its message."""

    def __init__(self, classes: list[str], message: str) -> None:
        self.classes, self.message = classes, message

    def __repr__(self) -> str:
        if self.name == "NotImplementedError" and not self.message:
            return "not written yet"
        return f"raised {self.name}: {self.message}" if self.message else f"raised {self.name}"

    @property
    def name(self) -> str:
        """The class's own name, without its module."""
        return _own(self.classes[0])

    def is_a(self, wanted: str) -> bool:
        """Whether the class or one of its bases is `wanted`, a qualified name.

        Built-in classes must match in full, others by their own name (a lesson and a submission
        define them in modules of different names). `NotImplementedError` is only itself: it is what
        an untouched cell raises.
        """
        unwritten = "builtins.NotImplementedError"
        if unwritten in self.classes and wanted != unwritten:
            return False
        if wanted.startswith("builtins."):
            return wanted in self.classes
        return _own(wanted) in map(_own, self.classes)


def _own(qualified: str) -> str:
    return qualified.rsplit(".", 1)[-1]


class _TooBig(Exception):
    pass


def encode(value: object) -> Json:
    """Plain data as JSON. What is not plain data becomes a mark that decodes to `Opaque`."""
    left = MAX_NODES

    def go(x: Any, depth: int) -> Json:
        nonlocal left
        left -= 1
        if left < 0 or depth > MAX_DEPTH:
            raise _TooBig
        kind = type(x)
        if x is None or kind is bool:
            return x
        if kind is int:
            if -(2**53) <= x <= 2**53:
                return x
            return {"int": hex(x)} if x.bit_length() < 4096 else {"opaque": "huge int"}
        if kind is float:
            return x if math.isfinite(x) else {"float": repr(x)}
        if kind is str:
            if len(x) > MAX_TEXT:
                return {"opaque": f"text of {len(x)} characters"}
            return x.encode("utf-8", "replace").decode("utf-8")
        if kind is list:
            return [go(v, depth + 1) for v in x]
        if kind is tuple:
            return {"tuple": [go(v, depth + 1) for v in x]}
        if kind is dict:
            return {"dict": [[go(k, depth + 1), go(v, depth + 1)] for k, v in x.items()]}
        if kind in (set, frozenset):
            items = [go(v, depth + 1) for v in x]
            return {"set": sorted(items, key=lambda v: json.dumps(v, sort_keys=True))}
        array = _numpy(x, kind)
        if array is not None:
            return go(array[0], depth) if len(array) == 1 else _array(array, go, depth)
        for base, plain in _PLAIN:  # a subclass is read through its base class
            if issubclass(kind, base):
                return go(plain(x), depth + 1)
        return {"opaque": f"{type.__getattribute__(kind, '__name__')} object"[:200]}

    try:
        return go(value, 0)
    except _TooBig:
        return {"opaque": "more data than a check may return"}
    except Exception:
        return {"opaque": "unreadable"}


_PLAIN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (dict, lambda x: dict(dict.items(x))),
    (list, lambda x: list(list.__iter__(x))),
    (tuple, lambda x: tuple(tuple.__iter__(x))),
    (str, lambda x: str.__str__(x)),
    (int, lambda x: int.__int__(x)),
    (float, lambda x: float.__float__(x)),
)


def _numpy(x: Any, kind: type) -> tuple[Any, ...] | None:
    """A NumPy scalar as (Python value,), an array as (dtype, shape, values), else None."""
    np = sys.modules.get("numpy")
    if np is None:
        return None
    if kind is np.ndarray and x.dtype.kind in "biuf":
        return x.dtype.str, list(x.shape), x.ravel().tolist()
    if issubclass(kind, np.generic) and kind.__module__ == "numpy" and x.dtype.kind in "biufU":
        return (x.item(),)
    return None


def _array(array: tuple[Any, ...], go: Callable[[Any, int], Json], depth: int) -> Json:
    dtype, shape, values = array
    return {"array": [dtype, shape, [go(v, depth + 1) for v in values]]}


def encode_raised(error: BaseException) -> Json:
    """An exception as JSON: names of its classes, most special first, and its message."""
    try:
        text = str(error)[:500]
    except BaseException:
        text = "?"
    names = [f"{c.__module__}.{c.__qualname__}" for c in type(error).__mro__ if c is not object][
        :12
    ]
    return {"raised": [[str(n)[:200] for n in names], text if type(text) is str else "?"]}


def decode(data: Json) -> Any:
    """The value that `encode` was given. Malformed input becomes `Opaque`, it does not raise.

    The data may be forged: nothing in it may grow while it is read.
    """

    def go(data: Json, depth: int) -> Any:
        if depth > MAX_DEPTH + 2:
            return Opaque("too deep")
        if data is None or isinstance(data, bool | float):
            return data
        if isinstance(data, int):
            return data if abs(data) <= 2**53 else Opaque("huge int")
        if isinstance(data, str):
            return data if len(data) <= MAX_TEXT else Opaque(f"text of {len(data)} characters")
        if isinstance(data, list):
            return [go(v, depth + 1) for v in data]
        try:
            ((kind, body),) = data.items()
            if kind == "int":
                return int(body, 16) if len(body) <= MAX_HEX else Opaque("huge int")
            if kind == "float":
                return float(body[:40])
            if kind == "tuple":
                return tuple(go(v, depth + 1) for v in body)
            if kind == "dict":
                return {_key(go(k, depth + 1)): go(v, depth + 1) for k, v in body}
            if kind == "set":
                return {_key(go(v, depth + 1)) for v in body}
            if kind == "array":
                dtype, shape, values = body
                return _decode_array(dtype, shape, [go(v, depth + 1) for v in values])
            if kind == "raised":
                names = [printable(c)[:200] for c in body[0][:12]]
                return Raised(names or ["?"], printable(body[1])[:1000])
            return Opaque(printable(body)[:200])
        except Exception:
            return Opaque("malformed")

    return go(data, 0)


def printable(text: object) -> str:
    """A text without what a terminal would obey; anything else is not shown."""
    return (
        "".join(c if c.isprintable() or c == "\n" else " " for c in text[:2000])
        if isinstance(text, str)
        else "?"
    )


def _decode_array(dtype: str, shape: list[int], values: list[Any]) -> Any:
    import numpy as np

    kind = np.dtype(str(dtype)[:20])
    if kind.kind not in "biuf":
        return Opaque("malformed")
    return np.array(values, dtype=kind).reshape([int(n) for n in shape])


def _key(key: Any) -> Any:
    """Something that a dict or a set can hold in place of `key`."""
    if isinstance(key, set):
        return frozenset(map(_key, key))
    if isinstance(key, Opaque):
        return repr(key)
    hash(key)
    return key


def same(a: Any, b: Any, rel: float = 0.0, abs_: float = 0.0) -> bool:
    """Equal in value *and* type: `True` is not `1`, a tuple is not a list, NaN equals NaN.

    Floats may differ by `rel` of the larger or by `abs_`. `a` is wanted, `b` was seen, both decoded
    plain data; an exception seen may be of a subclass.
    """
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (
            a == b
            or (a != a and b != b)
            or (math.isfinite(a) and math.isclose(a, b, rel_tol=rel, abs_tol=abs_))
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y, rel, abs_) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        typed = {(type(k), k) for k in a} == {(type(k), k) for k in b}
        return typed and all(same(v, b[k], rel, abs_) for k, v in a.items())
    if isinstance(a, set | frozenset):
        return {(type(x), x) for x in a} == {(type(x), x) for x in b}
    if isinstance(a, Raised):
        return bool(b.is_a(a.classes[0]))
    if type(a).__name__ == "ndarray":
        import numpy as np

        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype.kind == "f":
            return bool(np.allclose(a, b, rtol=rel, atol=abs_, equal_nan=True))
        return bool(np.array_equal(a, b))
    return bool(a == b)
