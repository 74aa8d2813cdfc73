r"""Averages over a pattern that a reference and a probe see, both networks of K Boolean units of the same kind.

.. math:: E\,F = \int \prod_k Dx_k \frac{1}{P_r(x)} \int \prod_k Dw_k
          \sum_\sigma b_r(\sigma) \prod_k p_k^{\sigma_k}(x_k, w_k)\, F(w)

The sums over signs and both integrals go unit by unit: a matrix per unit takes a tensor over the reference's fields x
to one over the probe's w. It is exact for polynomials on the panels of w, however narrow the law of w given x.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from replica.architectures._unit_fields import Fields, Mesh, along, exchanged, fields_on, graded
from replica.architectures.few_units import NO_SUMS, Joint, PairSums
from saddlepoint.quadrature.panels import gaussian_nodes
from saddlepoint.special import tail


class PairRule(NamedTuple):
    """A level: nodes per panel, first panel, growth, longest panel, reach, level of the inner integrals."""

    order: int
    core: float
    growth: float
    cap: float
    reach: float
    inner: int


#: by number of units; from the third on the grid of a unit must be short
RULES = {
    2: (
        PairRule(9, 1.8, 1.0, 2.4, 8.0, 0),
        PairRule(12, 1.6, 0.9, 2.2, 8.6, 1),
        PairRule(15, 1.3, 0.7, 1.8, 8.8, 1),
        PairRule(18, 1.1, 0.6, 1.6, 9.0, 2),
        PairRule(22, 0.9, 0.5, 1.4, 9.2, 2),
    ),
    3: (
        PairRule(6, 2.2, 1.2, 2.8, 7.6, 0),
        PairRule(7, 2.0, 1.1, 2.6, 8.0, 1),
        PairRule(9, 2.0, 1.0, 2.5, 8.4, 1),
        PairRule(12, 1.6, 0.8, 2.2, 8.8, 1),
        PairRule(14, 1.4, 0.7, 2.0, 9.0, 2),
    ),
}
#: fields of a unit that are still affordable, by number of units
LARGEST = {2: 700, 3: 190}
LIGHT = 1e-22  # weights of the reference's fields below it are left out


def _lagrange(mesh: Mesh, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The panel's polynomials through its nodes at places: values (..., order), and the first node's index."""
    panel = np.clip(np.searchsorted(mesh.edges, place) - 1, 0, mesh.edges.size - 2)
    nodes = mesh.field.reshape(-1, mesh.order)[panel]
    x = nodes[0] if nodes.ndim == 1 else nodes
    away = place[..., None] - x
    away = np.where(away == 0.0, 1e-200, away)
    first = mesh.field[: mesh.order]
    scale = first[-1] - first[0]
    apart = (first[:, None] - first[None, :]) / scale + np.eye(mesh.order)
    strength = 1.0 / apart.prod(axis=1)
    part = strength / away
    return part / part.sum(axis=-1, keepdims=True), panel * mesh.order


def _matrices(mesh: Mesh, x: np.ndarray, weight: np.ndarray, law: Joint, level: int, guard: float) -> np.ndarray:
    """(4, x, w): positive and negative units of the reference, and the slopes of these in its field."""
    deviation, left = math.sqrt(law.spread), law.gap * law.own / law.spread
    mean, lead = law.shared * x, x
    lever = law.lever * deviation
    narrow = math.sqrt(max(left, 1e-300))
    with np.errstate(divide="ignore", invalid="ignore"):
        spots = np.stack([(sign * guard - lead) / lever for sign in (-1.0, 1.0)], axis=1)
        widths = np.full(spots.shape, narrow / abs(lever))
    seen = np.isfinite(spots) & (np.abs(spots) < 40.0)
    spots, widths = np.where(seen, spots, 0.0), np.where(seen, widths, np.inf)
    breaks = np.clip((mesh.edges[None, :] - mean[:, None]) / deviation, -9.5, 9.5)
    y, mass = gaussian_nodes(spots, widths, np.sort(breaks, axis=1), level)
    place, merged = mean[:, None] + deviation * y, (lead[:, None] + lever * y) / narrow
    basis, first = _lagrange(mesh, place)
    edge = guard / narrow
    sides = (
        np.exp(tail(edge - merged)[0]),
        np.exp(tail(edge + merged)[0]),
        np.exp(-0.5 * (merged - edge) ** 2) / (math.sqrt(2.0 * math.pi) * narrow),
        -np.exp(-0.5 * (merged + edge) ** 2) / (math.sqrt(2.0 * math.pi) * narrow),
    )
    found = np.zeros((4, x.size, mesh.field.size))
    rows = np.arange(x.size)[:, None, None] + np.zeros_like(first)[..., None]
    columns = first[..., None] + np.arange(mesh.order)
    for table, side in zip(found, sides, strict=True):
        np.add.at(table, (rows, columns), (weight[:, None] * mass * side)[..., None] * basis)
    return found


