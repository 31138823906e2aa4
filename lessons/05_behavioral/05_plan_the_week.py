# %% [markdown]
"""# Plan the week

You'll build a plan for the days that are left: whole lessons, the dear and weak ones first, and an honest list of what
is left out. And you'll hold what you believe of yourself beside what was measured.

**Time** 35 min · **Level** easy · **Needs** lists, dictionaries, sorting by several keys

**Skills** order work by need, worth and length · fill days without cutting anything · say what you leave out · tell
confidence from skill
"""

# %% nbgrader={"grade_id": "week-setup", "locked": true}
from collections.abc import Mapping, Sequence
from typing import Any

from coursekit import REFERENCE, check, explore, scoreboard, slider, try_it
from coursekit.behavioral.week import (
    ITEMS,
    draw_areas,
    draw_days,
    measured_here,
    sure_and_measured,
    week_of,
    week_page,
)

Lesson = Mapping[str, Any]  # "id", "part", "minutes", "weight", "need"
NEEDS = ("must", "should", "could")

# %% [markdown]
"""## The situation

Six days of two hours, and twenty-four things to do, which take eighteen hours. Whoever begins at the top never comes to
the end; whoever cuts each lesson in half finishes none. And the evening before, something new only frightens.

![Lessons go through a sieve: must before should before could, then worth, which is weight times what is missing, then
length. Each goes whole on the first day with room. The last day stays empty for review. What fits nowhere is listed as
left out.](diagrams/05_plan_the_week.mmd)

The **worth** of a lesson is `weight * (1 - score of its part)`: a weak part that weighs much comes first. Weights are
the brief's; that of coding, and what is a must, is our own choice.
"""

# %% nbgrader={"grade_id": "week-world", "locked": true}
SMALL = [
    {"id": "design", "part": "design", "minutes": 45, "weight": 40, "need": "must"},
    {"id": "drift", "part": "scale", "minutes": 60, "weight": 30, "need": "should"},
    {"id": "bill", "part": "cost", "minutes": 20, "weight": 10, "need": "should"},
    {"id": "router", "part": "coding", "minutes": 45, "weight": 20, "need": "could"},
]

# %% [markdown]
"""## 1 · Fit it in

`fit(lessons, days, hours, scores)`; `scores` maps parts to 0 … 1, a part without a score counts 0.

- Order: "must", "should", "could"; in each the greater worth first; of equal worth the shorter; then as in the course.
- Each goes, whole, on the **first** day that still has room (`60 * hours` minutes a day; an exact fit fits). What fits
  nowhere is left out, and those behind it still get their turn.
- On the last of several days nothing is begun. A single day takes lessons.
- Returned: `{"days": [[id, ...], ...], "left_out": [id, ...], "free": [minutes, ...]}`, all in the order in which
  lessons were taken; `free` is the room left of each day, the empty last one too.
- `ValueError`: `days` below 1, `hours` or `minutes` not above 0, another `need`. What comes in stays as it was.

<details><summary>Hint 1 · one order for all</summary>

A tuple sorts by its first item, then by the second, and so on: `(need, -worth, minutes)`. Python keeps equal ones as they
stood.

</details>
<details><summary>Hint 2 · the first day with room</summary>

Keep the list of free minutes. Look through it from the left for each lesson; leave the last of several days out of the
search.

</details>
"""


