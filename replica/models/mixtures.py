"""Shorthands for two clusters: isotropic ones in the limit of many dimensions, and ones with given covariances."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.architectures import Perceptron
from replica.data import Clusters, GaussianMixture
from replica.losses import Loss
from replica.models.model import Model, inverse
from replica.models.priced import with_penalty
from replica.weights import Gaussian, Weights


def mixture(
    loss: str | Loss = "square",
    *,
    penalty: float = 1.0,
    noise: float = 1.0,
    balance: float = 0.5,
    bias: bool | float | str = True,
    weights: str | Weights = "gaussian",
    norm: float | None = None,
    beta: float = np.inf,
    temperature: float | None = None,
    centroid: str | Weights = "gaussian",
) -> Model:
    r"""Classification of two Gaussian clusters, ``x = label v/sqrt(N) + sqrt(noise) z`` with ``|v|^2 = N``.

    The stability of a pattern is ``h = label (w.x/sqrt(N) + bias)``, the cost ``sum loss(h) + (penalty/2)|w|^2``.

    When not to use it: clusters of other shapes (`clusters`), or before a look at a data set of your own (`from_data`).

    Parameters
    ----------
    loss : str or Loss
        ``"square"`` is ``(1-h)^2/2``, ``"logistic"`` is ``ln(1+exp(-h))``, ``"hinge"`` is ``max(0, 1-h)``; an
        instance; or a function of arrays of h, as in `replica.losses.from_function`.
    penalty : float
        Of Gaussian weights only, at least 0; ``0`` and ``inf`` are the limits.
    noise : float
        Variance of the clusters, above 0.
    balance : float
        Share of the label +1, in (0, 1).
    bias : bool, float or "optimal"
        Learned (without a penalty), 0, a number that is held, or the number that makes the fewest errors.
    weights : str or Weights
        ``"gaussian"`` (penalised), ``"spherical"`` or ``"binary"``.
    norm : float, optional
        ``|w|^2/N`` of spherical weights; binary weights are ``sqrt(norm)`` times signs. None: 1.
    beta : float
        Inverse temperature; ``inf`` minimises the cost.
    temperature : float, optional
        1/beta in its place; 0 is the zero-temperature limit.
    centroid : str or Weights
        What the components of v are drawn from: ``"gaussian"``, ``"binary"``, ...

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        Unknown names or values outside their domain; a norm for weights that are penalised.

    See Also
    --------
    clusters : Means and covariances of their own.
    from_data : Clusters like those of a data set.
    optimal_penalty : The penalty of fewest errors.

    References
    ----------
    F. Mignacco, F. Krzakala, Y. Lu, P. Urbani and L. Zdeborova, ICML (2020); scikit-learn with features ``X/sqrt(N)``:
    ``RidgeClassifier(alpha=penalty)``, ``LogisticRegression(C=1/penalty)``, ``SVC(kernel="linear", C=1/penalty)``.

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.mixture("hinge", balance=0.2), alpha=2.0)
    >>> print(f"{solution['q']:.10f} {solution['bias']:.10f} {solution.error < 1e-12}")
    0.3740115935 -0.7625690798 True
    """
    data = GaussianMixture(noise=noise, balance=balance, bias=bias, centroid=centroid)
    chosen = with_penalty(weights, penalty)
    if norm is not None and getattr(chosen, "penalised", False):
        raise ValueError(f"norm={norm} is for weights whose norm is held; that of {chosen} follows from the penalty")
    unit = Perceptron(1.0 if norm is None else norm)
    return Model(weights=chosen, loss=loss, architecture=unit, data=data, beta=inverse(beta, temperature))


def clusters(
    loss: str | Loss = "square",
    *,
    means: Any,
    covariances: Any,
    penalty: float = 1.0,
    balance: float = 0.5,
    bias: bool | float = True,
) -> Model:
    r"""Classification of two Gaussian clusters of given shapes, ``x = mu_label + S_label^{1/2} z``.

    The stability of a pattern is ``h = label (w.x/sqrt(N) + bias)``, the cost ``sum loss(h) + (penalty/2)|w|^2``, N the
    dimension of the arrays. `replica.mixture` is ``means = v/sqrt(N)``, ``covariances = noise``.

    When not to use it: round clusters of one size, for which `mixture` has more verbs; a few dimensions, where
    corrections of order 1/N are large.

    Parameters
    ----------
    loss : str or Loss
        As in `replica.mixture`.
    means : array, shape (2, N) or (N,)
        Of the labels +1 and -1; one row stands for ``+-`` itself.
    covariances : array, shape (2, N, N), (2, N), (2,), or one of them without the leading 2
        Of the labels +1 and -1: matrices, diagonals, or multiples of the identity; one for both.
    penalty : float
        At least 0 (the limit) and finite.
    balance : float
        Share of the label +1, in (0, 1).
    bias : bool or float
        Learned (without a penalty), 0, or a number that is held.

    Returns
    -------
    Model
        For `solve`, `sweep`, `generalization_error`, and `simulate` at ``n = N``. A load costs milliseconds where the
        covariances commute, else a few eigendecompositions of N x N matrices.

    Raises
    ------
    ValueError
        Unknown names or values outside their domain; arrays that do not fit.

    See Also
    --------
    mixture : Round clusters.
    from_data : Clusters like those of a data set.

    References
    ----------
    B. Loureiro, G. Sicuro, C. Gerbelot, A. Pacco, F. Krzakala and L. Zdeborova, NeurIPS (2021).

    Examples
    --------
    >>> import numpy as np, replica
    >>> variances = np.array([np.geomspace(0.2, 5.0, 100), np.geomspace(5.0, 0.2, 100)])
    >>> model = replica.clusters("logistic", means=np.full(100, 0.1), covariances=variances, balance=0.3)
    >>> solution = replica.solve(model, alpha=2.0)
    >>> print(f"{solution['generalization_error']:.6f} {solution.error < 1e-12}")
    0.230903 True
    """
    data = Clusters(means=means, covariances=covariances, balance=balance, bias=bias)
    return Model(weights=Gaussian(penalty), loss=loss, data=data)
