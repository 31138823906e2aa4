# %% [markdown]
"""# Judge an A/B test before it fools you

You'll build the referee of an experiment platform: a Welch test with its interval, the number of users to ask before
anybody looks, and the alarm that throws out a broken split.

**Time** 45 min · **Level** medium · **Needs** means and variances, the idea of a p-value, NumPy arrays

**Skills** report an effect with its interval · size a test before it starts · distrust a result before you read it
"""

# %% nbgrader={"grade_id": "ab-setup", "locked": true}
import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from coursekit import REFERENCE, approx, check, explore, scoreboard, slider, try_it
from coursekit.mlops.experiments import draw_looks, look_again, stopped_early, visitors

# a number for each user: [1, 0, 0, 1] converted or not
Metrics = Sequence[float] | np.ndarray | pd.Series

# %% [markdown]
"""## The situation

Model B answers support tickets beside model A. Every morning the product manager opens the dashboard. On Thursday it
says p = 0.03 and B ships to 4,000 tenants. Two months and 190 GPU-days later the resolution rate is what it was.

Nobody lied. Two equal models, looked at once a day for two weeks, differ "significantly" on some day in 22 of 100
experiments, not in 5: you will see that at the end, with your own code. And nobody had asked how many users the
question needs, or noticed that one arm was missing some.

![Users are split between A and B. If their numbers do not fit the plan, the test is thrown out. While fewer users came
than were planned, one waits. Only then Welch's test gives effect, interval and p-value, and names a winner or
nobody.](diagrams/02_judge_an_ab_test.mmd)

A small test first. Is B better?
"""

# %%
control = [1] * 40 + [0] * 360  # 40 of 400 tickets solved by the first answer
variant = [1] * 52 + [0] * 348
pd.DataFrame({"A": control, "B": variant}).mean()

# %% [markdown]
"""30 % more solved tickets. Two equal models would differ by that much, or more, in 18 of 100 such tests.
"""

# %% [markdown]
"""## 1 · Weigh the difference

`analyze_ab_test` returns a dict; more keys than these are yours to add.

- `mean_a`, `mean_b`; `improvement` = (B − A) / A · 100, `None` if A's mean is 0; `sample_size`, the tuple (A's, B's).
- Welch's t-test, two-sided: v = s² / n for each arm (s² with n − 1), standard error √(v_A + v_B), degrees of freedom
  (v_A + v_B)² / (v_A² / (n_A − 1) + v_B² / (n_B − 1)). It gives `p_value`, and `confidence_interval`, the tuple
  (low, high) for mean B − mean A at level 1 − alpha.
- `winner`: the greater mean, `"A"` or `"B"`, if `p_value` is **below** alpha, else `"No significant difference"`.
- Both arms **constant** (each has one distinct value; compare values, rounding gives `[0.1] * 3` a variance): if
  equal, p is 1.0; if not, 0.0. The interval has no width. One constant arm is an ordinary test.
- `ValueError`: an arm of fewer than two values, NaN or infinity anywhere, alpha not between 0 and 1 (both excluded).
- Lists, tuples, arrays, series; they stay as they were. Results are plain Python, right to nine digits (with values far
  from 0, to five). `metric_name` is for messages.

<details><summary>Hint 1 · which functions</summary>

`stdtr(df, t)` is the probability below t, `stdtrit(df, q)` its inverse. `scipy.stats.ttest_ind(…, equal_var=False)`
does the test in one call; its order of arguments decides the sign of the interval.

</details>
<details><summary>Hint 2 · two sides</summary>

p is twice the tail beyond |t|. The interval reaches `stdtrit(df, 1 - alpha / 2)` standard errors to both sides.

</details>
<details><summary>Hint 3 · what breaks</summary>

Without any variance the standard error is 0 and t is 0 / 0: treat constant arms before you divide. The mean of squares
minus the square of the mean loses every digit when values are large and close: subtract the mean first.

</details>
"""


