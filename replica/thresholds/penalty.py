"""The penalty that makes the fewest errors on new patterns. No threshold in alpha."""

from __future__ import annotations

import numpy as np

from replica._checks import one_number
from replica.ansatz import Ansatz, ansatz_or_rs
from replica.ansatz.coverage import ALL_COLD, PENALISED, TAUGHT, Covers
from replica.models.model import Model, require_model
from replica.solution.batch import Solutions
from replica.thresholds.base import NAN, Line, Threshold
from replica.thresholds.registry import threshold_line
from saddlepoint.minimum import lowest

GRID = np.linspace(np.log(1e-6), np.log(1e6), 57)  # of the penalty, in units of the variance of the inputs
FURTHER = 8  # such grids are laid side by side until one of them holds the minimum, or meets the limit
GRIDS = "use replica.diagram(model, x=('alpha', grid), y='penalty', lines=['optimal-penalty'])"
SAME = 1e-12  # relative to the error of the optimal rule
FLAT = 1e-9  # generalisation errors that differ by less, relatively, are those of one limit
SURE = 1e-3  # a generalisation error known no better, relatively, is none: that of a bias that no pattern determines
LOOSE = "not converged: the generalisation error falls with the penalty until the patterns no longer determine the bias"


def optimal_penalty(model: Model, *, alpha: float, ansatz: Ansatz | None = None) -> Threshold:
    r"""The penalty at which penalised weights make the fewest errors on new patterns.

    Two clusters of one size, or unequal ones at the best bias, are told apart best at ``penalty = inf`` (the Hebb
    vector, the optimal rule); a learned bias and unequal clusters, or labels of a teacher, have a best penalty that is
    finite. Where the patterns do not determine a learned bias (equal clusters and a cost of straight pieces at a large
    penalty) there is no best penalty to be told.

    When not to use it: to tune a classifier on one data set: the penalty is that of large systems, and the best one of
    few patterns scatters.

    Parameters
    ----------
    model : Model
        With Gaussian weights at ``beta = inf``, on data with something to be learned; its own penalty is ignored.
    alpha : float
        Above 0.
    ansatz : Ansatz, optional
        ``RS()``, exact for these convex problems.

    Returns
    -------
    Threshold
        The penalty (``inf`` and 0 where a limit is best) with its error; ``solution`` there.

    Raises
    ------
    ValueError
        Weights without a penalty, finite beta, data without a direction to be learned.

    See Also
    --------
    generalization_error : What is least there.

    References
    ----------
    F. Mignacco, F. Krzakala, Y. Lu, P. Urbani and L. Zdeborova, ICML (2020).

    Examples
    --------
    >>> import replica
    >>> best = replica.optimal_penalty(replica.mixture("square", balance=0.2), alpha=2.0)
    >>> print(f"{best.value:.8f} {best.error < 1e-8} {best.solution['generalization_error']:.10f}")
    1.11960498 True 0.1620353912
    """
    require_model(model)
    load = np.array([one_number("alpha", alpha, low=0.0, open_low=True, grids=GRIDS)])
    return optimal_penalty_line(model, load, ansatz_or_rs(ansatz)).row(0)


@threshold_line("optimal-penalty", r"\lambda^*", axis="penalty")
def optimal_penalty_line(model: Model, alpha: np.ndarray, ansatz: Ansatz) -> Line:
    """Penalty at which penalised weights make the fewest errors on new patterns, at each load of a batch."""
    Covers("optimal_penalty", (PENALISED, ALL_COLD, TAUGHT)).check(model)
    value, slack = np.full(alpha.size, np.inf), np.zeros(alpha.size)
    bracket = np.tile(np.exp(GRID[[0, -1]]), (alpha.size, 1))
    rows = np.flatnonzero(~_optimal(model, alpha, ansatz))
    if rows.size:
        value[rows], slack[rows], bracket[rows] = _searched(model.take(rows), alpha[rows], ansatz)
    found = ansatz.solve(model.with_parameters(penalty=np.where(np.isnan(value), 1.0, value)), alpha)
    return _line(found, value, slack, bracket)


def _log_errors(model: Model, alpha: np.ndarray, ansatz: Ansatz, penalty: np.ndarray) -> np.ndarray:
    """Logarithms of the generalisation error at penalties (batch, count); NaN where it is not known."""
    rows = np.repeat(np.arange(alpha.size), penalty.shape[1])
    if np.any(np.isnan(penalty)):
        return np.full(penalty.shape, np.nan)
    found = ansatz.solve(model.take(rows).with_parameters(penalty=np.ravel(penalty)), alpha[rows])
    value, error = found.value("generalization_error"), found.error("generalization_error")
    with np.errstate(all="ignore"):
        return np.where((value > 0) & (error <= SURE * value), np.log(value), np.nan).reshape(penalty.shape)


