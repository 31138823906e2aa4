# %% [markdown]
"""# Read the signals

You'll build the ruler that interviewers are measured with, and then be measured: you score six answers, and learn
whether you are too kind, too strict, or reading something else.

**Time** 60 min · **Level** medium · **Needs** dictionaries, sets, weighted means

**Skills** mark the sentence that earns or costs a point · score on anchors instead of on a mood · say by how much two
readers disagree
"""

# %% nbgrader={"grade_id": "signals-setup", "locked": true}
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from coursekit import (
    REFERENCE,
    approx,
    check,
    explore,
    is_true_of,
    played,
    scoreboard,
    slider,
    try_it,
)
from coursekit.behavioral import signals
from coursekit.behavioral.signals import (
    EXAM,
    GREEN,
    PRACTICE,
    RED,
    SIGNALS,
    counts,
    draw_agreement,
    flat,
    key_marks,
    key_scores,
    reader,
    reasons,
    scales_of,
    show,
    weights,
)

Mark = tuple[str, str]  # ("t07.3", "limits"): a sentence and the signal in it
Scores = Mapping[str, float]  # {"t07 kinds": 3, "t07 detection": 3}

# %% [markdown]
"""## The situation

Two interviewers heard the same answer. One wrote 5, "very senior, knows all the tools", the other 1, "lists products and
could not say why". The candidate gets a 3 that **nobody** gave, and an offer that both regret. The next morning you are
asked to train the panel. The same training works in your own favour: who can hear a red flag in an answer stops saying
it.

![An answer is cut into sentences. A reader marks signals in them and scores the answer on anchored scales. Both are
compared with a key: marks by precision and recall, scores by weighted kappa for the agreement and by the mean difference
for the bias. Reasons come last.](diagrams/02_read_the_signals.mmd)

Twenty-six answers were written for this course. Twenty are for practice, six are your exam.
"""

# %%
for name, words in SIGNALS.items():
    print("green" if name in GREEN else "red  ", f"{name:<20}{words}")

# %% [markdown]
"""One answer. Read it, decide which sentences carry a signal, score each scale, and only then run the cell below it."""

# %%
show("t06")

# %%
reasons("t06")

# %% [markdown]
"""## 1 · Compare marks

A mark is a pair: a sentence's id and a signal. `agreement(mine, key)` returns a dict:

- `"precision"`: the share of my marks that the key holds. No mark of mine: 1.0.
- `"recall"`: the share of the key's marks that I hold. An empty key: 1.0.
- `"f1"`: 2 · both / (mine + key). Both empty: 1.0.

Any iterable of pairs serves. A mark that is there twice counts once, and nothing is changed.

<details><summary>Hint · sets</summary>

`set(mine) & set(key)` are the marks in common.

</details>
"""


# %% nbgrader={"grade_id": "agreement", "solution": true}
def agreement(mine: Iterable[Mark], key: Iterable[Mark]) -> dict[str, float]:
    """Precision, recall and f1 of my marks."""
    ### BEGIN SOLUTION
    # Why: one figure alone can be bought. Marking everything buys recall, marking one sure thing
    # buys precision; f1 is small when either is.
    own, wanted = set(mine), set(key)
    both = len(own & wanted)
    return {
        "precision": both / len(own) if own else 1.0,
        "recall": both / len(wanted) if wanted else 1.0,
        "f1": 2 * both / (len(own) + len(wanted)) if own or wanted else 1.0,
    }
    ### END SOLUTION


# %%
@try_it
def everything_is_a_red_flag() -> dict[str, float]:
    mine = [(f"t06.{number}", name) for number in range(1, 6) for name in RED]
    return agreement(mine, key_marks(["t06"]))


# %% nbgrader={"grade_id": "agreement-checks", "grade": true}
@check(expect=approx({"precision": 0.5, "recall": 2 / 3, "f1": 4 / 7}), points=1)
def marks_are_compared_with_the_key():
    """Two in common, of four that are mine and three of the key."""
    mine = [("t1.1", "limits"), ("t1.2", "blames"), ("t1.3", "numbers"), ("t1.4", "numbers")]
    return agreement(mine, [("t1.1", "limits"), ("t1.2", "blames"), ("t1.5", "no-why")])


