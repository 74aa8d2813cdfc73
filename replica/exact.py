"""Closed forms and limits of the perceptron, for tests and notebooks: nothing in `replica` imports this file.

Conventions are those of the package: ``alpha = P/N``, natural logarithms per weight, H the Gaussian tail, g
the Gaussian density, ``G = g/H``. No equation is solved here; each function is a formula to be checked by
hand.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from replica._checks import number, one_of

__all__ = [
    "Expansion",
    "allowed_probability",
    "annealed_entropy",
    "binary_existence",
    "first_moment_capacity",
    "high_temperature",
    "large_load_error",
    "paramagnet_stability_limit",
    "small_load",
    "small_load_teacher",
    "spherical_capacity",
    "spherical_capacity_density",
    "spherical_capacity_stability",
    "u_function_margin",
]

SHAPES = ("margin", "band", "outside-band")


def _tail(x: float) -> float:
    return 0.5 * math.erfc(x / math.sqrt(2.0))


def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def spherical_capacity(kappa: float) -> float:
    r"""RS capacity of the sphere, ``1/alpha_c = (1 + kappa^2) H(-kappa) + kappa g(kappa)``.

    Exact for ``kappa >= 0``; an upper bound below, where replica symmetry is broken and where the two terms
    cancel (the relative rounding grows as ``kappa^4``).

    References
    ----------
    E. Gardner, J. Phys. A 21, 257 (1988).

    Examples
    --------
    >>> from replica.exact import spherical_capacity
    >>> spherical_capacity(0.0)
    2.0
    """
    k = number("kappa", kappa)
    return 1.0 / ((1.0 + k * k) * _tail(-k) + k * _density(k))


def spherical_capacity_stability(kappa: float) -> float:
    """Stability ``1 - alpha_c H(-kappa)`` of the sphere at its RS capacity: 0 at margin 0, negative below.

    Examples
    --------
    >>> from replica.exact import spherical_capacity_stability
    >>> spherical_capacity_stability(0.0), spherical_capacity_stability(0.5) > 0
    (0.0, True)
    """
    return 1.0 - spherical_capacity(kappa) * _tail(-kappa)


def spherical_capacity_density(delta: float, kappa: float) -> tuple[float, float]:
    """Stabilities at the RS capacity of the sphere: ``theta(Delta-kappa) g(Delta)`` and the atom ``H(-kappa)``.

    Returns
    -------
    density, atom : float
        The atom sits at ``Delta = kappa``.

    Examples
    --------
    >>> from replica.exact import spherical_capacity_density
    >>> spherical_capacity_density(-0.1, 0.0)
    (0.0, 0.5)
    """
    return (_density(delta) if delta > kappa else 0.0), _tail(-kappa)


def binary_existence(kappa: float) -> float:
    r"""Load ``2/(pi E[(kappa-z)_+^2])`` at which the RS branch of weights +-1 ends, ``q -> 1``.

    Examples
    --------
    >>> from replica.exact import binary_existence
    >>> print(f"{binary_existence(0.0):.12f}")
    1.273239544735
    """
    return 2.0 * spherical_capacity(kappa) / math.pi


def allowed_probability(kappa: float, shape: str = "margin") -> float:
    """Probability that a random pattern is satisfied: ``H(kappa)``; band: ``1 - 2H``; outside a band: ``2H``.

    Examples
    --------
    >>> from replica.exact import allowed_probability
    >>> allowed_probability(0.0)
    0.5
    """
    one_of("shape", shape, SHAPES)
    k = number("kappa", kappa, low=-math.inf if shape == "margin" else 0.0)
    return {"margin": _tail(k), "band": math.erf(k / math.sqrt(2.0)), "outside-band": 2.0 * _tail(k)}[shape]


def annealed_entropy(alpha: float, kappa: float, shape: str = "margin", bare: float = math.log(2.0)) -> float:
    """First moment ``bare + alpha ln p``, an upper bound of the entropy; ``bare``: its value at alpha = 0.

    Examples
    --------
    >>> from replica.exact import annealed_entropy
    >>> print(f"{annealed_entropy(1.0, 0.0):.3f}")
    0.000
    """
    return bare + number("alpha", alpha, low=0.0) * math.log(allowed_probability(kappa, shape))


def first_moment_capacity(kappa: float, shape: str = "margin", letters: int = 2) -> float:
    r"""First-moment bound ``-ln(letters)/ln p`` of the capacity (alphabets of one modulus).

    Exact for a band at every half-width, and outside a band up to `u_function_margin`.

    References
    ----------
    B. Aubin, W. Perkins and L. Zdeborova, J. Phys. A 52, 294003 (2019).

    Examples
    --------
    >>> from replica.exact import first_moment_capacity
    >>> first_moment_capacity(0.0)
    1.0
    """
    return -math.log(letters) / math.log(allowed_probability(kappa, shape))


def paramagnet_stability_limit(kappa: float, shape: str) -> float:
    """Load ``(p/(2 kappa g))^2`` above which ``q = 0`` is unstable: even constraints, weights of unit norm.

    Examples
    --------
    >>> from replica.exact import first_moment_capacity, paramagnet_stability_limit
    >>> paramagnet_stability_limit(1.0, "band") > first_moment_capacity(1.0, "band")
    True
    """
    one_of("shape", shape, SHAPES[1:])
    k = number("kappa", kappa, low=0.0, open_low=True)
    return (allowed_probability(k, shape) / (2.0 * k * _density(k))) ** 2


def u_function_margin() -> float:
    """Half-width below which the first moment is exact for ``|Delta| >= kappa``: ``q = 0`` is stable there.

    Examples
    --------
    >>> from replica.exact import u_function_margin
    >>> print(f"{u_function_margin():.8f}")
    0.81709945
    """
    low, high = 0.5, 1.5
    shape = "outside-band"
    for _ in range(60):
        middle = 0.5 * (low + high)
        stable = paramagnet_stability_limit(middle, shape) > first_moment_capacity(middle, shape)
        low, high = (middle, high) if stable else (low, middle)
    return low


class Expansion(NamedTuple):
    """Leading orders in alpha: ``free_entropy`` to the second, ``q`` and ``norm`` (``Q``) to the first."""

    free_entropy: float
    q: float
    norm: float


def small_load(
    alpha: float, kappa: float, *, bare: float = 0.0, norm: float = 1.0, spread: float = 0.0
) -> Expansion:
    r"""Random labels at small load, margin kappa, symmetric weights.

    With ``x = kappa/sqrt(Q0)`` and ``G = G(x)``

    .. math:: \phi = \phi_0 + \alpha \ln H(x)
              + \alpha^2 \left[\frac{\mathrm{Var}(w^2)\, (G x)^2}{8 Q_0^2} - \frac{G^4}{4}\right], \quad
              q = \alpha G^2 Q_0, \quad Q = Q_0 + \alpha\, \mathrm{Var}(w^2) \frac{G x}{2 Q_0}

    Parameters
    ----------
    alpha, kappa : float
    bare : float
        Free entropy without patterns: 0 on the sphere, the logarithm of the number of letters of an alphabet.
    norm, spread : float
        ``Q0 = <w^2>`` and ``Var(w^2)`` of a free weight; 1 and 0 for held norms, ``1/(beta penalty)`` and
        twice its square for Gaussian weights.

    Examples
    --------
    >>> import replica
    >>> from replica.exact import small_load
    >>> exact = replica.solve(replica.perceptron("spherical"), alpha=0.01).free_entropy
    >>> abs(small_load(0.01, 0.0).free_entropy - exact) < 1e-6
    True
    """
    load, x = number("alpha", alpha, low=0.0), number("kappa", kappa) / math.sqrt(norm)
    hazard = _density(x) / _tail(x)
    second = spread * (hazard * x) ** 2 / (8.0 * norm**2) - hazard**4 / 4.0
    phi = bare + load * math.log(_tail(x)) + load**2 * second
    return Expansion(phi, load * hazard**2 * norm, norm + load * spread * hazard * x / (2.0 * norm))


def small_load_teacher(alpha: float, *, bare: float = 0.0, norm: float = 1.0) -> Expansion:
    r"""Bayes-optimal student of a noise-free teacher at small load.

    ``phi = bare - alpha ln 2 + alpha^2/pi^2`` and ``q = 2 alpha Q0/pi`` for symmetric weights; ``bare`` and
    ``norm`` as in `small_load`.

    Examples
    --------
    >>> import replica
    >>> from replica.exact import small_load_teacher
    >>> model = replica.perceptron("spherical", labels="teacher")
    >>> abs(small_load_teacher(0.01).free_entropy - replica.solve(model, alpha=0.01).free_entropy) < 1e-6
    True
    """
    load = number("alpha", alpha, low=0.0)
    return Expansion(bare - load * math.log(2.0) + (load / math.pi) ** 2, 2.0 * load * norm / math.pi, norm)


def high_temperature(alpha: float, beta: float, kappa: float, *, bare: float = 0.0) -> tuple[float, float]:
    r"""Number of errors at high temperature, weights of unit norm.

    With the probability ``p = H(-kappa)`` of an error, ``phi = bare - alpha beta p + alpha beta^2 p(1-p)/2``
    and ``e = alpha p - alpha beta p(1-p)``: the overlap, of order beta^2, enters phi at order beta^4.

    Returns
    -------
    free_entropy, energy : float

    Examples
    --------
    >>> from replica.exact import high_temperature
    >>> high_temperature(2.0, 0.0, 0.0)
    (0.0, 1.0)
    """
    load, b = number("alpha", alpha, low=0.0), number("beta", beta, low=0.0)
    p = _tail(-number("kappa", kappa))
    noise = p * (1.0 - p)
    return bare + load * (-b * p + 0.5 * b * b * noise), load * (p - b * noise)


def large_load_error(alpha: float, estimator: str = "typical") -> float:
    r"""Generalisation error on the sphere for ``alpha -> infinity``, noise-free teacher.

    With ``I = \int g^2/H``: ``1/(sqrt(pi) I alpha)`` for a typical student (0.625/alpha), ``1/sqrt 2`` of it
    for the Bayes rule (0.442/alpha).

    References
    ----------
    M. Opper and D. Haussler, Phys. Rev. Lett. 66, 2677 (1991).

    Examples
    --------
    >>> from replica.exact import large_load_error
    >>> print(f"{large_load_error(1.0):.4f} {large_load_error(1.0, 'bayes'):.4f}")
    0.6247 0.4417
    """
    from scipy.integrate import quad

    one_of("estimator", estimator, ("typical", "bayes"))
    load = number("alpha", alpha, low=0.0, open_low=True)
    integral = quad(lambda x: _density(x) ** 2 / _tail(x), -12.0, 12.0, epsabs=0.0, epsrel=1e-12)[0]
    typical = 1.0 / (math.sqrt(math.pi) * integral * load)
    return typical if estimator == "typical" else typical / math.sqrt(2.0)
