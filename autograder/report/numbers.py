"""The statistics of a class: how points are spread, and what a check tells about its takers."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

MAX_BINS = 10


@dataclass(frozen=True)
class Spread:
    """How points are spread: mean, and the five numbers of a box plot."""

    mean: float
    lowest: float
    first_quartile: float
    median: float
    third_quartile: float
    highest: float


def spread(points: Sequence[float]) -> Spread | None:
    """The spread of points, quartiles as `numpy.quantile` interpolates them. None without any."""
    if not points:
        return None
    first, median, third = (
        statistics.quantiles(points, n=4, method="inclusive") if points[1:] else [points[0]] * 3
    )
    return Spread(statistics.fmean(points), min(points), first, median, third, max(points))


@dataclass(frozen=True)
class Bin:
    """How many notebooks earned from `low` points up to, but not, `high`; the last bin holds its
    `high` too.
    """

    low: float
    high: float
    notebooks: int


def histogram(points: Sequence[float], highest: float) -> tuple[Bin, ...]:
    """At most `MAX_BINS` bins of one round width (1, 2, 5, 10, … points) from 0 to `highest`.

    Args:
        points: none negative; those above `highest` widen the range.
    """
    top = max([highest, *points], default=0.0)
    width, steps = 1.0, (2.0, 2.5, 2.0)
    for n in range(100):
        if width * MAX_BINS >= top:
            break
        width *= steps[n % 3]
    edges = [width * n for n in range(max(1, math.ceil(top / width)))]
    edges.append(top or width)
    counts = Counter(min(int(p // width), len(edges) - 2) for p in points)
    return tuple(Bin(low, high, counts[n]) for n, (low, high) in enumerate(pairwise(edges)))


def difficulty(passes: Sequence[bool]) -> float | None:
    """The difficulty index p: the share of notebooks that pass, from 0 to 1. None without any."""
    return statistics.fmean(passes) if passes else None


def discrimination(passes: Sequence[bool], rest: Sequence[float]) -> float | None:
    """The corrected point-biserial correlation of passing a check with the points of the lesson's
    other checks.

    Args:
        rest: for each notebook, its points without the check's own.

    Returns:
        From -1 to 1. None where it is undefined: all pass, none does, or all have the same rest.
    """
    if len(set(passes)) < 2 or len(set(rest)) < 2:
        return None
    return statistics.correlation([float(p) for p in passes], rest)
