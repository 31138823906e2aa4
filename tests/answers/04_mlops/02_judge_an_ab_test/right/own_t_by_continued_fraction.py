"""Standard library only: Student's t from the incomplete beta function's continued fraction, quantiles by bisection."""

# %% analysis
import math
import statistics


def beta_fraction(x, a, b):
    """Lentz's method for the continued fraction of the incomplete beta function."""
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d or tiny)
    value = d
    for m in range(1, 500):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / ((1.0 + numerator * d) or tiny)
            c = (1.0 + numerator / c) or tiny
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def incomplete_beta(x, a, b):
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1.0) / (a + b + 2.0):
        return front * beta_fraction(x, a, b) / a
    return 1.0 - front * beta_fraction(1.0 - x, b, a) / b


def beyond(t, df):
    """P(|T| > t)."""
    return incomplete_beta(df / (df + t * t), df / 2, 0.5)


def critical(alpha, df):
    high = 1.0
    while beyond(high, df) > alpha:
        high *= 2
    low = 0.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle, df) > alpha else (low, middle)
    return (low + high) / 2


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
        p_value, reach = (1.0 if arms[0][0] == arms[1][0] else 0.0), 0.0
    else:
        parts = [math.fsum((v - mean) ** 2 for v in arm) / (len(arm) - 1) / len(arm) for arm, mean in zip(arms, means)]
        error = math.sqrt(sum(parts))
        df = sum(parts) ** 2 / sum(part**2 / (len(arm) - 1) for part, arm in zip(parts, arms))
        p_value, reach = beyond(abs(gap) / error, df), critical(alpha, df) * error
    winner = "No significant difference"
    if p_value < alpha:
        winner = "AB"[gap > 0]
    return {
        "winner": winner,
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
    normal = statistics.NormalDist()
    mean = (baseline_rate + target) / 2
    reach = normal.inv_cdf(1 - alpha / 2) * (2 * mean * (1 - mean)) ** 0.5
    reach += normal.inv_cdf(power) * (baseline_rate * (1 - baseline_rate) + target * (1 - target)) ** 0.5
    return math.ceil(reach**2 / minimum_effect**2)


# %% srm
def detect_srm(count_a, count_b, expected_share_a=0.5, alpha=0.001):
    if not (0 < alpha < 1 and 0 < expected_share_a < 1):
        raise ValueError("a share of nothing or of everything")
    users = int(count_a) + int(count_b)
    if users < 1 or count_a < 0 or count_b < 0:
        raise ValueError("who was counted?")
    z = (count_a - users * expected_share_a) / math.sqrt(users * expected_share_a * (1 - expected_share_a))
    return bool(2 * statistics.NormalDist().cdf(-abs(z)) < alpha)
