"""MinOver: the largest margin by learning the least satisfied pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms._pushes import least_satisfied
from replica.simulate.algorithms.base import Algorithm, Outcome, require_sphere
from replica.simulate.instances import Instance, whole


@dataclass(frozen=True)
class MinOver(Algorithm):
    r"""MinOver: the pattern of the smallest field is learned, ``w += y x``, until the margin is close to the largest.

    ``max_margin`` lies between ``sqrt(N) min(F w)/|w|`` (reached) and ``sqrt(N) |w|/M`` after M steps, since each of
    them adds at least the largest margin to the field of its weights; its error is half the distance. It comes closer
    like ``1/M``.

    When not to use it: for many digits; take `MaxMargin`. Patterns without a positive margin.

    Parameters
    ----------
    tolerance : float
        Relative distance of the bounds, in (0, 1).
    max_steps : int
        Steps before giving up, at least 1: patterns without a positive margin never end.

    See Also
    --------
    MaxMargin : Many digits.
    LeastAction : Any solution.

    References
    ----------
    W. Krauth and M. Mezard, J. Phys. A 20, L745 (1987).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import MaxMargin, MinOver
    >>> setting = dict(n=50, alpha=0.6, samples=2, seed=1)
    >>> model = replica.perceptron("spherical")
    >>> slow, quick = (replica.simulate(model, algorithm=way(), **setting) for way in (MinOver, MaxMargin))
    >>> bool((abs(slow["max_margin"] - quick["max_margin"]) < 2 * slow["max_margin_error"]).all())
    True
    """

    tolerance: float = 1e-3
    max_steps: int = 2_000_000
    name: ClassVar[str] = "min-over"

    def __post_init__(self) -> None:
        number("tolerance", self.tolerance, low=0.0, high=1.0, open_low=True, open_high=True)
        whole("max_steps", self.max_steps, 1)

    def check(self, model: Model) -> None:
        require_sphere(self, model)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        unknown = {"max_margin": (np.nan, np.nan), "steps": (np.nan, np.nan)}
        if not instance.patterns:
            return Outcome("not converged: without patterns every margin is reached", None, unknown)
        n, counts = instance.n, np.zeros(instance.patterns)
        inputs = instance.y[:, None] * instance.X * (instance.gain / np.sqrt(n))
        steps = int(least_satisfied(inputs @ inputs.T, self.tolerance, self.max_steps, counts))
        weights = counts @ inputs
        size = float(np.linalg.norm(weights))
        if size == 0.0:
            return Outcome("not converged: the patterns cancel each other", None, unknown)
        reached, above = np.sqrt(n) * float(np.min(inputs @ weights)) / size, np.sqrt(n) * size / steps
        scaled = weights * np.sqrt(n) / size
        if reached <= 0 or above - reached > 1.01 * self.tolerance * above:
            status = f"not converged: the margin is between {reached:.3g} and {above:.3g} after {steps} steps"
            return Outcome(f"{status}; raise max_steps, or is the load above 2?", scaled, unknown)
        error = max((above - reached) / 2.0, 1e-14)
        numbers = {"max_margin": ((above + reached) / 2.0, error), "steps": (float(steps), 0.0)}
        return Outcome(f"converged in {steps} steps", scaled, numbers)
