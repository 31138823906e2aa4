"""`make setup` makes .venv once, tells what it does, and has pip where uv does not work.

A small script stands in for Python, pip and uv: it writes down what it was asked to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PYTHON = """#!/bin/sh
wait_for() { # a file, but not for ever
    tries=0
    while [ ! -f "$1" ] && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
}
echo "$(basename "$0") $*" >>"$CALLS"
case "$(basename "$0") $*" in
*" -c "*) exit 0 ;;
*" -VV" | *" -V") echo "Python 3.12.0" ;;
*" -m venv --clear .venv")
    rm -rf .venv; mkdir -p .venv/bin .venv/lib
    cp "$0" .venv/bin/python; cp "$0" .venv/bin/jupyter
    ;;
*" -m compileall "*) [ -z "${SLOW:-}" ] || wait_for .venv/opened ;;
"jupyter lab"*) : >.venv/opened; wait_for .venv/.compiled ;;
*"pip install "*"uv=="*) [ -z "${NO_UV:-}" ] || exit 1; cp "$0" .venv/bin/uv ;;
*"pip install "*"-r requirements.lock")
    [ "$(basename "$0")" = python ] && echo "Collecting one" && exit
    [ -z "${UV_FAILS:-}" ] || { echo "  x No solution found"; exit 1; }
    echo " + one==1"
    ;;
esac
"""


class Machine:
    """A folder with the course's set-up in it, and a Python that only pretends."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.calls = folder / "course", folder / "calls"
        self.folder.mkdir()
        self.python = folder / "python3.12"
        self.python.write_text(PYTHON, "utf-8")
        self.python.chmod(0o755)
        shutil.copytree(ROOT / "tools", self.folder / "tools")
        shutil.copy(ROOT / "Makefile", self.folder)
        (self.folder / "pyproject.toml").touch()
        (self.folder / "requirements.lock").write_text("one==1\nuv==9\n", "utf-8")

    def make(self, target: str = "setup", **environment: str) -> tuple[list[str], str]:
        """What `make TARGET` asked Python, pip and uv to do, and what it told."""
        self.calls.write_text("", "utf-8")
        known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            ["make", target, f"PYTHON={self.python}"],
            cwd=self.folder,
            env={**known, "CALLS": str(self.calls), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return self.calls.read_text("utf-8").splitlines(), done.stdout

    def newer(self, name: str) -> None:
        """Let a file be newer than what was made from it."""
        later = (self.folder / ".venv" / ".compiled").stat().st_mtime + 1
        os.utime(self.folder / name, (later, later))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def installed(calls: list[str]) -> list[str]:
    """Who installed the lock, in order."""
    return [call.split()[0] for call in calls if call.endswith("-r requirements.lock")]


def test_uv_installs_the_lock_and_every_step_is_told(machine: Machine) -> None:
    calls, told = machine.make()
    assert installed(calls) == ["uv"]
    assert any(call.endswith("--only-binary :all: uv==9") for call in calls), (
        "the uv that the lock pins"
    )
    steps = [line for line in told.splitlines() if line.startswith("setup: ")]
    assert [" ".join(step.split()[1:3]) for step in steps] == [
        "making .venv", "getting uv==9,", "installing 2", "installing the", "copying JupyterLab's", "compiling what",
    ]  # fmt: skip
    assert "one==1" not in told, "two hundred lines that nobody reads"


def test_no_file_names_an_index_to_uv_or_pip(machine: Machine) -> None:
    calls, _ = machine.make()
    assert not [call for call in calls if "index" in call or "find-links" in call or "://" in call]


@pytest.mark.parametrize(
    ("trouble", "asked"), [("NO_UV", ["python"]), ("UV_FAILS", ["uv", "python"])]
)
def test_where_uv_does_not_work_pip_does_with_a_sentence(
    machine: Machine, trouble: str, asked: list[str]
) -> None:
    calls, told = machine.make(**{trouble: "1"})
    assert installed(calls) == asked
    assert "which takes some minutes" in told
    assert machine.make(**{trouble: "1"})[0] == [], "and that is a set-up like any other"


def test_nothing_happens_again_without_a_reason(machine: Machine) -> None:
    machine.make()
    assert machine.make()[0] == []


def test_a_changed_lock_makes_all_again(machine: Machine) -> None:
    machine.make()
    (machine.folder / "requirements.lock").write_text("one==2\nuv==9\n", "utf-8")
    machine.newer("requirements.lock")
    assert installed(machine.make()[0]) == ["uv"]
    machine.newer("requirements.lock")  # by a `git checkout`, say, and the same in it
    assert installed(machine.make()[0]) == []


def test_a_changed_project_installs_only_the_project(machine: Machine) -> None:
    machine.make()
    machine.newer("pyproject.toml")
    calls, _ = machine.make()
    assert installed(calls) == []
    assert any(call.startswith("uv ") and call.endswith("--editable .") for call in calls)


def test_a_python_that_is_gone_or_a_folder_that_moved_makes_all_again(machine: Machine) -> None:
    machine.make()
    (machine.folder / ".venv" / "bin" / "python").unlink()
    assert installed(machine.make()[0]) == ["uv"]
    machine.folder = machine.folder.rename(machine.folder.with_name("moved"))
    assert installed(machine.make()[0]) == ["uv"]


def test_a_page_does_not_wait_for_bytecode(machine: Machine) -> None:
    calls, _ = machine.make("lab", SLOW="1")
    opened = next(n for n, call in enumerate(calls) if call.startswith("jupyter lab"))
    # when compiling has ended
    ready = next(n for n, call in enumerate(calls) if "matplotlib" in call)
    assert opened < ready
    again, _ = machine.make("lab")
    assert [call.split()[0] for call in again] == ["jupyter"]


def test_compiling_that_was_cut_short_begins_again(machine: Machine) -> None:
    machine.make("lab")
    (machine.folder / ".venv" / ".compiled").unlink()
    assert any("compileall" in call for call in machine.make("lab")[0])


@pytest.mark.parametrize("target", ["setup", "lint", "laws", "demo"])
def test_every_other_target_waits_for_bytecode(machine: Machine, target: str) -> None:
    plan = subprocess.run(
        ["make", "-n", target], cwd=machine.folder, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    steps = [script for line in plan for script in ("setup.sh", "compile.sh") if script in line]
    assert steps == ["setup.sh", "compile.sh"]
