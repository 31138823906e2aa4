"""Every value against every interval in one boolean matrix; the detector remembers shares for both cases."""

# %% psi
import numpy as np
import pandas as pd


def numbers(values):
    out = pd.to_numeric(pd.Series(values).reset_index(drop=True)).astype(float).to_numpy(copy=True)
    if len(out) < 1:
        raise ValueError("no rows")
    return out


def borders(values, n, how):
    present = values[values == values]
    if n < 1 or how not in ("quantile", "uniform"):
        raise ValueError("wrong number of bins or wrong strategy")
    if len(set(present)) < 2:
        raise ValueError("fewer than two distinct values")
    fractions = np.linspace(0, 1, n + 1)
    if how == "quantile":
        edges = np.unique(np.quantile(present, fractions))
    else:
        edges = present.min() + fractions * (present.max() - present.min())
    lower, upper = edges[:-1].copy(), edges[1:].copy()
    lower[0], upper[-1] = -np.inf, np.inf
    return lower, upper


def proportions(values, borders):
    """Floored shares without and with the missing bin."""
    lower, upper = borders
    inside = (values[:, None] >= lower) & (values[:, None] < upper)
    every = np.append(inside.mean(axis=0), (values != values).mean())
    every = np.where(every < 1e-4, 1e-4, every)
    return every[:-1], every


def calculate_psi(baseline, current, buckets=10, strategy="quantile"):
    baseline, current = numbers(baseline), numbers(current)
    edges = borders(baseline, buckets, strategy)
    gaps = int(np.isnan(baseline).sum() + np.isnan(current).sum() > 0)
    b, c = proportions(baseline, edges)[gaps], proportions(current, edges)[gaps]
    return float(((c - b) * np.log(c / b)).sum())


# %% detector
class DriftDetector:
    def __init__(self, reference_data, threshold=0.1, bins=10):
        self.threshold, self.bins = threshold, bins
        self.memory = self._memory(reference_data)

    def _memory(self, data):
        values = numbers(data)
        edges = borders(values, self.bins, "uniform")
        return edges, proportions(values, edges), bool(np.isnan(values).any())

    def update_reference(self, new):
        self.memory = self._memory(new)

    def detect_drift(self, current_data):
        edges, reference, had_gaps = self.memory
        values = numbers(current_data)
        gaps = int(had_gaps or np.isnan(values).any())
        r, c = (side[gaps] / side[gaps].sum() for side in (reference, proportions(values, edges)))
        score = float(np.einsum("i,i", c, np.log(c / r)))
        return score > self.threshold, score


# %% response
from enum import Enum


class Impact(Enum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def response(psi, business_impact):
    impact = Impact(business_impact)
    if not psi > 0.25:
        return "log"
    return "rollback" if impact is Impact.HIGH else "alert"
