# %% [markdown]
"""# Tell a STAR story

You'll build your own bank of stories: one draft mended, one story of yours in full, and an index that shows which
questions you cannot answer yet.

**Time** 45 min · **Level** easy · **Needs** dictionaries, an hour of your working life worth telling

**Skills** put a story into five parts that keep their time · name the option you rejected · show what changed with a
number and its unit
"""

# %% nbgrader={"grade_id": "story-setup", "locked": true}
from collections.abc import Mapping
from typing import Any

from coursekit import REFERENCE, approx, check, explore, played, scoreboard, slider, try_it
from coursekit.behavioral import stories
from coursekit.behavioral.stories import (
    CATEGORIES,
    LIMITS,
    PACE,
    PARTS,
    QUESTIONS,
    REQUIREMENTS,
    WORDING,
    as_it_is,
    coverage,
    draw_timing,
    heard,
    hints,
    show_draft,
)

Seconds = float
Story = dict[str, Any]  # {"situation": "On a Friday …", "numbers": [{"what": "p99", …}], …}
Index = dict[str, list[str]]  # {"gpu-bill": ["The night job", "Half the cards"], …}

# %% [markdown]
"""## The situation

Thirty minutes of behavioural questions are left, and you like this part: you know your stories. The first answer takes
**six minutes**. You describe the old architecture, then a colleague's mistake, then three projects at once. The
interviewer interrupts to ask: "And what did *you* decide?" There is time for two questions more, and on her sheet stand
one story, no number and no decision.

![A story has four spoken parts: situation and task open it, then come action, result and lesson. Fields stand beside
them: the decision with the option that was rejected, numbers before and after, the roles of others. A machine checks
fields and time. A person judges whether it is true, yours and worth hearing.](diagrams/01_tell_a_star_story.mmd)

Here a story is data. In a class this lesson is **formative**: it has no points there, and you hand it in only if you
want to. Your stories stay on your disk. Alone, you collect its points for yourself.
"""

# %% [markdown]
"""One of thirteen weak stories that wait for a better telling. Nobody in them is real:"""

# %%
show_draft("slow-after-deploy")

# %% [markdown]
"""## 1 · Keep the time

Speakers say 130 to 150 words a minute. The usual windows: situation and task together 20 to 30 seconds, action 60 to
90, result 20 to 30. The lesson's 20 to 30 are ours; with them a story takes two to three minutes. All windows here are
20 % wider: `LIMITS`. We timed the nine written-out stories behind these drafts: none kept all its windows.

- `seconds(text, words_per_minute)`: words are what stands between white space, line ends too. No words take 0.0 s. A
  pace of 0 or less: `ValueError`.
- `timing(story, words_per_minute)`: for each of the four `PARTS` "short", "fits" or "long". Exactly at a limit fits. A
  text that is missing counts as empty. Only the five texts are read.

<details><summary>Hint 1 · counting words</summary>

`text.split()` without an argument parts at any white space and drops empty pieces.

</details>
<details><summary>Hint 2 · which texts make a part</summary>

`PARTS["opening"]` is `("situation", "task")`. Add up the seconds of its texts; `story.get(name, "")` is safe.

</details>
"""


# %% nbgrader={"grade_id": "timing", "solution": true}
def seconds(text: str, words_per_minute: float = PACE) -> Seconds:
    """How long it takes to say the text. ValueError: a pace of 0 or less."""
    ### BEGIN SOLUTION
    # Why: words are counted, not characters, because that is how speakers measure their pace; a
    # window in seconds is then a budget of words that you can feel while you write.
    if words_per_minute <= 0:
        raise ValueError(f"nobody speaks {words_per_minute} words a minute")
    return 60.0 * len(text.split()) / words_per_minute
    ### END SOLUTION


def timing(story: Mapping[str, Any], words_per_minute: float = PACE) -> dict[str, str]:
    """Each of the four parts: "short", "fits" or "long"."""
    ### BEGIN SOLUTION
    said = {}
    for part, names in PARTS.items():
        took = sum(seconds(story.get(name, ""), words_per_minute) for name in names)
        low, high = LIMITS[part]
        said[part] = "short" if took < low else "long" if took > high else "fits"
    return said
    ### END SOLUTION


