"""Averages over one pattern seen by a reference and by a probe at given overlaps; no weights and no solving here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.franz_parisi.geometry import Geometry
from replica.losses.base import Loss
from replica.weights._pairs import rule_of
from saddlepoint._jit import array_kernel, inner_kernel
from saddlepoint.quadrature.fields import scaled_nodes
from saddlepoint.quadrature.levels import OUTER
from saddlepoint.quadrature.panels import build_nodes
from saddlepoint.special._elementary import scale, split_exponential

#: features beyond that many deviations are dropped, where fields may be pushed far out: the integrand is smooth there
FAR = 40.0
#: overlaps whose nodes are laid together: rows are as long as the longest of them
TOGETHER = 8


@dataclass(frozen=True)
class Side:
    """What a reference or a probe does with a field: its loss (numbers, no batch) and its inverse temperature.

    ``mean`` is that of its fields, ``guard`` the least field that every unit must have beside.
    """

    loss: Loss
    beta: float
    mean: float = 0.0
    guard: float = 0.0

    def at_level(self, level: int) -> Side:
        """The same with inner averages of that level."""
        return replace(self, loss=self.loss.at_level(level))

    def terms(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, ...]:
        return self.loss.terms(field + self.mean, variance, self.beta)

    def features(self, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places, widths = self.loss.features(variance, self.beta)
        return places - self.mean, widths

    def kinks(self) -> np.ndarray:
        return np.array(self.loss.kinks(), dtype=float) - self.mean

    def means(self, field: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Thermal mean of the cost and probability of an error."""
        at = field + self.mean, variance, self.beta
        return self.loss.mean_cost(*at), self.loss.error_rate(*at)


class PatternSums(NamedTuple):
    """Averages over a pattern: g = d ln Z/dh of the probe, r that of the reference in its cavity, p the pinned one.

    ``log_z = E ln Z``; ``gg = E g^2``, ``rg = E r g``, ``pg = E p g``; derivatives ``gg_q``, ``gg_s = 2 rg_q``,
    ``rg_s``; ``bend = E g'``, ``rigidity = E g'^2``, ``force = E g``.
    """

    log_z: float
    gg: float
    rg: float
    pg: float
    gg_q: float
    rg_q: float
    rg_s: float
    weight: float
    bend: float
    rigidity: float
    force: float


class Mesh(NamedTuple):
    """Quadrature over the reference's cavity field (rows) and the probe's field (columns) with the pinned measure.

    Rows belong to several overlaps, those of the k-th from ``begin[k]`` to ``begin[k + 1]``. The weight of a node is
    ``outer weight exp(pinned + moved)``; ``cavity`` holds the reference's slope and curvature in its cavity, ``pull``
    its slope when pinned, ``rest = 1 - q`` of each row.
    """

    begin: np.ndarray
    outer: np.ndarray
    base: np.ndarray
    weight: np.ndarray
    pinned: np.ndarray
    moved: np.ndarray
    field: np.ndarray
    cavity: tuple[np.ndarray, np.ndarray]
    pull: np.ndarray
    rest: np.ndarray


@array_kernel
def _pinned_nodes(  # type: ignore[no-untyped-def]
    places, widths, stops, mean, deviation, shift, lead, lever, base, rule, grading
):
    """Nodes for the probe's field, row by row around its tilted centre (a numerical kernel).

    The Gaussian is moved by ``shift`` deviations to where the pinned measure lies; ``moved`` is the logarithm of what
    that changes, less the reference's own ``ln Z``. ``merged`` is the mean of the reference's field given both others,
    which ``lever`` moves with each deviation of the probe's: finite where that vanishes.
    """
    rows, count = places.shape
    position, width = np.empty((rows, count)), np.empty((rows, count))
    far = FAR if stops.shape[1] else OUTER
    for row in range(rows):
        centre = mean[row] + deviation[row] * shift[row]
        for f in range(count):
            spot = (places[row, f] - centre) / deviation[row]
            near = abs(spot) < far
            position[row, f] = spot if near else 0.0
            width[row, f] = widths[row, f] / deviation[row] if near else np.inf
    z, weight = build_nodes(position, width, stops, rule, grading)
    field, merged, moved = np.empty(z.shape), np.empty(z.shape), np.empty(z.shape)
    for row in range(rows):
        centre, by = mean[row] + deviation[row] * shift[row], shift[row]
        for node in range(z.shape[1]):
            field[row, node] = centre + deviation[row] * z[row, node]
            merged[row, node] = lead[row] + lever[row] * (z[row, node] + by)
            moved[row, node] = -by * (z[row, node] + 0.5 * by) - base[row]
    return weight, field, merged, moved


