"""Asks scipy.stats.t for the tail beyond the difference and forgets that there are two."""

SLIP = "one_sided_p"

# %% analysis
import numpy as np
import pandas as pd
import scipy.stats


def analyze_ab_test(metrics_a, metrics_b, metric_name="conversion_rate", alpha=0.05):
    if alpha <= 0 or 1 <= alpha:
        raise ValueError(f"alpha={alpha}")
    arms = {"A": pd.Series(list(metrics_a), dtype="float64"), "B": pd.Series(list(metrics_b), dtype="float64")}
    for name, series in arms.items():
        if len(series) < 2 or series.isna().any() or np.isinf(series).any():
            raise ValueError(f"{metric_name} of {name} cannot be analysed")
    n = pd.Series({name: len(series) for name, series in arms.items()})
    mean = pd.Series({name: series.mean() for name, series in arms.items()})
    v = pd.Series({name: series.sem() ** 2 for name, series in arms.items()})
    gap = float(mean["B"] - mean["A"])
    if all(series.nunique() == 1 for series in arms.values()):
        p = float(arms["A"].iloc[0] == arms["B"].iloc[0])
        low = high = gap
    else:
        t = scipy.stats.t(df=v.sum() ** 2 / (v**2 / (n - 1)).sum(), scale=np.sqrt(v.sum()))
        p = float(t.sf(abs(gap)))
        low, high = (gap + float(end) for end in t.interval(1 - alpha))
    return {
        "winner": str(mean.idxmax()) if p < alpha else "No significant difference",
        "p_value": p,
        "confidence_interval": (low, high),
        "mean_a": float(mean["A"]),
        "mean_b": float(mean["B"]),
        "improvement": None if mean["A"] == 0 else float(gap / mean["A"] * 100),
        "sample_size": (int(n["A"]), int(n["B"])),
    }


# %% size
def required_sample_size(baseline_rate, minimum_effect, alpha=0.05, power=0.8):
    plan = pd.Series({"p1": baseline_rate, "p2": baseline_rate + minimum_effect, "alpha": alpha, "power": power})
    if not plan.between(0, 1, inclusive="neither").all() or minimum_effect == 0:
        raise ValueError(plan.to_string())
    rates = plan[["p1", "p2"]]
    p, z = rates.mean(), scipy.stats.norm.ppf([1 - alpha / 2, power])
    spread = np.sqrt([2 * p * (1 - p), (rates * (1 - rates)).sum()])
    return int(np.ceil((z @ spread / minimum_effect) ** 2))


# %% srm
def detect_srm(count_a, count_b, expected_share_a=0.5, alpha=0.001):
    table = pd.DataFrame({"seen": [count_a, count_b], "share": [expected_share_a, 1 - expected_share_a]})
    if (table.seen < 0).any() or table.seen.sum() == 0 or (table.share <= 0).any() or not 0 < alpha < 1:
        raise ValueError(table.to_string())
    expected = table.share * table.seen.sum()
    return bool(scipy.stats.chi2.sf(((table.seen - expected) ** 2 / expected).sum(), df=1) < alpha)
