"""What a stored result depends on: whatever can change points, and nothing else."""

from __future__ import annotations

import ast
import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.lessons import dependencies
from tests.bank import COURSE, read

HERE = Path(dependencies.__file__).resolve().parents[2]
KEY = "02_coding/04_cache_features"
SAY = f"""
import json
from autograder.lessons.course import Course
from autograder.lessons.lesson import Lesson
print(json.dumps(Lesson.read(Course.find(__import__("pathlib").Path()).lesson_path("{KEY}")).basis))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that may be bent."""
    root = tmp_path_factory.mktemp("project")
    for name in ("autograder", "coursekit", "lessons"):
        shutil.copytree(HERE / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "nbgrader_config.py", root)
    return root


def basis(root: Path) -> str:
    """What the lesson's points depend on there, as one text."""
    done = subprocess.run(
        [sys.executable, "-c", SAY], cwd=root, capture_output=True, text=True, check=True
    )
    return done.stdout


as_it_is = functools.cache(basis)


def changed(root: Path, name: str) -> bool:
    """Whether one more line in a file changes what the lesson's points depend on."""
    before, file = as_it_is(root), root / name
    old = file.read_bytes()
    file.write_bytes(old + b"\n# one more line\n")
    try:
        return basis(root) != before
    finally:
        file.write_bytes(old)


@pytest.mark.parametrize(
    "name",
    [
        "autograder/grade/judge.py",
        "autograder/grade/submission.py",
        "autograder/runner/client.py",
        "autograder/lessons/lesson.py",
        "coursekit/checks.py",
        "coursekit/coding/traces.py",
        f"lessons/{KEY}.py",
    ],
)
def test_what_can_change_points_grades_anew(copy: Path, name: str) -> None:
    assert changed(copy, name)


@pytest.mark.parametrize(
    "name",
    [
        "autograder/report/page.py",
        "autograder/record/feedback.py",
        "autograder/cli/app.py",
        "autograder/study/plan.py",
        "autograder/build/editions.py",
        "coursekit/coding/gpu.py",
        "coursekit/mlops/drift.py",
        "lessons/course.toml",
        "lessons/04_mlops/01_detect_drift.py",
    ],
)
def test_what_cannot_change_points_grades_nothing(copy: Path, name: str) -> None:
    assert not changed(copy, name)


@pytest.mark.parametrize("key", COURSE.lessons)
def test_a_lesson_depends_on_the_worlds_that_it_imports(key: str) -> None:
    lesson = read(key)
    worlds = dependencies.worlds(lesson.trees)
    found = {file.stem for file in worlds} | {file.parent.name for file in worlds}
    imported = {
        parts[2]
        for tree in lesson.trees
        for parts in (name.split(".") for name in dependencies.imported(tree))
        if parts[0] == "coursekit" and len(parts) > 3
    }
    assert imported
    assert imported <= found
    room = COURSE.outline.modules[lesson.module].room
    assert set(lesson.preload) >= {f"coursekit.{room}.{name}" for name in imported}
    of_room = dependencies.KIT / room  # packages in it, too
    assert all(file.is_relative_to(of_room) for file in worlds)


def test_the_data_of_a_world_counts(copy: Path) -> None:
    lesson = read("04_mlops/03_register_models")
    assert "mlflow_registry.json" in {file.name for file in dependencies.worlds(lesson.trees)}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A world that is a package with data, in a kit of its own; a module `other` lies beside it."""
    room = tmp_path / "coursekit" / "devops"
    world = room / "cluster"
    (world / "data" / "1.33").mkdir(parents=True)
    (room / "data").mkdir()
    for file, text in {
        room / "__init__.py": "",
        room / "other.py": "",
        room / "data" / "other.json": "{}",
        world / "__init__.py": "from . import pods\nfrom .inner import nodes\n",
        world / "pods.py": "from ..quantities import KIB\n",
        world / "unused.py": "",
        world / "data" / "1.33" / "pod.json": "{}",
        room / "quantities.py": "KIB = 1024\nLIST = 'rules.yaml'\n",
        room / "data" / "rules.yaml": "",
    }.items():
        file.write_text(text)
    (world / "inner").mkdir()
    (world / "inner" / "__init__.py").write_text("")
    (world / "inner" / "nodes.py").write_text("from coursekit.devops.cluster import pods\n")
    monkeypatch.setattr(dependencies, "PACKAGES", tmp_path)
    monkeypatch.setattr(dependencies, "KIT", tmp_path / "coursekit")
    return room


def test_of_a_package_all_that_is_imported_counts_and_all_its_data(package: Path) -> None:
    tree = ast.parse("from coursekit.devops.cluster import run")
    assert {file.relative_to(package).as_posix() for file in dependencies.worlds([tree])} == {
        "__init__.py",
        "quantities.py",
        "data/rules.yaml",
        "cluster/__init__.py",
        "cluster/pods.py",
        "cluster/data/1.33/pod.json",
        "cluster/inner/__init__.py",
        "cluster/inner/nodes.py",
    }


def test_every_room_that_grades_is_there() -> None:
    for name in dependencies.GRADER:
        assert (HERE / "autograder" / name).exists()
