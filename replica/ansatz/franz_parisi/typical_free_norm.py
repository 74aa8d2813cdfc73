r"""Franz-Parisi saddle point of weights with a free norm around a typical solution, as a problem of the engine.

.. math:: S = \mathrm{extr}\; -\tfrac{\hat q}{2}(Q-q) + \tfrac A2 Q - \theta t + \hat s s
          + E_{\tilde h} \sum_u P(u|\tilde h)\, E_z \ln z(\tfrac{\hat s}{\hat q_t} \tilde h + (\theta-\hat s) u
          + \sqrt{\hat q - \hat s^2/\hat q_t}\, z, A) + \alpha E \ln Z

with ``P(u|h) ~ exp(h u - A_t u^2/2)`` the reference's weight in its field; ``t = cosine sqrt(Q_t Q)``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replica.ansatz.franz_parisi.equations import EPS, FROZEN, LEAST_OWN, HeldByField, relative
from replica.ansatz.franz_parisi.geometry import Geometry
from replica.ansatz.franz_parisi.pair_patterns import PatternSums, pattern_means, pattern_sums
from replica.ansatz.franz_parisi.typical_held_norm import Reference
from replica.models.model import Model
from replica.weights.base import SingleWeight
from saddlepoint.quadrature.fields import weighted_sums
from saddlepoint.quadrature.panels import gaussian_nodes

LIGHT = (1e-10, 1e-18)  # letters of the reference that are less likely add nothing (coarse, fine meshes)


def _mean(weight: np.ndarray, *values: np.ndarray) -> np.ndarray:
    """Averages over the components, (values, B); row by row: matrix products round with the number of rows."""
    return weighted_sums(np.broadcast_to(weight, values[0].shape), values)


class Letters(NamedTuple):
    """Components of the reference: its field, the letter, the mean letter in that field, and how likely they are."""

    field: np.ndarray
    letter: np.ndarray
    mean: np.ndarray
    weight: np.ndarray


class Weighed(NamedTuple):
    """Overlaps of the probe at given conjugates and its part of the potential.

    ``apart = sqrt(Q_t Q) - t`` and ``off = s - q_t t/Q_t`` without cancellation.
    """

    single: SingleWeight
    t: np.ndarray
    s: np.ndarray
    apart: np.ndarray
    off: np.ndarray
    potential: np.ndarray


class Found(NamedTuple):
    """The probe at given conjugates and averages over patterns there."""

    weighed: Weighed
    sums: PatternSums

    @property
    def single(self) -> SingleWeight:
        return self.weighed.single


class AlphabetProblem(HeldByField):
    """Unknowns: ``own_hat = q_hat - s_hat^2/q_hat_t``, ``s_hat``, theta (``t_hat``) and the curvature A.

    Around references that are typical of the probe's own model nothing is its own at the typical distance: there
    ``own_hat`` reaches 0.
    """

    def __init__(self, model: Model, alpha: float, reference: Reference, distance: np.ndarray, level: int = 1) -> None:
        common = ["s_hat"] if reference.q > 0 else []
        super().__init__(model, alpha, reference, distance, level, ["own_hat", *common, "t_hat"])
        self.values = np.array(model.weights.values)

    def letters(self) -> Letters:
        """The reference's weights on nodes of its field; a single one where it vanishes."""
        reference, one = self.reference, np.ones(1)
        curvature, scale = reference.curvature * one, np.sqrt(reference.q_hat) * one
        weight, field = np.ones((1, 1)), np.zeros((1, 1))
        if reference.q > 0:
            places, widths = self.weights.features(curvature, np.inf)
            gauge = np.zeros((1, 1)) if self.weights.symmetric else None
            x, weight = gaussian_nodes(places / scale, widths / scale, gauge, min(self.level, 3))
            field = scale * x
            if self.weights.symmetric:
                half = field[0] > 0.0
                weight, field = 2.0 * weight[:, half], field[:, half]
        _, mean, _ = self.weights.log_z(field, curvature, np.inf)
        exponents = field[0, :, None] * self.values - 0.5 * reference.curvature * self.values**2
        share = np.exp(exponents - exponents.max(axis=1)[:, None])
        mass = weight[0, :, None] * share / share.sum(axis=1)[:, None]
        node, letter = np.nonzero(mass > LIGHT[min(self.level, 1)])
        return Letters(field[0, node], self.values[letter], mean[0, node], mass[node, letter])

    def _moved(
        self, at: Letters, shift: np.ndarray, scale: np.ndarray, curvature: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """Averages, (B, components), of ln z, var w, <w>, <w>^2, (var w)^2, <w> - u and (<w> - u)^2, u the reference's
        letter.

        A weight that stays at u is weighed in the alphabet moved by u, so that its rare moves keep all their digits.
        """
        found = np.empty((7, *shift.shape))
        beta, level = self.model.beta, min(self.level, 3)
        for letter in np.unique(at.letter):
            here = at.letter == letter
            count = int(here.sum())
            bend = np.repeat(curvature, count)
            field = shift[:, here].ravel() - bend * letter
            near = self.weights.moved(float(letter))  # type: ignore[attr-defined]
            weight, log_z, move, var = near.on_field(field, np.repeat(scale, count), bend, beta, level)
            value, spread, step, square, stiff = weighted_sums(weight, (log_z, var, move), (move, var)).reshape(
                5, self.size, count
            )
            base = shift[:, here] * letter - 0.5 * curvature[:, None] * letter**2
            whole = square + 2.0 * letter * step + letter**2
            found[:, :, here] = base + value, spread, letter + step, whole, stiff, step, square
        return tuple(found)

    def _weigh(self, hats: dict[str, np.ndarray]) -> Weighed:
        at, known = self.letters(), self.reference.q_hat
        s_hat, theta = hats["s_hat"], hats["t_hat"]
        lean = s_hat / known if known > 0 else 0.0 * s_hat
        shift = lean[:, None] * at.field + (theta - s_hat)[:, None] * at.letter
        sums = np.array(self._moved(at, shift, np.sqrt(hats["own_hat"]), hats["curvature"]))
        value, variance, q, stiff, strayed = _mean(at.weight, sums[0], sums[1], sums[3], sums[4], sums[6])
        given, step = self.reference, sums[5]
        t, along = _mean(at.weight * at.letter, sums[2], step)  # E u<w>, E u(<w>-u)
        s, moved = _mean(at.weight * at.mean, sums[2])[0], strayed + variance  # ..., E (w-u)^2
        top = np.sqrt(given.norm * np.maximum(given.norm + 2.0 * along + moved, EPS))
        apart = (given.norm * moved - along * along) / (top + given.norm + along)
        off = _mean(at.weight * (at.mean - given.q / given.norm * at.letter), step)[0]
        single = self.weights.assemble(value, q, variance, 0.0 * q, q, stiff)
        q_hat = hats["own_hat"] + lean * s_hat
        potential = self.weights.entropic(single, q_hat, 0.0 * q, hats["curvature"]) - theta * t + s_hat * s
        return Weighed(single, t, s, apart, off, potential)

    def conjugates(self, free: np.ndarray) -> dict[str, np.ndarray]:
        zero = np.zeros(len(free))
        values = {"s_hat": zero, "curvature": zero} | self.variables.values(free)
        return values | {"own_hat": np.maximum(values["own_hat"], LEAST_OWN)}

    def _geometry(self, at: Weighed, row: int) -> Geometry:
        given = self.reference
        t, s, rest, size, apart, off = (
            x[row] for x in (at.t, at.s, at.single.variance, at.single.norm, at.apart, at.off)
        )
        return Geometry.of_rest(t, s, rest, given.q, given.norm, size, apart, off)

    def halves(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], Found]:
        hats = self.conjugates(free)
        at = self._weigh(hats)
        overlaps = [self._geometry(at, row) for row in range(self.size)]
        rows = pattern_sums(self.reference.side, self.probe, overlaps, self.level)
        return hats, Found(at, PatternSums(*np.array(rows).T))

    def means(self, free: np.ndarray) -> dict[str, np.ndarray]:
        at = self._weigh(self.conjugates(free))
        rows = [
            pattern_means(self.reference.side, self.probe, self._geometry(at, row), self.level)
            for row in range(self.size)
        ]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}

    def _free_overlap(self, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = self.at_level(0).letters()
        _, mean, var = self.weights.log_z(field[:, None] * at.letter, np.zeros(self.size), self.model.beta)
        along = _mean(at.weight * at.letter, mean)[0]
        return along / np.sqrt(self.reference.norm), _mean(at.weight, var + mean**2)[0]

    def _turned(self, field: np.ndarray) -> dict[str, np.ndarray]:
        zero = np.zeros(self.size)
        values = {"own_hat": zero + 1e-9, "t_hat": field}
        free = np.stack([values.get(name, zero) for name in self.variables.names], axis=1)
        return values | {"own_hat": 0.1 * self.alpha * self.halves(free)[1].sums.gg}

    def sound(self, free: np.ndarray) -> np.ndarray:
        single = self._weigh(self.conjugates(free)).single
        return single.variance > FROZEN * self.room * single.norm

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        hats, found = self.halves(free)
        return self._described(hats, found), self._residual(hats, found, free[:, 0])

    def potential(self, free: np.ndarray) -> np.ndarray:
        _, found = self.halves(free)
        return found.weighed.potential + self.alpha * found.sums.log_z

    def _pull(self, hats: dict[str, np.ndarray], found: Found) -> np.ndarray:
        """``-dS/dt``."""
        return hats["t_hat"] - self.alpha * found.sums.pg

    def _residual(self, hats: dict[str, np.ndarray], found: Found, free_own: np.ndarray) -> np.ndarray:
        alpha, sums, given = self.alpha, found.sums, self.reference
        lean = (alpha * sums.rg) ** 2 / given.q_hat if given.q > 0 else 0.0
        own = alpha * sums.gg - lean
        top = np.sqrt(given.norm * found.single.norm)
        pull = self._pull(hats, found)
        rows = {
            "own_hat": relative(own, free_own),
            "s_hat": relative(alpha * sums.rg, hats["s_hat"]),
            "t_hat": (2.0 * self.distance - found.weighed.apart / top) / self.room,
            "curvature": relative(-alpha * sums.bend + pull * self.cosine * top / found.single.norm, hats["curvature"]),
        }
        return np.stack([rows[name] for name in self.variables.names], axis=1)

    def _described(self, hats: dict[str, np.ndarray], found: Found) -> dict[str, np.ndarray]:
        single, given = found.single, self.reference
        top = np.sqrt(given.norm * single.norm)
        q_hat = hats["own_hat"] + (hats["s_hat"] ** 2 / given.q_hat if given.q > 0 else 0.0)
        return {
            "free_entropy": found.weighed.potential + self.alpha * found.sums.log_z,
            "q": single.q,
            "t": found.weighed.t / top,
            "s": found.weighed.s,
            "q_hat": q_hat,
            "s_hat": hats["s_hat"],
            "t_hat": hats["t_hat"],
            "slope": 2.0 * top * self._pull(hats, found),
            "stability": 1.0 - self.alpha * found.sums.rigidity * single.susceptibility,
            "Q": single.norm,
            "Q_hat": hats["curvature"] - q_hat,
        }

    @property
    def names(self) -> tuple[str, ...]:
        return ("free_entropy", "q", "t", "s", "q_hat", "s_hat", "t_hat", "slope", "stability", "Q", "Q_hat")
