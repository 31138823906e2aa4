"""PSI with the logarithm of information theory."""

SLIP = "psi_in_bits"

# %% psi
from bisect import bisect_right
from math import fsum, log, log2

import numpy as np


def is_missing(value):
    return value is None or value != value


def cuts(values, parts, strategy):
    if parts < 1:
        raise ValueError("at least one part")
    present = sorted(float(v) for v in values if not is_missing(v))
    if len(set(present)) < 2:
        raise ValueError("at least two distinct values")
    if strategy == "uniform":
        low, high = present[0], present[-1]
        return [low + (high - low) * i / parts for i in range(1, parts)]
    if strategy == "quantile":
        return sorted({float(q) for q in np.quantile(present, np.linspace(0, 1, parts + 1))})[1:-1]
    raise ValueError("strategy must be quantile or uniform")


def tally(values, inner):
    bins = [0] * (len(inner) + 2)  # the last one is for missing values
    for value in values:
        bins[-1 if is_missing(value) else bisect_right(inner, value)] += 1
    return bins


def floored_pair(left, right):
    if not sum(left) or not sum(right):
        raise ValueError("both sides need values")
    if left[-1] == right[-1] == 0:
        left, right = left[:-1], right[:-1]
    return [[max(count / sum(side), 1e-4) for count in side] for side in (left, right)]


def calculate_psi(baseline, current, buckets=10, strategy="quantile"):
    baseline, current = list(baseline), list(current)
    inner = cuts(baseline, buckets, strategy)
    b, c = floored_pair(tally(baseline, inner), tally(current, inner))
    return fsum((y - x) * log2(y / x) for x, y in zip(b, c, strict=True))


# %% detector
class DriftDetector:
    def __init__(self, reference_data, threshold=0.1, bins=10):
        self.threshold, self.bins = threshold, bins
        self.update_reference(reference_data)

    def detect_drift(self, current_data):
        inner, counts = self.reference
        r, c = floored_pair(counts, tally(current_data, inner))
        total_r, total_c = fsum(r), fsum(c)
        score = fsum(y / total_c * log((y / total_c) / (x / total_r)) for x, y in zip(r, c, strict=True))
        return score > self.threshold, score

    def update_reference(self, new):
        new = list(new)
        inner = cuts(new, self.bins, "uniform")
        self.reference = inner, tally(new, inner)


# %% response
ACTIONS = {"low": "alert", "medium": "alert", "high": "rollback"}


def response(psi, business_impact):
    if business_impact not in ACTIONS:
        raise ValueError(f"{business_impact!r} is not one of {sorted(ACTIONS)}")
    return ACTIONS[business_impact] if psi > 0.25 else "log"
