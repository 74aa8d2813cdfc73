"""What is made of arguments that have one entry per row is made again of some rows, or on finer integrals."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np

from saddlepoint.quadrature.levels import LEVELS


@cache
def _parameters(kind: type) -> tuple[str, ...]:
    return tuple(inspect.signature(kind).parameters)


def _arguments(batch: Rowwise) -> tuple[str, ...]:
    """Names of what a batch is made of."""
    kind: Any = type(batch)
    return _parameters(kind)


def _taken(value: Any, index: np.ndarray) -> Any:
    """The rows of an argument: an array, a table of arrays, nothing, or what takes rows itself."""
    if value is None:
        return None
    if isinstance(value, np.ndarray):
        return value[index]
    if isinstance(value, dict):
        return {name: one[index] for name, one in value.items()}
    return value.take(index)


class Rowwise:
    """A batch that keeps each argument it is made of under the argument's name.

    ``rowwise`` names those with one entry per row; ``size``, where it is an argument, is the number of rows, and
    ``level`` the fineness of integrals. Where ``level`` is none, that of the arguments is meant.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint.rows import Rowwise
    >>> class Pair(Rowwise):
    ...     rowwise = ("alpha",)
    ...     def __init__(self, alpha, level=1):
    ...         self.alpha, self.level = alpha, level
    >>> some = Pair(np.array([0.1, 0.2, 0.3])).take(np.array([2, 0])).refined()
    >>> some.alpha, some.level
    (array([0.3, 0.1]), 2)
    """

    rowwise: ClassVar[tuple[str, ...]] = ()
    #: the level of its finest integrals
    finest: ClassVar[float] = len(LEVELS) - 1
    level: int

    def like(self, **changed: Any) -> Self:
        """Made of the same arguments, but for those that are given."""
        return type(self)(**{name: changed.get(name, getattr(self, name)) for name in _arguments(self)})

    def take(self, index: np.ndarray) -> Self:
        """The rows ``index`` (integers, repeats allowed)."""
        return self.like(**{name: _taken(getattr(self, name), index) for name in self.rowwise}, size=len(index))

    def at_level(self, level: int) -> Self:
        """The same on integrals of that fineness."""
        if "level" in _arguments(self):
            return self.like(level=level)
        parts = {name: getattr(self, name) for name in self.rowwise}
        return self.like(**{name: part.at_level(level) for name, part in parts.items() if isinstance(part, Rowwise)})

    def refined(self) -> Self:
        """The same on the next finer integrals; itself where there are none."""
        if "level" in _arguments(self):
            return self.at_level(self.level + 1) if self.level < self.finest else self
        parts = {name: getattr(self, name) for name in self.rowwise}
        finer = {name: part.refined() for name, part in parts.items() if isinstance(part, Rowwise)}
        return self.like(**finer) if finer else self
