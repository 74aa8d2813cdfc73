"""Focusing belief propagation: messages in the field of replicas that are drawn together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number, one_of
from replica.models.model import Model
from replica.simulate.algorithms._amp import System
from replica.simulate.algorithms._majority_amp import require_messages, system_of
from replica.simulate.algorithms.base import Algorithm, Outcome, require_signs, verdict
from replica.simulate.algorithms.reinforced_bp import require_partition, signs, solves
from replica.simulate.instances import Instance, whole

SETTLED = 1e-3  # change of the means at which the next step is taken
NEARLY_ONE = 1.0 - 1e-15
MOST_DAMPED = 0.9


def pseudo_reinforcement() -> Iterator[tuple[float, float]]:
    """``tanh gamma = sqrt rho, y - 1 = 1/(1 - rho)``: rho 0, 0.01, ... 0.99, then in steps of 0.002 to 0.998."""
    for rho in (*np.arange(100) / 100.0, 0.992, 0.994, 0.996, 0.998):
        yield float(np.sqrt(rho)), float(1.0 / (1.0 - rho))


def scoping() -> Iterator[tuple[float, float]]:
    """21 replicas, gamma from 0 to 3 in steps of 0.05."""
    for gamma in 0.05 * np.arange(61):
        yield float(np.tanh(gamma)), 20.0


#: protocol -> steps of (tanh gamma, y - 1), sweeps for each, damping
PROTOCOLS = {"pseudo-reinforcement": (pseudo_reinforcement, 20, 0.8), "scoping": (scoping, 50, 0.5)}


@dataclass(frozen=True)
class FocusingBP(Algorithm):
    r"""Focusing belief propagation (AMP form): y identical replicas, each drawn to a common centre.

    For weights +-1, of one unit or of a committee of sign units:

    .. math:: e = \mathrm{atanh}[\tanh\gamma \tanh((y-1)\,\mathrm{atanh}(\tanh\gamma\tanh B))],\qquad m = \tanh(B + e)

    with the field B of the same sweep; gamma and y grow along a protocol. It ends in regions that are dense in
    solutions.

    When not to use it: to draw typical solutions; those of dense regions are not typical.

    Parameters
    ----------
    protocol : {"pseudo-reinforcement", "scoping"}
    full : bool
        Follow the protocol to its end instead of stopping at the first solution: flatter solutions.
    sweeps_per_step : int, optional
        None: that of the protocol.
    damping : float, optional
        Share of the old means kept; None: that of the protocol. It rises towards 0.9 where the means do not settle.

    See Also
    --------
    ReinforcedBP : A memory in the place of replicas, quicker.
    local_entropy : The theory of dense regions.

    References
    ----------
    C. Baldassi et al., PNAS 113, E7655 (2016).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import FocusingBP
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, algorithm=FocusingBP(), n=101, alpha=0.4, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    protocol: str = "pseudo-reinforcement"
    full: bool = False
    sweeps_per_step: int | None = None
    damping: float | None = None
    name: ClassVar[str] = "focusing-bp"

    def __post_init__(self) -> None:
        one_of("protocol", self.protocol, PROTOCOLS)
        if not isinstance(self.full, bool):
            raise ValueError(f"full must be True or False, got {self.full!r}")
        if self.sweeps_per_step is not None:
            whole("sweeps_per_step", self.sweeps_per_step, 1)
        if self.damping is not None:
            number("damping", self.damping, low=0.0, high=1.0, open_high=True)

    def check(self, model: Model) -> None:
        require_signs(self, model)
        require_messages(self, model)
        require_partition(self, model)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        steps, sweeps, damping = PROTOCOLS[self.protocol]
        inner = self.sweeps_per_step or sweeps
        state = _Replicas(system_of(instance), instance, 0.01 * rng.standard_normal(instance.n))
        state.damping = damping if self.damping is None else self.damping
        best, fewest = signs(state.mean), instance.patterns + 1
        for coupling, others in steps():
            solved = state.settle(coupling, others, inner, stop=not self.full)
            weights = signs(state.mean)
            errors = 0 if solved else instance.violations(weights)
            if errors < fewest or (self.full and errors == 0):
                best, fewest = weights, errors
            if solved:
                break
        found = {"sweeps": (state.sweeps, 0.0), "self_overlap": (float(state.mean @ state.mean) / instance.n, SETTLED)}
        return verdict(instance, best, f"{state.sweeps} sweeps", "try more sweeps_per_step or damping=0.9", found)


class _Replicas:
    """Messages of one of y identical replicas, carried over from step to step."""

    def __init__(self, system: System, instance: Instance, mean: np.ndarray) -> None:
        self.system, self.instance, self.mean = system, instance, mean
        self.g, self.variance = np.zeros(instance.patterns), 1.0
        self.damping, self.sweeps = 0.0, 0

    def settle(self, coupling: float, others: float, sweeps: int, stop: bool) -> bool:
        """Sweep at one (tanh gamma, y - 1) until the means settle; True at a solution if that is where to stop."""
        first = change = np.inf
        for sweep in range(sweeps):
            change = self._sweep(coupling, others)
            first = change if sweep == 0 else first
            if stop and self.sweeps % 3 == 0 and solves(self.system, self.instance, self.mean):
                return True
            if change < SETTLED:
                break
        if change > max(first, SETTLED) and sweeps > 1:  # it oscillates
            self.damping = min(self.damping + 0.25 * (1.0 - self.damping), MOST_DAMPED)
        return stop and solves(self.system, self.instance, self.mean)

    def _sweep(self, coupling: float, others: float) -> float:
        found = self.system.patterns(self.mean, self.variance, self.g)
        self.g = found.g
        B = self.system.field(found, self.mean)
        centre = others * np.arctanh(np.minimum(coupling, NEARLY_ONE) * np.tanh(B) * NEARLY_ONE)
        fresh = np.tanh(B + np.arctanh(np.minimum(coupling, NEARLY_ONE) * np.tanh(centre)))
        change = float(np.max(np.abs(fresh - self.mean)))
        self.mean = (1.0 - self.damping) * fresh + self.damping * self.mean
        self.variance = max(1.0 - float(self.mean @ self.mean) / self.mean.size, 1e-8)
        self.sweeps += 1
        return change
