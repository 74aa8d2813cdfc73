"""The branch from alpha = 0 in plain numpy and scipy: is there a solution, and which is the first?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.optimize import brentq, root
from scipy.special import erfcx, log_ndtr

from benchmarks._truth import Point, pattern_features

LOW, HIGH = -28.0, 46.0
_RULE = leggauss(16)


def panels(features: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights of ``int Dz`` on panels that grow away from every feature."""
    edges = {-13.0, 13.0, *np.arange(-12.0, 13.0)}
    for place, width in features:
        if abs(place) < 13 and width < 4:
            steps = width * 1.7 ** np.arange(math.ceil(math.log(26.0 / width) / math.log(1.7)) + 1)
            edges |= {place, *(place + steps), *(place - steps)}
    ends = np.array(sorted(e for e in edges if -13.0 <= e <= 13.0))
    middle, half = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
    z = (middle[:, None] + half[:, None] * _RULE[0]).ravel()
    return z, (half[:, None] * _RULE[1]).ravel() * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def hazard(x: np.ndarray) -> np.ndarray:
    """g/H."""
    with np.errstate(over="ignore"):
        return math.sqrt(2 / math.pi) / erfcx(x / math.sqrt(2))


def slopes(point: Point, field: np.ndarray, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative of ``ln Z`` in the field."""
    spread, kappa = math.sqrt(variance), point.kappa
    x = (kappa - field) / spread
    if point.loss == "margin":
        g = hazard(x)
        return g / spread, -g * (g - x) / variance
    if point.loss == "error-count":
        log_kept = math.log(-math.expm1(-point.beta)) + log_ndtr(-x)
        g = hazard(x) * np.exp(log_kept - np.logaddexp(-point.beta, log_kept))
        return g / spread, -g * (g - x) / variance
    if point.loss == "band":
        h = np.abs(field)
        a, b = (h - kappa) / spread, (h + kappa) / spread  # field reflected to where both tails are small
        ratio = np.exp(log_ndtr(-b) - log_ndtr(-a))
        low, high = hazard(a) / (1 - ratio), hazard(b) * ratio / (1 - ratio)
        first = (high - low) / spread
        return np.sign(field) * first, (a * low - b * high) / variance - first**2
    y = (kappa + field) / spread
    total = np.logaddexp(log_ndtr(-x), log_ndtr(-y))
    right, left = hazard(x) * np.exp(log_ndtr(-x) - total), hazard(y) * np.exp(log_ndtr(-y) - total)
    first = (right - left) / spread
    return first, (x * right + y * left) / variance - first**2


def overlaps(point: Point, q_hat: float, curvature: float, m_hat: float) -> tuple[float, float, float, float]:
    """``q, V, m, q - m^2`` at given conjugates."""
    if point.weights in ("spherical", "gaussian"):
        rest = 1 / (point.beta + curvature)
        if point.weights == "spherical":
            rest = 2 / (1 + math.sqrt(1 + 4 * (q_hat + m_hat**2)))
        return (q_hat + m_hat**2) * rest**2, rest, m_hat * rest, q_hat * rest**2
    taught, ternary = point.labels == "teacher", point.weights == "ternary"
    atoms = [(1.0, 1.0)] if not (taught and ternary) else [(0.0, 1 / 3), (math.sqrt(1.5), 2 / 3)]
    scale, means, found = math.sqrt(q_hat), [], np.zeros(3)
    for atom, chance in atoms:
        places = (-curvature / 2, 0.0, curvature / 2) if ternary else (0.0,)
        z, weight = panels([((p - m_hat * atom) / scale, 1 / scale) for p in places])
        field = m_hat * atom + scale * z
        letters = np.array([-1.0, 0.0, 1.0]) if ternary else np.array([-1.0, 1.0])
        exponent = letters[:, None] * field - curvature / 2 * letters[:, None] ** 2
        mass = np.exp(exponent - exponent.max(axis=0))
        mass /= mass.sum(axis=0)
        mean = letters @ mass
        spread = (mass * (letters[:, None] - mean) ** 2).sum(axis=0)
        found += chance * np.array([weight @ mean**2, weight @ spread, atom * (weight @ mean)])
        means.append((chance, atom, weight, mean))
    q, rest, m = found
    m = m if taught else 0.0
    return q, rest, m, sum(c * (w @ (mean - m * atom) ** 2) for c, atom, w, mean in means)


def ratios(point: Point, values: dict[str, float]) -> dict[str, float]:
    """What alpha multiplies to give back each conjugate."""
    q, rest, m, across = overlaps(
        point, values["q_hat"], values.get("curvature", 0.0), values.get("m_hat", 0.0)
    )
    z, weight = panels(pattern_features(point, q, rest, m))
    first, second = slopes(point, math.sqrt(q) * z, rest)
    if point.labels != "teacher":
        return {"q_hat": weight @ first**2, "curvature": -(weight @ second)}
    slope = m / math.sqrt(across)
    density = 2 * np.exp(log_ndtr(slope * z))
    score = 2 * np.exp(-((slope * z) ** 2) / 2) / math.sqrt(2 * math.pi) * math.sqrt(q / across)
    return {
        "q_hat": weight @ (density * first**2),
        "curvature": -(weight @ (density * second)),
        "m_hat": weight @ (first * score),
    }


class Branch:
    """The branch on a grid of its held conjugate (the teacher's where there is one)."""

    def __init__(self, point: Point, step: float = 0.5) -> None:
        self.point, self.step = point, step
        self.held = "m_hat" if point.labels == "teacher" else "q_hat"
        self.others = [name for name in point.unknowns if name != self.held]
        self.theta: list[float] = []
        self.alpha: list[float] = []
        self.rest: list[np.ndarray] = []
        for theta in np.arange(LOW, HIGH, step):
            found = self.at(float(theta), self._guess(float(theta)))
            if found is None:
                break
            self.theta.append(float(theta))
            self.alpha.append(found[1])
            self.rest.append(found[0])

    def values(self, theta: float, rest: np.ndarray) -> dict[str, float]:
        """Conjugates: others are in units of the held one (curvature) or logarithms against it (q_hat)."""
        held = math.exp(theta)
        values = {self.held: held}
        for name, x in zip(self.others, rest, strict=True):
            values[name] = held * math.exp(x) if name == "q_hat" else held * x
        return values

    def _guess(self, theta: float) -> np.ndarray:
        if not self.rest:
            first = ratios(self.point, dict.fromkeys(self.point.unknowns, math.exp(theta)))
            return np.array(
                [
                    math.log(first[n] / first[self.held]) if n == "q_hat" else first[n] / first[self.held]
                    for n in self.others
                ]
            )
        return 2 * self.rest[-1] - self.rest[-2] if len(self.rest) > 1 else self.rest[-1]

    def at(self, theta: float, guess: np.ndarray) -> tuple[np.ndarray, float] | None:
        """The other conjugates and alpha at one held value; None where the equations were not solved."""

        def gaps(rest: np.ndarray) -> Any:
            with np.errstate(all="ignore"):
                found = ratios(self.point, self.values(theta, rest))
                part = {name: found[name] / found[self.held] for name in self.others}
            return [
                math.log(part[n]) - x if n == "q_hat" else part[n] - x
                for n, x in zip(self.others, rest, strict=True)
            ]

        try:
            if self.others:
                solved = root(gaps, guess, tol=1e-10)
                if not np.max(np.abs(solved.fun)) < 1e-7 * (1 + np.max(np.abs(solved.x))):
                    return None
                guess = solved.x
            alpha = math.exp(theta) / ratios(self.point, self.values(theta, guess))[self.held]
        except (ValueError, ZeroDivisionError, OverflowError):
            return None
        return (guess, float(alpha)) if math.isfinite(alpha) and alpha > 0 else None

    @property
    def top(self) -> float:
        return max(self.alpha, default=0.0)

    def first(self) -> dict[str, float] | None:
        """Conjugates of the first solution at the point's load; None where the branch does not reach it."""
        for i in range(1, len(self.theta)):
            if self.alpha[i - 1] <= self.point.alpha < self.alpha[i]:
                ends = self.theta[i - 1], self.theta[i]
                place = (
                    brentq(lambda t, i=i: self._gap(t, i), *ends, xtol=1e-11)
                    if self._gap(ends[0], i) < 0
                    else ends[0]
                )
                return self.values(place, self._between(place, i))
        return None

    def _between(self, theta: float, i: int) -> np.ndarray:
        part = (theta - self.theta[i - 1]) / self.step
        guess = (1 - part) * self.rest[i - 1] + part * self.rest[i]
        found = self.at(theta, guess)
        return guess if found is None else found[0]

    def _gap(self, theta: float, i: int) -> float:
        rest = self._between(theta, i)
        values = self.values(theta, rest)
        return math.log(values[self.held] / ratios(self.point, values)[self.held] / self.point.alpha)


def stable_paramagnet(point: Point) -> bool:
    """Whether ``q = 0`` is a stable solution of an even loss, at some norm of the weights."""
    if point.loss not in ("band", "outside-band"):
        return False

    def at(curvature: float) -> tuple[float, float]:
        """What the curvature is short of, and the replicon."""
        norm = {"ternary": 1 / (1 + math.exp(curvature / 2) / 2), "gaussian": 1 / (point.beta + curvature)}
        variance = norm.get(point.weights, 1.0)
        bend = float(slopes(point, np.zeros(1), variance)[1][0])
        return -point.alpha * bend - curvature, 1 - point.alpha * (bend * variance) ** 2

    if point.weights in ("binary", "spherical"):
        return at(0.0)[1] > 0
    low = -0.999 * point.beta if point.weights == "gaussian" else -60.0
    places = (
        low + np.geomspace(1e-3, 1e6, 2000) if point.weights == "gaussian" else np.linspace(low, 60.0, 2400)
    )
    gaps = np.array([at(float(a))[0] for a in places])
    for i in np.flatnonzero(gaps[:-1] * gaps[1:] <= 0):
        if at(brentq(lambda a: at(a)[0], places[i], places[i + 1], xtol=1e-12))[1] > 0:
            return True
    return False
