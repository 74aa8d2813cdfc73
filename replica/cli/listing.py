"""``replica list``: every name the command line knows, from the registries."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import click

from replica._checks import one_of
from replica._version import __version__
from replica.ansatz import Ansatz
from replica.architectures import Activation, Architecture
from replica.cli._models import MODELS
from replica.data import Data
from replica.files.records import to_json
from replica.landscape import threshold as _landscape
from replica.losses import Loss
from replica.observables import OBSERVABLES
from replica.simulate.algorithms import Algorithm
from replica.simulate.readouts import Readout
from replica.thresholds import LINES
from replica.weights import Weights

#: files whose lines are of the table
_FILES = (_landscape,)


def tables() -> dict[str, list[dict[str, str]]]:
    """Name and first sentence of each member of each table."""
    families = {
        "weights": Weights,
        "losses": Loss,
        "architectures": Architecture,
        "activations": Activation,
        "data": Data,
        "ansatz": Ansatz,
        "algorithms": Algorithm,
        "readouts": Readout,
    }
    found = {"models": _rows(MODELS.items())} | {
        key: _rows(root.registry.items()) for key, root in families.items()
    }
    for key, table in (("observables", OBSERVABLES), ("lines", LINES)):
        found[key] = [{"name": entry.name, "summary": _clean(entry.summary)} for entry in table.values()]
    return found


def _rows(members: Iterable[tuple[str, Any]]) -> list[dict[str, str]]:
    return [
        {"name": name, "summary": _clean((inspect.getdoc(member) or "").split("\n")[0])}
        for name, member in members
    ]


def _clean(text: str) -> str:
    return text.replace("``", "").replace("`", "")


@click.command("list")
@click.argument("table", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(table: str | None, as_json: bool) -> int:
    """All names: weights, losses, observables.

    Models, threshold lines, activations, data, ansatz, algorithms and read-outs too; with the name of a table that
    table alone.

    Example: replica list observables
    """
    found = tables()
    if table is not None:
        found = {table: found[one_of("table", table, found)]}
    if as_json:
        click.echo(to_json(found | {"version": __version__}, indent=1))
        return 0
    width = max(len(row["name"]) for rows in found.values() for row in rows) + 2
    blocks = [
        "\n".join([f"{name}:", *(f"  {r['name']:<{width}}{r['summary']}" for r in rows)])
        for name, rows in found.items()
    ]
    click.echo("\n\n".join(blocks))
    return 0
