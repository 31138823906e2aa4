"""An IPython shell that keeps what cells show, in order, as a kernel's client would. No kernel, no
messages.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import contextlib
import contextvars
import getpass
import io
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from IPython.core import page
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.inside import magics
from autograder.inside.outputs import STREAMS, Outputs, Tap
from coursekit.vtime import TimeLimit

MAX_FRAMES = 60  # of a traceback's beginning, and of its end
NO_TRACEBACK = ["ERROR: An error occurred while showtraceback was disabled"]  # in nbgrader's words
INLINE = "module://matplotlib_inline.backend_inline"
# what `%matplotlib` may choose where there is no screen
DRAWN_HERE = (None, "inline", "agg", "svg", "pdf", "ps", "cairo")
NO_SCREEN = "there is no screen, and figures are shown inline"
ENVIRONMENT = {
    "TERM": "xterm-color",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "MPLBACKEND": INLINE,
} | dict.fromkeys(("CLICOLOR", "FORCE_COLOR", "CLICOLOR_FORCE"), "1")


class OutStream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a cell."""

    encoding = "UTF-8"

    def __init__(self, shell: CaptureShell, name: str) -> None:
        self._shell, self.name, self._pid = shell, name, os.getpid()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() == self._pid:
            self._shell.outputs.text(self.name, text)
        # a process that the cell has forked: what it shows goes where its programs' output goes
        else:
            with contextlib.suppress(OSError):
                os.write(STREAMS[self.name], text.encode(errors="replace"))
        return len(text)

    def flush(self) -> None:
        if os.getpid() == self._pid:
            self._shell.outputs.flush(self.name)


class _Hook(DisplayHook):  # type: ignore[misc]
    """Results of last expressions go to the shell's outputs."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        count = self.prompt_count
        item = {
            "output_type": "execute_result",
            "data": format_dict,
            "metadata": md_dict,
            "execution_count": count,
        }
        self.shell.outputs.rich(item)

    def finish_displayhook(self) -> None:
        self._is_active = False


class _Publisher(DisplayPublisher):  # type: ignore[misc]
    def publish(
        self,
        data: Any,
        metadata: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        name = (transient or {}).get("display_id")
        kind = "update_display_data" if update else "display_data"
        item = {"output_type": kind, "data": data, "metadata": metadata}
        self.shell.outputs.rich(item, None if name is None else str(name))

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear(wait)


class _Compiler(CachingCompiler):  # type: ignore[misc]
    """Cells are files named as a kernel names them: warnings and tracebacks say so."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        return f"/tmp/ipykernel_{os.getpid()}/{zlib.crc32(raw_code.encode(errors='replace'))}.py"


