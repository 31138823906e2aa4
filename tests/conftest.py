from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from autograder import warm_client
from autograder.grade.judge import Judge
from autograder.runner.pool import Local

# no test leaves a process behind; those of the warm grader turn it on
os.environ.setdefault(warm_client.SWITCH, "0")


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """A judge with warm processes. Its random worlds are the same in every run; `tests.proof` plays
    others.
    """
    runner = Local()
    yield Judge(runner, "the laws' own worlds")
    runner.close()
