"""A second algorithm for replica-symmetric saddle points, in plain numpy: the judge of `fuzz`.

Nothing of the packages is used: averages are Gauss-Legendre sums over many equal panels between places that the judge
knows because it made the cost (kinks, bumps, jumps), inner averages over the stretch of stabilities that carries the
weight, and solutions are Newton's steps with differences from the point that is judged. Slow, and sure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import ndtr

from benchmarks._halved import Unresolved, W, X, halved
from benchmarks._second_local import FAR, Cost, local

OUTER = 1e-11  # last Legendre coefficients left, of the whole average
LADDER = 2.0 ** np.arange(-4, 6)
SLIP = 1e-15  # rounding of a mean of (u - h)/spread, whose terms of either sign are of order 1


@dataclass(frozen=True)
class Setting:
    """What is to be solved: letters (None: sphere, or a penalty), the cost, its temperature, the labels."""

    alpha: float
    beta: float
    cost: Cost
    letters: tuple[float, ...] | None = None
    penalty: float | None = None
    teacher: bool = False
    noise: float = 0.0
    atoms: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    kernel: tuple[Callable[[Any], Any], Callable[[Any], Any]] | None = field(default=None)
    slip: float = 0.0  # added to every mean of (u - h)/spread

    @property
    def free(self) -> bool:
        return self.penalty is not None or (self.letters is not None and len({w * w for w in self.letters}) > 1)

    @property
    def names(self) -> tuple[str, ...]:
        return ("q_hat", *(("curvature",) if self.free else ()), *(("m_hat",) if self.teacher else ()))


def panels(edges: np.ndarray, most: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights between sorted edges, no panel longer than ``most``."""
    nodes, weights = [], []
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        if b <= a:
            continue
        ends = np.linspace(a, b, int(np.ceil((b - a) / most)) + 1)
        half = 0.5 * np.diff(ends)[:, None]
        nodes.append((0.5 * (ends[1:] + ends[:-1])[:, None] + half * X).ravel())
        weights.append((half * W).ravel())
    return np.concatenate(nodes), np.concatenate(weights)


def edges(places: np.ndarray, widths: np.ndarray, ladder: np.ndarray = LADDER) -> np.ndarray:
    """Ends of panels of a standard Gaussian that grow from each place by factors of its width."""
    near = [(p + s * w * ladder) for p, w in zip(places, widths, strict=True) for s in (-1.0, 1.0)]
    found = np.concatenate([np.arange(-FAR, FAR + 0.5), places, *near])
    return np.unique(found[np.abs(found) <= FAR])


