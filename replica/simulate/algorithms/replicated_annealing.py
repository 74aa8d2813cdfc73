"""Replicated simulated annealing of signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number, one_of
from replica.models.model import Model
from replica.simulate.algorithms.annealing import ENERGIES, walk
from replica.simulate.algorithms.base import Algorithm, Outcome, require_margin, require_signs, require_single_unit
from replica.simulate.instances import Instance, whole


@dataclass(frozen=True)
class ReplicatedAnnealing(Algorithm):
    r"""Replicated simulated annealing: y replicas of weights +-1, drawn to a centre that is traced out.

    A flip of weight i is accepted with ``min(1, exp(-beta dE) cosh(gamma S_i')/cosh(gamma S_i))``, ``S_i`` the sum of
    the replicas' weights; beta and gamma grow linearly. It finds dense regions where plain annealing stays stuck.

    When not to use it: to draw typical solutions, or for networks; at loads of 0.6 and more messages (`ReinforcedBP`,
    `FocusingBP`) are quicker.

    Parameters
    ----------
    replicas : int
        y, at least 2.
    energy : {"linear", "step"}
        As in `Annealing`.
    sweeps : int
        Sweeps of N proposed flips for each replica, at least 1.
    first_beta, last_beta, first_gamma, last_gamma : float
        At least 0.

    See Also
    --------
    Annealing : One replica.
    EntropyDrivenMC : The local entropy itself as the cost.

    References
    ----------
    C. Baldassi et al., PNAS 113, E7655 (2016).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import ReplicatedAnnealing
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, algorithm=ReplicatedAnnealing(), n=51, alpha=0.3, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    replicas: int = 3
    energy: str = "linear"
    sweeps: int = 8000
    first_beta: float = 0.1
    last_beta: float = 2.0
    first_gamma: float = 0.05
    last_gamma: float = 1.0
    name: ClassVar[str] = "replicated-annealing"

    def __post_init__(self) -> None:
        one_of("energy", self.energy, ENERGIES)
        whole("sweeps", self.sweeps, 1)
        whole("replicas", self.replicas, 2)
        for key in ("first_beta", "last_beta", "first_gamma", "last_gamma"):
            number(key, getattr(self, key), low=0.0)

    def check(self, model: Model) -> None:
        require_signs(self, model)
        require_single_unit(self, model)
        require_margin(self, model)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        beta = np.linspace(self.first_beta, self.last_beta, self.sweeps)
        gamma = np.linspace(self.first_gamma, self.last_gamma, self.sweeps)
        return walk(self, instance, rng, beta, gamma, self.replicas)
