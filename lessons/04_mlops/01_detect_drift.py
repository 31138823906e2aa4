# %% [markdown]
"""# Detect drift before your customers do

You'll build the alarm that reads a model's *inputs*: a PSI on which two teams agree, a KL detector with a reference for
each tenant, and the rule that turns a score into an action.

**Time** 45 min · **Level** medium · **Needs** NumPy arrays, histograms, logarithms

**Skills** fix bins where they cannot move · keep missing and outlying values in the count · defend a threshold
"""

# %% nbgrader={"grade_id": "drift-setup", "locked": true}
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from coursekit import REFERENCE, approx, check, explore, is_true_of, scoreboard, slider, try_it
from coursekit.mlops.production import (
    Scored,
    baseline_week,
    draw_drift,
    production_day,
    psi_elsewhere,
)

# [12.5, None, 40.0]; None and NaN are missing
Values = Sequence[float | None] | np.ndarray | pd.Series

# %% [markdown]
"""## The situation

02:10. An upstream team renames a column. From now on one ticket in ten reaches your routing model without the
customer's `usual_wait_minutes`. The model fills the hole with zero and answers as ever: status 200, 80 ms, dashboards
green. At 11:40 support asks why urgent tickets lie in the wrong queue. Nine and a half hours, 6,300 tickets.

You are on call, and nothing called you: each alarm watched the service, none the data. The missing one compares what
arrives with what the model was trained on, for every tenant and feature, and says who must get up.

![Training data gives the bin edges and the baseline's shares. The last hour of one tenant and one feature is counted in
the same bins. PSI compares the shares. Up to 0.25 it is logged; above, the team is alerted, and if the business impact
is high the model is rolled back and somebody paged.](diagrams/01_detect_drift.mmd)

Why not watch the average?
"""

# %%
trained_on = [1, 2, 3, 4, 5, 6, 7, 8]
today = [1, 3, 5, 7, 7, 8, 8, 9]  # 9 lies outside what was trained on
broken = [1, 3, 5, 7, None, None, None, None]
pd.DataFrame({"trained on": trained_on, "today": today, "broken": broken}).mean()

# %% [markdown]
"""In `broken` half of the rows are gone, and the average moved from 4.5 to 4. Shares in bins do not overlook that.
"""

# %% [markdown]
"""## 1 · Score the shift

Compare each bin's share in the baseline, b, with its share today, c: PSI = Σ (c − b) · ln(c / b).

- **Edges** come from the baseline's values only. `"quantile"`: `numpy.quantile` at `linspace(0, 1, buckets + 1)`, each
  repeated edge kept once. `"uniform"`: equal widths from its least to its greatest value.
- *Then* the outer edges become −∞ and +∞, so values beyond the baseline's range land in the end bins. A value on an
  inner edge belongs to the bin on its right.
- **Missing** values (`None`, NaN) get one more bin if either side has any.
- **Shares** are count / n, where n counts every row of that side. A share below 1e-4 becomes 1e-4, on both sides;
  nothing is rescaled.
- `ValueError`: an empty side, a baseline of one distinct value, an unknown strategy, fewer than one bucket.
- Lists, arrays and series work and stay as they were; the result is a plain `float`.

<details><summary>Hint 1 · which functions</summary>

`np.asarray(values, dtype=float)` turns `None` into NaN. `np.unique` sorts and drops repeats. Of the edges you need only
the inner ones, `edges[1:-1]`: what is left of the first is in bin 0, what is right of the last in the last bin.

</details>
<details><summary>Hint 2 · counting</summary>

`np.searchsorted(inner, present, side="right")` is the bin of every value, and `np.bincount(..., minlength=...)` counts
them without forgetting empty bins. NaN would be sorted to the far right, so take it out first and append its count.

</details>
<details><summary>Hint 3 · order of the steps</summary>

Missing or not must be known for *both* sides before either is counted, or the two lists of shares differ in length.

</details>
"""


# %% nbgrader={"grade_id": "psi", "solution": true}
FLOOR = 1e-4  # the least share of a bin; keeps ln(c / b) finite


def inner_edges(baseline: Values, buckets: int, strategy: str) -> np.ndarray:
    """Where one bin ends and the next begins, rising; the two outer edges, at infinity, left out."""
    ### BEGIN SOLUTION
    if buckets < 1:
        raise ValueError(f"at least one bucket, not {buckets}")
    if strategy not in ("quantile", "uniform"):
        raise ValueError(f"strategy is 'quantile' or 'uniform', not {strategy!r}")
    values = np.asarray(baseline, dtype=float)
    values = values[~np.isnan(values)]
    if np.unique(values).size < 2:
        raise ValueError("a baseline needs two distinct values")
    if strategy == "uniform":
        return np.linspace(values.min(), values.max(), buckets + 1)[1:-1]
    return np.unique(np.quantile(values, np.linspace(0, 1, buckets + 1)))[1:-1]
    ### END SOLUTION


