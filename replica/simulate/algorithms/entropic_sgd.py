"""Entropic gradient descent: steps towards the mean of a short inner walk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.simulate.algorithms._gradient import Descent, geometric
from replica.simulate.algorithms.base import Outcome
from replica.simulate.algorithms.gradient_descent import GradientDescent, finish
from replica.simulate.instances import Instance, whole


@dataclass(frozen=True)
class EntropicSGD(GradientDescent):
    r"""Entropy-SGD: each step goes to the running mean of an inner walk that is drawn back to where it began.

    Inner steps ``w' <- normalise(w' - rate N grad - c (w' - w) + noise sqrt(rate) z)`` with ``mu <- mu/4 + 3 w'/4``,
    then ``w <- normalise(mu)``. Models and schedules as in `GradientDescent`.

    When not to use it: to save time; an epoch costs more than one of plain descent (see the notes for what it gains).

    Parameters
    ----------
    epochs, batch, first_gamma, last_gamma, first_bend, last_bend, first_rate, last_rate
        As in `GradientDescent`.
    inner_steps : int
        Steps of a walk, at least 1.
    noise : float
        At least 0.
    first_coupling, last_coupling : float
        c, above 0, geometric over the epochs.

    See Also
    --------
    GradientDescent : Without the inner walk.
    ReplicatedSGD : Weights +-1.

    Notes
    -----
    On these small models no gain in success or flatness over plain descent has been seen.

    References
    ----------
    P. Chaudhari et al., J. Stat. Mech. 124018 (2019).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import EntropicSGD
    >>> model = replica.perceptron("spherical")
    >>> runs = replica.simulate(model, algorithm=EntropicSGD(), n=50, alpha=0.6, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    inner_steps: int = 5
    noise: float = 0.02
    first_coupling: float = 1e-3
    last_coupling: float = 0.5
    name: ClassVar[str] = "entropic-sgd"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("inner_steps", self.inner_steps, 1)
        number("noise", self.noise, low=0.0)
        number("first_coupling", self.first_coupling, low=0.0, open_low=True)
        number("last_coupling", self.last_coupling, low=0.0, open_low=True)

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        descent = Descent(instance, rng, self.batch)
        weights = descent.start()
        best, fewest, done = weights, descent.errors(weights), 0
        couplings = geometric(self.first_coupling, self.last_coupling, self.epochs)
        for (gamma, bend, rate), coupling in zip(self.schedule(), couplings, strict=True):
            if fewest == 0:
                break
            walker, mean = weights, weights
            for step, chosen in enumerate(descent.batches(), start=1):
                kick = self.noise * np.sqrt(rate) * rng.standard_normal(weights.shape)
                force = rate * descent.gradient(walker, chosen, gamma, bend) + coupling * (walker - weights)
                walker = descent.normalised(walker - force + kick)
                mean = 0.25 * mean + 0.75 * walker
                if step % self.inner_steps == 0:
                    weights = walker = mean = descent.normalised(mean)
            weights = descent.normalised(mean)  # of the last steps, too few for a round of their own
            done += 1
            errors = descent.errors(weights)
            if errors < fewest:
                best, fewest = weights, errors
        return finish(instance, best, done)
