"""Exact enumeration of all weights of a finite alphabet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms._counting import Plan, plan, signs_of, sum_over_all
from replica.simulate.algorithms._packed import count_distances
from replica.simulate.algorithms.base import Algorithm, Outcome
from replica.simulate.instances import Instance, whole

LARGEST = 2.0**24  # configurations that are summed one by one
ROUNDING = 1e-14
LONGEST = 40  # weights +-1 that are counted in minutes


@dataclass(frozen=True)
class Enumeration(Algorithm):
    r"""Exact enumeration: ``ln Z/N``, the number of solutions, and solutions by their distance from others.

    Hard constraints on one unit with weights +-1 are counted 64 configurations at a time (about 5e9 a second; N up to
    40), on whole-number fields without rounding. All else (finite beta, other losses, alphabets and networks) is summed
    one configuration after another, up to 2^24 of them.

    When not to use it: larger systems; `BeliefPropagation` estimates their entropy, `PopulationAnnealing` their free
    entropy.

    Parameters
    ----------
    references : int
        Solutions drawn uniformly for each sample, around which ``solutions_around`` counts (0: none; hard constraints
        on one unit with weights +-1).
    reference_margin : float, optional
        Margin of these references; None: the model's own.
    list_up_to : int
        Longest list of solutions; with more of them, what needs the list is NaN and the status says so.

    See Also
    --------
    BeliefPropagation : Estimates at large N.
    PopulationAnnealing : Means at any N.

    Notes
    -----
    ``entropy`` is ``ln(number)/N``, -inf without a solution. At finite beta ``free_entropy = ln Z/N``; ``entropy``,
    ``energy``, ``training_error``, ``q`` and ``m`` are thermal means. The weights are drawn from the Gibbs measure.

    References
    ----------
    W. Krauth and M. Opper, J. Phys. A 22, L519 (1989).

    Examples
    --------
    >>> import numpy as np, replica
    >>> from replica.simulate.algorithms import Enumeration
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, algorithm=Enumeration(), n=15, alpha=0.4, samples=2, seed=1)
    >>> bool(np.all(np.exp(15 * runs["entropy"]).round() == runs["solutions"])), runs["error"].values.tolist()
    (True, [1e-14, 1e-14])
    """

    references: int = 0
    reference_margin: Any = None
    list_up_to: int = 1 << 22
    name: ClassVar[str] = "enumeration"
    samples_per_task: ClassVar[int] = 8

    def __post_init__(self) -> None:
        whole("references", self.references, 0)
        whole("list_up_to", self.list_up_to, 1)
        if self.reference_margin is not None:
            number("reference_margin", self.reference_margin)

    def check(self, model: Model) -> None:
        if model.weights.letters is None:
            raise ValueError(f"algorithm 'enumeration' is for weights of a finite alphabet, got {model.weights}")
        if self.references and not _packs(model):
            raise ValueError("references need a hard constraint on one unit with weights +-1")
        if np.isinf(model.beta) and not (model.loss.hard or model.loss.has_ground):
            raise ValueError(f"enumeration at beta = inf needs a loss with ground states, got {model.loss}")

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        model, letters = instance.model, instance.model.weights.letters
        if _packs(model):
            if instance.n > LONGEST:
                raise ValueError(f"enumeration of weights +-1 takes n up to {LONGEST}, got {instance.n}")
            return self._count(instance, rng)
        if len(letters) ** instance.n > LARGEST:
            limit = int(np.log(LARGEST) / np.log(len(letters)))
            raise ValueError(f"enumeration takes n up to {limit} for {model}, got {instance.n}")
        return _sum(instance, rng)

    def _count(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        """Solutions of a hard constraint on one unit with weights +-1."""
        search = plan(instance, instance.model.loss)
        room = self.list_up_to if self.references else min(self.list_up_to, 1 << 16)
        count, words = search.search(0, room)
        if room < count <= self.list_up_to:
            count, words = search.search(0, count)
        whole_list = count == len(words)
        signs = signs_of(words, instance.n) if whole_list and count else None
        arrays = self._around(instance, words if whole_list else None, rng) if self.references else {}
        numbers = {"solutions": (float(count), 0.0), **_entropy(count, instance.n)}
        if count == 0:
            return Outcome("converged; no solution exists", None, numbers | {"q": (np.nan, np.nan)}, arrays)
        rank = int(rng.integers(count))
        weights = signs_of(words[rank : rank + 1] if whole_list else search.search(rank, 1)[1], instance.n)[0]
        note = "" if whole_list else f"; more than {self.list_up_to} solutions, not listed (raise list_up_to)"
        mean = np.full(instance.n, np.nan) if signs is None else signs.mean(axis=0)
        numbers |= {"q": (float(np.mean(mean**2)), ROUNDING), **_overlap(instance, mean)}
        return Outcome(f"converged{note}", weights, numbers, arrays)

    def _around(self, instance: Instance, words: Any, rng: np.random.Generator) -> dict[str, Any]:
        """Number of solutions at each distance from references drawn uniformly."""
        counts = np.full((self.references, instance.n + 1), np.nan)
        if words is not None:
            known = words
            if self.reference_margin is not None:
                loss = instance.model.with_parameters(margin=self.reference_margin).loss
                known = _listed(plan(instance, loss), self.list_up_to)
            if known is not None and len(known):
                found = np.zeros(counts.shape, dtype=np.int64)
                count_distances(words, rng.choice(known, size=self.references), found)
                counts = found.astype(float)
        return {"solutions_around": (("reference", "flips"), counts)}


def _packs(model: Model) -> bool:
    """Whether the packed kernel covers a model."""
    return bool(model.weights.signs and model.loss.hard and model.architecture.units == 1)


def _listed(search: Plan, most: int) -> np.ndarray | None:
    """All solutions as words; None when there are more than ``most``."""
    count, words = search.search(0, most)
    return words if count == len(words) else None


def _entropy(count: float, n: int) -> dict[str, tuple[float, float]]:
    value = np.log(count) / n if count else -np.inf
    pair = (float(value), ROUNDING if count else 0.0)
    return {"entropy": pair, "free_entropy": pair}


def _overlap(instance: Instance, mean: np.ndarray) -> dict[str, tuple[float, float]]:
    """Thermal overlap with the direction to be learned."""
    if instance.direction is None:
        return {}
    return {"m": (float(mean @ instance.direction) / instance.n, ROUNDING)}


def _sum(instance: Instance, rng: np.random.Generator) -> Outcome:
    """Sums over all configurations one by one."""
    model, n = instance.model, instance.n
    sums = sum_over_all(instance)
    cost, least = sums.cost, float(sums.cost.min())
    if not np.isfinite(least):
        numbers = _entropy(0, n) | dict.fromkeys(("energy", "training_error", "q"), (np.nan, np.nan))
        return Outcome("converged; no solution exists", None, numbers)
    if np.isinf(model.beta):
        chance = (cost <= least + 1e-9 * max(least, 1.0)).astype(float)
        log_z, free = np.log(chance.sum()), -least / n
    else:
        chance = np.exp(-model.beta * (cost - least))
        log_z = np.log(chance.sum())
        free = (log_z - model.beta * least) / n
    chance /= chance.sum()
    energy = float(np.sum(chance * np.where(chance > 0, cost, 0.0))) / n
    entropy = log_z / n if np.isinf(model.beta) else free + model.beta * energy
    free = entropy if model.loss.hard else free
    mean = np.concatenate([chance.sum(axis=1) @ sums.high, chance.sum(axis=0) @ sums.low])
    wrong = float(np.sum(chance * sums.wrong)) / max(instance.patterns, 1)
    found = {"free_entropy": free, "entropy": entropy, "energy": energy, "training_error": wrong}
    numbers = {name: (float(value), ROUNDING * max(1.0, abs(value))) for name, value in found.items()}
    numbers |= {"q": (float(np.mean(mean**2)), ROUNDING), **_overlap(instance, mean)}
    drawn = int(np.searchsorted(np.cumsum(chance.ravel()), rng.random() * (1 - 1e-12)))
    return Outcome("converged", sums.weights(min(drawn, chance.size - 1)), numbers)
