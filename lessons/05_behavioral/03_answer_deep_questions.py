# %% [markdown]
"""# Answer deep questions

You'll answer a hand of sixteen questions of the deep dive, and build the planner that picks the cards for each evening
until the interview.

**Time** 45 min · **Level** medium · **Needs** dictionaries, sorting by several keys

**Skills** say why a plausible answer is wrong · measure what you will know on the day, not what you know tonight ·
choose within a budget by several criteria
"""

# %% nbgrader={"grade_id": "deep-setup", "locked": true}
from collections.abc import Mapping, Sequence

from coursekit import REFERENCE, approx, check, explore, scoreboard, slider, try_it
from coursekit.behavioral.cards import Answer
from coursekit.behavioral.deck import deck
from coursekit.behavioral.evening import (
    Item,
    Memory,
    draw_evening,
    look,
    recall,
    reviewed,
    shelf,
    some_items,
)
from coursekit.behavioral.hand import GROUPS, all_right, in_words, look_up

CardId = str  # "kubernetes-oom": it begins with the topic
Topic = str
Strengths = dict[Topic, float]  # the share of a topic, 0 to 1, that is known on the day

# %% [markdown]
"""## The situation

Tuesday, 20:00. The deep dive is on Sunday: 55 % of the score, and 18 questions that have 48 more behind them. Yesterday
you read all your notes once more, from the top. Tonight a friend asks you about twelve of them. You know **five**, all
from the first pages, and you have 40 minutes.

Reading feels like knowing. Answering shows what is missing, and a card comes back shortly before it would be
forgotten. A planner chooses what deserves tonight:

![Cards that were seen are due or wait; cards that were never seen are new, and stop coming one day before the
interview. Due cards come first, weak topics first. The evening takes what fits, then topics take
turns.](diagrams/03_answer_deep_questions.mmd)

When a card is due is not your task: the course's deck asks the library FSRS, which knows how people forget. Which of
all due cards to take in 40 minutes is.
"""

# %% [markdown]
"""Three cards and two memories: `recall` says how much of a memory is left on a day, today being 0.
"""

# %%
ITEMS = [
    Item("oom", "kubernetes", 3, 45),
    Item("dns", "kubernetes", 1, 30),
    Item("psi", "drift", 2, 60),
]
SEEN = {"oom": Memory(last=-4, due=0, stability=4.0), "psi": Memory(last=-1, due=3, stability=4.0)}
for name, memory in SEEN.items():
    print(name, *(f"day {day}: {recall(memory, day):.2f}" for day in (0, 5)))

# %% [markdown]
"""## 1 · Answer a hand

Sixteen cards of the bank in four groups. `answers()` returns yours by card id:

- one letter as text: `"b"`; several right ones: a list of all of them, in any order; an order: the letters, first to
  last; a number, in the unit that the card names.
- A group counts one point, when all four are right.

The keys lie open in the package, for whoever looks. These four points say that you have answered, no more. Answer
first: what you had to think about is what stays.

<details><summary>Hint · how to be asked instead of reading</summary>

`deck()` in a cell of its own shows any cards of the bank with buttons, says at once what is right and why, and remembers
when each comes back. `deck(topic="cost")` stays with one topic.

</details>
"""

# %%
print(in_words("running"), in_words("releasing"), sep="\n\n")

# %%
print(in_words("watching"), in_words("guarding"), sep="\n\n")


# %% nbgrader={"grade_id": "deep-hand", "solution": true}
def answers() -> dict[CardId, Answer]:
    """Your answers to the hand, by card id."""
    ### BEGIN SOLUTION
    # Why: the reasons are the cards' own. `print(look_up(answers()))` says them for yours.
    return {
        "kubernetes-oom": "d",
        "kubernetes-config": "c",
        "kubernetes-spread": ["b", "c"],
        "kubernetes-hpa-formula": 10,
        "serving-shadow": "a",
        "cicd-underperforms": "a",
        "serving-canary-eval": ["a", "b", "c"],
        "serving-rollout-order": ["b", "e", "a", "d", "c"],
        "observability-histogram": "b",
        "incidents-holdout": "a",
        "incidents-drift-kinds": ["a", "b"],
        "observability-burn": 50,
        "security-pickle": "b",
        "changed-hpa-zero": "d",
        "changed-psp": ["b", "c", "d"],
        "cost-per-thousand": 0.833,
    }
    ### END SOLUTION