class CaptureShell(InteractiveShell):  # type: ignore[misc]
    """IPython as a kernel offers it, without the kernel."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    compiler_class = Type(_Compiler)
    outputs = Outputs()
    _task: tuple[asyncio.AbstractEventLoop, contextvars.Context] | None = None  # where cells run
    _taps: dict[str, Tap] | None = None
    _warm = 0  # the process that only forks: it keeps nothing open that all jobs would share
    _last_traceback: list[str] | None = None
    _usual_transforms: list[Any] | None = None  # of a cell's text
    said: set[str]  # sentences of magics that do nothing here

    def init_environment(self) -> None:
        os.environ.update(ENVIRONMENT)

    def init_magics(self) -> None:
        super().init_magics()
        self.said, self.db = set(), magics.Database()
        magics.register(self)

    def init_hooks(self) -> None:
        super().init_hooks()
        # a pager is not an output
        self.set_hook("show_in_pager", page.as_hook(lambda *_, **__: None), 99)

    def showtraceback(self, exc_tuple: Any = None, *rest: Any, **options: Any) -> None:
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        for _ in range(MAX_FRAMES):
            if isinstance(error, BaseException):
                _shorten(error.__traceback__)
                error = error.__cause__ or error.__context__
        super().showtraceback(exc_tuple, *rest, **options)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self._last_traceback = [str(line)[:5000] for line in stb][-200:]
        self.outputs.error(
            str(getattr(etype, "__name__", etype))[:200], str(evalue)[:2000], self._last_traceback
        )

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {}  # nobody reads this shell's history

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
        if gui:
            magics.say(self, f"%gui {gui}", NO_SCREEN)

    def enable_matplotlib(self, gui: Any = None) -> Any:
        """Figures are shown inline, whatever was asked for, unless it draws to files only."""
        if gui not in DRAWN_HERE:
            magics.say(self, f"%matplotlib {gui}", NO_SCREEN)
            gui = "inline"
        return super().enable_matplotlib(gui)

    def settle(self) -> None:
        """Be at home in the current folder, as a kernel is in its notebook's: what a cell writes
        there can be imported, after all that has the same name elsewhere.
        """
        here = Path.cwd()
        self.home_dir, self.user_ns["_dh"] = str(here), [here]
        sys.path.append("")

    def run(self, source: str, guard: Callable[[], Any]) -> tuple[list[dict[str, Any]], str | None]:
        """Run one cell inside `guard()`, a context manager that may interrupt it.

        Returns:
            Its outputs, and a sentence when it did not run to its end.
        """
        self.outputs, self._last_traceback = Outputs(), None
        before = sys.stdout, sys.stderr, builtins.input, getpass.getpass
        problem: str | None = None
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError, ValueError):  # a full disk, say: only Python is heard
                self._taps = self._taps or {name: Tap(fd) for name, fd in STREAMS.items()}
                self.outputs.taps = {
                    name: stack.enter_context(tap) for name, tap in self._taps.items()
                }
            try:
                sys.stdout, sys.stderr = OutStream(self, "stdout"), OutStream(self, "stderr")
                builtins.input, getpass.getpass = _nobody("raw_input"), _nobody("getpass")
                with guard():
                    result = self._awaited(self._cell(source))
                    error = result.error_before_exec or result.error_in_exec
                    if error is not None:  # its text is the learner's code and may never end
                        problem = _sentence(error)
                        self._reply(error)
            except BaseException as error:
                problem = _sentence(error)
                self.outputs.error(type(error).__name__, problem, [problem])
            finally:
                sys.stdout, sys.stderr, builtins.input, getpass.getpass = before
            self.outputs.flush()
        _look_anew()
        if self._warm == os.getpid():
            self._put_away()
        return self.outputs.items, problem

    def _put_away(self) -> None:
        for tap in (self._taps or {}).values():
            tap.close()
        if self._task is not None:
            self._task[0].close()
        self._taps = self._task = None

    def transform_cell(self, raw_cell: str) -> str:
        """Python for a cell's text. What is plain Python already is spared IPython's search for
        magics.
        """
        if self._transforms() == self._usual_transforms and _is_plain(raw_cell):
            return raw_cell if raw_cell.endswith("\n") else raw_cell + "\n"
        return str(super().transform_cell(raw_cell))

    def _transforms(self) -> list[Any]:
        all_of_them = self.input_transformer_manager
        return [
            *all_of_them.cleanup_transforms,
            *all_of_them.line_transforms,
            *all_of_them.token_transformers,
        ]

    async def _cell(self, source: str) -> ExecutionResult:
        result = broken = None
        try:
            cell = self.transform_cell(source)
        except Exception:
            cell, broken = source, sys.exc_info()
        try:
            result = await self.run_cell_async(
                source, store_history=True, transformed_cell=cell, preprocessing_exc_tuple=broken
            )
        finally:
            self.events.trigger("post_execute")
            self.events.trigger("post_run_cell", result)
        return result

    def _awaited(self, cell: Any) -> ExecutionResult:
        """Run a cell in the event loop of all cells: tasks that one starts go on in the next."""
        loop, context = self._task = self._task or (
            asyncio.new_event_loop(),
            contextvars.copy_context(),
        )
        try:
            return loop.run_until_complete(loop.create_task(cell, context=context))
        except BaseException:
            self._task = None  # its loop still holds what was interrupted
            raise

    def _reply(self, error: BaseException) -> None:
        """Add an error that was not shown as one, as nbgrader does: wrong use of a magic is told on
        stderr only.
        """
        name = type(error).__name__
        if not any(o["output_type"] == "error" and o["ename"] == name for o in self.outputs.items):
            self.outputs.error(name, _text(error)[:2000], self._last_traceback or NO_TRACEBACK)


CaptureShell.__name__ = "ZMQInteractiveShell"  # by this rich, pandas and others know a notebook


def _sentence(error: BaseException) -> str:
    text = _text(error)
    if isinstance(error, SyntaxError) and error.lineno:
        text = f"{error.msg} (line {error.lineno})"
    return f"{type(error).__name__}: {text}"[:500]


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except TimeLimit:
        raise
    except BaseException:
        return ""


def _shorten(traceback: TracebackType | None) -> None:
    """Leave out the middle of a traceback so long that nbgrader would not keep it: writing it takes
    seconds.
    """
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    if len(frames) > 2 * MAX_FRAMES:
        frames[MAX_FRAMES - 1].tb_next = frames[-MAX_FRAMES]


def _is_plain(source: str) -> bool:
    """Whether IPython would leave a cell's text alone: no prompts, nothing before the first line,
    and it parses.

    Whatever has a backslash is left to IPython, since a look at it may warn.
    """
    if not source or source[0].isspace() or "\\" in source or "In [" in source:
        return False
    try:
        ast.parse(source)
    except Exception:
        return False
    return True


def _look_anew() -> None:
    """Let imports see the files that a cell has just written: the time of a folder is too coarse to
    tell.
    """
    with contextlib.suppress(Exception):  # none is there, or what a learner has put there
        finder: Any = sys.path_importer_cache.get(os.getcwd())
        finder.invalidate_caches()


def _nobody(name: str) -> Callable[..., Any]:
    """What stands for `input` where nobody answers."""

    def ask(*_: Any, **__: Any) -> Any:
        raise StdinNotImplementedError(
            f"{name} was called, but this frontend does not support input requests."
        )

    return ask


def warm_shell() -> CaptureShell:
    """A shell with the inline figures of a kernel, ready to be forked."""
    import matplotlib

    matplotlib.use(INLINE)
    import matplotlib.pyplot as plt
    from IPython.core.pylabtools import select_figure_formats
    from matplotlib_inline.backend_inline import flush_figures

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.IPKernelApp.name = "no kernel"  # tqdm asks whether there is such a section
    shell: CaptureShell = CaptureShell.instance(config=config)
    shell._warm, shell._usual_transforms = os.getpid(), shell._transforms()
    plt.switch_backend(INLINE)
    matplotlib.interactive(True)
    select_figure_formats(shell, {"png"})
    shell.events.register("post_execute", flush_figures)
    return shell
