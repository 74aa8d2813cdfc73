"""The penalty that makes the fewest errors on new patterns. No threshold in alpha."""

from __future__ import annotations

import numpy as np

from replica._checks import number
from replica.ansatz import RS, Ansatz
from replica.ansatz._tuned import lowest
from replica.model import Model
from replica.solution import Solution
from replica.thresholds.base import NAN, Threshold

GRID = np.linspace(np.log(1e-6), np.log(1e6), 57)
FLAT = 1e-9  # generalisation errors that differ by less are those of one limit


def optimal_penalty(model: Model, *, alpha: float, ansatz: Ansatz | None = None) -> Threshold:
    r"""The penalty at which penalised weights make the fewest errors on new patterns.

    Two clusters of one size are told apart best at ``penalty = inf`` (the Hebb vector); a learned bias and unequal
    clusters, or labels of a teacher, have a best penalty that is finite.

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
    model.require_single()
    load = np.array([number("alpha", alpha, low=0.0, open_low=True)])
    if not (model.weights.penalised and np.isinf(model.beta) and model.data.overlaps):
        raise ValueError(
            f"optimal_penalty needs penalised weights at beta = inf and something to be learned, got {model}"
        )
    chosen = ansatz or RS()

    def errors(place: np.ndarray) -> np.ndarray:
        batch = model.with_parameters(penalty=np.exp(np.ravel(place)))
        found = chosen.solve(batch, np.repeat(load, place.size))
        return found.value("generalization_error").reshape(place.shape)

    best = lowest(errors, GRID[None, :])
    ends = {-1: 0.0, 1: np.inf}
    value = ends.get(int(best.inside[0]), float(np.exp(best.place[0])))
    if best.inside[0] == 0 and not np.isfinite(best.error[0]):  # flat: as low as in a limit, to what is known
        seen = {end: chosen.solve(model.with_parameters(penalty=end), load) for end in (np.inf, 0.0)}
        least = float(errors(best.place[:1, None])[0, 0])
        flat = [end for end, at in seen.items() if at.value("generalization_error")[0] <= least + FLAT]
        value = flat[0] if flat else value
    batch = chosen.solve(model.with_parameters(penalty=value), load)
    solution = Solution(batch)
    if not solution.converged or not (np.isfinite(best.error[0]) or value in (0.0, np.inf)):
        sentence = f"not converged: no lowest generalisation error between penalties {np.exp(GRID[0]):g} and 1e6"
        return Threshold(NAN, NAN, (NAN, NAN), sentence)
    if value in (0.0, np.inf):
        edge = float(np.exp(GRID[0 if value == 0 else -1]))
        text = f"converged; the generalisation error is lowest in the limit penalty -> {value:g}"
        return Threshold(value, 0.0, (min(edge, value), max(edge, value)), text, solution)
    error = float(best.error[0]) * value
    text = "converged; lowest generalisation error along the penalty"
    return Threshold(value, error, (value - error, value + error), text, solution)