# %%
@try_it
def the_draft_against_its_windows() -> dict[str, str]:
    return timing(stories.draft("slow-after-deploy")["draft"])


# %% nbgrader={"grade_id": "timing-checks", "grade": true}
def words(count):
    return " ".join(["rollback"] * count)


@check(expect=approx({"70 words": 30.0, "the same, faster": 28.0}), points=1)
def words_take_their_share_of_a_minute():
    """60 seconds, times the words, divided by the pace; 140 words a minute unless told otherwise."""
    return {"70 words": seconds(words(70)), "the same, faster": seconds(words(70), 150)}


@check(expect={"opening": "fits", "action": "short", "result": "long", "lesson": "short"}, points=1)
def each_part_has_a_window_of_its_own():
    """Compare each part with its own limits; situation and task are one part."""
    story = {"situation": words(30), "task": words(30), "action": words(60)}
    return timing({**story, "result": words(90), "lesson": words(9)})


### BEGIN HIDDEN TESTS
def how_it_ends(function, *args):
    try:
        function(*args)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "no error"


def some_story(rng, **counts):
    # far from every limit at usual paces
    usual = {"situation": 30, "task": 25, "action": 160, "result": 55, "lesson": 55}
    return {name: words(count + rng.randrange(4)) for name, count in {**usual, **counts}.items()}


@check(expect=REFERENCE, points=1, seeds=2)
def a_faster_pace_takes_less_time(rng):
    """The pace that is given is the one that counts, in `timing` too."""
    count = rng.randint(20, 400)
    story = some_story(rng, action=120)
    paces = rng.sample([60, 90, 140, 300], 4)
    seen = [[seconds(words(count), pace), seconds(words(1), pace)] for pace in (110, 130, 150, 170)]
    return [seen, [[pace, timing(story, pace)["action"]] for pace in paces]]


@check(expect=REFERENCE, points=1, seeds=2)
def any_white_space_parts_words(rng):
    """Line ends, tabs and double blanks; a hyphen or a figure parts nothing."""
    gaps_between = ["\n", "\t", "  ", " \n\n ", " "]
    some = [rng.choice(["rolled", "back", "p99", "18-minute", "3,000", "it's"]) for _ in range(25)]
    text = "".join(one + rng.choice(gaps_between) for one in some)
    return [
        seconds(text, 60),
        seconds("\n" + text + "\n", 60),
        seconds(" \n ", 60),
        seconds("", 60),
    ]


@check(
    expect=dict.fromkeys(("zero", "below"), "ValueError")
    | {"slow": "no error", "half": "no error"},
    points=1,
)
def a_pace_of_nothing_is_refused():
    """At 0 words a minute no story ends."""
    paces = {"zero": 0, "below": -140, "slow": 1, "half": 0.5}
    return {name: how_it_ends(seconds, "one two three", pace) for name, pace in paces.items()}


@check(expect=REFERENCE, points=2, seeds=3)
def parts_are_short_or_fit_or_long(rng):
    """Many stories, far from the limits."""
    seen = []
    for _ in range(8):
        counts = {"action": rng.choice([60, 160, 300]), "result": rng.choice([12, 55, 120])}
        counts |= {"lesson": rng.choice([12, 55, 120]), "situation": rng.choice([1, 30, 90])}
        if counts["situation"] == 1:
            counts["task"] = 5
        seen.append(timing(some_story(rng, **counts)))
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def situation_and_task_share_one_window(rng):
    """Each alone would fit, both are too long; each alone is short, both fit. Words stay apart."""
    long = some_story(rng, situation=60, task=60)
    right = some_story(rng, situation=28, task=28)
    near = {"situation": words(17), "task": words(20)}  # 37 s at 60 words a minute
    return [[timing(one)["opening"] for one in rng.sample([long, right], 2)], timing(near, 60)]