# %% nbgrader={"grade_id": "analysis", "solution": true}
def analyze_ab_test(
    metrics_a: Metrics,
    metrics_b: Metrics,
    metric_name: str = "conversion_rate",
    alpha: float = 0.05,
) -> dict[str, Any]:
    """Winner, p-value, interval of B − A, means, improvement in percent and sample sizes."""
    ### BEGIN SOLUTION
    # Why: Welch's test, because the arms need not vary alike; a pooled variance finds too many
    # winners when the smaller arm varies more. The p-value is the tail below -|t|: 1 minus a number
    # close to 1 loses its digits where the difference is clearest. Constant arms come first, as
    # they have no standard error to divide by.
    if not 0 < alpha < 1:
        raise ValueError(f"alpha lies between 0 and 1, not {alpha}")
    a, b = np.asarray(metrics_a, dtype=float), np.asarray(metrics_b, dtype=float)
    if min(a.size, b.size) < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(f"{metric_name}: each arm needs two values or more, all of them finite")
    mean_a, mean_b = float(a.mean()), float(b.mean())
    difference = mean_b - mean_a
    if np.ptp(a) == np.ptp(b) == 0:  # the range is exact, a variance is not
        p_value, margin = float(a.max() == b.max()), 0.0
    else:
        v_a, v_b = a.var(ddof=1) / a.size, b.var(ddof=1) / b.size
        error = math.sqrt(v_a + v_b)
        df = (v_a + v_b) ** 2 / (v_a**2 / (a.size - 1) + v_b**2 / (b.size - 1))
        p_value = float(2 * stdtr(df, -abs(difference) / error))
        margin = float(stdtrit(df, 1 - alpha / 2)) * error
    better = "B" if difference > 0 else "A"
    return {
        "winner": better if p_value < alpha else "No significant difference",
        "p_value": p_value,
        "confidence_interval": (difference - margin, difference + margin),
        "mean_a": mean_a,
        "mean_b": mean_b,
        "improvement": (mean_b - mean_a) / mean_a * 100 if mean_a else None,
        "sample_size": (a.size, b.size),
    }
    ### END SOLUTION


# %%
@try_it
def thirty_percent_better() -> dict[str, Any]:
    return analyze_ab_test(control, variant)


# %% nbgrader={"grade_id": "analysis-checks", "grade": true}
@check(
    expect=approx(
        {"p_value": 1 - 5 / math.sqrt(29), "mean_a": 1.0, "mean_b": 6.0, "improvement": 500.0}
    ),
    points=1,
    stage="core",
)
def two_users_in_each_arm_are_weighed_by_hand():
    """Standard error √2, t = 5 / √2, two degrees of freedom: p = 1 − t / √(2 + t²)."""
    result = analyze_ab_test([0, 2], [5, 7])
    return {name: result[name] for name in ("p_value", "mean_a", "mean_b", "improvement")}


@check(expect=["B", "A", "No significant difference"], points=1, stage="core")
def the_winner_is_named_or_nobody_is():
    """Nine of ten against one of ten, the same the other way round, and five of ten against six."""
    rates = [[1] * n + [0] * (10 - n) for n in (1, 9, 5, 6)]
    pairs = (rates[0], rates[1]), (rates[1], rates[0]), (rates[2], rates[3])
    return [analyze_ab_test(*pair)["winner"] for pair in pairs]


### BEGIN HIDDEN TESTS
def arm(rng, users, mean, spread):
    # eighths, so that sums are exact in any order
    return [round(8 * rng.gauss(mean, spread)) / 8 for _ in range(users)]


def uneven(rng):
    # arms of unlike size and spread, in any order: here Welch's test and Student's differ, and t is
    # far from normal
    small, large = rng.randint(4, 6), rng.randint(11, 15)
    arms = [
        arm(rng, small, 50, rng.uniform(8, 12)),
        arm(rng, large, rng.choice([44, 47, 53, 56]), rng.uniform(1, 3)),
    ]
    return rng.sample(arms, 2)


def ends(result):
    low, high = result["confidence_interval"]
    return [low, high]


def how_it_ends(function, *args, **named):
    try:
        function(*args, **named)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "no error"


# kills: Student's pooled variance, the normal instead of t, one-sided, variances with n, paired
# differences
@check(expect=REFERENCE, points=3, seeds=4, stage="core")
def the_p_value_is_that_of_welchs_test(rng):
    """Arms of unlike size and spread; two-sided, variances with n − 1, and Welch's degrees of freedom."""
    pairs = [uneven(rng) for _ in range(3)]
    return [analyze_ab_test(*arms)["p_value"] for a, b in pairs for arms in ((a, b), (b, a))]


# kills: A − B, the margin of one mean, one-sided quantiles, z for t, high before low
@check(expect=REFERENCE, points=3, seeds=4, stage="core")
def the_interval_holds_the_difference_b_minus_a(rng):
    """Low end first, 95 % unless told otherwise, from the same standard error and degrees of freedom."""
    return [ends(analyze_ab_test(*uneven(rng))) for _ in range(3)]


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def alpha_sets_the_level_of_the_interval(rng):
    """Level 1 − alpha: a smaller alpha makes it wider and leaves the p-value alone."""
    a, b = uneven(rng)
    alphas = rng.sample([0.01, 0.1, 0.2, 0.32], 3)
    results = [analyze_ab_test(*pair, alpha=alpha) for alpha in alphas for pair in ((a, b), (b, a))]
    return [[*ends(result), result["p_value"]] for result in results]