@array_kernel
def _reduce(begin, outer, weight, pinned, moved, r, r1, p, value, g, g1, sums):  # type: ignore[no-untyped-def]
    """The sums of `PatternSums` in one pass for each of the overlaps (a numerical kernel)."""
    for k in range(begin.size - 1):
        out = sums[k]
        for i in range(11):
            out[i] = 0.0
        _add_rows(begin[k], begin[k + 1], outer, weight, pinned, moved, r, r1, p, value, g, g1, out)


@inner_kernel
def _add_rows(first, last, outer, weight, pinned, moved, r, r1, p, value, g, g1, out):  # type: ignore[no-untyped-def]
    """Add rows to the sums (a numerical kernel)."""
    count = weight.shape[1]
    mass = np.empty(count)
    for row in range(first, last):
        for node in range(count):
            n, q = split_exponential(min(max(pinned[row, node] + moved[row, node], -700.0), 600.0), 0.0)
            mass[node] = weight[row, node] * scale(1.0 + q, n)
        a = b = c = d = e = f = h = m = stiff = 0.0
        for node in range(count):
            w, one, two = mass[node], g[row, node], g1[row, node]
            a += w * value[row, node]
            b += w * one * one
            c += w * one
            d += w * one * p[row, node]
            e += w * two * (two - 2.0 * one * one)
            f += w * one * two
            h += w * two
            m += w
            stiff += w * two * two
        share, own = outer[row], r[row]
        out[0] += share * a
        out[1] += share * b
        out[2] += share * own * c
        out[3] += share * d
        out[4] += share * e
        out[5] -= share * own * f
        out[6] += share * (r1[row] - own * own) * h
        out[7] += share * m
        out[8] += share * h
        out[9] += share * stiff
        out[10] += share * c


def mesh(reference: Side, probe: Side, overlaps: Sequence[Geometry], level: int) -> Mesh:
    """Nodes and the reference's terms there, for several overlaps."""
    rule = rule_of(level)
    begin, outer, cavity = _cavity_nodes(reference, probe, overlaps, rule)
    owner = np.repeat(np.arange(len(overlaps)), np.diff(begin))
    table = np.array([(at.t - at.s, at.towards + at.own, at.gap, at.own, at.rest, at.beside) for at in overlaps])
    apart, spread, gap, own, rest, shared = table[owner].T.copy()
    # variance of the probe's field in a given cavity of the reference, and what it leaves open of the reference's
    deviation, slope, left = np.sqrt(spread), apart / spread, gap * own / spread
    base, r, r1 = (x[:, 0] for x in reference.terms(cavity[:, None], gap))
    mean, shift, stops = shared * cavity, np.zeros(cavity.size), np.empty((cavity.size, 0))
    places, widths = probe.features(rest)
    if slope.any():
        spot, smear = reference.features(left)
        with np.errstate(divide="ignore", invalid="ignore"):
            spot, smear = (spot - cavity[:, None]) / slope[:, None] + mean[:, None], smear / np.abs(slope[:, None])
        places, widths = np.concatenate([places, spot], axis=1), np.concatenate([widths, smear], axis=1)
        if reference.loss.log_concave:
            shift = apart * r / deviation
        else:
            stops = _reach(reference, cavity, apart / (deviation * gap))
    arrays = np.ascontiguousarray(places), np.ascontiguousarray(widths), stops
    weight, field, merged, moved = _pinned_nodes(
        *arrays, mean, deviation, shift, cavity, slope * deviation, base, *rule
    )
    pinned, pull, _ = reference.terms(merged, left)
    return Mesh(begin, outer, base, weight, pinned, moved, field, (r, r1), pull, rest)


