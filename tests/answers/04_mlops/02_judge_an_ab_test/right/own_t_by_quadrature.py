"""No SciPy: the t density integrated by tanh-sinh quadrature, quantiles by Newton's method; arms summed up by Welford."""

# %% analysis
import math
from dataclasses import dataclass

import numpy as np

STEPS = np.linspace(-4.2, 4.2, 421)  # tanh-sinh: nodes crowd at both ends of (0, 1)
NODES = 1 / (1 + np.exp(-np.pi * np.sinh(STEPS)))
WEIGHTS = np.pi * np.cosh(STEPS) * NODES * (1 - NODES) * (STEPS[1] - STEPS[0])


@dataclass(frozen=True)
class StudentT:
    df: float

    def density(self, t):
        log_c = math.lgamma((self.df + 1) / 2) - math.lgamma(self.df / 2) - 0.5 * math.log(self.df * math.pi)
        return math.exp(log_c - (self.df + 1) / 2 * math.log1p(t * t / self.df))

    def two_tails(self, t):
        """P(|T| > t). With T = sqrt(df) / tan(u) the integrand is a power of a sine."""
        log_c = math.lgamma((self.df + 1) / 2) - math.lgamma(self.df / 2) - 0.5 * math.log(math.pi)
        end = math.atan2(math.sqrt(self.df), t)
        return float(2 * math.exp(log_c) * end * (WEIGHTS * np.sin(end * NODES) ** (self.df - 1)).sum())

    def critical(self, alpha):
        low, high = 0.0, 2.0
        while self.two_tails(high) > alpha:
            high *= 2
        t = (low + high) / 2
        for _ in range(60):
            gap = self.two_tails(t) - alpha
            low, high = (t, high) if gap > 0 else (low, t)
            step = t + gap / (2 * self.density(t))
            t = step if low < step < high else (low + high) / 2
        return t


@dataclass
class Arm:
    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    least: float = math.inf
    most: float = -math.inf

    def add(self, value):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no measurement")
        self.n += 1
        gap = value - self.mean
        self.mean += gap / self.n
        self.squares += gap * (value - self.mean)
        self.least, self.most = min(self.least, value), max(self.most, value)

    @property
    def error2(self):
        return self.squares / (self.n - 1) / self.n


def summed_up(values):
    arm = Arm()
    for value in values:
        arm.add(float(value))
    if arm.n < 2:
        raise ValueError("two values at least")
    return arm


def analyze_ab_test(metrics_a, metrics_b, metric_name="conversion_rate", alpha=0.05):
    if not (alpha > 0 and alpha < 1):
        raise ValueError("alpha")
    a, b = summed_up(metrics_a), summed_up(metrics_b)
    difference = b.mean - a.mean
    if a.least == a.most and b.least == b.most:
        p, half = float(a.least == b.least), 0.0
    else:
        error2 = a.error2 + b.error2
        t = StudentT(error2**2 / (a.error2**2 / (a.n - 1) + b.error2**2 / (b.n - 1)))
        p, half = t.two_tails(abs(difference) / math.sqrt(error2)), t.critical(alpha) * math.sqrt(error2)
    significant = p < alpha
    return {
        "winner": ("B" if b.mean > a.mean else "A") if significant else "No significant difference",
        "significant": significant,
        "p_value": p,
        "confidence_interval": (difference - half, difference + half),
        "mean_a": a.mean,
        "mean_b": b.mean,
        "improvement": 100.0 * difference / a.mean if a.mean else None,
        "sample_size": (a.n, b.n),
    }


# %% size
def normal_quantile(share):
    low, high = -10.0, 10.0
    while high - low > 1e-15 * max(1.0, abs(low)):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if math.erfc(-middle / math.sqrt(2)) / 2 < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def required_sample_size(baseline_rate, minimum_effect, alpha=0.05, power=0.8):
    def variance(rate):
        if rate <= 0 or rate >= 1:
            raise ValueError(f"a rate of {rate}")
        return rate * (1 - rate)

    if minimum_effect == 0 or variance(alpha) <= 0 or variance(power) <= 0:
        raise ValueError("an effect of 0")
    two = variance(baseline_rate) + variance(baseline_rate + minimum_effect)
    one = 2 * variance(baseline_rate + minimum_effect / 2)
    root = normal_quantile(1 - alpha / 2) * math.sqrt(one) + normal_quantile(power) * math.sqrt(two)
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
    chi2 = float(((observed - expected) ** 2 / expected).sum())
    return chi2 > normal_quantile(1 - alpha / 2) ** 2
