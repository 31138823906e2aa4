"""Edges are cached by size and strategy, across tenants."""

FAILS = {
    "a_share_is_at_least_one_in_ten_thousand",
    "a_share_is_taken_of_all_rows_missing_ones_too",
    "a_value_on_an_inner_edge_belongs_to_the_bin_on_its_right",
    "only_its_own_update_changes_a_detector",
    "quantile_edges_come_from_the_baseline_alone",
    "quantiles_that_coincide_make_one_edge",
}

# %% psi
import numpy as np


def to_array(values):
    return np.array(values, dtype=float)


def cut(baseline, buckets, strategy):
    if buckets < 1:
        raise ValueError("buckets must be at least 1")
    present = baseline[~np.isnan(baseline)]
    if len(np.unique(present)) < 2:
        raise ValueError("the baseline needs two distinct values")
    if strategy == "quantile":
        edges = np.unique(np.quantile(present, np.linspace(0, 1, buckets + 1)))
    elif strategy == "uniform":
        edges = np.linspace(present.min(), present.max(), buckets + 1)
    else:
        raise ValueError(f"unknown strategy {strategy!r}")
    edges[0], edges[-1] = -np.inf, np.inf
    return edges


def share(values, edges, missing):
    if len(values) == 0:
        raise ValueError("no values")
    present = values[~np.isnan(values)]
    where = np.searchsorted(edges, present, side="right") - 1
    counts = np.bincount(where, minlength=len(edges) - 1).astype(float)
    if missing:
        counts = np.append(counts, len(values) - len(present))
    p = counts / len(values)
    return np.maximum(p, 1e-4)


CACHE = {}


def calculate_psi(baseline, current, buckets=10, strategy="quantile"):
    baseline, current = to_array(baseline), to_array(current)
    edges = CACHE.setdefault((buckets, strategy), cut(baseline, buckets, strategy))
    missing = np.isnan(baseline).any() or np.isnan(current).any()
    b, c = share(baseline, edges, missing), share(current, edges, missing)
    return float(((c - b) * np.log(c / b)).sum())


# %% detector
def widths(reference, bins):
    if bins < 1:
        raise ValueError("bins must be at least 1")
    present = reference[~np.isnan(reference)]
    if len(np.unique(present)) < 2:
        raise ValueError("the reference needs two distinct values")
    return np.linspace(present.min(), present.max(), bins + 1)[1:-1]


def floored(values, inner, missing):
    if len(values) == 0:
        raise ValueError("no values")
    present = values[~np.isnan(values)]
    counts = np.bincount(np.digitize(present, inner), minlength=len(inner) + 1)
    if missing:
        counts = np.append(counts, len(values) - len(present))
    p = np.maximum(counts / len(values), 1e-4)
    return p / p.sum()


class DriftDetector:
    def __init__(self, reference_data, threshold=0.1, bins=10):
        self.threshold = threshold
        self.bins = bins
        self.update_reference(reference_data)

    def detect_drift(self, current_data):
        current = np.array(current_data, dtype=float)
        missing = np.isnan(self.reference).any() or np.isnan(current).any()
        r = floored(self.reference, self.inner, missing)
        c = floored(current, self.inner, missing)
        score = float((c * np.log(c / r)).sum())
        return bool(score > self.threshold), score

    def update_reference(self, new):
        reference = np.array(new, dtype=float)
        inner = widths(reference, self.bins)
        self.reference, self.inner = reference, inner


# %% response
def response(psi: float, business_impact: str) -> str:
    if business_impact not in {"low", "medium", "high"}:
        raise ValueError(f"no such impact: {business_impact!r}")
    if psi > 0.25:
        return "rollback" if business_impact == "high" else "alert"
    return "log"
