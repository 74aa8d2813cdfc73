"""Spectrum of the Hessian of a differentiable loss at weights that were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import grid, number
from replica.losses import Loss
from replica.models.model import Model
from replica.simulate.gradients import hessian, require_gradients
from replica.simulate.instances import Instance
from replica.simulate.readouts.base import Measured, Readout

ROUNDING = 1e-14  # of eigenvalues, relative to the largest and times N


@dataclass(frozen=True)
class Hessian(Readout):
    r"""Eigenvalues of the Hessian of ``sum_mu l(h_mu) + (penalty/2)|w|^2`` in the weights of a unit or a committee.

    .. math:: H = F^T \mathrm{diag}\, l''(h)\, F + \sum_\mu l'(h_\mu)\, \nabla\nabla h_\mu + \text{penalty},\qquad
              F = \nabla h

    (one unit: ``F = y X/sqrt(N)``, and no second term). On spheres (weights whose norm is held, for each unit) that of
    the tangent directions, less the multipliers ``sum_mu l'(h_mu) w_k.F_mu/|w_k|^2`` of the norms. ``hessian`` over
    ``quantile`` (0: the smallest eigenvalue, 1: the largest), ``hessian_trace`` (per direction), ``hessian_negative``
    (share of negative ones).

    Parameters
    ----------
    quantile : increasing grid
        In [0, 1].
    loss : Loss, optional
        Convex and without kinks; None: the model's own. Another one measures solutions of a constraint:
        ``Hessian(loss=replica.Logistic(1.0))``.

    Notes
    -----
    Errors: rounding of the eigenvalues. Cost N^3. For one unit and the square loss the spectrum is that of Marchenko
    and Pastur, moved by the penalty. Kinked units (ReLU) count between their kinks.

    Examples
    --------
    >>> import replica
    >>> runs = replica.simulate(
    ...     replica.mixture("square", bias=False), algorithm="erm", n=50, alpha=4.0, seed=1, readouts=["hessian"]
    ... )
    >>> bool(runs["hessian"].sel(quantile=0.0) > 1) and float(runs["hessian_negative"][0]) == 0
    True
    """

    quantile: Any = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
    loss: Any = None
    name: ClassVar[str] = "hessian"

    def __post_init__(self) -> None:
        points = number("quantile", grid("quantile", self.quantile), low=0.0, high=1.0)
        object.__setattr__(self, "quantile", tuple(np.ravel(points).tolist()))
        if self.loss is not None and not isinstance(self.loss, Loss):
            raise ValueError(f"loss must be a Loss, got {self.loss!r}")

    def check(self, model: Model) -> None:
        loss = self.loss or model.loss
        require_gradients(self.name, model)
        if loss.hard or not loss.log_concave or loss.kinks():
            raise ValueError(f"readout 'hessian' needs a convex loss without kinks, got {loss}: give Hessian(loss=...)")

    def coordinates(self) -> dict[str, np.ndarray]:
        return {"quantile": np.array(self.quantile)}

    def measure(self, instance: Instance, weights: np.ndarray, rng: np.random.Generator) -> Measured:
        values = eigenvalues(instance, weights, self.loss or instance.model.loss)
        error = ROUNDING * values.size * max(float(np.max(np.abs(values), initial=0.0)), 1e-300)
        if not values.size:  # a sphere of one dimension has no tangent
            values, error = np.full(1, np.nan), np.nan
        spectrum = np.quantile(values, self.quantile)
        return {
            "hessian": (spectrum, np.full(spectrum.shape, error)),
            "hessian_trace": (np.array(values.mean()), np.array(error)),
            "hessian_negative": (np.array(np.mean(values < -error)), np.array(0.0)),
        }


def eigenvalues(instance: Instance, weights: np.ndarray, loss: Loss) -> np.ndarray:
    """All of them, increasing."""
    from scipy.linalg import eigvalsh

    matrix = hessian(instance, weights, loss)
    return eigvalsh(matrix) if len(matrix) else np.empty(0)