# %% nbgrader={"grade_id": "week-fit", "solution": true}
def fit(
    lessons: Sequence[Lesson], days: int, hours: float, scores: Mapping[str, float]
) -> dict[str, Any]:
    """Whole lessons by day, what is left out, minutes free. ValueError: it cannot be."""
    ### BEGIN SOLUTION
    # Why: need first, because worth alone would drop a must for two shiny coulds. A lesson
    # that finds no room does not end the search: a shorter one behind it may still fit.
    if days < 1 or not hours > 0:
        raise ValueError(f"there is no plan of {days} days with {hours} hours")
    for lesson in lessons:
        if lesson["need"] not in NEEDS or not lesson["minutes"] > 0:
            raise ValueError(f"{lesson['id']} has a need or a length that cannot be")

    def rank(lesson: Lesson) -> tuple[int, float, float]:
        worth = lesson["weight"] * (1 - scores.get(lesson["part"], 0.0))
        return NEEDS.index(lesson["need"]), -worth, lesson["minutes"]

    plan: list[list[str]] = [[] for _ in range(days)]
    free = [60 * hours] * days
    left_out = []
    open_days = range(days - 1 if days > 1 else 1)
    for lesson in sorted(lessons, key=rank):
        day = next((n for n in open_days if lesson["minutes"] <= free[n]), None)
        if day is None:
            left_out.append(lesson["id"])
        else:
            plan[day].append(lesson["id"])
            free[day] -= lesson["minutes"]
    return {"days": plan, "left_out": left_out, "free": free}
    ### END SOLUTION


# %%
@try_it
def three_days_of_an_hour() -> dict[str, Any]:
    return fit(SMALL, 3, 1, {"scale": 0.5})


# %% nbgrader={"grade_id": "week-fit-checks", "grade": true}
@check(expect=[[["design"], ["drift"], []], ["bill", "router"]], points=2)
def what_fits_on_no_day_is_left_out():
    """Three days of an hour: design leaves 15 minutes, drift none; the last is for review."""
    plan = fit(SMALL, 3, 1, {"scale": 0.5})
    return [[list(day) for day in plan["days"]], list(plan["left_out"])]


@check(expect=["design", "bill"], points=2)
def a_shorter_one_behind_still_gets_its_turn():
    """75 minutes and a day of review: after design drift finds no room, but the bill does."""
    return list(fit(SMALL, 2, 1.25, {"scale": 0.5})["days"][0])


### BEGIN HIDDEN TESTS
PARTS = ["design", "scale", "delivery", "cost", "coding"]


def a_course(rng, number=12, **same):
    lessons = []
    for n in range(number):
        lesson = {
            "id": f"lesson {n}",
            "part": rng.choice(PARTS),
            "minutes": rng.choice([15, 20, 30, 45, 60]),
            "weight": rng.choice([5, 10, 15, 30, 40]),
            "need": rng.choice(NEEDS),
        }
        lessons.append({**lesson, **same})
    return lessons


def days_of(plan):
    return [list(day) for day in plan["days"]]


def taken(plan):
    """In which order, on one long day before the last."""
    return list(plan["days"][0])


def how_it_ends(function, *args):
    try:
        function(*args)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "no error"


@check(expect=REFERENCE, points=2, seeds=3)
def must_comes_before_should_before_could(rng):
    """Whatever a lesson is worth; here each is worth more the less it is needed."""
    lessons = a_course(rng, 9, minutes=10, part="design")
    for lesson in lessons:
        lesson["weight"] = 10 + 30 * NEEDS.index(lesson["need"]) + int(lesson["id"][-1])
    needs = {lesson["id"]: lesson["need"] for lesson in lessons}
    return [needs[name] for name in taken(fit(lessons, 2, 24, {}))]


@check(expect=REFERENCE, points=2, seeds=3)
def the_heavier_part_comes_first(rng):
    """Equal needs, no scores."""
    weights = rng.sample([5, 10, 15, 20, 30, 40], 6)
    lessons = a_course(rng, 6, minutes=10, need="should", part="design")
    for lesson, weight in zip(lessons, weights, strict=True):
        lesson["weight"] = weight
    return taken(fit(lessons, 2, 24, {}))


@check(expect=REFERENCE, points=2, seeds=3)
def of_equal_weight_the_weakest_part_comes_first(rng):
    """Equal needs and weights; the parts' scores differ."""
    lessons = [{**a_course(rng, 1)[0], "part": part, "id": part} for part in rng.sample(PARTS, 5)]
    lessons = [{**one, "minutes": 10, "weight": 20, "need": "must"} for one in lessons]
    scores = dict(zip(PARTS, rng.sample([0.0, 0.25, 0.5, 0.75, 1.0], 5), strict=True))
    return taken(fit(lessons, 2, 24, scores))


