"""Population annealing: free entropies and entropies by Monte Carlo, also at a distance from a typical solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from replica._checks import grid, number
from replica.models.model import Model
from replica.simulate.algorithms._populations import GROUPS, between, jackknife, log_mean, tails, weighted_mean
from replica.simulate.algorithms._walkers import Walkers
from replica.simulate.algorithms.base import Algorithm, Outcome, require_single_unit
from replica.simulate.instances import Instance, whole
from replica.weights.base import Average

COLDEST = 40.0  # inverse temperature at which walkers without a solution are given up
UNSURE = 0.5  # error of ln Z above which the populations say nothing
FINER = 3  # times that 1 - keep is halved where the populations say nothing
FEWEST = 2.0  # families of a population (one over the sum of their squared shares) below which it says nothing
OBSERVABLES = ("free_entropy", "entropy", "energy", "training_error", "q")


@dataclass(frozen=True)
class PopulationAnnealing(Algorithm):
    r"""Population annealing: Metropolis walkers cooled from beta = 0, copied and removed by their Boltzmann weights.

    Any loss, weights and network. Between two temperatures a walker of energy E has the weight ``e^{-(b'-b) E}``; the
    product of the mean weights, times the volume of all weights, is an unbiased estimate of Z. Steps are as large as
    ``keep`` allows. Hard constraints (and counted errors at ``beta = inf``) are cooled by the number of violated
    patterns until the step to the solutions is one of them.

    ``free_entropy``, ``entropy``, ``energy``, ``training_error``, ``q`` (between populations), ``m`` are thermal
    means. With ``distance`` instead ``free_entropy``, ``energy`` and ``error_around`` (training error) over
    ``distance`` from a walker drawn in equilibrium, as in `franz_parisi` (weights +-1 or on the sphere, one unit).

    When not to use it: systems that `Enumeration` counts; barriers, as those of a transition of first order, which
    single moves do not cross.

    Parameters
    ----------
    population : int
        Walkers, a multiple of 10: ten populations that are resampled apart.
    sweeps : int
        Of N moves at each temperature.
    keep : float
        Effective share of the walkers that a step leaves, in (0, 1); halfway to 1, up to three times, where the
        populations say nothing.
    distance : increasing grid, optional
        In (0, 1); for weights +-1 whole numbers of flips.
    reference_margin : float, optional
        Margin of the reference; None: the model's own.

    See Also
    --------
    Enumeration : Exact, for small systems.
    Langevin : Convex costs of real weights.

    Notes
    -----
    Errors: jackknife over the ten populations with tails of Student's t, and what a state too rare for a walker may
    change. ``not converged`` where they leave ln Z open by more than 1/2, or a population descends from fewer than two
    walkers: single moves cross no barriers. Binomials are exchanged for the entropy of their exponent.

    References
    ----------
    K. Hukushima and Y. Iba, AIP Conf. Proc. 690, 200 (2003); W. Wang, J. Machta and H. Katzgraber, Phys. Rev. E 92,
    063307 (2015).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import Enumeration, PopulationAnnealing
    >>> model = replica.perceptron("binary", loss="error-count", beta=1.0)
    >>> setting = dict(n=15, alpha=1.0, samples=1, seed=1)
    >>> runs = replica.simulate(model, algorithm=PopulationAnnealing(200), **setting)
    >>> exact = replica.simulate(model, algorithm=Enumeration(), **setting)
    >>> bool((abs(runs["free_entropy"] - exact["free_entropy"]) < 4 * runs["free_entropy_error"])[0])
    True
    """

    population: int = 500
    sweeps: int = 5
    keep: float = 0.8
    distance: Any = None
    reference_margin: float | None = None
    name: ClassVar[str] = "population-annealing"
    meanings: ClassVar[dict[str, dict[str, str]]] = {"error_around": {"theory": "training_error"}}

    def __post_init__(self) -> None:
        if whole("population", self.population, 2 * GROUPS) % GROUPS:
            raise ValueError(f"population must be a multiple of {GROUPS}, got {self.population}")
        whole("sweeps", self.sweeps, 1)
        number("keep", self.keep, low=0.0, high=1.0, open_low=True, open_high=True)
        if self.distance is not None:
            points = grid("distance", self.distance)
            number("distance", points, low=0.0, high=1.0, open_low=True, open_high=True)
            object.__setattr__(self, "distance", tuple(points.tolist()))
        if self.reference_margin is not None:
            number("reference_margin", self.reference_margin)

    def check(self, model: Model) -> None:
        weights, loss = model.weights, model.loss
        if weights.penalised and not (np.isfinite(model.beta) and 0 < model.parameter("penalty") < np.inf):
            raise ValueError(f"algorithm {self.name!r} needs a penalty and a temperature for such weights, got {model}")
        if np.isinf(model.beta) and not (loss.hard or loss.ground_jumps):
            raise ValueError(f"algorithm {self.name!r} at beta = inf needs a constraint, got {loss}: give beta")
        if self.distance is not None:
            require_single_unit(self, model)
            if not (weights.signs or isinstance(weights.norm, Average)):
                raise ValueError(f"distance is for weights +-1 or on the sphere, got {weights}")
        if self.reference_margin is not None:
            model.with_parameters(margin=self.reference_margin)

    def coordinates(self) -> dict[str, np.ndarray]:
        return {} if self.distance is None else {"distance": np.array(self.distance)}

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        shells = [self._shell(instance, d) for d in self.distance or ()]
        first = instance
        if self.reference_margin is not None:
            model = instance.model.with_parameters(margin=self.reference_margin)
            first = Instance(model, instance.X, instance.y, instance.direction, instance.bias)
        found = self._cool(first, rng)
        if self.distance is None:
            letters = instance.model.weights.letters
            volume = np.log(len(letters)) if letters else 0.0
            return Outcome(found.status, found.weights, found.numbers(instance, volume))
        rows = np.full((3, 2, len(shells)), np.nan)
        status = found.status
        for at, (d, volume) in enumerate(zip(self.distance, shells, strict=True)):
            if found.trouble:
                break
            around = self._cool(instance, rng, found.weights, d)
            status = status if not around.trouble else f"{around.status} (at distance {d:g})"
            numbers = around.numbers(instance, volume)
            rows[:, :, at] = [numbers[name] for name in ("free_entropy", "energy", "training_error")]
        arrays: dict[str, Any] = {}
        for name, (values, errors) in zip(("free_entropy", "energy", "error_around"), rows, strict=True):
            arrays |= {name: (("distance",), values), f"{name}_error": (("distance",), errors)}
        return Outcome(status, found.weights, {}, arrays)

    def _shell(self, instance: Instance, d: float) -> float:
        """Logarithm per weight of the volume of weights at a distance from given ones."""
        n, overlap = instance.n, 1.0 - 2.0 * d
        if instance.model.weights.letters is None:
            return 0.5 * float(np.log1p(-(overlap**2)))
        if abs(d * n - round(d * n)) > 1e-9:
            raise ValueError(f"distance times n must be whole, got {d:g} with n = {n}")
        shares = np.array([d, 1 - d])
        return float(-np.sum(shares * np.log(np.maximum(shares, 1e-300))))

    def _cool(self, instance: Instance, rng: np.random.Generator, *around: Any) -> Cooled:
        """Cool to the temperature of the model; in finer steps where the populations say nothing."""
        for halved in range(FINER + 1):
            walkers, lost = Walkers(instance, rng, self.population, *around), 0.5**halved * (1.0 - self.keep)
            found = self._cool_in_steps(instance, walkers, rng, 1.0 - lost)
            if not found.trouble or found.weights is None:  # nothing is wrong, or nothing is left
                break
        return found

    def _cool_in_steps(self, instance: Instance, walkers: Walkers, rng: np.random.Generator, keep: float) -> Cooled:
        """Cool to the temperature of the model once."""
        size = self.population // GROUPS
        groups = np.arange(self.population).reshape(GROUPS, size)
        log_z, family = np.zeros(GROUPS), np.arange(self.population)
        scale = float(walkers.cost.std())
        beta, target, steps = 0.0, (np.inf if instance.model.loss.hard else instance.model.beta), 0
        while beta < target:
            after = _next(walkers.cost, beta, target, keep)
            cost = walkers.cost.reshape(GROUPS, size)
            weight = np.where(cost == 0, 0.0, -np.inf) if after == np.inf else -(after - beta) * cost
            beta, steps = after, steps + 1
            with np.errstate(divide="ignore"):
                log_z += np.logaddexp.reduce(weight, axis=1) - np.log(size)
            if beta >= COLDEST and not np.any(np.isfinite(log_z)):
                break
            chosen = np.concatenate([group[_resampled(w, rng)] for group, w in zip(groups, weight, strict=True)])
            walkers.take(chosen)
            family = family[chosen]
            if beta < np.inf:
                for _ in range(self.sweeps):
                    walkers.sweep(beta)
                walkers.refresh()
        return Cooled.of(instance, walkers, log_z, family, steps, scale, rng)


class Cooled(NamedTuple):
    """Walkers at the end: ``ln Z`` over the volume and means of each population, a walker, what is wrong."""

    log_z: np.ndarray
    cost: np.ndarray
    wrong: np.ndarray
    mean: np.ndarray
    weights: np.ndarray | None
    steps: int
    unseen: tuple[float, float, float]  # a weight that no walker may have seen; by what it moves energy and overlaps
    trouble: str

    @classmethod
    def of(
        cls, instance: Instance, walkers: Walkers, log_z: np.ndarray, family: np.ndarray, steps: int,
        scale: float, rng: np.random.Generator,
    ) -> Cooled:  # fmt: skip
        """Observables of the populations, and whether they agree."""
        positions = walkers.positions()
        wrong = instance.model.loss.violated(instance.stabilities(positions)).sum(axis=1) / max(instance.patterns, 1)
        shape = (GROUPS, -1)
        mean = positions.reshape(*shape, instance.n).mean(axis=1)
        unseen = 1.0 / family.size, scale / instance.n / family.size, float(np.mean(positions**2)) / family.size
        groups = walkers.cost.reshape(shape).mean(axis=1), wrong.reshape(shape).mean(axis=1), mean
        if not np.any(np.isfinite(log_z)):
            return cls(log_z, *groups, None, steps, unseen, "no walker meets the constraint")
        trouble = ""
        if not jackknife(log_z, np.zeros(GROUPS), log_mean)[1] <= UNSURE:
            trouble = "the populations differ in ln Z"
        shares = np.unique(family, return_counts=True)[1] / family.size
        if 1.0 / np.sum(shares**2) < FEWEST * GROUPS:
            trouble = "too few families of walkers are left"
        chance = np.exp(log_z - np.logaddexp.reduce(log_z))
        group = rng.choice(GROUPS, p=chance / chance.sum())
        at = int(rng.integers(family.size // GROUPS)) + group * (family.size // GROUPS)
        return cls(log_z, *groups, positions[at], steps, unseen, trouble)

    @property
    def status(self) -> str:
        if self.trouble:
            return f"not converged: {self.trouble} after {self.steps} temperatures; raise population or sweeps"
        return f"converged at {self.steps} temperatures"

    def numbers(self, instance: Instance, volume: float) -> dict[str, tuple[float, float]]:
        """Thermal means with errors; ``volume`` is the logarithm of that of the weights, per weight."""
        n, model = instance.n, instance.model
        names = [*OBSERVABLES, *(["m"] if instance.direction is not None else ())]
        if self.trouble:
            return dict.fromkeys(names, (np.nan, np.nan))
        overlaps = self.mean @ self.mean.T / n
        free, error = jackknife(self.log_z, np.zeros(GROUPS), log_mean)
        found = {"free_entropy": (volume + free / n, error / n)}
        energy, spread = (0.0, 0.0) if model.loss.hard else jackknife(self.log_z, self.cost / n, weighted_mean)
        beta = model.beta if np.isfinite(model.beta) else 0.0
        entropy = jackknife(self.log_z, beta * self.cost, lambda z, e: log_mean(z, e) + weighted_mean(z, e))
        if np.isinf(model.beta) and not model.loss.hard:  # the limit of phi/beta
            found["free_entropy"] = (-energy, spread)
        found["entropy"] = (volume + entropy[0] / n, entropy[1] / n)
        found |= {"energy": (energy, spread), "training_error": jackknife(self.log_z, self.wrong, weighted_mean)}
        found["q"] = jackknife(self.log_z, overlaps, between)
        if instance.direction is not None:
            found["m"] = jackknife(self.log_z, self.mean @ instance.direction / n, weighted_mean)
        share, cost, overlap = self.unseen
        cost = 0.0 if np.isinf(model.beta) or model.loss.hard else cost  # solutions cost nothing
        floors = {"training_error": share / np.sqrt(max(instance.patterns, 1)), "q": overlap, "m": overlap}
        floors |= {"free_entropy": share / n, "energy": cost, "entropy": share / n + beta * cost}
        t = tails(self.log_z)
        return {name: (value, float(np.hypot(t * error, floors[name]))) for name, (value, error) in found.items()}


def _next(cost: np.ndarray, beta: float, target: float, keep: float) -> float:
    """The lowest temperature at which the effective share of the walkers is still ``keep``."""

    def share(step: float) -> float:
        weight = 1.0 * (cost == 0) if step == np.inf else np.exp(-step * (cost - cost.min()))
        return float(weight.sum() ** 2 / (weight @ weight) / weight.size) if np.any(weight) else 0.0

    if share(target - beta) >= keep or beta >= COLDEST:
        return target
    low, high = 0.0, min(target, 2.0 * COLDEST) - beta
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if share(middle) >= keep else (low, middle)
    return beta + max(low, 1e-3)


def _resampled(log_weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Systematic resampling: each walker as often as its weight says, up to one; all kept where none has a weight."""
    top = log_weight.max()
    if not np.isfinite(top):
        return np.arange(log_weight.size)
    total = np.cumsum(np.exp(log_weight - top))
    places = (np.arange(log_weight.size) + rng.random()) / log_weight.size * total[-1]
    return np.minimum(np.searchsorted(total, places, side="right"), log_weight.size - 1)
