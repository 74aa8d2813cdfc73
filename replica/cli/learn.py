"""``replica learn``: the learning curve of a classifier on two classes of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from replica._checks import grid, number, suggest
from replica.cli._answers import Curves
from replica.cli._models import Name
from replica.cli._unread import tell_unread
from replica.cli._values import Count, Number
from replica.cli._verb import COMMON, HOW, check_files, emit, option
from replica.losses import Loss
from replica.real_data.isotropic import COVARIANCES, DIMENSIONS
from replica.simulate.files import read

PICTURES = ("clusters", "covariates")


@click.command(
    "learn",
    params=[
        click.Argument(["file"], metavar="FILE"),
        option("--label", metavar="NAME|first|last", default="last", show_default=True,
               help="Column of the label in a table."),
        option("--samples", type=Number(grids=True), required=True, help="Samples learned from: a number or a grid."),
        option("--loss", type=Name(Loss), required=True, help="square, logistic, hinge or another convex loss."),
        option("--penalty", type=Number(), default=1.0, show_default=True, help="As scikit-learn counts it."),
        option("--bias/--no-bias", default=True, show_default=True, help="Whether a bias is learned."),
        option("--model", "picture", type=click.Choice(PICTURES), default=PICTURES[0], show_default=True,
               help="Two Gaussian clusters, or Gaussian inputs of one covariance with a teacher's labels."),
        option("--held-out", type=Number(), default=0.5, show_default=True,
               help="Covariates: share of the patterns that is not estimated from; fits see it."),
        option("--covariance", type=click.Choice(COVARIANCES), default=COVARIANCES[0], show_default=True,
               help="Round clusters of one size, or a covariance for each class."),
        option("--standardise/--no-standardise", default=True, show_default=True, help="Features of variance 1."),
        option("--dimension", type=click.Choice(DIMENSIONS), default=DIMENSIONS[0], show_default=True,
               help="What counts as the dimension of round clusters."),
        option("--shrinkage", type=Number(), help="Of general covariances, in [0, 1] [default: estimated]."),
        option("--share", type=Number(), default=1.0, show_default=True,
               help="Share of the patterns that the clusters are estimated from; fits see the others."),
        option("--fits", type=Count(), metavar="REPEATS", help="Beside so many fits of scikit-learn for each size."),
        option("--seed", type=Number(whole=True), default=0, show_default=True, help="Of the fits' subsamples."),
        *COMMON,
    ],
)  # fmt: skip
def command(file: str, **options: Any) -> int:
    """Learning curve of a classifier on data of yours.

    Predicted errors over the number of samples that are learned from, for the two classes of a file.

    Example: replica learn data.csv --samples 50:500:10 --loss logistic --penalty 1 -o curve.png

    FILE is .npz with X and y, .npy, or .csv: separated by commas, semicolons, tabs or blanks, with or without a first
    row of names. What was read, and which label is +1, is told on stderr.
    """
    import replica

    how = {name: options.pop(name) for name in HOW}
    check_files("learn", how["output"], drawable=True)
    if not Path(file).exists():
        raise ValueError(f"{file} cannot be read: no such file")
    _check_loss(options["loss"])
    _tell_unread(options)
    samples = number("--samples", grid("--samples", options["samples"]), low=0.0, open_low=True)
    number("--penalty", options["penalty"], low=0.0, infinite=True)
    if options["picture"] == PICTURES[1]:
        return _covariates(Path(file), samples, options, how)
    of_one = ("dimension",) if options["covariance"] == COVARIANCES[0] else ()
    names = ("covariance", "standardise", *of_one, "shrinkage", "share")
    table = read(Path(file), options["label"])
    found = replica.from_data(table.X, table.y, **{name: options[name] for name in names})
    negative, positive = found.classes
    click.echo(f"replica: {found.status}; {positive} is the label +1, {negative} is -1", err=True)
    click.echo(f"replica: read {table.summary}", err=True)
    known = {name: options[name] for name in ("loss", "penalty", "bias")}
    if options["fits"] is None:
        return emit(Curves(found.learning_curve(samples, **known)), **how)
    fits = found.compare(samples, repeats=options["fits"], seed=options["seed"], **known)
    return emit(Curves(fits), **how)


def _check_loss(name: str) -> None:
    """Classifiers are learned with convex costs that prefer one side: bands and hard margins are for other verbs."""
    made = {word: member() for word, member in Loss.registry.items()}
    learned = [word for word, loss in made.items() if loss.log_concave and not (loss.hard or loss.even)]
    if name not in learned:
        raise ValueError(f"--loss: no classifier is learned with {name}; {suggest(name, learned)}")


def _tell_unread(options: dict[str, Any]) -> None:
    """Options of the other picture."""
    if options["fits"] is None:
        tell_unread(("seed",), "without --fits nothing is drawn")
    if options["picture"] == PICTURES[1]:
        names = "bias", "covariance", "dimension", "shrinkage", "share"
        tell_unread(names, f"not of --model {PICTURES[1]}, whose features are centred")
        return
    tell_unread(("held_out",), f"of --model {PICTURES[1]}; clusters have --share")
    if options["covariance"] == COVARIANCES[1]:
        tell_unread(("dimension",), "with a covariance for each class it is the number of features")


def _covariates(file: Path, samples: Any, options: dict[str, Any], how: dict[str, Any]) -> int:
    """The same of Gaussian inputs of one covariance; there is no bias beside centred features."""
    import replica

    table = read(file, options["label"])
    own = {"held_out": options["held_out"], "standardise": options["standardise"]}
    found = replica.covariates.from_data(table.X, table.y, **own)  # type: ignore[attr-defined]
    click.echo(f"replica: {found.status}", err=True)
    click.echo(f"replica: read {table.summary}", err=True)
    known = {name: options[name] for name in ("loss", "penalty")}
    if options["fits"] is None:
        return emit(Curves(found.learning_curve(samples, **known)), **how)
    return emit(Curves(found.compare(samples, repeats=options["fits"], seed=options["seed"], **known)), **how)