### BEGIN HIDDEN TESTS
def how_it_ends(function, *args):
    try:
        function(*args)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "no error"


def some_marks(rng, count):
    every = [(f"t1.{number}", name) for number in range(1, 6) for name in SIGNALS]
    return rng.sample(every, count)


@check(expect=REFERENCE, points=2, seeds=3)
def a_mark_is_a_sentence_and_a_signal(rng):
    """The right signal in another sentence is no hit, nor is another signal in the right one."""
    key = some_marks(rng, 14)
    mine = key[:8] + [(span, rng.choice(["limits", "blames"])) for span, _ in key[8:]]
    mine += some_marks(rng, 6)
    return agreement(set(mine), set(key))


@check(expect=REFERENCE, points=1, seeds=1)
def nothing_to_compare_is_full_agreement(rng):
    """No mark of mine has precision 1, an empty key recall 1, and both empty f1 1."""
    some = some_marks(rng, rng.randint(2, 9))
    pairs = [([], some), (some, []), ([], [])]
    return [sorted(agreement(mine, key).items()) for mine, key in pairs]


@check(expect=REFERENCE, points=1, seeds=2)
def a_mark_that_is_there_twice_counts_once(rng):
    """In mine or in the key; lists serve as well as sets, and stay as they were."""
    some = some_marks(rng, 9)
    mine, key = some[:6] + some[:4], some[3:] + some[5:8]
    before = repr([mine, key])
    seen = agreement(mine, key)
    return [sorted(seen.items()), repr([mine, key]) == before]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Measure a reader

Scores are dicts: a name to a number of the scale. Only names that **both** scored count.

- `bias(mine, key)`: the mean of mine − key. Above 0 is too kind. No name in common: `ValueError`.
- `weighted_kappa(mine, key, scale)`: agreement beyond chance, where being off by two steps costs four times as much as
  by one. With k numbers on the scale, i and j the *places* of the two scores, and n names in common:

  w = ((i − j) / (k − 1))², and kappa = 1 − Σ w·O / Σ w·E

  O counts how often mine is at i and the key at j; E = (how often mine is at i) · (how often the key is at j) / n.

<details><summary>Hint 1 · places</summary>

On (1, 3, 5) the places are 0, 1, 2: `scale.index(score)`.

</details>
<details><summary>Hint 2 · without tables</summary>

Σ w·O is a sum over the names. Σ w·E is a sum over all pairs of one of mine and one of the key's, divided by n.

</details>
"""

# %% [markdown]
"""Where kappa has no value, say so and invent none:

- `None` where Σ w·E is 0: both gave everything the same one score, so it **cannot be computed**. One constant reader
  beside one who differs has kappa 0.
- `ValueError`: no name in common, a score in common that is not on the scale, a scale of fewer than two numbers or with
  one of them twice.

<details><summary>Hint · which scores are looked at</summary>

Those of names in common. What only one reader scored is nobody's business.

