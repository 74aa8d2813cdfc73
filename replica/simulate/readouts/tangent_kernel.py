"""Tangent kernel of a network at weights that were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import grid, number
from replica.models.model import Model
from replica.simulate.gradients import gradients, require_gradients
from replica.simulate.instances import Instance
from replica.simulate.readouts.base import Measured, Readout

ROUNDING = 1e-14  # of eigenvalues, relative to the largest and times P


@dataclass(frozen=True)
class TangentKernel(Readout):
    r"""The tangent kernel of the learned patterns, by which a small step against a gradient moves the outputs.

    .. math:: \Theta_{\mu\nu} = \nabla_w f(x_\mu)\cdot\nabla_w f(x_\nu)

    ``tangent_kernel``: its P eigenvalues over ``kernel_quantile`` (0: the smallest, 1: the largest);
    ``tangent_kernel_trace``: their mean; ``tangent_kernel_alignment = y.Theta.y/P``, by which labels are learned.

    Parameters
    ----------
    quantile : increasing grid
        In [0, 1].

    Notes
    -----
    At standard Gaussian weights the trace and the alignment of a fully connected committee have the means that
    ``kernel(activation, trained="first").matrix(X)`` says, at any number of units, and no spread where these are many.
    Errors: rounding. Cost P^2 (N + P). Slopes of kinked units are those beside the kinks.

    Examples
    --------
    >>> import replica
    >>> model = replica.committee(2, activation="erf", connectivity="full", weights="binary")
    >>> runs = replica.simulate(model, n=12, alpha=0.5, seed=1, readouts=["tangent-kernel"])
    >>> runs["tangent_kernel"].dims
    ('sample', 'kernel_quantile')
    >>> bool(runs["tangent_kernel"].sel(kernel_quantile=0.0) >= 0)
    True
    """

    quantile: Any = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
    name: ClassVar[str] = "tangent-kernel"

    def __post_init__(self) -> None:
        points = number("quantile", grid("quantile", self.quantile), low=0.0, high=1.0)
        object.__setattr__(self, "quantile", tuple(np.ravel(points).tolist()))

    def check(self, model: Model) -> None:
        require_gradients(self.name, model)

    def coordinates(self) -> dict[str, np.ndarray]:
        return {"kernel_quantile": np.array(self.quantile)}

    def measure(self, instance: Instance, weights: np.ndarray, rng: np.random.Generator) -> Measured:
        if not instance.patterns:
            none, alone = np.full(len(self.quantile), np.nan), np.array(np.nan)
            names = ("tangent_kernel_trace", "tangent_kernel_alignment")
            return {"tangent_kernel": (none, none)} | dict.fromkeys(names, (alone, alone))
        rows = gradients(instance, weights)[0]
        matrix = rows @ rows.T
        values = np.linalg.eigvalsh(matrix)
        error = ROUNDING * instance.patterns * max(float(values[-1]), 1e-300)
        spectrum = np.quantile(np.where(np.abs(values) <= error, 0.0, values), self.quantile)
        alignment = float(np.sum((instance.y @ rows) ** 2)) / instance.patterns
        return {
            "tangent_kernel": (spectrum, np.full(spectrum.shape, error)),
            "tangent_kernel_trace": (np.array(np.trace(matrix) / instance.patterns), np.array(error)),
            "tangent_kernel_alignment": (np.array(alignment), np.array(error)),
        }