def shares(values: Values, inner: np.ndarray, missing_bin: bool) -> np.ndarray:
    """Each bin's share from left to right, the missing values' last if they have a bin; none below FLOOR."""
    ### BEGIN SOLUTION
    rows = np.asarray(values, dtype=float)
    if rows.size == 0:
        raise ValueError("there are no values to compare")
    present = rows[~np.isnan(rows)]
    counts = np.bincount(np.searchsorted(inner, present, side="right"), minlength=inner.size + 1)
    if missing_bin:
        counts = np.append(counts, rows.size - present.size)
    return np.maximum(counts / rows.size, FLOOR)
    ### END SOLUTION


def calculate_psi(
    baseline: Values, current: Values, buckets: int = 10, strategy: str = "quantile"
) -> float:
    """The population stability index of `current` against `baseline`, in bins of the baseline."""
    ### BEGIN SOLUTION
    inner = inner_edges(baseline, buckets, strategy)
    missing_bin = any(np.isnan(np.asarray(side, dtype=float)).any() for side in (baseline, current))
    b, c = shares(baseline, inner, missing_bin), shares(current, inner, missing_bin)
    return float(np.sum((c - b) * np.log(c / b)))
    ### END SOLUTION


# %%
@try_it
def psi_of_eight_tickets() -> dict[str, float]:
    return {
        "today": calculate_psi(trained_on, today, 4),
        "broken": calculate_psi(trained_on, broken, 4),
    }


# %% nbgrader={"grade_id": "psi-checks", "grade": true}
@check(expect=approx(0.375 * math.log(5)), points=2, stage="core")
def four_bins_of_eight_tickets_are_counted_by_hand():
    """Two in each of four bins before; 1, 1, 1 and 5 today."""
    return calculate_psi([1, 2, 3, 4, 5, 6, 7, 8], [1, 3, 5, 7, 7, 8, 8, 9], buckets=4)


@check(expect=approx(0.5 * math.log(2) + 0.4999 * math.log(5000)), points=1, stage="missing-bin")
def missing_tickets_have_a_bin_of_their_own():
    """Half of today's rows are missing: a share of 0.5 against the floor of 1e-4."""
    return calculate_psi([1, 2, 3, 4, 5, 6, 7, 8], [1, 3, 5, 7] + [float("nan")] * 4, buckets=4)


### BEGIN HIDDEN TESTS
def ladder(rng, counts):
    # counts[i] values strictly inside [10 i, 10 i + 10), shuffled
    out = [10 * i + rng.uniform(0.5, 9.5) for i, n in enumerate(counts) for _ in range(n)]
    return rng.sample(out, len(out))


def how_it_ends(function, *args, **named):
    try:
        function(*args, **named)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "no error"


@check(expect=REFERENCE, points=2, seeds=4, stage="core")
def quantile_edges_come_from_the_baseline_alone(rng):
    """Ten quantile bins unless told otherwise; current data moves no edge. The logarithm is the natural one."""
    buckets = rng.choice([4, 5, 7, 8])
    # quantiles miss values
    baseline = [0.0, 100.0, *(rng.triangular(0.0, 100.0, 30.0) for _ in range(560))]
    current = baseline[::2] + [rng.uniform(50.0, 99.0) for _ in range(150)]
    return [calculate_psi(baseline, current), calculate_psi(baseline, current, buckets=buckets)]


@check(expect=REFERENCE, points=2, seeds=4, stage="core")
def uniform_edges_cut_the_baseline_range_into_equal_widths(rng):
    """From the least to the greatest value of the baseline, whatever the current data spans."""
    old, new = ([rng.randint(8, 40) for _ in range(10)] for _ in range(2))
    baseline = [0.0, *ladder(rng, old), 100.0]
    current = [min(max(v, 7.0), 93.0) for v in ladder(rng, new)]
    return [
        calculate_psi(baseline, current, buckets=n, strategy="uniform")
        for n in (10, rng.choice([2, 5]))
    ]


def same(rng, pairs, others):
    # for each two scores whether they are equal; in random order, so that no constant is an answer
    mixed = [*pairs, *others]
    rng.shuffle(mixed)
    return [math.isfinite(one) and math.isclose(one, other, rel_tol=1e-6) for one, other in mixed]


def tells_apart(one, other, buckets):
    return calculate_psi(one, one, buckets) < calculate_psi(one, other, buckets)


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def values_outside_the_baseline_range_land_in_the_end_bins(rng):
    """The outer edges are open: with values far outside, the score is what it is with values just inside."""
    baseline = [0.0, *ladder(rng, [20] * 10), 100.0]
    low, high, inside = rng.randint(15, 30), rng.randint(50, 90), ladder(rng, [12] * 10)
    far = [-rng.uniform(1.0, 500.0) for _ in range(low)] + [
        rng.uniform(101.0, 900.0) for _ in range(high)
    ]
    near, middle = [0.25] * low + [99.75] * high, [55.5] * (low + high)
    scores = [
        [calculate_psi(baseline, inside + some, strategy=how) for some in (far, near, middle)]
        for how in ("quantile", "uniform")
    ]
    return same(rng, [(out, end) for out, end, _ in scores], [(end, mid) for _, end, mid in scores])