</details>
"""


# %% nbgrader={"grade_id": "reader", "solution": true}
def bias(mine: Scores, key: Scores) -> float:
    """The mean of mine - key over names in common. ValueError: there are none."""
    ### BEGIN SOLUTION
    common = [name for name in mine if name in key]
    if not common:
        raise ValueError("no name was scored by both")
    return sum(mine[name] - key[name] for name in common) / len(common)
    ### END SOLUTION


def weighted_kappa(mine: Scores, key: Scores, scale: Sequence[float] = (1, 3, 5)) -> float | None:
    """Quadratic weighted kappa; None where it cannot be computed. ValueError: see above."""
    ### BEGIN SOLUTION
    # Why: a reader who gives 3 to everything agrees often and by chance alone; kappa takes that
    # away. Squares, because 1 for 5 ends in a wrong offer and 3 for 5 in a discussion.
    if len(scale) < 2 or len(set(scale)) < len(scale):
        raise ValueError(f"{scale} is no scale")
    common = [name for name in mine if name in key]
    if not common:
        raise ValueError("no name was scored by both")
    place = {score: number for number, score in enumerate(scale)}
    strange = [s for name in common for s in (mine[name], key[name]) if s not in place]
    if strange:
        raise ValueError(f"{strange} are not on the scale {scale}")
    ours = [(place[mine[name]], place[key[name]]) for name in common]
    seen = sum((i - j) ** 2 for i, j in ours)
    chance = sum((i - j) ** 2 for i, _ in ours for _, j in ours) / len(ours)
    return 1 - seen / chance if chance else None
    ### END SOLUTION


# %%
@try_it
def a_strict_reader_and_one_who_gives_threes() -> list[float | None]:
    key, strict = flat(key_scores(PRACTICE)), reader(strictness=0.6, care=1.0)
    threes = dict.fromkeys(key, 3)
    return [
        bias(strict, key),
        weighted_kappa(strict, key),
        weighted_kappa(threes, key),
        weighted_kappa(threes, threes),
    ]


# %% nbgrader={"grade_id": "reader-checks", "grade": true}
@check(expect=approx(-0.5), points=1)
def the_bias_is_mine_minus_the_keys():
    """Below 0 is strict: two answers two points too low, one two points too high, one the same."""
    return bias({"a": 1, "b": 3, "c": 5, "d": 5}, {"a": 3, "b": 5, "c": 5, "d": 3})


@check(expect=approx(2 / 3), points=1)
def kappa_takes_away_what_chance_gives():
    """Five answers, two of them one step off: seen 2, by chance 6."""
    mine = {"a": 1, "b": 1, "c": 3, "d": 5, "e": 5}
    return weighted_kappa(mine, {"a": 1, "b": 3, "c": 3, "d": 5, "e": 3})


### BEGIN HIDDEN TESTS
def two_readers(rng, count=24, scale=(1, 3, 5)):
    names = [f"t{number:02}" for number in range(count)]
    key = {name: rng.choice(scale) for name in names}
    key |= dict(zip(names, scale, strict=False))
    mine = {name: key[name] if rng.random() < 0.6 else rng.choice(scale) for name in names}
    return {name: mine[name] for name in rng.sample(names, count)}, key


@check(expect=REFERENCE, points=1, seeds=2)
def the_bias_is_a_mean_over_all_in_common(rng):
    """Kind and strict scores weigh each other up; what one reader scored alone does not count."""
    mine, key = two_readers(rng, 10)
    mine |= {f"kind {n}": 5 for n in range(12)} | {"strict": 1}
    key |= {f"kind {n}": 3 for n in range(12)} | {"strict": 5}
    more = {"only mine": 5, "mine too": 5, **mine}
    return [bias(mine, key), bias(more, key), bias(mine, {**key, "only the key's": 5})]


@check(expect=REFERENCE, points=3, seeds=3)
def kappa_is_right_for_any_two_readers(rng):
    """Two steps off cost four times as much as one; chance is taken from both readers' own habits."""
    seen = []
    for count in (6, 24, 60):
        mine, key = two_readers(rng, count)
        seen += [weighted_kappa(mine, key), weighted_kappa(key, mine), weighted_kappa(key, key)]
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def names_that_one_reader_lacks_do_not_count_in_kappa(rng):
    """Not their scores, not their number, and they need not even lie on the scale."""
    mine, key = two_readers(rng, 16)
    some = rng.sample(sorted(mine), 11)
    return [
        weighted_kappa({name: mine[name] for name in some} | {"alone": 4}, key),
        weighted_kappa(mine, {name: key[name] for name in some} | {"alone": 2}),
    ]


@check(expect=REFERENCE, points=1, seeds=2)
def places_on_the_scale_count_and_not_its_numbers(rng):
    """1, 3, 5 and 1, 2, 10 give the same kappa; four numbers have three steps."""
    mine, key = two_readers(rng, 20)
    other = dict(zip((1, 3, 5), (1, 2, 10), strict=True))
    stretched = [{name: other[score] for name, score in one.items()} for one in (mine, key)]
    four = two_readers(rng, 20, (1, 2, 3, 4))
    two = two_readers(rng, 20, (0, 1))
    return [
        weighted_kappa(*stretched, (1, 2, 10)),
        weighted_kappa(*four, (1, 2, 3, 4)),
        weighted_kappa(*two, [0, 1]),
    ]


