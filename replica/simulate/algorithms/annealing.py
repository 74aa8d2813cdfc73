"""Simulated annealing of signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, one_of
from replica.models.model import Model
from replica.simulate.algorithms._walks import anneal
from replica.simulate.algorithms.base import (
    Algorithm,
    Outcome,
    require_margin,
    require_signs,
    require_single_unit,
    verdict,
)
from replica.simulate.instances import Instance, whole

#: whether the energy is linear in the slack
ENERGIES = {"step": False, "linear": True}


@dataclass(frozen=True)
class Annealing(Algorithm):
    r"""Simulated annealing of weights +-1 by single flips.

    Energy ``step``: the number of violated patterns; ``linear``: the sum of ``(1 - s)/2`` over them, s the slack in
    units of ``w.x`` (for inputs +-1 the number of flips that mend a pattern). The inverse temperature grows linearly.

    When not to use it: a thousand weights or more at loads near 0.5 (margin 0): it stays stuck with a few errors, where
    `SBPI` or `ReplicatedAnnealing` solve.

    Parameters
    ----------
    energy : {"linear", "step"}
    sweeps : int
        Sweeps of N proposed flips, at least 1; it stops after the first one that ends without errors.
    first_beta, last_beta : float
        Inverse temperatures, at least 0.

    See Also
    --------
    ReplicatedAnnealing : Replicas drawn to each other.
    PopulationAnnealing : Thermal means with errors.

    References
    ----------
    H. Horner, Z. Phys. B 86, 291 (1992).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import Annealing
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, algorithm=Annealing(), n=51, alpha=0.3, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    energy: str = "linear"
    sweeps: int = 10000
    first_beta: float = 0.3
    last_beta: float = 1.5
    name: ClassVar[str] = "annealing"

    def __post_init__(self) -> None:
        one_of("energy", self.energy, ENERGIES)
        whole("sweeps", self.sweeps, 1)
        number("first_beta", self.first_beta, low=0.0)
        number("last_beta", self.last_beta, low=0.0)

    def check(self, model: Model) -> None:
        require_signs(self, model)
        require_single_unit(self, model)
        require_margin(self, model)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        beta = np.linspace(self.first_beta, self.last_beta, self.sweeps)
        return walk(self, instance, rng, beta, np.zeros(self.sweeps), 1)


def walk(
    algorithm: Any, instance: Instance, rng: np.random.Generator, beta: np.ndarray, gamma: np.ndarray, replicas: int
) -> Outcome:
    """Anneal replicas from one random start along given schedules, one value a sweep."""
    columns = np.ascontiguousarray((instance.y[:, None] * instance.X).T, dtype=np.float32)
    offset = np.float32(require_margin(algorithm, instance.model) * np.sqrt(instance.n) / instance.gain)
    start = rng.choice(np.array([-1.0, 1.0], dtype=np.float32), size=instance.n)
    weights, best = np.tile(start, (replicas, 1)), np.empty(instance.n + 1)
    linear = ENERGIES[algorithm.energy]
    done = anneal(columns, offset, beta, gamma, linear, weights, np.empty(replicas + 1), best, rng)
    sweeps = done if done > 0 else beta.size
    found = {"sweeps": (float(sweeps), 0.0)}
    if replicas > 1:
        found["centre_norm"] = (float(np.mean(np.abs(weights.mean(axis=0)))), 0.0)
    return verdict(instance, best[:-1], f"{sweeps} sweeps", "raise sweeps", found)
