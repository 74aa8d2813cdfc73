"""The judge of `fuzz` for Franz-Parisi potentials: the published equations in what stays small at small distances.

``e = 1 - q``, ``gam`` the variance that a copy has of its own, ``sigma = s - qt t``; with ``E0 = 4 d (1-d) = 1 - t^2``

    e = E0 - gam - sigma^2/(qt (1-qt)),   q - A = gam + sigma^2/(qt (1-qt)^2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, expit, log1p, log_ndtr, ndtr, xlogy

from benchmarks._second_rows import line, newton, normal, rows


@dataclass(frozen=True)
class Count:
    """Patterns below a margin cost ``beta``; at ``beta = inf`` there are none."""

    margin: float
    beta: float = np.inf

    def log(self, a: np.ndarray) -> np.ndarray:
        """``ln Z`` where the margin lies ``a`` deviations above the field."""
        c = np.exp(-self.beta)
        return log_ndtr(-a) if c == 0 else np.log(c + (1.0 - c) * ndtr(-a))

    def slope(self, a: np.ndarray) -> np.ndarray:
        """Minus its derivative in ``a``."""
        c = np.exp(-self.beta)
        if c == 0:
            return np.sqrt(2.0 / np.pi) / erfcx(np.maximum(a, -38.0) / np.sqrt(2.0))
        return (1.0 - c) * normal(a) / (c + (1.0 - c) * ndtr(-a))

    def errors(self, a: np.ndarray, e: float) -> np.ndarray:
        """Chance of a stability below 0, where fields scatter by ``e``."""
        c, zero = np.exp(-self.beta), a - self.margin / np.sqrt(e)
        if self.margin > 0:
            return c * ndtr(zero) * np.exp(-self.log(a)) if c > 0 else np.zeros_like(a)
        below = c * ndtr(a) * np.exp(-self.log(a)) if c > 0 else 0.0
        return below + np.exp(log_ndtr(-a) - self.log(a)) - np.exp(log_ndtr(-zero) - self.log(a))


@dataclass(frozen=True)
class Typical:
    """Copies about a typical solution with overlap ``qt`` (conjugate ``qh``) of a constraint of its own."""

    alpha: float
    probe: Count
    reference: Count
    qt: float
    qh: float

    def patterns(self, d: float, e: float, gam: float, sigma: float, fine: int) -> dict[str, float]:
        """Averages over patterns of ln Z, g^2, g~ g, errors, and the derivative in t."""
        qt, rest, t = self.qt, 1.0 - self.qt, 1.0 - 2.0 * d
        s, gap = qt * t + sigma, t * rest - sigma  # overlaps with another reference; t - s
        v = gam + gap**2 / rest
        rho = gap / np.sqrt(rest * v)
        own = np.sqrt(gam / v)  # sqrt(1 - rho^2)
        x, w = line(
            [self.reference.margin / np.sqrt(qt), self.probe.margin * np.sqrt(qt) / s], [np.sqrt(rest / qt)] * 2, fine
        )
        u0 = (self.reference.margin - np.sqrt(qt) * x) / np.sqrt(rest)
        mean = s * x / np.sqrt(qt)
        places = np.stack([u0 / rho, (self.probe.margin - mean) / np.sqrt(v)], axis=1)
        y, weight = rows(
            -9.0 + np.minimum(0.0, rho * u0),
            np.maximum(9.0, rho * u0 + 9.0),
            places,
            [own / abs(rho), np.sqrt(e / v)],
            fine,
        )
        given = self.reference.log((u0[:, None] - rho * y) / own) - self.reference.log(u0)[:, None]
        weight = weight * np.exp(given - 0.5 * y * y) / np.sqrt(2.0 * np.pi) * w[:, None]
        a = (self.probe.margin - mean[:, None] - np.sqrt(v) * y) / np.sqrt(e)
        g, old = self.probe.slope(a) / np.sqrt(e), self.reference.slope(u0) / np.sqrt(rest)
        z, more = line([], [], fine)
        at = mean[:, None] + gap / np.sqrt(rest) * u0[:, None] + np.sqrt(gam) * z
        pull = (self.probe.slope((self.probe.margin - at) / np.sqrt(e)) / np.sqrt(e)) @ more
        return {
            "log": float((weight * self.probe.log(a)).sum()),
            "square": float((weight * g * g).sum()),
            "cross": float((weight * g * old[:, None]).sum()),
            "errors": float((weight * self.probe.errors(a, e)).sum()),
            "pull": float((w * old * pull).sum()),
            "mass": float(weight.sum()),
        }

    def sphere(self, d: float, start: dict[str, float], fine: int) -> dict[str, float]:
        qt, rest, whole, t = self.qt, 1.0 - self.qt, 4.0 * d * (1.0 - d), 1.0 - 2.0 * d

        def parts(x: np.ndarray) -> tuple[float, float, float, dict[str, float]]:
            gam, sigma = float(x[0]) * whole, float(x[1]) * whole
            e = whole - gam - sigma**2 / (qt * rest)
            return e, gam, sigma, self.patterns(d, e, gam, sigma, fine)

        def system(x: np.ndarray) -> np.ndarray:
            e, gam, sigma, a = parts(x)
            first = gam + sigma**2 / (qt * rest**2) - e * e * self.alpha * a["square"]
            return np.array([first, sigma / rest**2 - e * self.alpha * a["cross"]]) / whole

        sigma = start["s"] - qt * t
        gam = max(whole - (1.0 - start["q"]) - sigma**2 / (qt * rest), 1e-12 * whole)
        x = newton(system, np.array([gam, sigma]) / whole)
        e, gam, sigma, a = parts(x)
        value = 0.5 * (np.log(e) + (gam + sigma**2 / (qt * rest**2)) / e) + self.alpha * a["log"]
        slope = -2.0 * (-(t + qt * sigma / rest**2) / e + self.alpha * a["pull"])
        return {"free_entropy": value, "q": 1.0 - e, "s": qt * t + sigma, "slope": slope, "training_error": a["errors"]}

    def binary(self, d: float, start: dict[str, float], fine: int) -> dict[str, float]:
        qt, rest, whole = self.qt, 1.0 - self.qt, 4.0 * d * (1.0 - d)
        root = np.sqrt(self.qh)
        x, w = line([0.0], [1.0 / root], fine)
        old = root * x
        w = w * 2.0 * expit(2.0 * old)

        def weights(p: np.ndarray) -> dict[str, float]:
            qh, sh, th = p
            var = max(qh - sh * sh / self.qh, 0.0)
            mean = sh * x / root + th - sh
            z, more = rows(
                np.full(x.size, -9.0),
                9.0,
                (-mean / np.sqrt(max(var, 1e-300)))[:, None],
                1.0 / np.sqrt(max(var, 1e-300)),
                fine,
            )
            weight = w[:, None] * more * normal(z)
            field = mean[:, None] + np.sqrt(var) * z
            wrong = expit(-2.0 * field)
            left = {"d": wrong, "e": 4.0 * wrong * (1.0 - wrong), "cross": 2.0 * wrong * np.tanh(old)[:, None]}
            left["log"] = np.where(field > 0, log1p(np.exp(-2.0 * np.abs(field))), 0.0) + np.where(
                field > 0, 0.0, -2.0 * field + log1p(np.exp(-2.0 * np.abs(field)))
            )
            return {name: float((weight * value).sum()) for name, value in left.items()}

        def both(p: np.ndarray) -> tuple[dict[str, float], dict[str, float], float]:
            s = weights(p)
            sigma = 2.0 * d * qt - s["cross"]
            gam = 4.0 * s["d"] * (1.0 - s["d"]) - s["e"] - sigma**2 / (qt * rest)
            return s, self.patterns(d, s["e"], max(gam, 1e-14 * whole), sigma, fine), sigma

        def system(p: np.ndarray) -> np.ndarray:
            s, a, _ = both(p)
            return np.array(
                [self.alpha * a["square"] / p[0] - 1.0, (self.alpha * a["cross"] - p[1]) / p[0], np.log(s["d"] / d)]
            )

        p = newton(system, np.array([start["q_hat"], start["s_hat"], start["t_hat"]]))
        s, a, sigma = both(p)
        value = -0.5 * p[0] * s["e"] + 2.0 * d * p[2] + p[1] * (sigma - 2.0 * d * qt) + s["log"] + self.alpha * a["log"]
        slope = -2.0 * (-p[2] + self.alpha * a["pull"])
        return {
            "free_entropy": value,
            "q": 1.0 - s["e"],
            "s": qt * (1.0 - 2.0 * d) + sigma,
            "slope": slope,
            "training_error": a["errors"],
        }


@dataclass(frozen=True)
class Planted:
    """Copies at a distance from the teacher itself, whose labels have no noise."""

    alpha: float
    probe: Count

    def patterns(self, d: float, e: float, gam: float, fine: int) -> dict[str, float]:
        t = 1.0 - 2.0 * d
        kappa = self.probe.margin
        u, w = rows(0.0, 9.0, np.array([[0.0, kappa / t]]), np.sqrt(e + gam) / abs(t), fine, 12)
        u, w = u[0], 2.0 * w[0] * normal(u[0])
        y, weight = rows(np.full(u.size, -9.0), 9.0, ((kappa - t * u) / np.sqrt(gam))[:, None], np.sqrt(e / gam), fine)
        weight = weight * normal(y) * w[:, None]
        a = (kappa - t * u[:, None] - np.sqrt(gam) * y) / np.sqrt(e)
        g = self.probe.slope(a) / np.sqrt(e)
        means = {"log": self.probe.log(a), "square": g * g, "errors": self.probe.errors(a, e)}
        return {name: float((weight * value).sum()) for name, value in means.items()}

    def sphere(self, d: float, start: dict[str, float], fine: int) -> dict[str, float]:
        whole = 4.0 * d * (1.0 - d)

        def system(x: np.ndarray) -> np.ndarray:
            gam, e = float(x[0]) * whole, (1.0 - float(x[0])) * whole
            return np.array([gam / (e * e * self.alpha * self.patterns(d, e, gam, fine)["square"]) - 1.0])

        x = newton(system, np.array([min(max(1.0 - (1.0 - start["q"]) / whole, 1e-10), 1.0 - 1e-6)]))
        gam, e = float(x[0]) * whole, (1.0 - float(x[0])) * whole
        a = self.patterns(d, e, gam, fine)
        return {
            "free_entropy": 0.5 * (np.log(e) + gam / e) + self.alpha * a["log"],
            "q": 1.0 - e,
            "training_error": a["errors"],
        }

    def binary(self, d: float, start: dict[str, float], fine: int) -> dict[str, float]:
        def both(p: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
            qh, th = p
            z, w = line([-th / np.sqrt(qh)], [1.0 / np.sqrt(qh)], fine)
            field = th + np.sqrt(qh) * z
            wrong = expit(-2.0 * field)
            log = np.maximum(-2.0 * field, 0.0) + log1p(np.exp(-2.0 * np.abs(field)))
            s = {"d": w @ wrong, "e": w @ (4.0 * wrong * (1.0 - wrong)), "log": w @ log}
            gam = max(4.0 * s["d"] * (1.0 - s["d"]) - s["e"], 1e-14 * d)
            return s, self.patterns(d, s["e"], gam, fine)

        def system(p: np.ndarray) -> np.ndarray:
            s, a = both(p)
            return np.array([self.alpha * a["square"] / p[0] - 1.0, np.log(s["d"] / d)])

        p = newton(system, np.array([start["q_hat"], start["t_hat"]]))
        s, a = both(p)
        value = -0.5 * p[0] * s["e"] + 2.0 * d * p[1] + s["log"] + self.alpha * a["log"]
        return {"free_entropy": value, "q": 1.0 - s["e"], "training_error": a["errors"]}


def pairs(
    alpha: float,
    d: float,
    allowed: tuple[float, float],
    reference: tuple[float, float],
    binary: bool,
    fine: int = 1,
) -> float:
    """First moment of pairs at a distance over that of references, for intervals that are allowed."""
    t, root = 1.0 - 2.0 * d, np.sqrt(4.0 * d * (1.0 - d))
    low, high = max(reference[0], -12.0), min(reference[1], 12.0)
    ends = [b / t if t else 0.0 for b in allowed if np.isfinite(b)]
    x, w = rows(low, high, np.array([ends]), root / max(abs(t), 1e-3), fine)
    outside = ndtr((allowed[0] - t * x) / root) + ndtr((t * x - allowed[1]) / root)
    inside = ndtr((t * x - allowed[0]) / root)
    if np.isfinite(allowed[1]):
        inside = ndtr((allowed[1] - t * x) / root) - ndtr((allowed[0] - t * x) / root)
    weight = w * normal(x)
    lost = float((weight * outside).sum() / weight.sum())
    kept = np.log1p(-lost) if lost < 0.5 else np.log((weight * inside).sum() / weight.sum())
    room = -xlogy(d, d) - (1.0 - d) * log1p(-d) if binary else 0.5 * np.log(4.0 * d * (1.0 - d))
    return float(room + alpha * kept)