# %%
@try_it
def what_is_right_and_why() -> None:
    print(look_up(answers()))


# %% nbgrader={"grade_id": "deep-hand-checks", "grade": true}
def group_of(name):
    mine = answers()
    return {card: mine.get(card) for card in GROUPS[name]}


@check(expect=all_right("running"), points=1)
def the_cards_on_running_are_answered():
    """Memory, configuration, placement and the autoscaler's formula. The cell above says which card is not right, and why."""
    return group_of("running")


@check(expect=all_right("releasing"), points=1)
def the_cards_on_releasing_are_answered():
    """Shadow, canary, rollback and their order."""
    return group_of("releasing")


@check(expect=all_right("watching"), points=1)
def the_cards_on_watching_are_answered():
    """Quantiles, held-out sets, kinds of drift and an error budget."""
    return group_of("watching")


@check(expect=all_right("guarding"), points=1)
def the_cards_on_guarding_are_answered():
    """Foreign models, what has changed since the brief, and what a prediction costs."""
    return group_of("guarding")


scoreboard()

# %% [markdown]
"""## 2 · Measure what you will know on the day

`strengths(items, memories, days_left)` says for each topic how much of it will be known on the day of the interview,
which is day `days_left`.

- A topic's strength is the mean recall of **all** its cards on that day, weighted by `weight`. A card without a memory
  was never seen and counts 0.
- Memories of cards that are not in `items` are passed over: a card may have left the bank.
- Every topic of `items` is there, and no other.
- `ValueError`: `days_left` below 0; two items with one id.

<details><summary>Hint 1 · a weighted mean</summary>

Two sums for each topic: of weight · recall, and of weight.

</details>
<details><summary>Hint 2 · which day</summary>

`recall(memory, 0)` is tonight. Nobody interviews you tonight.

</details>
"""


# %% nbgrader={"grade_id": "deep-strengths", "solution": true}
def strengths(
    items: Sequence[Item], memories: Mapping[CardId, Memory], days_left: int
) -> Strengths:
    """The share of each topic that is known on the day of the interview. ValueError: see above."""
    ### BEGIN SOLUTION
    # Why: what counts is the day of the interview. A card that was learned tonight and never comes
    # back is strong now and weak then, and a card never seen is a hole whatever its neighbours are.
    if days_left < 0:
        raise ValueError(f"days_left is {days_left}: the interview is over")
    if len({item.id for item in items}) < len(items):
        raise ValueError("two items have one id")
    known: dict[Topic, float] = {}
    total: dict[Topic, float] = {}
    for item in items:
        memory = memories.get(item.id)
        left = 0.0 if memory is None else recall(memory, days_left)
        known[item.topic] = known.get(item.topic, 0.0) + item.weight * left
        total[item.topic] = total.get(item.topic, 0.0) + item.weight
    return {topic: known[topic] / total[topic] for topic in total}
    ### END SOLUTION


# %%
@try_it
def tonight_and_on_the_day() -> list[Strengths]:
    return [strengths(ITEMS, SEEN, days_left) for days_left in (0, 5)]


# %% nbgrader={"grade_id": "deep-strengths-checks", "grade": true}
@check(expect=approx({"kubernetes": 0.75, "drift": 0.0}), points=1)
def a_heavy_card_counts_more_and_an_unseen_one_counts_zero():
    """Seen today: the card of weight 3. Never seen: one of weight 1, and all of the other topic."""
    items = [
        Item("oom", "kubernetes", 3, 45),
        Item("dns", "kubernetes", 1, 30),
        Item("psi", "drift", 2, 60),
    ]
    return strengths(items, {"oom": Memory(0, 2, 4.0)}, 0)


