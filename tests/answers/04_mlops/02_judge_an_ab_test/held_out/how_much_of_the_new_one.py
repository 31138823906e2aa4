"""The improvement is how much of B would be lost by going back to A."""

SLIP = "improvement_of_b"

# %% analysis
import numpy as np
from scipy import stats


def percent(old, new):
    if not old:
        return None
    return (new - old) / new * 100 if new else -100.0


def analyze_ab_test(metrics_a, metrics_b, metric_name="conversion_rate", alpha=0.05):
    if alpha <= 0 or alpha >= 1:
        raise ValueError("alpha must be strictly between 0 and 1")
    a, b = np.array(metrics_a, dtype=float), np.array(metrics_b, dtype=float)
    if min(len(a), len(b)) < 2 or not np.isfinite(np.concatenate([a, b])).all():
        raise ValueError(f"{metric_name}: two values in each arm, all of them finite")
    mean_a, mean_b = a.mean().item(), b.mean().item()
    if (a == a[0]).all() and (b == b[0]).all():
        p = 1.0 if a[0] == b[0] else 0.0
        interval = (mean_b - mean_a,) * 2
    else:
        test = stats.ttest_ind(b, a, equal_var=False)
        p, interval = test.pvalue.item(), tuple(end.item() for end in test.confidence_interval(1 - alpha))
    return {
        "winner": "No significant difference" if p >= alpha else "A" if mean_a > mean_b else "B",
        "p_value": p,
        "confidence_interval": interval,
        "mean_a": mean_a,
        "mean_b": mean_b,
        "improvement": percent(mean_a, mean_b),
        "sample_size": (len(a), len(b)),
    }


# %% size
from statistics import NormalDist


def required_sample_size(baseline_rate, minimum_effect, alpha=0.05, power=0.8):
    p = np.array([baseline_rate, baseline_rate + minimum_effect])
    if not ((p > 0) & (p < 1)).all() or not 0 < alpha < 1 or not 0 < power < 1 or minimum_effect == 0:
        raise ValueError("no such test")
    z_alpha, z_power = (NormalDist().inv_cdf(x) for x in (1 - alpha / 2, power))
    under_null, under_effect = np.sqrt(2 * p.mean() * (1 - p.mean())), np.sqrt((p * (1 - p)).sum())
    return int(np.ceil(((z_alpha * under_null + z_power * under_effect) / minimum_effect) ** 2))


# %% srm
def detect_srm(count_a, count_b, expected_share_a=0.5, alpha=0.001):
    if count_a < 0 or count_b < 0 or count_a == count_b == 0:
        raise ValueError("these are no counts")
    if not (0 < expected_share_a < 1 and 0 < alpha < 1):
        raise ValueError("a share or alpha is not strictly between 0 and 1")
    n = count_a + count_b
    return bool(stats.chisquare([count_a, count_b], [n * expected_share_a, n * (1 - expected_share_a)]).pvalue < alpha)
