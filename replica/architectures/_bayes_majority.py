"""The optimal rule of a student of the majority of three units."""

from __future__ import annotations

import numpy as np

from saddlepoint.quadrature.rules import gauss_legendre


def majority_bayes_error(q: float, order: int) -> float:
    r"""``1/2 - 1/4 E |s_1 + s_2 + s_3 - s_1 s_2 s_3|``, ``s = 2 Phi(a z) - 1``, ``a = sqrt(q/(1-q))``, z Gaussian.

    The mean of the modulus over ``s_3`` is in closed form, ``E|r + s| = r (1 - 2 Phi(h)) + 4 T(h, a)`` with Owen's T
    and ``s(h) = -r`` (``|r|`` beyond 1); the other two fields are summed on
    panels graded to 0, where a unit that decides alone changes sides on every scale below 1/a.
    """
    from scipy.special import ndtr, ndtri, owens_t  # heavy: only where it is needed

    if q <= 0.0 or q >= 1.0:
        return 0.5 if q <= 0.0 else 0.0
    a = np.sqrt(q / (1.0 - q))
    ends = np.append(0.0, 9.0 * 2.0 ** np.arange(-int(np.ceil(np.log2(max(a, 1.0)) + 44)), 1))
    x, w = gauss_legendre(order)
    half, middle = 0.5 * np.diff(ends)[:, None], 0.5 * (ends[1:] + ends[:-1])[:, None]
    above = (middle + half * x).ravel()
    mass = (half * w).ravel() * np.exp(-0.5 * above**2) / np.sqrt(2.0 * np.pi)
    z, weight = np.concatenate([above, -above]), np.concatenate([mass, mass])
    s = 1.0 - 2.0 * ndtr(-a * z)
    first, second = s[: above.size, None], s[None, :]  # all signs turned together change nothing
    whole = 1.0 - first * second
    ratio = (first + second) / np.maximum(whole, 1e-300)
    inside = np.abs(ratio) < 1.0
    edge = ndtri(0.5 * (1.0 - np.where(inside, ratio, 0.0))) / a
    bent = ratio * (1.0 - 2.0 * ndtr(edge)) + 4.0 * owens_t(edge, a)
    modulus = np.where(inside, whole * bent, np.abs(first + second))
    return float(0.5 - 0.5 * (mass @ modulus @ weight))
