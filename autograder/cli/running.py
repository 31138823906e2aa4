"""A long run in a terminal: its progress, and how it is stopped."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterator

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from autograder.cli.common import tell
from autograder.files import Stop

err = Console(stderr=True)
STOPPED = 130  # exit code after a signal
LINE_SECONDS = 10.0  # seconds between two lines of progress


@contextlib.contextmanager
def _signals() -> Iterator[Stop]:
    """Ctrl-C and SIGTERM stop a run and raise `KeyboardInterrupt`; once it has ended for that they
    do nothing.
    """
    stop = Stop()

    def on_signal(*_: object) -> None:
        if not stop.asked:  # a second one must not disturb the end
            stop.asked = True
            raise KeyboardInterrupt

    heard = [s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) != signal.SIG_IGN]
    before = {s: signal.signal(s, on_signal) for s in heard}
    try:
        yield stop
    finally:
        for s in heard:
            signal.signal(s, signal.SIG_IGN if stop.asked else before[s])


@contextlib.contextmanager
def stoppable(progress: ProgressDisplay) -> Iterator[Stop]:
    """A run with progress that may be stopped: a sentence, and the exit code that shells expect."""
    try:
        with _signals() as stop, progress:
            yield stop
    except KeyboardInterrupt:
        tell(
            f"autograder: stopped; {progress.counts()} are done. "
            "The same command goes on from there."
        )
        raise typer.Exit(STOPPED) from None


class ProgressDisplay:
    """Progress on stderr: a bar in a terminal, elsewhere a line at the first result, now and then,
    and at the end.
    """

    def __init__(self, module: str, silent: bool) -> None:
        self.module, self.lines = module, not silent and not err.is_terminal
        self.states: Counter[str] = Counter()
        self.total: int | None = None
        self.bar = Progress(*_BAR, console=err, disable=silent or self.lines)
        self.task = self.bar.add_task(module, total=None, states="")
        self.began = self.said = time.monotonic()

    def __enter__(self) -> ProgressDisplay:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def counts(self) -> str:
        """How many of how many, as far as it is known."""
        return f"{self.states.total()} of {self.total} notebooks" if self.total else "no notebooks"

    def count(self, kind: str, total: int) -> None:
        """One more of a kind."""
        self.total = total
        self.states[kind] += 1
        states = ", ".join(f"{n} {state}" for state, n in self.states.items())
        self.bar.update(self.task, total=total, advance=1, states=states)
        now, count = time.monotonic(), self.states.total()
        if self.lines and (count in (1, total) or now - self.said >= LINE_SECONDS):
            self.said = now
            left = (now - self.began) / count * (total - count)
            tell(
                f"{self.module}: {self.counts()} ({states}), "
                f"{now - self.began:.0f} s, about {left:.0f} s left"
            )


_BAR = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("{task.fields[states]}"),
    TimeElapsedColumn(),
    TextColumn("left"),
    TimeRemainingColumn(),
)
