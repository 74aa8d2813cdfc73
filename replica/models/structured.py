"""Shorthands for structured inputs: a covariance that is given, and random features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica._checks import known_options, one_of, real
from replica.architectures import Activation
from replica.data import Covariates, RandomFeatures
from replica.losses import Loss
from replica.models.model import Model
from replica.models.priced import with_penalty
from replica.weights import Weights

PROJECTIONS = ("gaussian", "orthogonal")


def covariates(
    loss: str | Loss = "square",
    *,
    spectrum: Any,
    projections: Any,
    rho: float = 1.0,
    penalty: float = 1.0,
    noise: float = 0.0,
    flips: float = 0.0,
    teacher: str | Callable[..., Any] = "sign",
    weights: str | Weights = "gaussian",
) -> Model:
    r"""Learning of a teacher's labels on Gaussian inputs of any covariance (the Gaussian covariate model).

    The student ``h = w.v/sqrt(N)`` minimises ``sum loss + (penalty/2)|w|^2`` over ``P = alpha N`` patterns.

    When not to use it: isotropic inputs, for which `perceptron` with a teacher has more verbs; a data set of your own
    (`covariates.from_data`).

    Parameters
    ----------
    loss : str or Loss
        As in `replica.mixture`; with ``teacher="linear"`` square or `Huber`, of the residual ``y - h``.
    spectrum : array, shape (N,)
        Eigenvalues of the inputs' covariance.
    projections : array, shape (N,)
        ``t_i = N (u_i.c)^2`` on the eigenvectors, ``c = E[v nu]`` with the teacher's field nu.
    rho : float
        Variance of that field, at least ``sum t/omega /N``.
    penalty : float
        At least 0; ``0`` and ``inf`` are the limits.
    noise : float
        Variance of a Gaussian on the teacher's field.
    flips : float
        Share of the labels of ``teacher="sign"`` that are turned, up to 1/2.
    teacher : {"sign", "linear"} or callable
        Labels ``sign(nu + noise)``, ``nu + noise``, or +1 with probability ``p(nu)``.
    weights : str or Weights
        Penalised weights.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        Unknown names or values outside their domain; arrays that do not fit; ``explained > rho``.

    See Also
    --------
    perceptron, clusters : Isotropic inputs; classes with means of their own.
    optimal_penalty : The penalty of fewest errors.

    References
    ----------
    B. Loureiro et al., NeurIPS (2021), arXiv:2102.08127; scikit-learn with features ``v/sqrt(N)``:
    ``Ridge(alpha=penalty)``, ``LogisticRegression(C=1/penalty)``, ``SVC(kernel="linear", C=1/penalty)``.

    Examples
    --------
    >>> import replica
    >>> model = replica.covariates("logistic", spectrum=[3.0, 1.0, 0.3], projections=[2.0, 1.0, 0.2], penalty=0.01)
    >>> solution = replica.solve(model, alpha=4.0)
    >>> print(f"{solution['generalization_error']:.10f} {solution.errors['generalization_error'] < 1e-12}")
    0.2236468063 True
    """
    data = Covariates(spectrum=spectrum, projections=projections, rho=rho, teacher=teacher, noise=noise, flips=flips)
    return Model(weights=with_penalty(weights, penalty), loss=loss, data=data)


def random_features(
    loss: str | Loss = "square",
    *,
    activation: Any,
    ratio: float,
    projection: str = "gaussian",
    penalty: float = 1.0,
    noise: float = 0.0,
    flips: float = 0.0,
    teacher: str | Callable[..., Any] = "sign",
    weights: str | Weights = "gaussian",
) -> Model:
    r"""Learning of a teacher's labels on random features ``sigma(F x/sqrt(D))`` of D Gaussian inputs (double descent).

    ``N = ratio D`` features; only the N weights on them are learned, from ``P = alpha N`` patterns.

    When not to use it: a finite number of inputs, or features that are trained.

    Parameters
    ----------
    loss : str or Loss
        As in `covariates`.
    activation : str, Activation or callable
        The function sigma: a name, as in `committee`, or a function of arrays (kinks and jumps are found).
    ratio : float
        Features per input, N/D.
    projection : {"gaussian", "orthogonal"}
        Rows of F.
    penalty, noise, flips, teacher, weights
        As in `covariates`; the teacher's field has variance 1.

    Returns
    -------
    Model
        Its ``data`` show ``kappa_1`` and ``kappa_star``.

    Raises
    ------
    ValueError
        Unknown names or values outside their domain; constant activations.

    See Also
    --------
    covariates : Features of any covariance.

    References
    ----------
    S. Mei and A. Montanari, arXiv:1908.05355: their ``psi_1 = ratio``, ``psi_2 = alpha ratio`` and
    ``lambda = penalty/psi_2``; F. Gerace et al., ICML (2020).

    Examples
    --------
    >>> import replica
    >>> model = replica.random_features("square", activation="relu", ratio=2.0, penalty=0.1, noise=0.2)
    >>> solution = replica.solve(model, alpha=0.5)
    >>> print(f"{solution['generalization_error']:.10f} {solution.errors['generalization_error'] < 1e-12}")
    0.3606516635 True
    """
    kappa_1, kappa_star = hermite_parts(Activation.made_of("activation", activation))
    orthogonal = one_of("projection", projection, PROJECTIONS) == PROJECTIONS[1]
    labels = {"teacher": teacher, "noise": noise, "flips": flips}
    data = RandomFeatures(kappa_1=kappa_1, kappa_star=kappa_star, ratio=ratio, orthogonal=orthogonal, **labels)
    return Model(weights=with_penalty(weights, penalty), loss=loss, data=data)


def hermite_parts(activation: Activation) -> tuple[float, float]:
    """``E z g`` and the root of what variance is left without it, from the kernel ``k(q) = sum_n c_n^2 q^n``."""
    zero, one = np.zeros(1), np.ones(1)
    linear, whole = activation.kernel(zero, one), activation.kernel(one, zero)
    square = float(linear.slope[0])
    rest = float(whole.value[0]) - square
    grid = np.linspace(-6.0, 6.0, 4001)
    tilt = float(np.sum(grid * np.exp(-0.5 * grid**2) * activation.function(grid)))
    return float(np.copysign(np.sqrt(max(square, 0.0)), tilt)), float(np.sqrt(rest if rest > 1e-15 * square else 0.0))


def from_covariances(
    loss: str | Loss = "square", *, omega: Any, phi: Any, psi: Any, theta: Any, **others: Any
) -> Model:
    r"""`covariates` from the covariances of a teacher's features u and a student's v.

    ``Psi = E u u'`` (K x K), ``Phi = E u v'`` (K x N), ``Omega = E v v'`` (N x N); the teacher's field is
    ``theta.u/sqrt(K)``. Directions without inputs are left out; loads stay per N.

    When not to use it: spectra that are known (`covariates`), patterns (`covariates.from_data`).

    Parameters
    ----------
    loss : str or Loss
    omega, phi, psi : array
        Omega, Phi and Psi.
    theta : array, shape (K,)
        The teacher's weights.
    **others
        ``penalty``, ``noise``, ``flips``, ``teacher``, ``weights``, as of `covariates`.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        Shapes that do not fit; a joint covariance ``[[Psi, Phi], [Phi', Omega]]`` that is not positive.

    See Also
    --------
    covariates : From spectra.

    Examples
    --------
    >>> import numpy as np, replica
    >>> same = np.diag([2.0, 0.5])
    >>> model = replica.covariates.from_covariances(omega=same, phi=same, psi=same, theta=[1.0, 1.0])
    >>> print(f"{model.explained:.6f} {model.data.rho:.6f}")
    1.250000 1.250000
    """
    known_options("from_covariances", others, ("penalty", "noise", "flips", "teacher", "weights"))
    spectrum, projections, rho = projected(omega, phi, psi, theta)
    return covariates(loss, spectrum=spectrum, projections=projections, rho=rho, **others)


def projected(omega: Any, phi: Any, psi: Any, theta: Any) -> tuple[np.ndarray, np.ndarray, float]:
    """Eigenvalues of Omega, projections and the variance of the teacher's field; checked."""
    named = {"omega": omega, "phi": phi, "psi": psi, "theta": theta}
    found = {name: _numbers(name, value) for name, value in named.items()}
    n, k = len(np.atleast_1d(found["omega"])), len(np.atleast_1d(found["psi"]))
    for name, shape in (("omega", (n, n)), ("psi", (k, k)), ("phi", (k, n)), ("theta", (k,))):
        if found[name].shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {found[name].shape}")
    for name in ("omega", "psi"):
        if np.any(np.abs(found[name] - found[name].T) > 1e-10 * np.abs(found[name]).max()):
            raise ValueError(f"{name} must be symmetric")
    joint = np.block([[found["psi"], found["phi"]], [found["phi"].T, found["omega"]]])
    scale = np.sqrt(np.maximum(np.diagonal(joint), 0.0))
    unit = joint / np.where(scale > 0, scale, 1.0)[:, None] / np.where(scale > 0, scale, 1.0)
    lowest = np.linalg.eigvalsh(0.5 * (unit + unit.T))[0]
    if lowest < -1e-10 * (n + k):
        raise ValueError(
            "omega, phi and psi must be parts of one covariance [[psi, phi], [phi', omega]], which has the eigenvalue "
            f"{lowest:.3g} (of correlations)"
        )
    value, vector = np.linalg.eigh(0.5 * (found["omega"] + found["omega"].T))
    c = found["phi"].T @ found["theta"] / np.sqrt(k)
    there = value > 1e-12 * value[-1]
    t = np.where(there, n * (vector.T @ c) ** 2, 0.0)
    rho = float(found["theta"] @ found["psi"] @ found["theta"]) / k
    explained = float(np.mean(np.divide(t, value, out=np.zeros(n), where=there)))
    return np.where(there, value, 0.0), t, max(rho, explained) if explained <= rho * (1 + 1e-9) else rho


def _numbers(argument: str, given: Any) -> np.ndarray:
    try:
        found = real(given)
    except (TypeError, ValueError):
        found = np.array(np.nan)
    if not np.all(np.isfinite(found)):
        raise ValueError(f"{argument} must be an array of finite real numbers, got {type(given).__name__}")
    return found


covariates.from_covariances = from_covariances  # type: ignore[attr-defined]
