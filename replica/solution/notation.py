"""Numbers with errors as physicists write them, ``0.8330785997(1)``, and names as LaTeX; nothing is computed here."""

from __future__ import annotations

import math
import re
from decimal import ROUND_CEILING, Decimal

#: a plain decimal between these powers of ten, a mantissa and an exponent beyond
SMALLEST, LARGEST = -5, 12
_NAMES = {"free_entropy": r"\phi", "entropy": "s", "energy": "e", "complexity": r"\Sigma", "bias": "b",
          "zeta": r"\zeta", "q_cross": r"q_\times", "q_cross_hat": r"\hat q_\times"}
_LEVEL = re.compile(r"([a-zA-Z]+)(\d+)")


def shorthand(value: float, error: float) -> str:
    """A number with one digit of its error in brackets behind the digit that it is an error of.

    The error is rounded up, and holds what the number loses by being rounded.

    Parameters
    ----------
    value, error : float
        An error that is NaN or infinite leaves the number alone, with a question mark in the brackets.

    Examples
    --------
    >>> from replica.solution.notation import shorthand
    >>> shorthand(0.83307859973957, 9.6e-15), shorthand(-12.28, 0.13), shorthand(1520.0, 130.0), shorthand(3e-9, 2e-12)
    ('0.83307859973957(1)', '-12.3(2)', '1500(200)', '3.000(2)e-9')
    """
    if not math.isfinite(value):
        return f"{value:g}"
    if not math.isfinite(error):
        return f"{value:.12g}(?)"
    if error == 0.0:
        return f"{value!r}(0)"
    exact, size = Decimal(repr(float(value))), Decimal(repr(float(abs(error))))
    place = size.adjusted()
    digit = _digit(exact, size, place)
    if digit > 9:
        place += 1
        digit = _digit(exact, size, place)
    order = exact.adjusted() if value else place
    shift = 0 if SMALLEST < order < LARGEST else max(order, place)
    written = _rounded(exact, place).scaleb(-shift)
    if place >= shift:  # the error is of ones, tens, hundreds, ...
        return f"{written:.0f}({digit * 10 ** (place - shift)})" + (f"e{shift}" if shift else "")
    return f"{written:.{shift - place}f}({digit})" + (f"e{shift}" if shift else "")


def _rounded(exact: Decimal, place: int) -> Decimal:
    """A number to the digit of this power of ten."""
    return exact.scaleb(-place).to_integral_value().scaleb(place)


def _digit(exact: Decimal, size: Decimal, place: int) -> int:
    """The error in units of that digit, with what rounding adds to it."""
    return int((size + abs(_rounded(exact, place) - exact)).scaleb(-place).to_integral_value(ROUND_CEILING))


def latex_number(value: float, error: float) -> str:
    """The same for LaTeX's mathematics, without the dollars."""
    number, _, power = shorthand(value, error).partition("e") if math.isfinite(value) else ("", "", "")
    if not number:
        return r"\mathrm{unknown}" if math.isnan(value) else (r"\infty" if value > 0 else r"-\infty")
    return number + (rf"\times10^{{{power}}}" if power else "")


def latex_name(name: str) -> str:
    """A name of a number as LaTeX: ``q_hat`` is a q with a hat, ``q1`` has an index."""
    if name in _NAMES:
        return _NAMES[name]
    if name.endswith("_hat"):
        return rf"\hat {name.removesuffix('_hat')}"
    level = _LEVEL.fullmatch(name)
    if level:
        letter = level[1] if len(level[1]) == 1 else rf"\mathrm{{{level[1]}}}"
        return f"{letter}_{{{level[2]}}}"
    return name if len(name) == 1 else rf"\mathrm{{{name.replace('_', ' ')}}}"
