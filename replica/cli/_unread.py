"""Options that were given but that nothing reads: said on stderr, so that nobody takes the answer for another one."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.core import ParameterSource

from replica.models.model import Model

#: verb -> the number of the model that it looks for itself
SOUGHT = {"max-margin": ("margin",), "optimal-penalty": ("penalty",), "freezing": ("beta", "temperature")}
GRID = ("workers", "scheduler", "checkpoint", "progress")
AT_ONCE = "all points are computed at once, in less than a worker's start"
SEPARABILITY = ("capacity", "max-margin", "at-line")  # verbs that see no convex cost where classes can be separated


def given() -> dict[str, str]:
    """Options on the command line, as they are spelled, by name."""
    context = click.get_current_context(silent=True)
    if context is None:
        return {}
    spelled = {str(parameter.name): parameter.opts[0] for parameter in context.command.params}
    source = context.get_parameter_source
    return {name: spelled[name] for name in context.params if source(name) is ParameterSource.COMMANDLINE}


def tell_unread(names: Iterable[str], why: str) -> None:
    """Name those of the options that were given although nothing reads them."""
    known = given()
    found = [known[name] for name in names if name in known]
    if found:
        click.echo(f"replica: {' and '.join(found)} changed nothing: {why}", err=True)


def tell_unread_of(verb: str, model: Model) -> None:
    """What a verb does not read of a model."""
    tell_unread(SOUGHT.get(verb, ()), f"{verb} looks for it itself")
    if model.idle:
        tell_unread(model.idle, "the cost is 0 or infinite, so that no temperature matters")
    if "penalty" not in model.parameter_names:
        tell_unread(("penalty",), "only penalised (gaussian) weights have one")
    if verb in SEPARABILITY and model.data.separable and model.loss.log_concave and not model.loss.hard:
        told = "which classes can be separated does not depend on the cost"
        tell_unread(("loss", *(("penalty",) if model.weights.penalised and verb not in SOUGHT else ())), told)
