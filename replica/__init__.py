"""Replica theory of learning: models, ansatz, saddle points, observables and phase diagrams of perceptrons.

Everything a user needs is here by name. A name is imported when it is first asked for: where it is defined stands in
``__init__.pyi``, which editors and type checkers read too.
"""

from __future__ import annotations

import ast
import importlib.util
import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from replica._installed import warn_of_namesake

_STUB = ast.parse(pkgutil.get_data(__name__, "__init__.pyi") or b"")
#: public name -> the module that defines it
_HOMES = {
    alias.name: node.module
    for node in _STUB.body
    if isinstance(node, ast.ImportFrom) and node.module is not None and node.module != __name__
    for alias in node.names
}
#: where a reader of "two clusters" or "spectrum" looks for it too
_BESIDE = {
    "mixture": ("from_data", "replica.real_data.isotropic"),
    "covariates": ("from_data", "replica.real_data.covariates"),
}

__all__ = sorted(_HOMES)


class _Package(ModuleType):
    """Importing the folder `simulate` does not hide the function of that name."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(importlib.import_module(_HOMES[name]), name)
        if name in _BESIDE:
            attribute, home = _BESIDE[name]
            setattr(found, attribute, getattr(importlib.import_module(home), attribute))
        globals()[name] = found
        return found
    if not name.startswith("__") and importlib.util.find_spec(f"{__name__}.{name}") is not None:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'replica' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


sys.modules[__name__].__class__ = _Package
warn_of_namesake(Path(__file__).parents[1])
