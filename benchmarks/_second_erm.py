"""The judge of `fuzz` for vectors of least cost: proximal maps by bisection on slopes that the judge knows exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from benchmarks._second import gaussian


@dataclass(frozen=True)
class Convex:
    """A convex cost with its slopes just below and above any place, its bend between kinks, and its kinks."""

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray, int], np.ndarray]
    bend: Callable[[np.ndarray], np.ndarray]
    kinks: tuple[float, ...] = ()
    soft: tuple[float, ...] = ()  # places about which it bends, and over which widths
    widths: tuple[float, ...] = ()


@dataclass(frozen=True)
class Fit:
    """A risk to minimise on "mixture", "teacher" or "random" ``data``; ``bias`` None where it is learned."""

    alpha: float
    penalty: float
    cost: Convex
    data: str
    noise: float = 1.0
    balance: float = 0.5
    bias: float | None = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        found = ("q_hat", "V_hat") if self.data == "random" else ("q_hat", "V_hat", "m_hat")
        return (*found, "bias") if self.bias is None else found


def proximal(cost: Convex, h: np.ndarray, v: float) -> tuple[np.ndarray, np.ndarray]:
    """The minimiser of ``l(u) + (u-h)^2/(2v)`` and its slope in h, by bisection and a last step of Newton."""
    s = cost.slope(h, 1)
    low, high = np.minimum(h, h - v * s), np.maximum(h, h - v * s)
    s = cost.slope(h, -1)
    low, high = np.minimum(low, h - v * s), np.maximum(high, h - v * s)
    held = np.zeros(h.shape, dtype=bool)
    best = np.zeros(h.shape)
    for k in cost.kinks:
        at = np.full(h.shape, k)
        here = (cost.slope(at, -1) + (k - h) / v <= 0) & (cost.slope(at, 1) + (k - h) / v >= 0)
        held, best = held | here, np.where(here, k, best)
    for _ in range(140):
        u = 0.5 * (low + high)
        right = cost.slope(u, 1) + (u - h) / v > 0
        low, high = np.where(right, low, u), np.where(right, u, high)
    u = 0.5 * (low + high)
    inside = ~held
    step = (cost.slope(u, 1) + (u - h) / v) / (cost.bend(u) + 1.0 / v)
    u = np.where(held, best, u - np.where(np.abs(step) < 1e-9 * (1 + np.abs(u)), step, 0.0))
    return u, np.where(inside, 1.0 / (1.0 + v * cost.bend(u)), 0.0)


def averages(fit: Fit, o: dict[str, float], fine: int = 1) -> dict[str, float]:
    """Averages over patterns of f, f', f^2, cost, errors, and the sign of the class times f."""
    delta = fit.noise if fit.data == "mixture" else 1.0
    spread, v = np.sqrt(delta * o["q"]), delta * o["V"]
    spots = [k + v * float(fit.cost.slope(np.array(k), s)) for k in fit.cost.kinks for s in (-1, 1)]
    soft = [c + v * float(fit.cost.slope(np.array(c), 1)) for c in fit.cost.soft]
    classes = [(1.0, 0.0, 0.0)]
    if fit.data == "mixture":
        classes = [(fit.balance, o["m"], 1.0), (1 - fit.balance, o["m"], -1.0)]
    total = dict.fromkeys(("f", "bend", "square", "cost", "wrong", "tilt", "score"), 0.0)
    for chance, mean, sign in classes:
        centre = mean + sign * o["bias"]
        places = (np.array([*spots, *soft, 0.0]) - centre) / spread
        widths = np.array([*np.full(len(spots), 0.5), *(w / spread for w in fit.cost.widths), 0.5])
        across = o["q"] * (1.0 + fit.noise) - o["m"] ** 2
        if fit.data == "teacher":
            places = np.append(places, 0.0)
            widths = np.append(widths, np.sqrt(across / o["q"]) / max(abs(o["m"]) / np.sqrt(o["q"]), 1e-300))
        keep = np.abs(places) < 60
        z, weight = gaussian(places[keep], widths[keep], 0.5 / fine)
        h = centre + spread * z
        u, slope = proximal(fit.cost, h, v)
        f = np.where(slope > 0, -fit.cost.slope(u, 1), (u - h) / v)  # no difference of near ones but at a kink
        bend = np.where(slope > 0, -fit.cost.bend(u) * slope, -1.0 / v)
        plain = weight
        if fit.data == "teacher":
            t = o["m"] / np.sqrt(across)
            weight = weight * 2 * ndtr(t * z)
            density = 2 * np.exp(-0.5 * (t * z) ** 2) / np.sqrt(2 * np.pi) / np.sqrt(across)
            total["score"] += float((plain * density * f).sum()) * np.sqrt(o["q"])
        total["f"] += chance * float((weight * f).sum())
        total["bend"] += chance * float((weight * bend).sum())
        total["square"] += chance * float((weight * f * f).sum())
        total["cost"] += chance * float((weight * fit.cost.value(u)).sum())
        total["tilt"] += chance * sign * float((weight * f).sum())
    return total


