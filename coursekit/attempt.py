"""`@try_it`: a learner's own experiment in virtual time; a sentence instead of a traceback."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coursekit import vtime
from coursekit.checks import collecting, shorten

KIT = Path(__file__).parent
TIME_LIMIT = 10.0  # seconds of CPU, and of real time


def try_it(function: Callable[[], Any]) -> Callable[[], Any]:
    """Run the function below at once and show what it returns. Coroutine functions are awaited;
    sleeping takes no time.

    What it prints is shown as ever. An exception is told in words, so the notebook goes on.
    """
    if collecting():
        return function
    name = function.__name__.replace("_", " ")
    try:
        returned = vtime.run(function, cpu=TIME_LIMIT, wall=TIME_LIMIT)
        print(f"{name} → {shorten(repr(returned), 2000)}")
    except Exception as error:
        print(f"{name} → {in_a_sentence(error)}")
    except vtime.TimeLimit as error:
        print(f"{name} → stopped: {error}")
    return function


def in_a_sentence(error: BaseException) -> str:
    """What went wrong and where, without a traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, NotImplementedError):
        return f"not written yet: {frames[-1].name}" if frames else "not written yet"
    learners = [frame for frame in frames if not _is_machinery(frame.filename)]
    where = f" (line {learners[-1].lineno} of {learners[-1].name})" if learners else ""
    return shorten(f"{type(error).__name__}: {error}{where}", 500)


def _is_machinery(file: str) -> bool:
    """Whether the code is the kit's, a world's or asyncio's: no place where a learner looks for a
    mistake.
    """
    return KIT in Path(file).parents or inspect.getmodulename(file) in ("tasks", "futures")
