"""The wall is a folder: what stands in `inside/` shares a process with learners' code, and nothing
else of ours.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder import inside
from autograder.grade.judge import Judge
from autograder.inside.resources import readable
from autograder.lessons.lesson import Lesson
from autograder.selfstudy import grade_this_notebook
from coursekit import attempt
from tests.bank import grade_text
from tests.small import KEY, RIGHT, course_with

INSIDE = Path(inside.__file__).parent
PACKAGE = INSIDE.parent
KIT = Path(attempt.__file__).parent
LOADED = """
import json, sys
import autograder.inside.server
ours = [m.__file__ for name, m in sys.modules.items() if name.partition(".")[0] in ("autograder", "coursekit")]
print(json.dumps(ours))
"""
LOOK = f"""
for file in {sorted(map(str, PACKAGE.rglob("*.py")))!r}:
    try:
        open(file).close()
        print("found", file)
    except OSError: pass
"""


def _shown() -> set[Path]:
    """The modules of this project that a learner's process may read."""
    root, environment = PACKAGE.parent, Path(sys.prefix)
    places = [p for p in readable() if p.is_relative_to(root) and not p.is_relative_to(environment)]
    return {
        file for place in places for file in ([place] if place.is_file() else place.rglob("*.py"))
    }


def test_the_box_shows_what_runs_inside_and_nothing_else_of_this_project() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    imported = {Path(file) for file in json.loads(loaded.stdout)}
    called = {Path(grade_this_notebook.__code__.co_filename)}  # by cells of self-study notebooks
    assert _shown() == imported | called | set(INSIDE.glob("*.py")) | set(KIT.rglob("*.py"))
    assert {file for file in _shown() if not file.is_relative_to(KIT)} >= {PACKAGE / "__init__.py"}


def test_what_runs_inside_knows_nothing_of_the_judges_side() -> None:
    for file in INSIDE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith("autograder") or name.startswith(
                    ("autograder.inside", "autograder.plain")
                ), f"{file}: {name}"


def test_a_learner_finds_no_other_file_of_ours(judge: Judge, tmp_path: Path) -> None:
    lesson = Lesson.read(course_with(tmp_path).lesson_path(KEY))
    result = grade_text(judge, lesson, f"# %% words\n{LOOK}\n{RIGHT}")
    shown = "".join(
        o.get("text", "") for c in (result.trace.cells if result.trace else ()) for o in c.outputs
    )
    found = {
        Path(line.removeprefix("found ")) for line in shown.splitlines() if line.endswith(".py")
    }
    assert found == {file for file in _shown() if file.is_relative_to(PACKAGE)}


@pytest.mark.parametrize("place", ["world.py", "coding/world.py"])
def test_an_experiment_blames_the_learners_line_wherever_in_the_kit_it_broke(place: str) -> None:
    names: dict[str, Any] = {}
    exec(compile("def world():\n    raise ValueError('no')\n", str(KIT / place), "exec"), names)
    exec(compile("def mine():\n    world()\n", "my cell", "exec"), names)
    with pytest.raises(ValueError, match="no") as raised:
        names["mine"]()
    assert attempt.in_a_sentence(raised.value) == "ValueError: no (line 2 of mine)"
