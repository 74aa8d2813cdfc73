"""The judge of `fuzz` for what reads a solution: errors of perturbed weights, and the density of stabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import log_ndtr, ndtr

from benchmarks._halved import W, X
from benchmarks._second import Setting, gaussian
from benchmarks._second_erm import Fit, proximal
from benchmarks._second_local import Cost, _stretch, local

STEPS = np.array([0.0, 0.5, 1.5, 4.0, 10.0])  # of a layer, at which panels end


def _outer(setting: Setting, s: dict[str, float], place: float, width: float, fine: int) -> tuple[Any, Any]:
    """Cavity fields and their weights, fine about the breaks of the cost and one place more."""
    root, spread = np.sqrt(s["q"]), np.sqrt(s["V"])
    places = np.append(np.array(setting.cost.breaks), place) / root
    widths = np.append(np.full(places.size - 1, spread), np.hypot(spread, width)) / root
    slope = 0.0
    if setting.teacher:
        slope = s["m"] / np.sqrt(s["q"] * (1.0 + setting.noise) - s["m"] ** 2)
        places, widths = np.append(places, 0.0), np.append(widths, 1.0 / max(slope, 1e-300))
    keep = np.abs(places) < 60
    z, weight = gaussian(places[keep], widths[keep], 0.5 / fine)
    return root * z, weight * (2.0 * ndtr(slope * z) if setting.teacher else 1.0)


def error_rate(setting: Setting, s: dict[str, float], margin: float, noise: float, fine: int = 1) -> float:
    """Chance that a stability is below the margin after a step of the weights to overlap ``1 - 2 noise``."""
    t, rest = 1.0 - 2.0 * noise, np.sqrt(4.0 * noise * (1.0 - noise) * s["Q"])
    layer = rest / max(abs(t), 1e-3)
    edge = margin / t if abs(t) > 1e-3 else margin
    h, weight = _outer(setting, s, edge, layer, fine)
    found = 0.0
    for rows in np.array_split(np.arange(h.size), max(1, h.size // 64)):
        found += float(weight[rows] @ _chance(setting, h[rows], s["V"], (margin, t, rest, edge, layer), fine))
    return found


def _chance(setting: Setting, h: np.ndarray, v: float, step: tuple[float, ...], fine: int) -> np.ndarray:
    margin, t, rest, edge, layer = step
    cost = setting.cost

    def plain(u: np.ndarray) -> np.ndarray:
        found = np.asarray(cost.value(u), dtype=float)
        found = np.where(found > 0, -np.inf, 0.0) if cost.hard else -setting.beta * found
        return found - (u - h[:, None]) ** 2 / (2.0 * v)

    def chance(u: np.ndarray) -> np.ndarray:
        gap = (margin - u) + (1.0 - t) * u
        return log_ndtr(gap / rest) if rest > 0 else np.where(gap > 0, 0.0, -np.inf)

    def missed(u: np.ndarray) -> np.ndarray:
        return plain(u) + chance(u)

    marks = sorted({*cost.breaks, *(edge + s * layer * x for s in (-1.0, 1.0) for x in STEPS.tolist())})
    with np.errstate(all="ignore"):  # an error that is rare has its own stretch: its weight lies elsewhere
        (all_of_it, top), (wrong, high) = (_mass(e, cost, h, np.sqrt(v), marks, 6 * fine) for e in (plain, missed))
        return np.where(wrong > 0, wrong / all_of_it * np.exp(high - top), 0.0)


def _mass(
    exponent: Callable[[np.ndarray], np.ndarray],
    cost: Cost,
    h: np.ndarray,
    spread: float,
    marks: list[float],
    count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The integral of exp(exponent) over its stretch in each field, and the exponent taken out."""
    low, high = _stretch(exponent, cost, h, spread)
    stops = [low, *(np.clip(np.full(h.size, b), low, high) for b in marks), high]
    pieces, top = [], np.full(h.size, -np.inf)
    for a, b in zip(stops[:-1], stops[1:], strict=True):
        if not np.any(b > a):
            continue
        half = (0.5 * (b - a) / count)[:, None, None]
        u = (a[:, None, None] + half * (2 * np.arange(count)[None, :, None] + 1 + X)).reshape(h.size, -1)
        e = np.nan_to_num(exponent(u), nan=-np.inf)
        pieces.append(((half * np.broadcast_to(W, (h.size, count, 20))).reshape(h.size, -1), e))
        top = np.maximum(top, e.max(axis=1))
    top = np.where(np.isfinite(top), top, 0.0)
    return sum((weight * np.exp(e - top[:, None])).sum(axis=1) for weight, e in pieces), top


def density(setting: Setting, s: dict[str, float], place: float, fine: int = 1) -> float:
    """Density of stabilities at a place."""
    h, weight = _outer(setting, s, place, 0.0, fine)
    with np.errstate(all="ignore"):
        log_z = local(setting.cost, setting.beta, h, s["V"], fine)[0]
        price = float(np.asarray(setting.cost.value(np.array([place])), dtype=float)[0])
        price = (np.inf if price > 0 else 0.0) if setting.cost.hard else setting.beta * price
        exponent = -price - (place - h) ** 2 / (2.0 * s["V"]) - log_z
        return float(weight @ np.exp(exponent)) / np.sqrt(2.0 * np.pi * s["V"])


