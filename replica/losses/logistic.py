"""The logistic loss: cross-entropy of the sign of the stability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import sized
from replica._registry import column, exact, per_row
from replica.losses._ground import ground_nodes
from replica.losses._inner import reference_moments, tilted_grain, tilted_terms
from replica.losses._logistic import logistic_nodes, logistic_prox, logistic_push, logistic_sums, logistic_terms
from replica.losses._protocol import Moved
from replica.losses.base import Loss

MANY = 500.0  # evenly spaced nodes, beyond which panels graded towards the bend are cheaper


@dataclass(frozen=True)
class Logistic(Loss):
    r"""``l(u) = ln(1 + exp(-gain u))/gain``; ``gain -> inf`` is the hinge at margin 0.

    The proximal point is ``h + V p`` with p the root of ``p = 1/(1 + exp(gain (h + V p)))`` in (0, 1), by Newton in
    a bracket. Every stability costs something: there is no capacity below which nothing has to be paid.

    When not to use it: to count errors (`ErrorCount`); without a penalty separable patterns have no vector of least
    cost, and the status says in which direction the weights grow.

    Parameters
    ----------
    gain : float
        Sharpness, above 0.

    See Also
    --------
    Hinge : No cost above the margin.
    Square : A closed form.

    References
    ----------
    D. Salehi, E. Abbasi and B. Hassibi, NeurIPS (2019); F. Mignacco et al., ICML (2020).

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.mixture(replica.Logistic(gain=1.0), penalty=0.0), alpha=1.0)
    >>> print(solution.status)
    converged; the limit penalty -> 0: the weights grow without bound in the direction of largest margin
    """

    gain: float = 1.0
    name: ClassVar[str] = "logistic"
    parameters: ClassVar[dict[str, str]] = {"gain": "gain"}
    log_concave: ClassVar[bool] = True
    satisfiable: ClassVar[bool] = False
    exact: ClassVar[bool] = False
    even: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain", sized("gain", self.gain, low=0.0, open_low=True))

    @classmethod
    def examples(cls) -> list[Logistic]:
        return [cls(2.0)]

    def cost(self, u: np.ndarray) -> np.ndarray:
        gain = column(self.gain)
        return np.logaddexp(0.0, -gain * u) / gain

    def learner(self, penalty: float, bias: bool) -> tuple[Any, float]:
        """In ``gain v`` the cost is ``ln(1 + e^-h)/gain`` and the penalty ``penalty/gain^2``."""
        from sklearn.linear_model import LogisticRegression

        strength = np.inf if penalty == 0 else self.gain / penalty
        return LogisticRegression(C=strength, fit_intercept=bias, tol=1e-10, max_iter=10_000), 1.0 / self.gain

    def features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """From 0 down to ``-beta V``, the fields that a tilt of slope beta carries to the bend of the cost."""
        place = np.zeros(variance.size)
        width = np.sqrt(variance + (2.0 / per_row(self.gain, variance.size)) ** 2)
        low = np.maximum(-per_row(beta, variance.size) * variance, -1e300)
        return np.stack([place, low], axis=1), np.stack([width, width], axis=1)

    def terms(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        log_z, slope, bend, *_ = self._moments(field, variance, beta)
        return log_z, slope, bend

    def mean_cost(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> np.ndarray:
        return self._moments(field, variance, beta)[3]

    def grain(self, beta: Any, norm: Any = 1.0) -> Any:
        """Where a sharp bend is averaged over panels, their rounding is multiplied by the inverse temperature."""
        return np.where(np.asarray(self.gain) > 10.0, tilted_grain(self, beta, norm), 1.0)

    def _moments(self, field: np.ndarray, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, ...]:
        """``ln Z``, its slopes and the mean cost: steps of the bend's width, or panels graded towards a sharp bend."""
        size = variance.size
        gain, inverse = per_row(self.gain, size), per_row(beta, size)
        with np.errstate(all="ignore"):
            sharp = logistic_nodes(gain, variance, inverse) > MANY
        if not np.any(sharp):
            return logistic_terms(field, gain, variance, inverse)
        out = np.empty((4, *field.shape))
        for rows in (np.flatnonzero(sharp), np.flatnonzero(~sharp)):
            part = field[rows], variance[rows], inverse[rows]
            if not rows.size:
                continue
            if sharp[rows[0]]:
                out[:, rows] = tilted_terms(self.take(rows), *part, whole=True)[:4]
            else:
                out[:, rows] = logistic_terms(part[0], gain[rows], *part[1:])
        return tuple(out)

    def inner_features(self, variance: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        gain, inverse = per_row(self.gain, variance.size), per_row(beta, variance.size)
        width = np.minimum(2.0 / gain, 2.0 / np.sqrt(inverse * gain))
        return np.zeros((variance.size, 1)), width[:, None]

    def slope(self, u: np.ndarray) -> np.ndarray:
        grown = column(self.gain) * u
        small = np.exp(-np.abs(grown))
        return -np.where(grown > 0, small, 1.0) / (1.0 + small)

    def bend(self, u: np.ndarray) -> np.ndarray:
        small = np.exp(-np.abs(column(self.gain) * u))
        return column(self.gain) * small / (1.0 + small) ** 2

    def ground(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        push = logistic_prox(field, self.gain, variance)
        best = field + variance[:, None] * push
        return best, self.cost(best) + 0.5 * variance[:, None] * push**2

    def moved(self, field: np.ndarray, variance: np.ndarray) -> Moved:
        push, reach = logistic_prox(field, self.gain, variance), variance[:, None]
        soft = reach * column(self.gain) * push * (1.0 - push)
        return Moved(field + reach * push, reach * push, soft / (1.0 + soft))

    def reference_cost(self, u: Any, mp: Any) -> Any:
        gain = mp.mpf(self.gain)
        return mp.log1p(mp.exp(-gain * u)) / gain

    def reference_ground(self, field: Any, variance: Any, mp: Any) -> tuple[Any, Any]:
        """Newton's method in the logit of the force, as in the compiled map."""
        gain = exact(self.gain, mp)
        a, c = gain * field, gain * variance
        rough = logistic_push(float(field), float(gain), float(variance))
        t = mp.log(rough) - mp.log1p(-rough) if 0 < rough < 1 else min(mp.zero, -a) if a + c / 2 > 0 else max(0, -a - c)
        while True:
            push = 1 / (1 + mp.exp(-t))
            bend = c * push / (1 + mp.exp(t))
            step = (t + a + c * push) / (1 + bend)
            t -= step
            if abs(step) <= mp.sqrt(mp.eps) * (1 + abs(t)) * mp.mpf("1e-3"):  # the next step would be below rounding
                break
        push = 1 / (1 + mp.exp(-t))
        bend = c * push / (1 + mp.exp(t))
        return field + variance * push, bend / (1 + bend)

    def ground_features(self, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r"""The two places next to which ``1 + V l''(u)`` vanishes: ``gain u = +-2 arsinh(sqrt(gain V)/2) + i pi``."""
        gain = per_row(self.gain, variance.size)
        half = 2.0 * np.arcsinh(0.5 * np.sqrt(gain * variance))
        places = [sign * half / gain + variance / np.expm1(sign * half) for sign in (1.0, -1.0)]
        return np.stack(places, axis=1), np.broadcast_to(np.pi / gain[:, None], (gain.size, 2))

    def ground_edge(self, variance: np.ndarray) -> np.ndarray:
        return -0.5 * variance

    def ground_sums(
        self, mean: np.ndarray, deviation: np.ndarray, variance: np.ndarray, level: int, whole: bool = True
    ) -> np.ndarray:
        _, weight, field = ground_nodes(self, mean, deviation, variance, level, whole=whole)
        return logistic_sums(weight, field, self.gain, variance, whole)

    def reference_terms(self, field: Any, variance: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        return reference_moments(self, field, variance, beta, 14 / mp.mpf(self.gain), mp)