@check(
    expect={
        "all the same": None,
        "one answer": None,
        "constant and not": 0.0,
        "two constants": 0.0,
    },
    points=2,
)
def where_chance_explains_everything_there_is_no_kappa():
    """None only if both gave everything the same one score."""
    names = "abcdef"
    threes, mixed = (
        dict.fromkeys(names, 3),
        {name: (1, 3, 5)[n % 3] for n, name in enumerate(names)},
    )
    return {
        "all the same": weighted_kappa(threes, threes),
        "one answer": weighted_kappa({"a": 5}, {"a": 5}),
        "constant and not": weighted_kappa(threes, mixed),
        "two constants": weighted_kappa(threes, dict.fromkeys(names, 5)),
    }


@check(
    expect={"bias": "ValueError", "kappa": "ValueError", "empty": "ValueError"},
    points=1,
)
def no_name_in_common_is_refused():
    """Two readers of different answers cannot be compared."""
    return {
        "bias": how_it_ends(bias, {"a": 1}, {"b": 1}),
        "kappa": how_it_ends(weighted_kappa, {"a": 1}, {"b": 1}),
        "empty": how_it_ends(bias, {}, {}),
    }


@check(
    expect=dict.fromkeys(("mine", "the key's", "one number", "one twice"), "ValueError")
    | {"fine": "no error"},
    points=1,
)
def what_is_not_on_the_scale_is_refused():
    """A score between two anchors, and a scale that is none."""
    some = {"a": 1, "b": 5}
    return {
        "mine": how_it_ends(weighted_kappa, {"a": 1, "b": 4}, some),
        "the key's": how_it_ends(weighted_kappa, some, {"a": 1, "b": 2}),
        "one number": how_it_ends(weighted_kappa, {"a": 1}, {"a": 1}, (1,)),
        "one twice": how_it_ends(weighted_kappa, some, some, (1, 5, 5)),
        "fine": how_it_ends(weighted_kappa, some, some, (1, 5)),
    }


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Add the scales up

`overall(scores, weights)` is the weighted mean of one answer's scores. Weights are divided by their sum over the scales
that **were** scored, so an answer that nobody scored on one scale is not punished for it. `weights` may know more scales.

`ValueError`: nothing scored, a scored scale without a weight, a weight below 0 among those scored, or weights that add
up to 0.

<details><summary>Hint · the sum</summary>

Take the sum of weights over `scores`, not over `weights`.

</details>
"""


# %% nbgrader={"grade_id": "overall", "solution": true}
def overall(scores: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The weighted mean of the scores. ValueError: see above."""
    ### BEGIN SOLUTION
    # Why: the sum is taken over what was scored; dividing by all weights would count a scale that
    # nobody looked at as a zero, below the worst anchor.
    missing = [name for name in scores if name not in weights]
    if missing:
        raise ValueError(f"there is no weight for {missing}")
    total = sum(weights[name] for name in scores)
    if total <= 0 or min(weights[name] for name in scores) < 0:
        raise ValueError("weights of scored scales must not be below 0, and not all 0")
    return sum(score * weights[name] for name, score in scores.items()) / total
    ### END SOLUTION


# %%
@try_it
def two_answers_to_one_question() -> list[float]:
    own = weights("drift")
    return [overall(key_scores(["t05", "t07"])[name], own) for name in ("t05", "t07")]


# %% nbgrader={"grade_id": "overall-checks", "grade": true}
@check(expect=approx(4.0), points=1)
def scales_are_added_up_by_weight():
    """5 with three parts and 1 with one."""
    return overall({"gates": 5, "rollback": 1}, {"gates": 75, "rollback": 25})


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=1, seeds=3)
def the_mean_is_weighted_whatever_the_weights_add_up_to(rng):
    """Percent, parts or shares."""
    names = rng.sample(["kinds", "detection", "response", "business", "gates"], 4)
    scores = {name: rng.choice([1, 3, 5]) for name in names}
    parts = {name: rng.randint(1, 9) for name in names}
    return [overall(scores, parts), overall(scores, {n: p / 40 for n, p in parts.items()})]


