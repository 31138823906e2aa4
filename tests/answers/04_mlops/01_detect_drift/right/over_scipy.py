"""`scipy.special.rel_entr` and `scipy.stats.entropy` do the sums, over counts from `np.digitize`."""

# %% psi
import numpy as np
from scipy.special import rel_entr
from scipy.stats import entropy


def column(values):
    made = np.array(list(values), dtype=np.float64)
    if not len(made):
        raise ValueError("there are no values")
    return made


def inner_edges(values, count, strategy):
    known = values[~np.isnan(values)]
    if count < 1 or len(np.unique(known)) < 2:
        raise ValueError("bins need a count of one or more and two distinct values")
    edges = {
        "quantile": lambda: np.unique(np.quantile(known, np.linspace(0, 1, count + 1))),
        "uniform": lambda: np.linspace(known.min(), known.max(), count + 1),
    }
    if strategy not in edges:
        raise ValueError(f"{strategy} is neither quantile nor uniform")
    return edges[strategy]()[1:-1]


def shares(sides, edges):
    """A row for each side, a column for each bin; the last one is for missing values, where there are any."""
    where = [np.where(np.isnan(side), len(edges) + 1, np.digitize(side, edges)) for side in sides]
    table = np.array([np.bincount(w.astype(int), minlength=len(edges) + 2) / len(w) for w in where])
    table = table if table[:, -1].any() else table[:, :-1]
    return np.maximum(table, 1e-4)


def calculate_psi(baseline, current, buckets=10, strategy="quantile"):
    sides = column(baseline), column(current)
    b, c = shares(sides, inner_edges(sides[0], buckets, strategy))
    return float(np.sum(rel_entr(c, b) + rel_entr(b, c)))


# %% detector
class DriftDetector:
    def __init__(self, reference_data, threshold=0.1, bins=10):
        self.threshold, self.bins = threshold, bins
        self.update_reference(reference_data)

    def update_reference(self, new):
        reference = column(new)
        self.edges = inner_edges(reference, self.bins, "uniform")
        self.reference = reference

    def detect_drift(self, current_data):
        r, c = shares((self.reference, column(current_data)), self.edges)
        score = float(entropy(c, r))  # rescales both to sum up to 1
        return score > self.threshold, score


# %% response
def response(psi, business_impact):
    loud = {"low": "alert", "medium": "alert", "high": "rollback"}.get(business_impact)
    if loud is None:
        raise ValueError(f"{business_impact} is no impact")
    return loud if psi > 0.25 else "log"