def _classes(fit: Fit, o: dict[str, float]) -> list[tuple[float, float, float]]:
    """Chance, mean field and place of a vanishing weight, for each class."""
    if fit.data != "mixture":
        return [(1.0, 0.0, 0.0)]
    return [(fit.balance, o["m"] + o["bias"], o["bias"]), (1.0 - fit.balance, o["m"] - o["bias"], -o["bias"])]


def fit_error_rate(fit: Fit, o: dict[str, float], margin: float, noise: float, fine: int = 1) -> float:
    """The same around a minimiser, whose stabilities are proximal points of Gaussian fields."""
    delta = fit.noise if fit.data == "mixture" else 1.0
    t, rest = 1.0 - 2.0 * noise, np.sqrt(4.0 * noise * (1.0 - noise) * o["q"] * delta)
    spread, v = np.sqrt(delta * o["q"]), delta * o["V"]
    total = 0.0
    for chance, mean, pin in _classes(fit, o):
        edge = pin + (margin - pin) / t if abs(t) > 1e-3 else margin
        layer = rest / max(abs(t), 1e-3)
        u = np.array([edge, *(edge + s * layer * x for s in (-1.0, 1.0) for x in STEPS)])
        spots = [k + v * float(fit.cost.slope(np.array(k), s)) for k in fit.cost.kinks for s in (-1, 1)]
        spots += [float(x) for s in (-1, 1) for x in u + v * fit.cost.slope(u, s)]
        soft = [c + v * float(fit.cost.slope(np.array(c), 1)) for c in fit.cost.soft]
        places = (np.array([*spots, *soft]) - mean) / spread
        widths = np.append(np.full(len(spots), 0.5), np.array(fit.cost.widths) / spread)
        slope = 0.0
        if fit.data == "teacher":
            slope = o["m"] / np.sqrt(o["q"] * (1.0 + fit.noise) - o["m"] ** 2)
            places, widths = np.append(places, 0.0), np.append(widths, 1.0 / max(abs(slope), 1e-300))
        keep = np.abs(places) < 12
        z, weight = gaussian(places[keep], widths[keep], 0.5 / fine)
        weight = weight * (2.0 * ndtr(slope * z) if fit.data == "teacher" else 1.0)
        best = proximal(fit.cost, mean + spread * z, v)[0]
        gap = (margin - best) + (1.0 - t) * (best - pin)
        total += chance * float(weight @ (ndtr(gap / rest) if rest > 0 else (gap > 0).astype(float)))
    return total


def fit_density(fit: Fit, o: dict[str, float], place: float) -> float:
    """Density of a minimiser's stabilities away from kinks: a change of variables, no integral."""
    delta = fit.noise if fit.data == "mixture" else 1.0
    spread, v = np.sqrt(delta * o["q"]), delta * o["V"]
    u = np.array(place)
    h, stretch = float(u + v * fit.cost.slope(u, 1)), float(1.0 + v * fit.cost.bend(u))
    total = 0.0
    for chance, mean, _ in _classes(fit, o):
        z = (h - mean) / spread
        weight = 1.0
        if fit.data == "teacher":
            weight = 2.0 * float(ndtr(o["m"] / np.sqrt(o["q"] * (1.0 + fit.noise) - o["m"] ** 2) * z))
        total += chance * weight * stretch * float(np.exp(-0.5 * z * z)) / (spread * np.sqrt(2.0 * np.pi))
    return total


def fit_atom(fit: Fit, o: dict[str, float], place: float) -> float:
    """Mass of the stabilities at a kink."""
    delta = fit.noise if fit.data == "mixture" else 1.0
    spread, v = np.sqrt(delta * o["q"]), delta * o["V"]
    low, high = (place + v * float(fit.cost.slope(np.array(place), s)) for s in (-1, 1))
    if fit.data == "teacher":
        slope = o["m"] / np.sqrt(o["q"] * (1.0 + fit.noise) - o["m"] ** 2)
        x, w = np.polynomial.legendre.leggauss(400)
        first, last = np.clip(np.array([low, high]) / spread, -12.0, 12.0)  # a large V moves all there are
        z, w = 0.5 * (first + last) + 0.5 * (last - first) * x, 0.5 * (last - first) * w
        return float((w * 2.0 * ndtr(slope * z) * np.exp(-0.5 * z * z)).sum() / np.sqrt(2.0 * np.pi))
    return sum(
        chance * float(ndtr((high - mean) / spread) - ndtr((low - mean) / spread))
        for chance, mean, _ in _classes(fit, o)
    )


def again(setting: Setting, margin: float) -> Setting:
    """The same constraint at another margin."""
    cost = replace(setting.cost, value=lambda u: np.where(u < margin, 1.0, 0.0), breaks=(margin,))
    return replace(setting, cost=cost)
