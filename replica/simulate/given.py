"""Inputs and labels that a user brings, as arrays; every refusal names the place. Nothing is read or solved here."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

#: what becomes of a missing value when labels are turned into texts
TEXTS_OF_NOTHING = {"", "nan", "NaN", "NaT", "<NA>", "None"}


def inputs_of(argument: str, given: Any) -> np.ndarray:
    """A table of real, finite numbers, else a `ValueError` with the first place that is none.

    Masked arrays are taken if nothing is masked, numbers in object arrays and texts as `float` reads them.
    """
    if given is None or isinstance(given, (Mapping, str, bytes, set)):
        raise ValueError(f"{argument} must be a table of numbers with a row per pattern, got {type(given).__name__}")
    if hasattr(given, "toarray") and not hasattr(given, "columns"):
        raise ValueError(f"{argument} must be a dense array, got {type(given).__name__}: call its .toarray()")
    names = list(getattr(given, "columns", ()))
    masked = np.ma.getmaskarray(given) if np.ma.isMaskedArray(given) else None
    try:
        array = np.asarray(given)
    except (TypeError, ValueError):
        raise ValueError(f"{argument} must be an array of numbers with rows of one length") from None
    kind = array.dtype.kind
    if kind == "c" or (kind == "O" and any(isinstance(x, (complex, np.complexfloating)) for x in array.flat)):
        raise ValueError(f"{argument} must be real, got complex numbers: give real and imaginary parts as columns")
    if kind in "mMV":
        raise ValueError(f"{argument} must be an array of numbers, got the type {array.dtype}")
    found = array.astype(float) if kind in "fiub" else _numbers(argument, array, names)
    if masked is not None:
        found = np.where(masked, np.nan, found)
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        many = "1 value is" if len(bad) == 1 else f"{len(bad)} values are"
        place = _place(bad[0], names)
        raise ValueError(f"{argument} must be finite: {many} missing or infinite, the first at {place}")
    return found


def _numbers(argument: str, array: np.ndarray, names: list[Any]) -> np.ndarray:
    """Objects and texts as floats, what is missing as NaN."""
    found = np.empty(array.shape)
    for at, value in np.ndenumerate(array):
        try:
            found[at] = np.nan if missing(value) else float(value)
        except (TypeError, ValueError):
            got = type(value).__name__ if np.ndim(value) else repr(value)
            place = _place(np.array(at), names)
            raise ValueError(f"{argument} must be an array of numbers, got {got} at {place}") from None
    return found


def _place(at: np.ndarray, names: list[Any]) -> str:
    words = ", ".join(f"{word} {k}" for word, k in zip(("row", "column"), at.tolist(), strict=False))
    return f"{words} (from 0{f', {names[at[1]]!r}' if names and len(at) > 1 else ''})"


def missing(value: Any) -> bool:
    """Whether a value stands for nothing: None, NaN, NaT, pandas' NA."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError, ArithmeticError):
        return np.ndim(value) == 0


def counting(X: np.ndarray) -> list[int]:
    """Columns that count the rows from 0 or 1: indices, most likely."""
    rows = np.arange(len(X))
    ends = np.flatnonzero((X[:1] == 0).any(axis=0) | (X[:1] == 1).any(axis=0))
    return [int(k) for k in ends if len(X) > 2 and np.array_equal(X[:, k] - X[0, k], rows)]


def labels_of(argument: str, given: Any) -> tuple[np.ndarray, tuple[Any, Any]]:
    """Labels +-1 and the two kinds that stand for -1 and +1, the later in sorted order for +1; else a `ValueError`.

    Numbers, truth values, words: of arrays, lists, columns of pandas (objects, texts, categories in the order of
    their words, types with NA). Where all are +1 or -1 they stand for themselves.
    """
    values = _listed(argument, given)
    absent = [k for k, value in enumerate(values) if missing(value) or _empty(value)]
    if absent:
        many = "1 label is" if len(absent) == 1 else f"{len(absent)} labels are"
        raise ValueError(f"{argument} must be complete: {many} missing, the first in row {absent[0]} (from 0)")
    first: dict[str, int] = {}
    for row, value in enumerate(values):
        first.setdefault(_type_of(argument, value), row)
    if len(first) > 1:
        mixed = " and ".join(f"{word} (row {row}, {values[row]!r})" for word, row in first.items())
        raise ValueError(f"{argument} must hold labels of one type, got {mixed}")
    names = sorted(set(values))
    if "a number" in first and set(names) <= {1, -1}:
        return np.array(values, dtype=float), (-1, 1)
    if len(names) != 2:
        found = ", ".join(f"{values.count(name)} of {name}" for name in names[:4]) + (", ..." if len(names) > 4 else "")
        raise ValueError(f"{argument} must hold two classes, got {found or 'no labels'}")
    return np.array([1.0 if value == names[1] else -1.0 for value in values]), (names[0], names[1])


def _empty(value: Any) -> bool:
    return isinstance(value, str) and value in TEXTS_OF_NOTHING


def _listed(argument: str, given: Any) -> list[Any]:
    """One Python object per pattern."""
    if isinstance(given, (Mapping, str, bytes)) or given is None:
        raise ValueError(f"{argument} must be an array of labels, one per pattern, got {type(given).__name__}")
    masked = np.ma.getmaskarray(given).ravel() if np.ma.isMaskedArray(given) else None
    if isinstance(given, (list, tuple)):
        array: np.ndarray = np.empty(len(given), dtype=object)
        array[:] = given
    else:
        array = np.asarray(given) if isinstance(given, np.ndarray) else np.asarray(given, dtype=object)
    if array.ndim != 1 and array.shape != (len(array) if array.ndim else 0, 1):
        raise ValueError(f"{argument} must have shape (P,), one label per pattern, got {array.shape}")
    if array.dtype.kind in "mM":
        raise ValueError(f"{argument} must hold words, numbers or truth values, got the type {array.dtype}")
    values = [x.item() if isinstance(x, np.generic) else x for x in array.astype(object).ravel()]
    if masked is not None:
        values = [None if gone else value for value, gone in zip(values, masked, strict=True)]
    return values


def _type_of(argument: str, value: Any) -> str:
    known = ((bool, "a truth value"), (Real, "a number"), (Decimal, "a decimal"), (str, "a word"), (bytes, "bytes"))
    for type_, word in known:
        if isinstance(value, type_):
            return word
    raise ValueError(f"{argument} must hold words, numbers or truth values, got {type(value).__name__}")