### BEGIN HIDDEN TESTS
NAN = float("nan")


def how_it_ends(function, *args):
    try:
        function(*args)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "no error"


def some_memory(rng, last=None, due=-1):
    return Memory(rng.randint(-9, -1) if last is None else last, due, rng.choice([1.5, 3.0, 6.5]))


@check(expect=REFERENCE, points=1, seeds=2)
def recall_is_weighted_by_weight(rng):
    """All cards were seen, at different times."""
    items = some_items(rng, ["cost", "drift", "security"], 5, (1, 3, 2))
    return strengths(items, {item.id: some_memory(rng) for item in items}, 0)


@check(expect=REFERENCE, points=1, seeds=2)
def a_card_that_was_never_seen_is_not_known(rng):
    """It is neither left out nor half known."""
    items = some_items(rng, ["cost", "drift"], 6, (2,))
    seen = rng.sample(items, rng.randint(5, 8))
    return strengths(items, {item.id: some_memory(rng) for item in seen}, 0)


@check(expect=REFERENCE, points=2, seeds=2)
def what_counts_is_the_day_of_the_interview(rng):
    """Not tonight, and not the day on which a card is due."""
    items = some_items(rng, ["cost", "drift"], 4, (2,))
    memories = {item.id: some_memory(rng, due=rng.randint(-3, 9)) for item in items}
    return [strengths(items, memories, days) for days in (1, rng.randint(4, 9), 30)]


@check(expect=REFERENCE, points=1, seeds=1)
def only_the_topics_of_the_items_are_there(rng):
    """A memory may belong to a card that has left the bank. No items, no topics."""
    items = some_items(rng, ["cost", "drift"], 3, (2,))
    memories = {item.id: some_memory(rng) for item in items}
    memories |= {"cost-gone": some_memory(rng), "pvc": some_memory(rng)}
    return [strengths(items, memories, 0), strengths([], memories, 0)]


@check(expect={"past": "ValueError", "twice": "ValueError", "today": "no error"}, points=1)
def strengths_refuses_what_cannot_be():
    """An interview in the past; two items with one id, alike or not."""
    item, other = Item("oom", "kubernetes", 3, 45), Item("oom", "cost", 1, 30)
    return {
        "past": how_it_ends(strengths, [item], {}, -1),
        "twice": how_it_ends(strengths, [item, other], {}, 3),
        "today": how_it_ends(strengths, [item], {}, 0),
    }


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 3 · Pick the cards of an evening

`pick_cards(items, memories, days_left, minutes)` returns the ids to take tonight, in the order in which they are chosen.

- **Who may come**: a card that was seen when it is due, `due` of 0 or below; else it waits. A card that was never seen is
  new and may come, but not on the day of the interview or the day before (`days_left` 0 or 1).
- **Order**: due cards before new ones. Among each: the weaker topic first (`strengths`, over all its cards, those that
  wait included); then the greater weight; then, for due cards, the smaller `due`; then the id, as text compares. Topics
  of which nothing was ever seen are equally strong: the topic's name decides.
"""

# %% [markdown]
"""- **Budget**: in this order a card is taken if its seconds still fit, a perfect fit included. One that does not fit is
  passed over, and the next is tried. Minutes may be a fraction.
- `ValueError`: what `strengths` refuses, and `minutes` below 0 or NaN. Nothing that was handed in changes.

<details><summary>Hint 1 · several criteria, one sort</summary>

Python compares tuples from the left: `(is_new, strength, ...)`. A minus turns "greater first" round.

</details>
<details><summary>Hint 2 · no number for "new"</summary>

New cards have no `due`. As they are compared among themselves only, any constant does.

</details>
<details><summary>Hint 3 · NaN</summary>

