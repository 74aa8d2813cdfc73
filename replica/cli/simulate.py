"""``replica simulate``: algorithms on finite systems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from replica.cli._answers import Curves
from replica.cli._models import Name
from replica.cli._tables import tables
from replica.cli._values import Count, Names, Number, parse_number, parse_word
from replica.cli._verb import Request, model_verb, option
from replica.simulate.algorithms import Algorithm
from replica.simulate.instances import INPUTS
from replica.simulate.statistics import summary


@dataclass(frozen=True)
class Runs(Curves):
    """Runs over samples: the text shows their means."""

    def _tables(self, digits: int) -> Iterator[str]:
        means = summary(self.dataset)
        yield from tables(means.drop_vars("samples"), digits)
        yield f"means over {int(means['samples'])} samples +- standard errors"


class Setting(click.ParamType):
    """``NAME=VALUE``, or a comma list of values."""

    name = "setting"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        name, sign, text = value.partition("=")
        if not name or not sign:
            raise ValueError(f"--set is NAME=VALUE, as in --set references=10, got {value!r}")
        found = [parse_word(f"--set {name}", word) for word in text.split(",")]
        return name.replace("-", "_"), found if len(found) > 1 else found[0]


def sizes(word: str | None) -> Any:
    """One number of weights or a comma list."""
    if word is None:
        return None
    found = [parse_number("--n", text, whole=True) for text in word.split(",")]
    return found if len(found) > 1 else found[0]


@model_verb(
    "simulate",
    option("--algorithm", type=Name(Algorithm), default="enumeration", show_default=True, help="See replica list."),
    option("--n", metavar="NUMBER,...", help="Number of weights: one or an increasing comma list."),
    option("--alpha", type=Number(grids=True), help="Load, patterns per weight: a number or a grid."),
    option("--samples", type=Count(), default=1, show_default=True, help="Independent systems."),
    option("--seed", type=Number(whole=True), default=0, show_default=True, help="Of the random numbers."),
    option("--inputs", type=click.Choice(INPUTS), default=INPUTS[0], show_default=True, help="Components of inputs."),
    option("--instance", metavar="FILE", help="Your own patterns (.npz .npy .csv) instead of --n and --alpha."),
    option("--held-out", type=Number(), help="Share of --instance that is not learned but tested on."),
    option("--set", "settings", type=Setting(), multiple=True, metavar="NAME=VALUE", help="Setting of the algorithm."),
    option("--readouts", type=Names(), default=(), help="What else to measure on the weights; see replica list."),
    grids=True,
)
def command(request: Request) -> Curves:
    """Run an algorithm on finite systems.

    Count solutions, find them, sample them: without any ansatz.

    Example: replica simulate perceptron --algorithm enumeration --n 10,15,20 --alpha 0.4 --samples 20 --seed 1
    """
    import replica

    if request.axes:
        raise ValueError(f"simulate takes one model: {', '.join(request.axes)} must be a number, not a grid")
    options = request.options
    names = ("algorithm", "alpha", "samples", "seed", "inputs", "instance", "held_out", "readouts")
    return Runs(
        replica.simulate(
            request.model,
            n=sizes(options["n"]),
            **{name: options[name] for name in names},
            **dict(options["settings"]),
            **request.grid_options,
        )
    )
