"""`@try_it`: a learner's own experiment, in virtual time, with a sentence instead of a traceback."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coursekit import vtime
from coursekit.checks import collecting, shorten

SECONDS = 10.0


def try_it(function: Callable[[], Any]) -> Callable[[], Any]:
    """Run the function below at once and show what it returns. Coroutine functions are awaited; sleeping takes no time.

    What it prints is shown as ever. An exception is told in words, so the notebook goes on.
    """
    if collecting():
        return function
    name = function.__name__.replace("_", " ")
    try:
        print(f"{name} → {shorten(repr(vtime.run(function, cpu=SECONDS, wall=SECONDS)), 2000)}")
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
    where = ""
    for frame in reversed(frames):
        ours = Path(frame.filename).is_relative_to(Path(__file__).parent)
        if not ours and inspect.getmodulename(frame.filename) not in ("tasks", "futures"):
            where = f" (line {frame.lineno} of {frame.name})"
            break
    return shorten(f"{type(error).__name__}: {error}{where}", 500)
