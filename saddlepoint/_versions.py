"""Versions of what the last bits of a result depend on; nothing else lives here."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


@functools.cache
def _installed() -> dict[str, str]:
    # reading the metadata of a package takes a millisecond, longer than many a solve
    return {name: importlib.metadata.version(name) for name in ("numpy", "scipy", "numba")}


def library_versions() -> dict[str, str]:
    """Versions of numpy, scipy, numba and Python."""
    return {**_installed(), "python": platform.python_version()}


@functools.cache
def sources(package: str) -> str:
    """Of the sources of a package, or of a module that is none."""
    file = getattr(sys.modules.get(package), "__file__", None)
    if file is None:
        return "unknown"
    place = Path(file)
    digest = hashlib.sha256()
    for source in sorted(place.parent.rglob("*.py")) if place.name == "__init__.py" else [place]:
        digest.update(source.relative_to(place.parent).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def producers(function: Callable[..., Any]) -> dict[str, str]:
    """This package and the one that a function is from: their versions and digests of their sources."""
    module = getattr(getattr(function, "func", function), "__module__", None) or "__main__"
    found = {}
    for name in sorted({__name__.split(".")[0], module.split(".")[0]}):
        version = getattr(sys.modules.get(name), "__version__", None)
        found[name] = f"{version}, sources {sources(name)}" if version else f"sources {sources(name)}"
    return found
