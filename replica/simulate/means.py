"""The simulation's side of a comparison: means over samples, extrapolated in 1/N. No theory here."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from replica.simulate.distances import entropy_around, sizes_of
from replica.simulate.statistics import Extrapolated, extrapolate, summary
from replica.simulate.table import of_dataset, of_frame, read_table


class Side(NamedTuple):
    """Numbers by name with their errors over at most one coordinate ``x`` (None: single numbers), and settings."""

    numbers: dict[str, tuple[Any, Any]]
    axis: str | None
    x: np.ndarray
    settings: dict[str, Any]
    freedom: dict[str, tuple[float, int]]
    left_out: dict[str, np.ndarray]


def means_of(given: Any, axis: str | None, known: Collection[str], power: float = 1.0) -> Side:
    """Runs of `simulate`, or a table, as means over samples, under the names ``known`` to the theory."""
    if isinstance(given, (str, os.PathLike)):
        given = read_table(Path(given), axis)
    elif hasattr(given, "columns") and hasattr(given, "to_numpy"):
        given = of_frame(given, axis)
    if not hasattr(given, "data_vars"):
        got = type(given).__name__
        raise ValueError(f"simulation must be runs of simulate, a table (file, data frame or dataset), got {got}")
    if "sample" not in given.dims and "error" not in given:
        given = of_dataset(given)
    settings = json.loads(given.attrs.get("settings", "{}"))
    if given.sizes.get("n") == 1:  # a list of one size: nothing to extrapolate
        given = given.isel(n=0)
    if "sample" not in given.dims:
        means = given
    elif axis == "distance" and "solutions_around" in given:
        means = entropy_around(given)
    else:
        means = summary(given)
    several = "sample" in given.dims and "n" in given.dims
    own = _own_axis(means, axis)
    means = means.rename(_names_in_theory(means, own, known))
    names = [str(name) for name in means.data_vars if f"{name}_error" in means]
    names = [name for name in names if set(means[name].dims) - {"n"} == set(own)]
    if not names:
        raise ValueError(f"runs have no numbers over {axis or 'no grid'}; theory and simulation need the same grid")
    left_out = {name: _left_out(means, name, several) for name in names}
    numbers = {name: (means[name].values, means[f"{name}_error"].values) for name in names}
    freedom: dict[str, tuple[float, int]] = {}
    if several:
        sizes = sizes_of(given)
        numbers = {name: _extrapolated(means, name, sizes, freedom, power) for name in names if name != "solved"}
    x = means[own[0]].values if own else np.empty(0)
    return Side(numbers, own[0] if own else None, x, settings, freedom, left_out)


def _names_in_theory(means: Any, own: list[str], known: Collection[str]) -> dict[str, str]:
    """Read-outs over the axis that theories call otherwise (attribute ``theory``), to be renamed with their errors."""
    found: dict[str, str] = {}
    for name in map(str, means.data_vars):
        theory = means[name].attrs.get("theory", name)
        if name not in known and theory in known and set(means[name].dims) - {"n"} == set(own):
            found |= {f"{name}{end}": f"{theory}{end}" for end in ("", "_error", "_used")}
    free = {name: name for name in map(str, means.data_vars) if name in found.values()}  # what the name belonged to
    found |= {name: f"{name} of the weights" for name in free}
    return {name: new for name, new in found.items() if name in means}


def _own_axis(means: Any, axis: str | None) -> list[str]:
    """The coordinate of the numbers to compare: the theory's if they are over it, else their only one."""
    if axis in means.dims:
        return [str(axis)]
    main = means["solved"] if "solved" in means else means["error"]
    rest = [str(dim) for dim in main.dims if dim != "n"]
    if len(rest) > 1:
        raise ValueError(f"runs must have one grid beside n, got {', '.join(rest)}; choose with .isel()")
    return rest


def placed(side: Side, axis: str | None) -> Side:
    """Runs at a single load beside a curve over the load: a curve of one point."""
    known = np.ravel(side.settings.get(axis, ())) if axis == "alpha" and side.axis is None else ()
    if len(known) != 1:
        return side
    numbers = {name: (np.atleast_1d(value), np.atleast_1d(error)) for name, (value, error) in side.numbers.items()}
    left_out = {name: np.atleast_1d(column) for name, column in side.left_out.items()}
    return side._replace(numbers=numbers, axis=axis, x=np.array(known, dtype=float), left_out=left_out)


def _left_out(means: Any, name: str, sizes: bool) -> np.ndarray:
    """Most samples (share of references) without a value, of all sizes, at each place."""
    missing = np.zeros(means[name].shape)
    if f"{name}_used" in means:
        missing = int(means["samples"]) - means[f"{name}_used"].values
    elif "empty" in means:
        missing = means["empty"].values
    return missing.max(axis=0) if sizes else missing


def _extrapolated(
    means: Any, name: str, n: np.ndarray, freedom: dict[str, Any], power: float
) -> tuple[np.ndarray, np.ndarray]:
    """The value at N = infinity at each place; chi-square of the fits summed."""
    value, error = means[name].values, means[f"{name}_error"].values
    flat_value, flat_error = value.reshape(len(n), -1), error.reshape(len(n), -1)
    found, total, degrees = np.full((2, flat_value.shape[1]), np.nan), 0.0, 0
    for i, (v, e) in enumerate(zip(flat_value.T, flat_error.T, strict=True)):
        good = np.isfinite(v) & (e > 0)
        if good.sum() > 1:
            fit = _curved(n[good], v[good], e[good], power)
            found[:, i] = fit.value, fit.error
            total, degrees = total + fit.chi_square, degrees + fit.freedom
        elif np.all(e == 0) and np.ptp(v) == 0:
            found[:, i] = v[0], 0.0
    freedom[name] = (total, degrees)
    return found[0].reshape(value.shape[1:]), found[1].reshape(value.shape[1:])


def _curved(n: np.ndarray, value: np.ndarray, error: np.ndarray, power: float) -> Extrapolated:
    """``a + b N^-power``, with a term ``c N^(-2 power)`` from four sizes on; of three, what leaving the smallest out
    changes is added to the error, because a straight line through small sizes hides its curvature.
    """
    if n.size > 3:
        return extrapolate(n, value, error, powers=(power, 2 * power))
    line = extrapolate(n, value, error, powers=(power,))
    if n.size < 3:
        return line
    large = n > n.min()
    change = extrapolate(n[large], value[large], error[large], powers=(power,)).value - line.value
    return line._replace(error=float(np.hypot(line.error, change)))
