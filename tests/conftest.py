from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.judge import Judge
from autograder.work import Local


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """A judge with warm processes, and random worlds that are fresh in every run."""
    runner = Local()
    yield Judge(runner)
    runner.close()
