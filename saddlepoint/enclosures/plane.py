r"""Averages over the plane with a proof: the trapezoidal rule in x and, at every node, in y.

Averaged are functions ``f`` with a weight ``W`` over two standard Gaussians. Of a `Plane` its author proves that, with
``P = A + B|x| + C|y|``, ``A >= 1``,

- W and fW are analytic, ``|fW| <= K F P^p W(Re x, Re y)`` and ``|W| <= K W(Re x, Re y)`` where ``|Im x| <= a`` and y is
  real, and where ``|Im y| <= b`` and x is real (there P is that of the real parts);
- for real x and y ``0 <= g(y) W <= (4 + lean) sqrt(2 pi) g(y - lean)`` beyond ``y = lean``, ``0 <= lean(x) <= l +
  l'|x|``, and with ``|y|`` in the place of ``y - lean`` below 0; ``int W g dy <= 1``, and with this weight |y| is
  stochastically at most ``lean + |n| + |n'|``, n and n' independent standard Gaussians.

**Lemma (moments).** ``int Dx Dy W P^p <= 4^(p-1) ((A + Cl)^p + ((B + Cl')^p + 2 C^p) E|n|^p)``.

**Lemma (sums).** For even ``p = 2k`` and a step ``h`` with ``r = 2K exp(b^2/2)/(exp(2 pi b/h) - 1) <= 1``:
``h sum_j g(jh) W (A + C|jh|)^p <= 2^(k+1) E (A + Cb + C lean + C|n| + C|n'|)^p``: ``(A^2 + C^2 y^2)^k``, which is at
least ``2^-k`` of the left power and at most the right one, is analytic, and the lemma of the trapezoid (`gaussian`)
bounds its sum.

The error is that of the rule in y, averaged over x; that of the rule in x of what is summed over y; and both tails.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

from saddlepoint.enclosures.gaussian import SPARE_BITS, absolute_moment, dyadic, nodes, step_below, tail_of_sum
from saddlepoint.enclosures.numbers import NotEnclosed, flint

#: nodes beyond which an average is refused: about a minute of processor time
MOST_NODES = 2_000_000
_HIGHEST = 40.0  # standard deviations: no tail needs more
_SLOPES = 20.0  # slopes are wanted to exp(-20)
#: a column reaches as far in y, so that powers up to 6 fall beyond
_SHORTEST = 3.0


class Base(NamedTuple):
    """``A + B|x| + C|y|``, upper bounds, with the lean ``l + l'|x|``, the strips a and b, and K."""

    constant: Any
    first: Any
    second: Any
    lean: Any
    lean_slope: Any
    widths: tuple[Any, Any]
    ratio: Any = 1

    def power(self, power: int, constant: Any) -> Any:
        """The lemma of moments for another constant."""
        if not power:
            return flint().arb(1)
        own = constant + self.second * self.lean
        moment = absolute_moment(power)
        beside = (self.first + self.second * self.lean_slope) ** power + 2 * self.second**power
        return 4 ** (power - 1) * (own**power + beside * moment)


class Plane(ABC):
    """Functions of two real numbers and a weight, whose averages are wanted; the docstring names the lemmas."""

    @property
    @abstractmethod
    def base(self) -> Base:
        """What is proved of the functions and of the weight."""

    #: functions whose averages are wanted to all digits; the others are slopes
    exact: Sequence[int]

    @property
    @abstractmethod
    def bounds(self) -> Sequence[tuple[Any, int]]:
        """F and p of every function."""

    @abstractmethod
    def lean(self, x: Any) -> Any:
        """The lean at a real number."""

    @abstractmethod
    def sums(self, x: Any, nodes: Sequence[tuple[Any, Any]]) -> list[Any]:
        """``sum w W f`` over nodes (y, w) at x, of every function."""


def plane_averages(plane: Plane) -> list[Any]:
    """The averages ``int Dx Dy W f`` of the functions of a plane, as balls that contain them.

    Raises
    ------
    NotEnclosed
        Where more than 2,000,000 nodes were needed.
    """
    module = flint()
    arb, precision = module.arb, module.ctx.prec
    base, target = plane.base, (precision - SPARE_BITS) * math.log(2.0)
    widths = [min(math.nextafter(float(w.lower()), 0.0), math.sqrt(2.0 * target)) for w in base.widths]
    if not min(widths) > 0:
        raise NotEnclosed("not enclosed: no strip of analyticity is proved for these parameters")
    base = base._replace(widths=(arb(widths[0]), arb(widths[1])))
    sizes = [_size(base, one) for one in plane.bounds]
    if not all(size.is_finite() for size in sizes):
        raise NotEnclosed("not enclosed: the integrands have no finite bound for these parameters")
    logs = [float(size.log()) for size in sizes]
    exponent = math.log(8.0) + max(target, *(target + logs[i] for i in plane.exact), *(_SLOPES + one for one in logs))
    steps = step_below(widths[0], exponent), step_below(widths[1], exponent)
    reach, wanted = 4.0, [target if i in plane.exact else _SLOPES for i in range(len(sizes))]
    while any(
        float(_tails(base, one, arb(reach))) > math.exp(-much) for one, much in zip(plane.bounds, wanted, strict=True)
    ):
        reach += 0.5
        if reach > _HIGHEST:
            raise NotEnclosed("not enclosed: the integrands have no finite bound for these parameters")
    ends = [math.ceil(reach / step) for step in steps]
    found = []
    for total, one in zip(_sum(plane, steps, ends, reach), plane.bounds, strict=True):
        missed = _missed(base, one, arb(steps[0]), arb(steps[1])) + _tails(base, one, arb(reach))
        found.append(total + arb(0, missed.abs_upper()))
    return found


