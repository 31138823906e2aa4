"""The way to the warm grader: a process of one's own that has everything imported and ready, kept
for a while.

`autograder score`, `autograder check` and `Grade this notebook` ask it (`cli.warm_server` is what
answers). The first of them starts it. It runs the very same command, so what it prints is printed
here, to the letter. Whatever goes wrong on the way is silent, and the command is run as if there
were no such process.

This module is all that they import before they ask: the standard library only, and little of it.

What is said, each in a frame of four bytes of length and JSON: server  {"pid", "root", "code",
    "python"}         when it is one's turn; or {"stale": true}: it ends, start another client
    {"arguments", "folder", "terminal"}       a command; or {"stop": true} server  {"still": true}
    every few seconds while it grades server  {"out", "err", "file"}                    done; or
    {"cold": true}: run it yourself client  {"go": true}                              where `file`
    is not null: the result may be written to that file server  {"out", "err"}
    it was, and this is what to print
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import struct
import sys
from typing import Any, NamedTuple

# "0": none is started or asked; another number: how many idle minutes it stays
SWITCH = "AUTOGRADER_WARM"
MINUTES = 15.0
COMMANDS = ("score", "check")
CODE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # where `autograder` lies
BOOT = (
    f"import sys; {CODE!r} in sys.path or sys.path.insert(0, {CODE!r}); "
    "from autograder.cli.warm_server import main; main(*sys.argv[1:])"
)
LONGEST_PATH = 103  # bytes of a socket's name: macOS has the least room
MAX_FRAME = 64_000_000
TURN_SECONDS = 6.0  # until it is one's turn; beyond that it is quicker to grade without
START_SECONDS = 20.0
SILENT_SECONDS = 30.0  # a server that grades says so more often
PRIVATE = 0o700
TERMINAL = (  # variables that decide how a table is printed
    "COLORTERM", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TERM", "TTY_COMPATIBLE",
    "TTY_INTERACTIVE", "UNICODE_VERSION",
)  # fmt: skip
DUMB = ("dumb", "unknown")  # terminals that are taken for 80 wide whatever they are


class Gone(Exception):
    """The other side has gone, or does not say what it should."""


class Answer(NamedTuple):
    """What a command prints, and the process that ran it."""

    out: str
    err: str
    pid: int


def minutes() -> float:
    """How many idle minutes the warm grader stays; 0 when there is to be none, or this system
    cannot have one.
    """
    if not hasattr(socket, "AF_UNIX") or not hasattr(os, "fork"):
        return 0.0
    try:
        return max(0.0, float(os.environ.get(SWITCH) or MINUTES))
    except ValueError:
        return MINUTES


def ask(arguments: list[str]) -> Answer | None:
    """What the command with these arguments prints, exit code 0; None when it is to be run here.

    Raises:
        KeyboardInterrupt: as it does in the command. The warm grader ends with what it was doing.
    """
    if not minutes() or arguments[:1] not in [[command] for command in COMMANDS]:
        return None
    try:
        root = course_root(_course_option(arguments))
        place = door(root) if root else None
        return _ask_server(root, place, arguments) if root and place else None
    except (Gone, OSError, ValueError):
        return None


def course_root(start: str) -> str | None:
    """The course that `start` lies in, as `lessons.course.Course.find` finds it."""
    folder = os.path.realpath(start)
    while True:
        lessons, settings = (
            os.path.join(folder, "lessons"),
            os.path.join(folder, "nbgrader_config.py"),
        )
        if os.path.isdir(lessons) and os.path.isfile(settings):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _course_option(arguments: list[str]) -> str:
    found = "."
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--course":
            found = following
        elif word.startswith("--course="):
            found = word.partition("=")[2]
    return found


# ---------------------------------------------------------------------------------------- the place


def door(root: str) -> str | None:
    """Where the socket of the course's warm grader is: in a folder of its own, which only its owner
    may enter.

    None where the folder cannot be had.
    """
    import zlib

    # another Python has its own
    name = f"{zlib.crc32(f'{CODE} {sys.executable}'.encode('utf-8', 'replace')):08x}"
    place = os.path.join(root, ".autograder", "study", "warm", name)
    if len(os.fsencode(place)) > LONGEST_PATH:
        import hashlib

        folder = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        temporary = os.path.join(os.environ.get("TMPDIR") or "/tmp", f"autograder-{os.geteuid()}")
        if not _is_private(temporary):
            return None
        place = os.path.join(temporary, f"{folder}-{name}")
    return (
        place
        if len(os.fsencode(place)) <= LONGEST_PATH and _is_private(os.path.dirname(place))
        else None
    )


def _is_private(folder: str) -> bool:
    """Whether the folder is there, made if need be, and nobody else can enter it."""
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, PRIVATE)
        about = os.lstat(folder)
    except OSError:
        return False
    return (
        stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077
    )


def is_mine(connection: socket.socket) -> bool:
    """Whether the other side is a process of the same user, as far as this system tells."""
    if hasattr(socket, "SO_PEERCRED"):
        size = struct.calcsize("3i")
        _, user, _ = struct.unpack(
            "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        )
    elif hasattr(socket, "LOCAL_PEERCRED"):  # struct xucred: its version, then the user
        credentials = connection.getsockopt(0, socket.LOCAL_PEERCRED, 128)
        _, user = struct.unpack_from("Ii", credentials)
    else:
        return True  # the folder has said so
    return bool(user == os.geteuid())


# ------------------------------------------------------------------------------------- the language


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send one message, whole."""
    body = json.dumps(message).encode()
    if len(body) > MAX_FRAME:
        raise Gone
    connection.sendall(struct.pack(">I", len(body)) + body)


