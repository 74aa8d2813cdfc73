"""Replica theory of learning: models, ansatz, saddle points, observables and phase diagrams of perceptrons.

Everything a user needs is here by name; heavy libraries (xarray, matplotlib, scipy's optimisers) load on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

from replica._version import __version__
from replica.ansatz import RS, RSB, Annealed
from replica.architectures import Perceptron, TreeCommittee
from replica.data import RandomLabels, Teacher
from replica.losses import Band, ErrorCount, Margin, OutsideBand
from replica.model import Model, committee, perceptron
from replica.observables import generalization_error, margin_distribution, stability
from replica.solution import Quantity, Solution, SolveFailed
from replica.thresholds import Threshold, at_line, capacity, freezing, max_margin, spinodal, transition
from replica.verbs import solve
from replica.weights import Binary, Discrete, Gaussian, Spherical, Ternary

_LAZY = {
    "local_entropy": "replica.local",
    "sweep": "replica.curves",
    "franz_parisi": "replica.landscape",
    "Reference": "replica.landscape",
    "diagram": "replica.diagrams",
    "plot": "replica.plots",
    "save": "replica.records",
    "load": "replica.records",
}

__all__ = [
    "RS",
    "RSB",
    "Annealed",
    "Band",
    "Binary",
    "Discrete",
    "ErrorCount",
    "Gaussian",
    "Margin",
    "Model",
    "OutsideBand",
    "Perceptron",
    "Quantity",
    "RandomLabels",
    "Reference",
    "Solution",
    "SolveFailed",
    "Spherical",
    "Teacher",
    "Ternary",
    "Threshold",
    "TreeCommittee",
    "__version__",
    "at_line",
    "capacity",
    "committee",
    "diagram",
    "franz_parisi",
    "freezing",
    "generalization_error",
    "load",
    "local_entropy",
    "margin_distribution",
    "max_margin",
    "perceptron",
    "plot",
    "save",
    "solve",
    "spinodal",
    "stability",
    "sweep",
    "transition",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        found = getattr(importlib.import_module(_LAZY[name]), name)
        return found
    raise AttributeError(f"module 'replica' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
