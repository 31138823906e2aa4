"""What `make test` takes where one question is asked of many things; `make whole` asks it of all.

Which ones it takes changes with the grader's code, so that in time all get their turn.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

import pytest

from autograder.lessons import dependencies

WHOLE = os.environ.get("WHOLE") == "all"

T = TypeVar("T")

# asks once more, of another database or with more patience, what `make test` asks already
only_whole = pytest.mark.skipif(not WHOLE, reason="asked by `make whole`")


def some(things: Sequence[T], count: int) -> list[T]:
    """`count` of these things in their order, or all of them in `make whole`."""
    if WHOLE or count >= len(things):
        return list(things)
    draw = random.Random(f"{dependencies.grader_digest()} {len(things)}")
    chosen = sorted(draw.sample(range(len(things)), count))
    return [things[index] for index in chosen]
