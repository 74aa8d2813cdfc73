r"""Franz-Parisi saddle point around a zero-temperature minimiser, as a problem of the engine; no choice of branch.

.. math:: S(t) = \mathrm{extr}\; -\tfrac{\hat q}{2}(Q-q) + \tfrac A2 Q - \hat t t - \hat u u - \hat m m - \hat\zeta\zeta
          + E \ln z + \alpha E \ln Z
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from replica.ansatz.cavity import POWERS as WEIGHT_POWERS
from replica.ansatz.coverage import ALPHABET_OR_SPHERE, KNOWN_LABELS, LEAST_COST, LINEAR, Covers
from replica.ansatz.franz_parisi.equations import EPS, FROZEN, LEAST_OWN, HeldByField, relative
from replica.ansatz.franz_parisi.minimiser_patterns import Minimiser, PairSums, Stretched, pair_means, pair_sums
from replica.ansatz.franz_parisi.minimiser_weights import Centre, Conjugates, Weighed
from replica.data import Overlaps, PairOverlaps
from replica.models.model import Model
from replica.weights.base import Average

#: probes that the equations around a minimiser cover
PROBE = Covers("franz_parisi around a minimiser", (KNOWN_LABELS, ALPHABET_OR_SPHERE, LINEAR, LEAST_COST))
#: how what is described grows with weights that are multiplied
POWERS = WEIGHT_POWERS | {"u": 1, "zeta": 1, "u_hat": -1, "zeta_hat": -1, "t_hat": -1}


class MinimiserProblem(HeldByField):
    """A probe at overlap ``t = (1-2d) sqrt(Q)`` with the centre; unknowns are the conjugates of its overlaps.

    ``own_hat = q_hat - zeta_hat^2/(1-m_r^2)``. On the sphere the field that
    holds the distance from the minimiser itself is known in closed form; else it is among the unknowns.
    """

    #: whether the distance is held (else something else takes its place)
    holds = True

    def __init__(
        self, model: Model, alpha: Any, reference: Minimiser, centre: Centre, distance: np.ndarray, level: int = 1
    ) -> None:
        self.closed = self.holds and centre.same and isinstance(model.weights.norm, Average)
        pulls = [] if self.closed else ["lean"] if centre.same else ["t_hat", "u_hat"]
        unknowns = ["own_hat", "zeta_hat", *pulls, *(["m_hat"] if model.data.overlaps else [])]
        super().__init__(model, alpha, reference, distance, level, unknowns)
        self.centre = centre
        self.stretched = Stretched(model.loss, float(np.sqrt(model.architecture.scale)))

    def around(self, reference: Minimiser) -> MinimiserProblem:
        return super().around(reference).like(centre=dataclasses.replace(self.centre, m=reference.m))

    def _free_overlap(self, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        zero = np.zeros(self.size)
        hats = Conjugates(zero + 1e-9, zero, field, zero, zero, zero)
        found = self.centre.weigh(self.weights, self.law, self.model.beta, hats, 0)
        return found.t, found.single.norm * np.ones(self.size)

    def _turned(self, field: np.ndarray) -> dict[str, np.ndarray]:
        zero, room = np.zeros(self.size), 1.0 - self.centre.m**2
        lean = field * room
        values = {"own_hat": zero + 1e-9, "t_hat": field, "lean": lean}
        sums = self.halves(np.stack([values.get(name, zero) for name in self.variables.names], axis=1))[2]
        share = self.alpha / (1.0 + self.alpha)
        values["own_hat"] = share * sums.apart - (share * sums.kg) ** 2 / room
        return values

    def sound(self, free: np.ndarray) -> np.ndarray:
        return self.halves(free)[1].single.variance > FROZEN * self.room

    def conjugates(self, free: np.ndarray) -> Conjugates:
        values, zero = self.variables.values(free), np.zeros(len(free))
        values["own_hat"] = np.maximum(values["own_hat"], LEAST_OWN)
        if self.closed:
            values["t_hat"] = self._pull_on_sphere(values["own_hat"], values["zeta_hat"], values.get("m_hat", zero))
        elif self.centre.same:  # lean and zeta_hat may be large and cancel; the overlap is that of the lean
            values["t_hat"] = (values["lean"] - values["zeta_hat"]) / (1.0 - self.centre.m**2)
        names = ("own_hat", "zeta_hat", "t_hat", "u_hat", "m_hat", "curvature")
        return Conjugates(*(values.get(name, zero) for name in names))

    def _pull_on_sphere(self, own: np.ndarray, zeta: np.ndarray, m_hat: np.ndarray) -> np.ndarray:
        """The field along the minimiser that holds the distance: ``t = (1-q) (t_hat + m_hat m_r + zeta_hat)``."""
        across = own + (m_hat * (1.0 - self.centre.m**2) - zeta * self.centre.m) ** 2 / (1.0 - self.centre.m**2)
        rest = 2.0 * self.room / (1.0 + np.sqrt(1.0 + 4.0 * self.room * across))  # 1-t^2 = rest + rest^2 across
        return self.cosine / rest - m_hat * self.centre.m - zeta

    def halves(self, free: np.ndarray) -> tuple[Conjugates, Weighed, PairSums]:
        """Conjugates, overlaps there, averages over patterns at those overlaps."""
        hats, model = self.conjugates(free), self.model
        weighed = self.centre.weigh(self.weights, self.law, model.beta, hats, min(self.level, 3))
        at = self._overlaps(weighed)
        lean = hats.zeta / (1.0 - self.centre.m**2)
        sums = pair_sums(self.reference, self.stretched, model.beta, model.data, at, weighed.zeta, lean, self.level)
        return hats, weighed, sums

    def _overlaps(self, weighed: Weighed) -> PairOverlaps:
        single = weighed.single
        m, root = single.m * np.ones(self.size), self.stretched.root
        return PairOverlaps(single.q, single.variance, m, weighed.u, root, weighed.beside)

    def means(self, free: np.ndarray) -> dict[str, np.ndarray]:
        weighed, model = self.halves(free)[1], self.model
        at = self._overlaps(weighed)
        return pair_means(self.reference, self.stretched, model.beta, model.data, at, weighed.zeta, self.level)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        halves = self.halves(free)
        return self._describe(*halves), self._residual(*halves, free[:, 0])

    def _residual(self, hats: Conjugates, weighed: Weighed, sums: PairSums, free_own: np.ndarray) -> np.ndarray:
        alpha, norm = self.alpha, weighed.single.norm
        zeta = alpha * sums.kg
        # with alpha E k^2 = 1 - m_r^2, the reference's own equation, this is alpha E f'^2 - zeta_hat^2/(1-m_r^2)
        own = alpha * sums.apart - (zeta - hats.zeta) ** 2 / (1.0 - self.centre.m**2)
        held = self.cosine * np.sqrt(norm)
        pull = self._pull(hats, sums) * self.cosine / np.sqrt(norm)
        away = (weighed.t - held) / (norm * self.room)
        rows = {
            "own_hat": relative(own, free_own),
            "zeta_hat": relative(zeta, hats.zeta),
            "lean": away,
            "t_hat": away,
            "u_hat": relative(alpha * sums.near, hats.u),
            "m_hat": relative(alpha * sums.m, hats.m),
            "curvature": relative(alpha * sums.curvature + pull, hats.curvature),
        }
        return np.stack([rows[name] for name in self.variables.names], axis=1)

    def floors(self, free: np.ndarray, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Where the distance is held in closed form the entropy does not round with its conjugate."""
        found = super().floors(free, seen)
        if self.closed:
            found["free_entropy"] = 16 * EPS * (np.abs(seen["free_entropy"]) + self.alpha + 1.0)
        return found

    def _pull(self, hats: Conjugates, sums: PairSums) -> np.ndarray:
        """``-dS/dt``."""
        return hats.t - (self.alpha * sums.near if self.centre.same else 0.0)

    def potential(self, free: np.ndarray) -> np.ndarray:
        _, weighed, sums = self.halves(free)
        return weighed.potential + self.alpha * sums.log_z

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
            found |= {"Q": single.norm, "Q_hat": hats.curvature - found["q_hat"]}
        if self.model.data.overlaps:
            overlaps = Overlaps(single.q, single.variance, single.m, single.transverse)
            found |= {"m": single.m, "m_hat": hats.m} | self._generalization(overlaps)
        return {name: value * self.stretched.root ** POWERS.get(name, 0) for name, value in found.items()}

    def _generalization(self, overlaps: Overlaps) -> dict[str, np.ndarray]:
        return self.model.architecture.generalization(self.model.data, overlaps)

    @property
    def names(self) -> tuple[str, ...]:
        found = ["free_entropy", "q", "t", "zeta", "q_hat", "zeta_hat", "t_hat", "slope", "stability"]
        found += [] if self.centre.same else ["u", "u_hat"]
        found += ["Q", "Q_hat"] if self.free_norm else []
        if self.model.data.overlaps:
            one = np.ones(1)
            found += ["m", "m_hat", *self._generalization(Overlaps(one, one, one, one))]
        return tuple(found)
