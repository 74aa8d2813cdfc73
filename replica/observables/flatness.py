"""Flatness: the training error of solutions whose weights are perturbed at random."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica._checks import grid, number
from replica.ansatz._cavity import Cavity
from replica.data import Channel, Overlaps
from replica.model import Model
from replica.observables._fields import EPS, average, loss_features, moved_fields, thermal_shares
from replica.solution import Solution
from saddlepoint.quadrature.panels import gaussian_nodes
from saddlepoint.special import tail

#: the mass of the distribution of the margins may miss 1 by this much; beyond it the integrals are not to be believed
SURE = 1e-8


def flatness(solution: Solution, *, noise: Any, margin: float | None = None) -> Any:
    r"""Training error of a typical solution whose weights are perturbed at random, over the size of the perturbation.

    Perturbed weights keep the norm and have the overlap ``t = 1 - 2 noise`` with the solution (signs are flipped with
    probability ``noise``; vectors are rotated in a random direction). A stability becomes
    ``Delta' = t Delta + sqrt((1-t^2) Q) v``, v standard Gaussian, so that

    .. math:: \epsilon(t) = \int d\Delta\, P(\Delta)\, \mathrm{Prob}_v[\Delta' \text{ counts as an error}]

    with the `margin_distribution` P, atoms included. In an architecture whose fields overlap as ``k(q)`` the new
    field follows the cavity field by ``k(tq)/k(q)`` and what the solution adds to it by ``(k(t)-k(tq))/(k(1)-k(q))``.

    Parameters
    ----------
    solution : Solution
        Any replica-symmetric one: solutions of a constraint at their own margin, states at finite temperature, ground
        states, ``capacity(...).solution``, the first moment.
    noise : increasing grid
        Distances ``(1-t)/2`` in [0, 1].
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

    Notes
    -----
    The perturbed weights are not solutions: for how many solutions lie at a distance see `franz_parisi`.

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
    import xarray

    from replica.records import record

    places = number("noise", grid("noise", noise), low=0.0, high=1.0)
    if solution.model.data.shapes is not None:
        raise ValueError(f"flatness is for inputs of one variance in all directions, got {solution.model.data}")
    counted = Counted.of(solution.model, None if margin is None else number("margin", margin))

    def of(cavity: Cavity) -> tuple[np.ndarray, np.ndarray]:
        return _error_rate(cavity, counted, 1.0 - 2.0 * places)

    (rate, mass), (error, slack) = (x.reshape(2, -1) for x in average(solution, of, 2 * places.size, "flatness"))
    error = error + rate * np.abs(mass - 1.0)
    sure = np.abs(mass - 1.0) + slack < SURE
    unsure = "not converged: the integral over the margins is unsure: the weights are nearly frozen (q -> 1)"
    status = np.where(sure, solution.status, unsure if solution.converged else solution.status)
    data = {
        "training_error": ("noise", np.where(sure, rate, np.nan)),
        "training_error_error": ("noise", np.where(sure, error, np.nan)),
        "error": ("noise", np.where(sure, error, np.nan)),
        "status": ("noise", status),
    }
    settings = {
        "verb": "flatness",
        "model": solution.model.settings(),
        "ansatz": solution.ansatz.settings(),
        "alpha": solution.alpha,
        "noise": places.tolist(),
        "margin": margin,
    }
    attributes = record(settings) | {"kind": "curve", "main": "training_error"}
    curve = xarray.Dataset(data, coords={"noise": places}, attrs=attributes)
    curve["training_error"].attrs["symbol"] = r"\epsilon_{\mathrm{t}}"
    curve["noise"].attrs.update(symbol="(1-t)/2", long_name="distance of perturbed weights")
    return curve


class Counted(NamedTuple):
    """The stabilities that count as errors: intervals between ``edges``, each counted or not."""

    edges: np.ndarray
    inside: np.ndarray

    @classmethod
    def of(cls, model: Model, margin: float | None) -> Counted:
        """The wrong side, or what the loss at a margin does not satisfy."""
        loss = model.loss
        edges = np.unique(np.ravel((*loss.kinks(), 0.0)))
        if margin is None:
            wrong = loss.violated
        elif "margin" in loss.parameters:
            moved = loss.with_parameters(margin=margin)
            edges = np.unique(np.ravel(moved.kinks()))

            def wrong(u: np.ndarray) -> np.ndarray:
                return np.asarray(moved.cost(u)) > 0
        else:
            edges = np.array([margin])

            def wrong(u: np.ndarray) -> np.ndarray:
                return u < margin

        middles = np.concatenate([[edges[0] - 1.0], 0.5 * (edges[:-1] + edges[1:]), [edges[-1] + 1.0]])
        inside = np.ravel(wrong(middles[None]))
        kept = inside[1:] != inside[:-1]  # an edge with the same standing on both sides is none
        return cls(edges[kept], inside[np.append(True, kept)])

    def probability(self, mean: np.ndarray, deviation: float) -> np.ndarray:
        """That ``mean + deviation v`` counts; without cancellation in the tails."""
        if deviation == 0:
            return self.inside[np.searchsorted(self.edges, mean, side="right")].astype(float)
        ends = [-np.inf, *self.edges, np.inf]
        total = np.zeros(mean.shape)
        for low, high, counts in zip(ends[:-1], ends[1:], self.inside, strict=True):
            if counts:
                a, b = (low - mean) / deviation, (high - mean) / deviation
                total += np.where(a > 0, _tail(a) - _tail(b), _tail(-b) - _tail(-a))
        return total


def _tail(x: np.ndarray) -> np.ndarray:
    return np.exp(tail(np.clip(x, -40.0, 40.0))[0])


class Shaken(NamedTuple):
    """How the field of a class of patterns moves: ``mean + common (h - its mean) + own (Delta - h) + sqrt(rest) v``."""

    mean: float
    common: float
    own: float
    rest: float


def _shaken(cavity: Cavity, t: float) -> list[Shaken]:
    """The joint Gaussian of the fields before and after, by class of patterns."""
    architecture, data = cavity.model.architecture, cavity.model.data
    overlaps, norm = cavity.overlaps, cavity.norm

    def covariance(x: Any) -> tuple[float, float, float]:
        """Covariance of two fields at overlap x of the weights, its slope, the field's overlap with the teacher."""
        x = np.ravel(x).astype(float)
        m = t * overlaps.m
        fields, slopes = architecture.field_overlaps(Overlaps(x, norm - x, m, x - m**2), cavity.level)
        return float(fields.q[0]), float(np.ravel(slopes.q)[0]), float(np.ravel(fields.m)[0])

    (typical, _, _), (whole, slope, _) = covariance(overlaps.q), covariance(norm)
    (away, _, taught), (near, near_slope, _) = covariance(t * overlaps.q), covariance(t * norm)
    common = away / typical if typical > 1e-250 else t
    own = t * near_slope / slope if cavity.response is not None else (near - away) / (whole - typical)
    if abs(away - t * typical) <= 8 * EPS * typical and abs(near - t * whole) <= 8 * EPS * whole:
        common = own = t  # a field that is linear in the weights; the quotients would lose digits as q -> 1
    rest = whole - common**2 * typical - own**2 * (whole - typical)
    fields, _ = architecture.field_overlaps(overlaps, cavity.level)
    moved = data.channels(fields._replace(m=taught * np.ones(1)))
    found = []
    for before, after in zip(cavity.channels(), moved, strict=True):
        if before.density is not None and abs(taught - common * float(fields.m[0])) > 1e-12:
            raise ValueError(
                f"with {data}, flatness is here for fields that are linear in the weights, not for {architecture}"
            )
        spare = max(float(np.ravel(before.gain)[0]) * rest, 0.0) if abs(t) < 1.0 else 0.0
        found.append(Shaken(float(after.mean[0]), common, own, spare))
    return found


def _error_rate(cavity: Cavity, counted: Counted, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probability of an error at each ``t`` and, behind them, the mass of the distribution; rounding of each."""
    shaken = [_shaken(cavity, float(x)) for x in t]
    rate, floor, mass = np.zeros((3, t.size))
    for i, channel in enumerate(cavity.channels()):
        moves = [classes[i] for classes in shaken]
        found = (_thermal if cavity.response is None else _ground)(cavity, channel, moves, counted)
        rate, floor, mass = rate + found[0], floor + found[1], mass + found[2]
    return np.concatenate([rate, mass]), np.concatenate([floor + 16 * EPS * rate, 0.0 * mass])


def _smeared_edges(
    channel: Channel, moves: list[Shaken], counted: Counted
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stabilities at which the probability of an error changes fast, how fast, and those at which it jumps."""
    places, widths, jumps = [], [], []
    for move in moves:
        follow = move.own or move.common
        if not follow:
            continue
        spots = channel.mean[0] + (counted.edges - move.mean) / follow
        if move.rest > 0:
            places.append(spots)
            widths.append(np.full(spots.size, np.sqrt(move.rest) / abs(follow)))
        else:
            jumps.append(spots)
    return tuple(np.concatenate([np.empty(0), *parts]) for parts in (places, widths, jumps))


def _thermal(
    cavity: Cavity, channel: Channel, moves: list[Shaken], counted: Counted
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error rates of one class of patterns in a Gibbs measure, their rounding, and its mass (per move)."""
    u, measure = _stabilities(cavity, channel, *_smeared_edges(channel, moves, counted))
    rate, floor, mass = np.zeros((3, len(moves)))
    for share in thermal_shares(cavity, channel, u):
        here, weight = u[share.rows, None], measure[share.rows, None] * share.value
        whole, rounding = weight.sum(), weight * share.rounding
        column, slack = weight.sum(axis=1), rounding.sum(axis=1)
        for i, move in enumerate(moves):
            lean = move.common - move.own
            if lean == 0.0 or abs(lean) < 4 * EPS:  # the new field does not ask which cavity the stability came from
                mean, deviation = move.mean + move.own * (here[:, 0] - channel.mean[0]), np.sqrt(move.rest)
                chance = counted.probability(mean, deviation)
                rate[i] += chance @ column
                floor[i] += chance @ slack
            else:
                mean = move.mean + move.common * (share.field - channel.mean[0]) + move.own * (here - share.field)
                chance = counted.probability(mean, np.sqrt(move.rest))
                rate[i] += (chance * weight).sum()
                floor[i] += (chance * rounding).sum()
            mass[i] += whole
    return rate, floor, mass


def _stabilities(
    cavity: Cavity, channel: Channel, places: np.ndarray, widths: np.ndarray, jumps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes for integrals over the stability: panels end at kinks, and are fine where the density or errors change."""
    mean, spread = float(channel.mean[0]), float(channel.variance[0])
    scale = np.sqrt(float(channel.deviation[0]) ** 2 + spread)
    kinks = np.ravel(cavity.model.loss.kinks())
    own, own_widths = loss_features(cavity, channel)
    # fields far below a kink pile up behind it within V over their distance, a few deviations at most
    pile = np.full(kinks.size, min(spread / (4.0 * scale), scale))
    spots = (np.concatenate([kinks, own[0], places]) - mean) / scale
    smear = np.concatenate([pile, own_widths[0], widths]) / scale
    near = np.abs(spots) < 36.0
    stops = (np.concatenate([kinks, jumps]) - mean) / scale
    nodes = np.where(near, spots, 0.0)[None], np.where(near, smear, np.inf)[None], stops[None]
    y, weight = gaussian_nodes(*nodes, cavity.level + 1)
    density = np.exp(-0.5 * y[0] ** 2) / np.sqrt(2.0 * np.pi)
    kept = density > 0.0
    return mean + scale * y[0][kept], scale * weight[0][kept] / density[kept]


def _ground(
    cavity: Cavity, channel: Channel, moves: list[Shaken], counted: Counted
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error rates of one class of patterns in a zero-temperature state, their rounding, and its mass (per move)."""
    places, widths, jumps = _smeared_edges(channel, moves, counted)
    field, weight, best = moved_fields(cavity, channel, places, widths, jumps)
    rate = np.zeros(len(moves))
    for i, move in enumerate(moves):
        mean = move.mean + move.common * (field - channel.mean[0]) + move.own * (best - field)
        rate[i] = counted.probability(mean, np.sqrt(move.rest)) @ weight
    return rate, EPS * np.ones(len(moves)), np.full(len(moves), weight.sum())