def receive(connection: socket.socket) -> dict[str, Any]:
    """The next message.

    Raises:
        Gone: there is none, or it is not one.
    """
    (size,) = struct.unpack(">I", _exactly(connection, 4))
    if size > MAX_FRAME:
        raise Gone
    try:
        message = json.loads(_exactly(connection, size))
    except (ValueError, RecursionError):
        raise Gone from None
    if not isinstance(message, dict):
        raise Gone
    return message


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise Gone
        parts += part
    return parts


# --------------------------------------------------------------------------------------- the asking


def _ask_server(root: str, place: str, arguments: list[str]) -> Answer | None:
    connection = _connect(place)
    if connection is not None:
        with connection:
            if not is_mine(connection):
                return None
            connection.settimeout(TURN_SECONDS)
            hello = receive(connection)
            if not hello.get("stale"):
                return _request(connection, hello, root, arguments)
    with _start_server(root, place) as connection:
        connection.settimeout(START_SECONDS)
        return _request(connection, receive(connection), root, arguments)


def _connect(place: str) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(TURN_SECONDS)
        connection.connect(place)
        return connection
    except (FileNotFoundError, ConnectionRefusedError):  # nobody is there, or nobody any more
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise


def _start_server(root: str, place: str) -> socket.socket:
    """A first connection to a server that is started. It is nobody's child, and stays when this
    process ends.
    """
    import subprocess

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        try:
            starter = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-c",
                    BOOT,
                    root,
                    place,
                    str(theirs.fileno()),
                    str(minutes()),
                ],
                pass_fds=[theirs.fileno()],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            starter.wait(START_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            ours.close()
            raise Gone from None
        except BaseException:
            ours.close()
            raise
    return ours


def _request(
    connection: socket.socket, hello: dict[str, Any], root: str, arguments: list[str]
) -> Answer | None:
    pid = hello.get("pid")
    if not isinstance(pid, int) or any(
        hello.get(name) != own for name, own in identity(root).items()
    ):
        return None
    send(connection, {"arguments": arguments, "folder": os.getcwd(), "terminal": _terminal()})
    connection.settimeout(SILENT_SECONDS)
    message = receive(connection)
    while message.get("still"):
        message = receive(connection)
    answer, file = _answer(message, pid), message.get("file")
    return _confirmed(connection, answer, file) if answer and isinstance(file, str) else answer


def identity(root: str) -> dict[str, str]:
    """What client and server must have in common."""
    return {"root": root, "code": CODE, "python": sys.executable}


def _answer(message: dict[str, Any], pid: int) -> Answer | None:
    out, err = message.get("out"), message.get("err")
    return Answer(out, err, pid) if isinstance(out, str) and isinstance(err, str) else None


def _confirmed(connection: socket.socket, answer: Answer, file: str) -> Answer | None:
    """The answer, once its result is written. Where the server dies meanwhile, the file shows
    whether it was.

    There is no end to the wait, as there is none for who writes the file here.
    """
    before = _content(file)
    connection.settimeout(None)
    try:
        send(connection, {"go": True})
        return _answer(receive(connection), answer.pid) or answer
    except (Gone, OSError):
        return answer if _content(file) != before else None


def _content(file: str) -> bytes | None:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError:
        return None


def _terminal() -> dict[str, Any]:
    """What decides how a table looks."""
    variables = {name: os.environ[name] for name in TERMINAL if name in os.environ}
    tty = bool(getattr(sys.stdout, "isatty", lambda: False)())
    size = _size()
    if size and not (tty and variables.get("TERM", "").lower() in DUMB):
        for name, number in zip(("COLUMNS", "LINES"), size, strict=True):
            if number and not variables.get(name, "").isdigit():
                variables[name] = str(number)
    return {
        "variables": variables,
        "tty": tty,
        "encoding": getattr(sys.stdout, "encoding", None) or "utf-8",
    }


def _size() -> os.terminal_size | None:
    for descriptor in (0, 1, 2):
        with contextlib.suppress(OSError):
            return os.get_terminal_size(descriptor)
    return None


# ------------------------------------------------------------------------------------------ its end


def running(root: str) -> int | None:
    """The process of the course's warm grader, if there is one."""
    import fcntl

    place = door(root)
    if place is None:
        return None
    try:
        with open(f"{place}.lock", "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None  # nobody holds it
            except BlockingIOError:
                return int(file.read() or b"0") or None
    except (OSError, ValueError):
        return None


def stop(root: str, seconds: float = 5.0) -> bool:
    """End the course's warm grader, whatever it does. Whether there was one, and it has ended."""
    import signal
    import time

    pid = running(root)
    if pid is None:
        return False
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + seconds
    while running(root) == pid and time.monotonic() < until:
        time.sleep(0.02)
    return running(root) != pid
