"""``replica cite``: the program, and the works behind a verb, a model or a member, from the docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import click

import replica
from replica._checks import one_of, spelled
from replica._version import __version__
from replica.ansatz import Ansatz
from replica.architectures import Activation, Architecture
from replica.data import Data
from replica.files.bibliography import bibtex
from replica.files.records import to_json
from replica.losses import Loss
from replica.simulate.algorithms import Algorithm
from replica.weights import Weights

FAMILIES: tuple[Any, ...] = (Weights, Loss, Architecture, Activation, Data, Ansatz, Algorithm)
PROGRAM = f"The replica developers, replica: replica theory of learning, version {__version__}."
SECTION = re.compile(r"^References\n-+\n(.*?)(?=\n\n[A-Z][A-Za-z ]+\n-+\n|\Z)", re.DOTALL | re.MULTILINE)


def known() -> dict[str, list[Any]]:
    """What can be cited: verbs, models and members by their names in the shell."""
    found: dict[str, list[Any]] = {}
    for name in replica.__all__:
        if inspect.isfunction(getattr(replica, name)):
            found.setdefault(name.replace("_", "-"), []).append(getattr(replica, name))
    for family in FAMILIES:
        for name, member in family.registry.items():
            found.setdefault(name, []).append(member)
    return found


def works(thing: Any) -> Iterator[str]:
    """The works that a docstring refers to, one by one.

    Examples
    --------
    >>> import replica
    >>> from replica.cli.cite import works
    >>> list(works(replica.max_margin))
    ['E. Gardner, J. Phys. A 21, 257 (1988)']
    """
    section = SECTION.search(inspect.getdoc(thing) or "")
    if section:
        text = " ".join(section[1].split()).replace("``", "").removesuffix(".")
        yield from re.split(r";\s+", text)


@click.command("cite")
@click.argument("names", nargs=-1)
@click.option("--bibtex", "as_bibtex", is_flag=True, help="Print BibTeX entries.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(names: tuple[str, ...], as_bibtex: bool, as_json: bool) -> int:
    """What to cite for a verb, a model or a member.

    Names are those of verbs, models, losses, weights, algorithms and other members.

    Example: replica cite local-entropy focusing-bp --bibtex
    """
    table = known()
    chosen = [one_of("name", spelled(name, table), table) for name in names]
    found = {name: list(dict.fromkeys(work for thing in table[name] for work in works(thing))) for name in chosen}
    if as_json:
        click.echo(to_json({"program": PROGRAM, "works": found, "version": __version__}, indent=1))
        return 0
    if as_bibtex:
        about = "author={{The replica developers}}, title={replica: replica theory of learning}"
        program = f"@software{{replica, {about}, version={{{__version__}}}}}"
        cited = dict.fromkeys(bibtex(work) for list_of_works in found.values() for work in list_of_works)
        click.echo("\n".join([program, *cited]))
        return 0
    click.echo(PROGRAM)
    for name, list_of_works in found.items():
        click.echo(f"\n{name}:")
        for work in list_of_works or ["no work of its own; see the verb or the members that it is used with"]:
            click.echo(f"  {work}")
    return 0
