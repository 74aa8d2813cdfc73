"""Averages over the patterns for groups of replicas, at finite and at infinite power, for any loss; no
equations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica.ansatz._group_kernels import bracketed_step, tilted_rows
from replica.model import Model
from saddlepoint.quadrature.fields import field_nodes
from saddlepoint.quadrature.panels import gaussian_nodes

POINTS = 400_000  # nodes (z0 times z1) handled at a time
#: places, in widths of a bend of ln Z, whose maximisers get a feature of their own where they are moved
BENDS = np.array([-5.0, -2.5, 0.0, 2.5, 5.0])


class GroupPatterns(NamedTuple):
    """Averages over z0 of tilted averages over z1, each (batch,).

    ``mean = E ln(int Dz1 Z^y)/y``, ``common = E<f>^2``, ``spread = E(<f^2> - <f>^2)`` with ``f = d ln Z/d
    field``,
    ``relative = E(y <ln Z> - ln int Dz1 Z^y)``, and where asked for ``cost``, ``wrong``: tilted means per
    pattern.
    """

    mean: np.ndarray
    common: np.ndarray
    spread: np.ndarray
    relative: np.ndarray
    cost: np.ndarray | None = None
    wrong: np.ndarray | None = None


class LimitPatterns(NamedTuple):
    """The limit of infinite power with ``gap = y (q1-q0)`` held: averages over z0 at the maximiser ``omega``.

    ``value = E[ln Z - gap f^2/2]``, ``common = E f^2``, ``spread = E[gap f'^2/(1 - gap f')]``, ``along =
    E[z0 f]``,
    ``bending = E ln(1 - gap f')``, ``cost`` and ``wrong`` the tilted means per pattern.
    """

    value: np.ndarray
    common: np.ndarray
    spread: np.ndarray
    along: np.ndarray
    bending: np.ndarray
    cost: np.ndarray
    wrong: np.ndarray


def maximiser(
    model: Model, mean: np.ndarray, gap: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, ...]:
    """``omega = mean + gap f(omega)`` for log-concave ``Z``: omega, ``ln Z``, ``f``, ``f'``.

    Newton's steps inside a bracket: the slope ``1 - gap f'`` is at least 1, so the root is within ``|gap f|``.
    """
    omega = mean.copy()
    log_z, first, second = model.loss.terms(omega, variance, model.beta)
    pull = gap[:, None] * first
    low, high = omega + np.minimum(pull, 0.0), omega + np.maximum(pull, 0.0)
    for _ in range(200):
        if not bracketed_step(mean, gap, omega, first, second, low, high):
            break
        log_z, first, second = model.loss.terms(omega, variance, model.beta)
    return omega, log_z, first, second


def _outer(
    model: Model, common: np.ndarray, gap: np.ndarray, variance: np.ndarray, level: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes for z0: the places where ``ln Z`` bends, and where their maximisers come from."""
    places, widths = model.loss.features(variance, model.beta)
    if not model.loss.log_concave:
        return field_nodes(places, widths, np.zeros(common.size), np.sqrt(common), level)
    # a maximiser omega belongs to the field omega - gap f(omega); f bends over a few widths on either side
    spots = np.concatenate(
        [
            (places[:, :, None] + widths[:, :, None] * BENDS).reshape(common.size, -1),
            _corners(model, places, widths, gap, variance),
        ],
        axis=1,
    )
    _, first, second = model.loss.terms(spots, variance, model.beta)
    bent, moved = -gap[:, None] * second, spots - gap[:, None] * first
    narrow = (
        np.repeat(widths, BENDS.size, axis=1),
        np.abs(widths / (1.0 + np.abs(spots[:, -places.shape[1] :] - places) / widths)),
    )
    stretched = np.concatenate([narrow[0] * (1.0 + bent[:, : narrow[0].shape[1]]), narrow[1]], axis=1)
    seen = (bent > 0.02) & (np.abs(moved) < 9.5 * np.sqrt(common)[:, None])
    places = np.concatenate([places, moved], axis=1)
    widths = np.concatenate([widths, np.where(seen, stretched, np.inf)], axis=1)
    return field_nodes(places, widths, np.zeros(common.size), np.sqrt(common), level)
    # a maximiser omega belongs to the field omega - gap f(omega); f bends over a few widths on either side
    offsets = np.concatenate([BENDS, -BENDS]) if model.loss.even else BENDS
    spots = (places[:, :, None] + widths[:, :, None] * offsets).reshape(common.size, -1)
    _, first, second = model.loss.terms(spots, variance, model.beta)
    bent, moved = -gap[:, None] * second, spots - gap[:, None] * first
    seen = (bent > 0.02) & (np.abs(moved) < 9.5 * np.sqrt(common)[:, None])
    stretched = np.where(seen, np.repeat(widths, offsets.size, axis=1) * (1.0 + bent), np.inf)
    places, widths = np.concatenate([places, moved], axis=1), np.concatenate([widths, stretched], axis=1)
    return field_nodes(places, widths, np.zeros(common.size), np.sqrt(common), level)
    # a maximiser omega belongs to the field omega - gap f(omega); f bends over a few widths on either side
    spots = (places[:, :, None] + widths[:, :, None] * BENDS).reshape(common.size, -1)
    _, first, second = model.loss.terms(spots, variance, model.beta)
    places = np.concatenate([places, spots - gap[:, None] * first], axis=1)
    bent = -gap[:, None] * second
    stretched = np.repeat(widths, BENDS.size, axis=1) * np.where(bent > 0.02, 1.0 + bent, np.inf)
    widths = np.concatenate([widths, stretched], axis=1)
    return field_nodes(places, widths, np.zeros(common.size), np.sqrt(common), level)


def _corners(
    model: Model, places: np.ndarray, widths: np.ndarray, gap: np.ndarray, variance: np.ndarray
) -> np.ndarray:
    """Fields on the satisfied side of each bend at which ``gap f' = -1``: the maximiser leaves the mean
    field there."""
    low, high = np.zeros_like(places), np.full_like(places, 38.0)
    for _ in range(24):
        middle = 0.5 * (low + high)
        bent = -gap[:, None] * model.loss.terms(places + widths * middle, variance, model.beta)[2]
        low, high = np.where(bent > 1.0, middle, low), np.where(bent > 1.0, high, middle)
    return places + widths * low


def limit_patterns(
    model: Model, common: np.ndarray, gap: np.ndarray, variance: np.ndarray, level: int
) -> LimitPatterns:
    """Averages at infinite power over fields ``sqrt(common) z0`` with thermal variance ``1 - q1``."""
    z, weight, field = _outer(model, common, gap, variance, level)
    omega, log_z, first, second = maximiser(model, field, gap, variance)
    reach = gap[:, None]
    rows = (
        log_z - 0.5 * reach * first**2,
        first**2,
        reach * second**2 / (1.0 - reach * second),
        z * first,
        np.log1p(-reach * second),
        model.loss.mean_cost(omega, variance, model.beta),
        model.loss.error_rate(omega, variance, model.beta),
    )
    return LimitPatterns(*(np.einsum("bn,bn->b", weight, row) for row in rows))


def group_patterns(
    model: Model,
    common: np.ndarray,
    gap: np.ndarray,
    variance: np.ndarray,
    power: np.ndarray,
    level: int,
    *,
    whole: bool = False,
) -> GroupPatterns:
    """Averages at finite power over fields ``sqrt(common) z0 + sqrt(gap) z1`` with thermal variance ``1 -
    q1``."""
    size = common.size
    stretched = np.minimum(power * gap, 1e300)
    z, weight, field = _outer(model, common, stretched, variance, level)
    step = max(1, POINTS // (150 * z.shape[1]))
    parts = [
        _tilted(
            model.take(rows), field[rows], weight[rows], gap[rows], variance[rows], power[rows], level, whole
        )
        for rows in (np.arange(i, min(i + step, size)) for i in range(0, size, step))
    ]
    return GroupPatterns(
        *(np.concatenate(found) if found[0] is not None else None for found in zip(*parts, strict=True))
    )


def _tilted(
    model: Model,
    field: np.ndarray,
    weight: np.ndarray,
    gap: np.ndarray,
    variance: np.ndarray,
    power: np.ndarray,
    level: int,
    whole: bool,
) -> tuple[Any, ...]:
    """The averages of some rows: all z1 nodes of a row at once."""
    size, count = field.shape
    scale, loss = np.sqrt(gap)[:, None], model.loss
    y = np.repeat(power, count)
    places, widths = loss.features(variance, model.beta)
    if loss.log_concave:
        omega, _, _, second = maximiser(model, field, power * gap, variance)
        drift = (omega - field) / scale
        narrow = 1.0 / np.sqrt(1.0 - (power * gap)[:, None] * second)
        drift, peak = drift.reshape(-1), narrow.reshape(-1, 1)
        breaks = None
    else:  # no single maximum: no shift, the domain follows from the bends
        drift, peak, breaks = np.zeros(size * count), np.ones((size * count, 1)), None
    position = ((places[:, None, :] - field[:, :, None]) / scale[:, :, None]).reshape(size * count, -1)
    position = position - drift[:, None]
    width = np.repeat(widths / scale, count, axis=0)
    out = np.abs(position) > 11.0
    position, width = np.where(out, 0.0, position), np.where(out, np.inf, width)
    z, mass = gaussian_nodes(
        np.concatenate([position, np.zeros((size * count, 1))], axis=1),
        np.concatenate([width, peak], axis=1),
        breaks,
        level,
    )
    inner = field.reshape(-1, 1) + np.repeat(scale, count, axis=0) * (drift[:, None] + z)
    inner = inner.reshape(size, -1)
    log_z, first, _ = loss.terms(inner, variance, model.beta)
    found = np.empty((size * count, 4))
    tilted_rows(mass, drift, z, log_z.reshape(z.shape), first.reshape(z.shape), y, found)
    found = found.reshape(size, count, 4)

    def average(values: np.ndarray) -> np.ndarray:
        return np.einsum("bn,bn->b", weight, values)

    means = (
        average(found[:, :, 0]) / power,
        average(found[:, :, 1] ** 2),
        average(found[:, :, 2]),
        average(found[:, :, 3]),
    )
    if not whole:
        return *means, None, None
    cost = loss.mean_cost(inner, variance, model.beta).reshape(z.shape)
    wrong = loss.error_rate(inner, variance, model.beta).reshape(z.shape)
    return *means, *(
        average(np.einsum("rj,rj->r", mass, seen).reshape(size, count)) for seen in (cost, wrong)
    )
