r"""Gaussian averages with a proof: the trapezoidal rule on the real line, with bounds of all that it leaves out.

**Lemma (trapezoid).** If ``w`` is analytic in ``|Im z| <= a``, decays there, and ``int |w(x+ib)| dx <= M`` for all
``|b| <= a``, then ``|int w - h sum_k w(kh)| <= 2M/(exp(2 pi a/h) - 1)`` (residues of ``w(z)/(exp(2 pi i z/h) - 1)``;
L. N. Trefethen and J. A. C. Weideman, SIAM Review 56, 385 (2014), theorem 5.1).

**Lemma (tails).** For ``L > sqrt p``: ``h sum_{|k| h > L} g(kh) (A + B|kh|)^p <= 2 g(L) (A + BL)^p/(L - p/L)``, for the
majorant falls from L on, with a logarithmic slope of at most ``-(L - p/L)``.

Only real nodes are evaluated. The parameters may be balls: both lemmas hold for each of their points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from saddlepoint.enclosures.dual import Dual
from saddlepoint.enclosures.numbers import NotEnclosed, flint
from saddlepoint.enclosures.ring import Kernel, Majorant, Monomial, Polynomial

#: nodes beyond which an average is refused: a minute of processor time
MOST_NODES = 100_000
#: bits of the working precision that the quadrature leaves to the sum
SPARE_BITS = 8


def gaussian_averages(kernel: Kernel, polynomials: Sequence[Polynomial], at: Mapping[str, Any]) -> list[Any]:
    r"""``int Dz P(z)`` of polynomials P in the generators of a kernel, as balls that contain them.

    Parameters
    ----------
    kernel : Kernel
    polynomials : sequence of Polynomial
        All are averaged over the same nodes.
    at : dict
        The parameters of the kernel: balls, or Duals, whose derivatives then go through the ring.

    Returns
    -------
    list
        Balls, or Duals. The error of the rule is below ``2^(8 - prec)`` times the size of the coefficients.

    Raises
    ------
    NotEnclosed
        Where more than 100,000 nodes were needed.
    """
    level = max((x.level for x in at.values() if isinstance(x, Dual)), default=0)
    if not level:
        return _plain_averages(kernel, tuple(polynomials), at)
    moving = {name: x for name, x in at.items() if isinstance(x, Dual) and x.level == level}
    values = {name: moving[name].value if name in moving else x for name, x in at.items()}
    wanted = list(polynomials)
    for name in moving:
        wanted += [kernel.derivative(polynomial, name) for polynomial in polynomials]
    found, count = gaussian_averages(kernel, wanted, values), len(polynomials)
    answers = []
    for i in range(count):
        total = Dual(found[i], (), level)
        for j, x in enumerate(moving.values(), start=1):
            total = total + x.chain(0, found[j * count + i])
        answers.append(total)
    return answers


class _Plan(NamedTuple):
    """How monomials are built from one another: each is an earlier one times a generator."""

    parents: list[tuple[int, str]]
    wanted: list[int]
    coefficients: list[list[tuple[int, Any]]]
    generators: tuple[str, ...]


@lru_cache(maxsize=256)
def _plan(polynomials: tuple[Polynomial, ...]) -> _Plan:
    index: dict[Monomial, int] = {(): 0}
    parents: list[tuple[int, str]] = [(0, "")]

    def place(monomial: Monomial) -> int:
        if monomial not in index:
            name, power = monomial[0]
            rest = ((name, power - 1), *monomial[1:]) if power > 1 else monomial[1:]
            below = place(rest)
            index[monomial] = len(parents)
            parents.append((below, name))
        return index[monomial]

    coefficients = [[(place(m), c) for m, c in polynomial.terms] for polynomial in polynomials]
    wanted = sorted({i for terms in coefficients for i, _ in terms})
    return _Plan(parents, wanted, coefficients, tuple(sorted({name for _, name in parents if name})))


def _plain_averages(kernel: Kernel, polynomials: tuple[Polynomial, ...], at: Mapping[str, Any]) -> list[Any]:
    arb, precision = flint().arb, flint().ctx.prec
    plan = _plan(polynomials)
    target = (precision - SPARE_BITS) * math.log(2.0)
    # a float below the strip that is proved
    width = min(math.nextafter(float(kernel.strip(at)), 0.0), math.sqrt(2.0 * target))
    if not width > 0:
        raise NotEnclosed("not enclosed: no strip of analyticity is proved for these parameters")
    majorants = kernel.majorants(arb(width), at)
    bounds = [[_majorant(m, c, majorants) for m, c in polynomial.terms] for polynomial in polynomials]
    size = max((_strip_integral(terms, arb(width)) for terms in bounds), default=arb(1))
    if not size.is_finite():
        raise NotEnclosed("not enclosed: the integrands have no finite bound for these parameters")
    step = step_below(width, target + math.log(4.0) + max(0.0, float(size.log())))
    reach = _reach(max((b.power for terms in bounds for b in terms), default=0), bounds, target)
    if reach / step > MOST_NODES:
        raise NotEnclosed(f"not enclosed: averages need {2 * reach / step:.3g} nodes, more than {MOST_NODES}")
    places = nodes(*dyadic(step), math.ceil(reach / step), precision)
    step_ball = arb(step)
    decay = 2 / ((2 * arb.pi() * arb(width) / step_ball).exp() - 1)
    end = step_ball * math.ceil(reach / step)
    sums = _sums(kernel, plan, places, at)
    answers = []
    for terms, coefficients in zip(bounds, plan.coefficients, strict=True):
        missed = decay * _strip_integral(terms, arb(width)) + _tails(terms, end)
        total = sum((_scalar(c) * sums[i] for i, c in coefficients), arb(0))
        answers.append(total + arb(0, missed.abs_upper()))
    return answers


def _sums(kernel: Kernel, plan: _Plan, nodes: Sequence[tuple[Any, Any]], at: Mapping[str, Any]) -> dict[int, Any]:
    """Sums over the nodes of the monomials wanted."""
    arb = flint().arb
    parents, wanted = plan.parents[1:], plan.wanted
    totals = {i: arb(0) for i in wanted}
    for z, weight in nodes:
        values = kernel.values(z, at)
        built = [weight]
        for below, name in parents:
            built.append(built[below] * values[name])
        for i in wanted:
            totals[i] += built[i]
    return totals


def _scalar(coefficient: Any) -> Any:
    if isinstance(coefficient, int):
        return coefficient
    module = flint()
    return module.arb(module.fmpq(coefficient.numerator, coefficient.denominator))


def _majorant(monomial: Monomial, coefficient: Any, known: Mapping[str, Majorant]) -> Majorant:
    """Of one term: the product of those of its generators, all brought to one base."""
    arb = flint().arb
    factor, constant, slope, power = abs(_scalar(coefficient)) * arb(1), arb(1), arb(0), 0
    for name, exponent in monomial:
        one = known[name]
        factor = factor * arb(one.factor) ** exponent
        if one.power:
            constant, slope = arb(constant).max(arb(one.constant)), arb(slope).max(arb(one.slope))
            power += one.power * exponent
    return Majorant(factor.upper(), constant.upper(), slope.upper(), power)


def _strip_integral(terms: Sequence[Majorant], width: Any) -> Any:
    """M of the first lemma: ``int |g(x+ib)| (A + B|x|)^p dx <= e^(a^2/2) 2^(p-1) (A^p + B^p E|x|^p)``."""
    arb = flint().arb
    total = arb(0)
    for factor, constant, slope, power in terms:
        if power:
            factor = factor * 2 ** (power - 1) * (constant**power + slope**power * absolute_moment(power))
        total += factor
    return (total * (width * width / 2).exp()).upper()


def absolute_moment(power: int) -> Any:
    """``E|n|^p`` of a standard Gaussian."""
    arb = flint().arb
    return arb(2) ** (arb(power) / 2) * (arb(power + 1) / 2).gamma() / arb.const_sqrt_pi()


def tail_of_sum(constant: Any, slope: Any, power: int, end: Any) -> Any:
    """The lemma of tails."""
    density = (-end * end / 2).exp() / (2 * flint().arb.pi()).sqrt()
    return 2 * density * (constant + slope * end) ** power / (end - power / end)


def _tails(terms: Sequence[Majorant], end: Any) -> Any:
    return sum((t.factor * tail_of_sum(t.constant, t.slope, t.power, end) for t in terms), flint().arb(0))


def _reach(power: int, bounds: Sequence[Sequence[Majorant]], target: float) -> float:
    """Where the sum may end; a guess that `_tails` then bounds."""
    reach = max(math.sqrt(2.0 * target), math.sqrt(power) + 1.0)
    while float(max((_tails(terms, flint().arb(reach)) for terms in bounds), key=float)) > math.exp(-target):
        reach += 0.5
    return reach


def step_below(width: float, exponent: float) -> float:
    """A step below ``2 pi a / exponent`` with a mantissa of five bits, so that nodes are exact and often the same."""
    wanted = 2.0 * math.pi * width / exponent
    scale = 2.0 ** (math.floor(math.log2(wanted)) - 5)
    return math.floor(wanted / scale) * scale


def dyadic(step: float) -> tuple[int, int]:
    numerator, denominator = step.as_integer_ratio()
    return numerator, denominator


@lru_cache(maxsize=24)
def nodes(numerator: int, denominator: int, most: int, precision: int) -> list[tuple[Any, Any]]:
    """Nodes ``kh``, ``|k| <= most``, with ``h g(kh)``."""
    arb = flint().arb
    step = arb(numerator) / denominator
    scale = step / (2 * arb.pi()).sqrt()
    found = [(arb(0), scale)]
    for k in range(1, most + 1):
        z = step * k
        weight = scale * (-z * z / 2).exp()
        found += [(z, weight), (-z, weight)]
    return found
