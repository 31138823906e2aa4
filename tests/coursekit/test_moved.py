"""Notebooks that were saved before the worlds moved still import them."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from coursekit.moved import NEW_NAMES


@pytest.mark.parametrize("old", NEW_NAMES)
def test_an_old_name_is_the_same_module(old: str) -> None:
    new = importlib.import_module(NEW_NAMES[old])
    assert importlib.import_module(old) is new
    assert new.__name__ == NEW_NAMES[old]
    assert new.__spec__ is not None
    assert new.__spec__.name == NEW_NAMES[old]


def test_a_saved_cell_runs_whichever_name_comes_first() -> None:
    cell = (
        "from coursekit.traces import zipf_trace as a\n"
        "from coursekit.coding.traces import zipf_trace as b\n"
        "import coursekit.drift, coursekit.mlops.drift\n"
        "print(a is b, coursekit.drift is coursekit.mlops.drift)"
    )
    done = subprocess.run([sys.executable, "-c", cell], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"


def test_a_name_that_never_was_is_not_there() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"coursekit\.nothing"):
        importlib.import_module("coursekit.nothing")
