"""Forgets what is already good: the heaviest part first, mastered or not."""

SLIP = "fit_weight_alone"

# %% week-fit
def ordered(lessons, scores):
    for need in ("must", "should", "could"):
        group = [(n, one) for n, one in enumerate(lessons) if one["need"] == need]
        while group:
            best = max(
                group,
                key=lambda pair: (
                    pair[1]["weight"],
                    -pair[1]["minutes"],
                    -pair[0],
                ),
            )
            group.remove(best)
            yield best[1]


def fit(lessons, days, hours, scores):
    good = all(one["need"] in NEEDS and one["minutes"] > 0 for one in lessons)
    if not good or days <= 0 or hours <= 0:
        raise ValueError("that cannot be planned")
    plan = {n: [] for n in range(days)}
    left_out = []

    def free(day):
        return 60 * hours - sum(one["minutes"] for one in plan[day])

    for one in ordered(lessons, scores):
        some = [n for n in plan if (n < days - 1 or days == 1) and free(n) >= one["minutes"]]
        (plan[some[0]] if some else left_out).append(one)
    return {
        "days": [[one["id"] for one in plan[n]] for n in plan],
        "left_out": [one["id"] for one in left_out],
        "free": [free(n) for n in plan],
    }


# %% week-compare
import numpy as np


def compare(ratings, measured):
    marks = np.array(
        [m for rows in ratings.values() for m in rows if m is not None] or [1], dtype=float
    )
    if ((marks < 1) | (marks > 5)).any():
        raise ValueError("marks are 1 to 5")
    told = dict.fromkeys([*ratings, *measured])
    for area in told:
        some = np.array([m for m in ratings.get(area, []) if m is not None], dtype=float)
        own = float((some.mean() - 1) / 4) if some.size else None
        seen = measured.get(area)
        known = own is not None and seen is not None
        step = int(own - seen > 0.25) - int(seen - own > 0.25) if known else None
        says = {None: "not known", 1: "too sure", 0: "fair", -1: "too modest"}[step]
        told[area] = {"own": own, "measured": seen, "says": says}
    return told
