"""The square loss: least squares on the stability, so ridge regression on the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._registry import column, per_row
from replica.losses._ground import below
from replica.losses._protocol import Moved
from replica.losses.base import Loss
from saddlepoint.special import tail


@dataclass(frozen=True)
class Square(Loss):
    r"""``l(u) = (1-u)^2/2``: ``Z(h, V) = exp(-beta (1-h)^2/(2k))/sqrt(k)`` with ``k = 1 + beta V``.

    The proximal point of the field h is ``(h + V)/(1 + V)``. At ``beta = inf`` only ``u = 1`` costs nothing, a set
    without volume: free entropies of zero-cost states are ``-inf``, their order parameters finite.

    When not to use it: it punishes stabilities above 1 too, which a classifier need not; `Hinge` leaves them alone.

    See Also
    --------
    Hinge, Logistic : Costs of classifiers.
    Gaussian : The penalty of ridge regression.

    References
    ----------
    F. Mignacco, F. Krzakala, Y. Lu, P. Urbani and L. Zdeborova, ICML (2020), theorem 1 (ridge regression).

    Examples
    --------
    At noise and penalty 1 and load 2 the response is the root of ``V^2 + 2V - 1``:

    >>> import replica
    >>> solution = replica.solve(replica.mixture(replica.Square()), alpha=2.0)
    >>> print(f"{solution['V']:.10f} {2**0.5 - 1:.10f} {solution.errors['V'] < 1e-12}")
    0.4142135624 0.4142135624 True
    """

    name: ClassVar[str] = "square"
    log_concave: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = True
    even: ClassVar[bool] = False
    exact: ClassVar[bool] = True
    quadratic: ClassVar[bool] = True

    def cost(self, u: np.ndarray) -> np.ndarray:
        return 0.5 * (1.0 - u) ** 2

    def learner(self, penalty: float, bias: bool) -> tuple[Any, float]:
        from sklearn.linear_model import Ridge

        return Ridge(alpha=penalty, fit_intercept=bias, solver="svd"), 1.0

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """``ln Z`` is a parabola; the stability changes its sign around ``-beta V``."""
        pulled = per_row(beta, variance.size) * variance
        with np.errstate(invalid="ignore"):
            width = np.sqrt(variance * (1.0 + pulled))
        known = np.isfinite(pulled)
        return np.where(known, -pulled, 0.0)[:, None], np.where(known, width, np.inf)[:, None]

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        stiffness = column(1.0 / (1.0 / np.asarray(beta, dtype=float) + variance))
        shift = 1.0 - field
        log_z = -0.5 * column(np.log1p(beta * variance)) - 0.5 * stiffness * shift**2
        return log_z, stiffness * shift, np.broadcast_to(-stiffness, field.shape)

    def mean_cost(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        tilted = 1.0 / (1.0 + beta * variance)
        return 0.5 * (column(variance * tilted) + (column(tilted) * (1.0 - field)) ** 2)

    def error_rate(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        stiffness = 1.0 / (1.0 / np.asarray(beta, dtype=float) + variance)
        mean = field + column(variance * stiffness) * (1.0 - field)
        spread = np.sqrt(variance / (1.0 + beta * variance))
        with np.errstate(divide="ignore", invalid="ignore"):
            edge = np.where(column(spread) > 0, mean / column(spread), np.inf)
        return np.exp(tail(edge)[0])

    def slope(self, u: np.ndarray) -> np.ndarray:
        return u - 1.0

    def bend(self, u: np.ndarray) -> np.ndarray:
        return np.ones_like(u)

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pull = column(1.0 / (1.0 + 1.0 / variance))  # V/(1 + V), also at V = inf
        shift = 1.0 - field
        best = np.where(pull == 1.0, 1.0, field + pull * shift)  # all of them pinned, to the bit
        return best, 0.5 * column(1.0 / (1.0 + variance)) * shift**2

    def moved(self, field: np.ndarray, variance: np.ndarray) -> Moved:
        pull = column(1.0 / (1.0 + 1.0 / variance))
        return Moved(self.ground(field, variance)[0], pull * (1.0 - field), pull + np.zeros_like(field))

    def ground_sums(
        self, mean: np.ndarray, deviation: np.ndarray, variance: np.ndarray, level: int, whole: bool = True
    ) -> np.ndarray:
        pull = 1.0 / (1.0 + 1.0 / variance)
        shift, rest = 1.0 - mean, 1.0 / (1.0 + variance)
        square = shift**2 + deviation**2
        wrong = np.where(np.isinf(variance), 0.0, below(-variance, mean, deviation)) if whole else 0.0 * mean
        return np.stack([pull * shift, pull**2 * square, pull, pull**2, 0.5 * rest**2 * square, wrong])

    def enclosed_ground(self, field: Any, variance: Any) -> tuple[Any, ...]:
        """``u - w = (1-w) V/(1+V)``."""
        share, free = variance / (1 + variance), 1 / (1 + variance)
        short, square = field.short(1)
        return short * share, square * share * share, share, share * share, square * free * free / 2

    def reference_cost(self, u: Any, mp: Any) -> Any:
        return (1 - u) ** 2 / 2

    def reference_ground(self, field: Any, variance: Any, mp: Any) -> tuple[Any, Any]:
        pull = 1 / (1 + 1 / variance)
        return field + pull * (1 - field), pull

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        stiffness = 1 / (1 / beta + variance)
        shift = 1 - field
        return -mp.log1p(beta * variance) / 2 - stiffness * shift**2 / 2, stiffness * shift, -stiffness
