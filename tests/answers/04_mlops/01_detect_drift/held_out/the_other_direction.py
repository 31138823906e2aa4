"""The reference's surprise at today."""

SLIP = "kl_reversed"

# %% psi
import numpy as np


def _floats(values):
    array = np.asarray(values, dtype=float).ravel()
    if array.size == 0:
        raise ValueError("an empty sample has no distribution")
    return array


def _edges(array, bins, strategy):
    if bins < 1:
        raise ValueError(f"need at least one bin, got {bins}")
    present = array[np.isfinite(array)]
    if present.size == 0 or present.min() == present.max():
        raise ValueError("need at least two distinct values to place edges")
    match strategy:
        case "quantile":
            edges = np.unique(np.quantile(present, np.linspace(0, 1, bins + 1)))
        case "uniform":
            edges = np.histogram_bin_edges(present, bins=bins)
        case _:
            raise ValueError(f"unknown strategy: {strategy}")
    edges[0], edges[-1] = -np.inf, np.inf
    return edges


def _counts(array, edges):
    """Counts of each bin and, last, of the missing values."""
    gaps = np.isnan(array)
    return np.append(np.histogram(array[~gaps], bins=edges)[0], gaps.sum())


def _shares(counts, keep_last):
    counts = counts if keep_last else counts[:-1]
    return np.clip(counts / counts.sum(), 1e-4, None)


def calculate_psi(baseline, current, buckets=10, strategy="quantile"):
    old, new = _floats(baseline), _floats(current)
    edges = _edges(old, buckets, strategy)
    old_counts, new_counts = _counts(old, edges), _counts(new, edges)
    keep_last = bool(old_counts[-1] or new_counts[-1])
    b, c = _shares(old_counts, keep_last), _shares(new_counts, keep_last)
    return float(np.dot(c - b, np.log(c) - np.log(b)))


# %% detector
class DriftDetector:
    def __init__(self, reference_data, threshold=0.1, bins=10):
        self._threshold = threshold
        self._bins = bins
        self._learn(reference_data)

    def _learn(self, data):
        data = _floats(data)
        edges = _edges(data, self._bins, "uniform")
        self._state = edges, _counts(data, edges)

    def detect_drift(self, current_data):
        edges, reference_counts = self._state
        counts = _counts(_floats(current_data), edges)
        keep_last = bool(counts[-1] or reference_counts[-1])
        r, c = _shares(reference_counts, keep_last), _shares(counts, keep_last)
        r, c = r / r.sum(), c / c.sum()
        score = (r * (np.log(r) - np.log(c))).sum().item()
        return score > self._threshold, score

    update_reference = _learn


# %% response
def response(psi, business_impact):
    match business_impact:
        case "low" | "medium":
            action = "alert"
        case "high":
            action = "rollback"
        case _:
            raise ValueError("impact must be low, medium or high")
    return action if psi > 0.25 else "log"
