"""The magics that a kernel has beside IPython's own, and those that can do nothing in a box. Each
of these says so in a sentence, once, and the cell goes on.
"""

from __future__ import annotations

import fnmatch
import sys
from collections import UserDict
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError

NO_DEBUGGER = "nobody answers a debugger"
NO_INSTALLING = "nothing can be installed"
NO_KERNEL = "there is no kernel to connect to"
NO_PAGER = "there is no pager"
IDLE = {
    "conda": NO_INSTALLING,
    "connect_info": NO_KERNEL,
    "edit": "there is no editor",
    "less": NO_PAGER,
    "mamba": NO_INSTALLING,
    "man": NO_PAGER,
    "micromamba": NO_INSTALLING,
    "more": NO_PAGER,
    "pastebin": "there is no network",
    "pdb": NO_DEBUGGER,
    "qtconsole": NO_KERNEL,
    "subshell": NO_KERNEL,
}


class Database(UserDict[str, Any]):
    """What `%store`, `%bookmark` and `%cd` keep: in this process, where IPython has files of a
    profile.
    """

    def keys(self, pattern: str = "*") -> list[str]:  # type: ignore[override]
        """The keys that fit a pattern, as IPython's own database has them."""
        return [key for key in self.data if fnmatch.fnmatchcase(key, pattern)]

    def __delitem__(self, key: str) -> None:
        self.data.pop(key, None)


def say(shell: Any, what: str, why: str) -> None:
    """Tell a learner what does nothing here; the second time nothing."""
    sentence = f"{what} does nothing here: {why}.\n"
    if sentence not in shell.said:
        shell.said.add(sentence)
        sys.stderr.write(sentence)


def register(shell: Any) -> None:
    """Give a shell these magics, in place of those of the same name."""
    from IPython.extensions.storemagic import StoreMagics

    shell.register_magics(StoreMagics)
    for name, why in IDLE.items():
        shell.register_magic_function(_idle(shell, name, why), "line", name)
    for name, line in {"autosave": _autosave(shell), "clear": _clear(shell)}.items():
        shell.register_magic_function(line, "line", name)
    for name in ("load_ext", "reload_ext"):
        shell.register_magic_function(_extension(shell, name), "line", name)
    shell.register_magic_function(_debug(shell), "line_cell", "debug")


def _idle(shell: Any, name: str, why: str) -> Callable[[str], None]:
    def magic(_: str) -> None:
        """It does nothing here."""
        say(shell, f"%{name}", why)

    return magic


def _autosave(shell: Any) -> Callable[[str], None]:
    def magic(line: str) -> None:
        """Set how often the notebook is saved."""
        try:
            int(line)
        except ValueError:
            raise UsageError(f"%autosave requires an integer, got {line!r}") from None
        say(shell, "%autosave", "no notebook is open")

    return magic


def _clear(shell: Any) -> Callable[[str], None]:
    def magic(_: str) -> None:
        """Clear the terminal."""
        shell.system("clear")

    return magic


def _debug(shell: Any) -> Callable[..., None]:
    def magic(_: str, cell: str | None = None) -> None:
        """Open the debugger. A cell below it is run without."""
        say(shell, "%debug", NO_DEBUGGER)
        if cell is not None:
            shell.ex(shell.transform_cell(cell))

    return magic


def _extension(shell: Any, name: str) -> Callable[[str], None]:
    def magic(line: str) -> None:
        """Load an extension. One that is not installed here is named."""
        from IPython.core.magics.extension import ExtensionMagics

        try:
            getattr(ExtensionMagics(shell), name)(line)
        except ModuleNotFoundError as error:
            say(shell, f"%{name} {line}"[:200], f"{error.name} is not installed")

    return magic
