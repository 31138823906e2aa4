# %% [markdown]
"""# Run a mock interview

You'll build the four small things that make a rehearsal fair: a clock, a draw, a score sheet and an answer to "what
next?". Then you sit down and are asked.

**Time** 40 min, and 90 for a whole round · **Level** medium · **Needs** lists, dictionaries, `random`

**Skills** count time that survives a restart · draw without repetition · add up parts that were not all played · choose
the next thing by weight times gap
"""

# %% nbgrader={"grade_id": "mock-setup", "locked": true}
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from coursekit import REFERENCE, approx, check, explore, scoreboard, slider, try_it
from coursekit.behavioral.mock import draw_rounds, open_room, sheet_and_next

Event = Sequence[Any]  # ["start" | "pause" | "resume", seconds]
Seconds = float
WEIGHTS = {"design": 40, "scale": 30, "delivery": 15, "cost": 10, "behavioural": 5}

# %% [markdown]
"""## The situation

You rehearse with a friend. The kernel dies after twenty minutes, and with it the clock. The second round asks the same
question again. Coding lifts a weak design to "81 of 100"; cost, which nobody asked about, counts as zero. You spend the
last evening on the part that matters least.

A fair round needs four small functions, and a room that uses the same rules:

![A seed, the questions asked before and the weak topics decide the draw. Each question has a clock made of events in a
file. Marks become a score sheet by the brief's weights, coding beside it. Weight times gap gives the three things to do
next, which decide the next draw.](diagrams/04_run_a_mock_interview.mmd)

`WEIGHTS` are the brief's: design 40, the deep dive 55 in three parts, behavioural 5. It gives coding none.
"""

# %% nbgrader={"grade_id": "mock-world", "locked": true}
MORNING = [["start", 0.0], ["pause", 600.0], ["resume", 900.0]]  # a break of five minutes
MARKS: dict[str, Any] = {
    "design": [[4, 15], [2, 30], [None, 20]],
    "coding": [[5, 1], [3, 1]],
}  # [mark, weight]
TOPICS_HERE = ("drift", "cost")
POOL = [{"id": f"{topic} {n}", "topic": topic} for topic in TOPICS_HERE for n in (1, 2)]

# %% [markdown]
"""## 1 · Count the time

A counter in memory dies with the kernel. Events in a file do not: what has been spent follows from them.

`spent(events, now)`: seconds on the clock. `events` are `[what, at]`, oldest first.

- The clock runs from "start" or "resume" (they mean the same) to the next "pause", or to `now`.
- "start" while it runs and "pause" while it stands change nothing: somebody clicked twice.
- A computer's clock may be set back. A stretch that would be negative counts 0, the others in full.

`time_left(events, now, minutes)`: what is left in seconds, **below zero** when the time is up; nobody is stopped.
`minutes` not above 0: `ValueError`.

<details><summary>Hint 1 · what to remember</summary>

While you walk over the events, one variable is enough: since when the clock runs, or `None` when it stands.

</details>
<details><summary>Hint 2 · the end</summary>

If it still runs after the last event, close the stretch at `now`.

</details>
"""


# %% nbgrader={"grade_id": "mock-clock", "solution": true}
def spent(events: Sequence[Event], now: Seconds) -> Seconds:
    """Seconds on the clock at `now`."""
    ### BEGIN SOLUTION
    # Why: nothing is counted while time passes, so nothing can be lost: what the file
    # tells is enough to begin anywhere. Each stretch is bounded by itself, for a clock set
    # back in one stretch must not eat the time of another.
    total, since = 0.0, None
    for what, at in events:
        if what == "pause":
            if since is not None:
                total += max(0.0, at - since)
            since = None
        elif since is None:
            since = at
    return total if since is None else total + max(0.0, now - since)
    ### END SOLUTION


def time_left(events: Sequence[Event], now: Seconds, minutes: float) -> Seconds:
    """Seconds until the time is up, negative afterwards. ValueError: no minutes."""
    ### BEGIN SOLUTION
    if not minutes > 0:
        raise ValueError(f"a question takes more than {minutes} minutes")
    return 60 * minutes - spent(events, now)
    ### END SOLUTION


