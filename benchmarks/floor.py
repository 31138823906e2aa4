"""The floor of grading: the same cells by plain `exec` in forks of a warm process. No box, no
capture, no records.

`python -m benchmarks.floor COURSE JOBS` runs all code cells of `source/`, with each submission's
own code in place of the solution cells, and prints the seconds it took, start-up left out.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot
import numpy.random  # noqa: F401
import pandas  # noqa: F401

import coursekit  # noqa: F401


def cells(source: dict[str, Any], submitted: dict[str, Any]) -> list[str]:
    """What a kernel would run."""
    theirs = {c["id"]: c for c in submitted["cells"]}
    out = []
    for cell in source["cells"]:
        if cell["cell_type"] == "code":
            solution = cell["metadata"].get("nbgrader", {}).get("solution", False)
            text = (theirs if solution else {cell["id"]: cell})[cell["id"]]["source"]
            out.append("".join(text))
    return out


def run(sources: list[str]) -> None:
    """Run the cells here, output to nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, text in enumerate(sources):
        exec(compile(text, f"<cell {number}>", "exec"), names)
    matplotlib.pyplot.close("all")


def main() -> int:
    root, jobs = Path(sys.argv[1]), int(sys.argv[2])
    notebooks = []
    for path in sorted((root / "submitted").glob("*/*/*.ipynb")):
        source = json.loads((root / "source" / path.parent.name / path.name).read_text("utf-8"))
        notebooks.append(cells(source, json.loads(path.read_text("utf-8"))))
    began, running, failed = time.perf_counter(), 0, 0
    for sources in [*notebooks, *[None] * jobs]:
        if sources is None or running == jobs:
            failed += os.wait()[1] != 0 if running else 0
            running -= 1
        if sources is not None:
            pid = os.fork()
            if pid == 0:
                try:
                    run(sources)
                    os._exit(0)
                finally:
                    os._exit(1)
            running += 1
    print(
        json.dumps(
            {"seconds": time.perf_counter() - began, "notebooks": len(notebooks), "failed": failed}
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