@check(expect=REFERENCE, points=2, seeds=3, stage="core")
def a_winner_needs_a_p_value_below_alpha(rng):
    """At alpha it is not below. The same two arms have a winner at a slightly greater alpha, or have none at 0.05."""
    a, b = uneven(rng)
    p = analyze_ab_test(a, b)["p_value"]
    alphas = p, math.nextafter(p, 0.0), math.nextafter(p, 1.0), p / 3, p + (1 - p) / 3
    # 20 against 30 of 60 has p = 0.065, against 31 p = 0.043
    near = [[1] * n + [0] * (60 - n) for n in (20, 30, 31)]
    pairs = [(alpha, pair) for alpha in rng.sample(alphas, 5) for pair in ((a, b), (b, a))]
    words = [analyze_ab_test(*pair, alpha=alpha)["winner"] for alpha, pair in pairs]
    return [
        *words,
        *(analyze_ab_test(near[0], other)["winner"] for other in rng.sample(near[1:], 2)),
    ]


@check(expect=REFERENCE, points=1, seeds=3, stage="core")
def the_greater_mean_wins_below_zero_too(rng):
    """Whichever arm comes first and whatever the sign; −3 is greater than −5."""
    low = rng.uniform(-9.0, -4.0)
    pairs = [(low, low + 2.5), (low + 2.5, low), (-1.5, 1.5), (1.5, -1.5), (2.0, 4.5), (-3.0, -6.0)]
    arms = [
        (arm(rng, 12, one, 0.4), arm(rng, 9, other, 0.4)) for one, other in rng.sample(pairs, 6)
    ]
    return [analyze_ab_test(*pair)["winner"] for pair in arms]


# kills: B / A, share instead of percent, |A|, divided by B
@check(expect=REFERENCE, points=2, seeds=4, stage="core")
def the_improvement_is_a_percentage_of_a(rng):
    """(B − A) / A · 100, with A's own sign: from −4 to −5 it is +25."""
    means = rng.choice([3.0, 12.0]), rng.choice([2.0, 15.0]), -rng.choice([3.0, 5.0])
    arms = [arm(rng, rng.randint(3, 9), mean, 0.5) for mean in rng.sample(means, 3)]
    results = [analyze_ab_test(one, other) for one in arms for other in arms]
    return [[result["improvement"], result["mean_a"], result["mean_b"]] for result in results]


@check(expect=REFERENCE, points=1, seeds=3, stage="core")
def nothing_is_a_percentage_of_zero(rng):
    """A's mean is 0: improvement is None. B's mean of 0 is a loss of 100 %."""
    step, other = float(rng.randint(2, 9)), arm(rng, 7, rng.uniform(2, 9), 0.5)
    zeros = [0] * rng.randint(2, 6), [step, -step], [-step, step]
    pairs = [pair for zero in zeros for pair in ((zero, other), (other, zero))]
    results = [analyze_ab_test(*pair) for pair in rng.sample(pairs, 6)]
    return [[result["improvement"], result["mean_a"], result["mean_b"]] for result in results]


@check(expect=REFERENCE, points=1, seeds=3, stage="core")
def the_sample_size_counts_both_arms(rng):
    """A tuple: users of A, users of B."""
    sizes = rng.sample(range(3, 40), 2)
    results = [
        analyze_ab_test(*(arm(rng, n, 5, 2) for n in pair))
        for pair in (sizes, sizes[::-1], sizes[:1] * 2)
    ]
    return [[result["sample_size"], len(result["sample_size"])] for result in results]


@check(expect=REFERENCE, points=2, seeds=3, stage="constant-arms")
def equal_constant_arms_do_not_differ(rng):
    """p 1.0 and an interval of no width, whatever rounding does to the mean of ten times 0.1."""
    value = rng.choice([0.1, 0.7, -0.3])
    pairs = [([value] * n, [value] * m) for n, m in ((3, 10), (10, 3), (6, 6))] + [
        ([0, 0], [0, 0, 0])
    ]
    results = [analyze_ab_test(*pair) for pair in pairs]
    return [
        [result["winner"], result["p_value"], *ends(result), result["mean_b"]] for result in results
    ]


@check(expect=REFERENCE, points=2, seeds=3, stage="constant-arms")
def different_constant_arms_differ_for_certain(rng):
    """p 0.0, an interval of no width at B − A, and the greater value wins."""
    one = rng.choice([0.1, 0.7, -0.3])
    other = one + rng.choice([-0.5, 0.25, 2.0])
    pairs = (
        ([one] * 3, [other] * 10),
        ([other] * 10, [one] * 7),
        ([0, 0], [1, 1, 1]),
        ([-0.25] * 3, [-0.75] * 4),
    )
    results = [analyze_ab_test(*pair, alpha=0.001) for pair in pairs]
    return [
        [result["winner"], result["p_value"], *ends(result), result["mean_b"]] for result in results
    ]


