"""What installs the course agrees with itself, and names no machine."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("autograder", "coursekit")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RANGES = [Requirement(r) for r in PROJECT["dependencies"]]
DEV = [Requirement(r) for r in PROJECT["optional-dependencies"]["dev"]]
LOCK: dict[str, str] = {
    canonicalize_name(name): version
    for name, version in re.findall(
        r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE
    )
}
FORBIDDEN = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.org|deb\.debian\.org|anaconda\.org"
    # a lesson is about such options; its addresses end in .internal
    r"|--((extra-)?index[-]url|find[-]links)[ =]+['\"]?\w+:(?!\S*\.internal)"
    r"|/(?:work|home)/[.\w]|/root/(?!\.(?:cache|config|pip)\b)[.\w]|/opt/(?:wheels|pypi)|/tmp/(?:pk|bash)"
)


def needed(requirement: Requirement, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Every package that `requirement` brings on this machine, by its canonical name."""
    for extra in ("", *requirement.extras):
        key = canonicalize_name(requirement.name), extra
        if key in seen:
            continue
        seen.add(key)
        yield key[0]
        for line in metadata.requires(requirement.name) or ():
            inner = Requirement(line)
            if inner.marker is None or inner.marker.evaluate({"extra": extra}):
                yield from needed(inner, seen)


@pytest.mark.parametrize("requirement", [*RANGES, *DEV], ids=str)
def test_the_lock_pins_every_declared_package_inside_its_range(requirement: Requirement) -> None:
    assert requirement.specifier.contains(LOCK[canonicalize_name(requirement.name)]), (
        "run `make lock`"
    )


def test_the_lock_is_complete_and_is_what_is_installed() -> None:
    names = {name for requirement in (*RANGES, *DEV) for name in needed(requirement, set())}
    assert {name: metadata.version(name) for name in names} == {
        name: LOCK.get(name) for name in names
    }, "run `make setup`"


def test_what_is_pinned_accepts_the_oldest_python_of_the_project() -> None:
    """As far as Debian 12's, whose 3.11 is an early one."""
    oldest = "3.11.2"
    assert SpecifierSet(PROJECT["requires-python"]).contains(oldest)
    for name in {name for requirement in (*RANGES, *DEV) for name in needed(requirement, set())}:
        wants = metadata.metadata(name).get("Requires-Python") or ""
        assert SpecifierSet(wants).contains(oldest), f"{name} wants Python {wants}"


def test_the_lock_holds_pins_and_comments_only() -> None:
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        assert re.fullmatch(r"#.*|[\w.-]+==[\w.+!]+", line), line
    assert not [name for name in LOCK if name.startswith("mlflow")], "mlflow is an extra"


def test_the_conda_environment_is_the_lock_on_a_python_that_fits() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, pip, packages = environment["dependencies"]
    assert pip == "pip"
    assert packages == {"pip": ["-r requirements.lock"]}
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python="))
    assert "--no-deps" in (ROOT / "postBuild").read_text("utf-8")


def test_the_setup_script_takes_the_pythons_that_the_project_takes() -> None:
    low, high = re.findall(r"\((3, \d+)\)", (ROOT / "tools" / "setup.sh").read_text("utf-8"))
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(
        f">={low.replace(', ', '.')},<{high.replace(', ', '.')}"
    )


def test_every_import_belongs_to_a_declared_package() -> None:
    brings = metadata.packages_distributions()
    optional = [
        Requirement(r) for extra in PROJECT["optional-dependencies"].values() for r in extra
    ]
    for room, declared in (
        ("coursekit", [*RANGES, *optional]),
        ("autograder", [*RANGES, *optional]),
        ("lessons", RANGES),
    ):
        names = {canonicalize_name(r.name) for r in declared}
        for file in (ROOT / room).rglob("*.py"):
            for top in (
                imports(file) - set(sys.stdlib_module_names) - {"autograder", "coursekit", "mlflow"}
            ):
                assert names & {canonicalize_name(d) for d in brings.get(top, ())}, (
                    f"{file}: {top} is not declared"
                )


