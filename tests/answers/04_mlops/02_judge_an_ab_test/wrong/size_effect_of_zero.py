"""Divides by an effect of 0."""

FAILS = {"impossible_plans_are_refused"}

# %% analysis
import math

import numpy as np
from scipy import special


def checked(values, metric_name):
    arm = np.array(values, dtype=float)
    if arm.size < 2:
        raise ValueError(f"{metric_name}: two values at least")
    if not np.isfinite(arm).all():
        raise ValueError(f"{metric_name}: a value is not finite")
    return arm


def is_constant(arm):
    return bool((arm == arm[0]).all())


def analyze_ab_test(metrics_a, metrics_b, metric_name="conversion_rate", alpha=0.05):
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1: {alpha}")
    a, b = checked(metrics_a, metric_name), checked(metrics_b, metric_name)
    mean_a, mean_b = float(np.mean(a)), float(np.mean(b))
    difference = mean_b - mean_a
    if is_constant(a) and is_constant(b):
        p_value = 1.0 if a[0] == b[0] else 0.0
        margin = 0.0
    else:
        v_a, v_b = float(np.var(a, ddof=1)) / len(a), float(np.var(b, ddof=1)) / len(b)
        error = math.sqrt(v_a + v_b)
        df = (v_a + v_b) ** 2 / (v_a**2 / (len(a) - 1) + v_b**2 / (len(b) - 1))
        t = difference / error
        p_value = float(2 * special.stdtr(df, -abs(t)))
        margin = float(special.stdtrit(df, 1 - alpha / 2)) * error
    winner = "No significant difference"
    if p_value < alpha:
        winner = "B" if mean_b > mean_a else "A"
    improvement = None
    if mean_a != 0:
        improvement = (mean_b - mean_a) / mean_a * 100
    return {
        "winner": winner,
        "p_value": p_value,
        "confidence_interval": (difference - margin, difference + margin),
        "mean_a": mean_a,
        "mean_b": mean_b,
        "improvement": improvement,
        "sample_size": (len(a), len(b)),
    }


# %% size
from statistics import NormalDist


def required_sample_size(baseline_rate, minimum_effect, alpha=0.05, power=0.8):
    p1 = baseline_rate
    p2 = baseline_rate + minimum_effect
    if not 0 < p1 < 1 or not 0 < p2 < 1:
        raise ValueError("a rate lies between 0 and 1")
    if not 0 < alpha < 1 or not 0 < power < 1:
        raise ValueError("alpha and power lie between 0 and 1")
    p = (p1 + p2) / 2
    z_alpha = NormalDist().inv_cdf(1 - alpha / 2)
    z_power = NormalDist().inv_cdf(power)
    null = z_alpha * math.sqrt(2 * p * (1 - p))
    real = z_power * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    return math.ceil(((null + real) / minimum_effect) ** 2)


# %% srm
def detect_srm(count_a, count_b, expected_share_a=0.5, alpha=0.001):
    if count_a < 0 or count_b < 0:
        raise ValueError("a count is negative")
    if count_a + count_b == 0:
        raise ValueError("there are no users")
    if not 0 < expected_share_a < 1:
        raise ValueError("the share lies between 0 and 1")
    if not 0 < alpha < 1:
        raise ValueError("alpha lies between 0 and 1")
    total = count_a + count_b
    expected_a = total * expected_share_a
    expected_b = total - expected_a
    chi_square = (count_a - expected_a) ** 2 / expected_a + (count_b - expected_b) ** 2 / expected_b
    p_value = math.erfc(math.sqrt(chi_square / 2))
    return bool(p_value < alpha)
