"""Means over samples with standard errors, success fractions, extrapolation in 1/N. No theory here."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica.files.words import described


class Mean(NamedTuple):
    """Mean over samples, standard error (errors of the single numbers included), samples used; arrays."""

    value: np.ndarray
    error: np.ndarray
    used: np.ndarray


def mean_over(values: np.ndarray, errors: Any = 0.0, axis: int = -1) -> Mean:
    """Mean and standard error of the finite values along an axis; NaN error of a single one."""
    finite = np.isfinite(values)
    used = finite.sum(axis=axis)
    kept = np.where(finite, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = kept.sum(axis=axis) / used
        spread = np.where(finite, values - np.expand_dims(mean, axis), 0.0)
        variance = (spread**2).sum(axis=axis) / ((used - 1) * used)
        own = np.where(finite, np.broadcast_to(errors, values.shape), 0.0).sum(axis=axis) / used
    return Mean(np.where(used > 0, mean, np.nan), np.where(used > 1, np.hypot(np.sqrt(variance), own), np.nan), used)


def mean_of_noisy(values: np.ndarray, errors: np.ndarray, axis: int = -1) -> Mean:
    """The same where the errors are independent between samples: the spread shows them, unless there is none."""
    mean = mean_over(values, axis=axis)
    squares = np.where(np.isfinite(values), errors, 0.0) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        floor = np.sqrt(squares.sum(axis=axis)) / mean.used
    return mean._replace(error=np.where(mean.error > 0, mean.error, np.where(mean.used > 1, floor, np.nan)))


def fraction(solved: np.ndarray, axis: int = -1) -> Mean:
    """Fraction of successes with the half-width of Wilson's 68 % interval, which is never 0."""
    total = solved.shape[axis]
    rate = solved.mean(axis=axis)
    width = np.sqrt(rate * (1 - rate) / total + 1 / (4 * total**2)) / (1 + 1 / total)
    return Mean(rate, width, np.full(np.shape(rate), total))


def numbers_of(data: Any) -> list[str]:
    """Variables of a simulation that have an error and a number (or an array of them) per sample."""
    named = [str(name) for name in data.data_vars]
    return [name for name in named if f"{name}_error" in named and "sample" in data[name].dims]


def summary(data: Any) -> Any:
    """Means over the samples of a dataset of `simulate`.

    Parameters
    ----------
    data : xarray.Dataset

    Returns
    -------
    xarray.Dataset
        Each number with ``NAME_error`` (standard error) and ``NAME_used`` (samples with a finite value, where that is
        not all of them), ``solved`` with the error of a binomial fraction, ``samples``; over what the data had beside
        ``sample``.
    """
    import xarray

    total = data.sizes["sample"]
    found: dict[str, Any] = {"samples": ((), total)}
    for name in ("solved", *numbers_of(data)):
        if name == "solved":
            mean = fraction(data[name].values)
        else:
            independent = data[name].attrs.get("error") == "independent"
            over = mean_of_noisy if independent else mean_over
            mean = over(data[name].values, data[f"{name}_error"].values, data[name].dims.index("sample"))
        rest = tuple(dim for dim in data[name].dims if dim != "sample")
        found[name], found[f"{name}_error"] = (rest, mean.value, data[name].attrs), (rest, mean.error)
        if np.any(mean.used < total):
            found[f"{name}_used"] = (rest, mean.used)
    main = data.attrs["main"]
    found["error"] = found[f"{main}_error"]
    coordinates = {str(name): data[name].values for name in data.coords if name not in ("sample", "flips")}
    return described(xarray.Dataset(found, coords=coordinates, attrs=dict(data.attrs)), main)


class Extrapolated(NamedTuple):
    """Value at N = infinity, its standard error, and chi-square of the fit with its degrees of freedom."""

    value: float
    error: float
    chi_square: float
    freedom: int


def extrapolate(n: Any, value: Any, error: Any, powers: tuple[float, ...] = (1.0,)) -> Extrapolated:
    """Weighted least squares ``a + sum_k b_k N^-power_k``.

    Parameters
    ----------
    n, value, error : array_like
        Sizes, means and standard errors, more of them than powers.
    powers : tuple of float
        1 for free entropies away from capacity, 2/3 near it.

    Raises
    ------
    ValueError
        With too few sizes, or errors that are not positive.

    Examples
    --------
    >>> from replica.simulate.statistics import extrapolate
    >>> found = extrapolate([10, 20, 40], [1.1, 1.05, 1.025], [0.01, 0.01, 0.01])
    >>> round(found.value, 6), found.freedom
    (1.0, 1)
    """
    n, value, error = (np.asarray(column, dtype=float) for column in (n, value, error))
    if n.size <= len(powers):
        raise ValueError(f"extrapolation with {len(powers)} powers needs more sizes than that, got {n.size}")
    if not np.all(error > 0):
        raise ValueError("extrapolation needs positive standard errors for all sizes")
    design = np.stack([np.ones(n.size), *(n**-power for power in powers)], axis=1) / error[:, None]
    q, r = np.linalg.qr(design)  # errors of very different size would spoil the normal equations
    inverse = np.linalg.inv(r)
    fitted = inverse @ (q.T @ (value / error))
    misfit = float(np.sum((value / error - design @ fitted) ** 2))
    return Extrapolated(float(fitted[0]), float(np.linalg.norm(inverse[0])), misfit, n.size - 1 - len(powers))
