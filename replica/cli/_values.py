"""Words of the command line as numbers, grids and lists; a wrong one is a `ValueError` with one sentence."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from replica._checks import Exact
from replica._checks import grid as check_grid

LARGEST_GRID = 1_000_000


def parse_number(argument: str, text: str, whole: bool = False) -> float | int:
    """One number; ``inf`` passes (what allows it is known to the library), ``nan`` does not."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{argument} must be a number, got {text!r}") from None
    if np.isnan(value):
        raise ValueError(f"{argument} must be a number, got nan")
    if whole and value.is_integer():
        return int(value)
    return Exact(text) if value and np.isfinite(value) else value  # the decimal itself, for proofs


def is_grid(text: str) -> bool:
    """Whether a word is written as a grid."""
    return ":" in text or "," in text


def parse_grid(argument: str, text: str) -> np.ndarray:
    """``start:stop:count``, ``start:stop:count:log`` or a comma list as an increasing grid; ``inf`` may end a list."""
    if ":" not in text:
        if not text.strip(" ,"):
            raise ValueError(f"{argument} must be a non-empty grid, got {text!r}")
        return check_grid(argument, [parse_number(argument, word) for word in text.split(",")], infinite=True)
    words = text.split(":")
    logarithmic = words[3:] == ["log"]
    if len(words) != 3 and not logarithmic:
        raise ValueError(f"{argument}: a grid is start:stop:count[:log] or a comma list, got {text!r}")
    start, stop, count = (parse_number(argument, word) for word in words[:3])
    if count != np.floor(count) or not 1 <= count <= LARGEST_GRID:
        raise ValueError(
            f"{argument}: the count of a grid must be a whole number from 1 to {LARGEST_GRID}, got {words[2]}"
        )
    if not (np.isfinite(start) and np.isfinite(stop)):
        raise ValueError(f"{argument}: the ends of a grid must be finite, got {text!r}")
    if start > stop:
        turned = ":".join((words[1], words[0], *words[2:]))
        raise ValueError(f"{argument}: a grid must increase, got {text!r}; did you mean {turned!r}?")
    if count == 1 and start != stop:
        raise ValueError(
            f"{argument}: a grid of 1 point cannot reach from {words[0]} to {words[1]}, got {text!r}"
        )
    if logarithmic and start <= 0:
        raise ValueError(f"{argument}: the ends of a logarithmic grid must be above 0, got {text!r}")
    return check_grid(argument, (np.geomspace if logarithmic else np.linspace)(start, stop, int(count)))


def parse_names(argument: str, text: str) -> tuple[str, ...]:
    """A comma list of names."""
    names = tuple(word.strip() for word in text.split(","))
    if not all(names):
        raise ValueError(f"{argument} must be a comma list of names, got {text!r}")
    return names


def parse_word(argument: str, text: str) -> Any:
    """A truth value, a number or, failing both, the word itself (for arguments that take several types)."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        float(text)
    except ValueError:
        return text
    return parse_number(argument, text, whole=True)


class Number(click.ParamType):
    """One number, or with ``grids`` also a grid."""

    name = "number"

    def __init__(self, grids: bool = False, whole: bool = False) -> None:
        self.grids, self.whole = grids, whole

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NUMBER|GRID" if self.grids else "NUMBER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        argument = param.opts[0] if param else "the number"
        if not is_grid(value):
            return parse_number(argument, value, self.whole)
        if not self.grids:
            raise ValueError(
                f"{argument} takes one number here, got {value!r}; grids are for sweep and diagram"
            )
        return parse_grid(argument, value)


class Count(click.ParamType):
    """A whole number of at least 1, or where it is said the limit inf."""

    name = "count"

    def __init__(self, infinite: bool = False) -> None:
        self.infinite = infinite

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "COUNT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        argument = param.opts[0] if param else "the count"
        number = parse_number(argument, str(value), whole=True)
        if self.infinite and number == float("inf"):
            return number
        if not isinstance(number, int) or number < 1:
            allowed = " or inf" if self.infinite else ""
            raise ValueError(f"{argument} must be a whole number of at least 1{allowed}, got {value}")
        return number


class Names(click.ParamType):
    """A comma list of names."""

    name = "names"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NAME,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return (
            parse_names(param.opts[0] if param else "the names", value) if isinstance(value, str) else value
        )


class Axis(click.ParamType):
    """``NAME=GRID``."""

    name = "axis"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NAME=GRID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        argument = param.opts[0] if param else "the axis"
        name, sign, points = value.partition("=")
        if not name or not sign:
            raise ValueError(f"{argument} is NAME=GRID, as in {argument} margin=0:1:11, got {value!r}")
        return name.replace("-", "_"), parse_grid(argument, points)


class Start(click.ParamType):
    """``informed`` or ``name=value,...``."""

    name = "start"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "informed|NAME=NUMBER,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or "=" not in value:
            return value
        pairs = [word.partition("=") for word in value.split(",")]
        return {name: parse_number(f"--start {name}", number) for name, _, number in pairs}
