"""The lesson that the corpus attacks: two exercises, most points on a reference, canaries wherever
nobody may look.
"""

from __future__ import annotations

IN_SOLUTION = "CANARY-in-the-solution-5d1c"
IN_HIDDEN = "CANARY-in-a-hidden-check-93aa"
IN_EXPECTATION = "CANARY-in-an-expectation-0b7e"
IN_OTHERS_WORK = "CANARY-in-another-submission-41f2"
IN_ENVIRONMENT = "CANARY-in-the-environment-c8d6"
IN_GRADEBOOK = "CANARY-in-the-gradebook-e02b"
CANARIES = (IN_SOLUTION, IN_HIDDEN, IN_EXPECTATION, IN_OTHERS_WORK, IN_ENVIRONMENT, IN_GRADEBOOK)

LESSON = f'''\
# %% [markdown]
"""
# Count words

You'll build a counter, and a sum of counters.

**Time** 5 min · **Level** easy · **Needs** Python
"""

# %% nbgrader={{"grade_id": "setup", "locked": true}}
import random

from coursekit import REFERENCE, check, one_of, raises, scoreboard

WORDS = ("to", "be", "or", "not", "that", "is")

# %% [markdown]
"""
## 1 · Tally

`tally(words)` is a dict: how often each word is there. No list is a `TypeError`.

<details><summary>Hint 1</summary>One pass.</details>
"""

# %% nbgrader={{"grade_id": "tally", "solution": true}}
def tally(words):
    """How often each word is there."""
    ### BEGIN SOLUTION
    secret = "{IN_SOLUTION}"
    if not isinstance(words, list):
        raise TypeError(f"not a list, {{len(secret)}}")
    counts = {{}}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
    ### END SOLUTION


# %% nbgrader={{"grade_id": "tally-checks", "grade": true}}
@check(expect={{"be": 2, "to": 1}}, points=1, cpu=0.5)
def a_few_words_are_tallied():
    """One pass is enough."""
    return tally(["be", "to", "be"])


### BEGIN HIDDEN TESTS
@check(expect=one_of(raises(TypeError), "{IN_EXPECTATION}"), points=2, cpu=0.5)
def no_list_is_refused():
    """Not a list: TypeError."""
    return tally("{IN_HIDDEN}")


@check(expect=REFERENCE, points=4, seeds=3, cpu=0.5)
def any_words_are_tallied(rng):
    """Count every word."""
    return tally([rng.choice(WORDS) for _ in range(rng.randrange(20, 60))])


@check(expect=REFERENCE, points=1, seeds=2, cpu=0.5)
def one_word_is_tallied(rng):
    """Count every word."""
    return [sorted(tally([rng.choice(WORDS)] * rng.randrange(3, 30)).items()), "{IN_HIDDEN}".lower()]


### END HIDDEN TESTS
scoreboard()

# %% [markdown]
"""
## 2 · Merge

`merge(a, b)` is the tally of both.

<details><summary>Hint 1</summary>Add.</details>
"""

# %% nbgrader={{"grade_id": "merge", "solution": true}}
def merge(a, b):
    """The tally of both."""
    ### BEGIN SOLUTION
    secret = "{IN_SOLUTION}"
    return {{word: a.get(word, 0) + b.get(word, 0) for word in {{**a, **b}}}} if secret else {{}}
    ### END SOLUTION


# %% nbgrader={{"grade_id": "merge-checks", "grade": true}}
@check(expect={{"be": 3}}, points=1, cpu=0.5)
def two_tallies_are_added():
    """Add what both have."""
    return merge({{"be": 1}}, {{"be": 2}})


### BEGIN HIDDEN TESTS
@check(expect=REFERENCE, points=5, seeds=3, cpu=0.5)
def any_tallies_are_added(rng):
    """Add what both have."""
    hidden = "{IN_HIDDEN}"
    a, b = ({{w: rng.randrange(100) for w in rng.sample(WORDS, 4)}} for _ in range(2))
    return sorted(merge(a, b).items())


### END HIDDEN TESTS
scoreboard()

# %% [markdown] nbgrader={{"grade_id": "tradeoff", "grade": true, "solution": true, "points": 2}}
"""
### BEGIN SOLUTION
{IN_SOLUTION}
### END SOLUTION
"""

# %% [markdown]
"""
**What you now know** · **In practice** · **Asked next**
"""
'''
MAX_POINTS = 14
REFERENCE_POINTS = 10  # nobody gets these without counting words
GUESSABLE = 4  # two answers stand in the notebook, and the text says what is a TypeError

TALLY = """\
def tally(words):
    if not isinstance(words, list):
        raise TypeError("no list")
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
"""
MERGE = """\
def merge(a, b):
    return {word: a.get(word, 0) + b.get(word, 0) for word in {**a, **b}}
"""
