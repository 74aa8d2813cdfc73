"""The probability of a label as a function of the teacher's field: checked, with its kinks and steep places found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from replica._registry import FAILURES, settings_of_function
from saddlepoint.quadrature.panels import gaussian_nodes
from saddlepoint.quadrature.rules import gauss_legendre

REACH = 12.0  # deviations of the field within which the function is looked at
ORDER = 12  # of the interpolation that tells whether a piece is smooth
SMOOTH = 1e-12
NARROWEST = 1e-9  # of a piece: a kink or a jump lies in it
MOST = 24  # kinks and steep places
PROBES = np.array([-1.0, -0.93, -0.31, 0.17, 0.71, 1.0])  # with the ends: a jump may be close to one
FIRST = 192  # pieces to begin with


class Chance:
    """``p(u)``, probability of the label +1, on fields of variance rho; kinks and steep places are located.

    Pieces are halved until a polynomial of degree 11 fits each to 1e-12; what stays rough down to 1e-9 is a kink.

    Parameters
    ----------
    user : callable
        Array in, array of the same shape out, within [0, 1].
    deviation : float
        Of the teacher's field.
    """

    def __init__(self, user: Callable[[np.ndarray], Any], deviation: float) -> None:
        self.user, self.deviation = user, deviation
        self._check()
        self.kinks, self.steep = self._looked()

    def _check(self) -> None:
        at = self.deviation * np.linspace(-5.0, 5.0, 60).reshape(3, 20)
        told = "teacher must be a function of arrays that gives the probability of the label +1"
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(self.user(at))
        except FAILURES as reason:
            raise ValueError(f"{told}: {type(reason).__name__}: {reason}") from reason
        if found.dtype.kind not in "fiub" or found.shape != at.shape:
            raise ValueError(f"{told}, got {found.dtype} of shape {found.shape}")
        with np.errstate(invalid="ignore"):
            wrong = found[~((found >= 0) & (found <= 1))]
        if wrong.size:
            raise ValueError(f"{told}, got {wrong.ravel()[0]}")

    def described(self) -> dict[str, Any]:
        """For records."""
        return settings_of_function(self.user, self.averages_at, self.kinks.tolist())

    def averages_at(self, u: np.ndarray) -> np.ndarray:
        """The function itself, clipped to probabilities."""
        with np.errstate(all="ignore"):
            found = np.asarray(self.user(u), dtype=float)
        if not np.all((found >= -1e-12) & (found <= 1.0 + 1e-12)):
            raise ValueError("teacher must give probabilities in [0, 1] at every field")
        return np.clip(found, 0.0, 1.0)

    def likelier(self, u: np.ndarray) -> np.ndarray:
        """1 where the label +1 is the likelier one."""
        return np.where(self.averages_at(u) >= 0.5, 1.0, 0.0)

    def _looked(self) -> tuple[np.ndarray, np.ndarray]:
        """Kinks, and (place, width) of steep pieces."""
        nodes, _ = gauss_legendre(ORDER)
        fit = np.linalg.inv(np.polynomial.legendre.legvander(nodes, ORDER - 1))
        probe = np.polynomial.legendre.legvander(PROBES, ORDER - 1)
        edges = self.deviation * REACH * np.linspace(-1.0, 1.0, FIRST + 1) + 1.7e-7
        low, high = edges[:-1], edges[1:]
        kinks, steep = [], []
        while low.size:
            middle, half = 0.5 * (low + high), 0.5 * (high - low)
            values = self.averages_at(middle[:, None] + half[:, None] * nodes)
            there = self.averages_at(middle[:, None] + half[:, None] * PROBES)
            rough = np.abs(values @ fit.T @ probe.T - there).max(axis=1) > SMOOTH
            sharp = rough & (half < NARROWEST)
            kinks += [self._jump(m, h) for m, h in zip(middle[sharp], half[sharp], strict=True)]
            if len(kinks) > 4 * MOST or rough.sum() > 64 * MOST:
                raise ValueError(f"teacher must be smooth but for at most {MOST} kinks")
            fine = ~rough & (half < 0.1 * self.deviation * REACH / FIRST)
            steep += [(float(m), float(h)) for m, h in zip(middle[fine], half[fine], strict=True)]
            split = rough & (half >= NARROWEST)
            low, high = np.concatenate([low[split], middle[split]]), np.concatenate([middle[split], high[split]])
        places = _apart(np.sort(kinks), 4 * NARROWEST)
        # pieces that are narrow because a kink is beside them are no feature of their own
        alone = [(m, h) for m, h in steep if np.abs(places - m).min(initial=np.inf) > 3.5 * h]
        return places, _widest(alone)

    def _jump(self, middle: float, half: float) -> float:
        """Where the function changes most within a piece, to the last digit: a jump must not be beside its place."""
        low, high = middle - 2 * half, middle + 2 * half
        left, right = self.averages_at(np.array([low, high]))
        for _ in range(80):
            at = 0.5 * (low + high)
            here = self.averages_at(np.array([at]))[0]
            low, high = (at, high) if abs(here - left) < abs(here - right) else (low, at)
            left, right = (here, right) if low == at else (left, here)
        return 0.5 * (low + high)

    def breaks(self) -> np.ndarray:
        """Kinks, and where the likelier label changes, (1, K)."""
        grid = self.deviation * np.linspace(-REACH, REACH, 4801) + 1.3e-7
        side = self.averages_at(grid) >= 0.5
        turns = []
        for i in np.flatnonzero(side[1:] != side[:-1]):
            low, high = grid[i], grid[i + 1]
            for _ in range(60):
                middle = 0.5 * (low + high)
                same = bool(self.averages_at(np.array([middle]))[0] >= 0.5) == bool(side[i])
                low, high = (middle, high) if same else (low, middle)
            turns.append(0.5 * (low + high))
        return np.concatenate([self.kinks, turns])[None, :]

    def features(self) -> tuple[np.ndarray, np.ndarray]:
        """Places and widths (1, F) where an average over a Gaussian has to look: kinks have no width of their own."""
        places = np.concatenate([self.kinks, self.steep[:, 0]])
        widths = np.concatenate([np.zeros(self.kinks.size), self.steep[:, 1]])
        if not places.size:
            places, widths = np.zeros(1), np.array([self.deviation])
        return places[None, :], widths[None, :]

    @cached_property
    def even(self) -> bool:
        """``p(-u) = 1 - p(u)``."""
        u = self.deviation * (np.linspace(0.0, 8.0, 801) + 1.7e-3)
        return bool(np.all(np.abs(self.averages_at(-u) + self.averages_at(u) - 1.0) < 1e-14))

    def averages(self, mean: np.ndarray, blur: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray]:
        """``E p(nu)`` over nu of given mean and deviation (rows,), and its derivative in the mean."""
        scale = blur[:, None]
        at = (self.kinks[None, :] - mean[:, None]) / scale
        places = (self.steep[None, :, 0] - mean[:, None]) / scale
        width = self.steep[None, :, 1] / scale
        near = np.abs(places) < 40.0
        places, width = np.where(near, places, 0.0), np.where(near, width, np.inf)
        z, weight = gaussian_nodes(places, width, at, level)
        p = self.averages_at(mean[:, None] + scale * z)
        centre = self.averages_at(mean)[:, None]
        value = centre[:, 0] + (weight * (p - centre)).sum(axis=1)
        return value, (weight * (p - centre) * z).sum(axis=1) / blur


def _apart(places: np.ndarray, width: float) -> np.ndarray:
    """One of each group of places that are nearer than a width."""
    if not places.size:
        return np.zeros(0)
    first = np.concatenate([[True], np.diff(places) > width])
    groups = np.cumsum(first) - 1
    return np.bincount(groups, places) / np.bincount(groups)


def _widest(pieces: list[tuple[float, float]]) -> np.ndarray:
    """At most `MOST` of the pieces, spread over all widths."""
    if not pieces:
        return np.zeros((0, 2))
    order = np.array(sorted(pieces, key=lambda piece: -piece[1]))
    return order[np.unique(np.linspace(0, len(order) - 1, MOST).astype(int))]
