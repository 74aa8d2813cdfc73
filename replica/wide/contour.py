r"""The resolvent of a sample covariance of many inputs, on a contour around its spectrum. No descent here.

``S = sum_mu x_mu x_mu/N`` has the deterministic equivalent ``(S + z)^-1 = 1/(z + Vh Omega)``, ``Vh = alpha/(1 + V)``,
and ``V = <omega/(z + Vh omega)>`` (Marchenko and Pastur). At ``z = -s`` on a contour around the spectrum it gives
functions of S by Cauchy's formula.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

ORDER = 20  # nodes of a panel
RATIO = 2.0  # of the lengths of neighbouring panels
NEWTON, SETTLED = 60, 1e-15
BLOCK = 4_000_000  # numbers at a time


class Bulk(NamedTuple):
    """Eigenvalues of the covariance of the inputs, each once, with their shares and the mean projections."""

    variance: np.ndarray
    share: np.ndarray
    projection: np.ndarray  # times the share

    @classmethod
    def of(cls, variance: np.ndarray, projection: np.ndarray, weight: np.ndarray | None = None) -> Bulk:
        """From a list, or from nodes with weights that the projections contain."""
        levels, place = np.unique(variance, return_inverse=True)
        share = np.bincount(place, weights=weight)
        total = 1.0 if weight is not None else float(variance.size)
        return cls(levels, share / total, np.bincount(place, weights=projection) / total)


class Contour(NamedTuple):
    """Upper half of a contour (the lower one is its mirror image): points s, steps ds, and what belongs to -s there."""

    s: np.ndarray
    step: np.ndarray
    V: np.ndarray
    V_hat: np.ndarray


def largest(bulk: Bulk, alpha: float) -> float:
    """Upper edge of the spectrum of S: the least of ``u (alpha + <omega/(u - omega)>)`` beyond the eigenvalues."""
    top = float(bulk.variance[-1])
    positive = bulk.share * bulk.variance

    def edge(x: np.ndarray) -> np.ndarray:  # x = ln(u/top - 1)
        u = top * (1.0 + np.exp(x))
        gap = top * np.exp(x)[:, None] + (top - bulk.variance)
        return u * (alpha + (positive / gap).sum(axis=1))

    low, high = -40.0, 20.0
    for _ in range(12):  # convex in u: the least of a grid, ever finer
        grid = np.linspace(low, high, 41)
        best = int(np.argmin(edge(grid)))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 40)]
    return float(edge(np.array([0.5 * (low + high)]))[0])


def contour(bulk: Bulk, alpha: float, tip: float, right: float, slope: float) -> Contour:
    """From ``-tip`` over the spectrum to ``right`` beyond its edge: two straight lines of that slope, on panels that
    grow with the distance from either end.
    """
    top = largest(bulk, alpha)
    middle = 0.5 * (right - tip)
    rise = slope * (middle + tip)
    corner = complex(middle, rise)
    left_points = _panels(complex(-tip, 0.0), corner, tip)
    right_points = _panels(complex(right, 0.0), corner, max(right - top, 1e-14 * right))
    # counterclockwise is from right to left above the axis
    s = np.concatenate([left_points[0], right_points[0][::-1]])
    step = np.concatenate([-left_points[1], right_points[1][::-1]])
    V = _followed(bulk, alpha, tip, s)
    return Contour(s, step, V, alpha / (1.0 + V))


def _panels(end: complex, corner: complex, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and steps from an end to the corner, the first panels as long as the end is far from the spectrum."""
    length = abs(corner - end)
    first = min(0.5 * scale, 0.5 * length)
    count = int(np.ceil(np.log1p((RATIO - 1.0) * length / first) / np.log(RATIO)))
    marks = np.concatenate([[0.0], np.cumsum(RATIO ** np.arange(count))])
    marks *= length / marks[-1]
    x, w = np.polynomial.legendre.leggauss(ORDER)
    width = np.diff(marks)[:, None]
    along = (marks[:-1, None] + 0.5 * width * (1.0 + x)).ravel()
    direction = (corner - end) / length
    return end + direction * along, direction * (0.5 * width * w).ravel()


