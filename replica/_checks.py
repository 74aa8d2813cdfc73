"""Sentences for wrong input: every public argument is checked here once; no physics."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

import numpy as np

ROUNDING = float(np.finfo(float).eps)


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The choice that a word begins, else the one that is spelled most like it; dashes in front count for nothing."""
    bare = {name.lstrip("-"): name for name in choices}
    asked = str(word).lower().lstrip("-")
    begun = [name for name in bare if len(asked) > 2 and name.startswith(asked)]
    found = begun or difflib.get_close_matches(asked, bare, n=1, cutoff=cutoff)
    return bare[found[0]] if found else None


def suggest(word: str, choices: Iterable[str]) -> str:
    """The clause that names the nearest valid words, for the end of an error sentence."""
    names = list(choices)
    near = nearest(word, names)
    hint = f"did you mean {near!r}? " if near else ""
    return f"{hint}Valid: {', '.join(names) or 'none'}"


def spelled(word: Any, choices: Iterable[str]) -> Any:
    """The choice that equals ``word`` up to case, hyphens and underscores, else ``word``."""

    def bare(name: str) -> str:
        return name.lower().replace("-", "").replace("_", "")

    return next((name for name in choices if bare(name) == bare(word)), word) if isinstance(word, str) else word


def shown(value: Any) -> str:
    """A value as a message shows it: numbers of numpy as plain ones, long arrays by their shape.

    Examples
    --------
    >>> import numpy as np
    >>> shown(np.float64(0.5)), shown([np.int64(3), "a"]), shown(np.zeros((9, 9)))
    ('0.5', "[3, 'a']", 'an array of shape (9, 9)')
    """
    if isinstance(value, np.ndarray):
        return repr(value.tolist()) if value.size < 10 else f"an array of shape {value.shape}"
    if type(value) in (list, tuple):
        inner = ", ".join(map(shown, value))
        return f"[{inner}]" if type(value) is list else f"({inner}{',' * (len(value) == 1)})"
    return repr(value.item() if isinstance(value, np.generic) else value)


def one_of(argument: str, value: Any, choices: Iterable[str]) -> str:
    """``value`` if it is one of ``choices``, else a `ValueError` that names the nearest one."""
    names = list(choices)
    if not isinstance(value, str) or value not in names:
        raise ValueError(f"{argument}: unknown name {shown(value)}; {suggest(str(value), names)}")
    return value


class Exact(float):
    """A float that remembers the fraction or decimal string it was made of, for proofs; else a float.

    Examples
    --------
    >>> Exact("0.1"), Exact("0.1").exact
    (0.1, Fraction(1, 10))
    """

    exact: Fraction

    def __new__(cls, value: Any) -> Self:
        exact = Fraction(value)
        self = super().__new__(cls, exact)
        self.exact = exact
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Exact, (self.exact,)


def reciprocal(value: Any) -> Any:
    """``1/value``, as exact as the value is; inf of 0."""
    with np.errstate(divide="ignore"):
        return Exact(1 / value.exact) if isinstance(value, Exact) else np.divide(1.0, value)


def real(value: Any) -> np.ndarray:
    """``value`` as floats; a `TypeError` where numpy would drop an imaginary part."""
    if np.iscomplexobj(value):
        raise TypeError
    return np.asarray(value, dtype=float)


def number(
    argument: str,
    value: Any,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    open_low: bool = False,
    open_high: bool = False,
    infinite: bool = False,
) -> Any:
    """``value`` as float (or float array over a batch) inside its domain, else a `ValueError`.

    ``infinite=True`` admits +inf, the name of a limit; NaN never passes.
    """
    if isinstance(value, float) and low < value < high:
        return value if isinstance(value, Exact) else float(value)
    try:
        if value is None:  # which an array would take for nan
            raise TypeError
        array = real(value)
    except (TypeError, ValueError):
        raise ValueError(f"{argument} must be a number, got {shown(value)}") from None
    allowed = ~np.isnan(array) & (np.isfinite(array) | (infinite & (array == np.inf)))
    allowed &= (array > low) if open_low else (array >= low)
    allowed &= (array < high) if open_high else (array <= high)
    if not np.all(allowed):
        first = float(array) if array.ndim == 0 else float(array[~allowed].flat[0])
        raise ValueError(f"{argument} must be {_domain(low, high, open_low, open_high, infinite)}, got {first}")
    if array.ndim:
        return array
    # a word may say "inf"; any other is a decimal
    worded = isinstance(value, (Fraction, Decimal, str)) and np.isfinite(array) and array != 0
    return Exact(value) if worded else float(array)


