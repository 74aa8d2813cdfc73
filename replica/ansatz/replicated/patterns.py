"""Averages over the patterns for groups of replicas, at finite and at infinite power, for any loss; no
equations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica.ansatz.replicated.kernels import tilted_rows
from replica.ansatz.replicated.turns import turns
from replica.losses import Loss
from saddlepoint.quadrature.fields import field_nodes
from saddlepoint.quadrature.panels import gaussian_nodes

POINTS = 400_000  # nodes (z0 times z1) handled at a time
HALVINGS = 11  # of what is a hint for meshes, no more
RUNGS = 25  # of the ladder on which the same is looked for at once


class GroupPatterns(NamedTuple):
    """Averages over z0 of tilted averages over z1, each (batch,).

    ``mean = E ln(int Dz1 Z^y)/y``, ``common = E<f>^2``, ``spread = E(<f^2> - <f>^2)`` with ``f = d ln Z/d
    field``,
    ``relative = E(y <ln Z> - ln int Dz1 Z^y)``, and where asked for ``cost``, ``wrong``: tilted means per
    pattern; ``force = E<f>``.
    """

    mean: np.ndarray
    common: np.ndarray
    spread: np.ndarray
    relative: np.ndarray
    cost: np.ndarray | None = None
    wrong: np.ndarray | None = None
    force: np.ndarray | None = None


class LimitPatterns(NamedTuple):
    """The limit of infinite power with ``gap = y (q1-q0)`` held: averages over z0 at the maximiser ``omega``.

    With the shift ``r = omega - field = gap f`` and ``k = -gap f'``: ``value = E[ln Z - r f/2]``, ``moved = E r^2``,
    ``stiff = E[k^2/(1+k)]``, ``drawn = E[z0 r]``, ``bending = E ln(1+k)``, ``cost`` and ``wrong`` the tilted means per
    pattern. None of them leaves the range of doubles with the gap, which grows like exp(1/distance) near a centre.
    """

    value: np.ndarray
    moved: np.ndarray
    stiff: np.ndarray
    drawn: np.ndarray
    bending: np.ndarray
    cost: np.ndarray
    wrong: np.ndarray


def outer_features(
    loss: Loss,
    beta: Any,
    mean: np.ndarray,
    common: np.ndarray,
    log_gap: np.ndarray,
    variance: np.ndarray,
    power: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Places and widths (batch, F) where ``ln int Dz1 Z^y`` bends in the field common to a group."""
    places, widths = loss.features(variance, beta)
    within = 9.5 * np.sqrt(common)[:, None]
    if not loss.log_concave:
        jumps, sharp = turns(loss, beta, mean, common, np.exp(np.minimum(log_gap, 690.0)) / power, variance, power)
        return np.concatenate([places, jumps], axis=1), np.concatenate([widths, sharp], axis=1)
    # the maximiser branches where ``1 - gap f' = 0``: ``f`` falls by e over ``sharp``, so pi of them off the real axis
    corners, _, sharp = _corners(loss, beta, places, widths, log_gap, variance)
    places = np.concatenate([places, corners + 2.0 * sharp], axis=1)
    widths = np.concatenate([widths, 2.2 * sharp], axis=1)
    return places, np.where(np.abs(places - mean[:, None]) < within, widths, np.inf)