@check(expect=REFERENCE, points=1, seeds=3, stage="core")
def a_value_on_an_inner_edge_belongs_to_the_bin_on_its_right(rng):
    """On an edge or a little above it: the score is the same. Edges at 2, 4, 6 (widths) and 10, 20, 30 (quartiles)."""
    rising = [0.0, 8.0] + [
        2 * i + rng.uniform(0.1, 1.9) for i in range(4) for _ in range(10 * i + 10)
    ]
    falling = [2 * i + rng.uniform(0.1, 1.9) for i in range(4) for _ in range(40 - 9 * i)]
    numbers = [float(n) for n in range(41)]
    uneven = [3.5] * 5 + [12.5] * 30 + [25.5] * 10 + [33.5] * 45
    worlds = [(rising, falling, rng.choice([2.0, 4.0, 6.0]), "uniform")]
    worlds += [(numbers, uneven, rng.choice([10.0, 20.0, 30.0]), "quantile")]
    pairs, others = [], []
    for baseline, current, edge, how in worlds:
        elsewhere = 0.5 if edge > max(baseline) / 2 else max(baseline) - 0.5
        moved = [current + [v] * 33 for v in (edge, edge + 0.05, elsewhere)]
        scores = [calculate_psi(baseline, today, buckets=4, strategy=how) for today in moved]
        pairs.append(scores[:2])
        others.append(scores[1:])
    return same(rng, pairs, others)


@check(expect=REFERENCE, points=1, seeds=3, stage="core")
def quantiles_that_coincide_make_one_edge(rng):
    """Six of nine inner quantiles are the same value, which most tickets have: they make one edge."""
    low, high = [rng.uniform(1, 40) for _ in range(20)], [rng.uniform(60, 99) for _ in range(18)]
    baseline = rng.sample([0.0, *low, *[50.0] * 62, *high, 100.0], 102)
    some, many = (
        [rng.uniform(-9, 45) for _ in range(30)],
        [rng.uniform(55, 120) for _ in range(rng.randint(30, 60))],
    )
    # 47: in a bin that is empty in the baseline
    return calculate_psi(baseline, [*some, 47.0, *[50.0] * 20, *many])


@check(expect=REFERENCE, points=1, seeds=3, stage="missing-bin")
def a_share_is_taken_of_all_rows_missing_ones_too(rng):
    """Both sides have missing values, in different shares. Edges come from the values that are there."""
    old, new = (
        ladder(rng, [20, 18, 16, 14, 12, 12, 10, 8, 6, 4]),
        ladder(rng, rng.sample(range(15, 35, 2), 10)),
    )
    baseline = rng.sample([*old, 0.0, 100.0] + [float("nan")] * 40, 162)
    current = rng.sample(new + [float("nan")] * rng.randint(60, 90), len(new) + 50)
    return [
        calculate_psi(baseline, current, buckets=5, strategy=how) for how in ("quantile", "uniform")
    ]


@check(expect=REFERENCE, points=1, seeds=3, stage="missing-bin")
def missing_on_one_side_is_one_more_bin_for_both(rng):
    """A quarter of the rows is missing, today or in training; the others have not changed."""
    complete = [0.0, *ladder(rng, [12] * 10), 100.0]
    holes = rng.sample(complete + [float("nan")] * 41, 163)
    pairs = rng.sample(
        [(complete, holes), (holes, complete), (complete, complete[::-1]), (complete, complete)], 4
    )
    return [
        calculate_psi(*pair, strategy=how) > 1 for pair in pairs for how in ("quantile", "uniform")
    ]


@check(expect=REFERENCE, points=2, seeds=2, stage="core")
def a_share_is_at_least_one_in_ten_thousand(rng):
    """On either side, in an empty bin and in one with a single row of 15,000; nothing is rescaled afterwards."""
    full = [0.0, *ladder(rng, [12] * 10), 100.0]
    gaps = [0.0, *ladder(rng, [20, 0, 0, rng.randint(5, 30), 0, 0, 9, 9, 9]), *[95.5] * 6, 100.0]
    low = ladder(rng, [rng.randint(10, 20) for _ in range(5)])
    other = ladder(rng, [9, rng.randint(5, 30), 0, 9, 0, 9, 9, 9, 9, 9])
    sliver = np.append(10.0 + np.arange(rng.randint(14_000, 16_000)) % 30, [0.0, 100.0])
    even = [0.0, 20.0, 30.0, 80.0, 90.0, 100.0]
    return [
        [calculate_psi(full, low, buckets=10, strategy=how) for how in ("quantile", "uniform")],
        calculate_psi(gaps, other, buckets=10, strategy="uniform"),
        [
            calculate_psi(*pair, buckets=2, strategy="uniform")
            for pair in ((sliver, even), (even, sliver))
        ],
    ]


