"""Averages of groups of replicas through a network whose fields overlap as k(q), in units of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz.replicated import patterns as fields
from replica.ansatz.replicated.patterns import GroupPatterns, LimitPatterns
from replica.architectures import Architecture, Slopes
from replica.architectures.few_units import NO_GROUPS, GroupSums
from replica.data import Overlaps
from replica.models.model import Model

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
NOTHING = LimitPatterns(*[np.array(np.nan)] * 7)
CLOSE = 0.05  # gap over 1 - q1 below which differences of the kernel are integrals of its slopes


def _through(network: Architecture, q: np.ndarray, variance: np.ndarray, level: int) -> tuple[Overlaps, Slopes]:
    """Fields and slopes (as arrays) at overlaps without a direction to be learned."""
    found, slopes = network.field_overlaps(Overlaps(q, variance, np.zeros_like(q), q), max(level, 1))
    return found, slopes._replace(q=slopes.q * np.ones_like(q), bend=slopes.bend * np.ones_like(q))


def _differences(
    network: Architecture, common: np.ndarray, gap: np.ndarray, variance: np.ndarray, level: int
) -> tuple[Any, ...]:
    """``k(q0)``, ``k(q1) - k(q0)``, ``k(1) - k(q1)``, ``k'(q0)``, ``k'(q1)`` and ``k'(q1) - k'(q0)``."""
    low, low_slopes = _through(network, common, variance + gap, level)
    high, high_slopes = _through(network, common + gap, variance, level)
    step = 0.5 * gap[:, None] * (1.0 + NODES)
    between = (common[:, None] + step).ravel(), (variance[:, None] + gap[:, None] - step).ravel()
    _, inner = _through(network, *between, level)
    means = [(x.reshape(step.shape) @ WEIGHTS) * 0.5 * gap for x in (inner.q, inner.bend)]
    close = gap < CLOSE * variance
    risen = np.where(close, means[0], low.variance - high.variance)
    bent = np.where(close, means[1], high_slopes.q - low_slopes.q)
    return low.q, risen, high.variance, low_slopes.q, high_slopes.q, bent


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
    """Averages at finite power: ``common`` and ``spread`` are those of the weights, by the chain rule."""
    network = model.architecture
    if network.few is not None:
        return _few_groups(model, np.stack([common, gap, variance], axis=1), power, level, whole)
    if network.plain:
        return fields.group_patterns(model.loss, model.beta, common, gap, variance, power, level, whole=whole)
    with np.errstate(all="ignore"):
        shared, own, rest, slope, upper, bent = _differences(network, common, gap, variance, level)
    found = fields.group_patterns(model.loss, model.beta, shared, own, rest, power, level, whole=whole)
    return found._replace(common=slope * found.common, spread=upper * found.spread + bent * found.common)


def _few_groups(
    model: Model, overlaps: np.ndarray, power: np.ndarray, level: int, whole: bool
) -> GroupPatterns:
    """Averages at finite power, summed over a few units, row by row."""
    rows = []
    for row, (at, y) in enumerate(zip(overlaps.tolist(), power.tolist(), strict=True)):
        rows.append(_few_group(model.row(row), at, y, level, whole))
    columns: list[Any] = [None if column[0] is None else np.array(column) for column in zip(*rows, strict=True)]
    return GroupPatterns(*columns)


def _few_group(model: Model, at: list[float], power: float, level: int, whole: bool) -> GroupSums:
    """One row; NaN outside the domain that a solver may try."""
    if not (np.all(np.isfinite([*at, power])) and min(at) >= 0.0 and at[1] > 0.0 and at[2] > 0.0):
        return NO_GROUPS
    with np.errstate(all="ignore"):
        return model.architecture.few.group_sums(model.loss, model.beta, tuple(at), power, level, whole=whole)


def limit_patterns(
    model: Model, common: np.ndarray, log_gap: np.ndarray, variance: np.ndarray, level: int
) -> LimitPatterns:
    """Averages at infinite power; with the gap of the fields ``k'(q1) gap`` their response bends with q1 by ``k''``."""
    network = model.architecture
    if network.few is not None:
        return _few_limits(model, common, log_gap, variance, level)
    if network.plain:
        return fields.limit_patterns(model.loss, model.beta, common, log_gap, variance, level)
    with np.errstate(all="ignore"):
        at, slopes = _through(network, common, variance, level)
        first, bend = slopes.q, slopes.bend / slopes.q**2
        found = fields.limit_patterns(model.loss, model.beta, at.q, log_gap + np.log(first), at.variance, level)
    return found._replace(
        moved=found.moved / first,
        stiff=found.stiff + bend * found.moved,
        drawn=found.drawn * np.sqrt(common / at.q),
        bending=found.bending + 0.5 * bend * found.moved,
    )


def _few_limits(
    model: Model, common: np.ndarray, log_gap: np.ndarray, variance: np.ndarray, level: int
) -> LimitPatterns:
    """Averages at infinite power over the fields of a few units, row by row."""
    rows = [
        _few_limit(model.row(row), at, level)
        for row, at in enumerate(np.stack([common, log_gap, variance], axis=1).tolist())
    ]
    return LimitPatterns(*np.array(rows, dtype=float).T)


def _few_limit(model: Model, at: list[float], level: int) -> LimitPatterns:
    """One row. The response of maximisers that jump follows from an envelope: with ``dM/dq1`` the slope of the value in
    q1 at a held gap it is ``E f^2 + 2 dM/dq1``, which asks for first moments alone.
    """
    common, log_gap, variance = at
    if not (np.all(np.isfinite(at)) and common > 0.0 and variance > 0.0):
        return NOTHING
    with np.errstate(all="ignore"):
        found = model.architecture.few.limit_sums(model.loss, model.beta, common, log_gap, variance, level)
        stiff = found.moved * (1.0 / variance + np.exp(-log_gap)) + found.drawn / (np.sqrt(common) * variance)
    return LimitPatterns(found.value, found.moved, stiff, *found[2:])
