"""Sums over the spectrum of structured inputs, all that theory needs of it: listed eigenvalues, or closed forms."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from saddlepoint._jit import array_kernel

EMPTY = 1e-12  # of the largest eigenvalue: below it a direction has no inputs
NODES = 400  # of a continuous spectrum that is listed, three times as many at the next level
BLOCK = 256  # terms that are added before their sum is


class Sums(NamedTuple):
    r"""Means over the eigenvalues at ``D = stiffness + k omega``, arrays over the batch.

    ``response = <omega/D>``, ``own = <omega^2/D^2>``, ``size = <omega/D^2>``, ``pull = <t/D>``, ``reach = <t/D^2>``;
    with the measure ``p = t/omega`` of total ``explained``: ``spread``, the variance of ``omega/D`` times the total,
    and ``short = stiffness <p/D>``. All terms are positive: nothing cancels.
    """

    response: np.ndarray
    own: np.ndarray
    size: np.ndarray
    pull: np.ndarray
    reach: np.ndarray
    spread: np.ndarray
    short: np.ndarray


@array_kernel
def _sums_kernel(omega, share, weight, stiffness, k, out):  # type: ignore[no-untyped-def]
    """Rows of `Sums`, by blocks; a direction without inputs has a share of 0 and nothing to give at stiffness 0."""
    count = omega.shape[1]
    for row in range(stiffness.size):
        r = row if omega.shape[0] > 1 else 0
        lam, slope = stiffness[row], k[row]
        response = own = size = pull = reach = short = total = 0.0
        for begin in range(0, count, BLOCK):
            a = b = c = d = e = f = g = 0.0
            for i in range(begin, min(begin + BLOCK, count)):
                w, p = omega[r, i], share[r, i]
                if lam + slope * w > 0.0:
                    inverse = 1.0 / (lam + slope * w)
                    x, n = w * inverse, weight[r, i]
                    a += n * x
                    b += n * x * x
                    c += n * x * inverse
                    d += p * x
                    e += p * x * inverse
                    f += p * inverse
                    g += p
            response += a
            own += b
            size += c
            pull += d
            reach += e
            short += f
            total += g
        spread = 0.0
        if lam > 0.0 and total > 0.0:
            middle = total / short  # D of a direction between them
            centre = pull / short
            first = second = 0.0
            for begin in range(0, count, BLOCK):
                a = b = 0.0
                for i in range(begin, min(begin + BLOCK, count)):
                    w, p = omega[r, i], share[r, i]
                    x = lam * (w - centre) / ((lam + slope * w) * middle)
                    a += p * x
                    b += p * x * x
                first += a
                second += b
            spread = max(second - first * first / total, 0.0)
        out[0, row], out[1, row], out[2, row], out[3, row] = response, own, size, pull
        out[4, row], out[5, row], out[6, row] = reach, spread, lam * short


class Listed:
    """Eigenvalues and projections that are given, as means over ``weight`` (rows of 1, or one for each of a batch).

    Parameters
    ----------
    omega, share, weight : ndarray, shape (rows, N)
        Eigenvalues, ``weight t/omega`` and weights, which sum to 1; one row for all of a batch, or one for each.
    """

    def __init__(self, omega: np.ndarray, share: np.ndarray, weight: np.ndarray) -> None:
        self.omega, self.share, self.weight = (np.ascontiguousarray(x) for x in (omega, share, weight))
        self.explained = self.share.sum(axis=1)
        self.rank = np.sum(self.weight, axis=1, where=self.omega > 0)
        self.scale = (self.omega * self.weight).sum(axis=1)

    def listed(self, level: int) -> Listed:
        """Itself."""
        return self

    def sums(self, stiffness: np.ndarray, k: np.ndarray) -> Sums:
        """`Sums` at stiffness (B,) and k (B,)."""
        out = np.empty((7, stiffness.size))
        lam, slope = (np.ascontiguousarray(x, dtype=float) for x in (stiffness, k))
        _sums_kernel(self.omega, self.share, self.weight, lam, slope, out)
        return Sums(*out)

    def moments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``<omega^2>``, ``<t>`` and ``<omega t>``."""
        power = self.share * self.omega
        return (self.weight * self.omega**2).sum(axis=1), power.sum(axis=1), (power * self.omega).sum(axis=1)

    def unlearned(self, k: np.ndarray) -> np.ndarray:
        """``<p/(1 + k P)>``, P the teacher's variance per direction, ``p/weight``: what the best rule lacks."""
        power = np.divide(self.share, self.weight, out=np.zeros_like(self.share), where=self.weight > 0)
        return (self.share / (1.0 + k[:, None] * power)).sum(axis=1)

    def reference(self, stiffness: Any, k: Any, mp: Any) -> dict[str, Any]:
        """`Sums` of one row as mpmath numbers, with ``explained``."""
        names = (*Sums._fields, "explained")
        found = dict.fromkeys(names, mp.zero)
        second = mp.zero
        for w, p, n in zip(self.omega[0], self.share[0], self.weight[0], strict=True):
            w, p, n = mp.mpf(float(w)), mp.mpf(float(p)), mp.mpf(float(n))
            d = stiffness + k * w
            if d == 0:
                continue
            x = w / d
            terms = n * x, n * x * x, n * x / d, p * x, p * x / d, mp.zero, stiffness * p / d, p
            for name, term in zip(names, terms, strict=True):
                found[name] += term
            second += p * x * x
        if found["explained"] > 0:
            found["spread"] = second - found["pull"] ** 2 / found["explained"]
        return found


