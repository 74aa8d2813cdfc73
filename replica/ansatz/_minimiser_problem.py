r"""Franz-Parisi saddle point around a zero-temperature minimiser, as a problem of the engine; no choice of branch.

.. math:: S(t) = \mathrm{extr}\; -\tfrac{\hat q}{2}(Q-q) + \tfrac A2 Q - \hat t t - \hat u u - \hat m m - \hat\zeta\zeta
          + E \ln z + \alpha E \ln Z
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from replica.ansatz._fp_patterns import Side
from replica.ansatz._minimiser_patterns import Minimiser, PairSums, pair_means, pair_sums
from replica.ansatz._minimiser_weights import Centre, Conjugates, Weighed
from replica.data import Overlaps, PairOverlaps
from replica.model import Model
from replica.weights._pairs import LADDER
from replica.weights.base import Free, Weights
from saddlepoint import POSITIVE, REAL, Problem, Variable, Variables

EPS = float(np.finfo(float).eps)
LEAST_OWN = 1e-24  # added to own_hat: close to a robust reference no pattern is felt, and its logarithm is a variable
FARTHEST = 16.0  # arsinh of the strongest field that is tried


class MinimiserProblem(Problem):
    """A probe at overlap ``t = cosine sqrt(Q)`` with the centre; unknowns are the conjugates of its overlaps.

    ``own_hat = q_hat - zeta_hat^2/(1-m_r^2)`` keeps every overlap that of real vectors.
    """

    def __init__(
        self, model: Model, alpha: Any, reference: Minimiser, centre: Centre, cosine: np.ndarray, level: int = 1
    ) -> None:
        self.model, self.reference, self.centre = model, reference, centre
        self.alpha = alpha * np.ones(cosine.size)
        self.cosine, self.size, self.level = cosine, cosine.size, level
        self.held = True
        self.law = model.data.law(model.weights)
        self.free_norm = isinstance(model.weights.norm, Free)
        names = ["own_hat", "zeta_hat", "t_hat"]
        names += [] if centre.same else ["u_hat"]
        names += ["m_hat"] if model.data.overlaps else []
        names += ["curvature"] if self.free_norm else []
        self.variables = Variables(*(Variable(name, POSITIVE if name == "own_hat" else REAL) for name in names))

    def _like(self, **changes: Any) -> MinimiserProblem:
        copy = object.__new__(MinimiserProblem)
        copy.__dict__.update(self.__dict__ | changes)
        copy.__dict__.pop("_repeated", None)
        copy.size = copy.cosine.size
        return copy

    def take(self, index: np.ndarray) -> MinimiserProblem:
        return self._like(cosine=self.cosine[index], alpha=self.alpha[index])

    def at_level(self, level: int) -> MinimiserProblem:
        return self._like(level=min(level, len(LADDER) - 1))

    def at_alpha(self, alpha: np.ndarray) -> MinimiserProblem:
        """The same problem with the probes at other loads (the reference stays)."""
        return self._like(alpha=alpha)

    def around(self, reference: Minimiser) -> MinimiserProblem:
        """The same problem around another reference."""
        return self._like(reference=reference, centre=dataclasses.replace(self.centre, m=reference.m))

    def unheld(self) -> MinimiserProblem:
        """The same probes free to choose their distance: where the curve has its maximum."""
        return self._like(held=False)

    def refined(self) -> MinimiserProblem:
        return self.at_level(self.level + 1)

    def _without_patterns(self) -> tuple[np.ndarray, np.ndarray]:
        """The field that holds the distance where there are no patterns, by bisection, and whether there is one."""
        zero = np.zeros(self.size)
        own = np.full(self.size, 1e-9)

        def gap(field: np.ndarray) -> np.ndarray:
            hats = Conjugates(own, zero, field, zero, zero, zero)
            found = self.centre.weigh(self.model.weights, self.law, self.model.beta, hats, 0)
            return found.t - self.cosine * np.sqrt(found.single.norm)

        low, high = np.full(self.size, -FARTHEST), np.full(self.size, FARTHEST)
        held = (gap(np.sinh(low)) < 0) & (gap(np.sinh(high)) > 0)
        for _ in range(20):
            middle = 0.5 * (low + high)
            over = gap(np.sinh(middle)) > 0
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return np.sinh(0.5 * (low + high)), held

    def reachable(self) -> np.ndarray:
        """Whether weights of the set can have that overlap with the centre."""
        return self._without_patterns()[1]

    def start(self) -> np.ndarray:
        """One turn of the map from the probe without patterns."""
        with np.errstate(all="ignore"):
            return self._start()

    def _start(self) -> np.ndarray:
        field, _ = self._without_patterns()
        zero = np.zeros(self.size)
        values = {"own_hat": zero + 1e-9, "t_hat": field}
        columns = [values.get(name, zero) for name in self.variables.names]
        columns[0] = np.log(columns[0])
        free = np.stack(columns, axis=1)
        sums = self.halves(free)[2]
        zeta = self.alpha * sums.kg / (1.0 + self.alpha)
        own = np.maximum(self.alpha * sums.gg / (1.0 + self.alpha) - zeta**2 / (1.0 - self.centre.m**2), LEAST_OWN)
        turned = {"own_hat": np.log(own), "t_hat": field}
        return np.stack([turned.get(name, zero) for name in self.variables.names], axis=1)

    def sound(self, free: np.ndarray) -> np.ndarray:
        """Whether the copies are not frozen: all else is spurious."""
        single = self.halves(free)[1].single
        return single.variance > 1e-12

    def conjugates(self, free: np.ndarray) -> Conjugates:
        values, zero = self.variables.values(free), np.zeros(len(free))
        names = ("own_hat", "zeta_hat", "t_hat", "u_hat", "m_hat", "curvature")
        return Conjugates(*(values.get(name, zero) for name in names))

    def halves(self, free: np.ndarray) -> tuple[Conjugates, Weighed, PairSums]:
        """Conjugates, overlaps there, averages over patterns at those overlaps."""
        hats, model = self.conjugates(free), self.model
        weighed = self.centre.weigh(model.weights, self.law, model.beta, hats, min(self.level, 3))
        at = self._overlaps(weighed)
        sums = pair_sums(self.reference, model.loss, model.beta, model.data, at, weighed.zeta, self.level)
        return hats, weighed, sums

    def _overlaps(self, weighed: Weighed) -> PairOverlaps:
        single = weighed.single
        return PairOverlaps(single.q, single.variance, single.m * np.ones(self.size), weighed.u)

    @property
    def probe(self) -> Side:
        return Side(self.model.loss, float(self.model.beta))

    @property
    def weights(self) -> Weights:
        return self.model.weights

    def means(self, free: np.ndarray) -> dict[str, np.ndarray]:
        """Cost and training error at a point."""
        weighed, model = self.halves(free)[1], self.model
        at = self._overlaps(weighed)
        return pair_means(self.reference, model.loss, model.beta, model.data, at, weighed.zeta, self.level)

    def residual(self, free: np.ndarray) -> np.ndarray:
        return self._residual(*self.halves(free))

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """What is described and the residual, of one evaluation."""
        halves = self.halves(free)
        return self._describe(*halves), self._residual(*halves)

    def _residual(self, hats: Conjugates, weighed: Weighed, sums: PairSums) -> np.ndarray:
        alpha, norm = self.alpha, weighed.single.norm
        zeta = alpha * sums.kg
        own = np.maximum(alpha * sums.gg - zeta**2 / (1.0 - self.centre.m**2), 0.0) + LEAST_OWN
        held = self.cosine * np.sqrt(norm)
        pull = self._pull(hats, sums) * self.cosine / np.sqrt(norm)
        rows = {
            "own_hat": np.log(own / hats.own),
            "zeta_hat": _relative(zeta, hats.zeta),
            "t_hat": (weighed.t - held) / np.maximum(norm - held**2, EPS) if self.held else self._pull(hats, sums),
            "u_hat": _relative(alpha * sums.near, hats.u),
            "m_hat": _relative(alpha * sums.m, hats.m),
            "curvature": _relative(alpha * sums.curvature + pull, hats.curvature),
        }
        return np.stack([rows[name] for name in self.variables.names], axis=1)

    def _pull(self, hats: Conjugates, sums: PairSums) -> np.ndarray:
        """``-dS/dt``."""
        return hats.t - (self.alpha * sums.near if self.centre.same else 0.0)

    def potential(self, free: np.ndarray) -> np.ndarray:
        _, weighed, sums = self.halves(free)
        return weighed.potential + self.alpha * sums.log_z

    def describe(self, free: np.ndarray) -> dict[str, np.ndarray]:
        return self._describe(*self.halves(free))

    def _describe(self, hats: Conjugates, weighed: Weighed, sums: PairSums) -> dict[str, np.ndarray]:
        """Order parameters, the free entropy, its slope in the distance, the replicon of the copies."""
        single, room = weighed.single, 1.0 - self.centre.m**2
        found = {
            "free_entropy": weighed.potential + self.alpha * sums.log_z,
            "q": single.q,
            "t": weighed.t / np.sqrt(single.norm),
            "zeta": weighed.zeta,
            "q_hat": hats.own + hats.zeta**2 / room,
            "zeta_hat": hats.zeta,
            "t_hat": hats.t,
            "slope": 2.0 * np.sqrt(single.norm) * self._pull(hats, sums),
            "stability": 1.0 - self.alpha * sums.rigidity * single.susceptibility,
        }
        if not self.centre.same:
            found |= {"u": weighed.u, "u_hat": hats.u}
        if self.free_norm:
            found |= {"Q": single.norm, "curvature": hats.curvature}
        if self.model.data.overlaps:
            overlaps = Overlaps(single.q, single.variance, single.m, single.transverse)
            found |= {"m": single.m, "m_hat": hats.m} | self.model.data.generalization(overlaps)
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """What is described."""
        found = ["free_entropy", "q", "t", "zeta", "q_hat", "zeta_hat", "t_hat", "slope", "stability"]
        found += [] if self.centre.same else ["u", "u_hat"]
        found += ["Q", "curvature"] if self.free_norm else []
        if self.model.data.overlaps:
            one = np.ones(1)
            found += ["m", "m_hat", *self.model.data.generalization(Overlaps(one, one, one, one))]
        return tuple(found)

    def floors(self, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Rounding of `describe`."""
        scale = {name: np.abs(value) for name, value in seen.items()}
        scale["free_entropy"] = scale["free_entropy"] + scale["q_hat"] + scale["t_hat"] + self.alpha
        scale["slope"] = 4.0 * scale["t_hat"] + 4.0
        return {name: 16 * EPS * (value + 1e-3) for name, value in scale.items()}


def _relative(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    return (new - old) / np.sqrt(1.0 + old**2)