# %%
@try_it
def twenty_minutes_after_the_start() -> str:
    used, left = spent(MORNING, 1200.0), time_left(MORNING, 1200.0, 45)
    return f"{used:.0f} s spent, {left:.0f} s left"


# %% nbgrader={"grade_id": "mock-clock-checks", "grade": true}
@check(expect=[600.0, 600.0, 660.0], points=1)
def a_pause_does_not_count():
    """In the break, at its end, and a minute after it."""
    cases = [(MORNING[:2], 700.0), (MORNING, 900.0), (MORNING, 960.0)]
    return [float(spent(events, now)) for events, now in cases]


@check(expect=[0.0, 30.0], points=1)
def a_clock_set_back_takes_nothing_away():
    """In the first stretch the computer's clock jumped back by an hour; then one of 30 s."""
    first = [["start", 4000.0], ["pause", 400.0]]
    second = [*first, ["resume", 500.0]]
    return [float(spent(first, 500.0)), float(spent(second, 530.0))]


### BEGIN HIDDEN TESTS
def some_events(rng, number, twice=False):
    """Events in order, seconds apart; with `twice` some are said more than once."""
    at, out, running = rng.uniform(0, 900), [], False
    for _ in range(number):
        at += rng.choice([0.25, 3.5, 60.0, 450.0])
        what = "pause" if running else rng.choice(["start", "resume"])
        out.append([what, at])
        running = not running
        while twice and rng.random() < 0.6:
            at += rng.choice([0.5, 7.25])
            out.append([what if what == "pause" else rng.choice(["start", "resume"]), at])
    return out


def how_it_ends(function, *args):
    try:
        function(*args)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "no error"


@check(expect=REFERENCE, points=2, seeds=3)
def what_runs_counts_up_to_now(rng):
    """Starts and pauses in turn; the last stretch may still be open."""
    seen = []
    for number in (1, 2, 3, rng.choice([6, 8]), rng.choice([5, 9])):
        events = some_events(rng, number)
        now = events[-1][1] + rng.choice([0.5, 12.0, 700.0])
        seen.append(float(spent(events, now)))
    return seen


@check(expect=REFERENCE, points=2, seeds=3)
def a_second_click_changes_nothing(rng):
    """Start, start, pause, pause: the first of each counts."""
    seen = []
    for number in (1, 2, 4, 5):
        events = some_events(rng, number, twice=True)
        events += [[events[-1][0], events[-1][1] + 5.0]]
        seen.append(float(spent(events, events[-1][1] + rng.choice([1.0, 90.0]))))
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def nothing_counts_before_the_start(rng):
    """No event at all, or a pause before anything began."""
    at = rng.uniform(1, 1000)
    early = [["pause", at], ["pause", at + 5]]
    later = float(spent([*early, ["start", at + 60]], at + rng.choice([70, 100])))
    return [float(spent([], at)), float(spent(early, at + 50)), later]


@check(expect=REFERENCE, points=1, seeds=2)
def a_clock_set_back_spares_the_other_stretches(rng):
    """Before it, after it, and while the last stretch is open."""
    one, two = rng.uniform(60, 500), rng.uniform(30, 90)
    base = 10_000.0
    events = [["start", base], ["pause", base + one], ["resume", base + one + 9], ["pause", base]]
    events += [["resume", base - 500], ["pause", base - 500 + two], ["resume", base]]
    return [float(spent(events, base + 7)), float(spent(events, base - 3600))]


@check(expect=REFERENCE, points=1, seeds=2)
def a_restart_changes_nothing(rng):
    """Two rounds asked in turn, and the first once more: nothing is remembered, the events stay as they were."""
    rounds = [some_events(rng, n) for n in (3, 5)]
    nows = [events[-1][1] + rng.uniform(5, 50) for events in rounds]
    seen = [float(spent(rounds[n], nows[n])) for n in (0, 1, 0)]
    return [seen[0] == seen[2], rounds]