def overlaps(fit: Fit, x: dict[str, float]) -> dict[str, float]:
    v = 1.0 / (fit.penalty + x["V_hat"])
    m_hat = x.get("m_hat", 0.0)
    bias = x.get("bias", 0.0 if fit.bias is None else fit.bias)
    return {"V": v, "q": (m_hat**2 + x["q_hat"]) * v * v, "m": m_hat * v, "bias": bias}


def residual(fit: Fit, x: dict[str, float], fine: int) -> tuple[np.ndarray, dict[str, float], dict[str, float]]:
    o = overlaps(fit, x)
    t = averages(fit, o, fine)
    delta = fit.noise if fit.data == "mixture" else 1.0
    new = {"q_hat": fit.alpha * delta * t["square"], "V_hat": -fit.alpha * delta * t["bend"]}
    new["m_hat"] = fit.alpha * (t["score"] if fit.data == "teacher" else t["f"])
    new["bias"] = o["bias"] + t["tilt"]
    return np.array([new[name] - x[name] for name in fit.names]), o, t


def minimise(fit: Fit, start: dict[str, float], steps: int = 5, fine: int = 1) -> dict[str, float]:
    """Newton's steps from a point; all quantities there."""
    names, x = fit.names, np.array([start[name] for name in fit.names])
    scale = np.maximum(np.abs(x), 1e-300)
    scale = np.where([name == "bias" for name in names], np.maximum(np.abs(x), 1e-3), scale)
    for _ in range(steps):
        base = residual(fit, dict(zip(names, x, strict=True)), fine)[0]
        jacobian = np.empty((x.size, x.size))
        for j in range(x.size):
            pair = []
            for s in (1, -1):
                moved = x.copy()
                moved[j] += s * 1e-5 * scale[j]
                pair.append(residual(fit, dict(zip(names, moved, strict=True)), fine)[0])
            jacobian[:, j] = (pair[0] - pair[1]) / 2e-5
        change = np.linalg.solve(jacobian, -base)
        x = x + change * scale
        if np.all(np.abs(change) <= 3e-16):
            break
    _, o, t = residual(fit, dict(zip(names, map(float, x), strict=True)), fine)
    found = {name: o[name] for name in ("q", "V", "m")} | {"energy": fit.alpha * t["cost"]}
    if fit.bias is None:
        found["bias"] = o["bias"]
    if fit.data == "mixture":
        lean, shift = o["m"] / np.sqrt(fit.noise * o["q"]), o["bias"] / np.sqrt(fit.noise * o["q"])
        found["generalization_error"] = fit.balance * ndtr(-lean - shift) + (1 - fit.balance) * ndtr(-lean + shift)
    elif fit.data == "teacher":
        across = o["q"] * (1.0 + fit.noise) - o["m"] ** 2
        found["generalization_error"] = float(np.arctan2(np.sqrt(across), o["m"]) / np.pi)
    found["free_entropy"] = -(found["energy"] + fit.penalty * o["q"] / 2)
    return found
