"""Modules that take a while to import: at their first use, so that `autograder grade` starts its
runners before.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from typing import Any


class _Late:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


def without_its_own(name: str) -> None:
    """Let modules of a package be imported without what the package itself imports, until somebody
    asks it for more.

    nbgrader's own is JupyterLab's extensions, the exchange and nbconvert, jupytext's a contents
    manager: they take longer than what is wanted of the two.
    """
    spec = find_spec(name) if name not in sys.modules else None
    if spec is not None and spec.loader is not None:
        package = sys.modules[name] = module_from_spec(spec)
        vars(package)["__getattr__"] = lambda attribute: _asked(package, spec, attribute)


def _asked(package: Any, spec: ModuleSpec, attribute: str) -> Any:
    # asked by whoever inspects modules
    if attribute.startswith("__") and attribute != "__version__":
        raise AttributeError(attribute)
    if find_spec(f"{spec.name}.{attribute}"):
        return importlib.import_module(f"{spec.name}.{attribute}")
    if vars(package).pop("__getattr__", None) is not None and spec.loader is not None:
        spec.loader.exec_module(package)
    return getattr(package, attribute)


without_its_own("nbgrader")
without_its_own("jupytext")
jupytext: Any = _Late("jupytext.jupytext")
nbformat: Any = _Late("nbformat")
