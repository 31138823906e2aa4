"""What judge and runner say to each other, by name.

On the control socket between the judge and the warm process a message is a few bytes: an `Order`
with what belongs to it, and an `Answer` of one byte. On the sockets of a job messages are JSON
(`wire`), each of a type that stands here. What comes out of a learner's process may be forged:
`read` lets nothing pass but these types.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec

from autograder.inside.wire import Malformed

NOT_RUN = "not run: three checks before it never ended"
CELL_NOT_RUN = "not run: three cells before it never ended"
MOST_HANGS = 3  # cells, and checks, that may never end before others are not run


class Order(bytes, Enum):
    """From the judge to the warm process."""

    # with file descriptors: the child's own socket, then one for each snapshot. Fork a child
    JOB = b"j"
    LOAD = b"i"  # `packed_names`: import these modules, too
    NEXT = b"n"  # a cell has ended. No answer
    ONLY = b"c"  # `packed_pids`: kill everything of the job but these, its snapshots
    END = b"g"  # kill everything of the job


class Answer(bytes, Enum):
    """From the warm process to the judge: done, or why it had to cut the job short."""

    READY = b"r"  # said once, before the first order
    STARTED = b"j"
    DONE = b"."
    MEMORY = b"m"
    PROCESSES = b"p"
    FILES = b"f"
    DISK = b"s"
    DESCRIPTORS = b"d"


def packed_names(modules: Sequence[str]) -> bytes:
    """Names of modules, behind `Order.LOAD`: two bytes of length, and words."""
    names = " ".join(modules).encode()
    return struct.pack(">H", len(names)) + names


def unpacked_names(control: socket.socket) -> list[str]:
    """What `packed_names` made."""
    (length,) = struct.unpack(">H", control.recv(2, socket.MSG_WAITALL))
    return control.recv(length, socket.MSG_WAITALL).decode().split()


def packed_pids(pids: Sequence[int]) -> bytes:
    """Process ids, behind `Order.ONLY`: two bytes that say how many, four for each."""
    return struct.pack(f">H{len(pids)}I", len(pids), *pids)


def unpacked_pids(control: socket.socket) -> list[int]:
    """What `packed_pids` made."""
    (count,) = struct.unpack(">H", control.recv(2, socket.MSG_WAITALL))
    return (
        list(struct.unpack(f">{count}I", control.recv(4 * count, socket.MSG_WAITALL)))
        if count
        else []
    )


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message in JSON."""


# ----------------------------------------------------------------------- judge to learner's process


class Cell(Message, frozen=True):
    """One thing to do, in lesson order."""

    kind: Literal["locked", "cell", "checks"]
    source: str
    names: Sequence[str]  # locked cells: what they bind
    waits: bool  # graded cells: the next one looks at the same, or nothing comes behind it
    own: bool  # no cell of the lesson's
    brief: bool  # no check looks at it, or it never ended when the job was run before


class Job(Message, frozen=True):
    """All cells of a notebook, and what each may take."""

    cells: Sequence[Cell]
    pictures: dict[str, str]  # in base64, by digest: `coursekit.plots.remembered`
    cpu: float  # seconds for a cell
    cpu_again: float  # for a brief cell, and for one behind a cell that never ended
    wall: float  # seconds of real time for a cell


class Check(Message, frozen=True):
    """A check to be observed."""

    name: str
    seeds: Sequence[str] | None
    cpu: float  # seconds for each seed

    @property
    def wall(self) -> float:
        """Seconds of real time for all seeds together."""
        return len(self.seeds or (None,)) * wall(self.cpu)


def wall(cpu: float) -> float:
    """Seconds of real time for what may take so much CPU: a backstop, for any machine."""
    return 10 * cpu + 5


class Observe(Message, frozen=True):
    """Checks of one graded cell, and the code that observes."""

    source: str  # empty where `code` can be used
    code: str  # `wire.code_as_text`
    restore: Sequence[str]  # names that come back from locked cells or builtins
    checks: Sequence[Check]
    hangs: int  # checks that have never ended already
    careful: bool  # each in a process of its own


# ----------------------------------------------------------------------- learner's process to judge


class CellDone(Message, frozen=True, tag_field="kind", tag="cell"):
    """What one cell showed."""

    step: Annotated[int, msgspec.Meta(ge=0)]
    outputs: list[dict[str, Any]]  # as in nbformat 4
    problem: str | None  # a sentence, when it did not run to its end
    hung: bool  # it was stopped, or not run


class Snapshot(Message, frozen=True, tag_field="kind", tag="snapshot"):
    """A process that has kept what a graded cell found."""

    pid: Annotated[int, msgspec.Meta(gt=1, lt=1 << 31)]


class AllDone(Message, frozen=True, tag_field="kind", tag="done"):
    """The cells reached their end."""

    cpu: float  # seconds they took


class CheckDone(Message, frozen=True):
    """What one check saw. They come in lists."""

    name: str
    # `coursekit.checks.observe`; what is in them is `coursekit.codec`'s to doubt
    outcomes: list[Any]
    goes_on: bool  # nothing was left behind
    hung: bool  # it used up its time
    cpu: float = 0.0  # seconds since the check before it


FromCells = CellDone | Snapshot | AllDone


def as_json(message: Message) -> dict[str, Any]:
    """A message as `wire.send` takes it. What is in its fields is passed on as it is."""
    fields = msgspec.structs.asdict(message)
    tag = message.__struct_config__
    return fields if tag.tag is None else {str(tag.tag_field): tag.tag, **fields}


def whole_as_json(message: Message) -> Any:
    """The same for messages within messages, of the judge's own making."""
    return msgspec.to_builtins(message)


def read(data: Any, kind: Any) -> Any:
    """A message of this type (or union of types) from what `wire.receive` returned.

    Raises:
        Malformed: it is not of this type.
    """
    try:
        return msgspec.convert(data, kind, strict=True)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed(str(error)) from None
