"""Networks of finite width beside the theory of infinite ones, as z-scores. Nothing of the theory is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import whole
from replica.files.records import record
from replica.files.words import described
from replica.simulate.networks import Shape, descents, kernels
from replica.wide.fixed_kernel import schedule
from replica.wide.inputs import rows, targets

if TYPE_CHECKING:
    import xarray

    from replica.wide.network import WideKernel


def _shape(kernel: WideKernel, width: Any) -> Shape:
    return Shape(
        kernel.activation.function, kernel.layers, whole("width", width, low=1), kernel.weight_variance,
        kernel.bias_variance, kernel.trained == "first",
    )


def at_random(kernel: WideKernel, X: Any, width: Any, samples: Any, seed: int) -> xarray.Dataset:
    """See `WideKernel.finite_width`."""
    import xarray

    X, samples = rows(X), whole("samples", samples, low=2)
    found = kernels(_shape(kernel, width), X, samples, whole("seed", seed, low=0), kernel.kind == "ntk")
    theory = kernel.matrix(X)
    settings = {"verb": "finite_width", "kernel": kernel.settings(), "width": width, "samples": samples, "seed": seed}
    mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(samples)
    plane = "row", "column"
    report = xarray.Dataset(
        {
            "theory": (plane, theory),
            "simulation": (plane, mean),
            "standard_error": (plane, error),
            "z": (plane, _scores(mean - theory, error)),
        },
        attrs=record(settings),
    )
    return described(report)


def trained(
    kernel: WideKernel, X: Any, y: Any, width: Any, step_size: Any, steps: Any, samples: Any, seed: int
) -> xarray.Dataset:
    """See `WideKernel.finite_descent`."""
    import xarray

    X, samples = rows(X), whole("samples", samples, low=2)
    y = targets(y, len(X))
    points, eta = schedule(step_size, steps, None)[1:]
    assert eta is not None
    losses, ratios = descents(_shape(kernel, width), X, y, points, eta, samples, whole("seed", seed, low=0))
    curve = kernel.descent(X, y, step_size=eta, steps=points)
    mean, error = losses.mean(axis=0), losses.std(axis=0, ddof=1) / np.sqrt(samples)
    settings = {"verb": "finite_descent", "kernel": kernel.settings(), "width": width, "samples": samples}
    report = xarray.Dataset(
        {
            "theory": ("step", curve["loss"].values),
            "simulation": ("step", mean),
            "standard_error": ("step", error),
            "z": ("step", _scores(mean - curve["loss"].values, error)),
            "least_ratio": ("sample", ratios),
        },
        coords={"step": points},
        attrs=record(settings | {"seed": seed, "step_size": eta}) | {"rate": curve.attrs["rate"]},
    )
    return described(report)


def _scores(difference: np.ndarray, error: np.ndarray) -> np.ndarray:
    """In standard errors; NaN where all samples are the same."""
    return np.divide(difference, error, out=np.full_like(difference, np.nan), where=error > 0)
