"""Students and teachers of letters, solved in mpmath from the potential alone: no code of the packages is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath as mp

LEAST, REACH = 14, 12  # nodes per deviation of the trapezoidal rule, and deviations


@dataclass(frozen=True)
class Letters:
    """``letters`` of the student, ``teacher`` None (Gaussian) or its letters, a hard margin or counted errors."""

    letters: Sequence[float]
    teacher: Sequence[float] | None
    alpha: float
    margin: float = 0.0
    beta: float | None = None
    noise: float = 0.0

    def gaussian(self, integrand: Callable[[Any], Any], steep: Any) -> Any:
        """``int Dx f(x)`` of lists, entry by entry; the nearest singularity is at least ``1.2/steep`` off the axis."""
        dense = max(LEAST, int(mp.ceil(10 * steep)))
        nodes = [mp.mpf(k) / dense for k in range(-REACH * dense, REACH * dense + 1)]
        rows = [(mp.npdf(x) / dense, integrand(x)) for x in nodes]
        return [mp.fsum(w * row[i] for w, row in rows) for i in range(len(rows[0][1]))]

    def patterns(self, q: Any, m: Any, norm: Any) -> Any:
        """``E ln Z`` at overlaps."""
        root, width = mp.sqrt(q), mp.sqrt(norm - q)
        lean = m / root / mp.sqrt(1 + mp.mpf(self.noise) - m * m / q)
        floor = mp.mpf(0) if self.beta is None else mp.exp(-mp.mpf(self.beta))

        def integrand(x: Any) -> list[Any]:
            chance = mp.erfc((mp.mpf(self.margin) - root * x) / width / mp.sqrt(2)) / 2
            return [mp.erfc(-lean * x / mp.sqrt(2)) * mp.log(floor + (1 - floor) * chance)]

        return self.gaussian(integrand, max(root / width, lean))[0]

    def weights(self, q_hat: Any, m_hat: Any, curvature: Any) -> list[Any]:
        """``E<w>^2``, ``E u<w>``, ``E<w^2>``, ``E ln z`` over both signs and sizes of the teacher's letters."""
        if self.teacher is None:
            atoms = [(mp.mpf(1), mp.mpf(0))]
        else:
            exact = [Fraction(x) for x in self.teacher]
            square = sum(x * x for x in exact) / len(exact)
            unit = mp.sqrt(mp.mpf(square.numerator) / square.denominator)
            atoms = [(mp.mpf(1) / len(exact), mp.mpf(x.numerator) / x.denominator / unit) for x in exact]
        scale = mp.sqrt(q_hat + (m_hat**2 if self.teacher is None else 0))
        totals, steep = [mp.mpf(0)] * 4, scale * (max(self.letters) - min(self.letters)) / 2
        for chance, atom in atoms:

            def integrand(z: Any, atom: Any = atom) -> list[Any]:
                h = m_hat * atom + scale * z
                terms = [mp.exp(h * w - curvature * mp.mpf(w) ** 2 / 2) for w in self.letters]
                z0 = mp.fsum(terms)
                mean = mp.fsum(t * w for t, w in zip(terms, self.letters, strict=True)) / z0
                square = mp.fsum(t * mp.mpf(w) ** 2 for t, w in zip(terms, self.letters, strict=True)) / z0
                return [mean**2, atom * mean, square, mp.log(z0)]

            totals = [total + chance * x for total, x in zip(totals, self.gaussian(integrand, steep), strict=True)]
        if self.teacher is None:  # integration by parts over a Gaussian component
            totals[1] = m_hat * (totals[2] - totals[0])
        return totals

    def conjugates(self, overlaps: Sequence[Any]) -> list[Any]:
        """``q_hat``, ``m_hat``, ``Q_hat``: derivatives of the patterns by differences."""
        small, found = mp.mpf(10) ** -17, []
        for i in range(3):
            ends = []
            for sign in (1, -1):
                at = list(overlaps)
                at[i] += sign * small
                ends.append(self.patterns(*at))
            found.append(mp.mpf(self.alpha) * (ends[0] - ends[1]) / (2 * small))
        return [-2 * found[0], found[1], -2 * found[2]]

    def residual(self, overlaps: Sequence[Any]) -> list[Any]:
        q_hat, m_hat, norm_hat = self.conjugates(overlaps)
        return [x - y for x, y in zip(self.weights(q_hat, m_hat, q_hat + norm_hat), overlaps, strict=False)]

    def solve(self, start: Sequence[float], dps: int = 50) -> dict[str, Any]:
        """Newton's steps, one Jacobian of differences for all, from the overlaps ``q, m, Q``."""
        with mp.workdps(dps):
            at, tiny = mp.matrix([mp.mpf(x) for x in start]), mp.mpf(10) ** -14
            value = mp.matrix(self.residual(list(at)))
            table = mp.matrix(3, 3)
            for i in range(3):
                moved = at.copy()
                moved[i] += tiny
                table[:, i] = (mp.matrix(self.residual(list(moved))) - value) / tiny
            for _ in range(2):
                at -= mp.lu_solve(table, value)
                value = mp.matrix(self.residual(list(at)))
            q, m, norm = at
            q_hat, m_hat, norm_hat = self.conjugates([q, m, norm])
            log_z = self.weights(q_hat, m_hat, q_hat + norm_hat)[3]
            phi = -m * m_hat + (q * q_hat + norm * norm_hat) / 2 + log_z
            phi += mp.mpf(self.alpha) * self.patterns(q, m, norm)
            found = {"q": q, "m": m, "Q": norm, "q_hat": q_hat, "m_hat": m_hat, "Q_hat": norm_hat, "free_entropy": phi}
            return found | {"left": mp.norm(value)}
