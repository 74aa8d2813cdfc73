"""Critical points of deep linear networks, all of them. No learning here."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import number, real, shown, whole
from replica.files.dataset import curve

if TYPE_CHECKING:
    import xarray

MOST = 16  # modes, of which every subset is a critical point
MINIMUM, STRICT, FLAT = "global minimum", "strict saddle", "saddle that is not strict"


def critical_points(*, layers: int, singular_values: Any, width: int | None = None) -> xarray.Dataset:
    r"""Every critical point of ``|W_L...W_1 - M|^2/2``, the loss of a deep linear network on whitened inputs.

    At a critical point the product keeps some singular values ``s_j`` of M and has none of the others (Baldi, Hornik).
    With S the set that is kept, the loss is ``sum_(j not in S) s_j^2/2``; where the layers are balanced
    (``W_(l+1)^T W_(l+1) = W_l W_l^T``) the Hessian has the eigenvalues ``s_i^((L-2)/L) (s_i +- s_j)`` for i in S and j
    not in S, for two layers also ``+-s_j`` for each hidden unit that is not used, and none below 0 besides. Every local
    minimum is global.

    Parameters
    ----------
    layers : int
        L, matrices of weights, at least 2.
    singular_values : array of floats
        Of the target M, a square matrix; at least 0, at most 16 of them above 0. Their order is kept.
    width : int, optional
        Of the hidden layers: at most so many values can be kept. None: as many as M has rows.

    Returns
    -------
    xarray.Dataset
        Over ``point`` (the loss increases): ``loss``, ``index`` (negative eigenvalues of the Hessian), ``kind``
        ("global minimum", "strict saddle", "saddle that is not strict": no eigenvalue below 0), ``lowest`` (least
        eigenvalue, of balanced layers) and ``kept``, truth values over ``point`` and ``mode``.

    Raises
    ------
    ValueError
        One layer (no hidden units), negative or too many singular values, a width of 0.

    See Also
    --------
    kernel : Networks that are wide and not linear.
    descent : The dynamics of one layer.

    Notes
    -----
    When not to use it: inputs that are not whitened; the points are the same with M in other coordinates, the numbers
    are not. The index is that of all layers with the same product, balanced or not, but ``lowest`` is not. Equal
    singular values make continua of critical points, of which those along the axes are listed.

    References
    ----------
    P. Baldi and K. Hornik, Neural Networks 2, 53 (1989); K. Kawaguchi, NeurIPS 29 (2016); A. Saxe, J. McClelland and
    S. Ganguli, ICLR (2014).

    Examples
    --------
    >>> import replica
    >>> points = replica.critical_points(layers=3, singular_values=[2.0, 1.0])
    >>> for point in range(4):
    ...     one = points.isel(point=point)
    ...     print(one["kept"].values, float(one["loss"]), int(one["index"]), str(one["kind"].values))
    [ True  True] 0.0 0 global minimum
    [ True False] 0.5 0 saddle that is not strict
    [False  True] 2.0 1 strict saddle
    [False False] 2.5 0 saddle that is not strict
    """
    layers = whole("layers", layers, low=2)
    values = checked_values(singular_values)
    if np.sum(values > 0) > MOST:
        raise ValueError(f"singular_values: at most {MOST} of them may be above 0, got {np.sum(values > 0)}")
    width = values.size if width is None else whole("width", width, low=1)
    modes = np.flatnonzero(values > 0)
    most = min(width, modes.size)
    sets = [set(chosen) for size in range(most + 1) for chosen in combinations(modes.tolist(), size)]
    rows = [_point(layers, values, width, kept) for kept in sets]
    best = min(row[0] for row in rows)
    order = sorted(range(len(sets)), key=lambda k: (rows[k][0], sorted(sets[k])))
    loss, index, lowest = (np.array([rows[k][column] for k in order]) for column in range(3))
    kind = np.where(loss == best, MINIMUM, np.where(index > 0, STRICT, FLAT))
    columns = {
        "loss": loss,
        "loss_error": 4e-16 * loss * values.size,
        "index": index.astype(int),
        "index_error": np.zeros(len(sets)),
        "kind": kind,
        "lowest": lowest,
        "lowest_error": 1e-15 * np.abs(lowest),
        "status": np.char.add("converged; ", kind),
    }
    settings = {"verb": "critical_points", "layers": layers, "singular_values": values.tolist(), "width": width}
    symbols = {"loss": r"\mathcal{L}", "index": "k", "lowest": r"\lambda_{\min}"}
    shown = ["loss", "index", "lowest"]
    points = {"point": np.arange(len(sets))}
    data = curve(columns, points, settings, main="loss", symbols=symbols, observables=shown)
    kept = np.array([[mode in sets[k] for mode in range(values.size)] for k in order])
    return data.assign_coords(mode=np.arange(values.size)).assign(
        kept=(("point", "mode"), kept), singular_value=("mode", values)
    )


def _point(layers: int, values: np.ndarray, width: int, kept: set[int]) -> tuple[float, int, float]:
    """Loss, index and least eigenvalue where the modes ``kept`` are."""
    inside = values[sorted(kept)]
    outside = values[[mode for mode in range(values.size) if mode not in kept]]
    pulls = (inside ** ((layers - 2.0) / layers))[:, None] * (inside[:, None] - outside)
    index, lowest = int(np.sum(pulls < 0)), float(np.min(pulls, initial=0.0))
    if layers == 2:
        index += (width - len(kept)) * int(np.sum(outside > 0))
        lowest = min(lowest, -float(np.max(outside, initial=0.0))) if width > len(kept) else lowest
    return 0.5 * float(np.sum(outside**2)), index, lowest


def checked_values(given: Any) -> np.ndarray:
    """Singular values as floats."""
    try:
        values = real(given)
    except (TypeError, ValueError):
        raise ValueError(f"singular_values must be a list of numbers, got {shown(given)}") from None
    if values.ndim != 1 or not values.size:
        raise ValueError(f"singular_values must be a non-empty list of numbers, got shape {values.shape}")
    return np.atleast_1d(number("singular_values", values, low=0.0))
