"""Reinforced belief propagation: messages that remember, until they point at one solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms._amp import System
from replica.simulate.algorithms._majority_amp import require_messages, system_of
from replica.simulate.algorithms.base import Algorithm, Outcome, require_signs, verdict
from replica.simulate.instances import Instance, whole

FROZEN = 1e-9  # variance of the weights at which nothing moves any more
LARGEST_FIELD = 300.0


@dataclass(frozen=True)
class ReinforcedBP(Algorithm):
    r"""Reinforced belief propagation (AMP form): the field of each weight is added to its next one.

    For weights +-1, of one unit or of a committee of sign units:

    .. math:: B^{t+1} = F^T g + A m + r_t B^t,\qquad r_t = 1 - (1 - \rho)^t

    It solves in roughly ``1/rho`` sweeps whatever the load; smaller rates solve higher loads.

    When not to use it: to draw typical solutions or to count them: what it finds lies in dense regions
    (`BeliefPropagation` counts).

    Parameters
    ----------
    rate : float
        rho in (0, 1).
    restarts : int
        Further tries with half the rate each, at least 0.
    max_sweeps : int, optional
        Of one try, at least 1; None: ``6/rate``.

    See Also
    --------
    FocusingBP : Replicas in the place of the memory.
    MaxSum : The zero-temperature messages.

    References
    ----------
    A. Braunstein and R. Zecchina, Phys. Rev. Lett. 96, 030201 (2006).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import ReinforcedBP
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, algorithm=ReinforcedBP(rate=0.01), n=101, alpha=0.4, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    rate: float = 1e-3
    restarts: int = 0
    max_sweeps: int | None = None
    name: ClassVar[str] = "reinforced-bp"

    def __post_init__(self) -> None:
        number("rate", self.rate, low=0.0, high=1.0, open_low=True, open_high=True)
        whole("restarts", self.restarts, 0)
        if self.max_sweeps is not None:
            whole("max_sweeps", self.max_sweeps, 1)

    def check(self, model: Model) -> None:
        require_signs(self, model)
        require_messages(self, model)
        require_partition(self, model)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        system = system_of(instance)
        best, fewest, total = np.ones(instance.n), instance.patterns + 1, 0
        for attempt in range(self.restarts + 1):
            rate = self.rate / 2.0**attempt
            weights, sweeps = _follow(system, instance, rng, rate, self.max_sweeps or int(6 / rate))
            total += sweeps
            errors = instance.violations(weights)
            if errors < fewest:
                best, fewest = weights, errors
            if errors == 0:
                break
        return verdict(instance, best, f"{total} sweeps", "try a smaller rate or restarts", {"sweeps": (total, 0.0)})


def _follow(
    system: System, instance: Instance, rng: np.random.Generator, rate: float, sweeps: int
) -> tuple[np.ndarray, int]:
    """One try: the signs at the first solution, or when the messages have frozen or the sweeps are spent."""
    start = 0.01 if instance.model.architecture.units == 1 else 0.1  # a committee's units must tell themselves apart
    mean, g = start * rng.standard_normal(instance.n), np.zeros(instance.patterns)
    B, variance = np.zeros(instance.n), 1.0
    for sweep in range(1, sweeps + 1):
        found = system.patterns(mean, variance, g)
        g = found.g
        memory = 1.0 - (1.0 - rate) ** sweep
        B = np.clip(system.field(found, mean) + memory * B, -LARGEST_FIELD, LARGEST_FIELD)
        mean = (1.0 - system.damping) * np.tanh(B) + system.damping * mean
        variance = max(1.0 - float(mean @ mean) / instance.n, 1e-8)
        if (sweep % 4 == 0 or variance <= 10 * FROZEN) and solves(system, instance, mean):
            break
        if variance < 10 * FROZEN:
            break
    return signs(mean), sweep


def signs(mean: np.ndarray) -> np.ndarray:
    """Signs, a vanishing mean counted as +1."""
    return np.where(mean >= 0, 1.0, -1.0)


def solves(system: System, instance: Instance, mean: np.ndarray) -> bool:
    """Whether the signs of the means violate no pattern: a quick look at fast fields, then for certain."""
    weights = signs(mean)
    fast = instance.model.loss.cost(system.output(system.project(weights)))
    return bool(np.count_nonzero(fast) <= 1) and instance.violations(weights) == 0


def require_partition(algorithm: Algorithm, model: Model) -> None:
    """Message passing towards solutions needs a constraint."""
    if not model.loss.hard:
        raise ValueError(f"algorithm {algorithm.name!r} is for hard constraints, got {model.loss}")
