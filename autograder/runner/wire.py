"""Frames on a socket: four bytes of length, then JSON. The only language that judge and learner's process share."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

MAX_FRAME = 16_000_000


class Malformed(Exception):
    """What came is not a frame."""


def send(sock: socket.socket, message: Any) -> None:
    """Send one message, whole."""
    body = json.dumps(message).encode()
    sock.sendall(struct.pack(">I", len(body)) + body)


def receive(sock: socket.socket) -> Any:
    """The next message; None when the other side has gone.

    Raises:
        Malformed: the frame is too long or not JSON.
        TimeoutError: the socket's time-out passed.
    """
    head = _exactly(sock, 4)
    if head is None:
        return None
    (size,) = struct.unpack(">I", head)
    if size > MAX_FRAME:
        raise Malformed(f"a frame of {size} bytes")
    body = _exactly(sock, size)
    if body is None:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None


def _exactly(sock: socket.socket, size: int) -> bytes | None:
    parts = []
    while size:
        part = sock.recv(min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
