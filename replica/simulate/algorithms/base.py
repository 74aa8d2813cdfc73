"""What a simulation algorithm must give: numbers of one instance. No particular algorithm lives here."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from replica._registry import Member
from replica.models.model import Model
from replica.simulate.instances import Instance
from replica.weights.base import Average


class Outcome(NamedTuple):
    """What one run found.

    ``status`` begins with ``converged`` or ``not converged``. ``weights`` (N,) is None when there are none.
    ``numbers`` are observables of this sample with their errors (0: exact up to rounding), ``arrays`` name ->
    (dimension names, values) of the same shape for every sample, ``bias`` one that was learned.
    """

    status: str
    weights: np.ndarray | None
    numbers: dict[str, tuple[float, float]]
    arrays: dict[str, tuple[tuple[str, ...], np.ndarray]] | None = None
    bias: float | None = None


class Algorithm(Member):
    """Finds or counts weights of one finite system. Members are frozen dataclasses whose fields are the settings."""

    family = "algorithm"
    registry: ClassVar[dict[str, type[Any]]] = {}
    parameters: ClassVar[dict[str, str]] = {}
    #: learns or heeds a bias of the output field
    biased: ClassVar[bool] = False
    #: attributes of its arrays, as those of a read-out
    meanings: ClassVar[dict[str, dict[str, str]]] = {}
    #: samples that make one task; fixed, so that results do not depend on the number of workers
    samples_per_task: ClassVar[int] = 1

    def check(self, model: Model) -> None:
        """`ValueError` unless the algorithm covers the model."""

    def coordinates(self) -> dict[str, np.ndarray]:
        """The grids that its arrays are over, where it has some of its own."""
        return {}

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        """Solve or count one instance."""
        raise TypeError(f"the algorithm {type(self).__name__} must define run(instance, rng)")


def require_signs(algorithm: Algorithm, model: Model) -> None:
    """Refuse weights that are not +-1."""
    if not model.weights.signs:
        raise ValueError(f"algorithm {algorithm.name!r} is for weights +-1, got {model.weights}")


def require_single_unit(algorithm: Algorithm, model: Model) -> None:
    """Refuse networks with more than one unit."""
    if model.architecture.units != 1:
        raise ValueError(f"algorithm {algorithm.name!r} is for a single unit, got {model.architecture}")


def require_margin(algorithm: Algorithm, model: Model) -> float:
    """The margin of a loss whose errors are the stabilities below it (hard or counted), else a `ValueError`."""
    kappa = model.loss.kinks()
    below, above = -1e6, 1e6
    probe: Any = model.loss.cost(np.array([below, above]))
    if len(kappa) != 1 or not (probe[0] > 0 and probe[1] == 0):
        raise ValueError(f"algorithm {algorithm.name!r} is for a loss with one margin, got {model.loss}")
    return float(kappa[0])


def require_sphere(algorithm: Algorithm, model: Model) -> None:
    """Refuse all but one unit of weights on the sphere with one margin: what a largest margin is of."""
    require_single_unit(algorithm, model)
    require_margin(algorithm, model)
    if not isinstance(model.weights.norm, Average):
        raise ValueError(f"algorithm {algorithm.name!r} is for weights on the sphere, got {model.weights}")


def verdict(
    instance: Instance, weights: np.ndarray, effort: str, advice: str, numbers: dict[str, tuple[float, float]]
) -> Outcome:
    """The outcome of a search, judged on the weights alone."""
    left = instance.violations(weights)
    status = f"converged: solved in {effort}"
    if left:
        status = f"not converged: {left} of {instance.patterns} patterns violated after {effort}; {advice}"
    return Outcome(status, weights, numbers)


def require_majority(algorithm: Algorithm, model: Model) -> None:
    """Refuse networks whose output is not the majority of the signs of an odd number of units."""
    units = model.architecture.units
    trial = np.random.default_rng(0).standard_normal((64, int(units) if np.isfinite(units) else 1))
    if not np.isfinite(units) or units % 2 == 0 or (
        units > 1 and np.any(np.sign(model.architecture.readout(trial)) != np.sign(np.sign(trial).sum(axis=1)))
    ):  # fmt: skip
        raise ValueError(f"algorithm {algorithm.name!r} is for committees of sign units, got {model.architecture}")