@check(expect=REFERENCE, points=1, seeds=2)
def a_scale_that_was_not_scored_does_not_count(rng):
    """Neither as a zero nor in the sum of weights; a weight of 0 is allowed."""
    of = {"kinds": 20, "detection": 30, "response": 25, "business": 25, "unused": -3}
    names = rng.sample(["kinds", "detection", "response", "business"], 2)
    scores = {names[0]: 5, names[1]: rng.choice([1, 3])}
    return [overall(scores, of), overall(scores, {**of, names[1]: 0})]


@check(
    expect=dict.fromkeys(("nothing", "no weight", "below 0", "all 0"), "ValueError")
    | {"fine": "no error"},
    points=1,
)
def weights_that_decide_nothing_are_refused():
    """No score, no weight, a weight below 0, or zeros only."""
    return {
        "nothing": how_it_ends(overall, {}, {"kinds": 1}),
        "no weight": how_it_ends(overall, {"kinds": 3, "gates": 3}, {"kinds": 1}),
        "below 0": how_it_ends(overall, {"kinds": 3, "gates": 3}, {"kinds": 2, "gates": -1}),
        "all 0": how_it_ends(overall, {"kinds": 3}, {"kinds": 0}),
        "fine": how_it_ends(overall, {"kinds": 3}, {"kinds": 0.1}),
    }


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Read six answers

Practise first: `show(name)`, your own scores, then `reasons(name)`, for names from `"t01"` to `"t20"`. A score rests on
the anchors printed below the answer, not on how the voice sounded. The brief has weights for five questions; those of
the story are ours.

Then the exam, t21 to t26:

- `my_marks()`: a list of pairs `("t21.1", "asks-first")`. Sentences may have no signal, or two.
- `my_scores()`: for each of the six a dict from scale to 1, 3 or 5. `scales_of("t21")` names the scales.

The key is one experienced reader's, and readers differ. Enough is: half of the key's green and half of its red flags
found; half of your marks in the key or among those that it allows; kappa at least 0.5; a bias within half a point.

<details><summary>Hint · where to begin</summary>

Ask of each sentence: would I write it down if I had to defend my score? Most have no signal.

