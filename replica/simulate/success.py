"""The load up to which an algorithm solves: success fractions over the load as a sigmoid. No algorithm here."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from replica._checks import number
from replica.files.formats import restored
from replica.files.words import described
from replica.simulate.statistics import extrapolate

if TYPE_CHECKING:
    import xarray

FLAT = 2.0  # standard errors of the slope below which no fall is seen
STARTING_SLOPE = -4.0  # over the whole grid


class Sigmoid(NamedTuple):
    """Load of equal chances, width, their errors, ``2 ln`` of the likelihood that a free fraction per load gains."""

    threshold: float
    error: float
    width: float
    width_error: float
    misfit: float
    status: str


def success_threshold(runs: Any, *, power: float = 1.0) -> xarray.Dataset:
    r"""The load at which an algorithm solves half of the instances, from runs over a grid of loads.

    .. math:: P(\text{solved}) = \frac{1}{1 + \exp((\alpha - \alpha_N)/w_N)}

    fitted to the binomial counts at each size (penalised likelihood: finite for few samples too), and over several
    sizes ``alpha_N = alpha_inf + b N^{-power}``.

    When not to use it: as a threshold of the problem; it is that of an algorithm at its settings, and with another
    budget it moves.

    Parameters
    ----------
    runs : xarray.Dataset or path
        Of `simulate`, over ``alpha`` (and ``n``).
    power : float
        Of the finite-size correction, above 0: 1, or 2/3 for windows like those of satisfiability thresholds.

    Returns
    -------
    xarray.Dataset
        Over ``n``: ``threshold`` (patterns per weight) with ``error`` (and as ``threshold_error``), ``width`` with
        ``width_error``, ``deviance`` (for many samples a chi-square of ``freedom`` degrees, the number of different P
        less 2), ``status``; ``limit`` with ``limit_error`` and ``limit_status`` at N = infinity, NaN for fewer than two
        solved sizes.

    Raises
    ------
    ValueError
        Runs without a grid of loads.

    See Also
    --------
    simulate : The runs.

    Notes
    -----
    Errors are standard errors; where the fraction jumps from 1 to 0 between two loads, half of that gap at least. Loads
    are P/N: those of a fine grid that round to one number of patterns P are the same instances, and count once.

    References
    ----------
    D. Firth, Biometrika 80, 27 (1993).

    Examples
    --------
    >>> import replica
    >>> runs = replica.simulate(
    ...     replica.perceptron("binary"), algorithm="sbpi", n=201, alpha=[0.5, 0.6, 0.7, 0.8], samples=10, seed=1,
    ...     max_sweeps=300,
    ... )
    >>> found = replica.success_threshold(runs)
    >>> bool(abs(found["threshold"][0] - 0.67) < 4 * found["error"][0])
    True
    """  # fmt: skip
    import xarray

    from replica.files.records import record

    power = float(number("power", power, low=0.0, open_low=True))
    data = _runs(runs)
    sizes = np.atleast_1d(data["n"].values) if "n" in data.coords else np.array([data["weights"].shape[-1]])
    solved = data["solved"] if "n" in data.dims else data["solved"].expand_dims("n")
    counts = solved.transpose("n", "alpha", "sample").values.sum(axis=-1)
    loads = [load_of(data["alpha"].values, n) for n in sizes]
    systems = [np.unique(load, return_index=True)[1] for load in loads]  # one P: one set of instances, whatever alpha
    parts = [(load[own], row[own]) for load, row, own in zip(loads, counts, systems, strict=True)]
    fits = [_fit(load, row, data.sizes["sample"]) for load, row in parts]
    fits = [fit._replace(status=fit.status + _merged(data.sizes["alpha"] - len(load))) for fit, (load, _) in
            zip(fits, parts, strict=True)]
    freedom = np.array([len(load) - 2 for load, _ in parts])
    columns = {name: np.array([getattr(fit, name) for fit in fits]) for name in Sigmoid._fields}
    value, error = columns["threshold"], columns["error"]
    good = np.isfinite(value)
    limit, said = (np.nan, np.nan), "not converged: a limit needs two sizes that are solved; take more n"
    said += "; power changes nothing" if power != 1.0 else ""
    if good.sum() > 1:
        said = "converged"
        limit = extrapolate(sizes[good], value[good], error[good], powers=(power,))[:2]
    found = {
        "threshold": ("n", value), "threshold_error": ("n", error), "error": ("n", error),
        "width": ("n", columns["width"]), "width_error": ("n", columns["width_error"]),
        "deviance": ("n", columns["misfit"]), "freedom": ("n", freedom),
        "status": ("n", columns["status"]), "limit": ((), limit[0]), "limit_error": ((), limit[1]),
        "limit_status": ((), said),
    }  # fmt: skip
    settings = {"verb": "success-threshold", "runs": _settings(data), "power": power}
    attrs = record(settings) | {"kind": "curve", "main": "threshold"}
    return described(xarray.Dataset(found, coords={"n": sizes}, attrs=attrs), "threshold")


def load_of(alpha: np.ndarray, n: int) -> np.ndarray:
    """The loads ``P/N`` of the instances that were drawn."""
    return np.floor(alpha * n + 0.5) / n


def _merged(count: int) -> str:
    return f"; {count} loads have the patterns of another and count once" if count else ""


def _runs(given: Any) -> Any:
    """The dataset, checked."""
    if isinstance(given, (str, os.PathLike)):
        from replica.files.records import load

        given = load(given)
    given = restored(given) if hasattr(given, "data_vars") else given
    if not hasattr(given, "data_vars") or "solved" not in given or "sample" not in given["solved"].dims:
        raise ValueError("runs must be a dataset of replica.simulate, or a file of one")
    if "alpha" not in given.dims or given.sizes["alpha"] < 3:
        raise ValueError("runs must be over a grid of at least 3 loads alpha")
    return given.sortby("alpha")


def _settings(data: Any) -> Any:
    return json.loads(data.attrs.get("settings", "{}"))


def _fit(load: np.ndarray, solved: np.ndarray, samples: int) -> Sigmoid:
    """The most likely sigmoid of one size; loads are different."""
    if len(load) < 3:
        text = f"not converged: the loads are {len(load)} different numbers of patterns; take wider loads or larger n"
        return Sigmoid(*(np.nan,) * 5, text)
    middle, scale = float(load.mean()), float(np.ptp(load))
    missing = (np.nan, np.nan, np.nan, np.nan, np.nan)
    if np.all(solved == samples) or np.all(solved == 0):
        side, way = ("all", "larger") if solved[0] else ("no", "smaller")
        return Sigmoid(*missing, f"not converged: {side} instances are solved at every load; take {way} ones")
    slope, place, spread = _most_likely((load - middle) / scale, solved, samples)
    certain = -slope / np.sqrt(spread[1, 1])
    if not certain > FLAT:
        text = "the fraction does not fall with the load beyond its errors; take more samples or wider loads"
        return Sigmoid(*missing, f"not converged: {text}")
    root = -place / slope
    lever = np.array([-1.0 / slope, place / slope**2])
    error = scale * float(np.sqrt(lever @ spread @ lever))
    status = "converged"
    if np.all(np.isin(solved, (0, samples))) and np.all(np.diff(solved) <= 0):
        left, right = load[np.argmin(solved) - 1], load[np.argmin(solved)]
        error = max(error, 0.5 * float(right - left))
        status = f"converged; the fraction jumps between the loads {left:g} and {right:g}: take finer ones"
    if not load[0] <= middle + scale * root <= load[-1]:
        status = "converged; the threshold is extrapolated beyond the loads"
    width, width_error = -scale / slope, scale * float(np.sqrt(spread[1, 1])) / slope**2
    misfit = _deviance(place + slope * (load - middle) / scale, solved, samples)
    return Sigmoid(middle + scale * root, error, width, width_error, misfit, status)


def _most_likely(x: np.ndarray, solved: np.ndarray, samples: int) -> tuple[float, float, np.ndarray]:
    """Slope and intercept of the log odds with the largest likelihood times Jeffreys' prior, and their covariance."""
    from scipy.optimize import minimize

    design = np.stack([np.ones(x.size), x], axis=1)

    def information(b: np.ndarray) -> np.ndarray:
        chance = 0.5 * (1.0 + np.tanh(0.5 * (design @ b)))
        return (design * (samples * chance * (1.0 - chance))[:, None]).T @ design

    def cost(b: np.ndarray) -> float:
        odds = design @ b
        likelihood = np.sum(solved * odds - samples * np.logaddexp(0.0, odds))
        return -float(likelihood + 0.5 * np.log(max(np.linalg.det(information(b)), 1e-300)))

    best = minimize(cost, np.array([0.0, STARTING_SLOPE]), method="BFGS").x
    return float(best[1]), float(best[0]), np.linalg.inv(information(best))


def _deviance(odds: np.ndarray, solved: np.ndarray, samples: int) -> float:
    """Twice what the log likelihood gains by a free fraction at each load."""
    share = solved / samples
    with np.errstate(divide="ignore", invalid="ignore"):
        free = np.where(share > 0, share * np.log(share), 0.0)
        free += np.where(share < 1, (1 - share) * np.log1p(-share), 0.0)
    return float(2.0 * samples * np.sum(free - (share * odds - np.logaddexp(0.0, odds))))
