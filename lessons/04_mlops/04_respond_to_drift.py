# %% [markdown]
"""# Respond to drift

You'll build the monitor that stands beside a model: it scores inputs, predictions and, weeks late, the truth, tells
three kinds of drift apart for every tenant, and says log, alert or roll back.

**Time** 60 min · **Level** hard · **Needs** PSI, dictionaries, NumPy arrays

**Skills** measure accuracy while labels come late, out of order or never · confirm before you wake somebody · choose
the response from the kind of drift
"""

# %% nbgrader={"grade_id": "respond-setup", "locked": true}
import bisect
import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from coursekit import REFERENCE, approx, check, explore, scoreboard, slider, try_it
from coursekit.mlops.drift import (
    Episode,
    alarm_days,
    draw_timeline,
    replay,
    story,
    timeline,
    traffic,
    trained,
)

Values = Sequence[float | None] | np.ndarray  # a number for each ticket; None and NaN are missing
Ticket = str  # "t412", unique within a tenant
FLOOR = 1e-4  # the least share of a bin; keeps ln(c / b) finite

# %% [markdown]
"""## The situation

One day a tenant's customers begin to call other things urgent than those your routing model learned. Inputs look
as ever, so do predictions; nobody labels a ticket before nine days are over. When the accuracy tells at last, 530 of
this tenant's tickets have gone to the wrong queue. Another day a new version calls two tickets of three urgent; *that*
shows within a day, without any label.

So a monitor watches three signals, and each asks for another answer:

![Each day's window gives the PSI of every feature and the share of urgent predictions. Labels arrive days later and
give the rolling accuracy. Data, prediction and concept drift are each confirmed by two windows in a row. With the
business impact they decide: log, alert or roll back.](diagrams/04_respond_to_drift.mmd)

- **data**: inputs changed. An older version may not read the broken feature.
- **prediction**: answers changed. The last deploy is the first suspect.
- **concept**: the truth changed. The older version learned the same old world: rolling back cures nothing.
"""

# %% [markdown]
"""The vocabulary is given. A *window* is one day of one tenant."""


# %% nbgrader={"grade_id": "respond-types", "locked": true}
@dataclass(frozen=True)
class Baseline:
    """What a tenant's model was trained and accepted on."""

    features: Mapping[str, Values]
    share: float  # of predictions that are 1
    accuracy: float
    impact: str = "medium"  # on the business if it fails: "low", "medium" or "high"


@dataclass(frozen=True)
class Limits:
    """What is too far, and how much of it is enough."""

    psi: float = 0.25
    watch: float = 0.2  # a PSI above it makes a feature a suspect
    share: float = 0.15  # away from the baseline's
    accuracy: float = 0.1  # below the baseline's
    min_rows: int = 100  # tickets in a window, for a PSI and a share
    patience: int = 2  # windows in a row that confirm a kind
    rolling: int = 300  # labelled tickets in the accuracy, at most
    min_labels: int = 200  # and at least
    label_days: int = 14  # how long a ticket waits for its label


USUAL = Limits()


@dataclass(frozen=True)
class Signals:
    """What one window showed; None where it could not tell."""

    psi: dict[str, float] | None
    share: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Report:
    """What the monitor makes of a window."""

    signals: Signals
    kinds: set[str]  # confirmed: "data", "prediction", "concept"
    response: str  # "log", "alert" or "rollback"
    suspects: list[str] = field(default_factory=list)  # features to look at, the worst first


# %% [markdown]
"""Two days of one tenant: tickets are predicted today, labels arrive for tickets of other days, and not for all.
"""

# %%
for day in traffic(days=7, tickets=3, delay=1, seed=5)[3:5]:
    print(
        day.day,
        dict(day.predictions),
        "labels:",
        dict(day.labels),
        "words:",
        day.features["words"].round(),
    )

# %% [markdown]
"""## 1 · Score every feature

`feature_psi` scores each feature **of the baseline**, PSI = Σ (c − b) · ln(c / b), as in *Detect drift*:

- Edges: `numpy.quantile` of the baseline's present values at `linspace(0, 1, buckets + 1)`, each repeated edge kept
  once; *then* the outer ones become −∞ and +∞. A value on an inner edge belongs to the bin on its right.
- Missing values get one more bin if either side has any. Shares are count / n over all rows, at least 1e-4, and not
  rescaled.
- A feature that the window lacks is wholly missing; one that the baseline lacks is ignored.
- `ValueError`: an empty side, a baseline with fewer than two distinct present values, fewer than one bucket.
- Lists and arrays stay as they were; scores are plain floats.

`FeatureBins` is a suggestion: a monitor scores against one baseline day after day, so cut and count it once.

<details><summary>Hint 1 · counting</summary>

`np.searchsorted(inner, present, side="right")` is each value's bin, where `inner` are the edges without the two outer
ones. `np.bincount(..., minlength=...)` counts them.

</details>
<details><summary>Hint 2 · the missing bin</summary>

Count missing rows on both sides always: a bin that is empty on both adds (c − b) · ln(c / b) = 0.

</details>
<details><summary>Hint 3 · a column that is gone</summary>

A window of `[math.nan]` has the same shares as a day full of them.

</details>
"""


# %% nbgrader={"grade_id": "respond-psi", "solution": true}
class FeatureBins:
    """One feature's baseline, cut and counted once."""

    def __init__(self, baseline: Values, buckets: int = 10) -> None:
        """ValueError: fewer than two distinct values or one bucket."""
        ### BEGIN SOLUTION
        # Why: edges come from training alone and are cut once. If today's values moved them, a
        # drift would move its own ruler. Only the inner ones are kept: without an outer edge there
        # is no value that falls beside every bin.
        values = np.array(baseline, dtype=float)
        present = values[~np.isnan(values)]
        if buckets < 1:
            raise ValueError(f"at least one bucket, not {buckets}")
        if np.unique(present).size < 2:
            raise ValueError("a baseline needs two distinct values")
        self.inner = np.unique(np.quantile(present, np.linspace(0, 1, buckets + 1)))[1:-1]
        self.counts = self.count(values)
        ### END SOLUTION

    def count(self, values: np.ndarray) -> np.ndarray:
        """How many rows lie in each bin, from left to right, the missing ones last."""
        ### BEGIN SOLUTION
        present = values[~np.isnan(values)]
        counts = np.bincount(
            np.searchsorted(self.inner, present, side="right"), minlength=self.inner.size + 1
        )
        return np.append(counts, values.size - present.size)
        ### END SOLUTION

    def psi(self, current: Values) -> float:
        """The population stability index of `current`. ValueError: it is empty."""
        ### BEGIN SOLUTION
        values = np.asarray(current, dtype=float)
        if values.size == 0:
            raise ValueError("there are no values to compare")
        both = np.stack([self.counts, self.count(values)])
        b, c = np.maximum(both / both.sum(axis=1, keepdims=True), FLOOR)
        return float(np.sum((c - b) * np.log(c / b)))
        ### END SOLUTION