</details>
"""

# %%
for name in EXAM:
    show(name)
    print("\n" + "-" * 88 + "\n")


# %% nbgrader={"grade_id": "exam", "solution": true}
def my_marks() -> list[Mark]:
    """The signals in t21 to t26."""
    ### BEGIN SOLUTION
    return [
        ("t21.1", "asks-first"),  # both questions would change the design
        ("t21.4", "failure-modes"),  # a reserve against a loud tenant
        ("t21.5", "failure-modes"),  # what happens until the node is there
        ("t21.6", "trade-offs"),  # and it says when the other one wins
        ("t21.7", "limits"),  # where its own answer breaks
        ("t22.1", "name-drops"),  # five products, no task
        ("t22.3", "never-in-production"),  # a thesis
        ("t22.4", "no-why"),  # thresholds that nobody chose
        ("t22.5", "happy-path"),  # retrains on a broken column, too
        ("t23.2", "numbers"),  # a limit, for every group
        ("t23.5", "ownership"),  # saw it and put it on the list
        ("t24.1", "blames"),  # others order too much
        ("t24.2", "happy-path"),  # one lever for everything
        ("t24.3", "defensive"),  # closes at the second question
        ("t24.5", "never-in-production"),  # no bill of one's own
        ("t25.4", "failure-modes"),  # the fast store is down
        ("t25.4", "monitoring"),  # and a chart shows it, unasked
        ("t26.1", "ownership"),  # nobody made me skip it
        ("t26.2", "trade-offs"),  # wanted one, chose the other, and why
        ("t26.3", "business"),  # what it cost, told to whom it cost
        ("t26.4", "numbers"),  # from, to, and how long
    ]
    ### END SOLUTION


def my_scores() -> dict[str, dict[str, int]]:
    """Scores of t21 to t26 on all their scales."""
    ### BEGIN SOLUTION
    # Why: t21 and t26 earn the top anchors by what they volunteer. t23 and t25 are sound and stop
    # before the last step: watched by a person, back by a command, dates not thought of. t22 and
    # t24 have words for everything and a reason for nothing.
    return {
        "t21": dict.fromkeys(scales_of("t21"), 5),
        "t22": dict.fromkeys(scales_of("t22"), 1),
        "t23": {"pipelines": 5, "gates": 3, "deployment": 3, "rollback": 3, "practice": 5},
        "t24": dict.fromkeys(scales_of("t24"), 1),
        "t25": {
            "storage": 5,
            "consistency": 3,
            "performance": 3,
            "point-in-time": 1,
            "governance": 3,
        },
        "t26": dict.fromkeys(scales_of("t26"), 5),
    }
    ### END SOLUTION


# %%
@try_it
def my_totals() -> dict[str, float]:
    scores = my_scores()
    asked = {name: signals.transcript(name)["question"] for name in EXAM}
    return {name: overall(scores[name], weights(asked[name])) for name in EXAM}


# %% nbgrader={"grade_id": "exam-checks", "grade": true}
@check(expect=played(signals.read, signals.every_mark_is_a_sentence_and_a_signal), points=1)
def every_mark_names_a_sentence_and_a_signal():
    """Ids as `show` prints them, signals as in the list on top."""
    return my_marks()


@check(expect=played(signals.read, signals.every_scale_of_the_exam_has_a_score), points=1)
def every_scale_of_the_six_answers_has_a_score():
    """1, 3 or 5, nothing between and nothing left out."""
    return my_scores()


### BEGIN HIDDEN TESTS
REDS = {("t22.1", "name-drops"), ("t22.3", "never-in-production"), ("t22.4", "no-why")}
REDS |= {("t22.5", "happy-path"), ("t24.1", "blames"), ("t24.2", "happy-path")}
REDS |= {("t24.3", "defensive"), ("t24.5", "never-in-production")}
GREENS = {("t21.1", "asks-first"), ("t21.4", "failure-modes"), ("t21.5", "failure-modes")}
GREENS |= {("t21.6", "trade-offs"), ("t21.7", "limits"), ("t23.2", "numbers")}
GREENS |= {("t23.5", "ownership"), ("t25.4", "failure-modes"), ("t25.4", "monitoring")}
GREENS |= {
    ("t26.1", "ownership"),
    ("t26.2", "trade-offs"),
    ("t26.3", "business"),
    ("t26.4", "numbers"),
}
ALLOWED = {  # can be argued
    ("t21.1", "failure-modes"), ("t21.1", "business"), ("t21.6", "failure-modes"), ("t21.2", "business"),
    ("t21.6", "experience"), ("t21.6", "limits"), ("t22.1", "no-questions"), ("t22.1", "no-why"),
    ("t22.2", "happy-path"), ("t22.4", "happy-path"), ("t22.5", "no-why"), ("t22.6", "happy-path"),
    ("t22.6", "ignores-cost"), ("t23.1", "experience"), ("t23.2", "monitoring"), ("t23.2", "failure-modes"),
    ("t23.3", "monitoring"), ("t23.3", "numbers"), ("t23.4", "failure-modes"), ("t23.5", "failure-modes"),
    ("t23.5", "experience"), ("t24.2", "no-questions"), ("t24.3", "happy-path"), ("t24.3", "no-why"),
    ("t24.4", "no-why"), ("t24.4", "never-in-production"), ("t24.5", "ignores-cost"), ("t25.1", "no-questions"),
    ("t25.3", "numbers"), ("t25.5", "limits"), ("t25.5", "happy-path"), ("t26.1", "experience"),
    ("t26.1", "numbers"), ("t26.2", "limits"), ("t26.2", "experience"), ("t26.3", "ownership"),
    ("t26.3", "trade-offs"), ("t26.5", "experience"), ("t26.5", "ownership"), ("t26.5", "numbers"),
    ("t26.5", "monitoring"),
}  # fmt: skip
KEY = {
    "t21": {"requirements": 5, "architecture": 5, "isolation": 5, "scale": 5, "trade-offs": 5},
    "t22": {"kinds": 1, "detection": 1, "response": 1, "business": 1},
    "t23": {"pipelines": 5, "gates": 3, "deployment": 3, "rollback": 3, "practice": 5},
    "t24": {"strategies": 1, "numbers": 1, "trade-offs": 1, "experience": 1},
    "t25": {"storage": 5, "consistency": 3, "performance": 3, "point-in-time": 1, "governance": 3},
    "t26": {"own-part": 5, "decision": 5, "effect": 5, "learning": 5},
}


def marks_in(seen):
    # those of the exam; what is no mark is another check's matter
    pairs = [tuple(mark) for mark in seen if isinstance(mark, list | tuple) and len(mark) == 2]
    return {mark for mark in pairs if str(mark[0]).split(".")[0] in KEY}


def pairs_in(seen):
    # scores on the scale of mine, each beside the key's
    both = [
        (seen[t].get(scale), want)
        for t, own in KEY.items()
        if t in seen
        for scale, want in own.items()
    ]
    return [(mine, want) for mine, want in both if mine in (1, 3, 5)]


def half_of_the_reds(seen):
    """half of the key's red flags or more"""
    return 2 * len(marks_in(seen) & REDS) >= len(REDS)


