"""Copies round a free centre, three sign units: a plain six-dimensional quadrature that shares no code (with bench).

It settles the external entropy of ``fewunits.sign.K3.centre_y4.SE.a0.5.d0.1``: 0.3572484364, 1.5e-8 above the stored
one.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import ndtr

import replica

COPIES, LOAD, OVERLAP = 4.0, 0.5, 0.8


def trapezoid(step: float) -> tuple[np.ndarray, np.ndarray]:
    x = step * np.arange(-round(8.2 / step), round(8.2 / step) + 1)
    return x, step * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def patterns(q0: float, q1: float, outer: float, inner: float) -> np.ndarray:
    """``E ln E_1 P^y``, ``sum_k E<g_k>^2``, ``sum_k E<g_k^2>`` and ``E<ln P>`` with P of a majority of three."""
    (x, weight), (z, share) = trapezoid(outer), trapezoid(inner)
    field = (np.sqrt(q0) * x[:, None] + np.sqrt(q1 - q0) * z) / np.sqrt(1 - q1)
    p, slope = ndtr(field), np.exp(-(field**2) / 2) / np.sqrt(2 * np.pi * (1 - q1))
    cube, total = np.einsum("i,j,k->ijk", share, share, share), np.zeros(4)
    for places in itertools.combinations_with_replacement(range(x.size), 3):
        mass = {1: 1, 2: 3, 3: 6}[len(set(places))] * np.prod(weight[list(places)])
        if mass < 1e-17:
            continue
        a, b, c = (p[i].reshape([-1 if axis == k else 1 for axis in range(3)]) for k, i in enumerate(places))
        chance = a * b + a * c + b * c - 2 * a * b * c
        other = (b + c - 2 * b * c, a + c - 2 * a * c, a + b - 2 * a * b)
        square = cube * chance**2
        tilted = square * chance**2
        z_sum, first, second = tilted.sum(), 0.0, 0.0
        for k, i in enumerate(places):
            rest = tuple(axis for axis in range(3) if axis != k)
            first += float((square * chance * other[k]).sum(axis=rest) @ slope[i]) ** 2
            second += float((square * other[k] ** 2).sum(axis=rest) @ slope[i] ** 2)
        log = float((tilted * np.log(np.maximum(chance, 1e-300))).sum())
        total += mass * np.array([np.log(z_sum), first / z_sum**2, second / z_sum, log / z_sum])
    return total


def weights(low: float, high: float, pull: float) -> np.ndarray:
    """``E ln sum_w E_1 (2 cosh h)^y``, ``q_0``, ``q_1``, ``<w T>`` and ``<ln 2 cosh h>``."""
    (x, weight), z = trapezoid(0.04), 0.02 * np.arange(-800, 801)
    fields = [np.sqrt(low) * x[:, None] + np.sqrt(high - low) * z + sign * pull for sign in (1, -1)]
    logs = [np.logaddexp(h, -h) for h in fields]
    masses = [0.02 * np.exp(COPIES * log - z * z / 2) / np.sqrt(2 * np.pi) for log in logs]
    total = sum(mass.sum(axis=1) for mass in masses)

    def mean(parts: list[np.ndarray]) -> np.ndarray:
        return sum((mass * part).sum(axis=1) for mass, part in zip(masses, parts, strict=True)) / total

    slopes = [np.tanh(h) for h in fields]
    columns = np.log(total), mean(slopes) ** 2, mean([s * s for s in slopes]), mean([slopes[0], -slopes[1]]), mean(logs)
    return np.array([weight @ column for column in columns])


@pytest.mark.bench
def test_external_entropy_of_majorities() -> None:
    """At the library's order parameters, corrected by two steps of Newton's method."""
    model = replica.committee(3, weights="binary")
    found = replica.local_entropy(model, alpha=LOAD, distance=[(1 - OVERLAP) / 2], replicas=COPIES)
    names = ("q0", "q1", "q0_hat", "q1_hat")
    point = np.array([*(float(found[name][0]) for name in names), float(found["slope"][0]) / 2])

    def residual(v: np.ndarray, outer: float, inner: float) -> tuple[np.ndarray, float, float]:
        q0, q1, low, high, pull = v
        pattern, weight = patterns(q0, q1, outer, inner), weights(low, high, pull)
        gaps = weight[1] - q0, weight[2] - q1, LOAD * pattern[1] - low, LOAD * pattern[2] - high, weight[3] - OVERLAP
        y, both = COPIES, q1 * high - q0 * low
        phi = -0.5 * high * (1 - q1) - 0.5 * y * both - pull * OVERLAP + (weight[0] + LOAD * pattern[0]) / y
        internal = -0.5 * high * (1 - q1) - y * both - pull * OVERLAP + weight[4] + LOAD * pattern[3]
        return np.array(gaps), phi, y * (phi - internal)

    coarse = residual(point, 1.2, 1.2)[0]
    matrix = np.stack([(residual(point + 1e-5 * e, 1.2, 1.2)[0] - coarse) / 1e-5 for e in np.eye(5)], axis=1)
    for _ in range(3):
        gaps, phi, external = residual(point, 0.33, 0.4)
        point = point - np.linalg.solve(matrix, gaps)
    assert float(found["free_entropy"][0]) == pytest.approx(phi, abs=2e-10)
    assert float(found["complexity"][0]) == pytest.approx(external, abs=float(found["complexity_error"][0]) + 2e-9)
    assert external == pytest.approx(0.3572484364, abs=2e-9) and external - 0.3572484212 > 1e-8