def _corners(
    loss: Loss, beta: Any, places: np.ndarray, widths: np.ndarray, log_gap: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean fields beyond each bend at which ``-gap f' = 1`` at the maximiser, where it leaves them; it; widths."""
    low = np.zeros_like(places)
    high = low + 8.0 + np.sqrt(2.0 * np.maximum(log_gap, 0.0))[:, None]
    if log_gap.max(initial=0.0) > 600.0:  # only maximisers are known with such gaps
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            stiff = loss.optimal(places + widths * middle, log_gap, variance, beta)[3]
            low, high = np.where(stiff > 1.0, middle, low), np.where(stiff > 1.0, high, middle)
        corner = places + widths * low
        shift = loss.optimal(corner, log_gap, variance, beta)[0]
        return corner, corner + shift, widths / (1.0 + low + np.abs(shift) / widths)
    gap = np.exp(log_gap)[:, None]
    ladder = np.linspace(0.0, 1.0, RUNGS) ** 2
    climb = places[:, :, None] + (widths * high)[:, :, None] * ladder
    bend = loss.terms(climb.reshape(len(climb), -1), variance, beta)[2].reshape(climb.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        stiff = np.log(np.maximum(-gap[:, :, None] * bend, 1e-300))  # falls along the ladder, nearly as a parabola
    last = np.clip((stiff > 0.0).sum(axis=2, keepdims=True) - 1, 0, RUNGS - 2)
    here, there = (np.take_along_axis(stiff, last + one, axis=2)[:, :, 0] for one in (0, 1))
    share = np.clip(np.divide(here, here - there, out=np.zeros_like(here), where=here > there), 0.0, 1.0)
    rung = ladder[last[:, :, 0]]
    low = high * (rung + share * (ladder[last[:, :, 0] + 1] - rung))
    wall = places + widths * low
    return wall - gap * loss.terms(wall, variance, beta)[1], wall, widths / (1.0 + low)


def limit_patterns(
    loss: Loss, beta: Any, common: np.ndarray, log_gap: np.ndarray, variance: np.ndarray, level: int
) -> LimitPatterns:
    """Averages at infinite power over fields ``sqrt(common) z0`` with thermal variance ``1 - q1``."""
    none, one = np.zeros(common.size), np.ones(common.size)
    features = outer_features(loss, beta, none, common, log_gap, variance, one)
    z, weight, field = field_nodes(*features, none, np.sqrt(common), level, tails=not loss.log_concave)
    loss = loss.at_level(level)
    shift, log_z, work, stiff = loss.optimal(field, log_gap, variance, beta)
    rows = (
        log_z - 0.5 * work,
        shift**2,
        stiff**2 / (1.0 + stiff),
        z * shift,
        np.log1p(stiff),
        loss.mean_cost(field + shift, variance, beta),
        loss.error_rate(field + shift, variance, beta),
    )
    return LimitPatterns(*(np.einsum("bn,bn->b", weight, row) for row in rows))


def group_patterns(
    loss: Loss,
    beta: Any,
    common: np.ndarray,
    gap: np.ndarray,
    variance: np.ndarray,
    power: np.ndarray,
    level: int,
    *,
    mean: np.ndarray | None = None,
    whole: bool = False,
) -> GroupPatterns:
    """Averages at finite power over fields ``mean + sqrt(common) z0 + sqrt(gap) z1`` of thermal variance ``1 - q1``."""
    size = common.size
    centre = np.zeros(size) if mean is None else mean
    features = outer_features(loss, beta, centre, common, np.log(power * gap), variance, power)
    z, weight, field = field_nodes(*features, centre, np.sqrt(common), level, tails=not loss.log_concave)
    step = max(1, POINTS // (150 * z.shape[1]))
    parts = [
        _tilted(
            loss.take(rows),
            beta[rows] if isinstance(beta, np.ndarray) else beta,
            field[rows],
            weight[rows],
            gap[rows],
            variance[rows],
            power[rows],
            level,
            whole,
        )
        for rows in (np.arange(i, min(i + step, size)) for i in range(0, size, step))
    ]
    joined: list[Any] = [np.concatenate(found) if found[0] is not None else None for found in zip(*parts, strict=True)]
    return GroupPatterns(*joined)


def _tilted(
    loss: Loss,
    beta: Any,
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
    loss = loss.at_level(level)
    z, mass, drift = _inner(loss, beta, field, gap, variance, power, level)
    inner = field.reshape(-1, 1) + np.repeat(np.sqrt(gap), count)[:, None] * (drift[:, None] + z)
    inner = inner.reshape(size, -1)
    log_z, first, _ = loss.terms(inner, variance, beta)
    found = np.empty((size * count, 4))
    tilted_rows(mass, drift, z, log_z.reshape(z.shape), first.reshape(z.shape), np.repeat(power, count), found)
    found = found.reshape(size, count, 4)

    def average(values: np.ndarray) -> np.ndarray:
        return np.einsum("bn,bn->b", weight, values)

    means = (
        average(found[:, :, 0]) / power,
        average(found[:, :, 1] ** 2),
        average(found[:, :, 2]),
        average(found[:, :, 3]),
    )
    force = average(found[:, :, 1])
    if not whole:
        return *means, None, None, force
    cost = loss.mean_cost(inner, variance, beta).reshape(z.shape)
    wrong = loss.error_rate(inner, variance, beta).reshape(z.shape)
    wholes = (average(np.einsum("rj,rj->r", mass, seen).reshape(size, count)) for seen in (cost, wrong))
    return *means, *wholes, force


def _inner(
    loss: Loss,
    beta: Any,
    field: np.ndarray,
    gap: np.ndarray,
    variance: np.ndarray,
    power: np.ndarray,
    level: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes for z1 of every field and their masses, and how far each rule is shifted, to its maximiser."""
    size, count = field.shape
    scale = np.sqrt(gap)[:, None]
    places, widths = loss.features(variance, beta)
    if loss.log_concave:
        shift, _, _, stiff = loss.optimal(field, np.log(power * gap), variance, beta)
        # the tail of a bend falls over this much at the maximiser
        away = np.abs((field + shift)[:, :, None] - places[:, None, :]) / widths[:, None, :]
        tail = np.min(widths[:, None, :] / (1.0 + away), axis=2) / scale
        tail = np.where(stiff > 0.1, np.maximum(tail, 0.2 / np.sqrt(1.0 + stiff)), np.inf)
        drift, peak = (shift / scale).reshape(-1), np.minimum(tail, 1.0 / np.sqrt(1.0 + stiff)).reshape(-1, 1)
        # the power turns the tail of a bend into a wall, a few widths away when it is large
        _, wall, sharp = _corners(loss, beta, places, widths, np.log(power * gap), variance)
        sharp = np.where(np.abs(wall - places) > 2.0 * widths, sharp, np.inf)
        places, widths = np.concatenate([places, wall], axis=1), np.concatenate([widths, sharp], axis=1)
        far = 11.0  # from the maximiser
    else:  # no single maximum: no shift, the domain follows from the bends, wherever they are
        drift, peak, far = np.zeros(size * count), np.ones((size * count, 1)), 40.0
    position = ((places[:, None, :] - field[:, :, None]) / scale[:, :, None]).reshape(size * count, -1)
    position = position - drift[:, None]
    width = np.repeat(widths / scale, count, axis=0)
    out = np.abs(position) > far
    position, width = np.where(out, 0.0, position), np.where(out, np.inf, width)
    position = np.concatenate([position, np.zeros((size * count, 1))], axis=1)
    z, mass = gaussian_nodes(position, np.concatenate([width, peak], axis=1), level=level)
    return z, mass, drift
