"""How a verb over models runs: check files, build the model, call, save, draw, print, exit code."""

from __future__ import annotations

import inspect
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from replica.ansatz import Ansatz
from replica.cli._answers import Curves, Point
from replica.cli._cluster import cluster
from replica.cli._main import ANSWERED, INTERRUPTED, NOT_SOLVED, interrupts
from replica.cli._methods import Method, made
from replica.cli._models import ModelVerb, build_model
from replica.cli._tables import FULL
from replica.cli._unread import tell_unread, tell_unread_of
from replica.cli._values import Count, Number, Start
from replica.files.records import DATA_SUFFIXES, check_writable, save, suffix_of, to_json, write_bytes
from replica.models.model import Model

FIGURE_SUFFIXES = (".png", ".pdf", ".svg")


def option(*names: str, **keywords: Any) -> click.Option:
    """One option of a verb."""
    return click.Option(list(names), **keywords)


ALPHA = option("--alpha", type=Number(), required=True, help="Load, patterns per weight.")
ANSATZ = option(
    "--ansatz",
    type=Method(),
    default="rs",
    show_default=True,
    help=f"Names: {', '.join(Ansatz.registry)}; numbers that are held behind a colon, as in 1rsb:m=2,q1=0.8.",
)
START = option(
    "--start",
    type=Start(),
    help="'informed' starts from the teacher; q_hat=2.0,... from conjugates, q=0.9 from an overlap.",
)
TOLERANCE = option(
    "--tolerance", type=Number(), default=1e-12, show_default=True, help="On the undamped residual."
)
GRID_OPTIONS = (
    option(
        "--workers",
        type=Count(),
        default=1,
        show_default=True,
        help="Processes; results do not depend on it.",
    ),
    option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster that does the work, as in tcp://host:8786."),
    option(
        "--checkpoint",
        metavar="DIR",
        help="Folder that keeps finished points; the same command resumes from it.",
    ),
    option(
        "--progress/--no-progress", default=None, help="A progress bar on stderr [default: on a terminal]."
    ),
)
COMMON = (
    option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."),
    option(
        "-o",
        "--output",
        metavar="FILE",
        multiple=True,
        help="Also write a file, by suffix: .nc .csv .json data; .png .pdf .svg a plot. Repeatable.",
    ),
    option("--digits", type=Count(), metavar="N", help="Significant digits in text [default: as errors allow]."),
    option("-q", "--quiet", is_flag=True, help="Print a single number alone, and no table."),
)
HOW = tuple(str(one.name) for one in COMMON)  # how an answer is given, whatever was asked


@dataclass(frozen=True)
class Request:
    """What was asked: the model (at the first point of ``axes``), grids of its arguments, own options."""

    verb: str
    model: Model
    axes: dict[str, Any]
    options: dict[str, Any]

    @property
    def ansatz(self) -> Ansatz:
        return made(self.options["ansatz"])

    @property
    def settings(self) -> dict[str, Any]:
        """All that defines the answer, for the JSON and the files."""
        chosen = {"ansatz": self.ansatz.settings()} if "ansatz" in self.options else {}
        return {"verb": self.verb, "model": self.model.settings(), **self.options, **chosen}

    @property
    def grid_options(self) -> dict[str, Any]:
        """Arguments of every library function over a grid."""
        progress = self.options["progress"]
        return {
            "workers": self.options["workers"],
            "checkpoint": self.options["checkpoint"],
            "progress": sys.stderr.isatty() if progress is None else progress,
        }


def model_verb(
    name: str, *options: click.Option, grids: bool = False
) -> Callable[[Callable[[Request], Point | Curves]], ModelVerb]:
    """Make a function from a request to an answer the command ``name``; its docstring is the help.

    ``grids``: arguments of the model may be grids, and the answer can be drawn.
    """

    def make(function: Callable[[Request], Point | Curves]) -> ModelVerb:
        taken = {o.name for o in options}
        own = [*options, *(GRID_OPTIONS if grids else ()), *(o for o in COMMON if o.name not in taken)]
        run = partial(
            _run, name, function, [o.name for o in options] + [o.name for o in GRID_OPTIONS if grids], grids
        )
        return ModelVerb(name, own, run, inspect.getdoc(function) or "", grids)

    return make


def _run(
    verb: str,
    function: Callable[[Request], Point | Curves],
    own: list[str],
    drawable: bool,
    model_name: str,
    **given: Any,
) -> int:
    """Called by click with every option; the exit code is returned."""
    options = {key: given.pop(key) for key in own}
    how = {key: given.pop(key) for key in HOW if key in given}
    check_files(verb, how["output"], drawable)
    checkpoint = options.get("checkpoint")
    if checkpoint is not None:
        _check_folder(Path(checkpoint))
    model, axes = build_model(model_name, given)
    tell_unread_of(verb, model)
    if how.get("as_json"):
        tell_unread(("digits", "quiet"), "JSON has all digits")
    try:
        with interrupts(), cluster(options.get("scheduler")):
            answer = function(Request(verb, model, axes, options))
    except KeyboardInterrupt:
        kept = "nothing is kept without --checkpoint DIR"
        if checkpoint is not None:
            kept = f"finished points are kept in {checkpoint}: give the same command again to resume"
        click.echo(f"replica: interrupted; {kept}" if drawable else "replica: interrupted", err=True)
        return INTERRUPTED
    return emit(answer, **how)


def check_files(verb: str, output: tuple[str, ...], drawable: bool) -> None:
    """Every file must be writable before anything is computed."""
    for path in output:
        if not drawable and Path(path).suffix.lower() in FIGURE_SUFFIXES:
            raise ValueError(
                f"{path}: {verb} gives one number, which cannot be drawn; write {' '.join(DATA_SUFFIXES)}, "
                "or use sweep or diagram"
            )
        suffix_of(path, (*DATA_SUFFIXES, *FIGURE_SUFFIXES) if drawable else DATA_SUFFIXES)
        check_writable(path)


def _check_folder(folder: Path) -> None:
    """The folder, or the nearest one above it that exists, must be one that can be written to, or a checkpoint: if
    that is complete, it is only read.
    """
    if (folder / "settings.json").is_file():
        return
    above = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise ValueError(
            f"--checkpoint {folder} cannot be used: {above} is not a folder that can be written to"
        )


def emit(
    answer: Point | Curves, as_json: bool, output: tuple[str, ...], quiet: bool = False, digits: int | None = None
) -> int:
    """Data first: a figure that cannot be drawn must not cost the answer."""
    figures = [path for path in output if Path(path).suffix.lower() in FIGURE_SUFFIXES]
    for path in output:
        if path not in figures:
            save(answer.as_dataset(), path)
    if as_json:
        click.echo(to_json(answer.as_json(), indent=1))
    elif text := (answer.as_value if quiet else answer.as_text)(min(digits or FULL, FULL)):
        click.echo(text)
    for path in figures:
        write_bytes(path, draw(answer.as_dataset(), Path(path).suffix.lower()))
    if answer.complaint:
        click.echo(f"replica: {answer.complaint}", err=True)
    return ANSWERED if answer.solved else NOT_SOLVED


def draw(dataset: Any, suffix: str) -> bytes:
    """A figure of a dataset as bytes of a file, the same for the same numbers (no dates, no random names)."""
    import replica
    from replica.plots import write

    stream = io.BytesIO()
    figure: Any = replica.plot(dataset).figure  # of axes of its own: no part of another figure
    write(figure, stream, suffix)
    return stream.getvalue()