@check(expect=REFERENCE, points=1, seeds=3, stage="constant-arms")
def one_constant_arm_makes_an_ordinary_test(rng):
    """Nobody in A converted: B's spread alone gives error and degrees of freedom."""
    rest, users = arm(rng, rng.randint(6, 12), rng.uniform(0.2, 2.0), 1.0), rng.randint(3, 5)
    results = [analyze_ab_test(*pair) for pair in (([0] * users, rest), (rest, [1.0] * users))]
    return [[result["p_value"], *ends(result)] for result in results]


# kills: the mean of squares minus the square of the mean
@check(expect=REFERENCE, points=1, seeds=3, stage="constant-arms")
def an_offset_moves_no_p_value(rng):
    """Minutes since 1970 and minutes since midnight give the same test, here to five digits."""
    a, b = arm(rng, 8, 30, 5), arm(rng, 16, 36, 4)
    near, far = (
        analyze_ab_test(*([v + offset for v in side] for side in (a, b)))
        for offset in (0.0, 2.0**26)
    )
    pairs = zip([near["p_value"], *ends(near)], [far["p_value"], *ends(far)], strict=True)
    return [
        near["p_value"],
        *(math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-5) for one, other in pairs),
    ]


@check(
    expect=dict.fromkeys(("no A", "no B", "one A", "one B", "one of both"), "ValueError")
    | {"two of both": "no error"},
    stage="validation",
)
def an_arm_of_fewer_than_two_is_refused():
    """One user has no variance."""
    some = [1.0, 0.0, 1.0, 0.0]
    sides = {
        "no A": ([], some), "no B": (some, []), "one A": ([3], some), "one B": (some, [3]), "one of both": ([1], [2]),
        "two of both": ([0, 1], [1, 0]),
    }  # fmt: skip
    return {name: how_it_ends(analyze_ab_test, *pair) for name, pair in sides.items()}


@check(expect=REFERENCE, points=2, seeds=2, stage="validation")
def nan_and_infinity_are_refused(rng):
    """In either arm, wherever they stand; dropping them silently would favour the arm that fails more often."""
    seen = []
    for bad in rng.sample([math.nan, math.inf, -math.inf, 2.5], 4):
        for side in (0, 1):
            arms = [arm(rng, 6, 5, 2), arm(rng, 6, 5, 2)]
            arms[side][rng.randrange(6)] = bad
            seen.append(how_it_ends(analyze_ab_test, *arms))
    return seen


@check(
    expect={
        "0": "ValueError",
        "1": "ValueError",
        "-0.05": "ValueError",
        "1.5": "ValueError",
        "0.5": "no error",
    },
    stage="validation",
)
def an_alpha_outside_of_zero_and_one_is_refused():
    """5 is no percentage here, and at 0 nothing could ever win."""
    alphas = 0, 1, -0.05, 1.5, 0.5
    return {
        f"{alpha}": how_it_ends(analyze_ab_test, [1, 2, 4], [3, 3, 5], alpha=alpha)
        for alpha in alphas
    }


@check(expect=REFERENCE, points=1, seeds=2, stage="input-types")
def lists_tuples_arrays_and_series_answer_alike(rng):
    """Whole numbers and booleans too, and a series with any index."""
    a, b = ([rng.choice([0, 0, 1]) for _ in range(n)] for n in (12, 17))
    a[0], b[0] = 1, 1
    index = [rng.randint(0, 9) for _ in b]
    pairs = [
        (a, b), (tuple(a), tuple(b)), (np.array(a), np.array(b, dtype=float)), (list(map(bool, a)), np.array(b) == 1),
        (pd.Series(a, index=range(12, 0, -1)), pd.Series(b, index=index)),
    ]  # fmt: skip
    results = [analyze_ab_test(*pair) for pair in pairs]
    alike = [
        math.isclose(result["p_value"], results[0]["p_value"], rel_tol=1e-9) for result in results
    ]
    return [alike, [[result["mean_a"], result["mean_b"]] for result in results]]


@check(expect=REFERENCE, points=1, seeds=2, stage="input-types")
def what_comes_in_stays_as_it_was(rng):
    """No sorting in place, no subtracting the mean in place."""
    a, b = arm(rng, 7, 5, 2), arm(rng, 9, 5, 2)
    listed, array, series = (
        (list(a), list(b)),
        (np.array(a), np.array(b)),
        (pd.Series(a), pd.Series(b)),
    )
    means = [analyze_ab_test(*pair)["mean_b"] for pair in (listed, array, series)]
    return [means, *listed, *(side.tolist() for side in (*array, *series))]


