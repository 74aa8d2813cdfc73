"""Computes the coefficient tables of saddlepoint/special/ and prints them; nothing imports this file.

Run it as `python benchmarks/special_coefficients.py`. Three tables:

* hazard excess: G(t) - t = P(t) / [(t + 3) R(t)] on t >= 0, P and R of degree 11. Fitted as a rational
  function of s = (t - 3)/(t + 3) on Chebyshev points by iterated linear least squares, then rewritten in
  powers of t. All coefficients come out positive, so that Horner's scheme loses nothing.
* exponential: (e^r - 1 - r)/r^2 on |r| <= 0.36, Chebyshev interpolation.
* logarithm: (2 artanh(s)/s - 2)/s^2 as a polynomial in s^2 <= 0.0298, Chebyshev interpolation.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp

SHIFT = 3
FIT_POINTS = 160
#: Common factor of P and R, the best of 1500 drawn at random: the rounding of the coefficients then costs
#: 5e-18 of G instead of 1e-16.
SCALE = "1.193342303535761728834558822699854239148"


def hazard_excess(t: mp.mpf) -> mp.mpf:
    """G(t) - t: directly for small t, through the continued fraction of Mills' ratio for large t."""
    if t > 60:
        fraction = t
        for k in range(200, 1, -1):
            fraction = t + k / fraction
        return 1 / fraction
    return 1 / (mp.sqrt(mp.pi / 2) * mp.exp(t * t / 2) * mp.erfc(t / mp.sqrt(2))) - t


def chebyshev_to_powers(coefficients: list[mp.mpf]) -> list[mp.mpf]:
    """Rewrite a Chebyshev series as a polynomial, lowest power first."""
    bases = [[mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]]
    while len(bases) < len(coefficients):
        following = [mp.mpf(0)] + [2 * v for v in bases[-1]]
        for i, v in enumerate(bases[-2]):
            following[i] -= v
        bases.append(following)
    powers = [mp.mpf(0)] * len(coefficients)
    for c, basis in zip(coefficients, bases, strict=True):
        for i, v in enumerate(basis):
            powers[i] += c * v
    return powers


def multiply(p: list[mp.mpf], q: list[mp.mpf]) -> list[mp.mpf]:
    """Product of two polynomials."""
    product = [mp.mpf(0)] * (len(p) + len(q) - 1)
    for i, u in enumerate(p):
        for j, v in enumerate(q):
            product[i + j] += u * v
    return product


def in_powers_of_t(p: list[mp.mpf]) -> list[mp.mpf]:
    """(t + SHIFT)^degree p((t - SHIFT)/(t + SHIFT))."""
    degree = len(p) - 1
    result = [mp.mpf(0)] * len(p)
    for k, coefficient in enumerate(p):
        factor = [mp.mpf(1)]
        for _ in range(k):
            factor = multiply(factor, [mp.mpf(-SHIFT), mp.mpf(1)])
        for _ in range(degree - k):
            factor = multiply(factor, [mp.mpf(SHIFT), mp.mpf(1)])
        for i, v in enumerate(factor):
            result[i] += coefficient * v
    return result


def fit_hazard_excess(degree: int, sweeps: int = 6) -> tuple[list[mp.mpf], list[mp.mpf], mp.mpf]:
    """P, R (lowest power first, R[0] = 1) and the largest relative error on the fitted points."""
    nodes = [mp.cos(mp.pi * (2 * j + 1) / (2 * FIT_POINTS)) for j in range(FIT_POINTS)]
    values = [2 * SHIFT / (1 - s) * hazard_excess(SHIFT * (1 + s) / (1 - s)) for s in nodes]
    table = [[mp.cos(k * mp.acos(s)) for k in range(degree + 1)] for s in nodes]
    below = [mp.mpf(1)] * FIT_POINTS
    for _ in range(sweeps):
        matrix, right = mp.matrix(FIT_POINTS, 2 * degree + 1), mp.matrix(FIT_POINTS, 1)
        for j in range(FIT_POINTS):
            weight = 1 / abs(values[j] * below[j])
            for k in range(degree + 1):
                matrix[j, k] = weight * table[j][k]
            for k in range(1, degree + 1):
                matrix[j, degree + k] = -weight * values[j] * table[j][k]
            right[j] = weight * values[j]
        solution = list(mp.lu_solve(matrix, right))
        above = [mp.fdot(solution[: degree + 1], row) for row in table]
        below = [1 + mp.fdot(solution[degree + 1 :], row[1:]) for row in table]
    error = max(abs(above[j] / below[j] / values[j] - 1) for j in range(FIT_POINTS))
    p = in_powers_of_t(chebyshev_to_powers(solution[: degree + 1]))
    r = in_powers_of_t(chebyshev_to_powers([mp.mpf(1), *solution[degree + 1 :]]))
    return [v / r[0] for v in p], [v / r[0] for v in r], error


def interpolate(function: Callable[[mp.mpf], mp.mpf], low: float, high: float, degree: int) -> list[mp.mpf]:
    """Polynomial through the Chebyshev points of [low, high], lowest power first."""
    coefficients, _ = mp.chebyfit(function, [low, high], degree + 1, error=True)
    return coefficients[::-1]


def exponential_remainder(r: mp.mpf) -> mp.mpf:
    """(e^r - 1 - r)/r^2."""
    return mp.nsum(lambda k: r**k / mp.factorial(k + 2), [0, 40])


def logarithm_remainder(z: mp.mpf) -> mp.mpf:
    """(2 artanh(s)/s - 2)/s^2 with s^2 = z."""
    return mp.fsum(2 * z**k / (2 * k + 3) for k in range(60))


def show(name: str, coefficients: list[mp.mpf]) -> None:
    """Print a table, highest power first, as Horner's scheme reads it."""
    print(name)
    for value in reversed(coefficients):
        print(f"    {float(value)!r},")


if __name__ == "__main__":
    mp.mp.dps = 50
    numerator, denominator, worst = fit_hazard_excess(11)
    print("largest relative error of the hazard excess:", mp.nstr(worst, 3))
    show("P", [v * mp.mpf(SCALE) for v in numerator])
    show("R", [v * mp.mpf(SCALE) for v in denominator])
    root = mp.sqrt(2 * mp.pi)
    print("ln sqrt(2 pi) less the logarithm of its rounded root:", float(mp.log(root / mp.mpf(float(root)))))
    show("exponential", interpolate(exponential_remainder, -0.36, 0.36, 10))
    show("logarithm", interpolate(logarithm_remainder, 0.0, 0.0298, 7))
