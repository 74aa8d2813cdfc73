"""The judge of `fuzz` for local entropies of optimal centres and real replicas: published equations, plain panels.

F(y, t) = -(y/2) qh1 (1-q1) + (y^2/2)(q0 qh0 - q1 qh1) + S_y + alpha E_y - y th t,     S_I = dF/dy (explicit)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log1p, log_ndtr

from benchmarks._second_around import Count
from benchmarks._second_rows import line, newton, normal, rows


def _log_cosh(h: np.ndarray) -> np.ndarray:
    return np.abs(h) + log1p(np.exp(-2.0 * np.abs(h)))


@dataclass(frozen=True)
class Clones:
    """y replicas of a constraint at margin ``kappa`` about a free centre, or with none (``centre=False``)."""

    alpha: float
    probe: Count
    y: float
    centre: bool = True

    def patterns(self, q0: float, gap: float, e: float, fine: int) -> dict[str, float]:
        """``E_y`` and its averages; ``gap = q1 - q0``, ``e = 1 - q1``."""
        y, kappa = self.y, self.probe.margin
        z0, w = line([kappa / np.sqrt(q0)], [np.sqrt((e + gap) / q0)], fine)
        far = (kappa - np.sqrt(q0) * z0)[:, None]
        low, high = np.zeros_like(far), np.maximum(0.0, far / np.sqrt(gap)) + 60.0 + 10.0 * np.sqrt(y)
        for _ in range(70):
            z = 0.5 * (low + high)
            rises = y * np.sqrt(gap / e) * self.probe.slope((far - np.sqrt(gap) * z) / np.sqrt(e)) > z
            low, high = np.where(rises, z, low), np.where(rises, high, z)
        best = 0.5 * (low + high)
        width = 1.0 / np.sqrt(1.0 + y * gap / e)
        edge = far / np.sqrt(gap)
        places = np.concatenate([best, edge], axis=1)
        z, weight = rows(-10.0, best[:, 0] + 10.0, places, [width, np.sqrt(e / gap)], fine)
        a = (far - np.sqrt(gap) * z) / np.sqrt(e)
        log = self.probe.log(a)
        exponent = y * log - 0.5 * z * z
        top = exponent.max(axis=1, keepdims=True)
        weight = weight * np.exp(exponent - top)
        mass = weight.sum(axis=1)
        g = self.probe.slope(a) / np.sqrt(e)
        mean, square = (weight * g).sum(axis=1) / mass, (weight * g * g).sum(axis=1) / mass
        single = (weight * log).sum(axis=1) / mass
        return {
            "E": float(w @ (np.log(mass / np.sqrt(2.0 * np.pi)) + top[:, 0])),
            "mean2": float(w @ mean**2),
            "square": float(w @ square),
            "single": float(w @ single),
        }

    def signs(self, qh0: float, step: float, th: float, fine: int) -> dict[str, float]:
        """``S_y`` and its averages; ``step = qh1 - qh0``."""
        y, s0, s1 = self.y, np.sqrt(qh0), np.sqrt(step)
        z0, w = line([0.0, 0.0], [1.0 / s0, 1.0 / (1.0 + y * s0)], fine)
        pieces = []
        for sign in (1.0, -1.0) if self.centre else (0.0,):
            mean = (s0 * z0 + th * sign)[:, None]
            z, weight = rows(
                np.full(z0.size, -y * s1 - 9.0), y * s1 + 9.0, -mean / s1, 1.0 / s1, fine, 24 + int(2 * y * s1)
            )
            h = mean + s1 * z
            pieces.append((weight, h, _log_cosh(h), z, np.full(h.shape, sign)))
        weight, h, log, z, sign = (np.concatenate(part, axis=1) for part in zip(*pieces, strict=True))
        exponent = y * log - 0.5 * z * z
        top = exponent.max(axis=1, keepdims=True)
        weight = weight * np.exp(exponent - top)
        mass = weight.sum(axis=1)

        def mean_of(x: np.ndarray) -> np.ndarray:
            return (weight * x).sum(axis=1) / mass

        tanh = np.tanh(h)
        away = 2.0 / (1.0 + np.exp(2.0 * sign * h))  # 1 - w T
        return {
            "S": float(w @ (np.log(mass / np.sqrt(2.0 * np.pi)) + top[:, 0])),
            "q0": float(w @ mean_of(tanh) ** 2),
            "e": float(w @ mean_of(1.0 / np.cosh(np.clip(h, -300, 300)) ** 2)),
            "d": float(w @ mean_of(away)) / 2.0,
            "single": float(w @ mean_of(log)),
        }

    def binary(self, d: float, start: dict[str, float], fine: int) -> dict[str, float]:
        y, t = self.y, 1.0 - 2.0 * d

        def both(p: np.ndarray) -> tuple[dict[str, float], dict[str, float], float]:
            s = self.signs(p[0], p[1], p[2] if self.centre else 0.0, fine)
            gap = 1.0 - s["e"] - s["q0"]
            return s, self.patterns(s["q0"], gap, s["e"], fine), gap

        def system(p: np.ndarray) -> np.ndarray:
            s, a, _ = both(p)
            first = self.alpha * a["mean2"] / p[0] - 1.0
            if not self.centre:
                return np.array([first, np.log(s["e"] / (2.0 * d))])
            return np.array([first, self.alpha * (a["square"] - a["mean2"]) / p[1] - 1.0, np.log(s["d"] / d)])

        step = start["q1_hat"] - start["q0_hat"]
        p = newton(system, np.array([start["q0_hat"], step, 0.5 * start["slope"]][: 3 if self.centre else 2]))
        s, a, _ = both(p)
        th, qh1, q1 = p[2] if self.centre else 0.0, p[0] + p[1], 1.0 - s["e"]
        pull = s["q0"] * p[0] - q1 * qh1
        total = -0.5 * y * qh1 * s["e"] + 0.5 * y * y * pull + s["S"] + self.alpha * a["E"] - y * th * t
        inner = -0.5 * qh1 * s["e"] + y * pull - th * t + s["single"] + self.alpha * a["single"]
        found = {"local_entropy": inner, "free_entropy": total / y, "complexity": total - y * inner, "q0": s["q0"]}
        return found | ({"q1": q1, "slope": 2.0 * th} if self.centre else {"q1_hat": qh1})

    def sphere(self, d: float, start: dict[str, float], fine: int) -> dict[str, float]:
        y, t = self.y, 1.0 - 2.0 * d

        def system(x: np.ndarray) -> np.ndarray:
            q0, e = float(x[0]), float(x[1]) if self.centre else 2.0 * d
            gap = 1.0 - e - q0
            c, a = e + y * gap, self.patterns(q0, gap, e, fine)
            first = self.alpha * a["mean2"] * c * c / q0 - 1.0
            if not self.centre:
                return np.array([first])
            big = 1.0 + (y - 1.0) * (1.0 - e)
            beside = (4.0 * y * d * (1.0 - d) - (y - 1.0) * e) / big  # 1 - y t^2/big, whose digits cancel
            left = 0.5 * (-1.0 / e + 1.0 / c - y * q0 / c**2) + 0.5 * (y * t * t / big**2) / beside
            return np.array([first, e * (left + 0.5 * y * self.alpha * a["square"])])

        x = newton(system, np.array([start["q0"], 1.0 - start["q1"]][: 2 if self.centre else 1]))
        q0, e = float(x[0]), float(x[1]) if self.centre else 2.0 * d
        gap = 1.0 - e - q0
        c, a, big = e + y * gap, self.patterns(q0, gap, e, fine), 1.0 + (y - 1.0) * (1.0 - e)
        total = 0.5 * ((y - 1.0) * np.log(e) + np.log(c) + y * q0 / c) + self.alpha * a["E"]
        inner = 0.5 * (np.log(e) + gap / c + q0 / c - y * q0 * gap / c**2) + self.alpha * a["single"]
        found = {"q0": q0}
        if self.centre:
            beside = (4.0 * y * d * (1.0 - d) - (y - 1.0) * e) / big
            total += 0.5 * np.log(beside)
            inner += -0.5 * t * t * e / big**2 / beside
            found |= {"q1": 1.0 - e}
        return found | {"local_entropy": inner, "free_entropy": total / y, "complexity": total - y * inner}


@dataclass(frozen=True)
class Many:
    """The limit of infinitely many replicas about a free centre, on the branch whose field ``th`` is positive."""

    alpha: float
    margin: float

    def patterns(self, q1: float, dq: float, e: float, fine: int) -> dict[str, float]:
        z0, w = line([self.margin / np.sqrt(q1)] * 2, [np.sqrt(e / q1), np.sqrt((e + dq) / q1)], fine)
        target, weight = (self.margin - np.sqrt(q1) * z0) / np.sqrt(e), dq / e
        low, high = np.minimum(target, -40.0) - 1.0, target
        low = np.minimum(low, (target - 1.0) / (1.0 + weight) - 1.0)
        probe = Count(0.0)
        for _ in range(200):
            a = 0.5 * (low + high)
            above = a + weight * probe.slope(a) > target
            low, high = np.where(above, low, a), np.where(above, a, high)
        a = 0.5 * (low + high)
        m = probe.slope(a)
        g = m / np.sqrt(e)
        bend = -m * (m - a) / e
        return {
            "square": float(w @ g**2),
            "bend": float(w @ (dq * bend**2 / (1.0 - dq * bend))),
            "log": float(w @ (-0.5 * dq * g**2 + log_ndtr(-a))),
        }

    def signs(self, qh: float, step: float, th: float, fine: int) -> dict[str, float]:
        scale = np.sqrt(qh)
        z, w = rows(0.0, 9.0, np.array([[0.0, 0.0]]), [1.0 / scale, max(th, 1e-6) / scale], fine)
        z, w = z[0], 2.0 * w[0] * normal(z[0])
        outer = scale * z + th
        low, high = np.where(outer > 0, outer, 0.0), np.maximum(outer, 0.0) + step
        for _ in range(200):
            h = 0.5 * (low + high)
            above = h - step * np.tanh(h) > outer
            low, high = np.where(above, low, h), np.where(above, h, high)
        h = 0.5 * (low + high)
        away, tanh = 2.0 / (1.0 + np.exp(2.0 * h)), np.tanh(h)
        value = -0.5 * step * tanh**2 + _log_cosh(h)
        return {
            "e": float(w @ (1.0 / np.cosh(h) ** 2)),
            "d": float(w @ away) / 2.0,
            "lean": float(w @ (z * tanh)),
            "log": float(w @ value),
        }

    def binary(self, d: float, start: dict[str, float], fine: int) -> dict[str, float]:
        def both(p: np.ndarray) -> tuple[dict[str, float], dict[str, float], float]:
            s = self.signs(p[0], p[1], p[2], fine)
            dq = s["lean"] / np.sqrt(p[0]) - s["e"]
            return s, self.patterns(1.0 - s["e"], dq, s["e"], fine), dq

        def system(p: np.ndarray) -> np.ndarray:
            s, a, _ = both(p)
            return np.array(
                [self.alpha * a["square"] / p[0] - 1.0, self.alpha * a["bend"] / p[1] - 1.0, np.log(s["d"] / d)]
            )

        steps = np.geomspace(1e-12, 1e3, 61)  # no step is reported: the smallest that has the distance
        seen = [self.signs(start["q1_hat"], s, 0.5 * start["slope"], 1)["d"] < d for s in steps]
        first = steps[int(np.argmax(seen))]
        for _ in range(2):
            near = np.geomspace(first / 2.0, 1.01 * first, 21)
            seen = [self.signs(start["q1_hat"], s, 0.5 * start["slope"], 1)["d"] < d for s in near]
            first = near[int(np.argmax(seen))]
        p = newton(system, np.array([start["q1_hat"], first, 0.5 * start["slope"]]), steps=10)
        s, a, dq = both(p)
        q1 = 1.0 - s["e"]
        value = (
            -0.5 * p[0] * s["e"]
            - 0.5 * (q1 * p[1] + p[0] * dq)
            - p[2] * (1.0 - 2.0 * d)
            + s["log"]
            + self.alpha * a["log"]
        )
        return {"local_entropy": value, "q1": q1, "slope": 2.0 * p[2]}

    def sphere(self, d: float, start: dict[str, float], fine: int) -> dict[str, float]:
        t2 = (1.0 - 2.0 * d) ** 2
        e = 4.0 * d * (1.0 - d)

        def system(x: np.ndarray) -> np.ndarray:
            dq = float(np.exp(x[0]))
            return np.array([np.log(self.alpha * self.patterns(t2, dq, e, fine)["square"] * (e + dq) ** 2 / t2)])

        grid = np.linspace(np.log(e) - 16.0, np.log(e) + 25.0, 83)
        values = np.array([system(np.array([x]))[0] for x in grid])
        best = -np.inf
        for i in np.flatnonzero(values[:-1] * values[1:] < 0):  # the value is an extremum over dq: a minimum
            low, high = grid[i], grid[i + 1]
            for _ in range(60):
                middle = 0.5 * (low + high)
                same = system(np.array([middle]))[0] * values[i] > 0
                low, high = (middle, high) if same else (low, middle)
            dq = float(np.exp(0.5 * (low + high)))
            value = 0.5 * (np.log(e) + t2 / (e + dq)) + self.alpha * self.patterns(t2, dq, e, fine)["log"]
            best = max(best, value)
        return {"local_entropy": best}