def gaussian(places: np.ndarray, widths: np.ndarray, most: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of a standard Gaussian on these panels, none longer than ``most``."""
    z, weight = panels(edges(places, widths), most)
    return z, weight * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)


def single(setting: Setting, x: dict[str, float], fine: int = 1) -> dict[str, float]:
    """Overlaps at given conjugates, and the weights' part of the free entropy."""
    q_hat, c, m_hat = x["q_hat"], x.get("curvature", 0.0), x.get("m_hat", 0.0)
    found: dict[str, float]
    if setting.letters is None:
        if setting.penalty is None:
            v = 2.0 / (1.0 + np.sqrt(1.0 + 4.0 * (q_hat + m_hat**2)))
        else:
            v = 1.0 / (setting.beta * setting.penalty + c)
        q, m = (q_hat + m_hat**2) * v * v, m_hat * v
        log_z = (q_hat + m_hat**2) * v / 2
        if setting.penalty is not None:
            log_z -= 0.5 * np.log1p(c / (setting.beta * setting.penalty))
        found = {"q": q, "V": v, "m": m, "square": v * v}
        if setting.penalty is None:
            return found | {"Q": q + v, "entropic": 0.5 * np.log(v) + q_hat * v / 2}
    else:
        w = np.array(setting.letters)
        middles = [(0.5 * c * (a + b)) for i, a in enumerate(w) for b in w[i + 1 :]]
        gaps = [abs(b - a) for i, a in enumerate(w) for b in w[i + 1 :]]
        total = np.zeros(5)
        scale = np.sqrt(q_hat)
        for atom, chance in setting.atoms if setting.teacher else ((0.0, 1.0),):
            places = np.array([(p - m_hat * atom) / scale for p in middles])
            widths = np.array([1.0 / (g * scale) for g in gaps])
            keep = np.abs(places) < 60
            z, weight = gaussian(places[keep], widths[keep], 1.0 / fine)
            h = m_hat * atom + scale * z
            e = h[:, None] * w - 0.5 * c * w * w
            top = e.max(axis=1, keepdims=True)
            p = np.exp(e - top)
            norm = p.sum(axis=1, keepdims=True)
            p /= norm
            mean = p @ w
            var = (p * (w - mean[:, None]) ** 2).sum(axis=1)
            rows = [np.log(norm[:, 0]) + top[:, 0], mean**2, var, mean * atom, var**2]
            total += chance * np.array([(weight * r).sum() for r in rows])
        log_z, q, v, m, square = total
        found = {"q": q, "V": v, "m": m if setting.teacher else 0.0, "square": square}
    entropic = -q_hat * v / 2 + c * (q + v) / 2 - m_hat * found["m"] + log_z
    if not setting.free:  # a pinned norm: the conjugate of Q drops out
        entropic = -q_hat * v / 2 - m_hat * found["m"] + log_z
    return found | {"Q": q + v, "entropic": entropic}


def pattern(setting: Setting, s: dict[str, float], fine: int = 1) -> np.ndarray:
    """``ln Z, f^2, -f', f'^2, cost`` over the field, with the teacher's chance, and the score times f."""
    q, v = s["q"], s["V"]
    if setting.kernel is not None:
        k = setting.kernel[0]
        q, v = k(q), k(1.0) - k(q)
    root, spread = np.sqrt(q), np.sqrt(v)
    places = np.array(setting.cost.breaks) / root
    widths = np.full(places.size, spread / root)
    across = q * (1.0 + setting.noise) - s["m"] ** 2
    if setting.teacher:
        places, widths = (
            np.append(places, 0.0),
            np.append(widths, np.sqrt(across / q) / max(s["m"] / np.sqrt(q), 1e-300)),
        )
    keep = np.abs(places) < 60
    ends = edges(places[keep], widths[keep], np.array([1.0, 8.0]))
    ends = np.unique(np.concatenate([np.linspace(*pair, 1 + fine) for pair in zip(ends[:-1], ends[1:], strict=True)]))
    slope = s["m"] / np.sqrt(across) if setting.teacher else 0.0

    def rows(_: np.ndarray, z: np.ndarray) -> np.ndarray:
        value, f, bend, price = (
            x.reshape(z.shape) for x in local(setting.cost, setting.beta, root * z.ravel(), v, fine)
        )
        f = f + setting.slip / spread
        weight = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
        score = 2.0 * np.exp(-0.5 * (slope * z) ** 2) / np.sqrt(2 * np.pi) * np.sqrt(q / across)
        chance = 2.0 * ndtr(slope * z)  # 1 where there is no teacher
        return weight * np.array(
            [*(chance * x for x in (value, f * f, -bend, bend * bend, price)), setting.teacher * score * f]
        )

    _, _, weight, found = halved(rows, np.zeros(ends.size - 1, dtype=int), ends[:-1], ends[1:], OUTER / fine)
    return (found * weight).sum(axis=(1, 2))


def update(setting: Setting, x: dict[str, float], fine: int) -> tuple[np.ndarray, dict[str, float], np.ndarray]:
    s = single(setting, x, fine)
    t = pattern(setting, s, fine)
    slope = 1.0 if setting.kernel is None else setting.kernel[1](s["q"])
    new = {"q_hat": setting.alpha * t[1] * slope, "curvature": setting.alpha * t[2], "m_hat": setting.alpha * t[5]}
    return np.array([new[name] for name in setting.names]), s, t


def solve(setting: Setting, start: dict[str, float], steps: int = 4, fine: int = 1) -> dict[str, float]:
    """Newton's steps in the logarithms of the conjugates from a point; all quantities there."""
    names = setting.names
    x = np.array([start[name] for name in names])
    for _ in range(steps):
        base = update(setting, dict(zip(names, x, strict=True)), fine)[0] - x
        jacobian = np.empty((x.size, x.size))
        for j in range(x.size):
            moved = x.copy()
            step = 1e-6 * max(abs(x[j]), 1e-300)
            moved[j] += step
            jacobian[:, j] = (update(setting, dict(zip(names, moved, strict=True)), fine)[0] - moved - base) / step
        change = np.linalg.solve(jacobian, -base)
        x = x + change
        if np.all(np.abs(change) <= 1e-10 * np.abs(x)):  # the slopes are known to 1e-6: rounding is left
            break
    point = dict(zip(names, map(float, x), strict=True))
    new, s, t = update(setting, point, fine)
    if not np.all(np.abs(new - x) <= 1e-6 * np.abs(x)):
        raise Unresolved("the judge's steps of Newton do not settle")
    phi = s["entropic"] + setting.alpha * t[0]
    energy = setting.alpha * t[4]
    found = point | {name: s[name] for name in ("q", "V", "m", "Q")} | {"free_entropy": phi, "energy": energy}
    found["entropy"] = phi if setting.cost.hard else phi + setting.beta * energy
    found["rounding"] = 1e-15 * (1.0 + abs(s["entropic"]) + abs(setting.alpha * t[0]) + abs(found["entropy"] - phi))
    if setting.kernel is None:
        found["stability"] = 1.0 - setting.alpha * t[3] * s["square"]
    if setting.teacher:
        across = np.sqrt(s["Q"] * (1.0 + setting.noise) - s["m"] ** 2)  # on new labels, as noisy as those learned
        found["generalization_error"] = float(np.arctan2(across, s["m"]) / np.pi)
    return found


def slips(setting: Setting, found: dict[str, float]) -> dict[str, float]:
    """What the rounding of f changes of a solution: weak patterns leave little of f beside it."""
    size = np.sqrt(found["q_hat"] * found["V"] / setting.alpha)  # of the mean, whatever the kernel
    step = 1e-3 * float(size)
    moved = solve(replace(setting, slip=step), found, steps=3)
    still = solve(setting, found, steps=1)
    return {name: abs(moved[name] - still[name]) * SLIP / step for name in moved if name != "rounding"}


def reach(setting: Setting, steps: int = 24) -> dict[str, float] | None:
    """The solution on the branch from few patterns, by small steps in the load; None where a step does not converge."""
    names = setting.names
    loads = np.geomspace(min(1e-6, 1e-3 * setting.alpha), setting.alpha, steps)
    x = {name: 1e-9 for name in names}
    part = replace(setting, alpha=float(loads[0]))
    for _ in range(20):
        x = dict(zip(names, map(float, update(part, x, 1)[0]), strict=True))
    before = None
    for load in loads:
        part = replace(setting, alpha=float(load))
        guess = x if before is None else {n: x[n] * x[n] / before[n] if before[n] * x[n] > 0 else x[n] for n in names}
        found = solve(part, guess, steps=12)
        new = {name: found[name] for name in names}
        left = update(part, new, 1)[0] - np.array(list(new.values()))
        if not np.all(np.abs(left) <= 1e-9 * np.abs(np.array(list(new.values())))) or not new["q_hat"] > 0:
            return None
        before, x = x, new
    return found
