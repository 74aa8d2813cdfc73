"""Gradient descent of least squares in the limit of many weights: errors over time, and the best time to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from replica._checks import one_number
from replica.ansatz.coverage import ALL_COLD, LINEAR, PENALISED, SQUARE, Covers, Demand
from replica.data.linear_labels import LinearLabels
from replica.files.dataset import curve
from replica.models.model import Model, require_model
from replica.wide.contour import Bulk, largest
from replica.wide.fixed_kernel import schedule
from replica.wide.least_squares import Descent, Filter, Reached

if TYPE_CHECKING:
    import xarray

SLOPES = 1.0, 0.7  # of the contours, whose difference is the error
FLAT = 1e-12  # differences of errors, beside the power of the labels, that are none
VAGUE = 1e-2  # of a number: an error that makes it none
HORIZON = 1e6  # times beyond which no best one is looked for, in units of the fastest
KNOWN = Demand("needs labels of a teacher", lambda model: model.data.linear_labels() is not None, "data")
COVERS = Covers("descent", (LINEAR, SQUARE, PENALISED, ALL_COLD, KNOWN))


class Best(NamedTuple):
    """The best time, its error and what is to be said of it."""

    time: float
    error: float
    words: str


def descent(
    model: Model, *, alpha: float, time: Any = None, steps: Any = None, step_size: float | None = None
) -> xarray.Dataset:
    r"""Gradient descent of least squares from ``w = 0``, in the limit of many weights at a fixed load.

    .. math:: \dot w = -\nabla\Big[\tfrac12\sum_\mu (y_\mu - w.x_\mu/\sqrt N)^2 + \tfrac\lambda2 |w|^2\Big]

    or steps of ``step_size`` against the same gradient. The cost is a sum: for a mean over the P patterns times are P
    times longer. All averages are contour integrals of the resolvent of the sample covariance.

    Parameters
    ----------
    model : Model
        Square loss, penalised weights, data whose labels least squares knows (`covariates`, `random_features`, a
        `Teacher`).
    alpha : float
        Load, above 0.
    time : increasing grid
        Times of gradient flow, from 0; or
    steps : increasing grid of whole numbers
        with ``step_size``, above 0. Above ``2/(s_max + penalty)`` they diverge, and the status says so.
    step_size : float
        Of steps.

    Returns
    -------
    xarray.Dataset
        ``generalization_error``, ``training_loss`` (half squares, per pattern), ``m`` (covariance of the student's
        field with the labels) and ``q`` (its variance) over ``time`` or ``steps``, with errors and status.
        ``attrs["best_time"]``: the time (number of steps) of the least generalisation error, of all and not only those
        of the grid, ``inf`` where it falls for ever; ``attrs["best_time_error"]``.

    Raises
    ------
    ValueError
        Other losses, weights and data; an infinite penalty; grids that are not increasing; steps without a size.

    See Also
    --------
    solve : Where descent ends, and ridge regression.
    WideKernel : Its ``descent`` is that of a network on given patterns.

    Notes
    -----
    When not to use it: a few weights. Errors are the differences of two contours; a time of stopping t acts much like
    a penalty 1/t.

    References
    ----------
    M. Advani, A. Saxe and H. Sompolinsky, Neural Networks 132, 428 (2020); A. Ali, J. Z. Kolter and R. J. Tibshirani,
    AISTATS (2019); T. Hastie, A. Montanari, S. Rosset and R. J. Tibshirani, Ann. Stat. 50, 949 (2022).

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron(replica.Gaussian(penalty=0.0), loss="square", labels=replica.Teacher(noise=0.3))
    >>> curve = replica.descent(model, alpha=1.5, time=[0.0, 1.0, 100.0])
    >>> [f"{x:.6f}" for x in curve["generalization_error"].values]
    ['0.500000', '0.289331', '0.333519']
    """
    require_model(model)
    COVERS.check(model)
    alpha = one_number("alpha", alpha, low=0.0, open_low=True, grids="descent takes grids of time or steps")
    axis, points, eta = schedule(step_size, steps, time)
    penalty = float(model.parameter("penalty"))
    if np.isinf(penalty):
        raise ValueError("penalty = inf: weights that nothing moves; descent needs a finite penalty")
    labels, finer = (model.data.linear_labels(level) for level in (1, 2))
    bulk, other = (Bulk.of(one.variance, one.projection, one.weight) for one in (labels, finer))
    asked = Asked(bulk, labels, alpha, Filter(penalty, eta), other)
    columns = asked.columns(points)
    fastest = largest(bulk, alpha) + penalty
    if eta is not None and eta * fastest > 2.0:
        said = f"converged; the steps diverge: step_size is above 2/(s_max + penalty) = {2.0 / fastest:.6g}"
        columns["status"] = np.where(columns["status"] == "converged", said, columns["status"])
    best = asked.best_step() if eta is not None else asked.best_time()
    settings = {"verb": "descent", "model": model.settings(), "alpha": alpha}
    settings |= {} if eta is None else {"step_size": eta}
    return curve(
        columns, {"steps" if axis == "step" else axis: points}, settings, main="generalization_error",
        symbols={"time": "t", "steps": "k", "generalization_error": r"\epsilon", "training_loss": r"\mathcal{L}/P"},
        observables="generalization_error training_loss",
        best_time=best.time, best_time_error=best.error, best_time_status=best.words,
    )


class Asked(NamedTuple):
    """One question: the inputs and labels, the load, and how descent goes."""

    bulk: Bulk
    labels: LinearLabels
    alpha: float
    filters: Filter
    finer: Bulk | None = None  # the same with more nodes, where they are those of a continuous spectrum

    def paths(self, longest: float) -> list[Descent]:
        bulks = self.bulk, self.finer or self.bulk
        fixed = self.labels.power, self.alpha, self.filters, longest
        return [Descent(bulk, *fixed, slope) for bulk, slope in zip(bulks, SLOPES, strict=True)]

    def error(self, at: Reached) -> float:
        """The generalisation error: that of the data, or the mean square."""
        if self.labels.error is None:
            return at.square
        return float(self.labels.error(np.array([at.m]), np.array([max(at.q, 0.0)]))[0])

    def columns(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Numbers and errors over the grid; where steps have diverged beyond what a number holds, none."""
        found: dict[str, list[float]] = {}
        with np.errstate(all="ignore"):
            paths = self.paths(float(points[-1]))
            for point in points:
                (one, doubt), (other, _) = (path.at(float(point)) for path in paths)
                value, moved = self.error(one), abs(self.error(one) - self.error(other)) + self._felt(one, doubt)
                gaps = [abs(a - b) + c for a, b, c in zip(one, other, doubt, strict=True)]
                rows = {"generalization_error": (value, moved), "training_loss": (0.5 * one.training, 0.5 * gaps[3])}
                rows |= {"m": (one.m, gaps[0]), "q": (one.q, gaps[1])}
                for name, (number, error) in rows.items():
                    found.setdefault(name, []).append(number)
                    found.setdefault(f"{name}_error", []).append(error)
        columns = {name: np.array(values) for name, values in found.items()}
        known = np.all([np.isfinite(column) for column in columns.values()], axis=0)
        said = np.where(known, "converged", "not converged: the steps have diverged beyond what a number holds")
        vague = known & (columns["generalization_error_error"] > VAGUE * np.abs(columns["generalization_error"]))
        said = np.where(vague, "not converged: the spectrum is not resolved at such a time", said)
        known &= ~vague
        return {name: np.where(known, column, np.nan) for name, column in columns.items()} | {"status": said}

    def _felt(self, at: Reached, doubt: Reached) -> float:
        """What the generalisation error makes of errors of its parts."""
        if self.labels.error is None:
            return doubt.square
        here = self.error(at)
        moved = at._replace(m=at.m + doubt.m), at._replace(q=at.q + doubt.q)
        return sum(abs(self.error(one) - here) for one in moved) + 1e-15

    def _rate(self, path: Descent, time: float) -> float:
        """Derivative of the generalisation error with time."""
        rate = path.rates(time)
        if self.labels.error is None:
            return rate.square
        at, step = path.at(time)[0], 1e-4 * time
        ends = [at._replace(m=at.m + s * step * rate.m, q=at.q + s * step * rate.q) for s in (1.0, -1.0)]
        return (self.error(ends[0]) - self.error(ends[1])) / (2.0 * step)

    def best_time(self) -> Best:
        """The least of a grid up to the horizon, then the zero of the derivative beside it, on two contours."""
        from scipy.optimize import brentq

        unit = 1.0 / (largest(self.bulk, self.alpha) + self.filters.penalty)
        grid = np.append(0.0, unit * np.geomspace(1e-9, HORIZON, 121))
        paths = self.paths(float(grid[-1]))
        errors = [self.error(paths[0].at(float(t))[0]) for t in grid]
        place = int(np.argmin(errors))
        if place < 2:
            return Best(0.0, 0.0, "converged; the error grows from the shortest times on")
        if errors[-1] - errors[place] <= FLAT * self.labels.power:
            return Best(np.inf, 0.0, f"converged; the error falls as far as was looked, to {grid[-1]:.3g}")
        ends = float(grid[place - 1]), float(grid[place + 1])
        try:
            roots = [float(brentq(lambda t, p=path: self._rate(p, t), *ends, xtol=1e-14, rtol=1e-13)) for path in paths]
        except ValueError:
            return Best(float(grid[place]), ends[1] - ends[0], "converged; as flat as rounding")
        bend = (self._rate(paths[0], 1.001 * roots[0]) - self._rate(paths[0], 0.999 * roots[0])) / 0.002
        rounding = 1e-13 * (self.labels.power + self.error(paths[0].at(roots[0])[0])) / max(abs(bend), 1e-300)
        return Best(roots[0], abs(roots[0] - roots[1]) + 4.0 * rounding, "converged")

    def best_step(self) -> Best:
        """The least over numbers of steps: of a grid, then of all between its neighbours."""
        eta = self.filters.eta or 1.0
        last = max(10.0, HORIZON / (eta * largest(self.bulk, self.alpha)))
        grid = np.append(0.0, np.unique(np.round(np.geomspace(1.0, last, 121))))
        with np.errstate(all="ignore"):
            path = self.paths(float(grid[-1]))[0]
            seen: dict[int, float] = {}

            def error(step: int) -> float:
                if step not in seen:
                    seen[step] = self.error(path.at(float(step))[0])
                return seen[step] if np.isfinite(seen[step]) else np.inf

            errors = [error(int(step)) for step in grid]
            place = int(np.argmin(errors))
            if place == 0:
                return Best(0.0, 0.0, "converged; no step is better than none")
            if errors[-1] - errors[place] <= FLAT * self.labels.power:
                return Best(np.inf, 0.0, f"converged; the error falls as far as was looked, to {grid[-1]:.3g} steps")
            low, high = int(grid[max(place - 1, 0)]), int(grid[place + 1])
            return Best(float(_between(error, low, high)), 0.0, "converged")


def _between(error: Callable[[int], float], low: int, high: int) -> int:
    """The best whole number where there is one valley."""
    while high - low > 2:
        first, second = low + (high - low) // 3, high - (high - low) // 3
        low, high = (low, second) if error(first) <= error(second) else (first, high)
    return min(range(low, high + 1), key=error)