Sides = tuple[np.ndarray, np.ndarray]


def spread_over(first: Sequence[Sides], plain: Sides, weights: np.ndarray, tensor: np.ndarray) -> np.ndarray:
    """Sum over signs, weighted by how many are positive, of products of the units' matrices, applied to a tensor.

    Matrices are those of positive and negative signs: ``first`` of the leading units, ``plain`` of the others, in which
    the tensor, and what the result is averaged with, are symmetric: of their signs the positive ones stand first.
    """
    units = weights.size - 1
    parts: list[Any] = [tensor]  # by the number of positive signs
    for up, down in first:
        turned = [(np.tensordot(part, up, axes=(0, 0)), np.tensordot(part, down, axes=(0, 0))) for part in parts]
        parts = [0.0] * (len(parts) + 1)
        for n, (positive, negative) in enumerate(turned):
            parts[n], parts[n + 1] = parts[n] + negative, parts[n + 1] + positive
    rest = units - len(first)
    begun: Any = 0.0  # tensors of which the negative signs have begun
    for j in range(rest):
        begun = begun + _ended(parts, weights, rest, j)
        begun = np.tensordot(begun, plain[1], axes=(0, 0)) if np.ndim(begun) else begun
        parts = [np.tensordot(part, plain[0], axes=(0, 0)) for part in parts]
    return np.asarray(begun + _ended(parts, weights, rest, rest))


def _ended(parts: list[Any], weights: np.ndarray, rest: int, j: int) -> Any:
    """The tensors of which ``j`` of the ``rest`` alike units are positive and no more will be."""
    return sum(math.comb(rest, j) * weights[n + j] * part for n, part in enumerate(parts) if weights[n + j])


def pair_sums(
    reference: np.ndarray,
    probe: np.ndarray,
    law: Joint,
    level: int,
    guard: float = 0.0,
    extra: Sequence[np.ndarray] = (),
) -> PairSums:
    """The averages for Boltzmann weights of both by the number of positive units; ``extra`` are those of the
    probe times the cost, and times an error. ``guard``: the least field of every unit of a reference of ``qt = 0``.
    NaN where the grid would be too long.
    """
    if guard and law.qt > 0:
        return NO_SUMS
    sums = _at_level(reference, probe, law, level, guard, extra, level == 0)
    if level > 0:  # derivatives in the overlaps only guide a solver: coarse ones do
        rough = _at_level(reference, probe, law, 0, guard, (), True)
        sums = sums._replace(gg_q=rough.gg_q, rg_q=rough.rg_q, rg_s=rough.rg_s)
    return sums