def sized(argument: str, value: Any, *, least: float = 1e-30, most: float = 1e30, **domain: Any) -> Any:
    """`number` of a size whose squares and products are doubles: 0 and inf, where they are in the domain, or between
    ``least`` and ``most`` in modulus.
    """
    found = number(argument, value, **domain)
    if isinstance(found, float) and least <= abs(found) <= most:
        return found
    size = np.abs(np.asarray(found, dtype=float))
    lost = (size > 0) & np.isfinite(size) & ((size < least) | (size > most))
    if np.any(lost):
        limits = "0 and inf are limits, " if domain.get("infinite") else ""
        words = f"of a size between {least:g} and {most:g} ({limits}squares of others are no doubles)"
        raise ValueError(f"{argument} must be {words}, got {float(np.asarray(found)[lost].flat[0]):g}")
    return found


def one_number(argument: str, value: Any, *, grids: str = "", **domain: Any) -> float:
    """`number` where a grid makes no sense; ``grids`` says where grids go."""
    if np.ndim(value):
        hint = f"; {grids}" if grids else ""
        raise ValueError(f"{argument} must be one number, got {shown(value)}{hint}")
    return number(argument, value, **domain)


def accuracy(value: Any) -> float:
    """The tolerance on a residual: a number above 0 that doubles can tell from 0."""
    found = one_number("tolerance", value, low=0.0, open_low=True)
    if found < ROUNDING:
        raise ValueError(f"tolerance must be at least {ROUNDING:.2g}, the rounding of the equations, got {found:g}")
    return found


def whole(argument: str, value: Any, *, low: int, infinite: bool = False) -> Any:
    """``value`` as an int of at least ``low`` (or inf, the name of a limit), else a `ValueError`."""
    allowed = f"a whole number of at least {low}" + (" or inf" if infinite else "")
    if isinstance(value, (str, bytes, bool, np.bool_)) or value is None or np.ndim(value):
        raise ValueError(f"{argument} must be {allowed}, got {shown(value)}")
    found = number(argument, value, low=low, infinite=infinite)
    if infinite and found == np.inf:
        return found
    if found != int(found):
        raise ValueError(f"{argument} must be {allowed}, got {found:g}")
    return int(found)


def _domain(low: float, high: float, open_low: bool, open_high: bool, infinite: bool) -> str:
    if low == -np.inf and high == np.inf:
        words = "finite"
    elif high == np.inf:
        words = f"{'above' if open_low else 'at least'} {low:g}"
        words += "" if infinite else " and finite"
    else:
        words = f"in {'(' if open_low else '['}{low:g}, {high:g}{')' if open_high else ']'}"
    return words + (" (inf is the limit)" if infinite else "")


def grid(argument: str, values: Any, *, infinite: bool = False) -> np.ndarray:
    """A one-dimensional, non-empty, finite, strictly increasing grid, else a `ValueError`.

    ``infinite=True`` admits +inf, the name of a limit, as the last point.
    """
    try:
        array = np.atleast_1d(real(values))
    except (TypeError, ValueError):
        raise ValueError(f"{argument} must be an increasing grid of numbers, got {shown(values)}") from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{argument} must be a non-empty one-dimensional grid, got shape {array.shape}")
    allowed = np.isfinite(array) | (infinite & (array == np.inf))
    if not np.all(allowed):
        raise ValueError(f"{argument} must be finite, got {array[~allowed][0]}")
    if np.any(np.diff(array) <= 0):
        at = int(np.flatnonzero(np.diff(array) <= 0)[0])
        raise ValueError(f"{argument} must increase, got {array[at]:g} followed by {array[at + 1]:g}")
    return array


def require_dataset(verb: str, given: Any) -> Any:
    """A dataset, by what it does; a sentence for anything else (no import: xarray is heavy)."""
    if hasattr(given, "data_vars") and hasattr(given, "attrs"):
        return given
    hint = ""
    if hasattr(given, "order_parameters"):
        hint = ": its numbers are attributes, and replica.sweep(...) or replica.diagram(...) give datasets"
    got = "None" if given is None else f"a {type(given).__name__}"
    raise TypeError(f"{verb} takes an xarray.Dataset, got {got}{hint}")


def require_path(argument: str, given: Any) -> Any:
    """Something that names a file or a folder."""
    if isinstance(given, (str, os.PathLike)):
        return given
    raise TypeError(f"{argument} must be a path, got {shown(given)}")


def known_options(where: str, given: Iterable[str], valid: Iterable[str]) -> None:
    """Refuse an option that nothing reads, naming the nearest one that is read."""
    names = list(valid)
    for word in given:
        if word not in names:
            raise ValueError(f"{where} has no option {shown(word)}; {suggest(word, names)}")
