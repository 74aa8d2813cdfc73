"""Checks of solver settings, in sentences."""

from __future__ import annotations

from typing import Any


def whole(name: str, value: Any, low: int = 1) -> None:
    """Refuse what is not a whole number of at least ``low``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise ValueError(f"{name} must be a whole number of at least {low}, got {value!r}")


def between(name: str, value: Any, low: float, high: float) -> None:
    """Refuse what is not a number in ``(low, high]``."""
    if not low < value <= high:
        raise ValueError(f"{name} must be in ({low:g}, {high:g}], got {value!r}")
