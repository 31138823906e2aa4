"""Calls SciPy's two-sample test as it comes, which takes the arms to vary alike."""

SLIP = "students_pooled_variance"

# %% analysis
import numpy as np
from scipy import stats

NOBODY = "No significant difference"


def values_of(arm, about):
    values = np.array(arm, dtype=float)
    if len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"{about}: fewer than two values, or some that are not finite")
    return values


def analyze_ab_test(metrics_a, metrics_b, metric_name="conversion_rate", alpha=0.05):
    if alpha <= 0 or alpha >= 1:
        raise ValueError("alpha must be strictly between 0 and 1")
    a, b = values_of(metrics_a, f"{metric_name}, A"), values_of(metrics_b, f"{metric_name}, B")
    mean_a, mean_b = a.mean().item(), b.mean().item()
    if len(set(a.tolist())) == len(set(b.tolist())) == 1:
        p, interval = float(a[0] == b[0]), (mean_b - mean_a,) * 2
    else:
        test = stats.ttest_ind(b, a)
        p, interval = test.pvalue.item(), tuple(end.item() for end in test.confidence_interval(1 - alpha))
    winner = NOBODY if p >= alpha else "A" if mean_a > mean_b else "B"
    return dict(
        winner=winner,
        p_value=p,
        confidence_interval=interval,
        mean_a=mean_a,
        mean_b=mean_b,
        improvement=None if mean_a == 0 else 100 * (mean_b - mean_a) / mean_a,
        sample_size=(len(a), len(b)),
    )


# %% size
from math import ceil

from scipy.stats import norm


def required_sample_size(baseline_rate, minimum_effect, alpha=0.05, power=0.8):
    rates = np.array([baseline_rate, baseline_rate + minimum_effect])
    for value in (*rates, alpha, power):
        if value <= 0 or value >= 1:
            raise ValueError(f"{value} is not strictly between 0 and 1")
    if not minimum_effect:
        raise ValueError("the effect is 0")
    pooled = rates.mean()
    null = norm.isf(alpha / 2) * np.sqrt(2 * pooled * (1 - pooled))
    other = norm.ppf(power) * np.sqrt((rates * (1 - rates)).sum())
    return int(ceil(((null + other) / minimum_effect) ** 2))


# %% srm
def detect_srm(count_a, count_b, expected_share_a=0.5, alpha=0.001):
    if count_a < 0 or count_b < 0 or count_a == count_b == 0:
        raise ValueError("these are no counts")
    for share in (expected_share_a, alpha):
        if share <= 0 or share >= 1:
            raise ValueError(f"{share} is not strictly between 0 and 1")
    n = count_a + count_b
    test = stats.chisquare([count_a, count_b], [n * expected_share_a, n - n * expected_share_a])
    return bool(test.pvalue < alpha)
