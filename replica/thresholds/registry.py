"""The table of threshold lines: what a diagram can draw and the command line can ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from replica._checks import one_of


@dataclass(frozen=True)
class LineDefinition:
    """A line in alpha: name, symbol (LaTeX), and the function ``(model, size, ansatz) -> Line``."""

    name: str
    symbol: str
    compute: Callable[..., Any]
    cold: bool = False

    def model(self, model: Any) -> Any:
        """The model whose branch the line follows: at beta = inf for lines of the constraint alone."""
        return model.with_parameters(beta=float("inf")) if self.cold else model

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return (self.compute.__doc__ or "").strip().splitlines()[0]


LINES: dict[str, LineDefinition] = {}


def threshold_line(name: str, symbol: str, *, cold: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the line ``name``; ``cold`` lines belong to the model at beta = inf."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        known = LINES.get(name)
        if known is not None and known.compute.__qualname__ != function.__qualname__:
            raise TypeError(f"two threshold lines are called {name!r}")
        LINES[name] = LineDefinition(name, symbol, function, cold)
        return function

    return register


def find_line(name: str) -> LineDefinition:
    """The line ``name``; `ValueError` with the nearest name otherwise."""
    return LINES[one_of("line", name, LINES)]