@check(
    expect=dict.fromkeys(
        (
            "no baseline",
            "nothing today",
            "one value",
            "one value, uniform",
            "median",
            "no bucket",
            "-3 buckets",
        ),
        "ValueError",
    )
    | {"two values": "no error", "one value today": "no error"},
    points=2,
    stage="validation",
)
def psi_refuses_what_it_cannot_compute():
    """An empty side, a constant baseline, an unknown strategy, fewer than one bucket."""
    some, other = [3.0, 1.0, 2.0, 5.0], [2.5, 3.5, 4.5]
    return {
        "no baseline": how_it_ends(calculate_psi, [], some),
        "nothing today": how_it_ends(calculate_psi, some, np.array([])),
        "one value": how_it_ends(calculate_psi, [7.0] * 30, some),
        "one value, uniform": how_it_ends(calculate_psi, [7] * 30, some, strategy="uniform"),
        "one value today": how_it_ends(calculate_psi, some, [2.5] * 9),
        "two values": how_it_ends(calculate_psi, [0, 1, 1, 0, 1], [1, 0, 0]),
        "median": how_it_ends(calculate_psi, some, other, strategy="median"),
        "no bucket": how_it_ends(calculate_psi, some, other, buckets=0),
        "-3 buckets": how_it_ends(calculate_psi, some, other, buckets=-3, strategy="uniform"),
    }


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Keep a reference

A service learns its reference once and judges batch after batch by KL divergence, Σ c · ln(c / r): r are the
reference's shares, c today's.

- Binned as in task 1: `bins` equal widths over the **reference**, open ends, a bin for missing values if either side
  has any. Shares are floored, then divided by their sum, on each side.
- `detect_drift` returns `(drift, score)`, a plain `bool` and `float`. Drift is a score **above** the threshold. Looking
  changes nothing.
- `update_reference` replaces edges and shares; `threshold` and `bins` stay.
- `ValueError`: an empty reference or batch, a reference of one distinct value, fewer than one bin. A failed update
  leaves the old reference in force.
- Detectors share nothing: one tenant's gaps are not another's drift.

<details><summary>Hint 1 · why not np.histogram of each side</summary>

Given only a number of bins, it spans the data at hand. Two batches that differ by a pure shift then have the same
histogram, and the divergence is 0.

</details>
<details><summary>Hint 2 · what to keep</summary>

Whether the missing bin exists depends on today's batch, so keep a copy of the reference's values (or its raw counts)
beside the edges, and take the shares when a batch comes.

</details>
<details><summary>Hint 3 · an update that fails</summary>

Compute everything that can raise first. Assign to `self` last, in one go.

</details>
"""


# %% nbgrader={"grade_id": "detector", "solution": true}
class DriftDetector:
    """Says how far a batch is from a reference: KL divergence in equal widths over the reference."""

    def __init__(self, reference_data: Values, threshold: float = 0.1, bins: int = 10) -> None:
        """Drift is what scores above `threshold`. ValueError: a reference that cannot be cut, or `bins` below 1."""
        ### BEGIN SOLUTION
        self.threshold, self.bins = threshold, bins
        self.update_reference(reference_data)
        ### END SOLUTION

    def detect_drift(self, current_data: Values) -> tuple[bool, float]:
        """Whether the batch has drifted, and its score. ValueError: an empty batch."""
        ### BEGIN SOLUTION
        reference, inner = self._reference
        current = np.asarray(current_data, dtype=float)
        missing_bin = bool(np.isnan(reference).any() or np.isnan(current).any())
        r, c = shares(reference, inner, missing_bin), shares(current, inner, missing_bin)
        r, c = r / r.sum(), c / c.sum()
        score = float(np.sum(c * np.log(c / r)))
        return score > self.threshold, score
        ### END SOLUTION

    def update_reference(self, new: Values) -> None:
        """Compare with `new` from now on. ValueError: it cannot be cut into bins; the old reference stays."""
        ### BEGIN SOLUTION
        self._reference = (np.array(new, dtype=float), inner_edges(new, self.bins, "uniform"))
        ### END SOLUTION


# %%
@try_it
def a_pure_shift() -> tuple[bool, float]:
    return DriftDetector([1, 2, 3, 4, 5, 6, 7, 8], bins=4).detect_drift([4, 5, 6, 7, 8, 9, 10, 11])


# %% nbgrader={"grade_id": "detector-checks", "grade": true}
@check(
    expect=approx([True, 0.75 * math.log(1.5) + 0.25 * math.log(0.5)]), points=2, stage="detector"
)
def two_bins_of_four_tickets_are_counted_by_hand():
    """Two on each side of 5 in the reference; three and one today."""
    drift, score = DriftDetector([0, 1, 9, 10], threshold=0.1, bins=2).detect_drift([1, 2, 3, 8])
    return [drift, score]


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=4, stage="detector")
def the_score_is_the_divergence_of_today_from_the_reference(rng):
    """Each logarithm is weighed by today's share. Ten equal widths unless told otherwise."""
    old, new = ([rng.randint(8, 60) for _ in range(10)] for _ in range(2))
    reference = [0.0, *ladder(rng, old), 100.0]
    current = [min(max(v, 7.0), 93.0) for v in ladder(rng, new)]
    ten = DriftDetector(reference).detect_drift(current)[1]
    return [ten, DriftDetector(reference, bins=5).detect_drift(current)[1]]


