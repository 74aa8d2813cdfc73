"""The average over the classes of patterns of any data model, for numbers of any kind; no classes here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = ["over_classes"]


def over_classes(channels: Iterable[Any], average: Callable[..., Any], *of_each: Iterable[Any]) -> Any:
    """``sum_c p_c average(c, ...)``: the one average over the classes of patterns; ``of_each`` has an entry for each.

    ``average`` gives arrays or mpmath numbers, in tuples and dictionaries of any kind; what is None stays so. A class
    that is alone has all patterns: what it gives is returned as it is.
    """
    found = [(c.probability, average(c, *more)) for c, *more in zip(channels, *of_each, strict=True)]
    return found[0][1] if len(found) == 1 else _mixture([c for c, _ in found], [part for _, part in found])


def _mixture(chances: Sequence[Any], parts: Sequence[Any]) -> Any:
    first = parts[0]
    if first is None:
        return None
    if isinstance(first, dict):
        return {name: _mixture(chances, [part[name] for part in parts]) for name in first}
    if isinstance(first, tuple):
        mixed = [_mixture(chances, column) for column in zip(*parts, strict=True)]
        return type(first)(*mixed) if hasattr(first, "_fields") else tuple(mixed)
    return sum(chance * part for chance, part in zip(chances, parts, strict=True))
