"""The ansatz on the command line: a name (``2rsb``, ``full``: so many steps), and behind a colon numbers held."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from replica._checks import known_options, one_of, spelled
from replica.ansatz import Ansatz
from replica.ansatz.given import with_steps
from replica.cli._values import parse_number


class Method(click.ParamType):
    """``NAME`` or ``NAME:number=value,...``; checked here, made by `made`."""

    name = "ansatz"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NAME[:NUMBER=VALUE,...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name, colon, rest = value.partition(":")
        if with_steps(name)[1]:
            made(value)
            return value
        known = one_of("--ansatz", spelled(name, Ansatz.registry), Ansatz.registry)
        made(f"{known}{colon}{rest}")
        return f"{known}{colon}{rest}"


def made(word: str) -> Ansatz:
    """The ansatz that a word names."""
    name, _, rest = word.partition(":")
    name, steps = with_steps(name)
    member: Any = Ansatz.find(name)
    pairs = [part.partition("=") for part in rest.split(",")] if rest else []
    fields = [field.name for field in dataclasses.fields(member)]
    known_options(f"--ansatz {name}", [key for key, _, _ in pairs], fields)
    held = {key: parse_number(f"--ansatz {name}:{key}", number, whole=True) for key, _, number in pairs}
    found: Ansatz = member(**(steps | held))
    return found
