"""Orders to a warm process, and its answers."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping, Sequence

from autograder.inside.messages import Answer, Order, packed_names, packed_pids

ANSWER_SECONDS = 60.0
CUT: Mapping[Answer, str] = {
    Answer.MEMORY: "more memory than one notebook may use",
    Answer.PROCESSES: "more processes than one notebook may start",
    Answer.FILES: "more files than one notebook may make",
    Answer.DISK: "more disk space than one notebook may use",
    Answer.DESCRIPTORS: "more open files than one notebook may have",
}


class RunnerGone(Exception):
    """The warm process has died. Start another and try again."""


class Control:
    """The judge's end of a control socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def ready(self) -> bool:
        """Wait until the process has started. False when it never does."""
        with contextlib.suppress(RunnerGone, TimeoutError):
            return self._answer() is Answer.READY
        return False

    def start(self, descriptors: Sequence[int]) -> None:
        """Start a job that has these ends of sockets: its own, then one for each snapshot."""
        socket.send_fds(self._socket, [Order.JOB], list(descriptors))
        self._answer()

    def ask_to_load(self, modules: Sequence[str]) -> None:
        """Have modules imported. Its answer must be waited for: `loaded`."""
        self._socket.send(Order.LOAD + packed_names(modules))

    def loaded(self) -> None:
        """Wait until the modules are there."""
        self._answer()

    def next_cell(self) -> None:
        """Tell that a cell has ended: the next one may be idle for as long."""
        self._socket.send(Order.NEXT)

    def only(self, snapshots: Sequence[int]) -> str | None:
        """End all of the job but its snapshots. A sentence when it was cut short."""
        self._socket.send(Order.ONLY + packed_pids(snapshots))
        return CUT.get(self._answer())

    def end(self) -> str | None:
        """End the job. A sentence when it was cut short."""
        self._socket.send(Order.END)
        return CUT.get(self._answer())

    def shut(self) -> None:
        """Say good-bye, from any thread: the process ends its job, then itself."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _answer(self) -> Answer:
        self._socket.settimeout(ANSWER_SECONDS)
        said = self._socket.recv(1)
        try:
            return Answer(said)
        except ValueError:  # nothing, or nonsense
            raise RunnerGone from None