@check(expect=REFERENCE, points=1, seeds=1)
def exactly_at_a_limit_still_fits(rng):
    """At 60 words a minute a word is a second: 16 and 36 fit, 15 and 37 do not."""
    seen = []
    for count in rng.sample([15, 16, 36, 37], 4):
        seen.append([count, timing(some_story(rng) | {"result": words(count)}, 60)["result"]])
    for count in rng.sample([47, 48, 108, 109], 4):
        seen.append([count, timing(some_story(rng) | {"action": words(count)}, 60)["action"]])
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def a_text_that_is_missing_counts_as_empty(rng):
    """An unfinished story has a timing, too."""
    seen = []
    for gone in rng.sample(["situation", "action", "result", "lesson"], 4):
        story = some_story(rng)
        del story[gone]
        seen.append([gone, timing(story)])
    return [seen, timing({})]


@check(expect=REFERENCE, points=1, seeds=1)
def nothing_but_the_five_texts_is_read(rng):
    """Decision, numbers and notes take no time, and the story stays as it was."""
    story = some_story(rng, result=55)
    more = story | {"notes": words(500), "people": ["a data scientist"] * 90}
    more["decision"] = {"chosen": words(200), "rejected": words(200), "because": words(200)}
    before = repr(more)
    return [timing(more), repr(more) == before, sorted(timing(more))]


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## 2 · Mend a draft

Choose one of the thirteen drafts (`show_draft(name)` prints any of them, `QUESTIONS` lists the names) and tell it well.
`mended()` returns the story as a dict:

- `"draft"`: the name of the draft you mended;
- five texts: `"situation"`, `"task"`, `"action"`, `"result"`, `"lesson"`. Each says something of its own, and each part
  fits at 140 words a minute;
- `"decision"`: `"chosen"`, `"rejected"` (another option that was real) and `"because"`, four words or more;
- `"numbers"`: rows with `"what"`, `"before"`, `"after"`, `"unit"`. Take them from the draft's sheet; invent none;
- `"people"`: the roles of others, never their names.

<details><summary>Hint 1 · begin with the decision</summary>

Write `chosen`, `rejected` and `because` first. The action is the way there.

</details>
<details><summary>Hint 2 · how many words</summary>

At 140 words a minute: opening, result and lesson 37 to 84 words each, the action 112 to 252.

</details>
<details><summary>Hint 3 · long texts in Python</summary>

Neighbouring strings in parentheses become one: `("On a Friday … " "support had …")`. Or use three quotes.

</details>
"""


# %% nbgrader={"grade_id": "mended", "solution": true}
def mended() -> Story:
    """One of the drafts, told well."""
    ### BEGIN SOLUTION
    # Why: the decision carries the story. Everything before it says why there was a choice, and
    # everything after it says what came of it, with numbers that somebody could check.
    return {
        "draft": "slow-after-deploy",
        "situation": """On a Friday afternoon our recommendation service began to answer in three
            seconds instead of a third of one. It carried ten thousand requests a second. Customers
            saw empty boxes, and support had forty tickets within a quarter of an hour.""",
        "task": """I was on call. We had promised to be below half a second again within thirty
            minutes, and it was mine to get there.""",
        "action": """I first asked what had changed, because latency rarely rises alone. The
            dashboard put the step two hours after a deployment. Traces showed that the model was as
            fast as ever, while requests waited in front of it for a batch to fill. I had two ways:
            tune the batch size in place, or go back to the version before. I went back. Tuning
            might have been quicker by a few minutes, but nobody could tell me what else the change
            had touched, and the rollback had been rehearsed. While it ran I doubled the replicas,
            wrote one line to support every five minutes, and asked the engineer who had made the
            change to watch the queue with me. In the week after, the two of us added a canary and
            an automatic rollback on p99, and I wrote the runbook.""",
        "result": """After 18 minutes p99 was at 450 milliseconds, twelve minutes before our promise
            ran out. Nobody had to be called at night. In the half year after that, the new gate
            stopped three releases of the same kind before a customer saw them.""",
        "lesson": """I had treated a batch size as a detail of the model. It is a promise about
            waiting time, so it now goes through the same canary as code. And I learned that the
            first message to support is worth more than the fifth graph on my screen.""",
        "decision": {
            "chosen": "roll back to the version before",
            "rejected": "tune the batch size while it serves",
            "because": "nobody could say what else the change had touched",
        },
        "numbers": [
            {"what": "p99 latency", "before": 3000, "after": 450, "unit": "ms"},
            {
                "what": "time to recover, promised and real",
                "before": 30,
                "after": 18,
                "unit": "minutes",
            },
        ],
        "people": ["the engineer who made the change", "support"],
    }
    ### END SOLUTION


# %% [markdown]
"""Words are not judged, they are pointed at. A hint may be wrong: sometimes "we" is the truth.
"""


# %%
@try_it
def words_to_look_at() -> list[str]:
    return [str(hint) for hint in hints(mended())]


# %% nbgrader={"grade_id": "mended-checks", "grade": true}
@check(expect=played(heard, stories.each_text_says_something), points=1)
def each_text_of_the_mended_story_says_something():
    """Five texts of at least eight words, six of them different."""
    return mended()


@check(expect=played(heard, stories.no_text_repeats_another), points=1)
def no_text_of_the_mended_story_repeats_another():
    """Two texts share at most half of the shorter one's runs of five words."""
    return mended()


