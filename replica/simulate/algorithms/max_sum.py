"""Max-sum: message passing at zero temperature, with reinforcement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms._max_sum import max_sum_sweep
from replica.simulate.algorithms.base import (
    Algorithm,
    Outcome,
    require_margin,
    require_signs,
    require_single_unit,
    verdict,
)
from replica.simulate.instances import Instance, whole

LARGEST_FIELD = 1e100


@dataclass(frozen=True)
class MaxSum(Algorithm):
    r"""Reinforced max-sum for weights +-1 and inputs +-1: the zero-temperature limit of belief propagation.

    A pattern ``sum_i x_i w_i >= theta`` tells weight i how much the best of the other weights, in their fields ``s``
    along the pattern, lose where i disagrees with it:

    .. math:: u_{\mu\to i} = x_i \max(0, -s_{(k)}),\qquad k = \lceil (N + \theta)/2\rceil

    with the k-th largest of the others: exact, in one partial sort for each pattern. Fields start at random and are
    remembered, ``h^{t+1} = sum_mu u + r_t h^t`` with ``r_t = 1 - (1 - rho)^t``.

    When not to use it: inputs other than +-1, which have no such order: it needs ``inputs="sign"``.

    Parameters
    ----------
    rate : float
        rho in (0, 1).
    max_sweeps : int, optional
        At least 1; None: ``6/rate``.

    See Also
    --------
    ReinforcedBP : Any inputs, and quicker.
    SBPI : On-line.

    Notes
    -----
    A sweep takes about ten times as long as one of `ReinforcedBP`.

    References
    ----------
    C. Baldassi and A. Braunstein, J. Stat. Mech. P08008 (2015).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import MaxSum
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, algorithm=MaxSum(rate=0.02), n=51, alpha=0.3, samples=2, seed=1, inputs="sign")
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    rate: float = 3e-3
    max_sweeps: int | None = None
    name: ClassVar[str] = "max-sum"

    def __post_init__(self) -> None:
        number("rate", self.rate, low=0.0, high=1.0, open_low=True, open_high=True)
        if self.max_sweeps is not None:
            whole("max_sweeps", self.max_sweeps, 1)

    def check(self, model: Model) -> None:
        require_signs(self, model)
        require_single_unit(self, model)
        require_margin(self, model)
        if model.data.separable:
            raise ValueError(f"algorithm {self.name!r} is for inputs +-1, got {model.data}")

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        if not np.all(np.abs(instance.X) == 1):
            raise ValueError(f"algorithm {self.name!r} is for inputs +-1: give inputs='sign'")
        n, signs = instance.n, np.ascontiguousarray(instance.y[:, None] * instance.X)
        weights, fewest, done = np.ones(n), instance.patterns + 1, 0
        needed = agreeing(instance, require_margin(self, instance.model))
        if needed >= n:  # a pattern leaves one choice of weights or none
            weights = np.where(signs.sum(axis=0) >= 0, 1.0, -1.0)
            return verdict(instance, weights, "no sweep", "the margin is too large", {"sweeps": (0.0, 0.0)})
        fields, messages = rng.standard_normal(n), np.zeros(signs.shape)
        for sweep in range(1, (self.max_sweeps or int(6 / self.rate)) + 1):
            if needed > 0:
                max_sum_sweep(signs, needed, rng.permutation(instance.patterns), messages, fields)
            done, found = sweep, np.where(fields >= 0, 1.0, -1.0)
            errors = instance.violations(found)
            if errors < fewest:
                weights, fewest = found, errors
            if errors == 0 or np.max(np.abs(fields)) > LARGEST_FIELD:
                break
            memory = 1.0 - (1.0 - self.rate) ** sweep
            fields = memory * fields + np.einsum("pi,pi->i", signs, messages)
        return verdict(instance, weights, f"{done} sweeps", "try a smaller rate", {"sweeps": (float(done), 0.0)})


def agreeing(instance: Instance, margin: float) -> int:
    """The fewest weights that must agree with a pattern of signs for the loss to allow its stability."""
    n = instance.n
    first = int(np.floor((n + margin * np.sqrt(n) / instance.gain) / 2)) - 1
    counts = np.arange(first, first + 4)
    stability = instance.gain * (2 * counts - n) / np.sqrt(n)
    return int(counts[np.argmax(instance.model.loss.cost(stability) == 0)])
