"""Routers of users to versions: another process to ask them in, what a version's end moves, and its
picture.

A router answers `route(user_id)` with a version. `hand_over` asks routers before and while one
version is unhealthy; `draw_hand_over` shows who moved, and who moved for nothing. `ModuloRouter` is
the design that everybody writes first.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from coursekit.plots import label_axes, legend

Version = str  # "v7"
Flow = tuple[Version, Version, int]  # (before, while it lasts, how many users)
Area = list[tuple[float, float]]  # corners

CROWD = 600  # users of a picture
TENANTS = ("harbour", "orchard", "lantern")
MARGINS = {"left": 0.02, "right": 0.98, "bottom": 0.06, "top": 0.9}  # of the figure
_WIDTH = 0.17  # of a column; a panel is 1 wide
_PANEL = 2.0  # from one panel to the next
_STAYS: Mapping[str, Any] = {"facecolors": "#e4e9ee", "edgecolors": "none", "linewidths": 0}
_MUST: Mapping[str, Any] = {
    "facecolors": "#f2b36b",
    "edgecolors": "#8a4b00",
    "linewidths": 1,
    "linestyles": "dashed",
}
_IDLE: Mapping[str, Any] = {
    "facecolors": "#9c2f4f",
    "edgecolors": "black",
    "linewidths": 1,
    "linestyles": "solid",
}
_COLUMN: Mapping[str, Any] = {"facecolors": "#1f4e79", "edgecolors": "white", "linewidths": 2}
_SICK: Mapping[str, Any] = {"facecolors": "#777777", "edgecolors": "white", "linewidths": 2}


class Router(Protocol):
    """What a picture needs of a router."""

    def add_version(self, version_id: Version, weight: float) -> None: ...

    def set_health(self, version_id: Version, is_healthy: bool) -> None: ...

    def route(self, user_id: str) -> Version: ...


class ModuloRouter:
    """A stable hash, modulo the healthy versions' slots: one slot for each unit of weight, which is
    a whole number.
    """

    def __init__(self) -> None:
        self._weights: dict[Version, int] = {}
        self._sick: set[Version] = set()

    def add_version(self, version_id: Version, weight: float) -> None:
        """Give it `weight` slots, after the others'."""
        self._weights[version_id] = int(weight)

    def set_health(self, version_id: Version, is_healthy: bool) -> None:
        """Take its slots out, or put them back."""
        (self._sick.discard if is_healthy else self._sick.add)(version_id)

    def route(self, user_id: str) -> Version:
        """The version of the slot that the user's number falls on."""
        slots = [
            v for v, weight in self._weights.items() if v not in self._sick for _ in range(weight)
        ]
        return slots[_number(user_id) % len(slots)]


@functools.lru_cache(maxsize=CROWD)
def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


# ---------------------------------------------------------------------------------- another process