`not minutes >= 0` is true of NaN, and `minutes < 0` is not.

</details>
"""


# %% nbgrader={"grade_id": "deep-pick", "solution": true}
def pick_cards(
    items: Sequence[Item],
    memories: Mapping[CardId, Memory],
    days_left: int,
    minutes: float,
) -> list[CardId]:
    """Ids of the cards to take tonight, in the order in which they are chosen."""
    ### BEGIN SOLUTION
    # Why: a due card is about to be lost, and costs little to keep; a new one begun on the last
    # evening never comes back before the interview. Weak topics first, as that is where a question
    # hurts; a card that does not fit must not end the evening.
    if not minutes >= 0:
        raise ValueError(f"an evening of {minutes} minutes")
    strength = strengths(items, memories, days_left)

    def rank(item: Item) -> tuple[bool, float, Topic, int, int, CardId]:
        memory = memories.get(item.id)
        due = memory.due if memory else 0
        return memory is None, strength[item.topic], item.topic, -item.weight, due, item.id

    def may_come(item: Item) -> bool:
        memory = memories.get(item.id)
        return memory.due <= 0 if memory else days_left > 1

    picked, left = [], minutes * 60
    for item in sorted(filter(may_come, items), key=rank):
        if item.seconds <= left:
            picked.append(item.id)
            left -= item.seconds
    return picked
    ### END SOLUTION


# %%
@try_it
def two_minutes_tonight() -> list[CardId]:
    return pick_cards(ITEMS, SEEN, days_left=5, minutes=2)


# %% nbgrader={"grade_id": "deep-pick-checks", "grade": true}
@check(expect=["oom", "pod"], points=1)
def a_card_that_is_due_later_waits():
    """Due yesterday, today, and tomorrow. The evening is long enough for all."""
    items = [
        Item("oom", "kubernetes", 3, 45),
        Item("pod", "kubernetes", 2, 45),
        Item("tag", "kubernetes", 1, 45),
    ]
    memories = {
        "oom": Memory(-5, -1, 4.0),
        "pod": Memory(-4, 0, 4.0),
        "tag": Memory(-3, 1, 4.0),
    }
    return pick_cards(items, memories, 5, 30)


@check(expect=["pvc", "wal", "psi", "bins"], points=1)
def the_weaker_topic_comes_first():
    """Its cards fade fast; those of the other topic are heavier, but nearly all will be known."""
    items = [
        Item("psi", "drift", 3, 30),
        Item("bins", "drift", 2, 30),
        Item("pvc", "storage", 2, 30),
        Item("wal", "storage", 1, 30),
    ]
    strong, weak = Memory(-1, -1, 300.0), Memory(-9, -1, 0.5)
    return pick_cards(items, {"psi": strong, "bins": strong, "pvc": weak, "wal": weak}, 5, 30)


### BEGIN HIDDEN TESTS
LONG = 6000  # minutes, enough for everything
BANDS = {"weak": (-20, 0.5), "middling": (-6, 5.0), "strong": (-1, 400.0)}


def three_topics(rng):
    """Names of a weak, a middling and a strong topic."""
    names = rng.sample(["cost", "drift", "iac", "llm", "pods", "sli"], 3)
    return dict(zip(BANDS, sorted(names, reverse=True), strict=True))


@check(expect=REFERENCE, points=2, seeds=2)
def a_topic_is_as_strong_as_all_its_cards(rng):
    """Those that wait count as well, though they do not come tonight."""
    many, few = sorted(rng.sample(["cost", "drift", "pods"], 2))
    items = some_items(rng, [few, many], 9, (2,))
    memories = {}
    for topic in (few, many):
        mine = [item for item in items if item.topic == topic]
        for number, item in enumerate(mine):
            waits = topic == many and number > 2
            middling, poor = Memory(-6, -number - 1, 2.0), Memory(-20, -number - 1, 0.5)
            fresh = Memory(-1, 9, 400.0)
            memories[item.id] = fresh if waits else poor if topic == many else middling
    names = {item.id: item.topic for item in items}
    return [names[card] for card in pick_cards(items, memories, 5, LONG)]


@check(expect=REFERENCE, points=2, seeds=2)
def due_cards_come_before_new_ones(rng):
    """However little is known of the topic of the new ones."""
    known, fresh = rng.sample(["cost", "drift", "pods", "sli"], 2)
    items = some_items(rng, [known, fresh], 3, (1, 2, 3))
    memories = {item.id: Memory(-1, -1, 400.0) for item in items if item.topic == known}
    picked = pick_cards(items, dict(memories), 5, LONG)
    return ["due" if card in memories else "new" for card in picked]


@check(expect=REFERENCE, points=1, seeds=2)
def nothing_new_begins_on_the_last_day_or_the_day_before(rng):
    """Two days before it still may. Due cards come on any day."""
    items = some_items(rng, ["pods"], 6, (2,))
    memories = {item.id: Memory(-6, -2, 5.0) for item in items[:3]}
    return [sorted(pick_cards(items, dict(memories), days, LONG)) for days in (0, 1, 2, 5)]


@check(expect=REFERENCE, points=1, seeds=2)
def in_a_topic_the_greater_weight_comes_first(rng):
    """Even if lighter ones have been due for longer."""
    items = some_items(rng, ["pods"], 4, (1, 2, 3, 5))
    memories = {item.id: Memory(-12, item.weight - 9, 5.0) for item in items}
    return [pick_cards(items, memories, 5, LONG), pick_cards(items, {}, 5, LONG)]


@check(expect=REFERENCE, points=1, seeds=2)
def then_the_longest_due_and_then_the_id_as_text(rng):
    """All of one weight. As text "pods-10" comes before "pods-9"."""
    names = rng.sample([9, 10, 11, 100, 2, 30], 6)
    items = [Item(f"pods-{name}", "pods", 2, 30) for name in names]
    if [item.id for item in items] == sorted(item.id for item in items):
        items.reverse()
    ages = rng.sample([-3, -3, -3, -5, -5, -8], 6)
    memories = {item.id: Memory(-12, due, 5.0) for item, due in zip(items, ages, strict=True)}
    return [pick_cards(items, memories, 5, LONG), pick_cards(items, {}, 5, LONG)]


@check(expect=REFERENCE, points=1, seeds=1)
def topics_never_seen_go_by_name(rng):
    """Each of them whole, heavy cards first."""
    names = rng.sample(["cost", "drift", "iac", "pods", "sli"], 3)
    items = some_items(rng, sorted(names, reverse=True), 3, (1, 2, 3))
    return pick_cards(items, {}, 4, LONG)


@check(expect=REFERENCE, points=2, seeds=2)
def a_card_that_does_not_fit_is_passed_over(rng):
    """A shorter one behind it may still fit."""
    short = rng.randint(20, 34)
    seconds = [60, 90, 25, 70, short, 50]
    items = [Item(f"c{n}", "pods", 9 - n, s) for n, s in enumerate(seconds)]
    memories = {item.id: Memory(-12, n - 9, 5.0) for n, item in enumerate(items)}
    return pick_cards(rng.sample(items, 6), memories, 5, 2)


@check(expect=REFERENCE, points=1, seeds=2)
def a_perfect_fit_fits_and_minutes_may_be_a_fraction(rng):
    """A minute and three quarters are 105 seconds; in no time nothing fits."""
    first = rng.choice([45, 60, 75])
    items = [Item("b", "pods", 3, first), Item("a", "pods", 2, 105 - first)]
    memories = {item.id: Memory(-6, -2, 5.0) for item in items}
    return [len(pick_cards(items, dict(memories), 5, minutes)) for minutes in (1.75, 1.73, 0, 2)]


@check(
    expect=dict.fromkeys(("below 0", "not a number", "past", "twice"), "ValueError")
    | {"none": "no error"},
    points=1,
)
def pick_cards_refuses_what_cannot_be():
    """No time is time; less than none is not."""
    item = Item("oom", "kubernetes", 3, 45)
    return {
        "below 0": how_it_ends(pick_cards, [item], {}, 5, -0.5),
        "not a number": how_it_ends(pick_cards, [item], {}, 5, NAN),
        "past": how_it_ends(pick_cards, [item], {}, -2, 5),
        "twice": how_it_ends(pick_cards, [item, item], {}, 5, 5),
        "none": how_it_ends(pick_cards, [item], {}, 5, 0),
    }


@check(expect=REFERENCE, points=1, seeds=1)
def nothing_that_was_handed_in_changes(rng):
    """The same evening can be planned twice."""
    items = rng.sample([Item(f"pods-{n}", "pods", 9 - n, 25) for n in range(1, 7)], 6)
    if items[0].weight > items[1].weight:
        items[0], items[1] = items[1], items[0]
    memories = {item.id: Memory(-6, -2, 5.0) for item in items[:3]}
    mine, held = list(items), dict(memories)
    first = pick_cards(mine, held, 5, 1)
    second = pick_cards(mine, held, 5, 1)
    untouched = [item.id for item in mine] == [item.id for item in items]
    return [untouched, sorted(held) == sorted(memories), first == second, len(first)]


@check(expect=REFERENCE, points=2, seeds=2)
def any_evening_is_picked_like_the_reference(rng):
    """Three topics, cards that are due, wait or are new, and time enough."""
    topics = three_topics(rng)
    items = some_items(rng, list(topics.values()), 12, (1, 2, 3))
    memories = {}
    for band, topic in topics.items():
        last, stability = BANDS[band]
        mine = sorted((i for i in items if i.topic == topic), key=lambda item: item.weight)
        # of each weight: two due, one waiting, one new
        for number, item in enumerate(mine):
            if number % 4 < 2:
                memories[item.id] = Memory(last, -rng.randint(1, 4) - 9 * (number % 2), stability)
            elif number % 4 == 2:
                memories[item.id] = Memory(last, rng.randint(2, 7), stability)
    return pick_cards(items, memories, rng.randint(3, 9), LONG)


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 4 · Let topics take turns

Ten cards on one topic in a row answer each other: after the third you know what is coming. Mixed, each question has to
be recognised first, as in an interview.

`interleave(ids, items)` returns the same ids with topics taking turns.

- Topics take turns in the order in which they first occur in `ids`, one id in each turn. A topic that has no ids left
  is passed over. Within a topic the order stays.
- An id that no item has: `ValueError`. No ids: an empty list.

<details><summary>Hint · queues by topic</summary>

A dictionary keeps the order in which keys came. Fill lists by topic, then take the first, the second, … of each.

</details>
"""


