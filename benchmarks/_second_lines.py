"""The judge of `fuzz` for thresholds: steps of its own from the reported place to where its own condition holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import ndtr

from benchmarks import _second, _second_erm
from benchmarks._second import Setting
from benchmarks._second_erm import Fit
from benchmarks._second_local import Cost
from benchmarks._second_rows import newton


def constraint(place: float) -> Cost:
    return Cost(lambda u: np.where(u < place, 1.0, 0.0), (place,), True)


def counted(place: float) -> Cost:
    return Cost(lambda u: np.where(u < place, 1.0, 0.0), (place,))


def secant(condition: Callable[[float], float], place: float, step: float = 1e-4) -> float:
    """A zero near a place: a step of Newton with a wide slope, and one more from there."""
    for _ in range(2):
        up, down, here = condition(place * (1 + step)), condition(place * (1 - step)), condition(place)
        place -= here / ((up - down) / (2.0 * step * place))
    return place


def largest_margin(setting: Setting, kappa: float, start: dict[str, float], fine: int) -> float:
    """Where the entropy of counted weights vanishes, from the margin that was found."""
    for _ in range(2):
        part = replace(setting, cost=constraint(kappa))
        found = _second.solve(part, start, fine=fine)
        s = {name: found[name] for name in ("q", "V", "m", "Q")}
        step = 1e-5 * np.sqrt(s["Q"])
        up, down = (_second.pattern(replace(setting, cost=constraint(kappa + x)), s, fine)[0] for x in (step, -step))
        kappa -= found["free_entropy"] / (setting.alpha * (up - down) / (2.0 * step))
        start = {name: found[name] for name in part.names}
    return kappa


def sphere_margin(alpha: float, kappa: float) -> float:
    """Of the sphere, from ``alpha E[(t + kappa)_+^2] = 1``."""
    for _ in range(60):
        density = np.exp(-0.5 * kappa * kappa) / np.sqrt(2.0 * np.pi)
        value = (1.0 + kappa * kappa) * ndtr(kappa) + kappa * density
        kappa -= (value - 1.0 / alpha) / (2.0 * (kappa * ndtr(kappa) + density))
    return float(kappa)


def cluster_margin(
    alpha: float, noise: float, balance: float, start: tuple[float, float, float], learned: bool
) -> float:
    """Of the sphere on two clusters: ``alpha E Phi2 = noise (1 - R^2)``, least over R and the bias."""
    root = np.sqrt(noise)

    def system(x: np.ndarray) -> np.ndarray:
        r, bias, kappa = (x[0], x[1], x[2]) if learned else (x[0], start[1], x[1])
        one, two, tilt = 0.0, 0.0, 0.0
        for chance, sign in ((balance, 1.0), (1.0 - balance, -1.0)):
            a = kappa - r - sign * bias
            density = np.exp(-0.5 * (a / root) ** 2) / np.sqrt(2.0 * np.pi)
            first = a * ndtr(a / root) + root * density
            one, two = one + chance * first, two + chance * ((a * a + noise) * ndtr(a / root) + a * root * density)
            tilt += chance * sign * first
        rows = [alpha * two / (noise * (1.0 - r * r)) - 1.0, r * two - (1.0 - r * r) * one]
        return np.array([*rows, tilt] if learned else rows)

    found = newton(system, np.array(start if learned else (start[0], start[2])), steps=12)
    return float(found[-1])


def unstable_load(setting: Setting, load: float, start: dict[str, float], fine: int) -> float:
    """Where the replicon is 1, along the branch."""

    def condition(alpha: float) -> float:
        return _second.solve(replace(setting, alpha=alpha), start, steps=6, fine=fine)["stability"]

    return secant(condition, load)


def frozen_beta(setting: Setting, beta: float, start: dict[str, float], fine: int) -> float:
    """Where the entropy vanishes at a load."""

    def condition(b: float) -> float:
        return _second.solve(replace(setting, beta=b), start, steps=6, fine=fine)["entropy"]

    return secant(condition, beta)


def turning_load(setting: Setting, load: float, start: dict[str, float], fine: int) -> float:
    """The largest load along the branch, which is followed in the conjugate of the overlap with the teacher."""
    offsets = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])

    def at(m_hat: float) -> float:
        def system(x: np.ndarray) -> np.ndarray:
            point = {"q_hat": float(x[0]), "m_hat": m_hat}
            new = _second.update(replace(setting, alpha=float(x[1])), point, fine)[0]
            return np.array([new[0] / x[0] - 1.0, new[1] / m_hat - 1.0])

        return float(newton(system, np.array([start["q_hat"], load]), steps=6)[1])

    values = [at(start["m_hat"] * (1.0 + 2e-3 * x)) for x in offsets]
    fit = np.polynomial.polynomial.Polynomial.fit(offsets, values, 4)
    spots = [float(r.real) for r in fit.deriv().roots() if abs(r.imag) < 1e-9 and abs(r.real) < 4]
    return float(fit(min(spots, key=abs))) if spots else np.nan


def equal_load(setting: Setting, start: dict[str, float], fine: int) -> float:
    """Where the free entropy of the branch is that of the teacher itself, 0."""
    found = _second.solve(setting, start, fine=fine)
    slope = _second.update(setting, {name: found[name] for name in setting.names}, fine)[2][0]
    return float(setting.alpha - found["free_entropy"] / slope)


def best_penalty(
    fit: Fit, penalty: float, start: Callable[[float], dict[str, float]], fine: int
) -> tuple[float, float]:
    """Logarithm of the best penalty relative to the one found, and the least error."""
    offsets = 0.1 * np.arange(-2, 3)
    values = []
    for x in offsets:
        part = replace(fit, penalty=float(penalty * np.exp(x)))
        values.append(_second_erm.minimise(part, start(part.penalty), steps=8, fine=fine)["generalization_error"])
    poly = np.polynomial.polynomial.Polynomial.fit(offsets, values, 4)
    spots = [float(r.real) for r in poly.deriv().roots() if abs(r.imag) < 1e-9 and abs(r.real) < 0.3]
    place = min(spots, key=abs) if spots else np.nan
    return place, float(poly(place)) if spots else np.nan


def row(name: str, value: Any, right: tuple[float, float], claimed: Any) -> dict[str, Any]:
    """One number that was judged at two finenesses."""
    doubt = 4.0 * abs(right[1] - right[0])
    return {
        "name": name,
        "value": float(value),
        "right": float(right[1]),
        "claimed": float(claimed),
        "doubt": float(doubt),
    }