@check(expect=played(heard, stories.every_part_keeps_its_time), points=2)
def the_mended_story_keeps_its_time():
    """Cut what nobody asked for; the action is the longest part."""
    return mended()


@check(expect=played(heard, stories.another_option_was_rejected), points=1)
def the_mended_story_names_what_was_rejected():
    """Without another option there was no decision."""
    return mended()


@check(expect=played(heard, stories.the_choice_has_a_reason), points=1)
def the_mended_choice_has_a_reason():
    """Four words or more that repeat neither option."""
    return mended()


@check(expect=played(heard, stories.each_number_is_whole), points=1)
def each_number_of_the_mended_story_is_whole():
    """At least one row; what, before, after and unit in each."""
    return mended()


@check(expect=played(heard, stories.somebody_else_has_a_role), points=1)
def somebody_else_is_in_the_mended_story():
    """Name a role, not a person; "I" is no other."""
    return mended()


@check(expect=played(heard, stories.numbers_come_from_the_sheet), points=2)
def the_mended_story_invents_no_number():
    """Before, after and unit stand together in a row of the draft's sheet."""
    return mended()


scoreboard()

# %% [markdown]
"""## 3 · Tell your own

Now a story that happened to you, in the same form, without `"draft"`. Leave out names of people, customers and
employers. What is checked, each for itself:

- the five texts say something, and no two say the same;
- opening, action, result and lesson keep their time;
- `chosen` and `rejected` differ; `because` is a reason;
- each number has `what`, `before`, `after` and `unit`, and moved;
- `people` names the role of somebody else.

**That is all that is checked.** Thirty random nouns in the right fields pass. No check here knows whether the story is
true, whether it answers a question, or whether anybody wants to hear its end. For that there is a rubric below, and
people.

<details><summary>Hint · no number at hand?</summary>

Count something: tickets, hours, pages at night, people who could do it before and after. An honest estimate is a number
too; say in `what` that it is one.

</details>
"""


# %% nbgrader={"grade_id": "own", "solution": true}
def my_story() -> Story:
    """A story of your own."""
    ### BEGIN SOLUTION
    # Why: the same form for every story makes them comparable. You see at once which one has no
    # decision, and which one takes four minutes.
    return {
        "title": "The backfill that ate the night",
        "situation": """In my last team a night job computed embeddings for every document of every
            tenant. It took eleven hours. Each Monday it still ran when people came to work, so
            search showed them the documents of Friday.""",
        "task": """Nobody owned the job. I asked for it, and promised that search would be fresh by
            six in the morning within a month.""",
        "action": """I measured for three nights and found that nine documents of ten had not
            changed since the night before. So there were two ways: rent twice the GPUs, or compute
            only what had changed. Twice the GPUs would have worked on the same day. I chose the
            second, because the bill would have grown with every tenant, and I told my manager that
            it would cost us three weeks. I stored a hash of the text beside each embedding and
            skipped what was equal. A data scientist and I agreed on fifty queries whose answers
            must not move, and ran them before each release. In the second week they showed that I
            had forgotten the titles. I said so in the channel, and mended it before anybody else
            met it.""",
        "result": """The job now ends after 50 minutes, and search is fresh at half past one in the
            morning. Its GPU bill went from nine hundred to a hundred and ten dollars a month, and
            two other teams took the idea over for their own jobs.""",
        "lesson": """I measure before I ask for machines, every time. And I would bring the list of
            queries in the first week rather than in the second, since my own mistake was of a kind
            that no unit test of mine would ever have shown me.""",
        "decision": {
            "chosen": "compute only what changed",
            "rejected": "rent twice the GPUs",
            "because": "the bill would grow with every tenant",
        },
        "numbers": [
            {
                "what": "time of the night job",
                "before": 660,
                "after": 50,
                "unit": "minutes",
            },
        ],
        "people": ["a data scientist", "my manager"],
    }
    ### END SOLUTION


