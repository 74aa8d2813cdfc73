"""Gradient descent with a kernel that does not change: the loss over steps or time, in its eigenbasis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid, number, one_number
from replica.files.dataset import curve
from replica.wide.inputs import rows, targets

if TYPE_CHECKING:
    import xarray

    from replica.wide.network import WideKernel

ROUNDING = 4e-16


def descent(kernel: WideKernel, X: Any, y: Any, step_size: Any, steps: Any, time: Any) -> xarray.Dataset:
    """See `WideKernel.descent`."""
    from scipy.linalg import eigh

    axis, points, eta = schedule(step_size, steps, time)
    X = rows(X)
    y = targets(y, len(X))
    table, entry = kernel.matrix_with_error(X)
    values, vectors = eigh(table)
    power = (vectors.T @ y) ** 2
    # a symmetric matrix of entries below the error is at most its size times that
    slack = len(table) * entry + ROUNDING * np.sqrt(len(table)) * float(np.abs(values).max())
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if eta is None:
            left = np.exp(-2.0 * np.outer(points, values))
            pull = 2.0 * points
        else:
            left = np.abs(1.0 - eta * values) ** (2.0 * points[:, None])
            pull = 2.0 * points * eta
        loss = 0.5 * left @ power
        # of y.f(K).y, by Duhamel's formula and the convexity of the logarithm of the moments of K
        before = left if eta is None else np.abs(1.0 - eta * values) ** np.maximum(2.0 * points[:, None] - 1.0, 0.0)
        error = 0.5 * pull * slack * np.sqrt(power.sum() * (before**2 @ power)) + ROUNDING * len(y) * loss
    settings = {"verb": "descent", "kernel": kernel.settings(), "patterns": len(X), "inputs": X.shape[1]}
    settings |= {} if eta is None else {"step_size": eta}
    fits = np.isfinite(loss) & np.isfinite(error)
    said = _said(eta, float(values[-1]))
    columns = {
        "loss": np.where(fits, loss, np.nan),
        "loss_error": np.where(fits, error, np.nan),
        "status": np.where(fits, said, "not converged: the loss has grown beyond what a number holds"),
    }
    symbols = {"loss": r"\mathcal{L}", "time": "t", "step": "k"}
    return curve(columns, {axis: points}, settings, main="loss", symbols=symbols, rate=float(values[0]), scale="log")


def schedule(step_size: Any, steps: Any, time: Any) -> tuple[str, np.ndarray, float | None]:
    """Name and points of the axis, and the size of steps (None: gradient flow)."""
    if (steps is None) == (time is None):
        raise ValueError("descent needs a grid of steps (with step_size) or one of time, and not both")
    if time is not None:
        if step_size is not None:
            raise ValueError("step_size belongs to steps; gradient flow over time has none")
        return "time", number("time", grid("time", time), low=0.0), None
    if step_size is None:
        raise ValueError("steps need a step_size")
    eta = one_number("step_size", step_size, low=0.0, open_low=True)
    points = number("steps", grid("steps", steps), low=0.0)
    if np.any(points != np.floor(points)):
        raise ValueError(f"steps must be whole numbers, got {points[points != np.floor(points)][0]:g}")
    return "step", points, eta


def _said(eta: float | None, largest: float) -> str:
    if eta is not None and eta * largest > 2.0:
        return f"converged; the steps diverge: step_size is above 2/lambda_max = {2.0 / largest:.6g}"
    return "converged"
