"""Monte Carlo on the local entropy of signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms._amp import FixedPoint, System, iterate
from replica.simulate.algorithms.base import Algorithm, Outcome, require_signs, require_single_unit, verdict
from replica.simulate.algorithms.reinforced_bp import require_partition, signs
from replica.simulate.instances import Instance, whole


@dataclass(frozen=True)
class EntropyDrivenMC(Algorithm):
    r"""Entropy-driven Monte Carlo: weights +-1 climb a local free entropy, ``phi(w) = (1/N) ln sum exp(gamma w.w')``.

    The sum is over the solutions w', by belief propagation in the field ``gamma w``. Flips are proposed one by one
    among the weights that the messages disagree with (among all when there are none) and accepted with
    ``min(1, exp(y N dphi))``; gamma grows from round to round. It ends when the weights, or the signs of the messages,
    satisfy every pattern.

    When not to use it: more than a few hundred weights; each proposal is a run of belief propagation.

    Parameters
    ----------
    first_gamma, gamma_step : float
        Above 0.
    replicas : float
        y, above 0.
    rounds : int
        Values of gamma before giving up, at least 1.
    flips : int
        Proposals in each round, at least 1.

    See Also
    --------
    FocusingBP : The same aim by messages alone.
    ReplicatedAnnealing : The same aim by single flips.

    References
    ----------
    C. Baldassi, A. Ingrosso, C. Lucibello, L. Saglietti and R. Zecchina, J. Stat. Mech. 023301 (2016).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import EntropyDrivenMC
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, algorithm=EntropyDrivenMC(), n=51, alpha=0.3, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    first_gamma: float = 0.5
    gamma_step: float = 0.1
    replicas: float = 10.0
    rounds: int = 20
    flips: int = 100
    name: ClassVar[str] = "entropy-driven-mc"

    def __post_init__(self) -> None:
        for key in ("first_gamma", "gamma_step", "replicas"):
            number(key, getattr(self, key), low=0.0, open_low=True)
        whole("rounds", self.rounds, 1)
        whole("flips", self.flips, 1)

    def check(self, model: Model) -> None:
        require_signs(self, model)
        require_single_unit(self, model)
        require_partition(self, model)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        walk = _Walk(instance, rng)
        for at in range(self.rounds):
            walk.turn(self.first_gamma + at * self.gamma_step)
            for _ in range(self.flips):
                if walk.solved():
                    break
                walk.flip(self.replicas)
            if walk.solved():
                break
        found = {"flips": (float(walk.accepted), 0.0), "gamma": (walk.gamma, 0.0)}
        return verdict(instance, walk.best, f"{walk.accepted} flips", "try more rounds or flips", found)


class _Walk:
    """Weights, their field's fixed point, and the fewest errors seen."""

    def __init__(self, instance: Instance, rng: np.random.Generator) -> None:
        self.instance, self.rng, self.system = instance, rng, System.of(instance)
        self.weights = rng.choice(np.array([-1.0, 1.0]), size=instance.n)
        self.best, self.fewest = self.weights, instance.violations(self.weights)
        self.gamma, self.accepted = 0.0, 0
        self.point = self._settle(self.weights, 0.5 * self.weights, np.zeros(instance.patterns))

    def _settle(self, weights: np.ndarray, mean: np.ndarray, g: np.ndarray) -> FixedPoint:
        self.system.external = self.gamma * weights
        return iterate(self.system, mean, g, damping=0.2, tolerance=1e-3, sweeps=100)

    def turn(self, gamma: float) -> None:
        """Another strength of the field."""
        self.gamma = gamma
        self.point = self._settle(self.weights, self.point.mean, self.point.g)

    def flip(self, replicas: float) -> None:
        """Propose one flip."""
        against = np.flatnonzero(self.weights * self.point.mean < 0)
        if not against.size:
            against = np.arange(self.weights.size)
        weights = self.weights.copy()
        weights[self.rng.choice(against)] *= -1.0
        point = self._settle(weights, self.point.mean, self.point.g)
        gain = replicas * self.instance.n * (point.free_entropy - self.point.free_entropy)
        if gain >= 0 or self.rng.random() < np.exp(gain):
            self.weights, self.point = weights, point
            self.accepted += 1

    def solved(self) -> bool:
        """Whether the weights, or the signs of the messages, satisfy all patterns; the best are kept."""
        for weights in (self.weights, signs(self.point.mean)):
            errors = self.instance.violations(weights)
            if errors < self.fewest:
                self.best, self.fewest = weights, errors
        return self.fewest == 0
