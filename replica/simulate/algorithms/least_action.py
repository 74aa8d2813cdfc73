"""Least action: the perceptron rule on the fewest units of a committee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.models.model import Model
from replica.simulate.algorithms._pushes import push_units
from replica.simulate.algorithms.base import Algorithm, Outcome, require_majority, require_margin, verdict
from replica.simulate.instances import Instance, hidden_units, whole
from replica.weights.base import Average, Pinned


@dataclass(frozen=True)
class LeastAction(Algorithm):
    r"""Least action for a single unit or a committee of sign units (tree or full), margin 0, on the sphere or +-1.

    On a wrong pattern the fewest units that mend it, those nearest to changing sign, learn ``w_k += y x_k``
    (Rosenblatt's rule; for weights +-1 their hidden variables learn ``2 y x_k``). For a single unit with real weights
    the number of updates is at most ``max|x|^2/kappa^2`` with the largest margin of ``x.w/|w|``.

    When not to use it: other margins than 0; it stops at the first solution, not at that of the largest margin
    (`MinOver`, `MaxMargin`).

    Parameters
    ----------
    max_sweeps : int
        Passes over the patterns before giving up, at least 1.

    See Also
    --------
    ReplicatedSGD : The same pushes for replicas.
    SBPI : Pushes that know how sure a weight is.

    References
    ----------
    G. J. Mitchison and R. M. Durbin, Biol. Cybern. 60, 345 (1989).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import LeastAction
    >>> model = replica.committee(3, weights="spherical")
    >>> runs = replica.simulate(model, algorithm=LeastAction(), n=99, alpha=1.0, samples=2, seed=1)
    >>> runs["solved"].values.tolist(), runs["training_error"].values.tolist()
    ([True, True], [0.0, 0.0])
    """

    max_sweeps: int = 4000
    name: ClassVar[str] = "least-action"

    def __post_init__(self) -> None:
        whole("max_sweeps", self.max_sweeps, 1)

    def check(self, model: Model) -> None:
        require_majority(self, model)
        if require_margin(self, model) != 0:
            raise ValueError(f"algorithm {self.name!r} is for margin 0, got {model.loss}")
        if not isinstance(model.weights.norm, (Average, Pinned)):
            raise ValueError(f"algorithm {self.name!r} is for weights on the sphere or +-1, got {model.weights}")

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        binary = isinstance(instance.model.weights.norm, Pinned)
        hidden = rng.choice(np.array([-1.0, 1.0]), size=instance.n) if binary else rng.standard_normal(instance.n)
        units = hidden_units(instance.model, instance.n)
        done = push_units(instance.X, instance.y, 0.0, binary, units, hidden, self.max_sweeps, rng)
        weights = np.where(hidden >= 0, 1.0, -1.0) if binary else on_spheres(hidden, units)
        sweeps = done if done > 0 else self.max_sweeps
        return verdict(instance, weights, f"{sweeps} sweeps", "raise max_sweeps", {"sweeps": (float(sweeps), 0.0)})


def on_spheres(weights: np.ndarray, units: int) -> np.ndarray:
    """The weights of each unit brought to ``|w_k|^2 = N/K``."""
    blocks = weights.reshape(units, -1)
    return (blocks * np.sqrt(blocks.shape[1]) / np.linalg.norm(blocks, axis=1, keepdims=True)).reshape(-1)
