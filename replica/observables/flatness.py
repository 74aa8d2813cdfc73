"""Flatness: the training error of solutions whose weights are perturbed at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid, number, shown
from replica.ansatz.cavity import Cavity
from replica.ansatz.coverage import KNOWN_LABELS, Covers
from replica.architectures.few_units import Moved
from replica.data import Channel, over_classes
from replica.losses import Loss
from replica.observables._fields import CAP, EPS, average, loss_features, moved_fields, reach, thermal_shares
from replica.observables._moves import Counted, Shaken, arrivals, shaken
from replica.solution.single import Solution
from saddlepoint.quadrature.anchored import Nodes, anchored_nodes

if TYPE_CHECKING:
    import xarray

#: the mass of the distribution of the margins may miss 1 by this much; beyond it the integrals are not to be believed
SURE = 1e-8

#: how perturbed weights see a pattern that has a mean is not known of data that say nothing of their classes
COVERS = Covers("flatness", (KNOWN_LABELS,))


def flatness(solution: Solution, *, noise: Any, margin: float | None = None) -> xarray.Dataset:
    r"""Training error of a typical solution whose weights are perturbed at random, over the size of the perturbation.

    Perturbed weights keep the norm and have the overlap ``t = 1 - 2 noise`` with the solution (signs are flipped with
    probability ``noise``; vectors are rotated in a random direction). A stability becomes
    ``Delta' = t Delta + sqrt((1-t^2) Q) v``, v standard Gaussian, so that

    .. math:: \epsilon(t) = \int d\Delta\, P(\Delta)\, \mathrm{Prob}_v[\Delta' \text{ counts as an error}]

    with the `margin_distribution` P, atoms included. In an architecture whose fields overlap as ``k(q)`` the new
    field follows the cavity field by ``k(tq)/k(q)`` and what the solution adds to it by ``(k(t)-k(tq))/(k(1)-k(q))``.

    When not to use it: to count solutions at a distance (`franz_parisi`): perturbed weights need not be solutions.

    Parameters
    ----------
    solution : Solution
        Any replica-symmetric one: solutions of a constraint at their own margin, states at finite temperature, ground
        states, ``capacity(...).solution``, the first moment. Of ``penalty = inf`` the direction of the weights counts,
        and beside a bias that does not vanish nothing of them: what the bias alone errs. Of weights that grow without
        bound (``penalty = 0``) the direction.
    noise : increasing grid
        Distances ``(1-t)/2`` in [0, 1]; small ones keep their relative digits.
    margin : float, optional
        Count patterns that the loss at this margin (band: half-width) does not satisfy; for a loss without a margin,
        those with a stability below it. None: the fraction of patterns on the wrong side, as in ``training_error``.

    Returns
    -------
    xarray.Dataset
        ``training_error`` over ``noise`` with ``error`` (quadrature, and what the error of the solution carries over)
        and ``status``.

    Raises
    ------
    ValueError
        Values outside their domain; a solution of an ansatz that does not give the field of a pattern; a teacher with
        fields that are not linear in the weights.

    See Also
    --------
    franz_parisi : How many solutions are around.
    margin_distribution : How far patterns are from the margin.

    References
    ----------
    C. Baldassi, F. Pittorino and R. Zecchina, PNAS 117, 161 (2020).

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.perceptron("binary", margin=0.3), alpha=0.5)
    >>> found = replica.flatness(solution, noise=[0.01, 0.05], margin=0.0)
    >>> [f"{e:.10f}" for e in found["training_error"].values]
    ['0.0095372821', '0.0966095488']
    """

    from replica.files.dataset import curve

    Solution.of(solution, "flatness")
    places = number("noise", grid("noise", noise), low=0.0, high=1.0)
    if solution.model.data.shapes is not None:
        raise ValueError(f"flatness is for inputs of one variance in all directions, got {solution.model.data}")
    COVERS.check(solution.model)
    if margin is not None and np.ndim(margin):
        raise ValueError(f"margin must be one number or None, got {shown(margin)}")
    counted = Counted.of(solution.model, None if margin is None else number("margin", margin))

    def of(cavity: Cavity) -> tuple[np.ndarray, np.ndarray]:
        if cavity.model.architecture.few is not None:
            return _few_units(cavity, counted, places)
        return _error_rate(cavity, counted, places)

    (rate, mass), (error, slack) = (x.reshape(2, -1) for x in average(solution, of, 2 * places.size, "flatness"))
    error = error + rate * np.abs(mass - 1.0)
    sure = np.abs(mass - 1.0) + slack < SURE
    unsure = "not converged: the integral over the margins is unsure: the weights are nearly frozen (q -> 1)"
    status = np.where(sure, solution.status, unsure if solution.converged else solution.status)
    rate, error = np.where(sure, rate, np.nan), np.where(sure, error, np.nan)
    columns = {"training_error": rate, "training_error_error": error, "status": status}
    settings = {
        "verb": "flatness",
        "model": solution.model.settings(),
        "ansatz": solution.ansatz.settings(),
        "alpha": solution.alpha,
        "noise": places.tolist(),
        "margin": margin,
    }
    symbols = {"training_error": r"\epsilon_{\mathrm{t}}", "noise": "(1-t)/2"}
    data = curve(columns, {"noise": places}, settings, main="training_error", symbols=symbols)
    data["noise"].attrs["long_name"] = "distance of perturbed weights"
    return data


def _few_units(cavity: Cavity, counted: Counted, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same for a network whose field takes a few values."""
    model, few = cavity.model, cavity.model.architecture.few
    if few.levels is None or cavity.response is not None or not model.data.unrelated:
        raise ValueError(f"flatness of a few units is here for sign units and random labels, got {model}")

    def wrong(field: np.ndarray) -> np.ndarray:
        inside: np.ndarray = counted.inside[np.searchsorted(counted.edges, field, side="right")]
        return inside

    overlaps = float(cavity.overlaps.q[0]), float(cavity.overlaps.variance[0])
    rate = few.flipped(model.loss, model.beta, overlaps, Moved(noise, wrong), cavity.level)
    return np.concatenate([rate, np.ones(noise.size)]), np.concatenate([4e-15 + 16 * EPS * rate, 0.0 * rate])