@check(expect=REFERENCE, points=1, seeds=2)
def after_the_time_is_up_it_is_below_zero(rng):
    """45 minutes, 15, and half a minute."""
    over = rng.choice([1.0, 20.0, 900.0])
    begun = [["start", 0.0]]
    return [
        float(time_left(begun, 60 * minutes + change, minutes))
        for minutes in (45, 15, 0.5)
        for change in (over, 0.0, -over / 64)
    ]


@check(expect=["ValueError", "ValueError", "no error"], points=1)
def a_question_without_minutes_is_refused():
    """Neither 0 nor -15; a quarter of a minute is fine."""
    return [how_it_ends(time_left, MORNING, 1200.0, minutes) for minutes in (0, -15, 0.25)]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Draw the questions

`draw(questions, number, past, scores, seed)`: ids of `number` different questions, the first to be asked first.
`questions` are `{"id", "topic"}`; `past` are the ids asked before, one for each time; `scores` maps topics to 0 … 1.

- Asked fewer times stands before asked more often.
- Then the topic with the lower score; a topic without a score counts 0.
- Then chance, and `seed` decides it: the same call gives the same list, and every question that is equal to others
  comes first under some seed.
- Python's own `random` is left alone. Ids in `past` that are no question's are ignored.
- `number` below 0 or above the number of questions: `ValueError`. What comes in stays as it was.

<details><summary>Hint 1 · a generator of its own</summary> `random.Random(seed)` shares nothing with `random`.</details>
<details><summary>Hint 2 · three wishes, one order</summary>

Shuffle a copy, then sort it by a tuple: Python's `sort` keeps what is equal in the order in which it stood.

</details>
"""


# %% nbgrader={"grade_id": "mock-draw", "solution": true}
def draw(
    questions: Sequence[Mapping[str, str]],
    number: int,
    past: Sequence[str],
    scores: Mapping[str, float],
    seed: int,
) -> list[str]:
    """Ids of the questions to ask. ValueError: there are not so many."""
    ### BEGIN SOLUTION
    # Why: shuffle first, sort afterwards. A stable sort keeps chance where the rules see
    # no difference, and only there.
    if not 0 <= number <= len(questions):
        raise ValueError(f"there are {len(questions)} questions, not {number}")
    times = Counter(past)
    order = list(questions)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda q: (times[q["id"]], scores.get(q["topic"], 0.0)))
    return [question["id"] for question in order[:number]]
    ### END SOLUTION


# %%
@try_it
def cost_is_weak_and_was_asked_once() -> list[str]:
    return draw(POOL, 3, ["cost 1"], {"drift": 0.75, "cost": 0.25}, seed=1)


# %% nbgrader={"grade_id": "mock-draw-checks", "grade": true}
@check(expect=["cost 2", ["drift 1", "drift 2"], "cost 1"], points=2)
def what_was_asked_waits_until_the_others_were():
    """Cost is weaker, but its first question was asked. The two about drift come in any order."""
    drawn = draw(POOL, 4, ["cost 1"], {"drift": 0.75, "cost": 0.25}, seed=3)
    return [drawn[0], sorted(drawn[1:3]), drawn[3]]


### BEGIN HIDDEN TESTS
TOPICS = ["serving", "drift", "cost", "features", "rollout"]


def a_pool(rng, each=3):
    pool = [{"id": f"{topic}/{n}", "topic": topic} for topic in TOPICS for n in range(each)]
    return rng.sample(pool, len(pool))


def topic_of(pool, name):
    return next((q["topic"] for q in pool if q["id"] == name), "unknown")


@check(expect=REFERENCE, points=2, seeds=3)
def no_question_comes_twice(rng):
    """Some of them, all, none."""
    pool = a_pool(rng)
    seen = []
    for number in (0, rng.randint(2, 14), 15):
        drawn = draw(pool, number, [], {}, rng.randrange(99))
        seen.append([len(drawn), len(set(drawn)), all(topic_of(pool, q) in TOPICS for q in drawn)])
    return seen


@check(expect=REFERENCE, points=2, seeds=3)
def what_was_asked_less_often_comes_first(rng):
    """Once, twice, five times or never."""
    pool = a_pool(rng)
    times = {q["id"]: rng.choice([0, 1, 2, 5]) for q in pool}
    past = [name for name, often in times.items() for _ in range(often)]
    drawn = draw(pool, 15, rng.sample(past, len(past)), {}, rng.randrange(99))
    return [times[name] for name in drawn]


@check(expect=REFERENCE, points=2, seeds=3)
def of_equals_the_weakest_topic_comes_first(rng):
    """All were asked equally often; the topics' scores differ."""
    pool, scores = a_pool(rng), dict(zip(TOPICS, rng.sample(range(1, 90), 5), strict=True))
    scores = {topic: score / 100 for topic, score in scores.items()}
    drawn = draw(pool, rng.randint(7, 14), [], scores, rng.randrange(99))
    return [scores[topic_of(pool, name)] for name in drawn]


