"""Old names of worlds, as notebooks that were saved before they moved import them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "coding": (
        "activities", "gpu", "logs", "outages", "predictions", "prometheus", "rollout", "routing",
        "traces", "traffic",
    ),
    "mlops": ("drift", "experiments", "production", "registries", "training"),
}  # fmt: skip
NEW_NAMES = {
    f"coursekit.{name}": f"coursekit.{room}.{name}"
    for room, names in MOVED.items()
    for name in names
}


class OldNames(MetaPathFinder, Loader):
    """Imports a world by its old name: both names are one module."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for an old name, None for any other."""
        return ModuleSpec(fullname, self) if fullname in NEW_NAMES else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module by its new name, with the spec that it has there."""
        module = importlib.import_module(NEW_NAMES[spec.name])
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is run again; what the import system wrote over is put back."""
        module.__spec__ = self._spec


def install() -> None:
    """Let old names be imported."""
    if not any(isinstance(finder, OldNames) for finder in sys.meta_path):
        sys.meta_path.append(OldNames())
