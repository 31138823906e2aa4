from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.grade.judge import Judge
from autograder.runner.pool import Local


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """A judge with warm processes. Its random worlds are the same in every run; `tests.proof` plays others."""
    runner = Local()
    yield Judge(runner, "the laws' own worlds")
    runner.close()
