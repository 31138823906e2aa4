"""Which cells only define new names, and what that saves a submission: a look of its own for each
graded cell.
"""

from __future__ import annotations

import pytest

from autograder.grade.definitions import only_adds
from autograder.grade.submission import answer_job
from autograder.jobs import Job
from tests.bank import read

BEFORE = [
    "import math\nfrom dataclasses import dataclass",
    "class Cache:\n    limit = 3\n\ndef half(x):\n    return x / two",
]


@pytest.mark.parametrize(
    "source",
    [
        "",
        '"""Only words."""',
        "import threading\nfrom collections import deque",
        "FLOOR: float = 1e-4\nNAMES = {'a': (1, -2)}",
        "def double(x: float = math.pi, *, by: 'int | None' = None) -> list[float]:\n    Cache.limit = 9",
        "@dataclass(frozen=True)\nclass Config:\n    size: int = 8\n    names: list[str] = field(default_factory=list)",
        "class Better(Cache):\n    @property\n    def size(self): ...\n    @size.setter\n    def size(self, n): ...",
        "async def serve(): await forever()",
        "key = lambda pair: change(pair)",
    ],
)
def test_what_only_defines_new_names(source: str) -> None:
    assert only_adds(source, BEFORE)


@pytest.mark.parametrize(
    "source",
    [
        "Cache.limit = 9",  # changes what is there
        "Cache().limit",  # calls
        "def half(x): return x",  # a name that is bound above
        "two = 2",  # one that is spoken of above
        "def len(x): return 3",  # one of Python's
        "class Cache(Cache): pass",
        "for n in range(3): pass",
        "with open('x') as file: text = 1",
        "del Cache",
        "x = [f() for f in fs]",
        "x = (y := 3)",
        "x, y = 1, 2\nx += 1",
        "@register\ndef handler(): pass",
        "def f(x=Cache()): pass",
        "def f() -> make(): pass",
        "class Other(metaclass=Meta): pass",
        "class Other:\n    print('made')",
        "from os import *",
        "from __future__ import annotations",
        "%time x = 1",
        "x = (",
        "x = '\0'",
        "(" * 300 + ")" * 300,
    ],
)
def test_what_may_do_more(source: str) -> None:
    assert not only_adds(source, BEFORE)


def test_a_class_that_watches_its_subclasses_is_asked_at_once() -> None:
    assert not only_adds(
        "class Other(Base): pass", ["class Base:\n    def __init_subclass__(cls): Base.count += 1"]
    )


def graded(job: Job) -> list[bool]:
    return [step.waits for step in job.steps if step.kind == "checks"]


LESSON = "04_mlops/01_detect_drift"
ANSWER = "# %% psi\nFLOOR = 1e-4\n# %% detector\nclass DriftDetector: pass\n# %% response\n"


def test_graded_cells_wait_for_each_other_while_nothing_changes() -> None:
    assert graded(answer_job(read(LESSON), "", ANSWER + "def response(psi, impact): pass")) == [
        True,
        True,
        True,
    ]
    assert graded(answer_job(read(LESSON), "", ANSWER + "DriftDetector.limit = 3")) == [
        True,
        False,
        True,
    ]
    assert graded(answer_job(read(LESSON), "", ANSWER + "FLOOR = 0.0")) == [True, False, True]
