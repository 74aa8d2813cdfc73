r"""The overlap of two typical solutions of different margins on the same patterns: equations of two ends of a path."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.ansatz.franz_parisi.taught_fields import shared_fields
from replica.ansatz.franz_parisi.vertices import NONE, TypicalEnd, nodes
from replica.weights.base import Weights

EPS = float(np.finfo(float).eps)
LEVELS = 1, 3  # of the solution, of its check
STEP = 1e-6


def pair_overlap(weights: Weights, alpha: float, ends: Any, sure: bool = True) -> tuple[float, float]:
    r"""Overlap p of the two ends, with its error: ``p_hat = alpha E[g_1 g_2]``, ``p = E[<w>_1 <w>_2]``.

    The fields of patterns and of weights are Gaussian, of variances ``q_i`` and ``q_hat_i`` and covariances p and
    ``p_hat``. On the sphere, and where one of the ends is a single vector, ``p = (1-q1)(1-q2) p_hat``, and with a
    teacher ``m_1 m_2`` more. The typical solutions of one model have ``p = q``. The error is NaN where it need not be
    ``sure``.
    """
    first, second = ends
    if first == second:
        error = dict(first.errors).get("q", 0.0)
        return first.size, error
    if min(first.size, second.size) == 0.0:  # a paramagnet knows nothing of the patterns
        return 0.0, 0.0
    cosine = _cosine(weights, alpha, ends, LEVELS[0])
    scale = np.sqrt(first.size * second.size)
    if not sure:
        return float(cosine * scale), float("nan")
    residual = _mismatch(weights, alpha, ends, cosine, LEVELS[0])
    finer = _mismatch(weights, alpha, ends, cosine, LEVELS[1])
    slope = (_mismatch(weights, alpha, ends, cosine * (1.0 - STEP), LEVELS[0]) - residual) / (cosine * STEP)
    off = abs(finer) + abs(finer - residual) + 16 * EPS
    for k, end in enumerate(ends):
        for name, error in end.errors:
            if error > 0.0:
                moved = tuple(e.varied(name, -STEP) if i == k else e for i, e in enumerate(ends))
                fixed = cosine * scale / np.sqrt(moved[0].size * moved[1].size)
                there = _mismatch(weights, alpha, moved, min(fixed, 1.0), LEVELS[0])
                off += abs(there - residual) * error / STEP
    return float(cosine * scale), float(scale * off / max(abs(slope), EPS))


def _mismatch(weights: Weights, alpha: float, ends: Any, cosine: float, level: int) -> float:
    """``p/sqrt(q1 q2)`` that the weights answer with, less the one put in."""
    shared = shared_fields(ends, cosine, level)
    force = alpha * float(shared.weight @ (shared.moved(0) * shared.moved(1)))
    scale = np.sqrt(ends[0].size * ends[1].size)
    curved = weights.discrete and all(isinstance(end, TypicalEnd) for end in ends)
    if not curved:
        return (force + ends[0].lean * ends[1].lean) / scale - cosine
    conjugate = force / (ends[0].gap * ends[1].gap)
    return _answer(weights, ends, conjugate, level) / scale - cosine


def _answer(weights: Weights, ends: Any, conjugate: float, level: int) -> float:
    """``E[<w>_1 <w>_2]`` of one weight in two Gaussian fields of that covariance."""
    scales = [np.sqrt(end.given.q_hat) for end in ends]
    cosine = min(conjugate / (scales[0] * scales[1]), 1.0)
    common, own = np.sqrt(cosine), np.sqrt(1.0 - cosine)
    places, widths = (x[0] for x in weights.features(np.zeros(1), 1.0))
    pulls = [end.given.m_hat for end in ends]
    spots = [(places - pull) / (s * common) for s, pull in zip(scales, pulls, strict=True)]
    smears = [np.hypot(widths, s * own) / (s * common) for s in scales]
    share, z = (x[0] for x in nodes(np.concatenate(spots), np.concatenate(smears), NONE, np.zeros(1), 1.0, level))
    means = []
    for s, pull in zip(scales, pulls, strict=True):
        weight, field = nodes(places, widths, NONE, pull + s * common * z, s * own, level)
        means.append(np.einsum("zy,zy->z", weight, weights.log_z(field, np.zeros(z.size), 1.0)[1]))
    return float(share @ (means[0] * means[1]))


def _cosine(weights: Weights, alpha: float, ends: Any, level: int) -> float:
    """The root: answers lie above what is put in at 0, and below it at 1 (Cauchy and Schwarz); Newton inside."""
    known = ends[0].lean * ends[1].lean / float(np.sqrt(ends[0].size * ends[1].size))  # of a teacher alone
    low, high, cosine, step = known, 1.0 - 1e-12, 0.5 * (1.0 + known), STEP
    if _mismatch(weights, alpha, ends, high, level) > 0.0:
        return high
    value = _mismatch(weights, alpha, ends, cosine, level)
    slope = (_mismatch(weights, alpha, ends, cosine - step, level) - value) / -step
    for _ in range(60):
        low, high = (cosine, high) if value > 0.0 else (low, cosine)
        new = cosine - value / slope if slope < 0.0 else low
        new = new if low < new < high else 0.5 * (low + high)
        if abs(new - cosine) <= 4 * EPS:
            break
        before, cosine, last = cosine, new, value
        value = _mismatch(weights, alpha, ends, cosine, level)
        slope = (value - last) / (cosine - before)
        if abs(value) <= EPS:
            break
    return cosine