@check(expect=REFERENCE, points=1, seeds=3, stage="detector")
def a_pure_mean_shift_shows(rng):
    """Today has the reference's shape, moved up or down: the bins must not move with it."""
    reference = [0.0, *ladder(rng, [rng.randint(5, 30) for _ in range(10)]), 100.0]
    shift = rng.uniform(35.0, 80.0)
    moved = [
        [v + shift for v in reference],
        [v - shift for v in reference],
        reference[::-1],
        reference,
    ]
    return [DriftDetector(reference).detect_drift(values)[0] for values in rng.sample(moved, 4)]


@check(expect=REFERENCE, points=1, seeds=3, stage="detector")
def the_detector_bins_values_as_psi_does(rng):
    """On an inner edge counts like a little above it, far outside the reference's range like just inside."""
    rising = [0.0, 8.0] + [
        2 * i + rng.uniform(0.1, 1.9) for i in range(4) for _ in range(10 * i + 10)
    ]
    even, edge = (
        [2 * i + rng.uniform(0.1, 1.9) for i in range(4) for _ in range(20)],
        rng.choice([2.0, 4.0, 6.0]),
    )
    alike = ([edge] * 33, [edge + 0.05] * 33), ([-70.0] * 40 + [90.0] * 5, [0.05] * 40 + [7.95] * 5)
    unlike = (
        ([edge + 0.05] * 33, [0.5 if edge > 4 else 7.5] * 33),
        ([0.05] * 40 + [7.95] * 5, [0.05] * 5 + [7.95] * 40),
    )
    scores = [
        [
            [DriftDetector(rising, bins=4).detect_drift(even + some)[1] for some in pair]
            for pair in pairs
        ]
        for pairs in (alike, unlike)
    ]
    return same(rng, *scores)


@check(expect=REFERENCE, points=2, seeds=3, stage="detector")
def floored_shares_are_rescaled_to_a_sum_of_one(rng):
    """With fifty bins many are empty, on either side. First the floor, then divide by the sum."""
    reference = [0.0, *ladder(rng, [6, 0, 9, 0, 3, 0, 8, 0, 2, 0]), 100.0]
    current = ladder(rng, [0, 7, 5, 0, 0, 4, 3, 9, 0, 1])
    return DriftDetector(reference, bins=50).detect_drift(current)[1]


def shows_what_is_missing(scores):
    """two scores above 0.18, and one of 0.4 ln(0.5) + 0.6 ln(3)"""
    today, reference, both = scores
    return (
        today > 0.18
        and reference > 0.18
        and abs(both - 0.4 * math.log(0.5) - 0.6 * math.log(3)) < 0.005
    )


@check(expect=is_true_of(shows_what_is_missing), points=1, seeds=3, stage="detector")
def the_detector_gives_missing_values_a_bin(rng):
    """A fifth of the rows is missing today; in the reference; then a fifth there and three fifths today."""
    # 80 values
    complete = [0.0, *ladder(rng, rng.sample(range(3, 13), 10)), 99.5, 99.75, 99.9, 100.0]
    fifth, most = (rng.sample(complete + [float("nan")] * n, 80 + n) for n in (20, 120))
    pairs = (complete, fifth), (fifth, complete), (fifth, most)
    return [DriftDetector(reference).detect_drift(today)[1] for reference, today in pairs]


@check(expect=REFERENCE, points=2, seeds=3, stage="detector")
def drift_begins_above_the_threshold(rng):
    """At the threshold it is no drift yet. Without an argument the threshold is 0.1."""
    reference = [0.0, *ladder(rng, [rng.randint(8, 60) for _ in range(10)]), 100.0]
    current = ladder(rng, [rng.randint(8, 60) for _ in range(10)])
    score = DriftDetector(reference).detect_drift(current)[1]
    thresholds = score, math.nextafter(score, 0.0)
    steps = [2.5 + 5.0 * n for n in range(20)]
    even = [0.0, *steps * 50, 100.0]
    # scores of 0.08 and 0.12
    tilted = [steps[:10] * (50 + n) + steps[10:] * (50 - n) for n in (20, 24)]
    return [
        *(
            DriftDetector(reference, threshold=t).detect_drift(current)[0]
            for t in rng.sample(thresholds, 2)
        ),
        *(DriftDetector(even).detect_drift(values)[0] for values in rng.sample(tilted, 2)),
    ]


