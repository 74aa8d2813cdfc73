"""``replica compare``: a theory file beside a simulation file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from replica.cli._answers import Curves
from replica.cli._values import Names, Number
from replica.cli._verb import COMMON, check_files, emit, option


@click.command(
    "compare",
    params=[
        option("--theory", metavar="FILE", required=True, help="A solution or curve that solve, sweep, ... -o wrote."),
        option(
            "--simulation",
            metavar="FILE",
            required=True,
            help="Runs that simulate -o wrote, or a .csv of yours: alpha,NAME,NAME_standard_error,...",
        ),
        option("--observables", type=Names(), help="What to compare [default: all that both have]."),
        option("--power", type=Number(), default=1.0, show_default=True, help="Of the correction N^-power: 1 or 2/3."),
        *COMMON,
    ],
)
def command(
    theory: str,
    simulation: str,
    observables: tuple[str, ...] | None,
    power: float,
    **how: Any,
) -> int:
    """Set a theory beside a simulation.

    Differences in standard errors, chi-square and residuals, from two files.

    Example: replica compare --theory curve.nc --simulation runs.csv -o residuals.png

    Exit status 0 if any point has an answer (the others are counted on stderr), 1 if none has.
    """
    import replica

    check_files("compare", how["output"], drawable=True)
    for path in (theory, simulation):
        if not Path(path).exists():
            raise ValueError(f"{path} cannot be read: no such file")
    report = replica.compare(theory, simulation, observables=observables, power=power)
    if "remark" in report.attrs:
        click.echo(f"replica: {report.attrs['remark']}", err=True)
    return emit(Curves(report), **how)
