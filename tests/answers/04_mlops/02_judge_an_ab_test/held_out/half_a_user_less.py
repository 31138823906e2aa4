"""Corrects the z of the split for counts being whole: half a user nearer to the plan."""

SLIP = "srm_with_yates"

# %% analysis
import math

import numpy as np
import scipy.stats as st


def analyze_ab_test(metrics_a, metrics_b, metric_name="conversion_rate", alpha=0.05):
    if not 0 < alpha < 1:
        raise ValueError(metric_name)
    a, b = (np.fromiter(metrics, dtype=float) for metrics in (metrics_a, metrics_b))
    if a.size < 2 or b.size < 2 or not math.isfinite(a.sum() + b.sum()):
        raise ValueError(metric_name)
    out = {"mean_a": float(a.mean()), "mean_b": float(b.mean()), "sample_size": (a.size, b.size)}
    gap = out["mean_b"] - out["mean_a"]
    if np.unique(a).size == np.unique(b).size == 1:
        out["p_value"], out["confidence_interval"] = float(a[0] == b[0]), (gap, gap)
    else:
        test = st.ttest_ind(b, a, equal_var=False)
        ends = test.confidence_interval(1 - alpha)
        out["p_value"], out["confidence_interval"] = float(test.pvalue), (float(ends.low), float(ends.high))
    out["improvement"] = gap / out["mean_a"] * 100 if out["mean_a"] else None
    out["winner"] = "No significant difference"
    if out["p_value"] < alpha:
        out["winner"] = "B" if gap > 0 else "A"
    return out


# %% size
def required_sample_size(baseline_rate, minimum_effect, alpha=0.05, power=0.8):
    p1, p2 = baseline_rate, baseline_rate + minimum_effect
    if minimum_effect == 0 or min(p1, p2, alpha, power) <= 0 or max(p1, p2, alpha, power) >= 1:
        raise ValueError("this cannot be planned")
    mean = (p1 + p2) / 2
    spreads = math.sqrt(2 * mean * (1 - mean)), math.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    n = (st.norm.isf(alpha / 2) * spreads[0] + st.norm.ppf(power) * spreads[1]) ** 2 / minimum_effect**2
    return math.ceil(n)


# %% srm
def detect_srm(count_a, count_b, expected_share_a=0.5, alpha=0.001):
    users = count_a + count_b
    if min(count_a, count_b) < 0 or not users or not 0 < expected_share_a < 1 or not 0 < alpha < 1:
        raise ValueError("this cannot be a split")
    missing = abs(count_a - users * expected_share_a)
    z = max(0, missing - 0.5) / math.sqrt(users * expected_share_a * (1 - expected_share_a))
    return bool(2 * st.norm.sf(z) < alpha)