# %%
@try_it
def my_words_to_look_at() -> list[str]:
    return [str(hint) for hint in hints(my_story())]


# %% nbgrader={"grade_id": "own-checks", "grade": true}
@check(expect=played(heard, stories.each_text_says_something), points=1)
def each_text_of_mine_says_something():
    """Five texts of at least eight words, six of them different."""
    return my_story()


@check(expect=played(heard, stories.no_text_repeats_another), points=1)
def no_text_of_mine_repeats_another():
    """The result is not the action once more, and the lesson not the result."""
    return my_story()


@check(expect=played(heard, stories.the_opening_keeps_its_time), points=1)
def my_opening_keeps_its_time():
    """Situation and task: 37 to 84 words at the usual pace."""
    return my_story()


@check(expect=played(heard, stories.the_action_keeps_its_time), points=1)
def my_action_keeps_its_time():
    """112 to 252 words. Six minutes of action are three stories, or none."""
    return my_story()


@check(expect=played(heard, stories.the_result_keeps_its_time), points=1)
def my_result_keeps_its_time():
    """37 to 84 words: what changed, for whom, and since when."""
    return my_story()


@check(expect=played(heard, stories.the_lesson_keeps_its_time), points=1)
def my_lesson_keeps_its_time():
    """37 to 84 words: what you do otherwise since then."""
    return my_story()


@check(expect=played(heard, stories.another_option_was_rejected), points=1)
def i_rejected_another_option():
    """Two texts that differ. "Do nothing" is an option too."""
    return my_story()


@check(expect=played(heard, stories.the_choice_has_a_reason), points=1)
def my_choice_has_a_reason():
    """Four words or more that repeat neither option."""
    return my_story()


@check(expect=played(heard, stories.each_number_is_whole), points=1)
def each_number_of_mine_has_a_name_and_a_unit():
    """At least one row; what, before, after and unit in each."""
    return my_story()


@check(expect=played(heard, stories.every_number_moved), points=1)
def each_number_of_mine_moved():
    """A number that is the same afterwards is no result."""
    return my_story()


@check(expect=played(heard, stories.somebody_else_has_a_role), points=1)
def somebody_else_is_in_my_story():
    """Name a role: a data scientist, support, my manager."""
    return my_story()


scoreboard()

# %% [markdown]
"""What may be asked, and what the job wants:"""

# %%
for name, category in QUESTIONS.items():
    print(f"{category:<14}{name:<24}{WORDING[name]}")
print()
for name, wanted in REQUIREMENTS.items():
    print(f"{name:<24}{wanted}")

# %% [markdown]
"""## 4 · Find the gaps

Interviewers ask in categories. The thirteen questions belong to six.

- `gaps(index, needed=2)`: how many different titles each category lacks; only categories that lack some, in the order of
  `CATEGORIES`. One title may answer several questions, also across categories; within a category it counts once. White
  space at its ends does not matter, an empty title is none, a question without a row has no titles. A key that is no
  question: `ValueError`.
- `my_index()`: the thirteen questions, each with a list of titles of yours. An empty list is an honest gap: the points
  wait until each category has two stories.
- `my_cv()`: one row for each of the eight `REQUIREMENTS`: `{"requirement", "story", "gap"}`. A row has a `story`, a
  title of your index, or a `gap`: in four words or more, what you do about it.

<details><summary>Hint · a title counts once</summary>

Collect the titles of a category in a set.

</details>
"""