def _followed(bulk: Bulk, alpha: float, tip: float, s: np.ndarray) -> np.ndarray:
    """V along the contour by Newton from its real value at the tip, in short steps where it does not settle."""
    V = complex(_on_the_axis(bulk, alpha, tip))
    before, found = -tip + 0j, np.empty(s.size, dtype=complex)
    for index, here in enumerate(s):
        V = _moved(bulk, alpha, before, complex(here), V)
        before, found[index] = complex(here), V
    return found


def _moved(bulk: Bulk, alpha: float, before: complex, here: complex, V: complex, depth: int = 0) -> complex:
    """V at the next point, which has to be that of a spectrum: below the axis where z is above it and reversely."""
    new = _newton(bulk, alpha, -here, V)
    if new is not None and new.imag >= 0.0:  # Im z = -Im s < 0
        return new
    if depth > 30:
        raise ArithmeticError(f"the resolvent could not be followed to s = {here}")
    half = 0.5 * (before + here)
    V = _moved(bulk, alpha, before, half, V, depth + 1)
    return _moved(bulk, alpha, half, here, V, depth + 1)


def _newton(bulk: Bulk, alpha: float, z: complex, V: complex) -> complex | None:
    """The root near V, or None."""
    omega, share = bulk.variance, bulk.share
    last = np.inf
    for _ in range(NEWTON):
        V_hat = alpha / (1.0 + V)
        part = omega / (z + V_hat * omega)
        residual = V - complex(share @ part)
        slope = 1.0 - complex(share @ (part * part)) * V_hat / (1.0 + V)
        step = residual / slope
        V = V - step
        if abs(step) <= SETTLED * abs(V) or (abs(step) < 1e-10 * abs(V) and abs(step) >= 0.5 * last):
            return V
        if abs(step) > 2.0 * last + 10.0 * abs(V):
            return None
        last = abs(step)
    return None


def _on_the_axis(bulk: Bulk, alpha: float, z: float) -> float:
    """V at z > 0, where it is the one root between 0 and ``<omega>/z``: bisected in its logarithm."""
    mean = float(bulk.share @ bulk.variance)
    low, high = np.log(mean / z) - 80.0, np.log(mean / z)
    for _ in range(100):
        middle = 0.5 * (low + high)
        V = np.exp(middle)
        found = float(bulk.share @ (bulk.variance / (z + alpha / (1.0 + V) * bulk.variance)))
        low, high = (middle, high) if found > V else (low, middle)
    return float(np.exp(0.5 * (low + high)))


def resolvents(bulk: Bulk, at: Contour) -> np.ndarray:
    """``1/(omega V_hat - s)``, points by eigenvalues."""
    return 1.0 / (np.multiply.outer(at.V_hat, bulk.variance) - at.s[:, None])


def pairs(bulk: Bulk, alpha: float, at: Contour) -> tuple[np.ndarray, np.ndarray]:
    r"""``w.(S - s)^-1 Omega (S - s')^-1 w/N`` of the best linear rule w, at pairs of points, and of one and a mirror
    image: ``<(t/omega) D D'>/(1 - V_hat V_hat' <omega^2 D D'>/alpha)``.
    """
    blocks = np.array_split(np.arange(bulk.variance.size), max(1, at.s.size * bulk.variance.size // BLOCK))
    top, below = np.zeros((2, 2, at.s.size, at.s.size), dtype=complex)
    with np.errstate(divide="ignore", invalid="ignore"):
        signal = np.where(bulk.projection > 0, bulk.projection / bulk.variance, 0.0)
    for block in blocks:
        part = Bulk(*(column[block] for column in bulk))
        D = resolvents(part, at)
        for mirror, other in enumerate((D, D.conj())):
            top[mirror] += (D * signal[block]) @ other.T
            below[mirror] += (D * (part.share * part.variance**2)) @ other.T
    hats = at.V_hat, at.V_hat.conj()
    return tuple(
        top[k] / (1.0 - np.multiply.outer(at.V_hat, hats[k]) * below[k] / alpha) for k in (0, 1)
    )
