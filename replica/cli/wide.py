"""``replica kernel``, ``kernel-regression``, ``critical-points``: infinitely wide and deep linear networks."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from replica.architectures import Activation
from replica.cli._answers import Curves, Point
from replica.cli._models import Letters, Name
from replica.cli._values import Count, Number
from replica.cli._verb import COMMON, HOW, check_files, emit, option

#: the entries of a network, shared by what is asked of it
NETWORK = (
    click.Argument(["activation"], metavar="ACTIVATION", type=Name(Activation)),
    option("--layers", type=Count(), default=2, show_default=True, help="Matrices of weights."),
    option("--weight-variance", type=Number(), default=1.0, show_default=True, help="Of every layer."),
    option("--bias-variance", type=Number(), default=0.0, show_default=True, help="Of every layer."),
    option("--kind", default="ntk", show_default=True, metavar="ntk|nngp",
           help="Tangent kernel, or covariance at random."),
    option("--trained", default="all", show_default=True, metavar="all|first",
           help="Layers that the tangent kernel counts."),
)
DIMENSION = option("--dimension", type=Count(), help="Of inputs that are uniform on a sphere.")


def _network(options: dict[str, Any]) -> Any:
    import replica

    names = "layers", "weight_variance", "bias_variance", "kind", "trained"
    return replica.kernel(options.pop("activation"), **{name: options.pop(name) for name in names})


@click.command(
    "kernel",
    params=[
        *NETWORK,
        option("--cos", type=Number(grids=True), help="Cosine of the angle between two inputs: a number or a grid."),
        DIMENSION,
        option("--degrees", type=Number(grids=True),
               help="Degrees of the eigenvalues on the sphere [default: 0 to 20]."),
        *COMMON,
    ],
)  # fmt: skip
def kernel(**options: Any) -> int:
    """Kernel of an infinitely wide network.

    Its values at angles between inputs (--cos), or its eigenvalues on a sphere (--dimension).

    Example: replica kernel relu --layers 3 --weight-variance 2 --dimension 10 --degrees 0:20:21 -o spectrum.png
    """
    how = {name: options.pop(name) for name in HOW}
    cos, dimension, degrees = (options.pop(name) for name in ("cos", "dimension", "degrees"))
    if (cos is None) == (dimension is None):
        raise ValueError("kernel needs --cos, for values at angles, or --dimension, for eigenvalues, and not both")
    if cos is not None and degrees is not None:
        raise ValueError("--degrees belong to --dimension: those of eigenvalues on a sphere")
    check_files("kernel", how["output"], drawable=np.ndim(cos) == 1 or dimension is not None)
    network = _network(options)
    if dimension is not None:
        return emit(Curves(network.eigenvalues(dimension=dimension, degrees=_list(degrees))), **how)
    if np.ndim(cos):
        return emit(Curves(network.curve(cos=cos)), **how)
    found = network(cos)
    settings = {"verb": "kernel", "kernel": network.settings(), "cos": cos}
    return emit(Point("kernel", found.value, found.error, found.status, {}, settings), **how)


def _list(degrees: Any) -> Any:
    return None if degrees is None else np.atleast_1d(degrees).tolist()


@click.command(
    "kernel-regression",
    params=[
        *NETWORK,
        option("--dimension", type=Count(infinite=True), required=True,
               help="Of inputs that are uniform on a sphere; inf: one stair of the limit."),
        option("--level", type=Count(), help="The stair: a degree, whose multiplicity samples are then counted in."),
        option("--coefficients", type=Letters(), required=True, help="Powers of the target in the degrees 0, 1, ..."),
        option("--samples", type=Number(grids=True), required=True, help="Samples learned from: a number or a grid."),
        option("--ridge", type=Number(), default=0.0, show_default=True, help="Added to the diagonal of the matrix."),
        option("--noise", type=Number(), default=0.0, show_default=True, help="Variance of the noise of the targets."),
        *COMMON,
    ],
)  # fmt: skip
def regression(**options: Any) -> int:
    """Learning curve of kernel regression.

    With the kernel of an infinitely wide network, on inputs that are uniform on a sphere.

    Example: replica kernel-regression relu --dimension 10 --coefficients 0,1,0.5 --samples 10:1000:41:log -o curve.png
    """
    import replica

    how = {name: options.pop(name) for name in HOW}
    check_files("kernel-regression", how["output"], drawable=True)
    samples, coefficients, level = (options.pop(name) for name in ("samples", "coefficients", "level"))
    network = _network(options)
    learner = replica.kernel_regression(network, coefficients, **options)
    return emit(Curves(learner.learning_curve(samples=samples, level=level)), **how)


@click.command(
    "critical-points",
    params=[
        option("--layers", type=Count(), required=True, help="Matrices of weights, at least 2."),
        option("--singular-values", type=Letters(), required=True, help="Of the target, a comma list."),
        option("--width", type=Count(), help="Of the hidden layers [default: as many as values]."),
        *COMMON,
    ],
)  # fmt: skip
def critical(**options: Any) -> int:
    """Critical points of a deep linear network.

    Loss, index and kind of each, and the singular values that it keeps.

    Example: replica critical-points --layers 3 --singular-values 3,2,1
    """
    import replica

    how = {name: options.pop(name) for name in HOW}
    check_files("critical-points", how["output"], drawable=True)
    return emit(Curves(replica.critical_points(**options)), **how)