@check(expect=REFERENCE, points=2, seeds=3, stage="detector")
def an_update_replaces_edges_and_shares(rng):
    """It then answers like a new detector with the same threshold and number of bins, missing values included."""
    rising = [rng.randint(9, 12) * (i + 1) for i in range(10)]
    new = [1000 + 2 * v for v in [0.0, *ladder(rng, rising), 100.0]] + [float("nan")] * 20
    today = [1000 + 2 * v for v in ladder(rng, rng.sample(rising, 10))]
    detector = DriftDetector([0.0, *ladder(rng, rising[::-1]), 100.0], threshold=50.0, bins=5)
    detector.update_reference(new)
    drift, score = detector.detect_drift(today)
    fresh = [
        DriftDetector(new, threshold=50.0, bins=5).detect_drift(some)[1] for some in (today, new)
    ]
    return [drift, same(rng, [(score, fresh[0])], [fresh, (score, fresh[1])])]


@check(expect=REFERENCE, points=1, seeds=2, stage="detector")
def a_failed_update_leaves_the_old_reference(rng):
    """Nothing half-done: after an empty or a constant update the score is what it was."""
    old, new = ([rng.randint(8, 60) for _ in range(10)] for _ in range(2))
    reference, current = [0.0, *ladder(rng, old), 100.0], ladder(rng, new)
    before, other = (
        DriftDetector(reference).detect_drift(some)[1] for some in (current, reference)
    )
    after = []
    for useless in ([], [70.0] * 25):
        detector = DriftDetector(reference)
        how_it_ends(detector.update_reference, useless)
        after.append(detector.detect_drift(current)[1])
    return same(rng, [(score, before) for score in after], [(score, other) for score in after])


@check(
    expect=dict.fromkeys(
        ("empty", "flat", "no bins", "nothing today", "update", "flat update"), "ValueError"
    )
    | {"two values": "no error"},
    stage="detector",
)
def the_detector_refuses_what_it_cannot_compare():
    """When it is built, when it looks, and when it is updated."""
    some = [3.0, 1.0, 2.0, 5.0]
    detector = DriftDetector(some, bins=2)
    return {
        "empty": how_it_ends(DriftDetector, []),
        "flat": how_it_ends(DriftDetector, [4.0] * 20),
        "two values": how_it_ends(DriftDetector, [0, 1, 1, 0, 1]),
        "no bins": how_it_ends(DriftDetector, some, bins=0),
        "nothing today": how_it_ends(detector.detect_drift, []),
        "update": how_it_ends(detector.update_reference, []),
        "flat update": how_it_ends(detector.update_reference, [4.0] * 20),
    }


@check(expect=REFERENCE, points=2, seeds=2, stage="detector")
def only_its_own_update_changes_a_detector(rng):
    """Its own looks do not, nor another tenant's detector, update and missing values. PSI remembers nobody."""
    old, other = (rng.sample(range(12, 52, 4), 10) for _ in range(2))
    reference, current = [0.0, *ladder(rng, old), 100.0], ladder(rng, old[::-1])
    broken = [-3 * v for v in ladder(rng, other)] + [float("nan")] * 40
    alone, unlike = (
        DriftDetector(reference).detect_drift(some)[1] for some in (current, reference)
    )
    acme, globex = DriftDetector(reference), DriftDetector(broken)
    acme.detect_drift(ladder(rng, other))
    globex.detect_drift(broken[10:])
    globex.update_reference([v * 7 for v in broken])
    calculate_psi(broken, broken[30:], strategy="uniform")
    moved = [1024.0 + v for v in reference], [1024.0 + v for v in current]  # the same shares
    pairs = (reference, current), moved, (reference, reference)
    psis = [calculate_psi(*pair, strategy="uniform") for pair in pairs]
    again = acme.detect_drift(current)[1]
    return same(rng, [(again, alone), psis[:2]], [(again, unlike), psis[1:]])


@check(expect=REFERENCE, points=1, seeds=2, stage="detector")
def lists_arrays_and_series_answer_alike(rng):
    """Whole numbers too, None for a missing value, and a series with any index."""
    first, second = [10 * n for n in range(102)], [10 * rng.randint(0, 110) for _ in range(150)]
    gaps = [None if n % 5 == 0 else float(v) for n, v in enumerate(second)]
    index = [rng.randint(0, 40) for _ in second]

    def scores(reference, today):
        return calculate_psi(reference, today), DriftDetector(reference, bins=7).detect_drift(
            today
        )[1]

    whole, holes = scores(first, second), scores(first, gaps)
    others = [
        (scores(np.array(first), np.array(second)), whole),
        (scores(pd.Series(first, index=range(102, 0, -1)), pd.Series(second, index=index)), whole),
        (scores(np.array(first), np.array(gaps, dtype=float)), holes),
        (scores(first, pd.Series(gaps, index=index, dtype=float)), holes),
    ]
    alike = [pair for some, like in others for pair in zip(some, like, strict=True)]
    return same(rng, alike, zip(whole, scores(first, first[:40]), strict=True))