@check(expect=REFERENCE, points=1, seeds=2)
def a_topic_without_a_score_counts_zero(rng):
    """Neither before a topic of score 0 nor behind it, and before all others."""
    pool = a_pool(rng, each=1)
    known = dict(zip(rng.sample(TOPICS, 4), (0.0, 0.25, 0.5, 1.0), strict=True))
    drawn = draw(pool, 5, [], known, rng.randrange(99))
    first = {draw(pool, 1, [], known, seed)[0] for seed in range(40)}
    return [[known.get(topic_of(pool, name), 0.0) for name in drawn], sorted(first)]


@check(expect=["12 questions", True], points=1)
def the_same_call_gives_the_same_draw():
    """Also when other calls came in between, and whatever was done with Python's own generator."""
    pool = [{"id": str(n), "topic": "any"} for n in range(12)]
    first = draw(pool, 12, [], {}, seed=7)
    draw(pool, 3, ["1"], {}, seed=8)
    random.seed(3)
    again = draw(pool, 12, [], {}, seed=7)
    return [f"{len(again)} questions", again == first]


@check(expect=[4, 4], points=2)
def every_equal_question_comes_first_under_some_seed():
    """Four questions, a hundred seeds; then four that are equal among others that are not."""
    pool = [{"id": str(n), "topic": "any"} for n in range(4)]
    more = [*pool, *({"id": f"old {n}", "topic": "any"} for n in range(3))]
    past = [f"old {n}" for n in range(3)]
    return [
        len({draw(pool, 1, [], {}, seed)[0] for seed in range(100)}),
        len({draw(more, 1, past, {}, seed)[0] for seed in range(100)}),
    ]


@check(expect=["3 questions", True, True], points=1)
def pythons_own_random_is_left_alone():
    """Somebody else's experiment draws from it."""
    random.seed(11)
    expected = [random.random() for _ in range(2)]
    random.seed(11)
    seen = [random.random()]
    drawn = draw(POOL, 3, [], {}, seed=5)
    seen.append(random.random())
    return [f"{len(drawn)} questions", seen[0] == expected[0], seen[1] == expected[1]]


@check(expect=REFERENCE, points=1, seeds=2)
def unknown_ids_of_the_past_are_ignored(rng):
    """A question that is no longer in the course may stand there, often."""
    pool = a_pool(rng, each=1)
    first = rng.choice(pool)["id"]
    gone = ["gone", "drift/9"] * rng.randint(1, 4)
    drawn = draw(pool, 5, [first, *gone], {}, rng.randrange(99))
    return [len(drawn), sorted(drawn)]


@check(expect=["ValueError", "ValueError", "no error", "no error"], points=1)
def more_questions_than_there_are_is_refused():
    """Five of four, and fewer than none; all four and none are fine."""
    return [how_it_ends(draw, POOL, number, [], {}, 1) for number in (5, -1, 4, 0)]