# %% nbgrader={"grade_id": "deep-interleave", "solution": true}
def interleave(ids: Sequence[CardId], items: Sequence[Item]) -> list[CardId]:
    """The same ids, topics taking turns. ValueError: an id that no item has."""
    ### BEGIN SOLUTION
    topic_of = {item.id: item.topic for item in items}
    queues: dict[Topic, list[CardId]] = {}
    for card in ids:
        if card not in topic_of:
            raise ValueError(f"no item has the id {card!r}")
        queues.setdefault(topic_of[card], []).append(card)
    mixed: list[CardId] = []
    for turn in range(len(ids)):
        mixed += [queue[turn] for queue in queues.values() if turn < len(queue)]
    return mixed
    ### END SOLUTION


# %%
@try_it
def a_mixed_evening() -> list[CardId]:
    items, memories = shelf()
    return interleave(pick_cards(items, memories, days_left=5, minutes=12), items)


# %% nbgrader={"grade_id": "deep-interleave-checks", "grade": true}
@check(expect=["oom", "spot", "pvc", "mig", "dns"], points=1)
def topics_take_turns():
    """Three cards of one topic, two of another."""
    items = [Item(card, "kubernetes", 1, 30) for card in ("oom", "pvc", "dns")]
    items += [Item(card, "cost", 1, 30) for card in ("spot", "mig")]
    return interleave(["oom", "pvc", "spot", "mig", "dns"], items)


