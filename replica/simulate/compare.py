"""Theory beside simulation: differences in standard errors. The one file of this room that may look at a solution."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from replica._checks import one_of
from replica._formats import plain
from replica.simulate.distances import entropy_around, sizes_of
from replica.simulate.statistics import extrapolate, summary
from replica.simulate.table import read_table
from replica.solution import Solution

SAME = 1e-9  # coordinates that differ by less are one place


class Side(NamedTuple):
    """Numbers by name with their errors over at most one coordinate ``x`` (None: single numbers), and settings."""

    numbers: dict[str, tuple[Any, Any]]
    axis: str | None
    x: np.ndarray
    settings: dict[str, Any]
    freedom: dict[str, tuple[float, int]]
    left_out: dict[str, np.ndarray]


def compare(theory: Any, simulation: Any, *, observables: Any = None) -> Any:
    r"""Set a theory beside a simulation: ``z = (simulation - theory)/sqrt(standard_error^2 + theory_error^2)``.

    Parameters
    ----------
    theory : Solution, xarray.Dataset or path
        A solution, a curve over one grid (`sweep`, `franz_parisi`, ...), or a file of either.
    simulation : xarray.Dataset or path
        Runs of `simulate`, or a table of your own, ``.csv``: a header, then rows of the coordinate, the mean and its
        standard error (``alpha,entropy,standard_error``). Over several n the means are extrapolated in 1/N first.
        Runs with references are set beside a Franz-Parisi curve through `entropy_around`.
    observables : sequence of str, optional
        What to compare; by default all that both have.

    Returns
    -------
    xarray.Dataset
        Over ``observable`` (and the coordinate of a curve): ``theory``, ``theory_error``, ``simulation``,
        ``standard_error``, ``z``, ``status``; ``chi_square`` (sum of z^2) with ``points`` per observable; where sizes
        were extrapolated ``fit_chi_square`` and ``fit_freedom``. Points of one side alone, or of a single sample, have
        NaN z. Samples without a value (no solution) are left out, which the status says.

    Raises
    ------
    ValueError
        Nothing in common, or what cannot be read.

    Warns
    -----
    UserWarning
        When models, loads or references of the two differ; they are compared all the same.

    Notes
    -----
    Between the points of a curve the theory is interpolated (monotone cubic), and the change when every other point is
    left out is added to its error. Points of one simulation at several distances share their samples: chi-square is
    then no chi-square variable.

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron("binary")
    >>> runs = replica.simulate(model, n=20, alpha=0.3, samples=40, seed=2)
    >>> report = replica.compare(replica.solve(model, alpha=0.3), runs, observables=["entropy"])
    >>> bool(abs(report["z"].values[0]) < 4)
    True
    """
    import xarray

    from replica.records import record

    left = _theory(theory)
    right = _placed(_simulation(simulation, left.axis), left.axis)
    if left.axis != right.axis and left.axis is not None:
        over = f"over {right.axis}" if right.axis else "at a single point"
        raise ValueError(f"the theory is a curve over {left.axis} and the runs are {over}: they need the same grid")
    names = [name for name in right.numbers if name in left.numbers] if observables is None else list(observables)
    for name in names:
        one_of("observable", name, [key for key in left.numbers if key in right.numbers])
    if not names:
        raise ValueError(f"nothing to compare: theory has {', '.join(left.numbers)}; runs {', '.join(right.numbers)}")
    _warn(left, right)
    columns = [_beside(left, right, name) for name in names]
    keys = ("theory", "theory_error", "simulation", "standard_error", "z")
    dims = ("observable",) if right.axis is None else ("observable", right.axis)
    variables = {key: (dims, np.stack([column[key] for column in columns])) for key in keys}
    variables["status"] = (dims, _status(variables, np.stack([right.left_out[name] for name in names])))
    z = variables["z"][1].reshape(len(names), -1)
    variables["chi_square"] = (("observable",), np.nansum(z**2, axis=1))
    variables["points"] = (("observable",), np.isfinite(z).sum(axis=1))
    if right.freedom:
        for i, key in enumerate(("fit_chi_square", "fit_freedom")):
            variables[key] = (("observable",), np.array([right.freedom[name][i] for name in names], dtype=float))
    coordinates = {"observable": names} | ({} if right.axis is None else {right.axis: right.x})
    settings = {"verb": "compare", "theory": left.settings, "simulation": right.settings}
    attrs = record(settings) | {"kind": "comparison"}
    return xarray.Dataset(variables, coords=coordinates, attrs=attrs)


def _beside(left: Side, right: Side, name: str) -> dict[str, np.ndarray]:
    """The columns of one observable at the places of the simulation."""
    value, error = right.numbers[name]
    theory, theory_error = _at(left, name, right)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale, gap = np.hypot(error, theory_error), value - theory
        z = np.where((gap == 0) & (scale == 0), 0.0, gap / scale)
    theory, theory_error = np.broadcast_to(theory, value.shape), np.broadcast_to(theory_error, value.shape)
    found = {"theory": theory, "theory_error": theory_error, "simulation": value, "standard_error": error, "z": z}
    return {key: np.asarray(column, dtype=float) for key, column in found.items()}


def _status(columns: dict[str, Any], left_out: np.ndarray) -> np.ndarray:
    """A sentence per point."""
    theory, simulation, z = (columns[key][1] for key in ("theory", "simulation", "z"))
    found = np.full(z.shape, "converged", dtype="<U100")
    found[left_out > 0] = "converged; samples without a value are left out"
    found[~np.isfinite(z)] = "not converged: no standard error, take more samples"
    found[~np.isfinite(simulation)] = "not converged: the simulation has no mean here, take larger n or more samples"
    found[~np.isfinite(theory)] = "not converged: the theory has no value here"
    return found


def _at(left: Side, name: str, right: Side) -> tuple[np.ndarray, np.ndarray]:
    """Theory and its error at the places of the simulation; NaN outside the curve."""
    value, error = left.numbers[name]
    if left.axis is None or right.axis is None:
        return value, error
    known = np.isfinite(value)
    x, y, e = left.x[known], value[known], error[known]
    found, found_error = np.full((2, right.x.size), np.nan)
    for i, place in enumerate(right.x):
        near = np.flatnonzero(np.abs(x - place) <= SAME * max(1.0, abs(place)))
        if near.size:
            found[i], found_error[i] = y[near[0]], e[near[0]]
        elif x.size > 4 and x[0] < place < x[-1]:
            found[i], found_error[i] = _between(x, y, e, place)
    return found, found_error


def _between(x: np.ndarray, y: np.ndarray, error: np.ndarray, place: float) -> tuple[float, float]:
    from scipy.interpolate import PchipInterpolator

    value = float(PchipInterpolator(x, y)(place))
    coarse = np.unique([*range(0, x.size, 2), x.size - 1])
    return value, float(abs(PchipInterpolator(x[coarse], y[coarse])(place) - value) + np.nanmax(error))


def _theory(given: Any) -> Side:
    """A solution, a dataset, or a file of one."""
    if isinstance(given, (str, os.PathLike)):
        from replica.records import load

        given = load(given)
    if isinstance(given, Solution):
        errors = given.errors
        single = {name: (np.float64(given[name]), np.float64(errors[name])) for name in errors}
        settings = plain({"model": given.model.settings(), "alpha": given.alpha})
        return Side(single, None, np.empty(0), settings, {}, {})
    if not hasattr(given, "data_vars"):
        raise ValueError(f"theory must be a solution, a curve or a file of one, got {type(given).__name__}")
    if len(given.dims) > 1:
        raise ValueError(f"theory must be a curve over one grid, got {', '.join(map(str, given.dims))}; use .isel()")
    axis = str(next(iter(given.dims))) if given.dims else None
    x = given[axis].values if axis else np.empty(0)
    numbers: dict[str, tuple[Any, Any]] = {}
    for name in map(str, given.data_vars):
        of_another = name == "error" or (name.endswith("_error") and name.removesuffix("_error") in given)
        if given[name].dtype.kind != "f" or of_another:
            continue
        beside = "error" if name == given.attrs.get("main", name) and "error" in given else f"{name}_error"
        error = given[beside].values if beside in given else np.zeros(given[name].shape)
        numbers[name] = (given[name].values, error)
    return Side(numbers, axis, x, json.loads(given.attrs.get("settings", "{}")), {}, {})


def _simulation(given: Any, axis: str | None) -> Side:
    """Runs of `simulate`, or a table, as means over samples."""
    if isinstance(given, (str, os.PathLike)):
        given = read_table(Path(given), axis)
    if not hasattr(given, "data_vars"):
        raise ValueError(f"simulation must be runs of simulate or a table, got {type(given).__name__}")
    settings = json.loads(given.attrs.get("settings", "{}"))
    if "sample" not in given.dims:
        means = given
    elif axis == "distance" and "solutions_around" in given:
        means = entropy_around(given)
    else:
        means = summary(given)
    several = "sample" in given.dims and "n" in given.dims
    own = _own_axis(means, axis)
    names = [str(name) for name in means.data_vars if f"{name}_error" in means]
    names = [name for name in names if set(means[name].dims) - {"n"} == set(own)]
    if not names:
        raise ValueError(f"runs have no numbers over {axis or 'no grid'}; theory and simulation need the same grid")
    left_out = {name: _left_out(means, name, several) for name in names}
    numbers = {name: (means[name].values, means[f"{name}_error"].values) for name in names}
    freedom: dict[str, tuple[float, int]] = {}
    if several:
        sizes = sizes_of(given)
        numbers = {name: _extrapolated(means, name, sizes, freedom) for name in names if name != "solved"}
    x = means[own[0]].values if own else np.empty(0)
    return Side(numbers, own[0] if own else None, x, settings, freedom, left_out)


def _own_axis(means: Any, axis: str | None) -> list[str]:
    """The coordinate of the numbers to compare: the theory's if they are over it, else their only one."""
    if axis in means.dims:
        return [str(axis)]
    main = means["solved"] if "solved" in means else means["error"]
    rest = [str(dim) for dim in main.dims if dim != "n"]
    if len(rest) > 1:
        raise ValueError(f"runs must have one grid beside n, got {', '.join(rest)}; choose with .isel()")
    return rest


