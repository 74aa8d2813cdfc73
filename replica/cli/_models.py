"""Models on the command line: keyword arguments of a shorthand become options, names are the registries'."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import click
import numpy as np

from replica._checks import one_of
from replica.architectures import Activation, Architecture
from replica.cli._values import Number, parse_number, parse_word
from replica.data import Data
from replica.losses import Loss
from replica.models.committees import committee, parity
from replica.models.mixtures import mixture
from replica.models.model import Model, perceptron
from replica.models.structured import covariates, random_features
from replica.weights import Weights

#: model name -> shorthand; its keyword arguments are the options
MODELS: dict[str, Callable[..., Model]] = {
    "perceptron": perceptron,
    "committee": committee,
    "parity": parity,
    "mixture": mixture,
    "covariates": covariates,
    "random-features": random_features,
}

#: argument -> the family whose names it takes
FAMILIES: dict[str, Any] = {
    "weights": Weights,
    "loss": Loss,
    "labels": Data,
    "architecture": Architecture,
    "activation": Activation,
    "centroid": Weights,
}
#: arguments that are lists of numbers, and no axes
LISTS = {"spectrum", "projections"}
LETTERS = "Of weights from an alphabet, as in --letters -2,-1,0,1,2."

#: what the docstring of a shorthand says to a user of Python only
IN_THE_SHELL = {
    "weights": "What the weights are, by name, or the letters of an alphabet, as in -2,-1,0,1,2.",
    "loss": "Another loss than the hard margin, by name (with --margin where it has one).",
    "labels": "random: storage; teacher: labels of a teacher of the same kind.",
    "activation": "Of the hidden units.",
    "centroid": "Components of the centroid of a cluster.",
}


class Name(click.ParamType):
    """The name of a member of a family."""

    name = "name"

    def __init__(self, family: Any, letters: bool = False) -> None:
        self.family, self.letters = family, letters  # ``letters``: a comma list of numbers stands for an alphabet

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NAME|LETTERS" if self.letters else "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if self.letters and isinstance(value, str) and value.strip("+-")[:1].isdigit():
            return Letters().convert(value, param, ctx)
        return self.family.named(param.opts[0] if param else "the name", value)


class Letters(click.ParamType):
    """The letters of an alphabet, a comma list of numbers."""

    name = "letters"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NUMBER,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(parse_number(param.opts[0] if param else "the letters", word) for word in value.split(","))


class Values(Letters):
    """Numbers: a comma list or ``start:stop:count``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and ":" in value:
            return tuple(np.atleast_1d(Number(True).convert(value, param, ctx)).tolist())
        return super().convert(value, param, ctx)


class Word(click.ParamType):
    """A truth value, a number or a text, for arguments that take several types."""

    name = "value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return parse_word(param.opts[0] if param else "the value", value) if isinstance(value, str) else value


def explanations(function: Callable[..., Any]) -> dict[str, str]:
    """The text of each entry in the Parameters section of a numpydoc docstring, on one line."""
    text = inspect.getdoc(function) or ""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", text, re.DOTALL | re.MULTILINE)
    entries: dict[str, str] = {}
    names: list[str] = []
    for line in section.group(1).splitlines() if section else ():
        if line.startswith(" "):
            for name in names:
                entries[name] = f"{entries[name]} {line.strip()}".strip()
        else:
            names = [name.strip() for name in line.split(":")[0].split(",") if name.strip()]
            entries |= dict.fromkeys(names, "")
    return {name: text.replace("``", "").replace("`", "") for name, text in entries.items()}


def model_options(name: str, grids: bool) -> list[click.Option]:
    """The options of a model: one per keyword argument of its shorthand, and the letters next to the weights."""
    function = MODELS[name]
    texts = explanations(function)
    options = []
    for parameter in inspect.signature(function).parameters.values():
        flag = "--" + parameter.name.replace("_", "-")
        options.append(
            click.Option(
                [flag, parameter.name], type=_type_of(parameter, grids), help=_help(parameter, texts)
            )
        )
        if parameter.name == "weights":
            options.append(click.Option(["--letters"], type=Letters(), help=LETTERS))
    return options


