"""The load at which a curve over the distance stops growing towards its maximum; which curve is not known here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from replica.thresholds.base import NAN, Threshold

Drift = Callable[[float, float], float]

#: shares of the largest load at which the curve is looked at first
SHARES = (0.1, 0.4, 0.6, 0.75, 0.85, 0.92, 0.97, 0.985)
#: distances at which it is looked at first
GRID = np.geomspace(1e-4, 0.45, 25)
NODES, DEGREE = 11, 8  # of the polynomial through the slope around its lowest place, in ln d
WIDEST, NARROWEST = 0.45, 0.12  # half of its range
STEPS = 40
SURE = 1e-6  # of the load
FEW = 0.05  # nearer than that the entropy is that of few weights, whatever the slope


class Curve(NamedTuple):
    """Entropy, slope dS/dd and the error of the slope over some distances; NaN where there is no point."""

    entropy: np.ndarray
    slope: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class Dip:
    """The lowest slope below the maximum of a curve, where the slope has an inner minimum."""

    slope: float
    error: float
    distance: float


def first_tangency(
    curve: Callable[[float, np.ndarray], Curve], largest: float, remark: str, drift: Drift | None = None
) -> Threshold:
    r"""The smallest load at which the slope of a curve vanishes below its maximum, and the distance of that.

    There the slope has a minimum in the distance with the value 0 (``dS/dd = d^2 S/dd^2 = 0``). `SHARES` of the largest
    load are bisected for the sign of the lowest slope, then its root is found. A lowest slope is second order in its
    place, so that the load is as good as the slope.

    Parameters
    ----------
    curve : callable
        ``curve(alpha, distances)``.
    largest : float
        No load at or above it is tried.
    remark : str
        By which definition, for the status.
    drift : callable, optional
        ``drift(alpha, distance)``: a further error of the slope.

    Returns
    -------
    Threshold
        In alpha, with ``order_parameters["distance"]``. Error: those of the slope and of the polynomial through it over
        its derivative with the load, and what is left of the bracket.
    """
    loads = [0.0, *(share * largest for share in SHARES), largest]
    dips: dict[int, Dip | None] = {}
    low, high = 0, len(loads) - 1
    while high - low > 1:
        here = (low + high) // 2
        seen = curve(loads[here], GRID)
        if np.sum(np.isfinite(seen.slope) & (GRID > FEW)) < 5:
            text = f"not converged: at alpha = {loads[here]:.6g} the curve is solved at too few distances"
            return _none(text, (loads[low], loads[high]))
        dips[here] = coarse_dip(seen)
        low, high = (low, here) if _falls(dips[here]) else (here, high)
    upper = dips.get(high)
    if upper is None:
        text = f"not converged: the curve grows up to its maximum at loads up to {loads[low]:.6g}"
        return _none(text, (loads[low], largest))
    if low == 0:
        text = f"not converged: the curve does not grow up to its maximum at any load from {loads[high]:.4g}"
        return _none(text, (0.0, loads[high]))
    # a coarse look may miss a shallow dip: the bracket reaches one load further down
    return _close_in(curve, loads[low - 1 : high + 1], (dips[low], upper), remark, drift)


def _falls(dip: Dip | None) -> bool:
    return dip is not None and dip.slope < 0


def coarse_dip(seen: Curve) -> Dip | None:
    """The lowest inner minimum of the slope on `GRID` below the maximum; None without one."""
    known = np.isfinite(seen.slope)
    places, slope = GRID[known], seen.slope[known]
    if not places.size:
        return None
    top = int(np.argmax(np.where(places > FEW, seen.entropy[known], -np.inf)))
    inner = [i for i in range(1, top) if slope[i] <= slope[i - 1] and slope[i] < slope[i + 1]]
    if not inner:
        return None
    best = min(inner, key=lambda i: slope[i])
    return Dip(float(slope[best]), np.inf, float(places[best]))


def fine_dip(curve: Callable[[float, np.ndarray], Curve], load: float, near: float, half: float) -> Dip | None:
    """The minimum of a polynomial in ln d through the slope around ``near``; None where it has none inside."""
    nodes = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    found = curve(load, np.exp(np.log(near) + half * nodes[::-1]))
    known = np.isfinite(found.slope)
    if known.sum() < NODES - 1:
        return None
    x, y = nodes[::-1][known], found.slope[known]
    fits = [np.polynomial.Chebyshev.fit(x, y, degree, domain=[-1, 1]) for degree in (DEGREE, DEGREE - 1)]
    places = fits[0].deriv().roots()
    places = places[np.abs(places.imag) < 1e-9].real
    places = places[(np.abs(places) < 1.0) & (fits[0].deriv(2)(places) > 0)]
    if not places.size:
        return None
    best = places[np.argmin(fits[0](places))]
    slack = np.abs(fits[0](x) - y).max() + abs(fits[1](best) - fits[0](best)) + found.error[known].max()
    return Dip(float(fits[0](best)), float(slack), float(near * np.exp(half * best)))


def _close_in(
    curve: Callable[[float, np.ndarray], Curve],
    loads: list[float],
    dips: tuple[Dip | None, Dip],
    remark: str,
    drift: Drift | None,
) -> Threshold:
    """Secants through the last two lowest slopes, kept inside the bracket of their sign."""
    (a, low, b), (lower, upper) = loads, dips
    load, place, half = 0.5 * (low + b), upper.distance, WIDEST
    if lower is not None:
        load = b - (b - low) * upper.slope / (upper.slope - lower.slope)
    known: list[tuple[float, Dip]] = []
    for _ in range(STEPS):
        dip = fine_dip(curve, load, place, half) or _again(curve, load)
        a, b = (load, b) if dip is None or dip.slope > 0 else (a, load)
        if dip is not None:
            half, place = min(half, max(NARROWEST, 4.0 * abs(np.log(dip.distance / place)))), dip.distance
            known = [*known[-1:], (load, dip)]
            (x, before), (y, after) = known[0], known[-1]
            steep = (after.slope - before.slope) / (y - x) if y != x else np.nan
            if abs(dip.slope) <= max(dip.error, 1e-11) and half <= 2 * NARROWEST and np.isfinite(steep):
                slack = drift(load, place) if drift else 0.0
                error = (dip.error + abs(dip.slope) + slack) / abs(steep) + 4e-16 * load
                if error > SURE * load:
                    return _none(f"not converged: the load is known to {error:.1g} only, about {load:.4g}", (a, b))
                return Threshold(float(load), float(error), (a, b), f"converged; {remark}", None, {"distance": place})
            load = float(load - dip.slope / steep) if np.isfinite(steep) else load * (1.0 + 0.02 * np.sign(dip.slope))
        if not a < load < b:
            load = 0.5 * (a + b)
    return _none("not converged: the lowest slope of the curve could not be brought to 0", (a, b))


def _again(curve: Callable[[float, np.ndarray], Curve], load: float) -> Dip | None:
    """From the whole curve, when the dip is not where it was last."""
    found = coarse_dip(curve(load, GRID))
    return fine_dip(curve, load, found.distance, WIDEST) if isinstance(found, Dip) else None


def _none(sentence: str, bracket: tuple[float, float]) -> Threshold:
    return Threshold(NAN, NAN, bracket, sentence)
