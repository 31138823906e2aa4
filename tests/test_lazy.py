"""What is imported late, or without its own imports, is whole for whoever asks for more."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPTS = {
    "the gradebook alone": """
import sys, autograder.record.gradebook, nbgrader.api
assert "nbgrader.exchange" not in sys.modules
""",
    "then all of it": """
import autograder.record.gradebook, nbgrader.api, nbgrader
assert nbgrader.__version__ and nbgrader._jupyter_server_extension_points()
assert nbgrader.exchange.ExchangeFactory and not hasattr(nbgrader, "nothing")
from nbgrader.apps import NbGraderApp
""",
    "jupytext's reader alone": """
import sys
from autograder.lazy import jupytext
assert jupytext.reads("# %%\\n1 + 1", fmt="py:percent").cells and "jupyter_server" not in sys.modules
import jupytext as whole
assert whole.config.JupytextConfiguration and whole.__version__ and whole.reads is jupytext.reads
""",
    "nothing starts for other commands": """
import sys
from autograder.cli import early_start as ahead
for words in (["report", "x"], ["grade", "x", "--scheduler=tcp://y"], ["grade", "--help"], []):
    ahead.start(words)
assert ahead.runner() is None and "autograder.runner.pool" not in sys.modules
""",
    "a warm process is ready for grade, and is handed over once": """
from autograder.cli import early_start as ahead
ahead.start(["grade", "x"])
runner = ahead.runner()
assert ahead.runner() is None
if runner is not None:
    runner.close()
""",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_in_a_process_of_its_own(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPTS[name]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
