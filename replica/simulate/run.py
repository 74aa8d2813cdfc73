"""The verb: an algorithm on many samples, spread over processes, as one labelled dataset. No algorithm lives here."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid, known_options, number, one_of
from replica.models.model import Model, require_model
from replica.simulate.instances import (
    INPUTS,
    Instance,
    divided,
    draw,
    given_instance,
    hidden_units,
    imposed_bias,
    whole,
)
from replica.simulate.rng import generator
from replica.simulate.rows import held_out_error, read_out, row_of
from replica.weights.base import Average

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Task:
    """Samples that are worked on one after another."""

    model: Model
    algorithm: Any
    n: int
    alpha: float
    samples: Sequence[int]
    seed: int
    inputs: str
    given: Instance | None
    width: int  # of the weights in the dataset
    held_out: int = 0  # patterns of the given ones that are not learned
    readouts: tuple[Any, ...] = ()

    @property
    def points(self) -> list[str]:
        """What tells each sample from the others."""
        return [f"n={self.n} of {self.width} alpha={self.alpha!r} sample={sample}" for sample in self.samples]

    def part(self, rows: np.ndarray) -> Task:
        """Some of the samples."""
        return dataclasses.replace(self, samples=[self.samples[row] for row in rows])


def simulate(
    model: Model,
    *,
    algorithm: Any = "enumeration",
    n: Any = None,
    alpha: Any = None,
    samples: int = 1,
    seed: int = 0,
    instance: Any = None,
    held_out: float | None = None,
    inputs: str = "normal",
    readouts: Any = (),
    workers: int = 1,
    checkpoint: Any = None,
    progress: bool = False,
    **settings: Any,
) -> xarray.Dataset:
    """Run an algorithm on finite systems.

    When not to use it: for typical numbers at large N, which `solve` has without the spread over samples.

    Parameters
    ----------
    model : Model
        What the patterns are and which of them are satisfied; algorithms refuse models that they do not cover.
    algorithm : str or Algorithm
        See ``replica list algorithms``; ``**settings`` are its options (an instance brings its own).
    n : int or increasing grid of them
        Number of weights.
    alpha : float or increasing grid
        Load, above 0: ``P = floor(alpha N + 1/2)`` patterns.
    samples, seed : int
        Samples 0 ... samples-1 of `instance`; the algorithm's random numbers have streams of their own.
    instance : (X, y) or path, optional
        The user's own inputs (P, N) and labels, instead of ``n``, ``alpha`` and ``inputs``; ``samples`` are then
        independent runs. Labels are +1 and -1, or any two kinds (0/1, truth values, words) of which the later in
        sorted order stands for +1 (``classes`` of the settings). Files: ``.npz`` with X and y; ``.npy`` or ``.csv``
        with the label in the last column.
    held_out : float, optional
        Share of the patterns of ``instance``, in (0, 1), that each sample sets aside at random and does not learn:
        ``held_out_error`` is the fraction of them on the wrong side.
    inputs : {"normal", "sign"}
        Components of the inputs.
    readouts : sequence of str or Readout
        What else to measure on the weights, see ``replica list readouts``; over coordinates of their own.
    workers, checkpoint, progress
        As in `sweep`. Results do not depend on ``workers``.

    Returns
    -------
    xarray.Dataset
        Over ``sample`` (before it ``n`` and ``alpha`` where they are grids): ``solved``, ``training_error``,
        ``weights`` (NaN where there are none), and per algorithm ``entropy``, ``generalization_error``, ... with
        ``NAME_error``: the error of that number for that sample (sampling errors are the spread over samples, see
        `compare`), and ``status``.

    Raises
    ------
    ValueError
        Unknown algorithms or settings, models that an algorithm does not cover, values outside their domain.

    Warns
    -----
    UserWarning
        Loads that round to one number of patterns: they are the same instances.

    See Also
    --------
    compare : Theory beside the runs.
    success_threshold : The load at which half of the instances are solved.

    Notes
    -----
    ``solved``: no pattern violates the constraint (losses without one: none is on the wrong side or has the field 0).

    Examples
    --------
    >>> import replica
    >>> runs = replica.simulate(replica.perceptron("binary"), n=15, alpha=0.4, samples=3, seed=1)
    >>> runs["solved"].values.tolist(), runs["solutions"].values.astype(int).tolist()
    ([True, True, True], [...])
    """
    from saddlepoint import sweep as run

    require_model(model)
    chosen = _algorithm(algorithm, settings)
    _check_covered(chosen, model)
    given = None if instance is None else given_instance(model, instance)
    aside = _aside(held_out, given)
    sizes, loads, axes = _axes(model, n, alpha, given, aside)
    for size in sizes if given is None else ():
        _warn_of_one_system(size, np.array(loads))
    samples, seed = whole("samples", samples, 1), whole("seed", seed, 0)
    one_of("inputs", inputs, INPUTS)
    if instance is not None and inputs != INPUTS[0]:
        raise ValueError(f"inputs come with the instance: leave out inputs={inputs!r}")
    step = chosen.samples_per_task
    blocks = [range(i, min(i + step, samples)) for i in range(0, samples, step)]
    measured = _readouts(model, readouts)
    width = max(sizes)
    tasks = [
        Task(model, chosen, size, load, block, seed, inputs, given, width, aside, measured)
        for size, load, block in itertools.product(sizes, loads, blocks)
    ]
    asked: dict[str, Any] = {"verb": "simulate", "model": model.settings(), "algorithm": chosen.settings()}
    asked |= {"n": list(sizes), "alpha": list(loads), "samples": samples, "seed": seed, "inputs": inputs}
    asked |= {"readouts": [readout.settings() for readout in measured]} if measured else {}
    asked |= {} if given is None else {"instance": [given.X, given.y]}
    asked |= {"held_out": held_out} if aside else {}
    how: dict[str, Any] = {"workers": workers, "checkpoint": checkpoint, "progress": progress}
    parts = run(work, tasks, settings=asked, grows=["n", "alpha", "samples"], **how)
    if given is not None:
        asked["instance"] = "given"
        asked |= {} if given.classes == (-1, 1) else {"classes": list(given.classes)}
    return _dataset(parts, axes | {"sample": np.arange(samples)}, asked, (chosen, *measured))


def _check_covered(algorithm: Any, model: Model) -> None:
    """Refuse models that the algorithm does not cover."""
    algorithm.check(model)
    if isinstance(model.weights.norm, Average) and not model.weights.isotropic or model.weights.unit_mean:
        raise ValueError(f"no algorithm is here for weights of given signs, got {model.weights}")
    if (model.data.trained or imposed_bias(model)) and not algorithm.biased:
        raise ValueError(f"algorithm {algorithm.name!r} has no bias: give bias=False")


def _algorithm(algorithm: Any, settings: dict[str, Any]) -> Any:
    from replica.simulate.algorithms import Algorithm

    if isinstance(algorithm, Algorithm):
        known_options(f"algorithm {algorithm.name!r}, given as an instance,", settings, ())
        return algorithm
    if {"X", "y"} & settings.keys():
        raise ValueError("simulate takes patterns of your own as instance=(X, y), got them as X and y")
    found = Algorithm.find(algorithm)
    known_options(f"algorithm {algorithm!r}", settings, [field.name for field in dataclasses.fields(found)])
    return found(**settings)


def _readouts(model: Model, given: Any) -> tuple[Any, ...]:
    from replica.simulate.readouts import Readout

    words = (given,) if isinstance(given, (str, Readout)) else tuple(given)
    found = tuple(word if isinstance(word, Readout) else Readout.find(word)() for word in words)
    for readout in found:
        readout.check(model)
    return found


def _axes(
    model: Model, n: Any, alpha: Any, given: Instance | None, aside: int
) -> tuple[tuple[int, ...], tuple[float, ...], dict[str, Any]]:
    """Sizes, loads, and those of them that become dimensions."""
    if given is not None:
        if n is not None or alpha is not None:
            raise ValueError("n and alpha come with the instance: leave them out")
        return (given.n,), ((given.patterns - aside) / given.n,), {}
    if n is None or alpha is None:
        raise ValueError("simulate needs n and alpha, or an instance")
    sizes = tuple(whole("n", value, 1) for value in (np.asarray(n).tolist() if np.ndim(n) else [n]))
    for size in sizes:
        hidden_units(model, size)
    loads = grid("alpha", alpha) if np.ndim(alpha) else np.array([number("alpha", alpha)])
    number("alpha", loads, low=0.0, open_low=True)
    axes = {"n": grid("n", sizes).astype(int)} if np.ndim(n) else {}
    return sizes, tuple(loads.tolist()), axes | ({"alpha": loads} if np.ndim(alpha) else {})


def _warn_of_one_system(size: int, loads: np.ndarray) -> None:
    patterns = np.floor(loads * size + 0.5)
    repeated = np.flatnonzero(np.diff(patterns) == 0)
    if len(repeated):
        one, other = loads[repeated[0] : repeated[0] + 2]
        text = f"alpha = {one:g} and {other:g} are both {patterns[repeated[0]]:g} patterns of {size} weights: "
        warnings.warn(text + "the same instances, no independent rows", UserWarning, stacklevel=3)


def _aside(held_out: float | None, given: Instance | None) -> int:
    """How many patterns of a given instance are not learned."""
    if held_out is None:
        return 0
    if given is None:
        raise ValueError("held_out is for an instance of your own: give instance=(X, y)")
    number("held_out", held_out, low=0.0, high=1.0, open_low=True, open_high=True)
    aside = round(held_out * given.patterns)
    if not 0 < aside < given.patterns:
        raise ValueError(f"held_out={held_out:g} of {given.patterns} patterns leaves none to learn or none to test")
    return aside


def work(task: Task) -> dict[str, np.ndarray]:
    """Columns of a few samples."""
    rows: list[dict[str, Any]] = []
    for sample in task.samples:
        drawn = task.given or draw(
            task.model, n=task.n, alpha=task.alpha, seed=task.seed, sample=sample, inputs=task.inputs
        )
        rng = generator(task.seed, sample, drawn.n, drawn.patterns, "algorithm")
        rest = drawn
        if task.held_out:
            drawn, rest = divided(drawn, task.held_out, generator(task.seed, sample, drawn.n, drawn.patterns, "split"))
        outcome = task.algorithm.run(drawn, rng)
        row = row_of(drawn, outcome, task.width)
        rng = generator(task.seed, sample, drawn.n, drawn.patterns, "readout")
        found = drawn if outcome.bias is None else dataclasses.replace(drawn, bias=outcome.bias)
        if task.held_out:
            row |= held_out_error(dataclasses.replace(rest, bias=found.bias), outcome.weights)
        for readout in task.readouts:
            measured = read_out(readout, found, outcome.weights, rng)
            remark = "" if outcome.weights is None else readout.remark(measured)
            row |= measured | ({"status": np.array(f"{row['status']}; {remark}")} if remark else {})
        rows.append(row)
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _dataset(
    parts: list[dict[str, np.ndarray]], axes: dict[str, Any], asked: dict[str, Any], sources: tuple[Any, ...]
) -> xarray.Dataset:
    """Samples over the axes; the main number is the entropy where there is one. ``sources`` are the algorithm and the
    read-outs, which know the coordinates and meanings of what is theirs.
    """
    from replica.files.dataset import curve, joined

    columns = joined(parts)
    own = {name: points for source in sources for name, points in source.coordinates().items()}
    main = next((name for name in ("entropy", "free_entropy") if f"{name}_error" in columns), "training_error")
    keys = [key.split(":") for key in columns]
    names = {name for name, *_ in keys}
    measured = [name for name, *dims in keys if dims and dims[-1] in own and f"{name}_error" in names]
    shown = {"observables": " ".join([main, *measured])} if measured else {}
    if any("flips" in dims for _, *dims in keys):
        own["flips"] = np.arange(columns["weights:weight"].shape[1] + 1)
    found = curve(columns, axes, asked, main=main, symbols={}, own=own, kind="simulation", **shown)
    for source in sources:
        for name in source.meanings.keys() & found.keys():
            found[name].attrs |= source.meanings[name]
    return found