def _error_rate(cavity: Cavity, counted: Counted, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probability of an error at each distance and, behind them, the mass of the distribution; rounding of each."""
    steps = [shaken(cavity, float(d)) for d in noise]
    channels = cavity.channels()

    def of_class(channel: Channel, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        moves = [classes[k] for classes in steps]
        edges = counted.seen(cavity.place(k), 0.0 if cavity.vanishing else cavity.unit)
        if cavity.response is None:
            return _thermal(cavity, channel, moves, edges)
        return _ground(cavity, channel, cavity.loss(k), moves, edges)

    rate, floor, mass = over_classes(channels, of_class, range(len(channels)))
    return np.concatenate([rate, mass]), np.concatenate([floor + 16 * EPS * rate, 0.0 * mass])


def _thermal(
    cavity: Cavity, channel: Channel, moves: list[Shaken], counted: Counted
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error rates of one class of patterns in a Gibbs measure, their rounding, and its mass (per move)."""
    nodes = _stabilities(cavity, channel, moves, counted)
    u, mean = nodes.place, float(channel.mean[0])
    rate, floor, mass = np.zeros((3, len(moves)))
    for share in thermal_shares(cavity, channel, u):
        rows = share.rows
        weight = nodes.weight[rows, None] * share.value
        whole, rounding = weight.sum(), weight * share.rounding
        column, slack = weight.sum(axis=1), rounding.sum(axis=1)
        gap = (counted.edges[:, None] - nodes.anchor[rows]) - nodes.offset[rows]
        for i, move in enumerate(moves):
            deviation = np.sqrt(move.rest)
            if move.common == move.own:  # the new field does not ask which cavity the stability came from
                chance = counted.probability(gap + move.drift(u[rows], u[rows], mean), deviation)
                rate[i] += chance @ column
                floor[i] += chance @ slack
            else:
                drift = move.drift(u[rows, None], share.field, mean)
                chance = counted.probability(gap[:, :, None] + drift, deviation)
                rate[i] += (chance * weight).sum()
                floor[i] += (chance * rounding).sum()
            mass[i] += whole
    return rate, floor + [_blur(move) for move in moves] * rate, mass


def _blur(move: Shaken) -> float:
    """What rounding of the means does to a chance."""
    return move.blur / np.sqrt(move.rest) if move.rest > 0 else 0.0


def _stabilities(cavity: Cavity, channel: Channel, moves: list[Shaken], counted: Counted) -> Nodes:
    """Nodes for integrals over the stability: panels end at kinks, and are fine where the density or errors change."""
    places, widths, jumps = arrivals(channel, moves, counted)
    spread = float(channel.variance[0])
    mean, scale = float(channel.mean[0]), float(np.sqrt(channel.deviation[0] ** 2 + spread))
    kinks = np.ravel(cavity.model.loss.kinks())
    own, own_widths = loss_features(cavity, channel)
    # fields far below a kink pile up behind it within V over their distance, a few deviations at most
    pile = np.full(kinks.size, min(spread / (4.0 * scale), scale))
    spots = np.concatenate([kinks, own[0], places])
    sizes = np.concatenate([pile, own_widths[0], widths])
    known = () if channel.places is None else channel.places[0]
    stops = np.concatenate([kinks, jumps, counted.edges, known])
    ends = reach(mean, scale, np.concatenate([stops, spots]))
    return anchored_nodes(spots, sizes, stops, ends, CAP * scale, cavity.level + 1)


def _ground(
    cavity: Cavity, channel: Channel, loss: Loss, moves: list[Shaken], counted: Counted
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error rates of one class of patterns in a zero-temperature state, their rounding, and its mass (per move)."""
    places, widths, jumps = arrivals(channel, moves, counted)
    field, weight, best = moved_fields(cavity, channel, loss, places, widths, jumps)
    gap, mean = counted.edges[:, None] - best, float(channel.mean[0])
    rate = np.zeros(len(moves))
    for i, move in enumerate(moves):
        rate[i] = counted.probability(gap + move.drift(best, field, mean), np.sqrt(move.rest)) @ weight
    floor = EPS + np.array([_blur(move) for move in moves])
    return rate, floor, np.full(len(moves), weight.sum())
