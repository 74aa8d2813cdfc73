"""Balls of python-flint: its late import, exact numbers in, decimals rounded outward out; no mathematics here."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from types import ModuleType
from typing import Any


class NotEnclosed(Exception):
    """No enclosure is proved: the sentence says why.

    Attributes
    ----------
    args : tuple of str
        The sentence.

    See Also
    --------
    Enclosure : What is proved where there is a proof.

    Examples
    --------
    >>> from saddlepoint.enclosures import enclosed_root
    >>> try:
    ...     enclosed_root(lambda x: ([x[0] * x[0] + 1], {}), [1.0], digits=20)
    ... except NotEnclosed as refusal:
    ...     print(refusal)
    not enclosed: Newton's method leaves the floating-point solution
    """


class NotInstalled(NotEnclosed):
    """No enclosure without python-flint."""


def flint() -> ModuleType:
    """python-flint; `NotInstalled` in one sentence where it is not there."""
    try:
        import flint as module
    except ImportError as reason:
        raise NotInstalled(
            "not enclosed: this needs python-flint, pip install 'replica-theory[enclosures]'"
        ) from reason
    return module


def ball(value: Any) -> Any:
    """The exact number as a ball: ints, floats (their binary value), Fractions, Decimals and decimal strings.

    A float that carries the number it was made of in ``exact`` stands for that.
    """
    module = flint()
    if isinstance(value, module.arb):
        return value
    value = getattr(value, "exact", value)
    if isinstance(value, (str, Decimal)):
        value = Fraction(value)
    if isinstance(value, Fraction):
        return module.arb(module.fmpq(value.numerator, value.denominator))
    return module.arb(value if isinstance(value, int) else float(value))


def fraction(number: Any) -> Fraction:
    """An exact ball (a midpoint, an end) as a fraction."""
    mantissa, exponent = number.man_exp()
    mantissa, exponent = int(mantissa), int(exponent)
    return Fraction(mantissa * 2**exponent) if exponent >= 0 else Fraction(mantissa, 2**-exponent)


def ends(number: Any) -> tuple[Fraction, Fraction]:
    """Both ends of a finite ball, exactly."""
    middle, radius = fraction(number.mid()), fraction(number.rad())
    return middle - radius, middle + radius


def decimal(number: Fraction, places: int, up: bool) -> str:
    """A decimal with so many places that is not below (``up``) or not above the number.

    Examples
    --------
    >>> decimal(Fraction(1, 3), 4, up=False), decimal(Fraction(-1, 3), 4, up=False)
    ('0.3333', '-0.3334')
    """
    scaled = number * 10**places
    whole = math.ceil(scaled) if up else math.floor(scaled)
    sign, text = "-" if whole < 0 else "", str(abs(whole)).rjust(places + 1, "0")
    return f"{sign}{text[:-places]}.{text[-places:]}" if places else f"{sign}{text}"