def listed(omega: np.ndarray, t: np.ndarray) -> Listed:
    """Of plain lists; directions without inputs carry nothing."""
    weight = np.full(omega.size, 1.0 / omega.size)
    share = np.divide(t, omega, out=np.zeros_like(t), where=omega > 0) * weight
    return Listed(omega[None, :], share[None, :], weight[None, :])


class MarchenkoPastur:
    r"""Features ``omega = a + b s`` of Gaussian projections: s the spectrum of ``F F^T/D``, ``t = ratio b s``.

    With ``G(y) = E 1/(1+ys)`` of N features and ``G'(y)`` of D inputs, roots of ``ratio y G^2 + (1+y(1-ratio)) G = 1``
    and of its mirror image, ``E s/(1+ys) = G G'``; every other mean follows by differentiation as a ratio of positive
    terms.

    Parameters
    ----------
    ratio, a, b : ndarray
        One for all of a batch or one for each.
    """

    def __init__(self, ratio: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
        self.ratio, self.a, self.b = ratio, a, b
        self.floor = np.maximum(a, 1e-100 * b)  # a vanishing a: ratios of two such have their limits
        self.rank = np.where(a > 0, 1.0, np.minimum(1.0, 1.0 / ratio)) * (a + b > 0)
        self.scale = a + b
        inputs, outputs = self._green(b / self.floor)
        self.explained = ratio * b / self.floor * inputs * outputs

    def listed(self, level: int) -> Listed:
        """One row as nodes of the density, in the angle in which it is smooth, and the features without inputs."""
        psi, a, b = (float(np.ravel(x)[0]) for x in (self.ratio, self.a, self.b))
        count = NODES * 3 ** (level - 1)
        phi = (np.arange(count) + 0.5) * np.pi / count
        s = (1.0 - np.sqrt(psi)) ** 2 + 4.0 * np.sqrt(psi) * np.cos(0.5 * phi) ** 2
        weight = 2.0 * np.sin(phi) ** 2 / (count * s)
        s, weight = np.append(s, 0.0), np.append(weight, max(0.0, 1.0 - 1.0 / psi))
        omega = a + b * s
        share = weight * np.divide(psi * b * s, omega, out=np.zeros_like(s), where=omega > 0)
        return Listed(omega[None, :], share[None, :], weight[None, :] / weight.sum())

    def _green(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``E 1/(1+ys)`` over features and over inputs."""
        ratio = self.ratio
        found = []
        for slope, gain in ((1.0 - ratio, ratio), (ratio - 1.0, 1.0)):
            linear = 1.0 + y * slope
            root = np.hypot(linear, 2.0 * np.sqrt(gain * y))
            with np.errstate(divide="ignore", invalid="ignore"):
                far, near = (root - linear) / (2.0 * gain * y), 2.0 / (linear + root)
            found.append(np.where(linear > 0, near, far))
        return found[0], found[1]

    def sums(self, stiffness: np.ndarray, k: np.ndarray) -> Sums:
        """`Sums` at stiffness (B,) and k (B,)."""
        with np.errstate(all="ignore"):  # at the ends of a bracket
            return self._sums(stiffness, k)

    def _sums(self, stiffness: np.ndarray, k: np.ndarray) -> Sums:
        psi, a, b, floor = self.ratio, self.a, self.b, self.floor
        c, d = stiffness + k * floor, k * b
        y, z = d / c, b / floor
        (green, mirror), (green_z, mirror_z) = self._green(y), self._green(z)
        bend = mirror + psi * green
        first = green * mirror  # E s/(1+ys)
        cross = first / (1.0 + y * bend)  # E s/(1+ys)^2
        square = green * (1.0 + y * psi * green) / (1.0 + y * bend)  # E 1/(1+ys)^2
        both = cross * bend  # E s^2/(1+ys)^2
        mixed = 1.0 + y * (mirror_z + psi * green)
        near = green_z * mirror_z / mixed  # E s/((1+zs)(1+ys))
        nearer = near * (1.0 + y * y * psi * cross) / mixed  # E s/((1+zs)(1+ys)^2)
        pull, short = psi * b * first / c, stiffness * psi * b * near / (floor * c)
        explained = self.explained
        left = (stiffness**2 * psi * b * nearer / (floor * c**2) - short**2 / explained) / k**2
        right = psi * b * (a * cross + b * both) / c**2 - pull**2 / explained
        spread = np.where(short < 0.5 * explained, left, right)
        own = (a * a * square + 2.0 * a * b * cross + b * b * both) / c**2
        size = (a * square + b * cross) / c**2
        spread = np.where(explained > 0, np.maximum(spread, 0.0), 0.0)
        found = (a * green + b * first) / c, own, size, pull, psi * b * cross / c**2, spread, short
        return Sums(*(x * np.ones(stiffness.size) for x in found))

    def moments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``<omega^2>``, ``<t>`` and ``<omega t>``: ``E s = 1``, ``E s^2 = 1 + ratio``."""
        psi, a, b = self.ratio, self.a, self.b
        return a * a + 2.0 * a * b + b * b * (1.0 + psi), psi * b, psi * b * (a + b * (1.0 + psi))

    def unlearned(self, k: np.ndarray) -> np.ndarray:
        """As of `Listed`: ``a + b s (1 + k ratio)`` in the place of ``omega``."""
        inputs, outputs = self._green(self.b * (1.0 + k * self.ratio) / self.floor)
        return self.ratio * self.b / self.floor * inputs * outputs

    def reference(self, stiffness: Any, k: Any, mp: Any) -> dict[str, Any]:
        """`Sums` of one row as mpmath numbers, with ``explained``; from the resolvent and its derivative."""
        psi, a, b = (mp.mpf(float(np.ravel(x)[0])) for x in (self.ratio, self.floor, self.b))

        def green(y: Any, slope: Any, gain: Any) -> Any:
            linear = 1 + y * slope
            root = mp.sqrt(linear**2 + 4 * gain * y)
            return 2 / (linear + root) if linear > 0 else (root - linear) / (2 * gain * y)

        c, y, z = stiffness + k * a, k * b / (stiffness + k * a), b / a
        g, mirror, g_z, mirror_z = (green(x, *side) for x in (y, z) for side in ((1 - psi, psi), (psi - 1, 1)))
        bend, first = mirror + psi * g, g * mirror
        cross, square = first / (1 + y * bend), g * (1 + y * psi * g) / (1 + y * bend)
        both, mixed = cross * bend, 1 + y * (mirror_z + psi * g)
        near = g_z * mirror_z / mixed
        explained, pull, short = psi * b / a * g_z * mirror_z, psi * b * first / c, stiffness * psi * b * near / (a * c)
        nearer = near * (1 + y * y * psi * cross) / mixed
        if 2 * short < explained:
            spread = (stiffness**2 * psi * b * nearer / (a * c**2) - short**2 / explained) / k**2
        else:
            spread = psi * b * (a * cross + b * both) / c**2 - pull**2 / explained if explained else mp.zero
        own = (a * a * square + 2 * a * b * cross + b * b * both) / c**2
        size, reach = (a * square + b * cross) / c**2, psi * b * cross / c**2
        found = (a * g + b * first) / c, own, size, pull, reach, spread, short, explained
        return dict(zip((*Sums._fields, "explained"), found, strict=True))


def orthogonal(ratio: np.ndarray, a: np.ndarray, b: np.ndarray) -> Listed:
    """Features ``omega = a + b s`` of orthogonal projections: s = 1, or with more features than inputs ``ratio``, 0."""
    many = ratio > 1.0
    seen = np.where(many, 1.0 / ratio, 1.0)
    s = np.stack([np.where(many, ratio, 1.0), np.zeros_like(ratio)], axis=1)
    weight = np.stack([seen, 1.0 - seen], axis=1)
    omega = a[:, None] + b[:, None] * s
    t = ratio[:, None] * b[:, None] * s
    share = weight * np.divide(t, omega, out=np.zeros_like(t), where=omega > 0)
    return Listed(omega, share, weight)
