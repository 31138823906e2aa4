"""Equal widths need no edges: a bin number is a quotient, kept within the range. Quantiles compare with every edge."""

# %% psi
import collections
import math

import numpy as np


class Grid:
    """Numbers a value's bin; -1 is the bin of missing values."""

    def __init__(self, values, size, strategy):
        if size < 1:
            raise ValueError("size")
        if strategy not in ("quantile", "uniform"):
            raise ValueError("strategy")
        present = [v for v in values if v == v]
        if len(set(present)) < 2:
            raise ValueError("two distinct values are needed")
        self.low, self.high = min(present), max(present)
        self.edges = None
        self.size = size
        if strategy == "quantile":
            quantiles = np.quantile(np.array(present), np.linspace(0, 1, size + 1))
            self.edges = list(dict.fromkeys(quantiles.tolist()))[1:-1]
            self.size = len(self.edges) + 1

    def number(self, value):
        if value != value:
            return -1
        if self.edges is not None:
            return sum(value >= edge for edge in self.edges)
        if value >= self.high:
            return self.size - 1
        if value < self.low:
            return 0
        return min(int((value - self.low) / (self.high - self.low) * self.size), self.size - 1)

    def count(self, values):
        return collections.Counter(map(self.number, values))


def plain(values):
    """A new list of floats, NaN for None."""
    out = [math.nan if v is None else float(v) for v in values]
    if not out:
        raise ValueError("empty")
    return out


def shares(counter, bins):
    n = sum(counter.values())
    return {k: max(1e-4, counter[k] / n) for k in bins}


def bins_of(grid, *counters):
    return [k for k in range(-1, grid.size) if k >= 0 or any(c[-1] for c in counters)]


def calculate_psi(baseline, current, buckets=10, strategy="quantile"):
    baseline, current = plain(baseline), plain(current)
    grid = Grid(baseline, buckets, strategy)
    old, new = grid.count(baseline), grid.count(current)
    bins = bins_of(grid, old, new)
    b, c = shares(old, bins), shares(new, bins)
    return sum((c[k] - b[k]) * math.log(c[k] / b[k]) for k in bins)


# %% detector
def scaled(weights):
    total = sum(weights.values())
    return {k: w / total for k, w in weights.items()}


class DriftDetector:
    def __init__(self, reference_data, threshold=0.1, bins=10):
        self.threshold = threshold
        self.bins = bins
        self.update_reference(reference_data)

    def update_reference(self, new):
        values = plain(new)
        grid = Grid(values, self.bins, "uniform")
        self.grid, self.counts = grid, grid.count(values)

    def detect_drift(self, current_data):
        counts = self.grid.count(plain(current_data))
        bins = bins_of(self.grid, counts, self.counts)
        r, c = scaled(shares(self.counts, bins)), scaled(shares(counts, bins))
        score = sum(c[k] * math.log(c[k] / r[k]) for k in bins)
        return (score > self.threshold, score)


# %% response
def response(psi: float, business_impact: str) -> str:
    table = {
        (False, "low"): "log",
        (False, "medium"): "log",
        (False, "high"): "log",
        (True, "low"): "alert",
        (True, "medium"): "alert",
        (True, "high"): "rollback",
    }
    try:
        return table[bool(psi > 0.25), business_impact]
    except KeyError:
        raise ValueError(f"unknown impact {business_impact!r}") from None