def imports(file: Path) -> set[str]:
    """The top-level names that `file` imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of a wheel of this project, to which a package was added that no file lists."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in NEWCOMERS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "tests").mkdir()
    (folder / "tests" / "__init__.py").touch()
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, "."], cwd=folder, capture_output=True, check=True)
    (built,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


NEWCOMERS = {
    f"autograder/attic/{name}"
    for name in ("__init__.py", "page.html", "templates/page.html.j2", "a.json")
}


def test_packages_and_their_data_are_found_not_listed(wheel: set[str]) -> None:
    assert wheel >= NEWCOMERS
    assert not [name for name in wheel if name.startswith("tests")]


@pytest.mark.parametrize("room", ROOMS)
def test_a_wheel_holds_every_file_of_the_packages(wheel: set[str], room: str) -> None:
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", room]
    names = subprocess.run(
        listing, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    files = {name for name in names if name and (ROOT / name).exists()}
    assert f"{room}/py.typed" in files
    assert files <= wheel


def test_the_changelog_has_the_version() -> None:
    versions = re.findall(
        r"^## \[(.*?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert versions[0] == PROJECT["version"]


def test_binder_would_install_the_environment_and_run_post_build() -> None:
    """repo2docker, as far as it goes without Docker: the Dockerfile."""
    command = [
        str(Path(sys.executable).with_name("jupyter-repo2docker")),
        "--no-build",
        "--debug",
        ".",
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert re.search(r'env update .*--file "environment.yml"', told)
    assert "RUN ./postBuild" in told
    packages = (ROOT / "apt.txt").read_text("utf-8").split()
    own = told.partition("pre-assemble")[2]  # what comes before is repo2docker's
    (installed,) = re.findall(r"apt-get install --yes --no-install-recommends (.*) && ", own)
    assert sorted(installed.split()) == sorted(packages)


def test_the_workflow_runs_ci_with_every_python_of_the_project() -> None:
    (workflow,) = (ROOT / ".github" / "workflows").glob("*.yml")
    (job,) = yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values()
    pythons = job["strategy"]["matrix"]["python"]
    around = [f"3.{minor}" for minor in range(8, 20)]
    assert pythons == [p for p in around if SpecifierSet(PROJECT["requires-python"]).contains(p)]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert len(runs) == 1
    assert re.search(r" PYTHON=.*steps\.python\..* \.ci/run \$\{\{ .*whole.*test.* \}\}$", runs[0])


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[0-9]*.yml")), ids=lambda p: p.stem
)
def test_issue_forms_have_what_a_form_needs(form: Path) -> None:
    told = yaml.safe_load(form.read_text("utf-8"))
    assert {"name", "description", "body"} <= told.keys()
    asked = [part for part in told["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in asked}) == len(asked)
    assert all(part["attributes"]["label"] for part in asked)
    assert any(part.get("validations", {}).get("required") for part in asked)


def test_no_file_names_a_registry_or_a_machine() -> None:
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(
        listing, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, names):
        try:
            text = (ROOT / name).read_bytes().decode("utf-8")
        except (UnicodeDecodeError, OSError):
            continue  # a picture, or a file deleted but not yet committed
        found = FORBIDDEN.search(re.sub(r"base64,[\w+/=]+", "", text))
        assert found is None, f"{name}: {found and found.group()!r}"


GUIDES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
]


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_in_guides_exist(guide: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    said = set(
        re.findall(r"(?:`|^\s*|\$ )make ([a-z]+)", (ROOT / guide).read_text("utf-8"), re.MULTILINE)
    )
    assert said <= targets, f"{guide} names make targets that do not exist: {said - targets}"
    if guide == "README.md":
        assert {"lab", "test", "demo"} <= said


def test_ci_runs_what_the_readme_tells_to_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.search(r"^make test\b", script.read_text("utf-8"), re.MULTILINE)
    subprocess.run(["bash", "-n", script], check=True)
    planned = subprocess.run(
        ["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for part in (
        "build --check",
        "ruff check",
        "format --check",
        "mypy",
        "pytest -n",
        "--nbval-lax source notebooks",
    ):
        assert part in planned