### BEGIN HIDDEN TESTS
def some_evening(rng, sizes):
    """Items, and ids in the order in which they were chosen, so many of each topic."""
    names = sorted(rng.sample(["cost", "drift", "iac", "pods", "sli", "llm"], len(sizes)))
    items = some_items(rng, names, max(sizes), (2,))
    ids = []
    for name, size in zip(names, sizes, strict=True):
        ids += [item.id for item in items if item.topic == name][:size]
    # the last topic, which is the smallest, was chosen first
    return items, [ids[-1], *rng.sample(ids[:-1], len(ids) - 1)]


@check(expect=REFERENCE, points=2, seeds=2)
def any_evening_is_mixed_like_the_reference(rng):
    """Topics of different size: one is spent early, one goes on alone."""
    items, ids = some_evening(rng, [7, 2, 4, 1])
    return interleave(ids, items)


@check(expect=REFERENCE, points=1, seeds=2)
def within_a_topic_the_order_stays(rng):
    """It is the order in which they were chosen."""
    items, ids = some_evening(rng, [5, 5])
    mixed = interleave(ids, items)
    names = {item.id: item.topic for item in items}
    seen = {}
    for card in mixed:
        seen.setdefault(names[card], []).append(card)
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def the_first_to_be_chosen_begins(rng):
    """Neither the largest topic nor the first by name."""
    names = ["cost", "drift", "iac", "pods"]
    items = [Item(f"{name}-{n}", name, 2, 30) for name in names for n in range(4)]
    order = rng.sample(names, 4)
    if order in (sorted(order), sorted(order, reverse=True)):
        order = ["iac", "cost", "pods", "drift"]
    ids = [f"{name}-0" for name in order] + [f"{name}-1" for name in sorted(order[1:])]
    names_of = {item.id: item.topic for item in items}
    return [names_of[card] for card in interleave(ids, items)][:4]


