"""Units of one's own with kernels ``k(q) = E g(x) g(y) - (E g)^2`` that are known by other means; no solving here.

Pieces that are linear or constant between edges have closed forms in the bivariate normal distribution; here they, and
everything else, are integrated over the pair of fields on panels that end at the edges that the judge made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._second import gaussian

FEWEST, MOST = 400, 60_000  # terms of a series


def _kernel(function: Callable[[Any], Any], edges: np.ndarray, widths: np.ndarray) -> tuple[Any, Any]:
    """``k`` and ``k'`` through Mehler's series of Hermite coefficients, summed to where the powers of q have died; nan
    where that is too far to sum.
    """
    z, weight = gaussian(edges, widths, 0.05)
    values = np.asarray(function(z), dtype=float)
    power = float((weight * values * values).sum())
    pair = [np.zeros_like(z), np.ones_like(z)]
    squares: list[float] = []

    def terms(q: float) -> np.ndarray:
        count = FEWEST if q <= 0.0 else max(FEWEST, int(np.ceil(45.0 / -np.log(q))) if q < 1.0 else MOST + 1)
        if count > MOST:
            return np.array([np.nan])
        for n in range(len(squares), count):
            before, now = pair
            squares.append(float((weight * now * values).sum()) ** 2)
            pair[:] = now, (z * now - np.sqrt(n) * before) / np.sqrt(n + 1)
        return np.array(squares[:count])

    def k(q: Any) -> float:
        if q == 1.0:
            return power - terms(0.0)[0]
        found = terms(q)
        return float((found[1:] * q ** np.arange(1, found.size)).sum()) if found.size > 1 else np.nan

    def slope(q: Any) -> float:
        found = terms(q)
        n = np.arange(1, found.size)
        return float((n * found[1:] * q ** (n - 1)).sum()) if found.size > 1 else np.nan

    return k, slope


def draw(rng: np.random.Generator) -> tuple[str, Callable[[Any], Any], tuple[Any, Any]]:
    """Words, the unit, and its kernel with its slope."""
    c = float(rng.normal())
    kind = str(rng.choice(["pulse", "bell", "ramp", "step", "elu", "hat"]))
    if kind == "pulse":
        w, height = float(np.exp(rng.uniform(np.log(1e-4), 0.0))), float(rng.normal() * 5)

        def function(x: Any) -> Any:
            return np.tanh(x) + height * (np.abs(x - c) < w)

        return (
            f"tanh and {height:.4g} within {w:.4g} of {c:.4g}",
            function,
            _kernel(function, np.array([c - w, c + w]), np.full(2, w)),
        )
    if kind == "bell":
        a = float(np.exp(rng.uniform(0.0, np.log(1e3))))

        def function(x: Any) -> Any:
            return np.exp(-a * (x - c) ** 2)

        return f"exp(-{a:.4g} (x - {c:.4g})^2)", function, _kernel(function, np.array([c]), np.full(1, a**-0.5))
    if kind == "ramp":
        s = float(np.exp(rng.uniform(0.0, np.log(1e4))))

        def function(x: Any) -> Any:
            return np.clip(s * (x - c), -1.0, 1.0)

        return (
            f"clip({s:.4g} (x - {c:.4g}))",
            function,
            _kernel(function, np.array([c - 1 / s, c + 1 / s]), np.full(2, 1 / s)),
        )
    if kind == "step":

        def function(x: Any) -> Any:
            return np.where(x > c, 1.0, 0.0)

        return f"x > {c:.4g}", function, _kernel(function, np.array([c]), np.ones(1))
    if kind == "elu":

        def function(x: Any) -> Any:
            return np.where(x > c, x - c, np.exp(np.minimum(x - c, 0.0)) - 1.0)

        return f"elu(x - {c:.4g})", function, _kernel(function, np.array([c]), np.ones(1))
    s = float(np.exp(rng.uniform(np.log(0.05), np.log(2.0))))

    def function(x: Any) -> Any:
        y = ((x - c) / s) ** 2
        return (1.0 - y) * np.exp(-0.5 * y)

    return f"hat of width {s:.4g} at {c:.4g}", function, _kernel(function, np.array([c]), np.full(1, s))