@check(expect=REFERENCE, points=1, seeds=2, stage="input-types")
def results_are_plain_python_values(rng):
    """A NumPy float in a result surprises `json.dumps`; the two pairs are tuples."""
    values = arm(rng, 7, 5, 2)  # nobody wins
    result = analyze_ab_test(np.array(values), np.array(values[:6]))
    low, high = result["confidence_interval"]
    one, two = result["sample_size"]
    numbers = (
        result["p_value"],
        low,
        high,
        result["mean_a"],
        result["mean_b"],
        result["improvement"],
    )
    kinds = ["float" if type(number) is float else "another type" for number in numbers]
    kinds += ["int" if type(number) is int else "another type" for number in (one, two)]
    pairs = result["confidence_interval"], result["sample_size"]
    return [
        *kinds,
        *("tuple" if isinstance(pair, tuple) else "no tuple" for pair in pairs),
        result["mean_b"],
    ]


@check(expect=REFERENCE, points=2, seeds=2, stage="validation")
def no_tenants_test_remembers_another(rng):
    """The same metric name, the same sizes, a refused test in between: each result depends on its own arms."""
    tests = [uneven(rng) for _ in range(3)]
    tests.append([side[::-1] for side in tests[0]])
    kept = [list(side) for side in tests[0]]
    results = [analyze_ab_test(*kept)]
    for a, b in tests:
        kept[0][:], kept[1][:] = a, b  # the same two lists with other users in them
        how_it_ends(analyze_ab_test, [math.nan, 1.0], b)
        results += [analyze_ab_test(*kept), analyze_ab_test(b, a)]
    return [[result["p_value"], result["mean_a"]] for result in results]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Size the test

How many users must see each model before a difference that matters would show? `required_sample_size` answers **per
arm**, for two rates p1 = `baseline_rate` and p2 = p1 + `minimum_effect` (absolute: 0.02 is two points). With p their
mean and q = 1 − p for each:

n = ((z(1 − alpha / 2) · √(2 p q) + z(power) · √(p1 q1 + p2 q2)) / effect)², rounded **up** to a plain `int`.

- z(x) is the standard normal's quantile. A negative effect asks for a drop.
- `ValueError`: p1 or p2 not between 0 and 1, alpha or power not between 0 and 1 (ends always excluded), an effect of 0.

<details><summary>Hint 1 · the quantile</summary>

`NormalDist().inv_cdf(x)`, from the standard library.

</details>
<details><summary>Hint 2 · a number to compare with</summary>

From 10 % to 12 % with the usual alpha and power: 3,841 users in each arm. Half the effect costs about four times as
many.

</details>
"""


# %% nbgrader={"grade_id": "size", "solution": true}
def required_sample_size(
    baseline_rate: float, minimum_effect: float, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Users in each arm that a two-sided test of two rates needs. ValueError: see above."""
    ### BEGIN SOLUTION
    # Why: two spreads. The test's threshold is set as if there were no effect (both arms at the
    # mean rate); the chance to pass it depends on the rates as they would be. And always up: one
    # user less has less power than was asked for.
    p1, p2 = baseline_rate, baseline_rate + minimum_effect
    if not all(0 < share < 1 for share in (p1, p2, alpha, power)):
        raise ValueError("both rates, alpha and power lie between 0 and 1")
    if minimum_effect == 0:
        raise ValueError("no number of users shows an effect of 0")
    p, z = (p1 + p2) / 2, NormalDist().inv_cdf
    under_null = z(1 - alpha / 2) * math.sqrt(2 * p * (1 - p))
    under_effect = z(power) * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    return math.ceil(((under_null + under_effect) / minimum_effect) ** 2)
    ### END SOLUTION


# %%
@try_it
def users_for_two_points_and_for_one() -> list[int]:
    return [required_sample_size(0.10, effect) for effect in (0.02, 0.01)]


# %% nbgrader={"grade_id": "size-checks", "grade": true}
@check(expect=3841, points=1, stage="sample-size")
def from_ten_to_twelve_percent_takes_3841_users():
    """Per arm, not both together."""
    return required_sample_size(0.10, 0.02)


### BEGIN HIDDEN TESTS
# kills: floor and round, both arms together, a relative effect, the baseline's variance for both
# arms, |effect|
@check(expect=REFERENCE, points=3, seeds=4, stage="sample-size")
def rate_and_effect_set_the_size(rng):
    """The formula above, rounded up. A drop is sized at the lower rate: another number than for a rise."""
    pairs = [(rng.uniform(0.05, 0.6), rng.uniform(0.01, 0.3)) for _ in range(6)]
    pairs += [(rng.uniform(0.25, 0.6), -rng.uniform(0.05, 0.2)) for _ in range(3)]
    # so many users that the third decimal of a quantile counts
    pairs += [(rng.uniform(0.2, 0.5), 0.01)]
    return [required_sample_size(rate, effect) for rate, effect in pairs]