@check(expect=REFERENCE, points=2, seeds=3)
def worth_is_weight_times_what_is_missing(rng):
    """A strong part of weight 40 against a weak one of 10, and others between; no two worths alike."""
    weights, scores = dict(zip(PARTS, (40, 30, 20, 15, 10), strict=True)), {}
    for part, worth in zip(PARTS, rng.sample([1.0, 2.5, 5.0, 7.5, 9.0], 5), strict=True):
        scores[part] = 1 - worth / weights[part]
    lessons = [
        {"id": part, "part": part, "minutes": 10, "weight": weights[part], "need": "could"}
        for part in rng.sample(PARTS, 5)
    ]
    return taken(fit(lessons, 2, 24, scores))


@check(expect=REFERENCE, points=1, seeds=2)
def a_part_without_a_score_is_all_missing(rng):
    """Three parts were measured, two were not."""
    known = dict.fromkeys(rng.sample(PARTS, 3), 0.25)
    lessons = [
        {"id": part, "part": part, "minutes": 10 + n, "weight": 20, "need": "must"}
        for n, part in enumerate(rng.sample(PARTS, 5))
    ]
    return [known.get(part, 0.0) for part in taken(fit(lessons, 2, 24, known))]


@check(expect=REFERENCE, points=1, seeds=3)
def of_equal_worth_the_shorter_comes_first(rng):
    """Six lengths, one need and one weight."""
    lengths = rng.sample([10, 15, 20, 25, 30, 50], 6)
    lessons = [
        {**a_course(rng, 1)[0], "id": f"{minutes} min", "minutes": minutes} for minutes in lengths
    ]
    lessons = [{**one, "part": "cost", "weight": 10, "need": "should"} for one in lessons]
    return taken(fit(lessons, 2, 24, {}))


@check(expect=REFERENCE, points=1, seeds=2)
def what_is_equal_keeps_the_order_of_the_course(rng):
    """Same need, worth and length; names in no order."""
    names = rng.sample(["b", "a", "d", "c", "f", "e"], 6)
    lessons = [
        {"id": name, "part": "cost", "minutes": 30, "weight": 10, "need": "must"} for name in names
    ]
    return taken(fit(lessons, 2, 24, {}))


KNOWN = {f"part {n}": 0.5 + n / 100 for n in range(9)}


def one_need(lengths):
    """Lessons that are taken in this order, of these lengths, with the scores in `KNOWN`."""
    return [
        {
            "id": f"{n}: {minutes} min",
            "part": f"part {n}",
            "minutes": minutes,
            "weight": 512 / 2**n,
            "need": "must",
        }
        for n, minutes in enumerate(lengths)
    ]


@check(expect=REFERENCE, points=2, seeds=3)
def each_goes_on_the_first_day_with_room(rng):
    """The third fits beside the first and beside the second; six lessons on five days."""
    first, second = rng.choice([26, 31, 36]), rng.choice([44, 49])
    lessons = one_need([first, second, 9, *rng.sample([52, 43, 41], 3)])
    return days_of(fit(lessons, 6, 1, KNOWN))[:5]


@check(expect=REFERENCE, points=1, seeds=2)
def an_exact_fit_fits(rng):
    """The last minute of a day counts; one minute more does not."""
    first = rng.choice([40, 45])
    lessons = one_need([first, 60 - first, 61, 60])
    plan = fit(lessons, 4, 1, KNOWN)
    return [days_of(plan)[:3], list(plan["left_out"])]


@check(expect=REFERENCE, points=2, seeds=2)
def nothing_is_begun_on_the_last_day(rng):
    """Two days, three, five; there is more to do than they hold."""
    lessons = one_need([45] * 9)
    plans = [days_of(fit(lessons, days, rng.choice([1, 2]), KNOWN)) for days in (2, 3, 5)]
    return [[bool(plan[0]), plan[-1]] for plan in plans]


@check(expect=REFERENCE, points=1, seeds=2)
def a_single_day_takes_lessons(rng):
    """It is the first and the last; half an hour, or three."""
    lessons = one_need([rng.choice([26, 28]), 21, rng.choice([44, 47])])
    return [days_of(fit(lessons, 1, hours, KNOWN)) for hours in (0.5, 3)]


