"""Equations of penalised vectors on structured inputs in 40-digit arithmetic, written from the formulas alone: the
truth of `structured`. No part of the packages.

The cost is strictly convex, so its saddle point is one: a point where Newton's steps vanish is the solution. Averages
are taken over the moved field (no proximal map is solved), on panels that are graded around every scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, ctx
from scipy.optimize import brentq
from scipy.special import expit

BITS = 140
FAR = 10.0  # deviations of a field
NODES = 18
STEP = 2.0**-50  # relative, of the differences of the Jacobian
ROUNDS = 40
CLOSE = 1e-18  # steps of Newton, relative, that end it


@dataclass(frozen=True)
class Setting:
    """One point: arrays of the spectrum, the cost and plain numbers."""

    loss: str
    teacher: str
    omega: np.ndarray
    t: np.ndarray
    rho: float
    noise: float
    alpha: float
    penalty: float


def point(x: float) -> arb:
    return arb(float(x))


def middle(x: arb) -> arb:
    return x.mid()


def legendre() -> list[tuple[arb, arb]]:
    """Nodes and weights on [-1, 1] to the working digits."""
    ctx.prec = BITS
    pairs = [arb.legendre_p_root(NODES, k, weight=True) for k in range(NODES)]
    return [(middle(x), middle(w)) for x, w in pairs]


def edges(marks: list[float], scales: list[float], low: float, high: float) -> list[float]:
    """Ends of panels: geometric ladders around every mark from the least of its scales on."""
    found = {low, high}
    for mark in marks:
        step, top = 0.25 * min(scales), 2.0 * (high - low)
        while step < top:
            found |= {mark - step, mark + step}
            step *= 2.0
        found.add(mark)
    kept = sorted(x for x in found if low <= x <= high)
    return [x for i, x in enumerate(kept) if i == 0 or x > kept[i - 1]]


def phi(u: arb) -> arb:
    return (-(u / arb(2).sqrt())).erfc() / 2


def moved_ends(v: float, far: float) -> tuple[float, float]:
    """Where fields of -far and far are moved to: ``h = x + v/(1 + e^h)``."""

    def moved(x: float) -> float:
        return float(brentq(lambda h: h - x - v * expit(-h), x - 1.0, x + v + 1.0))

    return moved(-far), moved(far)


class Truth:
    """Residual of (ln V, ln q, m/sqrt(q rho)) and what follows from them."""

    def __init__(self, setting: Setting) -> None:
        self.s, self.rule = setting, legendre()
        self.omega = [point(x) for x in setting.omega]
        self.t = [point(x) for x in setting.t]
        self.alpha, self.penalty = point(setting.alpha), point(setting.penalty)
        explained = sum((t / w for w, t in zip(self.omega, self.t, strict=True) if w != 0), arb(0)) / len(self.omega)
        rho = point(setting.rho)
        whole = abs(float(rho - explained)) < 1e-13 * setting.rho  # given as all that is explained, but for rounding
        self.tau, self.pi = middle(explained if whole else rho) + point(setting.noise), arb.pi()

    def sums(self, stiff: arb) -> list[arb]:
        """``<omega/D>``, ``<t/D>``, ``<omega t/D^2>``, ``<omega^2/D^2>``, ``<t/D^2>``, ``<omega/D^2>``."""
        found = [arb(0)] * 6
        for w, t in zip(self.omega, self.t, strict=True):
            d = self.penalty + stiff * w
            if d == 0:
                continue
            x, y = w / d, t / d
            for i, term in enumerate((x, y, x * y, x * x, y / d, x / d)):
                found[i] = middle(found[i] + term)
        return [x / len(self.omega) for x in found]

    def pieces(self, V: arb, deviation: float, narrow: float) -> list[tuple[arb, arb, Any]]:
        """Panels of the variable of integration, with ``(field, Jacobian, g, bend, loss, moved)`` of a place."""
        v, far = float(V), FAR * deviation
        if self.s.loss == "hinge":
            inner = [max(-far, min(far, x)) for x in (-far, 1.0 - v, 1.0, far)]
            exact = [1 - V if x == 1.0 - v else point(x) for x in inner]
            shapes = (
                lambda x: (x, arb(1), arb(1), arb(0), 1 - x - V, x + V),
                lambda x: (x, arb(1), (1 - x) / V, 1 / V, arb(0), arb(1)),
                lambda x: (x, arb(1), arb(0), arb(0), arb(0), x),
            )
            parts = list(zip(inner, inner[1:], exact, exact[1:], shapes, strict=False))
            marks, scales = [0.0, 1.0, 1.0 - v, -v], [deviation, narrow]
        else:

            def moved(h: arb) -> tuple[arb, ...]:
                down = h.exp()
                g = 1 / (1 + down)
                bend = g * (1 - g)
                return h - V * g, 1 + V * bend, g, bend / (1 + V * bend), -(1 - g).log(), h

            low, high = moved_ends(v, far)
            parts = [(low, high, point(low), point(high), moved)]
            marks, scales = [0.0, moved_ends(v, 0.0)[0]], [min(1.0, deviation / (1.0 + v)), narrow / (1.0 + v)]
        cuts = []
        for a, b, first, last, shape in parts:
            if b > a:
                ends = [first, *(point(x) for x in edges(marks, scales, a, b)[1:-1]), last]
                cuts += [(x, y, shape) for x, y in zip(ends, ends[1:], strict=False)]
        return cuts

    def average(self, V: arb, q: arb, m: arb) -> dict[str, arb]:
        """Averages over patterns of ``g``, its square and slope, loss and errors."""
        rest = q - m * m / self.tau
        eta = m / (q * (self.tau * q - m * m)).sqrt()
        root = rest.sqrt()
        deviation = float(q.sqrt())
        narrow = min(float(1 / abs(eta)), float(root), deviation) if m != 0 else deviation
        found = dict.fromkeys(("square", "pull", "loss", "wrong", "score"), arb(0))
        for a, b, shape in self.pieces(V, deviation, narrow):
            c, r = (a + b) / 2, (b - a) / 2
            for node, weight in self.rule:
                h = c + r * node
                x, jacobian, g, bend, loss, seen = shape(h)
                if abs(float(x)) > 2 * FAR * deviation:
                    continue
                base = r * weight * jacobian / (2 * self.pi).sqrt()
                mass = base * (-x * x / (2 * q)).exp() / q.sqrt() * 2 * phi(eta * x)
                for name, value in (("square", g * g), ("pull", bend), ("loss", loss)):
                    found[name] = middle(found[name] + mass * value)
                found["score"] = middle(found["score"] + base * (-x * x / (2 * rest)).exp() / root * g)
                if seen < 0:
                    found["wrong"] = middle(found["wrong"] + mass)
        return found

    def hats(self, V: arb, q: arb, m: arb) -> tuple[arb, arb, arb, dict[str, arb]]:
        """``Vh, qh, mh`` and the averages."""
        a, tau = self.alpha, self.tau
        slope = (2 / (self.pi * tau)).sqrt()
        if self.s.loss == "square":
            one = 1 + V
            if self.s.teacher == "linear":
                left = (tau + q - 2 * m) / one**2
                return a / one, a * left, a / one, {"loss": left / 2}
            left = (1 + q - 2 * m * slope) / one**2
            return a / one, a * left, a * slope / one, {"loss": left / 2}
        found = self.average(V, q, m)
        return a * found["pull"], a * found["square"], a * slope * found["score"], found

    def residual(self, u: list[arb]) -> tuple[list[arb], dict[str, arb]]:
        V, q = u[0].exp(), u[1].exp()
        m = u[2] * (q * self.tau).sqrt()
        stiff, force, pull, found = self.hats(V, q, m)
        s = self.sums(stiff)
        spread = pull * pull * s[2] + force * s[3]
        seen = {"V": V, "q": q, "m": m, "norm": pull * pull * s[4] + force * s[5], "energy": self.alpha * found["loss"]}
        if "wrong" in found:
            seen["training_error"] = found["wrong"]
        if self.s.teacher == "linear":
            seen["generalization_error"] = self.tau + q - 2 * m
        else:
            seen["generalization_error"] = (m / (q * self.tau).sqrt()).acos() / self.pi
        rows = [s[0].log() - u[0], spread.log() - u[1], pull * s[1] / (spread * self.tau).sqrt() - u[2]]
        return [middle(x) for x in rows], seen

    def solve(self, V: float, q: float, m: float) -> dict[str, float] | None:
        """Newton from a float point; None where its steps do not vanish."""
        ctx.prec = BITS
        tau = float(self.tau)
        u = [point(V).log(), point(q).log(), point(m / np.sqrt(q * tau))]
        u = [middle(x) for x in u]
        columns: list[list[arb]] = []
        before = np.inf
        for _ in range(ROUNDS):
            rows, _ = self.residual(u)
            if not all(x.is_finite() for x in rows):
                return None
            columns = columns or self.slopes(u, rows)
            step = solved(columns, rows)
            if step is None:
                return None
            u = [middle(x - y) for x, y in zip(u, step, strict=True)]
            moved = max(abs(float(x)) for x in step)
            if moved < CLOSE:
                return {name: float(value) for name, value in self.residual(u)[1].items()}
            if not moved < 5.0:
                return None
            columns, before = ([] if moved > 0.01 * before else columns), moved
        return None

    def slopes(self, u: list[arb], rows: list[arb]) -> list[list[arb]]:
        """Columns of the Jacobian by differences."""
        columns = []
        for i in range(3):
            step = arb(STEP) * (1 if i < 2 else max(abs(float(u[2])), 1e-30))
            moved = [middle(x + step) if i == j else x for j, x in enumerate(u)]
            columns.append([(a - b) / step for a, b in zip(self.residual(moved)[0], rows, strict=True)])
        return columns


def solved(columns: list[list[arb]], rows: list[arb]) -> list[arb] | None:
    """Steps of Newton, by elimination with pivots on midpoints."""
    a = [[middle(columns[j][i]) for j in range(3)] + [rows[i]] for i in range(3)]
    for i in range(3):
        best = max(range(i, 3), key=lambda k: abs(float(a[k][i])))
        a[i], a[best] = a[best], a[i]
        if a[i][i] == 0:
            return None
        for k in range(3):
            if k != i:
                factor = middle(a[k][i] / a[i][i])
                a[k] = [middle(x - factor * y) for x, y in zip(a[k], a[i], strict=True)]
    return [middle(a[i][3] / a[i][i]) for i in range(3)]