@check(expect=REFERENCE, points=1, seeds=2, stage="detector")
def what_comes_in_stays_as_it_was(rng):
    """No sorting in place, no filling of gaps: the caller goes on using its data."""
    a, b = ([*(rng.uniform(0.0, 9.0) for _ in range(12)), float("nan"), 4.5] for _ in range(2))
    sides = [
        (list(a), list(b)),
        (np.array(a, dtype=float), np.array(b, dtype=float)),
        (pd.Series(a, index=range(13, -1, -1), dtype=float), pd.Series(b, dtype=float)),
    ]
    for one, two in sides:
        calculate_psi(one, two, buckets=3)
        calculate_psi(two, one, buckets=3, strategy="uniform")
        detector = DriftDetector(one, bins=3)
        detector.detect_drift(two)
        detector.update_reference(two)
    (listed, other), (array, second), (series, third) = sides
    plain = [listed, other, array.tolist(), second.tolist(), series.tolist(), third.tolist()]
    return [plain, series.index.tolist(), str(array.dtype), str(series.dtype), tells_apart(a, b, 6)]


@check(expect=["float", "tuple", "bool", "float", True], points=1, stage="detector")
def results_are_plain_python_values():
    """A NumPy bool or float in a result surprises `json.dumps` and `is True`."""

    def kind(value, *plain):
        return next((p.__name__ for p in plain if type(value) is p), f"another type, {type(value)}")

    some, other = np.array([1.0, 2.0, 3.0, 5.0]), np.array([2.0, 5.0, 7.0])
    result = DriftDetector(some, bins=2).detect_drift(other)
    drift, score = result
    pair = "tuple" if isinstance(result, tuple) else "no tuple"
    kinds = [kind(calculate_psi(some, other), float), pair, kind(drift, bool), kind(score, float)]
    return [*kinds, tells_apart(some, other, 2)]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Decide who gets up

A score is not yet an answer. `response(psi, business_impact)` turns it into one of three words:

- up to and including 0.25: `"log"` (above 0.2 somebody reads that log);
- above 0.25: `"alert"`, and with `"high"` impact `"rollback"`.

Impact is `"low"`, `"medium"` or `"high"`; anything else is a `ValueError`, or a typo would lower the alarm.

<details><summary>Hint 1 · where 0.2 went</summary>

Nowhere: 0.2 changes what people do with the log, not what this function returns.

</details>
<details><summary>Hint 2 · order</summary>

Refuse first, decide later. Then two comparisons are enough.

</details>
"""


# %% nbgrader={"grade_id": "response", "solution": true}
def response(psi: float, business_impact: str) -> str:
    """What to do about a score: "log", "alert" or "rollback". ValueError: an unknown impact."""
    ### BEGIN SOLUTION
    if business_impact not in ("low", "medium", "high"):
        raise ValueError(f"business_impact is 'low', 'medium' or 'high', not {business_impact!r}")
    if psi <= 0.25:
        return "log"
    return "rollback" if business_impact == "high" else "alert"
    ### END SOLUTION


# %%
@try_it
def who_gets_up() -> dict[str, str]:
    psi = calculate_psi(trained_on, broken, 4)
    return {impact: response(psi, impact) for impact in ("low", "medium", "high")}


# %% nbgrader={"grade_id": "response-checks", "grade": true}
@check(expect="rollback", points=1, stage="response")
def a_large_shift_with_high_impact_rolls_back():
    """0.31 is above 0.25."""
    return response(0.31, "high")


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=2, seeds=3, stage="response")
def the_score_decides_and_then_the_impact(rng):
    """All three impacts; scores below and above 0.2, exactly 0.25, and above it."""
    low = [0.0, rng.uniform(0.0, 0.19), rng.uniform(0.21, 0.24), 0.25]
    high = [math.nextafter(0.25, 1.0), rng.uniform(0.26, 0.5), rng.uniform(1.0, 16.0)]
    return [response(score, impact) for score in low + high for impact in ("low", "medium", "high")]


@check(expect=REFERENCE, points=1, seeds=2, stage="response")
def an_unknown_impact_is_refused(rng):
    """A typo must not lower the alarm."""
    impacts = rng.sample(["critical", "", "hihg", "low", "medium", "high"], 6)
    return [how_it_ends(response, 0.4, impact) for impact in impacts]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## Same data, other numbers

"PSI above 0.25" sounds like a fact. It is one together with bins, floor and the fate of missing rows. Here is the night
of the renamed column: waiting times up by six minutes, one row in ten missing. Your function scores it beside three
conventions read from other code: bins over both samples pooled, missing rows dropped, values beyond the baseline's
range not counted. Set *missing* to 0 and watch who agrees; then push the mean past 60, where one score falls.
"""

# %%
week = baseline_week()


