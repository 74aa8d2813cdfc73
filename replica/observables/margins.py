"""Distribution of the margins (stabilities) of the patterns over typical solutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid
from replica.ansatz.cavity import Cavity
from replica.data import Channel, over_classes
from replica.losses import Loss
from replica.observables._fields import BESIDE, EPS, average, inverse_map, moved_fields, thermal_shares
from replica.solution.single import Solution

if TYPE_CHECKING:
    import xarray


def margin_distribution(solution: Solution, *, field: Any) -> xarray.Dataset:
    r"""Density of the stability ``Delta`` of a pattern in a typical solution, with its atoms.

    .. math:: P(\Delta) = e^{-\beta \ell(\Delta)} \int Dz\, w(z)\,
              \frac{e^{-(\Delta - h)^2/2V}}{\sqrt{2\pi V}\, Z(h, V)}, \qquad h = \sqrt q z,\ V = Q - q

    (w the teacher's reweighting). At capacity and in ground states on the sphere the field w is moved to its proximal
    point u: the density is that of unmoved fields, and each pinned value carries an atom.

    When not to use it: for what an algorithm finds, whose solutions need not be typical: the read-outs of `simulate`.

    Parameters
    ----------
    solution : Solution
        A solved saddle point, or ``capacity(...).solution``. Of ``penalty = inf`` the stabilities are those of penalty
        times the weights, as ``q`` is; with a bias that does not vanish they are the atoms ``label bias``.
    field : array
        Increasing grid of stabilities.

    Returns
    -------
    xarray.Dataset
        ``density`` over ``field`` with ``error`` (quadrature, and what the error of the solution carries over);
        attributes ``atoms``: list of (place, mass), and ``atom_errors``: that of each mass.

    Raises
    ------
    ValueError
        A solution of an ansatz that does not give the field of a pattern; weights that grow without bound.

    See Also
    --------
    flatness : What perturbations do to the training error.

    Notes
    -----
    A solution that is not converged gives NaN; attribute ``status``.

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
    from replica.files.dataset import curve

    Solution.of(solution, "margin_distribution")
    places = grid("field", field)
    if solution.model.architecture.few is not None:
        return _of_levels(solution, places)
    pins = _pins(solution)

    def of(cavity: Cavity) -> tuple[np.ndarray, np.ndarray]:
        if cavity.response is not None:
            return _ground(cavity, places, pins)
        density, floor = _thermal(cavity, places)
        return np.append(density, 0.0 * pins), np.append(floor, 0.0 * pins)

    found, error = average(solution, of, places.size + pins.size, "the distribution of the margins")
    size = places.size
    masses, slack = found[size:].tolist(), error[size:].tolist()
    # a mass within its error is a node that rounding moved onto a kink
    atoms = [atom for atom in zip(pins.tolist(), masses, slack, strict=True) if atom[1] > atom[2]]
    return curve(
        {"density": found[:size], "error": error[:size]},
        {"field": places},
        {"model": solution.model.settings(), "alpha": solution.alpha},
        main="density",
        symbols={"density": "P", "field": r"\Delta"},
        atoms=[(place, mass) for place, mass, _ in atoms],
        atom_errors=[e for *_, e in atoms],
        status=solution.status,
    )


def _of_levels(solution: Solution, places: np.ndarray) -> xarray.Dataset:
    """Of a network of a few units whose field takes a few values: an atom at each, no density."""
    from replica.files.dataset import curve

    model, few = solution.model, solution.model.architecture.few
    if few.levels is None or not model.data.unrelated:
        raise ValueError(f"margins of a few units are here for sign units and random labels, got {model}")

    def of(cavity: Cavity) -> tuple[np.ndarray, np.ndarray]:
        if cavity.response is not None:
            raise ValueError(f"margins of a few units are here for Gibbs measures, not for ground states of {model}")
        overlaps = float(cavity.overlaps.q[0]), float(cavity.overlaps.variance[0])
        masses = few.masses(model.loss, model.beta, overlaps, cavity.level)
        return masses, 4.0 * EPS + 0.0 * masses

    masses, slack = average(solution, of, len(few.levels), "the distribution of the margins")
    none = np.zeros(places.size)
    return curve(
        {"density": none, "error": none},
        {"field": places},
        {"model": model.settings(), "alpha": solution.alpha},
        main="density",
        symbols={"density": "P", "field": r"\Delta"},
        atoms=list(zip(few.levels, masses.tolist(), strict=True)),
        atom_errors=slack.tolist(),
        status=solution.status,
    )


def _pins(solution: Solution) -> np.ndarray:
    """Stabilities that many patterns may share: kinks of the loss, places where vanishing weights leave them, what a
    proximal map makes of many fields.
    """
    pins = [*solution.model.loss.kinks()]
    for part in solution.batch.parts if solution.converged else ():
        cavity = part.problem.cavity(part.point) if hasattr(part.problem, "cavity") else None
        if cavity is None or cavity.response is None:
            continue
        for k, channel in enumerate(cavity.channels()):
            pins += [cavity.place(k)] if cavity.corners else _shared(cavity, channel, cavity.loss(k)).tolist()
    return np.unique(np.array(pins, dtype=float))


def _shared(cavity: Cavity, channel: Channel, loss: Loss) -> np.ndarray:
    """Where fields beside each other are moved to."""
    field, _, best = moved_fields(cavity, channel, loss)
    best, moved = best[np.argsort(field)], (best != field)[np.argsort(field)]
    return np.unique(best[1:][(best[1:] == best[:-1]) & moved[1:] & moved[:-1]])


def _thermal(cavity: Cavity, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Density of a Gibbs measure, with its rounding."""

    def of_class(channel: Channel) -> tuple[np.ndarray, np.ndarray]:
        density, floor = np.zeros((2, places.size))
        for share in thermal_shares(cavity, channel, places):
            density[share.rows] = share.value.sum(axis=1)
            floor[share.rows] = (share.value * share.rounding).sum(axis=1)
        return density, floor

    return over_classes(cavity.channels(), of_class)


def _ground(cavity: Cavity, places: np.ndarray, pins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Density of a zero-temperature state, then the masses that pile up at ``pins``; with rounding."""
    if np.isinf(cavity.unit):
        raise ValueError("the weights grow without bound and every stability with them: it has no distribution")

    def of_class(channel: Channel, k: int) -> tuple[np.ndarray, np.ndarray]:
        loss, place, unit = cavity.loss(k), cavity.place(k), cavity.unit
        total, floor = np.zeros((2, places.size + pins.size))
        if cavity.still or (cavity.vanishing and place != 0):
            total[places.size :] = pins == place
            return total, floor
        kinks = np.zeros(1) if cavity.corners else np.ravel(loss.kinks())
        field, stretch, slack = _unmoved(loss, channel.variance, (places - place) / unit, kinks)
        gauss = _seen(channel, field) / unit
        total[: places.size] = gauss * stretch
        floor[: places.size] = gauss * (slack + 4.0 * EPS * stretch)
        field, mass, best = moved_fields(cavity, channel, loss)
        held = [(best != field) & (place + unit * best == pin) for pin in pins]
        total[places.size :] = masses = [mass[those].sum() for those in held]
        beside = np.array([_seen(channel, field[those]).max(initial=0.0) for those in held])
        moved = _slack(loss, channel.variance, (pins - place) / unit) if beside.any() else beside
        floor[places.size :] = EPS * (1.0 + np.array(masses)) + moved * beside
        return total, floor

    channels = cavity.channels()
    return over_classes(channels, of_class, range(len(channels)))


def _seen(channel: Channel, field: np.ndarray) -> np.ndarray:
    """Density of the fields of one class of patterns."""
    z = (field - channel.mean) / channel.deviation
    factor = 1.0 if channel.density is None else channel.density(z[None, :])[0][0]
    gauss: np.ndarray = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi) / channel.deviation * factor
    return gauss


def _slack(loss: Loss, chi: np.ndarray, pins: np.ndarray) -> np.ndarray:
    """By how much the ends of the fields that kinks hold are off, where slopes are rounded as those beside are."""
    pull = np.zeros(pins.size)
    for side in (-1.0, 1.0) if np.isfinite(chi[0]) else ():
        beside = pins + side * (1.0 + np.abs(pins))
        field = inverse_map(loss, chi, beside)
        reached = np.abs(loss.ground(field[None], chi)[0][0] - beside) < 1e-9 * (1.0 + np.abs(beside))
        pull = np.maximum(pull, np.where(reached, np.abs(field - beside), 0.0))
    return 4.0 * EPS * pull


def _unmoved(
    loss: Loss, chi: np.ndarray, places: np.ndarray, kinks: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The fields ``w`` that the proximal map moves to ``places``, ``dw/du`` there (0 where none is) and its error."""
    field, stretch, slack = places.copy(), np.ones(places.size), np.zeros(places.size)
    still = np.zeros(places.size, dtype=bool)
    for side in (-1.0, 1.0):  # a single field that stays where it is, among others that move, is none
        beside = places + side * BESIDE * (1.0 + np.abs(places))
        still |= loss.ground(beside[None], chi)[0][0] == beside
    rows = np.flatnonzero(~still | (loss.ground(places[None], chi)[0][0] != places))
    stretch[rows] = 0.0
    if rows.size and np.isfinite(chi[0]):  # else all that are moved share a few places
        away = np.abs(places[rows, None] - kinks).min(axis=1, initial=np.inf)
        step = np.minimum(4e-3, away / 3.0)
        field[rows] = inverse_map(loss, chi, places[rows])
        reached = np.abs(loss.ground(field[None, rows], chi)[0][0] - places[rows]) < 1e-9 * (1.0 + np.abs(places[rows]))
        reached &= away > 0.0
        rows, step = rows[reached], step[reached]
        slopes = [_slope(loss, chi, places[rows], h) for h in (step, 0.5 * step)]
        stretch[rows] = slopes[1]
        slack[rows] = np.abs(slopes[1] - slopes[0]) + 16.0 * EPS * (1.0 + np.abs(field[rows])) / step
    return field, stretch, slack


def _slope(loss: Loss, chi: np.ndarray, places: np.ndarray, step: np.ndarray) -> np.ndarray:
    """``dw/du`` by fourth-order differences."""
    near = [inverse_map(loss, chi, places + k * step) for k in (-2, -1, 1, 2)]
    return (near[0] - 8.0 * near[1] + 8.0 * near[2] - near[3]) / (12.0 * step)