@contextlib.contextmanager
def another_process(router: type, salt: int) -> Iterator[Callable[[str], str]]:
    """Inside, the router's code meets texts as in a process with another PYTHONHASHSEED.

    Python salts the hash of texts and bytes anew in every process. Here `hash`, called by its name
    in the cells where the class was written, salts them with `salt`, in tuples and frozensets too;
    all other code calls the usual one. What is yielded turns a text into an equal one whose own
    `__hash__` is salted as well, for code that comes by that way. The order of a set of plain texts
    stays that of this process.

    Args:
        router: a class written in Python. Objects made inside should be used inside.
        salt: the same one gives the same hashes.
    """

    def stand_in(value: Any) -> Any:
        if isinstance(value, str | bytes):
            return (salt, _plain(value))
        return type(value)(map(stand_in, value)) if type(value) in (tuple, frozenset) else value

    def salted(value: Any) -> int:
        return hash(stand_in(value))

    class Text(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return salted(self)

    cells = {id(names): names for names in _homes(router) if "hash" not in names}
    for names in cells.values():
        names["hash"] = salted
    try:
        yield Text
    finally:
        for names in cells.values():
            names.pop("hash", None)


def _plain(value: str | bytes) -> str | bytes:
    return str.__str__(value) if isinstance(value, str) else bytes(value)


def _homes(router: type) -> Iterator[dict[str, Any]]:
    """The global names that the class's methods see."""
    for base in router.__mro__:
        for member in vars(base).values():
            function = getattr(member, "__func__", getattr(member, "fget", member))
            while hasattr(function, "__wrapped__"):
                function = function.__wrapped__
            if isinstance(function, types.FunctionType) and base is not object:
                yield function.__globals__


# -------------------------------------------------------------------------------------- the picture


@dataclass(frozen=True)
class HandOver:
    """Who was where before a version turned unhealthy, and where they are since.

    Attributes:
        sick: the version.
        flows: by router; versions in the order they were added.
    """

    sick: Version
    versions: Sequence[Version]
    flows: Mapping[str, Sequence[Flow]]

    def moved(self, router: str) -> int:
        """Users whose version changed."""
        return sum(count for before, after, count in self.flows[router] if before != after)

    def had_to(self, router: str) -> int:
        """Users whose version turned unhealthy."""
        return sum(count for before, _, count in self.flows[router] if before == self.sick)


def hand_over(
    routers: Mapping[str, Router], weights: Mapping[Version, float], sick: Version
) -> HandOver:
    """Add versions of these weights to each empty router, ask it for `CROWD` users, and again with
    `sick` unhealthy.
    """
    crowd = [f"{TENANTS[n % len(TENANTS)]}/user-{n}" for n in range(CROWD)]
    flows = {}
    for name, router in routers.items():
        for version, weight in weights.items():
            router.add_version(version, weight)
        before = [router.route(user) for user in crowd]
        router.set_health(sick, False)
        counts = Counter(zip(before, (router.route(user) for user in crowd), strict=True))
        flows[name] = [(a, b, counts[a, b]) for a in weights for b in weights if counts[a, b]]
    return HandOver(sick, list(weights), flows)


def draw_hand_over(figure: Any, seen: HandOver, **_: float) -> None:
    """Draw two columns of versions for each router, before and since, and a band for all who went
    the same way.

    A pale band stays, one with a dashed edge had to move, one with a solid edge moved for nothing.
    """
    from matplotlib.collections import PolyCollection

    axes = figure.subplots(gridspec_kw=MARGINS)
    columns: dict[bool, list[Area]] = {False: [], True: []}
    bands: dict[str, list[Area]] = {"stays": [], "must": [], "idle": []}
    words: list[tuple[float, float, str, str]] = []
    for panel, name in enumerate(seen.flows):
        left = panel * _PANEL
        _gather(seen, name, left, columns, bands, words)
        needless = seen.moved(name) - seen.had_to(name)
        title = f"{name}: {seen.had_to(name)} users had to move, {needless} moved for nothing"
        words.append((left + 0.5, 1.06 * CROWD, "center", title))
        for at, when in ((0, "before"), (1, f"{seen.sick} unhealthy")):
            words.append((left + at, -0.07 * CROWD, "center", when))
    looks = (bands["stays"], _STAYS), (bands["must"], _MUST), (bands["idle"], _IDLE)
    for areas, look in (*looks, (columns[False], _COLUMN), (columns[True], _SICK)):
        axes.add_collection(PolyCollection(areas, **look), autolim=False)
    for x, y, align, text in words:
        axes.text(x, y, text, ha=align, va="center_baseline", fontsize=9)
    axes.set(xlim=(-0.5, (len(seen.flows) - 1) * _PANEL + 1.5), ylim=(-0.1 * CROWD, 1.1 * CROWD))
    label_axes(axes, {}, {})
    axes.spines[["left", "bottom"]].set_visible(False)
    lines = {"stay": _STAYS, "had to move": _MUST, "move for nothing": _IDLE}
    legend(axes, {name: _line(look) for name, look in lines.items()}, 0.27, 0.17)


def _gather(
    seen: HandOver,
    name: str,
    left: float,
    columns: dict[bool, list[Area]],
    bands: dict[str, list[Area]],
    words: list[tuple[float, float, str, str]],
) -> None:
    """Add the areas and words of one router's panel, which begins at `left`."""
    flows = seen.flows[name]
    half = _WIDTH / 2
    for side, at in enumerate((left, left + 1)):
        bottom = 0
        for version in seen.versions:
            count = sum(flow[2] for flow in flows if flow[side] == version)
            if not count:
                continue
            columns[version == seen.sick].append(_box(at - half, at + half, bottom, bottom, count))
            edge, align = (at - half - 0.03, "right") if side == 0 else (at + half + 0.03, "left")
            words.append((edge, bottom + count / 2, align, f"{version}: {count / CROWD:.0%}"))
            bottom += count
    ends = [_starts(flows, seen.versions, side) for side in (0, 1)]
    for before, after, count in flows:
        low, high = ends[0][before, after], ends[1][before, after]
        kind = "stays" if before == after else "must" if before == seen.sick else "idle"
        bands[kind].append(_box(left + half, left + 1 - half, low, high, count))


def _starts(
    flows: Sequence[Flow], versions: Sequence[Version], side: int
) -> dict[tuple[Version, Version], int]:
    """Where each flow's band begins on one side: in order of its version there, then of the other
    one.
    """
    order = {version: n for n, version in enumerate(versions)}
    at, starts = 0, {}
    for flow in sorted(
        flows, key=lambda flow: (order[str(flow[side])], order[str(flow[1 - side])])
    ):
        starts[flow[0], flow[1]] = at
        at += flow[2]
    return starts


def _box(x0: float, x1: float, y0: float, y1: float, height: float) -> Area:
    return [(x0, y0), (x1, y1), (x1, y1 + height), (x0, y0 + height)]


def _line(look: Mapping[str, Any]) -> dict[str, Any]:
    return {"linewidth": 7, "color": look["facecolors"], "solid_capstyle": "butt"}