def _placed(side: Side, axis: str | None) -> Side:
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


def _extrapolated(means: Any, name: str, n: np.ndarray, freedom: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The value at 1/N = 0 at each place; chi-square of the fits summed."""
    value, error = means[name].values, means[f"{name}_error"].values
    flat_value, flat_error = value.reshape(len(n), -1), error.reshape(len(n), -1)
    found, total, degrees = np.full((2, flat_value.shape[1]), np.nan), 0.0, 0
    for i, (v, e) in enumerate(zip(flat_value.T, flat_error.T, strict=True)):
        good = np.isfinite(v) & (e > 0)
        if good.sum() > 1:
            fit = extrapolate(n[good], v[good], e[good])
            found[:, i] = fit.value, fit.error
            total, degrees = total + fit.chi_square, degrees + fit.freedom
        elif np.all(e == 0) and np.ptp(v) == 0:
            found[:, i] = v[0], 0.0
    freedom[name] = (total, degrees)
    return found[0].reshape(value.shape[1:]), found[1].reshape(value.shape[1:])


def _warn(left: Side, right: Side) -> None:
    """One warning for each setting that both sides know and that differs."""
    a, b = left.settings, right.settings
    pairs = {key: (a["model"][key], b["model"][key]) for key in a.get("model", {}) if key in b.get("model", {})}
    if left.axis != "alpha" and right.axis != "alpha" and "alpha" in a and "alpha" in b:
        pairs["alpha"] = (np.ravel(a["alpha"]).tolist(), np.ravel(b["alpha"]).tolist())
    if "reference" in a and "algorithm" in b:
        named = a["reference"] if isinstance(a["reference"], dict) else {"margin": a["reference"]}
        pairs["margin of the reference"] = (named.get("margin"), b["algorithm"].get("reference_margin"))
    elif left.axis is None and right.axis is not None:
        pairs["grid"] = ("a single point", right.axis)
    if "instance" in b:
        text = "the runs are of one given instance: their error does not hold the spread between instances"
        warnings.warn(text, UserWarning, stacklevel=3)
    for name, (one, other) in pairs.items():
        if one != other:
            text = f"theory and simulation differ in {name}: {one} and {other}"
            warnings.warn(text, UserWarning, stacklevel=3)
    for n in b.get("n", ()):
        for alpha in b.get("alpha", ()):
            load = np.floor(alpha * n + 0.5) / n
            if abs(load - alpha) > SAME:
                text = f"{n} weights at alpha = {alpha:g} have P/N = {load:g}: choose n such that alpha n is whole"
                warnings.warn(text, UserWarning, stacklevel=3)
