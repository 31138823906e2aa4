"""The import rules hold, and each of them would say so if it did not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))[
    "tool"
]["importlinter"]["contracts"]
BROKEN = {  # by the contract's id: a module, and the import that breaks it
    "rooms": ("autograder/lessons/course.py", "import autograder.report.page"),
    "builder": ("autograder/build/lint.py", "from autograder.grade import submission"),
    "records": ("autograder/record/results.py", "import autograder.runner.client"),
    "runner": ("autograder/runner/pool.py", "import autograder.record.results"),
    "wall": ("autograder/inside/wire.py", "import autograder.files"),
    "learner": ("autograder/study/reveal.py", "from autograder.lessons.lesson import Lesson"),
    "kit": ("coursekit/clocks.py", "import autograder.errors"),
    "worlds": ("coursekit/coding/traces.py", "import coursekit.mlops.drift"),
}


def lint(root: Path, *only: str) -> tuple[int, str]:
    """Exit code and output of import-linter on a project, for the contracts named or all."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    for contract in only:
        command += ["--contract", contract]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(root), "COLUMNS": "200"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages and their contracts."""
    root = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "pyproject.toml", root)
    for package in ("autograder", "coursekit"):
        shutil.copytree(
            ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return root


def test_every_rule_holds(project: Path) -> None:
    code, told = lint(project)
    assert code == 0, told
    assert f"{len(CONTRACTS)} kept, 0 broken" in told


def test_every_rule_is_tried() -> None:
    assert set(BROKEN) == {contract["id"] for contract in CONTRACTS}


@pytest.mark.parametrize("contract", BROKEN)
def test_a_rule_that_is_broken_is_named(project: Path, contract: str) -> None:
    name, line = BROKEN[contract]
    file = project / name
    before = file.read_text("utf-8")
    file.write_text(f"{before}\n{line}\n", "utf-8")
    try:
        code, told = lint(project, contract)
    finally:
        file.write_text(before, "utf-8")
    assert code == 1, told
    assert next(c["name"] for c in CONTRACTS if c["id"] == contract) + " BROKEN" in told


@pytest.mark.parametrize("package", ["autograder", "coursekit"])
def test_a_room_that_no_rule_knows_is_named(project: Path, package: str) -> None:
    file = project / package / "a_room_of_its_own.py"
    file.write_text("", "utf-8")
    try:
        code, told = lint(project)
    finally:
        file.unlink()
    assert code == 1, told
    assert "a_room_of_its_own" in told
