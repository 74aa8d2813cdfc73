"""``replica success-threshold``: the load up to which an algorithm solves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from replica.cli._answers import Curves
from replica.cli._values import Number
from replica.cli._verb import COMMON, check_files, emit, option


@click.command(
    "success-threshold",
    params=[
        option("--simulation", metavar="FILE", required=True, help="Runs over a grid of loads that simulate -o wrote."),
        option("--power", type=Number(), default=1.0, show_default=True, help="Of the correction N^-power: 1 or 2/3."),
        *COMMON,
    ],
)
def command(simulation: str, power: float, **how: Any) -> int:
    """The load at which an algorithm solves half.

    A sigmoid through the fractions of solved instances of runs over a grid of loads.

    Example: replica success-threshold --simulation runs.nc
    """
    import replica

    check_files("success-threshold", how["output"], drawable=True)
    if not Path(simulation).exists():
        raise ValueError(f"{simulation} cannot be read: no such file")
    return emit(Curves(replica.success_threshold(simulation, power=power)), **how)
