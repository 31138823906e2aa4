"""What cells show, as nbformat outputs: the order, the merging and the updates of a kernel and
nbclient, within bounds.

An output of the kind `update_display_data` changes what an earlier cell displayed; whoever stores
outputs applies it.
"""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
from types import TracebackType
from typing import Any

from autograder.plain import PICTURES, plain_metadata

with contextlib.suppress(ImportError):  # Windows: nothing is run there, but the command line starts
    import fcntl

MAX_TEXT = 200_000  # characters of text kept for one cell
MAX_OUTPUTS = 200
MAX_RICH = 5_000_000  # characters of one picture
MAX_MARKUP = 400_000  # characters of one table or text
MAX_CELL = 10_000_000  # characters that all of a cell's outputs may need as JSON
# nothing else is ever stored
KEPT = (*PICTURES, "text/plain", "text/html", "text/latex", "text/markdown")
STREAMS = {"stdout": 1, "stderr": 2}  # and their file descriptors

Output = dict[str, Any]


class Tap:
    """Takes down what is written to a file descriptor below Python. Each use as a context manager
    begins anew.

    Raises:
        OSError: no file can be made.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._seen = descriptor, 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        flags = fcntl.fcntl(self._file, fcntl.F_GETFL)
        fcntl.fcntl(self._file, fcntl.F_SETFL, flags | os.O_APPEND)
        self._before = os.dup(descriptor)

    def __enter__(self) -> Tap:
        if self._seen:
            os.ftruncate(self._file.fileno(), 0)
            self._seen = 0
        os.dup2(self._file.fileno(), self._descriptor)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            os.dup2(self._before, self._descriptor)

    def read(self, most: int) -> str:
        """What has come since the last time; of very much the first `most` bytes."""
        try:
            end = os.fstat(self._file.fileno()).st_size
            if end <= self._seen:
                return ""
            data = os.pread(self._file.fileno(), min(end - self._seen, most), self._seen)
        except (OSError, ValueError):  # the cell has closed it
            return ""
        self._seen = end
        return data.decode(errors="replace")

    def close(self) -> None:
        """Give the descriptors back."""
        self._file.close()
        os.close(self._before)


class Outputs:
    """What the running cell has shown so far. Text beyond the limit is dropped, and said to be.

    Each stream has a buffer, which is emptied by a flush, by anything displayed, and by the cell's
    end.
    """

    def __init__(self) -> None:
        self.items: list[Output] = []
        self.room = MAX_TEXT
        self.by_id: dict[str, list[Output]] = {}
        self.clear_first = False
        self.printed: dict[str, list[str]] = {name: [] for name in STREAMS}
        self.taps: dict[str, Tap] = {}

    def text(self, name: str, text: str) -> None:
        """Text printed on `stdout` or `stderr`."""
        if name in self.taps and self.room > 0:
            self._keep(name, self.taps[name].read(4 * self.room))
        self._keep(name, text)

    def _keep(self, name: str, text: str) -> None:
        if self.room <= 0 or not text:
            return
        kept = text[: self.room]
        self.room -= len(kept)
        if self.room <= 0:
            kept += "\n… (the rest was left out)\n"
        self.printed[name].append(kept)

    def flush(self, *names: str) -> None:
        """Show what was printed until now, on all streams if none is named."""
        for name in names or STREAMS:
            self.text(name, "")
            parts, self.printed[name] = self.printed[name], []
            text = "".join(parts)
            last = self.items[-1] if self.items and not self.clear_first else {}
            if text and (last.get("output_type"), last.get("name")) == ("stream", name):
                last["text"] += text
            elif text:
                self.add({"output_type": "stream", "name": name, "text": text})

    def rich(self, item: Output, name: str | None = None) -> None:
        """Something displayed: its data and metadata take the place of all that was displayed under
        that name.
        """
        self.flush()
        before = self.by_id.setdefault(name, []) if name else []
        replaced = set(map(id, before))
        room = MAX_CELL - sum(_cost(o) for o in self.items if id(o) not in replaced)
        data = _within(item["data"], room // (len(before) + 1))
        shown = {"data": data, "metadata": plain_metadata(item["metadata"])}
        for earlier in before:
            earlier.update(shown)
        if item["output_type"] != "update_display_data" or not before:
            item.update(shown)
            if name:
                item["transient"] = {"display_id": name}
            self.add(item)
            if name and self.items and self.items[-1] is item:
                self.by_id.setdefault(name, []).append(item)

    def clear(self, wait: bool = False) -> None:
        """Forget what this cell has shown, now or as soon as it shows more. What it changed
        elsewhere stays changed.
        """
        self.flush()
        self.clear_first = wait
        if not wait:
            self._forget()

    def _forget(self) -> None:
        self.items[:] = [o for o in self.items if o["output_type"] == "update_display_data"]
        self.by_id = {o["transient"]["display_id"]: [o] for o in self.items}

    def add(self, item: Output) -> None:
        """One more output, unless there are too many."""
        if self.clear_first and item["output_type"] != "update_display_data":
            self.clear_first = False
            self._forget()
        if len(self.items) < MAX_OUTPUTS:
            self.items.append(item)

    def error(self, name: str, message: str, lines: list[str]) -> None:
        """An exception that was not caught."""
        self.flush()
        item = {"output_type": "error", "ename": name, "evalue": message, "traceback": lines}
        if sum(map(_cost, [*self.items, item])) > MAX_CELL:
            item["traceback"] = []
        self.add(item)


def _within(bundle: Any, room: int) -> dict[str, str]:
    """What is kept of a bundle, as text. What needs more than `room` characters of JSON is replaced
    by a remark.
    """
    kept: dict[str, str] = {}
    for kind in KEPT:
        if kind not in bundle:
            continue
        value = bundle[kind]
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        text = value if type(value) is str else str(value)
        kept[kind] = text
        room -= _weight(kind, text)
        if len(text) > (MAX_RICH if kind in PICTURES else MAX_MARKUP) or room < 0:
            room += _weight(kind, text)
            kept[kind] = "(too large to keep)"
    return kept


def _weight(kind: str, text: str) -> int:
    return len(text) * (1 if kind in PICTURES else 6)  # at worst JSON writes six characters for one


def _cost(item: Output) -> int:
    data = item.get("data", {})
    return sum(_weight(k, data[k]) for k in data) + 6 * sum(map(len, item.get("traceback", ())))
