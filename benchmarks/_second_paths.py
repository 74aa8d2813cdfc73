"""Paths between solutions, groups of clones and shared inputs once more: the second way of `frontier`, as
`benchmarks._second_frontier` is that of signs and codings.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import brentq, root
from scipy.special import comb, log_ndtr, logsumexp, ndtr

from benchmarks._second_frontier import Array, between, density, fine, first_root, mills, plain

# --- paths --------------------------------------------------------------------------------------------------------


def typical(weights: str, alpha: float, kappa: float) -> tuple[float, float]:
    """q and q_hat of typical solutions."""

    def square(q: float) -> float:
        z, weight = fine(np.sqrt((1.0 - q) / q))
        return float(weight @ mills((kappa + np.sqrt(q) * z) / np.sqrt(1.0 - q)) ** 2) / (1.0 - q)

    def overlap(q_hat: float) -> float:
        z, weight = fine(1.0 / np.sqrt(q_hat + 1.0))
        return float(weight @ np.tanh(np.sqrt(q_hat) * z) ** 2)

    if weights == "binary":
        t = first_root(lambda t: np.log(alpha * square(overlap(np.exp(t)))) - t, np.linspace(-25.0, 5.0, 121))
        return overlap(np.exp(t)), float(np.exp(t))

    def gap(t: float) -> float:
        return float(np.log(alpha * square(1 / (1 + np.exp(-t)))) - t - np.log1p(np.exp(t)))

    t = first_root(gap, np.linspace(-25.0, 5.0, 121))
    return 1.0 / (1.0 + np.exp(-t)), float(np.exp(t) * (1.0 + np.exp(t)))


def pair(one: float, two: float, across: float, widths: tuple[float, float]) -> tuple[Array, Array, Array]:
    """Two Gaussian fields of those variances and covariance on a mesh, and its weights."""
    z, first = fine(min(widths))
    r, second = z, first
    rest = np.sqrt(max(two - across * across / one, 0.0))
    return np.sqrt(one) * z[:, None], across / np.sqrt(one) * z[:, None] + rest * r, first[:, None] * second


def cross_overlap(weights: str, alpha: float, margins: tuple[float, float]) -> tuple[float, list[tuple[float, float]]]:
    """The overlap p of typical solutions of two margins, and q and q_hat of each."""
    states = [typical(weights, alpha, kappa) for kappa in margins]
    (q1, h1), (q2, h2) = states
    wide = np.sqrt((1.0 - q1) / q1), np.sqrt((1.0 - q2) / q2)

    def pull(p: float) -> float:
        o1, o2, mass = pair(q1, q2, p, wide)
        m1, m2 = (mills((k - o) / np.sqrt(1 - q)) for k, o, q in zip(margins, (o1, o2), (q1, q2), strict=True))
        return alpha * float(np.sum(mass * m1 * m2)) / np.sqrt((1.0 - q1) * (1.0 - q2))

    def gap(p: float) -> float:
        if weights == "spherical":
            return (1.0 - q1) * (1.0 - q2) * pull(p) - p
        a, b, mass = pair(h1, h2, pull(p), (1.0 / np.sqrt(h1 + 1.0), 1.0 / np.sqrt(h2 + 1.0)))
        return float(np.sum(mass * np.tanh(a) * np.tanh(b))) - p

    return float(brentq(gap, 1e-9, np.sqrt(q1 * q2) * (1 - 1e-9), xtol=1e-15)), states


def error_on_the_way(
    weights: str, alpha: float, margins: tuple[float, float], kappa: float, position: float, along: str
) -> float:
    """Training error at one position of a path."""
    p, ((q1, _), (q2, _)) = cross_overlap(weights, alpha, margins)
    s1, s2, a, b = np.sqrt(1.0 - q1), np.sqrt(1.0 - q2), 1.0 - position, position
    o1, o2, mass = pair(q1, q2, p, (s1 / np.sqrt(q1), s2 / np.sqrt(q2)))
    norm = 1.0 if along == "flips" else np.sqrt(a * a + b * b + 2.0 * a * b * p)
    shaken = np.sqrt(2.0 * a * b * (1.0 - p)) if along == "flips" else 0.0
    total = 0.0
    for x1, x2, w in zip(o1, o2, mass, strict=True):  # a row of the mesh: x1 is one number
        keep = w > 1e-17
        if not keep.any():
            continue
        x2, w = x2[keep], w[keep]
        if shaken == 0.0:
            end = (kappa * norm - b * margins[1]) / a
            top = min(end, max(margins[0], float(x1[0])) + 9.5 * s1)
            if top <= margins[0]:
                continue
            d, part = between(np.array(margins[0]), np.array(top))
            first = part * density((d - x1) / s1) / s1 / ndtr((x1 - margins[0]) / s1)
            cut = ((kappa * norm - a * d) / b - x2[:, None]) / s2
            start = (margins[1] - x2[:, None]) / s2
            share = -np.expm1(np.minimum(log_ndtr(-cut) - log_ndtr(-start), 0.0))
            total += float(w @ (share @ first))
        else:
            d, part = between(np.array(margins[0]), max(margins[0], float(x1[0])) + 9.0 * s1)
            first = part * density((d - x1) / s1) / s1 / ndtr((x1 - margins[0]) / s1)
            e, piece = between(np.full(x2.size, margins[1]), np.maximum(margins[1], x2) + 9.0 * s2)
            second = piece * density((e - x2[:, None]) / s2) / s2 / ndtr((x2 - margins[1]) / s2)[:, None]
            under = ndtr((kappa - a * d[:, None, None] - b * e) / shaken)
            total += float(np.einsum("d,rn,drn,r", first, second, under, w))
    return total


# --- clones at a temperature --------------------------------------------------------------------------------------


def clones(alpha: float, beta: float, kappa: float, m: int, q1: float, teacher: bool) -> dict[str, float]:
    """Free entropy, tuple entropy and overlap between groups of m binary weight vectors at mutual overlap q1."""
    z, weight = plain(0.05)
    k = np.arange(m + 1)
    sums, counts = m - 2 * k, np.log(comb(m, k))

    def weights(h0: float, rest: float, r_hat: float) -> tuple[float, float, float, float]:
        powers = sums * (np.sqrt(h0) * z[:, None] + r_hat) + 0.5 * sums * sums * rest + counts
        total = logsumexp(powers, axis=1)
        share = np.exp(powers - total[:, None])
        one, two = share @ sums / m, (share @ sums**2 - m) / (m * (m - 1))
        return float(weight @ total), float(weight @ one), float(weight @ one**2), float(weight @ two)

    x, mass = plain(min(0.04, 0.1 * np.sqrt((1.0 - q1) / q1)), 11.0)

    def fields(q0: float, r: float) -> tuple[float, float, float, float]:
        y = (kappa - np.sqrt(q0) * x[:, None] - np.sqrt(q1 - q0) * x) / np.sqrt(1.0 - q1)
        log_h = np.logaddexp(-beta, np.log(-np.expm1(-beta)) + log_ndtr(-y))
        group = logsumexp(m * log_h, b=mass, axis=1)
        tilt = mass * np.exp(m * log_h - group[:, None])
        g = -np.expm1(-beta) * density(y) / np.sqrt(1.0 - q1) * np.exp(-log_h)
        paid = np.exp(-beta - log_h) * ndtr(y)
        mean, cost = np.sum(tilt * g, axis=1), np.sum(tilt * paid, axis=1)
        seen = 2.0 * ndtr(r * x / np.sqrt(q0 - r * r)) if teacher else 1.0
        edge = 2.0 * density(r * x / np.sqrt(q0 - r * r)) / np.sqrt(q0 - r * r) if teacher else 0.0 * x
        # d/dR of the seen share, by parts: Rh = alpha E <g> d(seen)/d(field)
        pull = float(mass @ (edge * x * group)) * q0 / (q0 - r * r) / m if teacher else 0.0
        return *(float(mass @ (seen * each)) for each in (group, mean**2, cost)), pull

    def missed(free: Array) -> list[float]:
        q0, h0, rest = q1 / (1.0 + np.exp(-free[0])), np.exp(free[1]), np.exp(free[2])
        r, r_hat = (np.sqrt(q0) * np.tanh(free[3]), free[4]) if teacher else (0.0, 0.0)
        _, one, square, two = weights(h0, rest, r_hat)
        _, g2, _, pull = fields(q0, r)
        found = [square / q0 - 1.0, two / q1 - 1.0, alpha * g2 / h0 - 1.0]
        return [*found, one / r - 1.0, alpha * pull / r_hat - 1.0] if teacher else found

    for first, second, third in product((0.0, 1.5, -1.5), (-0.3, 1.0, -1.5), (0.0, 1.0)):
        with np.errstate(all="ignore"):  # far from the solution
            found = root(missed, [first, second, third] + ([1.0, 1.0] if teacher else []), tol=1e-13)
        if np.max(np.abs(found.fun)) < 1e-8:
            found = root(missed, found.x, method="lm", options={"xtol": 1e-15, "ftol": 1e-15, "gtol": 0.0})
            break
    else:
        raise ValueError("the second way did not arrive")
    q0, h0, rest = q1 / (1.0 + np.exp(-found.x[0])), np.exp(found.x[1]), np.exp(found.x[2])
    r, r_hat = (np.sqrt(q0) * np.tanh(found.x[3]), found.x[4]) if teacher else (0.0, 0.0)
    (inner, *_), (group, _, cost, _) = weights(h0, rest, r_hat), fields(q0, r)
    h1 = h0 + rest
    phi = -0.5 * h1 * (1.0 - q1) - 0.5 * m * (q1 * h1 - q0 * h0) - r_hat * r + inner / m + alpha * group / m
    return {"free_entropy": phi, "tuple_entropy": phi + beta * alpha * cost, "q0": q0} | ({"m": r} if teacher else {})


# --- committees whose units see the same inputs -------------------------------------------------------------------


def angle(q: Any) -> Any:
    return 2.0 / np.pi * np.arcsin(q)


def shared_storage(q: float, alpha: float) -> float:
    """Free entropy per weight of infinitely many sign units that store random labels."""
    r = (angle(q) - 2.0 / np.pi * q) / (1.0 - 2.0 / np.pi)
    z, weight = fine(np.sqrt((1.0 - r) / max(r, 1e-3)))
    field = log_ndtr(np.sqrt(r / (1.0 - r)) * z)
    return float(0.5 * np.log1p(-q) + q / (2.0 * (1.0 - q)) + alpha * (weight @ field))


def shared_teacher(q: float, alpha: float) -> float:
    """The same, Bayes-optimal beside a teacher."""
    r = angle(q) + 2.0 / np.pi * (1.0 - q)
    t = np.sqrt(r / (1.0 - r))
    z, weight = fine(1.0 / t)
    return float(0.5 * np.log1p(-q) + 0.5 * q + 2.0 * alpha * (weight @ (ndtr(t * z) * log_ndtr(t * z))))


def two_units(qd: float, qo: float, hd: float, ho: float, alpha: float, binary: bool) -> float:
    """Free entropy per weight of two Bayes-optimal units whose tie is seen, at any overlaps and conjugates; binary
    weights are counted.
    """
    z, weight = plain(0.1)
    plus, minus = np.sqrt((qd + qo) / 2.0), np.sqrt(max(qd - qo, 0.0) / 2.0)
    a, b = plus * z[:, None] + minus * z, plus * z[:, None] - minus * z
    both, none = quadrant(a, b, 1.0 - qd, -qo), quadrant(-a, -b, 1.0 - qd, -qo)
    ties = np.maximum(1.0 - both - none, 0.0)
    phi = -(qd * hd + qo * ho)
    for share in (both, none, ties):
        safe = np.where(share > 1e-13, share, 1.0)
        phi += alpha * float(weight @ (safe * np.log(safe) * (share > 1e-13)) @ weight)
    if not binary:
        return 0.5 * phi + sum(0.25 * (e - np.log1p(e)) for e in (hd + ho, hd - ho))
    x, mass = plain(0.1)
    up, down = np.sqrt((hd + ho) / 2.0), np.sqrt((hd - ho) / 2.0)
    f, g = up * x[:, None] + down * x, up * x[:, None] - down * x
    for teacher in (1.0, -1.0):
        one, two = f + hd + ho * teacher, g + ho + hd * teacher
        energies = [s * one + t * two - ho * s * t for s in (1, -1) for t in (1, -1)]
        phi += 0.5 * float(mass @ logsumexp(energies, axis=0) @ mass)
    return 0.5 * (phi - hd)


def quadrant(a: Array, b: Array, variance: float, across: float) -> Array:
    """Probability that two Gaussians of those means are both positive."""
    deviation = np.sqrt(variance)
    low = np.maximum(-a / deviation, -9.5)
    x, part = between(low, np.maximum(low, 9.5))
    rest = np.sqrt(variance - across * across / variance)
    return np.sum(part * density(x) * ndtr((b[..., None] + across / deviation * x) / rest), axis=-1)


def slope(function: Callable[[float], float], at: float, step: float) -> float:
    """Central difference of fourth order."""
    far, near = function(at + 2 * step) - function(at - 2 * step), function(at + step) - function(at - step)
    return (8.0 * near - far) / (12.0 * step)
