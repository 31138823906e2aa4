"""Source is read from several threads at once, which Python 3.11 alone does not bear."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import autograder
from autograder import syntax

PACKAGE = Path(autograder.__file__).parent
TEXT = (PACKAGE / "grade" / "batch.py").read_text("utf-8")


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns at nearly every step, in the middle of a tree too."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(5)
    callback: Callable[..., None] = lambda *_: None  # noqa: E731
    gc.callbacks.append(callback)
    yield
    gc.callbacks.remove(callback)
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


def test_threads_of_any_depth_read_at_once(restless: None) -> None:
    failed: list[BaseException] = []

    def read(depth: int) -> None:
        if depth:
            return read(depth - 1)
        for _ in range(10):
            try:
                syntax.parse(TEXT)
            except SystemError as error:
                failed.append(error)
        return None

    threads = [threading.Thread(target=read, args=(7 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_nothing_on_the_judges_side_parses_by_itself() -> None:
    """What lies in `inside/` has a process of its own, with one thread."""
    guilty = [
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        if "ast.parse(" in file.read_text("utf-8") and "inside" not in file.parts
    ]
    assert guilty == ["syntax.py"]
