"""The table of threshold lines: what a diagram can draw and the command line can ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._checks import one_of, spelled
from replica.solution.said import converged, joint

#: what must be known of a line of the constraint alone where the model has a finite cost
COLD = "of the constraint that nothing costs anything, whatever the temperature"


@dataclass(frozen=True)
class LineDefinition:
    """A line: name, symbol (LaTeX), and for each method the function ``(model, size, ansatz) -> Line``, in alpha.

    ``slow``: a point takes a second or more, so that the line is not inverted. ``axis``: what the values of the line
    are, where that is not alpha: the function is then ``(model, alpha, ansatz) -> Line``, alpha (size,).
    """

    name: str
    symbol: str
    cold: bool
    methods: dict[str, Callable[..., Any]]
    slow: bool = False
    axis: str = "alpha"

    def line(self, model: Any, size: Any, ansatz: Any) -> Any:
        """The line of a batch of models in an ansatz; `ValueError` where that ansatz has no such line."""
        if ansatz.method not in self.methods:
            raise ValueError(f"{ansatz} gives no {self.name} line")
        found = self.methods[ansatz.method](self.model(model), size, ansatz)
        facts = [COLD] if self.cold and not model.loss.hard else []
        told = [*facts, *model.architecture.unread]
        found.status = [joint(text, *told) if converged(text) else text for text in found.status]
        return found.sure()

    def model(self, model: Any) -> Any:
        """The model whose branch the line follows: at beta = inf for lines of the constraint alone."""
        warm = self.cold and np.any(np.isfinite(model.beta))
        return model.with_parameters(beta=float("inf")) if warm else model

    def asked(self, model: Any) -> Any:
        """The model an ansatz must know: for the constraint alone it need not know vectors of least cost."""
        bare = self.cold and not model.loss.hard and not model.weights.penalised  # penalties have limits at beta = inf
        return model.with_parameters(beta=1.0) if bare else self.model(model)

    @property
    def summary(self) -> str:
        """First sentence of the first function's docstring."""
        return (next(iter(self.methods.values())).__doc__ or "").strip().splitlines()[0]


LINES: dict[str, LineDefinition] = {}


def threshold_line(
    name: str, symbol: str = "", *, method: str = "branch", cold: bool = False, slow: bool = False, axis: str = "alpha"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the line ``name`` by a method; ``cold`` lines are of the model at beta = inf, ``slow``
    ones are not inverted; ``axis`` is what a line gives that is not an alpha.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        definition = LINES.setdefault(name, LineDefinition(name, symbol, cold, {}, slow, axis))
        known = definition.methods.setdefault(method, function)
        if known.__qualname__ != function.__qualname__:
            raise TypeError(f"two threshold lines are called {name!r} for the method {method!r}")
        return function

    return register


def find_line(name: str) -> LineDefinition:
    """The line ``name``; `ValueError` with the nearest name otherwise."""
    return LINES[one_of("line", spelled(name, LINES), LINES)]