@check(expect=REFERENCE, points=2, seeds=4, stage="sample-size")
def alpha_and_power_have_their_price(rng):
    """Two-sided alpha, one-sided power, each alone and both together."""
    alpha, power = rng.uniform(0.001, 0.2), rng.uniform(0.55, 0.99)
    ways = {}, {"alpha": alpha}, {"power": power}, {"alpha": alpha, "power": power}
    rates = [rng.uniform(0.05, 0.5) for _ in range(4)]
    return [required_sample_size(rate, 0.03, **way) for rate in rates for way in ways]


@check(expect=REFERENCE, points=2, seeds=2, stage="sample-size")
def impossible_plans_are_refused(rng):
    """Rates, alpha and power at 0 and 1 and beyond, and an effect of nothing; their neighbours are fine."""
    plans = [
        (0.0, 0.1), (1.0, -0.1), (-0.1, 0.3), (1.2, -0.4), (0.25, 0.75), (0.25, -0.25), (0.5, 0.625), (0.5, -0.625),
        (0.3, 0), (0.3, 0.1, 0), (0.3, 0.1, 1), (0.3, 0.1, 0.05, 0), (0.3, 0.1, 0.05, 1), (0.3, 0.1, -0.05),
        (0.3, 0.1, 0.05, 1.5), (0.25, 0.625), (0.25, -0.125), (0.3, 0.1, 0.5), (0.3, 0.1, 0.05, 0.5),
    ]  # fmt: skip
    return [
        [list(plan), how_it_ends(required_sample_size, *plan)]
        for plan in rng.sample(plans, len(plans))
    ]


@check(expect=REFERENCE, points=1, seeds=2, stage="sample-size")
def a_size_is_a_plain_int(rng):
    """3841.0 users is one cast away from an off-by-one."""
    effects = rng.sample([0.02, 0.04, 0.08, 0.12, 0.2], 5)
    sizes = [required_sample_size(np.float64(rng.uniform(0.2, 0.3)), effect) for effect in effects]
    kinds = ["int" if type(size) is int else "another type" for size in sizes]
    return [kinds, [effect for _, effect in sorted(zip(sizes, effects, strict=True))]]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Distrust the split

Planned half and half, but 5,000 users reached A and 5,400 B: some were lost on the way, and not at random. No average
repairs that. `detect_srm` (sample ratio mismatch) is `True` when the counts do not fit the plan.

- Expected are N · `expected_share_a` and the rest of N = A + B. Pearson's chi-square sums (count − expected)² /
  expected over both arms, without correction. Its p-value has one degree of freedom: erfc(√(χ² / 2)).
- Mismatch is a p **below** alpha, a plain `bool`. A count of 0 in one arm is legal.
- `ValueError`: a negative count, no users at all, share or alpha not between 0 and 1 (ends excluded).

<details><summary>Hint 1 · why alpha is 0.001</summary>

The alarm runs on every test, every day, and whoever hears it throws the test away.

</details>
<details><summary>Hint 2 · the p-value</summary>

`math.erfc(math.sqrt(chi_square / 2))`.

</details>
"""


# %% nbgrader={"grade_id": "srm", "solution": true}
def detect_srm(
    count_a: int, count_b: int, expected_share_a: float = 0.5, alpha: float = 0.001
) -> bool:
    """Whether the users' numbers contradict the planned split. ValueError: see above."""
    ### BEGIN SOLUTION
    # Why: shares say nothing without the counts behind them: 51 to 49 is luck among hundreds of
    # users and a fault among millions. One degree of freedom is the square of a normal number, so
    # erfc of its root gives the p-value.
    total = count_a + count_b
    if min(count_a, count_b) < 0 or total == 0:
        raise ValueError(f"counts are not negative and not both 0: {count_a}, {count_b}")
    if not (0 < expected_share_a < 1 and 0 < alpha < 1):
        raise ValueError("expected_share_a and alpha lie between 0 and 1")
    expected_a, expected_b = total * expected_share_a, total * (1 - expected_share_a)
    chi_square = (count_a - expected_a) ** 2 / expected_a + (count_b - expected_b) ** 2 / expected_b
    return bool(math.erfc(math.sqrt(chi_square / 2)) < alpha)
    ### END SOLUTION


# %%
@try_it
def two_splits() -> dict[str, bool]:
    return {"5,000 and 5,100": detect_srm(5000, 5100), "5,000 and 5,400": detect_srm(5000, 5400)}


