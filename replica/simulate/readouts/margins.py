"""Stabilities of the patterns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from replica._checks import grid
from replica.losses import Loss
from replica.models.model import Model
from replica.simulate.instances import Instance
from replica.simulate.readouts.base import Measured, Readout

SLIT = 0.01  # of a window, beside a kink: patterns there may be held by it (an atom of the distribution)
TRIALS = 64  # hidden fields that show whether the output is continuous
DEGREE = 3  # Legendre polynomials of a window


@dataclass(frozen=True)
class Margins(Readout):
    r"""Density of the stabilities over ``field``, ``margin_density``.

    At each point the density is projected on the polynomials of second degree over a window that reaches to the grid's
    neighbouring points and ends at kinks of the loss,

    .. math:: \hat P(x) = \frac1P\sum_\mu \sum_{k\le 2}\frac{2k+1}{w} P_k(t_x) P_k(t_\mu)

    (``t`` runs from -1 to 1 over the window of width w), which is right up to the third order in the spacing, also
    beside a jump; it may be slightly negative. A point on a kink belongs to the side of the same cost.

    Parameters
    ----------
    field : increasing, even grid

    Notes
    -----
    What the theory's `margin_distribution` calls ``density``: `compare` sets them side by side. Errors are those of
    counts, at least of one. Patterns that a kink holds (atoms) are left out: within a hundredth of the spacing from it.
    Networks of sign units have a few values of the field and no density: they are refused.
    """

    field: Any = field(default_factory=lambda: np.arange(-2.0, 4.01, 0.25))
    name: ClassVar[str] = "margins"
    meanings: ClassVar[dict[str, dict[str, str]]] = {"margin_density": {"theory": "density", "error": "independent"}}

    def __post_init__(self) -> None:
        points = grid("field", self.field)
        if points.size < 2 or not np.allclose(np.diff(points), points[1] - points[0]):
            raise ValueError(f"field must be an even grid of at least two points, got {points}")
        object.__setattr__(self, "field", tuple(points.tolist()))

    def check(self, model: Model) -> None:
        units = model.architecture.units
        hidden = np.random.default_rng(0).standard_normal((TRIALS, int(units) if np.isfinite(units) else 1))
        fields = np.unique(np.abs(model.architecture.readout(hidden)))
        if fields.size < TRIALS // 2:
            values = f"the {fields.size} absolute values {', '.join(f'{value:.3g}' for value in fields[:5])}"
            raise ValueError(
                f"margins is for output fields with a density; those of {model.architecture} take {values}"
            )

    def remark(self, row: dict[str, np.ndarray]) -> str:
        """Where the projection is below zero, which no density is."""
        density, error = row["margin_density:field"], row["margin_density_error:field"]
        low = np.flatnonzero(density < 0)
        if not low.size:
            return ""
        most = float(np.max(-density[low] / error[low]))
        return f"the density is below 0 at {low.size} of {density.size} fields, by {most:.2g} errors at most"

    def coordinates(self) -> dict[str, np.ndarray]:
        return {"field": np.array(self.field)}

    def measure(self, instance: Instance, weights: np.ndarray, rng: np.random.Generator) -> Measured:
        points, patterns = np.array(self.field), max(instance.patterns, 1)
        stability = np.sort(instance.stabilities(weights))
        values, errors = np.empty((2, points.size))
        for at, place in enumerate(points):
            low, high = _window(instance.model.loss, place, points[1] - points[0])
            if high <= low:  # kinks closer to each other than the grid can see
                values[at] = errors[at] = np.nan
                continue
            inside = stability[np.searchsorted(stability, low) : np.searchsorted(stability, high)]
            shares = _kernel(np.append(inside, place), place, low, high)
            values[at] = shares[:-1].sum() / patterns
            errors[at] = np.sqrt(max(shares[:-1] @ shares[:-1], shares[-1] ** 2)) / patterns
        return {"margin_density": (values, errors)}


def _window(loss: Loss, place: float, reach: float) -> tuple[float, float]:
    """The ends of the window around a point, on its side of the kinks."""
    low, high, slit = place - reach, place + reach, SLIT * reach
    for kink in loss.kinks():
        if abs(place - kink) <= slit:
            costs = np.asarray(loss.cost(np.array([place, kink - slit, kink + slit])), dtype=float)
            left = costs[0] == costs[1] and costs[0] != costs[2]
        else:
            left = place < kink
        low, high = (low, min(high, kink - slit)) if left else (max(low, kink + slit), high)
    return low, high


def _kernel(stability: np.ndarray, place: float, low: float, high: float) -> np.ndarray:
    """What a pattern at each stability in a window adds to the density at a place."""
    order = np.arange(DEGREE)
    here, there = (
        np.polynomial.legendre.legvander(2.0 * (x - low) / (high - low) - 1.0, DEGREE - 1) for x in (place, stability)
    )
    return there @ (np.ravel(here) * (2 * order + 1)) / (high - low)