def scored(mean_shift: float, spread: float, missing: float) -> Scored:
    day = production_day(mean_shift, spread, missing / 100)
    psi, (drift, kl) = calculate_psi(week, day), DriftDetector(week).detect_drift(day)
    scores = {
        "yours, quantiles": psi,
        "yours, equal width": calculate_psi(week, day, strategy="uniform"),
    }
    verdict = (
        f"PSI {psi:.2f}, high impact: {response(psi, 'high')}   ·   KL {kl:.2f}, drift: {drift}"
    )
    return Scored(scores | psi_elsewhere(week, day), verdict)


words = "Left: the feature in training and today; each bin's part in the PSI. Right: five conventions, one PSI each."
mean_shift, spread, missing = (
    slider(-30, 90, 2, 6),
    slider(0.4, 2.5, 0.1, 1),
    slider(0, 60, 1, 10, "missing, %"),
)
explore(
    draw_drift,
    data=scored,
    caption=words,
    size=(10, 5.2),
    mean_shift=mean_shift,
    spread=spread,
    missing=missing,
)

# %% [markdown]
"""## Asked next

The alarm goes live: hourly, ten bins, pooled over all 4,000 tenants, for each of 60 features. Then a tenant that sends
2 % of the rows breaks its integration, and all its values go missing. The pooled PSI rises by 0.11: below 0.2, nobody
looks. "So compute it for each tenant", says the interviewer, "240,000 scores an hour. A typical tenant sends 50 rows."
What do you build, and whom does it wake?
"""

# %% [markdown] nbgrader={"grade_id": "drift-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
Pooling dilutes: 2 % missing against the floor adds 0.02 · ln(200) ≈ 0.11 and hides a tenant that is wholly broken.
Going down to the tenant fixes that and buys noise: without any drift the expected PSI is about
(bins − 1)(1/n + 1/m), so 50 rows in ten bins score 0.2 on average, and more than a quarter of such hours pass 0.25. Of
240,000 scores that is tens of thousands of false alarms an hour, and soon no alarms, because somebody mutes them.

I would take the grain from the number of rows. Large tenants hourly on their own; small ones over a longer window until
some 500 rows are there (expected noise 0.02), with four or five bins, and pooled by segment meanwhile. The share of
missing values gets an alarm of its own for each tenant: it is a plain rate with a known interval and needs few rows.
Alerts are grouped by upstream source, so that one renamed column is one page, not 600.

A score alone wakes nobody. Above 0.25 goes to the owning team in working hours; a page with rollback needs high impact,
or prediction drift or a falling business metric beside it, and an older version that does not read the broken feature.
The price: small tenants are noticed hours later, and I would say so in the runbook.

Rubric, one point each:
1. shows why pooling hides a tenant (shares or the number), and why a small sample scores high without drift;
2. decides on grain and window with a minimum number of rows, fewer bins, or a threshold that depends on n;
3. keeps alarms few: grouping, a cheap null-rate or schema check beside PSI, or a second signal before a page;
4. ties the response to business impact and names what the choice costs.

*Weak* (1): "one PSI for each tenant with enough rows": a grain that helps, but nothing shows why 50 rows score high,
and each score wakes somebody. *Good* (2–3): shows why the pool hides a broken tenant and why a small sample scores
high without drift, and takes the grain from the number of rows. Alarms stay many, or impact and price are not named.
*Strong* (4): on top of that groups alarms, or puts a cheap check of missing values or a second signal before a page.
It ties the page to impact and says what the choice costs, such as hours for small tenants.
### END SOLUTION"""

# %% [markdown]
"""**What you now know** Bins that stand still, a count that loses no row and a floor make PSI a number two teams can
share. A threshold holds only for the convention it was chosen with.

**In practice** Version edges and shares with the model. Watch predictions and business metrics too: inputs can stand
still while the truth moves. A schema check at ingestion would have caught that rename at 02:11.

**Asked next** How interviewers weigh "How do you handle drift?":

- detection, with numbers · 30 %: "Why 0.25?"
<details><summary>An answer</summary>

It is a convention from credit scoring, and with ten bins and enough rows the noise stays far below it. I replay past
weeks: the limit must lie above the quiet days and below the known incidents.

</details>

- automated response · 25 %: "When is retraining wrong?"
<details><summary>An answer</summary>

When the input is broken, as by a change that sends nulls, or when the change will pass, as a campaign of two days
does. The model would learn the fault and be wrong again once it is over.

</details>

- business impact · 25 %: "Who pays for a false rollback?"
<details><summary>An answer</summary>

Users pay with some hours of the older answers, and the team with its trust in the automation, which is dearer. So the
alarm is confirmed twice before anything moves, and impact decides: where missed drift costs much, a false rollback is
cheap beside it.

</details>

- kinds of drift · 20 %: "Labels come a month late. What do you watch?"
<details><summary>An answer</summary>

Inputs and the mix of predictions at once, corrections and complaints within days, and for the truth some sixty random
labels a day. A small change in a small segment stays unseen until the month is over, and I say so.

</details>
"""