def _sum(plane: Plane, steps: tuple[float, float], ends: list[int], reach: float) -> list[Any]:
    """Over all nodes; those in y reach as far beyond the lean, and below 0, as those in x do."""
    module = flint()
    _affordable(4 * ends[0] * ends[1])
    columns = nodes(*dyadic(steps[0]), ends[0], module.ctx.prec)
    spans = [max(math.sqrt(max(reach**2 - float(x) ** 2, 0.0)), _SHORTEST) for x, _ in columns]
    counts = [
        (math.ceil(span / steps[1]) + 2, math.ceil((span + float(plane.lean(x).abs_upper())) / steps[1]) + 2)
        for span, (x, _) in zip(spans, columns, strict=True)
    ]
    _affordable(sum(map(sum, counts)))
    rows = nodes(*dyadic(steps[1]), max(far for _, far in counts), module.ctx.prec)
    totals = [module.arb(0)] * len(plane.bounds)
    for (x, weight), (near, far) in zip(columns, counts, strict=True):
        # the rows are 0, h, -h, 2h, ...
        parts = plane.sums(x, rows[: 2 * near + 1] + rows[2 * near + 1 : 2 * far + 1 : 2])
        totals = [total + weight * part for total, part in zip(totals, parts, strict=True)]
    return totals


def _affordable(count: int) -> None:
    if count > MOST_NODES:
        raise NotEnclosed(f"not enclosed: averages need {count:.3g} nodes, more than {MOST_NODES}")


def _even(power: int) -> int:
    return power + power % 2


def _size(base: Base, one: tuple[Any, int]) -> Any:
    """What the errors of both rules are proportional to."""
    factor, power = one
    even, (a, b) = _even(power), base.widths
    along = factor * base.ratio * (b * b / 2).exp() * base.power(power, base.constant)
    across = factor * base.ratio * (a * a / 2).exp() * 2 ** (even // 2 + 1)
    return (along + across * base.power(even, base.constant + base.second * b)).upper()


def _missed(base: Base, one: tuple[Any, int], first: Any, second: Any) -> Any:
    """Errors of both rules."""
    arb = flint().arb
    a, b = base.widths
    decays = [2 / ((2 * arb.pi() * width / step).exp() - 1) for width, step in ((a, first), (b, second))]
    if not (base.ratio * (b * b / 2).exp() * decays[1] <= 1 and (a * a / 2).exp() * decays[0] <= 1):
        raise NotEnclosed("not enclosed: the rules are too coarse for their bounds")
    return _size(base, one) * decays[0].max(decays[1])


def _tails(base: Base, one: tuple[Any, int], end: Any) -> Any:
    """What nodes beyond ``|x| = end`` and beyond ``|y| = lean + end`` would add."""
    factor, power = one
    even, b, c = _even(power), base.widths[1], base.second
    if not (end * end > even + 2 and power < _SHORTEST**2):
        return flint().arb("inf")
    # beyond in x: the lemma of sums at each x, with |n| and |n'| out of the power
    constant = base.constant + c * (b + base.lean)
    if even:
        constant += c * (2 * absolute_moment(even)).root(even)
    split = 2 ** (even // 2 + 1) * (3 ** (even - 1) if even else 1)
    across = factor * split * tail_of_sum(constant, base.first + c * base.lean_slope, even, end)
    # beyond in y, where x^2 + (y - lean)^2 >= end^2, summed over the nodes |x| <= end
    own = base.constant + c * (base.lean + end) + 4 + base.lean
    slope = base.first + c * base.lean_slope + base.lean_slope
    density = (-end * end / 2).exp() / (2 * flint().arb.pi()).sqrt()
    falls = 2 * density / (_SHORTEST - power / flint().arb(_SHORTEST))
    return (across + factor * (2 * end + 4) * falls * (own + slope * (end + 1)) ** (power + 1)).upper()
