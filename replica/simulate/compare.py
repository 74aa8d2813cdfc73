"""Theory beside simulation: differences in standard errors. The one file of this room that may look at a solution."""

from __future__ import annotations

import json
import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import number, one_of
from replica.files.formats import plain, restored
from replica.files.words import described
from replica.simulate.means import Side, means_of, placed
from replica.simulate.success import load_of
from replica.solution.single import Solution
from replica.thresholds import Threshold

if TYPE_CHECKING:
    import xarray

SAME = 1e-9  # coordinates that differ by less are one place


def compare(theory: Any, simulation: Any, *, observables: Any = None, power: float = 1.0) -> xarray.Dataset:
    r"""Set a theory beside a simulation: ``z = (simulation - theory)/sqrt(standard_error^2 + theory_error^2)``.

    When not to use it: with a single sample, of which no standard error is known (z is NaN).

    Parameters
    ----------
    theory : Solution, Threshold, xarray.Dataset or path
        A solution, curve over one grid (`sweep`, `franz_parisi`, ...), or a file of either; a threshold (`max_margin`)
        is the number that ``observables`` names, by default the one named like the algorithm.
    simulation : xarray.Dataset or path
        Runs of `simulate`, or a table of your own: a ``.csv`` or a data frame with a column of the coordinate, of means
        and of their standard errors (``alpha,entropy,standard_error``, and of several
        ``alpha,entropy,entropy_standard_error,q,q_standard_error``), or a dataset with variables of these names over
        the coordinate. Over several n the means are extrapolated in 1/N first:
        from four sizes on with a term in 1/N^2; of three, the standard error holds what leaving the smallest out
        changes.
        Runs with references are set beside a Franz-Parisi curve through `entropy_around`.
    observables : sequence of str, optional
        What to compare; by default all that both have.
    power : float
        Of the finite-size correction ``N^-power``, above 0: 1 away from capacity, 2/3 near it.

    Returns
    -------
    xarray.Dataset
        Over ``observable`` (and the coordinate of a curve): ``theory``, ``theory_error``, ``simulation``,
        ``standard_error``, ``z``, ``status``; ``chi_square`` (sum of z^2) with ``points`` per observable (loads of one
        number of patterns are the same instances, and count once); where more
        than two sizes were extrapolated ``fit_chi_square`` and ``fit_freedom``. Points of one side alone, or of a
        single sample, have NaN z. Samples without a value (no solution) are left out, which the status says. Of runs at
        one n nothing is extrapolated: ``attrs["remark"]`` says so.

    Raises
    ------
    ValueError
        Nothing in common, or what cannot be read.

    Warns
    -----
    UserWarning
        When models, loads or references of the two differ; they are compared all the same.

    See Also
    --------
    simulate : Runs on finite systems.
    plot : A figure of the report.

    Notes
    -----
    Between the points of a curve the theory is interpolated (monotone cubic), and the change when every other point is
    left out is added to its error. Points of one simulation at several distances share their samples: chi-square is
    then no chi-square variable. Errors of extrapolations from three sizes are cautious, about twice the spread over
    seeds for n = 10 to 20, but overlaps at such sizes are low by one to two of them: take larger n.

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

    from replica.files.records import load, record

    if isinstance(theory, (str, os.PathLike)):
        theory = load(theory)
    theory, simulation = (restored(one) if hasattr(one, "data_vars") else one for one in (theory, simulation))
    left = _theory(theory, simulation, observables)
    power = float(number("power", power, low=0.0, open_low=True))
    right = placed(means_of(simulation, left.axis, left.numbers, power), left.axis)
    names = _names(left, right, observables)
    _warn(left, right)
    variables = _variables(left, right, names)
    coordinates = {"observable": names} | ({} if right.axis is None else {right.axis: right.x})
    settings = {"verb": "compare", "theory": left.settings, "simulation": right.settings, "power": power}
    attrs = record(settings) | {"kind": "comparison"}
    sizes = np.ravel(right.settings.get("n", ()))
    if sizes.size == 1:
        attrs["remark"] = f"means at n = {sizes[0]} as they are: 1/n away, perhaps; several n are extrapolated"
        attrs["remark"] += "; power changes nothing" if power != 1.0 else ""
    found = xarray.Dataset(variables, coords=coordinates, attrs=attrs)
    if right.axis is not None and right.axis in getattr(theory, "coords", ()):
        found[right.axis].attrs = dict(theory[right.axis].attrs)
    return described(found)


def _names(left: Side, right: Side, observables: Any) -> list[str]:
    """What is compared, where both are over the same coordinate."""
    if left.axis != right.axis and left.axis is not None:
        over = f"over {right.axis}" if right.axis else "at a single point"
        raise ValueError(f"the theory is a curve over {left.axis} and the runs are {over}: they need the same grid")
    both = [name for name in right.numbers if name in left.numbers]
    names = both if observables is None else list(observables)
    for name in names:
        one_of("observable", name, [key for key in left.numbers if key in right.numbers])
    if not names:
        raise ValueError(f"nothing to compare: theory has {', '.join(left.numbers)}; runs {', '.join(right.numbers)}")
    return names


def _variables(left: Side, right: Side, names: list[str]) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """The columns of all observables, and their chi-squares."""
    columns = [_beside(left, right, name) for name in names]
    dims: tuple[str, ...] = ("observable",) if right.axis is None else ("observable", right.axis)
    found = {key: (dims, np.stack([column[key] for column in columns])) for key in columns[0]}
    found["status"] = (dims, _status(found, np.stack([right.left_out[name] for name in names])))
    z = found["z"][1].reshape(len(names), -1)
    counted = np.isfinite(z)
    for row in counted:
        row[np.flatnonzero(row)[_repeated(right, row)]] = False
    found["chi_square"] = (("observable",), np.where(counted, z, 0.0) ** 2 @ np.ones(z.shape[1]))
    found["points"] = (("observable",), counted.sum(axis=1))
    if any(degrees for _, degrees in right.freedom.values()):
        for i, key in enumerate(("fit_chi_square", "fit_freedom")):
            found[key] = (("observable",), np.array([right.freedom[name][i] for name in names], dtype=float))
    return found


def _beside(left: Side, right: Side, name: str) -> dict[str, np.ndarray]:
    """The columns of one observable at the places of the simulation."""
    value, error = right.numbers[name]
    theory, theory_error = _at(left, name, right)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale, gap = np.hypot(error, theory_error), value - theory
        z = np.where((gap == 0) & (scale == 0), 0.0, gap / scale)
    z = np.where(np.isfinite(theory), z, np.nan)  # what diverges in a limit is compared with nothing
    theory, theory_error = np.broadcast_to(theory, value.shape), np.broadcast_to(theory_error, value.shape)
    found = {"theory": theory, "theory_error": theory_error, "simulation": value, "standard_error": error, "z": z}
    return {key: np.asarray(column, dtype=float) for key, column in found.items()}


def _repeated(right: Side, known: np.ndarray) -> np.ndarray:
    """Which of the known points are of the same numbers of patterns as one before them: the same instances."""
    sizes = np.ravel(right.settings.get("n", ()))
    if right.axis != "alpha" or not sizes.size:
        return np.zeros(int(known.sum()), dtype=bool)
    counts = np.stack([load_of(right.x[known], n) for n in sizes], axis=1)
    repeated = np.ones(len(counts), dtype=bool)
    repeated[np.unique(counts, axis=0, return_index=True)[1]] = False
    return repeated


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


def _theory(given: Any, runs: Any, observables: Any) -> Side:
    """A solution, a threshold or a dataset."""
    if isinstance(given, Solution):
        errors = given.errors
        single = {name: (np.float64(given[name]), np.float64(errors[name])) for name in errors}
        settings = plain({"model": given.model.settings(), "alpha": given.alpha})
        return Side(single, None, np.empty(0), settings, {}, {})
    if isinstance(given, Threshold):
        name = _named(runs, observables)
        return Side({name: (np.float64(given.value), np.float64(given.error))}, None, np.empty(0), {}, {}, {})
    if not hasattr(given, "data_vars"):
        got = type(given).__name__
        raise ValueError(f"theory must be a solution, a threshold, a curve or a file of one, got {got}")
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


def _named(runs: Any, observables: Any) -> str:
    """What runs call a threshold: the one observable that is asked for, or the number named like the algorithm."""
    if observables is not None and len(observables) == 1:
        return str(observables[0])
    if isinstance(runs, (str, os.PathLike)) and not str(runs).endswith(".csv"):
        from replica.files.records import load

        runs = load(runs)
    settings = json.loads(runs.attrs.get("settings", "{}")) if hasattr(runs, "data_vars") else {}
    name = str(settings.get("algorithm", {}).get("name", "")).replace("-", "_")
    if not name or name not in runs:
        raise ValueError("a threshold is one number of the runs: name it, as in observables=['max_margin']")
    return name


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
    for readout in b.get("readouts", ()):  # the one over the theory's coordinate
        shared = {key for key in readout if key in a and key not in ("name", left.axis)} if left.axis in readout else ()
        pairs |= {f"{key} of {readout['name']}": (a[key], readout[key]) for key in shared}
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
