"""The rule of thumb: the squared sum of both quantiles, times the sum of the variances, over the squared effect."""

SLIP = "size_unpooled"

# %% analysis
import math

import numpy as np
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW


def analyze_ab_test(metrics_a, metrics_b, metric_name="conversion_rate", alpha=0.05):
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha: {alpha}")
    arms = {"A": np.asarray(list(metrics_a), float), "B": np.asarray(list(metrics_b), float)}
    for name, values in arms.items():
        if values.size < 2 or not np.isfinite(values).all():
            raise ValueError(f"{metric_name}, arm {name}: at least two finite values are needed")
    a, b = DescrStatsW(arms["A"]), DescrStatsW(arms["B"])
    mean_a, mean_b = float(a.mean), float(b.mean)
    if all(values.min() == values.max() for values in arms.values()):
        equal = arms["A"][0] == arms["B"][0]
        low = high = 0.0 if equal else mean_b - mean_a
        p_value = 1.0 if equal else 0.0
    else:
        compared = CompareMeans(b, a)
        p_value = float(compared.ttest_ind(usevar="unequal")[1])
        low, high = map(float, compared.tconfint_diff(alpha=alpha, usevar="unequal"))
    return {
        "winner": max((mean_a, "A"), (mean_b, "B"))[1] if p_value < alpha else "No significant difference",
        "p_value": p_value,
        "confidence_interval": (low, high),
        "mean_a": mean_a,
        "mean_b": mean_b,
        "improvement": (mean_b - mean_a) / mean_a * 100 if mean_a != 0 else None,
        "sample_size": (int(a.nobs), int(b.nobs)),
    }


# %% size
from scipy.stats import norm


def required_sample_size(baseline_rate, minimum_effect, alpha=0.05, power=0.8):
    def variance(rate):
        if not 0 < rate < 1:
            raise ValueError(f"{rate} is no rate")
        return rate * (1 - rate)

    variances = variance(baseline_rate) + variance(baseline_rate + minimum_effect)
    if minimum_effect == 0 or not 0 < alpha < 1 or not 0 < power < 1:
        raise ValueError("no such experiment can be planned")
    quantiles = norm.isf(alpha / 2) + norm.isf(1 - power)
    return math.ceil(variances * (quantiles / minimum_effect) ** 2)


# %% srm
from scipy.stats import chi2


def detect_srm(count_a, count_b, expected_share_a=0.5, alpha=0.001):
    if min(count_a, count_b) < 0 or max(count_a, count_b) == 0:
        raise ValueError("counts")
    if not 0 < expected_share_a < 1 or not 0 < alpha < 1:
        raise ValueError("share or alpha")
    users = count_a + count_b
    gap = count_a - users * expected_share_a
    return bool(chi2.sf(gap**2 / (users * expected_share_a * (1 - expected_share_a)), 1) < alpha)