def feature_psi(
    baseline: Mapping[str, Values], features: Mapping[str, Values], buckets: int = 10
) -> dict[str, float]:
    """PSI by feature of the baseline."""
    ### BEGIN SOLUTION
    gone = [math.nan]
    return {
        name: FeatureBins(values, buckets).psi(features.get(name, gone))
        for name, values in baseline.items()
    }
    ### END SOLUTION


# %%
@try_it
def a_new_kind_of_customer() -> dict[str, float]:
    return feature_psi(trained()["features"], traffic(3, [Episode("segment", first=2)])[2].features)


# %% nbgrader={"grade_id": "respond-psi-checks", "grade": true}
@check(expect=approx({"wait": 0.375 * math.log(5), "words": 0.0}), points=2)
def every_feature_is_scored_by_itself():
    """Two of eight in each of four bins before; today 1, 1, 1 and 5 for `wait`, and no change for `words`."""
    words = [30, 10, 80, 50, 20, 70, 40, 60]
    baseline = {"wait": [1, 2, 3, 4, 5, 6, 7, 8], "words": words}
    return feature_psi(
        baseline, {"wait": [1, 3, 5, 7, 7, 8, 8, 9], "words": words[::-1]}, buckets=4
    )


### BEGIN HIDDEN TESTS
NAN = float("nan")


def how_it_ends(function, *args, **named):
    try:
        function(*args, **named)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "no error"


@check(expect=REFERENCE, points=1, seeds=2)
def edges_are_quantiles_of_the_baseline(rng):
    """Ten buckets unless told otherwise; today's values move no edge; quantiles that coincide make one."""
    smooth = [rng.triangular(0.0, 100.0, 30.0) for _ in range(230)]
    low, high = [rng.uniform(0, 40) for _ in range(18)], [rng.uniform(60, 100) for _ in range(22)]
    lumpy = rng.sample([*low, *[50.0] * 62, *high], 102)
    baseline = {"smooth": smooth, "lumpy": lumpy}
    inside = sorted(smooth)[1:-1]
    today = {"smooth": inside[::3] + [rng.uniform(40.0, 60.0) for _ in range(40)]}
    today["lumpy"] = lumpy + [rng.uniform(min(low), max(high)) for _ in range(rng.randint(20, 60))]
    return [
        feature_psi(baseline, today),
        feature_psi(baseline, today, buckets=rng.choice([3, 5, 7])),
    ]


@check(expect=REFERENCE, points=1, seeds=2)
def values_outside_the_baseline_land_in_the_end_bins(rng):
    """The outer edges are open: nothing that arrives is left out."""
    far = [-rng.uniform(1, 500)] * rng.randint(9, 15) + [rng.uniform(41, 900)] * rng.randint(2, 6)
    inside = [rng.uniform(0.5, 39.5) for _ in range(30)]
    return feature_psi({"load": [float(n) for n in range(41)]}, {"load": inside + far}, buckets=4)


@check(expect=REFERENCE, points=1, seeds=2)
def a_value_on_an_edge_belongs_to_the_bin_on_its_right(rng):
    """The edges are at 10, 20 and 30."""
    on = [
        edge
        for edge, times in zip((10, 20, 30), rng.sample([3, 6, 25], 3), strict=True)
        for _ in range(times)
    ]
    return feature_psi({"load": list(range(41))}, {"load": [*on, *[5, 15, 25, 35] * 3]}, buckets=4)


@check(expect=REFERENCE, points=1, seeds=2)
def missing_values_have_a_bin_of_their_own(rng):
    """On either side or on both, None or NaN; a share is taken of all rows; edges come from what is there."""
    old, new = ([rng.uniform(0, 50 + 20 * k) for _ in range(40)] for k in range(2))
    few, many = rng.randint(3, 9), rng.randint(20, 40)
    baseline = {
        "none": old,
        "here": old,
        "there": [*old, *[NAN] * few],
        "both": [*old, *[None] * few],
    }
    today = {"none": new, "here": new + [None] * many, "there": new, "both": new + [NAN] * many}
    return feature_psi(
        baseline, {name: rng.sample(v, len(v)) for name, v in today.items()}, buckets=4
    )


@check(expect=REFERENCE, points=1, seeds=2)
def the_baseline_says_which_features_are_scored(rng):
    """What is gone today is wholly missing; what is new today has nothing to be compared with."""
    columns = {
        name: [rng.uniform(0, 9) for _ in range(30)] for name in ("wait", "words", "seats", "plan")
    }
    gone, new = rng.sample(sorted(columns), 2)
    baseline = {name: values for name, values in columns.items() if name != new}
    today = {
        name: [3 + v / 2 for v in values[:15]] for name, values in columns.items() if name != gone
    }
    return feature_psi(baseline, today, buckets=5)


@check(expect=REFERENCE, points=1, seeds=1)
def a_share_is_at_least_one_in_ten_thousand(rng):
    """In an empty bin, and in one with a single row of 12,000, on either side; nothing is rescaled afterwards."""
    even, some = (
        [float(n) for n in range(40)],
        [rng.uniform(0, 9)] * rng.randint(5, 30) + [35.0] * 7,
    )
    rows = 40 * rng.randint(300, 325)
    baseline = {"today": even, "training": [k % 40 for k in range(rows)] + [None], "gaps": even}
    today = {"today": [39.5] * rows + [1.0], "training": [*even, None], "gaps": some}
    return feature_psi(baseline, today, buckets=4)


@check(
    expect=dict.fromkeys(
        ("no baseline", "nothing today", "one value", "all missing", "no bucket"), "ValueError"
    )
    | dict.fromkeys(("one bucket", "two values", "one value today"), "no error"),
    points=1,
)
def psi_refuses_what_it_cannot_compute():
    """An empty side, a baseline of fewer than two distinct values, fewer than one bucket."""
    some = {"load": [3.0, 1.0, 2.0, 5.0]}
    return {
        "no baseline": how_it_ends(feature_psi, {"load": []}, some),
        "nothing today": how_it_ends(feature_psi, some, {"load": np.array([])}),
        "one value": how_it_ends(feature_psi, {"load": [7.0, NAN] * 9}, some),
        "all missing": how_it_ends(feature_psi, {"load": [None] * 9}, some),
        "no bucket": how_it_ends(feature_psi, some, some, buckets=0),
        "one bucket": how_it_ends(feature_psi, some, some, buckets=1),
        "two values": how_it_ends(feature_psi, {"load": [0, 1, 1, 0, 1]}, some),
        "one value today": how_it_ends(feature_psi, some, {"load": [2.5] * 9}),
    }


@check(expect=REFERENCE, points=1, seeds=2)
def lists_and_arrays_answer_alike_and_stay_as_they_were(rng):
    """No sorting in place, no filling of gaps: the caller goes on using its data."""
    old, new = ([*(rng.uniform(low, 9) for _ in range(12)), NAN, 4.5] for low in (0, 6))
    arrays = np.array(old), np.array(new)
    lists = list(old), list(new)
    one, two = (
        feature_psi({"load": a}, {"load": b}, buckets=3)["load"] for a, b in (arrays, lists)
    )
    same = feature_psi({"load": old}, {"load": old}, buckets=3)["load"]
    return [math.isclose(one, two), same < one, *lists, *(side.tolist() for side in arrays)]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Wait for the truth