def _cavity_nodes(
    reference: Side, probe: Side, overlaps: Sequence[Geometry], rule: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the rows of each of the overlaps begin, their weights and fields; one node at 0 for a paramagnet."""
    size = len(overlaps)
    qt, gap, beside, seen = np.array([(at.qt, at.gap, at.beside, at.size - at.shared) for at in overlaps]).T.copy()
    if not qt.any():
        return np.arange(size + 1), np.ones(size), np.zeros(size)
    places, widths = reference.features(gap)
    if beside.any():
        felt, smear = probe.features(seen)
        with np.errstate(divide="ignore", invalid="ignore"):
            felt, smear = felt / beside[:, None], smear / np.abs(beside[:, None])
        places, widths = np.concatenate([places, felt], axis=1), np.concatenate([widths, smear], axis=1)
    root = np.sqrt(qt)
    z, weight = scaled_nodes(
        np.ascontiguousarray(places), np.ascontiguousarray(widths), np.zeros(size), root, *rule
    )
    real = weight > 0.0
    return np.append(0, np.cumsum(real.sum(axis=1))), weight[real], (root[:, None] * z)[real]


def _reach(reference: Side, cavity: np.ndarray, lever: np.ndarray) -> np.ndarray:
    """Breaks that widen the domain to every place that a loss which is not log-concave may push the field to."""
    kinks = reference.kinks()
    push = np.minimum(np.abs(kinks[None, :] - cavity[:, None]).max(axis=1) * np.abs(lever), 14.0)
    far = np.sqrt(push * (push + 18.0))
    return np.stack([-far, far], axis=1)


def pattern_sums(
    reference: Side, probe: Side, overlaps: Sequence[Geometry], level: int, *, planted: bool = False
) -> list[PatternSums]:
    r"""Averages over a pattern at each of the ``overlaps``.

    The reference has the cavity field ``h ~ N(0, qt)`` and the field ``D = h + sqrt(1-qt) u`` with the weight
    ``exp(-beta_r l_r(D))/Z_r(h, 1-qt)``; the probe's field ``w`` has covariances ``s`` with h, ``t`` with D and
    variance q. Given h and w, D is Gaussian, so that its integral is the reference's own ``Z_r`` at a shifted field
    and a smaller variance:

    .. math:: E\,F = \int Dh \int Dw\, \frac{Z_r(h + c (w - s h/q_t), v)}{Z_r(h, 1-q_t)} F(h, w)

    with ``c = (t-s)/V``, ``v = (1-qt) own/V``, ``V = q - s^2/qt``. With ``F = ln Z``: ``d/dq = -E g^2/2``, ``d/ds =
    -E r g``, ``d/dt = E p g``. ``planted``: references count once, the weight is ``2 Z_r(...)`` (only
    `PatternSums.rg` and averages). None of them depends on the others.
    """
    reference, probe = reference.at_level(level), probe.at_level(level)
    found = [PatternSums(*[np.nan] * 11)] * len(overlaps)
    known = [k for k, at in enumerate(overlaps) if 0.0 < at.rest < np.inf]
    for first in range(0, len(known), TOGETHER):
        block = known[first : first + TOGETHER]
        net = mesh(reference, probe, [overlaps[k] for k in block], level)
        value, g, g1 = probe.terms(net.field, net.rest)
        out = np.empty((len(block), 11))
        outer = 2.0 * net.outer * np.exp(net.base) if planted else net.outer
        _reduce(net.begin, outer, net.weight, net.pinned, net.moved, *net.cavity, net.pull, value, g, g1, out)
        for k, sums in zip(block, out.tolist(), strict=True):
            found[k] = PatternSums(*sums)
    return found


def pattern_means(reference: Side, probe: Side, at: Geometry, level: int) -> dict[str, float]:
    """Thermal mean of the cost and the rate of training errors of the probe."""
    reference, probe = reference.at_level(level), probe.at_level(level)
    net = mesh(reference, probe, [at], level)
    weight: Any = net.outer[:, None] * net.weight * np.exp(net.pinned + net.moved)
    cost, wrong = probe.means(net.field, net.rest)
    return {"cost": float((weight * cost).sum()), "training_error": float((weight * wrong).sum())}
