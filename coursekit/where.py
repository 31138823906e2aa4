"""Where the code runs: in a notebook's kernel, in some IPython, or in plain Python."""

from __future__ import annotations

import sys


def in_ipython() -> bool:
    """Whether an IPython shell runs this code: a kernel's, a terminal's or the grader's."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def in_kernel() -> bool:
    """Whether a Jupyter kernel runs this code, so that widgets have somebody to talk to."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None