# %% nbgrader={"grade_id": "index", "solution": true}
def gaps(index: Mapping[str, list[str]], needed: int = 2) -> dict[str, int]:
    """How many titles each category lacks. ValueError: a key that is no question."""
    ### BEGIN SOLUTION
    # Why: a set, because the same story told to two questions of a category is still one story; the
    # second interviewer compares notes with the first.
    titles: dict[str, set[str]] = {category: set() for category in CATEGORIES}
    for question, some in index.items():
        if question not in QUESTIONS:
            raise ValueError(f"there is no question {question!r}")
        titles[QUESTIONS[question]] |= {title.strip() for title in some} - {""}
    return {of: needed - len(told) for of, told in titles.items() if len(told) < needed}
    ### END SOLUTION


def my_index() -> Index:
    """Each question with the titles of the stories that answer it."""
    ### BEGIN SOLUTION
    return {
        "slow-after-deploy": ["The Friday rollback"],
        "crashing-pods": ["The model that was too large"],
        "notebook-to-service": ["Two seconds to fifty milliseconds"],
        "two-priorities": ["Migration or wrong labels"],
        "with-data-scientists": ["Who gets the page"],
        "handed-over": ["Two seconds to fifty milliseconds"],
        "gpu-bill": ["The backfill that ate the night"],
        "training-bill": ["Checkpoints on spot"],
        "platform-from-nothing": ["One command to deploy"],
        "trade-off": ["The model in the middle"],
        "everything-urgent": ["Migration or wrong labels"],
        "worse-online": ["Better offline only", "The titles that I forgot"],
        "slow-decline": ["One percent a month", "The backfill that ate the night"],
    }
    ### END SOLUTION


def my_cv() -> list[dict[str, str]]:
    """Each requirement of the job with a story, or with what I do about the gap."""
    ### BEGIN SOLUTION
    rows = {
        "years": "One command to deploy",
        "models-at-scale": "The Friday rollback",
        "ml-infrastructure": "One command to deploy",
        "delivery": "Better offline only",
        "cloud": "The model that was too large",
        "cost": "The backfill that ate the night",
        "teams": "Who gets the page",
    }
    told = [{"requirement": name, "story": title, "gap": ""} for name, title in rows.items()]
    plan = "I have not done it; I can say how I would version the data."
    return [*told, {"requirement": "fine-tuning", "story": "", "gap": plan}]
    ### END SOLUTION


# %%
@try_it
def what_i_have_to_prepare() -> dict[str, int]:
    print(coverage(my_index()))
    return gaps(my_index())


# %% nbgrader={"grade_id": "index-checks", "grade": true}
@check(expect={"collaboration": 1, "leadership": 1, "failure": 2, "initiative": 1}, points=1)
def gaps_are_counted_by_category():
    """Two titles make a category; the others are named with what they lack."""
    index = {"slow-after-deploy": ["A"], "crashing-pods": ["B"], "gpu-bill": ["C", "D"]}
    return gaps({**index, "handed-over": ["E"], "trade-off": ["F"], "slow-decline": ["C"]})


def as_far_as_there_is_one(function):
    try:
        return function()
    except Exception:
        return None


@check(expect=played(as_it_is, stories.every_question_has_a_row), points=1)
def every_question_is_in_my_index():
    """Thirteen keys, a list of titles below each."""
    return my_index()


@check(expect=played(as_it_is, stories.categories_hold_two_stories), points=2)
def each_category_has_two_stories_of_mine():
    """An honest gap costs these points until the story is there."""
    return my_index()


@check(expect=played(as_it_is, stories.every_requirement_has_a_row), points=1)
def every_requirement_is_in_my_table():
    """Eight rows, one each."""
    return my_cv()


@check(expect=played(as_it_is, stories.every_row_has_a_story_or_a_plan), points=1)
def every_requirement_has_a_story_or_a_plan():
    """A gap is no shame; a gap without a plan is."""
    return my_cv()


@check(expect=played(as_it_is, stories.stories_of_the_cv_are_in_the_index), points=1)
def stories_of_my_table_stand_in_my_index():
    """The same titles, letter by letter."""
    return {"cv": my_cv(), "index": as_far_as_there_is_one(my_index)}


