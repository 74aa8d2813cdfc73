"""Integrands and figures that the tests of Gaussian averages share; no tests here."""

from __future__ import annotations

import math

import mpmath
import numpy as np

from saddlepoint.quadrature import (
    gaussian_nodes,
)
from saddlepoint.special import tail_terms

EPS = np.finfo(float).eps
NONE = np.zeros((1, 0))


def tail(x: float) -> float:
    """H(x) of the C library."""
    return 0.5 * math.erfc(x / math.sqrt(2.0))


def bell(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def log_tail(u: np.ndarray) -> np.ndarray:
    value, slope = np.empty_like(u), np.empty_like(u)
    tail_terms(np.ascontiguousarray(u), value, slope)
    return value


def hazard(u: np.ndarray) -> np.ndarray:
    value, slope = np.empty_like(u), np.empty_like(u)
    tail_terms(np.ascontiguousarray(u), value, slope)
    return slope


def margin_feature(k: float, q: float) -> tuple[float, float]:
    return k / math.sqrt(q), math.sqrt((1.0 - q) / q)


def margin_log(k: float, q: float):
    return lambda z: log_tail((k - math.sqrt(q) * z) / math.sqrt(1.0 - q))


def average(f, feature: tuple[float, float], level: int = 1) -> tuple[float, float]:
    """Sum at a level without error estimate, and the sum of the moduli."""
    z, weight = gaussian_nodes([[feature[0]]], [[feature[1]]], None, level)
    values = f(z)
    return float((weight * values).sum()), float((weight * np.abs(values)).sum())


# : k, q, E ln H(u), E G(u)^2 with u = (k - sqrt(q) z)/sqrt(1 - q), and q_hat, E tanh^2(sqrt(q_hat) z): 25
# digits by : `tanh_sinh` below at 32 digits or more (k = -8 and 2: 60). The first is exact: H is uniform when
# u is standard Gaussian.
MARGINS = [
    (0.0, 0.5, "-1.0", "1.191271193694715463812779"),
    (-1.0, 0.3, "-0.1914146748326765154963115", "0.1280998500067399081838616"),
    (2.0, 0.9, "-27.14318793239905900211734", "50.81467735784689401606624"),
    (0.5, 0.9999, "-5205.047238937809820381823", "10404.2906725636747020087"),
    (-8.0, 0.5, "-6.220969523301906967087112e-16", "2.715440442416806684131494e-20"),
    (0.0, 1 - 1e-12, "-250005530559.1753480656671", "500011061105.2514146475507"),
]
FIELDS = [
    (1e-6, "0.000000999998000005666600748385"),
    (0.01, "0.009805468755532405842467359"),
    (1.0, "0.3942944903978411744164598"),
    (100.0, "0.9205368634305166712145567"),
    (10000.0, "0.9920214824805130433040264"),
    (1e10, "0.999992021154392299463315"),
]


def tanh_sinh(f, place: float, width: float):
    """E f(z) by mpmath's tanh-sinh rule between points that spread geometrically from the feature."""
    mp = mpmath.mp
    spread = [mp.mpf(4) ** j * width for j in range(60) if 4.0**j * width < 2.0]
    points = {mp.mpf(j) for j in range(-20, 21)} | {mp.mpf(place) + s for s in spread + [-s for s in spread]}
    inside = sorted(x for x in points | {mp.mpf(place)} if -20 <= x <= 20)
    return mp.quad(lambda z: mp.exp(-z * z / 2) * f(z), inside) / mp.sqrt(2 * mp.pi)
