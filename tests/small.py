"""A course with one small lesson, for tests that bend it."""

from __future__ import annotations

from pathlib import Path

from autograder.lessons.course import Course

KEY = "02_coding/01_count_words"
LESSON = '''\
# %% [markdown]
"""
# Count words

You'll build a counter.

**Time** 5 min · **Level** easy · **Needs** Python
"""

# %% nbgrader={"grade_id": "words-setup", "locked": true}
import asyncio
import random

from coursekit import REFERENCE, check, is_true_of, raises, scoreboard, try_it

SEPARATOR = " "

# %% [markdown]
"""
## 1 · Count the words

`count(text)` says how many words are in it; `None` raises `TypeError`.

<details><summary>Hint 1</summary>Split it.</details>
"""

# %% nbgrader={"grade_id": "words", "solution": true}
def count(text: str) -> int:
    """How many words there are."""
    ### BEGIN SOLUTION
    if text is None:
        raise TypeError("no text")
    return len(text.split())
    ### END SOLUTION


# %%
@try_it
def a_short_text():
    return count("to be or not")


# %% nbgrader={"grade_id": "words-checks", "grade": true}
@check(expect=4, points=1)
def words_are_counted():
    """Split at white space."""
    return count(SEPARATOR.join(["to", "be", "or", "not"]))


### BEGIN HIDDEN TESTS
def is_small(seen):
    """less than ten"""
    return seen < 10


@check(expect=raises(TypeError), points=2)
def nothing_is_no_text():
    """None raises TypeError."""
    return count(None)


@check(expect=REFERENCE, points=3, seeds=3)
def any_text_is_counted(rng):
    """Runs of white space are one separator."""
    return count("".join(rng.choice("ab  ") for _ in range(60)))


@check(
    expect=is_true_of(is_small),
    points=2,
)
async def an_empty_text_has_few_words():
    """The empty text has none."""
    await asyncio.sleep(3600)
    return count("")


### END HIDDEN TESTS
scoreboard()

# %% [markdown] nbgrader={"grade_id": "words-tradeoff", "grade": true, "solution": true, "points": 2}
"""
### BEGIN SOLUTION
It depends.
### END SOLUTION
"""

# %% [markdown]
"""
**What you now know** · **In practice** · **Asked next**
"""
'''
RIGHT = "def count(text):\n    if text is None:\n        raise TypeError('no')\n    return len(text.split())\n"


def course_with(folder: Path, lesson: str = LESSON) -> Course:
    """A course folder that holds `lesson` and nothing else."""
    path = folder / "lessons" / f"{KEY}.py"
    path.parent.mkdir(parents=True)
    path.write_text(lesson, "utf-8")
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'small'\n"
    )
    return Course(folder)
