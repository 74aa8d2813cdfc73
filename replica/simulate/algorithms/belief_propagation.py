"""Belief propagation in its relaxed (AMP) form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.data.base import Overlaps
from replica.models.model import Model
from replica.simulate.algorithms._amp import FixedPoint, iterate
from replica.simulate.algorithms._majority_amp import require_messages, system_of
from replica.simulate.algorithms.base import Algorithm, Outcome
from replica.simulate.instances import Instance, whole
from replica.weights.base import Average, Pinned


@dataclass(frozen=True)
class BeliefPropagation(Algorithm):
    r"""Belief propagation in its relaxed (AMP) form: Bethe entropy and overlaps of one instance.

    Any loss of one unit, any weights with a partition function of their own; committees of sign units with weights
    +-1 at margin 0. The messages ``m`` and ``g`` are iterated
    to ``max |dm| < tolerance``; then ``free_entropy`` is the Bethe one, ``entropy`` (hard constraints: the same),
    ``energy``, ``q = sum m^2/N``, ``m`` (overlap with the teacher), training and generalisation errors are thermal
    means at the fixed point. The ``weights`` are the means, brought into their set (signs, the sphere, the nearest
    letter); ``solved`` is theirs.

    When not to use it: to find solutions; the signs of thermal means are seldom one: `ReinforcedBP`, `FocusingBP`.

    Parameters
    ----------
    tolerance : float
        On the means, above 0; matrices of more than 2^20 entries are in single precision and reach 1e-5.
    damping : float
        Share of the old means kept, in [0, 1).
    max_sweeps : int
        Sweeps before giving up.

    See Also
    --------
    Enumeration : Exact counts of small systems.
    ReinforcedBP : Finds solutions.

    Notes
    -----
    Errors: the last change plus 1/N: Bethe free entropies leave out terms of order one in ``ln Z``. Unsettled messages
    are no estimate: numbers are then NaN.

    References
    ----------
    Y. Kabashima and S. Uda, ALT 2004, LNAI 3244, 479; S. Rangan, ISIT 2011 (GAMP).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import BeliefPropagation
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, algorithm=BeliefPropagation(), n=201, alpha=0.4, samples=2, seed=1)
    >>> theory = replica.solve(model, alpha=0.4)
    >>> bool(abs(runs["entropy"].mean() - theory.entropy) < 0.05), runs["solved"].values.tolist()
    (True, [False, False])
    """

    tolerance: float = 1e-5
    damping: float = 0.0
    max_sweeps: int = 500
    name: ClassVar[str] = "belief-propagation"

    def __post_init__(self) -> None:
        number("tolerance", self.tolerance, low=0.0, open_low=True)
        number("damping", self.damping, low=0.0, high=1.0, open_high=True)
        whole("max_sweeps", self.max_sweeps, 1)

    def check(self, model: Model) -> None:
        require_messages(self, model)
        if np.isinf(model.beta) and not model.loss.hard:
            raise ValueError(f"belief propagation at beta = inf needs a hard constraint, got {model.loss}: give beta")

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        system = system_of(instance)
        start = 0.01 * rng.standard_normal(instance.n)
        tolerance = max(self.tolerance, system.resolution)
        found = iterate(
            system, start, np.zeros(instance.patterns), damping=max(self.damping, system.damping), tolerance=tolerance,
            sweeps=self.max_sweeps,
        )  # fmt: skip
        weights = into_set(instance.model, found.mean)
        if found.settled(tolerance) and np.isfinite(found.free_entropy):
            return Outcome(f"converged in {found.sweeps} sweeps", weights, _numbers(instance, found))
        status = f"not converged: means move by {found.change:.1e} after {found.sweeps} sweeps; try damping=0.3"
        return Outcome(status, weights, dict.fromkeys(_numbers(instance, found), (np.nan, np.nan)))


def _numbers(instance: Instance, found: FixedPoint) -> dict[str, tuple[float, float]]:
    model, n = instance.model, instance.n
    error = found.drift + 1.0 / n
    numbers = {}
    single = model.architecture.units == 1
    omega, variance = found.patterns.omega[None], np.array([found.patterns.variance])
    if model.loss.hard:
        numbers["entropy"] = (found.free_entropy, error)
    else:
        energy = float(model.loss.mean_cost(omega, variance, model.beta).sum()) / n
        numbers["entropy"] = (found.free_entropy + model.beta * energy, error * (1.0 + model.beta))
        numbers["energy"] = (energy, error)
    numbers["free_entropy"] = (found.free_entropy, error)
    wrong = model.loss.error_rate(omega, variance, model.beta) if single else np.zeros(1)  # a committee's margin is 0
    numbers["training_error"] = (float(wrong.mean()) if omega.size else 0.0, error)
    q = float(found.mean @ found.mean) / n
    numbers["q"] = (q, error)
    if instance.direction is not None:
        m = float(found.mean @ instance.direction) / n
        numbers["m"] = (m, error)
    if instance.direction is not None and single:
        overlaps = Overlaps(*(np.array([x]) for x in (q, found.variance, m, max(q - m * m, 0.0))))
        with np.errstate(invalid="ignore"):  # without patterns there is no barycentre
            errors = model.data.generalization(overlaps)
        numbers |= {name: (float(value[0]), error) for name, value in errors.items()}
    return numbers


def into_set(model: Model, mean: np.ndarray) -> np.ndarray:
    """The weights of a set nearest to given means."""
    letters, norm = model.weights.letters, model.weights.norm
    if letters is not None:
        known = np.asarray(letters)
        return known[np.argmin(np.abs(mean[:, None] - known), axis=1)]
    size = float(np.linalg.norm(mean))
    if isinstance(norm, (Average, Pinned)) and size > 0:
        return mean * np.sqrt(mean.size) / size
    return mean