`RollingAccuracy` remembers predictions and learns labels, days later, in any order, or never.

- `value`: the share of right predictions among the `rolling` newest labelled tickets. *Newest* goes by when they were
  **predicted** (the order of `remember` calls, within one call the mapping's), not by when labels came. `None` while
  fewer than `min_labels` tickets have a label. A ticket without one is neither right nor wrong.
- A ticket waits for `label_days` days: a label counts up to and including day `predicted + label_days`. Any other label
  (unknown ticket, a second one, too late) changes nothing. `learn` returns how many counted.
- `waiting`: how many tickets can still get a label, judged by the newest day of any call. The rest is forgotten.
- Days never fall; an id is predicted once. `ValueError`: `rolling` or `min_labels` below 1, `min_labels` above
  `rolling`, `label_days` below 0.

<details><summary>Hint 1 · two places</summary>

A dictionary of tickets that wait, `{ticket: (day, number, prediction)}`; a list of `(number, right)` for those with a
label, where `number` counts predictions.

</details>
<details><summary>Hint 2 · out of order</summary>

`bisect.insort` keeps that list in order of `number`. Then `del labelled[:-rolling]` keeps the newest.

</details>
<details><summary>Hint 3 · never</summary>

A dictionary keeps the order of insertion and days never fall: tickets that waited too long stand at its beginning.

</details>
"""


# %% nbgrader={"grade_id": "respond-rolling", "solution": true}
class RollingAccuracy:
    """How often the model was right of late, as far as anybody knows."""

    def __init__(self, rolling: int = 300, min_labels: int = 200, label_days: int = 14) -> None:
        """ValueError: settings with which there would never be a value."""
        ### BEGIN SOLUTION
        # Why: each ticket gets a number when it is predicted, so labels may come in any order and
        # the newest are still the newest. A label takes its ticket out of those that wait: a second
        # one then finds nothing, like one for a stranger. Days never fall, so what has waited too
        # long stands at the beginning, and forgetting is cheap.
        if not 1 <= min_labels <= rolling or label_days < 0:
            raise ValueError("it takes 1 <= min_labels <= rolling, and label_days of at least 0")
        self.rolling, self.min_labels, self.label_days = rolling, min_labels, label_days
        # (day, number, prediction), the oldest first
        self._waiting: dict[Ticket, tuple[int, int, int]] = {}
        self._labelled: list[tuple[int, bool]] = []  # (number, right), by number
        self._numbers = itertools.count()
        ### END SOLUTION

    def remember(self, day: int, predictions: Mapping[Ticket, int]) -> None:
        """These tickets were predicted on `day` and wait for their labels."""
        ### BEGIN SOLUTION
        self._forget(day)
        for ticket, prediction in predictions.items():
            self._waiting[ticket] = (day, next(self._numbers), prediction)
        ### END SOLUTION

    def learn(self, day: int, labels: Mapping[Ticket, int]) -> int:
        """These labels arrived on `day`: how many of them counted."""
        ### BEGIN SOLUTION
        self._forget(day)
        counted = [ticket for ticket in labels if ticket in self._waiting]
        for ticket in counted:
            _, number, prediction = self._waiting.pop(ticket)
            bisect.insort(self._labelled, (number, prediction == labels[ticket]))
        del self._labelled[: -self.rolling]
        return len(counted)
        ### END SOLUTION

    @property
    def value(self) -> float | None:
        """The share of right predictions among the newest labelled tickets; None while they are too few."""
        ### BEGIN SOLUTION
        if len(self._labelled) < self.min_labels:
            return None
        return sum(right for _, right in self._labelled) / len(self._labelled)
        ### END SOLUTION

    @property
    def waiting(self) -> int:
        """How many tickets can still get a label."""
        ### BEGIN SOLUTION
        return len(self._waiting)
        ### END SOLUTION

    def _forget(self, day: int) -> None:
        """Drop the tickets that can no longer get a label on `day`."""
        ### BEGIN SOLUTION
        old = itertools.takewhile(
            lambda ticket: self._waiting[ticket][0] + self.label_days < day, self._waiting
        )
        for ticket in list(old):
            del self._waiting[ticket]
        ### END SOLUTION


# %%
@try_it
def a_label_that_came_late() -> list[float | None]:
    accuracy = RollingAccuracy(rolling=2, min_labels=1)
    accuracy.remember(0, {"old": 1, "older than new": 0, "new": 1})
    seen = [accuracy.value]
    for day, labels in enumerate([{"new": 1}, {"older than new": 1}, {"old": 0}], 1):
        accuracy.learn(day, labels)
        seen.append(accuracy.value)
    return seen  # the last label is of a ticket that two newer ones have displaced


# %% nbgrader={"grade_id": "respond-rolling-checks", "grade": true}
@check(expect=[None, 0.5, 1], points=2)
def a_label_belongs_to_its_ticket_whenever_it_comes():
    """One label is too few here; then one was right and one wrong, and `b` still waits."""
    accuracy = RollingAccuracy(rolling=4, min_labels=2)
    accuracy.remember(0, {"a": 1, "b": 0, "c": 1})
    accuracy.learn(1, {"c": 1})
    before = accuracy.value
    accuracy.learn(5, {"a": 0})
    return [before, accuracy.value, accuracy.waiting]


### BEGIN HIDDEN TESTS
def some_tickets(rng, prefix, n):
    return {f"{prefix}-{k}": rng.randint(0, 1) for k in rng.sample(range(100), n)}


def truth_of(rng, predictions, right=0.7):
    return {
        ticket: said if rng.random() < right else 1 - said for ticket, said in predictions.items()
    }


@check(expect=REFERENCE, points=2, seeds=3)
def the_newest_by_prediction_count_whenever_their_labels_come(rng):
    """In order of arrival an old ticket's late label would push out a newer ticket."""
    accuracy, late = RollingAccuracy(rolling=9, min_labels=1, label_days=99), {}
    seen = []
    for day in range(14):
        predictions = some_tickets(rng, f"d{day}", rng.randint(2, 5))
        accuracy.remember(day, predictions)
        late |= truth_of(rng, predictions, right=0.2 if day % 4 else 0.9)
        come = rng.sample(
            sorted(late), rng.randint(2, min(7, len(late))) if len(late) > 2 else len(late)
        )
        accuracy.learn(day, {ticket: late.pop(ticket) for ticket in come})
        seen.append(accuracy.value)
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def a_ticket_without_a_label_is_neither_right_nor_wrong(rng):
    """Most labels never come. The newest *labelled* tickets count, however many others were predicted since."""
    accuracy, seen = RollingAccuracy(rolling=12, min_labels=1, label_days=99), []
    for day in range(4):
        predictions = some_tickets(rng, f"d{day}", 10)
        accuracy.remember(day, predictions)
        labels = truth_of(rng, predictions, right=1 - day % 2)
        accuracy.learn(day, dict(list(labels.items())[:3]))
        seen.append(accuracy.value)
    return [list(predictions), seen]


@check(expect=REFERENCE, points=1, seeds=2)
def too_few_labels_make_no_value(rng):
    """`min_labels` of them make one. Unless told otherwise 200 do, of at most 300."""
    few, seen = rng.randint(3, 6), []
    accuracy = RollingAccuracy(rolling=few + 2, min_labels=few)
    predictions = some_tickets(rng, "t", few + 2)
    accuracy.remember(3, predictions)
    for ticket, label in truth_of(rng, predictions, 0.8).items():
        accuracy.learn(4, {ticket: label})
        seen.append(accuracy.value)
    usual, shift = RollingAccuracy(), rng.randint(0, 6)  # the same with 200 of 300 and 14 days
    usual.remember(0, dict.fromkeys(range(301), 1))
    for first, last in ((0, 199), (199, 200), (200, 300), (300, 301)):
        usual.learn(14, {ticket: int((ticket + shift) % 7 > 0) for ticket in range(first, last)})
        seen.append(usual.value)
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def a_label_counts_up_to_label_days_after_its_prediction(rng):
    """On the last day it does; on the day after it changes nothing. Unless told otherwise there are 14."""
    life, start = rng.randint(1, 9), rng.randint(0, 40)
    accuracy, seen = RollingAccuracy(rolling=50, min_labels=1, label_days=life), []
    first, second = some_tickets(rng, "first", 6), some_tickets(rng, "second", 5)
    accuracy.remember(start, first)
    accuracy.remember(start + 1, second)
    labels = truth_of(rng, {**first, **second}, 0.5)
    half = [*list(first)[:3], *list(second)[:2]]
    for day, come in (
        (start + life, list(first)[:2]),
        (start + life + 1, half),
        (start + life + 2, [*first, *second]),
    ):
        seen.append(
            [accuracy.learn(day, {ticket: labels[ticket] for ticket in come}), accuracy.value]
        )
    for last_day, other in ((start, {"label_days": 0}), (start + 14, {})):
        accuracy = RollingAccuracy(**other)
        accuracy.remember(start, first)
        seen += [
            accuracy.learn(day, {ticket: 1})
            for day, ticket in zip((last_day, last_day + 1), first, strict=False)
        ]
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def what_can_no_longer_be_labelled_is_forgotten(rng):
    """Each call tells the day. Labelled tickets wait no more, the others for `label_days`."""
    life = rng.randint(2, 5)
    accuracy, seen = RollingAccuracy(rolling=5, min_labels=1, label_days=life), []
    for day in range(2 * life):
        predictions = some_tickets(rng, f"d{day}", rng.randint(3, 9))
        accuracy.remember(day, predictions)
        seen.append(accuracy.waiting)
        accuracy.learn(day, dict(list(predictions.items())[:2]))
        seen.append(accuracy.waiting)
    for day in (2 * life, 3 * life - 1, 3 * life):
        accuracy.learn(day, {})
        seen.append(accuracy.waiting)
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def a_label_for_a_ticket_that_does_not_wait_changes_nothing(rng):
    """It is unknown, not predicted yet, or has a label: the first one stands."""
    accuracy, predictions = RollingAccuracy(rolling=20, min_labels=1), some_tickets(rng, "t", 8)
    right = {
        ticket: said if n > 2 else 1 - said for n, (ticket, said) in enumerate(predictions.items())
    }
    some = dict(list(right.items())[:5])
    opposite = {ticket: 1 - label for ticket, label in some.items()}
    seen = [accuracy.learn(0, some), accuracy.value]
    accuracy.remember(0, predictions)
    for labels in (some, opposite, {"nobody": 1, **opposite}, right, opposite):
        seen += [accuracy.learn(1, labels), accuracy.value, accuracy.waiting]
    return seen


@check(
    expect=dict.fromkeys(("no room", "no labels", "more labels than room", "no days"), "ValueError")
    | {"as many labels as room": "no error", "same day": "no error"},
    points=1,
)
def settings_without_a_value_are_refused():
    """`rolling` and `min_labels` of at least 1, `min_labels` not above `rolling`, `label_days` of at least 0."""
    return {
        "no room": how_it_ends(RollingAccuracy, rolling=0, min_labels=0),
        "no labels": how_it_ends(RollingAccuracy, rolling=5, min_labels=0),
        "more labels than room": how_it_ends(RollingAccuracy, rolling=5, min_labels=6),
        "no days": how_it_ends(RollingAccuracy, label_days=-1),
        "as many labels as room": how_it_ends(RollingAccuracy, rolling=1, min_labels=1),
        "same day": how_it_ends(RollingAccuracy, label_days=0),
    }


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Tell the kinds apart, then decide

`find_kinds(signals, baseline, limits)` is a set of words:

- `"data"`: some feature's PSI is above `limits.psi`;
- `"prediction"`: the share is more than `limits.share` away from the baseline's, up or down;
- `"concept"`: the accuracy is more than `limits.accuracy` **below** the baseline's.

Exactly at a limit is no drift; a signal that is `None` shows nothing. `respond(kinds, impact)`:

| kinds | low impact | medium | high |
|---|---|---|---|
| none | log | log | log |
| concept alone | alert | alert | alert |
| data or prediction, alone | alert | alert | rollback |
| two or three | alert | rollback | rollback |

Any other impact is a `ValueError`, whatever the kinds: a typo must not lower the alarm.

<details><summary>Hint 1 · why the second row</summary>

Whoever wakes up retrains. An older version learned the same old world.

</details>
<details><summary>Hint 2 · the table in two questions</summary>

Could an older version help at all (data or prediction among the kinds)? Is it bad enough: high impact, or medium and a
second kind beside it?

</details>
"""


# %% nbgrader={"grade_id": "respond-policy", "solution": true}
def find_kinds(signals: Signals, baseline: Baseline, limits: Limits = USUAL) -> set[str]:
    """Which of "data", "prediction" and "concept" these signals show."""
    ### BEGIN SOLUTION
    kinds = set()
    if signals.psi is not None and any(score > limits.psi for score in signals.psi.values()):
        kinds.add("data")
    if signals.share is not None and abs(signals.share - baseline.share) > limits.share:
        kinds.add("prediction")
    if signals.accuracy is not None and baseline.accuracy - signals.accuracy > limits.accuracy:
        kinds.add("concept")
    return kinds
    ### END SOLUTION


def respond(kinds: Collection[str], impact: str) -> str:
    """What to do: "log", "alert" or "rollback". ValueError: an unknown impact."""
    ### BEGIN SOLUTION
    # Why: two questions instead of twelve cells. An older version can help against inputs it does
    # not read and against a bad deploy, never against a changed world; and taking a version back is
    # worth it if much is at stake, or if a second kind says that it is no false alarm.
    if impact not in ("low", "medium", "high"):
        raise ValueError(f"impact is 'low', 'medium' or 'high', not {impact!r}")
    may_help = "data" in kinds or "prediction" in kinds
    if may_help and (impact == "high" or (impact == "medium" and len(kinds) > 1)):
        return "rollback"
    return "alert" if kinds else "log"
    ### END SOLUTION


# %%
@try_it
def a_version_that_calls_everything_urgent() -> str:
    kinds = find_kinds(Signals({"words": 0.04}, 0.8, None), Baseline({}, share=0.3, accuracy=0.92))
    return f"{sorted(kinds)}: {respond(kinds, 'high')}"


# %% nbgrader={"grade_id": "respond-policy-checks", "grade": true}
@check(expect=[["concept", "data"], "rollback"], points=1)
def each_signal_has_a_kind_of_its_own():
    """PSI 0.31 is too high, a share of 0.3 is as ever, an accuracy of 0.7 is too low: two kinds."""
    kinds = find_kinds(Signals({"wait": 0.31}, 0.3, 0.7), Baseline({}, share=0.3, accuracy=0.92))
    return [sorted(kinds), respond(kinds, "medium")]


### BEGIN HIDDEN TESTS
def kinds_of(baseline, limits, psi=None, share=None, accuracy=None):
    return sorted(find_kinds(Signals(psi, share, accuracy), baseline, limits))


@check(expect=REFERENCE, points=2, seeds=3)
def drift_begins_beyond_the_limit(rng):
    """At the limit there is none. Shares count up and down, accuracies down only; limits are Limits, not constants."""
    psi, share, drop = rng.randint(5, 40) / 64, rng.randint(4, 15) / 64, rng.randint(3, 20) / 64
    limits, usual = Limits(psi=psi, share=share, accuracy=drop), rng.randint(20, 40) / 64
    baseline, step = Baseline({}, share=usual, accuracy=40 / 64), 1 / 1024
    cases = [{"psi": {"wait": psi + d}} for d in (-step, 0, step)]
    cases += [{"share": usual + sign * (share + d)} for d in (-step, 0, step) for sign in (-1, 1)]
    cases += [{"accuracy": 40 / 64 - drop - d} for d in (-step, 0, step)] + [{"accuracy": 1.0}]
    rng.shuffle(cases)
    worst = Signals({"wait": 0.2501}, usual - 0.1515, 40 / 64 - 0.1015)
    return [
        *([case, kinds_of(baseline, limits, **case)] for case in cases),
        sorted(find_kinds(worst, baseline)),
    ]


@check(expect=REFERENCE, points=1, seeds=2)
def one_feature_is_enough(rng):
    """Not the mean of all, nor the first or last."""
    names = [f"f{n}" for n in range(9)]
    quiet = {name: rng.uniform(0.0, 0.2) for name in names}
    loud = [{**quiet, name: rng.uniform(0.26, 0.4)} for name in rng.sample(names, 4)]
    return [
        [psi, kinds_of(Baseline({}, 0.5, 0.9), Limits(), psi=psi)]
        for psi in rng.sample([quiet, *loud], 5)
    ]


@check(expect=REFERENCE, points=1, seeds=2)
def a_signal_that_is_none_shows_nothing(rng):
    """And hides nothing that the others show. A share or an accuracy of 0 is a signal."""
    baseline, seen = Baseline({}, share=0.5, accuracy=0.9), []
    for psi in (None, {"wait": rng.uniform(0.3, 3)}):
        for share in (None, rng.uniform(0.7, 1), 0.0):
            for accuracy in (None, rng.uniform(0, 0.7), 0.0):
                seen.append(kinds_of(baseline, Limits(), psi, share, accuracy))
    return seen


@check(expect=REFERENCE, points=2, seeds=2)
def kinds_and_impact_choose_the_response(rng):
    """All the table."""
    kinds = [
        set(some)
        for n in range(4)
        for some in itertools.combinations(("data", "prediction", "concept"), n)
    ]
    cases = [(some, impact) for some in kinds for impact in ("low", "medium", "high")]
    return [
        [sorted(some), impact, respond(some, impact)]
        for some, impact in rng.sample(cases, len(cases))
    ]


@check(expect=REFERENCE, points=1, seeds=2)
def an_unknown_impact_is_refused(rng):
    """Also when there is nothing to respond to."""
    impacts = rng.sample(["critical", "", "hihg", "High", "low", "medium", "high"], 7)
    return [
        how_it_ends(respond, kinds, impact)
        for impact in impacts
        for kinds in ({"data"}, {"concept"}, set())
    ]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Stand watch

`DriftMonitor` joins the three. `observe` remembers a window's tickets and reports on it:

- `signals`: PSI by feature (ten buckets) and share, both `None` in a window of fewer than `min_rows` tickets, which may
  be empty; and the tenant's rolling accuracy. Tickets of thin windows count for it like any other.
- `kinds`, confirmed: each of the tenant's last `patience` windows **with that signal** showed the kind. Each kind has a
  row of its own. A window whose signal is `None` is passed over: it neither adds to the row nor ends it.
- `response` to the confirmed kinds at the tenant's impact. `suspects`: features whose PSI in this window is above
  `limits.watch`, highest first.
- `ValueError`: an unknown tenant; a baseline feature with another number of values than there are predictions. Then
  nothing has changed. A feature that is gone is wholly missing; one that the baseline lacks is ignored.
- Tenants share nothing: no ticket (they use the same ids), label, row or day. The baseline never moves.

<details><summary>Hint 1 · what to keep</summary>

For each tenant: its baseline's bins, a `RollingAccuracy`, and three whole numbers, one row for each kind.

</details>
<details><summary>Hint 2 · a row</summary>

Signal `None`: leave it. Kind shown: add 1. Else: back to 0. Confirmed is `>= patience`.

</details>
<details><summary>Hint 3 · nothing half-done</summary>

Look up the tenant and compare lengths before you remember a single ticket.

</details>
"""


# %% nbgrader={"grade_id": "respond-monitor", "solution": true}
class DriftMonitor:
    """Watches every tenant's windows and labels, and says what to do."""

    def __init__(self, baselines: Mapping[str, Baseline], limits: Limits = USUAL) -> None:
        """One baseline for each tenant."""
        ### BEGIN SOLUTION
        # Why: everything is kept by tenant, and three numbers are all that confirming needs. A
        # window without a signal is no evidence for either side: if it ended a row, every thin
        # weekend would hide a drift; if it counted, three tickets would wake somebody.
        self.limits, self._baselines = limits, dict(baselines)
        self._bins = {
            tenant: {name: FeatureBins(values) for name, values in baseline.features.items()}
            for tenant, baseline in baselines.items()
        }
        self._accuracy = {
            tenant: RollingAccuracy(limits.rolling, limits.min_labels, limits.label_days)
            for tenant in baselines
        }
        self._rows = {tenant: {"data": 0, "prediction": 0, "concept": 0} for tenant in baselines}
        ### END SOLUTION

    def observe(
        self,
        tenant: str,
        day: int,
        features: Mapping[str, Values],
        predictions: Mapping[Ticket, int],
    ) -> Report:
        """What one window shows and asks for. ValueError: an unknown tenant, or columns of different lengths."""
        ### BEGIN SOLUTION
        self._known(tenant)
        bins, rows, baseline = self._bins[tenant], self._rows[tenant], self._baselines[tenant]
        for name in bins:
            if name in features and len(features[name]) != len(predictions):
                raise ValueError(
                    f"{name} has {len(features[name])} values for {len(predictions)} tickets"
                )
        self._accuracy[tenant].remember(day, predictions)
        psi, share = None, None
        if len(predictions) >= self.limits.min_rows:
            psi = {name: one.psi(features.get(name, [math.nan])) for name, one in bins.items()}
            share = sum(predictions.values()) / len(predictions)
        signals = Signals(psi, share, self._accuracy[tenant].value)
        shown = find_kinds(signals, baseline, self.limits)
        for kind, signal in (("data", psi), ("prediction", share), ("concept", signals.accuracy)):
            if signal is not None:
                rows[kind] = rows[kind] + 1 if kind in shown else 0
        kinds = {kind for kind, row in rows.items() if row >= self.limits.patience}
        scores = psi or {}
        suspects = sorted(
            (n for n in scores if scores[n] > self.limits.watch),
            key=scores.__getitem__,
            reverse=True,
        )
        return Report(signals, kinds, respond(kinds, baseline.impact), suspects)
        ### END SOLUTION

    def learn(self, tenant: str, day: int, labels: Mapping[Ticket, int]) -> int:
        """Labels of a tenant arrived on `day`: how many counted. ValueError: an unknown tenant."""
        ### BEGIN SOLUTION
        self._known(tenant)
        return self._accuracy[tenant].learn(day, labels)
        ### END SOLUTION

    def waiting(self, tenant: str) -> int:
        """How many of a tenant's tickets can still get a label. ValueError: an unknown tenant."""
        ### BEGIN SOLUTION
        self._known(tenant)
        return self._accuracy[tenant].waiting
        ### END SOLUTION

    def _known(self, tenant: str) -> None:
        """ValueError: an unknown tenant."""
        ### BEGIN SOLUTION
        if tenant not in self._baselines:
            raise ValueError(f"nobody knows a tenant {tenant!r}")
        ### END SOLUTION


# %%
@try_it
def a_column_goes_missing() -> list[str]:
    monitor = DriftMonitor({"acme": Baseline(**trained(), impact="medium")})
    days = traffic(days=8, episodes=[Episode("column", first=3)])
    return [
        f"{n}: {r.response} {sorted(r.kinds)}"
        for n, r in enumerate(replay(monitor, {"acme": days})["acme"])
    ]


# %% nbgrader={"grade_id": "respond-monitor-checks", "grade": true}
LOAD = [float(n) for n in range(40)]  # the baseline of a feature


def one_window(monitor, tenant, day, moved=False, ones=10, n=40):
    """A window of `n` tickets, all values in the upper half if `moved`, `ones` of them predicted 1."""
    values = [20.0 + k % 20 if moved else float(k % 40) for k in range(n)]
    return monitor.observe(
        tenant, day, {"load": values}, {f"{day}-{k}": int(k < ones) for k in range(n)}
    )


@check(expect=[["log", []], ["alert", ["data"]], ["log", []]], points=2)
def the_second_window_in_a_row_confirms():
    """One window may be chance. The third is as ever again."""
    monitor = DriftMonitor(
        {"acme": Baseline({"load": LOAD}, share=0.25, accuracy=0.9)}, Limits(min_rows=20)
    )
    reports = [one_window(monitor, "acme", day, moved=day < 2) for day in range(3)]
    return [[report.response, sorted(report.kinds)] for report in reports]


### BEGIN HIDDEN TESTS
TIGHT = {"min_rows": 16, "rolling": 8, "min_labels": 4}


def a_monitor(impacts=None, **limits):
    impacts = impacts or {"acme": "medium"}
    baselines = {
        name: Baseline({"load": LOAD}, 0.25, 1.0, impact) for name, impact in impacts.items()
    }
    return DriftMonitor(baselines, Limits(**{**TIGHT, **limits}))


def seen_in(report):
    signals = report.signals
    return [
        signals.psi,
        signals.share,
        signals.accuracy,
        sorted(report.kinds),
        report.response,
        report.suspects,
    ]


def alike(rng, equal, unequal):
    # for each two whether they are equal; in random order, so that no constant is an answer
    mixed = [*equal, *unequal]
    rng.shuffle(mixed)
    return [one == other for one, other in mixed]


@check(expect=REFERENCE, points=1, seeds=1)
def a_report_tells_its_windows_signals(rng):
    """PSI as `feature_psi` scores this window in ten buckets, the share of ones, the accuracy as far as labels came."""
    columns = {name: [rng.gauss(9, 2) for _ in range(60)] for name in ("wait", "words", "seats")}
    monitor, seen = (
        DriftMonitor({"acme": Baseline(columns, share=0.5, accuracy=0.9)}, Limits(**TIGHT)),
        [],
    )
    for day in range(3):
        n = rng.randint(17, 30)
        features = {name: [rng.gauss(9, 2) for _ in range(n)] for name in ("wait", "seats")}
        predictions = some_tickets(rng, f"d{day}", n)
        signals = monitor.observe("acme", day, features, predictions).signals
        own, names = feature_psi(columns, features), signals.psi.keys()
        close = names == own.keys() and all(
            math.isclose(signals.psi[name], own[name], abs_tol=1e-9) for name in names
        )
        labels = {
            ticket: 1 - said if k else said
            for k, (ticket, said) in enumerate(list(predictions.items())[:4])
        }
        seen.append([close, signals.share, signals.accuracy, monitor.learn("acme", day, labels)])
    return seen


@check(expect=REFERENCE, points=2, seeds=3)
def each_kind_is_confirmed_by_a_row_of_its_own(rng):
    """`patience` windows in a row that show this kind, whatever the others show; one without it ends the row."""
    patience, seen = rng.choice([2, 3]), []
    monitor = a_monitor(patience=patience)
    for day in range(14):
        drifts = day and rng.random() < 0.65, day and rng.random() < 0.65
        report = one_window(monitor, "acme", day, moved=drifts[0], ones=25 if drifts[1] else 10)
        seen.append(sorted(report.kinds))
        right = day not in range(4, 9)
        monitor.learn(
            "acme",
            day,
            {f"{day}-{k}": int(k < 10) if right else int(k >= 10) for k in (1, 8, 30, 39)},
        )
    return [patience, seen]


@check(expect=REFERENCE, points=2, seeds=2)
def a_window_without_the_signal_is_passed_over(rng):
    """Too few tickets, or none at all: such a window neither adds to a row nor ends it."""
    least, seen = rng.randint(12, 20), []
    monitor = a_monitor(min_rows=least, patience=3)
    sizes = [40, 0, least - 1, 40, 3, least, 1, 0, least - 1, 40, 40, 5]
    calm = {rng.choice([1, 2]), 9, 11}
    for day, n in enumerate(sizes):
        report = one_window(
            monitor, "acme", day, moved=day not in calm, ones=n if day % 2 else 0, n=n
        )
        seen.append(
            [n, report.signals.psi is None, report.signals.share is None, sorted(report.kinds)]
        )
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def tickets_of_a_thin_window_count_for_the_accuracy(rng):
    """Too few for a share is not too few for a label."""
    monitor, seen = a_monitor(patience=1), []
    for day in range(5):
        n = 3 if day < 2 else rng.randint(3, 15)
        report = one_window(monitor, "acme", day, ones=n // 2, n=n)
        seen.append([report.signals.accuracy is None, monitor.waiting("acme")])
        seen.append(
            monitor.learn("acme", day, {f"{day}-{k}": int(k < n // 2) for k in range(n - 1)})
        )
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def the_limits_given_are_the_limits_used(rng):
    """Those of the kinds and those of the labels; the defaults are far from these."""
    seen = []
    for psi, share, drop in rng.sample([(9.0, 0.125, 0.75), (1.0, 0.5, 0.05)], 2):
        few, life = rng.choice([2, 4, 6]), rng.randint(1, 3)
        labels = {"rolling": few + 1, "min_labels": few, "label_days": life}
        monitor = a_monitor(psi=psi, share=share, accuracy=drop, **labels)
        for day in range(6):
            report = one_window(monitor, "acme", day, moved=True, ones=24)
            seen.append([sorted(report.kinds), report.signals.accuracy, monitor.waiting("acme")])
            monitor.learn("acme", day, {f"{day}-0": 1, f"{day}-1": 0})
        seen.append(monitor.learn("acme", 5, {f"{5 - life}-9": 1, f"{4 - life}-9": 1}))
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def suspects_are_the_features_to_look_at_the_worst_first(rng):
    """Above `watch`, in this window, confirmed or not."""
    names = rng.sample(["wait", "words", "seats", "plan", "age"], 5)
    baseline, seen, watch = Baseline(dict.fromkeys(names, LOAD), 0.25, 0.9), [], [0.85]
    predictions = {f"t{k}": int(k < 10) for k in range(40)}
    # of 40 values, in the upper half
    orders = (24, 29, 20, 40, 33), (29, 24, 33, 20, 40), (33, 20, 29, 24, 40)
    high = dict(zip(names, rng.choice(orders), strict=True))
    features = {name: [30.5] * (n - 20) + LOAD[n - 20 :] for name, n in high.items()}
    for _ in range(2):
        monitor = DriftMonitor({"acme": baseline}, Limits(min_rows=10, watch=watch[-1]))
        report = monitor.observe("acme", 0, features, predictions)
        thin = monitor.observe("acme", 1, {}, dict.fromkeys("abc", 1))
        seen += [report.suspects, thin.suspects]
        # exactly at it the last one is no suspect
        watch.append(report.signals.psi[report.suspects[-1]])
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def a_refused_call_leaves_nothing_behind(rng):
    """An unknown tenant, or a column of another length: no ticket, no row and no day has moved."""
    ends, seen, plan = (
        [],
        [],
        [(False, 10)] + [(rng.random() < 0.6, rng.choice([10, 30])) for _ in range(4)],
    )
    for refusals in (True, False):
        monitor, told = a_monitor(label_days=3, patience=2), []
        for day, (moved, ones) in enumerate(plan):
            if refusals:
                long = {"load": [33.0] * rng.choice([0, 39, 41])}
                calls = [
                    (monitor.observe, "acme", day + 9, long, {f"{day}-{k}": 1 for k in range(40)}),
                    (one_window, monitor, "acm", day), (monitor.learn, "nobody", day + 9, {"0-1": 1}),
                    (monitor.waiting, "nobody"), (monitor.waiting, "acme"),
                ]  # fmt: skip
                ends += [how_it_ends(*call) for call in calls]
            told += [
                seen_in(one_window(monitor, "acme", day, moved=moved, ones=ones)),
                monitor.waiting("acme"),
            ]
            told.append(monitor.learn("acme", day, {f"{day}-{k}": int(k < 10) for k in range(3)}))
        seen.append(told)
    late = seen[0][-3:], seen[0][:3]
    return [ends, alike(rng, [seen], [late])]


@check(expect=REFERENCE, points=2, seeds=1)
def tenants_share_nothing(rng):
    """Beside neighbours with the same ids, other windows, labels and days a tenant is told what it is told alone."""
    names = rng.sample(["acme", "globex", "initech"], 3)
    days = [(number, name, day) for day in range(4) for number, name in enumerate(names)]

    def reports_of(some):
        impacts = {
            name: ("low", "high", "medium")[number]
            for number, name in enumerate(names)
            if name in some
        }
        monitor, told = a_monitor(impacts, label_days=4), {name: [] for name in some}
        for number, name, day in days:
            if name in some:
                when = day + 20 * number
                labels = {f"{when - 1}-{k}": int(k < 10 or number > 1) for k in range(16)}
                told[name].append(monitor.learn(name, when, labels))
                report = one_window(
                    monitor, name, when, moved=number == 1 and day > 0, ones=[10, 10, 30][number]
                )
                told[name] += [*seen_in(report), monitor.waiting(name)]
        return told

    together = reports_of(names)
    alone = {name: reports_of([name])[name] for name in rng.sample(names, 3)}
    pairs = [(together[name], alone[name]) for name in names]
    return alike(rng, pairs, [(together[names[0]], together[name]) for name in names[1:]])


@check(expect=REFERENCE, points=1, seeds=1)
def results_are_plain_python_values(rng):
    """A NumPy bool or float in a report surprises `json.dumps` and `is True`."""
    monitor = DriftMonitor(
        {"acme": Baseline({"load": np.array(LOAD)}, 0.25, 0.9)}, Limits(**TIGHT, patience=1)
    )
    predictions = some_tickets(rng, "t", rng.randint(20, 60))
    monitor.observe("acme", 0, {"load": np.arange(float(len(predictions)))}, predictions)
    learned = monitor.learn("acme", 1, truth_of(rng, predictions))
    report = monitor.observe("acme", 1, {"load": np.arange(30.0, 54.0)}, some_tickets(rng, "u", 24))
    signals = report.signals
    monitor.learn("acme", 2, dict.fromkeys([f"u-{k}" for k in rng.sample(range(100), 50)], 1))
    plain = (signals.psi["load"], signals.share, signals.accuracy, learned, monitor.waiting("acme"))
    kinds = [type(value).__name__ for value in plain]
    kinds += [
        type(some).__name__
        for some in (report.kinds, report.response, report.suspects, signals.psi)
    ]
    return [kinds, learned, monitor.waiting("acme")]


# replays: weeks that nobody wrote by hand. What counts is who was woken, when, and for what.
def weeks(rng, *episodes, delay=3, days=17):
    return traffic(days=days, episodes=episodes, delay=delay, seed=rng.randrange(10**9))


def watched(rng, impact, days):
    baseline = Baseline(**trained(rng.randrange(10**9)), impact=impact)
    return replay(DriftMonitor({"acme": baseline}), {"acme": days})["acme"]


def in_time(reports, first, last):
    """Whether the first alarm is raised on a day from `first` to `last`."""
    days = alarm_days(reports)
    if not days:
        return "never"
    return "too early" if days[0] < first else "too late" if days[0] > last else "in time"


def kinds_in(reports):
    return sorted(set().union(*(report.kinds for report in reports)))


def worst(reports):
    return max((report.response for report in reports), key=["log", "alert", "rollback"].index)


@check(expect=REFERENCE, points=2, seeds=1)
def nobody_is_woken_before_something_happens(rng):
    """Thin weekends, a campaign of one day, labels late, out of order or never: no alarm. Then a column is lost."""
    campaign, start = rng.randint(7, 10), rng.randint(15, 16)
    episodes = Episode("campaign", campaign, campaign), Episode("column", start)
    reports = watched(rng, "high", weeks(rng, *episodes, delay=rng.randint(1, 5), days=19))
    return [
        campaign,
        start,
        [day for day in alarm_days(reports) if day < start],
        in_time(reports, start, start + 5),
    ]


@check(expect=REFERENCE, points=2, seeds=1)
def broken_inputs_are_noticed_within_five_days(rng):
    """A column is lost, or another kind of customer arrives. Who is woken depends on the impact."""
    seen = []
    for kind, impact in rng.sample([("column", "low"), ("segment", "high")], 2):
        start = rng.randint(3, 6)
        reports = watched(rng, impact, weeks(rng, Episode(kind, start, size=1.25), days=12))
        seen.append(
            [
                kind,
                start,
                in_time(reports, start, start + 5),
                worst(reports),
                "data" in reports[-1].kinds,
            ]
        )
    return seen


@check(expect=REFERENCE, points=2, seeds=1)
def inputs_that_creep_are_noticed_within_twelve_days(rng):
    """A little more each day: beside yesterday every day looks harmless."""
    start = rng.randint(2, 4)
    reports = watched(rng, "medium", weeks(rng, Episode("creep", start)))
    return [start, in_time(reports, start, start + 12), worst(reports), reports[-1].suspects[:1]]


@check(expect=REFERENCE, points=2, seeds=1)
def a_bad_version_is_an_alert_and_a_rollback_once_labels_confirm_it(rng):
    """At medium impact. The predictions tell at once, the labels days later."""
    start, delay = rng.randint(1, 2), rng.randint(5, 6)
    reports = watched(rng, "medium", weeks(rng, Episode("deploy", start), delay=delay))
    back = [day for day, report in enumerate(reports) if report.response == "rollback"] or [-1]
    late = "in time" if start + delay <= back[0] <= start + delay + 8 else "not in time"
    return [start, delay, in_time(reports, start, start + 5), late, kinds_in(reports)]


@check(expect=REFERENCE, points=2, seeds=1)
def a_changed_world_is_noticed_when_its_labels_come(rng):
    """Not before they come, at most eight days after the first; and no older version is brought back."""
    start, delay = rng.randint(2, 3), rng.randint(2, 5)
    reports = watched(rng, "high", weeks(rng, Episode("world", start), delay=delay))
    when = in_time(reports, start + delay, start + delay + 8)
    return [start, delay, when, worst(reports), kinds_in(reports)]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## Eight weeks in one picture

One tenant, medium impact, and everything once: new customers, a bad version that somebody withdraws after a week, a
changed world. Move *label delay*. The first two alarms stay where they are. At three days the labels confirm the bad
version while it serves: roll back. At nine they come when it is gone, and the alarm is about the past. Past 14 days no
label counts any more, and the world changes unheard.
"""


# %%
def eight_weeks(drift: float, delay: int) -> dict[str, object]:
    days, baseline, limits = story(drift, delay), Baseline(**trained()), Limits()
    reports = replay(DriftMonitor({"acme": baseline}, limits), {"acme": days})["acme"]
    return timeline(days, reports, baseline, limits, delay)


words = "Responses on top; below, the worst PSI, the share of urgent predictions, the rolling accuracy; limits dashed."
drift, delay = slider(0.2, 1.4, 0.1, 1, "drift size"), slider(1, 16, 1, 9, "label delay, days")
explore(draw_timeline, data=eight_weeks, caption=words, size=(10, 5.6), drift=drift, delay=delay)

# %% [markdown]
"""## What do you build for two days?

Nine days until a label comes, and then for half of the tickets: those that customers close themselves. The head of
support: "I want to hear of a changed world within two days, and I do not pay people to label everything. **What do you
build, what will it see, and what will it miss?**" 150 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "respond-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
Buy a few labels fast instead of all of them late. Sixty tickets a day, drawn at random for each large tenant and
labelled by support within a day, are 120 in two days: the accuracy of 0.92 then has a standard error of
sqrt(0.92 · 0.08 / 120) ≈ 0.025, so a fall by 0.1 is four of them and shows in time; a fall by 0.03 does not, and
waits for the late labels. A random draw also mends what the late ones hide: tickets that customers close themselves are
the easy ones, so their accuracy is too high, and it stays high while the hard ones go wrong.

Beside it stand proxies that cost nothing: how often an agent moves a ticket to another queue, reopened tickets, time to
first answer of urgent ones, the histogram of confidences. They move within hours but for other reasons too (a new
agent, a holiday), so I would check each against past incidents, and let them raise an alert, never a rollback.

The labels need a watch of their own: how many arrived today, how old. If that pipeline stops, the accuracy stands
still at its last good value, which looks like health.

Small tenants get pooled samples, and I would say so: a change in one of them alone is seen when its late labels come.
For concept drift the answer is a retraining on fresh labels with a person who looks first; the cost of sixty labels a
day is set against wrong answers a day, and the share goes up where the impact is high.

Rubric, one point each:
1. gets fast labels for a random sample, with a number for what it can see (sample size, error) and what not;
2. names the bias of labels that come by themselves, or checks proxies before trusting them;
3. uses proxies or confidences as alerts, and watches the label pipeline itself;
4. ties response and cost to impact: retrain rather than roll back, where to spend labels, what small tenants lose.

*Weak* (1): "I watch confidence and complaints": alerts by proxies that nobody has checked, no labels, and no word on
what stays unseen. *Good* (2–3): buys fast labels for a random sample and says with a number what it can see, and adds
proxies as alerts or names the bias of labels that come by themselves. The watch on the labels, or cost and small
tenants, is missing. *Strong* (4): on top of that, the flow of labels has a watch of its own, and proxies were
compared with past incidents. Cost and response follow impact: retrain rather than roll back, and what small tenants
lose is said.
### END SOLUTION"""

# %% [markdown]
"""**What you now know** Inputs and answers tell at once, the truth when its labels come, and each points at another
cure. Count labels by prediction, confirm in a row of windows with evidence, and let kind and impact choose.

**In practice** Persist what waits: a restarted monitor has forgotten its tickets. After a rollback begin a new baseline
for that version, or the monitor judges it by its successor's. Send one alert when kinds change, not one a day.

**Asked next** How interviewers weigh "How do you handle drift?":

- detection, with numbers · 30 %: "Why two windows in a row?"
<details><summary>An answer</summary>

A campaign of one day moves a window too, and it is no drift. The price is one more day, so where the impact is high
one may rather pay with a false alarm.

</details>

- automated response · 25 %: "When does rolling back make it worse?"
<details><summary>An answer</summary>

When the world has changed, the older model learned a world that is older still. And when a feature is broken or gone,
the old version may need the very input that the new one can do without.

</details>

- business impact · 25 %: "Who sets a tenant's impact?"
<details><summary>An answer</summary>

The owner of the product, beforehand, as a value in the repository that is reviewed and read by the machine. At night
the engineer on call decides under pressure, and each tenant would call itself important.

</details>

- kinds of drift · 20 %: "Accuracy fell. How do you know it is not the data?"
<details><summary>An answer</summary>

PSI and the mix of predictions stand where they were, and the checks for schema and nulls are quiet. As a test I take
cases that look like old ones: if their true answer differs today, it is the world that moved.

</details>
"""
