"""Gaussian weights: a ridge penalty, the norm is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import sized
from replica._registry import column
from replica.weights.base import Free, Norm, SingleWeight, Weights
from replica.weights.law import Law


@dataclass(frozen=True)
class Gaussian(Weights):
    r"""Weights with the cost ``(penalty/2)|w|^2`` at inverse temperature beta.

    At ``beta = inf`` the weights minimise cost and penalty together (ridge regression, support vector machine, ...);
    ``penalty = 0`` and ``inf`` are the limits. At finite beta the measure is the normalised Gaussian of variance
    ``1/(beta penalty)``:
    ``ln z(h, A) = h^2/(2(beta penalty + A)) - ln(1 + A/(beta penalty))/2``. All averages over the field are closed.

    When not to use it: a norm that is given; take `Spherical` or `Binary` (and ``norm`` of `Perceptron`).

    Parameters
    ----------
    penalty : float
        At least 0; 0 and ``inf`` (limits) at ``beta = inf`` only.

    See Also
    --------
    Spherical : The norm is held.
    optimal_penalty : The penalty of fewest errors.

    References
    ----------
    F. Mignacco, F. Krzakala, Y. Lu, P. Urbani and L. Zdeborova, ICML (2020), for penalised weights at ``beta = inf``.

    Examples
    --------
    >>> import replica
    >>> model = replica.Model(weights=replica.Gaussian(penalty=0.5), loss="square", data="teacher")
    >>> solution = replica.solve(model, alpha=2.0)
    >>> print(f"{solution['q']:.10f} {solution.errors['q'] < 1e-12}")
    0.4735958617 True
    """

    penalty: float = 1.0
    name: ClassVar[str] = "gaussian"
    parameters: ClassVar[dict[str, str]] = {"penalty": "penalty"}
    norm: ClassVar[Norm] = Free()
    penalised: ClassVar[bool] = True

    def __post_init__(self) -> None:
        penalty = sized("penalty", self.penalty, low=0.0, infinite=True, least=1e-100, most=1e100)
        object.__setattr__(self, "penalty", penalty)

    def log_z(self, field: np.ndarray, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        prior = np.asarray(beta, dtype=float) * self.penalty
        stiffness = column(prior + curvature)
        log_z = 0.5 * field**2 / stiffness - 0.5 * column(np.log1p(curvature / prior))
        return log_z, field / stiffness, np.broadcast_to(1.0 / stiffness, field.shape)

    def single(
        self, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray, beta: Any, law: Law | None, level: int
    ) -> SingleWeight:
        prior = np.broadcast_to(np.asarray(beta, dtype=float) * self.penalty, q_hat.shape)
        variance = 1.0 / (prior + curvature)
        transverse = q_hat * variance**2
        m = m_hat * variance
        q = transverse + m**2
        log_z = 0.5 * (q_hat + m_hat**2) * variance - 0.5 * np.log1p(curvature / prior)
        return self.assemble(log_z, q, variance, m, transverse, variance**2)

    def log_measure(self, weight: np.ndarray, beta: Any) -> np.ndarray:
        prior = float(np.ravel(beta * self.penalty)[0])
        return 0.5 * np.log(prior / (2.0 * np.pi)) - 0.5 * prior * weight**2

    def lowest_curvature(self, beta: Any) -> Any:
        return -np.asarray(beta, dtype=float) * self.penalty

    def initial_norm(self, beta: Any) -> Any:
        return 1.0 / (np.asarray(beta, dtype=float) * self.penalty)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.standard_normal(n) / np.sqrt(self.penalty)

    def reference_single(
        self, q_hat: Any, m_hat: Any, curvature: Any, beta: Any, law: Law | None, mp: Any, digits: int
    ) -> SingleWeight:
        prior = beta * mp.mpf(self.penalty)
        variance = 1 / (prior + curvature)
        m, transverse = m_hat * variance, q_hat * variance**2
        q = transverse + m**2
        log_z = (q_hat + m_hat**2) * variance / 2 - mp.log(1 + curvature / prior) / 2
        return self.assemble(log_z, q, variance, m, transverse, variance**2)

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        prior = beta * mp.mpf(self.penalty)
        stiffness = prior + curvature
        return field**2 / (2 * stiffness) - mp.log(1 + curvature / prior) / 2, field / stiffness, 1 / stiffness