@check(expect={"unknown": "ValueError", "none": "no error", "empty": []}, points=1)
def an_unknown_id_is_refused_and_no_ids_are_fine():
    """A card that has left the bank cannot be shown."""
    items = [Item("oom", "kubernetes", 3, 45)]
    return {
        "unknown": how_it_ends(interleave, ["oom", "gone"], items),
        "none": how_it_ends(interleave, [], []),
        "empty": interleave([], items),
    }


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## What one evening changes

Six topics of a learner, and your planner. Hatched: what would be known on the day without tonight; below it, with it.
With many days left tonight's cards fade before the day; with one left nothing new is begun, and *security*, which was
never opened, stays at zero. Drag *minutes* and watch which topic gets the next card.
"""


# %%
def tonight(days: int, minutes: int) -> dict[str, object]:
    items, memories = shelf()
    taken = interleave(pick_cards(items, memories, days, minutes), items)
    before = strengths(items, memories, days)
    after = strengths(items, reviewed(memories, taken), days)
    return look(items, memories, taken, before, after, days)


words = "Known on the day by topic, without and with tonight's cards; on the right all cards, day by day."
days, minutes = (
    slider(1, 21, 1, 5, "days until the interview"),
    slider(5, 90, 5, 40, "minutes tonight"),
)
explore(draw_evening, data=tonight, caption=words, size=(10, 4.6), days=days, minutes=minutes)

# %% [markdown]
"""## The deck

`deck()` asks cards of the whole bank, those that are due first, and keeps the schedule in `.course/reviews.json`.
Tab, arrows, Space and Enter are enough.
"""

# %%
deck(topic="changed", seed=3)

# %% [markdown]
"""## Explain in three sentences

No letter to guess: write **three sentences** on each of these, as you would say them. Position first, then the reason,
then the limit.