def models_with(flag: str) -> list[str]:
    """The models that have an option."""
    argument = flag.lstrip("-").replace("-", "_")
    return [name for name, shorthand in MODELS.items() if argument in inspect.signature(shorthand).parameters]


def _type_of(parameter: inspect.Parameter, grids: bool) -> click.ParamType:
    if parameter.name in FAMILIES:
        return Name(FAMILIES[parameter.name], letters=parameter.name == "weights")
    if parameter.name in LISTS:
        return Values()
    kinds = set(re.findall(r"\w+", str(parameter.annotation)))
    if kinds & {"str", "bool", "Any"}:
        return Word()
    return Number(grids, whole="int" in kinds)


def _help(parameter: inspect.Parameter, texts: dict[str, str]) -> str:
    names = f" Names: {', '.join(FAMILIES[parameter.name].registry)}." if parameter.name in FAMILIES else ""
    default = (
        "" if parameter.default in (None, inspect.Parameter.empty) else f" [default: {parameter.default}]"
    )
    return f"{IN_THE_SHELL.get(parameter.name, texts.get(parameter.name, ''))}{names}{default}"


def build_model(name: str, given: dict[str, Any]) -> tuple[Model, dict[str, np.ndarray]]:
    """The model, and the grids among its arguments; at a grid's first point where there is one."""
    values = {key: value for key, value in given.items() if value is not None}
    if letters := values.pop("letters", None):
        named = values.get("weights", Weights.from_letters.name)
        if named != Weights.from_letters.name:
            raise ValueError(f"--letters belong to --weights {Weights.from_letters.name}, got --weights {named}")
        values["weights"] = letters
    axes = {key: value for key, value in values.items() if isinstance(value, np.ndarray)}
    if "temperature" in values and "beta" in values:
        raise ValueError("--beta and --temperature are one quantity and its inverse: give one of them")
    needed = inspect.signature(MODELS[name]).parameters.values()
    for parameter in needed:
        if parameter.default is inspect.Parameter.empty and parameter.name not in values:
            raise ValueError(f"the model {name} needs --{parameter.name.replace('_', '-')}")
    first = {key: float(axes[key][0]) if key in axes else value for key, value in values.items()}
    return MODELS[name](**first), axes


def _beside(option: click.Option, others: list[click.Option]) -> click.Option:
    """An option of a verb without the spellings that the model has taken."""
    taken = {flag for other in others for flag in other.opts}
    if taken.isdisjoint(option.opts):
        return option
    left = copy.copy(option)
    left.opts = [flag for flag in option.opts if flag not in taken]
    return left


class ModelVerb(click.Group):
    """A verb over models: ``replica VERB MODEL [options]``, one subcommand per model."""

    def __init__(
        self, name: str, own: list[click.Option], run: Callable[..., int], summary: str, grids: bool
    ) -> None:
        super().__init__(name, help=summary, subcommand_metavar="MODEL [OPTIONS]")
        self.own, self.run, self.grids = own, run, grids

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in context.help_option_names:
            raise ValueError(
                f"the model comes before the options: replica {self.name} MODEL {args[0]} ...; "
                f"models: {', '.join(MODELS)}"
            )
        if not args:
            raise ValueError(f"replica {self.name} needs a model; models: {', '.join(MODELS)}")
        return super().parse_args(context, args)

    def list_commands(self, context: click.Context) -> list[str]:
        return list(MODELS)

    def get_command(self, context: click.Context, name: str) -> click.Command:
        one_of("model", name, MODELS)
        of_model = model_options(name, self.grids)
        parameters: list[click.Parameter] = [*of_model, *(_beside(option, of_model) for option in self.own)]
        summary = (inspect.getdoc(MODELS[name]) or "").splitlines()[0]
        return click.Command(
            name,
            params=parameters,
            callback=partial(self.run, name),
            help=f"{self.help}\n\nModel: {summary}",
            short_help=summary,
        )
