"""The hinge loss: a pattern pays in proportion to what its stability lacks of kappa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import sized
from replica._registry import column, exact, per_row
from replica.losses._ground import below, clipped_moments
from replica.losses._protocol import Moved
from replica.losses._soft_tail import hinge_terms, missing_margin, reference_hinge
from replica.losses.base import Loss
from saddlepoint.enclosures import ball
from saddlepoint.special import tail


@dataclass(frozen=True)
class Hinge(Loss):
    r"""``l(u) = max(0, kappa - u)``, the loss of the support vector machine.

    With ``s = sqrt V``, ``x = (kappa-h)/s``, ``y = beta s - x`` and G the hazard of the Gaussian tail,
    ``Z(h, V) = g(x) [1/G(x) + 1/G(y)]``: the satisfied and the violated side. The proximal point is the field above
    kappa, kappa for ``kappa - V < h < kappa``, and ``h + V`` below. At ``beta = inf`` it is the hard margin while that
    can be satisfied.

    When not to use it: to count errors; what a pattern costs grows with its depth and with the norm: `ErrorCount`.

    Parameters
    ----------
    kappa : float
        The margin, in units of the field (any finite number).

    See Also
    --------
    Margin : The hard constraint.
    Logistic : A smooth cost.
    ErrorCount : The number of errors.

    References
    ----------
    F. Mignacco, F. Krzakala, Y. Lu, P. Urbani and L. Zdeborova, ICML (2020).

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.mixture(replica.Hinge(1.0)), alpha=2.0)
    >>> print(f"{solution['q']:.10f} {solution.error < 1e-12}, {solution.status}")
    0.6191878807 True, converged; the vector of least cost
    """

    kappa: float = 1.0
    name: ClassVar[str] = "hinge"
    parameters: ClassVar[dict[str, str]] = {"margin": "kappa"}
    log_concave: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = True
    exact: ClassVar[bool] = False
    even: ClassVar[bool] = False
    straight: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "kappa", sized("margin", self.kappa))

    @classmethod
    def examples(cls) -> list[Hinge]:
        return [cls(1.0), cls(-0.3)]

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.maximum(column(self.kappa) - u, 0.0)

    def kinks(self) -> tuple[float, ...]:
        return (self.kappa,)

    def learner(self, penalty: float, bias: bool) -> tuple[Any, float]:
        """In ``v/kappa`` the cost is ``kappa max(0, 1 - h)`` and the penalty ``penalty kappa^2``."""
        if self.kappa <= 0 or penalty == 0:
            return super().learner(penalty, bias)
        from sklearn.svm import SVC, LinearSVC

        strength = 1.0 / (self.kappa * penalty)
        if bias:  # LinearSVC would penalise it
            return SVC(kernel="linear", C=strength, tol=1e-8), self.kappa
        found = LinearSVC(loss="hinge", C=strength, fit_intercept=False, tol=1e-10, max_iter=1_000_000, random_state=0)
        return found, self.kappa

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """The edge at kappa, and at ``kappa - beta V`` the end of the fields that are pulled up to it."""
        kappa, deviation = per_row(self.kappa, variance.size), np.sqrt(variance)
        with np.errstate(invalid="ignore", over="ignore"):
            low = kappa - per_row(beta, variance.size) * variance
        places = np.stack([kappa, np.where(np.isfinite(low), low, kappa)], axis=1)
        return places, np.stack([deviation, np.where(np.isfinite(low), deviation, np.inf)], axis=1)

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        log_z, slope, bend, _ = hinge_terms(field, self.kappa, variance, beta)
        return log_z, slope, bend

    def mean_cost(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        share = hinge_terms(field, self.kappa, variance, beta)[3]
        return share * missing_margin(field, self.kappa, variance, beta)

    def error_rate(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        deviation, share = np.sqrt(variance)[:, None], hinge_terms(field, self.kappa, variance, beta)[3]
        kappa = column(self.kappa)
        x = (kappa - field) / deviation
        with np.errstate(invalid="ignore"):
            y = column(per_row(beta, len(field))) * deviation - x
            deep = _ratio(y, np.maximum(kappa, 0.0) / deviation)
        below = np.where(share > 0, share * np.where(np.isnan(deep), 0.0, deep), 0.0)
        between = -np.expm1(tail(np.maximum(x, -field / deviation))[0] - tail(x)[0])
        return below + (1.0 - share) * between

    def slope(self, u: np.ndarray) -> np.ndarray:
        return np.where(u < column(self.kappa), -1.0, 0.0)

    def slope_beside(self, u: np.ndarray, side: int) -> np.ndarray:
        return np.where((u < column(self.kappa)) | ((u == column(self.kappa)) & (side < 0)), -1.0, 0.0)

    def bend(self, u: np.ndarray) -> np.ndarray:
        return np.zeros_like(u)

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kappa, reach = column(self.kappa), variance[:, None]
        gap = kappa - field
        move = np.clip(gap, 0.0, reach)
        best = np.where((gap > 0) & (gap <= reach), kappa, field + move)
        return best, np.maximum(gap - move, 0.0) + np.where(move > 0, move**2 / (2.0 * reach), 0.0)

    def ground_slope(self, field: np.ndarray, variance: np.ndarray) -> np.ndarray:
        gap = column(self.kappa) - field
        return np.where((gap > 0) & (gap <= variance[:, None]), 0.0, 1.0)

    def moved(self, field: np.ndarray, variance: np.ndarray) -> Moved:
        move = np.clip(column(self.kappa) - field, 0.0, variance[:, None])
        return Moved(self.ground(field, variance)[0], move, 1.0 - self.ground_slope(field, variance))

    def ground_breaks(self, variance: np.ndarray) -> np.ndarray:
        kappa = per_row(self.kappa, variance.size)
        return np.stack([kappa - variance, kappa], axis=1)

    def ground_edge(self, variance: np.ndarray) -> np.ndarray:
        return np.where(per_row(self.kappa, variance.size) < 0, 0.0, -variance)

    def ground_features(self, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """None: the map is made of straight pieces."""
        return np.zeros((variance.size, 0)), np.zeros((variance.size, 0))

    def ground_sums(
        self, mean: np.ndarray, deviation: np.ndarray, variance: np.ndarray, level: int, whole: bool = True
    ) -> np.ndarray:
        upper = (per_row(self.kappa, mean.size) - mean) / deviation
        one, two, held, _, cost = clipped_moments(upper, variance / deviation)
        wrong = 0.0 * mean
        if whole:
            edge = self.ground_edge(variance)
            wrong = np.where(np.isinf(edge), 0.0, below(edge, mean, deviation))
        return np.stack([deviation * one, deviation**2 * two, held, held, deviation * cost, wrong])

    def enclosed_ground(self, field: Any, variance: Any) -> tuple[Any, ...]:
        """``u - w`` is the difference of ``(x-w)_+`` at ``x = kappa`` and ``kappa - V``, and so the rest."""
        kappa = ball(self.kappa)
        (chance, one, two), (deep_chance, deep, deep_two) = field.missing(kappa), field.missing(kappa - variance)
        held = chance - deep_chance
        return one - deep, two - deep_two - 2 * variance * deep, held, held, deep

    def reference_cost(self, u: Any, mp: Any) -> Any:
        return max(exact(self.kappa, mp) - u, mp.zero)

    def reference_ground(self, field: Any, variance: Any, mp: Any) -> tuple[Any, Any]:
        kappa = exact(self.kappa, mp)
        if field >= kappa:
            return field, mp.zero
        return (kappa, mp.one) if kappa - field <= variance else (field + variance, mp.zero)

    def reference_breaks(self, variance: Any, mp: Any) -> list[Any]:
        kappa = exact(self.kappa, mp)
        return [kappa - variance, kappa]

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        return reference_hinge(mp.mpf(self.kappa), field, variance, beta, mp)


def _ratio(y: np.ndarray, step: Any) -> np.ndarray:
    """``H(y + step)/H(y)``: for large y by Mills ratios, for the logarithms of both grow like its square."""
    low, high = tail(y), tail(y + step)
    with np.errstate(over="ignore", under="ignore"):
        return np.where(y > 0, np.exp(-step * (y + 0.5 * step)) * low[1] / high[1], np.exp(high[0] - low[0]))
