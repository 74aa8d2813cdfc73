r"""Franz-Parisi saddle point of weights with a free norm around a typical solution, as a problem of the engine.

.. math:: S = \mathrm{extr}\; -\tfrac{\hat q}{2}(Q-q) + \tfrac A2 Q - \theta t + \hat s s
          + E_{\tilde h} \sum_u P(u|\tilde h)\, E_z \ln z(\tfrac{\hat s}{\hat q_t} \tilde h + (\theta-\hat s) u
          + \sqrt{\hat q - \hat s^2/\hat q_t}\, z, A) + \alpha E \ln Z

with ``P(u|h) ~ exp(h u - A_t u^2/2)`` the reference's weight in its field; ``t = cosine sqrt(Q_t Q)``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replica.ansatz._fp_geometry import Geometry
from replica.ansatz._fp_patterns import PatternSums, pattern_means, pattern_sums
from replica.ansatz._fp_problem import Reference
from replica.ansatz._held_problem import EPS, LEAST_OWN, HeldProblem, relative
from replica.model import Model
from replica.weights.base import SingleWeight
from saddlepoint.quadrature.fields import weighted_sums
from saddlepoint.quadrature.panels import gaussian_nodes

LIGHT = (1e-10, 1e-18)  # letters of the reference that are less likely add nothing (coarse, fine meshes)


class Letters(NamedTuple):
    """Components of the reference: its field, the letter, the mean letter in that field, and how likely they are."""

    field: np.ndarray
    letter: np.ndarray
    mean: np.ndarray
    weight: np.ndarray


class Found(NamedTuple):
    """Overlaps of the probe at given conjugates, its part of the potential, averages over patterns."""

    single: SingleWeight
    t: np.ndarray
    s: np.ndarray
    potential: np.ndarray
    sums: PatternSums


class AlphabetProblem(HeldProblem):
    """Unknowns: ``own_hat = q_hat - s_hat^2/q_hat_t``, ``s_hat``, theta (``t_hat``) and the curvature A.

    Around references that are typical of the probe's own model nothing is its own at the typical distance: there
    ``own_hat`` reaches 0.
    """

    def __init__(self, model: Model, alpha: float, reference: Reference, distance: np.ndarray, level: int = 1) -> None:
        super().__init__(model, alpha, distance, level, [*(["s_hat"] if reference.q > 0 else []), "t_hat"])
        self.reference: Reference = reference
        self.values = np.array(model.weights.values)  # type: ignore[attr-defined]

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

    def _weigh(self, hats: dict[str, np.ndarray]) -> tuple[SingleWeight, np.ndarray, np.ndarray, np.ndarray]:
        at, known = self.letters(), self.reference.q_hat
        s_hat, theta = hats["s_hat"], hats["t_hat"]
        lean = s_hat / known if known > 0 else 0.0 * s_hat
        shift = lean[:, None] * at.field + (theta - s_hat)[:, None] * at.letter
        size, count = shift.shape
        scale, curvature = np.repeat(np.sqrt(hats["own_hat"]), count), np.repeat(hats["curvature"], count)
        weight, log_z, mean, var = self.weights.on_field(
            shift.ravel(), scale, curvature, self.model.beta, min(self.level, 3)
        )
        sums = weighted_sums(weight, (log_z, var, mean), (mean, var)).reshape(5, size, count)
        value, variance, _, q, stiff = sums @ at.weight
        t, s = sums[2] @ (at.weight * at.letter), sums[2] @ (at.weight * at.mean)
        single = self.weights.assemble(value, q, variance, 0.0 * q, q, stiff)
        q_hat = hats["own_hat"] + lean * s_hat
        potential = self.weights.entropic(single, q_hat, 0.0 * q, hats["curvature"]) - theta * t + s_hat * s
        return single, t, s, potential

    def conjugates(self, free: np.ndarray) -> dict[str, np.ndarray]:
        zero = np.zeros(len(free))
        values = {"s_hat": zero, "curvature": zero} | self.variables.values(free)
        return values | {"own_hat": np.maximum(values["own_hat"], LEAST_OWN)}

    def _geometry(self, single: SingleWeight, t: np.ndarray, s: np.ndarray, row: int) -> Geometry:
        given = self.reference
        overlaps = (float(x[row]) for x in (t, s, single.variance))
        return Geometry.of_rest(*overlaps, given.q, given.norm, float(single.norm[row]))

    def halves(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], Found]:
        hats = self.conjugates(free)
        single, t, s, potential = self._weigh(hats)
        rows = [
            pattern_sums(self.reference.side, self.probe, self._geometry(single, t, s, row), self.level)
            for row in range(self.size)
        ]
        return hats, Found(single, t, s, potential, PatternSums(*np.array(rows).T))

    def means(self, free: np.ndarray) -> dict[str, np.ndarray]:
        single, t, s, _ = self._weigh(self.conjugates(free))
        rows = [
            pattern_means(self.reference.side, self.probe, self._geometry(single, t, s, row), self.level)
            for row in range(self.size)
        ]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}

    def _free_overlap(self, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = self.at_level(0).letters()
        _, mean, var = self.weights.log_z(field[:, None] * at.letter, np.zeros(self.size), self.model.beta)
        return mean @ (at.weight * at.letter) / np.sqrt(self.reference.norm), (var + mean**2) @ at.weight

    def _turned(self, field: np.ndarray) -> dict[str, np.ndarray]:
        zero = np.zeros(self.size)
        values = {"own_hat": zero + 1e-9, "t_hat": field}
        free = np.stack([values.get(name, zero) for name in self.variables.names], axis=1)
        return values | {"own_hat": 0.1 * self.alpha * self.halves(free)[1].sums.gg}

    def sound(self, free: np.ndarray) -> np.ndarray:
        return self._weigh(self.conjugates(free))[0].variance > 1e-12

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        hats, found = self.halves(free)
        return self._described(hats, found), self._residual(hats, found, free[:, 0])

    def potential(self, free: np.ndarray) -> np.ndarray:
        _, found = self.halves(free)
        return found.potential + self.alpha * found.sums.log_z

    def _pull(self, hats: dict[str, np.ndarray], found: Found) -> np.ndarray:
        """``-dS/dt``."""
        return hats["t_hat"] - self.alpha * found.sums.pg

    def _residual(self, hats: dict[str, np.ndarray], found: Found, free_own: np.ndarray) -> np.ndarray:
        alpha, sums, given = self.alpha, found.sums, self.reference
        lean = (alpha * sums.rg) ** 2 / given.q_hat if given.q > 0 else 0.0
        own = alpha * sums.gg - lean
        top = np.sqrt(given.norm * found.single.norm)
        pull = self._pull(hats, found)
        away = (found.t - self.cosine * top) / np.maximum(top - self.cosine**2 * top, EPS) if self.held else pull
        rows = {
            "own_hat": relative(own, free_own),
            "s_hat": relative(alpha * sums.rg, hats["s_hat"]),
            "t_hat": away,
            "curvature": relative(
                -alpha * sums.bend + pull * self.cosine * top / found.single.norm * self.held, hats["curvature"]
            ),
        }
        return np.stack([rows[name] for name in self.variables.names], axis=1)

    def _described(self, hats: dict[str, np.ndarray], found: Found) -> dict[str, np.ndarray]:
        single, given = found.single, self.reference
        top = np.sqrt(given.norm * single.norm)
        q_hat = hats["own_hat"] + (hats["s_hat"] ** 2 / given.q_hat if given.q > 0 else 0.0)
        return {
            "free_entropy": found.potential + self.alpha * found.sums.log_z,
            "q": single.q,
            "t": found.t / top,
            "s": found.s,
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
