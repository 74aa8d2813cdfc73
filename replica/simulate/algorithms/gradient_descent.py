"""Stochastic gradient descent on the cross-entropy with growing sharpness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms._gradient import Descent, geometric
from replica.simulate.algorithms.base import Algorithm, Outcome, require_majority, require_margin, verdict
from replica.simulate.instances import Instance, whole
from replica.weights.base import Average


@dataclass(frozen=True)
class GradientDescent(Algorithm):
    r"""Stochastic gradient descent on ``ln(1 + exp(-2 gamma Delta))/(2 gamma)``, weights on the sphere, margin 0.

    A single unit, or a committee of sign units (trained through ``tanh(b lambda)``). The sharpness gamma, which
    stands for a slowly growing norm, and b rise, the rate falls, all geometrically over the epochs.

    When not to use it: weights +-1 (`SBPI`, `ReplicatedSGD`), other margins than 0, or the largest margin
    (`MaxMargin`).

    Parameters
    ----------
    epochs, batch : int
        At least 1.
    first_gamma, last_gamma : float
        Sharpness, above 0.
    first_bend, last_bend : float
        b of committees, above 0.
    first_rate, last_rate : float
        Above 0: step per pattern in units of 1/N; above about 2.5 batches' worth it destroys learning.

    See Also
    --------
    EntropicSGD : Steps to the mean of a walk.
    LeastAction : Pushes of wrong patterns only.

    References
    ----------
    C. Baldassi, F. Pittorino and R. Zecchina, PNAS 117, 161 (2020), for the growing norm.

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import GradientDescent
    >>> model = replica.perceptron("spherical")
    >>> runs = replica.simulate(model, algorithm=GradientDescent(), n=50, alpha=0.6, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    epochs: int = 600
    batch: int = 20
    first_gamma: float = 0.5
    last_gamma: float = 20.0
    first_bend: float = 0.5
    last_bend: float = 3.0
    first_rate: float = 0.05
    last_rate: float = 0.005
    name: ClassVar[str] = "gradient-descent"

    def __post_init__(self) -> None:
        whole("epochs", self.epochs, 1)
        whole("batch", self.batch, 1)
        for key in ("gamma", "bend", "rate"):
            for end in ("first", "last"):
                number(f"{end}_{key}", getattr(self, f"{end}_{key}"), low=0.0, open_low=True)

    def check(self, model: Model) -> None:
        require_sphere(self, model)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        descent = Descent(instance, rng, self.batch)
        weights = descent.start()
        best, fewest, done = weights, descent.errors(weights), 0
        for gamma, bend, rate in self.schedule():
            if fewest == 0:
                break
            for chosen in descent.batches():
                weights = descent.normalised(weights - rate * descent.gradient(weights, chosen, gamma, bend))
            done += 1
            errors = descent.errors(weights)
            if errors < fewest:
                best, fewest = weights, errors
        return finish(instance, best, done)

    def schedule(self) -> list[tuple[float, float, float]]:
        """(gamma, b, rate) of each epoch."""
        ends = (
            (self.first_gamma, self.last_gamma),
            (self.first_bend, self.last_bend),
            (self.first_rate, self.last_rate),
        )
        return list(zip(*(geometric(*pair, self.epochs).tolist() for pair in ends), strict=True))


def require_sphere(algorithm: Algorithm, model: Model) -> None:
    """Weights on the sphere, sign units, margin 0."""
    require_majority(algorithm, model)
    if require_margin(algorithm, model) != 0:
        raise ValueError(f"algorithm {algorithm.name!r} is for margin 0, got {model.loss}")
    if not isinstance(model.weights.norm, Average):
        raise ValueError(f"algorithm {algorithm.name!r} is for weights on the sphere, got {model.weights}")


def finish(instance: Instance, weights: np.ndarray, epochs: int) -> Outcome:
    """The verdict on the best weights met."""
    return verdict(
        instance, weights.reshape(-1), f"{epochs} epochs", "try more epochs", {"epochs": (float(epochs), 0.0)}
    )
