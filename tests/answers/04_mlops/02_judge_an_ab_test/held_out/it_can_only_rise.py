"""Plans for a new model that is better or not, so all of alpha lies on one side."""

SLIP = "size_one_sided"

# %% analysis
import math
from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class Summary:
    n: int
    mean: float
    error2: float
    only: float | None  # the value of a constant arm

    @classmethod
    def of(cls, values):
        values = np.array(list(values), dtype=np.float64)
        if values.size < 2 or not np.all(np.isfinite(values)):
            raise ValueError("an arm is two finite values or more")
        error2 = float(np.square(values - values.mean()).sum()) / (values.size - 1) / values.size
        only = float(values[0]) if (values == values[0]).all() else None
        return cls(int(values.size), float(values.mean()), error2, only)


def analyze_ab_test(metrics_a, metrics_b, metric_name="conversion_rate", alpha=0.05):
    if not (alpha > 0 and alpha < 1):
        raise ValueError("alpha")
    a, b = Summary.of(metrics_a), Summary.of(metrics_b)
    difference = b.mean - a.mean
    if a.only is not None and b.only is not None:
        p, half = float(a.only == b.only), 0.0
    else:
        error2 = a.error2 + b.error2
        df = error2**2 / (a.error2**2 / (a.n - 1) + b.error2**2 / (b.n - 1))
        p = float(special.betainc(df / 2, 0.5, df / (df + difference**2 / error2)))
        half = -float(special.stdtrit(df, alpha / 2)) * math.sqrt(error2)
    return {
        "winner": ("B" if b.mean > a.mean else "A") if p < alpha else "No significant difference",
        "p_value": p,
        "confidence_interval": (difference - half, difference + half),
        "mean_a": a.mean,
        "mean_b": b.mean,
        "improvement": 100.0 * difference / a.mean if a.mean else None,
        "sample_size": (a.n, b.n),
    }


# %% size
def required_sample_size(baseline_rate, minimum_effect, alpha=0.05, power=0.8):
    rates = np.array([baseline_rate, baseline_rate + minimum_effect])
    if minimum_effect == 0 or not all(0 < share < 1 for share in (*rates, alpha, power)):
        raise ValueError("no plan")
    q = 1 - rates
    pooled = rates.mean() * q.mean()
    root = special.ndtri(1 - alpha) * math.sqrt(2 * pooled) + special.ndtri(power) * math.sqrt(rates @ q)
    return math.ceil((root / minimum_effect) ** 2)


# %% srm
def detect_srm(count_a, count_b, expected_share_a=0.5, alpha=0.001):
    for share in (expected_share_a, alpha):
        if not 0 < share < 1:
            raise ValueError("not a share")
    if count_a < 0 or count_b < 0 or not count_a + count_b:
        raise ValueError("not counts")
    total = float(count_a + count_b)
    observed, expected = np.array([count_a, count_b]), total * np.array([expected_share_a, 1 - expected_share_a])
    return bool(special.chdtrc(1, ((observed - expected) ** 2 / expected).sum()) < alpha)
