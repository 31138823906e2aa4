"""Standard library only: NormalDist gives the p-value and the interval, as for large numbers."""

SLIP = "normal_instead_of_t"

# %% analysis
import math
import statistics

NORMAL = statistics.NormalDist()


def analyze_ab_test(metrics_a, metrics_b, metric_name="conversion_rate", alpha=0.05):
    if not 0 < alpha < 1:
        raise ValueError("alpha is a probability, and neither 0 nor 1")
    arms = [[float(value) for value in metrics] for metrics in (metrics_a, metrics_b)]
    for arm in arms:
        if len(arm) < 2 or not all(map(math.isfinite, arm)):
            raise ValueError(f"cannot judge {metric_name}")
    means = [statistics.fmean(arm) for arm in arms]
    gap = means[1] - means[0]
    if all(min(arm) == max(arm) for arm in arms):
        p_value, reach = float(arms[0][0] == arms[1][0]), 0.0
    else:
        error = math.sqrt(sum(statistics.variance(arm) / len(arm) for arm in arms))
        p_value = 2 * NORMAL.cdf(-abs(gap) / error)
        reach = -NORMAL.inv_cdf(alpha / 2) * error
    return {
        "winner": "AB"[gap > 0] if p_value < alpha else "No significant difference",
        "p_value": p_value,
        "confidence_interval": (gap - reach, gap + reach),
        "mean_a": means[0],
        "mean_b": means[1],
        "improvement": gap / means[0] * 100 if means[0] else None,
        "sample_size": (len(arms[0]), len(arms[1])),
    }


# %% size
def required_sample_size(baseline_rate, minimum_effect, alpha=0.05, power=0.8):
    target = baseline_rate + minimum_effect
    for share in (baseline_rate, target, alpha, power):
        if not 0 < share < 1:
            raise ValueError("shares lie between 0 and 1")
    if target == baseline_rate:
        raise ValueError("there is no effect to find")
    mean = (baseline_rate + target) / 2
    reach = NORMAL.inv_cdf(1 - alpha / 2) * (2 * mean * (1 - mean)) ** 0.5
    reach += NORMAL.inv_cdf(power) * (baseline_rate * (1 - baseline_rate) + target * (1 - target)) ** 0.5
    return math.ceil(reach**2 / minimum_effect**2)


# %% srm
def detect_srm(count_a, count_b, expected_share_a=0.5, alpha=0.001):
    if not (0 < alpha < 1 and 0 < expected_share_a < 1):
        raise ValueError("a share of nothing or of everything")
    users = int(count_a) + int(count_b)
    if users < 1 or count_a < 0 or count_b < 0:
        raise ValueError("who was counted?")
    z = (count_a - users * expected_share_a) / math.sqrt(users * expected_share_a * (1 - expected_share_a))
    return bool(2 * NORMAL.cdf(-abs(z)) < alpha)
