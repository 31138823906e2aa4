"""A clone of this course with a Python of its own, for tests that add to it: its boxed processes
find the clone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bank import COURSE

CODE = ("autograder", "coursekit", "tests", "nbgrader_config.py", "pyproject.toml")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "answers", "__editable__*", "jupyter")


@dataclass(frozen=True)
class Clone:
    """A course folder with this one's code and outline, and no lesson."""

    root: Path

    @property
    def python(self) -> Path:
        """Its interpreter, which imports the clone's code and the packages that are installed here."""
        return self.root / ".venv" / "bin" / "python"

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """What became of `python ARGUMENTS` in it, whatever the exit code."""
        command = [str(self.python), "-B", *arguments]
        kept = os.environ | environment
        return subprocess.run(
            command, cwd=self.root, env=kept, capture_output=True, text=True, check=False
        )


def clone(root: Path) -> Clone:
    """Make one in `root`, within seconds: packages are linked, not copied, where the file system
    can.
    """
    for name in CODE:
        if (COURSE.root / name).is_dir():
            shutil.copytree(COURSE.root / name, root / name, ignore=NOT_COPIED)
        else:
            shutil.copy(COURSE.root / name, root)
    (root / "docs").mkdir()
    shutil.copy(COURSE.root / "docs" / "cluster.md", root / "docs")  # tests of a world read it
    (root / "lessons").mkdir()
    shutil.copy(COURSE.root / "lessons" / "course.toml", root / "lessons")
    made = Clone(root)
    shutil.copytree(
        sys.prefix, root / ".venv", symlinks=True, ignore=NOT_COPIED, copy_function=_link
    )
    for packages in (root / ".venv").glob("lib/python*/site-packages"):
        (packages / "clone.pth").write_text(f"{root}\n", "utf-8")
    return made


def _link(source: str, to: str) -> None:
    try:
        os.link(source, to)
    except OSError:
        shutil.copy2(source, to)
