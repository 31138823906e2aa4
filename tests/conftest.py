from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.batch import Pool


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """Warm processes, with random worlds that are fresh in every run."""
    import secrets

    pool = Pool(secrets.token_hex(4))
    yield pool
    pool.close()