def _optimal(model: Model, alpha: np.ndarray, ansatz: Ansatz) -> np.ndarray:
    """Whether ``penalty = inf`` errs as the optimal rule does, so that no penalty is better."""
    known = model.data.rule_errors("bayes", alpha, 1.0) if model.data.shapes is None else None
    if known is None:
        return np.zeros(alpha.size, dtype=bool)
    there = ansatz.solve(model.with_parameters(penalty=np.full(alpha.size, np.inf)), alpha)
    best = known[0] + np.maximum(SAME * known[0], known[1])
    with np.errstate(invalid="ignore"):
        sure = there.error("generalization_error") <= SURE * there.value("generalization_error")
        return sure & (there.value("generalization_error") <= best)


def _searched(model: Model, alpha: np.ndarray, ansatz: Ansatz) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best penalty, the error of its logarithm, and between which penalties it was looked for; from a grid that
    moves outward until it holds the minimum or errs as the limit does. NaN where neither is found.
    """
    size, shapes = alpha.size, model.data.shapes
    weakest = np.inf if shapes is None else np.nan  # a limit that is not there
    unit = model.data.width(size) if shapes is None else np.full(size, shapes.scale.mean())
    value, slack, side = np.full(size, np.nan), np.zeros(size), np.zeros(size)
    low = high = np.log(unit)
    low, high = low + GRID[0], high + GRID[-1]
    active = np.arange(size)
    for turn in range(FURTHER):
        part, load = model.take(active), alpha[active]
        grid = np.log(unit[active])[:, None] + GRID + (side[active] * turn * (GRID[-1] - GRID[0]))[:, None]
        low[active], high[active] = np.minimum(low[active], grid[:, 0]), np.maximum(high[active], grid[:, -1])

        def errors(place: np.ndarray, part: Model = part, load: np.ndarray = load) -> np.ndarray:
            return _log_errors(part, load, ansatz, np.exp(place))

        best = lowest(errors, grid)
        least = errors(best.place[:, None])[:, 0]
        edge = np.where(best.inside < 0, errors(grid[:, :1])[:, 0], errors(grid[:, -1:])[:, 0])
        least = np.where(best.inside == 0, least, edge)
        limits = [_log_errors(part, load, ansatz, np.full((load.size, 1), end))[:, 0] for end in (0.0, weakest)]
        located = (best.inside == 0) & np.isfinite(best.error)
        value[active] = np.where(located, np.exp(best.place), np.nan)
        slack[active] = np.where(located, best.error, 0.0)
        for end, there, outward in ((0.0, limits[0], -1), (np.inf, limits[1], 1)):
            with np.errstate(invalid="ignore"):
                met = ~located & (best.inside * outward >= 0) & (there <= least + FLAT)
            value[active[met]] = end
        side[active] = best.inside
        active = active[np.isnan(value[active]) & (best.inside != 0) & ((turn == 0) | (side[active] != 0))]
        if not active.size:
            break
    return value, slack, np.exp(np.stack([low, high], axis=1))


def _line(found: Solutions, value: np.ndarray, slack: np.ndarray, searched: np.ndarray) -> Line:
    """Values with their standing; the weights are those of the penalty given."""
    ends = (value == 0) | np.isinf(value)
    good = found.converged & np.isfinite(slack) & ~np.isnan(value)
    with np.errstate(invalid="ignore"):
        error = np.where(ends, 0.0, slack * value)
    bracket = np.stack([value - error, value + error], axis=1)
    status = []
    for row in range(value.size):
        low, high = searched[row]
        if not good[row]:
            status.append(_missing(found, row, low, high))
        elif ends[row]:
            bracket[row] = (0.0, low) if value[row] == 0 else (high, np.inf)
            status.append(f"converged; the generalisation error is lowest in the limit penalty -> {value[row]:g}")
        else:
            status.append("converged; lowest generalisation error along the penalty")
    bracket[~good] = NAN
    return Line(np.where(good, value, NAN), np.where(good, error, NAN), bracket, status, found)


def _missing(found: Solutions, row: int, low: float, high: float) -> str:
    """Why no penalty is best."""
    trial = np.geomspace(low, high, 25)
    there = found.ansatz.solve(
        found.model.take(np.full(25, row)).with_parameters(penalty=trial), np.full(25, found.alpha[row])
    )
    value, error = there.value("generalization_error"), there.error("generalization_error")
    if np.any(error > SURE * value):
        return LOOSE
    if np.any(value == 0):
        return "not converged: the generalisation error is below the smallest number, 1e-308"
    return f"not converged: no lowest generalisation error between penalties {low:.3g} and {high:.3g}"