### BEGIN HIDDEN TESTS
def by_category(rng, count):
    # titles that differ, below questions drawn at random
    questions = {category: [] for category in CATEGORIES}
    for question, category in QUESTIONS.items():
        questions[category].append(question)
    index = {}
    for category in CATEGORIES:
        for number in range(count(category)):
            question = rng.choice(questions[category])
            index.setdefault(question, []).append(f"{category} {number}")
    return index


@check(expect=REFERENCE, points=2, seeds=3)
def each_category_lacks_what_is_missing_to_two(rng):
    """Whatever questions the titles stand below."""
    seen = []
    for _ in range(3):
        counts = {category: rng.randrange(4) for category in CATEGORIES}
        seen.append(sorted(gaps(by_category(rng, counts.get)).items()))
    return seen


@check(expect=REFERENCE, points=1, seeds=2)
def a_title_counts_once_in_a_category(rng):
    """Twice below one question, or below two of a category: one story. In two categories: one in each."""
    one = {"slow-after-deploy": ["Rollback", "Rollback"], "crashing-pods": ["Rollback"]}
    two = {"gpu-bill": ["Spot"], "training-bill": ["Spot"], "trade-off": ["Spot"]}
    name = f"story {rng.randrange(99)}"
    more = {"worse-online": [name, name], "slow-decline": [name, f"{name} too"]}
    return sorted(gaps({**one, **two, **more}).items())


@check(expect=REFERENCE, points=1, seeds=2)
def white_space_makes_no_title(rng):
    """ "Spot " is "Spot", and " " is none."""
    space = rng.choice([" ", "\t", "  \n"])
    index = {"gpu-bill": ["Spot" + space, "Spot"], "worse-online": [space, "", "Offline"]}
    index["slow-decline"] = [space + "Drift", "Drift too"]
    return sorted(gaps(index).items())


@check(expect=REFERENCE, points=1, seeds=2)
def gaps_stand_in_the_order_of_the_categories(rng):
    """And none is there that lacks nothing; an empty index lacks everything."""
    index = by_category(rng, lambda category: 0 if category == "cost" else rng.randrange(2))
    index["gpu-bill"] = ["Cards that slept", "Spot"]
    keys = rng.sample(list(index), len(index))
    return [list(gaps({key: index[key] for key in keys})), list(gaps({}).items())]


@check(expect=REFERENCE, points=1, seeds=2)
def the_number_needed_can_be_another(rng):
    """One is enough for some, three for others."""
    index = by_category(rng, lambda category: 0 if category == "cost" else rng.randrange(4))
    return [sorted(gaps(index, needed).items()) for needed in (1, 3, 5)]


@check(
    expect={"no question": "ValueError", "another case": "ValueError", "fine": "no error"}, points=1
)
def a_key_that_is_no_question_is_refused():
    """A misspelt question would hide a story."""
    keys = {"no question": "gpu-bil", "another case": "GPU-bill", "fine": "gpu-bill"}
    return {name: how_it_ends(gaps, {key: ["Spot"]}) for name, key in keys.items()}


### END HIDDEN TESTS

scoreboard()

# %% [markdown]
"""## Your stories beside their windows

The grey band is the window. Move the pace: a nervous speaker reaches 170 words a minute, somebody who thinks in another
language perhaps 110. A story that fits at both is safe. The draft is short everywhere; a six-minute story would run out
of the picture.
"""


# %%
def three_stories(pace: float) -> dict[str, dict[str, float]]:
    told = {"draft": stories.draft("slow-after-deploy")["draft"], "mended": mended()}
    told["mine"] = my_story()
    return {
        title: {
            part: sum(seconds(story.get(name, ""), pace) for name in names)
            for part, names in PARTS.items()
        }
        for title, story in told.items()
    }


caption = "Seconds of each part of three stories; the grey band is the window, words say short, fits or long."
explore(
    draw_timing,
    data=three_stories,
    caption=caption,
    size=(9, 5),
    pace=slider(100, 180, 10, 140, "words a minute"),
)

