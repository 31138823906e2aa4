"""At the threshold it is drift."""

SLIP = "kl_drift_at_the_threshold"

# %% psi
import numpy as np
import pandas as pd


def as_series(values):
    series = pd.Series(list(values), dtype="float64")
    if series.empty:
        raise ValueError("no values")
    return series


def intervals(series, n, strategy):
    if n < 1:
        raise ValueError("n must be positive")
    present = series.dropna()
    if present.nunique() < 2:
        raise ValueError("all values are the same")
    if strategy == "quantile":
        edges = pd.Series(np.quantile(present, np.linspace(0, 1, n + 1))).drop_duplicates().tolist()
    elif strategy == "uniform":
        edges = np.linspace(present.min(), present.max(), n + 1).tolist()
    else:
        raise ValueError(strategy)
    return pd.IntervalIndex.from_breaks([-np.inf, *edges[1:-1], np.inf], closed="left")


def distribution(series, bins):
    counts = pd.cut(series, bins).value_counts(sort=False)
    counts.index = [str(i) for i in counts.index]
    counts["missing"] = series.isna().sum()
    return counts / len(series)


def both(old, new, bins):
    table = pd.DataFrame({"old": distribution(old, bins), "new": distribution(new, bins)})
    if (table.loc["missing"] == 0).all():
        table = table.drop(index="missing")
    return table.clip(lower=1e-4)


def calculate_psi(baseline, current, buckets=10, strategy="quantile"):
    old, new = as_series(baseline), as_series(current)
    table = both(old, new, intervals(old, buckets, strategy))
    return float(((table.new - table.old) * np.log(table.new / table.old)).sum())


# %% detector
class DriftDetector:
    def __init__(self, reference_data, threshold=0.1, bins=10):
        self.threshold = threshold
        self.bins = bins
        self.update_reference(reference_data)

    def detect_drift(self, current_data):
        table = both(self._reference, as_series(current_data), self._intervals)
        table = table / table.sum()
        score = float((table.new * np.log(table.new / table.old)).sum())
        return bool(score >= self.threshold), score

    def update_reference(self, new):
        series = as_series(new)
        self._intervals = intervals(series, self.bins, "uniform")
        self._reference = series


# %% response
def response(psi, business_impact):
    levels = ["low", "medium", "high"]
    severity = levels.index(business_impact)  # ValueError for anything else
    if psi <= 0.25:
        return "log"
    return ("alert", "alert", "rollback")[severity]
