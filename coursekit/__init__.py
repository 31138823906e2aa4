"""What a lesson may use: checks, played answers, clocks, virtual time, forced interleavings, crash
images and plots.

Importing it puts the shims of `vtime`, `crash` and `threads` in place; they change nothing outside
a check.
"""

from coursekit import (
    checks as _checks,
    crash as _crash,
    moved as _moved,
    threads as _threads,
    vtime as _vtime,
)

_moved.install()
_vtime.install()
_crash.install()
_threads.install()

from coursekit.attempt import try_it  # noqa: E402
from coursekit.checks import check, scoreboard  # noqa: E402
from coursekit.clocks import ManualClock  # noqa: E402
from coursekit.crash import crash_images  # noqa: E402
from coursekit.effort import Tally  # noqa: E402
from coursekit.expect import REFERENCE, approx, between, is_true_of, one_of, raises, recorded  # noqa: E402
from coursekit.played import AnswerError, NotJudged, played  # noqa: E402
from coursekit.plots import explore, slider  # noqa: E402
from coursekit.threads import YieldingKey, race, yield_processor  # noqa: E402

__all__ = [
    "REFERENCE",
    "AnswerError",
    "ManualClock",
    "NotJudged",
    "Tally",
    "YieldingKey",
    "approx",
    "between",
    "check",
    "crash_images",
    "explore",
    "is_true_of",
    "one_of",
    "played",
    "race",
    "raises",
    "recorded",
    "scoreboard",
    "slider",
    "try_it",
    "yield_processor",
]
_checks.provided.update({name: globals()[name] for name in __all__})
