"""What many tests here need and takes long to start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from autograder.runner.pool import Local
from tests.record.stock import Stock


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    """nbgrader's own commands."""
    with closing(Stock(tmp_path_factory.mktemp("stock"))) as made:
        yield made


@pytest.fixture(scope="session")
def runner() -> Iterator[Local]:
    """Warm processes for gradings."""
    with closing(Local()) as made:
        yield made
