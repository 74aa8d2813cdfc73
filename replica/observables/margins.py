"""Distribution of the margins (stabilities) of the patterns over typical solutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._checks import grid
from replica.solution import Solution
from saddlepoint.quadrature.panels import gaussian_nodes


def margin_distribution(solution: Solution, *, field: Any) -> Any:
    r"""Density of the stability ``Delta`` of a pattern in a typical solution, with its atoms.

    .. math:: P(\Delta) = e^{-\beta \ell(\Delta)} \int Dz\, w(z)\,
              \frac{e^{-(\Delta - h)^2/2V}}{\sqrt{2\pi V}\, Z(h, V)}, \qquad h = \sqrt q z,\ V = Q - q

    (w the teacher's reweighting). At capacity and in ground states on the sphere the field w is moved to its proximal
    point u: the density is that of unmoved fields, and each pinned value carries an atom.

    Parameters
    ----------
    solution : Solution
        A solved saddle point, or ``capacity(...).solution``.
    field : array
        Increasing grid of stabilities.

    Returns
    -------
    xarray.Dataset
        ``density`` over ``field`` with ``error`` (quadrature); attribute ``atoms``: list of (place, mass).

    References
    ----------
    E. Gardner, J. Phys. A 22, 1969 (1989); T. Kepler and L. Abbott, J. Phys. France 49, 1657 (1988).

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.perceptron("spherical"), alpha=1.0)
    >>> found = replica.margin_distribution(solution, field=[0.5, 1.0])
    >>> print(f"{found['density'].values[1]:.10f}")
    0.3628621854
    """
    import xarray

    from replica.records import record

    places = grid("field", field)
    if not solution.converged:
        raise ValueError(f"the solution is {solution.status}")
    problem = solution.problem
    pinned = hasattr(problem, "averages")
    work = _ground_density if pinned else _thermal_density
    density, atoms = work(problem.refined(), solution.point, places)
    coarse, _ = work(problem, solution.point, places)
    error = np.abs(density - coarse) + 1e-14 * np.abs(density)
    data = {"density": ("field", density), "error": ("field", error)}
    attributes = record({"model": solution.model.settings(), "alpha": solution.alpha})
    attributes |= {"atoms": atoms, "kind": "curve", "main": "density"}
    found = xarray.Dataset(data, coords={"field": places}, attrs=attributes | {"status": solution.status})
    found["density"].attrs["symbol"], found["field"].attrs["symbol"] = "P", r"\Delta"
    return found


def _thermal_density(
    problem: Any, point: np.ndarray, places: np.ndarray
) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """One row of the quadrature per stability: the Gaussian around it is one more feature in z."""
    equations = problem.equations
    values = problem.conjugates(point[None, :])
    single, _ = equations.halves(values)
    model, size = equations.model, places.size
    repeat = np.zeros(size, dtype=int)
    from replica.data import Overlaps

    overlaps = Overlaps(*(np.take(x, repeat) for x in (single.q, single.variance, single.m, single.transverse)))
    fields, _ = model.architecture.field_overlaps(overlaps, equations.level)
    density = np.zeros(size)
    for channel in model.data.channels(fields):
        deviation = np.maximum(channel.deviation, 1e-12)
        centre = ((places - channel.mean) / deviation)[:, None]
        width = (np.sqrt(channel.variance) / deviation)[:, None]
        edges, edge_widths = model.loss.features(channel.variance, model.beta)
        edges = (edges - channel.mean[:, None]) / deviation[:, None]
        near = np.abs(edges) < 40.0
        spots = np.concatenate([np.clip(centre, -40.0, 40.0), np.where(near, edges, 0.0)], axis=1)
        widths = np.concatenate([width, np.where(near, edge_widths / deviation[:, None], np.inf)], axis=1)
        z, weight = gaussian_nodes(spots, widths, None, equations.level + 1)
        factor = 1.0 if channel.density is None else channel.density(z)[0]
        mean = channel.mean[:, None] + channel.deviation[:, None] * z
        log_z = model.loss.terms(mean, channel.variance, model.beta)[0]
        spread = channel.variance[:, None]
        exponent = -((places[:, None] - mean) ** 2) / (2.0 * spread) - log_z
        share = weight * factor * np.exp(exponent) / np.sqrt(2.0 * np.pi * spread)
        density += channel.probability * share.sum(axis=1)
    return density * model.loss.boltzmann(places, model.beta), []


def _ground_density(
    problem: Any, point: np.ndarray, places: np.ndarray
) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Fields that the proximal map leaves alone keep their density; those it moves pile up where they are moved to."""
    from replica.ansatz._limits import ground_channels

    values, _ = problem.averages(point[None, :])
    m = np.atleast_1d(values["m"] if isinstance(values, dict) else values)
    chi = np.atleast_1d(values["V"]) if isinstance(values, dict) else np.ones(1)
    channels, _, chi = ground_channels(problem.model, m, chi, problem.level)
    density, atoms = np.zeros(places.size), {}
    for channel in channels:
        best, _ = problem.model.loss.ground(places[None, :], chi)
        z = (places - channel.mean) / channel.deviation
        factor = 1.0 if channel.density is None else channel.density(z[None, :])[0][0]
        gauss = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi) / channel.deviation
        density += np.where(best[0] == places, channel.probability * gauss * factor, 0.0)
        breaks = (problem.model.loss.ground_breaks(chi) - channel.mean[:, None]) / channel.deviation[:, None]
        none = np.zeros((1, 0))
        spots = (
            none if channel.places is None else (channel.places - channel.mean[:, None]) / channel.deviation[:, None]
        )
        widths = none if channel.widths is None else channel.widths / channel.deviation[:, None]
        nodes, weight = gaussian_nodes(spots, widths, breaks, problem.level + 1)
        mass = channel.probability * weight * (1.0 if channel.density is None else channel.density(nodes)[0])
        field = channel.mean[:, None] + channel.deviation[:, None] * nodes
        best, _ = problem.model.loss.ground(field, chi)
        moved = best != field
        for place in np.unique(best[moved]):
            atoms[float(place)] = atoms.get(float(place), 0.0) + float(mass[moved & (best == place)].sum())
    return density, sorted(atoms.items())