@check(expect=REFERENCE, points=1, seeds=2)
def what_is_drawn_from_stays_as_it_was(rng):
    """The list of questions keeps its order, the past its length."""
    pool, past, scores = a_pool(rng, each=2), ["drift/0", "drift/0"], {"cost": 0.5}
    told = [len(draw(pool, 6, past, scores, seed)) for seed in range(3)]
    return [told, pool, past, scores]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Fill the sheet

`score_sheet(marks)`: `marks` maps parts (those of `WEIGHTS`, and "coding") to lists of `[mark, weight]`; a mark is 1
to 5, or `None` when it was not seen. Four keys come back:

- `"parts"`: the weighted mean of `(mark - 1) / 4` for each part of `WEIGHTS`, over the marks that were seen. A part
  without any was not played and is not there.
- `"total"`: 100 × the mean of these scores, weighted by `WEIGHTS`, **over what was played**; `None` when nothing was.
- `"played"`: the sum of the weights of what was played: how much the total stands on.
- `"coding"`: the score of coding, or `None`. It changes nothing else.

Another part, or a mark outside 1 to 5: `ValueError`.

<details><summary>Hint 1 · one mean for all</summary>

A function that takes `[mark, weight]` pairs and returns the weighted mean or `None` serves every part and coding.

</details>
<details><summary>Hint 2 · what was not played</summary>

Divide by the weights of what was played, not by 100: silence is no zero.