# %% nbgrader={"grade_id": "srm-checks", "grade": true}
@check(
    expect={"5000 and 5100": False, "5000 and 5400": True, "5400 and 5000": True},
    points=1,
    stage="sample-ratio",
)
def four_hundred_of_ten_thousand_users_are_missed():
    """Whichever arm lost them."""
    pairs = (5000, 5100), (5000, 5400), (5400, 5000)
    return {f"{a} and {b}": detect_srm(a, b) for a, b in pairs}


### BEGIN HIDDEN TESTS
def around(rng, total, share=0.5, z=3.2905):
    # the last count that fits and the first that does not, A short or B short; z is the quantile of
    # alpha 0.001
    reach = z * math.sqrt(total * share * (1 - share))
    counts = [
        math.floor(total * share + sign * reach) + step for sign in (-1, 1) for step in (0, 1)
    ]
    return [(count, total - count) for count in rng.sample(counts, len(counts))]


# kills: alpha 0.05, Yates' correction, the larger arm only, one-sided tests
@check(expect=REFERENCE, points=2, seeds=4, stage="sample-ratio")
def the_alarm_begins_at_one_in_a_thousand(rng):
    """Counts one user to both sides of the limit, few users and many, either arm short or empty."""
    totals = rng.randint(60, 150), rng.randint(151, 400), rng.randint(9_000, 200_000)
    pairs = [pair for total in totals for pair in around(rng, total)]
    # eleven to nothing is a mismatch, ten is not yet one
    pairs += rng.sample([(0, 11), (0, 10), (10, 0), (11, 0)], 4)
    return [[a, b, detect_srm(a, b)] for a, b in pairs]


@check(expect=REFERENCE, points=2, seeds=4, stage="sample-ratio")
def the_planned_share_is_what_counts(rng):
    """A tenth for A is no mismatch if a tenth was planned; half and half then is one."""
    share = rng.choice([0.1, 0.2, 0.75, 0.9])
    totals, planned = (
        (rng.randint(*ends) for ends in ((150, 400), (401, 999), (3_000, 9_000))),
        round(1000 * share),
    )
    pairs = [pair for total in totals for pair in around(rng, total, share)]
    pairs += [(1000, 1000), (planned, 1000 - planned)]
    return [[a, b, detect_srm(a, b, share)] for a, b in pairs]


@check(expect=REFERENCE, points=1, seeds=3, stage="sample-ratio")
def alpha_says_how_rare_is_too_rare(rng):
    """The same counts, several limits."""
    totals = rng.randint(60, 150), rng.randint(151, 400), rng.randint(3_000, 9_000)
    zs = {0.05: 1.96, 0.0001: 3.8906, 0.3: 1.0364}
    seen = []
    for alpha in rng.sample(sorted(zs), 3):
        pairs = [pair for total in totals for pair in around(rng, total, z=zs[alpha])]
        seen += [[alpha, a, b, detect_srm(a, b, alpha=alpha)] for a, b in pairs]
    return seen


@check(expect=REFERENCE, points=2, seeds=2, stage="sample-ratio")
def impossible_splits_are_refused(rng):
    """Negative counts, nobody at all, shares and alphas at 0 and 1 and beyond; their neighbours are fine."""
    splits = [
        (-1, 5), (5, -1), (-3, -3), (0, 0), (5, 5, 0), (5, 5, 1), (5, 5, -0.5), (5, 5, 1.5), (5, 5, 0.5, 0),
        (5, 5, 0.5, 1), (5, 5, 0.5, -0.1), (5, 5, 0.5, 1.1), (5, 5, 0.25), (5, 0, 0.5, 0.5), (0, 1), (1, 0), (0, 40),
    ]  # fmt: skip
    return [
        [list(split), how_it_ends(detect_srm, *split)] for split in rng.sample(splits, len(splits))
    ]


@check(expect=REFERENCE, points=1, seeds=2, stage="sample-ratio")
def an_alarm_is_a_plain_bool(rng):
    """A NumPy bool is not `True`, says `is`."""
    few, many, other = (
        np.int64(rng.randint(*ends)) for ends in ((980, 990), (2000, 3000), (980, 990))
    )
    alarms = [detect_srm(few, many), detect_srm(few, other)]
    return [
        int(few),
        *("bool" if type(alarm) is bool else "another type" for alarm in alarms),
        *alarms,
    ]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## Look too often

