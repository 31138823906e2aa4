"""The benchmark beside libraries runs: the solutions without the course's own tools, and every
library.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import libraries
from benchmarks.libraries import CONTESTS, Contest

FOUND = libraries.solutions()
LIMITER = """
class RateLimiter:
    def __init__(self, max_requests, window_seconds):
        self.asked = {}
    def is_allowed(self, user):
        return not self.asked.setdefault(user, False)
"""


def names(contest: Contest) -> dict[str, Any]:
    code = FOUND[contest.solution][1] if contest.solution in FOUND else LIMITER
    assert "coursekit" not in code
    made: dict[str, Any] = {"__name__": "solution"}
    exec(compile(code, contest.solution, "exec"), made)
    return made


@pytest.mark.parametrize("contest", CONTESTS, ids=lambda contest: contest.solution)
@pytest.mark.filterwarnings("default")
def test_every_candidate_works(contest: Contest) -> None:
    if contest.solution not in (*FOUND, "RateLimiter"):
        pytest.skip(f"no lesson defines {contest.solution} yet")
    for candidate in contest.candidates(names(contest)):
        assert candidate.work() > 0
        if candidate.fill:
            assert candidate.fill(5) is not None


def test_a_table_tells_ratios_and_bytes() -> None:
    rows = [
        libraries.Row("ours", 1000.0, 10.4),
        libraries.Row("theirs", 500.0),
        libraries.Row("another", 2500.0, 0.6),
    ]
    told = list(libraries.table(CONTESTS[0], "02_coding/04_cache_features", rows))
    assert "| ours | 1,000 | 1 | 10 |" in told
    assert "| theirs | 500 | 0.50 times | |" in told
    assert "| another | 2,500 | 2.50 times | 1 |" in told
