r"""Existence and uniqueness of a zero: the test of Krawczyk, and what follows for functions of the zero.

**Lemma (Krawczyk).** With ``m`` the middle of a box X, Y any matrix and ``J(X)`` a matrix of intervals that contains
the
derivatives of F on X, let ``K = m - Y F(m) + (I - Y J(X)) (X - m)``. If K lies in the interior of X, then F has exactly
one zero in X, it lies in K, and every matrix in ``J(X)`` is regular (R. Krawczyk, Computing 4, 187 (1969); R. E.
Moore, SIAM J.
Numer. Anal. 14, 611 (1977)).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saddlepoint.enclosures.dual import Dual
from saddlepoint.enclosures.numbers import NotEnclosed, flint

#: Equations: unknowns -> residuals, and functions of the unknowns by name
System = Callable[[list[Dual]], tuple[list[Any], Mapping[str, Any]]]

_GUARD_BITS = 26
_FIRST_BITS = 90
_FURTHEST = 1e-2  # relative: a start that moves further was none
_SEARCH_BITS = 44
SHARES = (0.1, 1e-2, 1e-3, 1e-4, 1e-5)


@dataclass(frozen=True)
class Root:
    """A box with exactly one zero, functions there, and the half-width of a box without another one."""

    unknowns: list[Any]
    values: dict[str, Any]
    radius: float


def enclosed_root(
    system: System, start: Sequence[float], digits: int, shares: Sequence[float] = SHARES
) -> Root:
    """A zero near a floating-point one, with proof.

    Parameters
    ----------
    system : callable
        Takes Duals; is written over them, so that it gives its own Jacobian.
    start : sequence of float
        Right to a few digits; none of them 0.
    digits : int
        Decimal digits wanted; the working precision leaves 26 bits beyond.
    shares : sequence of float
        Sizes of boxes, as shares of the unknowns, that are tried for a larger one without another zero.

    Raises
    ------
    NotEnclosed
        When Newton's method leaves the start, or no box passes the test.

    Examples
    --------
    >>> from saddlepoint.enclosures import ball, enclosed_root
    >>> root = enclosed_root(lambda x: ([x[0] * x[0] - 2], {"cube": x[0] * x[0] * x[0]}), [1.4142135], 30)
    >>> (root.unknowns[0] ** 2).contains(2), root.values["cube"].overlaps(ball(8).sqrt()), root.radius > 0.1
    (True, True, True)
    """
    module = flint()
    bits = _bits(digits)
    middle = [module.arb(float(x)) for x in start]
    if not all(x.is_finite() for x in middle):
        raise NotEnclosed("not enclosed: there is no floating-point solution to start from")
    first = list(middle)
    precision, steps = min(bits, _FIRST_BITS), 0
    while True:
        with module.ctx.workprec(precision):
            at = _Evaluated(system, middle)
            move = at.step
            if precision == bits and _settled(move, middle, bits):
                break
            middle = [(m - d).mid() for m, d in zip(middle, move, strict=True)]
            if not all(abs(m - f) < _FURTHEST * abs(f) for m, f in zip(middle, first, strict=True)):
                raise NotEnclosed("not enclosed: Newton's method leaves the floating-point solution")
        steps += 1
        if steps > 12:
            raise NotEnclosed("not enclosed: Newton's method does not settle at this precision")
        precision = min(bits, 2 * precision - 20)
    with module.ctx.workprec(bits):
        box, inside = _proved_box(system, at, move, bits)
        values = {name: _at_root(f, inside.values[name], box, middle) for name, f in at.values.items()}
    return Root(box, values, _radius(system, middle, shares) or _least(x.rad() for x in inside.middle))


def _bits(digits: int) -> int:
    return math.ceil(digits * math.log2(10.0)) + _GUARD_BITS


class _Evaluated:
    """Residuals, Jacobian and functions on a box, with the Newton step from its middle."""

    def __init__(self, system: System, box: Sequence[Any]) -> None:
        arb_mat = flint().arb_mat
        count = len(box)
        unknowns = [Dual(x, [int(i == j) for j in range(count)]) for i, x in enumerate(box)]
        residuals, self.values = system(unknowns)
        self.middle = list(box)
        self.residual = [_value(r) for r in residuals]
        self.jacobian = arb_mat([[_slope(r, j) for j in range(count)] for r in residuals])
        if not all(x.is_finite() for x in [*self.residual, *self.jacobian.entries()]):
            raise NotEnclosed("not enclosed: the equations leave their domain beside the floating-point solution")

    @property
    def inverse(self) -> Any:
        """A point matrix near the inverse of the Jacobian."""
        try:
            return self.jacobian.mid().inv().mid()
        except ZeroDivisionError:
            raise NotEnclosed("not enclosed: the Jacobian is singular at the floating-point solution") from None

    @property
    def step(self) -> list[Any]:
        arb_mat = flint().arb_mat
        return (self.inverse * arb_mat([[r] for r in self.residual])).entries()


def _settled(move: Sequence[Any], middle: Sequence[Any], bits: int) -> bool:
    """Whether the next step is but what the averages leave open, or so small that its square is."""
    small = flint().arb(2) ** -(bits // 2 + 16)
    return all(
        d.abs_upper() <= 4 * d.rad() or d.abs_upper() <= abs(m) * small for d, m in zip(move, middle, strict=True)
    )


def _proved_box(system: System, at: _Evaluated, move: Sequence[Any], bits: int) -> tuple[list[Any], _Evaluated]:
    """The box K of the lemma, and what the equations are on X."""
    arb = flint().arb
    size = [3 * d.abs_upper() + abs(m) * arb(2) ** (8 - bits) for d, m in zip(move, at.middle, strict=True)]
    for _ in range(4):
        box = [m + arb(0, r.abs_upper()) for m, r in zip(at.middle, size, strict=True)]
        inside = _Evaluated(system, box)
        image = _image(at, inside, box)
        if all(x.contains_interior(k) for x, k in zip(box, image, strict=True)):
            return image, inside
        size = [4 * r for r in size]
    raise NotEnclosed("not enclosed: no box passes the test of existence; near a fold there may be no solution, or two")


def _image(at: _Evaluated, inside: _Evaluated, box: Sequence[Any]) -> list[Any]:
    """``K`` of the lemma."""
    arb, arb_mat = flint().arb, flint().arb_mat
    count = len(box)
    one = arb_mat([[arb(int(i == j)) for j in range(count)] for i in range(count)])
    rest = (one - at.inverse * inside.jacobian) * arb_mat(
        [[x - m] for x, m in zip(box, at.middle, strict=True)]
    )
    return [m - d + r for m, d, r in zip(at.middle, at.step, rest.entries(), strict=True)]


def _at_root(f: Any, inside: Any, box: Sequence[Any], middle: Sequence[Any]) -> Any:
    """A function at the zero, by the mean-value theorem: ``f(m) + f'(X) (K - m)``."""
    total = _value(f)
    for j, (x, m) in enumerate(zip(box, middle, strict=True)):
        total = total + _slope(inside, j) * (x - m)
    return total


def _radius(system: System, middle: Sequence[Any], shares: Sequence[float]) -> float:
    """Half-width of the largest of a few boxes that pass the test at low precision, else 0."""
    module = flint()
    with module.ctx.workprec(_SEARCH_BITS):
        centre = [m.mid() for m in middle]
        try:
            at = _Evaluated(system, centre)
        except NotEnclosed:
            return 0.0
        for share in shares:
            box = [m + module.arb(0, (share * abs(m)).abs_upper()) for m in centre]
            try:
                image = _image(at, _Evaluated(system, box), box)
            except NotEnclosed:
                continue
            if all(x.contains_interior(k) for x, k in zip(box, image, strict=True)):
                return _least(share * abs(m) for m in centre)
    return 0.0


def _least(widths: Iterable[Any]) -> float:
    """A float below half-widths of a box, with room for a centre that is known to some digits only."""
    return float(min(float(x.lower()) for x in widths)) * (1 - 2.0**-20)


def _value(number: Any) -> Any:
    return number.value if isinstance(number, Dual) else flint().arb(number)


def _slope(number: Any, j: int) -> Any:
    slopes = number.slopes if isinstance(number, Dual) else []
    return flint().arb(slopes[j]) if slopes else flint().arb(0)
