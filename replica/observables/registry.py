"""The table of observables: names, symbols and what they are; the numbers come from the solved problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from replica._checks import one_of
from replica.solution.batch import Solutions
from replica.solution.names import ORDER_PARAMETERS, of_level

Measured = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Observable:
    """A number (with error) per solution: ``measure(solutions) -> (values, errors)``."""

    name: str
    symbol: str
    summary: str
    measure: Callable[[Solutions], Measured]
    kind: str = ""  # observables of one kind share an axis in figures; it is named after them


OBSERVABLES: dict[str, Observable] = {}


def observable(
    name: str, symbol: str, kind: str = ""
) -> Callable[[Callable[[Solutions], Measured]], Callable[[Solutions], Measured]]:
    """Register a function of a batch of solutions as the observable ``name``."""

    def register(function: Callable[[Solutions], Measured]) -> Callable[[Solutions], Measured]:
        known = OBSERVABLES.get(name)
        if known is not None and known.measure.__qualname__ != function.__qualname__:
            raise TypeError(f"two observables are called {name!r}")
        summary = (function.__doc__ or "").strip().splitlines()[0]
        OBSERVABLES[name] = Observable(name, symbol, summary, function, kind)
        return function

    return register


SYMBOLS = {
    "q": "q",
    "Q": "Q",
    "m": "m",
    "V": "V",
    "q_hat": r"\hat q",
    "Q_hat": r"\hat Q",
    "m_hat": r"\hat m",
    "beta": r"\beta",
    "alpha": r"\alpha",
    "margin": r"\kappa",
    "temperature": "T",
    "penalty": r"\lambda",
    "noise": r"\Delta",
    "balance": r"\rho",
    "units": "K",
    "norm": "Q",
    "bias": "b",
}


def symbol_of(name: str) -> str:
    """LaTeX symbol of an observable, order parameter or axis."""
    found = OBSERVABLES.get(name)
    return found.symbol if found else SYMBOLS.get(name, rf"\mathrm{{{name.replace('_', ' ')}}}")


def kind_of(name: str) -> str:
    """What an observable is a number of, where several are of the same; else empty."""
    found = OBSERVABLES.get(name)
    return found.kind if found else ""


def measure(solutions: Solutions, name: str) -> Measured:
    """Values and errors of an observable or an order parameter over a batch."""
    if of_level(name):
        return solutions.value(name), solutions.error(name)
    found = OBSERVABLES.get(one_of("observable", name, (*OBSERVABLES, *ORDER_PARAMETERS)))
    return found.measure(solutions) if found else (solutions.value(name), solutions.error(name))