Forty experiments between two equal models, each as large as task 2 wants it for two points. Your analysis looks while
users arrive, and whoever looks stops at the first winner. The left panel is one of them, watched to its end. Go from 7
looks to 1, then to 28. Then give B a true lift of two points: who is found early, and how large does B look at that
moment?
"""


# %%
def watched(looks: float, lift: float, experiment: float) -> dict[str, Any]:
    arms = visitors(int(experiment), lift / 100)
    stopped = stopped_early(analyze_ab_test, lift / 100, int(looks))
    return {"looks": look_again(analyze_ab_test, arms, int(looks)), "stopped": stopped}


words = "Left: the interval of B − A at each look, thick where it leaves out 0. Right: how often anybody wins by then."
looks, lift = slider(1, 28, 1, 7), slider(0, 4, 0.5, 0, "true lift, points")
explore(
    draw_looks,
    data=watched,
    caption=words,
    size=(10, 4.2),
    looks=looks,
    lift=lift,
    experiment=slider(1, 40, 1, 6),
)

# %% [markdown]
"""## Do you believe it?

The interviewer: "Your platform assigns whole customer accounts, 20 to each arm, because colleagues share a board; each
has about 500 users. The analysis has one row for each user, 10,000 in each arm, and says p = 0.0004. **Do you believe
it? What do you analyse instead, what does that cost, and how do you let the product manager look every morning all the
same?**" 150 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "ab-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
Not yet. Accounts were drawn, not users, and colleagues are alike: they share data, language and an administrator. The
test counts 10,000 independent users where there are 20 independent accounts, so its error is too small. If usual rates
vary between accounts by three points around 10 %, two equal models "differ" at p < 0.05 in 42 of 100 simulated tests
instead of 5. The variance grows by 1 + (m − 1)ρ, here 1 + 499 · 0.01 ≈ 6.

I would take one number for each account (its mean) and run the same Welch test on 20 against 20: in the simulation it
is wrong in 5 of 100 tests again. The price is power: some six times as many users, that is, more accounts or more
weeks. I get some back by drawing accounts in pairs of like size, by subtracting each account's rate before the test
(CUPED), or by drawing users where colleagues do not see each other's answers. An account of 40,000 users should not
decide alone: cap weights or report it apart.

Looking daily: I show the sample ratio and guardrails such as errors or latency every day, and stop early for harm. For
the benefit I fix the end beforehand, or use a sequential test, whose limits at early looks are stricter
(O'Brien-Fleming, or an always-valid interval). That costs a few percent more users at most looks, and is honest.

Rubric, one point each:
1. says that the unit of the draw is the account, and why users of one account inflate significance;
2. analyses account means (or clustered errors, or a mixed model) with the unit of the draw;
3. names the price in power or time, and one way to win some back;
4. separates looking from deciding: guardrails daily, the benefit at a fixed end or by a sequential test.

*Weak* (1): "no: accounts were drawn, and colleagues are alike": right about the unit and the reason, but analyses
users again and forgets price and daily look. *Good* (2–3): explains that colleagues are alike, so that 10,000 users
are some 20 draws, and analyses means of accounts or clustered errors. The lost power, or a rule for the daily look,
is missing. *Strong* (4): on top of that names the price, some six times the users, with one way to win a part back.
It shows guardrails every morning and decides on the benefit at a fixed end or by a sequential test.
### END SOLUTION"""

# %% [markdown]
"""**What you now know** An effect comes with an interval, an experiment with a size, and both are worth nothing if the
split is broken. Whoever may stop at any look finds what is not there.

**In practice** Write metric, size and end date down before the first user. Check the ratio daily, analyse the unit that
was drawn, keep one primary metric: with twenty, one is significant by chance. statsmodels and SciPy hold all of this.

**Asked next** The weights are those of the CI/CD question, to which an A/B test is the last gate:

- quality gates · 25 %: "p = 0.06 and the release is tomorrow. What do you tell the manager?"
<details><summary>An answer</summary>

The effect is probably positive, and I show its interval, from a small loss to a good gain, rather than a verdict. If
a small loss is cheap and the way back easy, I would release behind a flag, but not run on until 0.05 appears.

</details>

- deployment strategy · 25 %: "Shadow, canary, A/B: what does each find that the others miss?"
<details><summary>An answer</summary>

Shadow finds crashes, wrong shapes and latency under real traffic without any user, and the canary finds harm and bad
reactions while few are exposed. Only the A/B test has the users and the split to measure how large the effect is.

</details>

- code and model pipelines · 20 %: "The offline score rose, the test shows nothing. Why?"
<details><summary>An answer</summary>

Offline data hold reactions to what the old model chose to show, so the new one is scored on the terms of the old. Or
the score is not the goal, or the test is too small to see an effect of that size.

</details>

- rollback · 15 %: "Which metric ends the test tonight?"
<details><summary>An answer</summary>

A guardrail whose limit was set before the start: errors, latency or cancellations. The main metric does not, whether
its p-value falls below 0.05 or its first day is bad, because the one is peeking and the other noise.

</details>
"""