@check(expect=REFERENCE, points=1, seeds=2)
def what_is_left_out_stands_in_the_order_it_was_taken(rng):
    """Two days of which one is free for lessons."""
    lessons = one_need([rng.choice([56, 58]), 52, 47, rng.choice([41, 44]), 33])
    return list(fit(lessons[::-1], 2, 1, KNOWN)["left_out"])


@check(expect=REFERENCE, points=2, seeds=2)
def the_room_left_is_told_for_each_day(rng):
    """The empty last day, too: all of it."""
    lessons = one_need([rng.choice([41, 44]), 22, rng.choice([39, 40]), 14])
    return [
        [float(minutes) for minutes in fit(lessons, days, hours, KNOWN)["free"]]
        for days, hours in ((4, 1), (3, 2.5))
    ]


@check(expect=["ValueError"] * 5 + ["no error"] * 3, points=1)
def a_plan_that_cannot_be_is_refused():
    """No day, no hours, fewer than none, a lesson of no minutes, a need of another name. A minute is a length."""
    odd = [{**SMALL[0], "minutes": 0}], [{**SMALL[0], "need": "may"}]
    plans = (SMALL, 0, 1), (SMALL, 3, 0), (SMALL, 3, -2), (odd[0], 3, 1), (odd[1], 3, 1)
    fine = (SMALL, 1, 0.25), ([], 2, 1), ([{**SMALL[0], "minutes": 1}], 3, 1)
    return [how_it_ends(fit, *plan, {}) for plan in (*plans, *fine)]