</details>
"""


# %% nbgrader={"grade_id": "mock-sheet", "solution": true}
def score_sheet(marks: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, Any]:
    """Scores, total, weight played, coding beside it. ValueError: no such part or mark."""
    ### BEGIN SOLUTION
    # Why: a part that nobody asked about says nothing, so it is neither a zero nor in the
    # sum of weights. "played" tells how much the total stands on: 90 of 100 on five points
    # is gossip.
    for part, rows in marks.items():
        if part not in WEIGHTS and part != "coding":
            raise ValueError(f"there is no part {part!r}")
        if any(mark is not None and not 1 <= mark <= 5 for mark, _ in rows):
            raise ValueError(f"a mark of {part} lies outside 1 to 5")
    scores = {}
    for part in (*WEIGHTS, "coding"):
        rows = marks.get(part, ())
        seen = [(mark, weight) for mark, weight in rows if mark is not None]
        if seen:
            worth = sum(weight * (mark - 1) / 4 for mark, weight in seen)
            scores[part] = worth / sum(weight for _, weight in seen)
    coding = scores.pop("coding", None)
    played = sum(WEIGHTS[part] for part in scores)
    total = sum(WEIGHTS[part] * score for part, score in scores.items())
    return {
        "parts": scores,
        "total": 100 * total / played if scores else None,
        "played": played,
        "coding": coding,
    }
    ### END SOLUTION


# %%
@try_it
def design_and_coding_alone() -> dict[str, Any]:
    return score_sheet(MARKS)


# %% nbgrader={"grade_id": "mock-sheet-checks", "grade": true}
FOUR = {"total": 65.0, "played": 50.0, "design": 0.625, "coding": 1.0}


@check(expect=approx(FOUR), points=2)
def coding_stands_beside_the_total():
    """Design 5 and 2, cost twice 4, coding 5: (40 × 0.625 + 10 × 0.75) / 50."""
    marks = {"design": [[5, 1], [2, 1]], "cost": [[4, 1], [4, 1]], "coding": [[5, 3]]}
    sheet = score_sheet(marks)
    out = {key: float(sheet[key]) for key in ("total", "played", "coding")}
    return {**out, "design": float(sheet["parts"]["design"])}


### BEGIN HIDDEN TESTS
def some_marks(rng, parts, rows=3):
    return {part: [[rng.randint(1, 5), rng.randint(1, 30)] for _ in range(rows)] for part in parts}


def number(value):
    return None if value is None else float(value)


@check(expect=REFERENCE, points=2, seeds=3)
def a_score_is_the_weighted_mean_of_its_marks(rng):
    """1 is 0, 5 is 1; a criterion of weight 30 counts twice as much as one of 15."""
    marks = some_marks(rng, WEIGHTS, rows=rng.randint(2, 5))
    parts = score_sheet(marks)["parts"]
    return {part: float(parts[part]) for part in WEIGHTS}


@check(expect=REFERENCE, points=2, seeds=3)
def the_total_weighs_the_parts(rng):
    """All five parts were played; one mark each."""
    sheets = [some_marks(rng, WEIGHTS, rows=1) for _ in range(3)]
    return [number(score_sheet(marks)["total"]) for marks in sheets]


@check(expect=REFERENCE, points=2, seeds=3)
def the_total_stands_on_what_was_played(rng):
    """Two parts, or three, or one: what was not played is no zero."""
    seen = []
    for size in (1, 2, 3):
        parts = rng.sample(list(WEIGHTS), size)
        seen.append(number(score_sheet(some_marks(rng, parts, rows=1))["total"]))
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def played_is_the_weight_of_what_was_played(rng):
    """Some of the parts, all of them; coding adds nothing."""
    some = rng.sample(list(WEIGHTS), 3)
    return [
        number(score_sheet(some_marks(rng, parts))["played"])
        for parts in (some, WEIGHTS, [*some, "coding"])
    ]


@check(expect=REFERENCE, points=1, seeds=2)
def the_coding_score_is_told(rng):
    """The weighted mean of its own marks; None when it was not played."""
    marks = some_marks(rng, ["coding", *rng.sample(list(WEIGHTS), 2)])
    return [number(score_sheet(marks)["coding"]), number(score_sheet({})["coding"])]


@check(expect=REFERENCE, points=1, seeds=2)
def what_was_not_seen_is_left_out(rng):
    """None beside marks, wherever it stands; and a part with nothing but None was not played."""
    marks = some_marks(rng, ["design", "cost", "coding"])
    with_gaps = {part: rng.sample([*rows, [None, 25]], 4) for part, rows in marks.items()}
    with_gaps |= {"scale": [[None, 10]], "delivery": []}
    sheet = score_sheet(with_gaps)
    return [
        {part: float(score) for part, score in sheet["parts"].items()},
        number(sheet["coding"]),
    ]


@check(expect=[{}, None, 0.0], points=1)
def a_round_without_marks_has_no_total():
    """Nothing was played, or nothing but what was not seen."""
    sheet = score_sheet({"design": [[None, 40]]})
    return [dict(sheet["parts"]), sheet["total"], number(sheet["played"])]


@check(expect=["ValueError"] * 4 + ["no error"] * 2, points=1)
def a_strange_mark_or_part_is_refused():
    """0 and 6, in coding too; a part that nobody knows. 1 and 5 are marks."""
    marks = (
        {"design": [[3, 1], [0, 1]]},
        {"cost": [[6, 1]]},
        {"coding": [[7, 1]]},
        {"style": [[3, 1]]},
        {"design": [[1, 1]], "coding": [[5, 1]]},
        {},
    )
    return [how_it_ends(score_sheet, some) for some in marks]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Say what comes next

`next_three(history)`: `history` are the `"parts"` of earlier sheets, oldest first. A part's present score is that of the
**newest** round that played it; never played counts 0. Its gap is `WEIGHTS[part] * (1 - score)`.

Returned are at most three parts of `WEIGHTS`, the greatest gap first, equal gaps in the order of `WEIGHTS`. A part
without a gap is left out.

<details><summary>Hint · the newest score</summary>

`dict.update`, round by round, leaves the newest score of each part, whichever round it was in.

</details>
"""


# %% nbgrader={"grade_id": "mock-next", "solution": true}
def next_three(history: Sequence[Mapping[str, float]]) -> list[str]:
    """The parts to work on next, the dearest gap first."""
    ### BEGIN SOLUTION
    # Why: a weakness is worth what it may cost. A bad part of weight 5 can give back less
    # than a good one of weight 40.
    latest: dict[str, float] = {}
    for parts in history:
        latest.update(parts)
    gaps = {part: WEIGHTS[part] * (1 - latest.get(part, 0.0)) for part in WEIGHTS}
    order = sorted(gaps, key=lambda part: -gaps[part])
    return [part for part in order if gaps[part] > 0][:3]
    ### END SOLUTION


