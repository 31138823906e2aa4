"""A study folder from before the worlds moved: its notebooks import them by their old names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from autograder.grade import submission
from autograder.grade.judge import Judge
from autograder.study import copies
from autograder.study.study import Study
from tests.bank import COURSE, cells_as_text, read
from tests.demo import fill, new_course

NEW = re.compile(r"\bcoursekit\.(coding|mlops)\.")


def old_notebook(key: str, released: dict[str, Any]) -> dict[str, Any]:
    """The solved notebook as it was saved then."""
    made = fill(released, read(key), cells_as_text(read(key), stub=False))
    for cell in made["cells"]:
        cell["source"] = NEW.sub("coursekit.", "".join(cell["source"]))
    return made


@pytest.mark.parametrize("key", ["02_coding/04_cache_features", "04_mlops/03_register_models"])
def test_an_old_notebook_earns_what_it_earned(key: str, judge: Judge) -> None:
    released = json.loads((COURSE.root / "release" / f"{key}.ipynb").read_text("utf-8"))
    made = old_notebook(key, released)
    assert made != fill(released, read(key), cells_as_text(read(key), stub=False))
    repairs: list[str] = []
    _, job = submission.read(read(key), "you", json.dumps(made).encode(), repairs)
    result = judge.grade(read(key), job)
    assert (result.state, result.points, result.problems) == ("graded", result.max_points, ())


def test_an_update_keeps_it_and_puts_the_new_one_beside(tmp_path: Path) -> None:
    key = "02_coding/04_cache_features"
    course = new_course(tmp_path / "course")
    own = course.root / "notebooks" / f"{key}.ipynb"
    own.parent.mkdir(parents=True)
    own.write_bytes((COURSE.root / "notebooks" / f"{key}.ipynb").read_bytes())
    study = Study(course.root)
    path = study.notebook(key)
    path.parent.mkdir(parents=True)
    text = json.dumps(old_notebook(key, json.loads(own.read_text("utf-8"))))
    path.write_text(text, "utf-8")
    assert [change.kind for change in copies.update(study)] == ["beside"]
    assert path.read_text("utf-8") == text
    assert path.with_name("04_cache_features.new.ipynb").read_bytes() == own.read_bytes()
