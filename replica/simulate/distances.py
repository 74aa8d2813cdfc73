"""Counts of solutions by distance as an entropy over the distance, averaged over references and samples."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from scipy.special import gammaln

from replica._checks import grid
from replica.files.words import described
from replica.simulate.statistics import mean_over

MISSING = 0.01  # share of references without any solution at a distance, above which there is no mean logarithm


def sizes_of(data: Any) -> np.ndarray:
    """Numbers of weights of a dataset of `simulate`."""
    return np.atleast_1d(data["n"].values if "n" in data.coords else json.loads(data.attrs["settings"])["n"])


def entropy_around(data: Any, distance: Any = None) -> Any:
    r"""Mean entropy of solutions at a distance from another solution, as a Franz-Parisi entropy defines it.

    .. math:: S_N(d) = \frac1N E \ln\frac{\mathcal N(dN)}{\binom{N}{dN}} + h(d)

    with the number of solutions at ``dN`` flips from a reference: the binomial coefficient and the entropy ``h(d)`` of
    its exponent are exchanged, which takes out the ``ln N/N`` of a shell of configurations and leaves corrections of
    1/N.

    Parameters
    ----------
    data : xarray.Dataset
        Of ``simulate(..., algorithm="enumeration", references=...)``.
    distance : increasing grid, optional
        Distances at which ``dN`` is whole for each n; by default all of them but 0 and 1.

    Returns
    -------
    xarray.Dataset
        Over ``distance`` (before it what else there is beside ``sample``): ``entropy``, ``entropy_error`` (standard
        error over samples), ``empty`` (share of references without a solution there), ``status``.

    Raises
    ------
    ValueError
        Data without references, or distances that are not whole numbers of flips.

    Notes
    -----
    Samples without a reference are left out, references without a solution at that distance too; the error grows by the
    latter's share times the mean. Above a share of 1 % the mean logarithm is NaN. Distances share samples: their errors
    are correlated.

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.distances import entropy_around
    >>> runs = replica.simulate(replica.perceptron("binary"), n=15, alpha=0.2, samples=20, seed=1, references=5)
    >>> entropy_around(runs, [0.2, 0.4])["entropy"].dims
    ('distance',)
    """
    import xarray

    if "solutions_around" not in data:
        raise ValueError("entropy_around needs a simulation with references=NUMBER")
    sizes = sizes_of(data)
    places = _shared(sizes) if distance is None else grid("distance", distance)
    dims = tuple(str(dim) for dim in data["solved"].dims[:-1])
    counts = data["solutions_around"].values
    counts = counts if "n" in dims else counts[None]
    found: dict[str, list[np.ndarray]] = {"entropy": [], "entropy_error": [], "empty": [], "status": []}
    for i, n in enumerate(sizes):
        columns = _of_size(counts[i], int(n), places)
        for name, column in zip(found, columns, strict=True):
            found[name].append(column)
    stacked = {name: np.stack(parts) if "n" in dims else parts[0] for name, parts in found.items()}
    variables = {name: ((*dims, "distance"), values) for name, values in stacked.items()}
    variables["error"] = variables["entropy_error"]
    coordinates = {name: data[name].values for name in dims} | {"distance": places}
    attrs = dict(data.attrs) | {"kind": "curve", "main": "entropy"}
    return described(xarray.Dataset(variables, coords=coordinates, attrs=attrs), "entropy")


def _shared(sizes: np.ndarray) -> np.ndarray:
    """Distances strictly between 0 and 1 that are whole numbers of flips for each size."""
    step = int(np.gcd.reduce(sizes))
    return np.arange(1, step) / step


def _of_size(counts: np.ndarray, n: int, places: np.ndarray) -> tuple[np.ndarray, ...]:
    """Entropy, error, empty share and status over the distances, from counts (..., sample, reference, flips)."""
    flips = np.rint(places * n).astype(int)
    if not np.allclose(flips, places * n, rtol=0, atol=1e-9) or np.any((flips < 0) | (flips > n)):
        wrong = places[~np.isclose(flips, places * n, rtol=0, atol=1e-9)]
        raise ValueError(f"distance times n must be whole, got {wrong[:1]} with n = {n}")
    counts = counts[..., flips]
    has_reference = np.isfinite(counts[..., 0, :1])
    with np.errstate(divide="ignore"):
        logs = np.log(counts)
    mean = mean_over(logs, axis=-2)  # over the references of a sample
    shell = gammaln(n + 1) - gammaln(flips + 1) - gammaln(n - flips + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = -np.where(places > 0, places * np.log(places), 0) - np.where(
            places < 1, (1 - places) * np.log(1 - places), 0
        )
    total = mean_over((mean.value - shell) / n + exponent, axis=-2)
    referred = has_reference.sum(axis=-2)
    with np.errstate(invalid="ignore"):
        empty = np.sum(counts == 0, axis=(-2, -3)) / (referred * counts.shape[-2])
    error = total.error + empty * np.abs(total.value - exponent + shell / n)
    defined = (empty <= MISSING) & np.isfinite(total.error)
    status = _sentences(defined, empty, counts.shape[-3] - np.broadcast_to(referred, empty.shape), counts.shape[-3])
    return np.where(defined, total.value, np.nan), np.where(defined, error, np.nan), empty, status


def _sentences(defined: np.ndarray, empty: np.ndarray, without: np.ndarray, samples: int) -> np.ndarray:
    texts = []
    for good, share, missing in zip(defined.flat, empty.flat, without.flat, strict=True):
        facts = [f"{missing} of {samples} samples have no reference"] if missing else []
        facts += [f"{share:.2%} of references have no solution at this distance"] if share > 0 else []
        if good:
            texts.append("; ".join(["converged", *facts]))
        else:
            facts = facts or ["fewer than two samples"]
            texts.append(f"not converged: no mean logarithm ({'; '.join(facts)}); take larger n or other distances")
    return np.array(texts).reshape(defined.shape)