# %% nbgrader={"grade_id": "mock-next-checks", "grade": true}
@check(expect=["design", "cost", "scale"], points=2)
def a_good_part_of_weight_40_may_still_be_first():
    """Gaps: design 40 × 0.5, scale 30 × 0.125, delivery 15 × 0.125, cost 10 × 1, stories 5 × 0.5."""
    now = {"design": 0.5, "scale": 0.875, "delivery": 0.875, "behavioural": 0.5}
    return list(next_three([{**now, "cost": 0.0}]))


### BEGIN HIDDEN TESTS
QUARTERS = (0.0, 0.25, 0.5, 0.75)


def gaps_of(history, parts):
    latest = {}
    for one in history:
        latest |= one
    return [WEIGHTS[part] * (1 - latest.get(part, 0.0)) for part in parts]


@check(expect=REFERENCE, points=2, seeds=4)
def the_greatest_gap_comes_first(rng):
    """One round, all parts played, no two gaps alike."""
    scores = dict(zip(WEIGHTS, (rng.uniform(0.0, 0.95) for _ in WEIGHTS), strict=True))
    return list(next_three([scores]))


@check(expect=REFERENCE, points=2, seeds=3)
def the_newest_round_counts(rng):
    """Better than before, worse than before, and a part that the last round did not play."""
    half = {part: 0.5 + rng.uniform(-0.01, 0.01) for part in WEIGHTS}
    part = rng.choice(["design", "scale"])
    low, high = 0.1 + rng.uniform(0, 0.02), 0.9 + rng.uniform(0, 0.02)
    rest = {name: score for name, score in half.items() if name != part}
    cases = {
        "better": [{**half, part: low}, {**half, part: high}],
        "worse": [{**half, part: high}, {**half, part: low}],
        "not played": [{**half, part: high}, rest],
    }
    return {case: list(next_three(rounds)) for case, rounds in cases.items()}


@check(expect=REFERENCE, points=1, seeds=3)
def what_was_never_played_has_its_whole_gap(rng):
    """Only design was played, and half of it is missing; and histories without a part."""
    played = {"design": rng.uniform(0.4, 0.6)}
    return [list(next_three([played])), list(next_three([])), list(next_three([{}, {}]))]


@check(expect=["scale", "delivery", "cost"], points=1)
def equal_gaps_keep_the_order_of_the_weights():
    """Three gaps of 7.5 points; the others are smaller. What comes first in `WEIGHTS` comes first here."""
    scores = {"behavioural": 0.5, "cost": 0.25, "delivery": 0.5, "scale": 0.75, "design": 0.875}
    return list(next_three([scores]))


@check(expect=REFERENCE, points=1, seeds=3)
def what_has_no_gap_is_left_out(rng):
    """Two, four or five parts are perfect."""
    order, seen = rng.sample(list(WEIGHTS), 5), []
    for perfect in (2, 4, 5):
        scores = dict.fromkeys(order[:perfect], 1.0)
        scores |= {part: rng.uniform(0.1, 0.9) for part in order[perfect:]}
        seen.append(sorted(next_three([scores])))
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def the_history_stays_as_it_was(rng):
    """A debrief reads it again; and two calls give the same."""
    history = [{"design": rng.random(), "cost": rng.random()}, {"cost": rng.random()}]
    first = list(next_three(history))
    return [first == list(next_three(history)), history]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""Your own sheet and your own order, for two rounds. Move the newer round's marks (1 to 5; 0 is "not played"). When does
