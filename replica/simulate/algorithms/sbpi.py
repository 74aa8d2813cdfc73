"""Stochastic belief-propagation-inspired learning of signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms._walks import push_sweeps
from replica.simulate.algorithms.base import (
    Algorithm,
    Outcome,
    require_margin,
    require_signs,
    require_single_unit,
    verdict,
)
from replica.simulate.instances import Instance, whole


@dataclass(frozen=True)
class SBPI(Algorithm):
    r"""Stochastic belief-propagation-inspired learning (SBPI): on-line pushes of hidden variables, weights their signs.

    A wrong pattern pushes every hidden variable by ``2 y x``; one that is right by less than one flip (``0 <= s < 2``,
    s in units of ``w.x``) pushes those that agree with it, with a probability.

    When not to use it: loads above 0.7 (margin 0), where the sweeps run out: `ReinforcedBP`, `FocusingBP`; networks.

    Parameters
    ----------
    push_probability : float
        In [0, 1]; 0.3 is safe up to alpha = 0.7, 0.4 faster below 0.65.
    max_sweeps : int
        Passes over all patterns before giving up, at least 1.

    See Also
    --------
    ReinforcedBP : Higher loads.
    success_threshold : The load at which half of the instances are solved.

    References
    ----------
    C. Baldassi, A. Braunstein, N. Brunel and R. Zecchina, PNAS 104, 11079 (2007).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import SBPI
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, algorithm=SBPI(), n=101, alpha=0.4, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    push_probability: float = 0.3
    max_sweeps: int = 4000
    name: ClassVar[str] = "sbpi"

    def __post_init__(self) -> None:
        number("push_probability", self.push_probability, low=0.0, high=1.0)
        whole("max_sweeps", self.max_sweeps, 1)

    def check(self, model: Model) -> None:
        require_signs(self, model)
        require_single_unit(self, model)
        require_margin(self, model)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        inputs = (instance.y[:, None] * instance.X).astype(np.float32)
        offset = np.float32(require_margin(self, instance.model) * np.sqrt(instance.n) / instance.gain)
        hidden = rng.choice(np.array([-1.0, 1.0]), size=instance.n).astype(np.float32)
        done = push_sweeps(inputs, offset, self.push_probability, np.float32(instance.n), hidden, self.max_sweeps, rng)
        sweeps = done if done > 0 else self.max_sweeps
        weights = np.where(hidden >= 0, 1.0, -1.0)
        return verdict(instance, weights, f"{sweeps} sweeps", "raise max_sweeps", {"sweeps": (sweeps, 0.0)})
