"""Python source as a tree, from any thread.

Python 3.11 counts the depth of a tree for all threads at once: two that parse at the same moment
may end in `SystemError: AST constructor recursion depth mismatch` (cpython issue 106905). So
nothing here calls `ast.parse` by itself.
"""

from __future__ import annotations

import ast
import threading

_one_at_a_time = threading.Lock()


def parse(source: str) -> ast.Module:
    """What `ast.parse` returns, or raises."""
    with _one_at_a_time:
        return ast.parse(source)