the best part come first all the same?"""


# %%
def two_rounds(
    design: int, scale: int, delivery: int, cost: int, behavioural: int
) -> dict[str, Any]:
    now = {
        "design": design,
        "scale": scale,
        "delivery": delivery,
        "cost": cost,
        "behavioural": behavioural,
    }
    before = {"design": 2, "scale": 3, "behavioural": 4}
    return sheet_and_next(score_sheet, next_three, before, now)


explore(
    draw_rounds,
    data=two_rounds,
    caption="A radar of five parts: this round as a solid line, the one before dashed. "
    "Beside it the total, how much of 100 points it stands on, and the three things to do next.",
    design=slider(0, 5, 1, 4, "system design"),
    scale=slider(0, 5, 1, 3, "models in production"),
    delivery=slider(0, 5, 1, 2, "delivery"),
    cost=slider(0, 5, 1, 0, "cost"),
    behavioural=slider(0, 5, 1, 3, "behavioural"),
)

# %% [markdown]
"""## 5 · Sit down and be asked

Nothing here is graded. The room keeps its rounds in `mock-interview.json` beside this notebook: restart the kernel in
the middle, run this cell again, and the clock has gone on. Choose a part or the whole day. Of a coding problem the
first fifteen minutes are its core; each follow-up opens when the stage before it passes the lesson's own checks.

Two persons? *Write both pages*: whoever asks needs nothing but the interviewer's page. Without buttons `room.start()`,
`room.next()`, `room.mark(...)` do the same.
"""

# %%
room = open_room()
room.show()

# %% [markdown]
"""## A question for you

After one evening with one friend your sheet says 71. Design and behavioural were played, nothing else; three days are
left. What is that number worth, what do you do in these three days, and what do you give up for it? In the interview
you would have four minutes; write ten sentences. Afterwards hold your answer beside the anchors of the model answer."""

# %% [markdown] nbgrader={"grade_id": "mock-tradeoff", "grade": true, "solution": true, "points": 10}
"""### BEGIN SOLUTION
71 stands on 45 of 100 points and on one evening with one interviewer, who marked 3 or 4 wherever nothing stood out. One
mark more or less in design moves the total by five points. So it is a place to begin, not a forecast: it says nothing
about the three parts of the deep dive, which weigh 55.

I would use the first of three days for one deep-dive question of each part, because an unknown gap of 55 points is dearer
than the known one of 12 in design. The second day repeats design with another question and another person, and I would
compare only criteria that both marked. On the third I begin nothing: I read my two lowest rows aloud. What I give up is
coding, which has no weight here but ends an interview when it fails; so I keep one core of fifteen minutes a day.

Rubric (2 points each; weak 0, good 1, strong 2):
- *What 71 is worth.* Weak: takes it as a result. Good: one round, one judge. Strong: says how much it stands on and by
  how much a single mark moves it.
- *What was not measured.* Weak: not mentioned. Good: names the missing parts. Strong: weighs them: 55 of 100.
- *What comes first.* Weak: more of everything. Good: an order. Strong: an order by weight times gap, with the unknown
  treated as a gap.
- *Bias.* Weak: none. Good: another interviewer. Strong: also anchors, marks given before talking, the same criteria twice.
- *Price.* Weak: none. Good: names what is left out. Strong: says which fact would turn the plan round.
### END SOLUTION"""

# %% [markdown]
"""**What you now know**: time is counted from events, not in memory; chance comes last, behind the rules; what was not
played is no zero; a gap is worth its weight.

**In practice**: interviewers fill in a sheet before they talk to each other, and mark what was said by anchors. Ask
your friend to do the same.

**Asked next**
- Your service counts seconds of use for billing. Where would you keep them?

<details><summary>In two sentences</summary>

As events with an id, written before the answer is given, and summed up when asked. A counter that is only incremented
loses what happened between its last write and a crash, and counts a retried call twice.

</details>

- Two interviewers mark the same answer 2 and 5. What do you do?

<details><summary>In two sentences</summary>

Compare what each of them heard with the anchors, before anybody argues for a number. If both heard the same, the
anchor is unclear and has to be rewritten; the mean of 2 and 5 tells nobody anything.

</details>
"""
