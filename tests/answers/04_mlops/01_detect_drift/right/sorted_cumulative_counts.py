"""Both samples sorted once; a bin's count is a difference of two ranks. PSI is the sum of two divergences (SciPy)."""

# %% psi
from dataclasses import dataclass

import numpy as np
import scipy.stats
from scipy.special import rel_entr

FLOOR = 1e-4


@dataclass(frozen=True)
class Sample:
    ranked: np.ndarray
    missing: int

    @classmethod
    def of(cls, values):
        array = np.array(values, dtype=np.float64)
        if not array.size:
            raise ValueError("nothing to sample")
        ranked = np.sort(array)  # NaN goes last
        missing = int(np.count_nonzero(np.isnan(ranked)))
        return cls(ranked[: ranked.size - missing], missing)

    @property
    def n(self):
        return self.ranked.size + self.missing

    def shares(self, inner, with_missing):
        below = np.searchsorted(self.ranked, inner, side="left")
        counts = np.diff(np.concatenate([[0], below, [self.ranked.size]]))
        counts = np.concatenate([counts, [self.missing]]) if with_missing else counts
        return np.fmax(counts / self.n, FLOOR)

    def inner_edges(self, count, quantiles):
        if count < 1:
            raise ValueError("there must be a bin")
        if not self.ranked.size or self.ranked[0] == self.ranked[-1]:
            raise ValueError("there must be two values")
        if quantiles:
            edges = np.quantile(self.ranked, np.linspace(0, 1, count + 1))
            return np.array(sorted(set(edges.tolist())))[1:-1]
        width = (self.ranked[-1] - self.ranked[0]) / count
        return self.ranked[0] + width * np.arange(1, count)


def calculate_psi(baseline, current, buckets=10, strategy="quantile"):
    if strategy not in {"quantile", "uniform"}:
        raise ValueError(f"no strategy is called {strategy!r}")
    old, new = Sample.of(baseline), Sample.of(current)
    inner = old.inner_edges(buckets, strategy == "quantile")
    with_missing = old.missing + new.missing > 0
    b, c = (sample.shares(inner, with_missing) for sample in (old, new))
    return float(rel_entr(c, b).sum() + rel_entr(b, c).sum())


# %% detector
class DriftDetector:
    def __init__(self, reference_data, threshold=0.1, bins=10):
        self._threshold = threshold
        self._count = bins
        self._sample, self._inner = self._prepared(reference_data)

    def _prepared(self, data):
        sample = Sample.of(data)
        return sample, sample.inner_edges(self._count, quantiles=False)

    def detect_drift(self, current_data):
        today = Sample.of(current_data)
        with_missing = today.missing > 0 or self._sample.missing > 0
        score = float(
            scipy.stats.entropy(today.shares(self._inner, with_missing), self._sample.shares(self._inner, with_missing))
        )
        return score > self._threshold, score

    def update_reference(self, new):
        self._sample, self._inner = self._prepared(new)


# %% response
def response(psi, business_impact):
    if business_impact == "high":
        return "rollback" if psi > 0.25 else "log"
    if business_impact in ("low", "medium"):
        return "alert" if psi > 0.25 else "log"
    raise ValueError(business_impact)