def _at_level(
    reference: np.ndarray,
    probe: np.ndarray,
    law: Joint,
    level: int,
    guard: float,
    extra: Sequence[np.ndarray],
    slopes: bool,
) -> PairSums:
    """`pair_sums` on the meshes of a level, derivatives in the overlaps where asked for."""
    units = probe.size - 1
    rule = RULES[units][level]
    mesh = graded(math.sqrt(law.rest), rule.reach, rule.order, rule.core, rule.growth, rule.cap)
    x, weight = _cavity(law, rule)
    if max(mesh.field.size, x.size) > LARGEST[units] * (1.0 + 0.25 * level):
        return NO_SUMS
    up, down, rise, fall = _matrices(mesh, x, weight, law, rule.inner, guard)
    plain, pinned, signs = (up, down), (rise, fall), reference / reference.max()
    seen = fields_on(mesh.field, law.rest, probe)
    if law.qt == 0:  # every reference is as likely
        ways = sum(math.comb(units, n) * b for n, b in enumerate(signs))
        one = float(tail(np.array([guard / math.sqrt(law.gap)]))[0][0])
        odds = np.full((1,) * units, 1.0 / (ways * math.exp(units * one)))
        masses = spread_over([], plain, signs, odds), spread_over([pinned], plain, signs, odds)
        return _probe_sums(seen, *masses, extra, mesh, law)
    own = fields_on(x, law.gap, signs)
    mass = functools.reduce(np.multiply.outer, [weight] * units)
    odds = np.where(mass > LIGHT, np.exp(np.minimum(-own.log_z, 690.0)), 0.0)
    masses = spread_over([], plain, signs, odds), spread_over([pinned], plain, signs, odds)
    pulled = spread_over([plain], plain, signs, odds * own.slope)
    found = _probe_sums(seen, *masses, extra, mesh, law)._replace(rg=units * float(np.vdot(pulled, seen.slope)))
    if not slopes:
        return found
    bent = spread_over([plain], plain, signs, odds * (own.bend - own.slope**2))
    both = spread_over([plain, plain], plain, signs, odds * (own.mixed - own.slope * along(own.slope, 1)))
    inner = sum(along(seen.slope, k) * (seen.bend if k == 0 else exchanged(seen.mixed, 0, k)) for k in range(units))
    rg_s = units * np.vdot(bent, seen.bend) + units * (units - 1) * np.vdot(both, seen.mixed)
    return found._replace(rg_q=-units * float(np.vdot(pulled, inner)), rg_s=float(rg_s))


def _probe_sums(
    seen: Fields, mass: np.ndarray, pinned: np.ndarray, extra: Sequence[np.ndarray], mesh: Mesh, law: Joint
) -> PairSums:
    """Averages of functions of the probe's fields, with the law of these and its slope in the first one."""
    units = mass.ndim
    slopes = [along(seen.slope, k) for k in range(units)]
    square: Any = sum(slope**2 for slope in slopes)
    stiff, tilt = np.zeros_like(mass), np.zeros_like(mass)
    for k in range(units):
        for m in range(units):
            bend = along(seen.bend, k) if k == m else exchanged(seen.mixed, k, m)
            stiff += bend**2
            tilt += slopes[k] * slopes[m] * bend
    rigidity = float(np.vdot(mass, stiff))
    more: list[Any] = [None, None]
    if extra:
        shares = [fields_on(mesh.field, law.rest, row, whole=False).log_z if row.any() else -np.inf for row in extra]
        more = [float(np.vdot(mass, np.exp(share - seen.log_z))) for share in shares]
    return PairSums(
        float(np.vdot(mass, seen.log_z)),
        float(np.vdot(mass, square)),
        0.0,
        units * float(np.vdot(pinned, seen.slope)),
        rigidity - 2.0 * float(np.vdot(mass, tilt)),
        0.0,
        0.0,
        rigidity,
        *more,
    )


def _cavity(law: Joint, rule: PairRule) -> tuple[np.ndarray, np.ndarray]:
    """Fields of the reference's cavity and their Gaussian weights; one at 0 for a paramagnet."""
    if law.qt == 0:
        return np.zeros(1), np.ones(1)
    root = math.sqrt(law.qt)
    seen = math.sqrt(law.rest) / abs(law.shared) if law.shared else math.inf
    mesh = graded(min(math.sqrt(law.gap), seen) / root, rule.reach, rule.order, rule.core, rule.growth, rule.cap)
    return root * mesh.field, mesh.weight * np.exp(-0.5 * mesh.field**2) / math.sqrt(2.0 * math.pi)