def half_of_the_greens(seen):
    """half of the key's green flags or more"""
    return 2 * len(marks_in(seen) & GREENS) >= len(GREENS)


def half_of_mine(seen):
    """half of the marks or more in the key or allowed by it"""
    mine = marks_in(seen)
    return bool(mine) and 2 * len(mine & (REDS | GREENS | ALLOWED)) >= len(mine)


def agrees(seen):
    """a quadratic weighted kappa of 0.5 or more"""
    pairs = pairs_in(seen)
    chance = sum((i - j) ** 2 for i, _ in pairs for _, j in pairs) / max(1, len(pairs))
    return chance > 0 and 1 - sum((i - j) ** 2 for i, j in pairs) / chance >= 0.5


def is_balanced(seen):
    """a mean difference from -0.5 to 0.5"""
    pairs = pairs_in(seen)
    return bool(pairs) and abs(sum(i - j for i, j in pairs) / len(pairs)) <= 0.5


@check(expect=is_true_of(half_of_the_reds), points=3)
def i_hear_half_of_the_red_flags():
    """Listen for what is missing: a reason, a failure, one's own part."""
    return my_marks()


@check(expect=is_true_of(half_of_the_greens), points=3)
def i_hear_half_of_the_green_flags():
    """Listen for what nobody asked for: a limit, a price, what breaks."""
    return my_marks()


@check(expect=is_true_of(half_of_mine), points=2)
def half_of_what_i_mark_is_there():
    """Who marks everything hears nothing."""
    return my_marks()


@check(expect=is_true_of(agrees), points=3)
def my_scores_agree_with_the_key_beyond_chance():
    """Read the anchors again: the top one asks for something in particular."""
    return my_scores()


@check(expect=is_true_of(is_balanced), points=2)
def i_am_neither_too_kind_nor_too_strict():
    """Within half a point on the average of all scales."""
    return my_scores()


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## What strictness does to agreement

A reader of the twenty practice answers, measured by your functions. On the diagonal reader and key agree. Make the
reader strict: the mass moves below the diagonal, and the bias falls by a point or more. Kappa falls too, but not to
nothing, because a strict reader still puts answers in the right order. Set strictness to 0 and take care away: kappa
falls to a quarter, and the bias stays near 0. Two faults, two figures, two cures: strictness is mended by talking about
anchors, carelessness by reading.
"""


# %%
def measured(strictness: float, care: float) -> dict[str, Any]:
    mine, key = reader(strictness, care), flat(key_scores(PRACTICE))
    table = counts(mine, key)
    return {"table": table, "kappa": weighted_kappa(mine, key), "bias": bias(mine, key)}


caption = (
    "Reader's scores against the key's, how often each pair occurs, with kappa and bias in words."
)
strictness = slider(-2, 2, 0.25, 0.5, "strictness, steps of the scale")
care = slider(0, 1, 0.1, 0.9, "care, from guesses to the key's own")
explore(
    draw_agreement, data=measured, caption=caption, size=(9, 4.4), strictness=strictness, care=care
)

# %% [markdown]
"""## Say it to the candidate

