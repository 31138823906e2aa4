"""nbgrader as this course uses it: its settings, its view of the folder, and what it says when it
refuses.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.errors import CourseError
from autograder.files import NO_LOCKS

# seconds that SQLite waits in one go for a locked gradebook: it hears no signal meanwhile
ONE_WAIT = 1


def settings(root: Path) -> Config:
    """The course's own `nbgrader_config.py`.

    Raises:
        CourseError: it fails.
    """
    from traitlets.config.loader import PyFileConfigLoader

    try:
        return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    except Exception as error:
        said = str(error).splitlines() or ["no reason given"]
        raise CourseError(
            f"{root / 'nbgrader_config.py'}: {type(error).__name__}: {said[0]}. Mend it."
        ) from None


def venv_on_path() -> None:
    """nbgrader looks for `alembic` on PATH only: put the running interpreter's folder there."""
    folder = os.path.dirname(sys.executable)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + os.environ.get("PATH", "")


def coursedir(root: Path, **overrides: Any) -> Any:
    """nbgrader's view of the course, with its own settings; `overrides` go to `CourseDirectory`.

    Raises:
        CourseError: the gradebook's file would be another one, outside the course, or lies where
            nothing can be locked.
    """
    from nbgrader.coursedir import CourseDirectory

    config = settings(root)
    config.CourseDirectory.root = str(root)
    url = config.CourseDirectory.get("db_url", "sqlite:///gradebook.db")
    if isinstance(url, str) and url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        if "?" in str(root):
            raise CourseError(
                f"{root}: the address of a gradebook ends at a question mark. Give the folder "
                "another name, or c.CourseDirectory.db_url in nbgrader_config.py another place."
            )
        config.CourseDirectory.db_url = url = "sqlite:///" + str(
            root / url.removeprefix("sqlite:///")
        )
    if str(url).startswith("sqlite:///"):
        _refuse_without_locks(Path(str(url).removeprefix("sqlite:///").partition("?")[0]))
    if (
        config.CourseDirectory.get("db_url", "").startswith("sqlite:///")
        and "?" not in config.CourseDirectory.db_url
    ):
        config.CourseDirectory.db_url += f"?timeout={ONE_WAIT}"
    for name, value in overrides.items():
        config.CourseDirectory[name] = value
    return CourseDirectory(config=config)


def _refuse_without_locks(gradebook: Path) -> None:
    """SQLite says of a file system without locks that somebody else has locked the gradebook, for
    ever.
    """
    if not _can_be_locked(gradebook.parent):
        raise CourseError(
            f"{gradebook}: its file system has no locks, which a gradebook needs. Give it another "
            'place in nbgrader_config.py: c.CourseDirectory.db_url = "sqlite:////…/gradebook.db".'
        )


@functools.cache
def _can_be_locked(folder: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows has others
        return True
    try:
        # never the gradebook itself: closing a file gives all its locks up
        with tempfile.TemporaryFile(dir=folder) as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in NO_LOCKS
    return True


class Listener(logging.Handler):
    """Keeps the errors nbgrader logged, and shows nothing."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last = self.heard = ""
        self.log = logging.Logger("quiet")
        self.log.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += record.getMessage() + "\n"
        self.last = record.getMessage().splitlines()[0]
