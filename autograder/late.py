"""Modules that take a while to import: at their first use, so that `autograder grade` starts its runners before."""

from __future__ import annotations

import importlib
from typing import Any


class _Late:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


jupytext: Any = _Late("jupytext")
nbformat: Any = _Late("nbformat")
