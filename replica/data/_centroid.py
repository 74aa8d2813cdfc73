"""Bayes-optimal inference of the centroid of two clusters, with and without labels; no data model lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.weights.base import Weights
from saddlepoint import UNIT, Ladder, Newton, Picard, Problem, Variable, Variables, solve
from saddlepoint.quadrature.fields import field_nodes
from saddlepoint.special import tail

EPS = float(np.finfo(float).eps)


def overlap_of_centroid(centroid: Weights | None, strength: np.ndarray, level: int) -> np.ndarray:
    r"""``E v<v>`` of a component seen through Gaussian noise of variance ``1/strength``: ``A/(1+A)`` for N(0, 1),
    ``int Dz tanh(A + sqrt(A) z)`` for signs.
    """
    if centroid is None or centroid.letters is None:
        return strength / (1.0 + strength)
    norm = float(np.mean(np.square(centroid.letters)))
    scaled = strength / norm
    single = centroid.single(scaled, scaled * np.sqrt(norm), scaled, 1.0, centroid.law(), level)
    return np.asarray(single.m) / np.sqrt(norm)


class CentroidProblem(Problem):
    r"""``q = E v<v>`` at ``A = (alpha/noise) [eta + (1-eta) E tanh]``: labels of a share eta, guessed for the rest.

    A guessed label is worth ``E_sigma[sigma tanh(sigma q/noise + sqrt(q/noise) z + ln(rho/(1-rho))/2)]``.
    """

    rowwise = ("data", "alpha")
    variables = Variables(Variable("q", UNIT))

    def __init__(self, data: Any, alpha: np.ndarray, labelled: float, level: int = 1) -> None:
        self.data, self.alpha, self.labelled, self.level, self.size = data, alpha, labelled, level, alpha.size

    def start(self) -> np.ndarray:
        return np.full((self.size, 1), 3.0)

    def strength(self, q: np.ndarray) -> np.ndarray:
        noise, balance = self.data.noise, self.data.balance
        worth, signal = np.zeros(self.size), q / noise * np.ones(self.size)
        tilt = 0.5 * np.log(balance / (1.0 - balance)) * np.ones(self.size)
        for sign, chance in ((1.0, balance), (-1.0, 1.0 - balance)):
            places, widths = np.zeros((self.size, 1)), np.ones((self.size, 1))
            _, weight, field = field_nodes(places, widths, sign * signal + tilt, np.sqrt(signal), self.level)
            worth += chance * sign * (weight * np.tanh(field)).sum(axis=1)
        return self.alpha / noise * (self.labelled + (1.0 - self.labelled) * worth)

    def update(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            q = self.variables.values(free)["q"]
            found = overlap_of_centroid(self.data.centroid, self.strength(q), self.level)
            return (np.log(found) - np.log1p(-found))[:, None]


def centroid_overlap(
    data: Any, alpha: np.ndarray, labelled: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Overlaps ``v.<v>/N`` of the posterior mean with errors, and where they were found; from the informed side."""
    if labelled == 1.0:
        q, coarse = (overlap_of_centroid(data.centroid, alpha / data.noise, level) for level in (2, 1))
        return q, np.abs(q - coarse) + 8 * EPS, np.ones(alpha.size, dtype=bool)
    q, error = np.zeros(alpha.size), np.zeros(alpha.size)
    good = _unknowable(data, alpha, labelled)
    rows = np.flatnonzero(~good)
    if rows.size:
        problem = CentroidProblem(data, alpha, labelled).take(rows)
        found = solve(problem, solver=Ladder(Picard(steps=60), Newton(max_step=1.0)), on_failure="keep")
        q[rows], good[rows] = found["q"], found.converged
        error[rows] = found.error[:, 0] * q[rows] * (1.0 - q[rows]) + 8 * EPS * q[rows]
        # from the informed side the overlap has run to 0 where that is stable
        nothing = rows[~found.converged & (q[rows] < 1e-3) & _at_threshold(data, alpha, labelled)[rows]]
        q[nothing], error[nothing], good[nothing] = 0.0, 0.0, True
    return q, error, good


def _at_threshold(data: Any, alpha: np.ndarray, labelled: float) -> np.ndarray:
    """Whether an overlap 0 is one and does not grow: near it ``q' = alpha q/noise^2`` for two clusters of one size."""
    return (labelled == 0.0) & (data.balance == 0.5) & (alpha <= data.noise**2)


def _unknowable(data: Any, alpha: np.ndarray, labelled: float) -> np.ndarray:
    """Whether 0 is the only overlap: below the threshold where ``E v<v>`` is concave in the strength (one modulus of
    the letters, or Gaussian), as ``E tanh`` is in the overlap.
    """
    letters = None if data.centroid is None else data.centroid.letters
    concave = letters is None or np.ptp(np.abs(letters)) == 0
    return _at_threshold(data, alpha, labelled) & concave


def strength_of(data: Any, alpha: np.ndarray, labelled: float, q: np.ndarray) -> np.ndarray:
    """What all patterns together say of one component, A, where the overlap is q."""
    return CentroidProblem(data, alpha, labelled, level=2).strength(q)


def clipped_overlap(centroid: Weights | None, strength: np.ndarray) -> np.ndarray:
    """``E v sign(A v + sqrt(A) z)`` of a component: that of the signs of the Hebb vector, or of the posterior mean."""
    if centroid is None or centroid.letters is None:
        return np.sqrt(2.0 / np.pi * strength / (1.0 + strength))
    letters = np.asarray(centroid.letters, dtype=float) / np.sqrt(np.mean(np.square(centroid.letters)))
    right = 1.0 - 2.0 * np.exp(tail(np.sqrt(strength)[:, None] * letters)[0])
    return np.asarray((letters * right).mean(axis=1))
