"""Replica theory of learning: models, ansatz, saddle points, observables and phase diagrams of perceptrons.

Everything a user needs is here by name; heavy libraries (xarray, matplotlib, scipy's optimisers) load on first use.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replica._installed import warn_of_namesake
from replica._version import __version__
from replica.ansatz import RS, RSB, Annealed
from replica.architectures import FullCommittee, Parity, Perceptron, TreeCommittee
from replica.data import Clusters, Covariates, GaussianMixture, RandomFeatures, RandomLabels, Teacher
from replica.losses import Band, ErrorCount, Hinge, Huber, Logistic, Margin, OutsideBand, Square
from replica.models.committees import committee, parity
from replica.models.mixtures import clusters, mixture
from replica.models.model import Model, perceptron
from replica.models.structured import covariates, random_features
from replica.observables import flatness, generalization_error, margin_distribution, stability, weight_distribution
from replica.real_data.covariates import SeenCovariates
from replica.real_data.covariates import from_data as _seen_covariates
from replica.real_data.isotropic import TwoClusters, from_data
from replica.real_data.shaped import ShapedClusters
from replica.simulate import instance, simulate
from replica.solution.quantity import Quantity
from replica.solution.single import Solution, SolveFailed
from replica.thresholds import (
    Threshold,
    at_line,
    capacity,
    dynamic_transition,
    freezing,
    gardner_line,
    max_margin,
    optimal_penalty,
    spinodal,
    static_transition,
    threshold,
    transition,
)
from replica.verbs import solve
from replica.weights import Binary, Discrete, Gaussian, NonNegative, SignConstrained, Spherical, Ternary
from saddlepoint.enclosures import Enclosure, NotEnclosed

if TYPE_CHECKING:  # for editors: these load on first use
    from replica.files.records import load, save
    from replica.landscape.franz_parisi import franz_parisi
    from replica.landscape.isolation import isolation
    from replica.landscape.local_entropy import local_entropy
    from replica.landscape.named_references import Reference
    from replica.landscape.overlap_gap import overlap_gap
    from replica.landscape.path import path
    from replica.landscape.star_shape import convex_margin, kernel_margin
    from replica.landscape.threshold import local_entropy_threshold
    from replica.plots import plot
    from replica.simulate.compare import compare
    from replica.simulate.success import success_threshold
    from replica.sweeps.complexity import complexity
    from replica.sweeps.diagram import diagram
    from replica.sweeps.sweep import sweep
    from replica.wide.deep_linear import critical_points
    from replica.wide.gradient import descent
    from replica.wide.mode_learning import mode_learning
    from replica.wide.network import WideKernel, kernel
    from replica.wide.regression import KernelRegression, kernel_regression

warn_of_namesake(Path(__file__).parents[1])

#: also where a reader of "two clusters" looks for it
mixture.from_data = from_data  # type: ignore[attr-defined]

covariates.from_data = _seen_covariates  # type: ignore[attr-defined]

_LAZY = {
    "local_entropy": "replica.landscape.local_entropy",
    "overlap_gap": "replica.landscape.overlap_gap",
    "path": "replica.landscape.path",
    "kernel_margin": "replica.landscape.star_shape",
    "convex_margin": "replica.landscape.star_shape",
    "local_entropy_threshold": "replica.landscape.threshold",
    "isolation": "replica.landscape.isolation",
    "sweep": "replica.sweeps.sweep",
    "complexity": "replica.sweeps.complexity",
    "franz_parisi": "replica.landscape.franz_parisi",
    "Reference": "replica.landscape.named_references",
    "diagram": "replica.sweeps.diagram",
    "compare": "replica.simulate.compare",
    "success_threshold": "replica.simulate.success",
    "plot": "replica.plots",
    "critical_points": "replica.wide.deep_linear",
    "descent": "replica.wide.gradient",
    "mode_learning": "replica.wide.mode_learning",
    "kernel": "replica.wide.network",
    "WideKernel": "replica.wide.network",
    "kernel_regression": "replica.wide.regression",
    "KernelRegression": "replica.wide.regression",
    "save": "replica.files.records",
    "load": "replica.files.records",
}

__all__ = [
    "RS",
    "RSB",
    "Annealed",
    "Band",
    "Binary",
    "Clusters",
    "Covariates",
    "Discrete",
    "Enclosure",
    "ErrorCount",
    "FullCommittee",
    "Gaussian",
    "GaussianMixture",
    "Hinge",
    "Huber",
    "KernelRegression",
    "Logistic",
    "Margin",
    "Model",
    "NonNegative",
    "NotEnclosed",
    "OutsideBand",
    "Parity",
    "Perceptron",
    "Quantity",
    "RandomFeatures",
    "RandomLabels",
    "Reference",
    "SeenCovariates",
    "ShapedClusters",
    "SignConstrained",
    "Solution",
    "SolveFailed",
    "Spherical",
    "Square",
    "Teacher",
    "Ternary",
    "Threshold",
    "TreeCommittee",
    "TwoClusters",
    "WideKernel",
    "__version__",
    "at_line",
    "capacity",
    "clusters",
    "committee",
    "compare",
    "complexity",
    "convex_margin",
    "covariates",
    "critical_points",
    "descent",
    "diagram",
    "dynamic_transition",
    "flatness",
    "franz_parisi",
    "freezing",
    "from_data",
    "gardner_line",
    "generalization_error",
    "instance",
    "isolation",
    "kernel",
    "kernel_margin",
    "kernel_regression",
    "load",
    "local_entropy",
    "local_entropy_threshold",
    "margin_distribution",
    "max_margin",
    "mixture",
    "mode_learning",
    "optimal_penalty",
    "overlap_gap",
    "parity",
    "path",
    "perceptron",
    "plot",
    "random_features",
    "save",
    "simulate",
    "solve",
    "spinodal",
    "stability",
    "static_transition",
    "success_threshold",
    "sweep",
    "threshold",
    "transition",
    "weight_distribution",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        found = getattr(importlib.import_module(_LAZY[name]), name)
        return found
    raise AttributeError(f"module 'replica' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