# %% [markdown]
"""## What no machine can judge

Tell your story aloud, without reading, and record it. Listen once, or let somebody listen. Two points for each line at
"strong", one at "good", none at "weak":

| | weak | good | strong |
|---|---|---|---|
| **mine** | "we" throughout; my part stays open | what I did can be told from what others did | and why it was mine to do |
| **decision** | things happened in a row | a choice and its reason | the price of the choice is said before anybody asks |
| **effect** | "it was better" | a number with its base and unit | and why it was my change that moved it |
| **lesson** | a proverb | what I do otherwise since | and where it helped the next time |
| **others** | blame, or nobody there | roles, with fairness | their view is told as they would tell it |

Write down: a score for each line with the sentence it rests on, one thing you cut, and the follow-up question you fear
most, with your answer in two sentences. About 150 words.
"""

# %% [markdown] nbgrader={"grade_id": "story-told", "grade": true, "solution": true, "points": 10}
"""### BEGIN SOLUTION
Mine: good. "I asked for it, nobody owned the job" says why it was mine; the hash was my idea, the fifty queries were the
data scientist's, and I should say that sooner. Decision: strong. I name the quick way, and that mine cost three weeks.
Effect: good. Eleven hours to 50 minutes is clear; that the bill fell for the same reason I only assume, since prices fell
that month as well. Lesson: good. I measure first since then, and one example of the next time is missing. Others: weak. My
manager appears only to be told something.

I cut the paragraph about the vector index. It is interesting, and nobody decides anything in it.

I fear: "Why did nobody own it?" My answer: it grew out of an experiment, and I had used it for a year without asking
either. Since then a job gets an owner or an end date on the day it is first scheduled.

Rubric, two points for each line of the table at "strong", one at "good":
1. mine. Weak: "we" throughout. Good: one's own part can be told. Strong: and why it was one's own to do.
2. decision. Weak: a row of events. Good: choice and reason. Strong: its price is said unasked.
3. effect. Weak: "better". Good: number, base, unit. Strong: and why this change moved it.
4. lesson. Weak: a proverb. Good: another behaviour since. Strong: and where it helped.
5. others. Weak: blame or nobody. Good: roles, fairly. Strong: their own view of it.
At most one point where a line is scored without the sentence it rests on.
### END SOLUTION"""

# %% [markdown]
"""## Whose result is it?

Your best story was the work of five people, and your part was a fifth. The interviewer wants to hear "I"; your former
colleague may sit in the next round. **How do you tell it, what do you leave out, and what do you answer to "So what
exactly was yours?"** 120 words are plenty.
"""

# %% [markdown] nbgrader={"grade_id": "story-tradeoff", "grade": true, "solution": true, "points": 4}
"""### BEGIN SOLUTION
I tell the part that I can defend to the last detail: one decision or one piece of work, with its own before and after. The
result of the whole stands in one sentence with "we" in front of it, so that nobody has to guess how large it was. I name
roles for the rest ("the data scientist who found the label noise"), because credit given costs me nothing and a claim that
a colleague would not sign costs me everything.

I leave out what I only watched, even if it is the most impressive part; the first follow-up question would find that out.

To "what exactly was yours?" I answer with a boundary: "The rollback rule and its thresholds were mine, the pipeline it
hangs in was there." Then one thing that would have been otherwise without me. The price: my number is smaller than the
team's. A small number that I can explain beats a large one that I cannot.

Rubric, one point each (weak / good / strong):
1. own part: "we did it" / a part is named / a part with a before and after of its own;
2. credit: claims all or hides all / names roles / would be signed by a colleague in the next round;
3. what is left out: nothing is said / something is cut / cut because it could not be defended in depth;
4. the price: none seen / smaller number accepted / says when the team's number is the right one to tell.
### END SOLUTION"""

# %% [markdown]
"""**What you now know** A story is a decision with a reason, told in parts that keep their time, with a number that moved
and a lesson that changed something. Gaps in the index are your plan for the week.

**In practice** Prepare eight stories, not thirteen: most answer two questions. Retell each in a minute and in three. Ask
"shall I go on?" after the result.

**Asked next**

<details><summary>"What would you do otherwise today?"</summary>

Name one decision and what you know now that you did not know then. "Nothing" says that you stopped learning.

</details>
<details><summary>"How do you know that your change did it?"</summary>

Say what else changed in that time, and what you compared with. Without a comparison say so: it fell after the change.

</details>
<details><summary>"What did the others think of it?"</summary>

Tell one objection in words its owner would accept. Then say what you changed because of it, or why you did not.

</details>
"""
