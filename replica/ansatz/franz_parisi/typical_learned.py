r"""Franz-Parisi saddle point on the sphere around a typical solution, with a direction to be learned.

.. math:: S = \mathrm{extr}\; \tfrac12 \ln(1-q) + \frac{1}{2(1-q)} \Bigl[q - m^2 - \frac{2 s'(t-s)}{\delta}
          - \frac{(t-s)^2 (\delta - q_r')}{\delta^2}\Bigr] + \alpha \sum_c p_c E \ln Z_c

over q, m and s, with ``delta = 1 - q_r``, ``s' = s - m m_r``, ``q_r' = q_r - m_r^2``; the classes c of patterns have
fields with means of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.cavity import POWERS as WEIGHT_POWERS
from replica.ansatz.franz_parisi.equations import FROZEN, LEAST_OWN, OnSphere, relative
from replica.ansatz.franz_parisi.geometry import Geometry
from replica.ansatz.franz_parisi.pair_patterns import PatternSums, Side, pattern_means, pattern_sums
from replica.ansatz.franz_parisi.typical_held_norm import Reference
from replica.data import Overlaps, PairChannel, PairOverlaps, over_classes
from replica.models.model import Model

NOTHING = PatternSums(*[np.nan] * 11)
#: powers of `PatternSums` in the scale of the overlaps, and beside it in the root of the fields'
SCALES, ROOTS = np.array([0, 1, 1, 1, 2, 2, 2, 0, 1, 2, 0]), np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
#: how what is described grows with weights that are multiplied, those of the reference too
POWERS = WEIGHT_POWERS | {"s": 2, "s_hat": -2, "t_hat": -2}


class Found(NamedTuple):
    """Overlaps of the probe at given conjugates, and its part of the potential; ``pull`` holds the distance."""

    t: np.ndarray
    rest: np.ndarray
    s: np.ndarray
    off: np.ndarray  # s - q_r t
    m: np.ndarray
    pull: np.ndarray
    potential: np.ndarray


class TypicalProblem(OnSphere):
    """Unknowns: ``own_hat = q_hat - s_hat^2/q_hat_r``, ``s_hat``, ``m_hat``; the distance is held in closed form.

    With u the reference, ``u'`` the mean of references and v the direction, a copy is ``t u`` and ``1-q`` times the
    part of ``a v + c u' + sqrt(own_hat) noise`` that is orthogonal to u: the overlaps are those of real vectors.
    """

    def __init__(self, model: Model, alpha: Any, reference: Reference, distance: np.ndarray, level: int = 1) -> None:
        super().__init__(model, alpha, reference, distance, level, ["own_hat", "s_hat", "m_hat"])
        self.root = float(np.sqrt(model.architecture.scale))

    @property
    def _beyond(self) -> float:
        """``q_r - m_r^2``."""
        return self.reference.q - self.reference.m**2

    def conjugates(self, free: np.ndarray) -> dict[str, np.ndarray]:
        values = self.variables.values(free)
        return values | {"own_hat": np.maximum(values["own_hat"], LEAST_OWN)}

    def overlaps(self, hats: dict[str, np.ndarray]) -> Found:
        """The probe in its fields."""
        mr, qr, beyond = self.reference.m, self.reference.q, self._beyond
        gap, free = 1.0 - qr, 1.0 - mr**2
        c = hats["s_hat"] * gap / beyond
        a = hats["m_hat"] - c * mr
        strength = a * a * free + c * c * qr * gap + 2.0 * a * c * mr * gap + hats["own_hat"]
        t, room = self.cosine, self.room
        rest = 2.0 * room / (1.0 + np.sqrt(1.0 + 4.0 * room * strength))
        along, beside = a * free + c * mr * gap, a * mr + c * qr  # (m - t m_r)/rest and (s - t q_r)/(rest gap)
        m, off = t * mr + rest * along, rest * gap * beside
        pull = t / rest + (beyond * beside - mr * along) / gap
        own = strength - along**2 - 2.0 * mr * along * beside + beside**2 * free
        return Found(t, rest, t * qr + off, off, m, pull, 0.5 * np.log(rest) + 0.5 * rest * own)

    def _average(self, at: Found, row: int, of: Callable[..., Any]) -> Any:
        """Of what ``of(reference, probe, fields, level, scale of the overlaps)`` is in each class of patterns."""
        given, one = self.reference, slice(row, row + 1)

        def of_class(channel: PairChannel) -> Any:
            scale, root = (channel.scale * self.root) ** 2, self.root
            reference = replace(given.side, mean=root * channel.reference_mean)
            probe = replace(self.probe, mean=root * float(channel.mean[0]))
            t, s, rest, off = (scale * x[row] for x in (at.t, at.s, at.rest, at.off))
            away = scale * 2.0 * self.distance[row]
            fields = Geometry.of_rest(t, s, rest, scale * given.q, scale, scale, away, off)
            return of(reference, probe, fields, self.level, scale)

        pair = PairOverlaps(1.0 - at.rest[one], at.rest[one], at.m[one], at.t[one], self.root)
        return over_classes(self.model.data.pair_channels(given.m, given.bias, pair), of_class)

    def _row(self, at: Found, row: int) -> np.ndarray:
        """`PatternSums` as derivatives in the overlaps of the weights, over all classes."""
        if not 0.0 < at.rest[row] < np.inf:
            return np.array(NOTHING)

        def scaled(reference: Side, probe: Side, fields: Geometry, level: int, scale: float) -> np.ndarray:
            return np.array(pattern_sums(reference, probe, [fields], level)[0]) * scale**SCALES * self.root**ROOTS

        return self._average(at, row, scaled)

    def halves(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], Found, PatternSums]:
        hats = self.conjugates(free)
        at = self.overlaps(hats)
        return hats, at, PatternSums(*np.array([self._row(at, row) for row in range(self.size)]).T)

    def means(self, free: np.ndarray) -> dict[str, np.ndarray]:
        at = self.overlaps(self.conjugates(free))
        rows = [self._average(at, row, lambda *seen: pattern_means(*seen[:-1])) for row in range(self.size)]
        return {name: np.array([row[name] for row in rows]) for name in ("cost", "training_error")}

    def start(self) -> np.ndarray:
        """One turn of the map, damped by the load, from the probe without patterns."""
        free = np.zeros((self.size, len(self.variables)))
        free[:, 0] = 1e-9
        with np.errstate(all="ignore"):
            _, _, sums = self.halves(free)
            share = self.alpha / (1.0 + self.alpha)
            free[:, 0] = 0.1 * share * sums.gg
            free[:, 1], free[:, 2] = 0.3 * share * sums.rg, 0.3 * share * sums.force
        return free

    def sound(self, free: np.ndarray) -> np.ndarray:
        return self.overlaps(self.conjugates(free)).rest > FROZEN * self.room

    def potential(self, free: np.ndarray) -> np.ndarray:
        _, at, sums = self.halves(free)
        return at.potential + self.alpha * sums.log_z

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        hats, at, sums = self.halves(free)
        return self._described(hats, at, sums), self._residual(sums, free)

    def _residual(self, sums: PatternSums, free: np.ndarray) -> np.ndarray:
        alpha, gap = self.alpha, 1.0 - self.reference.q
        s_hat = alpha * sums.rg
        own = alpha * sums.gg - s_hat**2 * gap**2 / self._beyond
        new = own, s_hat, alpha * sums.force
        return np.stack([relative(x, free[:, k]) for k, x in enumerate(new)], axis=1)

    def _described(self, hats: dict[str, np.ndarray], at: Found, sums: PatternSums) -> dict[str, np.ndarray]:
        q_hat = hats["own_hat"] + hats["s_hat"] ** 2 * (1.0 - self.reference.q) ** 2 / self._beyond
        found = {
            "free_entropy": at.potential + self.alpha * sums.log_z,
            "q": 1.0 - at.rest,
            "t": at.t,
            "s": at.s,
            "m": at.m,
            "q_hat": q_hat,
            "s_hat": hats["s_hat"],
            "m_hat": hats["m_hat"],
            "t_hat": at.pull,
            "slope": 2.0 * (at.pull - self.alpha * sums.pg),
            "stability": 1.0 - self.alpha * sums.rigidity * at.rest**2,
        } | self._generalization(Overlaps(1.0 - at.rest, at.rest, at.m, 1.0 - at.rest - at.m**2))
        return {name: value * self.root ** POWERS.get(name, 0) for name, value in found.items()}

    def _generalization(self, overlaps: Overlaps) -> dict[str, np.ndarray]:
        return self.model.architecture.generalization(self.model.data, overlaps)

    @property
    def names(self) -> tuple[str, ...]:
        one = np.ones(1)
        known = ("free_entropy", "q", "t", "s", "m", "q_hat", "s_hat", "m_hat", "t_hat", "slope", "stability")
        return (*known, *self._generalization(Overlaps(one, one, one, one)))