1. "Halve our ML bill."
2. "How do you prove that no tenant sees another's data?"
3. "Labels come a month late. What do you watch?"
"""

# %% [markdown] nbgrader={"grade_id": "deep-explain", "grade": true, "solution": true, "points": 5}
"""### BEGIN SOLUTION
1. I tag everything first and rank models by cost per 1,000 predictions, because five of them usually make most of the
bill. Then come, in this order, idle GPUs and development at zero, a commitment for the baseline, spot for training,
batching and a cache. I would not touch the on-demand floor of production, and for each step I would say what it risks.

2. The tenant comes out of the verified token, and a small library builds every key and query with it, so nobody can
forget it. In CI two tenants with the same ids try every endpoint, and in production a marked tenant does so around the
clock. That shows the paths that we test; a new store needs its own line in that test before it goes live.

3. Inputs and the mix of predictions tell at once, corrections by users within days, and sixty random labels a day show
a fall of ten points within two. Each proxy has been compared with past incidents, so an alert on it means something.
What happens in one small tenant alone stays unseen until the late labels come, and I say so beforehand.

Rubric, five points: one for each answer that hits its points, one for length and order (three sentences each: position,
reason, limit), one for numbers that can be checked.
An answer: *weak*: tools without a reason ("Prometheus, spot, caching"); *good*: position and reason; *strong*: with a
number, and with the limit of what was said.
### END SOLUTION"""

# %% [markdown]
"""## Three evenings for 250 cards

Three evenings of 40 minutes are left, some 45 cards each, and the bank has 250. A friend says: "Read all of them once."
Another: "Only your weakest topic." **What do you do, what do you leave out, and how will you know on Sunday morning
whether it was right?** 120 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "deep-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
135 answers fit, so about half of the bank stays closed whatever I do. I spend the first evening on one question of each
topic, to measure rather than guess, and on what is due. The second takes new cards of weight 3 in the two weakest
topics among those that the round weighs most, deployment before cost. The third only repeats: a card that is begun on
Saturday never comes back before Sunday, and a good night is worth more than ten cards.

Reading everything once would leave each card at its weakest by Sunday, and feel best. My weakest topic alone leaves
nine others to fade, and it may be one that is asked least. I leave out topics with a small weight and say in the
interview where my knowledge ends.

On Sunday morning I draw twelve cards by seed, write answers before looking, and compare with what the planner
predicted. If it said 70 % and I know five of twelve, it flattered me.

Rubric, one point each:
1. counts: what fits, and what is left out on purpose;
2. mixes due, weak and heavy instead of one of them alone, and begins nothing new on the last evening;
3. says what each friend's way costs;
4. measures: answers before looking, compared with a prediction.

*Weak*: "I study as much as I can." *Good*: an order with a reason. *Strong*: numbers, a gap that is named, and a test of
the plan.
### END SOLUTION"""

# %% [markdown]
"""**What you now know** Answering shows what reading hides. What counts is the recall on the day; due before new, weak
before strong, and nothing begun that cannot come back.

**In practice** `.course/reviews.json` is yours and survives upgrades. `python -m coursekit.behavioral.anki deck.apkg`
takes all cards to your phone. Failed checks of lessons can enter the same schedule.

**Asked next**

- "Your answer was right. Why are the other three wrong?"
<details><summary>An answer</summary>

Each wrong option is something that is true elsewhere: a limit evicts under node pressure, not here. I name the case in
which it would be right, which shows that I know the border.

</details>

- "Your notes say p3. Is that still so?"
<details><summary>An answer</summary>

The figure is from when V100 cards were current; the method, measure and step down, is as good as ever. Today I would
look at L4 or A10G for inference, and at the date of any number I quote.

</details>

- "You do not know. What do you say?"
<details><summary>An answer</summary>

I say so at once, then what I would measure or read first to find out. A guess that is marked as one may follow.

</details>
"""
