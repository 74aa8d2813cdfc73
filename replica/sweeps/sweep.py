"""Sweeps: observables over grids of alpha and model parameters, as labelled datasets. No thresholds here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import accuracy, grid, known_options, number, one_of, shown
from replica.ansatz import Ansatz, ansatz_or_rs
from replica.models.model import Model, require_model
from replica.observables import OBSERVABLES, kind_of, symbol_of
from replica.solution.names import ORDER_PARAMETERS, of_level
from replica.solution.said import which_converged
from replica.sweeps.chunks import chunks_of, solve_chunk
from replica.sweeps.diagram import diagram

if TYPE_CHECKING:
    import xarray

#: what a sweep shows unless it is told: of states with an entropy, and of single vectors
USUAL = ("entropy", "q")
OF_MINIMISERS = ("generalization_error", "training_error", "energy", "q")


def sweep(
    model: Model,
    *,
    observables: Any = None,
    ansatz: Ansatz | None = None,
    start: Any = None,
    tolerance: float = 1e-12,
    lines: Any = (),
    workers: int = 1,
    checkpoint: Any = None,
    progress: bool = False,
    **axes: Any,
) -> xarray.Dataset:
    """Solve a model over a grid of alpha and of any of its parameters.

    When not to use it: to find where something vanishes; thresholds and `diagram` solve for that.

    Parameters
    ----------
    model : Model
    alpha, margin, beta, temperature, penalty, units, ... : float or increasing grid
        ``alpha`` is required (of `random_features` ``patterns_per_input`` may stand for it). Several grids are combined
        into their product; a grid becomes a dimension of the result.
    observables : sequence of str, optional
        Observables or order parameters, see ``replica list``. None: ``entropy`` and ``q``; where the solutions have no
        entropy (vectors of least cost) ``generalization_error``, ``training_error``, ``energy`` and ``q``, as far as
        they have these.
    ansatz, start, tolerance
        As in `solve`.
    lines : sequence of str
        Threshold lines in alpha (see `diagram`) to be drawn over a map of alpha and one parameter: ``["capacity"]`` is
        the line of separability of two clusters.
    workers : int
        Processes (joblib; inside ``joblib.parallel_config(backend="dask")`` that cluster). Results do not depend on it.
    checkpoint : path, optional
        Folder that keeps finished chunks; a run of the same settings resumes from it.
    progress : bool
        A progress bar on stderr.

    Returns
    -------
    xarray.Dataset
        Each observable over the grids with ``NAME_error``, ``error`` (of the first observable) and ``status``.
        Unsolved points are NaN with their status. Where the solutions lie on several branches (``uninformed``,
        ``informed``, ``the teacher itself``) ``branch`` says on which; plotted lines end where it changes.
        ``lines`` over the parameter, as `diagram` gives them.

    Raises
    ------
    ValueError
        Unknown names, observables that no solution of the model has, empty or unordered grids, values outside their
        domain, a checkpoint of other settings.

    See Also
    --------
    solve : One point.
    diagram : Threshold lines in a plane.
    plot : A figure of the result.

    Examples
    --------
    >>> import replica
    >>> curve = replica.sweep(replica.perceptron("binary"), alpha=[0.2, 0.4], observables=["entropy"])
    >>> [f"{s:.6f}" for s in curve["entropy"].values]
    ['0.550120', '0.396455']
    """
    from replica.files.dataset import Words, joined
    from saddlepoint import sweep as run

    names, chosen = _asked(model, observables, ansatz, axes)
    tolerance = accuracy(tolerance)
    grids, fixed = _axes(model, axes, chosen)
    loads = ("alpha", *model.data.loads)
    base = _changed(model, {name: value for name, value in fixed.items() if name not in loads})
    chosen.check(base)
    chunks = chunks_of(base, chosen, grids, fixed, names, start, tolerance)
    threshold = _lines(base, chosen, lines, grids, workers)
    settings = {
        "verb": "sweep",
        "model": model.settings(),
        "ansatz": chosen.settings(),
        "observables": None if observables is None else list(names),
        "axes": {name: np.asarray(value).tolist() for name, value in axes.items()},
        "start": start,
        "tolerance": tolerance,
    } | ({"lines": threshold.attrs["lines"].split()} if threshold is not None else {})
    how: dict[str, Any] = {"workers": workers, "checkpoint": checkpoint, "progress": progress, "received": Words()}
    results = run(solve_chunk, chunks, settings=settings, grows=["axes"], **how)
    order = np.argsort(np.concatenate([chunk.rows for chunk in chunks]))
    found = joined(results, order)
    if observables is None:
        names = _usual(found)
        settings["observables"] = list(names)
    else:
        _check_defined(model, chosen, names, found)
    data = _labelled(found, names, grids, settings)
    cold = base.beta == np.inf and not {"beta", "temperature"} & set(grids)
    if "q" in names and cold and base.weights.penalised and base.data.modes is None:  # one vector, whose norm is free
        data["q"].attrs |= {"long_name": "squared norm", "symbol": "|w|^2/N"}
    if threshold is not None:
        data = data.assign({name: threshold[name] for name in threshold.data_vars if name != "region"})
        data.attrs["lines"] = threshold.attrs["lines"]
    return data


def _labelled(
    found: dict[str, np.ndarray], names: tuple[str, ...], grids: dict[str, np.ndarray], settings: dict[str, Any]
) -> xarray.Dataset:
    """The columns of these observables over the grids, with the branch where there are several."""
    from replica.files.dataset import curve

    kept = [key for name in names for key in (name, f"{name}_error")] + ["status"]
    columns = {key: found[key] for key in (*kept, *(["branch"] if len(set(found["branch"])) > 1 else []))}
    symbols = {name: symbol_of(name) for name in (*names, *grids)}
    data = curve(columns, grids, settings, main=names[0], symbols=symbols, observables=" ".join(names))
    for name in symbols:
        if kind_of(name):
            data[name].attrs["kind"] = kind_of(name)
    return data


def _lines(model: Model, ansatz: Ansatz, lines: Any, grids: dict[str, np.ndarray], workers: int) -> Any:
    """The lines asked for along the one grid beside alpha; None without any."""
    names = (lines,) if isinstance(lines, str) else tuple(lines)
    if not names:
        return None
    others = [name for name in grids if name != "alpha"]
    if len(grids) != 2 or len(others) != 1:
        raise ValueError(f"lines={list(names)} are drawn over grids of alpha and one parameter, got {list(grids)}")
    return diagram(model, x=(others[0], grids[others[0]]), lines=names, ansatz=ansatz, workers=workers)


def _asked(model: Model, observables: Any, ansatz: Ansatz | None, axes: Any) -> tuple[tuple[str, ...], Ansatz]:
    """The observables by name and the ansatz, checked."""
    require_model(model)
    if observables is None:
        names = tuple(dict.fromkeys(USUAL + OF_MINIMISERS))  # of which `_usual` keeps what there is
    else:
        if not isinstance(observables, str) and not np.iterable(observables):
            raise ValueError(f"observables must be names, as in ['entropy', 'q'], got {shown(observables)}")
        names = (observables,) if isinstance(observables, str) else tuple(observables)
    if not names:
        raise ValueError("sweep needs at least one observable")
    for name in names:
        if not (isinstance(name, str) and of_level(name)):
            one_of("observable", name, (*OBSERVABLES, *ORDER_PARAMETERS))
    loads = [name for name in ("alpha", *model.data.loads) if name in axes]
    if not loads:
        raise ValueError("sweep needs alpha: a number or an increasing grid")
    if len(loads) > 1:
        raise ValueError(f"{' and '.join(loads)} are two names of the load: give one of them")
    return names, ansatz_or_rs(ansatz)


def _usual(found: dict[str, np.ndarray]) -> tuple[str, ...]:
    """The observables that are shown unless others are asked for; where nothing is solved the usual ones."""
    solved = which_converged(found["status"])

    def known(name: str) -> bool:
        return not np.isnan(found[name][solved]).all()

    shown = USUAL if known(USUAL[0]) or not solved.any() else OF_MINIMISERS
    return tuple(name for name in shown if known(name) or not solved.any())


def _check_defined(model: Model, ansatz: Ansatz, names: tuple[str, ...], found: dict[str, np.ndarray]) -> None:
    """Refuse an observable that none of the solved points has."""
    solved = which_converged(found["status"])
    for name in names:
        if solved.any() and np.isnan(found[name][solved]).all():
            raise ValueError(f"the observable {name!r} is not defined for {model} in {ansatz}")


def _axes(model: Model, axes: dict[str, Any], ansatz: Ansatz) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Grids (more than a number) and fixed values among the named axes."""
    known_options("sweep", axes, ("alpha", *model.data.loads, *model.parameter_names, *model.structure_names))
    grids, fixed = {}, {}
    for name, value in axes.items():
        if np.ndim(value) == 0:
            fixed[name] = number(name, value, infinite=True)
        else:
            grids[name] = grid(name, value, infinite=True)  # which limits there are is for each parameter to say
    for name, value in (*grids.items(), *fixed.items()):
        if name == "alpha" or name in model.data.loads:
            number(name, value, low=0.0, open_low=not ansatz.empty)
    return grids, fixed


def _changed(model: Model, values: dict[str, Any]) -> Model:
    """A model with parameters of either kind replaced."""
    shape = {name: value for name, value in values.items() if name in model.structure_names}
    rest = {name: value for name, value in values.items() if name not in shape}
    moved = model.with_structure(**shape) if shape else model
    return moved.with_parameters(**rest) if rest else moved