@check(expect=REFERENCE, points=1, seeds=2)
def lessons_and_scores_stay_as_they_were(rng):
    """And the same call gives the same plan again."""
    lessons, scores = a_course(rng), {"design": 0.5}
    first = days_of(fit(lessons, 4, 2, scores))
    return [first == days_of(fit(lessons, 4, 2, scores)), lessons, scores]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""Your own plan of the course, with the scores of your rehearsals if `mock-interview.json` lies here (else an example's).
Move days and hours. Which must is the first to fall out?"""

# %%
explore(
    draw_days,
    data=lambda days, hours: week_of(fit, days, hours, measured_here()),
    caption="A bar for each day, made of whole lessons, with hatching by part; the last day "
    "is empty for review. On the right what is left out.",
    days=slider(1, 10, 1, 6, "days left"),
    hours=slider(0.5, 6, 0.5, 2, "hours a day"),
)

# %% [markdown]
"""## 2 · Hold belief beside measurement

`compare(ratings, measured)`: `ratings` maps areas to lists of your own marks, 1 to 5 or `None` (not rated); `measured`
maps areas to 0 … 1 or `None`. Every area of either gets `{"own", "measured", "says"}`:

- `"own"`: the mean of `(mark - 1) / 4` over the marks that are there, else `None`. `"measured"`: as given, else `None`.
- `"says"`: "not known" if either is `None`; "too sure" if own is more than 0.25 above measured; "too modest" if more
  than 0.25 below; else "fair". Exactly 0.25 apart is fair.
- A mark outside 1 to 5: `ValueError`.

<details><summary>Hint · areas of either</summary> `{**ratings, **measured}` has the keys of both.</details>
"""


# %% nbgrader={"grade_id": "week-compare", "solution": true}
def compare(
    ratings: Mapping[str, Sequence[int | None]], measured: Mapping[str, float | None]
) -> dict[str, dict[str, Any]]:
    """Belief, measurement and what they say, by area. ValueError: no such mark."""
    ### BEGIN SOLUTION
    # Why: "not known" is an answer of its own. A zero in its place would call you too sure
    # of what nobody has measured.
    out: dict[str, dict[str, Any]] = {}
    for area in {**ratings, **measured}:
        marks = [mark for mark in ratings.get(area, ()) if mark is not None]
        if any(not 1 <= mark <= 5 for mark in marks):
            raise ValueError(f"a mark of {area} lies outside 1 to 5")
        own = sum((mark - 1) / 4 for mark in marks) / len(marks) if marks else None
        seen = measured.get(area)
        if own is None or seen is None:
            says = "not known"
        elif own - seen > 0.25:
            says = "too sure"
        elif seen - own > 0.25:
            says = "too modest"
        else:
            says = "fair"
        out[area] = {"own": own, "measured": seen, "says": says}
    return out
    ### END SOLUTION


# %%
@try_it
def sure_of_coding() -> dict[str, dict[str, Any]]:
    mine = {"coding": [5, 5, 4], "design": [2, 3]}
    return compare(mine, {"coding": 0.5, "design": 0.5})


# %% nbgrader={"grade_id": "week-compare-checks", "grade": true}
@check(expect={"coding": "too sure", "design": "fair", "mlops": "not known"}, points=2)
def what_was_not_measured_is_not_known():
    """Coding: 0.875 beside 0.5. Design: 0.375 beside 0.5. Nobody has measured MLOps."""
    mine = {"coding": [5, 4], "design": [2, 3], "mlops": [5]}
    told = compare(mine, {"coding": 0.5, "design": 0.5})
    return {area: told[area]["says"] for area in ("coding", "design", "mlops")}


### BEGIN HIDDEN TESTS
def number(value):
    return None if value is None else float(value)


@check(expect=REFERENCE, points=2, seeds=3)
def your_own_share_is_the_mean_of_your_marks(rng):
    """1 is 0 and 5 is 1; five marks, one, and some that are missing."""
    five, one = [rng.randint(1, 5) for _ in range(5)], [rng.randint(1, 5)]
    gaps = rng.sample([*five, None, None], 7)
    told = compare({"five": five, "one": one, "gaps": gaps}, {})
    return [number(told[area]["own"]) for area in ("five", "one", "gaps")]


@check(expect=REFERENCE, points=2, seeds=3)
def belief_and_measurement_are_compared(rng):
    """Far above, far below, a little above, a little below."""
    marks = rng.choice([[3, 3], [2, 4], [3]])  # a half
    away = {"sure": -0.4, "modest": 0.4, "above": -0.2, "below": 0.2}
    seen = {area: 0.5 + change + rng.uniform(-0.03, 0.03) for area, change in away.items()}
    told = compare({area: list(marks) for area in seen}, seen)
    return {area: told[area]["says"] for area in sorted(told)}


@check(expect=["fair", "fair", "too sure", "too modest"], points=1)
def a_quarter_apart_is_still_fair():
    """0.5 beside 0.25 and 0.75, and a hundredth more on either side."""
    measured = {"a": 0.25, "b": 0.75, "c": 0.24, "d": 0.76}
    told = compare({area: [3] for area in measured}, measured)
    return [told[area]["says"] for area in "abcd"]


@check(expect=REFERENCE, points=1, seeds=2)
def areas_of_either_side_are_there(rng):
    """Rated only, measured only, both; and a list of marks with nothing in it."""
    names = rng.sample(["design", "coding", "devops", "mlops"], 4)
    ratings = {names[0]: [4], names[1]: [2, 3], names[2]: [None, None]}
    told = compare(ratings, {names[1]: 0.5, names[2]: 0.75, names[3]: 0.25})
    return [[name, number(told[name]["own"]), told[name]["says"]] for name in names]


@check(expect=[0.0, "too sure", None, "not known", None], points=1)
def a_measured_zero_is_known():
    """Nothing right is a measurement; None and a missing area are none."""
    told = compare({"a": [5], "b": [5], "c": [5]}, {"a": 0.0, "b": None})
    a, b, c = (told[area] for area in "abc")
    return [number(a["measured"]), a["says"], b["measured"], b["says"], c["measured"]]


@check(expect=["ValueError", "ValueError", "no error"], points=1)
def a_mark_that_is_none_is_refused():
    """0 and 6; 1 and 5 are marks."""
    ratings = {"a": [3, 0]}, {"a": [6]}, {"a": [1, 5, None]}
    return [how_it_ends(compare, some, {"a": 0.5}) for some in ratings]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Rate yourself

Nothing here is graded or leaves your disk. Put a mark from 1 to 5 for each item into `MINE` (`ITEMS` has the words), or
move the sliders first. Where are you too sure?"""

# %%
MINE: dict[str, list[int | None]] = {area: [3] * len(items) for area, items in ITEMS.items()}
for area, items in ITEMS.items():
    print(
        area,
        *(f"  {mark} · {item}" for mark, item in zip(MINE[area], items, strict=True)),
        sep="\n",
    )


# %%
def with_sliders(
    design: int, coding: int, devops: int, mlops: int, communication: int
) -> dict[str, Any]:
    moved = dict(zip(ITEMS, (design, coding, devops, mlops, communication), strict=True))
    ratings: dict[str, list[int | None]] = {
        area: [None if mark is None else min(5, max(1, mark + moved[area] - 3)) for mark in marks]
        for area, marks in MINE.items()
    }
    return sure_and_measured(compare, ratings, measured_here())


explore(
    draw_areas,
    data=with_sliders,
    caption="A radar of five areas: what was measured as a solid line, your own marks dashed; "
    "beside it each area in words.",
    design=slider(1, 5, 1, 4, "system design"),
    coding=slider(1, 5, 1, 4, "coding"),
    devops=slider(1, 5, 1, 3, "DevOps"),
    mlops=slider(1, 5, 1, 4, "MLOps"),
    communication=slider(1, 5, 1, 2, "communication"),
)

# %% [markdown]
"""## 4 · The page to print

Plan, checklists, what to ask them and how to hear the answer, and a fact sheet of the company and its field **as of the
brief**, with cards to recall it. `week.save("week.html")` writes it beside this notebook."""

# %%
week = week_page(fit, days=6, hours=2)
week.show()

# %% [markdown]
"""## A question for you

Two evenings of 90 minutes are left, and you have not rehearsed yet. What do you do, minute by minute, and what is left
out? Would you follow your own `fit`? Say what it does not know, and what would change your mind. Ten sentences; then
hold them beside the anchors of the model answer."""

# %% [markdown] nbgrader={"grade_id": "week-tradeoff", "grade": true, "solution": true, "points": 8}
"""### BEGIN SOLUTION
Two evenings of 90 minutes: 180 minutes against 445 of musts. I keep the mock interview (90 minutes) on the first evening,
because it shows which of the other musts are needed; on the second one design question (45) and the weakest of its deep
questions (45). Out go all coding lessons: I solve one core of fifteen minutes each morning instead, for coding has no
weight in the brief but a blank screen ends the day.

My `fit` would choose otherwise: both design musts on the first evening, nothing on the second, and no rehearsal, since 90
minutes of weight 5 look cheap. It does not know that a rehearsal tells where the other minutes go. I overrule it, and
say so. If I had rehearsed last week, I would follow it.

Rubric (2 points each; weak 0, good 1, strong 2):
- *What is kept.* Weak: a bit of everything. Good: whole things that fit. Strong: with minutes that add up.
- *What is left out.* Weak: nothing said. Good: a list. Strong: what its absence may cost on the day.
- *The model and its limits.* Weak: follows or ignores `fit`. Good: names one thing it does not know. Strong: says when
  it would be right.
- *What would change it.* Weak: nothing. Good: a condition. Strong: a measurement that decides.
### END SOLUTION"""

# %% [markdown]
"""**What you now know**: need before worth before length; nothing is cut; the last day is for review; what is left out has
a name; what was not measured is not known.

**In practice**: a sprint is planned the same way, and fails the same way: by cutting everything a little.

**Asked next**
- How do you choose when everything is urgent?

<details><summary>In two sentences</summary>

I ask what breaks, for whom and when, put what customers feel first, and say aloud what therefore waits and until when.
Whoever waits hears it from me before they notice.

</details>

- Your plan is full and something new comes in. What do you do?

<details><summary>In two sentences</summary>

I take out something of at least the same length and say which, instead of making all parts thinner. Who brings the new
thing helps to choose what goes.

</details>
"""
