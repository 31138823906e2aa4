"""One run of one job in a warm process: start it, hear what its cells show, let its checks observe,
end it.

What comes back is a learner's, and may be forged. Whatever it is, a trace is made of it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autograder.inside import messages, wire
from autograder.inside.messages import MOST_HANGS, NOT_RUN, AllDone, CellDone, CheckDone, Snapshot
from autograder.jobs import CELLS, CellTrace, Step, Trace
from autograder.lessons.lesson import Work
from autograder.runner.control import Control, RunnerGone
from autograder.runner.limits import Limits
from autograder.runner.parcels import Parcel

SEND_SECONDS = 10.0
MOMENT = 0.05  # seconds
GOODBYE_SECONDS = 1.0  # in which a snapshot that has answered ends
MAX_SHOWN = 48_000_000  # bytes of JSON in which the cells of one notebook show what they show
MAX_OBSERVED = 24_000_000  # and that its checks may see
MAX_OUTPUTS, MAX_SENTENCE = 300, 500
_now = time.monotonic


class Unclean(Exception):
    """Something went wrong that may have cost checks which it does not concern. Run the job
    carefully.

    Args:
        slow: the steps that never ended.
    """

    def __init__(self, slow: frozenset[int] = frozenset()) -> None:
        super().__init__()
        self.slow = slow


class Run:
    """One run of one job.

    Args:
        careful: each graded cell has a snapshot of its own, each check that goes wrong costs itself
            only.
        slow: steps that never ended when the job was run before: they get less time.
    """

    def __init__(
        self,
        control: Control,
        parcel: Parcel,
        limits: Limits,
        careful: bool = False,
        slow: frozenset[int] = frozenset(),
    ) -> None:
        self.control, self.parcel, self.limits, self.careful, self.slow = (
            control,
            parcel,
            limits,
            careful,
            slow,
        )
        self._graded = graded_together(parcel.job.steps, careful)
        self._pairs = [socket.socketpair() for _ in range(len(self._graded) + 1)]
        self._running = False
        self._cells = Cells(parcel.job.steps, limits)
        self._cut: str | None = None  # why the warm process ended the cells
        self._phases: dict[str, float] = {}

    def trace(self) -> Trace:
        """What happened.

        Raises:
            Unclean: the run was not careful, and should have been.
            RunnerGone: the warm process died.
        """
        try:
            began = _now()
            self._start()
            self._hear_cells(began + self.limits.cells_wall)
            checks = self._checks()
            self._phases["cells"] = _now() - began
            for phase, visible in (("visible checks", True), ("hidden checks", False)):
                began = _now()
                self._ask(checks, visible)
                self._phases[phase] = _now() - began
            return self._finish(checks)
        except OSError:
            raise RunnerGone from None
        finally:
            self._close()

    def _start(self) -> None:
        self.control.start([theirs.fileno() for _, theirs in self._pairs])
        for _, theirs in self._pairs:
            theirs.close()
        self._running = True

    def _hear_cells(self, deadline: float) -> None:
        """Run the cells. Nothing that they say after this is shown to anyone."""
        main = self._pairs[0][0]
        _send(main, messages.whole_as_json(self._job()))
        self._cells.hear(main, deadline, self.control.next_cell)
        self._cut = self._only_snapshots()
        main.close()
        if (
            (self._cut or self._cells.problem)
            and not self.careful
            and any(s.waits for s in self.parcel.job.steps)
        ):
            # what a graded cell that waited should have seen may be lost
            raise Unclean(self._cells.slow)

    def _job(self) -> messages.Job:
        looked_at = max(
            (n for n, s in enumerate(self.parcel.job.steps) if s.kind == "checks"), default=0
        )
        cells = [
            messages.Cell(
                step.kind,
                step.source,
                step.names,
                step.waits and not self.careful,
                step.grade_id is None,
                index in self.slow or index > looked_at,
            )
            for index, step in enumerate(self.parcel.job.steps)
        ]
        limits = self.limits
        return messages.Job(
            cells, self.parcel.lesson.pictures, limits.cell, limits.cell_again, limits.cell_wall
        )

    def _checks(self) -> Checks:
        went_wrong = bool(self._cut or self._cells.problem or self._cells.slow)
        careful = self.careful or went_wrong or self._cells.cpu > self.limits.carefree
        return Checks(self.parcel, self.limits, careful)

    def _only_snapshots(self) -> str | None:
        return self.control.only(self._cells.snapshots)

    def _ends(self) -> Iterator[tuple[Work, socket.socket]]:
        """The observing code of each graded cell, and the socket of its snapshot."""
        for steps, (ours, _) in zip(self._graded, self._pairs[1:], strict=True):
            for step in steps:
                yield self.parcel.lesson.works[str(step.grade_id)], ours

    def _ask(self, checks: Checks, visible: bool) -> None:
        """Have visible or hidden checks made. What visible ones see is shown: nothing hidden is
        near them yet.
        """
        # whose snapshot has just answered that nothing else of the job is there
        alone: socket.socket | None = None
        for work, ours in self._ends():
            shown = work.visible.names if work.visible else ()
            names = shown if visible else tuple(name for name in work.names if name not in shown)
            if names and ours.fileno() >= 0:
                if ours is not alone or checks.careful:
                    self._only_snapshots()  # nothing that earlier checks left behind
                checks.ask(ours, work.visible if visible and work.visible else work, names)
                alone = ours

    def _finish(self, checks: Checks) -> Trace:
        for steps, (ours, _) in zip(self._graded, self._pairs[1:], strict=True):
            checks.listen_for_more(ours, str(steps[-1].grade_id))
        self._running = False
        problem = self.control.end() or self._cut or self._cells.problem or checks.problem
        cpu = {CELLS: self._cells.cpu, **checks.cpu}
        shown, suspicions = tuple(self._cells.shown), tuple(checks.suspicions)
        return Trace(shown, checks.observations, suspicions, problem, dict(self._phases), cpu)

    def _close(self) -> None:
        for pair in self._pairs:
            for end in pair:
                end.close()
        if self._running:
            with contextlib.suppress(OSError, RunnerGone):
                self.control.end()


class Cells:
    """What the cells of a job say: at most one message for each step, in order, not more than a
    notebook may hold.

    Attributes:
        shown: what each showed.
        snapshots: process ids.
        slow: steps that never ended.
        cpu: seconds that the process says it took.
        problem: a sentence, when the cells did not reach their end.
    """

    def __init__(self, steps: Sequence[Step], limits: Limits) -> None:
        self.shown: list[CellTrace] = []
        self.snapshots: list[int] = []
        self.slow: frozenset[int] = frozenset()
        self.cpu = 0.0
        self.problem: str | None = None
        self._steps, self._limits, self._room = steps, limits, MAX_SHOWN

    def hear(self, sock: socket.socket, deadline: float, next_cell: Callable[[], None]) -> None:
        """Listen until the cells are done, dead, out of time, or no longer make sense.

        Args:
            next_cell: called when one has ended that took a moment.
        """
        last = _now()
        for message, size in _frames(sock, deadline, self._limits.cells_wall):
            try:
                said = messages.read(message, messages.FromCells)
            except wire.Malformed:
                said = None
            if isinstance(said, AllDone):
                self.cpu = said.cpu
                return
            if not self._taken(said, size):
                self.problem = "the run said something that makes no sense"
                return
            if _now() - last > MOMENT:
                next_cell()
            last = _now()
        self.slow |= self._running()
        self.problem = self._why_no_end(_now() >= deadline, _now() - last)

    @property
    def _last(self) -> int:
        return self.shown[-1].step if self.shown else -1

    def _running(self) -> set[int]:
        """The step that ran when nothing more was heard."""
        behind = [
            n for n, step in enumerate(self._steps) if n > self._last and step.kind != "checks"
        ]
        return set(behind[:1])

    def _taken(self, said: CellDone | Snapshot | None, size: int) -> bool:
        if isinstance(said, Snapshot):
            self.snapshots.append(said.pid)
            return len(self.snapshots) <= len(self._steps)
        if said is None or not self._last < said.step < len(self._steps):
            return False
        self._room -= size
        shown = tuple(said.outputs[:MAX_OUTPUTS]) if self._room > 0 else ()
        self.shown.append(
            CellTrace(said.step, shown, said.problem and _printable(said.problem)[:MAX_SENTENCE])
        )
        self.slow |= {said.step} if said.hung else set()
        return True

    def _why_no_end(self, late: bool, silent: float) -> str:
        if late:
            return f"the cells did not end within {self._limits.cells_wall:g} s"
        if silent >= self._limits.cell:
            return (
                f"a cell did not end within {self._limits.cell:g} s of CPU time, "
                "and could not be interrupted"
            )
        return "the process ended before all cells had run"


class Checks:
    """What the snapshots of one job say.

    Attributes:
        observations: outcomes by the name of the check.
        suspicions: what honest code does not say.
        cpu: seconds by the name of the check, as the learner's process tells them.
    """

    def __init__(self, parcel: Parcel, limits: Limits, careful: bool) -> None:
        self.careful = careful
        self.observations: dict[str, Any] = {}
        self.cpu: dict[str, float] = {}
        self.suspicions: list[str] = []
        self._lesson, self._limits = parcel.lesson, limits
        self._hangs = 0
        self._room = MAX_OBSERVED
        self._deadline = _now() + limits.checks_wall

    @property
    def problem(self) -> str | None:
        """A sentence, when some checks were not made because others never ended."""
        left_out = sum(outcomes == [{"never": NOT_RUN}] for outcomes in self.observations.values())
        return (
            f"checks that were not run, because three others never ended: {left_out}"
            if left_out
            else None
        )

    def ask(self, sock: socket.socket, work: Work, names: Sequence[str]) -> None:
        """Send observing code to a snapshot and take its answers for `names`.

        Raises:
            Unclean: a check left something behind, and the run was not careful.
        """
        if self._hangs >= MOST_HANGS:
            self.observations |= {name: [{"never": NOT_RUN}] for name in names}
            return
        _send(sock, messages.whole_as_json(self._order(work, names)))
        whole = self._answers(sock, work, names)
        if not whole and not self.careful:
            raise Unclean
        if not whole:
            sock.close()  # it is dead, or has nothing to say that makes sense

    def _order(self, work: Work, names: Sequence[str]) -> messages.Observe:
        source = "" if wire.runs_here(work.code) else work.source
        return messages.Observe(
            source, work.code, work.restore, self._asked(names), self._hangs, self.careful
        )

    def _asked(self, names: Sequence[str]) -> list[messages.Check]:
        return [
            messages.Check(name, self._lesson.seeds[name], self._lesson.cpu[name]) for name in names
        ]

    def _answers(self, sock: socket.socket, work: Work, names: Sequence[str]) -> bool:
        """Hear the answers. False when the snapshot fell silent before it had given all; a lie is
        its last word.
        """
        left = set(names)
        # the slowest, twice
        patience = self._limits.patience + 2 * max(check.wall for check in self._asked(names))
        for message, _ in _frames(
            sock, min(self._deadline, _now() + self._limits.snapshot_wall), patience
        ):
            try:
                answers = messages.read(message, list[CheckDone])
            except wire.Malformed:
                self.suspicions.append(
                    f"cell {work.grade_id!r} answered with something that makes no sense"
                )
                return True
            for done in answers:
                if done.name not in work.names:
                    self.suspicions.append(f"cell {work.grade_id!r} answered for an unknown check")
                    return True
                if done.name in self.observations or done.name not in names:
                    self.suspicions.append(f"check {done.name!r} answered twice")
                    self.observations[done.name] = None
                    return True
                left.discard(done.name)
                self._take(done)
            if not left:
                return True
        return False

    def _take(self, done: CheckDone) -> None:
        self._room -= len(json.dumps(done.outcomes))
        self.observations[done.name] = (
            done.outcomes if self._room > 0 else [{"never": "more data than checks may return"}]
        )
        self.cpu[done.name] = done.cpu
        self._hangs += done.hung
        if not done.goes_on and not self.careful:
            raise Unclean

    def listen_for_more(self, sock: socket.socket, grade_id: str) -> None:
        """After the last answer an honest snapshot says nothing more, and ends."""
        with contextlib.suppress(OSError, wire.Malformed):
            sock.shutdown(socket.SHUT_WR)
            if wire.receive(sock, _now() + GOODBYE_SECONDS) is not None:
                self.suspicions.append(f"cell {grade_id!r} answered more than it was asked")


def graded_together(steps: Sequence[Step], careful: bool) -> list[list[Step]]:
    """The graded cells, those together that share a snapshot: one that waits goes with the next."""
    out: list[list[Step]] = []
    waiting = False
    for step in steps:
        if step.kind == "checks":
            if not waiting:
                out.append([])
            out[-1].append(step)
            waiting = step.waits and not careful
    return out


def _send(sock: socket.socket, message: Mapping[str, Any]) -> None:
    """Send a message, or not: whoever does not take it has no answer either."""
    sock.settimeout(SEND_SECONDS)
    with contextlib.suppress(OSError, wire.Malformed):
        wire.send(sock, message)


def _frames(sock: socket.socket, deadline: float, patience: float) -> Iterator[tuple[Any, int]]:
    """Messages with their bytes, until the other side is silent, gone or makes no sense."""
    while True:
        try:
            frame = wire.receive_frame(sock, min(deadline, _now() + patience))
            if frame is None:
                return
            message = wire.parse(frame)
        except (OSError, wire.Malformed):
            return
        yield message, len(frame)


def _printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
