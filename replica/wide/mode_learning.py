"""How a deep linear network learns, one mode after the other, from small balanced layers. No landscape here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid, number, one_number, whole
from replica.files.dataset import curve
from replica.wide.deep_linear import checked_values

if TYPE_CHECKING:
    import xarray

WIDTH = 0.5  # of the panels in ln(u/(s-u))
X, W = np.polynomial.legendre.leggauss(16)
SETTLED = 40.0  # in ln(u/(s-u)): beyond it u is s to the last digit


def mode_learning(*, layers: int, singular_values: Any, start: float, time: Any) -> xarray.Dataset:
    r"""Gradient flow of ``|W_L...W_1 - M|^2/2`` from small balanced layers: the strength of each mode over time.

    .. math:: \dot u = L\, u^{2-2/L} (s - u)

    for a mode of singular value s. For two layers ``u = s/(1 + (s/u_0 - 1) exp(-2 s t))``: a mode waits for a time
    ``ln(s/u_0)/(2s)`` and is then learned at once, so that the loss falls in stairs, large singular values first.

    Parameters
    ----------
    layers : int
        L, matrices of weights, at least 1.
    singular_values : array of floats
        Of the target M, at least 0.
    start : float
        ``u_0``, the strength of every mode at time 0: above 0, below every singular value that is not 0.
    time : increasing grid
        From 0.

    Returns
    -------
    xarray.Dataset
        ``strength`` over ``time`` and ``mode``, and ``loss``, ``sum (s-u)^2/2``, over ``time``, with errors and status.

    Raises
    ------
    ValueError
        A start that is not between 0 and the singular values; negative times or values.

    See Also
    --------
    critical_points : Where it rests on the way.
    descent : One layer, with patterns at random.

    Notes
    -----
    When not to use it: layers that are large or not balanced at the start, or inputs that are not whitened.

    References
    ----------
    A. Saxe, J. McClelland and S. Ganguli, ICLR (2014), eq. (9).

    Examples
    --------
    >>> import replica
    >>> learned = replica.mode_learning(layers=2, singular_values=[2.0, 1.0], start=1e-3, time=[0.0, 2.2, 10.0])
    >>> [f"{x:.6f}" for x in learned["strength"].sel(mode=0).values]
    ['0.001000', '1.536906', '2.000000']
    """
    layers, values = whole("layers", layers, low=1), checked_values(singular_values)
    start = one_number("start", start, low=0.0, open_low=True)
    least = float(np.min(values[values > 0], initial=np.inf))
    if start >= least:
        raise ValueError(f"start must be below the singular values that are not 0, {least:g}, got {start:g}")
    points = number("time", grid("time", time), low=0.0)
    strength = np.stack([_mode(layers, float(s), start, points) for s in values], axis=1)
    missing = values - strength
    slack = 1e-14 * (1.0 + np.abs(np.log(start / np.maximum(values, start)))) * strength
    columns = {
        "loss": 0.5 * np.sum(missing**2, axis=1),
        "loss_error": np.sum(np.abs(missing) * slack, axis=1) + np.sum(slack**2, axis=1),
        "status": np.full(points.size, "converged"),
    }
    settings = {"verb": "mode_learning", "layers": layers, "singular_values": values.tolist(), "start": start}
    data = curve(columns, {"time": points}, settings, main="loss", symbols={"time": "t", "loss": r"\mathcal{L}"})
    plane = "time", "mode"
    return data.assign_coords(mode=np.arange(values.size)).assign(
        strength=(plane, strength, {"symbol": "u"}), strength_error=(plane, slack), singular_value=("mode", values)
    )


def _mode(layers: int, s: float, start: float, time: np.ndarray) -> np.ndarray:
    """The strength at given times."""
    if s == 0.0:
        power = 2.0 - 2.0 / layers
        if power == 0.0:
            return start * np.exp(-time)
        return start * (1.0 + layers * power * start**power * time) ** (-1.0 / power)
    if layers == 1:
        return s + (start - s) * np.exp(-time)
    if layers == 2:
        return s / (1.0 + (s / start - 1.0) * np.exp(-2.0 * s * time))
    return _deep(layers, s, start, time)


def _deep(layers: int, s: float, start: float, time: np.ndarray) -> np.ndarray:
    """In ``y = ln(u/(s-u))``, of which the time is a smooth integral: ``dt/dy = u^(2/L-1)/(s L)``."""
    first = np.log(start / (s - start))

    def rate(y: np.ndarray) -> np.ndarray:
        return (s / (1.0 + np.exp(-y))) ** (2.0 / layers - 1.0) / (s * layers)

    def passed(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        y = low[..., None] + 0.5 * (high - low)[..., None] * (1.0 + X)
        return 0.5 * (high - low) * (rate(y) @ W)

    edges = np.arange(first, max(first, 0.0) + SETTLED + WIDTH, WIDTH)
    clock = np.append(0.0, np.cumsum(passed(edges[:-1], edges[1:])))
    place = np.clip(np.searchsorted(clock, time, side="right") - 1, 0, edges.size - 2)
    low, left = edges[place], time - clock[place]
    y = low + WIDTH * np.clip(left / np.diff(clock)[place], 0.0, 1.0)
    for _ in range(30):
        y = np.clip(y + (left - passed(low, y)) / rate(y), low, low + WIDTH)
    return np.where(time >= clock[-1], s, s / (1.0 + np.exp(-y)))
