"""An IPython shell that keeps what cells show as nbformat outputs, in order. No kernel, no messages."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

MAX_TEXT = 200_000  # characters of text kept for one cell
MAX_OUTPUTS = 200
MAX_RICH = 5_000_000  # characters of one picture
MAX_MARKUP = 400_000  # characters of one table or text
MAX_CELL = 10_000_000  # characters that all of a cell's outputs may need as JSON
PICTURES = ("image/png", "image/jpeg")
KEPT = (*PICTURES, "text/plain", "text/html", "text/latex", "text/markdown")  # nothing else is ever stored


class Outputs:
    """What the running cell has shown so far. Text beyond the limit is dropped, and said to be."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.room = MAX_TEXT
        self.rich_room = MAX_CELL
        self.by_id: dict[str, dict[str, Any]] = {}

    def text(self, name: str, text: str) -> None:
        """Text printed on `stdout` or `stderr`."""
        if self.room <= 0 or not text:
            return
        kept = text[: self.room]
        self.room -= len(kept)
        if self.room <= 0:
            kept += "\n… (the rest was left out)\n"
        last = self.items[-1] if self.items else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["text"] += kept
        else:
            self.add({"output_type": "stream", "name": name, "text": kept})

    def rich(self, kind: str, data: Any, metadata: Any, transient: Any = None, update: bool = False) -> None:
        """Something displayed; `transient` may name it for later updates."""
        bundle = dict(data)
        clean = {k: self._fit(k, bundle[k]) for k in KEPT if k in bundle}
        name = (transient or {}).get("display_id")
        if update and name in self.by_id:
            self.by_id[name]["data"] = clean
            return
        item: dict[str, Any] = {"output_type": kind, "data": clean, "metadata": {}}
        if kind == "execute_result":
            item["execution_count"] = None
        if name:
            self.by_id[str(name)] = item
        self.add(item)

    def add(self, item: dict[str, Any]) -> None:
        """One more output, unless there are too many."""
        if len(self.items) < MAX_OUTPUTS:
            self.items.append(item)

    def error(self, name: str, message: str, lines: list[str]) -> None:
        """An exception that was not caught."""
        self.rich_room -= 6 * sum(map(len, lines))
        if self.rich_room <= 0:
            lines = []
        self.add({"output_type": "error", "ename": name, "evalue": message, "traceback": lines})

    def _fit(self, kind: str, value: Any) -> str:
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        text = value if type(value) is str else str(value)
        picture = kind in PICTURES
        cost = len(text) * (1 if picture else 6)  # at worst JSON writes six characters for one
        if len(text) > (MAX_RICH if picture else MAX_MARKUP) or cost > self.rich_room:
            return "(too large to keep)"
        self.rich_room -= cost
        return text


class _Stream(io.TextIOBase):
    def __init__(self, shell: CaptureShell, name: str) -> None:
        self._shell, self._name = shell, name

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._shell.outputs.text(self._name, str(text))
        return len(text)


class _Hook(DisplayHook):  # type: ignore[misc]
    """Results of last expressions go to the shell's outputs."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.shell.outputs.rich("execute_result", format_dict, md_dict)

    def finish_displayhook(self) -> None:
        self._is_active = False


class _Publisher(DisplayPublisher):  # type: ignore[misc]
    def publish(
        self, data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False, **_: Any
    ) -> None:
        self.shell.outputs.rich("display_data", data, metadata, transient, update)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.items.clear()


class CaptureShell(InteractiveShell):  # type: ignore[misc]
    """IPython as a kernel offers it, without the kernel."""

    displayhook_class = _Hook
    display_pub_class = _Publisher
    outputs = Outputs()

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = [str(line)[:5000] for line in stb][-200:]
        name = str(getattr(etype, "__name__", etype))[:200]
        self.outputs.error(name, str(evalue)[:2000], lines)

    def system(self, cmd: str) -> None:
        """`!cmd`, without the terminal that a kernel would make for it."""
        with subprocess.Popen(
            self.var_expand(cmd, depth=1),
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    sys.stdout.write(line.decode(errors="replace"))
                self.user_ns["_exit_code"] = process.wait()
            finally:
                process.kill()

    system_piped = system_raw = system

    def ask_exit(self) -> None:
        """`exit()` in a cell: there is no kernel to stop."""

    def enable_gui(self, gui: Any = None) -> None:
        """There is no screen."""

    def run(self, source: str, guard: Callable[[], Any]) -> tuple[list[dict[str, Any]], str | None]:
        """Run one cell inside `guard()`, a context manager that may interrupt it.

        Returns:
            Its outputs, and a sentence when it did not run to its end.
        """
        self.outputs = Outputs()
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Stream(self, "stdout"), _Stream(self, "stderr")
        problem: str | None = None
        try:
            with guard():
                result = self.run_cell(source, store_history=True)
            error = result.error_before_exec or result.error_in_exec
            if error is not None:
                problem = _sentence(error)
        except BaseException as error:
            problem = _sentence(error)
            self.outputs.error(type(error).__name__, problem, [problem])
        finally:
            sys.stdout, sys.stderr = streams
        return self.outputs.items, problem


def _sentence(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:
        text = ""
    if isinstance(error, SyntaxError) and error.lineno:
        text = f"{error.msg} (line {error.lineno})"
    return f"{type(error).__name__}: {text}"[:500]


def warm_shell() -> CaptureShell:
    """A shell with the inline figures of a kernel, ready to be forked."""
    import matplotlib

    matplotlib.use("module://matplotlib_inline.backend_inline")
    import matplotlib.pyplot as plt
    from IPython.core.pylabtools import select_figure_formats
    from matplotlib_inline.backend_inline import flush_figures

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    shell: CaptureShell = CaptureShell.instance(config=config)
    plt.switch_backend("module://matplotlib_inline.backend_inline")
    matplotlib.interactive(True)
    select_figure_formats(shell, {"png"})
    shell.events.register("post_execute", flush_figures)
    return shell
