"""Nodes for averages over the field of a pattern before and after the loss has acted on it; nothing averaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.cavity import Cavity
from replica.data import Channel
from replica.losses import Loss
from replica.solution.errors import Named, measured
from replica.solution.single import Solution
from saddlepoint.quadrature.anchored import anchored_nodes
from saddlepoint.quadrature.fields import field_nodes

EPS = float(np.finfo(float).eps)
FAR, LAST = 40.0, 36.0  # deviations: beyond them nothing happens, nothing is left of a Gaussian
CAP = 3.0  # deviations: the longest panel
BESIDE = 1e-12  # a break of a proximal map: so far from it the map is what it is on that side
ROWS = 256  # stabilities treated together, to bound the memory

Average = Callable[[Cavity], tuple[np.ndarray, np.ndarray]]  # values, and their rounding


def average(solution: Solution, of: Average, size: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    """``of`` at a solution with its error (see `measured`); ``size`` NaN where it is not converged."""
    if not solution.converged:
        return np.full(size, np.nan), np.full(size, np.nan)
    part = solution.batch.parts[0]
    if not hasattr(part.problem, "cavity"):
        raise ValueError(
            f"{what} is not available for this solution in {solution.ansatz}, which gives no field of a pattern "
            f"({solution.status})"
        )

    def observe(problem: Any, free: np.ndarray) -> tuple[Named, Named]:
        seen = [of(problem.take(np.array([row])).cavity(free[row : row + 1])) for row in range(len(free))]
        values, floors = (np.stack(column) for column in zip(*seen, strict=True))
        return {what: values}, {what: floors}

    values, errors = measured(part.problem, part.point, part.error, observe)
    return values[what][0], errors[what][0]


def loss_features(cavity: Cavity, channel: Channel) -> tuple[np.ndarray, np.ndarray]:
    """Places and widths, in units of the field, at which ``ln Z`` or the density of a channel varies fast."""
    places, widths = cavity.model.loss.features(channel.variance, cavity.model.beta)
    if channel.places is not None and channel.widths is not None:
        places = np.concatenate([places, channel.places], axis=1)
        widths = np.concatenate([widths, channel.widths], axis=1)
    return places, widths


class Share(NamedTuple):
    """Contributions ``value`` (stability, node) of cavity fields ``field`` to the density of some stabilities."""

    rows: slice
    field: np.ndarray
    value: np.ndarray
    rounding: np.ndarray


def thermal_shares(
    cavity: Cavity, channel: Channel, stabilities: np.ndarray, places: Any = (), widths: Any = ()
) -> Iterator[Share]:
    r"""Shares of the density ``P(Delta)`` of a class of patterns, over cavity fields, a row of nodes per stability.

    ``e^{-beta l(Delta)} N(Delta; h, V) / Z(h, V)``; the Gaussian around Delta is one more feature in h. ``places`` and
    ``widths`` (stability, F) are further features.
    """
    loss, beta = cavity.model.loss, cavity.model.beta
    own, own_widths = loss_features(cavity, channel)
    spread = float(channel.variance[0])
    for start in range(0, stabilities.size, ROWS):
        rows = slice(start, min(start + ROWS, stabilities.size))
        here = stabilities[rows, None]
        ones = np.ones((here.size, 1))
        spots = np.concatenate([here, own * ones, *([places[rows]] if len(places) else [])], axis=1)
        smear = np.concatenate([np.sqrt(spread) * ones, own_widths * ones, *([widths[rows]] if len(widths) else [])], 1)
        mean, deviation = channel.mean * ones[:, 0], channel.deviation * ones[:, 0]
        z, weight, field = field_nodes(spots, smear, mean, deviation, cavity.level + 1)
        density = 1.0 if channel.density is None else channel.density(z)[0]
        log_z = loss.terms(field, np.full(here.size, spread), beta)[0]
        distance = (here - field) ** 2 / (2.0 * spread)
        tilt = loss.boltzmann(here, beta) / np.sqrt(2.0 * np.pi * spread)
        exponent = np.where(tilt > 0.0, -distance - log_z, -np.inf)  # what is forbidden weighs nothing
        value = weight * density * tilt * np.exp(exponent)
        yield Share(rows, field, value, EPS * (4.0 + distance + np.abs(log_z)))


def reach(mean: float, scale: float, places: np.ndarray) -> tuple[float, float]:
    """Ends of a Gaussian: far in the tails, and farther where something happens there."""
    spots = np.abs(places[np.isfinite(places)] - mean) / scale
    end = scale * np.sqrt(84.0 + min(spots[spots < FAR].max(initial=0.0), LAST) ** 2)
    return mean - end, mean + end


def moved_fields(
    cavity: Cavity, channel: Channel, loss: Loss, places: Any = (), widths: Any = (), jumps: Any = ()
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cavity fields of one class of patterns at zero temperature, their probabilities, and where they are moved to.

    ``places`` and ``widths`` are features of what is averaged, ``jumps`` its breaks, as stabilities. Where many fields
    are moved to one stability, or to none between two, what is averaged may change fast beyond each end.
    """
    if cavity.still:
        return np.zeros(1), np.ones(1), np.zeros(1)
    chi, places, widths = channel.variance, np.ravel(places), np.ravel(widths)
    mean, scale = float(channel.mean[0]), float(channel.deviation[0])
    bends, smear = (np.ravel(part) for part in loss.ground_features(chi))
    breaks = loss.ground_breaks(chi)[0]
    breaks = breaks[np.isfinite(breaks)]
    spots, sizes = [inverse_map(loss, chi, places), bends], [widths, smear]
    for side in (-1.0, 1.0) if breaks.size else ():
        beside = loss.ground((breaks + side * BESIDE * (1.0 + np.abs(breaks)))[None], chi)[0][0]
        spots.append(breaks)
        sizes.append(np.hypot(widths, beside[:, None] - places).min(axis=1, initial=np.inf))
    stops = [breaks, inverse_map(loss, chi, np.ravel(jumps))]
    if channel.places is not None and channel.widths is not None:
        spots.append(channel.places[0])
        sizes.append(channel.widths[0])
        stops.append(channel.places[0])
    stop, spot, size = np.concatenate(stops), np.concatenate(spots), np.concatenate(sizes)
    ends = reach(mean, scale, np.concatenate([stop, spot]))
    nodes = anchored_nodes(spot, size, stop, ends, CAP * scale, cavity.level + 1)
    field = nodes.place
    z = (field - mean) / scale
    density = 1.0 if channel.density is None else channel.density(z[None])[0][0]
    weight = nodes.weight / scale * np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    best, _ = loss.ground(field[None], chi)
    return field, weight * density, best[0]


def inverse_map(loss: Loss, chi: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Fields that a proximal map, which never decreases, takes to ``places``: bisection."""
    if not places.size:
        return places
    low, high, reach = places - 1.0, places + 1.0, 1.0
    while reach < 1e12:
        short = loss.ground(low[None], chi)[0][0] > places, loss.ground(high[None], chi)[0][0] < places
        if not (short[0].any() or short[1].any()):
            break
        reach *= 2.0
        low, high = np.where(short[0], places - reach, low), np.where(short[1], places + reach, high)
    for _ in range(110):
        middle = 0.5 * (low + high)
        below = loss.ground(middle[None], chi)[0][0] < places
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)
