"""Observables: numbers computed from solutions. Importing a file here is all that makes its observables known."""

from replica.observables import thermodynamics as _thermodynamics
from replica.observables.flatness import flatness
from replica.observables.generalization import generalization_error
from replica.observables.margins import margin_distribution
from replica.observables.registry import OBSERVABLES, Observable, kind_of, measure, symbol_of
from replica.observables.stability import stability
from replica.observables.weights import weight_distribution

__all__ = [
    "OBSERVABLES",
    "Observable",
    "flatness",
    "generalization_error",
    "kind_of",
    "margin_distribution",
    "measure",
    "stability",
    "symbol_of",
    "weight_distribution",
]

_FILES = (_thermodynamics,)
