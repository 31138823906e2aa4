"""What commands that grade start before they have imported the rest of themselves. It imports as
little as it can.

Meanwhile a second processor would be idle: the box is tried there, and a first warm process gets
ready.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograder.errors import CourseError
from autograder.runner.box import BUBBLEWRAP, choose, probe

if TYPE_CHECKING:
    from autograder.runner.pool import Local

OWN_WORK = ("score", "check")  # they take the strongest box there is, or none
# runs elsewhere, in another box, or not at all
OTHERWISE = ("--scheduler", "--trust-submissions", "--help")
_started: list[Local] = []


def start(arguments: Sequence[str]) -> None:
    """Start what a command line with these arguments will want. Whatever goes wrong is told later,
    by the command.
    """
    command = next(iter(arguments), "")
    if command not in ("grade", *OWN_WORK) or any(
        argument.startswith(OTHERWISE) for argument in arguments
    ):
        return
    tried = threading.Thread(target=probe, args=(BUBBLEWRAP.level,))
    tried.start()
    from autograder.runner.pool import Local

    tried.join()
    with contextlib.suppress(CourseError, OSError):
        runner = Local(choose(trust=command in OWN_WORK))
        atexit.register(runner.close)
        runner.expect((), 1)  # a box ends with the thread that started it: this one
        _started.append(runner)


def runner() -> Local | None:
    """The warm processes that were started, for whoever takes them, once."""
    return _started.pop() if _started else None