Take the answer t24. Write what you would tell the candidate, in 120 words: the two sentences that cost most, why, one
thing that was better than they think, and what to say instead next time. Then name the one score of yours on t24 that you
are least sure of.
"""

# %% [markdown] nbgrader={"grade_id": "signals-feedback", "grade": true, "solution": true, "points": 5}
"""### BEGIN SOLUTION
Two sentences cost you most. "Because the data scientists order cards as if they were free" gives others the fault for a
bill that you are asked to lower; say instead what let it happen: there was no quota and nobody saw the cost by team. And
"No, that does not risk anything" closed a door: I asked again because a spot machine can be taken away within two
minutes, and I hoped to hear what happens to a customer's request then.

Better than you think: you said openly that you have had no bill of your own. Put that first, and then what you would
measure in the first week.

Next time: "Before I choose a lever I want to see what is idle. Spot is my second, for what can be repeated."

Least sure: experience. A 1 fits what you said; if you have run something smaller, you hid it.

Rubric, one point each (weak / good / strong):
1. evidence: a mood / a sentence is quoted / quoted with what it made the interviewer think;
2. cause: "bad attitude" / the signal is named / and what was wanted in its place;
3. fairness: nothing good / a polite phrase / something true that helps;
4. next step: "prepare better" / a topic / words that can be said;
5. doubt: none / a score is named / and what would change it.
### END SOLUTION"""

# %% [markdown]
"""## Two readers, one offer

Two interviewers of yours: one has kappa 0.7 and a bias of −0.8, the other kappa 0.4 and a bias of 0.0. **Whose scores do
you mend by arithmetic, whose by training, and whom do you let decide alone this week?** 120 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "signals-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
The first one orders answers as the key does and is harsh. That can be mended by arithmetic: as long as the harshness is the
same everywhere I may add 0.8, or better compare only within this reader's own scores. I would check that it is the same
for strong and weak answers, since a shift at the bottom of the scale is cut off.

The second one has an average that looks right and an order that is not. No arithmetic helps, because kind and harsh errors
cancel by luck. This one reads ten practice answers with the reasons beside them and is measured again.

This week I let the first one decide, after the shift, and use the second as a second pair of ears whose notes count and
whose scores do not. Thirty answers are few: kappa 0.4 may be 0.2 or 0.6, so I would not say "bad reader", only "not yet".

Rubric, one point each (weak / good / strong):
1. bias: unfair reader / shift can be taken away / and when it cannot (ends of the scale, not the same everywhere);
2. kappa: bias 0 taken for good / order is wrong / errors cancel, so training;
3. decision: both or none / the first one / with what the second is still good for;
4. doubt: none / few answers / says how far the figures may be off, or how to get more.
### END SOLUTION"""

# %% [markdown]
"""**What you now know** A signal is a sentence, a score rests on an anchor, and two figures tell a kind reader from a
careless one. None of them tells whether the key is right.

**In practice** Score before you talk to the other interviewer. Write the sentence beside the score. Measure the panel
once a quarter on the same answers.

**Asked next**

<details><summary>"Why not plain percent agreement?"</summary>

Because a reader who gives 3 to all agrees often without reading. Kappa takes away what such habits give.

</details>
<details><summary>"What if the candidate says a red flag for a good reason?"</summary>

Ask once more and listen to the reason. A flag is where to look, the anchor is what you score.

</details>
<details><summary>"Who checks the key?"</summary>

Two people write it apart and talk about every difference of two steps. What stays open is allowed either way.

</details>
"""
