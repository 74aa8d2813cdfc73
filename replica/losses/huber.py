"""Huber's loss: a parabola that goes on as straight lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import sized
from replica._registry import column, exact, per_row
from replica.losses._ground import clipped_moments
from replica.losses._huber_terms import huber_terms
from replica.losses._inner import tilted_terms
from replica.losses._protocol import Moved
from replica.losses.base import Loss
from saddlepoint.special import tail


@dataclass(frozen=True)
class Huber(Loss):
    r"""``l(u) = r^2/2`` with ``r = 1 - u`` where ``|r| <= delta``, and ``delta (|r| - delta/2)`` beyond.

    On real labels (``teacher="linear"``) r is the residual ``y - h``. The force of a field with residual ``r_0`` is
    ``clip(r_0/(1 + V), -delta, delta)``.

    When not to use it: labels of +-1, whose stabilities above 1 it punishes as `Square` does.

    Parameters
    ----------
    delta : float
        Above 0; large ones give `Square`.

    See Also
    --------
    Square : Without straight lines.

    References
    ----------
    P. J. Huber, Ann. Math. Stat. 35, 73 (1964).

    Examples
    --------
    >>> import numpy as np, replica
    >>> replica.Huber(0.5).cost(np.array([0.8, 3.0])).round(3).tolist()
    [0.02, 0.875]
    """

    delta: Any = 1.0
    name: ClassVar[str] = "huber"
    parameters: ClassVar[dict[str, str]] = {"delta": "delta"}
    log_concave: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = True
    even: ClassVar[bool] = False
    exact: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", sized("delta", self.delta, low=0.0, open_low=True))

    @classmethod
    def examples(cls) -> list[Huber]:
        return [cls(1.0), cls(0.3)]

    def cost(self, u: np.ndarray) -> np.ndarray:
        r, delta = np.abs(1.0 - u), column(self.delta)
        near = np.minimum(r, delta)
        return near * (r - 0.5 * near)

    def kinks(self) -> tuple[Any, ...]:
        """Where the curvature jumps."""
        return (1.0 - self.delta, 1.0 + self.delta)

    def slope(self, u: np.ndarray) -> np.ndarray:
        return np.clip(u - 1.0, -column(self.delta), column(self.delta))

    def slope_beside(self, u: np.ndarray, side: int) -> np.ndarray:
        return self.slope(u)

    def bend(self, u: np.ndarray) -> np.ndarray:
        return np.where(np.abs(u - 1.0) < column(self.delta), 1.0, 0.0)

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """Where the parabola passes into the lines, ``1 -+ delta (1 + beta V)``, and where the sign changes."""
        delta, deviation = per_row(self.delta, variance.size), np.sqrt(variance)
        pull = per_row(beta, variance.size) * variance
        span = delta * (1.0 + pull)
        places = np.stack([1.0 - span, 1.0 + span, -pull * np.minimum(1.0, delta)], axis=1)
        known = np.isfinite(places)
        return np.where(known, places, 0.0), np.where(known, deviation[:, None], np.inf)

    def averages(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, ...]:
        cold = np.isinf(per_row(beta, variance.size))
        if np.any(cold):  # all the weight is at one stability
            return tuple(tilted_terms(self, field, variance, beta, whole=True))
        return tuple(huber_terms(field, self.delta, variance, beta))

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        log_z, slope, bend, _, _ = self.averages(field, variance, beta)
        return log_z, slope, bend

    def mean_cost(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        return self.averages(field, variance, beta)[3]

    def error_rate(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        return self.averages(field, variance, beta)[4]

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        delta, gap = column(self.delta), 1.0 - field
        with np.errstate(invalid="ignore"):
            reach = np.where(np.isinf(variance), np.inf, variance)[:, None] * delta
        pull = column(1.0 / (1.0 + 1.0 / variance))
        move = np.clip(pull * gap, -reach, reach)
        best = np.where(pull == 1.0, 1.0, field + move)
        kept = np.where(np.isinf(variance)[:, None], 0.0, move**2 / (2.0 * variance[:, None]))
        return best, self.cost(best) + kept

    def ground_slope(self, field: np.ndarray, variance: np.ndarray) -> np.ndarray:
        gap, span = np.abs(1.0 - field), column(self.delta) * (1.0 + variance[:, None])
        return np.where(gap <= span, column(1.0 / (1.0 + variance)), 1.0)

    def moved(self, field: np.ndarray, variance: np.ndarray) -> Moved:
        pull, gap = column(1.0 / (1.0 + 1.0 / variance)), 1.0 - field
        span, reach = column(self.delta) * (1.0 + variance[:, None]), column(self.delta) * variance[:, None]
        held = np.where(np.abs(gap) <= span, pull, 0.0)
        return Moved(self.ground(field, variance)[0], np.clip(pull * gap, -reach, reach), held)

    def ground_breaks(self, variance: np.ndarray) -> np.ndarray:
        span = per_row(self.delta, variance.size) * (1.0 + variance)
        return np.stack([1.0 - span, 1.0 + span], axis=1)

    def ground_features(self, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """None: the map is made of straight pieces."""
        return np.zeros((variance.size, 0)), np.zeros((variance.size, 0))

    def ground_edge(self, variance: np.ndarray) -> np.ndarray:
        """The field whose proximal point is 0."""
        return -variance * np.minimum(1.0, per_row(self.delta, variance.size))

    def ground_sums(
        self, mean: np.ndarray, deviation: np.ndarray, variance: np.ndarray, level: int, whole: bool = True
    ) -> np.ndarray:
        """The force is ``clip(gap, 0, span) - clip(-gap, 0, span)`` over ``1 + V``, gap the residual."""
        delta, pull = per_row(self.delta, mean.size), 1.0 / (1.0 + 1.0 / variance)
        span = delta * (1.0 + variance)
        up = clipped_moments((1.0 - mean) / deviation, span / deviation)
        down = clipped_moments((mean - 1.0) / deviation, span / deviation)
        move = pull * deviation * (up[0] - down[0])
        inner = deviation**2 * (up[1] + down[1])
        held, beyond = up[2] + down[2], deviation * (up[4] + down[4])
        outside = up[3] + down[3]
        # clipped squares are those inside and span^2 outside: what lies inside costs r^2/2 of r = gap/(1+V)
        rest = 1.0 / (1.0 + variance)
        with np.errstate(invalid="ignore"):
            cost = 0.5 * rest**2 * inner + delta * beyond + 0.0 * outside
        cost = np.where(np.isinf(variance), 0.0, cost)
        edge = self.ground_edge(variance)
        with np.errstate(invalid="ignore"):
            wrong = np.where(np.isinf(edge), 0.0, np.exp(tail((mean - edge) / deviation)[0])) if whole else 0.0 * mean
        return np.stack([move, pull**2 * inner, pull * held, pull**2 * held, cost, wrong])

    def reference(self, field: Any, variance: Any, beta: Any, mp: Any) -> Any:
        """A Gaussian piece between two exponential ones, in error functions: ``E exp(-beta r^2/2)`` over the middle and
        ``E exp(-a - b u)`` over a half-line on either side.
        """
        delta, s = exact(self.delta, mp), mp.sqrt(variance)

        def beyond(gap: Any) -> Any:  # residuals above delta on the side where they are ``gap`` and growing
            push = beta * delta * variance
            tilt = -beta * delta * (gap - delta / 2) + push * beta * delta / 2
            return mp.exp(tilt) * mp.ncdf((gap - push - delta) / s)

        stiff = 1 + beta * variance
        low, high = ((side * delta - (1 - field) / stiff) * mp.sqrt(stiff) / s for side in (-1, 1))
        middle = mp.exp(-beta * (1 - field) ** 2 / (2 * stiff)) / mp.sqrt(stiff)
        inside = mp.ncdf(high) - mp.ncdf(low) if low < 0 else mp.ncdf(-low) - mp.ncdf(-high)
        return mp.log(beyond(1 - field) + beyond(field - 1) + middle * inside)

    def reference_cost(self, u: Any, mp: Any) -> Any:
        r, delta = abs(1 - u), exact(self.delta, mp)
        near = min(r, delta)
        return near * (r - near / 2)

    def reference_ground(self, field: Any, variance: Any, mp: Any) -> tuple[Any, Any]:
        gap, delta = 1 - field, exact(self.delta, mp)
        pull = 1 / (1 + 1 / variance)
        if not mp.isfinite(variance) or abs(gap) <= delta * (1 + variance):
            return field + pull * gap, pull
        return field + variance * (delta if gap > 0 else -delta), mp.zero

    def reference_breaks(self, variance: Any, mp: Any) -> list[Any]:
        span = exact(self.delta, mp) * (1 + variance)
        return [1 - span, 1 + span]
