"""The largest margin of a single unit with real weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms._pushes import ascend
from replica.simulate.algorithms.base import Algorithm, Outcome, require_sphere
from replica.simulate.instances import Instance, whole

#: random labels: separable with a chance that falls from 1 to 0 around alpha = 2, over a width of 1/sqrt(n)
UNSEPARABLE = "this sample may not be separable, common near alpha = 2 at small n; raise max_sweeps"


@dataclass(frozen=True)
class MaxMargin(Algorithm):
    r"""AdaTron with relaxation: the weights ``|w|^2 = N`` of largest margin ``max_margin``, above 0.

    Multipliers ``a >= 0`` of the constraints ``F w >= 1``, ``F = y X/sqrt(N)``, are raised one by one with
    ``w = sum_mu a_mu F_mu``; the margin is ``sqrt(N)/|w|``. Its error is the duality gap, from ``sqrt(N) min(F w)/|w|``
    (reached) to ``sqrt(N/(2 sum a - |w|^2))`` (no margin is larger).

    When not to use it: patterns without a positive margin (random labels above load 2); the sweeps then never end, and
    are given up.

    Parameters
    ----------
    rate : float
        Relaxation in (0, 2).
    tolerance : float
        On the constraints, above 0.
    max_sweeps : int
        Passes over the patterns before giving up, at least 1.

    See Also
    --------
    MinOver : Slower, with the simplest proof.
    max_margin : The theory.

    References
    ----------
    J. K. Anlauf and M. Biehl, Europhys. Lett. 10, 687 (1989).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import MaxMargin
    >>> model = replica.perceptron("spherical")
    >>> runs = replica.simulate(model, algorithm=MaxMargin(), n=200, alpha=1.0, samples=10, seed=1)
    >>> theory = replica.max_margin(model, alpha=1.0)
    >>> bool(abs(runs["max_margin"].mean() - theory) < 0.05), bool(runs["max_margin_error"].max() < 1e-5)
    (True, True)
    """

    rate: float = 1.5
    tolerance: float = 1e-6
    max_sweeps: int = 3000
    name: ClassVar[str] = "max-margin"

    def __post_init__(self) -> None:
        number("rate", self.rate, low=0.0, high=2.0, open_low=True, open_high=True)
        number("tolerance", self.tolerance, low=0.0, open_low=True)
        whole("max_sweeps", self.max_sweeps, 1)

    def check(self, model: Model) -> None:
        require_sphere(self, model)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        n = instance.n
        if not instance.patterns:
            return Outcome(
                "not converged: without patterns every margin is reached", None, {"max_margin": (np.nan,) * 2}
            )
        inputs = np.ascontiguousarray(instance.y[:, None] * instance.X * (instance.gain / np.sqrt(n)))
        norms = np.sum(inputs**2, axis=1)
        if not norms.min() > 0:
            text = f"not converged: the inputs of pattern {int(norms.argmin())} are 0, no weights give it a margin"
            return Outcome(text, None, {"max_margin": (np.nan, np.nan)})
        weights, multipliers = np.zeros(n), np.zeros(instance.patterns)
        done = ascend(inputs, norms, self.rate, self.tolerance, self.max_sweeps, multipliers, weights)
        square, total = float(weights @ weights), float(multipliers.sum())
        reached = np.sqrt(n / square) * float(np.min(inputs @ weights))
        scaled = weights * np.sqrt(n / square)
        dual = 2.0 * total - square
        if done < 0 or dual <= 0 or reached <= 0:
            status = f"not converged: no positive margin after {self.max_sweeps} sweeps; {UNSEPARABLE}"
            if reached > 0:
                status = f"not converged: the constraints are not met to {self.tolerance:g}; raise max_sweeps"
            return Outcome(status, scaled, {"max_margin": (np.nan, np.nan)})
        above = np.sqrt(n / dual)
        error = max(above - reached, 1e-14)
        return Outcome(f"converged in {done} sweeps", scaled, {"max_margin": ((above + reached) / 2.0, error)})
