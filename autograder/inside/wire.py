"""Frames on a socket: four bytes of length, then JSON. The only language that judge and learner's
process share.

The other side may be hostile: a frame has a largest size, a deadline, and a largest number of
parts, so that few bytes do not become a mountain of objects; text that no file could hold is made
whole.
"""

from __future__ import annotations
import __future__

import base64
import json
import marshal
import socket
import struct
import time
from importlib.util import MAGIC_NUMBER
from types import CodeType
from typing import Any

from autograder.plain import SURROGATES

MAX_FRAME = 16_000_000  # bytes
MAX_PARTS = 1_000_000  # lists, objects and members
_now = time.monotonic  # before anybody replaces it


class Malformed(Exception):
    """What came, or was to be sent, is not a frame."""


def send(sock: socket.socket, message: Any) -> None:
    """Send one message, whole.

    Raises:
        Malformed: it is longer than a frame may be.
    """
    body = json.dumps(message).encode()
    if len(body) > MAX_FRAME:
        raise Malformed(f"a frame of {len(body)} bytes")
    sock.sendall(struct.pack(">I", len(body)) + body)


def receive(sock: socket.socket, deadline: float | None = None) -> Any:
    """The next message; None when the other side has gone. Arguments and errors are those of
    `receive_frame`.
    """
    body = receive_frame(sock, deadline)
    return None if body is None else parse(body)


def receive_frame(sock: socket.socket, deadline: float | None = None) -> bytes | None:
    """The bytes of the next message; None when the other side has gone.

    Args:
        deadline: until when the whole of it must have come, on `time.monotonic`'s clock.

    Raises:
        Malformed: the frame is too long.
        TimeoutError: the deadline passed.
    """
    head = _exactly(sock, 4, deadline)
    if head is None:
        return None
    (size,) = struct.unpack(">I", head)
    if size > MAX_FRAME:
        raise Malformed(f"a frame of {size} bytes")
    return _exactly(sock, size, deadline)


def parse(body: bytes) -> Any:
    """The JSON in a frame.

    Raises:
        Malformed: it is not JSON, or has too many parts.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_PARTS:
        raise Malformed("too many parts")
    try:
        message = json.loads(body.decode("utf-8", "replace"))
        return whole(message) if b"\\ud" in body or b"\\uD" in body else message
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None


def whole(data: Any) -> Any:
    """The same data without halves of characters, which no file can hold."""
    if isinstance(data, str):
        return SURROGATES.sub("\ufffd", data)
    if isinstance(data, list):
        return [whole(item) for item in data]
    return {whole(k): whole(v) for k, v in data.items()} if isinstance(data, dict) else data


def code_as_text(source: str) -> str:
    """Observing code, compiled by the judge once for all who hand a lesson in. Only the judge's own
    goes this way.
    """
    return f"{MAGIC_NUMBER.hex()} {base64.b64encode(marshal.dumps(_compiled(source))).decode()}"


def text_as_code(text: str, source: str) -> CodeType:
    """What `code_as_text` made; compiled here where another Python made it, on a cluster for
    example.
    """
    code: CodeType = (
        marshal.loads(base64.b64decode(text.partition(" ")[2]))
        if runs_here(text)
        else _compiled(source)
    )
    return code


def runs_here(text: str) -> bool:
    """Whether `code_as_text` made it with a Python like this one: then nobody needs its source."""
    return text.startswith(f"{MAGIC_NUMBER.hex()} ")


def _compiled(source: str) -> CodeType:
    code: CodeType = compile(
        source, "<checks>", "exec", __future__.annotations.compiler_flag, dont_inherit=True
    )
    return code


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytes | None:
    parts = []
    while size:
        if deadline is not None:
            left = deadline - _now()
            if left <= 0:
                raise TimeoutError
            sock.settimeout(left)
        part = sock.recv(min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
