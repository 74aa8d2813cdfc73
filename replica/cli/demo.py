"""``replica demo``: a first figure and its data."""

from __future__ import annotations

from pathlib import Path

import click

from replica._version import __version__
from replica.files.records import to_json


@click.command("demo")
@click.option(
    "--output",
    "directory",
    metavar="DIR",
    default="replica-demo",
    show_default=True,
    help="Folder, made if missing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(directory: str, as_json: bool) -> int:
    """Four figures and the data behind them.

    Capacity and AT line over the margin (binary, ternary and spherical weights, bands); the phases of a binary student
    of a binary teacher; the entropy around solutions and around the best centres; learning curves of three rules on
    two clusters.

    Example: replica demo --output figures
    """
    if Path(directory).exists() and not Path(directory).is_dir():
        raise ValueError(f"--output must be a folder, {directory} is a file")
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--output {directory} cannot be made: {error.strerror}") from error
    from replica.demo import run

    files = [str(path) for path in run(directory).values()]
    click.echo(to_json({"files": files, "version": __version__}, indent=1) if as_json else "\n".join(files))
    return 0
