"""The penalty that makes the fewest errors on new patterns. No threshold in alpha."""

from __future__ import annotations

import numpy as np

from replica._checks import number
from replica.ansatz import RS, Ansatz
from replica.ansatz._tuned import lowest
from replica.batch import Solutions
from replica.model import Model, require_model
from replica.thresholds.base import NAN, Line, Threshold
from replica.thresholds.registry import threshold_line

GRID = np.linspace(np.log(1e-6), np.log(1e6), 57)
SAME = 1e-12  # relative to the error of the optimal rule
FLAT = 1e-9  # generalisation errors that differ by less are those of one limit


def optimal_penalty(model: Model, *, alpha: float, ansatz: Ansatz | None = None) -> Threshold:
    r"""The penalty at which penalised weights make the fewest errors on new patterns.

    Two clusters of one size, or unequal ones at the best bias, are told apart best at ``penalty = inf`` (the Hebb
    vector, the optimal rule); a learned bias and unequal clusters, or labels of a teacher, have a best penalty that is
    finite.

    Parameters
    ----------
    model : Model
        With Gaussian weights at ``beta = inf``, on data with something to be learned; its own penalty is ignored.
    alpha : float
        Above 0.

    Returns
    -------
    Threshold
        The penalty (``inf`` and 0 where a limit is best) with its error; ``solution`` there.

    Raises
    ------
    ValueError
        Weights without a penalty, finite beta, data without a direction to be learned.

    Examples
    --------
    >>> import replica
    >>> best = replica.optimal_penalty(replica.mixture("square", balance=0.2), alpha=2.0)
    >>> print(f"{best.value:.8f} {best.error < 1e-8} {best.solution['generalization_error']:.10f}")
    1.11960498 True 0.1620353912
    """
    require_model(model)
    load = np.array([number("alpha", alpha, low=0.0, open_low=True)])
    return optimal_penalty_line(model, load, ansatz or RS()).row(0)


@threshold_line("optimal-penalty", r"\lambda^*", axis="penalty")
def optimal_penalty_line(model: Model, alpha: np.ndarray, ansatz: Ansatz) -> Line:
    """Penalty at which penalised weights make the fewest errors on new patterns, at each load of a batch."""
    if not (model.weights.penalised and np.all(np.isinf(model.beta)) and model.data.overlaps):
        raise ValueError(
            f"optimal_penalty needs penalised weights at beta = inf and something to be learned, got {model}"
        )
    value, slack = np.full(alpha.size, np.inf), np.zeros(alpha.size)
    rows = np.flatnonzero(~_optimal(model, alpha, ansatz))
    if rows.size:
        value[rows], slack[rows] = _searched(model.take(rows), alpha[rows], ansatz)
    found = ansatz.solve(model.with_parameters(penalty=value), alpha)
    return _line(found, value, slack)


def _optimal(model: Model, alpha: np.ndarray, ansatz: Ansatz) -> np.ndarray:
    """Whether ``penalty = inf`` errs as the optimal rule does, so that no penalty is better."""
    known = model.data.rule_errors("bayes", alpha, 1.0) if model.data.shapes is None else None
    if known is None:
        return np.zeros(alpha.size, dtype=bool)
    there = ansatz.solve(model.with_parameters(penalty=np.full(alpha.size, np.inf)), alpha)
    return there.value("generalization_error") <= known[0] + np.maximum(SAME * known[0], known[1])


def _searched(model: Model, alpha: np.ndarray, ansatz: Ansatz) -> tuple[np.ndarray, np.ndarray]:
    """The best penalty and the error of its logarithm, from a grid of penalties and its limits."""
    size = alpha.size

    def errors(place: np.ndarray) -> np.ndarray:
        rows = np.repeat(np.arange(size), place.shape[1])
        batch = model.take(rows).with_parameters(penalty=np.exp(np.ravel(place)))
        return ansatz.solve(batch, alpha[rows]).value("generalization_error").reshape(place.shape)

    best = lowest(errors, np.tile(GRID, (size, 1)))
    value = np.select([best.inside < 0, best.inside > 0], [0.0, np.inf], np.exp(best.place))
    flat = (best.inside == 0) & ~np.isfinite(best.error)
    if flat.any():
        least = errors(best.place[:, None])[:, 0]
        value[flat] = _flat(model.take(np.flatnonzero(flat)), alpha[flat], ansatz, value[flat], least[flat])
    return value, best.error


def _flat(model: Model, alpha: np.ndarray, ansatz: Ansatz, value: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Where the error is as low as in a limit, to what is known of it: that limit."""
    for end in (0.0, np.inf):
        limit = model.with_parameters(penalty=np.full(alpha.size, end))
        there = ansatz.solve(limit, alpha).value("generalization_error")
        value = np.where(there <= least + FLAT, end, value)
    return value


def _line(found: Solutions, value: np.ndarray, slack: np.ndarray) -> Line:
    """Values with their standing; the weights are those of the penalty given."""
    ends = (value == 0) | np.isinf(value)
    good = found.converged & (ends | np.isfinite(slack))
    with np.errstate(invalid="ignore"):
        error = np.where(ends, 0.0, slack * value)
    edge = np.exp(GRID[[0, -1]])
    bracket = np.stack([value - error, value + error], axis=1)
    bracket[value == 0], bracket[np.isinf(value)] = (0.0, edge[0]), (edge[1], np.inf)
    status = []
    for row in range(value.size):
        if not good[row]:
            where = f"between penalties {edge[0]:g} and {edge[1]:g}"
            status.append(f"not converged: no lowest generalisation error {where}")
        elif ends[row]:
            status.append(f"converged; the generalisation error is lowest in the limit penalty -> {value[row]:g}")
        else:
            status.append("converged; lowest generalisation error along the penalty")
    bracket[~good] = NAN
    return Line(np.where(good, value, NAN), np.where(good, error, NAN), bracket, status, found)
