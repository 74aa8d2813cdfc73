"""Two classes of real data as two Gaussian clusters with means and covariances of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from replica._checks import number
from replica.models.mixtures import clusters
from replica.models.model import Model
from replica.real_data.classes import GROUPS, groups, shaped
from replica.real_data.learning import Described


@dataclass(frozen=True)
class ShapedClusters(Described):
    r"""Two classes described as ``x = mu_label + S_label^{1/2} z``; `from_data` makes it with ``covariance="general"``.

    In units of the features that `from_data` learns from.

    Attributes
    ----------
    means : ndarray, shape (2, N)
        Of the labels +1 and -1, the origin midway between them.
    covariances : ndarray, shape (2, N, N)
    shrinkage : ndarray, shape (2,)
        How far each covariance was moved towards ``tr S/N`` times the identity.
    balance : float
        Share of the label +1.
    dimension : float
        Number of features N, so that P samples are the load ``alpha = P/N``.
    errors : dict
        Standard error of the balance. Those of means and covariances enter predictions by leaving out groups of
        patterns.
    X, y : ndarray
        Features and labels +-1 that `compare` learns from and is tested on.
    classes : tuple
        The user's labels that stand for -1 and +1.
    status : str

    See Also
    --------
    from_data : Makes it.
    TwoClusters : Round clusters of one size.
    clusters : The model.

    Examples
    --------
    >>> import replica
    >>> X, y = replica.instance(replica.mixture(noise=0.5), n=20, alpha=20.0, seed=1)
    >>> found = replica.from_data(X, y, standardise=False, covariance="general")
    >>> found.covariances.shape, found.dimension, found.status[:9]
    ((2, 20, 20), 20.0, 'converged')
    """

    means: np.ndarray = field(repr=False)
    covariances: np.ndarray = field(repr=False)
    shrinkage: np.ndarray
    balance: float
    dimension: float
    errors: dict[str, float]
    classes: tuple[Any, Any]
    status: str
    X: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)
    seen: tuple[np.ndarray, np.ndarray] = field(repr=False)  # patterns and labels that were estimated from
    asked: float | None = field(default=None, repr=False)  # shrinkage

    def _shape(self) -> tuple[np.ndarray, np.ndarray]:
        return self.means, self.covariances

    def _model(self, loss: Any, penalty: float, bias: Any, *shape: Any) -> Model:
        means, covariances = shape
        known = {"penalty": number("penalty", penalty, low=0.0) / self.dimension, "balance": self.balance, "bias": bias}
        return clusters(loss, means=means, covariances=covariances, **known)

    def replicated(self, loss: Any, penalty: float, bias: Any) -> Iterator[tuple[Model, float]]:
        X, y = self.seen
        group = groups(y)
        for k in range(GROUPS):
            means, covariances, _ = shaped(X[group != k], y[group != k], self.asked)
            yield self._model(loss, penalty, bias, means, covariances), self.dimension


def shaped_clusters(
    seen: tuple[np.ndarray, np.ndarray], used: tuple[np.ndarray, np.ndarray], classes: Any, shrinkage: float | None
) -> ShapedClusters:
    """The description of the patterns ``seen``, to be compared on those ``used``."""
    X, y = seen
    means, covariances, shrunk = shaped(X, y, shrinkage)
    balance, size = float(np.mean(y == 1)), X.shape[1]
    errors = {"balance": float(np.sqrt(balance * (1.0 - balance) / len(y)))}
    status = f"converged; covariances of {size} dimensions, shrunk by {shrunk[0]:.2g} and {shrunk[1]:.2g}"
    if min(np.sum(y == 1), np.sum(y == -1)) < 2 * size:
        status += "; fewer than two patterns per dimension in a class: expect predictions to be off"
    known = means, covariances, shrunk, balance, float(size), errors, classes, status
    return ShapedClusters(*known, *used, seen=seen, asked=shrinkage)
