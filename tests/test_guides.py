"""Guides name places that are there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDES = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
]
EXAMPLE = "01_fix_an_oom_kill"  # the lesson that docs/author.md makes
MADE = {"study", "submitted", "autograded", "feedback", "demo"}  # folders that commands make
COMING: set[str] = set()  # paths that guides name before they are there
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"\.?[\w-]+(?:/[\w.*-]+)+/?")
FILE = re.compile(r"[\w-]+\.(?:py|toml|md|sh)")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")
DOTTED = re.compile(r"\b(?:coursekit|autograder)(?:\.[a-z_]+)+")


def tracked() -> list[str]:
    """Files of the repository, those that are not committed yet included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]


FILES = tracked()
TOPS = {name.partition("/")[0] for name in FILES if "/" in name}
NAMES = {PurePosixPath(name).name for name in FILES}


def prose(guide: str) -> str:
    """A guide without its blocks of commands."""
    return re.sub(
        r"^```.*?^```", "", (ROOT / guide).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )


def missing(text: str) -> list[str]:
    """Paths in backticks that are not there. Placeholders (`<lesson>`, `…`) are passed over."""
    words = [
        word.rstrip("/")
        for code in CODE.findall(text)
        for word in code.split()
        if EXAMPLE not in word
    ]
    paths = [
        word for word in words if PATH.fullmatch(word) and word.partition("/")[0] in TOPS - MADE
    ]
    lost = [path for path in paths if path not in COMING and not any(ROOT.glob(path))]
    return lost + [word for word in words if FILE.fullmatch(word) and word not in NAMES]


def is_module(dotted: str) -> bool:
    """Whether it names a package, a module, or something in a module."""
    place = ROOT
    for part in dotted.split("."):
        if (place / f"{part}.py").is_file():
            return True
        place /= part
    return place.is_dir()


@pytest.mark.parametrize("guide", GUIDES)
def test_paths_in_a_guide_exist(guide: str) -> None:
    assert missing(prose(guide)) == []


@pytest.mark.parametrize("guide", GUIDES)
def test_links_in_a_guide_lead_somewhere(guide: str) -> None:
    links = LINK.findall(CODE.sub("", (ROOT / guide).read_text("utf-8")))
    assert [link for link in links if not ((ROOT / guide).parent / link).exists()] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_modules_that_a_guide_names_exist(guide: str) -> None:
    assert [name for name in DOTTED.findall(prose(guide)) if not is_module(name)] == []


def test_a_path_that_moved_is_noticed() -> None:
    assert missing("see `tests/test_cluster.py`, `desk.py` and `tests/runner/test_cluster.py`") == [
        "tests/test_cluster.py",
        "desk.py",
    ]
    assert not is_module("coursekit.drift")
    assert is_module("coursekit.coding.prometheus.scraping")
    assert (
        missing("`lessons/<module>/<lesson>.py` makes `study/x.ipynb`, `a/b` and `coursekit/*.py`")
        == []
    )
